"""dlib's face recognition ResNet (`dlib_face_recognition_resnet_model_v1.dat`) turned into ONNX.

The file nests a network from the outside in: every wrapper writes its version, then the sub-network it wraps, then
its own record. What meets the eye is the loss, a run of version numbers down to the input, and then the layer records
from input to output. Tags and skips have no record, only their version in the run; their place between the layers
tells what they are (see `_Emitter.layer`).
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from visavis.models.converters.dlib_format import DlibReader
from visavis.models.converters.onnx_wire import Attribute, Graph, Node, Tensor, write_model

SIDE, DIMENSIONS = 150, 128
_MARKER, _LAYER, _INNERMOST = 1, 2, 3
_MAX_DEPTH = 1000


@dataclass(frozen=True)
class _Layer:
    """One record: dlib's tag of the layer, the side, step and padding of its square window, and its parameters."""

    kind: str
    window: tuple[int, int, int] = (0, 1, 0)
    weight: NDArray[np.float32] = field(default_factory=lambda: np.zeros(0, np.float32))
    bias: NDArray[np.float32] = field(default_factory=lambda: np.zeros(0, np.float32))


def convert(data: bytes, name: str) -> bytes:
    """ONNX bytes of the network: `chips` (n, 150, 150, 3) uint8 RGB -> `embedding` (n, 128) float32, not normalised.

    Raises:
        ModelCorrupt: the bytes are not this network, whole and with nothing left over.
    """
    reader = DlibReader(data, name)
    _read_loss(reader)
    wrappers = _read_wrappers(reader)
    mean = _read_input(reader)
    emitter = _Emitter(reader, mean)
    layers = [_read_record(reader, innermost=True)]
    for version in reversed(wrappers):
        layers.append(_Layer("marker") if version == _MARKER else _read_record(reader))
    reader.finish()
    return write_model(emitter.graph(layers))


# --- reading ---------------------------------------------------------------------------------------------------------


def _read_loss(reader: DlibReader) -> None:
    reader.expect(1, what="loss version")
    kind = reader.string()
    if kind not in ("loss_metric_", "loss_metric_2"):
        raise reader.fail(f"the network ends in {kind!r}, expected a metric loss")
    if kind == "loss_metric_2":
        reader.real(), reader.real()  # margin and distance threshold, used in training only


def _read_wrappers(reader: DlibReader) -> list[int]:
    """Versions of the wrappers around the innermost layer, outermost first."""
    versions: list[int] = []
    while (version := reader.expect(_MARKER, _LAYER, _INNERMOST, what="wrapper version")) != _INNERMOST:
        versions.append(version)
        if len(versions) > _MAX_DEPTH:
            raise reader.fail("the network is nested too deeply")
    return versions


def _read_input(reader: DlibReader) -> tuple[float, float, float]:
    kind = reader.string()
    if kind != "input_rgb_image_sized":
        raise reader.fail(f"the network starts with {kind!r}, expected an RGB image of fixed size")
    mean = (reader.real(), reader.real(), reader.real())
    if not all(0 <= channel <= 255 for channel in mean):
        raise reader.fail(f"the mean colour is {mean}")
    reader.expect(SIDE, what="input rows")
    reader.expect(SIDE, what="input columns")
    return mean


def _read_record(reader: DlibReader, *, innermost: bool = False) -> _Layer:
    """A layer record, then what its wrapper keeps for training (skipped)."""
    layer = _read_layer(reader)
    for _ in range(3):
        reader.boolean()
    for _ in range(3):
        reader.tensor()
    if innermost:
        reader.integer()  # sample expansion factor
    return layer


def _read_layer(reader: DlibReader) -> _Layer:
    tag = reader.string()
    kind, _, version = tag.rpartition("_")
    number = int(version) if version.isdecimal() else 0
    if kind == "con" and number in (4, 5, 6):
        return _read_convolution(reader, booleans=number - 4)
    if kind == "affine":
        return _read_affine(reader, booleans=1 if number == 2 else 0)
    if kind == "relu":
        _skip_booleans(reader, 1 if number == 2 else 0)
        return _Layer("relu")
    if kind == "add_prev":
        return _Layer("add")
    if kind in ("max_pool", "avg_pool") and number == 2:
        return _Layer(kind, _read_window(reader, max_pad=0))
    if kind == "fc" and number in (2, 3):
        return _read_linear(reader, booleans=number - 2)
    raise reader.fail(f"layer {tag!r} does not belong to this network")


def _read_convolution(reader: DlibReader, booleans: int) -> _Layer:
    parameters = reader.tensor().ravel()
    filters, window = reader.integer(), _read_window(reader, max_pad=1)
    shape, bias_shape = reader.alias_tensor(), reader.alias_tensor()
    _skip_multipliers(reader)
    _skip_booleans(reader, booleans)
    count = math.prod(shape)
    fits = (shape[0], *shape[2:]) == (filters, window[0], window[0]) and bias_shape == (1, filters, 1, 1)
    if not fits or parameters.size != count + filters:
        raise reader.fail(f"a convolution of shape {shape} has {parameters.size} parameters")
    return _Layer("con", window, parameters[:count].reshape(shape), parameters[count:])


def _read_window(reader: DlibReader, max_pad: int) -> tuple[int, int, int]:
    """Side (0 = the whole map), step and padding, each stored for rows and for columns."""
    side, columns, step, columns_step, pad, columns_pad = (reader.integer() for _ in range(6))
    square = (side, step, pad) == (columns, columns_step, columns_pad)
    if not (square and 0 <= side <= 7 and 1 <= step <= 2 and 0 <= pad <= max_pad):
        raise reader.fail(f"a window of {side}x{columns} in steps of {step}, {columns_step} is not of this network")
    return side, step, pad


def _read_affine(reader: DlibReader, booleans: int) -> _Layer:
    parameters = reader.tensor().ravel()
    shape, bias_shape = reader.alias_tensor(), reader.alias_tensor()
    reader.expect(0, what="affine mode (0 = per channel)")
    _skip_booleans(reader, booleans)
    channels = shape[1]
    if shape != (1, channels, 1, 1) or bias_shape != shape or parameters.size != 2 * channels:
        raise reader.fail(f"an affine layer of shape {shape} has {parameters.size} parameters")
    return _Layer("affine", weight=parameters[:channels], bias=parameters[channels:])


def _read_linear(reader: DlibReader, booleans: int) -> _Layer:
    outputs, inputs = reader.integer(), reader.integer()
    parameters = reader.tensor().ravel()
    reader.alias_tensor(), reader.alias_tensor()
    reader.expect(1, what="bias mode (1 = none)")
    _skip_multipliers(reader)
    _skip_booleans(reader, booleans)
    if outputs != DIMENSIONS or parameters.size != outputs * inputs:
        raise reader.fail(f"the last layer is {inputs} -> {outputs} with {parameters.size} parameters")
    return _Layer("fc", weight=parameters.reshape(inputs, outputs))


def _skip_multipliers(reader: DlibReader) -> None:
    for _ in range(4):
        reader.real()


def _skip_booleans(reader: DlibReader, count: int) -> None:
    for _ in range(count):
        reader.boolean()


# --- writing ---------------------------------------------------------------------------------------------------------


class _Emitter:
    """Turns the flat list of layers into ONNX nodes, tracking the shape (channels, side) of the current value."""

    def __init__(self, reader: DlibReader, mean: tuple[float, float, float]) -> None:
        self._reader = reader
        self._nodes: list[Node] = []
        self._weights: dict[str, NDArray[np.float32] | NDArray[np.int64]] = {}
        self._value, self._shape = "chips", (3, SIDE)
        self._block_input: tuple[str, tuple[int, int]] | None = None
        self._main: tuple[str, tuple[int, int]] | None = None
        self._emit("Transpose", perm=(0, 3, 1, 2))
        self._emit("Cast", to=1)
        self._emit("Sub", self._weight(np.array(mean, np.float32).reshape(1, 3, 1, 1)))

    def graph(self, layers: list[_Layer]) -> Graph:
        """The whole network as a graph."""
        layers = _fold_affine(layers, self._reader)
        stem = layers[0]
        if stem.kind != "con":
            raise self._reader.fail(f"the first layer is {stem.kind!r}, not a convolution")
        layers[0] = _Layer("con", stem.window, stem.weight / np.float32(256), stem.bias)  # dlib divides pixels by 256
        for position, layer in enumerate(layers):
            after = layers[position + 1].kind if position + 1 < len(layers) else ""
            self.layer(layer, after)
            if self._shape[1] < 1:
                raise self._reader.fail(f"nothing is left of the picture after layer {position} ({layer.kind})")
        if self._shape != (DIMENSIONS, 1):
            raise self._reader.fail(f"the network gives {self._shape}, not {DIMENSIONS} numbers")
        last = self._nodes[-1]
        self._nodes[-1] = Node(last.op, last.inputs, ("embedding",), last.attributes)
        pixels = Tensor(np.dtype("u1"), ("n", SIDE, SIDE, 3))
        vectors = Tensor(np.dtype("<f4"), ("n", DIMENSIONS))
        return Graph(tuple(self._nodes), dict(self._weights), {"chips": pixels}, {"embedding": vectors})

    def layer(self, layer: _Layer, after: str) -> None:
        """Emit one layer; `after` is the kind of the next one.

        A marker before a convolution tags the input of a residual block. Two markers before an average pool tag the
        result of the main branch and go back to the block's input for the shortcut.
        """
        current = (self._value, self._shape)
        if layer.kind == "marker" and after == "marker":
            self._main = current
        elif layer.kind == "marker" and self._main is not None:
            self._value, self._shape = self._block_input or current
        elif layer.kind == "marker":
            self._block_input = current
        elif layer.kind == "con":
            self._convolution(layer)
        elif layer.kind == "relu":
            self._emit("Relu")
        elif layer.kind == "add":
            self._add(self._main or self._block_input or current)
            self._main = None
        elif layer.kind == "fc":
            self._linear(layer)
        else:
            self._pool(layer)

    def _convolution(self, layer: _Layer) -> None:
        kernel, stride, pad = layer.window
        out, channels = layer.weight.shape[:2]
        if channels != self._shape[0]:
            raise self._reader.fail(f"a convolution reads {channels} channels of {self._shape[0]}")
        weights = (self._weight(layer.weight), self._weight(layer.bias))
        sizes: dict[str, Attribute] = {"kernel_shape": (kernel,) * 2, "strides": (stride,) * 2, "pads": (pad,) * 4}
        self._emit("Conv", *weights, **sizes)
        self._shape = (out, (self._shape[1] + 2 * pad - kernel) // stride + 1)

    def _pool(self, layer: _Layer) -> None:
        kernel, stride, _ = layer.window
        channels, side = self._shape
        if kernel == 0:
            self._emit("GlobalAveragePool")
            self._shape = (channels, 1)
            return
        op = "MaxPool" if layer.kind == "max_pool" else "AveragePool"
        self._emit(op, kernel_shape=(kernel,) * 2, strides=(stride,) * 2)
        self._shape = (channels, (side - kernel) // stride + 1)

    def _linear(self, layer: _Layer) -> None:
        inputs, outputs = layer.weight.shape
        if self._shape != (inputs, 1):
            raise self._reader.fail(f"the last layer reads {inputs} numbers of {self._shape}")
        self._emit("Flatten")
        self._emit("MatMul", self._weight(layer.weight))
        self._shape = (outputs, 1)

    def _add(self, other: tuple[str, tuple[int, int]]) -> None:
        """dlib's sum: the larger size on every axis; the smaller operand reads as zero beyond its end."""
        channels, side = (max(pair) for pair in zip(self._shape, other[1], strict=True))
        left = self._pad((self._value, self._shape), channels, side)
        right = self._pad(other, channels, side)
        self._value, self._shape = left, (channels, side)
        self._emit("Add", right)

    def _pad(self, operand: tuple[str, tuple[int, int]], channels: int, side: int) -> str:
        value, shape = operand
        if shape == (channels, side):
            return value
        ends = np.array([0, 0, 0, 0, 0, channels - shape[0], side - shape[1], side - shape[1]], np.int64)
        self._value = value
        self._emit("Pad", self._weight(ends))
        return self._value

    def _emit(self, op: str, *weights: str, **attributes: Attribute) -> None:
        output = f"{op.lower()}_{len(self._nodes)}"
        self._nodes.append(Node(op, (self._value, *weights), (output,), attributes))
        self._value = output

    def _weight(self, array: NDArray[np.float32] | NDArray[np.int64]) -> str:
        name = f"weight_{len(self._weights)}"
        self._weights[name] = array
        return name


def _fold_affine(layers: list[_Layer], reader: DlibReader) -> list[_Layer]:
    """Per-channel gamma and beta go into the convolution before them."""
    folded: list[_Layer] = []
    for layer in layers:
        if layer.kind != "affine":
            folded.append(layer)
            continue
        before = folded.pop() if folded else layer
        if before.kind != "con" or before.bias.size != layer.bias.size:
            raise reader.fail("an affine layer does not follow a convolution of its size")
        weight = before.weight * layer.weight[:, None, None, None]
        folded.append(_Layer("con", before.window, weight, before.bias * layer.weight + layer.bias))
    return folded
