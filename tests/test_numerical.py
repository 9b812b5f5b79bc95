"""The numerical checks, checked: what is right passes, and every kind of mistake is caught."""

import re
import subprocess
import sys
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from planted import averaged, matmul, primitive, times, value

import minigrad as mg
from minigrad.testing import check_grads, numerical_gradient, ridders
from minigrad.testing.numerical import STEPS, Differences

Array = np.ndarray[Any, Any]

# -- ridders: the derivative, within the error that it states

ANYWHERE = {
    "exp": (np.exp, np.exp, 20),
    "sin": (np.sin, np.cos, 100),
    "sin far out": (np.sin, np.cos, 1e5),
    "tanh": (np.tanh, lambda x: 1 / np.cosh(x) ** 2, 10),
    "arctan": (np.arctan, lambda x: 1 / (1 + x * x), 100),
    "x**7": (lambda x: x**7, lambda x: 7 * x**6, 10),
    "cubic": (lambda x: x**3 - x, lambda x: 3 * x * x - 1, 1000),
    "rational": (lambda x: (x * x - 1) / (x * x + 1), lambda x: 4 * x / (x * x + 1) ** 2, 10),
    "line": (lambda x: 3 * x + 1000, lambda x: 3, 1000),
    "sinc": (
        lambda x: np.sin(x) * np.exp(-x * x),
        lambda x: (np.cos(x) - 2 * x * np.sin(x)) * np.exp(-x * x),
        4,
    ),
}
POSITIVE = {
    "log": (np.log, lambda x: 1 / x),
    "sqrt": (np.sqrt, lambda x: 0.5 / np.sqrt(x)),
    "cbrt": (np.cbrt, lambda x: np.cbrt(x) / (3 * x)),
    "1/x": (lambda x: 1 / x, lambda x: -1 / x**2),
    "x**-3": (lambda x: x**-3, lambda x: -3 * x**-4),
    "x**2.5": (lambda x: x**2.5, lambda x: 2.5 * x**1.5),
    "sin(log)": (lambda x: np.sin(np.log(x)), lambda x: np.cos(np.log(x)) / x),
    "x/(1+x)": (lambda x: x / (1 + x), lambda x: 1 / (1 + x) ** 2),
}


def outside(f: Any, derivative: Any, x: float, step: float) -> str | None:
    """What is wrong at x, if the derivative there is not within the error."""
    value, error = ridders(lambda t: f(x + t), step)
    truth = derivative(x)
    rounding = 4 * np.finfo(float).eps * abs(truth)  # in the formula of the truth itself
    if abs(value - truth) <= error + rounding:
        return None
    return f"at {x!r}: {value} +- {error}, not {truth}"


@pytest.mark.parametrize("name", ANYWHERE)
def test_the_derivative_is_within_its_error_anywhere(name: str) -> None:
    f, derivative, bound = ANYWHERE[name]
    places = np.random.default_rng(0).uniform(-bound, bound, 600).tolist()
    wrong = [w for x in places if (w := outside(f, derivative, x, 0.05))]
    assert not wrong, f"{len(wrong)} of {len(places)} outside, such as {wrong[:3]}"


@pytest.mark.parametrize("name", POSITIVE)
def test_the_derivative_is_within_its_error_at_every_scale(name: str) -> None:
    f, derivative = POSITIVE[name]
    places = (10 ** np.random.default_rng(0).uniform(-8, 8, 600)).tolist()
    wrong = [w for x in places if (w := outside(f, derivative, x, 0.05 * x))]
    assert not wrong, f"{len(wrong)} of {len(places)} outside, such as {wrong[:3]}"


@pytest.mark.parametrize("name", ANYWHERE)
@given(data=st.data())
def test_the_derivative_is_within_its_error_wherever_hypothesis_looks(
    name: str, data: st.DataObject
) -> None:
    f, derivative, bound = ANYWHERE[name]
    x = data.draw(st.floats(-bound, bound))
    wrong = outside(f, derivative, x, 0.05)
    assert wrong is None, wrong


@given(
    coefficients=st.lists(st.integers(-640, 640).map(lambda k: k / 64), min_size=1, max_size=6),
    scale=st.sampled_from([1e-6, 1.0, 1e6]),
)
def test_the_derivative_of_a_polynomial_is_within_its_error(
    coefficients: list[float], scale: float
) -> None:
    value, error = ridders(lambda t: scale * np.polynomial.polynomial.polyval(t, coefficients))
    truth = scale * coefficients[1] if len(coefficients) > 1 else 0.0
    assert abs(value - truth) <= error
    assert error <= 1e-11 * scale * max(1, *map(abs, coefficients))


def test_the_error_is_small_where_the_function_is_smooth() -> None:
    for name, (f, derivative, _) in ANYWHERE.items():
        for x in np.linspace(-2, 2, 41).tolist():
            value, error = ridders(lambda t, f=f, x=x: f(x + t))
            assert error <= 1e-9 * max(1, abs(f(x))), name
            assert abs(value - derivative(x)) <= 1e-9 * max(1, abs(f(x))), name


def test_a_function_may_return_any_kind_of_number() -> None:
    for kind in (float, np.float64, np.array, mg.tensor):
        value, error = ridders(lambda t, kind=kind: kind(np.exp(t)))
        assert abs(value - 1) <= error <= 1e-9
    value, error = ridders(lambda t: 3)
    assert value == 0
    assert error <= 1e-9


def test_rounding_in_the_function_is_in_the_error() -> None:
    for digits in (4, 6, 8):
        value, error = ridders(lambda t, digits=digits: round(float(np.sin(1 + t)), digits))
        assert abs(value - np.cos(1)) <= error
    for x in np.linspace(-3, 3, 200):
        value, error = ridders(lambda t, x=x: np.exp(np.float32(x + t)))
        assert abs(value - np.exp(x)) <= error


KINKS = {
    "abs": abs,
    "relu": lambda t: max(t, 0.0),
    "abs beside a smooth part": lambda t: np.exp(t) + 0.01 * abs(t),
    "abs to the root": lambda t: abs(t) ** 0.5,
    "step": np.sign,
    "floor": np.floor,
    "bounce": lambda t: abs(np.sin(t)),
    "x sin(1/x)": lambda t: t * np.sin(1 / t) if t else 0.0,
}


@pytest.mark.parametrize("name", KINKS)
def test_the_error_is_large_where_there_is_no_derivative(name: str) -> None:
    f = KINKS[name]
    jump = abs(f(0.05) - f(-0.05)) + abs(f(0.05) + f(-0.05) - 2 * f(0.0))
    assert ridders(f).error > 0.01 * jump


SLOPES = {
    "abs": np.sign,
    "relu": lambda x: float(x > 0),
    "step": lambda x: 0.0,
    "floor": lambda x: 0.0,
    "bounce": lambda x: np.sign(x) * np.cos(x),
}


@pytest.mark.parametrize("name", SLOPES)
@pytest.mark.parametrize("offset", [0.0003, 0.001, 0.003, 0.01, 0.03, 0.1])
def test_near_a_kink_the_error_is_large_unless_the_derivative_is_found(
    name: str, offset: float
) -> None:
    for x in (offset, -offset):
        value, error = ridders(lambda t, x=x: KINKS[name](x + t))
        assert abs(value - SLOPES[name](x)) <= error or error > 0.1


def test_the_error_is_infinite_where_there_is_no_value() -> None:
    for f in (lambda t: np.nan, lambda t: np.nan if t < 0 else t, lambda t: np.inf * t):
        assert not ridders(f).error < np.inf


def test_the_error_is_large_at_a_pole() -> None:
    for f in (lambda t: 1 / t if t else 0.0, lambda t: 1 / t**2 if t else 0.0):
        assert not ridders(f).error < 1


def test_no_step_is_larger_than_the_one_given() -> None:
    seen: list[float] = []
    ridders(lambda t: seen.append(t) or t * t, step=0.001)
    assert max(map(abs, seen)) == 0.001


# -- differences of many results at once, and to one side

X_AND_DERIVATIVES = [(f, derivative, bound) for f, derivative, bound in ANYWHERE.values()]


def all_at_once(x: float) -> tuple[Callable[[float], Array], Array]:
    """Every function of ANYWHERE at its own part of x, and the derivatives there."""

    def values(t: float) -> Array:
        return np.array([f(b * x + t) for f, _, b in X_AND_DERIVATIVES])

    return values, np.array([derivative(b * x) for _, derivative, b in X_AND_DERIVATIVES])


@pytest.mark.parametrize("step", STEPS)
def test_each_of_many_derivatives_is_within_its_own_error(step: float) -> None:
    for x in np.random.default_rng(0).uniform(-1, 1, 300):
        f, truth = all_at_once(x)
        value, error = Differences(f, step).slope()
        assert np.all(np.abs(value - truth) <= error + 1e-15 * np.abs(truth))


@pytest.mark.parametrize("side", [1, -1])
@pytest.mark.parametrize("step", STEPS)
def test_slopes_to_one_side_are_within_their_errors(step: float, side: int) -> None:
    for x in np.random.default_rng(0).uniform(-1, 1, 300):
        f, truth = all_at_once(x)
        value, error = Differences(f, step).one_sided(side)
        assert not np.isinf(value).any()
        assert np.all(np.abs(value - truth) <= error + 1e-15 * np.abs(truth))


inf = np.inf
BENT: dict[str, tuple[Callable[[float], float], float, float]] = {
    "abs": (abs, -1, 1),
    "relu": (lambda t: max(t, 0.0), 0, 1),
    "abs beside a smooth part": (lambda t: np.exp(t) + 0.01 * abs(t), 0.99, 1.01),
    "abs, far up": (lambda t: 1000 + abs(t), -1, 1),
    "bounce": (lambda t: abs(np.sin(t)), -1, 1),
    "max of curves": (lambda t: max(np.exp(t), 1 - t), -1, 1),
    "sqrt": (np.sqrt, np.nan, inf),
    "cbrt": (np.cbrt, inf, inf),
    "root of abs": (lambda t: abs(t) ** 0.5, -inf, inf),
    "t log|t|": (lambda t: t * np.log(abs(t)) if t else 0.0, -inf, -inf),
    "a root beside a smooth part": (lambda t: 5 * t - np.sqrt(t), np.nan, -inf),
    "a step": (np.sign, np.nan, np.nan),
    "floor at 1": (lambda t: np.floor(1 + t), np.nan, 0),
    "remainder at 6": (lambda t: (6 + 6 * t) % 3, np.nan, 6),
    "remainder below 6": (lambda t: (6 - 6 * t) % 3, -6, np.nan),
    "log": (np.log, np.nan, np.nan),
    "1/t": (lambda t: 1 / t if t else 0.0, np.nan, np.nan),
    "mantissa": (lambda t: float(np.frexp(t)[0]), np.nan, np.nan),
}  # nan: there is none, or it cannot be told


@pytest.mark.parametrize("step", STEPS)
@pytest.mark.parametrize("name", BENT)
def test_slopes_at_a_kink_are_those_to_both_sides(name: str, step: float) -> None:
    f, *slopes = BENT[name]
    with np.errstate(all="ignore"):
        differences = Differences(lambda t: [f(t)], step)
    for side, truth in zip((-1, 1), slopes, strict=True):
        (value,), (error,) = differences.one_sided(side)
        if np.isnan(truth):
            assert error == inf
        elif np.isinf(truth):
            assert (value, error) == (truth, 0)
        else:
            assert abs(value - truth) <= error <= 1e-6


def test_a_slope_is_found_beside_the_end_of_a_domain() -> None:
    for x in (0.001, 0.003, 0.01, 0.03):
        with np.errstate(all="ignore"):
            value, error = Differences(lambda t, x=x: [np.log(x + t)], STEPS[1]).slope()
            root, root_error = Differences(lambda t, x=x: [np.arcsin(1 - x + t)], STEPS[1]).slope()
        assert abs(value[0] - 1 / x) <= error[0] <= 1e-4 / x
        assert abs(root[0] - 1 / np.sqrt(2 * x - x * x)) <= root_error[0] <= 1e-3


def test_the_better_of_two_estimates_is_taken_for_each() -> None:
    with np.errstate(all="ignore"):
        large, small = (
            Differences(lambda t: [np.exp(t), np.log(0.004 + t)], s).slope() for s in STEPS
        )
    best = large.best(small)
    np.testing.assert_array_equal(best.error, np.minimum(large.error, small.error))
    assert best.value[0] == (large if large.error[0] < small.error[0] else small).value[0]
    assert best.value[1] == small.value[1]


# -- the book's gradient

QUADRATIC = [
    ([3, 4], [6, 8]),
    ((1.0, -2.0), [2, -4]),
    (3, 6),
    (3.0, 6),
    (np.float32(1000), 2000),
    (np.array([1000, 3], np.float32), [2000, 6]),
    (np.array([[1, 2], [3, 4]], np.int8), [[2, 4], [6, 8]]),
    (np.array(True), 2),
    (np.zeros((0, 2)), np.zeros((0, 2))),
    (np.arange(6.0).reshape(2, 3).T[::-1], 2 * np.arange(6.0).reshape(2, 3).T[::-1]),
]


@pytest.mark.parametrize(("x", "expected"), QUADRATIC)
def test_numerical_gradient_of_every_kind_of_number(x: Any, expected: Any) -> None:
    before = np.array(x)
    found = numerical_gradient(lambda x: np.sum(x**2), x)
    assert type(found) is np.ndarray
    assert found.dtype == np.float64
    assert found.shape == before.shape
    np.testing.assert_allclose(found, expected, rtol=1e-7, atol=1e-7)
    np.testing.assert_array_equal(x, before)


@given(x=hnp.arrays(np.float64, hnp.array_shapes(max_side=3), elements=st.floats(-2, 2)))
def test_numerical_gradient_is_the_gradient(x: Array) -> None:
    before = x.copy()
    found = numerical_gradient(lambda x: np.sum(np.sin(x) * np.exp(x.mean())), x)
    mean = np.exp(x.mean())
    np.testing.assert_allclose(
        found, np.cos(x) * mean + np.sum(np.sin(x)) * mean / x.size, rtol=1e-6, atol=1e-6
    )
    np.testing.assert_array_equal(x, before)


def test_numerical_gradient_is_the_central_difference_of_its_step() -> None:
    for h in (0.1, 0.5):
        found = numerical_gradient(lambda x: x[0] ** 3, [1.0], h=h)
        np.testing.assert_allclose(found, [3 + h * h], rtol=1e-12)  # ((1+h)^3 - (1-h)^3) / 2h


def test_numerical_gradient_keeps_apart_what_it_passes() -> None:
    passed: list[Any] = []

    def f(x: Any) -> Any:
        passed.append(x)
        total = np.sum(x**2)
        x[:] = 0  # its own business
        return total

    x = np.array([1.0, 2.0])
    np.testing.assert_allclose(numerical_gradient(f, x), [2, 4], rtol=1e-7)
    np.testing.assert_array_equal(x, [1, 2])
    assert not any(np.shares_memory(p, x) for p in passed)


def test_numerical_gradient_does_not_change_its_input_meanwhile() -> None:
    x = np.array([1.0, 2.0])

    def f(moved: Any) -> Any:
        np.testing.assert_array_equal(x, [1, 2])
        return np.sum(moved * x)

    np.testing.assert_allclose(numerical_gradient(f, x), [1, 2], rtol=1e-7)


def test_numerical_gradient_takes_tensors_for_values() -> None:
    w = mg.tensor([2.0, 3.0], requires_grad=True)
    found = numerical_gradient(lambda x: (w * x).sum(), [1.0, 1.0])
    np.testing.assert_allclose(found, [2, 3], rtol=1e-7)
    assert w.grad is None


# -- check_grads: what is right passes


X = np.array([1.0, -2.0, 0.5])
Y = np.array([0.5, 3.0, -1.5])


def affine(x: Any, W: Any, b: Any) -> Any:
    return x @ W + b


@given(
    x=hnp.arrays(np.float64, hnp.array_shapes(max_dims=2, max_side=3), elements=st.floats(-2, 2)),
    seed=st.integers(0, 1000),
)
def test_right_rules_pass(x: Array, seed: int) -> None:
    square = primitive(lambda x: x * x, lambda g, _y, x: g * 2 * x)
    check_grads(square, x, rng=seed)
    check_grads(lambda x: np.tanh(x) * np.exp(x.mean()), x, rng=np.random.default_rng(seed))
    check_grads(lambda x: np.sum(np.sin(square(x))), x, rng=seed)
    check_grads(mg.softmax, x, rng=seed)


def test_right_rules_pass_at_every_order() -> None:
    for order in (1, 2, 3, 4):
        check_grads(lambda x, y: np.sum(np.exp(x * y)), X, Y / 4, order=order)
        check_grads(mg.logsumexp, X, order=order)


@pytest.mark.parametrize("scale", [1e-3, 1.0, 30.0])
def test_right_rules_pass_at_every_size(scale: float) -> None:
    check_grads(np.multiply, scale * X, scale * Y)
    check_grads(np.sin, scale * X)
    check_grads(np.exp, scale * X)
    check_grads(lambda x: scale * np.exp(x), X)
    check_grads(affine, scale * X[None], scale * np.outer(X, Y), Y)


def test_all_forms_of_arguments_are_checked() -> None:
    check_grads(np.exp, 1.0)
    check_grads(np.exp, np.float32(1.0))
    check_grads(np.exp, [1.0, 2.0])
    check_grads(np.exp, np.array([1.0, 2.0], np.float32))
    check_grads(np.exp, np.zeros((0, 3)))
    check_grads(np.power, np.array([1.5, 2.0]), 3)
    check_grads(np.sum, np.ones((2, 3)), axis=1, keepdims=True)
    check_grads(lambda x, how: getattr(np, how)(x), X, "tanh")
    check_grads(mg.nn.Linear(3, 2, rng=0), X)
    check_grads(lambda x: 3.0, X)
    check_grads(np.floor, 1.5)


def test_functions_of_parameters_pass() -> None:
    w = mg.tensor(Y, requires_grad=True)
    check_grads(lambda x: w * x * x, X)
    assert w.grad is None


def test_checks_work_under_no_grad() -> None:
    with mg.no_grad():
        check_grads(np.exp, X)
        with pytest.raises(AssertionError):
            check_grads(primitive(lambda x: x * x, lambda g, _y, x: g * x), X)


def test_arguments_are_left_alone() -> None:
    x, y = X.copy(), Y.copy()
    check_grads(np.multiply, x, y)
    np.testing.assert_array_equal(x, X)
    np.testing.assert_array_equal(y, Y)


def test_the_directions_are_those_of_the_generator() -> None:
    wrong = primitive(lambda x: x * x, lambda g, _y, x: g * x)

    def message(rng: Any) -> str:
        with pytest.raises(AssertionError) as caught:
            check_grads(wrong, X, rng=rng)
        return str(caught.value)

    assert message(1) == message(1) == message(np.random.default_rng(1))
    assert message(1) != message(2)
    assert message(None) != message(None)


def test_no_global_random_numbers_are_drawn() -> None:
    before = np.random.get_state()[1].copy()  # noqa: NPY002  # what is tested is that it stays
    check_grads(np.exp, X)
    np.testing.assert_array_equal(np.random.get_state()[1], before)  # noqa: NPY002


# -- check_grads: what is wrong does not


def square_of(factor: float) -> Any:
    return primitive(lambda x: x * x, lambda g, _y, x: g * factor * x)


def wrong_beyond_five(g: Any, _y: Any, x: Any) -> Any:
    return np.where(x > 5, 3, 2) * g * x


def summed(g: Any, _y: Any, x: Any) -> Any:
    return 2 * x * np.sum(g)


def permuted(g: Any, _y: Any, x: Any) -> Any:
    return (2 * g * x)[::-1]


SYMMETRIC = np.array([[2.0, 1.0], [1.0, -1.0]])
ANY = np.array([[2.0, 1.0], [-3.0, -1.0]])

by_factor = {f"factor {f}": (square_of(2 * f), [X]) for f in (2, 0, -1, 1.01, 1 + 5e-4, 1.000001)}
detached = primitive(lambda x: x * x, lambda g, _y, x: g * 2 * value(x))
detached_output = primitive(np.exp, lambda g, y, _x: g * value(y))
no_untransposed = primitive(matmul, lambda g, _z, _x, y: g @ y, lambda g, _z, x, _y: x.T @ g)
division = primitive(np.prod, lambda g, y, x: g * y / x)
broadcast = primitive(times, averaged, lambda g, _z, x, _y: g * x, broadcasts=True)
beyond_five = primitive(lambda x: x * x, wrong_beyond_five)
second = primitive(times, lambda g, _z, _x, y: g * y, lambda g, _z, x, _y: g * x * 1.01)
softmax_of_ones = primitive(mg.softmax.forward, lambda g, y, _x: 0 * g * y)

PLANTED = {
    **by_factor,
    "the upstream gradient ignored": (primitive(lambda x: x * x, lambda _g, _y, x: 2 * x), [X]),
    "the upstream gradient summed": (primitive(lambda x: x * x, summed), [X]),
    "no derivative at all": (primitive(lambda x: x * x, None), [X]),
    "zero for what sums to a constant": (softmax_of_ones, [X]),
    "the second derivative only": (detached, [X]),
    "the second derivative only, by the output": (detached_output, [X]),
    "the second argument": (second, [X, Y]),
    "permuted": (primitive(lambda x: x * x, permuted), [X]),
    "wrong for a broadcast shape": (broadcast, [X[:1], Y]),
    "wrong for a broadcast 0-d": (broadcast, [2.0, Y]),
    "prod by division, at a zero": (division, [np.array([2.0, 0.0, 3.0])]),
    "g @ B for g @ B.T": (no_untransposed, [ANY, ANY + 1]),
    "wrong beyond five": (beyond_five, [np.array([1.0, 6.0])]),
    "the sign of one element": (
        primitive(np.sin, lambda g, _y, x: g * np.cos(x) * np.array([1.0, 1.0, -1.0])),
        [X],
    ),
}  # fmt: skip

HARMLESS = {
    "wrong for a broadcast shape": (broadcast, [X, Y]),
    "prod by division": (division, [X]),
    "g @ B for g @ B.T": (no_untransposed, [ANY, SYMMETRIC]),
    "wrong beyond five": (beyond_five, [X]),
}


@pytest.mark.parametrize("name", PLANTED)
@pytest.mark.parametrize("seed", range(10))
def test_planted_mistakes_are_caught(name: str, seed: int) -> None:
    f, args = PLANTED[name]
    with pytest.raises(AssertionError, match="derivative of order"):
        check_grads(f, *args, rng=seed)


@pytest.mark.parametrize("name", PLANTED)
def test_planted_mistakes_are_caught_within_a_function(name: str) -> None:
    f, args = PLANTED[name]
    with pytest.raises(AssertionError, match="derivative of order"):
        check_grads(lambda *xs: np.sin(f(*xs)), *args)


@pytest.mark.parametrize("name", HARMLESS)
def test_mistakes_that_do_not_show_there_are_not_reported(name: str) -> None:
    f, args = HARMLESS[name]
    check_grads(f, *args)


@given(scale=st.floats(1.000001, 2) | st.floats(0, 0.999999), seed=st.integers(0, 100))
def test_every_wrong_factor_is_caught(scale: float, seed: int) -> None:
    assume(not 0.999999 < scale < 1.000001)
    with pytest.raises(AssertionError, match="of order 1 by argument 0"):
        check_grads(square_of(2 * scale), X, rng=seed)


def test_a_mistake_at_the_third_order_is_caught_there() -> None:
    cube = primitive(lambda x: x**3, lambda g, _y, x: g * 3 * square(x))
    square = primitive(lambda x: x**2, lambda g, _y, x: g * 2 * value(x))
    check_grads(cube, X, order=2)
    with pytest.raises(AssertionError, match="of order 3"):
        check_grads(cube, X, order=3)


def doubles_in_place(g: Any, _y: Any, x: Any) -> Any:
    g *= 2 * x
    return g


def zeroes_in_place(g: Any, _y: Any, x: Any) -> Any:
    g[x <= 0] = 0
    return g


MUTATING = {
    "square": primitive(lambda x: x * x, doubles_in_place),
    "relu": primitive(lambda x: np.maximum(x, 0), zeroes_in_place),
}


@pytest.mark.parametrize("name", MUTATING)
def test_a_rule_that_changes_its_cotangent_is_caught_where_it_is_shared(name: str) -> None:
    f = MUTATING[name]
    with pytest.raises(AssertionError, match="derivative of order 1"):
        check_grads(lambda x: f(x) + x, X)


@pytest.mark.parametrize("name", MUTATING)
def test_a_rule_that_changes_its_cotangent_is_caught_by_itself(name: str) -> None:
    with pytest.raises(AssertionError):
        check_grads(MUTATING[name], X, order=1)


# -- check_grads: what cannot be checked

ROUGH: dict[str, tuple[Callable[..., Any], list[Any]]] = {
    "abs at 0": (np.abs, [np.array([0.0, 1.0])]),
    "relu at 0": (mg.relu, [np.array([0.0, 1.0])]),
    "maximum at a tie": (np.maximum, [1.0, 1.0]),
    "max at a tie": (np.max, [np.array([1.0, 1.0])]),
    "sort at a tie": (np.sort, [np.array([1.0, 1.0])]),
    "sqrt at 0": (np.sqrt, [0.0]),
    "log below 0": (np.log, [-1.0]),
    "abs near 0": (np.abs, [np.array([1e-5, 1.0])]),
    "an oscillation": (lambda x: np.sin(1e5 * x), [X]),
    "floor at 1": (np.floor, [1.0]),
    "a value in steps": (primitive(lambda x: np.round(x, 3), lambda g, _y, _x: g), [X]),
}


@pytest.mark.parametrize("name", ROUGH)
@pytest.mark.parametrize("order", [1, 2])
def test_rough_functions_are_said_to_be_rough(name: str, order: int) -> None:
    f, args = ROUGH[name]
    with np.errstate(all="ignore"), pytest.raises(AssertionError, match="cannot be checked"):
        check_grads(f, *args, order=order)


def test_a_smaller_step_stays_clear_of_a_kink() -> None:
    for f, x in [(np.abs, 1e-4), (np.sqrt, 1e-4), (np.reciprocal, -1e-4)]:
        with np.errstate(all="ignore"), pytest.raises(AssertionError, match="cannot be checked"):
            check_grads(f, x)
        check_grads(f, x, step=1e-5)


ROUGH_NEARBY = {
    "abs": (np.abs, lambda g, _y, x, k: g * k * np.sign(x)),
    "sqrt": (np.sqrt, lambda g, y, _x, k: g * k / (2 * y)),
    "1/x": (np.reciprocal, lambda g, y, _x, k: -g * k * y * y),
    "an oscillation": (
        lambda x: np.sin(300 * x),
        lambda g, _y, x, k: g * k * 300 * np.cos(300 * x),
    ),
}


@pytest.mark.parametrize("name", ROUGH_NEARBY)
@pytest.mark.parametrize("x", [0.001, 0.003, 0.01, 0.03, 0.1])
def test_near_a_rough_place_right_is_never_called_wrong_nor_wrong_right(
    name: str, x: float
) -> None:
    forward, rule = ROUGH_NEARBY[name]

    def times(k: float) -> Any:
        return primitive(forward, lambda g, y, x: rule(g, y, x, k))

    with np.errstate(all="ignore"):
        check_grads(times(1), x, order=1, step=1e-4)
        try:
            check_grads(times(1), x, order=1)
        except AssertionError as error:
            assert "cannot be checked" in str(error)  # noqa: PT017  # passing is as good
        for k in (0.99, 1.01):
            with pytest.raises(AssertionError):
                check_grads(times(k), x, order=1)


@pytest.mark.parametrize("args", [(3,), (np.arange(3),), ([1, 2],), (1j,), ("x",), ()])
def test_without_a_floating_argument_there_is_nothing_to_check(args: Any) -> None:
    def f(*args: Any) -> Any:
        return 1.0

    with pytest.raises(TypeError, match="check_grads of f: no argument is floating"):
        check_grads(f, *args)


def test_an_operation_without_a_rule_is_not_passed() -> None:
    with pytest.raises(TypeError, match="has no derivative in minigrad"):
        check_grads(mg.primitive(lambda x: x * x), X)


# -- what a failure says


def numbers(text: str) -> list[float]:
    return [float(n) for n in re.findall(r"-?\d+(?:\.\d*)?(?:e[-+]\d+)?", text)]


def test_a_failure_names_the_function_the_order_the_argument_and_both_values() -> None:
    def scaled(x: Any, y: Any) -> Any:
        return x * y

    wrong = primitive(scaled, lambda g, _z, _x, y: g * y, lambda g, _z, x, _y: 3 * g * x)
    with pytest.raises(AssertionError) as caught:
        check_grads(wrong, 2.0, 5.0)
    first, at, along, cotangent = str(caught.value).split("\n")
    assert first.startswith("scaled: derivative of order 1 by argument 1 is ")
    analytic, numerical, error = numbers(first)[2:]
    direction, seed = numbers(along)[-1], numbers(cotangent)[-1]
    assert analytic == pytest.approx(3 * 2 * direction * seed, rel=1e-6)  # of 8 digits
    assert numerical == pytest.approx(2 * direction * seed, rel=1e-6)
    assert analytic == pytest.approx(3 * numerical, rel=1e-9)
    assert 0 <= error < 1e-9
    assert re.findall(r"\d+\.", at) == ["2.", "5."]


def test_a_failure_counts_all_arguments() -> None:
    wrong = primitive(lambda i, x: i * x, None, lambda g, _z, _i, x: g * x)
    with pytest.raises(AssertionError, match="order 1 by argument 1 is"):
        check_grads(wrong, 3, 2.0)


def test_a_failure_of_the_second_order_says_so() -> None:
    with pytest.raises(AssertionError, match=r"^exp: derivative of order 2 by argument 0 is"):
        check_grads(detached_output, X)


def test_a_failure_of_something_without_a_name_names_its_type() -> None:
    class Wrong:
        def __call__(self, x: Any) -> Any:
            return square_of(3)(x)

    with pytest.raises(AssertionError, match=r"^Wrong: derivative of order 1"):
        check_grads(Wrong(), X)


def test_a_kink_is_named_with_its_function_and_argument() -> None:
    with pytest.raises(AssertionError, match=r"^absolute: .* order 1 by argument 0 cannot.*kink"):
        check_grads(np.abs, 1e-5)


# -- what it needs


def test_the_numerical_checks_need_numpy_only() -> None:
    program = (
        "import sys; sys.modules['hypothesis'] = sys.modules['pytest'] = None\n"
        "import numpy as np, minigrad.testing\n"
        "minigrad.testing.check_grads(np.exp, 1.0)\n"
        "print('scipy' in sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=False
    )
    assert (done.stdout, done.stderr) == ("False\n", "")
