"""Modules find what they hold; layers, activations and losses are their equations."""

import copy
import io
import pickle
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

import minigrad as mg
import minigrad.nn.functional as F
from minigrad import nn

Array = np.ndarray[Any, Any]


def arrays(shape: Any, bound: float = 4) -> st.SearchStrategy[Any]:
    return hnp.arrays(np.float64, shape, elements=st.floats(-bound, bound, allow_subnormal=False))


def close(found: Any, expected: Any, rtol: float = 1e-12) -> None:
    found = found.detach().numpy() if isinstance(found, mg.Tensor) else found
    assert np.shape(found) == np.shape(expected)
    np.testing.assert_allclose(found, expected, rtol=rtol, atol=rtol)


# -- modules


class Block(nn.Module):
    """One of everything that a module can hold."""

    def __init__(self) -> None:
        self.scale = nn.parameter(2.0)
        self.name = "block"
        self.mean = mg.tensor([1, 2])  # holds state, and does not require grad
        self.table = np.ones(3)  # a plain array is no state
        self.layers = [nn.Linear(2, 3, rng=0), nn.ReLU(), np.tanh]
        self.heads = {"a": nn.Linear(3, 1, rng=1), 7: (nn.parameter([1.0]), [nn.parameter([2.0])])}
        self.nothing = None


NAMES = [
    "scale",
    "layers.0.weight",
    "layers.0.bias",
    "heads.a.weight",
    "heads.a.bias",
    "heads.7.0",
    "heads.7.1.0",
]


def test_parameters_are_found_in_modules_lists_tuples_and_dictionaries() -> None:
    block = Block()
    named = dict(block.named_parameters())
    assert list(named) == NAMES
    assert named["scale"] is block.scale
    assert named["layers.0.weight"] is block.layers[0].weight
    assert named["heads.7.1.0"] is block.heads[7][1][0]
    assert [id(p) for p in block.parameters()] == [id(p) for p in named.values()]


def test_parameters_keep_the_order_of_definition() -> None:
    class Ordered(nn.Module):
        def __init__(self) -> None:
            self.z, self.a, self.m = (nn.parameter(float(i)) for i in range(3))

    assert [name for name, _ in Ordered().named_parameters()] == ["z", "a", "m"]


def test_a_shared_parameter_is_one_parameter() -> None:
    layer = nn.Linear(2, 2, rng=0)
    net = nn.Sequential(layer, nn.ReLU(), layer)
    assert [name for name, _ in net.named_parameters()] == ["layers.0.weight", "layers.0.bias"]
    tied = nn.Linear(2, 2, rng=1)
    tied.weight = layer.weight
    assert len(nn.Sequential(layer, tied).parameters()) == 3


def test_a_frozen_parameter_is_none() -> None:
    layer = nn.Linear(2, 2, rng=0)
    layer.weight.requires_grad_(False)
    assert [name for name, _ in layer.named_parameters()] == ["bias"]
    layer.weight.requires_grad_(True)
    assert len(layer.parameters()) == 2


def test_a_new_parameter_is_found_at_once() -> None:
    layer = nn.Linear(2, 2, rng=0)
    layer.weight = nn.parameter(np.zeros((2, 5)))
    layer.scale = nn.parameter(1.0)
    assert [name for name, _ in layer.named_parameters()] == ["weight", "bias", "scale"]
    assert layer.parameters()[0] is layer.weight
    del layer.scale
    assert len(layer.parameters()) == 2


def test_a_kept_activation_is_no_parameter() -> None:
    class Keeping(nn.Module):
        def __init__(self) -> None:
            self.weight = nn.parameter([1.0, 2.0])

        def __call__(self, x: Any) -> Any:
            self.hidden = x * self.weight
            return self.hidden.sum()

    net = Keeping()
    state = net.state_dict()
    net(np.ones(2))
    assert [name for name, _ in net.named_parameters()] == ["weight"]
    mg.optim.SGD(net.parameters())
    net.load_state_dict(state)


def test_modules_are_all_modules_within() -> None:
    block = Block()
    within = [block, block.layers[0], block.layers[1], block.heads["a"]]
    assert [id(m) for m in block.modules()] == [id(m) for m in within]


def test_train_and_eval_reach_every_module() -> None:
    net = nn.Sequential(Block(), nn.ReLU())
    assert all(m.training for m in net.modules())
    assert net.eval() is net
    assert not any(m.training for m in net.modules())
    assert net.train() is net
    assert all(m.training for m in net.modules())
    net.train(False)
    assert not any(m.training for m in net.modules())
    assert nn.ReLU().training  # of others nothing changes
    assert [name for name, _ in net.named_parameters()] == [f"layers.0.{name}" for name in NAMES]


def test_zero_grad_forgets_every_gradient() -> None:
    block = Block()
    sum((p * p).sum() for p in block.parameters()).backward()
    assert all(p.grad is not None for p in block.parameters())
    block.zero_grad()
    assert all(p.grad is None for p in block.parameters())


def test_a_module_without_a_call_says_so() -> None:
    with pytest.raises(NotImplementedError, match="Block has no __call__"):
        Block()(1.0)


# -- states


def test_a_state_holds_every_tensor_by_name() -> None:
    block = Block()
    state = block.state_dict()
    assert list(state) == ["scale", "mean", *NAMES[1:]]
    for name, p in block.named_parameters():
        np.testing.assert_array_equal(state[name], p._array, strict=True)
    np.testing.assert_array_equal(state["mean"], [1, 2])


def test_a_state_is_a_copy_both_ways() -> None:
    layer = nn.Linear(2, 1, rng=0)
    before = layer.weight._array.copy()
    state = layer.state_dict()
    state["weight"][:] = 7
    np.testing.assert_array_equal(layer.weight._array, before)
    layer.load_state_dict(state)
    np.testing.assert_array_equal(layer.weight._array, [[7], [7]])
    state["weight"][:] = 8
    np.testing.assert_array_equal(layer.weight._array, [[7], [7]])
    assert state["weight"].flags.writeable


def test_a_loaded_state_is_the_same_network() -> None:
    x = np.linspace(-1, 1, 6).reshape(3, 2)
    one, other = (
        nn.Sequential(nn.Linear(2, 4, rng=i), nn.ReLU(), nn.Linear(4, 3, rng=i)) for i in (0, 9)
    )
    ids = [id(p) for p in other.parameters()]
    assert not np.allclose(one(x).detach(), other(x).detach())
    other.load_state_dict(one.state_dict())
    np.testing.assert_array_equal(one(x).detach(), other(x).detach())
    assert [id(p) for p in other.parameters()] == ids  # an optimizer still has them
    assert all(p.requires_grad and p.is_leaf for p in other.parameters())


def test_loading_reaches_tensors_that_do_not_require_grad() -> None:
    block = Block()
    block.load_state_dict(block.state_dict() | {"mean": np.array([5, 6])})
    np.testing.assert_array_equal(block.mean._array, [5, 6])
    assert not block.mean.requires_grad


def test_a_state_goes_through_a_file() -> None:
    net, other = (nn.Sequential(nn.Linear(2, 3, rng=i), nn.ReLU()) for i in (0, 1))
    file = io.BytesIO()
    np.savez(file, **net.state_dict())
    file.seek(0)
    with np.load(file) as state:
        other.load_state_dict(state)
    for one, two in zip(net.parameters(), other.parameters(), strict=True):
        np.testing.assert_array_equal(one._array, two._array)


@pytest.mark.parametrize(
    ("change", "error", "message"),
    [
        ({"extra": np.ones(1)}, KeyError, r"Linear: missing \[\], unknown \['extra'\]"),
        ({"bias": np.ones(4)}, ValueError, r"bias is float64 of shape \(3,\) .* shape \(4,\)"),
        ({"bias": np.ones(())}, ValueError, r"bias is .* shape \(3,\) .* shape \(\)"),
        ({"bias": np.ones(3, complex)}, ValueError, r"bias is float64 .* complex128"),
        ({"bias": None}, KeyError, r"missing \['bias'\], unknown \[\]"),
    ],
)
def test_a_state_that_does_not_fit_sets_nothing(change: Any, error: Any, message: str) -> None:
    layer = nn.Linear(2, 3, rng=0)
    before = layer.state_dict()
    state = {"weight": np.zeros((2, 3)), "bias": np.ones(3)} | change
    state = {name: value for name, value in state.items() if value is not None}
    with pytest.raises(error, match=message):
        layer.load_state_dict(state)
    for name, value in layer.state_dict().items():
        np.testing.assert_array_equal(value, before[name])


def test_a_state_is_brought_to_the_dtype_of_the_same_kind() -> None:
    layer = nn.Linear(2, 3, rng=0, dtype=np.float32)
    layer.load_state_dict({"weight": np.full((2, 3), 0.1), "bias": [1, 2, 3]})
    assert layer.weight.dtype == layer.bias.dtype == np.float32
    np.testing.assert_array_equal(layer.weight._array, np.full((2, 3), np.float32(0.1)))
    block = Block()
    with pytest.raises(ValueError, match=r"mean is int64 .* float64"):
        block.load_state_dict(block.state_dict() | {"mean": np.array([0.5, 0.5])})


def test_loading_leaves_recorded_graphs_right() -> None:
    layer = nn.Linear(2, 1, rng=0)
    old = layer.weight._array.copy()
    x = mg.tensor([1.0, 1.0], requires_grad=True)
    loss = layer(x).sum()
    layer.load_state_dict({"weight": np.zeros((2, 1)), "bias": np.zeros(1)})
    loss.backward()
    close(x.grad, old[:, 0])


@pytest.mark.parametrize("clone", [copy.deepcopy, lambda m: pickle.loads(pickle.dumps(m))])
def test_a_copy_of_a_module_is_another_module(clone: Any) -> None:
    layer = nn.Linear(2, 3, rng=0)
    net = nn.Sequential(layer, nn.ReLU(), nn.Linear(3, 2, rng=1), layer)
    other = clone(net.eval())
    assert [name for name, _ in other.named_parameters()] == [n for n, _ in net.named_parameters()]
    assert other.layers[0].weight is other.layers[3].weight
    assert not other.layers[1].training
    other.layers[0].weight._array[:] = 0
    assert net.layers[0].weight._array.all()


# -- layers


SHAPES = st.sampled_from([(3,), (1, 3), (5, 3), (2, 4, 3), (0, 3), (2, 0, 3)])


@given(data=st.data(), n_out=st.integers(1, 4), seed=st.integers(0, 99))
def test_linear_is_its_equation_and_so_are_its_gradients(
    data: st.DataObject, n_out: int, seed: int
) -> None:
    x = data.draw(SHAPES.flatmap(arrays))
    layer = nn.Linear(3, n_out, rng=seed)
    layer.bias.data = np.arange(float(n_out))
    W, b = layer.weight._array, layer.bias._array
    t = mg.tensor(x, requires_grad=True)
    y = layer(t)
    close(y, np.einsum("...i,ij->...j", x, W) + b)
    g = data.draw(arrays(y.shape))
    y.backward(g)
    rows, cotangents = x.reshape(-1, 3), g.reshape(-1, n_out)
    close(layer.weight.grad, rows.T @ cotangents)
    close(layer.bias.grad, cotangents.sum(axis=0))
    close(t.grad, (cotangents @ W.T).reshape(x.shape))


def test_linear_starts_as_kaiming_says() -> None:
    layer = nn.Linear(600, 400, rng=0)
    W = layer.weight._array
    assert (W.shape, layer.bias.shape) == ((600, 400), (400,))
    assert layer.weight.requires_grad
    assert layer.bias.requires_grad
    bound = np.sqrt(6 / 600)
    assert 0.999 * bound < np.abs(W).max() <= bound
    assert abs(W.mean()) < 1e-3 * bound * 6
    np.testing.assert_allclose(W.std(), np.sqrt(2 / 600), rtol=1e-2)
    np.testing.assert_array_equal(layer.bias._array, np.zeros(400))


def test_normal_has_its_standard_deviation() -> None:
    for arguments, std in [((), 0.01), ((2.0,), 2.0)]:
        W = nn.init.normal((500, 200), *arguments, rng=0)
        assert W.shape == (500, 200)
        np.testing.assert_allclose(W.std(), std, rtol=1e-2)
        assert abs(W.mean()) < 0.01 * std
        assert not np.shares_memory(W, nn.init.normal((500, 200), *arguments, rng=0))


@pytest.mark.parametrize(
    "draw",
    [
        lambda rng: nn.Linear(4, 5, rng=rng).weight._array,
        lambda rng: nn.init.normal((4, 5), rng=rng),
        lambda rng: nn.init.kaiming_uniform((4, 5), rng=rng),
    ],
    ids=["Linear", "normal", "kaiming_uniform"],
)
def test_random_numbers_repeat_as_their_generator_does(draw: Any) -> None:
    first = draw(3)
    np.testing.assert_array_equal(first, draw(3))
    np.testing.assert_array_equal(first, draw(np.int64(3)))
    np.testing.assert_array_equal(first, draw(np.random.default_rng(3)))
    assert not np.array_equal(first, draw(4))
    assert not np.array_equal(draw(None), draw(None))
    rng = np.random.default_rng(3)
    np.testing.assert_array_equal(first, draw(rng))
    assert not np.array_equal(first, draw(rng))  # it goes on


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
def test_a_network_keeps_its_dtype_forward_and_backward(dtype: Any) -> None:
    net = nn.Sequential(
        nn.Linear(3, 4, rng=0, dtype=dtype), nn.ReLU(), nn.Linear(4, 2, rng=1, dtype=dtype)
    )
    x = mg.tensor(np.ones((5, 3), dtype), requires_grad=True)
    logits = net(x)
    loss = F.cross_entropy(logits, [0, 1, 0, 1, 1])
    assert logits.dtype == loss.dtype == dtype
    loss.backward()
    assert {t.grad.dtype for t in [x, *net.parameters()]} == {np.dtype(dtype)}


def test_a_dtype_changes_only_the_digits() -> None:
    exact, rounded = (nn.Linear(3, 4, rng=0, dtype=d).weight._array for d in (float, np.float32))
    np.testing.assert_array_equal(exact.astype(np.float32), rounded)


@given(x=arrays((2, 3)))
def test_relu_is_its_equation(x: Array) -> None:
    for relu in (nn.ReLU(), F.relu):
        t = mg.tensor(x, requires_grad=True)
        y = relu(t)
        np.testing.assert_array_equal(y.detach(), np.maximum(x, 0))
        y.backward(np.full((2, 3), 3.0))
        np.testing.assert_array_equal(t.grad, np.where(x > 0, 3.0, 0.0))
    assert nn.ReLU().parameters() == []


@given(x=arrays((4, 3)), g=arrays((4, 2)))
def test_sequential_is_its_layers_one_after_another(x: Array, g: Array) -> None:
    net = nn.Sequential(nn.Linear(3, 5, rng=0), np.tanh, nn.ReLU(), nn.Linear(5, 2, rng=1))
    first, last = net[0], net[-1]
    hidden = np.tanh(x @ first.weight._array + first.bias._array)
    rectified = np.maximum(hidden, 0)
    t = mg.tensor(x, requires_grad=True)
    y = net(t)
    close(y, rectified @ last.weight._array + last.bias._array)
    y.backward(g)
    by_hidden = g @ last.weight._array.T * (hidden > 0) * (1 - hidden**2)
    close(last.weight.grad, rectified.T @ g)
    close(last.bias.grad, g.sum(axis=0))
    close(first.weight.grad, x.T @ by_hidden)
    close(first.bias.grad, by_hidden.sum(axis=0))
    close(t.grad, by_hidden @ first.weight._array.T)


def test_sequential_is_a_sequence() -> None:
    layers = [nn.Linear(3, 5, rng=0), nn.ReLU(), np.tanh]
    net = nn.Sequential(*layers)
    assert len(net) == 3
    assert list(net) == layers
    assert net[1] is layers[1]
    assert net[-1] is np.tanh
    assert nn.Sequential()("anything") == "anything"


@pytest.mark.parametrize("shape", [(3,), (2, 3), (2, 1, 3)])
def test_networks_have_the_derivatives_of_their_values(shape: Any) -> None:
    rng = np.random.default_rng(0)
    W, b, V, c = (rng.standard_normal(s) for s in [(3, 4), (4,), (4, 2), (2,)])

    def net(x: Any, W: Any, b: Any, V: Any, c: Any) -> Any:
        first, last = nn.Linear(3, 4, rng=0), nn.Linear(4, 2, rng=0)
        first.weight, first.bias, last.weight, last.bias = W, b, V, c
        return nn.Sequential(first, F.sigmoid, last, F.log_softmax)(x)

    mg.testing.check_grads(net, rng.standard_normal(shape), W, b, V, c, order=2)


def test_layers_take_plain_arrays_and_lists() -> None:
    layer = nn.Linear(2, 1, rng=0)
    expected = layer(mg.tensor([1.0, -2.0])).detach()
    for x in (np.array([1.0, -2.0]), [1.0, -2.0], np.array([1, -2])):
        np.testing.assert_array_equal(layer(x).detach(), expected)
    np.testing.assert_array_equal(nn.ReLU()([1.0, -2.0]), [1, 0])


def test_linear_says_what_does_not_fit() -> None:
    with pytest.raises(ValueError, match=r"matmul of float64 \(4, 3\) and float64 \(2, 1\).*last"):
        nn.Linear(2, 1, rng=0)(np.ones((4, 3)))


# -- activations


def softmax_in_64_bits(x: Array, axis: Any) -> Array:
    e = np.exp(x - x.max(axis=axis, keepdims=True))
    return e / e.sum(axis=axis, keepdims=True)


def logsumexp_in_64_bits(x: Array, axis: Any) -> Array:
    m = x.max(axis=axis, keepdims=True)
    return m + np.log(np.exp(x - m).sum(axis=axis, keepdims=True))


@given(x=arrays((2, 3), 30), g=arrays((2, 3)))
def test_sigmoid_is_its_equation(x: Array, g: Array) -> None:
    t = mg.tensor(x, requires_grad=True)
    y = F.sigmoid(t)
    expected = 1 / (1 + np.exp(-x))
    close(y, expected)
    y.backward(g)
    close(t.grad, g * expected * np.exp(-x) / (1 + np.exp(-x)))


AXES = st.sampled_from([-1, 0, 1, (0, 1), None])


@given(x=arrays((2, 3), 30), g=arrays((2, 3)), axis=AXES)
def test_softmax_is_its_equation(x: Array, g: Array, axis: Any) -> None:
    t = mg.tensor(x, requires_grad=True)
    y = F.softmax(t, axis=axis)
    p = softmax_in_64_bits(x, axis)
    close(y, p)
    close(y.sum(axis=axis), p.sum(axis=axis))
    y.backward(g)
    close(t.grad, p * (g - (g * p).sum(axis=axis, keepdims=True)))


@given(x=arrays((2, 3), 30), g=arrays((2, 3)), axis=AXES)
def test_log_softmax_is_its_equation(x: Array, g: Array, axis: Any) -> None:
    t = mg.tensor(x, requires_grad=True)
    y = F.log_softmax(t, axis=axis)
    close(y, x - logsumexp_in_64_bits(x, axis))
    y.backward(g)
    close(t.grad, g - softmax_in_64_bits(x, axis) * g.sum(axis=axis, keepdims=True))


@pytest.mark.parametrize("f", [F.softmax, F.log_softmax])
def test_the_axis_is_the_last_if_none_is_named(f: Any) -> None:
    x = np.arange(24.0).reshape(2, 3, 4) % 5
    np.testing.assert_array_equal(f(x), f(x, axis=2))
    np.testing.assert_array_equal(f(x), f(x, -1))


@given(x=arrays((3, 2)), shift=st.floats(-100, 100))
def test_softmax_depends_on_differences_only(x: Array, shift: float) -> None:
    close(F.softmax(x + shift), F.softmax(x), rtol=1e-11)
    close(F.log_softmax(x + shift), F.log_softmax(x), rtol=1e-11)


SMOOTH = [F.sigmoid, F.softmax, F.log_softmax, F.logsumexp]


@pytest.mark.parametrize("f", SMOOTH)
@given(x=arrays((2, 3)))
def test_activations_have_the_derivatives_of_their_values(f: Any, x: Array) -> None:
    mg.testing.check_grads(f, x, order=2)


@given(x=arrays((2, 3)))
def test_relu_has_the_derivative_of_its_value_where_it_has_one(x: Array) -> None:
    apart = np.where(x > 0, x + 0.1, x - 0.1)
    mg.testing.check_grads(F.relu, apart, order=2)


@pytest.mark.parametrize("f", [F.relu, *SMOOTH])
@pytest.mark.parametrize("dtype", [np.float16, np.float32])
def test_activations_keep_the_dtype(f: Any, dtype: Any) -> None:
    x = mg.tensor(np.array([[1.0, -2.0, 0.5]], dtype), requires_grad=True)
    y = f(x)
    assert y.dtype == dtype
    y.sum().backward()
    assert x.grad.dtype == dtype


@pytest.mark.parametrize("f", [F.relu, *SMOOTH])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("x", [1e3, 1e30])
def test_activations_of_large_numbers_are_finite(f: Any, dtype: Any, x: float) -> None:
    t = mg.tensor(np.array([[x, 0, -x], [-x, -x, -x]], dtype), requires_grad=True)
    y = f(t)
    assert np.isfinite(y.detach()).all()
    y.backward(np.ones(y.shape))
    assert np.isfinite(t.grad).all()


def test_activations_of_large_numbers_are_right() -> None:
    x = np.array([1000.0, 0.0, -1000.0])
    np.testing.assert_array_equal(F.sigmoid(x), [1, 0.5, 0])
    np.testing.assert_array_equal(F.softmax(x), [1, 0, 0])
    np.testing.assert_array_equal(F.log_softmax(x), [0, -1000, -2000])
    np.testing.assert_array_equal(F.sigmoid(np.array([-700.0])), np.exp([-700.0]))


# -- the loss


LEADING = st.sampled_from([(), (1,), (4,), (2, 3), (2, 1, 2)])


@st.composite
def logits_and_labels(draw: st.DrawFn) -> tuple[Array, Array]:
    leading, classes = draw(LEADING), draw(st.integers(1, 4))
    logits = draw(arrays((*leading, classes), 20))
    return logits, draw(hnp.arrays(np.int64, leading, elements=st.integers(0, classes - 1)))


def reduced(losses: Any, reduction: str) -> Any:
    return {"none": lambda x: x, "sum": np.sum, "mean": np.mean}[reduction](losses)


REDUCTIONS = pytest.mark.parametrize("reduction", ["none", "sum", "mean"])


@REDUCTIONS
@given(data=st.data())
def test_cross_entropy_is_its_equation(reduction: str, data: st.DataObject) -> None:
    logits, labels = data.draw(logits_and_labels())
    t = mg.tensor(logits, requires_grad=True)
    loss = F.cross_entropy(t, labels, reduction=reduction)
    one_hot = np.eye(logits.shape[-1])[labels]
    log_p = logits - logsumexp_in_64_bits(logits, -1)
    close(loss, reduced(-(one_hot * log_p).sum(axis=-1), reduction), rtol=1e-11)
    g = data.draw(arrays(loss.shape))
    loss.backward(g)
    share = {"none": g[..., None], "sum": g, "mean": g / labels.size}[reduction]
    close(t.grad, share * (softmax_in_64_bits(logits, -1) - one_hot), rtol=1e-11)


@REDUCTIONS
@given(data=st.data())
def test_indices_one_hot_and_probabilities_agree(reduction: str, data: st.DataObject) -> None:
    logits, labels = data.draw(logits_and_labels())
    one_hot = np.eye(logits.shape[-1])[labels]
    targets = [labels, one_hot, one_hot.astype(int), one_hot.astype(bool)]
    targets += [mg.tensor(labels), mg.tensor(one_hot), labels.tolist(), labels.astype(np.uint8)]
    results = []
    for target in targets:
        t = mg.tensor(logits, requires_grad=True)
        loss = F.cross_entropy(t, target, reduction=reduction)
        loss.backward(np.ones(loss.shape))
        results.append((loss, t.grad.numpy()))
    for loss, gradient in results[1:]:
        close(loss, results[0][0].detach().numpy(), rtol=1e-11)
        close(gradient, results[0][1], rtol=1e-11)


@REDUCTIONS
@given(data=st.data(), leading=LEADING, classes=st.integers(1, 4))
def test_soft_labels_mix_the_losses_of_the_classes(
    reduction: str, data: st.DataObject, leading: Any, classes: int
) -> None:
    logits = data.draw(arrays((*leading, classes)))
    p = softmax_in_64_bits(data.draw(arrays((*leading, classes))), -1)
    t = mg.tensor(logits, requires_grad=True)
    loss = F.cross_entropy(t, p, reduction=reduction)
    of_class = [
        F.cross_entropy(logits, np.full(leading, c), reduction="none").numpy()
        for c in range(classes)
    ]
    close(loss, reduced(np.sum(p * np.stack(of_class, axis=-1), axis=-1), reduction), rtol=1e-11)
    loss.backward(np.ones(loss.shape))
    n = np.prod(leading) if reduction == "mean" else 1
    close(t.grad, (softmax_in_64_bits(logits, -1) - p) / n, rtol=1e-11)


@given(data=st.data())
def test_cross_entropy_has_the_derivatives_of_its_values(data: st.DataObject) -> None:
    logits, labels = data.draw(logits_and_labels())
    mg.testing.check_grads(lambda x: F.cross_entropy(x, labels), logits / 5, order=2)
    p = softmax_in_64_bits(data.draw(arrays(logits.shape)), -1)
    mg.testing.check_grads(F.cross_entropy, logits / 5, p, order=2)


TARGETS = {
    "indices": np.array([0, 2]),
    "uint8 indices": np.array([0, 2], np.uint8),
    "one-hot": np.eye(3, dtype=int)[[0, 2]],
    "int32 one-hot": np.eye(3, dtype=np.int32)[[0, 2]],
    "uint8 one-hot": np.eye(3, dtype=np.uint8)[[0, 2]],
    "bool one-hot": np.eye(3, dtype=bool)[[0, 2]],
    "probabilities": np.array([[0.5, 0.25, 0.25], [0.0, 0.0, 1.0]], np.float16),
}


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
@pytest.mark.parametrize("target", TARGETS.values(), ids=TARGETS)
def test_the_loss_has_the_dtype_of_the_logits(dtype: Any, target: Any) -> None:
    t = mg.tensor(np.array([[1, 2, 3], [0, -1, 5]], dtype), requires_grad=True)
    for reduction in ("none", "sum", "mean"):
        loss = F.cross_entropy(t, target, reduction=reduction)
        assert loss.dtype == dtype
        loss.backward(np.ones(loss.shape))
        assert t.grad.dtype == dtype


def test_a_class_that_is_ruled_out_takes_no_part() -> None:
    t = mg.tensor([[0.0, -np.inf, 1.0]], requires_grad=True)
    loss = F.cross_entropy(t, [2])
    expected = mg.tensor([[0.0, 1.0]], requires_grad=True)
    F.cross_entropy(expected, [1]).backward()
    close(loss, np.log1p(np.exp(-1)))
    loss.backward()
    close(t.grad, expected.grad.numpy()[:, [0, 0, 1]] * [1, 0, 1])


@pytest.mark.parametrize("x", [1e3, 1e30])
@pytest.mark.parametrize("one_hot", [False, True])
def test_the_loss_of_large_logits_is_right(x: float, one_hot: bool) -> None:
    for dtype in (np.float32, np.float64):
        labels = np.array([1, 0, 1])
        t = mg.tensor(np.array([[x, 0], [x, -x], [x, x]], dtype), requires_grad=True)
        target = np.eye(2, dtype=dtype)[labels] if one_hot else labels
        loss = F.cross_entropy(t, target, reduction="none")
        np.testing.assert_allclose(loss.detach(), [x, 0, np.log(2)], rtol=1e-6, atol=x * 1e-7)
        loss.backward(np.ones(3))
        np.testing.assert_array_equal(t.grad, [[1, -1], [0, 0], [0.5, -0.5]])


def test_the_mean_is_over_all_leading_axes() -> None:
    logits = np.arange(24.0).reshape(2, 3, 4) % 5
    labels = np.array([[0, 1, 2], [3, 0, 1]])
    losses = F.cross_entropy(logits, labels, reduction="none")
    assert losses.shape == (2, 3)
    close(F.cross_entropy(logits, labels), losses.numpy().mean())
    close(F.cross_entropy(logits, labels, reduction="sum"), losses.numpy().sum())


def test_a_target_may_be_learned_from() -> None:
    target = mg.tensor([[0.25, 0.75]], requires_grad=True)
    F.cross_entropy(np.array([[1.0, 2.0]]), target).backward()
    close(target.grad, -F.log_softmax(np.array([[1.0, 2.0]])).numpy())


def test_the_sum_over_no_examples_is_zero() -> None:
    t = mg.tensor(np.zeros((0, 3)), requires_grad=True)
    loss = F.cross_entropy(t, np.zeros(0, int), reduction="sum")
    assert loss.item() == 0
    loss.backward()
    assert t.grad.shape == (0, 3)
    assert F.cross_entropy(t, np.zeros(0, int), reduction="none").shape == (0,)


LOGITS = np.zeros((2, 3))


@pytest.mark.parametrize(
    ("logits", "target", "error", "message"),
    [
        (LOGITS, [0, 3], ValueError, r"from 0 to 2 here, and the target has 0 to 3"),
        (LOGITS, [-1, 0], ValueError, r"from 0 to 2 here, and the target has -1 to 0"),
        (LOGITS, [0.0, 1.0], TypeError, r"indices as integers, not float64.*astype\(int\)"),
        (LOGITS, [True, False], TypeError, r"indices as integers, not bool"),
        (LOGITS, [[0], [1]], ValueError, r"of shape \(2,\) or probabilities .*, not \(2, 1\)"),
        (LOGITS, [0, 1, 2], ValueError, r"of shape \(2,\) or probabilities .*, not \(3,\)"),
        (LOGITS, 0, ValueError, r"of shape \(2,\) or probabilities .*, not \(\)"),
        (LOGITS.astype(int), [0, 1], TypeError, r"floating logits .*, not int64"),
        (1.0, 0, ValueError, r"logits of shape \(\.\.\., C\)"),
        (np.zeros((2, 0)), [0, 0], ValueError, r"logits of shape \(\.\.\., C\)"),
    ],
)
def test_the_loss_says_what_does_not_fit(
    logits: Any, target: Any, error: Any, message: str
) -> None:
    with pytest.raises(error, match=message):
        F.cross_entropy(logits, target)


def test_a_reduction_is_one_of_three() -> None:
    with pytest.raises(ValueError, match="reduction='max'; it is 'mean', 'sum' or 'none'"):
        F.cross_entropy(LOGITS, [0, 1], reduction="max")


@pytest.mark.parametrize("reduction", ["mean", "sum", "none"])
def test_a_class_that_is_ruled_out_costs_nothing_in_any_form_of_target(reduction: str) -> None:
    logits = np.array([[1.0, -np.inf, 0.0], [-np.inf, 2.0, -1.0]])
    classes = np.array([0, 2])
    results = []
    for target in (classes, np.eye(3)[classes]):
        x = mg.tensor(logits, requires_grad=True)
        loss = F.cross_entropy(x, target, reduction=reduction)
        loss.sum().backward()
        results.append((loss.detach().numpy(), x.grad.numpy()))
    np.testing.assert_allclose(results[1][0], results[0][0], rtol=1e-14)
    np.testing.assert_allclose(results[1][1], results[0][1], rtol=1e-14, atol=1e-16)
    assert np.isfinite(results[0][1]).all()
