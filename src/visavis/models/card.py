"""Model cards: everything one must know of a model before trusting it, as data."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from visavis.errors import CardError
from visavis.models.calibration import Calibration

CommercialUse = Literal["yes", "no", "licence yes, training data restricted"]
Sha256 = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
Scale = Annotated[float, Field(gt=0)]
_DECODERS = {"detect": ("centerface", "scrfd"), "embed": ("embedding",), "landmarks": ("regression-trees",)}


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class Source(_Part):
    """Where the weight file comes from: a PyPI distribution, a file on disk, or a URL; always pinned by hash."""

    sha256: Sha256
    """Of the weight file itself."""
    package: str | None = None
    version: str | None = None
    package_sha256: Sha256 | None = None
    """Of the distribution that holds the file, checked before anything in it is used."""
    module: str | None = None
    """Importable name under which an installed copy of the distribution is found (never imported)."""
    member: str | None = None
    """Path of the weight file inside the distribution, from the module's folder on."""
    path: Path | None = None
    url: str | None = None

    @model_validator(mode="after")
    def _one_kind(self) -> Source:
        kinds = [kind for kind in ("package", "path", "url") if getattr(self, kind) is not None]
        if len(kinds) != 1:
            raise ValueError(f"give exactly one of package, path and url, got {kinds or 'none'}")
        if self.package and not (self.version and self.package_sha256 and self.module and self.member):
            raise ValueError("a package source needs version, package_sha256, module and member")
        return self


class Licence(_Part):
    """What the weights may be used for, and what they learnt from."""

    name: str
    text: str
    commercial_use: CommercialUse
    training_data: str
    notice: str = ""


class Input(_Part):
    """What the network reads."""

    layout: Literal["nhwc-uint8", "nchw-float32"]
    colour: Literal["rgb", "bgr"] = "rgb"
    width: int = Field(ge=0)
    height: int = Field(ge=0)
    """Pixels; 0 = any size."""
    multiple: int = Field(default=1, ge=1)
    """Free sides must be multiples of this."""
    mean: tuple[float, float, float] = (0.0, 0.0, 0.0)
    std: tuple[Scale, Scale, Scale] = (1.0, 1.0, 1.0)
    """x = (pixel - mean) / std, in the order of `colour`; pixels in 0..255."""


class Output(_Part):
    """What the network writes."""

    decoder: Literal["centerface", "scrfd", "embedding", "regression-trees"]
    dimensions: int | None = None
    metric: Literal["euclidean", "cosine"] | None = None
    """euclidean: similarity = 1 - distance of the raw vectors; cosine: similarity = cosine."""


class Reference(_Part):
    """Outputs that the converted model must reproduce on the built-in test pattern."""

    values: tuple[float, ...]
    tolerance: float
    made_by: str


class Measured(_Part):
    """One measured number, with the command that gives it."""

    what: str
    value: float
    command: str


class ModelCard(_Part):
    """One model: identity, origin, licence, input, output, calibration and measured accuracy."""

    id: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9._-]*$")]
    task: Literal["detect", "embed", "landmarks"]
    title: str
    source: Source
    converter: Literal["centerface", "dlib_resnet", "dlib_trees", "none"]
    licence: Licence
    input: Input
    output: Output
    alignment: str | None = None
    """Name of the five-point template in `visavis.face.align`, for embedders."""
    calibration: dict[Literal["plain", "flip"], Calibration] = Field(default_factory=dict)
    reference: Reference | None = None
    measured: tuple[Measured, ...] = ()

    @property
    def fingerprint(self) -> str:
        """`id@hash`: names these very weights; stamped on every template."""
        return f"{self.id}@{self.source.sha256[:12]}"

    @model_validator(mode="after")
    def _parts_fit_the_task(self) -> ModelCard:
        if self.output.decoder not in _DECODERS[self.task]:
            raise ValueError(f"the task {self.task!r} needs output.decoder {' or '.join(_DECODERS[self.task])}")
        if self.task == "embed" and not (self.alignment and self.output.dimensions and self.output.metric):
            raise ValueError("an embedder needs alignment, output.dimensions and output.metric")
        return self


def parse_card(fields: dict[str, Any], name: str) -> ModelCard:
    """A validated card.

    Raises:
        CardError: naming every field that is missing, unknown or wrong.
    """
    try:
        return ModelCard.model_validate(fields)
    except ValidationError as error:
        problems = "; ".join(f"{'.'.join(map(str, e['loc'])) or 'card'}: {e['msg']}" for e in error.errors())
        raise CardError(f"model card {name}: {problems}; see docs/how-to/own-model.md for the fields") from None
