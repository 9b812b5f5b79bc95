"""The table of rules: what a rule reads, what is kept for it, and how it is given with `defvjp`.

A rule is `vjp(g, y, *args, **kwargs)`, from the cotangent g of the result y to that of one operand;
the names of its parameters say what it reads.  Next: graph.py, where rules are called.
"""

from __future__ import annotations

import copy
import functools
import inspect
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from minigrad.core.arrays import snapshot
from minigrad.core.lazy import shape_of
from minigrad.core.messages import name_of, unsupported
from minigrad.core.tables import (
    ALWAYS,
    COMPLEX,
    COMPOSITES,
    RULES,
    SHORTCUTS,
    Operand,
    Operation,
    Vjp,
)


class Reads:
    """What a vjp reads, told by its parameters' names: `_x` nothing, `x_shape` the shape, `x` x."""

    def __init__(self, vjp: Vjp, operands: int, leading: int) -> None:
        parameters = list(inspect.signature(vjp).parameters.values())
        by_position = [p.name for p in parameters if p.kind is p.POSITIONAL_OR_KEYWORD][leading:]
        self.output, self.args = by_position[0], by_position[1:]  # after g (and, for `each`, i)
        self.rest = next((p.name for p in parameters if p.kind is p.VAR_POSITIONAL), "")
        self.operands = operands
        self.keywords = {p.name for p in parameters} - set(self.args[:operands])
        self.any_keyword = any(p.kind is p.VAR_KEYWORD for p in parameters)

    def name(self, position: int) -> str:
        """The parameter that takes the argument at `position`; empty if there is none."""
        return self.args[position] if position < len(self.args) else self.rest

    def ignores(self, position: int) -> bool:
        """Whether the argument at `position` is not read."""
        return self.name(position).startswith("_")

    def takes_shape(self, position: int) -> bool:
        """Whether of the operand at `position` only the shape is read."""
        return position < self.operands and self.name(position).endswith("_shape")


reads = functools.cache(Reads)


class Rule:
    """The derivative of one operation: a vjp for each array argument."""

    def __init__(
        self,
        fn: Any,
        vjps: Sequence[Vjp | str | None],
        each: Vjp | None,
        broadcasts: bool,
    ) -> None:
        self.fn = fn
        self.forward = SHORTCUTS.get(fn) or (fn.forward if isinstance(fn, Operation) else fn)
        self.vjps = vjps
        self.each = each
        self.broadcasts = broadcasts
        self.plans: dict[int, Plan] = {}

    def plan(self, wanted: int) -> Plan:
        """The plan for a call.

        `wanted` in binary is a 1, then a digit for each argument: 1 where it requires grad.
        """
        if wanted not in self.plans:
            self.plans[wanted] = Plan(self, [digit == "1" for digit in f"{wanted:b}"[1:]])
        return self.plans[wanted]

    def kept(self, position: int, value: Any) -> Any:
        """What the graph keeps of the argument at `position`, which is no Tensor."""
        differentiable = position < len(self.vjps) and self.vjps[position] is not None
        if isinstance(value, (list, tuple)) and (differentiable or isinstance(self.fn, np.ufunc)):
            return np.array(value)  # of numbers, and no index or shape
        return snapshot(value)

    def refuses_all(self) -> bool:
        """Whether there are but reasons why no argument has a derivative."""
        return self.each is None and all(vjp is None or isinstance(vjp, str) for vjp in self.vjps)

    def vjp(self, position: int) -> tuple[Vjp, Reads] | None:
        """The vjp for the argument at `position` and what it reads; None: constant there."""
        if position < len(self.vjps):
            vjp = self.vjps[position]
            if isinstance(vjp, str):
                raise TypeError(
                    f"{name_of(self.fn)} has no derivative by its argument {position}: {vjp}; "
                    "pass t.detach() for a constant"
                )
            return vjp and (vjp, reads(vjp, len(self.vjps), 1))
        if self.each is None:
            raise TypeError(
                f"{name_of(self.fn)} has no rule for its argument {position}, which requires grad; "
                "pass t.detach() for a constant, or give it one with defvjp"
            )
        return functools.partial(self.each, position), reads(self.each, 0, 2)


class Plan:
    """What to keep, and which vjps to call, for arguments of which those `wanted` require grad."""

    def __init__(self, rule: Rule, wanted: Sequence[bool]) -> None:
        self.rule = rule
        n_args = len(wanted)
        operands = [i for i in range(n_args) if wanted[i]]
        known = [rule.vjp(i) for i in operands]
        self.skips = [k is None for k in known] if None in known else None
        self.positions = [i for i, k in zip(operands, known, strict=True) if k]
        vjps = [k[0] for k in known if k]
        self.reads = [k[1] for k in known if k]
        self.keeps_output = any(not r.output.startswith("_") for r in self.reads)
        self.ignored: list[int] = []
        self.shapes: list[int] = []
        self.values: list[int] = []
        distinct = set(self.reads)
        for i in range(n_args):
            if not all(r.name(i) for r in distinct):
                raise TypeError(f"the rule of {name_of(rule.fn)} takes no argument {i}")
            if all(r.ignores(i) for r in distinct):
                self.ignored.append(i)
            elif all(r.ignores(i) or r.takes_shape(i) for r in distinct):
                self.shapes.append(i)
            else:
                self.values.append(i)
        self.trims = bool(self.ignored or self.shapes)
        self.vjps = [  # numbered as the parents of a node are
            (i, taking_shapes(vjp, [j for j in self.values if r.takes_shape(j)]))
            for i, (vjp, r) in enumerate(zip(vjps, self.reads, strict=True))
        ]
        self.passes_on = functools.cache(self._passes_on)

    def _passes_on(self, *keywords: str) -> list[str]:
        """Which of the keywords given go to the vjps; one that they do not know is refused."""
        for name in keywords:
            known = all(r.any_keyword or name in r.keywords for r in self.reads)
            if not known and name not in VALUE_ONLY:
                raise unsupported(self.rule.fn, name)
        return [k for k in keywords if any(r.any_keyword or k in r.keywords for r in self.reads)]


def taking_shapes(vjp: Vjp, positions: list[int]) -> Vjp:
    """`vjp`, where another one had the values kept of which it reads the shapes."""
    if not positions:
        return vjp

    def with_shapes(g: Operand, y: Operand, *args: Any, **kwargs: Any) -> Operand:
        read = [shape_of(a) if i in positions else a for i, a in enumerate(args)]
        return vjp(g, y, *read, **kwargs)

    return with_shapes


@functools.cache
def taking_shares(plan: Plan) -> Plan:
    """`plan` for an operation of several results: its vjps take a tuple of their cotangents."""
    joint = copy.copy(plan)
    joint.vjps = [(i, of_tuple(vjp)) for i, vjp in plan.vjps]
    return joint


def of_tuple(vjp: Vjp) -> Vjp:
    """`vjp`, given the `Shares` of graph.py."""
    return lambda shares, ys, *args, **kwargs: vjp(shares.all(), ys, *args, **kwargs)


# Arguments that say how a value is computed or stored, and so leave its derivative as it is.
VALUE_ONLY = {"dtype", "casting", "order", "subok", "optimize", "copy"}


def defvjp(
    fn: Callable[..., Any],
    *vjps: Vjp | str | None,
    each: Vjp | None = None,
    broadcasts: bool | None = None,
    complex: bool = False,
) -> None:
    """Give `fn` its derivative: one rule for each of its array arguments.

    A rule is `vjp(g, y, *args, **kwargs)`: it maps `g`, the cotangent of the result `y`, to the
    cotangent of one argument.  Write it with NumPy functions that dispatch (no `out=`, no
    `np.asarray`, nothing in place): the same rule then serves every order of derivative.

    The graph keeps only what rules read, and their parameters' names say what that is: a name that
    starts with an underscore is not read, and an operand called `x_shape` arrives as its shape.

    Parameters
    ----------
    fn : callable
        A NumPy function, a ufunc, or a function made with `primitive`.
    *vjps : callable, None or str
        One rule per array argument, in order; None where `fn` is piecewise constant.  Where there
        is no rule, the reason: it is in the error for an argument that requires grad.
    each : callable, optional
        For a function of any number of arrays: `each(i, g, y, *arrays, **kwargs)` for the i-th.
    broadcasts : bool, optional
        Whether `fn` broadcasts its operands, so that the engine sums a gradient over the axes that
        were broadcast.  Any other rule must return its operand's shape.  True for ufuncs only, if
        not given.
    complex : bool
        Whether the rules are right for complex numbers, too: g f'(x) is, where f is analytic.  In
        general the cotangent g of y means a change of Re(g dy) in what is differentiated.

    Examples
    --------
    >>> import numpy as np, minigrad as mg
    >>> @mg.primitive
    ... def cube(x):
    ...     return x * x * x
    >>> mg.defvjp(cube, lambda g, _y, x: g * 3 * x * x)
    >>> x = mg.tensor([1.0, 2.0], requires_grad=True)
    >>> cube(x).sum().backward()
    >>> x.grad
    tensor([ 3., 12.])

    """
    if broadcasts is None:
        broadcasts = fn.broadcasts if isinstance(fn, Operation) else isinstance(fn, np.ufunc)
    RULES[fn] = Rule(fn, vjps, each, broadcasts)
    (COMPLEX.add if complex else COMPLEX.discard)(fn)


def composite(
    *fns: Any, always: bool = False
) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Register the decorated function, built from recorded operations, in place of NumPy's `fns`.

    It takes the arguments of NumPy's function that it supports, under NumPy's names.  Of constants
    NumPy's own function is called, unless this one is `always` to be: where NumPy's would hand its
    arrays to a user's function, or out, to be written into.
    """

    def register(composed: Callable[..., Any]) -> Callable[..., Any]:
        COMPOSITES.update(dict.fromkeys(fns, composed))
        if always:
            ALWAYS.update(fns)
        return composed

    return register
