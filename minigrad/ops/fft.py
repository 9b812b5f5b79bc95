"""Derivatives of Fourier transforms.

A transform is linear and its matrix is symmetric, so its transpose is the same transform.  That of
a real signal has half a spectrum, in which most frequencies stand for two: `copies` says how many.
Those over several axes are transforms along one axis after the other, as in NumPy.  It imports
core, elementwise and shaping only; eig.py comes next.
"""

from collections.abc import Callable, Sequence
from typing import Any, Literal, TypeAlias

import numpy as np
from numpy.lib.array_utils import normalize_axis_tuple

from minigrad.core import Array, Operand, composite, defvjp
from minigrad.ops.elementwise import conj
from minigrad.ops.shaping import embed, piece

Norm: TypeAlias = Literal["backward", "ortho", "forward"] | None


def resized(g: Operand, n: int, axis: int) -> Operand:
    """`g` cropped to length n along `axis`, or padded with zeros: the adjoint of doing so to x."""
    axis %= np.ndim(g)
    missing = n - np.shape(g)[axis]
    if missing > 0:
        margins = [(0, 0)] * np.ndim(g)
        margins[axis] = (0, missing)
        return embed(g, tuple(margins), 0)
    return g if missing == 0 else piece(g, axis, None, n)


def copies(n: int, axis: int, of: Operand) -> Array:
    """How often each frequency of the half spectrum `of` n real numbers is in the whole one.

    Twice, but for frequency 0 and, where n is even, the highest one.
    """
    k = np.arange(n // 2 + 1)
    count = np.where((k == 0) | (2 * k == n), 1, 2).astype(np.finfo(of.dtype).dtype)
    return count.reshape([-1 if i == axis % of.ndim else 1 for i in range(of.ndim)])


defvjp(
    np.fft.fft,
    lambda g, _y, x_shape, n=None, axis=-1, norm=None: resized(
        np.fft.fft(g, axis=axis, norm=norm), x_shape[axis], axis
    ),
    complex=True,
)
defvjp(
    np.fft.ifft,
    lambda g, _y, x_shape, n=None, axis=-1, norm=None: resized(
        np.fft.ifft(g, axis=axis, norm=norm), x_shape[axis], axis
    ),
    complex=True,
)


def rfft_vjp(
    g: Operand, _y: Operand, x_shape: Any, n: int | None = None, axis: int = -1, norm: Norm = None
) -> Operand:
    """Derivative of rfft: the real part of the transform of g, computed from half of it."""
    n = x_shape[axis] if n is None else n
    return resized(np.fft.hfft(g / copies(n, axis, g), n, axis, norm), x_shape[axis], axis)


def irfft_vjp(
    g: Operand, _y: Operand, x_shape: Any, n: int | None = None, axis: int = -1, norm: Norm = None
) -> Operand:
    """Derivative of irfft: the half spectrum of g, each frequency as often as y has it."""
    n = np.shape(g)[axis]
    spectrum = np.fft.ihfft(g, axis=axis, norm=norm)
    return resized(spectrum * copies(n, axis, spectrum), x_shape[axis], axis)


defvjp(np.fft.rfft, rfft_vjp, complex=True)
defvjp(np.fft.irfft, irfft_vjp, complex=True)

OPPOSITE: dict[Norm, Norm] = {
    None: "forward",
    "backward": "forward",
    "ortho": "ortho",
    "forward": "backward",
}


@composite(np.fft.hfft)
def _hfft(a: Operand, n: int | None = None, axis: int = -1, norm: Norm = None) -> Operand:
    return np.fft.irfft(conj(a), n, axis, OPPOSITE.get(norm, norm))


@composite(np.fft.ihfft)
def _ihfft(a: Operand, n: int | None = None, axis: int = -1, norm: Norm = None) -> Operand:
    return np.conjugate(np.fft.rfft(a, n, axis, OPPOSITE.get(norm, norm)))


# -- over several axes


def _lengths(a: Operand, s: Any, axes: Any) -> list[tuple[int | None, int]]:
    """The length and axis of each transform, the first one first."""
    shape = np.shape(a)
    if axes is None:
        axes = range(-len(shape if s is None else s), 0)
    lengths = [-1] * len(axes) if s is None else s
    if len(lengths) != len(axes):
        raise ValueError(f"numpy.fft: {len(lengths)} lengths s for {len(axes)} axes {axes}")
    return [(shape[i] if n == -1 else n, i) for n, i in zip(lengths, axes, strict=True)]


def _along(fn: Callable[..., Any], a: Operand, lengths: Any, norm: Norm) -> Operand:
    for n, axis in lengths:
        a = fn(a, n, axis, norm)
    return a


def _over(fn: Callable[..., Any], default: Any = None) -> Callable[..., Any]:
    """Along the last axis first."""

    def transform(a: Operand, s: Any = None, axes: Any = default, norm: Norm = None) -> Operand:
        return _along(fn, a, reversed(_lengths(a, s, axes)), norm)

    return transform


def _rfft_over(default: Any = None) -> Callable[..., Any]:
    """The last axis has the real signal."""

    def transform(a: Operand, s: Any = None, axes: Any = default, norm: Norm = None) -> Operand:
        *others, last = _lengths(a, s, axes)
        return _along(np.fft.fft, np.fft.rfft(a, *last, norm), reversed(others), norm)

    return transform


def _irfft_over(default: Any = None) -> Callable[..., Any]:
    """The last axis gets the real signal, and comes last."""

    def transform(a: Operand, s: Any = None, axes: Any = default, norm: Norm = None) -> Operand:
        *others, (n, axis) = _lengths(a, s, axes)
        n = None if s is None else n
        return np.fft.irfft(_along(np.fft.ifft, a, others, norm), n, axis, norm)

    return transform


composite(np.fft.fftn)(_over(np.fft.fft))
composite(np.fft.ifftn)(_over(np.fft.ifft))
composite(np.fft.rfftn)(_rfft_over())
composite(np.fft.irfftn)(_irfft_over())
composite(np.fft.fft2)(_over(np.fft.fft, (-2, -1)))
composite(np.fft.ifft2)(_over(np.fft.ifft, (-2, -1)))
composite(np.fft.rfft2)(_rfft_over((-2, -1)))
composite(np.fft.irfft2)(_irfft_over((-2, -1)))


# -- zero frequency to the middle, and back


def _shift(direction: int) -> Callable[..., Any]:
    def shifted(x: Operand, axes: int | Sequence[int] | None = None) -> Operand:
        along = normalize_axis_tuple(range(np.ndim(x)) if axes is None else axes, np.ndim(x))
        halves = [direction * (np.shape(x)[i] // 2) for i in along]
        return np.roll(x, halves, along)

    return shifted


composite(np.fft.fftshift)(_shift(1))
composite(np.fft.ifftshift)(_shift(-1))
