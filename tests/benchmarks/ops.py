"""Single operations, forward and backward, in minigrad and in its peers, each in its own words."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]
Function = Callable[[Any, Any, Any], Any]  # of a library that has NumPy's names, and x and y
Pass = Callable[[], list[Any]]  # gives the value and the gradients


class Operation(NamedTuple):
    """A function in NumPy's words, and what others have for it, if not the same under that name."""

    numpy: Function
    torch: Function | None = None
    minigrad: Function | None = None
    in_hips: bool = True  # whether HIPS autograd has its derivative
    large: bool = True  # whether it is timed on many numbers, too


def softmax(xp: Any, x: Any, _y: Any) -> Any:
    e = xp.exp(x - xp.max(x, axis=-1, keepdims=True))
    return e / xp.sum(e, axis=-1, keepdims=True)


def own_softmax(_np: Any, x: Any, _y: Any) -> Any:
    import minigrad as mg

    return mg.softmax(x, axis=-1)


def solve(xp: Any, x: Any, y: Any) -> Any:
    return xp.linalg.solve(x @ x.T + xp.eye(len(x), dtype=xp.float64), y)


# Rows have an odd length: of an even one, torch's median is the lower of the middle two.
OPERATIONS = {
    "x + y": Operation(lambda _, x, y: x + y),
    "x * y": Operation(lambda _, x, y: x * y),
    "x / y": Operation(lambda _, x, y: x / y),
    "x**2": Operation(lambda _, x, _y: x**2),
    "x**3": Operation(lambda _, x, _y: x**3),
    "abs(x)**y": Operation(lambda _, x, y: abs(x) ** y),
    "exp": Operation(lambda xp, x, _: xp.exp(x)),
    "log": Operation(lambda xp, _, y: xp.log(y)),
    "tanh": Operation(lambda xp, x, _: xp.tanh(x)),
    "logaddexp": Operation(lambda xp, x, y: xp.logaddexp(x, y)),
    "maximum": Operation(lambda xp, x, y: xp.maximum(x, y)),
    "clip": Operation(lambda xp, x, _: xp.clip(x, -1, 1)),
    "where": Operation(lambda xp, x, y: xp.where(x > 0, x, y)),
    "sum": Operation(lambda xp, x, _: xp.sum(x)),
    "sum, axis 0": Operation(lambda xp, x, _: xp.sum(x, axis=0)),
    "sum, rows of 4": Operation(lambda xp, x, _: xp.sum(x.reshape(-1, 4), axis=-1)),
    "mean": Operation(lambda xp, x, _: xp.mean(x, axis=-1, keepdims=True)),
    "var": Operation(
        lambda xp, x, _: xp.var(x, axis=-1), lambda xp, x, _: xp.var(x, axis=-1, correction=0)
    ),
    "max": Operation(lambda xp, x, _: xp.amax(x, axis=-1)),
    "median": Operation(
        lambda xp, x, _: xp.median(x, axis=-1),
        lambda xp, x, _: xp.median(x, axis=-1)[0],
        in_hips=False,
    ),
    "prod": Operation(lambda xp, x, _: xp.prod(x, axis=-1)),
    "cumsum": Operation(lambda xp, x, _: xp.cumsum(x, axis=-1)),
    "sort": Operation(
        lambda xp, x, _: xp.sort(x, axis=-1),
        lambda xp, x, _: xp.sort(x, axis=-1)[0],
        in_hips=False,  # but of vectors
    ),
    "norm": Operation(lambda xp, x, _: xp.linalg.norm(x)),
    "softmax": Operation(softmax, lambda xp, x, _: xp.softmax(x, -1), own_softmax),
    "x[1:]": Operation(lambda _, x, _y: x[1:]),
    "x[[0, 1, 1]]": Operation(lambda _, x, _y: x[[0, 1, 1]]),
    "x.reshape(-1)": Operation(lambda _, x, _y: x.reshape(-1)),
    "x.T": Operation(lambda _, x, _y: x.T),
    "concatenate": Operation(lambda xp, x, y: xp.concatenate([x, y])),
    "stack": Operation(lambda xp, x, y: xp.stack([x, y])),
    "pad": Operation(
        lambda xp, x, _: xp.pad(x, 1, "constant"),
        lambda xp, x, _: xp.nn.functional.pad(x, (1, 1, 1, 1)),
    ),
    "outer": Operation(lambda xp, x, y: xp.outer(x[0], y[0])),
    "x @ y.T": Operation(lambda _, x, y: x @ y.T, large=False),
    "einsum": Operation(lambda xp, x, y: xp.einsum("ij,kj->ik", x, y), large=False),
    "solve": Operation(solve, large=False),
}


def seed_of(z: Any) -> Array:
    """The gradient to start from: of ones, that of a softmax would be 0."""
    return np.linspace(0.5, 1.5, np.prod(z.shape, dtype=int)).reshape(z.shape)


def recorded(fn: Callable[[Any, Any], Any], x: Any, y: Any, constant: Any) -> Pass:
    """The pass where tensors record what is computed from them."""
    seed = constant(seed_of(fn(x, y)))

    def run() -> list[Any]:
        x.grad = y.grad = None
        z = fn(x, y)
        z.backward(seed)
        return [z.detach(), *(p.grad for p in (x, y) if p.grad is not None)]

    return run


def in_minigrad(operation: Operation, a: Array, b: Array) -> Pass:
    import minigrad as mg

    fn = partial(operation.minigrad or operation.numpy, np)
    leaves = (mg.tensor(array, requires_grad=True) for array in (a, b))
    return recorded(fn, *leaves, mg.asarray)


def in_torch(operation: Operation, a: Array, b: Array) -> Pass:
    import torch

    torch.set_num_threads(1)
    fn = partial(operation.torch or operation.numpy, torch)
    leaves = (torch.tensor(array, requires_grad=True) for array in (a, b))
    return recorded(fn, *leaves, torch.from_numpy)


def in_hips(operation: Operation, a: Array, b: Array) -> Pass | None:
    import autograd
    import autograd.numpy as anp

    if not operation.in_hips:
        return None
    make_vjp = autograd.make_vjp(lambda pair: operation.numpy(anp, *pair))
    seed = seed_of(np.asarray(operation.numpy(np, a, b)))

    def run() -> list[Any]:
        vjp, z = make_vjp((a, b))
        return [z, *(g for g in vjp(seed) if g.any())]

    return run


def forward(operation: Operation, a: Array, b: Array) -> Pass:
    """NumPy's value alone."""
    return lambda: [operation.numpy(np, a, b)]


PASSES: dict[str, Callable[[Operation, Array, Array], Pass | None]] = {
    "minigrad": in_minigrad,
    "torch eager": in_torch,
    "HIPS autograd": in_hips,
    "NumPy's forward": forward,
}
