"""Rasterisation that passes gradients to the vertices.

Which triangle a pixel sees is a discrete choice: a fast rasteriser makes it, and no gradient passes through it. Where
in the triangle the pixel lies is a smooth function of the corners, written out here again (Heckbert 1989; as in
Laine et al. 2020, "Modular primitives for high-performance differentiable rendering"):

    e_i = (p_j - p) x (p_k - p)        twice the area opposite corner i, on the screen
    w_i = (e_i / z_i) / sum_m e_m / z_m    perspective-correct barycentric coordinate

Outlines move too: `visavis.nn.outline` gives them their gradient.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from visavis.errors import InvalidInput


@dataclass(frozen=True, eq=False)
class Raster:
    """A batch of B pictures of one mesh.

    Attributes:
        screen: (B, V, 2) pixel coordinates (x, y) of the vertices, the top-left pixel's centre at (0, 0).
        depth: (B, V) distance along the viewing axis, > 0 where a vertex is seen.
        faces: (F, 3) rows of the vertices.
        face: (B, H, W) row of the face that a pixel sees, -1 where it sees none.
        pixels: batch, row and column of the N pixels that see the mesh, each (N,).
        corners: (N, 3) vertices of the face that each of them sees.
        weights: (N, 3) perspective-correct barycentric coordinates; rows sum to 1.
    """

    screen: Tensor
    depth: Tensor
    faces: Tensor
    face: Tensor
    pixels: tuple[Tensor, Tensor, Tensor]
    corners: Tensor
    weights: Tensor

    @property
    def coverage(self) -> Tensor:
        """(B, H, W, 1) 1 where the mesh is seen, else 0, in the dtype of the vertices; see `Outline` for gradients."""
        return (self.face >= 0).to(self.weights.dtype)[..., None]

    @property
    def barycentric(self) -> Tensor:
        """(B, H, W, 3) coordinates of each pixel in its face, 0 where there is none."""
        return self.scatter(self.weights)

    def interpolate(self, attributes: Tensor) -> Tensor:
        """(B, H, W, C) of what the vertices carry, 0 where the mesh is not seen.

        Args:
            attributes: (V, C), or (B, V, C) if they differ between the pictures.

        Raises:
            InvalidInput: there is not one row per vertex.
        """
        batch, vertices = self.depth.shape
        if attributes.shape[:-1] not in {(vertices,), (batch, vertices)}:
            raise InvalidInput(
                f"attributes: expected shape ({vertices}, C) or ({batch}, {vertices}, C), got {tuple(attributes.shape)}"
            )
        shared = attributes.ndim == 2
        carried = attributes[self.corners] if shared else attributes[self.pixels[0][:, None], self.corners]  # (N, 3, C)
        return self.scatter((self.weights[..., None] * carried).sum(dim=1))

    def scatter(self, values: Tensor) -> Tensor:
        """(B, H, W, C) picture of `values` (N, C), one row per pixel that sees the mesh; 0 elsewhere."""
        blank = values.new_zeros((*self.face.shape, values.shape[-1]))
        return blank.index_put(self.pixels, values)


def rasterize(screen: Tensor, depth: Tensor, faces: Tensor, face: Tensor) -> Raster:
    """Barycentric coordinates of all pixels, differentiable in `screen` and `depth`.

    Args:
        screen: (B, V, 2) pixel coordinates (x, y) of the vertices, the top-left pixel's centre at (0, 0).
        depth: (B, V) distance along the viewing axis.
        faces: (F, 3) integers, the same mesh in all pictures.
        face: (B, H, W) integers: the row of the face that each pixel sees, -1 for none; from any rasteriser.

    Raises:
        InvalidInput: shapes do not belong together, or `face` names a row that `faces` does not have.
    """
    _check(screen, depth, faces, face)
    face, faces = face.long(), faces.long()
    batch, row, column = torch.nonzero(face >= 0, as_tuple=True)
    corners = faces[face[batch, row, column]]  # (N, 3)
    position = screen[batch[:, None], corners]  # (N, 3, 2)
    z = depth[batch[:, None], corners]  # (N, 3)
    pixel = torch.stack([column, row], dim=-1).to(screen.dtype)  # (N, 2)
    weights = barycentric(position, z, pixel)
    return Raster(screen, depth, faces, face, (batch, row, column), corners, weights)


def barycentric(position: Tensor, depth: Tensor, pixel: Tensor) -> Tensor:
    """(N, 3) perspective-correct barycentric coordinates of N points, each in a triangle of its own.

    Args:
        position: (N, 3, 2) corners on the screen.
        depth: (N, 3) of the corners.
        pixel: (N, 2).
    """
    to_corner = position - pixel[:, None]
    following, last = to_corner.roll(-1, dims=1), to_corner.roll(-2, dims=1)
    area = following[..., 0] * last[..., 1] - following[..., 1] * last[..., 0]  # e_i
    share = area / depth
    return share / share.sum(dim=1, keepdim=True)


def _check(screen: Tensor, depth: Tensor, faces: Tensor, face: Tensor) -> None:
    if screen.ndim != 3 or screen.shape[-1] != 2:
        raise InvalidInput(f"screen: expected shape (B, V, 2), got {tuple(screen.shape)}")
    batch, vertices = screen.shape[:2]
    if depth.shape != (batch, vertices):
        raise InvalidInput(f"depth: expected shape {(batch, vertices)} as screen has, got {tuple(depth.shape)}")
    if faces.ndim != 2 or faces.shape[1] != 3 or faces.is_floating_point():
        raise InvalidInput(f"faces: expected integers of shape (F, 3), got {faces.dtype} of {tuple(faces.shape)}")
    if face.ndim != 3 or face.shape[0] != batch or face.is_floating_point():
        raise InvalidInput(f"face: expected integers of shape ({batch}, H, W), got {face.dtype} of {tuple(face.shape)}")
    if faces.numel() and not 0 <= int(faces.min()) <= int(faces.max()) < vertices:
        raise InvalidInput(f"faces name vertices {int(faces.min())}..{int(faces.max())}; there are 0..{vertices - 1}")
    if face.numel() and int(face.max()) >= len(faces):
        raise InvalidInput(f"face names row {int(face.max())} of faces; there are 0..{len(faces) - 1} in this mesh")
