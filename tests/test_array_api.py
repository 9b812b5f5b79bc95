"""The namespace of the array API standard: what the standard says of it, and its derivatives.

The tables of signatures and special values are in standard.py, the calls that derivatives are
tested on in cases.py.
"""

import ctypes
import inspect
import math
import operator
import pickle
from collections.abc import Callable
from itertools import product
from typing import Any

import cases
import cases_linalg
import numpy as np
import pytest
import standard
from cases import CASES, PRODUCTS
from drawn import Case, reduction, several, shaped, shapes, some, with_axis
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import array_api

import minigrad as mg
from minigrad.testing import broadcastable, call

xps = array_api.make_strategies_namespace(mg)
INFO = mg.__array_namespace_info__()
DTYPES = list(INFO.dtypes().values())
FLOATING = list(INFO.dtypes(kind="real floating").values())
ELEMENTWISE = [  # of floating numbers
    name
    for signature in ("x, /", "x1, x2, /")
    for name in standard.SIGNATURES[signature].split()
    if "." not in name
    and not name.startswith(("bitwise", "unique"))
    and name not in ("nonzero", "matmul", "matrix_transpose")
]


def find(name: str) -> Any:
    return operator.attrgetter(name)(mg)


def arguments(name: str) -> int:
    return 1 if name in standard.SIGNATURES["x, /"].split() else 2


# -- names and signatures


def taken(function: Callable[..., Any]) -> list[inspect.Parameter]:
    signature = inspect.signature(function)
    return [p.replace(annotation=p.empty) for p in signature.parameters.values()]


def parameters(text: str) -> list[inspect.Parameter]:
    """Those of a function that is written like this."""
    made: dict[str, Any] = {}
    exec(f"def function({text}): pass", made)
    return taken(made["function"])


FUNCTIONS = [
    (name, signature)
    for table in (standard.SIGNATURES, standard.NEWER)
    for signature, names in table.items()
    for name in names.split()
]


@pytest.mark.parametrize(("name", "signature"), FUNCTIONS)
def test_every_function_has_the_signature(name, signature):
    assert taken(find(name)) == parameters(signature)  # names, kinds and defaults
    assert find(name).__name__ == name.rpartition(".")[2]
    assert find(name).__doc__
    assert pickle.loads(pickle.dumps(find(name))) is find(name)


def test_asarray_takes_more_than_the_standard_asks_for():
    ours = inspect.signature(mg.asarray).parameters
    assert list(ours) == ["data", "dtype", "device", "copy"]
    assert all(p.default is None for name, p in ours.items() if name != "data")
    assert mg.asarray([1, 2], np.float32).dtype == mg.float32


def test_every_name_is_in_its_namespace():
    names = {name for name, _ in FUNCTIONS} | {"asarray"}
    assert {n for n in names if "." not in n} <= set(mg.__all__)
    for module in ("linalg", "fft"):
        own = {n.partition(".")[2] for n in names if n.startswith(f"{module}.")}
        assert own == set(getattr(mg, module).__all__)


@pytest.mark.parametrize(
    ("name", "signature"), [(n, s) for s, names in standard.METHODS.items() for n in names.split()]
)
def test_every_method_takes_what_the_standard_has_it_take(name, signature):
    method = getattr(mg.Tensor, f"__{name}__")
    theirs, ours = parameters(signature), taken(method)[1:]
    assert len(theirs) == len(ours)
    for p, q in zip(theirs, ours, strict=True):
        assert p == q or p.kind is p.POSITIONAL_ONLY


def test_every_attribute_is_there():
    x = mg.zeros((2, 3), dtype=mg.float32)
    found = {name: getattr(x, name) for name in standard.ATTRIBUTES.split()}
    assert found["T"].shape == found["mT"].shape == (3, 2)
    assert (found["dtype"], found["device"]) == (mg.float32, "cpu")
    assert (found["ndim"], found["shape"], found["size"]) == (2, (2, 3), 6)


def test_constants():
    assert (mg.e, mg.pi, mg.inf) == (math.e, math.pi, math.inf)
    assert math.isnan(mg.nan)
    assert mg.newaxis is None


def test_a_tensor_knows_its_namespace():
    x = mg.zeros(2)
    assert x.__array_namespace__() is mg
    assert x.__array_namespace__(api_version=mg.__array_api_version__) is mg
    assert mg.__array_api_version__ == "2024.12"
    with pytest.raises(ValueError, match=r"1999\.01"):
        x.__array_namespace__(api_version="1999.01")


def test_the_namespace_tells_what_it_can():
    assert INFO.capabilities() == {
        "boolean indexing": True,
        "data-dependent shapes": True,
        "max dimensions": 64,
    }
    assert INFO.default_device() == "cpu"
    assert INFO.devices() == ["cpu"]
    assert INFO.default_dtypes(device="cpu") == {
        "real floating": mg.asarray(1.0).dtype,
        "complex floating": mg.asarray(1j).dtype,
        "integral": mg.asarray(1).dtype,
        "indexing": mg.argmax(mg.zeros(2)).dtype,
    }
    assert {str(dtype) for dtype in DTYPES} == set(INFO.dtypes())
    assert all(getattr(mg, name) is dtype for name, dtype in INFO.dtypes().items())
    assert set(INFO.dtypes(kind="signed integer")) == {"int8", "int16", "int32", "int64"}
    assert set(INFO.dtypes(kind=("bool", "complex floating"))) == {
        "bool",
        "complex64",
        "complex128",
    }
    with pytest.raises(ValueError, match="kind"):
        INFO.dtypes(kind="colour")
    with pytest.raises(ValueError, match="gpu"):
        INFO.dtypes(device="gpu")


def test_as_many_axes_as_it_tells():
    most = INFO.capabilities()["max dimensions"]
    assert mg.zeros((1,) * most).ndim == most
    with pytest.raises(ValueError, match="dimension"):
        mg.zeros((1,) * (most + 1))


# -- dtypes


def promoted(a: np.dtype[Any], b: np.dtype[Any]) -> np.dtype[Any] | None:
    """The standard's table; None where it leaves the result open."""
    if a == b:
        return a
    kinds, bits = {a.kind, b.kind}, {a.kind: a.itemsize, b.kind: b.itemsize}
    if len(kinds) == 1 and kinds <= set("iufc"):
        return max(a, b, key=lambda dtype: dtype.itemsize)
    if kinds == {"i", "u"}:
        size = bits["i"] if bits["i"] > bits["u"] else 2 * bits["u"]
        return np.dtype(f"i{size}") if size <= 8 else None
    if kinds == {"f", "c"}:
        return np.dtype(f"c{max(2 * bits['f'], bits['c'])}")
    return None


PAIRS = [(a, b) for a, b in product(DTYPES, DTYPES) if promoted(a, b)]


@pytest.mark.parametrize(("a", "b"), PAIRS, ids=str)
def test_dtypes_are_promoted_by_the_table(a, b):
    expected = promoted(a, b)
    x, y = mg.ones(3, dtype=a), mg.ones((), dtype=b)
    assert mg.result_type(a, b) == mg.result_type(x, y) == mg.result_type(a, y) == expected
    assert mg.can_cast(a, b) == mg.can_cast(x, b) == (expected == b)
    assert mg.equal(x, y).dtype == (x == y).dtype == mg.bool
    assert mg.where(mg.asarray(True), x, y).dtype == expected
    assert mg.concat([x, mg.ones(1, dtype=b)]).dtype == expected
    if expected == mg.bool:
        return
    for name in ("add", "multiply", "subtract"):
        assert find(name)(x, y).dtype == expected
    for result in (x + y, x * y, x - y, mg.matmul(x, mg.ones(3, dtype=b)), mg.pow(x, y)):
        assert result.dtype == expected
    if expected.kind != "c":
        results = (mg.maximum(x, y), mg.remainder(x, y), x // y, x % y)
        assert {r.dtype for r in results} == {expected}
    if expected.kind in "fc":
        assert (x / y).dtype == mg.divide(x, y).dtype == expected
    if expected.kind in "iu":
        assert (x & y).dtype == mg.bitwise_or(x, y).dtype == (x << y).dtype == expected


@pytest.mark.parametrize("dtype", DTYPES, ids=str)
def test_python_numbers_leave_the_dtype_alone(dtype):
    x = mg.ones(2, dtype=dtype)
    allowed = {
        "b": [True],
        "i": [1],
        "u": [1],
        "f": [1, 1.0],
        "c": [1, 1.0, 1j],
    }[dtype.kind]
    for number in allowed:
        assert mg.result_type(x, number) == mg.result_type(number, dtype) == dtype
        assert mg.where(mg.isfinite(x), x, number).dtype == dtype
        assert mg.equal(number, x).dtype == mg.bool
        if dtype.kind != "b":
            assert mg.add(x, number).dtype == mg.multiply(number, x).dtype == dtype
            assert (x + number).dtype == (number * x).dtype == dtype
    if dtype.kind == "f":
        assert mg.result_type(x, 1j) == (x * 1j).dtype == promoted(dtype, mg.complex64)


@pytest.mark.parametrize("dtype", DTYPES, ids=str)
def test_operators_in_place_and_reflected_keep_the_dtype(dtype):
    number = dtype.type(1).item()
    x = mg.asarray([[1, 1], [1, 0]], dtype=dtype)
    names = {"b": "and or xor", "i": "add floordiv lshift mod mul or pow rshift sub"}
    names |= {"u": names["i"], "f": "add floordiv mod mul pow sub truediv"}
    names |= {"c": "add mul pow sub truediv"}
    for name in names[dtype.kind].split():
        for other in (number, mg.asarray(number, dtype=dtype), mg.ones_like(x)):
            before = mg.asarray(x, copy=True)
            changed = getattr(before, f"__i{name}__")(other)
            plain = getattr(x, f"__{name}__")(other)
            np.testing.assert_array_equal(changed, plain)
            assert changed.dtype == plain.dtype == dtype
            assert changed is before
        assert getattr(mg.ones_like(x), f"__r{name}__")(number).dtype == dtype
    if dtype.kind != "b":
        square = mg.asarray(x, copy=True)
        square @= x
        assert equal(square, x @ x)


@pytest.mark.parametrize("dtype", DTYPES, ids=str)
def test_sums_of_integers_are_wide(dtype):
    x = mg.ones((2, 3), dtype=dtype)
    wide = {"i": np.dtype(np.int64), "u": np.dtype(np.uint64)}.get(dtype.kind, dtype)
    if dtype.kind == "b":
        return
    for fn in (mg.sum, mg.prod, mg.linalg.trace):
        assert fn(x).dtype == wide
        assert fn(x, dtype=mg.float32 if dtype.kind != "c" else dtype).dtype in (mg.float32, dtype)
    for fn in (mg.cumulative_sum, mg.cumulative_prod):
        for include_initial in (False, True):
            y = fn(x, axis=1, include_initial=include_initial)
            assert (y.dtype, y.shape) == (wide, (2, 3 + include_initial))
    for fn in (mg.abs, mg.negative, mg.square, mg.flip, mg.sort, mg.positive, mg.conj):
        expected = np.abs(np.ones((), dtype)).dtype if fn is mg.abs else dtype
        assert fn(x).dtype == expected


@pytest.mark.parametrize("dtype", [d for d in DTYPES if d.kind in "iu"], ids=str)
def test_integers_are_rounded_to_themselves(dtype):
    x = mg.asarray([0, 1, 100], dtype=dtype)
    for fn in (mg.ceil, mg.floor, mg.round, mg.trunc):
        y = fn(x)
        assert y.dtype == dtype
        assert y.tolist() == x.tolist()
        assert y is not x


@pytest.mark.parametrize("dtype", FLOATING, ids=str)
@pytest.mark.filterwarnings("ignore:overflow")
def test_limits_of_floats(dtype):
    for given_one in (dtype, mg.ones(2, dtype=dtype), promoted(dtype, mg.complex64)):
        info = mg.finfo(given_one)
        assert (info.bits, info.dtype) == (dtype.itemsize * 8, dtype)
        numbers = (info.eps, info.max, info.min, info.smallest_normal)
        assert {type(n) for n in numbers} == {float}
        one = np.ones((), dtype)
        assert one + dtype.type(info.eps) > one == one + dtype.type(info.eps / 2)
        assert np.nextafter(dtype.type(info.max), np.inf) == np.inf
        assert info.min == -info.max
        assert info.smallest_normal * info.eps == float(np.nextafter(np.zeros((), dtype), one))


@pytest.mark.parametrize("dtype", [d for d in DTYPES if d.kind in "iu"], ids=str)
def test_limits_of_integers(dtype):
    for given_one in (dtype, mg.ones(2, dtype=dtype)):
        info = mg.iinfo(given_one)
        bits = dtype.itemsize * 8
        low, high = (0, 2**bits) if dtype.kind == "u" else (-(2 ** (bits - 1)), 2 ** (bits - 1))
        assert (info.bits, info.min, info.max, info.dtype) == (bits, low, high - 1, dtype)


KINDS = {
    "b": {"bool"},
    "i": {"signed integer", "integral", "numeric"},
    "u": {"unsigned integer", "integral", "numeric"},
    "f": {"real floating", "numeric"},
    "c": {"complex floating", "numeric"},
}


@pytest.mark.parametrize("dtype", DTYPES, ids=str)
def test_kinds_of_dtypes(dtype):
    for kind in set().union(*KINDS.values()):
        assert mg.isdtype(dtype, kind) == (kind in KINDS[dtype.kind])
    assert mg.isdtype(dtype, dtype)
    assert mg.isdtype(dtype, ("bool", "numeric"))
    assert not mg.isdtype(dtype, mg.int8 if dtype != mg.int8 else mg.int16)


def test_astype_copies_unless_it_need_not():
    x = mg.asarray([1.0, 0.0])
    assert mg.astype(x, mg.float64, copy=False) is x
    copied = mg.astype(x, mg.float64)
    copied[0] = 5.0
    assert x.tolist() == [1.0, 0.0]
    assert mg.astype(x, mg.bool).tolist() == [True, False]
    assert mg.astype(x, mg.complex64).dtype == mg.complex64
    assert mg.astype(mg.asarray([True, False]), mg.float32).tolist() == [1.0, 0.0]
    with pytest.raises(TypeError, match=r"mg\.real"):
        mg.astype(mg.asarray([1j]), mg.float64)
    with pytest.raises(ValueError, match="gpu"):
        mg.astype(x, mg.float32, device="gpu")


# -- values


def same(found: float, expected: float, rounding: float) -> bool:
    if math.isnan(expected) or math.isinf(expected):
        return math.isnan(found) if math.isnan(expected) else found == expected
    if expected == 0:
        return found == 0 and math.copysign(1, found) == math.copysign(1, expected)
    return abs(found - expected) <= rounding * abs(expected)


@pytest.mark.parametrize("dtype", FLOATING, ids=str)
@pytest.mark.parametrize("name", sorted({row[0] for row in standard.UNARY + standard.BINARY}))
@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_special_values(name, dtype):
    rounding = 4 * mg.finfo(dtype).eps
    rows = [row[1:] for row in standard.UNARY + standard.BINARY if row[0] == name]
    for operands, y in rows:
        allowed = y if isinstance(y, tuple) else (y,)
        for xs in product(*operands):
            tensors = [mg.asarray(x, dtype=dtype) for x in xs]
            if any(math.isinf(t) != math.isinf(x) or bool(t) != bool(x)
                   for t, x in zip(tensors, xs, strict=True)):  # fmt: skip
                continue  # not a number of this dtype
            found = find(name)(*tensors)
            assert found.dtype in (dtype, mg.bool)
            ok = any(same(float(found), float(v), rounding) for v in allowed)
            assert ok, f"{name}{xs} = {found}, not {y}"


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
@pytest.mark.parametrize(("name", "x", "y"), standard.COMPLEX)
def test_special_values_of_complex_numbers(name, x, y):
    found, expected = complex(find(name)(mg.asarray(x)).item()), complex(y)
    assert same(found.real, expected.real, 1e-15)
    assert same(found.imag, expected.imag, 1e-15)


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_a_lone_half_is_a_square_root():
    """The only values that are NumPy's and not the standard's: it has inf and 0 here."""
    x = mg.asarray([-mg.inf, -0.0])
    for y in (x**0.5, mg.pow(x, 0.5)):
        np.testing.assert_array_equal(y, np.power(x.numpy(), 0.5))
    np.testing.assert_array_equal(mg.pow(x, mg.asarray([0.5, 0.5])), [mg.inf, 0.0])


def test_special_values_of_reductions():
    none, one = mg.zeros((0, 2)), mg.asarray([mg.nan, 1.0])
    assert (mg.sum(none).item(), mg.prod(none).item()) == (0.0, 1.0)
    for fn in (mg.max, mg.min, mg.mean, mg.std, mg.var, mg.sum, mg.prod):
        assert math.isnan(fn(one))
    for fn, correction in product((mg.std, mg.var), (2, 3, 2.5)):
        for x in (mg.asarray([1.0, 5.0]), mg.asarray([[1.0], [5.0]])):
            y = fn(x, axis=0, correction=correction, keepdims=True)
            assert y.shape == (1, *x.shape[1:])
            assert mg.all(mg.isnan(y))
    for fn in (mg.std, mg.var):
        assert mg.all(mg.isnan(fn(none, axis=0)))
    assert math.isclose(mg.var(mg.asarray([1.0, 5.0]), correction=1.0), 8.0)
    with pytest.warns(RuntimeWarning):
        assert math.isnan(mg.mean(none))
    for fn in (mg.max, mg.min, mg.argmax, mg.argmin):
        with pytest.raises(ValueError, match=r"empty|zero-size"):
            fn(none, axis=0)
    assert (mg.all(none).item(), mg.any(none).item(), mg.count_nonzero(none).item()) == (1, 0, 0)


# -- shapes, and Tensors for whatever is given


@pytest.mark.parametrize("name", ELEMENTWISE)
@pytest.mark.parametrize("shape", [(), (0,), (2, 0), (2, 3)], ids=str)
@pytest.mark.parametrize("dtype", FLOATING, ids=str)
@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_elementwise_functions_keep_shape_and_type(name, shape, dtype):
    x = mg.full(shape, 1.0, dtype=dtype)
    operands = [x] * arguments(name)
    results = [find(name)(*operands), find(name)(*(t.numpy() for t in operands))]
    if len(operands) == 2:
        results += [find(name)(x, 1.0), find(name)(1.0, x)]
    for y in results:
        assert type(y) is mg.Tensor
        assert y.shape == shape
        assert y.dtype in (dtype, mg.bool)
    np.testing.assert_array_equal(results[0], results[1])


@pytest.mark.parametrize(
    "name",
    ["all", "any", "argmax", "argmin", "count_nonzero", "max", "mean", "min", "prod", "std", "sum",
     "var"],
)  # fmt: skip
def test_reductions_give_tensors_of_the_right_shape(name):
    for x in (mg.ones((2, 3)), np.ones((2, 3))):
        fn = find(name)
        assert type(fn(x)) is mg.Tensor
        assert fn(x).shape == ()
        assert fn(x, keepdims=True).shape == (1, 1)
        assert fn(x, axis=-1).shape == (2,)
        assert fn(x, axis=0, keepdims=True).shape == (1, 3)
        if not name.startswith("arg"):
            assert fn(x, axis=(0, 1)).shape == ()
            assert fn(x, axis=(1,), keepdims=True).shape == (2, 1)
    assert find(name)(mg.ones(())).shape == ()


def test_lists_of_tensors_stay_in_the_graph():
    x = mg.tensor(2.0, requires_grad=True)
    assert mg.add([x, 1.0], [1.0, x]).requires_grad
    assert mg.sum([x, x * x]).requires_grad
    with pytest.raises(ValueError, match="copy"):
        mg.asarray([x, x], copy=False)


def test_positional_only_and_keyword_only_arguments_are_refused_otherwise():
    x = mg.ones((2, 2))
    with pytest.raises(TypeError):
        mg.add(x1=x, x2=x)
    with pytest.raises(TypeError):
        mg.sum(x, 0)
    with pytest.raises(TypeError):
        mg.concat([x], 0)


def test_scalars_in_where_and_clip():
    x = mg.asarray([1.0, 5.0], dtype=mg.float32)
    assert mg.where(x > 2, x, 0).tolist() == [0.0, 5.0]
    assert mg.where(x > 2, 2.0, x).dtype == mg.float32
    for y in (mg.clip(x, 2.0), mg.clip(x, min=2), mg.clip(x, mg.asarray([2.0, 2.0]), None)):
        assert y.tolist() == [2.0, 5.0]
    assert mg.clip(x, max=mg.asarray(3.0, dtype=mg.float32)).tolist() == [1.0, 3.0]
    unbounded = mg.clip(x)
    assert unbounded.tolist() == x.tolist()
    assert unbounded is not x
    assert mg.clip(x, 2, 3).dtype == mg.float32
    assert mg.clip(mg.asarray([1, 9], dtype=mg.int8), 2, 4).dtype == mg.int8
    assert math.isnan(mg.clip(mg.asarray(mg.nan), 0.0, 1.0))
    assert math.isnan(mg.clip(mg.asarray(1.0), mg.nan, 1.0))


def test_lists_and_tuples_of_arrays():
    x, y = mg.ones((2, 1)), mg.ones((3,))
    both = mg.broadcast_arrays(x, y)
    assert type(both) is list
    assert [b.shape for b in both] == [(2, 3), (2, 3)]
    assert mg.broadcast_shapes((2, 1), (3,)) == (2, 3)
    grids = mg.meshgrid(mg.arange(2), mg.arange(3), mg.arange(4))
    assert type(grids) is list
    for ours, numpys in zip(grids, np.meshgrid(np.arange(2), np.arange(3), np.arange(4)),
                            strict=True):  # fmt: skip
        np.testing.assert_array_equal(ours, numpys)
    for a, b in (
        mg.meshgrid(mg.arange(2), mg.arange(3), indexing="ij"),
        mg.meshgrid(np.arange(2), np.arange(3), indexing="ij"),
    ):
        assert a.shape == b.shape == (2, 3)
        assert a[1, 0] == b[0, 1] == 1
    assert mg.meshgrid() == []
    with pytest.raises(ValueError, match="xz"):
        mg.meshgrid(x, indexing="xz")
    rows = mg.unstack(mg.reshape(mg.arange(6), (2, 3)))
    assert type(rows) is tuple
    assert [r.tolist() for r in rows] == [[0, 1, 2], [3, 4, 5]]
    assert len(mg.unstack(mg.ones((2, 3)), axis=-1)) == 3
    assert mg.unstack(mg.ones((0, 3))) == ()
    with pytest.raises(ValueError, match=r"source|axis"):
        mg.unstack(mg.ones(()))


def test_an_axis_is_needed_where_there_are_several():
    x = mg.reshape(mg.arange(6), (2, 3))
    for fn in (mg.cumulative_sum, mg.cumulative_prod, lambda x: mg.take(x, mg.asarray([0]))):
        with pytest.raises(ValueError, match="axis"):
            fn(x)
    assert mg.cumulative_sum(mg.arange(4)).tolist() == [0, 1, 3, 6]
    assert mg.cumulative_prod(mg.asarray([2, 3]), include_initial=True).tolist() == [1, 2, 6]
    assert mg.take(mg.arange(4) * 2, mg.asarray([-1, 0])).tolist() == [6, 0]
    assert mg.take(x, mg.asarray([1]), axis=1).tolist() == [[1], [4]]


def test_nonzero():
    assert [p.tolist() for p in mg.nonzero(mg.asarray([[0, 1], [2, 0]]))] == [[0, 1], [1, 0]]
    with pytest.raises(ValueError, match="0-d"):
        mg.nonzero(mg.asarray(1))


def test_reshape_copies_as_asked():
    x = mg.reshape(mg.arange(6), (2, 3))
    assert np.shares_memory(mg.reshape(x, (3, 2), copy=False)._array, x._array)
    assert not np.shares_memory(mg.reshape(x, (3, 2), copy=True)._array, x._array)
    assert not np.shares_memory(mg.reshape(x.T, (6,), copy=True)._array, x._array)
    with pytest.raises(ValueError, match="copy"):
        mg.reshape(x.T, (6,), copy=False)
    assert mg.reshape(mg.zeros((0, 2)), (2, 0), copy=False).shape == (2, 0)


def test_errors_that_the_standard_asks_for():
    x = mg.ones((2, 3))
    with pytest.raises(IndexError):
        mg.expand_dims(x, axis=4)
    with pytest.raises(ValueError, match="size"):
        mg.squeeze(x, axis=0)
    for fn in (mg.linalg.cross, mg.vecdot):
        with pytest.raises(ValueError):  # noqa: PT011 (NumPy's words differ between versions)
            fn(mg.ones(3), mg.ones(1))
    with pytest.raises(ValueError, match="vectors"):
        mg.linalg.outer(x, x)
    with pytest.raises(ValueError, match="raw"):
        mg.linalg.qr(x, mode="raw")
    with pytest.raises(np.linalg.LinAlgError, match="two axes"):
        mg.linalg.matrix_rank(mg.ones(3))
    for make in (mg.zeros, mg.ones, mg.empty):
        with pytest.raises(ValueError, match="gpu"):
            make(3, device="gpu")


# -- creation


def test_what_is_created():
    assert mg.arange(3).tolist() == [0, 1, 2]
    assert mg.arange(3).dtype == np.dtype(int)
    assert mg.arange(1, 2, 0.25).tolist() == [1.0, 1.25, 1.5, 1.75]
    assert mg.arange(5, stop=0, step=-2, dtype=mg.float32).tolist() == [5.0, 3.0, 1.0]
    assert mg.linspace(0, 1, 3, endpoint=False).tolist() == [0.0, 1 / 3, 2 / 3]
    assert mg.linspace(0, 1, num=2, dtype=mg.float32).dtype == mg.float32
    assert mg.eye(2, 3, k=1).tolist() == [[0.0, 1.0, 0.0], [0.0, 0.0, 1.0]]
    assert mg.eye(2).dtype == mg.float64
    for value, dtype in ((True, mg.bool), (1, np.dtype(int)), (1.0, mg.float64), (1j, "c16")):
        assert mg.full((2,), value).dtype == dtype
    x = mg.ones((2, 2), dtype=mg.float32)
    for made in (mg.zeros_like(x), mg.ones_like(x), mg.full_like(x, 3), mg.empty_like(x)):
        assert (made.shape, made.dtype) == ((2, 2), mg.float32)
    assert mg.zeros_like(x, dtype=mg.int8).dtype == mg.int8
    assert mg.full_like(x, 3, dtype=mg.int8).tolist() == [[3, 3], [3, 3]]
    assert mg.tril(x, k=-1).tolist() == [[0.0, 0.0], [1.0, 0.0]]
    assert mg.triu(x).tolist() == [[1.0, 1.0], [0.0, 1.0]]
    filled = mg.empty(2)
    filled[...] = 1.0
    assert filled.tolist() == [1.0, 1.0]
    assert not mg.zeros_like(mg.tensor([1.0], requires_grad=True)).requires_grad


def test_full_of_a_tensor_is_differentiated():
    x = mg.tensor(2.0, requires_grad=True)
    y = mg.full((2, 3), x)
    assert y.shape == (2, 3)
    y.sum().backward()
    assert x.grad.item() == 6.0
    like = mg.full_like(mg.zeros(4, dtype=mg.float32), x)
    assert (like.dtype, like.requires_grad) == (mg.float32, True)


def test_asarray_copies_as_asked():
    array = np.ones(2)
    assert np.shares_memory(mg.asarray(array)._array, array)
    assert np.shares_memory(mg.asarray(array, copy=False)._array, array)
    assert not np.shares_memory(mg.asarray(array, copy=True)._array, array)
    x = mg.tensor([1.0], requires_grad=True)
    assert mg.asarray(x) is mg.asarray(x, copy=False) is x
    copied = mg.asarray(x, copy=True)
    assert copied.requires_grad
    assert not np.shares_memory(copied._array, x._array)
    for data, dtype in ((array, mg.float32), (x, mg.float32), ([1.0], None)):
        with pytest.raises(ValueError, match="copy"):
            mg.asarray(data, dtype=dtype, copy=False)
    with pytest.raises(ValueError, match="gpu"):
        mg.asarray(array, device="gpu")
    assert mg.asarray(memoryview(array)).tolist() == [1.0, 1.0]
    for data, kind in (([True], "b"), ([True, 1], "i"), ([1, 1.0], "f"), ([1.0, 1j], "c")):
        assert mg.asarray(data).dtype.kind == kind


def test_there_is_one_device():
    x = mg.ones(2)
    assert x.to_device("cpu") is x
    assert x.to_device(x.device, stream=None) is x
    with pytest.raises(ValueError, match="gpu"):
        x.to_device("gpu")
    with pytest.raises(ValueError, match="stream"):
        x.to_device("cpu", stream=1)


# -- DLPack


@pytest.mark.parametrize("dtype", DTYPES, ids=str)
def test_dlpack_both_ways(dtype):
    x = mg.asarray([[1, 0], [1, 1]], dtype=dtype)
    for back in (mg.from_dlpack(x), np.from_dlpack(x), mg.from_dlpack(x.numpy().copy())):
        np.testing.assert_array_equal(back, x.numpy())
        assert back.dtype == dtype
    device, number = x.__dlpack_device__()
    assert (int(device), number) == (1, 0)
    theirs = np.asarray([1, 2])
    assert np.shares_memory(mg.from_dlpack(theirs)._array, theirs)


def test_dlpack_copies_as_asked():
    x = mg.asarray([1.0, 2.0])
    assert not np.shares_memory(mg.from_dlpack(x, copy=True)._array, x._array)
    if np.lib.NumpyVersion(np.__version__) >= "2.1.0":
        assert np.shares_memory(mg.from_dlpack(x)._array, x._array)
        assert np.shares_memory(mg.from_dlpack(x, copy=False)._array, x._array)
    with pytest.raises(ValueError, match="gpu"):
        mg.from_dlpack(x, device="gpu")


def test_no_consumer_can_write_into_a_tensor():
    x = mg.asarray([1.0, 2.0])
    shared = np.from_dlpack(x)
    assert not (shared.flags.writeable and np.shares_memory(shared, x._array))
    with pytest.raises(BufferError, match="copy"):
        x.__dlpack__(copy=False)  # of a version that has no flag for it
    name = ctypes.pythonapi.PyCapsule_GetName
    name.restype, name.argtypes = ctypes.c_char_p, [ctypes.py_object]
    assert name(x.__dlpack__()) == b"dltensor"


def test_a_tensor_that_requires_grad_is_not_cut_out_in_silence():
    x = mg.tensor(2.0, requires_grad=True)
    new = operator.methodcaller("__dlpack__", max_version=(1, 0))
    old = operator.methodcaller("__dlpack__")
    for leave in (mg.from_dlpack, np.from_dlpack, np.asarray, float, complex, old, new):
        with pytest.raises((TypeError, BufferError), match="graph"):
            leave(x)
        leave(x.detach())


# -- laws, on what Hypothesis draws


REAL, ANY = xps.real_dtypes(), xps.scalar_dtypes()


def drawn(dtypes: Any = REAL, **shape: Any) -> Any:
    return xps.arrays(dtypes, xps.array_shapes(**{"max_side": 4, "max_dims": 3} | shape))


def equal(a: Any, b: Any) -> bool:
    return a.dtype == b.dtype and a.shape == b.shape and np.array_equal(
        a.numpy(), b.numpy(), equal_nan=a.dtype.kind in "fc"
    )  # fmt: skip


@given(drawn(ANY))
def test_what_the_strategies_of_the_standard_draw_are_tensors(x):
    assert type(x) is mg.Tensor
    assert x.dtype in DTYPES


@given(drawn(min_dims=1), st.data())
def test_sorting(x, data):
    axis = data.draw(st.integers(-x.ndim, x.ndim - 1))
    for descending, stable in product((False, True), (True, False)):
        order = mg.argsort(x, axis=axis, descending=descending, stable=stable)
        y = mg.sort(x, axis=axis, descending=descending, stable=stable)
        assert order.dtype == np.intp
        assert equal(y, mg.take_along_axis(x, order, axis=axis))
        steps = np.moveaxis(y.numpy(), axis, 0)
        low, high = (steps[1:], steps[:-1]) if descending else (steps[:-1], steps[1:])
        assert np.all((low <= high) | np.isnan(steps[1:]) | np.isnan(steps[:-1]))
        if stable:
            ties = steps[1:] == steps[:-1]
            places = np.moveaxis(order.numpy(), axis, 0)
            assert np.all(places[1:][ties] > places[:-1][ties])


@given(drawn(ANY))
def test_sets(x):
    found = mg.unique_all(x)
    assert found._fields == ("values", "indices", "inverse_indices", "counts")
    flat = x.reshape(-1)
    assert found.inverse_indices.shape == x.shape
    assert equal(flat[found.indices], found.values)
    assert np.array_equal(found.values.numpy()[found.inverse_indices.numpy()], x.numpy(),
                          equal_nan=x.dtype.kind in "fc")  # fmt: skip
    assert mg.sum(found.counts) == x.size
    assert equal(mg.unique_values(x), found.values)
    assert mg.unique_counts(x)._fields == ("values", "counts")
    assert mg.unique_inverse(x)._fields == ("values", "inverse_indices")
    assert equal(mg.unique_counts(x).counts, found.counts)
    assert equal(mg.unique_inverse(x).inverse_indices, found.inverse_indices)
    values = found.values.numpy()
    missing = np.isnan(values) if x.dtype.kind in "fc" else np.zeros(values.shape, bool)
    assert np.all(found.counts.numpy()[missing] == 1)
    assert np.array_equal(np.sort(values[~missing]), values[~missing])
    assert len(set(values[~missing].tolist())) == np.sum(~missing)
    places = [i.dtype for i in found[1:]]
    assert set(places) == {np.dtype(np.intp)}
    inside = mg.isin(x, found.values)
    assert np.array_equal(inside.numpy(), np.ones(x.shape, bool) & ~np.isnan(x.numpy()))
    assert np.array_equal(mg.isin(x, found.values, invert=True).numpy(), ~inside.numpy())


@given(drawn(xps.integer_dtypes(), min_dims=1), st.data())
def test_running_sums_end_in_the_sum(x, data):
    axis = data.draw(st.integers(-x.ndim, x.ndim - 1))
    for running, whole, initial in (
        (mg.cumulative_sum, mg.sum, 0),
        (mg.cumulative_prod, mg.prod, 1),
    ):
        y = running(x, axis=axis, include_initial=True)
        first, *_, last = mg.unstack(y, axis=axis)
        assert mg.all(first == initial)
        assert equal(last, whole(x, axis=axis))
        assert equal(mg.moveaxis(y, axis, 0)[1:, ...],
                     mg.moveaxis(running(x, axis=axis), axis, 0))  # fmt: skip


@given(drawn(ANY, min_dims=1), st.data())
def test_movements_and_their_inverses(x, data):
    axis = data.draw(st.integers(-x.ndim, x.ndim - 1))
    n = data.draw(st.integers(-5, 5))
    assert equal(mg.flip(mg.flip(x, axis=axis), axis=axis), x)
    assert equal(mg.roll(mg.roll(x, n, axis=axis), -n, axis=axis), x)
    assert equal(mg.squeeze(mg.expand_dims(x, axis=axis), axis), x)
    assert equal(mg.stack(mg.unstack(x, axis=axis), axis=axis), x)
    assert equal(mg.concat(mg.broadcast_arrays(x)), x)
    assert equal(mg.moveaxis(mg.moveaxis(x, axis, 0), 0, axis), x)
    assert equal(mg.reshape(x, (-1,)), mg.concat([x], axis=None))
    order = data.draw(st.permutations(range(x.ndim)))
    back = tuple(int(i) for i in mg.argsort(mg.asarray(order)))
    assert equal(mg.permute_dims(mg.permute_dims(x, tuple(order)), back), x)
    assert equal(mg.tile(x, (2,) * x.ndim)[tuple(slice(n) for n in x.shape)], x)
    assert equal(mg.repeat(x, 2, axis=axis),
                 mg.repeat(x, mg.asarray([2] * x.shape[axis]), axis=axis))  # fmt: skip


@given(xps.arrays(mg.float64, 5, elements={"allow_nan": False}), drawn(mg.float64))
@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_searching(sorted_ones, x):
    x = mg.where(mg.isnan(x), 0.0, x)
    row, order = mg.sort(sorted_ones), mg.argsort(sorted_ones)
    for side, below in (("left", mg.less), ("right", mg.less_equal)):
        places = mg.searchsorted(row, x, side=side)
        assert equal(places, mg.searchsorted(sorted_ones, x, side=side, sorter=order))
        assert (places.shape, places.dtype) == (x.shape, np.intp)
        smaller = below(row, mg.expand_dims(x, axis=-1))
        assert equal(places, mg.sum(mg.astype(smaller, places.dtype), axis=-1))


def test_products():
    z = mg.asarray([1 + 2j, 3j])
    assert mg.vecdot(z, z).item() == 14 + 0j
    assert mg.vecdot(mg.ones((3, 2)), mg.ones((2, 3, 1)) * mg.ones(2), axis=-2).shape == (2, 2)
    x = mg.reshape(mg.arange(24), (2, 3, 4))
    assert mg.tensordot(x, x, axes=((1, 2), (1, 2))).shape == (2, 2)
    assert mg.tensordot(x, x, axes=0).shape == (2, 3, 4, 2, 3, 4)
    assert equal(mg.matrix_transpose(x), x.mT)
    assert mg.linalg.diagonal(x, offset=1).tolist() == [[1, 6, 11], [13, 18, 23]]
    assert mg.linalg.trace(x).tolist() == [15, 51]
    assert mg.linalg.outer(z, z)[0, 1].item() == (1 + 2j) * 3j


# -- linear algebra and Fourier transforms: their values, without derivatives


def close(x: Any, y: Any) -> None:
    rounding = 1000 * mg.finfo(x.dtype).eps
    np.testing.assert_allclose(x.numpy(), y.numpy(), rtol=rounding, atol=rounding)


def matrices(dtype: np.dtype[Any]) -> Any:
    """Two general matrices, two positive definite ones, and the unit matrix."""
    rng = np.random.default_rng(0)
    a = rng.normal(size=(2, 3, 3)) + 1j * rng.normal(size=(2, 3, 3))
    a = mg.asarray(a if dtype.kind == "c" else a.real, dtype=dtype)
    eye = mg.eye(3, dtype=dtype) + mg.zeros((2, 1, 1), dtype=dtype)
    return a, a @ mg.conj(a.mT) + eye, eye


linalg = mg.linalg
inexact = pytest.mark.parametrize("dtype", [d for d in DTYPES if d.kind in "fc"], ids=str)


@inexact
def test_matrices_are_taken_apart_and_put_together(dtype):
    a, positive, eye = matrices(dtype)
    real = mg.finfo(dtype).dtype
    lower, upper = linalg.cholesky(positive), linalg.cholesky(positive, upper=True)
    close(lower @ mg.conj(lower.mT), positive)
    close(mg.conj(upper.mT) @ upper, positive)
    assert equal(mg.triu(upper), upper)
    assert equal(mg.tril(lower), lower)
    close(linalg.inv(a) @ a, eye)
    close(a @ linalg.solve(a, eye), eye)
    close(linalg.matrix_power(a, 3), a @ a @ a)
    found = linalg.eigh(positive)
    assert found._fields == ("eigenvalues", "eigenvectors")
    assert found.eigenvalues.dtype == real
    close(positive @ found.eigenvectors, found.eigenvectors * found.eigenvalues[:, None, :])
    close(linalg.eigvalsh(positive), found.eigenvalues)
    q, r = linalg.qr(a)
    assert linalg.qr(a)._fields == ("Q", "R")
    close(q @ r, a)
    assert linalg.qr(a[:, :, :2], mode="complete").Q.shape == (2, 3, 3)
    u, s, vh = linalg.svd(a)
    assert linalg.svd(a)._fields == ("U", "S", "Vh")
    close((u * s[:, None, :]) @ vh, a)
    close(linalg.svdvals(a), s)
    assert linalg.svd(a[:, :2], full_matrices=False).Vh.shape == (2, 2, 3)


@inexact
def test_what_is_computed_of_matrices(dtype):
    a, _, _ = matrices(dtype)
    real = mg.finfo(dtype).dtype
    sign, logabsdet = linalg.slogdet(a)
    assert linalg.slogdet(a)._fields == ("sign", "logabsdet")
    close(sign * mg.exp(logabsdet), linalg.det(a))
    wide = a[:, :2]
    close(wide @ linalg.pinv(wide) @ wide, wide)
    assert linalg.pinv(wide, rtol=0.5).shape == (2, 3, 2)
    assert linalg.matrix_rank(a).tolist() == [3, 3]
    assert linalg.matrix_rank(a, rtol=2.0).tolist() == [0, 0]
    assert linalg.matrix_rank(a[0] * 0).shape == ()
    close(linalg.matrix_norm(a), linalg.vector_norm(a, axis=(1, 2)))
    assert linalg.matrix_norm(a, ord=2, keepdims=True).shape == (2, 1, 1)
    assert linalg.vector_norm(a).shape == ()
    assert linalg.vector_norm(a, keepdims=True, ord=1).shape == (1, 1, 1)
    assert linalg.vector_norm(a, axis=0, ord=mg.inf).dtype == real
    x, y = a[:, 0], a[:, 1]
    close(mg.sum(x * linalg.cross(x, y), axis=-1), mg.zeros(2, dtype=dtype))
    w, v = linalg.eig(a)
    assert w.dtype == v.dtype == promoted(real, mg.complex64)
    close(a @ v, v * w[:, None, :])
    close(mg.sort(mg.abs(linalg.eigvals(a))), mg.sort(mg.abs(w)))


@pytest.mark.parametrize("norm", ["backward", "ortho", "forward"])
def test_transforms_and_their_inverses(norm):
    fft, rng = mg.fft, np.random.default_rng(0)
    x = mg.asarray(rng.normal(size=(3, 4)) + 1j * rng.normal(size=(3, 4)))
    real = mg.real(x)
    close(fft.ifft(fft.fft(x, norm=norm), norm=norm), x)
    close(fft.ifftn(fft.fftn(x, norm=norm), norm=norm), x)
    close(fft.irfft(fft.rfft(real, norm=norm), norm=norm), real)
    close(fft.irfftn(fft.rfftn(real, norm=norm), norm=norm), real)
    close(fft.hfft(fft.ihfft(real, norm=norm), norm=norm), real)
    close(fft.ifftshift(fft.fftshift(x)), x)
    close(fft.ifftshift(fft.fftshift(x, axes=0), axes=0), x)
    close(fft.fftn(x, s=(6,), norm=norm), fft.fft(x, n=6, norm=norm))
    close(fft.fftn(x, s=(2,), axes=(0,), norm=norm), fft.fft(x, n=2, axis=0, norm=norm))
    size = {"backward": 1, "ortho": 2, "forward": 4}[norm]
    close(fft.fft(x, norm=norm)[:, 0] * size, mg.sum(x, axis=1))
    narrow = mg.astype(x, mg.complex64)
    assert fft.fft(narrow).dtype == fft.rfft(mg.real(narrow)).dtype == mg.complex64
    assert fft.irfft(narrow).dtype == fft.hfft(narrow).dtype == mg.float32


def test_frequencies():
    assert mg.fft.fftfreq(4, d=0.5).tolist() == [0.0, 0.5, -1.0, -0.5]
    assert mg.fft.rfftfreq(4).tolist() == [0.0, 0.25, 0.5]
    assert mg.fft.rfftfreq(4, dtype=mg.float32).dtype == mg.float32
    with pytest.raises(ValueError, match="gpu"):
        mg.fft.fftfreq(4, device="gpu")


# -- derivatives


@st.composite
def corrected(draw: st.DrawFn) -> Any:
    return draw(reduction(correction=st.sampled_from([0, 1, 0.5])))


@st.composite
def crossing(draw: st.DrawFn) -> Any:
    shape = draw(st.sampled_from([(3,), (2, 3)]))
    return draw(some(shape)), draw(some((3,)))


def grids(indexing: str) -> Any:
    return st.builds(lambda x, y: call(x, y, indexing=indexing), some((3,)), some((2,)))


CALLS: dict[str, Any] = {  # of those whose arguments are not those of NumPy's function
    "std": corrected(),
    "var": corrected(),
    "cumulative_sum": with_axis(none=False, include_initial=st.booleans()),
    "cumulative_prod": with_axis(none=False, include_initial=st.booleans()),
    "clip": cases.clipping() | st.builds(call, some(), max=st.just(0.5)),
    "where": cases.choosing(),
    "sort": with_axis(none=False, descending=st.booleans()),
    "reshape": st.builds(lambda x: call(x, x.shape[::-1]), some()),
    "permute_dims": st.builds(lambda x: call(x, tuple(range(x.ndim))[::-1]), some()),
    "broadcast_to": cases.spreading(),
    "broadcast_arrays": broadcastable(2, special=True),
    "concat": several(),
    "stack": several(),
    "unstack": with_axis(none=False),
    "expand_dims": st.builds(call, some(), axis=st.sampled_from([0, -1])),
    "flip": with_axis(many=True),
    "moveaxis": cases.moving(),
    "roll": cases.rolling(),
    "squeeze": st.builds(lambda x: call(x[None], 0), some()),
    "tile": st.builds(call, some(), st.sampled_from([(2,), (1, 3), (2, 1, 2)])),
    "repeat": cases.repeating(),
    "take": st.builds(lambda x, i: call(x, np.array(i), axis=0), some(shapes(1, min_side=2)),
                      st.lists(st.integers(-2, 1), min_size=1, max_size=3)),
    "take_along_axis": st.builds(lambda x: call(x, np.argsort(x, axis=-1)), some(shapes(1))),
    "tril": st.builds(call, some(shapes(2, min_side=1)), k=st.sampled_from([-1, 0, 1])),
    "triu": st.builds(call, some(shapes(2, min_side=1)), k=st.sampled_from([-1, 0, 1])),
    "meshgrid": grids("xy") | grids("ij"),
    "full": some(()).map(lambda x: call((2, 3), x)),
    "full_like": some(()).map(lambda x: call(np.zeros((2, 3)), x)),
    "asarray": st.builds(call, some(), copy=st.sampled_from([None, True])),
    "astype": st.builds(call, some(), st.just(np.float64), copy=st.booleans()),
    "matrix_transpose": some(shapes(2)),
    "matmul": CASES[np.matmul].calls,
    "tensordot": cases.tensordots(),
    "vecdot": shaped(PRODUCTS[np.vecdot]),
    "linalg.outer": shaped(["(n),(m)"]),
    "linalg.diagonal": st.builds(call, some(shapes(2)), offset=st.sampled_from([-1, 0, 1])),
    "linalg.trace": st.builds(call, some(shapes(2)), offset=st.sampled_from([-1, 0, 1])),
    "diff": with_axis(none=False, n=st.sampled_from([1, 2])),
    "linalg.cross": crossing(),
    "linalg.vector_norm": reduction(domain=(-4, 4), ord=st.sampled_from([1, 2, 3, mg.inf])).filter(
        lambda c: c.args[0].ndim),
    "linalg.eigh": cases_linalg.symmetric(), "linalg.eigvalsh": cases_linalg.symmetric(),
    "linalg.svd": st.builds(call, cases_linalg.rectangles(), full_matrices=st.just(False)),
    **{name: reduction() for name in ("max", "min", "prod", "sum")},
    "linalg.matrix_norm": st.builds(call, some(shapes(2, min_side=1), domain=(-4, 4)),
                                    ord=st.sampled_from(["fro", 1, mg.inf, -1])),
}  # fmt: skip

NO_DERIVATIVE = """ceil floor floor_divide isfinite isinf isnan logical_not round sign signbit trunc
    equal greater greater_equal less less_equal logical_and logical_or logical_xor not_equal"""
LINALG = """cholesky cross det eig eigh eigvals eigvalsh inv matrix_norm matrix_power pinv qr
    slogdet solve svd svdvals vector_norm"""
FFT = "fft ifft fftn ifftn rfft irfft rfftn irfftn hfft ihfft fftshift ifftshift"
DIFFERENTIATED = [
    *(name for name in ELEMENTWISE if name not in NO_DERIVATIVE.split()),
    *["max", "mean", "min", "prod", "sum"],
    *CALLS,
    *(f"linalg.{name}" for name in LINALG.split()),
    *(f"fft.{name}" for name in FFT.split()),
    "diff",
]  # fmt: skip


@pytest.mark.parametrize("name", sorted({*DIFFERENTIATED}))
def test_every_differentiable_function_has_its_derivative(name: str) -> None:
    case = CASES[numpys(name)]
    if name in CALLS:
        case = Case.of(CALLS[name], case.through if name in SYMMETRIC else None)
    few = settings(max_examples=12, derandomize=True)  # NumPy's own get more: test_ops.py
    case.test(find(name), settings=few)


SYMMETRIC = ("linalg.eigh", "linalg.eigvalsh")


def numpys(name: str) -> Callable[..., Any]:
    """NumPy's function that has the same arguments."""
    found: Callable[..., Any] = operator.attrgetter(name)(np)
    return found


@pytest.mark.parametrize("name", [*NO_DERIVATIVE.split(), "all", "any", "argmax", "argmin",
                                  "argsort", "count_nonzero", "nonzero"])  # fmt: skip
def test_what_has_no_derivative_requires_no_grad(name):
    x = mg.tensor([0.5, -1.5], requires_grad=True)
    results = find(name)(*[x] * (arguments(name) if name in ELEMENTWISE else 1))
    for y in results if isinstance(results, tuple) else (results,):
        assert type(y) is mg.Tensor
        assert not y.requires_grad


def test_the_values_of_a_set_have_a_gradient():
    x = mg.tensor([[3.0, 1.0], [3.0, 2.0]], requires_grad=True)
    weights = mg.asarray([10.0, 20.0, 30.0])
    for values in (
        mg.unique_values(x),
        mg.unique_all(x).values,
        mg.unique_counts(x).values,
        mg.unique_inverse(x).values,
    ):
        assert values.tolist() == [1.0, 2.0, 3.0]
        assert mg.grad((values * weights).sum(), x).tolist() == [[30.0, 10.0], [0.0, 20.0]]
    assert not mg.unique_all(x).counts.requires_grad
    assert not mg.isin(x, x).requires_grad


@pytest.mark.parametrize(
    "name", ["multiply", "atan2", "pow", "where", "clip", "matmul", "vecdot", "linalg.outer"]
)
def test_the_graph_copies_what_it_keeps_of_an_array(name):
    x, array = mg.tensor([2.0, 3.0], requires_grad=True), np.array([1.0, 2.5])
    slopes = []
    for change in (0.0, 10.0):
        args = [array > 2, x, array] if name == "where" else [x, array]
        if name == "clip":
            args = [array, x]
        y = mg.sum(find(name)(*args))
        array += change
        slopes.append(mg.grad(y, x).tolist())
        array -= change
    assert slopes[0] == slopes[1]


def test_indices_may_be_tensors():
    x = mg.tensor([1.0, 2.0, 3.0], requires_grad=True)
    indices = mg.asarray([2, 0, 2])
    for y in (x[indices], mg.take(x, indices), mg.take_along_axis(x, indices)):
        assert mg.grad(y.sum(), x).tolist() == [1.0, 0.0, 2.0]
    assert mg.repeat(x, indices).tolist() == [1.0, 1.0, 3.0, 3.0]


def test_both_orders_of_the_namespace_of_an_argument():
    """What the standard is for: a function that knows its library by its argument only."""

    def softplus(x: Any) -> Any:
        xp = x.__array_namespace__()
        return xp.sum(xp.logaddexp(xp.zeros_like(x), x))

    point = np.array([0.0, 1.0])
    x = mg.tensor(point, requires_grad=True)
    (slope,) = mg.grad(softplus(x), [x], create_graph=True)
    np.testing.assert_allclose(slope.detach(), 1 / (1 + np.exp(-point)))
    assert mg.grad(slope.sum(), x).tolist()[0] == 0.25
