"""Quantisation loses little and says how much; pooling keeps direction and length of what belongs together."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst

from visavis.errors import InvalidInput, TemplateMismatch
from visavis.matching.scores import similarity_matrix
from visavis.matching.templates import dequantize, fit_scale, pool, quantization_loss, quantize
from visavis.types import Template

METRICS = ["euclidean", "cosine"]
vectors = npst.arrays(
    np.float32, st.tuples(st.integers(1, 6), st.integers(1, 9)), elements=st.floats(-8, 8, width=32)
).filter(lambda v: (np.abs(v).max(axis=1) > 1e-2).all())


def unit_vectors(n=1000, d=128, seed=0):
    raw = np.random.default_rng(seed).normal(size=(n, d))
    return (raw / np.linalg.norm(raw, axis=1, keepdims=True)).astype(np.float32)


def samples(*rows, model="m", qualities=None):
    qualities = qualities or [None] * len(rows)
    return [Template(np.array(row, float), model, q) for row, q in zip(rows, qualities, strict=True)]


# --- quantisation ----------------------------------------------------------------------------------------------------


@given(vectors)
def test_no_component_moves_by_more_than_half_a_step_of_its_own_scale(rows):
    quantized = quantize(rows)
    steps = quantized.scales.astype(float)[:, None]
    room = 0.5 + 127 * 2.0**-11  # half a step, and what the rounding of the scale to float16 can cost the largest
    assert (np.abs(dequantize(quantized) - rows) <= room * steps * (1 + 1e-6)).all()


@given(vectors, st.floats(0.01, 1))
def test_with_one_scale_for_all_values_beyond_127_steps_are_cut_off(rows, scale):
    back = dequantize(quantize(rows, scale))
    step = np.float32(scale)
    assert (np.abs(back - np.clip(rows, -127 * step, 127 * step)) <= 0.501 * step).all()


def test_a_template_takes_130_bytes_with_its_own_scale_and_128_with_a_common_one():
    rows = unit_vectors(10)
    own, common = quantize(rows), quantize(rows, fit_scale(rows))
    assert own.bytes_per_template == (own.codes.nbytes + own.scales.nbytes) / 10 == 130
    assert common.bytes_per_template == common.codes.nbytes / 10 == 128
    assert own.codes.dtype == common.codes.dtype == np.int8
    assert len(own) == 10


def test_the_common_scale_spreads_four_deviations_over_127_steps():
    rows = unit_vectors(50)
    assert fit_scale(rows) == pytest.approx(4 * np.sqrt((rows.astype(float) ** 2).mean()) / 127)
    assert fit_scale(3 * rows, sigmas=5) == pytest.approx(fit_scale(rows) * 3 * 5 / 4)


@pytest.mark.parametrize("metric", METRICS)
def test_the_loss_is_the_worst_change_over_all_pairs(metric, monkeypatch):
    monkeypatch.setattr("visavis.matching.templates._BLOCK", 7)
    rows = unit_vectors(20, 16)
    quantized = quantize(rows, fit_scale(rows))
    back = dequantize(quantized)
    changes = [
        abs(similarity_matrix(rows[[i]], rows[[j]], metric) - similarity_matrix(back[[i]], back[[j]], metric))[0, 0]
        for i in range(20)
        for j in range(20)
        if i != j
    ]
    assert quantization_loss(rows, quantized, metric) == pytest.approx(max(changes), abs=1e-9)


def test_a_thousand_random_people_lose_less_than_a_hundredth_of_cosine_and_no_rank():
    people = unit_vectors()
    probes = unit_vectors(seed=1) * 0.5 + people
    quantized = quantize(people)
    assert quantization_loss(people, quantized, "cosine") < 0.01
    best = [similarity_matrix(probes, gallery, "cosine").argmax(axis=1) for gallery in (people, dequantize(quantized))]
    np.testing.assert_array_equal(*best)


def test_zero_vectors_survive_quantisation():
    assert not dequantize(quantize(np.zeros((2, 4)))).any()


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        (np.zeros(4), r"\(n, d\)"),
        (np.zeros((0, 4)), r"\(0, 4\)"),
        ([[np.nan]], "finite"),
        ([[1.0], [1e9]], "row 1 is too large"),
        ([[1e-9]], "row 0 is too large or too small"),
    ],
)
def test_what_cannot_be_quantised_is_refused(rows, message):
    with pytest.raises(InvalidInput, match=message):
        quantize(rows)


@pytest.mark.parametrize("scale", [0, -1, np.nan, np.inf])
def test_a_scale_that_is_not_positive_is_refused(scale):
    with pytest.raises(InvalidInput, match="fit_scale"):
        quantize([[1.0]], scale)


def test_a_scale_needs_something_to_fit_and_a_loss_something_to_compare():
    with pytest.raises(InvalidInput, match="all zero"):
        fit_scale(np.zeros((3, 4)))
    rows = unit_vectors(3)
    with pytest.raises(InvalidInput, match=r"two or more templates, \(3, 128\) against \(2, 128\)"):
        quantization_loss(rows, quantize(rows[:2]), "cosine")
    with pytest.raises(InvalidInput, match="two or more"):
        quantization_loss(rows[:1], quantize(rows[:1]), "cosine")


# --- pooling ---------------------------------------------------------------------------------------------------------


def test_the_pooled_template_points_along_the_mean_and_is_as_long_as_its_samples():
    pooled = pool(samples([3, 0], [0, 5]))
    np.testing.assert_allclose(pooled.vector, np.array([3, 5]) / np.sqrt(34) * 4, rtol=1e-6)
    assert (pooled.model, pooled.samples, pooled.quality) == ("m", 2, None)


def test_one_sample_pools_to_itself():
    (one,) = samples([0.3, -2, 1])
    np.testing.assert_allclose(pool([one]).vector, one.vector, rtol=1e-6)


def test_better_samples_weigh_more_by_their_quality_or_as_told():
    good_and_bad = samples([1, 0], [0, 1], qualities=[0.9, 0.1])
    assert pool(good_and_bad).vector[0] == pytest.approx(9 * pool(good_and_bad).vector[1])
    assert pool(good_and_bad).quality == pytest.approx(0.9 * 0.9 + 0.1 * 0.1)
    told = pool(good_and_bad, weights=[1, 3])
    assert told.vector[1] == pytest.approx(3 * told.vector[0])


@pytest.mark.parametrize("qualities", [[0.9, None], [0.0, 0.4], [0.0, 0.0]])
def test_incomplete_or_zero_qualities_weigh_equally(qualities):
    pooled = pool(samples([1, 0], [0, 1], qualities=qualities))
    assert pooled.vector[0] == pooled.vector[1]


def test_pooling_pooled_templates_adds_up_their_samples():
    first = pool(samples([1, 0], [0, 1]))
    assert pool([first, *samples([1, 1])]).samples == 3


def test_order_does_not_matter():
    rows = unit_vectors(5, 8)
    np.testing.assert_allclose(pool(samples(*rows)).vector, pool(samples(*rows[::-1])).vector, rtol=1e-5)


@pytest.mark.parametrize(
    ("templates", "weights", "error", "message"),
    [
        ([], None, InvalidInput, "at least one"),
        (samples([1, 0]) + samples([1, 0], model="other"), None, TemplateMismatch, "m and other"),
        (samples([1, 0], [1, 0, 0]), None, InvalidInput, "dimension"),
        (samples([1, 0], [-1, 0]), None, InvalidInput, "cancel out"),
        (samples([1, 0], [0, 1]), [1.0], InvalidInput, "each of 2"),
        (samples([1, 0], [0, 1]), [1.0, 0.0], InvalidInput, "positive weight"),
        (samples([1, 0], [0, 1]), [1.0, np.nan], InvalidInput, "positive weight"),
    ],
)
def test_what_does_not_belong_together_is_not_pooled(templates, weights, error, message):
    with pytest.raises(error, match=message):
        pool(templates, weights)
