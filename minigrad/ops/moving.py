"""Derivatives of what picks elements out, puts them in, or lays them out again.

NumPy's function is run on the places of the elements, counted over all arrays, and the elements are
gathered from there.  It imports core and layout only; creation.py comes next.
"""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.lib.array_utils import normalize_axis_index, normalize_axis_tuple

from minigrad.core import (
    Array,
    Axis,
    Operand,
    asarray,
    common_dtype,
    composite,
    indexed_update,
    is_lazy,
    known,
    operand,
    unwrap,
    view_by,
    wrap,
)
from minigrad.ops.layout import gathered, laid_out_as

# -- picking out and putting in


@composite(np.compress)
def _compress(condition: Any, a: Operand, axis: int | None = None) -> Operand:
    return gathered(lambda places: np.compress(known(condition), places, axis), a)


@composite(np.extract)
def _extract(condition: Any, arr: Operand) -> Operand:
    return gathered(lambda places: np.extract(known(condition), places), arr)


@composite(np.delete)
def _delete(arr: Operand, obj: Any, axis: int | None = None) -> Operand:
    return gathered(lambda places: np.delete(places, known(obj), axis), arr)


@composite(np.insert)
def _insert(arr: Operand, obj: Any, values: Operand, axis: int | None = None) -> Operand:
    arr = operand(arr)
    values = asarray(values).astype(arr.dtype)
    return gathered(lambda places, new: np.insert(places, known(obj), new, axis), arr, values)


@composite(np.choose)
def _choose(a: Any, choices: Sequence[Operand], mode: Any = "raise") -> Operand:
    dtype = common_dtype(choices)
    arrays = [operand(c).astype(dtype) for c in choices]
    return gathered(lambda *places: np.choose(known(a), places, mode=mode), *arrays)


@composite(np.resize)
def _resize(a: Operand, new_shape: Any) -> Operand:
    a = operand(a)
    if a.size == 0:
        return np.zeros_like(a, shape=new_shape)
    return gathered(lambda places: np.resize(places, new_shape), a)


@composite(np.trim_zeros)
def _trim_zeros(filt: Operand, trim: str = "fb", axis: Axis = None) -> Operand:
    filt = operand(filt)
    axes = normalize_axis_tuple(range(filt.ndim) if axis is None else axis, filt.ndim)
    hits = np.argwhere(known(filt) != 0)
    if not hits.size:
        kept = tuple(slice(0, 0) if i in axes else slice(None) for i in np.arange(filt.ndim))
        return filt[kept]
    first, last = hits.min(axis=0), hits.max(axis=0)
    return filt[
        tuple(
            slice(
                first[i] if i in axes and "f" in trim.lower() else None,
                last[i] + 1 if i in axes and "b" in trim.lower() else None,
            )
            for i in range(filt.ndim)
        )
    ]


@composite(np.partition)
def _partition(a: Operand, kth: Any, axis: int | None = -1, kind: Any = None) -> Operand:
    a, axis = (a.reshape(-1), 0) if axis is None else (a, axis)
    values = known(a)
    parted = np.partition(values, known(kth), axis)
    # Where NumPy puts the i-th smallest element: of a tie, the first comes first.
    ranks = np.argsort(np.argsort(parted, axis, kind="stable"), axis, kind="stable")
    order = np.take_along_axis(np.argsort(values, axis, kind="stable"), ranks, axis)
    return laid_out_as(np.take_along_axis(a, order, axis=axis), a)


# -- laying out


@composite(np.matrix_transpose, np.linalg.matrix_transpose)
def _matrix_transpose(x: Operand, /) -> Operand:
    return x.mT


@composite(np.rollaxis)
def _rollaxis(a: Operand, axis: int, start: int = 0) -> Operand:
    axis = normalize_axis_index(axis, np.ndim(a))
    start = start + np.ndim(a) if start < 0 else start
    if not 0 <= start <= np.ndim(a):
        raise np.exceptions.AxisError(f"numpy.rollaxis: start={start} of {np.ndim(a)} axes")
    rest = [i for i in range(np.ndim(a)) if i != axis]
    rest.insert(start - 1 if axis < start else start, axis)
    return np.transpose(a, tuple(rest))


if hasattr(np, "unstack"):  # NumPy 2.1

    @composite(np.unstack)
    def _unstack(x: Operand, /, *, axis: int = 0) -> tuple[Operand, ...]:
        if np.ndim(x) == 0:
            raise ValueError("numpy.unstack needs an axis, and there is none")
        return tuple(np.moveaxis(x, axis, 0))


@composite(np.broadcast_arrays, always=True)
def _broadcast_arrays(*args: Operand, subok: bool = False) -> tuple[Operand, ...]:
    arrays = [operand(a) for a in args]
    shape = np.broadcast_shapes(*(a.shape for a in arrays))
    return tuple(a if a.shape == shape else np.broadcast_to(a, shape) for a in arrays)


@composite(np.meshgrid)
def _meshgrid(
    *xi: Operand, copy: bool = True, sparse: bool = False, indexing: str = "xy"
) -> tuple[Operand, ...]:
    if indexing not in ("xy", "ij"):
        raise ValueError(f"numpy.meshgrid: indexing={indexing!r} is neither 'xy' nor 'ij'")
    axes = list(range(len(xi)))
    if indexing == "xy" and len(xi) > 1:
        axes[:2] = 1, 0
    grids = [
        operand(x).reshape([-1 if k == axis else 1 for k in range(len(xi))])
        for x, axis in zip(xi, axes, strict=True)
    ]
    grids = grids if sparse else list(_broadcast_arrays(*grids))
    return tuple(grid.copy() if copy else grid for grid in grids)


@composite(np.ix_)
def _ix(*args: Operand) -> tuple[Operand, ...]:
    if any(np.ndim(a) != 1 for a in args):
        raise ValueError("numpy.ix_ takes arrays of one axis")
    plain = np.ix_(*(known(asarray(a)) for a in args))  # masks become places
    return tuple(
        asarray(a).reshape(p.shape) if asarray(a).dtype.kind in "fc" else wrap(p)
        for a, p in zip(args, plain, strict=True)
    )


@composite(np.diagflat)
def _diagflat(v: Operand, k: int = 0) -> Operand:
    return np.diag(operand(v).reshape(-1), k)


@composite(np.lib.stride_tricks.sliding_window_view)
def _sliding_window_view(
    x: Operand,
    window_shape: Any,
    axis: Any = None,
    *,
    subok: bool = False,
    writeable: bool = False,
) -> Operand:
    windows = np.lib.stride_tricks.sliding_window_view
    x, moved = operand(x), lambda array: windows(array, window_shape, axis)
    return gathered(moved, x) if is_lazy(unwrap(x)) else view_by(moved, x)


# -- sets: elements are found by their values, of equal ones the first


def first_places(x: Operand, values: Array) -> Array:
    """Where in x, in one axis, each of its `values` is first."""
    plain = np.asarray(known(x)).reshape(-1)
    order = np.argsort(plain, kind="stable")
    places = order[np.searchsorted(plain, values, sorter=order)]
    lost = np.isnan(values)
    places[lost] = np.flatnonzero(np.isnan(plain))[: np.sum(lost)]
    return places


def _among(x: Operand, values: Array) -> Operand:
    return operand(x).reshape(-1)[first_places(x, values)]


@composite(np.unique)
def _unique(
    ar: Operand, return_index: bool = False, return_inverse: bool = False,
    return_counts: bool = False, axis: int | None = None, **options: Any,
) -> Any:  # fmt: skip
    unique: Any = np.unique  # whose stubs have an overload for each choice
    _, first, *others = unique(known(ar), True, return_inverse, return_counts, axis, **options)
    ar = ar if axis is None else np.moveaxis(ar, axis, 0)
    values = np.take(ar, first, axis=axis and 0)
    values = values if axis is None else np.moveaxis(values, 0, axis)
    results = [values, *([wrap(first)] if return_index else []), *map(wrap, others)]
    return tuple(results) if len(results) > 1 else values


@composite(np.unique_values)
def _unique_values(x: Operand) -> Operand:
    return _among(x, np.unique_values(known(x)))


def _unique_several(fn: Any) -> Any:
    def found(x: Operand) -> Any:
        plain = wrap(fn(known(x)))
        return plain._replace(values=_among(x, known(plain.values)))

    return found


for _fn in (np.unique_all, np.unique_counts, np.unique_inverse):
    composite(_fn)(_unique_several(_fn))


@composite(np.union1d)
def _union1d(ar1: Operand, ar2: Operand) -> Operand:
    both = np.concatenate([ar1, ar2], axis=None)
    return _among(both, np.unique(known(both)))


@composite(np.setxor1d)
def _setxor1d(ar1: Operand, ar2: Operand, assume_unique: bool = False) -> Operand:
    both = np.concatenate([ar1, ar2], axis=None)
    return _among(both, np.setxor1d(known(operand(ar1)), known(operand(ar2)), assume_unique))


@composite(np.setdiff1d)
def _setdiff1d(ar1: Operand, ar2: Operand, assume_unique: bool = False) -> Operand:
    plain = [known(operand(a)) for a in (ar1, ar2)]
    if assume_unique:  # NumPy then keeps their order, and whatever is there twice
        return operand(ar1).reshape(-1)[~np.isin(plain[0].reshape(-1), plain[1])]
    return _among(ar1, np.setdiff1d(*plain))


@composite(np.intersect1d)
def _intersect1d(
    ar1: Operand, ar2: Operand, assume_unique: bool = False, return_indices: bool = False
) -> Any:
    plain, *places = np.intersect1d(
        known(operand(ar1)), known(operand(ar2)), assume_unique, return_indices=True
    )
    values = operand(ar1).reshape(-1)[places[0]]
    values = values.astype(plain.dtype)
    return (values, *map(wrap, places)) if return_indices else values


# -- functions that call functions


@composite(np.piecewise, always=True)
def _piecewise(
    x: Operand, condlist: Any, funclist: Sequence[Any], *args: Any, **kw: Any
) -> Operand:
    x, conditions = operand(x), known(condlist)
    if np.ndim(conditions) == 0 or (np.ndim(conditions[0]) == 0 and x.ndim != 0):
        conditions = [conditions]
    conditions = np.asarray(conditions, dtype=bool)
    if len(funclist) == len(conditions) + 1:
        conditions = np.concatenate([conditions, ~np.any(conditions, axis=0, keepdims=True)])
    if len(funclist) != len(conditions):
        raise ValueError(
            f"numpy.piecewise: {len(funclist)} functions for {len(conditions)} conditions"
        )
    y = np.zeros_like(x)
    for condition, function in zip(conditions, funclist, strict=True):
        if not callable(function):
            y = indexed_update(y, condition, function)
        elif (part := x[condition]).size:
            y = indexed_update(y, condition, function(part, *args, **kw))
    return y


@composite(np.apply_along_axis, always=True)
def _apply_along_axis(
    func1d: Callable[..., Any], axis: int, arr: Operand, *args: Any, **kwargs: Any
) -> Operand:
    arr = operand(arr)
    axis = normalize_axis_index(axis, arr.ndim)
    rows = np.moveaxis(arr, axis, -1)
    outer = rows.shape[:-1]
    if 0 in outer:
        raise ValueError("numpy.apply_along_axis: there is nothing to apply it to")
    rows = rows.reshape(-1, rows.shape[-1])
    found = np.stack([asarray(func1d(row, *args, **kwargs)) for row in rows])
    inner = found.shape[1:]
    found = found.reshape(*outer, *inner)
    n = len(outer)
    return np.moveaxis(found, range(n, n + len(inner)), range(axis, axis + len(inner)))


@composite(np.apply_over_axes, always=True)
def _apply_over_axes(func: Callable[..., Any], a: Operand, axes: Any) -> Operand:
    value: Operand = operand(a)
    for given in np.atleast_1d(axes).tolist():
        axis = normalize_axis_index(given, value.ndim)
        found = asarray(func(value, axis))
        value = found if found.ndim == value.ndim else np.expand_dims(found, axis)
    return value
