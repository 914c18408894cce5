"""Fit the calibration of an embedder's card on half of the people of a labelled photo set, and test it on the others.

    python benchmarks/calibrate_card.py --root ../shared/data/lfw --out benchmarks/results/calibration.toml

The CSV needs the columns `path` and `identity`. People are split by a hash of their name, so the halves never share a
person and never change. The TOML goes into the model's card; the printed numbers are those of the other half.
"""

from __future__ import annotations

import argparse
import csv
import hashlib
import json
from pathlib import Path
from typing import Any

import numpy as np
import tomli_w

from visavis.bench.embedding import embed_images
from visavis.face import Engine
from visavis.matching.calibration import cllr, fit_calibration, log_likelihood_ratio, min_cllr, threshold_at_fmr
from visavis.matching.error_rates import fmr, fnmr
from visavis.matching.scores import cross_scores
from visavis.models import Calibration
from visavis.storage import write_atomic

RATES = (1e-2, 1e-3, 1e-4)


def in_fitting_half(identity: str) -> bool:
    """Half of all names, always the same ones."""
    return hashlib.sha256(identity.encode()).digest()[-1] % 2 == 0


def main() -> None:
    """Fit, test, print, write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--root", type=Path, required=True)
    parser.add_argument("--images", type=Path, help="CSV with path and identity (default ROOT/images.csv)")
    parser.add_argument("--embedder", default="dlib-resnet")
    parser.add_argument("--data-name", default="LFW deep-funneled, folds 1-7")
    parser.add_argument("--out", type=Path, help="write the card's calibration tables here")
    arguments = parser.parse_args()
    with (arguments.images or arguments.root / "images.csv").open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    paths, identities = [row["path"] for row in rows], np.array([row["identity"] for row in rows])
    fitting = np.array([in_fitting_half(name) for name in identities])
    tables: dict[str, Any] = {}
    for setting, flip in (("plain", False), ("flip", True)):
        engine = Engine(embedder=arguments.embedder, flip=flip)
        embedded = embed_images(engine, arguments.root, paths)
        metric = engine.embedder_card.output.metric or "cosine"
        halves = [half & embedded.found for half in (fitting, ~fitting)]
        scores = [cross_scores(embedded.templates[half], identities[half], metric) for half in halves]
        calibration = fit_calibration(
            *scores[0],
            identities=len(set(identities[halves[0]])),
            source=f"{arguments.data_name}: all comparisons among the half of the people whose hashed name is even",
            command=f"python benchmarks/calibrate_card.py --root {arguments.root.name} --embedder {arguments.embedder}",
        )
        tables[setting] = rounded(calibration)
        print(json.dumps({"setting": setting, **tested(calibration, *scores[1])}, indent=1))
    text = tomli_w.dumps({"calibration": tables})
    if arguments.out:
        write_atomic(arguments.out, text.encode())
    else:
        print(text)


def tested(calibration: Calibration, mated: np.ndarray, nonmated: np.ndarray) -> dict[str, Any]:
    """How the calibration does on people it has not seen."""
    llrs = log_likelihood_ratio(calibration, mated), log_likelihood_ratio(calibration, nonmated)
    thresholds = {rate: threshold_at_fmr(calibration, rate) for rate in RATES}
    return {
        "mated": len(mated),
        "nonmated": len(nonmated),
        "cllr": cllr(*llrs),
        "min_cllr": min_cllr(mated, nonmated),
        "fmr": {str(rate): float(fmr(nonmated, threshold)) for rate, threshold in thresholds.items()},
        "fnmr": {str(rate): float(fnmr(mated, threshold)) for rate, threshold in thresholds.items()},
    }


def rounded(calibration: Calibration) -> dict[str, Any]:
    """The fields of a card, with as many digits as mean something."""
    fields = calibration.model_dump(mode="json")
    for name in ("slope", "intercept", "llr_min", "llr_max", "cllr"):
        fields[name] = round(fields[name], 4)
    for name in ("fmr", "fnmr"):
        fields[name] = [[rate, round(threshold, 5)] for rate, threshold in fields[name]]
    return fields


if __name__ == "__main__":
    main()
