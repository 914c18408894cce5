"""Does quality foresee failure? Error-versus-reject curves of the quality summary and of each of its components.

    python benchmarks/quality_erc.py

Mated pairs of the research photos are left out, lowest quality first (of a pair: its worse photo), and the false
non-match rate of the rest is followed at a fixed threshold, that of FMR 1e-2 over all non-mated pairs. A measure's gain
is 1 if it leaves out exactly the pairs that fail, 0 if it does no better than chance, below 0 if it does worse:

    gain = (area under chance - area under the curve) / (area under chance - area under the ideal curve),

over 0 to 30 % left out. Chance is the flat line at the rate without any rejection. The interval draws people.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from _datasets import DATASETS, find_dataset
from _kept_templates import QUALITIES, Kept, OurPipeline
from _machine import CACHE, arguments, describe, machine, progress, run, write_json
from visavis.bench.metrics import error_versus_reject
from visavis.errors import DataError
from visavis.face.engine import Engine
from visavis.matching.error_rates import fmr_threshold
from visavis.matching.scores import paired_similarity

REJECTED = np.arange(0, 0.3001, 0.01)
_DRAWS = 200


def main() -> None:
    options = parse()
    print(describe(machine()))
    pipeline = OurPipeline("visavis", Engine())
    figures: dict[str, Any] = {"fmr": options.fmr, "rejected_up_to": float(REJECTED[-1]), "sets": {}}
    for name in options.only:
        scores, qualities, people, threshold = mated_pairs(pipeline, name, options.data, options.fmr)
        figures["sets"][name] = row = measure(scores, qualities, people, threshold)
        show(name, row)
        plot(CACHE / f"erc-{name}.png", scores, qualities, threshold, name)
    write_json(options.json, figures)


def parse() -> argparse.Namespace:
    parser = arguments(str(__doc__).partition("\n")[0], "quality_erc")
    names = [dataset.name for dataset in DATASETS]
    parser.add_argument(
        "--only", nargs="+", choices=names, default=["lfw", "ytf_frames"], metavar="SET", help="data sets"
    )
    parser.add_argument("--fmr", type=float, default=1e-2, help="false-match rate of the fixed threshold")
    return parser.parse_args()


def mated_pairs(
    pipeline: OurPipeline, name: str, data: Path, rate: float
) -> tuple[NDArray[np.float64], NDArray[np.float32], NDArray[np.str_], float]:
    """Mated scores, (m, 6) qualities of their worse photos, their person, and the threshold at that FMR."""
    dataset = find_dataset(name)
    pairs = dataset.read(data, dataset.pairs[-1])
    kept = Kept(name, pipeline)
    embedded = kept.embedded(pairs.root, pairs.images, progress(f"{name}, {pipeline.name}"))
    found = embedded.found[pairs.first] & embedded.found[pairs.second]
    first, second = pairs.first[found], pairs.second[found]
    scores = paired_similarity(embedded.templates[first], embedded.templates[second], "euclidean")
    same = pairs.same[found]
    qualities = kept.qualities(pairs.images)
    worse = np.minimum(qualities[first], qualities[second])[same]
    people = dataset.identities(data, pairs.images)[first][same]
    return scores[same], worse, people, fmr_threshold(scores[same], scores[~same], rate)


def measure(
    scores: NDArray[np.float64], qualities: NDArray[np.float32], people: NDArray[np.str_], threshold: float
) -> dict[str, Any]:
    """Gain of the summary and of each component, with a 95 % interval over people."""
    if not (scores < threshold).any():
        raise DataError("no mated pair fails at this threshold, so nothing can be foreseen; lower --fmr")
    draws = drawn_people(people)
    gains = {}
    for column, name in enumerate(QUALITIES):
        spread = [gain(scores[rows], qualities[rows, column], threshold) for rows in draws]
        low, high = np.nanquantile(spread, [0.025, 0.975])
        gains[name] = {
            "gain": gain(scores, qualities[:, column], threshold),
            "low": float(low),
            "high": float(high),
            "median_quality": float(np.median(qualities[:, column])),
            "fnmr_at_20_percent_rejected": float(
                error_versus_reject(scores, qualities[:, column], threshold, [0.2])[0]
            ),
        }
    return {
        "mated": len(scores),
        "failures": int((scores < threshold).sum()),
        "threshold": threshold,
        "fnmr": float((scores < threshold).mean()),
        "gains": gains,
    }


def gain(scores: ArrayLike, quality: ArrayLike, threshold: float) -> float:
    """How much of what could be gained by leaving pairs out this quality gains; nan where no pair fails."""
    curve = error_versus_reject(scores, quality, threshold, REJECTED)
    ideal = error_versus_reject(scores, np.asarray(scores) >= threshold, threshold, REJECTED)
    possible = np.mean(curve[0] - ideal)  # the grid is even, so means compare as areas do
    return float(np.mean(curve[0] - curve) / possible) if possible > 0 else float("nan")


def drawn_people(people: NDArray[np.str_], seed: int = 0) -> list[NDArray[np.intp]]:
    """Rows of bootstrap draws that take or leave all pairs of a person together."""
    names, place = np.unique(people, return_inverse=True)
    rows = [np.flatnonzero(place == number) for number in range(len(names))]
    rng = np.random.default_rng(seed)
    return [np.concatenate([rows[k] for k in rng.integers(len(names), size=len(names))]) for _ in range(_DRAWS)]


def show(name: str, row: dict[str, Any]) -> None:
    failures = f"{row['failures']} below the threshold {row['threshold']:.3f} (FNMR {row['fnmr']:.4f})"
    print(f"\n{name}: {row['mated']} mated pairs, {failures}")
    print("  measure       gain   95 % interval      FNMR with 20 % left out   median")
    for measured, figures in row["gains"].items():
        interval = f"{figures['low']:+.3f} .. {figures['high']:+.3f}"
        left = f"{figures['fnmr_at_20_percent_rejected']:.4f}"
        print(f"  {measured:11} {figures['gain']:+.3f}   {interval}   {left:26}{figures['median_quality']:.3f}")


def plot(path: Path, scores: ArrayLike, qualities: NDArray[np.float32], threshold: float, name: str) -> None:
    """The curves as PNG."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(7, 4.5), layout="constrained")
    axes = figure.subplots()
    for column, label in enumerate(QUALITIES):
        width = 2.5 if label == "summary" else 1
        axes.plot(
            REJECTED, error_versus_reject(scores, qualities[:, column], threshold, REJECTED), label=label, lw=width
        )
    axes.set(title=name, xlabel="share of pairs left out, lowest quality first", ylabel="FNMR", ylim=(0, None))
    axes.legend()
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path)


if __name__ == "__main__":
    run(main)
