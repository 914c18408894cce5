"""Every image is looked at once, and none is forgotten."""

from __future__ import annotations

import numpy as np
import pytest

from visavis.bench.embedding import embed_images, prominent
from visavis.errors import DataError, InvalidInput
from visavis.types import Faces

FACES = {"a": [[1.0, 2.0], [9.0, 9.0]], "b": [], "c": "broken", "d": [[3.0, 4.0]]}


def test_rows_are_the_first_faces_and_missed_images_say_why(people, engine):
    root, told = people(FACES), []
    images = [f"images/{name}.jpg" for name in FACES]
    embedded = embed_images(engine, root, images, progress=lambda done, total: told.append((done, total)))
    np.testing.assert_array_equal(embedded.templates, [[1, 2], [np.nan] * 2, [np.nan] * 2, [3, 4]])
    assert embedded.found.tolist() == [True, False, False, True]
    assert [(m.path, m.reason.endswith(end)) for m, end in zip(embedded.missed, ("found", "broken"), strict=True)] == [
        ("images/b.jpg", True),
        ("images/c.jpg", True),
    ]
    assert embedded.model == "stored@1"
    assert embedded.seconds > 0
    assert engine.seen == [str(root / image) for image in images]
    assert told == [(1, 4), (2, 4), (3, 4), (4, 4)]


def test_nothing_found_at_all_is_an_error_that_says_why(people, engine):
    root = people({"b": [], "c": "broken"})
    with pytest.raises(DataError, match="none of 2 images gave a face to compare; no face found"):
        embed_images(engine, root, ["images/b.jpg", "images/c.jpg"])
    with pytest.raises(DataError, match="the list is empty"):
        embed_images(engine, root, [])


def test_an_engine_that_does_not_embed_is_refused(people):
    class Blind:
        def stream(self, images, /, *, quality, errors):
            return (Faces([[0, 0, 1, 1]], np.ones((1, 5, 2)), [1], image) for image in images)

    with pytest.raises(InvalidInput, match="must embed"):
        embed_images(Blind(), people({"a": [[1.0]]}), ["images/a.jpg"])


def boxed(*boxes, size=(100, 100)):
    n = len(boxes)
    return Faces(np.array(boxes, float), np.ones((n, 5, 2)), np.ones(n), "photo", size)


CUT_OFF = (-15, 20, 20, 60)
CENTRAL = (35, 35, 65, 65)
TINY = (49, 49, 51, 51)


def test_the_subject_is_neither_a_larger_face_at_the_border_nor_a_tiny_one_in_the_middle():
    assert prominent(boxed(CUT_OFF, CENTRAL, TINY)) == 1
    assert prominent(boxed(CUT_OFF, TINY)) == 0


def test_among_equally_central_faces_the_largest_is_the_subject_whatever_the_scale():
    assert prominent(boxed((0, 40, 20, 60), (60, 30, 100, 70))) == 1
    scaled = [tuple(7 * v for v in box) for box in (CUT_OFF, CENTRAL, TINY)]
    assert prominent(boxed(*scaled, size=(700, 700))) == 1


def test_a_picture_of_unknown_size_and_a_face_outside_it_still_have_a_subject():
    assert prominent(boxed(CUT_OFF, CENTRAL, size=(0, 0))) == 0
    assert prominent(boxed((200, 200, 300, 300))) == 0


def test_the_largest_face_can_be_asked_for(people):
    class Crowded:
        def stream(self, images, /, *, quality, errors):
            for image in images:
                yield Faces(
                    [CUT_OFF, CENTRAL], np.ones((2, 5, 2)), [1, 1], image, (100, 100), None, [[1.0], [2.0]], "m"
                )

    root = people({"a": []})
    for subject, template in (("prominent", 2), ("largest", 1)):
        assert embed_images(Crowded(), root, ["images/a.jpg"], subject).templates.tolist() == [[template]]
    with pytest.raises(InvalidInput, match="choose prominent or largest"):
        embed_images(Crowded(), root, ["images/a.jpg"], "smallest")
