"""Importing what `visavis embed` wrote: faces with templates, of which somebody has to say whose they are."""

from __future__ import annotations

import csv
import hashlib
import os
import zipfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from visavis.errors import DataError, GalleryConflict, InvalidInput, VisavisError
from visavis.gallery.names import checked_name
from visavis.gallery.transfer.layout import libraries
from visavis.gallery.types import NewReference
from visavis.types import Box, Template

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from visavis.gallery.gallery import Gallery

    Progress = Callable[[int, int], None]
    Table = Mapping[str, NDArray[Any]]

_COLUMNS = ("source", "face", "box", "quality", "template", "model")
_BATCH = 1_000
_WAYS = (
    "name the one person they show (--person NAME), or a CSV file with the columns source and person (--people FILE), "
    "or give the file a column person"
)


@dataclass(frozen=True, eq=False, slots=True)
class EmbeddedFaces:
    """Faces of a file that somebody named.

    Attributes:
        references: to be enrolled.
        left_out: how many faces nobody named.
    """

    references: Sequence[NewReference]
    left_out: int


def read_embedded(
    path: str | os.PathLike[str], *, person: str | None = None, people: str | os.PathLike[str] | None = None
) -> EmbeddedFaces:
    """The faces of a file of `visavis embed`, with names.

    Args:
        path: of the .parquet or .npz file.
        person: whose faces they all are.
        people: CSV file with columns `source` and `person`, and `face` where photos show several.

    Raises:
        DataError: a file cannot be read, or lacks a column.
        GalleryConflict: two faces of one photo would be one person.
        InvalidInput: nobody says who is who, or a value cannot be.
        MissingExtra: pyarrow is absent.
    """
    name, table = os.fspath(path), _read(path)
    references = tuple(_references(name, table, _names(name, table, person, people)))
    return EmbeddedFaces(references, len(table["source"]) - len(references))


def enrol_embedded(gallery: Gallery, faces: EmbeddedFaces, progress: Progress | None = None) -> tuple[int, int, int]:
    """Enrol faces; repeating it changes nothing.

    The enrolment guard does not look at them: `visavis enroll` is the safer way where the photos are at hand.

    Returns: people added, references added, references known before.

    Raises:
        TemplateMismatch: templates of another model.
        GalleryConflict: an id is taken by something else.
    """
    before, _ = gallery.count()
    enrolled = known = 0
    for start in range(0, len(faces.references), _BATCH):
        added = gallery.enrol(faces.references[start : start + _BATCH])
        enrolled, known = enrolled + len(added.enrolled), known + len(added.known)
        if progress:
            progress(enrolled + known, len(faces.references))
    return gallery.count()[0] - before, enrolled, known


def _read(path: str | os.PathLike[str]) -> Table:
    """The columns of the file, as arrays with one row a face."""
    name = os.fspath(path)
    try:
        table = _npz(name) if name.lower().endswith(".npz") else _parquet(name)
    except VisavisError:
        raise
    except FileNotFoundError as error:
        raise DataError(f"{name}: there is no such file; name the one that `visavis embed --out` wrote") from error
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile, MemoryError) as error:
        raise DataError(f"{name}: cannot be read ({error}); embed the photos again") from error
    if missing := [column for column in _COLUMNS if column not in table]:
        raise DataError(
            f"{name}: lacks {', '.join(missing)}; an exported gallery (`visavis gallery export`) or templates of "
            "`visavis embed --out` can be imported"
        )
    rows = len(table["source"])
    if {len(table[column]) for column in table} != {rows} or (rows and table["template"].ndim != 2):
        raise DataError(f"{name}: its columns differ in length; embed the photos again")
    return table


def _npz(name: str) -> Table:
    with np.load(name, allow_pickle=False) as archive:
        return {column: archive[column] for column in (*_COLUMNS, "person") if column in archive.files}


def _parquet(name: str) -> Table:
    pa, parquet = libraries()
    try:
        file = parquet.read_table(name)
    except pa.ArrowException as error:
        raise DataError(f"{name}: is no Parquet file, or a damaged one; embed the photos again") from error
    wanted = [column for column in (*_COLUMNS, "person") if column in file.column_names]
    return {column: _array(file.column(column).to_pylist()) for column in wanted}


def _array(values: list[Any]) -> NDArray[Any]:
    """Values as an array; rows of numbers as its rows."""
    return np.array(values, dtype=object if any(isinstance(value, str) for value in values) else None)


def _names(
    name: str, table: Table, person: str | None, people: str | os.PathLike[str] | None
) -> Callable[[int], str | None]:
    """A function that says whose face a row is; None if nobody knows."""
    if (person is not None) + (people is not None) + ("person" in table) != 1:
        nothing = person is None and people is None and "person" not in table
        problem = "does not say who is who" if nothing else "is told in several ways who is who"
        raise InvalidInput(f"{name}: {problem}; {_WAYS}")
    if person is not None:
        only = checked_name(person)
        return lambda _: only
    if people is None:
        return lambda row: str(table["person"][row]) if table["person"][row] is not None else None
    return _listed(name, table, os.fspath(people))


def _listed(name: str, table: Table, path: str) -> Callable[[int], str | None]:
    named: dict[tuple[str, str | None], str] = {}
    for line, row in enumerate(_lines(path), start=2):
        key = (row["source"], row.get("face") or None)
        if named.setdefault(key, row["person"]) != row["person"]:
            raise DataError(f"{path}, line {line}: {row['source']} was another person in a line before; correct one")

    def of(row: int) -> str | None:
        source, face = str(table["source"][row]), str(int(table["face"][row]))
        return named.get((source, face)) or named.get((source, None))

    if not any(of(row) for row in range(len(table["source"]))):
        raise DataError(f"{path}: names no photo of {name}; its column source must be written as in that file")
    return of


def _lines(path: str) -> Iterator[dict[str, str]]:
    try:
        with Path(path).open(encoding="utf-8-sig", newline="") as file:
            reader = csv.DictReader(file)
            if missing := {"source", "person"} - set(reader.fieldnames or ()):
                raise DataError(f"{path}: lacks the column {' and '.join(sorted(missing))} in its first line")
            for line, row in enumerate(reader, start=2):
                if not row["source"] or not row["person"]:
                    raise DataError(f"{path}, line {line}: needs a source and a person")
                yield row
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise DataError(f"{path}: cannot be read ({error}); give a CSV file in UTF-8") from error


def _references(name: str, table: Table, person_of: Callable[[int], str | None]) -> Iterator[NewReference]:
    seen: dict[tuple[str, str], int] = {}
    for row in range(len(table["source"])):
        who, source = person_of(row), str(table["source"][row])
        if who is None:
            continue
        person = checked_name(who)
        other = seen.setdefault((source, person), row)
        if other != row:
            raise GalleryConflict(
                f"{name}, rows {other + 1} and {row + 1}: two faces of {source} would be {person}, and two faces in "
                "one photo are two people; say in the CSV file's column face which one it is"
            )
        yield _reference(name, table, row, source, person)


def _reference(name: str, table: Table, row: int, source: str, person: str) -> NewReference:
    face, quality = int(table["face"][row]), float(table["quality"][row])
    id_ = hashlib.sha256(f"embedded\0{source}\0{face}\0{person}".encode("utf-8", "backslashreplace")).hexdigest()[:40]
    try:
        return NewReference(
            id_,
            person,
            Template(np.asarray(table["template"][row], dtype=np.float32), str(table["model"][row])),
            source=source,
            box=Box(*(float(value) for value in table["box"][row])),
            quality=None if np.isnan(quality) else {"summary": quality},
        )
    except (TypeError, ValueError) as error:
        raise InvalidInput(f"{name}, row {row + 1}: {error}") from error
