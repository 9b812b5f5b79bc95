"""Tensors of Dask arrays: the same values and gradients, planned and not computed; or refused.

Every case of cases.py is tried.  While a graph is built, Dask's scheduler is one that fails the
test: nothing may be computed but by `minigrad.compute`.  test_cluster.py has what needs processes.
"""

import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import hypothesis
import numpy as np
import pytest
from cases import CASES, name
from hypothesis import strategies as st

import minigrad as mg
import minigrad.nn.functional as F
from minigrad import core
from minigrad.ops import elementwise, indexing, reductions
from minigrad.testing.calls import is_operand, leaves

dask = pytest.importorskip("dask")
da = pytest.importorskip("dask.array")

DOCUMENT = Path(__file__).parents[1] / "docs" / "dask.md"


class Computed(BaseException):  # no `except Exception` may hide it
    """Something was computed while a graph was built."""


@contextmanager
def nothing_computed() -> Iterator[None]:
    def scheduler(*_: Any, **__: Any) -> Any:
        raise Computed

    with dask.config.set(scheduler=scheduler):
        yield


def in_chunks(x: Any, n: int = 2) -> Any:
    return da.from_array(x, chunks=n if np.ndim(x) else ())


def computed(*values: Any) -> list[Any]:
    """In this thread, where NumPy's warnings are off as they are for NumPy."""
    return [core.unwrap(v) for v in mg.compute(*values, scheduler="synchronous")]


# -- every operation


def mapped(value: Any, f: Callable[[Any], Any]) -> Any:
    if type(value) in (list, tuple):
        return type(value)(mapped(v, f) for v in value)
    return {k: mapped(v, f) for k, v in value.items()} if type(value) is dict else f(value)


def differentiated(
    fn: Any, args: Any, kwargs: Any, array: Callable[[Any], Any], other: Callable[[Any], Any]
) -> list[Any]:
    """The results of fn and its gradients, where arrays were made of the floating arguments."""
    inputs: list[mg.Tensor] = []

    def made(value: Any) -> Any:
        if not is_operand(value):
            return other(value) if isinstance(value, np.ndarray) else value
        inputs.append(mg.asarray(array(value)).requires_grad_())
        return inputs[-1]

    args, kwargs = mapped(args, made), mapped(kwargs, made)
    results = [y for y in leaves(fn(*args, **kwargs)) if isinstance(y, mg.Tensor)]
    outputs = [y for y in results if y.requires_grad]
    rng = np.random.default_rng(0)
    cotangents = [rng.standard_normal(y.shape) for y in outputs]
    return [*results, *(mg.grad(outputs, inputs, cotangents) if outputs else ())]


def assert_agree(found: list[Any], expected: list[Any], scale: float) -> None:
    assert len(found) == len(expected)
    for a, b in zip(found, expected, strict=True):
        assert (a.shape, a.dtype) == (b.shape, b.dtype)
        np.testing.assert_allclose(a, b, rtol=1e-9, atol=1e-12 * scale)


def largest(arrays: list[Any]) -> float:
    with np.errstate(invalid="ignore"):
        finite = [np.max(np.abs(x), initial=1, where=np.isfinite(x)) for x in arrays]
    return float(max(finite, default=1))


def outcomes(fn: Any) -> Counter[str]:
    """How often fn agrees with NumPy on Dask arrays, and how often it is refused."""
    seen: Counter[str] = Counter()

    def example(arguments: Any, n: int, all_arrays: bool) -> None:
        args, kwargs = arguments
        operands = [x for x in leaves([args, kwargs]) if is_operand(x)]
        if not operands or 0 in map(np.size, operands):
            return  # of no elements Dask gets the shapes wrong, when it computes
        try:
            expected = differentiated(fn, args, kwargs, np.asarray, np.asarray)
        except Exception:
            return  # NumPy cannot, either
        expected = [y.detach().numpy() for y in expected]

        def chunked(x: Any) -> Any:
            return in_chunks(x, n)

        try:
            with nothing_computed():
                other = chunked if all_arrays else np.asarray
                planned = differentiated(fn, args, kwargs, chunked, other)
        except (TypeError, NotImplementedError, ValueError, IndexError) as error:
            assert "Dask" in str(error)
            seen["refused"] += 1
            return
        assert all(core.is_lazy(y.data) for y in planned)
        assert_agree(computed(*planned), expected, largest([*operands, *expected]))
        seen["agrees"] += 1

    settings = hypothesis.settings(
        max_examples=6, derandomize=True, database=None, deadline=None,
        phases=[hypothesis.Phase.generate], suppress_health_check=list(hypothesis.HealthCheck),
    )  # fmt: skip
    drawn = hypothesis.given(CASES[fn].calls, st.sampled_from([2, 1, 3]), st.booleans())
    with np.errstate(all="ignore"):
        settings(drawn(example))()
    return seen


def refused_in_document() -> set[str]:
    """The operations that docs/dask.md says are refused."""
    table = DOCUMENT.read_text().partition("| refused |")[2].partition("\n\n")[0]
    return set(table.split("`")[1::2])


# What nobody could do without: never refused.
ESSENTIAL = {
    np.add, np.subtract, np.multiply, np.divide, np.power, np.exp, np.log, np.tanh, np.sqrt,
    np.square, np.maximum, np.absolute, np.where, np.clip, np.matmul, np.transpose, np.swapaxes,
    np.expand_dims, np.squeeze, np.concatenate, np.stack, np.broadcast_to, np.einsum,
    elementwise.sigmoid, elementwise.relu, reductions.softmax, indexing.pick,
}  # fmt: skip


@pytest.mark.filterwarnings("ignore::RuntimeWarning")  # of poles
@pytest.mark.parametrize("fn", [pytest.param(fn, id=name(fn)) for fn in CASES])
def test_an_operation_agrees_with_numpy_or_is_refused(fn: Any) -> None:
    seen = outcomes(fn)
    assert seen.total()
    if fn in ESSENTIAL:
        assert seen["agrees"]
        assert not seen["refused"]
    if name(fn) in refused_in_document():
        assert seen["refused"]


def test_the_document_names_operations_that_there_are() -> None:
    assert refused_in_document()
    assert refused_in_document() <= set(map(name, CASES))
