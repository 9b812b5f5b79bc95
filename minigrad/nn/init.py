"""Initial values of weights: arrays drawn from an explicit random number generator.

It imports NumPy only.
"""

from __future__ import annotations

from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

RNG: TypeAlias = "np.random.Generator | int | None"  # in quotes: np.random is loaded when used


def normal(shape: tuple[int, ...], std: float = 0.01, *, rng: RNG = None) -> npt.NDArray[Any]:
    """Normally distributed around 0 with standard deviation `std`: the book's first choice.

    Examples
    --------
    >>> import minigrad as mg
    >>> mg.nn.init.normal((784, 50), rng=0).shape
    (784, 50)

    """
    return std * np.random.default_rng(rng).standard_normal(shape)


def kaiming_uniform(shape: tuple[int, ...], *, rng: RNG = None) -> npt.NDArray[Any]:
    """Uniform in +-sqrt(6 / n_in), n_in = shape[0], which keeps the variance through ReLU layers.

    He et al., "Delving deep into rectifiers", 2015, eq. 10.

    Examples
    --------
    >>> import numpy as np, minigrad as mg
    >>> bool(np.abs(mg.nn.init.kaiming_uniform((6, 4), rng=0)).max() < 1)
    True

    """
    bound = np.sqrt(6 / shape[0])
    return np.random.default_rng(rng).uniform(-bound, bound, shape)
