"""What every benchmark shares: the machine's description, processor time, progress, and results as JSON.

Times are processor time of the whole process, so that work done in any thread counts and other programs do not.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import statistics
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from visavis.errors import VisavisError
from visavis.storage import write_atomic

HERE = Path(__file__).parent
CACHE = HERE / "cache"
"""What must not be published: templates, plots and contact sheets of research photos. Ignored by git."""
RESULTS = HERE / "results"
"""Figures only; `page.py` writes them into the documentation."""
SHARED_DATA = HERE.parents[1] / "shared" / "data"
_PACKAGES = ("visavis", "numpy", "pillow", "onnxruntime", "dlib-bin")


@dataclass(frozen=True, slots=True)
class Timing:
    """Milliseconds of repeated calls, in the order of the calls.

    Attributes:
        cpu: processor time.
        wall: time on the clock.
    """

    cpu: tuple[float, ...]
    wall: tuple[float, ...]

    def per(self, items: int) -> Timing:
        """The same for one of `items` that each call handled."""
        return Timing(tuple(t / items for t in self.cpu), tuple(t / items for t in self.wall))

    def to_dict(self) -> dict[str, float]:
        """Least, median and 95th percentile of both."""
        return {
            f"{clock}_{name}": round(value, 3)
            for clock, times in (("cpu", self.cpu), ("wall", self.wall))
            for name, value in (("min", min(times)), ("median", statistics.median(times)), ("p95", p95(times)))
        }


def p95(times: tuple[float, ...]) -> float:
    """The value that 95 % of the times do not exceed."""
    return sorted(times)[max(0, -(-95 * len(times) // 100) - 1)]


def interleaved(calls: Mapping[str, Callable[[], object]], rounds: int, warm_up: int = 1) -> dict[str, Timing]:
    """Time the calls in turn, A B A B ..., so that a busy moment of the machine hits them alike."""
    for _ in range(warm_up):
        for call in calls.values():
            call()
    cpu: dict[str, list[float]] = {name: [] for name in calls}
    wall: dict[str, list[float]] = {name: [] for name in calls}
    for _ in range(rounds):
        for name, call in calls.items():
            began, began_cpu = time.perf_counter(), time.process_time()
            call()
            cpu[name].append(1e3 * (time.process_time() - began_cpu))
            wall[name].append(1e3 * (time.perf_counter() - began))
    return {name: Timing(tuple(cpu[name]), tuple(wall[name])) for name in calls}


def ratio(slow: Timing, fast: Timing) -> dict[str, float]:
    """How many times faster `fast` is, from processor time: of both minima, and of each round's pair."""
    pairs = sorted(a / b for a, b in zip(slow.cpu, fast.cpu, strict=True))
    ends = {"of_minima": min(slow.cpu) / min(fast.cpu), "median": statistics.median(pairs)}
    return {name: round(value, 2) for name, value in {**ends, "low": pairs[0], "high": pairs[-1]}.items()}


class Laps:
    """Processor time of consecutive stages: `lap(name)` ends the stage that began at the last lap."""

    def __init__(self) -> None:
        self.ms: dict[str, float] = {}
        self._since = time.process_time()

    def lap(self, name: str) -> None:
        now = time.process_time()
        self.ms[name] = self.ms.get(name, 0.0) + 1e3 * (now - self._since)
        self._since = time.process_time()


def least_stages(passes: list[dict[str, float]]) -> dict[str, float]:
    """For every stage the least of all passes."""
    return {name: round(min(stages[name] for stages in passes), 3) for name in passes[0]}


def machine() -> dict[str, Any]:
    """Processor, cores, vector units and package versions: what a reader needs to judge a time."""
    processor, flags = _processor()
    return {
        "processor": processor,
        "cores": usable_cores(),
        "vector_units": [flag for flag in ("avx2", "fma", "avx512f", "avx512_vnni", "avx512_bf16") if flag in flags],
        "system": f"{platform.system()} {platform.machine()}",
        "python": platform.python_version(),
        "versions": {name: _version(name) for name in _PACKAGES},
        "load_average": round(os.getloadavg()[0], 2) if hasattr(os, "getloadavg") else None,
    }


def usable_cores() -> int:
    """Cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def describe(facts: Mapping[str, Any]) -> str:
    """One line of `machine()` for people."""
    versions = ", ".join(f"{name} {number}" for name, number in facts["versions"].items())
    units = " ".join(facts["vector_units"]) or "no known vector units"
    return f"{facts['processor']}, {facts['cores']} cores, {units}; load {facts['load_average']}; {versions}"


def progress(label: str) -> Callable[[int, int], None]:
    """A callback (done, all) that keeps one line on stderr up to date."""

    def show(done: int, total: int) -> None:
        print(f"\r{label}: {done}/{total}", end="\n" if done == total else "", file=sys.stderr, flush=True)

    return show


def arguments(description: str, name: str) -> argparse.ArgumentParser:
    """A parser with what all benchmarks take: where to write figures, and where the photos are."""
    parser = argparse.ArgumentParser(description=description, formatter_class=argparse.ArgumentDefaultsHelpFormatter)
    parser.add_argument("--json", type=Path, default=RESULTS / f"{name}.json", metavar="FILE", help="figures go here")
    parser.add_argument("--data", type=Path, default=SHARED_DATA, metavar="DIR", help="folder of the research photos")
    return parser


def write_json(path: Path, figures: Mapping[str, Any]) -> None:
    """Write figures with the machine that they were measured on."""
    path.parent.mkdir(parents=True, exist_ok=True)
    write_atomic(path, (json.dumps({"machine": machine(), **figures}, indent=1, allow_nan=False) + "\n").encode())
    print(f"figures: {path}", file=sys.stderr)


def run(main: Callable[[], None]) -> None:
    """Run a script; what visavis or its data lack ends it with one clear line."""
    try:
        main()
    except VisavisError as error:
        sys.exit(f"error: {error}")


def _processor() -> tuple[str, set[str]]:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor() or "unknown processor", set()
    facts = {key.strip(): value.strip() for key, _, value in (line.partition(":") for line in lines)}
    family = f" (family {facts['cpu family']}, model {facts['model']})" if "cpu family" in facts else ""
    return facts.get("model name", "unknown processor") + family, set(facts.get("flags", "").split())


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return "not installed"
