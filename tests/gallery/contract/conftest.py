"""The contract is one: each of its tests runs against every store."""

from __future__ import annotations

import multiprocessing
from concurrent.futures import ProcessPoolExecutor

import pytest
from tests.gallery.contract.galleries import STORES, place_in

SPAWN = multiprocessing.get_context("spawn")


@pytest.fixture(params=STORES)
def place(request, tmp_path):
    """Where a gallery may be, in each store."""
    return place_in(request.param, tmp_path, lambda: request.getfixturevalue("postgres"))


@pytest.fixture(params=["sqlite", "postgresql"])
def plain_place(request, tmp_path):
    """Where a gallery may be, in each database: for what does not depend on how templates are kept."""
    return place_in(request.param, tmp_path, lambda: request.getfixturevalue("postgres"))


@pytest.fixture
def gallery(place):
    """An empty gallery in each store."""
    with place.create(actor="Grace") as made:
        yield made


@pytest.fixture
def plain_gallery(plain_place):
    """An empty gallery in each database."""
    with plain_place.create(actor="Grace") as made:
        yield made


@pytest.fixture(scope="session")
def other_process():
    """One other process, which keeps the galleries that it opened."""
    with ProcessPoolExecutor(1, SPAWN) as executor:
        yield executor


@pytest.fixture(scope="session")
def four_processes():
    """Four other processes."""
    with ProcessPoolExecutor(4, SPAWN) as executor:
        yield executor
