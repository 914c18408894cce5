"""One-to-one verification: do probe and reference show the same person, and how sure may one be?"""

from __future__ import annotations

import numpy as np

from visavis.errors import FaceNotFound, InvalidInput, NotCalibrated
from visavis.face.engine import Engine, default_engine
from visavis.images import ImageSource
from visavis.matching.decision import judge
from visavis.matching.scores import distance_of, similarity
from visavis.models import Calibration, ModelCard, find_card
from visavis.types import Comparison, Face, Faces, Template

DEFAULT_FMR = 1e-3
DEFAULT_FNMR = 1e-2
DEFAULT_PRIOR = 0.5
POOR_QUALITY = 0.6
"""Summary below which a photo is worse than 99 % of those that the default model was calibrated on."""


def match(
    probe: ImageSource,
    reference: ImageSource,
    *,
    engine: Engine | None = None,
    fmr: float = DEFAULT_FMR,
    fnmr: float = DEFAULT_FNMR,
    prior: float = DEFAULT_PRIOR,
    face: int | None = None,
    reference_face: int | None = None,
) -> Comparison:
    """Compare the faces of two images.

    Args:
        probe: path, bytes, binary file, PIL image or numpy RGB array.
        reference: as `probe`.
        engine: how to find and embed faces; the default engine if None.
        fmr: false-match rate at which "match" may be said. Lower says "match" less often and less often wrongly.
        fnmr: false-non-match rate at which "no match" may be said; scores between both thresholds are "inconclusive".
        prior: probability of "same person" before looking, for the posterior probability.
        face: which face of the probe (0 = largest); None takes the largest and notes it when there are several.
        reference_face: the same for the reference.

    Raises:
        FaceNotFound: an image has no face, or not the one asked for.
        ImageError, InvalidInput: an image or argument cannot be used.
        NotCalibrated: the model's card does not support a decision at these rates.
    """
    engine = default_engine() if engine is None else engine
    if not isinstance(engine, Engine):
        raise InvalidInput(f"engine {engine!r}: needs a visavis.Engine, or None for the default one")
    found = engine.faces(probe), engine.faces(reference)
    return match_faces(*found, fmr=fmr, fnmr=fnmr, prior=prior, face=face, reference_face=reference_face)


def match_faces(
    probe: Faces,
    reference: Faces,
    *,
    fmr: float = DEFAULT_FMR,
    fnmr: float = DEFAULT_FNMR,
    prior: float = DEFAULT_PRIOR,
    face: int | None = None,
    reference_face: int | None = None,
) -> Comparison:
    """Compare a face of each of two images whose faces were found already; arguments and errors as in `match`."""
    first, first_notes = choose(probe, face, "the probe")
    second, second_notes = choose(reference, reference_face, "the reference")
    notes = (*probe.notes, *first_notes, *reference.notes, *second_notes)
    return compare(first, second, fmr=fmr, fnmr=fnmr, prior=prior, notes=notes)


def compare(
    probe: Face,
    reference: Face,
    *,
    fmr: float = DEFAULT_FMR,
    fnmr: float = DEFAULT_FNMR,
    prior: float = DEFAULT_PRIOR,
    notes: tuple[str, ...] = (),
) -> Comparison:
    """Compare two faces that carry templates; arguments and errors as in `match`.

    Raises:
        InvalidInput: a face has no template.
        TemplateMismatch: the templates come from different models or settings.
    """
    a, b = _template(probe), _template(reference)
    card, calibration = card_and_calibration(a.model)
    metric = card.output.metric or "cosine"
    score = similarity(a, b, metric)
    evidence = judge(score, calibration, fmr=fmr, fnmr=fnmr, prior=prior)
    for face, role in ((probe, "probe"), (reference, "reference")):
        if face.quality and face.quality["summary"] < POOR_QUALITY:
            value = face.quality["summary"]
            notes = (*notes, f"quality of the {role} is {value:.2f}; the error rates were measured on better photos")
    if a.samples > 1 or b.samples > 1:
        notes = (*notes, "a template pools several samples; the stated error rates were measured on single ones")
    return Comparison(probe, reference, evidence, distance_of(score, metric), a.model, notes)


def choose(faces: Faces, index: int | None, role: str = "the image") -> tuple[Face, tuple[str, ...]]:
    """The face asked for (0 = largest), or the largest with a note when there are several.

    Raises:
        InvalidInput: the index is no whole number.
        FaceNotFound: there is no such face.
    """
    if not len(faces):
        width, height = faces.image_size
        raise FaceNotFound(
            f"{faces.source}: no face was found in {role} ({width}x{height}); use a photo in which the face is at "
            "least 16 pixels high, or try --tiles for small faces, --long-side 1280, a lower --min-score or --min-size"
        )
    if index is None:
        option = "--reference-face" if role == "the reference" else "--face"
        several = f"{faces.source}: {len(faces)} faces, the largest was taken; {option} N takes another (0 = largest)"
        return faces[0], (several,) if len(faces) > 1 else ()
    if not isinstance(index, int | np.integer):
        raise InvalidInput(f"face {index!r}: must be a whole number (0 = largest), or None")
    if not 0 <= index < len(faces):
        raise FaceNotFound(
            f"{faces.source}: face {index} of {role} was asked for, but it has {len(faces)} (0 to {len(faces) - 1}, "
            "largest first)"
        )
    return faces[index], ()


def card_and_calibration(fingerprint: str) -> tuple[ModelCard, Calibration]:
    """The card behind a template's fingerprint (`id@hash[+flip]`), and the calibration for its settings.

    Raises:
        NotCalibrated: the card has none.
        ModelNotFound: the model is not registered here.
    """
    name, _, setting = fingerprint.partition("+")
    card = find_card(name.partition("@")[0])
    if card.fingerprint != name:
        raise NotCalibrated(
            f"templates of {name} cannot be judged by the card of {card.fingerprint}: these are other weights; "
            "embed the photos again, or register the old weights under a name of their own"
        )
    key = "flip" if setting == "flip" else "plain"
    if key not in card.calibration:
        raise NotCalibrated(
            f"{card.id}: its card has no calibration for {key} templates, so no decision can be stated; fit one on "
            f"your own labelled photos with `visavis models calibrate {card.id} --root DIR --images CSV`"
        )
    return card, card.calibration[key]


def _template(face: Face) -> Template:
    if not isinstance(face, Face):
        raise InvalidInput(f"{type(face).__name__}: is no Face; take one row of Faces, for instance faces[0]")
    if face.template is None:
        raise InvalidInput(f"{face.source}: face {face.index} has no template; ask the engine with embed=True")
    return face.template
