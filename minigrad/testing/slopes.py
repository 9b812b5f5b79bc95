"""A vjp, held against differences: where a function is smooth, and where it has kinks.

Results are looked at one by one.  Where the differences of a result are good, its derivative is
what they say.  Where they are not, there is a kink, and what is pulled back must lie between the
slopes to both sides: that takes every choice of a subgradient, and nothing else.  It needs NumPy
only; properties.py comes next.
"""

from __future__ import annotations

import functools
import math
import warnings
from collections.abc import Callable, Iterable, Sequence
from typing import Any, NoReturn

import numpy as np
import numpy.typing as npt

from minigrad.testing.calls import Call, Failure, array_of, written
from minigrad.testing.numerical import (
    FEW,
    RELATIVE,
    ROUNDING,
    ROWS,
    STEPS,
    Differences,
    Estimate,
    Floats,
)

SHARP = 1e-6  # the relative error above which a derivative by differences is no reference
SLOPE = 1e-2  # and a slope to one side, which is but the end of an interval
JUMP = 1e-3  # least relative difference of slopes near a kink; bending makes less of it
NEARBY = 1e-4  # the relative error of a slope taken in one difference, not far away
CLOSER = STEPS[-1] / 64  # a difference between the kinks that a larger one does not see
WIDE = 1e3  # a range of numbers that differences of one size cannot serve
FAR = 1e150  # numbers beyond this overflow in a square: nothing is differentiated there


# ---------------------------------------------------------------------------------------------
# Derivatives


class Map:
    """A function of arrays at a point, with its vjp: an operation, or a derivative of one."""

    def __init__(
        self,
        call: Call,
        xs: list[Floats],
        value: Callable[..., list[Any]],
        pull: Callable[[Sequence[Any], Sequence[Any]], Sequence[Any]],
        names: list[str],
        results: list[str],
    ) -> None:
        self.call, self.xs, self.value, self.pull = call, xs, value, pull
        self.names, self.results = names, results
        ys = value(*xs)
        self.shapes = [np.shape(y) for y in ys]
        self.here = np.where(call.within(xs), flat(ys), np.nan)
        movable = [np.isfinite(x) & (np.abs(x) < FAR) for x in xs]
        self.movable = flat(movable).astype(bool)

    @classmethod
    def of(cls, call: Call) -> Map:
        """The operation itself."""
        return cls(
            call,
            call.xs,
            lambda *xs: [call.plain(xs)],
            lambda xs, us: call.vjp(call.f, *xs)[1](us[0]),
            call.names,
            ["the result"],
        )

    def derivative(self) -> Map:
        """Its vjp, as a function of where it is taken and of a random cotangent."""
        n = len(self.xs)

        def value(*xs: Any) -> list[Any]:
            return [array_of(p) for p in self.pull(xs[:n], xs[n:])]

        def pull(xs: Sequence[Any], ds: Sequence[Any]) -> Sequence[Any]:
            def product(*xs: Any) -> Any:
                pulled = self.pull(xs[:n], xs[n:])
                return sum((d * p).sum() for d, p in zip(ds, pulled, strict=True))

            return self.call.vjp(product, *xs)[1](np.ones(()))

        us = [self.call.rng.standard_normal(shape) for shape in self.shapes]
        names = [*self.names, *("the cotangent" for _ in us)]
        results = [f"the gradient by {name}" for name in self.names]
        return Map(self.call, [*self.xs, *us], value, pull, names, results)

    def at(self, xs: Sequence[Any]) -> Floats:
        """All that comes out, in one axis; nan beyond the domain."""
        if not self.call.within(xs):
            return np.full(sum(map(math.prod, self.shapes)), np.nan)
        return flat(self.value(*xs))

    def split(self, v: Floats, shapes: Iterable[tuple[int, ...]]) -> list[Floats]:
        """Numbers in one axis as arrays."""
        arrays, start = [], 0
        for shape in shapes:
            size = math.prod(shape)
            arrays.append(v[start : start + size].reshape(shape))
            start += size
        return arrays

    def moved(self, v: Floats) -> Floats:
        """All that comes out, where what goes in has moved by v."""
        parts = self.split(v, (x.shape for x in self.xs))
        return self.at([x + d for x, d in zip(self.xs, parts, strict=True)])

    def differences(self, v: Floats, step: float, rows: int = ROWS) -> Differences:
        """Differences of all that comes out, in direction v."""
        x = np.abs(flat(self.xs))
        large = np.max(x, initial=0.0, where=np.isfinite(x))
        scale = large if large > WIDE else 0.0
        return Differences(lambda t: self.moved(t * v), step, scale, rows, self.here)

    def pulled(self, u: Floats) -> Floats:
        """All cotangents that are pulled back, in one axis."""
        return flat(self.pull(self.xs, self.split(u.copy(), self.shapes)))

    def place(self, k: int, shapes: Iterable[tuple[int, ...]], names: Sequence[str]) -> str:
        """The name and index of element k."""
        for shape, name in zip(shapes, names, strict=True):
            size = math.prod(shape)
            if k < size:
                index = tuple(map(int, np.unravel_index(k, shape)))
                return f"{name} at index {index}"
            k -= size
        raise IndexError(k)

    def operand(self, k: int) -> str:
        """The name and index of an element of what goes in."""
        return self.place(k, (x.shape for x in self.xs), self.names)

    def result(self, i: int) -> str:
        """The name and index of an element of what comes out."""
        return self.place(i, self.shapes, self.results)

    def range(self) -> float:
        """How much larger than 1 the largest number is, times how much smaller the smallest."""
        x = np.abs(flat(self.xs))
        x = x[np.isfinite(x) & (x > 0)]
        return float(np.max(x, initial=1.0) / np.min(x, initial=1.0))

    def sizes(self) -> Floats:
        """What each number moves by: 1, or its own size if that is much more or any is tiny."""
        x = np.abs(flat(self.xs))
        if self.range() <= WIDE:
            return np.maximum(1, x)
        return np.where(x > 0, x, np.min(x, initial=1.0, where=self.movable & (x > 0)))

    def inside(self, v: npt.NDArray[Any]) -> Floats:
        """`v` with what does not move left out, and turned inwards at the bounds of the domain."""
        x = flat(self.xs)
        pairs = zip(self.call.bounds, self.xs, strict=False)
        low, high = np.full(x.shape, -np.inf), np.full(x.shape, np.inf)
        start = 0
        for (least, most), a in pairs:
            low[start : start + a.size], high[start : start + a.size] = least, most
            start += a.size
        reach = STEPS[-1] * np.abs(v)
        v = np.where(x - low < reach, np.abs(v), np.where(high - x < reach, -np.abs(v), v))
        return np.where(self.movable, v, 0)


def flat(arrays: Iterable[Any]) -> Floats:
    """Arrays in one axis."""
    parts = [np.ravel(array_of(a)) for a in arrays]
    return np.concatenate(parts).astype(float) if parts else np.zeros(0)


def held(f: Map, order: int, law: Any) -> bool | None:
    """Hold the vjp of f against differences; None if there are none, False if none is good."""
    finite = np.isfinite(f.here)
    if not f.movable.any() or not f.here.size:
        return None
    checked = np.zeros(f.here.shape, bool)
    x = np.abs(flat(f.xs))
    random = f.call.rng.uniform(0.3, 1, x.shape) * f.call.rng.choice((-1, 1), x.shape)
    # Small numbers move by as much as others; then, for the sake of a pole at 0, by their own size.
    for own in (False, True):
        if own and not np.any((x > 0) & (x < 1)):
            break
        v = f.inside(random * (np.where(x > 0, x, 1) if own else f.sizes()))
        estimate, smooth = slopes(f, v, finite & ~checked)
        checked |= compare(f, order, v, estimate, smooth, law)
        if np.all(checked[finite]):
            break
    rough = np.flatnonzero(finite & ~checked)
    if order == 1 and rough.size and f.range() <= WIDE:
        checked |= between(f, v, rough, law)
    return bool(checked.any())


def slopes(f: Map, v: Floats, wanted: Any) -> tuple[Estimate, Any]:
    """The derivatives of f in direction v, and which of those `wanted` are good as references."""
    estimate = Estimate(np.full(f.here.shape, np.nan), np.full(f.here.shape, np.inf))

    def good(relative: float, absolute: float) -> Any:
        size = np.abs(estimate.value) + np.abs(f.here)
        return (estimate.error <= relative * size + absolute) & wanted

    with np.errstate(all="ignore"):
        for step in STEPS:
            differences = f.differences(v, step, FEW)
            estimate = estimate.best(differences.slope())
            # A kink within these steps is left to smaller ones.
            if np.any(~good(RELATIVE, ROUNDING) & good(SLOPE, 100 * ROUNDING)):
                estimate = estimate.best(differences.complete().slope())
            smooth = good(SHARP, 100 * ROUNDING)
            if np.all(smooth[wanted]):
                break
        if f.range() > WIDE:  # then a staircase may look smooth from afar
            finer = f.differences(v, STEPS[0] / f.range(), FEW).slope()
            smooth &= np.abs(finer.value - estimate.value) <= finer.error + estimate.error
            smooth &= finer.error <= np.abs(estimate.value) + np.abs(f.here)
    return estimate, smooth


def kinked(f: Map, v: Floats, estimate: Estimate) -> Any:
    """Which results have slopes along v that jump near here, or are not those seen from afar."""
    near = nearby(f, v, 12)
    with np.errstate(all="ignore"), warnings.catch_warnings(action="ignore"):
        low, high = np.nanmin(near, axis=0), np.nanmax(near, axis=0)
        jumps = high - low > JUMP * (1 + np.abs(low) + np.abs(high))
        closer = f.differences(v, CLOSER).slope()
        return jumps | (np.abs(closer.value - estimate.value) > closer.error + estimate.error)


def nearby(f: Map, v: Floats, n: int) -> Floats:
    """Slopes along v at n places near here: between them are all that a subgradient may have."""
    near = []
    for _ in range(n):
        away = f.inside(f.call.rng.standard_normal(v.shape) * f.sizes())
        above, below = (f.moved(1e-5 * away + sign * 1e-8 * v) for sign in (1, -1))
        near.append((above - below) / 2e-8)
    return np.array(near)


def compare(f: Map, order: int, v: Floats, estimate: Estimate, smooth: Any, law: Any) -> Any:
    """Hold <u, f'(x) v> against <f'(x)* u, v> for a random u where f is smooth; return where."""
    while smooth.any():
        u = np.where(smooth, f.call.rng.standard_normal(smooth.shape), 0)
        g = f.pulled(u)
        terms = np.where(v == 0, 0, v) * np.where(v == 0, 0, g)
        poles = np.flatnonzero(~np.isfinite(terms))
        if not poles.size:
            break
        for k in poles:  # 0 * inf, of a result with a pole there; where there is none, it is wrong
            excuse(f, order, int(k), g[k], law, u)
        v = v.copy()
        v[poles] = 0
        estimate, smooth = slopes(f, v, smooth)
    if not smooth.any():
        return smooth
    with np.errstate(all="ignore"):
        numerical = np.where(smooth, u * estimate.value, 0)
        error = np.sum(np.where(smooth, np.abs(u) * estimate.error, 0))
        size = np.sum(np.abs(terms)) + np.sum(np.abs(numerical))
        scale = max(1.0, float(np.sum(np.where(smooth, np.abs(u * f.here), 0))))
        slack = 2 * error + RELATIVE * size + ROUNDING * scale
        analytic, numerical = np.sum(terms), np.sum(numerical)
    if np.isfinite(slack) and not abs(analytic - numerical) <= slack:
        # Three tied elements have slopes of one, and a near tie is not seen from afar.
        if (jumps := smooth & kinked(f, v, estimate)).any():
            return compare(f, order, v, estimate, smooth & ~jumps, law)
        if f.call.explain:
            locate(f, order, smooth, law)
        fail(
            f, order, law, "in a random direction, for a random cotangent",
            analytic, numerical, error, direction=written(v), cotangent=written(u),
        )  # fmt: skip
    return smooth


def unit(f: Map, k: int) -> Floats:
    """The direction in which element k moves alone."""
    return f.inside(np.where(np.arange(f.movable.size) == k, f.sizes(), 0.0))


def excuse(f: Map, order: int, k: int, g: float, law: Any, u: Floats) -> None:
    """Refuse a gradient that is not finite, unless differences by element k are not all good."""
    v = unit(f, k)
    finite = np.isfinite(f.here)
    estimate, smooth = slopes(f, v, finite)
    if np.all(smooth) and f.movable.all():
        numerical, error = u @ estimate.value / v[k], np.abs(u) @ estimate.error / abs(v[k])
        fail(f, order, law, f"by {f.operand(k)}", g, numerical, error, cotangent=written(u))


def locate(f: Map, order: int, smooth: Any, law: Any) -> None:
    """Find a result and an operand whose derivative is wrong; few are looked at."""
    rows = {}
    for i in np.flatnonzero(smooth)[:16]:
        rows[i] = f.pulled((np.arange(smooth.size) == i).astype(float))
    for k in np.flatnonzero(f.movable)[:64]:
        v = unit(f, int(k))
        if not v[k]:
            continue
        estimate, good = slopes(f, v, smooth)
        for i, row in rows.items():
            numerical, error = estimate.value[i] / v[k], estimate.error[i] / abs(v[k])
            slack = RELATIVE * (abs(row[k]) + abs(numerical)) + ROUNDING * max(1, abs(f.here[i]))
            if good[i] and not abs(row[k] - numerical) <= 2 * error + slack:
                where = f"of {f.result(int(i))} by {f.operand(int(k))}"
                fail(f, order, law, where, row[k], numerical, error)


def fail(
    f: Map, order: int, law: Any, where: str, analytic: Any, numerical: Any, error: Any, **also: Any
) -> NoReturn:
    """Say what differs."""
    raise Failure(
        f"the derivative of order {order} {where} is wrong [float64]", f.call, law,
        analytic=analytic, numerical=f"{numerical} +- {error:.1g}", **also,
    )  # fmt: skip


def between(f: Map, v: Floats, rough: Any, law: Any) -> Any:
    """Where f has kinks, hold <f'(x)* e, v> between the slopes to both sides, for one result each.

    That takes every choice of a subgradient, and nothing else.  A slope may be infinite, as a
    root's; where there is but one side, it is that side's slope.
    """
    checked = np.zeros(f.here.shape, bool)
    ternary = [f.call.rng.integers(-1, 2, v.shape) for _ in range(4)]
    directions = [f.inside(w * f.sizes()) for w in (np.ones(v.shape), *ternary)] + [v]
    sides = functools.cache(lambda w: both_sides(f, np.frombuffer(w)))
    for i in map(int, rough[:16]):
        row = f.pulled((np.arange(checked.size) == i).astype(float))
        odd = ~np.isfinite(row) & f.movable
        for k in map(int, np.flatnonzero(odd)):
            w = unit(f, k)
            if w[k] and not excused(f, i, sides(w.tobytes())):
                checked[i] |= is_between(f, i, row, w, sides(w.tobytes()), law)
        for direction in directions:
            w = np.where(odd, 0, direction)
            checked[i] |= is_between(f, i, row, w, sides(w.tobytes()), law)
    return checked


def both_sides(f: Map, w: Floats) -> tuple[Estimate, Estimate]:
    """The slopes of f to both sides of here, along w."""
    larger, smaller = (functools.cache(functools.partial(f.differences, w, step)) for step in STEPS)
    found = []
    for side in (1, -1):
        best = smaller().one_sided(side)  # which tell what is infinite
        with np.errstate(all="ignore"):
            size = 1 + np.abs(best.value) + np.abs(f.here)
            if not np.all(best.error <= RELATIVE * size):
                other = larger().one_sided(side)
                infinite = np.isinf(other.value) | np.isinf(best.value)
                best = best.best(other._replace(error=np.where(infinite, np.inf, other.error)))
            unknown = best.error > SLOPE * (1 + np.abs(best.value) + np.abs(f.here))
        found.append(best._replace(error=np.where(unknown, np.inf, best.error)))
    return found[0], found[1]


def excused(f: Map, i: int, sides: tuple[Estimate, Estimate]) -> bool:
    """Whether a gradient of result i may be nan: 0 * inf, of another result with a pole there."""
    if any(np.isinf(side.value[i]) for side in sides):
        return False
    others = np.arange(f.here.size) != i
    poles = any(np.isinf(side.value[others]).any() for side in sides)
    infinite = not (np.isfinite(f.here).all() and f.movable.all())
    return poles or infinite or all(np.isinf(s.error[i]) for s in sides)


def is_between(
    f: Map, i: int, row: Floats, w: Floats, sides: tuple[Estimate, Estimate], law: Any
) -> bool:
    """Refuse a slope along w that is beyond those to both sides; return whether these are known."""
    known = [(s.value[i], s.error[i]) for s in sides if s.error[i] < np.inf]
    if not known or not w.any():
        return False
    terms = w[w != 0] * row[w != 0]
    slope, slack = np.sum(terms), RELATIVE * np.sum(np.abs(terms), where=np.isfinite(terms))
    slack += ROUNDING * max(1, abs(f.here[i]))
    low = min(value - 2 * error for value, error in known) - slack
    high = max(value + 2 * error for value, error in known) + slack
    for _ in range(10):
        if low <= slope <= high:
            return True
        near = nearby(f, w, 60)[:, i]
        near = near[np.isfinite(near)]
        if near.size and np.ptp(near) > JUMP * (1 + np.abs(near).max()):
            slack = NEARBY * (1 + np.abs(near).max())
            low, high = min(low, near.min() - slack), max(high, near.max() + slack)
    if not low <= slope <= high:
        only = int(np.flatnonzero(w)[0]) if np.count_nonzero(w) == 1 else None
        along = "in a direction" if only is None else f"by {f.operand(only)}"
        raise Failure(
            f"the slope of {f.result(i)} {along} is not between those to both sides [float64]",
            f.call, law, analytic=slope, numerical=f"from {low} to {high}",
            gradient=written(row), direction=written(w),
        )  # fmt: skip
    return True
