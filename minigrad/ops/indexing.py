"""Derivatives of taking elements out of an array and putting them in.

`x[index]` and `scatter` are a pair, each the other's derivative, so that no sparse gradient is
needed.  What gathers by computed indices (take, sort) is built from them.  It imports core and
layout only; linalg.py comes next.
"""

import math
import operator
from typing import Any

import numpy as np
from numpy.lib.array_utils import normalize_axis_index, normalize_axis_tuple

from minigrad.core import (
    Array,
    Axis,
    Operand,
    Tensor,
    composite,
    defvjp,
    indexed_update,
    is_lazy,
    primitive,
    taken_out,
    unwrap,
    view_by,
)
from minigrad.ops.layout import laid_out_as


def may_repeat(index: Any) -> bool:
    """Whether `index` may name an element twice: it holds integer arrays, not only slices."""
    parts = index if isinstance(index, tuple) else (index,)
    return any(
        isinstance(p, (list, np.ndarray)) and np.asarray(p).dtype.kind in "iu" for p in parts
    )


@primitive
def scatter(g: Array, index: Any, shape: tuple[int, ...]) -> Array:
    """Adjoint of x[index] for x of `shape`: zeros, with `g` added at `index`."""
    y = np.zeros(shape, dtype=np.asarray(g).dtype)
    if may_repeat(index):
        np.add.at(y, index, g)
    else:
        y[index] = g
    return y


defvjp(operator.getitem, lambda g, _y, x_shape, index: scatter(g, index, x_shape))
scatter.defvjp(lambda g, _y, _x, index, _shape: g[index])


def to_both(g: Operand, lower: Array, upper: Array, share: Operand, n: int) -> Operand:
    """Adjoint of (1 - share) * x[lower] + share * x[upper], for x of n elements."""
    return scatter(g * (1 - share), lower, (n,)) + scatter(g * share, upper, (n,))


def check_labels(labels: Array, classes: int) -> None:
    """Refuse class indices that are out of range: a negative one would count from the last."""
    # As an unsigned number a negative index is a large one: both bounds in one comparison.
    if labels.size and labels.view(f"u{labels.itemsize}").max() >= classes:
        raise ValueError(
            f"cross_entropy: class indices go from 0 to {classes - 1} here, and the target has "
            f"{labels.min()} to {labels.max()}"
        )


@primitive
def pick(x: Array, labels: Array) -> Array:
    """x[i, labels[i]] for each row i of a matrix: a gather that names no element twice."""
    return x[np.arange(len(labels)), labels]


@primitive
def place(g: Array, labels: Array, columns: int) -> Array:
    """Adjoint of pick: a matrix of zeros, but for g[i] at [i, labels[i]]."""
    y = np.zeros((len(labels), columns), g.dtype)
    y[np.arange(len(labels)), labels] = g
    return y


pick.defvjp(lambda g, _y, x_shape, labels: place(g, labels, x_shape[1]))
place.defvjp(lambda g, _y, _x, labels, _columns: pick(g, labels))


def last_writes(shape: tuple[int, ...], index: Any) -> Array:
    """Which elements of v survive in x after x[index] = v: the last one written to a place."""
    slots = np.zeros(shape, dtype=int)
    writes = np.arange(slots[index].size).reshape(slots[index].shape)
    slots[index] = writes
    return slots[index] == writes


def written(g: Operand, index: Any, value_shape: tuple[int, ...], where: Any) -> Operand:
    """Derivative of the indexed update by the value written."""
    if where is not None:
        g = taken_out(g, where)
    taken = g[index]
    if may_repeat(index):
        taken = np.where(last_writes(np.shape(g), index), taken, 0)
    extra = len(value_shape) - taken.ndim  # NumPy lets a value have more leading ones
    return taken.reshape((1,) * extra + np.shape(taken)) if extra > 0 else taken


defvjp(
    indexed_update,
    lambda g, _y, _x, index, _value, where=None: indexed_update(g, index, 0, where),
    None,
    lambda g, _y, _x, index, value_shape, where=None: written(g, index, value_shape, where),
)


@primitive
def taken(x: Array, indices: Array, axis: int) -> Array:
    """x[index] for `indices` along an axis, in C order whatever the order of x."""
    return np.take(x, indices, axis)


def along(axis: int, indices: Array) -> tuple[Any, ...]:
    """The index of what np.take takes."""
    return (*(slice(None),) * axis, indices)


taken.defvjp(
    lambda g, _y, x_shape, indices, axis: scatter(g, along(axis, indices), x_shape), complex=True
)


@composite(np.take)
def _take(a: Operand, indices: Any, axis: int | None = None, mode: str = "raise") -> Operand:
    if axis is None or np.ndim(a) == 0:
        a, axis = a.reshape(-1), 0 if axis is None else axis
    axis = normalize_axis_index(axis, np.ndim(a))
    n, indices = np.shape(a)[axis], np.asarray(indices)
    if mode != "raise":
        indices = indices % n if mode == "wrap" else np.clip(indices, 0, n - 1)
    return taken(a, indices, axis)


@composite(np.take_along_axis)
def _take_along_axis(arr: Operand, indices: Any, axis: int | None = -1) -> Operand:
    if axis is None:
        arr, axis = arr.reshape(-1), 0
    axis = normalize_axis_index(axis, np.ndim(arr))
    indices = np.asarray(indices)
    shape = np.shape(arr)
    index: list[Any] = list(np.ix_(*(range(n) for n in shape)))
    index[axis] = indices
    return arr[tuple(index)]


@composite(np.repeat)
def _repeat(a: Operand, repeats: Any, axis: int | None = None) -> Operand:
    n = np.size(a) if axis is None or np.ndim(a) == 0 else np.shape(a)[axis]
    return _take(a, np.repeat(np.arange(n), np.asarray(repeats)), axis)


@composite(np.sort)
def _sort(a: Operand, axis: int | None = -1, kind: Any = None, *, stable: Any = None) -> Operand:
    order = np.argsort(a.numpy(), axis=axis, kind="stable")  # of a tie, the first comes first
    return laid_out_as(_take_along_axis(a, order, axis), a)


def _running_extremum(ufunc: np.ufunc, beats: np.ufunc) -> Any:
    """The largest or smallest element so far: of a tie, the first."""

    def accumulated(array: Operand, axis: int = 0, dtype: Any = None) -> Operand:
        values = np.moveaxis(array.numpy(), axis, -1)
        so_far = ufunc.accumulate(values, axis=-1)
        new = np.ones(values.shape, bool)
        new[..., 1:] = beats(values[..., 1:], so_far[..., :-1])
        new[..., 1:] |= np.isnan(so_far[..., 1:]) & ~np.isnan(so_far[..., :-1])
        places = np.where(new, np.arange(values.shape[-1]), 0)
        found = np.maximum.accumulate(places, axis=-1)
        chosen = _take_along_axis(array, np.ascontiguousarray(np.moveaxis(found, -1, axis)), axis)
        chosen = laid_out_as(chosen, array)
        return chosen if dtype is None else chosen.astype(dtype)

    return accumulated


composite(np.maximum.accumulate)(_running_extremum(np.maximum, np.greater))
composite(np.minimum.accumulate)(_running_extremum(np.minimum, np.less))


def in_rows(a: Operand, axis: Axis) -> Operand:
    """`a` with the axes to reduce over joined into one, which is last."""
    if type(axis) is int and axis in (-1, np.ndim(a) - 1):
        return a
    axes = tuple(range(np.ndim(a))) if axis is None else axis
    axes = normalize_axis_tuple(axes, np.ndim(a))
    rest = [i for i in range(np.ndim(a)) if i not in axes]
    n = math.prod(np.shape(a)[i] for i in axes)
    return np.transpose(a, (*rest, *axes)).reshape((*(np.shape(a)[i] for i in rest), n))


@composite(np.diagonal)
def _diagonal(a: Operand, offset: int = 0, axis1: int = 0, axis2: int = 1) -> Operand:
    if isinstance(a, Tensor) and not is_lazy(unwrap(a)):
        return view_by(lambda x: np.diagonal(x, offset, axis1, axis2), a)
    a = np.moveaxis(a, (axis1, axis2), (-2, -1))
    rows, columns = np.shape(a)[-2:]
    start = max(-offset, 0), max(offset, 0)
    n = max(min(rows - start[0], columns - start[1]), 0)
    return a[..., start[0] + np.arange(n), start[1] + np.arange(n)]


@composite(np.diag)
def _diag(v: Operand, k: int = 0) -> Operand:
    if np.ndim(v) == 2:
        return _diagonal(v, k)
    if np.ndim(v) != 1:
        raise ValueError(f"numpy.diag takes a vector or a matrix, not shape {np.shape(v)}")
    n = np.arange(np.size(v))
    size = np.size(v) + abs(k)
    return scatter(v, (n + max(-k, 0), n + max(k, 0)), (size, size))


@composite(np.trace)
def _trace(
    a: Operand, offset: int = 0, axis1: int = 0, axis2: int = 1, dtype: Any = None
) -> Operand:
    return np.sum(_diagonal(a, offset, axis1, axis2), axis=-1, dtype=dtype)


def _lower(m: Operand, k: int) -> Array:
    """Where `m` has elements on or below its k-th diagonal."""
    rows, columns = np.shape(m)[-2:] if np.ndim(m) > 1 else np.shape(m) * 2
    return np.tri(rows, columns, k, bool)


@composite(np.tril)
def _tril(m: Operand, k: int = 0) -> Operand:
    return np.where(_lower(m, k), m, 0)


@composite(np.triu)
def _triu(m: Operand, k: int = 0) -> Operand:
    return np.where(_lower(m, k - 1), 0, m)
