"""Functions without a derivative, and functions that no tensor may be given to.

A constant is piecewise constant (floor, sign), gives truth values or places (argmax), or looks only
at shapes; its result never requires grad.  It imports core only; core.py is the engine.
"""

import numpy as np

from minigrad.core import CONSTANTS, REFUSED

CONSTANTS |= {
    # rounding and signs: piecewise constant
    np.ceil, np.floor, np.floor_divide, np.rint, np.signbit, np.spacing, np.trunc,
    np.around, np.fix, np.round,
    # truth values
    np.equal, np.greater, np.greater_equal, np.isfinite, np.isinf, np.isnan, np.less,
    np.less_equal, np.logical_and, np.logical_not, np.logical_or, np.logical_xor, np.not_equal,
    np.all, np.allclose, np.any, np.array_equal, np.array_equiv, np.isclose, np.iscomplex,
    np.iscomplexobj, np.isneginf, np.isposinf, np.isreal, np.isrealobj, np.logical_and.reduce,
    np.logical_or.reduce,
    # places and counts
    np.argmax, np.argmin, np.argpartition, np.argsort, np.argwhere, np.count_nonzero, np.digitize,
    np.flatnonzero, np.lexsort, np.nanargmax, np.nanargmin, np.nonzero, np.searchsorted,
    # shapes, dtypes and text
    np.array2string, np.array_repr, np.array_str, np.broadcast_shapes, np.can_cast,
    np.common_type, np.empty_like, np.may_share_memory, np.min_scalar_type, np.ndim,
    np.ones_like, np.result_type, np.shape, np.shares_memory, np.size, np.zeros_like,
}  # fmt: skip

_IN_PLACE = "it writes into its argument, and tensors are values; use x[index] = value"
REFUSED |= dict.fromkeys(
    (np.copyto, np.fill_diagonal, np.place, np.put, np.put_along_axis, np.putmask), _IN_PLACE
)
