"""Transforms: their derivatives are those by formulas, by complex steps and by SciPy."""

import functools
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from scipy import optimize

import minigrad as mg

Array = np.ndarray[Any, Any]


# -- functions, and their derivatives by other means


def mixed(x: Any) -> Any:
    return np.sum(np.sin(x) * x**2)


def coupled(x: Any) -> Any:
    return np.exp(np.mean(x)) * np.sum(x**3)


def logarithmic(x: Any) -> Any:
    return np.log(1 + np.sum(x * x))


def elementwise(x: Any) -> Any:
    return np.tanh(x) / np.sqrt(2 + x)


def pairs(x: Any) -> Any:
    return np.outer(np.sin(x), x * x)


def reduced(x: Any) -> Any:
    return np.stack([np.sum(x), np.prod(1 + x * x), np.mean(np.exp(x))])


SCALAR = [mixed, coupled, logarithmic]
FUNCTIONS = [*SCALAR, elementwise, pairs, reduced]


def complex_step(f: Callable[[Array], Any], x: Array, v: Array) -> Array:
    """The derivative of f at x along v, exact but for rounding, by NumPy alone."""
    return np.imag(f(x + 1e-30j * v)) / 1e-30


def basis(x: Array) -> list[Array]:
    return [e.reshape(x.shape) for e in np.eye(x.size)]


def complex_jacobian(f: Callable[[Array], Any], x: Array) -> Array:
    columns = [complex_step(f, x, e) for e in basis(x)]
    return np.stack(columns, axis=-1).reshape(np.shape(f(x)) + x.shape)


def numerical_hessian(f: Callable[[Array], Any], x: Array) -> Array:
    steps = [1e-4 * e for e in basis(x)]
    rows = [complex_jacobian(f, x + h) - complex_jacobian(f, x - h) for h in steps]
    return np.stack(rows).reshape(x.shape + x.shape) / 2e-4


def rosenbrock(x: Any) -> Any:
    return np.sum(100 * (x[1:] - x[:-1] ** 2) ** 2 + (1 - x[:-1]) ** 2)


NUMBERS = st.floats(-1.5, 1.5, allow_subnormal=False)


def arrays(shape: Any) -> st.SearchStrategy[Any]:
    return hnp.arrays(np.float64, shape, elements=NUMBERS)


ARRAYS = arrays(hnp.array_shapes(min_dims=0, max_dims=3, max_side=3))


def close(found: Any, expected: Any, rtol: float = 1e-10) -> None:
    assert np.shape(found) == np.shape(expected)
    np.testing.assert_allclose(found, expected, rtol=rtol, atol=rtol)


# -- each transform is the derivative


@pytest.mark.parametrize("f", SCALAR)
@given(x=ARRAYS)
def test_value_and_grad_is_the_value_and_the_gradient(f: Any, x: Array) -> None:
    value, gradient = mg.value_and_grad(f)(x)
    close(value, f(x))
    close(gradient, complex_jacobian(f, x))


@pytest.mark.parametrize("f", FUNCTIONS)
@given(x=ARRAYS)
def test_jacobian_is_the_matrix_of_partial_derivatives(f: Any, x: Array) -> None:
    close(mg.jacobian(f)(x), complex_jacobian(f, x))


@pytest.mark.parametrize("f", FUNCTIONS)
@given(data=st.data())
def test_jvp_is_the_derivative_in_a_direction(f: Any, data: st.DataObject) -> None:
    x = data.draw(ARRAYS)
    v = data.draw(arrays(x.shape))
    value, tangent = mg.jvp(f, [x], [v])
    close(value, f(x))
    close(tangent, complex_step(f, x, v))


@pytest.mark.parametrize("f", FUNCTIONS)
@given(data=st.data())
def test_vjp_is_the_transpose_of_the_jacobian(f: Any, data: st.DataObject) -> None:
    x = data.draw(ARRAYS)
    value, pull_back = mg.vjp(f, x)
    u = data.draw(arrays(np.shape(value)))
    (pulled,) = pull_back(u)
    close(value, f(x))
    close(pulled, np.tensordot(u, complex_jacobian(f, x), np.ndim(u)))


@pytest.mark.parametrize("f", SCALAR)
@given(x=ARRAYS)
def test_hessian_is_the_matrix_of_second_derivatives(f: Any, x: Array) -> None:
    found = mg.hessian(f)(x)
    close(found, numerical_hessian(f, x), rtol=1e-5)
    matrix = found.reshape(x.size, x.size)
    close(matrix, matrix.T, rtol=1e-13)


@pytest.mark.parametrize("f", SCALAR)
@given(data=st.data())
def test_hvp_is_the_hessian_times_the_vector(f: Any, data: st.DataObject) -> None:
    x = data.draw(ARRAYS)
    v = data.draw(arrays(x.shape))
    close(mg.hvp(f)(x, v), np.tensordot(mg.hessian(f)(x), v, np.ndim(v)))


@given(data=st.data(), n=st.integers(1, 4))
def test_a_quadratic_has_the_gradient_and_hessian_of_the_textbook(
    data: st.DataObject, n: int
) -> None:
    A, b, x = (data.draw(arrays(shape)) for shape in [(n, n), (n,), (n,)])

    def f(x: Any) -> Any:
        return x @ A @ x / 2 + b @ x

    value, gradient = mg.value_and_grad(f)(x)
    close(value, x @ A @ x / 2 + b @ x)
    close(gradient, (A + A.T) @ x / 2 + b)
    close(mg.hessian(f)(x), (A + A.T) / 2)
    close(mg.hvp(f)(x, b), (A + A.T) @ b / 2)
    close(mg.jacobian(lambda x: A @ x + b)(x), A)


@given(x=arrays((3, 4)), u=arrays(4), v=arrays((3, 4)), y=arrays(4), w=arrays(4))
def test_jvp_and_vjp_are_adjoint(x: Array, u: Array, v: Array, y: Array, w: Array) -> None:
    def f(x: Any, y: Any) -> Any:
        return np.sin(x).sum(axis=0) * np.exp(y) + np.cumsum(y * y)

    _, tangent = mg.jvp(f, [x, y], [v, w])
    by_x, by_y = mg.vjp(f, x, y)[1](u)
    close(np.sum(u * tangent), np.sum(by_x * v) + np.sum(by_y * w))


@given(x=arrays(4), y=arrays((2, 4)), v=arrays(4), w=arrays((2, 4)))
def test_jvp_of_two_arguments_adds_their_parts(x: Array, y: Array, v: Array, w: Array) -> None:
    def f(x: Any, y: Any) -> Any:
        return np.sin(x) * y

    value, tangent = mg.jvp(f, (x, y), (v, w))
    close(value, np.sin(x) * y)
    close(tangent, np.cos(x) * v * y + np.sin(x) * w)


# -- which arguments


def product(x: Any, y: Any, z: Any = 1.0, *, power: int = 1) -> Any:
    return np.sum(x * y**2 * z**3) ** power


X, Y, Z = np.array([1.0, 2.0]), np.array([3.0, -1.0]), np.array([0.5, 2.0])
PARTIALS = [Y**2 * Z**3, 2 * X * Y * Z**3, 3 * X * Y**2 * Z**2]


def grad(f: Any, argnums: Any = 0) -> Any:
    return lambda *args: mg.value_and_grad(f, argnums)(*args)[1]


@pytest.mark.parametrize("transform", [grad, mg.jacobian])
def test_argnums_name_arguments_from_either_end(transform: Any) -> None:
    close(transform(product)(X, Y, Z), PARTIALS[0])
    for i in (0, 1, 2, -1, -2, -3):
        close(transform(product, i)(X, Y, Z), PARTIALS[i])


@pytest.mark.parametrize("transform", [grad, mg.jacobian])
@pytest.mark.parametrize("argnums", [(0,), [2, 0], (-1, 1), (0, 1, 2), range(3)])
def test_a_sequence_of_argnums_gives_a_tuple_in_its_order(transform: Any, argnums: Any) -> None:
    found = transform(product, argnums)(X, Y, Z)
    assert type(found) is tuple
    for derivative, i in zip(found, argnums, strict=True):
        close(derivative, PARTIALS[i])


def test_argnums_may_be_numpys_integers() -> None:
    close(mg.value_and_grad(product, np.int64(1))(X, Y, Z)[1], PARTIALS[1])
    close(mg.jacobian(product, np.arange(3)[-1])(X, Y, Z), PARTIALS[2])


def test_argnums_are_those_of_the_call() -> None:
    assert mg.value_and_grad(product, -1)(X, Y)[1].shape == Y.shape
    for argnums in (2, -3, (0, 2), ()):
        with pytest.raises(ValueError, match=r"argnums=.* arguments of product, which got 2"):
            mg.value_and_grad(product, argnums)(X, Y)


def test_hessian_takes_its_argument_by_number() -> None:
    close(mg.hessian(product, 1)(X, Y, Z), np.diag(2 * X * Z**3))
    close(mg.hessian(product, -1)(X, Y, Z), np.diag(6 * X * Y**2 * Z))


def test_the_other_arguments_are_passed_on() -> None:
    s = np.sum(X * Y**2 * Z**3)
    value, gradient = mg.value_and_grad(product)(X, Y, z=Z, power=2)
    close(value, s**2)
    close(gradient, 2 * s * PARTIALS[0])
    close(mg.jacobian(product, 1)(X, Y, Z, power=2), 2 * s * PARTIALS[1])
    close(mg.hessian(product)(X, Y, Z, power=2), 2 * np.outer(PARTIALS[0], PARTIALS[0]))
    close(mg.hvp(product)(X, X, Y, Z, power=2), 2 * PARTIALS[0] * np.sum(PARTIALS[0] * X))
    close(mg.value_and_grad(lambda x, how: getattr(np, how)(x))(X, "prod")[1], X[::-1])


def test_a_transform_has_the_name_of_its_function() -> None:
    assert mg.value_and_grad(product).__name__ == "product"
    assert mg.jacobian(product).__name__ == "product"


def test_functions_without_a_name_can_be_differentiated() -> None:
    close(mg.value_and_grad(functools.partial(product, y=Y, z=Z))(X)[1], PARTIALS[0])
    layer = mg.nn.Linear(2, 1, rng=0)
    with mg.no_grad():
        close(mg.jacobian(layer)(X), layer.weight._array.T)


# -- types: the same kind out as in


def all_results(f: Callable[[Any], Any], x: Any) -> dict[str, list[Any]]:
    """What every transform makes of f, an elementwise function, and of its sum."""
    ones = np.ones(np.shape(x))
    value, pull_back = mg.vjp(f, x)
    return {
        "value_and_grad": [*mg.value_and_grad(lambda x: np.sum(f(x)))(x)],
        "vjp": [value, *pull_back(ones)],
        "jvp": [*mg.jvp(f, [x], [ones])],
        "jacobian": [mg.jacobian(f)(x)],
        "hessian": [mg.hessian(lambda x: np.sum(f(x)))(x)],
        "hvp": [mg.hvp(lambda x: np.sum(f(x)))(x, ones)],
    }


TRANSFORMS = ["value_and_grad", "vjp", "jvp", "jacobian", "hessian", "hvp"]
SECOND = {"hessian", "hvp"}

NUMBERS_IN = {
    "float": 1.5,
    "float64": np.float64(1.5),
    "float32": np.float32(1.5),
    "0-d": np.array(1.5),
    "list": [1.0, 2.0],
    "nested": [[1.0], [2.0]],
    "array": np.array([1.0, 2.0]),
    "float32 array": np.array([1.0, 2.0], np.float32),
    "float16 array": np.array([1.0, 2.0], np.float16),
    "empty": np.zeros((0, 2)),
    "Fortran": np.asfortranarray(np.ones((2, 3))),
    "reversed": np.arange(3.0)[::-1],
    "read-only": np.broadcast_to(np.float64(2), (2, 2)),
}


@pytest.mark.parametrize("x", NUMBERS_IN.values(), ids=NUMBERS_IN)
def test_arrays_in_are_arrays_out_of_the_same_dtype(x: Any) -> None:
    a = np.asarray(x)
    for name, found in all_results(lambda x: x**3, x).items():
        for result in found:
            assert type(result) is np.ndarray, name
            assert result.dtype == a.dtype, name
        derivative = found[-1]
        if name in {"jacobian", "hessian"}:
            assert derivative.shape == 2 * a.shape
            derivative = np.diagonal(derivative.reshape(a.size, a.size)).reshape(a.shape)
        assert derivative.shape == a.shape
        expected = 6 * a if name in SECOND else 3 * a**2
        np.testing.assert_allclose(derivative, expected, rtol=1e-3)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_tensors_in_are_tensors_out_of_the_same_dtype(dtype: Any) -> None:
    x = mg.tensor([1.0, 2.0], dtype)
    for name, found in all_results(lambda x: x**3, x).items():
        for result in found:
            assert type(result) is mg.Tensor, name
            assert not result.requires_grad, name
            assert result.dtype == dtype, name
    assert not x.requires_grad


def test_a_tensor_among_the_other_arguments_makes_the_results_tensors() -> None:
    for result in mg.value_and_grad(product)(X, mg.tensor(Y)):
        assert type(result) is mg.Tensor
    for result in mg.value_and_grad(product)(X, Y, z=mg.tensor(Z)):
        assert type(result) is mg.Tensor


def test_gradients_have_the_dtypes_of_their_arguments() -> None:
    x, y = X.astype(np.float32), Y
    value, (by_x, by_y) = mg.value_and_grad(product, (0, 1))(x, y)
    assert (value.dtype, by_x.dtype, by_y.dtype) == (np.float64, np.float32, np.float64)


def test_a_gradient_of_one_element_is_a_gradient() -> None:
    value, gradient = mg.value_and_grad(lambda x: x[1:] ** 2)(X)
    close(value, [4.0])
    close(gradient, [0.0, 4.0])


# -- whose the results are


@given(x=arrays(3))
def test_arguments_are_left_alone(x: Array) -> None:
    before = x.copy()
    all_results(np.exp, x)
    np.testing.assert_array_equal(x, before)


def identity(x: Any) -> Any:
    return x


@pytest.mark.parametrize("f", [identity, np.transpose, np.exp])
def test_results_share_no_memory(f: Any) -> None:
    x = X.copy()
    for found in all_results(f, x).values():
        for i, result in enumerate(found):
            assert not any(np.shares_memory(result, other) for other in [x, *found[:i]])


@pytest.mark.parametrize("f", [identity, np.transpose, np.add])
def test_what_is_pulled_back_shares_no_memory_with_the_cotangent(f: Any) -> None:
    u = np.array([3.0, 4.0])
    value, pull_back = mg.vjp(f, *([X, Y] if f is np.add else [X]))
    pulled = pull_back(u)
    for i, result in enumerate(pulled):
        assert not any(np.shares_memory(result, other) for other in [u, value, *pulled[:i]])
    assert not np.shares_memory(mg.hvp(lambda x: np.sum(x * x) / 2)(X, u), u)
    assert not np.shares_memory(mg.jvp(identity, [X], [u])[1], u)


def test_a_pull_back_can_be_called_again() -> None:
    _, pull_back = mg.vjp(np.multiply, X, Y)
    u = np.array([1.0, 10.0])
    first, again = pull_back(u), pull_back(u)
    for one, other, expected in zip(first, again, (u * Y, u * X), strict=True):
        close(one, expected)
        one[:] = 0
        close(other, expected)
    close(pull_back(2 * u)[0], 2 * u * Y)
    close(u, [1.0, 10.0])


def test_a_pull_back_is_at_the_arguments_of_the_call() -> None:
    x, constant = X.copy(), Y.copy()
    _, pull_back = mg.vjp(lambda x: x * x * constant, x)
    x[:], constant[:] = 0, 0
    close(pull_back(np.ones(2))[0], 2 * X * Y)


def test_changing_the_value_does_not_change_the_pull_back() -> None:
    residual, pull_back = mg.vjp(np.exp, X)
    residual -= 1
    close(pull_back(np.ones(2))[0], np.exp(X))


# -- what a function closes over


def cubic_of(w: Any) -> Callable[[Any], Any]:
    return lambda x: w**2 * x**3


@pytest.mark.parametrize("name", TRANSFORMS)
def test_a_closed_over_tensor_stays_in_its_graph(name: str) -> None:
    w = mg.tensor(Y, requires_grad=True)
    derivative = all_results(cubic_of(w), X)[name][-1]
    assert type(derivative) is mg.Tensor
    found = mg.grad(derivative.sum(), w)
    close(found.numpy(), 2 * Y * (6 * X if name in SECOND else 3 * X**2))
    assert w.grad is None


@pytest.mark.parametrize("name", ["value_and_grad", "vjp", "jvp"])
def test_a_value_stays_in_the_graph_of_a_closed_over_tensor(name: str) -> None:
    w = mg.tensor(Y, requires_grad=True)
    value = all_results(cubic_of(w), X)[name][0]
    close(mg.grad(value.sum(), w).numpy(), 2 * Y * X**3)


@pytest.mark.parametrize("name", TRANSFORMS)
def test_a_tensor_argument_stays_in_its_graph(name: str) -> None:
    x = mg.tensor(X, requires_grad=True)
    for leaf in (x, x * 1):  # a computed tensor, too
        derivative = all_results(cubic_of(Y), leaf)[name][-1]
        found = mg.grad(derivative.sum(), x)
        close(found.numpy(), Y**2 * (6 if name in SECOND else 6 * X))
    assert x.grad is None


def test_another_argument_stays_in_its_graph() -> None:
    y = mg.tensor(Y, requires_grad=True)
    _, gradient = mg.value_and_grad(product)(X, y)
    close(mg.grad(gradient.sum(), y).numpy(), 2 * Y)
    _, gradient = mg.value_and_grad(product)(X, X, z=y)
    close(mg.grad(gradient.sum(), y).numpy(), X**2 * 3 * Y**2)


def test_parameters_keep_their_gradients() -> None:
    w, unused = mg.tensor(Y, requires_grad=True), mg.tensor(Y, requires_grad=True)
    (w * w).sum().backward()
    before = w.grad.numpy().copy()
    all_results(cubic_of(w), X)
    all_results(cubic_of(w), mg.tensor(X, requires_grad=True))
    np.testing.assert_array_equal(w.grad.numpy(), before)
    assert unused.grad is None


def test_a_gradient_by_arrays_does_not_reach_detached_tensors() -> None:
    w = mg.tensor(Y, requires_grad=True)
    for found in all_results(cubic_of(w.detach()), X).values():
        assert all(type(result) is np.ndarray for result in found)


@pytest.mark.parametrize("name", TRANSFORMS)
def test_under_no_grad_derivatives_are_plain(name: str) -> None:
    w = mg.tensor(Y, requires_grad=True)
    expected = [mg.asarray(r).detach().numpy() for r in all_results(cubic_of(w), X)[name]]
    with mg.no_grad():
        found = all_results(cubic_of(w), X)[name]
        tensors = all_results(cubic_of(w), mg.tensor(X, requires_grad=True))[name]
        assert not mg.is_grad_enabled()
    for result, tensor, e in zip(found, tensors, expected, strict=True):
        assert type(result) is np.ndarray
        close(result, e)
        assert type(tensor) is mg.Tensor
        assert not tensor.requires_grad
        close(tensor.numpy(), e)


def test_a_function_may_hold_parts_constant() -> None:
    _, gradient = mg.value_and_grad(lambda x: np.sum(x.detach() * x))(X)
    close(gradient, X)
    _, gradient = mg.value_and_grad(mg.no_grad()(lambda x: np.sum(x * x)))(X)
    close(gradient, np.zeros(2))


# -- one in another


@pytest.mark.parametrize("f", SCALAR)
@given(x=arrays((2, 2)))
def test_hessian_is_the_jacobian_of_the_gradient(f: Any, x: Array) -> None:
    close(mg.jacobian(grad(f))(x), mg.hessian(f)(x), rtol=1e-14)
    close(mg.jacobian(mg.jacobian(f))(x), mg.hessian(f)(x), rtol=1e-14)


@given(x=arrays(3))
def test_third_derivatives(x: Array) -> None:
    cube = np.zeros((3, 3, 3))
    cube[range(3), range(3), range(3)] = 24 * x
    close(mg.jacobian(mg.hessian(lambda x: np.sum(x**4)))(x), cube)
    third = mg.value_and_grad(lambda x: np.sum(mg.hvp(lambda x: np.sum(np.sin(x)))(x, x**0)))
    close(third(x)[1], -np.cos(x))


@given(x=NUMBERS)
def test_derivatives_of_every_order_of_one_number(x: float) -> None:
    f: Any = np.sin
    for expected in [np.cos(x), -np.sin(x), -np.cos(x), np.sin(x), np.cos(x)]:
        f = grad(f)
        close(f(x), expected)


@given(x=arrays(3))
def test_the_gradient_of_a_function_of_a_gradient(x: Array) -> None:
    def norm_of_gradient(x: Any) -> Any:
        value, gradient = mg.value_and_grad(lambda x: np.sum(x**3))(x)
        return np.sum(gradient**2) * value

    value, gradient = mg.value_and_grad(norm_of_gradient)(x)
    close(value, 9 * np.sum(x**4) * np.sum(x**3))
    close(gradient, 36 * x**3 * np.sum(x**3) + 27 * x**2 * np.sum(x**4))


@given(x=arrays(3), u=arrays(3), v=arrays(3))
def test_vjp_and_jvp_of_each_other(x: Array, u: Array, v: Array) -> None:
    second = -np.sin(x) * u * v
    close(mg.jvp(lambda x: mg.vjp(np.sin, x)[1](u)[0], [x], [v])[1], second)
    close(mg.vjp(lambda x: mg.jvp(np.sin, [x], [v])[1], x)[1](u)[0], second)
    close(mg.jvp(lambda x: mg.jvp(np.sin, [x], [v])[1], [x], [u])[1], second)
    close(mg.vjp(lambda x: mg.vjp(np.sin, x)[1](v)[0], x)[1](u)[0], second)


@given(x=arrays(3), v=arrays(3))
def test_a_tangent_can_be_differentiated_by(x: Array, v: Array) -> None:
    close(mg.jacobian(lambda v: mg.jvp(pairs, [x], [v])[1])(v), mg.jacobian(pairs)(x))
    value, gradient = mg.value_and_grad(lambda v: np.sum(mg.jvp(np.exp, [x], [v])[1] ** 2))(v)
    close(value, np.sum((np.exp(x) * v) ** 2))
    close(gradient, 2 * np.exp(x) ** 2 * v)


@given(x=arrays(3), u=arrays(3))
def test_a_cotangent_can_be_differentiated_by(x: Array, u: Array) -> None:
    close(mg.jacobian(lambda u: mg.vjp(np.exp, x)[1](u)[0])(u), np.diag(np.exp(x)))
    close(mg.jacobian(lambda u: mg.hvp(mixed)(x, u))(u), mg.hessian(mixed)(x))
    _, pull_back = mg.vjp(np.exp, x)  # made before and outside of what differentiates it
    close(mg.jacobian(lambda u: pull_back(u)[0])(u), np.diag(np.exp(x)))


def test_the_variables_of_nested_derivatives_are_kept_apart() -> None:
    def inner(x: Any) -> Any:
        return x * grad(lambda y: x + y)(1.0)

    assert grad(inner)(1.0) == 1
    assert mg.jvp(lambda x: x * mg.jvp(lambda y: x * y, [2.0], [1.0])[1], [3.0], [1.0])[1] == 6


def test_a_derivative_by_an_argument_that_an_inner_function_closes_over() -> None:
    def outer(w: Any) -> Any:
        return np.sum(mg.value_and_grad(cubic_of(w))(2.0)[1])

    found = mg.value_and_grad(outer)(3.0)
    assert found == (108, 72)  # 3 w^2 x^2 and 6 w x^2


@pytest.mark.parametrize("name", TRANSFORMS)
def test_what_an_inner_transform_makes_is_no_other_graph(name: str) -> None:
    for inner in (
        lambda w: mg.value_and_grad(lambda x: np.sum(cubic_of(w)(x)))(X)[1],
        lambda w: mg.vjp(cubic_of(w), X)[1](np.ones(2))[0],
        lambda w: mg.jvp(cubic_of(w), [X], [np.ones(2)])[1],
        lambda w: mg.jacobian(cubic_of(w))(X).sum(axis=0),
    ):
        derivative = all_results(inner, Y)[name][-1]
        assert type(derivative) is np.ndarray
        expected = 6 * X**2 if name in SECOND else 6 * Y * X**2
        close(derivative, np.diag(expected) if name in {"jacobian", "hessian"} else expected)


def test_a_leaf_that_the_function_makes_is_no_other_graph() -> None:
    def equation(w: Any) -> Any:
        t = mg.tensor([0.0, 0.5, 1.0], requires_grad=True)
        slope = mg.grad(np.sin(w * t).sum(), t, create_graph=True)
        return np.sum((slope - 1) ** 2)

    def solved(w: Any) -> Any:
        t = np.array([0.0, 0.5, 1.0])
        return np.sum((w * np.cos(w * t) - 1) ** 2)

    x = np.array(2.0)
    value, gradient = mg.value_and_grad(equation)(x)
    second = mg.hessian(equation)(x)
    assert type(value) is type(gradient) is type(second) is np.ndarray
    close(value, solved(x))
    close(gradient, complex_jacobian(solved, x))
    close(second, numerical_hessian(solved, x), rtol=1e-6)


# -- results that do not depend on the arguments


def ones(x: Any) -> Any:
    return np.ones(2)


def held_constant(x: Any) -> Any:
    return x.detach()


@pytest.mark.parametrize("f", [ones, np.floor, held_constant])
@pytest.mark.parametrize("name", TRANSFORMS)
def test_derivatives_of_constants_are_zeros(name: str, f: Any) -> None:
    for dtype in (np.float32, np.float64):
        derivative = all_results(f, X.astype(dtype))[name][-1]
        assert type(derivative) is np.ndarray
        if name != "jvp":  # its dtype is that of the constant
            assert derivative.dtype == dtype
        close(derivative, np.zeros((2, 2) if name in {"jacobian", "hessian"} else 2))


def test_the_gradient_by_an_argument_that_is_not_used_is_zeros() -> None:
    value, (by_x, by_y) = mg.value_and_grad(lambda x, y: np.sum(y), (0, 1))(X, Z)
    close(value, np.sum(Z))
    close(by_x, np.zeros(2))
    close(by_y, np.ones(2))
    close(mg.vjp(lambda x, y: y, X, Z)[1](Z)[0], np.zeros(2))
    close(mg.jvp(lambda x, y: y, [X, Z], [X, Z])[1], Z)
    close(mg.hessian(np.sum)(X), np.zeros((2, 2)))


def test_a_function_may_return_a_python_number() -> None:
    value, gradient = mg.value_and_grad(lambda x: 3)(X)
    assert value == 3
    close(gradient, np.zeros(2))


def test_there_are_derivatives_of_nothing() -> None:
    assert mg.jacobian(lambda x: x[:0])(X).shape == (0, 2)
    assert mg.jacobian(lambda x: np.ones(3))(np.zeros(0)).shape == (3, 0)
    value, gradient = mg.value_and_grad(np.sum)(np.zeros((0, 3)))
    assert value == 0
    assert gradient.shape == (0, 3)


# -- errors


@pytest.mark.parametrize("x", [3, [1, 2], np.arange(3), True, 1j, mg.tensor([1, 2])])
def test_only_floating_arguments_are_differentiated(x: Any) -> None:
    for call in (
        lambda: mg.value_and_grad(np.sum)(x),
        lambda: mg.vjp(np.square, x),
        lambda: mg.jvp(np.square, [x], [np.ones(np.shape(x))]),
        lambda: mg.jacobian(np.square)(x),
        lambda: mg.hessian(np.sum)(x),
        lambda: mg.hvp(np.sum)(x, x),
    ):
        with pytest.raises(TypeError, match=r"argument 0 of .* has dtype .*only floating"):
            call()
    assert mg.value_and_grad(lambda i, y: y * i, 1)(3, 2.0)[1] == 3


@pytest.mark.parametrize("transform", [mg.value_and_grad, mg.hessian])
def test_only_a_scalar_has_a_gradient(transform: Any) -> None:
    with pytest.raises(ValueError, match=r"square returned shape \(2,\).*jacobian"):
        transform(np.square)(X)


@pytest.mark.parametrize("result", [None, "x", (1.0, 2.0, "x"), {"loss": 1.0}])
def test_a_function_must_return_an_array(result: Any) -> None:
    def f(x: Any) -> Any:
        return result

    for call in (lambda: mg.value_and_grad(f)(X), lambda: mg.jacobian(f)(X), lambda: mg.vjp(f, X)):
        with pytest.raises(TypeError, match="f must return one array"):
            call()


def test_a_function_that_returns_several_tensors_is_refused() -> None:
    def f(x: Any) -> Any:
        return x.sum(), x

    with pytest.raises(TypeError, match=r"f must return one array.*np\.stack"):
        mg.value_and_grad(f)(X)


def test_tangents_must_fit_their_primals() -> None:
    with pytest.raises(ValueError, match="2 primals and 1 tangents"):
        mg.jvp(np.multiply, [X, Y], [X])
    with pytest.raises(ValueError, match=r"tangent 1 has shape \(\), its primal \(2,\)"):
        mg.jvp(np.multiply, [X, Y], [X, 1.0])


@pytest.mark.parametrize("f", [np.square, ones])
def test_a_cotangent_must_fit_the_value(f: Any) -> None:
    _, pull_back = mg.vjp(f, X)
    with pytest.raises(ValueError, match=r"has shape \(3,\) and the .* \(2,\)"):
        pull_back(np.ones(3))


def test_an_error_leaves_the_mode_of_recording_as_it_was() -> None:
    def fails(x: Any) -> Any:
        raise KeyError("f")

    for mode in (mg.no_grad, mg.enable_grad):
        with mode():
            before = mg.is_grad_enabled()
            with pytest.raises(KeyError):
                mg.value_and_grad(fails)(X)
            assert mg.is_grad_enabled() == before


# -- SciPy's optimizers


@given(x=arrays(st.integers(2, 6)), data=st.data())
def test_rosenbrocks_derivatives_are_scipys(x: Array, data: st.DataObject) -> None:
    v = data.draw(arrays(x.shape))
    value, gradient = mg.value_and_grad(rosenbrock)(x)
    close(value, optimize.rosen(x))
    close(gradient, optimize.rosen_der(x))
    close(mg.hessian(rosenbrock)(x), optimize.rosen_hess(x))
    close(mg.hvp(rosenbrock)(x, v), optimize.rosen_hess_prod(x, v))


START = [1.3, 0.7, 0.8, 1.9, 1.2]


@pytest.mark.parametrize(
    ("method", "derivatives"),
    [
        ("BFGS", {}),
        ("L-BFGS-B", {}),
        ("CG", {}),
        ("Newton-CG", {"hess": mg.hessian(rosenbrock)}),
        ("trust-exact", {"hess": mg.hessian(rosenbrock)}),
        ("Newton-CG", {"hessp": mg.hvp(rosenbrock)}),
        ("trust-ncg", {"hessp": mg.hvp(rosenbrock)}),
    ],
)
def test_scipy_minimizes_with_these_derivatives(method: str, derivatives: Any) -> None:
    found = optimize.minimize(
        mg.value_and_grad(rosenbrock), START, jac=True, method=method, **derivatives
    )
    assert found.success, found.message
    np.testing.assert_allclose(found.x, np.ones(5), atol=1e-3)


def test_scipy_passes_further_arguments_on() -> None:
    def f(x: Any, scale: Any, offset: Any) -> Any:
        return np.sum(scale * (x - offset) ** 2)

    arguments = np.array([1.0, 10.0]), np.array([3.0, -1.0])
    found = optimize.minimize(
        mg.value_and_grad(f),
        [0.0, 0.0],
        args=arguments,
        jac=True,
        hessp=mg.hvp(f),
        method="trust-ncg",
    )
    np.testing.assert_allclose(found.x, arguments[1], atol=1e-6)


def test_scipy_fits_with_a_jacobian() -> None:
    t = np.linspace(0, 1, 9)
    truth = np.array([2.0, -1.5])
    observed = truth[0] * np.exp(truth[1] * t)

    def residuals(p: Any) -> Any:
        return p[0] * np.exp(p[1] * t) - observed

    found = optimize.least_squares(residuals, [1.0, 0.0], jac=mg.jacobian(residuals))
    np.testing.assert_allclose(found.x, truth, atol=1e-6)
