"""A folder that a plan fills: what is done survives any interruption, and nothing foreign gets mixed in.

While it grows, `.parts` keeps the rows of every finished item in a file of its own, written after the item's other
files. At the end the parts become `labels.parquet`, and `dataset.json` says that the folder is complete.
"""

from __future__ import annotations

import json
import shutil
import zlib
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import filelock

from visavis.errors import DataError, InvalidInput, StorageError, VisavisError
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
            self._refuse_strangers()  # another run may have begun, and ended, since
            _sweep(self.root)
            if not self._is_complete():
                self._describe(complete=False)
            yield self
        shutil.rmtree(self.root / _PARTS, ignore_errors=True)

    def finished(self) -> set[int]:
        """The items that are there with all their files."""
        done = range(self.plan.count) if self._is_complete() else self._parts()
        return {item for item in done if all((self.root / name).is_file() for name in self.plan.files(item))}

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
        """Make the folders of an item, and sweep what a killed run left in those that are its own."""
        for folder in {(self.root / name).parent for name in self.plan.files(item)} - {self.root}:
            _make_folder(folder)
            _sweep(folder)

    def _lock(self) -> AbstractContextManager[Any]:
        """A lock that is held already, until its context ends."""
        try:
            with _told(self.root, "cannot be written"):
                return filelock.FileLock(self.root / _PARTS / "lock").acquire(timeout=0)
        except filelock.Timeout as error:
            raise StorageError(f"{self.root}: another run is filling this folder; wait for it to end") from error

    def _refuse_strangers(self) -> None:
        with _told(self.root, "cannot be used"):
            self._look_for_strangers()

    def _look_for_strangers(self) -> None:
        if self.root.exists() and not self.root.is_dir():
            raise InvalidInput(f"{self.root}: is a file; name a folder to be made or filled")
        if (self.root / MANIFEST).exists():
            self._refuse_other_parameters()
        elif self.root.exists() and any(not path.name.startswith(".") for path in self.root.iterdir()):
            raise InvalidInput(f"{self.root}: holds other files and no {MANIFEST}; choose a new or empty folder")

    def _refuse_other_parameters(self) -> None:
        there, wanted = self._manifest(), self._identity()
        old, new = ({"kind": m["kind"], "version": m["version"], **m["parameters"]} for m in (there, wanted))
        names = {**old, **new} if old["kind"] == new["kind"] else ("kind",)
        differing = [name for name in names if old.get(name) != new.get(name)]
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
            needed = {"kind", "version", "parameters", "complete", *(("rows",) if manifest["complete"] else ())}
            if needed <= manifest.keys() and isinstance(manifest["parameters"], dict):
                return dict(manifest)
        except (OSError, ValueError, TypeError, KeyError):
            pass
        raise DataError(f"{path}: does not describe a dataset; choose another folder, or delete this one")

    def _is_complete(self) -> bool:
        there = (self.root / MANIFEST).exists() and (self.root / TABLE).exists()
        return there and bool(self._manifest()["complete"])

    def _parts(self) -> Iterator[int]:
        numbers = (int(path.name) for path in (self.root / _PARTS).iterdir() if path.name.isdecimal())
        return (item for item in numbers if item < self.plan.count)

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


def _sweep(folder: Path) -> None:
    """Remove what a run that was killed had half written; only for a folder that nobody else is writing to."""
    for stale in folder.glob(".visavis-*.part"):
        stale.unlink(missing_ok=True)


def _make_folder(path: Path) -> None:
    with _told(path, "cannot be made a folder"):
        path.mkdir(parents=True, exist_ok=True)


@contextmanager
def _told(path: Path, what: str) -> Iterator[None]:
    """What the system has against a folder, as an error of ours."""
    try:
        yield
    except (VisavisError, filelock.Timeout):
        raise
    except (OSError, ValueError) as error:  # ValueError: a null character in the path
        reason = getattr(error, "strerror", None) or error
        raise StorageError(f"{path}: {what} ({reason}); choose another") from error
