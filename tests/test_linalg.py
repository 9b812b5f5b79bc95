"""Linear algebra where matrices are singular or values repeated, and what is refused.

cases_linalg.py has matrices that are neither; values at single points are in test_conventions.py.
"""

import itertools

import numpy as np
import pytest
from cases_linalg import apart, orthonormal, rectangles, symmetric, symmetrized
from hypothesis import given
from hypothesis import strategies as st

import minigrad as mg
from minigrad import core
from minigrad.testing import call, check_grads, property_test, square_matrices

LA = np.linalg
WITHOUT = {"LinAlgError", "eig", "eigvals", "cross"}
rng = np.random.default_rng(0)


def leaf(x, dtype=float):
    return mg.tensor(x, dtype=dtype, requires_grad=True)


def gradient(f, x, **options):
    """The gradient of the sum of f(x)."""
    x = leaf(x, **options)
    return mg.grad(f(x).sum(), x).numpy()


def close(actual, expected, atol=1e-12):
    np.testing.assert_allclose(actual, expected, rtol=1e-10, atol=atol)


def with_spectrum(values):
    """A symmetric matrix with these eigenvalues, and its eigenvectors."""
    q = orthonormal(np.random.default_rng(1), len(values), len(values))
    return symmetrized((q * np.array(values, float)) @ q.T), q


@pytest.mark.parametrize("name", sorted(set(LA.__all__) - WITHOUT))
def test_every_function_of_numpys_is_in_one_of_the_sets(name):
    fn = getattr(LA, name)
    assert any(fn in known for known in (core.RULES, core.COMPOSITES, core.CONSTANTS))


# -- determinants


def cofactors(a):
    """What is left without row i and column j, with signs: the gradient of det, by definition."""
    n = len(a)
    rows = [[i for i in range(n) if i != k] for k in range(n)]
    return np.array(
        [[(-1) ** (i + j) * LA.det(a[rows[i]][:, rows[j]]) for j in range(n)] for i in range(n)]
    ).reshape(n, n)


@given(
    st.sampled_from(["any", "singular", "rank n-1", "orthogonal", "repeated eigenvalues"]).flatmap(
        square_matrices
    )
)
def test_the_gradient_of_det_is_the_matrix_of_cofactors(a):
    size = max(1, np.abs(a).max()) ** max(len(a) - 1, 0)
    close(gradient(LA.det, a), cofactors(a), atol=1e-11 * size)


@pytest.mark.parametrize(("n", "rank"), [(n, r) for n in (1, 2, 3, 4, 5) for r in range(n)])
def test_det_has_derivatives_of_three_orders_at_singular_matrices(n, rank):
    a = rng.integers(-3, 4, (n, rank)) @ rng.integers(-3, 4, (rank, n)).astype(float)
    check_grads(LA.det, a, order=3)


def test_second_derivatives_of_det_are_the_minors_without_two_rows_and_columns():
    a = np.outer([1.0, -2, 3, 1], [2.0, 1, 0, -1]) + np.outer([0.0, 1, 1, 2], [1.0, 1, 3, 2])
    assert LA.matrix_rank(a) == 2  # so that the gradient is 0, and the second derivative is not
    close(gradient(LA.det, a), np.zeros((4, 4)))
    hessian = mg.hessian(LA.det)(a)
    for i, j, k, m in itertools.product(range(4), repeat=4):
        rows, columns = ([r for r in range(4) if r not in pair] for pair in ((i, k), (j, m)))
        sign = np.sign(k - i) * np.sign(m - j) * (-1) ** (i + j + k + m)
        expected = sign * LA.det(a[rows][:, columns]) if i != k and j != m else 0
        close(hessian[i, j, k, m], expected)


def test_the_gradient_of_det_of_what_is_not_finite_is_nan_for_that_matrix():
    a = np.array([[[1.0, 2.0], [3.0, 4.0]], [[1.0, np.inf], [3.0, 4.0]]])
    close(gradient(LA.det, a), [[[4, -3], [-2, 1]], np.full((2, 2), np.nan)])


def test_the_logarithm_of_a_determinant_of_zero_is_minus_infinity_without_a_gradient():
    a = leaf([np.diag([2.0, 4.0]), np.ones((2, 2))])
    sign, logarithm = LA.slogdet(a)
    assert not sign.requires_grad
    np.testing.assert_array_equal(sign.numpy(), [1, 0])
    close(logarithm.detach().numpy(), [np.log(8), -np.inf])
    logarithm.sum().backward()
    close(a.grad.numpy(), [np.diag([0.5, 0.25]), np.full((2, 2), np.nan)])


# -- one triangle


@pytest.mark.parametrize(
    ("f", "upper"),
    [
        (LA.cholesky, False),
        (lambda a: LA.cholesky(a, upper=True), True),
        (LA.eigvalsh, False),
        (lambda a: LA.eigvalsh(a, UPLO="U"), True),
        (lambda a: LA.eigh(a)[1] ** 2, False),
        (lambda a: LA.eigh(a, "U")[1] ** 2, True),
        (lambda a: LA.pinv(a, hermitian=True), False),
        (lambda a: LA.svd(a, hermitian=True)[1], False),
    ],
    ids=["cholesky", "upper", "eigvalsh", "eigvalsh, U", "eigh", "eigh, U", "pinv", "svd"],
)
def test_the_other_triangle_is_not_read_but_gets_half_of_the_gradient(f, upper):
    a = with_spectrum([1, 2.5, 4])[0]
    half = np.where(np.tri(3).T if upper else np.tri(3), a, np.nan)
    u = rng.standard_normal(f(a).shape)
    x = leaf(half)
    y = f(x)
    close(y.detach().numpy(), f(a))
    (u * y).sum().backward()
    g = x.grad.numpy()
    close(g, g.T)
    # Against differences by the one triangle alone, in which an element stands for two.
    check_grads(lambda x: f(symmetrized(x)), a)
    one = mg.testing.numerical_gradient(
        lambda x: np.sum(u * f(np.where(np.isnan(half), 0, x))), np.where(np.isnan(half), 0, a)
    )
    np.testing.assert_allclose(one, g * np.where(np.isnan(half), 0, 2 - np.eye(3)), atol=1e-6)


@st.composite
def hermitian_calls(draw):
    return call(draw(symmetric()), compute_uv=draw(st.booleans()))


test_svd_of_symmetric_matrices = property_test(
    lambda a, compute_uv: LA.svd(symmetrized(a), hermitian=True, compute_uv=compute_uv),
    hermitian_calls(),
)
test_pinv_of_symmetric_matrices = property_test(
    lambda a, rcond: LA.pinv(symmetrized(a), rcond, hermitian=True),
    symmetric(),
    st.sampled_from([1e-12, 0.5]),
)


def test_products_of_many_matrices_are_made_in_numpys_order():
    """Each order rounds in its own way."""
    for _ in range(50):
        n = rng.integers(3, 7)
        sizes = rng.integers(2, 9, n + 1)
        arrays = [rng.standard_normal(shape) for shape in itertools.pairwise(sizes)]
        y = LA.multi_dot([leaf(a) for a in arrays])
        np.testing.assert_array_equal(y.detach().numpy(), LA.multi_dot(arrays))


@pytest.mark.parametrize("values", [[3, -2, 1], [3, 0, -1]], ids=["regular", "singular"])
def test_vectors_of_a_hermitian_svd_are_orthonormal_and_rebuild_the_matrix(values):
    a = with_spectrum(values)[0]
    u, s, vh = (t.detach().numpy() for t in LA.svd(leaf(a), hermitian=True))
    close(u.T @ u, np.eye(3))
    close(vh @ vh.T, np.eye(3))
    close((u * s) @ vh, a)


# -- repeated values


def test_symmetric_functions_of_repeated_eigenvalues_are_smooth():
    a = with_spectrum([1, 1, 1, 3])[0]
    close(gradient(lambda a: (LA.eigvalsh(a) ** 3).sum(), a), 3 * a @ a)
    close(gradient(lambda a: np.log(LA.eigvalsh(a)).sum(), a), LA.inv(a))
    close(gradient(lambda a: np.log(LA.eigh(a)[0]).sum(), a), LA.inv(a))
    close(gradient(lambda a: (LA.svdvals(a) ** 4).sum(), a), 4 * a @ a @ a)
    close(gradient(lambda a: (LA.svd(a, False)[1] ** 2).sum(), a[:, :2]), 2 * a[:, :2])


@pytest.mark.parametrize("values", [[1, 1, 3], [3, 1, 1], [0, 0, 0], [2, 2, 2]], ids=str)
@pytest.mark.parametrize(
    "f",
    [
        lambda w, v: v,
        lambda w, v: v * v,
        lambda w, v: (v * w[..., None, :]) @ v.mT,
        lambda w, v: (v * (w - 1)[..., None, :]) @ v.mT,  # of which cotangents of 0 reach v
        lambda w, v: (v * (w * w - 4 * w + 3)[..., None, :]) @ v.mT,  # and here of w's, but for 2
        lambda w, v: v[..., 1],
    ],
    ids=["v", "squares", "of w", "of w - 1", "of (w - 1) (w - 3)", "one of them"],
)
def test_no_gradient_flows_into_eigenvectors_of_a_repeated_eigenvalue(values, f):
    a = leaf(np.stack([with_spectrum(values)[0], np.diag([1.0, 2.0, 4.0])]))
    y = f(*LA.eigh(a))
    with pytest.raises(LA.LinAlgError, match=r"numpy.linalg.eigh: .* repeated .*eigvalsh"):
        (rng.standard_normal(y.shape) * y).sum().backward()


def test_the_other_eigenvectors_have_their_gradients_all_the_same():
    def top(a):
        v = LA.eigh(symmetrized(a))[1][..., -1]
        return v[:, None] * v

    check_grads(top, with_spectrum([1, 1, 3])[0], order=1)


def test_second_derivatives_at_repeated_eigenvalues_are_refused():
    with pytest.raises(LA.LinAlgError, match="repeated eigenvalue"):
        mg.hessian(lambda a: (LA.eigvalsh(a) ** 2).sum())(np.eye(2))


@pytest.mark.parametrize(
    "a",
    [
        np.eye(3),
        np.diag([2.0, 2, 1]),
        np.outer([1.0, 2, 3], [1.0, 1, 2]),
        np.zeros((2, 3)),
        np.diag([2.0, 1, 0]),
        np.diag([3.0, 2, 1])[:, :2] @ np.ones((2, 2)),
    ],
    ids=["all equal", "two equal", "of rank one", "zeros", "one zero", "tall"],
)
@pytest.mark.parametrize(
    "f",
    [
        lambda u, s, vh: u,
        lambda u, s, vh: vh,
        lambda u, s, vh: (u * s[..., None, :]) @ vh,
        lambda u, s, vh: u @ vh,
    ],
    ids=["left", "right", "the matrix again", "a rotation"],
)
def test_no_gradient_flows_into_singular_vectors_that_are_not_determined(a, f):
    a = leaf(a)
    y = f(*LA.svd(a, full_matrices=False))
    with pytest.raises(LA.LinAlgError, match=r"numpy.linalg.svd: .* repeated or 0 .*svdvals"):
        (rng.standard_normal(y.shape) * y).sum().backward()


@pytest.mark.parametrize("shape", [(3, 3), (5, 3), (3, 5)])
def test_leading_singular_vectors_of_a_matrix_of_lower_rank_have_their_gradients(shape):
    m, n = shape
    q, p = orthonormal(rng, m, 2), orthonormal(rng, 2, n)
    a = (q * [3.0, 1.5]) @ p

    def leading(a):
        u, s, vh = LA.svd(a, full_matrices=False)
        return (u[:, :2] * s[:2] ** 2) @ vh[:2]

    check_grads(leading, a, order=1)


def test_the_largest_singular_value_has_a_second_derivative_whatever_the_rank():
    check_grads(lambda a: LA.norm(a, 2), np.outer([1.0, 2, 3], [1.0, 1, 2]), order=2)
    check_grads(lambda a: LA.norm(a, 2), np.diag([3.0, 1, 1]), order=2)


# -- what has no derivative is refused by name


@pytest.mark.parametrize(
    ("f", "shape", "words"),
    [
        (LA.svd, (3, 2), "numpy.linalg.svd: full_matrices=True .*full_matrices=False"),
        (lambda a: LA.qr(a, "complete"), (3, 2), "numpy.linalg.qr: mode='complete' .*'reduced'"),
        (lambda a: LA.qr(a, mode="raw"), (2, 3), "numpy.linalg.qr: mode='raw' .*'reduced'"),
    ],
)
def test_what_a_matrix_does_not_determine_is_refused(f, shape, words):
    f(mg.tensor(np.ones(shape)))
    with pytest.raises(TypeError, match=words):
        f(leaf(np.ones(shape)))


@pytest.mark.parametrize("shape", [(3, 2), (2, 2), (2, 3)])
@pytest.mark.parametrize("mode", ["reduced", "r"])
def test_factors_of_dependent_columns_have_no_derivative(shape, mode):
    a = leaf(np.ones(shape))
    y = LA.qr(a, mode)
    with pytest.raises(LA.LinAlgError, match=r"numpy.linalg.qr: .*linearly dependent"):
        (y if mode == "r" else y[0]).sum().backward()


@pytest.mark.parametrize(
    ("f", "words"),
    [
        (LA.inv, "numpy.linalg.inv of .*Singular matrix"),
        (lambda a: LA.matrix_power(a, -2), "numpy.linalg.matrix_power of .*Singular matrix"),
        (lambda a: LA.solve(a, a), "numpy.linalg.solve of .*Singular matrix"),
        (LA.cholesky, "numpy.linalg.cholesky of .*not positive definite"),
        (lambda a: LA.cond(a[:0, :0]), "numpy.linalg.cond is not defined on empty arrays"),
        (lambda a: LA.multi_dot([a, a[None], a]), "numpy.linalg.multi_dot: .*matrices"),
        (lambda a: LA.eigh(a[0]), "numpy.linalg.eigh of"),
        (lambda a: LA.eigvalsh(a[:1]), "numpy.linalg.eigvalsh of .*square"),
        (lambda a: LA.lstsq(a, a[:1]), "numpy.linalg.lstsq: .*shape"),
        (lambda a: LA.tensorsolve(a[:1], a[0, :1]), "numpy.linalg.tensorsolve: .*shape"),
    ],
)
def test_an_error_of_numpys_says_where_it_came_from(f, words):
    with pytest.raises(LA.LinAlgError, match=words):
        f(leaf(np.zeros((2, 2))))


@pytest.mark.parametrize(
    ("f", "words"),
    [
        (lambda a: LA.pinv(a, 1e-3, rtol=1e-3), "numpy.linalg.pinv: .*both"),
        (lambda a: LA.eigvalsh(a, UPLO="X"), "UPLO"),
        (lambda a: LA.norm(a, "euclid"), "numpy.linalg.norm: ord='euclid' is no norm of a matrix"),
        (lambda a: LA.norm(a, 3), "numpy.linalg.norm: ord=3 is no norm of a matrix"),
        (lambda a: LA.norm(a[0], "nuc"), "numpy.linalg.norm: ord='nuc' is no norm of a vector"),
        (lambda a: LA.norm(a[None], 2), "numpy.linalg.norm over 3 axes"),
        (lambda a: LA.multi_dot([a]), "numpy.linalg.multi_dot: .*two"),
        (lambda a: LA.tensorinv(a, ind=0), "numpy.linalg.tensorinv: ind"),
        (lambda a: LA.outer(a, a), "numpy.linalg.outer takes vectors"),
    ],
)
def test_wrong_arguments_are_refused_with_words(f, words):
    with pytest.raises(ValueError, match=words):
        f(leaf(np.eye(2)))


# -- least squares


@st.composite
def of_rank_two(draw):
    """Factors of matrices of rank two, larger than that."""
    g = np.random.default_rng(draw(st.integers(0, 999)))
    m, n = draw(st.sampled_from([(3, 3), (4, 3), (3, 4)]))
    return call(orthonormal(g, m, 2) * apart(g, 2), orthonormal(g, 2, n))


test_pinv_among_matrices_of_one_rank = property_test(
    lambda b, c: LA.pinv(b @ c, 1e-5), of_rank_two()
)
test_least_squares_among_matrices_of_one_rank = property_test(
    lambda b, c: LA.lstsq(b @ c, np.arange(len(b)) ** 2.0, 1e-5)[0], of_rank_two()
)


@given(rectangles(tall=True).filter(lambda a: a.size))
def test_pinv_of_independent_columns_is_that_of_the_normal_equations(a):
    u = rng.standard_normal(a.mT.shape)
    by_normal_equations = gradient(lambda a: u * (LA.inv(a.mT @ a) @ a.mT), a)
    close(gradient(lambda a: u * LA.pinv(a), a), by_normal_equations)


def test_least_squares_gives_what_numpy_gives():
    a, b = rng.standard_normal((5, 3)), rng.standard_normal((5, 2))
    x, residuals, rank, s = LA.lstsq(leaf(a), leaf(b))
    for found, expected in zip((x, residuals, rank, s), LA.lstsq(a, b), strict=True):
        close(found.detach().numpy(), expected)
    assert not rank.requires_grad
    deficient = np.ones((3, 2))
    assert LA.lstsq(leaf(deficient), leaf(np.ones(3)))[1].shape == (0,)
    assert LA.lstsq(leaf(deficient), leaf(np.ones(3)))[2].item() == 1


def test_residuals_have_gradients():
    def residual(a, b):
        return LA.lstsq(a, b)[1]

    check_grads(residual, rng.standard_normal((5, 3)), rng.standard_normal((5, 2)))


def test_a_pseudo_inverse_without_values_that_are_not_zero_is_exact_or_refused():
    check_grads(lambda a: LA.pinv(a, rcond=0.3), np.diag([4.0, 2, 1])[:, [2, 0, 1]])
    with pytest.raises(LA.LinAlgError, match="repeated"):
        gradient(lambda a: LA.pinv(a, rcond=0.3), np.diag([4.0, 4, 1]))


# -- results, dtypes and orders


@pytest.mark.parametrize(
    "f",
    [
        LA.eigh, LA.qr, LA.slogdet, LA.svd, lambda a: LA.lstsq(a, a), LA.inv,
        LA.det, LA.cholesky, LA.eigvalsh, LA.svdvals, LA.pinv, LA.cond,
        lambda a: LA.norm(a, "nuc"), lambda a: LA.matrix_power(a, -2), lambda a: LA.solve(a, a[0]),
    ],
    ids=["eigh", "qr", "slogdet", "svd", "lstsq", "inv", "det", "cholesky", "eigvalsh", "svdvals",
         "pinv", "cond", "norm", "matrix_power", "solve"],
)  # fmt: skip
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_results_are_numpys_in_type_and_dtype(f, dtype):
    a = with_spectrum([1, 2, 4])[0].astype(dtype)
    found, expected = f(leaf(a, dtype)), f(a)
    if isinstance(expected, tuple):
        assert type(found) is type(expected)
    else:
        found, expected = [found], [expected]
    for y, value in zip(found, expected, strict=True):
        assert y.shape == np.shape(value)
        assert y.dtype == value.dtype or y.dtype.kind == "i"
    x = leaf(a, dtype)
    sum(
        y.sum() for y in (f(x) if isinstance(f(x), tuple) else [f(x)]) if y.requires_grad
    ).backward()
    assert x.grad.dtype == dtype


@pytest.mark.parametrize(
    "f",
    [
        LA.inv,
        lambda a: LA.cholesky(symmetrized(a)),
        lambda a: LA.eigh(symmetrized(a))[1],
        lambda a: LA.svd(a)[0],
        lambda a: LA.qr(a)[0],
        LA.pinv,
        lambda a: LA.slogdet(a)[1],
    ],
    ids=["inv", "cholesky", "eigh", "svd", "qr", "pinv", "slogdet"],
)
def test_third_derivatives(f):
    check_grads(f, with_spectrum([1, 2, 4])[0], order=3, step=0.02, rtol=1e-7)


def test_the_rank_is_a_constant():
    rank = LA.matrix_rank(leaf(np.ones((2, 2))))
    assert rank.item() == 1
    assert not rank.requires_grad
