"""Damaged files through the whole line, from bytes to comparison: nothing but a VisavisError ever escapes."""

from __future__ import annotations

import io
import tempfile
import warnings

import pytest
from PIL import Image
from tests.fuzz.mutate import Sample, mutants

import visavis as vv

COUNT = 5000


@pytest.mark.weights
@pytest.mark.slow
def test_damaged_photos_give_faces_or_a_clear_error(portrait, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    face = Image.fromarray(portrait.image).crop((55, 20, 265, 272)).resize((75, 90))
    samples = []
    for name in ("JPEG", "PNG", "WEBP", "GIF", "TIFF", "BMP", "PPM"):
        buffer = io.BytesIO()
        face.save(buffer, name)
        samples.append(Sample(name, buffer.getvalue(), face.size))
    engine = vv.Engine()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # Pillow speaks of damaged metadata
        damaged = mutants(samples, seed=1, count=COUNT)
        results = list(engine.stream((mutant.data for mutant in damaged), errors="return"))
    assert len(results) == COUNT
    found = [result for result in results if not isinstance(result, vv.VisavisError)]
    assert sum(map(len, found)) > 100, "the damage was meant to leave some faces"
    assert len(results) - len(found) > 1000, "and to make many files unreadable"
    assert not list(tmp_path.iterdir()), "nothing is written here, nor to the folder of temporary files"
