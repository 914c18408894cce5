"""A figure: the geometry and textures of one person, made once and posed for every shot."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from visavis.synthetic.captions import wears_glasses
from visavis.synthetic.expressions import expression_codes
from visavis.synthetic.head import PARTS, Head, closing, occlusion
from visavis.synthetic.head.partition import partition
from visavis.synthetic.look.beard import beard_surfaces
from visavis.synthetic.look.canvas import canvas
from visavis.synthetic.look.clothes import BODY_ENDS, clothes_surfaces, lower_body
from visavis.synthetic.look.eyes import eye_materials
from visavis.synthetic.look.follow import carried, moved
from visavis.synthetic.look.glasses import glasses_surfaces
from visavis.synthetic.look.hair import hair_surfaces, strands_over_face
from visavis.synthetic.look.hand import hand_surfaces
from visavis.synthetic.look.lashes import lash_surfaces
from visavis.synthetic.look.mask import MASK_COLOURS, mask_surfaces
from visavis.synthetic.look.mouth import mouth_material, teeth_material, tongue_material
from visavis.synthetic.look.skin import skin_material
from visavis.synthetic.look.tone import skin_rgb
from visavis.synthetic.parsing import PARSING
from visavis.synthetic.person import Person
from visavis.synthetic.render import Camera, Material, Surface, vertex_normals
from visavis.synthetic.render.pose import rotation
from visavis.synthetic.shot import Shot
from visavis.synthetic.streams import Stream

Array = NDArray[np.float64]

ROOT, NECK, JAW, LEFT_EYE, RIGHT_EYE = range(5)
_FRAME_COLOURS = ((0.01, 0.01, 0.01), (0.05, 0.022, 0.01), (0.12, 0.115, 0.11), (0.16, 0.10, 0.04), (0.012, 0.02, 0.05))
"""Of spectacles, linear RGB: black, tortoise, steel, bronze, navy."""
_INSIDE = Material(
    name="inside",
    albedo=np.full((1, 1, 3), 0.02, np.float32),
    parsing=PARSING.index("skin"),
    specular=0.0,
    two_sided=True,
)
_LASHES_FROM = 2.0
"""Detail below which lashes are thinner than anything a picture shows."""
FACE_CENTRE = np.array([0.0, -0.022, 0.05])
"""The middle of the head in the template, metres: what the camera aims at."""


@dataclass(frozen=True, eq=False)
class HeadPart:
    """Triangles of the head with one material.

    Attributes:
        vertices: (n,) vertices of the head that it uses.
        faces: (m, 3) rows of those.
        uv: (n, 2) texture coordinates.
        material: what it is made of.
    """

    vertices: NDArray[np.intp]
    faces: NDArray[np.int32]
    uv: NDArray[np.float32]
    material: Material

    @classmethod
    def of(cls, head: Head, material: Material, part: str, region: str | None = None) -> HeadPart:
        """The triangles of a part of the head, of those only the ones in a region if it is named."""
        faces = head.faces[head.part == PARTS.index(part)]
        if region is not None:
            faces = faces[np.isin(faces[:, 0], head.regions[region])]
        vertices, local = np.unique(faces, return_inverse=True)
        return cls(vertices, local.reshape(-1, 3).astype(np.int32), head.uv[vertices], material)


@dataclass(frozen=True, eq=False)
class Figure:
    """A person ready to be photographed.

    Attributes:
        person: who it is.
        head: the head model.
        shaped: (V, 3) neutral head, metres.
        occlusion: (V,) ambient light that reaches each vertex.
        painted: each part of the head with its material.
        hair: hair or headgear at rest.
        detail: texels per millimetre of the textures; from 2 on there are lashes.
        hair_of: whose hair it is; None = the person's own.

    All arrays are read-only: a world hands the same figure to every caller.
    """

    person: Person
    head: Head
    shaped: Array
    occlusion: NDArray[np.float32]
    painted: tuple[HeadPart, ...]
    hair: tuple[Surface, ...]
    detail: float = 1.0
    hair_of: Person | None = None

    def __post_init__(self) -> None:
        arrays: list[NDArray[Any]] = [self.shaped, self.occlusion, *(part.faces for part in self.painted)]
        for array in arrays:
            array.setflags(write=False)

    @classmethod
    def of(cls, person: Person, head: Head, *, hair_of: Person | None = None, detail: float = 1.0) -> Figure:
        """Make the geometry and paint the textures of a person.

        Args:
            person: who.
            head: the head model, usually `stand_in()`.
            hair_of: whose hair to wear (an experiment's control); None = the person's own.
            detail: texels per millimetre, 1 = enough for pictures of 160 pixels.
        """
        shaped = head.shape(person.head_codes())
        left_eye, right_eye = eye_materials(person, detail)
        parts = {
            "skin": skin_material(person, canvas(detail), hair_of), "mouth": mouth_material(person),
            "teeth": teeth_material(person, detail), "tongue": tongue_material(person),
        }  # fmt: skip
        painted = [HeadPart.of(head, material, name) for name, material in parts.items()]
        painted += [
            HeadPart.of(head, left_eye, "eye", "left_eyeball"),
            HeadPart.of(head, right_eye, "eye", "right_eyeball"),
        ]
        hair = hair_surfaces(head, shaped, hair_of or person)
        return cls(person, head, shaped, occlusion(head, shaped), tuple(painted), hair, detail, hair_of)

    @cached_property
    def _full_movement(self) -> Array:
        """(E,) what code 1 is for this person: every lid needs a way of its own to close."""
        full = np.ones(len(self.head.expression_names))
        full[[self.head.expression_names.index(name) for name in ("blink_left", "blink_right")]] = closing(
            self.head, self.shaped
        )
        return full

    @cached_property
    def inside(self) -> Surface:
        """Dark walls within the head, at rest."""
        points, faces = partition()
        uv = np.zeros((len(points), 2), np.float32)
        return Surface(carried(points, self.head, self.shaped), faces, uv, _INSIDE)

    @cached_property
    def glasses(self) -> tuple[Surface, ...]:
        """The person's spectacles at rest; none if the person owns none."""
        if self.person.glasses == "none":
            return ()
        return glasses_surfaces(self.head, self.shaped, self.person.glasses, self._frame_colour)

    @cached_property
    def sunglasses(self) -> tuple[Surface, ...]:
        """Sunglasses that fit the person, at rest."""
        return glasses_surfaces(self.head, self.shaped, "sunglasses", self._frame_colour)

    @property
    def _frame_colour(self) -> tuple[float, float, float]:
        return _FRAME_COLOURS[self.person.hair_seed % len(_FRAME_COLOURS)]

    def posed(self, shot: Shot, codes: Array | None = None, centre: Array | None = None) -> Posed:
        """The figure in the pose and with the expression of a shot.

        Args:
            shot: how.
            codes: (E,) expression codes, instead of those that the shot names: for speech.
            centre: (3,) where in the world the middle of the head is to be, metres; None = where the pose leaves it.
        """
        if codes is None:
            codes = expression_codes(shot)
        codes = codes * self._full_movement
        rotations = _rotations(shot)
        joints = self.head.transforms(self.shaped, rotations)
        shift = np.zeros(3) if centre is None else centre - _carry(joints[NECK], FACE_CENTRE)
        joints[:, :3, 3] += shift
        return Posed(self, shot, self.head.pose(self.shaped, codes, rotations) + shift, joints)


@dataclass(frozen=True, eq=False)
class Posed:
    """A figure in a shot's pose.

    Attributes:
        figure: who.
        shot: how.
        vertices: (V, 3) the posed head in the world, metres.
        joints: (5, 4, 4) transforms of the joints from the neutral head to the world.
    """

    figure: Figure
    shot: Shot
    vertices: Array
    joints: Array

    @property
    def centre(self) -> Array:
        """(3,) the middle of the head in the world, metres."""
        return _carry(self.joints[NECK], FACE_CENTRE)

    def seen_yaw(self, camera: Camera) -> float:
        """Yaw in degrees against the line of sight; beside the picture's middle it differs from the head's yaw."""
        toward = self.joints[NECK, :3, :3].T @ (camera.position - self.centre)
        return float(np.degrees(np.arctan2(-toward[0], toward[2])))

    def surfaces(self, camera: Camera) -> list[Surface]:
        """Everything to be drawn for a camera, in world metres."""
        return [*self._head(), *self._hair(), *self._worn(), *self._clothes(camera), *self._cover()]

    def _head(self) -> Iterator[Surface]:
        figure, vertices = self.figure, self.vertices.astype(np.float32)
        normals = vertex_normals(vertices, figure.head.faces, figure.head.weld)
        for part in figure.painted:
            own = part.vertices
            yield Surface(vertices[own], part.faces, part.uv, part.material, figure.occlusion[own], normals[own])
        yield from self._carried((figure.inside,), NECK)
        if figure.detail >= _LASHES_FROM:
            yield from lash_surfaces(figure.head, self.vertices, figure.person)

    def _hair(self) -> Iterator[Surface]:
        """Hair, which goes from the head to the shoulders, and the beard, which follows the jaw."""
        for surface in self.figure.hair:
            yield moved(surface, self.joints[NECK], self.joints[ROOT])
        if self.shot.occluder != "mask":  # a mask presses the beard flat
            yield from beard_surfaces(self.figure.head, self.vertices, self.figure.person)

    def _worn(self) -> Iterator[Surface]:
        """What is stiff and moves with the head."""
        figure, shot = self.figure, self.shot
        worn: tuple[Surface, ...] = ()
        if shot.occluder == "sunglasses":
            worn = figure.sunglasses
        elif wears_glasses(figure.person, shot):
            worn = figure.glasses
        rng = Stream(shot.occluder_seed, ("occluder",)).generator()
        if shot.occluder == "hand":
            worn += hand_surfaces(skin_rgb(figure.person.tone, figure.person.undertone).tolist(), rng)
        elif shot.occluder == "hair":
            worn += strands_over_face(figure.head, figure.shaped, figure.hair_of or figure.person, rng)
        return self._carried(worn, NECK)

    def _clothes(self, camera: Camera) -> Iterator[Surface]:
        stream = Stream(self.shot.clothes_seed, ("clothes",))
        colours, folds = _cloth_colours(stream.child("colours").generator()).tolist(), stream.child("folds").generator()
        clothes = clothes_surfaces(self.figure.head, self.figure.shaped, self.shot.clothes, colours, folds)
        ends = camera.project(_carry(self.joints[ROOT], np.array([0.0, BODY_ENDS, 0.0])))[0]
        # Most pictures end above the waist, and a long body would make the shadow map coarse.
        if ends[1] < camera.height:
            clothes += (lower_body(clothes[0].material),)
        return self._carried(clothes, ROOT)

    def _cover(self) -> tuple[Surface, ...]:
        if self.shot.occluder != "mask":
            return ()
        colour = MASK_COLOURS[self.shot.occluder_seed % len(MASK_COLOURS)]
        return mask_surfaces(self.figure.head, self.vertices, colour)

    def _carried(self, surfaces: tuple[Surface, ...], joint: int) -> Iterator[Surface]:
        for surface in surfaces:
            yield moved(surface, self.joints[joint], self.joints[joint])


def _carry(transform: Array, point: Array) -> Array:
    """(3,) a point under a (4, 4) transform."""
    return np.asarray(transform[:3, :3] @ point + transform[:3, 3])


def _cloth_colours(rng: np.random.Generator) -> Array:
    """(2, 3) linear RGB: mostly muted, often black, grey, white or navy, like wardrobes."""
    hue = rng.random(2)[:, None] + np.array([0.0, 1 / 3, 2 / 3])
    pure = 0.5 + 0.5 * np.cos(2 * np.pi * hue)
    vivid = 0.6 * rng.beta(1.2, 3.0, 2)[:, None]
    value = np.exp(rng.uniform(np.log(0.015), np.log(0.5), 2))[:, None]
    return np.asarray(np.clip(value * (1.0 - vivid + 1.6 * vivid * pure), 0.005, 0.8))


def _rotations(shot: Shot) -> Array:
    """(5, 3) axis-angle of the joints: the neck bends as far as necks do, the body turns the rest of the way."""
    head = rotation(shot.yaw, shot.pitch, shot.roll)
    bend = (1.0 - shot.body_turn) * shot.yaw, 0.8 * shot.pitch, 0.7 * shot.roll
    yaw, pitch, roll = np.clip(bend, -_NECK, _NECK)
    body = rotation(shot.yaw - yaw, shot.pitch - pitch, shot.roll - roll)
    gaze = axis_angle(rotation(shot.gaze_yaw, shot.gaze_pitch, 0.0))
    return np.stack([axis_angle(body), axis_angle(body.T @ head), np.zeros(3), gaze, gaze])


_NECK = np.array([60.0, 35.0, 20.0])
"""How far a neck turns, nods and leans, degrees."""


def axis_angle(matrix: Array) -> Array:
    """(3,) rotation vector, radians, of a rotation matrix (3, 3): the inverse of Rodrigues' formula."""
    turned = np.array([matrix[2, 1] - matrix[1, 2], matrix[0, 2] - matrix[2, 0], matrix[1, 0] - matrix[0, 1]])
    length = float(np.linalg.norm(turned))
    angle = np.arctan2(length, np.trace(matrix) - 1)
    if length > 1e-6:
        return np.asarray(turned * angle / length)
    if angle < 1.0:
        return np.zeros(3)
    # Half a turn: the sine is gone, the axis is the eigenvector of 1.
    axis = (matrix + np.eye(3))[:, int(np.argmax(np.diag(matrix)))]
    return np.asarray(angle * axis / np.linalg.norm(axis))
