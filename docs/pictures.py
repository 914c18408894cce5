"""Draw the pictures of docs/synthetic.md and the README into docs/images/. Run by hand when the looks change.

    python docs/pictures.py      (or: make pictures)

The same version of visavis draws the same pictures; seed and layout stand below.
"""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from visavis.picture.ink import INK, PAPER, font
from visavis.storage import write_atomic
from visavis.synthetic import Sample, World, photograph
from visavis.synthetic.export.pictures import parsing_bytes
from visavis.synthetic.render.pose import rotation

OUT = Path(__file__).parent / "images"
SEED = 5
COLUMNS, ROWS, TILE = 8, 3, 160
LABELLED, PANEL, CAPTION = 1, 240, 22
QUALITY = 90

Pixels = NDArray[np.uint8]
Drawing = Callable[[Sample], Pixels]


def main() -> None:
    OUT.mkdir(exist_ok=True)
    world = World(SEED)
    save(Image.fromarray(people(world)), "synthetic-people.jpg")
    save(labels(world), "synthetic-labels.jpg")


def save(picture: Image.Image, name: str) -> None:
    buffer = io.BytesIO()
    picture.save(buffer, "JPEG", quality=QUALITY, optimize=True)
    write_atomic(OUT / name, buffer.getvalue())
    print(f"{OUT / name}: {picture.width} x {picture.height}, {len(buffer.getvalue()) / 1000:.0f} kB")


def people(world: World) -> Pixels:
    """A person in each column, a shot in each row."""
    rows = [[world.render(k, j, TILE, samples=3).image for k in range(COLUMNS)] for j in range(ROWS)]
    return np.concatenate([np.concatenate(row, axis=1) for row in rows])


def labels(world: World) -> Image.Image:
    """One picture and seven drawings of what is known about it, each with its name below."""
    shot = world.shot(
        LABELLED, 0, yaw=24.0, pitch=4.0, expression="happy", intensity=0.6, occluder="none", sensor="clean"
    )
    sample = photograph(world.figure(LABELLED), shot, PANEL, samples=3)
    across = len(DRAWINGS) // 2
    sheet = Image.new("RGB", (across * PANEL, 2 * (PANEL + CAPTION)), PAPER)
    for number, (name, draw) in enumerate(DRAWINGS.items()):
        left, top = PANEL * (number % across), (PANEL + CAPTION) * (number // across)
        sheet.paste(Image.fromarray(draw(sample)), (left, top))
        middle = left + PANEL / 2, top + PANEL + CAPTION / 2
        ImageDraw.Draw(sheet).text(middle, name, INK, font(14), anchor="mm")
    return sheet


def picture(sample: Sample) -> Pixels:
    return sample.image


def marks(sample: Sample) -> Pixels:
    """Box, five points, and the 68 landmarks, hidden ones dark."""
    image = Image.fromarray(sample.image)
    draw = ImageDraw.Draw(image)
    draw.rectangle((sample.box.left, sample.box.top, sample.box.right, sample.box.bottom), outline=(255, 220, 0))
    for point, seen in zip(sample.landmarks, sample.visible, strict=True):
        dot(draw, point, 1.6, (60, 255, 160) if seen else (20, 60, 40))
    for point in sample.points:
        dot(draw, point, 3.0, (255, 60, 60))
    return np.asarray(image)


def axes(sample: Sample) -> Pixels:
    """The head's axes, 8 cm long, from between the eyes: to the person's left, up, and forward."""
    image = Image.fromarray(sample.image)
    draw = ImageDraw.Draw(image)
    x, y, depth = sample.landmarks_3d[27].astype(float)
    start = sample.camera.unproject(np.array([x, y]), np.asarray(depth))
    ends, _ = sample.camera.project(start + 0.08 * rotation(sample.yaw, sample.pitch, sample.roll).T)
    for end, colour in zip(ends, ((235, 60, 60), (60, 220, 80), (80, 140, 255)), strict=True):
        draw.line((x, y, *end.tolist()), fill=colour, width=4)
    return np.asarray(image)


def dot(draw: ImageDraw.ImageDraw, place: NDArray[np.float32], radius: float, colour: tuple[int, int, int]) -> None:
    x, y = place.tolist()
    draw.ellipse((x - radius, y - radius, x + radius, y + radius), fill=colour)


def parsing(sample: Sample) -> Pixels:
    return np.asarray(Image.open(io.BytesIO(parsing_bytes(sample.parsing))).convert("RGB"))


def depth(sample: Sample) -> Pixels:
    """Near is bright."""
    known = np.isfinite(sample.depth)
    low, high = np.quantile(sample.depth[known], (0.0, 0.98))
    grey = np.where(known, 255 - 215 * np.clip((sample.depth - low) / (high - low), 0, 1), 0)
    return np.repeat(grey[..., None], 3, axis=2).astype(np.uint8)


def normals(sample: Sample) -> Pixels:
    known = (sample.normals != 0).any(axis=2, keepdims=True)
    return np.asarray(127.5 * (sample.normals + 1) * known, dtype=np.uint8)


def developed(linear: NDArray[np.float32]) -> Pixels:
    return np.asarray(255 * np.clip(linear, 0, 1) ** (1 / 2.2), dtype=np.uint8)


DRAWINGS: dict[str, Drawing] = {
    "image": picture,
    "box, points, landmarks": marks,
    "yaw, pitch, roll": axes,
    "parsing": parsing,
    "depth": depth,
    "normals": normals,
    "albedo": lambda sample: developed(sample.albedo),
    "shading": lambda sample: developed(sample.shading / max(float(sample.shading.max()), 1e-6)),
}


if __name__ == "__main__":
    main()
