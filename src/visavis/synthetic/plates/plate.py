"""A plate and the circumstances of its picture, as factors."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from visavis.degrade import SENSORS
from visavis.ranges import whole
from visavis.synthetic.factors import (
    Choice,
    Normal,
    Uniform,
    Whole,
    checked,
    drawn_within,
    factor_table,
    varies,
)  # fmt: skip
from visavis.synthetic.plates.designs import REGIONS, Design, design
from visavis.synthetic.plates.typeface import FACES
from visavis.synthetic.streams import Stream

if TYPE_CHECKING:
    from visavis.synthetic.plates.sample import PlateSample

LIGHTS = ("sunny", "overcast", "dusk", "night")
BOLTS = ("none", "steel", "black", "white", "yellow")
FRAMES = ("none", "black", "chrome", "dealer")
CARS = ("trunk", "bumper", "grille", "tailgate")
CLEAN = "clean"
"""No faults of a camera at all."""
REGULAR = "regular"
"""The typeface that a region's design asks for."""

_SEEDS = Whole(0, 2**31 - 1)
_CLEAN: dict[str, Any] = {
    **dict.fromkeys(("yaw", "pitch", "roll", "x", "y", "dirt", "wear", "bend", "shadow", "blur", "motion"), 0.0),
    **{"fill": 0.8, "distance": 8.0, "light": "overcast", "exposure": 0.0, "warmth": 0.0, "signs": 0},
    **{"frame": "none", "sensor": CLEAN},
}


@dataclass(frozen=True, slots=True)
class Sometimes(Uniform):
    """0 most of the time; `share` of the time, every value up to `reach` equally likely. Allowed is [low, high]."""

    share: float = 0.5
    reach: float = 1.0

    def draw(self, stream: Stream) -> float:
        """A value for the next picture."""
        u = stream.uniform()
        return self.reach * u / self.share if u < self.share else 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Plate:
    """One registration plate in one picture; every field is a factor that can be set on its own.

    Angles are degrees: yaw > 0 turns the plate to the picture's right, pitch > 0 lifts it, roll > 0 turns it clockwise.

    Attributes:
        text: its number; "|" starts the next row. Every other field explains itself in `factor_meanings(Plate)`.

    Raises:
        InvalidInput: a factor lies outside its range, or the text is no number of the region.
    """

    text: str
    region: str = varies(Choice(dict.fromkeys(REGIONS, 1.0)), "whose design and number pattern")
    paint: int = varies(Whole(0, 11), "which of the design's colours; counts on from the first after the last")
    face: str = varies(Choice({REGULAR: 8.0} | dict.fromkeys(FACES, 0.5)), "typeface; regular = the design's own")
    words: int = varies(_SEEDS, "which of the design's small words and seals")
    bolts: str = varies(Choice({"none": 1, "steel": 3, "black": 1, "white": 1, "yellow": 0.5}), "screws")
    frame: str = varies(Choice({"none": 3, "black": 2, "chrome": 1, "dealer": 2}), "holder around the plate")
    car: str = varies(Choice(dict.fromkeys(CARS, 1.0)), "part of the car behind the plate")
    car_seed: int = varies(_SEEDS, "colour and details of the car, advert on the holder")
    yaw: float = varies(Normal(0.0, 16.0, -70.0, 70.0, "degrees", reach=50.0), "plate turned to the right")
    pitch: float = varies(Normal(4.0, 8.0, -60.0, 60.0, "degrees", reach=25.0), "plate lifted to the sky")
    roll: float = varies(Normal(0.0, 4.0, -180.0, 180.0, "degrees", reach=15.0), "plate turned clockwise")
    distance: float = varies(Uniform(1.5, 20.0, "m"), "from the lens to the plate: perspective")
    fill: float = varies(Normal(0.45, 0.18, 0.02, 0.95, reach=0.33), "share of the picture's width (or height)")
    x: float = varies(Normal(0.0, 0.5, -1.0, 1.0, reach=0.85), "place across: -1 = left border, 1 = right one")
    y: float = varies(Normal(0.0, 0.5, -1.0, 1.0, reach=0.85), "place down: -1 = at the top border, 1 = at the bottom")
    dirt: float = varies(Normal(-0.1, 0.4, 0.0, 1.0), "mud and dust")
    wear: float = varies(Normal(0.0, 0.35, 0.0, 1.0), "fading, scratches, rust at the screws")
    bend: float = varies(Normal(0.0, 1.5, 0.0, 6.0, "mm"), "height of dents")
    grime_seed: int = varies(_SEEDS, "pattern of dirt, scratches and dents")
    light: str = varies(Choice({"sunny": 4, "overcast": 4, "dusk": 2, "night": 1}), "kind of light")
    azimuth: float = varies(Normal(0.0, 40.0, -90.0, 90.0, "degrees"), "sun from the right")
    elevation: float = varies(Uniform(5.0, 80.0, "degrees"), "sun above the horizon")
    warmth: float = varies(Normal(0.0, 0.35, -1.0, 1.0), "colour of the light: -1 bluish, 1 reddish")
    exposure: float = varies(Normal(0.0, 0.3, -3.0, 3.0, "stops", reach=0.8), "picture too dark or too bright")
    shadow: float = varies(Sometimes(0.0, 1.0, share=0.4, reach=0.9), "depth of a band of shadow across the plate")
    shadow_angle: float = varies(Normal(0.0, 35.0, -90.0, 90.0, "degrees"), "direction of the band, 0 = upright")
    shadow_place: float = varies(Uniform(-0.6, 0.6), "middle of the band, in widths of the plate from its centre")
    shadow_width: float = varies(Uniform(0.1, 0.7), "of the band, in widths of the plate")
    blur: float = varies(Sometimes(0.0, 0.5, share=0.5, reach=0.08), "defocus: sigma in heights of a capital")
    motion: float = varies(Sometimes(0.0, 0.5, share=0.3, reach=0.06), "length of motion blur in widths of the plate")
    motion_angle: float = varies(Normal(0.0, 25.0, -90.0, 90.0, "degrees"), "direction of motion; 0 = along the rows")
    signs: int = varies(Whole(0, 3), "other texts in the picture: stickers and boards")
    signs_seed: int = varies(_SEEDS, "their words, colours and places")
    sensor: str = varies(Choice({CLEAN: 1} | dict(zip(SENSORS, (6, 3, 1, 1), strict=True))), "the camera's faults")
    sensor_seed: int = varies(_SEEDS, "noise and JPEG quality")

    def __post_init__(self) -> None:
        values = {field.name: getattr(self, field.name) for field in fields(self) if field.name != "text"}
        for name, value in checked(Plate, values).items():
            object.__setattr__(self, name, value)
        self.design.check(self.text)

    @property
    def design(self) -> Design:
        """The region's design."""
        return design(self.region)

    @classmethod
    def sample(
        cls, source: Stream | np.random.Generator, region: str | None = None, *, text: str | None = None, **fixed: Any
    ) -> Plate:
        """Draw a plate.

        Args:
            source: a stream, or a generator from which one is seeded; each factor reads a stream of its own.
            region: one of `REGIONS`; None = any.
            text: its number; None = a random one of the region.
            **fixed: factors held to a value, a (low, high) part of their range, or some of their names.

        Raises:
            InvalidInput: an unknown region or factor, a value outside its range, or a text that is no number there.
        """
        stream = Stream.of(source)
        held = fixed if region is None else {"region": design(region).region, **fixed}
        table = factor_table(cls)
        if unknown := held.keys() - table.keys():
            checked(cls, dict.fromkeys(unknown))
        values = {
            name: drawn_within(factor, name, held[name], stream.child(name))
            if name in held
            else factor.draw(stream.child(name))
            for name, factor in table.items()
        }
        if text is None:
            text = design(values["region"]).number(stream.child("text").generator())
        return cls(text=text, **values)

    def clean(self) -> Plate:
        """The same plate washed and straightened: frontal, sharp, evenly lit, alone, 0.8 of the picture wide."""
        return replace(self, **_CLEAN)

    def render(self, width: int = 640, height: int = 360) -> PlateSample:
        """The picture of this plate with its labels; the same plate and size give the same bytes.

        Args:
            width: of the picture, 16..4096 pixels.
            height: of the picture, 16..4096 pixels.

        Raises:
            InvalidInput: a size out of range.
        """
        from visavis.synthetic.plates.picture import take

        return take(self, width, height)


def check_side(name: str, value: int) -> int:
    """A picture's width or height.

    Raises:
        InvalidInput: not a whole number of 16..4096.
    """
    return whole(f"{name} (pixels)", value, 16, 4096)
