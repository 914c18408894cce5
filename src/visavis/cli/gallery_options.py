"""What the commands about galleries share: which gallery, its key, opening it, progress, and answers."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Any

import typer

from visavis.cli.output import console
from visavis.errors import InvalidInput

if TYPE_CHECKING:
    from visavis.gallery import Gallery

GalleryUri = Annotated[
    str,
    typer.Option(
        "--gallery",
        envvar="VISAVIS_GALLERY",
        metavar="URI",
        help="A folder, or postgresql://USER@HOST/DATABASE, or qdrant+ before one of these.",
    ),
]
KeyFile = Annotated[
    str | None,
    typer.Option(
        "--key", envvar="VISAVIS_GALLERY_KEY", metavar="FILE", help="Key of an encrypted gallery: a file, or env:NAME."
    ),
]


@contextmanager
def opened(uri: str, key: str | None, *, read_only: bool = False, search: bool = False) -> Iterator[Gallery]:
    """A gallery that is closed when the block ends.

    Args:
        uri: where it is.
        key: of an encrypted one.
        read_only: refuse every change.
        search: load its templates now, and show how far that is.
    """
    from visavis.gallery import open_gallery

    if search:
        with progress("opening") as step:
            gallery = open_gallery(uri, key=key, read_only=read_only, progress=step)
    else:
        gallery = open_gallery(uri, key=key, read_only=read_only)
    with gallery:
        yield gallery


@contextmanager
def opened_for_searching(uri: str, key: str | None) -> Iterator[Gallery]:
    """As `opened`; a gallery that cannot be written to is opened for reading, and keeps no threshold then."""
    from visavis.errors import GalleryReadOnly

    with ExitStack() as stack:
        try:
            gallery = stack.enter_context(opened(uri, key, search=True))
        except GalleryReadOnly:
            gallery = stack.enter_context(opened(uri, key, read_only=True, search=True))
        yield gallery


@contextmanager
def progress(what: str) -> Iterator[Callable[[int, int], None]]:
    """A function to call with (done, all), shown as a bar on stderr where that is a terminal."""
    from rich.progress import Progress

    with Progress(console=console(stderr=True), transient=True, disable=not sys.stderr.isatty()) as bar:
        task = bar.add_task(what, total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total)


def confirm(question: str, *, yes: bool) -> None:
    """Ask before something that cannot be taken back; the answer no ends the program.

    Raises:
        InvalidInput: there is nobody to ask.
    """
    if yes:
        return
    if not sys.stdin.isatty():
        raise InvalidInput(f"{question} Nobody can be asked here; repeat the command with --yes")
    typer.confirm(question, abort=True, err=True)


def plain(value: Any) -> Any:
    """A frozen record, or a list of them, as JSON knows it."""
    return [asdict(one) for one in value] if isinstance(value, list) else asdict(value)


def counted(number: int, singular: str, plural: str | None = None) -> str:
    """A number with its noun, as in 1 person and 1,200 people."""
    return f"{number:,} {singular if number == 1 else plural or singular + 's'}"
