"""Calibrating a model on labelled photos; `visavis.models.register.set_calibration` keeps the result in its card."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from visavis.bench.embedding import embed_images
from visavis.errors import DataError, InvalidInput
from visavis.matching.calibration import fit_calibration
from visavis.matching.scores import cross_scores

if TYPE_CHECKING:
    import os
    from collections.abc import Sequence

    from visavis.bench.embedding import FaceFinder, Progress
    from visavis.matching.scores import Metric
    from visavis.models.calibration import Calibration


def calibrate(
    engine: FaceFinder,
    root: str | os.PathLike[str],
    images: Sequence[str],
    identities: Sequence[str],
    *,
    metric: Metric,
    source: str,
    command: str,
    progress: Progress | None = None,
) -> Calibration:
    """Fit a calibration on every comparison among labelled photos of people who are in no test.

    Photos without a face are left out: a calibration speaks about comparisons that were made.

    Args:
        engine: finds and embeds faces.
        root: folder that `images` are relative to.
        images: photos, the prominent face of each is used.
        identities: who is on each photo.
        metric: of the engine's model.
        source: the data, for the card.
        command: the command that does this, for the card.
        progress: called with (done, all) after every image.

    Raises:
        DataError: no photo has a face.
        InvalidInput, NotCalibrated: as `fit_calibration`.
    """
    if len(images) != len(identities):
        raise InvalidInput(f"identities: {len(identities)} names for {len(images)} images; give one for each")
    embedded = embed_images(engine, Path(root), images, progress=progress)
    people = np.asarray(identities)[embedded.found]
    mated, nonmated = cross_scores(embedded.templates[embedded.found], people, metric)
    return fit_calibration(mated, nonmated, identities=len(np.unique(people)), source=source, command=command)


def read_identities(path: str | os.PathLike[str], root: str | os.PathLike[str]) -> tuple[list[str], list[str]]:
    """Photos and who is on them, from a CSV file with the columns `path` (below root) and `identity`.

    Raises:
        DataError: the file cannot be read, lacks a column or holds nothing, or its first photos are not below root.
    """
    paths, identities = read_labelled(path)
    if missing := [name for name in paths if not (Path(root) / name).is_file()]:
        raise DataError(f"{path}: {len(missing)} photos are not under {root}, for instance {missing[0]}; check --root")
    return paths, identities


def read_labelled(path: str | os.PathLike[str]) -> tuple[list[str], list[str]]:
    """The columns `path` and `identity` of a CSV file, wherever the photos are.

    Raises:
        DataError: the file cannot be read, lacks a column or holds nothing.
    """
    source = str(path)
    try:
        with Path(path).open(newline="", encoding="utf-8-sig") as file:
            rows = list(csv.DictReader(file, strict=True))
    except (OSError, ValueError, csv.Error) as problem:
        raise DataError(f"{source}: cannot be read as a UTF-8 CSV file of photos ({problem})") from problem
    if not rows or not all(row.get("path") and row.get("identity") for row in rows):
        raise DataError(f"{source}: every row needs a path and an identity; check the header `path,identity`")
    return [row["path"] for row in rows], [row["identity"] for row in rows]
