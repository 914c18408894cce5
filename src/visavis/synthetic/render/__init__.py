"""From meshes to pictures with labels: the fast renderer."""

from visavis.synthetic.render.camera import Camera
from visavis.synthetic.render.draw import draw
from visavis.synthetic.render.frame import Frame
from visavis.synthetic.render.light import LIGHT_KINDS, Light
from visavis.synthetic.render.normals import vertex_normals
from visavis.synthetic.render.pose import angles, rotation
from visavis.synthetic.render.surface import Material, Surface
from visavis.synthetic.render.tone import develop

__all__ = [
    "LIGHT_KINDS", "Camera", "Frame", "Light", "Material", "Surface", "angles", "develop", "draw",
    "rotation", "vertex_normals",
]  # fmt: skip
