"""Open-set identification: who of the enrolled people is on a photo, or nobody (ISO/IEC 19795-1, 2382-37).

FPIR, the false-positive identification rate, is the share of non-mated searches that return anybody at a threshold;
FNIR the share of mated searches that do not return the right person (TPIR = 1 - FNIR).
"""

from visavis.matching.identification.answer import Candidate, Identification, MatchedReference, Outcome, Verdict
from visavis.matching.identification.decision import decide
from visavis.matching.identification.fusion import Fusion, fuse, rank
from visavis.matching.identification.intervals import RateInterval, linked_clusters, rate_interval
from visavis.matching.identification.setting import (
    NonmatedSearches,
    calibrated_threshold,
    fpir_threshold,
    set_threshold,
)
from visavis.matching.identification.thresholds import FpirThreshold

__all__ = [
    "Candidate",
    "FpirThreshold",
    "Fusion",
    "Identification",
    "MatchedReference",
    "NonmatedSearches",
    "Outcome",
    "RateInterval",
    "Verdict",
    "calibrated_threshold",
    "decide",
    "fpir_threshold",
    "fuse",
    "linked_clusters",
    "rank",
    "rate_interval",
    "set_threshold",
]
