"""Which similarity joins faces: derived from the false-match rate (FMR) that the model's card is calibrated for.

Among N faces, one face is compared with N - 1 others, so at any fixed FMR its chance look-alikes grow with N. Keeping
them constant (FMR = c / N) is too strict: a cluster is not joined by one look-alike but by many, and no look-alike
comes along with each new face that must be missed for it. Measured optima lie in between, near 1 / sqrt(N) at every N
from 50 to 4,000 (see `benchmarks/clustering.py` for the data); hence FMR = share / sqrt(N), the share depending on how
much a method makes of a single link.
"""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Literal

from visavis import ranges
from visavis.errors import NotCalibrated
from visavis.matching.calibration import threshold_at_fmr

if TYPE_CHECKING:
    from visavis.models.calibration import Calibration

Method = Literal["average", "hdbscan", "whispers"]
METHODS: tuple[Method, ...] = ("average", "hdbscan", "whispers")
SHARES: dict[Method, float] = {"average": 1 / 20, "hdbscan": 1 / 80, "whispers": 1 / 80}
"""FMR * sqrt(N) of every method's default threshold; tuned on LFW's calibration half, YTF frames and celebrities."""

HIGHEST_FMR = 0.01
"""Few faces leave room for a higher rate, but at this one hardly any mated comparison is missed that a laxer finds."""


@dataclass(frozen=True, slots=True)
class ClusterThreshold:
    """The similarity from which on faces are held for one person, and where it comes from.

    Attributes:
        similarity: the threshold.
        fmr: false-match rate of one comparison at it; None if it was given as a similarity.
        look_alikes: how many of the other faces may reach it with one face by chance, (faces - 1) * fmr; None likewise.
        faces: number of faces that it was set for.
        model: fingerprint of the model; "" if not known.
        source: in words.
    """

    similarity: float
    fmr: float | None
    look_alikes: float | None
    faces: int
    model: str
    source: str

    def to_dict(self) -> dict[str, Any]:
        """JSON-ready."""
        return asdict(self)


def calibrated_threshold(
    calibration: Calibration | None, faces: int, method: Method, *, fmr: float | None = None, model: str = ""
) -> ClusterThreshold:
    """The threshold that the model's card gives for so many faces.

    Args:
        calibration: of the model; None if its card has none.
        faces: N, how many are to be clustered.
        method: average, hdbscan or whispers.
        fmr: false-match rate of one comparison, in (0, 1); None = `default_fmr`.
        model: fingerprint, for messages and the record.

    Raises:
        InvalidInput: an unknown method, or a rate outside (0, 1).
        NotCalibrated: the model has no calibration, or not for this rate.
    """
    count = ranges.whole("faces", faces, 0, 2**62)
    if calibration is None:
        raise NotCalibrated(
            f"{model or 'the model'}: has no calibration to take a threshold from; give the similarity itself, or "
            "calibrate the model"
        )
    lowest, highest = calibration.fmr[0][0], calibration.fmr[-1][0]
    if fmr is not None:
        return _made(calibration, fmr, count, model, f"FMR {fmr:g} as asked for")
    wanted = default_fmr(count, method)
    used = min(max(wanted, lowest), highest)
    why = f"FMR {used:.2g} = {_fraction(SHARES[method])} / sqrt({count} faces), the default of {method}"
    if used != wanted:
        why = f"FMR {used:.2g}, the nearest to the default of {wanted:.2g} that the card is calibrated for"
    elif used == HIGHEST_FMR:
        why = f"FMR {used:g}, the highest that {method} uses by default"
    return _made(calibration, used, count, model, why)


def default_fmr(faces: int, method: Method) -> float:
    """share / sqrt(faces), at most `HIGHEST_FMR`."""
    share = SHARES[ranges.one_of("method", method, METHODS)]  # type: ignore[index]  # checked there
    return min(share / math.sqrt(max(faces, 1)), HIGHEST_FMR)


def given_threshold(similarity: float, faces: int, model: str = "") -> ClusterThreshold:
    """A threshold that somebody chose; nothing is known about its error rate.

    Raises:
        InvalidInput: it is no finite number.
    """
    value = ranges.number("threshold", similarity, -1e9, 1e9)
    return ClusterThreshold(value, None, None, faces, model, "as given")


def _made(calibration: Calibration, fmr: float, faces: int, model: str, why: str) -> ClusterThreshold:
    similarity = threshold_at_fmr(calibration, fmr)
    source = f"{why}, by the calibration of {model or 'the model'} ({calibration.source})"
    return ClusterThreshold(similarity, fmr, max(faces - 1, 0) * fmr, faces, model, source)


def _fraction(share: float) -> str:
    return f"1/{1 / share:g}"
