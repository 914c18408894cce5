"""Photos to faces: what fails is told, what was found is kept, what has changed is looked at again."""

from __future__ import annotations

import json
import stat
from pathlib import Path

import numpy as np
import pytest

from visavis.errors import DataError, ImageUnreadable, ModelUnavailable, StorageError, TemplateMismatch
from visavis.matching.clustering import FoundFaces, KeptFaces, collect_faces
from visavis.matching.clustering import kept as module
from visavis.matching.clustering.private import private_file, private_folder
from visavis.types import Faces


class Finder:
    """Finds as many faces as the photo's content has letters; remembers what it was asked for."""

    def __init__(self, stop_after=None, model="m@1"):
        self.asked, self._stop_after, self._model = [], stop_after, model

    def stream(self, images, /, *, errors):
        assert errors == "return"
        for image in images:
            if self._stop_after == len(self.asked):
                raise KeyboardInterrupt
            self.asked.append(Path(image).name)
            yield self._look(Path(image))

    def _look(self, path):
        text = path.read_text()
        if text == "broken":
            return ImageUnreadable(f"{path}: is broken")
        if text == "model":
            return ModelUnavailable("no weights")
        if not text:
            return Faces.empty(str(path))
        count = len(text)
        vectors = np.float32([[ord(letter), len(path.name)] for letter in text])
        boxes = np.float32([[0, 0, 5 + i, 9] for i in range(count)])
        return Faces(boxes, np.zeros((count, 5, 2)), np.ones(count), str(path), (40, 30), None, vectors, self._model)


@pytest.fixture
def photos(tmp_path):
    folder = tmp_path / "photos"
    folder.mkdir()
    for name, text in {"one": "a", "two": "bc", "none": "", "bad": "broken"}.items():
        (folder / name).write_text(text)
    return [str(folder / name) for name in ("one", "two", "none", "bad")]


def run(photos, path=None, finder=None, stamp="s", **other):
    return collect_faces(finder or Finder(), photos, KeptFaces(path, stamp, photos), **other)


def described(collected):
    faces = collected.faces
    return [
        (Path(p).name, int(i), chr(int(t[0])))
        for p, i, t in zip(faces.paths, faces.index, faces.templates, strict=True)
    ]


def test_every_face_of_every_photo_is_there_and_what_fails_is_told(photos):
    told, seen = [], []
    found = run(photos, report=told.append, progress=lambda *p: seen.append(p))
    assert described(found) == [("one", 0, "a"), ("two", 0, "b"), ("two", 1, "c")]
    assert [Path(path).name for path in found.without_face] == ["none"]
    assert [(Path(one.path).name, one.error) for one in found.failed] == [("bad", "ImageUnreadable")]
    assert [str(error) for error in told] == [found.failed[0].message]
    assert seen == [(1, 4), (2, 4), (3, 4), (4, 4)]
    assert found.faces.model == "m@1"
    assert found.faces.photo_sizes.tolist() == [[40, 30]] * 3
    assert np.isnan(found.faces.quality).all()


def test_a_photo_named_twice_counts_once(photos):
    found = run([photos[0], photos[1], photos[0].replace("one", "./one")])
    assert (found.photos, described(found)) == (2, [("one", 0, "a"), ("two", 0, "b"), ("two", 1, "c")])


def test_what_was_found_is_not_looked_for_again(photos, tmp_path):
    path, second = tmp_path / "faces.npz", Finder()
    first = run(photos, path)
    again = run(photos, path, second)
    assert second.asked == ["bad"]  # it may have been mended
    assert described(again) == described(first)
    assert again.reused == 3
    assert again.without_face == first.without_face
    assert np.array_equal(again.faces.boxes, first.faces.boxes)


def test_an_interrupted_run_goes_on_where_it_was(photos, tmp_path):
    path, second = tmp_path / "faces.npz", Finder()
    with pytest.raises(KeyboardInterrupt):
        run(photos, path, Finder(stop_after=2))
    assert described(run(photos, path, second)) == described(run(photos))
    assert second.asked == ["none", "bad"]


def test_a_photo_that_changed_is_looked_at_again(photos, tmp_path):
    path, second = tmp_path / "faces.npz", Finder()
    run(photos, path)
    Path(photos[0]).write_text("xyz")
    found = run(photos, path, second)
    assert second.asked == ["one", "bad"]
    assert described(found) == [("one", 0, "x"), ("one", 1, "y"), ("one", 2, "z"), ("two", 0, "b"), ("two", 1, "c")]
    third = Finder()
    assert described(run(photos, path, third)) == described(found)
    assert third.asked == ["bad"]


def test_another_engine_starts_anew(photos, tmp_path):
    path, second = tmp_path / "faces.npz", Finder(model="n@2")
    run(photos, path)
    found = run(photos, path, second, stamp="other")
    assert second.asked == ["one", "two", "none", "bad"]
    assert found.faces.model == "n@2"


def test_photos_that_are_not_named_any_more_are_forgotten(photos, tmp_path):
    path, third = tmp_path / "faces.npz", Finder()
    run(photos, path)
    run(photos[:1], path)
    run(photos, path, third)
    assert third.asked == ["two", "none", "bad"]


def test_relative_and_absolute_names_are_one_photo_and_faces_carry_the_name_used(photos, tmp_path, monkeypatch):
    path, second = tmp_path / "faces.npz", Finder()
    run(photos, path)
    monkeypatch.chdir(tmp_path / "photos")
    found = run(["two"], path, second)
    assert (second.asked, found.faces.paths) == ([], ("two", "two"))


def test_faces_are_written_while_the_run_goes_on(photos, tmp_path, monkeypatch):
    monkeypatch.setattr(module, "_LEAST_PAUSE", 0.0)
    monkeypatch.setattr(module, "_PAUSE", 0.0)
    path, written = tmp_path / "faces.npz", []
    run(photos, path, progress=lambda done, _: written.append(path.exists()))
    assert written == [True] * 4


def test_only_the_owner_may_read_what_is_kept(photos, tmp_path):
    path = tmp_path / "faces.npz"
    path.touch(mode=0o644)
    path.unlink()
    run(photos, path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    path.chmod(0o644)
    Path(photos[0]).write_text("new")
    run(photos, path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_a_private_file_is_private_from_before_its_first_byte(tmp_path):
    with private_file(tmp_path / "secret") as file:
        assert stat.S_IMODE(Path(file.name).stat().st_mode) == 0o600
        file.write(b"x")
    assert (tmp_path / "secret").read_bytes() == b"x"


def test_a_folder_is_made_for_its_owner_and_one_that_cannot_be_is_named(tmp_path):
    assert stat.S_IMODE(private_folder(tmp_path / "new" / "report").stat().st_mode) == 0o700
    (tmp_path / "file").touch()
    with pytest.raises(StorageError, match="no folder can be made there"):
        private_folder(tmp_path / "file")


@pytest.mark.parametrize("content", [b"", b"not a zip file", b"PK\x03\x04 cut off"])
def test_a_damaged_file_is_named_and_not_overwritten(photos, tmp_path, content):
    path = tmp_path / "faces.npz"
    path.write_bytes(content)
    with pytest.raises(DataError, match=r"faces\.npz: cannot be read as faces.*delete it"):
        run(photos, path)
    assert path.read_bytes() == content


def test_somebody_elses_file_is_not_overwritten(photos, tmp_path):
    path = tmp_path / "faces.npz"
    np.savez(path, templates=np.zeros(3))
    with pytest.raises(DataError, match="cannot be read as faces"):
        run(photos, path)
    head = np.frombuffer(json.dumps({"format": "visavis faces 99"}).encode(), np.uint8)
    np.savez(path, head=head)
    with pytest.raises(DataError, match="is no file of faces"):
        run(photos, path)


def test_a_missing_model_ends_the_run_at_once(photos):
    Path(photos[1]).write_text("model")
    finder = Finder()
    with pytest.raises(ModelUnavailable):
        run(photos, finder=finder)
    assert finder.asked == ["one", "two"]


def test_no_photo_with_a_face_gives_no_faces(photos):
    found = run(photos[2:])
    assert (len(found.faces), len(found.without_face), len(found.failed)) == (0, 1, 1)


def test_faces_of_two_models_are_never_put_together(photos):
    parts = [run(photos[:1], finder=Finder(model=model)).faces for model in ("m@1", "n@2")]
    with pytest.raises(TemplateMismatch, match="m@1 and n@2"):
        FoundFaces.together(parts)
