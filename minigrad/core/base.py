"""What the engine needs of a Tensor: its slots, its form, and how to make one.

The Tensor itself, with its operators and NumPy's methods, stands at the top of the package and
knows every room below; they know this.
"""

from __future__ import annotations

import functools
from typing import Any, ClassVar, Final, NamedTuple

import numpy as np

from minigrad.core.tables import Array

SCALAR: Final = ()  # the view of a tensor that is a number in NumPy, which never changes


class View(NamedTuple):
    """What a view is a part of: its root, and what that had when the view was last looked at."""

    root: TensorBase  # the tensor that the memory belongs to, which is no view
    array: Array  # the root's array; None: the view has to be taken again
    place: Any  # the root's place
    where: Any  # the Region that the view is, once somebody has asked


new_view = functools.partial(tuple.__new__, View)  # of a tuple, in half the time


class TensorBase:
    """An array, and the place in the graph that it was computed at.

    The slots have them as they were when the tensor was last looked at.  What a view is a part of
    may have been written to since, so that everything but the engine asks `_array` and `_node`.
    """

    __slots__ = ("__weakref__", "_held", "_place", "_view")
    _held: Array
    _place: Any  # the Node, or None: a constant
    _view: Any  # a View; None, or SCALAR: it is no view

    _concrete: ClassVar[type[TensorBase]]  # the Tensor

    def __init_subclass__(cls) -> None:
        if hasattr(TensorBase, "_concrete"):
            raise TypeError(
                "Tensor has no subclasses: hold one in an attribute, or write a function"
            )
        TensorBase._concrete = cls

    @property
    def _array(self) -> Array:
        """The array as it is now."""
        raise NotImplementedError

    @property
    def _node(self) -> Any:
        """The place as it is now."""
        raise NotImplementedError

    @property
    def shape(self) -> tuple[int, ...]:
        """The length of each axis."""
        return self._held.shape  # type: ignore[no-any-return]  # Array is Any

    @property
    def dtype(self) -> np.dtype[Any]:
        """NumPy's dtype of the elements."""
        return self._held.dtype  # type: ignore[no-any-return]  # Array is Any

    @property
    def ndim(self) -> int:
        """The number of axes."""
        return self._held.ndim  # type: ignore[no-any-return]  # Array is Any

    @property
    def size(self) -> int:
        """The number of elements."""
        return self._held.size  # type: ignore[no-any-return]  # Array is Any


def new_tensor(array: Array, node: Any = None, view: Any = None) -> Any:
    """A Tensor of an array and its place, without the checks of its constructor."""
    tensor = object.__new__(TensorBase._concrete)
    tensor._held = array
    tensor._place = node
    tensor._view = view
    return tensor
