"""Activations and losses as functions: composites of recorded operations.

It imports core and ops only; layers.py makes modules of some of them.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from minigrad.core import Axis, Tensor, apply, asarray, is_lazy, operand, unwrap
from minigrad.ops.elementwise import relu, sigmoid
from minigrad.ops.indexing import check_labels, pick
from minigrad.ops.reductions import logsumexp, softmax
from minigrad.ops.special import ndtr

__all__ = ["cross_entropy", "gelu", "log_softmax", "logsumexp", "relu", "sigmoid", "softmax"]


def gelu(x: Any, approximate: str = "none") -> Tensor:
    """X times how likely a standard normal number is below x: the Gaussian error linear unit.

    Parameters
    ----------
    x : array_like or Tensor
        Real numbers of any shape.
    approximate : {"none", "tanh"}
        Whether the distribution is exact, or x (1 + tanh(sqrt(2/pi) (x + 0.044715 x**3))) / 2 is
        taken, which differs by up to 0.0005 and which some networks were trained with.

    Raises
    ------
    ValueError
        If `approximate` is neither.

    Examples
    --------
    >>> import minigrad as mg
    >>> import minigrad.nn.functional as F
    >>> F.gelu(mg.tensor([-1.0, 0.0, 1.0]))
    tensor([-0.15865525,  0.        ,  0.84134475])

    """
    z = asarray(x)
    if approximate == "none":
        below: Tensor = ndtr(z)
        return z * below
    if approximate == "tanh":
        return z * (1 + (math.sqrt(2 / math.pi) * z * (1 + 0.044715 * z * z)).tanh()) / 2
    raise ValueError(f"approximate={approximate!r}; it is 'none' or 'tanh'")


def log_softmax(x: Any, axis: Axis = -1) -> Tensor:
    """log(softmax(x)) over `axis`, exact where softmax(x) itself would round to 0.

    Parameters
    ----------
    x : array_like or Tensor
        Logits, of any shape.
    axis : int, tuple of int or None
        The axis that the probabilities sum to one over.

    Examples
    --------
    >>> import minigrad as mg
    >>> import minigrad.nn.functional as F
    >>> F.log_softmax(mg.tensor([10000.0, 0.0]))
    tensor([     0., -10000.])

    """
    logits = asarray(x)
    total: Tensor = logsumexp(logits, axis, True)
    return logits - total


def cross_entropy(logits: Any, target: Any, *, reduction: str = "mean") -> Tensor:
    """Negative log-likelihood of `target` under softmax(`logits`).

    Parameters
    ----------
    logits : array_like or Tensor
        Shape (..., C): scores of C classes.
    target : array_like or Tensor
        Class indices, integers of shape (...) below C; or probabilities, floating or one-hot, of
        the shape of `logits`, which each sum to one.
    reduction : {"mean", "sum", "none"}
        The mean or sum over all leading axes, or a loss for each of them.  The mean of no losses is
        nan.

    Raises
    ------
    TypeError
        If class indices are not integers, or `logits` not floating.
    ValueError
        If shapes do not fit, an index is out of range, or `reduction` is none of the three.

    Examples
    --------
    >>> import minigrad as mg
    >>> import minigrad.nn.functional as F
    >>> logits = mg.tensor([[10000.0, 0.0], [0.0, 0.0]], requires_grad=True)
    >>> loss = F.cross_entropy(logits, [1, 0])
    >>> loss.backward()
    >>> logits.grad
    tensor([[ 0.5 , -0.5 ],
            [-0.25,  0.25]])

    """
    scores, truth = asarray(logits), asarray(target)
    if scores.ndim == 0 or scores.shape[-1] == 0 or scores.dtype.kind != "f":
        raise (TypeError if scores.dtype.kind != "f" else ValueError)(
            f"cross_entropy takes floating logits of shape (..., C), not {scores.dtype} of shape "
            f"{scores.shape}"
        )
    losses: Tensor
    if truth.shape == scores.shape:
        p, log_q = operand(target).astype(scores.dtype), log_softmax(scores)
        if not p.requires_grad:  # 0 log 0 is 0, also where a logit is -inf
            log_q = apply(np.where, p == 0, 0, log_q)
        losses = -(p * log_q).sum(axis=-1)
    else:
        total: Tensor = logsumexp(scores, -1)
        losses = total - _at_class(scores, truth)
    if reduction == "none":
        return losses
    if reduction == "sum":
        return losses.sum()
    if reduction == "mean":
        return losses.mean()
    raise ValueError(f"reduction={reduction!r}; it is 'mean', 'sum' or 'none'")


def _at_class(logits: Tensor, target: Tensor) -> Tensor:
    """The logit of the class that `target` names, for every leading index."""
    classes = logits.shape[-1]
    labels = unwrap(target)
    if labels.shape != logits.shape[:-1]:
        raise ValueError(
            f"cross_entropy of logits {logits.shape} takes class indices of shape "
            f"{logits.shape[:-1]} or probabilities of shape {logits.shape}, not {labels.shape}"
        )
    if labels.dtype.kind not in "iu":
        raise TypeError(
            f"cross_entropy takes class indices as integers, not {labels.dtype}; "
            "use labels.astype(int), or probabilities of the shape of the logits"
        )
    if not is_lazy(labels):  # else each chunk is checked when it is computed
        check_labels(labels, classes)
    picked: Tensor
    if labels.ndim == 1:
        picked = pick(logits, labels)
    else:
        picked = pick(logits.reshape(-1, classes), labels.reshape(-1)).reshape(labels.shape)
    return picked
