"""Hair on the scalp: cuts from bald to long, tied hair and headgear."""

from visavis.synthetic.look.hair.build import hair_surfaces, strands_over_face
from visavis.synthetic.look.hair.colour import hair_colour
from visavis.synthetic.look.hair.scalp import HairFactors, hair_shade, hairline
from visavis.synthetic.look.styles import HAIR_STYLES

__all__ = [
    "HAIR_STYLES", "HairFactors", "hair_colour", "hair_shade", "hair_surfaces", "hairline", "strands_over_face",
]  # fmt: skip
