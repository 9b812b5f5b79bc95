"""Derivatives of what moves elements without changing them: reshaping, joining, splitting, padding.

Each is linear and its rule is the inverse movement; a place that was copied adds up.  It imports
core and layout only; indexing.py comes next.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.lib.array_utils import normalize_axis_index

from minigrad.core import (
    Array,
    Operand,
    Tensor,
    cast,
    common_dtype,
    composite,
    defvjp,
    operand,
    primitive,
    unsupported,
    unwrap,
)
from minigrad.ops.layout import gathered


@primitive
def reshape(x: Array, shape: Any, order: str = "C") -> Array:
    """np.reshape, for the orders that do not depend on how x lies in memory."""
    return np.reshape(x, shape, order=order)  # type: ignore[call-overload]  # order was checked


reshape.defvjp(lambda g, _y, x_shape, shape, order="C": np.reshape(g, x_shape, order=order))


@composite(np.reshape)
def _reshape(
    a: Operand, shape: Any = None, order: str = "C", newshape: Any = None, copy: Any = None
) -> Operand:
    if order not in ("C", "F"):
        raise ValueError(
            f"numpy.reshape of a tensor takes order 'C' or 'F', not {order!r}, "
            "which depends on how the array lies in memory"
        )
    return reshape(a, newshape if shape is None else shape, order)


@composite(np.ravel)
def _ravel(a: Operand, order: str = "C") -> Operand:
    flat = _reshape(a, -1, order)  # a view if it is contiguous, where reshape gives others, too
    flags = getattr(unwrap(flat), "flags", None)
    return flat if flags is None or flags.c_contiguous else np.copy(flat)


def inverse(axes: Sequence[int] | None) -> Any:
    """The permutation that undoes np.transpose(x, axes)."""
    return None if axes is None else tuple(np.argsort([a % len(axes) for a in axes]))


defvjp(np.transpose, lambda g, _y, _x, axes=None: np.transpose(g, inverse(axes)))
defvjp(
    np.moveaxis,
    lambda g, _y, _x, source=None, destination=None: np.moveaxis(g, destination, source),
)
defvjp(np.swapaxes, lambda g, _y, _x, axis1=None, axis2=None: np.swapaxes(g, axis1, axis2))
defvjp(np.squeeze, lambda g, _y, x_shape, _axis=None, **_: np.reshape(g, x_shape))
defvjp(np.expand_dims, lambda g, _y, x_shape, **_: np.reshape(g, x_shape))
defvjp(np.broadcast_to, lambda g, _y, _x, **_: g, broadcasts=True)
defvjp(np.flip, lambda g, _y, _x, axis=None: np.flip(g, axis))
defvjp(np.fliplr, lambda g, _y, _x: np.fliplr(g))
defvjp(np.flipud, lambda g, _y, _x: np.flipud(g))
defvjp(np.rot90, lambda g, _y, _x, k=1, axes=(0, 1): np.rot90(g, -k, axes))
defvjp(np.roll, lambda g, _y, _x, shift=0, axis=None: np.roll(g, np.negative(shift), axis))
defvjp(np.copy, lambda g, _y, _x, **_: g)
defvjp(cast, lambda g, _y, _x, _dtype: g)


@composite(np.atleast_1d)
def _atleast_1d(*arys: Operand) -> Any:
    return _each(arys, lambda a: a.reshape(1) if np.ndim(a) == 0 else a)


@composite(np.atleast_2d)
def _atleast_2d(*arys: Operand) -> Any:
    return _each(arys, lambda a: a.reshape(1, -1) if np.ndim(a) < 2 else a)


@composite(np.atleast_3d)
def _atleast_3d(*arys: Operand) -> Any:
    def raised(a: Operand) -> Operand:
        a = a.reshape(1, -1) if np.ndim(a) < 2 else a
        return a[..., None] if np.ndim(a) < 3 else a

    return _each(arys, raised)


def _each(arys: Sequence[Operand], raised: Any) -> Any:
    results = tuple(raised(operand(a)) for a in arys)
    return results[0] if len(results) == 1 else results


@primitive
def tiled(x: Array, reps: tuple[int, ...]) -> Array:
    """np.tile."""
    return np.tile(x, reps)


def tiled_vjp(g: Operand, _y: Operand, x_shape: tuple[int, ...], reps: tuple[int, ...]) -> Operand:
    """Adjoint of tiling: the sum of all tiles."""
    ndim = max(len(reps), len(x_shape))
    reps = (1,) * (ndim - len(reps)) + reps
    shape = (1,) * (ndim - len(x_shape)) + tuple(x_shape)
    tiles = g.reshape([n for pair in zip(reps, shape, strict=True) for n in pair])
    return tiles.sum(axis=tuple(range(0, 2 * ndim, 2))).reshape(x_shape)


tiled.defvjp(tiled_vjp, complex=True)


@composite(np.tile)
def _tile(A: Operand, reps: Any) -> Operand:
    return tiled(A, tuple(np.atleast_1d(reps).tolist()))


# -- joining and splitting


@primitive
def join(*arrays: Array, axis: int, starts: tuple[int, ...]) -> Array:
    """The arrays one after another along `axis`, where the i-th begins at starts[i]."""
    return np.concatenate(arrays, axis=axis)


def piece(x: Operand, axis: int, start: int | None, stop: int | None) -> Operand:
    """The elements of x from `start` to `stop` along an axis, counted from the first."""
    return x[(slice(None),) * axis + (slice(start, stop),)]


join.defvjp(each=lambda i, g, _y, *_xs, axis, starts: piece(g, axis, starts[i], starts[i + 1]))


@composite(np.concatenate)
def _concatenate(
    arrays: Sequence[Operand], axis: int | None = 0, dtype: Any = None, casting: Any = None
) -> Operand:
    tensors = [operand(a) for a in arrays]
    if axis is None:  # only then may there be Python numbers, which leave the others' dtype alone
        dtype = dtype or common_dtype(arrays)
        tensors, axis = [t.reshape(-1) for t in tensors], 0
    if dtype is not None:
        tensors = [t.astype(dtype) for t in tensors]
    axis = normalize_axis_index(axis, tensors[0].ndim)
    lengths = [t.shape[axis] if axis < t.ndim else 0 for t in tensors]  # join refuses what differs
    return join(*tensors, axis=axis, starts=(0, *np.cumsum(lengths).tolist()))


@primitive
def layers(*arrays: Array, axis: int) -> Array:
    """The arrays along a new axis: one node, where joining them takes one more for each."""
    return np.stack(arrays, axis)


layers.defvjp(each=lambda i, g, _y, *_xs, axis: g[(slice(None),) * axis + (i,)])


@composite(np.stack)
def _stack(
    arrays: Sequence[Operand], axis: int = 0, dtype: Any = None, casting: Any = None
) -> Operand:
    tensors = [operand(a) for a in arrays]
    if dtype is not None:
        tensors = [t.astype(dtype) for t in tensors]
    return layers(*tensors, axis=normalize_axis_index(axis, tensors[0].ndim + 1))


@composite(np.vstack)
def _vstack(tup: Sequence[Operand], dtype: Any = None, casting: Any = None) -> Operand:
    return _concatenate([_atleast_2d(a) for a in tup], 0, dtype)


@composite(np.hstack)
def _hstack(tup: Sequence[Operand], dtype: Any = None, casting: Any = None) -> Operand:
    arrays = [_atleast_1d(a) for a in tup]
    return _concatenate(arrays, 0 if arrays[0].ndim == 1 else 1, dtype)


@composite(np.dstack)
def _dstack(tup: Sequence[Operand]) -> Operand:
    return _concatenate([_atleast_3d(a) for a in tup], 2)


@composite(np.column_stack)
def _column_stack(tup: Sequence[Operand]) -> Operand:
    columns = [operand(a) for a in tup]
    return _concatenate([c.reshape(-1, 1) if c.ndim < 2 else c for c in columns], 1)


@composite(np.append)
def _append(arr: Operand, values: Operand, axis: int | None = None) -> Operand:
    return _concatenate([arr, values], axis)


@composite(np.block)
def _block(arrays: Any) -> Operand:
    def depth(nested: Any) -> int:
        return 1 + max(map(depth, nested)) if isinstance(nested, list) else 0

    def leaves(nested: Any) -> Any:
        return [t for n in nested for t in leaves(n)] if isinstance(nested, list) else [nested]

    def joined(nested: Any, axis: int) -> Operand:
        if not isinstance(nested, list):
            t = operand(nested)
            return t.reshape((1,) * (ndim - t.ndim) + t.shape)
        return _concatenate([joined(n, axis + 1) for n in nested], axis)

    ndim = max(depth(arrays), *(np.ndim(t) for t in leaves(arrays)))
    whole = joined(arrays, ndim - depth(arrays))
    return whole if isinstance(arrays, list) else np.copy(whole, order="C")


def _splitter(fn: Any, fixed_axis: int | None) -> Any:
    """NumPy's `fn`, which splits along an axis: run on the places along it, then applied to x."""

    def split(ary: Operand, indices_or_sections: Any, axis: int = 0) -> list[Operand]:
        axis = axis if fixed_axis is None else min(fixed_axis, np.ndim(ary) - 1)
        axis = normalize_axis_index(axis, np.ndim(ary))
        places = fn(np.arange(np.shape(ary)[axis]), indices_or_sections)
        ends = [(p[0], p[-1] + 1) if len(p) else (0, 0) for p in places]
        return [piece(ary, axis, *pair) for pair in ends]

    return split


for _fn, _whole, _axis in (
    (np.array_split, np.array_split, None),
    (np.split, np.split, None),
    (np.vsplit, np.split, 0),
    (np.hsplit, np.split, 1),
    (np.dsplit, np.split, 2),
):
    composite(_fn)(_splitter(_whole, _axis))


# -- padding


def inside(margins: tuple[tuple[int, int], ...], shape: tuple[int, ...]) -> tuple[slice, ...]:
    """The index of an array of `shape` within its margins."""
    return tuple(slice(m, m + n) for (m, _), n in zip(margins, shape, strict=True))


@primitive
def embed(x: Array, margins: tuple[tuple[int, int], ...], value: float) -> Array:
    """Give x margins of `value`, of the (before, after) widths given for each axis."""
    few = type(x) is np.ndarray and x.size < 10_000  # of which np.pad takes twice this time
    if not few or any(width < 0 for pair in margins for width in pair):
        return np.pad(x, margins, constant_values=value) if margins else x.copy()
    shape = [before + n + after for (before, after), n in zip(margins, x.shape, strict=True)]
    y = np.full(shape, value, x.dtype, "F" if x.flags.fnc else "C")
    y[inside(margins, x.shape)] = x
    return y


embed.defvjp(lambda g, _y, x_shape, margins, _value: g[inside(margins, x_shape)])


@composite(np.pad)
def _pad(array: Operand, pad_width: Any, mode: Any = "constant", **options: Any) -> Operand:
    if mode in ("edge", "reflect", "symmetric", "wrap") and options.get("reflect_type") != "odd":
        if np.ndim(array) == 0:  # an array, and not the number that is in it
            return np.copy(array)
        return gathered(lambda places: np.pad(places, pad_width, mode, **options), array)
    value = options.get("constant_values", 0)
    if isinstance(value, Tensor):
        raise unsupported(np.pad, "constant_values", "as a Tensor")
    if mode != "constant" or np.ndim(value) != 0 or isinstance(pad_width, dict):
        raise TypeError(
            f"numpy.pad with mode {mode!r} and {options} has no derivative in minigrad; "
            "build the margins and join them with np.concatenate"
        )
    margins = np.broadcast_to(pad_width, (np.ndim(array), 2)).tolist()
    return embed(array, tuple(map(tuple, margins)), value)
