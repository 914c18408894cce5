from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from visavis.geometry import Similarity, as_complex

SHAPE = np.array([(0, 0), (10, 1), (5, 7), (2, 12), (9, 11)], float)
shifts = st.floats(-200, 200)


def apply(fit, points):
    moved = fit.a[0] * as_complex(points) + fit.b[0]
    return np.stack([moved.real, moved.imag], axis=-1)


@given(st.floats(0.05, 20), st.floats(-3, 3), shifts, shifts)
def test_an_exact_similarity_is_recovered(scale, angle, x, y):
    turn = scale * np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    target = SHAPE @ turn.T + (x, y)
    fit = Similarity.fit(SHAPE, target[None])
    np.testing.assert_allclose(fit.a, [scale * np.exp(1j * angle)], rtol=1e-9)
    np.testing.assert_allclose(apply(fit, SHAPE), target, atol=1e-7)


@given(st.integers(0, 10_000))
def test_no_nearby_similarity_fits_better(seed):
    rng = np.random.default_rng(seed)
    target = rng.normal(0, 20, (1, 5, 2))
    fit = Similarity.fit(SHAPE, target)
    best = np.square(apply(fit, SHAPE) - target[0]).sum()
    other = Similarity(fit.a + rng.normal(0, 0.01, 2) @ (1, 1j), fit.b + rng.normal(0, 0.1, 2) @ (1, 1j))
    assert best <= np.square(apply(other, SHAPE) - target[0]).sum() + 1e-9


def test_each_target_is_fitted_on_its_own():
    targets = np.random.default_rng(1).normal(0, 5, (4, 5, 2))
    together = Similarity.fit(SHAPE, targets)
    alone = [Similarity.fit(SHAPE, target[None]) for target in targets]
    np.testing.assert_allclose(together.a, [fit.a[0] for fit in alone])
    np.testing.assert_allclose(together.b, [fit.b[0] for fit in alone])


def test_no_targets_give_no_similarities():
    assert Similarity.fit(SHAPE, np.zeros((0, 5, 2))).a.shape == (0,)
