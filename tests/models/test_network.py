from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import onnxruntime
import pytest
from tests.models import tiny

from visavis.errors import DeviceUnavailable, InvalidInput, ModelError
from visavis.models import Network


def test_a_gpu_that_is_not_there_is_an_error_and_no_silent_change():
    if "CUDAExecutionProvider" in onnxruntime.get_available_providers():
        pytest.skip("this machine's onnxruntime can use a GPU")
    with pytest.raises(DeviceUnavailable, match="'cuda' was asked for, but this onnxruntime has no CUDA"):
        Network(tiny.embedder(), "tiny", device="cuda")


def test_a_gpu_that_is_offered_but_not_used_is_an_error(monkeypatch):
    monkeypatch.setattr(onnxruntime, "get_available_providers", lambda: ["CUDAExecutionProvider"])

    class Silent:
        """onnxruntime's own behaviour where CUDA fails to load: it goes on with the CPU."""

        def __init__(self, *args, **options):
            """Accepts everything."""

        def get_providers(self):
            return ["CPUExecutionProvider"]

    monkeypatch.setattr(onnxruntime, "InferenceSession", Silent)
    with pytest.raises(DeviceUnavailable, match="could not use it"):
        Network(tiny.embedder(), "tiny", device="cuda")


def test_unknown_devices_are_refused():
    with pytest.raises(InvalidInput, match="choose one of cpu, cuda"):
        Network(tiny.embedder(), "tiny", device="tpu")


@pytest.mark.parametrize("inputs", [0, 2])
def test_models_that_read_anything_but_one_input_are_refused(inputs):
    with pytest.raises(ModelError, match=f"odd: reads {inputs} inputs, expected one"):
        Network(tiny.adder(inputs), "odd")


def test_input_of_a_wrong_shape_is_named():
    with pytest.raises(ModelError, match=r"tiny: failed on an input of shape \(1, 3, 5, 5\)"):
        Network(tiny.embedder(), "tiny").run(np.zeros((1, 3, 5, 5), np.float32))


def test_calls_from_several_threads_give_equal_results():
    network = Network(tiny.embedder(), "tiny", threads=1)
    batch = np.random.default_rng(0).normal(size=(4, 3, 112, 112)).astype(np.float32)
    expected = network.run(batch)[0]
    with ThreadPoolExecutor(4) as pool:
        for got in pool.map(lambda _: network.run(batch)[0], range(16)):
            np.testing.assert_array_equal(got, expected)
