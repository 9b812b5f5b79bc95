"""Derivatives by differences, and the checks that hold the engine's against them.

It needs NumPy only.  The reference is Ridders' extrapolated central difference, which knows its own
error, in a random direction and with a random cotangent: a cotangent of ones is blind (softmax sums
to a constant).  It imports core and transforms.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from minigrad.core import Tensor, tensor
from minigrad.transforms import Trace

SHRINK, ROWS = 1.6, 10  # each step of the tableau, and how many
EPS = np.finfo(float).eps
SAFETY = 10  # of the error that neighbours in the tableau show
ROUNDING = 1e-12  # what differences leave of numbers of order one, which rules compute with


class Estimate(NamedTuple):
    """A derivative by differences, and a bound on its error."""

    value: float
    error: float


def ridders(f: Callable[[float], float], step: float = 0.05) -> Estimate:
    """Derivative of f at 0 by central differences, extrapolated to a step of zero.

    C. J. F. Ridders, "Accurate computation of F'(x) and F'(x) F''(x)", Advances in Engineering
    Software 4 (1982) 75-76.

    Parameters
    ----------
    f : callable
        A function of one number; smooth, if the error is to be small, within `step` of 0.
    step : float
        The largest difference that is taken; each following one is 1.6 times smaller.

    Returns
    -------
    Estimate
        The derivative and its error: how far the best extrapolation is from its neighbours, and
        what rounding in f makes of it.  At a kink the jump of the slope is part of the error.

    Examples
    --------
    >>> import numpy as np, minigrad as mg
    >>> value, error = mg.testing.ridders(np.exp)
    >>> bool(abs(value - 1) < error < 1e-9)
    True

    """
    steps = step / SHRINK ** np.arange(ROWS)
    here = _number(f(0.0))
    above, below = (np.array([_number(f(sign * h)) for h in steps]) for sign in (1, -1))
    with np.errstate(all="ignore"):  # where f has no value there is no derivative either
        rounding = 4 * EPS * (np.abs(above) + np.abs(below) + abs(here)) / steps
        slope = _limit((above - below) / (2 * steps), rounding, power=2)
        kink = _limit((above - 2 * here + below) / steps, rounding, power=1)
    return Estimate(slope.value, slope.error + abs(kink.value) + kink.error)


def _limit(samples: npt.NDArray[Any], rounding: npt.NDArray[Any], power: int) -> Estimate:
    """The limit of samples c + a h**power + b h**(power + 2) + ... for steps h that shrink."""
    best = Estimate(np.nan, np.inf)
    column, noise = samples, rounding
    for j in range(1, len(samples)):
        factor = SHRINK ** (power + 2 * (j - 1))
        following = (factor * column[1:] - column[:-1]) / (factor - 1)
        noise = (factor * noise[1:] + noise[:-1]) / (factor - 1)
        spread = np.maximum(np.abs(following - column[1:]), np.abs(following - column[:-1]))
        spread[1:] = np.maximum(spread[1:], np.abs(np.diff(following)))
        errors = SAFETY * spread + noise
        i = int(np.argmin(errors))
        if errors[i] < best.error:
            best = Estimate(float(following[i]), float(errors[i]))
        column = following
    return best


def numerical_gradient(
    f: Callable[[npt.NDArray[np.floating]], Any], x: npt.ArrayLike, h: float = 1e-4
) -> npt.NDArray[np.float64]:
    """Gradient of a scalar f at x by central differences: the book's, for a lesson.

    Parameters
    ----------
    f : callable
        Takes a float64 array of the shape of x, and returns a number.
    x : array_like
        Where; integers and float32 are taken as float64, so that a step of h is not lost.
    h : float
        The difference to each side.

    Returns
    -------
    ndarray
        float64, in the shape of x.

    Examples
    --------
    >>> import numpy as np, minigrad as mg
    >>> mg.testing.numerical_gradient(lambda x: np.sum(x**2), [3, 4]).round(6)
    array([6., 8.])

    """
    x = np.array(x, dtype=float)
    gradient = np.zeros_like(x)
    for i in np.ndindex(x.shape):
        value = x[i]
        x[i] = value + h
        above = _number(f(x.copy()))
        x[i] = value - h
        below = _number(f(x.copy()))
        x[i] = value
        gradient[i] = (above - below) / (2 * h)
    return gradient


def check_grads(
    f: Callable[..., Any],
    *args: Any,
    order: int = 2,
    rtol: float = 1e-9,
    step: float = 0.05,
    rng: np.random.Generator | int | None = 0,
    **kwargs: Any,
) -> None:
    """Assert that f's derivatives are those of its values, by every floating argument.

    Parameters
    ----------
    f : callable
        Computes one array with NumPy functions.
    *args : array_like or Tensor
        Where to check it.  It must be smooth within `step` of there: no kink, no pole.
    order : int
        Up to which derivative.
    rtol : float
        What is allowed beside the error that the numerical derivative states, relative to the size
        of its terms.
    step : float
        The largest difference taken.
    rng : numpy.random.Generator, int or None
        Draws the directions and cotangents.
    **kwargs
        Passed on to f.

    Raises
    ------
    AssertionError
        With the order, the argument, and both derivatives, where they differ; or where f is too
        rough at `args` for a numerical derivative.

    Examples
    --------
    >>> import numpy as np, minigrad as mg
    >>> mg.testing.check_grads(np.multiply, np.array([1.0, 2.0]), 3.0)
    >>> wrong = mg.primitive(lambda x: x * x)
    >>> wrong.defvjp(lambda g, _y, x: 2.001 * g * x)
    >>> mg.testing.check_grads(wrong, np.array([1.0, 2.0]))  # doctest: +ELLIPSIS
    Traceback (most recent call last):
    AssertionError: <lambda>: derivative of order 1 by argument 0 is ...

    """
    rng = np.random.default_rng(rng)
    name = getattr(f, "__name__", type(f).__name__)
    args = tuple(a.numpy() if isinstance(a, Tensor) else a for a in args)
    args = tuple(np.asarray(a, float) if _floating(a) else a for a in args)
    positions = [i for i, a in enumerate(args) if _floating(a)]
    if not positions:
        raise TypeError(f"check_grads of {name}: no argument is floating")

    def g(*xs: Any) -> Any:
        call = list(args)
        for i, x in zip(positions, xs, strict=True):
            call[i] = x
        return f(*call, **kwargs)

    xs = [args[i] for i in positions]
    for n in range(1, order + 1):
        for i, position in enumerate(positions + [f"cotangent {k}" for k in range(1, n)]):
            _check_direction(
                f"{name}: derivative of order {n} by argument {position}", g, xs, i, rtol, step, rng
            )
        if n < order:
            g, xs = _derivative(g, xs, rng)


def _derivative(
    f: Callable[..., Any], xs: list[Any], rng: np.random.Generator
) -> tuple[Callable[..., Any], list[Any]]:
    """The product of f's vjp with a direction, as a function of xs and a cotangent; and these."""
    cotangent = rng.standard_normal(np.shape(_value(f, xs)))
    directions = [rng.standard_normal(np.shape(x)) for x in xs]

    def product(*arguments: Any) -> Any:
        *inputs, u = arguments
        recording = any(isinstance(a, Tensor) for a in arguments)
        inputs = [
            x if isinstance(x, Tensor) and x.requires_grad else tensor(x, requires_grad=True)
            for x in inputs
        ]
        trace = Trace(f, range(len(inputs)), inputs, {})
        pulled = trace.pull_back(u, create_graph=recording)
        total = sum((d * p).sum() for d, p in zip(directions, pulled, strict=True))
        return total if recording else total.numpy()

    return product, [*xs, cotangent]


def _check_direction(
    what: str, f: Callable[..., Any], xs: list[Any], i: int, rtol: float, step: float, rng: Any
) -> None:
    """Assert that f's derivative along a random direction of xs[i] is that of its values."""
    cotangent = rng.standard_normal(np.shape(_value(f, xs)))
    direction = rng.uniform(-1, 1, np.shape(xs[i]))

    def weighted(t: float) -> Any:
        return cotangent * _value(f, [x + t * direction if j == i else x for j, x in enumerate(xs)])

    with np.errstate(all="ignore"):
        numerical, error = ridders(lambda t: np.sum(weighted(t)), step)
        scale = float(np.sum(np.abs(weighted(0.0)) + np.abs(weighted(step))))
    trace = Trace(f, i, xs, {})
    given = cotangent.copy()
    (pulled,) = trace.pull_back(given)
    if not np.array_equal(given, cotangent) or not np.array_equal(trace.inputs[0].data, xs[i]):
        raise AssertionError(
            f"{what}: a rule changed its cotangent or operand in place; it must make new arrays"
        )
    terms = pulled.numpy() * direction
    analytic = float(np.sum(terms))
    size = float(np.sum(np.abs(terms))) + abs(numerical)
    if not error <= 1e-4 * max(size, scale) + 100 * ROUNDING:
        raise AssertionError(
            f"{what} cannot be checked: by differences it is {numerical} +- {error}; "
            "is there a kink or pole near?"
        )
    if not abs(analytic - numerical) <= 2 * error + rtol * size + ROUNDING * max(scale, 1.0):
        raise AssertionError(
            f"{what} is {analytic}, and by differences {numerical} +- {error}\n"
            f"at {', '.join(map(repr, xs))}\nalong {direction!r}\nfor the cotangent {cotangent!r}"
        )


def _value(f: Callable[..., Any], xs: list[Any]) -> npt.NDArray[Any]:
    y = f(*xs)
    return y.detach().numpy() if isinstance(y, Tensor) else np.asarray(y)


def _number(y: Any) -> float:
    return float(y.item()) if isinstance(y, Tensor) else float(y)


def _floating(x: Any) -> bool:
    return np.asarray(x).dtype.kind == "f"
