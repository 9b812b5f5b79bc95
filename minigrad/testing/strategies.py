"""Hypothesis strategies of what operations are called with.

Numbers shrink to small multiples of a quarter.  What is seldom met is drawn on purpose: 0 and 1,
ties, the bounds of the domain, numbers that are huge or tiny and, where `special`, inf and nan;
sizes 0 and 1, and no axes at all.  It needs Hypothesis; harness.py comes next.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

Strategy: TypeAlias = st.SearchStrategy[Any]
Shape: TypeAlias = int | tuple[int, ...]
Domain: TypeAlias = tuple[float, float] | None
Array: TypeAlias = npt.NDArray[Any]

USUAL = 8.0  # most numbers are not larger, so that few functions overflow or have become flat
RARE = (1e-9, -1e-9, 1e9, -1e9, 1e200, -1e200)
SPECIAL = (np.nan, np.inf, -np.inf)


@st.composite
def shapes(draw: st.DrawFn, min_dims: int = 0, max_dims: int = 3) -> tuple[int, ...]:
    """Shapes of few elements, and now and then of none."""
    # Hypothesis takes the first choice most often, but shrinks to whatever needs fewer choices.
    dims = [n for n in (1, 2, 0, 3) if min_dims <= n <= max_dims]
    shape = [draw(st.sampled_from((2, 3, 1))) for _ in range(draw(st.sampled_from(dims)))]
    if shape and draw(st.integers(0, 9)) == 9:
        shape[draw(st.integers(0, len(shape) - 1))] = 0
    return tuple(shape)


def arrays(
    shape: Shape | Strategy | None = None,
    dtype: npt.DTypeLike = np.float64,
    domain: Domain = None,
    *,
    special: bool = False,
) -> Strategy:
    """Arrays of floating numbers.

    Parameters
    ----------
    shape : int, tuple of int, or strategy
        Their shape; any of up to three axes, if not given.
    dtype : dtype
        Their dtype.
    domain : (low, high), optional
        Between which numbers they lie, bounds included.  If not given, mostly between -8 and 8, now
        and then huge or tiny.
    special : bool
        Whether nan is drawn, and inf where the domain has it.

    Examples
    --------
    >>> import minigrad as mg
    >>> mg.testing.arrays((2, 3), domain=(0, 1)).example().shape  # doctest: +SKIP
    (2, 3)

    """
    shape = shapes() if shape is None else shape
    near, far, simple, rare = _numbers(domain, dtype, special)

    def of(elements: Strategy) -> Strategy:
        return hnp.arrays(dtype, shape, elements=elements, fill=st.nothing())

    tied = st.lists(simple, min_size=1, max_size=2).flatmap(lambda pool: of(st.sampled_from(pool)))
    return _generic(st.one_of(of(simple), tied, of(simple | rare)), near, far)


@st.composite
def _generic(draw: st.DrawFn, some: Strategy, near: float, far: float) -> Array:
    """Every other array with nothing special about its numbers, where Hypothesis repeats itself."""
    x: Array = draw(some)
    seed = draw(st.integers(0, 999))
    if seed % 2 == 0:
        return x
    numbers = np.random.default_rng(seed).uniform(near, far, x.shape)
    return np.asarray(numbers.round(3).clip(near, far), x.dtype)


def _numbers(domain: Domain, dtype: Any, special: bool) -> tuple[float, float, Strategy, Strategy]:
    """What is usual in a domain; multiples of 1/4 there, often 0, 1 or a bound; what is rare."""
    low, high = (-np.inf, np.inf) if domain is None else (float(bound) for bound in domain)
    if not low <= high:
        raise ValueError(f"domain=({low}, {high}) has no numbers: give its lower bound first")
    near, far = max(low, -USUAL), min(high, USUAL)
    if near > far:  # all of the domain is far from 0
        near, far = (low, min(high, 2 * low)) if low > 0 else (max(low, 2 * high), high)
    marked = [z for z in (0.0, 1.0, -1.0) if low <= z <= high]
    marked += [z for z in (near, far) if z not in marked]
    rare = [z for z in RARE if low <= z <= high and abs(z) < float(np.finfo(dtype).max)]
    if special:
        rare += [z for z in SPECIAL if np.isnan(z) or low <= z <= high]
    first, last = int(np.ceil(near * 4)), int(np.floor(far * 4))
    if last - first < 4:  # a small domain: eighths of it
        simple = st.integers(0, 8).map(lambda k: near + (far - near) * (k / 8))
    else:
        simple = st.integers(first, last).map(lambda k: k / 4)
    simple |= st.sampled_from(marked)
    return near, far, simple, st.sampled_from(rare) if rare else simple


def broadcastable(
    n: int,
    dtype: npt.DTypeLike = np.float64,
    domain: Domain | Sequence[Domain] = None,
    *,
    signature: str | None = None,
    special: bool = False,
) -> Strategy:
    """Tuples of n arrays that broadcast, with sizes 0 and 1 and no axes among them.

    Parameters
    ----------
    n : int
        How many.
    dtype : dtype
        Their dtype.
    domain : (low, high), or one for each array, optional
        Between which numbers they lie: see `arrays`.
    signature : str, optional
        That of a generalized ufunc, such as "(n,k),(k,m)->(n,m)": the other axes broadcast.
    special : bool
        Whether nan is drawn, and inf where the domain has it.

    """
    domains: Any = domain  # one for each, or one for all
    if domain is None or np.ndim(np.asarray(domain)) == 1:
        domains = [domain] * n
    return _broadcastable(n, dtype, domains, signature, special)


@st.composite
def _broadcastable(
    draw: st.DrawFn, n: int, dtype: Any, domains: Any, signature: str | None, special: bool
) -> tuple[Array, ...]:
    if signature is not None:
        found = hnp.mutually_broadcastable_shapes(signature=signature, max_dims=1, max_side=3)
        each: Sequence[tuple[int, ...]] = draw(found).input_shapes
    else:
        shape = draw(shapes())
        dropped = st.sampled_from([0, 0, 0, *range(1, len(shape) + 1)])
        each = [shape[draw(dropped) :] for _ in range(n)]
        each = [tuple(1 if draw(st.integers(0, 4)) == 4 else side for side in s) for s in each]
    return tuple(
        draw(arrays(s, dtype, domain, special=special))
        for s, domain in zip(each, domains, strict=True)
    )


def matmul_operands(
    dtype: npt.DTypeLike = np.float64, domain: Domain = None, *, special: bool = False
) -> Strategy:
    """Pairs of vectors, matrices and stacks of them that have a matrix product."""
    return broadcastable(2, dtype, domain, signature="(n?,k),(k,m?)->(n?,m?)", special=special)


KINDS = ("any", "positive definite", "singular", "rank n-1", "orthogonal", "repeated eigenvalues")


def square_matrices(kind: str = "any", n: int | None = None, *, stack: bool = False) -> Strategy:
    """Square float64 matrices of a kind.

    Parameters
    ----------
    kind : str
        "any"; "positive definite"; "singular", of any lower rank; "rank n-1"; "orthogonal";
        "repeated eigenvalues", which is symmetric with at least two that are equal if n > 1.
    n : int, optional
        How many rows; from 1 to 4, if not given.
    stack : bool
        Whether to draw stacks of matrices, too.

    """
    if kind not in KINDS:
        raise ValueError(f"kind={kind!r} is none of {', '.join(map(repr, KINDS))}")
    return _stack(kind, n, stack)


@st.composite
def _stack(draw: st.DrawFn, kind: str, n: int | None, stack: bool) -> Array:
    n = draw(st.integers(1, 4)) if n is None else n
    shape = draw(st.sampled_from([(), (1,), (2,)])) if stack else ()
    matrices = [draw(_square(kind, n)) for _ in range(math.prod(shape))]
    return np.reshape(matrices, (*shape, n, n))


@st.composite
def _square(draw: st.DrawFn, kind: str, n: int) -> Array:
    def some(rows: int, columns: int) -> Array:
        drawn: Array = draw(arrays((rows, columns), domain=(-4, 4)))
        return drawn

    if kind == "any":
        return some(n, n)
    if kind == "positive definite":
        a = some(n, n)
        return a @ a.T + np.eye(n)
    if kind in ("singular", "rank n-1"):
        rank = n - 1 if kind == "rank n-1" else draw(st.integers(0, n - 1))
        columns, combined = some(n, rank), draw(arrays((rank, n - rank), domain=(-2, 2)))
        if kind == "rank n-1":
            columns = columns + 8 * np.eye(n, rank)  # of full rank
        order = draw(st.permutations(range(n)))
        return np.concatenate([columns, columns @ combined], axis=1)[:, order]
    q = np.linalg.qr(some(n, n) + 8 * np.eye(n))[0]
    if kind == "orthogonal":
        signs: Array = draw(hnp.arrays(float, n, elements=st.sampled_from([1.0, -1.0])))
        return q * signs
    values = draw(arrays(n, domain=(-4, 4)))
    values[: max(2, n // 2)] = values[:1]
    a = (q * values) @ q.T
    symmetric: Array = (a + a.T) / 2
    return symmetric


@st.composite
def indices(draw: st.DrawFn, shape: tuple[int, ...]) -> Any:
    """Every form of an index of an array of `shape` that NumPy takes, duplicates included.

    Numbers, slices, Ellipsis and None; masks; arrays and lists of places; and mixtures.
    """
    forms: list[Strategy] = [hnp.basic_indices(shape, allow_newaxis=True), hnp.arrays(bool, shape)]
    if shape and 0 not in shape:
        small = hnp.array_shapes(min_dims=1, max_dims=2, max_side=3)
        places = hnp.integer_array_indices(shape, result_shape=small)
        first = hnp.arrays(int, small, elements=st.integers(-shape[0], shape[0] - 1))
        last = hnp.arrays(int, small, elements=st.integers(-shape[-1], shape[-1] - 1))
        forms += [
            places,
            st.integers(-shape[0], shape[0] - 1),
            st.slices(shape[0]),
            first,
            first.map(lambda i: i.tolist()),
            first.map(lambda i: (i, *[slice(None)] * (len(shape) - 1))),
            last.map(lambda i: (None, ..., i)),
            hnp.arrays(bool, shape[:1]),
        ]
    return draw(st.one_of(forms))


def axes(ndim: int, *, none: bool = True, many: bool = True) -> Strategy:
    """Every form of an axis argument: None, from the front, from the back, tuples of them.

    Parameters
    ----------
    ndim : int
        How many axes the array has.
    none, many : bool
        Whether None and tuples are among them.

    """
    choices: list[Strategy] = [st.none()] if none else []
    if ndim:
        choices.append(st.integers(-ndim, ndim - 1))
        if many:
            choices.append(hnp.valid_tuple_axes(ndim, min_size=1))
    return st.one_of(choices)


def labels(n: int, classes: int = 3) -> Strategy:
    """Arrays of n integer labels, from 0 to `classes` - 1."""
    return hnp.arrays(int, n, elements=st.integers(0, classes - 1))
