"""Every operation that minigrad differentiates, and inputs to test it on.

CASES maps the function to a strategy of its calls: (args, kwargs), in which every floating array is
differentiated.  Values lie apart from kinks and from each other by more than the steps of the
numerical derivative: what happens at kinks is in test_conventions.py.  To add an operation, add its
rule in minigrad/ops and its line here.
"""

import operator
from collections.abc import Callable
from typing import Any

import numpy as np
from hypothesis import assume
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from minigrad import core, ops
from minigrad.ops import elementwise, indexing, linalg, reductions, shaping

Call = tuple[tuple[Any, ...], dict[str, Any]]

# -- arrays


def values(low: float = -4, high: float = 4) -> st.SearchStrategy[float]:
    """Numbers between low and high, at least 1/8 from every integer and multiple of 1/4."""
    return st.integers(int(np.ceil(low * 4)), int(np.floor(high * 4)) - 1).map(
        lambda k: (k + 0.5) / 4
    )


def shapes(min_dims: int = 0, max_dims: int = 3, min_side: int = 0) -> st.SearchStrategy[Any]:
    return hnp.array_shapes(
        min_dims=min_dims, max_dims=max_dims, min_side=max(min_side, 1), max_side=3
    ) | (st.just((2, 0)) if min_side == 0 and min_dims <= 2 <= max_dims else st.nothing())


def arrays(
    shape: Any = None, low: float = -4, high: float = 4, *, unique: bool = False
) -> st.SearchStrategy[Any]:
    shape = shapes() if shape is None else shape
    return hnp.arrays(np.float64, shape, elements=values(low, high), unique=unique)


@st.composite
def broadcastable(
    draw: st.DrawFn, n: int, low: float = -4, high: float = 4, ranges: Any = None
) -> list[Any]:
    """n arrays whose shapes broadcast, sizes 0 and 1 and 0-d among them."""
    found = draw(
        hnp.mutually_broadcastable_shapes(num_shapes=n, max_dims=3, max_side=3, min_side=0)
    )
    ranges = ranges or [(low, high)] * n
    return [draw(arrays(s, *r)) for s, r in zip(found.input_shapes, ranges, strict=True)]


# -- calls


def unary(low: float = -4, high: float = 4) -> st.SearchStrategy[Call]:
    return arrays(low=low, high=high).map(lambda x: ((x,), {}))


def binary(*ranges: tuple[float, float]) -> st.SearchStrategy[Call]:
    return broadcastable(2, ranges=ranges or None).map(lambda xs: (tuple(xs), {}))


@st.composite
def apart(draw: st.DrawFn) -> Call:
    """Two operands that differ everywhere: a lattice, and one between its points."""
    x, y = draw(broadcastable(2))
    return (x, y + 0.125), {}


def axes(ndim: int, *, many: bool = True, none: bool = True) -> st.SearchStrategy[Any]:
    """Every form of an axis: None, from the front, from the back, tuples."""
    choices = [st.none()] if none else []
    if ndim:
        choices.append(st.integers(-ndim, ndim - 1))
        if many:
            choices.append(hnp.valid_tuple_axes(ndim, min_size=1))
    return st.one_of(choices) if choices else st.nothing()


@st.composite
def reduction(
    draw: st.DrawFn,
    low: float = -4,
    high: float = 4,
    *,
    unique: bool = True,
    min_side: int = 1,
    keepdims: bool = True,
    many: bool = True,
    **options: Any,
) -> Call:
    shape = draw(shapes(min_side=min_side))
    x = draw(arrays(shape, low, high, unique=unique))
    kwargs = {name: draw(strategy) for name, strategy in options.items()}
    kwargs["axis"] = draw(axes(len(shape), many=many))
    if keepdims:
        kwargs["keepdims"] = draw(st.booleans())
    return (x,), kwargs


@st.composite
def running(draw: st.DrawFn, method: bool = False) -> Call:
    shape = draw(shapes(min_dims=1, min_side=1))
    return (draw(arrays(shape)),), {"axis": draw(axes(len(shape), many=False, none=not method))}


@st.composite
def with_axis(draw: st.DrawFn, *, none: bool = True, many: bool = False, **options: Any) -> Call:
    shape = draw(shapes(min_dims=1))
    kwargs = {name: draw(strategy) for name, strategy in options.items()}
    kwargs["axis"] = draw(axes(len(shape), many=many, none=none))
    return (draw(arrays(shape)),), kwargs


@st.composite
def reshaping(draw: st.DrawFn, order: bool = True) -> Call:
    shape = draw(shapes())
    new = draw(st.permutations(shape)) + [1] * draw(st.integers(0, 1))
    kwargs = {"order": draw(st.sampled_from("CF"))} if order else {}
    return (draw(arrays(shape)), tuple(new)), kwargs


@st.composite
def permuting(draw: st.DrawFn) -> Call:
    shape = draw(shapes())
    permutation = draw(st.permutations(range(len(shape))))
    signs = draw(st.lists(st.booleans(), min_size=len(shape), max_size=len(shape)))
    negative = [a - len(shape) if s else a for a, s in zip(permutation, signs, strict=True)]
    return (draw(arrays(shape)),), {"axes": draw(st.sampled_from([None, tuple(negative)]))}


@st.composite
def moving(draw: st.DrawFn) -> Call:
    shape = draw(shapes(min_dims=1))
    n = draw(st.integers(1, len(shape)))
    source, destination = (draw(st.permutations(range(len(shape))))[:n] for _ in range(2))
    return (draw(arrays(shape)), source, destination), {}


@st.composite
def swapping(draw: st.DrawFn) -> Call:
    shape = draw(shapes(min_dims=1))
    a, b = (draw(st.integers(-len(shape), len(shape) - 1)) for _ in range(2))
    return (draw(arrays(shape)), a, b), {}


@st.composite
def squeezing(draw: st.DrawFn) -> Call:
    shape = draw(shapes())
    at = draw(st.integers(0, len(shape)))
    x = draw(arrays((*shape[:at], 1, *shape[at:])))
    return (x,), {"axis": draw(st.sampled_from([None, at, (at - x.ndim,)]))}


@st.composite
def expanding(draw: st.DrawFn) -> Call:
    x = draw(arrays())
    axis = draw(st.sampled_from([0, -1, (0, 1), (0, -1), x.ndim]))
    return (x, axis), {}


@st.composite
def spreading(draw: st.DrawFn) -> Call:
    found = draw(hnp.mutually_broadcastable_shapes(num_shapes=1, base_shape=draw(shapes())))
    return (draw(arrays(found.input_shapes[0])), found.result_shape), {}


@st.composite
def rolling(draw: st.DrawFn) -> Call:
    shape = draw(shapes(min_dims=1))
    axis = draw(axes(len(shape)))
    if isinstance(axis, tuple) and draw(st.booleans()):
        return (draw(arrays(shape)), tuple(draw(st.integers(-4, 4)) for _ in axis)), {"axis": axis}
    return (draw(arrays(shape)), draw(st.integers(-4, 4))), {"axis": axis}


@st.composite
def rotating(draw: st.DrawFn) -> Call:
    shape = draw(shapes(min_dims=2))
    pair = draw(st.permutations(range(len(shape))))[:2]
    return (draw(arrays(shape)),), {"k": draw(st.integers(-5, 5)), "axes": tuple(pair)}


@st.composite
def repeating(draw: st.DrawFn) -> Call:
    shape = draw(shapes(min_dims=1, min_side=1))
    axis = draw(axes(len(shape), many=False))
    n = int(np.prod(shape)) if axis is None else shape[axis]
    repeats = draw(st.integers(0, 3) | hnp.arrays(int, n, elements=st.integers(0, 2)))
    return (draw(arrays(shape)), repeats), {"axis": axis}


@st.composite
def several(draw: st.DrawFn, min_dims: int = 1, axis: bool = True) -> Call:
    """A list of equally shaped arrays to join, and how."""
    shape = draw(shapes(min_dims=min_dims))
    arrays_ = [draw(arrays(shape)) for _ in range(draw(st.integers(1, 3)))]
    kwargs = {"axis": draw(st.integers(-len(shape), len(shape) - 1))} if axis else {}
    return (arrays_,), kwargs


@st.composite
def blocks(draw: st.DrawFn) -> Call:
    a, b = draw(st.integers(1, 3)), draw(st.integers(1, 3))
    rows = [[draw(arrays((r, c))) for c in (a, b)] for r in (b, a)]
    return (draw(st.sampled_from([rows, rows[0], rows[0][0]])),), {}


@st.composite
def splitting(draw: st.DrawFn, dims: int = 1, axis: bool = True, exact: bool = True) -> Call:
    shape = draw(shapes(min_dims=dims, max_dims=max(dims, 3), min_side=1))
    along = draw(st.integers(-len(shape), len(shape) - 1)) if axis else min(dims, len(shape)) - 1
    along = along if dims > 1 or axis else 0
    if dims == 2 and not axis:
        along = 1
    n = shape[along]  # NumPy takes places in any order, from the back, and beyond the end
    cuts = draw(st.lists(st.integers(-n, n + 1), max_size=3))
    whole = (
        draw(st.integers(1, 4))
        if not exact
        else draw(st.sampled_from([d for d in range(1, shape[along] + 1) if shape[along] % d == 0]))
    )
    how = draw(st.sampled_from([cuts, whole]))
    return (draw(arrays(shape)), how), {"axis": along} if axis else {}


@st.composite
def padding(draw: st.DrawFn) -> Call:
    shape = draw(shapes(min_dims=1, min_side=2))
    mode = draw(st.sampled_from(["constant", "edge", "reflect", "symmetric", "wrap"]))
    width = st.integers(0, 1)
    forms = [width, st.tuples(width, width), st.tuples(*[st.tuples(width, width)] * len(shape))]
    kwargs = {"mode": mode}
    if mode == "constant" and draw(st.booleans()):
        kwargs["constant_values"] = draw(values())
    return (draw(arrays(shape)), draw(st.one_of(forms))), kwargs


@st.composite
def choosing(draw: st.DrawFn) -> Call:
    x, y, c = draw(broadcastable(3))
    return (c > 0, x, y), {}


@st.composite
def clipping(draw: st.DrawFn) -> Call:
    x, low, width = draw(broadcastable(3, ranges=[(-4, 4), (-3, 3), (0, 4)]))
    return (x, low + 0.125, low + width + 0.0625), {}


@st.composite
def selecting(draw: st.DrawFn) -> Call:
    shape = draw(shapes())
    conditions = [draw(hnp.arrays(bool, shape)) for _ in range(2)]
    return (conditions, [draw(arrays(shape)) for _ in range(2)], draw(values())), {}


@st.composite
def indices(draw: st.DrawFn, shape: tuple[int, ...]) -> Any:
    """Every form of an index that NumPy takes, duplicates included."""
    integer = draw(
        hnp.integer_array_indices(shape, result_shape=hnp.array_shapes(max_dims=2, max_side=3))
    )
    mask = draw(hnp.arrays(bool, shape))
    mixture = (integer[0], *[slice(None)] * (len(shape) - 1))
    basic = draw(hnp.basic_indices(shape, allow_newaxis=True))
    return draw(
        st.sampled_from(
            [basic, integer, mask, mixture, (None, ..., integer[-1]), integer[0].tolist()]
        )
    )


@st.composite
def indexing_call(draw: st.DrawFn) -> Call:
    shape = draw(shapes(min_dims=1, min_side=1))
    return (draw(arrays(shape)), draw(indices(shape))), {}


@st.composite
def updating(draw: st.DrawFn) -> Call:
    shape = draw(shapes(min_dims=1, min_side=1))
    index = draw(indices(shape))
    target = np.zeros(shape)[index].shape
    found = draw(
        hnp.broadcastable_shapes(target, max_dims=len(target))
        if 0 not in target and target
        else st.just(target)
    )
    if np.broadcast_shapes(found, target) != target:
        found = target
    return (draw(arrays(shape)), index, draw(arrays(found))), {}


@st.composite
def scattering(draw: st.DrawFn) -> Call:
    shape = draw(shapes(min_dims=1, min_side=1))
    index = draw(indices(shape))
    return (draw(arrays(np.zeros(shape)[index].shape)), index, shape), {}


@st.composite
def picking(draw: st.DrawFn) -> Call:
    n, m = draw(st.integers(1, 4)), draw(st.integers(1, 4))
    return (draw(arrays((n, m))), draw(hnp.arrays(int, n, elements=st.integers(0, m - 1)))), {}


@st.composite
def placing(draw: st.DrawFn) -> Call:
    (x, labels), _ = draw(picking())
    return (x[:, 0], labels, x.shape[1]), {}


@st.composite
def taking(draw: st.DrawFn) -> Call:
    shape = draw(shapes(min_dims=1, min_side=1))
    axis = draw(axes(len(shape), many=False))
    n = int(np.prod(shape)) if axis is None else shape[axis]
    mode = draw(st.sampled_from(["raise", "wrap", "clip"]))
    low, high = (-n, n - 1) if mode == "raise" else (-2 * n, 2 * n)
    places = draw(
        hnp.arrays(int, hnp.array_shapes(min_dims=0, max_dims=2), elements=st.integers(low, high))
    )
    return (draw(arrays(shape)), places), {"axis": axis, "mode": mode}


@st.composite
def taking_along(draw: st.DrawFn) -> Call:
    shape = draw(shapes(min_dims=1, min_side=1))
    axis = draw(axes(len(shape), many=False))
    if axis is None:
        size = int(np.prod(shape))
        places = draw(hnp.arrays(int, 3, elements=st.integers(-size, size - 1)))
    else:
        along = list(shape)
        along[axis] = draw(st.integers(0, 3))
        n = shape[axis]
        places = draw(hnp.arrays(int, tuple(along), elements=st.integers(-n, n - 1)))
    return (draw(arrays(shape)), places), {"axis": axis}


@st.composite
def diagonals(draw: st.DrawFn, min_dims: int = 2) -> Call:
    shape = draw(shapes(min_dims=min_dims, min_side=1))
    a, b = draw(st.permutations(range(len(shape))))[:2]
    return (draw(arrays(shape)),), {
        "offset": draw(st.integers(-3, 3)),
        "axis1": a,
        "axis2": b - len(shape),
    }


@st.composite
def triangles(draw: st.DrawFn, min_dims: int = 1, max_dims: int = 3) -> Call:
    shape = draw(shapes(min_dims=min_dims, max_dims=max_dims, min_side=1))
    return (draw(arrays(shape)),), {"k": draw(st.integers(-2, 2))}


@st.composite
def averaging(draw: st.DrawFn) -> Call:
    shape = draw(shapes(min_side=1))
    x, axis = draw(arrays(shape)), draw(axes(len(shape)))
    kwargs = {"axis": axis, "keepdims": draw(st.booleans())}
    if draw(st.booleans()):
        along = shape
        if axis is not None and draw(st.booleans()):
            along = tuple(shape[i] for i in np.atleast_1d(axis))
        return (x,), {"weights": draw(arrays(along, 0.25, 4)), **kwargs}
    return (x,), kwargs


@st.composite
def matmul_operands(draw: st.DrawFn) -> Call:
    """Vectors, matrices and stacks of them, that broadcast."""
    n, k, m = (draw(st.integers(0 if draw(st.booleans()) else 1, 3)) for _ in range(3))
    stacks = draw(hnp.mutually_broadcastable_shapes(num_shapes=2, max_dims=1, max_side=2))
    left = draw(st.sampled_from([(k,), (n, k), (*stacks.input_shapes[0], n, k)]))
    right = draw(st.sampled_from([(k,), (k, m), (*stacks.input_shapes[1], k, m)]))
    return (draw(arrays(left)), draw(arrays(right))), {}


@st.composite
def products(draw: st.DrawFn, kind: str) -> Call:
    n, k, m = (draw(st.integers(1, 3)) for _ in range(3))
    pairs = {
        "dot": [
            ((), (n,)),
            ((k,), (k,)),
            ((n, k), (k,)),
            ((n, k), (k, m)),
            ((n, k), (2, k, m)),
            ((2, n, k), (k,)),
        ],
        "inner": [((), (n,)), ((k,), (k,)), ((n, k), (m, k)), ((2, n, k), (k,))],
        "vdot": [((k,), (k,)), ((n, k), (n, k))],
        "outer": [((n,), (m,)), ((n, k), (m,)), ((), (m,))],
        "vecdot": [((k,), (k,)), ((n, k), (k,)), ((n, 1, k), (m, k))],
        "matvec": [((n, k), (k,)), ((n, k), (m, k)), ((2, n, k), (2, k))],
        "vecmat": [((k,), (k, m)), ((n, k), (k, m)), ((2, k), (2, k, m))],
    }
    a, b = draw(st.sampled_from(pairs[kind]))
    return (draw(arrays(a)), draw(arrays(b))), {}


@st.composite
def tensordots(draw: st.DrawFn) -> Call:
    n, k, m = (draw(st.integers(1, 3)) for _ in range(3))
    a, b, how = draw(
        st.sampled_from(
            [
                ((n, k), (k, m), 1),
                ((n, k, m), (k, m), 2),
                ((n,), (m,), 0),
                ((n, k), (m, k), ([1], [1])),
                ((k, n, m), (m, k), ((0, -1), (1, 0))),
                ((n, k), (k,), (1, 0)),
            ]
        )
    )
    return (draw(arrays(a)), draw(arrays(b))), {"axes": how}


@st.composite
def einsums(draw: st.DrawFn) -> Call:
    n, k, m = (draw(st.integers(1, 3)) for _ in range(3))
    subscripts, shapes_ = draw(
        st.sampled_from(
            [
                ("ij,jk->ik", [(n, k), (k, m)]),
                ("ij,jk", [(n, k), (k, m)]),
                ("ij->ji", [(n, k)]),
                ("ba", [(n, k)]),
                ("ij->", [(n, k)]),
                ("ij->j", [(n, k)]),
                ("ii->i", [(n, n)]),
                ("ii", [(n, n)]),
                ("iii->i", [(n, n, n)]),
                ("iij->j", [(n, n, k)]),
                ("i,j->ij", [(n,), (m,)]),
                ("i,i->", [(n,), (n,)]),
                ("ij,ij->ij", [(n, k), (1, k)]),
                (",i->i", [(), (n,)]),
                ("...j,jk->...k", [(2, n, k), (k, m)]),
                ("...ij,...jk->...ik", [(2, n, k), (1, k, m)]),
                ("...ii->...i", [(2, n, n)]),
                ("i...->...", [(n, 2, k)]),
                ("i...,i...", [(n, k), (n, k)]),
                ("...,...", [(n, k), (k,)]),
                ("ij,jk,kl->il", [(n, k), (k, m), (m, n)]),
                ("ij, jk -> ki", [(n, k), (k, m)]),
                ("bi,bj,ij->b", [(2, n), (2, k), (n, k)]),
            ]
        )
    )
    operands = [draw(arrays(s)) for s in shapes_]
    optimize = draw(st.sampled_from([False, True, "greedy"]))
    if subscripts == "ij,jk->ik" and draw(st.booleans()):
        a, b = operands
        return (a, [0, 1], b, [1, 2], [0, 2]), {}
    if subscripts == "...j,jk->...k" and draw(st.booleans()):
        a, b = operands
        return (a, [..., 1], b, [1, 2]), {}
    return (subscripts, *operands), {"optimize": optimize}


@st.composite
def contractions(draw: st.DrawFn) -> Call:
    n, k = draw(st.integers(1, 3)), draw(st.integers(1, 3))
    a, b = draw(arrays((n, n, k))), draw(arrays((k, 2)))
    return (a, b), {"subscripts": ("iij", "jk", "ik")}


@st.composite
def norms(draw: st.DrawFn) -> Call:
    shape = draw(shapes(min_dims=1, min_side=1))
    x = _spaced(draw(arrays(shape))) + 1.5
    x = x * draw(hnp.arrays(np.float64, shape, elements=st.sampled_from([1.0, -1.0])))
    kwargs = {"keepdims": draw(st.booleans())}
    kind = draw(st.sampled_from(["whole", "vector", "matrix"]))
    if kind == "vector":
        kwargs["axis"] = draw(st.integers(-x.ndim, x.ndim - 1))
        kwargs["ord"] = draw(st.sampled_from([None, 1, 2, 3, 2.5, 0.5, -1, np.inf, -np.inf]))
    elif kind == "matrix" and x.ndim >= 2:
        kwargs["axis"] = tuple(draw(st.permutations(range(x.ndim)))[:2])
        kwargs["ord"] = draw(st.sampled_from([None, "fro", 1, -1, np.inf, -np.inf]))
        for axis in kwargs["axis"]:  # sums that tie have a kink
            sums = np.sort(np.abs(x).sum(axis=axis), axis=None)
            assume(np.all(np.diff(sums) > 0.4))
    return (x,), kwargs


@st.composite
def p_norms(draw: st.DrawFn) -> Call:
    x = draw(arrays(shapes(min_dims=1, min_side=1), 0.5, 4))
    p = draw(st.sampled_from([0.5, 1, 2, 2.5, 3, -1]))
    return (x, p, draw(st.integers(-x.ndim, x.ndim - 1)), draw(st.booleans())), {}


@st.composite
def joining(draw: st.DrawFn) -> Call:
    (xs,), kwargs = draw(several())
    axis = kwargs["axis"] % xs[0].ndim
    starts = np.cumsum([0, *(x.shape[axis] for x in xs)]).tolist()
    return tuple(xs), {"axis": axis, "starts": tuple(starts)}


@st.composite
def embedding(draw: st.DrawFn) -> Call:
    x = draw(arrays(shapes(min_dims=1)))
    margins = tuple((draw(st.integers(0, 2)), draw(st.integers(0, 2))) for _ in x.shape)
    return (x, margins, 1.5), {}


@st.composite
def with_nans(draw: st.DrawFn) -> Call:
    """A reduction; the test puts nans in: see `nan_aware`."""
    return draw(reduction())


def nan_aware(fn: Callable[..., Any]) -> Callable[..., Any]:
    """`fn` on an array that has a nan beside the drawn elements: they alone are differentiated."""

    def beside_nan(x: Any, axis: Any, keepdims: bool) -> Any:
        if np.ndim(x):
            along = 0 if axis is None else np.atleast_1d(axis)[0]
            x = np.concatenate([x, np.full(np.shape(x), np.nan)], axis=along)
        return fn(x, axis=axis, keepdims=keepdims)

    beside_nan.__name__ = fn.__name__
    return beside_nan


POSITIVE = (0.25, 4)
WHOLE = st.floats(0, 0.5)

CASES: dict[Callable[..., Any], st.SearchStrategy[Call]] = {
    # arithmetic
    np.add: binary(),
    np.subtract: binary(),
    np.multiply: binary(),
    np.divide: binary((-4, 4), POSITIVE) | binary((-4, 4), (-4, -0.25)),
    np.negative: unary(),
    np.positive: unary(),
    np.reciprocal: unary(*POSITIVE) | unary(-4, -0.25),
    np.square: unary(),
    np.sqrt: unary(*POSITIVE),
    np.cbrt: unary(*POSITIVE) | unary(-4, -0.25),
    np.absolute: unary(),
    np.fabs: unary(),
    np.conjugate: unary(),
    np.copysign: unary().map(lambda call: ((call[0][0], -1), {})) | binary(),
    np.ldexp: unary().map(lambda call: ((call[0][0], 3), {})),
    np.heaviside: binary(),
    np.nextafter: unary().map(lambda c: ((c[0][0], 9.0), {})),
    np.remainder: apart().filter(lambda c: np.all(_far_from_integer(*c[0]))),
    np.fmod: apart().filter(lambda c: np.all(_far_from_integer(*c[0]))),
    np.power: binary(POSITIVE, (-3, 3)),
    np.float_power: binary(POSITIVE, (-3, 3)),
    # exponentials and logarithms
    np.exp: unary(),
    np.exp2: unary(),
    np.expm1: unary(),
    np.log: unary(*POSITIVE),
    np.log2: unary(*POSITIVE),
    np.log10: unary(*POSITIVE),
    np.log1p: unary(-0.75, 4),
    np.logaddexp: binary((-30, 30), (-30, 30)),
    np.logaddexp2: binary((-30, 30), (-30, 30)),
    elementwise.sigmoid: unary(-20, 20),
    elementwise.sech: unary(),
    elementwise.relu: unary(),
    # trigonometry
    np.sin: unary(),
    np.cos: unary(),
    np.tan: unary(-1.25, 1.25),
    np.arcsin: unary(-0.75, 0.75),
    np.arccos: unary(-0.75, 0.75),
    np.arctan: unary(),
    np.arctan2: binary((-4, 4), POSITIVE) | binary(POSITIVE, (-4, 4)),
    np.hypot: binary(),
    np.sinh: unary(),
    np.cosh: unary(),
    np.tanh: unary(-12, 12),
    np.arcsinh: unary(),
    np.arccosh: unary(1.25, 5),
    np.arctanh: unary(-0.75, 0.75),
    np.deg2rad: unary(),
    np.radians: unary(),
    np.rad2deg: unary(),
    np.degrees: unary(),
    # choices
    np.maximum: apart(),
    np.minimum: apart(),
    np.fmax: apart(),
    np.fmin: apart(),
    np.where: choosing(),
    elementwise.where: choosing(),
    np.clip: clipping(),
    elementwise.clamp: clipping(),
    np.select: selecting(),
    np.real: unary(),
    np.modf: unary(),
    np.frexp: unary(0.25, 4),
    np.divmod: apart().filter(lambda c: np.all(_far_from_integer(*c[0]))),
    # reductions
    np.sum: reduction(min_side=0),
    np.mean: reduction(),
    np.max: reduction(),
    np.min: reduction(),
    np.prod: reduction(min_side=0, unique=False),
    np.var: reduction(ddof=WHOLE),
    np.std: reduction(ddof=WHOLE).filter(lambda c: _varies(*c)),
    np.ptp: reduction(),
    np.average: averaging(),
    np.cumsum: running(),
    np.cumprod: running(),
    reductions.running_sum: running(method=True),
    reductions.running_product: running(method=True),
    reductions.spread: spreading(),
    np.nansum: with_nans(),
    np.nanmean: with_nans(),
    reductions.logsumexp: reduction(-30, 30),
    reductions.softmax: reduction(-30, 30, keepdims=False),
    np.add.reduce: reduction(),
    np.multiply.reduce: reduction(unique=False),
    np.maximum.reduce: reduction(),
    np.minimum.reduce: reduction(),
    np.logaddexp.reduce: reduction(many=False),
    np.add.accumulate: running(method=True),
    np.multiply.accumulate: running(method=True),
    **{u.outer: binary() for u in (np.add, np.subtract, np.multiply)},
    np.divide.outer: binary((-4, 4), POSITIVE),
    np.power.outer: binary(POSITIVE, (-3, 3)),
    np.maximum.outer: apart(),
    np.minimum.outer: apart(),
    # shapes
    np.reshape: reshaping(),
    shaping.reshape: reshaping(),
    np.ravel: with_axis().map(lambda c: (c[0], {"order": "CF"[c[0][0].ndim % 2]})),
    np.transpose: permuting(),
    np.moveaxis: moving(),
    np.swapaxes: swapping(),
    np.squeeze: squeezing(),
    np.expand_dims: expanding(),
    np.broadcast_to: spreading(),
    np.flip: with_axis(many=True),
    np.fliplr: arrays(shapes(min_dims=2)).map(lambda x: ((x,), {})),
    np.flipud: arrays(shapes(min_dims=1)).map(lambda x: ((x,), {})),
    np.rot90: rotating(),
    np.roll: rolling(),
    np.copy: unary(),
    core.cast: unary().map(lambda c: ((c[0][0], np.float64), {})),
    np.atleast_1d: unary(),
    np.atleast_2d: unary(),
    np.atleast_3d: unary(),
    np.tile: arrays().flatmap(
        lambda x: st.sampled_from([2, (2,), (1, 3), (2, 1, 2), (0, 2)]).map(lambda r: ((x, r), {}))
    ),
    np.repeat: repeating(),
    np.concatenate: several() | several().map(lambda c: (c[0], {"axis": None})),
    np.stack: several(min_dims=0, axis=False) | several(),
    np.vstack: several(axis=False),
    np.hstack: several(axis=False),
    np.dstack: several(axis=False),
    np.column_stack: several(min_dims=1, axis=False).filter(lambda c: c[0][0][0].ndim < 3),
    np.append: several().map(lambda c: ((c[0][0][0], c[0][0][-1]), c[1])),
    np.block: blocks(),
    shaping.join: joining(),
    np.split: splitting(),
    np.array_split: splitting(exact=False),
    np.vsplit: splitting(dims=2).filter(lambda c: c[1]["axis"] == 0).map(lambda c: (c[0], {})),
    np.hsplit: splitting(dims=2).filter(lambda c: c[1]["axis"] == 1).map(lambda c: (c[0], {})),
    np.dsplit: splitting(dims=3).filter(lambda c: c[1]["axis"] == 2).map(lambda c: (c[0], {})),
    np.pad: padding(),
    shaping.embed: embedding(),
    # indexing
    operator.getitem: indexing_call(),
    core.indexed_update: updating(),
    indexing.scatter: scattering(),
    indexing.pick: picking(),
    indexing.place: placing(),
    np.take: taking(),
    np.take_along_axis: taking_along(),
    np.sort: with_axis().map(_distinct := lambda c: ((_spaced(c[0][0]),), c[1])),
    np.median: reduction(),
    np.diagonal: diagonals(),
    np.diag: triangles(max_dims=2),
    np.trace: diagonals(),
    np.tril: triangles(min_dims=2),
    np.triu: triangles(min_dims=2),
    np.full_like: binary().map(lambda c: ((c[0][0], np.float64(c[0][1].sum())), {})),
    # products and norms
    np.matmul: matmul_operands(),
    np.dot: products("dot"),
    np.vdot: products("vdot"),
    np.inner: products("inner"),
    np.outer: products("outer"),
    np.tensordot: tensordots(),
    np.einsum: einsums(),
    linalg.contract: contractions(),
    np.linalg.norm: norms(),
    linalg.p_norm: p_norms(),
    **{getattr(np, n): products(n) for n in ("vecdot", "matvec", "vecmat") if hasattr(np, n)},
}
for fn, same in ((np.amax, np.max), (np.amin, np.min)):  # one function or two, by NumPy's version
    CASES[fn] = CASES[same]


def _far_from_integer(x: Any, y: Any) -> Any:
    """Whether x / y stays off the jumps of floor and trunc while x and y move a little."""
    with np.errstate(all="ignore"):  # y may be 0: then the comparison is false
        q = x / y
        return np.abs(q - np.rint(q)) > 0.06 * (1 + np.abs(q)) / np.abs(y)


def _varies(args: Any, kwargs: Any) -> bool:
    return bool(np.all(np.std(args[0], axis=kwargs["axis"]) > 0.1))


def _spaced(x: Any) -> Any:
    """The same shape with elements that all differ."""
    return np.random.default_rng(x.size).permutation(x.size).reshape(x.shape) / 2.0 - 1


def name(fn: Any) -> str:
    return core.name_of(fn)


# All that minigrad registers, read before any docstring's example runs; tests have operations too.
REGISTERED = {
    fn
    for fn in (*core.RULES, *core.COMPOSITES)
    if not (isinstance(fn, core.Primitive) and not fn.forward.__module__.startswith("minigrad."))
}
assert ops  # imported for what it registers
