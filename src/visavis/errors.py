"""The error tree: everything visavis raises on purpose is a `VisavisError`.

A message names the input, says what is wrong with it and what to do next.
"""

from __future__ import annotations


class VisavisError(Exception):
    """Base of every error that visavis raises on purpose."""


class InvalidInput(VisavisError, ValueError):
    """An argument or array has a wrong type, shape, range or value."""


class ImageError(VisavisError):
    """An image cannot be used."""


class ImageNotFound(ImageError, FileNotFoundError):
    """The path of an image does not lead to a readable file."""


class ImageUnreadable(ImageError):
    """The bytes are not a complete image of a supported format."""


class ImageTooLarge(ImageError):
    """The file or its decoded pixels exceed the safety limits."""


class FaceNotFound(VisavisError):
    """An image holds no face that meets the thresholds, or not the face number asked for."""


class ModelError(VisavisError):
    """A model cannot be found, fetched, trusted or run."""


class ModelNotFound(ModelError, KeyError):
    """No model card has this id."""

    __str__ = Exception.__str__  # KeyError would print the message quoted


class ModelUnavailable(ModelError):
    """The weights of a known model are neither cached nor fetchable now."""


class ModelCorrupt(ModelError):
    """A weight file is damaged or not the file its card names."""


class CardError(ModelError):
    """A model card is incomplete or contradicts the file it describes."""


class LicenceRestricted(ModelError):
    """The model's licence needs the user's explicit consent."""


class DeviceUnavailable(ModelError):
    """The requested device cannot run the model here."""


class NotCalibrated(VisavisError):
    """A decision was asked of a model whose card has no calibration for it."""


class TemplateMismatch(VisavisError, ValueError):
    """Templates of different models (or settings) were to be compared or pooled."""


class DataError(VisavisError):
    """A data file (pairs list, template file, ...) cannot be used."""


class StorageError(VisavisError, OSError):
    """A file could not be written; nothing partial was left behind."""


class MissingExtra(VisavisError, ImportError):
    """An optional dependency is missing; the message names the extra to install."""


class GalleryError(VisavisError):
    """A gallery cannot be opened, read, changed or trusted."""


class GalleryNotFound(GalleryError, FileNotFoundError):
    """There is no gallery at this place, or the place is not one that visavis understands."""


class GalleryUnavailable(GalleryError):
    """The gallery's database cannot be reached, or went away; what was not acknowledged was not written."""


class GalleryBusy(GalleryError):
    """Another writer holds the gallery for longer than one may wait."""


class GalleryReadOnly(GalleryError):
    """The gallery was opened for reading, or its disk is read-only."""


class GalleryCorrupt(GalleryError):
    """The gallery's files are damaged, or were changed behind its back."""


class SchemaMismatch(GalleryError):
    """The gallery was written by a newer visavis, or must be migrated first."""


class WrongKey(GalleryError):
    """The gallery is encrypted, and the key is missing or another one."""


class PersonNotFound(GalleryError, LookupError):
    """The gallery knows no such person, reference or operation."""


class GalleryConflict(GalleryError):
    """A change contradicts what the gallery holds: a taken name, an id used twice, a merge that cannot be."""


class EnrolmentRefused(GalleryError):
    """A photo was not enrolled; the message says which check it failed and how to go on."""
