"""Gradients for NumPy code, each one property-tested.

A `Tensor` records NumPy operations; `.backward()` gives exact derivatives, of any order.
The namespace is one of the array API standard: docs/array_api.md.
"""

from minigrad import fft, linalg, nn, ops, optim, special, testing
from minigrad.core import (
    Tensor,
    asarray,
    defvjp,
    enable_grad,
    grad,
    is_grad_enabled,
    no_grad,
    primitive,
    tensor,
)
from minigrad.distributed import compute
from minigrad.ops.elementwise import relu, sigmoid
from minigrad.ops.reductions import logsumexp, softmax
from minigrad.transforms import hessian, hvp, jacobian, jvp, value_and_grad, vjp

# The standard's names; many to a line, for there are two hundred.
# isort: off
from minigrad.creation import (
    arange, diag, empty, empty_like, eye, from_dlpack, full, full_like, linspace, meshgrid, ones,
    ones_like, tril, triu, zeros, zeros_like,
)  # fmt: skip
from minigrad.dtypes import (
    __array_namespace_info__, astype, bool, can_cast, complex64, complex128, finfo, float32,
    float64, iinfo, int8, int16, int32, int64, isdtype, result_type, uint8, uint16, uint32, uint64,
)  # fmt: skip
from minigrad.namespace import (
    __array_api_version__, abs, acos, acosh, add, all, any, argmax, argmin, argsort, asin, asinh,
    atan, atan2, atanh, bitwise_and, bitwise_invert, bitwise_left_shift, bitwise_or,
    bitwise_right_shift, bitwise_xor, broadcast_arrays, broadcast_shapes, broadcast_to, ceil, clip,
    concat, conj, copysign, cos, cosh, count_nonzero, cumulative_prod, cumulative_sum, diff, divide,
    e, equal, exp, expand_dims, expm1, flip, floor, floor_divide, greater, greater_equal, hypot,
    imag, inf, isfinite, isin, isinf, isnan, less, less_equal, log, log1p, log2, log10, logaddexp,
    logical_and, logical_not, logical_or, logical_xor, matmul, matrix_transpose, max, maximum, mean,
    min, minimum, moveaxis, multiply, nan, negative, newaxis, nextafter, nonzero, not_equal,
    permute_dims, pi, positive, pow, prod, real, reciprocal, remainder, repeat, reshape, roll,
    round, searchsorted, sign, signbit, sin, sinh, sort, sqrt, square, squeeze, stack, std,
    subtract, sum, take, take_along_axis, tan, tanh, tensordot, tile, trunc, unique_all,
    unique_counts, unique_inverse, unique_values, unstack, var, vecdot, where,
)  # fmt: skip
# isort: on

__version__ = "0.1.0"

__all__ = [
    "Tensor", "__array_api_version__", "__array_namespace_info__", "abs", "acos", "acosh",
    "add", "all", "any", "arange", "argmax", "argmin", "argsort", "asarray", "asin", "asinh",
    "astype", "atan", "atan2", "atanh", "bitwise_and", "bitwise_invert", "bitwise_left_shift",
    "bitwise_or", "bitwise_right_shift", "bitwise_xor", "bool", "broadcast_arrays",
    "broadcast_shapes", "broadcast_to", "can_cast", "ceil", "clip", "complex64", "complex128",
    "compute", "concat", "conj", "copysign", "cos", "cosh", "count_nonzero", "cumulative_prod",
    "cumulative_sum", "defvjp", "diag", "diff", "divide", "e", "empty", "empty_like",
    "enable_grad", "equal", "exp", "expand_dims", "expm1", "eye", "fft", "finfo", "flip",
    "float32", "float64", "floor", "floor_divide", "from_dlpack", "full", "full_like", "grad",
    "greater", "greater_equal", "hessian", "hvp", "hypot", "iinfo", "imag", "inf", "int8",
    "int16", "int32", "int64", "is_grad_enabled", "isdtype", "isfinite", "isin", "isinf",
    "isnan", "jacobian", "jvp", "less", "less_equal", "linalg", "linspace", "log", "log1p",
    "log2", "log10", "logaddexp", "logical_and", "logical_not", "logical_or", "logical_xor",
    "logsumexp", "matmul", "matrix_transpose", "max", "maximum", "mean", "meshgrid", "min",
    "minimum", "moveaxis", "multiply", "nan", "negative", "newaxis", "nextafter", "nn",
    "no_grad", "nonzero", "not_equal", "ones", "ones_like", "ops", "optim", "permute_dims",
    "pi", "positive", "pow", "primitive", "prod", "real", "reciprocal", "relu", "remainder",
    "repeat", "reshape", "result_type", "roll", "round", "searchsorted", "sigmoid", "sign",
    "signbit", "sin", "sinh", "softmax", "sort", "special", "sqrt", "square", "squeeze",
    "stack", "std", "subtract", "sum", "take", "take_along_axis", "tan", "tanh", "tensor",
    "tensordot", "testing", "tile", "tril", "triu", "trunc", "uint8", "uint16", "uint32",
    "uint64", "unique_all", "unique_counts", "unique_inverse", "unique_values", "unstack",
    "value_and_grad", "var", "vecdot", "vjp", "where", "zeros", "zeros_like",
]  # fmt: skip
