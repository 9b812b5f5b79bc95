"""Derivatives by differences, and the checks that hold the engine's against them.

It needs NumPy only.  The reference is Ridders' extrapolated difference, which knows its own error:
central where the function is smooth (`Differences.slope`), to one side where it has a kink
(`Differences.one_sided`).  Whatever compares with it does so in a random direction and with a
random cotangent: a cotangent of ones is blind (softmax sums to a constant).  It imports core and
transforms; properties.py comes next.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from minigrad.core import Tensor, tensor, unwrap
from minigrad.transforms import Trace

Floats = npt.NDArray[np.float64]

SHRINK, ROWS = 1.6, 10  # each step of the tableau, and how many
FEW = 6  # how many do where the function is smooth
EPS = float(np.finfo(float).eps)
SAFETY = 10  # of the error that neighbours in the tableau show
STEPS = (0.05, 0.05 / 64)  # the largest differences tried: there may be a kink or pole near
RELATIVE = 1e-9  # what a rule may lose by its own rounding, of the size of its terms
ROUNDING = 1e-12  # what differences leave of numbers of order one, which rules compute with
DIVERGES = 0.97  # least growth of a quotient's increments, by step, that has no limit: h log(h)'s
JUMPS = 0.9  # least part of a difference that is left, three steps on, at a jump; a cube root's: .6


class Estimate(NamedTuple):
    """Derivatives by differences, and a bound on the error of each."""

    value: Any
    error: Any

    def best(self, other: Estimate) -> Estimate:
        """Of each derivative the estimate whose error is less."""
        less = other.error < self.error
        return Estimate(
            np.where(less, other.value, self.value), np.where(less, other.error, self.error)
        )


class Tableau(NamedTuple):
    """Richardson's extrapolation to a step of zero, as matrices: its entries are linear."""

    entries: Floats  # what each takes of the samples
    uses: npt.NDArray[np.bool_]  # which samples
    noise: Floats  # what it makes of their rounding
    spread: Floats  # its differences from its neighbours

    @classmethod
    def of(cls, powers: Iterable[int]) -> Tableau:
        """For samples c + a h**powers[0] + b h**powers[1] + ... of steps h that shrink."""
        column = noise = np.eye(ROWS)
        columns = []
        for power in powers:
            factor = SHRINK**power
            following = (factor * column[1:] - column[:-1]) / (factor - 1)
            noise = (factor * noise[1:] + noise[:-1]) / (factor - 1)
            along = np.diff(following, axis=0, prepend=following[:1])
            spread = [following - column[1:], following - column[:-1], along]
            columns.append((following, following != 0, noise, np.array(spread)))
            column = following
        entries, uses, noises, spreads = zip(*columns, strict=True)
        return cls(
            np.concatenate(entries), np.concatenate(uses), np.concatenate(noises),
            np.concatenate(spreads, axis=1),
        )  # fmt: skip

    def limit(self, samples: Floats, rounding: Floats) -> Estimate:
        """The entry with the least error, for each column of `samples`."""
        defined = np.isfinite(samples)
        known = np.where(defined, samples, 0)
        values = self.entries @ known
        errors = SAFETY * np.abs(self.spread @ known).max(axis=0) + self.noise @ rounding
        errors[(self.uses @ ~defined) | np.isnan(errors)] = np.inf
        best = np.argmin(errors, axis=0)[None]
        least = np.take_along_axis(errors, best, 0)[0]
        value = np.take_along_axis(values, best, 0)[0]
        return Estimate(np.where(least < np.inf, value, np.nan), least)


EVEN = Tableau.of(range(2, 2 * ROWS, 2))  # the error of a central difference has even powers,
ODD = Tableau.of(range(1, 2 * ROWS - 1, 2))  # the jump of the slope odd ones,
ALL = Tableau.of(range(1, ROWS))  # and a difference to one side has all


class Differences:
    """A function of one number at 0 and at steps to both sides, and the slopes that follow.

    Parameters
    ----------
    f : callable
        From a number to an array in one axis, the elements of which are taken each by itself.
    step : float
        The largest step; each following one is 1.6 times smaller.
    scale : float
        The size of what f computes with, where that may cancel: it is rounded, too.
    rows : int
        How many steps are taken now; `complete` takes the rest.
    here : array_like
        f(0), where it is known.

    """

    def __init__(
        self,
        f: Callable[[float], npt.ArrayLike],
        step: float = 0.05,
        scale: float = 0.0,
        rows: int = ROWS,
        here: npt.ArrayLike | None = None,
    ) -> None:
        self.f, self.scale = f, scale
        self.here = np.asarray(f(0.0) if here is None else here, float)
        self.steps = step / SHRINK ** np.arange(ROWS)[:, None]
        self.above, self.below = np.full((2, ROWS, *self.here.shape), np.nan)  # unknown as yet
        self._take(range(rows))
        self.rows = rows

    def _take(self, rows: Iterable[int]) -> None:
        for row in rows:
            h = float(self.steps[row, 0])
            self.above[row], self.below[row] = self.f(h), self.f(-h)

    def complete(self) -> Differences:
        """These, with all the steps taken."""
        self._take(range(self.rows, ROWS))
        self.rows = ROWS
        return self

    @np.errstate(all="ignore")  # where f has no value there is no derivative either
    def slope(self) -> Estimate:
        """The derivatives; at a kink the jump of the slope is part of the error."""
        above, below, here, h = self.above, self.below, self.here, self.steps
        rounding = 4 * EPS * (np.abs(above) + np.abs(below) + np.abs(here) + self.scale) / h
        rounding[self.rows :] = 0  # of steps not taken, whose entries are unknown
        slope = EVEN.limit((above - below) / (2 * h), rounding)
        kink = ODD.limit((above - 2 * here + below) / h, rounding)
        error = slope.error + np.abs(kink.value) + kink.error
        return Estimate(slope.value, np.where(np.isnan(error), np.inf, error))

    @np.errstate(all="ignore")
    def one_sided(self, side: int) -> Estimate:
        """The slopes to the right (side 1) or left (-1): infinite at a root, unknown at a jump."""
        there, h = (self.above if side > 0 else self.below), side * self.steps
        quotients = (there - self.here) / h
        rounding = 4 * EPS * (np.abs(there) + np.abs(self.here) + self.scale) / np.abs(h)
        estimate = ALL.limit(quotients, rounding)
        growth = np.diff(quotients[-4:], axis=0)
        diverges = np.all(growth[1:] / growth[:-1] > DIVERGES, axis=0)
        diverges &= np.abs(growth[-1]) > 0.01 * np.abs(quotients[-1])  # more than rounding makes
        jumps = np.abs(there[-1] - self.here) > JUMPS * np.abs(there[-4] - self.here)
        infinite = diverges & ~jumps & np.isfinite(growth[-1])
        # The smallest difference has the say: one that is far off does not lead to this limit.
        off = np.abs(quotients[-1] - estimate.value) > 1 + np.abs(estimate.value) + rounding[-1]
        return Estimate(
            np.where(infinite, np.sign(growth[-1]) * np.inf, estimate.value),
            np.where(infinite, 0, np.where(off | (diverges & jumps), np.inf, estimate.error)),
        )


def ridders(f: Callable[[float], Any], step: float = 0.05) -> Estimate:
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
    value, error = Differences(lambda t: [_number(f(t))], step).slope()
    return Estimate(float(value[0]), float(error[0]))


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
    if not np.array_equal(given, cotangent) or not np.array_equal(unwrap(trace.inputs[0]), xs[i]):
        raise AssertionError(
            f"{what}: a rule changed its cotangent or operand in place; it must make new arrays"
        )
    terms = pulled.numpy() * direction
    analytic = float(np.sum(terms))
    size = float(np.nansum(np.abs(terms))) + abs(numerical)  # a gradient of nan is wrong, not rough
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
