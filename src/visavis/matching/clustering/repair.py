"""Splitting clusters that hold faces which must be apart, for methods that cannot be told beforehand."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from visavis.matching.clustering.groups import Groups
from visavis.matching.clustering.linkage import average_linkage

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from visavis.matching.clustering.apart import Apart

    FloatArray = NDArray[np.float64]
    IntArray = NDArray[np.int64]


def split_forbidden(points: FloatArray, labels: IntArray, apart: Apart) -> IntArray:
    """Split every cluster that holds two faces which must be apart, along its weakest links.

    Its faces are joined again by average linkage, the strongest links first, without a threshold: as few parts stay
    apart as the constraints leave on that way.

    Args:
        points: (n, d).
        labels: (n,) cluster of each face, -1 = none.
        apart: the constraints among the n faces.

    Returns: (n,) labels; clusters that held nothing forbidden are as they were.
    """
    labels = labels.copy()
    order = np.argsort(labels, kind="stable")
    for members in np.split(order, np.flatnonzero(np.diff(labels[order])) + 1):
        if len(members) and labels[members[0]] >= 0 and apart.holds(members.tolist()):
            parts = average_linkage(Groups.singles(points[members]), np.inf, apart.of(members))
            labels[members] = np.where(parts == 0, labels[members], labels.max() + parts)
    return labels
