"""Every image is looked at once, and none is forgotten."""

from __future__ import annotations

import numpy as np
import pytest

from visavis.bench.embedding import embed_images
from visavis.errors import DataError, InvalidInput
from visavis.types import Faces

FACES = {"a": [[1.0, 2.0], [9.0, 9.0]], "b": [], "c": "broken", "d": [[3.0, 4.0]]}


def test_rows_are_the_largest_faces_and_missed_images_say_why(people, engine):
    root, told = people(FACES), []
    images = [f"images/{name}.jpg" for name in FACES]
    embedded = embed_images(engine, root, images, lambda done, total: told.append((done, total)))
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
