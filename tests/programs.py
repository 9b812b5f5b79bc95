"""Random programs of NumPy, run as they stand on Tensors and on arrays, with derivatives.

A `Program` is a list of Python statements, of views, aliases, writes, and all that records and
differentiates.  Building one runs it on float64 arrays, so that what is drawn is known to work:
shapes fit, numbers stay small, kinks are far.  What arrays do not have (a gradient, `detach()`) is
a statement of its own, which says what it comes to on arrays.

In NumPy a name stands for a place in memory, and other names for parts of it.  So a gradient
belongs to a place: it says how results change when all of it is moved, after the statement that
wrote to it last.  `replay` runs the program again with places moved, which is all that a numerical
derivative needs.  What no gradient flows through keeps the value that it had when nothing was
moved, and a place with a hook that scales its gradient moves that much more.  `check` runs the
statements on Tensors and holds values, layout, gradients, errors and memory to all this.
"""

import functools
import gc
import math
import random
import re
import textwrap
import types
import warnings
import weakref
from collections.abc import Callable
from dataclasses import dataclass, field
from types import CodeType
from typing import Any

import numpy as np
import pytest
from hypothesis import strategies as st

import minigrad as mg
from minigrad.testing.numerical import Estimate, ridders

BOUND, MARGIN, MOST = 3.0, 0.2, 16  # of numbers; of their distance to kinks; of elements
STEP = 0.04  # the largest difference that is taken

# -- what is written in the statements: expressions of operands x and y

ELEMENTWISE = [
    "-x", "x * x", "x + x", "x**2", "0.5 * x", "1.5 - x", "x / 2", "1 / (1 + x * x)", "x**3",
    "np.tanh(x)", "np.sin(x)", "np.exp(x)", "np.exp(-x)", "np.log(1 + x * x)", "np.sqrt(1 + x**2)",
    "1 / (1 + np.exp(-x))", "np.abs(x)", "np.maximum(x, 0)", "np.clip(x, -1, 1)",
]  # fmt: skip
VIEWS = [  # in NumPy some of them copy, where memory does not lie so
    "x.T", "x[None]", "x[0]", "x[1:]", "x[:-1]", "x[::-1]", "x[..., 0]", "x[..., ::2]", "x[...]",
    "x.reshape(-1)", "x.reshape(2, -1)", "x.reshape(-1, order='F')", "x.ravel()", "np.ravel(x)",
    "np.expand_dims(x, -1)", "np.swapaxes(x, 0, -1)", "np.moveaxis(x, 0, -1)", "np.flip(x)",
    "np.rot90(x)", "np.squeeze(x)", "np.atleast_2d(x)", "np.split(x, 2)[1]", "x.swapaxes(0, 1)",
    "np.array_split(x, 2)[0]", "next(iter(x))", "np.diagonal(x)", "np.einsum('ii->i', x)",
    "np.broadcast_to(x, (2, *x.shape))", "x.view(complex)", "x.view(complex).imag", "x.view(float)",
    "np.lib.stride_tricks.sliding_window_view(x, 2, axis=0)", "x.real",
]  # fmt: skip
RESHAPING = [
    "x.copy()", "x.flatten()", "np.sort(x)", "np.cumsum(x, axis=-1)", "np.roll(x, 1)",
    "np.repeat(x, 2, axis=0)", "x[[0, -1]]", "np.take(x, [0, -1], axis=-1)", "np.flip(x).copy()",
    "np.repeat(x, 2, axis=-1)", "np.cumsum(x, axis=0)", "np.delete(x, 0, axis=-1)", "np.copy(x)",
    "np.insert(x, 1, 0.5, axis=-1)", "np.pad(x, ((1, 0),) * x.ndim)", "np.diff(x, axis=0)",
]  # fmt: skip
REDUCING = [
    f"np.{name}(x{axis}{keepdims})"
    for name in ("sum", "mean", "max", "prod")
    for axis in ("", ", axis=0", ", axis=-1", ", axis=(0, 1)")
    for keepdims in ("", ", keepdims=True")
]
BINARY = [
    "x + y", "x - y", "x * y", "x / (1 + y * y)", "np.add(x, y)", "np.multiply(x, y)", "y - x * x",
    "np.subtract(y, x)", "x @ y", "np.maximum(x, y)", "np.where(x > y, y, x * y)", "x + 1j * y",
]  # fmt: skip
JOINING = [
    "np.concatenate([x, y])", "np.concatenate([y, x, y], axis=-1)", "np.stack([x, y])",
    "np.stack([y, x], axis=-1)", "mg.asarray([x, y])",
]  # fmt: skip
CONSTANT = ["x > 0.25", "np.zeros_like(x)", "np.ones_like(x)"]
WRITES = [  # into x; `m` is a mask
    "x[...] = y", "x[...] = x[::-1]", "x[1:] = x[:-1]", "x[1:] += x[:-1]", "x[:-1] -= x[1:]",
    "x[::-1] *= y", "x[..., 0] = x[..., -1]", "x[..., :1] *= x[..., -1:]", "x.T[...] = y",
    "x.T[0] *= 0.5", "x[0][...] = y", "x[0], x[-1] = x[-1], x[0]", "x[[0, 0]] = y",
    "np.flip(x)[...] = y", "x.sort()", "x.partition(0)", "x.fill(0.5)", "x.fill(y)", "x.real = y",
    "x.imag = y", "x.real *= y", "x.imag[...] = y", "x *= 1j", "np.copyto(x, y)", "x[m] *= y",
    "np.copyto(x, y, where=m)", "np.put(x, [0, -1], y)", "np.put(x, [0, 0], y)", "x.put([1], y)",
    "np.fill_diagonal(x, y)", "np.putmask(x, m, y)", "np.place(x, m, np.tanh(y))", "x[m] = y",
    "np.put_along_axis(x, np.argmax(x, axis=-1)[..., None], y, axis=-1)", "x[x > 0.25] = 0.5",
    "np.add.at(x, [0, 0], y)", "np.subtract.at(x, [0, -1], y)", "np.nan_to_num(x, copy=False)",
    "np.add(x, y, out=x, where=m)", "np.multiply.at(x, [0, 0], y)", "np.tanh.at(x, [0, 0])",
]  # fmt: skip
OVERWRITES = [  # of all of x, which then depends on the rest only
    "np.sin(x[::-1], out=x)", "np.cumsum(x[::-1], axis=-1, out=x)",
    "np.sum(y, axis=0, out=x)", "np.mean(y, axis=-1, out=x)", "np.clip(x, -1, 1, out=x)",
    "np.multiply(x, y, out=x)", "np.subtract(y, x, x)",
]  # fmt: skip
TIES, HALF = "np.diff(np.sort(x.ravel()))", "x - 0.25"
KINKS = {  # what must not come near 0
    "np.abs(x)": "x",
    "np.maximum(x, 0)": "x",
    "np.maximum(x, y)": "x - y",
    "np.where(x > y, y, x * y)": "x - y",
    "np.sort(x)": TIES,
    "x.sort()": TIES,
    "x.partition(0)": TIES,
    "np.put_along_axis(x, np.argmax(x, axis=-1)[..., None], y, axis=-1)": TIES,
    "x[x > 0.25] = 0.5": HALF,
} | {text: "np.abs(x) - 1" for text in (*ELEMENTWISE, *OVERWRITES) if "clip" in text}
KINKS |= {text: TIES for text in REDUCING if "max" in text}


@functools.cache
def kink(text: str) -> Callable[..., Any]:
    return eval(f"lambda x, y=0.0: {KINKS.get(text, '1.0')}", {"np": np})


def written(text: str, x: str, y: str = "") -> str:
    """`text` with its operands put in."""
    return re.sub(r"\b[xy]\b", lambda operand: {"x": x, "y": y}[operand[0]], text)


def literal(value: Any) -> str:
    """Python's way to write an array, a number, or an index."""
    if isinstance(value, np.ndarray):
        return f"np.array({value.tolist()})"
    if isinstance(value, tuple):
        return ", ".join(map(literal, value)) + ("," if len(value) == 1 else "") or "()"
    if isinstance(value, slice):
        ends = ("" if end is None else str(end) for end in (value.start, value.stop, value.step))
        return ":".join(ends).removesuffix(":") or ":"
    return "..." if value is ... else repr(value)


# -- a program, and how it runs on arrays

ON_ARRAYS = types.SimpleNamespace(
    asarray=np.stack, tensor=lambda data, requires_grad=False: np.array(data)
)


def owner(x: Any) -> Any:
    """What has the memory of x: an array, or x itself where it is a number."""
    while getattr(x, "base", None) is not None:
        x = x.base
    return x


def small(x: Any) -> bool:
    return bool(0 < np.size(x) <= MOST and np.all(np.abs(x) <= BOUND))


@dataclass
class Step:
    """A statement, and what it does if nothing is moved."""

    text: str  # on Tensors
    depth: int  # of the blocks that it is in
    arrays: CodeType | None = None  # on arrays, where it changes them
    name: str = ""  # what it gives a value, or writes to
    place: int | None = None  # the statement that made the memory in which it changes numbers
    value: Any = None  # all of that
    node: int | None = None  # the place in the graph of that value
    constant: bool = False  # whether nothing flows through this statement
    raises: str = ""  # which error
    recorded: frozenset[str] = frozenset()  # names that require grad
    # Of names whose tensor keeps its gradient: its node, and the walks that .grad adds up.
    kept: dict[str, tuple[int, tuple[int, ...]]] = field(default_factory=dict)


@dataclass
class Walk:
    """What a statement differentiates."""

    objective: CodeType
    hooks: tuple[tuple[int, float], ...]  # at that time
    inputs: tuple[int, ...] = ()  # nodes that it differentiates by, and returns
    directions: dict[int, Any] = field(default_factory=dict)  # at nodes, that it follows


class Program:
    """Statements that fit together, made one by one."""

    def __init__(self) -> None:
        self.rng = random.Random(0)  # draws what is left open
        self.steps: list[Step] = []
        self.walks: dict[int, Walk] = {}
        self.env = self.namespace()
        self.made: list[Any] = []  # every array and number that had a name, so that ids stay theirs
        self.nodes: dict[int, int | None] = {}  # of these, by id; None: a constant
        self.places: dict[int, int] = {}  # of the owners of memory: the statements that made it
        self.roots: dict[int, Any] = {}  # of a place: what has all of its memory, no view of it
        self.parents: dict[int, set[int]] = {}  # the graph; a leaf has none
        self.leaves: set[int] = set()
        self.freed: set[int] = set()
        self.hooks: dict[int, float] = {}
        self.ledgers: dict[int, tuple[int, ...]] = {}  # of leaves, and where retain_grad asked
        self.blurred: set[int] = set()  # nodes that derivatives in the program lie across
        self.modes = [True]
        self.seen_every = 1  # how many statements; a look may change what it sees

    def __repr__(self) -> str:
        return "\n" + self.source()

    def source(self, after: str = "") -> str:
        """The program as it runs on Tensors; `after` each statement, with {} for its number."""
        lines = []
        for i, step in enumerate(self.steps):
            statement = step.text
            if step.raises:
                statement = f"with pytest.raises({step.raises}):\n    {statement}"
            if after and not statement.startswith("with mg."):
                statement += f"\n{after.format(i)}"
            lines.append(textwrap.indent(statement, "    " * step.depth))
        return "\n".join(lines)

    # -- statements of NumPy, which may not fit: they say whether they did

    def array(self, shape: tuple[int, ...]) -> str:
        """An array of random numbers, written out."""
        numbers = [self.rng.randint(-150, 150) / 100 for _ in range(math.prod(shape))]
        return literal(np.array(numbers).reshape(shape))

    def tensor(self, name: str, shape: tuple[int, ...], *, leaf: bool) -> None:
        options = ", requires_grad=True" * leaf
        self.gives(name, f"{name} = mg.tensor({self.array(shape)}{options})", leaf=leaf)

    def gives(
        self, name: str, text: str, *, arrays: str = "", leaf: bool = False,
        constant: bool = False, **details: Any,
    ) -> bool:  # fmt: skip
        """Give a name a value: one that has a name, or a view of it, or one with its own memory."""
        value_text = text.removeprefix(f"{name} = ")
        parents = self.nodes_in(value_text)
        if not self.run(arrays or text, new="" if value_text in self.env else name):
            return False
        value, i = self.env[name], len(self.steps)
        if id(value) not in self.nodes:
            recorded = leaf or (self.modes[-1] and bool(parents) and not constant)
            self.has_node(value, i if recorded else None, set() if leaf else parents)
        if leaf:
            self.leaves.add(i)
            self.ledgers[i] = ()
        if (memory := id(owner(value))) not in self.places:
            self.places[memory], self.roots[i] = i, value
            details |= self.change(i, constant=leaf)
        self.does(text, arrays=arrays or text, name=name, **details)
        return True

    def writes(
        self, x: str, text: str, *, arrays: str = "", recorded: bool = True, whole: bool = False
    ) -> bool:
        """Write into a name; `whole`: where that is all of the memory, none of it stays."""
        place, i = self.place_of(x), len(self.steps)
        root = self.roots[place]
        node, recording = self.nodes[id(root)], recorded and self.modes[-1]
        is_leaf = node in self.leaves
        refused = is_leaf and recording
        if not self.env[x].flags.writeable:
            return False
        if not self.run(arrays or text, keep=not refused, changes=True):
            return False
        if refused:
            self.does(text, raises="RuntimeError")
            return True
        parents = self.nodes_in(text.replace(f"out={x}", ""))
        if node is not None and not (whole and self.env[x] is root):
            parents.add(node)
        node = i if recording and parents else None
        for part in (root, *self.values().values()):  # which may have a new name, of a loop
            if self.places[id(owner(part))] == place and not (is_leaf and id(part) in self.nodes):
                self.has_node(part, node, parents)
        self.does(text, arrays=arrays or text, name=x, **self.change(place, constant=is_leaf))
        return True

    def run(self, text: str, *, keep: bool = True, new: str = "", changes: bool = False) -> bool:
        """Run a statement on the arrays; if it does not fit, all is as before.

        It fits if it works, numbers stay small, `new` is no value that has a name already (x.real
        may be x itself), and what `changes` numbers does so (x[...] = x may do nothing).
        """
        names, memory = dict(self.env), [owner(value) for value in self.values().values()]
        before = [m.copy() for m in memory]
        try:
            with np.errstate(all="ignore"), warnings.catch_warnings():
                warnings.simplefilter("error")
                exec(compile(text, text, "exec"), self.env)
            fits = all(small(value) for value in self.values().values())
            fits = fits and id(self.env.get(new)) not in self.nodes
            if changes and all(map(np.array_equal, memory, before)):
                fits = False
        except (TypeError, ValueError, IndexError, NameError, np.exceptions.ComplexWarning):
            fits = False
        if not (fits and keep):
            for m, old in zip(memory, before, strict=True):
                if isinstance(m, np.ndarray):
                    m[...] = old
            self.env.clear()
            self.env |= names
        return fits

    def smooth(self, text: str, x: str, y: str = "") -> bool:
        """Whether an expression of these operands is smooth around here."""
        operands = [self.env[name] for name in (x, y) if name]
        try:
            return bool(np.all(np.abs(kink(text)(*operands)) >= MARGIN))
        except ValueError:  # shapes do not fit
            return False

    # -- statements of minigrad

    def detach(self, name: str, x: str) -> None:
        self.gives(name, f"{name} = {x}.detach()", arrays=f"{name} = np.array({x})", constant=True)

    def outside(self, x: str, index: str, write: str) -> bool:
        """Write into x by x.data, which nothing is recorded of."""
        text = f"{x}.data[{index}] {write}" if index else f"{x}.data {write}"
        return self.writes(x, text, arrays=f"{x}[{index or '...'}] {write}", recorded=False)

    def require_grad(self, x: str) -> None:
        """A constant becomes a leaf; a leaf a constant."""
        thaws, i = self.nodes[id(self.env[x])] is None, len(self.steps)
        self.has_node(self.env[x], i if thaws else None, set())
        if thaws:
            self.leaves.add(i)
            self.ledgers[i] = ()
        change = self.change(self.place_of(x), constant=True)
        self.does(f"{x}.requires_grad_({thaws})", arrays="pass", name=x, **change)

    def drop(self, name: str) -> None:
        del self.env[name]
        self.does(f"del {name}", arrays=f"del {name}")

    def enter(self, mode: str) -> None:
        self.does(f"with mg.{mode}():")
        self.modes.append(mode == "enable_grad")

    def leave(self) -> None:
        self.modes.pop()
        if self.steps[-1].text.startswith("with"):
            self.does("pass", depth=len(self.modes))

    def retain_grad(self, x: str) -> None:
        self.ledgers.setdefault(self.node_of(x), ())
        self.does(f"{x}.retain_grad()")

    def zero_grad(self, x: str) -> None:
        if self.node_of(x) in self.ledgers:
            self.ledgers[self.node_of(x)] = ()
        self.does(f"{x}.grad = None")

    def hook(self, x: str, scale: float) -> None:
        node = self.node_of(x)
        self.hooks[node] = self.hooks.get(node, 1.0) * scale
        self.does(f"{x}.register_hook(lambda g: {scale} * g)")

    def backward(self, y: str, *, retain: bool, create: bool = False) -> None:
        """y.backward(), which raises where y is a constant, or some of its graph was freed."""
        reached = self.ancestors({self.nodes[id(self.env[y])]} - {None})
        raises = not reached or not self.freed.isdisjoint(reached)
        if reached and raises and not self.lost(reached):
            return
        cotangent = self.array(self.env[y].shape)
        options = f", retain_graph={retain or raises}" + ", create_graph=True" * create
        self.walk(f"np.sum({cotangent} * {y})")
        if not raises:
            if not (retain or create):
                self.freed |= reached - self.leaves
            for n in reached & self.ledgers.keys():
                self.ledgers[n] = (*self.ledgers[n], len(self.steps))
        self.does(f"{y}.backward({cotangent}{options})", raises="RuntimeError" * raises)

    def grad(self, ys: list[str], xs: list[str], *, retain: bool, create: bool = False) -> None:
        """mg.grad(), which raises where it meets what was freed."""
        inputs = {self.node_of(x) for x in xs}
        reached = self.ancestors({self.node_of(y) for y in ys})
        raises = not self.freed.isdisjoint(reached)
        if raises and max(self.lost(reached), default=-1) < min(inputs):
            return
        cotangents = [self.array(self.env[y].shape) for y in ys]
        options = f", retain_graph={retain}" + ", create_graph=True" * create
        if not (retain or create or raises):
            within = {n for n in reached if not inputs.isdisjoint(self.ancestors({n}))}
            self.freed |= within - self.leaves
        objective = " + ".join(f"np.sum({c} * {y})" for c, y in zip(cotangents, ys, strict=True))
        self.walk(objective, inputs=() if raises else tuple(map(self.node_of, xs)))
        self.does(
            f"gradients = mg.grad([{', '.join(ys)}], [{', '.join(xs)}], "
            f"[{', '.join(cotangents)}]{options})",
            raises="RuntimeError" * raises,
        )

    def differentiate(self, name: str, y: str, xs: list[str]) -> None:
        """The derivative of sum(y * y) along a direction, in the graph like any value.

        A square, so that it depends on y whatever the rules of y keep.  What lies between xs and y
        has no gradients of its own from here on: exp(x) may be differentiated by exp(x) * g or by
        y * g, and the second one depends on y.
        """
        us = [self.array(self.env[x].shape) for x in xs]
        gs = f"mg.grad(({y} * {y}).sum(), [{', '.join(xs)}], create_graph=True)"
        text = f"{name} = sum((g * u).sum() for g, u in zip({gs}, [{', '.join(us)}]))"
        directions = {self.node_of(x): eval(u, self.env) for x, u in zip(xs, us, strict=True)}
        blurred = self.between(xs, y)
        self.walk(f"np.sum({y} * {y})", directions=directions)
        if self.gives(name, text, arrays=f"{name} = np.float64(slope({len(self.steps)}))"):
            self.blurred |= blurred
        else:
            del self.walks[len(self.steps)]

    # -- what statements have in common

    def values(self) -> dict[str, Any]:
        """The arrays and numbers by their names."""
        kinds = np.ndarray, np.generic
        return {name: value for name, value in self.env.items() if isinstance(value, kinds)}

    def place_of(self, x: str) -> int:
        return self.places[id(owner(self.env[x]))]

    def root_of(self, x: str) -> Any:
        return self.roots[self.place_of(x)]

    def is_root(self, x: str) -> bool:
        return self.root_of(x) is self.env[x]

    def nodes_in(self, text: str) -> set[int]:
        """The places in the graph of the tensors that are named in it."""
        named = (self.env.get(name) for name in re.findall(r"\b[a-z]\w*", text))
        nodes = (self.nodes.get(id(value)) for value in named)
        return {node for node in nodes if node is not None}

    def node_of(self, x: str) -> int:
        node = self.nodes[id(self.env[x])]
        assert node is not None
        return node

    def has_node(self, value: Any, node: int | None, parents: set[int]) -> None:
        self.made.append(value)
        self.nodes[id(value)] = node
        if node is not None:
            self.parents.setdefault(node, parents)

    def change(self, place: int, *, constant: bool) -> dict[str, Any]:
        """What a statement leaves in memory."""
        root = self.roots[place]
        node = self.nodes[id(root)]
        constant = constant or node is None
        return {"place": place, "value": root.copy(), "node": node, "constant": constant}

    def walk(self, objective: str, **details: Any) -> None:
        """What the next statement differentiates."""
        code, hooks = compile(objective, objective, "eval"), tuple(sorted(self.hooks.items()))
        self.walks[len(self.steps)] = Walk(code, hooks, **details)

    def does(self, text: str, *, arrays: str = "", **details: Any) -> None:
        """A statement."""
        details.setdefault("depth", len(self.modes) - 1)
        code = compile(arrays, text, "exec") if arrays else None
        tensors = {x: self.nodes[id(value)] for x, value in self.values().items()}
        recorded = {x: node for x, node in tensors.items() if node is not None}
        kept = {
            x: (n, self.ledgers[n])
            for x, n in recorded.items()
            if n in self.ledgers and self.is_root(x)
        }
        self.steps.append(
            Step(text, arrays=code, recorded=frozenset(recorded), kept=kept, **details)
        )

    def ancestors(self, nodes: set[int]) -> set[int]:
        """These nodes, and all that they were computed from."""
        found, stack = set(nodes), list(nodes)
        while stack:
            for parent in self.parents[stack.pop()] - found:
                found.add(parent)
                stack.append(parent)
        return found

    def between(self, xs: list[str], y: str) -> set[int]:
        """The nodes on the ways from xs to y, y included."""
        inputs = {self.node_of(x) for x in xs}
        return {
            n
            for n in self.ancestors({self.node_of(y)})
            if not inputs.isdisjoint(self.ancestors(self.parents[n]))
        }

    def lost(self, nodes: set[int]) -> set[int]:
        """Those that were freed, and are no views: nobody says when and of what these are taken."""
        return {n for n in nodes & self.freed if self.steps[n].place is not None}

    def intact(self, y: str) -> bool:
        """Whether y is in a graph of which nothing was freed."""
        node = self.nodes[id(self.env[y])]
        return node is not None and self.freed.isdisjoint(self.ancestors({node}))

    # -- derivatives

    def namespace(self, moves: Any = ()) -> dict[str, Any]:
        """Where statements run on arrays: `slope(i)` is the derivative that the i-th one takes."""
        at = dict(moves)
        return {
            "np": np,
            "mg": ON_ARRAYS,
            "slope": lambda i: central(self.along((i,), self.walks[i].directions, at)),
        }

    def replay(self, walks: tuple[int, ...], hooks: Any, moves: dict[int, Any]) -> float:
        """The sum of what the `walks` differentiate, where the places of some nodes are moved."""
        env, places, scales, total = self.namespace(moves), {}, dict(hooks), 0.0
        for i in range(walks[-1] + 1):
            if i in walks:
                total += float(eval(self.walks[i].objective, env))
            if i == walks[-1]:
                break
            step = self.steps[i]
            if step.arrays is None:
                continue
            exec(step.arrays, env)
            if step.place is None:
                continue
            if step.place == i:
                places[i] = env[step.name]
            place = places[step.place]
            value = step.value if step.constant else place
            if step.node in moves or step.node in scales:
                change = value - step.value + moves.get(step.node, 0.0)
                value = step.value + scales.get(step.node, 1.0) * change
            if isinstance(place, np.generic):
                env[step.name] = place.dtype.type(value)
            elif value is not place:
                place[...] = value
        return total

    def along(
        self, walks: tuple[int, ...], directions: dict[int, Any], moves: dict[int, Any]
    ) -> Callable[[float], float]:
        """What the `walks` differentiate, as a function of how far these nodes are moved on."""
        by_hooks: dict[Any, tuple[int, ...]] = {}
        for walk in walks:
            hooks = self.walks[walk].hooks
            by_hooks[hooks] = (*by_hooks.get(hooks, ()), walk)

        def objective(t: float) -> float:
            moved = moves | {n: moves.get(n, 0.0) + t * d for n, d in directions.items()}
            return sum(self.replay(walks, hooks, moved) for hooks, walks in by_hooks.items())

        return objective

    def slope(self, walks: tuple[int, ...], directions: dict[int, Any], most: float) -> Estimate:
        """The derivative of what the `walks` differentiate, along these directions at nodes.

        Its error is to be at `most` so much: what hooks have moved far needs smaller steps.
        """
        objective = self.along(walks, directions, {})
        estimate = ridders(objective, STEP)
        return estimate if estimate.error < most else ridders(objective, STEP / 16)


def central(f: Callable[[float], float], h: float = STEP / 10) -> float:
    """The derivative of f at 0 to the order h**8: in fewer steps than Ridders', and to 1e-12."""
    weights = 4 / 5, -1 / 5, 4 / 105, -1 / 280
    return sum(w * (f(k * h) - f(-k * h)) for k, w in enumerate(weights, 1)) / h


# -- drawing one


@st.composite
def programs(draw: st.DrawFn, length: int = 100) -> Program:
    """A program of up to so many statements, that ends with a gradient of all that it can.

    Each statement comes of two bytes, where zero is none: what fails is made short by leaving some
    out.  They are drawn at once, as Hypothesis would spend most examples on programs that differ
    in one statement.
    """
    second_order = draw(st.sampled_from([False, False, True]))
    statements = SECOND_ORDER if second_order else FIRST_ORDER
    seen_every = draw(st.sampled_from([1, 5, length]))
    size = 2 + 2 * draw(st.integers(0, length // 2 if second_order else length))
    drawn = draw(st.binary(min_size=size, max_size=size))
    first, *seeds = np.frombuffer(drawn, np.uint16).tolist()
    p = Program()
    p.seen_every = seen_every
    p.rng.seed(first)
    leaf(p)
    for seed in filter(None, seeds):
        p.rng.seed(seed)
        if len(p.modes) > 1 and one_in(4, p):
            p.leave()
        else:
            p.rng.choice(statements)(p)
    while len(p.modes) > 1:
        p.leave()
    ys, xs = [y for y in recorded(p) if p.intact(y)], sharp(p)
    if ys and xs:
        p.grad(ys, xs, retain=False)
    return p


def one_in(n: int, p: Program) -> bool:
    return p.rng.randrange(n) == 0


def numbers(p: Program) -> list[str]:
    """Names of tensors of floating or complex numbers.

    While recording, without views that were made outside the graph of what is in it: nothing flows
    through them, though their memory is moved.
    """
    found = []
    for name, value in p.values().items():
        outside = p.nodes[id(value)] is None and p.nodes[id(p.root_of(name))] is not None
        if name != "a" and value.dtype.kind in "fc" and not (outside and p.modes[-1]):
            found.append(name)
    return found


def floats(p: Program) -> list[str]:
    return [name for name in numbers(p) if p.env[name].dtype == float]


def operands(p: Program) -> list[str]:
    """Names of floating numbers, tensors or not."""
    return floats(p) + ["a"] * ("a" in p.env)


def recorded(p: Program) -> list[str]:
    return [name for name in floats(p) if p.nodes[id(p.env[name])] is not None]


def sharp(p: Program) -> list[str]:
    """Names of whole places whose gradient does not depend on how rules are written."""
    return [x for x in recorded(p) if p.is_root(x) and p.node_of(x) not in p.blurred]


def leaves(p: Program) -> list[str]:
    return [name for name in recorded(p) if p.node_of(name) in p.leaves]


def operand(p: Program, names: list[str] | None = None) -> str:
    """A name, of a recorded result where there is a choice."""
    names = floats(p) if names is None else names
    some = [x for x in names if p.nodes[id(p.env[x])] is not None]
    return p.rng.choice(names if one_in(4, p) or not some else some)


def shape(p: Program) -> tuple[int, ...]:
    return p.rng.choice([(), (1,), (2,), (4,), (1, 2), (2, 1), (2, 2), (2, 3), (3, 2), (2, 4)])


def target(p: Program) -> str:
    """A new name, or that of a result that it takes the place of."""
    names = [name for name in numbers(p) if name not in leaves(p)]
    if len(names) < 3 or (len(names) < 8 and one_in(2, p)):
        return f"v{len(p.steps)}"
    return p.rng.choice(names)


def in_turn(p: Program, texts: list[str]) -> list[str]:
    """Some of these, to be tried until one fits."""
    return p.rng.sample(texts, min(len(texts), 6))


def unary(p: Program, texts: list[str]) -> None:
    x, name = operand(p), target(p)
    for text in in_turn(p, texts):
        if p.smooth(text, x) and p.gives(name, f"{name} = {written(text, x)}"):
            break


def view(p: Program) -> None:
    arrays = [x for x in numbers(p) if isinstance(p.env[x], np.ndarray)]
    if arrays:
        x, name = operand(p, arrays), target(p)
        texts = VIEWS + ["x.imag"] * 4 * (p.env[x].dtype == complex)
        any(p.gives(name, f"{name} = {written(text, x)}") for text in in_turn(p, texts))


def binary(p: Program, texts: list[str]) -> None:
    x, name = operand(p), target(p)
    other = "a" if "a" in p.env and one_in(4, p) else operand(p)
    for y in other, x:  # itself, where the other one's shape does not fit
        for text in in_turn(p, texts):
            if p.smooth(text, x, y) and p.gives(name, f"{name} = {written(text, x, y)}"):
                changed_by_its_owner(p, y)
                return


def constant(p: Program) -> None:
    x, text = operand(p), p.rng.choice(CONSTANT)
    if p.env[x].ndim:
        name = "m" if ">" in text else target(p)
        p.gives(name, f"{name} = {written(text, x)}", constant=True)


def index(p: Program, x: str) -> str:
    """An index of any form; lists in it may name an element twice."""
    shape = p.env[x].shape
    if "m" in p.env and p.env["m"].shape == shape and one_in(2, p):
        return "m"
    count = p.rng.randint(0 if one_in(8, p) else min(1, len(shape)), len(shape))
    length, from_the_last = p.rng.randint(1, 3), one_in(4, p)
    parts: list[Any] = []
    for n in shape[len(shape) - count :] if from_the_last else shape[:count]:
        places = [p.rng.randrange(-n, n) for _ in range(length)]
        ends = sorted(p.rng.sample(range(n + 1), 2))
        backwards = slice(None, None, -1)
        parts.append(p.rng.choice([places, places, places[0], slice(*ends), backwards]))
    if one_in(4, p):
        parts.insert(p.rng.randint(0, len(parts)), None)
    if from_the_last or one_in(4, p):
        parts.insert(0 if from_the_last else len(parts), ...)
    return literal(parts[0] if len(parts) == 1 else tuple(parts))


def take(p: Program) -> None:
    x, name = operand(p), target(p)
    if p.env[x].ndim:
        p.gives(name, f"{name} = {x}[{index(p, x)}]")


def written_to(p: Program) -> str | None:
    """What is written to: a leaf seldom where that is refused."""
    arrays = [x for x in numbers(p) if isinstance(p.env[x], np.ndarray)]
    if p.modes[-1] and not one_in(8, p):
        arrays = [x for x in arrays if p.nodes[id(p.root_of(x))] not in p.leaves]
    return operand(p, arrays) if arrays else None


def set_items(p: Program) -> None:
    x = written_to(p)
    if x and p.env[x].ndim:
        text = f"{x}[{index(p, x)}] {p.rng.choice(['', '', '+', '*'])}= "
        for y in in_turn(p, ["0.5", *operands(p)]):
            if p.writes(x, text + y):
                changed_by_its_owner(p, y)
                break


def write(p: Program) -> None:
    x = written_to(p)
    if x:
        for text in in_turn(p, WRITES + OVERWRITES):
            for y in in_turn(p, operands(p)):
                whole = text in OVERWRITES
                fits = p.smooth(text, x, y) and not (whole and p.env[x].dtype == complex)
                if fits and p.writes(x, written(text, x, y), whole=whole):
                    changed_by_its_owner(p, y)
                    return


def augment(p: Program) -> None:
    x, operator, other = operand(p), p.rng.choice("+-*"), target(p)
    if p.env[x].ndim == 0 and other != x:  # an alias follows an array, and no number
        p.gives(other, f"{other} = {x}")
    for y in in_turn(p, operands(p)):
        text = f"{x} {operator}= {y}"
        is_number = isinstance(p.env[x], np.generic)
        if p.gives(x, text) if is_number else p.writes(x, text, whole=True):
            changed_by_its_owner(p, y)
            break


def rows(p: Program) -> None:
    """A loop over what NumPy gives as views, or as numbers."""
    x, y, row = operand(p), operand(p), f"v{len(p.steps)}"
    text = f"for {row} in {x}: {row} *= {y}"
    if p.env[x].ndim == 1:
        p.gives(row, text)
    elif p.env[x].ndim and not (p.modes[-1] and p.nodes[id(p.root_of(x))] in p.leaves):
        p.writes(x, text)  # a refusal would leave a row


def set_data(p: Program) -> None:
    arrays = [x for x in numbers(p) if isinstance(p.env[x], np.ndarray)]
    if arrays:
        x, operator = p.rng.choice(arrays), p.rng.choice(["", "*", "-"])
        if not operator and x in floats(p) and p.nodes[id(p.env[x])] in {None, *p.leaves}:
            p.outside(x, "", f"= {p.array(p.env[x].shape)}")
        else:
            where = p.rng.choice(["", index(p, x)] if operator else [index(p, x)])
            texts = (f"{operator}= {y}" for y in in_turn(p, operands(p)))
            any(p.outside(x, where, text) for text in texts)


def step_of_a_leaf(p: Program) -> None:
    """As a training loop takes it."""
    if names := leaves(p):
        x = p.rng.choice(names)
        p.enter("no_grad")
        p.writes(x, f"{x} -= 0.25", whole=True)
        p.leave()


def cut(p: Program) -> None:
    if names := [x for x in floats(p) if isinstance(p.env[x], np.ndarray)]:
        x = p.rng.choice(names)
        name, text = target(p), p.rng.choice(ELEMENTWISE)
        flags = p.env[x].flags
        if flags.forc and flags.writeable and one_in(2, p):  # as the copy on arrays is
            p.detach(name, x)
        elif p.smooth(text, x):
            arrays = f"{name} = {written(text, x)}"
            p.gives(name, f"{name} = {written(text, f'{x}.data')}", arrays=arrays, constant=True)


def alias(p: Program) -> None:
    name = target(p)
    p.gives(name, f"{name} = {p.rng.choice(numbers(p))}")


def block(p: Program) -> None:
    if len(p.modes) < 4:
        p.enter("no_grad" if p.modes[-1] or one_in(4, p) else "enable_grad")


def retain_grad(p: Program) -> None:
    if names := [x for x in sharp(p) if x not in leaves(p)]:
        p.retain_grad(p.rng.choice(names))


def zero_grad(p: Program) -> None:
    if names := [x for x in recorded(p) if p.is_root(x)]:
        p.zero_grad(p.rng.choice(names))


def hook(p: Program) -> None:
    if names := [x for x in recorded(p) if p.is_root(x)]:
        p.hook(p.rng.choice(names), p.rng.choice([0.5, -2.0]))


def require_grad(p: Program) -> None:
    """Of what has no views: they would keep what they had."""
    values = p.values()
    names = [
        x
        for x in floats(p)
        if p.is_root(x)
        and (x not in recorded(p) or x in leaves(p))
        and isinstance(values[x], np.ndarray)
        and all(v is values[x] for y, v in values.items() if p.place_of(y) == p.place_of(x))
    ]
    if names:
        p.require_grad(p.rng.choice(names))


def drop(p: Program) -> None:
    if len(floats(p)) > 1:
        p.drop(p.rng.choice([name for name in p.values() if name != "a"]))


def plain(p: Program) -> None:
    if "a" not in p.env:
        p.gives("a", f"a = {p.array(shape(p))}")


def changed_by_its_owner(p: Program, name: str) -> None:
    """Other numbers in an array that was used."""
    if name == "a":
        p.writes("a", f"a[...] = {p.array(p.env['a'].shape)}")


def leaf(p: Program) -> None:
    p.tensor(f"x{len(p.steps)}", shape(p), leaf=True)


def tensor(p: Program) -> None:
    p.tensor(target(p), shape(p), leaf=False)


def backward(p: Program) -> None:
    names = [y for y in recorded(p) if p.intact(y)]
    if not names or one_in(4, p):
        names = [y for y in floats(p) if y not in names]  # which raise
    if names:
        p.backward(p.rng.choice(names), retain=not one_in(3, p), create=one_in(8, p))


def grad(p: Program) -> None:
    ys, xs = recorded(p), sharp(p)
    if ys and xs:
        ys, xs = p.rng.choices(ys, k=p.rng.randint(1, 3)), p.rng.choices(xs, k=p.rng.randint(1, 3))
        p.grad(ys, xs, retain=not one_in(3, p), create=one_in(2, p))


def differentiate(p: Program) -> None:
    """Once, as each derivative in the program multiplies the time that the oracle takes."""
    ys = [y for y in recorded(p) if p.intact(y)]
    if not ys or not p.modes[-1] or any(walk.directions for walk in p.walks.values()):
        return
    y = max(p.rng.choices(ys, k=3), key=lambda y: len(p.ancestors({p.node_of(y)})))
    before = p.ancestors({p.node_of(y)})
    xs = {p.node_of(x): x for x in recorded(p) if p.is_root(x) and p.node_of(x) in before}
    if not one_in(4, p):  # rather by leaves: more is differentiated
        xs = {n: x for n, x in xs.items() if n in p.leaves} or xs
    some = p.rng.sample(list(xs.values()), min(len(xs), p.rng.randint(1, 2)))
    if some and p.ledgers.keys().isdisjoint(p.between(some, y)):
        p.differentiate(f"v{len(p.steps)}", y, some)


RECORDED: list[Callable[[Program], None]] = [
    *[lambda p: unary(p, ELEMENTWISE)] * 4,
    *[lambda p: unary(p, RESHAPING)] * 2,
    lambda p: unary(p, REDUCING),
    *[lambda p: binary(p, BINARY)] * 4,
    lambda p: binary(p, JOINING),
    *[view] * 5, *[take] * 2, *[set_items] * 4, *[write] * 4, *[augment] * 3, rows,
]  # fmt: skip
OTHERS: list[Callable[[Program], None]] = [
    *[backward] * 4, *[grad] * 2, *[cut] * 2, *[alias] * 2, *[block] * 3, *[leaf] * 2, tensor,
    *[step_of_a_leaf] * 2, *[plain] * 2, constant, *[set_data] * 2, zero_grad, require_grad, drop,
]  # fmt: skip
# What a hook on a result sees, or retain_grad() there keeps, is what its rule happens to use again
# where rules are differentiated.
FIRST_ORDER = [*RECORDED, *OTHERS, *[hook] * 4, *[retain_grad] * 2]
SECOND_ORDER = [*RECORDED * 2, *OTHERS, *[differentiate] * 8]


# -- on Tensors


def check(program: Program) -> None:
    """Run it on Tensors: values, gradients, errors and what is left must be as they should."""
    tensors: dict[str, Any] = {"np": np, "mg": mg, "pytest": pytest}
    comparison = Comparison(program, tensors)
    tensors["see"] = comparison.see
    gc.disable()
    try:
        exec(compile(program.source(after="see({})"), "<program>", "exec"), tensors)
        tensors.clear()
        # A leaf whose gradient is differentiable and the graph of that hold each other.
        if not any("create_graph" in s.text and ".backward" in s.text for s in program.steps):
            assert not any(reference() is not None for reference in comparison.made)
    except RuntimeError as error:  # the engine refuses what it should not
        raise AssertionError(str(error)) from error
    except pytest.fail.Exception as error:  # or does not refuse what it should
        raise AssertionError(str(error)) from error
    finally:
        gc.enable()


class Comparison:
    """What a program has on Tensors, seen after its statements, beside what it has in NumPy."""

    def __init__(self, program: Program, tensors: dict[str, Any]) -> None:
        self.program = program
        self.tensors = tensors
        self.arrays = program.namespace()
        self.made: list[weakref.ref[Any]] = []
        self.known: dict[tuple[int, tuple[int, ...]], Any] = {}  # gradients that were compared

    def see(self, i: int) -> None:
        """Compare after the i-th statement, if it is one to look at."""
        step = self.program.steps[i]
        if step.arrays is not None:
            exec(step.arrays, self.arrays)
        if i in self.program.walks and self.program.walks[i].inputs:
            found = [g.detach().numpy() for g in self.tensors["gradients"]]
            self.compare((i,), dict(zip(self.program.walks[i].inputs, found, strict=True)))
        last = i + 1 == len(self.program.steps)
        if last or i % self.program.seen_every == 0:
            names = [name for name, t in self.tensors.items() if isinstance(t, mg.Tensor)]
            for name in names:
                self.see_value(name, self.tensors[name], self.arrays[name], step)
            self.see_gradients(step, {name: self.tensors[name].grad for name in names})

    def see_value(self, name: str, t: mg.Tensor, expected: Any, step: Step) -> None:
        """Compare one tensor with what the name stands for in NumPy."""
        found = t.numpy()
        self.made += map(weakref.ref, (t, owner(found)))
        assert (found.shape, found.dtype) == (expected.shape, expected.dtype), name
        strides = [
            [s for s, n in zip(x.strides, x.shape, strict=True) if n > 1] for x in (found, expected)
        ]
        assert strides[0] == strides[1], f"{name} has the strides {strides[0]}, not {strides[1]}"
        far = np.abs(np.subtract(found, expected, dtype=complex)) > 1e-8
        assert not np.any(far), f"{name} is {found}, and in NumPy {expected}"
        assert t.requires_grad == (name in step.recorded), name

    def see_gradients(self, step: Step, gradients: dict[str, Any]) -> None:
        """Compare what backward() has added up."""
        fresh: dict[tuple[int, ...], dict[int, Any]] = {}
        for name, g in gradients.items():
            node, ledger = step.kept.get(name, (None, ()))
            assert (g is None) == (ledger == ()), f"{name}.grad is {g} after {ledger}"
            if (node, ledger) in self.known:
                np.testing.assert_array_equal(g.detach().numpy(), self.known[node, ledger])
            elif ledger:
                fresh.setdefault(ledger, {})[node] = g.detach().numpy()
        for ledger, found in fresh.items():
            self.compare(ledger, found)
            self.known |= {(node, ledger): g.copy() for node, g in found.items()}

    def compare(self, walks: tuple[int, ...], gradients: dict[int, Any]) -> None:
        """Hold gradients at nodes to the numerical derivative along a direction of them all."""
        rng = np.random.default_rng(walks)
        directions, terms = {}, []
        for node, g in gradients.items():
            value = self.program.steps[node].value
            assert (g.shape, g.dtype) == (value.shape, value.dtype)
            directions[node] = rng.uniform(-1, 1, g.shape)
            terms.append(np.sum(g * directions[node]))
        size = np.sum(np.abs(terms)) + 1.0
        slope = self.program.slope(walks, directions, 1e-6 * size)
        assert slope.error < 1e-6 * size, f"too rough: {slope}"
        assert abs(sum(terms) - slope.value) <= 2 * slope.error + 1e-9 * size, (
            f"gradients of the statements {walks} at {list(gradients)} have the slope "
            f"{sum(terms)}, and by differences it is {slope}"
        )
