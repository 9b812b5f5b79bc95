"""Derivatives of what makes arrays: evenly spaced numbers, and NumPy's `like=`.

`np.asarray(data, like=t)` is a tensor, as t is.  It imports core and layout only; statistics.py
comes next.
"""

import operator
from collections.abc import Callable
from typing import Any

import numpy as np

from minigrad.core import (
    CONSTANTS,
    Array,
    Operand,
    asarray,
    call,
    common_dtype,
    composite,
    known,
    operand,
    primitive,
    unwrap,
    wrap,
)
from minigrad.ops.layout import copied_as


def with_like(fn: Callable[..., Any]) -> tuple[Callable[..., Any], ...]:
    """`fn`, and the function by whose name NumPy asks for it if it is given `like=`."""
    asked = getattr(fn, "__globals__", {}).get(f"_{fn.__name__}_with_like")
    return (fn,) if asked is None else (fn, asked)


for _maker in (
    np.empty, np.eye, np.frombuffer, np.fromfile, np.fromfunction, np.fromiter, np.fromstring,
    np.genfromtxt, np.identity, np.loadtxt, np.ones, np.tri, np.zeros,
):  # fmt: skip
    CONSTANTS.update(with_like(_maker))


@composite(np.asarray, np.asanyarray, np.ascontiguousarray, np.asfortranarray)
def _asarray(a: Operand, dtype: Any = None, order: Any = None, **_options: Any) -> Operand:
    return asarray(a, dtype)


@composite(np.array)
def _array(
    object: Operand, dtype: Any = None, *, copy: Any = True, order: Any = None,
    subok: bool = False, ndmin: int = 0, ndmax: int = 0,
) -> Operand:  # fmt: skip
    a = asarray(object, dtype)
    if copy:
        a = call(np.copy, a, order=order or "K")
    return a.reshape((1,) * (ndmin - a.ndim) + a.shape) if a.ndim < ndmin else a


@composite(*with_like(np.require))
def _require(a: Operand, dtype: Any = None, requirements: Any = None) -> Operand:
    return asarray(a, dtype)


@composite(np.astype)
def _astype(x: Operand, dtype: Any, /, *, copy: bool = True, device: Any = None) -> Operand:
    return x.astype(dtype, copy=copy)


@composite(*with_like(np.full))
def _full(
    shape: Any, fill_value: Operand, dtype: Any = None, order: Any = None, *, device: Any = None
) -> Operand:
    return np.copy(np.broadcast_to(asarray(fill_value, dtype), shape), order=order or "C")


@composite(np.full_like)
def _full_like(
    a: Operand, fill_value: Operand, dtype: Any = None, order: Any = None, subok: bool = True,
    shape: Any = None, *, device: Any = None,
) -> Operand:  # fmt: skip
    shape, model = np.shape(a) if shape is None else shape, unwrap(asarray(a))
    filled = np.broadcast_to(asarray(fill_value, dtype or model.dtype), shape)
    return copied_as(filled, model, order or "K")


@composite(np.arange)
def _arange(
    start: Operand, stop: Operand = None, step: Operand = None, dtype: Any = None, **_device: Any
) -> Operand:
    start, stop = (0, start) if stop is None else (start, stop)
    step = 1 if step is None else step
    first, last, by = known((start, stop, step))
    plain: Array = np.arange(first, last, by, dtype)  # type: ignore[call-overload]  # dtype Any
    return (start + np.arange(plain.size) * operand(step)).astype(plain.dtype)


@primitive(broadcasts=True)
def between(start: Array, stop: Array, num: int, endpoint: bool) -> Array:
    """`num` numbers from start to stop, evenly: means of both, along a first axis."""
    return np.linspace(start, stop, num, endpoint)


def of_stop(num: int, endpoint: bool, ndim: int, dtype: Any) -> Array:
    """How much of stop there is in each number, for arrays of `ndim` axes."""
    steps = num - 1 if endpoint else num
    return (np.arange(num) / max(steps, 1)).astype(dtype).reshape(-1, *(1,) * ndim)


between.defvjp(
    lambda g, _y, _start, _stop, num, endpoint: np.sum(
        g * (1 - of_stop(num, endpoint, g.ndim - 1, g.dtype)), axis=0
    ),
    lambda g, _y, _start, _stop, num, endpoint: np.sum(
        g * of_stop(num, endpoint, g.ndim - 1, g.dtype), axis=0
    ),
    complex=True,
)


def spaced(
    start: Operand, stop: Operand, num: int, endpoint: bool = True, axis: int = 0
) -> Operand:
    """`num` numbers from start to stop, evenly, along an axis that is put in."""
    if operator.index(num) < 0:
        raise ValueError(f"num={num} is negative")
    dtype = common_dtype([start, stop, 1.0])
    along = between(*(operand(a).astype(dtype) for a in (start, stop)), num, endpoint)
    return np.moveaxis(along, 0, axis) if axis else along


@composite(np.linspace)
def _linspace(
    start: Operand, stop: Operand, num: int = 50, endpoint: bool = True, retstep: bool = False,
    dtype: Any = None, axis: int = 0, *, device: Any = None,
) -> Any:  # fmt: skip
    numbers = spaced(start, stop, num, endpoint, axis)
    numbers = numbers if dtype is None else numbers.astype(dtype)
    if not retstep:
        return numbers
    steps = num - 1 if endpoint else num
    return numbers, np.subtract(stop, start) / steps if steps > 0 else wrap(np.array(np.nan))


@composite(np.logspace)
def _logspace(
    start: Operand, stop: Operand, num: int = 50, endpoint: bool = True, base: Operand = 10.0,
    dtype: Any = None, axis: int = 0,
) -> Operand:  # fmt: skip
    if np.ndim(base):  # NumPy broadcasts all three before the new axis is put in
        ndim = max(np.ndim(start), np.ndim(stop), np.ndim(base))
        start, stop, base = (
            operand(a).reshape((1,) * (ndim - np.ndim(a)) + np.shape(a))
            for a in (start, stop, base)
        )
        base = np.expand_dims(base, axis)
    numbers = np.power(base, spaced(start, stop, num, endpoint, axis))
    return numbers if dtype is None else numbers.astype(dtype)


@composite(np.geomspace)
def _geomspace(
    start: Operand, stop: Operand, num: int = 50, endpoint: bool = True, dtype: Any = None,
    axis: int = 0,
) -> Operand:  # fmt: skip
    if np.any(np.equal(start, 0)) or np.any(np.equal(stop, 0)):
        raise ValueError("Geometric sequence cannot include zero")
    start, stop = (operand(a).astype(float) for a in (start, stop))
    if np.any(np.sign(start) != np.sign(stop)):
        raise ValueError("numpy.geomspace: start and stop must have the same sign")
    size = np.exp(spaced(np.log(np.abs(start)), np.log(np.abs(stop)), num, endpoint))
    numbers = np.moveaxis(size * np.sign(start), 0, axis)
    return numbers if dtype is None else numbers.astype(dtype)
