"""Matt shading of a mesh: a soft surrounding in spherical harmonics and one directional light."""

from __future__ import annotations

import math

import torch
from torch import Tensor
from torch.nn.functional import normalize

from visavis.errors import InvalidInput

_SCALE = tuple(
    math.sqrt(numerator / math.pi) / divisor
    for numerator, divisor in zip((1, 3, 3, 3, 15, 15, 5, 15, 15), (2, 2, 2, 2, 2, 2, 4, 2, 4), strict=True)
)


def vertex_normals(vertices: Tensor, faces: Tensor) -> Tensor:
    """(B, V, 3) unit normals: the mean of the faces around each vertex, weighted by their area.

    Args:
        vertices: (B, V, 3), right-handed.
        faces: (F, 3), counter-clockwise seen from outside.
    """
    a, b, c = (vertices[:, corner] for corner in faces.long().unbind(dim=1))
    twice_area = torch.linalg.cross(b - a, c - a)  # (B, F, 3)
    total = torch.zeros_like(vertices)
    for corner in faces.long().unbind(dim=1):
        total = total.index_add(1, corner, twice_area)
    return normalize(total, dim=-1)


def harmonics(normals: Tensor) -> Tensor:
    """(..., 9) real orthonormal spherical harmonics of unit vectors (..., 3).

    In this order: 1, y, z, x, xy, yz, 3z^2 - 1, xz, x^2 - y^2.
    """
    x, y, z = normals.unbind(dim=-1)
    terms = (torch.ones_like(x), y, z, x, x * y, y * z, 3 * z * z - 1, x * z, x * x - y * y)
    return torch.stack(terms, dim=-1) * normals.new_tensor(_SCALE)


def shade_sh(
    albedo: Tensor, normals: Tensor, ambient: Tensor, direction: Tensor | None = None, key: Tensor | None = None
) -> Tensor:
    """Linear radiance of a matt surface: albedo * (ambient(n) + key * max(n . direction, 0)).

    Nine harmonics hold all but 1 % of what diffuse reflection lets through of any surrounding (Ramamoorthi and
    Hanrahan 2001), the cosine's attenuation included in the coefficients.

    Args:
        albedo: (B, ..., 3) linear RGB.
        normals: (B, ..., 3) of any length > 0; 0 (no surface) gives the light of a surface without direction.
        ambient: (B, 9, 3) or (9, 3) coefficients of `harmonics` per RGB; their sum at n is the radiance of white.
        direction: (B, 3) or (3,) toward the key light, any length; None = no key light.
        key: (B, 3) or (3,) linear RGB of the key light; None = white.

    Returns: (B, ..., 3).

    Raises:
        InvalidInput: shapes do not belong together.
    """
    if albedo.shape != normals.shape or albedo.shape[-1] != 3 or ambient.shape[-2:] != (9, 3):
        raise InvalidInput(
            f"expected albedo and normals of one shape (B, ..., 3) and ambient (B, 9, 3), got {tuple(albedo.shape)}, "
            f"{tuple(normals.shape)}, {tuple(ambient.shape)}"
        )
    unit = normalize(normals, dim=-1)
    light = torch.einsum("b...k,bkc->b...c", harmonics(unit), _batched(ambient, 2, len(albedo)))
    if direction is not None:
        toward = _batched(normalize(direction, dim=-1), 1, len(albedo))
        cosine = torch.einsum("b...c,bc->b...", unit, toward).clamp(min=0.0)
        colour = _batched(albedo.new_ones(3) if key is None else key, 1, len(albedo))
        light = light + torch.einsum("b...,bc->b...c", cosine, colour)
    return albedo * light


def _batched(value: Tensor, ndim: int, batch: int) -> Tensor:
    """`value` of `ndim` or `ndim` + 1 axes, the first of the latter being the batch."""
    return value.expand(batch, *value.shape[-ndim:])
