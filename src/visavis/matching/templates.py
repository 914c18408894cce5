"""Smaller templates and better ones: int8 quantisation, and pooling the samples of one person into one template."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from visavis.errors import InvalidInput, TemplateMismatch
from visavis.matching.scores import similarity_matrix
from visavis.types import Template

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import ArrayLike, NDArray

    from visavis.matching.scores import Metric

    FloatArray = NDArray[np.float32]

_TOP = 127  # symmetric: -128 is not used
_BLOCK = 1024  # rows compared at once when the loss is measured


@dataclass(frozen=True, eq=False, slots=True)
class QuantizedTemplates:
    """n templates as whole numbers: vector = codes * scale.

    Attributes:
        codes: (n, d) int8 in -127..127.
        scales: (n,) float16, one per template; or () float32, one for all.
    """

    codes: NDArray[np.int8]
    scales: NDArray[np.floating]

    def __len__(self) -> int:
        return len(self.codes)

    @property
    def bytes_per_template(self) -> int:
        """Size of one stored template: d, and 2 for a scale of its own (a scale for all is stored once)."""
        return int(self.codes.shape[1]) + (2 if self.scales.ndim else 0)


def quantize(vectors: ArrayLike, scale: float | None = None) -> QuantizedTemplates:
    """Templates as int8, by rounding vector / scale.

    Args:
        vectors: (n, d) templates of one model.
        scale: one step for all templates (see `fit_scale`; d bytes each, values beyond 127 steps are cut off);
            None: max |v| / 127 of each template, stored as float16 (d + 2 bytes each, nothing is cut off).

    Raises:
        InvalidInput: not a finite (n, d) array, a scale that is not positive, or values beyond float16's range.
    """
    rows = _checked(vectors)
    if scale is not None:
        if not 0 < scale < np.inf:
            raise InvalidInput(f"quantisation scale {scale}: must be positive; take it from fit_scale(gallery)")
        return QuantizedTemplates(_round(rows / scale), np.asarray(scale, dtype=np.float32))
    with np.errstate(over="ignore"):
        scales = (np.abs(rows).max(axis=1) / _TOP).astype(np.float16)
    if (bad := ~np.isfinite(scales) | ((scales == 0) & rows.any(axis=1))).any():
        raise InvalidInput(f"templates: row {int(np.argmax(bad))} is too large or too small for a float16 scale")
    steps = np.where(scales == 0, 1, scales).astype(np.float32)[:, None]
    return QuantizedTemplates(_round(rows / steps), scales)


def fit_scale(gallery: ArrayLike, sigmas: float = 4.0) -> float:
    """One quantisation step for all templates like those of `gallery` (n, d): 127 steps make `sigmas` deviations.

    The standard deviation is taken from zero, over all components: the quantiser is symmetric.
    """
    sigma = float(np.sqrt(np.mean(np.square(_checked(gallery), dtype=np.float64))))
    if not (sigmas > 0 and sigma > 0):
        raise InvalidInput("quantisation scale: needs templates that are not all zero and a positive number of sigmas")
    return sigmas * sigma / _TOP


def dequantize(quantized: QuantizedTemplates) -> FloatArray:
    """The (n, d) float32 vectors that the codes stand for."""
    return quantized.codes * quantized.scales.astype(np.float32)[..., None]


def quantization_loss(vectors: ArrayLike, quantized: QuantizedTemplates, metric: Metric) -> float:
    """Largest |change of similarity| that quantising both sides brings, over all pairs of different templates.

    Args:
        vectors: (n, d) the templates before, at least two.
        quantized: the same templates after.
        metric: how they are compared.
    """
    before, after = _checked(vectors), dequantize(quantized)
    if before.shape != after.shape or len(before) < 2:
        raise InvalidInput(f"quantisation loss: needs two or more templates, {before.shape} against {after.shape}")
    worst = 0.0
    for start in range(0, len(before), _BLOCK):
        block = slice(start, start + _BLOCK)
        change = similarity_matrix(before[block], before, metric) - similarity_matrix(after[block], after, metric)
        rows = np.arange(len(change))
        change[rows, rows + start] = 0  # a template with itself
        worst = max(worst, float(np.abs(change).max()))
    return worst


def pool(templates: Sequence[Template], weights: Sequence[float] | None = None) -> Template:
    """One template for several samples of one person: their weighted mean, at their mean length.

    Noise of single samples cancels, so a pooled template tells people apart better. The mean of vectors that differ is
    shorter than they are; it is stretched back, because length counts under the Euclidean metric. Similarities with a
    pooled template are higher, to its own person and to others: error rates calibrated on single samples do not hold
    for it.

    Args:
        templates: of one model and person.
        weights: one positive number each; None: their qualities, or equal weights unless all have one above 0.

    Returns: template with the number of samples added up and the weighted mean quality.

    Raises:
        TemplateMismatch: templates of different models.
        InvalidInput: none, unusable weights, different dimensions, or vectors that cancel out.
    """
    vectors = _one_model(templates)
    qualities = [template.quality for template in templates if template.quality is not None]
    share = _shares(qualities if weights is None else weights, len(templates), given=weights is not None)
    mean = share @ vectors
    length = float(np.linalg.norm(mean))
    if not length:
        raise InvalidInput(f"pool: the {len(templates)} vectors cancel out; they cannot show one person")
    return Template(
        (mean * (share @ np.linalg.norm(vectors, axis=1) / length)).astype(np.float32),
        templates[0].model,
        quality=float(share @ qualities) if len(qualities) == len(templates) else None,
        samples=sum(template.samples for template in templates),
    )


def _one_model(templates: Sequence[Template]) -> NDArray[np.float64]:
    """The vectors (n, d) of templates that may be pooled."""
    if not templates:
        raise InvalidInput("pool: needs at least one template")
    models = sorted({template.model for template in templates})
    if len(models) > 1:
        raise TemplateMismatch(f"templates of {' and '.join(models)} cannot be pooled: embed all photos with one model")
    if len({template.vector.shape for template in templates}) > 1:
        raise InvalidInput(f"pool: templates of {models[0]} differ in dimension; embed the photos again")
    return np.stack([template.vector for template in templates]).astype(np.float64)


def _shares(weights: Sequence[float], count: int, *, given: bool) -> NDArray[np.float64]:
    """Weights as shares of 1; equal ones in place of qualities that are incomplete or zero."""
    values = np.asarray(weights, dtype=np.float64)
    usable = values.shape == (count,) and bool(np.isfinite(values).all()) and bool((values > 0).all())
    if not usable and given:
        raise InvalidInput(f"pool: needs one positive weight for each of {count} templates, got {list(weights)}")
    return values / values.sum() if usable else np.full(count, 1 / count)


def _checked(vectors: ArrayLike) -> FloatArray:
    rows = np.asarray(vectors, dtype=np.float32)
    if rows.ndim != 2 or not rows.size or not np.isfinite(rows).all():
        raise InvalidInput(f"templates: need a finite, non-empty array of shape (n, d), got {rows.shape}")
    return rows


def _round(steps: FloatArray) -> NDArray[np.int8]:
    return np.clip(np.rint(steps), -_TOP, _TOP).astype(np.int8)
