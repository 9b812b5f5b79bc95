"""Making tensors of data."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from minigrad.core.arrays import as_array, holds_tensor, without_subclass
from minigrad.core.lazy import is_lazy
from minigrad.core.operands import as_tensor, of_numbers
from minigrad.core.tensor import Tensor, check_device


def tensor(
    data: npt.ArrayLike, dtype: npt.DTypeLike | None = None, *, requires_grad: bool = False
) -> Tensor:
    """Make a leaf Tensor from a copy of `data`.

    Parameters
    ----------
    data : array_like
        Numbers, nested lists, or an array.
    dtype : dtype, optional
        NumPy's choice for `data`, if not given.
    requires_grad : bool
        Whether to record what is computed from it, which only floating dtypes allow.

    Raises
    ------
    TypeError
        If `data` holds a tensor that requires grad, if NumPy can make no numbers of it, or if
        `requires_grad` is asked for another dtype than a floating one.

    Examples
    --------
    >>> import numpy as np, minigrad as mg
    >>> mg.tensor([[1.0, 2.0]], requires_grad=True)
    tensor([[1., 2.]], requires_grad=True)
    >>> mg.tensor(np.arange(3), dtype=np.float32)
    tensor([0., 1., 2.], dtype=float32)

    """
    if is_lazy(data):
        array = as_array(asarray(data, dtype)).copy()
    else:
        array = np.array(without_subclass(data, "tensor"), dtype=dtype)
    made: Tensor = of_numbers(array)
    return made.requires_grad_(requires_grad)


def asarray(
    data: Any,
    dtype: npt.DTypeLike | None = None,
    *,
    device: Any = None,
    copy: bool | None = None,
) -> Tensor:
    """Make a Tensor that shares the memory of `data`, where NumPy can; a Tensor stays in its graph.

    Parameters
    ----------
    data : array_like, Tensor, or nested lists of Tensors
        An array must not be changed afterwards, and is not: the tensor takes memory of its own
        when it is first written to.  Tensors in lists are stacked, and recorded.
    dtype : dtype, optional
        The dtype of the result, if it is not that of `data`.
    device : "cpu", optional
        Where the result is to be: there is one place.
    copy : bool, optional
        Whether the result must have, or must not have, memory of its own.

    Examples
    --------
    >>> import minigrad as mg
    >>> x = mg.tensor(2.0, requires_grad=True)
    >>> mg.asarray([x, x * x, 1.0])
    tensor([2., 4., 1.], requires_grad=True)

    """
    if device is not None:
        check_device(device)
    if copy:
        return asarray(data, dtype).copy()
    if isinstance(data, Tensor) or (isinstance(data, (list, tuple)) and holds_tensor(data)):
        made: Tensor = as_tensor(data)
        recast = dtype is not None and made.dtype != dtype
        if copy is False and (recast or made is not data):
            what = f"from {made.dtype} to {np.dtype(dtype)}" if recast else "a list of Tensors"
            raise ValueError(f"asarray: {what} needs a copy")
        return made if dtype is None else made.astype(dtype, copy=False)
    if copy is False:
        array = np.asarray(data, dtype=dtype, copy=False)
    elif dtype is None or is_lazy(data):
        array = as_array(data) if dtype is None else as_array(data).astype(dtype)
    else:
        array = np.asarray(data, dtype=dtype)
    result: Tensor = of_numbers(array)
    return result
