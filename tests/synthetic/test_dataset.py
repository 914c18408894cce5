"""A sequence of faces: every picture depends on its own address alone, cached or not, here or in another process."""

from __future__ import annotations

import json
import logging
import multiprocessing
import pickle
from concurrent.futures import ProcessPoolExecutor

import numpy as np
import pytest

pytest.importorskip("numba", reason="rendering needs the extra synthetic")

from visavis.errors import InvalidInput, StorageError
from visavis.synthetic import dataset
from visavis.synthetic.dataset import SyntheticFaces

SIZE = 32


class Painter:
    """Stands in for the world: a picture that is a function of its address, and a count of what was rendered."""

    def __init__(self, seed, **_):
        self.seed, self.rendered = seed, []

    def render(self, person, shot, size, *, samples):
        self.rendered.append((person, shot))
        image = np.random.default_rng([self.seed, person, shot, samples]).integers(0, 256, (size, size, 3), np.uint8)
        return Painted(image, {"person_id": person, "shot_id": shot, "points": ((0.5, 1.5),)})


class Painted:
    def __init__(self, image, row):
        self.image, self._row = image, row

    def row(self):
        return self._row


@pytest.fixture
def painted(monkeypatch):
    """Datasets whose world costs nothing."""
    monkeypatch.setattr("visavis.synthetic.export.people.World", Painter)
    return lambda *args, **options: SyntheticFaces(*args, SIZE, **options)


def test_it_is_a_sequence_of_pictures_and_people(painted):
    faces = painted(4, 3)
    assert len(faces) == 12
    image, person = faces[7]
    assert (image.shape, image.dtype, person) == ((SIZE, SIZE, 3), np.uint8, 2)
    assert faces.labels.tolist() == [0, 0, 0, 1, 1, 1, 2, 2, 2, 3, 3, 3]
    assert [label for _, label in faces] == faces.labels.tolist()
    assert np.array_equal(faces[-1][0], faces[11][0])
    assert np.array_equal(faces[np.int64(7)][0], image)
    assert faces.row(7) == {"person_id": 2, "shot_id": 1, "points": [[0.5, 1.5]]}
    for beyond in (12, -13):
        with pytest.raises(IndexError):
            faces[beyond]


def test_a_slice_is_a_shorter_sequence(painted):
    faces = painted(4, 3)
    part = faces[2:10:3]
    assert len(part) == 3
    assert part.labels.tolist() == [0, 1, 2]
    assert np.array_equal(part[1][0], faces[5][0])
    assert part[::-1].labels.tolist() == [2, 1, 0]
    assert len(faces[5:5]) == 0


def test_pictures_do_not_depend_on_how_many_there_are(painted):
    few, many = painted(2, 2), painted(9, 5)
    assert np.array_equal(few[3][0], many[6][0])


def test_a_cache_gives_the_same_and_renders_once(painted, tmp_path):
    plain, cached = painted(2, 3), painted(2, 3, cache=tmp_path)
    for index in (4, 0, 5, 4):
        assert np.array_equal(cached[index][0], plain[index][0])
        assert cached.row(index) == plain.row(index)
    assert sorted(cached.world.rendered) == [(k, j) for k in range(2) for j in range(3)]
    again = painted(2, 3, cache=tmp_path)
    assert [label for _, label in again] == [0, 0, 0, 1, 1, 1]
    assert again.world.rendered == []
    image, _ = again[0]
    image[:] = 0  # what a user does to a picture does not reach the next
    assert np.array_equal(again[0][0], plain[0][0])


def test_a_larger_dataset_uses_the_cache_of_a_smaller_one(painted, tmp_path):
    list(painted(2, 2, cache=tmp_path))
    larger = painted(2, 3, cache=tmp_path)
    list(larger)
    assert larger.world.rendered == [(0, 2), (1, 2)]


def test_only_a_run_of_shots_is_rendered_at_once(painted, tmp_path):
    faces = painted(1, 40, cache=tmp_path)
    faces[17]
    assert sorted(faces.world.rendered) == [(0, j) for j in range(16, 32)]


@pytest.mark.parametrize(
    "options", [{"seed": 1}, {"samples": 2}, {"max_yaw": 60.0}, {"group": {"tone": (3.0, 5.0)}}, {"independent": True}]
)
def test_every_parameter_and_the_version_have_a_cache_of_their_own(painted, tmp_path, options, monkeypatch):
    painted(1, 1, cache=tmp_path)[0]
    other = painted(1, 1, cache=tmp_path, **options)
    other[0]
    assert other.world.rendered == [(0, 0)]
    monkeypatch.setattr(dataset, "VERSION", "next")
    newer = painted(1, 1, cache=tmp_path)
    newer[0]
    assert newer.world.rendered == [(0, 0)]
    assert json.loads(next(tmp_path.glob("*/parameters.json")).read_bytes())["size"] == SIZE


def test_a_group_in_other_types_is_the_same_group(painted, tmp_path):
    painted(1, 1, cache=tmp_path, group={"tone": (3.0, 5.0)})[0]
    again = painted(1, 1, cache=tmp_path, group={"tone": [np.float32(3), 5]})
    again[0]
    assert again.world.rendered == []


@pytest.mark.parametrize(
    "damage", [lambda data: data[:-1], lambda data: b"", lambda data: data[:40] + b"x" + data[41:]]
)
def test_damaged_entries_are_made_again(painted, tmp_path, damage):
    expected = painted(1, 2, cache=tmp_path)[0][0]
    (entry,) = tmp_path.glob("*/000000/000.face")
    entry.write_bytes(damage(entry.read_bytes()))
    faces = painted(1, 2, cache=tmp_path)
    assert np.array_equal(faces[0][0], expected)
    assert faces.world.rendered == [(0, 0)]
    assert np.array_equal(painted(1, 2, cache=tmp_path)[0][0], expected)


def test_an_entry_in_the_wrong_place_is_not_served(painted, tmp_path):
    faces = painted(2, 1, cache=tmp_path)
    expected = [image for image, _ in faces]
    (folder,) = tmp_path.iterdir()
    (folder / "000001" / "000.face").write_bytes((folder / "000000" / "000.face").read_bytes())
    assert np.array_equal(painted(2, 1, cache=tmp_path)[1][0], expected[1])


def test_a_cache_that_cannot_be_written_is_reported_and_done_without(painted, tmp_path, caplog):
    (tmp_path / "file").touch()
    faces = painted(1, 2, cache=tmp_path / "file")
    with caplog.at_level(logging.WARNING, "visavis"):
        assert np.array_equal(faces[1][0], painted(1, 2)[1][0])
        assert np.array_equal(faces[0][0], painted(1, 2)[0][0])
    assert caplog.text.count("not cached") == 1


def test_a_full_disk_costs_no_picture(painted, tmp_path, monkeypatch):
    def full(path, data):
        raise StorageError(f"{path}: cannot be written (No space left on device)")

    monkeypatch.setattr("visavis.synthetic.cache.write_atomic", full)
    assert np.array_equal(painted(1, 2, cache=tmp_path)[1][0], painted(1, 2)[1][0])


def read_all(faces):
    return [image.tobytes() for image, _ in faces]


def test_real_pictures_agree_in_several_processes_that_share_a_cache(tmp_path):
    faces = SyntheticFaces(2, 2, SIZE, seed=3, cache=tmp_path)
    with ProcessPoolExecutor(2, multiprocessing.get_context("spawn")) as pool:
        answers = list(pool.map(read_all, [faces, pickle.loads(pickle.dumps(faces[::-1]))]))
    assert answers[0] == answers[1][::-1] == read_all(SyntheticFaces(2, 2, SIZE, seed=3))
    assert len(set(answers[0])) == 4
    assert [path.name for path in tmp_path.rglob("*.part")] == []


def test_a_row_and_a_sample_tell_what_is_on_the_picture():
    faces = SyntheticFaces(3, 2, SIZE, max_yaw=10.0, group={"tone": [4.0, 5.0]})
    row, sample = faces.row(5), faces.sample(5)
    assert (row["person_id"], row["shot_id"]) == (2, 1)
    assert 4 <= row["person_tone"] <= 5
    assert abs(row["yaw"]) <= 10
    assert np.array_equal(sample.image, faces[5][0])
    assert sample.parsing.shape == (SIZE, SIZE)


@pytest.mark.parametrize(
    ("arguments", "options", "said"),
    [
        ((0, 1), {}, "n_people 0: needs a whole number from 1 to 1000000"),
        ((1, 0), {}, "per_person 0: needs a whole number from 1 to 10000"),
        ((1, 1, 0), {}, "size 0: needs a whole number from 16 to 4096"),
        ((1, 1, 20_000), {}, "size 20000: needs a whole number from 16 to 4096"),
        ((1, 1, 32, -1), {}, "seed -1: needs a whole number from 0"),
        ((1, 1), {"max_yaw": 91}, "max_yaw 91: needs 0 to 90 degrees"),
        ((1, 1), {"samples": 5}, "samples 5: needs a whole number from 1 to 4"),
        ((1, 1), {"group": {"height": 2}}, "'height'"),
        ((1, 1), {"group": {"tone": (3, 9)}}, "tone 9: needs 0 to 5"),
    ],
)
def test_ranges_are_checked_before_anything_is_rendered(arguments, options, said):
    with pytest.raises(InvalidInput, match=said):
        SyntheticFaces(*arguments, **options)
