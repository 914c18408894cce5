"""Beards, spectacles, masks and hands sit where they belong on any head."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest

from visavis.errors import InvalidInput
from visavis.synthetic.head import stand_in
from visavis.synthetic.look.beard import beard_surfaces
from visavis.synthetic.look.glasses import glasses_surfaces
from visavis.synthetic.look.hand import hand_surfaces
from visavis.synthetic.look.mask import mask_surfaces
from visavis.synthetic.look.styles import BEARD_STYLES, GLASSES_STYLES
from visavis.synthetic.parsing import PARSING
from visavis.synthetic.render import Camera, Light, Material, Surface, draw

BLACK = (0.02, 0.02, 0.02)


def someone(seed):
    codes = np.clip(np.random.default_rng(seed).normal(size=len(stand_in().identity_names)), -2, 2)
    return stand_in().shape(codes if seed else np.zeros(1))


def bearded(style, seed=1):
    return SimpleNamespace(beard=style, beard_density=0.7, hair_colour=0.3, hair_red=0.1, grey=0.0, hair_seed=seed)


def seen(vertices, surfaces):
    head = stand_in()
    skin = Material(name="skin", albedo=np.full((1, 1, 3), 0.4, np.float32), parsing=PARSING.index("skin"))
    camera = Camera.portrait(192, distance=1.2, share=0.7)
    body = Surface(vertices.astype(np.float32), head.faces, head.uv, skin)
    return camera, draw([body, *surfaces], camera, Light.simple())


def classes_at(vertices, region, camera, frame):
    column, row = np.rint(camera.project(vertices[stand_in().regions[region]])[0]).astype(int).T
    return frame.parsing[row, column]


@pytest.mark.parametrize("style", GLASSES_STYLES)
def test_lenses_stand_before_the_eyes_and_the_frame_before_the_face(style):
    for seed in range(4):
        head, shaped = stand_in(), someone(seed)
        frame, lenses = glasses_surfaces(head, shaped, style, BLACK)
        assert len(frame.faces) + len(lenses.faces) < 1500
        for side in ("left_eyeball", "right_eyeball"):
            eye = shaped[head.regions[side]]
            middle = eye.mean(axis=0)
            nearest = lenses.vertices[np.abs(lenses.vertices[:, 0] - middle[0]).argmin()]
            assert (
                np.abs(middle[:2] - lenses.vertices[lenses.vertices[:, 0] * middle[0] > 0][:, :2].mean(axis=0)).max()
                < 0.01
            )
            assert nearest[2] > eye[:, 2].max() + 0.004


def test_spectacles_follow_the_distance_between_the_eyes():
    head = stand_in()
    wide = head.template.copy()
    for sign, side in ((1, "left"), (-1, "right")):
        wide[head.regions[f"{side}_eyeball"], 0] += sign * 0.006
    usual, wider = (np.ptp(glasses_surfaces(head, v, "round", BLACK)[1].vertices[:, 0]) for v in (head.template, wide))
    assert wider - usual == pytest.approx(0.012, abs=0.002)


def test_only_lenses_let_light_through_and_only_sunglasses_are_dark():
    opacity = {s: glasses_surfaces(stand_in(), someone(0), s, BLACK)[1].material.opacity for s in GLASSES_STYLES}
    assert opacity.pop("sunglasses") > 0.85
    assert max(opacity.values()) < 0.2


def test_no_spectacles_is_nothing_and_an_unknown_shape_names_the_shapes():
    assert glasses_surfaces(stand_in(), someone(0), "none", BLACK) == ()
    with pytest.raises(InvalidInput, match="half_rim"):
        glasses_surfaces(stand_in(), someone(0), "monocle", BLACK)
    with pytest.raises(InvalidInput, match="three numbers"):
        glasses_surfaces(stand_in(), someone(0), "round", 0.0)


@pytest.mark.parametrize("jaw", [0.0, 0.25])
def test_a_mask_covers_nose_and_mouth_but_not_the_eyes_also_when_the_jaw_opens(jaw):
    for seed in range(4):
        head, shaped = stand_in(), someone(seed)
        posed = head.pose(shaped, np.zeros(1), np.array([[0, 0, 0], [0, 0, 0], [jaw, 0, 0], [0, 0, 0], [0, 0, 0]]))
        camera, frame = seen(posed, mask_surfaces(head, posed))
        cloth = PARSING.index("cloth")
        assert (classes_at(posed, "lips", camera, frame) == cloth).all()
        low_nose = head.template[head.regions["nose"], 1] < -0.03
        assert (classes_at(posed, "nose", camera, frame)[low_nose] == cloth).all()
        assert (classes_at(posed, "left_eyeball", camera, frame) != cloth).mean() > 0.9


def test_a_mask_turns_with_the_head():
    head, shaped = stand_in(), someone(2)
    turned = np.array([[0, 0.5, 0], [0, 0.2, 0.1], [0, 0, 0], [0, 0, 0], [0, 0, 0]], dtype=float)
    move = head.transforms(shaped, turned)[1]
    straight = mask_surfaces(head, shaped)[0].vertices @ move[:3, :3].T + move[:3, 3]
    assert mask_surfaces(head, head.pose(shaped, np.zeros(1), turned))[0].vertices == pytest.approx(straight, abs=2e-3)


@pytest.mark.parametrize("code", [-2.3, 2.3])
def test_a_mask_fits_the_most_extreme_chins(code):
    head = stand_in()
    extreme = head.shape(np.full(head.identity.shape[2], code))
    for surface in mask_surfaces(head, extreme):
        assert np.isfinite(surface.vertices).all()


def test_a_mask_of_an_impossible_colour_is_refused():
    with pytest.raises(InvalidInput, match=r"\[0, 1\]"):
        mask_surfaces(stand_in(), someone(0), (2.0, 0.0, 0.0))


@pytest.mark.parametrize("style", BEARD_STYLES)
def test_beards_build_for_everybody_and_leave_lips_and_eyes_free(style):
    for seed in range(3):
        shaped = someone(seed)
        surfaces = beard_surfaces(stand_in(), shaped, bearded(style, seed))
        assert bool(surfaces) == (style in ("moustache", "goatee", "full"))
        assert sum(len(surface.faces) for surface in surfaces) < 5200
        assert all(np.isfinite(surface.vertices).all() for surface in surfaces)
        camera, frame = seen(shaped, surfaces)
        assert (classes_at(shaped, "left_eyeball", camera, frame) != PARSING.index("hair")).all()
        assert (classes_at(shaped, "lower_lip", camera, frame) == PARSING.index("hair")).mean() < 0.25


def test_a_full_beard_covers_the_chin_and_follows_the_jaw():
    head, shaped = stand_in(), someone(1)
    closed = beard_surfaces(head, shaped, bearded("full"))
    opened = head.pose(shaped, np.zeros(1), np.array([[0, 0, 0], [0, 0, 0], [0.3, 0, 0], [0, 0, 0], [0, 0, 0]]))
    assert min(s.vertices[:, 1].min() for s in beard_surfaces(head, opened, bearded("full"))) < (
        min(s.vertices[:, 1].min() for s in closed) - 0.005
    )
    _, frame = seen(shaped, closed)
    assert (frame.parsing == PARSING.index("hair")).sum() > 400


def test_beards_repeat_to_the_byte_and_an_unknown_one_names_the_styles():
    first, second = (beard_surfaces(stand_in(), someone(1), bearded("full")) for _ in range(2))
    assert all(a.vertices.tobytes() == b.vertices.tobytes() for a, b in zip(first, second, strict=True))
    with pytest.raises(InvalidInput, match="goatee"):
        beard_surfaces(stand_in(), someone(1), bearded("wizard"))


@pytest.mark.parametrize("place", ["mouth", "cheek", "eye", "chin"])
def test_a_hand_hides_part_of_the_face_and_does_not_count_as_skin(place):
    shaped = someone(0)
    _, bare = seen(shaped, ())
    _, frame = seen(shaped, hand_surfaces((0.4, 0.25, 0.2), np.random.default_rng(3), place))
    skin = PARSING.index("skin")
    hidden = (bare.parsing == skin) & (frame.parsing != skin)
    assert 0.03 < hidden.sum() / (bare.parsing == skin).sum() < 0.7


def test_a_hand_at_an_unknown_place_names_the_places():
    with pytest.raises(InvalidInput, match="cheek"):
        hand_surfaces((0.4, 0.3, 0.2), np.random.default_rng(0), "foot")
