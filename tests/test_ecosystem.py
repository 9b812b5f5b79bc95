"""Tensors in other libraries' hands, and what they make in minigrad's: see docs/ecosystem.md."""

from typing import Any

import numpy as np
import pytest

import minigrad as mg
from minigrad.testing import check_grads

X = np.linspace(0.2, 1.3, 12).reshape(2, 6)


@pytest.mark.parametrize(
    "name", ["rearrange", "reduce", "repeat", "einsum", "pack", "rearrange a list"]
)
def test_einops_has_gradients(name: str) -> None:
    einops = pytest.importorskip("einops")
    pytest.importorskip("minigrad.einops_backend")
    programs = {
        "rearrange": lambda x: einops.rearrange(x, "a (b c) -> b c a", b=2) ** 2,
        "reduce": lambda x: einops.reduce(x**2, "a (b c) -> c", "prod", b=2),
        "repeat": lambda x: einops.repeat(x**2, "a b -> (a n) b", n=3),
        "einsum": lambda x: einops.einsum(x, x, "a b, c b -> a c"),
        "pack": lambda x: einops.pack([x**2, x[0]], "* b")[0],
        "rearrange a list": lambda x: einops.rearrange([x, x**2], "n a b -> (n a) b"),
    }
    check_grads(programs[name], X, order=2)


def test_einops_finds_the_backend_for_tensors_only() -> None:
    einops = pytest.importorskip("einops")
    pytest.importorskip("minigrad.einops_backend")
    assert type(einops.rearrange(X, "a b -> b a")) is np.ndarray
    assert type(einops.rearrange(mg.asarray(X), "a b -> b a")) is mg.Tensor
    assert einops.parse_shape(mg.asarray(X), "a b") == {"a": 2, "b": 6}


@pytest.mark.parametrize("optimize", ["greedy", "optimal", True, False])
def test_a_path_leaves_the_gradient_of_a_contraction(optimize: Any) -> None:
    def f(x: Any, y: Any) -> Any:
        return np.einsum("ij,jk,kl->il", x, y, x, optimize=optimize)

    check_grads(f, X, X.T, order=2)


def test_opt_einsum_has_gradients() -> None:
    opt_einsum = pytest.importorskip("opt_einsum")
    check_grads(lambda x, y: opt_einsum.contract("ij,jk,kl->il", x, y, x), X, X.T, order=2)


@pytest.mark.parametrize("shape", [(5,), (4, 3), (6, 1, 2)])
def test_rows_are_shuffled_by_an_index(shape: tuple[int, ...]) -> None:
    rows = np.arange(float(np.prod(shape))).reshape(shape)

    def shuffled(x: Any) -> Any:
        return x[np.random.default_rng(3).permutation(len(x))]

    check_grads(lambda x: shuffled(x) ** 2, rows, order=2)
    expected = rows.copy()
    np.random.default_rng(3).shuffle(expected)
    np.testing.assert_array_equal(shuffled(mg.tensor(rows)).numpy(), expected)


def test_numpy_warns_of_shuffling_in_place() -> None:
    x = mg.tensor(X)
    with pytest.warns(UserWarning, match="may contain duplicates after shuffling"):
        np.random.default_rng(0).shuffle(x)


def series(values: list[float]) -> Any:
    return pytest.importorskip("pandas").Series(values, index=list("abc"))


def data_array(values: list[float]) -> Any:
    return pytest.importorskip("xarray").DataArray(values, dims="t")


@pytest.mark.parametrize("make", [series, data_array])
@pytest.mark.parametrize(
    "f",
    [np.multiply, np.divide, np.power, np.hypot, np.maximum, np.dot, lambda x, y: np.stack([x, y])],
    ids=["multiply", "divide", "power", "hypot", "maximum", "dot", "stack"],
)
def test_the_graph_keeps_the_values_that_it_was_given(make: Any, f: Any) -> None:
    values = [2.0, 0.5, 3.0]
    expected = mg.jacobian(f)(np.ones(3), np.array(values))
    x, other = mg.tensor(np.ones(3), requires_grad=True), make(values)
    y = f(x, other)
    other[:] = 100.0
    np.testing.assert_array_equal(
        mg.grad(y.sum(), x).numpy(), expected.sum(axis=tuple(range(y.ndim)))
    )


def test_xarray_keeps_the_graph() -> None:
    xarray = pytest.importorskip("xarray")

    def f(x: Any) -> Any:
        field = xarray.DataArray(x, dims=("time", "place"), coords={"time": [10, 20]})
        return ((field - field.mean("place")) ** 2).sel(time=20).sum().data

    check_grads(f, X, order=2)


def test_pandas_refuses_to_detach() -> None:
    pandas = pytest.importorskip("pandas")
    x = mg.tensor([1.0, 2.0], requires_grad=True)
    for use in (pandas.Series, pandas.Series([1.0, 2.0]).__mul__, pandas.DataFrame(np.eye(2)).dot):
        with pytest.raises(TypeError, match="would silently cut"):
            use(x)


def test_matplotlib_refuses_to_detach() -> None:
    figure = pytest.importorskip("matplotlib.figure")
    axes, x = figure.Figure().add_subplot(), mg.tensor(X, requires_grad=True)
    for draw in (axes.plot, axes.hist, axes.imshow, axes.contour):
        with pytest.raises(TypeError, match=r"x\.detach\(\)"):
            draw(x)
        draw(x.detach())
