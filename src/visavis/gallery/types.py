"""What a gallery holds, as frozen data: people, references, models, and the records of what was done to them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from visavis.types import Box, Template

if TYPE_CHECKING:
    from visavis.matching import Metric

Precision = Literal["float32", "int8"]


@dataclass(frozen=True, slots=True)
class ModelSpace:
    """A model whose templates a gallery holds; templates of two spaces are never compared.

    Attributes:
        key: number within the gallery.
        fingerprint: stamp of the model and its settings, as on every template.
        dimension: numbers per template.
        metric: how they are compared.
        precision: float32, or int8 with one scale for all (`dimension` bytes a template).
        scale: int8 step: vector = codes * scale; None for float32, and until the first template fixes it.
        active: whether references are enrolled and searched under this model; exactly one is.
    """

    key: int
    fingerprint: str
    dimension: int
    metric: Metric
    precision: Precision
    scale: float | None
    active: bool


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody who is enrolled.

    Attributes:
        id: stable identifier (a UUID); names may change, this does not.
        name: unique within the gallery.
        created: UTC, ISO 8601.
        references: how many references are enrolled.
        consent: what allows keeping the templates, in the words of whoever enrolled them.
        retain_until: ISO date after which the person is to be forgotten; None = no limit was set.
    """

    id: str
    name: str
    created: str
    references: int
    consent: str | None = None
    retain_until: str | None = None


@dataclass(frozen=True, slots=True)
class Crop:
    """The part of a photo around one face, kept so that another model can embed it later.

    Attributes:
        data: an encoded image (JPEG or PNG).
        points: the five landmarks in pixels of the crop, as ((x, y), ...) in the order of `POINT_NAMES`.
    """

    data: bytes
    points: tuple[tuple[float, float], ...]


@dataclass(frozen=True, slots=True)
class NewReference:
    """A reference to be enrolled.

    Attributes:
        id: identifier chosen by the caller, opaque, for the audit log keeps it when the person is forgotten; enrolling
            the same id again changes nothing.
        person: name of the person, who is created if unknown.
        template: one template; its model must be the gallery's.
        source: where the photo came from (path, URL, camera), for people.
        photo: digest of the photo; faces that share it are different people.
        box: face in the photo, pixels.
        quality: component scores by name, with "summary".
        crop: for a later change of model; None = not kept.
        consent: see `Person`.
        retain_until: ISO date after which this reference is to be forgotten.
    """

    id: str
    person: str
    template: Template
    source: str = ""
    photo: str = ""
    box: Box | None = None
    quality: Mapping[str, float] | None = None
    crop: Crop | None = None
    consent: str | None = None
    retain_until: str | None = None


@dataclass(frozen=True, slots=True)
class Reference:
    """An enrolled reference without its template; attributes as in `NewReference`.

    Attributes:
        key: number within the gallery, as the search tier uses it; never used twice.
        person: name of its person now.
        person_id: id of its person now.
        created: UTC, ISO 8601.
        models: fingerprints of the models it has templates of.
    """

    key: int
    id: str
    person: str
    person_id: str
    source: str
    photo: str
    box: Box | None
    quality: Mapping[str, float] | None
    created: str
    consent: str | None
    retain_until: str | None
    has_crop: bool
    models: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Added:
    """What became of a batch: ids enrolled now, and ids that were enrolled before with the same content."""

    enrolled: tuple[str, ...]
    known: tuple[str, ...]
    version: int


@dataclass(frozen=True, slots=True)
class Forgotten:
    """What was erased.

    Attributes:
        people: who are gone altogether.
        references: that are gone; none of them can be found from now on.
        erased: whether their bytes are gone from the gallery's own files too.
        note: why not, or where copies may still be.
    """

    people: int
    references: int
    erased: bool
    note: str


OperationKind = Literal["rename", "merge", "split", "undo"]


@dataclass(frozen=True, slots=True)
class Operation:
    """One change of who is who, with all that is needed to take it back.

    Attributes:
        id: number, rising.
        kind: rename, merge, split, or undo of an earlier one.
        at: UTC, ISO 8601.
        actor: who did it.
        people: ids of the people it touches.
        details: by kind; holds names and reference ids, and is therefore erased when they are forgotten.
        undone_by: id of the operation that took it back.
    """

    id: int
    kind: OperationKind
    at: str
    actor: str
    people: tuple[str, ...]
    details: Mapping[str, Any]
    undone_by: int | None = None


@dataclass(frozen=True, slots=True)
class AuditEntry:
    """One line of the audit log; its hash covers the line before it, so that nothing can be changed unnoticed.

    Holds opaque ids only (people, references), never names, paths or templates: it outlives those who are forgotten.
    """

    sequence: int
    at: str
    actor: str
    action: str
    subjects: tuple[str, ...]
    model: str | None
    details: Mapping[str, Any]
    hash: str


@dataclass(frozen=True, slots=True)
class Problem:
    """Something that `verify` found.

    Attributes:
        kind: short name, such as "missing template" or "broken audit chain".
        message: a sentence for people.
        repairable: whether `verify(repair=True)` mends it without losing anything.
    """

    kind: str
    message: str
    repairable: bool = False


@dataclass(frozen=True, slots=True)
class Where:
    """Which references a search may find; all conditions hold together.

    Attributes:
        people: names or ids.
        exclude_people: names or ids.
        min_quality: lowest quality summary.
        source_prefix: start of the source.
        created_after: UTC, ISO 8601.
        created_before: UTC, ISO 8601.
    """

    people: frozenset[str] | None = None
    exclude_people: frozenset[str] = field(default=frozenset())
    min_quality: float | None = None
    source_prefix: str | None = None
    created_after: str | None = None
    created_before: str | None = None
