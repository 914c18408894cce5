"""What enrolment costs beyond embedding, and whether its memory stays flat.

    python benchmarks/gallery_enrolment.py                                    # 100,000 templates, 10,000 photos
    python benchmarks/gallery_enrolment.py --templates 10000 --photos 500

Templates: synthetic ones, five a person, in batches into a new SQLite gallery; how long each takes, and memory.
Photos: LFW's in order of person, each at a size, turn, light and format of its own (see `_photos.mixed_photo`), made in
another process. Block by block they go through `Engine.stream` alone and through an enrolment of the same engine (with
guard and crops), in turn which goes first. The share is that of pure embedding in the time of enrolment. The slope of
the resident memory is that of the enrolments; the gallery's search tier, which lives in memory, is a part of it.
"""

from __future__ import annotations

import argparse
import gc
import multiprocessing
import tempfile
import time
from collections.abc import Callable, Iterable
from functools import cache, partial
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from _datasets import find_dataset
from _machine import arguments, describe, machine, progress, run, write_json
from _photos import mixed_photo
from memory import resident_kib, summary
from visavis.face.engine import Engine
from visavis.gallery import Gallery, NewReference, create_gallery
from visavis.gallery.enrolment import Enrolment, Outcome, PhotoOf, Settings
from visavis.types import Template

_PER_PERSON = 5
_SECONDS = ("cpu", "wall")


def main() -> None:
    options = parse()
    print(describe(machine()))
    engine = Engine()
    figures: dict[str, Any] = {"model": engine.fingerprint}
    with tempfile.TemporaryDirectory() as place:
        if options.templates:
            figures["templates"] = templates(engine, Path(place), options)
        if options.photos:
            figures["photos"] = photos(engine, Path(place), options)
    write_json(options.json, figures)


def parse() -> argparse.Namespace:
    parser = arguments(str(__doc__).partition("\n")[0], "gallery_enrolment")
    parser.add_argument("--templates", type=int, default=100_000, help="synthetic templates; 0 = none")
    parser.add_argument("--batch", type=int, default=1000, help="templates written at once")
    parser.add_argument("--photos", type=int, default=10_000, help="photos; 0 = none")
    parser.add_argument("--every", type=int, default=250, help="photos a block")
    parser.add_argument("--largest", type=int, default=800, help="longest side of a photo in pixels")
    parser.add_argument("--warm-up", type=float, default=0.2, help="share left out of the slope of the memory")
    return parser.parse_args()


def templates(engine: Engine, place: Path, options: argparse.Namespace) -> dict[str, Any]:
    """Synthetic templates into a new gallery."""
    rng, rss, seen = np.random.default_rng(0), resident_kib(), progress("templates")
    done, kib, spent = [0], [rss()], dict.fromkeys(_SECONDS, 0.0)
    with new_gallery(engine, place / "templates") as gallery:
        for start in range(0, options.templates, options.batch):
            numbers = range(start, min(start + options.batch, options.templates))
            batch = [synthetic(engine.fingerprint, number, rng) for number in numbers]
            _add(spent, timed(partial(gallery.enrol, batch)))
            done.append(numbers.stop)
            kib.append(rss())
            seen(numbers.stop, options.templates)
        size = sum(path.stat().st_size for path in (place / "templates").rglob("*") if path.is_file())
    return {
        "count": options.templates,
        "batch": options.batch,
        "per_second": round(options.templates / spent["wall"]),
        **{f"ms_each_{name}": round(1e3 * spent[name] / options.templates, 4) for name in _SECONDS},
        "bytes_each": round(size / options.templates),
        **_memory(done, kib, options.warm_up),
    }


def synthetic(model: str, number: int, rng: np.random.Generator) -> NewReference:
    vector = (0.06 * rng.normal(size=128)).astype(np.float32)
    return NewReference(
        f"{number:040x}", f"person {number // _PER_PERSON}", Template(vector, model), photo=f"{number:064x}"
    )


def photos(engine: Engine, place: Path, options: argparse.Namespace) -> dict[str, Any]:
    """Blocks of photos: embedded, and enrolled."""
    rss, seen = resident_kib(), progress("photos")
    done, kib = [0], [rss()]
    spent: dict[str, list[dict[str, float]]] = {"pure": [], "enrolled": []}
    ended: dict[str, int] = {}
    with new_gallery(engine, place / "photos") as gallery, multiprocessing.get_context("spawn").Pool(1) as maker:
        for start in range(0, options.photos, options.every):
            numbers = range(start, min(start + options.every, options.photos))
            items = maker.map(partial(made, options.data, place, options.photos, options.largest), numbers)
            ways = {
                "pure": partial(embedded, engine, items),
                "enrolled": partial(enrolled, gallery, engine, items, ended),
            }
            for way in sorted(ways, reverse=bool(start // options.every % 2)):
                spent[way].append(timed(ways[way]))
            done.append(numbers.stop)
            kib.append(rss())
            seen(numbers.stop, options.photos)
    return {
        "count": options.photos,
        "largest_side": options.largest,
        "ended": ended,
        **{
            f"ms_each_{way}_{name}": round(1e3 * sum(row[name] for row in rows) / options.photos, 3)
            for way, rows in spent.items()
            for name in _SECONDS
        },
        **{f"share_{name}": round(share(spent, name), 4) for name in _SECONDS},
        **{f"share_{name}_median_block": round(median_share(spent, name), 4) for name in _SECONDS},
        **_memory(done, kib, options.warm_up),
    }


def made(data: Path, place: Path, count: int, largest: int, number: int) -> PhotoOf:
    """The photo with this number of `count`, as a file."""
    rows = lfw(data)
    row = rows[number * len(rows) // max(count, len(rows))]  # in order of person, all of them
    root = find_dataset("lfw").root(data)
    path = place / f"{number % 10_000:04}.img"
    with Image.open(root / row["path"]) as image:
        path.write_bytes(mixed_photo([image.convert("RGB")], number, (100, largest)))
    return PhotoOf(path, row["identity"], source=f"{number}.img")


@cache
def lfw(data: Path) -> list[dict[str, str]]:
    return sorted(find_dataset("lfw").rows(data), key=lambda row: row["path"])


def embedded(engine: Engine, items: Iterable[PhotoOf]) -> None:
    for _ in engine.stream([item.photo for item in items], errors="return"):
        pass


def enrolled(gallery: Gallery, engine: Engine, items: Iterable[PhotoOf], ended: dict[str, int]) -> None:
    for outcome in Enrolment(gallery, engine, Settings()).outcomes(items):
        name = how(outcome)
        ended[name] = ended.get(name, 0) + 1


def how(outcome: Outcome) -> str:
    """How it ended, with the first finding."""
    return f"{outcome.status}: {outcome.findings[0].kind}" if outcome.findings else str(outcome.status)


def share(spent: dict[str, list[dict[str, float]]], clock: str) -> float:
    """Pure embedding as a share of enrolment, over all blocks but the first, in which the networks are loaded."""
    pure, whole = (sum(row[clock] for row in spent[way][1:] or spent[way]) for way in ("pure", "enrolled"))
    return pure / whole


def median_share(spent: dict[str, list[dict[str, float]]], clock: str) -> float:
    """The same of each block, and the median of that: a busy moment of the machine counts once."""
    return float(np.median([a[clock] / b[clock] for a, b in zip(spent["pure"], spent["enrolled"], strict=True)][1:]))


def timed(call: Callable[[], object]) -> dict[str, float]:
    """Seconds of processor time and on the clock."""
    gc.collect()
    began = time.process_time(), time.perf_counter()
    call()
    return {"cpu": time.process_time() - began[0], "wall": time.perf_counter() - began[1]}


def new_gallery(engine: Engine, place: Path) -> Gallery:
    output = engine.embedder_card.output
    return create_gallery(
        place, model=engine.fingerprint, dimension=output.dimensions or 0, metric=output.metric or "cosine"
    )


def _memory(done: list[int], kib: list[int], warm_up: float) -> dict[str, Any]:
    figures = summary(np.array(done), np.array(kib), warm_up)
    return {f"memory_{name}": value for name, value in figures.items() if name != "count"}


def _add(total: dict[str, float], more: dict[str, float]) -> None:
    for name, value in more.items():
        total[name] += value


if __name__ == "__main__":
    run(main)
