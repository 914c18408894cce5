"""Options that several commands share; `@with_engine` gives a command all of the engine's at once."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, get_type_hints

import typer

if TYPE_CHECKING:
    pass

AsJson = Annotated[bool, typer.Option("--json", help="Answer with one JSON document on stdout.")]
Images = Annotated[list[str], typer.Argument(help="Photos; folders are searched for photos.", metavar="IMAGE...")]

_PANEL = "Engine"
_ENGINE: dict[str, tuple[Any, Any, str]] = {
    "detector": (str, "centerface", "Model that finds faces."),
    "embedder": (str, "dlib-resnet", "Model that makes templates."),
    "align": (str, "points5", "points5, or dlib5 for templates that agree with face_recognition's."),
    "flip": (bool, False, "Average with the mirrored face: slower, a little more accurate."),
    "long_side": (int, 640, "Pixels that the photo's longer side is scaled down to for detection."),
    "min_score": (float, 0.5, "Lowest detection score of a face."),
    "min_size": (float, 0.0, "Smallest face height in pixels of the photo."),
    "tiles": (bool, False, "Look at large photos in tiles too, for small faces."),
    "threads": (int | None, None, "Cores to use; all of them if not given."),
    "device": (str, "cpu", "cpu or cuda; one that cannot be used is an error."),
    "allow_restricted": (bool, False, "Accept models whose licence excludes commercial use."),
}


def with_engine(command: Callable[..., Any]) -> Callable[..., Any]:
    """A command with the engine's options; it is called with `engine`, made from them."""

    @functools.wraps(command)
    def run(**arguments: Any) -> Any:
        from visavis.face import Engine

        chosen = {name: arguments.pop(name) for name in _ENGINE}
        return command(engine=Engine(**chosen), **arguments)

    hints = get_type_hints(command, localns={"Engine": object}, include_extras=True)  # Engine is not imported yet
    named = inspect.signature(command).parameters
    own = [named[name].replace(annotation=hints[name]) for name in named if name != "engine"]
    parameters = [*own, *(_option(name, *parts) for name, parts in _ENGINE.items())]
    run.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
    run.__annotations__ = {parameter.name: parameter.annotation for parameter in parameters}
    return run


def photos(paths: list[str]) -> list[str]:
    """The paths with every folder replaced by the photos below it, in order of name.

    Raises:
        ImageNotFound: a folder holds no photo.
    """
    from visavis.errors import ImageNotFound

    found: list[str] = []
    for path in paths:
        if not Path(path).is_dir():
            found.append(path)
            continue
        inside = sorted(str(p) for p in Path(path).rglob("*") if p.suffix.lower() in _SUFFIXES and p.is_file())
        if not inside:
            raise ImageNotFound(f"{path}: the folder holds no photo ({', '.join(sorted(_SUFFIXES))})")
        found += inside
    return found


_SUFFIXES = {
    ".jpg",
    ".jpeg",
    ".png",
    ".webp",
    ".bmp",
    ".tif",
    ".tiff",
    ".gif",
    ".pgm",
    ".ppm",
    ".heic",
    ".avif",
    ".mpo",
}


def _option(name: str, kind: Any, default: Any, text: str) -> inspect.Parameter:
    option = typer.Option(f"--{name.replace('_', '-')}", help=text, rich_help_panel=_PANEL)
    return inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=default, annotation=Annotated[kind, option])
