"""Names of the styles that hair, beards, spectacles and clothes come in: what the factors of a person may say."""

from __future__ import annotations

HAIR_STYLES = (
    "bald", "buzz", "crew", "side_part", "swept_back", "fringe", "curly_short", "afro", "bob", "long", "long_wavy",
    "long_curly", "ponytail", "bun", "receding", "horseshoe", "beanie", "cap", "headscarf",
)  # fmt: skip
"""Cuts of hair and kinds of headgear."""

BEARD_STYLES = ("none", "stubble", "moustache", "goatee", "short", "full")
"""Facial hair; "stubble" and "short" live in the skin's texture alone."""

GLASSES_STYLES = ("round", "oval", "square", "wide", "half_rim", "sunglasses")
"""Shapes of spectacles; "sunglasses" have dark lenses."""

CLOTHES_STYLES = ("tshirt", "sweater", "turtleneck", "shirt", "vneck", "jacket", "hoodie")
"""Upper garments."""
