"""`visavis gallery`: make one, look into it, check it, set its threshold, read its records."""

from __future__ import annotations

from datetime import UTC, datetime
from itertools import islice
from typing import TYPE_CHECKING, Annotated, Any, Literal, cast

import typer

from visavis.cli.gallery_options import GalleryUri, KeyFile, counted, opened, plain, progress
from visavis.cli.options import AsJson, with_engine
from visavis.cli.output import EXIT_ERROR, console, print_json

if TYPE_CHECKING:
    from visavis.face import Engine
    from visavis.gallery import Gallery
    from visavis.matching.identification import FpirThreshold

app = typer.Typer(help="Make, check and look after a gallery of enrolled people.", no_args_is_help=True)

_SHOWN = 3
"""Subjects of an audit entry that are listed for people; --json has all."""

Precision = Annotated[str, typer.Option(help="float32, or int8: a quarter of the size.")]


@app.command()
@with_engine
def create(
    engine: Engine, gallery: GalleryUri, precision: Precision = "float32", key: KeyFile = None, as_json: AsJson = False
) -> None:
    """Make an empty gallery for the templates of one model; with --key, an encrypted one."""
    with new_gallery(engine, gallery, precision, key) as store:
        facts = facts_of(store)
    _tell(facts, as_json=as_json)


@app.command()
def info(gallery: GalleryUri, key: KeyFile = None, as_json: AsJson = False) -> None:
    """What a gallery holds: people, references, models, whether it is encrypted."""
    with opened(gallery, key, read_only=True) as store:
        facts = facts_of(store)
    _tell(facts, as_json=as_json)


@app.command()
def verify(
    gallery: GalleryUri,
    repair: Annotated[bool, typer.Option("--repair", help="Mend what can be mended without losing anything.")] = False,
    key: KeyFile = None,
    as_json: AsJson = False,
) -> None:
    """Check a gallery from end to end. Exit code 2 if something is wrong and was not mended."""
    with opened(gallery, key, read_only=not repair) as store, progress("checking") as step:
        problems = store.verify(repair=repair, progress=step)
    if as_json:
        print_json(plain(problems))
    else:
        for problem in problems:
            way = ("mended" if repair else "--repair mends it") if problem.repairable else "cannot be mended"
            console().print(f"{problem.kind}: {problem.message} ({way})", style="red")
        console().print(counted(len(problems), "problem"))
    raise typer.Exit(EXIT_ERROR if any(not (repair and problem.repairable) for problem in problems) else 0)


@app.command()
def threshold(
    gallery: GalleryUri,
    fpir: Annotated[float, typer.Option(help="Share of searches for strangers that may name somebody.")] = 0.01,
    refresh: Annotated[
        bool, typer.Option("--refresh", help="Set it again, even if the stored one still fits.")
    ] = False,
    key: KeyFile = None,
    as_json: AsJson = False,
) -> None:
    """The similarity from which on somebody is named, set from the gallery's own non-mated scores."""
    from visavis.gallery.thresholds import gallery_threshold

    with opened(gallery, key, search=True) as store, progress("searches") as step:
        found = gallery_threshold(store, fpir, refresh=refresh, progress=step)
    if as_json:
        print_json(found.to_dict())
    else:
        console().print(threshold_in_words(found))


@app.command()
def history(
    gallery: GalleryUri,
    person: Annotated[str | None, typer.Option(help="Only of this person: name or id.")] = None,
    key: KeyFile = None,
    as_json: AsJson = False,
) -> None:
    """Merges, splits, renames and what was undone."""
    with opened(gallery, key, read_only=True) as store:
        operations = store.history(person=person)
    if as_json:
        print_json(plain(operations))
        return
    for one in operations:
        undone = f", undone by {one.undone_by}" if one.undone_by else ""
        console().print(f"{one.id}  {one.at}  {one.actor}  {one.kind}{undone}")


@app.command()
def audit(
    gallery: GalleryUri,
    since: Annotated[int, typer.Option(help="Only entries after this number.")] = 0,
    limit: Annotated[int | None, typer.Option(min=1, help="At most so many entries.", show_default=False)] = None,
    key: KeyFile = None,
    as_json: AsJson = False,
) -> None:
    """Who did what, when, under which model; opaque ids only. `gallery verify` checks that nothing was changed."""
    with opened(gallery, key, read_only=True) as store:
        entries = list(islice(store.audit(since=since), limit))
    if as_json:
        print_json(plain(entries))
        return
    for entry in entries:
        more = f" and {len(entry.subjects) - _SHOWN} more" if len(entry.subjects) > _SHOWN else ""
        subjects = " ".join(entry.subjects[:_SHOWN]) + more
        console().print(f"{entry.sequence}  {entry.at}  {entry.actor}  {entry.action}  {subjects}")


def new_gallery(engine: Engine, uri: str, precision: str, key: str | None) -> Gallery:
    """An empty gallery for an engine's templates.

    Raises:
        InvalidInput: no such precision.
        GalleryConflict: there is one already.
    """
    from visavis.errors import InvalidInput
    from visavis.gallery import create_gallery

    if precision not in ("float32", "int8"):
        raise InvalidInput(f"--precision {precision}: choose float32 or int8")
    output = engine.embedder_card.output
    return create_gallery(
        uri,
        model=engine.fingerprint,
        dimension=output.dimensions or 0,
        metric=output.metric or "cosine",
        precision=cast(Literal["float32", "int8"], precision),
        key=key,
    )


def facts_of(store: Gallery) -> dict[str, Any]:
    """What `gallery info` says."""
    from visavis.gallery.retention import expired

    people, references = store.count()
    return {
        "gallery": store.location.shown,
        "id": store.id,
        "people": people,
        "references": references,
        "expired": plain(expired(store, datetime.now(UTC).date().isoformat())),
        "version": store.version,
        "encrypted": store.encrypted,
        "audit_head": dict(store.audit_head()),
        "models": plain(list(store.models())),
    }


def threshold_in_words(found: FpirThreshold) -> str:
    """The threshold with what is known about its error rate, and never more than that."""
    size = f"{counted(found.enrolled_people, 'person', 'people')}, {counted(found.enrolled_references, 'reference')}"
    said = f"threshold {found.threshold:.4f} for FPIR {found.fpir:g}, from {found.method}, at {size}"
    if not found.probes:
        return f"{said}; the gallery is too small to check that rate on its own people"
    return (
        f"{said}; true rate within {found.low:.2g} to {found.high:.2g} ({found.level:.0%} confidence, from "
        f"{counted(found.probes, 'search', 'searches')} for {counted(found.people, 'person', 'people')})"
    )


def _tell(facts: dict[str, Any], *, as_json: bool) -> None:
    if as_json:
        print_json(facts)
        return
    for name in ("gallery", "id", "people", "references", "version", "encrypted"):
        console().print(f"{name:<11} {facts[name]}")
    if (past := facts["expired"])["references"]:
        gone = f"{counted(past['people'], 'person', 'people')}, {counted(past['references'], 'reference')}"
        console().print(
            f"{'expired':<11} {gone} past the date they were to be kept until, and still found; `visavis people forget "
            "--expired` erases them",
            style="yellow",
        )
    head = facts["audit_head"]
    console().print(f"{'audit log':<11} {head['sequence']} entries, head {head['hash']}")
    for model in facts["models"]:
        state = "active" if model["active"] else "kept"
        console().print(f"{'model':<11} {model['fingerprint']}, {model['dimension']} x {model['precision']}, {state}")
