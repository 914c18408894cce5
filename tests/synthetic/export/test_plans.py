"""What every plan keeps to, whatever it makes; and what each has of its own."""

from __future__ import annotations

import dataclasses
import io
import json
import pickle

import numpy as np
import pytest
from PIL import Image

pytest.importorskip("numba", reason="rendering needs the extra synthetic")
pytest.importorskip("av", reason="films need PyAV")
pytest.importorskip("pyarrow", reason="the table of labels needs pyarrow")

import av
from pyarrow import parquet

from visavis.errors import InvalidInput, MissingExtra
from visavis.synthetic import World
from visavis.synthetic.export.clips import Clips
from visavis.synthetic.export.pairs import StereoPairs
from visavis.synthetic.export.people import People
from visavis.synthetic.export.plates import Plates
from visavis.synthetic.export.scenes import Scenes
from visavis.synthetic.export.speech import Speech
from visavis.synthetic.export.table import write_table
from visavis.synthetic.speech import Speaker

SMALL = {"width": 64, "height": 48}
HAPPY = (("expression", "happy"), ("tone", (3.0, 5.0)))
PLANS = [
    People(count=2, per_person=2, size=32, labels=("parsing", "depth"), group=HAPPY),
    Scenes(count=2, **SMALL, labels=("parsing", "person", "depth"), picture_format="jpg", group=HAPPY),
    Scenes(count=2, people=0, **SMALL),
    Clips(count=2, **SMALL, seconds=0.2, cuts=1, speech=True, group=HAPPY),
    StereoPairs(count=2, **SMALL, samples=1, group=HAPPY),
    Plates(count=2, **SMALL),
    Speech(count=2, per_person=2),
]


def made(plan, item):
    """All files and all rows of an item."""
    files, rows = {}, []
    for output in plan.open()(item):
        files |= output.files
        rows += output.rows
    return files, rows


@pytest.mark.parametrize("plan", PLANS, ids=lambda plan: f"{plan.kind}-{getattr(plan, 'people', '')}")
def test_a_plan_is_small_says_what_it_writes_and_writes_it_again(plan):
    assert pickle.loads(pickle.dumps(plan)) == plan
    assert hash(plan) == hash(pickle.loads(pickle.dumps(plan)))
    assert json.loads(json.dumps(plan.parameters()))["count"] == 2
    files, rows = made(plan, 1)
    assert list(files) == plan.files(1)
    assert not set(files) & set(plan.files(0))
    assert all(row["file"] in files for row in rows)
    assert made(dataclasses.replace(plan, count=3), 1) == (files, rows)


@pytest.mark.parametrize("plan", PLANS, ids=lambda plan: f"{plan.kind}-{getattr(plan, 'people', '')}")
def test_the_rows_fit_one_table_with_the_types_that_the_examples_tell(plan, tmp_path):
    rows = [json.loads(json.dumps(row)) for item in (0, 1) for row in made(plan, item)[1]]
    assert all(list(row) == list(rows[0]) for row in rows)
    assert set(plan.examples) <= set(rows[0])
    assert write_table(tmp_path / "t", rows, plan.examples) == len(rows)
    assert "null" not in str(parquet.read_schema(tmp_path / "t"))


def test_the_columns_of_scenes_have_the_same_types_with_and_without_people(tmp_path):
    schemas = []
    for people in (0, 3):
        rows = [json.loads(json.dumps(row)) for row in made(Scenes(count=1, people=people, **SMALL), 0)[1]]
        write_table(tmp_path / "t", rows, Scenes(count=1).examples)
        schemas.append(parquet.read_schema(tmp_path / "t"))
        assert len(rows[0]["face_box"]) == rows[0]["people"] == people
    assert schemas[0] == schemas[1]


def test_a_film_shows_what_its_rows_tell():
    plan = Clips(count=1, **SMALL, people=2, seconds=0.4, fps=10.0, cuts=1, speech=True)
    files, rows = made(plan, 0)
    with av.open(io.BytesIO(files["clip-000000.mp4"]), "r") as film:
        assert sum(1 for _ in film.decode(video=0)) == len(rows) == 4
        assert len(film.streams.audio) == 1
    about = json.loads(files["clip-000000.json"])
    assert [row["time"] for row in rows] == pytest.approx([0.0, 0.1, 0.2, 0.3])
    assert [row["scene"] for row in rows] == about["scene_of"]
    assert all(len(row["face_points"]) == 2 for row in rows)
    assert " ".join(word["label"] for word in about["words"]) == about["transcript"] != ""
    with av.open(io.BytesIO(made(dataclasses.replace(plan, speech=False), 0)[0]["clip-000000.mp4"])) as film:
        assert not film.streams.audio


def test_disparity_and_hidden_parts_of_a_pair_are_written_exactly():
    plan = StereoPairs(count=1, **SMALL, samples=1)
    files, (row,) = made(plan, 0)
    disparity = np.load(io.BytesIO(files["pair-000000.disparity.npz"]))["values"]
    assert disparity.dtype == np.float32
    assert (disparity.min(), disparity.max()) == (np.float32(row["disparity_low"]), np.float32(row["disparity_high"]))
    with Image.open(io.BytesIO(files["pair-000000.occluded.png"])) as hidden:
        assert set(np.unique(np.asarray(hidden))) <= {0, 255}
        assert np.asarray(hidden).mean() / 255 == pytest.approx(row["occluded_share"])


def test_speaker_k_has_the_voice_of_person_k():
    person = World(5).person(1)
    _, (row,) = made(Speech(count=2, seed=5), 1)
    assert row["f0"] == Speaker.of(5, 1, person.masculinity).f0


@pytest.mark.parametrize(
    ("make", "wrong", "said"),
    [
        (Scenes, {"people": 9}, "people 9: needs a whole number from 0 to 8"),
        (Scenes, {"labels": ("normals",)}, "label map 'normals': needs one or more of parsing, person, depth"),
        (Scenes, {"width": 0}, "width 0: needs a whole number from 16 to 4096"),
        (Clips, {"width": 321}, "321 x 240 pixels: films need an even width and height"),
        (Clips, {"seconds": 0.0}, "seconds 0.0: needs 0.04 to 600 s"),
        (Clips, {"fps": 0.5}, "fps 0.5: needs 1 to 120"),
        (Clips, {"crf": 60}, "crf 60: needs a whole number from 0 to 51"),
        (Clips, {"cuts": -1}, "cuts -1: needs a whole number from 0 to 100"),
        (StereoPairs, {"baseline": 2.0}, "baseline 2.0: needs 0.001 to 1 m"),
        (Plates, {"height": 5000}, "height 5000: needs a whole number from 16 to 4096"),
        (Speech, {"rate": 1000}, "rate 1000: needs a whole number from 8000 to 48000"),
    ],
)
def test_what_is_out_of_range_is_told_with_the_range(make, wrong, said):
    with pytest.raises(InvalidInput, match=said):
        make(count=1, **wrong)


def test_films_without_pyav_are_refused_before_any_work(monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "av", None)
    with pytest.raises(MissingExtra, match="video"):
        Clips(count=1)
