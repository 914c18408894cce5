"""Pictures of registration plates, with their texts and where every character stands."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import Any

from visavis.synthetic.export.pictures import check_format, origin, picture_bytes
from visavis.synthetic.export.plan import Output, Render
from visavis.synthetic.export.ranges import COUNT, SEED, SIDE, check_fields
from visavis.synthetic.plates import PlateSample, design, plate_sample


@dataclass(frozen=True, kw_only=True)
class Plates:
    """A plan for one picture per plate.

    Attributes:
        count: number of plates, 1..1,000,000; the first ones do not depend on it.
        width, height: of the pictures in pixels, 16..4096.
        seed: 0..2**63-1.
        region: whose plates, one of `visavis.synthetic.plates.REGIONS`; None = any.
        picture_format: png or jpg.

    Raises:
        InvalidInput: a value outside its range; the message names the range.
    """

    count: int
    width: int = 640
    height: int = 360
    seed: int = 0
    region: str | None = None
    picture_format: str = "png"

    kind = "plates"

    def __post_init__(self) -> None:
        check_fields(self, {"count": COUNT, "width": SIDE, "height": SIDE, "seed": SEED})
        check_format(self.picture_format)
        if self.region is not None:
            object.__setattr__(self, "region", design(self.region).region)

    @property
    def examples(self) -> Mapping[str, Any]:
        """Columns that can be empty in the first row."""
        return {name: [""] for name in ("distractor_kinds", "distractors")} | {"distractor_corners": [[[0.0]]]}

    def parameters(self) -> dict[str, Any]:
        """What the pictures depend on."""
        return asdict(self)

    def files(self, item: int) -> list[str]:
        """The picture."""
        return [f"plate-{item:06d}.{self.picture_format}"]

    def open(self) -> Render:
        """Nothing has to be prepared."""
        size = {"width": self.width, "height": self.height}

        def render(item: int) -> Iterator[Output]:
            (name,) = self.files(item)
            sample = plate_sample(self.seed, item, region=self.region, **size)
            row = {"file": name, "plate_id": item, **_row(sample)}
            picture = picture_bytes(sample.image, self.picture_format, origin(self.seed))
            yield Output({name: picture}, (row,))

        return render


def _row(sample: PlateSample) -> dict[str, Any]:
    labels = sample.labels()
    characters, distractors, factors = (labels.pop(name) for name in ("characters", "distractors", "factors"))
    return {
        **labels,
        "characters": [item["character"] for item in characters],
        "character_rows": [item["row"] for item in characters],
        "character_corners": [item["corners"] for item in characters],
        "distractors": [item["text"] for item in distractors],
        "distractor_kinds": [item["kind"] for item in distractors],
        "distractor_corners": [item["corners"] for item in distractors],
        **{f"plate_{name}": value for name, value in factors.items()},
    }
