"""The derivatives of NumPy's functions: importing this package registers them.

Those of SciPy's special functions, in scipy_special.py, are registered when one of them meets a
tensor that requires grad: minigrad does not import SciPy.
"""

from minigrad.core import LIBRARIES
from minigrad.ops import (
    complex,
    constants,
    creation,
    decompositions,
    eig,
    elementwise,
    fft,
    indexing,
    layout,
    linalg,
    moving,
    polynomials,
    reductions,
    scimath,
    shaping,
    signal,
    special,
    statistics,
    writing,
)

LIBRARIES["scipy.special"] = "minigrad.ops.scipy_special"

__all__ = [
    "complex",
    "constants",
    "creation",
    "decompositions",
    "eig",
    "elementwise",
    "fft",
    "indexing",
    "layout",
    "linalg",
    "moving",
    "polynomials",
    "reductions",
    "scimath",
    "shaping",
    "signal",
    "special",
    "statistics",
    "writing",
]
