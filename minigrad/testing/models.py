"""The book's gradient check, for a model with parameters: a table with a row for each.

It needs NumPy only, and any object with `named_parameters()`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from minigrad.core import enable_grad, no_grad
from minigrad.testing.calls import array_of
from minigrad.testing.numerical import RELATIVE, STEPS, Differences

HEADINGS = ("parameter", "shape", "mean |gradient|", "backward", "differences", "+-")
ROUGH = 0.01  # the error, by what it is an error of, above which differences say nothing


class ParameterCheck(NamedTuple):
    """A parameter's gradient, and the slope of the loss in a random direction, found twice."""

    name: str
    shape: tuple[int, ...]
    mean: float
    backward: float
    differences: float
    error: float
    allowed: float

    @property
    def verdict(self) -> str:
        """Empty if the slopes agree."""
        if abs(self.backward - self.differences) > self.allowed:
            return "WRONG"
        rough = self.error > ROUGH * max(abs(self.backward), abs(self.differences), 1e-9)
        return "a kink is near, nothing can be said" if rough else ""

    def cells(self) -> list[str]:
        """The row of the table."""
        numbers = [f"{z:.10g}" for z in (self.backward, self.differences)]
        return [self.name, str(self.shape), f"{self.mean:.1e}", *numbers, f"{self.error:.0e}"]


class ModelCheck(list[ParameterCheck]):
    """The rows of a gradient check, shown as a table."""

    def __repr__(self) -> str:
        rows = [list(HEADINGS), *(row.cells() for row in self)]
        widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
        verdicts = ["", *(row.verdict for row in self)]
        return "\n".join(
            "  ".join(
                [cell.ljust(w) if i < 1 else cell.rjust(w)
                 for i, (cell, w) in enumerate(zip(row, widths, strict=True))] + [verdict]
            ).rstrip()
            for row, verdict in zip(rows, verdicts, strict=True)
        )  # fmt: skip


def check_model(
    model: Any, loss: Callable[..., Any], *data: Any, rng: np.random.Generator | int | None = 0
) -> ModelCheck:
    """Hold the gradients of a model's parameters against differences of the loss.

    Each parameter is moved in a random direction, so that it takes some 40 losses and not two for
    each number in it.  Differences of float32 have few digits: make the model float64 to see more.

    Parameters
    ----------
    model : Module
        Or anything whose `named_parameters()` yields names and tensors.
    loss : callable
        `loss(*data)` is a scalar, computed with the model.
    *data
        Passed to the loss.
    rng : numpy.random.Generator, int or None
        Draws the directions.

    Returns
    -------
    list of ParameterCheck
        One for each parameter, with both slopes; it prints as a table.

    Raises
    ------
    AssertionError
        With the table, if the slopes of a parameter differ, or none has good differences.

    Examples
    --------
    >>> import numpy as np, minigrad as mg
    >>> net = mg.nn.Linear(3, 2, rng=0)
    >>> x, t = np.ones((4, 3)), np.zeros((4, 2))
    >>> for row in mg.testing.check_model(net, lambda x, t: ((net(x) - t) ** 2).mean(), x, t):
    ...     print(row.name, row.shape, abs(row.backward - row.differences) <= row.allowed)
    weight (3, 2) True
    bias (2,) True

    """
    rng = np.random.default_rng(rng)
    parameters = list(model.named_parameters())
    if not parameters:
        raise ValueError(f"check_model: {type(model).__name__} has no parameters to check")
    kept = [(p.numpy(), p.grad) for _, p in parameters]
    for _, p in parameters:
        p.grad = None
    try:
        with enable_grad():
            loss(*data).backward()
        gradients = [None if p.grad is None else array_of(p.grad) for _, p in parameters]
    finally:
        for (_, p), (_, grad) in zip(parameters, kept, strict=True):
            p.grad = grad
    rows = ModelCheck()
    for (name, p), gradient in zip(parameters, gradients, strict=True):
        g = np.zeros(p.shape) if gradient is None else gradient.astype(float)
        rows.append(_checked(name, p, g, lambda: loss(*data), rng))
    if any(row.verdict == "WRONG" for row in rows) or all(row.verdict for row in rows):
        raise AssertionError(f"the gradient check fails\n{rows!r}")
    return rows


def _checked(
    name: str, p: Any, gradient: Any, loss: Callable[[], Any], rng: np.random.Generator
) -> ParameterCheck:
    """Move one parameter in a random direction, measured in its own size."""
    own = p.numpy()
    size = np.sqrt(np.mean(np.square(own, dtype=float))) or 1.0 if own.size else 1.0
    direction = rng.standard_normal(own.shape) * size

    @no_grad()
    def moved(t: float) -> list[float]:
        p.data = np.asarray(own + t * direction, own.dtype)
        return [float(array_of(loss()))]

    try:
        found = [Differences(moved, step) for step in STEPS]
    finally:
        p.data = own
    estimate = found[0].slope()
    for d in found[1:]:
        estimate = estimate.best(d.slope())
    slope, error = (float(z[0]) for z in estimate)
    terms = gradient * direction
    relative = max(RELATIVE, 1e3 * float(np.finfo(own.dtype).eps))
    allowed = 2 * error + relative * (float(np.sum(np.abs(terms))) + abs(slope))
    allowed += relative * abs(float(found[0].here[0])) * 1e-3
    mean = float(np.mean(np.abs(gradient))) if gradient.size else 0.0
    return ParameterCheck(name, own.shape, mean, float(np.sum(terms)), slope, error, allowed)
