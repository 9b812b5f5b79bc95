"""Special functions on tensors and arrays: the namespace that SciPy looks up as `special`.

The error function and its kin are computed by NumPy alone.  Every other name is SciPy's compiled
function, which needs `pip install 'minigrad[scipy]'`; on tensors it is recorded like NumPy's, by
the rules in ops/scipy_special.py.  It imports core, ops and nn.functional.
"""

from __future__ import annotations

import importlib
import inspect
from typing import Any

import numpy as np

from minigrad.core import Axis, Operand, asarray, holds_tensor
from minigrad.nn import functional
from minigrad.ops import reductions
from minigrad.ops.elementwise import sigmoid as expit
from minigrad.ops.special import (
    entr,
    erf,
    erfc,
    erfcx,
    log_ndtr,
    logit,
    ndtr,
    xlog1py,
    xlogy,
)

cbrt, exp2, expm1, log1p, sinc = np.cbrt, np.exp2, np.expm1, np.log1p, np.sinc

__all__ = [
    "cbrt",
    "entr",
    "erf",
    "erfc",
    "erfcx",
    "exp2",
    "exp10",
    "expit",
    "expm1",
    "log1p",
    "log_expit",
    "log_ndtr",
    "log_softmax",
    "logit",
    "logsumexp",
    "multigammaln",
    "ndtr",
    "polygamma",
    "sinc",
    "softmax",
    "xlog1py",
    "xlogy",
    "zeta",
]  # fmt: skip

FROM_SCIPY = [
    "bdtr", "bdtrc", "bdtri", "betainc", "betaincc", "betaincinv", "betaln", "binom", "boxcox",
    "boxcox1p", "chdtr", "chdtrc", "chdtri", "cosdg", "cosm1", "cotdg", "digamma", "ellipk",
    "ellipkm1", "erfinv", "exp1", "expi", "expn", "exprel", "fdtr", "fdtrc", "fdtri", "gamma",
    "gammainc", "gammaincc", "gammainccinv", "gammaincinv", "gammaln", "gammasgn", "gdtr",
    "gdtrc", "huber", "hyp1f1", "i0", "i0e", "i1", "i1e", "inv_boxcox", "inv_boxcox1p", "j0",
    "j1", "k0", "k0e", "k1", "k1e", "kl_div", "loggamma", "lpmv", "nbdtr", "nbdtrc", "nbdtri",
    "ndtri", "pdtr", "pdtrc", "pdtri", "poch", "pseudo_huber", "psi", "radian", "rel_entr",
    "rgamma", "sindg", "spence", "stdtr", "stdtrit", "tandg", "y0", "y1", "yn", "zetac",
]  # fmt: skip


def __getattr__(name: str) -> Any:
    """A compiled function of scipy.special, by its name there."""
    try:
        found = getattr(importlib.import_module("scipy.special"), name, None)
    except ImportError as error:
        if name in FROM_SCIPY:
            raise needs_scipy(name) from error
        found = None
    ufunc = found and inspect.unwrap(found)
    if not isinstance(ufunc, np.ufunc):
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return ufunc


def __dir__() -> list[str]:
    return sorted([*__all__, *FROM_SCIPY])


def needs_scipy(name: str) -> ImportError:
    """The error where SciPy is not installed."""
    return ImportError(
        f"minigrad.special.{name} is computed by SciPy; install it with "
        "pip install 'minigrad[scipy]'"
    )


def ufunc(name: str, wanted_for: str) -> Any:
    """One of SciPy's compiled functions, public or not."""
    try:
        return getattr(importlib.import_module("scipy.special._ufuncs"), name)
    except ImportError as error:
        raise needs_scipy(wanted_for) from error


def exp10(x: Operand) -> Operand:
    """10 to the power of x, elementwise."""
    return np.power(10.0, x)


def log_expit(x: Operand) -> Operand:
    """log(expit(x)), also where expit(x) is 0 or 1 to rounding.

    Examples
    --------
    >>> import minigrad as mg
    >>> mg.special.log_expit(mg.tensor([-1000.0, 0.0]))
    tensor([-1.00000000e+03, -6.93147181e-01])

    """
    return -np.logaddexp(0, -x)


def softmax(x: Any, axis: Axis = None) -> Operand:
    """exp(x) / sum(exp(x)) over `axis`; over everything, as in SciPy, if None."""
    return reductions.softmax(x, axis)


def log_softmax(x: Any, axis: Axis = None) -> Operand:
    """log(softmax(x)) over `axis`; over everything, as in SciPy, if None."""
    return functional.log_softmax(x, axis)


def logsumexp(a: Any, axis: Axis = None, b: Any = None, keepdims: bool = False) -> Operand:
    """log(sum(b exp(a))) over `axis`, without overflow for large |a|.

    Parameters
    ----------
    a : array_like or Tensor
        Real numbers of any shape.
    axis : int, tuple of int or None
        What to sum over; everything, if None.
    b : array_like or Tensor, optional
        Weights, whose shape broadcasts with that of a.
    keepdims : bool
        Keep the summed axes, with length one.

    Examples
    --------
    >>> import minigrad as mg
    >>> mg.special.logsumexp(mg.tensor([1000.0, 1000.0]), b=[1.0, 3.0])
    tensor(1001.38629436)

    """
    if b is None:
        return reductions.logsumexp(a, axis, keepdims)
    a, b = asarray(a), asarray(b)
    m = reductions.finite(a.detach().max(axis=axis, keepdims=True))
    y = np.log(np.sum(b * np.exp(a - m), axis=axis, keepdims=True)) + m
    return y if keepdims else np.squeeze(y, axis=axis)


def zeta(x: Any, q: Any = None) -> Operand:
    """Hurwitz's zeta function, the sum of (k + q)**-x over all k >= 0; Riemann's, if q is None.

    It is differentiated by q, and not by x.

    Examples
    --------
    >>> import minigrad as mg
    >>> mg.special.zeta(2, mg.tensor([1.0, 2.0]))  # doctest: +SKIP
    tensor([1.64493407, 0.64493407])

    """
    return ufunc("_riemann_zeta", "zeta")(x) if q is None else ufunc("_zeta", "zeta")(x, q)


def polygamma(n: Any, x: Any) -> Operand:
    """The n-th derivative of digamma at x, for integers n, which are constants."""
    if holds_tensor(n):
        n = n.numpy()
    n = np.asarray(n, float)
    if np.any(n != np.rint(n)):
        raise ValueError(f"polygamma takes integers for n, not {n}")
    psi, gamma = ufunc("psi", "polygamma"), ufunc("gamma", "polygamma")
    higher = np.where(n % 2 == 0, -1.0, 1.0) * gamma(n + 1) * zeta(np.maximum(n, 1) + 1, x)
    return higher if np.all(n > 0) else np.where(n == 0, psi(x), higher)


def multigammaln(a: Any, d: int) -> Operand:
    """The logarithm of the multivariate gamma function of dimension d."""
    d = int(d)
    gammaln = ufunc("gammaln", "multigammaln")
    total = sum(gammaln(a - j / 2) for j in range(d))
    return total + d * (d - 1) / 4 * np.log(np.pi)
