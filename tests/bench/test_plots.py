"""The plots show what was computed, and say what is missing."""

from __future__ import annotations

import sys

import numpy as np
import pytest
from PIL import Image

from visavis.bench.pairs import bench_pairs
from visavis.bench.plots import reliability_bins, save_plots
from visavis.errors import MissingExtra, StorageError


def report_of(engine, root):
    return bench_pairs(engine, root / "pairs.csv", root, metric="euclidean")


def test_one_png_is_written(engine, crowd):
    pytest.importorskip("matplotlib", reason="the extra `plots` is not installed")
    save_plots(report_of(engine, crowd), crowd / "plots.png")
    with Image.open(crowd / "plots.png") as picture:
        assert picture.format == "PNG"
        assert picture.width > 2 * picture.height


def test_separated_scores_that_cannot_be_calibrated_are_drawn_too(engine, people):
    pytest.importorskip("matplotlib", reason="the extra `plots` is not installed")
    root = people({"a/1": [[0.0]], "a/2": [[0.1]], "b/1": [[2.0]]})
    (root / "pairs.csv").write_text(
        "fold,same,path_a,path_b\n1,1,images/a/1.jpg,images/a/2.jpg\n2,0,images/a/1.jpg,images/b/1.jpg\n"
    )
    save_plots(report_of(engine, root), root / "plots.png")
    assert (root / "plots.png").stat().st_size > 1000


def test_without_matplotlib_the_extra_to_install_is_named(engine, crowd, monkeypatch):
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    with pytest.raises(MissingExtra, match=r'pip install "visavis\[plots\]"'):
        save_plots(report_of(engine, crowd), crowd / "plots.png")
    assert not (crowd / "plots.png").exists()


def test_an_impossible_place_is_a_storage_error(engine, crowd):
    pytest.importorskip("matplotlib", reason="the extra `plots` is not installed")
    with pytest.raises(StorageError):
        save_plots(report_of(engine, crowd), crowd / "no" / "plots.png")


def test_honest_probabilities_lie_on_the_diagonal():
    rng = np.random.default_rng(0)
    mated, nonmated = rng.normal(2, 1, 40_000), rng.normal(0, 1, 80_000)  # true log likelihood ratio 2 s - 2
    llr = 2 * np.concatenate([mated, nonmated]) - 2
    promised, observed, pairs = reliability_bins(llr, np.arange(120_000) < 40_000)
    np.testing.assert_allclose(observed, promised, atol=0.02)
    assert pairs.sum() == 120_000


def test_empty_bins_are_left_out():
    promised, observed, pairs = reliability_bins(np.array([9.0, -9.0]), np.array([True, False]))
    assert promised.round(3).tolist() == [0, 1]
    assert observed.tolist() == [0, 1]
    assert pairs.tolist() == [1, 1]
