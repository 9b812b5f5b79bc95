"""How errors name an operation and its operands.

An error is raised once, at the boundary, and says what was called, with what, and the way out.
"""

from __future__ import annotations

import inspect
import operator
import sys
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from minigrad.core.tables import LIBRARIES, Operation


def name_of(fn: Any) -> str:
    """The name that a user knows `fn` by, for messages."""
    if isinstance(fn, Operation):
        return fn.__name__
    if isinstance(getattr(fn, "__self__", None), np.ufunc):  # np.add.reduce
        return f"numpy.{fn.__self__.__name__}.{fn.__name__}"
    if fn is operator.getitem:
        return "x[index]"
    module = home_of(fn) if isinstance(fn, np.ufunc) else fn.__module__
    return f"{module}.{fn.__name__}" if module else f"the ufunc {fn.__name__}"


def home_of(ufunc: np.ufunc) -> str:
    """The module that users know a ufunc from, which it does not know itself; empty: none."""
    for module in ("numpy", "numpy.strings", *LIBRARIES):
        found = getattr(sys.modules.get(module), ufunc.__name__, None)
        if inspect.unwrap(found) is ufunc:  # type: ignore[arg-type]  # anything may be found there
            return module
    return ""


def described(value: Any) -> str:
    """An operand in an error message: its dtype and shape, also of those in a list."""
    if hasattr(value, "dtype") and hasattr(value, "shape"):
        return f"{value.dtype} {value.shape}"
    if isinstance(value, list) and 0 < len(value) < 5:
        return f"[{', '.join(map(described, value))}]"
    return repr(value) if isinstance(value, (int, float)) else type(value).__name__


# What NumPy raises for operands that do not fit.
UNFIT = (TypeError, ValueError, IndexError, AttributeError, NotImplementedError)


def original(error: Exception) -> BaseException:
    """NumPy's own error, where an operation within a composite has explained it already."""
    cause = error.__cause__
    return cause if cause is not None and str(cause) in str(error) else error


def explained(error: BaseException, fn: Any, values: Sequence[Any]) -> Exception:
    """NumPy's `error` again, with the operation, its operands and what would fit."""
    operands = " and ".join(map(described, values))
    hint = ""
    if isinstance(error, ValueError) and fn is np.matmul:
        hint = "; the last axis of x must be as long as the last but one of y in x @ y"
    elif isinstance(error, ValueError) and "broadcast" in str(error):
        hint = "; sizes are compared from the last axis on, and must be equal or 1: see np.reshape"
    kinds = (
        np.exceptions.AxisError, np.linalg.LinAlgError, IndexError, TypeError, NotImplementedError,
    )  # fmt: skip
    kind = next((k for k in kinds if isinstance(error, k)), ValueError)
    if isinstance(error, AttributeError):  # of an object in an array: ufuncs call its methods
        kind = TypeError
    return kind(f"{name_of(fn)} of {operands}: {error}{hint}")


def unsupported(fn: Any, argument: str, how: str = "where grad is required") -> TypeError:
    """The error for an argument of NumPy's that is not differentiated through."""
    return TypeError(
        f"{name_of(fn)}: the argument {argument!r} is not supported {how}; "
        "leave it out, or pass t.detach() for a constant"
    )


def no_complex_rule(fn: Callable[..., Any]) -> TypeError:
    """The error for complex numbers in an operation whose rule is for real ones."""
    way_out = ", or declare that its rule is right with defvjp(..., complex=True)"
    return TypeError(
        f"{name_of(fn)} has no derivative for complex numbers in minigrad; "
        f"use x.real, x.imag or np.abs(x){way_out if isinstance(fn, Operation) else ''}"
    )


def refuse_to_drop_parts(name: str, dtype: npt.DTypeLike | None) -> None:
    """Raise an error where complex numbers would become real ones."""
    if dtype is not None and np.dtype(dtype).kind not in "cb":  # a truth value is of the whole
        raise TypeError(
            f"{name}: {np.dtype(dtype)} of complex numbers would drop imaginary parts; "
            "use x.real or np.abs(x)"
        )
