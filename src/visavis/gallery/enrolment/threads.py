"""One thread for linear algebra while the engine's threads have the cores.

Between two products the threads of a BLAS library wait busily, for longer than a batch is judged: beside an engine that
embeds, they cost a fifth of the processor and bring nothing. Needs `threadpoolctl`; without it nothing is changed.
"""

from __future__ import annotations

import importlib
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any


class _Limit:
    """Who needs the limit, and how to lift it: libraries have one number of threads for the whole process."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._users = 0
        self._lift = ExitStack()

    def need(self) -> None:
        with self._lock:
            if not self._users and (controller := _controller()):
                self._lift.enter_context(controller.limit(limits=1, user_api="blas"))
            self._users += 1

    def release(self) -> None:
        with self._lock:
            self._users -= 1
            if not self._users:
                self._lift.close()


_limit = _Limit()


@contextmanager
def one_blas_thread() -> Iterator[None]:
    """Limits the process to one BLAS thread until the last such block, in whatever thread, has ended."""
    _limit.need()
    try:
        yield
    finally:
        _limit.release()


def _controller() -> Any:
    """What sets the number of threads of the libraries loaded by now; None where it is not installed."""
    try:
        return importlib.import_module("threadpoolctl").ThreadpoolController()
    except ImportError:
        return None
