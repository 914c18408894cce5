"""`visavis enroll`: photos become references of people, past a guard, and going on where it was stopped."""

from __future__ import annotations

from contextlib import ExitStack, suppress
from typing import TYPE_CHECKING, Annotated, cast

import typer

from visavis.cli.gallery import new_gallery
from visavis.cli.gallery_options import GalleryUri, KeyFile, counted, opened, progress
from visavis.cli.options import AsJson, with_engine
from visavis.cli.output import EXIT_ERROR, console, print_json

if TYPE_CHECKING:
    from visavis.face import Engine
    from visavis.gallery import Gallery
    from visavis.gallery.enrolment import Enrolment, EnrolmentReport, Guard, Outcome, Photos


@with_engine
def enroll(
    engine: Engine,
    paths: Annotated[
        list[str],
        typer.Argument(
            help="A folder that holds one folder of photos per person; or, with --person, photos or a folder of them.",
            metavar="DIR|PHOTO...",
        ),
    ],
    gallery: GalleryUri,
    person: Annotated[str | None, typer.Option(help="Who is on the photos.", metavar="NAME")] = None,
    face: Annotated[
        int | None, typer.Option(min=0, help="Which face of a single photo; 0 = most prominent.", show_default=False)
    ] = None,
    consent: Annotated[
        str | None, typer.Option(help="What allows keeping the templates, in your words.", metavar="TEXT")
    ] = None,
    retain_until: Annotated[
        str | None, typer.Option(help="Day after which to forget, as 2027-12-31.", metavar="DATE")
    ] = None,
    keep_crops: Annotated[
        bool, typer.Option("--keep-crops/--no-crops", help="Keep the face's part of the photo, for a later model.")
    ] = True,
    guard: Annotated[
        str,
        typer.Option(
            help="refuse: keep out what would harm the gallery, tell doubts. flag: keep nothing out, tell everything. "
            "off: do not judge.",
            metavar="refuse|flag|off",
        ),
    ] = "refuse",
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Judge everything, write nothing.")] = False,
    key: KeyFile = None,
    as_json: AsJson = False,
) -> None:
    """Enrol people from photos. Run it again to go on where it was stopped; known photos are passed over.

    The gallery is made if there is none. Folders are named after their people, and photos nested deeper belong to the
    same person; names beginning with a dot are passed over. The guard looks at quality, at other faces in the photo, at
    whether the photos of a person show one person, and whether that is somebody else who is enrolled.

    Exit code: 0 every photo is enrolled now (perhaps with a flag) or was before; 2 some were refused or could not be
    used, all others are enrolled.
    """
    from visavis.gallery.enrolment import Enrolment, Settings, photos_at
    from visavis.gallery.names import checked_name

    settings = Settings(cast("Guard", guard), keep_crops, consent, retain_until, dry_run)
    photos = photos_at(paths, None if person is None else checked_name(person), face)
    with ExitStack() as stack:
        store, made = _gallery(stack, engine, gallery, key, dry_run=dry_run)
        if made and not as_json:
            console().print(f"{gallery}: made this gallery, for templates of {engine.fingerprint}")
        run = Enrolment(store, engine, settings)
        outcomes = _outcomes(run, photos, quiet=as_json)
        report = run.report(outcomes, [f"the folder of {name} holds no photo" for name in photos.empty])
        facts = {"gallery": store.location.shown if store else None, "made": made}
    print_json({**facts, **report.to_dict()}) if as_json else _sum_up(report)
    raise typer.Exit(0 if report.complete else EXIT_ERROR)


def _gallery(
    stack: ExitStack, engine: Engine, uri: str, key: str | None, *, dry_run: bool
) -> tuple[Gallery | None, bool]:
    """The gallery, made if there is none (in a dry run then None), and whether it was made."""
    from visavis.errors import GalleryConflict, GalleryNotFound

    with suppress(GalleryNotFound):
        return stack.enter_context(opened(uri, key, read_only=dry_run, search=True)), False
    if dry_run:
        return None, False
    try:
        return stack.enter_context(new_gallery(engine, uri, "float32", key)), True
    except GalleryConflict:  # another run made it in this moment
        return stack.enter_context(opened(uri, key)), False


def _outcomes(run: Enrolment, photos: Photos, *, quiet: bool) -> list[Outcome]:
    """What became of each photo, told as it is settled where there is something to tell."""
    outcomes: list[Outcome] = []
    total = len(photos)
    try:
        with progress("photos") as step:
            for outcome in run.outcomes(photos):
                outcomes.append(outcome)
                step(len(outcomes), total)
                if not quiet:
                    _tell(outcome)
    except KeyboardInterrupt:
        done = sum(outcome.reference is not None for outcome in outcomes)
        console(stderr=True).print(
            f"stopped; {counted(done, 'photo is', 'photos are')} enrolled, go on with the same command"
        )
        raise
    return outcomes


def _tell(outcome: Outcome) -> None:
    if outcome.flagged:
        console().print(f"flagged: {outcome.why}", style="yellow")
    elif outcome.status in ("refused", "failed"):
        console().print(f"{outcome.status}: {outcome.why}", style="red")


def _sum_up(report: EnrolmentReport) -> None:
    count = report.counts()
    would = "would be enrolled" if report.dry_run else "enrolled"
    flagged = f" ({count['flagged']:,} of them flagged)" if count["flagged"] else ""
    people = len({outcome.person for outcome in report.enrolled})
    console().print(
        f"{counted(count['enrolled'], 'photo')} of {counted(people, 'person', 'people')} {would}{flagged}; "
        f"{count['known']:,} known, {count['refused']:,} refused, {count['failed']:,} failed"
    )
    for note in report.notes:
        console().print(f"note: {note}", style="dim")
