"""Optimizers: each step is the paper's algorithm box."""

from minigrad.optim.sgd import SGD

__all__ = ["SGD"]
