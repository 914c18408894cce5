"""`visavis identify`: who of a gallery's people is on these photos, or nobody, or no decision."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from visavis.cli.gallery import threshold_in_words
from visavis.cli.gallery_options import GalleryUri, KeyFile, opened_for_searching, progress
from visavis.cli.options import Images, photos, with_engine
from visavis.cli.output import EXIT_ERROR, EXIT_INCONCLUSIVE, EXIT_NO_MATCH, console, print_json_line, report

if TYPE_CHECKING:
    from collections.abc import Iterator

    from visavis.errors import VisavisError
    from visavis.face import Engine
    from visavis.matching.identification import Identification
    from visavis.types import Faces

NO_FACE, FAILED = "no face", "failed"
_EXIT = {"identified": 0, "no decision": EXIT_INCONCLUSIVE, NO_FACE: EXIT_INCONCLUSIVE, "not identified": EXIT_NO_MATCH}
"""By outcome, the one that counts first where several photos end differently; a face not found excludes nobody."""


@with_engine
def identify(
    engine: Engine,
    images: Images,
    gallery: GalleryUri,
    fpir: Annotated[float, typer.Option(help="Share of searches for strangers that may name somebody.")] = 0.01,
    top: Annotated[int, typer.Option(help="Candidates listed for each face, 1 to 1000.")] = 5,
    approximate: Annotated[
        bool, typer.Option("--approximate", help="Faster in a very large gallery; tells the measured recall.")
    ] = False,
    key: KeyFile = None,
    as_json: Annotated[
        bool, typer.Option("--json", help="One JSON document a line on stdout, one line a face.")
    ] = False,
) -> None:
    """Search faces in a gallery. Exit code: 0 somebody identified, 1 nobody, 2 error, 3 no decision."""
    from visavis.gallery.identify import Identifier

    paths = photos(images)
    outcomes: set[str] = set()
    with opened_for_searching(gallery, key) as store:
        store.space(engine.fingerprint)  # a gallery of another model is an error before any photo is read
        identifier = Identifier(store, fpir=fpir, top=top, approximate=approximate)
        for path, found in _looked(engine, paths):
            for row, answer in _rows(path, found, identifier):
                outcomes.add(row["outcome"])
                print_json_line(row) if as_json else _explain(row, answer)
    raise typer.Exit(next((code for outcome, code in _EXIT.items() if outcome in outcomes), EXIT_ERROR))


def _looked(engine: Engine, paths: list[str]) -> Iterator[tuple[str, Faces | VisavisError]]:
    from visavis.errors import ModelError

    with progress("photos") as step:
        for done, (path, found) in enumerate(zip(paths, engine.stream(paths, errors="return"), strict=True)):
            if isinstance(found, ModelError):  # no photo's fault: it would only be repeated for each
                raise found
            step(done, len(paths))
            yield path, found


def _rows(
    path: str, found: Faces | VisavisError, identifier: Any
) -> list[tuple[dict[str, Any], Identification | None]]:
    """One row a face; a photo without a face, or that cannot be used, has one whose box is null.

    `probe` is the path as it was given, so that programs find the file; a `source` is made fit to be shown.
    """
    empty: dict[str, Any] = {"probe": path, "face": None, "box": None, "candidates": [], "decision": None}
    if isinstance(found, Exception):
        report(found, as_json=False)
        error = {"type": type(found).__name__, "message": str(found)}
        return [({**empty, "outcome": FAILED, "reason": str(found), "error": error}, None)]
    if not len(found):
        return [({**empty, "outcome": NO_FACE, "reason": "no face was found"}, None)]
    return [({**answer.to_dict(), "probe": path}, answer) for answer in identifier.faces(found)]


def _explain(row: dict[str, Any], answer: Identification | None) -> None:
    from visavis.picture.words import likelihood_in_words

    if row["outcome"] == FAILED:
        return  # told on stderr
    if answer is None:
        console().print(f"{row['probe']}: {row['reason']}")
        return
    colour = {"identified": "green", "not identified": "red"}.get(row["outcome"], "yellow")
    said = f"identified as {answer.decision}" if answer.decision else row["outcome"]
    console().print(f"{row['probe']}, face {row['face']}: {said}", style=f"bold {colour}")
    console().print(f"  {row['reason']}")
    for candidate in answer.candidates:
        llr = candidate.log_likelihood_ratio
        words = "" if llr is None else f", {likelihood_in_words(llr)}"
        console().print(f"  {candidate.person}: similarity {candidate.similarity:.4f}{words}")
    if answer.threshold:
        console().print(f"  {threshold_in_words(answer.threshold)}", style="dim")
    for note in answer.notes:
        console().print(f"  note: {note}", style="dim")
