"""Every rule and composite against numerical derivatives, and every value against NumPy."""

from typing import Any

import numpy as np
import pytest
from cases import CASES, REGISTERED, name, nan_aware
from hypothesis import given
from hypothesis import strategies as st

import minigrad as mg
from minigrad import core


def one_array(fn: Any) -> Any:
    """`fn`, with several results, or lists of arguments, turned into arrays."""

    def flat(*args: Any, **kwargs: Any) -> Any:
        result = fn(*args, **kwargs)
        if isinstance(result, tuple | list):
            result = mg.asarray(np.concatenate([r.reshape(-1) for r in result], axis=0))
        return result

    flat.__name__ = name(fn)
    return flat


def unpacked(fn: Any, args: Any, kwargs: Any) -> tuple[Any, list[Any], dict[str, Any]]:
    """A call whose arrays are all positional, for one that has them in lists or by keyword."""
    arrays: list[Any] = []

    def hide(value: Any) -> Any:
        if isinstance(value, np.ndarray) and value.dtype.kind == "f":
            arrays.append(value)
            return Place(len(arrays) - 1)
        if type(value) in (list, tuple):
            return type(value)(map(hide, value))
        return value

    hidden = [hide(a) for a in args], {k: hide(v) for k, v in kwargs.items()}

    def show(value: Any, given: Any) -> Any:
        if isinstance(value, Place):
            return given[value.number]
        if type(value) in (list, tuple):
            return type(value)(show(v, given) for v in value)
        return value

    def call(*given: Any) -> Any:
        return fn(
            *(show(a, given) for a in hidden[0]),
            **{k: show(v, given) for k, v in hidden[1].items()},
        )

    call.__name__ = name(fn)
    return call, arrays, {}


class Place:
    """Where an array was in a nested argument."""

    def __init__(self, number: int) -> None:
        self.number = number


NAN_AWARE = {np.nansum, np.nanmean}
PARAMETERS = [pytest.param(fn, id=name(fn)) for fn in CASES]


@pytest.mark.parametrize("fn", PARAMETERS)
@given(data=st.data())
def test_derivatives_are_those_of_the_values(fn: Any, data: st.DataObject) -> None:
    args, kwargs = data.draw(CASES[fn])
    f = nan_aware(fn) if fn in NAN_AWARE else fn
    call, arrays, _ = unpacked(one_array(f), args, kwargs)
    with np.errstate(all="ignore"):
        mg.testing.check_grads(call, *arrays, order=2)


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
@pytest.mark.parametrize("fn", PARAMETERS)
@given(data=st.data())
def test_values_are_numpys_and_gradients_fit_their_operands(
    fn: Any, dtype: Any, data: st.DataObject
) -> None:
    args, kwargs = data.draw(CASES[fn])
    call, arrays, _ = unpacked(fn, args, kwargs)
    arrays = [a.astype(dtype) for a in arrays]
    before = [a.copy() for a in arrays]
    with np.errstate(all="ignore"):
        expected = call(*arrays)
        tensors = [mg.tensor(a, requires_grad=True) for a in arrays]
        found = call(*tensors)
    several = isinstance(expected, tuple | list)
    digits = 1e3 * np.finfo(dtype).eps
    for e, f in zip(
        expected if several else [expected], found if several else [found], strict=True
    ):
        assert isinstance(f, mg.Tensor)
        assert f.dtype == np.asarray(e).dtype
        assert f.shape == np.shape(e)
        np.testing.assert_allclose(f.detach().numpy(), e, rtol=digits, atol=digits)
        if f.requires_grad:
            with np.errstate(all="ignore"):
                f.backward(np.ones(f.shape), retain_graph=True)
    for t, a, b in zip(tensors, arrays, before, strict=True):
        assert t.grad is None or (t.grad.shape, t.grad.dtype) == (a.shape, a.dtype)
        np.testing.assert_array_equal(t.detach().numpy(), b, strict=True)
    gradients = [t.grad.data for t in tensors if t.grad is not None]
    for i, g in enumerate(gradients):
        assert g.flags.owndata
        assert not any(np.shares_memory(g, other) for other in gradients[:i])


def test_every_rule_and_composite_has_a_case() -> None:
    assert set(CASES) == REGISTERED


def test_no_function_is_in_two_sets() -> None:
    sets = [set(core.RULES), set(core.COMPOSITES), core.CONSTANTS, set(core.REFUSED)]
    assert sum(map(len, sets)) == len(set.union(*sets))
