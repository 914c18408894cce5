"""Measuring: metrics as pure functions, protocols that apply them to data, plots and contact sheets."""

from visavis.bench.calibrate import calibrate, read_identities
from visavis.bench.contact_sheet import contact_sheet, save_failures
from visavis.bench.metrics import (
    DetCurve,
    FoldAccuracy,
    Interval,
    auc,
    det_curve,
    eer,
    error_versus_reject,
    fnmr_at_fmr,
    fold_accuracy,
    identity_interval,
    squared_distance_grid,
)
from visavis.bench.pair_list import PairList, read_pairs
from visavis.bench.pairs import PairsReport, bench_pairs
from visavis.bench.plots import save_plots

__all__ = [
    "DetCurve",
    "FoldAccuracy",
    "Interval",
    "PairList",
    "PairsReport",
    "auc",
    "bench_pairs",
    "calibrate",
    "contact_sheet",
    "det_curve",
    "eer",
    "error_versus_reject",
    "fnmr_at_fmr",
    "fold_accuracy",
    "identity_interval",
    "read_identities",
    "read_pairs",
    "save_failures",
    "save_plots",
    "squared_distance_grid",
]
