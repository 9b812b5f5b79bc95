"""One call of an operation, as a function of the arrays in it; and what a failed check says of it.

All that is known of an engine is a function `vjp(f, *primals)`, which returns f's value and a
function from its cotangent to those of the primals.  It needs NumPy only; slopes.py comes next.
"""

from __future__ import annotations

import contextlib
import functools
import importlib
import inspect
import types
import warnings
from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple, TypeAlias

import numpy as np
import numpy.typing as npt

from minigrad.core import Primitive, Tensor, home_of, name_of
from minigrad.testing.numerical import RELATIVE, ROUNDING, Floats
from minigrad.transforms import vjp as minigrad_vjp

Array: TypeAlias = npt.NDArray[Any]
Vjp: TypeAlias = Callable[..., tuple[Any, Callable[[Any], Sequence[Any]]]]
Domain: TypeAlias = tuple[float, float] | Sequence[tuple[float, float]] | None


class Arguments(NamedTuple):
    """What an operation is called with: see `call`."""

    args: tuple[Any, ...]
    kwargs: dict[str, Any]

    def __repr__(self) -> str:
        return f"call({written(self)})"


def call(*args: Any, **kwargs: Any) -> Arguments:
    """Make the arguments of one call, as a strategy for `property_test` may draw them.

    Where arguments depend on each other, such as an axis on a shape, draw them together.

    Examples
    --------
    >>> import numpy as np, minigrad as mg
    >>> mg.testing.call(np.array([1.0, 2.0]), axis=0)
    call(np.array([1.0, 2.0]), axis=0)

    """
    return Arguments(args, kwargs)


class Edge(NamedTuple):
    """What is decided for a point that differences cannot tell: see `property_test`.

    Parameters
    ----------
    gradients : number, array_like, or tuple of them
        The gradient of the sum of all results: by the one operand, or a tuple, one by each.
    value : array_like, optional
        What comes out there; not checked, if not given.

    Examples
    --------
    >>> import numpy as np, minigrad as mg
    >>> mg.testing.check_edges(np.sqrt, {0.0: mg.testing.Edge(np.inf, value=0.0)})

    """

    gradients: Any
    value: Any = None


# ---------------------------------------------------------------------------------------------
# The call that is looked at


class Place(NamedTuple):
    """Where in the arguments an operand was."""

    number: int


class Call:
    """One call of an operation, as a function of its floating arguments.

    Arrays of a floating dtype are differentiated, also those in lists, tuples and keywords; where
    there is none, Python's floats are.  Everything else is passed on as it is.

    Parameters
    ----------
    op : callable
        The operation.
    arguments : Arguments
        What it is called with.
    vjp : callable
        How it is differentiated; `minigrad.vjp`, if not given.
    reference : callable
        What its values must be.
    order : int
        Up to which derivative.
    domain : pair of float, or one for each operand
        Where differences stay; no number is taken for anything beyond.
    edges : sequence of sequence of array
        The operands at points where everything is decided, and nothing is held against differences.
    seed : int
        Of all that is random.
    explain : bool
        Whether to look for the element that is wrong.

    """

    def __init__(
        self,
        op: Callable[..., Any],
        arguments: Arguments,
        *,
        vjp: Vjp | None = None,
        reference: Callable[..., Any] | None = None,
        order: int = 2,
        domain: Domain = None,
        edges: Sequence[Sequence[Array]] = (),
        seed: int = 0,
        explain: bool = True,
    ) -> None:
        self.edges, self.explain = edges, explain
        self.edge: Edge | None = None
        self.op, self.arguments = op, arguments
        self.vjp = vjp or minigrad_vjp
        self.reference, self.order, self.domain, self.seed = reference, order, domain, seed
        self.rng = np.random.default_rng(seed)
        self.names: list[str] = []
        self.operands: list[Array] = []
        numbers = not any(is_operand(a) for a in leaves([*arguments.args, arguments.kwargs]))
        args = [self._template(a, f"argument {i}", numbers) for i, a in enumerate(arguments.args)]
        kwargs = {k: self._template(v, f"argument {k}", False) for k, v in arguments.kwargs.items()}
        self.templates = args, kwargs
        if not self.operands:
            raise TypeError(
                f"{op_name(op)}({written(arguments)}) has no floating argument to differentiate by"
            )
        self.xs: list[Floats] = [x.astype(float) for x in self.operands]
        self.taken: dict[tuple[npt.DTypeLike, ...], Evaluation] = {}
        self.error: Exception | None = None
        self.scale = 1.0  # the size of the largest operand or value, or 1: these may cancel
        with quiet():
            try:
                self.value = self.plain([x.copy() for x in self.operands])  # op may change them
                for z in (self.value.astype(float), *self.xs):
                    largest = np.max(np.abs(z), initial=1.0, where=np.isfinite(z))
                    self.scale = max(self.scale, float(largest))
            except Exception as error:  # whatever it is: the properties look at it
                self.error = error

    def _template(self, value: Any, name: str, numbers: bool) -> Any:
        """`value` with a Place for each operand."""
        if is_operand(value) or (numbers and type(value) is float):
            self.names.append(name)
            self.operands.append(np.array(value))
            return Place(len(self.operands) - 1)
        if type(value) in (list, tuple):
            return type(value)(
                self._template(v, f"{name}[{i}]", False) for i, v in enumerate(value)
            )
        return value

    def applied(self, fn: Callable[..., Any], xs: Sequence[Any]) -> Any:
        """`fn` of the arguments with `xs` for the operands; several results in one array.

        Of a complex result the real parts come first, and then the imaginary ones.
        """
        args, kwargs = self.templates
        result = fn(*filled(args, xs), **filled(kwargs, xs))
        if isinstance(result, (tuple, list)):
            results = [r for several in result for r in leaves(several)]
            result = np.concatenate([r.reshape(-1) for r in results], axis=0)
        if getattr(getattr(result, "dtype", None), "kind", "") == "c":
            result = np.stack([result.real, result.imag])
        return result

    def results(self, xs: Sequence[Any]) -> list[Any]:
        """What the operation gives for `xs`, one after the other."""
        args, kwargs = self.templates
        result = self.op(*filled(args, xs), **filled(kwargs, xs))
        several = result if isinstance(result, (tuple, list)) else [result]
        return [r for part in several for r in leaves(part)]

    def f(self, *xs: Any) -> Any:
        """The operation, as a function of its operands."""
        return self.applied(self.op, xs)

    def plain(self, xs: Sequence[Any]) -> Array:
        """Its value on plain arrays: nothing is differentiated."""
        return array_of(self.f(*xs))

    def pulled(self, xs: Sequence[Any], u: Any) -> list[Array]:
        """The cotangents of operands `xs` for the cotangent u of the result."""
        return Evaluation(self, xs).pulled(u)

    def within(self, xs: Sequence[Any]) -> bool:
        """Whether `xs` are within the domain; what comes after the operands always is."""
        if self.domain is None:
            return True
        bounds = zip(self.bounds, xs, strict=False)
        return all(np.all((x >= low) & (x <= high)) for (low, high), x in bounds if x.size)

    @functools.cached_property
    def bounds(self) -> Sequence[tuple[float, float]]:
        """Of each operand the domain."""
        domain = np.array((-np.inf, np.inf) if self.domain is None else self.domain, float)
        return [tuple(pair) for pair in np.broadcast_to(domain, (len(self.operands), 2))]

    def at_edge(self, xs: Sequence[Array]) -> bool:
        """Whether `xs` are, or hold in an element, a point where everything is decided."""
        return any(meets(point, xs) for point in self.edges)

    def rounded(self, grid: int) -> Arguments:
        """The arguments with operands rounded to multiples of 1 / `grid`."""
        xs = [np.asarray(np.rint(x * grid) / grid, x.dtype) for x in self.operands]
        args, kwargs = self.templates
        return Arguments(tuple(filled(args, xs)), filled(kwargs, xs))

    def cast(self, *dtypes: npt.DTypeLike) -> list[Array]:
        """The operands in other dtypes: the last of `dtypes` is that of all that follow."""
        each = [*dtypes, *[dtypes[-1]] * len(self.operands)]
        return [x.astype(dtype) for x, dtype in zip(self.operands, each, strict=False)]

    def evaluated(self, *dtypes: npt.DTypeLike) -> Evaluation:
        """The operation at its operands in other dtypes: the same for all who ask."""
        if dtypes not in self.taken:
            self.taken[dtypes] = Evaluation(self, self.cast(*dtypes))
        return self.taken[dtypes]

    def cotangent(self, y: Array) -> Array:
        """A random cotangent of y; ones would be blind."""
        return self.rng.standard_normal(y.shape).astype(y.dtype)

    def slack(self, size: Any) -> float:
        """What rounding may make of gradients of a size, computed from numbers of this call's."""
        return float(RELATIVE * size + ROUNDING * self.scale)

    def program(self) -> str:
        """A program of a few lines that checks this call."""
        functions = {"reference": self.reference, "vjp": self.vjp}
        functions = {k: f for k, f in functions.items() if f not in (None, minigrad_vjp)}
        imports = [importable(f)[0] for f in (self.op, *functions.values())]
        options = [f"{k}={importable(f)[1]}" for k, f in functions.items()]
        given = {"order": (self.order, 2), "domain": (self.domain, None), "seed": (self.seed, 0)}
        options += [f"{k}={written(v)}" for k, (v, usual) in given.items() if v != usual]
        if self.edge is not None:
            options = [f"order={self.order}"] if self.order != 2 else []
        alone = not self.arguments.kwargs and self.edge is None
        what = written(self.arguments) if alone else repr(self.arguments)
        needed = ["check_operation"] if alone else ["call", "check_operation"]
        if self.edge is not None:
            needed = ["Edge", "call", "check_edges"]
            what = f"[({what}, Edge({written(self.edge.gradients)}, {written(self.edge.value)}))]"
        return "\n".join(
            [
                "import numpy as np",
                f"from minigrad.testing import {', '.join(needed)}",
                *dict.fromkeys(filter(None, imports)),
                f"{needed[-1]}({', '.join([importable(self.op)[1], what, *options])})",
            ]
        )


class Evaluation:
    """An operation at some operands, on plain arrays and differentiated; each is done once."""

    def __init__(self, call: Call, xs: Sequence[Any]) -> None:
        self.call, self.xs = call, xs

    @functools.cached_property
    def plain(self) -> Array:
        """What comes out of plain arrays."""
        return self.call.plain(self.xs)

    @functools.cached_property
    def is_floating(self) -> bool:
        """Whether these operands are taken, and give floating numbers: not every dtype does."""
        try:
            return self.plain.dtype.kind == "f"
        except Exception:  # whatever it is, there is nothing to compare with
            return False

    @functools.cached_property
    def differentiated(self) -> tuple[Any, Callable[[Any], Sequence[Any]]]:
        """What the vjp gives: the value, and a function of its cotangent."""
        return self.call.vjp(self.call.f, *self.xs)

    @property
    def value(self) -> Array:
        """What comes out where it is differentiated."""
        return array_of(self.differentiated[0])

    def pulled(self, u: Any) -> list[Array]:
        """The cotangents of the operands for the cotangent u of the result."""
        return [array_of(g) for g in self.differentiated[1](u)]


def meets(point: Sequence[Array], xs: Sequence[Array]) -> bool:
    """Whether `xs` are the point; or, where that is of numbers, whether they have it anywhere."""
    if len(point) != len(xs):
        return False
    if any(p.ndim for p in point):
        return all(np.array_equal(p, x, equal_nan=True) for p, x in zip(point, xs, strict=True))
    hits = [(x == p) | (np.isnan(x) & np.isnan(p)) for p, x in zip(point, xs, strict=True)]
    try:
        return bool(np.any(functools.reduce(np.logical_and, hits)))
    except ValueError:  # they do not broadcast: then there are no elements to tell
        return False


def is_operand(value: Any) -> bool:
    """Whether `value` is an array, or a NumPy scalar, of a floating dtype."""
    return isinstance(value, (np.ndarray, np.floating)) and value.dtype.kind == "f"


def leaves(value: Any) -> Iterator[Any]:
    """What there is in lists, tuples and dictionaries."""
    if type(value) in (list, tuple, dict):
        for v in value.values() if type(value) is dict else value:
            yield from leaves(v)
    else:
        yield value


def filled(template: Any, xs: Sequence[Any]) -> Any:
    """A template with `xs` at their places."""
    if type(template) is Place:
        return xs[template.number]
    if type(template) is dict:
        return {k: filled(v, xs) for k, v in template.items()}
    if type(template) in (list, tuple):
        return type(template)(filled(v, xs) for v in template)
    return template


@contextlib.contextmanager
def quiet() -> Iterator[None]:
    """Let NumPy not warn: poles and overflow are looked at on purpose."""
    with np.errstate(all="ignore"), warnings.catch_warnings(action="ignore"):
        yield


def array_of(y: Any) -> Array:
    """A value or gradient as a NumPy array, whatever engine it is of."""
    return np.asarray(y.detach().numpy() if isinstance(y, Tensor) else y)


# ---------------------------------------------------------------------------------------------
# What a failure says


class Failure(AssertionError):
    """A call that lacks a property: which, where, by how much, and a program that shows it."""

    def __init__(self, what: str, call: Call, law: Callable[..., Any], **found: Any) -> None:
        super().__init__(what)
        self.what, self.call, self.law, self.found = what, call, law, found

    def __reduce__(self) -> tuple[Any, ...]:
        return AssertionError, (str(self),)  # an operation need not be one that can be pickled

    def __str__(self) -> str:
        width = max(map(len, self.found), default=0)
        table = "".join(f"\n    {k:{width}}  {v}" for k, v in self.found.items())
        program = self.call.program().replace("\n", "\n    ")
        law = (inspect.getdoc(self.law) or "").partition("\n\n")[0]
        return (
            f"{op_name(self.call.op)}: {self.what}{table}\n"
            f"The property {self.law.__name__!r}: {law}\n"
            f"To see it again:\n    {program}"
        )


def op_name(op: Any) -> str:
    """What a user calls an operation."""
    name = getattr(op, "__name__", None)
    if isinstance(op, (Primitive, np.ufunc)) or str(getattr(op, "__module__", "")) == "numpy":
        return name_of(op)
    return str(name or type(op).__name__)


def importable(fn: Any) -> tuple[str, str]:
    """The line that imports `fn`, and the name that it then has."""
    bound = getattr(fn, "__self__", None)
    if isinstance(bound, np.ufunc):
        return "", f"np.{bound.__name__}.{fn.__name__}"
    module = home_of(fn) if isinstance(fn, np.ufunc) else str(getattr(fn, "__module__", ""))
    name = str(getattr(fn, "__qualname__", "") or getattr(fn, "__name__", "op"))
    if module == "__main__":
        return f"# {name} is what the program or session defined", name
    try:
        found: Any = functools.reduce(getattr, name.split("."), importlib.import_module(module))
    except (ImportError, AttributeError, ValueError):
        found = None
    if found is not fn:
        name = str(getattr(fn, "__name__", name))
        short = name if name.isidentifier() else "op"
        return f"{short} = ...  # {name} of {module}, which cannot be imported by this name", short
    if module.partition(".")[0] == "numpy":
        return "", f"np{module[5:]}.{name}"
    return f"from {module} import {name.partition('.')[0]}", name


def written(value: Any) -> str:
    """`value` as Python reads it, with every digit."""
    if type(value) is Arguments:
        words = [*map(written, value.args), *(f"{k}={written(v)}" for k, v in value.kwargs.items())]
        return ", ".join(words)
    if isinstance(value, np.ndarray):
        dtype = "" if value.dtype in (float, int, bool) else f", np.{value.dtype}"
        if value.size == 0:
            return f"np.zeros({value.shape}, np.{value.dtype})"
        return f"np.array({written(value.tolist())}{dtype})"
    if isinstance(value, float) and not np.isfinite(value):
        number = f"{'-' if value < 0 else ''}np.{'nan' if np.isnan(value) else 'inf'}"
        return f"np.{value.dtype}({number})" if isinstance(value, np.floating) else number
    if type(value) in (list, tuple):
        words = [written(v) for v in value]
        inside = ", ".join(words) + ("," if type(value) is tuple and len(words) == 1 else "")
        return f"[{inside}]" if type(value) is list else f"({inside})"
    if value is Ellipsis:
        return "..."
    if isinstance(value, (types.FunctionType, np.ufunc)):
        return importable(value)[1]
    return repr(value)
