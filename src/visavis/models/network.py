"""A model in onnxruntime: the one place that knows sessions, providers and threads."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from visavis.errors import DeviceUnavailable, InvalidInput, ModelCorrupt, ModelError
from visavis.models.card import ModelCard

_PROVIDERS = {"cpu": "CPUExecutionProvider", "cuda": "CUDAExecutionProvider"}
DEVICES = tuple(_PROVIDERS)


class Network:
    """A loaded ONNX model. `run` is safe to call from several threads at once.

    Args:
        data: the bytes of the ONNX file.
        name: for messages.
        device: "cpu" or "cuda"; a device that would not really be used is an error, never a silent change.
        threads: threads inside one call; None = onnxruntime's choice (all cores).

    Raises:
        InvalidInput: `device` is none of `DEVICES`.
        DeviceUnavailable: this onnxruntime or this machine cannot run the model on `device`.
        ModelCorrupt: onnxruntime does not accept the model.
        ModelError: the model does not read exactly one input.
    """

    def __init__(self, data: bytes, name: str, device: str = "cpu", threads: int | None = None) -> None:
        import onnxruntime

        provider = _provider(device, onnxruntime.get_available_providers())
        options = onnxruntime.SessionOptions()
        options.log_severity_level = 4  # failures reach the caller as errors below
        options.intra_op_num_threads = threads or 0
        options.inter_op_num_threads = 1
        # Pools that spin while they wait take the cores from each other and from the caller's own threads.
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        try:
            self._session = onnxruntime.InferenceSession(data, options, providers=[provider])
        except Exception as error:  # onnxruntime raises plain C++ wrappers without a common base
            raise ModelCorrupt(f"{name}: onnxruntime cannot load this model ({_first_line(error)})") from error
        if provider not in self._session.get_providers():
            raise DeviceUnavailable(
                f"{name}: device {device!r} was asked for, but onnxruntime could not use it; check the driver and "
                "CUDA libraries that your onnxruntime-gpu needs (`visavis doctor`), or ask for device 'cpu'"
            )
        inputs = self._session.get_inputs()
        if len(inputs) != 1:
            raise ModelError(f"{name}: reads {len(inputs)} inputs, expected one batch of pictures; export it with one")
        self.name = name
        self.input_name: str = inputs[0].name
        self.input_shape: list[int | str | None] = inputs[0].shape
        self.output_shapes: list[list[int | str | None]] = [output.shape for output in self._session.get_outputs()]

    def run(self, batch: NDArray[Any]) -> list[NDArray[np.float32]]:
        """All outputs for one input batch.

        Raises:
            ModelError: onnxruntime failed (usually the input does not fit the model).
        """
        try:
            outputs: list[NDArray[np.float32]] = self._session.run(None, {self.input_name: batch})
        except Exception as error:  # same reason as above
            raise ModelError(
                f"{self.name}: failed on an input of shape {batch.shape} ({_first_line(error)})"
            ) from error
        return outputs


def network_input(pixels: NDArray[np.uint8], card: ModelCard) -> NDArray[np.uint8] | NDArray[np.float32]:
    """(n, H, W, 3) uint8 RGB pixels in the layout, colour order and scale that a card's network reads."""
    expected = card.input
    if expected.colour == "bgr":
        pixels = pixels[..., ::-1]
    if expected.layout == "nhwc-uint8":
        return np.ascontiguousarray(pixels)
    scaled = (pixels - np.array(expected.mean, np.float32)) / np.array(expected.std, np.float32)
    return np.ascontiguousarray(scaled.transpose(0, 3, 1, 2), np.float32)


def check_device(device: str) -> None:
    """Refuse a name that is none of `DEVICES`; whether the device works shows when a network is loaded.

    Raises:
        InvalidInput: naming the choices.
    """
    if device not in DEVICES:
        raise InvalidInput(f"device {device!r}: choose one of {', '.join(DEVICES)}")


def _provider(device: str, available: list[str]) -> str:
    check_device(device)
    provider = _PROVIDERS[device]
    if provider not in available:
        raise DeviceUnavailable(
            f"device {device!r} was asked for, but this onnxruntime has no {provider} (it has {', '.join(available)}); "
            "install onnxruntime-gpu in place of onnxruntime, or ask for device 'cpu'"
        )
    return provider


def _first_line(error: Exception) -> str:
    text = str(error).strip()
    return text.splitlines()[0][:300] if text else type(error).__name__
