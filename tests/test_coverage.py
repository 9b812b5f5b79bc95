"""Every function that NumPy lets a tensor answer for is classified, and every array method."""

from typing import Any

import numpy as np
import pytest
from classified import PAGE, kinds_of, overridable, page, version

import minigrad as mg
from minigrad import core

FUNCTIONS = sorted(overridable(), key=core.name_of)  # some have one name


@pytest.mark.parametrize(
    "fn", [pytest.param(fn, id=f"{core.name_of(fn)} {i}") for i, fn in enumerate(FUNCTIONS)]
)
def test_a_function_is_exactly_one_of_rule_composite_constant_write_refused(fn):
    assert len(kinds_of(fn)) == 1


def test_every_reason_is_one():
    assert all({**core.REFUSED, **core.DETACHED}.values())


def test_the_page_is_up_to_date():
    text = PAGE.read_text()
    if f"for NumPy {version()}," not in text:
        pytest.skip("the page is for another NumPy")
    assert text == page(), "run python tests/classified.py --write"


def test_every_public_name_of_an_array_is_one_of_a_tensor_or_refused_with_a_reason():
    of_arrays = {name for name in dir(np.ndarray) if not name.startswith("_")}
    of_tensors = set(dir(mg.Tensor))
    assert of_arrays <= of_tensors | core.NO_METHODS.keys()
    assert not of_tensors & core.NO_METHODS.keys()


@pytest.mark.parametrize("name", core.NO_METHODS)
def test_a_name_that_is_missing_says_what_to_write_instead(name):
    t = mg.tensor([1.0])
    assert not hasattr(t, name)
    with pytest.raises(AttributeError, match=f"a Tensor has no '{name}': .*use "):
        getattr(t, name)


M = np.array([[3.0, 0.0, 1.0], [0.0, 5.0, 2.0]])


@pytest.mark.parametrize("requires_grad", [True, False])
@pytest.mark.parametrize(
    "f",
    [
        lambda x: x.nonzero(),
        lambda x: np.sort(x.ravel()).searchsorted([0.5, 3.0], side="right"),
        lambda x: x.tobytes(),
        lambda x: x.tobytes("F"),
        lambda x: (x.itemsize, x.nbytes),
    ],
    ids=["nonzero", "searchsorted", "tobytes", "tobytes in another order", "sizes"],
)
def test_a_method_without_a_derivative_is_an_arrays(f, requires_grad):
    found, expected = f(mg.tensor(M, requires_grad=requires_grad)), f(M)
    for a, b in zip(
        found if isinstance(found, tuple) else [found],
        expected if isinstance(expected, tuple) else [expected],
        strict=True,
    ):
        assert not getattr(a, "requires_grad", False)
        np.testing.assert_array_equal(a, b)


def test_choosing_is_recorded():
    x = mg.tensor([5.0, 6.0], requires_grad=True)
    y = mg.tensor([1, 0]).choose([x, x * 10])
    np.testing.assert_array_equal(y.detach(), [50, 6])
    y.sum().backward()
    np.testing.assert_array_equal(x.grad, [10, 1])


def test_a_tensor_is_on_the_only_device():
    t = mg.tensor([1.0])
    assert t.device == "cpu"
    assert t.to_device("cpu") is t


@pytest.mark.parametrize("write", [np.save, np.savetxt, np.savez])
def test_a_file_takes_a_tensor_that_requires_no_grad(write, tmp_path):
    path = tmp_path / ("x.npz" if write is np.savez else "x.npy")
    write(path, mg.tensor(M))
    read = np.loadtxt(path) if write is np.savetxt else np.load(path)
    np.testing.assert_array_equal(read["arr_0"] if write is np.savez else read, M)


@pytest.mark.parametrize(
    ("make", "expected"),
    [
        (lambda t: np.ones((2,), like=t), [1, 1]),
        (lambda t: np.eye(2, like=t), [[1, 0], [0, 1]]),
        (lambda t: np.fromiter([1.0, 2.0], float, like=t), [1, 2]),
        (lambda t: np.fromfunction(lambda i: i + 1, (2,), like=t), [1, 2]),
        (lambda t: np.arange(3, like=t), [0, 1, 2]),
    ],
    ids=["ones", "eye", "fromiter", "fromfunction", "arange"],
)
def test_what_is_made_like_a_tensor_is_a_tensor(make: Any, expected: Any):
    made = make(mg.tensor(0.0, requires_grad=True))
    assert isinstance(made, mg.Tensor)
    assert not made.requires_grad
    np.testing.assert_array_equal(made, expected)


def test_sets_and_counts_keep_what_has_no_derivative_apart():
    x = mg.tensor([2.0, 1.0, 2.0], requires_grad=True)
    values, places, inverse, counts = np.unique_all(x)
    assert values.requires_grad
    for found, expected in ((places, [1, 0]), (inverse, [1, 0, 1]), (counts, [1, 2])):
        assert not found.requires_grad
        np.testing.assert_array_equal(found, expected)
    sums, edges = np.histogram(x, bins=2)
    assert not sums.requires_grad
    assert edges.requires_grad
    np.testing.assert_array_equal(sums, [1, 2])


def test_a_mask_may_be_a_tensor():
    x = mg.tensor([1.0, 2.0, 3.0], requires_grad=True)
    np.sum(x, where=x > 1).backward()
    np.testing.assert_array_equal(x.grad, [0, 1, 1])
    mean = np.mean(x.detach(), where=x > 1)
    assert mean.item() == 2.5
