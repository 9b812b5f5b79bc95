"""Module: an object that holds parameters, found by looking, not by registration.

It imports core only; layers.py comes next.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Self

import numpy as np
import numpy.typing as npt

from minigrad.core import Tensor, tensor


def parameter(data: npt.ArrayLike, dtype: npt.DTypeLike | None = None) -> Tensor:
    """Make a leaf that requires grad, from a copy of `data`.

    Examples
    --------
    >>> import minigrad as mg
    >>> mg.nn.parameter([1.0, 2.0])
    tensor([1., 2.], requires_grad=True)

    """
    return tensor(data, dtype, requires_grad=True)


class Module:
    """Something with parameters: any Tensor among its attributes, its modules' and its lists'.

    Write a subclass with an `__init__` that makes the parameters and a `__call__` that computes.

    Attributes
    ----------
    training : bool
        Whether layers that behave differently in training do so; `train` and `eval` set it.

    Examples
    --------
    >>> import numpy as np, minigrad as mg
    >>> class Line(mg.nn.Module):
    ...     def __init__(self):
    ...         self.slope, self.offset = mg.nn.parameter(1.0), mg.nn.parameter(0.0)
    ...     def __call__(self, x):
    ...         return self.slope * x + self.offset
    >>> [name for name, _ in Line().named_parameters()]
    ['slope', 'offset']

    """

    training = True

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Compute: a subclass says what."""
        raise NotImplementedError(f"{type(self).__name__} has no __call__")

    def named_parameters(self) -> Iterator[tuple[str, Tensor]]:
        """Yield ("layers.0.weight", tensor) for each tensor that requires grad, each once."""
        seen: set[int] = set()
        for name, value in _members(self, ""):
            if isinstance(value, Tensor) and value.requires_grad and id(value) not in seen:
                seen.add(id(value))
                yield name, value

    def parameters(self) -> list[Tensor]:
        """The tensors that require grad, each once."""
        return [p for _, p in self.named_parameters()]

    def modules(self) -> Iterator[Module]:
        """Yield the module itself, and all within it."""
        yield self
        for _, value in _members(self, ""):
            if isinstance(value, Module):
                yield value

    def zero_grad(self) -> None:
        """Forget every parameter's gradient."""
        for p in self.parameters():
            p.grad = None

    def train(self, mode: bool = True) -> Self:
        """Behave as in training, here and in all modules within; returns itself."""
        for module in self.modules():
            module.training = mode
        return self

    def eval(self) -> Self:
        """Behave as in use, here and in all modules within; returns itself."""
        return self.train(False)

    def state_dict(self) -> dict[str, npt.NDArray[Any]]:
        """Copies of all tensors' values by name, also of those that do not require grad.

        Examples
        --------
        >>> import minigrad as mg
        >>> layer = mg.nn.Linear(3, 2, rng=0)
        >>> {name: value.shape for name, value in layer.state_dict().items()}
        {'weight': (3, 2), 'bias': (2,)}

        """
        return {
            name: value.numpy().copy()
            for name, value in _members(self, "")
            if isinstance(value, Tensor)
        }

    def load_state_dict(self, state: Mapping[str, npt.ArrayLike]) -> None:
        """Set all tensors' values from `state`; nothing is set if anything does not fit.

        Raises
        ------
        KeyError
            If a name is missing or unknown.
        ValueError
            If a shape differs, or a dtype that would lose digits.

        """
        own = {n: t for n, t in _members(self, "") if isinstance(t, Tensor)}
        if own.keys() != state.keys():
            raise KeyError(
                f"state_dict does not fit {type(self).__name__}: "
                f"missing {sorted(own.keys() - state.keys())}, "
                f"unknown {sorted(state.keys() - own.keys())}"
            )
        values = {}
        for name, t in own.items():
            value = np.asarray(state[name])
            if value.shape != t.shape or not np.can_cast(value.dtype, t.dtype, "same_kind"):
                raise ValueError(
                    f"{name} is {t.dtype} of shape {t.shape} here, and {value.dtype} of shape "
                    f"{value.shape} in the state_dict"
                )
            values[name] = value.astype(t.dtype)
        for name, t in own.items():
            t.data = values[name]


def _members(value: Any, prefix: str) -> Iterator[tuple[str, Any]]:
    """Yield (name, member) for all Tensors and Modules within `value`, in order of definition."""
    children: Mapping[Any, Any] = {}
    if isinstance(value, Module):
        children = vars(value)
    elif isinstance(value, Mapping):
        children = value
    elif isinstance(value, list | tuple):
        children = dict(enumerate(value))
    for key, child in children.items():
        name = f"{prefix}{key}"
        if isinstance(child, Module) or (isinstance(child, Tensor) and child.is_leaf):
            yield name, child
        yield from _members(child, f"{name}.")
