"""Recording: how an operation is called, and what is noted down of it; and how views stay fresh.

`recorded` is the one way in which an operation runs on Tensors: it calls the operation's function
on arrays and, where an operand requires grad, makes the node that graph.py walks back through.

A result that lies in the memory of an operand is a *view*.  It remembers its *root*, the tensor
that the memory belongs to, and the array and the place that the root had.  Nothing writes into an
array: a write, through whichever view, gives the root a new array, laid out like the old one, and a
new place (writing.py).  A view finds that out when it is next looked at, and is taken again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Final, NoReturn

import numpy as np
from numpy import ndarray

from minigrad.core.arrays import as_array, snapshot, tensors_in, without_subclass, wrap
from minigrad.core.base import SCALAR, TensorBase, new_tensor, new_view
from minigrad.core.graph import Result, new_joint, new_node
from minigrad.core.lazy import SEEN, guarded, holds_lazy, lazily, shape_of
from minigrad.core.memory import Region, filled, part_of
from minigrad.core.messages import (
    UNFIT,
    explained,
    name_of,
    no_complex_rule,
    original,
    refuse_to_drop_parts,
)
from minigrad.core.mode import _recording
from minigrad.core.rules import Plan, Rule, defvjp, taking_shares
from minigrad.core.tables import COMPLEX, RULES, Array, Operand, Operation

NOTHING: Mapping[str, Any] = {}
# What nobody can change, and what is no array.
UNCHANGING = {int, float, bool, complex, str, slice, type(None), type(...), Region}
make = object.__new__
SINGLE, DOUBLE = np.dtype(np.float32), np.dtype(np.float64)


def recorded(rule: Rule, args: Sequence[Any], kwargs: Mapping[str, Any] = NOTHING) -> Any:
    """Call an operation on the arrays of `args`; where one of them requires grad, make a node."""
    values: list[Any] = []
    parents: list[Any] = []  # the nodes of those that require grad
    wanted = 1  # in binary: a 1, then a digit for each argument, 1 where it requires grad
    foreign: list[int] = []  # which are no Tensors
    for arg in args:
        wanted += wanted
        if isinstance(arg, TensorBase):
            if arg._view:
                fresh(arg)
            values.append(arg._held)
            if arg._place is not None:
                parents.append(arg._place)
                wanted += 1
        else:
            foreign.append(len(values))
            known = type(arg) is ndarray or type(arg) in UNCHANGING
            values.append(arg if known else without_subclass(arg, rule.fn))
    return computed(rule, args, values, parents, wanted, foreign, kwargs)


def computed(
    rule: Rule,
    args: Sequence[Any],
    values: list[Any],
    parents: list[Any],
    wanted: int,
    foreign: Sequence[int],
    kwargs: Mapping[str, Any],
) -> Any:
    """What `recorded` does, once it has read its operands."""
    recording = parents and _recording.get()
    options = None
    if kwargs and recording:
        options = kept_options(rule.plan(wanted), kwargs, parents)
    try:
        if SEEN and holds_lazy(values):
            y = lazily(rule.fn, rule.forward, values, kwargs)
        else:
            y = rule.forward(*values, **kwargs) if kwargs else rule.forward(*values)
    except UNFIT as error:
        raise_explained(error, rule.fn, values)
    if not recording:
        return constant(y, args, values[0])
    return noted(rule, y, args, values, parents, wanted, foreign, options)


def noted(
    rule: Rule,
    y: Any,
    args: Sequence[Any],
    values: list[Any],
    parents: list[Any],
    wanted: int,
    foreign: Sequence[int] = (),
    options: dict[str, Any] | None = None,
) -> Any:
    """The Tensor of a result y, at a node that keeps of the `values` what the rule reads.

    Those that are `foreign`, no Tensors, are copied, as their owners may change them.
    """
    plan = rule.plans.get(wanted) or rule.plan(wanted)
    if plan.skips is not None:  # where fn is piecewise constant there is no way back
        parents = [parent for parent, skip in zip(parents, plan.skips, strict=True) if not skip]
        if not parents:
            return constant(y, args, values[0])
    first = values[0]
    if plan.trims:
        for i in plan.ignored:
            values[i] = None
        for i in plan.shapes:
            values[i] = shape_of(values[i])
    if foreign:
        for i in foreign:
            if i in plan.values and type(values[i]) not in UNCHANGING:
                values[i] = rule.kept(i, values[i])
    if SEEN:
        values = list(map(guarded, values))
    view, shares = None, False
    if type(y) is ndarray:
        shares = y.base is not None or y is first
    elif isinstance(y, (list, tuple)):
        return several(plan, y, args, values, parents, options)
    else:
        view = SCALAR if isinstance(y, np.generic) else None
        y = as_array(y)
    node = new_node(y, plan, parents, values)
    dtype = node.dtype
    if dtype is not parents[0].dtype or (dtype is not DOUBLE and dtype is not SINGLE):
        check_kinds(rule.fn, dtype, parents)
    if plan.keeps_output:
        node.output = y
    if options:
        node.kwargs = options
    tensor = make(TensorBase._concrete)  # `new_tensor`, written out for its time
    tensor._held = y
    tensor._place = node
    tensor._view = view
    if shares:
        tie(tensor, args)
    return tensor


def constant(y: Any, args: Sequence[Any], first: Any) -> Any:
    """The Tensors of what was computed of `args`, of arrays `first` and so on, unrecorded."""
    if type(y) is not ndarray:
        return tied(wrap(y), args)
    tensor = new_tensor(y)
    if y.base is not None or y is first:
        tie(tensor, args)
    return tensor


def several(
    plan: Plan,
    results: Sequence[Any],
    args: Sequence[Any],
    values: list[Any],
    parents: Sequence[Any],
    options: dict[str, Any] | None,
) -> Any:
    """The Tensors of an operation's several results; whole numbers among them are constants."""
    arrays = list(map(as_array, results))
    joint = new_joint(arrays, taking_shares(plan), parents, values)
    joint.kwargs = options
    if plan.keeps_output:
        joint.output = tuple(arrays)
    tensors = []
    for i, (y, array) in enumerate(zip(results, arrays, strict=True)):
        floating = array.dtype.kind in "fc"
        if floating:
            check_kinds(plan.rule.fn, array.dtype, parents)
        view = SCALAR if isinstance(y, np.generic) else None
        tensors.append(new_tensor(array, Result(joint, i) if floating else None, view))
    made: Any = type(results)
    return tied(made(tensors), args)


def kept_options(
    plan: Plan, kwargs: Mapping[str, Any], parents: Sequence[Any]
) -> dict[str, Any] | None:
    """The arguments by name that go to the rule."""
    if "dtype" in kwargs and any(p.dtype.kind == "c" for p in parents):
        refuse_to_drop_parts(name_of(plan.rule.fn), kwargs["dtype"])
    return {name: snapshot(kwargs[name]) for name in plan.passes_on(*kwargs)} or None


def check_kinds(fn: Callable[..., Any], dtype: np.dtype[Any], parents: Sequence[Any]) -> None:
    """Refuse a result that has no derivative, and complex numbers where a rule is for real ones."""
    if dtype.kind not in "fc":
        raise TypeError(
            f"{name_of(fn)} of a tensor that requires grad gave dtype {dtype}, and only floating "
            "results have derivatives; pass x.detach() for a constant"
        )
    if fn not in COMPLEX and any(d.kind == "c" for d in (dtype, *(p.dtype for p in parents))):
        raise no_complex_rule(fn)


def explaining(
    fn: Callable[..., Any], forward: Callable[..., Any], args: Any, kwargs: Mapping[str, Any]
) -> Any:
    """`forward(*args, **kwargs)`, where an error says that it came of `fn`."""
    try:
        return forward(*args, **kwargs)
    except UNFIT as error:
        raise_explained(error, fn, args)


def raise_explained(error: Exception, fn: Callable[..., Any], args: Sequence[Any]) -> NoReturn:
    """Raise NumPy's error with what it is about, unless it says that already."""
    if str(error).startswith(name_of(fn)):
        raise error
    cause = original(error)
    raise explained(cause, fn, args) from cause


# -- Views


STALE: Final = object()  # no place of a root's: the view has to be taken again
OUTSIDE: Final = object()  # in place of the root's: the view is no part of the graph


def tied(result: Any, args: Any) -> Any:
    """`result`, whose Tensors know from now on which one among `args` they are views of."""
    if isinstance(result, TensorBase):
        if result._view is None:
            tie(result, args if type(args) is tuple else tensors_in(args))
    elif isinstance(result, (list, tuple)):
        tensors = list(tensors_in(args))
        for i, r in enumerate(result):  # of equal arrays among them, the i-th comes first
            tied(r, (*tensors[i:], *tensors[:i]))
    return result


def tie(result: TensorBase, args: Iterable[Any]) -> None:
    """Make `result` a view of the one among `args` in whose memory it lies."""
    y = result._held
    memory = getattr(y, "base", None)
    if memory is not None and type(memory) is not ndarray:  # what as_strided puts between
        memory = getattr(memory, "base", memory)
    for t in args:
        if isinstance(t, TensorBase):
            x = t._held
            if y is x or (memory is not None and (memory is x or is_of_view(t, memory, y))):
                if t._view is SCALAR:
                    result._view = SCALAR if y.ndim == 0 else None
                elif y.size and t is not result:
                    root = t._view.root if t._view else t
                    outside = t._view and t._view.place is OUTSIDE
                    place = OUTSIDE if outside else root._place
                    result._view = new_view((root, root._held, place, None))
                return
        elif isinstance(t, (list, tuple, dict)):
            tie(result, tensors_in(t))
            if result._view is not None:
                return


def is_of_view(t: TensorBase, memory: Any, y: Array) -> bool:
    """Whether y, whose owner is `memory`, is of a tensor's array that is no owner itself."""
    x = t._held
    if memory is not getattr(x, "base", None):
        return False
    return bool(t._view) or np.may_share_memory(x, y)  # two parts of a user's array may be apart


def fresh(view: TensorBase) -> None:
    """Take a view again if its root was written to."""
    root, array, node, _ = view._view
    place = root._place
    if root._held is array and (place is node or node is OUTSIDE):
        return
    where = region_of(view)
    if root._held.strides != where.whole:
        raise RuntimeError(
            "a view of a tensor that was broadcast, and then written to; make the view of a copy"
        )
    part = where.of(root._held)
    if node is OUTSIDE:
        place = OUTSIDE
    elif place is not node and not (is_unrecorded(place) and is_unrecorded(node)):
        view._place = at_region(place, part, where, root, view)
    view._held = part
    view._view = new_view((root, root._held, place, where))


def at_region(place: Any, part: Array, where: Region, root: TensorBase, view: TensorBase) -> Any:
    """The place of a view whose root got `place` by a recorded write."""
    if is_leaf(view):
        raise RuntimeError(
            "a leaf that requires grad is a view of a tensor that a recorded operation has "
            "written to since; make the leaf of a copy, x.copy().requires_grad_()"
        )
    if place is None:
        return None
    return new_node(part, RULES[region].plan(0b110), [place], [None, where])


def region_of(view: TensorBase) -> Region:
    """Where a view lies in its root."""
    where: Region | None = view._view.where
    return where or Region(view._held, view._view.array)


def is_leaf(t: TensorBase) -> bool:
    """Whether it requires grad, and was not computed."""
    return t._place is not None and t._place.plan is None


def is_unrecorded(place: Any) -> bool:
    """Whether it is that of a leaf or of a constant, which no recorded write gives."""
    return place is None or (place is not STALE and place.plan is None)


# Taking a region out of an array and putting it back: each is the other's derivative.


class Internal(Operation):
    """An operation of the engine's own, which is given what it takes."""

    def __call__(self, *args: Operand) -> Operand:
        """Its value: a Tensor if there is one among `args`."""
        if any(isinstance(arg, TensorBase) for arg in args):
            return recorded(RULES[self], args, {})
        return self.forward(*args)


region = Internal(part_of, name="a view")
among_zeros = Internal(filled, name="a view among zeros")


def mirrored(g: Operand, where: Region) -> Operand:
    """A complex `g` of which real numbers are the parts: their cotangents are those of `g`'s."""
    return np.conjugate(g) if where.mixed and g.dtype.kind == "c" else g


def put_back(g: Operand, where: Region) -> Operand:
    """Adjoint of taking the region."""
    return mirrored(among_zeros(mirrored(g, where), where), where)


def taken_out(g: Operand, where: Region) -> Operand:
    """Adjoint of putting it back."""
    return mirrored(region(mirrored(g, where), where), where)


defvjp(region, lambda g, _y, _x, where: put_back(g, where), complex=True)
defvjp(among_zeros, lambda g, _y, _g, where: taken_out(g, where), complex=True)
