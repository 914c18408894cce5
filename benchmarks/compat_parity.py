"""How close `visavis.compat.face_recognition` comes to the peer, face by face, on a folder of photos.

The peer is the pipeline of face_recognition 1.3.0 driven through dlib; its yardstick is itself with each face box moved
by 4 % of its side, in the same run. Compared are the encodings of the peer's own boxes, then those of the faces that we
find ourselves, and on the way every landmark and every pixel of the chips.

    python benchmarks/compat_parity.py --photos DIR
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from _dlib_pipeline import DlibPipeline, import_dlib
from _machine import arguments, interleaved, progress, run, write_json
from visavis.compat import face_recognition as compat
from visavis.errors import DataError, ImageError
from visavis.face.dlib_chip import dlib_chips
from visavis.models import LANDMARKS, find_card, model_bytes
from visavis.models.regression_trees import RegressionTrees

Pixels = NDArray[np.uint8]
Vectors = list[tuple[NDArray[np.float64], NDArray[np.float64]]]

BOX_SHIFT = 0.04
SAME_FACE_IOU = 0.4
SUFFIXES = {".jpg", ".jpeg", ".png", ".webp", ".bmp"}


class Parity:
    """Compares photo after photo and adds up."""

    def __init__(self) -> None:
        self.peer = DlibPipeline()
        self.trees = RegressionTrees.load(model_bytes(find_card(LANDMARKS)))
        self.counts: Counter[str] = Counter()
        self.worst_chip_difference = 0
        self.known_boxes: Vectors = []
        self.own_boxes: Vectors = []
        self.peer_moved: Vectors = []
        self._random = np.random.default_rng(0)

    def photo(self, image: Pixels) -> None:
        """Compare all faces of one photo that the peer finds."""
        theirs, ours = self.peer.detect(image), compat.face_locations(image)
        found = compat.face_encodings(image)
        self.counts.update(photos=1, faces_peer=len(theirs), faces_ours=len(ours))
        for box in theirs:
            expected = self._peer_encoding(image, box)
            self.known_boxes.append((compat.face_encodings(image, [css(box)])[0], expected))
            self.peer_moved.append((self._peer_encoding(image, moved(box, self._random)), expected))
            self._steps(image, box)
            overlaps = [iou(css(box), own) for own in ours]
            if max(overlaps, default=0) >= SAME_FACE_IOU:
                self.own_boxes.append((found[int(np.argmax(overlaps))], expected))

    def speed(self, image: Pixels, box: Any) -> dict[str, dict[str, float]]:
        """Milliseconds of each step on one face, both sides in turn."""
        peer, corners = self.peer, ltrb(box)
        shapes, points = peer.points(image, [box]), self.trees.predict(image, corners)
        calls = {
            "locations_peer": lambda: peer.detect(image),
            "locations_ours": lambda: compat.face_locations(image),
            "landmarks_peer": lambda: peer.points(image, [box]),
            "landmarks_ours": lambda: self.trees.predict(image, corners),
            "chip_peer": lambda: peer.chips(image, shapes),
            "chip_ours": lambda: dlib_chips(image, points),
            "encoding_peer": lambda: self._peer_encoding(image, box),
            "encoding_ours": lambda: compat.face_encodings(image, [css(box)]),
        }
        return {name: timing.to_dict() for name, timing in interleaved(calls, rounds=15, warm_up=2).items()}

    def figures(self) -> dict[str, Any]:
        """All sums, ready for JSON."""
        return {
            "counts": {**self.counts, "faces_both": len(self.own_boxes)},
            "worst_chip_difference": self.worst_chip_difference,
            "ours_given_the_peers_boxes": agreement(self.known_boxes),
            "ours_with_own_boxes": agreement(self.own_boxes),
            "peer_with_box_moved_by_4_percent": agreement(self.peer_moved),
        }

    def _peer_encoding(self, image: Pixels, box: Any) -> NDArray[np.float64]:
        chips = self.peer.chips(image, self.peer.points(image, [box]))
        return np.asarray(self.peer.embed(chips)[0], np.float64)

    def _steps(self, image: Pixels, box: Any) -> None:
        shapes = self.peer.points(image, [box])
        expected = np.array([[(point.x, point.y) for point in shape.parts()] for shape in shapes])
        points = self.trees.predict(image, ltrb(box))
        difference = np.abs(dlib_chips(image, expected).astype(int) - self.peer.chips(image, shapes))
        self.counts.update(landmarks_equal=int((points == expected).all()), chips_equal=int(not difference.any()))
        self.worst_chip_difference = max(self.worst_chip_difference, int(difference.max()))


def agreement(pairs: Vectors) -> dict[str, float | int]:
    """How alike vectors are that should be equal: cosines and Euclidean distances."""
    if not pairs:
        return {"faces": 0}
    a, b = (np.stack(side) for side in zip(*pairs, strict=True))
    cosines = (a * b).sum(1) / np.linalg.norm(a, axis=1) / np.linalg.norm(b, axis=1)
    distances = np.linalg.norm(a - b, axis=1)
    return {
        "faces": len(pairs),
        "cosine_mean": round(float(cosines.mean()), 7),
        "cosine_min": round(float(cosines.min()), 7),
        "distance_mean": round(float(distances.mean()), 6),
        "distance_max": round(float(distances.max()), 6),
    }


def ltrb(box: Any) -> NDArray[np.int64]:
    """A dlib rectangle as (1, 4) left, top, right, bottom."""
    return np.array([[box.left(), box.top(), box.right(), box.bottom()]])


def css(box: Any) -> compat.Location:
    """A dlib rectangle as (top, right, bottom, left)."""
    return box.top(), box.right(), box.bottom(), box.left()


def moved(box: Any, random: np.random.Generator) -> Any:
    """The rectangle moved by `BOX_SHIFT` (standard deviation) of its side, each way."""
    left, top, right, bottom = ltrb(box)[0].tolist()
    across, down = np.round(random.normal(0, BOX_SHIFT * (bottom - top), 2)).astype(int).tolist()
    return import_dlib().rectangle(left + across, top + down, right + across, bottom + down)


def iou(a: compat.Location, b: compat.Location) -> float:
    """Intersection over union of two boxes."""
    high, wide = min(a[2], b[2]) - max(a[0], b[0]), min(a[1], b[1]) - max(a[3], b[3])
    shared = max(high, 0) * max(wide, 0)
    areas = [(bottom - top) * (right - left) for top, right, bottom, left in (a, b)]
    return shared / (sum(areas) - shared)


def photos(folder: Path) -> Iterator[Pixels]:
    """All readable images below a folder, by name."""
    paths = sorted(path for path in folder.rglob("*") if path.suffix.lower() in SUFFIXES)
    show = progress("photos")
    for done, path in enumerate(paths, 1):
        try:
            yield compat.load_image_file(path)
        except ImageError:
            continue
        finally:
            show(done, len(paths))


def main() -> None:
    parser = arguments((__doc__ or "").splitlines()[0], "compat_parity")
    parser.add_argument("--photos", type=Path, metavar="DIR", help="photos to compare on; celebrities_small of --data")
    given = parser.parse_args()
    folder = given.photos or given.data / "celebrities_small"
    parity, timed = Parity(), None
    for image in photos(folder):
        parity.photo(image)
        if timed is None and min(image.shape[:2]) >= 400 and len(boxes := parity.peer.detect(image)) == 1:
            timed = {"photo": f"{image.shape[1]}x{image.shape[0]}", **parity.speed(image, boxes[0])}
    if not parity.counts["photos"]:
        raise DataError(f"{folder}: holds no readable photo; give a folder of photos with --photos")
    figures = {"photos": folder.name, **parity.figures(), "milliseconds_on_one_face": timed}
    print(json.dumps(figures, indent=1))
    write_json(given.json, figures)


if __name__ == "__main__":
    run(main)
