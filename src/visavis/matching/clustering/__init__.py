"""Clustering: which of many faces show one person, when nobody is enrolled.

Needs `visavis[cluster]`: faiss compares, scikit-learn lends HDBSCAN.
"""

from visavis.matching.clustering.apart import Apart
from visavis.matching.clustering.batch import cluster_faces, low_quality
from visavis.matching.clustering.cohesion import Cohesion, cohesion
from visavis.matching.clustering.collect import Collected, FailedPhoto, collect_faces
from visavis.matching.clustering.faces import FoundFaces
from visavis.matching.clustering.incremental import assign
from visavis.matching.clustering.kept import KeptFaces
from visavis.matching.clustering.result import UNASSIGNED, Clustering, ClusterSettings
from visavis.matching.clustering.thresholds import (
    METHODS,
    ClusterThreshold,
    Method,
    calibrated_threshold,
    default_fmr,
    given_threshold,
)

__all__ = [
    "METHODS",
    "UNASSIGNED",
    "Apart",
    "ClusterSettings",
    "ClusterThreshold",
    "Clustering",
    "Cohesion",
    "Collected",
    "FailedPhoto",
    "FoundFaces",
    "KeptFaces",
    "Method",
    "assign",
    "calibrated_threshold",
    "cluster_faces",
    "cohesion",
    "collect_faces",
    "default_fmr",
    "given_threshold",
    "low_quality",
]
