"""Derivatives of what NumPy says about data: quantiles, covariances, histograms, all but the nan.

A quantile is a mean of two neighbours in sorted order, and NumPy itself says where between which,
asked for the quantiles of 0, 1, 2, ...  It imports core, elementwise, indexing, reductions and
creation; signal.py comes next.
"""

import math
import warnings
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
from minigrad.ops.indexing import in_rows, scatter
from minigrad.ops.reductions import axes_of

# -- quantiles

# Of the methods that are continuous in q: alpha and beta, for the place q (n + 1 - a - b) + a - 1.
CONTINUOUS = {
    "linear": (1, 1), "interpolated_inverted_cdf": (0, 1), "hazen": (0.5, 0.5), "weibull": (0, 0),
    "median_unbiased": (1 / 3, 1 / 3), "normal_unbiased": (3 / 8, 3 / 8),
}  # fmt: skip


@primitive
def place_of(q: Any, n: int, method: Any) -> Array:
    """Where between 0 and n - 1 the quantile q of n sorted numbers lies."""
    found: Any = np.quantile(np.arange(float(n)), q, method=method)
    return np.asarray(found, dtype=q.dtype)


def place_vjp(g: Operand, _y: Operand, q: Operand, n: int, method: str) -> Operand:
    """Derivative of the place by q: the number of steps, and 0 before the first and the last."""
    if method not in CONTINUOUS or n == 1:
        return np.zeros_like(q)
    alpha, beta = CONTINUOUS[method]
    slope = n + 1 - alpha - beta
    unbounded = q * slope + (alpha - 1)
    return np.where((unbounded >= 0) & (unbounded <= n - 1), g * slope, 0)


place_of.defvjp(place_vjp)


def part(weight: Operand, x: Operand) -> Operand:
    """The product, and 0 where the weight is 0 and x is infinite."""
    return weight * np.where(np.equal(weight, 0) & np.isinf(x), 0, x)


def between(ordered: Operand, place: Operand) -> Operand:
    """The elements at `place` along the last axis: those to both sides, weighted."""
    n = np.shape(ordered)[-1]
    lower = np.clip(np.floor(known(place)), 0, max(n - 2, 0)).astype(int)
    upper = np.minimum(lower + 1, n - 1)
    weight = place - lower.astype(place.dtype)
    if np.ndim(lower) < 2:  # the same places in every row
        low, high = ordered[..., lower], ordered[..., upper]
    else:
        low, high = (np.take_along_axis(ordered, at, axis=-1) for at in (lower, upper))
    return part(1 - weight, low) + part(weight, high)


def quantiles(rows: Operand, q: Operand, method: Any, weights: Any = None) -> Operand:
    """The quantiles q of each row, along the last axis: q in one axis."""
    ordered = np.sort(rows, axis=-1)
    n = np.shape(rows)[-1]
    if weights is None:
        place = place_of(q, n, method)
    else:  # whose quantile is an element: that of the ranks is its rank
        values = known(rows)
        order = np.argsort(values, axis=-1, kind="stable")
        ranks = np.argsort(order, axis=-1, kind="stable").astype(float)
        at = np.quantile(ranks, known(q), axis=-1, weights=known(weights), method=method)
        place = np.moveaxis(at, 0, -1)
    found = between(ordered, place)
    last = ordered[..., -1:]  # nan sorts last, and spreads
    return np.where(np.isnan(last), last, found)


def _quantile_of(
    a: Operand, q: Operand, axis: Axis, keepdims: bool, method: str, weights: Any, skip_nan: bool
) -> Operand:
    """Any of NumPy's quantiles, in the shape and dtype that NumPy gives it."""
    a, qs = operand(a), operand(q)
    if a.dtype.kind != "f":
        a = a.astype(float)
    if type(q) in (int, float) or isinstance(q, np.float64):
        qs = qs.astype(a.dtype)
    values = known(qs)
    if not np.all((values >= 0) & (values <= 1)):
        raise ValueError(f"quantiles are between 0 and 1, and percentiles up to 100, not {q}")
    axes, rows = axes_of(axis, a.shape), in_rows(a, axis)
    if skip_nan and a.size == 0:
        return np.mean(a, axis=axis, keepdims=keepdims)  # whatever q is, as in NumPy
    if rows.shape[-1] == 0:
        empty: Any = np.quantile(known(a), values, axis=axis, keepdims=keepdims)  # or its error
        return np.broadcast_to(np.mean(a, axis=axis, keepdims=keepdims), empty.shape)
    if weights is not None:
        weights = _weights_in_rows(weights, a.shape, axis)
    flat = qs.reshape(-1)
    flat = flat if flat.dtype.kind == "f" else flat.astype(float)
    how = _skipping_nan if skip_nan else quantiles
    found = np.moveaxis(how(rows, flat, method, weights), -1, 0)
    found = found.reshape((*qs.shape, *found.shape[1:]))
    likewise = np.zeros(1, a.dtype)
    if found.ndim == 0 and not skip_nan:  # where the one result is nan, NumPy has another dtype
        likewise[:] = np.max(known(rows))
    plain: Any = np.quantile(likewise, known(q), method=method)  # type: ignore[call-overload]
    found = found.astype(plain.dtype)
    return np.expand_dims(found, tuple(i + qs.ndim for i in axes)) if keepdims else found


def _weights_in_rows(weights: Any, shape: tuple[int, ...], axis: Axis) -> Array:
    """Weights in the shape of the rows; they lie along the axis, or are one for each element."""
    weights = np.asarray(known(weights))
    if weights.shape != shape:
        along = [n if i in axes_of(axis, shape) else 1 for i, n in enumerate(shape)]
        weights = np.broadcast_to(weights.reshape(along), shape)
    return np.asarray(in_rows(weights, axis))


def _skipping_nan(rows: Operand, q: Operand, method: str, weights: Any) -> Operand:
    """The quantiles of the numbers in each row: rows that have equally many are taken together."""
    shape = rows.shape[:-1]
    rows = rows.reshape(-1, rows.shape[-1])
    order = np.argsort(np.isnan(known(rows)), axis=-1, kind="stable")  # numbers first
    rows = np.take_along_axis(rows, order, axis=-1)
    if weights is not None:
        weights = np.take_along_axis(weights.reshape(order.shape), order, axis=-1)
    counts = np.sum(~np.isnan(known(rows)), axis=-1)
    if np.any(counts == 0):
        warnings.warn("All-NaN slice encountered", RuntimeWarning, stacklevel=2)
    found = []
    for n in np.unique(counts):
        alike = counts == n
        kept = None if weights is None else weights[alike, :n]
        if n == 0:
            found.append(
                np.broadcast_to(np.mean(rows[alike], axis=-1)[:, None], (sum(alike), q.size))
            )
        else:
            found.append(quantiles(rows[alike, :n], q, method, kept))
    back = np.argsort(np.argsort(counts, kind="stable"), kind="stable")
    return np.concatenate(found)[back].reshape(*shape, q.size)


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


@composite(np.nanmedian)
def _nanmedian(
    a: Operand, axis: Axis = None, overwrite_input: bool = False, keepdims: bool = False
) -> Operand:
    return _quantile_of(a, 0.5, axis, keepdims, "linear", None, True)


# -- what passes over nan: sums of 0 for it, products of 1, and the spread of the others


@composite(np.nansum)
def _nansum(a: Operand, axis: Axis = None, dtype: Any = None, **given: Any) -> Operand:
    return np.sum(np.where(np.isnan(a), 0, a), axis=axis, dtype=dtype, **given)


@composite(np.nanprod)
def _nanprod(a: Operand, axis: Axis = None, dtype: Any = None, **given: Any) -> Operand:
    return np.prod(np.where(np.isnan(a), 1, a), axis=axis, dtype=dtype, **given)


@composite(np.nancumsum)
def _nancumsum(a: Operand, axis: int | None = None, dtype: Any = None) -> Operand:
    return np.cumsum(np.where(np.isnan(a), 0, a), axis=axis, dtype=dtype)


@composite(np.nancumprod)
def _nancumprod(a: Operand, axis: int | None = None, dtype: Any = None) -> Operand:
    return np.cumprod(np.where(np.isnan(a), 1, a), axis=axis, dtype=dtype)


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
        freedom = 0.0 * freedom
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
    if range is not None or np.size(a) == 0 or np.min(a) == np.max(a):
        if range is None and np.size(a):
            return plain, spaced(np.min(a) - 0.5, np.max(a) + 0.5, plain.size).astype(plain.dtype)
        return plain, asarray(plain)
    return plain, spaced(np.min(a), np.max(a), plain.size).astype(plain.dtype)


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
    inside = np.all(index >= 0, axis=0)
    each_one = np.ones(columns[0].shape) if weights is None else operand(weights).astype(float)
    shape = tuple(e.size - 1 for e in edges)
    sums = asarray(scatter(each_one[inside], tuple(index[:, inside]), shape))
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
