"""Stochastic gradient descent, with momentum.

It imports core and distributed only.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import numpy.typing as npt

from minigrad.core import Tensor, is_lazy, unwrap
from minigrad.distributed import compute_gradients


class SGD:
    """p <- p - lr * v, where v is the gradient, or its running sum with momentum.

    With momentum m and gradient g (plus weight_decay * p): v <- m v + g; with `nesterov` the step
    goes along g + m v instead of v.  Sutskever et al., "On the importance of initialization and
    momentum in deep learning", 2013, in PyTorch's form.

    Parameters
    ----------
    params : iterable of Tensor
        Leaves that require grad.  A step gives them new values, and changes no array: graphs that
        were recorded before stay right.
    lr : float
        The length of a step.
    momentum, weight_decay : float
        m, and the factor of p that is added to its gradient.
    nesterov : bool
        Whether to look ahead; it needs a momentum.

    Raises
    ------
    TypeError
        If a parameter is not a leaf that requires grad.
    ValueError
        If there are no parameters, a number is negative, or nesterov lacks its momentum.

    Examples
    --------
    >>> import minigrad as mg
    >>> x = mg.tensor([3.0, -4.0], requires_grad=True)
    >>> optimizer = mg.optim.SGD([x], lr=0.25)
    >>> for _ in range(2):
    ...     optimizer.zero_grad()
    ...     (x * x).sum().backward()
    ...     optimizer.step()
    >>> x
    tensor([ 0.75, -1.  ], requires_grad=True)

    """

    def __init__(
        self,
        params: Iterable[Tensor],
        lr: float = 0.01,
        *,
        momentum: float = 0.0,
        nesterov: bool = False,
        weight_decay: float = 0.0,
    ) -> None:
        if isinstance(params, Tensor):
            raise TypeError("SGD takes a list of tensors, not one tensor; pass [p]")
        self.params = list(params)
        if not self.params:
            raise ValueError("SGD got no parameters; pass model.parameters()")
        for p in self.params:
            if not isinstance(p, Tensor) or not p.requires_grad or not p.is_leaf:
                raise TypeError(f"SGD takes leaf tensors that require grad, not {p!r}")
            if is_lazy(unwrap(p)):
                raise TypeError(
                    "SGD takes parameters in memory: one that is a Dask array would have a longer "
                    "graph after each step; pass minigrad.compute(p)[0].requires_grad_()"
                )
        if len({id(p) for p in self.params}) < len(self.params):
            raise ValueError("SGD got a parameter twice, which would take two steps at a time")
        for name, number in {"lr": lr, "momentum": momentum, "weight_decay": weight_decay}.items():
            if not 0 <= number < np.inf:
                raise ValueError(f"SGD: {name}={number} must be finite and not negative")
        if nesterov and momentum == 0:
            raise ValueError("SGD: nesterov=True needs a momentum")
        self.lr = lr
        self.momentum = momentum
        self.nesterov = nesterov
        self.weight_decay = weight_decay
        self._velocities: list[npt.NDArray[np.floating] | None] = [None] * len(self.params)

    def zero_grad(self) -> None:
        """Forget every parameter's gradient."""
        for p in self.params:
            p.grad = None

    def step(self) -> None:
        """Take one step along the gradients; a parameter without one stays as it is.

        Gradients that are Dask arrays are computed first, all in one pass.
        """
        compute_gradients(self.params)
        # Python floats leave float32 as it is, where NumPy's would make float64 of it.
        lr, momentum, decay = float(self.lr), float(self.momentum), float(self.weight_decay)
        for i, p in enumerate(self.params):
            grad, x = p.grad, unwrap(p)
            if grad is None:
                continue
            g = unwrap(grad)
            if decay:
                g = g + decay * x
            if momentum:
                v = self._velocities[i]
                v = g.copy() if v is None else momentum * v + g
                self._velocities[i] = v
                g = g + momentum * v if self.nesterov else v
            step = np.multiply(lr, g, out=np.empty_like(x))
            p.data = np.subtract(x, step, out=step)  # in memory that nothing else sees
