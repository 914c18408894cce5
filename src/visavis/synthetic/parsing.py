"""The classes of a parsing mask: 19 as in CelebAMask-HQ (Lee et al., 2020), and their map to the 11 of Helen and LaPa.

"Left" and "right" are the subject's own, as in those datasets.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

PARSING = (
    "background", "skin", "nose", "glasses", "left_eye", "right_eye", "left_brow", "right_brow", "left_ear",
    "right_ear", "inner_mouth", "upper_lip", "lower_lip", "hair", "hat", "earring", "necklace", "neck", "cloth",
)  # fmt: skip
"""Name of each class of a parsing mask, by its number."""

PARSING_11 = (
    "background", "skin", "left_brow", "right_brow", "left_eye", "right_eye", "nose", "upper_lip", "inner_mouth",
    "lower_lip", "hair",
)  # fmt: skip
"""The 11 classes of Helen and LaPa; ears and glasses count as skin there, neck, clothes and jewellery as background."""

_TO_11 = {
    "glasses": "skin", "left_ear": "skin", "right_ear": "skin", "hat": "hair", "earring": "background",
    "necklace": "background", "neck": "background", "cloth": "background",
}  # fmt: skip
_TABLE_11 = np.array([PARSING_11.index(_TO_11.get(name, name)) for name in PARSING], dtype=np.uint8)


def to_11_classes(mask: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """The same mask (values 0..18) in the 11 classes of `PARSING_11`."""
    return _TABLE_11[mask]
