"""Words about factors become what `World` takes, or a message that says how to write them."""

from __future__ import annotations

import pytest

from visavis.errors import InvalidInput
from visavis.synthetic.export.held import parse_held


def test_ranges_names_and_values_are_read():
    held = parse_held(
        ["tone=3:5", "light=indoor, outdoor", "moles=1:2"], ["expression=happy", "age=40", "moles=3", "beard = none"]
    )
    assert held == {
        "age": 40.0, "beard": "none", "expression": "happy", "light": ("indoor", "outdoor"), "moles": 3,
        "tone": (3.0, 5.0),
    }  # fmt: skip
    assert list(held) == sorted(held)


@pytest.mark.parametrize(
    ("groups", "fixed", "said"),
    [
        (["tone"], [], r"'tone': needs the form FACTOR=LOW:HIGH or FACTOR=NAME,NAME, such as tone=3:5"),
        ([], ["=3"], "needs the form FACTOR=VALUE"),
        ([], ["height=3"], "no factor 'height'; people have age, .* shots have background_seed"),
        (["tone=3:9"], [], "tone 9.0: needs 0 to 5"),
        (["tone=5:3"], [], "needs low <= high"),
        (["tone=1:2:3"], [], r"needs one value or \(low, high\)"),
        (["tone=pale:dark"], [], "tone 'pale': needs 0 to 5"),
        ([], ["age=nan"], "age nan: needs 18 to 85 years"),
        ([], ["moles=2.5"], "moles '2.5': needs a whole number from 0 to 6"),
        (["light=indoor,moon"], [], "light 'moon': needs one of indoor"),
        ([], ["shape=1"], "shape: .* numbers .* cannot be given here"),
    ],
)
def test_what_cannot_be_meant_is_refused(groups, fixed, said):
    with pytest.raises(InvalidInput, match=said):
        parse_held(groups, fixed)
