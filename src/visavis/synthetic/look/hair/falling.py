"""Hair that falls: bobs, long hair, what shows below a hat, and locks in the face."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from visavis.synthetic.look.dome import ring_on
from visavis.synthetic.look.hair.cap import cap_material, cap_mesh
from visavis.synthetic.look.hair.flow import Fall, away_from, hanging, trace
from visavis.synthetic.look.hair.locks import along_part, curtain, layer, part_line
from visavis.synthetic.look.hair.mesh import Mesh, joined, sheet
from visavis.synthetic.look.hair.parts import Parts, locks_look
from visavis.synthetic.look.hair.scalp import HairFactors, on_hairline
from visavis.synthetic.look.hair.strands import curtain_u

Array = NDArray[np.float64]
Rng = np.random.Generator


@dataclass(frozen=True)
class _Wave:
    """How long hair waves.

    Attributes:
        amplitude: of a wave at the tips, mm.
        length: of a wave, mm.
        kind: of texture.
        finer: pieces per step.
        locks: how many.
        width: of a lock, mm.
        over_ears: never tucked behind the ears.
        behind: how much longer the hair behind is, as a share: its way down the head is longer.
    """

    amplitude: float = 0.8
    length: float = 120.0
    kind: str = "straight"
    finer: int = 1
    locks: int = 60
    width: float = 30.0
    over_ears: bool = False
    behind: float = 0.05


def bob(person: HairFactors, rng: Rng) -> Parts:
    """Chin-length hair."""
    return _fallen(person, rng, rng.uniform(215, 260), 12, _Wave(over_ears=True, behind=0.24))


def long(person: HairFactors, rng: Rng) -> Parts:
    """Straight hair over the shoulders."""
    return _fallen(person, rng, rng.uniform(380, 480), 18, _Wave())


def long_wavy(person: HairFactors, rng: Rng) -> Parts:
    """Long hair in soft waves."""
    wave = _Wave(4.0 + 5.0 * person.hair_curl, rng.uniform(80, 115), "wavy", finer=2, locks=54)
    return _fallen(person, rng, rng.uniform(330, 440), 13, wave)


def long_curly(person: HairFactors, rng: Rng) -> Parts:
    """Long hair in curls."""
    wave = _Wave(8.0 + 5.0 * person.hair_curl, rng.uniform(56, 74), "wavy", finer=2, locks=48, width=19.0)
    return _fallen(person, rng, rng.uniform(290, 390), 14, wave)


def _fallen(person: HairFactors, rng: Rng, length: float, steps: int, wave: _Wave) -> Parts:
    """Hair that falls from a parting: a closed curtain, and locks from the parting and the hairline over it."""
    part = part_line(float(np.clip(rng.normal(0, 18), -34, 34)), 84.0, -48.0)
    fall = Fall(
        away_from(part, np.array([0, 0, rng.uniform(-0.2, 0.25)])), 0.9, 0.55,
        5 + 8 * person.hair_volume + 0.5 * wave.amplitude, rng.uniform(0.85, 1.06),
        wave.over_ears or bool(rng.random() < 0.6), rng.uniform(-50, 0),
    )  # fmt: skip
    lines = 35
    own = length * _even(np.linspace(0.0, 1.0, lines), wave) * rng.uniform(0.95, 1.03, lines)
    under = curtain(part, own, fall, steps, 0.6, 5.0, 0.6)
    place = (np.arange(wave.locks) + rng.uniform(0, 1, wave.locks)) / wave.locks
    temples = rng.uniform(0.05, 0.85, 14) * np.where(np.arange(14) % 2, 1.0, -1.0)
    roots = np.concatenate(
        [
            along_part(part, place, rng.uniform(0, 1, wave.locks) ** 2 * 22 + 1),
            on_hairline(temples, person, rng.uniform(0.5, 5.0, 14)),
        ]
    )
    own = length * _even(np.append(place, np.full(14, 0.0)), wave) * rng.uniform(0.85, 1.04, len(roots))
    over = layer(
        roots, own, fall, rng, steps - 2, wave.width, 0.15, 0.05,
        lift=rng.uniform(0.8, 1.15, len(roots)), wave=wave.amplitude + 2.0 * person.hair_curl, curl=wave.length,
        finer=wave.finer,
    )  # fmt: skip
    return [(cap_mesh(person, 2.5), cap_material(person, 6.0)), (joined([over, under]), locks_look(person, wave.kind))]


def _even(place: Array, wave: _Wave) -> Array:
    """(n,) factors on the length at places (n,) along the parting, 0.5 behind, that let hair end at one height."""
    return np.asarray(1.0 + wave.behind * (1.0 - np.abs(2.0 * place - 1.0)))


def under_hat(person: HairFactors, rng: Rng, front: float) -> Parts:
    """What hair shows below a hat: cropped sides, or long hair that starts `front` mm above the eyes, under the rim."""
    short = [(cap_mesh(person, 1.0), cap_material(person, 8.0))]
    if rng.random() < 0.5:
        return short
    fall = Fall(hanging, 1.0, 0.6, 1.0 + 2.0 * person.hair_volume, 1.05)
    length = rng.uniform(170, 380)
    turn = np.concatenate([np.linspace(0.95, np.pi, 17), np.linspace(-np.pi, -0.95, 17)])
    under = sheet(trace(ring_on(turn, front, 0.6), np.full(34, length), fall, 13), curtain_u(34, 5.0), 0.7)
    count = 40
    place = np.interp((np.arange(count) + rng.uniform(0, 1, count)) / count, np.linspace(0, 1, 34), turn)
    roots = ring_on(place, front + rng.uniform(-4, 4, count), 0.6)
    over = layer(
        roots, length * rng.uniform(0.8, 1.02, count), fall, rng, 12, 24.0, 0.15, 0.04,
        lift=rng.uniform(0.8, 1.8, count), wave=1 + 5 * person.hair_curl, curl=90.0,
    )  # fmt: skip
    return [*short, (joined([over, under]), locks_look(person))]


def face_locks(person: HairFactors, rng: Rng) -> Mesh:
    """A few locks that fell over one side of the face."""
    count = int(rng.integers(8, 19))
    side = rng.choice([-1.0, 1.0])
    turn = side * rng.uniform(0.05, 0.55, count)
    comb = away_from(part_line(-side * 20.0, 84.0, -48.0), np.array([0, 0, 0.5]))
    fall = Fall(comb, 1.0, 0.6, rng.uniform(4, 9), open_face=0.0)
    return layer(
        on_hairline(turn, person, rng.uniform(2.0, 12.0, count)), rng.uniform(80, 190) * rng.uniform(0.8, 1.1, count),
        fall, rng, 10, rng.uniform(7, 14), 0.2, 0.12, lift=rng.uniform(0.6, 1.2, count),
        wave=1.0 + 4.0 * person.hair_curl, curl=80.0,
    )  # fmt: skip
