"""What `visavis cluster` may be asked to cluster: the faces of photos, or the references of a gallery."""

from __future__ import annotations

from collections import Counter
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

from visavis.cli.gallery_options import opened, progress
from visavis.cli.options import photos
from visavis.cli.output import EXIT_ERROR, EXIT_INCONCLUSIVE, console, report

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from visavis.face import Engine
    from visavis.matching import Metric
    from visavis.matching.clustering import Apart, Clustering, Collected, FoundFaces
    from visavis.models.calibration import Calibration
    from visavis.picture.cluster_sheet import View


@dataclass(frozen=True, slots=True)
class Subject:
    """Faces to be clustered, and what an answer says about them beside their clusters.

    Attributes:
        title: of the report.
        faces: n.
        apart: constraints among them.
        metric: of their model.
        calibration: of their model, if it has one.
        view: where a face is to be seen.
        facts: what the answer begins with.
        details: (n) what else is told of each.
        people: (n) who each is enrolled as, in a gallery.
        findings: what else clusters show, for the answer.
        exit_code: of the command.
    """

    title: str
    faces: FoundFaces
    apart: Apart
    metric: Metric
    calibration: Calibration | None
    view: Callable[[int], View | None]
    facts: dict[str, Any]
    details: list[dict[str, Any]] | None = None
    people: list[str] | None = None
    findings: Callable[[Clustering], dict[str, Any]] = field(default=lambda clustering: {})
    exit_code: int = 0

    def names(self, clustering: Clustering) -> dict[int, str]:
        """What the people of a gallery call each cluster: the most frequent names."""
        if self.people is None:
            return {}
        counts = (Counter(self.people[face] for face in members.tolist()) for members in clustering.clusters)
        return {
            number: ", ".join(f"{name} ({count})" if len(found) > 1 else name for name, count in found.most_common(5))
            for number, found in enumerate(counts)
        }


def of_photos(engine: Engine, images: list[str], out: Path | None) -> Subject:
    """The faces of photos; with `out`, those found before are taken from there, and the others are kept there.

    Raises:
        ImageNotFound: a folder holds no photo.
        ModelError: a model cannot be had or run.
        DataError, StorageError: what was kept cannot be read or written.
    """
    from visavis.matching.clustering import Apart, KeptFaces, collect_faces
    from visavis.matching.clustering.private import private_folder

    paths = photos(images)
    kept = KeptFaces(private_folder(out) / "faces.npz" if out else None, stamp_of(engine), paths)
    try:
        with progress("photos") as step:
            found = collect_faces(engine, paths, kept, progress=step, report=lambda error: report(error, as_json=False))
    except KeyboardInterrupt:
        if out:
            console(stderr=True).print(f"stopped; what was found is kept in {out}, go on with the same command")
        raise
    faces = found.faces if len(found.faces) else replace(found.faces, model=engine.fingerprint)
    output, calibrations = engine.embedder_card.output, engine.embedder_card.calibration
    return Subject(
        title="Faces by person",
        faces=faces,
        apart=Apart(len(faces)).photos(faces.paths),
        metric=output.metric or "cosine",
        calibration=calibrations.get("flip" if engine.flip else "plain"),
        view=lambda face: _in_photo(faces, face),
        facts=_photo_facts(found),
        exit_code=0 if len(faces) else EXIT_INCONCLUSIVE if found.without_face else EXIT_ERROR,
    )


def of_gallery(stack: ExitStack, uri: str, key: str | None) -> Subject:
    """The references of a gallery, which stays open as long as `stack`.

    Raises:
        GalleryError: it cannot be opened or read.
        InvalidInput: nobody is enrolled.
    """
    from visavis.gallery.clustering import gallery_faces, review
    from visavis.gallery.thresholds import find_calibration

    store = stack.enter_context(opened(uri, key, read_only=True))
    with progress("templates") as step:
        found = gallery_faces(store, step)

    def view(face: int) -> View | None:
        crop = store.crops([found.references[face].id])[0]
        return (crop.data, None) if crop else _in_photo(found.faces, face)

    return Subject(
        title="References by person",
        faces=found.faces,
        apart=found.apart,
        metric=store.model.metric,
        calibration=find_calibration(found.faces.model),
        view=view,
        facts={"gallery": store.location.shown, "people": len({one.person_id for one in found.references})},
        details=found.details(),
        people=[one.person for one in found.references],
        findings=lambda clustering: review(clustering, found.references).to_dict(),
    )


def stamp_of(engine: Engine) -> str:
    """All that decides what an engine finds in a photo."""
    parts = (engine.fingerprint, engine.detector_card.fingerprint, engine.align, engine.settings, engine.limits)
    return " ".join([f"visavis {version('visavis')}", *map(str, parts)])


def _in_photo(faces: FoundFaces, face: int) -> View | None:
    """The photo that a face was found in; None without a place in it."""
    from visavis.types import Box

    left, top, right, bottom = faces.boxes[face].tolist()
    return (faces.paths[face], Box(left, top, right, bottom)) if left < right and top < bottom else None


def _photo_facts(found: Collected) -> dict[str, Any]:
    return {
        "photos": found.photos,
        "reused": found.reused,
        "without_face": list(found.without_face),
        "failed": [{"path": one.path, "type": one.error, "message": one.message} for one in found.failed],
    }
