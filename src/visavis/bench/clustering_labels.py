"""Clusters of photos against the people who are known to be on them.

A photo is labelled with one person: the one that it was taken for. So of several faces the prominent one is judged, and
the others, of whom nothing is known, are not.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from visavis.bench.calibrate import read_labelled
from visavis.bench.clustering_metrics import Agreement, bcubed, normalized_mutual_information, pairwise
from visavis.bench.embedding import prominent
from visavis.errors import DataError
from visavis.types import Faces

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from visavis.matching.clustering import FoundFaces

FOLDERS = "folders"


@dataclass(frozen=True, slots=True)
class LabelAgreement:
    """How clusters agree with labels.

    Attributes:
        faces: how many were judged.
        people: how many people they are labelled with.
        pairwise: over pairs of faces.
        bcubed: over faces.
        nmi: normalised mutual information.
    """

    faces: int
    people: int
    pairwise: Agreement
    bcubed: Agreement
    nmi: float

    def to_dict(self) -> dict[str, Any]:
        """JSON-ready."""
        return {
            "faces": self.faces,
            "people": self.people,
            "pairwise": self.pairwise.to_dict(),
            "bcubed": self.bcubed.to_dict(),
            "nmi": self.nmi,
        }


def agreement(people: Sequence[str] | NDArray[Any], clusters: NDArray[np.int64]) -> LabelAgreement:
    """All measures at once.

    Args:
        people: (n,) who each face shows.
        clusters: (n,) the cluster that it is in, -1 = none.
    """
    truth = np.asarray(people)
    return LabelAgreement(
        len(truth),
        len(np.unique(truth)),
        pairwise(truth, clusters),
        bcubed(truth, clusters),
        normalized_mutual_information(truth, clusters),
    )


def judge_labels(faces: FoundFaces, clusters: NDArray[np.int64], labels: Mapping[str, str]) -> LabelAgreement:
    """Judge the prominent face of every labelled photo.

    Args:
        faces: the n faces.
        clusters: (n,) cluster of each, -1 = none.
        labels: person by absolute path of the photo; photos without a face are left out.

    Raises:
        DataError: not one labelled photo has a face.
    """
    chosen = [face for face in subjects(faces).tolist() if os.path.abspath(faces.paths[face]) in labels]  # noqa: PTH100
    if not chosen:
        raise DataError("labels: none of the labelled photos has a face; check that the labels are of these photos")
    who = [labels[os.path.abspath(faces.paths[face])] for face in chosen]  # noqa: PTH100
    return agreement(who, clusters[chosen])


def subjects(faces: FoundFaces) -> NDArray[np.int64]:
    """The face of every photo that it was taken for."""
    rows: dict[str, list[int]] = {}
    for row, path in enumerate(faces.paths):
        rows.setdefault(path, []).append(row)
    return np.array([of[0] if len(of) == 1 else of[_prominent(faces, of)] for of in rows.values()], dtype=np.int64)


def read_labels(labels: str, paths: Sequence[str], root: Path) -> dict[str, str]:
    """Who is on photos, by absolute path.

    Args:
        labels: "folders": the name of the folder that a photo lies in; else a CSV file with `path` and `identity`.
        paths: the photos.
        root: folder that paths of a CSV file may be relative to; else they are relative to the folder of the file, or
            are the end of one photo's path. Rows about other photos are left out.

    Raises:
        DataError: the file cannot be read, names none of the photos, or a row may mean several.
    """
    if labels == FOLDERS:
        return {name: os.path.dirname(name) for name in map(os.path.abspath, paths)}  # noqa: PTH120
    rows, people = read_labelled(labels)
    photos = _Photos(paths, (root, Path(labels).parent))
    found = {photo: person for row, person in zip(rows, people, strict=True) if (photo := photos.meant(row, labels))}
    if not found:
        raise DataError(
            f"{labels}: none of its {len(rows)} photos is among those to be clustered, for instance {rows[0]}; give "
            f"paths relative to {root}, to the folder of the file, or the ends of the photos' paths"
        )
    return found


class _Photos:
    """Photos by absolute path, found again by what a list calls them."""

    def __init__(self, paths: Sequence[str], roots: Sequence[Path]) -> None:
        self._known = {os.path.abspath(path) for path in paths}  # noqa: PTH100 (links are not followed)
        self._roots = roots
        self._named: dict[str, list[str]] = {}
        for path in sorted(self._known):
            self._named.setdefault(os.path.basename(path), []).append(path)  # noqa: PTH119

    def meant(self, row: str, labels: str) -> str | None:
        """The photo that a row is about; None if it is about none of them."""
        for root in self._roots:
            if (path := os.path.abspath(root / row)) in self._known:  # noqa: PTH100
                return path
        end = os.path.normpath(row)
        ends = [path for path in self._named.get(os.path.basename(end), ()) if path.endswith(os.sep + end)]  # noqa: PTH119
        if len(ends) > 1:
            raise DataError(f"{labels}: {row} may be {ends[0]} or {ends[1]}; give more of its path")
        return ends[0] if ends else None


def _prominent(faces: FoundFaces, rows: list[int]) -> int:
    count = len(rows)
    size = tuple(int(side) for side in faces.photo_sizes[rows[0]])
    points = np.zeros((count, 5, 2), np.float32)
    return prominent(Faces(faces.boxes[rows], points, np.zeros(count, np.float32), image_size=(size[0], size[1])))
