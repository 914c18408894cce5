"""`visavis people`: who is enrolled; merge, split, rename, set apart, undo and forget."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated

import typer

from visavis.cli.gallery_options import GalleryUri, KeyFile, confirm, counted, opened, plain
from visavis.cli.options import AsJson
from visavis.cli.output import EXIT_ERROR, console, print_json
from visavis.errors import InvalidInput

if TYPE_CHECKING:
    from visavis.gallery import Gallery, Operation

app = typer.Typer(help="Who is enrolled in a gallery, and who is who.", no_args_is_help=True)

Who = Annotated[str, typer.Argument(help="Name or id of a person.")]
References = Annotated[
    list[str] | None, typer.Option("--reference", help="Id of a reference, see `people show`; repeatable.")
]


@app.command("list")
def list_(
    gallery: GalleryUri,
    contains: Annotated[str | None, typer.Option(help="Only names with this in them.")] = None,
    key: KeyFile = None,
    as_json: AsJson = False,
) -> None:
    """Everybody who is enrolled, with how many references."""
    with opened(gallery, key, read_only=True) as store:
        people = store.people(name_contains=contains)
    if as_json:
        print_json(plain(people))
        return
    for person in people:
        until = f", until {person.retain_until}" if person.retain_until else ""
        console().print(f"{person.name}: {counted(person.references, 'reference')}{until}")
    console().print(counted(len(people), "person", "people"), style="dim")


@app.command()
def show(who: Who, gallery: GalleryUri, key: KeyFile = None, as_json: AsJson = False) -> None:
    """One person and all references, with their ids."""
    with opened(gallery, key, read_only=True) as store:
        person = store.person(who)
        references = store.references(person=person.id)
    if as_json:
        print_json({**plain(person), "enrolled": plain(references)})
        return
    console().print(f"{person.name}  (id {person.id}, enrolled {person.created})")
    console().print(f"  consent: {person.consent or 'not stated'}; keep until: {person.retain_until or 'no limit set'}")
    for reference in references:
        quality = f", quality {reference.quality['summary']:.2f}" if reference.quality else ""
        crop = "crop kept" if reference.has_crop else "no crop"
        console().print(f"  {reference.id}  {reference.source or 'unknown source'}{quality}, {crop}")


@app.command()
def merge(
    keep: Annotated[str, typer.Argument(help="Person who stays: name or id.")],
    absorb: Annotated[str, typer.Argument(help="Person whose references become the other's.")],
    gallery: GalleryUri,
    force: Annotated[bool, typer.Option(help="Even if they share a photo or were declared two people.")] = False,
    key: KeyFile = None,
    as_json: AsJson = False,
) -> None:
    """Two entries are one person; `people undo` takes it back."""
    with opened(gallery, key) as store:
        _done(store.merge(keep, absorb, force=force), as_json=as_json)


@app.command()
def split(
    who: Who,
    new_name: Annotated[str, typer.Argument(help="Name of the new person.")],
    gallery: GalleryUri,
    reference: References = None,
    key: KeyFile = None,
    as_json: AsJson = False,
) -> None:
    """Some references of a person belong to somebody else; `people undo` takes it back."""
    if not reference:
        raise InvalidInput(f"{who}: name the references that move with --reference ID; `people show` lists them")
    with opened(gallery, key) as store:
        _done(store.split(who, reference, new_name), as_json=as_json)


@app.command()
def rename(
    who: Who,
    new_name: Annotated[str, typer.Argument(help="Name from now on.")],
    gallery: GalleryUri,
    key: KeyFile = None,
    as_json: AsJson = False,
) -> None:
    """Give a person another name; the id stays."""
    with opened(gallery, key) as store:
        _done(store.rename(who, new_name), as_json=as_json)


@app.command()
def apart(
    first: Annotated[str, typer.Argument(help="Name or id.")],
    second: Annotated[str, typer.Argument(help="Name or id.")],
    gallery: GalleryUri,
    reason: Annotated[str, typer.Option(help="Why, such as: twins.")] = "",
    key: KeyFile = None,
    as_json: AsJson = False,
) -> None:
    """Two people are two, however alike: they are not merged without --force, nor clustered together."""
    with opened(gallery, key) as store:
        store.set_apart(first, second, reason)
        pairs = store.apart()
    if as_json:
        print_json([{"first": one, "second": other, "reason": why} for one, other, why in pairs])
    else:
        console().print(f"{first} and {second} are two people")


@app.command()
def undo(
    gallery: GalleryUri,
    operation: Annotated[int | None, typer.Argument(help="Number of the operation; the latest if not given.")] = None,
    key: KeyFile = None,
    as_json: AsJson = False,
) -> None:
    """Take back a merge, split or rename; `gallery history` numbers them."""
    with opened(gallery, key) as store:
        _done(store.undo(operation), as_json=as_json)


@app.command()
def forget(
    gallery: GalleryUri,
    who: Annotated[str | None, typer.Argument(help="Name or id of a person.")] = None,
    reference: References = None,
    expired: Annotated[bool, typer.Option("--expired", help="Everything whose retention date has passed.")] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    key: KeyFile = None,
    as_json: AsJson = False,
) -> None:
    """Erase a person, or some references; it cannot be undone. Exit code 2 if not everything could be erased yet."""
    if (who is None) is not expired or (expired and reference):
        raise InvalidInput("name a person to forget, or use --expired alone")
    with opened(gallery, key) as store:
        _ask(store, who, reference, yes=yes)
        today = datetime.now(UTC).date().isoformat()
        gone = store.forget_expired(today) if who is None else store.forget(who, references=reference)
    if as_json:
        print_json(plain(gone))
    else:
        console().print("erased" if gone.erased else "no longer findable, but not erased from the disk yet")
        if gone.note:
            console().print(f"note: {gone.note}", style="dim")
    raise typer.Exit(0 if gone.erased else EXIT_ERROR)


def _ask(store: Gallery, who: str | None, references: list[str] | None, *, yes: bool) -> None:
    """Say exactly what would go; an unknown person is an error before anything is asked."""
    if who is None:
        confirm("Forget everything whose retention date has passed? This cannot be undone.", yes=yes)
        return
    person = store.person(who)
    what = counted(len(references) if references else person.references, "reference")
    confirm(f"Forget {what} of {person.name}? This cannot be undone.", yes=yes)


def _done(operation: Operation, *, as_json: bool) -> None:
    if as_json:
        print_json(plain(operation))
    else:
        back = "" if operation.kind == "undo" else f"; `visavis people undo {operation.id}` takes it back"
        console().print(f"{operation.kind} done, operation {operation.id}{back}")
