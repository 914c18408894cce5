"""People: persistent, independent factors, ranges, groups."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import numpy as np
import pytest

from visavis.errors import InvalidInput
from visavis.synthetic import Person, Shot, Stream, crossed, factor_table
from visavis.synthetic.factors import Choice, Codes, Flag
from visavis.synthetic.person import LEANINGS


def person(k: int, **fixed: object) -> Person:
    return Person.sample(Stream(0, ("person", k)), **fixed)


@cache
def many(count: int = 5000) -> tuple[Person, ...]:
    return tuple(Person.sample_independent(Stream(3, ("person", k))) for k in range(count))


def columns(things: tuple[object, ...]) -> dict[str, np.ndarray]:
    """Every single-valued factor as numbers; names by their place."""
    table = {name: f for name, f in factor_table(type(things[0])).items() if not isinstance(f, Codes)}
    names = {name: list(f.weights) for name, f in table.items() if isinstance(f, Choice)}
    return {
        name: np.array(
            [names[name].index(v) if name in names else float(v) for v in (getattr(t, name) for t in things)]
        )
        for name in table
    }


def largest_correlation(rows: np.ndarray) -> float:
    return float(abs(np.corrcoef(rows) - np.eye(len(rows))).max())


def test_the_same_address_gives_the_same_person():
    assert person(5) == person(5)
    assert person(5) != person(6)


def test_a_generator_serves_as_well_as_a_stream():
    first, again = (Person.sample(np.random.default_rng(4)) for _ in range(2))
    assert first == again


@pytest.mark.parametrize("name", ["tone", "moles", "glasses", "hair_seed"])
def test_fixing_a_factor_leaves_all_that_do_not_follow_it(name):
    before = person(9)
    after = person(9, **{name: getattr(person(10), name)})
    changed = {n for n in factor_table(Person) if getattr(before, n) != getattr(after, n)}
    assert changed <= {name} | set(LEANINGS)


def test_independent_factors_are_uncorrelated():
    """Over 5,000 people every pair of single-valued factors has |r| < 0.05."""
    rows = np.stack(list(columns(many()).values()))
    assert len(rows) > 25
    assert largest_correlation(rows) < 0.05


def test_shape_codes_are_uncorrelated_with_each_other():
    codes = np.array([who.shape for who in many()]).T
    off = np.corrcoef(codes)[~np.eye(len(codes), dtype=bool)]
    assert abs(off).max() < 0.07
    assert abs(off.std() - 1 / np.sqrt(5000)) < 0.001


def test_ordinary_people_grow_grey_with_age_and_beards_follow_masculinity():
    people = [person(k) for k in range(600)]
    assert np.corrcoef([p.age for p in people], [p.grey for p in people])[0, 1] > 0.7
    bearded = [p.beard != "none" for p in people]
    assert np.corrcoef([p.masculinity for p in people], bearded)[0, 1] > 0.3


def test_no_leaning_factor_is_decided_by_another():
    styles = {Person.sample(Stream(1, (k,)), masculinity=m).hair_style for k in range(400) for m in (0.0, 1.0)}
    long_men = [Person.sample(Stream(2, (k,)), masculinity=1.0).hair_style for k in range(400)]
    assert len(styles) > 15
    assert {"long", "bob"} & set(long_men)


def test_masculinity_and_age_shift_the_head():
    who = person(3)
    young, old = replace(who, age=20.0), replace(who, age=80.0)
    assert not np.allclose(young.head_codes(), old.head_codes())
    assert not np.allclose(replace(who, masculinity=0.0).head_codes(), replace(who, masculinity=1.0).head_codes())
    assert np.allclose(replace(who, tone=0.0).head_codes(), replace(who, tone=5.0).head_codes())


@pytest.mark.parametrize(("tone", "kind"), [(0.0, 1), (0.4, 1), (0.6, 2), (2.0, 3), (4.4, 5), (5.0, 6)])
def test_the_fitzpatrick_type_is_the_nearest_to_the_tone(tone, kind):
    assert person(0, tone=tone).fitzpatrick == kind


def test_a_group_holds_its_factors_and_only_those():
    group = {"tone": (4.0, 5.0), "age": (60.0, 85.0), "hair_style": ("long", "bob"), "beard": "none"}
    for k in range(60):
        who = Person.sample(Stream(7, (k,)), group)
        assert 4.0 <= who.tone <= 5.0
        assert who.age >= 60.0
        assert who.hair_style in ("long", "bob")
        assert who.beard == "none"
        assert who.shape == Person.sample(Stream(7, (k,))).shape


def test_the_same_person_in_two_groups_differs_in_the_grouped_factor_alone():
    """What a causal audit needs: one change, all else equal."""
    light, dark = (Person.sample_independent(Stream(8, (1,)), {"tone": held}) for held in ((0.0, 1.0), (4.0, 5.0)))
    assert replace(light, tone=dark.tone) == dark


def test_no_factor_of_people_has_the_name_of_a_factor_of_shots():
    assert not set(factor_table(Person)) & set(factor_table(Shot))


def test_crossed_groups_hold_every_combination_once():
    cells = crossed(tone=[(0.0, 1.0), (4.0, 5.0)], beard=["none", "full"], age=[(18.0, 30.0)])
    assert len(cells) == 4
    assert {(cell["tone"], cell["beard"]) for cell in cells} == {
        ((0.0, 1.0), "none"), ((0.0, 1.0), "full"), ((4.0, 5.0), "none"), ((4.0, 5.0), "full"),
    }  # fmt: skip
    people = [Person.sample_independent(Stream(9, (0,)), cell) for cell in cells]
    assert len({p.shape for p in people}) == 1
    with pytest.raises(InvalidInput, match="crossed tone 3: needs a list"):
        crossed(tone=3)


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ({"tone": 5.5}, "tone 5.5: needs 0 to 5"),
        ({"age": 12}, "age 12: needs 18 to 85 years"),
        ({"moles": 9}, "0 to 6"),
        ({"hair_style": "mohawk"}, "bald, buzz"),
        ({"shape": (3.0,) * 72}, "numbers from -2 to 2"),
        ({"height": 3}, "no factor 'height'"),
    ],
)
def test_wrong_factors_are_told_with_what_is_allowed(wrong, told):
    with pytest.raises(InvalidInput, match=told):
        person(0, **wrong)
    if "height" not in wrong:
        with pytest.raises(InvalidInput, match=told):
            replace(person(0), **wrong)


def test_shots_have_uncorrelated_factors():
    shots = tuple(Shot.sample(Stream(5, ("shot", k))) for k in range(5000))
    rows = np.stack([row for row in columns(shots).values() if row.std() > 0])
    assert len(rows) > 20
    assert largest_correlation(rows) < 0.05


@pytest.mark.parametrize("max_yaw", [0.0, 10.0, 35.0, 90.0])
def test_yaw_stays_within_what_was_asked_and_uses_it(max_yaw):
    yaws = np.array([Shot.sample(Stream(6, (k,)), max_yaw=max_yaw).yaw for k in range(300)])
    assert abs(yaws).max() <= max_yaw
    assert abs(yaws).max() >= 0.8 * max_yaw


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ({"yaw": 91.0}, "-90 to 90 degrees"),
        ({"max_yaw": 91.0}, "max_yaw 91.0: needs 0 to 90 degrees"),
        ({"distance": 0.1}, "0.45 to 4 m"),
        ({"expression": "bored"}, "neutral, happy"),
        ({"blink": 2.0}, "0 to 1"),
        ({"glasses_on": "yes"}, "True or False"),
        ({"weather": 1}, "no factor 'weather'"),
    ],
)
def test_wrong_shots_are_told_with_what_is_allowed(wrong, told):
    with pytest.raises(InvalidInput, match=told):
        Shot.sample(Stream(0), **wrong)


def test_every_factor_says_what_it_means():
    from visavis.synthetic import factor_meanings

    for kind in (Person, Shot):
        for name, factor in factor_table(kind).items():
            assert len(factor_meanings(kind)[name]) > 5
            assert factor.allowed
            assert not isinstance(factor, Flag) or "True" in factor.allowed
