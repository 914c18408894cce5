"""Fill a folder by a plan, with as many processes as wanted; stopped runs go on where they were."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import lru_cache
from itertools import islice
from multiprocessing import get_context
from multiprocessing.connection import Connection
from pathlib import Path
from threading import Thread

from visavis.errors import StorageError, VisavisError
from visavis.synthetic.export.folder import Folder
from visavis.synthetic.export.plan import Plan, Render
from visavis.synthetic.export.table import need_parquet
from visavis.synthetic.factors import Whole

MAX_PROCESSES = 256
_LARGEST_SHARE = 16
_THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "VECLIB_MAXIMUM_THREADS")

Progress = Callable[[int, int], None]
"""Called with the items done and their number."""


@dataclass(frozen=True)
class Exported:
    """What a run left.

    Attributes:
        folder: where.
        kind: of the plan.
        count: items in the folder.
        rows: of `labels.parquet`.
        made: items that this run rendered; the others were there.
    """

    folder: Path
    kind: str
    count: int
    rows: int
    made: int


def export(
    plan: Plan, folder: str | os.PathLike[str], processes: int = 1, progress: Progress | None = None
) -> Exported:
    """Write everything that `plan` describes into `folder`: files, `labels.parquet` and `dataset.json`.

    A run that was stopped, or met a full disk, goes on when it is repeated, and ends with the bytes of one that was
    never stopped. The number of processes changes no byte. Items that were deleted from a complete folder come back.

    Args:
        plan: what to make.
        folder: made if need be; only empty ones and those of the same plan are accepted.
        processes: 1..256. More than one need a main module that can be imported (`if __name__ == "__main__"`).
        progress: told about every item.

    Raises:
        InvalidInput: the folder is a file, or holds something else, or data of other parameters.
        MissingExtra: a library that the plan needs is not installed.
        StorageError: something could not be written; what is there is kept, and a repeated run goes on.
    """
    processes = Whole(1, MAX_PROCESSES).check("processes", processes)
    need_parquet()
    with Folder(Path(folder), plan).held() as held:
        there = held.finished()
        tell = progress or (lambda done, all_: None)
        done = len(there)
        tell(done, plan.count)
        try:
            for made in _make(held, there, processes):
                done += made
                tell(done, plan.count)
            rows = held.finish()
        except StorageError as error:
            raise StorageError(f"{error}; what was written is kept: repeat the same command to go on") from error
    return Exported(Path(folder), plan.kind, plan.count, rows, plan.count - len(there))


def default_processes() -> int:
    """The cores that this process may use."""
    return min(len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1, MAX_PROCESSES)


def _make(folder: Folder, there: set[int], processes: int) -> Iterator[int]:
    """Add the items that are not there to the folder; after each few, their number."""
    items = (item for item in range(folder.plan.count) if item not in there)
    number = folder.plan.count - len(there)
    if number == 0:
        return iter(())
    if min(processes, number) == 1:
        render = folder.plan.open()
        return (_add(folder, [item], render) for item in items)
    size = min(_LARGEST_SHARE, 1 + number // (processes * _LARGEST_SHARE))
    shares = iter(lambda: list(islice(items, size)), [])
    return _make_in_processes(folder, shares, min(processes, number))


def _make_in_processes(folder: Folder, shares: Iterator[list[int]], processes: int) -> Iterator[int]:
    context = get_context("spawn")  # fork would copy locks that other threads hold
    leash, held = context.Pipe(duplex=False)
    pool = ProcessPoolExecutor(processes, context, _start_worker, (leash,))
    try:
        with _one_core_each():
            yield from _dealt(pool, folder, shares, most=2 * processes)
    except BrokenProcessPool as error:
        raise VisavisError(
            'a worker process ended early (out of memory? a script without `if __name__ == "__main__"`?); what was '
            "written is kept: repeat the same with fewer processes to go on"
        ) from error
    except BaseException:
        held.close()  # a share can take hours; files are written whole or not at all, so nothing has to be waited for
        raise
    finally:
        pool.shutdown(cancel_futures=True)
        held.close()
        leash.close()


def _start_worker(leash: Connection) -> None:
    """Leave Ctrl-C to the parent, and end when it lets go of the other end of the leash, or is gone."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    Thread(target=_end_with_parent, args=(leash,), daemon=True).start()


def _end_with_parent(leash: Connection) -> None:
    with suppress(EOFError, OSError):
        leash.recv()
    os._exit(1)  # the main thread may be in the middle of a share, or wait for work that will never come


@contextmanager
def _one_core_each() -> Iterator[None]:
    """Processes that start now do their linear algebra on one core; its threads would stand in each other's way."""
    unset = [name for name in _THREADS if name not in os.environ]
    os.environ.update(dict.fromkeys(unset, "1"))
    try:
        yield
    finally:
        for name in unset:
            os.environ.pop(name, None)


def _dealt(pool: ProcessPoolExecutor, folder: Folder, shares: Iterator[list[int]], most: int) -> Iterator[int]:
    """Have the shares made, `most` of them waiting or in work at any time."""
    waiting: set[Future[int]] = {pool.submit(_add, folder, share) for share in islice(shares, most)}
    while waiting:
        done, waiting = wait(waiting, return_when=FIRST_COMPLETED)
        for future in done:
            yield future.result()
            waiting |= {pool.submit(_add, folder, share) for share in islice(shares, 1)}


def _add(folder: Folder, items: list[int], render: Render | None = None) -> int:
    """Add the items to the folder; in a worker process `render` is opened once and kept."""
    render = render or _opened(folder.plan)
    for item in items:
        folder.add(item, render)
    return len(items)


@lru_cache(maxsize=1)
def _opened(plan: Plan) -> Render:
    return plan.open()
