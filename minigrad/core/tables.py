"""The tables that say what becomes of each NumPy function on a tensor, and the words for types.

A function is in exactly one of the first six tables, which minigrad/ops fills (np.nan_to_num is in
two, as it may write): calling any other on a tensor that requires grad is an error.  This room
imports NumPy alone; rules.py has what stands in RULES.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeAlias

Array: TypeAlias = Any  # an ndarray, or another array that speaks NumPy's protocols
Operand: TypeAlias = Any  # an Array at first order, a Tensor when differentiating again
Axis: TypeAlias = int | Sequence[int] | None
Vjp: TypeAlias = Callable[..., Operand]

RULES: dict[Callable[..., Any], Any] = {}  # differentiated by a `Rule` of rules.py
COMPOSITES: dict[Any, Callable[..., Any]] = {}  # differentiated through what they are built from
ALWAYS: set[Callable[..., Any]] = set()  # of these, what replace NumPy's for constants, too
CONSTANTS: set[Callable[..., Any]] = set()  # no derivative exists: argmax, floor, comparisons
REFUSED: dict[Callable[..., Any], str] = {}  # never called on a tensor, for the reason given
DETACHED: dict[Callable[..., Any], str] = {}  # nor these on one that requires grad
WRITES: dict[Callable[..., Any], Callable[..., Any]] = {}  # what writes into its first argument

COMPLEX: set[Callable[..., Any]] = set()  # whose rules are right for complex numbers, too
REAL: set[Callable[..., Any]] = set()  # composites that are not

SHORTCUTS: dict[Callable[..., Any], Callable[..., Any]] = {}  # the same values in less time
LIBRARIES: dict[str, str] = {}  # one that is not imported here, and the module with its rules
LAZY: dict[Callable[..., Any], Callable[..., Any]] = {}  # the same values of lazy arrays


class Operation:
    """A function of arrays that the engine knows as one operation of its own.

    `minigrad.primitive` makes those that a user calls: see `Primitive` in dispatch.py.
    """

    def __init__(
        self, forward: Callable[..., Any], broadcasts: bool = False, name: str | None = None
    ) -> None:
        self.forward = forward
        self.broadcasts = broadcasts
        self.__name__ = name or forward.__name__
