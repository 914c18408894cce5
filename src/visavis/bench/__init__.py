"""Measuring: metrics as pure functions, protocols that apply them to data, plots and contact sheets."""

from visavis.bench.calibrate import calibrate, read_identities
from visavis.bench.contact_sheet import contact_sheet, save_failures
from visavis.bench.identification import IdentificationReport, OperatingPoint, bench_identification
from visavis.bench.identification_list import IdentificationList, read_identification
from visavis.bench.identification_plots import save_identification_plots
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
    "IdentificationList",
    "IdentificationReport",
    "Interval",
    "OperatingPoint",
    "PairList",
    "PairsReport",
    "auc",
    "bench_identification",
    "bench_pairs",
    "calibrate",
    "contact_sheet",
    "det_curve",
    "eer",
    "error_versus_reject",
    "fnmr_at_fmr",
    "fold_accuracy",
    "identity_interval",
    "read_identification",
    "read_identities",
    "read_pairs",
    "save_failures",
    "save_identification_plots",
    "save_plots",
    "squared_distance_grid",
]
