from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image, ImageDraw
from tests.picture.conftest import faces_in

from visavis.errors import NotCalibrated
from visavis.picture import comparison_picture
from visavis.picture.ink import DECISIONS
from visavis.types import Decision

SIZES = {
    "usual": ((640, 480), (480, 640)),
    "tiny": ((8, 8), (16, 12)),
    "huge": ((6000, 4000), (300, 300)),
    "wide and tall": ((4000, 60), (60, 4000)),
    "both tall": ((60, 3000), (30, 3000)),
}


@pytest.fixture
def written(monkeypatch):
    """Every text that is drawn from now on: (picture it was drawn on, its box, the text)."""
    texts: list[tuple[Image.Image, tuple[float, ...], str]] = []
    draw_text = ImageDraw.ImageDraw.text

    def text(self, xy, text, fill, font, **options):
        box = self.textbbox(xy, text, font, **options)
        texts.append((self._image, box, text))
        return draw_text(self, xy, text, fill, font, **options)

    monkeypatch.setattr(ImageDraw.ImageDraw, "text", text)
    return texts


def check_legible(texts):
    """No text leaves the sheet that it is drawn on, and none touches another."""
    for sheet, (left, top, right, bottom), text in texts:
        inside = left >= 0 and top >= 0 and right <= sheet.width and bottom <= sheet.height
        assert inside, f"{text!r} is cut off: {(left, top, right, bottom)} on {sheet.size}"
    for (one, a, first), (other, b, second) in combinations(texts, 2):
        apart = a[2] <= b[0] or b[2] <= a[0] or a[3] <= b[1] or b[3] <= a[1]
        assert one is not other or apart, f"{first!r} and {second!r} touch"


@pytest.mark.parametrize("sizes", SIZES.values(), ids=SIZES)
def test_photos_of_any_size_make_a_picture_of_one_width(photo_of, compared, written, sizes):
    probe, reference = (photo_of(*size, source="x" * 300 + ".jpg") for size in sizes)
    picture = comparison_picture(compared(0.5, probe, reference), probe, reference)
    assert picture.width == 1200
    assert 500 < picture.height < 1300
    check_legible(written)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    score=st.floats(-1, 1),
    fmr=st.sampled_from([2e-6, 1e-4, 1e-3, 0.1, 0.5]),
    fnmr=st.sampled_from([2e-3, 1e-2, 0.1, 0.5]),
    setting=st.sampled_from(["plain", "flip"]),
)
def test_no_text_is_cut_or_covered_whatever_the_score_and_rates(photo_of, compared, written, score, fmr, fnmr, setting):
    written.clear()
    photo = photo_of(300, 200)
    comparison_picture(compared(score, photo, photo, fmr=fmr, fnmr=fnmr, setting=setting), photo, photo)
    check_legible(written)


@pytest.mark.parametrize(("score", "decision"), [(0.2, "no match"), (0.4, "inconclusive"), (0.6, "match")])
def test_the_picture_carries_the_decision_in_colour_and_words(photo_of, compared, written, score, decision):
    photo = photo_of(300, 200)
    picture = comparison_picture(compared(score, photo, photo), photo, photo)
    assert picture.getpixel((600, 4)) == DECISIONS[Decision(decision)]
    assert any(text.lower().startswith(decision) for _, _, text in written)


def test_evidence_thresholds_licence_and_notes_are_written_down(photo_of, compared, written):
    photo = photo_of(300, 200)
    comparison = compared(0.5, photo, photo, notes=("two faces, the largest was taken",))
    comparison_picture(comparison, photo, photo)
    words = " ".join(text for _, _, text in written)
    e = comparison.evidence
    evidence = (
        "similarity 0.500",
        f"match from {e.match_threshold:.3f}",
        "FMR 0.1 %",
        f"no match below {e.no_match_threshold:.3f}",
        "FNMR 1 %",
        f"LLR {e.log_likelihood_ratio:+.1f}",
    )
    facts = ("CC0-1.0", "dlib-resnet@", "two faces, the largest was taken", "300 x 200 px", "quality 0.73")
    for part in (*evidence, *facts):
        assert part in words


def test_other_faces_are_shown_and_counted(photo_of, compared, written):
    photo = photo_of(400, 300)
    found = faces_in(photo, 0.5, 0.9)
    alone = comparison_picture(compared(0.5, photo, photo), photo, photo)
    beside = comparison_picture(compared(0.5, photo, photo), photo, photo, faces=(found, found))
    assert alone.tobytes() != beside.tobytes()
    assert any("face 0 (of 2, from 0)" in text for _, _, text in written)


def test_the_chips_given_are_the_chips_shown(photo_of, compared):
    photo = photo_of(400, 300)
    chip = np.zeros((150, 150, 3), np.uint8)
    chip[:] = (250, 10, 240)
    picture = np.asarray(comparison_picture(compared(0.5, photo, photo), photo, photo, chips=(chip, chip)))
    assert (picture == (250, 10, 240)).all(axis=2).sum() == 2 * 150 * 150


def test_a_comparison_by_other_weights_cannot_be_drawn(photo_of, compared):
    from dataclasses import replace

    photo = photo_of(400, 300)
    foreign = replace(compared(0.5, photo, photo), model="dlib-resnet@000000000000")
    with pytest.raises(NotCalibrated, match="other weights"):
        comparison_picture(foreign, photo, photo)
