"""Layers: each is its equation, and its derivative is the engine's business.

It imports functional, init and module.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import numpy.typing as npt

from minigrad.core import Tensor, asarray
from minigrad.nn import functional, init
from minigrad.nn.init import RNG
from minigrad.nn.module import Module, parameter


class Linear(Module):
    """y = x @ weight + bias, for x of shape (..., n_in).

    Parameters
    ----------
    n_in, n_out : int
        The lengths of the last axis of x and of y.
    rng : numpy.random.Generator, int or None
        Draws the weights, by `init.kaiming_uniform`; the bias starts at 0.
    dtype : dtype
        Of weight, shape (n_in, n_out), and bias, shape (n_out,).

    Examples
    --------
    >>> import numpy as np, minigrad as mg
    >>> layer = mg.nn.Linear(3, 2, rng=0)
    >>> layer(np.ones((5, 3))).shape
    (5, 2)

    """

    def __init__(
        self, n_in: int, n_out: int, *, rng: RNG = None, dtype: npt.DTypeLike = float
    ) -> None:
        self.weight = parameter(init.kaiming_uniform((n_in, n_out), rng=rng), dtype)
        self.bias = parameter(np.zeros(n_out), dtype)

    def __call__(self, x: Any) -> Tensor:
        """Map the last axis: x @ weight + bias."""
        y: Tensor = x @ self.weight
        return y + self.bias


class ReLU(Module):
    """y = max(x, 0).

    Examples
    --------
    >>> import minigrad as mg
    >>> mg.nn.ReLU()(mg.tensor([-1.0, 2.0]))
    tensor([0., 2.])

    """

    def __call__(self, x: Any) -> Tensor:
        """max(x, 0)."""
        y: Tensor = functional.relu(asarray(x))
        return y


class GELU(Module):
    """y = x times how likely a standard normal number is below x.

    Parameters
    ----------
    approximate : {"none", "tanh"}
        How that is computed: see `functional.gelu`.

    Examples
    --------
    >>> import minigrad as mg
    >>> mg.nn.GELU()(mg.tensor([-1.0, 2.0]))
    tensor([-0.15865525,  1.95449974])

    """

    def __init__(self, approximate: str = "none") -> None:
        self.approximate = approximate

    def __call__(self, x: Any) -> Tensor:
        """X ndtr(x)."""
        return functional.gelu(x, self.approximate)


class Sequential(Module):
    """The layers one after another: y = f_n(... f_2(f_1(x))).

    Parameters
    ----------
    *layers : callable
        Modules, or functions.

    Examples
    --------
    >>> import numpy as np, minigrad as mg
    >>> net = mg.nn.Sequential(mg.nn.Linear(3, 4, rng=0), mg.nn.ReLU(), mg.nn.Linear(4, 2, rng=1))
    >>> net(np.ones((5, 3))).shape
    (5, 2)

    """

    def __init__(self, *layers: Callable[[Any], Any]) -> None:
        self.layers = list(layers)

    def __call__(self, x: Any) -> Any:
        """Apply the layers in order."""
        for layer in self.layers:
            x = layer(x)
        return x

    def __len__(self) -> int:
        return len(self.layers)

    def __iter__(self) -> Iterator[Callable[[Any], Any]]:
        return iter(self.layers)

    def __getitem__(self, i: int) -> Callable[[Any], Any]:
        return self.layers[i]
