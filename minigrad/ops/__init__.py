"""The derivatives of NumPy's functions: importing this package registers them."""

from minigrad.ops import constants, elementwise, indexing, linalg, reductions, shaping

__all__ = ["constants", "elementwise", "indexing", "linalg", "reductions", "shaping"]
