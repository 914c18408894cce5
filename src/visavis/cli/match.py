"""`visavis match`: are these the same person?"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Annotated

import typer

from visavis.cli.options import AsJson, with_engine
from visavis.cli.output import EXIT_INCONCLUSIVE, EXIT_NO_MATCH, console, print_json

if TYPE_CHECKING:
    from visavis.face import Engine
    from visavis.images import Photo
    from visavis.types import Comparison, Faces


@with_engine
def match(
    engine: Engine,
    probe: Annotated[str, typer.Argument(help="Photo of the person in question.")],
    reference: Annotated[str, typer.Argument(help="Photo of the person it may be.")],
    out: Annotated[str | None, typer.Option(help="Draw the comparison into this picture.", metavar="PNG")] = None,
    fmr: Annotated[float, typer.Option(help="False-match rate at which 'match' may be said.")] = 1e-3,
    fnmr: Annotated[float, typer.Option(help="False-non-match rate at which 'no match' may be said.")] = 1e-2,
    prior: Annotated[float, typer.Option(help="Probability of 'same person' before looking.")] = 0.5,
    face: Annotated[int | None, typer.Option(help="Face of the probe: 0 = most prominent, 1 = next, ...")] = None,
    reference_face: Annotated[int | None, typer.Option(help="Face of the reference, counted the same way.")] = None,
    as_json: AsJson = False,
) -> None:
    """Compare the faces of two photos. Exit code: 0 match, 1 no match, 2 error, 3 inconclusive."""
    from visavis.images import load
    from visavis.matching.verification import match_faces
    from visavis.types import Decision

    _keep_inputs(out, probe, reference)
    photos = load(probe, engine.limits), load(reference, engine.limits)
    found = engine.faces(photos[0]), engine.faces(photos[1])
    comparison = match_faces(*found, fmr=fmr, fnmr=fnmr, prior=prior, face=face, reference_face=reference_face)
    if out:
        _draw(engine, comparison, photos, found, out)
    if as_json:
        print_json({**comparison.to_dict(), "picture": out})
    else:
        _explain(comparison, out)
    codes = {Decision.NO_MATCH: EXIT_NO_MATCH, Decision.INCONCLUSIVE: EXIT_INCONCLUSIVE}
    raise typer.Exit(codes.get(comparison.decision, 0))


def _keep_inputs(out: str | None, *photos: str) -> None:
    """Refuse to draw over a photo that is compared."""
    from visavis.errors import InvalidInput

    for photo in photos:
        if out and os.path.exists(out) and os.path.exists(photo) and os.path.samefile(out, photo):  # noqa: PTH110, PTH121 (never an error)
            raise InvalidInput(f"--out {out}: is one of the photos and would be overwritten; choose another file")


def _draw(
    engine: Engine, comparison: Comparison, photos: tuple[Photo, Photo], found: tuple[Faces, Faces], out: str
) -> None:
    from visavis.images import save
    from visavis.picture import comparison_picture

    compared = (comparison.probe, comparison.reference)
    probe, reference = (
        engine.chips(photo, faces[[face.index]])[0] for photo, faces, face in zip(photos, found, compared, strict=True)
    )
    save(comparison_picture(comparison, *photos, chips=(probe, reference), faces=found), out)


def _explain(comparison: Comparison, out: str | None) -> None:
    from visavis.picture import verdict

    screen = console()
    colour = {"match": "green", "no match": "red"}.get(str(comparison.decision), "yellow")
    screen.print(verdict(comparison), style=f"bold {colour}")
    for role, face in (("probe", comparison.probe), ("reference", comparison.reference)):
        summary = f", quality {face.quality['summary']:.2f}" if face.quality else ""
        screen.print(f"{role}: face {face.index} of {face.source}, {face.box.height:.0f} px high{summary}")
    for note in comparison.notes:
        screen.print(f"note: {note}", style="dim")
    if out:
        screen.print(f"picture: {out}", style="dim")
