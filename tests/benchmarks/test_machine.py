import statistics

import pytest
from hypothesis import given
from hypothesis import strategies as st

from _machine import Laps, Timing, interleaved, least_stages, machine, p95, ratio

times = st.lists(st.floats(0.1, 1e4), min_size=1, max_size=60).map(tuple)


def test_calls_take_turns_and_warming_up_is_not_timed():
    order = []
    timings = interleaved({"a": lambda: order.append("a"), "b": lambda: order.append("b")}, rounds=3, warm_up=2)
    assert order == ["a", "b"] * 5
    assert {name: (len(t.cpu), len(t.wall)) for name, t in timings.items()} == {"a": (3, 3), "b": (3, 3)}


@given(times)
def test_at_least_95_percent_of_the_times_lie_within_p95_and_fewer_within_anything_smaller(values):
    bound = p95(values)
    assert sum(t <= bound for t in values) >= 0.95 * len(values)
    assert sum(t < bound for t in values) < 0.95 * len(values)


@given(times, st.floats(0.5, 50))
def test_a_side_that_always_takes_k_times_as_long_has_ratio_k_in_every_turn(fast, k):
    slow = tuple(k * t for t in fast)
    figures = ratio(Timing(slow, slow), Timing(fast, fast))
    assert set(figures) == {"of_minima", "median", "low", "high"}
    assert all(value == pytest.approx(k, abs=0.006) for value in figures.values())


def test_the_time_per_item_is_the_time_of_the_batch_shared_out():
    timing = Timing((8.0, 16.0), (10.0, 20.0))
    assert timing.per(8) == Timing((1.0, 2.0), (1.25, 2.5))
    assert timing.per(8).to_dict()["cpu_median"] == statistics.median((1.0, 2.0))


def test_laps_of_one_name_add_up_and_the_least_of_all_passes_is_kept():
    laps = Laps()
    laps.lap("a")
    first = laps.ms["a"]
    laps.lap("a")
    assert laps.ms["a"] >= first
    assert least_stages([{"a": 2.0, "b": 5.0}, {"a": 3.0, "b": 4.0}]) == {"a": 2.0, "b": 4.0}


def test_the_machine_names_its_processor_cores_and_the_versions_that_matter():
    facts = machine()
    assert facts["cores"] >= 1
    assert facts["versions"]["numpy"] != "not installed"
