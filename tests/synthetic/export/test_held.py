"""Words about factors become what `World` takes, or a message that says how to write them."""

from __future__ import annotations

import json

import numpy as np
import pytest

from visavis.errors import InvalidInput
from visavis.synthetic.export.held import parse_held
from visavis.synthetic.export.ranges import check_group


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


def test_equal_groups_become_equal_however_they_are_written():
    plain = (("age", 40.0), ("light", ("indoor", "low")), ("moles", 3), ("tone", (3.0, 5.0)))
    written = {"tone": [np.float32(3), 5], "moles": np.int64(3), "light": ["indoor", "low"], "age": np.float64(40)}
    assert check_group(written.items()) == check_group(plain) == plain
    assert json.loads(json.dumps(check_group(written.items()))) == json.loads(json.dumps(plain))
    assert check_group([("shape", [0] * 72)]) == (("shape", (0.0,) * 72),)


@pytest.mark.parametrize("group", [{"tone": {3, 5}}, {"light": {"indoor"}}, {3: 3, "tone": 2}, {"tone": np.ones(2)}])
def test_a_group_of_other_types_is_refused(group):
    with pytest.raises(InvalidInput):
        check_group(group.items())
