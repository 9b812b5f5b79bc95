"""Derivatives of SciPy's special functions: compiled ufuncs, which NumPy's protocol brings here.

Importing it imports SciPy, so core does it only when such a function meets a tensor that requires
grad.  A line here is a formula, written with other special functions, so that it has derivatives
in its turn; forms that would be 0/0 somewhere are avoided.  Where there is no formula, the reason
stands in its place.  It imports core and the ops that it refers to; tests/cases_special.py draws.
"""

import inspect
import math
from collections.abc import Callable, Sequence
from types import SimpleNamespace
from typing import Any

import numpy as np
import scipy.special  # type: ignore[import-untyped]  # has no stubs
from scipy.special._ufuncs import (  # type: ignore[import-untyped]
    _kolmogp,
    _riemann_zeta,
    _smirnovp,
    _zeta,
)

from minigrad.core import CONSTANTS, RULES, Array, Operand, Primitive, composite, defvjp, primitive
from minigrad.ops import special
from minigrad.ops.elementwise import only_where, power_by_base, power_by_exponent, sigmoid
from minigrad.ops.reductions import bounds

UFUNCS: dict[str, np.ufunc] = {
    name: ufunc
    for name in dir(scipy.special)
    # With SCIPY_ARRAY_API=1 they are wrapped in functions that choose by the kind of array.
    if isinstance(ufunc := inspect.unwrap(getattr(scipy.special, name)), np.ufunc)
}
sp: Any = SimpleNamespace(**UFUNCS)

UNKNOWN = "no formula for it is known to minigrad"
INTEGRAL = "it is an integral that SciPy has no function for"
IMPLICIT = "it is an inverse by a parameter of a distribution, which has no formula"
COMPLEX = "its values are complex, and only real tensors are differentiated"
REMOVABLE = "its formula is 0/0 where arguments are equal, and inexact nearby"

ROOT_PI = math.sqrt(math.pi)
DEGREE = math.pi / 180

# -- what minigrad has itself, or NumPy: the same rule
for _name in (
    "erf", "erfc", "erfcx", "ndtr", "log_ndtr", "logit", "xlogy", "xlog1py", "entr",
):  # fmt: skip
    defvjp(UFUNCS[_name], *RULES[getattr(special, _name)].vjps)
for _name in ("cbrt", "exp2", "expm1", "log1p"):
    defvjp(UFUNCS[_name], *RULES[getattr(np, _name)].vjps)
defvjp(sp.expit, *RULES[sigmoid].vjps)

# -- elementary


def exprel_slope(x: Operand) -> Operand:
    """Derivative of exprel.  SciPy never returns from where x is huge: it is inf there, or 0."""
    return sp.hyp1f1(2, 3, np.clip(x, bounds(x.dtype)[0], 1e3)) / 2


defvjp(sp.exp10, lambda g, y, _x: g * y * math.log(10))
defvjp(sp.log_expit, lambda g, _y, x: g * sp.expit(-x))
defvjp(sp.exprel, lambda g, _y, x: g * exprel_slope(x))
defvjp(sp.cosm1, lambda g, _y, x: -g * np.sin(x))
defvjp(sp.sindg, lambda g, _y, x: g * DEGREE * sp.cosdg(x))
defvjp(sp.cosdg, lambda g, _y, x: -g * DEGREE * sp.sindg(x))
defvjp(sp.tandg, lambda g, y, _x: g * DEGREE * (1 + y * y))
defvjp(sp.cotdg, lambda g, y, _x: -g * DEGREE * (1 + y * y))
defvjp(
    sp.radian,
    lambda g, _y, _d, _m, _s: g * DEGREE,
    lambda g, _y, _d, _m, _s: g * (DEGREE / 60),
    lambda g, _y, _d, _m, _s: g * (DEGREE / 3600),
)
defvjp(
    sp.powm1,
    lambda g, _z, x, y: power_by_base(g, None, x, y),
    lambda g, z, x, y: power_by_exponent(g, z + 1, x, y),
)
defvjp(
    sp.boxcox,
    lambda g, _z, x, p: g * np.power(x, p - 1),
    lambda g, _z, x, p: g * np.square(np.log(x)) * exprel_slope(p * np.log(x)),
)
defvjp(
    sp.boxcox1p,
    lambda g, _z, x, p: g * np.power(1 + x, p - 1),
    lambda g, _z, x, p: g * np.square(np.log1p(x)) * exprel_slope(p * np.log1p(x)),
)


def inverse_boxcox_by_power(y: Operand, p: Operand) -> Operand:
    """Derivative of log(1 + p y) / p by p."""
    return np.square(y) * sp.hyp2f1(2, 2, 3, -p * y) / -2


defvjp(
    sp.inv_boxcox,
    lambda g, z, y, p: g * z / (1 + p * y),
    lambda g, z, y, p: g * z * inverse_boxcox_by_power(y, p),
)
defvjp(
    sp.inv_boxcox1p,
    lambda g, z, y, p: g * (z + 1) / (1 + p * y),
    lambda g, z, y, p: g * (z + 1) * inverse_boxcox_by_power(y, p),
)
defvjp(
    sp.huber,
    lambda g, _z, d, r: g * np.maximum(np.abs(r) - d, 0),
    lambda g, _z, d, r: g * np.clip(r, -d, d),
)


def _pseudo_huber_by_delta(g: Operand, _z: Operand, d: Operand, r: Operand) -> Operand:
    u = np.square(r / d)
    s = np.sqrt(1 + u)
    return g * d * np.square(u / (1 + s)) / s


defvjp(
    sp.pseudo_huber,
    _pseudo_huber_by_delta,
    lambda g, _z, d, r: g * r / np.sqrt(1 + np.square(r / d)),
)


def _at_tip(x: Operand, y: Operand, instead: float) -> tuple[Operand, Operand]:
    """X and y, but where both are 0: there x is `instead`, and y 1."""
    tip = np.equal(x, 0) & np.equal(y, 0)
    return np.where(tip, instead, x), np.where(tip, 1, y)


def _log_ratio(x: Operand, y: Operand) -> Operand:
    """log(x / y) where x and y are not negative, and 0 where both are 0."""
    x, y = _at_tip(x, y, 1)
    return np.log(only_where(x >= 0, x, x)) - np.log(only_where(y >= 0, y, y))


def _ratio(x: Operand, y: Operand) -> Operand:
    """X / y where x and y are not negative, and 0 where both are 0."""
    x, y = _at_tip(x, y, 0)
    return only_where(x >= 0, x, x) / only_where(y >= 0, y, y)


defvjp(
    sp.kl_div, lambda g, _z, x, y: g * _log_ratio(x, y), lambda g, _z, x, y: g * (1 - _ratio(x, y))
)
defvjp(
    sp.rel_entr,
    lambda g, _z, x, y: g * (_log_ratio(x, y) + np.where(np.equal(x, 0) & np.equal(y, 0), 0, 1)),
    lambda g, _z, x, y: -g * _ratio(x, y),
)

# -- the error function's kin
defvjp(sp.erfi, lambda g, _y, x: g * (2 / ROOT_PI) * np.exp(x * x))
defvjp(sp.dawsn, lambda g, y, x: g * (1 - 2 * x * y))
defvjp(sp.erfinv, lambda g, y, _x: g * (ROOT_PI / 2) * np.exp(y * y))
defvjp(sp.erfcinv, lambda g, y, _x: -g * (ROOT_PI / 2) * np.exp(y * y))
defvjp(sp.ndtri, lambda g, y, _x: g * math.sqrt(2 * math.pi) * np.exp(y * y / 2))
defvjp(sp.ndtri_exp, lambda g, y, x: g * math.sqrt(2 * math.pi) * np.exp(x + y * y / 2))
defvjp(
    sp.nrdtrimn,
    lambda g, _z, p, sd, _x: -g * sd * math.sqrt(2 * math.pi) * np.exp(sp.ndtri(p) ** 2 / 2),
    lambda g, _z, p, _sd, _x: -g * sp.ndtri(p),
    lambda g, _z, _p, _sd, _x: g,
)
defvjp(
    sp.nrdtrisd,
    lambda g, _z, _mn, p, _x: -g / sp.ndtri(p),
    lambda g, z, _mn, p, _x: (
        -g * z * math.sqrt(2 * math.pi) * np.exp(sp.ndtri(p) ** 2 / 2) / sp.ndtri(p)
    ),
    lambda g, _z, _mn, p, _x: g / sp.ndtri(p),
)
defvjp(
    sp.owens_t,
    lambda g, _z, h, a: (
        -g * np.exp(-h * h / 2) * special.erf(a * h * math.sqrt(0.5)) / math.sqrt(8 * math.pi)
    ),
    lambda g, _z, h, a: g * np.exp(-h * h * (1 + a * a) / 2) / (2 * math.pi * (1 + a * a)),
)

# -- the gamma function's kin


def _rgamma(g: Operand, y: Operand, x: Operand) -> Operand:
    """Derivative of y = 1 / gamma(x): where x < 1/2 that of gamma(1-x) sin(pi x) / pi."""
    left = x < 0.5
    z = np.where(left, 1 - x, 1)
    degrees = np.where(left, 180 * x, 0)
    reflected = sp.gamma(z) * (sp.cosdg(degrees) - sp.sindg(degrees) * sp.psi(z) / math.pi)
    return g * np.where(left, reflected, -y * sp.psi(np.where(left, 1, x)))


defvjp(sp.gamma, lambda g, y, x: g * y * sp.psi(x))
defvjp(sp.gammaln, lambda g, _y, x: g * sp.psi(x))
defvjp(sp.loggamma, lambda g, _y, x: only_where(x >= 0, x, g) * sp.psi(x))
defvjp(sp.rgamma, _rgamma)
defvjp(sp.psi, lambda g, _y, x: g * _zeta(2.0, x))
defvjp(_zeta, UNKNOWN, lambda g, _z, s, q: -g * s * _zeta(s + 1, q))
defvjp(_riemann_zeta, UNKNOWN)
defvjp(sp.zetac, UNKNOWN)
defvjp(
    sp.beta,
    lambda g, z, a, b: g * z * (sp.psi(a) - sp.psi(a + b)),
    lambda g, z, a, b: g * z * (sp.psi(b) - sp.psi(a + b)),
)
defvjp(
    sp.betaln,
    lambda g, _z, a, b: g * (sp.psi(a) - sp.psi(a + b)),
    lambda g, _z, a, b: g * (sp.psi(b) - sp.psi(a + b)),
)
defvjp(
    sp.binom,
    lambda g, z, n, k: g * z * (sp.psi(n + 1) - sp.psi(n - k + 1)),
    lambda g, z, n, k: g * z * (sp.psi(n - k + 1) - sp.psi(k + 1)),
)
defvjp(
    sp.poch,
    lambda g, y, z, m: g * y * (sp.psi(z + m) - sp.psi(z)),
    lambda g, y, z, m: g * y * sp.psi(z + m),
)
CONSTANTS |= {sp.gammasgn, sp.round}

# -- distributions: the density, or one over it for an inverse


def gamma_density(a: Operand, x: Operand) -> Operand:
    """Derivative of gammainc(a, x) by x."""
    return np.exp(sp.xlogy(a - 1, x) - x - sp.gammaln(a))


def beta_density(a: Operand, b: Operand, x: Operand) -> Operand:
    """Derivative of betainc(a, b, x) by x."""
    return np.exp(sp.xlogy(a - 1, x) + sp.xlog1py(b - 1, -x) - sp.betaln(a, b))


def t_density(df: Operand, t: Operand) -> Operand:
    """Derivative of stdtr(df, t) by t."""
    log = (df + 1) / 2 * np.log1p(t * t / df) + np.log(df) / 2 + sp.betaln(df / 2, 0.5)
    return np.exp(-log)


def f_density(n: Operand, d: Operand, x: Operand) -> Operand:
    """Derivative of fdtr(n, d, x) by x."""
    return beta_density(n / 2, d / 2, n * x / (d + n * x)) * n * d / np.square(d + n * x)


def chi_density(x: Operand, df: Operand, nc: Operand) -> Operand:
    """Derivative of chndtr(x, df, nc) by x."""
    return gamma_density(df / 2, x / 2) / 2 * np.exp(-nc / 2) * sp.hyp0f1(df / 2, nc * x / 4)


def chi_by_noncentrality(x: Operand, df: Operand, nc: Operand) -> Operand:
    """Derivative of chndtr(x, df, nc) by nc."""
    return (sp.chndtr(x, df + 2, nc) - sp.chndtr(x, df, nc)) / 2


defvjp(sp.gammainc, INTEGRAL, lambda g, _y, a, x: g * gamma_density(a, x))
defvjp(sp.gammaincc, INTEGRAL, lambda g, _y, a, x: -g * gamma_density(a, x))
defvjp(sp.gammaincinv, IMPLICIT, lambda g, x, a, _p: g / gamma_density(a, x))
defvjp(sp.gammainccinv, IMPLICIT, lambda g, x, a, _p: -g / gamma_density(a, x))
defvjp(sp.betainc, INTEGRAL, INTEGRAL, lambda g, _y, a, b, x: g * beta_density(a, b, x))
defvjp(sp.betaincc, INTEGRAL, INTEGRAL, lambda g, _y, a, b, x: -g * beta_density(a, b, x))
defvjp(sp.betaincinv, IMPLICIT, IMPLICIT, lambda g, x, a, b, _p: g / beta_density(a, b, x))
defvjp(sp.betainccinv, IMPLICIT, IMPLICIT, lambda g, x, a, b, _p: -g / beta_density(a, b, x))
defvjp(sp.chdtr, INTEGRAL, lambda g, _y, v, x: g * gamma_density(v / 2, x / 2) / 2)
defvjp(sp.chdtrc, INTEGRAL, lambda g, _y, v, x: -g * gamma_density(v / 2, x / 2) / 2)
defvjp(sp.chdtri, IMPLICIT, lambda g, x, v, _p: -g * 2 / gamma_density(v / 2, x / 2))
defvjp(
    sp.gdtr,
    lambda g, _y, a, b, x: g * x * gamma_density(b, a * x),
    INTEGRAL,
    lambda g, _y, a, b, x: g * a * gamma_density(b, a * x),
)
defvjp(
    sp.gdtrc,
    lambda g, _y, a, b, x: -g * x * gamma_density(b, a * x),
    INTEGRAL,
    lambda g, _y, a, b, x: -g * a * gamma_density(b, a * x),
)
defvjp(
    sp.gdtrix,
    lambda g, x, a, _b, _p: -g * x / a,
    IMPLICIT,
    lambda g, x, a, b, _p: g / (a * gamma_density(b, a * x)),
)
defvjp(
    sp.gdtria,
    lambda g, a, _p, b, x: g / (x * gamma_density(b, a * x)),
    IMPLICIT,
    lambda g, a, _p, _b, x: -g * a / x,
)
defvjp(sp.stdtr, INTEGRAL, lambda g, _y, df, t: g * t_density(df, t))
defvjp(sp.stdtrit, IMPLICIT, lambda g, t, df, _p: g / t_density(df, t))
defvjp(sp.fdtr, INTEGRAL, INTEGRAL, lambda g, _y, n, d, x: g * f_density(n, d, x))
defvjp(sp.fdtrc, INTEGRAL, INTEGRAL, lambda g, _y, n, d, x: -g * f_density(n, d, x))
defvjp(sp.fdtri, IMPLICIT, IMPLICIT, lambda g, x, n, d, _p: g / f_density(n, d, x))
defvjp(
    sp.chndtr,
    lambda g, _y, x, df, nc: g * chi_density(x, df, nc),
    INTEGRAL,
    lambda g, _y, x, df, nc: g * chi_by_noncentrality(x, df, nc),
)
defvjp(
    sp.chndtrix,
    lambda g, x, _p, df, nc: g / chi_density(x, df, nc),
    IMPLICIT,
    lambda g, x, _p, df, nc: -g * chi_by_noncentrality(x, df, nc) / chi_density(x, df, nc),
)
defvjp(
    sp.chndtrinc,
    lambda g, nc, x, df, _p: -g * chi_density(x, df, nc) / chi_by_noncentrality(x, df, nc),
    IMPLICIT,
    lambda g, nc, x, df, _p: g / chi_by_noncentrality(x, df, nc),
)

# Counts are rounded down, and so have derivatives of zero.
defvjp(
    sp.bdtr,
    None,
    None,
    lambda g, _y, k, n, p: -g * beta_density(np.floor(k) + 1, n - np.floor(k), p),
)
defvjp(
    sp.bdtrc,
    None,
    None,
    lambda g, _y, k, n, p: g * beta_density(np.floor(k) + 1, n - np.floor(k), p),
)
defvjp(
    sp.bdtri,
    None,
    None,
    lambda g, p, k, n, _y: -g / beta_density(np.floor(k) + 1, n - np.floor(k), p),
)
defvjp(sp.nbdtr, None, None, lambda g, _y, k, n, p: g * beta_density(n, np.floor(k) + 1, p))
defvjp(sp.nbdtrc, None, None, lambda g, _y, k, n, p: -g * beta_density(n, np.floor(k) + 1, p))
defvjp(sp.nbdtri, None, None, lambda g, p, k, n, _y: g / beta_density(n, np.floor(k) + 1, p))
defvjp(sp.pdtr, None, lambda g, _y, k, m: -g * gamma_density(np.floor(k) + 1, m))
defvjp(sp.pdtrc, None, lambda g, _y, k, m: g * gamma_density(np.floor(k) + 1, m))
defvjp(sp.pdtri, None, lambda g, m, k, _y: -g / gamma_density(np.floor(k) + 1, m))

defvjp(sp.kolmogorov, lambda g, _y, x: g * _kolmogp(x))
defvjp(sp.kolmogi, lambda g, y, _p: g / _kolmogp(y))
defvjp(sp.smirnov, None, lambda g, _y, n, d: g * _smirnovp(n, d))
defvjp(sp.smirnovi, None, lambda g, d, n, _p: g / _smirnovp(n, d))
defvjp(_kolmogp, UNKNOWN)
defvjp(_smirnovp, None, UNKNOWN)
defvjp(
    sp.tklmbda,
    lambda g, p, _x, lmbda: g / (np.power(p, lmbda - 1) + np.power(1 - p, lmbda - 1)),
    UNKNOWN,
)
for _name in (
    "bdtrik", "bdtrin", "btdtria", "btdtrib", "chdtriv", "chndtridf", "fdtridfd", "gdtrib",
    "nbdtrik", "nbdtrin", "ncfdtri", "ncfdtridfd", "ncfdtridfn", "ncfdtrinc", "nctdtridf",
    "nctdtrinc", "nctdtrit", "pdtrik", "stdtridf",
):  # fmt: skip
    defvjp(UFUNCS[_name], *[IMPLICIT] * UFUNCS[_name].nin)

# -- Bessel functions: by their order, none has a formula
defvjp(sp.j0, lambda g, _y, x: -g * sp.j1(x))
defvjp(sp.j1, lambda g, _y, x: g * (sp.j0(x) - sp.jv(2, x)) / 2)
defvjp(sp.y0, lambda g, _y, x: -g * sp.y1(x))
defvjp(sp.y1, lambda g, _y, x: g * (sp.y0(x) - sp.yv(2, x)) / 2)
defvjp(sp.yn, None, lambda g, _y, n, x: g * (sp.yv(n - 1, x) - sp.yv(n + 1, x)) / 2)
for _bessel in (sp.jv, sp.jve, sp.yv, sp.yve):  # scaled by exp(-abs(imag(x))), which is 1
    defvjp(_bessel, UNKNOWN, lambda g, _y, v, x, f=_bessel: g * (f(v - 1, x) - f(v + 1, x)) / 2)
defvjp(sp.i0, lambda g, _y, x: g * sp.i1(x))
defvjp(sp.i1, lambda g, _y, x: g * (sp.i0(x) + sp.iv(2, x)) / 2)
defvjp(sp.iv, UNKNOWN, lambda g, _y, v, x: g * (sp.iv(v - 1, x) + sp.iv(v + 1, x)) / 2)
defvjp(sp.i0e, lambda g, y, x: g * (sp.i1e(x) - np.sign(x) * y))
defvjp(sp.i1e, lambda g, y, x: g * ((sp.i0e(x) + sp.ive(2, x)) / 2 - np.sign(x) * y))
defvjp(
    sp.ive,
    UNKNOWN,
    lambda g, y, v, x: g * ((sp.ive(v - 1, x) + sp.ive(v + 1, x)) / 2 - np.sign(x) * y),
)
defvjp(sp.k0, lambda g, _y, x: -g * sp.k1(x))
defvjp(sp.k1, lambda g, _y, x: -g * (sp.k0(x) + sp.kv(2, x)) / 2)
defvjp(sp.kv, UNKNOWN, lambda g, _y, v, x: -g * (sp.kv(v - 1, x) + sp.kv(v + 1, x)) / 2)
defvjp(sp.kn, None, lambda g, _y, n, x: -g * (sp.kv(n - 1, x) + sp.kv(n + 1, x)) / 2)
defvjp(sp.k0e, lambda g, y, x: g * (y - sp.k1e(x)))
defvjp(sp.k1e, lambda g, y, x: g * (y - (sp.k0e(x) + sp.kve(2, x)) / 2))
defvjp(sp.kve, UNKNOWN, lambda g, y, v, x: g * (y - (sp.kve(v - 1, x) + sp.kve(v + 1, x)) / 2))
defvjp(
    sp.besselpoly,
    lambda g, _y, a, p, v: g * (sp.besselpoly(a, p + 1, v - 1) - sp.besselpoly(a, p + 1, v + 1)),
    INTEGRAL,
    UNKNOWN,
)


def struve_term(v: Operand, x: Operand) -> Operand:
    """What a Struve function's recurrence has beside Bessel's."""
    return np.power(x / 2, v) * sp.rgamma(v + 1.5) / (2 * ROOT_PI)


defvjp(
    sp.struve,
    UNKNOWN,
    lambda g, _y, v, x: g * ((sp.struve(v - 1, x) - sp.struve(v + 1, x)) / 2 + struve_term(v, x)),
)
defvjp(
    sp.modstruve,
    UNKNOWN,
    lambda g, _y, v, x: (
        g * ((sp.modstruve(v - 1, x) + sp.modstruve(v + 1, x)) / 2 + struve_term(v, x))
    ),
)
defvjp(sp.itstruve0, lambda g, _y, x: g * sp.struve(0, x))
defvjp(sp.itmodstruve0, lambda g, _y, x: g * sp.modstruve(0, x))
defvjp(sp.it2struve0, lambda g, _y, x: -g * sp.struve(0, x) / x)


def kelvin_equation(g: Operand, y: Operand, x: Operand, other: Operand) -> Operand:
    """Derivative of y = f', where f'' + f'/x = other; at 0 both terms on the left are equal."""
    at_0 = np.equal(x, 0)
    return g * np.where(at_0, other / 2, other - y / np.where(at_0, 1, x))


defvjp(sp.ber, lambda g, _y, x: g * sp.berp(x))
defvjp(sp.bei, lambda g, _y, x: g * sp.beip(x))
defvjp(sp.ker, lambda g, _y, x: g * sp.kerp(x))
defvjp(sp.kei, lambda g, _y, x: g * sp.keip(x))
defvjp(sp.berp, lambda g, y, x: kelvin_equation(g, y, x, -sp.bei(x)))
defvjp(sp.beip, lambda g, y, x: kelvin_equation(g, y, x, sp.ber(x)))
defvjp(sp.kerp, lambda g, y, x: kelvin_equation(g, y, x, -sp.kei(x)))
defvjp(sp.keip, lambda g, y, x: kelvin_equation(g, y, x, sp.ker(x)))

# -- exponential and elliptic integrals, and others
defvjp(sp.exp1, lambda g, _y, x: only_where(x >= 0, x, -g) * np.exp(-x) / x)
defvjp(sp.expi, lambda g, _y, x: g * np.exp(x) / x)


def _expn(g: Operand, _y: Operand, n: Operand, x: Operand) -> Operand:
    zeroth = np.equal(n, 0)
    lower = sp.expn(np.where(zeroth, 0, n - 1), x)
    return -g * np.where(zeroth, lower * (1 + 1 / x), lower)


defvjp(sp.expn, UNKNOWN, _expn)
defvjp(sp.spence, lambda g, _y, x: -g * sp.hyp2f1(1, 1, 2, 1 - x))
defvjp(sp.wrightomega, lambda g, y, _x: g * y / (1 + y))
defvjp(sp.wright_bessel, UNKNOWN, UNKNOWN, lambda g, _y, a, b, x: g * sp.wright_bessel(a, a + b, x))
defvjp(
    sp.log_wright_bessel,
    UNKNOWN,
    UNKNOWN,
    lambda g, y, a, b, x: g * np.exp(sp.log_wright_bessel(a, a + b, x) - y),
)
defvjp(sp.ellipk, lambda g, _y, m: g * (math.pi / 8) * sp.hyp2f1(1.5, 1.5, 2, m))
defvjp(sp.ellipe, lambda g, _y, m: g * (-math.pi / 8) * sp.hyp2f1(0.5, 1.5, 2, m))


def _ellipkm1(g: Operand, _y: Operand, p: Operand) -> Operand:
    """Minus the derivative of ellipk at 1 - p, where small p are of interest."""
    small = p < 0.5
    q, rest = np.where(small, p, 0.5), np.where(small, 1, p)
    near_pole = (sp.ellipe(1 - q) - q * sp.ellipkm1(q)) / (2 * q * (1 - q))
    return -g * np.where(small, near_pole, (math.pi / 8) * sp.hyp2f1(1.5, 1.5, 2, 1 - rest))


defvjp(sp.ellipkm1, _ellipkm1)


def _reduced(phi: Operand) -> tuple[Operand, Operand, Operand]:
    """How many times pi is in `phi`; and of what is left, the sine and the squared cosine."""
    turns = np.rint(phi / math.pi)
    return turns, np.sin(phi - turns * math.pi), np.square(np.cos(phi - turns * math.pi))


def _ellipkinc_by_m(g: Operand, _y: Operand, phi: Operand, m: Operand) -> Operand:
    turns, s, c2 = _reduced(phi)
    complete = (math.pi / 4) * sp.hyp2f1(1.5, 1.5, 2, m)
    return g * (s * s * s / 6 * sp.elliprd(c2, 1, 1 - m * s * s) + turns * complete)


def _ellipeinc_by_m(g: Operand, _y: Operand, phi: Operand, m: Operand) -> Operand:
    turns, s, c2 = _reduced(phi)
    complete = (math.pi / 4) * sp.hyp2f1(0.5, 1.5, 2, m)
    return -g * (s * s * s / 6 * sp.elliprd(c2, 1 - m * s * s, 1) + turns * complete)


defvjp(
    sp.ellipkinc,
    lambda g, _y, phi, m: g / np.sqrt(1 - m * np.square(np.sin(phi))),
    _ellipkinc_by_m,
)
defvjp(
    sp.ellipeinc,
    lambda g, _y, phi, m: g * np.sqrt(1 - m * np.square(np.sin(phi))),
    _ellipeinc_by_m,
)
defvjp(
    sp.elliprf,
    lambda g, _y, a, b, c: -g * sp.elliprd(b, c, a) / 6,
    lambda g, _y, a, b, c: -g * sp.elliprd(a, c, b) / 6,
    lambda g, _y, a, b, c: -g * sp.elliprd(a, b, c) / 6,
)
defvjp(
    sp.elliprc,
    lambda g, _y, x, y: -g * sp.elliprd(y, y, x) / 6,
    lambda g, _y, x, y: -g * sp.elliprd(x, y, y) / 3,
)


def _elliprg(g: Operand, a: Operand, b: Operand, c: Operand) -> Operand:
    """Derivative of elliprg by a, one of its three arguments."""
    return g * (sp.elliprf(a, b, c) - a * sp.elliprd(b, c, a) / 3) / 4


defvjp(
    sp.elliprg,
    lambda g, _y, a, b, c: _elliprg(g, a, b, c),
    lambda g, _y, a, b, c: _elliprg(g, b, a, c),
    lambda g, _y, a, b, c: _elliprg(g, c, a, b),
)
defvjp(sp.elliprd, REMOVABLE, REMOVABLE, REMOVABLE)
defvjp(sp.elliprj, REMOVABLE, REMOVABLE, REMOVABLE, REMOVABLE)


def _agm(g: Operand, z: Operand, a: Operand, b: Operand) -> Operand:
    """Derivative of z = pi/4 (a + b) / ellipk(m), m = ((a - b) / (a + b))**2, by a."""
    total, difference = a + b, (a - b) / (a + b)
    slope = 2 * b * difference * sp.hyp2f1(1.5, 1.5, 2, np.square(difference)) / total
    return g * (z - z * z * slope / total) / total


defvjp(sp.agm, _agm, lambda g, z, a, b: _agm(g, z, b, a))

# -- hypergeometric functions and orthogonal polynomials, by their last argument
defvjp(sp.hyp0f1, UNKNOWN, lambda g, _y, v, x: g * sp.hyp0f1(v + 1, x) / v)
defvjp(sp.hyp1f1, UNKNOWN, UNKNOWN, lambda g, _y, a, b, x: g * a / b * sp.hyp1f1(a + 1, b + 1, x))
defvjp(sp.hyperu, UNKNOWN, UNKNOWN, lambda g, _y, a, b, x: -g * a * sp.hyperu(a + 1, b + 1, x))
defvjp(
    sp.hyp2f1,
    UNKNOWN,
    UNKNOWN,
    UNKNOWN,
    lambda g, _y, a, b, c, x: g * a * b / c * sp.hyp2f1(a + 1, b + 1, c + 1, x),
)


def _below(n: Operand) -> Operand:
    """N - 1; and 0 for n = 0, where it stands beside a factor of n."""
    return np.where(np.equal(n, 0), 0, n - 1)


def gegenbauer(n: Operand, a: float, x: Operand) -> Operand:
    """The Gegenbauer polynomial of degree n - 1, and 0 where n is 0."""
    return np.where(np.equal(n, 0), 0, sp.eval_gegenbauer(_below(n), a, x))


defvjp(sp.eval_chebyt, UNKNOWN, lambda g, _y, n, x: g * n * sp.eval_chebyu(_below(n), x))
defvjp(sp.eval_chebyu, UNKNOWN, lambda g, _y, n, x: g * 2 * gegenbauer(n, 2.0, x))
defvjp(sp.eval_chebyc, UNKNOWN, lambda g, _y, n, x: g * n * sp.eval_chebys(_below(n), x))
defvjp(sp.eval_chebys, UNKNOWN, lambda g, _y, n, x: g * gegenbauer(n, 2.0, x / 2))
defvjp(sp.eval_sh_chebyt, UNKNOWN, lambda g, _y, n, x: g * 2 * n * sp.eval_sh_chebyu(_below(n), x))
defvjp(sp.eval_sh_chebyu, UNKNOWN, lambda g, _y, n, x: g * 4 * gegenbauer(n, 2.0, 2 * x - 1))
defvjp(sp.eval_legendre, UNKNOWN, lambda g, _y, n, x: g * gegenbauer(n, 1.5, x))
defvjp(sp.eval_sh_legendre, UNKNOWN, lambda g, _y, n, x: g * 2 * gegenbauer(n, 1.5, 2 * x - 1))
defvjp(
    sp.eval_gegenbauer, UNKNOWN, UNKNOWN,
    lambda g, _y, n, a, x: g * 2 * a * gegenbauer(n, a + 1, x),
)  # fmt: skip
defvjp(
    sp.eval_jacobi, UNKNOWN, UNKNOWN, UNKNOWN,
    lambda g, _y, n, a, b, x: (
        g * (np.not_equal(n, 0) * (n + a + b + 1) / 2) * sp.eval_jacobi(_below(n), a + 1, b + 1, x)
    ),
)  # fmt: skip
defvjp(
    sp.eval_sh_jacobi, UNKNOWN, UNKNOWN, UNKNOWN,
    lambda g, _y, n, p, q, x: (
        g * (np.not_equal(n, 0) * (n + p) / sp.binom(2 * n + p - 1, n))
        * sp.eval_jacobi(_below(n), p - q + 1, q, 2 * x - 1)
    ),
)  # fmt: skip
defvjp(
    sp.eval_laguerre,
    UNKNOWN,
    lambda g, _y, n, x: -g * np.not_equal(n, 0) * sp.eval_genlaguerre(_below(n), 1.0, x),
)
defvjp(
    sp.eval_genlaguerre, UNKNOWN, UNKNOWN,
    lambda g, _y, n, a, x: -g * np.not_equal(n, 0) * sp.eval_genlaguerre(_below(n), a + 1, x),
)  # fmt: skip
defvjp(sp.eval_hermite, None, lambda g, _y, n, x: g * 2 * n * sp.eval_hermite(_below(n), x))
defvjp(sp.eval_hermitenorm, None, lambda g, _y, n, x: g * n * sp.eval_hermitenorm(_below(n), x))
defvjp(
    sp.lpmv,
    UNKNOWN,
    UNKNOWN,
    lambda g, y, m, v, x: g * (v * x * y - (v + m) * sp.lpmv(m, v - 1, x)) / (x * x - 1),
)

# -- functions of several results: one operation for each

PARTS: dict[np.ufunc, list[Primitive]] = {}


def parts(
    ufunc: np.ufunc, *rules: Sequence[Callable[..., Operand] | str | None]
) -> list[Primitive]:
    """An operation for each result of `ufunc`, with the rules given; the ufunc is all of them."""

    def part(i: int, vjps: Sequence[Callable[..., Operand] | str | None]) -> Primitive:
        def result(*args: Any) -> Array:
            return ufunc(*args)[i]

        result.__name__ = result.__qualname__ = f"{ufunc.__name__}[{i}]"
        made = primitive(broadcasts=True)(result)
        made.defvjp(*vjps)
        return made

    PARTS[ufunc] = [part(i, vjps) for i, vjps in enumerate(rules)]
    composite(ufunc)(lambda *args: tuple(one(*args) for one in PARTS[ufunc]))
    return PARTS[ufunc]


ai: Primitive
aip: Primitive
bi: Primitive
bip: Primitive
ai, aip, bi, bip = parts(
    sp.airy,
    [lambda g, _y, x: g * aip(x)],
    [lambda g, _y, x: g * x * ai(x)],
    [lambda g, _y, x: g * bip(x)],
    [lambda g, _y, x: g * x * bi(x)],
)
eai: Primitive
eaip: Primitive
ebi: Primitive
ebip: Primitive
eai, eaip, ebi, ebip = parts(  # scaled by exp(2/3 x sqrt(x)), or its inverse, where x > 0
    sp.airye,
    [lambda g, y, x: g * (eaip(x) + np.sqrt(x) * y)],
    [lambda g, y, x: g * (x * eai(x) + np.sqrt(x) * y)],
    [lambda g, y, x: g * (ebip(x) - np.sqrt(np.maximum(x, 0)) * y)],
    [lambda g, y, x: g * (x * ebi(x) - np.sqrt(np.maximum(x, 0)) * y)],
)
parts(
    sp.itairy,
    [lambda g, _y, x: g * ai(x)],
    [lambda g, _y, x: g * bi(x)],
    [lambda g, _y, x: g * ai(-x)],
    [lambda g, _y, x: g * bi(-x)],
)
parts(sp.itj0y0, [lambda g, _y, x: g * sp.j0(x)], [lambda g, _y, x: g * sp.y0(x)])
parts(sp.iti0k0, [lambda g, _y, x: g * sp.i0(x)], [lambda g, _y, x: g * sp.k0(x)])
parts(sp.it2j0y0, [lambda g, _y, x: g * (1 - sp.j0(x)) / x], [lambda g, _y, x: -g * sp.y0(x) / x])
parts(sp.it2i0k0, [lambda g, _y, x: g * (sp.i0(x) - 1) / x], [lambda g, _y, x: -g * sp.k0(x) / x])
parts(
    sp.fresnel,
    [lambda g, _y, x: g * np.sin(math.pi / 2 * x * x)],
    [lambda g, _y, x: g * np.cos(math.pi / 2 * x * x)],
)
parts(
    sp.sici,
    [lambda g, _y, x: g * sp.hyp0f1(1.5, -x * x / 4)],  # sin(x) / x
    [lambda g, _y, x: only_where(x >= 0, x, g) * np.cos(x) / x],
)
parts(
    sp.shichi,
    [lambda g, _y, x: g * sp.hyp0f1(1.5, x * x / 4)],  # sinh(x) / x
    [lambda g, _y, x: g * np.cosh(x) / x],
)
sn: Primitive
cn: Primitive
dn: Primitive
sn, cn, dn, _ = parts(
    sp.ellipj,
    [lambda g, _y, u, m: g * cn(u, m) * dn(u, m), UNKNOWN],
    [lambda g, _y, u, m: -g * sn(u, m) * dn(u, m), UNKNOWN],
    [lambda g, _y, u, m: -g * m * sn(u, m) * cn(u, m), UNKNOWN],
    [lambda g, _y, u, m: g * dn(u, m), UNKNOWN],
)


def solutions(ufunc: np.ufunc, second: Callable[..., Operand], unit: float = 1) -> None:
    """A ufunc of results f and f', by its last argument x, where f'' is second(f, f', ..., x).

    `unit` is what f' is by, in units of x.
    """
    others = [UNKNOWN] * (ufunc.nin - 1)
    f, slope = parts(
        ufunc,
        [*others, lambda g, _y, *args: g * unit * slope(*args)],
        [*others, lambda g, y, *args: g * unit * second(f(*args), y, *args)],
    )


solutions(sp.pbdv, lambda f, _f1, v, x: f * (x * x / 4 - v - 0.5))
solutions(sp.pbvv, lambda f, _f1, v, x: f * (x * x / 4 - v - 0.5))
solutions(sp.pbwa, lambda f, _f1, a, x: f * (a - x * x / 4))
for _mathieu, _value in (
    (sp.mathieu_cem, sp.mathieu_a),
    (sp.mathieu_sem, sp.mathieu_b),
):  # of an angle in degrees
    solutions(
        _mathieu,
        lambda f, _f1, m, q, x, a=_value: f * (2 * q * sp.cosdg(2 * x) - a(m, q)),
        DEGREE,
    )
for _mathieu, _value in (
    (sp.mathieu_modcem1, sp.mathieu_a),
    (sp.mathieu_modcem2, sp.mathieu_a),
    (sp.mathieu_modsem1, sp.mathieu_b),
    (sp.mathieu_modsem2, sp.mathieu_b),
):
    solutions(_mathieu, lambda f, _f1, m, q, x, a=_value: f * (a(m, q) - 2 * q * np.cosh(2 * x)))

# -- no derivative at all
for _name in (
    "pro_cv", "obl_cv", "mathieu_a", "mathieu_b", "ncfdtr", "nctdtr", "voigt_profile",
):  # fmt: skip
    defvjp(UFUNCS[_name], *[UNKNOWN] * UFUNCS[_name].nin)
for _name, _ufunc in UFUNCS.items():
    if _name.startswith(("pro_ang", "pro_rad", "obl_ang", "obl_rad")):
        _reason = "SciPy does not come back from it in single precision, so no rule can be tested"
        defvjp(_ufunc, *[_reason] * _ufunc.nin)
for _name in (
    "hankel1", "hankel1e", "hankel2", "hankel2e", "kelvin", "modfresnelm", "modfresnelp", "wofz",
    "sph_harm",
):  # fmt: skip
    if _name in UFUNCS:  # the last one was removed in SciPy 1.17
        defvjp(UFUNCS[_name], *[COMPLEX] * UFUNCS[_name].nin)
