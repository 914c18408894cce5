"""Paths and file objects give their bytes, or one error that names them and the way out; nothing blocks."""

from __future__ import annotations

import io
import os
from pathlib import Path
from typing import Any, NoReturn

import pytest
from tests.images.pictures import HEIGHT, SAMPLES, WIDTH, Pipe

from visavis.errors import ImageError, ImageNotFound, ImageTooLarge, ImageUnreadable, InvalidInput
from visavis.images import Limits, load


@pytest.mark.parametrize(
    ("name", "problem"),
    [
        ("missing.jpg", "cannot be read .No such file or directory.; check the path"),
        ("folder", "is a folder; name the image file inside it"),
        ("pipe", "is a pipe or device; copy its content to a file"),
        ("photo.png/inside", "cannot be read .Not a directory"),
        ("null\0character", "cannot be read .*null"),
        ("x" * 300, "cannot be read .File name too long"),
    ],
)
def test_a_path_without_a_readable_file_is_refused_at_once(name: str, problem: str, tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "photo.png").write_bytes(SAMPLES["png"])
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(ImageNotFound, match=problem) as caught:
        load(tmp_path / name)
    assert isinstance(caught.value, FileNotFoundError)
    assert str(caught.value).startswith(str(tmp_path / name).replace("\0", "\N{REPLACEMENT CHARACTER}"))


def test_an_empty_path_is_not_the_current_folder() -> None:
    with pytest.raises(ImageNotFound, match=r"^'': cannot be read .No such file"):
        load("")


def test_content_passed_for_a_path_is_not_repeated_in_full() -> None:
    with pytest.raises(ImageNotFound, match=r"^data:image.{0,80}\.\.\. \(1,000,\d+ characters\): cannot be read"):
        load("data:image/png;base64," + "A" * 1_000_000)


def test_an_address_is_not_fetched() -> None:
    with pytest.raises(ImageNotFound, match="addresses are not fetched: download the picture first"):
        load("https://example.org/face.jpg")


def test_a_file_without_permission_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def forbid(*_: Any) -> NoReturn:
        raise PermissionError(13, "Permission denied")

    (tmp_path / "photo.png").write_bytes(SAMPLES["png"])
    monkeypatch.setattr(os, "open", forbid)
    with pytest.raises(ImageNotFound, match=r"cannot be read .Permission denied.; check the path and its permissions"):
        load(tmp_path / "photo.png")


def test_a_pipe_that_took_the_files_place_does_not_block(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "photo").write_bytes(SAMPLES["png"])
    os.mkfifo(tmp_path / "pipe")
    honest = os.stat(tmp_path / "photo")  # noqa: PTH116
    monkeypatch.setattr(os, "stat", lambda *_, **__: honest)
    with pytest.raises(ImageError):
        load(tmp_path / "pipe")


def raising(error: BaseException) -> io.BytesIO:
    """A file object whose every read fails."""

    class Broken(io.BytesIO):
        def read(self, size: int | None = -1) -> bytes:
            raise error

    return Broken()


@pytest.mark.parametrize("error", [OSError(5, "Input/output error"), TimeoutError("too late"), RuntimeError("gone")])
def test_a_failing_stream_is_an_image_error(error: Exception) -> None:
    with pytest.raises(ImageUnreadable, match=r"reading failed .(Input/output error|too late|gone)."):
        load(raising(error))


def test_a_closed_or_textual_stream_is_refused(tmp_path: Path) -> None:
    closed = io.BytesIO(SAMPLES["png"])
    closed.close()
    with pytest.raises(ImageUnreadable, match=r"closed file.*open it again in binary mode"):
        load(closed)
    with pytest.raises(InvalidInput, match="yields str, not bytes; open it in binary mode"):
        load(io.StringIO("text"))


def test_an_interruption_is_passed_on() -> None:
    with pytest.raises(KeyboardInterrupt):
        load(raising(KeyboardInterrupt()))


def test_limits_allow_exactly_what_they_say(tmp_path: Path) -> None:
    data = SAMPLES["bmp"]
    path = tmp_path / "photo.bmp"
    path.write_bytes(data)
    exact, tight = Limits(len(data), WIDTH * HEIGHT), Limits(len(data) - 1)
    for source in (data, bytearray(data), path, io.BytesIO(data), Pipe(data)):
        with pytest.raises(ImageTooLarge, match=f"larger than the limit of {len(data) - 1:,} bytes; save a smaller"):
            load(source, tight)
        assert load(Pipe(data) if isinstance(source, Pipe) else source, exact).width == WIDTH


def test_an_endless_stream_is_cut_at_the_limit() -> None:
    class Endless(Pipe):
        def readinto(self, buffer: Any) -> int:
            return len(buffer)

    with pytest.raises(ImageTooLarge):
        load(Endless(b""), Limits(max_bytes=10_000_000))
