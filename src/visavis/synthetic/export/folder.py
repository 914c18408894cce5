"""A folder that a plan fills: what is done survives any interruption, and nothing foreign gets mixed in.

While it grows, `.parts` keeps the rows of every finished item in a file of its own, written after the item's other
files. At the end the parts become `labels.parquet`, and `dataset.json` says that the folder is complete.
"""

from __future__ import annotations

import json
import os
import shutil
import zlib
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import filelock

from visavis.errors import DataError, InvalidInput, StorageError
from visavis.storage import write_atomic
from visavis.synthetic.export.plan import Plan, Render
from visavis.synthetic.export.table import Row, write_table
from visavis.synthetic.version import VERSION

TABLE, MANIFEST = "labels.parquet", "dataset.json"
TERMS = (
    "Synthetic: every file was rendered by visavis from random numbers alone, without any photo or recording. It shows "
    "no real person; likeness to anybody is chance. The authors of visavis claim no rights in these files."
)
_PARTS = ".parts"
_WRITERS = 4


@dataclass(frozen=True)
class Folder:
    """Where a plan's items go, and which of them are there."""

    root: Path
    plan: Plan

    @contextmanager
    def held(self) -> Iterator[Folder]:
        """The folder made, known to belong to this plan, and no other run working in it.

        Raises:
            InvalidInput: it is a file, or holds something else, or data of other parameters.
            StorageError: it cannot be written, or another run is filling it.
        """
        self._refuse_strangers()
        _make_folder(self.root / _PARTS)
        with self._lock():
            if not self._is_complete():
                self._describe(complete=False)
            yield self
        shutil.rmtree(self.root / _PARTS, ignore_errors=True)

    def missing(self) -> list[int]:
        """The items that are not there, or not whole."""
        done: Any = range(self.plan.count) if self._is_complete() else self._finished()
        whole = {item for item in done if all((self.root / name).is_file() for name in self.plan.files(item))}
        return [item for item in range(self.plan.count) if item not in whole]

    def add(self, item: int, render: Render) -> None:
        """Render one item and write it, its rows last.

        Raises:
            StorageError: something could not be written; the item counts as missing.
        """
        rows: list[Row] = []
        self._prepare(item)
        with ThreadPoolExecutor(_WRITERS) as writers:  # disks are waited for while the next picture is rendered
            writing: list[Future[None]] = []
            for output in render(item):
                _wait(writing)
                writing = [writers.submit(write_atomic, self.root / name, data) for name, data in output.files.items()]
                rows.extend(output.rows)
            _wait(writing)
        write_atomic(self._part(item), zlib.compress(json.dumps(rows).encode(), 1))

    def finish(self) -> int:
        """Make the parts one table, unless that is done; the number of its rows.

        Raises:
            DataError: a part was damaged; it is removed, so that another run makes it again.
            StorageError: the table could not be written; all parts are kept.
        """
        if not self._is_complete():
            parts = (self._rows(item) for item in range(self.plan.count))
            count = write_table(self.root / TABLE, (row for rows in parts for row in rows), self.plan.examples)
            self._describe(complete=True, rows=count)
        return int(self._manifest()["rows"])

    def _prepare(self, item: int) -> None:
        """Make the folders of an item, and sweep what a killed run left in them."""
        for folder in {(self.root / name).parent for name in self.plan.files(item)}:
            _make_folder(folder)
            for stale in folder.glob(".visavis-*.part"):
                stale.unlink(missing_ok=True)

    def _lock(self) -> filelock.BaseFileLock:
        """A lock that is held already."""
        lock = filelock.FileLock(self.root / _PARTS / "lock")
        try:
            lock.acquire(timeout=0)
        except filelock.Timeout as error:
            raise StorageError(f"{self.root}: another run is filling this folder; wait for it to end") from error
        except OSError as error:
            raise StorageError(f"{self.root}: cannot be written ({error.strerror}); choose another folder") from error
        return lock

    def _refuse_strangers(self) -> None:
        if self.root.exists() and not self.root.is_dir():
            raise InvalidInput(f"{self.root}: is a file; name a folder to be made or filled")
        if (self.root / MANIFEST).exists():
            self._refuse_other_parameters()
        elif self.root.exists() and any(not path.name.startswith(".") for path in self.root.iterdir()):
            raise InvalidInput(f"{self.root}: holds other files and no {MANIFEST}; choose a new or empty folder")

    def _refuse_other_parameters(self) -> None:
        there, wanted = self._manifest(), self._identity()
        old, new = ({"kind": m["kind"], "version": m["version"], **m["parameters"]} for m in (there, wanted))
        differing = [name for name in {**old, **new} if old.get(name) != new.get(name)]
        if differing:
            changes = "; ".join(f"{name} was {old.get(name)!r}, now {new.get(name)!r}" for name in differing)
            raise InvalidInput(
                f"{self.root}: was made with other parameters ({changes}); repeat those, or choose another folder"
            )

    def _identity(self) -> dict[str, Any]:
        identity = {"kind": self.plan.kind, "version": VERSION, "parameters": self.plan.parameters()}
        return dict(json.loads(json.dumps(identity)))

    def _describe(self, *, complete: bool, **more: Any) -> None:
        about = {**self._identity(), "terms": TERMS, "complete": complete, **more}
        write_atomic(self.root / MANIFEST, json.dumps(about, indent=2).encode() + b"\n")

    def _manifest(self) -> dict[str, Any]:
        path = self.root / MANIFEST
        try:
            manifest = json.loads(path.read_bytes())
            if {"kind", "version", "parameters", "complete"} <= manifest.keys():
                return dict(manifest)
        except (OSError, ValueError, AttributeError):
            pass
        raise DataError(f"{path}: does not describe a dataset; choose another folder, or delete this one")

    def _is_complete(self) -> bool:
        there = (self.root / MANIFEST).exists() and (self.root / TABLE).exists()
        return there and bool(self._manifest()["complete"])

    def _finished(self) -> set[int]:
        return {int(path.name) for path in (self.root / _PARTS).iterdir() if path.name.isdecimal()}

    def _part(self, item: int) -> Path:
        return self.root / _PARTS / f"{item:06d}"

    def _rows(self, item: int) -> list[Row]:
        try:
            return list(json.loads(zlib.decompress(self._part(item).read_bytes())))
        except (OSError, zlib.error, ValueError) as error:
            self._part(item).unlink(missing_ok=True)
            raise DataError(f"{self._part(item)}: was damaged and is removed; run the same command again") from error


def _wait(writing: list[Future[None]]) -> None:
    for future in writing:
        future.result()


def _make_folder(path: Path) -> None:
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StorageError(f"{os.fspath(path)}: cannot be made a folder ({error.strerror}); choose another") from error
