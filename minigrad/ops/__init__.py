"""The derivatives of NumPy's functions: importing this package registers them."""

from minigrad.ops import (
    constants,
    decompositions,
    elementwise,
    indexing,
    linalg,
    reductions,
    shaping,
)

__all__ = [
    "constants",
    "decompositions",
    "elementwise",
    "indexing",
    "linalg",
    "reductions",
    "shaping",
]
