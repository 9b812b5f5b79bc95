"""Every operation that minigrad differentiates, and what its property test draws.

CASES maps each function with a rule, and each composite, to a strategy of its calls, on which
`minigrad.testing.property_test` holds it to all properties.  What is drawn has ties, zeros, poles,
nan and arrays of no elements in it; a `domain` is where an operation is continuous, and what
happens at its ends is in test_conventions.py.  To add an operation, add its rule in minigrad/ops
and its line here.
"""

import operator
from collections.abc import Callable
from typing import Any

import cases_fft
import cases_linalg
import cases_misc
import cases_special
import numpy as np
from drawn import (
    DTYPES,
    SMALL,
    Case,
    case,
    reduction,
    several,
    shaped,
    shapes,
    some,
    with_axis,
    with_pair,
)
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from minigrad import core, ops
from minigrad.ops import elementwise, indexing, layout, linalg, reductions, shaping, writing
from minigrad.testing import (
    arrays,
    axes,
    broadcastable,
    call,
    indices,
    labels,
    matmul_operands,
)

# -- calls whose arguments depend on each other


@st.composite
def reshaping(draw: st.DrawFn) -> Any:
    shape = draw(shapes())
    new = [*draw(st.permutations(shape)), *[1] * draw(st.integers(0, 1))]
    order = draw(st.sampled_from("CF"))
    return call(draw(some(shape)), tuple(new), order=order)


@st.composite
def permuting(draw: st.DrawFn) -> Any:
    x = draw(some())
    places = draw(st.permutations(range(x.ndim)))
    signs = draw(st.lists(st.booleans(), min_size=x.ndim, max_size=x.ndim))
    negative = tuple(a - x.ndim if s else a for a, s in zip(places, signs, strict=True))
    return call(x, axes=draw(st.sampled_from([None, negative])))


@st.composite
def arranging(draw: st.DrawFn) -> Any:
    """An array, and one whose axes are in any order in memory."""
    x = draw(some())
    order = draw(st.permutations(range(x.ndim)))
    model = np.zeros([x.shape[i] for i in order], int).transpose(np.argsort(order).tolist())
    return call(x, model, draw(st.sampled_from("KCF")))


@st.composite
def moving(draw: st.DrawFn) -> Any:
    x = draw(some(shapes(min_dims=1)))
    n = draw(st.integers(1, x.ndim))
    source, destination = (draw(st.permutations(range(x.ndim)))[:n] for _ in range(2))
    return call(x, source, destination)


@st.composite
def squeezing(draw: st.DrawFn) -> Any:
    shape = draw(shapes())
    at = draw(st.integers(0, len(shape)))
    x = draw(some((*shape[:at], 1, *shape[at:])))
    return call(x, axis=draw(st.sampled_from([None, at, (at - x.ndim,)])))


@st.composite
def expanding(draw: st.DrawFn) -> Any:
    x = draw(some())
    return call(x, draw(st.sampled_from([0, -1, (0, 1), (0, -1), x.ndim])))


@st.composite
def spreading(draw: st.DrawFn) -> Any:
    shape = draw(shapes())
    sides = [n if draw(st.integers(0, 3)) else 1 for n in shape]
    added = draw(st.sampled_from([0, 0, len(shape) // 2, len(shape)]))
    return call(draw(some(tuple(sides[added:]))), shape)


@st.composite
def rolling(draw: st.DrawFn) -> Any:
    x = draw(some())
    axis = draw(axes(x.ndim))
    steps = st.integers(-4, 4)
    several = isinstance(axis, tuple) and draw(st.booleans())
    return call(x, tuple(draw(steps) for _ in axis) if several else draw(steps), axis=axis)


@st.composite
def repeating(draw: st.DrawFn) -> Any:
    x = draw(some())
    axis = draw(axes(x.ndim, many=False) if x.ndim else st.sampled_from([None, 0]))
    n = x.size if axis is None or not x.ndim else x.shape[axis]
    repeats = draw(st.integers(0, 3) | hnp.arrays(int, n, elements=st.integers(0, 2)))
    return call(x, repeats, axis=axis)


@st.composite
def joining(draw: st.DrawFn) -> Any:
    """Arrays that differ in length along the axis that they are joined along."""
    shape = draw(shapes(min_dims=1))
    axis = draw(st.integers(0, len(shape) - 1))
    xs = []
    for _ in range(draw(st.integers(1, 3))):
        n = draw(st.integers(0, 3))
        xs.append(draw(some((*shape[:axis], n, *shape[axis + 1 :]))))
    return xs, axis


@st.composite
def blocks(draw: st.DrawFn) -> Any:
    a, b = draw(st.integers(1, 3)), draw(st.integers(1, 3))
    before = draw(st.sampled_from([(), (2,)]))
    rows = [[draw(some((*before, r, c))) for c in (a, b)] for r in (b, a)]
    return call(draw(st.sampled_from([rows, rows[0], rows[0][0]])))


@st.composite
def splitting(
    draw: st.DrawFn, axis: int | None = None, min_dims: int = 1, exact: bool = True
) -> Any:
    """An array, and how to split it: at places, in any order and beyond the end, or into parts."""
    shape = draw(shapes(min_dims, min_side=1))
    along = draw(axes(len(shape), none=False, many=False)) if axis is None else axis
    n = shape[along if len(shape) > 1 or axis is None else 0]
    cuts = draw(st.lists(st.integers(-n, n + 1), max_size=3))
    parts = [d for d in range(1, n + 1) if n % d == 0] if exact else range(1, 5)
    how = draw(st.sampled_from([cuts, draw(st.sampled_from(parts))]))
    return call(draw(some(shape)), how, **({"axis": along} if axis is None else {}))


@st.composite
def padding(draw: st.DrawFn) -> Any:
    x = draw(some(shapes(min_side=2)))
    mode = draw(st.sampled_from(["constant", "edge", "reflect", "symmetric", "wrap"]))
    width = st.integers(0, 1)
    forms = [width, st.tuples(width, width), st.tuples(*[st.tuples(width, width)] * x.ndim)]
    margin = draw(st.one_of(forms[: 3 if x.ndim else 1]))
    filled = mode == "constant" and draw(st.booleans())
    return call(x, margin, mode=mode, **({"constant_values": 0.75} if filled else {}))


@st.composite
def embedding(draw: st.DrawFn) -> Any:
    x = draw(some())
    margins = tuple((draw(st.integers(0, 2)), draw(st.integers(0, 2))) for _ in x.shape)
    return call(x, margins, 1.5)


@st.composite
def choosing(draw: st.DrawFn) -> Any:
    x, y, c = draw(broadcastable(3))
    return call(c > 0, x, y)


@st.composite
def clipping(draw: st.DrawFn) -> Any:
    """Numbers and bounds, numbers at a bound and a lower bound above the upper one among them."""
    x, low, width = draw(broadcastable(3, domain=(-8, 8)))
    if draw(st.booleans()):  # several rows of numbers have the same bounds
        x = draw(some((2, *np.broadcast_shapes(low.shape, width.shape)), domain=(-8, 8)))
    return call(x, low, low + np.copysign(np.abs(width) + 0.25, width))


@st.composite
def selecting(draw: st.DrawFn) -> Any:
    shape = draw(shapes())
    conditions = [draw(hnp.arrays(bool, shape)) for _ in range(2)]
    return call(conditions, [draw(some(shape)) for _ in range(2)], draw(some(())))


@st.composite
def indexing_call(draw: st.DrawFn) -> Any:
    x = draw(some(shapes()))
    return call(x, draw(indices(x.shape)))


@st.composite
def updating(draw: st.DrawFn) -> Any:
    """x[index] = value, for a value that broadcasts to what is taken out."""
    x = draw(some(shapes()))
    index = draw(indices(x.shape))
    target = np.shape(x[index])
    kept = draw(st.lists(st.booleans(), min_size=len(target), max_size=len(target)))
    value = tuple(n if keep else 1 for n, keep in zip(target, kept, strict=True))
    return call(x, index, draw(some(value[draw(st.integers(0, len(value))) :])))


VIEWS = [
    lambda x: x[..., ::-1], lambda x: x.T, lambda x: x[..., :1], lambda x: x.reshape(-1)[1::2],
    lambda x: np.broadcast_to(x, (2, *x.shape)),
]  # fmt: skip


@st.composite
def taking_views(draw: st.DrawFn) -> Any:
    """An array, and where a view of it lies."""
    x = draw(some(shapes(min_dims=1, min_side=1)))
    return call(x, core.Region(draw(st.sampled_from(VIEWS))(x), x))


@st.composite
def putting_views_back(draw: st.DrawFn) -> Any:
    """What a view shows, and where it lies."""
    _, where = draw(taking_views()).args
    return call(draw(some(where.shape)), where)


@st.composite
def scattering(draw: st.DrawFn) -> Any:
    shape = draw(shapes())
    index = draw(indices(shape))
    return call(draw(some(np.shape(np.zeros(shape)[index]))), index, shape)


@st.composite
def picking(draw: st.DrawFn) -> Any:
    n, m = draw(st.integers(0, 4)), draw(st.integers(1, 4))
    return call(draw(some((n, m))), draw(labels(n, m)))


@st.composite
def placing(draw: st.DrawFn) -> Any:
    n, m = draw(st.integers(0, 4)), draw(st.integers(1, 4))
    return call(draw(some((n,))), draw(labels(n, m)), m)


@st.composite
def taking(draw: st.DrawFn) -> Any:
    x = draw(some(shapes(min_side=1)))
    axis = draw(axes(x.ndim, many=False) if x.ndim else st.sampled_from([None, 0]))
    n = x.size if axis is None or not x.ndim else x.shape[axis]
    mode = draw(st.sampled_from(["raise", "wrap", "clip"]))
    low, high = (-n, n - 1) if mode == "raise" else (-2 * n, 2 * n)
    shape = hnp.array_shapes(min_dims=0, max_dims=2, max_side=3)
    places = draw(hnp.arrays(int, shape, elements=st.integers(low, high)))
    return call(x, places, axis=axis, mode=mode)


@st.composite
def taking_by_axis(draw: st.DrawFn) -> Any:
    x = draw(some(shapes(min_dims=1, min_side=1)))
    axis = draw(axes(x.ndim, none=False, many=False))
    n = x.shape[axis]
    shape = hnp.array_shapes(min_dims=0, max_dims=2, max_side=3)
    return call(x, draw(hnp.arrays(int, shape, elements=st.integers(-n, n - 1))), axis % x.ndim)


@st.composite
def taking_along(draw: st.DrawFn) -> Any:
    x = draw(some(shapes(min_dims=1, min_side=1)))
    axis = draw(axes(x.ndim, many=False))
    n, shape = (x.size, (3,)) if axis is None else (x.shape[axis], list(x.shape))
    if axis is not None:
        shape[axis] = draw(st.integers(0, 3))
    places = draw(hnp.arrays(int, tuple(shape), elements=st.integers(-n, n - 1)))
    return call(x, places, axis=axis)


@st.composite
def diagonals(draw: st.DrawFn, **options: Any) -> Any:
    x, a, b = draw(with_pair(min_dims=2, different=True))
    kwargs = {name: draw(strategy) for name, strategy in options.items()}
    return call(x, offset=draw(st.integers(-3, 3)), axis1=a, axis2=b, **kwargs)


@st.composite
def averaging(draw: st.DrawFn) -> Any:
    x = draw(some(shapes(min_side=1)))
    axis = draw(axes(x.ndim))
    options = {"keepdims": draw(st.booleans()), "returned": draw(st.booleans())}
    if draw(st.booleans()):
        return call(x, axis=axis, **options)
    along = x.shape
    if axis is not None and draw(st.booleans()):
        along = tuple(x.shape[i] for i in np.atleast_1d(axis))
    weights = draw(arrays(along, domain=(0.25, 4)))
    return call(x, weights=weights, axis=axis, **options)


PRODUCTS = {
    np.dot: [
        "(),(n)",
        "(k),(k)",
        "(n,k),(k)",
        "(n,k),(k,m)",
        "(n,k),(p,k,m)",
        "(p,n,k),(k)",
        "(p,n,k),(m,k,n)",
    ],
    np.inner: ["(),(n)", "(k),(k)", "(n,k),(m,k)", "(p,n,k),(k)"],
    np.vdot: ["(k),(k)", "(n,k),(n,k)"],
    np.outer: ["(n),(m)", "(n,k),(m)", "(),(m)"],
}
for _name, _forms in {  # the last two came with NumPy 2.2
    "vecdot": ["(k),(k)", "(n,k),(k)", "(n,1,k),(m,k)"],
    "matvec": ["(n,k),(k)", "(n,k),(m,k)", "(p,n,k),(p,k)"],
    "vecmat": ["(k),(k,m)", "(n,k),(k,m)", "(p,k),(p,k,m)"],
}.items():
    if hasattr(np, _name):
        PRODUCTS[getattr(np, _name)] = _forms


@st.composite
def tensordots(draw: st.DrawFn) -> Any:
    form, how = draw(
        st.sampled_from(
            [
                ("(n,k),(k,m)", 1),
                ("(n,k,m),(k,m)", 2),
                ("(n),(m)", 0),
                ("(n,k),(m,k)", ([1], [1])),
                ("(k,n,m),(m,k)", ((0, -1), (1, 0))),
                ("(n,k),(k)", (1, 0)),
            ]
        )
    )
    return call(*draw(shaped([form])), axes=how)


EINSUMS = [
    "nk,km->nk", "nk,km->nm", "nk,km", "nk->kn", "kn", "nk->", "nk->k", "nn->n", "nn", "nnn->n",
    "nnk->k", "n,m->nm", "n,n->", ",n->n", "pk,km->pm", "nk,km,mn->n", "nk, km -> mn",
    "pn,pk,nk->p", "AAk->Ak",
]  # fmt: skip
ELLIPSES = {
    "...j,jk->...k": "(p,n,k),(k,m)", "...ij,...jk->...ik": "(p,n,k),(p,k,m)",
    "...ii->...i": "(p,n,n)", "i...->...": "(n,p,k)", "i...,i...": "(n,k),(n,k)",
    "...,...": "(n,k),(k)", "ij,ij->ij": "(n,k),(n,k)", "...z,zk->...k": "(p,n,z),(z,k)",
}  # fmt: skip


@st.composite
def einsums(draw: st.DrawFn) -> Any:
    """Every way to call np.einsum: letters, ellipses, and lists of axes."""
    optimize = draw(st.sampled_from([False, True, "greedy"]))
    way = draw(st.sampled_from(["letters", "ellipsis", "lists"]))
    if way == "lists":
        a, b = draw(shaped(["(n,k),(k,m)"], 1))
        rest = draw(st.sampled_from([[], [[0, 2]], [[2, 0]]]))
        return call(a, [0, 1], b, [1, 2], *rest)
    if way == "ellipsis":
        subscripts, form = draw(st.sampled_from(list(ELLIPSES.items())))
    else:
        subscripts = draw(st.sampled_from(EINSUMS))
        terms = subscripts.partition("->")[0].replace(" ", "").split(",")
        form = ",".join(f"({','.join(term)})" for term in terms)
    return call(subscripts, *draw(shaped([form], 1)), optimize=optimize)


@st.composite
def norms(draw: st.DrawFn) -> Any:
    x = draw(some(shapes(min_dims=1, min_side=1), domain=SMALL))
    keepdims = draw(st.booleans())
    kind = draw(st.sampled_from(["matrix", "vector", "matrix", "whole"]))
    if kind == "matrix" and x.ndim >= 2:
        pair = tuple(draw(st.permutations(range(x.ndim)))[:2])
        order = draw(st.sampled_from([-1, 1, np.inf, -np.inf, "fro", None]))
        return call(x, ord=order, axis=pair, keepdims=keepdims)
    if kind == "whole":
        return call(x, keepdims=keepdims)
    order = draw(st.sampled_from([None, 1, 2, 3, 2.5, np.inf, -np.inf, 0]))
    return call(x, ord=order, axis=draw(axes(x.ndim, none=False, many=False)), keepdims=keepdims)


@st.composite
def p_norms(draw: st.DrawFn) -> Any:
    """Orders below one have no slope at 0: their arrays are positive."""
    p = draw(st.sampled_from([1, 2, 2.5, 3, 0.5, -1]))
    x = draw(some(shapes(min_side=1), domain=(0.25, 8) if p < 1 else (-8, 8)))
    axis = draw(axes(x.ndim)) if x.ndim else None
    return call(x, p, axis, draw(st.booleans()))


@st.composite
def quotients(draw: st.DrawFn) -> Any:
    """x and y whose quotient is no integer: where it is one, remainders jump."""
    whole, y = draw(broadcastable(2, domain=(-3, 3)))
    y = np.copysign(np.abs(y) + 0.5, y)
    return call((np.rint(whole) + draw(st.sampled_from([0.25, 0.5, 0.625]))) * y, y)


@st.composite
def between_integers(draw: st.DrawFn) -> Any:
    x = draw(arrays(domain=SMALL))
    return call(np.rint(x) + draw(st.sampled_from([0.25, 0.5, 0.625])))


CALLS: dict[Callable[..., Any], Any] = {
    # choices
    np.where: choosing(),
    elementwise.where: choosing(),
    np.clip: clipping(),
    elementwise.clamp: clipping(),
    np.select: selecting(),
    # reductions
    np.ptp: reduction(),
    np.average: averaging()
    | st.builds(
        call,
        some((2, 3)),
        axis=st.just(1),
        weights=arrays((2, 3), domain=(0.25, 4)),
        keepdims=st.just(True),
    ),
    np.cumsum: reduction(many=False, keepdims=False, dtype=DTYPES),
    np.cumprod: reduction(many=False, keepdims=False, dtype=DTYPES),
    reductions.running_sum: with_axis(none=False),
    reductions.running_product: with_axis(none=False),
    reductions.logsumexp: reduction(),
    reductions.softmax: reduction(keepdims=False),
    np.logaddexp.reduce: reduction(many=False),
    np.add.accumulate: with_axis(none=False, dtype=DTYPES),
    np.multiply.accumulate: with_axis(none=False),
    # shapes
    np.reshape: reshaping(),
    shaping.reshape: reshaping(),
    np.ravel: st.builds(call, some(), order=st.sampled_from("CF")),
    np.transpose: permuting(),
    np.moveaxis: moving(),
    np.swapaxes: with_pair(),
    np.squeeze: squeezing() | some(()),
    np.expand_dims: expanding(),
    np.broadcast_to: spreading(),
    np.flip: with_axis(many=True) | some(()),
    np.fliplr: some(shapes(min_dims=2)),
    np.flipud: some(shapes(min_dims=1)),
    np.rot90: st.builds(
        lambda c, k: call(c[0], k=k, axes=c[1:]),
        with_pair(min_dims=2, different=True),
        st.integers(-5, 5),
    ),
    np.roll: rolling(),
    np.copy: some(),
    layout.copied_as: arranging(),
    core.cast: st.builds(call, some(), st.just(np.float64)),
    np.atleast_1d: some(),
    np.atleast_2d: some(),
    np.atleast_3d: some(),
    np.tile: st.builds(call, some(), st.sampled_from([2, (2,), (1, 3), (2, 1, 2), (0, 2)])),
    shaping.tiled: st.builds(call, some(), st.sampled_from([(2,), (1, 3), (2, 1, 2), (0, 2)])),
    np.repeat: repeating(),
    np.concatenate: several()
    | several().map(lambda c: call(*c.args, axis=None, dtype=np.float64))
    | joining().map(lambda c: call(c[0], axis=c[1])),
    np.stack: several(min_dims=0, axis=False) | several(),
    np.vstack: several(axis=False),
    np.hstack: several(axis=False),
    np.dstack: several(axis=False),
    np.column_stack: several(max_dims=2, axis=False),
    np.append: several().map(lambda c: call(c.args[0][0], c.args[0][-1], **c.kwargs)),
    np.block: blocks(),
    shaping.layers: several(min_dims=0, axis=False).map(lambda c: call(*c.args[0], axis=0))
    | several().map(lambda c: call(*c.args[0], axis=c.args[0][0].ndim)),
    shaping.join: joining().map(
        lambda c: call(
            *c[0],
            axis=c[1],
            starts=(0, *np.cumsum([x.shape[c[1]] for x in c[0]]).tolist()),
        )
    ),
    np.split: splitting(),
    np.array_split: splitting(exact=False),
    np.vsplit: splitting(0, 2),
    np.hsplit: splitting(1),
    np.dsplit: splitting(2, 3),
    np.pad: padding(),
    shaping.embed: embedding(),
    # indexing
    operator.getitem: indexing_call(),
    core.indexed_update: updating(),
    core.region: taking_views(),
    core.among_zeros: putting_views_back(),
    writing.add_at: updating(),
    indexing.scatter: scattering(),
    indexing.pick: picking(),
    indexing.place: placing(),
    np.take: taking(),
    indexing.taken: taking_by_axis(),
    np.take_along_axis: taking_along(),
    np.sort: with_axis(),
    np.median: reduction() | st.builds(call, some((0, 2)), axis=axes(2), keepdims=st.booleans()),
    np.diagonal: diagonals(),
    np.diag: st.builds(call, some(shapes(1, 2)), k=st.sampled_from([-1, 1, 0, -2, 2])),
    np.trace: diagonals(dtype=DTYPES),
    np.tril: st.builds(call, some(shapes(1)), k=st.sampled_from([-1, 1, 0, -2, 2])),
    np.triu: st.builds(call, some(shapes(1)), k=st.sampled_from([-1, 1, 0, -2, 2])),
    np.full_like: st.builds(call, some(), some(())),
    # products and norms
    np.matmul: matmul_operands(special=True)
    | shaped(["(n,k),(p,k,m)", "(p,n,k),(k,m)", "(1,n,k),(p,k,m)", "(p,n,k),(1,k,m)"]),
    **{fn: shaped(forms) for fn, forms in PRODUCTS.items()},
    np.tensordot: tensordots(),
    np.einsum: einsums(),
    linalg.contract: st.builds(
        lambda xs: call(*xs, subscripts=("iij", "jk", "ik")),
        shaped(["(n,n,k),(k,m)", "(n,n,k),(1,m)", "(n,n,1),(k,m)"]),
    ),
    np.linalg.norm: norms() | cases_linalg.spectral_norms(),
    linalg.p_norm: p_norms(),
    # what is constant in an argument, or jumps
    np.ldexp: broadcastable(2, special=True).map(
        lambda c: call(c[0], np.rint(np.clip(np.nan_to_num(c[1]), -3, 3)).astype(int))
    ),
    np.heaviside: broadcastable(2, domain=[(0.25, 8), (-8, 8)])
    | some().map(lambda h: call(np.resize([0, 1, -1], (2, *h.shape)), h))
    | st.just(call(np.zeros((2, 0)), np.zeros(0))),
    np.remainder: quotients(),
    np.fmod: quotients(),
    np.divmod: quotients(),
    np.modf: between_integers(),
    np.frexp: st.builds(  # between powers of two
        lambda x, k: call(np.ldexp(x, k)), arrays(domain=(0.55, 0.95)), st.integers(-3, 3)
    ),
    np.power: broadcastable(2, domain=[(0.25, 8), (-3, 6)], special=True)
    | st.builds(call, some(domain=(0.25, 8)), st.integers(-4, 5))
    | st.builds(call, some(domain=(-8, 8)), st.sampled_from([2, 3.0, 4, 5.0])),
    np.copysign: broadcastable(2, domain=[(0.25, 8), (-8, 8)])
    | broadcastable(2, domain=[(-8, -0.25), (-8, 8)]),
}

DOMAINS: dict[Callable[..., Any], Any] = {
    np.float_power: [(0.25, 8), (-3, 6)],
    np.power.outer: [(0.25, 4), (0.25, 3)],
    np.arcsin: (-1, 1),
    np.arccos: (-1, 1),
    np.arctanh: (-1, 1),
    np.arccosh: (1, np.inf),
}
UNARY: list[Callable[..., Any]] = [
    np.negative, np.positive, np.reciprocal, np.square, np.sqrt, np.cbrt, np.absolute, np.fabs,
    np.conjugate, np.exp, np.exp2, np.expm1, np.log, np.log2, np.log10, np.log1p, np.sin, np.cos,
    np.tan, np.arcsin, np.arccos, np.arctan, np.sinh, np.cosh, np.tanh, np.arcsinh, np.arccosh,
    np.arctanh, np.deg2rad, np.radians, np.rad2deg, np.degrees,
    elementwise.sigmoid, elementwise.sech, elementwise.relu,
]  # fmt: skip
BINARY: list[Callable[..., Any]] = [
    np.add, np.subtract, np.multiply, np.divide, np.float_power, np.nextafter,
    np.logaddexp, np.logaddexp2, np.arctan2, np.hypot, np.maximum,
    np.minimum, np.fmax, np.fmin, np.add.outer, np.subtract.outer, np.multiply.outer,
    np.divide.outer, np.power.outer, np.maximum.outer, np.minimum.outer,
]  # fmt: skip


CASES: dict[Callable[..., Any], Case] = {
    **{fn: case(1, DOMAINS.get(fn)) for fn in UNARY},
    **{fn: case(2, DOMAINS.get(fn)) for fn in BINARY},
    **{fn: Case.of(calls) for fn, calls in CALLS.items()},
    # Of one number it makes an array that NumPy holds for writeable; nobody writes to it.
    reductions.spread: Case.of(spreading(), skip=["views"]),
    **cases_fft.CASES,
    **cases_linalg.CASES,
    **cases_misc.CASES,
    **cases_special.CASES,
}
for fn, its in CASES.items():
    # No user gives a Python number to an operation of minigrad's own; and NumPy asks only the first
    # argument of full_like whether it is a tensor.
    if isinstance(fn, core.Primitive) or fn is np.full_like:
        its.options.setdefault("skip", ["scalars"])
for fn, same in ((np.amax, np.max), (np.amin, np.min)):  # one function or two, by NumPy's version
    CASES[fn] = CASES[same]


def name(fn: Any) -> str:
    known = core.name_of(fn)
    hidden = known.count(".") == 1 and getattr(np, known[6:], fn) is not fn
    return f"{known}, called by NumPy" if hidden else known  # the ufunc of np.clip, np.full's like=


# All that minigrad registers, read before any docstring's example runs; tests have operations too.
# Where each argument has a reason instead of a rule there is nothing to hold.
REGISTERED = {
    fn
    for fn in (*core.RULES, *core.COMPOSITES)
    if not (isinstance(fn, core.Primitive) and not fn.forward.__module__.startswith("minigrad."))
    and not (fn in core.RULES and core.RULES[fn].refuses_all())
}
assert ops  # imported for what it registers
