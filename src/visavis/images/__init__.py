"""From a path, bytes, file, PIL image or array to an upright RGB photo, within safety limits; and back to a file."""

from visavis.images.loading import load
from visavis.images.photo import ImageSource, Limits, Photo
from visavis.images.writing import encode, save

__all__ = ["ImageSource", "Limits", "Photo", "encode", "load", "save"]
