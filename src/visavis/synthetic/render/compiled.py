"""The compiler of the kernels: numba, which only the extra `synthetic` installs."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from visavis.errors import MissingExtra

try:
    import numba
except ImportError as error:
    raise MissingExtra(
        f'rendering needs numba, which did not load ({error}): pip install "visavis[synthetic]"'
    ) from error


def compiled(function: Callable[..., Any]) -> Any:
    """`function` as machine code, kept on disk; the original stays reachable as `.py_func`.

    Serial and without fast-math: equal inputs give equal bytes in every process. The kept code follows changes of the
    function's own file only: after editing a kernel that others call, touch their files.
    """
    return numba.njit(cache=True, nogil=True)(function)
