"""The research photos as pairs lists: which files, who is who, and how to take a small part of them."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from visavis.bench.pair_list import PairList, read_pairs
from visavis.errors import DataError


@dataclass(frozen=True, slots=True)
class Dataset:
    """A folder of labelled photos with its pairs lists.

    Attributes:
        name: of its folder.
        listing: CSV file with `path` and `identity` of every photo.
        pairs: its pairs lists, CSV files.
        sets: pairs list whose ends are sets of photos.
    """

    name: str
    listing: str
    pairs: tuple[str, ...]
    sets: str | None = None

    def root(self, data: Path) -> Path:
        """Its folder.

        Raises:
            DataError: it is not there.
        """
        folder = data / self.name
        if not folder.is_dir():
            raise DataError(f"{folder}: this research data is not here; pass --data DIR, or --only the sets that are")
        return folder

    def rows(self, data: Path) -> list[dict[str, str]]:
        """Its listing."""
        with (self.root(data) / self.listing).open(encoding="utf-8", newline="") as file:
            return list(csv.DictReader(file))

    def read(self, data: Path, pairs: str, limit: int | None = None) -> PairList:
        """One of its pairs lists, or about `limit` pairs evenly spread over it."""
        root = self.root(data)
        listed = read_pairs(root / pairs, root)
        return listed if limit is None else part(listed, limit)

    def read_sets(self, data: Path) -> tuple[PairList, dict[str, list[str]]]:
        """The pairs list whose ends are sets of photos, named `identity/video`, and the photos of every set."""
        photos: dict[str, list[str]] = {}
        for row in self.rows(data):
            photos.setdefault(f"{row['identity']}/{row['video']}", []).append(row["path"])
        source = self.root(data) / str(self.sets)
        with source.open(encoding="utf-8", newline="") as file:
            rows = list(csv.DictReader(file))
        index = {name: number for number, name in enumerate(photos)}
        first, second = (np.array([index[row[end]] for row in rows]) for end in ("template_a", "template_b"))
        same, folds = (np.array([int(row[column]) for row in rows]) for column in ("same", "fold"))
        return PairList(str(source), self.root(data), tuple(photos), first, second, same == 1, folds), photos

    def identities(self, data: Path, images: Sequence[str]) -> NDArray[np.str_]:
        """Who is on each of these photos."""
        who = {row["path"]: f"{row.get('source_set', '')}/{row['identity']}" for row in self.rows(data)}
        return np.array([who[image] for image in images])


DATASETS = (
    Dataset("lfw", "images.csv", ("pairs_official.csv", "pairs_10fold.csv")),
    Dataset("deepface_pairs", "images.csv", ("pairs.csv",)),
    Dataset("orl_faces", "images.csv", ("pairs_folds.csv",)),
    Dataset("celebrities_small", "images.csv", ("pairs.csv",)),
    Dataset("ytf_frames", "frames.csv", ("pairs_10fold.csv",), sets="template_pairs_10fold.csv"),
)


def find_dataset(name: str) -> Dataset:
    """The data set of that name."""
    return next(dataset for dataset in DATASETS if dataset.name == name)


def part(pairs: PairList, limit: int) -> PairList:
    """About `limit` pairs: of every fold and kind the same share, evenly spread, and only their photos."""
    keep: list[int] = []
    for fold in np.unique(pairs.folds):
        for kind in (True, False):
            rows = np.flatnonzero((pairs.folds == fold) & (pairs.same == kind))
            wanted = max(1, round(limit * len(rows) / len(pairs))) if len(rows) else 0
            keep += rows[np.unique(np.linspace(0, len(rows) - 1, min(wanted, len(rows))).astype(int))].tolist()
    rows = np.array(sorted(keep))
    used, places = np.unique(np.concatenate([pairs.first[rows], pairs.second[rows]]), return_inverse=True)
    return replace(
        pairs,
        images=tuple(pairs.images[image] for image in used),
        first=places[: len(rows)],
        second=places[len(rows) :],
        same=pairs.same[rows],
        folds=pairs.folds[rows],
        source_sets=None if pairs.source_sets is None else tuple(pairs.source_sets[row] for row in rows),
    )
