"""Tracks: quantities that change smoothly with time."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from visavis.synthetic.factors import truncated_normal
from visavis.synthetic.streams import Stream

Array = NDArray[np.float64]

_KNOTS_WITHIN = 2.0
REACH = 1.25 * _KNOTS_WITHIN
"""Spreads from 0 that a track never exceeds: between knots at both ends of their range the spline swings out."""


@dataclass(frozen=True, slots=True)
class Track:
    """A smooth random course around 0: a cubic spline through knots drawn one by one, so it has no end.

    Attributes:
        stream: where the knots come from.
        spread: standard deviation of the knots, which stay within two of them; no value goes beyond `REACH` of them.
        period: seconds between knots.
    """

    stream: Stream
    spread: float
    period: float

    def at(self, times: ArrayLike) -> Array:
        """The values at these times (seconds from 0 up), continuous with their first derivative."""
        place = np.asarray(times, dtype=float) / self.period
        first = np.floor(place).astype(int)
        t = place - first
        # Catmull-Rom: the tangent at a knot joins its neighbours.
        before, start, end, after = self._knots(first[..., None] + np.arange(4))
        slope, bend = end - before, 2 * before - 5 * start + 4 * end - after
        return np.asarray(start + 0.5 * t * (slope + t * (bend + t * (3 * start - before - 3 * end + after))))

    def _knots(self, numbers: NDArray[np.intp]) -> Array:
        """(4, ...) the knots of these numbers (..., 4); only they are computed, however late they come."""
        if self.spread == 0.0:
            return np.zeros(numbers.shape[-1:] + numbers.shape[:-1])
        wanted, where = np.unique(numbers, return_inverse=True)
        reach = _KNOTS_WITHIN * self.spread
        uniforms = self.stream.uniforms(int(wanted.max(initial=0)) + 1)[wanted]
        knots = np.array([truncated_normal(float(u), 0.0, self.spread, -reach, reach) for u in uniforms])
        return np.moveaxis(knots[where.reshape(numbers.shape)], -1, 0)


def blinks(stream: Stream, times: ArrayLike, every: float = 3.5, length: float = 0.26) -> Array:
    """How far the lids are closed at these times, 0..1: about one blink in `every` seconds, each `length` long."""
    moments = np.asarray(times, dtype=float)
    count = int(moments.max(initial=0.0) / every) + 2
    starts = every * (np.arange(count) + stream.uniforms(count) * 0.8)
    phase = np.clip((moments[..., None] - starts) / length, 0.0, 1.0)
    return np.asarray((np.sin(np.pi * phase) ** 2).max(axis=-1))
