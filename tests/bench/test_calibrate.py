"""A calibration from labelled photos, and its way into a card and back."""

from __future__ import annotations

import numpy as np
import pytest
from tests.models import tiny

from visavis.bench.calibrate import calibrate, read_identities
from visavis.errors import DataError, InvalidInput
from visavis.matching.calibration import fit_calibration
from visavis.matching.scores import cross_scores
from visavis.models import find_card, register

SOURCE = {"source": 'a "set" of\nphotos: é', "command": r"visavis \o/"}


def labelled(root):
    images = sorted(path.relative_to(root).as_posix() for path in (root / "images").rglob("*.jpg"))
    return images, [image.split("/")[1] for image in images]


def test_every_comparison_among_the_photos_is_used(engine, crowd):
    images, names = labelled(crowd)
    fitted = calibrate(engine, crowd, images, names, metric="euclidean", **SOURCE)
    assert (fitted.identities, fitted.mated, fitted.nonmated) == (12, 36, 36 * 35 // 2 - 36)
    templates = np.array(
        [next(iter(engine.stream([crowd / i], quality=False, errors="return"))).templates[0] for i in images]
    )
    assert fitted == fit_calibration(*cross_scores(templates, names, "euclidean"), identities=12, **SOURCE)


def test_photos_without_a_face_are_left_out(engine, crowd):
    images, names = labelled(crowd)
    (crowd / images[0]).write_text("[]")
    assert calibrate(engine, crowd, images, names, metric="euclidean", **SOURCE).mated == 34


def test_photos_and_names_must_be_as_many(engine, crowd):
    images, names = labelled(crowd)
    with pytest.raises(InvalidInput, match="35 names for 36 images"):
        calibrate(engine, crowd, images, names[1:], metric="euclidean", **SOURCE)


def test_a_calibration_kept_in_a_card_loses_no_digit(engine, crowd, tmp_path, monkeypatch):
    monkeypatch.setenv("VISAVIS_DATA", str(tmp_path))
    (tmp_path / "mine.onnx").write_bytes(tiny.embedder())
    register.add(tmp_path / "mine.onnx")
    fitted = calibrate(engine, crowd, *labelled(crowd), metric="euclidean", **SOURCE)
    register.set_calibration("mine", "flip", fitted)
    assert find_card("mine").calibration == {"flip": fitted}


def test_labelled_photos_are_read_from_a_csv(crowd, tmp_path):
    images, names = labelled(crowd)
    rows = [f"{image},{name}" for image, name in zip(images, names, strict=True)]
    (tmp_path / "people.csv").write_text("\n".join(["path,identity", *rows]))
    assert read_identities(tmp_path / "people.csv", crowd) == (images, names)


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", "needs a path and an identity"),
        ("path,identity\n", "needs a path and an identity"),
        ("path,name\na.jpg,b\n", "needs a path and an identity"),
        ("path,identity\nmissing.jpg,somebody\n", "1 photos are not under"),
    ],
)
def test_a_csv_that_cannot_be_used_is_named(tmp_path, text, problem):
    (tmp_path / "people.csv").write_text(text)
    with pytest.raises(DataError, match=rf"people\.csv: .*{problem}"):
        read_identities(tmp_path / "people.csv", tmp_path)
    with pytest.raises(DataError, match="cannot be read"):
        read_identities(tmp_path / "absent.csv", tmp_path)
