"""What the property tests draw for samples, statistics, polynomials, sets and what moves elements.

The rows of cases.py for minigrad/ops/creation.py, moving.py, polynomials.py, scimath.py, signal.py
and statistics.py, and for reductions of chosen elements.
"""

import math
from collections.abc import Callable
from typing import Any

import numpy as np
from drawn import DTYPES, SMALL, Case, case, reduction, shaped, shapes, some, with_axis
from hypothesis import assume
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

import minigrad as mg
from minigrad.ops import creation, reductions, scimath, signal, statistics
from minigrad.ops.creation import with_like
from minigrad.testing import arrays, axes, broadcastable, call

LIKE = mg.tensor(0.0)
umath_clip = next(u for u in vars(np._core.umath).values() if getattr(u, "__name__", "") == "clip")


def vectors(min_side: int = 1, max_side: int = 5, **options: Any) -> st.SearchStrategy[Any]:
    return st.integers(min_side, max_side).flatmap(lambda n: arrays((n,), **options))


@st.composite
def distinct(draw: st.DrawFn, shape: Any = None) -> Any:
    """Arrays whose elements stay in their order when they move a little."""
    shape = draw(shapes(min_dims=1, min_side=1)) if shape is None else shape
    n = math.prod(shape)
    order = draw(st.permutations(range(n)))
    return np.reshape([k - n // 2 + 0.25 for k in order], shape)


def uneven(shape: Any = None) -> st.SearchStrategy[Any]:
    return distinct(shape).map(lambda x: (x + 0.3 * np.sin(3 * x)) / 2)


# -- reductions of chosen elements


@st.composite
def of_chosen(draw: st.DrawFn, initial: Any = None, where: bool = True, **options: Any) -> Any:
    """A reduction, now and then of the elements that a mask chooses, or from a first number on."""
    drawn = draw(reduction(**options))
    kwargs = dict(drawn.kwargs)
    if where and draw(st.booleans()):
        x = drawn.args[0]
        dropped = draw(st.integers(0, x.ndim))
        mostly = st.sampled_from([True, True, True, False])
        kwargs["where"] = draw(hnp.arrays(bool, x.shape[dropped:], elements=mostly))
        if initial is not None:
            kwargs["initial"] = initial
    elif initial is not None and draw(st.booleans()):
        kwargs["initial"] = draw(st.sampled_from([initial, 0.5, 1.0]))
    return call(*drawn.args, **kwargs)


@st.composite
def spreads(draw: st.DrawFn) -> Any:
    freedom = draw(st.sampled_from(["ddof", "ddof", "correction"]))
    drawn = draw(of_chosen(**{freedom: st.sampled_from([0, 0, 0.5, 1])}))
    if draw(st.integers(0, 3)) or not drawn.args[0].size:
        return drawn
    return call(*drawn.args, **{**drawn.kwargs, freedom: 0}, mean=0.75)


@st.composite
def with_nan(draw: st.DrawFn, drawn: st.SearchStrategy[Any]) -> Any:
    """A call in which some elements of the first array are nan."""
    c = draw(drawn)
    x = c.args[0]
    missing = draw(hnp.arrays(bool, x.shape))
    return call(np.where(missing, np.nan, x), *c.args[1:], **c.kwargs)


# -- quantiles

METHODS = [
    "linear", "hazen", "weibull", "median_unbiased", "normal_unbiased", "lower", "higher",
    "nearest", "midpoint", "inverted_cdf", "averaged_inverted_cdf", "closest_observation",
    "interpolated_inverted_cdf",
]  # fmt: skip


def with_weights_third(c: Any) -> Any:
    """The call as the primitive has it."""
    weights = c.kwargs.pop("weights", None)
    return call(*c.args, weights, **c.kwargs)


@st.composite
def quantiles(draw: st.DrawFn, percent: bool = False, nan: bool = False) -> Any:
    # NumPy skips nan row by row: of three axes there is a row in test_conventions.py.
    x = draw(some(shapes(max_dims=2 if nan else 3, min_side=1)))
    method = draw(st.sampled_from(METHODS))
    steps = method not in statistics.CONTINUOUS
    q = draw(st.sampled_from([0.0, 1.0, 0.5, 0.25, 0.3, [0.1, 0.9], np.array([[0.2], [0.7]])]))
    if steps:
        q = draw(st.sampled_from([0.37, [0.13, 0.91]]))  # beside the jumps, and a constant
    elif draw(st.booleans()):
        q = np.array(draw(st.sampled_from([0.3, [0.35, 0.81]])))
    keywords = {"axis": draw(axes(x.ndim)), "keepdims": draw(st.booleans()), "method": method}
    if nan and isinstance(keywords["axis"], tuple) and np.ndim(q) > 1:
        q = [0.2, 0.7]  # with two axes of q it is refused, as NumPy mixes them up
    if method == "inverted_cdf" and draw(st.booleans()):
        weights = np.linspace(1, 2, x.size).reshape(x.shape)
        along = keywords["axis"]
        if isinstance(along, int):
            weights = np.linspace(1, 2, x.shape[along])
        if along is not None and (nan or not isinstance(along, int)):
            return call(x, q, axis=None, method=method)
        keywords["weights"] = (8 * weights).astype(int)
    return call(
        x,
        np.multiply(q, 100.0) if percent and np.ndim(q) else q * 100 if percent else q,
        **keywords,
    )


def of_numbers(c: Any) -> bool:
    """Whether some are left in each row: else NumPy's dtype depends on which."""
    axis = c.kwargs["axis"]
    return bool(
        np.all(
            np.any(
                ~np.isnan(c.args[0]),
                axis=axis if axis is None or np.ndim(axis) == 0 else tuple(axis),
            )
        )
    )


@st.composite
def covariances(draw: st.DrawFn, weighted: bool = True) -> Any:
    n, m = draw(st.integers(2, 3)), draw(st.integers(3, 4))
    rowvar = draw(st.booleans())
    x = draw(arrays((n, m) if rowvar else (m, n), domain=SMALL))
    kwargs: dict[str, Any] = {"rowvar": rowvar}
    if draw(st.booleans()):
        kwargs["y"] = draw(arrays((2, m) if rowvar else (m, 2), domain=SMALL))
    elif draw(st.booleans()):
        x = draw(arrays((m,), domain=SMALL))
    if weighted:
        kwargs["bias"] = draw(st.booleans())
        if draw(st.booleans()):
            kwargs["aweights"] = draw(arrays((m,), domain=(0.25, 4)))
        if draw(st.booleans()):
            kwargs["fweights"] = draw(hnp.arrays(int, m, elements=st.integers(1, 3)))
    return call(x, **kwargs)


def beside_edges(x: Any, bins: Any, range: Any = None) -> bool:
    """Whether no number is so near an edge between two bins that it may cross it."""
    edges = np.histogram_bin_edges(x, bins, range)[1:-1]
    return not edges.size or bool(np.min(np.abs(x.reshape(-1, 1) - edges)) > 0.05)


@st.composite
def histograms(draw: st.DrawFn) -> Any:
    """Numbers between the edges, of which the least and the largest are edges themselves."""
    x = draw(uneven())
    bins = draw(st.sampled_from([3, 4, "sturges", np.array([-9.0, -1.5, 0.125, 2.0, 9.0])]))
    kwargs: dict[str, Any] = {"bins": bins, "density": draw(st.booleans())}
    if draw(st.booleans()) and not isinstance(bins, str):
        kwargs["weights"] = draw(arrays(x.shape, domain=(0.25, 4)))
    if isinstance(bins, int) and draw(st.booleans()):
        kwargs["range"] = (-5.03, 7.0)
    assume(beside_edges(x, bins, kwargs.get("range")))
    return call(x, **kwargs)


@st.composite
def many_histograms(draw: st.DrawFn, flat: bool) -> Any:
    n = draw(st.integers(3, 6))
    x, y = (draw(uneven((n,))) for _ in range(2))
    edges = np.array([-9.0, -1.5, 0.125, 9.0])
    bins = draw(st.sampled_from([3, (2, 3), [edges, 2], [edges, edges]]))
    by_x, by_y = (bins, bins) if isinstance(bins, int) else bins
    assume(beside_edges(x, by_x) and beside_edges(y, by_y))
    kwargs: dict[str, Any] = {"bins": bins, "density": draw(st.booleans())}
    if draw(st.booleans()):
        kwargs["weights"] = draw(arrays((n,), domain=(0.25, 4)))
    return call(x, y, **kwargs) if flat else call(np.stack([x, y], 1), **kwargs)


@st.composite
def weighted_counts(draw: st.DrawFn) -> Any:
    n = draw(st.integers(1, 5))
    places = draw(hnp.arrays(int, n, elements=st.integers(0, 4)))
    return call(places, draw(some((n,))), draw(st.sampled_from([0, 7])))


# -- samples


@st.composite
def differencing(draw: st.DrawFn) -> Any:
    x = draw(some(shapes(min_dims=1)))
    axis = draw(axes(x.ndim, none=False, many=False))
    kwargs: dict[str, Any] = {"n": draw(st.integers(0, 3)), "axis": axis}
    margin = list(x.shape)
    margin[axis] = draw(st.integers(0, 2))
    for name in ("prepend", "append"):
        if draw(st.booleans()):
            kwargs[name] = draw(some(draw(st.sampled_from([(), tuple(margin)]))))
    return call(x, **kwargs)


@st.composite
def areas(draw: st.DrawFn) -> Any:
    y = draw(some(shapes(min_dims=1, min_side=1)))
    axis = draw(axes(y.ndim, none=False, many=False))
    kind = draw(st.sampled_from(["dx", "places", "all places", "none"]))
    if kind == "none":
        return call(y, axis=axis)
    if kind == "dx":
        return call(y, dx=0.5, axis=axis)
    return call(y, x=draw(arrays((y.shape[axis],) if kind == "places" else y.shape)), axis=axis)


@st.composite
def sloping(draw: st.DrawFn) -> Any:
    f = draw(arrays(tuple(draw(st.integers(3, 4)) for _ in range(draw(st.integers(1, 2))))))
    axis = draw(axes(f.ndim))
    over = range(f.ndim) if axis is None else np.atleast_1d(axis).tolist()
    spacings: list[Any] = []
    if draw(st.booleans()):
        for i in over:
            widths = draw(arrays((f.shape[i],), domain=(0.25, 2)))
            spacings.append(draw(st.sampled_from([np.cumsum(widths), np.array(0.5), 2.0])))
    return call(f, *spacings, axis=axis, edge_order=draw(st.integers(1, 2)))


@st.composite
def unwrapping(draw: st.DrawFn) -> Any:
    """Phases whose steps are not where a turn more or less would do as well."""
    shape = draw(shapes(min_dims=1, min_side=1))
    axis = draw(axes(len(shape), none=False, many=False))
    quarters = draw(hnp.arrays(int, shape, elements=st.integers(-9, 9)))
    return call(quarters * 2.0 + 0.25, axis=axis, period=draw(st.sampled_from([2 * math.pi, 5.0])))


@st.composite
def interpolating(draw: st.DrawFn) -> Any:
    n = draw(st.integers(1, 4))
    xp = np.cumsum(draw(arrays((n,), domain=(0.25, 2)))) - 2
    kwargs = {k: draw(some(())) for k in ("left", "right") if draw(st.integers(0, 2)) == 2}
    x = draw(some(shapes(), domain=(-8, 8)))
    if draw(st.integers(0, 3)) == 3:
        x = np.concatenate([x.reshape(-1), xp[:1] if n == 1 else xp])
    if kwargs:  # then it jumps at the ends
        x = np.where((x == xp[0]) | (x == xp[-1]), xp[0] + 0.125, x)
    if draw(st.integers(0, 3)) == 3:
        kwargs = {"period": np.array(9.0)}
        x = np.rint(x) + 0.0625
    return call(x, xp, draw(some((n,))), **kwargs)


@st.composite
def convolving(draw: st.DrawFn, long_first: bool = False) -> Any:
    n, m = draw(st.integers(1, 4)), draw(st.integers(1, 4))
    n, m = (max(n, m), min(n, m)) if long_first else (n, m)
    modes = ["full", "valid"] if long_first else ["full", "same", "valid", 1]
    return call(draw(some((n,))), draw(some((m,))), draw(st.sampled_from(modes)))


def with_order(low: int, high: int, domain: Any = None) -> st.SearchStrategy[Any]:
    return st.builds(call, arrays(domain=domain), st.integers(low, high))


# -- polynomials


@st.composite
def products_of_polynomials(draw: st.DrawFn) -> Any:
    """The leading coefficients are not zero, or there would be fewer."""
    p, q = (draw(vectors(max_side=4, domain=SMALL)) for _ in range(2))
    p[0], q[0] = (np.copysign(abs(c) + 0.5, c) for c in (p[0], q[0]))
    return p, q


@st.composite
def quotients_of_polynomials(draw: st.DrawFn) -> Any:
    """The remainder has no leading zero, either, and what is divided by divides to the last bit."""
    p, q = draw(products_of_polynomials())
    q[0] = draw(st.sampled_from([1.0, -2.0, 0.5]))
    rest = np.linspace(0.5, 1.5, max(q.size - 1, 0))
    if draw(st.booleans()) or q.size == 1:
        return (p, q) if p.size < q.size else (np.convolve(p, q), q[:1])
    return np.polyadd(np.convolve(p, q), rest), q


@st.composite
def with_roots(draw: st.DrawFn) -> Any:
    """Matrices whose eigenvalues lie apart; those of some are a complex pair."""
    n = draw(st.integers(1, 2))
    a = np.array(draw(st.sampled_from([[[4, 0], [0, 12]], [[1, 6], [-2, 3]]])))[:n, :n]
    return a + draw(arrays((n, n), domain=(-0.5, 0.5)))


# -- moving elements


@st.composite
def compressing(draw: st.DrawFn) -> Any:
    x = draw(some(shapes(min_dims=1)))
    axis = draw(axes(x.ndim, many=False))
    n = x.size if axis is None else x.shape[axis]
    return call(draw(hnp.arrays(bool, n)), x, axis=axis)


@st.composite
def deleting(draw: st.DrawFn) -> Any:
    x = draw(some(shapes(min_dims=1, min_side=1)))
    axis = draw(axes(x.ndim, many=False))
    n = x.size if axis is None else x.shape[axis]
    some_places = st.lists(st.integers(-n, n - 1), max_size=3)
    return call(x, draw(st.integers(-n, n - 1) | some_places | st.just(slice(0, 2))), axis=axis)


@st.composite
def inserting(draw: st.DrawFn) -> Any:
    x = draw(some(shapes(min_dims=1, min_side=1)))
    axis = draw(axes(x.ndim, many=False))
    n = x.size if axis is None else x.shape[axis]
    if draw(st.booleans()):
        return call(x, draw(st.integers(-n, n)), draw(some(())), axis=axis)
    places = draw(st.lists(st.integers(-n, n), min_size=1, max_size=3))
    shape = [len(places)] if axis is None else list(x.shape)
    if axis is not None:
        shape[axis] = len(places)
    return call(x, places, draw(some(tuple(shape))), axis=axis)


@st.composite
def choosing_among(draw: st.DrawFn) -> Any:
    n = draw(st.integers(1, 3))
    choices = list(draw(broadcastable(n)))
    shape = np.broadcast_shapes(*(c.shape for c in choices))
    mode = draw(st.sampled_from(["raise", "wrap", "clip"]))
    low, high = (0, n - 1) if mode == "raise" else (-2, 5)
    return call(draw(hnp.arrays(int, shape, elements=st.integers(low, high))), choices, mode=mode)


@st.composite
def partitioning(draw: st.DrawFn) -> Any:
    """No ties: of these any may come first, beside the place that is asked for."""
    shape = draw(shapes(min_dims=1, min_side=1))
    places = np.reshape(draw(st.permutations(range(math.prod(shape)))), shape)
    x = places + draw(arrays(shape, domain=(0, 0.75)))
    axis = draw(axes(x.ndim, many=False))
    n = x.size if axis is None else x.shape[axis]
    return call(x, draw(st.integers(0, n - 1)), axis=axis)


@st.composite
def trimming(draw: st.DrawFn) -> Any:
    """No zeros, which jump; they are in test_conventions.py."""
    several = hasattr(np, "matvec")  # NumPy 2.2 has trimmed arrays of more axes since
    x = draw(arrays(shapes(min_dims=1, max_dims=3 if several else 1), domain=(0.25, 4)))
    return call(x, draw(st.sampled_from(["fb", "f", "b"])))


@st.composite
def windows(draw: st.DrawFn) -> Any:
    x = draw(some(shapes(min_dims=1, min_side=2)))
    if draw(st.booleans()):
        return call(x, 2, axis=draw(axes(x.ndim, none=False, many=False)))
    return call(x, tuple(min(2, n) for n in x.shape))


@st.composite
def meshes(draw: st.DrawFn) -> Any:
    xs = [draw(some((draw(st.integers(1, 3)),))) for _ in range(draw(st.integers(1, 3)))]
    return call(*xs, sparse=draw(st.booleans()), indexing=draw(st.sampled_from(["xy", "ij"])))


@st.composite
def replacing(draw: st.DrawFn) -> Any:
    names = ["nan", "posinf", "neginf"]
    return call(draw(some()), **{k: draw(arrays(())) for k in names if draw(st.booleans())})


@st.composite
def uniques(draw: st.DrawFn) -> Any:
    x = draw(distinct())
    return call(x, axis=draw(axes(x.ndim, many=False)))


@st.composite
def two_sets(draw: st.DrawFn, unique_already: bool = False) -> Any:
    kwargs = {"assume_unique": draw(st.booleans())} if unique_already else {}
    x = draw(distinct())
    return call(x, draw(distinct()) + draw(st.sampled_from([0.125, 0.5])), **kwargs)


@st.composite
def piecewise(draw: st.DrawFn) -> Any:
    x = draw(some(shapes()))
    below = draw(st.sampled_from([x < 1, [x < 1], [(x < 1).astype(int)], [(x < 1).tolist()]]))
    return draw(
        st.sampled_from(
            [
                call(x, [x < 1, x >= 3], [np.square, np.sin, 0.5]),
                call(x, below, [lambda v, a, b=1: a * v**b, lambda v, a, b=1: b * v / a], 3.0, b=2),
                call(x, [np.zeros(9, bool)], [np.sin]),  # which x does not fit
            ]
        )
    )


@st.composite
def along_axis(draw: st.DrawFn) -> Any:
    x = draw(some(shapes(min_dims=1, min_side=1)))
    axis = draw(axes(x.ndim, none=False, many=False))
    if draw(st.booleans()):
        return call(lambda v, a, b=1: a * v[::2] ** b, axis, x, 3.0, b=2)
    return call(draw(st.sampled_from([np.sum, np.flip, lambda v: np.outer(v, v)])), axis, x)


@st.composite
def over_axes(draw: st.DrawFn) -> Any:
    x = draw(some(shapes(min_dims=1)))
    fn = draw(st.sampled_from([np.sum, np.cumsum]))
    return call(fn, x, draw(axes(x.ndim, none=False)))


# -- evenly spaced numbers


@st.composite
def spacing(draw: st.DrawFn, domain: Any = None, **options: Any) -> Any:
    start, stop = draw(broadcastable(2, domain=domain))
    ndim = max(start.ndim, stop.ndim)
    keywords = {name: draw(strategy) for name, strategy in options.items()}
    return call(
        start, stop, draw(st.integers(0, 4)), endpoint=draw(st.booleans()),
        axis=draw(st.integers(-ndim - 1, ndim)), **keywords,
    )  # fmt: skip


@st.composite
def ranges(draw: st.DrawFn) -> Any:
    """What is left of the last step does not make a number more or less."""
    start, step = draw(arrays((), domain=SMALL)), draw(arrays((), domain=(2, 4)))
    stop = start + step * (draw(st.integers(0, 4)) + 0.5)
    return call(start, stop, step, like=LIKE)


def full_calls() -> st.SearchStrategy[Any]:
    return st.builds(lambda x: call((2, *x.shape), x, like=LIKE), some())


@st.composite
def crossing(draw: st.DrawFn) -> Any:
    shape = draw(shapes(max_dims=2, min_side=1))
    at = draw(st.integers(0, len(shape)))
    x, y = (draw(some((*shape[:at], 3, *shape[at:]))) for _ in range(2))
    return call(x, y, axis=at)


@st.composite
def rooted(draw: st.DrawFn) -> Any:
    """Coefficients of a polynomial whose roots, some of them complex, lie apart."""
    places = 2 * np.array(draw(st.lists(st.integers(-2, 2), max_size=3, unique=True)), float)
    pair = draw(st.lists(st.integers(-3, 3), max_size=1))
    pairs = [z for k in pair for z in (k + 0.5 + 2j, k + 0.5 - 2j)]
    shifted = [*(places + draw(arrays((len(places),), domain=(0.1, 0.4)))), *pairs]
    return call(draw(arrays((), domain=(1, 4))) * np.atleast_1d(np.real(np.poly(shifted))))


def as_complex(roots: Any) -> Any:
    """Roots that are all real as what they are when some are not."""
    return roots + 0j


@st.composite
def fitted(draw: st.DrawFn) -> Any:
    """Points at places that lie apart, more of them than the polynomial has coefficients."""
    degree = draw(st.integers(0, 2))
    n = degree + 2 + draw(st.integers(0, 1))
    x = np.arange(n) + draw(arrays((n,), domain=(-0.25, 0.25)))
    y = draw(some(draw(st.sampled_from([(n,), (n, 2)])), SMALL))
    w = draw(st.sampled_from([None, np.linspace(0.5, 2, n)]))
    cov = draw(st.sampled_from([False, False, True, "unscaled"]))
    full = not cov and draw(st.booleans())
    return call(x, y, degree, draw(st.sampled_from([None, 1e-9])), full, w, cov)


@st.composite
def ending(draw: st.DrawFn) -> Any:
    ends = {k: draw(some((2,))) for k in ("to_end", "to_begin") if draw(st.booleans())}
    return call(draw(some(shapes(min_dims=1))), **ends)


CALLS: dict[Callable[..., Any], Any] = {
    # reductions
    np.sum: of_chosen(0.0, dtype=DTYPES),
    np.mean: of_chosen(),
    np.prod: of_chosen(1.0),
    np.max: of_chosen(-9.0),
    np.min: of_chosen(9.0),
    np.var: spreads(),
    np.std: spreads(),
    np.add.reduce: of_chosen(0.0, dtype=DTYPES),
    np.multiply.reduce: of_chosen(1.0),
    np.maximum.reduce: of_chosen(-9.0),
    np.minimum.reduce: of_chosen(9.0),
    np.fmax.reduce: with_nan(of_chosen(-9.0)),
    np.fmin.reduce: with_nan(of_chosen(9.0)),
    np.maximum.accumulate: with_axis(none=False),
    np.minimum.accumulate: with_axis(none=False),
    reductions.fmax_over: with_nan(reduction()),
    reductions.fmin_over: with_nan(reduction()),
    # what passes over nan
    np.nansum: with_nan(of_chosen(0.0, dtype=DTYPES)),
    np.nanprod: with_nan(of_chosen(1.0, dtype=DTYPES)),
    np.nanmean: with_nan(of_chosen(dtype=DTYPES)),
    np.nanmax: with_nan(of_chosen(-9.0)),
    np.nanmin: with_nan(of_chosen(9.0)),
    np.nanvar: with_nan(of_chosen(ddof=st.sampled_from([0, 1, 0.5]), dtype=DTYPES)),
    np.nanstd: with_nan(of_chosen(ddof=st.sampled_from([0, 1, 0.5]), dtype=DTYPES)),
    statistics.median_of: reduction(),
    np.nanmedian: with_nan(reduction().filter(lambda c: c.args[0].ndim)),
    np.nancumsum: with_nan(reduction(many=False, keepdims=False, dtype=DTYPES)),
    np.nancumprod: with_nan(reduction(many=False, keepdims=False, dtype=DTYPES)),
    # statistics
    np.corrcoef: covariances(weighted=False),
    np.bincount: weighted_counts(),
    np.histogram: histograms(),
    np.histogram2d: many_histograms(flat=True),
    np.histogramdd: many_histograms(flat=False),
    np.histogram_bin_edges: st.builds(
        call, uneven(), st.sampled_from([3, "sturges", np.arange(3.0)])
    )
    | uneven().map(lambda x: call(x, 3, (-5.0, 7.0))),
    # samples
    np.diff: differencing(),
    np.ediff1d: ending(),
    np.trapezoid: areas(),
    np.gradient: sloping(),
    np.unwrap: unwrapping(),
    np.convolve: convolving(),
    np.correlate: convolving(),
    signal.sinc_derivative: with_order(0, 3),
    signal.bessel_i: with_order(0, 3, (-20, 20)) | with_order(0, 3, (31, 60)),
    # polynomials
    np.polyval: st.builds(call, vectors(), some()),
    np.sort_complex: some(shapes(1)),
    np.polyfit: fitted(),
    np.polyadd: st.tuples(vectors(), vectors()),
    np.polysub: st.tuples(vectors(), vectors()),
    np.polymul: products_of_polynomials(),
    np.polydiv: quotients_of_polynomials(),
    np.polyder: st.builds(call, vectors(), st.integers(0, 3)),
    np.polyint: st.builds(call, vectors(), st.just(2), vectors(2, 3)) | vectors(),
    np.poly: vectors(domain=SMALL) | with_roots(),
    np.vander: st.builds(
        call, vectors(domain=SMALL), st.sampled_from([None, 0, 2, 4]), st.booleans()
    ),
    # moving elements
    np.compress: compressing(),
    np.extract: some().flatmap(lambda x: st.builds(call, hnp.arrays(bool, x.shape), st.just(x))),
    np.delete: deleting(),
    np.insert: inserting(),
    np.choose: choosing_among(),
    np.resize: st.builds(call, some(), st.sampled_from([4, (2, 3), (0,)])),
    np.trim_zeros: trimming(),
    np.matrix_transpose: some(shapes(min_dims=2)),
    np.rollaxis: shapes(min_dims=1).flatmap(
        lambda s: st.builds(
            call, some(s), st.integers(-len(s), len(s) - 1), st.integers(-len(s), len(s))
        )
    ),
    np.broadcast_arrays: broadcastable(2, special=True) | broadcastable(3),
    np.meshgrid: meshes(),
    np.ix_: st.tuples(vectors(), vectors()),
    np.diagflat: st.builds(call, some(shapes(max_dims=2)), st.integers(-2, 2)),
    np.lib.stride_tricks.sliding_window_view: windows(),
    # sets
    np.unique: uniques(),
    np.unique_values: distinct(),
    np.unique_all: distinct(),
    np.unique_counts: distinct(),
    np.unique_inverse: distinct(),
    np.union1d: two_sets(),
    # functions of functions
    np.piecewise: piecewise(),
    np.apply_along_axis: along_axis(),
    np.apply_over_axes: over_axes(),
    # new arrays
    np.array: st.builds(lambda x, n: call(x, ndmin=n, like=LIKE), some(), st.integers(0, 3)),
    np.linspace: spacing()
    | st.builds(
        lambda c, n: call(*c.args[:2], n, **c.kwargs),
        spacing(retstep=st.just(True)),
        st.sampled_from([3, 2]),
    ),
    np.geomspace: spacing(domain=(0.25, 8), dtype=st.sampled_from([None, float]))
    | spacing(domain=(-8, -0.25)),
    creation.between: spacing().map(lambda c: call(*c.args, c.kwargs["endpoint"])),
    np.arange: ranges(),
    np.full: full_calls(),
    np.astype: some(shapes(min_dims=1)).map(lambda x: call(x, np.float64)),
    # what NumPy calls for them where it is given like=
    with_like(np.full)[1]: full_calls().map(lambda c: call(LIKE, *c.args)),
    with_like(np.require)[1]: some().map(lambda x: call(LIKE, x)),
    # the rest
    np.kron: shaped(["(n),(m)", "(n,k),(m)", "(n,k),(p,m)", "(),(n)"]),
    np.cross: crossing(),
    np.linalg.cross: crossing(),
    scimath.cross_product: shaped(["(3),(3)", "(n,3),(3)", "(3),(n,m,3)", "(n,1,3),(m,3)"]),
    umath_clip: broadcastable(1, domain=SMALL).map(lambda xs: call(*xs, -1.0, 2.0)),
}
for _fn in (np.asarray, np.asanyarray, np.ascontiguousarray, np.asfortranarray, np.require):
    CALLS[_fn] = some(shapes(min_dims=1)).map(lambda x: call(x, like=LIKE))
if hasattr(np, "cumulative_sum"):
    CALLS[np.unstack] = with_axis(none=False)
    for _fn in (np.cumulative_sum, np.cumulative_prod):
        CALLS[_fn] = with_axis(
            none=False, include_initial=st.booleans(), dtype=DTYPES
        ) | vectors().map(call)

DOMAINS: dict[Callable[..., Any], Any] = {
    np.emath.sqrt: (0.25, 8), np.emath.log: (0.25, 8), np.emath.log2: (0.25, 8),
    np.emath.log10: (0.25, 8), np.emath.arccos: (-0.96, 0.96), np.emath.arcsin: (-0.96, 0.96),
    np.emath.arctanh: (-0.96, 0.96), np.emath.logn: [(1.25, 8), (0.25, 8)],
    np.emath.power: [(0.25, 4), (-3, 3)], np.i0: (-40, 40),
}  # fmt: skip
UNARY = [
    np.sinc, np.i0, np.real_if_close, np.emath.sqrt, np.emath.log, np.emath.log2,
    np.emath.log10, np.emath.arccos, np.emath.arcsin, np.emath.arctanh,
]  # fmt: skip

CASES: dict[Callable[..., Any], Case] = {
    **{fn: case(1, DOMAINS.get(fn)) for fn in UNARY},
    **{fn: case(2, DOMAINS[fn]) for fn in (np.emath.logn, np.emath.power)},
    **{fn: Case.of(calls) for fn, calls in CALLS.items()},
    signal.convolution: Case.of(  # which takes a number for an array of one
        convolving(long_first=True), skip=["scalars", "broadcasting"]
    ),
    # A quantile's place is within bounds that the numbers need not keep.
    **{
        fn: Case.of(drawn, skip=["sameness"])
        for fn, drawn in {
            np.quantile: quantiles(),
            statistics.quantile_of: quantiles().map(with_weights_third),
            np.percentile: quantiles(percent=True),
            np.nanquantile: with_nan(quantiles(nan=True)).filter(of_numbers),
            np.nanpercentile: with_nan(quantiles(percent=True, nan=True)).filter(of_numbers),
        }.items()
    },
    # NumPy does not ask `nan` and its kin what to do, if x is no tensor.
    np.nan_to_num: Case.of(replacing(), skip=["scalars"]),
    # Where it puts what is not in its place depends on the dtype: see test_conventions.py.
    np.partition: Case.of(partitioning(), skip=["value"]),
    # Elements are told apart by their values, which those of a broadcast array are not.
    np.setxor1d: Case.of(two_sets(unique_already=True), skip=["broadcasting"]),
    np.setdiff1d: Case.of(two_sets(unique_already=True), skip=["broadcasting"]),
    # Places increase, and what else there is need not.
    np.interp: Case.of(interpolating(), skip=["sameness"]),
    signal.interpolated: Case.of(
        interpolating().filter(lambda c: not c.kwargs), skip=["sameness", "broadcasting"]
    ),
    # Where all are the same, weights and the base need not be positive.
    np.cov: Case.of(covariances(), skip=["sameness"]),
    np.logspace: Case.of(
        spacing(domain=(-2, 2), base=arrays(domain=(0.5, 4)) | st.just(10.0)),
        skip=["sameness"],
    ),
    np.roots: Case.of(rooted(), readout=as_complex),
    # What both have in common is there by chance: the derivative is a row of test_conventions.py.
    np.intersect1d: Case.of(
        distinct().map(lambda x: call(x, x.reshape(-1)[::2])),
        skip=["derivative", "product", "sameness", "broadcasting", "value", "precision"],
    ),
}
