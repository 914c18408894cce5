"""Complexion: where skin holds more pigment or blood than elsewhere, and how much so in one person."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from visavis.synthetic.look import marks
from visavis.synthetic.look.canvas import Canvas
from visavis.synthetic.look.noise import smooth_noise
from visavis.synthetic.look.regions import regions, step
from visavis.synthetic.streams import Stream

if TYPE_CHECKING:
    from visavis.synthetic.person import Person

Floats = NDArray[np.float32]


def pigment(person: Person, canvas: Canvas) -> Floats:
    """(n,) melanin beyond the tone's own: blotches of three sizes, brow, nose, lids and mouth, freckles, age spots."""
    region = regions(canvas)
    dark = person.tone / 5
    rough = 0.5 + person.roughness + 0.6 * float(step(person.age, 45, 85))
    streams = Stream(person.skin_seed, ("pigment",))
    brow, mouth, socket, under, lid, cheek = _own(person, "pigment", 6)
    total = np.zeros(len(region.x), np.float32)
    for size, amount in ((26.0, 0.065), (9.0, 0.020 * rough), (3.2, 0.024 * rough)):
        total += amount * smooth_noise(canvas.points, size, streams.child(int(size * 10)).generator())
    total -= brow * (0.05 - 0.11 * dark) * region.forehead
    total += 0.05 * region.nose + mouth * (0.04 + 0.16 * dark) * region.mouth_surround
    total += socket * (0.08 + 0.20 * dark) * region.socket + under * (0.07 + 0.10 * dark) * region.under_eye
    total += lid * 0.12 * region.upper_lid + 0.10 * dark * region.temples - cheek * 0.12 * dark * region.cheeks
    total += (1 - 0.75 * dark) * 0.75 * marks.freckles(person, canvas)
    total += 0.42 * marks.age_spots(person, canvas)
    return total


def blood(person: Person, canvas: Canvas) -> Floats:
    """(n,) haemoglobin beyond the tone's own: cheeks, nose, ears, chin; it shows less through dark skin."""
    region = regions(canvas)
    streams = Stream(person.skin_seed, ("blood",))
    wide, narrow = (smooth_noise(canvas.points, size, streams.child(int(size)).generator()) for size in (20.0, 7.0))
    cheeks, nose, ears, chin, eyes = _own(person, "blood", 5)
    red = cheeks * 0.38 * region.cheeks + nose * 0.55 * region.nose_tip + ears * 0.60 * region.ears
    red = red + chin * 0.35 * region.chin + eyes * (0.25 * region.under_eye + 0.30 * region.upper_lid)
    red = (red - 0.22 * region.forehead) * (1 + 0.30 * wide + 0.12 * narrow)
    red = red + (0.02 + 0.05 * person.roughness) * narrow + 0.06 * wide
    shows = 1 - 0.55 * person.tone / 5
    return np.asarray(shows * (red + 0.8 * marks.blemishes(person, canvas)))


def _own(person: Person, name: str, count: int) -> list[float]:
    """How strong each area is in this person, 0.35..1.65 of the average."""
    return [float(0.35 + 1.3 * u) for u in Stream(person.skin_seed, ("complexion", name)).uniforms(count)]
