"""One picture of a pairs benchmark: score histograms, how far the probabilities can be trusted, and the error rates."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any

import numpy as np

from visavis.bench.metrics import det_curve
from visavis.bench.pairs import counted_scores
from visavis.errors import MissingExtra
from visavis.storage import write_atomic

if TYPE_CHECKING:
    import os

    from numpy.typing import NDArray

    from visavis.bench.pairs import PairsReport

    Scores = NDArray[np.float64]

_MATED, _NONMATED = "#1b7837", "#b2182b"


def save_plots(report: PairsReport, path: str | os.PathLike[str]) -> None:
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
    histogram, reliability, errors = figure.subplots(1, 3)
    figure.suptitle(f"{report.model} on {report.source}: accuracy {report.accuracy.mean:.4f}, EER {report.eer:.4f}")
    _draw_histograms(histogram, report)
    _draw_reliability(reliability, report)
    _draw_det(errors, report)
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", dpi=110)
    write_atomic(path, buffer.getvalue())


def reliability_bins(llr: Scores, same: NDArray[np.bool_], bins: int = 10) -> tuple[Scores, Scores, Scores]:
    """What was promised and what came true, in equally wide bins of probability, mated and non-mated weighing alike.

    Args:
        llr: (n,) natural-log likelihood ratios.
        same: (n,) True for mated pairs; both kinds occur.
        bins: number of bins between 0 and 1.

    Returns: mean probability at prior 0.5, observed share of mated, and number of pairs, of every bin with pairs.
    """
    promised = np.exp(-np.logaddexp(0, -llr))
    weights = np.where(same, 0.5 / same.sum(), 0.5 / (~same).sum())
    place = np.minimum((promised * bins).astype(int), bins - 1)
    total, mean, true = (
        np.bincount(place, weights=w, minlength=bins) for w in (weights, weights * promised, weights * same)
    )
    used = total > 0
    return mean[used] / total[used], true[used] / total[used], np.bincount(place, minlength=bins)[used].astype(float)


def _draw_histograms(axes: Any, report: PairsReport) -> None:
    kinds = ((report.same, "same person", _MATED), (~report.same, "different people", _NONMATED))
    seen = ~np.isnan(report.scores)
    edges = np.linspace(report.scores[seen].min(), report.scores[seen].max(), 60)
    for kind, label, colour in kinds:
        axes.hist(report.scores[seen & kind], edges, color=colour, alpha=0.6, label=label)
    axes.set(title="Scores", xlabel="similarity", ylabel="pairs")
    axes.legend()


def _draw_reliability(axes: Any, report: PairsReport) -> None:
    axes.plot([0, 1], [0, 1], color="grey", linestyle="--", linewidth=1)
    title = "Reliability, calibrated on the other folds"
    if report.llr is None:
        title += ": too few pairs"
    else:
        promised, observed, pairs = reliability_bins(report.llr, report.same)
        axes.plot(promised, observed, color="black")
        axes.scatter(promised, observed, s=10 + 200 * pairs / pairs.max(), color="black", alpha=0.6)
        title += f"\nCllr {report.cllr:.3f}, at best {report.min_cllr:.3f}"
    axes.set(title=title, xlabel="promised probability of same person", ylabel="observed share", aspect="equal")


def _draw_det(axes: Any, report: PairsReport) -> None:
    curve = det_curve(*counted_scores(report.scores, report.same))
    shown = (curve.fmr > 0) & (curve.fnmr > 0)
    axes.set(title="DET", xlabel="false-match rate", ylabel="false-non-match rate")
    if not shown.any():
        axes.text(0.5, 0.5, "no errors: the two kinds of score\ndo not overlap", ha="center", va="center")
        return
    axes.loglog(curve.fmr[shown], curve.fnmr[shown], color="black", drawstyle="steps-post")
    axes.scatter([report.eer], [report.eer], color=_NONMATED, label=f"EER {report.eer:.4f}", zorder=3)
    axes.grid(visible=True, which="both", alpha=0.3)
    axes.legend()
