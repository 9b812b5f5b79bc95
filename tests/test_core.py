"""The engine's laws: what backward computes, what the graph keeps, what a Tensor is.

Each test states one law, over a domain where there is one.  That each rule is the derivative of its
operation is in test_ops.py; values at kinks are in test_conventions.py, messages in test_errors.py.
"""

import asyncio
import contextlib
import copy
import functools
import gc
import itertools
import operator
import pickle
import sys
import threading
import weakref
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

import minigrad as mg
import minigrad.nn.functional as F

CHAIN = 100_000


def leaf(value: Any, dtype: Any = float) -> mg.Tensor:
    return mg.tensor(value, dtype=dtype, requires_grad=True)


def assert_equal(tensor: Any, expected: Any) -> None:
    """A Tensor of exactly these elements, in this shape."""
    assert isinstance(tensor, mg.Tensor)
    assert type(tensor._array) is np.ndarray
    np.testing.assert_array_equal(tensor.numpy(), expected)
    assert tensor.shape == np.shape(expected)


small = st.integers(-2, 2).map(float)
both_ways = pytest.mark.parametrize("create_graph", [False, True], ids=["plain", "create_graph"])

# -- the chain rule, against the same programs differentiated forward


@st.composite
def programs(draw: st.DrawFn) -> tuple[list[float], list[tuple[str, int, int]]]:
    """Inputs, and steps (op, i, j) that combine two earlier values: integers, so all is exact."""
    inputs = draw(st.lists(small, min_size=1, max_size=3))
    steps: list[tuple[str, int, int]] = []
    for _ in range(draw(st.integers(1, 5))):
        earlier = st.integers(0, len(inputs) + len(steps) - 1)
        steps.append((draw(st.sampled_from("+-*")), draw(earlier), draw(earlier)))
    return inputs, steps


def run(inputs: list[Any], steps: list[tuple[str, int, int]]) -> list[Any]:
    values = list(inputs)
    symbols = {"+": operator.add, "-": operator.sub, "*": operator.mul}
    for op, i, j in steps:
        values.append(symbols[op](values[i], values[j]))
    return values


class Jet:
    """A value with its gradient and Hessian, by the sum and product rules: no graph at all."""

    def __init__(self, value: float, gradient: Any, hessian: Any) -> None:
        self.parts = value, gradient, hessian

    def __add__(self, other: "Jet") -> "Jet":
        return Jet(*(a + b for a, b in zip(self.parts, other.parts, strict=True)))

    def __sub__(self, other: "Jet") -> "Jet":
        return Jet(*(a - b for a, b in zip(self.parts, other.parts, strict=True)))

    def __mul__(self, other: "Jet") -> "Jet":
        (x, dx, ddx), (y, dy, ddy) = self.parts, other.parts
        mixed = np.outer(dx, dy) + np.outer(dy, dx)
        return Jet(x * y, y * dx + x * dy, y * ddx + x * ddy + mixed)


@given(programs())
def test_gradients_and_hessians_of_programs_are_those_of_forward_differentiation(program):
    inputs, steps = program
    n = len(inputs)
    jets = [Jet(x, unit, np.zeros((n, n))) for x, unit in zip(inputs, np.eye(n), strict=True)]
    value, gradient, hessian = run(jets, steps)[-1].parts
    leaves = [leaf(x) for x in inputs]
    y = run(leaves, steps)[-1]
    assert_equal(y, value)
    y.backward(retain_graph=True)
    for x, expected in zip(leaves, gradient, strict=True):
        assert expected == (0 if x.grad is None else x.grad.item())
    gradients = mg.grad(y, leaves, create_graph=True)
    np.testing.assert_array_equal([g.item() for g in gradients], gradient)
    for g, row in zip(gradients, hessian, strict=True):
        second = mg.grad(g, leaves, retain_graph=True) if g.requires_grad else [leaf(0)] * n
        np.testing.assert_array_equal([s.item() for s in second], row)


@given(programs(), st.data())
def test_an_intermediate_result_is_an_input_like_any_other(program, data):
    inputs, steps = program
    cut = data.draw(st.integers(0, len(steps)))
    leaves = [leaf(x) for x in inputs]
    values = run(leaves, steps)
    # The rest of the program, run from leaves of its own, has the same gradients.
    own = [leaf(v.item()) for v in values[: len(inputs) + cut]]
    y, own_y = values[-1], run(own, steps[cut:])[-1]
    known = values[: len(inputs) + cut]
    for found, expected in zip(
        mg.grad(y, known, retain_graph=True)[len(inputs) + cut - 1 :],
        mg.grad(own_y, own)[len(inputs) + cut - 1 :],
        strict=True,
    ):
        assert_equal(found, expected.numpy())


@given(hnp.arrays(float, (2, 3), elements=small), small, small, st.data())
def test_backward_is_linear_in_its_gradient(x, a, b, data):
    g, h = (data.draw(hnp.arrays(float, (2, 2), elements=small)) for _ in range(2))
    t = leaf(x)
    y = (t * t) @ t.T
    by_g, by_h, by_both = (mg.grad(y, t, c, retain_graph=True) for c in (g, h, a * g + b * h))
    assert_equal(by_both, (a * by_g + b * by_h).numpy())


@pytest.mark.parametrize(
    ("f", "derivative"),
    [
        (lambda x: x * x, lambda x: 2 * x),
        (lambda x: x + x, lambda x: 2 + 0 * x),
        (lambda x: x - x, lambda x: 0 * x),
        (lambda x: x * x * x, lambda x: 3 * x * x),
        (lambda x: (x + 1) * (x - 1), lambda x: 2 * x),
        (lambda x: np.stack([x, x * x, x]).sum(axis=0), lambda x: 2 + 2 * x),
        (lambda x: np.concatenate([x, x])[: len(x)], lambda x: 1 + 0 * x),
    ],
    ids=["x * x", "x + x", "x - x", "x * x * x", "(x+1)(x-1)", "stack", "concatenate"],
)
def test_a_tensor_used_twice_gets_both_contributions(f, derivative):
    x = np.array([1.0, -2.0, 3.0])
    t = leaf(x)
    f(t).sum().backward()
    assert_equal(t.grad, derivative(x))


def test_a_diamond():
    x = leaf(3)
    a = x * 2
    b, c = a + 1, a * a
    (b * c).backward()  # (2x + 1) 4x^2
    assert_equal(x.grad, 24 * 9 + 8 * 3)


# -- accumulation


def test_gradients_of_fresh_graphs_add_up():
    x = leaf(1)
    (2 * x).backward()
    (3 * x).backward()
    assert_equal(x.grad, 5)
    x.grad = None
    (4 * x).backward()
    assert_equal(x.grad, 4)


def test_a_gradient_that_was_set_is_added_to():
    x = leaf([1, 2])
    x.grad = mg.tensor([10.0, 20.0])
    (x * x).sum().backward()
    assert_equal(x.grad, [12, 24])


@pytest.mark.parametrize("n", [2, 5])
def test_each_walk_over_a_retained_graph_adds_the_same(n):
    x = leaf([1, 2])
    y = (x * x).sum()
    for _ in range(n):
        y.backward(retain_graph=True)
    assert_equal(x.grad, [2 * n, 4 * n])


def test_two_losses_share_a_subgraph():
    x = leaf([1, 2])
    shared = x * x
    first, second = shared.sum(), (shared * shared).sum()
    first.backward(retain_graph=True)
    second.backward()
    assert_equal(x.grad, [2 + 4, 4 + 32])


def test_losses_that_share_only_leaves_need_not_retain():
    x = leaf([1, 2])
    first, second = (x * x).sum(), (x * 3).sum()
    first.backward()
    second.backward()
    assert_equal(x.grad, [5, 7])


def test_the_gradient_of_a_leaf_by_itself_is_the_given_one():
    x = leaf([1, 2])
    x.backward([3, 4])
    assert_equal(x.grad, [3, 4])


def test_one_element_has_an_implicit_gradient_in_any_shape():
    x = leaf([[5]])
    (x * 2).backward()
    assert_equal(x.grad, [[2]])


def test_backward_works_within_no_grad():
    x = leaf(3)
    y = x * x
    with mg.no_grad():
        y.backward()
    assert_equal(x.grad, 6)


def test_constants_get_no_gradient():
    x, c = leaf([1, 2]), mg.tensor([3.0, 4.0])
    (x * c).sum().backward()
    assert c.grad is None
    assert not c.requires_grad


def test_an_error_on_the_way_changes_no_gradient():
    x, y = leaf(2), leaf(3)
    y.grad = mg.tensor(7.0)
    a = x * 2

    def fail(g):
        raise ArithmeticError("no further")

    a.register_hook(fail)
    with pytest.raises(ArithmeticError, match="no further"):
        (a + y * y).backward()
    assert x.grad is None
    assert_equal(y.grad, 7)


# -- intermediate results, and hooks


@both_ways
def test_intermediates_keep_no_gradient_unless_asked_to(create_graph):
    x = leaf([1, 2])
    plain, asked = x * 2, x * 3
    asked.retain_grad()
    (plain * plain + asked * asked).sum().backward(create_graph=create_graph)
    assert plain.grad is None
    assert_equal(asked.grad, [6, 12])
    assert_equal(x.grad, [8 + 18, 16 + 36])
    assert x.grad.requires_grad == create_graph
    x.grad = None


@both_ways
@pytest.mark.parametrize("where", ["leaf", "intermediate"])
def test_a_hook_is_called_once_with_the_total(where, create_graph):
    x = leaf([1, 2])
    y = x * 1.0
    target = x if where == "leaf" else y
    seen = []
    target.register_hook(lambda g: seen.append(g.numpy().copy()))
    z = (y * y + 3 * y).sum() + (y * 10).sum()
    z.backward(create_graph=create_graph)
    np.testing.assert_array_equal(seen, [[15, 17]])
    assert_equal(x.grad, [15, 17])
    x.grad = None


@both_ways
@pytest.mark.parametrize("where", ["leaf", "intermediate"])
def test_hooks_replace_the_gradient_in_their_order_until_removed(where, create_graph):
    x = leaf([1, 2])

    def gradient():
        x.grad = None
        y = x * 1.0
        target = x if where == "leaf" else y
        removers = [target.register_hook(lambda g: g + 1), target.register_hook(lambda g: g * 10)]
        return y, removers

    y, removers = gradient()
    y.sum().backward(create_graph=create_graph)
    assert_equal(x.grad, [20, 20])
    for remove in removers:
        remove()
    y, removers = gradient()
    removers[0]()
    y.sum().backward(create_graph=create_graph)
    assert_equal(x.grad, [10, 10])
    for remove in removers:
        remove()
        remove()  # again: nothing is left to remove
    x.grad = None
    (x * 1.0).sum().backward(create_graph=create_graph)
    assert_equal(x.grad, [1, 1])
    x.grad = None


def test_a_hook_registered_twice_is_called_until_both_are_removed():
    x, calls = leaf(1), []

    def hook(g):
        calls.append(g.item())

    removers = [x.register_hook(hook), x.register_hook(hook)]
    for expected in (2, 3, 3):  # two calls, then one, then none
        (x * 1.0).backward()
        assert len(calls) == expected
        if removers:
            removers.pop()()


def test_a_hook_also_acts_in_grad_and_on_retained_gradients():
    x = leaf([1, 2])
    y = x * x
    y.register_hook(lambda g: g * 10)
    y.retain_grad()
    assert_equal(mg.grad(y.sum(), x, retain_graph=True), [20, 40])
    assert y.grad is None
    y.sum().backward()
    assert_equal(y.grad, [10, 10])


@both_ways
def test_a_hook_may_do_what_it_likes_with_its_gradient(create_graph):
    """Only what it returns counts, and only for its own tensor."""
    x, y = leaf([1, 2]), leaf([3, 4])

    def scribble(g):
        g[0] = 100
        g *= 7

    x.register_hook(scribble)
    (x + y).sum().backward(create_graph=create_graph)
    assert_equal(x.grad, [1, 1])
    assert_equal(y.grad, [1, 1])


@both_ways
def test_a_hook_sees_the_gradient_in_the_shape_and_dtype_of_its_tensor(create_graph):
    x = leaf([[1], [2]], np.float16)
    y = x * np.float16(2)
    seen = []
    for t in (x, y):
        t.register_hook(lambda g: seen.append((g.shape, g.dtype)))
    for doubles in (np.ones((2, 1)), np.ones((2, 3))):
        (y * doubles).sum().backward(create_graph=create_graph, retain_graph=True)
    assert seen == [((2, 1), np.float16)] * 4
    x.grad = None


def test_what_a_hook_returns_is_brought_to_the_operands_dtype():
    x = leaf([1, 2], np.float32)
    x.register_hook(lambda g: np.array([3, 4]))
    x.sum().backward()
    assert x.grad.dtype == np.float32
    assert_equal(x.grad, [3, 4])


def test_a_hooks_result_is_differentiated_with_create_graph():
    x = leaf(3)
    y = x * x
    y.register_hook(lambda g: g * x)
    g = mg.grad(y, x, create_graph=True)  # 2x times x
    assert_equal(g, 18)
    assert_equal(mg.grad(g, x), 12)


# -- mg.grad


def test_grad_sums_over_outputs_with_a_gradient_for_each():
    x, y = leaf([1, 2]), leaf([3, 4])
    outputs = [x * y, x * x]
    for_x, for_y = mg.grad(outputs, [x, y], [[1, 10], [100, 1000]])
    assert_equal(for_x, [3 + 200, 40 + 4000])
    assert_equal(for_y, [1, 20])


def test_grad_returns_what_it_is_given():
    x = leaf(2)
    assert isinstance(mg.grad(x * x, x), mg.Tensor)
    assert isinstance(mg.grad(x * x, [x]), tuple)
    assert isinstance(mg.grad([x * x], (x,)), tuple)
    assert_equal(mg.grad([x * x, 3 * x], x), 7)
    assert_equal(mg.grad([x * x, 3 * x], x, [None, 10]), 34)


def test_grad_takes_an_output_that_is_an_input_or_behind_another_output():
    x = leaf(2)
    y = x * x
    z = y * 3
    assert_equal(mg.grad(x, x), 1)
    for_y, for_x = mg.grad([z, y], [y, x])
    assert_equal(for_y, 4)
    assert_equal(for_x, 16)


def test_grad_leaves_every_grad_alone():
    x, y = leaf([1, 2]), leaf([3, 4])
    y.grad = mg.tensor([5.0, 6.0])
    z = x * y
    z.retain_grad()
    mg.grad(z.sum(), [x, z])
    assert x.grad is None
    assert z.grad is None
    assert_equal(y.grad, [5, 6])


def test_an_unused_input_gets_zeros_from_grad_and_none_from_backward():
    x, unused = leaf([1, 2]), leaf([[1], [2]], np.float32)
    used, zero = mg.grad((x * x).sum(), [x, unused])
    assert_equal(used, [2, 4])
    assert_equal(zero, [[0], [0]])
    assert zero.dtype == np.float32
    (x * x).sum().backward()
    assert unused.grad is None


def test_an_input_given_twice_gets_its_gradient_twice():
    x = leaf([1, 2])
    first, second = mg.grad((x * x).sum(), [x, x])
    assert_equal(first, [2, 4])
    assert_equal(second, [2, 4])
    assert not np.shares_memory(first._array, second._array)


# -- derivatives of every order

ORDERS = {
    "x**3": (
        lambda x: x**3,
        [lambda x: 3 * x**2, lambda x: 6 * x, lambda x: 6 + 0 * x],
    ),
    "exp(sin(x))": (
        lambda x: np.exp(np.sin(x)),
        [
            lambda x: np.cos(x) * np.exp(np.sin(x)),
            lambda x: (np.cos(x) ** 2 - np.sin(x)) * np.exp(np.sin(x)),
            lambda x: (np.cos(x) ** 3 - 3 * np.sin(x) * np.cos(x) - np.cos(x)) * np.exp(np.sin(x)),
        ],
    ),
    "log(1 + x x)": (
        lambda x: np.log(1 + x * x),
        [
            lambda x: 2 * x / (1 + x * x),
            lambda x: 2 * (1 - x * x) / (1 + x * x) ** 2,
            lambda x: 4 * x * (x * x - 3) / (1 + x * x) ** 3,
        ],
    ),
    "x exp(-x)": (
        lambda x: x * np.exp(-x),
        [
            lambda x: (1 - x) * np.exp(-x),
            lambda x: (x - 2) * np.exp(-x),
            lambda x: (3 - x) * np.exp(-x),
        ],
    ),
    "tanh(x)": (
        np.tanh,
        [
            lambda x: 1 - np.tanh(x) ** 2,
            lambda x: -2 * np.tanh(x) * (1 - np.tanh(x) ** 2),
            lambda x: (6 * np.tanh(x) ** 2 - 2) * (1 - np.tanh(x) ** 2),
        ],
    ),
    "1 / (x + 5)": (
        lambda x: 1 / (x + 5),
        [lambda x: -((x + 5) ** -2), lambda x: 2 * (x + 5) ** -3, lambda x: -6 * (x + 5) ** -4],
    ),
    "2 x @ x": (
        lambda x: 2 * x @ x,
        [lambda x: 4 * x, lambda x: 4 + 0 * x, lambda x: 0 * x],
    ),
}


@pytest.mark.parametrize("name", ORDERS)
@given(x=hnp.arrays(float, 3, elements=st.floats(-2, 2)))
def test_derivatives_of_three_orders_of_composite_functions(name, x):
    f, derivatives = ORDERS[name]
    t = leaf(x)
    y = f(t)
    for derivative in derivatives:
        y = mg.grad(y.sum(), t, create_graph=True)
        np.testing.assert_allclose(y.numpy(), derivative(x), rtol=1e-9, atol=1e-12)
        if not y.requires_grad:  # a constant: all further derivatives are zero
            y = y + 0 * t


def test_create_graph_records_within_no_grad():
    x = leaf(2)
    y = x**3
    with mg.no_grad():
        g = mg.grad(y, x, create_graph=True)
        assert not mg.is_grad_enabled()
    assert_equal(mg.grad(g, x), 12)


def test_without_create_graph_a_gradient_is_a_constant():
    x = leaf(2)
    (x**3).backward()
    assert not x.grad.requires_grad
    assert not mg.grad(x**3, x).requires_grad


def test_what_create_graph_adds_up_in_grad_is_differentiable():
    x = leaf(2)
    (x**3).backward(create_graph=True)
    (5 * x**2).backward(create_graph=True)
    total = x.grad
    x.grad = None
    assert_equal(total, 12 + 20)
    total.backward()  # 6x + 10
    assert_equal(x.grad, 22)


def test_create_graph_keeps_the_graph():
    x = leaf(2)
    y = x**3
    y.backward(create_graph=True)
    x.grad = None
    y.backward()
    assert_equal(x.grad, 12)


def test_the_gradient_given_to_backward_may_itself_be_differentiated():
    x, g = leaf([1, 2]), leaf([3, 4])
    pulled = mg.grad(x * x, x, g, create_graph=True)
    assert_equal(pulled, [6, 16])
    for_x, for_g = mg.grad(pulled, [x, g], [1, 10])
    assert_equal(for_x, [6, 80])
    assert_equal(for_g, [2, 40])


def test_a_gradient_penalty():
    """The loss |df/dx|^2 with f = sum(w x^2): what create_graph is for."""
    x, w = leaf([1, 2]), leaf([3, 4])
    g = mg.grad((w * x * x).sum(), x, create_graph=True)
    (g * g).sum().backward()
    assert_equal(w.grad, 8 * np.array([3, 4]) * np.array([1, 4]))


# -- gradients are arrays of their own

SHARING = {
    "x + y": lambda x, y: x + y,
    "x + y, sum": lambda x, y: (x + y).sum(),
    "x - y": lambda x, y: x - y,
    "x + x + y": lambda x, y: x + x + y,
    "x * y": lambda x, y: x * y,
    "sums": lambda x, y: x.sum() + y.sum(),
    "means": lambda x, y: x.mean() + y.mean(),
    "sums over an axis": lambda x, y: x.sum(axis=0) + y.sum(axis=0),
    "reshape": lambda x, y: x.reshape(-1) + y.reshape(-1),
    "T": lambda x, y: x.T + y.T,
    "copy": lambda x, y: x.copy() + y.copy(),
    "concatenate": lambda x, y: np.concatenate([x, y]),
    "stack": lambda x, y: np.stack([x, y]),
    "broadcast_to": lambda x, y: np.broadcast_to(x, (3, 2, 2)) + np.broadcast_to(y, (3, 2, 2)),
    "slices": lambda x, y: x[:, :] + y[::-1],
    "x": lambda x, y: x,
}


@both_ways
@pytest.mark.parametrize("name", SHARING)
def test_gradients_share_no_memory(name, create_graph):
    """Not with each other, not with the inputs, not with the gradient given."""
    x, y = leaf([[1, 2], [3, 4]]), leaf([[5, 6], [7, 8]])
    z = SHARING[name](x, y)
    z.retain_grad()
    given = np.ones(z.shape)
    z.backward(given, create_graph=create_graph)
    tensors = {"x": x, "y": y} | ({} if z is x else {"z": z})
    gradients = {name: t.grad._array for name, t in tensors.items() if t.grad is not None}
    others = {f"{name}._array": t._array for name, t in tensors.items()} | {"given": given}
    views = [name for name, g in gradients.items() if not (g.flags.owndata and g.flags.writeable)]
    shared = [
        (a, b)
        for (a, g), (b, h) in itertools.combinations((gradients | others).items(), 2)
        if a in gradients and np.shares_memory(g, h)
    ]
    assert (views, shared) == ([], [])  # of a view, all elements may be one
    x.grad = y.grad = z.grad = None


@both_ways
def test_gradients_from_grad_share_no_memory(create_graph):
    x, y = leaf([1, 2]), leaf([3, 4])
    given = np.ones(2)
    gradients = mg.grad(x + y, [x, y, x], given, create_graph=create_graph)
    arrays = [*(g._array for g in gradients), given]
    for i, a in enumerate(arrays):
        assert a.flags.owndata
        assert not any(np.shares_memory(a, b) for b in arrays[:i])


# -- dtypes and shapes of gradients

FLOATS = [np.float16, np.float32, np.float64]


@both_ways
@pytest.mark.parametrize("shape", [(), (1,), (2, 0), (2, 3)], ids=str)
@pytest.mark.parametrize("other", [*FLOATS, float], ids=lambda d: d.__name__)
@pytest.mark.parametrize("dtype", FLOATS, ids=lambda d: d.__name__)
def test_a_gradient_has_the_dtype_and_shape_of_its_operand(dtype, other, shape, create_graph):
    x = leaf(np.ones(shape), dtype)
    y = 2.0 if other is float else leaf(np.full(shape, 2), other)
    for z in (x * y, y * x, x - y, x / y, np.hypot(x, y), x * x * y):
        assert z.dtype == np.result_type(dtype, y if other is float else other)
        z.backward(np.ones(shape), create_graph=create_graph)
        for t in (x,) if other is float else (x, y):
            assert type(t.grad._array) is np.ndarray
            assert (t.grad.dtype, t.grad.shape) == (t.dtype, t.shape)
            t.grad = None


def test_numbers_in_another_byte_order_have_gradients_in_theirs():
    x = mg.tensor(np.array([1, 2], ">f4"), requires_grad=True)  # as read from a file
    (x * x).sum().backward()
    assert x.grad.dtype == x.dtype
    assert_equal(x.grad, [2, 4])


OF_NO_AXES = {
    "exp": np.exp,
    "x * x": lambda x: x * x,
    "x * 2.0": lambda x: x * 2.0,
    "2 - x": lambda x: 2 - x,
    "-x": operator.neg,
    "x**2": lambda x: x**2,
    "sum": np.sum,
    "mean": np.mean,
    "max": np.max,
    "prod": np.prod,
    "var": np.var,
    "norm": np.linalg.norm,
    "stack and sum": lambda x: np.stack([x, x]).sum(),
    "element": lambda x: np.stack([x, x])[0],
    "matmul": lambda x: np.stack([x, x]) @ np.stack([x, x]),
    "einsum": lambda x: np.einsum("i,i", np.stack([x, x]), [1.0, 2.0]),
    "x > 0": lambda x: x > 0,
    "floor": np.floor,
    "argmax": lambda x: np.argmax(np.stack([x, x])),
    "add.reduce": lambda x: np.add.reduce(np.stack([x, x])),
    "where": lambda x: np.where(x > 0, x, 0),
    "logsumexp": mg.logsumexp,
    "relu": mg.relu,
    "astype": lambda x: x.astype(np.float32),
    "indexed update": lambda x: updated(np.stack([x, x]), 0, 3.0)[0],
    "x += 1": lambda x: operator.iadd(x * 1.0, 1),
    "cross_entropy": lambda x: F.cross_entropy(np.stack([x, x]), 0),
}


@both_ways
@pytest.mark.parametrize("name", OF_NO_AXES)
def test_of_no_axes_is_an_array_and_never_a_numpy_scalar(name, create_graph):
    x = leaf(3)
    y = OF_NO_AXES[name](x)
    assert type(y._array) is np.ndarray
    assert y.shape == ()
    constant = OF_NO_AXES[name](x.detach())
    assert type(constant._array) is np.ndarray
    if y.requires_grad:
        y.backward(create_graph=create_graph)
        (x + x).backward(create_graph=create_graph)  # adds up
        assert type(x.grad._array) is np.ndarray
        assert x.grad.shape == ()
        x.grad = None


def test_data_set_to_a_numpy_scalar_is_an_array():
    x = leaf(3)
    x.data = x._array - np.float64(1)
    assert type(x._array) is np.ndarray
    assert_equal(x, 2)


# -- what the graph keeps: the arrays that rules read, and nothing else

MATRIX = np.array([[2.0, 3.0], [5.0, 7.0]])


def kept(f: Any, x_requires_grad: bool, y_requires_grad: bool) -> set[str]:
    """Which of the arrays of x, y and z = f(x, y) are alive when only z's graph is."""
    x = mg.tensor(MATRIX, requires_grad=x_requires_grad)
    y = mg.tensor(MATRIX + 1, requires_grad=y_requires_grad)
    z = f(x, y)
    arrays = {"x": weakref.ref(x._array), "y": weakref.ref(y._array), "z": weakref.ref(z._array)}
    after = np.sum(z)  # needs the shape of z only, so that z can be dropped
    del x, y, z
    alive = {name for name, array in arrays.items() if array() is not None}
    assert after.requires_grad == (x_requires_grad or y_requires_grad)
    return alive


KEPT = [
    # name, function, whether x and y require grad, what of x, y and z is kept
    ("exp", lambda x, _: np.exp(x), (1, 0), "z"),
    ("sqrt", lambda x, _: np.sqrt(x), (1, 0), "z"),
    ("relu", lambda x, _: mg.relu(x), (1, 0), "z"),
    ("sigmoid", lambda x, _: mg.sigmoid(x), (1, 0), "z"),
    ("softmax", lambda x, _: mg.softmax(x), (1, 0), "z"),
    ("log", lambda x, _: np.log(x), (1, 0), "x"),
    ("sin", lambda x, _: np.sin(x), (1, 0), "x"),
    ("square", lambda x, _: np.square(x), (1, 0), "x"),
    ("x**2", lambda x, _: x**2, (1, 0), "x"),
    ("abs", lambda x, _: abs(x), (1, 0), "x"),
    ("-x", lambda x, _: -x, (1, 0), ""),
    ("x + y", lambda x, y: x + y, (1, 1), ""),
    ("x + y, y constant", lambda x, y: x + y, (1, 0), ""),
    ("x - y", lambda x, y: x - y, (1, 1), ""),
    ("x + 2.0", lambda x, _: x + 2.0, (1, 0), ""),
    ("x * 2.0", lambda x, _: x * 2.0, (1, 0), ""),
    ("x * 2", lambda x, _: x * 2, (1, 0), ""),
    ("2.0 * x", lambda x, _: 2.0 * x, (1, 0), ""),
    ("x / 2.0", lambda x, _: x / 2.0, (1, 0), ""),
    ("x * y", lambda x, y: x * y, (1, 1), "xy"),
    ("x * y, y constant", lambda x, y: x * y, (1, 0), "y"),
    ("x * y, x constant", lambda x, y: x * y, (0, 1), "x"),
    ("multiply(x, y), y constant", np.multiply, (1, 0), "y"),
    ("x / y", lambda x, y: x / y, (1, 1), "yz"),
    ("x / y, y constant", lambda x, y: x / y, (1, 0), "y"),
    ("x / y, x constant", lambda x, y: x / y, (0, 1), "yz"),
    ("x @ y", lambda x, y: x @ y, (1, 1), "xy"),
    ("x @ y, y constant", lambda x, y: x @ y, (1, 0), "y"),
    ("x @ y, x constant", lambda x, y: x @ y, (0, 1), "x"),
    ("dot, y constant", np.dot, (1, 0), "y"),
    ("sum", lambda x, _: np.sum(x), (1, 0), ""),
    ("sum over an axis", lambda x, _: x.sum(axis=0), (1, 0), ""),
    ("mean", lambda x, _: x.mean(axis=0, keepdims=True), (1, 0), ""),
    ("cumsum", lambda x, _: x.cumsum(axis=0), (1, 0), ""),
    ("max", lambda x, _: np.max(x), (1, 0), "xz"),
    ("reshape", lambda x, _: x.reshape(4, 1), (1, 0), ""),
    ("ravel", lambda x, _: x.ravel(), (1, 0), ""),
    ("T", lambda x, _: x.T, (1, 0), ""),
    ("swapaxes", lambda x, _: np.swapaxes(x, 0, 1), (1, 0), ""),
    ("squeeze", lambda x, _: np.squeeze(x), (1, 0), ""),
    ("broadcast_to", lambda x, _: np.broadcast_to(x, (3, 2, 2)), (1, 0), ""),
    ("flip", lambda x, _: np.flip(x), (1, 0), ""),
    ("x[0]", lambda x, _: x[0], (1, 0), ""),
    ("x[[0, 0]]", lambda x, _: x[[0, 0]], (1, 0), ""),
    ("x[x > 2]", lambda x, _: x[x > 2], (1, 0), ""),
    ("take", lambda x, _: np.take(x, [1], axis=0), (1, 0), ""),
    ("x[0] = y", lambda x, y: updated(x, 0, y[0]), (1, 1), ""),
    ("x[0] = 0", lambda x, _: updated(x, 0, 0), (1, 0), ""),
    ("astype", lambda x, _: x.astype(np.float32), (1, 0), ""),
    ("copy", lambda x, _: x.copy(), (1, 0), ""),
    ("concatenate", lambda x, y: np.concatenate([x, y]), (1, 1), ""),
    ("stack", lambda x, y: np.stack([x, y]), (1, 1), ""),
    ("where", lambda x, y: np.where(MATRIX > 2, x, y), (1, 1), ""),
    ("pad", lambda x, _: np.pad(x, 1), (1, 0), ""),
    ("split", lambda x, _: np.split(x, 2)[0], (1, 0), ""),
    ("nothing recorded", lambda x, y: x * y, (0, 0), ""),
]


def updated(x: mg.Tensor, index: Any, value: Any) -> mg.Tensor:
    """A copy of x after x[index] = value."""
    y = x.copy()
    y[index] = value
    return y


@pytest.mark.parametrize(
    ("f", "requires_grad", "expected"), [row[1:] for row in KEPT], ids=[row[0] for row in KEPT]
)
def test_the_graph_keeps_what_rules_read_and_nothing_else(f, requires_grad, expected):
    assert kept(f, *map(bool, requires_grad)) == set(expected)


def test_under_no_grad_nothing_is_kept():
    x = leaf([1, 2])
    with mg.no_grad():
        y = np.exp(x)
        array = weakref.ref(y._array)
        z = y * y
        del y
    assert array() is None
    assert not z.requires_grad


def test_a_result_that_was_dropped_takes_its_graph_along():
    x = leaf([1, 2])
    y = np.exp(x)
    array = weakref.ref(y._array)
    z = np.exp(y)
    del y
    assert array() is not None
    del z
    assert array() is None


# -- freeing


@contextlib.contextmanager
def reference_counting_alone() -> Any:
    """Inside, nothing collects cycles; what is left unreachable at the end is an error."""
    gc.collect()
    gc.disable()
    try:
        yield
        assert gc.collect() == 0
    finally:
        gc.enable()


def forward(x: mg.Tensor) -> list[mg.Tensor]:
    y = np.exp(x * 2.0)
    z = np.log(y + x)
    return [x, y, z, (z @ z).sum()]


def forward_and_backward(x: mg.Tensor) -> list[mg.Tensor]:
    tensors = forward(x)
    tensors[-1].backward()
    return [*tensors, x.grad]


def retained(x: mg.Tensor) -> list[mg.Tensor]:
    tensors = forward(x)
    tensors[1].retain_grad()
    tensors[-1].backward(retain_graph=True)
    tensors[-1].backward(retain_graph=True)
    return [*tensors, x.grad, tensors[1].grad]


def freed(x: mg.Tensor) -> list[mg.Tensor]:
    tensors = forward_and_backward(x)
    with contextlib.suppress(RuntimeError):
        tensors[-2].backward()
    return tensors


def grad_of_grad(x: mg.Tensor) -> list[mg.Tensor]:
    *tensors, loss = forward(x)
    g = mg.grad(loss, x, create_graph=True)
    return [*tensors, loss, g, mg.grad((g * g).sum(), x, create_graph=True)]


def grad_of_grad_by_backward(x: mg.Tensor) -> list[mg.Tensor]:
    *tensors, loss = forward(x)
    loss.backward(create_graph=True)
    g, x.grad = x.grad, None
    (g * g).sum().backward()
    return [*tensors, loss, g, x.grad]


def hooked(x: mg.Tensor) -> list[mg.Tensor]:
    *tensors, loss = forward(x)
    removers = [t.register_hook(lambda g: g * 2) for t in tensors]
    loss.backward()
    removers[0]()
    return [*tensors, loss, x.grad]


def indexed_and_in_place(x: mg.Tensor) -> list[mg.Tensor]:
    y = x * 1.0
    view = y[:1]
    y[0] = x[1]
    y += view
    y[y > 1] *= 2.0
    y.sum().backward()
    with mg.no_grad():
        x -= 0.1 * x.grad
        x[0] = 1.0
    return [x, y, view, x.grad]


def raising(x: mg.Tensor) -> list[mg.Tensor]:
    y = x * x
    for wrong in (y.backward, lambda: y + np.ones(7), lambda: y[[99]], lambda: np.fft.fft(y)):
        with contextlib.suppress(RuntimeError, ValueError, IndexError, TypeError):
            wrong()
    return [x, y]


def transformed(x: mg.Tensor) -> list[mg.Tensor]:
    mg.hessian(lambda v: np.sum(v**3))(x.numpy())
    mg.jvp(np.exp, [x.numpy()], [x.numpy()])
    return [x, mg.value_and_grad(lambda v: np.sum(v**3))(x)[1]]


LIVES = [
    forward, forward_and_backward, retained, freed, grad_of_grad, grad_of_grad_by_backward, hooked,
    indexed_and_in_place, raising, transformed,
]  # fmt: skip


@pytest.mark.parametrize("live", LIVES, ids=lambda f: f.__name__)
def test_reference_counting_alone_frees_everything(live):
    live(leaf(MATRIX))  # what is cached for good is cached now
    with reference_counting_alone():
        arrays = [weakref.ref(t._array) for t in live(leaf(MATRIX))]
        assert [i for i, array in enumerate(arrays) if array() is not None] == []


def test_a_leaf_and_its_differentiable_gradient_hold_each_other_until_it_is_reset():
    with reference_counting_alone():
        x = leaf(MATRIX)
        (x * x * x).sum().backward(create_graph=True)
        arrays = [weakref.ref(t._array) for t in (x, x.grad)]
        x.grad = None
        del x
        assert [i for i, array in enumerate(arrays) if array() is not None] == []


def test_the_graph_is_freed_while_backward_walks_it():
    roots = [leaf(MATRIX)]
    for _ in range(5):
        roots.append(np.sqrt(roots[-1]))
    loss = roots[-1].sum()
    arrays = [weakref.ref(t._array) for t in roots[1:]]
    alive = []
    roots[1].register_hook(lambda g: alive.extend(array() is not None for array in arrays))
    del roots
    assert all(array() is not None for array in arrays)
    loss.backward()
    assert alive[0]
    assert not any(alive[2:])  # when the walk comes to the first root, the last ones are gone
    assert not any(array() is not None for array in arrays)
    assert loss.requires_grad


@pytest.mark.parametrize("how", ["retain_graph", "create_graph"])
def test_a_graph_that_is_retained_is_not_freed(how):
    x = leaf(MATRIX)
    y = np.exp(x)
    array, loss = weakref.ref(y._array), y.sum()
    del y
    loss.backward(**{how: True})
    assert array() is not None
    x.grad = None
    loss.backward()
    assert array() is None


def test_grad_frees_the_graph_that_it_walks_and_no_other():
    x, w = leaf(MATRIX), leaf(MATRIX)
    walked, other = np.sqrt(x), np.sqrt(w)
    total_of_other, total = other.sum(), (walked + other).sum()
    arrays = [weakref.ref(t._array) for t in (walked, other)]
    del walked, other
    mg.grad(total, x)
    assert [array() is not None for array in arrays] == [False, True]
    total_of_other.backward()
    assert_equal(w.grad, 0.5 / np.sqrt(MATRIX))


# -- depth and width


def chain(x: mg.Tensor, n: int = CHAIN) -> mg.Tensor:
    for _ in range(n // 2):
        x = -(x + 1.0)
    return x


def test_a_long_chain_runs_forward_and_backward_and_is_freed():
    x = leaf([1, 2])
    y = chain(x)
    array = weakref.ref(y._array)
    y.backward([1, 10])
    assert_equal(x.grad, [1, 10])
    del y
    assert array() is None


def test_a_long_chain_is_freed_without_backward():
    x = leaf([1, 2])
    y = np.exp(x)
    array = weakref.ref(y._array)
    y = chain(y)
    assert array() is not None
    del y
    assert array() is None


def test_a_long_chain_is_differentiated_twice():
    x = leaf(2)
    y = chain(x, 20_000)
    g = mg.grad(y * y, x, create_graph=True)
    assert_equal(mg.grad(g, x), 2)
    first, last = leaf(2), leaf(3)
    y = chain(first, 20_000) * last
    assert_equal(mg.grad(y, last), 2)  # of all the others, none leads to it


@pytest.mark.parametrize(
    "total",
    [sum, lambda xs: np.stack(xs).sum(), lambda xs: np.concatenate([x[None] for x in xs]).sum()],
    ids=["sum", "stack", "concatenate"],
)
def test_ten_thousand_parents(total):
    xs = [leaf(i) for i in range(10_000)]
    y = total(xs)
    assert_equal(y, 10_000 * 9_999 / 2)
    y.backward()
    assert {x.grad.item() for x in xs} == {1.0}


def test_joining_twice_as_many_tensors_is_twice_the_work():
    def calls(n):
        """How many functions are called, by Python and by C, to join n tensors and to go back."""
        xs, count = [leaf(i) for i in range(n)], 0

        def tick(*_):
            nonlocal count
            count += 1

        sys.setprofile(tick)
        try:
            np.stack(xs).sum().backward()
        finally:
            sys.setprofile(None)
        return count

    calls(3)
    assert calls(200) < 2.5 * calls(100)


def test_ten_thousand_children():
    x = leaf(1)
    sum(x * i for i in range(10_000)).backward()
    assert_equal(x.grad, 10_000 * 9_999 / 2)


# -- the mode


def test_modes_nest_and_end():
    x = leaf(2)
    assert mg.is_grad_enabled()
    with mg.no_grad():
        assert not (x * x).requires_grad
        with mg.enable_grad():
            assert (x * x).requires_grad
            with mg.no_grad():
                assert not mg.is_grad_enabled()
            assert mg.is_grad_enabled()
        assert not mg.is_grad_enabled()
    assert mg.is_grad_enabled()
    assert (x * x).requires_grad


@pytest.mark.parametrize("mode", [mg.no_grad, mg.enable_grad], ids=lambda m: m.__name__)
def test_an_exception_restores_the_mode(mode):
    with pytest.raises(ArithmeticError), mode():
        raise ArithmeticError
    assert mg.is_grad_enabled()
    with mg.no_grad():
        with pytest.raises(ArithmeticError), mode():
            raise ArithmeticError
        assert not mg.is_grad_enabled()


def test_modes_are_decorators():
    @mg.no_grad()
    def without(x):
        """Compute."""
        return within(x).requires_grad, (x * x).requires_grad

    @mg.enable_grad()
    def within(x):
        return x * x

    assert without.__doc__ == "Compute."
    for _ in range(2):  # each call anew
        assert without(leaf(2)) == (True, False)
    assert mg.is_grad_enabled()


def test_leaves_can_be_made_within_no_grad():
    with mg.no_grad():
        x = leaf(2)
    assert x.requires_grad
    (x * x).backward()
    assert_equal(x.grad, 4)


def test_each_thread_has_its_own_mode():
    barrier = threading.Barrier(2, timeout=10)

    def record(mode, n):
        x = leaf(np.arange(3))
        results = []
        with mode():
            for _ in range(50):
                barrier.wait()  # both are inside their modes
                y = (x * n).sum()
                results.append(y.requires_grad)
                if y.requires_grad:
                    y.backward()
        return set(results), x.grad

    with mg.no_grad(), ThreadPoolExecutor(2) as pool:
        on = pool.submit(record, contextlib.nullcontext, 2.0)
        off = pool.submit(record, mg.no_grad, 3.0)
        recorded, gradient = on.result()
        assert recorded == {True}
        assert_equal(gradient, [100, 100, 100])
        assert off.result() == ({False}, None)


def test_each_task_has_its_own_mode():
    async def record(mode, x):
        with mode():
            for _ in range(5):
                await asyncio.sleep(0)
                y = x * x
        return y.requires_grad, mg.is_grad_enabled()

    async def main():
        x = leaf(3)
        results = await asyncio.gather(
            record(mg.no_grad, x), record(mg.enable_grad, x), record(contextlib.nullcontext, x)
        )
        assert results == [(False, True), (True, True), (True, True)]
        with mg.no_grad():  # a task starts in the mode that it was made in
            task = asyncio.create_task(record(contextlib.nullcontext, x))
        assert await task == (False, False)

    asyncio.run(main())


# -- writing: x[i] = v


@st.composite
def assignments(draw: st.DrawFn) -> tuple[Any, Any, Any]:
    """An array, an index of any kind, and a value that NumPy would write there."""
    x = draw(hnp.arrays(float, hnp.array_shapes(min_dims=0, max_side=3), elements=small))
    kinds = [
        hnp.basic_indices(x.shape, allow_newaxis=True),
        hnp.arrays(bool, x.shape),
    ]
    if x.ndim:
        places = st.integers(-len(x), len(x) - 1)
        kinds += [
            hnp.integer_array_indices(x.shape),
            hnp.arrays(bool, x.shape[:1]),
            st.lists(places, min_size=1, max_size=4),
            st.tuples(st.just(...), st.lists(st.just(0), min_size=1, max_size=3)),
        ]
    index = draw(st.one_of(kinds))
    shape = [draw(st.sampled_from(sorted({1, n}))) for n in x[index].shape]
    shape = shape[draw(st.integers(0, len(shape))) :]
    return x, index, draw(hnp.arrays(float, shape, elements=small))


def numpys(x: Any, index: Any, value: Any) -> Any:
    y = x.copy()
    y[index] = value
    return y


def units(a: Any) -> Any:
    """The arrays of a's shape that are 1 at one place and 0 elsewhere."""
    return [unit.reshape(a.shape) for unit in np.eye(a.size)]


@given(assignments(), st.booleans(), st.booleans())
def test_an_indexed_update_is_numpys_and_its_gradient_the_adjoint(
    assignment, x_requires_grad, value_requires_grad
):
    x, index, value = assignment
    t = mg.tensor(x, requires_grad=x_requires_grad)
    v = mg.tensor(value, requires_grad=value_requires_grad)
    y = t.copy()
    view, same, detached = y[...], y.T.T, y.detach()
    y[index] = v
    for written in (y, view, same):
        assert_equal(written, numpys(x, index, value))
    for other in (t, detached):  # no other tensor has changed
        assert_equal(other, x)
    assert y.requires_grad == (x_requires_grad or value_requires_grad)
    if not y.requires_grad:
        return
    g = np.arange(1.0, x.size + 1).reshape(x.shape)
    y.backward(g)
    # NumPy's own update is linear: put each unit into it, and weigh what comes out.
    by_x = [np.sum(g * numpys(unit, index, 0)) for unit in units(x)]
    by_value = [np.sum(g * numpys(np.zeros(x.shape), index, unit)) for unit in units(value)]
    if x_requires_grad:
        assert_equal(t.grad, np.reshape(by_x, x.shape))
    if value_requires_grad:
        assert_equal(v.grad, np.reshape(by_value, value.shape))


@given(assignments())
def test_indexing_is_numpys_and_its_gradient_the_adjoint(assignment):
    x, index, _ = assignment
    t = leaf(x)
    y = t[index]
    assert_equal(y, x[index])
    g = np.arange(1.0, y.size + 1).reshape(y.shape)
    y.backward(g)
    assert_equal(t.grad, np.reshape([np.sum(g * unit[index]) for unit in units(x)], x.shape))


def test_an_update_changes_no_graph_that_was_recorded_before():
    x = leaf([1, 2, 3])
    y = x * 1.0
    before = (y * y).sum()
    y[0] = 100.0
    after = (y * y).sum()
    before.backward(retain_graph=True)
    assert_equal(x.grad, [2, 4, 6])
    x.grad = None
    after.backward()
    assert_equal(x.grad, [0, 4, 6])


def test_an_update_of_a_constant_changes_its_views_and_not_the_array_it_was_made_of():
    array = np.array([1.0, 2.0])
    x = mg.asarray(array)
    detached, value, view = x.detach(), x.numpy(), x[:]
    x[0] = 9.0
    for written in (x, view):
        assert_equal(written, [9, 2])
    for other in (detached, value, array):
        assert_equal(mg.asarray(other), [1, 2])


def test_a_constant_becomes_a_computed_tensor_where_a_recorded_value_is_written():
    w = leaf(3)
    x = mg.tensor([0.0, 0.0])
    x[1] = w * w
    assert x.requires_grad
    assert not x.is_leaf
    x.backward([1, 10])
    assert_equal(w.grad, 60)


def test_updates_in_a_loop_are_recorded_each():
    x = leaf([2, 3])
    y = mg.tensor(np.zeros(3))
    y[0] = x[0]
    for i in (1, 2):
        y[i] = y[i - 1] * x[1]
    assert_equal(y, [2, 6, 18])
    y[2].backward()
    assert_equal(x.grad, [9, 12])


def test_an_element_is_changed_in_place():
    x = leaf([1, 2, 3])
    y = x * 1.0
    y[0] += 10.0
    y[1:] *= x[1:]
    y[y > 8.0] -= 1.0
    assert_equal(y, [10, 4, 8])
    y.backward([1, 10, 100])
    assert_equal(x.grad, [1, 40, 600])


def test_tensors_are_indices_too():
    x = leaf([1, 2, 3])
    places, mask = mg.tensor([2, 0]), mg.tensor([False, True, False])
    assert_equal(x[places], [3, 1])
    assert_equal(x[mask], [2])
    assert_equal(x[mg.tensor(1)], 2)
    assert_equal(updated(x, places, [5.0, 6.0]), [6, 2, 5])
    assert_equal(updated(x, mask, 0.0), [1, 0, 3])
    assert_equal(updated(x, x > 1, 0.0), [1, 0, 0])


def test_a_leaf_is_set_within_no_grad_only():
    x = leaf([1, 2, 3])
    y = (x * x).sum()
    with pytest.raises(RuntimeError, match="leaf that requires grad"):
        x[0] = 9.0
    assert_equal(x, [1, 2, 3])
    with mg.no_grad():
        x[0] = 9.0
    assert_equal(x, [9, 2, 3])
    assert x.is_leaf
    assert x.requires_grad
    y.backward()
    assert_equal(x.grad, [2, 4, 6])  # of what x was then
    (x * x).sum().backward()
    assert_equal(x.grad, [20, 8, 12])


# -- writing: x += v

IN_PLACE = [
    operator.iadd, operator.isub, operator.imul, operator.itruediv, operator.ifloordiv,
    operator.imod, operator.ipow, operator.iand, operator.ior, operator.ixor, operator.ilshift,
    operator.irshift, operator.imatmul,
]  # fmt: skip
DTYPES = [bool, np.int8, np.int64, np.float32, np.float64]


@pytest.mark.parametrize("op", IN_PLACE, ids=lambda op: op.__name__)
def test_an_operator_in_place_gives_what_numpys_gives_in_shape_and_dtype(op):
    matrix = np.array([[1, 2], [1, 1]])
    others = [2, 2.5, True, *(matrix.astype(d) for d in DTYPES), np.ones((3, 2, 2)), np.ones(3)]
    outcomes = set()
    for dtype, v in itertools.product(DTYPES, others):
        x = matrix.astype(dtype)
        try:
            expected = op(x.copy(), v)
        except (TypeError, ValueError):
            expected = None
        for value in (v, mg.tensor(v)):
            t = mg.tensor(x)
            if expected is None:
                with pytest.raises((TypeError, ValueError)):
                    op(t, value)
            elif isinstance(v, np.ndarray) or value is v:  # Python's numbers are weak, arrays not
                same = t
                y = op(t, value)
                assert y is same
                assert y.dtype == dtype
                assert_equal(y, expected)
                continue
            assert_equal(t, x)  # where it is refused, nothing has changed
        outcomes.add(expected is None)
    assert outcomes == {True, False}


@pytest.mark.parametrize("op", IN_PLACE[:7], ids=lambda op: op.__name__)
def test_in_place_refuses_another_kind_and_a_larger_shape(op):
    for x in (mg.tensor([1, 2]), mg.tensor([1, 2]).astype(np.int8)):
        with pytest.raises(TypeError, match="in place"):
            op(x, 2.5)
    for x in (leaf([1, 2]) * 1.0, mg.tensor([1.0, 2.0])):
        with pytest.raises(ValueError, match="in place"):
            op(x, np.ones((3, 2)))


def test_in_place_on_a_computed_tensor_is_recorded():
    x = leaf([1, 2])
    y = x * 1.0
    view = y[:1]
    y += 1.0
    y *= x
    y -= x
    y /= 2.0
    y **= 2
    assert_equal(y, [0.25, 4])  # (x * x / 2)**2
    assert_equal(view, [0.25])
    y.sum().backward()
    assert_equal(x.grad, [1, 8])


@pytest.mark.parametrize("op", IN_PLACE[:7], ids=lambda op: op.__name__)
def test_in_place_on_a_leaf_is_refused_while_recording(op):
    p = leaf([1, 2])
    for target in (p, p[:], p.T):
        with pytest.raises(RuntimeError, match=r"no_grad\(\): x -= .* or an optimizer"):
            op(target, 2.0)
    assert_equal(p, [1, 2])
    assert p.is_leaf


def test_in_place_on_a_number_gives_the_name_another_one():
    y = leaf([1, 2]) * 2.0
    total, array = y.sum(), y[:1].reshape(())
    same, alias = total, array
    total += 1.0
    array += 1.0
    assert_equal(same, 6)
    assert_equal(total, 7)
    assert_equal(alias, 3)
    assert_equal(y, [3, 4])


def test_in_place_keeps_the_dtype_and_the_gradient_finds_its_own():
    x, v = leaf([1, 2], np.float32), leaf([3, 4], np.float64)
    y = x * 1.0
    y += v
    assert y.dtype == np.float32
    y.sum().backward()
    assert (x.grad.dtype, v.grad.dtype) == (np.float32, np.float64)


def test_a_step_of_gradient_descent_keeps_the_parameter():
    p = leaf([1, 2])
    q, array = p, p._array
    loss = (p * p).sum()
    (g,) = mg.grad(loss, [p], retain_graph=True)
    with mg.no_grad():
        p -= 0.25 * g
    assert p is q
    assert p.is_leaf
    assert p.requires_grad
    assert_equal(p, [0.5, 1])
    np.testing.assert_array_equal(array, [1, 2])  # the old array is what it was
    loss.backward()
    assert_equal(p.grad, [2, 4])


@pytest.mark.parametrize("op", IN_PLACE[:7], ids=lambda op: op.__name__)
def test_every_operator_in_place_keeps_a_parameter_under_no_grad(op):
    p = leaf([4, 5])
    with mg.no_grad():
        q = op(p, 2.0)
    assert q is p
    assert p.requires_grad
    assert p.is_leaf
    assert_equal(p, op(np.array([4.0, 5.0]), 2.0))


# -- NumPy arrays that the graph has seen may change


def scaled(x: mg.Tensor, a: Any) -> mg.Tensor:
    x = x * 1.0
    x[...] = x * a
    return x


NUMBERS, PLACES, MASK = [2.0, 3.0, 4.0], [2, 1], [True, False, True]
WEIGHTS = np.array([1.0, 10.0])
CAPTURED = {
    "x * a": (lambda x, a: x * a, NUMBERS),
    "a * x": (lambda x, a: a * x, NUMBERS),
    "x / a": (lambda x, a: x / a, NUMBERS),
    "a / x": (lambda x, a: a / x, NUMBERS),
    "x**a": (lambda x, a: x**a, NUMBERS),
    "a**x": (lambda x, a: a**x, NUMBERS),
    "x @ a": (lambda x, a: x @ a, NUMBERS),
    "a @ x": (lambda x, a: a @ x, NUMBERS),
    "a of no axes": (lambda x, a: x * a, 3.0),
    "maximum": (np.maximum, NUMBERS),
    "hypot": (lambda x, a: np.hypot(a, x), NUMBERS),
    "clip": (lambda x, a: np.clip(x, 0, a), [0.5, 3.0, 9.0]),
    "where, its condition": (lambda x, a: np.where(a, x, 0), MASK),
    "where, its values": (lambda x, a: np.where(x > 1, x * a, a), NUMBERS),
    "select": (lambda x, a: np.select([a], [x], x * 2), MASK),
    "dot": (np.dot, NUMBERS),
    "dot, on the left": (lambda x, a: np.dot(a, x), NUMBERS),
    "inner": (lambda x, a: np.inner(a, x), NUMBERS),
    "outer": (lambda x, a: np.outer(a, x), NUMBERS),
    "vdot": (lambda x, a: np.vdot(a, x), NUMBERS),
    "vecdot": (lambda x, a: np.vecdot(a, x), NUMBERS),
    "tensordot": (lambda x, a: np.tensordot(a, x, 1), NUMBERS),
    "einsum": (lambda x, a: np.einsum("i,i", a, x), NUMBERS),
    "multiply.outer": (lambda x, a: np.multiply.outer(a, x), NUMBERS),
    "average, its weights": (lambda x, a: np.average(x, weights=a), NUMBERS),
    "x[a]": (lambda x, a: x[a] * WEIGHTS, PLACES),
    "x[mask]": (lambda x, a: x[a] * WEIGHTS, MASK),
    "x[:, a]": (lambda x, a: x[None][:, a] * WEIGHTS, PLACES),
    "x[tensor]": (lambda x, a: x[mg.tensor(a)] * WEIGHTS, PLACES),
    "take": (lambda x, a: np.take(x, a) * WEIGHTS, PLACES),
    "take_along_axis": (lambda x, a: np.take_along_axis(x, a, 0) * WEIGHTS, PLACES),
    "repeat": (np.repeat, [1, 2, 3]),
    "roll": (lambda x, a: np.roll(x, a) * NUMBERS, [1]),
    "split": (lambda x, a: np.split(x, a)[0], [2]),
    "pad": (np.pad, [1, 2]),
    "concatenate": (lambda x, a: np.concatenate([x * a, a]), NUMBERS),
    "stack": (lambda x, a: np.stack([x, a]).prod(axis=0), NUMBERS),
    "block": (lambda x, a: np.block([x, a]).prod(), NUMBERS),
    "asarray of a list": (lambda x, a: mg.asarray([x, a]).prod(axis=0), NUMBERS),
    "x[a] = 0": (lambda x, a: updated(x, a, 0), PLACES),
    "x[mask] = 0": (lambda x, a: updated(x, a, 0), MASK),
    "x[...] = x * a": (scaled, NUMBERS),
    "x *= a": (lambda x, a: operator.imul(x * 1.0, a), NUMBERS),
    "cross_entropy, class indices": (lambda x, a: F.cross_entropy(x[None], a), [1]),
    "cross_entropy, probabilities": (F.cross_entropy, [0.5, 0.5, 0.0]),
    "Linear": (lambda x, a: with_weight(x)(a), NUMBERS),
}


def with_weight(x: mg.Tensor) -> mg.nn.Linear:
    layer = mg.nn.Linear(3, 1, rng=0)
    layer.weight = x[:, None]
    return layer


@pytest.mark.parametrize("name", CAPTURED)
def test_changing_an_array_after_the_forward_changes_nothing_in_backward(name):
    f, captured = CAPTURED[name]

    def gradient(change):
        x, a = leaf([1.0, 2.0, 3.0]), np.array(captured)
        y = f(x, a)
        if change:
            a[...] = ~a if a.dtype == bool else 0
        y.sum().backward()
        return x.grad.numpy()

    np.testing.assert_array_equal(gradient(change=True), gradient(change=False))


def test_changing_a_list_after_the_forward_changes_nothing_in_backward():
    x = leaf([1, 2, 3])
    places, pair, numbers = [2, 1], ([0, 0], [1, 2]), [2.0, 3.0]
    y = x[places] * numbers + x[None][pair]
    z = updated(x, places, 0.0)
    places[:], numbers[:] = [0, 0], [0.0, 0.0]
    pair[1][:] = [0, 0]
    (y.sum() + z.sum()).backward()
    assert_equal(x.grad, [1, 1 + 3, 1 + 2])


def test_changing_an_argument_of_a_primitive_changes_nothing_in_backward():
    @mg.primitive
    def scale(x, factor, *, offset):
        return x * factor + offset * x

    scale.defvjp(lambda g, _y, _x, factor, *, offset: g * (factor + offset))
    x, factor, offset = leaf([1, 2]), np.array([3.0, 4.0]), np.array([5.0, 6.0])
    y = scale(x, factor, offset=offset)
    factor[:] = offset[:] = 0
    y.sum().backward()
    assert_equal(x.grad, [8, 10])


def test_tensor_copies_and_asarray_shares():
    a = np.array([1.0, 2.0])
    copied, shared = mg.tensor(a), mg.asarray(a)
    assert not np.shares_memory(copied._array, a)
    assert shared._array is a
    assert mg.asarray(shared) is shared
    x = leaf([1, 2])
    y = x * x
    assert mg.asarray(y) is y
    np.testing.assert_array_equal(mg.tensor(shared).numpy(), a)
    assert not np.shares_memory(mg.tensor(shared)._array, a)


def test_detach_shares_and_cuts():
    x = leaf([1, 2])
    y = (x * x).detach()
    assert not y.requires_grad
    assert np.shares_memory(x.detach()._array, x._array)
    (x * y).sum().backward()
    assert_equal(x.grad, [1, 4])


# -- dispatch: NumPy's functions and operators, given tensors anywhere

BINARY = [
    operator.add, operator.sub, operator.mul, operator.truediv, operator.floordiv, operator.mod,
    operator.pow, operator.matmul, operator.lt, operator.le, operator.gt, operator.ge, operator.eq,
    operator.ne, divmod,
]  # fmt: skip
CONSTANT = {operator.floordiv, *BINARY[8:14]}


def assert_like(found: Any, expected: Any) -> None:
    """Tensors where NumPy gives arrays: the same type out as in."""
    if isinstance(expected, tuple | list):
        assert isinstance(found, type(expected))
        for f, e in zip(found, expected, strict=True):
            assert_like(f, e)
        return
    assert_equal(found, expected)
    assert found.dtype == np.asarray(expected).dtype


@pytest.mark.parametrize("requires_grad", [True, False])
@pytest.mark.parametrize("op", BINARY, ids=lambda op: op.__name__)
def test_arrays_on_either_side_of_an_operator(op, requires_grad):
    a, b = np.array([3.0, 4.0]), np.array([2.0, 5.0])
    t, u = (mg.tensor(v, requires_grad=requires_grad) for v in (a, b))
    for found in (op(a, u), op(t, b), op(t, u)):
        assert_like(found, op(a, b))
    if op is not divmod:
        assert op(a, u).requires_grad == (requires_grad and op not in CONSTANT)


@pytest.mark.parametrize("op", BINARY[:7], ids=lambda op: op.__name__)
def test_lists_and_tuples_on_either_side_of_an_operator(op):
    t = leaf([2, 5])
    assert_equal(op([3.0, 4.0], t), op(np.array([3.0, 4.0]), np.array([2.0, 5.0])))
    assert_equal(op(t, (3.0, 4.0)), op(np.array([2.0, 5.0]), np.array([3.0, 4.0])))


@pytest.mark.parametrize(
    "number",
    [2, 2.0, True, np.float16(2), np.float32(2), np.float64(2), np.int8(2), np.int64(2)],
    ids=lambda n: type(n).__name__,
)
@pytest.mark.parametrize("dtype", FLOATS, ids=lambda d: d.__name__)
def test_numbers_on_the_left_have_numpys_dtypes_and_gradients_their_operands(number, dtype):
    x = np.array([1.0, 3.0], dtype)
    for op in BINARY[:7] + BINARY[8:]:
        if op is operator.matmul:
            continue
        t = leaf(x, dtype)
        y = op(number, t)
        assert_like(y, op(number, x))
        for result in y if isinstance(y, tuple) else (y,):
            if result.requires_grad:
                result.sum().backward()
                assert t.grad.dtype == dtype


def test_bitwise_operators_with_arrays_on_either_side():
    a, b = np.array([1, 2]), np.array([3, 1])
    for op in (operator.and_, operator.or_, operator.xor, operator.lshift, operator.rshift):
        assert_like(op(a, mg.tensor(b)), op(a, b))
        assert_like(op(mg.tensor(a), b), op(a, b))
        assert_like(op(1, mg.tensor(b)), op(1, b))
    assert_like(~mg.tensor(a), ~a)


X, Y = np.array([1.0, 2.0]), np.array([3.0, 4.0])
NESTED = {
    "stack": (lambda x, y: np.stack([x, y, X]), [1, 1], [1, 1]),
    "stack of tuples": (lambda x, y: np.stack((x, y), axis=1), [1, 1], [1, 1]),
    "stack of numbers": (lambda x, y: np.stack([x[0], y[1], 5.0]), [1, 0], [0, 1]),
    "concatenate": (lambda x, y: np.concatenate([x, Y, y, x]), [2, 2], [1, 1]),
    "concatenate, axis=None": (lambda x, y: np.concatenate([x, y], axis=None), [1, 1], [1, 1]),
    "vstack": (lambda x, y: np.vstack([x, [5.0, 6.0], y]), [1, 1], [1, 1]),
    "hstack": (lambda x, y: np.hstack([x, y]), [1, 1], [1, 1]),
    "dstack": (lambda x, y: np.dstack([x, y]), [1, 1], [1, 1]),
    "column_stack": (lambda x, y: np.column_stack([x, y]), [1, 1], [1, 1]),
    "append": (lambda x, y: np.append(X, np.append(x, y)), [1, 1], [1, 1]),
    "block": (lambda x, y: np.block([[x, y], [y, X]]), [1, 1], [2, 2]),
    "einsum": (lambda x, y: np.einsum("i,i,i", X, x, y), [3, 8], [1, 4]),
    "einsum with lists": (lambda x, y: np.einsum(x, [0], y, [0]), [3, 4], [1, 2]),
    "select": (lambda x, y: np.select([x > 1, y > 3], [x, y], 7), [0, 1], [0, 0]),
    "select, default": (lambda x, y: np.select([X > 1], [x], default=y), [0, 1], [1, 0]),
    "where": (lambda x, y: np.where(X > 1, x, y), [0, 1], [1, 0]),
    "asarray": (lambda x, y: mg.asarray([[x, y], [X, x]]), [2, 2], [1, 1]),
    "clip": (lambda x, y: np.clip(X + 2.5, x, y), [0, 0], [1, 1]),
    "atleast_1d": (lambda x, y: sum(np.atleast_1d(x, y)), [1, 1], [1, 1]),
}


@pytest.mark.parametrize("name", NESTED)
def test_tensors_nested_in_arguments_are_found(name):
    f, for_x, for_y = NESTED[name]
    x, y = leaf(X), leaf(Y)
    z = f(x, y)
    plain = f(X, Y)
    assert_equal(z, plain.numpy() if isinstance(plain, mg.Tensor) else plain)
    z.sum().backward()
    np.testing.assert_array_equal(0 if x.grad is None else x.grad.numpy(), np.multiply(1.0, for_x))
    assert for_y == [0, 0] or y.grad.tolist() == for_y


M = np.array([[1.0, 2.0, 4.0], [3.0, 5.0, 0.5]])
SPELLINGS = {
    # by keyword, in NumPy's whole order, or as its ufuncs' methods: as if written the common way
    "sum(a=)": (lambda t: np.sum(a=t), np.sum),
    "sum, all positions": (
        lambda t: np.sum(t, 0, None, None, True),
        lambda t: np.sum(t, axis=0, keepdims=True),
    ),
    "sum, out=None": (lambda t: np.sum(t, axis=0, out=None), lambda t: np.sum(t, axis=0)),
    "sum, dtype": (lambda t: np.sum(t, dtype=np.float32), lambda t: np.sum(t.astype(np.float32))),
    "mean, all positions": (
        lambda t: np.mean(t, 1, None, None, True),
        lambda t: np.mean(t, axis=1, keepdims=True),
    ),
    "mean, out=None": (lambda t: np.mean(t, out=None), np.mean),
    "prod, all positions": (
        lambda t: np.prod(t, 1, None, None, True),
        lambda t: np.prod(t, axis=1, keepdims=True),
    ),
    "max, all positions": (
        lambda t: np.max(t, 1, None, True),
        lambda t: np.max(t, axis=1, keepdims=True),
    ),
    "var, all positions": (
        lambda t: np.var(t, 1, None, None, 1, True),
        lambda t: np.var(t, axis=1, ddof=1, keepdims=True),
    ),
    "var, correction": (lambda t: np.var(t, correction=1), lambda t: np.var(t, ddof=1)),
    "std, all positions": (
        lambda t: np.std(t, 1, None, None, 1, True),
        lambda t: np.std(t, axis=1, ddof=1, keepdims=True),
    ),
    "cumsum, all positions": (
        lambda t: np.cumsum(t, 1, None, None),
        lambda t: np.cumsum(t, axis=1),
    ),
    "median, all positions": (
        lambda t: np.median(t, 1, None, False, True),
        lambda t: np.median(t, axis=1, keepdims=True),
    ),
    "average, all positions": (
        lambda t: np.average(t, 1, [1.0, 2.0, 3.0]),
        lambda t: np.average(t, axis=1, weights=[1.0, 2.0, 3.0]),
    ),
    "take, all positions": (
        lambda t: np.take(t, [0, 2], 1, None, "clip"),
        lambda t: np.take(t, [0, 2], axis=1, mode="clip"),
    ),
    "trace, all positions": (
        lambda t: np.trace(t, 1, 0, 1, None, None),
        lambda t: t[0, 1] + t[1, 2],
    ),
    "clip(a=)": (lambda t: np.clip(a=t, a_min=1.5, a_max=None), lambda t: np.clip(t, 1.5, None)),
    "reshape, order": (lambda t: np.reshape(t, (3, 2), "F"), lambda t: np.reshape(t.T, (2, 3)).T),
    "transpose(a=)": (lambda t: np.transpose(a=t, axes=(1, 0)), np.transpose),
    "concatenate(arrays)": (lambda t: np.concatenate((t, t), 1), lambda t: np.hstack([t, t])),
    "concatenate of a tensor": (np.concatenate, np.ravel),
    "stack(arrays=)": (lambda t: np.stack(arrays=[t, t], axis=-1), lambda t: np.stack([t, t], -1)),
    "tensordot(a=, b=)": (lambda t: np.tensordot(b=t.T, a=t, axes=1), lambda t: t @ t.T),
    "roll(shift=)": (lambda t: np.roll(a=t, shift=1, axis=1), lambda t: np.roll(t, 1, 1)),
    "norm, all positions": (
        lambda t: np.linalg.norm(t, 2, 1, True),
        lambda t: np.linalg.norm(t, axis=1, keepdims=True),
    ),
    "exp, out=None": (lambda t: np.exp(t, out=None), np.exp),
    "add, dtype": (lambda t: np.add(t, 1, dtype=np.float32), lambda t: t.astype(np.float32) + 1),
    "add, casting": (lambda t: np.add(t, 1, casting="same_kind"), lambda t: t + 1),
    "matmul, dtype": (lambda t: np.matmul(t, t.T, dtype=float), lambda t: t @ t.T),
    "add.reduce": (np.add.reduce, lambda t: np.sum(t, axis=0)),
    "add.reduce, all positions": (
        lambda t: np.add.reduce(t, 1, None, None, True),
        lambda t: np.sum(t, axis=1, keepdims=True),
    ),
    "add.reduce, axis=None": (lambda t: np.add.reduce(t, axis=None), np.sum),
    "multiply.reduce": (lambda t: np.multiply.reduce(t, axis=1), lambda t: np.prod(t, axis=1)),
    "maximum.reduce": (np.maximum.reduce, lambda t: np.max(t, axis=0)),
    "minimum.reduce": (np.minimum.reduce, lambda t: np.min(t, axis=0)),
    "add.accumulate": (lambda t: np.add.accumulate(t, 1), lambda t: np.cumsum(t, axis=1)),
    "multiply.accumulate": (np.multiply.accumulate, lambda t: np.cumprod(t, axis=0)),
    "add.outer": (lambda t: np.add.outer(t, [1.0, 2.0]), lambda t: t[..., None] + [1.0, 2.0]),
    "multiply.outer": (lambda t: np.multiply.outer(M, t), lambda t: M[..., None, None] * t),
}

if np.lib.NumpyVersion(np.__version__) >= "2.1.0":  # which gave clip these names
    SPELLINGS |= {
        "clip(min=, max=)": (
            lambda t: np.clip(t, min=1.5, max=4.5),
            lambda t: np.clip(t, 1.5, 4.5),
        ),
        "clip(max=)": (lambda t: np.clip(t, max=4.5), lambda t: np.minimum(t, 4.5)),
        "clip to tensors": (lambda t: np.clip(2.5, min=t, max=9.0), lambda t: np.maximum(2.5, t)),
    }


@pytest.mark.parametrize("name", SPELLINGS)
def test_every_way_to_write_a_call_is_the_same_call(name):
    spelled, common = SPELLINGS[name]
    found, expected = leaf(M), leaf(M)
    y, z = spelled(found), common(expected)
    assert_equal(y, z.numpy())
    assert y.dtype == z.dtype
    assert_like(spelled(mg.tensor(M)), spelled(M))
    g = np.random.default_rng(0).standard_normal(y.shape)
    y.backward(g)
    z.backward(g)
    np.testing.assert_allclose(found.grad.numpy(), expected.grad.numpy(), rtol=1e-5)


CONSTANTS = {
    "floor": np.floor,
    "sign": np.sign,
    "round": lambda x: np.round(x, 1),
    "isnan": np.isnan,
    "isclose": lambda x: np.isclose(x, M),
    "x > 2": lambda x: x > 2,
    "x == x": lambda x: np.equal(x, x),
    "argmax": lambda x: np.argmax(x, axis=1),
    "argsort": np.argsort,
    "argwhere": np.argwhere,
    "nonzero": np.nonzero,
    "count_nonzero": lambda x: np.count_nonzero(x, axis=0),
    "searchsorted": lambda x: np.searchsorted(np.ravel(M), np.ravel(x)),
    "zeros_like": np.zeros_like,
    "ones_like": np.ones_like,
    "logical_and": lambda x: np.logical_and(x > 1, x < 4),
    "logical_or.reduce": lambda x: np.logical_or.reduce(x > 4),
    "any": lambda x: np.any(x > 4, axis=0),
    "all": lambda x: np.all(x > 0),
}


@pytest.mark.parametrize("requires_grad", [True, False])
@pytest.mark.parametrize("name", CONSTANTS)
def test_constants_are_tensors_that_never_require_grad(name, requires_grad):
    f = CONSTANTS[name]
    found = f(mg.tensor(M, requires_grad=requires_grad))
    assert_like(found, f(M))
    for result in found if isinstance(found, tuple) else (found,):
        assert not result.requires_grad


@pytest.mark.parametrize("name", ["split", "array_split", "vsplit", "hsplit", "dsplit"])
@pytest.mark.parametrize("requires_grad", [True, False])
def test_splitting_gives_a_list_of_tensors(name, requires_grad):
    x = np.arange(8.0).reshape(2, 2, 2)
    t = mg.tensor(x, requires_grad=requires_grad)
    pieces = getattr(np, name)(t, 2)
    assert_like(pieces, getattr(np, name)(x, 2))
    assert all(p.requires_grad == requires_grad for p in pieces)
    if requires_grad:
        (pieces[0] + 10 * pieces[1]).sum().backward()
        assert sorted(t.grad.numpy().ravel()) == [1] * 4 + [10] * 4


@pytest.mark.parametrize("requires_grad", [True, False])
@pytest.mark.parametrize(
    "f",
    [np.modf, np.frexp, lambda x: divmod(x, 2), lambda x: np.divmod(7, x)],
    ids=["modf", "frexp", "divmod operator", "divmod"],
)
def test_several_results_are_a_tuple_of_tensors(f, requires_grad):
    assert_like(f(mg.tensor(M, requires_grad=requires_grad)), f(M))


def test_what_has_no_derivative_takes_tensors_that_need_none():
    x = mg.tensor(M)
    assert_equal(np.interp(x, [0.0, 9.0], [0.0, 9.0]), M)
    result = np.linalg.slogdet(mg.tensor(np.eye(2)))
    assert isinstance(result.logabsdet, mg.Tensor)  # NumPy's namedtuple, of tensors
    with mg.no_grad():
        assert_equal(np.interp(leaf(M), [0.0, 9.0], [0.0, 9.0]), M)


def test_questions_about_a_tensor_are_answered_plainly():
    t = leaf(M)
    assert np.shape(t) == (2, 3)
    assert np.ndim(t) == 2
    assert np.size(t) == 6
    assert np.result_type(t, np.float32) == np.float64
    assert np.array_equal(t, M)
    assert np.allclose(t, M + 1e-12)
    assert np.may_share_memory(t, t._array)
    assert type(np.allclose(t, M)) is bool


def test_a_constant_tensor_becomes_an_array_where_numpy_asks_for_one():
    t = mg.tensor(M)
    assert type(np.asarray(t)) is np.ndarray
    np.testing.assert_array_equal(np.array([t, t]), [M, M])
    assert np.asarray(t, dtype=np.float32).dtype == np.float32
    copied = np.array(t)
    copied[0] = 0
    assert_equal(t, M)
    assert not np.asarray(t).flags.writeable  # shared, and so not to be written to


# -- the Tensor as a Python object


def test_the_sequence_protocol():
    t = leaf([[1, 2], [3, 4]])
    assert len(t) == 2
    rows = list(t)
    assert [r.tolist() for r in rows] == [[1, 2], [3, 4]]
    (rows[0] * rows[1]).sum().backward()
    assert_equal(t.grad, [[3, 4], [1, 2]])
    first, second = t
    assert_equal(first * second, [3, 8])
    assert 4 in t
    assert 5 not in t
    assert t[0] in t
    assert mg.tensor(2.0) in t
    assert_equal(sum(t), [4, 6])
    assert max(t[0]).item() == 2


def test_what_has_no_axes_has_no_length_and_no_elements():
    for t in (leaf(1), mg.tensor(1.0)):
        for f in (len, iter, list):
            with pytest.raises(TypeError, match="0-d"):
                f(t)


def test_truth_is_numpys():
    assert leaf(2)
    assert not leaf(0)
    assert leaf([[3]])
    assert bool(mg.tensor(True)) is True
    with pytest.raises(ValueError, match="ambiguous"):
        bool(leaf([1, 2]))


def test_conversion_to_numbers():
    c = mg.tensor(2.75)
    assert (int(c), float(c), complex(c)) == (2, 2.75, 2.75 + 0j)
    assert all(type(t(c)) is t for t in (int, float, complex))
    assert int(leaf(2.75)) == 2  # a step: no derivative is lost
    assert operator.index(mg.tensor(3)) == 3
    assert list(range(mg.tensor(3))) == [0, 1, 2]
    assert [10, 20, 30][mg.tensor(1)] == 20
    with pytest.raises(TypeError):
        operator.index(mg.tensor(3.0))
    for convert in (float, complex):
        with pytest.raises(TypeError, match="requires grad"):
            convert(leaf(2))


def test_values_leave_the_graph_where_it_is_said():
    t = leaf([[1.5, 2.5]])
    assert t.tolist() == [[1.5, 2.5]]
    assert leaf([[1.5]]).item() == 1.5
    assert type(leaf(1).item()) is float
    assert type(mg.tensor(1).item()) is int
    assert leaf(1.5).tolist() == 1.5
    with pytest.raises(ValueError, match="size 1"):
        t.item()


def test_numpy_is_a_view_that_cannot_be_written_to():
    t = leaf([1, 2])
    view = t.numpy()
    assert type(view) is np.ndarray
    assert np.shares_memory(view, t._array)
    with pytest.raises(ValueError, match="read-only"):
        view[0] = 5
    assert t._array.flags.writeable


def test_tensors_are_hashed_by_identity_and_compared_by_element():
    x, y = leaf([1, 2]), leaf([1, 2])
    assert {x: "x", y: "y"}[x] == "x"
    assert len({x, y, x}) == 2
    assert_equal(x == y, [True, True])
    assert_equal(x != y, [False, False])
    assert_equal(x == 2, [False, True])


REPRS = [
    (mg.tensor(1.0), "tensor(1.)"),
    (mg.tensor(1), "tensor(1)"),
    (mg.tensor(True), "tensor(True)"),
    (mg.tensor([1.5, -2]), "tensor([ 1.5, -2. ])"),
    (mg.tensor([1], np.float32), "tensor([1.], dtype=float32)"),
    (mg.tensor([1], np.int8), "tensor([1], dtype=int8)"),
    (mg.tensor([1j]), "tensor([0.+1.j], dtype=complex128)"),
    (leaf([1.5]), "tensor([1.5], requires_grad=True)"),
    (leaf(0, np.float16) * 2, "tensor(0., dtype=float16, requires_grad=True)"),
    (mg.tensor([[1, 2], [3, 4]]), "tensor([[1, 2],\n        [3, 4]])"),
    (mg.tensor(np.zeros((2, 0))), "tensor([], shape=(2, 0))"),
    (mg.tensor([]), "tensor([])"),
    (mg.tensor([np.nan, np.inf]), "tensor([nan, inf])"),
    (mg.tensor(np.arange(2000)), "tensor([   0,    1,    2, ..., 1997, 1998, 1999])"),
]


@pytest.mark.parametrize(("t", "expected"), REPRS, ids=[e for _, e in REPRS])
def test_repr(t, expected):
    assert repr(t) == str(t) == f"{t}" == expected


def test_format_is_that_of_the_number():
    assert f"{leaf(1.23456):.2f}" == "1.23"
    assert f"{mg.tensor([[7]]):03d}" == "007"
    assert f"{leaf(0.5):.0%} {leaf(1e5):e}" == "50% 1.000000e+05"
    assert f"{leaf([1, 2]):>36}" == "  tensor([1., 2.], requires_grad=True)"[-36:].rjust(36)


COPIES = {
    "copy": copy.copy,
    "deepcopy": copy.deepcopy,
    "pickle": lambda t: pickle.loads(pickle.dumps(t)),
    "oldest pickle": lambda t: pickle.loads(pickle.dumps(t, protocol=2)),
}


@pytest.mark.parametrize("name", COPIES)
def test_leaves_are_copied_and_pickled(name):
    x = leaf([1, 2], np.float32)
    (x * x).sum().backward()
    y = COPIES[name](x)
    assert y is not x
    assert (y.requires_grad, y.is_leaf, y.dtype) == (True, True, np.float32)
    assert_equal(y, [1, 2])
    assert_equal(y.grad, [2, 4])
    (y * 3).sum().backward()  # a leaf of its own
    assert_equal(y.grad, [5, 7])
    assert_equal(x.grad, [2, 4])
    if name != "copy":
        assert not np.shares_memory(x._array, COPIES[name](x)._array)
    c = COPIES[name](mg.tensor([1, 2]))
    assert not c.requires_grad
    assert_equal(c, [1, 2])
    assert COPIES[name](leaf(1)).grad is None


@pytest.mark.parametrize("name", COPIES)
def test_computed_tensors_are_not_copied_or_pickled_without_their_graph(name):
    y = leaf([1, 2]) * 2
    with pytest.raises(TypeError, match="computed tensor"):
        COPIES[name](y)
    assert_equal(COPIES[name](y.detach()), [2, 4])


def test_a_deep_copy_keeps_what_is_shared():
    x = leaf([1, 2])
    first, second = copy.deepcopy([x, x])
    assert first is second
    model = mg.nn.Sequential(mg.nn.Linear(2, 2, rng=0))
    twin = copy.deepcopy(model)
    assert all(p is not q for p, q in zip(model.parameters(), twin.parameters(), strict=True))


def test_shape_dtype_ndim_size():
    t = mg.tensor(np.zeros((2, 3), np.float32))
    assert (t.shape, t.dtype, t.ndim, t.size) == ((2, 3), np.float32, 2, 6)
    assert (t.T.shape, t.mT.shape) == ((3, 2), (3, 2))
    stack = leaf(np.arange(24.0).reshape(2, 3, 4))
    assert (stack.T.shape, stack.mT.shape) == ((4, 3, 2), (2, 4, 3))
    (stack.mT * np.ones((2, 4, 3))).sum().backward()
    assert stack.grad.shape == (2, 3, 4)


def test_setting_data_gives_a_leaf_a_new_value():
    x = leaf([1, 2])
    y = (x * x).sum()
    new = np.array([5.0, 6.0])
    x.data = new
    assert x._array is new
    assert x.is_leaf
    assert x.requires_grad
    y.backward()
    assert_equal(x.grad, [2, 4])  # of what x was then


def test_data_is_an_array_also_where_a_tensor_is_assigned():
    x = leaf([1, 2])
    with contextlib.suppress(TypeError):  # to refuse it would be as well
        x.data = mg.tensor([5.0, 6.0])
    assert type(x._array) is np.ndarray
    assert type(mg.Tensor(mg.tensor([1.0]))._array) is np.ndarray


def test_requires_grad_is_set_both_ways():
    x = mg.tensor([1.0, 2.0])
    assert x.requires_grad_() is x
    assert x.requires_grad
    (x * x).sum().backward()
    assert x.requires_grad_() is x  # again: nothing changes
    assert_equal(x.grad, [2, 4])
    x.requires_grad = False
    assert not (x * x).requires_grad
    assert x.grad is None
    x.requires_grad = True
    assert x.requires_grad
    y = x * x
    assert y.requires_grad_() is y


def test_freezing_a_leaf_leaves_recorded_graphs_alone():
    x, w = leaf([1, 2]), leaf([3, 4])
    y = (x * w).sum()
    x.requires_grad_(False)
    y.backward()
    assert x.grad is None
    assert_equal(w.grad, [1, 2])


@both_ways
def test_astype_brings_its_gradient_back(create_graph):
    x = leaf([1, 2], np.float16)
    y = x.astype(np.float64)
    assert y.dtype == np.float64
    (y * y).sum().backward(create_graph=create_graph)
    assert x.grad.dtype == np.float16
    assert_equal(x.grad, [2, 4])
    x.grad = None
    assert x.astype(np.float16, copy=False) is x
    same = x.astype(np.float16)  # a copy, as in NumPy
    with mg.no_grad():
        same[0] = 9.0
    assert_equal(x, [1, 2])
    assert_equal(mg.tensor([1.5, 0]).astype(int), [1, 0])


METHODS = [
    ("exp", (), np.exp),
    ("log", (), np.log),
    ("sqrt", (), np.sqrt),
    ("square", (), np.square),
    ("tanh", (), np.tanh),
    ("sin", (), np.sin),
    ("cos", (), np.cos),
    *(
        (name, arguments, functools.partial(getattr(np, name), **arguments))
        for name in ("sum", "mean", "prod", "max", "min", "var", "std", "any", "all")
        for arguments in ({}, {"axis": 0}, {"axis": (0, 1)}, {"axis": -1, "keepdims": True})
    ),
    ("var", {"axis": 1, "ddof": 1}, lambda x: np.var(x, axis=1, ddof=1)),
    ("std", {"ddof": 1}, lambda x: np.std(x, ddof=1)),
    *(
        (name, arguments, functools.partial(getattr(np, name), **arguments))
        for name in ("argmax", "argmin")
        for arguments in ({}, {"axis": 0}, {"axis": 1, "keepdims": True})
    ),
    ("cumsum", (), np.cumsum),
    ("cumsum", (1,), lambda x: np.cumsum(x, axis=1)),
    ("cumprod", (), np.cumprod),
    ("cumprod", (0,), lambda x: np.cumprod(x, axis=0)),
    ("argsort", (), np.argsort),
    ("argsort", (None,), lambda x: np.argsort(x, axis=None)),
    ("clip", (1.5, 4.5), lambda x: np.clip(x, 1.5, 4.5)),
    ("clip", {"max": 4.5}, lambda x: np.clip(x, None, 4.5)),
    ("round", (), np.round),
    ("round", (1,), lambda x: np.round(x, 1)),
    ("dot", ([1.0, 2.0, 3.0],), lambda x: np.dot(x, [1.0, 2.0, 3.0])),
    ("reshape", (3, 2), lambda x: np.reshape(x, (3, 2))),
    ("reshape", ((3, -1),), lambda x: np.reshape(x, (3, 2))),
    ("reshape", ([6],), lambda x: np.reshape(x, 6)),
    ("reshape", (-1,), lambda x: np.reshape(x, -1)),
    ("ravel", (), np.ravel),
    ("flatten", (), np.ravel),
    ("transpose", (), np.transpose),
    ("transpose", (1, 0), lambda x: np.transpose(x, (1, 0))),
    ("transpose", ((0, 1),), lambda x: x),
    ("transpose", ((-1, 0),), np.transpose),
    ("transpose", (None,), np.transpose),
    ("swapaxes", (0, -1), lambda x: np.swapaxes(x, 0, 1)),
    ("squeeze", (), np.squeeze),
    ("squeeze", {"axis": ()}, lambda x: x),
    ("repeat", (2,), lambda x: np.repeat(x, 2)),
    ("repeat", ([1, 2], 0), lambda x: np.repeat(x, [1, 2], axis=0)),
    ("take", ([0, 5],), lambda x: np.take(x, [0, 5])),
    ("take", ([0, -1], 1), lambda x: np.take(x, [0, -1], axis=1)),
    ("diagonal", (), np.diagonal),
    ("diagonal", (1,), lambda x: np.diagonal(x, 1)),
    ("trace", (), np.trace),
    ("trace", (1, 1, 0), lambda x: np.trace(x, 1, 1, 0)),
    ("argpartition", (2,), lambda x: np.argpartition(x, 2)),
    ("compress", ([True, False, True], 1), lambda x: x[:, [0, 2]]),
    ("copy", (), np.copy),
    ("conj", (), np.conjugate),
    ("conjugate", (), np.conjugate),
    ("view", (float,), np.copy),
    ("astype", (np.float32,), lambda x: x.astype(np.float32)),
]
NO_METHOD_OF_NUMPYS = {
    "backward", "choose", "data", "detach", "device", "dtype", "grad", "imag", "is_leaf", "item",
    "itemsize", "mT", "nbytes", "ndim", "nonzero", "numpy", "real", "register_hook",
    "requires_grad", "requires_grad_", "retain_grad", "searchsorted", "shape", "size", "T",
    "to_device", "tobytes", "tolist",
}  # fmt: skip


@pytest.mark.parametrize("requires_grad", [True, False])
@pytest.mark.parametrize(
    ("name", "arguments", "f"), METHODS, ids=[f"{n}({a or ''})" for n, a, _ in METHODS]
)
def test_a_method_is_numpys_function(name, arguments, f, requires_grad):
    args, kwargs = ((), arguments) if isinstance(arguments, dict) else (arguments, {})
    t, u = (mg.tensor(M, requires_grad=requires_grad) for _ in range(2))
    y, z = getattr(t, name)(*args, **kwargs), f(u)
    assert_equal(y, f(M))
    assert y.dtype == f(M).dtype
    assert y.requires_grad == z.requires_grad
    if y.requires_grad:
        g = np.random.default_rng(0).standard_normal(y.shape)
        y.backward(g)
        z.backward(g)
        assert_equal(t.grad, u.grad.numpy())


WRITING_METHODS = {
    "fill": (9.0,), "partition": (1, 0), "put": ([0, -1], [7.0, 8.0]), "sort": (0,),
}  # fmt: skip


@pytest.mark.parametrize("name", WRITING_METHODS)
def test_a_method_that_writes_does_what_ndarrays_does(name):
    array = np.array([[3.0, 1.0], [2.0, 4.0], [0.0, 5.0]])
    t = leaf(array) * 1.0
    whole, row = t[...], t[1]
    assert getattr(t, name)(*WRITING_METHODS[name]) is None
    getattr(array, name)(*WRITING_METHODS[name])
    for written in (t, whole):
        assert_equal(written, array)
    assert_equal(row, array[1])


def test_every_method_was_compared():
    public = {name for name in dir(mg.Tensor) if not name.startswith("_")}
    assert public == NO_METHOD_OF_NUMPYS | {name for name, *_ in METHODS} | WRITING_METHODS.keys()


def test_unary_operators_are_numpys():
    t = leaf(M - 3)
    assert_equal(-t, 3 - M)
    assert_equal(+t, M - 3)
    assert_equal(abs(t), abs(M - 3))
    assert_equal(~(t > 0), M <= 3)
    abs(-t).sum().backward()
    assert_equal(t.grad, np.sign(M - 3))


# -- operations of one's own


def test_a_primitive_of_two_broadcasting_operands():
    @mg.primitive(broadcasts=True)
    def weighted(x, w):
        return x * w

    weighted.defvjp(lambda g, _z, _x, w: g * w, lambda g, _z, x, _w: g * x)
    x, w = leaf([[1], [2]]), leaf([3, 4, 5])
    y = weighted(x, w)
    assert_equal(y, [[3, 4, 5], [6, 8, 10]])
    y.sum().backward()
    assert_equal(x.grad, [[12], [12]])
    assert_equal(w.grad, [3, 3, 3])
    scalar = leaf(2)
    weighted(scalar, np.ones((2, 2))).sum().backward()
    assert_equal(scalar.grad, 4)
    mg.testing.check_grads(weighted, np.ones((2, 1)), np.arange(3.0))


def test_a_primitive_is_differentiated_any_number_of_times():
    @mg.primitive
    def cube(x):
        return x * x * x

    cube.defvjp(lambda g, _y, x: g * 3 * x * x)
    x = leaf(2)
    first = mg.grad(cube(x), x, create_graph=True)
    second = mg.grad(first, x, create_graph=True)
    third = mg.grad(second, x)
    assert_equal(first, 12)
    assert_equal(second, 12)
    assert_equal(third, 6)


def test_a_primitive_of_any_number_of_arrays_has_one_rule_for_each():
    @mg.primitive
    def weighted_total(*arrays, weights):
        return sum(w * a for w, a in zip(weights, arrays, strict=True))

    weighted_total.defvjp(each=lambda i, g, _y, *_arrays, weights: weights[i] * g)
    x, y = leaf([1, 2]), leaf([3, 4])
    z = weighted_total(x, np.ones(2), y, x, weights=(1.0, 2.0, 3.0, 10.0))
    assert_equal(z, [1 + 2 + 9 + 10, 2 + 2 + 12 + 20])
    z.sum().backward()
    assert_equal(x.grad, [11, 11])
    assert_equal(y.grad, [3, 3])


def test_none_says_that_an_operation_is_constant_in_an_argument():
    @mg.primitive
    def step_and_scale(x, y):
        return np.sign(x) * y

    step_and_scale.defvjp(None, lambda g, _z, x, _y: g * np.sign(x))
    x, y = leaf([-1, 2]), leaf([3, 4])
    step_and_scale(x, y).sum().backward()
    assert x.grad is None
    assert_equal(y.grad, [-1, 1])
    assert not step_and_scale(x, np.ones(2)).requires_grad


def test_the_names_of_a_rules_parameters_say_what_the_graph_keeps():
    received = []

    @mg.primitive
    def operation(x, y, shape):
        return x + y

    def by_x(g, _z, x_shape, y, shape):
        received.append((x_shape, y, shape))
        return g * y

    operation.defvjp(by_x, lambda g, _z, _x, _y, _shape: g)
    x, y = leaf(MATRIX), leaf(MATRIX)
    z = operation(x, y, shape=(7,))  # no operand: it keeps its value, whatever its name
    arrays = {"x": weakref.ref(x._array), "y": weakref.ref(y._array), "z": weakref.ref(z._array)}
    loss = z.sum()
    del x, y, z
    assert {name for name, array in arrays.items() if array() is not None} == {"y"}
    loss.backward()
    ((x_shape, y_value, shape),) = received
    assert (x_shape, shape) == ((2, 2), (7,))
    np.testing.assert_array_equal(y_value, MATRIX)


def test_a_primitive_given_plain_arrays_returns_what_its_function_returns():
    @mg.primitive
    def double(x):
        """Twice x."""
        return x * 2

    assert type(double(np.ones(2))) is np.ndarray
    assert double(3.0) == 6.0
    assert type(double(3.0)) is float
    assert double.__name__ == "double"
    assert double.__doc__ == "Twice x."
    assert_equal(double(mg.tensor([1.0])), [2])  # a constant needs no rule
    with mg.no_grad():
        assert_equal(double(leaf([1])), [2])


def test_a_primitive_is_called_by_keyword_too():
    @mg.primitive
    def affine(x, slope, offset=0.0):
        return x * slope + offset

    affine.defvjp(
        lambda g, _y, _x, slope, offset=0.0: g * slope,
        lambda g, _y, x, _slope, offset=0.0: (g * x).sum(),
        lambda g, _y, _x, _slope, _offset=0.0: g.sum(),
    )
    for call in (
        affine,
        lambda x, slope, offset: affine(x, slope, offset=offset),
        lambda x, slope, offset: affine(offset=offset, slope=slope, x=x),
    ):
        x, slope, offset = leaf([1, 2]), leaf(3), leaf(4)
        y = call(x, slope, offset)
        assert_equal(y, [7, 10])
        y.sum().backward()
        assert_equal(x.grad, [3, 3])
        assert_equal(slope.grad, 3)
        assert_equal(offset.grad, 2)


def test_defvjp_gives_a_rule_to_any_numpy_function_once_more():
    @mg.primitive
    def identity(x):
        return np.array(x)

    x = leaf([1, 2])
    mg.defvjp(identity, lambda g, _y, _x: g)
    identity(x).sum().backward()
    assert_equal(x.grad, [1, 1])
    mg.defvjp(identity, lambda g, _y, _x: g * 10)  # the last one holds
    identity(x).sum().backward()
    assert_equal(x.grad, [11, 11])


@pytest.mark.parametrize("f", [mg.relu, mg.sigmoid, mg.softmax, mg.logsumexp])
def test_our_own_functions_take_what_numpys_take(f):
    expected = f(np.array([1.0, 2.0]))
    assert type(f(np.array([1.0, 2.0]))) in (np.ndarray, np.float64)
    np.testing.assert_array_equal(f([1.0, 2.0]), expected)
    assert_equal(f(leaf([1.0, 2.0])), expected)
    assert np.ndim(f(1.0)) == 0


# -- operations of several results


@mg.primitive
def polar(x, y):
    return np.hypot(x, y), np.arctan2(y, x)


def by_x(g, results, x, y):
    (g_radius, g_angle), (radius, _) = g, results
    return g_radius * x / radius - g_angle * y / radius**2


def by_y(g, results, x, y):
    (g_radius, g_angle), (radius, _) = g, results
    return g_radius * y / radius + g_angle * x / radius**2


polar.defvjp(by_x, by_y)


def polar_by_numpy(x, y):
    return np.hypot(x, y), np.arctan2(y, x)


LOSSES = {
    "both": lambda radius, angle: (radius * radius * angle).sum(),
    "the first": lambda radius, _: (radius**3).sum(),
    "the second": lambda _, angle: (angle * angle).sum(),
}


@pytest.mark.parametrize("name", LOSSES)
def test_an_operation_of_several_results_is_differentiated_as_those_of_one_each(name):
    found = []
    for op in (polar, polar_by_numpy):
        x, y = leaf([1, 2]), leaf([0.5, -1])
        results = op(x, y)
        assert type(results) is tuple
        loss = LOSSES[name](*results)
        first = mg.grad(loss, [x, y], create_graph=True)
        second = mg.grad(sum((g * g).sum() for g in first), [x, y], retain_graph=True)
        loss.backward()
        found.append([*results, *first, *second, x.grad, y.grad])
    for a, b in zip(*found, strict=True):
        np.testing.assert_allclose(a.detach().numpy(), b.detach().numpy(), rtol=1e-13)


def test_each_of_several_results_keeps_its_gradient_and_has_its_hooks():
    x, y = leaf([1, 2]), leaf([0.5, -1])
    radius, angle = polar(x, y)
    radius.retain_grad()
    remove = angle.register_hook(lambda g: 2 * g)
    loss = (radius * [1.0, 10.0]).sum() + 3 * angle.sum()
    loss.backward(retain_graph=True)
    assert_equal(radius.grad, [1, 10])
    assert angle.grad is None
    hooked = x.grad
    remove()
    x.grad = None
    loss.backward()
    pulled = by_x((np.zeros(2), np.full(2, 3.0)), (np.hypot([1, 2], [0.5, -1]), None),
                  np.array([1.0, 2]), np.array([0.5, -1]))  # fmt: skip
    np.testing.assert_allclose(hooked.numpy() - x.grad.numpy(), pulled)


def test_one_of_several_results_is_an_input_like_any_other():
    x, y = leaf([1, 2]), leaf([0.5, -1])
    radius, angle = polar(x, y)
    (g,) = mg.grad((radius * angle).sum(), [radius], retain_graph=True)
    assert_equal(g, angle.numpy())
    (by_x,) = mg.grad(radius.sum(), [x], create_graph=True)  # x / radius, where the rule reads it
    (g,) = mg.grad(by_x.sum(), [radius])
    np.testing.assert_allclose(g.numpy(), -x.numpy() / radius.numpy() ** 2)


def test_a_result_of_whole_numbers_is_a_constant():
    @mg.primitive
    def split(x):
        return np.floor(x).astype(int), x - np.floor(x)

    split.defvjp(lambda g, _y, _x: g[1])
    x = leaf([1.25, 2.5])
    whole, fraction = split(x)
    assert not whole.requires_grad
    (fraction * whole).sum().backward()
    assert_equal(x.grad, [1, 2])


def test_the_graph_of_several_results_is_freed_with_the_last_of_them():
    x, y = leaf([1, 2]), leaf([0.5, -1])
    gc.disable()
    try:
        radius, angle = polar(x, y)
        joint = weakref.ref(radius._array)
        loss = (radius * angle).sum()
        del radius, angle
        loss.backward()
        del loss
        assert joint() is None
    finally:
        gc.enable()


@given(
    hnp.arrays(float, 3, elements=st.floats(-1e3, 1e3) | st.just(np.inf) | st.just(np.nan)),
    st.sampled_from([np.float32, np.float64]),
    st.integers(-4, 5) | st.sampled_from([0.5, 3.0]),
)
def test_powers_are_numpys_to_the_bit_but_cubes_and_fourth_powers(x, dtype, n):
    with np.errstate(all="ignore"):
        x = x.astype(dtype)
        expected = np.power(x, n)
        ulps = {3: 1, 4: 2}.get(n, 0) * np.spacing(np.abs(expected))
        for y in (mg.tensor(x, requires_grad=True) ** n, np.power(mg.tensor(x), n)):
            same = (y.numpy() == expected) | (np.isnan(y.numpy()) & np.isnan(expected))
            assert y.dtype == dtype
            assert np.all(same | (np.abs(y.numpy() - expected) <= ulps))


@pytest.mark.parametrize("order", ["C", "F"])
@pytest.mark.parametrize("shape", [(2, 3, 4), (40, 5, 30), (2, 20, 5, 30), (700, 1, 30)])
def test_a_stack_times_one_matrix_is_each_of_its_matrices_times_it(shape, order):
    rng = np.random.default_rng(0)
    a, b, g = (  # sums of which are exact
        rng.integers(-9, 9, size).astype(float)
        for size in (shape, (shape[-1], 6), (*shape[:-1], 6))
    )
    a = np.asarray(a, order=order)
    x, w = leaf(a), leaf(b)
    y = x @ w
    assert y.numpy().strides == np.matmul(a, b).strides
    assert_equal(y, np.einsum("...ij,jk->...ik", a, b))
    for create_graph in (False, True):
        by_x, by_w = mg.grad(y, [x, w], g, retain_graph=True, create_graph=create_graph)
        assert_equal(by_x, np.einsum("...ik,jk->...ij", g, b))
        assert_equal(by_w, np.tensordot(a, g, axes=[range(a.ndim - 1)] * 2))


@pytest.mark.parametrize("order", ["C", "F"])
@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64, np.complex64, np.int8])
@pytest.mark.parametrize("shape", [(9, 3), (0, 3), (3000, 0), *((3000, n) for n in range(1, 10))])
def test_sums_of_short_rows_are_numpys_to_the_bit(shape, dtype, order):
    x = np.asarray(np.random.default_rng(0).normal(0, 30, shape).astype(dtype), order=order)
    x[:1] = -0.0
    for options in ({}, {"keepdims": True}, {"initial": 1}):
        y, expected = (
            np.sum(mg.tensor(x), axis=-1, **options).numpy(),
            np.sum(x, axis=-1, **options),
        )
        assert y.tobytes() == expected.tobytes()
        assert (y.dtype, y.shape, y.strides) == (expected.dtype, expected.shape, expected.strides)


@both_ways
@pytest.mark.parametrize("n", [1, 2, 5, 6])
def test_the_median_of_many_rows_has_the_gradient_of_each_row(n, create_graph):
    rng = np.random.default_rng(0)
    kinds = [rng.standard_normal((600, n)), rng.choice([0, 1, np.inf, -np.inf, np.nan], (600, n))]
    x, g = np.concatenate(kinds), rng.standard_normal(1200)

    def gradient(x, axis, g):
        t = leaf(x)
        with np.errstate(invalid="ignore"):  # inf - inf
            return mg.grad(np.median(t, axis=axis), t, g, create_graph=create_graph).numpy()

    each = [gradient(row, 0, by) for row, by in zip(x, g, strict=True)]
    np.testing.assert_array_equal(gradient(x, 1, g), each)
    np.testing.assert_array_equal(gradient(x.T, 0, g).T, each)
