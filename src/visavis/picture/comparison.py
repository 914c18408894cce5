"""The picture of a comparison: decision, both photos, both chips, the calibrated scale, and what to keep in mind."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import PurePath
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image, ImageDraw

from visavis.face.align import align, chip_template
from visavis.matching.verification import card_and_calibration
from visavis.picture.ink import DECISIONS, FAINT, INK, PAPER, Colour, font, line_height, shorten, stack, wrap
from visavis.picture.panel import View, draw_panel, view_around
from visavis.picture.scale import draw_scale
from visavis.picture.words import evidence_in_words, likelihood_in_words, probability_in_words
from visavis.types import Decision

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from visavis.images import Photo
    from visavis.models import Calibration, ModelCard
    from visavis.types import Comparison, Face, Faces

    Chip = NDArray[np.uint8]

WIDTH = 1200
_MARGIN, _GAP = 32, 22
_INNER = WIDTH - 2 * _MARGIN
_PHOTO_HEIGHT = 430
_CHIP = 150
_TITLE, _TEXT, _SMALL = 34, 17, 14

_TITLES = {
    Decision.MATCH: "Match: the faces are taken for one person",
    Decision.NO_MATCH: "No match: the faces are taken for two people",
    Decision.INCONCLUSIVE: "Inconclusive: neither can be said at these error rates",
}


@dataclass(frozen=True)
class _Side:
    """One of the two photos and what is known of it."""

    role: str
    photo: Photo
    face: Face
    others: list[Face]
    chip: Chip
    view: View


def comparison_picture(
    comparison: Comparison,
    probe: Photo,
    reference: Photo,
    chips: tuple[Chip, Chip] | None = None,
    faces: tuple[Faces, Faces] | None = None,
) -> Image.Image:
    """Draw a comparison.

    Args:
        comparison: what was found.
        probe: the photo that `comparison.probe` is a face of.
        reference: likewise.
        chips: the aligned faces (S, S, 3) uint8 RGB that the model read; cut by their five points if None.
        faces: all faces of both photos, to show those that were not compared, too.

    Returns: RGB, 1200 pixels wide.

    Raises:
        ModelError, NotCalibrated: the card behind the comparison is not on this machine.
    """
    card, calibration = card_and_calibration(comparison.model)
    chips = chips or (_chip(probe, comparison.probe, card), _chip(reference, comparison.reference, card))
    sides = [
        _Side(role, photo, face, _others(all_faces, face), chip, view_around(photo, face.box))
        for role, photo, face, all_faces, chip in zip(
            ("probe", "reference"),
            (probe, reference),
            (comparison.probe, comparison.reference),
            faces or (None, None),
            chips,
            strict=True,
        )
    ]
    blocks = [
        _heading(comparison),
        _photos(sides, DECISIONS[comparison.decision]),
        _chips_and_scale(sides, comparison, calibration),
        _paragraph([f"Note: {note}" for note in comparison.notes], INK),
        _paragraph(_small_print(comparison, card, calibration), FAINT),
    ]
    body = stack([block for block in blocks if block.height], _GAP)
    sheet = Image.new("RGB", (WIDTH, body.height + 2 * _MARGIN), PAPER)
    sheet.paste(body, (_MARGIN, _MARGIN))
    ImageDraw.Draw(sheet).rectangle((0, 0, WIDTH, 9), fill=DECISIONS[comparison.decision])
    return sheet


def _heading(comparison: Comparison) -> Image.Image:
    """The decision, and its evidence, in words."""
    evidence = comparison.evidence
    words = evidence_in_words(comparison)
    sentences = (
        f"{words[0].upper()}{words[1:]}.",
        f"LLR {evidence.log_likelihood_ratio:+.1f}: this similarity is "
        f"{likelihood_in_words(evidence.log_likelihood_ratio)}. Probability of one person: "
        f"{probability_in_words(evidence.probability)} at prior {evidence.prior:g}.",
    )
    lines = [line for sentence in sentences for line in wrap(sentence, _TEXT, _INNER)]
    top = line_height(_TITLE)
    block = Image.new("RGB", (_INNER, top + len(lines) * line_height(_TEXT)), PAPER)
    draw = ImageDraw.Draw(block)
    draw.text((0, 0), _TITLES[evidence.decision], DECISIONS[evidence.decision], font(_TITLE))
    for number, line in enumerate(lines):
        draw.text((0, top + number * line_height(_TEXT)), line, INK, font(_TEXT))
    return block


def _photos(sides: list[_Side], colour: Colour) -> Image.Image:
    """Both photos at one height, each over its caption."""
    shapes = sum(side.view.shape for side in sides)
    height = min(_PHOTO_HEIGHT, int((_INNER - _GAP) / shapes))
    panels = [draw_panel(side.photo, side.view, height, side.face, side.others, colour) for side in sides]
    column = (_INNER - _GAP) // 2
    second = column + _GAP if max(panel.width for panel in panels) <= column else panels[0].width + _GAP
    lefts, widths = (0, second), (second - _GAP, _INNER - second)
    captions = [_caption(side, width) for side, width in zip(sides, widths, strict=True)]
    block = Image.new("RGB", (_INNER, height + 6 + max(map(len, captions)) * line_height(_SMALL)), PAPER)
    draw = ImageDraw.Draw(block)
    for panel, left, lines in zip(panels, lefts, captions, strict=True):
        block.paste(panel, (left, 0))
        for number, line in enumerate(lines):
            ink = FAINT if number else INK
            draw.text((left, height + 6 + number * line_height(_SMALL)), line, ink, font(_SMALL))
    return block


def _caption(side: _Side, width: int) -> list[str]:
    """Role and file name on the first line; then size, face and quality."""
    face, photo = side.face, side.photo
    part = "" if side.view.of(photo) else " (part shown)"
    which = f" {face.index} (of {len(side.others) + 1}, from 0)" if side.others else ""
    facts = [f"{photo.width} x {photo.height} px{part}"]
    facts.append(f"face{which} {face.box.width:.0f} x {face.box.height:.0f} px")
    if face.quality:
        facts.append(f"quality {face.quality['summary']:.2f}")
    name = f"{side.role}: {PurePath(photo.source).name or photo.source}"
    return [shorten(name, _SMALL, width), *wrap(", ".join(facts), _SMALL, width)]


def _chips_and_scale(sides: list[_Side], comparison: Comparison, calibration: Calibration) -> Image.Image:
    left = 2 * _CHIP + 2 * _GAP
    scale = draw_scale(comparison.evidence, calibration, _INNER - left)
    block = Image.new("RGB", (_INNER, max(scale.height, _CHIP + 30)), PAPER)
    block.paste(scale, (left, 0))
    draw = ImageDraw.Draw(block)
    for number, side in enumerate(sides):
        x = number * (_CHIP + 10)
        block.paste(Image.fromarray(side.chip).resize((_CHIP, _CHIP), Image.Resampling.BICUBIC), (x, 0))
        draw.text((x, _CHIP + 5), f"{side.role}, aligned", FAINT, font(_SMALL))
    return block


def _paragraph(texts: list[str], ink: Colour) -> Image.Image:
    lines = [line for text in texts for line in wrap(text, _SMALL, _INNER)]
    block = Image.new("RGB", (_INNER, len(lines) * line_height(_SMALL)), PAPER)
    draw = ImageDraw.Draw(block)
    for number, line in enumerate(lines):
        draw.text((0, number * line_height(_SMALL)), line, ink, font(_SMALL))
    return block


def _small_print(comparison: Comparison, card: ModelCard, calibration: Calibration) -> list[str]:
    licence = card.licence
    return [
        f"Model {comparison.model}: licence {licence.name}, commercial use: {licence.commercial_use}. Error rates and "
        f"likelihoods from {calibration.nonmated:,} non-mated and {calibration.mated:,} mated comparisons of "
        f"{calibration.identities:,} people ({calibration.source}); other photos and people may give others. "
        "Evidence, not proof: let a person decide.",
    ]


def _others(faces: Faces | None, chosen: Face) -> list[Face]:
    return [face for face in faces or () if face.index != chosen.index]


def _chip(photo: Photo, face: Face, card: ModelCard) -> Chip:
    chip: Chip = align(photo.image, face.points[None], chip_template(card.alignment or ""))[0]
    return chip
