"""Every public function of SciPy and scikit-learn, called with tensors that require grad.

What is called is found by enumeration, and its arguments by trying: NAMED says what a parameter of
a name takes, ARGUMENTS what a function takes that needs something else, and NumPy decides what
fits.  A call is held to one law: **the gradient is that of the values, or there is an error**.  A
result that is no tensor, or that does not require grad, is a gradient of zero: if differences find
another one, the graph has been cut in silence.

    SCIPY_ARRAY_API=1 python tests/scipy_calls.py [--write] [--only WORD]

prints a line for each call; `--write` makes docs/coverage_scipy.md of them, which
tests/test_scipy.py reads.  It imports minigrad, SciPy and scikit-learn.
"""

from __future__ import annotations

import argparse
import contextlib
import importlib
import inspect
import itertools
import os
import re
import signal
import sys
import warnings
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

os.environ.setdefault("SCIPY_ARRAY_API", "1")  # SciPy reads it when it is imported

import numpy as np

import minigrad as mg
from minigrad.testing import check_grads

PAGE = Path(__file__).parents[1] / "docs" / "coverage_scipy.md"
SECONDS = 5  # for one call
RTOL = 1e-6  # beside the error of the difference: iterations stop somewhere

# ---------------------------------------------------------------------------------------------
# One call


class Outcome(NamedTuple):
    """What became of a call."""

    name: str
    kind: str  # one of KINDS
    detail: str = ""


KINDS = {
    "differentiable": "the gradient is that of the values",
    "constant": "runs, and the result does not vary: truth values, indices, counts",
    "raises": "an error, which says why",
    "not called": "no arguments found with which NumPy's arrays are accepted",
    "rough": "runs, but differences tell no derivative",
    "wrong": "the gradient or the value is wrong",
    "detached": "the graph is cut without an error",
}
RUN = ("differentiable", "constant")


class Place(NamedTuple):
    """Where in the arguments a floating array was."""

    number: int


class Arguments(NamedTuple):
    """The arguments of one call."""

    args: tuple[Any, ...]
    kwargs: dict[str, Any]


def call(*args: Any, **kwargs: Any) -> Arguments:
    """The arguments of one call."""
    return Arguments(args, kwargs)


class Program:
    """A call, as a function of the floating arrays in it, of which the result is one vector."""

    def __init__(self, fn: Callable[..., Any], arguments: Arguments) -> None:
        self.fn = fn
        self.xs: list[Any] = []
        self.template = self._places(tuple(arguments))
        self.here = self._vector(self.xs)
        self.keep = np.flatnonzero(np.isfinite(self.here))
        if not self.keep.size:
            raise ValueError("the result has no finite number")

    def _places(self, value: Any) -> Any:
        if isinstance(value, np.ndarray) and value.dtype.kind == "f":
            self.xs.append(value)
            return Place(len(self.xs) - 1)
        if type(value) in (list, tuple):
            return type(value)(map(self._places, value))
        if type(value) is dict:
            return {k: self._places(v) for k, v in value.items()}
        return value

    def _filled(self, value: Any, xs: Sequence[Any]) -> Any:
        if type(value) is Place:
            return xs[value.number]
        if type(value) in (list, tuple):
            return type(value)(self._filled(v, xs) for v in value)
        if type(value) is dict:
            return {k: self._filled(v, xs) for k, v in value.items()}
        if isinstance(value, np.ndarray):
            tensors = any(isinstance(x, mg.Tensor) for x in xs)
            return mg.asarray(value.copy()) if tensors else value.copy()
        return value

    def _vector(self, xs: Sequence[Any]) -> Any:
        args, kwargs = self._filled(self.template, xs)
        found = list(numbers(self.fn(*args, **kwargs)))
        if not found:
            raise ValueError("the result has no numbers")
        parts = [real for part in found for real in reals(part)]
        return np.concatenate([part.reshape(-1) for part in parts])

    def __call__(self, *xs: Any) -> Any:
        """The numbers that the result has, of tensors where one of `xs` is one."""
        if any(isinstance(x, mg.Tensor) for x in xs):
            xs = tuple(x if isinstance(x, mg.Tensor) else mg.asarray(np.array(x)) for x in xs)
        else:
            xs = tuple(np.array(x) for x in xs)
        return self._vector(xs)[self.keep]


def numbers(result: Any) -> Iterator[Any]:
    """The arrays and numbers that there are in a result, in order."""
    if isinstance(result, (mg.Tensor, np.ndarray, np.generic, float, complex, int)):
        if isinstance(result, mg.Tensor) or np.asarray(result).dtype.kind in "biufc":
            yield result if isinstance(result, (mg.Tensor, np.ndarray)) else np.asarray(result)
    elif isinstance(result, (list, tuple)):
        for part in result:
            yield from numbers(part)
    elif isinstance(result, dict):
        for key in result:
            yield from numbers(result[key])
    elif hasattr(result, "as_quat"):
        yield result.as_quat()
    elif type(result).__module__.startswith("scipy.") and hasattr(result, "__dict__"):
        public = {k: v for k, v in vars(result).items() if not k.startswith("_")}
        yield from numbers(public)


def reals(part: Any) -> list[Any]:
    """A part of a result as floating numbers; a complex one as two."""
    if part.dtype.kind == "c":
        return [np.real(part), np.imag(part)]
    return [part if part.dtype.kind == "f" else part.astype(float)]


class Slow(Exception):
    """A call took too long."""


@contextlib.contextmanager
def limited(seconds: float) -> Iterator[None]:
    """Raise Slow after some seconds."""

    def stop(*_: Any) -> None:
        raise Slow(f"more than {seconds} s")

    before = signal.signal(signal.SIGALRM, stop)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def outcome_of(name: str, fn: Callable[..., Any], arguments: Arguments) -> Outcome | None:
    """What becomes of a call; None if NumPy's arrays are not accepted either."""
    try:
        with limited(SECONDS):
            program = Program(fn, arguments)
    except (Exception, SystemExit):
        return None
    if not program.xs:
        return None
    each = [by_one(name, program, i) for i in range(len(program.xs))]
    for kind in ("wrong", "detached", "rough"):
        for outcome in each:
            if outcome.kind == kind:
                return outcome
    refused = [f"argument {i}: {o.detail}" for i, o in enumerate(each) if o.kind == "raises"]
    if len(refused) == len(each):
        return each[0]
    kinds = {outcome.kind for outcome in each}
    kind = "differentiable" if "differentiable" in kinds else "constant"
    return Outcome(name, kind, "; ".join(refused))


def by_one(name: str, program: Program, i: int) -> Outcome:
    """What becomes of a call with one tensor that requires grad."""
    xs = program.xs

    def f(x: Any) -> Any:
        return program(*xs[:i], x, *xs[i + 1 :])

    try:
        with limited(SECONDS):
            y = f(mg.tensor(xs[i], requires_grad=True))
    except Slow as error:
        return Outcome(name, "rough", str(error))
    except Exception as error:
        return Outcome(name, "raises", reason(error))
    expected = f(xs[i])
    value = y.detach().numpy() if isinstance(y, mg.Tensor) else y
    if value.shape != expected.shape or not np.allclose(value, expected, RTOL, 1e-9):
        return Outcome(name, "wrong", f"argument {i}: value {short(value)}, not {short(expected)}")
    follows = isinstance(y, mg.Tensor) and y.requires_grad
    message = ""
    for step in (1e-2, 1e-3, 1e-4):
        try:
            with limited(10 * SECONDS):
                if follows:
                    check_grads(f, xs[i], order=1, rtol=RTOL, step=step)
                else:
                    check_grads(lambda x: f(x) if isinstance(x, np.ndarray) else 0 * x.sum() + y,
                                xs[i], order=1, rtol=RTOL, step=step)
        except AssertionError as error:
            message = str(error).partition("\n")[0]
            if "cannot be checked" not in message:
                kind = "wrong" if follows else "detached"
                return Outcome(name, kind, f"argument {i}: {message.partition(' is ')[2]}")
        except Slow as error:
            return Outcome(name, "rough", str(error))
        except Exception as error:
            return Outcome(name, "raises", f"backward: {reason(error)}")
        else:
            return Outcome(name, "differentiable" if follows else "constant")
    return Outcome(name, "rough", f"argument {i}: {message.partition(' cannot be ')[2]}")


def reason(error: BaseException) -> str:
    """An error in one line."""
    text = re.sub(r"\s+", " ", f"{type(error).__name__}: {error}".strip())
    return text if len(text) <= 160 else text[:157] + "..."


def short(value: Any) -> str:
    """The first numbers of an array, and its shape."""
    return f"{np.array2string(value.reshape(-1)[:3], precision=4)} of shape {value.shape}"


# ---------------------------------------------------------------------------------------------
# Arguments


def array(*shape: int, seed: int = 0) -> Any:
    """Numbers between 0.15 and 0.85, which most functions are defined and smooth at."""
    return np.random.default_rng([seed, *shape]).uniform(0.15, 0.85, shape)


def spd(n: int, seed: int = 0) -> Any:
    """A symmetric positive definite matrix."""
    a = array(n, n, seed=seed)
    return a @ a.T + np.eye(n)


FORMS: list[Callable[[int], Any]] = [  # what all arrays of a call are: the i-th
    lambda i: array(8, seed=i),
    lambda i: array(6, 3, seed=i),
    lambda i: array(seed=i),
    lambda i: spd(3, seed=i),
    lambda i: array(8, seed=0) if i == 0 else array(seed=i),
    lambda i: array(24, seed=i),
    lambda i: array(6, 3, seed=0) if i == 0 else array(6, seed=i),
    lambda i: spd(3) if i == 0 else array(3, seed=i),
    lambda i: array(7, 7, seed=i) if i == 0 else array(3, 3, seed=i),
]
INTEGERS = "the last one an integer"

NAMED: dict[str, Any] = {}
ARGUMENTS: dict[str, Any] = {}


def required(fn: Callable[..., Any]) -> list[str] | None:
    """The names of the parameters that a call must give."""
    ufunc = inspect.unwrap(fn)
    if isinstance(ufunc, np.ufunc):
        return [f"x{i}" for i in range(ufunc.nin)]
    try:
        parameters = inspect.signature(fn).parameters.values()
    except (TypeError, ValueError):
        return None
    names = [p.name for p in parameters if p.default is p.empty and p.kind is not p.VAR_KEYWORD]
    return [re.sub("^(args|samples|arrays|sample)$", "x", name) for name in names]


def candidates(name: str, fn: Callable[..., Any]) -> Iterator[Arguments]:
    """Arguments that a function may accept."""
    if name in ARGUMENTS:
        given = ARGUMENTS[name]
        yield from given if isinstance(given, list) else [given]
        return
    names = required(fn)
    if not names:
        return
    for form in FORMS:
        yield call(*(NAMED.get(p, None) or form(i) for i, p in enumerate(names)))
    

MODULES = (
    "cluster.hierarchy cluster.vq constants differentiate fft integrate interpolate linalg ndimage "
    "optimize optimize.elementwise signal signal.windows spatial spatial.distance "
    "spatial.transform special stats stats.contingency"
).split()


def scipy_functions() -> Iterator[tuple[str, Callable[..., Any]]]:
    """Every public function of SciPy's modules."""
    for module in MODULES:
        found = importlib.import_module(f"scipy.{module}")
        for name in found.__all__:
            fn = getattr(found, name)
            if callable(fn) and not inspect.isclass(fn) and not inspect.ismodule(fn):
                yield f"{module}.{name}", fn


def explore(only: str = "") -> Iterator[Outcome]:
    for name, fn in scipy_functions():
        if only in name:
            yield best(name, fn)


def best(name: str, fn: Callable[..., Any]) -> Outcome:
    """The outcome of the first call that runs; or one that is wrong; or why none runs."""
    found = Outcome(name, "not called")
    for arguments in candidates(name, fn):
        outcome = outcome_of(name, fn, arguments)
        if outcome is None:
            continue
        if outcome.kind in ("wrong", "detached", "differentiable"):
            return outcome
        if found.kind in ("not called", "rough") or (found.kind, outcome.kind) == ("raises", "constant"):
            found = outcome
    return found


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    np.seterr(all="ignore")
    n = Counter()
    import time
    for o in explore(sys.argv[1] if len(sys.argv) > 1 else ""):
        n[o.kind] += 1
        print(o.kind, o.name, o.detail, sep="\t", flush=True)
    print(n, time.process_time())
