"""The standard's data types under their names, and what can be asked about them.

A data type is NumPy's dtype object, so `x.dtype == mg.float32` holds as it does in NumPy.  It
imports core only; creation.py comes next.
"""

from __future__ import annotations

import builtins
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from minigrad.core import Tensor, asarray, check_device

bool = np.dtype(np.bool_)
int8 = np.dtype(np.int8)
int16 = np.dtype(np.int16)
int32 = np.dtype(np.int32)
int64 = np.dtype(np.int64)
uint8 = np.dtype(np.uint8)
uint16 = np.dtype(np.uint16)
uint32 = np.dtype(np.uint32)
uint64 = np.dtype(np.uint64)
float32 = np.dtype(np.float32)
float64 = np.dtype(np.float64)
complex64 = np.dtype(np.complex64)
complex128 = np.dtype(np.complex128)

DTYPES = {
    dtype.name: dtype
    for dtype in (
        bool, int8, int16, int32, int64, uint8, uint16, uint32, uint64, float32, float64,
        complex64, complex128,
    )
}  # fmt: skip


def dtype_of(value: Any) -> np.dtype[Any]:
    """That of an array, or `value` as a dtype."""
    return np.dtype(value.dtype if isinstance(value, (Tensor, np.ndarray)) else value)


def astype(
    x: Any, dtype: npt.DTypeLike, /, *, copy: builtins.bool = True, device: Any = None
) -> Tensor:
    """Cast to another dtype; complex numbers to real ones only by `real` or `imag`."""
    check_device(device)
    tensor = asarray(x)
    if tensor.dtype.kind == "c" and np.dtype(dtype).kind not in "cb":
        raise TypeError(
            f"astype of {tensor.dtype} to {np.dtype(dtype)}: take a part, with mg.real or mg.imag"
        )
    return tensor.astype(dtype, copy=copy)


def can_cast(from_: Any, to: npt.DTypeLike, /) -> builtins.bool:
    """Whether a dtype, or that of an array, is promoted to another one."""
    return np.can_cast(dtype_of(from_), to)


class FloatInfo(NamedTuple):
    """What `finfo` tells, in Python's numbers; of complex numbers, that of their parts."""

    bits: int
    eps: float
    max: float
    min: float
    smallest_normal: float
    dtype: np.dtype[Any]


def finfo(type: Any, /) -> FloatInfo:
    """The limits of a floating dtype, or of an array's."""
    info = np.finfo(dtype_of(type))
    eps, highest, lowest = float(info.eps), float(info.max), float(info.min)
    return FloatInfo(info.bits, eps, highest, lowest, float(info.smallest_normal), info.dtype)


def iinfo(type: Any, /) -> np.iinfo[Any]:
    """The limits of an integer dtype, or of an array's."""
    return np.iinfo(dtype_of(type))


def isdtype(dtype: npt.DTypeLike, kind: Any) -> builtins.bool:
    """Whether a dtype is of a kind, such as "real floating"; is one; or either of a tuple."""
    return np.isdtype(np.dtype(dtype), kind)


def result_type(*arrays_and_dtypes: Any) -> np.dtype[Any]:
    """The dtype that arrays, dtypes and Python's numbers have together: the numbers are weak."""
    weak = (builtins.bool, int, float, complex)
    return np.result_type(*(v if type(v) in weak else dtype_of(v) for v in arrays_and_dtypes))


class Info:
    """What `__array_namespace_info__()` returns: what this namespace is able to do."""

    def capabilities(self) -> dict[str, Any]:
        """What the standard leaves open, and how it is here."""
        return {"boolean indexing": True, "data-dependent shapes": True, "max dimensions": 64}

    def default_device(self) -> str:
        """Where arrays are: there is one place."""
        return "cpu"

    def devices(self) -> list[str]:
        """Everywhere that arrays can be."""
        return ["cpu"]

    def default_dtypes(self, *, device: Any = None) -> dict[str, np.dtype[Any]]:
        """The dtypes of what is made of Python's numbers, and of indices."""
        check_device(device)
        return {
            "real floating": float64,
            "complex floating": complex128,
            "integral": np.dtype(int),
            "indexing": np.dtype(np.intp),
        }

    def dtypes(self, *, device: Any = None, kind: Any = None) -> dict[str, np.dtype[Any]]:
        """The standard's dtypes by name, all of them or those of a kind, as `isdtype` has it."""
        check_device(device)
        return {
            name: dtype for name, dtype in DTYPES.items() if kind is None or np.isdtype(dtype, kind)
        }


__array_namespace_info__ = Info
