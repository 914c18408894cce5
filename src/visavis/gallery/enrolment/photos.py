"""The photos of an enrolment: which one, of whom; the digest that knows it again, and the id of its reference."""

from __future__ import annotations

import hashlib
import os
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from visavis.errors import FaceNotFound, InvalidInput
from visavis.face.decoders import Detections
from visavis.face.detect import prominence
from visavis.gallery.enrolment.guard import Sample
from visavis.gallery.names import checked_name
from visavis.images.reading import read_encoded

if TYPE_CHECKING:
    from visavis.gallery.types import Crop
    from visavis.images import Limits
    from visavis.types import Face, Faces, Template


@dataclass(frozen=True, slots=True)
class PhotoOf:
    """A photo that is to be enrolled for a person.

    Attributes:
        photo: path, or the encoded file.
        person: name.
        face: which face of the photo (0 = most prominent); None = the most prominent, if it is clear who is meant.
        source: how messages and the gallery call it; the path if None.
    """

    photo: str | os.PathLike[str] | bytes
    person: str
    face: int | None = None
    source: str | None = None

    @property
    def name(self) -> str:
        """How messages and the gallery call it."""
        if self.source is not None:
            return self.source
        return "<bytes>" if isinstance(self.photo, bytes) else os.fsdecode(self.photo)


@dataclass(frozen=True, slots=True)
class Request:
    """A photo that was read once: what is known of it before anybody looks at it.

    Attributes:
        photo: as in `PhotoOf`.
        source: its name.
        person: the checked name.
        face: as in `PhotoOf`.
        digest: SHA-256 of the file, hexadecimal.
        gallery: id of the gallery that it goes to; '' if there is none.
    """

    photo: str | os.PathLike[str] | bytes
    source: str
    person: str
    face: int | None
    digest: str
    gallery: str = ""

    @property
    def reference(self) -> str:
        """Id of the reference that it becomes."""
        return reference_id(self.gallery, self.digest, self.face or 0, self.person)


@dataclass(frozen=True, eq=False, slots=True)
class Looked:
    """A photo whose faces are known.

    Attributes:
        request: which photo.
        face: the one that is to be enrolled.
        template: of that face.
        sample: that face, for the guard.
        crop: what is kept of it.
    """

    request: Request
    face: Face
    template: Template
    sample: Sample
    crop: Crop | None


def requested(item: PhotoOf, limits: Limits, gallery: str = "") -> Request:
    """Read a photo once, for the gallery of this id.

    Raises:
        ImageError: it cannot be read.
        InvalidInput: the person's name or the face number cannot be.
    """
    if not isinstance(item, PhotoOf) or not isinstance(item.photo, str | os.PathLike | bytes):
        raise InvalidInput(f"{type(item).__name__}: is no photo of a person; pass PhotoOf(path or bytes, person)")
    if item.face is not None and not (isinstance(item.face, int | np.integer) and item.face >= 0):
        raise InvalidInput(f"{item.name}: face {item.face!r} is no whole number from 0 (most prominent) on")
    person = checked_name(item.person)
    digest = hashlib.sha256(read_encoded(item.photo, item.name, limits)).hexdigest()
    return Request(item.photo, item.name, person, item.face, digest, gallery)


def reference_id(gallery: str, digest: str, face: int, person: str) -> str:
    """The id under which a face of a photo is enrolled for a person, wherever the file lies: 40 hexadecimal digits.

    A moved or renamed file is the same reference; the same photo given for somebody else is another one. The audit log
    keeps ids when people are forgotten: without the gallery's id, a photo and a name do not tell who was enrolled.
    """
    return hashlib.sha256(f"{gallery} {digest} {face} {person}".encode()).hexdigest()[:40]


def seen(request: Request, faces: Faces, crop: Crop | None) -> Looked:
    """A photo with at least one face, ready to be judged.

    Raises:
        FaceNotFound: the face that was asked for is not on it.
    """
    index = request.face or 0
    if index >= len(faces):
        raise FaceNotFound(
            f"{request.source}: face {index} was asked for, but it has {len(faces)} (0 to {len(faces) - 1}, most "
            "prominent first)"
        )
    face = faces[index]
    if face.template is None:
        raise InvalidInput(f"{request.source}: its faces carry no templates; let the engine embed them")
    rival = 0.0 if request.face is not None else _rival(faces)
    sample = Sample(request.source, face.template.vector, face.quality, len(faces), rival)
    return Looked(request, face, face.template, sample, crop)


def _rival(faces: Faces) -> float:
    """Prominence of the second face over that of the first."""
    if len(faces) < 2:
        return 0.0
    first, second = prominence(Detections(faces.boxes, faces.points, faces.scores), *faces.image_size)[:2]
    return float(second / max(first, 1e-9))
