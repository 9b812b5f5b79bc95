"""Tensors of Dask arrays: the same values and gradients, planned and not computed; or refused.

Every case of cases.py is tried.  While a graph is built, Dask's scheduler is one that fails the
test: nothing may be computed but by `minigrad.compute`.  What needs processes is in
test_dask_cluster.py.
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
from minigrad.ops import elementwise, indexing
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
            seen["refused" if "Dask" in str(error) else repr(error)] += 1
            return
        assert all(core.is_lazy(y._array) for y in planned)
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
    rows = [line.split("|")[1] for line in table.splitlines() if line.startswith("| `")]
    return {name for row in rows for name in row.split("`")[1::2]}


# What nobody could do without: never refused.
ESSENTIAL = {
    np.add, np.subtract, np.multiply, np.divide, np.power, np.exp, np.log, np.tanh, np.sqrt,
    np.square, np.maximum, np.absolute, np.where, np.clip, np.matmul, np.transpose, np.swapaxes,
    np.expand_dims, np.squeeze, np.concatenate, np.stack, np.broadcast_to, np.einsum,
    elementwise.sigmoid, elementwise.relu, indexing.pick,
}  # fmt: skip


@pytest.mark.filterwarnings("ignore::RuntimeWarning")  # of poles
@pytest.mark.parametrize("fn", [pytest.param(fn, id=name(fn)) for fn in CASES])
def test_an_operation_agrees_with_numpy_or_is_refused(fn: Any) -> None:
    seen = outcomes(fn)
    assert seen
    assert seen.keys() <= {"agrees", "refused"}
    if fn in ESSENTIAL:
        assert seen["agrees"]
        assert not seen["refused"]


REFUSED: dict[str, Callable[[mg.Tensor], Any]] = {
    "numpy.sort": lambda x: np.sort(x, axis=0),
    "numpy.median": lambda x: np.median(x, axis=0),
    "numpy.take": lambda x: np.take(x, [0, 0], axis=0),
    "numpy.take_along_axis": lambda x: np.take_along_axis(x, np.zeros((1, 3), int), 0),
    "numpy.repeat": lambda x: np.repeat(x, 2),
    "x[index]": lambda x: x[[0, 0]],
    "x[index] = value": lambda x: core.indexed_update(x, [0, 0], 1.0),
    "numpy.diagonal": np.diagonal,
    "numpy.diag": np.diag,
    "numpy.trace": np.trace,
    "numpy.pad": lambda x: np.pad(x, 1, mode="edge"),
    "numpy.average": lambda x: np.average(x, weights=x),
}


@pytest.mark.parametrize("of", REFUSED)
def test_what_the_document_says_is_refused(of: str) -> None:
    assert set(REFUSED) == refused_in_document() <= set(map(name, CASES))
    x = mg.tensor(in_chunks(np.ones((3, 3))), requires_grad=True)
    with (
        nothing_computed(),
        pytest.raises((TypeError, NotImplementedError, ValueError), match="Dask array"),
    ):
        REFUSED[of](x).sum().backward()


# -- nothing is computed unseen


def planned(x: Any = None, requires_grad: bool = True) -> mg.Tensor:
    return mg.tensor(in_chunks(np.ones((4, 3)) if x is None else x), requires_grad=requires_grad)


CONVERSIONS: dict[str, Callable[[mg.Tensor], Any]] = {
    "numpy.asarray": np.asarray,
    "x.numpy()": lambda x: x.numpy(),
    "x.item()": lambda x: x.item(),
    "x.tolist()": lambda x: x.tolist(),
    "bool": bool,
    "int": int,
    "float": float,
    "complex": complex,
    "in": lambda x: 1.0 in x,
    "format": lambda x: f"{x:.2f}",
    "index": lambda x: [0, 1, 2][x.astype(int)],
    "numpy.sort": np.sort,
    "numpy.unwrap": np.unwrap,
    "numpy.median": np.median,
    "numpy.take": lambda x: np.take(mg.tensor([1.0], requires_grad=True), x.astype(int)),
    "numpy.repeat": lambda x: np.repeat(mg.tensor([1.0], requires_grad=True), x._array.astype(int)),
}


@pytest.mark.parametrize("convert", [pytest.param(f, id=n) for n, f in CONVERSIONS.items()])
@pytest.mark.parametrize("shape", [(), (1,)], ids=str)
def test_no_conversion_computes(convert: Callable[[mg.Tensor], Any], shape: Any) -> None:
    x = planned(np.ones(shape), requires_grad=False)
    with (
        nothing_computed(),
        pytest.raises((TypeError, NotImplementedError, IndexError), match="Dask"),
    ):
        convert(x)


def test_the_repr_shows_a_plan() -> None:
    with nothing_computed():
        shown = f"{planned().sum(axis=0)!r} {planned()}"
    assert "shape=(3,)" in shown
    assert "requires_grad=True" in shown


@mg.primitive
def softplus(x: Any) -> Any:
    return np.logaddexp(x, 0)


softplus.defvjp(lambda g, _y, x: g * mg.sigmoid(x))


@mg.primitive
def converting(x: Any) -> Any:
    return np.exp(np.asarray(x))


converting.defvjp(lambda g, y, _x: g * y)


@mg.primitive
def rule_converts(x: Any) -> Any:
    return np.exp(x)


rule_converts.defvjp(lambda g, y, _x: g * np.asarray(y))


def test_an_operation_of_the_users_runs_or_is_refused_by_name() -> None:
    x = np.linspace(-2, 2, 12).reshape(4, 3)
    t = planned(x)
    with nothing_computed():
        softplus(t).sum().backward()
        for fn in (converting, rule_converts):
            with pytest.raises(TypeError, match=rf"{fn.__name__} of Dask arrays.*minigrad.compute"):
                fn(t).sum().backward()
        with pytest.raises(TypeError, match="converting of Dask arrays"):
            converting(t._array)
    np.testing.assert_allclose(computed(t.grad)[0], 1 / (1 + np.exp(-x)))


# -- what goes in, and what comes out


def test_a_tensor_of_a_dask_array_is_apart_from_it() -> None:
    """x[i] = v gives a dask.array another graph, and a Tensor must not see that."""
    x = in_chunks(np.ones(4))
    a, b = mg.tensor(x, np.float32, requires_grad=True), mg.asarray(x, np.float32)
    w = mg.tensor(2.0, requires_grad=True)
    loss = (w * x).sum() + (a * 0).sum()
    x[:2] = 100.0
    loss.backward()
    assert computed(a, w.grad)[1] == 4
    assert a.dtype == b.dtype == np.float32


@pytest.mark.parametrize("dask_first", [True, False])
@pytest.mark.parametrize("op", [np.multiply, np.matmul, np.subtract, np.hypot, np.maximum])
def test_dask_and_numpy_mix(op: Any, dask_first: bool) -> None:
    """Dask wins, for a plain array, a Tensor with and one without a gradient."""
    a, b = np.arange(9.0).reshape(3, 3) + 0.5, np.ones((3, 3))

    def gradients(first: Any, second: Any) -> list[Any]:
        y = op(first, second)
        leaves = [t for t in (first, second) if isinstance(t, mg.Tensor) and t.requires_grad]
        return [y, *mg.grad((y * y).sum(), leaves)]

    def leaf(x: Any) -> mg.Tensor:
        return mg.asarray(x).requires_grad_()

    for other in (lambda x: x, leaf, mg.asarray):
        pair, expected = [leaf(in_chunks(a)), other(b)], [leaf(a), other(b)]
        order = slice(None) if dask_first else slice(None, None, -1)
        with nothing_computed():
            found = gradients(*pair[order])
        assert all(core.is_lazy(t._array) for t in found)
        assert_agree(computed(*found), [t.detach().numpy() for t in gradients(*expected[order])], 1)
    # A plain dask.array and a Tensor in memory.
    y = op(*[in_chunks(a), leaf(b)][order])
    assert core.is_lazy(y._array)
    np.testing.assert_allclose(computed(y)[0], op(*[a, b][order]))


def test_a_product_of_axes_that_differ_is_refused() -> None:
    """Dask broadcasts an axis of length one, where the chunks are of length one."""
    for requires_grad in (True, False):
        x = mg.tensor(in_chunks(np.ones((4, 1)), 1), requires_grad=requires_grad)
        for y in (in_chunks(np.ones((5, 2)), 1), mg.asarray(in_chunks(np.ones((5, 2)), 1))):
            with pytest.raises(ValueError, match=r"numpy.matmul.*1 and 5 differ"):
                x @ y


def test_unknown_chunk_sizes_are_refused() -> None:
    x = planned()
    unknown = x._array[x._array[:, 0] > 0]
    for make in (mg.asarray, mg.tensor, lambda u: x.sum() * u, lambda u: np.sin(mg.asarray(u))):
        with pytest.raises(ValueError, match=r"unknown chunk sizes.*compute_chunk_sizes"):
            make(unknown)
    with nothing_computed(), pytest.raises(ValueError, match=r"x\[index\].*unknown chunk sizes"):
        x[x.detach() > 0]
    assert mg.asarray(unknown.compute_chunk_sizes()).shape == (4, 3)


def test_compute_returns_what_it_was_given_in_memory() -> None:
    x = planned()
    results = mg.compute(x, x._array, np.arange(2), mg.tensor(3.0), "as it is", None)
    assert [type(r) for r in results] == [
        mg.Tensor, np.ndarray, np.ndarray, mg.Tensor, str, type(None)
    ]  # fmt: skip
    assert not results[0].requires_grad
    assert mg.compute() == ()


def test_what_two_results_have_in_common_runs_once() -> None:
    calls: list[int] = []

    def load(block: Any) -> Any:
        calls.append(1)
        return block

    x = da.ones(6, chunks=2).map_blocks(load, dtype=float, meta=np.empty(0))
    w = mg.tensor(1.0, requires_grad=True)
    loss = (w * x).sum()
    loss.backward()
    computed(loss, w.grad)
    assert len(calls) == 3


# -- derivatives


def test_gradients_add_up_and_hooks_run() -> None:
    x = planned(np.arange(4.0))
    x.register_hook(lambda g: g * 10)
    with nothing_computed():
        for _ in range(2):
            (x * x).sum().backward()
    np.testing.assert_allclose(computed(x.grad)[0], 40 * np.arange(4.0))


def test_derivatives_of_higher_order_are_planned() -> None:
    x, v = np.linspace(0.5, 2, 6).reshape(2, 3), np.ones((2, 3))

    def f(x: Any) -> Any:
        return np.sum(np.exp(x) * np.sin(x @ np.ones(3))[:, None])

    with nothing_computed():
        found = [
            *mg.value_and_grad(f)(in_chunks(x)),
            mg.hvp(f)(in_chunks(x), v),
            *mg.jvp(np.tanh, [in_chunks(x)], [v]),
            mg.vjp(np.tanh, in_chunks(x))[1](v)[0],
        ]
    expected = [
        *mg.value_and_grad(f)(x), mg.hvp(f)(x, v), *mg.jvp(np.tanh, [x], [v]),
        mg.vjp(np.tanh, x)[1](v)[0],
    ]  # fmt: skip
    assert_agree(computed(*found), expected, 100)


def test_a_gradient_comes_in_the_chunks_of_its_array() -> None:
    x = mg.tensor(da.ones((100, 4), chunks=(10, 4)), requires_grad=True)
    with nothing_computed():
        for y in (x.sum(), (x.mean(axis=0) ** 2).sum(), np.linalg.norm(x), x[:30].sum()):
            (g,) = mg.grad(y, [x])
            assert g._array.chunks == x._array.chunks


def test_a_cotangent_and_zeros_are_planned() -> None:
    x, unused = planned(), planned()
    with nothing_computed():
        first, second = mg.grad(x * x, [x, unused], np.full((4, 3), 5.0))
    np.testing.assert_array_equal(computed(first)[0], np.full((4, 3), 10.0))
    np.testing.assert_array_equal(computed(second)[0], np.zeros((4, 3)))


# -- learning


@pytest.mark.parametrize("columns", [5, 2])
@pytest.mark.parametrize("target", ["classes", "classes in chunks", "probabilities"])
def test_the_network_has_the_gradients_that_it_has_in_numpy(target: str, columns: int) -> None:
    rng = np.random.default_rng(0)
    x, classes = rng.standard_normal((12, 5)), rng.integers(0, 3, 12)
    labels = mg.softmax(rng.standard_normal((12, 3))) if target == "probabilities" else classes
    net = mg.nn.Sequential(mg.nn.Linear(5, 4, rng=0), mg.nn.ReLU(), mg.nn.Linear(4, 3, rng=1))

    def gradients(x: Any, labels: Any) -> list[mg.Tensor]:
        loss = F.cross_entropy(net(x), labels)
        return [loss, *mg.grad(loss, net.parameters())]

    with nothing_computed():
        chunked = labels if target == "classes" else in_chunks(labels, 5)
        found = gradients(da.from_array(x, chunks=(4, columns)), chunked)
    assert_agree(computed(*found), [t.detach().numpy() for t in gradients(x, labels)], 1)


def test_classes_of_several_axes() -> None:
    logits, classes = np.random.default_rng(0).normal(size=(3, 4, 2)), np.ones((3, 4), int)
    expected = F.cross_entropy(logits, classes, reduction="none").numpy()
    with nothing_computed():
        found = F.cross_entropy(in_chunks(logits), in_chunks(classes), reduction="none")
    np.testing.assert_allclose(computed(found)[0], expected)


def test_a_step_brings_gradients_into_memory_in_one_pass() -> None:
    passes: list[int] = []

    def load(block: Any) -> Any:
        passes.append(1)
        return block

    x = da.ones((4, 3), chunks=4).map_blocks(load, dtype=float, meta=np.empty((0, 0)))
    w, b, still = (mg.nn.parameter(np.ones(n)) for n in (3, 1, 2))
    optimizer = mg.optim.SGD([w, b, still], lr=0.1)
    ((x @ w + b) ** 2).mean().backward()
    optimizer.step()
    assert len(passes) == 1
    assert all(type(p._array) is np.ndarray for p in (w, b, still))
    np.testing.assert_allclose(w._array, np.full(3, 1 - 0.1 * 8))
    np.testing.assert_array_equal(mg.asarray(w.grad).numpy(), np.full(3, 8.0))
    assert still.grad is None


def test_a_parameter_that_is_a_dask_array_is_no_parameter() -> None:
    with pytest.raises(TypeError, match="parameters in memory"):
        mg.optim.SGD([planned()])


def test_without_dask_the_error_names_the_extra() -> None:
    code = (
        "import sys; sys.modules['dask'] = None\n"
        "import minigrad as mg\n"
        "try: mg.compute(mg.tensor(1.0))\n"
        "except ImportError as error: print(error)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "pip install 'minigrad[dask]'" in done.stdout


def test_logsumexp_of_integers_and_of_what_it_broadcasts_with() -> None:
    x, y = np.arange(12).reshape(4, 3), np.ones((4, 4))
    with nothing_computed():
        t = mg.asarray(da.from_array(x, chunks=(2, 3)))
        found = mg.logsumexp(t, axis=1, keepdims=True) + in_chunks(y)
    assert_agree(computed(found), [mg.logsumexp(x, axis=1, keepdims=True) + y], 1)
