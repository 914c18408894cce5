"""Who of a gallery's people is on a photo, or nobody, with the evidence for either.

Several references of one person speak through the most similar one (fusion "max"), which is also what the threshold
was set with.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from visavis import ranges
from visavis.errors import InvalidInput, NotCalibrated
from visavis.gallery.thresholds import DEFAULT_FPIR, find_calibration, gallery_threshold
from visavis.matching.calibration import log_likelihood_ratio
from visavis.matching.identification import Candidate, Identification, MatchedReference, Outcome, decide
from visavis.matching.identification.decision import MIN_QUALITY, MIN_RATIO
from visavis.matching.scores import similarity_matrix

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from visavis.gallery.gallery import Gallery
    from visavis.gallery.types import ModelSpace, Reference, Where
    from visavis.matching.identification import FpirThreshold
    from visavis.models.calibration import Calibration
    from visavis.types import Faces

TOP = 5
SHOWN_REFERENCES = 3
"""Most similar references listed for each candidate."""


@dataclass(frozen=True, slots=True)
class Identifier:
    """Identifies the faces of photos against one gallery.

    Attributes:
        gallery: open gallery.
        fpir: false-positive identification rate asked for, in (0, 1).
        top: candidates listed per face.
        min_quality: quality summary of the probe from which on a decision is made, 0..1.
        min_ratio: how many times better the best person must explain the probe than the next one.
        where: which references may be found.
        approximate: search by the approximate index; its measured recall stands in the notes.
    """

    gallery: Gallery
    fpir: float = DEFAULT_FPIR
    top: int = TOP
    min_quality: float = MIN_QUALITY
    min_ratio: float = MIN_RATIO
    where: Where | None = None
    approximate: bool = False

    def __post_init__(self) -> None:
        ranges.whole("top", self.top, 1, 1000)

    def faces(self, faces: Faces) -> list[Identification]:
        """One answer per face, in their order; of two faces in one photo at most one is said to be a person.

        Raises:
            InvalidInput: the faces carry no templates, or an argument is out of range.
            TemplateMismatch: the gallery holds no templates of their model.
        """
        if not len(faces):
            return []
        if faces.templates is None or faces.model is None:
            raise InvalidInput(f"{faces.source}: its faces carry no templates; let the engine embed them")
        space = self.gallery.space(faces.model)
        calibration = find_calibration(space.fingerprint)
        version, notes = self.gallery.version, (*faces.notes, *self._notes(space, calibration))
        threshold, why = self._threshold(space)
        gap = self._gap(space)
        answers = []
        for face, candidates in zip(faces, self._candidates(faces.templates, space, calibration), strict=True):
            quality = None if face.quality is None else face.quality["summary"]
            verdict = decide(
                candidates,
                threshold,
                calibration,
                quality,
                min_quality=self.min_quality,
                min_ratio=self.min_ratio,
                no_threshold=why,
            )
            if gap and verdict.outcome is Outcome.NOT_IDENTIFIED:
                verdict = replace(verdict, outcome=Outcome.NO_DECISION, reason=f"{gap}, so nobody can be excluded")
            listed = candidates[: self.top]
            answers.append(Identification(face, listed, verdict, threshold, space.fingerprint, "max", version, notes))
        return apart(answers)

    def _gap(self, space: ModelSpace) -> str:
        """What of the gallery cannot be found under this model; '' if all can."""
        enrolled, searched = self.gallery.count()[1], len(self.gallery.tier(space.fingerprint).keys)
        return f"only {searched} of {enrolled} references have templates of {space.fingerprint}" * (searched < enrolled)

    def _threshold(self, space: ModelSpace) -> tuple[FpirThreshold | None, str]:
        """The threshold, or None and why there is none."""
        if not len(self.gallery.tier(space.fingerprint).keys):
            return None, "nobody is enrolled"
        try:
            return gallery_threshold(self.gallery, self.fpir, model=space.fingerprint, lenient=True), ""
        except NotCalibrated as problem:
            return None, str(problem)

    def _candidates(
        self, templates: NDArray[np.float32], space: ModelSpace, calibration: Calibration | None
    ) -> list[tuple[Candidate, ...]]:
        """The most similar people of every face, at least two where there are so many."""
        found = self.gallery.search(
            templates,
            max(self.top, 2),
            model=space.fingerprint,
            where=self.where,
            groups=True,
            approximate=self.approximate,
        )
        keys = np.unique(found.keys[found.keys >= 0])
        hit = {reference.key: reference for reference in self._references_by_key(keys)}
        evidence = _Evidence(self.gallery, space)
        lists = []
        for template, row, scores in zip(templates, found.keys.tolist(), found.scores.tolist(), strict=True):
            lists.append(
                tuple(
                    Candidate(
                        hit[key].person,
                        hit[key].person_id,
                        score,
                        None if calibration is None else log_likelihood_ratio(calibration, score),
                        evidence.of(hit[key].person_id, template) if place < self.top else (),
                    )
                    for place, (key, score) in enumerate(zip(row, scores, strict=True))
                    if key in hit  # -1 fills short rows; who was forgotten since the search is left out
                )
            )
        return lists

    def _references_by_key(self, keys: NDArray[np.int64]) -> Sequence[Reference]:
        return self.gallery.references(keys=keys.tolist()) if len(keys) else ()

    def _notes(self, space: ModelSpace, calibration: Calibration | None) -> tuple[str, ...]:
        notes = []
        if gap := self._gap(space):
            notes.append(f"{gap}; people without one cannot be found under it")
        if calibration is None:
            notes.append(f"{space.fingerprint} is not calibrated: likelihood ratios and leads are not known")
        if self.approximate:
            recall = self.gallery.approximate(space.fingerprint).recall
            notes.append(
                f"approximate search: the best reference was that of the exact search in {recall.at_1:.1%} of "
                f"{recall.queries} searches of either kind"
            )
        if self.where is not None:
            notes.append("only a part of the gallery was searched; the threshold is that of the whole")
        return tuple(notes)


class _Evidence:
    """The references behind a candidate; those of one person are read once."""

    def __init__(self, gallery: Gallery, space: ModelSpace) -> None:
        self._gallery, self._space = gallery, space
        self._people: dict[str, tuple[Sequence[Reference], NDArray[np.float32]]] = {}

    def of(self, person_id: str, template: NDArray[np.float32]) -> tuple[MatchedReference, ...]:
        """The person's references that are most similar to a template."""
        references, vectors = self._read(person_id)
        if not references:
            return ()
        scores = similarity_matrix(template[None], vectors, self._space.metric)[0]
        best = np.argsort(-scores, kind="stable")[:SHOWN_REFERENCES].tolist()
        return tuple(_matched(references[place], float(scores[place])) for place in best)

    def _read(self, person_id: str) -> tuple[Sequence[Reference], NDArray[np.float32]]:
        if person_id not in self._people:
            known = self._gallery.references(person=person_id)
            usable = [reference for reference in known if self._space.fingerprint in reference.models]
            vectors = self._gallery.templates([reference.key for reference in usable], self._space)
            self._people[person_id] = usable, vectors
        return self._people[person_id]


def apart(answers: Sequence[Identification]) -> list[Identification]:
    """Two faces in one photo are two people: where both were given one name, only the more similar keeps it."""
    best: dict[str, Identification] = {}
    for answer in answers:
        name = answer.decision
        if name is not None and (name not in best or _similarity(answer) > _similarity(best[name])):
            best[name] = answer
    return [
        answer if answer.decision is None or best[answer.decision] is answer else _withdrawn(answer, answer.decision)
        for answer in answers
    ]


def _withdrawn(answer: Identification, name: str) -> Identification:
    reason = f"another face of this photo is more similar to {name}, and two faces in one photo are two people"
    verdict = replace(answer.verdict, outcome=Outcome.NO_DECISION, decision=None, reason=reason)
    return replace(answer, verdict=verdict)


def _similarity(answer: Identification) -> float:
    return answer.candidates[0].similarity


def _matched(reference: Reference, similarity: float) -> MatchedReference:
    quality: Mapping[str, float] = reference.quality or {}
    return MatchedReference(reference.id, similarity, reference.source, quality.get("summary"))
