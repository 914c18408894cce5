"""Does an engine's memory stay flat? Thousands of photos of mixed sizes and formats through one engine.

    python benchmarks/memory.py            # 10,000 photos
    python benchmarks/memory.py --count 1000

Photos are made in another process from numbered seeds, so that only the engine's memory is seen. Blocks of photos go
through `Engine.stream` and, photo by photo, through `Engine.faces` in turn. The slope of the resident memory after
warm-up is fitted by least squares; its standard error supposes independent samples and is therefore a little small.
"""

from __future__ import annotations

import argparse
import gc
import multiprocessing
from collections.abc import Iterator
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from _machine import CACHE, arguments, describe, machine, progress, run, write_json
from _photos import mixed_photo, portraits
from visavis.errors import DataError, MissingExtra
from visavis.face.engine import Engine
from visavis.types import Faces

_IN_FLIGHT = 16
"""Photos that may wait between the processes."""


def main() -> None:
    options = parse()
    print(describe(machine()))
    images, kib, faces = measure(Engine(threads=options.threads), options)
    facts = {"photos": portraits(options.data)[1], "through": options.through, "faces": faces}
    figures = {**facts, **summary(images, kib, options.warm_up)}
    show(figures)
    plot(CACHE / "memory.png", images, kib, figures)
    write_json(options.json, {**figures, "images": images.tolist(), "rss_kib": kib.tolist()})


def parse() -> argparse.Namespace:
    parser = arguments(str(__doc__).partition("\n")[0], "memory")
    parser.add_argument("--count", type=int, default=10_000, help="photos")
    parser.add_argument("--every", type=int, default=250, help="photos between two looks at the memory")
    ways = ("both", "stream", "faces")
    parser.add_argument("--through", choices=ways, default="both", help="in turn, or only one of them")
    parser.add_argument("--makers", type=int, default=1, help="processes that make photos")
    parser.add_argument("--threads", type=int, help="threads of the engine")
    parser.add_argument("--warm-up", type=float, default=0.2, help="share of the photos left out of the slope")
    return parser.parse_args()


def measure(engine: Engine, options: argparse.Namespace) -> tuple[NDArray[np.int64], NDArray[np.int64], int]:
    """Photos done, resident KiB at that moment, and the number of faces found in all."""
    count, every = options.count, options.every
    streamed = {"both": (True, False), "stream": (True,), "faces": (False,)}[options.through]
    seen, rss = progress("photos"), resident_kib()
    faces, images, kib = 0, [0], [rss()]
    with multiprocessing.get_context("spawn").Pool(options.makers) as maker:
        photos = made(maker, options.data, count)
        for number in range(-(-count // every)):
            block = islice(photos, every)
            found = engine.stream(block) if streamed[number % len(streamed)] else map(engine.faces, block)
            faces += sum(len(row) for row in found if isinstance(row, Faces))
            gc.collect()
            images.append(min((number + 1) * every, count))
            kib.append(rss())
            seen(images[-1], count)
    return np.array(images), np.array(kib), faces


def made(maker: Any, data: Path, count: int) -> Iterator[bytes]:
    """The encoded photos 0 to count - 1, a handful at a time."""
    for start in range(0, count, _IN_FLIGHT):
        yield from maker.map(partial(photo_number, data), range(start, min(start + _IN_FLIGHT, count)), chunksize=1)


def photo_number(data: Path, number: int) -> bytes:
    return mixed_photo(portraits(data)[0], number)


def resident_kib() -> Any:
    """A function that tells this process's resident memory.

    Raises:
        MissingExtra: psutil is not installed.
    """
    try:
        import psutil
    except ImportError as problem:
        raise MissingExtra('measuring memory needs psutil: pip install "visavis[bench]"') from problem
    process = psutil.Process()
    return lambda: process.memory_info().rss // 1024


def summary(images: NDArray[np.int64], kib: NDArray[np.int64], warm_up: float) -> dict[str, Any]:
    """Slope after warm-up, and the levels before and after."""
    settled = images >= warm_up * images[-1]
    per_image, stderr = slope(images[settled], kib[settled])
    return {
        "count": int(images[-1]),
        "warm_up_images": int(images[settled][0]),
        "slope_kib_per_image": round(per_image, 4),
        "slope_stderr": round(stderr, 4),
        "start_mib": round(int(kib[0]) / 1024, 1),
        "settled_mib": round(float(np.median(kib[settled])) / 1024, 1),
        "largest_mib": round(int(kib.max()) / 1024, 1),
    }


def slope(x: ArrayLike, y: ArrayLike) -> tuple[float, float]:
    """Slope of the least-squares line through (x, y), and its standard error.

    Raises:
        DataError: fewer than three points, which have no error.
    """
    a, b = np.asarray(x, np.float64), np.asarray(y, np.float64)
    if len(a) < 3:
        raise DataError(f"a slope needs three looks at the memory after warm-up, got {len(a)}; lower --every")
    a, b = a - a.mean(), b - b.mean()
    rise = a @ b / (a @ a)
    residual = b - rise * a
    return float(rise), float(np.sqrt(residual @ residual / (len(a) - 2) / (a @ a)))


def show(figures: dict[str, Any]) -> None:
    print(f"\n{figures['count']} photos, {figures['faces']} faces")
    levels = f"{figures['settled_mib']} MiB after warm-up (median), {figures['largest_mib']} MiB at most"
    print(f"  resident memory {figures['start_mib']} MiB at the start, {levels}")
    rise = f"{figures['slope_kib_per_image']:+.3f} +- {figures['slope_stderr']:.3f} KiB per photo"
    print(f"  slope after {figures['warm_up_images']} photos: {rise}")


def plot(path: Path, images: NDArray[np.int64], kib: NDArray[np.int64], figures: dict[str, Any]) -> None:
    """Resident memory over photos as PNG."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(8, 4), layout="constrained")
    axes = figure.subplots()
    axes.plot(images, kib / 1024, color="black")
    axes.axvline(figures["warm_up_images"], color="grey", linestyle="--")
    axes.set(xlabel="photos", ylabel="resident memory, MiB", ylim=(0, None))
    axes.set_title(f"{figures['slope_kib_per_image']:+.3f} KiB per photo after warm-up")
    path.parent.mkdir(exist_ok=True)
    figure.savefig(path)


if __name__ == "__main__":
    run(main)
