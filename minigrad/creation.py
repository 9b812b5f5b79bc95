"""New tensors: zeros, ranges, grids, and what was made elsewhere.

The names and arguments are the array API standard's.  None requires grad, but for what is made of
a tensor that does: `full`, `meshgrid`, `tril`, `triu`.  It imports core only; namespace.py has the
rest of the standard.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from minigrad.core import Tensor, apply, asarray, call, check_device


def arange(
    start: float,
    /,
    stop: float | None = None,
    step: float = 1,
    *,
    dtype: npt.DTypeLike | None = None,
    device: Any = None,
) -> Tensor:
    """The numbers from `start`, or 0 if it is the only one, up to `stop`: `numpy.arange`."""
    check_device(device)
    if stop is None:
        start, stop = 0, start
    return Tensor(np.arange(start, stop, step, dtype=dtype))


def empty(shape: Any, *, dtype: npt.DTypeLike | None = None, device: Any = None) -> Tensor:
    """An array to be filled, with `x[index] = v`: `numpy.empty`."""
    check_device(device)
    return Tensor(np.empty(shape, dtype))


def empty_like(x: Any, /, *, dtype: npt.DTypeLike | None = None, device: Any = None) -> Tensor:
    """An array to be filled, in the shape of x: `numpy.empty_like`."""
    check_device(device)
    return call(np.empty_like, asarray(x), dtype=dtype)


def eye(
    n_rows: int,
    n_cols: int | None = None,
    /,
    *,
    k: int = 0,
    dtype: npt.DTypeLike | None = None,
    device: Any = None,
) -> Tensor:
    """Ones on the k-th diagonal, zeros elsewhere: `numpy.eye`."""
    check_device(device)
    return Tensor(np.eye(n_rows, n_cols, k, float if dtype is None else dtype))


def from_dlpack(x: Any, /, *, device: Any = None, copy: bool | None = None) -> Tensor:
    """A tensor of what another library has made, in the same memory unless `copy` is asked for.

    Its owner must not change it afterwards.  One that requires grad is refused by its own library,
    and by this one: the gradient would be lost.
    """
    check_device(device)
    array = np.from_dlpack(x, copy=False) if copy is False else np.from_dlpack(x)
    return asarray(array, copy=copy)


def full(
    shape: Any, fill_value: Any, *, dtype: npt.DTypeLike | None = None, device: Any = None
) -> Tensor:
    """One value everywhere; where it is a Tensor, its gradient is summed: `numpy.full`."""
    check_device(device)
    if isinstance(fill_value, Tensor):
        return call(np.broadcast_to, asarray(fill_value, dtype), shape=shape)
    return Tensor(np.full(shape, fill_value, dtype))


def full_like(
    x: Any, /, fill_value: Any, *, dtype: npt.DTypeLike | None = None, device: Any = None
) -> Tensor:
    """One value in the shape, and dtype, of x: `numpy.full_like`."""
    x = asarray(x)
    return full(x.shape, fill_value, dtype=x.dtype if dtype is None else dtype, device=device)


def linspace(
    start: Any,
    stop: Any,
    /,
    num: int,
    *,
    dtype: npt.DTypeLike | None = None,
    device: Any = None,
    endpoint: bool = True,
) -> Tensor:
    """Numbers in equal steps from `start` to `stop`: `numpy.linspace`."""
    check_device(device)
    return call(np.linspace, start, stop, num, endpoint=endpoint, dtype=dtype)


def meshgrid(*arrays: Any, indexing: str = "xy") -> list[Tensor]:
    """For each of some vectors its elements along an axis of a common grid: `numpy.meshgrid`."""
    if indexing not in ("xy", "ij"):
        raise ValueError(f"meshgrid: indexing is 'xy' or 'ij', not {indexing!r}")
    return list(apply(np.meshgrid, *map(asarray, arrays), indexing=indexing))


def ones(shape: Any, *, dtype: npt.DTypeLike | None = None, device: Any = None) -> Tensor:
    """Ones: `numpy.ones`."""
    check_device(device)
    return Tensor(np.ones(shape, dtype))


def ones_like(x: Any, /, *, dtype: npt.DTypeLike | None = None, device: Any = None) -> Tensor:
    """Ones in the shape of x: `numpy.ones_like`."""
    check_device(device)
    return call(np.ones_like, asarray(x), dtype=dtype)


def tril(x: Any, /, *, k: int = 0) -> Tensor:
    """What is on and below the k-th diagonal, and zeros above: `numpy.tril`."""
    return call(np.tril, asarray(x), k)


def triu(x: Any, /, *, k: int = 0) -> Tensor:
    """What is on and above the k-th diagonal, and zeros below: `numpy.triu`."""
    return call(np.triu, asarray(x), k)


def zeros(shape: Any, *, dtype: npt.DTypeLike | None = None, device: Any = None) -> Tensor:
    """Zeros: `numpy.zeros`."""
    check_device(device)
    return Tensor(np.zeros(shape, dtype))


def zeros_like(x: Any, /, *, dtype: npt.DTypeLike | None = None, device: Any = None) -> Tensor:
    """Zeros in the shape of x: `numpy.zeros_like`."""
    check_device(device)
    return call(np.zeros_like, asarray(x), dtype=dtype)


def diag(x: Any, /, *, k: int = 0) -> Tensor:
    """The k-th diagonal of a matrix, or a matrix with a vector there: `numpy.diag`.

    It is not the standard's, but SciPy asks for it by this name.
    """
    return call(np.diag, asarray(x), k)
