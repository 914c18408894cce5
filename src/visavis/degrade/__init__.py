"""How pictures get worse: blur, resizing, noise, JPEG and low light, drawn by chance but recorded and repeatable.

A recipe draws a plan, and a plan changes pictures:

    plan = fanvid_v2((320, 180)).draw(numpy.random.default_rng(0))
    small = plan.apply(frame)        # (H, W, 3) or (T, H, W, 3) uint8
    plan.to_dict()                   # all that was drawn, as plain data
"""

from visavis.degrade.blur import BoxBlur, GaussianBlur, KernelBlur, MotionBlur
from visavis.degrade.fanvid import fanvid_v2
from visavis.degrade.jpeg import Jpeg
from visavis.degrade.light import Exposure
from visavis.degrade.noise import GaussianNoise, PoissonNoise, SensorNoise
from visavis.degrade.plan import Plan, SequencePlan, Step
from visavis.degrade.recipe import Recipe
from visavis.degrade.resizing import RESAMPLING, Rescale, Resize, ResizeJitter
from visavis.degrade.sensor import SENSORS, sensor
from visavis.degrade.training import training

__all__ = [
    "RESAMPLING",
    "SENSORS",
    "BoxBlur",
    "Exposure",
    "GaussianBlur",
    "GaussianNoise",
    "Jpeg",
    "KernelBlur",
    "MotionBlur",
    "Plan",
    "PoissonNoise",
    "Recipe",
    "Rescale",
    "Resize",
    "ResizeJitter",
    "SensorNoise",
    "SequencePlan",
    "Step",
    "fanvid_v2",
    "sensor",
    "training",
]
