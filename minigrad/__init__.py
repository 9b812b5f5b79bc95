"""Gradients for NumPy code, each one property-tested.

A `Tensor` records NumPy operations; `.backward()` gives exact derivatives, of any order.
"""

from minigrad import nn, ops, optim, testing
from minigrad.core import (
    Tensor,
    asarray,
    defvjp,
    enable_grad,
    grad,
    is_grad_enabled,
    no_grad,
    primitive,
    tensor,
)
from minigrad.distributed import compute
from minigrad.ops.elementwise import relu, sigmoid
from minigrad.ops.reductions import logsumexp, softmax
from minigrad.transforms import hessian, hvp, jacobian, jvp, value_and_grad, vjp

__version__ = "0.1.0"

__all__ = [
    "Tensor",
    "asarray",
    "compute",
    "defvjp",
    "enable_grad",
    "grad",
    "hessian",
    "hvp",
    "is_grad_enabled",
    "jacobian",
    "jvp",
    "logsumexp",
    "nn",
    "no_grad",
    "ops",
    "optim",
    "primitive",
    "relu",
    "sigmoid",
    "softmax",
    "tensor",
    "testing",
    "value_and_grad",
    "vjp",
]
