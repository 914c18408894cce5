"""Open-set identification: does a threshold that a gallery sets for itself keep the FPIR that it states?

    python benchmarks/gallery_identification.py
    python benchmarks/gallery_identification.py --only celebrities_small

Four parts. LFW: the split of `identification.csv`. celebrities_small: 20 splits by a fixed rule, since 21 people make
one split say little. Coverage: 100 splits of LFW's people into halves at random, one photo each; how often the FPIR on
the half that is not enrolled lies in the interval that the other half stated. Fusion: LFW's people with four photos or
more, three of them references, under both ways to fuse their scores. Failures to find a face count as errors.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from pathlib import Path
from typing import Any, get_args

import numpy as np
from numpy.typing import NDArray

from _datasets import Dataset, find_dataset
from _kept_templates import Kept, OurPipeline
from _machine import CACHE, arguments, progress, run, write_json
from visavis.bench.embedding import Embedded
from visavis.bench.identification import IdentificationReport, report_identification
from visavis.bench.identification_list import IdentificationList, read_identification
from visavis.bench.identification_search import gallery_searches, search
from visavis.bench.report import save_identification_report
from visavis.face.engine import Engine
from visavis.matching.identification import Fusion, rate_interval, set_threshold
from visavis.models.calibration import Calibration

RATES = (0.01, 0.02, 0.05, 0.1)
SPLITS = 20
HALVES = 100
_MOST_REFERENCES = 5
_REFERENCES = 3


def main() -> None:
    parser = arguments(__doc__.partition("\n")[0], "gallery_identification")
    parser.add_argument("--only", nargs="+", choices=("lfw", "celebrities_small"), default=("lfw", "celebrities_small"))
    options = parser.parse_args()
    engine = Engine()
    calibration = engine.embedder_card.calibration["plain"]
    figures: dict[str, Any] = {"model": engine.fingerprint}
    if "lfw" in options.only:
        figures["lfw"] = lfw(options.data, engine, calibration)
        figures["fusion"] = fusions(options.data, engine, calibration)
        figures["coverage"] = coverage(options.data, engine, calibration)
    if "celebrities_small" in options.only:
        figures["celebrities_small"] = celebrities(options.data, engine, calibration)
    write_json(options.json, figures)


def lfw(data: Path, engine: Engine, calibration: Calibration) -> dict[str, Any]:
    """The split that comes with the data."""
    root = find_dataset("lfw").root(data)
    listed = read_identification(root / "identification.csv", root)
    kept = Kept("lfw", OurPipeline("visavis", engine)).embedded(root, listed.images, progress("lfw"))
    report = report_identification(listed, kept, "euclidean", calibration, RATES)
    save_identification_report(report, CACHE / "identification" / "lfw")
    return anonymous(report)


def celebrities(data: Path, engine: Engine, calibration: Calibration) -> dict[str, Any]:
    """All splits of the fixed rule, and what they give together."""
    dataset = find_dataset("celebrities_small")
    root, rows = dataset.root(data), dataset.rows(data)
    images, people = tuple(row["path"] for row in rows), np.array([f"{r['source_set']}/{r['identity']}" for r in rows])
    kept = Kept(dataset.name, OurPipeline("visavis", engine)).embedded(root, images, progress(dataset.name))
    reports = []
    for split in range(SPLITS):
        chosen, roles = split_roles(images, people, split)
        listed = IdentificationList(
            f"{dataset.name}, split {split}", root, tuple(images[i] for i in chosen), roles, people[chosen]
        )
        part = Embedded(kept.templates[chosen], kept.missed, kept.model, kept.seconds)
        reports.append((listed, report_identification(listed, part, "euclidean", calibration, RATES)))
    return {
        "splits": SPLITS,
        "people": [report.people for _, report in reports],
        "faces_missed": len(kept.missed),
        "rank_1": _mean([report.rank_rate(1) for _, report in reports]),
        "points": {f"{rate:g}": pooled(reports, rate) for rate in RATES},
    }


def split_roles(
    images: tuple[str, ...], people: NDArray[np.str_], split: int
) -> tuple[NDArray[np.int64], NDArray[np.str_]]:
    """The fixed rule: a hash of split and name enrols about half of the people who have two photos or more.

    Of an enrolled person the first half of the photos in order of path, five at most, are references, the rest mated
    probes; all photos of the others are non-mated probes.

    Returns: (n,) places in `images` and (n,) their roles.
    """
    photos: dict[str, list[int]] = defaultdict(list)
    for place in sorted(range(len(images)), key=lambda i: images[i]):
        photos[str(people[place])].append(place)
    chosen, roles = [], []
    for person, places in photos.items():
        enrolled = len(places) > 1 and hashlib.sha256(f"{split} {person}".encode()).digest()[0] % 2 == 0
        references = min(len(places) // 2, _MOST_REFERENCES) if enrolled else 0
        chosen += places
        roles += ["gallery"] * references
        roles += ["probe_mated" if enrolled else "probe_nonmated"] * (len(places) - references)
    return np.array(chosen), np.array(roles)


def pooled(reports: list[tuple[IdentificationList, IdentificationReport]], rate: float) -> dict[str, Any]:
    """One rate over all splits: means, how often the achieved FPIR was inside, and all false positives together."""
    both = [
        (listed, report, point) for listed, report in reports for point in report.points if point.threshold.fpir == rate
    ]
    if not both:
        return {"unset": len(reports)}
    false, people = [], []
    for listed, report, point in both:
        false.append(report.nonmated_searches.best >= point.threshold.threshold)
        people.append(listed.identities[listed.rows("probe_nonmated")])
    together = rate_interval(np.concatenate(false), np.concatenate(people))
    return {
        "unset": len(reports) - len(both),
        "tpir": _mean([point.tpir for *_, point in both]),
        "fpir_pooled": together.rate,
        "fpir_pooled_interval": [together.low, together.high],
        "searches": together.searches,
        "stated_low": _mean([point.threshold.low for *_, point in both]),
        "stated_high": _mean([point.threshold.high for *_, point in both]),
        "splits_inside": sum(point.inside for *_, point in both),
        "splits_compatible": sum(point.compatible for *_, point in both),
        "methods": sorted({point.threshold.method for *_, point in both}),
    }


def coverage(data: Path, engine: Engine, calibration: Calibration) -> dict[str, Any]:
    """Random halves of LFW's people: one enrolled, the other searching."""
    dataset = find_dataset("lfw")
    images, people = first_photos(dataset, data)
    kept = Kept("lfw", OurPipeline("visavis", engine)).embedded(dataset.root(data), images, progress("lfw"))
    vectors, rng = kept.templates, np.random.default_rng(0)
    inside: dict[float, list[bool]] = defaultdict(list)
    rows: dict[float, list[tuple[float, float, float]]] = defaultdict(list)
    for _ in range(HALVES):
        order = rng.permutation(len(people))
        enrolled, others = order[: len(order) // 2], order[len(order) // 2 :]
        own = gallery_searches(vectors[enrolled], people[enrolled], "euclidean", "max")
        best = search(vectors[others], people[others], vectors[enrolled], people[enrolled], "euclidean", "max").best
        size = (len(enrolled), len(enrolled))
        for rate in RATES:
            threshold = set_threshold(own, calibration, rate, enrolled=size, model=engine.fingerprint)
            achieved = float((best >= threshold.threshold).mean())
            inside[rate].append(threshold.low <= achieved <= threshold.high)
            rows[rate].append((achieved, threshold.low, threshold.high))
    return {
        "people": len(people),
        "halves": HALVES,
        "points": {
            f"{rate:g}": {
                "inside": int(sum(inside[rate])),
                **dict(zip(("fpir", "low", "high"), np.mean(rows[rate], axis=0).tolist(), strict=True)),
            }
            for rate in RATES
        },
    }


def fusions(data: Path, engine: Engine, calibration: Calibration) -> dict[str, Any]:
    """Both ways to fuse the scores of three references, on the same photos."""
    dataset = find_dataset("lfw")
    photos: dict[str, list[str]] = defaultdict(list)
    for row in sorted(dataset.rows(data), key=lambda row: row["path"]):
        photos[row["identity"]].append(row["path"])
    triples = []
    for person, paths in photos.items():
        enrolled = len(paths) > _REFERENCES
        for place, path in enumerate(paths if enrolled else paths[:1]):
            role = "probe_nonmated" if not enrolled else "gallery" if place < _REFERENCES else "probe_mated"
            triples.append((role, person, path))
    roles, people, images = zip(*triples, strict=True)
    listed = IdentificationList("lfw, three references", dataset.root(data), images, np.array(roles), np.array(people))
    kept = Kept("lfw", OurPipeline("visavis", engine)).embedded(listed.root, images, progress("lfw"))
    return {
        how: anonymous(report_identification(listed, kept, "euclidean", calibration, RATES, how))
        for how in get_args(Fusion)
    }


def first_photos(dataset: Dataset, data: Path) -> tuple[list[str], NDArray[np.str_]]:
    """One photo of every person: the first by path."""
    first: dict[str, str] = {}
    for row in sorted(dataset.rows(data), key=lambda row: row["path"]):
        first.setdefault(row["identity"], row["path"])
    return list(first.values()), np.array(list(first))


def anonymous(report: IdentificationReport) -> dict[str, Any]:
    """Figures only: no names and no paths."""
    figures = report.to_dict()
    missed = len(figures.pop("missed"))
    return {**{k: v for k, v in figures.items() if k not in ("source", "seconds")}, "faces_missed": missed}


def _mean(values: list[float]) -> float:
    return float(np.mean(values))


if __name__ == "__main__":
    run(main)
