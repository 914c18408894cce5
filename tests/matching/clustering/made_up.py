"""Faces made up as points, and clustering done the slow, obvious way."""

from __future__ import annotations

import numpy as np
from hypothesis import strategies as st

from visavis.matching.clustering import Apart, given_threshold

SEEDS = st.integers(0, 2**32 - 1)


def people(counts, seed=0, dimension=16, noise=0.02):
    """(templates, owner): people far apart, their faces near each other, shuffled."""
    rng = np.random.default_rng(seed)
    owner = rng.permutation(np.repeat(np.arange(len(counts)), counts))
    centres = rng.normal(size=(len(counts), dimension))
    return (centres[owner] + noise * rng.normal(size=(len(owner), dimension))).astype(np.float32), owner


def crowd(seed, most=40, dimension=3):
    """Templates without any structure, and a threshold in their midst."""
    rng = np.random.default_rng(seed)
    templates = rng.normal(size=(rng.integers(2, most), dimension)).astype(np.float32)
    similarities = 1 - np.linalg.norm(templates[:, None] - templates, axis=2)
    return templates, float(np.quantile(similarities, rng.uniform(0.3, 0.95)))


def photographed(seed, faces):
    """(faces,) which photo each is from: about a third as many photos as faces."""
    return np.random.default_rng(seed).integers(0, max(faces // 3, 1), size=faces).tolist()


def threshold(similarity, faces=10):
    return given_threshold(similarity, faces)


def same_partition(first, second):
    """Whether two labellings put the same faces together."""
    pairs = set(zip(np.asarray(first).tolist(), np.asarray(second).tolist(), strict=True))
    return len(pairs) == len(set(np.asarray(first).tolist())) == len(set(np.asarray(second).tolist()))


def forbidden_pairs(photos, pairs=()):
    """Cannot-link as a set of pairs of faces, spelt out."""
    spelt = {(a, b) for a in range(len(photos)) for b in range(len(photos)) if a != b and photos[a] == photos[b]}
    return spelt | {(a, b) for a, b in pairs} | {(b, a) for a, b in pairs}


def slow_average_linkage(points, limit, forbidden=frozenset()):
    """Join the nearest two groups that may be joined, one pair at a time, measuring everything anew each time."""
    squares = ((points[:, None] - points) ** 2).sum(axis=2)
    groups = [[face] for face in range(len(points))]

    def distance(first, second):
        if any((a, b) in forbidden for a in first for b in second):
            return np.inf
        return squares[np.ix_(first, second)].mean()

    while len(groups) > 1:
        near, i, j = min((distance(a, b), i, j) for i, a in enumerate(groups) for j, b in enumerate(groups) if i < j)
        if near > limit or near == np.inf:
            break
        groups[i] += groups.pop(j)
    labels = np.empty(len(points), int)
    for number, members in enumerate(groups):
        labels[members] = number
    return labels


def apart(faces, photos=None, pairs=()):
    """The constraints as clustering takes them."""
    return Apart(faces).photos(photos or [None] * faces).pairs(pairs)
