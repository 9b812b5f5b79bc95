"""The graph, and the chain rule: how gradients are walked back.

A *node* is a place in the graph: a leaf, or the record of one operation and what its rule reads.
`backpropagate` takes the cotangents of outputs back to the leaves, one node after the other, the
newest first.  docs/engine.md is a tour.  Next: recording.py, where nodes are made.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Container, Iterable, Iterator, Mapping, Sequence
from heapq import heapify, heappop, heappush
from typing import Any

import numpy as np

from minigrad.core.arrays import is_array, unwrap
from minigrad.core.base import new_tensor
from minigrad.core.lazy import holds_lazy, kind_in, refusal
from minigrad.core.messages import name_of, no_complex_rule
from minigrad.core.rules import Plan, Rule
from minigrad.core.tables import COMPLEX, Array, Operand, Operation


class Node:
    """A place in the graph: a leaf, or the record of one operation and what its rule reads.

    It points to the nodes it was computed from, never forward, so reference counting frees all.
    What else may be known of a node, such as a name, is in a table of whoever knows it, by serial.
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
    grad: Any  # a Tensor, or None
    keeps_grad: bool  # leaves always do
    hooks: tuple[Callable[[Operand, bool], Operand], ...]  # see gradients.hooked
    done: bool  # whether it was the input of a transform, whose function has returned


_serials = itertools.count()


def new_node(
    value: Array,
    plan: Plan | None = None,
    parents: Sequence[Any] = (),
    args: Any = None,
    kind: type[Node] = Node,
) -> Any:
    """A node for `value`; a leaf, unless there is a plan."""
    node = kind()  # filling it here takes two thirds of the time of an __init__
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
    heapify(pending)
    while pending:
        node = heappop(pending)[1]
        g = cotangents.pop(node)
        for hook in node.hooks:
            g = hook(g, on_tensors)
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
                    raise refusal(error, plan.rule.fn, kind_in([g, *args])) from None
                raise
            shape = getattr(contribution, "shape", None)
            if shape != parent.shape or contribution.dtype is not parent.dtype:
                contribution = fitted(contribution, parent, plan.rule)
            if parent in cotangents:
                cotangents[parent] = cotangents[parent] + contribution
            else:
                cotangents[parent] = contribution
                heappush(pending, (-parent.serial, parent))
        if not retain_graph:
            node.parents, node.args, node.output = (), None, None


def freed() -> RuntimeError:
    """The error for a second walk."""
    return RuntimeError(
        "backward through a graph that an earlier backward() has freed; "
        "pass retain_graph=True to the earlier one, or compute the output again"
    )


def in_graph(node: Node, plan: Plan) -> tuple[Any, list[Any]]:
    """The output and arguments of `node` as Tensors at their places in the graph again."""
    args = list(node.args or ())
    for i, parent in zip(plan.positions, node.parents, strict=True):
        if i in plan.values:
            args[i] = new_tensor(unwrap(args[i]), parent)  # it is guarded, if it is lazy
    if not plan.keeps_output:
        return None, args
    if isinstance(node, Joint):
        return tuple(new_tensor(y, Result(node, i)) for i, y in enumerate(node.output)), args
    return new_tensor(node.output, node), args


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


def unbroadcast(g: Operand, shape: tuple[int, ...]) -> Operand:
    """Adjoint of broadcasting from `shape`: sum over the axes that were added or stretched."""
    added = g.ndim - len(shape)
    if added > 0:
        g = g.sum(axis=0 if added == 1 else tuple(range(added)))
    sizes = zip(shape, g.shape, strict=False)
    stretched = tuple(i for i, (n, m) in enumerate(sizes) if n == 1 != m)
    return g.sum(axis=stretched, keepdims=True) if stretched else g


# -- Operations of several results.  Each result is a place of its own, and the operation's node is
# its only parent: its rule hands that node a share of a cotangent, which is a tuple when all shares
# have come.


class Joint(Node):
    """The node of an operation of several results, and a node for each of them."""

    __slots__ = ("results",)
    results: tuple[Node, ...]


class Result:
    """The place of one of the results: the node that the operation's has for it, and the way on.

    It is made wherever it is asked for, so that nodes do not point forward; two of one result are
    equal.
    """

    __slots__ = ("index", "joint")
    joint: Joint
    index: int

    def __init__(self, joint: Joint, index: int) -> None:
        object.__setattr__(self, "joint", joint)
        object.__setattr__(self, "index", index)

    @property
    def parents(self) -> tuple[Node]:
        """The operation's node."""
        return (self.joint,)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Result):
            return False
        return self.joint is other.joint and self.index == other.index

    def __hash__(self) -> int:
        return hash((self.joint, self.index))

    def __getattr__(self, name: str) -> Any:
        return getattr(self.joint.results[self.index], name)

    def __setattr__(self, name: str, value: Any) -> None:
        setattr(self.joint.results[self.index], name, value)


class Shares:
    """What has come of the cotangents of several results; zeros stand for what has not."""

    dtype = None  # as that of a Joint, and `shape` is its shape: the engine finds nothing to fit

    def __init__(self, forms: Any, come: dict[int, Operand]) -> None:
        self.shape = forms
        self.come = come

    def __add__(self, other: Shares) -> Shares:
        come = dict(self.come)
        for i, g in other.come.items():
            come[i] = come[i] + g if i in come else g
        return Shares(self.shape, come)

    def all(self) -> tuple[Operand, ...]:
        """The cotangent of each result."""
        forms = enumerate(self.shape)
        return tuple(self.come[i] if i in self.come else np.zeros(*form) for i, form in forms)


SHARE = Rule(
    Operation(lambda results, _index: results, name="a result"),
    [lambda g, _y, results_shape, i: Shares(results_shape, {i: g})],
    each=None,
    broadcasts=False,
).plan(0b110)


def new_joint(results: Sequence[Array], plan: Plan, parents: Sequence[Node], args: Any) -> Joint:
    """A node for an operation of several results, and for each of them."""
    joint: Any = new_node(results[0], plan, parents, args, Joint)
    joint.shape, joint.dtype = tuple((y.shape, y.dtype) for y in results), None
    joint.results = tuple(new_node(y, SHARE, (), [joint.shape, i]) for i, y in enumerate(results))
    made: Joint = joint
    return made
