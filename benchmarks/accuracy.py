"""Accuracy on the research photos: visavis in three settings and the dlib pipeline on the same pairs in the same run.

    python benchmarks/accuracy.py                         # everything; the dlib side of LFW takes a while
    python benchmarks/accuracy.py --only deepface_pairs orl_faces
    python benchmarks/accuracy.py --limit 200             # a quick look

Protocol: `visavis.bench.pairs`. A photo without a face makes its pairs errors for the pipeline that missed it.
Templates are kept in benchmarks/cache per data set, pipeline and code, so that a stopped run goes on. The failures go
there too, as contact sheets for local looking; only figures leave that folder.
"""

from __future__ import annotations

import argparse
import functools
import math
import multiprocessing
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from _datasets import DATASETS, Dataset, find_dataset
from _dlib_pipeline import DlibPipeline
from _kept_templates import QUALITIES, Kept, OurPipeline, Pipeline
from _machine import CACHE, arguments, describe, machine, progress, run, usable_cores, write_json
from visavis.bench.contact_sheet import save_failures
from visavis.bench.embedding import Embedded, MissedImage
from visavis.bench.metrics import Interval, identity_interval
from visavis.bench.pair_list import PairList
from visavis.bench.pairs import PairsReport, report_pairs
from visavis.errors import MissingExtra, VisavisError
from visavis.face.engine import Engine
from visavis.matching.templates import pool
from visavis.types import Faces, Template

CUSTOMARY = 0.4
"""Similarity at dlib's customary distance of 0.6."""
PEER = "dlib"
_FAILURES = CACHE / "failures"


@dataclass(frozen=True, eq=False, slots=True)
class Outcome:
    """One pipeline on one pairs list."""

    report: PairsReport
    identities: tuple[NDArray[np.str_], NDArray[np.str_]]
    """Of the first and second photo of every pair."""

    @property
    def correct(self) -> NDArray[np.bool_]:
        return self.report.accuracy.correct

    def to_dict(self) -> dict[str, Any]:
        """Figures only: no names and no paths."""
        report, at_customary = self.report, (self.report.scores >= CUSTOMARY) == self.report.same
        errors = [error.kind for error in report.errors]
        return {
            "accuracy": report.accuracy.mean,
            "accuracy_stderr": report.accuracy.stderr,
            "interval": asdict(identity_interval(self.correct, *self.identities)),
            "accuracy_at_distance_0.6": float((at_customary & ~np.isnan(report.scores)).mean()),
            "threshold": float(np.median(report.accuracy.thresholds)),
            "auc": report.auc,
            "eer": report.eer,
            "fnmr_at_fmr": {f"{rate:g}": value for rate, value in report.fnmr_at_fmr.items()},
            "fnmr_at_fmr_compared": {f"{rate:g}": value for rate, value in report.fnmr_at_fmr_compared.items()},
            "cllr": report.cllr,
            "min_cllr": report.min_cllr,
            "images": report.images,
            "faces_missed": report.faces_missed,
            "pairs_missed": report.pairs_missed,
            "errors": {kind: errors.count(kind) for kind in ("false match", "false non-match", "no face")},
        }


class DlibInProcesses:
    """The dlib pipeline in as many processes as there are cores, for it uses one core each."""

    name = PEER

    def __init__(self, workers: Any) -> None:
        self._workers = workers
        self.fingerprint = DlibPipeline().fingerprint

    def faces_batch(self, images: Sequence[str], /) -> Sequence[Faces | VisavisError]:
        """As `DlibPipeline.faces_batch`."""
        found: Sequence[Faces | VisavisError] = self._workers.map(_dlib_faces, images, chunksize=4)
        return found


_own_pipeline = functools.cache(DlibPipeline)  # one per process


def _dlib_faces(image: str) -> Faces | VisavisError:
    return _own_pipeline().faces_batch([image])[0]


def main() -> None:
    options = parse()
    print(describe(machine()))
    figures: dict[str, Any] = {"limit": options.limit, "lists": {}}
    with ExitStack() as stack:
        pipelines = make_pipelines(options, stack)
        for dataset in map(find_dataset, options.only):
            for name, outcomes in measure(dataset, options.data, pipelines, options.limit).items():
                figures["lists"][f"{dataset.name}/{name}"] = row = summary(outcomes)
                show(f"{dataset.name}/{name}", row)
                write_json(options.json, figures)


def parse() -> argparse.Namespace:
    names = [dataset.name for dataset in DATASETS]
    parser = arguments(str(__doc__).partition("\n")[0], "accuracy")
    parser.add_argument("--only", nargs="+", choices=names, default=names, metavar="SET", help="data sets")
    parser.add_argument("--limit", type=int, help="take about this many pairs of every list")
    parser.add_argument("--without-dlib", action="store_true", help="only our own pipelines")
    return parser.parse_args()


def make_pipelines(options: argparse.Namespace, stack: ExitStack) -> list[Pipeline]:
    """Ours plain, with flip fusion and with dlib's alignment, and the peer."""
    ours = {"visavis": Engine(), "visavis+flip": Engine(flip=True), "visavis+dlib5": Engine(align="dlib5")}
    pipelines: list[Pipeline] = [OurPipeline(name, engine) for name, engine in ours.items()]
    if not options.without_dlib:
        workers = stack.enter_context(multiprocessing.get_context("spawn").Pool(usable_cores()))
        try:
            pipelines.append(DlibInProcesses(workers))
        except MissingExtra as problem:
            raise MissingExtra(f"{problem}; or leave it out: --without-dlib") from problem
    return pipelines


def measure(
    dataset: Dataset, data: Path, pipelines: Sequence[Pipeline], limit: int | None
) -> dict[str, dict[str, Outcome]]:
    """Outcomes by pairs list and pipeline."""
    outcomes: dict[str, dict[str, Outcome]] = {}
    for pipeline in pipelines:
        kept = Kept(dataset.name, pipeline)
        seen = progress(f"{dataset.name}, {pipeline.name}")
        for name in dataset.pairs:
            pairs = dataset.read(data, name, limit)
            report = report_pairs(pairs, kept.embedded(pairs.root, pairs.images, seen), "euclidean")
            outcomes.setdefault(name, {})[pipeline.name] = outcome(
                report, pairs, dataset.identities(data, pairs.images)
            )
            save_failures(report, pairs.root, failures_file(dataset, name, pipeline))
        if dataset.sets and limit is None:
            pairs, embedded = pooled(dataset, data, kept, seen)
            people = np.array([name.partition("/")[0] for name in pairs.images])
            report = report_pairs(pairs, embedded, "euclidean")
            outcomes.setdefault(dataset.sets, {})[pipeline.name] = outcome(report, pairs, people)
    return outcomes


def pooled(dataset: Dataset, data: Path, kept: Kept, seen: Any) -> tuple[PairList, Embedded]:
    """Pairs of photo sets, and one template for every set: the mean of its photos, weighted by quality if known."""
    pairs, photos = dataset.read_sets(data)
    images = [image for name in pairs.images for image in photos[name]]
    single = kept.embedded(pairs.root, images, seen)
    worth = dict(zip(images, kept.qualities(images)[:, QUALITIES.index("summary")].tolist(), strict=True))
    rows = dict(zip(images, single.templates, strict=True))
    vectors = np.full((len(pairs.images), single.templates.shape[1]), np.nan, np.float32)
    missed = []
    for number, name in enumerate(pairs.images):
        usable = [i for i in photos[name] if not np.isnan(rows[i][0])]
        samples = [Template(rows[i], single.model, None if math.isnan(worth[i]) else worth[i]) for i in usable]
        if samples:
            vectors[number] = pool(samples).vector
        else:
            missed.append(MissedImage(name, "no face found in any photo of the set"))
    return pairs, Embedded(vectors, tuple(missed), single.model, seconds=math.nan)


def outcome(report: PairsReport, pairs: PairList, identities: NDArray[np.str_]) -> Outcome:
    return Outcome(report, (identities[pairs.first], identities[pairs.second]))


def failures_file(dataset: Dataset, pairs: str, pipeline: Pipeline) -> Path:
    _FAILURES.mkdir(parents=True, exist_ok=True)
    return _FAILURES / f"{dataset.name}-{Path(pairs).stem}-{pipeline.name}.jpg"


def summary(outcomes: dict[str, Outcome]) -> dict[str, Any]:
    """Figures of every pipeline on one list, and each of ours against the peer."""
    any_one = next(iter(outcomes.values())).report
    peer = outcomes.get(PEER)
    return {
        "pairs": any_one.pairs,
        "mated": any_one.mated,
        "pipelines": {name: outcome.to_dict() for name, outcome in outcomes.items()},
        "against_dlib": {name: paired(o, peer) for name, o in outcomes.items() if peer is not None and o is not peer},
    }


def paired(ours: Outcome, theirs: Outcome) -> dict[str, Any]:
    """Both pipelines' decisions on the same pairs: who alone was right how often, and what that proves.

    The p-value is McNemar's, exact, as if pairs were independent; the interval of the difference in accuracy draws
    people instead, since pairs share them.
    """
    ours_alone = int((ours.correct & ~theirs.correct).sum())
    theirs_alone = int((~ours.correct & theirs.correct).sum())
    difference = ours.correct.astype(float) - theirs.correct
    interval = identity_interval(difference, *ours.identities)
    return {
        "only_visavis_right": ours_alone,
        "only_dlib_right": theirs_alone,
        "difference": float(difference.mean()),
        "interval": asdict(interval),
        "p_value": mcnemar(ours_alone, theirs_alone),
    }


def mcnemar(first_alone: int, second_alone: int) -> float:
    """Exact two-sided p-value of McNemar's test: how likely so uneven a split of the disagreements is by chance."""
    total, fewer = first_alone + second_alone, min(first_alone, second_alone)
    return min(1.0, float(2 * sum(math.comb(total, k) for k in range(fewer + 1)) / 2**total))


def show(name: str, row: dict[str, Any]) -> None:
    print(f"\n{name}: {row['pairs']} pairs, {row['mated']} of them of one person")
    print(
        f"  {'':15} accuracy  95 % interval      at 0.6    AUC      EER     Cllr    FNMR@FMR            photos missed"
    )
    for label, figures in row["pipelines"].items():
        interval = Interval(**figures["interval"])
        rates = " ".join(f"{rate}:{value:.4f}" for rate, value in list(figures["fnmr_at_fmr"].items())[1:3])
        cost = "      -" if figures["cllr"] is None else f"{figures['cllr']:7.4f}"
        print(
            f"  {label:15} {figures['accuracy']:8.4f}  {interval.low:.4f} .. {interval.high:.4f}  "
            f"{figures['accuracy_at_distance_0.6']:.4f}  {figures['auc']:.5f}  {figures['eer']:.4f}  {cost}  "
            f"{rates:22} {figures['faces_missed']:4}"
        )
    for label, figures in row["against_dlib"].items():
        interval = Interval(**figures["interval"])
        print(
            f"  {label:15} against dlib: {figures['difference']:+.4f} ({interval.low:+.4f} .. {interval.high:+.4f}); "
            f"right alone {figures['only_visavis_right']} : {figures['only_dlib_right']}, p {figures['p_value']:.3f}"
        )


if __name__ == "__main__":
    run(main)
