"""NumPy's functions that write into their first argument: put, copyto, ufunc.at, and their kin.

Each becomes an update of the tensor, which views and aliases see and derivatives go through.  Where
values are put, NumPy itself says: its function runs on an array of numbers of values.  A plain
array is never written to, since what was computed would be cut out of its graph.  It imports core,
elementwise and indexing only; moving.py comes next.
"""

from collections.abc import Callable
from typing import Any

import numpy as np

from minigrad.core import (
    RULES,
    WRITES,
    Array,
    Operand,
    Tensor,
    asarray,
    bind,
    into_plain_array,
    known,
    name_of,
    primitive,
    refuse_number,
    unbroadcast,
    writable_root,
    write_result,
)


def target_of(fn: Callable[..., Any], a: Any) -> Tensor:
    """The tensor that `fn` is to write into; an error if it may not."""
    if not isinstance(a, Tensor):
        full = "; for numpy.full, np.broadcast_to(t, shape)" if fn is np.copyto else ""
        raise into_plain_array(fn, "it would write a Tensor into a plain array", full)
    refuse_number(a, name_of(fn))
    writable_root(a)
    return a


def putting(fn: Callable[..., Any], position: int) -> Callable[..., None]:
    """`fn` of NumPy's on tensors: it puts the values that are its argument at `position`."""

    def put(*args: Any, **kwargs: Any) -> None:
        (a, *rest), options = bind(fn, args, kwargs, arrays=position + 1)
        target, values = target_of(fn, a), asarray(rest.pop(position - 1))
        numbers = np.arange(values.size).reshape(values.shape)
        which = np.full(target.shape, -1)  # of the values, for each element
        fn(
            which,
            *known(rest[: position - 1]),
            numbers,
            *known(rest[position - 1 :]),
            **known(options),
        )
        mask = which >= 0
        if mask.any():
            target[mask] = values.reshape(-1)[which[mask]]

    return put


WRITES |= {
    np.put: putting(np.put, 2),
    np.place: putting(np.place, 2),
    np.putmask: putting(np.putmask, 2),
    np.put_along_axis: putting(np.put_along_axis, 2),
    np.fill_diagonal: putting(np.fill_diagonal, 1),
}


def _copyto(dst: Operand, src: Operand, casting: Any = "same_kind", where: Any = True) -> None:
    target, values = target_of(np.copyto, dst), asarray(src)
    if not np.can_cast(values.dtype, target.dtype, casting):
        raise TypeError(
            f"numpy.copyto: {values.dtype} cannot be cast to {target.dtype} by {casting!r}"
        )
    values = values.reshape(values.shape[max(values.ndim - target.ndim, 0) :])  # of leading ones
    mask = np.broadcast_to(known(where), target.shape)
    if mask.all():
        target[...] = values
    else:
        target[mask] = np.broadcast_to(values, target.shape)[mask]


def _nan_to_num(x: Operand, copy: bool = True, **options: Any) -> Operand:
    if copy:
        return NotImplemented
    target_of(np.nan_to_num, x)[...] = np.nan_to_num(x, **options)
    return x


WRITES |= {np.copyto: _copyto, np.nan_to_num: _nan_to_num}


# -- ufunc.at: a place that is named several times is changed several times


@primitive
def add_at(x: Array, index: Any, value: Array) -> Array:
    """A copy of x with `value` added at `index`."""
    y = np.array(x)
    np.add.at(y, index, value)
    return y


add_at.defvjp(
    lambda g, _y, _x, _index, _value: g,
    None,
    lambda g, _y, _x, index, value_shape: unbroadcast(g[index], value_shape),
    complex=True,
)


def at(ufunc: np.ufunc) -> Callable[..., None]:
    """`ufunc.at` on tensors."""

    def changed(a: Any, indices: Any, *b: Any) -> None:
        target, index = target_of(ufunc.at, a), known(indices)
        if ufunc is np.add or ufunc is np.subtract:
            value = asarray(b[0]) if ufunc is np.add else -asarray(b[0])
            write_result(ufunc.at, target, add_at(target, index, value))
            return
        places = np.arange(target.size).reshape(target.shape)[index]
        values = [np.broadcast_to(asarray(v), places.shape).flatten() for v in b]
        places = places.reshape(-1)
        for turn in turns(places):
            where = np.unravel_index(places[turn], target.shape)
            mask = np.zeros(target.shape, bool)
            mask[where] = True
            order = np.argsort(places[turn])
            new = ufunc(target[mask], *(v[turn][order] for v in values))
            write_result(ufunc.at, target, new, mask=mask)

    return changed


def turns(places: Array) -> list[Array]:
    """The places in turns, as masks: in none is a place twice, and the first come first."""
    order = np.argsort(places, kind="stable")
    first = np.searchsorted(places[order], places[order])
    turn = np.empty(places.size, int)
    turn[order] = np.arange(places.size) - first
    return [turn == k for k in range(turn.max(initial=-1) + 1)]


WRITES |= {
    ufunc.at: at(ufunc)
    for ufunc in RULES
    if isinstance(ufunc, np.ufunc) and ufunc.nout == 1 and ufunc.signature is None
}
