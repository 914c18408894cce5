"""The list of an identification benchmark: who is enrolled with which photos, and which photos search for whom."""

from __future__ import annotations

import csv
import io
import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from visavis.bench.pair_list import check_present, inside
from visavis.errors import DataError

if TYPE_CHECKING:
    from numpy.typing import NDArray

ROLES = ("gallery", "probe_mated", "probe_nonmated")
_COLUMNS = ("role", "identity", "path")


@dataclass(frozen=True, eq=False, slots=True)
class IdentificationList:
    """n photos with their roles.

    Attributes:
        source: the CSV file, for messages and reports.
        root: folder that the paths are relative to.
        images: (n) paths below root, each once.
        roles: (n,) one of `ROLES`.
        identities: (n,) who is on each photo.
    """

    source: str
    root: Path
    images: tuple[str, ...]
    roles: NDArray[np.str_]
    identities: NDArray[np.str_]

    def rows(self, role: str) -> NDArray[np.int64]:
        """The rows of one role, in order."""
        return np.flatnonzero(self.roles == role)


def read_identification(path: str | os.PathLike[str], root: str | os.PathLike[str]) -> IdentificationList:
    """Read and check a list with the columns `role`, `identity` and `path` (relative to root); others are ignored.

    Raises:
        DataError: names the file and the line of a missing column, an unknown role, a photo used twice, a mated probe
            of somebody who is not in the gallery, a non-mated probe of somebody who is, or missing photos; or a role
            is not there at all.
    """
    source = os.fspath(path)
    lines: dict[str, int] = {}
    roles, identities = [], []
    for line, cells in _read_rows(source):
        role, identity, image = (cells[name].strip() for name in _COLUMNS)
        if role not in ROLES:
            raise DataError(f"{source}, line {line}: role {role!r} is none of {', '.join(ROLES)}")
        if not identity:
            raise DataError(f"{source}, line {line}: says not who is on the photo; fill in identity")
        image = inside(source, line, image)
        if image in lines:
            raise DataError(f"{source}, line {line}: {image} is already on line {lines[image]}; use every photo once")
        lines[image] = line
        roles.append(role)
        identities.append(identity)
    _check_roles(source, roles, identities, list(lines.values()))
    check_present(source, Path(root), lines)
    return IdentificationList(source, Path(root), tuple(lines), np.array(roles), np.array(identities))


def _read_rows(source: str) -> list[tuple[int, dict[str, str]]]:
    try:
        reader = csv.DictReader(io.StringIO(Path(source).read_bytes().decode("utf-8-sig"), newline=""), strict=True)
        columns = {name.strip() for name in reader.fieldnames or ()}
        rows = [(reader.line_num, {(k or "").strip(): v for k, v in row.items()}) for row in reader]
    except (OSError, ValueError, csv.Error) as problem:
        raise DataError(f"{source}: cannot be read as a UTF-8 CSV file of photos ({problem})") from problem
    if missing := [name for name in _COLUMNS if name not in columns]:
        raise DataError(f"{source}, line 1: no column {', '.join(missing)}; needs {', '.join(_COLUMNS)}")
    for line, cells in rows:
        if any(cells[name] is None for name in _COLUMNS):
            raise DataError(f"{source}, line {line}: has fewer values than the header has columns")
    return rows


def _check_roles(source: str, roles: list[str], identities: list[str], lines: list[int]) -> None:
    if absent := [role for role in ROLES if role not in roles]:
        raise DataError(f"{source}: has no rows with the role {', '.join(absent)}; a benchmark needs all three")
    enrolled = {identity for role, identity in zip(roles, identities, strict=True) if role == "gallery"}
    for role, identity, line in zip(roles, identities, lines, strict=True):
        if role == "probe_mated" and identity not in enrolled:
            raise DataError(f"{source}, line {line}: {identity} has no photo in the gallery; make it probe_nonmated")
        if role == "probe_nonmated" and identity in enrolled:
            raise DataError(f"{source}, line {line}: {identity} is in the gallery; make it probe_mated")
