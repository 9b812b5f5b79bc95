"""*Deep Learning from Scratch*: what its chapters compute, and what its code gets wrong.

The first part does the book's examples without a backward written by hand.  Each test of the second
part states a law that the book's code breaks, as the comment before it says.
"""

from typing import Any

import numpy as np
import pytest
from book import loss_and_gradients
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

import minigrad as mg
import minigrad.nn.functional as F
from minigrad import nn
from minigrad.testing import check_grads, numerical_gradient

Array = np.ndarray[Any, Any]


def leaf(data: Any, dtype: Any = None) -> mg.Tensor:
    return mg.tensor(data, dtype, requires_grad=True)


def arrays(shape: Any, bound: float = 3) -> st.SearchStrategy[Any]:
    return hnp.arrays(np.float64, shape, elements=st.floats(-bound, bound, allow_subnormal=False))


# -- chapter 4: numerical gradients, and descending along them


def test_the_differences_of_chapter_4() -> None:
    def f(x: Any) -> Any:
        return 0.01 * x**2 + 0.1 * x

    for x, printed in [(5.0, 0.2), (10.0, 0.3)]:
        assert numerical_gradient(f, x) == pytest.approx(printed, abs=1e-9)
        assert mg.value_and_grad(f)(x)[1] == pytest.approx(printed, abs=1e-15)


@pytest.mark.parametrize(
    ("x", "printed"), [([3.0, 4.0], [6, 8]), ([0.0, 2.0], [0, 4]), ([3.0, 0.0], [6, 0])]
)
def test_the_gradients_of_chapter_4(x: Any, printed: Any) -> None:
    def f(x: Any) -> Any:
        return x[0] ** 2 + x[1] ** 2

    np.testing.assert_allclose(numerical_gradient(f, x), printed, atol=1e-9)
    np.testing.assert_array_equal(mg.value_and_grad(f)(x)[1], printed)


@pytest.mark.parametrize(("lr", "factor"), [(0.1, 0.8), (10.0, -19.0), (1e-10, 1 - 2e-10)])
def test_gradient_descent_on_a_bowl(lr: float, factor: float) -> None:
    start = np.array([-3.0, 4.0])
    x = leaf(start)
    optimizer = mg.optim.SGD([x], lr=lr)
    path = [x._array]
    for _ in range(100):
        optimizer.zero_grad()
        (x[0] ** 2 + x[1] ** 2).backward()
        optimizer.step()
        path.append(x._array)
    expected = (
        start * factor ** np.arange(101.0)[:, None]
    )  # too fast it diverges, too slow it stays
    np.testing.assert_allclose(path, expected, rtol=1e-10)


def test_simple_nets_gradient_is_the_one_printed() -> None:
    W = leaf([[0.47355232, 0.9977393, 0.84668094], [0.85557411, 0.03563661, 0.69422093]])
    x, t = np.array([0.6, 0.9]), np.array([0, 0, 1])
    prediction = x @ W
    np.testing.assert_allclose(prediction.detach(), [1.05414809, 0.63071653, 1.1328074], rtol=1e-7)
    assert np.argmax(prediction) == 2
    loss = F.cross_entropy(prediction, t)
    loss.backward()
    assert loss.item() == pytest.approx(0.92806853663411326, rel=1e-7)
    printed = [[0.21924763, 0.14356247, -0.36281009], [0.32887144, 0.2153437, -0.54421514]]
    np.testing.assert_allclose(W.grad, printed, rtol=1e-7)


@given(W=arrays((2, 3)), x=arrays(2), label=st.integers(0, 2))
def test_simple_nets_gradient_is_the_numerical_one(W: Array, x: Array, label: int) -> None:
    def loss(W: Any) -> Any:
        return F.cross_entropy(x @ W, label)

    exact = mg.value_and_grad(loss)(W)[1]
    np.testing.assert_allclose(exact, numerical_gradient(loss, W), atol=1e-6)


# -- chapter 5: graphs


def test_two_apples() -> None:
    apple, number, tax = leaf(100.0), leaf(2.0), leaf(1.1)
    price = apple * number * tax
    price.backward()
    assert price.item() == pytest.approx(220)
    assert [t.grad.item() for t in (apple, number, tax)] == pytest.approx([2.2, 110, 200])


def test_two_apples_and_three_oranges() -> None:
    apple, apples, orange, oranges, tax = (leaf(x) for x in (100.0, 2.0, 150.0, 3.0, 1.1))
    all_apples, all_oranges = apple * apples, orange * oranges
    fruit = all_apples + all_oranges
    for price in (all_apples, all_oranges, fruit):
        price.retain_grad()
    total = fruit * tax
    total.backward()
    assert total.item() == pytest.approx(715)
    found = [t.grad.item() for t in (apple, apples, orange, oranges, tax)]
    assert found == pytest.approx([2.2, 110, 3.3, 165, 650])
    for price in (all_apples, all_oranges, fruit):
        assert price.grad.item() == pytest.approx(1.1)


def test_the_number_of_apples_may_be_an_integer_constant() -> None:
    apple, orange, tax = leaf(100.0), leaf(150.0), leaf(1.1)
    total = (apple * 2 + orange * 3) * tax
    total.backward()
    assert total.item() == pytest.approx(715)
    assert [t.grad.item() for t in (apple, orange, tax)] == pytest.approx([2.2, 3.3, 650])


# -- two-layer networks


def two_layers(activation: Any, rng: Any, n_in: int = 6, hidden: int = 8, n_out: int = 3) -> Any:
    rng = np.random.default_rng(rng)
    net = nn.Sequential(
        nn.Linear(n_in, hidden, rng=rng), activation, nn.Linear(hidden, n_out, rng=rng)
    )
    for layer in (net[0], net[2]):
        layer.weight.data = nn.init.normal(layer.weight.shape, std=0.3, rng=rng)
    return net


@given(
    x=arrays((4, 6)),
    labels=hnp.arrays(np.int64, 4, elements=st.integers(0, 2)),
    seed=st.integers(0, 99),
)
def test_gradients_are_those_of_the_layers_written_by_hand(
    x: Array, labels: Array, seed: int
) -> None:
    net = two_layers(nn.ReLU(), seed)
    loss = F.cross_entropy(net(x), labels)
    loss.backward()
    names = dict(zip(["W1", "b1", "W2", "b2"], net.parameters(), strict=True))
    by_hand, gradients = loss_and_gradients({n: p._array for n, p in names.items()}, x, labels)
    assert loss.item() == pytest.approx(by_hand, rel=1e-12)
    for name, p in names.items():
        np.testing.assert_allclose(p.grad, gradients[name], rtol=1e-11, atol=1e-14)


@pytest.mark.parametrize("activation", [nn.ReLU(), F.sigmoid], ids=["relu", "sigmoid"])
def test_the_books_gradient_check(activation: Any) -> None:
    """The mean difference to numerical differentiation, by parameter, for three samples."""
    net = two_layers(activation, 0)
    rng = np.random.default_rng(1)
    x, labels = rng.standard_normal((3, 6)), np.array([0, 2, 1])
    F.cross_entropy(net(x), labels).backward()
    for p in net.parameters():
        before = p._array

        def loss(value: Any, p: Any = p) -> float:
            p.data = value
            return F.cross_entropy(net(x), labels).item()

        difference = np.abs(p.grad._array - numerical_gradient(loss, before)).mean()
        p.data = before
        assert difference < 1e-8


@pytest.mark.parametrize("activation", [nn.ReLU(), F.sigmoid], ids=["relu", "sigmoid"])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_a_two_layer_network_learns(activation: Any, dtype: Any) -> None:
    rng = np.random.default_rng(2)
    labels = rng.integers(0, 3, 60)
    x = (rng.standard_normal((3, 6))[labels] + 0.3 * rng.standard_normal((60, 6))).astype(dtype)
    net = nn.Sequential(
        nn.Linear(6, 10, rng=rng, dtype=dtype), activation, nn.Linear(10, 3, rng=rng, dtype=dtype)
    )
    optimizer = mg.optim.SGD(net.parameters(), lr=0.3)
    losses = []
    for _ in range(200):
        batch = rng.choice(60, 20)
        loss = F.cross_entropy(net(x[batch]), labels[batch])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    assert np.mean(losses[-20:]) < 0.2 * np.mean(losses[:5])
    accuracy = np.mean(np.argmax(net(x).detach().numpy(), axis=1) == labels)
    assert accuracy > 0.95
    assert {p.dtype for p in net.parameters()} == {np.dtype(dtype)}


# -- laws that the book's code breaks


# The book's Relu sets elements of the gradient that it is given to zero.
@given(x=arrays((2, 3)), g=arrays((2, 3)))
def test_backward_leaves_the_callers_gradient_alone(x: Array, g: Array) -> None:
    before = g.copy()
    for layer in (nn.ReLU(), F.relu, F.sigmoid, F.softmax, F.log_softmax):
        layer(leaf(x)).backward(g)
        np.testing.assert_array_equal(g, before)
    t, u = leaf(x), leaf(x)
    (nn.ReLU()(t) + u).backward(g)  # both sides of a sum are given the same gradient
    np.testing.assert_array_equal(u.grad, before)
    np.testing.assert_array_equal(t.grad, np.where(x > 0, before, 0))


# The book's SoftmaxWithLoss ignores the gradient that it is given.
@given(logits=arrays((2, 3)), factor=st.floats(-5, 5))
def test_the_gradient_of_a_loss_times_a_number_is_times_the_number(
    logits: Array, factor: float
) -> None:
    one, many, seeded = leaf(logits), leaf(logits), leaf(logits)
    F.cross_entropy(one, [0, 2]).backward()
    (F.cross_entropy(many, [0, 2]) * factor).backward()
    F.cross_entropy(seeded, [0, 2]).backward(factor)
    np.testing.assert_allclose(many.grad, factor * one.grad.numpy(), rtol=1e-12, atol=1e-15)
    np.testing.assert_allclose(seeded.grad, factor * one.grad.numpy(), rtol=1e-12, atol=1e-15)


# The book adds 1e-7 within the logarithm: 16.1 for 40, and flat, while its gradient is not.
@given(far=st.floats(0, 1000), label=st.integers(0, 2))
def test_the_loss_of_an_unlikely_class_is_exact_and_so_is_its_gradient(
    far: float, label: int
) -> None:
    logits = np.array([far, 0.0, 0.0])

    def loss(x: Any) -> Any:
        return F.cross_entropy(x, label)

    value, gradient = mg.value_and_grad(loss)(logits)
    assert value == pytest.approx(np.log1p(2 * np.exp(-far)) + (far if label else 0), rel=1e-12)
    np.testing.assert_allclose(gradient, numerical_gradient(loss, logits), atol=1e-6)
    check_grads(loss, logits)


def test_the_loss_of_logits_40_0_0_is_40() -> None:
    assert F.cross_entropy([40.0, 0.0, 0.0], 1).item() == 40


# The book divides the gradient of one example by the number of classes.
@given(logits=arrays(3), label=st.integers(0, 2))
def test_one_example_without_a_batch_axis_is_a_batch_of_one(logits: Array, label: int) -> None:
    one_hot = np.eye(3)[label]
    alone, batch = leaf(logits), leaf(logits[None])
    F.cross_entropy(alone, one_hot).backward()
    F.cross_entropy(batch, one_hot[None]).backward()
    np.testing.assert_allclose(alone.grad, batch.grad[0], rtol=1e-14)
    softmax = np.exp(logits) / np.exp(logits).sum()
    np.testing.assert_allclose(alone.grad, softmax - one_hot, rtol=1e-12, atol=1e-14)


# The book takes the largest label for the loss, and all of them for its gradient.
@given(logits=arrays((2, 3)), scores=arrays((2, 3)))
def test_soft_labels_are_soft_in_the_loss_and_in_its_gradient(logits: Array, scores: Array) -> None:
    p = np.exp(scores) / np.exp(scores).sum(axis=1, keepdims=True)
    t = leaf(logits)
    loss = F.cross_entropy(t, p)
    log_q = logits - np.log(np.exp(logits).sum(axis=1, keepdims=True))
    assert loss.item() == pytest.approx(-(p * log_q).sum(axis=1).mean(), rel=1e-12)
    loss.backward()
    np.testing.assert_allclose(t.grad, (np.exp(log_q) - p) / 2, rtol=1e-11, atol=1e-14)
    check_grads(F.cross_entropy, logits, p)


# The book fails with an AxisError.
@given(logits=arrays((4, 1)))
def test_one_class_is_certain(logits: Array) -> None:
    for target in (np.zeros(4, int), np.ones((4, 1))):
        t = leaf(logits)
        loss = F.cross_entropy(t, target)
        loss.backward()
        assert loss.item() == 0
        np.testing.assert_array_equal(t.grad, np.zeros((4, 1)))


# The book's function has 1 there, and its layer 0.
def test_relu_has_one_derivative_at_zero() -> None:
    for relu in (nn.ReLU(), F.relu, mg.relu):
        t = leaf([0.0, -0.0])
        relu(t).sum().backward()
        np.testing.assert_array_equal(t.grad, [0, 0])


# The book gives 25000 for the integer 3, and 2500 for 1000 in 32 bits.
@pytest.mark.parametrize(
    ("x", "gradient"),
    [(3, 6), ([3, -4], [6, -8]), (np.float32(1000), 2000), (np.array([1000], np.float32), [2000])],
)
def test_numerical_gradient_loses_no_step_to_the_dtype(x: Any, gradient: Any) -> None:
    found = numerical_gradient(lambda x: np.sum(x**2), x)
    np.testing.assert_allclose(found, gradient, rtol=1e-8)


# The book's layers keep the input and the gradients of their last call only.
@given(x=arrays((2, 3)), g=arrays((2, 3)), seed=st.integers(0, 99))
def test_a_layer_used_twice_gets_both_gradients(x: Array, g: Array, seed: int) -> None:
    layer = nn.Linear(3, 3, rng=seed)
    W, b = layer.weight._array, layer.bias._array
    t = leaf(x)
    layer(np.tanh(layer(t))).backward(g)
    hidden = np.tanh(x @ W + b)
    by_hidden = (g @ W.T) * (1 - hidden**2)
    np.testing.assert_allclose(layer.weight.grad, hidden.T @ g + x.T @ by_hidden, atol=1e-12)
    np.testing.assert_allclose(layer.bias.grad, g.sum(axis=0) + by_hidden.sum(axis=0), atol=1e-12)
    np.testing.assert_allclose(t.grad, by_hidden @ W.T, atol=1e-12)


@given(a=arrays((2, 3)), b=arrays((5, 3)))
def test_calls_do_not_disturb_each_other(a: Array, b: Array) -> None:
    layer = nn.Sequential(nn.Linear(3, 2, rng=0), nn.ReLU())
    t, u = leaf(a), leaf(b)
    first, second = layer(t).sum(), layer(u).sum()
    first.backward()  # not the last call
    second.backward()
    alone, other = leaf(a), leaf(b)
    layer(alone).sum().backward()
    layer(other).sum().backward()
    np.testing.assert_array_equal(t.grad, alone.grad)
    np.testing.assert_array_equal(u.grad, other.grad)


# The book's Affine fails.
@given(x=arrays(3), g=arrays(2))
def test_a_layer_takes_one_example_without_a_batch_axis(x: Array, g: Array) -> None:
    layer = nn.Linear(3, 2, rng=0)
    t = leaf(x)
    y = layer(t)
    assert y.shape == (2,)
    np.testing.assert_allclose(y.detach(), layer(x[None]).detach()[0], rtol=1e-12, atol=1e-14)
    y.backward(g)
    np.testing.assert_allclose(layer.weight.grad, np.outer(x, g), rtol=1e-12)
    np.testing.assert_allclose(layer.bias.grad, g)
    np.testing.assert_allclose(t.grad, layer.weight._array @ g, rtol=1e-12, atol=1e-14)


# The book's warns.
@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
def test_sigmoid_does_not_overflow(dtype: Any) -> None:
    with np.errstate(all="raise", under="ignore"):
        t = leaf([-1000.0, 0.0, 1000.0], dtype)
        y = F.sigmoid(t)
        np.testing.assert_array_equal(y.detach(), [0, 0.5, 1])
        y.backward(np.ones(3))
        np.testing.assert_array_equal(t.grad, [0, 0.25, 0])


# The book's layers go on with the array that they were made with.
def test_a_new_parameter_takes_the_place_of_the_old_one() -> None:
    net = nn.Sequential(nn.Linear(2, 2, rng=0), nn.ReLU())
    old = net[0].weight
    net[0].weight = nn.parameter([[1.0, 0.0], [0.0, 2.0]])
    x = np.array([3.0, 4.0])
    y = net(x)
    np.testing.assert_array_equal(y.detach(), [3, 8])
    y.sum().backward()
    assert old.grad is None
    np.testing.assert_array_equal(net[0].weight.grad, np.outer(x, [1, 1]))
    assert dict(net.named_parameters())["layers.0.weight"] is net[0].weight
    mg.optim.SGD(net.parameters(), lr=1.0).step()
    np.testing.assert_array_equal(net(x).detach(), [0, 0])


def test_a_new_value_of_a_parameter_is_seen_by_the_layer() -> None:
    layer = nn.Linear(2, 2, rng=0)
    dict(layer.named_parameters())["weight"].data = np.eye(2)
    np.testing.assert_array_equal(layer(np.array([3.0, 4.0])).detach(), [3, 4])
