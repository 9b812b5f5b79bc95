"""Complex numbers in the graph: what is declared right for them is; all else refuses them.

An operation on a + ib is a function of the real arrays a and b, and the harness looks at the real
and the imaginary parts of its result: so it is held to the properties of any operation.
"""

import functools
import operator
import re
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from cases import BINARY, CASES, REGISTERED, UNARY, name
from drawn import before
from hypothesis import Phase, assume, given, settings
from hypothesis import strategies as st

import minigrad as mg
from minigrad import core
from minigrad.ops import eig, elementwise, reductions
from minigrad.testing import arrays, call, property_test
from minigrad.testing.calls import is_operand, leaves
from minigrad.testing.properties import PROPERTIES

# -- operations on a + ib

REAL_ONLY = {
    np.cbrt, np.fabs, np.copysign, np.ldexp, np.nextafter, np.heaviside, np.remainder, np.fmod,
    np.logaddexp, np.logaddexp2, np.arctan2, np.hypot, np.deg2rad, np.radians, np.rad2deg,
    np.degrees, np.maximum, np.minimum, np.fmax, np.fmin, np.clip, np.max, np.min, np.amax, np.amin,
    np.ptp, np.modf, np.frexp, np.divmod, np.maximum.reduce, np.minimum.reduce,
    np.logaddexp.reduce, np.maximum.outer, np.minimum.outer, elementwise.clamp, elementwise.sigmoid,
    elementwise.relu, reductions.logsumexp, reductions.softmax,
}  # fmt: skip
OF_REAL_SIGNALS = {np.fft.rfft, np.fft.rfft2, np.fft.rfftn, np.fft.ihfft}  # NumPy takes no others
ELEMENTWISE = {*UNARY, *BINARY, np.sign, np.angle, np.real, np.imag, np.real_if_close}
NEEDS_AXES = {np.var, np.std}  # NumPy takes an axis of a complex number for an error
ORDERED = {np.sort, np.median}  # by the real parts first: these are drawn distinct
SKIPPED = ["scalars", "repetition", "layout"]  # what complex numbers add nothing to
MATRICES = {np.linalg.eig, np.linalg.eigvals, np.linalg.inv, eig.eigen}


def filled(value: Any, imaginary: Iterator[Any]) -> Any:
    """`value` with the imaginary parts that come next added to the arrays in it."""
    if type(value) in (list, tuple):
        return type(value)(filled(v, imaginary) for v in value)
    if isinstance(value, mg.Tensor) or is_operand(value):
        part = next(imaginary)
        return value if part is None else value + 1j * part
    return value


def of_parts(fn: Any) -> Any:
    """`fn` as a function of real numbers; imaginary parts are None where an operand is real."""

    @functools.wraps(fn)
    def parts(*args: Any, imaginary: Any, **kwargs: Any) -> Any:
        rest = iter(imaginary)
        args = filled(args, rest)
        return fn(*args, **{k: filled(v, rest) for k, v in kwargs.items()})

    return parts


@st.composite
def off_the_axes(draw: st.DrawFn, shape: Any) -> Any:
    """Numbers of both signs: where both parts are such, no function has a cut or a pole."""
    size = draw(arrays(shape, domain=(0.25, 3)))
    return np.copysign(size, draw(arrays(shape, domain=(-1, 1))))


@st.composite
def complex_calls(draw: st.DrawFn, fn: Any) -> Any:
    """What the case of `fn` draws, with imaginary parts for some operands, mostly for all."""
    args, kwargs = draw(CASES[fn].calls)
    operands = [x for x in leaves([*args, kwargs]) if is_operand(x)]
    assume(fn not in NEEDS_AXES or all(x.ndim for x in operands))
    mixed = len(operands) > 1 and draw(st.booleans())
    imaginary = []
    for x in operands:
        if mixed and draw(st.booleans()):
            imaginary.append(None)
        elif fn in ELEMENTWISE:
            imaginary.append(draw(off_the_axes(x.shape)))
        else:
            size = 0.5 if fn in MATRICES else 3
            imaginary.append(draw(arrays(x.shape, domain=(-size, size))))

    def settled(value: Any) -> Any:
        if type(value) in (list, tuple):
            return type(value)(map(settled, value))
        if not is_operand(value):
            return np.complex128 if value is np.float64 else value
        if fn in ELEMENTWISE:
            return draw(off_the_axes(value.shape))
        if fn in ORDERED:
            return np.argsort(np.argsort(value, axis=None)).reshape(value.shape).astype(float)
        return np.asarray(np.clip(np.nan_to_num(value), -8, 24), value.dtype)

    args = tuple(map(settled, args))
    return call(*args, **{k: settled(v) for k, v in kwargs.items()}, imaginary=imaginary)


LIKE = {  # of which `like` alone is a tensor
    fn for fn, composed in core.COMPOSITES.items() if composed.__module__ == "minigrad.ops.creation"
}
COMPLEX = sorted(core.COMPLEX & REGISTERED - OF_REAL_SIGNALS, key=name)
COMPOSED = sorted((core.COMPOSITES.keys() & REGISTERED) - REAL_ONLY - core.REAL - LIKE, key=name)
REFUSING = sorted(REAL_ONLY | OF_REAL_SIGNALS | core.REAL, key=name)
REFUSED = "no derivative for complex numbers|would drop imaginary parts"
NUMPYS = "not supported for the input types|must be an array of real numbers|Cannot cast"


def check(fn: Any, **options: Any) -> None:
    readout = CASES[fn].readout
    read = fn if readout is None else before(readout, fn)
    property_test(of_parts(read), complex_calls(fn), **options)()


@pytest.mark.parametrize("fn", [pytest.param(fn, id=name(fn)) for fn in COMPLEX])
def test_every_property_holds_for_complex_numbers(fn: Any) -> None:
    # These are the library's own, which is never given a number for an array without axes.
    skip = [*SKIPPED, "views"] if fn in (core.cast, reductions.spread) else SKIPPED
    check(fn, skip=skip, settings=settings(max_examples=10))


@pytest.mark.parametrize("fn", [pytest.param(fn, id=name(fn)) for fn in COMPOSED])
def test_what_is_composed_is_right_for_complex_numbers_or_refuses_them(fn: Any) -> None:
    others = PROPERTIES.keys() - {"value", "derivative"}
    try:
        check(fn, order=1, skip=others, settings=settings(max_examples=8, phases=[Phase.generate]))
    except AssertionError as error:
        if not re.search(f"{REFUSED}|{NUMPYS}", str(error)):
            raise


def test_what_is_declared_is_tested() -> None:
    assert not REAL_ONLY & core.COMPLEX


@pytest.mark.parametrize("fn", [pytest.param(fn, id=name(fn)) for fn in REFUSING])
@pytest.mark.filterwarnings("ignore::numpy.exceptions.ComplexWarning")
@given(data=st.data())
@settings(max_examples=5)
def test_all_else_refuses_complex_numbers(fn: Any, data: st.DataObject) -> None:
    args, kwargs = data.draw(CASES[fn].calls)
    assume(all(np.size(x) for x in args))
    z = [mg.tensor(x, requires_grad=True) * (1 + 1j) if is_operand(x) else x for x in args]
    with np.errstate(all="ignore"), pytest.raises(TypeError, match=name(fn).rpartition(".")[2][:3]):
        fn(*z, **kwargs)


# -- what users see: the conjugate of what the walk computes with


def leaf(*values: Any) -> tuple[mg.Tensor, ...]:
    return tuple(mg.tensor(v, requires_grad=True) for v in values)


def close(found: Any, expected: Any) -> None:
    found = found.detach().numpy() if isinstance(found, mg.Tensor) else found
    np.testing.assert_allclose(found, expected, rtol=1e-12, atol=1e-14)


A, B = np.array([3.0, -1.0, 0.5]), np.array([4.0, 2.0, 0.0])
Z = A + 1j * B
LOSSES = {  # of z: the loss, and its derivative by a plus i times that by b
    "abs(z)**2": (lambda z: (np.abs(z) ** 2).sum(), 2 * Z),
    "z conj(z)": (lambda z: np.real(z * z.conj()).sum(), 2 * Z),
    "real(z**2)": (lambda z: np.real(z**2).sum(), np.conj(2 * Z)),
    "imag(z**2)": (lambda z: np.imag(z**2).sum(), 1j * np.conj(2 * Z)),
    "vdot(z, z)": (lambda z: np.vdot(z, z).real, 2 * Z),
    "real(exp(z))": (lambda z: np.exp(z).real.sum(), np.conj(np.exp(Z))),
    "abs(z)": (lambda z: np.abs(z).sum(), Z / np.abs(Z)),
    "abs(fft(z))**2": (lambda z: (np.abs(np.fft.fft(z)) ** 2).sum(), 6 * Z),
    "var(z)": (np.var, 2 * (Z - Z.mean()) / 3),
}


@pytest.mark.parametrize("loss", LOSSES)
def test_the_gradient_is_the_direction_of_ascent(loss: str) -> None:
    f, expected = LOSSES[loss]

    def made() -> tuple[mg.Tensor, ...]:
        a, b = leaf(A, B)
        return a, b, a + 1j * b

    a, b, z = made()
    z.retain_grad()
    f(z).backward()
    close(z.grad, expected)
    close(a.grad, expected.real)
    close(b.grad, expected.imag)
    for create_graph in (False, True):
        _, _, z = made()
        close(mg.grad(f(z), z, create_graph=create_graph), expected)
        seen: list[Any] = []
        a, b, z = made()
        z.register_hook(seen.append)
        f(z).backward(create_graph=create_graph)
        close(seen[0], expected)
        a, b, z = made()
        z.register_hook(lambda g: 2j * g)
        f(z).backward(create_graph=create_graph)
        close(a.grad, (2j * expected).real)
        close(b.grad, (2j * expected).imag)
    _, _, z = made()
    value, pull_back = mg.vjp(f, z)
    close(value, f(Z))
    close(pull_back(np.ones(()))[0], expected)


def test_a_gradient_of_a_gradient_that_is_complex() -> None:
    a, b = leaf(A, B)
    z = a + 1j * b
    g = mg.grad(np.real(z**3).sum(), z, create_graph=True)
    close(g, np.conj(3 * Z**2))
    close(mg.grad(np.imag(g).sum(), [a, b], retain_graph=True), [-6 * B, -6 * A])
    close(mg.grad(np.real(g).sum(), z), 6 * np.conj(Z))


def test_gradients_kept_twice_add_up() -> None:
    a, b = leaf(A, B)
    z = a + 1j * b
    z.retain_grad()
    for _ in range(2):
        (np.abs(z) ** 2).sum().backward(retain_graph=True)
    close(z.grad, 4 * Z)


@pytest.mark.parametrize("create_graph", [False, True])
def test_a_seed_is_the_gradient_of_the_result(create_graph: bool) -> None:
    u = np.array([1 - 2j, 0.5j, 3.0])
    for seed in (u, mg.tensor(u)):
        a, b = leaf(A, B)
        (a + 1j * b).backward(seed, create_graph=create_graph)  # of the loss Re(conj(u) z)
        close(a.grad, u.real)
        close(b.grad, u.imag)
        assert a.grad.dtype == float
    x = leaf(A)[0]
    g = mg.grad(x * (2 + 1j), x, u, create_graph=create_graph)
    close(g, np.real(np.conj(u) * (2 + 1j)))
    close(mg.grad(x * 1j, x, np.ones(3)), np.zeros(3))  # the real part is 0


def test_a_seed_that_requires_grad() -> None:
    x, c, d = leaf(A, B, -B)
    g = mg.grad(x * (2 + 1j), x, c + 1j * d, create_graph=True)  # 2 c + d
    close(mg.grad(g.sum(), [c, d]), [np.full(3, 2.0), np.ones(3)])


def test_the_derivative_of_a_complex_result_is_complex() -> None:
    def f(x: Any) -> Any:
        return np.exp(1j * x) * x[0]

    v = np.array([1.0, -2.0, 0.5])
    expected = np.diag(1j * np.exp(1j * A) * A[0])
    expected[:, 0] += np.exp(1j * A)
    close(mg.jacobian(f)(A), expected)
    assert mg.jacobian(lambda x: 1j * x)(np.zeros(0)).dtype == complex
    value, tangent = mg.jvp(f, [A], [v])
    close(value, f(A))
    close(tangent, expected @ v)
    u = np.array([1 - 2j, 0.5j, 3.0])
    close(mg.vjp(f, A)[1](u)[0], np.real(np.conj(u) @ expected))
    spectrum = lambda x: (np.abs(np.fft.rfft(x)) ** 2).sum()  # noqa: E731
    F = np.fft.rfft(np.eye(3), axis=0)
    close(mg.hessian(spectrum)(A), 2 * np.real(F.conj().T @ F))
    close(mg.hvp(spectrum)(A, v), 2 * np.real(F.conj().T @ F) @ v)
    value, g = mg.value_and_grad(spectrum)(A)
    close(g, 2 * np.real(F.conj().T @ F) @ A)


def test_a_tangent_through_complex_arguments() -> None:
    a, b = leaf(A, B)
    v = np.array([1 + 1j, -2.0, 0.5j])
    close(mg.jvp(np.exp, [a + 1j * b], [v])[1], np.exp(Z) * v)
    close(mg.jvp(np.conjugate, [a + 1j * b], [v])[1], np.conj(v))


@pytest.mark.parametrize(
    ("dtype", "complex_dtype"), [(np.float32, np.complex64), (np.float64, np.complex128)]
)
def test_complex_numbers_are_as_wide_as_real_ones(dtype: Any, complex_dtype: Any) -> None:
    for f in (np.fft.fft, np.fft.ihfft, lambda x: x * 1j, lambda x: 1j * x, lambda x: x + 1j):
        x = mg.tensor(A, dtype, requires_grad=True)
        y = f(x)
        assert y.dtype == complex_dtype
        np.abs(y).sum().backward()
        assert x.grad.dtype == dtype


def test_one_operand_real_and_one_complex() -> None:
    x, y = leaf(A, np.array(2.0))
    z = x * (y + 1j) - 1j * x[:1]
    (np.abs(z) ** 2).sum().backward()  # (x y)^2 + (x - x[0])^2
    close(x.grad, 2 * A * 4 + 2 * (A - A[0]) - 2 * (A - A[0]).sum() * np.array([1, 0, 0]))
    close(y.grad, (2 * A * A * 2).sum())


def test_values_are_set_in_complex_tensors() -> None:
    x, y = leaf(A, 2.0)
    z = x * 1j
    z[0] = y
    z[1] = y * (1 - 1j)
    z *= 2
    (z.real + 3 * z.imag).sum().backward()
    close(x.grad, [0, 0, 6])
    close(y.grad, 2 + 2 * (1 - 3))


def test_at_0_and_on_the_real_axis() -> None:
    for f in (np.abs, np.angle, lambda z: np.sign(z).real):
        a, b = leaf(0.0, 0.0)
        z = a + 1j * b
        close(mg.grad(f(z), z), 0)
        second = mg.grad(mg.grad(f(a + 1j * b), a, create_graph=True) + 2 * a, a)
        close(second, 2)
    a, b = leaf(-1.0, 0.0)
    z = a + 1j * b
    close(mg.grad(np.log(z).real, z), -1)
    (x,) = leaf(2.0)
    close(mg.grad(np.imag(x), x), 0)


# -- errors


def test_complex_leaves_are_refused_with_the_way_out() -> None:
    with pytest.raises(TypeError, match=r"a \+ 1j \* b"):
        mg.tensor(Z, requires_grad=True)
    with pytest.raises(TypeError, match=r"floating.*imaginary parts"):
        mg.vjp(np.exp, Z)


def test_a_complex_result_has_no_gradient() -> None:
    (x,) = leaf(2.0)
    with pytest.raises(RuntimeError, match="real scalar"):
        (x * 1j).backward()
    with pytest.raises(RuntimeError, match="real scalar"):
        mg.grad(x * 1j, x)
    with pytest.raises(TypeError, match="complex number, which has no gradient"):
        mg.value_and_grad(lambda x: x * 1j)(2.0)
    with pytest.raises(TypeError, match="no Jacobian by a complex argument"):
        mg.jacobian(np.exp)(x * 1j)
    with pytest.raises(TypeError, match="dtype complex128"):
        (x * 2).backward(1j)


def undeclared(*operands: str) -> Any:
    made = mg.primitive(lambda *xs: np.abs(sum(xs)))
    made.defvjp(*(lambda g, _y, *xs: g * np.sign(sum(xs)) for _ in operands))
    return made


def test_an_operation_of_ones_own_refuses_complex_numbers_until_declared() -> None:
    (x,) = leaf(A)
    with pytest.raises(TypeError, match=r"no derivative for complex.*complex=True"):
        undeclared("x")(x * 1j)
    real_first = mg.primitive(lambda x, z: x * np.real(z))  # its dtype is its first operand's
    real_first.defvjp(lambda g, _y, _x, z: g * np.real(z), lambda g, _y, x, _z: g * x)
    with pytest.raises(TypeError, match=r"no derivative for complex.*complex=True"):
        real_first(x, x * 1j).sum().backward()
    rules = core.RULES[real_first].vjps
    real_first.defvjp(*rules, complex=True)
    real_first(x, x * (2 + 1j)).sum().backward()
    close(x.grad, 4 * A)
    real_first.defvjp(*rules)  # a rule given anew has to be declared anew
    with pytest.raises(TypeError, match="no derivative for complex"):
        real_first(x, x * 1j).sum().backward()


@pytest.mark.parametrize(
    "loss",
    [
        lambda a: np.linalg.eigvals(a)[0],
        lambda a: np.linalg.eig(a).eigenvectors[0, 0],
        lambda a: np.linalg.eig(a)[1].sum() ** 2,
    ],
    ids=["one value", "one vector", "all vectors"],
)
def test_an_eigenvalue_that_occurs_twice_is_refused(loss: Any) -> None:
    (a,) = leaf(np.diag([2.0, 2.0, 3.0]))
    with pytest.raises(np.linalg.LinAlgError, match="occurs twice"):
        loss(a).backward()


def test_what_does_not_tell_equal_eigenvalues_apart_has_a_derivative() -> None:
    (a,) = leaf(np.diag([2.0, 2.0, 3.0]))
    close(mg.grad((np.linalg.eigvals(a) ** 2).sum(), a), 2 * np.diag([2.0, 2.0, 3.0]))


def test_a_defective_matrix_is_refused() -> None:
    (a,) = leaf(np.array([[1.0, 1.0], [0.0, 1.0]]))
    with pytest.raises(np.linalg.LinAlgError, match="defective"):
        np.linalg.eigvals(a).sum().backward()


def test_eigenvalues_of_a_real_matrix_are_real_where_numpy_has_them_real() -> None:
    rotation, diagonal = leaf(np.array([[0.0, -1.0], [1.0, 0.0]]), np.diag([1.0, 2.0]))
    for a in (rotation, diagonal, mg.asarray(np.zeros((0, 0)))):
        found, plain = np.linalg.eig(a * 1.0), np.linalg.eig(a.detach())
        assert type(found) is type(plain)
        for x, y in zip(found, plain, strict=True):
            assert x.dtype == y.dtype
            close(x, y.numpy())


def test_eigenvectors_rebuild_the_matrix() -> None:
    """V W V^-1 is A, whatever the phase of V: its derivative is the identity."""
    m = np.array([[0.0, -1.0, 0.5], [1.0, 0.5, 0.0], [0.25, 1.0, 3.0]])

    def rebuilt(a: Any) -> Any:
        w, v = np.linalg.eig(a)
        return np.real(v * w @ np.linalg.inv(v))

    np.testing.assert_allclose(mg.jacobian(rebuilt)(m).reshape(9, 9), np.eye(9), atol=1e-12)


def test_operators_take_complex_numbers() -> None:
    for op in (operator.add, operator.sub, operator.mul, operator.truediv, operator.pow):
        for swapped in (False, True):
            (x,) = leaf(A)
            y = op(1 + 2j, x) if swapped else op(x, 1 + 2j)
            close(y, op(1 + 2j, A) if swapped else op(A.astype(complex), 1 + 2j))
            assert y.requires_grad
