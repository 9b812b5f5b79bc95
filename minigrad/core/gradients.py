"""Gradients: from outputs that a user has, by the walk back, to the gradients that the user gets.

What enters the walk is checked, and what leaves it is in memory of its own.  Between them stands
`across`: of complex numbers users see the conjugates of what the walk computes with.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

import numpy as np

from minigrad.core.arrays import as_array
from minigrad.core.base import TensorBase, new_tensor
from minigrad.core.graph import Node, backpropagate, fits, leading_to
from minigrad.core.lazy import is_lazy, walking
from minigrad.core.operands import as_tensor
from minigrad.core.tables import Operand


def across(g: Operand) -> Operand:
    """`g` taken from the walk to a user, or back: outside, a complex gradient is the conjugate.

    A user is given, and gives, of a loss by z = a + ib what points up the loss, its derivative by a
    plus i times that by b.  The walk computes with the derivative by a minus i times that by b, so
    that the rules of analytic functions are g f'(x).
    """
    return np.conjugate(g) if g.dtype.kind == "c" else g


def hooked(hook: Callable[[Any], Any], g: Operand, on_tensors: bool) -> Operand:
    """The cotangent that `hook` puts in the place of g, or g where it returns None."""
    returned = hook(apart(across(g), g.dtype))
    if returned is None:
        return g
    replacement = as_tensor(returned)
    if replacement.shape != g.shape:
        raise ValueError(
            f"a hook returned shape {replacement.shape} for a gradient of shape {g.shape}"
        )
    if not fits(replacement, g):
        raise TypeError(
            f"a hook returned dtype {replacement.dtype} for a gradient of dtype {g.dtype}"
        )
    replacement = across(replacement.astype(g.dtype))
    return replacement if on_tensors else replacement.numpy().copy()


def apart(g: Operand, dtype: np.dtype[Any]) -> Any:
    """`g` as a Tensor in memory of its own, at its place in the graph if it has one."""
    if isinstance(g, TensorBase):
        return new_tensor(g._array.astype(dtype), g._node)
    return new_tensor(as_array(g.astype(dtype)))


def seed(output: Any, gradient: Any, create_graph: bool) -> tuple[Node, Operand]:
    """The node of `output` and the cotangent to start from, checked."""
    if output._node is None:
        raise RuntimeError(
            "backward from a tensor that does not require grad; make an input with "
            "requires_grad=True, and compute outside no_grad() and without detach()"
        )
    if gradient is None:
        if output.size != 1:
            raise RuntimeError(
                f"backward from shape {output.shape} needs a gradient of that shape: only a scalar "
                "has an implicit one; reduce it first, e.g. y.sum().backward()"
            )
        if output.dtype.kind == "c":
            raise RuntimeError(
                "backward from a complex tensor needs a gradient: only a real scalar has an "
                "implicit one; take y.real, y.imag or np.abs(y) first"
            )
        if is_lazy(output._array):
            return output._node, new_tensor(np.ones_like(output._array))
        one = np.array(1, output.dtype).reshape(output.shape)
        return output._node, new_tensor(one) if create_graph else one
    gradient = as_tensor(gradient)
    if gradient.shape != output.shape:
        raise ValueError(
            f"the gradient has shape {gradient.shape} and the output {output.shape}; "
            "they must be equal"
        )
    if not fits(gradient, output):
        raise TypeError(
            f"the gradient of a {output.dtype} tensor cannot have dtype {gradient.dtype}"
        )
    if gradient.requires_grad and not create_graph:
        raise RuntimeError(
            "the gradient requires grad itself; pass create_graph=True to differentiate through "
            "it, or gradient.detach() for a constant"
        )
    if is_lazy(output._array):
        gradient = gradient * np.ones_like(output._array)  # in chunks
    if create_graph or is_lazy(output._array):
        return output._node, across(gradient.astype(output.dtype))
    return output._node, across(gradient._array.astype(output.dtype, copy=False))


def grad(
    outputs: TensorBase | Sequence[TensorBase],
    inputs: TensorBase | Sequence[TensorBase],
    grad_outputs: Any = None,
    *,
    retain_graph: bool = False,
    create_graph: bool = False,
) -> Any:
    """Gradients of `outputs` with respect to `inputs`, leaving every `.grad` alone.

    Parameters
    ----------
    outputs : Tensor or sequence of Tensor
        What to differentiate; scalars, unless `grad_outputs` is given.
    inputs : Tensor or sequence of Tensor
        Leaves or intermediate results that require grad.
    grad_outputs : array_like or sequence of array_like, optional
        The cotangent of each output, of its shape.
    retain_graph : bool
        Keep the graph for another walk.
    create_graph : bool
        Record the walk itself, so that the gradients can be differentiated again; keeps the graph.

    Returns
    -------
    Tensor or tuple of Tensor
        As `inputs`, in their shapes and dtypes; zeros for one that no output depends on.

    Examples
    --------
    >>> import minigrad as mg
    >>> x = mg.tensor([1.0, 2.0], requires_grad=True)
    >>> (g,) = mg.grad((x**3).sum(), [x], create_graph=True)
    >>> g
    tensor([ 3., 12.], requires_grad=True)
    >>> mg.grad(g.sum(), x)
    tensor([ 6., 12.])

    """
    single, one = isinstance(inputs, TensorBase), isinstance(outputs, TensorBase)
    inputs = [inputs] if isinstance(inputs, TensorBase) else inputs
    outputs = [outputs] if isinstance(outputs, TensorBase) else outputs
    if grad_outputs is None:
        grad_outputs = [None] * len(outputs)
    elif one:
        grad_outputs = [grad_outputs]
    if len(grad_outputs) != len(outputs):
        raise ValueError(
            f"{len(outputs)} outputs and {len(grad_outputs)} grad_outputs: give one each"
        )
    for name, tensors in ("output", outputs), ("input", inputs):
        for i, t in enumerate(tensors):
            if not isinstance(t, TensorBase):
                raise TypeError(f"grad: {name} {i} is no Tensor but {type(t).__name__}")
    if not inputs:
        raise ValueError("grad needs an input to differentiate by")
    nodes = [t._node for t in inputs if t._node is not None]
    if len(nodes) < len(inputs):
        without = [i for i, t in enumerate(inputs) if t._node is None]
        raise RuntimeError(
            f"inputs {without} do not require grad, so nothing was recorded for them; "
            "set requires_grad=True before computing the output"
        )
    cotangents: dict[Node, Operand] = {}
    for output, gradient in zip(outputs, grad_outputs, strict=True):
        node, g = seed(output, gradient, create_graph)
        cotangents[node] = cotangents[node] + g if node in cotangents else g
    within = leading_to(nodes, cotangents)
    lazy = any(is_lazy(output._array) for output in outputs)
    with poles_are_silent(), walking(create_graph, lazy):
        walk = backpropagate(
            {node: g for node, g in cotangents.items() if node in within},
            nodes,
            within=within,
            retain_graph=retain_graph or create_graph,
            on_tensors=create_graph or lazy,
        )
        found = owned(walk, {id(g) for g in cotangents.values()})
    gradients = []
    for i, node in enumerate(nodes):
        g = found.get(node)
        if g is None:
            g = new_tensor(np.zeros_like(inputs[i]._array))
        elif node in nodes[:i]:  # an input that was given twice
            g = apart(g, node.dtype)
        gradients.append(g)
    return gradients[0] if single else tuple(gradients)


def owned(gradients: Iterable[tuple[Node, Operand]], taken: set[int]) -> dict[Node, Any]:
    """The gradient of each node as a Tensor to keep, in memory that nothing else uses.

    A rule may return its cotangent itself, so that one array arrives at several nodes.  `taken` are
    the ids of the arrays that somebody has already: at first, those that the walk started from.
    """
    kept: dict[Node, Any] = {}
    for node, total in gradients:
        g = across(total)
        shared = isinstance(g, TensorBase) or id(g) in taken  # a Tensor's graph may keep its array
        if shared or getattr(g, "base", None) is not None or g.dtype != node.dtype:
            kept[node] = apart(g, node.dtype)
        else:
            taken.add(id(g))
            kept[node] = new_tensor(as_array(g))
    return kept


def add_gradients(output: Any, gradient: Any, retain_graph: bool, create_graph: bool) -> None:
    """Add the gradient of `output` to the `.grad` of every leaf that it depends on."""
    node, g = seed(output, gradient, create_graph)
    lazy = is_lazy(output._array)
    with poles_are_silent(), walking(create_graph, lazy):
        walk = backpropagate(
            {node: g},
            retain_graph=retain_graph or create_graph,
            on_tensors=create_graph or lazy,
        )
        gradients = owned(walk, {id(g)})  # all of them: an error on the way changes none
        for leaf, total in gradients.items():
            leaf.grad = total if leaf.grad is None else leaf.grad + total


def poles_are_silent() -> np.errstate:
    """Derivatives at poles are inf or nan by convention, without a warning."""
    return np.errstate(divide="ignore", invalid="ignore", over="ignore")
