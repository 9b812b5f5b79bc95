"""The properties that an operation and its derivatives must have, each held against one call.

A property is a function of a `Call`, with the law as its docstring: it raises `Failure` where the
law is broken, and returns whether there was anything to hold against it.  To add one, write it and
put it in `PROPERTIES`.  It needs NumPy only; strategies.py, which draws calls, comes next.
"""

from __future__ import annotations

import functools
import warnings
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, NamedTuple, TypeAlias

import numpy as np
import numpy.typing as npt

from minigrad.core import Tensor, asarray, enable_grad, no_grad, unwrap
from minigrad.testing.calls import (
    Arguments,
    Array,
    Call,
    Domain,
    Edge,
    Evaluation,
    Failure,
    Vjp,
    array_of,
    op_name,
    quiet,
    written,
)
from minigrad.testing.numerical import RELATIVE
from minigrad.testing.slopes import Map, flat, held
from minigrad.transforms import vjp as minigrad_vjp

FLOATS = (np.float16, np.float32, np.float64)
ULPS = 16  # the roundings that a value may be away from what it is for inputs one rounding away

# ---------------------------------------------------------------------------------------------
# Values, shapes and dtypes


def eps(dtype: npt.DTypeLike) -> float:
    """The relative rounding of a dtype."""
    return float(np.finfo(dtype).eps)


def moderate(xs: Sequence[Array], dtype: npt.DTypeLike) -> bool:
    """Whether squares of all the numbers neither overflow in `dtype` nor vanish."""
    info = np.finfo(dtype)
    sizes = np.concatenate([np.abs(x).ravel() for x in xs])
    inside = (sizes > np.sqrt(info.smallest_normal)) & (sizes < np.sqrt(info.max))
    return bool(np.all(inside | (sizes == 0)))


def value(call: Call) -> bool | None:
    """The value is the reference's in float64, to rounding, for operands of every dtype."""
    fn = call.reference or call.op

    def reference(xs: Sequence[Any]) -> Array:
        return array_of(call.applied(fn, xs)).astype(float)

    for dtype in FLOATS:
        here = call.evaluated(dtype)
        if not here.is_floating:
            continue
        found, wide = here.value, [x.astype(float) for x in here.xs]
        expected = reference(wide)
        same_form(call, value, found, expected.shape, found.dtype, "the value")
        known = np.isfinite(expected)
        if dtype is not np.float64:
            known &= np.isfinite(found) & moderate(wide, dtype)
        near(call, value, "the value", found, expected, known, reference, wide, eps(dtype))
    return True


def same_form(
    call: Call, law: Any, found: Array, shape: Any, dtype: Any, what: str, **also: Any
) -> None:
    """Refuse an array of another shape or dtype."""
    if (found.shape, found.dtype) != (shape, dtype):
        form = f"shape {found.shape} and dtype {found.dtype}"
        what = f"{what} has {form}, not {shape} and {np.dtype(dtype)}"
        raise Failure(what, call, law, **also)


def equal(
    call: Call, law: Any, what: str, found: Array, expected: Array, slack: Any, known: Any
) -> None:
    """Refuse an array that differs by more than `slack` somewhere that is `known`."""
    off = apart(found, expected, slack, known)
    if off.any():
        i = tuple(map(int, np.argwhere(off)[0]))
        raise Failure(
            f"{what} at index {i} is wrong [{found.dtype}]", call, law,
            found=found[i], expected=f"{expected[i]} +- {np.broadcast_to(slack, off.shape)[i]:.1g}",
        )  # fmt: skip


def apart(found: Array, expected: Array, slack: Any, known: Any) -> Array:
    """Where the arrays differ by more than `slack`, of what is `known`."""
    with np.errstate(all="ignore"):
        return np.asarray(~(np.abs(found.astype(float) - expected) <= slack) & known)


def near(
    call: Call, law: Any, what: str, found: Array, expected: Array, known: Any,
    fn: Callable[[Sequence[Any]], Array], xs: Sequence[Array], relative: float,
) -> None:  # fmt: skip
    """Refuse what differs from `fn(xs)`, as expected, by more than some roundings of xs make."""
    scale = np.max(np.abs(expected), initial=1.0, where=np.isfinite(expected))
    slack: Any = ULPS * relative * scale
    if apart(found, expected, slack, known).any():
        change = np.zeros(expected.shape)
        for i in range(5):  # neighbours one up and one down; then at random
            signs = [
                call.rng.choice((-1, 1), x.shape) if i else np.resize((1, -1), x.shape) for x in xs
            ]
            moved = fn([x * (1 + relative * sign) for x, sign in zip(xs, signs, strict=True)])
            change = np.fmax(change, np.abs(moved - expected))
        slack = slack + ULPS * change
    equal(call, law, what, found, expected, slack, known & np.isfinite(slack))


def errors(call: Call) -> bool | None:
    """It raises an error where it does so on plain arrays."""
    if call.error is None:
        return None
    try:
        call.vjp(call.f, *call.operands)
    except Exception:  # any: the engine may add to what NumPy says
        return True
    raise Failure(f"no error, where plain arrays give {call.error!r}", call, errors)


def dtypes(call: Call) -> bool | None:
    """A value has the dtype that plain arrays give, a gradient its operand's form."""
    checked = None
    for kinds in [(d,) for d in FLOATS] + [(np.float32, np.float64)]:
        here = call.evaluated(*kinds)
        if not here.is_floating:
            continue
        plain, names = here.plain, ", ".join(str(x.dtype) for x in here.xs)
        same_form(call, dtypes, here.value, plain.shape, plain.dtype, "the value", of=names)
        gradients = here.pulled(call.cotangent(plain))
        for name, x, g in zip(call.names, here.xs, gradients, strict=True):
            same_form(call, dtypes, g, x.shape, x.dtype, f"the gradient by {name}", of=names)
        checked = True
    return checked


def scalars(call: Call) -> bool | None:
    """NumPy's scalars are operands as 0-d arrays are; Python's numbers are weak."""
    checked = None
    for i, x in enumerate(call.operands):
        if x.shape != ():
            continue
        others = call.cast(np.float32)
        for scalar in (np.float32(x), float(x)):
            xs = [*others[:i], scalar, *others[i + 1 :]]
            operands = [k for k in range(len(xs)) if k != i or type(scalar) is not float]
            here = Evaluation(call, xs)
            if not operands or not here.is_floating:
                continue
            plain = here.plain
            y, gradients = partial_gradients(call, xs, operands, plain)
            of = f"a {type(scalar).__name__} for {call.names[i]}"
            same_form(call, scalars, y, plain.shape, plain.dtype, "the value", of=of)
            for k, g in zip(operands, gradients, strict=True):
                what = f"the gradient by {call.names[k]}"
                same_form(call, scalars, g, np.shape(xs[k]), np.float32, what, of=of)
            checked = True
    return checked


def partial_gradients(
    call: Call, xs: Sequence[Any], operands: Sequence[int], y: Array
) -> tuple[Array, list[Array]]:
    """The value and the gradients by some of the operands; the others are passed as they are."""

    def f(*given: Any) -> Any:
        all_of_them = list(xs)
        for i, x in zip(operands, given, strict=True):
            all_of_them[i] = x
        return call.f(*all_of_them)

    value, pull = call.vjp(f, *(xs[i] for i in operands))
    return array_of(value), [array_of(g) for g in pull(call.cotangent(y))]


# ---------------------------------------------------------------------------------------------
# What a walk back leaves alone


class Walk(NamedTuple):
    """What a walk back from an operation met with: the arrays themselves, where there are some."""

    xs: Sequence[Array]
    cotangent: Array
    output: Array
    before: tuple[Array, Array]  # copies of the cotangent and the output, made before the walk
    gradients: list[Array]


def walk(call: Call, xs: Sequence[Array], u: Array) -> Walk:
    """Walk back once.  minigrad works on `xs` themselves, and shows its own output."""
    given = u.copy()
    if call.vjp is not minigrad_vjp:
        value, pull = call.vjp(call.f, *xs)
        output = array_of(value)
        before = given, output.copy()
        return Walk(xs, u, output, before, [array_of(g) for g in pull(u)])
    leaves = [asarray(x).requires_grad_() for x in xs]
    with enable_grad():
        y = call.f(*leaves)
    output = array_of(y)
    before = given, output.copy()
    if isinstance(y, Tensor) and y.requires_grad:
        y.backward(u)
    gradients = [np.zeros_like(unwrap(x)) if x.grad is None else unwrap(x.grad) for x in leaves]
    return Walk(xs, u, output, before, gradients)


@functools.lru_cache(maxsize=1)
def first_walk(call: Call) -> Walk:
    """A walk back from copies of the operands: the same for all properties that look at one."""
    return walk(call, [x.copy() for x in call.operands], call.cotangent(call.value))


def mutation(call: Call) -> bool | None:
    """Neither operands, nor result, nor cotangent are changed in place."""
    walked = first_walk(call)
    names = [*call.names, "the cotangent", "the result"]
    after = [*walked.xs, walked.cotangent, walked.output]
    for name, now, before in zip(names, after, [*call.operands, *walked.before], strict=True):
        if not np.array_equal(now, before, equal_nan=True):
            what = f"{name} was changed in place"
            raise Failure(what, call, mutation, before=written(before), after=written(now))
    return True


def aliasing(call: Call) -> bool | None:
    """A gradient shares its memory with no other, nor with operands, result or cotangent."""
    walked = first_walk(call)
    names = [f"the gradient by {name}" for name in call.names]
    arrays = dict(zip(names, walked.gradients, strict=True))
    others = {**dict(zip(call.names, walked.xs, strict=True)), "the result": walked.output}
    others["the cotangent"] = walked.cotangent
    for i, (name, g) in enumerate(arrays.items()):
        for other, a in [*list(arrays.items())[:i], *others.items()]:
            if np.shares_memory(g, a):
                raise Failure(f"{name} shares its memory with {other}", call, aliasing)
    return True


def repetition(call: Call) -> bool | None:
    """Run twice, it gives the same bits."""
    first = first_walk(call)
    u = first.before[0]
    here = Evaluation(call, call.operands)
    runs = [[g.copy() for g in here.pulled(u)] for _ in range(2)]
    runs += [[w.output, *w.gradients] for w in (first, walk(call, call.operands, u))]
    for a, b in zip(runs[0] + runs[2], runs[1] + runs[3], strict=True):
        if a.tobytes() != b.tobytes():
            found = {"first": written(a), "again": written(b)}
            raise Failure("the second run differs from the first", call, repetition, **found)
    return True


def layout(call: Call) -> bool | None:
    """Memory order is of no account: Fortran's, negative strides, steps, read-only."""
    u = call.cotangent(call.evaluated(float).plain)
    plain = walk(call, call.xs, u)
    for name, arrange in LAYOUTS.items():
        found = walk(call, [arrange(x) for x in call.xs], arrange(u))
        names = ["the value", *(f"the gradient by {n}" for n in call.names)]
        pairs = zip(
            names, [found.output, *found.gradients], [plain.output, *plain.gradients], strict=True
        )
        for what, a, b in pairs:
            known = np.isfinite(b)
            slack = call.slack(np.max(np.abs(b), initial=0, where=known))
            equal(call, layout, f"with {name}, {what}", a, b, slack, known)
    return True


def _strided(x: Array) -> Array:
    return np.repeat(x[..., None], 2, axis=-1)[..., 0]


def _read_only(x: Array) -> Array:
    view = _strided(x)
    view.flags.writeable = False
    return view


ORDERS: dict[str, Callable[[Array], Array]] = {
    "C's order": lambda x: x.copy(),
    "Fortran's order": lambda x: x.copy(order="F"),
    "negative strides": lambda x: np.flip(np.flip(x).copy()),
    "exchanged axes": lambda x: x.swapaxes(0, -1).copy().swapaxes(0, -1) if x.ndim else x.copy(),
    "strides of two": _strided,
}
LAYOUTS = {
    **{name: ORDERS[name] for name in ("Fortran's order", "negative strides")},
    "strides of two, read-only": _read_only,
}


# ---------------------------------------------------------------------------------------------
# Where a result lies in memory, and what it shares with others, which is held against NumPy: other
# engines do not promise that.


class Beside(NamedTuple):
    """What an operation makes of plain arrays, and of tensors of arrays that lie as these do."""

    order: str
    arrays: list[Array]
    tensors: list[Tensor]
    results: list[tuple[Any, Tensor]]


def beside_numpy(call: Call) -> Beside:
    """Run the operation on both, in one of several orders."""
    order = list(ORDERS)[call.rng.integers(len(ORDERS))]
    recorded = bool(call.rng.integers(4))  # or now and then on constants
    arrays, others = ([np.asarray(ORDERS[order](x)) for x in call.operands] for _ in range(2))
    tensors = [asarray(x).requires_grad_(recorded) for x in others]
    with enable_grad():
        plain, found = call.results(arrays), call.results(tensors)
    pairs = zip(plain, found, strict=True) if len(plain) == len(found) else ()
    results = [(a, y) for a, y in pairs if is_array(a) and isinstance(y, Tensor)]
    return Beside(order, arrays, tensors, results)


def is_array(value: Any) -> bool:
    """Whether NumPy gave an array, or a number."""
    return isinstance(value, (np.ndarray, np.generic))


def strides(call: Call) -> bool | None:
    """A result lies in memory as NumPy's does, whatever the order that its operands lie in."""
    if call.vjp is not minigrad_vjp:
        return None
    here, checked = beside_numpy(call), None
    for i, (a, y) in enumerate(here.results):
        if isinstance(a, np.ndarray) and a.size and a.shape == y.shape:
            found, expected = steps(y.numpy()), steps(a)
            if found != expected:
                what = f"with operands in {here.order}, result {i} has other strides than in NumPy"
                raise Failure(what, call, strides, found=found, expected=expected)
            checked = True
    return checked


def steps(x: Array) -> list[int]:
    """The strides of axes that have more than one element, counted in elements."""
    return [s // x.itemsize for n, s in zip(x.shape, x.strides, strict=True) if n > 1]


def views(call: Call) -> bool | None:
    """What is written to a result reaches what it reaches in NumPy, and a number takes nothing.

    So a result is a view, a copy or a number where NumPy's is.  Where that is read-only, it is so
    too, or it has memory of its own.
    """
    if call.vjp is not minigrad_vjp:
        return None
    here, checked = beside_numpy(call), None
    names = [*call.names, *(f"result {i}" for i in range(len(here.results)))]
    for i, (a, y) in enumerate(here.results):
        mark = call.rng.uniform(0.25, 0.75)
        expected = written_to(a, mark)
        if expected == "deprecated" or not np.size(a):  # such as what np.broadcast_arrays gives
            continue
        found = written_to(y, mark)
        if expected not in (found, "read-only"):
            what = f"with operands in {here.order}, result {i} is otherwise written to"
            raise Failure(what, call, views, found=found, expected=expected)
        theirs = [*here.arrays, *(a for a, _ in here.results)]
        ours = [*here.tensors, *(y for _, y in here.results)]
        for name, b, t in zip(names, theirs, ours, strict=True):
            if t is not y and not np.array_equal(t.numpy() == mark, np.equal(b, mark)):
                what = f"with operands in {here.order}, a write to result {i} reaches {name} "
                what += "where it does not in NumPy, or the reverse"
                raise Failure(what, call, views, found=written(t.numpy()), expected=written(b))
        checked = True
    return checked


def written_to(result: Any, value: float) -> str:
    """Write to a result, and say what it is."""
    try:
        with no_grad(), warnings.catch_warnings(action="error", category=DeprecationWarning):
            same = result
            same += result.dtype.type(0)
            if same is not result:
                return "a number"
            result[...] = value
    except ValueError:
        return "read-only"
    except DeprecationWarning:
        return "deprecated"
    return "an array"


def derivative(call: Call) -> bool | None:
    """What is pulled back is f'(x)* u: <f'(x)* u, v> = <u, f'(x) v>, at every order.

    At a kink, of the first order, it is between the slopes to both sides.
    """
    if call.at_edge(call.xs):
        return None
    f = Map.of(call)
    checked = held(f, 1, derivative)
    for order in range(2, call.order + 1):
        f = f.derivative()
        held(f, order, derivative)
    return checked


def linearity(call: Call) -> bool | None:
    """What is pulled back for a u + b w is a times that for u and b times that for w."""
    here = call.evaluated(float)
    u, w = (call.rng.standard_normal(here.value.shape) for _ in range(2))
    a, b = 1.75, -0.625
    pulled = [[g.copy() for g in here.pulled(c)] for c in (u, w, a * u + b * w)]
    for name, by_u, by_w, found in zip(call.names, *pulled, strict=True):
        expected = a * by_u + b * by_w
        known = np.isfinite(expected)
        slack = call.slack(np.max(np.abs(by_u) + np.abs(by_w), initial=0, where=known))
        equal(call, linearity, f"the gradient by {name}", found, expected, slack, known)
    return True


def product(call: Call) -> bool | None:
    """Forward and backward agree: <u, J v> by the vjp's vjp is <J* u, v> by the vjp."""
    if call.order < 2:
        return None
    vs = [call.rng.standard_normal(x.shape) for x in call.xs]
    here = call.evaluated(float)

    def along(u: Any) -> Any:
        pulled = call.vjp(call.f, *call.xs)[1](u)
        return sum((v * p).sum() for v, p in zip(vs, pulled, strict=True))

    u = call.rng.standard_normal(here.plain.shape)
    (tangent,) = (array_of(t) for t in call.vjp(along, np.zeros(u.shape))[1](np.ones(())))
    terms = [v * g for v, g in zip(vs, here.pulled(u), strict=True)]
    forward, backward = u * tangent, flat(terms)
    if not np.isfinite(forward).all() or not np.isfinite(backward).all():
        return None
    slack = call.slack(np.sum(np.abs(forward)) + np.sum(np.abs(backward)))
    if not abs(np.sum(forward) - np.sum(backward)) <= slack:
        found = {"forward": np.sum(forward), "backward": np.sum(backward)}
        raise Failure("the two modes disagree", call, product, **found)
    return True


def sameness(call: Call) -> bool | None:
    """The gradient of f(x, x) is the sum of those by both operands."""
    n, x = len(call.xs), call.xs[0]
    if n < 2 or any(other.shape != x.shape for other in call.xs):
        return None
    here = Evaluation(call, [x] * n)
    if not call.within(here.xs) or not here.is_floating:
        return None

    def f(x: Any) -> Any:
        return call.f(*[x] * n)

    u = call.rng.standard_normal(here.plain.shape)
    (found,) = (array_of(g) for g in call.vjp(f, x)[1](u))
    parts = here.pulled(u)
    expected, sizes = np.sum(parts, axis=0), np.sum(np.abs(parts), axis=0)
    known = np.isfinite(expected)
    slack = call.slack(np.max(sizes, initial=0, where=known))
    equal(call, sameness, "the gradient by x in f(x, x)", found, expected, slack, known)
    diagonal = Map(
        call, [x], lambda x: [array_of(f(x))], lambda xs, us: call.vjp(f, *xs)[1](us[0]),
        ["x in f(x, x)"], ["the result"],
    )  # fmt: skip
    if not call.at_edge(here.xs):
        held(diagonal, 1, sameness)
    return True


def broadcasting(call: Call) -> bool | None:
    """The gradient by a broadcast operand is the sum over all it is broadcast to."""
    if len(call.xs) < 2:
        return None
    if len({x.shape for x in call.xs}) > 1:
        return spread_sums(call, call.xs)
    # Else with one number in place of each operand by turns.
    checked = None
    for i, x in enumerate(call.xs):
        if x.size:
            shape = ((), (1,) * x.ndim)[call.rng.integers(2)]
            number = x.reshape(-1)[:1].reshape(shape)
            checked = spread_sums(call, [*call.xs[:i], number, *call.xs[i + 1 :]]) or checked
    return checked


def spread_sums(call: Call, narrow: Sequence[Array]) -> bool | None:
    """Hold gradients by operands that are broadcast against those by what they are broadcast to."""
    try:
        wide = [x.copy() for x in np.broadcast_arrays(*narrow)]
    except ValueError:
        return None
    if not (same(call, narrow, wide) and same(call, *numbers_like(call, narrow, wide))):
        return None  # not elementwise
    u = call.rng.standard_normal(call.plain(wide).shape)
    pulled = zip(call.names, call.pulled(narrow, u), call.pulled(wide, u), strict=True)
    for name, found, g in pulled:
        expected = summed(g, found.shape)
        known = np.isfinite(expected)
        slack = call.slack(np.max(summed(np.abs(g), found.shape), initial=0, where=known))
        equal(call, broadcasting, f"the gradient by {name}", found, expected, slack, known)
    return True


def same(call: Call, xs: Sequence[Array], others: Sequence[Array]) -> bool:
    """Whether the operation gives the same, in shape and to rounding."""
    y, other = Evaluation(call, xs), Evaluation(call, others)
    if not y.is_floating or not other.is_floating or y.plain.shape != other.plain.shape:
        return False
    return np.allclose(y.plain, other.plain, rtol=RELATIVE, atol=0, equal_nan=True)


def numbers_like(
    call: Call, narrow: Sequence[Array], wide: Sequence[Array]
) -> tuple[list[Array], list[Array]]:
    """Random numbers in the shapes of `narrow`, and what they become in those of `wide`."""
    xs = [call.rng.uniform(0.25, 0.75, x.shape) for x in narrow]
    return xs, [np.broadcast_to(x, w.shape).copy() for x, w in zip(xs, wide, strict=True)]


def summed(g: Array, shape: tuple[int, ...]) -> Array:
    """`g` summed over what an array of `shape` was broadcast over."""
    g = g.sum(axis=tuple(range(g.ndim - len(shape))))
    stretched = tuple(i for i, n in enumerate(shape) if n == 1)
    return np.asarray(g.sum(axis=stretched, keepdims=True).reshape(shape))


def precision(call: Call) -> bool | None:
    """A gradient in float32 is that in float64, to the digits that are left."""
    here = call.evaluated(np.float32)
    if not here.is_floating:
        return None
    wide = [x.astype(float) for x in here.xs]
    u = call.rng.standard_normal(here.plain.shape).astype(np.float32)
    sizes = [*wide, u.astype(float), call.plain(wide)]
    if not all(np.isfinite(a).all() for a in sizes) or not moderate(sizes, np.float32):
        return None
    found = flat(here.pulled(u))
    u = u.astype(float)

    def gradient(xs: Sequence[Array]) -> Array:
        return flat(call.pulled(xs, u))

    expected = gradient(wide)
    known = np.isfinite(expected) & np.isfinite(found)
    narrow = eps(np.float32)
    near(call, precision, "the gradient", found, expected, known, gradient, wide, narrow)
    return True


PROPERTIES: dict[str, Callable[[Call], bool | None]] = {
    law.__name__: law
    for law in (
        errors,
        value,
        mutation,
        aliasing,
        repetition,
        dtypes,
        scalars,
        linearity,
        derivative,
        product,
        sameness,
        broadcasting,
        layout,
        strides,
        views,
        precision,
    )
}


def hold(call: Call, properties: Iterable[str] = PROPERTIES) -> dict[str, bool | None]:
    """Hold a call to properties, by name; return which of them it could be held to.

    An error on the way is a failure, too.
    """
    found: dict[str, bool | None] = {}
    with quiet():
        for name in properties:
            if call.error is not None and name != "errors":
                found[name] = None
                continue
            try:
                call.rng = np.random.default_rng(call.seed)  # each by itself draws the same
                found[name] = PROPERTIES[name](call)
            except Failure:
                raise
            except Exception as error:
                what = f"{type(error).__name__}: {error}"
                raise Failure(what, call, PROPERTIES[name]) from error
    return found


def check_operation(
    op: Callable[..., Any],
    *args: Any,
    vjp: Vjp | None = None,
    reference: Callable[..., Any] | None = None,
    order: int = 2,
    domain: Domain = None,
    skip: Iterable[str] = (),
    seed: int = 0,
    **kwargs: Any,
) -> dict[str, bool | None]:
    """Hold one call of an operation to every property; `property_test` draws many of them.

    Parameters
    ----------
    op : callable
        A function of arrays.
    *args, **kwargs
        What to call it with, or one `call(...)` that has all of that.  Arrays of a floating dtype
        are differentiated, also those in lists; everything else is passed on as it is.
    vjp : callable, optional
        How op is differentiated: `vjp(f, *primals)` returns the value and a function that maps its
        cotangent to a tuple of those of the primals.  `minigrad.vjp`, if not given.
    reference : callable, optional
        What the value must be, for float64 arrays.  If not given, op itself on plain arrays: that
        says much where it is NumPy's, and only that dtypes agree where it is a primitive.
    order : int
        Up to which derivative.
    domain : pair of float, or a pair for each operand, optional
        Where op is defined: differences stay there.
    skip : iterable of str
        Properties that are not wanted, by their names in `PROPERTIES`.
    seed : int
        Of the random directions and cotangents.

    Returns
    -------
    dict
        For each property: True where it holds, None where it says nothing about this call, False
        where differences are too rough to check it.

    Raises
    ------
    AssertionError
        Which property fails, where, by how much, and a program that does it again.
    TypeError
        If no argument is floating.

    Examples
    --------
    >>> import numpy as np, minigrad as mg
    >>> mg.testing.check_operation(np.multiply, np.array([1.0, 2.0]), np.array(3.0))["derivative"]
    True
    >>> @mg.primitive
    ... def cube(x):
    ...     return x**3
    >>> cube.defvjp(lambda g, _y, x: g * 3 * x)
    >>> mg.testing.check_operation(cube, np.array([1.0, 2.0]))  # doctest: +ELLIPSIS
    Traceback (most recent call last):
    minigrad.testing.calls.Failure: cube: the derivative of order 1 of the result at ...

    """
    one = not kwargs and len(args) == 1 and isinstance(args[0], Arguments)
    arguments = args[0] if one else Arguments(args, kwargs)
    drawn = Call(
        op, arguments, vjp=vjp, reference=reference, order=order, domain=domain, seed=seed
    )  # fmt: skip
    return hold(drawn, names_of_properties(skip))


def names_of_properties(skip: Iterable[str]) -> list[str]:
    """All properties but those in `skip`."""
    skip = [skip] if isinstance(skip, str) else list(skip)
    for name in skip:
        if name not in PROPERTIES:
            raise ValueError(f"skip={name!r} is none of the properties: {', '.join(PROPERTIES)}")
    return [name for name in PROPERTIES if name not in skip]


# ---------------------------------------------------------------------------------------------
# Points where everything is decided

Edges: TypeAlias = Mapping[Any, Any] | Iterable[tuple[Any, Any]]


def edges(call: Call, edge: Edge) -> None:
    """At a declared point, value and gradients are the declared ones, to the last bits."""
    call.edge = edge
    given = edge.gradients if isinstance(edge.gradients, tuple) else (edge.gradients,)
    if len(given) != len(call.operands):
        raise ValueError(
            f"an edge of {op_name(call.op)} has {len(given)} gradients for {len(call.operands)} "
            "operands; give a tuple with one for each"
        )
    for dtype in FLOATS:
        here = call.evaluated(dtype)
        kept = zip(here.xs, call.xs, strict=True)
        if not all(np.array_equal(x, wide, equal_nan=True) for x, wide in kept):
            continue  # there is no such point in this dtype
        if not here.is_floating:
            continue
        u = np.ones_like(here.plain)
        found = {"the value": (here.value, edge.value)} if edge.value is not None else {}
        names = [f"the gradient by {name}" for name in call.names]
        found |= dict(zip(names, zip(here.pulled(u), given, strict=True), strict=True))
        for i in range(len(names) if call.order > 1 else 0):
            again = recorded(call, here.xs, u, i)
            found[f"{names[i]}, recorded,"] = (again, given[i])
        for what, (a, exact) in found.items():
            expected = np.asarray(exact, float)
            kind = here.plain.dtype if what == "the value" else dtype
            same_form(call, edges, a, expected.shape, kind, what)
            slack = 4 * eps(dtype) * np.where(np.isinf(expected), 0, np.abs(expected))
            known = ~(np.isnan(a) & np.isnan(expected)) & (a != expected.astype(dtype))
            equal(call, edges, what, a, expected, slack, known)


def recorded(call: Call, xs: Sequence[Array], u: Array, i: int) -> Array:
    """The gradient by operand i as it is where it is differentiated again."""

    def pulled(*xs: Any) -> Any:
        return call.vjp(call.f, *xs)[1](u)[i]

    return array_of(call.vjp(pulled, *xs)[0])


def declared(edges: Edges | None) -> list[tuple[Arguments, Edge]]:
    """The points of a table of edges, as calls, and what is declared there."""
    pairs = [] if edges is None else edges.items() if isinstance(edges, Mapping) else edges
    rows = []
    for point, expected in pairs:
        edge = expected if isinstance(expected, Edge) else Edge(expected)
        if isinstance(point, Arguments):
            rows.append((point, edge))
        else:
            operands = point if isinstance(point, tuple) else (point,)
            rows.append((Arguments(tuple(np.asarray(x, float) for x in operands), {}), edge))
    return rows


def check_edges(
    op: Callable[..., Any], table: Edges, *, vjp: Vjp | None = None, order: int = 2
) -> None:
    """Hold an operation to a table of exact values: `edges` of `property_test`, by itself.

    Parameters
    ----------
    op : callable
        A function of arrays.
    table : mapping, or iterable of pairs
        From a point to the gradients there, or to an `Edge` with gradients and value: see
        `property_test`.
    vjp : callable, optional
        How op is differentiated: see `check_operation`.
    order : int
        If it is 2 or more, gradients are looked at while they are recorded, too.

    Raises
    ------
    AssertionError
        Where something else comes out, in any floating dtype that has the point.

    Examples
    --------
    >>> import numpy as np, minigrad as mg
    >>> mg.testing.check_edges(np.abs, {0.0: 0.0})
    >>> mg.testing.check_edges(np.maximum, {(2.0, 2.0): (0.5, 0.5), (np.nan, 1.0): (1.0, 0.0)})
    >>> mg.testing.check_edges(np.max, {((1.0, 3.0, 3.0),): [0.0, 0.5, 0.5]})

    """
    with quiet():
        for point, edge in declared(table):
            edges(Call(op, point, vjp=vjp, order=order), edge)
