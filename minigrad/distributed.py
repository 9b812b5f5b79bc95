"""Tensors of Dask arrays: how the operations run that NumPy's dispatch does not bring to Dask.

A Tensor may hold a `dask.array`: forward and backward then plan what `compute` runs, on threads,
processes or a cluster.  LAZY has, for an operation, the function that does the same on Dask arrays;
what has none there is called as it is, and refused where it would compute.  It imports core and
ops, and Dask only when asked: the extra `dask` installs it.  docs/dask.md says what scales.
"""

from __future__ import annotations

import importlib
import math
import operator
import sys
from collections.abc import Iterable
from typing import Any

import numpy as np

from minigrad.core import (
    LAZY,
    Array,
    Axis,
    ChunkedShape,
    Tensor,
    cast,
    holds_lazy,
    indexed_update,
    is_lazy,
    unwrap,
)
from minigrad.ops import creation, indexing, reductions, shaping


def dask(module: str = "dask") -> Any:
    """Dask, or a module of it."""
    try:
        return importlib.import_module(module)
    except ImportError as error:
        raise ImportError(
            f"minigrad.compute needs Dask ({error}); try: pip install 'minigrad[dask]'"
        ) from error


def compute(*values: Any, **options: Any) -> tuple[Any, ...]:
    """Compute Dask arrays, and Tensors of them, in one pass: what they have in common runs once.

    Parameters
    ----------
    *values : Tensor, dask.array, or anything else
        What is in memory already is passed on.
    **options
        Those of `dask.compute`, such as `scheduler`.

    Returns
    -------
    tuple
        For each Tensor one in memory, outside the graph; for each Dask array a NumPy array.

    Raises
    ------
    ImportError
        If Dask is not installed.

    Examples
    --------
    >>> import dask.array as da, minigrad as mg
    >>> x = mg.asarray(da.arange(6.0, chunks=2)).requires_grad_()
    >>> loss = (x * x).sum()
    >>> loss.backward()
    >>> mg.compute(loss, x.grad)
    (tensor(55.), tensor([ 0.,  2.,  4.,  6.,  8., 10.]))

    """
    arrays = [unwrap(value) if isinstance(value, Tensor) else value for value in values]
    return tuple(
        Tensor(array) if isinstance(value, Tensor) else array
        for value, array in zip(values, dask().compute(*arrays, **options), strict=True)
    )


def compute_gradients(params: Iterable[Tensor]) -> None:
    """Bring gradients that are Dask arrays into memory, all in one pass."""
    if "dask.array" in sys.modules:
        lazy = [p for p in params if p.grad is not None and is_lazy(unwrap(p.grad))]
        gradients = compute(*(p.grad for p in lazy)) if lazy else ()
        for p, gradient in zip(lazy, gradients, strict=True):
            p.grad = gradient


def zeros(shape: tuple[int, ...], dtype: Any) -> Array:
    """A Dask array of zeros, in the chunks of `shape` if it has them."""
    chunks = shape.chunks if isinstance(shape, ChunkedShape) else "auto"
    return dask("dask.array").zeros(shape, dtype=dtype, chunks=chunks)


def spread(g: Array, shape: tuple[int, ...]) -> Array:
    """np.broadcast_to in the chunks of `shape`: element by element, so that Dask fuses it."""
    elemwise = dask("dask.array.core").elemwise
    return elemwise(_like, g, zeros(shape, bool), dtype=g.dtype)


def _like(g: Array, y: Array) -> Array:
    return np.broadcast_to(g, np.shape(y))


def reshape(x: Array, shape: Any, order: str = "C", **_: Any) -> Array:
    """np.reshape, where Dask knows the order of C alone."""
    shape = (shape,) if isinstance(shape, int) else tuple(shape)
    return x.reshape(shape) if order == "C" else x.T.reshape(shape[::-1]).T


def getitem(x: Array, index: Any) -> Array:
    """x[index], where Dask knows no arrays without axes for numbers."""
    parts = index if isinstance(index, tuple) else (index,)
    return x[tuple(operator.index(i) if _is_number(i) else i for i in parts)]


def _is_number(i: Any) -> bool:
    return isinstance(i, np.ndarray) and i.ndim == 0 and i.dtype.kind in "iu"


def scatter(g: Array, index: Any, shape: tuple[int, ...]) -> Array:
    """Zeros, with `g` at `index`."""
    return update(zeros(shape, g.dtype), index, g)


def update(x: Array, index: Any, value: Any) -> Array:
    """The indexed update; new axes of the index are none of x's."""
    if indexing.may_repeat(index) or holds_lazy(index):
        raise NotImplementedError("no arrays of places in the index, which may name one twice")
    da = dask("dask.array")
    kept = tuple(i for i in (index if isinstance(index, tuple) else (index,)) if i is not None)
    target = np.broadcast_to(False, x.shape)[kept].shape  # takes no memory
    y, value = da.asarray(x).copy(), da.asarray(value)
    if math.prod(target):
        y[kept or ...] = value.reshape(target) if value.size == math.prod(target) else value
    return y


def logsumexp(x: Array, axis: Axis = None, keepdims: bool = False) -> Array:
    """One task a chunk, where no chunk ends within `axis`; else what the function itself plans."""
    x, axes = reductions.floating(x), reductions.axes_of(axis, x.shape)
    if any(len(x.chunks[i]) > 1 for i in axes):
        return NotImplemented
    every = range(x.ndim)
    kept = [i for i in every if keepdims or i not in axes]
    return dask("dask.array").blockwise(
        _logsumexp, kept, x, every, axis=axes, keepdims=keepdims, concatenate=True,
        adjust_chunks=dict.fromkeys(axes, 1) if keepdims else None,
        dtype=x.dtype, meta=np.empty((0,) * len(kept), x.dtype),
    )  # fmt: skip


def _logsumexp(x: Array, axis: Axis, keepdims: bool) -> Array:
    return reductions.logsumexp.forward(x, axis, keepdims)


def between(start: Array, stop: Array, num: int, endpoint: bool) -> Array:
    """Means of both, where NumPy asks for the numbers first."""
    share = creation.of_stop(num, endpoint, max(start.ndim, stop.ndim), start.dtype)
    return start * (1 - share) + stop * share


def pick(x: Array, labels: Array) -> Array:
    """The same in each chunk of rows, with all of its columns."""
    da = dask("dask.array")
    x, labels = da.asarray(x).rechunk({1: -1}), da.asarray(labels)
    return da.blockwise(
        _pick, "i", x, "ij", labels, "i",
        concatenate=True, dtype=x.dtype, meta=np.empty(0, x.dtype),
    )  # fmt: skip


def _pick(x: Array, labels: Array) -> Array:
    indexing.check_labels(labels, x.shape[1])
    return indexing.pick.forward(x, labels)


def place(g: Array, labels: Array, columns: int) -> Array:
    """The same in each chunk of rows."""
    da = dask("dask.array")
    g, labels = da.asarray(g), da.asarray(labels)
    if columns == 1:  # Dask would not see that the new axis may be broadcast
        return g[:, None]
    return da.blockwise(
        _place, "ij", g, "i", labels, "i",
        columns=columns, new_axes={"j": columns}, dtype=g.dtype, meta=np.empty((0, 0), g.dtype),
    )  # fmt: skip


def _place(g: Array, labels: Array, columns: int) -> Array:
    return indexing.place.forward(g, labels, columns)


LAZY.update(
    {
        # what says nothing of numbers
        np.shape: lambda a: a.shape,
        np.ndim: lambda a: a.ndim,
        np.size: lambda a, axis=None: np.size(np.broadcast_to(False, a.shape), axis),
        np.copy: lambda a, **_: a.copy(),
        np.amax: np.max,
        np.amin: np.min,
        np.reshape: reshape,
        shaping.reshape: reshape,
        creation.between: between,
        cast: lambda x, dtype: x.astype(dtype),
        operator.getitem: getitem,
        reductions.logsumexp: logsumexp,
        reductions.spread: spread,
        indexing.scatter: scatter,
        indexing.pick: pick,
        indexing.place: place,
        indexed_update: update,
    }
)
