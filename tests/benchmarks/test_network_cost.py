import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from _machine import Timing
from _network_cost import STACK_SHAPE, Layer, Limits, Utilisation, convolution_stack, layers_of
from visavis.models import DEFAULT_DETECTOR, DEFAULT_EMBEDDER, find_card, model_bytes
from visavis.models.converters.onnx_wire import Graph, Node, Tensor, write_model

FLOAT = np.dtype("<f4")
LIMITS = Limits(100.0, ((1 << 18, 80.0), (1 << 22, 40.0), (1 << 26, 10.0)))
layers = st.lists(st.builds(Layer, st.just("Conv"), st.integers(0, 10**9), st.integers(1, 10**9)), min_size=1)


def one_node(node: Node, weight: np.ndarray, channels: int, *, flat: bool = False) -> bytes:
    shape = ("n", channels) if flat else ("n", channels, "rows", "columns")
    free = ("n", "m") if flat else ("n", "c", "a", "b")
    return write_model(Graph((node,), {"w": weight}, {"x": Tensor(FLOAT, shape)}, {"y": Tensor(FLOAT, free)}))


def counted(operations: int, *arrays: np.ndarray) -> tuple[int, int]:
    return operations, sum(array.nbytes for array in arrays)


def test_a_strided_convolution_costs_two_operations_per_weight_and_output_pixel():
    x, w, y = (np.zeros(shape, FLOAT) for shape in ((2, 3, 9, 7), (5, 3, 3, 3), (2, 5, 4, 3)))
    (layer,) = layers_of(one_node(Node("Conv", ("x", "w"), ("y",), {"strides": (2, 2)}), w, 3), "test", x)
    multiplications = sum(w[out].size for _ in range(2) for out in range(5) for _ in range(4 * 3))
    assert (layer.flop, layer.bytes) == counted(2 * multiplications, x, w, y)


def test_a_depthwise_convolution_costs_one_plane_of_weights_per_output():
    x, w = np.zeros((1, 6, 8, 8), FLOAT), np.zeros((6, 1, 3, 3), FLOAT)
    node = Node("Conv", ("x", "w"), ("y",), {"group": 6, "pads": (1, 1, 1, 1)})
    (layer,) = layers_of(one_node(node, w, 6), "test", x)
    assert layer.flop == 2 * 6 * 8 * 8 * 9


def test_a_transposed_convolution_spreads_every_input_over_all_its_weights():
    x, w = np.zeros((1, 4, 5, 6), FLOAT), np.zeros((4, 3, 2, 2), FLOAT)
    (layer,) = layers_of(one_node(Node("ConvTranspose", ("x", "w"), ("y",), {"strides": (2, 2)}), w, 4), "test", x)
    assert layer.flop == 2 * (4 * 5 * 6) * (3 * 2 * 2)


@pytest.mark.parametrize(("node", "shape"), [
    (Node("MatMul", ("x", "w"), ("y",)), (8, 5)),
    (Node("Gemm", ("x", "w"), ("y",), {"transB": 1}), (5, 8)),
])  # fmt: skip
def test_a_full_connection_costs_two_operations_per_weight_and_row(node, shape):
    (layer,) = layers_of(one_node(node, np.zeros(shape, FLOAT), 8, flat=True), "test", np.zeros((3, 8), FLOAT))
    assert layer.flop == 2 * 3 * 8 * 5


def test_the_yardstick_counts_itself_as_its_layers_are_counted():
    model, gflop = convolution_stack(depth=2)
    assert sum(layer.flop for layer in layers_of(model, "test", np.zeros(STACK_SHAPE, FLOAT))) == round(gflop * 1e9)


@pytest.mark.weights
@pytest.mark.parametrize(("card", "shape", "gflop"), [
    (DEFAULT_EMBEDDER, (1, 150, 150, 3), 0.5416),
    (DEFAULT_DETECTOR, (1, 480, 640, 3), 3.70),
])  # fmt: skip
def test_the_default_networks_cost_what_was_counted_by_hand(card, shape, gflop):
    found = layers_of(model_bytes(find_card(card)), card, np.zeros(shape, np.uint8))
    assert sum(layer.flop for layer in found) / 1e9 == pytest.approx(gflop, rel=1e-3)


@given(st.integers(1, 1 << 30))
def test_the_bandwidth_falls_with_the_size_and_stays_within_what_was_measured(size):
    assert LIMITS.bandwidth(2 * size) <= LIMITS.bandwidth(size)
    assert 10 <= LIMITS.bandwidth(size) <= 80


@given(layers)
def test_no_layer_is_below_either_of_its_limits(some):
    floor = LIMITS.floor_ms(some)
    assert floor >= sum(layer.flop for layer in some) / 100 / 1e6 * (1 - 1e-9)
    assert floor >= sum(layer.bytes for layer in some) / 80 / 1e6 * (1 - 1e-9)


@given(layers, st.floats(0.01, 1e4))
def test_the_share_of_the_floor_is_never_less_than_that_of_the_peak(some, ms):
    figures = Utilisation.of(some, Timing((ms, 2 * ms), (ms, ms)), LIMITS)
    assert figures.of_floor >= figures.of_peak * (1 - 1e-9)
    assert figures.ms == ms
