"""`property_test`: an operation, held to every property on the calls that Hypothesis draws.

It needs Hypothesis.  The properties are in properties.py, what is drawn in strategies.py.
"""

from __future__ import annotations

import inspect
import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import hypothesis
import numpy as np
from hypothesis import strategies as st

from minigrad.testing.calls import Arguments, Call, Domain, Failure, Vjp, op_name
from minigrad.testing.properties import (
    Edges,
    check_edges,
    declared,
    hold,
    names_of_properties,
)
from minigrad.testing.strategies import Strategy, arrays, broadcastable

FRESH = 10  # examples that Hypothesis draws before it makes more from copies of their parts


def property_test(
    op: Callable[..., Any],
    *strategies: Any,
    reference: Callable[..., Any] | None = None,
    order: int = 2,
    domain: Domain = None,
    edges: Edges | None = None,
    vjp: Vjp | None = None,
    skip: Iterable[str] = (),
    settings: hypothesis.settings | None = None,
    **kwargs: Any,
) -> Callable[[], None]:
    """Make a test that holds an operation and its derivatives to every property.

    pytest collects it by the name that it is given; to call it is to run it.

    Parameters
    ----------
    op : callable
        A function of arrays.
    *strategies : strategy or constant
        What its positional arguments are drawn from: one for each, or one for all that draws a
        tuple, such as `broadcastable(2)`, or a `call(...)` with keywords, too.  If none is given,
        arrays of floating numbers for the arguments that it must have.
    reference : callable, optional
        What the value must be, for float64 arrays.  If not given, op itself on plain arrays: that
        says much where it is NumPy's, and only that dtypes agree where it is a primitive.
    order : int
        Up to which derivative.
    domain : (low, high), or one for each operand, optional
        Where op is defined: numbers are drawn from there, if no strategy is given, and differences
        stay there.
    edges : mapping, or iterable of pairs, optional
        What is decided for points at which differences tell nothing, or something else: from a
        point to the gradients there, or to an `Edge` with gradients and value.  A point is a number
        or a tuple of the arguments.  Both are checked to the last bits, in every dtype, and nothing
        else is at these points.
    vjp : callable, optional
        How op is differentiated: see `check_operation`.
    skip : iterable of str
        Properties that are not wanted, by their names in `PROPERTIES`.
    settings : hypothesis.settings, optional
        The profile's, if not given; there is no deadline.
    **kwargs : strategy or constant
        Keyword arguments of op.

    Returns
    -------
    callable
        The test; it raises an AssertionError that says which property fails, where, by how much,
        and has a program that does it again.

    Examples
    --------
    >>> import numpy as np, minigrad as mg
    >>> mg.testing.property_test(np.sqrt, domain=(0, np.inf), edges={0.0: np.inf})()
    >>> test_mean = mg.testing.property_test(np.mean, mg.testing.arrays((2, 3)), axis=1)
    >>> test_mean()

    """
    wanted, points = names_of_properties(skip), declared(edges)
    drawn = calls(op, strategies, kwargs, domain)
    options = {
        "vjp": vjp, "reference": reference, "order": order, "domain": domain,
        "edges": [Call(op, point, vjp=vjp).operands for point, _ in points],
    }  # fmt: skip

    def test() -> None:
        __tracebackhide__ = True
        check_edges(op, points, vjp=vjp, order=order)
        examine(op, drawn, wanted, options, settings).verdict()

    test.__name__ = test.__qualname__ = test_name(op)
    test.__doc__ = f"{op_name(op)} has the properties of a differentiable operation."
    return test


def test_name(op: Any) -> str:
    """The name of the test of an operation, by which Hypothesis remembers what failed."""
    return re.sub(r"\W+", "_", f"test_{op_name(op)}")


def examine(
    op: Callable[..., Any],
    drawn: Strategy,
    properties: Sequence[str],
    options: dict[str, Any],
    settings: hypothesis.settings | None = None,
    on_example: Callable[[], object] = lambda: None,
) -> Tally:
    """Hold what is drawn to the properties; a Failure is that of the smallest call that fails."""
    __tracebackhide__ = True
    tally = Tally(op)
    failures: list[Failure] = []

    def example(arguments: Arguments, seed: int) -> None:
        # After a failure only that property is of interest: smaller calls that lack it, too.
        wanted = [failures[0].law.__name__] if failures else properties
        call = Call(op, arguments, seed=seed, explain=False, **options)
        try:
            tally.add(call, hold(call, wanted))
        except Failure as failure:
            failures.append(failure)
            raise
        on_example()

    example.__name__ = test_name(op)
    given = hypothesis.given(arguments=drawn, seed=st.integers(0, 9999))
    chosen = hypothesis.settings(settings, report_multiple_bugs=False, deadline=None)
    try:
        for done in range(0, chosen.max_examples, FRESH):
            run = hypothesis.seed(done)(given(example)) if chosen.derandomize else given(example)
            n = min(FRESH, chosen.max_examples - done)
            hypothesis.settings(chosen, max_examples=n)(run)()
    except Failure as failure:
        smallest = failure
    else:
        return tally
    # Once more, to find out where it is wrong, for which each call would be too many; and with
    # rounder numbers first, if these fail likewise, and not by an error for having been rounded.
    for grid in (1, 4, None):
        call = Call(op, smallest.call.arguments, seed=smallest.call.seed, **options)
        if grid is not None:
            call = Call(op, call.rounded(grid), seed=call.seed, **options)
        try:
            if call.within(call.xs):
                hold(call, [smallest.law.__name__])
        except Failure as failure:
            if type(failure.__cause__) is type(smallest.__cause__):
                raise
    raise smallest


class Tally:
    """How many calls there were, and how many each property was held against."""

    def __init__(self, op: Any) -> None:
        self.op = op
        self.calls = 0
        self.held: Counter[str] = Counter()
        self.unchecked: Counter[str] = Counter()
        self.error: Exception | None = None

    def add(self, call: Call, found: Mapping[str, bool | None]) -> None:
        """Count one call."""
        self.calls += 1
        self.error = call.error or self.error
        self.held.update(name for name, result in found.items() if result)
        self.unchecked.update(name for name, result in found.items() if result is False)

    def verdict(self) -> None:
        """Refuse a test that has checked next to nothing."""
        checked, unchecked = self.held["derivative"], self.unchecked["derivative"]
        raised = self.held["errors"]
        if raised > max(checked, unchecked):
            raise AssertionError(
                f"{op_name(self.op)} raised an error in {raised} of {self.calls} calls, such as "
                f"{self.error!r}; draw arguments that it takes, with strategies"
            ) from self.error
        if unchecked > 3 * checked:
            raise AssertionError(
                f"{op_name(self.op)}: the derivative could not be checked in {unchecked} of "
                f"{self.calls} calls, for want of good differences; choose a domain where it is "
                "defined, or strategies"
            )


def calls(op: Any, strategies: tuple[Any, ...], kwargs: dict[str, Any], domain: Any) -> Strategy:
    """The arguments that are drawn: one strategy or constant for each, or one for all of them."""
    strategies = strategies or (usual_operands(op, domain),)

    def together(args: tuple[Any, ...], kwargs: dict[str, Any]) -> Arguments:
        if len(args) == 1 and isinstance(args[0], Arguments):
            return Arguments(args[0].args, {**args[0].kwargs, **kwargs})
        return Arguments(args[0] if len(args) == 1 and type(args[0]) is tuple else args, kwargs)

    return st.builds(
        together,
        st.tuples(*map(strategy_of, strategies)),
        st.fixed_dictionaries({k: strategy_of(v) for k, v in kwargs.items()}),
    )


def strategy_of(value: Any) -> Strategy:
    """A strategy as it is, and anything else as a constant."""
    return value if isinstance(value, st.SearchStrategy) else st.just(value)


def usual_operands(op: Any, domain: Any) -> Strategy:
    """As many arrays as the operation must have, of a domain or with all that numbers can be."""
    signature = op.signature if isinstance(op, np.ufunc) else None
    try:
        n = op.nin if isinstance(op, np.ufunc) else required(op)
    except (TypeError, ValueError) as error:  # a compiled function without a signature
        raise TypeError(
            f"{op_name(op)} does not say how many arguments it has; give a strategy for each"
        ) from error
    if n == 0:
        raise TypeError(f"{op_name(op)} has no argument that it must be given; draw some")
    if n == 1 and signature is None:
        return arrays(domain=domain, special=domain is None)
    return broadcastable(n, domain=domain, signature=signature, special=domain is None)


def required(op: Callable[..., Any]) -> int:
    """How many arguments a function must have by position."""
    return sum(
        p.default is p.empty and p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)
        for p in inspect.signature(op).parameters.values()
    )
