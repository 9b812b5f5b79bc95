"""Operations that mistakes are planted in, and what the mistakes are made of."""

from typing import Any

import numpy as np

import minigrad as mg


def primitive(forward: Any, *rules: Any, broadcasts: bool = False) -> Any:
    made = mg.primitive(broadcasts=broadcasts)(forward)
    made.defvjp(*rules)
    return made


def value(x: Any) -> Any:
    return x.detach() if isinstance(x, mg.Tensor) else x


def times(x: Any, y: Any) -> Any:
    return x * y


def matmul(x: Any, y: Any) -> Any:
    return x @ y


def averaged(g: Any, _z: Any, x: Any, y: Any) -> Any:
    """Right for equal shapes; where x was broadcast it takes the mean instead of the sum."""
    by_all = g * y
    if np.shape(by_all) == np.shape(x):
        return by_all
    return np.broadcast_to(np.mean(by_all), np.shape(x)) + 0 * x
