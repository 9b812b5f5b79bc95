"""Whether operations are recorded, here and now: per thread and per task."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from contextvars import ContextVar

_recording: ContextVar[bool] = ContextVar("minigrad recording", default=True)


@contextlib.contextmanager
def _recording_set_to(mode: bool) -> Iterator[None]:
    token = _recording.set(mode)
    try:
        yield
    finally:
        _recording.reset(token)


@contextlib.contextmanager
def no_grad() -> Iterator[None]:
    """Record nothing inside: a context manager, and a decorator.  Per thread and per task.

    Examples
    --------
    >>> import minigrad as mg
    >>> x = mg.tensor(2.0, requires_grad=True)
    >>> with mg.no_grad():
    ...     y = x * x
    >>> y.requires_grad
    False

    """
    with _recording_set_to(False):
        yield


@contextlib.contextmanager
def enable_grad() -> Iterator[None]:
    """Record inside, also within `no_grad`: a context manager, and a decorator.

    Examples
    --------
    >>> import minigrad as mg
    >>> x = mg.tensor(2.0, requires_grad=True)
    >>> with mg.no_grad(), mg.enable_grad():
    ...     y = x * x
    >>> y.requires_grad
    True

    """
    with _recording_set_to(True):
        yield


def is_grad_enabled() -> bool:
    """Whether operations are recorded here and now.

    Examples
    --------
    >>> import minigrad as mg
    >>> mg.is_grad_enabled()
    True

    """
    return _recording.get()
