"""Functions that differentiate functions: gradients, vjps and jvps, Jacobians, Hessians.

Each makes inputs of its function's arguments, calls it, and walks the graph.  Given plain arrays it
returns plain arrays.  Given a Tensor, or a function that uses other tensors that require grad, it
returns Tensors that can be differentiated again: nothing is cut out of another graph.  It imports
core only.
"""

from __future__ import annotations

import functools
import operator
from collections.abc import Callable, Sequence
from typing import Any, TypeAlias

import numpy as np

from minigrad.core import (
    SCALAR,
    Tensor,
    asarray,
    enable_grad,
    grad,
    holds_tensor,
    is_grad_enabled,
    is_lazy,
    tensor,
    unwrap,
)

Argnums: TypeAlias = int | Sequence[int]


class Trace:
    """One call of a function, recorded from inputs of its own to its output."""

    def __init__(
        self, f: Callable[..., Any], argnums: Argnums, args: Sequence[Any], kwargs: dict[str, Any]
    ) -> None:
        self.name = getattr(f, "__name__", type(f).__name__)
        positions = [operator.index(i) for i in np.atleast_1d(argnums)]
        if not positions or any(not -len(args) <= i < len(args) for i in positions):
            raise ValueError(
                f"argnums={argnums} does not name arguments of {self.name}, which got {len(args)}"
            )
        call = list(args)
        self.inputs: list[Tensor] = [self._input(i, args[i]) for i in positions]
        with enable_grad():
            for i, x in zip(positions, self.inputs, strict=True):
                call[i] = x.copy()  # which the function may write into
                if np.ndim(args[i]) == 0 and not isinstance(args[i], (np.ndarray, Tensor)):
                    call[i]._view = SCALAR  # a number, as the argument is
            self.output = self._output(f(*call, **kwargs))
        self.in_tensors = holds_tensor([args, kwargs])
        # Whether the results are part of another graph, that they must stay in.
        self.outer = is_grad_enabled() and _needs_others(self.output, self.inputs)
        for x in self.inputs:  # what is computed around this call need not mind them
            if x._node is not None:
                x._node.done = True

    def _input(self, position: int, x: Any) -> Tensor:
        if _is_recorded(x):
            return x.copy()  # type: ignore[no-any-return]  # it is a Tensor
        leaf = tensor(unwrap(x))
        if leaf.dtype.kind != "f":
            way_out = (
                "pass its real and imaginary parts"
                if leaf.dtype.kind == "c"
                else "write 1.0 for 1, or pass np.asarray(x, float)"
            )
            raise TypeError(
                f"argument {position} of {self.name} has dtype {leaf.dtype}, and only floating "
                f"arguments can be differentiated by; {way_out}"
            )
        return leaf.requires_grad_()

    def _output(self, y: Any) -> Tensor:
        if isinstance(y, Tensor):
            return y
        if is_lazy(y):
            return asarray(y)
        if holds_tensor(y) or not np.issubdtype(np.asarray(y).dtype, np.number):
            raise TypeError(
                f"{self.name} must return one array to be differentiated, not "
                f"{type(y).__name__}; return one of its results, or np.stack them"
            )
        return asarray(np.asarray(y))

    def value(self) -> Any:
        """The output in the type that the caller computes with."""
        if self.outer:
            return self.output
        return self.returned(self.output.detach().copy())  # the graph may keep its array

    def pull_back(self, cotangent: Any, *, create_graph: bool = False) -> list[Tensor]:
        """The cotangents of the inputs for that of the output.  The graph is kept."""
        if not self.output.requires_grad:
            if np.shape(cotangent) != self.output.shape:
                raise ValueError(
                    f"the gradient has shape {np.shape(cotangent)} and the output "
                    f"{self.output.shape}; they must be equal"
                )
            return [tensor(np.zeros(x.shape, x.dtype)) for x in self.inputs]
        create_graph = create_graph or self.outer or _is_recorded(cotangent)
        return list(
            grad(self.output, self.inputs, cotangent, retain_graph=True, create_graph=create_graph)
        )

    def returned(self, result: Tensor) -> Any:
        """`result` in the type that the caller computes with, and in its graph if it has one."""
        return result if self.in_tensors or result.requires_grad else unwrap(result)


def _is_recorded(x: Any) -> bool:
    """Whether what is computed from x is recorded here and now."""
    return is_grad_enabled() and isinstance(x, Tensor) and x.requires_grad


def _needs_others(output: Tensor, inputs: Sequence[Tensor]) -> bool:
    """Whether `output` depends on a leaf that is none of `inputs`."""
    own = {x._node for x in inputs}
    if any(node is not None and node.plan is not None for node in own):
        return True
    oldest = min(node.serial for node in own if node is not None)
    seen = {output._node}
    stack = [output._node]
    while stack:
        node = stack.pop()
        if node is None or node in own:
            continue
        # A newer leaf was made by the function, and one that is done by an earlier transform.
        if node.plan is None and node.serial < oldest and not node.done:
            return True
        for parent in node.parents:
            if parent not in seen:
                seen.add(parent)
                stack.append(parent)
    return False


def value_and_grad(f: Callable[..., Any], argnums: Argnums = 0) -> Callable[..., tuple[Any, Any]]:
    """Make a function that returns f's value and its gradient.

    Parameters
    ----------
    f : callable
        Returns a scalar, computed with NumPy functions from arrays or Tensors.
    argnums : int or sequence of int
        Which positional arguments to differentiate by.

    Returns
    -------
    callable
        Takes f's arguments and returns (value, gradient): one gradient for an integer `argnums`, a
        tuple for a sequence, in their arguments' shapes and dtypes.

    Raises
    ------
    TypeError
        If an argument to differentiate by is not floating.
    ValueError
        If f does not return a scalar, or `argnums` names no argument.

    Examples
    --------
    >>> import numpy as np, minigrad as mg
    >>> f = mg.value_and_grad(lambda x: np.sum(x**3))
    >>> f(np.array([1.0, 2.0]))
    (array(9.), array([ 3., 12.]))

    """

    @functools.wraps(f)
    def differentiated(*args: Any, **kwargs: Any) -> tuple[Any, Any]:
        trace = Trace(f, argnums, args, kwargs)
        if trace.output.dtype.kind == "c":
            raise TypeError(
                f"{trace.name} returned a complex number, which has no gradient; return its real "
                "part, imaginary part or absolute value, or use minigrad.jacobian"
            )
        if trace.output.size != 1:
            raise ValueError(
                f"{trace.name} returned shape {trace.output.shape}, and only a scalar has a "
                "gradient; use minigrad.jacobian, or sum the result"
            )
        gradients = trace.pull_back(np.ones(trace.output.shape))
        results = tuple(map(trace.returned, gradients))
        return trace.value(), results[0] if np.ndim(argnums) == 0 else results

    return differentiated


def vjp(f: Callable[..., Any], *primals: Any) -> tuple[Any, Callable[[Any], tuple[Any, ...]]]:
    """Evaluate f, and return its vector-Jacobian product as a function.

    Parameters
    ----------
    f : callable
        Returns one array.
    *primals : array_like or Tensor
        f's arguments, all of them floating.

    Returns
    -------
    value : ndarray or Tensor
        f(*primals).
    pull_back : callable
        Maps a cotangent of the value's shape to a tuple with the cotangent of each argument.

    Examples
    --------
    >>> import numpy as np, minigrad as mg
    >>> y, pull_back = mg.vjp(np.multiply, np.array([1.0, 2.0]), np.array([3.0, 4.0]))
    >>> pull_back(np.array([1.0, 10.0]))
    (array([ 3., 40.]), array([ 1., 20.]))

    """
    trace = Trace(f, range(len(primals)), primals, {})

    def pull_back(cotangent: Any) -> tuple[Any, ...]:
        return tuple(map(trace.returned, trace.pull_back(cotangent)))

    return trace.value(), pull_back


def jvp(f: Callable[..., Any], primals: Sequence[Any], tangents: Sequence[Any]) -> tuple[Any, Any]:
    """Evaluate f and its Jacobian-vector product: the derivative in the direction of `tangents`.

    It is the vjp of the vjp, which is linear in its cotangent; there is no second set of rules.

    Parameters
    ----------
    f : callable
        Returns one array.
    primals, tangents : sequence of array_like or Tensor
        f's arguments and a direction for each, of its shape.

    Returns
    -------
    value, tangent : ndarray or Tensor
        Both of the shape of f's result.

    Examples
    --------
    >>> import numpy as np, minigrad as mg
    >>> mg.jvp(np.square, [np.array([1.0, 2.0])], [np.array([1.0, 10.0])])
    (array([1., 4.]), array([ 2., 40.]))

    """
    if len(primals) != len(tangents):
        raise ValueError(f"{len(primals)} primals and {len(tangents)} tangents: give one for each")
    for i, (x, v) in enumerate(zip(primals, tangents, strict=True)):
        if np.shape(x) != np.shape(v):
            raise ValueError(f"tangent {i} has shape {np.shape(v)}, its primal {np.shape(x)}")
    trace = Trace(f, range(len(primals)), primals, {})
    value = trace.value()
    if not trace.output.requires_grad:
        return value, trace.returned(tensor(np.zeros(trace.output.shape, trace.output.dtype)))
    recorded = trace.outer or any(map(_is_recorded, tangents))
    dtype = trace.output.dtype  # a complex cotangent is a real leaf, cast
    zeros = np.zeros_like(unwrap(trace.output), dtype=np.finfo(dtype).dtype)
    leaf = Tensor(zeros).requires_grad_()
    with enable_grad():
        cotangent = leaf.astype(dtype)
        pulled = trace.pull_back(cotangent, create_graph=True)
        pairs = [(c, v) for c, v in zip(pulled, tangents, strict=True) if c.requires_grad]
        tangent = grad(
            [c for c, _ in pairs], cotangent, [v for _, v in pairs], create_graph=recorded
        )
    return value, trace.returned(tangent)


def jacobian(f: Callable[..., Any], argnums: Argnums = 0) -> Callable[..., Any]:
    """Make a function that returns f's Jacobian: one backward walk for each element of the result.

    Parameters
    ----------
    f : callable
        Returns one array.
    argnums : int or sequence of int
        Which positional arguments to differentiate by.

    Returns
    -------
    callable
        Takes f's arguments and returns the derivatives of f's result y by x, in an array of shape
        y.shape + x.shape; a tuple of them, if `argnums` is a sequence.

    Examples
    --------
    >>> import numpy as np, minigrad as mg
    >>> mg.jacobian(np.square)(np.array([1.0, 2.0]))
    array([[2., 0.],
           [0., 4.]])

    """

    @functools.wraps(f)
    def differentiated(*args: Any, **kwargs: Any) -> Any:
        trace = Trace(f, argnums, args, kwargs)
        shape, size = trace.output.shape, trace.output.size
        is_complex = trace.output.dtype.kind == "c"
        if any(x.dtype.kind == "c" for x in trace.inputs):
            raise TypeError(
                f"{trace.name} has no Jacobian by a complex argument; make it a function of real "
                "and imaginary parts"
            )
        rows = [trace.pull_back(row.reshape(shape)) for row in np.eye(size)]
        if is_complex:  # these were the derivatives of the real parts
            others = [trace.pull_back(1j * row.reshape(shape)) for row in np.eye(size)]
            rows = [
                [re + 1j * im for re, im in zip(*parts, strict=True)]
                for parts in zip(rows, others, strict=True)
            ]
        results = []
        for i, x in enumerate(trace.inputs):
            if rows:
                column = asarray([row[i] for row in rows]).reshape((*shape, *x.shape))
            else:
                dtype = np.result_type(x.dtype, 1j) if is_complex else x.dtype
                column = tensor(np.zeros((*shape, *x.shape), dtype))
            results.append(trace.returned(column))
        return results[0] if np.ndim(argnums) == 0 else tuple(results)

    return differentiated


def _gradient(f: Callable[..., Any], argnum: int) -> Callable[..., Any]:
    both = value_and_grad(f, argnum)
    return lambda *args, **kwargs: both(*args, **kwargs)[1]


def hessian(f: Callable[..., Any], argnum: int = 0) -> Callable[..., Any]:
    """Make a function that returns f's Hessian by one argument.

    Parameters
    ----------
    f : callable
        Returns a scalar.
    argnum : int
        Which positional argument x to differentiate by.

    Returns
    -------
    callable
        Takes f's arguments and returns an array of shape x.shape + x.shape.

    Examples
    --------
    >>> import numpy as np, minigrad as mg
    >>> mg.hessian(lambda x: x[0] ** 2 * x[1])(np.array([1.0, 2.0]))
    array([[4., 2.],
           [2., 0.]])

    """
    return jacobian(_gradient(f, argnum), argnum)


def hvp(f: Callable[..., Any]) -> Callable[..., Any]:
    """Make a function that returns f's Hessian times a vector, without the Hessian.

    Parameters
    ----------
    f : callable
        Returns a scalar; x is its first argument.

    Returns
    -------
    callable
        `product(x, v, *args)` is the Hessian of f(x, *args) by x, times v, in the shape of x: what
        `scipy.optimize.minimize` calls `hessp`.

    Examples
    --------
    >>> import numpy as np, minigrad as mg
    >>> mg.hvp(lambda x: np.sum(x**3))(np.array([1.0, 2.0]), np.array([1.0, 10.0]))
    array([  6., 120.])

    """
    gradient = _gradient(f, 0)

    def product(x: Any, v: Any, *args: Any, **kwargs: Any) -> Any:
        trace = Trace(gradient, 0, (x, *args), kwargs)
        return trace.returned(trace.pull_back(v)[0])

    return product
