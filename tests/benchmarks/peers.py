"""The chain and the training step, in minigrad and in its peers, each as its own users write it."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]
Run = Callable[[], Any]
Network = tuple[Callable[[Array, Array], Any], Callable[[], list[Any]]]

# -- a chain of multiply-adds on four numbers; a pass gives its value and the gradients

LENGTH = 300


def chained(y: Any, a: Any, b: Any) -> Any:
    for _ in range(LENGTH):
        y = y * a + b
    return y.sum()


def chain_inputs(kind: str) -> tuple[list[Any], list[Any]]:
    """What needs a gradient, and the constants: `floats`, `arrays`, or else none."""
    x, a, b = np.array([0.5, -1.0, 1.5, 2.0], np.float32), 1.0001, 0.0001
    constants = [a, b] if kind == "floats" else [np.full_like(x, a), np.full_like(x, b)]
    return ([x, *constants], []) if kind == "parameters" else ([x], constants)


def chain_by_hand(kind: str) -> Run:
    leaves, constants = chain_inputs(kind)
    x, a, b = leaves + constants

    def by_x() -> tuple[Any, list[Array]]:
        y, g = x.copy(), np.ones_like(x)
        for _ in range(LENGTH):
            y *= a
            y += b
        for _ in range(LENGTH):
            g *= a
        return y.sum(), [g]

    def by_all() -> tuple[Any, list[Array]]:
        y, g, grad_a, grad_b, ys = x, np.ones_like(x), np.zeros_like(a), np.zeros_like(b), []
        for _ in range(LENGTH):
            ys.append(y)
            y = y * a
            y += b
        for before in reversed(ys):
            grad_b += g
            grad_a += g * before
            g *= a
        return y.sum(), [g, grad_a, grad_b]

    return by_all if kind == "parameters" else by_x


def recorded(kind: str, leaf: Callable[..., Any], constant: Any = lambda c: c) -> Run:
    """The chain where tensors record what is computed from them."""
    inputs, constants = chain_inputs(kind)
    constants = [c if isinstance(c, float) else constant(c) for c in constants]

    def run() -> tuple[Any, list[Any]]:
        leaves = [leaf(a) for a in inputs]
        value = chained(*leaves, *constants)
        value.backward()
        return value, [p.grad for p in leaves]

    return run


def transformed(kind: str, value_and_grad: Callable[..., Any]) -> Run:
    """The chain where a transform makes the function of the gradients."""
    inputs, constants = chain_inputs(kind)
    f = value_and_grad(lambda *leaves: chained(*leaves, *constants), tuple(range(len(inputs))))
    return lambda: f(*inputs)


def chain_in(peer: str, kind: str) -> Run:
    if peer == "NumPy by hand":
        return chain_by_hand(kind)
    if peer == "minigrad":
        import minigrad as mg

        return recorded(kind, partial(mg.tensor, requires_grad=True))
    if peer == "torch eager":
        import torch

        torch.set_num_threads(1)
        return recorded(kind, partial(torch.tensor, requires_grad=True), torch.from_numpy)
    if peer == "jitted jax":
        import jax

        run = transformed(kind, lambda f, by: jax.jit(jax.value_and_grad(f, by)))
        return lambda: jax.block_until_ready(run())
    if peer == "HIPS autograd":
        import autograd

        return transformed(kind, autograd.value_and_grad)
    import mygrad

    run = recorded(kind, mygrad.tensor)
    return run if peer == "MyGrad" else mygrad.mem_guard_off(run)


CHAINS: dict[str, Callable[[str], Run]] = {
    peer: partial(chain_in, peer)
    for peer in (
        "minigrad", "NumPy by hand", "torch eager", "jitted jax", "MyGrad", "MyGrad, guard off",
        "HIPS autograd",
    )
}  # fmt: skip

# -- a training step of a network with one hidden layer: from the weights w1, b1, w2, b2 come the
# step from a batch to its loss, and what gives the weights as they are by then

LR = 0.1


def network_by_hand(w: list[Array]) -> Network:
    """What one writes who knows the network, the chain rule and NumPy."""

    def step(x: Array, t: Array) -> Any:
        w1, b1, w2, b2 = w
        n, rows = len(x), np.arange(len(x))
        h = x @ w1
        h += b1
        np.maximum(h, 0, out=h)
        z = h @ w2
        z += b2
        z -= z.max(axis=1, keepdims=True)
        at_t = z[rows, t]
        np.exp(z, out=z)
        total = z.sum(axis=1, keepdims=True)
        loss = (np.log(total).sum() - at_t.sum()) / n
        z /= total
        z[rows, t] -= 1
        z /= n
        g = z @ w2.T
        g *= h > 0
        for p, grad in zip(w, (x.T @ g, g.sum(axis=0), h.T @ z, z.sum(axis=0)), strict=True):
            np.multiply(grad, LR, out=grad)
            np.subtract(p, grad, out=p)
        return loss

    return step, lambda: w


class Affine:
    """A layer in the style of the book: it keeps its input and its gradients."""

    def __init__(self, w: Array, b: Array) -> None:
        self.w, self.b = w, b

    def forward(self, x: Array) -> Array:
        self.x = x
        return np.dot(x, self.w) + self.b

    def backward(self, dout: Array) -> Array:
        dx = np.dot(dout, self.w.T)
        self.dw = np.dot(self.x.T, dout)
        self.db = np.sum(dout, axis=0)
        return dx


class Relu:
    def forward(self, x: Array) -> Array:
        self.mask = x <= 0
        out = x.copy()
        out[self.mask] = 0
        return out

    def backward(self, dout: Array) -> Array:
        dout[self.mask] = 0
        return dout


class SoftmaxWithLoss:
    def forward(self, x: Array, t: Array) -> Any:
        x = x - np.max(x, axis=-1, keepdims=True)
        self.t, self.y = t, np.exp(x) / np.sum(np.exp(x), axis=-1, keepdims=True)
        return -np.sum(np.log(self.y[np.arange(len(t)), t] + 1e-7)) / len(t)

    def backward(self) -> Array:
        dx = self.y.copy()
        dx[np.arange(len(self.t)), self.t] -= 1
        return dx / len(self.t)


def network_in_book_style(w: list[Array]) -> Network:
    params = dict(zip(("W1", "b1", "W2", "b2"), w, strict=True))
    affine1, affine2 = Affine(params["W1"], params["b1"]), Affine(params["W2"], params["b2"])
    layers, last = [affine1, Relu(), affine2], SoftmaxWithLoss()

    def step(x: Array, t: Array) -> Any:
        for layer in layers:
            x = layer.forward(x)
        loss = last.forward(x, t)
        dout = last.backward()
        for layer in reversed(layers):
            dout = layer.backward(dout)
        grads = {"W1": affine1.dw, "b1": affine1.db, "W2": affine2.dw, "b2": affine2.db}
        for key in params:
            params[key] -= LR * grads[key]
        return loss

    return step, lambda: w


def steps_of(
    net: Any, cross_entropy: Callable[..., Any], optimizer: Any, tensor: Callable[[Array], Any]
) -> Callable[[Array, Array], Any]:
    """The step that minigrad and torch spell alike."""

    def step(x: Array, t: Array) -> Any:
        loss = cross_entropy(net(tensor(x)), tensor(t))
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        return loss

    return step


def network_in_minigrad(w: list[Array]) -> Network:
    import minigrad as mg

    linears = [mg.nn.Linear(*shape.shape, dtype=np.float32) for shape in w[::2]]
    net = mg.nn.Sequential(linears[0], mg.nn.ReLU(), linears[1])
    for p, value in zip(net.parameters(), w, strict=True):
        p.data = value
    optimizer = mg.optim.SGD(net.parameters(), lr=LR)
    step = steps_of(net, mg.nn.functional.cross_entropy, optimizer, mg.asarray)
    return step, lambda: [p.numpy() for p in net.parameters()]


def network_in_torch(w: list[Array]) -> Network:
    import torch

    torch.set_num_threads(1)
    linears = [torch.nn.Linear(*shape.shape) for shape in w[::2]]
    net = torch.nn.Sequential(linears[0], torch.nn.ReLU(), linears[1])
    with torch.no_grad():
        for p, value in zip(net.parameters(), w, strict=True):
            p.copy_(torch.from_numpy(value.T))  # its weights have the shape (out, in)
    optimizer = torch.optim.SGD(net.parameters(), lr=LR)
    step = steps_of(net, torch.nn.functional.cross_entropy, optimizer, torch.from_numpy)
    return step, lambda: [p.detach().numpy().T for p in net.parameters()]


def network_in_jax(w: list[Array]) -> Network:
    """The whole update is one compiled function, which may reuse the old weights' memory."""
    import jax

    def loss_of(w: list[Any], x: Any, t: Any) -> Any:
        w1, b1, w2, b2 = w
        z = jax.nn.relu(x @ w1 + b1) @ w2 + b2
        return (jax.nn.logsumexp(z, axis=1) - z[np.arange(len(t)), t]).mean()

    def update(w: list[Any], x: Any, t: Any) -> Any:
        loss, grads = jax.value_and_grad(loss_of)(w, x, t)
        return loss, [p - LR * g for p, g in zip(w, grads, strict=True)]

    compiled = jax.jit(update, donate_argnums=0)
    now = [jax.numpy.array(p) for p in w]

    def step(x: Array, t: Array) -> Any:
        # The batch goes in as it is: that is cheaper than asarray, device_put or DLPack.
        loss, now[:] = jax.block_until_ready(compiled(now, x, t))
        return loss

    return step, lambda: now


def network_in_mygrad(w: list[Array], guard: bool = True) -> Network:
    import mygrad
    from mygrad.nnet import activations, losses

    params = [mygrad.tensor(p) for p in w]

    def step(x: Array, t: Array) -> Any:
        w1, b1, w2, b2 = params
        loss = losses.softmax_crossentropy(activations.relu(x @ w1 + b1) @ w2 + b2, t)
        loss.backward()
        for p in params:
            p.data -= LR * p.grad
        return loss

    return step if guard else mygrad.mem_guard_off(step), lambda: [p.data for p in params]


def network_in_autograd(w: list[Array]) -> Network:
    import autograd
    import autograd.numpy as anp

    def loss_of(w: list[Any], x: Array, t: Array) -> Any:
        w1, b1, w2, b2 = w
        z = anp.dot(anp.maximum(anp.dot(x, w1) + b1, 0), w2) + b2
        z = z - anp.max(z, axis=1, keepdims=True)
        return anp.mean(anp.log(anp.sum(anp.exp(z), axis=1)) - z[np.arange(len(t)), t])

    value_and_grad = autograd.value_and_grad(loss_of)

    def step(x: Array, t: Array) -> Any:
        loss, grads = value_and_grad(w, x, t)
        w[:] = [p - LR * g for p, g in zip(w, grads, strict=True)]
        return loss

    return step, lambda: w


NETWORKS: dict[str, Callable[[list[Array]], Network]] = {
    "minigrad": network_in_minigrad,
    "NumPy by hand": network_by_hand,
    "the book's style": network_in_book_style,
    "torch eager": network_in_torch,
    "jitted jax": network_in_jax,
    "MyGrad": network_in_mygrad,
    "MyGrad, guard off": partial(network_in_mygrad, guard=False),
    "HIPS autograd": network_in_autograd,
}
