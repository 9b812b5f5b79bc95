"""Checks of derivatives against numerical ones; importing it needs NumPy only."""

from minigrad.testing.numerical import check_grads, numerical_gradient, ridders

__all__ = ["check_grads", "numerical_gradient", "ridders"]
