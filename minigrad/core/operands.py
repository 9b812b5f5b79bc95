"""Operands: what a user passes where a Tensor is wanted, as a Tensor."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
import numpy.typing as npt

from minigrad.core.arrays import as_array, holds_tensor, snapshot
from minigrad.core.base import TensorBase, new_tensor
from minigrad.core.dispatch import apply
from minigrad.core.messages import refuse_to_drop_parts
from minigrad.core.recording import Internal
from minigrad.core.tables import Array


def as_tensor(value: Any) -> Any:
    """`value` as a Tensor: one stays what it is, a list that holds some is stacked."""
    if isinstance(value, TensorBase):
        return value
    if isinstance(value, (list, tuple)) and holds_tensor(value):
        return apply(np.stack, [as_tensor(element) for element in value])
    return of_numbers(as_array(value))


def of_numbers(array: Array) -> Any:
    """A Tensor of `array`, if it holds numbers or truth values."""
    if array.dtype.kind not in "biufc":
        raise TypeError(
            f"a tensor holds numbers, not dtype {array.dtype}; convert the data first, "
            "and give nested lists rows of equal length"
        )
    return new_tensor(array)


def operand(x: Any) -> Any:
    """`x` as a Tensor that a composite may keep: an array as a copy, as its owner may change it."""
    return x if isinstance(x, TensorBase) else as_tensor(snapshot(x))


def common_dtype(values: Iterable[Any]) -> np.dtype[Any]:
    """The dtype that NumPy joins `values` in: Python's numbers leave that of the others alone."""
    weak = (int, float, complex)
    return np.result_type(*(v if isinstance(v, weak) else as_tensor(v).dtype for v in values))


def _cast(x: Array, dtype: npt.DTypeLike) -> Array:
    """`x` in another dtype."""
    if x.dtype.kind == "c":
        refuse_to_drop_parts("x.astype", dtype)
    return x.astype(dtype)


cast = Internal(_cast, name="x.astype")
