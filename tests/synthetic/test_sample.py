"""Labels against the geometry and the pixels, each recomputed independently."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest
from scipy import ndimage

from visavis.degrade import Jpeg, Plan
from visavis.errors import InvalidInput
from visavis.synthetic import PARSING, Camera, Light, World, photograph, stand_in
from visavis.synthetic.figure import FACE_CENTRE, axis_angle
from visavis.synthetic.render import draw
from visavis.synthetic.render.pose import angles, rotation

CLEAN = Plan("clean", (), 0)
LIPS = [PARSING.index(name) for name in ("upper_lip", "lower_lip", "inner_mouth")]


@pytest.fixture(scope="module")
def world():
    return World(23)


def bare(world, k=0, j=0, **fixed):
    """A shot with nothing before the face."""
    usual = {"occluder": "none", "glasses_on": False, "sensor": "clean", "blink": 0.0}
    return world.shot(k, j, **{**usual, **fixed})


def show(world, k=0, size=160, **fixed):
    return photograph(world.figure(k), bare(world, k, **fixed), size)


def rigid(source, target):
    """Rotation that carries one cloud of points onto another (Kabsch)."""
    a, b = source - source.mean(axis=0), target - target.mean(axis=0)
    u, _, vt = np.linalg.svd(a.T @ b)
    sign = np.sign(np.linalg.det(u @ vt))
    return (u @ np.diag([1, 1, sign]) @ vt).T


def test_landmarks_are_the_projected_barycentric_points(world):
    shot = bare(world, 1, yaw=20.0)
    sample = photograph(world.figure(1), shot, 200)
    posed, head = world.figure(1).posed(shot), stand_in()
    marks = head.landmarks
    for number in range(51):
        corners = posed.vertices[head.faces[marks.static_faces[number]]]
        x, y, z = sum(w * c for w, c in zip(marks.static_barycentric[number], corners, strict=True))
        camera = sample.camera
        px, py, pz = camera.position
        expected = (
            camera.centre[0] + camera.focal * (x - px) / (pz - z),
            camera.centre[1] - camera.focal * (y - py) / (pz - z),
        )
        assert np.allclose(sample.landmarks[17 + number], expected, atol=1e-4)
        assert np.allclose(sample.landmarks_3d[17 + number], (*expected, pz - z), atol=1e-4)


@pytest.mark.parametrize(("yaw", "pitch", "roll"), [(0, 0, 0), (35, 10, -8), (-60, -20, 25), (85, 0, 0), (10, 40, 170)])
def test_the_reported_pose_is_the_rotation_of_the_skull(world, yaw, pitch, roll):
    shot = bare(world, 2, yaw=float(yaw), pitch=float(pitch), roll=float(roll), expression="neutral", viseme="rest")
    figure = world.figure(2)
    scalp = figure.head.regions["scalp"]
    turned = rigid(figure.shaped[scalp], figure.posed(shot).vertices[scalp])
    assert np.allclose(turned, rotation(yaw, pitch, roll), atol=1e-5)
    assert np.allclose(angles(turned), (yaw, pitch, roll), atol=1e-3)
    sample = photograph(figure, shot, 64)
    assert (sample.yaw, sample.pitch, sample.roll) == (yaw, pitch, roll)


def test_positive_angles_turn_right_up_and_clockwise(world):
    """The axes as drawn: the nose goes right of the eyes, up, and the right eye's side goes up with roll."""

    def nose_against_eyes(**pose):
        points = show(world, 0, **{"yaw": 0.0, "pitch": 0.0, "roll": 0.0, "centre_x": 0.5, **pose}).points
        return points[2] - points[:2].mean(axis=0), points[1] - points[0]

    straight, level = nose_against_eyes()
    right, _ = nose_against_eyes(yaw=25.0)
    up, _ = nose_against_eyes(pitch=25.0)
    _, rolled = nose_against_eyes(roll=25.0)
    assert right[0] > straight[0] + 4
    assert up[1] < straight[1] - 2
    assert rolled[1] > level[1] + 8  # the crown leans to the right, so the right of the picture sinks


def test_turning_the_head_leaves_the_identity_alone(world):
    left, right = (show(world, 3, yaw=yaw) for yaw in (-30.0, 30.0))
    assert left.person == right.person
    figure = world.figure(3)
    codes = figure.head.fit(figure.shaped)
    assert np.allclose(codes, figure.person.head_codes(), atol=1e-6)


@pytest.mark.parametrize("yaw", [-30.0, 0.0, 30.0])
def test_points_of_the_lips_lie_in_the_mask_of_the_lips(world, yaw):
    for k in range(3):
        sample = show(world, k, 256, yaw=yaw, expression="neutral", viseme="rest")
        lips = ndimage.binary_dilation(np.isin(sample.parsing, LIPS), iterations=2)
        points = np.rint(sample.landmarks[48:68][sample.visible[48:68]]).astype(int)
        assert len(points) >= 12
        assert lips[points[:, 1], points[:, 0]].mean() >= 0.9


def test_points_of_the_eyes_surround_the_mask_of_the_eyes(world):
    sample = show(world, 1, 320, yaw=0.0, expression="neutral", gaze_yaw=0.0)
    for name, marks in (("right_eye", slice(36, 42)), ("left_eye", slice(42, 48))):
        rows, columns = np.nonzero(sample.parsing == PARSING.index(name))
        corners = sample.landmarks[marks]
        assert abs(columns.min() - corners[:, 0].min()) < 7
        assert abs(columns.max() - corners[:, 0].max()) < 7
        assert corners[:, 1].min() - 4 < rows.mean() < corners[:, 1].max() + 4
    assert sample.points[0, 0] < sample.points[1, 0]  # the subject's right eye is at the picture's left


def test_depth_belongs_to_the_camera(world):
    """Unprojected pixels lie on the posed head: each within a millimetre of some triangle's plane through a vertex."""
    sample = show(world, 0, 160, yaw=10.0)
    posed = world.figure(0).posed(sample.shot)
    nose = sample.landmarks[30]
    row, column = round(float(nose[1])), round(float(nose[0]))
    point = sample.camera.unproject(np.array([column, row]), sample.depth[row, column])
    assert np.linalg.norm(posed.vertices - point, axis=1).min() < 0.003
    assert np.isinf(sample.depth[sample.alpha == 0]).all()


def test_albedo_times_shading_is_the_picture_without_highlights(world):
    sample = show(world, 0, 96)
    skin = sample.parsing == PARSING.index("skin")
    matt = (sample.albedo * sample.shading)[skin].mean(axis=0)
    linear = (sample.image[skin] / 255.0) ** 2.2
    assert np.allclose(matt, linear.mean(axis=0), rtol=0.35)
    lengths = np.linalg.norm(sample.normals[skin], axis=1)
    assert np.allclose(lengths, 1.0, atol=1e-3)


def test_a_hidden_landmark_is_not_visible(world):
    masked = photograph(world.figure(0), bare(world, 0, occluder="mask", yaw=0.0), 200)
    free = show(world, 0, 200, yaw=0.0)
    assert free.visible[48:68].mean() > 0.9
    assert masked.visible[48:68].mean() < 0.2
    assert masked.visible[36:48].mean() > 0.7
    turned = show(world, 0, 200, yaw=70.0, centre_x=0.5)
    assert turned.visible[36:42].mean() != turned.visible[42:48].mean()


@pytest.mark.parametrize(("size", "most"), [(64, 0.13), (112, 0.11), (256, 0.07)])
def test_small_pictures_hide_the_same_points_as_large_ones(world, size, most):
    """Visibility against a drawing of 1000 pixels: a point that the nose or the cheek hides stays hidden."""
    wrong = []
    for k, yaw in enumerate((-70.0, -45.0, 45.0, 70.0)):
        pose = {"yaw": yaw, "pitch": 0.0, "roll": 0.0, "head_share": 0.62, "centre_x": 0.5, "centre_y": 0.5}
        small, large = (show(world, k, side, **pose) for side in (size, 1000))
        wrong.append(small.visible[17:] != large.visible[17:])
    assert np.mean(wrong) < most


def test_eyes_behind_dark_glasses_are_not_visible(world):
    pose = {"yaw": 0.0, "pitch": 0.0, "roll": 0.0}
    dark = photograph(world.figure(0), bare(world, 0, occluder="sunglasses", **pose), 200)
    clear = photograph(world.figure(world.person(0, glasses="round")), bare(world, 0, glasses_on=True, **pose), 200)
    assert not dark.visible[36:48].any()
    assert dark.visible[48:68].mean() > 0.9
    assert clear.visible[36:48].mean() > 0.8


def test_the_outline_follows_the_silhouette_when_the_head_turns(world):
    """At 50 degrees the far jaw points lie where skin ends, which fixed points of the head do not."""
    sample = show(world, 2, 256, yaw=50.0, pitch=0.0, roll=0.0)
    covered = np.isin(sample.parsing, [PARSING.index(n) for n in ("background",)])
    outside = ndimage.distance_transform_edt(~covered)
    points = np.rint(sample.landmarks[10:15]).astype(int)  # the subject's left cheek: the far side
    assert outside[points[:, 1], points[:, 0]].max() < 6


def test_a_mirrored_head_gives_the_mirrored_picture(world):
    """Geometry, light, raster and labels have no preferred side: a symmetric head tells."""
    head = stand_in()
    plain = world.figure(0)
    grey = replace(
        plain,
        shaped=head.template,
        occlusion=np.ones(len(head.template), np.float32),
        hair=(),
        painted=tuple(replace(part, material=_grey(part.material)) for part in plain.painted),
    )
    camera = Camera.portrait(128, distance=1.0, centre=(0.5, 0.5), target=FACE_CENTRE)
    frames = []
    for sign in (1.0, -1.0):
        shot = bare(world, 0, yaw=25.0 * sign, roll=5.0 * sign, gaze_yaw=8.0 * sign, pitch=5.0, body_turn=0.5)
        posed = grey.posed(shot, centre=FACE_CENTRE)
        head_only = [surface for surface in posed.surfaces(camera) if surface.material.name not in ("cloth", "collar")]
        light = Light.simple(azimuth=30.0 * sign, side=0.1 * sign)
        frames.append(draw(head_only, camera, light))
    here, there = frames[0], frames[1]
    assert np.mean(abs(here.colour - there.colour[:, ::-1]) > 0.02) < 0.02
    swap = np.arange(19)
    for a, b in ((4, 5), (6, 7), (8, 9)):
        swap[[a, b]] = b, a
    assert np.mean(here.parsing != swap[there.parsing[:, ::-1]]) < 0.01


def _grey(material):
    """The material without its person: mirror-symmetric."""
    mirrored = material.albedo[:, ::-1]
    swap = np.arange(19, dtype=np.uint8)
    for a, b in ((4, 5), (6, 7), (8, 9)):
        swap[[a, b]] = b, a
    parsing = material.parsing
    if "eye" not in material.name:
        half = parsing.shape[1] // 2
        parsing = np.concatenate([swap[parsing[:, ::-1][:, :half]], parsing[:, half:]], axis=1)
    return replace(
        material, albedo=0.5 * (material.albedo + mirrored), parsing=parsing, tilt=None, occlusion=None, gloss=None
    )


def test_seeds_stand_for_light_background_and_sensor_and_can_be_replaced(world):
    shot = bare(world, 0)
    figure = world.figure(0)
    first = photograph(figure, shot, 64)
    assert (photograph(figure, shot, 64).image == first.image).all()
    other = photograph(figure, replace(shot, background_seed=shot.background_seed + 1), 64)
    assert (other.parsing == first.parsing).all()
    assert (other.image != first.image).any()
    jpeg = Plan("mine", (Jpeg(20),), 0)
    bad = photograph(figure, shot, 64, degradation=jpeg)
    assert (bad.image == jpeg.apply(first.image)).all()
    lit = photograph(figure, shot, 64, light=Light.simple(strength=0.0, base=0.05))
    skin = first.parsing == PARSING.index("skin")
    assert lit.image[skin].mean() < first.image[skin].mean()


def test_exposure_depends_on_the_light_and_not_on_the_person(world):
    """A trace of the person in the brightness of the background would be a leak."""
    shot = bare(world, 0)
    pale, dark = (photograph(world.figure(world.person(0, tone=tone)), shot, 64) for tone in (0.0, 5.0))
    assert pale.exposure == dark.exposure
    behind = (pale.alpha == 0) & (dark.alpha == 0)
    assert (pale.image[behind] == dark.image[behind]).all()
    bright, dim = (Light.simple(base=base, strength=2 * base) for base in (0.9, 0.1))
    seen = [photograph(world.figure(0), shot, 64, light=light) for light in (bright, dim)]
    assert seen[0].exposure < 1 < seen[1].exposure
    skin = seen[0].parsing == PARSING.index("skin")
    assert seen[0].image[skin].mean() > seen[1].image[skin].mean()
    assert photograph(world.figure(0), shot, 64, exposure=2.0).image.mean() > pale.image.mean()


def test_one_sample_per_pixel_or_many_give_the_same_labels(world):
    shot = bare(world, 0)
    coarse, fine = (photograph(world.figure(0), shot, 64, samples=n) for n in (1, 3))
    assert (coarse.parsing == fine.parsing).all()
    assert (coarse.landmarks == fine.landmarks).all()
    assert (coarse.depth == fine.depth).all()


def test_rows_are_json_and_say_which_version(world):
    row = json.loads(json.dumps(world.render(1, 1, 48).row()))
    assert row["version"]
    assert len(row["landmarks"]) == 68
    assert row["caption"].endswith(".")
    assert {"question", "answer"} == set(row["questions"][0])


def test_pictures_may_be_wide(world):
    sample = photograph(world.figure(0), bare(world, 0), (96, 64))
    assert sample.image.shape == (64, 96, 3)
    assert sample.parsing.shape == sample.depth.shape == sample.alpha.shape == (64, 96)


@pytest.mark.parametrize("size", [0, 15, 4097, 20_000, -3, 64.5, "64", (64, 0), (64, 64, 3), None])
def test_a_size_out_of_range_is_told_with_the_range(world, size):
    with pytest.raises(InvalidInput, match="from 16 to 4096"):
        photograph(world.figure(0), bare(world, 0), size)


@pytest.mark.parametrize(
    "pose",
    [
        (0, 0, 0),
        (30, 10, -20),
        (-90, 0, 0),
        (0, 0, 180),
        (120, 0, 0),
        (0, 0, 1e-6),
        (0, 0, 179.9999),
        (180.00001, 0, 0),
    ],
)
def test_axis_angles_turn_back_into_their_rotation(pose):
    from visavis.synthetic.head import rotation_matrices

    matrix = rotation(*pose)
    assert np.allclose(rotation_matrices(axis_angle(matrix)[None])[0], matrix, atol=1e-6)
