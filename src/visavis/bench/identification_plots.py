"""One picture of an identification benchmark: score histograms with thresholds, both error rates, and the CMC curve."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any

import numpy as np

from visavis.errors import MissingExtra
from visavis.matching.error_rates import fmr
from visavis.storage import write_atomic

if TYPE_CHECKING:
    import os

    from numpy.typing import NDArray

    from visavis.bench.identification import IdentificationReport
    from visavis.bench.identification_search import Searches

    Scores = NDArray[np.float64]

_MATED, _NONMATED = "#1b7837", "#b2182b"


def save_identification_plots(report: IdentificationReport, path: str | os.PathLike[str]) -> None:
    """Draw a report's three panels into one PNG file.

    Raises:
        MissingExtra: matplotlib is not installed.
        StorageError: the file could not be written.
    """
    try:
        from matplotlib.figure import Figure  # the object interface: no global state, no display
    except ImportError as problem:
        raise MissingExtra('plots need matplotlib: pip install "visavis[plots]"') from problem
    figure = Figure(figsize=(15, 4.5), layout="constrained")
    histogram, rates, cmc = figure.subplots(1, 3)
    figure.suptitle(f"{report.model} on {report.source}: {report.people} people enrolled, rank 1 {report.cmc[0]:.4f}")
    _draw_histograms(histogram, report)
    _draw_rates(rates, report)
    _draw_cmc(cmc, report)
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", dpi=110)
    write_atomic(path, buffer.getvalue())


def identification_curve(mated: Searches, nonmated: Searches) -> tuple[Scores, Scores]:
    """FPIR and TPIR at every threshold that matters, by falling threshold; probes without a face count as errors.

    Returns: (k,) FPIR and (k,) TPIR, both rising.
    """
    false = np.nan_to_num(nonmated.best, nan=np.inf)
    right = np.where(mated.rank == 1, mated.best, -np.inf)
    observed = np.unique(np.concatenate([false, right]))[::-1]
    at: Scores = np.concatenate([[np.inf], observed[np.isfinite(observed)]])
    return fmr(false, at), fmr(right, at)  # of both kinds the share that reaches each threshold


def _draw_histograms(axes: Any, report: IdentificationReport) -> None:
    mated, nonmated = report.mated_searches, report.nonmated_searches
    parts = (
        (mated.best[mated.rank == 1], "mated, own person first", _MATED),
        (nonmated.best, "non-mated", _NONMATED),
    )
    seen = [scores[np.isfinite(scores)] for scores, _, _ in parts]
    edges = np.linspace(np.concatenate(seen).min(), np.concatenate(seen).max(), 60)
    for scores, (_, label, colour) in zip(seen, parts, strict=True):
        weights = np.full(len(scores), 1 / max(len(scores), 1))
        axes.hist(scores, edges, weights=weights, color=colour, alpha=0.6, label=label)
    for point in report.points:
        axes.axvline(point.threshold.threshold, color="black", linestyle="--", linewidth=1)
    axes.set(title="Best score of each search, and thresholds", xlabel="similarity", ylabel="share of searches")
    axes.legend()


def _draw_rates(axes: Any, report: IdentificationReport) -> None:
    fpir, tpir = identification_curve(report.mated_searches, report.nonmated_searches)
    shown = fpir > 0
    axes.semilogx(fpir[shown], tpir[shown], color="black", drawstyle="steps-post")
    for point in report.points:
        stated, label = point.threshold, f"asked {point.threshold.fpir:g}, achieved {point.fpir_compared.rate:.3g}"
        axes.plot([max(stated.low, 1e-4), stated.high], [point.tpir] * 2, color=_NONMATED, linewidth=3, alpha=0.4)
        axes.scatter([max(point.fpir_compared.rate, 1e-4)], [point.tpir], color=_NONMATED, label=label, zorder=3)
    axes.set(title="Achieved FPIR, and the interval stated before", xlabel="FPIR", ylabel="TPIR", ylim=(0, 1.02))
    axes.grid(visible=True, which="both", alpha=0.3)
    if report.points:
        axes.legend(loc="lower right")


def _draw_cmc(axes: Any, report: IdentificationReport) -> None:
    axes.plot(np.arange(1, len(report.cmc) + 1), report.cmc, color=_MATED, marker="o", markersize=3)
    axes.set(title="CMC", xlabel="rank", ylabel="share of mated probes", ylim=(min(report.cmc[0] - 0.05, 0.9), 1.005))
    axes.grid(visible=True, alpha=0.3)
