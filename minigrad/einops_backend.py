"""einops on tensors: after `import minigrad.einops_backend`, its functions take them.

einops looks for its backends among the subclasses of its own class, so that one has to be there; it
is not imported with minigrad, as einops may not be installed.  What einops does is NumPy's, and so
recorded.  docs/ecosystem.md has an example.
"""

from __future__ import annotations

from typing import Any

import numpy.typing as npt
from einops._backends import NumpyBackend

from minigrad.core import Tensor, asarray


class MinigradBackend(NumpyBackend):  # type: ignore[misc]  # einops has no types
    """What einops asks of a library, by NumPy's functions."""

    framework_name = "minigrad"

    def is_appropriate_type(self, tensor: object) -> bool:
        """Whether this backend is for `tensor`."""
        return isinstance(tensor, Tensor)

    def from_numpy(self, x: npt.NDArray[Any]) -> Tensor:
        """The array as a tensor."""
        return asarray(x)

    def to_numpy(self, x: Tensor) -> npt.NDArray[Any]:
        """The tensor as an array, outside the graph."""
        return x.numpy()
