"""A search tier as a dictionary that is searched pair by pair, and small numbers for the parts of the real one."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import numpy as np
import pytest

from visavis.gallery.search import Hits, blocks, bytescan, panels, threads, tier
from visavis.matching.scores import paired_similarity


@dataclass
class ModelTier:
    metric: str
    scale: float | None = None
    held: dict[int, tuple[int, np.ndarray]] = field(default_factory=dict)

    def put(self, keys, groups, rows):
        for key, group, row in zip(keys, groups, rows, strict=True):
            self.held[int(key)] = int(group), np.array(row)

    def regroup(self, keys, groups):
        for key, group in zip(keys, groups, strict=True):
            if int(key) in self.held:
                self.held[int(key)] = int(group), self.held[int(key)][1]

    def drop(self, keys):
        for key in keys:
            self.held.pop(int(key), None)

    def decoded(self, key):
        row = self.held[key][1]
        return row if self.scale is None else row * np.float32(self.scale)

    def search(self, queries, k, *, allowed=None, exclude_group=None, by_group=False):
        hits = Hits.none(len(queries), k)
        for place, query in enumerate(queries):
            found = []
            for key, (group, _) in self.held.items():
                if allowed is not None and key not in set(np.asarray(allowed).tolist()):
                    continue
                if exclude_group is not None and group == exclude_group[place]:
                    continue
                score = paired_similarity(query[None], self.decoded(key)[None], self.metric)[0]
                found.append((-score, key, group))
            column, seen = 0, set()
            for score, key, group in sorted(found):
                if column == k:
                    break
                if by_group and group in seen:
                    continue
                seen.add(group)
                hits.keys[place, column], hits.groups[place, column] = key, group
                hits.scores[place, column] = -score
                column += 1
        return hits


@contextmanager
def small_parts(rows: int = 8) -> Iterator[None]:
    """Blocks of a few rows, panels of a few products, and the quick scan for the smallest tiers too."""
    with pytest.MonkeyPatch.context() as patch:
        for module in (blocks, panels, bytescan):
            patch.setattr(module, "BLOCK", rows)
        patch.setattr(blocks, "_SMALLEST", 2)
        patch.setattr(panels, "_PRODUCTS", 32)
        patch.setattr(panels, "_NARROWEST", 2)
        patch.setattr(panels, "_FIRST", 4)
        patch.setattr(panels, "_PATIENCE", 6)
        patch.setattr(panels, "_NUMBERS", 16)
        patch.setattr(panels, "_MORE_NUMBERS", 64)
        patch.setattr(bytescan, "_LEAST_ROWS", 1)
        patch.setattr(bytescan, "_SPARE", 1)
        patch.setattr(threads, "_WORTH_A_THREAD", 100)
        patch.setattr(threads, "_cores", lambda: 3)
        patch.setattr(tier, "_QUERIES", 3)
        yield


def same(hits: Hits, expected: Hits) -> None:
    """Equal in every bit."""
    np.testing.assert_array_equal(hits.scores, expected.scores)
    np.testing.assert_array_equal(hits.keys, expected.keys)
    np.testing.assert_array_equal(hits.groups, expected.groups)
