"""The procedural head: built once per process from anatomy alone."""

from __future__ import annotations

from functools import cache

import numpy as np
from numpy.typing import NDArray

from visavis.synthetic.head.expression import expressions
from visavis.synthetic.head.identity import IDENTITY_NAMES, displacement
from visavis.synthetic.head.marks import landmarks
from visavis.synthetic.head.model import Head
from visavis.synthetic.head.regions import regions
from visavis.synthetic.head.rig import PARENTS, POSITIONS, regressor, skinning
from visavis.synthetic.head.template import template

Array = NDArray[np.float64]


@cache
def stand_in() -> Head:
    """The average head of the synthetic world; nobody's scan and nobody's licence.

    Arrays are shared by all callers and read-only.
    """
    mesh = template()
    names, moves = expressions(mesh)
    return _frozen(
        Head(
            template=mesh.vertices * 1e-3,
            faces=mesh.faces,
            identity=_identity(),
            expression=moves * 1e-3,
            pose_correctives=np.zeros((len(mesh.vertices), 3, 36)),
            joint_regressor=regressor(mesh),
            weights=skinning(mesh),
            parents=PARENTS,
            uv=mesh.uv.astype(np.float32),
            part=mesh.part,
            weld=mesh.weld,
            landmarks=landmarks(mesh),
            regions=regions(mesh),
            identity_names=IDENTITY_NAMES,
            expression_names=names,
        )
    )


def _identity() -> Array:
    """(V, 3, I) the fields at the vertices; an eyeball moves as a whole, and grows with the head."""
    mesh = template()
    fields = displacement(mesh.vertices)
    for joint, name in ((3, "left_eye"), (4, "right_eye")):
        centre, beside = displacement(POSITIONS[joint] + np.array([(0, 0, 0), (1.0, 0, 0)]))
        growth = np.where(np.isin(IDENTITY_NAMES, _GROWING), beside[0] - centre[0], 0.0)
        away = mesh.vertices[mesh.pieces[name]] - POSITIONS[joint]
        fields[mesh.pieces[name]] = centre + away[:, :, None] * growth
    return fields


_GROWING = ("size",)
"""Modes under which the eyeball grows with the eye."""


def _frozen(head: Head) -> Head:
    """The head with every array read-only: all callers share them."""
    for value in (*vars(head).values(), *vars(head.landmarks).values(), *head.regions.values()):
        if isinstance(value, np.ndarray):
            value.setflags(write=False)
    return head
