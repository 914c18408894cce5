"""Hair: every style builds, stays on its head, leaves the face free and depends on nothing but the person."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest

from visavis.errors import InvalidInput
from visavis.synthetic.head import stand_in
from visavis.synthetic.look.dome import dome, ring_on
from visavis.synthetic.look.follow import carried, head_share, moved
from visavis.synthetic.look.hair import HAIR_STYLES, hair_colour, hair_shade, hair_surfaces, hairline, strands_over_face
from visavis.synthetic.parsing import PARSING
from visavis.synthetic.render import Camera, Light, Material, Surface, draw

HEADGEAR = ("beanie", "cap", "headscarf")
MAX_TRIANGLES = 5200


def person(**factors):
    usual = {
        "hair_style": "long", "hair_colour": 0.4, "hair_red": 0.2, "grey": 0.0, "hairline": 0.0, "recession": 0.1,
        "hair_curl": 0.4, "hair_volume": 0.5, "hair_seed": 1,
    }  # fmt: skip
    return SimpleNamespace(**{**usual, **factors})


def worn(codes=None, **factors):
    head = stand_in()
    shaped = head.shape(np.zeros(1) if codes is None else codes)
    return head, shaped, hair_surfaces(head, shaped, person(**factors))


def bare_head(shaped):
    head = stand_in()
    skin = Material(name="skin", albedo=np.full((1, 1, 3), 0.4, np.float32), parsing=PARSING.index("skin"))
    return Surface(shaped.astype(np.float32), head.faces, head.uv, skin)


@pytest.mark.parametrize("style", HAIR_STYLES)
def test_every_style_builds_within_its_budget_for_many_people(style):
    for seed in range(5):
        rng = np.random.default_rng([seed, 3])
        factors = {name: rng.uniform() for name in ("hair_volume", "hair_curl", "grey", "recession", "hair_colour")}
        codes = np.clip(rng.normal(size=len(stand_in().identity_names)), -2, 2)
        _, _, surfaces = worn(codes, hair_style=style, hair_seed=seed, hairline=rng.uniform(-9, 9), **factors)
        assert sum(len(surface.faces) for surface in surfaces) <= MAX_TRIANGLES
        for surface in surfaces:
            assert np.isfinite(surface.vertices).all()
            assert np.allclose(np.linalg.norm(surface.normals, axis=1), 1.0, atol=1e-3)
            assert surface.uv.min() >= 0.0
            assert surface.uv.max() <= 1.0
            assert np.abs(surface.vertices).max() < 0.7


@pytest.mark.parametrize("style", HAIR_STYLES)
def test_the_same_person_has_the_same_hair_to_the_byte(style):
    first, second = (worn(hair_style=style, hair_seed=5)[2] for _ in range(2))
    for a, b in zip(first, second, strict=True):
        assert a.vertices.tobytes() == b.vertices.tobytes()
        assert a.material.packed.tobytes() == b.material.packed.tobytes()


@pytest.mark.parametrize("style", [style for style in HAIR_STYLES if style not in ("bald", "buzz", "horseshoe")])
def test_another_seed_gives_other_hair(style):
    first, second = (worn(hair_style=style, hair_seed=seed)[2] for seed in (5, 6))
    assert first[-1].vertices.shape != second[-1].vertices.shape or not np.allclose(
        first[-1].vertices, second[-1].vertices, atol=1e-4
    )


@pytest.mark.parametrize("style", [style for style in HAIR_STYLES if style != "bald"])
def test_hair_stays_outside_the_scalp(style):
    _, _, surfaces = worn(hair_style=style, hair_seed=2)
    points = np.concatenate([surface.vertices for surface in surfaces]).astype(float) * 1000.0
    above = points[points[:, 1] > 20.0]
    assert dome().height(above).min() > -0.6


@pytest.mark.parametrize("style", [style for style in HAIR_STYLES if style not in ("bald", "horseshoe", "receding")])
def test_no_scalp_shows_through_on_top_of_a_shaped_head(style):
    codes = np.clip(np.random.default_rng(4).normal(size=len(stand_in().identity_names)), -2, 2)
    _, shaped, surfaces = worn(codes, hair_style=style, hair_seed=3)
    above = np.diag([1.0, 1.0, 1.0])[[0, 2, 1]] * np.array([[1], [-1], [1]])  # look down from above
    camera = Camera(96, 96, 240.0, (47.5, 47.5), np.array([0.0, 0.9, -0.01]), above)
    frame = draw([bare_head(shaped), *surfaces], camera, Light.simple())
    middle = frame.parsing[40:56, 40:56]
    assert np.isin(middle, [PARSING.index("hair"), PARSING.index("hat")]).mean() > 0.97


@pytest.mark.parametrize("style", HAIR_STYLES)
def test_eyes_nose_and_mouth_stay_free_from_the_front(style):
    for seed in range(4):
        head, shaped, surfaces = worn(hair_style=style, hair_seed=seed, hair_volume=0.3 * seed)
        camera = Camera.portrait(160, distance=1.2, share=0.6)
        frame = draw([bare_head(shaped), *surfaces], camera, Light.simple())
        for region in ("left_eyeball", "right_eyeball", "nose", "lips"):
            points = shaped[head.regions[region]]
            front = points[points[:, 2] > np.median(points[:, 2])]
            column, row = np.rint(camera.project(front)[0]).astype(int).T
            assert (frame.parsing[row, column] == PARSING.index("skin")).all(), region


def test_headgear_counts_as_a_hat_and_all_else_as_hair():
    for style in HAIR_STYLES:
        classes = {int(c) for surface in worn(hair_style=style)[2] for c in np.unique(surface.material.parsing)}
        assert classes <= {PARSING.index("hair"), PARSING.index("hat")}
        assert (PARSING.index("hat") in classes) == (style in HEADGEAR)


def test_a_bald_head_wears_nothing_and_shows_no_shade():
    assert worn(hair_style="bald")[2] == ()
    points = np.array([[0.0, 117.0, -10.0], [0.0, 60.0, 90.0]])
    assert not hair_shade(points, person(hair_style="bald")).any()


def test_an_unknown_style_names_the_allowed_ones():
    with pytest.raises(InvalidInput, match="side_part"):
        worn(hair_style="mullet")


def test_hair_shade_is_full_on_the_crown_none_on_the_face_and_half_on_the_hairline():
    someone = person(hair_style="side_part")
    turn = np.radians([0.0, 20.0, 150.0, 180.0])
    line = ring_on(turn, hairline(turn, someone))
    crown, nose = np.array([[0.0, 117.0, -10.0]]), np.array([[0.0, -30.0, 105.0]])
    assert hair_shade(crown, someone) == pytest.approx(1.0)
    assert hair_shade(nose, someone) == pytest.approx(0.0)
    assert hair_shade(line, someone) == pytest.approx(0.5, abs=0.12)


def test_the_hairline_follows_its_factors_and_is_the_same_on_both_sides():
    turn = np.linspace(-np.pi, np.pi, 73)
    usual = hairline(turn, person())
    assert usual == pytest.approx(usual[::-1])
    higher = hairline(turn, person(hairline=6.0))
    assert higher[36] == pytest.approx(usual[36] + 6.0)
    temple = np.radians(35.0)
    assert hairline(temple, person(recession=1.0)) > hairline(temple, person(recession=0.0)) + 8.0


def test_hair_gets_lighter_redder_and_whiter_with_its_factors():
    brightness = [hair_colour(colour, 0.0, 0.0).mean() for colour in np.linspace(0, 1, 9)]
    assert (np.diff(brightness) > 0).all()
    red, plain = hair_colour(0.5, 1.0, 0.0), hair_colour(0.5, 0.0, 0.0)
    assert red[0] / red[2] > 2 * plain[0] / plain[2]
    assert hair_colour(0.1, 0.0, 1.0).min() > 0.4


def test_long_hair_reaches_below_the_chin_and_lies_over_the_shoulders():
    _, _, (_, locks) = worn(hair_style="long", hair_seed=4)
    assert locks.vertices[:, 1].min() < -0.2
    low = locks.vertices[locks.vertices[:, 1] < -0.17]
    assert np.hypot(low[:, 0], low[:, 2] + 0.03).min() > 0.05


def test_points_on_the_scalp_move_as_the_head_does():
    head = stand_in()
    codes = np.clip(np.random.default_rng(8).normal(size=len(head.identity_names)), -2, 2)
    shaped = head.shape(codes)
    scalp = head.regions["scalp"]
    moved = carried(head.template[scalp] * 1000.0, head, shaped)
    error = np.linalg.norm(moved - shaped[scalp], axis=1) * 1000.0
    assert np.median(error) < 0.5
    assert error.max() < 3.5


def test_the_share_of_the_head_goes_from_one_on_the_head_to_none_on_the_chest():
    share = head_share(np.array([[0, 100, 0], [0, -60, -80], [0, -140, 0], [0, -220, 80]], dtype=float))
    assert share[0] == share[1] == 1.0
    assert 0.0 < share[2] < 1.0
    assert share[3] == 0.0


def test_hair_turns_with_the_head_above_and_stays_with_the_body_below():
    _, _, (cap, locks) = worn(hair_style="long", hair_seed=4)
    turn = np.eye(4)
    turn[:3, :3] = np.array([[0.8, 0, 0.6], [0, 1, 0], [-0.6, 0, 0.8]])
    turn[:3, 3] = (0.01, 0.02, 0.0)
    for surface in (cap, locks):
        after = moved(surface, turn, np.eye(4))
        share = head_share(surface.vertices * 1000.0)
        rigid = surface.vertices @ turn[:3, :3].T + turn[:3, 3]
        assert after.vertices[share == 1.0] == pytest.approx(rigid[share == 1.0], abs=1e-6)
        assert after.vertices[share == 0.0] == pytest.approx(surface.vertices[share == 0.0], abs=1e-6)
        assert np.linalg.norm(after.normals, axis=1) == pytest.approx(1.0, abs=1e-3)
    together = moved(locks, turn, turn)
    assert together.vertices == pytest.approx(locks.vertices @ turn[:3, :3].T + turn[:3, 3], abs=1e-6)


def test_fallen_strands_hide_part_of_the_face_and_short_hair_has_none():
    head = stand_in()
    strands = strands_over_face(head, head.template, person(hair_style="long"), np.random.default_rng(1))
    camera = Camera.portrait(160, distance=1.2, share=0.6)
    frame = draw([bare_head(head.template), *strands], camera, Light.simple())
    assert (frame.parsing == PARSING.index("hair")).sum() > 100
    assert strands_over_face(head, head.template, person(hair_style="buzz"), np.random.default_rng(1)) == ()
