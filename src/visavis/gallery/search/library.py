"""The library faiss, where it is needed, and without threads of its own inside ours."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from visavis.errors import MissingExtra

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import ModuleType


def faiss_library() -> ModuleType:
    """The library faiss.

    Raises:
        MissingExtra: it is not installed.
    """
    try:
        import faiss
    except ImportError as error:
        raise MissingExtra(
            'int8 templates and approximate search need the library faiss: pip install "visavis[gallery]"'
        ) from error
    return faiss


@contextmanager
def one_thread(faiss: ModuleType) -> Iterator[None]:
    """Let faiss compute in the calling thread alone.

    It would share out queries, of which there may be one, among threads that wait for each other; rows are shared out
    better, see `share_out`.
    """
    threads = faiss.omp_get_max_threads()
    faiss.omp_set_num_threads(1)  # of this thread only
    try:
        yield
    finally:
        faiss.omp_set_num_threads(threads)
