"""The pairs list of a verification benchmark: a CSV file of labelled photo pairs, read and checked."""

from __future__ import annotations

import csv
import io
import os
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from visavis.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from numpy.typing import NDArray

    Rows = Sequence[tuple[int, dict[str, str]]]
    """(line number, cells by column) of every data row."""

REQUIRED = ("same", "path_a", "path_b")
_TRUTH = {"1": True, "true": True, "0": False, "false": False}


@dataclass(frozen=True, eq=False, slots=True)
class PairList:
    """n labelled pairs of photos.

    Attributes:
        source: the CSV file, for messages and reports.
        root: folder that the image paths are relative to.
        images: the distinct images, relative to root, in order of first use.
        first: (n,) index into `images` of the first photo of each pair.
        second: (n,) index of the second.
        same: (n,) True for mated pairs.
        folds: (n,) fold of each pair.
        source_sets: column `source_set` where the file has one, for figures per set.
        notes: what was decided while reading, for people.
    """

    source: str
    root: Path
    images: tuple[str, ...]
    first: NDArray[np.int64]
    second: NDArray[np.int64]
    same: NDArray[np.bool_]
    folds: NDArray[np.int64]
    source_sets: tuple[str, ...] | None = None
    notes: tuple[str, ...] = ()

    def __len__(self) -> int:
        return len(self.same)

    def identities(self) -> NDArray[np.str_] | None:
        """Identity of every image where its folder names it; None unless all labels agree with that."""
        folders = np.array([os.path.dirname(image) for image in self.images])  # noqa: PTH120 (fast on many paths)
        agree = (folders[self.first] == folders[self.second]) == self.same
        return folders if agree.all() else None


def read_pairs(path: str | os.PathLike[str], root: str | os.PathLike[str], folds: int = 10) -> PairList:
    """Read and check a pairs list.

    Columns: `same` (1/0), `path_a`, `path_b` relative to root; optional `fold` (integer) and `source_set`; others are
    ignored. Without `fold`, the mated pairs in file order are cut into `folds` parts of consecutive rows, the
    non-mated pairs likewise, and part i of both is fold i.

    Raises:
        DataError: names the file and the line of a missing column, a bad value, a path outside root, or missing images.
    """
    source = os.fspath(path)
    columns, rows = _read_rows(source)
    same = np.array([_truth(source, *row) for row in rows])
    if same.all() or not same.any():
        raise DataError(f"{source}: all pairs are labelled {rows[0][1]['same']}; a benchmark needs both kinds")
    images, ends = _index_images(source, rows, Path(root))
    fold_of, notes = _folds(source, columns, rows, same, folds)
    source_sets = tuple(cells["source_set"] for _, cells in rows) if "source_set" in columns else None
    return PairList(source, Path(root), images, ends[:, 0], ends[:, 1], same, fold_of, source_sets, notes)


def _read_rows(source: str) -> tuple[set[str], Rows]:
    try:
        text = Path(source).read_bytes().decode("utf-8-sig")
        reader = csv.DictReader(io.StringIO(text, newline=""), strict=True)
        columns = {name.strip() for name in reader.fieldnames or ()}
        rows = [(reader.line_num, {(k or "").strip(): v for k, v in row.items()}) for row in reader]
    except (OSError, ValueError, csv.Error) as problem:
        raise DataError(f"{source}: cannot be read as a UTF-8 CSV file of pairs ({problem})") from problem
    if missing := [name for name in REQUIRED if name not in columns]:
        raise DataError(
            f"{source}, line 1: no column {', '.join(missing)}; needs fold (optional), same, path_a, path_b"
        )
    if not rows:
        raise DataError(f"{source}: holds no pairs below its header")
    for line, cells in rows:
        if any(cells[name] is None for name in columns):
            raise DataError(f"{source}, line {line}: has fewer values than the header has columns")
    return columns, rows


def _truth(source: str, line: int, cells: dict[str, str]) -> bool:
    value = cells["same"].strip().lower()
    if value not in _TRUTH:
        raise DataError(f"{source}, line {line}: same is {cells['same']!r}; write 1 (same person) or 0 (different)")
    return _TRUTH[value]


def _index_images(source: str, rows: Rows, root: Path) -> tuple[tuple[str, ...], NDArray[np.int64]]:
    """The distinct images, and (n, 2) the two images of every pair as indices into them."""
    lines: dict[str, int] = {}
    ends: list[list[str]] = []
    for line, cells in rows:
        pair = [inside(source, line, cells[name].strip()) for name in ("path_a", "path_b")]
        ends.append(pair)
        for image in pair:
            lines.setdefault(image, line)
    check_present(source, root, lines)
    index = dict(zip(lines, count()))
    return tuple(lines), np.array([[index[image] for image in pair] for pair in ends], dtype=np.int64)


def check_present(source: str, root: Path, lines: Mapping[str, int]) -> None:
    """Refuse a list whose images are not all there.

    Args:
        source: the list, for the message.
        root: folder that the images are relative to.
        lines: the line on which each image was first named.

    Raises:
        DataError: names the first few that are missing.
    """
    missing = [(image, line) for image, line in lines.items() if not os.path.isfile(root / image)]  # noqa: PTH113 (False, not an error, where nothing may be read)
    if missing:
        listed = ", ".join(f"{image} (line {line})" for image, line in missing[:5])
        more = f" and {len(missing) - 5} more" if len(missing) > 5 else ""
        raise DataError(f"{source}: {len(missing)} images are not under {root}: {listed}{more}; check --root")


def inside(source: str, line: int, path: str) -> str:
    """`path` without detours; links inside root are the owner's business, a path that leaves it is refused."""
    clean = os.path.normpath(path).replace(os.sep, "/")
    if not path or Path(path).is_absolute() or clean == "." or clean.split("/")[0] == "..":
        raise DataError(f"{source}, line {line}: path {path!r} must name a file below the root folder")
    return clean


def _folds(
    source: str, columns: set[str], rows: Rows, same: NDArray[np.bool_], folds: int
) -> tuple[NDArray[np.int64], tuple[str, ...]]:
    if "fold" in columns:
        fold_of = np.array(list(_given_folds(source, rows)), dtype=np.int64)
        if len(np.unique(fold_of)) < 2:
            raise DataError(f"{source}: all pairs are in fold {fold_of[0]}; give at least two, or drop the column")
        return fold_of, ()
    parts = min(folds, int(same.sum()), int((~same).sum()))
    if parts < 2:
        raise DataError(f"{source}: needs at least two pairs of each kind, to choose thresholds on other pairs")
    fold_of = np.empty(len(same), dtype=np.int64)
    for kind in (same, ~same):
        for number, part in enumerate(np.array_split(np.flatnonzero(kind), parts), start=1):
            fold_of[part] = number
    return fold_of, (f"no column fold: {parts} folds of consecutive pairs were made, for each kind on its own",)


def _given_folds(source: str, rows: Rows) -> Iterator[int]:
    for line, cells in rows:
        value = cells["fold"].strip()
        if not (value.isascii() and value.isdigit() and len(value) < 10):
            raise DataError(f"{source}, line {line}: fold is {value!r}; write a whole number such as 1")
        yield int(value)
