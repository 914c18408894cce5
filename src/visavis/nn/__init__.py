"""Building blocks of differentiable models (need torch: `pip install "visavis[train]"`)."""

from visavis.nn.outline import Outline
from visavis.nn.raster import Raster, rasterize
from visavis.nn.shading import harmonics, shade_sh, vertex_normals

__all__ = ["Outline", "Raster", "harmonics", "rasterize", "shade_sh", "vertex_normals"]
