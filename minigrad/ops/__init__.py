"""The derivatives of NumPy's functions: importing this package registers them."""

from minigrad.ops import (
    constants,
    creation,
    decompositions,
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
    "decompositions",
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
