"""What counts as an array, and where Tensors are in what a user passes.

NumPy's functions take numbers, lists, arrays and what speaks NumPy's protocols, and nest them.
This room finds the Tensors among them, takes their arrays out and puts Tensors in again.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from minigrad.core.base import SCALAR, TensorBase, new_tensor
from minigrad.core.lazy import checked, holds_lazy, is_lazy, kind_in
from minigrad.core.messages import name_of
from minigrad.core.tables import Array


def is_array(value: Any) -> bool:
    """Whether `value` is a NumPy array or scalar, or another array that speaks the protocols."""
    return isinstance(value, (np.ndarray, np.generic)) or hasattr(value, "__array_function__")


def as_array(value: Any, fn: Any = "asarray") -> Array:
    """`value` as an array: NumPy gives scalars where it would have given a 0-d array."""
    if type(value) is np.ndarray:
        return value
    if isinstance(value, TensorBase):
        refuse_to_detach(value, "use as a plain array", "x.detach()")
        return value._array
    if isinstance(value, np.generic) or not is_array(value):
        return np.asarray(value)
    return checked(without_subclass(value, fn))


def refuse_to_detach(t: TensorBase, what: str, way_out: str) -> None:
    """Raise an error for a tensor that requires grad, where a plain array would be made of it."""
    if t._node is not None:
        raise TypeError(
            f"{what} would silently cut a tensor that requires grad out of its graph; use {way_out}"
        )


def without_subclass(value: Any, fn: Any) -> Any:
    """An array of a subclass, such as np.memmap, as a plain one, if it then means the same."""
    if not isinstance(value, np.ndarray):
        is_lazy(value)  # which is noted, where it is the first one
        return value
    if hasattr(value, "mask"):
        meaning = (
            "a masked array would lose its mask; use a.filled(value), and np.where(mask, ...) for "
            "what is missing"
        )
    elif isinstance(value, np.matrix):
        meaning = "a np.matrix means another product by *; use np.asarray(a), and @"
    else:
        return value.view(np.ndarray)
    raise TypeError(f"{fn if isinstance(fn, str) else name_of(fn)}: {meaning}")


def snapshot(value: Any) -> Any:
    """What the graph keeps of an argument that is no Tensor: a copy, as its owner may change it."""
    if isinstance(value, np.ndarray):
        return value.copy()
    if is_lazy(value):
        return new_tensor(value.copy())  # which rules may be given: see lazy.py
    if isinstance(value, (list, tuple)):
        return type(value)(map(snapshot, value))
    if hasattr(value, "__array__") and not is_array(value):
        return np.array(value)  # a Series of pandas', or its like
    return value


def tensors_in(value: Any) -> Iterator[Any]:
    """Every Tensor in `value`, however deep in lists, tuples and dictionaries."""
    if isinstance(value, TensorBase):
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
    if isinstance(value, TensorBase):
        return value._node is not None
    if isinstance(value, (list, tuple)):
        return any(map(needs_grad, value))
    return isinstance(value, dict) and any(map(needs_grad, value.values()))


def unwrap(value: Any) -> Any:
    """`value` with every Tensor in it replaced by its array."""
    if isinstance(value, TensorBase):
        return value._array
    if isinstance(value, (list, tuple)):
        return type(value)(map(unwrap, value))
    if isinstance(value, dict):
        return {k: unwrap(v) for k, v in value.items()}
    return value


def known(value: Any) -> Any:
    """`value` without Tensors, for what depends on the numbers in them."""
    if holds_lazy(value):
        kind = kind_in(value)
        raise TypeError(
            f"it depends on numbers, which {kind.name} has not computed; use {kind.way_out}"
        )
    return unwrap(value)


def wrap(value: Any) -> Any:
    """What a function returned, with Tensors for arrays: the same type out as in."""
    if isinstance(value, np.generic):
        return new_tensor(np.asarray(value), None, SCALAR)
    if is_array(value):
        return new_tensor(as_array(value))
    if isinstance(value, tuple) and hasattr(value, "_fields"):  # a namedtuple, such as linalg's
        return type(value)(*map(wrap, value))
    if isinstance(value, (list, tuple)):
        return type(value)(map(wrap, value))
    return value
