"""The limit on BLAS threads holds while anybody needs it, and no longer."""

from __future__ import annotations

import numpy as np
import pytest

from visavis.gallery.enrolment import threads
from visavis.gallery.enrolment.threads import one_blas_thread


def number():
    """Threads of the BLAS library that numpy uses."""
    control = pytest.importorskip("threadpoolctl")
    np.ones((2, 2)) @ np.ones((2, 2))
    return {row["num_threads"] for row in control.threadpool_info() if row["user_api"] == "blas"}


def test_the_limit_holds_until_the_last_block_ends_in_whatever_order():
    before = number()
    first, second = one_blas_thread(), one_blas_thread()
    first.__enter__()
    second.__enter__()
    assert number() == {1}
    first.__exit__(None, None, None)
    assert number() == {1}
    second.__exit__(None, None, None)
    assert number() == before


def test_an_error_inside_leaves_the_number_as_it_was():
    before = number()
    with pytest.raises(ZeroDivisionError), one_blas_thread():
        _ = 1 / 0
    assert number() == before


def test_without_the_library_nothing_is_changed(monkeypatch):
    monkeypatch.setattr(threads, "_controller", lambda: None)
    before = number()
    with one_blas_thread():
        assert number() == before
