"""Complex numbers: their parts, and which rules are right for them.

A cotangent g of a complex y means that what is differentiated changes by Re(g dy).  So the rule of
an analytic function is g f'(x), as for real numbers, and linear functions have theirs without any
conjugate.  COMPLEX lists the rules that are right for complex operands and results; with any other
function the engine refuses them.  What users see is the conjugate: docs/conventions.md.  It imports
core, and the modules that define operations of minigrad's own; fft.py comes next.
"""

import math
import operator

import numpy as np

from minigrad.core import COMPLEX, REAL, Operand, cast, composite, defvjp, indexed_update
from minigrad.ops import elementwise, indexing, linalg, reductions, shaping
from minigrad.ops.elementwise import ratio

defvjp(np.real, lambda g, _y, _x: g, complex=True)
defvjp(np.imag, lambda g, _y, _x: -1j * g, complex=True)

COMPLEX |= {
    # analytic functions
    np.add, np.subtract, np.multiply, np.divide, np.negative, np.positive, np.reciprocal, np.square,
    np.sqrt, np.power, np.float_power, np.exp, np.exp2, np.expm1, np.log, np.log2, np.log10,
    np.log1p, np.sin, np.cos, np.tan, np.arcsin, np.arccos, np.arctan, np.sinh, np.cosh, np.tanh,
    np.arcsinh, np.arccosh, np.arctanh, elementwise.sech, np.prod, reductions.running_product,
    # linear and bilinear ones
    elementwise.where, np.sum, np.mean, reductions.spread, reductions.running_sum, shaping.reshape,
    np.transpose, np.moveaxis, np.swapaxes, np.squeeze, np.expand_dims, np.broadcast_to, np.flip,
    np.fliplr, np.flipud, np.rot90, np.roll, np.copy, cast, shaping.join, shaping.embed,
    shaping.layers, operator.getitem, indexed_update, indexing.scatter, indexing.pick,
    indexing.place, np.matmul, linalg.contract,
    # with a conjugate in the rule
    np.conjugate, np.absolute, np.var, np.std, linalg.p_norm,
}  # fmt: skip
REAL |= {
    np.bincount, np.corrcoef, np.cov, np.emath.power, np.geomspace, np.histogram, np.histogram2d,
    np.histogramdd, np.histogram_bin_edges, np.interp, np.intersect1d, np.nan_to_num, np.nanmedian,
    np.nanpercentile, np.nanquantile, np.percentile, np.poly, np.polydiv, np.quantile,
    np.unique_values, np.unwrap,
}  # fmt: skip


@composite(np.sign)
def _sign(x: Operand) -> Operand:
    return ratio(x, np.abs(x)) if x.dtype.kind == "c" else np.sign(x.detach())


@composite(np.angle)
def _angle(z: Operand, deg: bool = False) -> Operand:
    angle = np.arctan2(np.imag(z) if z.dtype.kind == "c" else 0, np.real(z))
    return angle * (180 / math.pi) if deg else angle


@composite(np.sort_complex)
def _sort_complex(a: Operand) -> Operand:
    ordered = np.sort(a)
    return ordered if ordered.dtype.kind == "c" else ordered.astype(complex)
