"""How results lie in memory: as NumPy's do, so that a view of one reaches what it reaches there.

Where the elements of a result lie decides what `reshape` and `ravel` of it share with it.  Nothing
here changes a value.  It imports core only; shaping.py and moving.py use it.
"""

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from minigrad.core import Array, Operand, is_lazy, operand, primitive, unwrap


def as_number(x: Operand) -> Operand:
    """`x`, but an array without axes as the number that is in it."""
    return x if x.ndim else x[()]


def own(x: Operand) -> Operand:
    """`x`, a part of what was packed and nothing else holds, in C order."""
    return x if is_lazy(unwrap(x)) or unwrap(x).flags.c_contiguous else x.copy()


@primitive
def copied_as(x: Array, model: Array, order: Any = "K") -> Array:
    """A copy of `x` that lies in memory as an array like `model` does."""
    y = np.empty_like(model, x.dtype, order, shape=x.shape)
    y[...] = x
    return y


copied_as.defvjp(lambda g, _y, _x, _model, _order="K": g, None, complex=True)


def laid_out_as(x: Operand, model: Operand) -> Operand:
    """`x`, which nothing else holds, in the order that `model` has in memory."""
    here, there = unwrap(x), unwrap(model)
    if is_lazy(there) or (here.flags.c_contiguous and there.flags.c_contiguous):
        return x
    return copied_as(x, there)


def places_of(*arrays: Operand) -> list[Array]:
    """The number of each element, counted on from one array to the next.

    Of an array in Fortran's order they are in that order, too: NumPy's functions ask for nothing
    else.
    """
    places, start = [], 0
    for a in arrays:
        x, stop = unwrap(a), start + math.prod(a.shape)
        numbers = np.arange(start, stop).reshape(a.shape)
        fortran = not is_lazy(x) and x.flags.fnc
        places.append(np.asfortranarray(numbers) if fortran else numbers)
        start = stop
    return places


def gathered(moved: Callable[..., Array], *arrays: Operand) -> Operand:
    """The elements of arrays where `moved` puts their places."""
    arrays = tuple(map(operand, arrays))
    flat = [a.reshape(-1) for a in arrays]
    everything = np.concatenate(flat) if len(flat) > 1 else flat[0]
    return everything[moved(*places_of(*arrays))]
