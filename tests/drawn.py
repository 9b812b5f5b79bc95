"""What the property tests of operations draw: arrays, shapes, axes, and a Case to hold them.

cases.py and its kin give every operation a Case; values, axes and shapes that several of them need
are here.
"""

import functools
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
from hypothesis import strategies as st

from minigrad.testing import PROPERTIES, arrays, axes, broadcastable, call, property_test
from minigrad.testing.calls import Arguments
from minigrad.testing.harness import calls as calls_of

SMALL = (-4, 4)
DTYPES = st.sampled_from([None, np.float64])


def some(shape: Any = None, domain: Any = None) -> st.SearchStrategy[Any]:
    """Arrays with everything that an operation may meet, in the domain if there is one."""
    return arrays(shape, domain=domain, special=domain is None)


@st.composite
def shapes(draw: st.DrawFn, min_dims: int = 0, max_dims: int = 3, min_side: int = 0) -> Any:
    """Shapes of few elements, and now and then of one or none."""
    dims = draw(st.sampled_from([n for n in (2, 1, 3, 0) if min_dims <= n <= max_dims]))
    sides = st.sampled_from((2, 3, 3, 2, 1, 0) if min_side == 0 else (2, 3, 3, 2, 1))
    return tuple(max(draw(sides), min_side) for _ in range(dims))


@st.composite
def reduction(
    draw: st.DrawFn,
    domain: Any = None,
    *,
    none: bool = True,
    many: bool = True,
    keepdims: bool = True,
    **options: Any,
) -> Any:
    """An array, and what to reduce it over; one without axes may be given an axis, too."""
    x = draw(some(domain=domain))
    without = st.sampled_from([None, 0, -1] if none else [0, -1])
    axis = draw(axes(x.ndim, none=none, many=many) if x.ndim else without)
    kwargs = {name: draw(strategy) for name, strategy in options.items()}
    if keepdims:
        kwargs["keepdims"] = draw(st.booleans())
    return call(x, axis=axis, **kwargs)


@st.composite
def with_axis(draw: st.DrawFn, *, none: bool = True, many: bool = False, **options: Any) -> Any:
    x = draw(some(shapes(min_dims=1)))
    kwargs = {name: draw(strategy) for name, strategy in options.items()}
    return call(x, axis=draw(axes(x.ndim, none=none, many=many)), **kwargs)


@st.composite
def with_pair(draw: st.DrawFn, min_dims: int = 1, different: bool = False) -> Any:
    """An array and two of its axes, of which one counts from the back."""
    x = draw(some(shapes(min_dims=min_dims)))
    a = draw(st.integers(0, x.ndim - 1))
    b = draw(st.integers(0, x.ndim - 1).filter(lambda b: not different or a != b))
    return x, a, b - x.ndim


@st.composite
def several(draw: st.DrawFn, min_dims: int = 1, max_dims: int = 3, axis: bool = True) -> Any:
    """A list of equally shaped arrays to join, and along which axis."""
    shape = draw(shapes(min_dims, max_dims))
    joined = [draw(some(shape)) for _ in range(draw(st.integers(1, 3)))]
    if not axis:
        return call(joined)
    return call(joined, axis=draw(axes(len(shape), none=False, many=False)))


@st.composite
def shaped(draw: st.DrawFn, forms: list[str], min_side: int = 0, domain: Any = None) -> Any:
    """Arrays in the shapes of a form such as "(n,k),(k,m)", where each letter has one length."""
    lengths = {"1": 1, "3": 3, **{letter: draw(st.integers(min_side, 3)) for letter in "nkmpzA"}}
    form = draw(st.sampled_from(forms))
    parts = [part.strip("()") for part in form.split("),(")]
    sides = [tuple(lengths[c] for c in p.split(",") if c) for p in parts]
    return tuple(draw(some(shape, domain)) for shape in sides)


class Case(NamedTuple):
    """What an operation is tested on: a strategy of its calls, and options of `property_test`.

    An operation that holds for some arrays only, such as symmetric ones, is tested `through` a
    function that makes any array one of them, and leaves alone one that is: all that varies the
    array varies it among them.
    A `readout` is a function of the result that is differentiated with it: what a result has beyond
    what is defined, such as the sign of a vector that only has a direction, it takes out.
    """

    calls: st.SearchStrategy[Any]
    options: dict[str, Any]
    through: Callable[[Any], Any] | None = None
    readout: Callable[[Any], Any] | None = None

    @classmethod
    def of(
        cls,
        drawn: st.SearchStrategy[Any],
        through: Callable[[Any], Any] | None = None,
        readout: Callable[[Any], Any] | None = None,
        **options: Any,
    ) -> "Case":
        """That of a strategy of calls, or of their arguments."""
        return cls(calls_of(None, (drawn,), {}, None), options, through, readout)

    def test(self, fn: Any, **options: Any) -> None:
        """Hold fn to every property."""
        tested = fn if self.through is None else after(self.through, fn)
        tested = tested if self.readout is None else before(self.readout, tested)
        property_test(tested, self.calls, **self.options, **options)()
        if tested is not fn:  # then it is not seen yet what fn does with what itself is given
            skip = PROPERTIES.keys() - {"mutation", "strides", "views"}
            property_test(fn, self.calls.map(self._given), skip=skip, **options)()

    def _given(self, c: Arguments) -> Arguments:
        if self.through is None:
            return c
        return call(np.real(self.through(c.args[0])), *c.args[1:], **c.kwargs)


def after(through: Callable[[Any], Any], fn: Any) -> Callable[..., Any]:
    """`fn`, of what `through` makes of its first argument."""

    def composed(x: Any, *args: Any, **kwargs: Any) -> Any:
        return fn(through(x), *args, **kwargs)

    composed.__name__ = composed.__qualname__ = f"{fn.__name__}_{through.__name__}"
    return composed


def before(readout: Callable[[Any], Any], fn: Any) -> Callable[..., Any]:
    """What `readout` makes of the result of `fn`."""

    @functools.wraps(fn)
    def composed(*args: Any, **kwargs: Any) -> Any:
        return readout(fn(*args, **kwargs))

    return composed


def case(n: int, domain: Any) -> Case:
    """That of an operation on n arrays that broadcast."""
    drawn = broadcastable(n, domain=domain, special=True) if n > 1 else some(domain=domain)
    return Case.of(drawn, domain=domain)
