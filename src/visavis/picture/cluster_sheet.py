"""The contact sheet of a clustering: one HTML page that holds everything it shows and loads nothing.

Faces of a cluster come with the most typical first; those at its end are the ones to doubt. Large clusters show both
ends. Names and paths are text to the page, whatever they contain.
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from html import escape
from importlib import resources
from pathlib import PurePath
from typing import TYPE_CHECKING

import numpy as np

from visavis.errors import ImageError
from visavis.images import Photo, load
from visavis.matching.clustering import cohesion
from visavis.picture.thumbnails import thumbnail

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from visavis.images import ImageSource
    from visavis.matching.clustering import Clustering, Cohesion, FoundFaces
    from visavis.types import Box

    View = tuple[ImageSource, Box | None]
    Progress = Callable[[int, int], None]

TYPICAL, DOUBTFUL = 17, 6
"""Faces shown of a cluster's two ends."""
PICTURES = 3000
"""On a page; the clusters that come after them are in clusters.json only."""
ALONE = 240
"""Unassigned faces shown."""


@dataclass(frozen=True, slots=True)
class SheetText:
    """What a sheet says around the faces.

    Attributes:
        title: of the page.
        figures: (value, meaning) shown large.
        lines: sentences below them.
        findings: headed lists of sentences, such as merge candidates; empty ones are not shown.
        names: what to call a cluster, by id; "" or missing = its number only.
    """

    title: str
    figures: Sequence[tuple[str, str]] = ()
    lines: Sequence[str] = ()
    findings: Mapping[str, Sequence[str]] = field(default_factory=dict)
    names: Mapping[int, str] = field(default_factory=dict)


def cluster_sheet(
    clustering: Clustering,
    faces: FoundFaces,
    view: Callable[[int], View | None],
    text: SheetText,
    progress: Progress | None = None,
) -> str:
    """The page as HTML.

    Args:
        clustering: of n faces.
        faces: the same.
        view: the photo of a face and its place in it, None if there is none to be had; called once for each shown.
        text: what to say.
        progress: called with (pictures made, all).
    """
    close = cohesion(clustering, faces.templates)
    ordered = [close.typical_first(members) for members in clustering.clusters]
    shown = _within_budget(ordered)
    alone = clustering.unassigned[:ALONE]
    pictures = _pictures([*(face for ends in shown for face in ends.tolist()), *alone.tolist()], faces, view, progress)
    drawn = _Drawn(faces, close, clustering, pictures)
    cards = [_card(number, members, ends, text, drawn) for number, (members, ends) in enumerate(zip(ordered, shown))]  # noqa: B905 (clusters beyond the budget are left out)
    rest = len(ordered) - len(shown)
    more = f'<p class="faint">{rest:,} smaller clusters are in clusters.json only.</p>' if rest else ""
    body = "".join(
        [_head(text), "<h2>Clusters</h2>", *(cards or ["<p>There are none.</p>"]), more, _alone(alone, drawn)]
    )
    return _PAGE.format(title=_text(text.title), style=_style(), body=body, policy=_POLICY)


_POLICY = "default-src 'none'; img-src data:; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"
_PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="{policy}">
<meta name="referrer" content="no-referrer">
<meta name="robots" content="noindex">
<title>{title}</title>
<style>
{style}</style>
</head>
<body>
{body}
<footer>Made by visavis. This page shows faces and names: personal data, to be shared and kept with care.</footer>
</body>
</html>
"""


@dataclass(frozen=True, slots=True)
class _Drawn:
    """What the parts of the page look things up in."""

    faces: FoundFaces
    close: Cohesion
    clustering: Clustering
    pictures: Mapping[int, bytes]


def _style() -> str:
    return resources.files("visavis.picture").joinpath("cluster_sheet.css").read_text("utf-8")


def _within_budget(ordered: list[NDArray[np.int64]]) -> list[NDArray[np.int64]]:
    """The faces shown of each cluster, for as many clusters as the page holds pictures."""
    shown: list[NDArray[np.int64]] = []
    left = PICTURES
    for members in ordered:
        whole = len(members) <= TYPICAL + DOUBTFUL + 1
        ends = members if whole else np.concatenate([members[:TYPICAL], members[-DOUBTFUL:]])
        left -= len(ends)
        if left < 0:
            break
        shown.append(ends)
    return shown


def _pictures(
    rows: list[int], faces: FoundFaces, view: Callable[[int], View | None], progress: Progress | None
) -> dict[int, bytes]:
    """JPEGs by face; a photo with several faces is decoded once."""
    made: dict[int, bytes] = {}
    last: tuple[str, Photo | None] = ("", None)
    for done, row in enumerate(sorted(rows, key=lambda face: faces.paths[face]), start=1):
        if (seen := view(row)) is not None:
            source, box = seen
            try:
                if isinstance(source, str):
                    photo = last[1] if last[0] == source and last[1] else load(source)
                    last = (source, photo)
                    source = photo
                made[row] = thumbnail(source, box)
            except ImageError:
                pass  # the photo was there when its faces were found; now the page shows a gap
        if progress:
            progress(done, len(rows))
    return made


def _head(text: SheetText) -> str:
    figures = "".join(f"<li><b>{_text(value)}</b><span>{_text(name)}</span></li>" for value, name in text.figures)
    lines = "".join(f'<p class="faint">{_text(line)}</p>' for line in text.lines)
    findings = "".join(_finding(title, entries) for title, entries in text.findings.items() if entries)
    return f'<h1>{_text(text.title)}</h1><ul class="figures">{figures}</ul>{lines}{findings}'


def _finding(title: str, entries: Sequence[str]) -> str:
    listed = "".join(f"<li>{_text(entry)}</li>" for entry in entries)
    return f'<h2>{_text(title)}</h2><section class="card"><ul class="plain">{listed}</ul></section>'


def _card(number: int, members: NDArray[np.int64], ends: NDArray[np.int64], text: SheetText, drawn: _Drawn) -> str:
    photos = len({drawn.faces.paths[face] for face in members.tolist()})
    facts = [
        _counted(len(members), "face"),
        _counted(photos, "photo"),
        f"similarity {drawn.close.clusters[number]:.2f}",
    ]
    name = text.names.get(number, "")
    called = f"<span>{_text(name)}</span>" if name else ""
    hidden = len(members) - len(ends)
    figures = [_figure(face, drawn) for face in ends.tolist()]
    if hidden:
        figures.insert(TYPICAL, f'<figure><div class="hole">{hidden:,} more</div></figure>')
    return (
        f'<section class="card" id="cluster-{number}"><header><h3><span class="number">{number}</span> {called}</h3>'
        f'<span class="faint">{" &middot; ".join(facts)}</span></header>'
        f'<div class="faces">{"".join(figures)}</div></section>'
    )


def _figure(face: int, drawn: _Drawn) -> str:
    path, similarity, quality = drawn.faces.paths[face], drawn.close.faces[face], drawn.faces.quality[face]
    name, number = PurePath(path).name or path or "no file", drawn.faces.index[face]
    said = f"similarity {similarity:.2f}" if np.isfinite(similarity) else ""
    said = "low quality" if drawn.clustering.left_out[face] else said
    worth = f", quality {quality:.2f}" if np.isfinite(quality) else ""
    picture = '<div class="hole">no picture</div>'
    if face in drawn.pictures:
        data = b64encode(drawn.pictures[face]).decode("ascii")
        picture = f'<img src="data:image/jpeg;base64,{data}" alt="face {number} of {_text(name)}">'
    return (
        f'<figure title="{_text(path)}, face {number}{worth}">{picture}'
        f"<figcaption><b>{_text(name)}</b>{said}</figcaption></figure>"
    )


def _alone(rows: NDArray[np.int64], drawn: _Drawn) -> str:
    every = len(drawn.clustering.unassigned)
    if not every:
        return ""
    more = f'<p class="faint">{every - len(rows):,} more are in clusters.json only.</p>' if every > len(rows) else ""
    figures = "".join(_figure(face, drawn) for face in rows.tolist())
    return (
        f"<h2>In no cluster</h2><details><summary>{_counted(every, 'face')} that no other was found for, or of too low "
        f'quality</summary><div class="faces">{figures}</div>{more}</details>'
    )


def _text(text: str) -> str:
    """Any text as text of the page: nothing in it is markup, and what cannot be encoded or would steer is replaced."""
    return escape("".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in text), quote=True)


def _counted(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"
