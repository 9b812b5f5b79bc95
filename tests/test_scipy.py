"""SciPy's and scikit-learn's functions on tensors: what works goes on working, nothing detaches.

scipy_calls.py makes the calls, in a process of its own, as SciPy reads SCIPY_ARRAY_API when it is
imported.  docs/coverage_scipy.md says what works, and is written by it.
"""

import json
import os
import subprocess
import sys
from importlib.metadata import PackageNotFoundError, version
from typing import Any

import numpy as np
import pytest

import minigrad as mg
from minigrad.testing import check_grads

NEEDED = {"scipy": (1, 17), "scikit-learn": (1, 9)}


def missing() -> str:
    """What of the packages is missing or too old."""
    for package, needed in NEEDED.items():
        try:
            found = version(package)
        except PackageNotFoundError:
            return f"{package} is not installed"
        if tuple(map(int, found.split(".")[:2])) < needed:
            return f"{package} {found} is older than {'.'.join(map(str, needed))}"
    return ""


if reason := missing():
    pytest.skip(reason, allow_module_level=True)

import scipy_calls  # noqa: E402  # it imports SciPy
from scipy_arguments import call  # noqa: E402
from scipy_calls import Outcome  # noqa: E402


@pytest.fixture(scope="module")
def found() -> dict[str, Outcome]:
    run = subprocess.run(
        [sys.executable, scipy_calls.__file__, "--json"],
        env={**os.environ, "SCIPY_ARRAY_API": "1"}, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert run.returncode == 0, run.stderr[-2000:]
    return {outcome[0]: Outcome(*outcome) for outcome in json.loads(run.stdout)}


def test_no_call_is_wrong_and_none_detaches(found: dict[str, Outcome]) -> None:
    assert [o for o in found.values() if o.kind in ("wrong", "detached")] == []


def test_what_works_goes_on_working(found: dict[str, Outcome]) -> None:
    listed = scipy_calls.works(scipy_calls.PAGE.read_text())
    lost = [found[name] for name in sorted(listed & found.keys()) if found[name].kind not in RUN]
    assert lost == [], "run tests/scipy_calls.py --write, if this is as it should be"


RUN = scipy_calls.RUN


@pytest.mark.parametrize(
    ("library", "run", "differentiable"), [("scipy", 400, 370), ("sklearn", 70, 55)]
)
def test_as_much_works_as_is_claimed(
    found: dict[str, Outcome], library: str, run: int, differentiable: int
) -> None:
    kinds = [o.kind for name, o in found.items() if name.split(".")[0] == library]
    assert sum(kind in RUN for kind in kinds) >= run
    assert kinds.count("differentiable") >= differentiable


@pytest.mark.parametrize("name", ["nsum", "tanhsinh"])
def test_to_infinity_the_value_is_numpys_and_the_gradient_is_nan(
    found: dict[str, Outcome], name: str
) -> None:
    assert found[f"scipy.integrate.{name} to infinity"].kind == "nan"


def test_a_sum_to_infinity_has_a_gradient_as_an_operation_of_its_own() -> None:
    from scipy import integrate

    @mg.primitive
    def moment(x: Any, n: int) -> Any:
        """The sum of k**n exp(-x k) over all k >= 0."""
        a, b = np.zeros_like(x), np.full_like(x, np.inf)
        return integrate.nsum(lambda k, x: k**n * np.exp(-x * k), a, b, args=(x,)).sum

    moment.defvjp(lambda g, _y, x, n: -g * moment(x, n + 1))
    x = np.linspace(0.5, 2, 5)
    np.testing.assert_allclose(moment(x, 0), 1 / (1 - np.exp(-x)))
    check_grads(lambda x: moment(x, 0), x, rtol=1e-6)


# -- the law, on functions that keep it or break it


def detaching(x: Any) -> Any:
    return np.exp(x.detach() if isinstance(x, mg.Tensor) else x)


@mg.primitive
def slightly_wrong(x: Any) -> Any:
    return x * x


slightly_wrong.defvjp(lambda g, _y, x: 2.001 * g * x)


def another_value(x: Any) -> Any:
    return x * 1.001 if isinstance(x, mg.Tensor) else x


def another_value_of_constants(x: Any) -> Any:
    return x * 1.001 if isinstance(x, mg.Tensor) and not x.requires_grad else x


def another_pole(x: Any) -> Any:
    return np.concatenate([x, [-np.inf if isinstance(x, mg.Tensor) else np.inf]])


def another_value_of_long_ones(x: Any) -> Any:
    return x * 1.001 if isinstance(x, mg.Tensor) and len(x) > 3 else x


def masked(x: Any) -> Any:
    y = np.sqrt(x - x)
    y[:] = x
    return y


def jittered(x: Any) -> Any:
    return x + np.random.default_rng().normal()


def in_part(x: Any, y: Any) -> Any:
    return x * np.asarray(y)


@pytest.mark.parametrize(
    ("fn", "n", "kind"),
    [
        (np.exp, 1, "differentiable"), (np.multiply, 2, "differentiable"),
        (np.fft.fft, 1, "differentiable"), (np.argsort, 1, "constant"), (np.floor, 1, "constant"),
        (np.asarray, 1, "raises"), (in_part, 2, "differentiable"), (detaching, 1, "detached"),
        (slightly_wrong, 1, "wrong"), (another_value, 1, "wrong"),
        (another_value_of_constants, 1, "wrong"), (another_pole, 1, "wrong"),
        (masked, 1, "nan"), (jittered, 1, "random"),
    ],
)  # fmt: skip
def test_a_call_is_held_to_the_law(fn: Any, n: int, kind: str) -> None:
    arguments = call(*(np.array([0.2, 0.7, 0.4]) + i for i in range(n)))
    assert scipy_calls.outcome_of("f", fn, arguments).kind == kind


def test_values_are_compared_for_all_arguments_that_are_tried() -> None:
    calls = [call(np.full(n, 0.5)) for n in (2, 3, 4)]
    assert scipy_calls.best("f", np.exp, calls).kind == "differentiable"
    assert scipy_calls.best("f", another_value_of_long_ones, calls).kind == "wrong"
    assert scipy_calls.best("f", another_value_of_long_ones, calls[:2]).kind == "differentiable"


def test_what_is_in_part_is_said() -> None:
    outcome = scipy_calls.outcome_of("f", in_part, call(np.ones(2), np.ones(2)))
    assert outcome.detail.startswith("argument 1 raises TypeError: conversion to a NumPy array")


def test_a_call_without_arrays_is_no_call() -> None:
    assert scipy_calls.outcome_of("f", np.arange, call(3)).kind == "no array"
    assert scipy_calls.outcome_of("f", np.arange, call("x")).kind == "no array"
    assert scipy_calls.outcome_of("f", np.linalg.inv, call(np.ones(3))).kind == "not called"
