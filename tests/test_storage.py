"""A file is there complete or as it was before, and nothing else is left in its folder."""

from __future__ import annotations

import errno
import os
import stat
import threading
from pathlib import Path
from typing import Any, NoReturn

import pytest
from hypothesis import given
from hypothesis import strategies as st

from visavis.errors import ImageNotFound, StorageError
from visavis.storage import atomic_file, write_atomic


@given(data=st.binary(max_size=2000))
def test_what_is_written_is_read_back(data: bytes, tmp_path_factory: pytest.TempPathFactory) -> None:
    folder = tmp_path_factory.mktemp("written")
    write_atomic(folder / "file", data)
    assert (folder / "file").read_bytes() == data
    assert [path.name for path in folder.iterdir()] == ["file"]


def test_an_existing_file_is_replaced_and_keeps_its_mode(tmp_path: Path) -> None:
    path = tmp_path / "templates.npz"
    path.write_bytes(b"old")
    path.chmod(0o600)
    write_atomic(path, b"new")
    assert path.read_bytes() == b"new"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_a_new_file_gets_the_mode_that_open_would_give_it(tmp_path: Path) -> None:
    (tmp_path / "plain").write_bytes(b"")
    write_atomic(tmp_path / "atomic", b"")
    assert (tmp_path / "atomic").stat().st_mode == (tmp_path / "plain").stat().st_mode


def test_a_symbolic_link_is_written_through(tmp_path: Path) -> None:
    link = tmp_path / "link"
    link.symlink_to(tmp_path / "target")
    write_atomic(link, b"data")
    assert link.is_symlink()
    assert (tmp_path / "target").read_bytes() == b"data"


def test_a_relative_path_is_taken_from_the_current_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    write_atomic("file", b"data")
    assert (tmp_path / "file").read_bytes() == b"data"


@pytest.mark.parametrize(
    ("name", "advice"),
    [
        ("missing/file", "create the folder first"),
        ("folder", "name a file inside it"),
        ("file/inside", "choose another folder"),
        ("x" * 300, "choose a shorter name"),
        ("null\0character", "choose another path"),
        ("pipe", "name a regular file"),
    ],
)
def test_a_path_that_cannot_be_a_file_is_refused_with_the_way_out(name: str, advice: str, tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "file").write_bytes(b"old")
    os.mkfifo(tmp_path / "pipe")
    before = sorted(tmp_path.iterdir())
    with pytest.raises(StorageError, match=f"cannot be written.*; .*{advice}") as caught:
        write_atomic(tmp_path / name, b"data")
    assert str(caught.value).startswith(str(tmp_path / name))
    assert sorted(tmp_path.iterdir()) == before
    assert (tmp_path / "file").read_bytes() == b"old"


def test_a_device_is_never_replaced() -> None:
    with pytest.raises(StorageError, match="/dev/null: cannot be written, it is a device or pipe"):
        write_atomic("/dev/null", b"data")
    assert not Path("/dev/null").is_file()


@pytest.mark.parametrize("step", ["fsync", "replace"])
@pytest.mark.parametrize(
    ("number", "advice"),
    [
        (errno.ENOSPC, "free some space or choose another disk"),
        (errno.EROFS, "the disk is read-only: choose another folder"),
        (errno.EACCES, "choose a folder you may write to"),
        (errno.EIO, "choose another path"),
    ],
)
def test_a_failing_disk_is_reported_and_leaves_the_old_file(
    step: str, number: int, advice: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: Any) -> NoReturn:
        raise OSError(number, os.strerror(number))

    path = tmp_path / "file"
    path.write_bytes(b"old")
    monkeypatch.setattr(os, step, fail)
    with pytest.raises(StorageError, match=f"{path}: cannot be written .{os.strerror(number)}.; .*{advice}"):
        write_atomic(path, b"new")
    assert [(p.name, p.read_bytes()) for p in tmp_path.iterdir()] == [("file", b"old")]


def test_a_file_larger_than_the_disk_allows_leaves_nothing(tmp_path: Path) -> None:
    resource = pytest.importorskip("resource", reason="limits need a POSIX system")
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (4096, hard))
    try:
        with pytest.raises(StorageError, match="the file is larger than this disk or your limits allow"):
            write_atomic(tmp_path / "file", bytes(100_000))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("interruption", [KeyboardInterrupt, SystemExit, MemoryError, ZeroDivisionError, ImageNotFound])
def test_an_interrupted_block_passes_its_error_on_and_leaves_the_old_file(
    interruption: type[BaseException], tmp_path: Path
) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"old")

    def write_half() -> None:
        with atomic_file(path) as file:
            file.write(b"half of")
            raise interruption

    with pytest.raises(interruption):
        write_half()
    assert [(p.name, p.read_bytes()) for p in tmp_path.iterdir()] == [("file", b"old")]


def test_the_target_is_untouched_until_the_block_ends(tmp_path: Path) -> None:
    path = tmp_path / "file"
    with atomic_file(path) as file:
        file.write(b"data")
        file.flush()
        assert not path.exists()
    assert path.read_bytes() == b"data"


def test_writers_at_once_leave_one_complete_file(tmp_path: Path) -> None:
    path, contents = tmp_path / "file", [bytes([i]) * 100_000 for i in range(8)]
    writers = [threading.Thread(target=write_atomic, args=(path, data)) for data in contents]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    assert path.read_bytes() in contents
    assert [p.name for p in tmp_path.iterdir()] == ["file"]
