"""Random programs of tensor operations, and the same programs in plain NumPy with derivatives.

A `Program` is a list of Python statements.  Each is kept twice: as it runs on Tensors, and as it
runs on float64 arrays that are copied wherever Tensors are values.  Building a program runs the
second one, so that what is drawn is known to work: shapes fit, numbers stay small, kinks are far.

`replay` runs it again with some of its values moved, which is all that a numerical derivative
needs.  What no gradient flows through keeps the value that it had when nothing was moved, and a
value with a hook that scales its gradient moves that much more.  `check` runs the statements on
Tensors and holds values, gradients, errors and memory to all this.
"""

import functools
import gc
import math
import random
import re
import textwrap
import weakref
from collections.abc import Callable, Iterable
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
    "-x", "x * x", "x + x", "x**2", "0.5 * x", "1.5 - x", "x / 2", "1 / (1 + x * x)", "x.copy()",
    "np.tanh(x)", "np.sin(x)", "np.exp(x)", "np.exp(-x)", "np.log(1 + x * x)", "np.sqrt(1 + x**2)",
    "1 / (1 + np.exp(-x))", "np.abs(x)", "np.maximum(x, 0)", "np.clip(x, -1, 1)",
]  # fmt: skip
RESHAPING = [
    "x.T", "x[None]", "x.reshape(-1)", "np.expand_dims(x, -1)", "np.swapaxes(x, 0, -1)",
    "np.flip(x)", "np.broadcast_to(x, (2, *x.shape))", "x.ravel()", "np.squeeze(x)", "np.sort(x)",
    "np.cumsum(x, axis=-1)", "np.repeat(x, 2, axis=0)", "np.roll(x, 1)",
]  # fmt: skip
REDUCING = [
    f"np.{name}(x{axis}{keepdims})"
    for name in ("sum", "mean", "max", "prod")
    for axis in ("", ", axis=0", ", axis=-1", ", axis=(0, 1)")
    for keepdims in ("", ", keepdims=True")
]
BINARY = [
    "x + y", "x - y", "x * y", "x / (1 + y * y)", "np.add(x, y)", "np.multiply(x, y)", "y - x * x",
    "np.subtract(y, x)", "x @ y", "np.maximum(x, y)", "np.where(x > y, y, x * y)",
]  # fmt: skip
JOINING = [
    "np.concatenate([x, y])", "np.concatenate([y, x, y], axis=-1)", "np.stack([x, y])",
    "np.stack([y, x], axis=-1)", "mg.asarray([x, y])",
]  # fmt: skip
KINKS = {  # what must not come near 0
    "np.abs(x)": "x",
    "np.maximum(x, 0)": "x",
    "np.clip(x, -1, 1)": "np.abs(x) - 1",
    "np.sort(x)": "np.diff(np.sort(x))",
    "np.maximum(x, y)": "x - y",
    "np.where(x > y, y, x * y)": "x - y",
} | {text: "np.diff(np.sort(x.ravel()))" for text in REDUCING if "max" in text}


@functools.cache
def function(text: str) -> Callable[..., Any]:
    return eval(f"lambda x, y=0.0: {text}", {"np": np, "mg": np})


def fits(text: str, *operands: Any) -> bool:
    """Whether NumPy can compute it, and it is small, and smooth around here."""
    if not all(np.size(operand) for operand in operands):
        return False
    try:
        with np.errstate(all="ignore"):
            value = function(text)(*operands)
            smooth = np.abs(function(KINKS.get(text, "1.0"))(*operands)) >= MARGIN
    except ValueError:
        return False
    return bool(0 < np.size(value) <= MOST and np.all(np.abs(value) <= BOUND) and np.all(smooth))


def written(text: str, x: str, y: str = "") -> str:
    """`text` with its operands put in."""
    return re.sub(r"\b[xy]\b", lambda operand: {"x": x, "y": y}[operand[0]], text)


def literal(value: Any) -> str:
    """Python's way to write an array, a number, or an index."""
    if isinstance(value, np.ndarray):
        dtype = "" if value.size else f", dtype='{value.dtype}'"
        return f"np.array({value.tolist()}{dtype})"
    if isinstance(value, tuple):
        return ", ".join(map(literal, value)) + ("," if len(value) == 1 else "") or "()"
    if isinstance(value, slice):
        ends = ("" if end is None else str(end) for end in (value.start, value.stop, value.step))
        return ":".join(ends).removesuffix(":") or ":"
    return "..." if value is ... else repr(value)


# -- a program, and how it runs on arrays


@dataclass
class Step:
    """A statement, and what it does if nothing is moved."""

    kind: str
    text: str  # on Tensors
    depth: int  # of the blocks that it is in
    arrays: CodeType | None = None  # on arrays, where it changes them
    name: str = ""  # what it gives a value
    value: Any = None
    requires_grad: bool = False
    node: int | None = None  # the place in the graph that it gives that value
    constant: bool = False  # whether nothing flows through this statement
    objective: CodeType | None = None  # what it differentiates
    hooks: tuple[tuple[int, float], ...] = ()  # at that time
    inputs: tuple[int, ...] = ()  # nodes that it differentiates by
    directions: dict[int, Any] = field(default_factory=dict)  # at nodes, that it follows
    raises: bool = False
    # Of names whose tensor keeps its gradient: its node, and the walks that .grad adds up.
    kept: dict[str, tuple[int, tuple[int, ...]]] = field(default_factory=dict)


class Program:
    """Statements that fit together, made one by one."""

    def __init__(self) -> None:
        self.rng = random.Random(0)  # draws what is left open
        self.steps: list[Step] = []
        self.env = self.namespace()
        self.nodes: dict[str, int | None] = {}  # of names of tensors; None: a constant
        self.parents: dict[int, set[int]] = {}  # the graph; a leaf has none
        self.leaves: set[int] = set()
        self.freed: set[int] = set()
        self.hooks: dict[int, float] = {}
        self.ledgers: dict[int, tuple[int, ...]] = {}  # of leaves, and where retain_grad asked
        self.blurred: set[int] = set()  # nodes that derivatives in the program lie across
        self.modes = [True]

    def __repr__(self) -> str:
        return "\n" + self.source()

    def source(self, after: str = "") -> str:
        """The program as it runs on Tensors; `after` each statement, with {} for its number."""
        lines = []
        for i, step in enumerate(self.steps):
            statement = step.text
            if step.raises:
                statement = f"with pytest.raises(RuntimeError):\n    {statement}"
            if after and not statement.startswith("with mg."):
                statement += f"\n{after.format(i)}"
            lines.append(textwrap.indent(statement, "    " * step.depth))
        return "\n".join(lines)

    # -- statements

    def array(self, shape: tuple[int, ...]) -> str:
        """An array of random numbers, written out."""
        numbers = [self.rng.randint(-150, 150) / 100 for _ in range(math.prod(shape))]
        return literal(np.array(numbers).reshape(shape))

    def plain(self, name: str, shape: tuple[int, ...]) -> None:
        """A NumPy array by that name, or new numbers in the one that there is."""
        text = f"{name}{'[...]' * (name in self.env)} = {self.array(shape)}"
        self._gives("array", text, text, name, tensor=False)

    def leaf(self, name: str, shape: tuple[int, ...]) -> None:
        data = self.array(shape)
        text = f"{name} = mg.tensor({data}, requires_grad=True)"
        self._gives("leaf", text, f"{name} = {data}", name, node=self._new_leaf(), constant=True)

    def call(self, name: str, text: str, *operands: str) -> None:
        """The value of an expression."""
        text = written(text, *operands)
        self._gives("call", f"{name} = {text}", f"{name} = np.array({text})", name, operands)

    def mask(self, name: str, x: str) -> None:
        """Which elements are large: piecewise constant."""
        text = f"{x} > 0.25"
        self._gives("mask", f"{name} = {text}", f"{name} = np.array({text})", name, constant=True)

    def detach(self, name: str, x: str) -> None:
        self._gives("detach", f"{name} = {x}.detach()", f"{name} = np.array({x})", name)

    def alias(self, name: str, x: str) -> None:
        text = f"{name} = {x}"
        self._gives("alias", text, text, name, node=self.nodes[x])
        self.steps[-1].node = None  # which has its value already

    def write(self, x: str, index: str, value: str) -> None:
        """x[index] = value, which a leaf refuses where it would be recorded."""
        text, node = f"{x}[{index}] = {value}", self.nodes[x]
        if node not in self.leaves:
            self._gives("set", text, text, x, (x, value), rebinds=False)
        elif self.modes[-1]:
            self._does("set", text, raises=True)
        else:
            self._gives("set", text, text, x, node=node, constant=True, rebinds=False)

    def augment(self, x: str, operator: str, value: str) -> None:
        """x += value and its like."""
        text, node = f"{x} {operator}= {value}", self.nodes[x]
        if node in self.leaves and not self.modes[-1]:
            arrays = f"{x}[...] = {x} {operator} {value}"
            self._gives("augment", text, arrays, x, node=node, constant=True, rebinds=False)
        else:
            self._gives("augment", text, f"{x} = np.array({x} {operator} {value})", x, (x, value))

    def set_data(self, x: str) -> None:
        data = self.array(self.env[x].shape)
        text, arrays = f"{x}.data = {data}", f"{x}[...] = {data}"
        self._gives("data", text, arrays, x, node=self.nodes[x], constant=True, rebinds=False)

    def require_grad(self, x: str) -> None:
        """A constant becomes a leaf; a leaf a constant."""
        thaws = self.nodes[x] is None
        node = self._new_leaf() if thaws else None
        text = f"{x}.requires_grad_({thaws})"
        self._gives("requires_grad", text, "pass", x, node=node, constant=True, rebinds=False)

    def drop(self, name: str) -> None:
        del self.env[name], self.nodes[name]
        self._does("drop", f"del {name}", arrays=f"del {name}")

    def enter(self, mode: str) -> None:
        self._does("mode", f"with mg.{mode}():")
        self.modes.append(mode == "enable_grad")

    def leave(self) -> None:
        self.modes.pop()
        if self.steps[-1].text.startswith("with"):
            self._does("mode", "pass", depth=len(self.modes))

    def retain_grad(self, x: str) -> None:
        self.ledgers.setdefault(self.node_of(x), ())
        self._does("retain_grad", f"{x}.retain_grad()")

    def zero_grad(self, x: str) -> None:
        if self.node_of(x) in self.ledgers:
            self.ledgers[self.node_of(x)] = ()
        self._does("zero_grad", f"{x}.grad = None")

    def hook(self, x: str, scale: float) -> None:
        node = self.node_of(x)
        self.hooks[node] = self.hooks.get(node, 1.0) * scale
        self._does("hook", f"{x}.register_hook(lambda g: {scale} * g)")

    def backward(self, y: str, *, retain: bool, create: bool = False) -> None:
        """y.backward(), which raises where y is a constant, or the graph was freed."""
        cotangent = self.array(self.env[y].shape)
        options = f", retain_graph={retain}" + ", create_graph=True" * create
        node, walk = self.nodes[y], len(self.steps)
        reached, raises = set(), node is None
        for n in [] if node is None else sorted(self.ancestors({node}), reverse=True):
            if n in self.freed:
                raises = True
                break
            reached.add(n)
        if not (retain or create):
            self.freed |= reached - self.leaves
        if not raises:
            self.ledgers |= {n: (*self.ledgers[n], walk) for n in reached & self.ledgers.keys()}
        self._does(
            "backward", f"{y}.backward({cotangent}{options})", raises=raises,
            objective=f"np.sum({cotangent} * {y})",
        )  # fmt: skip

    def grad(self, ys: list[str], xs: list[str], *, retain: bool, create: bool = False) -> None:
        """mg.grad(), which raises where the graph was freed."""
        cotangents = [self.array(self.env[y].shape) for y in ys]
        options = f", retain_graph={retain}" + ", create_graph=True" * create
        inputs = {self.node_of(x) for x in xs}
        outputs = {self.node_of(y) for y in ys}
        reached = self.ancestors(outputs)
        raises = any(n in outputs or n >= min(inputs) for n in reached & self.freed)
        if not (retain or create or raises):
            within = {n for n in reached if not inputs.isdisjoint(self.ancestors({n}))}
            self.freed |= within - self.leaves
        self._does(
            "grad",
            f"gradients = mg.grad([{', '.join(ys)}], [{', '.join(xs)}], "
            f"[{', '.join(cotangents)}]{options})",
            raises=raises,
            objective=" + ".join(f"np.sum({c} * {y})" for c, y in zip(cotangents, ys, strict=True)),
            inputs=tuple(map(self.node_of, xs)),
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
        self.blurred |= self.between(xs, y)
        self._gives(
            "differentiate", text, f"{name} = np.array(slope({len(self.steps)}))", name, [y],
            objective=f"np.sum({y} * {y})", directions=directions,
        )  # fmt: skip

    # -- what statements have in common

    def node_of(self, x: str) -> int:
        node = self.nodes[x]
        assert node is not None
        return node

    def _new_leaf(self) -> int:
        node = len(self.steps)
        self.leaves.add(node)
        self.parents[node] = set()
        self.ledgers[node] = ()
        return node

    def _does(
        self, kind: str, text: str, *, arrays: str = "", objective: str = "", **details: Any
    ) -> Step:
        """A statement."""
        details.setdefault("depth", len(self.modes) - 1)
        details["arrays"] = compile(arrays, text, "exec") if arrays else None
        details["objective"] = compile(objective, text, "eval") if objective else None
        step = Step(kind, text, hooks=tuple(sorted(self.hooks.items())), **details)
        self.steps.append(step)
        step.kept = self._kept()
        return step

    def _gives(
        self,
        kind: str,
        text: str,
        arrays: str,
        name: str,
        operands: Iterable[str] = (),
        *,
        node: int | None = None,
        constant: bool = False,
        tensor: bool = True,
        rebinds: bool = True,
        **details: Any,
    ) -> None:
        """A statement that gives a name a value, at a node that there is or at one of its own."""
        parents = {self.nodes.get(x) for x in operands} - {None}
        if self.modes[-1] and parents:
            node = len(self.steps)
            self.parents[node] = parents
        constant = constant or (tensor and node is None)
        step = self._does(kind, text, arrays=arrays, name=name, constant=constant, **details)
        exec(step.arrays, self.env)
        changed = self.env[name]
        if tensor:
            for other, array in self.env.items():
                if other == name or (array is changed and not rebinds):
                    self.nodes[other] = node
        step.value, step.node, step.requires_grad = changed.copy(), node, node is not None
        step.kept = self._kept()

    def _kept(self) -> dict[str, tuple[int, tuple[int, ...]]]:
        return {x: (n, self.ledgers[n]) for x, n in self.nodes.items() if n in self.ledgers}

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

    def intact(self, y: str) -> bool:
        """Whether y is in a graph of which nothing was freed."""
        node = self.nodes[y]
        return node is not None and self.freed.isdisjoint(self.ancestors({node}))

    # -- derivatives

    def namespace(self, moves: Any = ()) -> dict[str, Any]:
        """Where statements run on arrays: `slope(i)` is the derivative that the i-th one takes."""
        at = dict(moves)
        return {
            "np": np,
            "mg": np,
            "slope": lambda i: central(self.along((i,), self.steps[i].directions, at)),
        }

    def replay(self, walks: tuple[int, ...], hooks: Any, moves: dict[int, Any]) -> float:
        """The sum of what the `walks` differentiate, where the values at some nodes are moved."""
        env, scales, total = self.namespace(moves), dict(hooks), 0.0
        for i, step in enumerate(self.steps[: walks[-1] + 1]):
            if i in walks:
                total += float(eval(step.objective, env))
            if i == walks[-1]:
                break
            if step.arrays is None:
                continue
            exec(step.arrays, env)
            if step.constant:
                env[step.name][...] = step.value
            if step.node in moves or step.node in scales:
                array = env[step.name]
                change = array - step.value + moves.get(step.node, 0.0)
                array[...] = step.value + scales.get(step.node, 1.0) * change
        return total

    def along(
        self, walks: tuple[int, ...], directions: dict[int, Any], moves: dict[int, Any]
    ) -> Callable[[float], float]:
        """What the `walks` differentiate, as a function of how far these nodes are moved on."""
        by_hooks: dict[Any, tuple[int, ...]] = {}
        for walk in walks:
            hooks = self.steps[walk].hooks
            by_hooks[hooks] = (*by_hooks.get(hooks, ()), walk)

        def objective(t: float) -> float:
            moved = moves | {n: moves.get(n, 0.0) + t * d for n, d in directions.items()}
            return sum(self.replay(walks, hooks, moved) for hooks, walks in by_hooks.items())

        return objective

    def slope(self, walks: tuple[int, ...], directions: dict[int, Any]) -> Estimate:
        """The derivative of what the `walks` differentiate, along these directions at nodes."""
        return ridders(self.along(walks, directions, {}), STEP)


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
    size = 2 + 2 * draw(st.integers(0, length // 2 if second_order else length))
    drawn = draw(st.binary(min_size=size, max_size=size))
    first, *seeds = np.frombuffer(drawn, np.uint16).tolist()
    p = Program()
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


def values(p: Program) -> list[str]:
    """Names of numbers, tensors or not."""
    arrays = [name for name, value in p.env.items() if isinstance(value, np.ndarray)]
    return [name for name in arrays if p.env[name].dtype == float]


def floats(p: Program) -> list[str]:
    return [name for name in p.nodes if p.env[name].dtype == float]


def recorded(p: Program) -> list[str]:
    return [name for name in floats(p) if p.nodes[name] is not None]


def sharp(p: Program) -> list[str]:
    """Names that have a gradient which does not depend on how rules are written."""
    return [name for name in recorded(p) if p.nodes[name] not in p.blurred]


def leaves(p: Program) -> list[str]:
    return [name for name in floats(p) if p.nodes[name] in p.leaves]


def operand(p: Program, *, axes: int = 0) -> str:
    """A name, of a recorded result where there is a choice, and with axes where that is asked."""
    names = floats(p) if one_in(4, p) else recorded(p) or floats(p)
    return p.rng.choice([x for x in names if p.env[x].ndim >= axes] or names)


def shape(p: Program) -> tuple[int, ...]:
    return p.rng.choice([(), (1,), (2,), (3,), (1, 2), (2, 1), (2, 2), (2, 3), (3, 2), (3, 1)])


def target(p: Program) -> str:
    """A new name, or that of a result that it takes the place of."""
    names = [name for name in floats(p) if name not in leaves(p)]
    if len(names) < 3 or (len(names) < 8 and one_in(2, p)):
        return f"v{len(p.steps)}"
    return p.rng.choice(names)


def unary(p: Program, texts: list[str]) -> None:
    x = operand(p)
    if texts := [text for text in texts if fits(text, p.env[x])]:
        p.call(target(p), p.rng.choice(texts), x)


def binary(p: Program, texts: list[str]) -> None:
    x = operand(p)
    other = "a" if "a" in p.env and one_in(4, p) else operand(p)
    for y in other, x:  # itself, where the other one's shape does not fit
        if fitting := [text for text in texts if fits(text, p.env[x], p.env[y])]:
            p.call(target(p), p.rng.choice(fitting), x, y)
            changed_by_its_owner(p, y)
            break


def index(p: Program, x: str) -> str:
    """An index of any form; lists in it may name an element twice."""
    shape = p.env[x].shape
    masks = [name for name in p.nodes if p.env[name].dtype == bool and p.env[name].shape == shape]
    if masks and one_in(2, p):
        return p.rng.choice(masks)
    count = p.rng.randint(0 if one_in(8, p) else min(1, len(shape)), len(shape))
    length, from_the_last = p.rng.randint(1, 3), one_in(4, p)
    parts: list[Any] = []
    for n in shape[len(shape) - count :] if from_the_last else shape[:count]:
        places = [p.rng.randrange(-n, n) for _ in range(length)]
        ends = sorted(p.rng.sample(range(n + 1), 2))
        backwards = slice(None, None, -1)
        parts.append(p.rng.choice([places, places, places, places[0], slice(*ends), backwards]))
    if one_in(4, p):
        parts.insert(p.rng.randint(0, len(parts)), None)
    if from_the_last or one_in(4, p):
        parts.insert(0 if from_the_last else len(parts), ...)
    return literal(parts[0] if len(parts) == 1 else tuple(parts))


def take(p: Program) -> None:
    x = operand(p, axes=1)
    text = f"x[{index(p, x)}]"
    if 0 < eval(written(text, x), p.env).size <= MOST:
        p.call(target(p), text, x)


def set_items(p: Program) -> None:
    x = operand(p, axes=1)
    if x in leaves(p) and p.modes[-1] and not one_in(8, p):
        x = p.rng.choice([x for x in floats(p) if x not in leaves(p)] or [x])
    where = index(p, x)

    def can_be_written(y: str) -> bool:
        try:
            exec(f"np.array({x})[{where}] = {y}", p.env)
        except (TypeError, ValueError):  # TypeError: too many axes for a mask
            return False
        return True

    others = [y for y in recorded(p) + values(p) if can_be_written(y)]
    value = p.rng.choice(["0.5", *others])
    p.write(x, where, value)
    changed_by_its_owner(p, value)


def augment(p: Program) -> None:
    x, operator = operand(p), p.rng.choice("+-*")
    others = [
        y
        for y in values(p)
        if fits(f"x {operator} y", p.env[x], p.env[y])
        and np.broadcast_shapes(p.env[x].shape, p.env[y].shape) == p.env[x].shape
    ]
    if others:
        y = p.rng.choice(others)
        p.augment(x, operator, y)
        changed_by_its_owner(p, y)


def set_data(p: Program) -> None:
    if names := leaves(p):
        p.set_data(p.rng.choice(names))


def step_of_a_leaf(p: Program) -> None:
    """As a training loop takes it."""
    if names := [x for x in leaves(p) if fits("x - y", p.env[x], 0.25)]:
        p.enter("no_grad")
        p.augment(p.rng.choice(names), "-", "0.25")
        p.leave()


def cut(p: Program) -> None:
    p.detach(target(p), p.rng.choice(floats(p)))


def alias(p: Program) -> None:
    p.alias(target(p), p.rng.choice(floats(p)))


def mask(p: Program) -> None:
    p.mask("m", p.rng.choice(floats(p)))


def block(p: Program) -> None:
    if len(p.modes) < 4:
        p.enter("no_grad" if p.modes[-1] or one_in(4, p) else "enable_grad")


def retain_grad(p: Program) -> None:
    if names := [x for x in sharp(p) if x not in leaves(p)]:
        p.retain_grad(p.rng.choice(names))


def zero_grad(p: Program) -> None:
    if names := recorded(p):
        p.zero_grad(p.rng.choice(names))


def hook(p: Program) -> None:
    if names := recorded(p):
        p.hook(p.rng.choice(names), p.rng.choice([0.5, -2.0]))


def require_grad(p: Program) -> None:
    if names := [x for x in floats(p) if x not in recorded(p) or x in leaves(p)]:
        p.require_grad(p.rng.choice(names))


def drop(p: Program) -> None:
    if len(floats(p)) > 1:
        p.drop(p.rng.choice(list(p.nodes)))


def plain(p: Program) -> None:
    if "a" not in p.env:
        p.plain("a", shape(p))


def changed_by_its_owner(p: Program, name: str) -> None:
    """Other numbers in an array that was used."""
    if name == "a":
        p.plain(name, p.env[name].shape)


def leaf(p: Program) -> None:
    p.leaf(f"x{len(p.steps)}", shape(p))


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
    if not ys or not p.modes[-1] or any(step.kind == "differentiate" for step in p.steps):
        return
    y = max(p.rng.choices(ys, k=3), key=lambda y: len(p.ancestors({p.node_of(y)})))
    before = p.ancestors({p.node_of(y)})
    xs = {p.nodes[x]: x for x in recorded(p) if p.nodes[x] in before}
    if not one_in(4, p):  # rather by leaves: more is differentiated
        xs = {n: x for n, x in xs.items() if n in p.leaves} or xs
    some = p.rng.sample(list(xs.values()), min(len(xs), p.rng.randint(1, 2)))
    if p.ledgers.keys().isdisjoint(p.between(some, y)):
        p.differentiate(f"v{len(p.steps)}", y, some)


RECORDED: list[Callable[[Program], None]] = [
    *[lambda p: unary(p, ELEMENTWISE)] * 5,
    *[lambda p: unary(p, RESHAPING)] * 2,
    lambda p: unary(p, REDUCING),
    *[lambda p: binary(p, BINARY)] * 5,
    lambda p: binary(p, JOINING),
    *[take] * 2, *[set_items] * 6, *[augment] * 4,
]  # fmt: skip
OTHERS: list[Callable[[Program], None]] = [
    *[backward] * 4, *[grad] * 2, *[cut] * 2, *[alias] * 2, *[block] * 3, *[leaf] * 2,
    *[step_of_a_leaf] * 2, *[plain] * 2, mask, set_data, zero_grad, require_grad, drop,
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
        if not any(s.kind == "backward" and "create_graph" in s.text for s in program.steps):
            assert not any(reference() is not None for reference in comparison.made)
    finally:
        gc.enable()


class Comparison:
    """What a program has on Tensors, seen after each statement, beside what it has in NumPy."""

    def __init__(self, program: Program, tensors: dict[str, Any]) -> None:
        self.program = program
        self.tensors = tensors
        self.arrays = program.namespace()
        self.made: list[weakref.ref[Any]] = []
        self.known: dict[tuple[int, tuple[int, ...]], Any] = {}  # gradients that were compared

    def see(self, i: int) -> None:
        """Compare after the i-th statement."""
        step = self.program.steps[i]
        if step.arrays is not None:
            exec(step.arrays, self.arrays)
        names = [name for name, t in self.tensors.items() if isinstance(t, mg.Tensor)]
        for name in names:
            found, expected = self.tensors[name].numpy(), self.arrays[name]
            assert (found.shape, found.dtype) == (expected.shape, expected.dtype), name
            far = np.abs(found - expected.astype(float)) > 1e-8
            assert not np.any(far), f"{name} is {found}, and in NumPy {expected}"
        if step.name in names:
            t = self.tensors[step.name]
            assert t.requires_grad == step.requires_grad, step.name
            self.made += map(weakref.ref, (t, t.data))
        self.see_gradients(i, {name: self.tensors[name].grad for name in names})

    def see_gradients(self, i: int, gradients: dict[str, Any]) -> None:
        """Compare what backward() has added up, and what grad() returned."""
        step = self.program.steps[i]
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
        if step.kind == "grad" and not step.raises:
            found = [g.detach().numpy() for g in self.tensors["gradients"]]
            self.compare((i,), dict(zip(step.inputs, found, strict=True)))

    def compare(self, walks: tuple[int, ...], gradients: dict[int, Any]) -> None:
        """Hold gradients at nodes to the numerical derivative along a direction of them all."""
        rng = np.random.default_rng(walks)
        directions, terms = {}, []
        for node, g in gradients.items():
            value = self.program.steps[node].value
            assert (g.shape, g.dtype) == (value.shape, value.dtype)
            directions[node] = rng.uniform(-1, 1, g.shape)
            terms.append(np.sum(g * directions[node]))
        slope = self.program.slope(walks, directions)
        size = np.sum(np.abs(terms)) + 1.0
        assert slope.error < 1e-6 * size, f"too rough: {slope}"
        assert abs(sum(terms) - slope.value) <= 2 * slope.error + 1e-9 * size, (
            f"gradients of the statements {walks} at {list(gradients)} have the slope "
            f"{sum(terms)}, and by differences it is {slope}"
        )
