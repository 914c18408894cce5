"""A scene of several people: the detector's boxes and points against the true ones.

Run it: python examples/synthetic_scene.py OUT.png [SEED]
"""

import sys

import numpy as np
from numpy.typing import NDArray

import visavis as vv
from visavis.picture import faces_picture
from visavis.synthetic import Scene, Stream, World, photograph_scene


def overlap(a: NDArray[np.floating], b: NDArray[np.floating]) -> float:
    """Intersection over union of two boxes (left, top, right, bottom)."""
    shared = np.prod(np.maximum(0, np.minimum(a[2:], b[2:]) - np.maximum(a[:2], b[:2])))
    return float(shared / (np.prod(a[2:] - a[:2]) + np.prod(b[2:] - b[:2]) - shared))


def main(out: str, seed: int = 5) -> None:
    scene = Scene.sample(Stream(seed), people=4)
    sample = photograph_scene(World(seed), scene, (640, 480), samples=2)
    photo = vv.load_image(sample.image)
    found = vv.Engine().faces(photo, embed=False)
    for person in sample.faces:
        true = person.face
        box = np.array(true.box.as_list())
        shared = [overlap(box, other) for other in found.boxes]
        said = "not found"
        if max(shared, default=0.0) > 0.3:
            best = int(np.argmax(shared))
            error = np.linalg.norm(found.points[best] - true.points, axis=1).mean() / true.box.height
            said = f"found, box overlap {shared[best]:.2f}, points {error:.1%} of the height off"
        print(f"{true.box.height:.0f} px, yaw {true.pose[0]:+.0f}, {person.seen:.0%} visible: {said}")
    print(f"{len(found)} faces found, {len(sample.faces)} people there")
    faces_picture(photo, found).save(out)


if __name__ == "__main__":
    if len(sys.argv) not in (2, 3):
        sys.exit(__doc__)
    main(sys.argv[1], *map(int, sys.argv[2:]))
