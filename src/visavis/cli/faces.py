"""`visavis detect`, `quality` and `embed`: what is in these photos?"""

from __future__ import annotations

from itertools import chain, count
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from visavis.cli.options import AsJson, Images, photos, with_engine
from visavis.cli.output import EXIT_ERROR, console, print_json, report

if TYPE_CHECKING:
    from collections.abc import Iterator

    from visavis.face import Engine
    from visavis.types import Faces

Strict = Annotated[bool, typer.Option(help="Stop at the first photo that cannot be used, instead of skipping it.")]


@with_engine
def detect(
    engine: Engine,
    images: Images,
    out: Annotated[
        Path | None, typer.Option(help="Draw the faces: a .png file for one photo, or a folder.", metavar="PNG|DIR")
    ] = None,
    strict: Strict = False,
    as_json: AsJson = False,
) -> None:
    """Find the faces of photos: boxes, five points, scores; the most prominent face first."""
    rows: list[dict[str, Any]] = []
    failed: list[dict[str, str]] = []
    paths = photos(images)
    pictures = _pictures(paths, out) if out else {}
    for path, faces in _looked(engine, paths, failed, strict=strict, embed=False, quality=False):
        picture = pictures.get(path)
        rows.append({**faces.to_dict(), "picture": picture and str(picture)})
        if picture:
            _draw(path, faces, picture, engine)
        if not as_json:
            console().print(f"{faces.source}: {len(faces)} {'face' if len(faces) == 1 else 'faces'}")
            for face in faces:
                box = [round(v) for v in face.box.as_list()]
                console().print(f"  {face.index}  score {face.score:.2f}  box {box}")
    _close({"photos": rows}, failed, as_json=as_json, nothing=not rows)


@with_engine
def quality(engine: Engine, images: Images, strict: Strict = False, as_json: AsJson = False) -> None:
    """Judge how usable faces are, from 0 to 1, best first: size, sharpness, exposure, frontality, detection."""
    failed: list[dict[str, str]] = []
    rows = [faces.to_dict() for _, faces in _looked(engine, photos(images), failed, strict=strict, embed=False)]
    if rows and not as_json:
        _quality_table(rows)
    _close({"photos": rows}, failed, as_json=as_json, nothing=not rows)


@with_engine
def embed(
    engine: Engine,
    images: Images,
    out: Annotated[Path, typer.Option(help="File to write: .npz, .parquet or .json.", metavar="FILE")],
    strict: Strict = False,
    as_json: AsJson = False,
) -> None:
    """Write the templates of all faces to a file, one row each, with boxes, points, quality and the model's stamp."""
    from visavis.face.export import check_format, export

    check_format(out)
    failed: list[dict[str, str]] = []
    found = [faces for _, faces in _looked(engine, photos(images), failed, strict=strict)]
    rows = sum(map(len, found))
    if found:
        export(found, out)
        if not as_json:
            console().print(f"{out}: {rows} templates of {len(found)} photos by {engine.fingerprint}")
    summary = {"file": str(out), "photos": len(found), "faces": rows, "model": engine.fingerprint}
    _close(summary, failed, as_json=as_json, nothing=not found)


def _looked(
    engine: Engine, paths: list[str], failed: list[dict[str, str]], *, strict: bool, **wanted: bool
) -> Iterator[tuple[str, Faces]]:
    """Faces photo by photo, with progress; photos that cannot be used are reported and collected in `failed`."""
    from rich.progress import track

    from visavis.errors import ModelError, VisavisError

    results = engine.stream(paths, errors="raise" if strict else "return", **wanted)
    screen = console(stderr=True)
    quiet = len(paths) < 8 or not screen.is_terminal
    tracked = track(results, "photos", len(paths), console=screen, disable=quiet)
    for path, result in zip(paths, tracked, strict=True):
        if isinstance(result, ModelError):  # no photo's fault: it would only be repeated for each
            raise result
        if isinstance(result, VisavisError):
            failed.append({"source": path, "type": type(result).__name__, "message": str(result)})
            report(result, as_json=False)
        else:
            yield path, result


def _close(answer: dict[str, Any], failed: list[dict[str, str]], *, as_json: bool, nothing: bool) -> None:
    """Print the JSON answer; exit 2 when not one photo could be used."""
    if as_json:
        print_json({**answer, "failed": failed})
    elif len(failed) > 1:
        console(stderr=True).print(f"{len(failed)} photos could not be used", style="red")
    if nothing:
        raise typer.Exit(EXIT_ERROR)


def _pictures(paths: list[str], out: Path) -> dict[str, Path]:
    """The picture to draw for every photo: `out` itself, or files in the folder `out`, each with a name of its own."""
    from visavis.errors import InvalidInput, StorageError

    if out.suffix.lower() == ".png" and not out.is_dir():
        if len(paths) > 1:
            raise InvalidInput(f"{out}: is one picture for {len(paths)} photos; name a folder with --out instead")
        return {paths[0]: out}
    try:
        out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StorageError(f"{out}: cannot be made a folder ({error.strerror}); choose another --out") from error
    pictures: dict[str, Path] = {}
    taken: set[Path] = set()
    for path in dict.fromkeys(paths):
        stem = Path(path).stem
        names = (out / f"{stem}{again}.faces.png" for again in chain([""], map("-{}".format, count(2))))
        pictures[path] = next(name for name in names if name not in taken)
        taken.add(pictures[path])
    return pictures


def _draw(path: str, faces: Faces, picture: Path, engine: Engine) -> None:
    from visavis.images import load, save
    from visavis.picture import faces_picture

    save(faces_picture(load(path, engine.limits), faces), picture)


def _quality_table(rows: list[dict[str, Any]]) -> None:
    from rich.table import Table

    names = ("summary", "size", "sharpness", "exposure", "frontality", "detection")
    table = Table("face", "quality", *names[1:])
    table.add_column("photo", overflow="fold")
    faces = [(photo["source"], face) for photo in rows for face in photo["faces"]]
    for source, face in sorted(faces, key=lambda row: -row[1]["quality"]["summary"]):
        table.add_row(str(face["index"]), *(f"{face['quality'][name]:.2f}" for name in names), source)
    console().print(table, soft_wrap=False)
    for photo in rows:
        if not photo["faces"]:
            console().print(f"{photo['source']}: no face")
