"""The Tensor: an array and its place in the graph, with NumPy's operators, protocols and methods.

It is the top of the package: long and thin, since each method hands a NumPy function to `apply`.
Next: minigrad/ops/elementwise.py, a page of rules.
"""

from __future__ import annotations

import contextlib
import functools
import operator
import sys
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
import numpy.typing as npt
from numpy import ndarray

from minigrad.core.arrays import as_array, refuse_to_detach, unwrap
from minigrad.core.base import SCALAR, TensorBase
from minigrad.core.dispatch import apply, dispatch
from minigrad.core.gradients import add_gradients, hooked
from minigrad.core.graph import new_node
from minigrad.core.lazy import in_memory, is_lazy
from minigrad.core.memory import is_same
from minigrad.core.messages import UNFIT, name_of
from minigrad.core.mode import _recording
from minigrad.core.operands import as_tensor, cast
from minigrad.core.recording import fresh, noted, raise_explained, recorded
from minigrad.core.tables import RULES, WRITES, Array, Axis
from minigrad.core.writing import (
    data_of,
    refuse_number,
    root_of,
    set_value,
    view_by,
    write,
    write_result,
)


def operators(fn: np.ufunc) -> tuple[Callable[[Tensor, Any], Tensor], ...]:
    """The methods of an operator: `x + v`, `v + x` and `x += v`, for the ufunc of +."""

    def method(self: Tensor, other: Any) -> Any:
        # `recorded` reads operands in a loop; two Tensors, or one and a number, are read in less.
        if self._view:
            fresh(self)
        x, node, rule = self._held, self._place, RULES.get(fn)
        if node is None or rule is None or type(x) is not ndarray or not _recording.get():
            return apply(fn, self, other)
        if type(other) is Tensor and type(other._held) is ndarray:
            if other._view:
                fresh(other)
            y, parent = other._held, other._place
        elif type(other) is float or type(other) is int:
            # NumPy takes half as long for an array as for a number, here and in the walk back.
            y, parent = np.array(other, x.dtype), None
        else:
            return recorded(rule, (self, other))
        try:
            z = rule.forward(x, y)
        except UNFIT as error:
            raise_explained(error, fn, (x, y))
        if parent is None:
            return noted(rule, z, (), [x, y], [node], 0b110)
        return noted(rule, z, (), [x, y], [node, parent], 0b111)

    def reflected(self: Tensor, other: Any) -> Any:
        return apply(fn, other, self)

    def assigning(self: Tensor, other: Any) -> Any:
        if self._view is SCALAR:  # it stands for a number, and the name gets another one
            return method(self, other)
        write_result(fn, self, method(self, other))
        return self

    return method, reflected, assigning


# -- NumPy's functions as methods, with the types of their arguments


class Method(Protocol):
    """A function with the arguments that NumPy's has after its first one."""

    def __call__(self, *args: Any, **options: Any) -> Tensor:
        """Call it."""
        raise NotImplementedError


class Unary(Protocol):
    """A function of each element."""

    def __call__(self, **options: Any) -> Tensor:
        """Call it."""
        raise NotImplementedError


class Reduction(Protocol):
    """A function of the elements along some axes, which NumPy calls `axis`."""

    def __call__(self, axis: Axis = None, *, keepdims: bool = False, **options: Any) -> Tensor:
        """Call it."""
        raise NotImplementedError


class Along(Protocol):
    """A function of the elements along one axis."""

    def __call__(self, axis: int | None = ..., **options: Any) -> Tensor:
        """Call it."""
        raise NotImplementedError


def method_of(fn: Callable[..., Any], what: str) -> Any:
    """The method that is NumPy's `fn`."""

    def method(self: Tensor, *args: Any, **kwargs: Any) -> Any:
        return apply(fn, self, *args, **kwargs)

    method.__name__, method.__doc__ = fn.__name__, f"{what}: `{name_of(fn)}`."
    return method


class Tensor(TensorBase):
    """An array, and the place in the graph that it was computed at.

    A Tensor is a name for a place: `x[i] = v`, `x += v` and whatever else writes into it mean what
    they mean in NumPy, and every alias and every view of it sees the new value.  They change no
    array: the tensor gets a new one, recorded like any other operation.

    Parameters
    ----------
    data : array
        The array to hold, not copied: `minigrad.tensor` is what makes tensors from data.

    Attributes
    ----------
    grad : Tensor or None
        What `backward()` has added up for this leaf, in its shape and dtype.

    """

    __slots__ = ()

    def __init__(self, data: Array, _node: Any = None) -> None:
        self._held = data if type(data) is np.ndarray else as_array(data)
        self._place = _node
        self._view = None

    @property
    def _array(self) -> Array:
        if self._view:
            fresh(self)
        return self._held

    @property
    def _node(self) -> Any:
        if self._view:
            fresh(self)
        return self._place

    # -- the graph ----------------------------------------------------------------------------

    @property
    def requires_grad(self) -> bool:
        """Whether operations on this tensor are recorded."""
        return self._node is not None

    @requires_grad.setter
    def requires_grad(self, value: bool) -> None:
        self.requires_grad_(value)

    def requires_grad_(self, requires_grad: bool = True) -> Tensor:
        """Make this tensor a leaf that requires grad, or one that does not; returns itself."""
        if not self.is_leaf:
            if not requires_grad:
                raise RuntimeError(
                    "requires_grad of a computed tensor cannot be turned off; use x.detach()"
                )
        elif not requires_grad:
            self._place = None
        elif self._node is None:
            if self.dtype.kind != "f":
                way_out = (
                    "make it of two that do, as a + 1j * b"
                    if self.dtype.kind == "c"
                    else "write 1.0 for 1, or pass dtype=float"
                )
                raise TypeError(
                    f"only floating tensors can require grad, not {self.dtype}; {way_out}"
                )
            self._place = new_node(self._array)
        return self

    @property
    def is_leaf(self) -> bool:
        """Whether this tensor was not computed from tensors that require grad."""
        return self._node is None or self._node.plan is None

    @property
    def grad(self) -> Tensor | None:
        """What `backward()` has added up here: for leaves, and where `retain_grad()` asked."""
        node = self._node
        return None if node is None else node.grad

    @grad.setter
    def grad(self, value: Tensor | None) -> None:
        if self._node is None:
            raise RuntimeError("a tensor that does not require grad has no gradient to set")
        if value is not None:
            value = as_tensor(value)
            if value.shape != self.shape or value.dtype != self.dtype:
                raise ValueError(
                    f"a gradient of shape {value.shape} and dtype {value.dtype} does not fit a "
                    f"tensor of shape {self.shape} and dtype {self.dtype}"
                )
        self._node.grad = value

    def retain_grad(self) -> None:
        """Let `backward()` keep the gradient of this intermediate result in `.grad`, too."""
        if self._node is None:
            raise RuntimeError("retain_grad of a tensor that does not require grad")
        self._node.keeps_grad = True

    def register_hook(self, hook: Callable[[Tensor], Tensor | None]) -> Callable[[], None]:
        """Call `hook` with this tensor's whole gradient during backward; it may return another.

        Returns
        -------
        callable
            Call it to remove the hook.

        Examples
        --------
        >>> import minigrad as mg
        >>> x = mg.tensor([3.0, -4.0], requires_grad=True)
        >>> remove = x.register_hook(lambda g: g.clip(-1, 1))
        >>> (x * x).sum().backward()
        >>> x.grad
        tensor([ 1., -1.])

        """
        if self._node is None:
            raise RuntimeError("register_hook on a tensor that does not require grad")
        node = self._node
        entry = functools.partial(hooked, hook)  # one of its own for each registration
        node.hooks = (*node.hooks, entry)

        def remove() -> None:
            node.hooks = tuple(h for h in node.hooks if h is not entry)

        return remove

    def backward(
        self, gradient: Any = None, *, retain_graph: bool = False, create_graph: bool = False
    ) -> None:
        """Add the gradient of this tensor to the `.grad` of every leaf that it depends on.

        Parameters
        ----------
        gradient : array_like, optional
            The cotangent of this tensor, of its shape; 1 if it is a scalar.
        retain_graph : bool
            Keep the graph, which is otherwise freed on the way, for another walk.
        create_graph : bool
            Record the walk itself, so that `.grad` can be differentiated; keeps the graph.  The
            leaf then holds its gradient, whose graph holds the leaf: `minigrad.grad` makes no such
            cycle, and setting `.grad` to None ends it.

        Raises
        ------
        RuntimeError
            If this tensor does not require grad, is no scalar and no `gradient` is given, or if an
            earlier walk has freed the graph.
        ValueError
            If `gradient` has another shape.

        Examples
        --------
        >>> import minigrad as mg
        >>> x = mg.tensor([1.0, 2.0], requires_grad=True)
        >>> (x * x).sum().backward()
        >>> x.grad
        tensor([2., 4.])

        """
        add_gradients(self, gradient, retain_graph, create_graph)

    def detach(self) -> Tensor:
        """The value as it is now, as a constant: nothing flows back through it."""
        return like_number(Tensor(self._array), self)

    # -- the value ----------------------------------------------------------------------------

    @property
    def data(self) -> Tensor:
        """A tensor of the same place in memory, outside the graph.

        Writing into it changes this tensor, and nothing is recorded; assigning an array of the same
        shape and dtype does, too.

        Examples
        --------
        >>> import minigrad as mg
        >>> p = mg.tensor([1.0, 2.0], requires_grad=True)
        >>> p.data -= 0.5
        >>> p.data[0] = 7.0
        >>> p
        tensor([7. , 1.5], requires_grad=True)

        """
        place: Tensor = data_of(self)
        return place

    @data.setter
    def data(self, value: Any) -> None:
        of_self = isinstance(value, Tensor) and root_of(value) is root_of(self)
        if of_self and is_same(value._array, self._array):  # the end of `x.data += v`
            return
        set_value(self, as_array(value))

    def numpy(self) -> npt.NDArray[Any]:
        """The value as a NumPy array, outside the graph: a view that cannot be written to."""
        view: npt.NDArray[Any] = np.asarray(in_memory(self._array, "x.numpy()")).view()
        view.flags.writeable = False
        return view

    def item(self) -> Any:
        """The value of a tensor of one element as a Python number, outside the graph."""
        if self.size != 1:
            raise ValueError(f"x.item() is for a tensor of size 1, not of shape {self.shape}")
        return in_memory(self._array, "x.item()").item()

    def tolist(self) -> Any:
        """The value as nested lists of Python numbers, outside the graph."""
        return in_memory(self._array, "x.tolist()").tolist()

    def tobytes(self, order: Any = "C") -> bytes:
        """The bytes of the value, outside the graph."""
        return np.asarray(self._array).tobytes(order)

    @property
    def itemsize(self) -> int:
        """How many bytes an element has."""
        return self._held.dtype.itemsize  # type: ignore[no-any-return]  # Array is Any

    @property
    def nbytes(self) -> int:
        """How many bytes all elements have."""
        return self.size * self.itemsize

    def __repr__(self) -> str:
        if is_lazy(self._array):
            notes = [repr(self._array)]  # which has shape, dtype and chunks, and no numbers
        else:
            notes = [np.array2string(np.asarray(self._array), separator=", ", prefix="tensor(")]
            if self.size == 0 and self.ndim > 1:
                notes.append(f"shape={self.shape}")
            if self.dtype not in (np.dtype(float), np.dtype(int), np.dtype(bool)):
                notes.append(f"dtype={self.dtype}")
        if self.requires_grad:
            notes.append("requires_grad=True")
        return f"tensor({', '.join(notes)})"

    def __len__(self) -> int:
        if self.ndim == 0:
            raise TypeError("len() of a 0-d tensor")
        return self.shape[0]

    def __iter__(self) -> Iterator[Tensor]:
        return (self[i] for i in range(len(self)))

    def __contains__(self, value: object) -> bool:
        return bool(np.any(in_memory(self._array, "value in x") == unwrap(value)))

    def __bool__(self) -> bool:
        return bool(in_memory(self._array, "bool(x)"))

    def __int__(self) -> int:
        return int(in_memory(self._array, "int(x)"))

    def __index__(self) -> int:
        return operator.index(in_memory(self._array, "x as an index"))

    def __float__(self) -> float:
        refuse_to_detach(self, "float(x)", "x.item()")
        return float(in_memory(self._array, "float(x)"))

    def __complex__(self) -> complex:
        refuse_to_detach(self, "complex(x)", "x.item()")
        return complex(in_memory(self._array, "complex(x)"))

    def __format__(self, spec: str) -> str:
        if self.size == 1 and spec:
            return format(self.item(), spec)
        try:
            return format(repr(self), spec)
        except ValueError:
            raise TypeError(
                f"the format {spec!r} is for one number, not for a tensor of shape {self.shape}; "
                "format x.item() of its elements"
            ) from None

    def __array__(
        self, dtype: npt.DTypeLike | None = None, copy: bool | None = None
    ) -> npt.NDArray[Any]:
        refuse_to_detach(
            self,
            "conversion to a NumPy array",
            "x.numpy() or x.detach(), or mg.asarray or np.stack on a list",
        )
        return np.array(self.numpy(), dtype=dtype, copy=copy)

    if not TYPE_CHECKING:  # which is to see what there is

        def __getattr__(self, name: str) -> Any:
            reason = NO_METHODS.get(name)
            why = f": {reason}" if reason else ""
            raise AttributeError(f"a Tensor has no {name!r}{why}", name=name, obj=self)

    def __reduce__(self) -> tuple[Any, ...]:
        if not self.is_leaf:
            raise TypeError(
                "a computed tensor cannot be copied or pickled without its graph; "
                "use x.copy() to stay in the graph, or x.detach()"
            )
        return _restored, (self._array, self.requires_grad, self.grad)

    # -- the array API standard -----------------------------------------------------------------

    def __array_namespace__(self, /, *, api_version: str | None = None) -> Any:
        if api_version not in API_VERSIONS:
            raise ValueError(
                f"version {api_version!r} of the array API standard is not implemented; "
                f"{API_VERSIONS[-1]} is"
            )
        return sys.modules["minigrad"]

    @property
    def device(self) -> str:
        """Where the elements are: there is one place."""
        return "cpu"

    def to_device(self, device: Any, /, *, stream: Any = None) -> Tensor:
        """The tensor itself, which is on the one device that there is."""
        check_device(device)
        if stream is not None:
            raise ValueError(f'the device "cpu" has no streams, got {stream!r}')
        return self

    def __dlpack__(
        self,
        /,
        *,
        stream: Any = None,
        max_version: tuple[int, int] | None = None,
        dl_device: tuple[Any, int] | None = None,
        copy: bool | None = None,
    ) -> Any:
        refuse_to_detach(self, "export by DLPack", "x.detach()")
        options: dict[str, Any] = {"stream": stream}
        if dl_device is not None:
            options["dl_device"] = dl_device
        if max_version is not None and max_version >= (1, 0):
            with contextlib.suppress(TypeError):  # NumPy 2.0 has the older version only
                return self.numpy().__dlpack__(max_version=max_version, copy=copy, **options)
        if copy is False:
            raise BufferError(
                "a DLPack before 1.0 cannot say that the memory must not be written to; "
                "allow a copy, or export x.numpy()"
            )
        return np.array(self._array).__dlpack__(**options)

    def __dlpack_device__(self) -> Any:
        return np.asarray(self._array).__dlpack_device__()

    # -- NumPy's protocols --------------------------------------------------------------------

    def __array_ufunc__(self, ufunc: np.ufunc, method: str, *inputs: Any, **kwargs: Any) -> Any:
        if method == "__call__":
            return dispatch(ufunc, inputs, kwargs) if kwargs else apply(ufunc, *inputs)
        if method == "reduceat" or (method == "at" and ufunc.at not in WRITES):
            raise TypeError(
                f"numpy.{ufunc.__name__}.{method} is not supported on tensors; "
                "use x[index] = value, or indexing and a sum"
            )
        return dispatch(getattr(ufunc, method), inputs, kwargs)

    def __array_function__(
        self, fn: Callable[..., Any], types: Any, args: Sequence[Any], kwargs: dict[str, Any]
    ) -> Any:
        return dispatch(fn, args, kwargs)

    __hash__ = object.__hash__  # by identity: == compares elements

    # -- indexing -----------------------------------------------------------------------------

    def __getitem__(self, index: Any) -> Tensor:
        if type(index) is not slice and type(index) is not int:
            index = unwrap(index)
        result: Tensor = recorded(RULES[operator.getitem], (self, index))
        if result._view is SCALAR and index is ...:
            result._view = None  # of a number, NumPy gives an array
        return result

    def __setitem__(self, index: Any, value: Any) -> None:
        write(self, unwrap(index), value)

    # -- operators ----------------------------------------------------------------------------

    __add__, __radd__, __iadd__ = operators(np.add)
    __sub__, __rsub__, __isub__ = operators(np.subtract)
    __mul__, __rmul__, __imul__ = operators(np.multiply)
    __truediv__, __rtruediv__, __itruediv__ = operators(np.divide)
    __floordiv__, __rfloordiv__, __ifloordiv__ = operators(np.floor_divide)
    __mod__, __rmod__, __imod__ = operators(np.remainder)
    __matmul__, __rmatmul__, __imatmul__ = operators(np.matmul)
    _power, __rpow__, __ipow__ = operators(np.power)
    __and__, __rand__, __iand__ = operators(np.bitwise_and)
    __or__, __ror__, __ior__ = operators(np.bitwise_or)
    __xor__, __rxor__, __ixor__ = operators(np.bitwise_xor)
    __lshift__, __rlshift__, __ilshift__ = operators(np.left_shift)
    __rshift__, __rrshift__, __irshift__ = operators(np.right_shift)
    __lt__ = operators(np.less)[0]
    __le__ = operators(np.less_equal)[0]
    __gt__ = operators(np.greater)[0]
    __ge__ = operators(np.greater_equal)[0]
    __eq__ = operators(np.equal)[0]  # type: ignore[assignment]  # elementwise, as in NumPy
    __ne__ = operators(np.not_equal)[0]  # type: ignore[assignment]  # elementwise, as in NumPy

    def __pow__(self, exponent: Any) -> Tensor:
        if type(exponent) is int and exponent == 2:  # as ndarrays do: a third of np.power's time
            return call(np.square, self)
        return self._power(exponent)

    def __divmod__(self, other: Any) -> tuple[Tensor, Tensor]:
        return self // other, self % other

    def __rdivmod__(self, other: Any) -> tuple[Tensor, Tensor]:
        return other // self, other % self

    def __neg__(self) -> Tensor:
        return call(np.negative, self)

    def __pos__(self) -> Tensor:
        return call(np.positive, self)

    def __abs__(self) -> Tensor:
        return call(np.absolute, self)

    def __invert__(self) -> Tensor:
        return call(np.invert, self)

    # -- NumPy's functions as methods: for typed code, since NumPy's stubs know no protocols ------

    exp: Unary = method_of(np.exp, "The exponential of each element")
    log: Unary = method_of(np.log, "The natural logarithm of each element")
    sqrt: Unary = method_of(np.sqrt, "The square root of each element")
    square: Unary = method_of(np.square, "The square of each element")
    tanh: Unary = method_of(np.tanh, "The hyperbolic tangent of each element")
    sin: Unary = method_of(np.sin, "The sine of each element")
    cos: Unary = method_of(np.cos, "The cosine of each element")

    sum: Reduction = method_of(np.sum, "The sum over `axis`")
    mean: Reduction = method_of(np.mean, "The mean over `axis`")
    prod: Reduction = method_of(np.prod, "The product over `axis`")
    max: Reduction = method_of(np.max, "The largest element over `axis`; ties share its gradient")
    min: Reduction = method_of(np.min, "The smallest element over `axis`; ties share its gradient")
    any: Reduction = method_of(np.any, "Whether any element over `axis` is true")
    all: Reduction = method_of(np.all, "Whether all elements over `axis` are true")
    argmax: Reduction = method_of(np.argmax, "The index of the largest element over `axis`")
    argmin: Reduction = method_of(np.argmin, "The index of the smallest element over `axis`")

    cumsum: Along = method_of(np.cumsum, "The running sum along `axis`")
    cumprod: Along = method_of(np.cumprod, "The running product along `axis`")
    argsort: Along = method_of(np.argsort, "The indices that sort along `axis`")

    argpartition: Method = method_of(np.argpartition, "The indices that partition along an axis")
    choose: Method = method_of(np.choose, "Of each place the element of the choice named here")
    dot: Method = method_of(np.dot, "The dot product with another tensor")
    diagonal: Method = method_of(np.diagonal, "The diagonals over two axes")
    ravel: Method = method_of(
        np.ravel, "The elements in one axis, as a view where that is possible"
    )
    repeat: Method = method_of(np.repeat, "Each element several times")
    round: Method = method_of(np.round, "Each element rounded; never requires grad")
    searchsorted: Method = method_of(np.searchsorted, "Where numbers belong in this sorted tensor")
    squeeze: Method = method_of(np.squeeze, "Without axes of length one")
    swapaxes: Method = method_of(np.swapaxes, "Two axes exchanged")
    take: Method = method_of(np.take, "The elements at some indices along an axis")
    trace: Method = method_of(np.trace, "The sums of the diagonals over two axes")

    def var(
        self, axis: Axis = None, ddof: float = 0, *, keepdims: bool = False, **options: Any
    ) -> Tensor:
        """The variance over `axis`: `numpy.var`."""
        return call(np.var, self, axis=axis, ddof=ddof, keepdims=keepdims, **options)

    def std(
        self, axis: Axis = None, ddof: float = 0, *, keepdims: bool = False, **options: Any
    ) -> Tensor:
        """The standard deviation over `axis`: `numpy.std`."""
        return call(np.std, self, axis=axis, ddof=ddof, keepdims=keepdims, **options)

    def clip(self, min: Any = None, max: Any = None, **options: Any) -> Tensor:
        """Each element brought between two bounds; either may be left out: `numpy.clip`."""
        return call(np.clip, self, min, max, **options)

    def nonzero(self) -> tuple[Tensor, ...]:
        """The places of what is not 0, an array for each axis: `numpy.nonzero`."""
        places: tuple[Tensor, ...] = apply(np.nonzero, self)
        return places

    def compress(self, condition: Any, axis: int | None = None, **options: Any) -> Tensor:
        """The slices along `axis` for which `condition` holds: `numpy.compress`."""
        return call(np.compress, condition, self, axis=axis, **options)

    def reshape(self, *shape: Any, order: str = "C") -> Tensor:
        """The same elements in another shape, given as a tuple or as numbers: `numpy.reshape`."""
        options = {} if order == "C" else {"order": order}
        return call(np.reshape, self, shape[0] if len(shape) == 1 else shape, **options)

    def flatten(self, order: str = "C") -> Tensor:
        """The elements in one axis, copied; `ravel` gives a view where it can."""
        flat = self.reshape(-1, order=order)
        return flat.copy() if flat._view else flat

    def transpose(self, *axes: Any) -> Tensor:
        """The axes in another order, reversed if none is given: `numpy.transpose`."""
        return call(np.transpose, self, (axes[0] if len(axes) == 1 else axes) or None)

    @property
    def T(self) -> Tensor:
        """The axes in reverse order."""
        reverse: Tensor = recorded(RULES[np.transpose], (self,))
        return reverse

    @property
    def mT(self) -> Tensor:
        """The last two axes exchanged: the transpose of each matrix in a stack."""
        if self.ndim < 2:
            raise ValueError(f"x.mT needs two axes, got shape {self.shape}")
        return call(np.swapaxes, self, -1, -2)

    @property
    def real(self) -> Tensor:
        """The real part of each element: `numpy.real`."""
        return call(np.real, self)

    @real.setter
    def real(self, value: Any) -> None:
        self.real[...] = value

    @property
    def imag(self) -> Tensor:
        """The imaginary part of each element: `numpy.imag`."""
        return call(np.imag, self)

    @imag.setter
    def imag(self, value: Any) -> None:
        if self.dtype.kind != "c":
            raise TypeError(f"a tensor of {self.dtype} has no imaginary part to set")
        self.imag[...] = value

    def conj(self) -> Tensor:
        """The complex conjugate of each element; real numbers are their own."""
        return call(np.conjugate, self) if self.dtype.kind == "c" else self

    conjugate = conj  # SciPy calls it by either name

    def astype(self, dtype: npt.DTypeLike, *, copy: bool = True) -> Tensor:
        """Cast to another dtype; the gradient comes back in the dtype of this tensor."""
        if self.dtype == dtype and not (copy and self._view is not SCALAR):
            return self
        result = call(np.copy, self) if self.dtype == dtype else call(cast, self, dtype)
        return like_number(result, self)

    def view(self, dtype: npt.DTypeLike) -> Tensor:
        """The same memory, complex numbers as pairs of real ones or the other way round.

        No other change of dtype is one of numbers: for bytes there is `x.numpy().view(dtype)`.
        """
        x, dtype = in_memory(self._array, "x.view(dtype)"), np.dtype(dtype)
        complex_of = (x[:0] + 0j).dtype if x.ndim else (x + 0j).dtype
        if dtype not in (x.dtype, complex_of) and x.dtype != (np.zeros(0, dtype) + 0j).dtype:
            raise TypeError(f"a tensor of {x.dtype} is no view of {dtype}; use x.astype(dtype)")
        part: Tensor = view_by(lambda x: x.view(dtype), self)
        return like_number(part.copy(), self) if self._view is SCALAR else part

    def copy(self, order: Any = "C") -> Tensor:
        """The same value in memory of its own, still in the graph."""
        return like_number(call(np.copy, self, order=order), self)

    # -- writing into it, as ndarray's methods do --------------------------------------------------

    def sort(self, axis: int = -1, **options: Any) -> None:
        """Sort in place; `numpy.sort` gives a sorted copy."""
        self[...] = call(np.sort, self, axis=axis, **options)

    def partition(self, kth: Any, axis: int = -1, **options: Any) -> None:
        """Partition in place; `numpy.partition` gives a copy."""
        self[...] = call(np.partition, self, kth, axis=axis, **options)

    def fill(self, value: Any) -> None:
        """Write `value` to every element."""
        refuse_number(self, "x.fill")
        self[...] = value

    def put(self, indices: Any, values: Any, mode: str = "raise") -> None:
        """Write `values` at places of the flattened tensor: `numpy.put`."""
        apply(np.put, self, indices, values, mode)


def like_number(result: Tensor, x: Tensor) -> Tensor:
    """`result` of a method, which is a number where x is one."""
    if x._view is SCALAR:
        result._view = SCALAR
    return result


# What ndarrays have and tensors do not, and what to write instead.
NO_METHODS = {
    **dict.fromkeys(("itemset", "setfield"), "use x[index] = value"),
    "resize": "a tensor has the same shape as long as it lives; use np.resize(x, shape)",
    **dict.fromkeys(
        ("base", "ctypes", "flags", "getfield", "setflags", "strides"),
        "it is about the memory of an array; use x.numpy() for the array",
    ),
    "byteswap": "it changes bytes, not numbers; use x.astype(x.dtype.newbyteorder())",
    **dict.fromkeys(
        ("newbyteorder", "ptp", "tostring"),
        "NumPy 2 has taken it away; use x.astype, np.ptp or x.tobytes",
    ),
    "flat": "use x.ravel() to read, and np.put(x, places, values) or x[index] = value to write",
    **dict.fromkeys(
        ("dump", "dumps", "tofile"), "use pickle on a leaf, or x.numpy() for the array"
    ),
}


def call(fn: Callable[..., Any], *args: Any, **kwargs: Any) -> Tensor:
    """`apply` where the result is one array."""
    result: Tensor = apply(fn, *args, **kwargs)
    return result


def _restored(data: Array, requires_grad: bool, grad: Tensor | None) -> Tensor:
    """Unpickle a leaf."""
    leaf = Tensor(data).requires_grad_(requires_grad)
    if requires_grad:
        leaf.grad = grad
    return leaf


API_VERSIONS = (None, "2021.12", "2022.12", "2023.12", "2024.12")  # of the array API standard


def check_device(device: Any) -> None:
    """Refuse any device but the one that there is."""
    if device not in (None, "cpu"):
        raise ValueError(f'minigrad computes on the device "cpu", not {device!r}')
