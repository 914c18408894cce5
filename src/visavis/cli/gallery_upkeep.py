"""`visavis gallery export`, `import`, `move`, `rekey` and `new-key`: a gallery into files, elsewhere, and its key."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from visavis.cli.gallery_options import GalleryUri, KeyFile, confirm, counted, plain, progress
from visavis.cli.options import AsJson
from visavis.cli.output import EXIT_ERROR, console, print_json

if TYPE_CHECKING:
    from visavis.gallery.transfer import Imported, Moved

NewKeyFile = Annotated[
    str | None,
    typer.Option("--new-key", metavar="FILE", help="Key of the destination: a file, or env:NAME.", show_default=False),
]


def export(
    gallery: GalleryUri,
    out: Annotated[str, typer.Option("--out", metavar="FILE.parquet", help="File to write; only you may read it.")],
    with_crops: Annotated[bool, typer.Option("--with-crops/--no-crops", help="Write the kept crops too.")] = False,
    model: Annotated[
        str | None, typer.Option(metavar="FINGERPRINT", help="Model of the templates; the active one if not given.")
    ] = None,
    decrypted: Annotated[
        bool, typer.Option("--decrypted", help="Needed for an encrypted gallery: the file is not encrypted.")
    ] = False,
    key: KeyFile = None,
    as_json: AsJson = False,
) -> None:
    """Write everybody to a Parquet file, one row a reference; `gallery import` reads it back.

    Any program that reads Parquet opens it (pandas, DuckDB, polars). The export is entered into the audit log.
    """
    from visavis.gallery import open_gallery
    from visavis.gallery.transfer import export_gallery

    with open_gallery(gallery, key=key) as store, progress("exporting") as step:
        report = export_gallery(store, out, model=model, crops=with_crops, decrypted=decrypted, progress=step)
    if as_json:
        print_json(plain(report))
        return
    crops = counted(report.crops, "crop") if with_crops else "no crops (--with-crops adds them)"
    console().print(f"{_enrolled(report.people, report.references)}, {crops}, written to {report.path}")
    if report.left_out:
        console().print(f"{counted(report.left_out, 'reference')} left out: no template of {report.model}", style="red")


def import_(
    file: Annotated[str, typer.Argument(metavar="FILE", help="What `gallery export` or `embed --out` wrote.")],
    gallery: GalleryUri,
    person: Annotated[str | None, typer.Option(help="Whose faces a file of `embed` holds.")] = None,
    people: Annotated[
        str | None, typer.Option(metavar="CSV", help="Who is who in a file of `embed`: columns source, person[, face].")
    ] = None,
    by_name: Annotated[
        bool, typer.Option("--by-name", help="People of one name are one person, though their ids differ.")
    ] = False,
    key: KeyFile = None,
    as_json: AsJson = False,
) -> None:
    """Add the references of a file; an exported gallery also makes the gallery, if there is none.

    Repeating it changes nothing, so an import that was interrupted is simply repeated.
    """
    from visavis.gallery.transfer import import_gallery

    with progress("importing") as step:
        report = import_gallery(gallery, file, key=key, by_name=by_name, person=person, people=people, progress=step)
    print_json(plain(report)) if as_json else _tell_imported(report)


def move(
    source: Annotated[str, typer.Argument(metavar="FROM", help="URI of the gallery.")],
    destination: Annotated[str, typer.Argument(metavar="TO", help="URI of the place it goes to; none may be there.")],
    key: KeyFile = None,
    new_key: NewKeyFile = None,
    decrypted: Annotated[
        bool, typer.Option("--decrypted", help="Leave the destination unencrypted although the source is encrypted.")
    ] = False,
    forget_source: Annotated[
        bool, typer.Option("--forget-source", help="Erase the source once the destination was found complete.")
    ] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    as_json: AsJson = False,
) -> None:
    """Copy a gallery to another place and compare the two: folder, PostgreSQL or Qdrant, encrypted or not.

    Everything goes: people, templates of all models, crops, history, thresholds and the audit log. An encrypted gallery
    stays encrypted under its key, or under --new-key. Exit code 2 if the source was to be erased and is not yet.
    """
    from visavis.gallery.transfer import move_gallery
    from visavis.gallery.uri import parse_uri

    if forget_source:
        confirm(f"Erase {parse_uri(source).shown} once it is copied? This cannot be undone.", yes=yes)
    with progress("moving") as step:
        report = move_gallery(
            source,
            destination,
            key=key,
            new_key=new_key,
            decrypted=decrypted,
            forget_source=forget_source,
            progress=step,
        )
    print_json(plain(report)) if as_json else _tell_moved(report, forget=forget_source)
    raise typer.Exit(EXIT_ERROR if forget_source and not report.forgotten else 0)


def rekey(
    gallery: GalleryUri,
    new_key: Annotated[
        str, typer.Option("--new-key", metavar="FILE", help="Key that opens it from now on: a file, or env:NAME.")
    ],
    key: KeyFile = None,
    as_json: AsJson = False,
) -> None:
    """Give an encrypted gallery another key, and seal everything anew under it.

    From the start only the new key opens it; with the new key searching and enrolling go on meanwhile. A process that
    has it open under the old key can neither enrol nor read templates, and must open it again. After an interruption,
    repeat the command. Exit code 2 if not all remains of the old key could be erased yet.
    """
    from visavis.gallery.transfer import rekey_gallery

    with progress("sealing") as step:
        report = rekey_gallery(gallery, key=key, new_key=new_key, progress=step)
    if as_json:
        print_json(plain(report))
    else:
        sealed = f"{counted(report.templates, 'template')} and {counted(report.crops, 'crop')} sealed anew"
        console().print(f"{sealed}; only the new key opens the gallery, so keep a copy of it elsewhere")
        _note("" if report.erased else "remains of the old key could not be erased yet", report.note)
    raise typer.Exit(0 if report.erased else EXIT_ERROR)


def new_key(
    file: Annotated[str, typer.Argument(metavar="FILE", help="File to write; one that exists is never overwritten.")],
    as_json: AsJson = False,
) -> None:
    """Make a key for encrypted galleries: 32 random bytes in a file that only you may read."""
    from visavis.gallery.keys import new_key as make

    path = make(file)
    if as_json:
        print_json({"path": str(path)})
    else:
        console().print(f"key written to {path}; whoever loses it loses the gallery, so keep a copy elsewhere")


def _tell_imported(report: Imported) -> None:
    made = "a new gallery" if report.created else "the gallery"
    added = f"{_enrolled(report.people, report.references)}, {counted(report.crops, 'crop')} added to {made}"
    console().print(f"{added}; {counted(report.known, 'reference')} known before")
    if report.left_out:
        console().print(f"{counted(report.left_out, 'face')} left out: nobody says whose they are", style="red")
    _note("", report.note)


def _tell_moved(report: Moved, *, forget: bool) -> None:
    compared = f"{counted(sum(report.rows.values()), 'row')} compared and equal" if report.rows else "complete"
    sealed = "encrypted" if report.encrypted else "not encrypted"
    enrolled = _enrolled(report.people, report.references)
    console().print(f"{enrolled} at {report.destination} ({sealed}); {compared}")
    if not forget:
        console().print(f"{report.source} is as it was; what is enrolled there from now on stays there", style="dim")
    _note("the source is erased" if report.forgotten else "", report.note)


def _enrolled(people: int, references: int) -> str:
    return f"{counted(people, 'person', 'people')}, {counted(references, 'reference')}"


def _note(said: str, note: str) -> None:
    if said:
        console().print(said)
    if note:
        console().print(f"note: {note}", style="dim")
