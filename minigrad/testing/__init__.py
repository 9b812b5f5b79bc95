"""Tests of derivatives: on one call with NumPy alone, on all that Hypothesis draws with that.

`property_test` makes a test of an operation; `check_operation` looks at one call, `check_grads` at
the derivatives of any function, `check_model` at those of a model.  docs/testing.md says what is
tested, and how to read a failure.  What needs Hypothesis is imported when it is asked for.
"""

from typing import Any

from minigrad.testing.calls import Edge, call
from minigrad.testing.models import check_model
from minigrad.testing.numerical import check_grads, numerical_gradient, ridders
from minigrad.testing.properties import PROPERTIES, check_edges, check_operation

__all__ = [
    "PROPERTIES",
    "Edge",
    "arrays",
    "axes",
    "broadcastable",
    "call",
    "check_edges",
    "check_grads",
    "check_model",
    "check_operation",
    "indices",
    "labels",
    "matmul_operands",
    "numerical_gradient",
    "property_test",
    "ridders",
    "shapes",
    "square_matrices",
]


def __getattr__(name: str) -> Any:
    """Import the half that needs Hypothesis when it is asked for."""
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    try:
        from minigrad.testing import harness, strategies  # noqa: PLC0415  # it may be missing
    except ImportError as error:
        raise ImportError(
            f"minigrad.testing.{name} needs Hypothesis; try: pip install 'minigrad[testing]'"
        ) from error
    return getattr(harness if name == "property_test" else strategies, name)
