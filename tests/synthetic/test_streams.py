"""Random streams: addressed by name, stable for ever."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from visavis.errors import InvalidInput
from visavis.synthetic import Stream


def test_the_numbers_of_a_stream_never_change():
    """If these change, every person ever drawn becomes somebody else."""
    numbers = Stream(20_261_124, ("person", 7, "tone")).uniforms(3)
    assert numbers.tolist() == [0.43525963335156287, 0.8402614931962604, 0.05696207398888947]


@given(seed=st.integers(0, 2**63 - 1), few=st.integers(1, 20), more=st.integers(1, 20))
def test_the_first_numbers_do_not_depend_on_how_many_are_drawn(seed, few, more):
    stream = Stream(seed, ("a",))
    assert stream.uniforms(few + more)[:few].tolist() == stream.uniforms(few).tolist()


def test_numbers_are_even_over_the_open_unit_interval():
    numbers = Stream(3).uniforms(100_000)
    assert 0.0 < numbers.min() < 1e-4
    assert 1.0 - 1e-4 < numbers.max() < 1.0
    counts = np.histogram(numbers, bins=20, range=(0, 1))[0]
    assert abs(counts - 5000).max() < 5 * np.sqrt(5000)


def test_children_differ_from_each_other_and_from_their_parent():
    parent = Stream(1, ("a",))
    firsts = {parent.uniform(), parent.child("b").uniform(), parent.child("c").uniform(), parent.child(1).uniform()}
    assert len(firsts) == 4
    assert parent.child("1").uniform() != parent.child(1).uniform()
    assert parent.child("b", "c").uniform() == parent.child("b").child("c").uniform()


def test_children_are_uncorrelated():
    rows = np.array([Stream(5, ("x", k)).uniforms(400) for k in range(40)])
    off = np.corrcoef(rows)[~np.eye(40, dtype=bool)]
    assert abs(off).max() < 0.25
    assert abs(off.std() - 1 / np.sqrt(400)) < 0.005


def test_generators_start_anew_each_time():
    stream = Stream(9, ("noise",))
    assert stream.generator().normal() == stream.generator().normal()


@pytest.mark.parametrize("seed", [-1, 2**63, 1.5, "1", None, True])
def test_a_seed_out_of_range_is_told_with_the_range(seed):
    with pytest.raises(InvalidInput, match=r"0\.\.9223372036854775807"):
        Stream(seed)


def test_numbers_of_numpy_lead_to_the_same_stream_as_those_of_python():
    assert Stream(1).child("person", np.int64(3)) == Stream(1).child("person", 3)
    assert Stream(1).child(np.str_("tone")).uniform() == Stream(1).child("tone").uniform()


@pytest.mark.parametrize("step", [None, 1.5, True, ["a"]])
def test_a_step_that_is_no_name_or_whole_number_is_refused(step):
    with pytest.raises(InvalidInput, match="needs a name or a whole number"):
        Stream(1).child(step)


def test_a_bare_seed_is_no_source_of_a_stream():
    with pytest.raises(InvalidInput, match="default_rng"):
        Stream.of(5)
