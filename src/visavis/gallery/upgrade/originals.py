"""Templates from original photos: read again if they are still what was enrolled, the face found again by its box."""

from __future__ import annotations

import hashlib
from collections import deque
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import numpy as np

from visavis.errors import ModelError, VisavisError
from visavis.face.suppress import overlaps
from visavis.images.reading import read_encoded

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from visavis.face import Engine
    from visavis.gallery.types import Reference
    from visavis.types import Box, Faces

    Made = dict[int, NDArray[np.float32]]
    Reasons = dict[int, str]

SAME_FACE = 0.5
"""Intersection over union of the box then and now from which on it is the same face: detectors and their settings draw
boxes differently, and faces beside each other overlap less."""


def from_originals(engine: Engine, references: Sequence[Reference]) -> tuple[Made, Reasons]:
    """Embed references again from the photos they were enrolled from, each photo read and searched once.

    Args:
        engine: with the new model.
        references: any number.

    Returns: templates by key, and why the others have none.

    Raises:
        ModelError: the model cannot be had or run.
    """
    made: Made = {}
    reasons = {one.key: "its photo was not recorded" for one in references if not (one.source and one.photo)}
    photos: dict[tuple[str, str], list[Reference]] = {}
    for one in references:
        if one.key not in reasons:
            photos.setdefault((one.source, one.photo), []).append(one)
    for shown, found in _looked(engine, list(photos.values()), reasons):
        if isinstance(found, ModelError):  # no photo's fault
            raise found
        for one in shown:
            face = _same_face(one, found)
            if isinstance(face, str):
                reasons[one.key] = face
            else:
                made[one.key] = face
    return made, reasons


def _looked(
    engine: Engine, photos: list[list[Reference]], reasons: Reasons
) -> Iterator[tuple[list[Reference], Faces | VisavisError]]:
    """The faces of each photo that is still what was enrolled."""
    waiting: deque[list[Reference]] = deque()

    def unchanged() -> Iterator[bytes]:
        for shown in photos:
            content = _content(engine, shown[0])
            if isinstance(content, bytes):
                waiting.append(shown)
                yield content
            else:
                reasons.update((one.key, content) for one in shown)

    for found in engine.stream(unchanged(), quality=False, errors="return"):
        yield waiting.popleft(), found


def _content(engine: Engine, one: Reference) -> bytes | str:
    """The photo's bytes, if they are those that were enrolled; else what is wrong."""
    try:
        content = read_encoded(one.source, one.source, engine.limits)
    except VisavisError as error:
        return f"its photo cannot be read ({error})"
    if hashlib.sha256(content).hexdigest() != one.photo:
        return f"its photo is no longer the one that was enrolled ({one.source} has other content)"
    return content


def _same_face(one: Reference, found: Faces | VisavisError) -> NDArray[np.float32] | str:
    """The template of the face that was enrolled, among those found now; or why none can be said to be it."""
    if isinstance(found, VisavisError):
        return f"its photo cannot be used ({found})"
    if not len(found) or found.templates is None:
        return f"no face was found on its photo ({one.source})"
    if one.box is None and len(found) > 1:
        return f"which of the {len(found)} faces on its photo it is was not recorded ({one.source})"
    face = 0 if one.box is None else _overlapping(one.box, found)
    if face is None:
        return f"no face was found on its photo where it was enrolled ({one.source})"
    return np.array(found.templates[face])  # a view would keep those of all


def _overlapping(box: Box, found: Faces) -> int | None:
    shared = overlaps(np.array(box.as_list(), np.float32), found.boxes)[0]
    best = int(np.argmax(shared))
    return best if shared[best] >= SAME_FACE else None
