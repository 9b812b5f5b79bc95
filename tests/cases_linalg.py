"""Cases of the operations of numpy.linalg: see cases.py.

Decompositions are differentiated where they are unique and change smoothly: most matrices here have
singular values, or eigenvalues, that are well apart.  Where they are not, test_linalg.py says what
happens.
"""

from collections.abc import Callable
from typing import Any

import numpy as np
from drawn import DTYPES, SMALL, Case, shaped, shapes, some
from hypothesis import strategies as st

from minigrad.ops import decompositions
from minigrad.testing import axes, call, matmul_operands, square_matrices

# -- matrices


def orthonormal(rng: np.random.Generator, *shape: int) -> Any:
    """Stacks of matrices whose columns (or rows, if these are fewer) are orthonormal."""
    q = np.linalg.qr(rng.standard_normal((*shape[:-2], max(shape[-2:]), min(shape[-2:]))))[0]
    return q if shape[-2] >= shape[-1] else q.mT


def apart(rng: np.random.Generator, *shape: int) -> Any:
    """Numbers from 1 to 4, the last axis falling, with two thirds or more between neighbours."""
    return np.arange(shape[-1], 0, -1) + rng.uniform(0, 1 / 3, shape)


def with_a_zero(a: Any) -> Any:
    """A matrix with the same singular values whose last element is 0: its last rows are rotated."""
    if min(a.shape[-2:]) < 2:
        return a
    x, y = a[..., -2, -1:], a[..., -1, -1:]
    size = np.hypot(x, y)
    above, last = (
        (x * a[..., -2, :] + y * a[..., -1, :]) / size,
        x * a[..., -1, :] - y * a[..., -2, :],
    )
    return np.concatenate([a[..., :-2, :], np.stack([above, last / size], axis=-2)], axis=-2)


stacks = st.sampled_from([(), (), (2,), (1,), (2, 1), (0,)])
sides = st.sampled_from([3, 2, 1, 4, 0])
scales = st.sampled_from([1, 1, 4])
seeds = st.integers(0, 999).map(np.random.default_rng)


@st.composite
def rectangles(draw: st.DrawFn, tall: bool = False, stack: bool = True) -> Any:
    """Matrices of any form, with singular values apart."""
    m, n = draw(sides), draw(sides)
    if tall:
        m, n = max(m, n), min(m, n)
    shape, rng = draw(stacks) if stack else (), draw(seeds)
    k = min(m, n)
    left, right = orthonormal(rng, *shape, m, k), orthonormal(rng, *shape, k, n)
    a = (left * (draw(scales) * apart(rng, *shape, k))[..., None, :]) @ right
    return with_a_zero(a) if draw(st.booleans()) else a


@st.composite
def squares(draw: st.DrawFn, min_side: int = 0) -> Any:
    """Regular square ones; some are of whole numbers, many of them 0, and may repeat values."""
    shape, n, rng = draw(stacks), max(draw(sides), min_side), draw(seeds)
    if draw(st.booleans()):
        upper = np.triu(rng.integers(-2, 3, (*shape, n, n)), 1)
        diagonal = rng.choice((-3, 1, 2, 6), (*shape, n))[..., None] * np.eye(n)
        return (upper + diagonal)[..., rng.permutation(n), :]
    left, right = (orthonormal(rng, *shape, n, n) for _ in range(2))
    return (left * (draw(scales) * apart(rng, *shape, n))[..., None, :]) @ right


@st.composite
def symmetric(draw: st.DrawFn, definite: bool = False) -> Any:
    """Symmetric ones, with eigenvalues apart, and their sizes, too."""
    shape, n, rng = draw(stacks), draw(sides), draw(seeds)
    q = orthonormal(rng, *shape, n, n)
    signs = 1 if definite else rng.choice((-1, 1), (*shape, n))
    values = draw(scales) * signs * apart(rng, *shape, n)
    return symmetrized((q * values[..., None, :]) @ q.mT)


def symmetrized(x: Any) -> Any:
    return (x + x.mT) / 2


@st.composite
def positive_factors(draw: st.DrawFn) -> Any:
    upper = draw(st.booleans())
    if draw(st.booleans()):
        return call(draw(symmetric(definite=True)), upper=upper)
    n = draw(sides)  # whole numbers, off the diagonal 0 in most places
    beside = np.diag(draw(seeds).integers(-1, 2, max(n - 1, 0)), 1)[:n, :n]
    return call(3.0 * np.eye(n) + beside + beside.T, upper=upper)


@st.composite
def solving(draw: st.DrawFn) -> Any:
    """Matrices and right-hand sides, whose stacks broadcast."""
    a = draw(squares())
    n, rng = a.shape[-1], draw(seeds)
    stack = draw(st.sampled_from([a.shape[:-2], (), (3, *[1] * len(a.shape[:-2]))]))
    shape = draw(st.sampled_from([(*stack, n, draw(sides)), (n,)]))
    return call(a, draw(scales) * rng.standard_normal(shape))


@st.composite
def tensors(draw: st.DrawFn) -> Any:
    rng = draw(seeds)
    shape, ind = draw(
        st.sampled_from([((2, 3, 6), 2), ((4, 2, 2), 1), ((6, 3, 2), 1), ((3, 3), 1)])
    )
    n = int(np.prod(shape[:ind]))
    return call((orthonormal(rng, n, n) * apart(rng, n)).reshape(shape), ind=ind)


@st.composite
def tensor_equations(draw: st.DrawFn) -> Any:
    shape, b, axes = draw(
        st.sampled_from(
            [
                ((2, 3, 6), (2, 3), None),
                ((2, 2, 1, 4), (2, 2), None),
                ((2, 6, 3), (2, 3), (1,)),
                ((6, 2, 3), (2, 3), (0,)),
                ((3, 3), (3,), None),
            ]
        )
    )
    rng = draw(seeds)
    n = int(np.prod(b))
    a = (orthonormal(rng, n, n) * apart(rng, n)).reshape(shape)
    return call(a, rng.standard_normal(b), axes=axes)


@st.composite
def polynomials(draw: st.DrawFn) -> Any:
    """What `minors` is called with: a matrix of any rank, and directions."""
    a = draw(st.sampled_from([anything(), squares()]).flatmap(lambda drawn: drawn))
    directions = draw(st.sampled_from([1, 0])) if a.shape[-1] < 4 else 0
    rng = draw(seeds)
    shape = draw(st.sampled_from([a.shape, a.shape[-2:], (2, *a.shape)]))  # directions broadcast
    return call(a, *(rng.standard_normal(shape) for _ in range(directions)))


def anything() -> Any:
    """Square matrices of every rank, stacked or not."""
    kinds = ("singular", "any", "rank n-1", "orthogonal", "repeated eigenvalues")
    return st.one_of(*(square_matrices(kind, stack=True) for kind in kinds), squares())


@st.composite
def packed(draw: st.DrawFn) -> Any:
    *stack, rows, columns = draw(shapes(min_dims=2))
    x = draw(some((*stack, max(rows, 1), columns)))
    start = draw(st.integers(0, x.shape[-2] - 1))
    stop = draw(st.sampled_from([None, x.shape[-2]]))
    return call(x, start, stop, np.zeros(x.shape[-1:], bool), np.linalg.eigh)


@st.composite
def decomposed(draw: st.DrawFn) -> Any:
    """Calls of np.linalg.svd, with vectors or without them."""
    a = draw(rectangles())
    full = a.shape[-1] == a.shape[-2] and draw(st.booleans())
    return call(a, full_matrices=full, compute_uv=draw(st.sampled_from([True, True, False])))


@st.composite
def independent(draw: st.DrawFn) -> Any:
    """Matrices whose first columns, as many as there are rows, are well away from dependent."""
    a = draw(rectangles(tall=True))
    rng, more = draw(seeds), draw(sides)
    if a.shape[-2] > a.shape[-1]:
        return a
    return np.concatenate([a, rng.standard_normal((*a.shape[:-1], more))], axis=-1)


@st.composite
def orthogonalized(draw: st.DrawFn) -> Any:
    a = draw(independent())
    modes = ["reduced", "r", *(["complete"] if a.shape[-2] <= a.shape[-1] else [])]
    return call(a, mode=draw(st.sampled_from(modes)))


@st.composite
def inverted(draw: st.DrawFn) -> Any:
    """Calls of pinv that leave nothing out, or the smaller singular values."""
    a = draw(rectangles())
    how: dict[str, Any] = {"rcond": draw(st.sampled_from([1e-10, 0.5]))}
    batch = np.full(a.shape[:-2], 1e-12)
    return call(a, **draw(st.sampled_from([{}, how, {"rtol": None}, {"rtol": batch}])))


@st.composite
def fitting(draw: st.DrawFn) -> Any:
    a = draw(rectangles(stack=False))
    rng = draw(seeds)
    shape = draw(st.sampled_from([(a.shape[0],), (a.shape[0], 1), (a.shape[0], 2)]))
    return call(a, rng.standard_normal(shape), rcond=draw(st.sampled_from([None, 1e-8, -1])))


@st.composite
def conditions(draw: st.DrawFn) -> Any:
    p = draw(st.sampled_from([None, 2, -2, 1, -1, np.inf, -np.inf, "fro", "nuc"]))
    if p in (None, 2, -2):
        return call(draw(rectangles().filter(lambda a: 0 not in a.shape[-2:])), p)
    return call(draw(squares(min_side=1)), p)


@st.composite
def spectral_norms(draw: st.DrawFn, last: bool = False) -> Any:
    """Norms of matrices that are those of their singular values, along any pair of axes."""
    a = draw(rectangles())
    orders = ["nuc", 2] if 0 in a.shape else ["nuc", 2, -2]
    options = {"ord": draw(st.sampled_from(orders)), "keepdims": draw(st.booleans())}
    if last:
        return call(a, **options)
    pair = tuple(draw(st.permutations(range(a.ndim)))[:2])
    return call(np.moveaxis(a, (-2, -1), pair), axis=pair, **options)


@st.composite
def matrix_norms(draw: st.DrawFn) -> Any:
    x = draw(some(shapes(min_dims=2, min_side=1), domain=SMALL))
    order = draw(st.sampled_from([-1, 1, np.inf, -np.inf, "fro"]))
    return call(x, ord=order, keepdims=draw(st.booleans()))


@st.composite
def vector_norms(draw: st.DrawFn) -> Any:
    x = draw(some(shapes(min_dims=1, min_side=1), domain=SMALL))
    order = draw(st.sampled_from([1, 2, 3, 2.5, np.inf, -np.inf, 0]))
    return call(x, axis=draw(axes(x.ndim)), ord=order, keepdims=draw(st.booleans()))


def chains() -> Any:
    """Lists of matrices to be multiplied, that may begin and end with a vector."""
    forms = ["(n,k),(k,m)", "(k),(k,m)", "(n,k),(k,m),(m,p)", "(n),(n,k),(k,m),(m)",
             "(n,k),(k,m),(m,p),(p,n)", "(k),(k,n),(n,m),(m,p)", "(n,p),(p,k),(k)"]  # fmt: skip
    return shaped(forms, domain=SMALL).map(lambda xs: call(list(xs)))


@st.composite
def on_diagonals(draw: st.DrawFn, **options: Any) -> Any:
    kwargs = {name: draw(strategy) for name, strategy in options.items()}
    return call(draw(some(shapes(min_dims=2))), offset=draw(st.integers(-3, 3)), **kwargs)


@st.composite
def contracted(draw: st.DrawFn) -> Any:
    forms = {"(n,k),(k,m)": 1, "(n,k,m),(k,m)": 2, "(n,k),(m,k)": ([1], [1]), "(n),(m)": 0}
    form, how = draw(st.sampled_from(list(forms.items())))
    return call(*draw(shaped([form])), axes=how)


CASES: dict[Callable[..., Any], Case] = {
    np.linalg.inv: Case.of(squares()),
    np.linalg.solve: Case.of(solving()),
    np.linalg.tensorinv: Case.of(tensors()),
    np.linalg.tensorsolve: Case.of(tensor_equations()),
    np.linalg.matrix_power: Case.of(st.builds(call, squares(), st.integers(-3, 5))),
    np.linalg.multi_dot: Case.of(chains()),
    np.linalg.det: Case.of(anything()),
    decompositions.minors: Case.of(polynomials()),
    np.linalg.slogdet: Case.of(squares()),
    decompositions.sign_and_log: Case.of(squares()),
    decompositions.mirrored: Case.of(
        st.builds(call, symmetric(), st.sampled_from("LU")), symmetrized
    ),
    np.linalg.cholesky: Case.of(positive_factors(), symmetrized),
    decompositions.triangle: Case.of(positive_factors(), symmetrized),
    decompositions.determined: Case.of(packed()),
    decompositions.spectrum: Case.of(
        st.builds(call, symmetric(), st.sampled_from("LU")), symmetrized
    ),
    np.linalg.eigh: Case.of(
        st.builds(call, symmetric(), UPLO=st.sampled_from("LUlu")), symmetrized
    ),
    np.linalg.eigvalsh: Case.of(
        st.builds(call, symmetric(), UPLO=st.sampled_from("LU")), symmetrized
    ),
    decompositions.triplets: Case.of(rectangles()),
    np.linalg.svd: Case.of(decomposed()),
    np.linalg.svdvals: Case.of(rectangles()),
    decompositions.factors: Case.of(independent()),
    np.linalg.qr: Case.of(orthogonalized()),
    decompositions.pseudo_inverse: Case.of(
        st.builds(call, rectangles(), st.just(1e-12), st.just(False))
    ),
    np.linalg.pinv: Case.of(inverted()),
    np.linalg.lstsq: Case.of(fitting()),
    np.linalg.cond: Case.of(conditions()),
    np.linalg.matrix_norm: Case.of(matrix_norms() | spectral_norms(last=True)),
    np.linalg.vector_norm: Case.of(vector_norms()),
    np.linalg.outer: Case.of(shaped(["(n),(m)"])),
    np.linalg.diagonal: Case.of(on_diagonals()),
    np.linalg.trace: Case.of(on_diagonals(dtype=DTYPES)),
    np.linalg.matrix_transpose: Case.of(some(shapes(min_dims=2))),
    np.linalg.matmul: Case.of(matmul_operands(special=True)),
    np.linalg.tensordot: Case.of(contracted()),
    np.linalg.vecdot: Case.of(
        shaped(["(k),(k)", "(n,k),(k)", "(n,1,k),(m,k)"])
        | st.builds(lambda xs: call(*xs, axis=0), shaped(["(k,n),(k,n)"]))
    ),
}
