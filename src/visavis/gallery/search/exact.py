"""An exact search of held rows: which ones may be found, by which way, and their order."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from visavis.gallery.search.bytescan import scan_bytes, widths
from visavis.gallery.search.hits import Hits, best_hits, exact_scores
from visavis.gallery.search.panels import Field, search_panels
from visavis.gallery.search.vectors import ByteVectors

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from visavis.gallery.search.holdings import Holdings
    from visavis.gallery.search.panels import Questions
    from visavis.matching.scores import Metric

    Integers = NDArray[np.int64]

_FEW = 8  # fewer than one row in so many allowed: copy these rows and compare them only


def field_of(held: Holdings, metric: Metric, rows: Integers | None = None) -> Field:
    """All rows, or some of them (m,), rising."""
    return Field(held.vectors, held.groups, metric, rows=rows)


def field_of_keys(held: Holdings, metric: Metric, allowed: Integers | None) -> Field:
    """The rows of allowed keys, None = all: as a list if they are few, as a mask if they are many."""
    if allowed is None:
        return field_of(held, metric)
    places = held.find(allowed)
    places = places[places >= 0]
    if len(places) * _FEW < len(held):
        return field_of(held, metric, np.unique(places))
    mask = np.zeros(len(held), dtype=bool)
    mask[places] = True
    return Field(held.vectors, held.groups, metric, mask=mask)


def answer(held: Holdings, questions: Questions, field: Field) -> Hits:
    """The answer to a block of questions: by a quick scan where it pays, by panels for what that leaves open."""
    hits, unsure = Hits.none(len(questions), questions.k), np.arange(len(questions))
    vectors = field.vectors
    if isinstance(vectors, ByteVectors) and field.rows is None:
        for width in widths(questions, vectors):
            asked = questions[unsure]
            query, row, others = scan_bytes(asked, vectors, field.metric, field.mask, width)
            keep = field.found(asked, query, row)
            found = _ranked(held, asked, field.metric, query[keep], row[keep])
            hits.put(unsure, found)
            unsure = unsure[(found.scores[:, -1] <= others) & (others > -np.inf)]
            if not len(unsure):
                return hits
    rest = questions[unsure]
    hits.put(unsure, _ranked(held, rest, field.metric, *search_panels(rest, field)))
    return hits


def _ranked(held: Holdings, questions: Questions, metric: Metric, query: Integers, row: Integers) -> Hits:
    """The best of the candidates, by exact scores."""
    scores = exact_scores(questions.queries, query, row, held.vectors.read, metric)
    shape = len(questions), questions.k
    return best_hits(shape, query, held.keys[row], held.groups[row], scores, by_group=questions.by_group)
