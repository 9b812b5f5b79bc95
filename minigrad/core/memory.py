"""Where an array lies in the memory of another one: regions, and arrays laid out like others.

It knows arrays only, by their addresses and strides; recording.py, next, knows which Tensors they
belong to.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from minigrad.core.tables import Array


class Region:
    """Where an array, a part, lies in the memory of another one, its whole."""

    __slots__ = (
        "dtype", "mixed", "offset", "shape", "strides", "whole", "whole_dtype", "writeable",
    )  # fmt: skip

    def __init__(self, part: npt.NDArray[Any], whole: npt.NDArray[Any]) -> None:
        self.whole, self.whole_dtype = whole.strides, whole.dtype
        self.mixed = part.dtype.kind != whole.dtype.kind  # real parts of complex numbers
        self.offset = first_byte(part) - first_byte(whole) + before(whole.shape, whole.strides)
        self.shape, self.strides, self.dtype = part.shape, part.strides, part.dtype
        self.writeable = part.flags.writeable

    def of(self, whole: npt.NDArray[Any]) -> npt.NDArray[Any]:
        """The part of an array that is laid out like the whole: a view."""
        if whole.flags.forc:
            part: npt.NDArray[Any] = np.ndarray(
                self.shape,
                self.dtype,
                whole,
                self.offset,
                self.strides,
            )
        else:
            part = np.asarray(Memory(whole, self))
        if not self.writeable:
            part.flags.writeable = False
        return part


class Memory:
    """Some of an array's memory, to be looked at in another way: np.ndarray takes it whole only."""

    def __init__(self, whole: npt.NDArray[Any], where: Region) -> None:
        self.whole = whole
        address = first_byte(whole) - before(whole.shape, whole.strides) + where.offset
        self.__array_interface__ = {
            "version": 3, "data": (address, False), "shape": where.shape,
            "strides": where.strides, "typestr": where.dtype.str,
        }  # fmt: skip


def first_byte(x: npt.NDArray[Any]) -> int:
    """The address of the first element."""
    address: int = x.__array_interface__["data"][0]
    return address


def before(shape: Sequence[int], strides: Sequence[int]) -> int:
    """How many bytes of an array lie before its first element."""
    return -sum(s * (n - 1) for n, s in zip(shape, strides, strict=True) if s < 0)


def extent(shape: Sequence[int], strides: Sequence[int], itemsize: int) -> int:
    """How many bytes there are from the first to the last."""
    return itemsize + sum(abs(s) * (n - 1) for n, s in zip(shape, strides, strict=True))


def laid_out(x: npt.NDArray[Any], strides: tuple[int, ...]) -> npt.NDArray[Any]:
    """A copy of x whose axes have these strides."""
    y = np.array(x)
    if y.strides == strides or not y.size:
        return y
    memory = np.zeros(extent(x.shape, strides, x.itemsize), np.uint8)
    y = np.ndarray(x.shape, x.dtype, memory, before(x.shape, strides), strides)
    y[...] = x
    return y


def part_of(whole: Array, where: Region) -> Array:
    """The part at `where`, of an array of the whole's shape in any layout."""
    return where.of(whole if whole.strides == where.whole else laid_out(whole, where.whole))


def filled(part: Array, where: Region, shape: tuple[int, ...]) -> Array:
    """Zeros of the whole's shape, with `part` added at `where`."""
    if where.writeable:
        whole = laid_out(np.zeros(shape, where.whole_dtype), where.whole)
        where.of(whole)[...] = part
        return whole
    # It may show an element twice: add up by places in memory, counted in real numbers.
    real = np.finfo(where.dtype).dtype
    size = real.itemsize
    flat = np.zeros(extent(shape, where.whole, where.whole_dtype.itemsize) // size, real)
    steps = tuple(s // size * 8 for s in where.strides)
    index: npt.NDArray[np.int64] = np.ndarray(
        where.shape,
        np.int64,
        np.arange(flat.size),
        where.offset // size * 8,
        steps,
    )
    np.add.at(flat, index, np.real(part))
    if where.dtype.kind == "c":
        np.add.at(flat, index + 1, np.imag(part))
    start = before(shape, where.whole)
    return np.ndarray(shape, where.whole_dtype, flat, start, where.whole)


def is_same(x: Any, y: npt.NDArray[Any]) -> bool:
    """Whether two arrays are the same elements of the same memory."""
    return (
        type(x) is np.ndarray
        and (x.strides, x.shape, x.dtype) == (y.strides, y.shape, y.dtype)
        and first_byte(x) == first_byte(y)
    )
