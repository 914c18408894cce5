"""Sharing out the rows of a large tier among the cores, for one query too."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

Part = TypeVar("Part")
Result = TypeVar("Result")

_WORTH_A_THREAD = 1 << 22  # products of two numbers: about a millisecond
_MOST = 16  # memory feeds no more


def share_out(
    work: Callable[[Iterator[Part]], Result],
    parts: Sequence[Part],
    products: int,
) -> list[Result]:
    """Let threads work through parts; whoever is free takes the next, so that a busy core holds up nobody.

    The threads live for one call: starting them costs less than a tenth of a millisecond, nothing is left behind, and a
    process may fork.

    Args:
        work: goes through the parts it is given; numpy and faiss compute outside the interpreter's lock.
        parts: of the rows.
        products: of two numbers, in all; few are not worth a thread.

    Returns: what each worker returned; in this thread alone if the work is small.
    """
    threads = min(_cores(), len(parts), _MOST, products // _WORTH_A_THREAD)
    left = deque(parts)
    if threads < 2:
        return [work(_taken(left))]
    with ThreadPoolExecutor(threads) as pool:
        return list(pool.map(work, [_taken(left) for _ in range(threads)]))


def _taken(left: deque[Part]) -> Iterator[Part]:
    while left:
        try:
            yield left.popleft()
        except IndexError:  # another thread was quicker
            return


def _cores() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
