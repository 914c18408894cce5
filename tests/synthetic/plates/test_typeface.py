"""The stroke font: every glyph is there, inside its cell, and unlike all others."""

from __future__ import annotations

from itertools import combinations
from string import ascii_uppercase, digits

import numpy as np
import pytest

from visavis.errors import InvalidInput
from visavis.synthetic.plates.typeface import FACES, GRID, MARGIN, Stroke, glyph, typeface

CHARACTERS = ascii_uppercase + digits + "-."


def ink(face, character, columns=None):
    """The glyph as a black and white picture, padded or cut to a number of columns."""
    picture = face.distances(character) < 0
    if columns is not None:
        picture = np.pad(picture, ((0, 0), (0, max(0, columns - picture.shape[1]))))[:, :columns]
    return picture


@pytest.mark.parametrize("face", FACES.values(), ids=FACES)
def test_the_ink_of_every_glyph_fills_its_height_and_stays_in_its_cell(face):
    for character in CHARACTERS:
        left, top, right, bottom = face.ink(character)
        slack = 0.01
        assert -slack <= left < right <= face.advance(character) + slack, character
        assert -slack <= top < bottom <= 1 + slack, character
        if character not in "-.":
            assert bottom - top > 0.97, character


@pytest.mark.parametrize("face", FACES.values(), ids=FACES)
def test_no_two_glyphs_look_alike(face):
    for a, b in combinations(CHARACTERS, 2):
        columns = max(face.distances(c).shape[1] for c in (a, b))
        one, other = ink(face, a, columns), ink(face, b, columns)
        assert (one & other).sum() / (one | other).sum() < 0.86, (a, b)


def test_ink_borders_are_those_of_the_thresholded_picture():
    face = typeface("condensed")
    for character in CHARACTERS:
        rows, columns = np.nonzero(ink(face, character))
        found = np.array([columns.min(), rows.min(), columns.max() + 1, rows.max() + 1]) / GRID - MARGIN
        assert np.abs(found - face.ink(character)).max() <= 0.5 / GRID + 1e-9, character


def test_distances_grow_by_one_per_unit_of_length_away_from_straight_strokes():
    face = typeface("condensed")
    row = face.distances("I")[round((0.5 + MARGIN) * GRID)]
    steps = np.diff(row) * GRID
    assert np.median(np.abs(steps)) == pytest.approx(1, abs=0.01)
    assert row.min() == pytest.approx(-face.weight / 2, abs=1 / GRID)


def test_zero_is_narrower_than_o_and_one_narrower_than_i_is_wide():
    face = typeface("condensed")
    assert face.advance("0") < 0.7 * face.advance("O")


def test_strokes_are_read_from_the_table():
    assert glyph("L")[1] == (
        Stroke(((0.0, 0.0), (0.0, 1.0)), ("", ""), False),
        Stroke(((0.0, 0.0), (1.0, 0.0)), ("", ""), False),
    )
    assert glyph("O")[1][0].closed


def test_a_missing_character_names_what_there_is():
    with pytest.raises(InvalidInput, match=r"'é'.*ABCDEFGHIJKLMNOPQRSTUVWXYZ"):
        typeface("condensed").distances("é")


def test_an_unknown_face_lists_all():
    with pytest.raises(InvalidInput, match="condensed, narrow, soft"):
        typeface("helvetica")
