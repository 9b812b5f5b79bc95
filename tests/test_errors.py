"""Every kind of wrong input: which exception it raises, and what its message says.

A row names the mistake, makes it, and lists words that the message must have: the operation as the
user wrote it, the shapes or dtypes that do not fit, and a way out.
"""

import copy
import math
import operator
import pickle
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
import pytest

import minigrad as mg
import minigrad.nn.functional as F


class Row(NamedTuple):
    """`wrong()` raises `error`, and its message has all of `words`."""

    id: str
    wrong: Callable[[], Any]
    error: type[Exception]
    words: tuple[str, ...]


def leaf(value: Any, dtype: Any = float) -> mg.Tensor:
    return mg.tensor(value, dtype=dtype, requires_grad=True)


x = leaf([1, 2, 3])  # no row changes it
constant = mg.tensor([1.0, 2.0, 3.0])
matrix = leaf([[1, 2, 3], [4, 5, 6]])

# -- shapes that do not fit: every binary operator, in every form

OPERATORS = {
    "+": (operator.add, "add"),
    "-": (operator.sub, "subtract"),
    "*": (operator.mul, "multiply"),
    "/": (operator.truediv, "divide"),
    "//": (operator.floordiv, "floor_divide"),
    "%": (operator.mod, "remainder"),
    "**": (operator.pow, "power"),
    "<": (operator.lt, "less"),
    "<=": (operator.le, "less_equal"),
    ">": (operator.gt, "greater"),
    ">=": (operator.ge, "greater_equal"),
    "==": (operator.eq, "equal"),
    "!=": (operator.ne, "not_equal"),
    "+=": (operator.iadd, "add"),
    "*=": (operator.imul, "multiply"),
}
BITWISE = {
    "&": (operator.and_, "bitwise_and"),
    "|": (operator.or_, "bitwise_or"),
    "^": (operator.xor, "bitwise_xor"),
    "<<": (operator.lshift, "left_shift"),
    ">>": (operator.rshift, "right_shift"),
}
three, two = np.ones(3), np.ones(2)


def rows_of_operators() -> list[Row]:
    rows = []
    for symbol, (op, name) in OPERATORS.items():
        words = (f"numpy.{name} of float64 (3,) and float64 (2,)", "last axis", "equal or 1")
        forms = {
            f"x {symbol} y": lambda op=op: op(x * 1.0, leaf([1, 2])),
            f"x {symbol} y, constants": lambda op=op: op(constant, mg.tensor([1.0, 2.0])),
            f"x {symbol} array": lambda op=op: op(x * 1.0, two),
        }
        if not symbol.endswith("=") or symbol in ("<=", ">=", "==", "!="):
            forms[f"array {symbol} y"] = lambda op=op: op(three, leaf([1, 2]))
        rows += [Row(form, wrong, ValueError, words) for form, wrong in forms.items()]
    integers = np.ones(3, int), np.ones(2, int)
    for symbol, (op, name) in BITWISE.items():
        words = (f"numpy.{name} of int64 (3,) and int64 (2,)", "equal or 1")
        forms = {
            f"x {symbol} y": lambda op=op: op(*map(mg.tensor, integers)),
            f"array {symbol} y": lambda op=op: op(integers[0], mg.tensor(integers[1])),
        }
        rows += [Row(form, wrong, ValueError, words) for form, wrong in forms.items()]
    words = ("numpy.matmul of float64 (2, 3) and float64 (2, 3)", "last axis of x", "last but one")
    array = matrix.numpy()
    forms = {
        "x @ y": lambda: matrix @ matrix,
        "x @ y, constants": lambda: matrix.detach() @ matrix.detach(),
        "x @ array": lambda: matrix @ array,
        "array @ y": lambda: array @ matrix,
        "np.matmul": lambda: np.matmul(matrix, matrix),
        "x @= y": lambda: operator.imatmul(matrix * 1.0, matrix),
    }
    return rows + [Row(form, wrong, ValueError, words) for form, wrong in forms.items()]


SHAPES = [
    Row("x @ number", lambda: x @ 2.0, ValueError, ("numpy.matmul", "(3,)", "float")),
    Row("np.hypot", lambda: np.hypot(x, two), ValueError, ("numpy.hypot", "(3,)", "(2,)")),
    Row("np.where", lambda: np.where(x > 0, x, two), ValueError, ("where", "(3,)", "(2,)")),
    Row("np.clip", lambda: np.clip(x, two, 9), ValueError, ("numpy.clip", "(3,)", "(2,)")),
    Row("np.dot", lambda: np.dot(x, two), ValueError, ("numpy.dot", "(3,)", "(2,)")),
    Row("np.tensordot", lambda: np.tensordot(x, two, 1), ValueError,
        ("numpy.tensordot", "(3,)", "(2,)", "equally long")),
    Row("np.einsum, letters", lambda: np.einsum("ij", x), ValueError,
        ("numpy.einsum", "'ij'", "(3,)")),
    Row("np.einsum, lengths", lambda: np.einsum("i,i", x, two), ValueError, ("einsum", "(3,)")),
    Row("np.einsum, operands", lambda: np.einsum("i,i", x), ValueError,
        ("numpy.einsum", "2 subscripts", "1 operand")),
    Row("np.concatenate", lambda: np.concatenate([x, matrix]), ValueError,
        ("numpy.concatenate", "(3,)", "(2, 3)")),
    Row("np.stack", lambda: np.stack([x, leaf([1, 2])]), ValueError,
        ("numpy.stack", "(3,)", "(2,)")),
    Row("np.split", lambda: np.split(x, 2), ValueError, ("numpy.split", "(3,)", "equal division")),
    Row("reshape", lambda: x.reshape(2, 2), ValueError, ("reshape", "(3,)", "(2,2)")),
    Row("broadcast_to", lambda: np.broadcast_to(x, (2, 2)), ValueError,
        ("numpy.broadcast_to", "(3,)", "(2,2)")),
    Row("squeeze", lambda: x.squeeze(0), ValueError, ("numpy.squeeze", "(3,)", "size not equal")),
    Row("transpose", lambda: x.transpose(1, 0), ValueError, ("numpy.transpose", "(3,)", "axes")),
    Row("x.mT of one axis", lambda: x.mT, ValueError, ("x.mT", "two axes", "(3,)")),
    Row("sum, axis", lambda: x.sum(axis=1), ValueError, ("numpy.sum", "(3,)", "axis 1")),
    Row("sum, axis, constant", lambda: constant.sum(axis=1), ValueError,
        ("numpy.sum", "(3,)", "axis 1")),
    Row("argmax, axis", lambda: x.argmax(axis=1), ValueError, ("numpy.argmax", "(3,)", "axis 1")),
    Row("cumsum, axis", lambda: x.cumsum(axis=1), ValueError, ("numpy.cumsum", "(3,)", "axis 1")),
    Row("swapaxes", lambda: x.swapaxes(0, 3), ValueError, ("numpy.swapaxes", "(3,)", "axis 3")),
    Row("norm, axis", lambda: np.linalg.norm(x, axis=4), ValueError,
        ("numpy.linalg.norm", "(3,)", "axis 4")),
    Row("x += larger", lambda: operator.iadd(x * 1.0, np.ones((2, 3))), ValueError,
        ("numpy.add in place", "(2, 3)", "(3,)", "x = x + v")),
    Row("Linear", lambda: mg.nn.Linear(3, 2, rng=0)(np.ones((5, 2))), ValueError,
        ("numpy.matmul", "(5, 2)", "(3, 2)", "last axis")),
    Row("ragged lists", lambda: mg.tensor([[1.0, 2.0], [3.0]]), ValueError, ("inhomogeneous",)),
    Row("ragged lists, asarray", lambda: mg.asarray([[1.0, 2.0], [3.0]]), ValueError,
        ("inhomogeneous",)),
    Row("ragged lists of tensors", lambda: mg.asarray([x, leaf([1])]), ValueError,
        ("stack", "(3,)", "(1,)")),
    Row("bool of several", lambda: bool(x), ValueError, ("ambiguous", "any()", "all()")),
    Row("item of several", x.item, ValueError, ("size 1",)),
    Row("len of no axes", lambda: len(leaf(1)), TypeError, ("len()", "0-d tensor")),
]  # fmt: skip

INDICES = [
    *(
        Row(id, lambda index=index: x[index], IndexError, ("x[index] of float64 (3,)", word))
        for id, index, word in [
            ("x[i], i too large", 5, "index 5 is out of bounds"),
            ("x[i], i too small", -4, "index -4 is out of bounds"),
            ("x[[i]]", [0, 7], "index 7 is out of bounds"),
            ("x[array]", np.array([7]), "index 7 is out of bounds"),
            ("x[tensor]", mg.tensor([7]), "index 7 is out of bounds"),
            ("x[i, j]", (0, 0), "too many indices"),
            ("x[1.0]", 1.0, "valid indices"),
            ("x['name']", "name", "valid indices"),
            ("x[mask], another length", np.array([True, False]), "boolean index did not match"),
        ]
    ),
    *(
        Row(id, lambda index=index: operator.setitem(x * 1.0, index, 0.0), IndexError,
            ("x[index] = value", "float64 (3,)", word))
        for id, index, word in [
            ("x[i] = 0, i too large", 5, "index 5 is out of bounds"),
            ("x[[i]] = 0", [0, 7], "index 7 is out of bounds"),
            ("x[i, j] = 0", (0, 0), "too many indices"),
            ("x[1.0] = 0", 1.0, "valid indices"),
            ("x[mask] = 0, another length", np.array([True, False]), "boolean index"),
        ]
    ),
    Row("x[i] = v, shapes", lambda: operator.setitem(x * 1.0, slice(None), [1.0, 2.0]), ValueError,
        ("x[index] = value", "(3,)", "(2,)")),
    Row("x[i] = v, constants", lambda: operator.setitem(mg.tensor([1.0]), 0, [1.0, 2.0]),
        ValueError, ("x[index] = value", "(1,)")),
    Row("x[i] = text", lambda: operator.setitem(x * 1.0, 0, "a"), ValueError,
        ("x[index] = value", "float64 (3,)", "could not convert")),
    Row("x[i] = complex", lambda: operator.setitem(x * 1.0, 0, 1j), TypeError,
        ("x[index] = value", "float64 (3,)", "complex")),
    Row("x[i] = list of tensors", lambda: operator.setitem(x * 1.0, slice(2), [x[0], x[1]]),
        TypeError, ("requires grad", "np.stack")),
    Row("x[i] = v, a leaf", lambda: operator.setitem(x, 0, 1.0), RuntimeError,
        ("leaf", "x.copy()", "no_grad()", "optimizer")),
    Row("np.take", lambda: np.take(x, [7]), IndexError, ("index 7 is out of bounds", "(3,)")),
]  # fmt: skip

# -- dtypes

DTYPES = [
    *(
        Row(f"requires_grad of {dtype.__name__}",
            lambda dtype=dtype: mg.tensor([1], dtype=dtype, requires_grad=True), TypeError,
            ("only floating tensors can require grad", np.dtype(dtype).name, "1.0", "dtype=float"))
        for dtype in (int, np.uint8, bool)
    ),
    Row("requires_grad of complex", lambda: mg.tensor([1j], requires_grad=True), TypeError,
        ("only floating tensors can require grad", "complex128", "a + 1j * b")),
    Row("requires_grad_ of integers", lambda: mg.tensor([1]).requires_grad_(), TypeError,
        ("only floating", "int64", "1.0")),
    Row("requires_grad = True of integers",
        lambda: setattr(mg.tensor([1]), "requires_grad", True), TypeError,
        ("only floating", "int64", "1.0")),
    Row("a tensor of objects", lambda: mg.tensor([object()]), TypeError, ("numbers", "object")),
    Row("a tensor of None", lambda: mg.tensor(None), TypeError, ("numbers", "object", "convert")),
    Row("a tensor of text", lambda: mg.tensor("abc"), TypeError, ("numbers", "<U3", "convert")),
    Row("a tensor of text, requires_grad", lambda: mg.tensor(["a"], requires_grad=True), TypeError,
        ("numbers", "<U1")),
    Row("a tensor of dates", lambda: mg.tensor(np.array(["2020"], "M8[D]")), TypeError,
        ("numbers", "datetime64")),
    Row("asarray of text", lambda: mg.asarray(["a"]), TypeError, ("numbers", "<U1")),
    Row("x + text", lambda: x + "a", TypeError, ("numpy.add of float64 (3,) and",)),
    Row("text + x", lambda: "a" + x, TypeError, ("numpy.add of", "and float64 (3,)")),
    Row("x * None", lambda: x * None, TypeError, ("numpy.multiply", "float64 (3,)", "NoneType")),
    Row("x & x", lambda: constant & constant, TypeError, ("numpy.bitwise_and", "float64 (3,)")),
    Row("the larger of complex numbers", lambda: np.maximum(x * 1j, x), TypeError,
        ("numpy.maximum", "no derivative for complex numbers", "x.real")),
    Row("astype(int)", lambda: x.astype(int), TypeError,
        ("int64", "only floating", "x.detach()")),
    *(
        Row(f"int {symbol} float", lambda op=op: op(mg.tensor([1, 2]), 2.5), TypeError,
            (f"numpy.{name} in place", "float64", "int64", "x = x + v"))
        for symbol, op, name in [
            ("+=", operator.iadd, "add"),
            ("-=", operator.isub, "subtract"),
            ("*=", operator.imul, "multiply"),
            ("/=", operator.itruediv, "divide"),
            ("**=", operator.ipow, "power"),
        ]
    ),
]  # fmt: skip

# -- backward and grad


def freed() -> mg.Tensor:
    y = (x * x).sum()
    mg.grad(y, x)
    return y


def freed_through_another() -> mg.Tensor:
    shared = np.exp(x)
    first, second = shared.sum(), (shared * 2.0).sum()
    mg.grad(first, x)
    return second


def pulled(rule: Any, value: Any = (1.0, 2.0), broadcasts: bool = False) -> None:
    """Go back through an operation of one's own that has this rule."""

    @mg.primitive(broadcasts=broadcasts)
    def operation(x):
        return x * 2.0

    operation.defvjp(rule)
    operation(leaf(value)).sum().backward()


def hooked(hook: Any) -> None:
    y = leaf([1, 2])
    y.register_hook(hook)
    (y * y).sum().backward()


BACKWARD = [
    Row("backward from several", lambda: np.exp(x).backward(), RuntimeError,
        ("(3,)", "gradient of that shape", "y.sum().backward()")),
    Row("backward from nothing", x[:0].backward, RuntimeError, ("(0,)", "gradient")),
    Row("backward from a constant", lambda: constant.sum().backward(), RuntimeError,
        ("does not require grad", "requires_grad=True", "no_grad()", "detach()")),
    Row("backward from what was detached", lambda: x.sum().detach().backward(), RuntimeError,
        ("does not require grad", "detach()")),
    Row("backward twice", lambda: freed().backward(), RuntimeError,
        ("freed", "retain_graph=True", "compute the output again")),
    Row("grad twice", lambda: mg.grad(freed(), x), RuntimeError, ("freed", "retain_graph=True")),
    Row("backward through a shared graph", lambda: freed_through_another().backward(),
        RuntimeError, ("freed", "retain_graph=True")),
    Row("grad through a shared graph", lambda: mg.grad(freed_through_another(), x),
        RuntimeError, ("freed", "retain_graph=True")),
    Row("a gradient of another shape", lambda: np.exp(x).backward(np.ones(2)), ValueError,
        ("gradient", "(2,)", "(3,)", "equal")),
    Row("a gradient that would broadcast", lambda: np.exp(x).backward(1.0), ValueError,
        ("gradient", "()", "(3,)", "equal")),
    Row("a complex gradient", lambda: np.exp(x).backward(np.ones(3) * 1j), TypeError,
        ("gradient", "float64", "complex128")),
    Row("a gradient of text", lambda: np.exp(x).backward("abc"), TypeError, ("numbers", "<U3")),
    Row("a gradient that requires grad", lambda: np.exp(x).backward(x), RuntimeError,
        ("gradient requires grad", "create_graph=True", "detach()")),
    Row("grad, a gradient that requires grad", lambda: mg.grad(np.exp(x), x, x), RuntimeError,
        ("gradient requires grad", "create_graph=True")),
    Row("grad of a constant", lambda: mg.grad(constant.sum(), x), RuntimeError,
        ("does not require grad", "requires_grad=True")),
    Row("grad by a constant", lambda: mg.grad(x.sum(), [x, constant]), RuntimeError,
        ("input", "1", "not require grad", "requires_grad=True")),
    Row("grad by an array", lambda: mg.grad(x.sum(), [np.ones(3)]), TypeError,
        ("input", "Tensor", "ndarray")),
    Row("grad by nothing", lambda: mg.grad(x.sum(), []), ValueError, ("input",)),
    Row("grad, too few gradients", lambda: mg.grad([x.sum(), x.mean()], x, [1.0]), ValueError,
        ("2 outputs", "1")),
    Row("grad of several", lambda: mg.grad(np.exp(x), x), RuntimeError, ("(3,)", "gradient")),
    Row("retain_grad of a constant", constant.retain_grad, RuntimeError,
        ("retain_grad", "does not require grad")),
    Row("register_hook of a constant", lambda: constant.register_hook(print), RuntimeError,
        ("register_hook", "does not require grad")),
    Row("a hook's result of another shape", lambda: hooked(lambda g: g.sum()), ValueError,
        ("hook", "()", "(2,)")),
    Row("a hook's result of a larger shape", lambda: hooked(lambda g: np.ones((2, 2))), ValueError,
        ("hook", "(2, 2)", "(2,)")),
    Row("a hook's complex result", lambda: hooked(lambda g: np.ones(2) * 1j), TypeError,
        ("hook", "complex128", "float64")),
]  # fmt: skip

SETTERS = [
    Row("data of another shape", lambda: setattr(leaf([1, 2]), "data", np.ones(3)), ValueError,
        ("data", "(2,)", "(3,)", "new tensor")),
    Row("data of another dtype", lambda: setattr(leaf([1, 2]), "data", np.ones(2, np.float32)),
        ValueError, ("data", "float64", "float32", "new tensor")),
    Row("data of a constant of another shape",
        lambda: setattr(mg.tensor([1.0]), "data", np.ones(3)), ValueError, ("(1,)", "(3,)")),
    Row("data of a computed tensor", lambda: setattr(x * 2, "data", np.ones(3)), RuntimeError,
        ("data of a computed tensor", "detach()")),
    Row("data set to a tensor that requires grad", lambda: setattr(leaf([1, 2]), "data", x[:2]),
        TypeError, ("requires grad", "detach()")),
    Row("grad set to another shape", lambda: setattr(leaf([1, 2]), "grad", np.ones(3)), ValueError,
        ("gradient", "(3,)", "(2,)")),
    Row("grad set to another dtype", lambda: setattr(leaf([1, 2]), "grad", np.ones(2, np.float32)),
        ValueError, ("gradient", "float32", "float64")),
    Row("grad set of a constant", lambda: setattr(mg.tensor([1.0]), "grad", two),
        RuntimeError, ("does not require grad", "no gradient")),
    Row("requires_grad_(False) of a computed tensor", lambda: (x * 2).requires_grad_(False),
        RuntimeError, ("computed tensor", "x.detach()")),
    Row("requires_grad = False of a computed tensor",
        lambda: setattr(x * 2, "requires_grad", False), RuntimeError,
        ("computed tensor", "x.detach()")),
    *(
        Row(f"{f.__module__}.{f.__name__} of a computed tensor", lambda f=f: f(x * 2), TypeError,
            ("computed tensor", "x.copy()", "x.detach()"))
        for f in (copy.copy, copy.deepcopy, pickle.dumps)
    ),
]  # fmt: skip

# -- nothing is detached in silence


def under_no_grad(f: Callable[[], Any]) -> Any:
    with mg.no_grad():
        return f()


def destination() -> Any:
    return np.zeros(3)


def numpy_only(value: float) -> float:
    return value


ufunc_of_ones_own = np.frompyfunc(numpy_only, 1, 1)
requires_grad = "requires grad"
as_arrays = ("conversion to a NumPy array", requires_grad, "x.numpy()", "x.detach()", "np.stack")
SILENCE = [
    Row("np.asarray", lambda: np.asarray(x), TypeError, as_arrays),
    Row("np.array", lambda: np.array(x), TypeError, as_arrays),
    Row("np.array of a list", lambda: np.array([x, x]), TypeError, as_arrays),
    Row("np.array under no_grad", lambda: under_no_grad(lambda: np.array(x)), TypeError, as_arrays),
    Row("mg.tensor of a tensor", lambda: mg.tensor(x), TypeError, (requires_grad, "x.detach()")),
    Row("mg.tensor of a list", lambda: mg.tensor([x, x]), TypeError, (requires_grad, "mg.asarray")),
    Row("array[:] = x", lambda: operator.setitem(destination(), slice(None), x), TypeError,
        as_arrays),
    Row("np.full", lambda: np.full(3, leaf(1)), TypeError, (requires_grad, "mg.asarray")),
    Row("np.float64", lambda: np.float64(leaf(1)), TypeError, as_arrays),
    Row("x * list of tensors", lambda: x * [x[0], x[1], x[2]], TypeError,
        ("numpy.multiply", requires_grad, "np.stack")),
    Row("np.sum of a list of tensors", lambda: np.sum([x[0], x[1]]), TypeError, as_arrays),
    Row("float", lambda: float(leaf(4)), TypeError, ("float(x)", requires_grad, "x.item()")),
    Row("math.sqrt", lambda: math.sqrt(leaf(4)), TypeError, ("float(x)", requires_grad, "item()")),
    Row("complex", lambda: complex(leaf(4)), TypeError, ("complex(x)", requires_grad, "item()")),
    Row("'%f'", lambda: "%f" % leaf(4), TypeError, (requires_grad, "x.item()")),  # noqa: UP031
    *(
        Row(id, wrong, TypeError, (name, "no derivative", "t.detach()", "minigrad.primitive"))
        for id, wrong, name in [
            ("a ufunc of one's own", lambda: ufunc_of_ones_own(x), "numpy_only"),
            ("ufunc.reduce", lambda: np.hypot.reduce(x), "numpy.hypot.reduce"),
            ("ufunc.accumulate", lambda: np.hypot.accumulate(x), "numpy.hypot.accumulate"),
            ("ufunc.outer", lambda: np.hypot.outer(x, x), "numpy.hypot.outer"),
        ]
    ),
    *(
        Row(id, wrong, TypeError, (name, repr(argument), "not supported", "t.detach()"))
        for id, wrong, name, argument in [
            ("sum, initial= a tensor", lambda: np.sum(x, initial=leaf(1)), "numpy.sum", "initial"),
            ("sum of a constant, initial= a tensor",
             lambda: np.sum(constant, initial=leaf(1)), "numpy.sum", "initial"),
            ("var, ddof= a tensor", lambda: np.var(x, ddof=leaf(1)), "numpy.var", "ddof"),
            ("add, where=", lambda: np.add(x, x, where=x.numpy() > 1), "numpy.add", "where"),
        ]
    ),
    *(
        Row(f"{name} of floats", wrong, TypeError, (name, "float64 (3,)"))
        for name, wrong in [
            ("numpy.packbits", lambda: np.packbits(x)),
            ("numpy.invert", lambda: ~x),
            ("numpy.bitwise_and", lambda: x & x),
        ]
    ),
    *(
        Row(f"np.{write.__name__}", lambda write=write: write("unwritten", x), TypeError,
            (f"numpy.{write.__name__}", "out of its graph", "t.detach()"))
        for write in (np.save, np.savetxt, np.savez, np.savez_compressed)
    ),
    Row("np.full_like of a number", lambda: np.full_like(0.5, leaf(1)), TypeError,
        ("numpy.copyto", "numpy.full", "np.broadcast_to(t, shape)")),
    Row("np.isnat", lambda: np.isnat(constant), TypeError, ("numpy.isnat", "dates")),
    Row("np.is_busday", lambda: np.is_busday(constant), TypeError, ("numpy.is_busday", "dates")),
    Row("np.strings.isalpha", lambda: np.strings.isalpha(constant), TypeError,
        ("numpy.strings.isalpha", "text")),
    Row("x.itemset", lambda: x.itemset(0, 1.0), AttributeError, ("'itemset'", "x[index] = value")),
    Row("x.flat", lambda: x.flat, AttributeError, ("'flat'", "x.ravel()", "np.put")),
    Row("x.strides", lambda: x.strides, AttributeError, ("'strides'", "x.numpy()")),
    Row("x.frobnicate", lambda: x.frobnicate, AttributeError, ("a Tensor has no 'frobnicate'",)),
    Row("x.to_device of another", lambda: x.to_device("gpu"), ValueError, ("'gpu'", '"cpu"')),
    Row("pad with a tensor", lambda: np.pad(x, 1, constant_values=leaf(1)), TypeError,
        ("numpy.pad", "constant_values")),
    Row("mean, axis= a tensor that requires grad", lambda: np.mean(x, axis=leaf(0)), TypeError,
        ("numpy.mean", "'axis'")),
]  # fmt: skip

# -- what is not written into


WRITING = [
    *(
        Row(id, wrong, TypeError, (name, "out"))
        for id, wrong, name in [
            ("np.add, out=", lambda: np.add(x, x, out=destination()), "numpy.add"),
            ("np.add of constants, out=", lambda: np.add(constant, 1, out=destination()),
             "numpy.add"),
            ("np.exp, out by position", lambda: np.exp(x, destination()), "numpy.exp"),
            ("array += x", lambda: operator.iadd(destination(), x), "numpy.add"),
            ("array *= constant", lambda: operator.imul(destination(), constant), "numpy.multiply"),
            ("np.sum, out=", lambda: np.sum(x, out=np.zeros(())), "numpy.sum"),
            ("np.cumsum, out=", lambda: np.cumsum(x, out=destination()), "numpy.cumsum"),
            ("np.clip, out=", lambda: np.clip(x, 0, 1, out=destination()), "numpy.clip"),
            ("np.argmax, out=", lambda: np.argmax(x, out=np.zeros((), int)), "numpy.argmax"),
            ("np.concatenate, out=", lambda: np.concatenate([x], out=destination()),
             "numpy.concatenate"),
            ("np.add.reduce, out=", lambda: np.add.reduce(x, out=np.zeros(())), "numpy.add.reduce"),
        ]
    ),
    *(
        Row(f"{symbol} on an array says how to write it", lambda op=op: op(destination(), x),
            TypeError, ("`a += t`", "`a = a + t`"))
        for symbol, op in (("+=", operator.iadd), ("-=", operator.isub))
    ),
    Row("np.add.reduceat", lambda: np.add.reduceat(x, [0, 1]), TypeError,
        ("numpy.add.reduceat", "not supported", "a sum")),
    *(
        Row(f"{name} {kind}", lambda f=f, t=t, v=v: f(t, v), *expected(name))
        for name, f in {
            "numpy.copyto": np.copyto,
            "numpy.put": lambda a, v: np.put(a, [0], v),
            "numpy.place": lambda a, v: np.place(a, [True, False, True], v),
            "numpy.putmask": lambda a, v: np.putmask(a, [True, False, True], v),
            "numpy.put_along_axis": lambda a, v: np.put_along_axis(a, np.array([0]), v, 0),
            "numpy.fill_diagonal": np.fill_diagonal,
            "numpy.add.at": lambda a, v: np.add.at(a, [0], v),
            "numpy.maximum.at": lambda a, v: np.maximum.at(a, [0], v),
        }.items()
        for kind, t, v, expected in (
            ("on a leaf", x, 1.0, lambda _: (RuntimeError, ("leaf", "x.copy()", "no_grad()"))),
            ("on a view of a leaf", x[:2], 1.0, lambda _: (RuntimeError, ("a view of a leaf",))),
            ("on an array", destination(), x[:1], lambda name: (
                TypeError, (name, "plain array", "np.zeros_like(x)", "minigrad.asarray"))),
            ("on a number", x.sum(), 1.0, lambda name: (
                TypeError, (f"{name} of a number", "x = value"))),
        )
        if (name, kind) != ("numpy.fill_diagonal", "on an array")  # which asks the matrix alone
    ),
    Row("x.fill of a number", lambda: x.sum().fill(2.0), TypeError, ("x.fill", "x = value")),
    Row("x.sort of a leaf", x.sort, RuntimeError, ("leaf", "x.copy()", "no_grad()")),
    Row("np.diagonal(x)[i] = v", lambda: operator.setitem(np.diagonal(matrix * 1.0), 0, 1.0),
        ValueError, ("read-only view", "as in NumPy")),
    Row("x.numpy()[i] = v", lambda: operator.setitem(x.numpy(), 0, 1.0), ValueError,
        ("read-only",)),
]  # fmt: skip


@pytest.mark.parametrize(
    "f",
    [
        lambda t, out: np.sum(t, None, None, out),
        lambda t, out: np.max(t, None, out),
        lambda t, out: np.mean(t, None, None, out),
        lambda t, out: np.dot(t, t, out),
        lambda t, out: np.median(t, None, out),
        lambda t, out: np.add.reduce(t, 0, None, out),
        lambda t, out: np.einsum("i,i", t, t, out=out),
    ],
    ids=["sum", "max", "mean", "dot", "median", "add.reduce", "einsum"],
)
@pytest.mark.parametrize("t", [x, constant], ids=["requires grad", "constant"])
def test_an_array_to_write_into_is_refused_by_position_too_and_not_written(f, t):
    out = np.zeros(())
    with pytest.raises(TypeError, match="out"):
        f(t, out)
    assert out == 0


# -- operations of one's own


@mg.primitive
def without_rule(x):
    return x * 2


@mg.primitive
def double(x):
    return x * 2


@mg.primitive
def scaled(x, factor):
    return x * factor


@mg.primitive
def total_of(arrays):
    return sum(arrays)


@mg.primitive
def rounded(x):
    return np.rint(x).astype(int)


double.defvjp(lambda g, _y, _x: g * 2)
scaled.defvjp(lambda g, _y, _x, factor: g * factor)  # and none for the factor
total_of.defvjp(lambda g, _y, arrays: g + 0 * arrays)
rounded.defvjp(lambda g, _y, _x: g)

PRIMITIVES = [
    Row("no rule", lambda: without_rule(x), TypeError,
        ("without_rule has no derivative", "without_rule.defvjp")),
    Row("no rule for an argument that requires grad", lambda: scaled(constant, leaf(2)), TypeError,
        ("scaled", "no rule", "argument 1")),
    Row("no rule for one of two that require grad", lambda: scaled(x, leaf(2)), TypeError,
        ("scaled", "no rule", "argument 1")),
    Row("a rule that sums", lambda: pulled(lambda g, _y, _x: g.sum()), RuntimeError,
        ("rule of operation", "()", "(2,)", "broadcasts=True")),
    Row("a rule that broadcasts", lambda: pulled(lambda g, _y, _x: g * np.ones((3, 1))),
        RuntimeError, ("rule of operation", "(3, 2)", "(2,)", "broadcasts=True")),
    Row("a rule that adds an axis", lambda: pulled(lambda g, _y, _x: g[None]), RuntimeError,
        ("rule of operation", "(1, 2)", "(2,)")),
    Row("a rule of a ufunc's kind, not to be summed",
        lambda: pulled(lambda g, _y, _x: np.ones(3), broadcasts=True), RuntimeError,
        ("rule of operation", "(3,)", "(2,)")),
    Row("a rule that returns nothing", lambda: pulled(lambda g, _y, _x: None),
        (RuntimeError, TypeError), ("rule of operation",)),
    Row("a rule that returns nothing, of no axes", lambda: pulled(lambda g, _y, _x: None, 1.0),
        (RuntimeError, TypeError), ("rule of operation",)),
    Row("a complex rule", lambda: pulled(lambda g, _y, _x: g * 1j), TypeError,
        ("rule of operation", "complex")),
    Row("a tensor inside a list", lambda: total_of([x, x]), TypeError,
        ("total_of", "inside a list", "np.stack")),
    Row("a tensor inside a list, by keyword", lambda: total_of(arrays=[x, x]), TypeError,
        ("total_of", "inside a list", "np.stack")),
    Row("a tensor inside a list, beside another", lambda: scaled(x, [x, x]), TypeError,
        ("scaled", "inside a list", "np.stack")),
    Row("integer results", lambda: rounded(x), TypeError, ("rounded", "int64", "only floating")),
    Row("too many arguments", lambda: double(x, 1), TypeError, ("double", "2 were given")),
    Row("an unknown keyword", lambda: double(x, scale=1), TypeError, ("double", "scale")),
    Row("an unknown keyword only", lambda: double(scale=x), TypeError, ("double", "argument")),
]  # fmt: skip

# -- losses, transforms, optimizers, modules

scores = leaf([[1, 2, 3], [4, 5, 6]])
LOSSES = [
    Row("class too large", lambda: F.cross_entropy(scores, [0, 3]), ValueError,
        ("cross_entropy", "from 0 to 2", "0 to 3")),
    Row("class negative", lambda: F.cross_entropy(scores, [-1, 0]), ValueError,
        ("cross_entropy", "from 0 to 2", "-1 to 0")),
    Row("classes as floats", lambda: F.cross_entropy(scores, [0.0, 1.0]), TypeError,
        ("cross_entropy", "integers", "float64", "astype(int)")),
    Row("classes as bools", lambda: F.cross_entropy(scores, [True, False]), TypeError,
        ("cross_entropy", "integers", "bool")),
    Row("too many classes", lambda: F.cross_entropy(scores, [0, 1, 2]), ValueError,
        ("cross_entropy", "(2, 3)", "(2,)", "(3,)")),
    Row("a column of classes", lambda: F.cross_entropy(scores, [[0], [1]]), ValueError,
        ("cross_entropy", "(2, 3)", "(2,)", "(2, 1)")),
    Row("integer logits", lambda: F.cross_entropy([[1, 2]], [0]), TypeError,
        ("cross_entropy", "floating logits", "int64")),
    Row("logits of no axes", lambda: F.cross_entropy(leaf(1), 0), ValueError,
        ("cross_entropy", "(..., C)", "()")),
    Row("no classes at all", lambda: F.cross_entropy(np.ones((2, 0)), [0, 0]), ValueError,
        ("cross_entropy", "(2, 0)")),
    Row("reduction", lambda: F.cross_entropy(scores, [0, 1], reduction="avg"), ValueError,
        ("reduction='avg'", "'mean'", "'sum'", "'none'")),
]  # fmt: skip


def square(x: Any) -> Any:
    return x * x


def total(x: Any) -> Any:
    return np.sum(x)


TRANSFORMS = [
    *(
        Row(f"{name} of an integer", wrong, TypeError,
            ("argument 0", "int64", "only floating", "1.0"))
        for name, wrong in [
            ("value_and_grad", lambda: mg.value_and_grad(square)(3)),
            ("vjp", lambda: mg.vjp(square, 3)),
            ("jvp", lambda: mg.jvp(square, [3], [1.0])),
            ("jacobian", lambda: mg.jacobian(square)(np.arange(3))),
            ("hessian", lambda: mg.hessian(square)(3)),
            ("hvp", lambda: mg.hvp(square)(3, 1.0)),
        ]
    ),
    Row("argnums out of range", lambda: mg.value_and_grad(square, 1)(3.0), ValueError,
        ("argnums=1", "square", "got 1")),
    Row("argnums too small", lambda: mg.jacobian(square, -2)(3.0), ValueError,
        ("argnums=-2", "square", "got 1")),
    Row("no argnums", lambda: mg.value_and_grad(square, ())(3.0), ValueError,
        ("argnums=()", "square")),
    Row("value_and_grad of several", lambda: mg.value_and_grad(square)(two), ValueError,
        ("square", "(2,)", "scalar", "minigrad.jacobian", "sum")),
    Row("hessian of several", lambda: mg.hessian(square)(two), ValueError,
        ("square", "(2,)", "scalar")),
    Row("hvp of several", lambda: mg.hvp(square)(two, two), ValueError,
        ("square", "(2,)", "scalar")),
    Row("a function that returns a list", lambda: mg.jacobian(lambda x: [x, x])(3.0), TypeError,
        ("one array", "list", "np.stack")),
    Row("a function that returns nothing", lambda: mg.value_and_grad(lambda x: None)(3.0),
        TypeError, ("one array", "NoneType")),
    Row("a function that returns text", lambda: mg.value_and_grad(lambda x: "3")(3.0), TypeError,
        ("one array", "str")),
    Row("vjp, another cotangent", lambda: mg.vjp(square, two)[1](three), ValueError,
        ("(3,)", "(2,)", "equal")),
    Row("vjp, another cotangent of a constant",
        lambda: mg.vjp(lambda x: np.ones(2), two)[1](three), ValueError, ("(3,)", "(2,)")),
    Row("hvp, another vector", lambda: mg.hvp(lambda x: total(x**3))(two, three), ValueError,
        ("(3,)", "(2,)")),
    Row("hvp, another vector of a linear function", lambda: mg.hvp(total)(two, three), ValueError,
        ("(3,)", "(2,)")),
    Row("jvp, too many tangents", lambda: mg.jvp(square, [two], [two, two]), ValueError,
        ("1 primals", "2 tangents")),
    Row("jvp, another tangent", lambda: mg.jvp(square, [two], [three]), ValueError,
        ("tangent 0", "(3,)", "(2,)")),
]  # fmt: skip

layer = mg.nn.Linear(3, 2, rng=0)
state = layer.state_dict()
MODELS = [
    Row("SGD of nothing", lambda: mg.optim.SGD([]), ValueError, ("SGD", "model.parameters()")),
    Row("SGD of a computed tensor", lambda: mg.optim.SGD([x * 2]), TypeError,
        ("SGD", "leaf tensors that require grad")),
    Row("SGD of a constant", lambda: mg.optim.SGD([constant]), TypeError,
        ("SGD", "leaf tensors that require grad")),
    Row("SGD of an array", lambda: mg.optim.SGD([two]), TypeError,
        ("SGD", "leaf tensors that require grad", "array")),
    Row("SGD of one tensor", lambda: mg.optim.SGD(x), TypeError, ("SGD", "list")),
    Row("SGD of a tensor twice", lambda: mg.optim.SGD([x, x]), ValueError, ("SGD", "twice")),
    *(
        Row(f"SGD, {name}={number}", lambda name=name, n=number: mg.optim.SGD([x], **{name: n}),
            ValueError, ("SGD", f"{name}={number}", "negative"))
        for name in ("lr", "momentum", "weight_decay")
        for number in (-1, math.nan)
    ),
    Row("SGD, nesterov", lambda: mg.optim.SGD([x], nesterov=True), ValueError,
        ("SGD", "nesterov", "momentum")),
    Row("a state without a name", lambda: layer.load_state_dict({"weight": state["weight"]}),
        KeyError, ("Linear", "missing ['bias']", "unknown []")),
    Row("a state with another name", lambda: layer.load_state_dict(state | {"scale": 1}), KeyError,
        ("Linear", "missing []", "unknown ['scale']")),
    Row("a state of another shape", lambda: layer.load_state_dict(state | {"bias": three}),
        ValueError, ("bias", "(2,)", "(3,)")),
    Row("a state of another kind", lambda: layer.load_state_dict(state | {"bias": two * 1j}),
        ValueError, ("bias", "float64", "complex128")),
    Row("a state of text", lambda: layer.load_state_dict(state | {"bias": np.array(["a", "b"])}),
        ValueError, ("bias", "<U1")),
    Row("a module without __call__", lambda: mg.nn.Module()(x), NotImplementedError,
        ("Module", "__call__")),
]  # fmt: skip

ROWS = [
    *rows_of_operators(),
    *SHAPES,
    *INDICES,
    *DTYPES,
    *BACKWARD,
    *SETTERS,
    *SILENCE,
    *WRITING,
    *PRIMITIVES,
    *LOSSES,
    *TRANSFORMS,
    *MODELS,
]


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.id)
def test_a_mistake_is_an_error_that_says_what_and_how(row):
    values = [t.numpy().copy() for t in (x, constant, matrix, scores)]
    with pytest.raises(row.error) as caught:
        row.wrong()
    message = str(caught.value)
    assert [word for word in row.words if word not in message] == [], message
    for t, value in zip((x, constant, matrix, scores), values, strict=True):
        np.testing.assert_array_equal(t.numpy(), value)
        assert t.grad is None


def test_a_state_that_does_not_fit_sets_nothing():
    net = mg.nn.Linear(3, 2, rng=0)
    before = net.state_dict()
    with pytest.raises(ValueError, match="bias"):
        net.load_state_dict({"weight": np.zeros((3, 2)), "bias": np.zeros(3)})
    for name, value in net.state_dict().items():
        np.testing.assert_array_equal(value, before[name])


def test_an_assignment_that_fails_changes_nothing():
    y = x * 1.0
    for index, value in [(5, 0.0), (slice(None), [1.0, 2.0]), (0, "a"), ([0, 7], 0.0)]:
        with pytest.raises((IndexError, ValueError)):
            y[index] = value
    np.testing.assert_array_equal(y.numpy(), [1, 2, 3])
    np.testing.assert_array_equal(mg.grad(y.sum(), x).numpy(), [1, 1, 1])


def test_numpys_own_error_is_the_cause():
    with pytest.raises(ValueError, match=r"numpy\.add") as caught:
        x + two
    assert isinstance(caught.value.__cause__, ValueError)
    assert str(caught.value.__cause__) in str(caught.value)


def test_an_axis_error_is_numpys():
    with pytest.raises(np.exceptions.AxisError, match=r"numpy\.sum"):
        np.sum(x, axis=1)


def test_nan_is_a_value_like_any_other():
    t = leaf([np.nan, 2.0])
    y = t * t
    assert np.isnan(y.numpy()[0])
    y.sum().backward()
    np.testing.assert_array_equal(t.grad.numpy(), [np.nan, 4])
    y = t * 1.0
    y.backward([np.inf, np.nan])
    np.testing.assert_array_equal(t.grad.numpy(), [np.nan, np.nan])
