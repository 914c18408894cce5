"""The checks of the enrolment guard, each a small pure function: from plain facts to a finding, or none.

Quality and number of faces are judged photo by photo. Identity is judged by calibrated similarities only, see
`IdentityLimits`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

from visavis.gallery.enrolment.findings import Finding, Kind
from visavis.matching.identification.decision import MIN_QUALITY
from visavis.matching.scores import similarity_matrix

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from visavis.gallery.enrolment.limits import IdentityLimits
    from visavis.matching import Metric

    Vectors = NDArray[np.float32]

MIN_DETAIL = 0.3
"""Size, sharpness and exposure (0..1) below which a face keeps too little of its person. 0.05 % of LFW's photos are
below in one of them; of the same photos brought down to 12 pixels a face and back, 88 %; blurred by 4 pixels, 99 %."""
_FLAWS = {"size": "too small", "sharpness": "too blurred", "exposure": "too dark, too bright or too pale"}

DOMINANT = 0.1
"""Prominence of the second face, as a share of the first's, below which it is background: a third as high. Of 284
photos of LFW with several faces, whatever their share, the most prominent one was the person in 283; but LFW was cut
out around that person, and in a photo of a couple either may be meant."""

Support = Literal["none", "crowds", "alone"]
"""Which other photos show the same face as a photo of several people: none, others of several people, or at least one
in which it is alone or dominates (or an enrolled reference)."""

HUB = 3
"""A template that matches so many people, strangers to each other, stands for nobody."""


@dataclass(frozen=True, eq=False, slots=True)
class Sample:
    """One face that is to be enrolled.

    Attributes:
        source: the photo, for messages.
        vector: (d,) its template.
        quality: components by name, with "summary"; None if not measured.
        faces: how many are on the photo.
        rival: prominence of the next face as a share of this one's; 0 if it is alone, or was chosen by a person.
    """

    source: str
    vector: Vectors
    quality: Mapping[str, float] | None = None
    faces: int = 1
    rival: float = 0.0


@dataclass(frozen=True, eq=False, slots=True)
class Match:
    """Another person who a face may be.

    Attributes:
        person: name.
        id: stable id; None while not enrolled yet.
        similarity: of the person's most similar reference.
        vector: (d,) template of that reference.
    """

    person: str
    id: str | None
    similarity: float
    vector: Vectors


def face_finding(source: str, size: tuple[int, int]) -> Finding:
    """There is nothing to enrol on a photo of this size."""
    return Finding(
        Kind.NO_FACE,
        "refuse",
        f"{source}: no face was found ({size[0]}x{size[1]} pixels); give a photo in which the face is at least 40 "
        "pixels high, or look harder with --long-side 1280 or a lower --min-score",
    )


def taken_finding(source: str, person: str, other: str, other_source: str) -> Finding:
    """The same face of the same photo is somebody else's reference."""
    return Finding(
        Kind.PHOTO_OF_ANOTHER,
        "refuse",
        f"{source}: was given for {person}, but the same photo is a reference of {other}"
        f"{_called(other_source, source)}; it can show one of them only: take it out of the wrong folder, and if it is "
        f"wrong for {other}, move it with `visavis people split`",
        (other,),
    )


def twice_finding(source: str, person: str, other_source: str) -> Finding:
    """Another face of a photo that shows the person already."""
    return Finding(
        Kind.PHOTO_TWICE,
        "refuse",
        f"{source}: another face of this photo is a reference of {person}{_called(other_source, source)}, and two "
        "faces in one photo are two people: name the other person, or forget the wrong reference",
        (person,),
    )


def quality_finding(sample: Sample) -> Finding | None:
    """Too little detail keeps a photo out; other poor quality (a face turned away) is told."""
    quality = sample.quality
    if quality is None:
        return None
    worst = min(_FLAWS, key=lambda name: quality[name])
    if quality[worst] < MIN_DETAIL:
        return Finding(
            Kind.POOR_QUALITY,
            "refuse",
            f"{sample.source}: the face is {_FLAWS[worst]} ({worst} {quality[worst]:.2f}, needs {MIN_DETAIL:.2f}); "
            "such references match other poor photos, whoever is on them: give a larger, sharper or better lit photo",
        )
    if quality["summary"] < MIN_QUALITY:
        return Finding(
            Kind.POOR_QUALITY,
            "flag",
            f"{sample.source}: quality {quality['summary']:.2f} is below {MIN_QUALITY:.2f}, and the person will seldom "
            "be found by it; add a photo that faces the camera",
        )
    return None


def crowd_finding(sample: Sample, person: str, support: Support) -> Finding | None:
    """Several faces: nothing to say if other photos tell that the most prominent one is the person.

    Args:
        sample: its most prominent face.
        person: who is meant.
        support: what other photos tell.
    """
    if not sample.rival or support == "alone":
        return None
    message = f"{sample.source}: has {sample.faces} faces, "
    if support == "crowds" or sample.rival < DOMINANT:
        why = "which other photos show, but none alone" if support == "crowds" else "which no other photo confirms"
        return Finding(
            Kind.SEVERAL_FACES,
            "flag",
            f"{message}the most prominent one was taken for {person}, {why}; look at it, or add a photo "
            f"of {person} alone",
        )
    return Finding(
        Kind.SEVERAL_FACES,
        "refuse",
        f"{message}and nobody can tell which is {person}; crop the photo to one person, or name the face with --face "
        "(0 = most prominent)",
    )


def agreement(vectors: Vectors, own: Vectors, limits: IdentityLimits, metric: Metric) -> NDArray[np.bool_]:
    """(n,) which templates are consistent with at least half of a person's (m, d) references, m > 0.

    Half of them, because one reference may itself be wrong, and the most similar of many strangers is similar.
    """
    close = similarity_matrix(vectors, own, metric) >= limits.consistent
    return np.asarray(2 * close.sum(axis=1) >= len(own))


def majority(agree: NDArray[np.bool_], doubtful: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Which of n photos that are said to show one person do.

    Photos that agree with fewer than half of the others are taken out, the least agreeing first, until all that remain
    agree with half of each other; of equals, those go first whom the gallery would name as somebody else.

    Args:
        agree: (n, n) symmetric: whether two photos are consistent.
        doubtful: (n,) whether the gallery would name somebody else.

    Returns: (n,) those that remain; none if that is no majority of the photos (doubtful ones do not count against it).
    """
    n = len(agree)
    links = agree & ~np.eye(n, dtype=bool)
    keep = np.ones(n, dtype=bool)
    while True:
        counts = links[:, keep].sum(axis=1)
        out = keep & (2 * counts < keep.sum() - 1)
        if not out.any():
            break
        order = 2 * counts - doubtful  # a doubtful photo before an equal one
        worst = out & (order == order[out].min())
        if (worst == keep).all():  # two halves, and nobody can say which is the person
            return np.zeros(n, dtype=bool)
        keep &= ~worst
    considered = n - int((doubtful & ~keep).sum())
    return keep if 2 * keep.sum() > considered else np.zeros(n, dtype=bool)


def outlier_finding(sample: Sample, person: str, others: int, *, enrolled: bool) -> Finding:
    """A photo that does not show whom the person's other photos show."""
    whom = f"the {others} enrolled of {person}" if enrolled else f"most of the other {others} given for {person}"
    return Finding(
        Kind.OUTLIER,
        "refuse",
        f"{sample.source}: does not show the same face as {whom}; check who it is and move it, or enrol it with "
        "guard 'flag' if it is right",
    )


def mixed_finding(sample: Sample, person: str, photos: int, kept: int) -> Finding:
    """The photos given for one person show several: all are refused without a majority, else the majority is told."""
    if not kept:
        return Finding(
            Kind.MIXED_FOLDER,
            "refuse",
            f"{sample.source}: the {photos} photos given for {person} show no face that most of them share, so nobody "
            "can tell who is meant; sort them by person, or enrol them with guard 'flag' if they are right",
        )
    return Finding(
        Kind.MIXED_FOLDER,
        "flag",
        f"{sample.source}: only {kept} of the {photos} photos given for {person} show this face; check that it is "
        f"{person}",
    )


def contradiction_finding(sample: Sample, person: str, other: Match) -> Finding:
    """A photo that the gallery would name as somebody else, and that does not match its own person."""
    return Finding(
        Kind.CONTRADICTION,
        "refuse",
        f"{sample.source}: was given for {person}, but shows {other.person} (similarity {other.similarity:.3f}); move "
        "it to that person, or enrol it with guard 'flag' if it is right",
        *_who([other]),
    )


def closer_finding(sample: Sample, person: str, other: Match) -> Finding:
    """A photo that matches its own person, and another one more."""
    return Finding(
        Kind.CLOSER_TO_ANOTHER,
        "flag",
        f"{sample.source}: shows {person}, but {other.person} is clearly more similar ({other.similarity:.3f}); look "
        f"whether one of the references of {other.person} shows {person}, or whether they are one person",
        *_who([other]),
    )


def duplicate_finding(sample: Sample, person: str, other: Match) -> Finding:
    """A new person whom the gallery would name as somebody who is enrolled."""
    return Finding(
        Kind.POSSIBLE_DUPLICATE,
        "flag",
        f"{sample.source}: {person} is new here, but looks like {other.person} (similarity {other.similarity:.3f}); if "
        "they are one person, merge them with `visavis people merge`",
        *_who([other]),
    )


def hub_finding(sample: Sample, matches: Sequence[Match], limits: IdentityLimits, metric: Metric) -> Finding | None:
    """A template that would be named as several people who do not match each other: it would poison the gallery."""
    apart: list[Match] = []
    for match in matches:
        if match.similarity < limits.named:
            break
        known = np.array([other.vector for other in apart])
        if not apart or similarity_matrix(match.vector[None], known, metric).max() < limits.named:
            apart.append(match)
    if len(apart) < HUB:
        return None
    names = ", ".join(match.person for match in apart[:HUB])
    return Finding(
        Kind.HUB,
        "refuse",
        f"{sample.source}: matches {len(apart)} people who do not look alike ({names}), as blurred, covered or "
        "composed faces do; it would be found for everybody: give another photo",
        *_who(apart),
    )


def near_finding(sample: Sample, similarity: float, limits: IdentityLimits) -> Finding | None:
    """A photo that adds nothing to one that is there."""
    if similarity < limits.near:
        return None
    return Finding(
        Kind.NEAR_DUPLICATE,
        "flag",
        f"{sample.source}: is nearly the same as another reference (similarity {similarity:.3f}) and adds nothing; a "
        "photo from another day would",
    )


def _who(matches: Sequence[Match]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    return tuple(match.person for match in matches), tuple(match.id for match in matches if match.id)


def _called(other: str, source: str) -> str:
    return f" (as {other})" if other and other != source else ""
