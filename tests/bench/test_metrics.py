"""Every metric against counting it out, under ties, rising maps and exchanged roles."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from visavis.bench.metrics import (
    auc,
    det_curve,
    eer,
    error_versus_reject,
    fnmr_at_fmr,
    fold_accuracy,
    identity_interval,
    squared_distance_grid,
)
from visavis.errors import InvalidInput
from visavis.matching.error_rates import fmr, fnmr

tied_scores = st.lists(st.integers(-6, 6).map(lambda k: k / 4), min_size=1, max_size=25)
labelled_pairs = st.lists(
    st.tuples(st.integers(-4, 4).map(lambda k: k / 4) | st.just(math.nan), st.booleans(), st.integers(1, 3)),
    min_size=4,
    max_size=30,
).filter(lambda rows: len({fold for *_, fold in rows}) > 1)


def rising(scores):
    return np.exp(np.asarray(scores)) * 3 - 7


def negated(scores):
    return [-s for s in scores]


# --- error rates -----------------------------------------------------------------------------------------------------


@given(tied_scores, tied_scores)
def test_the_det_curve_holds_both_rates_at_every_score_and_beyond(mated, nonmated):
    curve = det_curve(mated, nonmated)
    assert curve.thresholds.tolist() == [*sorted({*mated, *nonmated}), math.inf]
    for threshold, false_match, false_non_match in zip(curve.thresholds, curve.fmr, curve.fnmr, strict=True):
        assert false_match == sum(s >= threshold for s in nonmated) / len(nonmated)
        assert false_non_match == sum(s < threshold for s in mated) / len(mated)
    np.testing.assert_array_equal(curve.tmr, 1 - curve.fnmr)


@given(tied_scores, tied_scores)
def test_exchanging_the_roles_mirrors_the_det_curve(mated, nonmated):
    curve, mirrored = det_curve(mated, nonmated), det_curve(negated(nonmated), negated(mated))
    np.testing.assert_allclose(mirrored.fmr, curve.fnmr[::-1], atol=1e-12)
    np.testing.assert_allclose(mirrored.fnmr, curve.fmr[::-1], atol=1e-12)
    assert eer(negated(nonmated), negated(mated)) == pytest.approx(eer(mated, nonmated))
    assert auc(negated(nonmated), negated(mated)) == pytest.approx(auc(mated, nonmated))


@given(tied_scores, tied_scores, st.floats(0.05, 0.95))
def test_a_rising_map_of_the_scores_changes_nothing(mated, nonmated, rate):
    def measures(a, b):
        least = 1 / len(nonmated)
        return [auc(a, b), eer(a, b), *([fnmr_at_fmr(a, b, rate)] if rate >= least else [])]

    assert measures(rising(mated), rising(nonmated)) == measures(mated, nonmated)


@given(tied_scores, tied_scores)
def test_auc_is_the_share_of_right_orders_a_tie_counting_half(mated, nonmated):
    right = sum((m > n) + (m == n) / 2 for m in mated for n in nonmated)
    assert auc(mated, nonmated) == pytest.approx(right / len(mated) / len(nonmated))


def test_auc_takes_infinite_scores_as_certain_errors():
    assert auc([-math.inf, 1.0], [0.0, 0.5]) == 0.5
    assert auc([-math.inf], [math.inf]) == 0


@given(tied_scores, tied_scores, st.floats(0.001, 0.999))
def test_fnmr_at_fmr_is_the_least_fnmr_among_thresholds_that_keep_the_rate(mated, nonmated, rate):
    if rate < 1 / len(nonmated):
        with pytest.raises(InvalidInput, match=f"below 1/{len(nonmated)}"):
            fnmr_at_fmr(mated, nonmated, rate)
    else:
        keeping = [t for t in [*mated, *nonmated, math.inf] if fmr(nonmated, t) <= rate]
        assert fnmr_at_fmr(mated, nonmated, rate) == min(fnmr(mated, t) for t in keeping)


def test_the_lowest_rate_that_one_error_can_show_is_accepted():
    nonmated = np.arange(300) / 300
    assert fnmr_at_fmr([0.99, 0.998, 2.0], nonmated, 1 / 300) == pytest.approx(1 / 3)


def test_a_mated_pair_without_a_score_is_a_false_non_match_at_any_threshold():
    assert fnmr_at_fmr([-math.inf, 5, 6, 7], [0, 1, 2, 3], 0.25) == 0.25


def test_a_nonmated_pair_without_a_score_is_a_false_match_at_any_threshold():
    assert fnmr_at_fmr([5, 6, 7], [0, 1, 2, math.inf], 0.25) == 0
    assert fnmr_at_fmr([5, 6, 7], [0, 1, math.inf, math.inf], 0.25) == 1


@given(tied_scores, tied_scores)
def test_the_equal_error_rate_lies_where_the_curves_cross(mated, nonmated):
    curve, rate = det_curve(mated, nonmated), eer(mated, nonmated)
    highest_kept = max(min(a, b) for a, b in zip(curve.fmr, curve.fnmr, strict=True))
    lowest_broken = min(max(a, b) for a, b in zip(curve.fmr, curve.fnmr, strict=True))
    assert highest_kept - 1e-12 <= rate <= lowest_broken + 1e-12


def test_the_equal_error_rate_interpolates_between_the_two_points_beside_the_crossing():
    # thresholds 1, 2, 3, 4, inf: FMR 1, 1/2, 1/2, 0, 0 and FNMR 0, 0, 1/3, 1/3 ... cross on the way from 3 to 4
    mated, nonmated = [2, 4, 4], [1, 3]
    curve = det_curve(mated, nonmated)
    assert list(zip(curve.fmr, curve.fnmr, strict=True))[2:4] == [(0.5, 1 / 3), (0, 1 / 3)]
    assert eer(mated, nonmated) == pytest.approx(1 / 3)


def test_separated_scores_have_no_errors_and_equal_ones_no_order():
    assert (auc([2, 3], [0, 1]), eer([2, 3], [0, 1]), fnmr_at_fmr([2, 3], [0, 1], 0.5)) == (1, 0, 0)
    assert (auc([1, 1], [1, 1]), eer([1, 1], [1, 1])) == (0.5, 0.5)


@pytest.mark.parametrize("metric", [auc, eer, det_curve])
@pytest.mark.parametrize(("mated", "nonmated"), [([], [1]), ([1], []), ([math.nan], [1]), ([[1, 2]], [1])])
def test_unusable_scores_are_refused(metric, mated, nonmated):
    with pytest.raises(InvalidInput, match="scores"):
        metric(mated, nonmated)


# --- accuracy over folds ---------------------------------------------------------------------------------------------


def right(rows, threshold):
    """Decisions that a threshold gets right; a pair without a score is never right."""
    return sum((score >= threshold) == same for score, same, _ in rows if not math.isnan(score))


@given(labelled_pairs)
def test_each_fold_is_judged_at_a_threshold_that_no_other_beats_on_the_other_folds(rows):
    scores, same, folds = zip(*rows, strict=True)
    result = fold_accuracy(scores, same, folds)
    for fold, accuracy, threshold in zip(result.folds, result.accuracies, result.thresholds, strict=True):
        rest, test = [r for r in rows if r[2] != fold], [r for r in rows if r[2] == fold]
        candidates = [s for s, *_ in rest if not math.isnan(s)] + [math.inf]
        assert right(rest, threshold) == max(right(rest, t) for t in candidates)
        assert accuracy == right(test, threshold) / len(test)
    assert result.correct.sum() == pytest.approx(
        sum(a * folds.count(f) for f, a in zip(result.folds, result.accuracies, strict=True))
    )


@given(labelled_pairs)
def test_decisions_do_not_change_under_a_rising_map(rows):
    scores, same, folds = zip(*rows, strict=True)
    np.testing.assert_array_equal(
        fold_accuracy(rising(scores), same, folds).correct, fold_accuracy(scores, same, folds).correct
    )


@given(labelled_pairs)
def test_a_pair_without_a_score_is_wrong_whatever_its_label(rows):
    scores, same, folds = zip(*rows, strict=True)
    assert not fold_accuracy(scores, same, folds).correct[np.isnan(scores)].any()


def test_mean_spread_and_standard_error_follow_the_rules_of_lfw():
    result = fold_accuracy([1, 0, 1, 0, 0, 1], [1, 0, 1, 0, 1, 0], [1, 1, 2, 2, 3, 3])
    assert result.accuracies.tolist() == [1, 1, 0]
    assert result.mean == pytest.approx(2 / 3)
    assert result.std == pytest.approx(math.sqrt((1 / 9 + 1 / 9 + 4 / 9) / 2))
    assert result.stderr == pytest.approx(result.std / math.sqrt(3))


def test_shuffled_labels_are_guessed_at_chance():
    rng = np.random.default_rng(3)
    same = rng.permutation(np.repeat([True, False], 3000))
    result = fold_accuracy(rng.normal(size=6000), same, np.repeat(np.arange(10), 600))
    assert result.mean == pytest.approx(0.5, abs=0.03)


def test_among_equally_good_thresholds_the_middle_one_is_taken():
    scores = [0.0, 0.6, 0.7, 0.8, 0.1, 0.9]
    labels = [False, True, True, True, False, True]
    assert fold_accuracy(scores, labels, [1, 1, 1, 1, 2, 2]).thresholds[1] == 0.6
    assert fold_accuracy([0.5, 0.5, 0.5, 0.1, 0.9], [True] * 3 + [False, True], [1, 1, 1, 2, 2]).thresholds[1] == 0.5


@pytest.mark.parametrize("metric", ["cosine", "euclidean"])
def test_the_public_grid_gives_the_first_best_squared_distance(metric):
    rng = np.random.default_rng(5)
    same, folds = rng.random(200) < 0.5, np.repeat([1, 2], 100)
    squares = np.where(same, rng.uniform(0, 1.8, 200), rng.uniform(1, 4, 200))
    scores = 1 - squares / 2 if metric == "cosine" else 1 - np.sqrt(squares)
    result = fold_accuracy(scores, same, folds, squared_distance_grid(metric))
    for fold, threshold in zip(result.folds, result.thresholds, strict=True):
        rest = folds != fold
        counts = [((squares[rest] < t) == same[rest]).sum() for t in np.arange(0, 4, 0.01)]
        best = np.arange(0, 4, 0.01)[int(np.argmax(counts))]
        assert threshold == pytest.approx(1 - best / 2 if metric == "cosine" else 1 - math.sqrt(best))


def test_folds_that_hold_nothing_to_learn_from_lose_all_their_pairs_but_the_different_ones():
    result = fold_accuracy([0.9, 0.1, math.nan, math.nan], [True, False, True, False], [1, 1, 2, 2])
    assert result.thresholds[0] == math.inf
    assert result.correct.tolist() == [False, True, False, False]


@pytest.mark.parametrize(
    ("scores", "same", "folds", "message"),
    [
        ([0.1, 0.2], [True, False], [1, 1], "at least two"),
        ([0.1, 0.2], [True], [1, 2], r"\(2,\), \(1,\)"),
        ([], [], [], "non-empty"),
    ],
)
def test_pairs_that_cannot_be_folded_are_refused(scores, same, folds, message):
    with pytest.raises(InvalidInput, match=message):
        fold_accuracy(scores, same, folds)


# --- quality ---------------------------------------------------------------------------------------------------------


def test_rejecting_by_a_perfect_quality_removes_the_errors_first():
    scores = np.array([0.1, 0.2, 0.8, 0.9, 0.7, 0.6, 0.75, 0.95, 0.85, 0.65])
    curve = error_versus_reject(scores, scores, 0.5, [0, 0.1, 0.2, 0.5])
    np.testing.assert_allclose(curve, [0.2, 1 / 9, 0, 0], atol=1e-12)


def test_a_useless_quality_changes_nothing_and_order_among_equals_does_not_matter():
    scores, rejected = np.array([0.1, 0.9, 0.2, 0.8]), [0, 0.25, 0.5, 0.75]
    np.testing.assert_allclose(error_versus_reject(scores, np.ones(4), 0.5, rejected), 0.5)
    quality = np.array([1, 1, 2, 2])
    np.testing.assert_allclose(
        error_versus_reject(scores, quality, 0.5, rejected),
        error_versus_reject(scores[[1, 0, 3, 2]], quality, 0.5, rejected),
    )


@given(st.lists(st.tuples(st.floats(-1, 1), st.integers(0, 99)), min_size=1, max_size=20, unique_by=lambda r: r[1]))
def test_the_curve_is_the_fnmr_of_what_is_kept(rows):
    scores, quality = (list(column) for column in zip(*rows, strict=True))
    for rejected in (0.0, 0.3, 0.7):
        kept = sorted(rows, key=lambda r: -r[1])[: len(rows) - math.floor(rejected * len(rows))]
        want = sum(s < 0 for s, _ in kept) / len(kept)
        assert error_versus_reject(scores, quality, 0.0, rejected)[0] == pytest.approx(want)


def test_impossible_shares_and_lengths_are_refused():
    with pytest.raises(InvalidInput, match=r"\[0, 1\)"):
        error_versus_reject([1], [1], 0.5, [1.0])
    with pytest.raises(InvalidInput, match="quality"):
        error_versus_reject([1], [1, 2], 0.5, [0])


# --- confidence ------------------------------------------------------------------------------------------------------


def test_with_one_pair_a_person_the_interval_is_the_binomial_one():
    right_ones = np.random.default_rng(1).random(1000) < 0.9
    people = np.arange(1000)
    interval = identity_interval(right_ones, people, people)
    half = 1.96 * math.sqrt(0.9 * 0.1 / 1000)
    assert interval.low == pytest.approx(right_ones.mean() - half, abs=0.004)
    assert interval.high == pytest.approx(right_ones.mean() + half, abs=0.004)
    assert interval.level == 0.95


def test_errors_that_cluster_in_people_widen_the_interval():
    people = np.repeat(np.arange(50), 20)
    clustered = np.repeat(np.arange(50) >= 5, 20)
    scattered = np.random.default_rng(2).permutation(clustered)
    wide, narrow = (identity_interval(values, people, people) for values in (clustered, scattered))
    assert wide.high - wide.low > 2 * (narrow.high - narrow.low)


def test_the_interval_contains_the_mean_repeats_itself_and_narrows_with_the_level():
    rng = np.random.default_rng(4)
    first, second = rng.integers(0, 40, (2, 500)).astype(str)
    values = rng.random(500)
    interval = identity_interval(values, first, second)
    assert interval.low < values.mean() < interval.high
    assert identity_interval(values, first, second) == interval
    half = identity_interval(values, first, second, level=0.5)
    assert interval.low < half.low < half.high < interval.high


def test_labels_must_fit_the_values():
    with pytest.raises(InvalidInput, match="each of 3 pairs"):
        identity_interval([1, 0, 1], ["a"], ["b"])
