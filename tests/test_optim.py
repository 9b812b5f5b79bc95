"""SGD is the paper's recurrence, and changes no array that anything else holds."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

import minigrad as mg
from minigrad.optim import SGD

Array = np.ndarray[Any, Any]

# -- the paper, in its own letters


def sutskever(
    gradient: Callable[[Array], Array],
    theta: Array,
    steps: int,
    epsilon: float,
    mu: float = 0.0,
    *,
    nesterov: bool = False,
) -> list[Array]:
    """Sutskever et al. 2013, eqs. 1-4: where the gradient is taken, after each of the steps.

    v <- mu v - epsilon gradient(theta [+ mu v, with Nesterov's]), theta <- theta + v.
    """
    v = np.zeros_like(theta)
    places = []
    for _ in range(steps):
        v = mu * v - epsilon * gradient(theta + mu * v if nesterov else theta)
        theta = theta + v
        places.append(theta + mu * v if nesterov else theta)
    return places


def steps_of_sgd(p: mg.Tensor, steps: int, f: Callable[[Any], Any], **options: Any) -> list[Array]:
    optimizer = SGD([p], **options)
    places = []
    for _ in range(steps):
        optimizer.zero_grad()
        f(p).backward()
        optimizer.step()
        places.append(p._array.copy())
    return places


NUMBERS = st.floats(-2, 2, allow_subnormal=False)
FRACTIONS = st.floats(0.015625, 0.9375)


def arrays(shape: Any) -> st.SearchStrategy[Any]:
    return hnp.arrays(np.float64, shape, elements=NUMBERS)


@given(
    A=arrays((3, 3)),
    start=arrays((3, 2)),
    lr=st.floats(0.001, 0.2),
    momentum=st.just(0.0) | FRACTIONS,
    weight_decay=st.just(0.0) | FRACTIONS,
    nesterov=st.booleans(),
)
def test_sgd_takes_the_papers_steps(
    A: Array, start: Array, lr: float, momentum: float, weight_decay: float, nesterov: bool
) -> None:
    # Weight decay d is the penalty d |p|^2 / 2.
    expected = sutskever(
        lambda p: A.T @ np.tanh(A @ p) + weight_decay * p, start, 6, lr, momentum, nesterov=nesterov
    )
    found = steps_of_sgd(
        mg.tensor(start, requires_grad=True),
        6,
        lambda p: np.sum(np.log(np.cosh(A @ p))),  # its derivative is the tanh
        lr=lr,
        momentum=momentum,
        weight_decay=weight_decay,
        nesterov=nesterov and momentum > 0,
    )
    np.testing.assert_allclose(found, expected, rtol=1e-10, atol=1e-10)


@pytest.mark.parametrize(
    ("options", "places"),
    [
        ({}, [0.9, 0.81, 0.729]),
        ({"momentum": 0.9}, [0.9, 0.72, 0.486]),
        ({"momentum": 0.9, "nesterov": True}, [0.81, 0.5751, 0.327321]),
        ({"weight_decay": 1.0}, [0.8, 0.64, 0.512]),
        ({"weight_decay": 1.0, "momentum": 0.5}, [0.8, 0.54, 0.302]),
    ],
)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_known_sequences(options: Any, places: Any, dtype: Any) -> None:
    p = mg.tensor(1.0, dtype, requires_grad=True)  # x^2 / 2 from 1, worked out by hand
    found = steps_of_sgd(p, 3, lambda p: p * p / 2, lr=0.1, **options)
    np.testing.assert_allclose(found, places, rtol=1e-6 if dtype is np.float32 else 1e-12)


@pytest.mark.parametrize("dtype", [np.float16, np.float32])
@pytest.mark.parametrize("number", [float, np.float32, np.float64, np.array])
def test_a_parameter_keeps_its_dtype_whatever_the_numbers_are(dtype: Any, number: Any) -> None:
    start = np.array([1.0, -2.0], dtype)
    p = mg.tensor(start, requires_grad=True)
    options = {"lr": 0.125, "momentum": 0.5, "weight_decay": 0.25}
    found = steps_of_sgd(
        p,
        3,
        lambda p: (p * p).sum(),
        nesterov=True,
        **{name: number(value) for name, value in options.items()},
    )
    expected = sutskever(lambda p: 2.25 * p, start.astype(float), 3, 0.125, 0.5, nesterov=True)
    assert p.dtype == dtype
    np.testing.assert_allclose(found, expected, rtol=0, atol=4 * np.finfo(dtype).eps)


def test_the_learning_rate_can_be_changed_on_the_way() -> None:
    p = mg.tensor(1.0, requires_grad=True)
    optimizer = SGD([p], lr=0.5)
    for lr, expected in [(0.5, 0.5), (0.1, 0.45), (0.0, 0.45)]:
        optimizer.lr = lr
        optimizer.zero_grad()
        (p * p / 2).backward()
        optimizer.step()
        assert p.item() == pytest.approx(expected)


# -- parameters


def test_a_parameter_without_a_gradient_stays_as_it_is() -> None:
    used, unused = (mg.tensor([1.0, 2.0], requires_grad=True) for _ in range(2))
    optimizer = SGD([unused, used], lr=0.1, momentum=0.9, weight_decay=0.5)
    before = unused._array
    for _ in range(2):
        optimizer.zero_grad()
        used.sum().backward()
        optimizer.step()
    assert unused._array is before
    np.testing.assert_array_equal(unused._array, [1, 2])
    assert unused.grad is None


def test_momentum_waits_for_a_gradient() -> None:
    p = mg.tensor(0.0, requires_grad=True)
    optimizer = SGD([p], lr=1.0, momentum=0.5)
    for gradient, expected in [(1.0, -1.0), (None, -1.0), (1.0, -2.5)]:
        p.grad = None if gradient is None else mg.tensor(gradient)
        optimizer.step()
        assert p.item() == expected


def test_every_parameter_has_its_own_momentum() -> None:
    starts = [np.array([1.0, -2.0]), np.array(3.0), np.ones((2, 1))]
    parameters = [mg.tensor(s, requires_grad=True) for s in starts]
    optimizer = SGD((p for p in parameters), lr=0.1, momentum=0.9)
    for _ in range(4):
        optimizer.zero_grad()
        sum((k * p * p).sum() for k, p in enumerate(parameters)).backward()
        optimizer.step()
    for k, (p, start) in enumerate(zip(parameters, starts, strict=True)):
        places = sutskever(lambda p, k=k: 2 * k * p, start, 4, 0.1, 0.9)
        np.testing.assert_allclose(p._array, places[-1], rtol=1e-12)


def test_a_parameter_stays_the_same_leaf() -> None:
    p = mg.tensor([[1.0, 2.0]], requires_grad=True)
    steps_of_sgd(p, 2, np.sum, lr=0.1, momentum=0.5)
    assert p.is_leaf
    assert p.requires_grad
    assert p.shape == (1, 2)
    p.sum().backward()
    np.testing.assert_array_equal(p.grad, [[2, 2]])  # one from before the last step, and this one


def test_zero_grad_forgets_every_gradient() -> None:
    parameters = [mg.tensor(float(i), requires_grad=True) for i in range(3)]
    optimizer = SGD(parameters)
    sum(parameters).backward()
    optimizer.zero_grad()
    assert all(p.grad is None for p in parameters)


def test_gradients_that_were_recorded_are_used_as_values() -> None:
    p = mg.tensor(2.0, requires_grad=True)
    optimizer = SGD([p], lr=0.1, momentum=0.5, weight_decay=1.0)
    for expected in [0.6, -0.268]:
        optimizer.zero_grad()
        (p**3).backward(create_graph=True)
        assert p.grad.requires_grad
        optimizer.step()
        assert p.is_leaf
        assert p.item() == pytest.approx(expected)


# -- what a step must not change


OPTIONS = [{}, {"momentum": 0.9}, {"momentum": 0.9, "nesterov": True}, {"weight_decay": 0.1}]


@pytest.mark.parametrize("options", OPTIONS, ids=["plain", "momentum", "nesterov", "weight decay"])
def test_graphs_recorded_before_a_step_stay_right(options: Any) -> None:
    p = mg.tensor([1.0, 2.0], requires_grad=True)
    q = mg.tensor([3.0, 5.0], requires_grad=True)
    optimizer = SGD([p, q], lr=0.1, **options)
    graphs = []
    for _ in range(4):
        values = p._array.copy(), q._array.copy()
        loss = (p * q * q).sum()
        graphs.append((loss, values))
        optimizer.zero_grad()
        loss.backward(retain_graph=True)
        optimizer.step()
    for loss, (a, b) in graphs:
        by_p, by_q = mg.grad(loss, [p, q], retain_graph=True)
        np.testing.assert_allclose(by_p, b * b, rtol=1e-14)
        np.testing.assert_allclose(by_q, 2 * a * b, rtol=1e-14)
        (again,) = mg.grad(loss, [p], create_graph=True)
        np.testing.assert_allclose(mg.grad(again.sum(), q), 2 * b, rtol=1e-14)


@pytest.mark.parametrize("options", OPTIONS, ids=["plain", "momentum", "nesterov", "weight decay"])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_what_others_hold_of_a_parameter_never_changes(options: Any, dtype: Any) -> None:
    source = np.arange(6.0).astype(dtype).reshape(2, 3)
    net = mg.nn.Linear(2, 3, rng=0, dtype=dtype)
    net.weight.data = source
    p = net.weight
    optimizer = SGD(net.parameters(), lr=0.1, **options)
    held: list[tuple[Any, Array]] = []
    x = np.ones((1, 2), dtype)
    for step in range(5):
        views = [
            *(p._array, p._array[0], p._array.T, p._array.reshape(-1), memoryview(p._array)),
            *(p.numpy(), p.detach()._array, mg.Tensor(p._array)._array, net.state_dict()["weight"]),
            *(p.T._array, p[1]._array, p.reshape(3, 2)._array),
        ]
        held += [(view, np.array(view)) for view in views]
        optimizer.zero_grad()
        (net(x) ** 2).sum().backward()
        held.append((p.grad._array, p.grad._array.copy()))
        held.append((p.grad, p.grad.numpy().copy()))
        optimizer.step()
        if step == 2:  # let go of all, so that memory could be used again
            held, kept = [], p.detach()
            held.append((kept, p._array.copy()))
        for view, before in held:
            now = view.numpy() if isinstance(view, mg.Tensor) else np.asarray(view)
            np.testing.assert_array_equal(now, before)
    np.testing.assert_array_equal(source, np.arange(6.0).reshape(2, 3))


@pytest.mark.parametrize("options", OPTIONS, ids=["plain", "momentum", "nesterov", "weight decay"])
def test_steps_share_no_memory(options: Any) -> None:
    p, q = (mg.tensor([1.0, 2.0], requires_grad=True) for _ in range(2))
    optimizer = SGD([p, q], lr=0.1, **options)
    for _ in range(3):
        old = p._array
        optimizer.zero_grad()
        (p + q).sum().backward()  # both get the same gradient
        optimizer.step()
        arrays = [p._array, q._array, p.grad._array, q.grad._array, old]
        for i, a in enumerate(arrays):
            assert not any(np.shares_memory(a, b) for b in arrays[:i])


def test_changing_a_gradient_after_a_step_does_not_change_the_momentum() -> None:
    p = mg.tensor(np.zeros(2), requires_grad=True)
    optimizer = SGD([p], lr=1.0, momentum=0.5)
    for expected in ([-1, -1], [-2.5, -2.5], [-4.25, -4.25]):
        p.sum().backward()
        optimizer.step()
        np.testing.assert_array_equal(p._array, expected)
        p.grad._array[:] = 0  # to start the next sum of gradients


# -- learning


@pytest.mark.parametrize(
    "options",
    [
        {"lr": 0.2},
        {"lr": 0.05, "momentum": 0.9},
        {"lr": 0.05, "momentum": 0.9, "nesterov": True},
    ],
    ids=["plain", "momentum", "nesterov"],
)
def test_sgd_solves_least_squares(options: Any) -> None:
    rng = np.random.default_rng(0)
    X, y = rng.standard_normal((40, 3)), rng.standard_normal(40)
    solution = np.linalg.lstsq(X, y)[0]
    w = mg.tensor(np.zeros(3), requires_grad=True)
    steps_of_sgd(w, 300, lambda w: np.mean((X @ w - y) ** 2), **options)
    np.testing.assert_allclose(w._array, solution, rtol=1e-6, atol=1e-8)


def test_weight_decay_solves_ridge_regression() -> None:
    rng = np.random.default_rng(1)
    X, y = rng.standard_normal((40, 3)), rng.standard_normal(40)
    w = mg.tensor(np.zeros(3), requires_grad=True)
    steps_of_sgd(w, 300, lambda w: np.mean((X @ w - y) ** 2) / 2, lr=0.3, weight_decay=0.5)
    solution = np.linalg.solve(X.T @ X / 40 + 0.5 * np.eye(3), X.T @ y / 40)
    np.testing.assert_allclose(w._array, solution, rtol=1e-6, atol=1e-8)


def test_mini_batches_learn_a_line() -> None:
    rng = np.random.default_rng(2)
    layer = mg.nn.Linear(2, 1, rng=rng, dtype=np.float32)
    optimizer = SGD(layer.parameters(), lr=0.1)
    for _ in range(300):
        x = rng.standard_normal((16, 2)).astype(np.float32)
        target = x @ np.array([[2.0], [-3.0]], np.float32) + np.float32(0.5)
        optimizer.zero_grad()
        np.mean((layer(x) - target) ** 2).backward()
        optimizer.step()
    np.testing.assert_allclose(layer.weight._array, [[2], [-3]], atol=1e-4)
    np.testing.assert_allclose(layer.bias._array, [0.5], atol=1e-4)
    assert layer.weight.dtype == np.float32


# -- errors


@pytest.mark.parametrize(
    "params",
    [
        [np.ones(2)],
        [mg.tensor([1.0])],
        [mg.tensor([1.0], requires_grad=True) * 2],
        {"W1": mg.tensor([1.0], requires_grad=True)},
        [mg.nn.Linear(1, 1, rng=0)],
    ],
    ids=["array", "constant", "computed", "dict", "module"],
)
def test_only_leaves_that_require_grad_are_optimized(params: Any) -> None:
    with pytest.raises(TypeError, match="SGD takes leaf tensors that require grad, not"):
        SGD(params)


@pytest.mark.parametrize("params", [[], (), iter([]), mg.nn.ReLU().parameters()])
def test_no_parameters_are_an_error(params: Any) -> None:
    with pytest.raises(ValueError, match=r"SGD got no parameters; pass model.parameters\(\)"):
        SGD(params)


@pytest.mark.parametrize("name", ["lr", "momentum", "weight_decay"])
@pytest.mark.parametrize("number", [-0.1, np.nan])
def test_negative_numbers_are_an_error(name: str, number: float) -> None:
    with pytest.raises(ValueError, match=f"{name}={number}"):
        SGD([mg.tensor(1.0, requires_grad=True)], **{name: number})


def test_nesterov_needs_a_momentum() -> None:
    with pytest.raises(ValueError, match="nesterov=True needs a momentum"):
        SGD([mg.tensor(1.0, requires_grad=True)], nesterov=True)


def test_a_parameter_given_twice_is_an_error() -> None:
    p = mg.tensor(1.0, requires_grad=True)
    with pytest.raises(ValueError, match="SGD got a parameter twice"):
        SGD([p, p])
