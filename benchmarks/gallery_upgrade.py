"""Another model for a gallery: are templates from kept crops as good as those from the photos, and what does it cost?

    python benchmarks/gallery_upgrade.py
    python benchmarks/gallery_upgrade.py --only celebrities_small --photos 100

Photos are enrolled as `visavis enroll` does, under the default model; then one copy of the gallery is upgraded to the
model's mirrored variant from the crops, another from the photos. Stated for each set: distances between both templates
of a face; rank-1 and VAL@FAR when probes from photos search references from crops, next to references from photos; the
processor time of the upgrade over that of embedding alone; and the verdict on comparing the variants with each other.
"""

from __future__ import annotations

import shutil
import tempfile
import time
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from _datasets import find_dataset
from _machine import arguments, progress, run, write_json
from visavis.face import Engine
from visavis.gallery import Gallery, create_gallery, open_gallery
from visavis.gallery.enrolment import PhotoOf, enrol_photos
from visavis.gallery.upgrade import upgrade
from visavis.gallery.upgrade.compat import check_compatibility
from visavis.gallery.upgrade.crops import from_crops
from visavis.gallery.upgrade.labelled import several_each
from visavis.matching.compatibility import compatibility
from visavis.matching.scores import paired_similarity, similarity_matrix

Vectors = NDArray[np.float32]
FAR = 1e-3


def main() -> None:
    parser = arguments(__doc__.partition("\n")[0], "gallery_upgrade")
    parser.add_argument("--only", nargs="+", choices=("lfw", "celebrities_small"), default=("lfw", "celebrities_small"))
    parser.add_argument("--photos", type=int, default=1000, help="of each set, chosen so that people have several")
    options = parser.parse_args()
    plain, flip = Engine(), Engine(flip=True)
    figures: dict[str, Any] = {"model": plain.fingerprint, "far": FAR}
    for name in options.only:
        with tempfile.TemporaryDirectory() as folder:
            figures[name] = dataset(name, options.data, options.photos, plain, flip, Path(folder))
    write_json(options.json, figures)


def dataset(name: str, data: Path, most: int, plain: Engine, flip: Engine, folder: Path) -> dict[str, Any]:
    """Everything about one set of photos."""
    found = find_dataset(name)
    photos = [PhotoOf(found.root(data) / row["path"], row["identity"]) for row in found.rows(data)]
    chosen = [photos[place] for place in several_each([one.person for one in photos], most)]
    with create_gallery(folder / "crops", model=plain.fingerprint, dimension=128, metric="euclidean") as gallery:
        enrol_photos(gallery, plain, chosen, guard="off", progress=progress(f"{name}: enrol"))
    shutil.copytree(folder / "crops", folder / "photos")
    with open_gallery(folder / "crops") as cropped, open_gallery(folder / "photos") as whole:
        people = np.array([one.person_id for one in cropped.references()])
        before = templates(cropped, plain)
        same_model, _ = from_crops(cropped, plain, cropped.references())
        verdict = check_compatibility(plain, flip, gallery=cropped, far=FAR, most=most)
        made, seconds = timed(lambda: upgrade(cropped, flip, progress=progress(f"{name}: upgrade")))
        kept, _ = timed(lambda: upgrade(whole, flip, from_originals=True, progress=progress(f"{name}: from photos")))
        again = np.array([same_model[one.key] for one in cropped.references()])
        return {
            "references": len(people),
            "people": len(set(people)),
            "missing": [len(made.missing), len(kept.missing)],
            "plain": agreement(before, again, people),
            "flip": agreement(templates(whole, flip), templates(cropped, flip), people),
            "upgrade_cpu_over_embedding": round(seconds / embedding_seconds(flip, len(people)), 3),
            "plain_with_flip": summary(verdict.to_dict()),
        }


def templates(gallery: Gallery, engine: Engine) -> Vectors:
    return gallery.templates([one.key for one in gallery.references()], gallery.space(engine.fingerprint))


def agreement(photos: Vectors, crops: Vectors, people: NDArray[np.str_]) -> dict[str, Any]:
    """How templates from crops differ from those from photos, and what that changes."""
    distance = 1 - paired_similarity(photos, crops, "euclidean")
    change = similarity_matrix(photos, crops, "euclidean") - similarity_matrix(photos, photos, "euclidean")
    measured = compatibility(photos, crops, people, metric="euclidean", far=FAR)
    return {
        "distance_median": round(float(np.median(distance)), 4),
        "distance_p90": round(float(np.quantile(distance, 0.9)), 4),
        "distance_max": round(float(distance.max()), 4),
        "similarity_change_p95": round(float(np.quantile(np.abs(change[~np.eye(len(change), dtype=bool)]), 0.95)), 4),
        "rank1_photos": rank_1(photos, photos, people),
        "rank1_crops": rank_1(photos, crops, people),
        **summary({"verdict": measured.verdict, "measured": asdict(measured)}),
    }


def rank_1(probes: Vectors, references: Vectors, people: NDArray[np.str_]) -> float:
    """Share of photos of people with several whose most similar other photo shows the same person."""
    scores = similarity_matrix(probes, references, "euclidean")
    np.fill_diagonal(scores, -np.inf)
    several = (people[:, None] == people).sum(axis=1) > 1
    return round(float((people[scores.argmax(axis=1)] == people)[several].mean()), 4)


def summary(told: dict[str, Any]) -> dict[str, Any]:
    """VAL of the three kinds of comparisons, the difference with its limits, the verdict."""
    measured = told["measured"]
    kinds = {f"val_{kind}": round(measured[kind]["val"], 4) for kind in ("old_old", "new_old", "new_new")}
    gap = {name: round(measured[name], 4) for name in ("difference", "low", "high")}
    return {**kinds, **gap, "verdict": told["verdict"]}


def embedding_seconds(engine: Engine, count: int) -> float:
    """Processor time of embedding so many chips."""
    chips = np.random.default_rng(0).integers(0, 256, (min(count, 256), 150, 150, 3), dtype=np.uint8)
    engine.embed(chips[:32])
    return timed(lambda: engine.embed(chips))[1] * count / len(chips)


def timed(call: Callable[[], Any]) -> tuple[Any, float]:
    """What a call returns, and its processor time in seconds."""
    began = time.process_time()
    return call(), time.process_time() - began


if __name__ == "__main__":
    run(main)
