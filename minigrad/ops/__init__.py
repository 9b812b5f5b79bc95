"""The derivatives of NumPy's functions: importing this package registers them."""

from minigrad.ops import (
    complex,
    constants,
    creation,
    decompositions,
    eig,
    elementwise,
    fft,
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
    "complex",
    "constants",
    "creation",
    "decompositions",
    "eig",
    "elementwise",
    "fft",
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
