"""Lazy arrays: plans of what to compute, which have a shape and a dtype and no numbers yet.

A NumPy function or a conversion would compute them without being seen.  So whatever runs on them
runs on Tensors, which know what to refuse: the forward of an operation, and rules, at first order
too.  The other rooms ask `is_lazy` and the functions below; what differs from one kind to another
is in a `Kind`, and Dask's is the one that there is.
"""

from __future__ import annotations

import contextlib
import math
import sys
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from minigrad.core.base import TensorBase, new_tensor
from minigrad.core.messages import explained, name_of
from minigrad.core.mode import enable_grad, no_grad
from minigrad.core.tables import LAZY, Array, Operation


class Kind(ABC):
    """A kind of lazy arrays: what the engine asks of it."""

    name: str  # in messages
    way_out: str  # to numbers

    @abstractmethod
    def has(self, value: Any) -> bool:
        """Whether `value` is one of these arrays."""

    @abstractmethod
    def shape_of(self, x: Array) -> tuple[int, ...]:
        """The shape of x, and what else of its form a rule needs to make an array like it."""

    @abstractmethod
    def checked(self, x: Array) -> Array:
        """Return x, if rules can work with it."""

    @abstractmethod
    def run(self, fn: Any, forward: Callable[..., Any], args: Any, kwargs: Any) -> Any:
        """Plan what NumPy's `fn` computes, by `forward` or in another way."""


class ChunkedShape(tuple[int, ...]):
    """The shape of a Dask array, which also says how it is cut into chunks."""

    chunks: tuple[tuple[int, ...], ...]


class Dask(Kind):
    """Dask arrays, which nothing but `minigrad.compute` may compute."""

    name = "Dask"
    way_out = "minigrad.compute"

    def has(self, value: Any) -> bool:
        """None is there before dask.array is imported, which minigrad never does by itself."""
        module = sys.modules.get("dask.array")
        return module is not None and isinstance(value, getattr(module, "Array", ()))

    def shape_of(self, x: Array) -> tuple[int, ...]:
        """The shape, and the chunks."""
        shape = ChunkedShape(x.shape)
        shape.chunks = x.chunks
        return shape

    def checked(self, x: Array) -> Array:
        """The shape must be known: rules look at shapes."""
        if any(map(math.isnan, x.shape)):
            raise ValueError(
                f"a Dask array of unknown chunk sizes, here of shape {x.shape}, cannot be "
                "differentiated: call x.compute_chunk_sizes() on it first, or use "
                "minigrad.compute; in place of a mask, np.where(mask, x, 0) keeps the shape"
            )
        return x

    def run(self, fn: Any, forward: Callable[..., Any], args: Any, kwargs: Any) -> Any:
        """Dask itself would compute the arrays, and call `fn`, where it has no such function."""
        refuse_mismatch(fn, args)
        if isinstance(fn, np.ufunc):
            return forward(*args, **kwargs)
        if isinstance(getattr(fn, "__self__", None), np.ufunc):  # np.add.outer, which it refuses
            return fn(*args, **kwargs)  # or plans by itself
        found: Any = sys.modules["dask.array"]
        for name in (*fn.__module__.split(".")[1:], fn.__name__):
            found = getattr(found, name, None)
        if found is None or found is fn:
            raise NotImplementedError("dask.array has no such function")
        return found(*args, **kwargs)


def refuse_mismatch(fn: Callable[..., Any], args: Sequence[Any]) -> None:
    """Refuse a product over axes of lengths 1 and n, which Dask broadcasts where NumPy raises."""
    if fn is np.matmul and all(np.ndim(a) for a in args):
        x, y = (a.shape for a in args)
        if x[-1] != y[-min(len(y), 2)]:
            raise explained(ValueError(f"{x[-1]} and {y[-min(len(y), 2)]} differ"), fn, args)


KINDS: list[Kind] = [Dask()]
SEEN: list[Kind] = []  # those of which an array was met: while there is none, nothing else is asked


def kind_of(value: Any) -> Kind | None:
    """The kind of lazy array that `value` is; None: it is none."""
    if type(value) is np.ndarray or not hasattr(value, "__array_function__"):
        return None
    kind = next((kind for kind in KINDS if kind.has(value)), None)
    if kind is not None and kind not in SEEN:
        SEEN.append(kind)
    return kind


def is_lazy(value: Any) -> bool:
    """Whether `value` is a lazy array: no numbers yet, but how to compute them."""
    return kind_of(value) is not None


def holds_lazy(value: Any) -> bool:
    """Whether there is a lazy array in `value`, in a Tensor or not, however deep."""
    if type(value) in (list, tuple):
        return any(map(holds_lazy, value))
    if type(value) is dict:
        return any(map(holds_lazy, value.values()))
    return is_lazy(value._held if isinstance(value, TensorBase) else value)


def kind_in(value: Any) -> Kind:
    """The kind of the first lazy array in `value`, where `holds_lazy`."""
    if isinstance(value, (list, tuple, dict)):
        parts = value.values() if isinstance(value, dict) else value
        return kind_in(next(filter(holds_lazy, parts)))
    kind = kind_of(value._held if isinstance(value, TensorBase) else value)
    assert kind is not None
    return kind


def guarded(value: Any) -> Any:
    """`value` with a Tensor for every lazy array in it that is in none."""
    if type(value) in (list, tuple):
        return type(value)(map(guarded, value))
    if isinstance(value, dict):
        return {k: guarded(v) for k, v in value.items()}
    return new_tensor(value) if is_lazy(value) else value


def shape_of(x: Any) -> tuple[int, ...]:
    """The shape of x, with what else its kind says of its form."""
    if isinstance(x, TensorBase):
        x = x._held
    if type(x) is np.ndarray:
        known: tuple[int, ...] = x.shape
        return known
    kind = kind_of(x)
    return kind.shape_of(x) if kind else np.shape(x)


def checked(x: Array) -> Array:
    """`x`, if it is no lazy array that rules cannot work with."""
    kind = kind_of(x)
    return kind.checked(x) if kind else x


def lazily(fn: Callable[..., Any], forward: Callable[..., Any], args: Any, kwargs: Any) -> Any:
    """`forward(*args, **kwargs)` for `fn`, where there are lazy arrays among the arguments."""
    kind = kind_in([args, kwargs])
    try:
        result = LAZY[fn](*args, **kwargs) if fn in LAZY else NotImplemented
        if result is NotImplemented and isinstance(fn, Operation):
            with no_grad():
                result = forward(*guarded(args), **guarded(kwargs))
            result = result._held if isinstance(result, TensorBase) else result
        elif result is NotImplemented:
            result = kind.run(fn, forward, args, kwargs)
        return checked(result)
    except Exception as error:  # whatever it is: a library has many ways to say no
        raise refusal(error, fn, kind) from None


def refusal(error: Exception, fn: Callable[..., Any], kind: Kind) -> Exception:
    """The error for `fn`, which cannot run on these lazy arrays: `error` says why."""
    kinds = (IndexError, ValueError, NotImplementedError)
    raised = next((k for k in kinds if isinstance(error, k)), TypeError)
    in_memory = f"; {kind.way_out}(x) gives x in memory"
    reason = " ".join(str(error).removesuffix(in_memory).split()) or type(error).__name__
    if not reason.startswith(name_of(fn)):
        reason = f"{name_of(fn)} of {kind.name} arrays: {reason}"
    return raised(reason + in_memory)


def in_memory(x: Array, what: str) -> Array:
    """The array x, unless it is a lazy one, which `what` would compute."""
    kind = kind_of(x)
    if kind is not None:
        raise TypeError(f"{what} would compute a {kind.name} array; write {kind.way_out}(x)")
    return x


def walking(create_graph: bool, lazy: bool) -> contextlib.AbstractContextManager[None]:
    """What is recorded during a walk: all of it, or nothing."""
    if create_graph:
        return enable_grad()
    return no_grad() if lazy else contextlib.nullcontext()  # rules then run on Tensors
