"""The data that walks through visavis is valid from construction on, and its rows stay together."""

from __future__ import annotations

import json
import math
from dataclasses import FrozenInstanceError, fields
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from visavis.errors import InvalidInput
from visavis.types import Box, Comparison, Decision, Evidence, Faces, Quality, Template

COMPONENTS = [item.name for item in fields(Quality)]


@st.composite
def faces(draw: st.DrawFn, least: int = 0) -> Faces:
    """Up to six faces whose every value is a function of the row's tag, with or without quality and templates."""
    n = draw(st.integers(least, 6))
    tag = np.arange(n, dtype=np.float32)
    corner = np.stack([tag, tag * 2, tag + 1, tag * 2 + 3], axis=1)
    points = np.broadcast_to(tag[:, None, None], (n, 5, 2))
    with_quality, with_templates = draw(st.booleans()), draw(st.booleans())
    return Faces(
        boxes=corner,
        points=points,
        scores=tag / 10,
        source="crowd.jpg",
        image_size=(64, 48),
        quality=Quality(*[tag / 10] * len(COMPONENTS)) if with_quality else None,
        templates=np.stack([tag, -tag, tag], axis=1) if with_templates else None,
        model="tiny@1" if with_templates else None,
        notes=("several frames: first frame used",),
    )


def tags(some: Faces) -> list[int]:
    """The rows' tags, after checking that every array agrees on them."""
    seen = [some.boxes[:, 0], some.points[:, 3, 1], some.scores * 10]
    if some.quality is not None:
        seen += [getattr(some.quality, name) * 10 for name in COMPONENTS]
    if some.templates is not None:
        seen += [some.templates[:, 0], -some.templates[:, 1]]
    assert all(np.allclose(values, seen[0], atol=1e-5) for values in seen)
    return [round(float(tag)) for tag in seen[0]]


@given(some=faces(), start=st.integers(-8, 8), stop=st.integers(-8, 8), step=st.sampled_from([-2, -1, 1, 3]))
def test_a_slice_keeps_rows_together(some: Faces, start: int, stop: int, step: int) -> None:
    part = some[start:stop:step]
    assert tags(part) == list(range(len(some)))[start:stop:step]
    assert (part.source, part.image_size, part.notes) == (some.source, some.image_size, some.notes)


@given(data=st.data(), some=faces(least=1))
def test_an_index_list_or_array_picks_and_orders_rows(data: st.DataObject, some: Faces) -> None:
    order = data.draw(st.lists(st.integers(-len(some), len(some) - 1)))
    expected = [range(len(some))[i] for i in order]
    assert tags(some[order]) == expected
    assert tags(some[np.array(order, dtype=int)]) == expected


@given(data=st.data(), some=faces())
def test_a_mask_keeps_the_rows_it_marks(data: st.DataObject, some: Faces) -> None:
    mask = data.draw(hnp.arrays(bool, len(some)))
    assert tags(some[mask]) == np.flatnonzero(mask).tolist()


@given(some=faces(least=1))
def test_a_face_is_a_row(some: Faces) -> None:
    for row, face in enumerate(some):
        assert face.index == row == round(face.box.left)
        assert np.array_equal(face.points, some.points[row])
        assert (face.quality is None) == (some.quality is None)
        assert (face.template is None) == (some.templates is None)
        if face.template is not None:
            assert face.template.model == some.model
            assert face.template.quality == (face.quality and face.quality["summary"])
    assert some[-1].index == len(some) - 1
    assert some[np.int64(0)].index == 0


@given(some=faces())
def test_a_description_is_plain_json_and_tells_every_face(some: Faces) -> None:
    told = json.loads(json.dumps(some.to_dict()))
    assert (told["source"], told["width"], told["height"]) == ("crowd.jpg", 64, 48)
    assert [face["index"] for face in told["faces"]] == list(range(len(some)))
    assert [face["box"] for face in told["faces"]] == some.boxes.tolist()


def test_numpy_sizes_are_described_as_plain_numbers() -> None:
    told = json.dumps(Faces.empty("x", (np.int64(3), np.int64(4))).to_dict())
    assert json.loads(told) == {"source": "x", "width": 3, "height": 4, "faces": [], "notes": []}


@given(some=faces(), index=st.sampled_from([6, -7, "a", 1.5, [9], [True] * 7, (0, 0)]))
def test_an_index_that_names_no_row_is_an_index_error(some: Faces, index: Any) -> None:
    with pytest.raises(IndexError):
        some[index]


@pytest.mark.parametrize("index", [True, None, np.zeros((1, 1), int)])
def test_an_index_of_another_shape_is_refused(index: Any) -> None:
    with pytest.raises(InvalidInput, match="expected"):
        Faces(boxes=[[0, 0, 1, 1]], points=np.zeros((1, 5, 2)), scores=[0.5])[index]


def test_no_faces_is_a_valid_answer() -> None:
    none = Faces.empty("wall.jpg", (10, 20), ["nobody"])
    assert len(none) == 0
    assert list(none) == []
    assert none.to_dict()["notes"] == ["nobody"]
    assert len(none[:0]) == 0


VALID = {
    "source": "crowd.jpg",
    "boxes": [[0, 0, 2, 2], [1, 1, 3, 3]],
    "points": np.zeros((2, 5, 2)),
    "scores": [0.9, 0.5],
}


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ({"boxes": None}, "boxes: expected one row per face, got NoneType"),
        ({"boxes": [[0, 0, 2, 2], [1, 1, 3]]}, "boxes: not an array of numbers"),
        ({"boxes": ["a", "b"]}, "boxes: not an array of numbers"),
        ({"boxes": [[0, 0, 2, 2], [1, 1, 1, 3]]}, "boxes need left < right and top < bottom"),
        ({"boxes": [[0, 0, 2, 2], [1, 1, math.nan, 3]]}, "boxes: holds NaN or infinite values"),
        ({"boxes": [[0, 0, 2, 2], [1, 1, 1e300, 3]]}, "boxes: holds NaN or infinite values"),
        ({"points": np.zeros((2, 10))}, r"points: expected shape \(2, 5, 2\), got \(2, 10\)"),
        ({"points": np.full((2, 5, 2), np.inf)}, "points: holds NaN or infinite values"),
        ({"scores": [0.9]}, r"scores: expected shape \(2,\), got \(1,\)"),
        ({"scores": [0.9, 1.1]}, r"scores: values must lie in \[0, 1\]"),
        ({"scores": 0.9}, r"scores: expected shape \(2,\), got \(\)"),
        ({"quality": Quality(*[[0.5]] * 6)}, "quality has 1 rows for 2 faces"),
        ({"templates": np.zeros((2, 4))}, "templates need the fingerprint of their model"),
        ({"templates": np.zeros((3, 4)), "model": "m"}, r"templates: expected shape \(2, 'any'\), got \(3, 4\)"),
    ],
)
def test_inconsistent_faces_are_refused_with_the_field_and_the_problem(change: dict[str, Any], problem: str) -> None:
    with pytest.raises(InvalidInput, match=f"crowd.jpg: .*{problem}"):
        Faces(**{**VALID, **change})


@given(
    corners=st.tuples(*[st.floats(allow_nan=True, allow_infinity=True, width=32)] * 4),
)
def test_a_box_has_a_positive_finite_area_or_is_refused(corners: tuple[float, float, float, float]) -> None:
    left, top, right, bottom = corners
    if all(map(math.isfinite, corners)) and left < right and top < bottom:
        box = Box(*corners)
        assert box.width > 0
        assert box.height > 0
        assert box.area == box.width * box.height
    else:
        with pytest.raises(InvalidInput, match="needs finite left < right and top < bottom"):
            Box(*corners)


@pytest.mark.parametrize("corner", ["a", None, [0.0]])
def test_a_box_of_other_things_than_numbers_is_refused(corner: Any) -> None:
    with pytest.raises(InvalidInput, match="needs finite"):
        Box(corner, 0, 1, 1)


@pytest.mark.parametrize(
    ("vector", "problem"),
    [
        (3.0, "expected shape"),
        ([], "its vector is empty"),
        ([[1, 2]], "expected shape"),
        ([1, math.nan], "holds NaN or infinite values"),
        ([1e300], "holds NaN or infinite values"),
        ("abc", "not an array of numbers"),
        ([1j], "not an array of numbers"),
        ([[1], [1, 2]], "not an array of numbers"),
    ],
)
def test_a_template_needs_a_finite_vector(vector: Any, problem: str) -> None:
    with pytest.raises(InvalidInput, match=f"template of tiny@1: .*{problem}"):
        Template(vector, "tiny@1")


@pytest.mark.parametrize("name", COMPONENTS)
@pytest.mark.parametrize("values", [[-0.1, 0.5], [0.5, 1.1], [math.nan, 0.5], [0.5], [[0.5, 0.5]], 0.5, ["x", "y"]])
def test_quality_components_are_shares_of_the_same_length(name: str, values: Any) -> None:
    components: dict[str, Any] = {key: [0.5, 0.5] for key in COMPONENTS}
    with pytest.raises(InvalidInput, match=r"quality\."):
        Quality(**{**components, name: values})


def test_what_is_stored_is_a_frozen_copy() -> None:
    boxes = np.array([[0, 0, 1, 1]], np.float32)
    vector = np.ones(3, np.float32)
    some, template = Faces(boxes, np.zeros((1, 5, 2)), [0.5]), Template(vector, "m")
    boxes[:], vector[:] = np.nan, np.nan
    assert np.isfinite(some.boxes).all()
    assert np.isfinite(template.vector).all()
    with pytest.raises(ValueError, match="read-only"):
        some[0].points[0, 0] = 1
    with pytest.raises(FrozenInstanceError):
        some.source = "other"  # type: ignore[misc]


def test_a_comparison_describes_itself_in_plain_json() -> None:
    face = Faces(boxes=[[0, 0, 1, 1]], points=np.zeros((1, 5, 2)), scores=[0.5], source="a.jpg")[0]
    evidence = Evidence(0.61, Decision.MATCH, 0.5, 0.4, 1e-3, 1e-2, 0.004, 9.2, 0.9999, 0.5)
    told = json.loads(json.dumps(Comparison(face, face, evidence, 0.39, "tiny@1", ("note",)).to_dict()))
    assert told["decision"] == "match"
    assert told["probe"]["source"] == told["reference"]["source"] == "a.jpg"
    assert {item.name for item in fields(Evidence)} < set(told)
