"""Dispatch: what becomes of a call of NumPy's, or of a user's operation, that has Tensors in it.

`apply` runs a function that has a rule; all others come to `dispatch`, where the tables decide.
NumPy's protocols and the Tensor's methods end here.
"""

from __future__ import annotations

import functools
import importlib
import inspect
import sys
from collections.abc import Callable, Sequence
from typing import Any, overload

import numpy as np

from minigrad.core.arrays import holds_tensor, needs_grad, tensors_in, unwrap, wrap
from minigrad.core.base import TensorBase
from minigrad.core.lazy import guarded, holds_lazy, is_lazy, lazily
from minigrad.core.messages import name_of, no_complex_rule, unsupported
from minigrad.core.mode import _recording
from minigrad.core.recording import explaining, recorded, tied
from minigrad.core.rules import Rule, defvjp
from minigrad.core.tables import (
    ALWAYS,
    COMPOSITES,
    CONSTANTS,
    DETACHED,
    LIBRARIES,
    REAL,
    REFUSED,
    RULES,
    WRITES,
    Operation,
    Vjp,
)
from minigrad.core.writing import write_result


def apply(fn: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
    """Call `fn` on the values of `args`; where one of them requires grad, record the call."""
    rule = RULES.get(fn)
    return dispatch(fn, args, kwargs) if rule is None else recorded(rule, args, kwargs)


class Primitive(Operation):
    """A function of arrays that the engine records as one operation: what `primitive` returns."""

    def __init__(self, forward: Callable[..., Any], broadcasts: bool) -> None:
        super().__init__(forward, broadcasts)
        functools.update_wrapper(self, forward)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Its value: a Tensor if any argument is one, else what the function returns."""
        if kwargs:
            options = options_of(self)
            if kwargs.keys() <= options.keys():
                kwargs = {k: value for k, value in kwargs.items() if value is not options[k]}
            elif holds_tensor((args, kwargs)):
                bound, kwargs = bind(self, args, kwargs, arrays=len(args) + len(kwargs))
                args = tuple(bound)
        of_tensors = lazy = False
        for arg in args:
            if type(arg) is np.ndarray:
                continue
            if isinstance(arg, TensorBase):
                of_tensors = True
            elif isinstance(arg, (list, tuple)) and TensorBase._concrete in map(type, arg):
                raise TypeError(
                    f"{name_of(self)}: a Tensor inside a list is not an operand; "
                    "pass it as an argument of its own, or stack the list with np.stack"
                )
            else:
                lazy = lazy or is_lazy(arg)
        if of_tensors:
            return apply(self, *args, **kwargs)
        if lazy:
            return lazily(self, self.forward, args, kwargs)
        return self.forward(*args, **kwargs)

    def defvjp(
        self, *vjps: Vjp | str | None, each: Vjp | None = None, complex: bool = False
    ) -> None:
        """Give this operation its derivative: see `minigrad.defvjp`."""
        defvjp(self, *vjps, each=each, complex=complex)

    def __repr__(self) -> str:
        return f"<minigrad primitive {self.__name__}>"


@overload
def primitive(forward: Callable[..., Any], /) -> Primitive: ...
@overload
def primitive(*, broadcasts: bool = False) -> Callable[[Callable[..., Any]], Primitive]: ...
def primitive(
    forward: Callable[..., Any] | None = None, /, *, broadcasts: bool = False
) -> Primitive | Callable[[Callable[..., Any]], Primitive]:
    """Make a function of arrays an operation of its own, whose derivative `defvjp` gives.

    Parameters
    ----------
    forward : callable
        Computes the value: it is called with plain arrays and returns a floating array, or a tuple
        of arrays, in whose rules the cotangent and the result are tuples, too.
    broadcasts : bool
        Whether it broadcasts its operands like a ufunc: the engine then undoes that in gradients.

    Examples
    --------
    >>> import numpy as np, minigrad as mg
    >>> @mg.primitive
    ... def softplus(x):
    ...     return np.logaddexp(x, 0)
    >>> softplus.defvjp(lambda g, _y, x: g * mg.sigmoid(x))
    >>> x = mg.tensor(0.0, requires_grad=True)
    >>> softplus(x).backward()
    >>> x.grad
    tensor(0.5)

    """
    if forward is None:
        return functools.partial(Primitive, broadcasts=broadcasts)
    return Primitive(forward, broadcasts)


# -- The tables decide


def dispatch(fn: Callable[..., Any], args: Sequence[Any], kwargs: dict[str, Any]) -> Any:
    """Call any function on arguments that have Tensors somewhere: NumPy's protocols end here."""
    if fn in WRITES and (written := WRITES[fn](*args, **kwargs)) is not NotImplemented:
        return written
    if fn in REFUSED:
        raise TypeError(f"{name_of(fn)}: {REFUSED[fn]}")
    may_be_given = "overwrite_input" in kwargs or len(args) > 3
    if may_be_given and "overwrite_input" in parameters_of(fn):  # it is a licence, and no wish
        args, kwargs = bind(fn, args, kwargs, arrays=1)
        kwargs.pop("overwrite_input", None)
    if "out" in kwargs or len(args) > position_of_out(fn):
        args, kwargs, out = without_out(fn, args, kwargs)
        if out is not None:
            return into(out, fn, args, kwargs)
    rule = RULES.get(fn)
    if rule is not None:
        return recorded(rule, *fitting_call(rule, args, kwargs))
    lazy = holds_lazy((args, kwargs))
    if _recording.get() and (needs_grad(args) or needs_grad(kwargs)):
        if fn in COMPOSITES:
            return composed(fn, args, kwargs, lazy)
        if fn in DETACHED:
            raise TypeError(f"{name_of(fn)}: {DETACHED[fn]}; pass t.detach()")
        if fn not in CONSTANTS:
            if late_rules():
                return dispatch(fn, args, kwargs)
            raise no_rule(fn)
    elif fn in ALWAYS:
        return composed(fn, args, kwargs, lazy)
    forward = fn.forward if isinstance(fn, Operation) else fn
    y = (lazily if lazy else explaining)(fn, forward, unwrap(args), unwrap(kwargs))
    return tied(wrap(y), (args, kwargs))


def no_rule(fn: Callable[..., Any]) -> TypeError:
    """The error for a function that is in none of the tables."""
    way_out = (
        f"give it one with {name_of(fn)}.defvjp"
        if isinstance(fn, Primitive)
        else "pass t.detach() for a constant, or define it with @minigrad.primitive"
    )
    return TypeError(f"{name_of(fn)} has no derivative in minigrad; {way_out}")


def fitting_call(
    rule: Rule, args: Sequence[Any], kwargs: dict[str, Any]
) -> tuple[Sequence[Any], dict[str, Any]]:
    """The arguments of a function that has a rule: arrays by position, and options by name."""
    if len(args) > len(rule.vjps) or holds_tensor(kwargs):
        args, kwargs = bind(rule.fn, args, kwargs, arrays=len(rule.vjps))
    for name, value in kwargs.items():
        if holds_tensor(value):
            if needs_grad(value):
                raise unsupported(rule.fn, name, "as a Tensor that requires grad")
            kwargs = {**kwargs, name: unwrap(value)}
    return args, kwargs


def composed(
    fn: Callable[..., Any], args: Sequence[Any], kwargs: dict[str, Any], lazy: bool
) -> Any:
    """Call what stands in place of NumPy's `fn`, built from recorded operations."""
    if fn in REAL and any(t.dtype.kind == "c" for t in tensors_in((args, kwargs))):
        raise no_complex_rule(fn)
    if lazy:
        args, kwargs = guarded(tuple(args)), guarded(kwargs)
    known, in_common = parameters_of_composite(fn)
    if len(args) > in_common or not (known is None or kwargs.keys() <= known):
        args, kwargs = bind(fn, args, kwargs, arrays=0)
        for name in kwargs.keys() - (kwargs.keys() if known is None else known):
            raise unsupported(fn, name)
    return tied(explaining(fn, COMPOSITES[fn], args, kwargs), (args, kwargs))


def late_rules() -> bool:
    """Register what there is for libraries imported by now; whether there was something to do."""
    due = [r for lib, r in LIBRARIES.items() if lib in sys.modules and r not in sys.modules]
    for rules in due:
        importlib.import_module(rules)
    return bool(due)


# -- Where a result goes


def without_out(
    fn: Callable[..., Any], args: Sequence[Any], kwargs: dict[str, Any]
) -> tuple[Sequence[Any], dict[str, Any], Any]:
    """The arguments without `out`, by name or by position, and what it names; None: nothing."""
    at = position_of_out(fn)
    out = kwargs.get("out", args[at] if len(args) > at else None)
    kwargs = {name: value for name, value in kwargs.items() if name != "out"}
    if len(args) > at:
        rest = list(signature_of(fn).parameters)[at + 1 :] if len(args) > at + 1 else []
        kwargs |= dict(zip(rest, args[at + 1 :], strict=False))
        args = args[:at]
    outs = [o for o in (out if isinstance(out, tuple) else (out,)) if o is not None]
    for o in outs:
        if not isinstance(o, TensorBase):
            what = "out= would write the result into a plain array"
            raise into_plain_array(fn, what, ", or `a = a + t` in place of `a += t`")
    return args, kwargs, out if outs else None


def into_plain_array(fn: Callable[..., Any], what: str, instead: str) -> TypeError:
    """The error where a function would write what was computed of Tensors into an array."""
    return TypeError(
        f"{name_of(fn)}: {what}, and cut it out of its graph; write to a Tensor, such as "
        f"np.zeros_like(x) or minigrad.asarray(a){instead}"
    )


def into(out: Any, fn: Callable[..., Any], args: Sequence[Any], kwargs: dict[str, Any]) -> Any:
    """Call `fn` and write what it returns to `out`, a Tensor or a tuple of them."""
    outs = out if isinstance(out, tuple) else (out,)
    where = kwargs.pop("where", True) if isinstance(fn, np.ufunc) else True
    if where is not True:
        where = np.asarray(unwrap(where), bool)
        shape = np.broadcast_shapes(where.shape, *(o.shape for o in outs if o is not None))
        mask = np.broadcast_to(where, shape)
        args = [np.broadcast_to(x, shape)[mask] for x in args]
    y = dispatch(fn, args, kwargs)
    results = y if isinstance(y, tuple) else (y,)
    given = list(results)
    for i, (o, result) in enumerate(zip(outs, results, strict=False)):
        if o is not None:
            write_result(fn, o, result, kwargs.get("casting"), None if where is True else mask)
            given[i] = o
    return tuple(given) if isinstance(y, tuple) else given[0]


@functools.cache
def position_of_out(fn: Callable[..., Any]) -> int:
    """Which positional argument of `fn` is its `out`."""
    try:
        parameters = signature_of(fn).parameters
    except ValueError:  # a ufunc, whose out NumPy passes on by name; or of NumPy 2.0's in C
        return 2 if fn in (np.dot, np.concatenate) else sys.maxsize
    out = parameters.get("out")
    if out is None or out.kind is not out.POSITIONAL_OR_KEYWORD:
        return sys.maxsize
    return list(parameters).index("out")


# -- The form of a call


signature_of = functools.cache(inspect.signature)


@functools.cache
def parameters_of(fn: Callable[..., Any]) -> frozenset[str]:
    """The names of the arguments that `fn` takes; none for a function without a signature."""
    try:
        return frozenset(signature_of(fn).parameters)
    except ValueError:
        return frozenset()


@functools.cache
def options_of(fn: Primitive) -> dict[str, Any]:
    """The arguments that it takes by name only, and their defaults."""
    parameters = signature_of(fn).parameters.values()
    return {p.name: p.default for p in parameters if p.kind is p.KEYWORD_ONLY}


@functools.cache
def parameters_of_composite(fn: Callable[..., Any]) -> tuple[frozenset[str] | None, int]:
    """The names it takes (None: any), and how many of the first ones are NumPy's first ones."""
    ours = signature_of(COMPOSITES[fn]).parameters
    takes_any = any(p.kind is p.VAR_KEYWORD for p in ours.values())
    try:
        theirs = signature_of(fn).parameters
    except ValueError:  # a compiled function without a signature: its names are positions only
        return frozenset(ours), len(ours)
    in_common = 0
    for name, parameter in zip(ours, theirs.values(), strict=False):
        if name != parameter.name and parameter.kind is not parameter.POSITIONAL_ONLY:
            break
        in_common += 1
    return None if takes_any else frozenset(ours), in_common


def bind(
    fn: Callable[..., Any], args: Sequence[Any], kwargs: dict[str, Any], arrays: int
) -> tuple[list[Any], dict[str, Any]]:
    """Bring a call into one form: `arrays` arguments by position, others by name, no defaults."""
    try:
        signature = signature_of(fn)
    except ValueError:  # a compiled function without a signature: its names are positions only
        return list(args), kwargs
    positional: list[Any] = []
    named: dict[str, Any] = {}
    try:
        arguments = signature.bind(*args, **kwargs).arguments
    except TypeError as error:
        raise TypeError(f"{name_of(fn)}: {error}") from error
    for name, value in arguments.items():
        parameter = signature.parameters[name]
        if parameter.kind is parameter.VAR_POSITIONAL:
            positional.extend(value)
        elif parameter.kind is parameter.VAR_KEYWORD:
            named.update(value)
        elif parameter.kind is not parameter.KEYWORD_ONLY and (
            parameter.kind is parameter.POSITIONAL_ONLY or len(positional) < arrays
        ):
            positional.append(value)
        elif value is not parameter.default:
            named[name] = value
    return positional, named
