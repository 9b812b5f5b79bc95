"""Functions without a derivative, and functions that no tensor may be given to.

A constant is piecewise constant (floor, sign), gives truth values or places (argmax), looks only at
shapes, or works on whole numbers; its result never requires grad.  It imports core only.
"""

from typing import Any

import numpy as np
from numpy._core import umath  # where ufuncs are that have no public name

from minigrad.core import CONSTANTS, DETACHED, REFUSED

CONSTANTS |= {
    # rounding and signs: piecewise constant
    np.ceil, np.floor, np.floor_divide, np.rint, np.signbit, np.spacing, np.trunc,
    np.around, np.fix, np.round,
    # truth values
    np.equal, np.greater, np.greater_equal, np.isfinite, np.isinf, np.isnan, np.less,
    np.less_equal, np.logical_and, np.logical_not, np.logical_or, np.logical_xor, np.not_equal,
    np.all, np.allclose, np.any, np.array_equal, np.array_equiv, np.isclose, np.iscomplex,
    np.iscomplexobj, np.isneginf, np.isposinf, np.isreal, np.isrealobj,
    np.logical_or.reduce, np.logical_and.reduce, np.logical_xor.reduce, np.isin,
    # whole numbers and bits
    np.bitwise_and, np.bitwise_count, np.bitwise_or, np.bitwise_xor, np.gcd, np.invert, np.lcm,
    np.left_shift, np.right_shift, np.packbits, np.unpackbits,
    # places and counts
    np.argmax, np.argmin, np.argpartition, np.argsort, np.argwhere, np.count_nonzero, np.digitize,
    np.flatnonzero, np.lexsort, np.nanargmax, np.nanargmin, np.nonzero, np.searchsorted,
    np.diag_indices_from, np.ravel_multi_index, np.tril_indices_from, np.triu_indices_from,
    np.unravel_index,
    # shapes, dtypes and text
    np.array2string, np.array_repr, np.array_str, np.broadcast_shapes, np.can_cast,
    np.common_type, np.einsum_path, np.empty_like, np.may_share_memory,
    np.min_scalar_type, np.ndim, np.ones_like, np.result_type, np.shape, np.shares_memory, np.size,
    np.zeros_like, umath._ones_like,  # type: ignore[attr-defined]  # not in the stubs
}  # fmt: skip

if hasattr(np, "in1d"):  # until NumPy 2.3
    CONSTANTS.add(np.in1d)  # noqa: NPY201  # the old name is what is registered


def _takes_numbers(ufunc: np.ufunc) -> bool:
    """Whether any loop of `ufunc` is for numbers: there are some for text, and for dates."""
    return any(loop[0] in "?bdO" for loop in ufunc.types)


_ufuncs: list[Any] = [u for u in vars(umath).values() if isinstance(u, np.ufunc)]
REFUSED |= {
    u: "it is for text or dates, and tensors hold numbers" for u in _ufuncs if not _takes_numbers(u)
}
REFUSED |= dict.fromkeys(
    (np.busday_count, np.busday_offset, np.datetime_as_string, np.is_busday),
    "it is for dates, and tensors hold numbers",
)
DETACHED |= dict.fromkeys(
    (np.save, np.savetxt, np.savez, np.savez_compressed),
    "a file holds values, and would silently cut a tensor that requires grad out of its graph",
)
