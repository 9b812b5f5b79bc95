"""Every public function of SciPy and scikit-learn, called with tensors that require grad.

What is called is found by enumeration, and its arguments by trying: NAMED says what a parameter of
a name takes, ARGUMENTS what a function takes that needs something else, and NumPy decides what
fits.  A call is held to one law: **the values are NumPy's and the gradient is that of the values,
or there is an error**.  A result that is no tensor, or that does not require grad, is a gradient of
zero: if differences find another one, the graph has been cut in silence.  Values are compared for
all the arguments that are tried, with tensors that require grad and with such as do not.

    SCIPY_ARRAY_API=1 python tests/scipy_calls.py [--write] [--only WORD]

prints a line for each call; `--write` makes docs/coverage_scipy.md of them, which
tests/test_scipy.py reads.  It imports minigrad, SciPy and scikit-learn.
"""

from __future__ import annotations

import argparse
import contextlib
import functools
import importlib
import inspect
import json
import os
import re
import signal
import sys
import warnings
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from scipy_arguments import ARGUMENTS, NAMED, Arguments, Held, array, call, spd

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
    "random": "the result is another one at each call",
    "no array": "no argument is a floating array",
    "not called": "no arguments found with which NumPy's arrays are accepted",
    "rough": "runs, but differences tell no derivative",
    "nan": "runs, and the gradient is nan where differences tell a number",
    "wrong": "the gradient or the value is wrong",
    "detached": "the graph is cut without an error",
}
RUN = ("differentiable", "constant")


class Place(NamedTuple):
    """Where in the arguments a floating array was."""

    number: int


class Program:
    """A call, as a function of the floating arrays in it, of which the result is one vector."""

    def __init__(self, fn: Callable[..., Any], arguments: Arguments) -> None:
        self.fn = fn
        self.xs: list[Any] = []
        self.template = self._places(tuple(arguments))
        if not self.xs:
            raise NoArray
        self.here = self._vector(self.xs)
        self.keep = np.flatnonzero(np.isfinite(self.here))
        if not self.keep.size:
            raise ValueError("the result has no finite number")

    @functools.cached_property
    def is_random(self) -> bool:
        """Whether it gives another result when it is called again."""
        # Twice, since a few rows may be shuffled into the same order by chance.
        return not all(same(self._vector(self.xs), self.here, RTOL) for _ in range(2))

    def _places(self, value: Any) -> Any:
        if isinstance(value, Held):
            return Held(self._places(value.value), value)
        if isinstance(value, (np.ndarray, np.floating)) and value.dtype.kind == "f":
            self.xs.append(np.asarray(value))
            return Place(len(self.xs) - 1)
        if type(value) in (list, tuple):
            return type(value)(map(self._places, value))
        if type(value) is dict:
            return {k: self._places(v) for k, v in value.items()}
        return value

    def _filled(self, value: Any, xs: Sequence[Any]) -> Any:
        if type(value) is Place:
            return xs[value.number]
        if type(value) is Held:
            value, (constants, where) = value
            return np.where(where, constants, self._filled(value, xs))
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
        np.random.seed(0)  # noqa: NPY002  # what libraries draw from unless they are told
        parts = [real for part in numbers(self.fn(*args, **kwargs)) for real in reals(part)]
        return np.concatenate([part.reshape(-1) for part in parts])

    def all(self, *xs: Any) -> Any:
        """The numbers that the result has, of tensors where one of `xs` is one."""
        if any(isinstance(x, mg.Tensor) for x in xs):
            xs = tuple(x if isinstance(x, mg.Tensor) else mg.asarray(np.array(x)) for x in xs)
        else:
            xs = tuple(np.array(x) for x in xs)
        return self._vector(xs)

    def __call__(self, *xs: Any) -> Any:
        """Those of them that are finite."""
        return self.all(*xs)[self.keep]

    def departure(self, y: Any) -> str:
        """How what tensors give departs from what arrays give; empty if it does not."""
        value = y.detach().numpy() if isinstance(y, mg.Tensor) else y
        if same(value, self.here, 1e-9):
            return ""
        return f"value {short(value)}, not {short(self.here)}"

    def departure_of_constants(self) -> str:
        """The same, of tensors that do not require grad; they may raise."""
        try:
            with limited(SECONDS):
                y = self.all(*(mg.asarray(np.array(x)) for x in self.xs))
        except (Exception, SystemExit):
            return ""
        return self.departure(y)


def same(value: Any, expected: Any, atol: float) -> bool:
    """Whether all numbers agree, what is not finite among them."""
    return value.shape == expected.shape and np.allclose(
        value, expected, RTOL, atol, equal_nan=True
    )


APPROXIMATE = {"error", "nfev", "nit", "f_x", "xl", "xr", "fl", "fr", "bracket", "f_bracket"}


def numbers(result: Any) -> Iterator[Any]:
    """The arrays and numbers that there are in a result, in order."""
    if isinstance(result, (mg.Tensor, np.ndarray, np.generic, float, complex, int)):
        yield result if isinstance(result, (mg.Tensor, np.ndarray)) else np.asarray(result)
    elif isinstance(result, (list, tuple)):
        for part in result:
            yield from numbers(part)
    elif isinstance(result, dict):
        for key in result:
            if key not in APPROXIMATE:
                yield from numbers(result[key])
    elif type(result).__name__ in ("Rotation", "RigidTransform"):
        yield result.as_matrix()
    elif type(result).__module__.startswith("scipy.") and hasattr(result, "__dict__"):
        public = {k: v for k, v in vars(result).items() if not k.startswith("_")}
        yield from numbers(public)


def reals(part: Any) -> list[Any]:
    """A part of a result as floating numbers; a complex one as two."""
    if part.dtype.kind not in "biufc":
        return []
    if part.dtype.kind == "c":
        imaginary = np.imag(part)
        is_real = not mg.asarray(imaginary).detach().numpy().any()  # NumPy's roots then are, too
        return [np.real(part)] if is_real else [np.real(part), imaginary]
    return [part if part.dtype.kind == "f" else part.astype(float)]


class NoArray(Exception):
    """No argument is a floating array."""


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


def outcome_of(
    name: str, fn: Callable[..., Any], arguments: Arguments, by_gradient: bool = True
) -> Outcome:
    """What becomes of a call; its value alone is looked at unless `by_gradient`."""
    try:
        with limited(SECONDS):
            program = Program(fn, arguments)
    except NoArray:
        return Outcome(name, "no array")
    except (Exception, SystemExit) as error:
        return Outcome(name, "not called", reason(error))
    departure = program.departure_of_constants()
    if (departure or by_gradient) and program.is_random:
        return Outcome(name, "random")
    if departure:
        return Outcome(name, "wrong", f"of constants: {departure}")
    if not by_gradient:
        return Outcome(name, "not differentiated")
    each = [by_one(name, program, i) for i in range(len(program.xs))]
    for kind in ("wrong", "detached", "nan", "rough"):
        for outcome in each:
            if outcome.kind == kind:
                return outcome
    kinds = {outcome.kind for outcome in each}
    if "raises" in kinds and "differentiable" not in kinds:  # what does not vary is no merit then
        return next(outcome for outcome in each if outcome.kind == "raises")
    notes = [
        f"argument {i} raises {o.detail}" if o.kind == "raises" else o.detail
        for i, o in enumerate(each)
    ]
    kind = "differentiable" if "differentiable" in kinds else "constant"
    return Outcome(name, kind, "; ".join(filter(None, notes)))


def by_one(name: str, program: Program, i: int) -> Outcome:
    """What becomes of a call with one tensor that requires grad."""
    xs = program.xs
    note = ""

    def f(x: Any) -> Any:
        return program(*given(x))

    def given(x: Any) -> list[Any]:
        if note and isinstance(x, mg.Tensor):
            x = x.copy()
        return [*xs[:i], x, *xs[i + 1 :]]

    try:
        with limited(SECONDS):
            try:
                y = program.all(*given(mg.tensor(xs[i], requires_grad=True)))
            except RuntimeError as error:
                if "leaf that requires grad" not in str(error):
                    raise
                note = f"argument {i} is written to: give it x.copy()"
                y = program.all(*given(mg.tensor(xs[i], requires_grad=True)))
    except Slow as error:
        return Outcome(name, "rough", str(error))
    except Exception as error:
        return Outcome(name, "raises", reason(error))
    if departure := program.departure(y):
        return Outcome(name, "wrong", f"argument {i}: {departure}")
    y = y[program.keep]
    follows = isinstance(y, mg.Tensor) and y.requires_grad
    message = ""
    for step in (1e-2, 1e-3, 1e-4):
        try:
            with limited(10 * SECONDS):
                if follows:
                    check_grads(f, xs[i], order=1, rtol=RTOL, step=step)
                else:
                    check_grads(
                        lambda x: f(x) if isinstance(x, np.ndarray) else 0 * x.sum() + y,
                        xs[i],
                        order=1,
                        rtol=RTOL,
                        step=step,
                    )
        except AssertionError as error:
            message = str(error).partition("\n")[0]
            if "cannot be checked" not in message:
                found = message.partition(" is ")[2]
                kind = "nan" if found.startswith("nan") else "wrong" if follows else "detached"
                return Outcome(name, kind, f"argument {i}: {found}")
        except Slow as error:
            return Outcome(name, "rough", str(error))
        except Exception as error:
            return Outcome(name, "raises", f"backward: {reason(error)}")
        else:
            return Outcome(name, "differentiable" if follows else "constant", note)
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

FORMS: list[Callable[[int], Any]] = [  # what the arrays of a call are: the i-th
    lambda i: array(8, seed=i),
    lambda i: array(6, 3, seed=i),
    lambda i: array(seed=i),
    lambda i: spd(3, seed=i),
    lambda i: array(8) if i == 0 else array(seed=i),
    lambda i: array(24, seed=i),
    lambda i: array(6, 3) if i == 0 else array(6, seed=i),
    lambda i: spd(3) if i == 0 else array(3, seed=i),
    lambda i: array(7, 7) if i == 0 else array(3, 3, seed=i),
    lambda i: array(4, seed=i),
    lambda i: array(2, 6, seed=i),
    lambda i: array(2, 4, seed=i),
    lambda i: array(2, 3, seed=i),
    lambda i: 2 if i == 0 else array(8, seed=i),
    lambda i: 2 - i if i < 2 else array(8, seed=i),
    lambda i: 3,
]
SAMPLES = 3  # how many arrays a function of any number of them is given


def required(fn: Callable[..., Any]) -> list[str]:
    """The names of the arguments that a call must have; x for each of any number."""
    ufunc = inspect.unwrap(fn)
    if isinstance(ufunc, np.ufunc):
        return ["x"] * ufunc.nin
    try:
        parameters = inspect.signature(fn).parameters.values()
    except (TypeError, ValueError):
        return []
    names = []
    for p in parameters:
        if p.kind is p.VAR_POSITIONAL and isinstance(fn, functools.partial):
            break  # only what a method must have
        if p.kind is p.VAR_POSITIONAL:
            names += ["x"] * SAMPLES
        elif p.default is p.empty and p.kind is p.POSITIONAL_OR_KEYWORD:
            names.append(p.name)
    return names


def candidates(name: str, fn: Callable[..., Any], named: dict[str, Any]) -> Iterator[Arguments]:
    """Arguments that a function may accept."""
    if name in ARGUMENTS:
        given = ARGUMENTS[name]
        yield from given if isinstance(given, list) else [given]
    elif names := required(fn):
        for form in FORMS:
            yield call(*(named.get(p) if p in named else form(i) for i, p in enumerate(names)))


def best(name: str, fn: Callable[..., Any], calls: Iterable[Arguments]) -> Outcome:
    """The outcome of the first call that has a derivative, or why none has; or of a wrong one."""
    rank = ["not differentiated", "not called", "no array", "random", "rough", "raises", "constant",
            "differentiable", "nan", "detached", "wrong"]  # fmt: skip
    found = Outcome(name, "not called")
    for arguments in calls:
        undecided = rank.index(found.kind) < rank.index("differentiable")
        outcome = outcome_of(name, fn, arguments, by_gradient=undecided)
        if rank.index(outcome.kind) > rank.index(found.kind):
            found = outcome
    return found


# ---------------------------------------------------------------------------------------------
# SciPy

MODULES = [
    "cluster.hierarchy", "cluster.vq", "constants", "differentiate", "fft", "integrate",
    "interpolate", "linalg", "ndimage", "optimize", "optimize.elementwise", "signal",
    "signal.windows", "spatial", "spatial.distance", "spatial.transform", "special", "stats",
    "stats.contingency",
]  # fmt: skip

Named = tuple[str, Callable[..., Any]]


def of_scipy() -> Iterator[Named]:
    """Every public function of SciPy's modules, and what its classes do."""
    for module in MODULES:
        found = importlib.import_module(f"scipy.{module}")
        for name in found.__all__:
            yield from calls_of(f"{module}.{name}", getattr(found, name))
        for name in ARGUMENTS:
            if name.startswith(f"{module}.") and " " in name:
                yield name, getattr(found, name.split()[0].removeprefix(f"{module}."))


def calls_of(name: str, found: Any) -> Iterator[Named]:
    """The function that a name stands for, or those that a class or distribution has."""
    if name == "spatial.transform.Slerp":
        yield name, slerp
        return
    if inspect.ismodule(found) or not callable(found):
        return
    if name.startswith("spatial.transform.") and hasattr(found, "from_matrix"):
        yield from methods_of(name, found)
    elif hasattr(found, "cdf") and hasattr(found, "shapes"):
        yield f"{name}.cdf", with_shapes(found)
    elif hasattr(found, "pdf") and not inspect.isclass(found):
        yield f"{name}.pdf", found.pdf
    elif not inspect.isclass(found):
        yield name, found
    elif any("__call__" in vars(base) for base in found.__mro__):
        yield name, called(found)


def called(cls: Any) -> Callable[..., Any]:
    """What an object of a class, made of all arguments but the last, makes of the last."""

    def applied(*args: Any) -> Any:
        *given, x = args
        return cls(*given)(*x) if isinstance(x, tuple) else cls(*given)(x)

    applied.__signature__ = inspect.Signature()  # type: ignore[attr-defined]  # nothing by trying
    return applied


def with_shapes(distribution: Any) -> Callable[..., Any]:
    """The cumulative distribution function, of its shape parameters, too."""
    parameters = ["x", *filter(None, re.split(r",\s*", distribution.shapes or ""))]

    def cdf(*args: Any) -> Any:
        return distribution.cdf(*args)

    cdf.__signature__ = inspect.Signature(  # type: ignore[attr-defined]
        [inspect.Parameter(p, inspect.Parameter.POSITIONAL_OR_KEYWORD) for p in parameters]
    )
    return cdf


def methods_of(name: str, cls: Any) -> Iterator[Named]:
    """Those of a class of transforms; an object is made of what is the first argument."""
    make = getattr(cls, "from_exp_coords", None) or cls.from_quat
    if name.endswith("Rotation"):
        yield f"{name}.__mul__", product
    for method in dir(cls):
        if (method.startswith("_") and method != "__pow__") or not callable(getattr(cls, method)):
            continue
        if method.startswith("from_") or method in ("align_vectors", "create_group", "identity"):
            yield f"{name}.{method}", getattr(cls, method)
        elif method not in ("random", "concatenate"):
            yield f"{name}.{method}", functools.partial(of_object, make, method)


def slerp(times: Any, quaternions: Any, at: Any) -> Any:
    """Rotations between others."""
    from scipy.spatial.transform import Rotation, Slerp

    return Slerp(times, Rotation.from_quat(quaternions))(at)


def product(p: Any, q: Any) -> Any:
    """One rotation after another."""
    from scipy.spatial.transform import Rotation

    return Rotation.from_quat(p) * Rotation.from_quat(q)


def of_object(make: Callable[..., Any], method: str, x: Any, *args: Any) -> Any:
    """What a method of an object made of x returns."""
    return getattr(make(x), method)(*args)


# ---------------------------------------------------------------------------------------------
# scikit-learn

CLASSES_OF = np.array([0, 1, 0, 1, 1, 0, 1, 0])
LABELS = np.array([0, 1, 1, 1, 1, 0, 0, 0])
V, W = array(8), array(8, seed=1)
LEARNED: list[dict[str, Any]] = [  # what the parameters of a function are called, and hold
    {"y_true": V, "y_pred": W, "y_score": W, "X": array(8, 3), "y": V, "Y": array(8, 3, seed=1),
     "x": V, "cov": spd(3), "emp_cov": spd(3), "precision": spd(3), "K": spd(3), "groups": LABELS},
    {"y_true": CLASSES_OF, "y_pred": LABELS, "y_score": V, "y_prob": V, "y_proba": V,
     "probas_pred": V, "pred_decision": V, "y1": LABELS, "y2": CLASSES_OF, "X": array(8, 3),
     "y": CLASSES_OF, "Y": array(8, 3), "labels": LABELS, "labels_true": LABELS, "x": V,
     "labels_pred": CLASSES_OF, "classes": np.array([0, 1]), "recall": np.sort(V)},
    {"y_true": np.eye(2)[LABELS], "y_pred": array(8, 2), "y_score": array(8, 2), "X": V, "y": V},
    {"y_true": LABELS, "y_pred": V, "y_score": array(8, 2), "X": spd(4), "Y": spd(4)},
]  # fmt: skip
SETTINGS: dict[str, dict[str, Any]] = {  # of an estimator: what the standard is supported for
    "LinearDiscriminantAnalysis": {"solver": "svd"},
    "LogisticRegression": {"solver": "lbfgs"},
    "PCA": {"svd_solver": "full", "n_components": 2},
    "Ridge": {"solver": "svd"},
    "GaussianMixture": {"n_components": 2, "init_params": "random", "random_state": 0},
    "Nystroem": {"kernel": "rbf", "n_components": 4, "random_state": 0},
}
METHODS = (
    "transform",
    "predict",
    "predict_proba",
    "predict_log_proba",
    "decision_function",
    "score_samples",
    "inverse_transform",
    "score",
)


def of_scikit_learn() -> Iterator[tuple[str, Callable[..., Any], list[Arguments]]]:
    """Every function of scikit-learn's, and every method of estimators that know the standard."""
    import sklearn
    from sklearn.utils.discovery import all_estimators, all_functions

    def dispatched(fn: Callable[..., Any]) -> Callable[..., Any]:
        def applied(*args: Any, **kwargs: Any) -> Any:
            with sklearn.config_context(array_api_dispatch=True):
                return fn(*args, **kwargs)

        return applied

    for _, fn in all_functions():
        module = fn.__module__.split(".")[1]
        if module in ("datasets", "utils", "_config"):  # no mathematics
            continue
        names = required(fn)
        calls = [call(*(group[n] for n in names)) for group in LEARNED if set(names) <= set(group)]
        name = f"{module}.{fn.__name__}"
        yield name, dispatched(fn), calls if names else []
    for name, cls in all_estimators():
        module = cls.__module__.split(".")[1]
        try:
            estimator = cls(**SETTINGS.get(name, {}))
            tags = estimator.__sklearn_tags__()
        except Exception:  # it needs others
            continue
        if not tags.array_api_support:
            continue
        y = V if tags.estimator_type == "regressor" else CLASSES_OF
        X = spd(8) if name == "KernelCenterer" else array(8, 3)
        arguments = [call(y)] if name == "LabelEncoder" else [call(X, y)]

        def fitted(*args: Any, cls: Any = cls, name: str = name) -> Any:
            model = cls(**SETTINGS.get(name, {})).fit(*args)
            return {k: v for k, v in vars(model).items() if k.endswith("_") and k != "n_iter_"}

        yield f"{module}.{name}.fit", dispatched(fitted), arguments
        for method in METHODS:
            if hasattr(estimator, method):

                def applied(
                    *args: Any, cls: Any = cls, name: str = name, method: str = method
                ) -> Any:
                    model = cls(**SETTINGS.get(name, {})).fit(*args)
                    if method == "inverse_transform":
                        return model.inverse_transform(model.transform(args[0]))
                    if method == "score":
                        return model.score(*args)
                    return getattr(model, method)(args[0])

                yield f"{module}.{name}.{method}", dispatched(applied), arguments


# ---------------------------------------------------------------------------------------------
# The page


def outcomes(only: str = "") -> Iterator[Outcome]:
    """What becomes of each call whose name matches."""
    warnings.simplefilter("ignore")
    with np.errstate(all="ignore"), open(os.devnull, "w") as nowhere:
        for name, fn in of_scipy():
            if re.search(only, f"scipy.{name}"):
                with contextlib.redirect_stdout(nowhere):
                    outcome = best(f"scipy.{name}", fn, candidates(name, fn, NAMED))
                yield outcome
        for name, fn, calls in of_scikit_learn():
            if re.search(only, f"sklearn.{name}"):
                yield best(f"sklearn.{name}", fn, calls)


REASONS = {  # what an error says, and what it means
    "conversion to a NumPy array": "the library computes with NumPy's arrays: the tensor refuses",
    r"(float|complex)\(x\) would": "the library makes a Python number of it: the tensor refuses",
    "out= would": "the library writes a result into an array of NumPy's",
    "has no derivative": "a function of NumPy's or SciPy's without a rule",
    "has no attribute|has no '": "the library asks for the memory of an array",
    "only floating results": "the library makes integers or truth values of it",
    "Multiple namespaces": "the library mixes arrays of its own with the tensor",
    "bytes-like|must be ndarrays|instance of|incompatible function|could not convert|common type|"
    "proper array|converted to double": "the library takes NumPy's arrays only",
}


def meaning(detail: str) -> str:
    """Why a call raises, in the words of the page."""
    for pattern, words in REASONS.items():
        if re.search(pattern, detail):
            return words
    return "another error"


def works(page: str) -> set[str]:
    """The names that a page says work."""
    listed = page.partition("## What works")[2].partition("## ")[0]
    lines = re.findall(r"^- `([\w.]+)`: (.*)$", listed, re.MULTILINE)
    return {f"{module}.{name}" for module, names in lines for name in re.findall("`(.*?)`", names)}


def in_part(found: Iterable[Outcome]) -> list[str]:
    """For each reason why arguments raise, the functions, and which of their arguments."""
    lines: dict[str, list[str]] = {}
    for outcome in found:
        refused = re.findall(r"argument (\d+) raises (.*?)(?=; argument|$)", outcome.detail)
        for why in dict.fromkeys(meaning(error) for _, error in refused):
            its = ", ".join(number for number, error in refused if meaning(error) == why)
            lines.setdefault(why, []).append(f"`{outcome.name}` ({its})")
        if not refused:
            lines.setdefault(outcome.detail, []).append(f"`{outcome.name}`")
    return [f"- {why}: {', '.join(names)}" for why, names in lines.items()]


def by_module(found: Iterable[Outcome]) -> list[str]:
    """A line for each module, with the names in it."""
    lines: dict[str, list[str]] = {}
    for outcome in found:
        module, name = split(outcome.name)
        lines.setdefault(module, []).append(
            f"`{name}`" + ("°" if outcome.kind == "constant" else "")
        )
    return [f"- `{module}`: {', '.join(names)}" for module, names in lines.items()]


def split(name: str) -> tuple[str, str]:
    """The module, and the name in it, which may be a method's."""
    parts = name.split(".")
    n = next((i for i, part in enumerate(parts) if part[0].isupper()), len(parts) - 1)
    n = len(parts) - 2 if parts[-1] in ("cdf", "pdf") else n
    return ".".join(parts[:n]), ".".join(parts[n:])


def table(found: Sequence[Outcome]) -> list[str]:
    """How many of each kind there are, for each module."""
    counts: dict[str, Counter[str]] = {}
    for outcome in found:
        library = outcome.name.partition(".")[0]
        for place in (library, split(outcome.name)[0]):
            counts.setdefault(place, Counter())[outcome.kind] += 1
    kinds = list(KINDS)
    rows = [f"| | found | {' | '.join(kinds)} |", "|---" * (len(kinds) + 2) + "|"]
    for place, of in counts.items():
        numbers = " | ".join(str(of[kind] or "") for kind in kinds)
        shown = f"**{place}**" if "." not in place else f"`{place}`"
        rows.append(f"| {shown} | {of.total()} | {numbers} |")
    return rows


def page(found: Sequence[Outcome]) -> str:
    """The page that says what works."""
    import scipy
    import sklearn

    of_kind = {kind: [o for o in found if o.kind == kind] for kind in KINDS}
    raising: dict[str, list[Outcome]] = {}
    for outcome in of_kind["raises"]:
        raising.setdefault(meaning(outcome.detail), []).append(outcome)
    lines = [
        "# Through SciPy and scikit-learn: what works",
        "",
        "Every public function of SciPy's modules that may take an array of floating numbers, and "
        "of scikit-learn's,",
        "was called with tensors that require grad, by",
        "`SCIPY_ARRAY_API=1 python tests/scipy_calls.py --write`,",
        f"with SciPy {scipy.__version__}, scikit-learn {sklearn.__version__} and NumPy "
        f"{np.__version__}.",
        "SciPy looks for the library of its arguments where `SCIPY_ARRAY_API=1` is set before it "
        "is imported,",
        "scikit-learn within `sklearn.config_context(array_api_dispatch=True)`.",
        "",
        "Values were held against those of NumPy's arrays, for tensors that require grad and for "
        "such as do not, and each gradient against differences; where none comes out, differences "
        "must be 0.",
        "**No call cuts the graph in silence**: what neither library can pass on raises.",
        "",
        *(f"- *{kind}*: {what}" for kind, what in KINDS.items()),
        "",
        *table(found),
        "",
        "## What works",
        "",
        "What is marked with ° runs, and does not vary with its arguments.",
        "",
        *by_module(o for o in found if o.kind in RUN),
        "",
        "## In part",
        "",
        "By some of their arguments these raise, or need a word.",
        "The floating arrays among the arguments are counted, from 0.",
        "",
        *in_part([o for o in found if o.kind in RUN and o.detail]),
        "",
        "## Gradients that are nan",
        "",
        "The library computes 0/0, or a function at nan or infinity, in elements that it replaces "
        "afterwards, or gives a weight of 0;",
        "the chain rule multiplies what flows there, which is 0, with a slope that is not finite.",
        "As an operation of its own, made with `minigrad.primitive`, such a call has the gradient "
        "that its rule computes.",
        "",
        *(f"- `{o.name}`: by {o.detail.partition(':')[0]}" for o in of_kind["nan"]),
        "",
        "## What raises, and why",
        "",
    ]
    for words, its in sorted(raising.items(), key=lambda item: -len(item[1])):
        lines += [f"### {words[0].upper()}{words[1:]} ({len(its)})", "", *by_module(its), ""]
    lines += ["## What was not called", ""]
    for kind in ("no array", "random", "rough", "not called"):
        if of_kind[kind]:
            lines += [f"### {KINDS[kind].capitalize()} ({len(of_kind[kind])})", ""]
            lines += [*by_module(of_kind[kind]), ""]
    return "\n".join(lines).rstrip() + "\n"


def main() -> None:
    """Run the program."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--write", action="store_true", help=f"write docs/{PAGE.name}")
    parser.add_argument("--json", action="store_true", help="print the outcomes as JSON")
    parser.add_argument("--only", default="", help="names that match")
    options = parser.parse_args()
    if os.environ.get("SCIPY_ARRAY_API") != "1":
        parser.error("SciPy reads SCIPY_ARRAY_API=1 when it is imported: set it before")
    found = []
    for outcome in outcomes(options.only):
        found.append(outcome)
        if not options.json:
            print(f"{outcome.kind:15} {outcome.name}  {outcome.detail}", flush=True)
    if options.json:
        json.dump(found, sys.stdout)
    else:
        print(dict(Counter(outcome.kind for outcome in found)))
    if options.write:
        PAGE.write_text(page(found))


if __name__ == "__main__":
    main()
