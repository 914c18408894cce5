"""Several references of one person: how their similarities to a probe become one score per person."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from visavis import ranges
from visavis.errors import InvalidInput

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

Fusion = Literal["max", "mean"]
"""max: the most similar reference speaks for its person (one good photo is enough; every further reference is a further
chance of a false positive). mean: the mean similarity of all of a person's references."""


def fuse(similarities: ArrayLike, people: ArrayLike, how: Fusion = "max") -> tuple[NDArray[Any], NDArray[np.float64]]:
    """One score per person.

    Args:
        similarities: (r,) of one probe to r references, or (q, r) of q probes.
        people: (r,) whose reference each one is.
        how: see `Fusion`.

    Returns: (p,) the distinct people in ascending order, and (p,) or (q, p) their scores.

    Raises:
        InvalidInput: shapes that do not fit, no references, or NaN.
    """
    ranges.one_of("fusion", how, ("max", "mean"))
    scores, owner = np.asarray(similarities, dtype=np.float64), np.asarray(people)
    if scores.ndim not in (1, 2) or owner.ndim != 1 or scores.shape[-1] != len(owner) or not len(owner):
        raise InvalidInput(f"similarities {scores.shape} and people {owner.shape}: need (r,) or (q, r) and (r,), r > 0")
    if np.isnan(scores).any():
        raise InvalidInput("similarities: hold NaN; leave out references that could not be compared")
    names, place, counts = np.unique(owner, return_inverse=True, return_counts=True)
    order = np.argsort(place, kind="stable")
    starts = np.r_[0, np.cumsum(counts)[:-1]]
    grouped = scores[..., order]
    if how == "max":
        return names, np.maximum.reduceat(grouped, starts, axis=-1)
    return names, np.add.reduceat(grouped, starts, axis=-1) / counts


def rank(scores: ArrayLike, column: ArrayLike) -> NDArray[np.int64]:
    """At which place a person stands in the candidate list of a search: 1 = first; ties count against the person.

    Args:
        scores: (q, p) fused scores of q probes for p people.
        column: (q,) which of the people is on each probe.
    """
    table, own = np.asarray(scores, dtype=np.float64), np.asarray(column, dtype=np.int64)
    if table.ndim != 2 or own.shape != table.shape[:1]:
        raise InvalidInput(f"scores {table.shape} and column {own.shape}: need (q, p) and (q,)")
    return np.asarray((table >= table[np.arange(len(table)), own][:, None]).sum(axis=1))
