"""What clustering answers."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from visavis import ranges
from visavis.matching.clustering.cohesion import cohesion
from visavis.matching.clustering.thresholds import METHODS, Method

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from numpy.typing import NDArray

    from visavis.matching.clustering.faces import FoundFaces
    from visavis.matching.clustering.thresholds import ClusterThreshold
    from visavis.matching.scores import Metric

    IntArray = NDArray[np.int64]

UNASSIGNED = -1


@dataclass(frozen=True, slots=True)
class ClusterSettings:
    """How faces are clustered.

    Attributes:
        method: average (linkage), hdbscan or whispers.
        min_size: smallest cluster, 2 or more; faces of smaller ones are unassigned.
        min_quality: quality summary in [0, 1] below which a face is left out.
        seed: of what is left to chance (the order of visits of "whispers").
    """

    method: Method = "average"
    min_size: int = 2
    min_quality: float = 0.0
    seed: int = 0

    def __post_init__(self) -> None:
        ranges.one_of("method", self.method, METHODS)
        ranges.whole("min_size", self.min_size, 2, 2**62)
        ranges.number("min_quality", self.min_quality, 0.0, 1.0)
        ranges.whole("seed", self.seed, 0, 2**62)


@dataclass(frozen=True, eq=False, slots=True)
class Clustering:
    """n faces and which of them show one person.

    Attributes:
        labels: (n,) id of each face's cluster, `UNASSIGNED` (-1) = in none. Ids are 0, 1, .. by falling size; after
            `assign` the clusters that were there keep theirs, and new ones follow.
        left_out: (n,) faces whose quality was too low.
        metric: how templates were compared.
        settings: how they were clustered.
        threshold: from which similarity on, and why.
        notes: what was noticed on the way.
    """

    labels: IntArray
    left_out: NDArray[np.bool_]
    metric: Metric
    settings: ClusterSettings
    threshold: ClusterThreshold
    notes: tuple[str, ...] = ()

    def __len__(self) -> int:
        return len(self.labels)

    @property
    def clusters(self) -> list[IntArray]:
        """The faces of every cluster, by id."""
        order = np.argsort(self.labels, kind="stable")
        ends = np.searchsorted(self.labels[order], np.arange(self.labels.max(initial=UNASSIGNED) + 2))
        return np.split(order, ends)[1:-1]

    @property
    def unassigned(self) -> IntArray:
        """The faces in no cluster."""
        return np.flatnonzero(self.labels == UNASSIGNED)

    def to_dict(self, faces: FoundFaces, details: Sequence[Mapping[str, Any]] | None = None) -> dict[str, Any]:
        """JSON-ready: `clusters`, `unassigned`, `unassigned_faces` and how they came about.

        A photo with several faces stands in every cluster that one of them is in. `unassigned` lists the photos of
        which no face is in a cluster, `unassigned_faces` every face that is in none.

        Args:
            faces: the n faces.
            details: (n) what else is to be told of each.
        """
        more = details or ({},) * len(self)
        close, clusters = cohesion(self, faces.templates), self.clusters
        shown = {faces.paths[face] for members in clusters for face in members.tolist()}
        return {
            "clusters": [
                {
                    "id": number,
                    "size": len(members),
                    "similarity": round(float(close.clusters[number]), 4),
                    "paths": _distinct(faces.paths[face] for face in members.tolist()),
                    "faces": [
                        {**faces.row(face), "similarity": round(float(close.faces[face]), 4), **more[face]}
                        for face in members.tolist()
                    ],
                }
                for number, members in enumerate(clusters)
            ],
            "unassigned": _distinct(faces.paths[f] for f in self.unassigned.tolist() if faces.paths[f] not in shown),
            "unassigned_faces": [
                {**faces.row(face), "reason": "low quality" if self.left_out[face] else "alone", **more[face]}
                for face in self.unassigned.tolist()
            ],
            "faces": len(self),
            "settings": {**asdict(self.settings), "metric": self.metric},
            "threshold": self.threshold.to_dict(),
            "model": faces.model,
            "notes": list(self.notes),
        }


def by_size(labels: IntArray, min_size: int) -> IntArray:
    """Labels 0, 1, .. by falling size, ties by first face; negative and too small ones become `UNASSIGNED`."""
    kinds, first, places, sizes = np.unique(labels, return_index=True, return_inverse=True, return_counts=True)
    usable = (kinds >= 0) & (sizes >= min_size)
    order = np.lexsort((first, -sizes, ~usable))
    number = np.full(len(kinds), UNASSIGNED)
    number[order[: usable.sum()]] = np.arange(usable.sum())
    return np.asarray(number[places])


def _distinct(values: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(values))
