"""`visavis detect`, `quality` and `embed`: what is in these photos?"""

from __future__ import annotations

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
    out: Annotated[Path | None, typer.Option(help="Draw the faces of every photo into this folder.")] = None,
    strict: Strict = False,
    as_json: AsJson = False,
) -> None:
    """Find the faces of photos: boxes, five points, scores; the most prominent face first."""
    rows: list[dict[str, Any]] = []
    failed: list[dict[str, str]] = []
    for path, faces in _looked(engine, photos(images), failed, strict=strict, embed=False, quality=False):
        rows.append(faces.to_dict())
        if out:
            _draw(path, faces, out, engine)
        if not as_json:
            console().print(f"{faces.source}: {len(faces)} {'face' if len(faces) == 1 else 'faces'}", markup=False)
            for face in faces:
                box = [round(v) for v in face.box.as_list()]
                console().print(f"  {face.index}  score {face.score:.2f}  box {box}", markup=False)
    _close(rows, failed, as_json=as_json)


@with_engine
def quality(engine: Engine, images: Images, strict: Strict = False, as_json: AsJson = False) -> None:
    """Judge how usable faces are, from 0 to 1, best first: size, sharpness, exposure, frontality, detection."""
    rows: list[dict[str, Any]] = []
    failed: list[dict[str, str]] = []
    for _, faces in _looked(engine, photos(images), failed, strict=strict, embed=False):
        rows.append(faces.to_dict())
    if not as_json:
        _quality_table(rows)
    _close(rows, failed, as_json=as_json)


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
    summary = {"file": str(out), "photos": len(found), "faces": rows, "model": engine.fingerprint}
    if not as_json:
        console().print(f"{out}: {rows} templates of {len(found)} photos by {engine.fingerprint}", markup=False)
    _close(summary, failed, as_json=as_json, nothing=not found)


def _looked(
    engine: Engine, paths: list[str], failed: list[dict[str, str]], *, strict: bool, **wanted: bool
) -> Iterator[tuple[str, Faces]]:
    """Faces photo by photo, with progress; photos that cannot be used are reported and collected in `failed`."""
    from rich.progress import track

    from visavis.errors import VisavisError

    results = engine.stream(paths, errors="raise" if strict else "return", **wanted)
    quiet = len(paths) < 8
    tracked = track(results, "photos", len(paths), console=console(stderr=True), disable=quiet)
    for path, result in zip(paths, tracked, strict=True):
        if isinstance(result, VisavisError):
            failed.append({"source": path, "type": type(result).__name__, "message": str(result)})
            report(result, as_json=False)
        else:
            yield path, result


def _close(answer: Any, failed: list[dict[str, str]], *, as_json: bool, nothing: bool | None = None) -> None:
    """Print the JSON answer; exit 2 when not one photo could be used."""
    if as_json:
        body = answer if isinstance(answer, dict) else {"photos": answer}
        print_json({**body, "failed": failed})
    elif failed:
        console(stderr=True).print(f"{len(failed)} photos could not be used", style="red")
    if failed and (not answer if nothing is None else nothing):
        raise typer.Exit(EXIT_ERROR)


def _draw(path: str, faces: Faces, folder: Path, engine: Engine) -> None:
    from visavis.errors import StorageError
    from visavis.images import load, save
    from visavis.picture import faces_picture

    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StorageError(f"{folder}: cannot be made a folder ({error.strerror}); choose another --out") from error
    save(faces_picture(load(path, engine.limits), faces), folder / f"{Path(path).stem}.faces.png")


def _quality_table(photos_found: list[dict[str, Any]]) -> None:
    from rich.table import Table

    table = Table("photo", "face", "quality", "size", "sharpness", "exposure", "frontality", "detection")
    faces = [(photo["source"], face) for photo in photos_found for face in photo["faces"]]
    for source, face in sorted(faces, key=lambda row: -row[1]["quality"]["summary"]):
        values = face["quality"]
        cells = [values[key] for key in ("summary", "size", "sharpness", "exposure", "frontality", "detection")]
        table.add_row(source, str(face["index"]), *(f"{value:.2f}" for value in cells))
    console().print(table)
    empty = [photo["source"] for photo in photos_found if not photo["faces"]]
    for source in empty:
        console().print(f"{source}: no face", markup=False)
