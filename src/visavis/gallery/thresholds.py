"""The threshold of a gallery for a chosen FPIR: set from its own references, stored with it, set again when it grew.

A stored threshold is used while at most a fifth of the people and references that it was set for has come or gone, and
only for the model whose templates it was set on. FPIR grows at most in proportion to the references, so a threshold
that was set for 1 % stands for 1.2 % at worst before it is renewed.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from visavis.errors import DataError, GalleryBusy, GalleryReadOnly, InvalidInput, StorageError, VisavisError
from visavis.matching.calibration import MIN_ERRORS
from visavis.matching.identification import FpirThreshold, NonmatedSearches, set_threshold
from visavis.matching.verification import card_and_calibration

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from visavis.gallery.gallery import Gallery
    from visavis.gallery.search.tier import SearchTier
    from visavis.models.calibration import Calibration

    Progress = Callable[[int, int], None]

DEFAULT_FPIR = 0.01
GROWTH = 0.2
"""Share of references or people that came or went since, from which on a threshold is set again."""
_NEWEST = "newest_reference"
"""Under this name the key of the newest reference is stored with a threshold."""

ERRORS = 30
"""As many errors as the searches should allow; fewer make the interval wider, more take longer."""
_MOST_PER_PERSON = 5
_MOST_SEARCHES = 20_000
_ENOUGH_FOR_AN_INTERVAL = 1_000
_BATCH = 256


def gallery_threshold(
    gallery: Gallery,
    fpir: float = DEFAULT_FPIR,
    *,
    model: str | None = None,
    refresh: bool = False,
    lenient: bool = False,
    progress: Progress | None = None,
) -> FpirThreshold:
    """The gallery's threshold: the stored one if it still fits, else a new one, which is stored.

    Args:
        gallery: open gallery; one that was opened for reading is not written to.
        fpir: false-positive identification rate asked for, in (0, 1).
        model: fingerprint of one of its models; the active one if None.
        refresh: set it again in any case.
        lenient: give the threshold also where it cannot be stored now (full disk, another writer).
        progress: called with (searches done, all).

    Raises:
        InvalidInput: nobody is enrolled under the model, or a rate outside (0, 1).
        NotCalibrated: neither the gallery nor the model's card can give a threshold for this rate.
    """
    space = gallery.model if model is None else gallery.space(model)
    tier = gallery.tier(space.fingerprint)
    keys, groups = tier.members()
    size = len(np.unique(groups)), len(keys)
    if not refresh and (kept := stored_threshold(gallery, fpir, space.fingerprint, keys, size[0])):
        return kept
    if not size[1]:
        raise InvalidInput(f"nobody is enrolled under {space.fingerprint}: enrol people before setting a threshold")
    searches = own_searches(tier, fpir, progress)
    calibration = find_calibration(space.fingerprint)
    made = set_threshold(searches, calibration, fpir, enrolled=size, model=space.fingerprint)
    if not gallery.read_only:
        _store(gallery, made, int(keys.max()), lenient=lenient)
    return made


def stored_threshold(
    gallery: Gallery, fpir: float, fingerprint: str, keys: NDArray[np.int64], people: int
) -> FpirThreshold | None:
    """The stored threshold, unless there is none, it cannot be read, or it was set for another model or other people.

    Args:
        gallery: open gallery.
        fpir: rate it was set for.
        fingerprint: of the model.
        keys: (n,) of all references now.
        people: how many there are now.
    """
    value = gallery.threshold(fpir, model=fingerprint)
    if value is None:
        return None
    try:
        kept, newest = FpirThreshold.from_dict(value), int(value[_NEWEST])
    except (DataError, KeyError, TypeError, ValueError):
        return None
    old = int((keys <= newest).sum())  # keys only rise: what is above came later
    came, went = len(keys) - old, kept.enrolled_references - old
    changed = max(came, went) > GROWTH * kept.enrolled_references
    changed = changed or abs(people - kept.enrolled_people) > GROWTH * kept.enrolled_people
    return None if changed or kept.model != fingerprint or kept.fpir != fpir else kept


def _store(gallery: Gallery, made: FpirThreshold, newest: int, *, lenient: bool) -> None:
    try:
        gallery.store_threshold(made.fpir, {**made.to_dict(), _NEWEST: newest}, model=made.model)
    except (GalleryBusy, GalleryReadOnly, StorageError):
        if not lenient:
            raise


def own_searches(tier: SearchTier, fpir: float, progress: Progress | None = None) -> NonmatedSearches | None:
    """Searches of the gallery's own references without their person; None where only one person is enrolled.

    As many as allow `ERRORS` errors if there are so many; where the gallery is too small to show the rate, as many as
    say something about the interval. The references are drawn evenly over people, at most five of each.
    """
    keys, groups = tier.keys, tier.groups
    if len(np.unique(groups)) < 2:
        return None
    rows = drawn_references(groups, searches_wanted(groups, fpir))
    scores, nearest = np.empty(len(rows)), np.empty(len(rows), dtype=np.int64)
    for start in range(0, len(rows), _BATCH):
        part = slice(start, min(start + _BATCH, len(rows)))
        hits = tier.search_groups(tier.vectors(keys[rows[part]]), 1, exclude_group=groups[rows[part]])
        scores[part], nearest[part] = hits.scores[:, 0], hits.groups[:, 0]
        if progress:
            progress(part.stop, len(rows))
    return NonmatedSearches(scores, groups[rows], nearest)


def searches_wanted(groups: NDArray[np.int64], fpir: float) -> int:
    """How many searches to make in a gallery whose references belong to `groups`.

    Raises:
        InvalidInput: the rate does not lie strictly between 0 and 1.
    """
    if not 0 < fpir < 1:
        raise InvalidInput(f"FPIR {fpir}: must lie strictly between 0 and 1")
    available = int(np.minimum(np.unique(groups, return_counts=True)[1], _MOST_PER_PERSON).sum())
    least = math.ceil(MIN_ERRORS / fpir)
    if available < least:
        return min(available, _ENOUGH_FOR_AN_INTERVAL)
    return min(available, max(least + 1, min(math.ceil(ERRORS / fpir), _MOST_SEARCHES)))


def drawn_references(groups: NDArray[np.int64], count: int, seed: int = 0) -> NDArray[np.int64]:
    """`count` rows, evenly over people: everybody's first before anybody's second, five of each at most.

    Args:
        groups: (n,) the person of each row.
        count: how many; fewer come back if there are not so many.
        seed: of the order among people and among their rows.
    """
    shuffled = np.random.default_rng(seed).permutation(len(groups))
    order = shuffled[np.argsort(groups[shuffled], kind="stable")]  # people together, each in random order
    _, starts, counts = np.unique(groups[order], return_index=True, return_counts=True)
    turn = np.arange(len(groups)) - np.repeat(starts, counts)
    turn_of = np.empty(len(groups), dtype=np.int64)
    turn_of[order] = turn
    fair = shuffled[np.argsort(turn_of[shuffled], kind="stable")]
    return fair[turn_of[fair] < _MOST_PER_PERSON][:count]


def find_calibration(fingerprint: str) -> Calibration | None:
    """The calibration of the model behind a fingerprint; None where it is not registered here or has none."""
    try:
        return card_and_calibration(fingerprint)[1]
    except VisavisError:
        return None
