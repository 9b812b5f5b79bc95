"""The engine: how an operation is recorded, and how the chain rule runs over the record.

Its rooms, from the ground up; each imports from those above it in this list, and from no other:

tables      the tables that say what becomes of each NumPy function
mode        whether operations are recorded
base        what the engine needs of a Tensor
messages    how errors name an operation and its operands
lazy        arrays that are plans of what to compute: Dask's
arrays      what counts as an array, where Tensors are in what a user passes
rules       the table of rules: what a rule reads, `defvjp`
graph       nodes, and the chain rule
memory      where an array lies in the memory of another one
recording   how an operation is called and noted down; views
writing     writing into tensors
dispatch    NumPy's calls; `primitive`
operands    what a user passes, as a Tensor
gradients   from outputs to the gradients that a user gets
tensor      the Tensor
making      `tensor` and `asarray`

docs/engine.md is a tour of twenty minutes: rules, recording, graph.  What is not named below is
used inside the package alone.
"""

from minigrad.core.arrays import (
    as_array,
    holds_tensor,
    is_array,
    known,
    needs_grad,
    snapshot,
    tensors_in,
    unwrap,
    without_subclass,
    wrap,
)
from minigrad.core.base import SCALAR, new_tensor
from minigrad.core.dispatch import (
    Primitive,
    apply,
    bind,
    dispatch,
    into_plain_array,
    primitive,
)
from minigrad.core.gradients import grad, poles_are_silent
from minigrad.core.graph import Node, backpropagate, new_node, unbroadcast
from minigrad.core.lazy import ChunkedShape, holds_lazy, is_lazy, shape_of
from minigrad.core.making import asarray, tensor
from minigrad.core.memory import Region
from minigrad.core.messages import home_of, name_of, unsupported
from minigrad.core.mode import enable_grad, is_grad_enabled, no_grad
from minigrad.core.operands import as_tensor, cast, common_dtype, operand
from minigrad.core.recording import DOUBLE, SINGLE, among_zeros, region, taken_out
from minigrad.core.rules import Reads, Rule, composite, defvjp, reads
from minigrad.core.tables import (
    COMPLEX,
    COMPOSITES,
    CONSTANTS,
    DETACHED,
    LAZY,
    LIBRARIES,
    REAL,
    REFUSED,
    RULES,
    SHORTCUTS,
    WRITES,
    Array,
    Axis,
    Operand,
    Vjp,
)
from minigrad.core.tensor import NO_METHODS, Tensor, call, check_device
from minigrad.core.writing import (
    held_elsewhere,
    indexed_update,
    refuse_number,
    view_by,
    writable_root,
    write_result,
)

__all__ = [
    "COMPLEX", "COMPOSITES", "CONSTANTS", "DETACHED", "DOUBLE", "LAZY", "LIBRARIES", "NO_METHODS",
    "REAL", "REFUSED", "RULES", "SCALAR", "SHORTCUTS", "SINGLE", "WRITES", "Array", "Axis",
    "ChunkedShape", "Node", "Operand", "Primitive", "Reads", "Region", "Rule", "Tensor", "Vjp",
    "among_zeros", "apply", "as_array", "as_tensor", "asarray", "backpropagate", "bind", "call",
    "cast", "check_device", "common_dtype", "composite", "defvjp", "dispatch", "enable_grad",
    "grad", "held_elsewhere", "holds_lazy", "holds_tensor", "home_of", "indexed_update",
    "into_plain_array", "is_array", "is_grad_enabled", "is_lazy", "known", "name_of", "needs_grad",
    "new_node", "new_tensor", "no_grad", "operand", "poles_are_silent", "primitive", "reads",
    "refuse_number", "region", "shape_of", "snapshot", "taken_out", "tensor", "tensors_in",
    "unbroadcast", "unsupported", "unwrap", "view_by", "without_subclass", "wrap", "writable_root",
    "write_result",
]  # fmt: skip
