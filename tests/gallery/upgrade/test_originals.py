"""Templates from original photos: only of the very photo that was enrolled, and only of the very face."""

from __future__ import annotations

import hashlib

import numpy as np
import pytest
from PIL import Image

from visavis.errors import ModelError
from visavis.face import Engine
from visavis.gallery import NewReference, create_gallery
from visavis.gallery.enrolment.crops import cut_crop
from visavis.gallery.upgrade import upgrade
from visavis.gallery.upgrade.originals import from_originals
from visavis.images import load
from visavis.matching.scores import paired_similarity

pytestmark = pytest.mark.weights


@pytest.fixture(scope="module")
def plain():
    return Engine()


@pytest.fixture(scope="module")
def flipped():
    return Engine(flip=True)


@pytest.fixture
def photos(tmp_path, portrait, group_photo):
    """single.png with one person, group.png with three."""
    Image.fromarray(portrait.image).save(tmp_path / "single.png")
    Image.fromarray(group_photo.image).save(tmp_path / "group.png")
    return tmp_path


@pytest.fixture
def gallery(photos, plain):
    """Every face of both photos, each somebody else, with crops; ids are NAME-FACE."""
    with create_gallery(photos / "g", model=plain.fingerprint, dimension=128, metric="euclidean") as made:
        made.enrol([one for name in ("single", "group") for one in references(photos / f"{name}.png", plain)])
        yield made


def references(path, engine):
    photo, found = load(path), engine.faces(path)
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    for face in found:
        named = f"{path.stem}-{face.index}"
        crop = cut_crop(photo, found, face.index)
        yield NewReference(named, named, face.template, str(path), digest, face.box, face.quality, crop)


def templates(gallery, model):
    held = gallery.references()
    return dict(
        zip([one.id for one in held], gallery.templates([one.key for one in held], gallery.space(model)), strict=True)
    )


def test_the_same_faces_are_found_again_by_their_boxes(gallery, photos, flipped):
    report = upgrade(gallery, flipped, from_originals=True)
    assert (report.from_originals, report.from_crops, report.missing) == (4, 0, ())
    made = templates(gallery, flipped.fingerprint)
    for name in ("single", "group"):
        for face in flipped.faces(photos / f"{name}.png"):
            assert np.allclose(made[f"{name}-{face.index}"], face.template.vector, atol=1e-4)


def test_crops_give_nearly_the_templates_of_the_photos(gallery, photos, flipped):
    upgrade(gallery, flipped)
    made = templates(gallery, flipped.fingerprint)
    expected = {
        f"{n}-{f.index}": f.template.vector for n in ("single", "group") for f in flipped.faces(photos / f"{n}.png")
    }
    near = paired_similarity([made[name] for name in expected], list(expected.values()), "euclidean")
    assert near.min() > 0.9


def test_a_photo_that_changed_or_moved_is_not_used_but_its_crop_is(gallery, photos, flipped, same_person_again):
    Image.fromarray(same_person_again.image).save(photos / "single.png")
    (photos / "group.png").rename(photos / "elsewhere.png")
    report = upgrade(gallery, flipped, from_originals=True)
    assert (report.from_originals, report.from_crops, report.active) == (0, 4, True)


def test_every_reason_says_what_is_wrong_with_the_photo(gallery, photos, flipped, monkeypatch):
    single, *group = gallery.references()
    (photos / "single.png").write_bytes((photos / "group.png").read_bytes())
    (photos / "group.png").unlink()
    made, reasons = from_originals(flipped, [single, group[0]])
    assert made == {}
    assert "is no longer the one that was enrolled" in reasons[single.key]
    assert "group.png: cannot be read (No such file or directory)" in reasons[group[0].key]


def test_a_face_that_is_no_longer_found_is_not_replaced_by_another(gallery, photos, plain):
    strict = Engine(flip=True, min_size=90.0)  # smaller than that: the far ones
    held = gallery.references()
    made, reasons = from_originals(strict, held)
    found = {held_.id for held_ in held if held_.key in made}
    assert found < {one.id for one in held}
    assert all("no face was found on its photo" in why for why in reasons.values())


def test_what_is_no_photo_s_fault_stops_the_run(gallery, flipped, monkeypatch):
    monkeypatch.setattr(flipped, "stream", lambda photos, **_: [ModelError("out of memory") for _ in photos])
    with pytest.raises(ModelError, match="out of memory"):
        from_originals(flipped, gallery.references())
