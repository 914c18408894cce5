"""Options that several commands share; `@with_engine` gives a command all of the engine's at once."""

from __future__ import annotations

import functools
import inspect
import os
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any, get_type_hints

import typer

AsJson = Annotated[bool, typer.Option("--json", help="Answer with one JSON document on stdout.")]
Images = Annotated[list[str], typer.Argument(help="Photos; folders are searched for photos.", metavar="IMAGE...")]

_SUFFIXES = {
    *(".jpg", ".jpeg", ".jpe", ".mpo", ".png", ".webp", ".gif", ".tif", ".tiff", ".bmp", ".pbm", ".pgm", ".ppm"),
    *(".jp2", ".j2k", ".avif", ".heic", ".heif"),
}
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
    """The paths with every folder replaced by the photos at any depth below it, in order of name.

    Raises:
        ImageNotFound: a folder holds no photo, or cannot be read.
    """
    return [photo for path in paths for photo in (_photos_below(path) if os.path.isdir(path) else [path])]  # noqa: PTH112 (False, not an error, where nothing may be read)


def _photos_below(folder: str) -> list[str]:
    from visavis.errors import ImageNotFound

    def refuse(error: OSError) -> None:
        raise ImageNotFound(f"{error.filename}: cannot be searched ({error.strerror}); check its permissions")

    files = (Path(top, name) for top, _, names in os.walk(folder, onerror=refuse) for name in names)
    inside = sorted(str(file) for file in files if file.suffix.lower() in _SUFFIXES)
    if not inside:
        raise ImageNotFound(f"{folder}: the folder holds no photo ({', '.join(sorted(_SUFFIXES))})")
    return inside


def _option(name: str, kind: Any, default: Any, text: str) -> inspect.Parameter:
    option = typer.Option(f"--{name.replace('_', '-')}", help=text, rich_help_panel=_PANEL)
    return inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=default, annotation=Annotated[kind, option])
