"""The array API standard's linear algebra: `minigrad.linalg`.

Each function hands one of NumPy's to the engine, as namespace.py does, which it imports besides
core.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

from minigrad.core import Axis, Tensor, apply, asarray, call, operand
from minigrad.namespace import given, matmul, matrix_transpose, named, tensordot, vecdot

__all__ = [
    "cholesky", "cross", "det", "diagonal", "eig", "eigh", "eigvals", "eigvalsh", "inv", "matmul",
    "matrix_norm", "matrix_power", "matrix_rank", "matrix_transpose", "outer", "pinv", "qr",
    "slogdet", "solve", "svd", "svdvals", "tensordot", "trace", "vecdot", "vector_norm",
]  # fmt: skip


def of_matrix(name: str) -> Callable[[Any], Any]:
    """NumPy's function of that name, of a matrix or a stack of them."""
    fn = getattr(np.linalg, name)

    def function(x: Any, /) -> Any:
        return apply(fn, asarray(x))

    return named(function, name, "numpy.linalg")


det = of_matrix("det")
eigh = of_matrix("eigh")
eigvalsh = of_matrix("eigvalsh")
inv = of_matrix("inv")
slogdet = of_matrix("slogdet")
svdvals = of_matrix("svdvals")


def cholesky(x: Any, /, *, upper: bool = False) -> Tensor:
    """The triangular L for which x = L @ L^H, or if `upper` the U for which x = U^H @ U."""
    lower = call(np.linalg.cholesky, asarray(x))
    return call(np.conj, lower.mT) if upper else lower


def cross(x1: Any, x2: Any, /, *, axis: int = -1) -> Tensor:
    """The cross products of vectors of three elements along an axis: `numpy.linalg.cross`."""
    return call(np.linalg.cross, given(x1), given(x2), axis=axis)


def diagonal(x: Any, /, *, offset: int = 0) -> Tensor:
    """The diagonal of each matrix: `numpy.linalg.diagonal`."""
    return asarray(x).diagonal(offset, -2, -1)


def eig(x: Any, /) -> Any:
    """The eigenvalues and eigenvectors of each matrix, complex ones: `numpy.linalg.eig`."""
    found = apply(np.linalg.eig, asarray(x))
    return type(found)(*map(as_complex, found))


def eigvals(x: Any, /) -> Tensor:
    """The eigenvalues of each matrix, complex ones: `numpy.linalg.eigvals`."""
    return as_complex(call(np.linalg.eigvals, asarray(x)))


def as_complex(x: Tensor) -> Tensor:
    """A tensor in the complex dtype of its precision."""
    return x.astype(np.result_type(x.dtype, np.complex64))


def matrix_norm(x: Any, /, *, keepdims: bool = False, ord: Any = "fro") -> Tensor:
    """The norm of each matrix: `numpy.linalg.matrix_norm`."""
    return call(np.linalg.matrix_norm, asarray(x), keepdims=keepdims, ord=ord)


def matrix_power(x: Any, n: int, /) -> Tensor:
    """Each matrix times itself, n factors: `numpy.linalg.matrix_power`."""
    return call(np.linalg.matrix_power, asarray(x), n)


def matrix_rank(x: Any, /, *, rtol: Any = None) -> Tensor:
    """How many singular values of each matrix are not zero: `numpy.linalg.matrix_rank`."""
    x = asarray(x)
    if x.ndim < 2:
        raise np.linalg.LinAlgError(f"matrix_rank of shape {x.shape}: a matrix has two axes")
    return call(np.linalg.matrix_rank, x, rtol=given(rtol))


def outer(x1: Any, x2: Any, /) -> Tensor:
    """All products of an element of one vector and one of another."""
    x1, x2 = operand(x1), operand(x2)
    if not x1.ndim == x2.ndim == 1:
        raise ValueError(f"outer takes two vectors, not shapes {x1.shape} and {x2.shape}")
    return call(np.outer, x1, x2)


def pinv(x: Any, /, *, rtol: Any = None) -> Tensor:
    """The pseudo-inverse of each matrix: `numpy.linalg.pinv`."""
    return call(np.linalg.pinv, asarray(x), rtol=rtol)


def qr(x: Any, /, *, mode: Any = "reduced") -> Any:
    """The orthogonal Q and the upper triangular R for which x = Q @ R: `numpy.linalg.qr`."""
    if mode not in ("reduced", "complete"):
        raise ValueError(f"qr: mode is 'reduced' or 'complete', not {mode!r}")
    return apply(np.linalg.qr, asarray(x), mode=mode)


def solve(x1: Any, x2: Any, /) -> Tensor:
    """The x for which x1 @ x = x2: `numpy.linalg.solve`."""
    return call(np.linalg.solve, given(x1), given(x2))


def svd(x: Any, /, *, full_matrices: bool = True) -> Any:
    """The U, S and Vh for which x = U @ diag(S) @ Vh: `numpy.linalg.svd`."""
    return apply(np.linalg.svd, asarray(x), full_matrices=full_matrices)


def trace(x: Any, /, *, offset: int = 0, dtype: npt.DTypeLike | None = None) -> Tensor:
    """The sum of the diagonal of each matrix: `numpy.linalg.trace`."""
    return call(np.trace, asarray(x), offset=offset, axis1=-2, axis2=-1, dtype=dtype)


def vector_norm(x: Any, /, *, axis: Axis = None, keepdims: bool = False, ord: Any = 2) -> Tensor:
    """The norm over some axes, of all as of one vector: `numpy.linalg.vector_norm`."""
    return call(np.linalg.vector_norm, asarray(x), axis=axis, keepdims=keepdims, ord=ord)
