"""The engine: how an operation is recorded, and how the chain rule runs over the record.

It imports NumPy and the standard library only, and everything else imports it.  An operation is a
NumPy function; its derivative is a *rule* `vjp(g, y, *args, **kwargs)`, looked up by that function.
Read `apply`, `record`, `Node` and `backpropagate`, in this order: they are the engine.  `Tensor`,
at the end, is long and thin: each method hands a NumPy function to `apply`.  docs/engine.md is a
tour.
Next: minigrad/ops/elementwise.py, a page of rules.
"""

from __future__ import annotations

import contextlib
import functools
import heapq
import importlib
import inspect
import itertools
import math
import operator
import sys
from collections.abc import Callable, Container, Iterable, Iterator, Mapping, Sequence
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any, TypeAlias, overload

import numpy as np
import numpy.typing as npt

Array: TypeAlias = Any  # an ndarray, or another array that speaks NumPy's protocols
Operand: TypeAlias = Any  # an Array at first order, a Tensor when differentiating again
Axis: TypeAlias = int | Sequence[int] | None
Vjp: TypeAlias = Callable[..., Operand]

_recording: ContextVar[bool] = ContextVar("minigrad recording", default=True)

# ---------------------------------------------------------------------------------------------
# The registry: every NumPy function is in one of these (or calling it on a tensor that requires
# grad is an error).  minigrad/ops fills them.

RULES: dict[Callable[..., Any], Rule] = {}  # differentiated by a rule
COMPOSITES: dict[Any, Callable[..., Any]] = {}  # differentiated through what they are built from
CONSTANTS: set[Callable[..., Any]] = set()  # no derivative exists: argmax, floor, comparisons
REFUSED: dict[Callable[..., Any], str] = {}  # never called on a tensor, for the reason given
DETACHED: dict[Callable[..., Any], str] = {}  # nor these on one that requires grad

COMPLEX: set[Callable[..., Any]] = set()  # whose rules are right for complex numbers, too
REAL: set[Callable[..., Any]] = set()  # composites that are not

SHORTCUTS: dict[Callable[..., Any], Callable[..., Any]] = {}  # the same values in less time
LIBRARIES: dict[str, str] = {}  # one that is not imported here, and the module with its rules
LAZY: dict[Callable[..., Any], Callable[..., Any]] = {}  # the same values of Dask arrays
loaded = sys.modules  # nothing is a Dask array unless dask.array is among them


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
        fn: Callable[..., Any],
        vjps: Sequence[Vjp | str | None],
        each: Vjp | None,
        broadcasts: bool,
    ) -> None:
        self.fn = fn
        self.forward = SHORTCUTS.get(fn) or (fn.forward if isinstance(fn, Primitive) else fn)
        self.vjps = vjps
        self.each = each
        self.broadcasts = broadcasts
        self.plans: dict[int, Plan] = {}

    def plan(self, key: int) -> Plan:
        """The plan for a call: `key` in binary is a 1, then which of its arguments require grad."""
        if key not in self.plans:
            self.plans[key] = Plan(self, [digit == "1" for digit in f"{key:b}"[1:]])
        return self.plans[key]

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


SINGLE, DOUBLE = np.dtype(np.float32), np.dtype(np.float64)

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
        broadcasts = fn.broadcasts if isinstance(fn, Primitive) else isinstance(fn, np.ufunc)
    RULES[fn] = Rule(fn, vjps, each, broadcasts)
    (COMPLEX.add if complex else COMPLEX.discard)(fn)


class Primitive:
    """A function of arrays that the engine records as one operation: what `primitive` returns."""

    def __init__(self, forward: Callable[..., Any], broadcasts: bool) -> None:
        self.forward = forward
        self.broadcasts = broadcasts
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
        recorded = False
        for arg in args:
            if type(arg) is Tensor:
                recorded = True
            elif isinstance(arg, (list, tuple)) and Tensor in map(type, arg):
                raise TypeError(
                    f"{name_of(self)}: a Tensor inside a list is not an operand; "
                    "pass it as an argument of its own, or stack the list with np.stack"
                )
        if recorded:
            return apply(self, *args, **kwargs)
        if "dask.array" in loaded and any(map(is_lazy, args)):
            return lazily(self, self.forward, args, kwargs)
        return self.forward(*args, **kwargs)

    def defvjp(
        self, *vjps: Vjp | str | None, each: Vjp | None = None, complex: bool = False
    ) -> None:
        """Give this operation its derivative: see `minigrad.defvjp`."""
        defvjp(self, *vjps, each=each, complex=complex)

    def __repr__(self) -> str:
        return f"<minigrad primitive {self.__name__}>"  # type: ignore[attr-defined]  # update_wrapper


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
        Computes the value: it is called with plain arrays and returns one floating array.
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


def composite(*fns: Any) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Register the decorated function, built from recorded operations, in place of NumPy's `fns`.

    It takes the arguments of NumPy's function that it supports, under NumPy's names.
    """

    def register(composed: Callable[..., Any]) -> Callable[..., Any]:
        COMPOSITES.update(dict.fromkeys(fns, composed))
        return composed

    return register


# ---------------------------------------------------------------------------------------------
# Recording


class Node:
    """A place in the graph: a leaf, or the record of one operation and what its rule reads.

    It points to the nodes it was computed from, never forward, so reference counting frees all.
    """

    __slots__ = (
        "args", "done", "dtype", "grad", "hooks", "keeps_grad", "kwargs", "output", "parents",
        "plan", "serial", "shape",
    )  # fmt: skip
    shape: tuple[int, ...]
    dtype: np.dtype[Any]
    serial: int  # a node is newer than all that it was computed from
    plan: Plan | None  # None: a leaf
    parents: Sequence[Node]  # one for each of the plan's vjps
    args: list[Any] | None  # None, where there is a plan: freed
    kwargs: Mapping[str, Any] | None
    output: Array
    grad: Tensor | None
    keeps_grad: bool  # leaves always do
    hooks: tuple[Callable[[Tensor], Tensor | None], ...]
    done: bool  # whether it was the input of a transform, whose function has returned


_serials = itertools.count()


def new_node(
    value: Array, plan: Plan | None = None, parents: Sequence[Node] = (), args: Any = None
) -> Node:
    """A node for `value`; a leaf, unless there is a plan."""
    node = Node()  # filling it here takes two thirds of the time of an __init__
    node.shape = value.shape
    node.dtype = value.dtype
    node.serial = next(_serials)
    node.plan = plan
    node.parents = parents
    node.args = args
    node.kwargs = node.output = node.grad = None
    node.keeps_grad = node.done = False
    node.hooks = ()
    return node


def apply(fn: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
    """Call `fn` on the values of `args`; where one of them requires grad, record the call."""
    rule = RULES.get(fn)
    if rule is None:
        return dispatch(fn, args, kwargs)
    values: list[Any] = []
    parents = []
    key, foreign = 1, False  # key: see Rule.plan
    for arg in args:
        key += key
        if type(arg) is Tensor:
            values.append(arg._array)
            if arg._node is not None:
                parents.append(arg._node)
                key += 1
        else:
            values.append(arg if type(arg) is np.ndarray else without_subclass(arg, fn))
            foreign = True
    recorded = parents and _recording.get()
    passed_on: Mapping[str, Any] = {}
    if kwargs and recorded:
        if "dtype" in kwargs and any(p.dtype.kind == "c" for p in parents):
            refuse_to_drop_parts(name_of(fn), kwargs["dtype"])
        passed_on = {name: snapshot(kwargs[name]) for name in rule.plan(key).passes_on(*kwargs)}
    y = explaining(fn, rule.forward, values, kwargs)
    if not recorded:
        return wrap(y)
    plan = rule.plans.get(key) or rule.plan(key)
    return record(plan, y, values, parents, args if foreign else (), passed_on)


def record(
    plan: Plan,
    y: Any,
    args: list[Any],
    parents: list[Node],
    given: Sequence[Any] = (),
    kwargs: Mapping[str, Any] | None = None,
) -> Any:
    """Make the Tensor of a result y, with a node that keeps of its `args` what the rule reads.

    `parents` are the nodes of those args that require grad; `given` are the args as they came,
    unless they were all Tensors or numbers.
    """
    if plan.skips is not None:  # where fn is piecewise constant there is no way back
        parents = [parent for parent, skip in zip(parents, plan.skips, strict=True) if not skip]
        if not parents:
            return wrap(y)
    if type(y) is not np.ndarray:
        if isinstance(y, (list, tuple)):
            raise TypeError(
                f"{name_of(plan.rule.fn)} returned a {type(y).__name__}, and an operation has one "
                "array"
            )
        y = as_array(y)
        if type(y) is not np.ndarray:
            refuse_mismatch(plan.rule.fn, args)
            args = list(map(guarded, args))
    for i in plan.ignored:
        args[i] = None
    for i in plan.shapes:
        args[i] = shape_of(args[i])
    if given:
        rule = plan.rule
        for i in plan.values:
            if type(given[i]) is not Tensor:
                is_operand = isinstance(rule.fn, np.ufunc) or (i < len(rule.vjps) and rule.vjps[i])
                is_rows = is_operand and isinstance(given[i], (list, tuple))  # and not an index
                args[i] = np.array(given[i]) if is_rows else snapshot(given[i])
    node = new_node(y, plan, parents, args)
    dtype = node.dtype
    if dtype is not parents[0].dtype or (dtype is not DOUBLE and dtype is not SINGLE):
        check_kinds(plan.rule.fn, dtype, parents)
    if plan.keeps_output:
        node.output = y
    if kwargs:
        node.kwargs = kwargs
    tensor = new_tensor(Tensor)
    tensor._array = y
    tensor._node = node
    return tensor


def check_kinds(fn: Callable[..., Any], dtype: np.dtype[Any], parents: Sequence[Node]) -> None:
    """Refuse a result that has no derivative, and complex numbers where a rule is for real ones."""
    if dtype.kind not in "fc":
        raise TypeError(
            f"{name_of(fn)} of a tensor that requires grad gave dtype {dtype}, and only floating "
            "results have derivatives; pass x.detach() for a constant"
        )
    if fn not in COMPLEX and any(d.kind == "c" for d in (dtype, *(p.dtype for p in parents))):
        raise no_complex_rule(fn)


def refuse_to_drop_parts(name: str, dtype: npt.DTypeLike | None) -> None:
    """Raise an error where complex numbers would become real ones."""
    if dtype is not None and np.dtype(dtype).kind not in "cb":  # a truth value is of the whole
        raise TypeError(
            f"{name}: {np.dtype(dtype)} of complex numbers would drop imaginary parts; "
            "use x.real or np.abs(x)"
        )


def no_complex_rule(fn: Callable[..., Any]) -> TypeError:
    """The error for complex numbers in an operation whose rule is for real ones."""
    way_out = ", or declare that its rule is right with defvjp(..., complex=True)"
    return TypeError(
        f"{name_of(fn)} has no derivative for complex numbers in minigrad; "
        f"use x.real, x.imag or np.abs(x){way_out if isinstance(fn, Primitive) else ''}"
    )


def snapshot(value: Any) -> Any:
    """What the graph keeps of an argument that is no Tensor: a copy, as its owner may change it."""
    if isinstance(value, np.ndarray):
        return value.copy()
    if is_lazy(value):
        return Tensor(value.copy())  # which rules may be given: see `lazily`
    if isinstance(value, (list, tuple)):
        return type(value)(map(snapshot, value))
    if hasattr(value, "__array__") and not is_array(value):
        return np.array(value)  # a Series of pandas', or its like
    return value


def dispatch(fn: Callable[..., Any], args: Sequence[Any], kwargs: dict[str, Any]) -> Any:
    """Call any function on arguments that have Tensors somewhere: NumPy's protocols end here."""
    if fn in REFUSED:
        raise TypeError(f"{name_of(fn)}: {REFUSED[fn]}")
    kwargs = without_out(fn, args, kwargs)
    rule = RULES.get(fn)
    if rule is not None:
        if len(args) > len(rule.vjps) or holds_tensor(kwargs):
            args, kwargs = bind(fn, args, kwargs, arrays=len(rule.vjps))
        for name, value in kwargs.items():
            if holds_tensor(value):
                if needs_grad(value):
                    raise unsupported(fn, name, "as a Tensor that requires grad")
                kwargs = {**kwargs, name: unwrap(value)}
        return apply(fn, *args, **kwargs)
    lazy = "dask.array" in loaded and holds_lazy((args, kwargs))
    if (needs_grad(args) or needs_grad(kwargs)) and _recording.get():
        if fn in COMPOSITES:
            if fn in REAL and any(t.dtype.kind == "c" for t in tensors_in((args, kwargs))):
                raise no_complex_rule(fn)
            if lazy:
                args, kwargs = guarded(args), guarded(kwargs)
            known, in_common = parameters_of_composite(fn)
            if len(args) > in_common or not (known is None or kwargs.keys() <= known):
                args, kwargs = bind(fn, args, kwargs, arrays=0)
                for name in kwargs.keys() - (kwargs.keys() if known is None else known):
                    raise unsupported(fn, name)
            return explaining(fn, COMPOSITES[fn], args, kwargs)
        if fn in DETACHED:
            raise TypeError(f"{name_of(fn)}: {DETACHED[fn]}; pass t.detach()")
        if fn not in CONSTANTS:
            if late_rules():
                return dispatch(fn, args, kwargs)
            way_out = (
                f"give it one with {name_of(fn)}.defvjp"
                if isinstance(fn, Primitive)
                else "pass t.detach() for a constant, or define it with @minigrad.primitive"
            )
            raise TypeError(f"{name_of(fn)} has no derivative in minigrad; {way_out}")
    forward = fn.forward if isinstance(fn, Primitive) else fn
    return wrap((lazily if lazy else explaining)(fn, forward, unwrap(args), unwrap(kwargs)))


def late_rules() -> bool:
    """Register what there is for libraries imported by now; whether there was something to do."""
    due = [r for lib, r in LIBRARIES.items() if lib in loaded and r not in loaded]
    for rules in due:
        importlib.import_module(rules)
    return bool(due)


def without_out(
    fn: Callable[..., Any], args: Sequence[Any], kwargs: dict[str, Any]
) -> dict[str, Any]:
    """`kwargs` without an `out` of None; any other, by position too, is refused."""
    out = kwargs.get("out")
    if out is None and len(args) > position_of_out(fn):
        out = args[position_of_out(fn)]
    elif "out" not in kwargs:
        return kwargs
    if any(array is not None for array in (out if isinstance(out, tuple) else (out,))):
        raise TypeError(
            f"{name_of(fn)}: out= would change an array that a graph may need; "
            "use the result instead (in place of `a += t` on an array a, write `a = a + t`)"
        )
    return {name: value for name, value in kwargs.items() if name != "out"}


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


def explaining(
    fn: Callable[..., Any], computed: Callable[..., Any], args: Any, kwargs: dict[str, Any]
) -> Any:
    """`computed(*args, **kwargs)`, where an error says that it came of `fn`."""
    if "dask.array" in loaded and any(map(is_lazy, args)):
        return lazily(fn, computed, args, kwargs)
    try:
        return computed(*args, **kwargs)
    except (TypeError, ValueError, IndexError, AttributeError, NotImplementedError) as error:
        if str(error).startswith(name_of(fn)):
            raise
        raise explained(unexplained(error), fn, args) from unexplained(error)


signature_of = functools.cache(inspect.signature)


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


def tensors_in(value: Any) -> Iterator[Tensor]:
    """Every Tensor in `value`, however deep in lists, tuples and dictionaries."""
    if isinstance(value, Tensor):
        yield value
    elif isinstance(value, (list, tuple)):
        for v in value:
            yield from tensors_in(v)
    elif isinstance(value, dict):
        yield from tensors_in(list(value.values()))


def holds_tensor(value: Any) -> bool:
    """Whether there is a Tensor in `value`, however deep."""
    return next(tensors_in(value), None) is not None


def needs_grad(value: Any) -> bool:
    """Whether there is a Tensor that requires grad in `value`, however deep."""
    if isinstance(value, Tensor):
        return value._node is not None
    if isinstance(value, (list, tuple)):
        return any(map(needs_grad, value))
    return isinstance(value, dict) and any(map(needs_grad, value.values()))


def unwrap(value: Any) -> Any:
    """`value` with every Tensor in it replaced by its array."""
    if isinstance(value, Tensor):
        return value._array
    if isinstance(value, (list, tuple)):
        return type(value)(map(unwrap, value))
    if isinstance(value, dict):
        return {k: unwrap(v) for k, v in value.items()}
    return value


def known(value: Any) -> Any:
    """`value` without Tensors, for what depends on the numbers in them: Dask has none yet."""
    if "dask.array" in loaded and holds_lazy(value):
        raise TypeError("it depends on numbers, which Dask has not computed; use minigrad.compute")
    return unwrap(value)


def wrap(value: Any) -> Any:
    """What a function returned, with Tensors for arrays: the same type out as in."""
    if is_array(value):
        return Tensor(value)
    if isinstance(value, tuple) and hasattr(value, "_fields"):  # a namedtuple, such as linalg's
        return type(value)(*map(wrap, value))
    if isinstance(value, (list, tuple)):
        return type(value)(map(wrap, value))
    return value


def is_array(value: Any) -> bool:
    """Whether `value` is a NumPy array or scalar, or another array that speaks the protocols."""
    return isinstance(value, (np.ndarray, np.generic)) or hasattr(value, "__array_function__")


def as_array(value: Any) -> Array:
    """`value` as an array: NumPy gives scalars where it would have given a 0-d array."""
    if type(value) is np.ndarray:
        return value
    if isinstance(value, Tensor):
        value._refuse_to_detach("use as a plain array", "x.detach()")
        return value._array
    if isinstance(value, np.generic) or not is_array(value):
        return np.asarray(value)
    if isinstance(value, np.ndarray):
        return without_subclass(value, asarray)
    return of_known_shape(value) if is_lazy(value) else value


def without_subclass(value: Any, fn: Callable[..., Any]) -> Any:
    """An array of a subclass, such as np.memmap, as a plain one, if it then means the same."""
    if not isinstance(value, np.ndarray):
        return value
    if hasattr(value, "mask"):
        raise TypeError(
            f"{name_of(fn)}: a masked array would lose its mask; use a.filled(value), and "
            "np.where(mask, ...) for what is missing"
        )
    if isinstance(value, np.matrix):
        raise TypeError(
            f"{name_of(fn)}: a np.matrix means another product by *; use np.asarray(a), and @"
        )
    return value.view(np.ndarray)


def name_of(fn: Any) -> str:
    """The name that a user knows `fn` by, for messages."""
    if fn is indexed_update:
        return "x[index] = value"
    if isinstance(fn, Primitive):
        return fn.__name__  # type: ignore[attr-defined, no-any-return]  # by update_wrapper
    if isinstance(getattr(fn, "__self__", None), np.ufunc):  # np.add.reduce
        return f"numpy.{fn.__self__.__name__}.{fn.__name__}"
    if fn is operator.getitem:
        return "x[index]"
    module = home_of(fn) if isinstance(fn, np.ufunc) else fn.__module__
    return f"{module}.{fn.__name__}" if module else f"the ufunc {fn.__name__}"


def home_of(ufunc: np.ufunc) -> str:
    """The module that users know a ufunc from, which it does not know itself; empty: none."""
    for module in ("numpy", "numpy.strings", *LIBRARIES):
        found = getattr(sys.modules.get(module), ufunc.__name__, None)
        if inspect.unwrap(found) is ufunc:  # type: ignore[arg-type]  # anything may be found there
            return module
    return ""


def unsupported(fn: Any, argument: str, how: str = "where grad is required") -> TypeError:
    """The error for an argument of NumPy's that is not differentiated through."""
    return TypeError(
        f"{name_of(fn)}: the argument {argument!r} is not supported {how}; "
        "leave it out, or pass t.detach() for a constant"
    )


def described(value: Any) -> str:
    """An operand in an error message: its dtype and shape, also of those in a list."""
    if hasattr(value, "dtype") and hasattr(value, "shape"):
        return f"{value.dtype} {value.shape}"
    if isinstance(value, list) and 0 < len(value) < 5:
        return f"[{', '.join(map(described, value))}]"
    return repr(value) if isinstance(value, (int, float)) else type(value).__name__


def unexplained(error: Exception) -> BaseException:
    """What `error` explains, where an operation within has explained it for itself."""
    repeats = str(error.__cause__) in str(error) and not str(error).endswith(IN_MEMORY)
    return error.__cause__ or error if repeats else error


def explained(error: BaseException, fn: Any, values: Sequence[Any]) -> Exception:
    """NumPy's `error` again, with the operation, its operands and what would fit."""
    operands = " and ".join(map(described, values))
    hint = ""
    if isinstance(error, ValueError) and fn is np.matmul:
        hint = "; the last axis of x must be as long as the last but one of y in x @ y"
    elif isinstance(error, ValueError) and "broadcast" in str(error):
        hint = "; sizes are compared from the last axis on, and must be equal or 1: see np.reshape"
    kinds = (
        np.exceptions.AxisError, np.linalg.LinAlgError, IndexError, TypeError, NotImplementedError,
    )  # fmt: skip
    kind = next((k for k in kinds if isinstance(error, k)), ValueError)
    if isinstance(error, AttributeError):  # of an object in an array: ufuncs call its methods
        kind = TypeError
    return kind(f"{name_of(fn)} of {operands}: {error}{hint}")


# ---------------------------------------------------------------------------------------------
# Dask arrays: plans of what to compute.  Nothing but `minigrad.compute` may compute them, and a
# NumPy function or a conversion would do so without being seen.  So whatever runs on them runs on
# Tensors, which know what to refuse: the forward of a primitive, and rules, at first order too.


def is_lazy(value: Any) -> bool:
    """Whether `value` is a Dask array: no numbers yet, but how to compute them."""
    return "dask.array" in loaded and isinstance(value, getattr(loaded["dask.array"], "Array", ()))


def holds_lazy(value: Any) -> bool:
    """Whether there is a Dask array in `value`, in a Tensor or not, however deep."""
    if type(value) in (list, tuple):
        return any(map(holds_lazy, value))
    if type(value) is dict:
        return any(map(holds_lazy, value.values()))
    return is_lazy(value._array if type(value) is Tensor else value)


def guarded(value: Any) -> Any:
    """`value` with a Tensor for every Dask array in it that is in none."""
    if isinstance(value, (list, tuple)) and not isinstance(value, ChunkedShape):
        return type(value)(map(guarded, value))
    if isinstance(value, dict):
        return {k: guarded(v) for k, v in value.items()}
    return Tensor(value) if is_lazy(value) else value


class ChunkedShape(tuple[int, ...]):
    """The shape of a Dask array, which also says how it is cut into chunks."""

    chunks: tuple[tuple[int, ...], ...]


def shape_of(x: Any) -> tuple[int, ...]:
    """The shape of x, with its chunks if it has them."""
    if type(x) is np.ndarray:
        known: tuple[int, ...] = x.shape
        return known
    x = unwrap(x)
    if not is_lazy(x):
        return np.shape(x)
    shape = ChunkedShape(x.shape)
    shape.chunks = x.chunks
    return shape


def of_known_shape(x: Array) -> Array:
    """The Dask array x, whose shape must be known: rules look at shapes."""
    if any(map(math.isnan, x.shape)):
        raise ValueError(
            f"a Dask array of unknown chunk sizes, here of shape {x.shape}, cannot be "
            "differentiated: call x.compute_chunk_sizes() on it first, or use minigrad.compute; "
            "in place of a mask, np.where(mask, x, 0) keeps the shape"
        )
    return x


def lazily(
    fn: Callable[..., Any], computed: Callable[..., Any], args: Any, kwargs: dict[str, Any]
) -> Any:
    """What `explaining` does, where there are Dask arrays among the arguments."""
    try:
        refuse_mismatch(fn, args)
        result = LAZY[fn](*args, **kwargs) if fn in LAZY else NotImplemented
        if result is NotImplemented and isinstance(fn, Primitive):
            with no_grad():
                result = unwrap(computed(*guarded(args), **guarded(kwargs)))
        elif result is NotImplemented:
            result = (computed if isinstance(fn, np.ufunc) else counterpart(fn))(*args, **kwargs)
        return of_known_shape(result) if is_lazy(result) else result
    except Exception as error:  # whatever it is: Dask has many ways to say no
        raise refusal(error, fn) from error


def refuse_mismatch(fn: Callable[..., Any], args: Sequence[Any]) -> None:
    """Refuse a product over axes of lengths 1 and n, which Dask broadcasts where NumPy raises."""
    if fn is np.matmul and all(np.ndim(a) for a in args):
        x, y = (a.shape for a in args)
        if x[-1] != y[-min(len(y), 2)]:
            raise explained(ValueError(f"{x[-1]} and {y[-min(len(y), 2)]} differ"), fn, args)


def counterpart(fn: Callable[..., Any]) -> Callable[..., Any]:
    """The function of dask.array that plans what NumPy's `fn` computes.

    Dask itself would compute the arrays, and call `fn`, where there is none.
    """
    if isinstance(getattr(fn, "__self__", None), np.ufunc):  # np.add.outer, which Dask refuses
        return fn  # or plans by itself
    found: Any = sys.modules["dask.array"]
    for name in (*fn.__module__.split(".")[1:], fn.__name__):
        found = getattr(found, name, None)
    if found is None or found is fn:
        raise NotImplementedError("dask.array has no such function")
    return found  # type: ignore[no-any-return]  # it is a function


IN_MEMORY = "; minigrad.compute(x) gives x in memory"


def refusal(error: Exception, fn: Callable[..., Any]) -> Exception:
    """The error for `fn`, which cannot run on Dask arrays: `error` says why."""
    kinds = (IndexError, ValueError, NotImplementedError)
    kind = next((k for k in kinds if isinstance(error, k)), TypeError)
    reason = " ".join(str(error).removesuffix(IN_MEMORY).split()) or type(error).__name__
    if not reason.startswith(name_of(fn)):
        reason = f"{name_of(fn)} of Dask arrays: {reason}"
    return kind(reason + IN_MEMORY)


def walking(create_graph: bool, lazy: bool) -> contextlib.AbstractContextManager[None]:
    """What is recorded during a walk: all of it, or nothing."""
    if create_graph:
        return enable_grad()
    return no_grad() if lazy else contextlib.nullcontext()  # rules then run on Tensors


# ---------------------------------------------------------------------------------------------
# The chain rule


def backpropagate(
    cotangents: dict[Node, Operand],
    inputs: Container[Node] = (),
    *,
    within: Container[Node] | None = None,
    retain_graph: bool = False,
    on_tensors: bool = False,
) -> Iterator[tuple[Node, Operand]]:
    """Walk back from the outputs in `cotangents`; yield (node, its total cotangent) where it stays.

    That is at leaves, at nodes that keep their gradient, and at `inputs`.  The newest node comes
    first: all that used a node are newer, so its total is complete.  With `within`, the walk does
    not leave that set.  Rules run on arrays, or `on_tensors`: then the walk itself can be recorded.
    """
    pending = [(-node.serial, node) for node in cotangents]
    heapq.heapify(pending)
    while pending:
        node = heapq.heappop(pending)[1]
        g = cotangents.pop(node)
        for hook in node.hooks:
            g = hooked(hook, g, on_tensors)
        plan = node.plan
        if plan is None:
            yield node, g
            continue
        if node.keeps_grad or node in inputs:
            yield node, g
        y, args, kwargs, parents = node.output, node.args, node.kwargs, node.parents
        if args is None:
            raise freed()
        if on_tensors:
            y, args = in_graph(node, plan)
        for i, vjp in plan.vjps:
            parent = parents[i]
            if within is not None and parent not in within:
                continue
            try:
                contribution = vjp(g, y, *args, **kwargs) if kwargs else vjp(g, y, *args)
            except Exception as error:
                if holds_lazy([g, *args]):
                    raise refusal(error, plan.rule.fn) from error
                raise
            shape = getattr(contribution, "shape", None)
            if shape != parent.shape or contribution.dtype != parent.dtype:
                contribution = fitted(contribution, parent, plan.rule)
            if parent in cotangents:
                cotangents[parent] = cotangents[parent] + contribution
            else:
                cotangents[parent] = contribution
                heapq.heappush(pending, (-parent.serial, parent))
        if not retain_graph:
            node.parents, node.args, node.output = (), None, None


def freed() -> RuntimeError:
    """The error for a second walk."""
    return RuntimeError(
        "backward through a graph that an earlier backward() has freed; "
        "pass retain_graph=True to the earlier one, or compute the output again"
    )


def in_graph(node: Node, plan: Plan) -> tuple[Tensor | None, list[Any]]:
    """The output and arguments of `node` as Tensors at their places in the graph again."""
    args = list(node.args or ())
    for i, parent in zip(plan.positions, node.parents, strict=True):
        if i in plan.values:
            args[i] = Tensor(args[i], parent)
    return Tensor(node.output, node) if plan.keeps_output else None, args


def leading_to(inputs: Sequence[Node], outputs: Iterable[Node]) -> set[Node]:
    """The nodes on the ways from `outputs` back to `inputs`, both included."""
    oldest = min(node.serial for node in inputs)
    found = set(outputs)
    stack = list(found)
    while stack:
        node = stack.pop()
        if node.plan is not None and node.args is None:
            raise freed()
        for parent in node.parents:
            if parent not in found and parent.serial >= oldest:
                found.add(parent)
                stack.append(parent)
    leading = set(inputs)
    for node in sorted(found, key=lambda node: node.serial):
        if not leading.isdisjoint(node.parents):
            leading.add(node)
    return leading


def fitted(contribution: Operand, parent: Node, rule: Rule) -> Operand:
    """Bring what a rule returned to the shape and dtype of its operand, or refuse it."""
    if not is_array(contribution):
        contribution = np.asarray(contribution)
    if rule.broadcasts:
        contribution = unbroadcast(contribution, parent.shape)
    if contribution.shape != parent.shape:
        raise RuntimeError(
            f"the rule of {name_of(rule.fn)} returned shape {contribution.shape} for an operand of "
            f"shape {parent.shape}; return that, or declare broadcasts=True where it broadcasts"
        )
    if contribution.dtype == parent.dtype:
        return contribution
    if parent.dtype.kind == "c":
        if rule.fn not in COMPLEX:
            raise no_complex_rule(rule.fn)
    elif contribution.dtype.kind == "c" and rule.fn in COMPLEX:
        contribution = contribution.real  # for a real x, Re(g dx) is Re(g) dx
    if not fits(contribution, parent):
        raise TypeError(
            f"the rule of {name_of(rule.fn)} returned dtype {contribution.dtype} for an operand of "
            f"dtype {parent.dtype}; return a real array"
        )
    return contribution.astype(parent.dtype)


def fits(g: Operand, of: Any) -> bool:
    """Whether a gradient or cotangent of this dtype can be one of `of`: only its digits may go."""
    return np.can_cast(g.dtype, of.dtype, "same_kind")


def across(g: Operand) -> Operand:
    """`g` taken from the walk to a user, or back: outside, a complex gradient is the conjugate.

    A user is given, and gives, of a loss by z = a + ib what points up the loss, its derivative by a
    plus i times that by b.  The walk computes with the derivative by a minus i times that by b, so
    that the rules of analytic functions are g f'(x).
    """
    return np.conjugate(g) if g.dtype.kind == "c" else g


def unbroadcast(g: Operand, shape: tuple[int, ...]) -> Operand:
    """Adjoint of broadcasting from `shape`: sum over the axes that were added or stretched."""
    added = g.ndim - len(shape)
    if added > 0:
        g = g.sum(axis=0 if added == 1 else tuple(range(added)))
    sizes = zip(shape, g.shape, strict=False)
    stretched = tuple(i for i, (n, m) in enumerate(sizes) if n == 1 != m)
    return g.sum(axis=stretched, keepdims=True) if stretched else g


def hooked(hook: Callable[[Tensor], Tensor | None], g: Operand, on_tensors: bool) -> Operand:
    """The cotangent that `hook` puts in the place of g, or g where it returns None."""
    returned = hook(apart(across(g), g.dtype))
    if returned is None:
        return g
    replacement = asarray(returned)
    if replacement.shape != g.shape:
        raise ValueError(
            f"a hook returned shape {replacement.shape} for a gradient of shape {g.shape}"
        )
    if not fits(replacement, g):
        raise TypeError(
            f"a hook returned dtype {replacement.dtype} for a gradient of dtype {g.dtype}"
        )
    replacement = across(replacement.astype(g.dtype))
    return replacement if on_tensors else replacement.numpy().copy()


def apart(g: Operand, dtype: np.dtype[Any]) -> Tensor:
    """`g` as a Tensor in memory of its own, at its place in the graph if it has one."""
    if isinstance(g, Tensor):
        return Tensor(g._array.astype(dtype), g._node)
    return Tensor(g.astype(dtype))


def seed(output: Tensor, gradient: Any, create_graph: bool) -> tuple[Node, Operand]:
    """The node of `output` and the cotangent to start from, checked."""
    if output._node is None:
        raise RuntimeError(
            "backward from a tensor that does not require grad; make an input with "
            "requires_grad=True, and compute outside no_grad() and without detach()"
        )
    if gradient is None:
        if output.size != 1:
            raise RuntimeError(
                f"backward from shape {output.shape} needs a gradient of that shape: only a scalar "
                "has an implicit one; reduce it first, e.g. y.sum().backward()"
            )
        if output.dtype.kind == "c":
            raise RuntimeError(
                "backward from a complex tensor needs a gradient: only a real scalar has an "
                "implicit one; take y.real, y.imag or np.abs(y) first"
            )
        if is_lazy(output._array):
            return output._node, Tensor(np.ones_like(output._array))
        one = np.array(1, output.dtype).reshape(output.shape)
        return output._node, Tensor(one) if create_graph else one
    gradient = asarray(gradient)
    if gradient.shape != output.shape:
        raise ValueError(
            f"the gradient has shape {gradient.shape} and the output {output.shape}; "
            "they must be equal"
        )
    if not fits(gradient, output):
        raise TypeError(
            f"the gradient of a {output.dtype} tensor cannot have dtype {gradient.dtype}"
        )
    if gradient.requires_grad and not create_graph:
        raise RuntimeError(
            "the gradient requires grad itself; pass create_graph=True to differentiate through "
            "it, or gradient.detach() for a constant"
        )
    if is_lazy(output._array):
        gradient = gradient * np.ones_like(output._array)  # in chunks
    if create_graph or is_lazy(output._array):
        return output._node, across(gradient.astype(output.dtype))
    return output._node, across(gradient._array.astype(output.dtype, copy=False))


def grad(
    outputs: Tensor | Sequence[Tensor],
    inputs: Tensor | Sequence[Tensor],
    grad_outputs: Any = None,
    *,
    retain_graph: bool = False,
    create_graph: bool = False,
) -> Any:
    """Gradients of `outputs` with respect to `inputs`, leaving every `.grad` alone.

    Parameters
    ----------
    outputs : Tensor or sequence of Tensor
        What to differentiate; scalars, unless `grad_outputs` is given.
    inputs : Tensor or sequence of Tensor
        Leaves or intermediate results that require grad.
    grad_outputs : array_like or sequence of array_like, optional
        The cotangent of each output, of its shape.
    retain_graph : bool
        Keep the graph for another walk.
    create_graph : bool
        Record the walk itself, so that the gradients can be differentiated again; keeps the graph.

    Returns
    -------
    Tensor or tuple of Tensor
        As `inputs`, in their shapes and dtypes; zeros for one that no output depends on.

    Examples
    --------
    >>> import minigrad as mg
    >>> x = mg.tensor([1.0, 2.0], requires_grad=True)
    >>> (g,) = mg.grad((x**3).sum(), [x], create_graph=True)
    >>> g
    tensor([ 3., 12.], requires_grad=True)
    >>> mg.grad(g.sum(), x)
    tensor([ 6., 12.])

    """
    single, one = isinstance(inputs, Tensor), isinstance(outputs, Tensor)
    inputs = [inputs] if isinstance(inputs, Tensor) else inputs
    outputs = [outputs] if isinstance(outputs, Tensor) else outputs
    if grad_outputs is None:
        grad_outputs = [None] * len(outputs)
    elif one:
        grad_outputs = [grad_outputs]
    if len(grad_outputs) != len(outputs):
        raise ValueError(
            f"{len(outputs)} outputs and {len(grad_outputs)} grad_outputs: give one each"
        )
    for name, tensors in ("output", outputs), ("input", inputs):
        for i, t in enumerate(tensors):
            if not isinstance(t, Tensor):
                raise TypeError(f"grad: {name} {i} is no Tensor but {type(t).__name__}")
    if not inputs:
        raise ValueError("grad needs an input to differentiate by")
    nodes = [t._node for t in inputs if t._node is not None]
    if len(nodes) < len(inputs):
        without = [i for i, t in enumerate(inputs) if t._node is None]
        raise RuntimeError(
            f"inputs {without} do not require grad, so nothing was recorded for them; "
            "set requires_grad=True before computing the output"
        )
    cotangents: dict[Node, Operand] = {}
    for output, gradient in zip(outputs, grad_outputs, strict=True):
        node, g = seed(output, gradient, create_graph)
        cotangents[node] = cotangents[node] + g if node in cotangents else g
    within = leading_to(nodes, cotangents)
    lazy = any(is_lazy(output._array) for output in outputs)
    with poles_are_silent(), walking(create_graph, lazy):
        walk = backpropagate(
            {node: g for node, g in cotangents.items() if node in within},
            nodes,
            within=within,
            retain_graph=retain_graph or create_graph,
            on_tensors=create_graph or lazy,
        )
        found = owned(walk, {id(g) for g in cotangents.values()})
    gradients = []
    for i, node in enumerate(nodes):
        g = found.get(node)
        if g is None:
            g = Tensor(np.zeros_like(inputs[i]._array))
        elif node in nodes[:i]:  # an input that was given twice
            g = apart(g, node.dtype)
        gradients.append(g)
    return gradients[0] if single else tuple(gradients)


def owned(gradients: Iterable[tuple[Node, Operand]], seen: set[int]) -> dict[Node, Tensor]:
    """The gradient of each node as a Tensor to keep, in memory that nothing else uses.

    `seen` are the ids of arrays that are somebody else's: those that the walk starts from.
    """
    kept: dict[Node, Tensor] = {}
    for node, total in gradients:
        g = across(total)
        in_use = isinstance(g, Tensor) or id(g) in seen  # a Tensor's graph may keep its array
        if in_use or getattr(g, "base", None) is not None or g.dtype != node.dtype:
            kept[node] = apart(g, node.dtype)
        else:
            seen.add(id(g))
            kept[node] = Tensor(g)
    return kept


def poles_are_silent() -> np.errstate:
    """Derivatives at poles are inf or nan by convention, without a warning."""
    return np.errstate(divide="ignore", invalid="ignore", over="ignore")


@contextlib.contextmanager
def _recording_set_to(mode: bool) -> Iterator[None]:
    token = _recording.set(mode)
    try:
        yield
    finally:
        _recording.reset(token)


@contextlib.contextmanager
def no_grad() -> Iterator[None]:
    """Record nothing inside: a context manager, and a decorator.  Per thread and per task.

    Examples
    --------
    >>> import minigrad as mg
    >>> x = mg.tensor(2.0, requires_grad=True)
    >>> with mg.no_grad():
    ...     y = x * x
    >>> y.requires_grad
    False

    """
    with _recording_set_to(False):
        yield


@contextlib.contextmanager
def enable_grad() -> Iterator[None]:
    """Record inside, also within `no_grad`: a context manager, and a decorator.

    Examples
    --------
    >>> import minigrad as mg
    >>> x = mg.tensor(2.0, requires_grad=True)
    >>> with mg.no_grad(), mg.enable_grad():
    ...     y = x * x
    >>> y.requires_grad
    True

    """
    with _recording_set_to(True):
        yield


def is_grad_enabled() -> bool:
    """Whether operations are recorded here and now.

    Examples
    --------
    >>> import minigrad as mg
    >>> mg.is_grad_enabled()
    True

    """
    return _recording.get()


# ---------------------------------------------------------------------------------------------
# The Tensor


@primitive(broadcasts=True)
def indexed_update(x: Array, index: Any, value: Any) -> Array:
    """A copy of `x` in which `x[index] = value`: the indexed update."""
    y = np.array(x)
    y[index] = value
    return y


@primitive
def cast(x: Array, dtype: npt.DTypeLike) -> Array:
    """`x` in another dtype."""
    if x.dtype.kind == "c":
        refuse_to_drop_parts("x.astype", dtype)
    return x.astype(dtype)


def operators(fn: np.ufunc) -> tuple[Callable[[Tensor, Any], Tensor], ...]:
    """The methods of an operator: `x + v`, `v + x` and `x += v`, for the ufunc of +."""

    def method(self: Tensor, other: Any) -> Any:
        # What `apply` does, written out for a recorded tensor and a tensor or float: on arrays of
        # a few numbers that saves a fifth of an operation's time.
        node, rule = self._node, RULES.get(fn)
        if node is None or rule is None or not _recording.get():
            return apply(fn, self, other)
        if type(other) is float or type(other) is int:
            value = np.array(other, node.dtype)  # which NumPy takes in half the time of a number
            parents, key = [node], 0b110
        elif type(other) is not Tensor:
            return apply(fn, self, other)
        elif other._node is None:
            value, parents, key = other._array, [node], 0b110
        else:
            value, parents, key = other._array, [node, other._node], 0b111
        try:
            y = fn(self._array, value)
        except (TypeError, ValueError, NotImplementedError):
            return apply(fn, self, other)  # which explains the error
        plan = rule.plans.get(key) or rule.plan(key)
        return record(plan, y, [self._array, value], parents)

    def reflected(self: Tensor, other: Any) -> Tensor:
        return call(fn, other, self)

    def assigning(self: Tensor, other: Any) -> Tensor:
        return self._assigned(fn, other)

    return method, reflected, assigning


class Tensor:
    """An array, and the place in the graph that it was computed at.

    A Tensor is a value: no operation changes its array.  `x[i] = v` and `x += v` give the name x a
    new value, recorded like any other operation, that no other tensor sees.

    Parameters
    ----------
    data : array
        The array to hold, not copied: `minigrad.tensor` is what makes tensors from data.

    Attributes
    ----------
    grad : Tensor or None
        What `backward()` has added up for this leaf, in its shape and dtype.

    """

    __slots__ = ("__weakref__", "_array", "_node")

    def __init_subclass__(cls) -> None:
        raise TypeError("Tensor has no subclasses: hold one in an attribute, or write a function")

    def __init__(self, data: Array, _node: Node | None = None) -> None:
        self._array = data if type(data) is np.ndarray else as_array(data)
        self._node = _node

    # -- the graph ----------------------------------------------------------------------------

    @property
    def requires_grad(self) -> bool:
        """Whether operations on this tensor are recorded."""
        return self._node is not None

    @requires_grad.setter
    def requires_grad(self, value: bool) -> None:
        self.requires_grad_(value)

    def requires_grad_(self, requires_grad: bool = True) -> Tensor:
        """Make this tensor a leaf that requires grad, or one that does not; returns itself."""
        if not self.is_leaf:
            if not requires_grad:
                raise RuntimeError(
                    "requires_grad of a computed tensor cannot be turned off; use x.detach()"
                )
        elif not requires_grad:
            self._node = None
        elif self._node is None:
            if self.dtype.kind != "f":
                way_out = (
                    "make it of two that do, as a + 1j * b"
                    if self.dtype.kind == "c"
                    else "write 1.0 for 1, or pass dtype=float"
                )
                raise TypeError(
                    f"only floating tensors can require grad, not {self.dtype}; {way_out}"
                )
            self._node = new_node(self._array)
        return self

    @property
    def is_leaf(self) -> bool:
        """Whether this tensor was not computed from tensors that require grad."""
        return self._node is None or self._node.plan is None

    @property
    def grad(self) -> Tensor | None:
        """What `backward()` has added up here: for leaves, and where `retain_grad()` asked."""
        return None if self._node is None else self._node.grad

    @grad.setter
    def grad(self, value: Tensor | None) -> None:
        if self._node is None:
            raise RuntimeError("a tensor that does not require grad has no gradient to set")
        if value is not None:
            value = asarray(value)
            if value.shape != self.shape or value.dtype != self.dtype:
                raise ValueError(
                    f"a gradient of shape {value.shape} and dtype {value.dtype} does not fit a "
                    f"tensor of shape {self.shape} and dtype {self.dtype}"
                )
        self._node.grad = value

    def retain_grad(self) -> None:
        """Let `backward()` keep the gradient of this intermediate result in `.grad`, too."""
        if self._node is None:
            raise RuntimeError("retain_grad of a tensor that does not require grad")
        self._node.keeps_grad = True

    def register_hook(self, hook: Callable[[Tensor], Tensor | None]) -> Callable[[], None]:
        """Call `hook` with this tensor's whole gradient during backward; it may return another.

        Returns
        -------
        callable
            Call it to remove the hook.

        Examples
        --------
        >>> import minigrad as mg
        >>> x = mg.tensor([3.0, -4.0], requires_grad=True)
        >>> remove = x.register_hook(lambda g: g.clip(-1, 1))
        >>> (x * x).sum().backward()
        >>> x.grad
        tensor([ 1., -1.])

        """
        if self._node is None:
            raise RuntimeError("register_hook on a tensor that does not require grad")
        node = self._node
        entry = functools.partial(hook)  # one of its own for each registration
        node.hooks = (*node.hooks, entry)

        def remove() -> None:
            node.hooks = tuple(h for h in node.hooks if h is not entry)

        return remove

    def backward(
        self, gradient: Any = None, *, retain_graph: bool = False, create_graph: bool = False
    ) -> None:
        """Add the gradient of this tensor to the `.grad` of every leaf that it depends on.

        Parameters
        ----------
        gradient : array_like, optional
            The cotangent of this tensor, of its shape; 1 if it is a scalar.
        retain_graph : bool
            Keep the graph, which is otherwise freed on the way, for another walk.
        create_graph : bool
            Record the walk itself, so that `.grad` can be differentiated; keeps the graph.  The
            leaf then holds its gradient, whose graph holds the leaf: `minigrad.grad` makes no such
            cycle, and setting `.grad` to None ends it.

        Raises
        ------
        RuntimeError
            If this tensor does not require grad, is no scalar and no `gradient` is given, or if an
            earlier walk has freed the graph.
        ValueError
            If `gradient` has another shape.

        Examples
        --------
        >>> import minigrad as mg
        >>> x = mg.tensor([1.0, 2.0], requires_grad=True)
        >>> (x * x).sum().backward()
        >>> x.grad
        tensor([2., 4.])

        """
        node, g = seed(self, gradient, create_graph)
        lazy = is_lazy(self._array)
        with poles_are_silent(), walking(create_graph, lazy):
            walk = backpropagate(
                {node: g},
                retain_graph=retain_graph or create_graph,
                on_tensors=create_graph or lazy,
            )
            gradients = owned(walk, {id(g)})  # all of them: an error on the way changes none
            for leaf, total in gradients.items():
                leaf.grad = total if leaf.grad is None else leaf.grad + total

    def detach(self) -> Tensor:
        """The same value as a constant: nothing flows back through it."""
        return Tensor(self._array)

    # -- the value ----------------------------------------------------------------------------

    @property
    def data(self) -> Array:
        """The array itself; assign a new one of the same shape and dtype to change a leaf's value.

        Writing into it changes every tensor and graph that shares its memory.
        """
        return self._array

    @data.setter
    def data(self, value: Array) -> None:
        if not self.is_leaf:
            raise RuntimeError(
                "data of a computed tensor cannot be set, its graph would be wrong; detach() first"
            )
        value = as_array(value)
        if value.shape != self.shape or value.dtype != self.dtype:
            raise ValueError(
                f"data of shape {self.shape} and dtype {self.dtype} cannot become "
                f"{value.shape} and {value.dtype}; make a new tensor"
            )
        self._array = value

    def numpy(self) -> npt.NDArray[Any]:
        """The value as a NumPy array, outside the graph: a view that cannot be written to."""
        view: npt.NDArray[Any] = np.asarray(self._in_memory("x.numpy()")).view()
        view.flags.writeable = False
        return view

    def item(self) -> Any:
        """The value of a tensor of one element as a Python number, outside the graph."""
        if self.size != 1:
            raise ValueError(f"x.item() is for a tensor of size 1, not of shape {self.shape}")
        return self._in_memory("x.item()").item()

    def tolist(self) -> Any:
        """The value as nested lists of Python numbers, outside the graph."""
        return self._in_memory("x.tolist()").tolist()

    def tobytes(self, order: Any = "C") -> bytes:
        """The bytes of the value, outside the graph."""
        return np.asarray(self._array).tobytes(order)

    @property
    def shape(self) -> tuple[int, ...]:
        """The length of each axis."""
        return self._array.shape  # type: ignore[no-any-return]  # Array is Any

    @property
    def dtype(self) -> np.dtype[Any]:
        """NumPy's dtype of the elements."""
        return self._array.dtype  # type: ignore[no-any-return]  # Array is Any

    @property
    def ndim(self) -> int:
        """The number of axes."""
        return self._array.ndim

    @property
    def size(self) -> int:
        """The number of elements."""
        return self._array.size

    @property
    def itemsize(self) -> int:
        """How many bytes an element has."""
        return self._array.dtype.itemsize  # type: ignore[no-any-return]  # Array is Any

    @property
    def nbytes(self) -> int:
        """How many bytes all elements have."""
        return self.size * self.itemsize

    def __repr__(self) -> str:
        if is_lazy(self._array):
            notes = [repr(self._array)]  # which has shape, dtype and chunks, and no numbers
        else:
            notes = [np.array2string(np.asarray(self._array), separator=", ", prefix="tensor(")]
            if self.size == 0 and self.ndim > 1:
                notes.append(f"shape={self.shape}")
            if self.dtype not in (np.dtype(float), np.dtype(int), np.dtype(bool)):
                notes.append(f"dtype={self.dtype}")
        if self.requires_grad:
            notes.append("requires_grad=True")
        return f"tensor({', '.join(notes)})"

    def __len__(self) -> int:
        if self.ndim == 0:
            raise TypeError("len() of a 0-d tensor")
        return self.shape[0]

    def __iter__(self) -> Iterator[Tensor]:
        return (self[i] for i in range(len(self)))

    def __contains__(self, value: object) -> bool:
        return bool(np.any(self._in_memory("value in x") == unwrap(value)))

    def __bool__(self) -> bool:
        return bool(self._in_memory("bool(x)"))

    def __int__(self) -> int:
        return int(self._in_memory("int(x)"))

    def __index__(self) -> int:
        return operator.index(self._in_memory("x as an index"))

    def __float__(self) -> float:
        self._refuse_to_detach("float(x)", "x.item()")
        return float(self._in_memory("float(x)"))

    def __complex__(self) -> complex:
        self._refuse_to_detach("complex(x)", "x.item()")
        return complex(self._in_memory("complex(x)"))

    def __format__(self, spec: str) -> str:
        if self.size == 1 and spec:
            return format(self.item(), spec)
        try:
            return format(repr(self), spec)
        except ValueError:
            raise TypeError(
                f"the format {spec!r} is for one number, not for a tensor of shape {self.shape}; "
                "format x.item() of its elements"
            ) from None

    def __array__(
        self, dtype: npt.DTypeLike | None = None, copy: bool | None = None
    ) -> npt.NDArray[Any]:
        self._refuse_to_detach(
            "conversion to a NumPy array",
            "x.numpy() or x.detach(), or mg.asarray or np.stack on a list",
        )
        return np.array(self.numpy(), dtype=dtype, copy=copy)

    def _in_memory(self, what: str) -> Array:
        """The array, unless it is one of Dask's, which only `compute` brings into memory."""
        if type(self._array) is not np.ndarray and is_lazy(self._array):
            raise TypeError(f"{what} would compute a Dask array; write minigrad.compute(x)")
        return self._array

    def _refuse_to_detach(self, what: str, way_out: str) -> None:
        if self._node is not None:
            raise TypeError(
                f"{what} would silently cut a tensor that requires grad out of its graph; "
                f"use {way_out}"
            )

    if not TYPE_CHECKING:  # which is to see what there is

        def __getattr__(self, name: str) -> Any:
            reason = NO_METHODS.get(name)
            why = f": {reason}" if reason else ""
            raise AttributeError(f"a Tensor has no {name!r}{why}", name=name, obj=self)

    def __reduce__(self) -> tuple[Any, ...]:
        if not self.is_leaf:
            raise TypeError(
                "a computed tensor cannot be copied or pickled without its graph; "
                "use x.copy() to stay in the graph, or x.detach()"
            )
        return _restored, (self._array, self.requires_grad, self.grad)

    # -- the array API standard -----------------------------------------------------------------

    def __array_namespace__(self, /, *, api_version: str | None = None) -> Any:
        if api_version not in API_VERSIONS:
            raise ValueError(
                f"version {api_version!r} of the array API standard is not implemented; "
                f"{API_VERSIONS[-1]} is"
            )
        return sys.modules[__package__]

    @property
    def device(self) -> str:
        """Where the elements are: there is one place."""
        return "cpu"

    def to_device(self, device: Any, /, *, stream: Any = None) -> Tensor:
        """The tensor itself, which is on the one device that there is."""
        check_device(device)
        if stream is not None:
            raise ValueError(f'the device "cpu" has no streams, got {stream!r}')
        return self

    def __dlpack__(
        self,
        /,
        *,
        stream: Any = None,
        max_version: tuple[int, int] | None = None,
        dl_device: tuple[Any, int] | None = None,
        copy: bool | None = None,
    ) -> Any:
        self._refuse_to_detach("export by DLPack", "x.detach()")
        options: dict[str, Any] = {"stream": stream}
        if dl_device is not None:
            options["dl_device"] = dl_device
        if max_version is not None and max_version >= (1, 0):
            with contextlib.suppress(TypeError):  # NumPy 2.0 has the older version only
                return self.numpy().__dlpack__(max_version=max_version, copy=copy, **options)
        if copy is False:
            raise BufferError(
                "a DLPack before 1.0 cannot say that the memory must not be written to; "
                "allow a copy, or export x.data"
            )
        return np.array(self._array).__dlpack__(**options)

    def __dlpack_device__(self) -> Any:
        return np.asarray(self._array).__dlpack_device__()

    # -- NumPy's protocols --------------------------------------------------------------------

    def __array_ufunc__(self, ufunc: np.ufunc, method: str, *inputs: Any, **kwargs: Any) -> Any:
        if method == "__call__":
            return dispatch(ufunc, inputs, kwargs) if kwargs else apply(ufunc, *inputs)
        if method in ("at", "reduceat"):
            raise TypeError(
                f"numpy.{ufunc.__name__}.{method} is not supported on tensors; "
                "use x[index] = value, or indexing and a sum"
            )
        return dispatch(getattr(ufunc, method), inputs, kwargs)

    def __array_function__(
        self, fn: Callable[..., Any], types: Any, args: Sequence[Any], kwargs: dict[str, Any]
    ) -> Any:
        return dispatch(fn, args, kwargs)

    __hash__ = object.__hash__  # by identity: == compares elements

    # -- indexing -----------------------------------------------------------------------------

    def __getitem__(self, index: Any) -> Tensor:
        return call(operator.getitem, self, unwrap(index))

    def __setitem__(self, index: Any, value: Any) -> None:
        is_parameter = self._node is not None and self._node.plan is None
        if is_parameter and _recording.get():
            raise RuntimeError(
                "x[index] = value on a leaf that requires grad would make it a computed tensor; "
                "write y = x.copy() and set y, or set it inside no_grad()"
            )
        new = apply(indexed_update, self, unwrap(index), value)
        self._array = new._array
        if not is_parameter:
            self._node = new._node

    def _assigned(self, fn: Callable[..., Any], value: Any) -> Tensor:
        """What `x += value` and its like give the name x: NumPy's shape and dtype rules hold."""
        new: Tensor = apply(fn, self, value)
        if new.shape != self.shape or not np.can_cast(new.dtype, self.dtype, "same_kind"):
            raise (ValueError if new.shape != self.shape else TypeError)(
                f"{name_of(fn)} in place gives shape {new.shape} and dtype {new.dtype}, which a "
                f"tensor of shape {self.shape} and dtype {self.dtype} cannot take; write x = x + v"
            )
        new = new.astype(self.dtype)
        if self._node is None or self._node.plan is not None or _recording.get():
            return new
        self._array = new._array  # a parameter under no_grad() stays the parameter
        return self

    # -- operators ----------------------------------------------------------------------------

    __add__, __radd__, __iadd__ = operators(np.add)
    __sub__, __rsub__, __isub__ = operators(np.subtract)
    __mul__, __rmul__, __imul__ = operators(np.multiply)
    __truediv__, __rtruediv__, __itruediv__ = operators(np.divide)
    __floordiv__, __rfloordiv__, __ifloordiv__ = operators(np.floor_divide)
    __mod__, __rmod__, __imod__ = operators(np.remainder)
    __matmul__, __rmatmul__, __imatmul__ = operators(np.matmul)
    _power, __rpow__, __ipow__ = operators(np.power)
    __and__, __rand__, __iand__ = operators(np.bitwise_and)
    __or__, __ror__, __ior__ = operators(np.bitwise_or)
    __xor__, __rxor__, __ixor__ = operators(np.bitwise_xor)
    __lshift__, __rlshift__, __ilshift__ = operators(np.left_shift)
    __rshift__, __rrshift__, __irshift__ = operators(np.right_shift)
    __lt__ = operators(np.less)[0]
    __le__ = operators(np.less_equal)[0]
    __gt__ = operators(np.greater)[0]
    __ge__ = operators(np.greater_equal)[0]
    __eq__ = operators(np.equal)[0]  # type: ignore[assignment]  # elementwise, as in NumPy
    __ne__ = operators(np.not_equal)[0]  # type: ignore[assignment]  # elementwise, as in NumPy

    def __pow__(self, exponent: Any) -> Tensor:
        if type(exponent) is int and exponent == 2:  # as ndarrays do: a third of np.power's time
            return call(np.square, self)
        return self._power(exponent)

    def __divmod__(self, other: Any) -> tuple[Tensor, Tensor]:
        return self // other, self % other

    def __rdivmod__(self, other: Any) -> tuple[Tensor, Tensor]:
        return other // self, other % self

    def __neg__(self) -> Tensor:
        return call(np.negative, self)

    def __pos__(self) -> Tensor:
        return call(np.positive, self)

    def __abs__(self) -> Tensor:
        return call(np.absolute, self)

    def __invert__(self) -> Tensor:
        return call(np.invert, self)

    # -- NumPy's functions as methods: for typed code, since NumPy's stubs know no protocols ------

    def exp(self) -> Tensor:
        """The exponential of each element: `numpy.exp`."""
        return call(np.exp, self)

    def log(self) -> Tensor:
        """The natural logarithm of each element: `numpy.log`."""
        return call(np.log, self)

    def sqrt(self) -> Tensor:
        """The square root of each element: `numpy.sqrt`."""
        return call(np.sqrt, self)

    def square(self) -> Tensor:
        """The square of each element: `numpy.square`."""
        return call(np.square, self)

    def tanh(self) -> Tensor:
        """The hyperbolic tangent of each element: `numpy.tanh`."""
        return call(np.tanh, self)

    def sin(self) -> Tensor:
        """The sine of each element: `numpy.sin`."""
        return call(np.sin, self)

    def cos(self) -> Tensor:
        """The cosine of each element: `numpy.cos`."""
        return call(np.cos, self)

    def _over(self, fn: Callable[..., Any], axis: Axis, keepdims: bool, **options: Any) -> Tensor:
        """A reduction, given what differs from NumPy's defaults: the graph keeps what is given."""
        if axis is not None:
            options["axis"] = axis
        if keepdims:
            options["keepdims"] = True
        return call(fn, self, **options)

    def sum(self, axis: Axis = None, *, keepdims: bool = False) -> Tensor:
        """The sum over `axis`: `numpy.sum`."""
        return self._over(np.sum, axis, keepdims)

    def mean(self, axis: Axis = None, *, keepdims: bool = False) -> Tensor:
        """The mean over `axis`: `numpy.mean`."""
        return self._over(np.mean, axis, keepdims)

    def prod(self, axis: Axis = None, *, keepdims: bool = False) -> Tensor:
        """The product over `axis`: `numpy.prod`."""
        return self._over(np.prod, axis, keepdims)

    def max(self, axis: Axis = None, *, keepdims: bool = False) -> Tensor:
        """The largest element over `axis`; ties share its gradient evenly: `numpy.max`."""
        return self._over(np.max, axis, keepdims)

    def min(self, axis: Axis = None, *, keepdims: bool = False) -> Tensor:
        """The smallest element over `axis`; ties share its gradient evenly: `numpy.min`."""
        return self._over(np.min, axis, keepdims)

    def var(self, axis: Axis = None, ddof: float = 0, *, keepdims: bool = False) -> Tensor:
        """The variance over `axis`: `numpy.var`."""
        return self._over(np.var, axis, keepdims, ddof=ddof)

    def std(self, axis: Axis = None, ddof: float = 0, *, keepdims: bool = False) -> Tensor:
        """The standard deviation over `axis`: `numpy.std`."""
        return self._over(np.std, axis, keepdims, ddof=ddof)

    def any(self, axis: Axis = None, *, keepdims: bool = False) -> Tensor:
        """Whether any element over `axis` is true: `numpy.any`."""
        return self._over(np.any, axis, keepdims)

    def all(self, axis: Axis = None, *, keepdims: bool = False) -> Tensor:
        """Whether all elements over `axis` are true: `numpy.all`."""
        return self._over(np.all, axis, keepdims)

    def argmax(self, axis: Axis = None, *, keepdims: bool = False) -> Tensor:
        """The index of the largest element over `axis`; never requires grad: `numpy.argmax`."""
        return self._over(np.argmax, axis, keepdims)

    def argmin(self, axis: Axis = None, *, keepdims: bool = False) -> Tensor:
        """The index of the smallest element over `axis`; never requires grad: `numpy.argmin`."""
        return self._over(np.argmin, axis, keepdims)

    def cumsum(self, axis: int | None = None) -> Tensor:
        """The running sum along `axis`: `numpy.cumsum`."""
        return call(np.cumsum, self, axis=axis)

    def cumprod(self, axis: int | None = None) -> Tensor:
        """The running product along `axis`: `numpy.cumprod`."""
        return call(np.cumprod, self, axis=axis)

    def argpartition(self, kth: Any, axis: int | None = -1) -> Tensor:
        """The indices that partition along `axis`; never requires grad: `numpy.argpartition`."""
        return call(np.argpartition, self, kth, axis=axis)

    def argsort(self, axis: int | None = -1) -> Tensor:
        """The indices that sort along `axis`, stably; never requires grad: `numpy.argsort`."""
        return call(np.argsort, self, axis=axis, stable=True)

    def sort(self, axis: int | None = -1) -> Tensor:
        """A sorted copy, which is `numpy.sort`; an ndarray's method would sort in place."""
        return call(np.sort, self, axis=axis)

    def partition(self, kth: Any, axis: int | None = -1) -> Tensor:
        """A partitioned copy: `numpy.partition`; an ndarray's method would do it in place."""
        return call(np.partition, self, kth, axis=axis)

    def searchsorted(self, v: Any, side: Any = "left", sorter: Any = None) -> Tensor:
        """Where `v` belongs in this sorted tensor; never requires grad: `numpy.searchsorted`."""
        return call(np.searchsorted, self, v, side=side, sorter=sorter)

    def nonzero(self) -> tuple[Tensor, ...]:
        """The places of what is not 0, an array for each axis: `numpy.nonzero`."""
        places: tuple[Tensor, ...] = apply(np.nonzero, self)
        return places

    def clip(self, min: Any = None, max: Any = None) -> Tensor:
        """Each element brought between `min` and `max`: `numpy.clip`."""
        return call(np.clip, self, min, max)

    def round(self, decimals: int = 0) -> Tensor:
        """Each element rounded; never requires grad: `numpy.round`."""
        return call(np.round, self, decimals)

    def dot(self, other: Any) -> Tensor:
        """The dot product with `other`: `numpy.dot`."""
        return call(np.dot, self, other)

    def reshape(self, *shape: Any, order: str = "C") -> Tensor:
        """The same elements in another shape, given as a tuple or as numbers: `numpy.reshape`."""
        options = {} if order == "C" else {"order": order}
        return call(np.reshape, self, shape[0] if len(shape) == 1 else shape, **options)

    def ravel(self) -> Tensor:
        """The elements in one axis: `numpy.ravel`."""
        return call(np.ravel, self)

    def flatten(self) -> Tensor:
        """The elements in one axis: `numpy.ravel`."""
        return call(np.ravel, self)

    def transpose(self, *axes: Any) -> Tensor:
        """The axes in another order, reversed if none is given: `numpy.transpose`."""
        return call(np.transpose, self, (axes[0] if len(axes) == 1 else axes) or None)

    def swapaxes(self, axis1: int, axis2: int) -> Tensor:
        """Two axes exchanged: `numpy.swapaxes`."""
        return call(np.swapaxes, self, axis1, axis2)

    def squeeze(self, axis: Axis = None) -> Tensor:
        """Without axes of length one: `numpy.squeeze`."""
        return call(np.squeeze, self, axis=axis)

    def repeat(self, repeats: Any, axis: int | None = None) -> Tensor:
        """Each element several times: `numpy.repeat`."""
        return call(np.repeat, self, repeats, axis=axis)

    def take(self, indices: Any, axis: int | None = None, *, mode: str = "raise") -> Tensor:
        """The elements at `indices` along `axis`: `numpy.take`."""
        return call(np.take, self, indices, axis=axis, mode=mode)

    def compress(self, condition: Any, axis: int | None = None) -> Tensor:
        """The slices along `axis` for which `condition` holds: `numpy.compress`."""
        return call(np.compress, condition, self, axis=axis)

    def choose(self, choices: Any, mode: str = "raise") -> Tensor:
        """Of each place the element of the choice that this tensor names: `numpy.choose`."""
        return call(np.choose, self, choices, mode=mode)

    def diagonal(self, offset: int = 0, axis1: int = 0, axis2: int = 1) -> Tensor:
        """The diagonals over two axes: `numpy.diagonal`."""
        return call(np.diagonal, self, offset=offset, axis1=axis1, axis2=axis2)

    def trace(self, offset: int = 0, axis1: int = 0, axis2: int = 1) -> Tensor:
        """The sums of the diagonals over two axes: `numpy.trace`."""
        return call(np.trace, self, offset=offset, axis1=axis1, axis2=axis2)

    @property
    def real(self) -> Tensor:
        """The real part of each element: `numpy.real`."""
        return call(np.real, self)

    @property
    def imag(self) -> Tensor:
        """The imaginary part of each element: `numpy.imag`."""
        return call(np.imag, self)

    def conj(self) -> Tensor:
        """The complex conjugate of each element: `numpy.conjugate`."""
        return call(np.conjugate, self)

    conjugate = conj  # SciPy calls it by either name

    @property
    def T(self) -> Tensor:
        """The axes in reverse order."""
        return call(np.transpose, self)

    @property
    def mT(self) -> Tensor:
        """The last two axes exchanged: the transpose of each matrix in a stack."""
        if self.ndim < 2:
            raise ValueError(f"x.mT needs two axes, got shape {self.shape}")
        return call(np.swapaxes, self, -1, -2)

    def astype(self, dtype: npt.DTypeLike, *, copy: bool = True) -> Tensor:
        """Cast to another dtype; the gradient comes back in the dtype of this tensor.

        `copy` is NumPy's, and has no effect: no tensor sees another one's new value.
        """
        return self if self.dtype == dtype else call(cast, self, dtype)

    def view(self, dtype: npt.DTypeLike) -> Tensor:
        """Complex numbers as pairs of real ones along the last axis, or the other way round.

        No other change of dtype is one of numbers: for bytes there is `x.numpy().view(dtype)`.
        """
        if self.dtype == dtype:
            return self
        if np.dtype(dtype) == (self._array[:0] + 0j).dtype:
            return self[..., ::2] + 1j * self[..., 1::2]
        if self.dtype != (np.zeros(0, dtype) + 0j).dtype:
            raise TypeError(
                f"a tensor of {self.dtype} is no view of {np.dtype(dtype)}; use x.astype(dtype)"
            )
        pairs = call(np.stack, [self.real, self.imag], axis=-1)
        return pairs.reshape(*self.shape[:-1], -1)

    def copy(self) -> Tensor:
        """The same value in memory of its own, still in the graph."""
        return call(np.copy, self)


# What ndarrays have and tensors do not, and what to write instead.
NO_METHODS = {
    **dict.fromkeys(
        ("fill", "itemset", "put", "setfield"),
        "it writes into its array, and tensors are values; use x[index] = value",
    ),
    "resize": "it changes its array, and tensors are values; use np.resize(x, shape)",
    **dict.fromkeys(
        ("base", "ctypes", "flags", "getfield", "setflags", "strides"),
        "it is about memory, and tensors are values; use x.numpy() for the array",
    ),
    "byteswap": "it changes bytes, not numbers; use x.astype(x.dtype.newbyteorder())",
    **dict.fromkeys(
        ("newbyteorder", "ptp", "tostring"),
        "NumPy 2 has taken it away; use x.astype, np.ptp or x.tobytes",
    ),
    "flat": "use x.ravel(), or x[index] = value to write",
    **dict.fromkeys(
        ("dump", "dumps", "tofile"), "use pickle on a leaf, or x.numpy() for the array"
    ),
}

new_tensor = Tensor.__new__  # without __init__, which checks what `record` knows


def call(fn: Callable[..., Any], *args: Any, **kwargs: Any) -> Tensor:
    """`apply` where the result is one array."""
    result: Tensor = apply(fn, *args, **kwargs)
    return result


def _restored(data: Array, requires_grad: bool, grad: Tensor | None) -> Tensor:
    """Unpickle a leaf."""
    leaf = Tensor(data).requires_grad_(requires_grad)
    if requires_grad:
        leaf.grad = grad
    return leaf


def tensor(
    data: npt.ArrayLike, dtype: npt.DTypeLike | None = None, *, requires_grad: bool = False
) -> Tensor:
    """Make a leaf Tensor from a copy of `data`.

    Parameters
    ----------
    data : array_like
        Numbers, nested lists, or an array.
    dtype : dtype, optional
        NumPy's choice for `data`, if not given.
    requires_grad : bool
        Whether to record what is computed from it, which only floating dtypes allow.

    Raises
    ------
    TypeError
        If `data` holds a tensor that requires grad, if NumPy can make no numbers of it, or if
        `requires_grad` is asked for another dtype than a floating one.

    Examples
    --------
    >>> import numpy as np, minigrad as mg
    >>> mg.tensor([[1.0, 2.0]], requires_grad=True)
    tensor([[1., 2.]], requires_grad=True)
    >>> mg.tensor(np.arange(3), dtype=np.float32)
    tensor([0., 1., 2.], dtype=float32)

    """
    if is_lazy(data):
        array = asarray(data, dtype).data.copy()
    else:
        array = np.array(without_subclass(data, tensor), dtype=dtype)
    return _checked(array).requires_grad_(requires_grad)


def asarray(
    data: Any,
    dtype: npt.DTypeLike | None = None,
    *,
    device: Any = None,
    copy: bool | None = None,
) -> Tensor:
    """Make a Tensor that shares the memory of `data`, where NumPy can; a Tensor stays in its graph.

    Parameters
    ----------
    data : array_like, Tensor, or nested lists of Tensors
        An array must not be changed afterwards.  Tensors in lists are stacked, and recorded.
    dtype : dtype, optional
        The dtype of the result, if it is not that of `data`.
    device : "cpu", optional
        Where the result is to be: there is one place.
    copy : bool, optional
        Whether the result must have, or must not have, memory of its own.

    Examples
    --------
    >>> import minigrad as mg
    >>> x = mg.tensor(2.0, requires_grad=True)
    >>> mg.asarray([x, x * x, 1.0])
    tensor([2., 4., 1.], requires_grad=True)

    """
    if device is not None:
        check_device(device)
    if copy:
        return asarray(data, dtype).copy()
    if isinstance(data, Tensor):
        if copy is False and dtype is not None and data.dtype != dtype:
            raise ValueError(f"asarray: from {data.dtype} to {np.dtype(dtype)} needs a copy")
        return data if dtype is None else data.astype(dtype)
    if isinstance(data, (list, tuple)) and holds_tensor(data):
        if copy is False:
            raise ValueError("asarray: a list of Tensors needs a copy")
        return asarray(call(np.stack, [asarray(element) for element in data]), dtype)
    if copy is False:
        return _checked(np.asarray(data, dtype=dtype, copy=False))
    if dtype is None or is_lazy(data):
        return _checked(as_array(data) if dtype is None else as_array(data).astype(dtype))
    return _checked(np.asarray(data, dtype=dtype))


API_VERSIONS = (None, "2021.12", "2022.12", "2023.12", "2024.12")  # of the array API standard


def check_device(device: Any) -> None:
    """Refuse any device but the one that there is."""
    if device not in (None, "cpu"):
        raise ValueError(f'minigrad computes on the device "cpu", not {device!r}')


def operand(x: Any) -> Tensor:
    """`x` as a Tensor that a composite may keep: an array as a copy, as its owner may change it."""
    return x if isinstance(x, Tensor) else asarray(snapshot(x))


def common_dtype(values: Iterable[Any]) -> np.dtype[Any]:
    """The dtype that NumPy joins `values` in: Python's numbers leave that of the others alone."""
    weak = (int, float, complex)
    return np.result_type(*(v if isinstance(v, weak) else asarray(v).dtype for v in values))


def _checked(array: Array) -> Tensor:
    """A Tensor of `array`, if it holds numbers or truth values."""
    if array.dtype.kind not in "biufc":
        raise TypeError(
            f"a tensor holds numbers, not dtype {array.dtype}; convert the data first, "
            "and give nested lists rows of equal length"
        )
    return Tensor(array)
