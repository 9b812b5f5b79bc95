"""Fourier transforms, and eigenvalues of any square matrix: what their property tests draw.

Of complex results the harness looks at the real and imaginary parts; test_complex.py has the same
operations on complex operands.
"""

from collections.abc import Callable
from typing import Any

import numpy as np
from drawn import Case, shapes, some
from hypothesis import strategies as st

import minigrad as mg
from minigrad.ops import eig
from minigrad.testing import arrays, axes, call

ALONG_ONE = [np.fft.fft, np.fft.ifft, np.fft.rfft, np.fft.irfft, np.fft.hfft, np.fft.ihfft]
ALONG_TWO = [np.fft.fft2, np.fft.ifft2, np.fft.rfft2, np.fft.irfft2]
ALONG_MANY = [np.fft.fftn, np.fft.ifftn, np.fft.rfftn, np.fft.irfftn]
MODERATE = (-8, 8)
NORMS = st.sampled_from([None, "backward", "ortho", "forward"])


@st.composite
def along_one(draw: st.DrawFn) -> Any:
    """A transform of all of an axis, of a part of it, or with zeros behind it."""
    shape = draw(shapes(min_dims=1))
    axis = draw(axes(len(shape), none=False, many=False))
    sides = list(shape)
    sides[axis] = max(sides[axis], 2)
    n = draw(st.sampled_from([None, 4, 5, None, 2, 1, 3]))
    return call(draw(some(tuple(sides), MODERATE)), n=n, axis=axis, norm=draw(NORMS))


@st.composite
def along_many(draw: st.DrawFn, n: int | None = None) -> Any:
    """One over n axes or any number of them, each with a length of its own or not."""
    x = draw(some(shapes(min_dims=n or 1, min_side=2), MODERATE))
    over = draw(st.permutations(range(x.ndim)))[: n or draw(st.integers(1, x.ndim))]
    over = [i - x.ndim if draw(st.booleans()) else i for i in over]
    kwargs: dict[str, Any] = {"axes": over} if draw(st.booleans()) else {}
    if draw(st.booleans()) and (kwargs or n):
        length = st.sampled_from([3, 4, -1, 2])
        kwargs["s"] = draw(st.lists(length, min_size=len(over), max_size=len(over)))
    return call(x, norm=draw(NORMS), **kwargs)


@st.composite
def shifting(draw: st.DrawFn) -> Any:
    x = draw(some(st.sampled_from([(5,), (2, 4)]) | shapes()))
    return call(x, axes=draw(axes(x.ndim)))


@st.composite
def with_distinct_eigenvalues(draw: st.DrawFn) -> Any:
    """A matrix, or two, whose eigenvalues lie apart; a pair of complex ones may be among them."""
    n = draw(st.integers(1, 3))
    stack = draw(st.sampled_from([(), (2,), (), (2, 1), (0,)]))
    a = 4.0 * np.diag([1, 3, 6][:n])
    if n > 1 and draw(st.booleans()):
        a[:2, :2] = [[1, 6], [-2, 3]]
    a = a[::-1, ::-1] if draw(st.booleans()) else a
    return a + draw(arrays((*stack, n, n), domain=(-0.5, 0.5)))


def in_rows(found: Any) -> Any:
    """Eigenvalues and vectors as eigen has them."""
    values, vectors = found
    return np.concatenate([values[..., None, :], vectors], axis=-2)


def in_order(values: Any) -> Any:
    """Which eigenvalue comes first: LAPACK's order changes where a matrix becomes triangular."""
    return np.argsort((np.real(values) + np.imag(values)).detach(), axis=-1)


def settled(found: Any) -> Any:
    """Eigenvalues in order, and vectors with a positive number for their largest, which is real."""
    found = mg.asarray(found)
    values, vectors = found[..., 0, :], found[..., 1:, :]
    order = in_order(values)
    values = np.take_along_axis(values, order, axis=-1)
    vectors = np.take_along_axis(vectors, order[..., None, :], axis=-1)
    largest = np.argmax(np.abs(vectors.detach()), axis=-2)[..., None, :]
    sign = np.sign(np.real(np.take_along_axis(vectors.detach(), largest, axis=-2)))
    return np.concatenate([values[..., None, :], vectors * sign], axis=-2)


def values_in_order(values: Any) -> Any:
    values = mg.asarray(values)
    return np.take_along_axis(values, in_order(values), axis=-1)


def beside_zero() -> Any:
    return some(domain=(0.25, 8)) | some(domain=(-8, -0.25))


def curved(x: Any) -> Any:
    """Complex numbers in all directions from 0, but for a few real ones."""
    return x + 1j * x * x if np.size(x) != 2 else x


def turned(x: Any) -> Any:
    """Complex numbers, both parts of which depend on x."""
    return x * (1 + 0.5j)


CASES: dict[Callable[..., Any], Case] = {
    **dict.fromkeys(ALONG_ONE, Case.of(along_one())),
    **dict.fromkeys(ALONG_TWO, Case.of(along_many(2))),
    **dict.fromkeys(ALONG_MANY, Case.of(along_many())),
    **dict.fromkeys([np.fft.fftshift, np.fft.ifftshift], Case.of(shifting())),
    np.linalg.eig: Case.of(
        with_distinct_eigenvalues(), readout=lambda found: settled(in_rows(found))
    ),
    np.linalg.eigvals: Case.of(with_distinct_eigenvalues(), readout=values_in_order),
    eig.eigen: Case.of(with_distinct_eigenvalues(), readout=settled),
    np.linalg.inv: Case.of(with_distinct_eigenvalues()),
    np.real: Case.of(some(), through=turned),
    np.imag: Case.of(some(), through=turned),
    np.angle: Case.of(st.builds(call, beside_zero(), deg=st.booleans()), through=curved),
    np.sign: Case.of(beside_zero(), through=curved),
}  # fmt: skip
