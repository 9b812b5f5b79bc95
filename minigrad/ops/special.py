"""The error function and its kin, logarithms with care for zeros: special functions by NumPy alone.

Each is an operation with its rule, as in elementwise.py; where one's derivative is another, orders
go on for ever.  It imports core and elementwise only.  scipy_special.py, next, has the rules of
the other special functions, whose values SciPy computes.
"""

import functools
import math
from collections.abc import Callable, Sequence
from typing import Any, TypeAlias

import numpy as np

from minigrad.core import Array, Operand, common_dtype, defvjp, primitive
from minigrad.ops.elementwise import only_where

Coefficients: TypeAlias = Sequence[float]

BLOCK = 16384  # elements that a processor's second cache holds, with what is computed from them


def by_blocks(fn: Callable[..., Array]) -> Callable[..., Array]:
    """`fn`, an elementwise function of a floating array, on pieces that stay in the cache.

    Numbers of other dtypes become float64, and those of half precision are computed in single.
    """

    @functools.wraps(fn)
    def in_pieces(x: Array, *args: Any) -> Array:
        if not hasattr(x, "dtype"):
            x = np.asarray(x)
        if x.dtype.kind != "f":
            x = x.astype(float)
        if x.dtype == np.float16:
            return in_pieces(x.astype(np.float32), *args).astype(np.float16)
        if x.size <= BLOCK or not isinstance(x, np.ndarray):
            return fn(x, *args)
        y, flat = np.empty(x.size, x.dtype), x.ravel()
        for i in range(0, x.size, BLOCK):
            y[i : i + BLOCK] = fn(flat[i : i + BLOCK], *args)
        return y.reshape(x.shape)

    return in_pieces


def polynomial(x: Array, coefficients: Coefficients) -> Array:
    """The sum of coefficients[k] x**k, by Horner's rule."""
    last, *others = reversed(coefficients)
    y = last * x + others[0]
    for c in others[1:]:
        y *= x
        y += c
    return y


# The fits below are least-squares fits of P(x) - f(x) Q(x), computed in 60 decimal digits with
# mpmath at six times as many Chebyshev nodes as there are coefficients: with weights 1 / (f Q) for
# a relative error, Q from the last round, and weights raised where the error was large (Lawson's
# iteration), 40 rounds, until it was level.  Of each there is one for double and one for single
# precision; other dtypes have double's.

# -log(erfc(x)) / x for 0 <= x <= 6, P / Q: to 5.6e-17.
LOG_ERFC = (
    (
        1.1283791670955126, 2.644255125278905, 2.9382184913306584, 1.9933275373996284,
        0.8952911835502138, 0.27105955110581603, 0.05387807011250552, 0.006475400498120632,
        0.0003890521124786401, 7.716291248311218e-06,
    ),
    (
        1.0, 1.779220506240849, 1.5090308151803906, 0.7700620787797396, 0.2518748494493199,
        0.05238591053173096, 0.006434276259504013, 0.0003889667506268737, 7.716677699103116e-06,
    ),
)  # fmt: skip
# arctanh(erf(x)) / x for |x| <= 4, as a polynomial in x**2, in single precision: to 7e-8 of erf(x).
ATANH_ERF_SINGLE = (
    1.128379246, 0.1027698997, -0.0001954390224, -0.0006146198845, 8.445954713e-05,
    -4.754139456e-06, 2.210704121e-08, 5.69136855e-09,
)  # fmt: skip

# exp(x*x/2) ndtr(-x) for 0 <= x <= 14.4, P / Q, in single precision: to 5.9e-9.
SCALED_NDTR_SINGLE = (
    (
        0.5000000028979704, 0.4380931851949971, 0.18308553817144713, 0.04058275641366096,
        0.0041088038138047435,
    ),
    (
        1.0, 1.6740713456183751, 1.2018820242653896, 0.46907565252998573, 0.1017324009435271,
        0.010299122362535577,
    ),
)  # fmt: skip

# exp(x*x) erfc(x) / t as a polynomial in t - 1/2, where t = 4 / (4 + x) goes from 1 to 0 as x goes
# from 0 to infinity: to 3.7e-17, and to 2.5e-9.
SCALED_ERFC = (
    0.27399891525012277, 0.48827436454044093, 0.7732087022652259, 1.081707662626483,
    1.3234063515141337, 1.392087497919081, 1.222104238399318, 0.8438417068699876,
    0.3911715674301231, 0.03596273613987015, -0.11649360280735686, -0.09052819294480398,
    -0.0037209028467132046, 0.038627410566469025, 0.01921587912943255, -0.01166841951915519,
    -0.013801574850828077, 0.002473861284823656, 0.00796520186584722, -7.973538399523323e-05,
    -0.003890674928920845, -0.00016118824413468376, 0.0011803567671366433,
)  # fmt: skip
SCALED_ERFC_SINGLE = (
    0.2739989147961088, 0.48827435009184356, 0.773208840531394, 1.0817095348694472,
    1.3233998688894075, 1.392020482740154, 1.2222084130679112, 0.8448512704093873,
    0.3905138143935449, 0.028613123185227726, -0.11552880238067997, -0.06449545005012193,
    0.0018439737270254221,
)  # fmt: skip


def gaussian(x: Array, factor: float) -> Array:
    """exp(-factor x**2), where squaring x would round away digits that exp makes large.

    The square of a number of half as many digits is exact, and the rest of x**2 is small.
    """
    if x.dtype == np.float32:
        return np.exp(-factor * np.square(x.astype(float))).astype(np.float32)
    short = x.astype(np.float32).astype(x.dtype)
    return np.exp(-factor * short * short) * np.exp(-factor * (x - short) * (x + short))


def scaled_erfc(x: Array) -> Array:
    """exp(x*x) erfc(x) for x >= 0."""
    r = 1 / (4 + x)  # x r is 1 - t, and more exact for small x
    fit = SCALED_ERFC_SINGLE if x.dtype == np.float32 else SCALED_ERFC
    return 4 * r * polynomial(0.5 - np.minimum(x, np.finfo(x.dtype).max) * r, fit)


def ndtr_in_single(x: Array) -> Array:
    """`ndtr` in single precision throughout: in less than half the time, and a few roundings more.

    The square of z is q + lost, to twice the digits: `short` has half of those of z.
    """
    z = np.clip(np.abs(x), 0, 14.4)  # where it is 0 already
    short = z * 4097
    short = short - (short - z)
    square, rest = short * short, (z - short) * (z + short)
    q = square + rest
    lost = rest - (q - square)
    over, under = SCALED_NDTR_SINGLE
    tail = polynomial(z, over)
    tail /= polynomial(z, under)
    q *= -0.5
    tail *= np.exp(q)
    lost *= -0.5
    lost += 1
    tail *= lost
    return np.abs(np.greater(x, 0) - tail)  # np.where takes three times as long


def upper_tail(x: Array, factor: float) -> Array:
    """The integral from x on of exp(-factor t**2), divided by that from minus infinity on."""
    scale = math.sqrt(factor)
    z = np.minimum(np.abs(x), 40 / scale)  # where it is 0 already
    tail = gaussian(z, factor) * scaled_erfc(z * scale) / 2
    return np.where(x < 0, 1 - tail, tail)


@primitive
@by_blocks
def erf(x: Array) -> Array:
    """The error function: 2/sqrt(pi) times the integral of exp(-t*t) from 0 to x.

    Parameters
    ----------
    x : array_like or Tensor
        Real numbers of any shape.

    Returns
    -------
    ndarray or Tensor
        In the shape and dtype of x, and right to four roundings of float64 or float32.

    Examples
    --------
    >>> import minigrad as mg
    >>> mg.special.erf(mg.tensor([-1.0, 0.0, 1.0]))
    tensor([-0.84270079,  0.        ,  0.84270079])

    """
    if x.dtype == np.float32:
        z = np.clip(x, -4, 4)  # where it is -1 or 1 already
        return np.tanh(z * polynomial(z * z, ATANH_ERF_SINGLE))
    z = np.minimum(np.abs(x), 6)  # where it is 1 already
    over, under = LOG_ERFC
    return np.copysign(np.expm1(-z * polynomial(z, over) / polynomial(z, under)), x)


@primitive
@by_blocks
def erfc(x: Array) -> Array:
    """1 - erf(x), with all its digits where that is small.

    Parameters
    ----------
    x : array_like or Tensor
        Real numbers of any shape.

    Returns
    -------
    ndarray or Tensor
        In the shape and dtype of x, and right to eight roundings of float64 or float32.

    Examples
    --------
    >>> import minigrad as mg
    >>> mg.special.erfc(mg.tensor([0.0, 25.0]))
    tensor([1.00000000e+000, 8.30017257e-274])

    """
    return 2 * upper_tail(x, 1)


@primitive
@by_blocks
def ndtr(x: Array) -> Array:
    """The normal distribution function: how likely a standard normal number is below x.

    Parameters
    ----------
    x : array_like or Tensor
        Real numbers of any shape.

    Examples
    --------
    >>> import minigrad as mg
    >>> mg.special.ndtr(mg.tensor([-1.96, 0.0, 1.96]))
    tensor([0.0249979, 0.5      , 0.9750021])

    """
    return ndtr_in_single(x) if x.dtype == np.float32 else upper_tail(-x, 0.5)


@primitive
@by_blocks
def erfcx(x: Array, n: int = 0) -> Array:
    """exp(x*x) erfc(x), which is not 0 where erfc(x) is.

    Parameters
    ----------
    x : array_like or Tensor
        Real numbers of any shape.
    n : int
        With n, not erfc but its n-th integral: erfc integrated n times, each time from x to
        infinity.  These are what the derivatives of erfcx are, without cancellation.

    Examples
    --------
    >>> import minigrad as mg
    >>> mg.special.erfcx(mg.tensor([0.0, 1e8]))
    tensor([1.00000000e+00, 5.64189584e-09])

    """
    with np.errstate(over="ignore"):  # to inf, for x below -26
        y = scaled_erfc(np.abs(x))
        y = np.where(x < 0, 2 * gaussian(np.clip(x, -40, 0), -1) - y, y)
    if n == 0:
        return y
    with np.errstate(over="ignore", invalid="ignore"):
        return np.where(x < 1, _integrals(x, y, n), y * _ratios(np.maximum(x, 1), n))


def _integrals(x: Array, y: Array, n: int) -> Array:
    """The n-th integral from y, the 0th, upwards by 2 k y_k = y_(k-2) - 2 x y_(k-1)."""
    before = np.full_like(x, 2 / math.sqrt(math.pi))
    for k in range(1, n + 1):
        before, y = y, (before - 2 * x * y) / (2 * k)
    return y


def _ratios(x: Array, n: int) -> Array:
    """The n-th integral divided by the 0th: downwards, which is stable for x >= 1."""
    ratio, product, twice = np.zeros_like(x), np.ones_like(x), 2 * x
    for k in range(n + 180, 0, -1):
        ratio = 1 / (twice + 2 * (k + 1) * ratio)
        if k <= n:
            product = product * ratio
    return product


@primitive
@by_blocks
def log_ndtr(x: Array) -> Array:
    """log(ndtr(x)), also where ndtr(x) is 0 or 1 to rounding.

    Parameters
    ----------
    x : array_like or Tensor
        Real numbers of any shape.

    Examples
    --------
    >>> import minigrad as mg
    >>> mg.special.log_ndtr(mg.tensor([-100.0, 10.0]))
    tensor([-5.00552421e+03, -7.61985302e-24])

    """
    low, high = np.minimum(x, -1), np.maximum(x, -1)
    with np.errstate(over="ignore", divide="ignore"):
        tail = np.log(scaled_erfc(low * -math.sqrt(0.5)) / 2) - low * low / 2
    return np.where(x < -1, tail, np.log1p(-upper_tail(high, 0.5)))


@primitive
@by_blocks
def logit(x: Array) -> Array:
    """log(x / (1 - x)), the inverse of expit.

    Parameters
    ----------
    x : array_like or Tensor
        Probabilities, of any shape.

    Examples
    --------
    >>> import minigrad as mg
    >>> mg.special.logit(mg.tensor([0.0, 0.5, 0.75]))
    tensor([      -inf, 0.        , 1.09861229])

    """
    with np.errstate(divide="ignore", invalid="ignore"):
        near = np.abs(x - 0.5) < 0.25
        return np.where(near, 2 * np.arctanh(np.where(near, 2 * x - 1, 0)), np.log(x / (1 - x)))


def joined(x: Array, y: Array) -> Array:
    """`y` in its dtype together with x: a logarithm is as precise as its product."""
    dtype = common_dtype((x, y))
    if dtype.kind != "f":
        return y
    return y.astype(dtype, copy=False) if hasattr(y, "astype") else np.asarray(y, dtype)


@primitive(broadcasts=True)
def xlogy(x: Array, y: Array) -> Array:
    """X log(y), and 0 where x is 0.

    Parameters
    ----------
    x, y : array_like or Tensor
        Real numbers of shapes that broadcast.

    Examples
    --------
    >>> import minigrad as mg
    >>> mg.special.xlogy(mg.tensor([0.0, 2.0]), mg.tensor([0.0, 1.0]))
    tensor([0., 0.])

    """
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        return np.where(np.equal(x, 0) & ~np.isnan(y), 0, x * np.log(joined(x, y)))


@primitive(broadcasts=True)
def xlog1py(x: Array, y: Array) -> Array:
    """X log(1 + y), and 0 where x is 0.

    Parameters
    ----------
    x, y : array_like or Tensor
        Real numbers of shapes that broadcast.

    Examples
    --------
    >>> import minigrad as mg
    >>> mg.special.xlog1py(mg.tensor([0.0, 2.0]), mg.tensor([-1.0, 0.0]))
    tensor([0., 0.])

    """
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        return np.where(np.equal(x, 0) & ~np.isnan(y), 0, x * np.log1p(joined(x, y)))


@primitive
def entr(x: Array) -> Array:
    """-x log(x), 0 where x is 0, and -inf below.

    Parameters
    ----------
    x : array_like or Tensor
        Probabilities, of any shape.

    Examples
    --------
    >>> import minigrad as mg
    >>> mg.special.entr(mg.tensor([0.0, 0.5, 1.0]))
    tensor([0.        , 0.34657359, 0.        ])

    """
    return np.where(np.less(x, 0), -np.inf, 0 - xlogy.forward(x, x))


def nonzero(x: Operand, y: Operand, pole: float, instead: float) -> Operand:
    """y, and `instead` where it is `pole` and x is 0: by convention 0 log(0) is flat."""
    return np.where(np.equal(x, 0) & np.equal(y, pole), instead, y)


defvjp(erf, lambda g, _y, x: g * (2 / math.sqrt(math.pi)) * np.exp(-x * x))
defvjp(erfc, lambda g, _y, x: -g * (2 / math.sqrt(math.pi)) * np.exp(-x * x))
defvjp(erfcx, lambda g, _y, x, n=0: -g * (2 * (n + 1)) * erfcx(x, n + 1))
defvjp(ndtr, lambda g, _y, x: g * (1 / math.sqrt(2 * math.pi)) * np.exp(-x * x / 2))
defvjp(log_ndtr, lambda g, _y, x: g * math.sqrt(2 / math.pi) / erfcx(x * -math.sqrt(0.5)))
defvjp(logit, lambda g, _y, x: only_where((x >= 0) & (x <= 1), x, g) / (x * (1 - x)))
defvjp(
    xlogy,
    lambda g, _z, x, y: g * np.log(nonzero(x, y, 0, 1)),
    lambda g, _z, x, y: g * x / nonzero(x, y, 0, np.inf),
)
defvjp(
    xlog1py,
    lambda g, _z, x, y: g * np.log1p(nonzero(x, y, -1, 0)),
    lambda g, _z, x, y: g * x / (1 + nonzero(x, y, -1, np.inf)),
)
defvjp(entr, lambda g, _y, x: -g * (1 + np.log(only_where(x >= 0, x, x))))
