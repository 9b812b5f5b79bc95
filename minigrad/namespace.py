"""The functions of the array API standard, under its names and with its arguments.

Each hands NumPy's function to the engine, and so has its derivative; what is given as an array, a
number or a list comes back as a Tensor, too.  Written out are those of which the standard has other
arguments than NumPy, or another value.  It imports core and ops only; linalg.py and fft.py
are the standard's extensions, and docs/array_api.md says how to use it.

Names such as `sum` and `max` are the standard's from here on, not Python's.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple, TypeVar

import numpy as np
import numpy.typing as npt

from minigrad.core import Axis, Tensor, apply, asarray, call, unwrap
from minigrad.ops.reductions import count

e, inf, nan, newaxis, pi = math.e, math.inf, math.nan, None, math.pi

__array_api_version__ = "2024.12"

Function = TypeVar("Function", bound=Callable[..., Any])


def given(x: Any) -> Any:
    """An operand for the engine, which copies what it keeps of an array; lists become Tensors."""
    return asarray(x) if isinstance(x, (list, tuple)) else x


def named(function: Function, name: str, module: str = "numpy") -> Function:
    """The function, with the name that it is found by."""
    function.__name__ = function.__qualname__ = name
    function.__doc__ = f"`{module}.{name}`, with the array API standard's arguments, as a Tensor."
    return function


# -- element by element


def unary(name: str) -> Callable[[Any], Tensor]:
    """NumPy's function of that name, of one array."""
    fn = getattr(np, name)

    def elementwise(x: Any, /) -> Tensor:
        return call(fn, given(x))

    return named(elementwise, name)


def binary(name: str) -> Callable[[Any, Any], Tensor]:
    """NumPy's function of that name, of two arrays that broadcast."""
    fn = getattr(np, name)

    def elementwise(x1: Any, x2: Any, /) -> Tensor:
        return call(fn, given(x1), given(x2))

    return named(elementwise, name)


def rounding(name: str) -> Callable[[Any], Tensor]:
    """NumPy's function of that name, but of integers themselves: NumPy 2.0 makes them floating."""
    fn = getattr(np, name)

    def elementwise(x: Any, /) -> Tensor:
        tensor = asarray(x)
        return tensor.copy() if tensor.dtype.kind in "iu" else call(fn, tensor)

    return named(elementwise, name)


abs = unary("abs")
acos = unary("acos")
acosh = unary("acosh")
asin = unary("asin")
asinh = unary("asinh")
atan = unary("atan")
atanh = unary("atanh")
bitwise_invert = unary("bitwise_invert")
ceil = rounding("ceil")
conj = unary("conj")
cos = unary("cos")
cosh = unary("cosh")
exp = unary("exp")
expm1 = unary("expm1")
floor = rounding("floor")
imag = unary("imag")
isfinite = unary("isfinite")
isinf = unary("isinf")
isnan = unary("isnan")
log = unary("log")
log10 = unary("log10")
log1p = unary("log1p")
log2 = unary("log2")
logical_not = unary("logical_not")
negative = unary("negative")
positive = unary("positive")
real = unary("real")
reciprocal = unary("reciprocal")
round = unary("round")
sign = unary("sign")
signbit = unary("signbit")
sin = unary("sin")
sinh = unary("sinh")
sqrt = unary("sqrt")
square = unary("square")
tan = unary("tan")
tanh = unary("tanh")
trunc = rounding("trunc")

add = binary("add")
atan2 = binary("atan2")
bitwise_and = binary("bitwise_and")
bitwise_left_shift = binary("bitwise_left_shift")
bitwise_or = binary("bitwise_or")
bitwise_right_shift = binary("bitwise_right_shift")
bitwise_xor = binary("bitwise_xor")
copysign = binary("copysign")
divide = binary("divide")
equal = binary("equal")
floor_divide = binary("floor_divide")
greater = binary("greater")
greater_equal = binary("greater_equal")
hypot = binary("hypot")
less = binary("less")
less_equal = binary("less_equal")
logaddexp = binary("logaddexp")
logical_and = binary("logical_and")
logical_or = binary("logical_or")
logical_xor = binary("logical_xor")
matmul = binary("matmul")
maximum = binary("maximum")
minimum = binary("minimum")
multiply = binary("multiply")
nextafter = binary("nextafter")
not_equal = binary("not_equal")
pow = binary("pow")
remainder = binary("remainder")
subtract = binary("subtract")


def clip(x: Any, /, min: Any = None, max: Any = None) -> Tensor:
    """Each element brought between two bounds, of which either may be left out: `numpy.clip`."""
    if min is None and max is None:
        return asarray(x).copy()
    return call(np.clip, given(x), given(min), given(max))


def where(condition: Any, x1: Any, x2: Any, /) -> Tensor:
    """The elements of x1 where the condition holds, else those of x2: `numpy.where`."""
    return call(np.where, given(condition), given(x1), given(x2))


# -- over an axis, or several


def over(fn: Callable[..., Any], x: Tensor, axis: Axis, keepdims: bool, **options: Any) -> Tensor:
    """A reduction, given what differs from NumPy's defaults: the graph keeps what is given."""
    if axis is not None:
        options["axis"] = axis
    if keepdims:
        options["keepdims"] = True
    return call(fn, x, **options)


def reduction(name: str) -> Callable[..., Tensor]:
    """NumPy's function of that name, over some axes."""
    fn = getattr(np, name)

    def reduced(x: Any, /, *, axis: Axis = None, keepdims: bool = False) -> Tensor:
        return over(fn, asarray(x), axis, keepdims)

    return named(reduced, name)


def summation(name: str) -> Callable[..., Tensor]:
    """NumPy's function of that name, over some axes and in some dtype."""
    fn = getattr(np, name)

    def reduced(
        x: Any, /, *, axis: Axis = None, dtype: npt.DTypeLike | None = None, keepdims: bool = False
    ) -> Tensor:
        return over(fn, asarray(x), axis, keepdims, **({} if dtype is None else {"dtype": dtype}))

    return named(reduced, name)


def deviation(name: str) -> Callable[..., Tensor]:
    """NumPy's function of that name, but nan for fewer elements than are needed."""
    fn = getattr(np, name)

    def reduced(
        x: Any, /, *, axis: Axis = None, correction: float = 0.0, keepdims: bool = False
    ) -> Tensor:
        tensor = asarray(x)
        if count(tensor.shape, axis) <= correction:
            return tensor.sum(axis, keepdims=keepdims) * nan
        return over(fn, tensor, axis, keepdims, ddof=correction)

    return named(reduced, name)


def accumulation(name: str, fn: Callable[..., Any], initial: int) -> Callable[..., Tensor]:
    """NumPy's `fn` along an axis, which has to be given unless there is one only."""

    def accumulated(
        x: Any,
        /,
        *,
        axis: int | None = None,
        dtype: npt.DTypeLike | None = None,
        include_initial: bool = False,
    ) -> Tensor:
        x = asarray(x)
        if axis is None:
            axis = only_axis(x, name)
        y = call(fn, x, axis=axis, dtype=dtype)
        if not include_initial:
            return y
        shape = list(y.shape)
        shape[axis] = 1
        return concat([np.full(shape, initial, y.dtype), y], axis=axis)

    return named(accumulated, name)


def only_axis(x: Tensor, name: str) -> int:
    """The axis of a vector, which alone has no need to name it."""
    if x.ndim != 1:
        raise ValueError(f"{name} of shape {x.shape} needs an axis: give axis=")
    return 0


all = reduction("all")
any = reduction("any")
argmax = reduction("argmax")
argmin = reduction("argmin")
count_nonzero = reduction("count_nonzero")
max = reduction("max")
mean = reduction("mean")
min = reduction("min")
prod = summation("prod")
sum = summation("sum")
std = deviation("std")
var = deviation("var")
cumulative_prod = accumulation("cumulative_prod", np.cumprod, 1)
cumulative_sum = accumulation("cumulative_sum", np.cumsum, 0)


def diff(
    x: Any, /, *, axis: int = -1, n: int = 1, prepend: Any = None, append: Any = None
) -> Tensor:
    """The n-th differences of neighbours along an axis: `numpy.diff`."""
    ends = {"prepend": given(prepend), "append": given(append)}
    options = {name: end for name, end in ends.items() if end is not None}
    return call(np.diff, given(x), n=n, axis=axis, **options)


# -- products


def matrix_transpose(x: Any, /) -> Tensor:
    """The last two axes exchanged."""
    return asarray(x).mT


def tensordot(x1: Any, x2: Any, /, *, axes: Any = 2) -> Tensor:
    """The sum of products over some axes of both: `numpy.tensordot`."""
    return call(np.tensordot, given(x1), given(x2), axes=axes)


def vecdot(x1: Any, x2: Any, /, *, axis: int = -1) -> Tensor:
    """The dot products of vectors along an axis, conjugates of x1's: `numpy.vecdot`."""
    return call(np.vecdot, given(x1), given(x2), axis=axis)


# -- shapes


def broadcast_arrays(*arrays: Any) -> list[Tensor]:
    """Each of the arrays in the shape that they have together."""
    tensors = [asarray(a) for a in arrays]
    shape = broadcast_shapes(*(t.shape for t in tensors))
    return [broadcast_to(t, shape) for t in tensors]


def broadcast_shapes(*shapes: tuple[int, ...]) -> tuple[int, ...]:
    """The shape that arrays of these shapes have together: `numpy.broadcast_shapes`."""
    return np.broadcast_shapes(*shapes)


def broadcast_to(x: Any, /, shape: Any) -> Tensor:
    """The array in another shape, its elements repeated along new axes: `numpy.broadcast_to`."""
    return call(np.broadcast_to, asarray(x), shape=shape)


def concat(arrays: Sequence[Any], /, *, axis: int | None = 0) -> Tensor:
    """The arrays one after another along an axis: `numpy.concatenate`."""
    return call(np.concatenate, list(arrays), axis=axis)


def expand_dims(x: Any, /, *, axis: Any = 0) -> Tensor:
    """A new axis of length one: `numpy.expand_dims`."""
    return call(np.expand_dims, asarray(x), axis=axis)


def flip(x: Any, /, *, axis: Axis = None) -> Tensor:
    """The elements in reverse order: `numpy.flip`."""
    return call(np.flip, asarray(x), axis=axis)


def moveaxis(x: Any, source: Any, destination: Any, /) -> Tensor:
    """Some axes at other places: `numpy.moveaxis`."""
    return call(np.moveaxis, asarray(x), source, destination)


def permute_dims(x: Any, /, axes: tuple[int, ...]) -> Tensor:
    """The axes in another order: `numpy.transpose`."""
    return call(np.transpose, asarray(x), axes)


def repeat(x: Any, repeats: Any, /, *, axis: int | None = None) -> Tensor:
    """Each element several times: `numpy.repeat`."""
    return call(np.repeat, asarray(x), repeats, axis=axis)


def reshape(x: Any, /, shape: Any, *, copy: bool | None = None) -> Tensor:
    """The elements in another shape, in the same memory or in some of its own: `numpy.reshape`."""
    x = asarray(x)
    y: Tensor = x.reshape(shape)
    if copy is None:
        return y
    shared = np.may_share_memory(unwrap(x), unwrap(y))
    if not (copy or shared) and y.size:
        raise ValueError(f"reshape of shape {x.shape} to {y.shape} is not possible without a copy")
    return y.copy() if copy and shared else y


def roll(x: Any, /, shift: Any, *, axis: Axis = None) -> Tensor:
    """The elements moved along, the last ones to the front: `numpy.roll`."""
    return call(np.roll, asarray(x), shift, axis=axis)


def squeeze(x: Any, /, axis: Axis) -> Tensor:
    """Without some axes, of length one: `numpy.squeeze`."""
    return call(np.squeeze, asarray(x), axis=axis)


def stack(arrays: Sequence[Any], /, *, axis: int = 0) -> Tensor:
    """The arrays along a new axis: `numpy.stack`."""
    return call(np.stack, list(arrays), axis=axis)


def tile(x: Any, repetitions: tuple[int, ...], /) -> Tensor:
    """The whole array several times along each axis: `numpy.tile`."""
    return call(np.tile, asarray(x), repetitions)


def unstack(x: Any, /, *, axis: int = 0) -> tuple[Tensor, ...]:
    """The arrays that lie along an axis."""
    return tuple(moveaxis(x, axis, 0))


# -- places


def nonzero(x: Any, /) -> tuple[Tensor, ...]:
    """Where the elements are not zero: the indices along each axis."""
    x = asarray(x)
    if x.ndim == 0:
        raise ValueError("nonzero of a 0-d tensor: there is no axis along which to count")
    places: tuple[Tensor, ...] = x.nonzero()
    return places


def searchsorted(x1: Any, x2: Any, /, *, side: Any = "left", sorter: Any = None) -> Tensor:
    """Where the elements of x2 fit into the vector x1: `numpy.searchsorted`."""
    return call(np.searchsorted, given(x1), given(x2), side=side, sorter=sorter)


def take(x: Any, indices: Any, /, *, axis: int | None = None) -> Tensor:
    """The elements at `indices` along an axis: `numpy.take`."""
    x = asarray(x)
    return call(np.take, x, given(indices), axis=only_axis(x, "take") if axis is None else axis)


def take_along_axis(x: Any, indices: Any, /, *, axis: int = -1) -> Tensor:
    """In each row along an axis the elements at that row of `indices`: `numpy.take_along_axis`."""
    return call(np.take_along_axis, asarray(x), given(indices), axis=axis)


def argsort(x: Any, /, *, axis: int = -1, descending: bool = False, stable: bool = True) -> Tensor:
    """The indices that sort along an axis: `numpy.argsort`."""
    if not descending:
        return call(np.argsort, asarray(x), axis=axis, stable=stable)
    backwards = argsort(flip(x, axis=axis), axis=axis, stable=stable)  # of a tie, the last first
    return backwards.shape[axis] - 1 - flip(backwards, axis=axis)


def sort(x: Any, /, *, axis: int = -1, descending: bool = False, stable: bool = True) -> Tensor:
    """The elements in order along an axis: `numpy.sort`."""
    if descending:
        return flip(sort(flip(x, axis=axis), axis=axis, stable=stable), axis=axis)
    return call(np.sort, asarray(x), axis=axis, stable=stable)


# -- sets: the values are elements of x, whose gradient goes to the first of those that are equal


class UniqueAll(NamedTuple):
    """What `unique_all` returns."""

    values: Tensor
    indices: Tensor
    inverse_indices: Tensor
    counts: Tensor


class UniqueCounts(NamedTuple):
    """What `unique_counts` returns."""

    values: Tensor
    counts: Tensor


class UniqueInverse(NamedTuple):
    """What `unique_inverse` returns."""

    values: Tensor
    inverse_indices: Tensor


def unique_all(x: Any, /) -> UniqueAll:
    """The different values, sorted, where they are first, which of them each is, and how often."""
    x = asarray(x)
    _, indices, *others = apply(np.unique_all, x.detach())
    return UniqueAll(x.reshape(-1)[indices], indices, *others)


def unique_counts(x: Any, /) -> UniqueCounts:
    """The different values, sorted, and how often each is there."""
    found = unique_all(x)
    return UniqueCounts(found.values, found.counts)


def unique_inverse(x: Any, /) -> UniqueInverse:
    """The different values, sorted, and for each element of x which of them it is."""
    found = unique_all(x)
    return UniqueInverse(found.values, found.inverse_indices)


def unique_values(x: Any, /) -> Tensor:
    """The different values, sorted."""
    return unique_all(x).values


def isin(x1: Any, x2: Any, /, *, invert: bool = False) -> Tensor:
    """Whether each element of x1 is one of x2's, or is none: `numpy.isin`."""
    return call(np.isin, asarray(x1), asarray(x2), invert=invert)
