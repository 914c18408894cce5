"""Joints and skinning weights: root, neck, jaw and the two eyes."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from visavis.synthetic.head import anatomy
from visavis.synthetic.head.fields import ramp
from visavis.synthetic.head.layout import layout
from visavis.synthetic.head.template import Template

Array = NDArray[np.float64]

JOINTS = ("root", "neck", "jaw", "left_eye", "right_eye")
PARENTS = (-1, 0, 1, 1, 1)
_EYE = anatomy.EYE_CENTRE
POSITIONS = np.array([(0, -165, -28), (0, -98, -18), (0, -24, 8), _EYE, (-_EYE[0], _EYE[1], _EYE[2])], dtype=float)
"""(5, 3) joints of the template, mm: base of the neck, top of the spine, hinge of the jaw, eyeballs."""


def lower_mouth(head: Template) -> Array:
    """(V,) how much each vertex belongs to the lower jaw: upper and lower lip differ though they touch."""
    plan = layout()
    share = np.zeros(len(head.vertices))
    rows = len(head.grid)
    row = np.broadcast_to(np.arange(rows)[:, None], head.grid.shape)
    below = row >= plan.rows["parting_lower"]
    x, y, z = np.moveaxis(head.vertices[head.grid], -1, 0)
    grid = _jaw_share(x, y, z, below)
    throat = ramp(np.arange(rows), plan.rows["throat"] + 0.5, plan.rows["jaw"] - 1)
    share[head.grid] = grid * throat[:, None]
    loop = _lips_loop(head)
    for ring in head.pieces["lips"]:
        share[ring] = share[loop]
    bag = head.pieces["bag"].reshape(-1, len(loop) + 1)
    border = np.append(share[loop], share[loop[0]])
    own = np.repeat([0.0, 1.0], len(loop) // 2)
    for ring, part in zip(bag[:-1], (0.0, 0.55, 1.0, 1.0, 0.6), strict=True):
        share[ring] = border * (1 - part) + np.append(own, own[0]) * part
    share[bag[-1]] = 0.5
    teeth = head.pieces["teeth"]
    share[teeth[len(teeth) // 2 :]] = 1.0
    share[head.pieces["tongue"]] = 1.0
    return share


def _jaw_share(x: Array, y: Array, z: Array, below: NDArray[np.bool_]) -> Array:
    t = np.clip(np.abs(x) / anatomy.MOUTH_CORNER[0], 0.0, 1.0)
    half = 7.0 + 19.0 * t**2
    shift = half * (1.0 - t**2) ** 0.75 * np.where(below, -1.0, 1.0)
    share = ramp(y - anatomy.lip_parting(np.minimum(np.abs(x), anatomy.MOUTH_CORNER[0])) + shift, half, -half)
    return share * ramp(z, -8.0, 30.0)


def _lips_loop(head: Template) -> NDArray[np.int64]:
    plan, middle = layout(), head.grid.shape[1] // 2
    columns = slice(middle - plan.mouth, middle + plan.mouth + 1)
    upper, lower = head.grid[plan.rows["parting_upper"], columns], head.grid[plan.rows["parting_lower"], columns]
    return np.concatenate([upper, lower[::-1]])


def skinning(head: Template) -> Array:
    """(V, 5) weights whose rows sum to 1: the neck's skin goes over from the root to the head."""
    weights = np.zeros((len(head.vertices), 5))
    _, y, z = head.vertices.T
    turned = ramp(y + 0.35 * np.clip(z + 20.0, -30.0, 30.0), -163.0, -92.0)
    turned[np.concatenate([v.ravel() for k, v in head.pieces.items()])] = 1.0
    jaw = lower_mouth(head) * turned
    weights[:, 2] = jaw
    weights[:, 1] = turned - jaw
    weights[:, 0] = 1.0 - turned
    for joint, name in ((3, "left_eye"), (4, "right_eye")):
        weights[head.pieces[name]] = np.eye(5)[joint]
    return weights


def regressor(head: Template) -> Array:
    """(5, V) rows sum to 1; each joint is a smallest-norm mix of the vertices that surround it."""
    vertices = head.vertices
    near = [np.argsort(np.linalg.norm(vertices[head.grid.ravel()] - p, axis=1))[:160] for p in POSITIONS[:3]]
    chosen = [head.grid.ravel()[index] for index in near]
    chosen = [np.union1d(index, _mirror_of(head, index)) for index in chosen]
    chosen += [head.pieces["left_eye"], head.pieces["right_eye"]]
    rows = np.zeros((5, len(vertices)))
    for row, index, target in zip(rows, chosen, POSITIONS, strict=True):
        system = np.vstack([vertices[index].T, np.ones(len(index))])
        row[index] = np.linalg.lstsq(system, np.append(target, 1.0), rcond=None)[0]
    return rows


def _mirror_of(head: Template, index: NDArray[np.int64]) -> NDArray[np.int64]:
    mirror = head.grid[:, ::-1].ravel()
    return mirror[index]
