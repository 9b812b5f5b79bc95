"""Derivatives of what NumPy says about data: quantiles, covariances, histograms, all but the nan.

A quantile is a mean of two neighbours in sorted order, and NumPy itself says where between which,
asked for the quantile of their ranks.  It imports core, elementwise, indexing, reductions and
creation; signal.py comes next.
"""

import math
import warnings
from collections.abc import Sequence
from typing import Any

import numpy as np

from minigrad.core import (
    Array,
    Axis,
    Operand,
    asarray,
    composite,
    known,
    operand,
    primitive,
    wrap,
)
from minigrad.ops.creation import spaced
from minigrad.ops.indexing import in_rows, scatter, to_both
from minigrad.ops.layout import laid_out_as

# -- quantiles

# Of the methods that are continuous in q: alpha and beta, for the place q (n + 1 - a - b) + a - 1.
CONTINUOUS = {
    "linear": (1, 1), "interpolated_inverted_cdf": (0, 1), "hazen": (0.5, 0.5), "weibull": (0, 0),
    "median_unbiased": (1 / 3, 1 / 3), "normal_unbiased": (3 / 8, 3 / 8),
}  # fmt: skip


def has_gaps(a: Any) -> bool:
    """Whether there is nan to skip, or nothing at all: else NumPy has a way four times as fast."""
    return np.size(a) == 0 or bool(np.isnan(a).any())


@primitive
def quantile_of(
    a: Any, q: Any, weights: Any, *, axis: Axis = None, keepdims: bool = False,
    method: Any = "linear", skip_nan: bool = False,
) -> Array:  # fmt: skip
    """np.quantile, or np.nanquantile."""
    fn: Any = np.nanquantile if skip_nan and has_gaps(a) else np.quantile
    return fn(a, q, axis=axis, keepdims=keepdims, method=method, weights=weights)


def neighbours(
    a: Operand, q: Operand, weights: Any, axis: Axis = None, method: str = "linear", **how: Any
) -> tuple[Array, Array, Operand, Array]:
    """The two elements of `a` that each quantile is between, as `lower` and `upper` in a.flat.

    Also the share of the upper one, which is (1 - share) * lower + share * upper, and its
    derivative by q.
    """
    values = np.asarray(known(a))
    rows = np.asarray(in_rows(values, axis))
    order = np.argsort(rows, axis=-1, kind="stable")
    missing = np.isnan(np.take_along_axis(rows, order, axis=-1))
    at = np.asarray(in_rows(np.arange(values.size).reshape(values.shape), axis))
    at = np.take_along_axis(at, order, axis=-1)
    n = rows.shape[-1]
    if how.get("skip_nan"):
        missing &= ~np.all(missing, axis=-1, keepdims=True)
        last = np.sum(~missing, axis=-1) - 1
        rank, found = np.where(missing, np.nan, np.arange(n)), at
    else:  # nan sorts last, and it is as if there were nothing else
        spread = np.any(missing, axis=-1, keepdims=True)
        last = np.where(spread[..., 0], 0, n - 1)
        rank, found = np.where(spread, 0, np.arange(n)), np.where(spread, at[..., -1:], at)
    ranks = np.empty(values.shape)
    ranks.flat[at] = rank
    place = quantile_of(ranks, known(q), weights, axis=axis, method=method, **how)
    last = last.reshape(place.shape[np.ndim(q) :])
    lower = np.clip(np.floor(place), 0, np.maximum(last - 1, 0)).astype(int)
    q = np.reshape(q, np.shape(q) + (1,) * last.ndim)
    slope = np.zeros(place.shape)
    if method in CONTINUOUS:
        alpha, beta = CONTINUOUS[method]
        steps = last + 2 - alpha - beta
        unbounded = known(q) * steps + (alpha - 1)
        slope = np.where((last > 0) & (unbounded >= 0) & (unbounded <= last), steps, slope)
    share = place - lower + slope * (q - known(q))
    row = np.arange(last.size).reshape(last.shape)
    found = found.reshape(last.size, n)
    return found[row, lower], found[row, np.minimum(lower + 1, last)], share, slope


def quantile_by_data(
    g: Operand, _y: Operand, a: Operand, q: Operand, weights: Any, **how: Any
) -> Operand:
    """The two neighbours have their shares, and all other elements none."""
    if np.size(a) == 0:
        return np.zeros(np.shape(a), g.dtype)
    lower, upper, share, _ = neighbours(a, q, weights, **how)
    return np.reshape(to_both(g, lower, upper, share.astype(g.dtype), np.size(a)), np.shape(a))


def quantile_by_q(
    g: Operand, _y: Operand, a: Operand, q: Operand, weights: Any, **how: Any
) -> Operand:
    """The gap between the neighbours, times how fast q passes from one to the other."""
    lower, upper, _, slope = neighbours(a, q, weights, **how)
    elements = np.reshape(a, -1)
    gaps = np.where(slope > 0, elements[upper] - elements[lower], 0)
    steps = g * gaps * slope.astype(g.dtype)
    return np.sum(steps, axis=tuple(range(np.ndim(q), steps.ndim)))


quantile_of.defvjp(quantile_by_data, quantile_by_q, None)


@primitive
def median_of(
    a: Any, *, axis: Axis = None, keepdims: bool = False, skip_nan: bool = False
) -> Array:
    """np.median, or np.nanmedian."""
    fn: Any = np.nanmedian if skip_nan and has_gaps(a) else np.median
    return fn(a, axis, keepdims=keepdims)


def places_of_ranks(rows: Array, ranks: Sequence[int]) -> Array:
    """Where in each row its k-th smallest number is, for the k in `ranks`; if it has nan, the last.

    Of equal numbers, the first one comes first.
    """
    order = rows.argsort(axis=-1, kind="stable")
    places, last = order[:, ranks], order[:, -1]
    has_nan = np.isnan(rows[np.arange(len(rows)), last])
    if has_nan.any():
        places[has_nan] = last[has_nan, None]
    return places


def places_of_ranks_of_many(rows: Array, ranks: Sequence[int], unsure: Array) -> Array:
    """`places_of_ranks` without sorting rows that have no ties: in a fifth of its time.

    Those are sorted, too, that are `unsure` to have no nan.
    """
    parted = np.partition(rows, ranks, axis=-1)
    places = np.empty((len(rows), len(ranks)), int)
    for i, k in enumerate(ranks):
        found = parted[:, k, None]
        places[:, i] = np.argmax(rows == found, axis=-1)
        unsure = unsure | (np.count_nonzero(rows < found, axis=-1) != k)
    if np.any(unsure):
        places[unsure] = places_of_ranks(rows[unsure], ranks)
    return places


def median_vjp(
    g: Operand, y: Operand, a: Operand, axis: Axis = None, keepdims: bool = False,
    skip_nan: bool = False,
) -> Operand:  # fmt: skip
    """The number in the middle has all of it, or each of two there a half."""
    shape, values = np.shape(a), np.asarray(known(a))
    if values.size == 0 or (skip_nan and has_gaps(values)):
        how = {"axis": axis, "keepdims": keepdims, "skip_nan": skip_nan}
        return quantile_by_data(g, y, a, 0.5, None, **how)
    at = in_rows(np.arange(values.size).reshape(shape), axis)
    n = at.shape[-1]
    at = at.reshape(-1, n)
    rows, ranks = values.reshape(-1)[at], sorted({(n - 1) // 2, n // 2})
    if values.size < 1000:
        places = places_of_ranks(rows, ranks)
    else:
        places = places_of_ranks_of_many(rows, ranks, np.isnan(known(y)).reshape(-1))
    i, g = np.arange(len(at)), g.reshape(-1)
    lower, upper = at[i, places[:, 0]], at[i, places[:, -1]]
    if len(ranks) == 1:
        return scatter(g, lower, (values.size,)).reshape(shape)
    return to_both(g, lower, upper, 0.5, values.size).reshape(shape)


median_of.defvjp(median_vjp, complex=True)


def _quantile_of(
    a: Operand, q: Operand, axis: Axis, keepdims: bool, method: str, weights: Any, skip_nan: bool
) -> Operand:
    values = np.asarray(known(q))
    if not np.all((values >= 0) & (values <= 1)):
        raise ValueError(f"quantiles are between 0 and 1, and percentiles up to 100, not {q}")
    if skip_nan and np.ndim(q) > 1 and isinstance(axis, Sequence) and len(axis) > 1:
        raise ValueError("over several axes, NumPy mixes up the axes of q: give it one axis")
    return quantile_of(
        a, q, known(weights), axis=axis, keepdims=keepdims, method=method, skip_nan=skip_nan
    )


@composite(np.quantile)
def _quantile(
    a: Operand, q: Operand, axis: Axis = None, overwrite_input: bool = False,
    method: str = "linear", keepdims: bool = False, *, weights: Any = None,
) -> Operand:  # fmt: skip
    return _quantile_of(a, q, axis, keepdims, method, weights, False)


@composite(np.nanquantile)
def _nanquantile(
    a: Operand, q: Operand, axis: Axis = None, overwrite_input: bool = False,
    method: str = "linear", keepdims: bool = False, *, weights: Any = None,
) -> Operand:  # fmt: skip
    return _quantile_of(a, q, axis, keepdims, method, weights, True)


def _hundredth(q: Operand, a: Operand) -> Operand:
    dtype = asarray(a).dtype
    return np.true_divide(q, dtype.type(100) if dtype.kind == "f" else 100)


@composite(np.percentile)
def _percentile(
    a: Operand, q: Operand, axis: Axis = None, overwrite_input: bool = False,
    method: str = "linear", keepdims: bool = False, *, weights: Any = None,
) -> Operand:  # fmt: skip
    return _quantile_of(a, _hundredth(q, a), axis, keepdims, method, weights, False)


@composite(np.nanpercentile)
def _nanpercentile(
    a: Operand, q: Operand, axis: Axis = None, overwrite_input: bool = False,
    method: str = "linear", keepdims: bool = False, *, weights: Any = None,
) -> Operand:  # fmt: skip
    return _quantile_of(a, _hundredth(q, a), axis, keepdims, method, weights, True)


@composite(np.median)
def _median(
    a: Operand, axis: Axis = None, overwrite_input: bool = False, keepdims: bool = False
) -> Operand:
    return median_of(a, axis=axis, keepdims=keepdims)


@composite(np.nanmedian)
def _nanmedian(
    a: Operand, axis: Axis = None, overwrite_input: bool = False, keepdims: bool = False
) -> Operand:
    return median_of(a, axis=axis, keepdims=keepdims, skip_nan=True)


# -- what passes over nan: sums of 0 for it, products of 1, and the spread of the others


@composite(np.nansum)
def _nansum(a: Operand, axis: Axis = None, dtype: Any = None, **given: Any) -> Operand:
    return np.sum(np.where(np.isnan(a), 0, a), axis=axis, dtype=dtype, **given)


@composite(np.nanprod)
def _nanprod(a: Operand, axis: Axis = None, dtype: Any = None, **given: Any) -> Operand:
    return np.prod(np.where(np.isnan(a), 1, a), axis=axis, dtype=dtype, **given)


@composite(np.nancumsum)
def _nancumsum(a: Operand, axis: int | None = None, dtype: Any = None) -> Operand:
    return np.cumsum(laid_out_as(np.where(np.isnan(a), 0, a), a), axis=axis, dtype=dtype)


@composite(np.nancumprod)
def _nancumprod(a: Operand, axis: int | None = None, dtype: Any = None) -> Operand:
    return np.cumprod(laid_out_as(np.where(np.isnan(a), 1, a), a), axis=axis, dtype=dtype)


@composite(np.nanmean)
def _nanmean(
    a: Operand, axis: Axis = None, dtype: Any = None, keepdims: bool = False, *, where: Any = True
) -> Operand:
    return np.mean(a, axis=axis, dtype=dtype, keepdims=keepdims, where=~np.isnan(a) & where)


def _nan_spread(whole: Any) -> Any:
    def spread(
        a: Operand, axis: Axis = None, dtype: Any = None, ddof: float = 0, keepdims: bool = False,
        *, where: Any = True, **given: Any,
    ) -> Operand:  # fmt: skip
        numbers = ~np.isnan(a) & where
        return whole(
            a, axis=axis, dtype=dtype, ddof=ddof, keepdims=keepdims, where=numbers, **given
        )

    return spread


composite(np.nanvar)(_nan_spread(np.var))
composite(np.nanstd)(_nan_spread(np.std))

# -- covariances


@composite(np.cov)
def _cov(
    m: Operand, y: Operand = None, rowvar: bool = True, bias: bool = False,
    ddof: int | None = None, fweights: Any = None, aweights: Operand = None, *, dtype: Any = None,
) -> Operand:  # fmt: skip
    parts = [operand(m)] if y is None else [operand(m), operand(y)]
    if any(p.ndim > 2 for p in parts):
        raise ValueError("numpy.cov takes variables of one axis, or two: no more")
    dtype = np.result_type(*(p.dtype for p in parts), np.float64) if dtype is None else dtype
    parts = [
        p.astype(dtype) if rowvar or p.ndim < 2 else p.astype(dtype).T  # variables in rows
        for p in parts
    ]
    x: Operand = np.concatenate([np.atleast_2d(p) for p in parts], axis=0)
    weights = None if fweights is None else np.asarray(known(fweights)).astype(float)
    if aweights is not None:
        aweights = operand(aweights).astype(float)
        weights = aweights if weights is None else weights * aweights
    free = (0 if bias else 1) if ddof is None else ddof
    if weights is None:
        total: Operand = float(x.shape[1])
        mean = np.mean(x, axis=1, keepdims=True)
    else:
        total = np.sum(weights)
        mean = np.sum(x * weights, axis=1, keepdims=True) / total
    if aweights is None or free == 0:
        freedom = total - free
    else:
        freedom = total - free * np.sum(weights * aweights) / total
    if freedom <= 0:
        warnings.warn("Degrees of freedom <= 0 for slice", RuntimeWarning, stacklevel=2)
        freedom = 0.0
    x = x - mean
    return np.squeeze(x @ (x if weights is None else x * weights).T / freedom)


@composite(np.corrcoef)
def _corrcoef(x: Operand, y: Operand = None, rowvar: bool = True, *, dtype: Any = None) -> Operand:
    c = _cov(x, y, rowvar, dtype=dtype)
    if c.ndim == 0:
        return c / c
    deviation = np.sqrt(np.diagonal(c))
    return np.clip(c / deviation[:, None] / deviation, -1, 1)


# -- histograms: the counts are constants, but sums of weights are linear in these


@composite(np.bincount)
def _bincount(x: Any, /, weights: Operand = None, minlength: int = 0) -> Operand:
    places = np.asarray(known(x))
    n = np.bincount(places, minlength=minlength).size
    weights = operand(weights).astype(float)
    if weights.shape != places.shape:
        raise ValueError(f"numpy.bincount: {places.size} places and {weights.size} weights")
    return scatter(weights, places, (n,))


def _edges(a: Operand, bins: Any, range: Any, weights: Any = None) -> tuple[Array, Operand]:
    """The edges of bins, plain and recorded: as given, or from the least to the largest number."""
    bins = asarray(bins) if isinstance(bins, (list, tuple, np.ndarray)) else bins
    plain = np.histogram_bin_edges(known(a), known(bins), range, known(weights))
    if np.ndim(bins):
        return plain, asarray(bins)
    if range is not None or np.size(a) == 0:
        return plain, asarray(plain)
    low, high = np.min(a), np.max(a)
    if known(low) == known(high):
        low, high = low - 0.5, high + 0.5
    return plain, spaced(low, high, plain.size).astype(plain.dtype)


def _bin_of(a: Operand, edges: Array) -> Array:
    """The bin of each element; -1 beyond the edges.  The last bin has its upper edge, too."""
    values = np.asarray(known(a))
    index = np.searchsorted(edges, values, side="right") - 1
    index[values == edges[-1]] = edges.size - 2
    return np.where((values >= edges[0]) & (values <= edges[-1]), index, -1)


def _histogram_edges(a: Operand, bins: Any, range: Any, weights: Any) -> tuple[Array, Operand]:
    if weights is not None and np.shape(weights) != a.shape:
        raise ValueError(
            f"numpy.histogram: weights of shape {np.shape(weights)} for numbers of {a.shape}"
        )
    weights = None if weights is None else np.ravel(known(weights))
    return _edges(a.reshape(-1), bins, range, weights)


@composite(np.histogram_bin_edges)
def _histogram_bin_edges(
    a: Operand, bins: Any = 10, range: Any = None, weights: Any = None
) -> Operand:
    return _histogram_edges(operand(a), bins, range, weights)[1]


@composite(np.histogram)
def _histogram(
    a: Operand, bins: Any = 10, range: Any = None, density: bool | None = None,
    weights: Operand = None,
) -> tuple[Operand, Operand]:  # fmt: skip
    a = operand(a)
    plain, edges = _histogram_edges(a, bins, range, weights)
    index, n = _bin_of(a.reshape(-1), plain), edges.size - 1
    inside = index >= 0
    if weights is None:
        sums = wrap(np.bincount(index[inside], minlength=n))
    else:
        sums = asarray(scatter(operand(weights).reshape(-1)[inside], index[inside], (n,)))
    return (sums / np.diff(edges).astype(float) / np.sum(sums) if density else sums), edges


@composite(np.histogramdd)
def _histogramdd(
    sample: Any, bins: Any = 10, range: Any = None, density: bool | None = None,
    weights: Operand = None,
) -> tuple[Operand, list[Operand]]:  # fmt: skip
    if isinstance(sample, (list, tuple)):
        columns = [operand(c).reshape(-1) for c in sample]
    else:
        columns = list(np.atleast_2d(operand(sample).T))
    several = isinstance(bins, (list, tuple)) or np.ndim(bins) == 1
    each = list(bins) if several else [bins] * len(columns)
    if len(each) != len(columns):
        raise ValueError(f"numpy.histogramdd: {len(each)} bins for {len(columns)} dimensions")
    ranges = [None] * len(columns) if range is None else list(range)
    found = [_edges(c, b, r) for c, b, r in zip(columns, each, ranges, strict=True)]
    edges = [recorded for _, recorded in found]
    index = np.array([_bin_of(c, plain) for c, (plain, _) in zip(columns, found, strict=True)])
    each_one = np.ones(columns[0].shape) if weights is None else operand(weights).astype(float)
    # With a margin for what is beyond the edges, as in NumPy: no view of the counts reaches it.
    padded = scatter(each_one, tuple(index + 1), tuple(e.size + 1 for e in edges))
    sums = asarray(padded[(slice(1, -1),) * len(edges)])
    if density:
        volumes = math.prod(np.ix_(*(np.diff(e).astype(float) for e in edges)))
        sums = sums / volumes / np.sum(sums)
    return sums, edges


@composite(np.histogram2d)
def _histogram2d(
    x: Operand, y: Operand, bins: Any = 10, range: Any = None, density: bool | None = None,
    weights: Operand = None,
) -> tuple[Operand, Operand, Operand]:  # fmt: skip
    if np.shape(x) != np.shape(y):
        raise ValueError(f"numpy.histogram2d: shapes {np.shape(x)} and {np.shape(y)} must be equal")
    if hasattr(bins, "__len__") and len(bins) not in (1, 2):  # the edges of both
        bins = [bins, bins]
    sums, edges = _histogramdd([x, y], bins, range, density, weights)
    return sums, edges[0], edges[1]
