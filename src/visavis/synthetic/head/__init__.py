"""The head of the synthetic world: a procedural stand-in in FLAME's key layout, its identity and expressions."""

from visavis.synthetic.head.identity import IDENTITY_NAMES, displacement
from visavis.synthetic.head.landmarks import MAX_YAW, Landmarks, contour_row
from visavis.synthetic.head.lids import closing
from visavis.synthetic.head.mesh import PARTS
from visavis.synthetic.head.model import Head, rotation_matrices
from visavis.synthetic.head.occlusion import occlusion
from visavis.synthetic.head.stand_in import stand_in
from visavis.synthetic.head.texels import texel_positions

__all__ = [
    "IDENTITY_NAMES",
    "MAX_YAW",
    "PARTS",
    "Head",
    "Landmarks",
    "closing",
    "contour_row",
    "displacement",
    "occlusion",
    "rotation_matrices",
    "stand_in",
    "texel_positions",
]
