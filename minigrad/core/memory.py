"""Where an array lies in the memory of another one: regions, and arrays laid out like others.

It knows arrays only, by their addresses and strides; recording.py, next, knows which Tensors they
belong to.
"""

from __future__ import annotations

import copy
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from minigrad.core.tables import Array


class Region:
    """Where an array, a part, lies in the memory of another one, its whole; counted in bytes."""

    __slots__ = (
        "dtype", "offset", "shape", "strides", "whole", "whole_dtype", "whole_shape", "writeable",
    )  # fmt: skip

    def __init__(self, part: npt.NDArray[Any], whole: npt.NDArray[Any]) -> None:
        self.whole, self.whole_dtype, self.whole_shape = whole.strides, whole.dtype, whole.shape
        self.offset = first_byte(part) - first_byte(whole) + before(whole.shape, whole.strides)
        self.shape, self.strides, self.dtype = part.shape, part.strides, part.dtype
        self.writeable = not repeats(part) and part.flags.writeable

    @property
    def mixed(self) -> bool:
        """Whether it has the real parts of complex numbers, or real numbers as complex ones."""
        return self.dtype.kind != self.whole_dtype.kind

    def of(self, whole: npt.NDArray[Any]) -> npt.NDArray[Any]:
        """The part of an array that is laid out like the whole: a view."""
        if whole.shape != self.whole_shape or whole.strides != self.whole:
            raise ValueError(
                f"a region of an array of shape {self.whole_shape} is none of one of {whole.shape}"
            )
        if whole.flags.forc:
            part: npt.NDArray[Any] = np.ndarray(
                self.shape, self.dtype, whole, self.offset, self.strides
            )
        else:
            part = np.asarray(Memory(whole, self))
        if not self.writeable:
            part.flags.writeable = False
        return part

    def of_precision(self, dtype: np.dtype[Any]) -> Region:
        """The same region of an array whose numbers, or their parts, are as long as `dtype`'s."""
        new, old = real_size(dtype), real_size(self.dtype)
        if new == old:
            return self
        other: Region = copy.copy(self)
        other.whole = tuple(s * new // old for s in self.whole)
        other.strides = tuple(s * new // old for s in self.strides)
        other.offset = self.offset * new // old
        other.dtype, other.whole_dtype = (
            np.dtype(f"{d.kind}{d.itemsize * new // old}") for d in (self.dtype, self.whole_dtype)
        )
        return other


def real_size(dtype: np.dtype[Any]) -> int:
    """How many bytes a number has, or its real part."""
    return dtype.itemsize // 2 if dtype.kind == "c" else dtype.itemsize


class Memory:
    """Some of an array's memory, to be looked at in another way: np.ndarray takes it whole only."""

    def __init__(self, whole: npt.NDArray[Any], where: Region) -> None:
        self.base = whole
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


def repeats(x: npt.NDArray[Any]) -> bool:
    """Whether one number stands in several places of the array x."""
    return not x.flags.forc and extent(x.shape, x.strides, x.itemsize) < x.nbytes


def part_of(whole: Array, where: Region) -> Array:
    """The part at `where`, of an array of the whole's shape in any layout and precision."""
    where = where.of_precision(whole.dtype)
    return where.of(whole if whole.strides == where.whole else laid_out(whole, where.whole))


def filled(part: Array, where: Region) -> Array:
    """Zeros of the whole's shape, with `part` added at `where`."""
    shape = where.whole_shape
    where = where.of_precision(part.dtype)
    if where.writeable:
        whole = laid_out(np.zeros(shape, where.whole_dtype), where.whole)
        where.of(whole)[...] = part
        return whole
    # It may show an element twice, as windows do: add up by places in memory, in real numbers.
    size = real_size(part.dtype)
    flat = np.zeros(extent(shape, where.whole, where.whole_dtype.itemsize) // size, f"f{size}")
    steps = tuple(s // size * 8 for s in where.strides)
    index: npt.NDArray[np.int64] = np.ndarray(
        where.shape, np.int64, np.arange(flat.size), where.offset // size * 8, steps
    )
    np.add.at(flat, index, np.real(part))
    if where.dtype.kind == "c":
        np.add.at(flat, index + 1, np.imag(part))
    return np.ndarray(shape, where.whole_dtype, flat, before(shape, where.whole), where.whole)


def is_same(x: Any, y: npt.NDArray[Any]) -> bool:
    """Whether two arrays are the same elements of the same memory."""
    return (
        type(x) is np.ndarray
        and (x.strides, x.shape, x.dtype) == (y.strides, y.shape, y.dtype)
        and first_byte(x) == first_byte(y)
    )
