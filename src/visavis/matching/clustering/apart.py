"""Cannot-link: faces that are known to be of different people must not end up in one cluster, however they are linked.

Every face carries some tokens and refuses some; two sets of faces may be joined unless one carries what the other
refuses. The faces of a photo all carry and refuse the photo's token, so memory grows with faces, never with pairs.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Iterable, Sequence
from itertools import count
from typing import TYPE_CHECKING

import numpy as np

from visavis import ranges
from visavis.errors import InvalidInput

if TYPE_CHECKING:
    from numpy.typing import NDArray


class Apart:
    """Which of n faces are of different people; all constraints hold together.

    Args:
        faces: n.
    """

    def __init__(self, faces: int) -> None:
        self._carried: dict[int, set[int]] = {}
        self._refused: dict[int, set[int]] = {}
        self._tokens = count()
        self._faces = faces

    def __len__(self) -> int:
        return self._faces

    def photos(self, photos: Sequence[Hashable]) -> Apart:
        """Faces of one photo are of different people; (n,) which photo each is from, None = not known."""
        if len(photos) != self._faces:
            raise InvalidInput(f"photos: {len(photos)} labels for {self._faces} faces; give one for each")
        several = {photo for photo, faces in Counter(photos).items() if faces > 1 and photo is not None}
        token = {photo: next(self._tokens) for photo in several}
        for face, photo in enumerate(photos):
            if photo in several:
                self._add(face, token[photo], token[photo])
        return self

    def pairs(self, pairs: Iterable[Sequence[int]]) -> Apart:
        """(m, 2) pairs of faces that are of different people."""
        checked = [tuple(ranges.whole("cannot-link face", face, 0, self._faces - 1) for face in pair) for pair in pairs]
        return self.groups(range(self._faces), checked)

    def groups(self, groups: Sequence[Hashable], pairs: Iterable[Sequence[Hashable]]) -> Apart:
        """Faces of one group are of other people than those of another, for every pair of groups.

        Args:
            groups: (n,) the group of every face.
            pairs: of groups; a group that no face belongs to is ignored.
        """
        if len(groups) != self._faces:
            raise InvalidInput(f"groups: {len(groups)} labels for {self._faces} faces; give one for each")
        enemies: dict[Hashable, set[Hashable]] = {}
        for first, second in pairs:
            if first == second:
                raise InvalidInput(f"cannot-link: {ranges.shown(first)} cannot be kept apart from itself")
            enemies.setdefault(first, set()).add(second)
            enemies.setdefault(second, set()).add(first)
        token = {group: next(self._tokens) for group in enemies}
        for face, group in enumerate(groups):
            for enemy in enemies.get(group, ()):
                self._add(face, token[group], token[enemy])
        return self

    def holds(self, members: Iterable[int]) -> bool:
        """Whether a set of faces contains two that must be apart."""
        carried: set[int] = set()
        for face in members:
            if not carried.isdisjoint(self._refused.get(face, ())):
                return True
            carried |= self._carried.get(face, set())
        return False

    def of(self, faces: Sequence[int] | NDArray[np.int64]) -> Apart:
        """The same constraints for a selection of faces, numbered anew."""
        return self.over([[int(face)] for face in faces])

    def over(self, sets: Sequence[Sequence[int]]) -> Apart:
        """The constraints among sets of faces, set by set."""
        chosen = Apart(len(sets))
        chosen._tokens = self._tokens  # constraints added to either must not meet those of the other
        for place, members in enumerate(sets):
            for face in members:
                if face in self._carried:
                    chosen._carried.setdefault(place, set()).update(self._carried[face])
                    chosen._refused.setdefault(place, set()).update(self._refused[face])
        return chosen

    def forbidden(self, one: int, others: NDArray[np.int64]) -> NDArray[np.bool_]:
        """(m,) which of these must stay apart from `one`."""
        carried = self._carried.get(one)
        if not carried:
            return np.zeros(len(others), bool)
        nothing: set[int] = set()
        refused = (self._refused.get(other, nothing) for other in others.tolist())
        return np.fromiter((not carried.isdisjoint(tokens) for tokens in refused), bool, len(others))

    def join(self, keep: int, gone: int) -> None:
        """From now on `keep` stands for both."""
        if gone in self._carried:
            for tokens in (self._carried, self._refused):
                kept, more = tokens.get(keep, set()), tokens.pop(gone)
                small, large = sorted((kept, more), key=len)
                large |= small  # a face is moved only into a set at least as large: n log n moves in all
                tokens[keep] = large

    def _add(self, face: int, carries: int, refuses: int) -> None:
        self._carried.setdefault(face, set()).add(carries)
        self._refused.setdefault(face, set()).add(refuses)
