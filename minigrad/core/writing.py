"""Writing into a tensor, as NumPy means it: every alias and every view of it sees the new value.

A write gives the root of the tensor a new array and, where it is recorded, a new place in the
graph; the old array stays as it is, for the graph and whoever else has it.  `write` is `x[i] = v`,
`assign` is `x += v`, `out=` and the like.  ops/writing.py has NumPy's functions that write.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

import numpy as np

from minigrad.core.arrays import needs_grad, unwrap
from minigrad.core.base import SCALAR, TensorBase, View, new_tensor
from minigrad.core.memory import Region, is_same, laid_out, repeats
from minigrad.core.messages import UNFIT, name_of
from minigrad.core.mode import _recording, no_grad
from minigrad.core.recording import (
    OUTSIDE,
    STALE,
    Internal,
    fresh,
    is_leaf,
    raise_explained,
    recorded,
    region,
    region_of,
)
from minigrad.core.tables import RULES, Array


def update(x: Array, index: Any, value: Any, where: Region | None = None) -> Array:
    """A copy of `x` in which `x[index] = value`, or that in the part of `x` that is at `where`."""
    if where is None:
        y = np.array(x)
        y[index] = value
        return y
    where = where.of_precision(x.dtype)
    y = laid_out(x, where.whole)
    where.of(y)[index] = value
    return y


# Its rule is in ops/indexing.py, with those of indexing.
indexed_update = Internal(update, broadcasts=True, name="x[index] = value")


def write(target: TensorBase, index: Any, value: Any) -> None:
    """`target[index] = value`."""
    of_target = isinstance(value, TensorBase) and root_of(value) is root_of(target)
    if of_target and is_same(target._array[index], value._array):  # the end of `x[index] += v`
        return
    root = writable_root(target)
    recorded_value = type(value) not in (float, int) and needs_grad(value)
    if target is root and root._place is None and not recorded_value and not held_elsewhere(root):
        try:
            root._held[index] = unwrap(value)
        except UNFIT as error:
            raise_explained(error, indexed_update, [root._held, index, value])
        return
    where = () if target is root else (region_of(target),)
    become(root, run_through(target, indexed_update, root, index, value, *where))


def assign(target: TensorBase, value: TensorBase) -> None:
    """`target[...] = value`, for a new tensor of its shape and dtype that nothing else holds."""
    root = writable_root(target)
    if target is root:  # nothing is left of what there was
        become(root, value)
        return
    where, place = region_of(target), target._view.place
    become(root, run_through(target, indexed_update, root, ..., value, where))
    if place is not OUTSIDE:
        place = root._place if is_leaf(root) else STALE
    # It has the small value until it is next looked at, and keeps no array of the root's: a loop
    # that writes through a list of rows would keep one version of the whole for each of them.
    target._held, target._view = value._held, View(root, None, place, where)


def become(root: TensorBase, new: TensorBase) -> None:
    """Give `root` the value and the place of `new`; a leaf stays one."""
    root._held = in_order_of(new._held, root._held)
    if not is_leaf(root):
        root._place = new._place


def in_order_of(x: Array, old: Array) -> Array:
    """`x`, laid out like the array whose place it takes, so that views find what is theirs."""
    if type(x) is not np.ndarray or x.strides == old.strides:
        return x
    return laid_out(x, old.strides)


def set_value(leaf: TensorBase, array: Array) -> None:
    """Let a leaf, or a constant, have the numbers of `array`, and nothing be recorded."""
    x, place = leaf._array, leaf._place
    if place is not None and place.plan is not None:
        raise RuntimeError(
            "data of a computed tensor cannot be set, its graph would be wrong; detach() first"
        )
    if array.shape != x.shape or array.dtype != x.dtype:
        raise ValueError(
            f"data of shape {x.shape} and dtype {x.dtype} cannot become "
            f"{array.shape} and {array.dtype}; make a new tensor"
        )
    if leaf._view:
        with no_grad():
            write(leaf, ..., array)
    else:
        leaf._held = in_order_of(array, x)


def root_of(t: TensorBase) -> TensorBase:
    """The tensor that the memory of `t` belongs to: itself, unless it is a view."""
    root: TensorBase = t._view.root if t._view else t
    return root


def writable_root(target: TensorBase) -> TensorBase:
    """The tensor whose memory a write to `target` goes to; an error if it may not be written to."""
    if target._view:
        fresh(target)
    root = root_of(target)
    if (is_leaf(target) or is_leaf(root)) and _recording.get() and not is_outside(target):
        what = "a leaf" if is_leaf(target) else "a view of a leaf"
        raise RuntimeError(
            f"writing into {what} that requires grad would make it a computed tensor; "
            "write into y = x.copy(), or change its value outside the graph: "
            "`with minigrad.no_grad(): x -= ...`, or an optimizer"
        )
    if type(target._held) is not np.ndarray:
        return root
    if not target._held.flags.writeable:
        if target._view and 0 not in target._held.strides:
            raise ValueError("the destination of an assignment is a read-only view, as in NumPy")
        # What is another owner's, or was broadcast, becomes memory of its own: NumPy refuses to
        # write there, and SciPy's functions of the array API standard do.
        target._view, target._held = None, np.array(target._held)
        return target
    if repeats(root._held) and root._held.flags.writeable:
        raise ValueError(
            "a tensor of which one number stands in several places, such as as_strided makes, "
            "cannot be written to; write into x.copy()"
        )
    return root


def refuse_number(t: TensorBase, what: str) -> None:
    """Raise an error for a tensor that is a number in NumPy, where `what` would write into it."""
    if t._view is SCALAR:
        raise TypeError(
            f"{what} of a number, which does not change: NumPy's functions give numbers for arrays "
            "without axes; write x = value"
        )


def is_outside(t: TensorBase) -> bool:
    """Whether it is `x.data`, or a view of that, which no graph sees."""
    return bool(t._view) and t._view.place is OUTSIDE


def run_through(t: TensorBase, fn: Internal, *args: Any) -> Any:
    """`fn` of `args`, recorded unless `t`, by which the root is reached, is outside the graph."""
    if not is_outside(t):
        return recorded(RULES[fn], args)
    with no_grad():
        return recorded(RULES[fn], args)


def data_of(t: TensorBase) -> Any:
    """A tensor of the same place in memory, outside the graph."""
    x, root = t._array, root_of(t)
    where = t._view.where if t._view else None
    return new_tensor(x, None, View(root, root._held, OUTSIDE, where))


def view_by(take: Callable[[Array], Array], x: Any) -> Any:
    """The view of the Tensor x that `take` gives of its array."""
    part, root = take(x._array), root_of(x)
    if not part.size:
        return x.reshape(-1)[:0].reshape(part.shape)
    if 0 in root._held.strides and root.size > 1:  # it was broadcast: no region of it is known
        return view_by(take, x.copy())
    where = Region(part, root._held)
    result = run_through(x, region, root, where)
    result._view = View(root, root._held, OUTSIDE if is_outside(x) else root._place, where)
    return result


def held_elsewhere(t: TensorBase) -> bool:
    """Whether anything but `t` may refer to its array: a graph, a view, an alias of the array.

    It counts references, as CPython does under its lock; without that it says yes.
    """
    if not EXACT or type(t._held) is not np.ndarray:
        return True
    return sys.getrefcount(t._held) > ALONE or not t._held.flags.owndata


def references() -> int:
    """What `held_elsewhere` counts for an array that one tensor alone refers to."""
    t = TensorBase()
    t._held = np.empty(1)
    return sys.getrefcount(t._held)


EXACT = sys.implementation.name == "cpython" and getattr(sys, "_is_gil_enabled", lambda: True)()
ALONE = references() if EXACT else 0


def write_result(
    fn: Any, out: TensorBase, y: Any, casting: Any = None, mask: Array | None = None
) -> None:
    """Write what `fn` returned to `out`, or to its elements at `mask`, if NumPy lets it be."""
    x, new = out._held, y._held
    if mask is None and new.shape == x.shape and new.dtype == x.dtype and not y._view:
        assign(out, y)
        return
    target = x.shape if mask is None else (int(np.count_nonzero(mask)),)
    fits = new.shape == target or (isinstance(fn, np.ufunc) and broadcasts_to(new.shape, target))
    if not fits or not np.can_cast(new.dtype, x.dtype, casting or "same_kind"):
        raise (TypeError if fits else ValueError)(
            f"{name_of(fn)} in place gives shape {new.shape} and dtype {new.dtype}, which a "
            f"tensor of shape {x.shape} and dtype {x.dtype} cannot take; write x = x + v"
        )
    write(out, ... if mask is None else mask, y)


def broadcasts_to(shape: tuple[int, ...], target: tuple[int, ...]) -> bool:
    """Whether an array of `shape` can be broadcast to `target`."""
    try:
        return np.broadcast_shapes(shape, target) == target
    except ValueError:
        return False
