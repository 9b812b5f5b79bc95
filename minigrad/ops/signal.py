"""Derivatives of what NumPy does to samples: differences, slopes, areas, convolution and such.

Most of it is linear in the samples; the places at which they were taken are operands, too.  It
imports core, indexing, layout and shaping only; polynomials.py comes next.
"""

import math
from typing import Any

import numpy as np
from numpy.lib.array_utils import normalize_axis_index, normalize_axis_tuple

from minigrad.core import Array, Operand, composite, defvjp, known, needs_grad, operand, primitive
from minigrad.ops.indexing import to_both
from minigrad.ops.layout import as_number, laid_out_as
from minigrad.ops.shaping import piece

# -- differences


def _steps(a: Operand, axis: int = -1) -> Operand:
    """What there is from one element to the next."""
    axis = normalize_axis_index(axis, np.ndim(a))
    return piece(a, axis, 1, None) - piece(a, axis, None, -1)


@composite(np.diff)
def _diff(
    a: Operand, n: int = 1, axis: int = -1, prepend: Operand = None, append: Operand = None
) -> Operand:
    if n < 0:
        raise ValueError(f"numpy.diff: n={n} is negative")
    a = operand(a)
    axis = normalize_axis_index(axis, a.ndim)
    if n == 0:
        return a

    def margin(b: Operand) -> Operand:
        shape = (*a.shape[:axis], 1, *a.shape[axis + 1 :])
        return np.broadcast_to(b, shape) if np.ndim(b) == 0 else b

    parts = [a if b is a else margin(b) for b in (prepend, a, append) if b is not None]
    a = np.concatenate(parts, axis=axis) if len(parts) > 1 else a
    for _ in range(n):
        a = _steps(a, axis)
    return a


@composite(np.ediff1d)
def _ediff1d(ary: Operand, to_end: Operand = None, to_begin: Operand = None) -> Operand:
    ary = operand(ary)
    for ends in (to_end, to_begin):
        if ends is not None and not np.can_cast(operand(ends).dtype, ary.dtype, "same_kind"):
            raise TypeError(f"numpy.ediff1d: the ends must fit into dtype {ary.dtype}")
    parts = (to_begin, _steps(ary.reshape(-1)), to_end)
    return np.concatenate(
        [operand(p).astype(ary.dtype).reshape(-1) for p in parts if p is not None]
    )


@composite(np.trapezoid)
def _trapezoid(y: Operand, x: Operand = None, dx: Operand = 1.0, axis: int = -1) -> Operand:
    y = operand(y)
    axis = normalize_axis_index(axis, y.ndim)
    if x is not None:
        x = operand(x)
        dx = (
            _steps(x).reshape([-1 if i == axis else 1 for i in range(y.ndim)])
            if (x.ndim == 1)
            else _steps(x, axis)
        )
    heights = (piece(y, axis, 1, None) + piece(y, axis, None, -1)) / 2
    return np.sum(dx * heights, axis=axis)


@composite(np.gradient)
def _gradient(f: Operand, *varargs: Operand, axis: Any = None, edge_order: int = 1) -> Any:
    f = operand(f)
    f = f if f.dtype.kind in "fc" else f.astype(float)
    axes = tuple(range(f.ndim)) if axis is None else normalize_axis_tuple(axis, f.ndim)
    spacings = list(varargs) or [1.0]
    spacings = (
        spacings * len(axes) if len(spacings) == 1 and np.ndim(spacings[0]) == 0 else spacings
    )
    if len(spacings) != len(axes):
        raise TypeError(f"numpy.gradient: {len(spacings)} spacings for {len(axes)} axes")
    if edge_order > 2:
        raise ValueError(f"numpy.gradient: edge_order={edge_order} is more than 2")
    if any(f.shape[i] < edge_order + 1 for i in axes):
        raise ValueError(
            f"numpy.gradient of shape {f.shape}: an axis needs {edge_order + 1} elements"
        )
    found = [_slopes(f, h, i, edge_order) for i, h in zip(axes, spacings, strict=True)]
    return found[0] if len(found) == 1 else tuple(found)


def _slopes(f: Operand, spacing: Operand, axis: int, edge_order: int) -> Operand:
    """The derivatives of parabolas through three neighbours; at the ends, of one or a line."""
    if np.ndim(spacing) > 1 or (np.ndim(spacing) == 1 and len(spacing) != f.shape[axis]):
        raise ValueError(
            f"numpy.gradient: places of shape {np.shape(spacing)} do not lie along axis {axis} of "
            f"shape {f.shape}"
        )
    if np.ndim(spacing):
        places = operand(spacing)  # steps of unsigned integers would wrap around
        spacing = _steps(places if places.dtype.kind in "fc" else places.astype(float))
        if not needs_grad(spacing) and np.ptp(known(spacing)) == 0:
            spacing = spacing[0]  # as NumPy does: it then does not look at what is between two
    rise = _steps(f, axis)
    if np.ndim(spacing) == 0:
        h = k = spacing
        inner = (piece(f, axis, 2, None) - piece(f, axis, None, -2)) / (2.0 * spacing)
        slopes = rise / spacing
    else:
        widths = spacing.reshape([-1 if i == axis else 1 for i in range(f.ndim)])
        slopes = rise / widths
        h, k = piece(widths, axis, None, -1), piece(widths, axis, 1, None)
        inner = (piece(slopes, axis, None, -1) * k + piece(slopes, axis, 1, None) * h) / (h + k)
    first, last = piece(slopes, axis, None, 1), piece(slopes, axis, -1, None)
    if edge_order == 2:
        turns = _steps(slopes, axis) / (h + k)
        first = first - piece(turns * h, axis, None, 1)
        last = last + piece(turns * k, axis, -1, None)
    joined = np.concatenate([first, inner, last], axis=axis)
    return laid_out_as(joined.astype(f.dtype, copy=False), f)


@composite(np.unwrap)
def _unwrap(
    p: Operand, discont: Any = None, axis: int = -1, *, period: float = 2 * math.pi
) -> Operand:
    plain = known(p)
    turns = np.unwrap(plain, discont, axis, period=period) - plain  # which jump, and are constant
    return p + turns.astype(p.dtype)


# -- convolution


@primitive
def convolution(a: Array, v: Array, mode: str) -> Array:
    """np.convolve, "full" or "valid", where `a` is the longer one."""
    return np.convolve(a, v, mode)  # type: ignore[call-overload]  # mode was checked


def convolution_by_long(g: Operand, _y: Operand, _a: Operand, v: Operand, mode: str) -> Operand:
    """Derivative by the longer one: g, convolved with the other in reverse."""
    return convolution(*_long_first(g, v[::-1]), "valid" if mode == "full" else "full")


def convolution_by_short(g: Operand, _y: Operand, a: Operand, _v: Operand, mode: str) -> Operand:
    """Derivative by the shorter one: g and the other, one of them in reverse."""
    if mode == "full":
        return convolution(g, a[::-1], "valid")
    return convolution(a, g[::-1], "valid")[::-1]


convolution.defvjp(convolution_by_long, convolution_by_short)
MODES = {0: "valid", 1: "same", 2: "full", "v": "valid", "s": "same", "f": "full"}


def _long_first(a: Operand, v: Operand) -> tuple[Operand, Operand]:
    return (a, v) if np.size(a) >= np.size(v) else (v, a)


def _in_one_axis(fn: Any, *arrays: Operand) -> list[Operand]:
    arrays = tuple(np.atleast_1d(operand(a)) for a in arrays)
    for a in arrays:
        if a.ndim != 1 or a.size == 0:
            raise ValueError(
                f"numpy.{fn.__name__} takes arrays of one axis, not of shape {a.shape}"
            )
    return list(arrays)


@composite(np.convolve)
def _convolve(a: Operand, v: Operand, mode: Any = "full") -> Operand:
    mode = MODES.get(mode if isinstance(mode, int) else mode[:1].lower(), mode)
    a, v = _long_first(*_in_one_axis(np.convolve, a, v))
    if mode != "same":
        return convolution(a, v, mode)
    start = (v.size - 1) // 2
    return convolution(a, v, "full")[start : start + a.size]


@composite(np.correlate)
def _correlate(a: Operand, v: Operand, mode: Any = "valid") -> Operand:
    a, v = _in_one_axis(np.correlate, a, v)
    if a.size >= v.size:
        return _convolve(a, v[::-1], mode)
    return np.copy(_convolve(v, a[::-1], mode)[::-1])


# -- interpolation


@primitive
def interpolated(x: Array, xp: Array, fp: Array) -> Array:
    """np.interp, where the first and the last of fp go on beyond."""
    return np.interp(x, xp, fp)


def pieces(x: Operand, xp: Operand) -> tuple[Array, Array, Operand, Operand]:
    """The places to both sides of each x, the share of the right one, and its derivative by x.

    The piece to the right of a place is that place's, too, and the last place's that to the left.
    """
    values, places = np.asarray(known(x)), known(xp)
    last = places.size - 1
    left = np.clip(np.searchsorted(places, values, side="right") - 1, 0, max(last - 1, 0))
    right = np.minimum(left + 1, last)
    beyond = values > places[-1]
    inside = ~(beyond | (values < places[0]) | (last == 0))
    width = np.where(inside, xp[right] - xp[left], 1)
    share = np.where(inside, x - xp[left], beyond) / width
    return left, right, share, inside / width


def by_places(g: Operand, _y: Operand, x: Operand, xp: Operand, fp: Operand) -> Operand:
    """A place that moves takes its value along: the slope with the sign turned, by its share."""
    return by_values(-by_x(g, None, x, xp, fp), None, x, xp, fp)


def by_values(g: Operand, _y: Operand, x: Operand, xp: Operand, fp: Operand) -> Operand:
    """Each value has its share."""
    left, right, share, _ = pieces(x, xp)
    return to_both(g, left, right, share, np.size(xp))


def by_x(g: Operand, _y: Operand, x: Operand, xp: Operand, fp: Operand) -> Operand:
    """The slope of the piece."""
    left, right, _, steepness = pieces(x, xp)
    return g * (fp[right] - fp[left]) * steepness


interpolated.defvjp(by_x, by_places, by_values)


@composite(np.interp)
def _interp(
    x: Operand, xp: Operand, fp: Operand, left: Operand = None, right: Operand = None,
    period: Operand = None,
) -> Operand:  # fmt: skip
    x, xp, fp = (operand(a).astype(float) for a in (x, xp, fp))
    if period is not None:
        if np.equal(period, 0):
            raise ValueError("numpy.interp: period must not be 0")
        period = np.abs(period)
        x, xp = x % period, xp % period
        order = np.argsort(known(xp))
        xp, fp = xp[order], fp[order]
        xp = np.concatenate([xp[-1:] - period, xp, xp[:1] + period])
        fp = np.concatenate([fp[-1:], fp, fp[:1]])
        left = right = None
    y = interpolated(x, xp, fp)
    if left is not None:
        y = np.where(x < xp[0], left, y)
    return as_number(y if right is None else np.where(x > xp[-1], right, y))


# -- sinc and the Bessel function


@primitive
def sinc_derivative(x: Array, order: int) -> Array:
    """The derivative of np.sinc of an order: that of the integral of cos(pi x t) over t to 1."""
    z = np.pi * np.asarray(x, float)
    # By parts from order to order; near 0, where that would cancel, term by term.
    near = np.abs(z) < order / 2 + 1.5
    series, small = np.zeros_like(z), np.where(near, z, 0)
    for j in range(39 + order, -1, -1):
        sign = (1, 0, -1, 0)[(order + j) % 4]
        series = series * small / (j + 1) + sign / (order + j + 1)
    far = np.where(near, 1, z)
    parts = np.sin(far) / far
    for k in range(1, order + 1):
        parts = (np.sin(far + k * np.pi / 2) - k * parts) / far
    return np.asarray(np.pi**order * np.where(near, series, parts))


defvjp(np.sinc, lambda g, _y, x: g * sinc_derivative(x, 1))
sinc_derivative.defvjp(lambda g, _y, x, order: g * sinc_derivative(x, order + 1))


@primitive
def bessel_i(x: Array, order: int) -> Array:
    """The modified Bessel function of the first kind, of a whole order."""
    z = np.abs(np.asarray(x, float))
    near = z <= 30
    half, far = np.where(near, z / 2, 0), np.where(near, 30, z)
    series, square = np.zeros_like(z), half * half
    for m in range(60, -1, -1):
        series = 1 + series * square / ((m + 1) * (m + 1 + order))
    series = series * half**order / math.factorial(order)
    tail = np.zeros_like(z)
    for k in range(24, 0, -1):
        tail = (1 + tail) * ((2 * k - 1) ** 2 - 4 * order**2) / (8 * k * far)
    large = (1 + tail) * np.exp(far / 2) / np.sqrt(2 * np.pi * far) * np.exp(far / 2)
    sign = np.sign(x) if order % 2 else 1
    return np.asarray(sign * np.where(near, series, large))


def _bessel(x: Operand, order: int) -> Operand:
    return bessel_i(x, order) if order else np.i0(x)


defvjp(np.i0, lambda g, _y, x: g * _bessel(x, 1))
bessel_i.defvjp(
    lambda g, _y, x, order: g * (_bessel(x, abs(order - 1)) + _bessel(x, order + 1)) / 2
)
