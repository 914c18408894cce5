"""`visavis cluster`: which faces of many photos, or of a gallery, show one person."""

from __future__ import annotations

import json
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, cast

import typer

from visavis.cli.cluster_subjects import Subject, of_gallery, of_photos
from visavis.cli.gallery_options import KeyFile, counted, progress
from visavis.cli.options import AsJson, with_engine
from visavis.cli.output import console, print_json
from visavis.errors import InvalidInput, StorageError

if TYPE_CHECKING:
    from visavis.bench.clustering_labels import LabelAgreement
    from visavis.face import Engine
    from visavis.matching.clustering import Clustering, ClusterSettings, Method

_LISTED = 20
"""Clusters on the screen; all of them are in the answer as JSON."""
_OWN = {"clusters.json", "faces.npz"}
"""Files by which the folder of an earlier report is known."""


@with_engine
def cluster(
    engine: Engine,
    images: Annotated[
        list[str] | None, typer.Argument(help="Photos; folders are searched for photos.", metavar="DIR|PHOTO...")
    ] = None,
    gallery: Annotated[
        str | None, typer.Option(metavar="URI", help="Cluster the references of this gallery, not photos.")
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option(help="Folder for index.html, clusters.json, and faces.npz to go on from: personal data."),
    ] = None,
    method: Annotated[str, typer.Option(help="average (linkage), hdbscan or whispers.")] = "average",
    fmr: Annotated[
        float | None,
        typer.Option(help="False-match rate that the threshold is set for; if not given, by the number of faces."),
    ] = None,
    threshold: Annotated[
        float | None, typer.Option(help="The threshold itself, a similarity, for models without a calibration.")
    ] = None,
    min_faces: Annotated[int, typer.Option(help="Smallest cluster; faces of smaller ones are unassigned.")] = 2,
    min_quality: Annotated[float, typer.Option(help="Faces of lower quality, 0 to 1, are unassigned.")] = 0.0,
    labels: Annotated[
        str | None,
        typer.Option(
            metavar="folders|CSV",
            help="Measure against the truth: folders if each holds one person, or a CSV file with path and identity.",
        ),
    ] = None,
    key: KeyFile = None,
    as_json: AsJson = False,
) -> None:
    """Group faces by person; two faces of one photo are never put together.

    Of a gallery, enrolled people who may be one, and those who may be two, are named; nothing is changed. With --out, a
    run that was stopped goes on where it was. Exit code: 0 done, 2 no photo could be used, 3 no face was found.
    """
    from visavis.matching.clustering import ClusterSettings

    settings = ClusterSettings(cast("Method", method), min_faces, min_quality)
    if bool(images) == bool(gallery) or (gallery and labels):
        raise InvalidInput("cluster: name photos, with or without --labels, or else one --gallery")
    if out:
        _require_own(out)
    with ExitStack() as stack:
        subject = of_gallery(stack, gallery, key) if gallery else of_photos(engine, images or [], out)
        found = _clustered(subject, settings, fmr, threshold)
        judged = _judged(subject, found, labels, images or [])
        answer = {
            **found.to_dict(subject.faces, subject.details),
            **subject.facts,
            **subject.findings(found),
            "agreement": None if judged is None else judged.to_dict(),
            "report": str(out) if out else None,
        }
        if out:
            _write(out, answer, found, subject)
    print_json(answer) if as_json else _explain(answer)
    raise typer.Exit(subject.exit_code)


def _require_own(out: Path) -> None:
    """Refuse a folder with files of others: what is written must replace nothing but earlier reports."""
    try:
        names = {path.name for path in out.iterdir()} if out.is_dir() else set()
    except OSError as error:
        raise StorageError(f"{out}: cannot be looked into ({error.strerror}); name another folder for --out") from error
    if any(not name.startswith(".") for name in names) and not names & _OWN:
        raise StorageError(
            f"{out}: holds files, but no report of visavis ({' or '.join(sorted(_OWN))}); name a new or an empty "
            "folder for --out"
        )


def _clustered(subject: Subject, settings: ClusterSettings, fmr: float | None, similarity: float | None) -> Clustering:
    from visavis.matching.clustering import calibrated_threshold, cluster_faces, given_threshold, low_quality

    faces = subject.faces
    if fmr is not None and similarity is not None:
        raise InvalidInput("cluster: give --fmr or --threshold, not both")
    count = len(faces) - int(low_quality(faces.quality, len(faces), settings.min_quality).sum())
    if similarity is not None:
        at = given_threshold(similarity, count, faces.model)
    else:
        at = calibrated_threshold(subject.calibration, count, settings.method, fmr=fmr, model=faces.model)
    with progress("comparing") as step:
        return cluster_faces(
            faces.templates, at, subject.metric, settings, apart=subject.apart, quality=faces.quality, progress=step
        )


def _judged(subject: Subject, found: Clustering, labels: str | None, images: list[str]) -> LabelAgreement | None:
    """Against the labels given, or against who is enrolled as whom."""
    from visavis.bench.clustering_labels import agreement, judge_labels, read_labels

    if subject.people is not None:
        return agreement(subject.people, found.labels)
    if labels is None:
        return None
    root = next((Path(image) for image in images if Path(image).is_dir()), Path())
    return judge_labels(subject.faces, found.labels, read_labels(labels, subject.faces.paths, root))


def _write(out: Path, answer: dict[str, Any], found: Clustering, subject: Subject) -> None:
    from visavis.matching.clustering.private import private_file, private_folder
    from visavis.picture.cluster_sheet import SheetText, cluster_sheet

    folder = private_folder(out)
    with private_file(folder / "clusters.json") as file:
        file.write(json.dumps(answer, indent=1).encode("ascii"))
    findings = {"Perhaps one person": _merges(answer), "Perhaps several people": _splits(answer)}
    findings["Photos that could not be used"] = [one["message"] for one in answer.get("failed", [])]
    findings["Photos without a face"] = answer.get("without_face", [])
    text = SheetText(subject.title, _figures(answer), _lines(answer), findings, subject.names(found))
    with progress("pictures") as step:
        page = cluster_sheet(found, subject.faces, subject.view, text, step)
    with private_file(folder / "index.html") as file:
        file.write(page.encode("utf-8"))


def _explain(answer: dict[str, Any]) -> None:
    screen = console()
    screen.print(", ".join(f"{value} {name}" for value, name in _figures(answer)), style="bold")
    for one in answer["clusters"][:_LISTED]:
        more = f", and {len(one['paths']) - 3:,} more" if len(one["paths"]) > 3 else ""
        screen.print(
            f"cluster {one['id']}: {counted(one['size'], 'face')}, similarity {one['similarity']:.2f}: "
            f"{', '.join(one['paths'][:3])}{more}"
        )
    if len(answer["clusters"]) > _LISTED:
        screen.print(f"and {counted(len(answer['clusters']) - _LISTED, 'smaller cluster')}")
    for line in (*_merges(answer), *_splits(answer)):
        screen.print(line, style="yellow")
    for line in _lines(answer):
        screen.print(line, style="dim")
    if answer["report"]:
        screen.print(f"written to {answer['report']}: open index.html in a browser", style="dim")


def _figures(answer: dict[str, Any]) -> list[tuple[str, str]]:
    alone, clusters = len(answer["unassigned_faces"]), len(answer["clusters"])
    seen = {"photos": "photo", "people": "enrolled person"}
    rows = [(answer[name], noun) for name, noun in seen.items() if name in answer]
    rows += [(answer["faces"], "face"), (clusters, "cluster"), (alone, "unassigned face")]
    return [(f"{value:,}", _plural(noun, value)) for value, noun in rows]


def _lines(answer: dict[str, Any]) -> list[str]:
    threshold, settings = answer["threshold"], answer["settings"]
    chance = threshold["look_alikes"]
    lines = [f"{settings['method']}, threshold {threshold['similarity']:.4f}: {threshold['source']}"]
    if chance is not None:
        lines.append(f"at this rate a face has {chance:.2g} look-alikes among the others by chance")
    low = sum(one["reason"] == "low quality" for one in answer["unassigned_faces"])
    lines += [f"{counted(low, 'face')} of quality below {settings['min_quality']:g} left out"] if low else []
    if without := len(answer.get("without_face", ())):
        lines.append(f"no face was found on {counted(without, 'photo')}")
    if failed := len(answer.get("failed", ())):
        lines.append(f"{counted(failed, 'photo')} could not be used")
    if judged := answer["agreement"]:
        of = "the people enrolled" if "gallery" in answer else "the labels"
        scores = (f"{name} F {judged[key]['f']:.4f}" for key, name in (("bcubed", "BCubed"), ("pairwise", "pairwise")))
        lines.append(f"against {of} ({judged['people']:,}): {', '.join(scores)}, NMI {judged['nmi']:.4f}")
    return [*lines, *answer["notes"]]


def _merges(answer: dict[str, Any]) -> list[str]:
    return [
        f"cluster {one['cluster']} holds {_listed(one['people'], 'person')}: perhaps one person"
        for one in answer.get("merge_candidates", [])
    ]


def _splits(answer: dict[str, Any]) -> list[str]:
    return [
        f"{one['person']} is in {_listed(one['clusters'], 'cluster', 'cluster ')}: perhaps several people"
        for one in answer.get("split_candidates", [])
    ]


def _listed(shares: list[dict[str, Any]], name: str, before: str = "") -> str:
    return ", ".join(f"{before}{share[name]} ({counted(share['references'], 'reference')})" for share in shares)


def _plural(noun: str, count: int) -> str:
    if count == 1:
        return noun
    return "enrolled people" if noun == "enrolled person" else f"{noun}s"
