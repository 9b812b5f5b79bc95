"""What is no plain array of numbers: it works as the array that it is, or one error says why not.

Each kind of input meets a tensor that requires grad in every kind of operation.
"""

import array
import decimal
import fractions
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import minigrad as mg

PLAIN = np.array([1.0, 2.0, 3.0])


class Subclass(np.ndarray):
    """An array with a name of its own."""


class Convertible:
    """What NumPy can make an array of."""

    def __array__(self, dtype: Any = None, copy: Any = None) -> Any:
        return PLAIN.copy()


class OfAnotherLibrary:
    """A tensor that will not be converted, since it would be cut out of its own graph."""

    def __array__(self, dtype: Any = None, copy: Any = None) -> Any:
        raise RuntimeError("call detach() first")


def mapped(folder: Any) -> Any:
    path = folder / "numbers"
    PLAIN.tofile(path)
    return np.memmap(path, PLAIN.dtype)


with warnings.catch_warnings(action="ignore", category=PendingDeprecationWarning):
    MATRIX = np.asmatrix(PLAIN)

WORKS: dict[str, Callable[[Any], Any]] = {
    "an array": lambda _: PLAIN.copy(),
    "a list": lambda _: [1.0, 2.0, 3.0],
    "a tuple": lambda _: (1.0, 2.0, 3.0),
    "a range": lambda _: range(1, 4),
    "a subclass": lambda _: PLAIN.copy().view(Subclass),
    "a memory map": mapped,
    "what converts to an array": lambda _: Convertible(),
    "a memoryview": lambda _: memoryview(PLAIN.copy()),
    "an array.array": lambda _: array.array("d", [1, 2, 3]),
    "the other byte order": lambda _: PLAIN.astype(PLAIN.dtype.newbyteorder()),
    "float16": lambda _: PLAIN.astype(np.float16),
    "long double": lambda _: PLAIN.astype(np.longdouble),
    "integers": lambda _: np.array([1, 2, 3]),
    "unsigned integers": lambda _: np.array([1, 2, 3], np.uint64),
    "a constant tensor": lambda _: mg.tensor(PLAIN),
}
REFUSED: dict[str, tuple[Any, str]] = {
    "objects": (PLAIN.astype(object), "object"),
    "a masked array": (np.ma.masked_array(PLAIN, [0, 1, 0]), "masked array .*filled|cut a tensor"),
    "np.matrix": (MATRIX, "np.matrix .*np.asarray"),
    "a structured dtype": (np.zeros(3, [("a", float)]), "'a'"),
    "records": (np.rec.array([(1.0,), (2.0,), (3.0,)]), "record|f0"),
    "text": (np.array(["a", "b", "c"]), "U"),
    "bytes": (b"abc", "bytes|S3|S32"),
    "dates": (np.array(["2020-01-01"] * 3, "M8[D]"), "datetime64|M8"),
    "durations": (np.array([1, 2, 3], "m8[D]"), "timedelta64|m8"),
    "None": (None, "NoneType|object"),
    "a dictionary": ({}, "dict|object"),
    "a set": ({1.0}, "set|object"),
    "a fraction": (fractions.Fraction(1, 2), "Fraction|object"),
    "a decimal number": (decimal.Decimal("0.5"), "Decimal|object"),
    "rows of unequal length": ([[1.0], [2.0, 3.0]], "inhomogeneous"),
    "another library's tensor": (OfAnotherLibrary(), "detach"),
}
OPERATIONS: dict[str, Callable[[Any, Any], Any]] = {
    "t * v": lambda t, v: t * v,
    "v * t": lambda t, v: v * t,
    "np.add": np.add,
    "np.maximum, v first": lambda t, v: np.maximum(v, t),
    "np.concatenate": lambda t, v: np.concatenate([t, v]),
    "np.where": lambda t, v: np.where([True, False, True], t, v),
    "np.dot": np.dot,
    "np.hypot": np.hypot,
    "np.convolve": np.convolve,
    "np.interp": lambda t, v: np.interp([1.5, 2.5], [1.0, 2.0, 3.0], t * v),
    "mg.asarray": lambda t, v: t * mg.asarray(v),
    "mg.tensor": lambda t, v: t * mg.tensor(v),
}


def leaf() -> mg.Tensor:
    return mg.tensor([0.5, -1.0, 2.0], requires_grad=True)


@pytest.mark.parametrize("operation", OPERATIONS)
@pytest.mark.parametrize("kind", WORKS)
def test_it_works_as_the_array_that_it_is(kind: str, operation: str, tmp_path: Any) -> None:
    f = OPERATIONS[operation]
    t, u = leaf(), leaf()
    found, expected = f(t, WORKS[kind](tmp_path)), f(u, PLAIN)
    assert type(found) is mg.Tensor
    assert type(found._array) is np.ndarray
    np.testing.assert_allclose(
        found.numpy(), expected.numpy(), rtol=1e-3 if "16" in kind else 1e-15
    )
    found.sum().backward()
    expected.sum().backward()
    assert t.grad is not None
    assert u.grad is not None
    np.testing.assert_allclose(t.grad.numpy(), u.grad.numpy(), rtol=1e-12)


@pytest.mark.parametrize("operation", OPERATIONS)
@pytest.mark.parametrize("kind", REFUSED)
def test_one_error_says_what_is_wrong(kind: str, operation: str) -> None:
    value, words = REFUSED[kind]
    with pytest.raises((TypeError, ValueError, RuntimeError), match=words):
        OPERATIONS[operation](leaf(), value)


@pytest.mark.parametrize("kind", ["objects", "text", "a dictionary", "rows of unequal length"])
def test_it_is_no_gradient_either(kind: str) -> None:
    t = leaf()
    with pytest.raises((TypeError, ValueError)):
        (t * t).backward(REFUSED[kind][0])
    assert t.grad is None


@pytest.mark.parametrize(
    "index",
    [1.5, PLAIN, "a", {}, memoryview(PLAIN), decimal.Decimal(1)],
    ids=lambda i: str(type(i)),
)
def test_it_is_no_index(index: Any) -> None:
    with pytest.raises(IndexError, match=r"x\[index\]"):
        leaf()[index]


def test_a_masked_array_to_the_left_does_not_cut_a_tensor_out_of_its_graph() -> None:
    masked = np.ma.masked_array(PLAIN, [0, 1, 0])
    for operation in (lambda: masked * leaf(), lambda: np.ma.multiply(masked, leaf())):
        with pytest.raises(TypeError, match="cut a tensor that requires grad out of its graph"):
            operation()
