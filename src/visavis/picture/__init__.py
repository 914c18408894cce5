"""Pictures for people: a comparison on its calibrated scale, the faces of a photo, and a verdict in words."""

from visavis.picture.comparison import comparison_picture
from visavis.picture.faces import faces_picture
from visavis.picture.words import evidence_in_words, verdict

__all__ = ["comparison_picture", "evidence_in_words", "faces_picture", "verdict"]
