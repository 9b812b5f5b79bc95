"""The property-test harness, tested: what is right passes, and every planted bug is caught."""

import re
import subprocess
import sys
from typing import Any

import hypothesis
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from planted import averaged, primitive, times, value

import minigrad as mg
from minigrad import testing
from minigrad.testing import (
    PROPERTIES,
    Edge,
    arrays,
    axes,
    broadcastable,
    call,
    check_edges,
    check_model,
    check_operation,
    indices,
    labels,
    matmul_operands,
    property_test,
    square_matrices,
)
from minigrad.testing.properties import Failure

inf, nan = np.inf, np.nan


# As many examples as Hypothesis draws where nothing else is said, and the same every time.
THE_SAME = hypothesis.settings(
    hypothesis.settings.get_profile("default"), derandomize=True, database=None, deadline=None
)


def failure_of(op: Any, *strategies: Any, **options: Any) -> str:
    """What the property test of an operation says, which must fail."""
    with pytest.raises(Failure) as caught:
        property_test(op, *strategies, settings=THE_SAME, **options)()
    return str(caught.value)


# -- planted bugs: each is caught by the one line that a user would write


def square(x: Any) -> Any:
    return x * x


def in_place(g: Any, _y: Any, x: Any) -> Any:
    g *= 2 * x
    return g


def relu_in_place(x: Any) -> Any:
    return np.maximum(x, 0, out=x) + 0


def reversed_order(g: Any, _y: Any, x: Any) -> Any:
    return np.reshape(np.reshape(2 * g * x, -1)[::-1], np.shape(x))


def no_transpose(x: Any, y: Any) -> Any:
    return x @ y


def pair_of_squares(draw: st.DrawFn) -> Any:
    n = draw(st.integers(1, 3))
    return draw(arrays((n, n))), draw(arrays((n, n)))


def largest(x: Any) -> Any:
    return np.max(x)


by_x, by_y = (lambda g, _z, _x, y: g * y), (lambda g, _z, x, _y: g * x)
wrong_transpose = primitive(
    no_transpose, lambda g, _z, _x, y: g @ y, lambda g, _z, x, _y: np.swapaxes(x, -1, -2) @ g
)
squares = st.composite(pair_of_squares)()

PLANTED = {
    "wrong factor": (primitive(square, lambda g, _y, x: 3 * g * x), [arrays()], "derivative"),
    "upstream gradient ignored": (
        primitive(square, lambda g, _y, x: 2 * x + 0 * g), [arrays()], "linearity"),
    "relative error 5e-4": (
        primitive(square, lambda g, _y, x: 2 * (1 + 5e-4) * g * x), [arrays()], "derivative"),
    "relative error 1e-6": (
        primitive(square, lambda g, _y, x: 2 * (1 + 1e-6) * g * x), [arrays()], "derivative"),
    "second derivative: a detached constant": (
        primitive(square, lambda g, _y, x: 2 * g * value(x)), [arrays()], "derivative"),
    "second derivative: a relative error of 1e-6": (
        primitive(np.exp, lambda g, y, _x: g * (value(y) + (1 + 1e-6) * (y - value(y)))),
        [arrays()], "derivative"),
    "cotangent mutated": (primitive(square, in_place), [arrays()], "mutation"),
    "operand mutated": (
        primitive(relu_in_place, lambda g, _y, x: g * (x > 0)), [arrays()], "mutation|layout"),
    "second argument": (
        primitive(times, by_x, lambda g, _z, x, _y: 2 * g * x, broadcasts=True), [],
        "derivative"),
    "permuted": (primitive(square, reversed_order), [arrays()], "derivative"),
    "missing unbroadcast": (
        primitive(times, averaged, by_y, broadcasts=True), [], "derivative|broadcasting"),
    "prod by division": (
        primitive(np.prod, lambda g, y, x: g * y / x), [arrays()], "derivative"),
    "max: all ties get g": (
        primitive(largest, lambda g, y, x: g * np.equal(x, y)), [arrays()], "derivative"),
    "wrong beyond 5": (
        primitive(square, lambda g, _y, x: np.where(x > 5, 3, 2) * g * x), [arrays()],
        "derivative"),
    "g @ B for g @ B.T": (wrong_transpose, [squares], "derivative|sameness"),
}  # fmt: skip


@pytest.mark.parametrize("name", PLANTED)
def test_planted_bugs_are_caught(name: str) -> None:
    op, strategies, properties = PLANTED[name]
    said = failure_of(op, *strategies)
    assert re.search(rf"The property '({properties})'", said), said


def test_an_operand_is_changed_in_place_though_twice_changes_no_more() -> None:
    with pytest.raises(Failure, match="argument 0 was changed in place"):
        check_operation(PLANTED["operand mutated"][0], np.array([1.0, -2.0]))


@pytest.mark.parametrize("scale", [1 + 1e-6, 1 - 1e-6, 1.5, 0, -1])
def test_every_wrong_factor_is_caught_at_both_orders(scale: float) -> None:
    x = np.array([0.5, -2.0])
    with pytest.raises(Failure, match="order 1"):
        check_operation(primitive(np.sin, lambda g, _y, x: g * scale * np.cos(x)), x)
    cosine = primitive(np.cos, lambda g, _y, x: -g * scale * np.sin(x))
    with pytest.raises(Failure, match="order 2"):
        check_operation(primitive(np.sin, lambda g, _y, x: g * cosine(x)), x)


# -- kinks: every subgradient is accepted, and nothing else


def kink(forward: Any, rule: Any) -> Any:
    return primitive(forward, rule)


def by(gradient: Any) -> Any:
    """A rule for a function of one result."""
    return lambda g, _y, x: g * gradient(value(x))


def first_largest(x: Any) -> Any:
    return np.reshape(np.arange(x.size) == np.argmax(x), x.shape) * 1.0


def shared_largest(x: Any) -> Any:
    hit = np.equal(x, np.max(x))
    return hit / np.sum(hit)


def clipped(inside: float) -> Any:
    def gradient(x: Any) -> Any:
        at_bound = (x == 0) | (x == 1)
        return np.where(at_bound, inside, (x > 0) & (x < 1))

    return gradient


def unit_vector(at_zero: float) -> Any:
    def gradient(x: Any) -> Any:
        y = np.sqrt(np.sum(x * x))
        return x / y if y else np.full(x.shape, at_zero)

    return gradient


def step(at_zero: float) -> Any:
    return lambda x: np.where(x == 0, at_zero, x > 0)


def sign(at_zero: float) -> Any:
    return lambda x: np.where(x == 0, at_zero, np.sign(x))


def norm(x: Any) -> Any:
    return np.sqrt(np.sum(x * x))


def clip(x: Any) -> Any:
    return np.clip(x, 0, 1)


def root(x: Any) -> Any:
    return np.sqrt(x)


TIES = np.array([1.0, 3.0, 3.0])
LEGITIMATE = {
    "max, even split": (kink(largest, by(shared_largest)), TIES),
    "max, the first": (kink(largest, by(first_largest)), TIES),
    "max, all equal": (kink(largest, by(shared_largest)), np.ones((2, 2))),
    **{f"relu'(0) = {z}": (kink(lambda x: np.maximum(x, 0), by(step(z))), np.zeros(2))
       for z in (0, 0.5, 1)},
    **{f"abs'(0) = {z}": (kink(np.abs, by(sign(z))), np.array([0.0, 1.0])) for z in (0, 1, -1)},
    **{f"clip, {z} at its bounds": (kink(clip, by(clipped(z))), np.array([0.0, 1.0, 0.5]))
       for z in (1, 0.5, 0)},
    "norm at 0": (kink(norm, by(unit_vector(0.0))), np.zeros(2)),
    "sqrt at 0": (kink(root, lambda g, y, _x: g / (2 * value(y))), np.array([0.0, 4.0, 0.0])),
    "cbrt at 0": (np.cbrt, np.array([0.0, -1.0])),
    "sort, stable": (np.sort, np.array([2.0, 2.0, 2.0])),
    "median, the middle one": (np.median, np.array([2.0, 2.0, 2.0])),
    "floor at a step": (np.floor, np.array([1.0, 1.5])),
    "std of equal numbers": (np.std, np.array([2.0, 2.0])),
    "ptp of equal numbers": (np.ptp, np.array([2.0, 2.0])),
}  # fmt: skip

relu_0 = primitive(lambda x: np.maximum(x, 0), lambda g, _y, x: g * np.where(x > 0, 1, 0))


def difference_of_relus(x: Any) -> Any:
    return relu_0(x) - relu_0(-x)


def determinant_by_inverse(g: Any, y: Any, x: Any) -> Any:
    """0 where the matrix is singular, as torch's is."""
    singular = abs(value(y)) < 1e-12
    return g * (0 * x if singular else y * np.linalg.inv(value(x)).T)


def written_twice(v: Any) -> Any:
    y = np.zeros(1)
    y[[0, 0]] = v
    return y


ILLEGITIMATE = {
    "DeZero's max: 1 for all ties": (kink(largest, by(lambda x: 1.0 * (x == x.max()))), TIES),
    "MyGrad's maximum: 0 at a tie": (
        primitive(np.maximum, lambda g, _z, x, y: g * np.greater(x, y),
                  lambda g, _z, x, y: g * np.greater(y, x), broadcasts=True),
        np.array([2.0, 2.0]), np.array([2.0, 3.0])),
    "norm, nan at 0": (kink(norm, by(unit_vector(nan))), np.zeros(2)),
    "norm, 2 at 0": (kink(norm, by(unit_vector(2.0))), np.zeros(2)),
    "std, nan where all are equal": (
        primitive(np.std, lambda g, y, x: g * (x - np.mean(x)) / (x.size * y)),
        np.array([2.0, 2.0])),
    "prod, nan at a 0": (
        primitive(np.prod, lambda g, y, x: g * y / x), np.array([2.0, 0.0, 3.0])),
    "det of a singular matrix: 0": (
        primitive(np.linalg.det, determinant_by_inverse),
        np.array([[1.0, 2.0], [2.0, 4.0]])),
    "y[[0, 0]] = v: both get g": (
        primitive(written_twice, lambda g, _y, v: g[0] + np.zeros(2)), np.array([1.0, 2.0])),
    "relu(x) - relu(-x) at 0": (difference_of_relus, np.zeros(1)),
    "abs, 1.01 at 0": (kink(np.abs, by(sign(1.01))), np.zeros(1)),
    "sqrt, nan at 0": (kink(root, by(lambda x: np.where(x > 0, 0.5 / np.sqrt(x), nan))),
                       np.array([0.0, 4.0])),
    "sqrt, 0 at 0": (kink(root, by(lambda x: np.where(x > 0, 0.5 / np.sqrt(x), 0))),
                     np.array([0.0, 4.0])),
    "where, nan of the branch not taken": (lambda x: np.where(x > 0, np.sqrt(x), 0), np.zeros(1)),
}  # fmt: skip


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("name", LEGITIMATE)
def test_every_choice_of_a_subgradient_is_accepted(name: str, seed: int) -> None:
    op, *args = LEGITIMATE[name]
    assert check_operation(op, *args, order=1, seed=seed)["derivative"]


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("name", ILLEGITIMATE)
def test_what_is_no_subgradient_is_refused(name: str, seed: int) -> None:
    op, *args = ILLEGITIMATE[name]
    with pytest.raises(Failure, match=r"property '(derivative|sameness)'"):
        check_operation(op, *args, order=1, seed=seed, skip=["linearity"])


def test_a_maximum_of_x_and_x_is_looked_at_without_a_tie_being_drawn() -> None:
    op, *_ = ILLEGITIMATE["MyGrad's maximum: 0 at a tie"]
    with pytest.raises(Failure, match="'sameness'"):
        check_operation(op, np.array([1.0, 2.0]), np.array([3.0, 1.0]))


# -- the properties, each by a rule that breaks it and nothing before it

kept: list[Any] = []


def remembers(g: Any, _y: Any, x: Any) -> Any:
    kept.append(1)
    return g * (2 * x + len(kept) * 1e-3)


def own_cotangent(x: Any) -> Any:
    return x + 0


def changes_operand(g: Any, _y: Any, x: Any) -> Any:
    result = 2 * g * x
    if isinstance(x, np.ndarray):
        x *= 1 + 1e-3
    return result


def changes_result(g: Any, y: Any, x: Any) -> Any:
    if isinstance(y, np.ndarray):
        y[...] = 0
    return 2 * g * x


def strong_scalars(x: Any, y: Any) -> Any:
    return x * (np.float64(y) if isinstance(x, mg.Tensor) and type(y) is float else y)


def by_memory(g: Any, _y: Any, x: Any) -> Any:
    """Takes elements as they lie in memory."""
    if not isinstance(x, np.ndarray) or not x.ndim:
        return 2 * g * x
    return g * 2 * np.ravel(x, order="K").reshape(x.shape)


def imprecise(g: Any, _y: Any, x: Any) -> Any:
    return 2 * g * (x.astype(np.float16).astype(x.dtype) if x.dtype == np.float32 else x)


def two_ways(g: Any, _y: Any, x: Any) -> Any:
    """Wrong where it is called with tensors: at first order nobody sees that."""
    return (2 if isinstance(x, np.ndarray) else 2.5) * g * x


def on_tensors(here: Any, in_numpy: Any) -> Any:
    """An operation that does one thing on tensors, and another one on arrays."""

    def op(x: Any) -> Any:
        return (here if isinstance(x, mg.Tensor) else in_numpy)(x)

    return op


def same(x: Any) -> Any:
    return x.reshape(x.shape)


X = np.array([[1.1, 2.0, 4.2], [-0.5, 3.3, 0.25]])
BROKEN = {
    "value": (primitive(lambda x: x * x + (x.dtype == np.float32) * 0.01, in_place), [X], {}),
    "mutation": (primitive(lambda x: x * x, changes_operand), [X], {}),
    "repetition": (primitive(lambda x: x * x, remembers), [X], {}),
    "linearity": (primitive(lambda x: x * x, lambda g, _y, x: 2 * x * g * np.abs(g)), [X], {}),
    "derivative": (primitive(lambda x: x * x, lambda g, _y, x: 3 * x * g), [X], {}),
    "product": (primitive(lambda x: x * x, two_ways), [X], {"skip": ["derivative"]}),
    "layout": (primitive(lambda x: x * x, by_memory), [X], {}),
    "strides": (on_tensors(lambda x: np.copy(x, order="F"), np.copy), [X], {"seed": 1}),
    "views": (on_tensors(same, np.copy), [X], {"skip": ["strides"]}),
    "precision": (primitive(lambda x: x * x, imprecise), [X], {}),
    "scalars": (strong_scalars, [X, np.array(2.0)], {}),
    "broadcasting": (
        primitive(times, averaged, by_y, broadcasts=True), [X, X + 1], {}),
}  # fmt: skip


@pytest.mark.parametrize("name", BROKEN)
def test_each_property_can_fail(name: str) -> None:
    op, args, options = BROKEN[name]
    with pytest.raises(Failure, match=f"The property '{name}'") as caught:
        check_operation(op, *args, **options)
    assert caught.value.law is PROPERTIES[name]


OTHERWISE = {  # on tensors, on arrays, and what is said
    "a view for a copy": (same, np.copy, "reaches argument 0"),
    "a copy for a view": (np.copy, same, "reaches argument 0"),
    "an array for a number": (
        lambda x: np.sum(x, keepdims=True).reshape(()), np.sum, "found +an array"),
    "a number for an array": (
        np.sum, lambda x: np.sum(x, keepdims=True).reshape(()), "found +a number"),
    "of two results, one of the other": (
        lambda x: [y := x + 1, same(y)], lambda x: [x + 1, x + 1], "reaches result 1"),
    "what can be written to": (
        np.copy, lambda x: np.diagonal(x[..., None, None], 0, -2, -1)[..., 0], None),
    "what cannot be written to": (
        lambda x: np.diagonal(x[..., None, None], 0, -2, -1)[..., 0], same, "found +read-only"),
}  # fmt: skip


@pytest.mark.parametrize("name", OTHERWISE)
@pytest.mark.parametrize("seed", range(6))  # it decides the order in memory, and if it is recorded
def test_a_result_that_is_written_to_otherwise_than_in_numpy_is_refused(
    name: str, seed: int
) -> None:
    here, in_numpy, said = OTHERWISE[name]
    options: dict[str, Any] = {"skip": set(PROPERTIES) - {"views"}, "seed": seed}
    if said is None:  # then nothing that NumPy lets be written to is cut off
        assert check_operation(on_tensors(here, in_numpy), X, **options)["views"]
        return
    with pytest.raises(Failure, match=said):
        check_operation(on_tensors(here, in_numpy), X, **options)


def test_another_order_in_memory_is_found_for_operands_in_any() -> None:
    in_c = on_tensors(lambda x: np.sqrt(x).copy(), np.sqrt)
    assert "The property 'strides'" in failure_of(in_c, arrays((2, 3), domain=(1, 2)))


def test_other_engines_are_not_held_to_where_numpy_puts_things() -> None:
    def vjp(f: Any, *xs: Any) -> Any:
        return mg.vjp(f, *xs)

    found = check_operation(on_tensors(same, np.copy), X, vjp=vjp)
    assert (found["strides"], found["views"]) == (None, None)


def test_gradients_that_share_memory_are_refused() -> None:
    """No engine of values shares any, so it takes another one to show it."""

    def vjp(f: Any, *xs: Any) -> Any:
        return f(*xs), lambda u: (u,) * len(xs)

    def sum_of(x: Any, y: Any) -> Any:
        return x + y

    with pytest.raises(Failure, match="argument 0 shares its memory with the cotangent"):
        check_operation(sum_of, X, X + 1, vjp=vjp, order=1)
    check_operation(sum_of, X, X + 1, vjp=vjp, order=1, skip=set(PROPERTIES) - {"value"})


def test_a_gradient_of_another_dtype_or_shape_is_refused() -> None:
    def vjp(f: Any, *xs: Any) -> Any:
        return f(*xs), lambda u: tuple(np.asarray(u * 2 * x, np.float64) for x in xs)

    with pytest.raises(Failure, match=r"dtype float64, not .* float16") as caught:
        check_operation(square, X, vjp=vjp, order=1)
    assert caught.value.law is PROPERTIES["dtypes"]


def test_an_error_only_where_it_is_differentiated_is_a_failure() -> None:
    def refuses(x: Any) -> Any:
        if isinstance(x, mg.Tensor):
            raise RuntimeError("no tensors")
        return x

    with pytest.raises(Failure, match="RuntimeError: no tensors"):
        check_operation(refuses, X)


def test_an_error_of_plain_arrays_must_come_where_it_is_differentiated_too() -> None:
    def silent(x: Any) -> Any:
        if isinstance(x, mg.Tensor):
            return x
        raise ValueError("nothing to do")

    assert check_operation(np.max, np.zeros(0))["errors"]
    with pytest.raises(Failure, match="no error, where plain arrays give ValueError"):
        check_operation(silent, X)


# -- what is right passes

BATCH = mg.testing.arrays((2, 3), domain=(-2, 2))
RIGHT = {
    "exp": (np.exp, [], {}),
    "multiply": (np.multiply, [], {}),
    "divide": (np.divide, [broadcastable(2, domain=[(-4, 4), (0.25, 4)])], {}),
    "matmul": (np.matmul, [], {}),
    "matmul of drawn operands": (np.matmul, [matmul_operands(special=True)], {}),
    "sum": (np.sum, [], {}),
    "norm": (np.linalg.norm, [], {}),
    "norm of rows": (np.linalg.norm, [BATCH], {"axis": 1, "ord": st.sampled_from([None, 1, 2])}),
    "maximum": (np.maximum, [], {}),
    "max": (np.max, [], {}),
    "std": (np.std, [], {}),
    "prod": (np.prod, [], {}),
    "sort": (np.sort, [arrays((3,))], {}),
    "log": (np.log, [], {"domain": (0.01, inf)}),
    "sqrt at its edge": (np.sqrt, [], {"domain": (0, inf), "edges": {0: inf}}),
    "arcsin at its edges": (np.arcsin, [], {"domain": (-1, 1), "edges": {-1: inf, 1: inf}}),
    "relu": (mg.relu, [], {"edges": {0: Edge(0, value=0)}}),
    "softmax": (mg.softmax, [arrays((4,), domain=(-30, 30))], {}),
    "concatenate": (np.concatenate, [st.tuples(arrays((2,)), arrays((3,))).map(list)], {}),
    "split": (np.split, [arrays((4,))], {"indices_or_sections": 2}),
    "a reference": (mg.sigmoid, [], {"domain": (-50, 50),
                                     "reference": lambda x: 1 / (1 + np.exp(-x))}),
    "a layer": (mg.nn.Linear(3, 2, rng=0), [BATCH], {"order": 1, "skip": ["dtypes", "precision"]}),
}  # fmt: skip


@pytest.mark.parametrize("name", RIGHT)
def test_what_is_right_passes(name: str) -> None:
    op, strategies, options = RIGHT[name]
    property_test(op, *strategies, **options)()


@given(data=st.data())
def test_arguments_that_depend_on_each_other_are_drawn_together(data: st.DataObject) -> None:
    @st.composite
    def along_an_axis(draw: st.DrawFn) -> Any:
        x = draw(arrays(special=True))
        return call(x, axis=draw(axes(x.ndim)))

    args, kwargs = data.draw(along_an_axis())
    check_operation(np.sum, *args, keepdims=data.draw(st.booleans()), **kwargs)


def test_keywords_are_drawn_or_constant() -> None:
    seen = set()

    def total(x: Any, axis: Any = None, keepdims: bool = False) -> Any:
        seen.add((axis, keepdims))
        return np.sum(x, axis=axis, keepdims=keepdims)

    property_test(total, arrays((2, 3)), axis=st.sampled_from([0, 1]), keepdims=True)()
    assert seen == {(0, True), (1, True)}
    property_test(total, arrays((2,)).map(lambda x: call(x, axis=-1)), keepdims=False)()
    assert (-1, False) in seen


def test_constants_and_integers_are_passed_as_they_are() -> None:
    def power(x: Any, n: int, how: str) -> Any:
        assert (type(n), how) == (int, "by hand")
        return x * 0 + 1 if n == 0 else x**n

    property_test(power, arrays(domain=(0.25, 2)), st.integers(0, 3), "by hand")()


# -- edges


def test_edges_are_exact_and_nothing_else_is_held_there() -> None:
    heaviside = {(0, 0): (0, 1), (0, 1): (0, 1)}  # no subgradients: a convention
    property_test(np.heaviside, edges=heaviside)()
    with pytest.raises(Failure, match="not between"):
        check_operation(np.heaviside, np.zeros(2), np.zeros(2))
    power = {(0, 0): (0, 0), (0, 2): (0, 0), (0, 0.5): (inf, 0), (-2, 3): (12, nan)}
    check_edges(np.power, power)


@pytest.mark.parametrize(
    ("op", "table"),
    [
        (np.abs, {0.0: 0.5}),
        (np.abs, {0.0: Edge(0.0, value=1.0)}),
        (np.abs, {0.0: inf}),
        (np.sqrt, {0.0: -inf}),
        (np.abs, {0.0: Edge(0.0, value=-inf)}),
        (np.sqrt, {0.0: nan}),
        (np.sqrt, {4.0: 0.25 * (1 + 1e-14)}),
        (np.maximum, {(2.0, 2.0): (1.0, 0.0)}),
        (np.max, {((1.0, 3.0, 3.0),): [0.0, 1.0, 0.0]}),
        (np.max, {((1.0, 3.0, 3.0),): 0.5}),
        (primitive(np.abs, lambda g, _y, x: g * np.sign(x) * (1 if type(x) is np.ndarray else nan)),
         {0.0: 0.0}),
        (primitive(np.abs, lambda g, _y, x: g * np.sign(x) + (x.dtype == np.float16)), {0.0: 0.0}),
    ],
)  # fmt: skip
def test_edges_that_are_otherwise_are_refused(op: Any, table: Any) -> None:
    for check in (check_edges, lambda op, table: property_test(op, edges=table)()):
        with pytest.raises(Failure, match="property 'edges'"):
            check(op, table)


def test_edges_take_every_form_of_a_point() -> None:
    check_edges(np.max, [([1, 3, 3], Edge([0, 0.5, 0.5], value=3))])
    check_edges(np.sum, [(call(np.zeros((0, 3)), axis=1), Edge(np.zeros((0, 3)), np.zeros(0)))])
    check_edges(np.dot, [(([1, 2], [3, 4]), Edge(([3, 4], [1, 2]), 11))])
    check_edges(mg.logsumexp, [([1e17, 1e17], Edge([0.5, 0.5], 1e17))])  # no such float16
    with pytest.raises(ValueError, match="1 gradients for 2 operands"):
        check_edges(np.maximum, {(2.0, 2.0): 0.5})


# -- what a failure says

wrong_square = primitive(square, lambda g, _y, x: 3 * g * x)
wrong_square.__name__ = wrong_square.__qualname__ = "wrong_square"


def test_a_failure_says_what_where_by_how_much_and_how_to_see_it_again() -> None:
    said = failure_of(wrong_square, arrays((2,)))
    first, analytic, numerical, law, see, *program = said.split("\n")
    where = r"of the result at index \((\d),\) by argument 0 at index \(\1,\) is wrong \[float64\]"
    assert re.fullmatch(rf"wrong_square: the derivative of order 1 {where}", first)
    values = [float(line.split()[1]) for line in (analytic, numerical)]
    assert values[0] == pytest.approx(1.5 * values[1], rel=1e-6)
    assert 0 <= float(numerical.rpartition("+- ")[2]) < 1e-9
    assert law.startswith("The property 'derivative': ")
    assert see == "To see it again:"
    program = [line.removeprefix("    ") for line in program]
    assert program[0] == "import numpy as np"
    assert re.fullmatch(r"check_operation\(wrong_square, np.array\(\[.*\]\).*\)", program[-1])
    with pytest.raises(Failure) as again:
        exec("\n".join(program), {})
    assert str(again.value) == said


def test_a_failure_is_shrunk_to_readable_numbers() -> None:
    beyond_five, strategies, _ = PLANTED["wrong beyond 5"]
    said = failure_of(beyond_five, *strategies)
    numbers = list(map(float, re.findall(r"-?\d+\.\d+", said.rpartition("np.array")[2])))
    assert 5 < max(numbers) <= 8
    assert len(numbers) <= 4
    assert all((4 * number).is_integer() for number in numbers)


def fails_on_tensors(x: Any, rest: Any, index: Any) -> Any:
    if isinstance(x, mg.Tensor):
        raise RuntimeError
    return x


def test_the_program_has_every_option_and_the_arguments_as_they_are() -> None:
    args = [np.array([1.0, nan, -inf], np.float32), [np.zeros((0, 2)), (np.float32(2),)]]
    index = (slice(1, None), ..., None)
    with pytest.raises(Failure) as caught:
        check_operation(
            fails_on_tensors, call(*args, index=index), order=3, domain=(0, inf), seed=7,
            reference=np.square,
        )  # fmt: skip
    assert str(caught.value).endswith(
        "    check_operation(fails_on_tensors, call(np.array([1.0, np.nan, -np.inf], np.float32), "
        "[np.zeros((0, 2), np.float64), (np.float32(2.0),)], index=(slice(1, None, None), ..., "
        "None)), reference=np.square, order=3, domain=(0, np.inf), seed=7)"
    )


def test_an_operation_that_cannot_be_imported_is_said_to_be_so() -> None:
    with pytest.raises(Failure, match=r"op = \.\.\.  # .*<lambda> of test_harness, which cannot"):
        check_operation(lambda x: wrong_square(x) + 0, X)


def test_a_failure_of_the_second_order_names_both_derivatives() -> None:
    op, *_ = PLANTED["second derivative: a detached constant"]
    where = r"order 2 of the gradient by argument 0 at index \(\) by argument 0 at index \(\)"
    with pytest.raises(Failure, match=where):
        check_operation(op, np.array(1.5))


# -- what cannot be tested


def test_what_differences_cannot_check_is_said() -> None:
    with pytest.raises(AssertionError, match=r"could not be checked in .* choose a domain"):
        property_test(np.log, arrays((2,), domain=(-8, -1)))()
    property_test(np.log, domain=(0.1, 8))()


def test_what_only_raises_is_said() -> None:
    with pytest.raises(AssertionError, match=r"raised an error in .* ValueError.* draw arguments"):
        property_test(np.matmul, arrays((2, 3)), arrays((2, 3)))()


MISUSE = {
    "no floating argument": (
        lambda: check_operation(np.sum, [1, 2]), TypeError, r"sum\(\[1, 2\]\) has no floating"),
    "no argument": (lambda: property_test(lambda: 1.0), TypeError, "has no argument that it must"),
    "no signature": (
        lambda: property_test(max), TypeError, "give a strategy for each"),
    "no such property": (
        lambda: property_test(np.exp, skip=["speed"]), ValueError, "none of the properties: err"),
    "an empty domain": (lambda: arrays(domain=(2, 1)), ValueError, "lower bound first"),
    "an empty domain of a test": (
        lambda: property_test(np.exp, domain=(2, 1)), ValueError, "lower bound first"),
    "no such kind": (lambda: square_matrices("odd"), ValueError, "'odd' is none of 'any'"),
    "no parameters": (
        lambda: check_model(mg.nn.ReLU(), lambda: None), ValueError, "ReLU has no parameters"),
}  # fmt: skip


@pytest.mark.parametrize("name", MISUSE)
def test_misuse_is_an_error_that_says_what_to_do(name: str) -> None:
    misuse, error, message = MISUSE[name]
    with pytest.raises(error, match=message):
        misuse()


# -- the test that is made


def test_a_property_test_has_a_name_and_needs_no_arguments() -> None:
    made = property_test(np.exp)
    assert made.__name__ == "test_numpy_exp"
    assert made.__doc__ is not None
    assert "numpy.exp" in made.__doc__
    assert made() is None


def test_pytest_collects_it_and_hypothesis_profiles_hold(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(
        """
        import hypothesis
        import minigrad as mg
        import numpy as np

        hypothesis.settings.register_profile("three", max_examples=3)
        hypothesis.settings.load_profile("three")
        calls = []

        def counted(x):
            calls.append(x)
            return np.sin(x)

        wrong = mg.primitive(np.sin)
        wrong.defvjp(lambda g, _y, x: g * np.sin(x))

        test_right = mg.testing.property_test(counted, mg.testing.arrays((2,)), skip="value")
        test_wrong = mg.testing.property_test(wrong)

        def test_how_many():
            assert len({id(x) for x in calls}) > 3
        """
    )
    result = pytester.runpytest_subprocess("-p", "no:cacheprovider")
    result.assert_outcomes(passed=2, failed=1)
    result.stdout.fnmatch_lines(["*derivative of order 1 of the result*", "*To see it again:*"])


def test_settings_may_be_given() -> None:
    drawn = []

    def seen(x: Any) -> Any:
        return np.sin(x)

    strategy = arrays((2,)).map(lambda x: drawn.append(x) or x)
    settings = hypothesis.settings(max_examples=7, deadline=None, database=None)
    property_test(seen, strategy, settings=settings)()
    assert 7 <= len(drawn) <= 14


def test_what_is_drawn_is_the_same_for_the_same_seed() -> None:
    def numbers(seed: int) -> str:
        with pytest.raises(Failure) as caught:
            check_operation(wrong_square, X, seed=seed, skip="value")
        return str(caught.value.found)

    assert numbers(3) == numbers(3)


def test_no_global_random_numbers_are_drawn() -> None:
    before = np.random.get_state()[1].copy()  # noqa: NPY002  # what is tested is that it stays
    check_operation(np.exp, X)
    np.testing.assert_array_equal(np.random.get_state()[1], before)  # noqa: NPY002


def test_arguments_are_left_alone() -> None:
    x, y = X.copy(), X.copy() + 1
    check_operation(np.multiply, x, y)
    np.testing.assert_array_equal(x, X)
    np.testing.assert_array_equal(y, X + 1)


def test_every_property_says_its_law_in_one_line() -> None:
    for name, law in PROPERTIES.items():
        first, *rest = (law.__doc__ or "").strip().split("\n")
        assert law.__name__ == name
        assert first.endswith(".")
        assert not rest or rest[0] == ""


# -- strategies


@given(data=st.data())
def test_arrays_are_of_their_shape_dtype_and_domain(data: st.DataObject) -> None:
    low, high = data.draw(st.sampled_from([(-8, 8), (0, 1), (0.25, inf), (-inf, -3), (100, 101)]))
    dtype = data.draw(st.sampled_from([np.float16, np.float32, np.float64]))
    x = data.draw(arrays((2, 3), dtype, (low, high), special=data.draw(st.booleans())))
    assert (x.shape, x.dtype) == ((2, 3), dtype)
    inside = (x >= np.float16(low)) & (x <= np.float16(high))
    assert np.all(inside | np.isnan(x))


def drawn(strategy: Any, n: int = 300) -> list[Any]:
    """What a strategy gives, where nothing fails."""
    found: list[Any] = []

    def collect(x: Any) -> None:
        found.append(x)

    for seed in range(0, n, 10):  # afresh, as Hypothesis goes on with copies of what it has drawn
        run = hypothesis.seed(seed)(given(strategy)(collect))
        hypothesis.settings(max_examples=10, deadline=None, database=None)(run)()
    return found


def share(condition: Any, xs: list[Any]) -> float:
    return sum(bool(condition(x)) for x in xs) / len(xs)


def test_arrays_have_what_is_seldom_met_on_purpose() -> None:
    xs = drawn(arrays(special=True))
    flat = [x.ravel() for x in xs]
    assert share(lambda x: x.size == 0, xs) > 0.02
    assert share(lambda x: x.ndim == 0, xs) > 0.05
    assert share(lambda x: x.ndim == 3, xs) > 0.02
    assert share(lambda x: (x == 0).any(), flat) > 0.15
    assert share(lambda x: ((x > 5) & (x < 100)).any(), flat) > 0.2
    assert share(lambda x: len(np.unique(x)) < x.size, flat) > 0.1
    assert share(lambda x: np.isnan(x).any(), flat) > 0.005
    assert share(lambda x: np.isinf(x).any(), flat) > 0.005
    assert share(lambda x: (np.abs(x) > 1e8).any(), flat) > 0.01
    assert share(lambda x: (np.abs(x) <= 8).all() and (x * 4 % 1 != 0).any(), flat) > 0.25


def test_arrays_are_finite_if_nothing_else_is_asked_for() -> None:
    assert all(np.isfinite(x).all() for x in drawn(arrays()))


def test_broadcastable_operands_broadcast_and_have_every_kind_of_shape() -> None:
    pairs = drawn(broadcastable(2))
    for x, y in pairs:
        np.broadcast_shapes(x.shape, y.shape)
    assert share(lambda p: p[0].shape != p[1].shape, pairs) > 0.3
    assert share(lambda p: p[0].shape == p[1].shape and p[0].ndim, pairs) > 0.1
    assert share(lambda p: 0 in p[0].shape + p[1].shape, pairs) > 0.02
    assert share(lambda p: p[0].ndim > 0 and p[1].ndim == 0, pairs) > 0.02
    low, high = zip(*drawn(broadcastable(2, domain=[(-4, -1), (2, 3)]), 50), strict=True)
    assert all((x <= -1).all() for x in low)
    assert all((x >= 2).all() for x in high)


def test_matmul_operands_have_a_product() -> None:
    pairs = drawn(matmul_operands(), 100)
    assert all(np.shape(x @ y) is not None for x, y in pairs)
    assert {x.ndim for x, _ in pairs} >= {1, 2, 3}


@given(data=st.data())
def test_square_matrices_are_what_they_are_called(data: st.DataObject) -> None:
    n = data.draw(st.integers(1, 4))

    def matrices(kind: str) -> Any:
        a = data.draw(square_matrices(kind, n, stack=True))
        assert a.shape[-2:] == (n, n)
        return a.reshape(-1, n, n)

    for a in matrices("positive definite"):
        np.testing.assert_array_equal(a, a.T)
        np.linalg.cholesky(a)
    for a in matrices("singular"):
        assert np.linalg.matrix_rank(a) < n
    for a in matrices("rank n-1"):
        assert np.linalg.matrix_rank(a) == n - 1
    for a in matrices("orthogonal"):
        np.testing.assert_allclose(a @ a.T, np.eye(n), atol=1e-12)
    for a in matrices("repeated eigenvalues"):
        np.testing.assert_array_equal(a, a.T)
        if n > 1:
            assert np.min(np.diff(np.linalg.eigvalsh(a))) < 1e-10


@given(data=st.data())
def test_indices_and_axes_are_taken_by_numpy(data: st.DataObject) -> None:
    x = data.draw(arrays())
    assert np.asarray(x[data.draw(indices(x.shape))]).dtype == x.dtype
    np.sum(x, axis=data.draw(axes(x.ndim)))
    if x.ndim:
        assert isinstance(data.draw(axes(x.ndim, none=False, many=False)), int)
    t = data.draw(labels(5, classes=2))
    assert (t.shape, t.dtype) == ((5,), int)
    assert set(t.tolist()) <= {0, 1}


def test_indices_have_every_form() -> None:
    found = drawn(indices((3, 2)))
    kinds = {type(i) for i in found}
    assert kinds >= {int, slice, tuple, list, np.ndarray}
    assert any(isinstance(i, np.ndarray) and i.dtype == bool for i in found)
    duplicates = [i for i in found if isinstance(i, np.ndarray) and i.dtype == int]
    assert any(len(np.unique(i)) < i.size for i in duplicates)


# -- models


def network() -> Any:
    return mg.nn.Sequential(mg.nn.Linear(3, 4, rng=0), mg.nn.ReLU(), mg.nn.Linear(4, 2, rng=1))


def loss_of(net: Any) -> Any:
    return lambda x, t: mg.nn.functional.cross_entropy(net(x), t)


def test_a_model_is_checked_by_parameter_and_left_as_it_was() -> None:
    net, t = network(), np.array([0, 1, 1])
    x = np.random.default_rng(0).standard_normal((3, 3))
    before = [(p.data.copy(), p.grad) for p in net.parameters()]
    table = check_model(net, loss_of(net), x, t)
    assert [row.name for row in table] == [name for name, _ in net.named_parameters()]
    for row, p in zip(table, net.parameters(), strict=True):
        assert row.shape == p.shape
        assert row.backward == pytest.approx(row.differences, rel=1e-6)
        assert row.mean > 0
    heading, *lines = repr(table).split("\n")
    assert heading.split()[0] == "parameter"
    assert len(lines) == 4
    assert len(set(map(len, lines))) == 1
    for p, (data, grad) in zip(net.parameters(), before, strict=True):
        np.testing.assert_array_equal(p.data, data)
        assert p.grad is grad


def test_a_wrong_layer_shows_in_the_table() -> None:
    net = network()
    wrong = primitive(np.tanh, lambda g, y, _x: g * (1 - y))

    def loss(x: Any) -> Any:
        return wrong(net(x)).sum()

    with pytest.raises(AssertionError, match=r"layers\.2\.bias .*WRONG"):
        check_model(net, loss, np.ones((2, 3)))


def test_a_model_of_float32_is_checked_to_its_digits() -> None:
    net = mg.nn.Linear(3, 2, rng=0)
    for p in net.parameters():
        p.requires_grad_(False)
    net.weight, net.bias = (
        mg.tensor(p.data.astype(np.float32), requires_grad=True) for p in (net.weight, net.bias)
    )
    (first, _) = check_model(net, lambda x: mg.sigmoid(net(x)).sum(), np.ones((2, 3), np.float32))
    assert first.backward == pytest.approx(first.differences, rel=1e-2)


# -- the command line


def command(*args: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "minigrad.testing", *args],
        capture_output=True, text=True, check=False,
    )  # fmt: skip


def test_the_command_prints_a_table_of_properties() -> None:
    done = command("numpy:multiply", "--examples", "10")
    assert (done.returncode, done.stderr) == (0, "")
    heading, *rows = done.stdout.splitlines()
    assert heading.startswith("numpy.multiply: ")
    assert [row.split()[0] for row in rows] == list(PROPERTIES)
    assert {row.split()[0]: row.split()[1] for row in rows}["value"] == "10"


def test_the_command_fails_with_what_a_failure_says() -> None:
    done = command("numpy:power", "--examples", "30", "--order", "1")
    assert (done.returncode, done.stderr) == (1, "")
    assert re.search(r"^derivative +FAILS", done.stdout, re.MULTILINE)
    assert re.search(r"^value +30", done.stdout, re.MULTILINE)
    assert "To see it again:" in done.stdout
    assert command("numpy:power", "--domain", "0.25", "4", "--examples", "5").returncode == 0
    assert command("numpy:log", "--domain", "-4", "-1", "--examples", "5").returncode == 1


def test_the_command_says_that_a_primitive_has_no_reference() -> None:
    assert "No reference" in command("minigrad:relu", "--examples", "3").stdout
    assert "No reference" not in command("numpy:exp", "--examples", "3").stdout


@pytest.mark.parametrize(
    "target",
    ["numpy", "numpy:", ":exp", "numpy:no_such", "no_such_module:f", "numpy:pi", "os:getcwd",
     "os.path:join", "builtins:max"],
)  # fmt: skip
def test_what_cannot_be_imported_or_called_is_one_line(target: str) -> None:
    done = command(target, "--examples", "3")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("python -m minigrad.testing: ")
    assert done.stderr.count("\n") == 1


@pytest.mark.parametrize("option", [["--order", "0"], ["--examples", "0"], ["--domain", "1"]])
def test_options_that_make_no_sense_are_refused(option: list[str]) -> None:
    assert command("numpy:exp", *option).returncode == 2


# -- what it needs


def test_without_hypothesis_the_extra_is_named() -> None:
    program = (
        "import sys; sys.modules['hypothesis'] = None\n"
        "import numpy as np, minigrad.testing as t\n"
        "t.check_operation(np.exp, np.array([1.0, 2.0])); t.check_edges(np.abs, {0.0: 0.0})\n"
        "for name in ('property_test', 'arrays'):\n"
        "    try: getattr(t, name)\n"
        "    except ImportError as error: print(error)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=False
    )
    lines = done.stdout.splitlines()
    assert done.stderr == ""
    assert [("minigrad[testing]" in line, line.split()[0]) for line in lines] == [
        (True, "minigrad.testing.property_test"),
        (True, "minigrad.testing.arrays"),
    ]


def test_an_unknown_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="no attribute 'no_such'"):
        _ = testing.no_such
