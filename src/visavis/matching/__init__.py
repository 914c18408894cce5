"""Comparing templates: scores, calibrated evidence, decisions, small templates and pooled ones."""

from visavis.matching.calibration import (
    cllr,
    fit_calibration,
    fmr_at_threshold,
    fnmr_at_threshold,
    log_likelihood_ratio,
    min_cllr,
    probability,
    threshold_at_fmr,
    threshold_at_fnmr,
)
from visavis.matching.decision import judge
from visavis.matching.scores import Metric, cross_scores, distance_of, paired_similarity, similarity, similarity_matrix
from visavis.matching.templates import QuantizedTemplates, dequantize, fit_scale, pool, quantization_loss, quantize

__all__ = [
    "Metric",
    "QuantizedTemplates",
    "cllr",
    "cross_scores",
    "dequantize",
    "distance_of",
    "fit_calibration",
    "fit_scale",
    "fmr_at_threshold",
    "fnmr_at_threshold",
    "judge",
    "log_likelihood_ratio",
    "min_cllr",
    "paired_similarity",
    "pool",
    "probability",
    "quantization_loss",
    "quantize",
    "similarity",
    "similarity_matrix",
    "threshold_at_fmr",
    "threshold_at_fnmr",
]
