"""A linear head in FLAME's key layout: shape, expression, five joints with linear blend skinning."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from visavis.errors import InvalidInput
from visavis.synthetic.head.landmarks import Landmarks

Array = NDArray[np.float64]
Faces = NDArray[np.int32]


@dataclass(frozen=True)
class Head:
    """A head of V vertices, F triangles, I identity and E expression codes; metres, x to the subject's left, y up.

    V(beta, psi, theta) = LBS(template + S beta + E psi + P (R(theta) - I), J (template + S beta + E psi), theta, W)
    """

    template: Array
    """(V, 3) metres."""
    faces: Faces
    """(F, 3), counter-clockwise seen from outside."""
    identity: Array
    """(V, 3, I) metres per unit of a code, one unit = one standard deviation."""
    expression: Array
    """(V, 3, E) metres per unit, one unit = the full movement."""
    pose_correctives: Array
    """(V, 3, 36) metres per element of R - I of joints 1..4."""
    joint_regressor: Array
    """(5, V)."""
    weights: Array
    """(V, 5), rows sum to 1."""
    parents: tuple[int, ...]
    """(-1, 0, 1, 1, 1): root, neck, jaw, left eye, right eye."""
    uv: NDArray[np.float32]
    """(V, 2) in [0, 1], v down; each part has a texture of its own."""
    part: NDArray[np.uint8]
    """(F,) index into `PARTS`."""
    weld: NDArray[np.int32]
    """(V,) vertex whose normal this one shares: seams of the texture have none in the shading."""
    landmarks: Landmarks
    regions: Mapping[str, NDArray[np.int32]]
    """Vertex numbers by name: face, nose, lips, forehead, eye_region, left_eyeball, ..."""
    identity_names: tuple[str, ...]
    expression_names: tuple[str, ...]

    def shape(self, codes: ArrayLike) -> Array:
        """(V, 3) neutral head of these identity codes (n <= I,), metres; missing codes count as 0.

        Raises: InvalidInput: more codes than the head has, or not finite.
        """
        codes = _codes(codes, self.identity.shape[2], "identity codes")
        return self.template + _mixed(self.identity, codes)

    def pose(self, shaped: Array, expression: ArrayLike, rotations: ArrayLike | None = None) -> Array:
        """(V, 3) the shaped head with an expression, its joints turned.

        Args:
            shaped: (V, 3) of `shape`.
            expression: (n <= E,) codes; missing ones count as 0.
            rotations: (5, 3) axis-angle in radians of root, neck, jaw, left eye, right eye; None = no rotation.
        Raises: InvalidInput: wrong shapes or numbers that are not finite.
        """
        codes = _codes(expression, self.expression.shape[2], "expression codes")
        if np.shape(shaped) != self.template.shape:
            raise InvalidInput(f"shaped has shape {np.shape(shaped)}; this head needs {self.template.shape}")
        vertices = shaped + _mixed(self.expression, codes)
        if rotations is None:
            return vertices
        turns = rotation_matrices(_rotations(rotations, len(self.parents)))
        joints = self.joint_regressor @ vertices
        if self.pose_correctives.any():
            vertices = vertices + self.pose_correctives @ (turns[1:] - np.eye(3)).reshape(-1)
        moves = _moves(joints, turns, self.parents)
        blended = np.einsum("vj,jab->vab", self.weights, moves[:, :3])
        result: Array = np.einsum("vab,vb->va", blended[:, :, :3], vertices) + blended[:, :, 3]
        return result

    def transforms(self, shaped: Array, rotations: ArrayLike) -> Array:
        """(5, 4, 4) how each joint moves what is fixed to it, from the neutral head to the posed one, metres.

        Args:
            shaped: (V, 3) of `shape`.
            rotations: (5, 3) as in `pose`.
        """
        turns = rotation_matrices(_rotations(rotations, len(self.parents)))
        return _moves(self.joint_regressor @ shaped, turns, self.parents)

    def fit(self, vertices: ArrayLike) -> Array:
        """(I,) identity codes whose neutral head comes nearest to `vertices` (V, 3) in the least-squares sense.

        Raises: InvalidInput: wrong number of vertices, or not finite.
        """
        target = np.asarray(vertices, dtype=float)
        if target.shape != self.template.shape or not np.isfinite(target).all():
            raise InvalidInput(f"vertices has shape {target.shape}; pass finite metres of shape {self.template.shape}")
        basis = self.identity.reshape(-1, self.identity.shape[2])
        codes = np.linalg.lstsq(basis, (target - self.template).reshape(-1), rcond=None)[0]
        return np.asarray(codes, dtype=np.float64)

    def normals(self, vertices: Array) -> NDArray[np.float32]:
        """(V, 3) unit normals, area-weighted, the same on both sides of a texture's seam."""
        a, b, c = (vertices[self.faces[:, k]] for k in range(3))
        areas = np.cross(b - a, c - a)
        shared = self.weld[self.faces]
        total = np.stack(
            [sum(np.bincount(shared[:, k], areas[:, axis], len(vertices)) for k in range(3)) for axis in range(3)],
            axis=-1,
        )[self.weld]
        result: NDArray[np.float32] = (total / np.maximum(np.linalg.norm(total, axis=1, keepdims=True), 1e-20)).astype(
            np.float32
        )
        return result

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the head as .npz in FLAME's keys plus ours.

        Raises: StorageError: the file cannot be written; nothing partial is left.
        """
        from visavis.synthetic.head.file import save

        save(self, path)

    @staticmethod
    def load(path: str | os.PathLike[str]) -> Head:
        """Read a head that `save` wrote.

        Raises: DataError: no readable .npz, or keys or shapes are wrong; the message names them.
        """
        from visavis.synthetic.head.file import load

        return load(path)


def _mixed(basis: Array, codes: Array) -> Array:
    """(V, 3) weighted sum of the first fields of a basis (V, 3, n); not by BLAS, whose threads wait for busy cores."""
    return np.asarray(np.einsum("vci,i->vc", basis[:, :, : codes.size], codes))


def rotation_matrices(axis_angles: Array) -> Array:
    """(n, 3, 3) rotations of (n, 3) axis-angle vectors in radians (Rodrigues)."""
    angle = np.linalg.norm(axis_angles, axis=1)[:, None, None]
    x, y, z = (axis_angles / np.maximum(angle[:, 0], 1e-12)).T
    zero = np.zeros_like(x)
    cross = np.stack([zero, -z, y, z, zero, -x, -y, x, zero], axis=-1).reshape(-1, 3, 3)
    result: Array = np.eye(3) + np.sin(angle) * cross + (1 - np.cos(angle)) * (cross @ cross)
    return result


def _moves(joints: Array, turns: Array, parents: tuple[int, ...]) -> Array:
    """(J, 4, 4) of joints (J, 3) at rest, turned by (J, 3, 3) each against its parent."""
    world: list[Array] = []
    for joint, parent in enumerate(parents):
        local = np.eye(4)
        local[:3, :3] = turns[joint]
        local[:3, 3] = joints[joint] - (joints[parent] if parent >= 0 else 0.0)
        world.append(local if parent < 0 else world[parent] @ local)
    moves = np.stack(world)
    moves[:, :3, 3] -= np.einsum("jab,jb->ja", moves[:, :3, :3], joints)
    return moves


def _codes(values: ArrayLike, most: int, name: str) -> Array:
    codes = np.asarray(values, dtype=float)
    if codes.ndim != 1 or codes.size > most or not np.isfinite(codes).all():
        raise InvalidInput(f"{name} have shape {codes.shape}; pass a flat list of at most {most} finite numbers")
    return codes


def _rotations(values: ArrayLike, joints: int) -> Array:
    rotations = np.asarray(values, dtype=float)
    if rotations.shape != (joints, 3) or not np.isfinite(rotations).all():
        raise InvalidInput(f"rotations has shape {rotations.shape}; pass ({joints}, 3) finite axis-angles in radians")
    return rotations
