"""Ways for a rule to be wrong: each answers one call of a rule, and answers it wrongly.

`installed` puts one of them in the place of a rule.  source.py has the mistakes that are made in
the text of a rule; mutate.py runs both.
"""

import contextlib
import functools
import inspect
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import numpy as np

from minigrad import core


class Call(NamedTuple):
    """One call of a rule: cotangent, result, arguments, and the operand it differentiates by."""

    vjp: Callable[..., Any]
    g: Any
    y: Any
    args: tuple[Any, ...]
    x: Any

    def right(self) -> Any:
        return self.vjp(self.g, self.y, *self.args)


def constant(x: Any) -> Any:
    return x.detach() if isinstance(x, core.Tensor) else x


def value(x: Any) -> Any:
    return np.asarray(constant(x)._array if isinstance(x, core.Tensor) else x)


# -- wrong everywhere


def scaled(call: Call) -> Any:
    return call.right() * 1.000001


def negated(call: Call) -> Any:
    return -call.right()


def of_ones(call: Call) -> Any:
    return call._replace(g=np.ones_like(call.g)).right()


def neighbours(call: Call) -> Any:
    return np.roll(call.right(), 1)


def one_copy(call: Call) -> Any:
    """Of what was broadcast, the cotangent of one copy in place of the sum over all."""
    g, shape = call.right(), np.shape(call.x)
    added = g.ndim - len(shape)
    copied = [i < added or shape[i - added] == 1 for i in range(g.ndim)]
    return g[tuple(slice(1) if c else slice(None) for c in copied)]


# -- wrong at second order


def constant_cotangent(call: Call) -> Any:
    return call._replace(g=constant(call.g)).right()


def constant_result(call: Call) -> Any:
    return call._replace(y=constant(call.y)).right()


def constant_operands(call: Call) -> Any:
    return call._replace(args=tuple(map(constant, call.args))).right()


# -- wrong in dtype, or in what is left of the arrays given


def in_double(call: Call) -> Any:
    return call.right().astype(np.float64)


def in_single(call: Call) -> Any:
    g = call.right()
    return g.astype(np.float32).astype(g.dtype)


def changing(pick: Callable[[Call], Any]) -> Callable[[Call], Any]:
    """The right answer, after which the array that `pick` names is doubled in place."""

    def change(call: Call) -> Any:
        answer = np.copy(call.right())
        array = pick(call)
        if type(array) is np.ndarray and array.flags.writeable:
            array *= 2
        return answer

    return change


# -- wrong somewhere


def wrong_where(mask: Callable[[Any], Any]) -> Callable[[Call], Any]:
    """The right answer, but for the elements of x in `mask`."""

    def change(call: Call) -> Any:
        g = call.right()
        return np.where(mask(value(call.x)), 2 * g + 1, g)

    return change


def tied(x: Any) -> Any:
    flat = x.reshape(-1)
    return (np.sum(flat[:, None] == flat, axis=1) > 1).reshape(x.shape)


def operands_tied(call: Call) -> Any:
    others = [value(a) for a in call.args if a is not call.x and value(a).dtype.kind == "f"]
    g = call.right()
    return np.where(np.any([value(call.x) == a + 0 * value(g) for a in others], 0), 2 * g + 1, g)


def failing_where_empty(call: Call) -> Any:
    if value(call.x).size == 0:
        raise ZeroDivisionError("a rule that does not know size 0")
    return call.right()


# -- the table


class Rule(NamedTuple):
    """Which vjp of a rule a mutator is to change."""

    fn: Any
    position: int | None  # of the operand; None: `each`

    @property
    def vjp(self) -> Callable[..., Any]:
        rule = core.RULES[self.fn]
        return rule.each if self.position is None else rule.vjps[self.position]

    @property
    def reads(self) -> core.Reads:
        rule = core.RULES[self.fn]
        return core.reads(self.vjp, len(rule.vjps), 2 if self.position is None else 1)


def broadcasts(rule: Rule) -> bool:
    return core.RULES[rule.fn].broadcasts and getattr(rule.fn, "nin", 0) != 1


def reads_result(rule: Rule) -> bool:
    return not rule.reads.output.startswith("_")


def reads_operand(rule: Rule) -> bool:
    r = rule.reads
    positions = range(r.operands) if rule.position is not None else [0]
    return any(not r.ignores(i) and not r.takes_shape(i) for i in positions)


def broadcasts_several(rule: Rule) -> bool:
    vjps = core.RULES[rule.fn].vjps
    return broadcasts(rule) and len(vjps) - vjps.count(None) > 1


def always(rule: Rule) -> bool:
    return True


MUTATORS: dict[str, tuple[Callable[[Call], Any], Callable[[Rule], bool]]] = {
    "scaled by 1.000001": (scaled, always),
    "sign": (negated, always),
    "cotangent taken for ones": (of_ones, always),
    "neighbour's index": (neighbours, always),
    "un-broadcasting skipped": (one_copy, broadcasts),
    "cotangent a constant": (constant_cotangent, always),
    "result a constant": (constant_result, reads_result),
    "operands constants": (constant_operands, reads_operand),
    "float64 leak": (in_double, always),
    "through float32": (in_single, always),
    "cotangent mutated": (changing(lambda call: call.g), always),
    "operand mutated": (changing(lambda call: call.x), always),
    "result mutated": (changing(lambda call: call.y), always),
    "wrong for ties": (wrong_where(tied), always),
    "wrong where operands tie": (operands_tied, broadcasts_several),
    "wrong for zeros": (wrong_where(lambda x: x == 0), always),
    "wrong for |x| > 5": (wrong_where(lambda x: np.abs(x) > 5), always),
    "wrong for x < 0": (wrong_where(lambda x: x < 0), always),
    "wrong for size 0": (failing_where_empty, always),
    "wrong for 0-d": (wrong_where(lambda x: x.ndim == 0), always),
    "wrong for Fortran order": (wrong_where(lambda x: not x.flags.c_contiguous), always),
    "wrong but in float64": (wrong_where(lambda x: x.dtype != np.float64), always),
}


def rules() -> Iterator[Rule]:
    """Every vjp in the registry."""
    for fn, rule in core.RULES.items():
        for position, vjp in enumerate(rule.vjps):
            if callable(vjp):  # not constant, nor refused
                yield Rule(fn, position)
        if rule.each is not None:
            yield Rule(fn, None)


@contextlib.contextmanager
def installed(place: Rule, change: Callable[[Call], Any]) -> Iterator[None]:
    """The registry with one vjp changed."""
    rule = core.RULES[place.fn]
    vjps, each = list(rule.vjps), rule.each
    wrong = mutated(place, change)
    if place.position is None:
        each = wrong
    else:
        vjps[place.position] = wrong
    for_complex = place.fn in core.COMPLEX
    core.defvjp(place.fn, *vjps, each=each, broadcasts=rule.broadcasts, complex=for_complex)
    try:
        yield
    finally:
        core.RULES[place.fn] = rule


@contextlib.contextmanager
def leaking(fn: Any) -> Iterator[None]:
    """The registry with one composite whose results are float64."""
    composed = core.COMPOSITES[fn]

    @functools.wraps(composed)
    def wrong(*args: Any, **kwargs: Any) -> Any:
        result = composed(*args, **kwargs)
        if isinstance(result, tuple | list):
            return type(result)(np.multiply(r, np.float64(1)) for r in result)
        return np.multiply(result, np.float64(1))

    core.COMPOSITES[fn] = wrong
    try:
        yield
    finally:
        core.COMPOSITES[fn] = composed


def mutated(place: Rule, change: Callable[[Call], Any]) -> Callable[..., Any]:
    """The vjp with `change`; it reads its result and every operand, so as to be wrong anywhere."""
    vjp, n = place.vjp, place.reads.operands
    leading = 2 if place.position is None else 1
    parameters = list(inspect.signature(vjp).parameters.values())
    shapes = [i for i in range(n) if place.reads.takes_shape(i)]
    for i, p in enumerate(parameters):
        if leading <= i <= leading + n:  # the result and the operands
            parameters[i] = p.replace(name=f"read{i}")
        elif p.kind is p.VAR_POSITIONAL:
            parameters[i] = p.replace(name=p.name.lstrip("_"))

    @functools.wraps(vjp)
    def wrong(*given: Any, **kwargs: Any) -> Any:
        number, (g, y, *args) = given[: leading - 1], given[leading - 1 :]

        def right(g: Any, y: Any, *args: Any) -> Any:
            read = [np.shape(a) if i in shapes else a for i, a in enumerate(args)]
            return vjp(*number, g, y, *read, **kwargs)

        x = args[number[0] if place.position is None else place.position]
        return change(Call(right, g, y, tuple(args), x))

    wrong.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
    return wrong
