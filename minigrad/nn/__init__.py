"""Neural networks: functions, modules, layers and initial values."""

from minigrad.nn import functional, init
from minigrad.nn.layers import GELU, Linear, ReLU, Sequential
from minigrad.nn.module import Module, parameter

__all__ = ["GELU", "Linear", "Module", "ReLU", "Sequential", "functional", "init", "parameter"]
