"""Derivatives of sums, means, extrema and running totals: what makes one number of many.

The theorem behind most of it is `expand`: the adjoint of summing over an axis gives every summand
the cotangent of its sum.  It imports core, elementwise and layout only; shaping.py comes next.
"""

import functools
import math
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.lib.array_utils import normalize_axis_index, normalize_axis_tuple

from minigrad.core import (
    DOUBLE,
    SHORTCUTS,
    SINGLE,
    Array,
    Axis,
    Operand,
    as_array,
    composite,
    defvjp,
    operand,
    primitive,
)
from minigrad.ops.elementwise import conj, ratio
from minigrad.ops.layout import laid_out_as


def restore(g: Operand, shape: tuple[int, ...], axis: Axis, keepdims: bool) -> Operand:
    """`g`, a result over `axis` of an array of `shape`, with the lost axes back at length one."""
    if keepdims or axis is None or not shape:
        return g
    if type(axis) is int:
        axis %= len(shape)
        return g.reshape((*shape[:axis], 1, *shape[axis + 1 :]))
    axes = axes_of(axis, shape)
    return g.reshape([1 if i in axes else n for i, n in enumerate(shape)])


def expand(g: Operand, shape: tuple[int, ...], axis: Axis, keepdims: bool) -> Operand:
    """Adjoint of summing an array of `shape` over `axis`: each summand gets its sum's cotangent."""
    return spread(restore(g, shape, axis, keepdims), shape)


@primitive(broadcasts=True)
def spread(g: Array, shape: tuple[int, ...]) -> Array:
    """np.broadcast_to, in a fifth of its time for a single number."""
    if g.ndim == 0 and isinstance(g, (np.ndarray, np.generic)):
        return np.ndarray(shape, g.dtype, np.asarray(g), strides=(0,) * len(shape))
    return np.broadcast_to(g, shape)


spread.defvjp(lambda g, _y, _x, _shape: g)


def axes_of(axis: Axis, shape: tuple[int, ...]) -> tuple[int, ...]:
    """The axes that `axis` names, counted from the first; an array without any may be given one."""
    if not shape:
        return ()
    return normalize_axis_tuple(range(len(shape)) if axis is None else axis, len(shape))


def count(shape: tuple[int, ...], axis: Axis) -> int:
    """How many elements of an array of `shape` one result over `axis` is made of."""
    if axis is None:
        return math.prod(shape)
    return math.prod(shape[i] for i in axes_of(axis, shape))


def one_over(n: float) -> float:
    """1 / n as a Python number, which leaves any dtype as it is (a large n is inf in float16)."""
    return 1 / n if n else math.inf


def only(g: Operand, where: Any) -> Operand:
    """`g` for the elements that a reduction took, and 0 for those that it left out."""
    return g if where is True else np.where(where, g, 0)


def one_over_free(
    shape: tuple[int, ...], axis: Axis, where: Any, dtype: Any, lost: float = 0
) -> Any:
    """1 / (n - lost), where each result is of n elements; 0 for elements that are left out."""
    if where is True:
        return one_over(count(shape, axis) - lost)
    n = np.sum(np.broadcast_to(where, shape), axis=axis, keepdims=True)
    return only(1 / (n - lost), where).astype(dtype)


def extremum(
    g: Operand, y: Operand, x: Operand, axis: Axis = None, keepdims: bool = False,
    where: Any = True, initial: Any = None,
) -> Operand:  # fmt: skip
    """Derivative of a maximum or minimum y over `axis`: tied elements share it evenly."""
    g, y = (restore(a, np.shape(x), axis, keepdims) for a in (g, y))
    hit = ((x == y) | (np.isnan(x) & np.isnan(y))) & where
    ties = np.sum(hit, axis=axis, keepdims=True)
    if initial is not None:  # one more element, which is a constant
        ties = ties + ((y == initial) | (np.isnan(y) & np.isnan(initial)))
    return np.where(hit, g, 0) / ties.astype(g.dtype)


def has_short_rows(x: Array) -> bool:
    """Whether x has many rows, of a few numbers that lie side by side."""
    many = x.size > 2000 and x.ndim > 1 and x.dtype in (SINGLE, DOUBLE)
    return many and 1 < x.shape[-1] < 8 and x.flags.c_contiguous


def sum_of(x: Array, axis: Axis = None, **options: Any) -> Array:
    """np.sum without its layers of Python, which take most of its time for a few numbers.

    Of many rows of two to seven numbers, columns are added one after the other, as NumPy adds the
    numbers of a row: the same bits in a fifth of the time.
    """
    if axis == -1 and not options and type(x) is np.ndarray and has_short_rows(x):
        y = x[..., 0] + 0  # a sum of -0.0 is 0.0
        for i in range(1, x.shape[-1]):
            y += x[..., i]
        return y
    return x.sum(axis=axis, **options)


def mean_of(x: Array, axis: Axis = None, **options: Any) -> Array:
    """np.mean, likewise; it has more to do for other dtypes than these."""
    plain = not ("dtype" in options or "where" in options)
    if not plain or x.dtype not in (np.float32, np.float64) or 0 in (x.size, x.ndim):
        return np.mean(x, axis=axis, **options)
    return x.sum(axis=axis, **options) / count(x.shape, axis)


SHORTCUTS.update({np.sum: sum_of, np.mean: mean_of})
defvjp(
    np.sum,
    lambda g, _y, x_shape, axis=None, keepdims=False, where=True, initial=0: only(
        expand(g, x_shape, axis, keepdims), where
    ),
)


def mean_vjp(
    g: Operand, _y: Operand, x_shape: Any, axis: Axis = None, keepdims: bool = False,
    where: Any = True,
) -> Operand:  # fmt: skip
    """Derivative of a mean: 1 / n."""
    if where is True:
        n = count(x_shape, axis) or 1  # of none there is no gradient
        return expand(g * one_over(n), x_shape, axis, keepdims)
    share = one_over_free(x_shape, axis, where, g.dtype)
    return expand(g, x_shape, axis, keepdims) * share


defvjp(np.mean, mean_vjp)
for _extremum in dict.fromkeys((np.max, np.amax, np.min, np.amin, np.nanmax, np.nanmin)):
    defvjp(_extremum, extremum)


# -- spread


def _centred(x: Operand, axis: Axis, where: Any, mean: Any) -> Operand:
    """What x has beyond its mean, or the `mean` given; 0 for the elements that are left out."""
    if where is True:
        return x - (np.mean(x, axis=axis, keepdims=True) if mean is None else mean)
    x = np.where(where, x, 0)  # a nan there must not meet a cotangent of 0
    return only(
        x - (np.mean(x, axis=axis, keepdims=True, where=where) if mean is None else mean), where
    )


def _over_freedom(x: Operand, axis: Axis, ddof: float, correction: float | None, where: Any) -> Any:
    lost = ddof if correction is None else correction
    return one_over_free(np.shape(x), axis, where, x.dtype, lost)


def _real(g: Operand) -> Operand:
    """`g`, of a result that is real, though it may have been asked for in a complex dtype."""
    return np.real(g) if g.dtype.kind == "c" else g


def var_vjp(
    g: Operand, _y: Operand, x: Operand, axis: Axis = None, ddof: float = 0,
    keepdims: bool = False, correction: float | None = None, where: Any = True, mean: Any = None,
) -> Operand:  # fmt: skip
    """Derivative of the variance: 2 (x - mean) / n."""
    g = restore(_real(g), np.shape(x), axis, keepdims)
    centred = conj(_centred(x, axis, where, mean))
    return g * centred * (2 * _over_freedom(x, axis, ddof, correction, where))


def std_vjp(
    g: Operand, y: Operand, x: Operand, axis: Axis = None, ddof: float = 0,
    keepdims: bool = False, correction: float | None = None, where: Any = True, mean: Any = None,
) -> Operand:  # fmt: skip
    """Derivative of the standard deviation y: (x - mean) / (n y), and 0 where y is 0."""
    g, y = (restore(_real(a), np.shape(x), axis, keepdims) for a in (g, y))
    centred = conj(_centred(x, axis, where, mean))
    return g * ratio(centred * _over_freedom(x, axis, ddof, correction, where), y)


defvjp(np.var, var_vjp)
defvjp(np.std, std_vjp)


@composite(np.ptp)
def _ptp(a: Operand, axis: Axis = None, keepdims: bool = False) -> Operand:
    return np.max(a, axis=axis, keepdims=keepdims) - np.min(a, axis=axis, keepdims=keepdims)


# -- running totals and products


def _flat(x: Operand, axis: int | None) -> tuple[Operand, int]:
    """What a running total of no axis, or of no array, means to NumPy: the elements in one axis."""
    return (x.reshape(-1), 0) if axis is None or np.ndim(x) == 0 else (x, axis)


@primitive
def running_sum(x: Array, axis: int, back: bool = False) -> Array:
    """np.cumsum along one axis, or the other way along it, `back` from its end."""
    if not back:
        return np.cumsum(x, axis=axis)
    if type(x) is not np.ndarray:
        return np.flip(np.cumsum(np.flip(x, axis), axis=axis), axis)
    y = np.empty_like(x)  # filled from its end on: in half the time of turning the result round
    np.cumsum(np.flip(x, axis), axis=axis, out=np.flip(y, axis))
    return y


running_sum.defvjp(lambda g, _y, _x, axis, back=False: running_sum(g, axis, not back))


@primitive
def running_product(x: Array, axis: int) -> Array:
    """np.cumprod along one axis."""
    return np.cumprod(x, axis=axis)


def _shifted(x: Operand, steps: int, fill: float) -> Operand:
    """Move x on by `steps` along the last axis (back, where negative), and `fill` the gap."""
    n = np.shape(x)[-1]
    k = min(abs(steps), n)
    filling = np.full((*np.shape(x)[:-1], k), fill, dtype=x.dtype)
    return np.concatenate(
        [filling, x[..., : n - k]] if steps > 0 else [x[..., k:], filling], axis=-1
    )


def running_product_vjp(g: Operand, _y: Operand, x: Operand, axis: int) -> Operand:
    """Derivative of y_j = x_1 ... x_j, with no division, so that it is right where x is 0.

    By x_i it is (x_1 ... x_{i-1}) s_i with s_i = g_i + x_{i+1} s_{i+1}: a recurrence that is
    solved in log2(n) steps, each of which composes every map of the recurrence with the one that
    lies `step` further on.
    """
    g, x = np.moveaxis(g, axis, -1), np.moveaxis(x, axis, -1)
    before = running_product(_shifted(x, 1, 1), -1)
    factor, s, step = _shifted(x, -1, 0), g, 1
    while step < np.shape(x)[-1]:
        s = s + factor * _shifted(s, -step, 0)
        factor = factor * _shifted(factor, -step, 0)
        step *= 2
    return np.moveaxis(before * s, -1, axis)


running_product.defvjp(running_product_vjp)


@composite(np.cumsum)
def _cumsum(a: Operand, axis: int | None = None, dtype: Any = None) -> Operand:
    return running_sum(*_flat(a if dtype is None else a.astype(dtype), axis))


@composite(np.cumprod)
def _cumprod(a: Operand, axis: int | None = None, dtype: Any = None) -> Operand:
    return running_product(*_flat(a if dtype is None else a.astype(dtype), axis))


if hasattr(np, "cumulative_sum"):  # NumPy 2.1

    def _cumulative(whole: Callable[..., Any], first: int) -> Callable[..., Any]:
        def cumulative(
            x: Operand, /, *, axis: int | None = None, dtype: Any = None,
            include_initial: bool = False,
        ) -> Operand:  # fmt: skip
            x = np.atleast_1d(x)
            if axis is None and x.ndim > 1:
                raise ValueError(f"give an axis for more than one, as of shape {x.shape}")
            axis = normalize_axis_index(0 if axis is None else axis, x.ndim)
            y = whole(x, axis=axis, dtype=dtype)
            if not include_initial:
                return y
            shape = (*x.shape[:axis], 1, *x.shape[axis + 1 :])
            initial = laid_out_as(np.full(shape, first, y.dtype), y)
            return np.concatenate([initial, y], axis=axis)

        return cumulative

    composite(np.cumulative_sum)(_cumulative(np.cumsum, 0))
    composite(np.cumulative_prod)(_cumulative(np.cumprod, 1))


def prod_vjp(
    g: Operand, y: Operand, x: Operand, axis: Axis = None, keepdims: bool = False,
    where: Any = True, initial: Any = None,
) -> Operand:  # fmt: skip
    """Derivative of a product: the product of the other factors, without division by a zero."""
    shape = np.shape(x)
    if type(y) is np.ndarray and all_normal(y):  # in a third of the time of what follows
        g, y = (restore(a, shape, axis, keepdims) for a in (g, y))
        return only(g * (y / x), where)
    x = x if where is True else np.where(where, x, 1)
    g = g if initial is None else g * initial
    axes = axes_of(axis, shape)
    last = tuple(range(len(shape) - len(axes), len(shape)))
    moved = np.moveaxis(x, axes, last)
    rows = moved.reshape((*np.shape(moved)[: len(shape) - len(axes)], count(shape, axes)))
    before = running_product(_shifted(rows, 1, 1), -1)
    after = np.flip(running_product(_shifted(np.flip(rows, -1), 1, 1), -1), -1)
    others = np.moveaxis((before * after).reshape(np.shape(moved)), last, axes)
    return only(restore(g, shape, axis, keepdims) * others, where)


def all_normal(y: Array) -> bool:
    """Whether no number is 0, infinite, nan, or so small that it has lost digits."""
    size = np.abs(y)
    return bool(np.all((size >= np.finfo(y.dtype).tiny) & (size < np.inf)))


defvjp(np.prod, prod_vjp)


# -- averages


@composite(np.average)
def _average(
    a: Operand,
    axis: Axis = None,
    weights: Operand = None,
    returned: bool = False,
    *,
    keepdims: bool = False,
) -> Operand:
    if weights is None:
        mean = np.mean(a, axis=axis, keepdims=keepdims)
        total: Operand = np.asarray(count(np.shape(a), axis), mean.dtype)
    else:
        a, weights = operand(a), operand(weights)
        if np.shape(weights) != np.shape(a):  # then they lie along the given axes
            shape = np.shape(a)
            axes = () if axis is None else axes_of(axis, shape)
            if not axes or np.shape(weights) != tuple(shape[i] for i in axes):
                raise ValueError(
                    f"numpy.average: weights of shape {np.shape(weights)} do not lie along axis "
                    f"{axis} of shape {shape}"
                )
            others = tuple(i for i in range(len(shape)) if i not in axes)
            weights = np.expand_dims(np.transpose(weights, np.argsort(axes)), others)
        weights = np.broadcast_to(weights, np.shape(a))
        total = np.sum(weights, axis=axis, keepdims=keepdims)
        if np.any(total == 0):
            raise ZeroDivisionError("numpy.average: the weights sum to zero")
        mean = np.sum(a * weights, axis=axis, keepdims=keepdims) / total
    return (mean, np.broadcast_to(total, np.shape(mean))) if returned else mean


# -- log-sum-exp and its kin


def floating(x: Any) -> Array:
    """`x` as a floating array."""
    x = as_array(x)
    return x if x.dtype.kind == "f" else x.astype(float)


def finite(m: Operand) -> Operand:
    """`m`, but for infinities, which cannot be subtracted: the largest finite number for them."""
    lowest, highest = bounds(m.dtype)
    return np.maximum(np.minimum(m, highest), lowest)


@functools.cache
def bounds(dtype: np.dtype[Any]) -> tuple[Array, Array]:
    """The lowest and the highest finite number of `dtype`."""
    info = np.finfo(dtype)
    return np.asarray(info.min), np.asarray(info.max)


@primitive
def logsumexp(x: Array, axis: Axis = None, keepdims: bool = False) -> Array:
    """log(sum(exp(x))) over `axis`, without overflow for large |x|.

    Parameters
    ----------
    x : array_like or Tensor
        Real numbers of any shape.
    axis : int, tuple of int or None
        What to sum over; everything, if None.
    keepdims : bool
        Keep the summed axes, with length one.

    Returns
    -------
    ndarray or Tensor
        In the dtype of x.

    Examples
    --------
    >>> import minigrad as mg
    >>> x = mg.tensor([1000.0, 1000.0], requires_grad=True)
    >>> y = mg.logsumexp(x)
    >>> y
    tensor(1000.69314718, requires_grad=True)
    >>> y.backward()
    >>> x.grad
    tensor([0.5, 0.5])

    """
    x = floating(x)
    of_none = {} if x.size else {"initial": -np.inf}
    m = finite(x.max(axis=axis, keepdims=True, **of_none))
    with np.errstate(divide="ignore", over="ignore"):  # -inf is the answer for rows of -inf
        y = np.log(np.exp(x - m).sum(axis=axis, keepdims=True)) + m
    return y if keepdims else y.squeeze(axis=axis)[()]  # of all elements, a number


@primitive
def softmax(x: Array, axis: Axis = -1) -> Array:
    """exp(x) / sum(exp(x)) over `axis`, without overflow for large |x|.

    Parameters
    ----------
    x : array_like or Tensor
        Real numbers of any shape.
    axis : int, tuple of int or None
        The axis that the result sums to one over.

    Returns
    -------
    ndarray or Tensor
        In the shape and dtype of x.

    Examples
    --------
    >>> import minigrad as mg
    >>> mg.softmax(mg.tensor([1000.0, 1000.0]))
    tensor([0.5, 0.5])

    """
    x = floating(x)
    with np.errstate(over="ignore"):  # of x - m, which makes a probability of 0
        e = np.exp(x - finite(x.max(axis=axis, keepdims=True)))
    e /= e.sum(axis=axis, keepdims=True)
    return e


def logsumexp_vjp(
    g: Operand, y: Operand, x: Operand, axis: Axis = None, keepdims: bool = False
) -> Operand:
    """Derivative of logsumexp: softmax(x), which exp(x - y) is but for the rounding of y."""
    shape = np.shape(x)
    e = np.exp(x - finite(restore(y, shape, axis, keepdims)))
    return e * (restore(g, shape, axis, keepdims) / e.sum(axis=axis, keepdims=True))


def softmax_vjp(g: Operand, y: Operand, _x: Operand, axis: Axis = -1) -> Operand:
    """Derivative of softmax: y times what g has beyond its mean, weighted with y."""
    if type(y) is np.ndarray and axis == -1 and y.ndim:  # in three quarters of the time
        return y * (g - np.vecdot(g, y)[..., None])
    return y * (g - np.sum(g * y, axis=axis, keepdims=True))


logsumexp.defvjp(logsumexp_vjp)
softmax.defvjp(softmax_vjp)


# -- the methods of ufuncs


def _reduce(whole: Callable[..., Any]) -> Callable[..., Any]:
    def reduced(
        array: Operand, axis: Axis = 0, dtype: Any = None, keepdims: bool = False,
        initial: Any = None, where: Any = True,
    ) -> Operand:  # fmt: skip
        options = {"dtype": (dtype, None), "initial": (initial, None), "where": (where, True)}
        given = {name: value for name, (value, usual) in options.items() if value is not usual}
        return whole(array, axis=axis, keepdims=keepdims, **given)

    return reduced


def _accumulate(whole: Callable[..., Any]) -> Callable[..., Any]:
    def accumulated(array: Operand, axis: int = 0, dtype: Any = None) -> Operand:
        return whole(array, axis=axis, dtype=dtype)

    return accumulated


@primitive
def fmax_over(x: Array, **options: Any) -> Array:
    """The largest number over an axis, nan passed over."""
    return np.fmax.reduce(x, **options)


@primitive
def fmin_over(x: Array, **options: Any) -> Array:
    """The smallest number over an axis, nan passed over."""
    return np.fmin.reduce(x, **options)


fmax_over.defvjp(extremum)
fmin_over.defvjp(extremum)
composite(np.add.reduce)(_reduce(np.sum))
composite(np.multiply.reduce)(_reduce(np.prod))
composite(np.maximum.reduce)(_reduce(np.max))
composite(np.minimum.reduce)(_reduce(np.min))
composite(np.logaddexp.reduce)(_reduce(logsumexp))
composite(np.fmax.reduce)(_reduce(fmax_over))
composite(np.fmin.reduce)(_reduce(fmin_over))
composite(np.add.accumulate)(_accumulate(np.cumsum))
composite(np.multiply.accumulate)(_accumulate(np.cumprod))


def _outer(ufunc: np.ufunc) -> Callable[..., Any]:
    def outer(a: Operand, b: Operand) -> Operand:
        a, b = operand(a), operand(b)
        return ufunc(a.reshape(a.shape + (1,) * b.ndim), b)

    return outer


for _ufunc in (np.add, np.subtract, np.multiply, np.divide, np.power, np.maximum, np.minimum):
    composite(_ufunc.outer)(_outer(_ufunc))
