"""Frames, and sound if there is any, as an MP4 file (H.264 and AAC): equal input makes equal bytes."""

from __future__ import annotations

import io
import os
from collections.abc import Iterable
from fractions import Fraction
from typing import Any

import numpy as np
from numpy.typing import NDArray

from visavis.errors import InvalidInput, MissingExtra
from visavis.storage import write_atomic
from visavis.synthetic.factors import Whole

CRF = Whole(0, 51)
"""Constant rate factor of H.264: 0 loses least, 51 most; 18 can hardly be told from the original."""
_REPEATABLE = "mbtree=0"  # with it, x264 gives the same frames other bytes about one time in three
_SOUND_SHARE = 1024  # samples in a frame of AAC


def write_mp4(path: str | os.PathLike[str], frames: Iterable[NDArray[np.uint8]], **options: Any) -> None:
    """Write `mp4_bytes(frames, **options)` to a file, complete or not at all.

    Raises:
        StorageError: the file could not be written; and what `mp4_bytes` raises.
    """
    write_atomic(path, mp4_bytes(frames, **options))


def mp4_bytes(
    frames: Iterable[NDArray[np.uint8]],
    fps: Fraction | int = 25,
    crf: int = 18,
    sound: NDArray[np.floating[Any]] | None = None,
    rate: int = 16_000,
    comment: str = "",
) -> bytes:
    """The bytes of an MP4 file, H.264 with 4:2:0 colour that every player shows.

    Args:
        frames: one or more RGB pictures (H, W, 3), all of one even height and width >= 16.
        fps: frames per second.
        crf: 0 (largest, best) to 51.
        sound: (n,) samples in [-1, 1], one channel; starts with the first frame.
        rate: samples per second.
        comment: kept in the file.

    Raises:
        InvalidInput: no frame, a frame of another shape, or a number out of range.
        MissingExtra: PyAV is not installed.
    """
    av = need_pyav()
    crf = CRF.check("crf", crf)
    buffer = io.BytesIO()
    with av.open(buffer, "w", format="mp4", options={"fflags": "+bitexact"}) as file:
        if comment:
            file.metadata["comment"] = comment
        video = file.add_stream("libx264", rate=Fraction(fps))
        track = None if sound is None else file.add_stream("aac", rate=rate, layout="mono")
        _encode_frames(av, file, video, frames, crf)
        if sound is not None:
            _encode_sound(av, file, track, np.pad(np.asarray(sound, np.float32), (0, -len(sound) % _SOUND_SHARE)), rate)
    return buffer.getvalue()


def _encode_frames(av: Any, file: Any, stream: Any, frames: Iterable[NDArray[np.uint8]], crf: int) -> None:
    shape: tuple[int, ...] | None = None
    for frame in frames:
        if shape is None:
            shape = _checked(frame)
            stream.height, stream.width = shape[:2]
            stream.pix_fmt = "yuv420p"
            stream.thread_count = 1  # bytes depend on it
            stream.options = {"crf": str(crf), "flags": "+bitexact", "x264-params": _REPEATABLE}
        if frame.shape != shape or frame.dtype != np.uint8:
            raise InvalidInput(f"frame {frame.shape} {frame.dtype}: needs uint8 {shape}, as the first frame")
        file.mux(stream.encode(av.VideoFrame.from_ndarray(np.ascontiguousarray(frame), format="rgb24")))
    if shape is None:
        raise InvalidInput("a video needs one frame at least")
    file.mux(stream.encode(None))


def _encode_sound(av: Any, file: Any, stream: Any, samples: NDArray[np.float32], rate: int) -> None:
    stream.options = {"flags": "+bitexact"}
    for start in range(0, len(samples), _SOUND_SHARE):
        frame = av.AudioFrame.from_ndarray(samples[None, start : start + _SOUND_SHARE], format="fltp", layout="mono")
        frame.sample_rate, frame.pts = rate, start
        file.mux(stream.encode(frame))
    file.mux(stream.encode(None))


def _checked(frame: NDArray[np.uint8]) -> tuple[int, ...]:
    good = frame.ndim == 3 and frame.shape[2] == 3 and min(frame.shape[:2]) >= 16
    if not good or frame.shape[0] % 2 or frame.shape[1] % 2:
        raise InvalidInput(f"frame {frame.shape}: needs (H, W, 3) with even H and W of 16 or more; H.264 halves colour")
    return frame.shape


def need_pyav() -> Any:
    """The library that writes films.

    Raises:
        MissingExtra: it is not installed.
    """
    try:
        import av
    except ImportError as error:
        raise MissingExtra('MP4 files need PyAV: pip install "visavis[video]"') from error
    return av
