"""WAV files, one channel of 16-bit PCM."""

from __future__ import annotations

import io
import os
import wave

import numpy as np
from numpy.typing import ArrayLike

from visavis.errors import InvalidInput
from visavis.storage import write_atomic
from visavis.synthetic.speech.ranges import sampling_rate, sound


def wav_bytes(audio: ArrayLike, rate: int) -> bytes:
    """The bytes of a WAV file.

    Args:
        audio: (n,) samples in [-1, 1]; 1 becomes 32,767.
        rate: samples per second, 8,000 to 48,000.

    Raises:
        InvalidInput: the sound is empty, not finite, not one channel or leaves [-1, 1], or the rate is out of range.
    """
    samples, rate = sound("audio", audio), sampling_rate(rate)
    loudest = float(np.abs(samples).max())
    if loudest > 1.0:
        raise InvalidInput(f"audio reaches {loudest:.3g}, outside [-1, 1]; divide it by its largest absolute value")
    buffer = io.BytesIO()
    with wave.open(buffer, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(rate)
        file.writeframes(np.rint(samples * 32767.0).astype("<i2").tobytes())
    return buffer.getvalue()


def write_wav(path: str | os.PathLike[str], audio: ArrayLike, rate: int) -> None:
    """Write `audio` (n,) in [-1, 1] as a WAV file, complete or not at all.

    Raises:
        InvalidInput: see `wav_bytes`.
        StorageError: the file cannot be written.
    """
    write_atomic(path, wav_bytes(audio, rate))
