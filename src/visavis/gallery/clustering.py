"""Clustering the references of a gallery: where its people may be one, or one of its people two."""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from visavis.errors import InvalidInput
from visavis.matching.clustering import Apart, FoundFaces

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from visavis.gallery.gallery import Gallery
    from visavis.gallery.types import Reference
    from visavis.matching.clustering import Clustering

    Progress = Callable[[int, int], None]

_BLOCK = 4096


@dataclass(frozen=True, eq=False, slots=True)
class GalleryFaces:
    """The references of a gallery as faces to cluster.

    Attributes:
        faces: one for each reference; its path is the reference's source.
        references: (n) the same.
        apart: references of one photo, and of people who were set apart, are of different people.
    """

    faces: FoundFaces
    references: tuple[Reference, ...]
    apart: Apart

    def details(self) -> list[dict[str, Any]]:
        """(n) what an answer tells of each beside its face."""
        return [{"reference": one.id, "person": one.person, "person_id": one.person_id} for one in self.references]


@dataclass(frozen=True, slots=True)
class Share:
    """How many references of a person are in a cluster."""

    cluster: int
    person: str
    person_id: str
    references: int


@dataclass(frozen=True, slots=True)
class Review:
    """Where clusters and enrolment disagree: proposals for somebody to look at, nothing is changed.

    Attributes:
        merges: clusters that span several people, who may be one: the shares of each, by falling size.
        splits: people who fall into several clusters, who may be two: their shares, by falling size.
    """

    merges: tuple[tuple[Share, ...], ...]
    splits: tuple[tuple[Share, ...], ...]

    def to_dict(self) -> dict[str, Any]:
        """JSON-ready."""
        return {
            "merge_candidates": [
                {"cluster": shares[0].cluster, "people": [_without(share, "cluster") for share in shares]}
                for shares in self.merges
            ],
            "split_candidates": [
                {
                    "person": shares[0].person,
                    "person_id": shares[0].person_id,
                    "clusters": [{"cluster": share.cluster, "references": share.references} for share in shares],
                }
                for shares in self.splits
            ],
        }


def gallery_faces(gallery: Gallery, progress: Progress | None = None) -> GalleryFaces:
    """All references that have a template of the gallery's active model.

    Args:
        gallery: open gallery.
        progress: called with (templates read, all).

    Raises:
        InvalidInput: there is none.
        GalleryCorrupt: a template is missing.
    """
    space = gallery.model
    references = tuple(one for one in gallery.references() if space.fingerprint in one.models)
    if not references:
        raise InvalidInput(f"{gallery.location.shown}: holds no references to cluster; enrol people first")
    blocks = []
    for start in range(0, len(references), _BLOCK):
        blocks.append(gallery.templates([one.key for one in references[start : start + _BLOCK]], space))
        if progress:
            progress(min(start + _BLOCK, len(references)), len(references))
    apart = Apart(len(references)).photos([one.photo or None for one in references])
    apart.groups([one.person_id for one in references], [(first, second) for first, second, _ in gallery.apart()])
    return GalleryFaces(_faces(references, np.concatenate(blocks), space.fingerprint), references, apart)


def review(clustering: Clustering, references: Sequence[Reference]) -> Review:
    """Compare clusters with who is enrolled as whom.

    Args:
        clustering: of n references.
        references: (n) the same.
    """
    counts = Counter(zip(clustering.labels.tolist(), (one.person_id for one in references), strict=True))
    names = {one.person_id: one.person for one in references}
    shares = [Share(cluster, names[who], who, count) for (cluster, who), count in counts.items() if cluster >= 0]
    return Review(
        tuple(_several(shares, lambda share: share.cluster)), tuple(_several(shares, lambda share: share.person_id))
    )


def _several(shares: list[Share], key: Callable[[Share], Any]) -> list[tuple[Share, ...]]:
    """Those shares that have the key in common with others, key by key."""
    groups: dict[Any, list[Share]] = {}
    for share in shares:
        groups.setdefault(key(share), []).append(share)
    several = [tuple(sorted(group, key=lambda one: -one.references)) for group in groups.values() if len(group) > 1]
    return sorted(several, key=lambda group: -sum(share.references for share in group))


def _faces(references: Sequence[Reference], templates: NDArray[np.float32], model: str) -> FoundFaces:
    count = len(references)
    boxes = np.full((count, 4), np.nan, np.float32)
    quality = np.full(count, np.nan, np.float32)
    for row, one in enumerate(references):
        if one.box is not None:
            boxes[row] = one.box.left, one.box.top, one.box.right, one.box.bottom
        quality[row] = (one.quality or {}).get("summary", np.nan)
    paths = tuple(one.source for one in references)
    return FoundFaces(
        paths, np.zeros(count, np.int64), boxes, quality, np.zeros((count, 2), np.int32), templates, model
    )


def _without(share: Share, name: str) -> dict[str, Any]:
    return {key: value for key, value in asdict(share).items() if key != name}
