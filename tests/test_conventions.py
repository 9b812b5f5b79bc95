"""Values at kinks, poles and ties: one row for each point that property tests have to leave out.

A row says what is computed, where, what comes out and what its gradients are.  docs/conventions.md
is the same table for users.
"""

import contextlib
import itertools
import warnings
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
import pytest

import minigrad as mg
import minigrad.nn.functional as F
from minigrad.testing import Edge, call, check_edges

inf, nan = np.inf, np.nan


class Row(NamedTuple):
    """f(*inputs) is `value`, and the sum of its elements has these `grads` by the inputs."""

    id: str
    f: Callable[..., Any]
    inputs: tuple[Any, ...]
    value: Any
    grads: tuple[Any, ...]
    warns: bool = False  # NumPy itself may warn where the value is computed: log(0), 0 / 0


def written(x: Any, index: Any, value: Any) -> Any:
    """A copy of x after x[index] = value."""
    y = x.copy()
    y[index] = value
    return y


# fmt: off
CHOICES = [
    Row("max: tie", np.max, ([1, 3, 3],), 3, ([0, .5, .5],)),
    Row("min: tie", np.min, ([3, 1, 1],), 1, ([0, .5, .5],)),
    Row("max over two axes: tie", lambda x: np.max(x, axis=(0, 1)),
        ([[1, 3], [3, 0]],), 3, ([[0, .5], [.5, 0]],)),
    Row("max over one of two axes: tie in one row", lambda x: np.max(x, axis=1, keepdims=True),
        ([[2, 2], [3, 0]],), [[2], [3]], ([[.5, .5], [1, 0]],)),
    Row("max: nan, twice", np.max, ([nan, 1, nan],), nan, ([.5, 0, .5],)),
    Row("min: nan", np.min, ([1, nan, 0],), nan, ([0, 1, 0],)),
    Row("max: infinities tie", np.max, ([inf, 1, inf],), inf, ([.5, 0, .5],)),
    Row("ptp: tie", np.ptp, ([1, 3, 3],), 2, ([-1, .5, .5],)),
    Row("ptp: constant", np.ptp, ([2, 2],), 0, ([0, 0],)),
    Row("maximum: tie", np.maximum, (2, 2), 2, (.5, .5)),
    Row("minimum: tie", np.minimum, (2, 2), 2, (.5, .5)),
    Row("maximum(x, x)", lambda x: np.maximum(x, x), (2,), 2, (1,)),
    Row("maximum(x, 0) at 0", lambda x: np.maximum(x, 0), (0,), 0, (.5,)),
    Row("maximum: tie of 0 and -0", np.maximum, (0, -0.0), 0, (.5, .5)),
    Row("maximum: nan left", np.maximum, (nan, 1), nan, (1, 0)),
    Row("maximum: nan right", np.maximum, (1, nan), nan, (0, 1)),
    Row("minimum: nan left", np.minimum, (nan, 1), nan, (1, 0)),
    Row("maximum: nan both", np.maximum, (nan, nan), nan, (.5, .5)),
    Row("fmax: tie", np.fmax, (2, 2), 2, (.5, .5)),
    Row("fmax: nan is passed over", np.fmax, (nan, 1), 1, (0, 1)),
    Row("fmin: nan is passed over", np.fmin, (1, nan), 1, (1, 0)),
    Row("fmin: nan both", np.fmin, (nan, nan), nan, (.5, .5)),
    Row("relu at 0", mg.relu, (0,), 0, (0,)),
    Row("relu at -0", mg.relu, (-0.0,), 0, (0,)),
    Row("relu of nan", mg.relu, (nan,), nan, (1,)),
    Row("relu at +-inf", mg.relu, ([inf, -inf],), [inf, 0], ([1, 0],)),
    Row("F.relu at 0", F.relu, (0,), 0, (0,)),
    Row("relu(x) - relu(-x) is x, but at 0", lambda x: mg.relu(x) - mg.relu(-x), (0,), 0, (0,)),
    Row("clip at its bounds", lambda x: np.clip(x, 0, 1), ([0, 1],), [0, 1], ([1, 1],)),
    Row("clip beyond its bounds", lambda x: np.clip(x, 0, 1), ([-1, 2],), [0, 1], ([0, 0],)),
    Row("clip: a bound that x is at", np.clip, (1, 1, 2), 1, (1, 0, 0)),
    Row("clip: a bound that x is beyond", np.clip, (3, 1, 2), 2, (0, 0, 1)),
    Row("clip: crossed bounds, the upper one holds", np.clip, (3, 2, 1), 1, (0, 0, 1)),
    Row("clip of nan", lambda x: np.clip(x, 0, 1), (nan,), nan, (1,)),
    Row("clip at one bound", lambda x: np.clip(x, 0, None), ([0, -1],), [0, 0], ([1, 0],)),
    Row("where", lambda x, y: np.where([True, False], x, y), ([1, 2], [3, 4]), [1, 4],
        ([1, 0], [0, 1])),
    Row("where: inf in the branch not taken", lambda x, y: np.where([True, False], x, y),
        ([1, inf], [nan, 4]), [1, 4], ([1, 0], [0, 1])),
    Row("where trap at -1", lambda x: np.where(x > 0, np.sqrt(x), 0), (-1,), 0, (nan,), True),
    Row("where trap at 0", lambda x: np.where(x > 0, np.sqrt(x), 0), (0,), 0, (nan,)),
    Row("double where", lambda x: np.where(x > 0, np.sqrt(np.where(x > 0, x, 1)), 0),
        ([-1, 0, 4],), [0, 0, 2], ([0, 0, .25],)),
    Row("select: the first that holds", lambda x, y: np.select([x > 0, x > 0], [x, y], 5 * x),
        ([1, -1], [3, 3]), [1, -5], ([1, 5], [0, 0])),
    Row("select trap", lambda x: np.select([x > 0], [np.sqrt(x)], 0), (0,), 0, (nan,)),
]

ROOTS_AND_NORMS = [
    Row("abs at 0", np.abs, (0,), 0, (0,)),
    Row("fabs at 0", np.fabs, (0,), 0, (0,)),
    Row("abs of nan", np.abs, (nan,), nan, (nan,)),
    Row("copysign at 0", lambda x: np.copysign(x, -1), (0,), -0.0, (0,)),
    Row("L1 loss at 0", lambda x: np.mean(np.abs(x - [1, 2])), ([1, 4],), 1, ([0, .5],)),
    Row("sqrt at 0", np.sqrt, (0,), 0, (inf,)),
    Row("sqrt of -1", np.sqrt, (-1,), nan, (nan,), True),
    Row("cbrt at 0", np.cbrt, (0,), 0, (inf,)),
    Row("sqrt of a sum of squares at 0", lambda x: np.sqrt(np.sum(x**2)), ([0, 0],), 0,
        ([nan, nan],)),
    Row("norm at 0", np.linalg.norm, ([0, 0],), 0, ([0, 0],)),
    Row("norm over an axis, one row 0", lambda x: np.linalg.norm(x, axis=1),
        ([[0, 0], [3, 4]],), [0, 5], ([[0, 0], [.6, .8]],)),
    Row("norm of nothing", np.linalg.norm, ([],), 0, ([],)),
    Row("norm, ord 2 at 0", lambda x: np.linalg.norm(x, 2), ([0, 0],), 0, ([0, 0],)),
    Row("norm, ord 1", lambda x: np.linalg.norm(x, 1), ([0, 2],), 2, ([0, 1],)),
    Row("norm, ord 1 at 0", lambda x: np.linalg.norm(x, 1), ([0, 0],), 0, ([0, 0],)),
    Row("norm, ord 1/2", lambda x: np.linalg.norm(x, 0.5), ([0, 2],), 2, ([0, 1],)),
    Row("norm, ord 1/2 at 0", lambda x: np.linalg.norm(x, 0.5), ([0, 0],), 0, ([0, 0],)),
    Row("norm, ord -1: one 0", lambda x: np.linalg.norm(x, -1), ([0, 2],), 0, ([0, 0],), True),
    Row("norm, ord 3 at 0", lambda x: np.linalg.norm(x, 3), ([0, 0],), 0, ([0, 0],)),
    Row("norm, ord 3", lambda x: np.linalg.norm(x, 3), ([0, -2],), 2, ([0, -1],)),
    Row("norm, ord inf: tie", lambda x: np.linalg.norm(x, np.inf), ([3, -3, 0],), 3,
        ([.5, -.5, 0],)),
    Row("norm, ord inf at 0", lambda x: np.linalg.norm(x, np.inf), ([0, 0],), 0, ([0, 0],)),
    Row("norm, ord -inf: tie", lambda x: np.linalg.norm(x, -np.inf), ([3, -1, 1],), 1,
        ([0, -.5, .5],)),
    Row("matrix norm fro at 0", lambda x: np.linalg.norm(x, "fro"), (np.zeros((2, 2)),), 0,
        (np.zeros((2, 2)),)),
    Row("matrix norm 1 at 0", lambda x: np.linalg.norm(x, 1), (np.zeros((2, 2)),), 0,
        (np.zeros((2, 2)),)),
    Row("matrix norm inf at 0", lambda x: np.linalg.norm(x, np.inf), (np.zeros((2, 2)),), 0,
        (np.zeros((2, 2)),)),
    Row("matrix norm 1: tied columns", lambda x: np.linalg.norm(x, 1), ([[1, 1], [-1, 1]],), 2,
        ([[.5, .5], [-.5, .5]],)),
    Row("matrix norm inf: tied rows", lambda x: np.linalg.norm(x, np.inf), ([[1, 1], [0, -2]],), 2,
        ([[.5, .5], [0, -.5]],)),
    Row("hypot at (0, 0)", np.hypot, (0, 0), 0, (0, 0)),
    Row("hypot at (0, 2)", np.hypot, (0, 2), 2, (0, 1)),
    Row("arctan2 at (0, 0)", np.arctan2, (0, 0), 0, (0, 0)),
    Row("arctan2 at (0, -1)", np.arctan2, (0, -1), np.pi, (-1, 0)),
]

LINEAR_ALGEBRA = [
    Row("det of rank n - 1", np.linalg.det, ([[1, 2], [2, 4]],), 0, ([[4, -2], [-2, 1]],)),
    Row("det of rank n - 2", np.linalg.det, (np.zeros((2, 2)),), 0, (np.zeros((2, 2)),)),
    Row("det of the number 0", np.linalg.det, ([[0]],), 0, ([[1]],)),
    Row("det of nothing", np.linalg.det, (np.zeros((0, 0)),), 1, (np.zeros((0, 0)),)),
    Row("det of inf, and of what is finite", np.linalg.det, ([[[inf]], [[2]]],), [inf, 2],
        ([[[nan]], [[1]]],)),
    Row("slogdet, singular", lambda x: np.linalg.slogdet(x)[1], ([[[[1, 2], [2, 4]]]],), [[-inf]],
        ([[[[nan, nan], [nan, nan]]]],)),
    Row("matrix norm nuc at 0", lambda x: np.linalg.norm(x, "nuc"), (np.zeros((2, 2)),), 0,
        (np.eye(2),)),
    Row("matrix norm 2 at 0", lambda x: np.linalg.norm(x, 2), (np.zeros((2, 2)),), 0,
        (np.eye(2) / 2,)),
    Row("matrix norm 2: tie", lambda x: np.linalg.norm(x, 2), (np.eye(2),), 1, (np.eye(2) / 2,)),
    Row("matrix norm -2: tie", lambda x: np.linalg.norm(x, -2), (np.eye(2),), 1,
        (np.eye(2) / 2,)),
    Row("norm, ord 0", lambda x: np.linalg.norm(x, 0) + 0 * x[0], ([0, 2],), 1, ([0, 0],)),
    Row("svdvals at 0", np.linalg.svdvals, (np.zeros((2, 2)),), [0, 0], (np.eye(2),)),
    Row("svdvals, repeated", np.linalg.svdvals, (np.eye(2),), [1, 1], (np.eye(2),)),
    Row("eigvalsh, repeated", np.linalg.eigvalsh, (np.eye(2),), [1, 1], (np.eye(2),)),
    Row("eigvalsh reads one triangle", lambda x: np.linalg.eigvalsh(x)[0], ([[3, 9], [4, -3]],),
        -5, ([[.2, -.4], [-.4, .8]],)),
    Row("cholesky reads one triangle", lambda x: np.linalg.cholesky(x)[1, 0],
        ([[4, 9], [2, 2]],), 1, ([[-.125, .25], [.25, 0]],)),
    Row("pinv at 0", np.linalg.pinv, (np.zeros((2, 1)),), [[0, 0]], (np.zeros((2, 1)),)),
    Row("cond at 0", np.linalg.cond, ([[0]],), inf, ([[nan]],)),
    Row("cond at 0, and of nan", lambda x: np.linalg.cond(x, 1), ([[[0]], [[nan]]],), [inf, nan],
        ([[[nan]], [[nan]]],)),
    Row("pinv, hermitian, reads one triangle", lambda a: np.linalg.pinv(a, hermitian=True),
        ([[2, 9], [0, 4]],), [[.5, 0], [0, .25]], ([[-.25, -.125], [-.125, -.0625]],)),
    Row("pinv, hermitian, of a stack of stacks", lambda a: np.linalg.pinv(a, hermitian=True),
        ([[[[2, 9], [0, 4]]]],), [[[[.5, 0], [0, .25]]]],
        ([[[[-.25, -.125], [-.125, -.0625]]]],)),
    Row("pinv, hermitian: eigenvalues of one size",
        lambda a: np.linalg.pinv(a, .75, hermitian=True), (np.diag([4, -4, 2]),),
        np.diag([.25, -.25, 0]),
        ([[-1 / 16, 1 / 16, 1 / 8], [1 / 16, -1 / 16, 1 / 24], [1 / 8, 1 / 24, 0]],)),
    Row("pinv of a tiny matrix", lambda a: np.linalg.pinv(a, .75),
        (2.0**-50 * np.diag([2, 1 + 2.0**-30]),), [[2.0**49, 0], [0, 0]],
        (2.0**98 * np.array([[-1, 2 / (1 - 2.0**-30)], [2 / (1 - 2.0**-30), 0]]),)),
    Row("eigenvectors of matrices of different size", lambda a: np.linalg.eigh(a)[1] ** 2,
        ([np.diag([1, 2]), 2.0**-60 * np.diag([1, 2])],), [np.eye(2), np.eye(2)],
        (np.zeros((2, 2, 2)),)),
    Row("qr of matrices of different size", lambda a: np.linalg.qr(a)[1],
        ([[[2.0**-60]], [[1]]],), [[[2.0**-60]], [[1]]], (np.ones((2, 1, 1)),)),
    Row("eig: the largest component stays real",
        lambda a: np.imag(np.linalg.eig([[1.0, 1.0], [0.0, 3.0]] + 1j * a)[1]),
        (np.zeros((2, 2)),), np.zeros((2, 2)),
        ([[5**-.5 / 2, 5**-.5], [-.5 - 5**-.5 / 4, -(5**-.5) / 2]],)),
    Row("lstsq: of one right-hand side, one residual", lambda a, b: np.linalg.lstsq(a, b)[1],
        ([[1], [1]], [1, 3]), [2], ([[4], [-4]], [-2, 2])),
    Row("lstsq: residuals of two", lambda a, b: np.linalg.lstsq(a, b)[1],
        ([[1], [1]], [[1, 0], [3, 0]]), [2, 0], ([[4], [-4]], [[-2, 0], [2, 0]])),
    Row("lstsq: what rcond leaves out is not in the rank",
        lambda a, b: np.linalg.lstsq(a, b, .75)[0] * np.linalg.lstsq(a, b, .75)[2],
        ([[.25, 0], [0, .125], [0, 0]], [1, 1, 1]), [4, 0],
        ([[-16, 32], [32, 0], [16, 0]], [4, 0, 0])),
    Row("lstsq: without full rank, no residuals",
        lambda a, b: np.append(np.linalg.lstsq(a, b, .75)[1], b),
        ([[2, 0], [0, 1], [0, 0]], [1, 1, 1]), [1, 1, 1], (np.zeros((3, 2)), [1, 1, 1])),
]

POWERS = [
    Row("polymul of zeros", np.polymul, ([0, 0], [0, 1]), [0], ([0, 1], [0, 0])),
    Row("roots: one at 0", np.roots, ([1, -1, 0],), [1, 0], ([-1, -1, 0],)),
    Row("x**y at (0, 2)", np.power, (0, 2), 0, (0, 0)),
    Row("x**y at (0, 1)", np.power, (0, 1), 0, (1, 0)),
    Row("x**y at (0, 0)", np.power, (0, 0), 1, (0, 0)),
    Row("x**y at (0, 1/2)", np.power, (0, .5), 0, (inf, 0)),
    Row("x**y at (0, -1)", np.power, (0, -1), inf, (-inf, -inf), True),
    Row("x**y at (-2, 3)", np.power, (-2, 3), -8, (12, nan)),
    Row("x**y at (-2, 0)", np.power, (-2, 0), 1, (0, nan)),
    Row("float_power at (-2, 3)", np.float_power, (-2, 3), -8, (12, nan)),
    Row("float_power at (0, 0)", np.float_power, (0, 0), 1, (0, 0)),
    Row("x**y at (-2, 1/2)", np.power, (-2, .5), nan, (nan, nan), True),
    Row("float_power at (0, 1)", np.float_power, (0, 1), 0, (1, 0)),
    Row("x**0 at 0", lambda x: x**0, (0,), 1, (0,)),
    Row("x**0 at -2", lambda x: x**0, (-2,), 1, (0,)),
    Row("x**0 of nan", lambda x: x**0, (nan,), 1, (0,)),
    Row("x**1 at 0", lambda x: x**1, (0,), 0, (1,)),
    Row("x**2 at 0", lambda x: x**2, (0,), 0, (0,)),
    Row("x**3 at -2", lambda x: x**3, (-2,), -8, (12,)),
    Row("x**0.5 at 0", lambda x: x**0.5, (0,), 0, (inf,)),
    Row("x**-1 at 0", lambda x: x**-1, (0,), inf, (-inf,), True),
    Row("0**y", lambda y: 0.0**y, ([0, 2],), [1, 0], ([0, 0],)),
    Row("(-2)**y", lambda y: (-2.0) ** y, (3,), -8, (nan,)),
    Row("reciprocal at 0", np.reciprocal, (0,), inf, (-inf,), True),
    Row("1 / x at 0", lambda x: 1 / x, (0,), inf, (-inf,), True),
]

EXPONENTIALS_AND_LOGARITHMS = [
    Row("exp of 1000", np.exp, (1000,), inf, (inf,), True),
    Row("exp of -1000", np.exp, (-1000,), 0, (0,)),
    Row("expm1 of -1000", np.expm1, (-1000,), -1, (0,)),
    Row("logit beside 1/2", mg.special.logit, (.5 + 2.0**-30,), 2.0**-28, (4,)),
    Row("logit of 2**-100", mg.special.logit, (2.0**-100,), -100 * np.log(2), (2.0**100,)),
    Row("log at 0", np.log, (0,), -inf, (inf,), True),
    Row("log2 at 0", np.log2, (0,), -inf, (inf,), True),
    Row("log10 at 0", np.log10, (0,), -inf, (inf,), True),
    Row("log1p at -1", np.log1p, (-1,), -inf, (inf,), True),
    Row("log of -1", np.log, (-1,), nan, (nan,), True),
    Row("log2 of -1", np.log2, (-1,), nan, (nan,), True),
    Row("log10 of -1", np.log10, (-1,), nan, (nan,), True),
    Row("log1p of -2", np.log1p, (-2,), nan, (nan,), True),
    Row("x log(x) at 0", lambda x: x * np.log(x), (0,), nan, (nan,), True),
    Row("arcsin at +-1", np.arcsin, ([-1, 1],), [-np.pi / 2, np.pi / 2], ([inf, inf],)),
    Row("arccos at +-1", np.arccos, ([-1, 1],), [np.pi, 0], ([-inf, -inf],)),
    Row("arctanh at +-1", np.arctanh, ([-1, 1],), [-inf, inf], ([inf, inf],), True),
    Row("arccosh at 1", np.arccosh, (1,), 0, (inf,)),
    Row("arcsin of 2", np.arcsin, (2,), nan, (nan,), True),
    Row("arccos of 2", np.arccos, (2,), nan, (nan,), True),
    Row("arctanh of +-2", np.arctanh, ([-2, 2],), [nan, nan], ([nan, nan],), True),
    Row("arccosh of -2", np.arccosh, (-2,), nan, (nan,), True),
    Row("tanh of 20", np.tanh, (20,), np.tanh(20), (1 / np.cosh(20) ** 2,)),
    Row("tanh of +-1000", np.tanh, ([-1000, 1000],), [-1, 1], ([0, 0],)),
    Row("sigmoid of +-1000", mg.sigmoid, ([-1000, 1000],), [0, 1], ([0, 0],)),
    Row("sigmoid of +-inf", mg.sigmoid, ([-inf, inf],), [0, 1], ([0, 0],)),
    Row("logaddexp at (1000, 0)", np.logaddexp, (1000, 0), 1000, (1, 0)),
    Row("logaddexp at (-1000, 0)", np.logaddexp, (-1000, 0), 0, (0, 1)),
    Row("logaddexp at (-inf, 0)", np.logaddexp, (-inf, 0), 0, (0, 1)),
    Row("logaddexp at (-inf, -inf)", np.logaddexp, (-inf, -inf), -inf, (nan, nan)),
    Row("logaddexp2 at (5000, 0)", np.logaddexp2, (5000, 0), 5000, (1, 0)),
    Row("logsumexp of [1000, -1000]", mg.logsumexp, ([1000, -1000],), 1000, ([1, 0],)),
    Row("logsumexp of [1e17, 1e17]", mg.logsumexp, ([1e17, 1e17],), 1e17, ([.5, .5],)),
    Row("logsumexp of [-inf, 0]", mg.logsumexp, ([-inf, 0],), 0, ([0, 1],)),
    Row("logsumexp of [inf, 0]", mg.logsumexp, ([inf, 0],), inf, ([nan, 0],)),
    Row("logsumexp of [-inf, -inf]", mg.logsumexp, ([-inf, -inf],), -inf, ([nan, nan],)),
    Row("softmax of [1000, 0]", lambda x: mg.softmax(x)[0], ([1000, 0],), 1, ([0, 0],)),
    Row("softmax of [1e308, -1e308]", lambda x: mg.softmax(x)[0], ([1e308, -1e308],), 1,
        ([0, 0],)),
    Row("softmax of [0, -inf]", lambda x: mg.softmax(x)[0], ([0, -inf],), 1, ([0, 0],)),
    Row("softmax of [-inf, -inf]", lambda x: mg.softmax(x)[0], ([-inf, -inf],), nan,
        ([nan, nan],), True),
    Row("log_softmax of [1e4, 0]", lambda x: F.log_softmax(x)[1], ([1e4, 0],), -1e4, ([-1, 1],)),
    Row("cross_entropy, certain and wrong", lambda x: F.cross_entropy(x, [1]), ([[1e4, 0]],), 1e4,
        ([[1, -1]],)),
    Row("cross_entropy, one-hot", lambda x: F.cross_entropy(x, [[0, 1]]), ([[1e4, 0]],), 1e4,
        ([[1, -1]],)),
    Row("log_softmax of [-inf, 0]", lambda x: F.log_softmax(x)[1], ([-inf, 0],), 0, ([0, 0],)),
    Row("cross_entropy, a class masked with -inf", lambda x: F.cross_entropy(x, 0), ([0, -inf],), 0,
        ([0, 0],)),
    Row("cross_entropy of no examples", lambda x: F.cross_entropy(x, np.zeros(0, int)),
        (np.zeros((0, 3)),), nan, (np.zeros((0, 3)),), True),
    Row("cross_entropy of no examples, summed",
        lambda x: F.cross_entropy(x, np.zeros(0, int), reduction="sum"),
        (np.zeros((0, 3)),), 0, (np.zeros((0, 3)),)),
]

REDUCTIONS = [
    Row("sum of nothing", np.sum, ([],), 0, ([],)),
    Row("prod of nothing", np.prod, ([],), 1, ([],)),
    Row("prod of empty rows", lambda x: np.prod(x, axis=1), (np.zeros((2, 0)),), [1, 1],
        (np.zeros((2, 0)),)),
    Row("mean of nothing", np.mean, ([],), nan, ([],), True),
    Row("mean of empty rows", lambda x: np.mean(x, axis=1), (np.zeros((2, 0)),), [nan, nan],
        (np.zeros((2, 0)),), True),
    Row("cumsum of nothing", np.cumsum, ([],), [], ([],)),
    Row("cumprod of nothing", np.cumprod, ([],), [], ([],)),
    Row("prod: one zero", np.prod, ([2, 0, 3],), 0, ([0, 6, 0],)),
    Row("prod: two zeros", np.prod, ([0, 0, 3],), 0, ([0, 0, 0],)),
    Row("prod: an infinity", np.prod, ([np.inf, 2],), inf, ([2, inf],)),
    Row("prod: too small for all digits", np.prod, ([1e-160, 1e-160, 2],), 2e-320,
        ([2e-160, 2e-160, 1e-320],)),
    Row("prod over an axis, zeros", lambda x: np.prod(x, axis=0), ([[0, 0], [5, 0]],), [0, 0],
        ([[5, 0], [0, 0]],)),
    Row("cumsum", np.cumsum, ([2, 0, 3],), [2, 2, 5], ([3, 2, 1],)),
    Row("cumprod: one zero", np.cumprod, ([2, 0, 3],), [2, 0, 0], ([1, 8, 0],)),
    Row("cumprod: two zeros", np.cumprod, ([0, 0, 3],), [0, 0, 0], ([1, 0, 0],)),
    Row("var, constant", np.var, ([2, 2],), 0, ([0, 0],)),
    Row("std, constant", np.std, ([2, 2],), 0, ([0, 0],)),
    Row("std over an axis, one row constant", lambda x: np.std(x, axis=1), ([[2, 2], [1, 3]],),
        [0, 1], ([[0, 0], [-.5, .5]],)),
    Row("std of one, ddof 1", lambda x: np.std(x, ddof=1), ([2],), nan, ([nan],), True),
    Row("var of one, ddof 1", lambda x: np.var(x, ddof=1), ([2],), nan, ([nan],), True),
    Row("nanvar, correction", lambda x: np.nanvar(x, correction=1), ([nan, 1, 3],), 2,
        ([0, -2, 2],)),
    Row("nansum", np.nansum, ([nan, 1],), 1, ([0, 1],)),
    Row("nanmean", np.nanmean, ([nan, 1],), 1, ([0, 1],)),
    Row("nansum, all nan", np.nansum, ([nan, nan],), 0, ([0, 0],)),
    Row("average without weights", np.average, ([1, 3],), 2, ([.5, .5],)),
    Row("average without weights, keeping its axis", lambda x: np.average(x, axis=0, keepdims=True),
        ([1, 3],), [2], ([.5, .5],)),
    Row("average, one weight 0", lambda x, w: np.average(x, weights=w), ([1, 3], [0, 2]), 3,
        ([0, 1], [-1, 0])),
]

SORTING_AND_INDEXING = [
    Row("sort: tie", lambda x: np.dot(np.sort(x), [1, 10, 100]), ([2, 1, 1],), 211,
        ([100, 1, 10],)),
    Row("sort: twenty tie, and stay in their order",
        lambda x: np.dot(np.sort(x), np.arange(20.0)), (np.ones(20),), 190, (np.arange(20.0),)),
    Row("einsum: a nan stays with what it is multiplied by",
        lambda x: np.einsum("ij,j->i", [[nan, 1], [2, 3]], x), ([1, 1],), [nan, 5], ([nan, 4],)),
    Row("cumprod: an infinity", np.cumprod, ([2, inf],), [2, inf], ([inf, 2],)),
    Row("softmax of no rows", mg.softmax, (np.zeros((0, 3)),), np.zeros((0, 3)),
        (np.zeros((0, 3)),)),
    Row("sort: ties among others", lambda x: np.dot(np.sort(x), np.arange(40.0)),
        (np.tile([1.0, 0.0], 20),), 590, (np.arange(40.0).reshape(2, 20).T[:, ::-1].ravel(),)),
    Row("sort: tie, the least", lambda x: np.sort(x)[0], ([2, 1, 1],), 1, ([0, 1, 0],)),
    Row("sort: nan last", lambda x: np.dot(np.sort(x)[:2], [1, 10]), ([nan, 2, 1],), 21,
        ([0, 10, 1],)),
    Row("median of an even number", np.median, ([1, 2, 3, 4],), 2.5, ([0, .5, .5, 0],)),
    Row("median: tie of three", np.median, ([2, 2, 2],), 2, ([0, 1, 0],)),
    Row("median: tie of thirty", np.median, (np.tile([1, 0, 1], 15),), 1, (np.eye(45)[11],)),
    Row("median: tie of two", np.median, ([2, 2],), 2, ([.5, .5],)),
    Row("median of one nan", np.median, ([nan],), nan, ([1],)),
    Row("median of nothing", np.median, ([],), nan, ([],), True),
    Row("x[i], i twice", lambda x: x[[0, 0, 1]], ([5, 6, 7],), [5, 5, 6], ([2, 1, 0],)),
    Row("x[mask], mask empty", lambda x: x[np.zeros(3, bool)], ([5, 6, 7],), [], ([0, 0, 0],)),
    Row("x[i], i empty", lambda x: x[np.zeros(0, int)], ([5, 6, 7],), [], ([0, 0, 0],)),
    Row("x[::-2]", lambda x: x[::-2], ([5, 6, 7],), [7, 5], ([1, 0, 1],)),
    Row("x[None, ..., -1]", lambda x: x[None, ..., -1], ([5, 6, 7],), [7], ([0, 0, 1],)),
    Row("take, an index twice", lambda x: np.take(x, [0, 0, 1]), ([5, 6, 7],), [5, 5, 6],
        ([2, 1, 0],)),
    Row("take, indices clipped", lambda x: np.take(x, [-9, 9, 9], mode="clip"), ([5, 6, 7],),
        [5, 7, 7], ([1, 0, 2],)),
    Row("x[i] = v, i twice", lambda x, v: written(x, [0, 0], v), ([5, 6], [7, 8]), [8, 6],
        ([0, 1], [0, 1])),
    Row("x[i] = v, i twice, one v", lambda x, v: written(x, [0, 0], v), ([5, 6], 7), [7, 6],
        ([0, 1], 1)),
    Row("x[:2] = v, v with an axis more", lambda x, v: written(x, slice(2), v),
        ([5, 6, 7], [[8, 9]]), [8, 9, 7], ([0, 0, 1], [[1, 1]])),
    Row("x[:2] = v, v with two axes more", lambda x, v: written(x, slice(2), v),
        ([5, 6, 7], [[[8, 9]]]), [8, 9, 7], ([0, 0, 1], [[[1, 1]]])),
    Row("x[:2] = v", lambda x, v: written(x, slice(2), v), ([5, 6, 7], 8), [8, 8, 7],
        ([0, 0, 1], 2)),
    Row("x[mask] = v", lambda x, v: written(x, x > 5, v), ([5, 6, 7], 8), [5, 8, 8],
        ([1, 0, 0], 2)),
    Row("x[mask] = v, mask empty", lambda x, v: written(x, x > 9, v), ([5, 6, 7], 8), [5, 6, 7],
        ([1, 1, 1], 0)),
    Row("x[mask] = 0 takes a nan away", lambda x: written(x, np.isnan(x), 0), ([nan, 1],), [0, 1],
        ([0, 1],)),
]

SAMPLES_AND_SETS = [
    Row("interp at a place: the piece to the right", lambda x: np.interp(x, [0, 1, 3], [0, 2, 3]),
        (1,), 2, (.5,)),
    Row("interp at the first place", lambda x: np.interp(x, [0, 1, 3], [0, 2, 3]), (0,), 0, (2,)),
    Row("interp at the last place: the piece to the left",
        lambda x: np.interp(x, [0, 1, 3], [0, 2, 3]), (3,), 3, (.5,)),
    Row("interp beyond the places", lambda x: np.interp(x, [0, 1, 3], [0, 2, 3]), ([-1, inf],),
        [0, 3], ([0, 0],)),
    Row("interp of nan", lambda x: np.interp(x, [0, 1], [0, 2]), (nan,), nan, (2,)),
    Row("interp, by xp and fp", lambda xp, fp: np.interp(2.0, xp, fp), ([0, 1, 3], [0, 2, 3]), 2.5,
        ([0, -.25, -.25], [0, .5, .5])),
    Row("interp beyond, by fp", lambda fp: np.interp([-1.0, 9.0], [0, 1], fp), ([5, 6],), [5, 6],
        ([1, 1],)),
    Row("interp, one place", lambda fp: np.interp([0.0, 2.0], [0], fp), ([5],), [5, 5], ([2],)),
    Row("quantile at an element", lambda x: np.quantile(x, .5), ([3, 1, 2],), 2, ([0, 0, 1],)),
    Row("quantile between elements", lambda x: np.quantile(x, .25), ([3, 1],), 1.5,
        ([.25, .75],)),
    Row("quantile: tie", lambda x: np.quantile(x, .5), ([2, 2, 2],), 2, ([0, 1, 0],)),
    Row("quantile 0, by q", lambda q: np.quantile([1.0, 3.0, 4.0], q), (0,), 1, (4,)),
    Row("quantile at an element, by q: the step to the right",
        lambda q: np.quantile([1.0, 3.0, 4.0], q), (.5,), 3, (2,)),
    Row("quantile 1, by q", lambda q: np.quantile([1.0, 3.0, 4.0], q), (1,), 4, (2,)),
    Row("quantile of an infinity", lambda x: np.quantile(x, 1), ([-inf, 3],), 3, ([0, 1],)),
    Row("quantile of nan", lambda x: np.quantile(x, .5), ([nan, 1],), nan, ([1, 0],)),
    Row("percentile of nan", lambda x: np.percentile(x, 50), ([nan, 1, 0],), nan, ([1, 0, 0],)),
    Row("median of nan", np.median, ([nan, 1, 2],), nan, ([1, 0, 0],)),
    Row("percentile, lower", lambda x: np.percentile(x, 40, method="lower"), ([5, 7],), 5,
        ([1, 0],)),
    Row("nanquantile", lambda x: np.nanquantile(x, .5), ([nan, 1, 3],), 2, ([0, .5, .5],)),
    Row("nanmedian: tie", np.nanmedian, ([2, nan, 2, 2],), 2, ([0, 0, 1, 0],)),
    Row("nanmax: tie", np.nanmax, ([3, nan, 3],), 3, ([.5, 0, .5],)),
    Row("fmax.reduce, all nan", np.fmax.reduce, ([nan, nan],), nan, ([.5, .5],)),
    Row("nanvar", np.nanvar, ([nan, 1, 3],), 1, ([0, -1, 1],)),
    Row("nanstd, constant", np.nanstd, ([nan, 2, 2],), 0, ([0, 0, 0],)),
    Row("nanprod: one zero", np.nanprod, ([nan, 0, 3],), 0, ([0, 3, 0],)),
    Row("max, where: tie with what is left out", lambda x: np.max(x, where=[True, False, True],
        initial=-inf), ([3, 3, 1],), 3, ([1, 0, 0],)),
    Row("max of nan, initial", lambda x: np.max(x, initial=3), ([nan, 1],), nan, ([1, 0],)),
    Row("maximum.accumulate of nan", np.maximum.accumulate, ([1, nan, 2],), [1, nan, nan],
        ([1, 2, 0],)),
    Row("imaginary part of a var in complex numbers",
        lambda x: np.imag(np.var(x + 1j * x**2, dtype=complex)), ([1, 3],), 0, ([0, 0],)),
    Row("einsum, a trace of capital letters", lambda x: np.einsum("AA->", x), ([[1, 2], [3, 4]],),
        5, ([[1, 0], [0, 1]],)),
    Row("norm of three axes", np.linalg.norm, ([[[3, 0], [0, 4]]],), 5, ([[[.6, 0], [0, .8]]],)),
    Row("max, initial: tie", lambda x: np.max(x, initial=3), ([1, 3],), 3, ([0, .5],)),
    Row("max, initial above all", lambda x: np.max(x, initial=9), ([1, 3],), 9, ([0, 0],)),
    Row("sum, where: a nan is left out", lambda x: np.sum(x, where=[False, True]), ([nan, 3],), 3,
        ([0, 1],)),
    Row("prod, where and initial", lambda x: np.prod(x, where=[True, True, False], initial=2),
        ([3, 0, 5],), 0, ([0, 6, 0],)),
    Row("partition: tie", lambda x: np.partition(x, 0)[0], ([2, 1, 1],), 1, ([0, 1, 0],)),
    Row("unique: of equal ones the first", np.unique, ([2, 1, 2],), [1, 2], ([1, 1, 0],)),
    Row("union1d: of equal ones the first", np.union1d, ([2, 1], [2, 3]), [1, 2, 3],
        ([1, 1], [0, 1])),
    Row("intersect1d: the first array's", lambda x: np.intersect1d(x, [3, 2]), ([2, 1],), [2],
        ([1, 0],)),
    Row("intersect1d, with places", lambda x: np.prod(
        np.stack(np.intersect1d(x, [3, 2], return_indices=True)[::2])), ([2, 1],), 2, ([1, 0],)),
    Row("emath.sqrt of 0 is real", np.emath.sqrt, (0,), 0, (inf,)),
    Row("emath.arccos of 1 is real", np.emath.arccos, (1,), 0, (-inf,)),
    Row("emath.arctanh of 1.5 is complex", lambda x: np.real(np.emath.arctanh(x)), (1.5,),
        np.log(5) / 2, (-.8,)),
    Row("emath.power: an exponent of 0 stays an integer",
        lambda x: np.emath.power(x.astype(np.float32), np.array([0, 2], np.int8)).astype(float),
        (1 + 2.0**-23,), [1, 1 + 2.0**-22], (2 + 2.0**-22,)),
    Row("geomspace in single precision",
        lambda x: np.geomspace(x, 4, 3, dtype=np.float32).astype(float), (2,),
        [2, np.float32(8**.5), 4], (1 + .5**.5,)),
    Row("cov in single precision", lambda x: np.cov(x, dtype=np.float32).astype(float),
        ([1 + 2.0**-30, 3],), 2, ([-2, 2],)),
    Row("corrcoef in single precision", lambda x: np.corrcoef(x, dtype=np.float32).astype(float),
        ([[1 + 2.0**-30, 2, 3], [1, 3, 2]],), [[1, .5], [.5, 1]],
        ([[-.5, 1, -.5], [-.5, -.5, 1]],)),
    Row("cov, weighted, two degrees of freedom less", lambda x, w: np.cov(x, aweights=w, ddof=2),
        ([0, 1, 2, 3], [1, 1, 1, 1]), 2.5, ([-1.5, -.5, .5, 1.5], [.5, -.5, -.5, .5])),
    Row("cov without degrees of freedom", lambda x: np.cov(x, ddof=3), ([1, 3],), inf,
        ([nan, nan],), True),
    Row("percentile of whole numbers, by q", lambda q: np.percentile([1, 3, 4], q), (25,), 2,
        (.04,)),
    Row("quantile, weighted",
        lambda x: np.quantile(x, .5, weights=[1, 1, 4], method="inverted_cdf"), ([1, 2, 3],), 3,
        ([0, 0, 1],)),
    Row("quantile of two, by q", lambda q: np.quantile([1.0, 4.0], q), (.5,), 2.5, (3,)),
    Row("quantile of nothing, by q", lambda q: np.quantile(np.zeros((0, 3)), q, axis=1), ([.5],),
        np.zeros((1, 0)), ([0],)),
    Row("quantile of nothing", lambda x: np.quantile(x, .5, axis=1), (np.zeros((0, 3)),), [],
        (np.zeros((0, 3)),)),
    Row("nanquantile over two axes of three", lambda x: np.nanquantile(x, .5, axis=(0, 2)),
        ([[[1, nan], [5, 7]], [[3, 2], [nan, 6]]],), [2, 6],
        ([[[0, 0], [0, 0]], [[0, 1], [0, 1]]],)),
    Row("nanquantile of nothing", lambda x: np.nanquantile(x, .5), ([],), nan, ([],), True),
    Row("quantile twice, by q", lambda q: np.quantile([1.0, 3.0, 4.0], q), ([.25, .25],), [2, 2],
        ([4, 4],)),
    Row("no quantile, by q", lambda q: np.quantile([1.0, 3.0], q), ([],), [], ([],)),
    Row("quantile beside infinities, by q: a step is flat",
        lambda q: np.quantile([-inf, inf], q, method="lower"), (.25,), -inf, (0,)),
    Row("histogram_bin_edges of nothing", lambda x: np.histogram_bin_edges(x, 2) + np.sum(x),
        ([],), [0, .5, 1], ([],)),
    Row("histogramdd of one column", lambda x: np.histogramdd(x, 2)[1][0], ([[0], [1], [4]],),
        [0, 2, 4], ([[1.5], [0], [1.5]],)),
    Row("histogramdd, by weights: one is outside", lambda w: np.histogramdd(
        [[.5, 9, 1.5], [.5, .5, .5]], [[0, 1, 2], [0, 1]], weights=w)[0], ([3, 4, 5],),
        [[3], [5]], ([1, 0, 1],)),
    Row("interp beside a step, by xp", lambda xp: np.interp(.5, xp, [0, 1, 3, 4]), ([0, 1, 1, 2],),
        .5, ([-.5, -.5, 0, 0],)),
    Row("sort_complex of an infinity", lambda x: np.imag(np.sort_complex(x)), ([2, -inf],), [0, 0],
        ([0, 0],)),
    Row("interp at both ends, and not beyond",
        lambda x: np.interp(x, [0, 1], [1, 3], left=7.0, right=9.0), ([0, 1],), [1, 3], ([2, 2],)),
    Row("pinv of a stack: each has its own largest", lambda a: np.linalg.pinv(a, 0.5),
        ([[[1]], [[8]]],), [[[1]], [[.125]]], ([[[-1]], [[-1 / 64]]],)),
    Row("eigenvectors beside ties that are not used",
        lambda a: np.linalg.eigh(a)[1][[0, 1], :, [2, 0]] ** 2,
        ([np.diag([1, 1, 2]), np.diag([1, 2, 3])],), [[0, 0, 1], [1, 0, 0]],
        (np.zeros((2, 3, 3)),)),
    Row("singular vectors beside ties that are not used",
        lambda a: np.linalg.svd(a)[0][[0, 1], :, [0, 0]] * np.linalg.svd(a)[2][[0, 1], [0, 0]],
        ([np.diag([2, 1, 1]), np.diag([3, 2, 1])],), [[1, 0, 0], [1, 0, 0]],
        (np.zeros((2, 3, 3)),)),
    Row("setdiff1d, as they come", lambda x: np.setdiff1d(x, [2, 3], assume_unique=True),
        ([2, 1, 0],), [1, 0], ([0, 1, 1],)),
    Row("unique rows: of equal ones the first", lambda x: np.unique(x, axis=0),
        ([[1, 1], [1, 1], [0, 5]],), [[0, 5], [1, 1]], ([[1, 1], [0, 0], [1, 1]],)),
    Row("unique, counted", lambda x: np.prod(np.stack(np.unique(x, return_counts=True)), axis=0),
        ([2, 1, 2],), [1, 4], ([2, 1, 0],)),
    Row("unique, each nan", lambda x: np.unique(x, equal_nan=False), ([nan, 1, nan],),
        [1, nan, nan], ([1, 1, 1],)),
    Row("unique values: twenty twice", np.unique_values, (np.tile([1, 0], 20),), [0, 1],
        (np.eye(40)[0] + np.eye(40)[1],)),
    Row("linspace of one: no step",
        lambda x: np.linspace(x, 3, 1, retstep=True)[1] + 0 * x.astype(float), (2,), nan, (0,)),
    Row("arange up to a number", lambda x: np.arange(x, like=x) + 0 * x, (2.5,), [0, 1, 2], (0,)),
    Row("unique values: infinities", np.unique_values, ([inf, 1, inf],), [1, inf], ([1, 1, 0],)),
    Row("polymul of three zeros", lambda x: np.polymul(x, [2]), ([0, 0, 0],), [0], ([0, 0, 2],)),
    Row("setdiff1d", lambda x: np.setdiff1d(x, [2, 3]), ([2, 1],), [1], ([0, 1],)),
    Row("trim_zeros", np.trim_zeros, ([0, 2, 0, 3, 0],), [2, 0, 3], ([0, 1, 1, 1, 0],)),
    Row("trim_zeros of zeros", np.trim_zeros, ([0, 0],), [], ([0, 0],)),
    Row("trim_zeros, in front", lambda x: np.trim_zeros(x, "f"), ([0, 2, 0],), [2, 0],
        ([0, 1, 1],)),
    Row("trim_zeros, at the back", lambda x: np.trim_zeros(x, "B"), ([0, 2, 0],), [0, 2],
        ([1, 1, 0],)),
    Row("polydiv by -0", lambda v: np.polydiv([1.0], v)[0], ([-0.0],), [inf], ([-inf],), True),
    Row("polymul: leading zeros are dropped", lambda p: np.polymul(p, [2.0]), ([0, 3],), [6],
        ([0, 2],)),
    Row("sinc at 0", lambda x: np.sinc(x.astype(float)), (0,), 1, (0,)),
    Row("i0 at 0", np.i0, (0,), 1, (0,)),
    Row("nan_to_num", np.nan_to_num, ([nan, 1],), [0, 1], ([0, 1],)),
    Row("nan_to_num of an infinity", lambda x: np.nan_to_num(x, posinf=5), ([inf, 1],), [5, 1],
        ([0, 1],)),
    Row("histogram, by weights", lambda w: np.histogram([.5, 1.5, 2], [0, 1, 2], weights=w)[0],
        ([3, 4, 5],), [3, 9], ([1, 1, 1],)),
    Row("bincount, by weights", lambda w: np.bincount([0, 2, 2], w), ([3, 4, 5],), [3, 0, 9],
        ([1, 1, 1],)),
    Row("gradient beside nan", np.gradient, ([0, nan, 0, 1],), [nan, 0, nan, 1],
        ([-1.5, 0.5, -0.5, 1.5],)),
    Row("gradient beside nan, at even places", lambda x: np.gradient(x, np.arange(4.0)),
        ([0, nan, 0, 1],), [nan, 0, nan, 1], ([-1.5, 0.5, -0.5, 1.5],)),
    Row("gradient at two places", lambda x: np.gradient(x, np.array([1.0, 3.0])), ([0, 1],),
        [.5, .5], ([-1, 1],)),
    Row("gradient, places of unsigned integers",
        lambda x: np.gradient(x, np.array([3, 2, 0], np.uint8)), ([0, 1, 5],), [-1, -4 / 3, -2],
        ([5 / 3, -1, -2 / 3],)),
    Row("unwrap", lambda x: np.unwrap(x, period=4), ([0, 3],), [0, -1], ([1, 1],)),
    Row("vander at 0", lambda x: np.vander(x, 3), ([0, 2],), [[0, 0, 1], [4, 2, 1]], ([1, 5],)),
]
if hasattr(np, "matvec"):  # NumPy 2.2
    SAMPLES_AND_SETS += [
        Row("trim_zeros of a matrix", np.trim_zeros, ([[0, 0, 0], [0, 0, 5]],), [[5]],
            ([[0, 0, 0], [0, 0, 1]],)),
        Row("trim_zeros of its rows", lambda x: np.trim_zeros(x, axis=0),
            ([[0, 0, 0], [0, 5, 0], [0, 0, 0]],), [[0, 5, 0]],
            ([[0, 0, 0], [1, 1, 1], [0, 0, 0]],)),
    ]

ROUNDING = [
    Row("remainder at (5, 3)", np.remainder, (5, 3), 2, (1, -1)),
    Row("remainder at (6, 3)", np.remainder, (6, 3), 0, (1, -2)),
    Row("remainder at (-1, 3)", np.remainder, (-1, 3), 2, (1, 1)),
    Row("remainder at (0, 3)", np.remainder, (0, 3), 0, (1, 0)),
    Row("fmod at (0, 3)", np.fmod, (0, 3), 0, (1, 0)),
    Row("fmod at (6, 3)", np.fmod, (6, 3), 0, (1, -2)),
    Row("fmod at (-1, 3)", np.fmod, (-1, 3), -1, (1, 0)),
    Row("heaviside at 0", lambda h: np.heaviside([0, 1], h), ([.25, .5],), [.25, 1], ([1, 0],)),
    Row("append a list", lambda x: np.append(x, [3.0, 4.0]), ([1, 2],), [1, 2, 3, 4], ([1, 1],)),
    Row("append a tuple and a number", lambda x: np.append(np.append(x, (3,)), 4), ([1, 2],),
        [1, 2, 3, 4], ([1, 1],)),
    Row("concatenate with a list", lambda x: np.concatenate([[3.0], x, [[4.0]]], axis=None),
        ([1, 2],), [3, 1, 2, 4], ([1, 1],)),
    Row("select from lists", lambda x: np.select([[True, False]], [x], [5.0, 6.0]), ([1, 2],),
        [1, 6], ([1, 0],)),
    Row("select a list", lambda x: np.select([[True, False], [True, True]], [[5.0, 6.0], x]),
        ([1, 2],), [5, 2], ([0, 1],)),
    Row("power, a tuple of exponents", lambda x: np.power(x, (1, 2.0)), ([2, 3],), [2, 9],
        ([1, 6],)),
    Row("x + floor(x) at 1", lambda x: x + np.floor(x), (1,), 2, (1,)),
    Row("x * sign(x) at 0", lambda x: x * np.sign(x), (0,), 0, (0,)),
    Row("modf at 2", lambda x: np.modf(x)[0], (2,), 0, (1,)),
    Row("modf of infinities", lambda x: np.modf(x)[0], ([inf, -inf],), [0, 0], ([0, 0],)),
    Row("divmod at (6, 3)", lambda x, y: np.divmod(x, y)[1], (6, 3), 0, (1, -2)),
]

SHAPES = [
    Row("(3, 1) * (1, 1) * ()", lambda x, y, z: x * y * z, ([[1], [2], [3]], [[4]], 5),
        [[20], [40], [60]], ([[20], [20], [20]], [[30]], 24)),
    Row("(0, 3) * (1, 3)", np.multiply, (np.zeros((0, 3)), [[1, 2, 3]]), np.zeros((0, 3)),
        (np.zeros((0, 3)), [[0, 0, 0]])),
    Row("(0, 3) @ (3, 2)", np.matmul, (np.zeros((0, 3)), np.ones((3, 2))), np.zeros((0, 2)),
        (np.zeros((0, 3)), np.zeros((3, 2)))),
    Row("(2, 0) @ (0, 3)", np.matmul, (np.zeros((2, 0)), np.ones((0, 3))), np.zeros((2, 3)),
        (np.zeros((2, 0)), np.zeros((0, 3)))),
    Row("vector @ vector", np.matmul, ([1, 2], [3, 4]), 11, ([3, 4], [1, 2])),
    Row("stack of matrices @ vector", np.matmul, (np.ones((2, 1, 2)), [3, 4]), [[7], [7]],
        ([[[3, 4]], [[3, 4]]], [2, 2])),
    Row("x.T[::-1]", lambda x: x.T[::-1] * [[1, 2], [3, 4], [5, 6]], ([[1, 2, 3], [4, 5, 6]],),
        [[3, 12], [6, 20], [5, 24]], ([[5, 3, 1], [6, 4, 2]],)),
    Row("of no axes", lambda x: 2 * x, (3,), 6, (2,)),
]
# fmt: on

ROWS = [
    *CHOICES,
    *ROOTS_AND_NORMS,
    *LINEAR_ALGEBRA,
    *POWERS,
    *EXPONENTIALS_AND_LOGARITHMS,
    *REDUCTIONS,
    *SORTING_AND_INDEXING,
    *SAMPLES_AND_SETS,
    *ROUNDING,
    *SHAPES,
]


def assert_same(actual: Any, expected: Any) -> None:
    """Equal to the last bits, nan where nan, in shape (a scalar is no array of one), in dtype."""
    assert type(actual._array) is np.ndarray
    assert actual.dtype == np.float64
    assert actual.shape == np.shape(expected)
    np.testing.assert_allclose(actual.numpy(), expected, rtol=1e-14, equal_nan=True)


def numpys_own_warnings(row: Row) -> contextlib.AbstractContextManager[Any]:
    """Let them pass in the value of a row that says so; anywhere else a warning is an error."""
    if not row.warns:
        return contextlib.nullcontext()
    return warnings.catch_warnings(action="ignore", category=RuntimeWarning)


def test_no_row_is_named_twice():
    assert len({row.id for row in ROWS}) == len(ROWS)


@pytest.mark.parametrize("create_graph", [False, True], ids=["plain", "create_graph"])
@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.id)
def test_value_and_gradients(row, create_graph):
    inputs = [mg.tensor(x, dtype=float, requires_grad=True) for x in row.inputs]
    with numpys_own_warnings(row):
        y = row.f(*inputs)
    assert_same(y, row.value)
    y.backward(np.ones(y.shape), create_graph=create_graph)
    assert len(inputs) == len(row.grads)
    for x, given, expected in zip(inputs, row.inputs, row.grads, strict=True):
        assert_same(x.grad, expected)
        np.testing.assert_array_equal(x._array, given)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.id)
def test_a_row_is_an_edge_of_the_harness_in_every_dtype(row):
    point = call(*(np.array(x, dtype=float) for x in row.inputs))
    check_edges(row.f, [(point, Edge(row.grads, value=row.value))])


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.id)
def test_the_value_is_that_without_gradients(row):
    inputs = [np.array(x, dtype=float) for x in row.inputs]
    with numpys_own_warnings(row):
        y = row.f(*inputs)
    np.testing.assert_allclose(mg.asarray(y).numpy(), row.value, rtol=1e-14, equal_nan=True)


def zeros(n: int) -> Any:
    return np.zeros((n, n))


# fmt: off
HESSIANS = [
    ("relu at 0", mg.relu, 0, 0),
    ("abs at 0", np.abs, 0, 0),
    ("x**1 at 0", lambda x: x**1, 0, 0),
    ("x**2 at 0", lambda x: x**2, 0, 2),
    ("x**3 at 0", lambda x: x**3, 0, 0),
    ("power(x, 0.0) of nan", lambda x: np.power(x, 0.0), nan, 0),
    ("power(x, 2.0) at 0", lambda x: np.power(x, 2.0), 0, 2),
    ("power(x, 1.0) at 0", lambda x: np.power(x, 1.0), 0, 0),
    ("x**0 at 0", lambda x: x**0, 0, 0),
    ("square at 0", np.square, 0, 2),
    ("x * x at 0", lambda x: x * x, 0, 2),
    ("x**y at (2, 0)", lambda v: v[0] ** v[1], [2, 0], [[0, .5], [.5, np.log(2) ** 2]]),
    ("sqrt at 0", np.sqrt, 0, -inf),
    ("x**0.5 at 0", lambda x: x**0.5, 0, -inf),
    ("log at 1", np.log, 1, -1),
    ("clip at its bound", lambda x: np.clip(x, 0, 1), 0, 0),
    ("clip(x**2) at its bound", lambda x: np.clip(x**2, 0, 1), 1, 2),
    ("maximum: tie", lambda v: np.maximum(v[0], v[1]), [2, 2], zeros(2)),
    ("maximum(x**2, x**2)", lambda x: np.maximum(x**2, x**2), 1, 2),
    ("max: tie", np.max, [1, 3, 3], zeros(3)),
    ("max: tie of squares", lambda x: np.max(x**2), [2, -2], np.eye(2)),
    ("min: tie", np.min, [3, 1, 1], zeros(3)),
    ("median: tie", np.median, [2, 2, 2], zeros(3)),
    ("sort: tie", lambda x: np.sort(x**2)[0], [1, 1], [[2, 0], [0, 0]]),
    ("norm at 0", np.linalg.norm, [0, 0], zeros(2)),
    ("norm at (3, 4)", np.linalg.norm, [3, 4], np.array([[16, -12], [-12, 9]]) / 125),
    ("norm, ord 1 at 0", lambda x: np.linalg.norm(x, 1), [0, 0], zeros(2)),
    ("norm, ord 1", lambda x: np.linalg.norm(x, 1), [0, 2], zeros(2)),
    ("norm, ord 1/2", lambda x: np.linalg.norm(x, 0.5), [0, 2], zeros(2)),
    ("norm, ord 3 at 0", lambda x: np.linalg.norm(x, 3), [0, 0], zeros(2)),
    ("norm, ord inf at 0", lambda x: np.linalg.norm(x, np.inf), [0, 0], zeros(2)),
    ("hypot at (0, 0)", lambda v: np.hypot(v[0], v[1]), [0, 0], zeros(2)),
    ("det, singular", lambda v: np.linalg.det(v.reshape(2, 2)), [1, 2, 2, 4],
     np.fliplr(np.diag([1, -1, -1, 1]))),
    ("det at 0", lambda v: np.linalg.det(v.reshape(2, 2)), [0, 0, 0, 0],
     np.fliplr(np.diag([1, -1, -1, 1]))),
    ("arctan2 at (0, 0)", lambda v: np.arctan2(v[0], v[1]), [0, 0], zeros(2)),
    ("var, constant", np.var, [2, 2], [[.5, -.5], [-.5, .5]]),
    ("std, constant", np.std, [2, 2], zeros(2)),
    ("prod: one zero", np.prod, [2, 0, 3], [[0, 3, 0], [3, 0, 2], [0, 2, 0]]),
    ("prod: two zeros", np.prod, [0, 0, 3], [[0, 3, 0], [3, 0, 0], [0, 0, 0]]),
    ("prod: three zeros", np.prod, [0, 0, 0], zeros(3)),
    ("cumprod: one zero", lambda x: np.sum(np.cumprod(x)), [2, 0, 3],
     [[0, 4, 0], [4, 0, 2], [0, 2, 0]]),
    ("cumprod: two zeros", lambda x: np.sum(np.cumprod(x)), [0, 0, 3],
     [[0, 4, 0], [4, 0, 0], [0, 0, 0]]),
    ("logsumexp of [1000, -1000]", mg.logsumexp, [1000, -1000], zeros(2)),
    ("logsumexp of [-inf, 0]", mg.logsumexp, [-inf, 0], zeros(2)),
    ("logaddexp at (1000, 0)", lambda v: np.logaddexp(v[0], v[1]), [1000, 0], zeros(2)),
    ("sigmoid of 1000", mg.sigmoid, 1000, 0),
    ("cross_entropy, certain and wrong", lambda x: F.cross_entropy(x, 1), [1e4, 0], zeros(2)),
    ("sinc at 0", np.sinc, 0, -np.pi**2 / 3),
    ("i0 at 0", np.i0, 0, .5),
    ("xlogy at (0, 0)", lambda v: mg.special.xlogy(v[0], v[1]), [0, 0], zeros(2)),
    ("xlog1py at (0, -1)", lambda v: mg.special.xlog1py(v[0], v[1]), [0, -1], zeros(2)),
    ("corrcoef of 1", lambda x: np.corrcoef(x, [0, 1, 2])[0, 1], [0, 1, 2],
     np.array([[1, -2, 1], [-2, 4, -2], [1, -2, 1]]) / -12),
    ("corrcoef of -1", lambda x: np.corrcoef(x, [2, 1, 0])[0, 1], [0, 1, 2],
     np.array([[1, -2, 1], [-2, 4, -2], [1, -2, 1]]) / 12),
    ("interp at a place", lambda x: np.interp(x, [0, 1, 3], [0, 2, 3]), 1, 0),
    ("quantile: tie", lambda x: np.quantile(x, .5), [2, 2], zeros(2)),
    ("tanh of 1000", np.tanh, 1000, 0),
    ("double where", lambda x: np.where(x > 0, np.sqrt(np.where(x > 0, x, 1)), 0), -1, 0),
    ("x[i] = v, i twice", lambda v: np.sum(written(v * 0, [0, 0], v**2)), [7, 8],
     [[0, 0], [0, 2]]),
]
# fmt: on


@pytest.mark.parametrize(
    ("f", "x", "expected"), [row[1:] for row in HESSIANS], ids=[row[0] for row in HESSIANS]
)
def test_second_derivatives(f, x, expected):
    hessian = mg.hessian(f)(np.array(x, dtype=float))
    assert hessian.shape == np.shape(expected)
    np.testing.assert_allclose(hessian, expected, rtol=1e-12, atol=1e-15, equal_nan=True)


# -- steps: their results are constants, so that nothing flows back through them


@pytest.mark.parametrize(
    "step",
    [np.floor, np.ceil, np.trunc, np.rint, np.round, np.sign, np.signbit, np.argmax, np.argsort],
    ids=lambda f: f.__name__,
)
@pytest.mark.parametrize("at", [[0.0, 1.0], [0.5, -2.5]], ids=["at a step", "on a step"])
def test_a_step_never_requires_grad(step, at):
    x = mg.tensor(at, requires_grad=True)
    y = step(x)
    assert isinstance(y, mg.Tensor)
    assert not y.requires_grad
    np.testing.assert_array_equal(y.numpy(), step(np.array(at)))


def test_floor_division_never_requires_grad():
    x, y = mg.tensor([6.0, 5.0], requires_grad=True), mg.tensor(3.0, requires_grad=True)
    assert not (x // y).requires_grad
    np.testing.assert_array_equal((x // y).numpy(), [2, 1])


@pytest.mark.parametrize(
    ("find", "at"), [(np.argmax, [1.0, 3.0, 3.0]), (np.argmin, [3.0, 1.0, 1.0])]
)
def test_the_first_of_tied_elements_is_found(find, at):
    assert find(mg.tensor(at, requires_grad=True)).item() == 1


def test_argsort_of_the_standard_keeps_tied_elements_in_order():
    order = mg.argsort(mg.tensor(np.tile([1.0, 0.0], 20), requires_grad=True))
    np.testing.assert_array_equal(order.numpy(), [*range(1, 40, 2), *range(0, 40, 2)])


# -- order, and rounding


def test_where_a_partition_puts_an_element_is_numpys_choice():
    kths, dtypes = [[0], [1, 2], [500, 2000]], [np.float16, np.float32, np.float64]
    for kth, dtype in itertools.product(kths, dtypes):
        n = 4 if max(kth) < 4 else 2040  # half precision has the whole numbers to 2048
        x = np.random.default_rng(0).permutation(n).astype(dtype)
        t = mg.tensor(x, requires_grad=True)
        y = np.partition(t, kth)
        np.testing.assert_array_equal(y.detach().numpy(), np.partition(x, kth))
        weights = np.arange(n).astype(dtype)
        y.backward(weights)
        found_at = np.empty(n, int)
        found_at[y.detach().numpy().astype(int)] = np.arange(n)
        np.testing.assert_array_equal(t.grad.numpy(), weights[found_at[x.astype(int)]])


def test_no_correlation_is_beyond_one():
    x = np.random.default_rng(0).normal(size=(100, 1, 5)) * [[1], [3], [-7]]
    for rows in x:
        assert np.max(np.abs(np.corrcoef(mg.tensor(rows, requires_grad=True)).detach())) <= 1


# -- dtypes


@pytest.mark.parametrize(
    ("other", "result"),
    [
        (2.0, np.float32),
        (2, np.float32),
        (np.float32(2), np.float32),
        (np.float64(2), np.float64),
        (np.array(2.0), np.float64),
        (np.array([2], np.int64), np.float64),
        (np.array([2], np.int8), np.float32),
    ],
    ids=["float", "int", "float32", "float64", "0-d float64", "int64", "int8"],
)
def test_a_result_has_numpys_dtype_and_a_gradient_its_operands(other, result):
    x = mg.tensor([3.0], dtype=np.float32, requires_grad=True)
    y = x * other
    assert y.dtype == result
    y.sum().backward()
    assert x.grad.dtype == np.float32
    np.testing.assert_array_equal(x.grad.numpy(), [2])


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
def test_what_goes_on_into_the_complex_numbers_has_numpys_dtype(dtype):
    x = np.array([-4, 4], dtype)
    for f in (np.emath.sqrt, np.emath.log, np.emath.arccos):
        assert f(mg.tensor(x, requires_grad=True)).dtype == f(x).dtype


def test_gradients_of_mixed_precision_have_their_own_operands_dtype():
    x = mg.tensor([3.0], dtype=np.float32, requires_grad=True)
    y = mg.tensor([2.0], dtype=np.float64, requires_grad=True)
    z = x * y
    z.backward()
    assert (z.dtype, x.grad.dtype, y.grad.dtype) == (np.float64, np.float32, np.float64)


@pytest.mark.parametrize(
    ("compute", "expected"),
    [
        (lambda: mg.tensor([100], np.int8) + mg.tensor([100], np.int8), np.array([-56], np.int8)),
        (lambda: mg.tensor([200], np.uint8) * mg.tensor([2], np.uint8), np.array([144], np.uint8)),
        (lambda: mg.tensor([100, 100], np.int8).sum(), np.array(200)),
    ],
    ids=["int8 100 + 100", "uint8 200 * 2", "int8 sum"],
)
def test_integers_compute_as_numpys(compute, expected):
    y = compute()
    assert y.dtype == expected.dtype
    np.testing.assert_array_equal(y.numpy(), expected)


@pytest.mark.parametrize("dtype", [int, np.int8, np.uint8, bool, complex])
def test_only_floating_tensors_require_grad(dtype):
    with pytest.raises(TypeError, match="only floating tensors can require grad"):
        mg.tensor([1], dtype=dtype, requires_grad=True)


# -- NumPy's errors


def test_an_integer_to_a_negative_power_is_numpys_error():
    with pytest.raises(ValueError, match="to negative integer powers"):
        mg.tensor([1, 2]) ** -1


@pytest.mark.parametrize("f", [np.max, np.min, np.ptp], ids=lambda f: f.__name__)
def test_an_extremum_of_nothing_is_numpys_error(f):
    with pytest.raises(ValueError, match="zero-size array"):
        f(mg.tensor([], dtype=float, requires_grad=True))


@pytest.mark.parametrize("requires_grad", [False, True])
def test_an_average_with_weights_of_sum_zero_is_numpys_error(requires_grad):
    x = mg.tensor([1.0, 2.0], requires_grad=requires_grad)
    with pytest.raises(ZeroDivisionError):
        np.average(x, weights=[0, 0])


# -- what has no gradient


def test_the_gradient_of_no_axes_is_an_array_of_no_axes():
    x = mg.tensor(3.0, requires_grad=True)
    (x * x).backward()
    assert isinstance(x.grad, mg.Tensor)
    assert type(x.grad._array) is np.ndarray
    assert x.grad.shape == ()
    gradient = mg.value_and_grad(np.square)(3.0)[1]
    assert type(gradient) is np.ndarray
    assert gradient.shape == ()


def test_an_unused_input_keeps_none_and_gets_zeros_from_grad():
    x = mg.tensor(3.0, requires_grad=True)
    unused = mg.tensor([1.0, 2.0], requires_grad=True)
    (x * x).backward()
    assert unused.grad is None
    used, zero = mg.grad(x * x, [x, unused])
    assert_same(used, 6)
    assert_same(zero, [0, 0])
