"""The array API standard's Fourier transforms: `minigrad.fft`.

Each function hands one of NumPy's to the engine, as namespace.py does, which it imports besides
core.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from minigrad.core import Tensor, asarray, call, check_device
from minigrad.namespace import named

__all__ = [
    "fft", "fftfreq", "fftn", "fftshift", "hfft", "ifft", "ifftn", "ifftshift", "ihfft", "irfft",
    "irfftn", "rfft", "rfftfreq", "rfftn",
]  # fmt: skip


def scaled(norm: str) -> str | None:
    """NumPy's default for the standard's, which is the same."""
    return None if norm == "backward" else norm


def along_axis(name: str) -> Callable[..., Tensor]:
    """NumPy's transform of that name, along one axis."""
    fn = getattr(np.fft, name)

    def transform(
        x: Any, /, *, n: int | None = None, axis: int = -1, norm: str = "backward"
    ) -> Tensor:
        return call(fn, asarray(x), n=n, axis=axis, norm=scaled(norm))

    return named(transform, name, "numpy.fft")


def over_axes(name: str) -> Callable[..., Tensor]:
    """NumPy's transform of that name, over several axes: all, or as many of the last as `s` has."""
    fn = getattr(np.fft, name)

    def transform(
        x: Any,
        /,
        *,
        s: Sequence[int] | None = None,
        axes: Sequence[int] | None = None,
        norm: str = "backward",
    ) -> Tensor:
        if axes is None and s is not None:
            axes = range(-len(s), 0)
        return call(fn, asarray(x), s=s, axes=axes, norm=scaled(norm))

    return named(transform, name, "numpy.fft")


def shift(name: str) -> Callable[..., Tensor]:
    """NumPy's function of that name, which moves the frequency zero."""
    fn = getattr(np.fft, name)

    def shifted(x: Any, /, *, axes: int | Sequence[int] | None = None) -> Tensor:
        return call(fn, asarray(x), axes=axes)

    return named(shifted, name, "numpy.fft")


def frequencies(name: str) -> Callable[..., Tensor]:
    """NumPy's function of that name: the frequencies of n samples, `d` apart."""
    fn = getattr(np.fft, name)

    def sampled(
        n: int, /, *, d: float = 1.0, dtype: npt.DTypeLike | None = None, device: Any = None
    ) -> Tensor:
        check_device(device)
        return asarray(fn(n, d), dtype)

    return named(sampled, name, "numpy.fft")


fft = along_axis("fft")
ifft = along_axis("ifft")
rfft = along_axis("rfft")
irfft = along_axis("irfft")
hfft = along_axis("hfft")
ihfft = along_axis("ihfft")
fftn = over_axes("fftn")
ifftn = over_axes("ifftn")
rfftn = over_axes("rfftn")
irfftn = over_axes("irfftn")
fftshift = shift("fftshift")
ifftshift = shift("ifftshift")
fftfreq = frequencies("fftfreq")
rfftfreq = frequencies("rfftfreq")
