"""What a cut is made of: meshes with their materials, and the look of locks in a person's colours."""

from __future__ import annotations

from visavis.synthetic.look.hair.mesh import Mesh
from visavis.synthetic.look.hair.scalp import HairFactors
from visavis.synthetic.look.hair.strands import strand_material, strands
from visavis.synthetic.render import Material

Parts = list[tuple[Mesh, Material]]
"""Meshes in millimetres of the template's frame, each with what it is made of."""


def locks_look(person: HairFactors, kind: str = "straight", sheen: float = 0.10) -> Material:
    """The material of a person's locks.

    Args:
        person: reads the colours.
        kind: "straight", "wavy" or "curly" strands.
        sheen: strength of the highlight.
    """
    return strand_material("hair", strands(kind), person.hair_colour, person.hair_red, person.grey, sheen)
