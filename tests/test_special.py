"""Special functions: exact values, what happens at poles, and each function of SciPy's placed."""

import itertools
import math
import os
import subprocess
import sys
from typing import Any

import cases_special
import numpy as np
import pytest
from cases_special import OPERANDS, OPTIONS, ROUGH, elementwise

import minigrad as mg
import minigrad.nn.functional as F
from minigrad import core
from minigrad.ops import signal, special
from minigrad.testing import check_operation

inf, nan = np.inf, np.nan

try:
    import scipy.special as scipy_functions

    from minigrad.ops import scipy_special
except ImportError:
    scipy_functions = None
needs_scipy = pytest.mark.skipif(scipy_functions is None, reason="SciPy is not installed")

# -- values


def points(low: float, high: float) -> Any:
    """Numbers everywhere between two bounds, and of every size."""
    rng = np.random.default_rng(0)
    small = 10 ** rng.uniform(-300, 0, 2000) * rng.choice([-1, 1], 2000)
    return np.concatenate([rng.uniform(low, high, 20_000), rng.uniform(-1, 1, 4000), small])


@pytest.mark.parametrize(
    ("ours", "oracle", "low", "high"),
    [(special.erf, math.erf, -7, 7), (special.erfc, math.erfc, -7, 26.5)],
    ids=["erf", "erfc"],
)
def test_erf_and_erfc_are_right_to_1e_15(ours, oracle, low, high):
    x = points(low, high)
    np.testing.assert_allclose(ours(x), elementwise(oracle)(x), rtol=1.3e-15)  # 1e-15 and libm's


@pytest.mark.parametrize("dtype", [np.float32, np.float16])
@pytest.mark.parametrize(
    ("ours", "oracle", "end", "ulps"),
    [
        (special.erf, math.erf, 4, 4),
        (special.erfc, math.erfc, 4, 4),
        (special.ndtr, lambda x: math.erfc(-x / math.sqrt(2)) / 2, 13, 8),
    ],
    ids=["erf", "erfc", "ndtr"],
)
def test_erf_in_less_precision(ours, oracle, end, ulps, dtype):
    x = points(-end, end).astype(dtype)
    ulps = ulps if dtype == np.float32 else 1
    y = ours(x)
    assert y.dtype == dtype
    exact = elementwise(oracle)(x)
    step = np.spacing(np.abs(exact).astype(dtype)).astype(float)
    assert np.max(np.abs(y - exact) / step) <= ulps


@pytest.mark.parametrize(
    ("f", "x", "y"),
    [
        (special.erf, [inf, -inf, 0, nan, 1e300], [1, -1, 0, nan, 1]),
        (special.erfc, [inf, -inf, 0, nan, 1e300], [0, 2, 1, nan, 0]),
        (special.ndtr, [inf, -inf, 0, nan, -1e300], [1, 0, 0.5, nan, 0]),
        (special.log_ndtr, [inf, -inf, nan, -1e200], [0, -inf, nan, -inf]),
        (special.erfcx, [inf, -inf, 0, nan], [0, inf, 1, nan]),
        (special.logit, [0, 1, 0.5, 2], [-inf, inf, 0, nan]),
    ],
    ids=lambda f: getattr(f, "__name__", ""),
)
def test_values_at_the_ends(f, x, y):
    for dtype in (np.float16, np.float32, np.float64):
        with np.errstate(over="ignore"):
            given = np.array(x).astype(dtype)
        np.testing.assert_array_equal(f(given), np.array(y, dtype))


def test_the_sign_of_zero_is_kept():
    y = special.erf(np.array([0.0, -0.0]))
    np.testing.assert_array_equal(np.signbit(y), [False, True])


def test_erfc_goes_on_to_where_numbers_end():
    x = np.array([26.6, 27.0, 27.2, 28.0])
    np.testing.assert_allclose(special.erfc(x), elementwise(math.erfc)(x), atol=1.5e-323, rtol=0)


def test_pieces_and_strides_make_no_difference():
    x = np.random.default_rng(0).normal(size=(3, 2 * special.BLOCK + 5))
    y = special.erf(x)
    np.testing.assert_array_equal(y[:, ::7], special.erf(x[:, ::7]))
    np.testing.assert_array_equal(y.T, special.erf(x.T))


OURS = ["erfcx", "ndtr", "log_ndtr", "logit", "entr"]


@needs_scipy
@pytest.mark.parametrize("name", OURS)
def test_what_is_ours_has_the_values_of_scipy(name):
    x = np.linspace(0.01, 0.99, 99) if name in ("logit", "entr") else np.linspace(-20, 20, 999)
    ours = getattr(special, name)
    np.testing.assert_allclose(ours(x), scipy_special.UFUNCS[name](x), rtol=1e-13)
    assert ours(x.astype(np.float32)).dtype == np.float32
    np.testing.assert_array_equal(ours(x.tolist()), ours(x))


@pytest.mark.parametrize("dtypes", [*itertools.permutations((np.int64, np.float32, np.float64), 2)])
@pytest.mark.parametrize("fn", [special.xlogy, special.xlog1py])
def test_a_logarithm_is_as_precise_as_its_product(fn, dtypes):
    x, y = (np.arange(1, 99).astype(dtype) for dtype in dtypes)
    together = np.result_type(x, y)
    np.testing.assert_array_equal(fn(x, y), fn(x.astype(together), y.astype(together)))
    np.testing.assert_array_equal(fn(mg.tensor(x), y).numpy(), fn(x, y))
    for weak in fn(x, 2.0), fn(2.0, x), fn(mg.tensor(x), 2.0):
        assert weak.dtype == (x * 2.0).dtype


@pytest.mark.parametrize("n", [1, 2, 3])
def test_integrals_of_erfc_satisfy_their_recurrence(n):
    x = np.linspace(-1, 5, 101)
    a, b, c = (special.erfcx(x, k) if k >= 0 else 2 / math.sqrt(math.pi) for k in (n - 2, n - 1, n))
    np.testing.assert_allclose(2 * n * c + 2 * x * b, a + 0 * x, rtol=1e-12)


@pytest.mark.parametrize("order", [0, 1, 2, 3, 5, 8, 12, 16, 20])
def test_derivatives_of_sinc_are_integrals_of_a_cosine(order):
    """That of cos(pi x t) over t from 0 to 1, by quadrature."""
    t, weights = np.polynomial.legendre.leggauss(80)
    t, weights = (t + 1) / 2, weights / 2
    x = np.linspace(0, 15, 301)
    waves = np.cos(np.pi * np.multiply.outer(x, t) + order * np.pi / 2)
    expected = np.sum(weights * (np.pi * t) ** order * waves, axis=-1)
    size = np.max(np.abs(expected))
    found = signal.sinc_derivative(x, order) / size
    np.testing.assert_allclose(found, expected / size, atol=2.0 ** (order / 2 - 47), rtol=0)


@pytest.mark.parametrize("order", [0, 1, 2, 3, 5, 8])
def test_bessel_functions_are_integrals_of_exponentials(order):
    """The mean of exp(x cos t) cos(n t) over a turn, which equal steps have exactly."""
    t = np.linspace(0, 2 * np.pi, 400, endpoint=False)
    x = np.concatenate([np.linspace(-60, 60, 241), [30.01, 700]])
    waves = np.exp(np.multiply.outer(x, np.cos(t)) - np.abs(x)[:, None]) * np.cos(order * t)
    found = signal.bessel_i(x, order) * np.exp(-np.abs(x))
    np.testing.assert_allclose(found, np.mean(waves, axis=-1), atol=1e-14, rtol=1e-12)


# -- GELU


def test_gelu_is_exact():
    x = np.linspace(-38, 8, 999)
    expected = x * elementwise(lambda x: math.erfc(-x * math.sqrt(0.5)) / 2)(x)
    np.testing.assert_allclose(F.gelu(x).numpy(), expected, rtol=1e-12)


def test_the_approximation_of_gelu_is_close_and_asked_for_by_name():
    x = np.linspace(-5, 5, 101)
    assert 1e-4 < np.max(np.abs((F.gelu(x, "tanh") - F.gelu(x)).numpy())) < 1e-3
    with pytest.raises(ValueError, match="'none' or 'tanh'"):
        F.gelu(x, "exact")


@pytest.mark.parametrize("approximate", ["none", "tanh"])
def test_gelu_has_every_property_of_an_operation(approximate):
    mg.testing.property_test(
        F.gelu, mg.testing.arrays(domain=(-8, 8)), approximate, skip=["scalars"]
    )()
    layer = mg.nn.GELU(approximate)
    x = mg.tensor([-1.0, 0.0, 2.0])
    np.testing.assert_array_equal(layer(x).numpy(), F.gelu(x, approximate).numpy())


# -- SciPy's functions


@needs_scipy
def test_every_function_of_scipy_is_in_one_set_and_has_a_case_or_a_reason():
    for name, ufunc in scipy_special.UFUNCS.items():
        sets = (core.RULES, core.COMPOSITES, core.CONSTANTS, core.REFUSED)
        assert sum(ufunc in s for s in sets) == 1, name
        refused = ufunc in core.RULES and core.RULES[ufunc].refuses_all()
        assert refused or ufunc in core.CONSTANTS or ufunc in cases_special.CASES, name


@needs_scipy
def test_a_refusal_says_why_and_keeps_the_value():
    x = mg.tensor([0.5], requires_grad=True)
    with pytest.raises(TypeError, match=r"scipy.special.betainc .* argument 0: .*x?t.detach"):
        scipy_special.sp.betainc(x, 2.0, 0.25)
    with pytest.raises(TypeError, match=r"scipy.special.wofz .* complex"):
        scipy_special.sp.wofz(x)
    y = scipy_special.sp.betainc(x.detach(), 2.0, 0.25)
    assert type(y) is mg.Tensor
    with mg.no_grad():
        np.testing.assert_array_equal(scipy_special.sp.betainc(x, 2.0, 0.25).numpy(), y.numpy())


@needs_scipy
@pytest.mark.parametrize(
    ("name", "low", "high", "relative"),
    [*((name, *bounds, 3e-7) for name, bounds in ROUGH.items()), ("itairy", 1, 4, 2e-4)],
)
def test_rules_of_functions_of_eight_digits(name, low, high, relative):
    """They are integrated, which takes no digits away, as differences do."""
    nodes, weights = np.polynomial.legendre.leggauss(20)
    ends = np.linspace(low, high, 6)
    half = np.diff(ends)[:, None] / 2
    x = ends[:-1, None] + half * (1 + nodes)

    def results(x: Any) -> Any:
        y = scipy_special.UFUNCS[name](x)
        return y if isinstance(y, tuple) else (y,)

    def gradients(x: Any, order: int = 1) -> Any:
        leaf = mg.tensor(x, requires_grad=True)
        found = results(leaf)
        for k in range(1, order + 1):
            again = {"create_graph": k < order, "retain_graph": True}
            found = [mg.grad(y.sum(), leaf, **again) for y in found]
        return [g.numpy() for g in found]

    def hold(f: Any, derivative: Any) -> None:
        for y, g in zip(f(ends), derivative(x), strict=True):
            change = np.diff(y)
            slack = relative * np.max(np.abs(change))
            np.testing.assert_allclose(np.sum(weights * half * g, axis=1), change, 0, slack)

    hold(results, gradients)
    if OPTIONS[name].get("order") != 1:
        hold(gradients, lambda x: gradients(x, order=2))
    single = gradients(x.astype(np.float32))
    np.testing.assert_allclose(single, gradients(x), rtol=2e-3, atol=1e-4)


def meeting(name: str) -> float | None:
    """A number that every operand of a function may be, if there are several."""
    lists = [o for o in OPERANDS[name] if isinstance(o, list)]
    domains = [o or (-inf, inf) for o in OPERANDS[name] if not isinstance(o, list)]
    for x in np.arange(0.25, 8, 0.25).tolist() if len(OPERANDS[name]) > 1 else []:
        if all(x in values for values in lists) and all(low < x < high for low, high in domains):
            return x
    return None


@needs_scipy
@pytest.mark.parametrize(
    ("name", "x"), [(name, x) for name in OPERANDS if (x := meeting(name)) is not None]
)
def test_rules_hold_where_operands_are_equal(name, x):
    arguments = [x if isinstance(o, list) else np.full(1, x) for o in OPERANDS[name]]
    check_operation(scipy_special.UFUNCS[name], *arguments, **OPTIONS.get(name, {}))


@needs_scipy
def test_polygamma_and_zeta():
    x = mg.tensor([0.5, 2.0], requires_grad=True)
    for n in (0, 1, 2):
        y = mg.special.polygamma(n, x)
        g = mg.grad(y.sum(), x)
        np.testing.assert_allclose(y.numpy(), scipy_functions.polygamma(n, x.numpy()))
        np.testing.assert_allclose(g.numpy(), scipy_functions.polygamma(n + 1, x.numpy()))
    np.testing.assert_allclose(
        mg.special.multigammaln(x + 1, 3).numpy(),
        [scipy_functions.multigammaln(v + 1, 3) for v in x.numpy()],
    )
    with pytest.raises(TypeError, match="no derivative by its argument 0"):
        mg.special.zeta(x + 1, 2.0)


def test_logsumexp_with_weights():
    a = mg.tensor([[1000.0, 1001.0], [0.0, -inf]], requires_grad=True)
    b = mg.tensor([1.0, 0.0], requires_grad=True)
    y = mg.special.logsumexp(a, axis=1, b=b)
    np.testing.assert_allclose(y.numpy(), [1000, 0])
    by_a, by_b = mg.grad(y.sum(), [a, b])
    np.testing.assert_allclose(by_a.numpy(), [[1, 0], [1, 0]])
    np.testing.assert_allclose(by_b.numpy(), [2, math.e])
    assert mg.special.softmax(a.detach()[0]).sum().item() == pytest.approx(1)


# -- the namespace


def run(program: str, **environment: str) -> str:
    found = subprocess.run(
        [sys.executable, "-c", program], check=False, capture_output=True, text=True,
        env={**os.environ, **environment},
    )  # fmt: skip
    assert found.returncode == 0, found.stderr
    return found.stdout


WITHOUT_SCIPY = """
import sys
sys.modules["scipy"] = sys.modules["scipy.special"] = None
import minigrad as mg
x = mg.tensor([0.5], requires_grad=True)
for name in mg.special.__all__:
    assert getattr(mg.special, name)
mg.special.erf(x).backward()
for name, call in [("gamma", lambda: mg.special.gamma(x)), ("zeta", lambda: mg.special.zeta(2, x))]:
    try:
        call()
    except ImportError as error:
        assert name in str(error) and "pip install 'minigrad[scipy]'" in str(error)
    else:
        raise AssertionError(name)
assert not hasattr(mg.special, "nonsense")
"""


def test_without_scipy_ours_work_and_others_say_what_to_install():
    run(WITHOUT_SCIPY)


@needs_scipy
def test_minigrad_does_not_import_scipy():
    assert run("import minigrad, sys; print('scipy' in sys.modules)") == "False\n"


@needs_scipy
def test_rules_are_found_when_a_function_meets_a_tensor():
    program = (
        "import minigrad as mg, scipy.special; x = mg.tensor(2.0, requires_grad=True); "
        "scipy.special.gammaln(x).backward(); print(x.grad.item())"
    )
    assert float(run(program)) == pytest.approx(0.42278433509846713)


LOOKED_UP = """
import scipy.special._support_alternative_backends as backends
import minigrad as mg
print([i.name for i in backends._special_funcs if getattr(mg.special, i.name, None) is None])
print(type(mg.special.gamma).__name__, mg.special.gamma(mg.tensor(5.0)).item())
"""


@needs_scipy
@pytest.mark.parametrize("array_api", ["0", "1"])
def test_the_namespace_has_every_name_that_scipy_looks_up(array_api):
    missing, kind = run(LOOKED_UP, SCIPY_ARRAY_API=array_api).splitlines()
    assert missing == "[]"
    assert kind == "ufunc 24.0"


@needs_scipy
def test_operands_are_of_functions_that_exist():
    assert ROUGH.keys() <= OPERANDS.keys() <= scipy_special.UFUNCS.keys()
