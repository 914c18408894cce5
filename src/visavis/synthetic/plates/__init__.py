"""Synthetic registration plates with exact labels.

sample = plate_sample(seed=7, index=0)          # picture number 0 of seed 7
sample.image, sample.text, sample.corners       # (360, 640, 3) uint8, "AB21 CDE", (4, 2) pixels
plate = Plate.sample(numpy.random.default_rng(0), "germany", dirt=(0.3, 0.6), yaw=40)
plate.clean().render(512, 160)                  # the same plate washed and straightened
"""

from visavis.synthetic.plates.clip import plate_clip
from visavis.synthetic.plates.designs import REGIONS, Design, design
from visavis.synthetic.plates.plate import Plate
from visavis.synthetic.plates.sample import PlateSample, Text
from visavis.synthetic.plates.stream import nth_plate, plate_sample

__all__ = ["REGIONS", "Design", "Plate", "PlateSample", "Text", "design", "nth_plate", "plate_clip", "plate_sample"]
