"""Derivatives of NumPy's ufuncs, and of what else works element by element.

Each rule maps `g`, the cotangent of the result, to that of one operand; the engine sums broadcast
axes.  To add one, add a line here and a line in tests/cases.py.  Values at kinks and poles:
docs/conventions.md.  It imports core only; reductions.py comes next.
"""

import math
from typing import Any

import numpy as np
from numpy._core import umath

from minigrad.core import (
    DOUBLE,
    SHORTCUTS,
    SINGLE,
    Array,
    Operand,
    common_dtype,
    composite,
    defvjp,
    primitive,
)


def only_where(domain: Operand, x: Operand, g: Operand) -> Operand:
    """`g` where a function of real x is defined, nan elsewhere: 1/x goes on where log(x) has ended.

    Of complex numbers it is defined everywhere.
    """
    return g if x.dtype.kind == "c" else np.where(domain, g, np.nan)


def hypotenuse(x: Operand) -> Operand:
    """The square root of 1 + x**2, of real numbers without overflow."""
    return np.sqrt(1 + x * x) if x.dtype.kind == "c" else np.hypot(1, x)


def conj(x: Operand) -> Operand:
    """The complex conjugate, which real numbers are themselves."""
    return np.conjugate(x) if x.dtype.kind == "c" else x


def ratio(x: Operand, y: Operand) -> Operand:
    """The ratio x / y, and 0 where y is 0: the least subgradient at the tip of a norm."""
    at_tip = y == 0
    return np.where(at_tip, 0, x) / np.where(at_tip, 1, y)


def share(g: Operand, z: Operand, x: Operand, other: Operand) -> Operand:
    """The part of `g` that goes to x, where z is x or `other`: half of it where it is both."""
    is_x, is_other = (z == x) | _both_nan(z, x), (z == other) | _both_nan(z, other)
    return np.where(is_x, np.where(is_other, g / 2, g), 0)


def _both_nan(x: Operand, y: Operand) -> Operand:
    return np.isnan(x) & np.isnan(y)


@primitive
def sigmoid(x: Array) -> Array:
    """1 / (1 + exp(-x)), elementwise and without overflow.

    Parameters
    ----------
    x : array_like or Tensor
        Real numbers of any shape.

    Returns
    -------
    ndarray or Tensor
        Values between 0 and 1, in the shape and dtype of x.

    Examples
    --------
    >>> import minigrad as mg
    >>> mg.sigmoid(mg.tensor([-1000.0, 0.0, 1000.0]))
    tensor([0. , 0.5, 1. ])

    """
    e = np.exp(-np.abs(x))
    return np.where(np.greater_equal(x, 0), 1, e) / (1 + e)


sigmoid.defvjp(lambda g, y, _x: g * y * (1 - y))


@primitive
def sech(x: Array) -> Array:
    """1 / cosh(x), elementwise: of many real numbers in half the time of np.cosh."""
    if x.dtype.kind == "c":
        return 1 / np.cosh(x)
    e = np.exp(-np.abs(x))
    d = e * e
    d += 1  # in place, for new memory takes as long as the arithmetic
    e /= d
    e *= 2
    return e


sech.defvjp(lambda g, y, x: -g * y * np.tanh(x))


@primitive
def relu(x: Array) -> Array:
    """max(x, 0), elementwise; its derivative at 0 is 0.

    Parameters
    ----------
    x : array_like or Tensor
        Real numbers of any shape.

    Returns
    -------
    ndarray or Tensor
        In the shape and dtype of x.

    Examples
    --------
    >>> import minigrad as mg
    >>> mg.relu(mg.tensor([-1.0, 0.0, 2.0]))
    tensor([0., 0., 2.])

    """
    return np.maximum(x, 0)


relu.defvjp(lambda g, y, _x: g * (y != 0))  # y may be nan, and then takes g

# -- arithmetic
defvjp(np.add, lambda g, _z, _x, _y: g, lambda g, _z, _x, _y: g)
defvjp(np.subtract, lambda g, _z, _x, _y: g, lambda g, _z, _x, _y: -g)
defvjp(np.multiply, lambda g, _z, _x, y: g * y, lambda g, _z, x, _y: g * x)
defvjp(np.divide, lambda g, _z, _x, y: g / y, lambda g, z, _x, y: -g * z / y)
defvjp(np.negative, lambda g, _y, _x: -g)
defvjp(np.positive, lambda g, _y, _x: g)
defvjp(np.reciprocal, lambda g, y, _x: -g * y * y)
defvjp(np.square, lambda g, _y, x: g * 2 * x)
defvjp(np.sqrt, lambda g, y, _x: g / (2 * y))
defvjp(np.cbrt, lambda g, y, _x: g / (3 * y * y))
defvjp(np.absolute, lambda g, _y, x: g * conj(np.sign(x)))
defvjp(np.fabs, lambda g, _y, x: g * np.sign(x))
defvjp(np.conjugate, lambda g, _y, _x: conj(g))
defvjp(np.copysign, lambda g, _z, x, y: g * np.sign(x) * np.copysign(1, y), None)
defvjp(np.ldexp, lambda g, _z, _x, n: np.ldexp(g, n), None)
defvjp(np.nextafter, lambda g, _z, _x, _y: g, None)
defvjp(np.heaviside, None, lambda g, _z, x, _h: np.where(x == 0, g, 0))
# The quotient is recovered from the result: rounding x / y anew could cross an integer.
defvjp(np.remainder, lambda g, _z, _x, _y: g, lambda g, z, x, y: -g * np.rint((x - z) / y))
defvjp(np.fmod, lambda g, _z, _x, _y: g, lambda g, z, x, y: -g * np.rint((x - z) / y))


def whole(y: Any) -> int:
    """The exponent y, if it is one whole number from -4 to 5, and no Tensor; else 0."""
    if type(y) is np.ndarray and y.ndim == 0:
        y = y.item()
    return int(y) if type(y) in (int, float) and -4 <= y <= 5 and y == int(y) else 0


def product(x: Operand, n: int) -> Operand:
    """x**n for n >= 1."""
    return x if n == 1 else product(x, n - 1) * x


def power_of(x: Array, y: Array, **options: Any) -> Array:
    """np.power, of whose time cubes and fourth powers of many numbers take a twentieth as products.

    They differ from NumPy's by up to one and two units in the last place.
    """
    plain = type(x) is np.ndarray and x.dtype in (SINGLE, DOUBLE) and not options
    if plain and whole(y) in (3, 4) and getattr(y, "dtype", x.dtype) == x.dtype:
        return product(x, whole(y))
    return np.power(x, y, **options)


SHORTCUTS[np.power] = power_of


def power_by_base(g: Operand, _z: Operand, x: Operand, y: Operand) -> Operand:
    """Derivative of x**y by x, y x**(y-1); x**0 is constant, also where x is 0 or nan."""
    n = whole(y)
    if n > 1:  # by products, as above
        return g * (n * product(x, n - 1))
    if n < 0:
        return g * (n * product(1 / x, 1 - n))
    constant = np.equal(y, 0) & ~np.greater(np.abs(x), 0)
    return g * np.where(constant, 0, y * np.power(x, np.where(constant, 1, y - 1)))


def power_by_exponent(g: Operand, z: Operand, x: Operand, y: Operand) -> Operand:
    """Derivative of x**y by y, x**y log(x): 0 where x is 0, as long as y does not make a pole."""
    zero = np.equal(x, 0) & np.greater_equal(y, 0)
    return g * z * np.log(np.where(zero, z.dtype.type(1), x))  # complex, if y only is


defvjp(np.power, power_by_base, power_by_exponent)
defvjp(np.float_power, power_by_base, power_by_exponent)

# -- exponentials and logarithms
defvjp(np.exp, lambda g, y, _x: g * y)
defvjp(np.exp2, lambda g, y, _x: g * y * math.log(2))
defvjp(np.expm1, lambda g, _y, x: g * np.exp(x))  # y + 1 has no digits left at -40
defvjp(np.log, lambda g, _y, x: only_where(x >= 0, x, g) / x)
defvjp(np.log2, lambda g, _y, x: only_where(x >= 0, x, g) / (x * math.log(2)))
defvjp(np.log10, lambda g, _y, x: only_where(x >= 0, x, g) / (x * math.log(10)))
defvjp(np.log1p, lambda g, _y, x: only_where(x >= -1, x, g) / (1 + x))
defvjp(
    np.logaddexp,
    lambda g, _z, x, y: g * sigmoid(x - y),
    lambda g, _z, x, y: g * sigmoid(y - x),
)
defvjp(
    np.logaddexp2,
    lambda g, _z, x, y: g * sigmoid((x - y) * math.log(2)),
    lambda g, _z, x, y: g * sigmoid((y - x) * math.log(2)),
)

# -- trigonometry
defvjp(np.sin, lambda g, _y, x: g * np.cos(x))
defvjp(np.cos, lambda g, _y, x: -g * np.sin(x))
defvjp(np.tan, lambda g, y, _x: g * (1 + y * y))
defvjp(np.arcsin, lambda g, _y, x: g / np.sqrt((1 - x) * (1 + x)))
defvjp(np.arccos, lambda g, _y, x: -g / np.sqrt((1 - x) * (1 + x)))
defvjp(np.arctan, lambda g, _y, x: g / (1 + x * x))
defvjp(
    np.arctan2,
    lambda g, _z, y, x: g * ratio(ratio(x, np.hypot(x, y)), np.hypot(x, y)),
    lambda g, _z, y, x: -g * ratio(ratio(y, np.hypot(x, y)), np.hypot(x, y)),
)
defvjp(np.hypot, lambda g, z, x, _y: g * ratio(x, z), lambda g, z, _x, y: g * ratio(y, z))
defvjp(np.sinh, lambda g, _y, x: g * np.cosh(x))
defvjp(np.cosh, lambda g, _y, x: g * np.sinh(x))
defvjp(np.tanh, lambda g, _y, x: g * np.square(sech(x)))  # 1 - y*y has no digits left at 20
defvjp(np.arcsinh, lambda g, _y, x: g / hypotenuse(x))
defvjp(np.arccosh, lambda g, _y, x: g / (np.sqrt(x - 1) * np.sqrt(x + 1)))
defvjp(np.arctanh, lambda g, _y, x: only_where(np.abs(x) <= 1, x, g) / ((1 - x) * (1 + x)))
for to_radians in (np.deg2rad, np.radians):
    defvjp(to_radians, lambda g, _y, _x: g * (math.pi / 180))
for to_degrees in (np.rad2deg, np.degrees):
    defvjp(to_degrees, lambda g, _y, _x: g * (180 / math.pi))

# -- choices: a tie is split evenly, and a nan is chosen as NumPy chooses it
for choice in (np.maximum, np.minimum, np.fmax, np.fmin):
    defvjp(choice, share, lambda g, z, x, y: share(g, z, y, x))


@primitive(broadcasts=True)
def where(condition: Array, x: Array, y: Array) -> Array:
    """Take x where `condition` holds, else y: np.where with three arguments."""
    return np.where(condition, x, y)


where.defvjp(
    None,
    lambda g, _z, condition, _x, _y: np.where(condition, g, 0),
    lambda g, _z, condition, _x, _y: np.where(condition, 0, g),
)


@composite(np.where)
def _where(condition: Operand, x: Any = None, y: Any = None) -> Operand:
    if (x is None) != (y is None):
        raise ValueError("it takes both x and y, or neither")
    return np.nonzero(condition) if x is None else where(condition, x, y)


@primitive(broadcasts=True)
def clamp(x: Array, low: Array, high: Array) -> Array:
    """min(max(x, low), high); at the bounds x has the derivative 1, for it can leave them."""
    return np.clip(x, low, high)


clamp.defvjp(
    lambda g, _z, x, low, high: np.where((x < low) | (x > high), 0, g),
    lambda g, _z, x, low, high: np.where((x < low) & np.less_equal(low, high), g, 0),
    lambda g, _z, x, low, high: np.where((x > high) | np.greater(low, high), g, 0),
)


@composite(np.clip, umath.clip)  # type: ignore[attr-defined]  # the ufunc of array.clip(t, t)
def _clip(
    a: Operand, a_min: Any = None, a_max: Any = None, *, min: Any = None, max: Any = None
) -> Operand:
    low = a_min if min is None else min
    high = a_max if max is None else max
    return clamp(a, -np.inf if low is None else low, np.inf if high is None else high)


@composite(np.select)
def _select(condlist: Any, choicelist: Any, default: Any = 0) -> Operand:
    chosen = default
    for condition, choice in zip(reversed(condlist), reversed(choicelist), strict=True):
        chosen = where(condition, choice, chosen)
    return chosen.astype(common_dtype([*choicelist, default]))


@composite(np.modf)
def _modf(x: Operand) -> tuple[Operand, Operand]:
    whole, infinite = np.trunc(x), np.isinf(x)  # of which nothing is left
    return np.where(infinite, 0, x) - np.where(infinite, 0, whole), whole


@composite(np.frexp)
def _frexp(x: Operand) -> tuple[Operand, Operand]:
    _, exponent = np.frexp(x.detach())
    return np.ldexp(x, -exponent), exponent


@composite(np.divmod)
def _divmod(x1: Operand, x2: Operand) -> tuple[Operand, Operand]:
    return np.floor_divide(x1, x2), np.remainder(x1, x2)
