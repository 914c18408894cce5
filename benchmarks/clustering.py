"""Clustering: every method with its default settings, next to DBSCAN at the setting that the labels say is best.

    python benchmarks/clustering.py                      # everything
    python benchmarks/clustering.py --only accuracy      # photos; templates are kept in benchmarks/cache
    python benchmarks/clustering.py --only scale --faces 20000

Accuracy. The shares of `visavis.matching.clustering.thresholds.SHARES` (the FMR of the default threshold is share /
sqrt(faces)) were tuned on three sets: the half of LFW's people that the card was calibrated on, the YTF frames, and
celebrities_small; for average linkage also on random parts of them of 50 to 4,000 faces, where the best FMR fell with
the square root of the number of faces. They are judged on LFW's other half; all of LFW is the two halves together.
DBSCAN (scikit-learn) is tried at all settings of a grid on the very templates that are judged, and its best BCubed F
by the labels stands beside: no user can reach it without labels. Faces in no cluster count as clusters of one, for all.

Scale. Templates made up so that mated and non-mated similarities lie about where the card's tables have them, people
with a heavy-tailed number of faces, one to four faces a photo (cannot-link). Each method runs in a process of its own,
whose peak memory is that of the whole process, libraries included.
"""

from __future__ import annotations

import argparse
import multiprocessing
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from _datasets import find_dataset
from _kept_templates import Kept, OurPipeline
from _machine import arguments, progress, run, write_json
from calibrate_card import in_fitting_half
from visavis.bench.clustering_labels import agreement
from visavis.bench.clustering_metrics import bcubed
from visavis.errors import MissingExtra
from visavis.face.engine import Engine
from visavis.matching.clustering import (
    METHODS,
    Apart,
    ClusterSettings,
    Method,
    assign,
    calibrated_threshold,
    cluster_faces,
)
from visavis.models import find_card
from visavis.models.calibration import Calibration

EPS = np.arange(0.25, 0.7, 0.005)
MIN_SAMPLES = (1, 2, 3, 4, 5)
DRAWS = 1000
NEW_FACES = 1000
TUNED_ON = ("lfw, calibration half", "ytf_frames", "celebrities_small")

Vectors = NDArray[np.float32]
Labels = NDArray[np.int64]


def main() -> None:
    parser = arguments(str(__doc__).partition("\n")[0], "clustering")
    parser.add_argument("--only", nargs="+", choices=("accuracy", "scale"), default=("accuracy", "scale"))
    parser.add_argument("--faces", type=int, default=100_000, help="templates of the scale part")
    options = parser.parse_args()
    figures: dict[str, Any] = {}
    if "accuracy" in options.only:
        figures["accuracy"] = accuracy(options.data)
    if "scale" in options.only:
        figures["scale"] = scale(options)
    write_json(options.json, figures)


def accuracy(data: Path) -> dict[str, Any]:
    """All methods and the oracle on all sets."""
    engine = Engine()
    calibration = engine.embedder_card.calibration["plain"]
    outcomes = {}
    for name, (templates, people) in labelled_sets(data, engine).items():
        outcomes[name] = {
            "tuned_on": name in TUNED_ON,
            "faces": len(people),
            "people": len(np.unique(people)),
            **compared(templates, people, calibration),
        }
        show(name, outcomes[name])
    return {"model": engine.fingerprint, "sets": outcomes}


def labelled_sets(data: Path, engine: Engine) -> dict[str, tuple[Vectors, NDArray[np.str_]]]:
    """Templates and people by name of the set; LFW as a whole and in halves."""
    sets = {}
    for name in ("celebrities_small", "ytf_frames", "lfw"):
        dataset = find_dataset(name)
        rows, root = dataset.rows(data), dataset.root(data)
        images = [row["path"] for row in rows]
        kept = Kept(name, OurPipeline("visavis", engine)).embedded(root, images, progress(name))
        sets[name] = kept.templates[kept.found], dataset.identities(data, images)[kept.found]
    templates, people = sets.pop("lfw")
    fitting = np.array([in_fitting_half(person.rpartition("/")[2]) for person in people])
    return {
        "lfw, judged half": (templates[~fitting], people[~fitting]),
        "lfw, all": (templates, people),
        "lfw, calibration half": (templates[fitting], people[fitting]),
        **sets,
    }


def compared(templates: Vectors, people: NDArray[np.str_], calibration: Calibration) -> dict[str, Any]:
    """Every method's figures, the oracle's, and what lies between them and the oracle."""
    best, setting = dbscan_oracle(templates, people)
    methods = {}
    for method in METHODS:
        threshold = calibrated_threshold(calibration, len(people), method)
        found = cluster_faces(templates, threshold, "euclidean", ClusterSettings(method)).labels
        low, high = difference_interval(people, found, best)
        methods[method] = {
            "fmr": threshold.fmr,
            "threshold": threshold.similarity,
            "clusters": int(found.max() + 1),
            "unassigned": int((found < 0).sum()),
            **agreement(people, found).to_dict(),
            "bcubed_f_less_oracle": bcubed(people, found).f - bcubed(people, best).f,
            "interval": [low, high],
        }
    return {"methods": methods, "dbscan_oracle": {**setting, **agreement(people, best).to_dict()}}


def dbscan_oracle(templates: Vectors, people: NDArray[np.str_]) -> tuple[Labels, dict[str, float]]:
    """The labels of DBSCAN's best setting, and which it is.

    Raises:
        MissingExtra: scikit-learn is not installed.
    """
    try:
        from sklearn.cluster import DBSCAN
        from sklearn.neighbors import NearestNeighbors, sort_graph_by_row_values
    except ImportError as problem:
        raise MissingExtra('the oracle needs scikit-learn: pip install "visavis[cluster]"') from problem
    near = NearestNeighbors(radius=EPS[-1]).fit(templates).radius_neighbors_graph(mode="distance")
    near = sort_graph_by_row_values(near, warn_when_not_sorted=False)
    best, setting, most = np.zeros(0, np.int64), {}, -1.0
    for eps in EPS.tolist():
        for least in MIN_SAMPLES:
            labels = DBSCAN(eps=eps, min_samples=least, metric="precomputed").fit(near).labels_
            if (f := bcubed(people, labels).f) > most:
                best, setting, most = labels, {"eps": round(eps, 3), "min_samples": least}, f
    return best, setting


def difference_interval(
    people: NDArray[np.str_], first: Labels, second: Labels, draws: int = DRAWS
) -> tuple[float, float]:
    """95 % of the differences in BCubed F when people are drawn anew, the clusters being as they are."""
    who = np.unique(people, return_inverse=True)[1]
    sums = []
    for labels in (first, second):
        precision, recall = bcubed_by_face(who, labels)
        sums.append((np.bincount(who, precision), np.bincount(who, recall)))
    faces, rng, found = np.bincount(who), np.random.default_rng(0), []
    for _ in range(draws):
        times = np.bincount(rng.integers(len(faces), size=len(faces)), minlength=len(faces))
        shares = [(times @ p, times @ r) for p, r in sums]
        scores = [2 * p * r / (p + r) / (times @ faces) for p, r in shares]
        found.append(scores[0] - scores[1])
    low, high = np.quantile(found, [0.025, 0.975])
    return float(low), float(high)


def bcubed_by_face(who: Labels, labels: Labels) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """(n,) BCubed precision and recall of every face; their means are those of the whole."""
    apart = np.where(labels < 0, labels.max() + 1 + np.arange(len(labels)), labels)
    cluster = np.unique(apart, return_inverse=True)[1]
    _, place, both = np.unique(who * len(who) + cluster, return_inverse=True, return_counts=True)
    return both[place] / np.bincount(cluster)[cluster], both[place] / np.bincount(who)[who]


def show(name: str, outcome: dict[str, Any]) -> None:
    print(f"{name}: {outcome['faces']} faces of {outcome['people']} people")
    rows = {**outcome["methods"], "DBSCAN, oracle": outcome["dbscan_oracle"]}
    for method, row in rows.items():
        scores = f"BCubed F {row['bcubed']['f']:.4f}, pairwise F {row['pairwise']['f']:.4f}, NMI {row['nmi']:.4f}"
        more = f", {row['bcubed_f_less_oracle']:+.4f} {row['interval']}" if "interval" in row else ""
        print(f"  {method:<15} {scores}{more}")


def scale(options: argparse.Namespace) -> dict[str, Any]:
    """Time and memory of every method, each in a process of its own."""
    _, owner, photos = made_up(options.faces)
    sizes = np.bincount(owner)
    outcome: dict[str, Any] = {
        "faces": options.faces,
        "people": len(sizes),
        "largest_people": np.sort(sizes)[::-1][:5].tolist(),
        "photos": int(photos.max() + 1),
        "similarities": likeness(options.faces),
        "runs": {},
    }
    spawn = multiprocessing.get_context("spawn")
    for method, dimension in [*((method, 128) for method in METHODS), ("average", 512)]:
        with spawn.Pool(1) as pool:
            row = pool.apply(timed, (method, options.faces, dimension))
        outcome["runs"][f"{method}, {dimension} numbers"] = row
        print(f"{method}, {dimension}: {row}", file=sys.stderr)
    return outcome


def timed(method: Method, faces: int, dimension: int) -> dict[str, float]:
    """One run, in this process."""
    templates, owner, photos = made_up(faces + NEW_FACES, dimension)
    known, calibration = templates[:faces], find_card("dlib-resnet").calibration["plain"]
    apart = Apart(faces).photos(photos[:faces].tolist())
    threshold = calibrated_threshold(calibration, faces, method)
    before = mebibytes()
    found, seconds, cpu = clocked(
        lambda: cluster_faces(known, threshold, "euclidean", ClusterSettings(method), apart=apart)
    )
    peak = mebibytes()
    both = Apart(len(owner)).photos(photos.tolist())
    _, adding, _ = clocked(lambda: assign(found, known, templates[faces:], apart=both))
    return {
        "seconds": round(seconds, 1),
        "cpu_seconds": round(cpu, 1),
        "peak_mib": round(peak),
        "before_mib": round(before),
        "clusters": len(found.clusters),
        "threshold": threshold.similarity,
        "bcubed_f": round(bcubed(owner[:faces], found.labels).f, 4),
        "bcubed_precision": round(bcubed(owner[:faces], found.labels).precision, 4),
        f"seconds_to_add_{NEW_FACES}": round(adding, 1),
    }


def clocked(call: Callable[[], Any]) -> tuple[Any, float, float]:
    """What a call gives, its time on the clock and its processor time."""
    began, began_cpu = time.perf_counter(), time.process_time()
    value = call()
    return value, time.perf_counter() - began, time.process_time() - began_cpu


def mebibytes() -> float:
    """The most memory that this process has held so far; NaN where the system does not tell.

    Not `resource.getrusage`: on Linux its figure begins with what the parent held.
    """
    try:
        lines = Path("/proc/self/status").read_text(encoding="utf-8").splitlines()
    except OSError:
        return float("nan")
    return next(float(line.split()[1]) / 1024 for line in lines if line.startswith("VmHWM"))


def made_up(faces: int, dimension: int = 128, seed: int = 0) -> tuple[Vectors, Labels, Labels]:
    """Templates, their people, and their photos, in random order.

    A person has min(5000, u^(-1/1.1)) faces, u being uniform: half of the people have one, a few have thousands.
    People differ along 30 directions, faces of one person along 45, of which 15 are the same; a face's own deviation
    is lognormal. That brings both kinds of similarity near the tables of dlib's card, see `likeness`.
    """
    rng = np.random.default_rng(seed)
    sizes = np.minimum(5000, (1 - rng.random(faces)) ** (-1 / 1.1)).astype(int)
    owner = rng.permutation(np.repeat(np.arange(faces), sizes)[:faces])
    between = np.linalg.qr(rng.normal(size=(dimension, 30)))[0].T
    within = np.linalg.qr(np.concatenate([between[:15], rng.normal(size=(30, dimension))]).T)[0].T
    centres = rng.normal(size=(int(owner.max()) + 1, 30)) * np.sqrt(0.49 / 2 / 30)
    spread = np.sqrt(0.2 / 2 / 45) * np.exp(0.22 * rng.normal(size=faces))
    templates = np.empty((faces, dimension), np.float32)
    for start in range(0, faces, 8192):
        rows = slice(start, start + 8192)
        noise = rng.normal(size=(len(owner[rows]), 45)) * spread[rows, None]
        templates[rows] = centres[owner[rows]] @ between + noise @ within
    photos = np.repeat(np.arange(faces), rng.integers(1, 5, faces))[:faces]
    return templates, owner, photos


def likeness(faces: int) -> dict[str, dict[str, float]]:
    """Where the made-up similarities lie, next to the card: non-mated quantiles by FMR, mated ones by FNMR."""
    templates, owner, _ = made_up(faces)
    rng, order = np.random.default_rng(1), np.argsort(owner, kind="stable")
    first, second = rng.integers(faces, size=(2, 400_000))
    other = owner[first] != owner[second]
    nonmated = 1 - np.linalg.norm(templates[first[other]] - templates[second[other]], axis=1)
    same = np.flatnonzero(np.diff(owner[order]) == 0)
    mated = 1 - np.linalg.norm(templates[order[same]] - templates[order[same + 1]], axis=1)
    card = find_card("dlib-resnet").calibration["plain"]
    return {
        "fmr": {f"{rate:g}": round(float(np.quantile(nonmated, 1 - rate)), 3) for rate in (1e-4, 1e-3, 1e-2)},
        "card_fmr": {f"{rate:g}": round(at, 3) for rate, at in card.fmr if rate in (1e-4, 1e-3, 1e-2)},
        "fnmr": {f"{rate:g}": round(float(np.quantile(mated, rate)), 3) for rate in (0.02, 0.1, 0.5)},
        "card_fnmr": {f"{rate:g}": round(at, 3) for rate, at in card.fnmr if rate in (0.02, 0.1, 0.5)},
    }


if __name__ == "__main__":
    run(main)
