"""The derivatives of NumPy's functions: importing this package registers them."""

from minigrad.ops import (
    constants,
    creation,
    elementwise,
    indexing,
    linalg,
    moving,
    polynomials,
    reductions,
    scimath,
    shaping,
    signal,
    statistics,
)

__all__ = [
    "constants",
    "creation",
    "elementwise",
    "indexing",
    "linalg",
    "moving",
    "polynomials",
    "reductions",
    "scimath",
    "shaping",
    "signal",
    "statistics",
]
