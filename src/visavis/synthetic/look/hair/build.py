"""All cuts of hair: from a person's factors to surfaces."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from visavis.errors import InvalidInput
from visavis.synthetic.head import Head
from visavis.synthetic.look.follow import carried
from visavis.synthetic.look.hair import falling, headgear, short
from visavis.synthetic.look.hair.cap import cap_material, cap_mesh
from visavis.synthetic.look.hair.mesh import Mesh, joined
from visavis.synthetic.look.hair.parts import Parts, locks_look
from visavis.synthetic.look.hair.scalp import HairFactors
from visavis.synthetic.look.hair.tied import bun, knot_at, pulled, tail, wisps
from visavis.synthetic.look.styles import HAIR_STYLES
from visavis.synthetic.render import Material, Surface

Array = NDArray[np.float64]
Rng = np.random.Generator

_TOO_SHORT = ("bald", "buzz", "crew", "afro", "horseshoe", "headscarf")
"""Styles without a lock that reaches the eyes."""


def hair_surfaces(head: Head, shaped: Array, person: HairFactors) -> tuple[Surface, ...]:
    """The hair (or headgear) of a person at rest, to be moved with `visavis.synthetic.look.follow.moved`.

    That keeps long hair and scarves on the shoulders when the head turns against the body.

    Args:
        head: the head model.
        shaped: (V, 3) the person's neutral head, m.
        person: the hair factors.

    Raises:
        InvalidInput: an unknown style.
    """
    if person.hair_style not in _CUTS:
        raise InvalidInput(f"hair_style {person.hair_style!r}: needs one of {', '.join(HAIR_STYLES)}")
    rng = np.random.default_rng(person.hair_seed)
    return tuple(_surface(mesh, look, head, shaped) for mesh, look in _CUTS[person.hair_style](person, rng))


def strands_over_face(head: Head, shaped: Array, person: HairFactors, rng: Rng) -> tuple[Surface, ...]:
    """A few locks that fell over one side of the face, to be moved rigidly with the head.

    Args:
        head: the head model.
        shaped: (V, 3) the person's neutral head, m.
        person: the hair factors; they give the colour and the hairline.
        rng: of the shot: which side, how many, how long.

    Returns:
        Nothing for hair too short to fall over the face.
    """
    if person.hair_style in _TOO_SHORT:
        return ()
    return (_surface(falling.face_locks(person, rng), locks_look(person), head, shaped),)


def _surface(mesh: Mesh, look: Material, head: Head, shaped: Array) -> Surface:
    return Surface(
        carried(mesh.points, head, shaped), mesh.faces, mesh.uv.astype(np.float32), look,
        mesh.occlusion.astype(np.float32), mesh.normals.astype(np.float32),
    )  # fmt: skip


def _ponytail(person: HairFactors, rng: Rng) -> Parts:
    knot = knot_at(rng.uniform(15, 90))
    meshes = [
        *pulled(person, knot, rng, 1.5 + 5 * person.hair_volume),
        tail(person, knot, rng, rng.uniform(170, 320)),
        wisps(person, rng),
    ]
    return [(cap_mesh(person, 0.8), cap_material(person, 6.0)), (joined(meshes), locks_look(person))]


def _bun(person: HairFactors, rng: Rng) -> Parts:
    knot = knot_at(rng.uniform(20, 108))
    meshes = [
        *pulled(person, knot, rng, 1.5 + 5 * person.hair_volume),
        *bun(knot, rng, rng.uniform(24, 38)),
        wisps(person, rng),
    ]
    return [(cap_mesh(person, 0.8), cap_material(person, 6.0)), (joined(meshes), locks_look(person))]


def _beanie(person: HairFactors, rng: Rng) -> Parts:
    return [*falling.under_hat(person, rng, 28.0), *headgear.beanie(rng)]


def _cap(person: HairFactors, rng: Rng) -> Parts:
    return [*falling.under_hat(person, rng, 34.0), *headgear.cap(rng)]


def _headscarf(person: HairFactors, rng: Rng) -> Parts:
    return headgear.headscarf(rng)


_CUTS: dict[str, Callable[[HairFactors, Rng], Parts]] = {
    "bald": short.bald, "buzz": short.buzz, "crew": short.crew, "side_part": short.side_part,
    "swept_back": short.swept_back, "fringe": short.fringe, "curly_short": short.curly_short, "afro": short.afro,
    "bob": falling.bob, "long": falling.long, "long_wavy": falling.long_wavy, "long_curly": falling.long_curly,
    "ponytail": _ponytail, "bun": _bun, "receding": short.receding, "horseshoe": short.horseshoe,
    "beanie": _beanie, "cap": _cap, "headscarf": _headscarf,
}  # fmt: skip
