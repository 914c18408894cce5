"""Disks that are full, read-only, or not there any more: one clear error, and nothing is lost."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path

import pytest
from tests.gallery.contract.galleries import Place, found, names, place_in, reference, references, vector

from visavis.errors import (
    GalleryError,
    GalleryNotFound,
    GalleryReadOnly,
    GalleryUnavailable,
    StorageError,
)
from visavis.gallery.types import Crop

ROOT = hasattr(os, "geteuid") and os.geteuid() == 0


@contextmanager
def mounted(folder, *options):
    """A file system of its own in a folder; skips where that is not allowed."""
    folder.mkdir(exist_ok=True)
    made = (
        subprocess.run(["mount", *options, str(folder)], capture_output=True, text=True, check=False) if ROOT else None
    )
    if made is None or made.returncode:
        pytest.skip("file systems cannot be mounted here")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=True)


def large(id_, person, size=20_000):
    return reference(id_, person, crop=Crop(b"\xff\xd8" + os.urandom(size), ((1.0, 1.0),)))


def fill(gallery, most=400):
    """Enrol until it is refused: (what was acknowledged, the error)."""
    done = []
    for number in range(most):
        try:
            gallery.enrol([large(f"x{number}", "Xenia")])
        except GalleryError as error:
            return done, error
        except StorageError as error:
            return done, error
        done.append(f"x{number}")
    raise AssertionError("the disk never was full")


def test_a_full_disk_loses_nothing_and_is_written_again_when_there_is_room(tmp_path):
    with mounted(tmp_path / "disk", "-t", "tmpfs", "-o", "size=2m", "tmpfs") as disk:
        place = Place(str(disk / "g"), "sqlite")
        with place.create() as gallery:
            gallery.enrol(references(Ada=2, Ben=1))
            done, error = fill(gallery)
            assert isinstance(error, StorageError)
            assert str(disk / "g") in str(error)
            assert "free some space" in str(error)
            assert done
            assert {one.id for one in gallery.references()} == {"ada-1", "ada-2", "ben-1", *done}
            assert found(gallery, "ada-1") == ["ada-1"]
            with pytest.raises((StorageError, GalleryUnavailable), match="nothing of this change was written"):
                gallery.enrol([large("y", "Y", 200_000)])
            subprocess.run(["mount", "-o", "remount,size=8m", str(disk)], check=True)
            gallery.enrol([large("y", "Y", 200_000)])
            assert gallery.forget("Xenia").erased
            assert gallery.verify() == []
        with place.open() as again:
            assert {one.id for one in again.references()} == {"ada-1", "ada-2", "ben-1", "y"}


def test_a_disk_that_is_full_from_the_start_holds_no_gallery(tmp_path):
    with mounted(tmp_path / "disk", "-t", "tmpfs", "-o", "size=100k", "tmpfs") as disk:
        (disk / "ballast").write_bytes(bytes(90_000))
        place = Place(str(disk / "g"), "sqlite")
        with pytest.raises((StorageError, GalleryUnavailable)) as full:
            place.create()
        assert str(disk / "g") in str(full.value)
        with pytest.raises((GalleryNotFound, GalleryUnavailable)):
            place.open()
        (disk / "ballast").unlink()
        subprocess.run(["mount", "-o", "remount,size=8m", str(disk)], check=True)
        with place.create() as gallery:
            gallery.enrol(references(Ada=1))


LIMITED = """
import resource, sys
from tests.gallery.contract.galleries import Place, references
from tests.gallery.store.test_disk import fill
place = Place(sys.argv[1], "sqlite")
with place.create() as gallery:
    gallery.enrol(references(Ada=1))
    resource.setrlimit(resource.RLIMIT_FSIZE, (600_000, resource.RLIM_INFINITY))
    done, error = fill(gallery)
    resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    assert {one.id for one in gallery.references()} == {"ada-1", *done}
    gallery.enrol(references(Ben=1))
    assert gallery.verify() == []
print(type(error).__name__, len(done) > 3, error)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="this system does not limit the size of files")
def test_a_limit_to_the_size_of_files_is_a_full_disk_too(tmp_path):
    command = [sys.executable, "-c", LIMITED, str(tmp_path / "g")]
    root = Path(__file__).parents[3]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60, cwd=root)
    assert done.stderr == ""
    assert done.stdout.startswith(("StorageError True", "GalleryUnavailable True"))
    assert "nothing of this change was written" in done.stdout


def test_a_limit_to_the_number_of_pages_is_a_full_disk_too(tmp_path):
    with place_in("sqlite", tmp_path, None).create() as gallery:
        gallery.enrol(references(Ada=1))
        gallery.store.database.close()
        with gallery.store.reading() as connection:
            connection.exec_driver_sql("PRAGMA max_page_count = 60")
        done, error = fill(gallery)
        assert isinstance(error, StorageError)
        assert {one.id for one in gallery.references()} == {"ada-1", *done}
        gallery.close()
        assert gallery.verify() == []


def test_a_read_only_disk_is_read_and_not_written_to(tmp_path):
    with place_in("sqlite", tmp_path, None).create() as gallery:
        gallery.enrol(references(Ada=2))
    with mounted(tmp_path / "fixed", "--bind", str(tmp_path / "g")) as fixed:
        subprocess.run(["mount", "-o", "remount,ro,bind", str(fixed)], check=True)
        place = Place(str(fixed), "sqlite")
        with place.open(read_only=True) as gallery:
            assert names(gallery) == ["Ada"]
            assert found(gallery, "ada-1") == ["ada-1"]
            assert gallery.verify() == []
            with pytest.raises(GalleryReadOnly):
                gallery.rename("Ada", "Eve")
        for attempt in (place.open, place.create):
            with pytest.raises(GalleryReadOnly, match=r"fixed: cannot be written to.*read_only=True"):
                attempt()
        with pytest.raises(StorageError):
            Place(str(fixed / "new"), "sqlite").create()
        assert sorted(path.name for path in fixed.iterdir()) == ["gallery.sqlite"]


def test_a_read_only_view_of_a_gallery_that_others_write_to_sees_what_they_write(tmp_path):
    with mounted(tmp_path / "fixed", "--bind", str(_made(tmp_path))) as fixed:
        subprocess.run(["mount", "-o", "remount,ro,bind", str(fixed)], check=True)
        view = Place(str(fixed), "sqlite")
        with view.open(read_only=True) as early, place_in("sqlite", tmp_path, None).open() as gallery:
            assert names(early) == ["Ada"]
            gallery.enrol(references(Ben=1))
            assert names(early) == ["Ada", "Ben"]
            assert found(early, "ben-1") == ["ben-1"]
            with view.open(read_only=True) as late:
                assert found(late, "ben-1") == ["ben-1"]
                assert gallery.forget("Ben").erased
                assert "ben-1" not in found(late, "ben-1", 9) + found(early, "ben-1", 9)
                gallery.enrol(references(Cem=1))
                assert names(late) == names(early) == ["Ada", "Cem"]


def _made(tmp_path):
    with place_in("sqlite", tmp_path, None).create() as gallery:
        gallery.enrol(references(Ada=1))
    return tmp_path / "g"


@pytest.mark.skipif(ROOT, reason="root may write everywhere")
def test_permissions_that_forbid_writing_make_it_read_only(tmp_path):
    folder = _made(tmp_path)
    (folder / "gallery.sqlite").chmod(0o400)
    folder.chmod(0o500)
    try:
        with place_in("sqlite", tmp_path, None).open(read_only=True) as gallery:
            assert names(gallery) == ["Ada"]
        with pytest.raises(GalleryReadOnly), place_in("sqlite", tmp_path, None).open() as gallery:
            gallery.rename("Ada", "Eve")
        folder.chmod(0o000)
        with pytest.raises((GalleryUnavailable, GalleryNotFound)):
            place_in("sqlite", tmp_path, None).open()
    finally:
        folder.chmod(0o700)


def test_a_folder_that_is_removed_while_open_takes_no_writes(tmp_path):
    place = place_in("sqlite", tmp_path, None)
    with place.create() as gallery:
        gallery.enrol(references(Ada=1))
        gallery.search(vector(1))
        shutil.move(tmp_path / "g", tmp_path / "elsewhere")
        for ask in (
            lambda: gallery.enrol(references(Ben=1)),
            gallery.people,
            lambda: gallery.search(vector(1)),
            gallery.verify,
        ):
            with pytest.raises(GalleryNotFound, match=str(tmp_path / "g")):
                ask()
        assert not (tmp_path / "g").exists()
        shutil.move(tmp_path / "elsewhere", tmp_path / "g")
        gallery.enrol(references(Ben=1))
        assert names(gallery) == ["Ada", "Ben"]
        assert gallery.verify() == []
    with place.open() as again:
        assert names(again) == ["Ada", "Ben"]


def test_another_gallery_put_in_its_place_is_not_written_to_unnoticed(tmp_path):
    with place_in("sqlite", tmp_path / "other", None).create() as other:
        other.enrol(references(Zed=1))
    with place_in("sqlite", tmp_path, None).create() as gallery:
        gallery.enrol(references(Ada=1))
        shutil.rmtree(tmp_path / "g")
        shutil.copytree(tmp_path / "other" / "g", tmp_path / "g")
        with pytest.raises(GalleryUnavailable, match="replaced"):
            gallery.enrol(references(Ben=1))


def test_a_copy_made_in_this_process_does_not_cost_a_write(tmp_path):
    """Opening and closing the file gives up SQLite's locks; the log may then be taken away by others."""
    place = place_in("sqlite", tmp_path, None)
    with place.create() as gallery:
        gallery.enrol(references(Ada=1))
        shutil.copytree(tmp_path / "g", tmp_path / "copy")
        program = "import sys; from visavis.gallery.gallery import open_gallery; open_gallery(sys.argv[1]).close()"
        subprocess.run([sys.executable, "-c", program, str(tmp_path / "g")], check=True)
        gallery.enrol([reference("r1", "Ben")])
        assert found(gallery, "r1") == ["r1"]
    with place.open() as again:
        assert names(again) == ["Ada", "Ben"]
        assert again.verify() == []
    with Place(str(tmp_path / "copy"), "sqlite").open() as copied:
        assert names(copied) == ["Ada"]


def test_a_log_that_is_gone_is_not_exchanged_under_a_transaction(tmp_path):
    place = place_in("sqlite", tmp_path, None)
    with place.create() as gallery, place.open() as other:
        gallery.enrol(references(Ada=1))
        with other.store.reading() as connection:
            connection.exec_driver_sql("SELECT * FROM person").fetchall()
            shutil.copytree(tmp_path / "g", tmp_path / "copy")
            program = "import sys; from visavis.gallery.gallery import open_gallery; open_gallery(sys.argv[1]).close()"
            subprocess.run([sys.executable, "-c", program, str(tmp_path / "g")], check=True)
            with pytest.raises(
                GalleryUnavailable, match=r"taken away by another process.*nothing was changed, try again"
            ):
                gallery.enrol(references(Ben=1))
        gallery.enrol(references(Ben=1))
        assert names(other) == ["Ada", "Ben"]
    with place.open() as again:
        assert names(again) == ["Ada", "Ben"]
        assert again.verify() == []
