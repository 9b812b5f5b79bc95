"""Derivatives of eigenvalues and eigenvectors of square matrices.

Both come of one primitive, which has them in one array.  The rule is that of
first-order perturbation: a change dA of A = V W V^-1 changes the eigenvalues by the diagonal of
V^-1 dA V, and the eigenvectors by what lies beside it, divided by differences of eigenvalues.  It
imports core and elementwise only; constants.py comes next.
"""

from typing import Any

import numpy as np

from minigrad.core import Array, Operand, composite, known, primitive
from minigrad.ops.elementwise import conj

EigResult: Any = type(np.linalg.eig(np.eye(1)))


@primitive
def eigen(a: Array) -> Array:
    """The eigenvalues of `a` in a first row, and below each its eigenvector."""
    values, vectors = np.linalg.eig(a)
    return in_complex(np.concatenate([values[..., None, :], vectors], axis=-2))


def in_complex(x: Operand) -> Operand:
    """`x`, real numbers in the memory of complex ones: NumPy takes them out without a copy."""
    return x if x.dtype.kind == "c" else x.astype(np.result_type(x.dtype, np.complex64)).real


def eigen_vjp(g: Operand, y: Operand, _a: Operand) -> Operand:
    """Derivative of eigenvalues w and eigenvectors v: K has the cotangent of V^-1 dA V."""
    by_w, by_v, w, v = g[..., 0, :], g[..., 1:, :], y[..., 0, :], y[..., 1:, :]
    gap = w[..., None, :] - w[..., :, None]
    equal = gap == 0
    refuse_degenerate(known(equal), known(by_w), known(by_v))
    k = v.mT @ (by_v - along_vectors(by_v, v)) / np.where(equal, 1, gap)  # 0 where they are equal
    k = k + by_w[..., None] * np.eye(np.shape(v)[-1])
    inverse = np.linalg.inv(v)
    refuse_defective(known(inverse))
    return inverse.mT @ k @ v.mT


eigen.defvjp(eigen_vjp, complex=True)


def along_vectors(g: Operand, v: Operand) -> Operand:
    """What of `g` is undone as each vector is scaled: to length one, and to a phase.

    LAPACK makes the largest component of each vector real.
    """
    size = np.where(known(v).imag == 0, np.abs(known(v)), 0)
    real = np.arange(np.shape(v)[-1])[:, None] == np.argmax(size, axis=-2)[..., None, :]
    scale = np.sum(g * v, axis=-2, keepdims=True)
    return np.real(scale) * conj(v) + 1j * np.imag(scale) * real / np.where(real, v, 1)


def refuse_degenerate(equal: Array, by_w: Array, by_v: Array) -> None:
    """Refuse equal eigenvalues told apart, and vectors of theirs: they have no derivative."""
    used = np.any(by_v != 0, axis=-2)
    apart = (by_w[..., None, :] != by_w[..., :, None]) | used[..., None, :]
    if np.any(equal & apart & ~np.eye(equal.shape[-1], dtype=bool)):
        raise np.linalg.LinAlgError(
            "numpy.linalg.eig: an eigenvalue that occurs twice has no derivative of its own, nor "
            "have its eigenvectors; use functions of the matrix that do not tell them apart, such "
            "as the sum of all eigenvalues or np.trace, or make the matrix symmetric"
        )


def refuse_defective(inverse: Array) -> None:
    """Refuse eigenvectors that are, but for rounding, not independent."""
    size = np.max(np.abs(inverse), initial=0)
    if not size * np.finfo(inverse.dtype).eps < 1e-3:
        raise np.linalg.LinAlgError(
            "numpy.linalg.eig: the matrix is defective, or nearly so: it has too few independent "
            "eigenvectors, and eigenvalues without derivatives; use functions of the matrix itself"
        )


def part(found: Operand, rows: Any) -> Operand:
    """Some rows of what `eigen` gives, laid out as if there were no others."""
    rows = found[..., rows, :]
    return rows if found.ndim == 2 else in_complex(rows.copy())


@composite(np.linalg.eig)
def _eig(a: Operand) -> Any:
    found = eigen(a)
    return EigResult(part(found, 0), part(found, slice(1, None)))


@composite(np.linalg.eigvals)
def _eigvals(a: Operand) -> Operand:
    return part(eigen(a), 0)
