"""Derivatives of products of arrays and of norms.

Everything bilinear has rules that are products of the same kind again.  It imports core,
elementwise and reductions only; decompositions.py comes next.
"""

import operator
import string
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.lib.array_utils import normalize_axis_tuple

from minigrad.core import SHORTCUTS, Array, Axis, Operand, composite, defvjp, operand, primitive
from minigrad.ops.elementwise import conj, ratio
from minigrad.ops.reductions import restore


def matmul_of(x: Array, y: Array, **options: Any) -> Array:
    """np.matmul, of a stack of matrices by one matrix as one product: 0.6 to 0.9 of its time.

    The terms of a sum may then be added in another order.  Of few numbers it is no faster.
    """
    is_stack = type(x) is type(y) is np.ndarray and y.ndim == 2 < x.ndim and not options
    if is_stack and x.flags.c_contiguous and x.size * y.shape[-1] > 20_000:
        return np.matmul(x.reshape(-1, x.shape[-1]), y).reshape(*x.shape[:-1], y.shape[-1])
    return np.matmul(x, y, **options)


SHORTCUTS[np.matmul] = matmul_of


def matmul_by_left(g: Operand, _z: Operand, _x: Operand, y: Operand) -> Operand:
    """Derivative of x @ y by x: g @ y.T, for matrices; a vector stands for a row or column."""
    if y.ndim == 1:
        return g[..., None] * y
    if g.ndim < y.ndim:  # x is a vector, whose axis is summed over
        return (y @ g[..., None])[..., 0]
    return matmul_of(g, y.mT)


def matmul_by_right(g: Operand, _z: Operand, x: Operand, y_shape: Any) -> Operand:
    """Derivative of x @ y by y: x.T @ g, for matrices; a vector stands for a row or column."""
    if x.ndim == 1:
        return x * g[..., None] if g.ndim == 0 else x[:, None] * g[..., None, :]
    if g.ndim < x.ndim:  # y is a vector, whose axis is summed over
        return (g[..., None, :] @ x)[..., 0, :]
    is_stack = type(x) is type(g) is np.ndarray and len(y_shape) == 2 < x.ndim
    if is_stack and x.size and g.size:  # all rows at once, as in matmul_of
        return x.reshape(-1, x.shape[-1]).T @ g.reshape(-1, g.shape[-1])
    return x.mT @ g


defvjp(np.matmul, matmul_by_left, matmul_by_right)


@composite(np.tensordot)
def _tensordot(a: Operand, b: Operand, axes: Any = 2) -> Operand:
    a, b = operand(a), operand(b)
    if np.ndim(axes) == 0:
        n = operator.index(axes)
        axes_a, axes_b = tuple(range(a.ndim - n, a.ndim)), tuple(range(n))
    else:
        axes_a, axes_b = axes
    axes_a, axes_b = normalize_axis_tuple(axes_a, a.ndim), normalize_axis_tuple(axes_b, b.ndim)
    if [a.shape[i] for i in axes_a] != [b.shape[i] for i in axes_b]:
        raise ValueError(
            f"numpy.tensordot of shapes {a.shape} and {b.shape} over axes {axes_a} and {axes_b}: "
            "the axes that are summed together must be equally long"
        )
    free_a = [i for i in range(a.ndim) if i not in axes_a]
    free_b = [i for i in range(b.ndim) if i not in axes_b]
    summed = np.prod([a.shape[i] for i in axes_a], dtype=int)
    left, right = [a.shape[i] for i in free_a], [b.shape[i] for i in free_b]
    rows = np.transpose(a, (*free_a, *axes_a)).reshape(np.prod(left, dtype=int), summed)
    columns = np.transpose(b, (*axes_b, *free_b)).reshape(summed, np.prod(right, dtype=int))
    return (rows @ columns).reshape((*left, *right))


@composite(np.dot)
def _dot(a: Operand, b: Operand) -> Operand:
    a, b = operand(a), operand(b)
    if a.ndim == 0 or b.ndim == 0:
        return a * b
    return a @ b if b.ndim <= 2 else _tensordot(a, b, (-1, -2))


@composite(np.inner)
def _inner(a: Operand, b: Operand, /) -> Operand:
    a, b = operand(a), operand(b)
    if a.ndim == 0 or b.ndim == 0:
        return a * b
    return a @ b if a.ndim == b.ndim == 1 else _tensordot(a, b, (-1, -1))


@composite(np.vdot)
def _vdot(a: Operand, b: Operand, /) -> Operand:
    return conj(operand(a).reshape(-1)) @ operand(b).reshape(-1)


@composite(np.outer)
def _outer(a: Operand, b: Operand) -> Operand:
    return operand(a).reshape(-1, 1) * operand(b).reshape(-1)


def _vecdot(x1: Operand, x2: Operand, axis: int = -1) -> Operand:
    return np.sum(conj(operand(x1)) * x2, axis=axis)


def _matvec(x1: Operand, x2: Operand) -> Operand:
    return (x1 @ operand(x2)[..., None])[..., 0]


def _vecmat(x1: Operand, x2: Operand) -> Operand:
    return (conj(operand(x1))[..., None, :] @ x2)[..., 0, :]


for _name, _composed in (("vecdot", _vecdot), ("matvec", _matvec), ("vecmat", _vecmat)):
    if hasattr(np, _name):  # the last two came with NumPy 2.2
        composite(getattr(np, _name))(_composed)


# -- einsum


@primitive(broadcasts=True)
def contract(*operands: Array, subscripts: tuple[str, ...], optimize: Any = False) -> Array:
    """np.einsum with one letter per axis: `subscripts` of each operand, then of the result."""
    *inputs, output = subscripts
    return np.einsum(f"{','.join(inputs)}->{output}", *operands, optimize=optimize)


def contract_vjp(
    i: int, g: Operand, *operands: Operand, subscripts: tuple[str, ...], optimize: Any, shape: Any
) -> Operand:
    """Derivative of a contraction by operand i: the contraction of g with the other operands.

    An axis that only operand i has was summed, so it is repeated (contracted with ones); one that
    it has twice was a diagonal (contracted with the unit matrix).
    """
    *inputs, output = subscripts
    others = [o for j, o in enumerate(operands) if j != i]
    letters = [s for j, s in enumerate(inputs) if j != i]
    fresh = iter(sorted(set(string.ascii_letters) - set("".join(subscripts))))
    known, wanted = set("".join([output, *letters])), ""
    for letter, n in zip(inputs[i], shape, strict=True):
        if letter in wanted:
            twin = next(fresh)
            others.append(np.eye(n, dtype=g.dtype))
            letters.append(letter + twin)
            wanted += twin
            continue
        if letter not in known:
            others.append(np.ones(n, dtype=g.dtype))
            letters.append(letter)
        wanted += letter
    derivative = contract(g, *others, subscripts=(output, *letters, wanted), optimize=optimize)
    if derivative.shape == shape:
        return derivative
    # Of the others, some had length one where x is longer: each element of x has that one's.
    return np.broadcast_to(derivative, np.broadcast_shapes(derivative.shape, shape))


contract.defvjp(
    each=lambda i, g, _y, *operands, subscripts, optimize=False: contract_vjp(
        i, g, *operands, subscripts=subscripts, optimize=optimize, shape=np.shape(operands[i])
    )
)


def one_letter_per_axis(operands: Sequence[Any]) -> tuple[tuple[str, ...], list[Operand]]:
    """NumPy's ways to call einsum brought into one: the letters of each operand, then the result's.

    An ellipsis becomes letters of its own, counted from the last axis, as axes broadcast.
    """
    if isinstance(operands[0], str):
        inputs, arrow, output = operands[0].replace(" ", "").partition("->")
        terms, tensors = inputs.split(","), [operand(o) for o in operands[1:]]
        explicit = output if arrow else None
    else:  # operand, sublist, operand, sublist, ..., perhaps the result's sublist
        n = len(operands) // 2 * 2
        lists = [*operands[1:n:2], *operands[n:]]
        terms = ["".join("..." if i is ... else string.ascii_letters[i] for i in t) for t in lists]
        tensors = [operand(o) for o in operands[0:n:2]]
        explicit = terms.pop() if len(operands) > n else None
    if len(terms) != len(tensors):
        raise ValueError(f"numpy.einsum: {len(terms)} subscripts for {len(tensors)} operands")
    free = sorted(set(string.ascii_letters) - set("".join(terms)), reverse=True)
    widths = [t.ndim - len(s.replace("...", "")) for s, t in zip(terms, tensors, strict=True)]
    longest = max([w for s, w in zip(terms, widths, strict=True) if "..." in s], default=0)
    rest = "".join(free[:longest])
    letters = [s.replace("...", rest[len(rest) - w :]) for s, w in zip(terms, widths, strict=True)]
    for term, t in zip(letters, tensors, strict=True):
        if len(term) != t.ndim:
            raise ValueError(f"numpy.einsum: subscripts {term!r} for an operand of shape {t.shape}")
    if explicit is None:
        named = "".join(terms).replace("...", "")
        explicit = "..." * any("..." in s for s in terms)
        explicit += "".join(sorted(c for c in set(named) if named.count(c) == 1))
    return (*letters, explicit.replace("...", rest)), tensors


@composite(np.einsum)
def _einsum(
    *operands: Any, optimize: Any = False, dtype: Any = None, casting: Any = None, order: Any = None
) -> Operand:
    subscripts, tensors = one_letter_per_axis(operands)
    if dtype is not None:
        tensors = [t.astype(dtype) for t in tensors]
    return contract(*tensors, subscripts=subscripts, optimize=optimize)


# -- norms


@primitive
def p_norm(x: Array, p: float, axis: Axis, keepdims: bool) -> Array:
    """(sum |x|**p)**(1/p) over `axis`."""
    if p == 2 and axis is None and type(x) is np.ndarray:
        of_all: Any = np.linalg.norm  # a dot product; its stubs know no keepdims without an axis
        return of_all(x, keepdims=keepdims)
    if p == 2:
        squares = np.square(np.abs(x) if x.dtype.kind == "c" else x)
        return np.sqrt(np.sum(squares, axis=axis, keepdims=keepdims))
    with np.errstate(divide="ignore"):  # a zero under a negative power is a norm of zero
        return np.sum(np.abs(x) ** p, axis=axis, keepdims=keepdims) ** (1 / p)


def p_norm_vjp(g: Operand, y: Operand, x: Operand, p: float, axis: Axis, keepdims: bool) -> Operand:
    """Derivative of a norm y: sign(x) (|x|/y)**(p-1), and 0 at its tip and where x is 0."""
    g, y = (restore(a, np.shape(x), axis, keepdims) for a in (g, y))
    if p == 2:
        return conj(x) * ratio(g, y)
    size = ratio(np.abs(x), y)
    return g * np.where(size == 0, 0, conj(np.sign(x)) * np.where(size == 0, 1, size) ** (p - 1))


p_norm.defvjp(p_norm_vjp)


@composite(np.linalg.norm)
def _norm(x: Operand, ord: Any = None, axis: Any = None, keepdims: bool = False) -> Operand:
    if axis is None and ord is None:  # of any number of axes
        return p_norm(x, 2, None, keepdims)
    axes = normalize_axis_tuple(range(np.ndim(x)) if axis is None else axis, np.ndim(x))
    if len(axes) == 1:
        return vector_norm(x, ord, axes, keepdims)
    if len(axes) != 2:
        raise ValueError(f"numpy.linalg.norm over {len(axes)} axes: give one or two, or ord=None")
    return matrix_norm(x, ord, axes, keepdims)


def vector_norm(x: Operand, ord: Any, axes: tuple[int, ...], keepdims: bool) -> Operand:
    """The norm of what lies along `axes`, as one vector."""
    if isinstance(ord, str):
        raise ValueError(f"numpy.linalg.norm: ord={ord!r} is no norm of a vector")
    if ord == np.inf:
        return _largest(np.abs(x), axes, keepdims)
    if ord == -np.inf:
        return np.min(np.abs(x), axis=axes, keepdims=keepdims)
    if ord == 0:  # how many are not 0
        return np.sum((x != 0).astype(np.abs(x).dtype), axis=axes, keepdims=keepdims)
    return p_norm(x, 2 if ord is None else ord, axes, keepdims)


def matrix_norm(x: Operand, ord: Any, axes: tuple[int, ...], keepdims: bool) -> Operand:
    """The norm of matrices whose rows and columns lie along the two `axes`."""
    if ord in (None, "fro", "f"):
        return p_norm(x, 2, axes, keepdims)
    if ord in (2, -2, "nuc"):
        s = np.linalg.svdvals(np.moveaxis(x, axes, (-2, -1)))
        best = s.sum(axis=-1) if ord == "nuc" else (_largest if ord == 2 else np.min)(s, axis=-1)
        return np.expand_dims(best, axes) if keepdims else best
    if ord in (1, -1, np.inf, -np.inf):  # the largest or smallest sum of a column or row
        rows, columns = normalize_axis_tuple(axes, np.ndim(x))
        summed, chosen = (rows, columns) if abs(ord) == 1 else (columns, rows)
        sums = np.sum(np.abs(x), axis=summed)
        best = (_largest if ord > 0 else np.min)(sums, axis=chosen - (chosen > summed))
        return np.expand_dims(best, axes) if keepdims else best
    raise ValueError(f"numpy.linalg.norm: ord={ord!r} is no norm of a matrix")


def _largest(x: Operand, axis: Axis, keepdims: bool = False) -> Operand:
    """The largest of what is not negative, and 0 of nothing."""
    return (np.max if x.size else np.sum)(x, axis=axis, keepdims=keepdims)
