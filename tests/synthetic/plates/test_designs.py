"""Regional designs: numbers of the right shape, nothing printed outside, letters that are never issued stay away."""

from __future__ import annotations

import re
from itertools import pairwise

import numpy as np
import pytest

from visavis.errors import InvalidInput
from visavis.synthetic.plates import REGIONS, design
from visavis.synthetic.plates.layout import lay_out
from visavis.synthetic.plates.typeface import FACES, glyph, typeface

SHAPES = {
    "uk": r"[A-HJ-PR-Y][A-HJ-PR-Y]\d\d [A-HJ-PR-Z]{3}",
    "germany": r"[A-Z]{1,3} [A-Z]{1,2} [1-9]\d{1,3}",
    "france": r"[A-HJ-NP-TV-Z]{2}-\d{3}-[A-HJ-NP-TV-Z]{2}",
    "italy": r"[A-HJ-NPR-TV-Z]{2} \d{3}[A-HJ-NPR-TV-Z]{2}",
    "spain": r"\d{4} [B-DF-HJ-NP-TV-Z]{3}",
    "india": r"[A-Z]{2} \d{2} [A-HJ-NP-Z]{2} [1-9]\d{3}",
    "india-two-rows": r"[A-Z]{2} \d{2} [A-HJ-NP-Z]{2}\|[1-9]\d{3}",
    "japan": r"[35]\d{2}\|[1-9]\d-\d{2}",
    "brazil": r"[A-Z]{3}\d[A-Z]\d{2}",
}
"""Written from the authorities' rules, not from the table."""


@pytest.mark.parametrize("region", REGIONS)
def test_numbers_have_the_regions_shape_and_pass_its_own_check(region):
    rng = np.random.default_rng(1)
    for _ in range(200):
        text = design(region).number(rng)
        design(region).check(text)
        assert re.fullmatch(SHAPES.get(region, r"[A-HJ-NPR-Z0-9 -]{7,8}"), text), text


def test_banned_groups_never_appear_and_are_refused():
    rng = np.random.default_rng(2)
    groups = [group for _ in range(3000) for group in design("germany").number(rng).split()[1:2]]
    assert not {"HJ", "KZ", "NS", "SA", "SS"} & set(groups)
    with pytest.raises(InvalidInput, match="never issued"):
        design("germany").check("B SS 1234")


@pytest.mark.parametrize("text", ["", "AB12 CD", "ab12 cde", "QB12 CDE", "AI12 CDE", "AB12 CDE ", None, 7])
def test_a_text_of_another_shape_is_refused_with_an_example(text):
    with pytest.raises(
        InvalidInput, match=r"not a number of region 'uk', whose numbers look like '[A-Z]{2}\d\d [A-Z]{3}'"
    ):
        design("uk").check(text)


def test_an_unknown_region_lists_all_regions():
    with pytest.raises(InvalidInput, match=r"uk, germany, france, .*us-harbor.*atlantis"):
        design("atlantis")


@pytest.mark.parametrize("region", REGIONS)
def test_everything_printed_lies_on_the_plate(region):
    layout = design(region)
    width, height = layout.size
    boxes = [layout.area, *(mark.box for mark in layout.marks)]
    assert all(0 <= left <= right <= width and 0 <= top <= bottom <= height for left, top, right, bottom in boxes)
    assert all(10 <= x <= width - 10 and 10 <= y <= height - 10 for x, y in layout.bolts)
    for mark in layout.marks:
        for text in mark.texts:
            assert all(glyph(character) for character in text.replace(" ", ""))


@pytest.mark.parametrize("region", REGIONS)
@pytest.mark.parametrize("face", FACES)
def test_characters_stand_in_reading_order_inside_the_area_without_touching(region, face):
    layout = design(region)
    left, top, right, bottom = layout.area
    rng = np.random.default_rng(3)
    for _ in range(10):
        text = layout.number(rng)
        cells = lay_out(layout, text, typeface(face))
        assert "".join(cell.character for cell in cells) == re.sub(r"[ |]", "", text)
        for cell in cells:
            assert left - 1e-6 <= cell.box[0] < cell.box[2] <= right + 1e-6
            assert top - 1e-6 <= cell.box[1] < cell.box[3] <= bottom + 1e-6
        for before, after in pairwise(cells):
            if before.row == after.row:
                assert after.box[0] - before.box[2] > 1.0  # mm
