"""Derivatives of NumPy's functions of polynomials: coefficients, from the highest power down.

Each is NumPy's recipe, in recorded operations.  Which leading zeros are dropped is decided by the
values, and constant.  It imports core, decompositions and signal; scimath.py comes next.
"""

from typing import Any

import numpy as np

from minigrad.core import Operand, composite, defvjp, known, operand
from minigrad.ops.decompositions import inverse_on_range, least_share
from minigrad.ops.signal import _convolve


def _coefficients(p: Operand) -> Operand:
    """Coefficients in one axis; numpy.poly1d has them inside."""
    return np.atleast_1d(operand(p.coeffs if isinstance(p, np.poly1d) else p))


def _without_leading_zeros(p: Operand) -> Operand:
    """What numpy.poly1d keeps: at least one coefficient."""
    start = int(np.argmax(known(p) != 0)) if np.any(known(p)) else p.size - 1
    return p[max(start, 0) :]


@composite(np.polyval)
def _polyval(p: Operand, x: Operand) -> Operand:
    p, x = operand(p), operand(x)
    y = np.zeros_like(x)
    for coefficient in p:
        y = y * x + coefficient
    return y


def _summed(fn: Any) -> Any:
    def summed(a1: Operand, a2: Operand) -> Operand:
        a, b = _coefficients(a1), _coefficients(a2)
        n = max(a.size, b.size)
        a, b = (np.concatenate([np.zeros(n - p.size, p.dtype), p]) for p in (a, b))
        return fn(a, b)

    return summed


composite(np.polyadd)(_summed(np.add))
composite(np.polysub)(_summed(np.subtract))


@composite(np.polymul)
def _polymul(a1: Operand, a2: Operand) -> Operand:
    return _convolve(*(_without_leading_zeros(_coefficients(a)) for a in (a1, a2)))


@composite(np.polydiv)
def _polydiv(u: Operand, v: Operand) -> tuple[Operand, Operand]:
    rest, divisor = _coefficients(u) + 0.0, _coefficients(v) + 0.0
    dtype, n = np.result_type(rest.dtype, divisor.dtype), divisor.size
    quotient, scale = [], 1 / divisor[0]
    for k in range(rest.size - n + 1):
        factor = scale * rest[k]
        quotient.append(factor)
        rest = np.concatenate([rest[:k], rest[k : k + n] - factor * divisor, rest[k + n :]])
    while rest.size > 1 and np.isclose(known(rest)[0], 0):
        rest = rest[1:]
    found = np.stack(quotient) if quotient else operand(np.zeros(1))
    return found.astype(dtype), rest.astype(dtype)


@composite(np.polyder)
def _polyder(p: Operand, m: int = 1) -> Operand:
    if m < 0:
        raise ValueError(f"numpy.polyder: m={m} is negative")
    p = _coefficients(p)
    for _ in range(m):
        p = p[:-1] * np.arange(p.size - 1, 0, -1)
    return p


@composite(np.polyint)
def _polyint(p: Operand, m: int = 1, k: Operand = None) -> Operand:
    if m < 0:
        raise ValueError(f"numpy.polyint: m={m} is negative")
    p = _coefficients(p)
    constants = np.zeros(m) if k is None else np.atleast_1d(operand(k))
    if constants.size == 1 and m > 1:
        constants = constants * np.ones(m)
    if constants.size < m:
        raise ValueError(
            f"numpy.polyint: k has {constants.size} constants for m={m}; give one each"
        )
    for i in range(m):
        p = np.concatenate([p / np.arange(p.size, 0, -1), constants[i : i + 1]])
    return p


@composite(np.poly)
def _poly(seq_of_zeros: Operand) -> Operand:
    zeros = _coefficients(seq_of_zeros)
    real = zeros.dtype.kind != "c"
    if zeros.ndim == 2 and zeros.shape[0] == zeros.shape[1] != 0:
        zeros = np.linalg.eigvals(zeros)
    elif zeros.ndim != 1:
        raise ValueError(f"numpy.poly takes zeros or a square matrix, not shape {zeros.shape}")
    zeros = zeros.astype(np.mintypecode(zeros.dtype.char))  # NumPy has no float16 here
    p, nothing = operand(np.ones(1, zeros.dtype)), np.zeros(1, zeros.dtype)
    for zero in zeros:
        p = np.append(p, nothing) - np.append(nothing, p * zero)
    # Of a real matrix, complex eigenvalues are conjugate.
    return np.copy(np.real(p)) if real and p.dtype.kind == "c" else p


@composite(np.vander)
def _vander(x: Operand, N: int | None = None, increasing: bool = False) -> Operand:
    x = operand(x)
    if x.ndim != 1:
        raise ValueError(f"numpy.vander takes numbers in one axis, not shape {x.shape}")
    powers = np.arange(x.size if N is None else N)
    return np.power(x[:, None], powers if increasing else powers[::-1])


defvjp(
    np.roots,
    # A root r moves by -dp(r) / p'(r); at a double root p' is 0, and there is a pole.
    lambda g, y, p: -(g / np.polyval(np.polyder(p), y)) @ np.vander(y, np.size(p)),
    complex=True,
)


@composite(np.polyfit)
def _polyfit(
    x: Operand, y: Operand, deg: int, rcond: float | None = None, full: bool = False,
    w: Operand = None, cov: bool | str = False,
) -> Any:  # fmt: skip
    x, y = operand(x) + 0.0, operand(y) + 0.0
    numpys: Any = np.polyfit
    numpys(known(x), known(y), deg, rcond, full, known(w), cov)  # raises what it refuses
    left, right = np.vander(x, deg + 1), y
    if w is not None:
        weights = operand(w)[:, None]
        left, right = left * weights, y * (weights if y.ndim == 2 else weights[:, 0])
    scale = np.sqrt(np.sum(left * left, axis=0))
    left = left / scale
    rcond = x.size * np.finfo(x.dtype).eps if rcond is None else rcond
    if not full and not cov:
        c = inverse_on_range(left, least_share(rcond, left.shape), False) @ right
        return (c.T / scale).T
    c, residuals, rank, s = np.linalg.lstsq(left, right, rcond)
    c = (c.T / scale).T
    if full:
        return c, residuals, rank, s, rcond
    covariance = np.linalg.inv(left.T @ left) / np.outer(scale, scale)
    factor = 1 if cov == "unscaled" else residuals / (x.size - deg - 1)
    return c, (covariance if y.ndim == 1 else covariance[:, :, None]) * factor
