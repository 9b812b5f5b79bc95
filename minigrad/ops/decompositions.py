"""Derivatives of NumPy's linear algebra: inverses, determinants and matrix decompositions.

Everything takes stacks of matrices, as NumPy does.  A function with several results is a composite
over one primitive, which packs them into one array; its rule unpacks the result and its cotangent
alike, so that every order of derivative works.  Where NumPy reads one triangle of a symmetric
matrix, the gradient is symmetric: see `mirrored`.  Vectors that a matrix does not determine have no
derivative, and raise: see `determined`.  It imports core, elementwise, layout, reductions and
linalg; constants.py comes next.

Sources: M. Giles, "Collected matrix derivative results for forward and reverse mode algorithmic
differentiation" (2008), where nothing else is named.
"""

import functools
import itertools
import operator
import string
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from minigrad.core import (
    CONSTANTS,
    Array,
    Axis,
    Operand,
    composite,
    defvjp,
    known,
    operand,
    primitive,
)
from minigrad.ops.elementwise import ratio
from minigrad.ops.layout import as_number, copied_as, own
from minigrad.ops.linalg import _vecdot, matrix_norm, vector_norm
from minigrad.ops.reductions import axes_of, prod_vjp


def result_of(fn: Callable[..., Any]) -> Callable[..., Any]:
    """The named tuple that `fn` returns, of which NumPy does not export the name."""
    return type(fn(np.eye(1)))


EighResult, QRResult = result_of(np.linalg.eigh), result_of(np.linalg.qr)
SlogdetResult, SVDResult = result_of(np.linalg.slogdet), result_of(np.linalg.svd)

CONSTANTS |= {np.linalg.matrix_rank}


def rounding_of(a: Operand) -> float:
    """How far values of a decomposition of `a` may be off, relative to the largest of them.

    NumPy decomposes in double precision, whatever the dtype.
    """
    own = 10 * max(np.shape(a)[-2:]) * np.finfo(float).eps
    return float(own + 2 * np.finfo(a.dtype).eps)


# -- inverses and linear equations

defvjp(np.linalg.inv, lambda g, y, _a: -(y.mT @ g @ y.mT), complex=True)


def solve_by_right(g: Operand, _x: Operand, a: Operand, b_shape: tuple[int, ...]) -> Operand:
    """Derivative of the solution of a x = b by b: the solution of a.T y = g."""
    if len(b_shape) == 1:
        return np.linalg.solve(a.mT, g[..., None])[..., 0]
    return np.linalg.solve(a.mT, g)


def solve_by_left(g: Operand, x: Operand, a: Operand, b_shape: tuple[int, ...]) -> Operand:
    """Derivative of the solution of a x = b by a."""
    by_b = solve_by_right(g, x, a, b_shape)
    if len(b_shape) == 1:
        return -by_b[..., :, None] * x[..., None, :]
    return -(by_b @ x.mT)


defvjp(np.linalg.solve, solve_by_left, solve_by_right, broadcasts=True, complex=True)


@composite(np.linalg.tensorinv)
def _tensorinv(a: Operand, ind: int = 2) -> Operand:
    if ind <= 0:
        raise ValueError("numpy.linalg.tensorinv: ind must be positive")
    shape = np.shape(a)
    n = int(np.prod(shape[ind:], dtype=int))
    return np.linalg.inv(a.reshape(n, -1)).reshape(shape[ind:] + shape[:ind])


@composite(np.linalg.tensorsolve)
def _tensorsolve(a: Operand, b: Operand, axes: Any = None) -> Operand:
    a, b = operand(a), operand(b)
    if axes is not None:
        for k in axes:  # one after the other to the back, as they are then numbered
            order = list(range(a.ndim))
            order.remove(k)
            a = np.transpose(a, (*order, k))
    shape = a.shape[b.ndim :]
    n = int(np.prod(shape, dtype=int))
    if a.size != n * n:
        raise np.linalg.LinAlgError(
            f"numpy.linalg.tensorsolve: a tensor of shape {a.shape} is no square matrix for a "
            f"right-hand side of shape {b.shape}"
        )
    return np.linalg.solve(a.reshape(n, n), b.reshape(-1)).reshape(shape)


@composite(np.linalg.matrix_power)
def _matrix_power(a: Operand, n: Any) -> Operand:
    n = operator.index(n)
    if n <= 0 or np.ndim(a) < 2 or np.shape(a)[-1] != np.shape(a)[-2]:
        # A power of 0 is constant; one of what is no square matrix, NumPy's error.
        return _matrix_power(np.linalg.inv(a), -n) if n else np.linalg.matrix_power(a.detach(), 0)
    if n == 1:
        return a
    half = _matrix_power(a, n // 2)
    return half @ half if n % 2 == 0 else half @ half @ a


@composite(np.linalg.multi_dot)
def _multi_dot(arrays: Sequence[Operand]) -> Operand:
    tensors: list[Operand] = [operand(a) for a in arrays]
    if len(tensors) < 2:
        raise ValueError("numpy.linalg.multi_dot: give at least two arrays")
    if len(tensors) == 2:
        return np.dot(tensors[0], tensors[1])
    first, last = tensors[0].ndim, tensors[-1].ndim
    if first == 1:
        tensors[0] = tensors[0][None, :]
    if last == 1:
        tensors[-1] = tensors[-1][:, None]
    if any(t.ndim != 2 for t in tensors):
        raise np.linalg.LinAlgError("numpy.linalg.multi_dot: all but the ends must be matrices")
    sizes = [t.shape[0] for t in tensors] + [tensors[-1].shape[1]]

    @functools.cache
    def cheapest(i: int, j: int) -> tuple[int, int]:
        """The cost of the product from i to j, and the last place where it is cut in two."""
        if i == j:
            return 0, i
        return min(
            (cheapest(i, k)[0] + cheapest(k + 1, j)[0] + sizes[i] * sizes[k + 1] * sizes[j + 1], k)
            for k in range(i, j)
        )

    def product(i: int, j: int) -> Operand:
        k = cheapest(i, j)[1]
        return tensors[i] if i == j else product(i, k) @ product(k + 1, j)

    whole = product(0, len(tensors) - 1)
    if first == last == 1:
        return whole[0, 0]
    return whole.reshape(whole.shape[first == 1 : 1 + (last != 1)])


# -- determinants


@primitive(broadcasts=True)
def minors(a: Array, *directions: Array) -> Array:
    """The gradient of det by a: the cofactors.  With directions, that of its derivative along them.

    It is right for singular matrices, too: det is a polynomial, and so are all its derivatives.
    In the bases of its singular vectors, a is diagonal.  There the derivative of det along k
    matrices G, H, ... is the sum, over k different places i, j, ... on the diagonal, of the product
    of the *other* singular values times the determinant of what row i of G, row j of H, ... have at
    these places: no singular value is divided by.
    """
    k, n = len(directions) + 1, a.shape[-1]
    finite = np.isfinite(a).all(axis=(-2, -1), keepdims=True)
    u, s, vh = np.linalg.svd(np.where(finite, a, 0).astype(float))
    turned = [u.mT @ g @ vh.mT for g in directions]
    places = np.ogrid[(slice(n),) * k]
    taken = functools.reduce(np.logical_or, (places[-1] == i for i in places[:-1]), False)
    twice = functools.reduce(
        np.logical_or, (i == j for i, j in itertools.combinations(places, 2)), False
    )
    factors = np.where(taken, 1, s.reshape((*s.shape[:-1], *[1] * (k - 1), n)))
    others = prod_vjp(np.ones(factors.shape[:-1]), None, factors, axis=-1)
    others = np.where(twice, 0, others)
    total = np.zeros(np.broadcast_shapes(a.shape, *(g.shape for g in directions)))
    letters = string.ascii_letters[:k]
    for order in itertools.permutations(range(k)):
        odd = sum(i > j for i, j in itertools.combinations(order, 2)) % 2
        *pairs, last = (f"...{letters[i]}{letters[order[i]]}" for i in range(k))
        fixed = order[-1] == k - 1  # then the last place pairs with itself, on the diagonal
        terms = ",".join([f"...{letters}", *pairs])
        term = np.einsum(f"{terms}->{last[:-1] if fixed else last}", others, *turned)
        total += (-1) ** odd * (term[..., None] * np.eye(n) if fixed else term)
    orientation = np.linalg.slogdet(u @ vh)[0][..., None, None]
    gradient = np.where(finite, orientation * (u @ total @ vh), np.nan)
    return gradient.astype(np.result_type(a, *directions))


minors.defvjp(
    each=lambda i, g, _y, *matrices: (
        minors(*matrices, g) if i == 0 else minors(*matrices[:i], g, *matrices[i + 1 :])
    )
)
defvjp(np.linalg.det, lambda g, _y, a: g[..., None, None] * minors(a))


def inverse(a: Operand, singular: Operand) -> Operand:
    """The inverse of `a`, and nan for those matrices that are known to be singular."""
    singular = singular[..., None, None]
    regular = np.linalg.inv(np.where(singular, np.eye(np.shape(a)[-1], dtype=a.dtype), a))
    return np.where(singular, np.nan, regular)


@primitive
def sign_and_log(a: Array) -> Array:
    """The sign of the determinant and the logarithm of its size, in a first axis."""
    return np.stack(np.linalg.slogdet(a))


sign_and_log.defvjp(lambda g, y, a: g[1, ..., None, None] * inverse(a, np.isneginf(y[1])).mT)


@composite(np.linalg.slogdet)
def _slogdet(a: Operand) -> Any:
    y = sign_and_log(a)
    return SlogdetResult(y[0].detach(), y[1])


# -- what reads one triangle


@primitive
def mirrored(a: Array, UPLO: str) -> Array:
    """The symmetric matrix with the lower triangle of `a`, or with the upper one.

    Its derivative is by convention not that of this function, by which the other triangle would
    get nothing, but that by a symmetric matrix as a whole: half of the gradient goes to each side.
    """
    if a.ndim < 2 or a.shape[-1] != a.shape[-2]:
        return a  # which the decomposition refuses
    lower = np.tri(a.shape[-1], dtype=bool)
    return np.where(lower if UPLO == "L" else lower.T, a, a.mT)


mirrored.defvjp(lambda g, _y, _a, _UPLO: (g + g.mT) / 2)


@primitive
def triangle(a: Array, upper: bool) -> Array:
    """np.linalg.cholesky."""
    return np.linalg.cholesky(a, upper=upper)


def triangle_vjp(g: Operand, y: Operand, _a: Operand, upper: bool) -> Operand:
    """Derivative of a = L L.T by a: L^-T P L^-1, where P is the lower triangle of L.T g.

    The diagonal of P is halved: I. Murray, "Differentiation of the Cholesky decomposition" (2016).
    """
    root, g = (y.mT, g.mT) if upper else (y, g)
    n = np.shape(y)[-1]
    halved = np.tri(n, dtype=g.dtype) - np.eye(n, dtype=g.dtype) / 2
    p = halved * (root.mT @ g)
    return np.linalg.solve(root.mT, np.linalg.solve(root.mT, p).mT)


triangle.defvjp(triangle_vjp)


@composite(np.linalg.cholesky)
def _cholesky(a: Operand, /, *, upper: bool = False) -> Operand:
    return triangle(mirrored(a, "U" if upper else "L"), upper)


# -- vectors that belong to values


@primitive
def determined(packed: Array, start: int, stop: int | None, tied: Array, fn: Any) -> Array:
    """The vectors in rows `start` to `stop` of a packed decomposition, which are about to be used.

    Vectors whose values are `tied` (to another, or to 0 where that counts as a tie) are any basis
    of the space that belongs to them.  The chain rule does not hold through these, not even where
    the final result does not depend on the choice: V f(w) V.T is smooth, but its derivative has
    f'(w) in it, which no cotangent of V knows.  So a gradient may flow only into other vectors.  It
    must not be of zeros alone, either, since f may have a zero just there.
    """
    return packed[..., start:stop, :]


def determined_vjp(
    g: Operand, _y: Operand, x_shape: tuple[int, ...], start: int, stop: int | None, tied: Array,
    fn: Any,
) -> Operand:  # fmt: skip
    """Put the cotangent back in its rows, if it is not that of tied vectors."""
    used = np.any(known(g) != 0, axis=-2)
    refuse_tied(tied & (used | ~np.any(used, axis=-1, keepdims=True)), fn)
    n = x_shape[-2]
    margins = ((0, 0),) * (len(x_shape) - 2) + ((start, n - (stop or n)), (0, 0))
    return np.pad(g, margins)


determined.defvjp(determined_vjp)


def refuse_ties_of_both(g: Operand, tied: Array, fn: Callable[..., Any]) -> None:
    """Refuse a packed cotangent of tied values, where there is one of vectors, too."""
    used = known(g) != 0
    of_vectors = np.any(used[..., 1:, :], axis=(-2, -1))[..., None]
    refuse_tied(tied & used[..., 0, :] & of_vectors, fn)


def refuse_tied(offending: Array, fn: Callable[..., Any]) -> None:
    """Raise the error for a gradient that needs a derivative of vectors which has none."""
    if not np.any(offending):
        return
    if fn is np.linalg.eigh:
        raise np.linalg.LinAlgError(
            "numpy.linalg.eigh: the eigenvectors of a repeated eigenvalue have no derivative, and "
            "a gradient flows into them; use numpy.linalg.eigvalsh for a function of the "
            "eigenvalues, or pass eigenvectors on as v.detach()"
        )
    raise np.linalg.LinAlgError(
        "numpy.linalg.svd: the singular vectors of a singular value that is repeated or 0 have no "
        "derivative, and a gradient flows into them; use numpy.linalg.svdvals for a function of "
        "the singular values, numpy.linalg.pinv for an inverse, or pass vectors on as u.detach()"
    )


def ties(values: Array, rounding: float) -> tuple[Array, Array]:
    """Which pairs of values are equal but for rounding, and which values have an equal."""
    tolerance = rounding * np.max(np.abs(values), axis=-1, keepdims=True, initial=0)
    pairs = np.abs(values[..., :, None] - values[..., None, :]) <= tolerance[..., None]
    return pairs, np.sum(pairs, axis=-1) > 1


@primitive
def spectrum(a: Array, UPLO: Any) -> Array:
    """Eigenvalues of symmetric matrices in a first row, and below each its eigenvector."""
    w, v = np.linalg.eigh(a, UPLO)  # whose signs depend on which triangle is read
    return np.concatenate([w[..., None, :], v], axis=-2)


def spectrum_vjp(g: Operand, y: Operand, _a: Operand, _UPLO: str) -> Operand:
    """Derivative of a = V diag(w) V.T by a: V (diag(g_w) + (V.T g_V) / (w_j - w_i)) V.T."""
    w, v, pairs, tied = eigen(y)
    g_w, g_v = g[..., 0, :], g[..., 1:, :]
    refuse_ties_of_both(g, tied, np.linalg.eigh)
    gaps = np.where(pairs, 0, w[..., None, :] - w[..., :, None])
    inner = ratio(v.mT @ g_v, gaps) + g_w[..., None, :] * np.eye(np.shape(w)[-1], dtype=g.dtype)
    return v @ inner @ v.mT


spectrum.defvjp(spectrum_vjp)


def eigen(y: Operand) -> tuple[Operand, Operand, Array, Array]:
    """Of a packed spectrum the eigenvalues, the eigenvectors, and which are tied."""
    w = y[..., 0, :]
    pairs, tied = ties(known(w), rounding_of(y))
    return w, determined(y, 1, None, tied, np.linalg.eigh), pairs, tied


def _spectrum(a: Operand, UPLO: str) -> Operand:
    UPLO = UPLO.upper()
    if UPLO not in ("L", "U"):
        raise ValueError("UPLO argument must be 'L' or 'U'")
    return spectrum(mirrored(a, UPLO), UPLO)


@composite(np.linalg.eigh)
def _eigh(a: Operand, UPLO: str = "L") -> Any:
    return EighResult(*map(own, eigen(_spectrum(a, UPLO))[:2]))


@composite(np.linalg.eigvalsh)
def _eigvalsh(a: Operand, UPLO: str = "L") -> Operand:
    return own(_spectrum(a, UPLO)[..., 0, :])


@primitive
def triplets(a: Array) -> Array:
    """Singular values in a first row, and below each its left and its right singular vector."""
    u, s, vh = np.linalg.svd(a, full_matrices=False)
    return np.concatenate([s[..., None, :], u, vh.mT], axis=-2)


def triplets_vjp(g: Operand, y: Operand, a_shape: tuple[int, ...]) -> Operand:
    """Derivative of a = U diag(s) V.T by a.

    J. Townsend, "Differentiating the singular value decomposition" (2016).
    """
    m, n = a_shape[-2:]
    s, u, v, pairs, tied = singular(y, m)
    g_s, g_u, g_v = g[..., 0, :], g[..., 1 : m + 1, :], g[..., m + 1 :, :]
    refuse_ties_of_both(g, tied, np.linalg.svd)
    row, column = s[..., None, :], s[..., :, None]
    gaps = np.where(pairs, 0, (row - column) * (row + column))
    by_u, by_v = u.mT @ g_u, v.mT @ g_v
    inner = ratio(by_u - by_u.mT, gaps) * row + column * ratio(by_v - by_v.mT, gaps)
    inner = inner + g_s[..., None, :] * np.eye(np.shape(s)[-1], dtype=g.dtype)
    by_a = u @ inner @ v.mT
    positive = np.where(tied[..., None, :], 0, row)
    if m > n:  # U turns out of its space, too
        by_a = by_a + ratio(g_u - u @ by_u, positive) @ v.mT
    if n > m:
        by_a = by_a + u @ ratio(g_v - v @ by_v, positive).mT
    return by_a


triplets.defvjp(triplets_vjp)


def singular(y: Operand, m: int) -> tuple[Operand, Operand, Operand, Array, Array]:
    """Of packed triplets the values, the vectors to both sides, and which are tied.

    A value of 0 is tied to itself: s and -s are equal, and the sign of its vectors undetermined.
    """
    s, rounding = y[..., 0, :], rounding_of(y)
    pairs, tied = ties(known(s), rounding)
    tied = tied | (known(s) <= rounding * known(s)[..., :1])
    left = determined(y, 1, m + 1, tied, np.linalg.svd)
    right = determined(y, m + 1, None, tied, np.linalg.svd)
    return s, left, right, pairs, tied


@composite(np.linalg.svd)
def _svd(
    a: Operand, full_matrices: bool = True, compute_uv: bool = True, hermitian: bool = False
) -> Any:
    if hermitian:
        return _svd_of_symmetric(a, compute_uv)
    if not compute_uv:
        return _svdvals(a)
    packed = triplets(a)
    m, n = np.shape(a)[-2:]
    if full_matrices and m != n:
        raise TypeError(
            f"numpy.linalg.svd: full_matrices=True of shape {np.shape(a)} has no derivative, as "
            "the vectors beyond the singular values are any basis; pass full_matrices=False"
        )
    s, u, v = singular(packed, m)[:3]
    return SVDResult(own(u), own(s), own(v.mT))


def _svd_of_symmetric(a: Operand, compute_uv: bool) -> Any:
    """What NumPy makes of eigenvalues: singular values are their sizes, and V has their signs."""
    if not compute_uv:
        return np.sort(np.abs(_eigvalsh(a)))[..., ::-1]
    w, v = _eigh(a)
    order = np.argsort(np.abs(w.detach()))[..., ::-1]
    w, v = np.take_along_axis(w, order), np.take_along_axis(v, order[..., None, :])
    signs = np.copysign(1.0, known(w))  # 0 has one, too
    return SVDResult(v, np.abs(w), (v * signs[..., None, :]).mT)


@composite(np.linalg.svdvals)
def _svdvals(x: Operand, /) -> Operand:
    return own(triplets(x)[..., 0, :])


# -- an orthogonal and a triangular factor


@primitive
def factors(a: Array) -> Array:
    """Q and, below it, R.T of the reduced decomposition a = Q R."""
    q, r = np.linalg.qr(a)
    return np.concatenate([q, r.mT], axis=-2)


def factors_vjp(g: Operand, y: Operand, a_shape: tuple[int, ...]) -> Operand:
    """Derivative of a = Q R by a: (g_Q + Q sym(R g_R.T - g_Q.T Q)) R^-T, sym from the lower half.

    S. F. Walter and L. Lehmann, "Algorithmic differentiation of linear algebra functions" (2010).
    Columns beyond a square are Q times those of R, and only the square is decomposed.
    """
    m, n = a_shape[-2:]
    k = min(m, n)
    q, r, rest = y[..., :m, :], y[..., m : m + k, :].mT, y[..., m + k :, :].mT
    g_q, g_r, g_rest = g[..., :m, :], g[..., m : m + k, :].mT, g[..., m + k :, :].mT
    diagonal = np.abs(np.diagonal(known(r), 0, -2, -1))
    largest = np.max(np.abs(known(y[..., m:, :])), axis=(-2, -1), initial=0)[..., None]
    if np.any(diagonal <= rounding_of(r) * largest):
        raise np.linalg.LinAlgError(
            "numpy.linalg.qr: the factors of a matrix have no derivative where its first columns "
            "(as many as it has rows) are linearly dependent"
        )
    g_q = g_q + q @ rest @ g_rest.mT
    product = r @ g_r.mT - g_q.mT @ q
    symmetric = np.tril(product) + np.tril(product, -1).mT
    by_square = np.linalg.solve(r, (g_q + q @ symmetric).mT).mT
    return by_square if m >= n else np.concatenate([by_square, q @ g_rest], axis=-1)


factors.defvjp(factors_vjp)


@composite(np.linalg.qr)
def _qr(a: Operand, mode: str = "reduced") -> Any:
    y = factors(a)
    m, n = np.shape(a)[-2:]
    if mode not in ("reduced", "r", "complete") or (mode == "complete" and m > n):
        raise TypeError(
            f"numpy.linalg.qr: mode={mode!r} of shape {np.shape(a)} has no derivative; "
            "pass mode='reduced' or 'r'"
        )
    model = known(a)[..., : min(m, n), :]
    r = copied_as(y[..., m:, :].mT, model if model.flags.c_contiguous else np.triu(model))
    return r if mode == "r" else QRResult(own(y[..., :m, :]), r)


# -- the pseudo-inverse and least squares


@primitive
def pseudo_inverse(a: Array, rcond: Any, hermitian: bool) -> Array:
    """np.linalg.pinv, where what `rcond` leaves out is 0."""
    return np.linalg.pinv(a, rcond, hermitian)


def pseudo_inverse_vjp(
    g: Operand, y: Operand, a: Operand, _rcond: Any, _hermitian: bool
) -> Operand:
    """Derivative of the pseudo-inverse y of a by a, among matrices of the same rank.

    G. H. Golub and V. Pereyra, "The differentiation of pseudo-inverses and nonlinear least squares
    problems whose variables separate", SIAM Journal on Numerical Analysis 10 (1973) 413-432.
    """
    across = g.mT - a @ (y @ g.mT)
    beside = g.mT - (g.mT @ y) @ a
    return across @ (y @ y.mT) + (y.mT @ y) @ beside - y.mT @ g @ y.mT


pseudo_inverse.defvjp(pseudo_inverse_vjp)


def inverse_on_range(a: Operand, rcond: Any, hermitian: bool) -> Operand:
    """The pseudo-inverse of `a`, without the singular values up to `rcond` times the largest."""
    if hermitian:
        a = mirrored(a, "L")
    if a.size == 0:
        return pseudo_inverse(a, rcond, hermitian)
    s = np.linalg.svdvals(known(a))
    largest = np.max(s, axis=-1, keepdims=True)
    kept = s > np.asarray(rcond)[..., None] * largest
    if np.all(kept | (s <= rounding_of(a) * largest)):
        return pseudo_inverse(a, rcond, hermitian)
    # What is left out is not 0, and turns the vectors of what is kept.
    u, s, vh = _svd(a, full_matrices=False, hermitian=hermitian)
    inverted = np.where(kept, 1 / np.where(kept, s, 1), 0)
    return vh.mT @ (inverted[..., :, None] * u.mT)


_UNSET = object()


@composite(np.linalg.pinv)
def _pinv(a: Operand, rcond: Any = None, hermitian: bool = False, *, rtol: Any = _UNSET) -> Operand:
    if rcond is not None and rtol is not _UNSET:
        raise ValueError("numpy.linalg.pinv: `rtol` and `rcond` can't be both set")
    if rcond is None:
        rcond = 1e-15 if rtol is _UNSET else rtol
    if rcond is None:
        rcond = max(np.shape(a)[-2:]) * np.finfo(a.dtype).eps
    return inverse_on_range(a, known(rcond), hermitian)


def least_share(rcond: float | None, shape: tuple[int, ...]) -> float:
    """What NumPy makes of rcond: of the largest singular value, the share below which all are 0."""
    eps = float(np.finfo(float).eps)
    return max(shape) * eps if rcond is None else eps if rcond < 0 else rcond


@composite(np.linalg.lstsq)
def _lstsq(a: Operand, b: Operand, rcond: float | None = None) -> Any:
    a, b = operand(a), operand(b)
    if a.ndim != 2 or b.ndim not in (1, 2) or a.shape[0] != b.shape[0]:
        raise np.linalg.LinAlgError(
            f"numpy.linalg.lstsq: no right-hand sides of shape {b.shape} for a of shape {a.shape}"
        )
    m, n = a.shape
    rcond = least_share(rcond, a.shape)
    x = inverse_on_range(a, rcond, False) @ b
    s = _svdvals(a)
    rank = np.sum(s.detach() > rcond * np.max(s.detach(), initial=0))
    missed = b - a @ x if b.ndim == 2 else (b - a @ x)[:, None]
    determines = m > n and rank.item() == n
    residuals = np.sum(missed * missed, axis=0) if determines else missed[:0].reshape(-1)
    return x, residuals, rank, s


@composite(np.linalg.cond)
def _cond(x: Operand, p: Any = None) -> Operand:
    if np.ndim(x) > 1 and 0 in np.shape(x)[-2:]:
        raise np.linalg.LinAlgError("numpy.linalg.cond is not defined on empty arrays")
    with np.errstate(all="ignore"):  # of a singular matrix it is inf
        if p in (None, 2, -2):
            s = np.linalg.svdvals(x)
            r = s[..., -1] / s[..., 0] if p == -2 else s[..., 0] / s[..., -1]
        else:
            inverted = inverse(x, np.linalg.slogdet(known(x))[0] == 0)
            r = matrix_norm(x, p, (-2, -1), False) * matrix_norm(inverted, p, (-2, -1), False)
    unknown = np.isnan(r) & ~np.any(np.isnan(x), axis=(-2, -1))
    return as_number(np.where(unknown, np.inf, r))


# -- what NumPy has under two names


@composite(np.linalg.matrix_norm)
def _matrix_norm_of_last(x: Operand, /, *, keepdims: bool = False, ord: Any = "fro") -> Operand:
    return np.linalg.norm(x, ord, (-2, -1), keepdims)


@composite(np.linalg.vector_norm)
def _vector_norm_over(
    x: Operand, /, *, axis: Axis = None, keepdims: bool = False, ord: Any = 2
) -> Operand:
    return vector_norm(x, ord, axes_of(axis, np.shape(x)), keepdims)


@composite(np.linalg.outer)
def _outer_of_vectors(x1: Operand, x2: Operand, /) -> Operand:
    if (np.ndim(x1), np.ndim(x2)) != (1, 1):
        raise ValueError(
            f"numpy.linalg.outer takes vectors, not shapes {np.shape(x1)} and {np.shape(x2)}"
        )
    return np.outer(x1, x2)


@composite(np.linalg.diagonal)
def _diagonal_of_last(x: Operand, /, *, offset: int = 0) -> Operand:
    return np.diagonal(x, offset, -2, -1)


@composite(np.linalg.trace)
def _trace_of_last(x: Operand, /, *, offset: int = 0, dtype: Any = None) -> Operand:
    return np.sum(np.diagonal(x, offset, -2, -1), axis=-1, dtype=dtype)


@composite(np.linalg.matmul)
def _matmul(x1: Operand, x2: Operand, /) -> Operand:
    return np.matmul(x1, x2)


@composite(np.linalg.tensordot)
def _tensordot_of_two(x1: Operand, x2: Operand, /, *, axes: Any = 2) -> Operand:
    return np.tensordot(x1, x2, axes)


@composite(np.linalg.vecdot)
def _vecdot_of_two(x1: Operand, x2: Operand, /, *, axis: int = -1) -> Operand:
    return _vecdot(x1, x2, axis)
