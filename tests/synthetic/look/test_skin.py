"""The skin's texture: what each factor changes, and what it leaves alone."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
import pytest

pytest.importorskip("numba")

from visavis.synthetic.look import brows
from visavis.synthetic.look.canvas import Canvas, canvas
from visavis.synthetic.look.regions import Regions, regions
from visavis.synthetic.look.skin import skin_material
from visavis.synthetic.look.styles import BEARD_STYLES
from visavis.synthetic.parsing import PARSING
from visavis.synthetic.person import Person
from visavis.synthetic.render import Material
from visavis.synthetic.streams import Stream

PLAIN: dict[str, Any] = {
    "tone": 1.5, "undertone": 0.0, "age": 30.0, "masculinity": 0.6, "iris": 0.4, "brow_height": 0.0, "brow_arch": 0.0,
    "brow_thickness": 1.0, "brow_density": 0.6, "lip_colour": 0.5, "lip_redness": 0.5, "freckles": 0.0, "moles": 0,
    "roughness": 0.5, "skin_seed": 5, "hair_style": "bald", "hair_colour": 0.2, "hair_red": 0.0, "grey": 0.0,
    "beard": "none", "beard_density": 0.7, "makeup": 0.0,
}  # fmt: skip


def somebody(**factors: Any) -> Person:
    return Person.sample(Stream(11), None, **{**PLAIN, **factors})


def texels() -> Canvas:
    return canvas(0.8)


@cache
def _painted(factors: tuple[tuple[str, Any], ...]) -> Material:
    return skin_material(somebody(**dict(factors)), texels())


def painted(**factors: Any) -> Material:
    return _painted(tuple(sorted(factors.items())))


def flat(texture: np.ndarray) -> Any:
    """The values of the valid texels."""
    return np.asarray(texture[texels().valid])


def region() -> Regions:
    return regions(texels())


def luminance(material: Material) -> np.ndarray:
    return np.asarray(flat(material.albedo) @ (0.2126, 0.7152, 0.0722))


def changed(a: Material, b: Material) -> np.ndarray:
    return np.asarray((flat(a.albedo) != flat(b.albedo)).any(axis=1))


def test_the_same_person_gets_the_same_bytes():
    first, second = (skin_material(somebody(beard="short", freckles=0.9), texels()) for _ in range(2))
    for name in ("albedo", "parsing", "tilt", "occlusion", "gloss"):
        assert getattr(first, name).tobytes() == getattr(second, name).tobytes()


@pytest.mark.parametrize("tone", [0.0, 5.0])
@pytest.mark.parametrize("age", [18.0, 85.0])
@pytest.mark.parametrize("beard", BEARD_STYLES)
def test_textures_are_finite_and_in_range_at_the_ends_of_the_factors(tone: float, age: float, beard: str):
    material = painted(tone=tone, age=age, beard=beard, makeup=1.0, freckles=1.0, moles=6, grey=1.0, roughness=1.0)
    assert np.isfinite(material.tilt).all()
    assert np.isfinite(material.gloss).all()
    assert ((material.albedo > 0) & (material.albedo < 1)).all()
    assert material.occlusion is not None
    assert ((material.occlusion > 0) & (material.occlusion <= 1)).all()


def test_lips_have_their_classes_and_meet_at_the_parting():
    classes, place = flat(painted().parsing), region()
    upper, lower = (classes == PARSING.index(name) for name in ("upper_lip", "lower_lip"))
    assert upper.sum() > 100
    assert lower.sum() > 100
    assert (place.from_parting[upper] >= 0).all()
    assert (place.from_parting[lower] <= 0).all()
    assert (np.abs(place.x[upper | lower]) < 28).all()


def test_every_class_of_the_skin_is_there():
    names = ("skin", "nose", "left_brow", "right_brow", "left_ear", "right_ear", "upper_lip", "lower_lip", "neck")
    assert set(np.unique(flat(painted().parsing)).tolist()) == {PARSING.index(name) for name in names}


def test_classes_are_the_mirror_image_of_each_other():
    material = painted(brow_arch=3.0)
    swap = np.arange(len(PARSING), dtype=np.uint8)
    for left in ("left_brow", "left_ear"):
        right = left.replace("left", "right")
        swap[[PARSING.index(left), PARSING.index(right)]] = PARSING.index(right), PARSING.index(left)
    mirrored = swap[material.parsing[:, ::-1]]
    both = texels().valid & texels().valid[:, ::-1]
    assert (mirrored[both] == material.parsing[both]).mean() > 0.998


def test_skin_is_not_the_same_on_both_sides():
    albedo = painted().albedo
    both = texels().valid & texels().valid[:, ::-1]
    assert np.abs(albedo - albedo[:, ::-1])[both].mean() > 0.005


def test_skin_gets_darker_with_tone():
    means = [luminance(painted(tone=tone))[region().cheeks > 0.5].mean() for tone in (0.0, 1.0, 2.0, 3.0, 4.0, 5.0)]
    assert (np.diff(means) < 0).all()


def test_the_iris_changes_no_texel_of_the_skin():
    assert not changed(painted(iris=0.0), painted(iris=1.0)).any()


@pytest.mark.parametrize("height", [-3.0, 2.0])
def test_brow_height_moves_the_brows_by_that_many_millimetres(height: float):
    x = np.linspace(12, 54, 30)
    moved = brows.brow_centre(somebody(brow_height=height), x) - brows.brow_centre(somebody(), x)
    assert np.allclose(moved, height)
    place = region()
    middle = [place.y[brows.brow_mask(somebody(brow_height=h), place)].mean() for h in (0.0, height)]
    assert middle[1] - middle[0] == pytest.approx(height, abs=0.6)


def test_an_arch_bends_the_brow_and_hardly_lifts_it():
    x = np.linspace(12, 56, 200)
    arched, plain, low = (brows.brow_centre(somebody(brow_arch=arch), x) for arch in (3.0, 0.0, -3.0))
    assert np.ptp(arched - plain) > 3.0
    assert abs((arched - plain).mean()) < 1.0
    assert np.allclose(arched - plain, plain - low)


def test_brow_factors_change_only_the_surroundings_of_the_brows():
    difference = changed(painted(), painted(brow_height=2.0, brow_thickness=1.5, brow_arch=2.0))
    place = region()
    assert difference.any()
    assert (np.abs(place.y[difference] - 17) < 24).all()
    assert (place.side[difference] < 72).all()


def test_thicker_brows_cover_more_texels():
    place = region()
    counts = [brows.brow_mask(somebody(brow_thickness=t), place).sum() for t in (0.5, 1.0, 1.6)]
    assert counts[0] < counts[1] < counts[2]


def test_freckles_add_small_dark_spots_and_nothing_else():
    plain, freckled = luminance(painted()), luminance(painted(freckles=1.0))
    darker = plain - freckled
    assert (darker > -1e-5).all()
    assert 0.02 < (darker > 0.005).mean() < 0.25
    assert not changed(painted(), painted(freckles=0.6)).any()


def test_each_mole_is_one_more_local_spot():
    one, two = painted(moles=1), painted(moles=2)
    difference = changed(one, two)
    spot = texels().points[difference]
    assert 0 < difference.sum() < 60
    assert (np.linalg.norm(spot - spot.mean(axis=0), axis=1) < 7).all()


def test_lip_factors_change_only_the_lips():
    difference = changed(painted(), painted(lip_colour=1.0, lip_redness=0.0))
    place = region()
    assert difference.any()
    assert (np.maximum(place.upper_lip, place.lower_lip)[difference] > 0).all()


def test_seeds_differ_in_pattern_and_agree_in_tone():
    a, b = luminance(painted(skin_seed=1)), luminance(painted(skin_seed=2))
    assert np.abs(a - b).mean() > 0.005
    assert a.mean() == pytest.approx(b.mean(), rel=0.08)


def test_a_full_beard_darkens_the_jaw_and_leaves_the_forehead():
    place = region()
    plain, bearded = painted(masculinity=1.0), painted(masculinity=1.0, beard="full")
    chin = (np.abs(place.x) < 12) & (np.abs(place.y + 100) < 6) & (place.z > 60)
    assert luminance(bearded)[chin].mean() < 0.5 * luminance(plain)[chin].mean()
    assert not (changed(plain, bearded) & (place.y > 15)).any()


def test_a_moustache_grows_on_the_lip_and_not_on_the_chin():
    place = region()
    difference = changed(painted(), painted(beard="moustache"))
    assert difference.any()
    assert (place.y[difference] > -86).all()
    assert (place.y[difference] < -45).all()


def test_age_deepens_the_folds():
    young, old = (np.abs(flat(painted(age=age).tilt)).mean() for age in (20.0, 80.0))
    assert old > 1.3 * young


def test_finer_texels_show_the_same_face():
    fine = canvas(1.6)
    coarse_mean = luminance(painted())[region().cheeks > 0.5].mean()
    albedo = skin_material(somebody(), fine).albedo[fine.valid] @ (0.2126, 0.7152, 0.0722)
    assert albedo[regions(fine).cheeks > 0.5].mean() == pytest.approx(coarse_mean, rel=0.02)


def test_makeup_below_one_half_shows_nowhere():
    assert not changed(painted(makeup=0.0), painted(makeup=0.5)).any()
    assert changed(painted(makeup=0.0), painted(makeup=1.0)).any()


def test_another_persons_hair_shades_the_scalp_alone():
    bald, hairy = somebody(), somebody(hair_style="crew", hair_colour=0.9)
    own, borrowed = skin_material(bald, texels()), skin_material(bald, texels(), hair_of=hairy)
    difference = changed(own, borrowed)
    assert difference.any()
    assert not (difference & (region().nose > 0.5)).any()
    assert not (difference & (region().cheeks > 0.8)).any()


def test_beards_grow_on_the_face_and_never_on_the_nape():
    place = region()
    difference = changed(painted(masculinity=0.0), painted(masculinity=1.0, beard="full"))
    assert difference.any()
    assert (place.azimuth[difference] < 1.45).all()


def test_hair_never_shades_the_ears():
    difference = changed(painted(), painted(hair_style="crew"))
    assert difference.any()
    assert not (difference & (region().ears > 0)).any()
