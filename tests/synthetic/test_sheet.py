"""Contact sheets: every picture where the layout says, and no sheet that nobody could open."""

from __future__ import annotations

import numpy as np
import pytest

from visavis.errors import InvalidInput
from visavis.synthetic.sheet import MAX_SIDE, Layout, contact_sheet


class Painter:
    """A world whose pictures are of one grey: 10 x person + shot."""

    def render(self, person, shot, size, *, samples):
        assert samples == 2
        self.image = np.full((size, size, 3), 10 * person + shot, np.uint8)
        return self


@pytest.mark.parametrize(("people", "shots"), [(1, 1), (2, 3), (7, 2), (24, 1), (5, 20)])
def test_every_picture_has_a_place_of_its_own(people, shots):
    layout = Layout(people, shots, 16)
    corners = {layout.corner(person, shot) for person in range(people) for shot in range(shots)}
    assert len(corners) == people * shots
    height, width = layout.shape
    assert all(y % 16 == x % 16 == 0 and 0 <= y <= height - 16 and 0 <= x <= width - 16 for y, x in corners)
    assert height * width - people * shots * 256 < width * 16  # only the last row has places left over


def test_many_people_make_a_sheet_about_as_high_as_wide():
    height, width = Layout(48, 3, 112).shape
    assert 0.7 < height / width < 1.4


def test_shots_of_a_person_stand_side_by_side_and_places_left_over_are_white():
    told = []
    sheet = contact_sheet(Painter(), Layout(5, 2, 16), progress=lambda *numbers: told.append(numbers))
    assert sheet[::16, ::16, 0].tolist() == [[0, 1, 10, 11], [20, 21, 30, 31], [40, 41, 255, 255]]
    assert told == [(n, 5) for n in range(1, 6)]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ((0, 3, 112), "people 0: needs a whole number from 1 to 1000"),
        ((4, 21, 112), "shots 21: needs a whole number from 1 to 20"),
        ((4, 3, 20_000), "size 20000: needs a whole number from 16 to 4096"),
        ((1000, 20, 1024), f"too large, at most {MAX_SIDE} a side"),
    ],
)
def test_ranges_are_told(arguments, said):
    with pytest.raises(InvalidInput, match=said):
        Layout(*arguments)
