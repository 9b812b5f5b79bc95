"""The derivatives of NumPy's functions: importing this package registers them."""

from minigrad.ops import (
    complex,
    constants,
    eig,
    elementwise,
    fft,
    indexing,
    linalg,
    reductions,
    shaping,
)

__all__ = [
    "complex",
    "constants",
    "eig",
    "elementwise",
    "fft",
    "indexing",
    "linalg",
    "reductions",
    "shaping",
]
