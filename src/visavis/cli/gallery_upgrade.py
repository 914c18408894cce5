"""`visavis gallery upgrade` and `check-compat`: another model for a gallery, and whether two models go together."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, cast

import typer

from visavis.cli.gallery_options import GalleryUri, KeyFile, counted, plain, progress
from visavis.cli.options import AsJson, with_engine
from visavis.cli.output import EXIT_ERROR, EXIT_INCONCLUSIVE, EXIT_NO_MATCH, console, print_json

if TYPE_CHECKING:
    from visavis.face import Engine
    from visavis.gallery import Gallery
    from visavis.gallery.types import ModelSpace, Precision
    from visavis.gallery.upgrade import Dropped, Upgraded
    from visavis.gallery.upgrade.compat import CompatibilityReport

_CODES = {"compatible": 0, "incompatible": EXIT_NO_MATCH, "undecided": EXIT_INCONCLUSIVE}
_SHOWN = 20


def with_engine_of(argument: str, *, flip: bool) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """As `with_engine`, with the embedder named by the command's own argument, as ID, ID+flip or ID@HASH[+flip].

    Args:
        argument: name of that argument; without a value, the default embedder.
        flip: whether the command has the option --flip too.
    """
    hidden = {"embedder"} if flip else {"embedder", "flip"}

    def decorate(command: Callable[..., Any]) -> Callable[..., Any]:
        run = with_engine(command)

        @functools.wraps(run)
        def called(**arguments: Any) -> Any:
            from visavis.gallery.upgrade.engines import named_variant
            from visavis.models import DEFAULT_EMBEDDER

            embedder, mirrored = named_variant(arguments[argument] or DEFAULT_EMBEDDER)
            return run(**{**arguments, "embedder": embedder, "flip": mirrored or arguments.get("flip", False)})

        shown = [one for name, one in inspect.signature(run).parameters.items() if name not in hidden]
        called.__signature__ = inspect.Signature(shown)  # type: ignore[attr-defined]
        called.__annotations__ = {one.name: one.annotation for one in shown}
        return called

    return decorate


@with_engine_of("to", flip=True)
def upgrade(
    engine: Engine,
    gallery: GalleryUri,
    to: Annotated[
        str | None,
        typer.Option(metavar="MODEL", help="Model to change to: an id of `visavis models list`; ID+flip as --flip."),
    ] = None,
    from_originals: Annotated[
        bool, typer.Option("--from-originals", help="Prefer the original photos, where they are unchanged, to crops.")
    ] = False,
    drop_old: Annotated[
        bool, typer.Option("--drop-old/--keep-old", help="Erase all other models' templates when this one is active.")
    ] = False,
    allow_missing: Annotated[
        bool,
        typer.Option("--allow-missing", help="Change even if some references can be embedded from nothing any more."),
    ] = False,
    precision: Annotated[
        str | None, typer.Option(help="float32 or int8, for the new templates; as now if not given.")
    ] = None,
    abort: Annotated[bool, typer.Option("--abort", help="Drop what an unfinished upgrade made.")] = False,
    key: KeyFile = None,
    as_json: AsJson = False,
) -> None:
    """Embed every reference again with another model; the gallery stays in use meanwhile.

    Templates are made from the kept crops, or from the original photos where these are still what was enrolled. People
    are enrolled and searched under the old model until all are done; then the new one takes over, with thresholds of
    its own for the same rates. A run that is stopped goes on where it was, and several at once share the work. Exit
    code: 0 everything asked for is done; 2 references are missing, or not everything could be erased.
    """
    from visavis.errors import InvalidInput
    from visavis.gallery import open_gallery
    from visavis.gallery.upgrade import abort_upgrade
    from visavis.gallery.upgrade import upgrade as run

    if (to is None) is not abort:
        raise InvalidInput("name the model to change to with --to MODEL, or drop an unfinished upgrade with --abort")
    if precision not in (None, "float32", "int8"):
        raise InvalidInput(f"--precision {precision}: choose float32 or int8")
    with open_gallery(gallery, key=key) as store, progress("upgrading") as step:
        if abort:
            raise typer.Exit(_tell_aborted(abort_upgrade(store), as_json=as_json))
        report = run(
            store,
            engine,
            precision=cast("Precision | None", precision),
            from_originals=from_originals,
            drop_old=drop_old,
            allow_missing=allow_missing,
            progress=step,
        )
    print_json(report.to_dict()) if as_json else _explain(report)
    raise typer.Exit(0 if report.complete else EXIT_ERROR)


@with_engine_of("new", flip=False)
def check_compat(
    engine: Engine,
    old: Annotated[str, typer.Argument(metavar="OLD", help="Model of the templates there are: ID, ID+flip.")],
    new: Annotated[str, typer.Argument(metavar="NEW", help="Model that may follow it: ID, ID+flip.")],
    gallery: Annotated[
        str | None, typer.Option(metavar="URI", help="Look at this gallery's crops.", show_default=False)
    ] = None,
    root: Annotated[
        Path | None, typer.Option(help="Or at photos: a folder that holds one folder per person.", show_default=False)
    ] = None,
    far: Annotated[float, typer.Option(help="False-accept rate to look at.")] = 1e-3,
    tolerance: Annotated[float, typer.Option(help="How far VAL may fall from old-old to new-old.")] = 0.01,
    most: Annotated[int, typer.Option(min=4, help="Faces looked at, at most.")] = 2000,
    key: KeyFile = None,
    as_json: AsJson = False,
) -> None:
    """Whether templates of a new model may be compared with those of an old one, measured on labelled faces.

    VAL is the share of mated comparisons accepted at the rate FAR of false ones. New with old must not be worse than
    old with old. It takes 20 people with two photos or more, and 1/FAR pairs of photos of different people: at 0.001
    about 46 photos, such as two of each of 23 people. Exit code: 0 compatible, 1 incompatible, 2 error, 3 the
    faces cannot tell.
    """
    from visavis.errors import InvalidInput
    from visavis.gallery import open_gallery
    from visavis.gallery.upgrade.compat import check_compatibility

    if (gallery is None) is (root is None):
        raise InvalidInput("name the labelled faces: --gallery URI, or --root DIR with one folder per person")
    ask = functools.partial(check_compatibility, new=engine, far=far, tolerance=tolerance, most=most)
    with progress("faces") as step:
        if gallery is None:
            report = ask(_engine(engine, old), root=root, progress=step)
        else:
            with open_gallery(gallery, key=key, read_only=True) as store:
                report = ask(_held(store, old) or _engine(engine, old), gallery=store, progress=step)
    print_json(report.to_dict()) if as_json else _explain_verdict(report)
    raise typer.Exit(_CODES[report.verdict])


def _engine(engine: Engine, name: str) -> Engine:
    from visavis.gallery.upgrade.engines import same_but

    return same_but(engine, name)


def _held(store: Gallery, name: str) -> ModelSpace | None:
    """The gallery's own model of that name, if there is just one: then the model itself need not be here."""
    named = [one for one in store.models() if name in (one.fingerprint, _without_hash(one.fingerprint))]
    return named[0] if len(named) == 1 else None


def _without_hash(fingerprint: str) -> str:
    base, plus, setting = fingerprint.partition("+")
    return base.partition("@")[0] + plus + setting


def _tell_aborted(dropped: Dropped | None, *, as_json: bool) -> int:
    if as_json:
        print_json({"aborted": dropped is not None, **(plain(dropped) if dropped else {})})
    elif dropped is None:
        console().print("no upgrade is under way")
    else:
        _explain_dropped(dropped)
        console().print("the upgrade is aborted; the gallery is as it was before")
    return 0 if dropped is None or dropped.erased else EXIT_ERROR


def _explain(report: Upgraded) -> None:
    screen = console()
    made = report.from_crops + report.from_originals
    if report.before == report.model and not made:
        screen.print(f"the gallery is on {report.model} already")
    else:
        sources = f"{report.from_crops:,} from crops, {report.from_originals:,} from original photos"
        screen.print(f"{counted(made, 'reference')} embedded again: {sources}")
    for one in report.missing[:_SHOWN]:
        screen.print(f"missing: {one.reference} of {one.person}: {one.reason}", style="red")
    if len(report.missing) > _SHOWN:
        screen.print(f"and {counted(len(report.missing) - _SHOWN, 'more reference')}; --json lists all", style="red")
    if report.unfindable:
        gone = "cannot be found any more" if report.active else "would not be found any more"
        names = ", ".join(report.unfindable[:_SHOWN]) + ", ..." * (len(report.unfindable) > _SHOWN)
        screen.print(f"{counted(len(report.unfindable), 'person', 'people')} {gone}: {names}", style="red")
    for threshold in report.thresholds:
        now = f"{threshold.new:.4f}" if threshold.new is not None else f"not set ({threshold.reason})"
        was = "unknown" if threshold.old is None else f"{threshold.old:.4f}"
        screen.print(f"threshold for FPIR {threshold.fpir:g}: {was} before, now {now}")
    _explain_dropped(report.dropped)
    if report.active:
        screen.print(f"people are enrolled and searched under {report.model} now", style="green")
    else:
        screen.print(
            f"{report.before} is still the active model, for {counted(len(report.missing), 'reference')} would be left "
            "behind; bring their photos back and run this again, or run it with --allow-missing, or with --abort"
        )


def _explain_dropped(dropped: Dropped) -> None:
    for model in dropped.models:
        console().print(
            f"{model}: templates {'erased' if dropped.erased else 'gone, but not erased from the disk yet'}"
        )
    for model, why in dropped.kept:
        console().print(f"{model}: templates kept; {why}", style="yellow")
    if dropped.note:
        console().print(f"note: {dropped.note}", style="dim")


def _explain_verdict(report: CompatibilityReport) -> None:
    colour = {"compatible": "green", "incompatible": "red"}.get(report.verdict, "yellow")
    console().print(f"{report.new} with {report.old}: {report.verdict}", style=f"bold {colour}")
    for text in (report.reason, report.advice):
        console().print(text)
    if report.measured:
        faces = counted(report.measured.photos, "face")
        where = "the gallery's own templates for the old model" if report.stored else "both models on the same faces"
        notes = (f"{faces}, {where}; {counted(report.measured.people, 'person', 'people')} with several", *report.notes)
        for note in (*notes, *([f"{counted(len(report.missed), 'face')} could not be used"] * bool(report.missed))):
            console().print(f"note: {note}", style="dim")
