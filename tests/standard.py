"""What the array API standard of 2024.12 says, as tables: signatures and special values.

Written from the standard's text; test_array_api.py holds minigrad to them.
"""

import math
from itertools import product

from minigrad import inf, nan, pi

# -- the arguments of each function: those before / by position only, those after * by name only

SIGNATURES = {
    "x, /": """abs acos acosh asin asinh atan atanh bitwise_invert ceil conj cos cosh exp expm1
        floor imag isfinite isinf isnan log log10 log1p log2 logical_not matrix_transpose negative
        nonzero positive real reciprocal round sign signbit sin sinh sqrt square tan tanh trunc
        unique_all unique_counts unique_inverse unique_values linalg.det linalg.eigh
        linalg.eigvalsh linalg.inv linalg.matrix_transpose linalg.slogdet linalg.svdvals""",
    "x1, x2, /": """add atan2 bitwise_and bitwise_left_shift bitwise_or bitwise_right_shift
        bitwise_xor copysign divide equal floor_divide greater greater_equal hypot less less_equal
        logaddexp logical_and logical_or logical_xor matmul maximum minimum multiply nextafter
        not_equal pow remainder subtract linalg.matmul linalg.outer linalg.solve""",
    "x, /, *, axis=None, keepdims=False": "all any argmax argmin count_nonzero max mean min",
    "x, /, *, axis=None, dtype=None, keepdims=False": "prod sum",
    "x, /, *, axis=None, correction=0.0, keepdims=False": "std var",
    "x, /, *, axis=None, dtype=None, include_initial=False": "cumulative_prod cumulative_sum",
    "x, /, *, axis=-1, descending=False, stable=True": "argsort sort",
    "x, /, *, axis=-1, n=1, prepend=None, append=None": "diff",
    "x, /, *, axis=0": "expand_dims unstack",
    "x, /, *, axis=None": "flip",
    "x, /, *, k=0": "tril triu",
    "x, /, axes": "permute_dims",
    "x, /, axis": "squeeze",
    "x, /, shape": "broadcast_to",
    "x, /, shape, *, copy=None": "reshape",
    "x, /, shift, *, axis=None": "roll",
    "x, /, min=None, max=None": "clip",
    "x, indices, /, *, axis=None": "take",
    "x, indices, /, *, axis=-1": "take_along_axis",
    "x, repeats, /, *, axis=None": "repeat",
    "x, repetitions, /": "tile",
    "x, source, destination, /": "moveaxis",
    "x1, x2, /, *, axes=2": "tensordot linalg.tensordot",
    "x1, x2, /, *, axis=-1": "vecdot linalg.cross linalg.vecdot",
    "x1, x2, /, *, side='left', sorter=None": "searchsorted",
    "condition, x1, x2, /": "where",
    "arrays, /, *, axis=0": "concat stack",
    "*arrays": "broadcast_arrays",
    "*arrays, indexing='xy'": "meshgrid",
    "*arrays_and_dtypes": "result_type",
    "dtype, kind": "isdtype",
    "from_, to, /": "can_cast",
    "type, /": "finfo iinfo",
    "x, dtype, /, *, copy=True, device=None": "astype",
    "x, /, *, device=None, copy=None": "from_dlpack",
    "x, /, *, dtype=None, device=None": "empty_like ones_like zeros_like",
    "x, /, fill_value, *, dtype=None, device=None": "full_like",
    "shape, *, dtype=None, device=None": "empty ones zeros",
    "shape, fill_value, *, dtype=None, device=None": "full",
    "n_rows, n_cols=None, /, *, k=0, dtype=None, device=None": "eye",
    "start, /, stop=None, step=1, *, dtype=None, device=None": "arange",
    "start, stop, /, num, *, dtype=None, device=None, endpoint=True": "linspace",
    "x, /, *, axis=None, keepdims=False, ord=2": "linalg.vector_norm",
    "x, /, *, keepdims=False, ord='fro'": "linalg.matrix_norm",
    "x, /, *, full_matrices=True": "linalg.svd",
    "x, /, *, mode='reduced'": "linalg.qr",
    "x, /, *, offset=0": "linalg.diagonal",
    "x, /, *, offset=0, dtype=None": "linalg.trace",
    "x, /, *, rtol=None": "linalg.matrix_rank linalg.pinv",
    "x, /, *, upper=False": "linalg.cholesky",
    "x, n, /": "linalg.matrix_power",
    "x, /, *, n=None, axis=-1, norm='backward'": """fft.fft fft.hfft fft.ifft fft.ihfft fft.irfft
        fft.rfft""",
    "x, /, *, s=None, axes=None, norm='backward'": "fft.fftn fft.ifftn fft.irfftn fft.rfftn",
    "x, /, *, axes=None": "fft.fftshift fft.ifftshift",
    "n, /, *, d=1.0, dtype=None, device=None": "fft.fftfreq fft.rfftfreq",
}
# Of 2025.12, what NumPy has.
NEWER = {
    "*shapes": "broadcast_shapes",
    "x1, x2, /, *, invert=False": "isin",
    "x, /": "linalg.eig linalg.eigvals",
}

ATTRIBUTES = "T device dtype mT ndim shape size"
METHODS = {
    "": """abs bool complex dlpack_device float index int invert neg pos""",
    "other, /": """add and eq floordiv ge gt le lshift lt matmul mod mul ne or pow rshift sub
        truediv xor iadd iand ifloordiv ilshift imatmul imod imul ior ipow irshift isub itruediv
        ixor radd rand rfloordiv rlshift rmatmul rmod rmul ror rpow rrshift rsub rtruediv rxor""",
    "key, /": "getitem",
    "key, value, /": "setitem",
    "*, api_version=None": "array_namespace",
    "*, stream=None, max_version=None, dl_device=None, copy=None": "dlpack",
}

# -- values at the ends of a function's domain.  A case is: the function, what its arguments are out
# of, and the value; a tuple of several, where the standard lets a library choose

NAN, INF, NINF, ZERO, NZERO = [nan], [inf], [-inf], [0.0], [-0.0]
POS = [5e-324, 0.5, 1.0, 1.5, 3.0, 1e308]
NEG = [-x for x in POS]
INFS, ZEROS, FINITE = INF + NINF, ZERO + NZERO, POS + NEG
NUMBERS = INFS + ZEROS + FINITE
ALL = NAN + NUMBERS
ABOVE_1, BELOW_1 = [1.5, 3.0, inf], [-1.5, -3.0, -inf]
INNER = [0.5, -0.5, 5e-324, 0.0, -0.0]
WHOLE = [-3.0, -2.0, -1.0, 0.0, -0.0, 1.0, 2.0, 1e300]
ODD, NOT_ODD = [1.0, 3.0, 5.0], [2.0, 2.5, 1e300, inf]


def minus(xs: list[float]) -> list[float]:
    return [-x for x in xs]


def odd(name: str, *points: tuple[float, float]) -> list[tuple[str, list[list[float]], object]]:
    """Of an odd function, given where it is not negative."""
    return [(name, [[s * x]], s * y) for x, y in points for s in (1, -1)]


UNARY = [
    *[(name, [NAN], nan) for name in (
        "abs", "acos", "acosh", "asin", "asinh", "atan", "atanh", "ceil", "cos", "cosh", "exp",
        "expm1", "floor", "log", "log1p", "log2", "log10", "round", "sign", "sin", "sinh", "sqrt",
        "square", "tan", "tanh", "trunc",
    )],
    *[(name, [ABOVE_1 + BELOW_1], nan) for name in ("acos", "asin", "atanh")],
    *[(name, [INFS], nan) for name in ("cos", "sin", "tan")],
    *[(name, [INF], inf) for name in (
        "acosh", "exp", "expm1", "log", "log1p", "log2", "log10", "sqrt",
    )],
    *[(name, [minus(POS) + NINF], nan) for name in ("log", "log2", "log10", "sqrt")],
    *[(name, [ZEROS], -inf) for name in ("log", "log2", "log10")],
    *[(name, [[1.0]], 0.0) for name in ("acos", "acosh", "log", "log2", "log10")],
    *[(name, [ZEROS], 1.0) for name in ("cos", "cosh", "exp")],
    *odd("asin", (0.0, 0.0)), *odd("asinh", (0.0, 0.0), (inf, inf)),
    *odd("atan", (0.0, 0.0), (inf, pi / 2)), *odd("atanh", (0.0, 0.0), (1.0, inf)),
    *odd("sin", (0.0, 0.0)), *odd("sinh", (0.0, 0.0), (inf, inf)), *odd("tan", (0.0, 0.0)),
    *odd("tanh", (0.0, 0.0), (inf, 1.0)), *odd("expm1", (0.0, 0.0)), *odd("log1p", (0.0, 0.0)),
    *[(name, [[x]], x) for name in ("ceil", "floor", "round", "trunc") for x in WHOLE + INFS],
    ("round", [[0.5]], 0.0), ("round", [[1.5]], 2.0), ("round", [[2.5]], 2.0),
    ("abs", [INFS], inf), ("abs", [ZEROS], 0.0),
    ("acosh", [BELOW_1 + INNER], nan),
    ("cosh", [INFS], inf),
    ("exp", [NINF], 0.0), ("expm1", [NINF], -1.0),
    ("log1p", [BELOW_1], nan), ("log1p", [[-1.0]], -inf),
    ("sqrt", [ZERO], 0.0), ("sqrt", [NZERO], -0.0),
    ("sign", [NEG + NINF], -1.0), ("sign", [POS + INF], 1.0),
    ("isfinite", [NAN + INFS], False), ("isfinite", [FINITE + ZEROS], True),
    ("isinf", [INFS], True), ("isinf", [NAN + FINITE + ZEROS], False),
    ("isnan", [NAN], True), ("isnan", [NUMBERS], False),
    ("signbit", [ZERO + POS + INF + NAN], False),
    ("signbit", [NZERO + NEG + NINF + [math.copysign(nan, -1)]], True),
]  # fmt: skip


def quotient_zeros(name: str) -> list[tuple[str, list[list[float]], object]]:
    """What 0 / x and x / 0 are: the signs multiply."""
    signed = [(ZERO, POS + INF), (NZERO, NEG + NINF)]
    rows: list[tuple[str, list[list[float]], object]] = [(name, [ZEROS, ZEROS], nan)]
    for (zero, _), (other_zero, numbers) in product(signed, signed):
        s = math.copysign(1, zero[0]) * math.copysign(1, other_zero[0])
        rows += [(name, [zero, numbers], s * 0.0), (name, [numbers, zero], s * inf)]
    return rows


BINARY = [
    *[(name, operands, nan) for operands in ([NAN, ALL], [ALL, NAN]) for name in (
        "add", "subtract", "multiply", "divide", "floor_divide", "remainder", "maximum", "minimum",
        "nextafter", "atan2", "logaddexp",
    )],
    # sums
    ("add", [INF, NINF], nan), ("add", [NINF, INF], nan),
    ("add", [INF, INF + FINITE + ZEROS], inf), ("add", [NINF, NINF + FINITE + ZEROS], -inf),
    ("add", [FINITE + ZEROS, INF], inf), ("add", [FINITE + ZEROS, NINF], -inf),
    ("add", [NZERO, NZERO], -0.0), ("add", [NZERO, ZERO], 0.0), ("add", [ZERO, ZEROS], 0.0),
    *[("add", [ZEROS, [x]], x) for x in FINITE], *[("add", [[x], ZEROS], x) for x in FINITE],
    *[("add", [[x], [-x]], 0.0) for x in FINITE],
    ("logaddexp", [INF, NUMBERS], inf), ("logaddexp", [NUMBERS, INF], inf),
    # products
    ("multiply", [INFS, ZEROS], nan), ("multiply", [ZEROS, INFS], nan),
    ("multiply", [INF, INF + POS], inf), ("multiply", [INF, NINF + NEG], -inf),
    ("multiply", [NINF, NINF + NEG], inf), ("multiply", [POS, NINF], -inf),
    ("multiply", [ZERO, POS], 0.0), ("multiply", [ZERO, NEG], -0.0),
    ("multiply", [NEG, ZERO], -0.0),
    # quotients
    *quotient_zeros("divide"),
    ("divide", [INFS, INFS], nan),
    ("divide", [INF, POS], inf), ("divide", [INF, NEG], -inf),
    ("divide", [NINF, POS], -inf), ("divide", [NINF, NEG], inf),
    ("divide", [POS, INF], 0.0), ("divide", [POS, NINF], -0.0),
    ("divide", [NEG, INF], -0.0), ("divide", [NEG, NINF], 0.0),
    *[(name, operands, y) for name, operands, y in quotient_zeros("floor_divide")
      if inf not in operands[0] and -inf not in operands[0] + operands[1] + minus(operands[1])],
    ("floor_divide", [INFS, INFS], nan),
    ("floor_divide", [INF, POS], (inf, nan)), ("floor_divide", [INF, NEG], (-inf, nan)),
    ("floor_divide", [NINF, POS], (-inf, nan)), ("floor_divide", [NINF, NEG], (inf, nan)),
    ("floor_divide", [POS, INF], 0.0), ("floor_divide", [POS, NINF], (-0.0, -1.0)),
    ("floor_divide", [NEG, INF], (-0.0, -1.0)), ("floor_divide", [NEG, NINF], 0.0),
    ("floor_divide", [POS, ZERO], inf), ("floor_divide", [POS, NZERO], -inf),
    ("floor_divide", [NEG, ZERO], -inf), ("floor_divide", [NEG, NZERO], inf),
    # remainders, with the divisor's sign
    ("remainder", [INFS, NUMBERS], nan), ("remainder", [NUMBERS, ZEROS], nan),
    ("remainder", [ZEROS, POS], 0.0), ("remainder", [ZEROS, NEG], -0.0),
    *[("remainder", [[x], INF], x) for x in POS], ("remainder", [POS, NINF], -inf),
    ("remainder", [NEG, INF], inf), *[("remainder", [[x], NINF], x) for x in NEG],
    # angles
    ("atan2", [POS, ZEROS], pi / 2), ("atan2", [NEG, ZEROS], -pi / 2),
    ("atan2", [ZERO, ZERO + POS + INF], 0.0), ("atan2", [ZERO, NZERO + NEG + NINF], pi),
    ("atan2", [NZERO, ZERO + POS + INF], -0.0), ("atan2", [NZERO, NZERO + NEG + NINF], -pi),
    ("atan2", [POS, INF], 0.0), ("atan2", [POS, NINF], pi),
    ("atan2", [NEG, INF], -0.0), ("atan2", [NEG, NINF], -pi),
    ("atan2", [INF, FINITE + ZEROS], pi / 2), ("atan2", [NINF, FINITE + ZEROS], -pi / 2),
    ("atan2", [INF, INF], pi / 4), ("atan2", [INF, NINF], 3 * pi / 4),
    ("atan2", [NINF, INF], -pi / 4), ("atan2", [NINF, NINF], -3 * pi / 4),
    # lengths and signs
    ("hypot", [INFS, ALL], inf), ("hypot", [ALL, INFS], inf),
    ("hypot", [FINITE + ZEROS + NAN, NAN], nan), ("hypot", [NAN, FINITE + ZEROS], nan),
    *[("hypot", [ZEROS, [x]], abs(x)) for x in FINITE],
    *[("hypot", [[x], ZEROS], abs(x)) for x in FINITE],
    *[("copysign", [[x, -x], POS + INF + ZERO + NAN], x) for x in (0.0, 2.0, inf)],
    *[("copysign", [[x, -x], NEG + NINF + NZERO], -x) for x in (0.0, 2.0, inf)],
    ("nextafter", [NZERO, ZERO], 0.0), ("nextafter", [ZERO, NZERO], -0.0),
    # powers
    ("pow", [ALL, ZEROS], 1.0), ("pow", [NAN, NAN + FINITE + INFS], nan),
    ("pow", [[x for x in ALL if x != 1], NAN], nan), ("pow", [[1.0], NUMBERS], 1.0),
    ("pow", [ABOVE_1 + BELOW_1, INF], inf), ("pow", [ABOVE_1 + BELOW_1, NINF], 0.0),
    ("pow", [[1.0, -1.0], INFS], 1.0),
    ("pow", [INNER, INF], 0.0), ("pow", [INNER, NINF], inf),
    ("pow", [INF, POS + INF], inf), ("pow", [INF, NEG + NINF], 0.0),
    # (0.5 alone is a square root to NumPy: see test_a_lone_half_is_a_square_root)
    ("pow", [NINF, ODD], -inf), ("pow", [NINF, NOT_ODD], inf),
    ("pow", [NINF, minus(ODD)], -0.0), ("pow", [NINF, minus(NOT_ODD)], 0.0),
    ("pow", [ZERO, POS + INF], 0.0), ("pow", [ZERO, NEG + NINF], inf),
    ("pow", [NZERO, ODD], -0.0), ("pow", [NZERO, NOT_ODD], 0.0),
    ("pow", [NZERO, minus(ODD)], -inf), ("pow", [NZERO, minus(NOT_ODD)], inf),
    ("pow", [NEG, [0.5, -0.5, 2.5, -1.5]], nan),
    # comparisons
    ("equal", [NAN, ALL], False), ("equal", [ALL, NAN], False), ("equal", [ZEROS, ZEROS], True),
    *[("equal", [[x], [x]], True) for x in NUMBERS], ("equal", [INF, NINF], False),
    ("not_equal", [NAN, ALL], True), ("not_equal", [ALL, NAN], True),
    *[("not_equal", [[x], [x]], False) for x in NUMBERS], ("not_equal", [INF, NINF], True),
    *[(name, operands, False) for operands in ([NAN, ALL], [ALL, NAN])
      for name in ("less", "less_equal", "greater", "greater_equal")],
]  # fmt: skip

COMPLEX = [
    ("abs", complex(inf, nan), inf), ("abs", complex(nan, -inf), inf), ("abs", 3 + 4j, 5.0),
    ("exp", complex(0, 0), 1 + 0j), ("exp", complex(-inf, 1), 0j),
    ("sqrt", complex(0, 0), 0j), ("sqrt", complex(1, inf), complex(inf, inf)),
    ("sqrt", complex(nan, inf), complex(inf, inf)), ("sqrt", -1 + 0j, 1j),
    ("log", complex(-0.0, 0), complex(-inf, pi)), ("log", complex(0, 0), complex(-inf, 0)),
    ("log", complex(-inf, inf), complex(inf, 3 * pi / 4)),
    ("acos", complex(0, 0), complex(pi / 2, -0.0)), ("acosh", complex(0, 0), complex(0, pi / 2)),
    ("tanh", complex(inf, 1), 1 + 0j), ("sinh", 0j, 0j), ("cosh", 0j, 1 + 0j),
    ("isnan", complex(0, nan), True), ("isinf", complex(nan, inf), True),
    ("isfinite", complex(1, nan), False), ("sign", 0j, 0j), ("sign", 3 + 4j, 0.6 + 0.8j),
]  # fmt: skip
