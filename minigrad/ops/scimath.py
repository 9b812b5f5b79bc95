"""Derivatives of numpy.emath, and of what there is left: products of a special kind, and repairs.

Where numpy.emath goes on into the complex numbers, its operand is made complex first, and the
operation is NumPy's usual one.  It imports core and layout only; constants.py comes next.
"""

from collections.abc import Callable
from typing import Any

import numpy as np

from minigrad.core import Operand, asarray, composite, known, operand, primitive
from minigrad.ops.layout import as_number, laid_out_as


def _continued(beyond: Callable[[Any], Any], x: Operand) -> Operand:
    """`x`, made complex if any element is where the real function has ended."""
    x = asarray(x)
    if not np.any(beyond(known(x))):
        return x
    half = x.dtype == np.float16  # which NumPy has go on in double precision
    return x.astype(complex if half else np.result_type(x.dtype, np.complex64))


def _negative(x: Any) -> Any:
    return x < 0


def _beyond_one(x: Any) -> Any:
    return np.abs(x) > 1


for _fn, _plain, _beyond in (
    (np.emath.sqrt, np.sqrt, _negative), (np.emath.log, np.log, _negative),
    (np.emath.log2, np.log2, _negative), (np.emath.log10, np.log10, _negative),
    (np.emath.arccos, np.arccos, _beyond_one), (np.emath.arcsin, np.arcsin, _beyond_one),
    (np.emath.arctanh, np.arctanh, _beyond_one),
):  # fmt: skip

    @composite(_fn)
    def _emath(x: Operand, plain: Any = _plain, beyond: Any = _beyond) -> Operand:
        return plain(_continued(beyond, x))


@composite(np.emath.logn)
def _logn(n: Operand, x: Operand) -> Operand:
    return np.log(_continued(_negative, x)) / np.log(_continued(_negative, n))


@composite(np.emath.power)
def _power(x: Operand, p: Operand) -> Operand:
    p = asarray(p)
    return np.power(
        _continued(_negative, x), p.astype(float) if np.any(p < 0) and p.dtype.kind != "f" else p
    )


@primitive(broadcasts=True)
def cross_product(a: Operand, b: Operand) -> Operand:
    """np.cross of vectors that lie along the last axes."""
    i, j = [1, 2, 0], [2, 0, 1]
    return a.take(i, -1) * b.take(j, -1) - a.take(j, -1) * b.take(i, -1)


# A triple product stays what it is when its vectors are turned round: g (a x b) = a (b x g).
cross_product.defvjp(
    lambda g, _y, _a, b: cross_product(b, g),
    lambda g, _y, a, _b: cross_product(g, a),
    complex=True,
)


@composite(np.cross)
def _cross(
    a: Operand, b: Operand, axisa: int = -1, axisb: int = -1, axisc: int = -1,
    axis: int | None = None,
) -> Operand:  # fmt: skip
    if axis is not None:
        axisa = axisb = axisc = axis
    left: Operand = np.moveaxis(a, axisa, -1)
    right: Operand = np.moveaxis(b, axisb, -1)
    if left.shape[-1] != 3 or right.shape[-1] != 3:
        raise ValueError(
            "numpy.cross takes vectors of three numbers, not "
            f"{left.shape[-1]} and {right.shape[-1]}"
        )
    return np.moveaxis(cross_product(left, right), -1, axisc)


@composite(np.linalg.cross)
def _linalg_cross(x1: Operand, x2: Operand, /, *, axis: int = -1) -> Operand:
    return _cross(x1, x2, axis=axis)


@composite(np.kron)
def _kron(a: Operand, b: Operand) -> Operand:
    a, b = operand(a), operand(b)
    n = max(a.ndim, b.ndim)
    a, b = (x.reshape((1,) * (n - x.ndim) + x.shape) for x in (a, b))
    pairs = tuple(zip(a.shape, b.shape, strict=True))
    apart = a.reshape([k for size in a.shape for k in (size, 1)])
    each = b.reshape([k for size in b.shape for k in (1, size)])
    return (apart * each).reshape([p * q for p, q in pairs])


@composite(np.nan_to_num)
def _nan_to_num(
    x: Operand, copy: bool = True, nan: Operand = 0.0, posinf: Operand = None,
    neginf: Operand = None,
) -> Operand:  # fmt: skip
    most, least = np.finfo(x.dtype).max, np.finfo(x.dtype).min
    y = np.where(np.isnan(x), asarray(nan, x.dtype), x)
    y = np.where(np.isposinf(x), asarray(most if posinf is None else posinf, x.dtype), y)
    y = np.where(np.isneginf(x), asarray(least if neginf is None else neginf, x.dtype), y)
    return as_number(laid_out_as(y, x))


@composite(np.real_if_close)
def _real_if_close(a: Operand, tol: float = 100) -> Operand:
    close = a.dtype.kind == "c" and np.isrealobj(np.real_if_close(known(a), tol))
    return np.real(a) if close else a
