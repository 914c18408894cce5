"""Outlines that pass gradients: an edge between two pixels blends them by where it crosses (Laine et al. 2020).

Take neighbouring pixels p and q whose centres see different triangles. Starting at the nearer one, p, the segment to q
is followed through the mesh until it ends there: at an open edge, or at an edge where the surface folds away from the
eye. If that edge crosses the segment at the share d of its length, the surface covers p up to there:

    d > 1/2:  q <- q + (d - 1/2) (p - q)        the surface reaches into q's square
    d < 1/2:  p <- p + (1/2 - d) (q - p)        it does not fill p's own

An edge nearer to upright blends neighbours in a row, one nearer to level neighbours in a column, so that no pixel is
blended twice for one edge. The picture is then continuous as the edge moves from pixel to pixel, and d is a smooth
function of the edge's two vertices. The method of the source stops at the edges of p's own triangle; following the mesh
lets triangles be smaller than pixels.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from visavis.errors import InvalidInput
from visavis.nn.raster import Raster

_STEPS = 16  # triangles crossed at most between two neighbouring pixels


@dataclass(frozen=True, eq=False)
class Outline:
    """Where the outline crosses between neighbouring pixels; n crossings.

    Attributes:
        shape: (B, H, W) of the pictures.
        near: (n,) flat number of the pixel (of B * H * W) that sees the surface which ends here.
        far: (n,) flat number of its neighbour beyond the edge.
        crossing: (n,) share of the way from `near` to `far` at which the edge lies, 0..1; carries the gradient.
    """

    shape: torch.Size
    near: Tensor
    far: Tensor
    crossing: Tensor

    @classmethod
    def of(cls, raster: Raster) -> Outline:
        """Find the outline of the mesh of a raster.

        Neighbouring triangles are recognised by the vertices they share: where a mesh has them twice, as along the
        seams of a texture, rasterise with the `faces` of the welded mesh, or the seam counts as an open edge.
        """
        pixels = raster.face[0].numel()
        with torch.no_grad():
            near, far = _differing_neighbours(raster)
            edge, found = _follow(raster, near, far)
            along = raster.screen[(near // pixels)[:, None], edge].diff(dim=1).squeeze(1).abs()
            level = (_centre(near, raster) - _centre(far, raster))[:, 1] == 0
            kept = found & (level == (along[:, 1] >= along[:, 0]))
            near, far, edge = near[kept], far[kept], edge[kept]
        ends = raster.screen[(near // pixels)[:, None], edge]  # (n, 2, 2)
        start, stop = _inside(ends, _centre(near, raster)), _inside(ends, _centre(far, raster))
        return cls(raster.face.shape, near, far, start / (start - stop))

    def blend(self, image: Tensor) -> Tensor:
        """(B, H, W, C) `image` with antialiased outlines.

        Raises:
            InvalidInput: the image is not of the size that the outline was found in.
        """
        if image.ndim != 4 or image.shape[:3] != self.shape:
            raise InvalidInput(
                f"image: expected (B, H, W, C) with B, H, W = {tuple(self.shape)}, got {tuple(image.shape)}"
            )
        flat, reach = image.reshape(-1, image.shape[-1]), (self.crossing - 0.5).to(image.dtype)
        change = reach[:, None] * (flat[self.near] - flat[self.far])  # both cases of the formula
        target = torch.where(reach > 0, self.far, self.near)
        return flat.index_add(0, target, change).reshape(image.shape)


def _differing_neighbours(raster: Raster) -> tuple[Tensor, Tensor]:
    """(n,) flat numbers of neighbouring pixels that see different faces, the nearer surface first."""
    face = raster.face
    flat = torch.arange(face.numel(), device=face.device).reshape(face.shape)
    pairs = torch.cat(
        [
            torch.stack([flat[:, :, :-1].flatten(), flat[:, :, 1:].flatten()]),
            torch.stack([flat[:, :-1].flatten(), flat[:, 1:].flatten()]),
        ],
        dim=1,
    )
    one, other = pairs[:, face.flatten()[pairs[0]] != face.flatten()[pairs[1]]]
    inverse = raster.scatter(1.0 / (raster.weights * _corner_depths(raster)).sum(dim=1, keepdim=True)).flatten()
    swap = inverse[one] < inverse[other]  # nothing is infinitely far
    return torch.where(swap, other, one), torch.where(swap, one, other)


def _corner_depths(raster: Raster) -> Tensor:
    return raster.depth[raster.pixels[0][:, None], raster.corners]


def _follow(raster: Raster, near: Tensor, far: Tensor) -> tuple[Tensor, Tensor]:
    """The edge (n, 2) at which the surface seen at `near` ends on the way to `far`, and whether it does (n,)."""
    height, width = raster.face.shape[1:]
    picture, start, stop = near // (height * width), _centre(near, raster), _centre(far, raster)
    neighbours = _neighbours(raster.faces)
    triangle = raster.face.flatten()[near]
    edge = torch.zeros((len(near), 2), dtype=torch.long, device=near.device)
    found = torch.zeros(len(near), dtype=torch.bool, device=near.device)
    going = torch.arange(len(near), device=near.device)
    for _ in range(_STEPS):
        way, here = picture[going], triangle[going]
        sides = raster.faces[here][:, [[0, 1], [1, 2], [2, 0]]]  # (m, 3 edges, 2 ends)
        ends = raster.screen[way[:, None, None], sides]
        turn = _turn(raster, way, here)[:, None]
        beyond = turn * _inside(ends, stop[going][:, None])
        within = turn * _inside(ends, start[going][:, None])
        share = torch.where(beyond < 0, within / (within - beyond), torch.inf)
        exit_share, side = share.min(dim=1)
        across = neighbours[here, side]
        ends_here = (across < 0) | (_turn(raster, way, across.clamp(min=0)) * turn[:, 0] <= 0)
        leaves = (exit_share >= 0.0) & (exit_share <= 1.0)
        done = leaves & ends_here
        edge[going] = sides[torch.arange(len(here), device=here.device), side]
        found[going] = done
        onward = leaves & ~ends_here
        going, triangle = going[onward], triangle.index_put((going[onward],), across[onward])
        if not going.numel():
            break
    return edge, found


def _centre(pixel: Tensor, raster: Raster) -> Tensor:
    """(n, 2) column and row of flat pixel numbers."""
    height, width = raster.face.shape[1:]
    inside = pixel % (height * width)
    return torch.stack([inside % width, inside // width], dim=-1)


def _inside(ends: Tensor, point: Tensor) -> Tensor:
    """(...) twice the signed area of the edge `ends` (..., 2, 2) and `point` (..., 2)."""
    a, b = ends[..., 0, :] - point, ends[..., 1, :] - point
    return a[..., 0] * b[..., 1] - a[..., 1] * b[..., 0]


def _turn(raster: Raster, picture: Tensor, triangle: Tensor) -> Tensor:
    """(n,) +1 or -1: which way a triangle turns on the screen; 0 if it is seen edge-on."""
    corners = raster.screen[picture[:, None], raster.faces[triangle]]
    return _inside(corners[:, :2], corners[:, 2]).sign()


def _neighbours(faces: Tensor) -> Tensor:
    """(F, 3) the face across each edge (01, 12, 20); -1 where the mesh is open or more than two faces meet."""
    ends = faces[:, [[0, 1], [1, 2], [2, 0]]].reshape(-1, 2).sort(dim=1).values
    name, order = (ends[:, 0] * (ends.max() + 1) + ends[:, 1]).sort(stable=True)
    same = torch.nn.functional.pad(name[1:] == name[:-1], (1, 1))
    first = torch.nonzero(same[1:] & ~same[:-1] & ~torch.nn.functional.pad(same[2:], (0, 1))).squeeze(1)
    one, other = order[first], order[first + 1]  # the two sides of an edge, as 3 * face + side
    across = torch.full((ends.shape[0],), -1, dtype=torch.long, device=faces.device)
    across[one], across[other] = other // 3, one // 3
    return across.reshape(-1, 3)
