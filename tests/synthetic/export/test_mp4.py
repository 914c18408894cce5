"""Films: an ordinary decoder shows the frames again, and equal frames make equal bytes."""

from __future__ import annotations

import io
import sys
from fractions import Fraction

import numpy as np
import pytest

from visavis.errors import InvalidInput, MissingExtra, StorageError
from visavis.synthetic.export.mp4 import mp4_bytes, write_mp4

av = pytest.importorskip("av", reason="films need PyAV")


def moving(count, height=48, width=64):
    """Frames of a smooth pattern that drifts."""
    y, x = np.mgrid[:height, :width]
    waves = (np.sin((x + 2 * t) / 9 + channel) + np.cos(y / 7) for t in range(count) for channel in range(3))
    levels = np.stack([(127 + 60 * wave).astype(np.uint8) for wave in waves], axis=-1)
    return [np.ascontiguousarray(levels[..., 3 * t : 3 * t + 3]) for t in range(count)]


def decoded(data):
    with av.open(io.BytesIO(data)) as file:
        return [frame.to_ndarray(format="rgb24") for frame in file.decode(video=0)]


def test_a_film_says_where_it_comes_from():
    with av.open(io.BytesIO(mp4_bytes(moving(2), comment="Synthetic, seed 7"))) as file:
        assert file.metadata["comment"] == "Synthetic, seed 7"


def test_frames_come_back_in_number_order_time_and_colour():
    frames = moving(10)
    data = mp4_bytes(frames, fps=Fraction(30000, 1001), crf=12)
    shown = decoded(data)
    assert len(shown) == 10
    assert max(np.abs(a.astype(int) - b).mean() for a, b in zip(shown, frames, strict=True)) < 4
    with av.open(io.BytesIO(data)) as file:
        assert file.streams.video[0].average_rate == Fraction(30000, 1001)
        assert file.streams.video[0].codec_context.pix_fmt == "yuv420p"


def test_equal_frames_make_equal_bytes_whatever_lies_in_memory():
    frames, made, kept = moving(12, 98, 130), set(), []
    for attempt in range(8):
        kept.append(np.full(10_000 + 977 * attempt, attempt, dtype=np.uint8))
        made.add(mp4_bytes([frame.copy() for frame in frames], sound=np.sin(np.arange(9_000) / 20)))
    assert len(made) == 1


def test_a_higher_factor_makes_a_smaller_file():
    rng = np.random.default_rng(0)
    noise = [rng.integers(0, 256, (32, 32, 3), dtype=np.uint8) for _ in range(4)]
    assert len(mp4_bytes(noise, crf=40)) < len(mp4_bytes(noise, crf=10)) / 2


def test_sound_starts_with_the_frames_and_keeps_its_pitch():
    sound = 0.5 * np.sin(2 * np.pi * 440 * np.arange(16_000) / 16_000)
    with av.open(io.BytesIO(mp4_bytes(moving(25), sound=sound, rate=16_000))) as file:
        heard = np.concatenate([frame.to_ndarray()[0] for frame in file.decode(audio=0)])
    spectrum = np.abs(np.fft.rfft(heard[:16_000]))
    assert abs(int(spectrum.argmax()) - 440) <= 1
    assert abs(len(heard) - 16_000) <= 2_048


@pytest.mark.parametrize(
    ("frames", "options", "said"),
    [
        ([], {}, "needs one frame at least"),
        (moving(1, 47), {}, r"frame \(47, 64, 3\): needs .* even H and W"),
        (moving(1, 8, 8), {}, "16 or more"),
        ([np.zeros((48, 64), np.uint8)], {}, r"needs \(H, W, 3\)"),
        ([*moving(1), *moving(1, 32)], {}, r"needs uint8 \(48, 64, 3\), as the first frame"),
        ([frame.astype(float) for frame in moving(1)], {}, "float64: needs uint8"),
        (moving(1), {"crf": 52}, "crf 52: needs a whole number from 0 to 51"),
    ],
)
def test_what_cannot_be_a_film_is_refused(frames, options, said):
    with pytest.raises(InvalidInput, match=said):
        mp4_bytes(frames, **options)


def test_a_film_is_written_whole_or_not_at_all(tmp_path):
    write_mp4(tmp_path / "film.mp4", moving(3))
    assert len(decoded((tmp_path / "film.mp4").read_bytes())) == 3
    with pytest.raises(InvalidInput):
        write_mp4(tmp_path / "broken.mp4", [*moving(2), *moving(1, 32)])
    with pytest.raises(StorageError, match="create the folder first"):
        write_mp4(tmp_path / "missing" / "film.mp4", moving(1))
    assert [path.name for path in tmp_path.iterdir()] == ["film.mp4"]


def test_a_missing_pyav_is_told(monkeypatch):
    monkeypatch.setitem(sys.modules, "av", None)
    with pytest.raises(MissingExtra, match=r'pip install "visavis\[video\]"'):
        mp4_bytes(moving(1))
