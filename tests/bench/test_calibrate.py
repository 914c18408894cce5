"""A calibration from labelled photos, and its way into a card and back."""

from __future__ import annotations

import tomllib

import numpy as np
import pytest

from visavis.bench.calibrate import calibrate, save_calibration
from visavis.errors import InvalidInput, StorageError
from visavis.matching.calibration import fit_calibration
from visavis.matching.scores import cross_scores
from visavis.models.calibration import Calibration

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


def test_a_saved_calibration_is_a_table_of_a_card_and_loses_no_digit(engine, crowd, tmp_path):
    fitted = calibrate(engine, crowd, *labelled(crowd), metric="euclidean", **SOURCE)
    save_calibration(fitted, tmp_path / "calibration.toml", table="calibration.flip")
    read = tomllib.loads((tmp_path / "calibration.toml").read_text(encoding="utf-8"))
    assert Calibration.model_validate(read["calibration"]["flip"]) == fitted


def test_an_impossible_place_to_save_is_a_storage_error(engine, crowd, tmp_path):
    fitted = calibrate(engine, crowd, *labelled(crowd), metric="euclidean", **SOURCE)
    with pytest.raises(StorageError):
        save_calibration(fitted, tmp_path / "no" / "folder.toml")
