"""What SciPy's and scikit-learn's functions are called with, where it cannot be found by trying.

NAMED says what a parameter of a name takes wherever it occurs, ARGUMENTS what a function takes: one
`call`, or several; words after the function's name tell another call apart.  All floating arrays in
a call become tensors that require grad.  Functions in it are written for any library.
scipy_calls.py uses it.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from scipy.stats import PermutationMethod


class Arguments(NamedTuple):
    """The arguments of one call."""

    args: tuple[Any, ...]
    kwargs: dict[str, Any]


def call(*args: Any, **kwargs: Any) -> Arguments:
    """The arguments of one call."""
    return Arguments(args, kwargs)


class Held(NamedTuple):
    """An array whose elements are constants `where` it is said."""

    value: Any
    where: Any


def array(*shape: int, seed: int = 0) -> Any:
    """Numbers between 0.15 and 0.85, which most functions are defined and smooth at."""
    return np.random.default_rng([seed, *shape]).uniform(0.15, 0.85, shape)


def spd(n: int, seed: int = 0) -> Any:
    """A symmetric positive definite matrix."""
    a = array(n, n, seed=seed)
    return a @ a.T + np.eye(n)


def signs(*shape: int, seed: int = 0) -> Any:
    """Numbers of both signs."""
    return np.random.default_rng([seed, *shape, 1]).standard_normal(shape)


def square(x: Any, *args: Any) -> Any:
    """A function of a number, or of many."""
    return x * x + sum(args)


def cubic(x: Any, c: Any) -> Any:
    """One that grows, and is 0 at the third root of c."""
    return x**3 - c


def decaying(x: Any, c: Any) -> Any:
    """One that sums up to a number."""
    return np.exp(-c * x)


def bowl(x: Any, c: Any) -> Any:
    """One that is least at c."""
    return (x - c) ** 2


V, W, U = array(8), array(8, seed=1), array(8, seed=2)
LONG, LONGER = array(24), array(64)
M = array(6, 3)
IMAGE = array(7, 8)
GRID = np.linspace(0.0, 1.0, 9)  # where values are given
BETWEEN = np.array([0.1, 0.23, 0.56, 0.81])
B, A = np.array([0.3, 0.2]), np.array([1.0, -0.4, 0.1])  # of a filter that is stable
SOS = np.array([[0.3, 0.2, 0.1, 1.0, -0.4, 0.1], [0.5, 0.1, 0.2, 1.0, -0.3, 0.05]])
Z, P, K = np.array([-0.5]), np.array([0.3, -0.2]), np.array(0.7)
SS = (np.array([[0.3, 0.1], [0.0, 0.2]]), np.array([[1.0], [0.5]]), np.array([[0.4, 0.6]]),
      np.array([[0.2]]))  # fmt: skip
COUNTS = np.array([[3.0, 7.0], [8.0, 5.0]])
ROTATION = np.array([[0.1, 0.2, 0.3, 0.9], [0.4, -0.1, 0.2, 0.8]])
SPLINE = np.array([0.0, 0, 0, 0, 0.5, 1, 1, 1, 1]), np.array([0.3, 0.6, 0.2, 0.7, 0.4]), 3
MOTION = array(2, 6)
INFINITE = Held(np.full(8, np.inf), np.ones(8, bool))
LINKAGE = np.array([[0.0, 1.0, 0.3, 2.0], [2.0, 3.0, 0.5, 2.0], [4.0, 5.0, 0.9, 4.0]])

LINKAGES = Held(LINKAGE, np.array([True, True, False, True]))
SECTIONS = Held(SOS, SOS == 1.0)

NAMED: dict[str, Any] = {
    **dict.fromkeys(("M", "numtaps", "window_length", "npoints"), 7),
    **dict.fromkeys(("num", "Npts", "n_samples"), 12),
    **dict.fromkeys(("N", "order", "polyorder", "deg", "degree", "up", "kx", "ky"), 2),
    **dict.fromkeys(("down", "q", "size", "rank"), 3),
    **dict.fromkeys(("rp", "gpass"), 1.0),
    **dict.fromkeys(("rs", "gstop"), 40.0),
    "axis": 0,
    "axes": (0, 1),
    "angle": 20.0,
    "percentile": 40,
    "proportiontocut": 0.2,
    "output_shape": (5, 6),
    "func": square,
    "f": square,
    "fun": square,
}


def special_integers(*names: str) -> dict[str, Any]:
    """Of functions whose first argument is an integer."""
    return {f"special.{n}": call(np.array([0, 1, 2]), array(3)) for n in names}


ARGUMENTS: dict[str, Any] = {
    # -- cluster
    **{
        f"cluster.hierarchy.{name}": call(LINKAGES)
        for name in (
            "cophenet",
            "cut_tree",
            "inconsistent",
            "is_monotonic",
            "leaves_list",
            "maxdists",
            "num_obs_linkage",
            "to_tree",
            "is_valid_linkage",
            "from_mlab_linkage",
            "to_mlab_linkage",
        )
    },
    "cluster.hierarchy.fcluster": call(LINKAGES, 0.6),
    "cluster.hierarchy.fclusterdata": call(M, 0.6),
    "cluster.hierarchy.dendrogram": call(LINKAGES, no_plot=True),
    "cluster.hierarchy.optimal_leaf_ordering": call(LINKAGES, array(6)),
    "cluster.hierarchy.leaders": call(LINKAGES, np.array([1, 1, 2, 2], np.int32)),
    "cluster.hierarchy.maxRstat": call(LINKAGES, array(3, 4), 1),
    "cluster.hierarchy.maxinconsts": call(LINKAGES, array(3, 4)),
    "constants.convert_temperature": call(V, "Celsius", "Kelvin"),
    # -- differentiate, integrate, optimize: functions of their own
    "differentiate.derivative": call(lambda x, c: c * x**3, V, args=(W,)),
    "differentiate.jacobian": call(lambda x: x**2 * x[:1, ...], array(3)),
    "differentiate.hessian": call(
        lambda x: x[0] ** 2 * x[1] + x[2] ** 3, array(3), maxiter=1, initial_step=0.1
    ),
    "integrate.tanhsinh": call(lambda x, c: c * x**2, V, V + 1, args=(W,)),
    "integrate.nsum": call(lambda k, c: c / k**2, np.ones(8, int), np.full(8, 30), args=(W,)),
    "integrate.tanhsinh to infinity": call(decaying, np.zeros(8, int), INFINITE, args=(W,)),
    "integrate.nsum to infinity": call(decaying, np.zeros(8, int), INFINITE, args=(W,)),
    "integrate.cubature": call(
        lambda x, c: c * x[:, 0] ** 2, array(1), 1 + array(1), args=(array(),)
    ),
    "integrate.quad_vec": call(lambda x, c: c * x * x, 0.0, 1.0, args=(V,)),
    "integrate.quad": call(lambda x, c: c * x * x, 0.0, 1.0, args=(np.array(0.4),)),
    "integrate.dblquad": call(lambda y, x, c: c * x * y, 0, 1, 0, 1, args=(np.array(0.4),)),
    "integrate.tplquad": call(
        lambda z, y, x, c: c * x * y, 0, 1, 0, 1, 0, 1, args=(np.array(0.4),)
    ),
    "integrate.nquad": call(lambda x, c: c * x, [(0, 1)], args=(np.array(0.4),)),
    "integrate.fixed_quad": call(lambda x, c: c * x**2, 0.0, 1.0, args=(np.array(0.4),)),
    "integrate.qmc_quad": call(lambda x: x[0] ** 2, np.array([0.1]), np.array([1.0])),
    "integrate.odeint": call(lambda y, t: -y, array(2), np.linspace(0, 1, 5)),
    "integrate.solve_ivp": call(lambda t, y: -y, (0.0, 1.0), array(2)),
    "integrate.solve_bvp": call(lambda x, y: -y, lambda a, b: a - 1, GRID, array(1, 9)),
    "integrate.romb": call(array(9)),
    "integrate.simpson": call(array(9)),
    "integrate.lebedev_rule": call(3),
    "optimize.elementwise.find_root": call(cubic, (np.zeros(8), np.full(8, 2.0)), args=(V,)),
    "optimize.elementwise.find_minimum": call(
        bowl, (np.full(8, -1.0), np.full(8, 0.1), np.full(8, 2.0)), args=(V,)
    ),
    "optimize.elementwise.bracket_root": call(cubic, V, V + 0.3, args=(W,)),
    "optimize.elementwise.bracket_minimum": call(bowl, V, args=(W,)),
    **{
        f"optimize.{name}": call(cubic, 0.0, 2.0, args=(np.array(0.5),))
        for name in ("bisect", "brenth", "brentq", "ridder", "toms748")
    },
    "optimize.newton": call(cubic, V + 0.5, args=(W,)),
    "optimize.root_scalar": call(cubic, bracket=(0.0, 2.0), args=(np.array(0.5),)),
    "optimize.fixed_point": call(lambda x, c: c / (1 + x), V, args=(W,)),
    "optimize.bracket": call(bowl, args=(np.array(0.4),)),
    "optimize.brent": call(bowl, args=(np.array(0.4),)),
    "optimize.golden": call(bowl, args=(np.array(0.4),)),
    "optimize.minimize_scalar": call(bowl, args=(np.array(0.4),)),
    "optimize.fminbound": call(bowl, 0.0, 1.0, args=(np.array(0.4),)),
    **{
        f"optimize.{name}": call(lambda x: ((x - 1) ** 2).sum(), array(2))
        for name in (
            "minimize",
            "fmin",
            "fmin_bfgs",
            "fmin_cg",
            "fmin_powell",
            "basinhopping",
        )
    },
    "optimize.fmin_l_bfgs_b": call(lambda x: ((x - 1) ** 2).sum(), array(2), approx_grad=True),
    "optimize.fmin_tnc": call(lambda x: ((x - 1) ** 2).sum(), array(2), approx_grad=True, disp=0),
    "optimize.fmin_slsqp": call(lambda x: ((x - 1) ** 2).sum(), array(2), iprint=0),
    "optimize.fmin_ncg": call(lambda x: ((x - 1) ** 2).sum(), array(2), lambda x: 2 * (x - 1)),
    "optimize.fmin_cobyla": call(lambda x: ((x - 1) ** 2).sum(), array(2), lambda x: x.sum()),
    **{
        f"optimize.{name}": call(lambda x: x**3 - 0.5, array(2) + 0.4)
        for name in (
            "fsolve",
            "root",
            "anderson",
            "broyden1",
            "broyden2",
            "diagbroyden",
            "excitingmixing",
            "linearmixing",
            "newton_krylov",
            "least_squares",
            "leastsq",
        )
    },
    "optimize.approx_fprime": call(array(2), lambda x: (x * x).sum()),
    "optimize.check_grad": call(lambda x: (x * x).sum(), lambda x: 2 * x, array(2)),
    "optimize.curve_fit": call(lambda x, a: a * x, V, W),
    "optimize.linear_sum_assignment": call(array(3, 3)),
    "optimize.linprog": call(array(3), np.ones((1, 3)), np.array([4.0])),
    # -- interpolate
    "interpolate.make_interp_spline": call(GRID, array(9)),
    "interpolate.make_smoothing_spline": call(GRID, array(9)),
    "interpolate.make_splrep": call(GRID, array(9)),
    "interpolate.splrep": call(GRID, array(9)),
    "interpolate.generate_knots": call(GRID, array(9), s=0.1),
    "interpolate.make_lsq_spline": call(GRID, array(9), np.array([0.0, 0, 0, 0, 0.5, 1, 1, 1, 1])),
    "interpolate.pchip_interpolate": call(GRID, array(9), BETWEEN),
    "interpolate.interpn": call((GRID,), array(9), BETWEEN[:, None]),
    "interpolate.lagrange": call(GRID[:3], array(3)),
    "interpolate.pade": call([1.0, 1.0, 0.5, 0.2], 2),
    **{
        f"interpolate.{name}": call(GRID, array(9), BETWEEN)
        for name in (
            "Akima1DInterpolator",
            "BarycentricInterpolator",
            "CubicSpline",
            "Rbf",
            "interp1d",
            "FloaterHormannInterpolator",
            "InterpolatedUnivariateSpline",
            "KroghInterpolator",
            "PchipInterpolator",
            "UnivariateSpline",
            "AAA",
        )
    },
    "interpolate.CubicHermiteSpline": call(GRID, array(9), array(9, seed=1), BETWEEN),
    "interpolate.LSQUnivariateSpline": call(GRID, array(9), np.array([0.5]), BETWEEN),
    "interpolate.RBFInterpolator": call(M, array(6), array(4, 3, seed=3)),
    "interpolate.LinearNDInterpolator": call(array(6, 2), array(6), np.full((1, 2), 0.5)),
    "interpolate.CloughTocher2DInterpolator": call(array(6, 2), array(6), np.full((1, 2), 0.5)),
    "interpolate.NearestNDInterpolator": call(M, array(6), array(4, 3, seed=3)),
    "interpolate.RegularGridInterpolator": call((GRID,), array(9), BETWEEN[:, None]),
    "interpolate.BSpline": call(np.array([0.0, 0, 0, 0, 0.5, 1, 1, 1, 1]), array(5), 3, BETWEEN),
    "interpolate.PPoly": call(array(3, 8), GRID, BETWEEN),
    "interpolate.BPoly": call(array(3, 8), GRID, BETWEEN),
    "interpolate.NdPPoly": call(array(3, 8), (GRID,), BETWEEN[:, None]),
    "interpolate.NdBSpline": call(
        (np.array([0.0, 0, 0, 0, 0.5, 1, 1, 1, 1]),), array(5), 3, BETWEEN[:, None]
    ),
    **{f"interpolate.{name}": call(BETWEEN, SPLINE) for name in ("splev",)},
    "interpolate.spalde": call(np.array(0.3), SPLINE),
    "interpolate.insert": call(np.array(0.3), SPLINE),
    "interpolate.splint": call(np.array(0.2), np.array(0.7), SPLINE),
    **{f"interpolate.{name}": call(SPLINE) for name in ("sproot", "splder", "splantider")},
    "interpolate.splprep": call([array(9), array(9, seed=1)]),
    "interpolate.make_splprep": call([array(9), array(9, seed=1)]),
    "interpolate.bisplrep": call(array(30), array(30, seed=1), array(30, seed=2)),
    "interpolate.bisplev": call(BETWEEN, BETWEEN, (SPLINE[0], SPLINE[0], array(25), 3, 3)),
    "interpolate.griddata": call(array(9, 2), array(9), np.full((1, 2), 0.5)),
    "interpolate.RectBivariateSpline": call(GRID, GRID, array(9, 9), (BETWEEN, BETWEEN)),
    "interpolate.SmoothBivariateSpline": call(
        array(30), array(30, seed=1), array(30, seed=2), (BETWEEN, BETWEEN)
    ),
    # -- linalg
    "linalg.cho_solve": call((np.linalg.cholesky(spd(3)), True), array(3)),
    "linalg.lu_solve": call((spd(3), np.array([0, 1, 2])), array(3)),
    "linalg.solve_banded": call((1, 1), array(3, 5), array(5)),
    "linalg.solve_toeplitz": call(1 / (1 + np.arange(4.0)), array(4)),
    "linalg.eigh_tridiagonal": call(V, W[:-1]),
    "linalg.eigvalsh_tridiagonal": call(V, W[:-1]),
    "linalg.fractional_matrix_power": call(spd(3), 0.5),
    "linalg.funm": call(spd(3), np.exp),
    "linalg.convolution_matrix": call(V, 5),
    "linalg.leslie": call(V, W[:-1]),
    "linalg.clarkson_woodruff_transform": call(M, 3, rng=0),
    "linalg.null_space": call(array(2, 3)),
    "linalg.diagsvd": call(V, 8, 8),
    "linalg.cossin": call(np.linalg.qr(spd(4))[0], 2, 2),
    # -- ndimage
    **{
        f"ndimage.{name}": call(IMAGE, 3)
        for name in (
            "black_tophat",
            "grey_closing",
            "grey_dilation",
            "grey_erosion",
            "grey_opening",
            "maximum_filter",
            "maximum_filter1d",
            "median_filter",
            "minimum_filter",
            "minimum_filter1d",
            "morphological_gradient",
            "morphological_laplace",
            "uniform_filter",
            "uniform_filter1d",
            "white_tophat",
        )
    },
    "ndimage.percentile_filter": call(IMAGE, 40, 3),
    "ndimage.rank_filter": call(IMAGE, 2, 3),
    "ndimage.generic_filter": call(IMAGE, np.mean, 3),
    "ndimage.generic_filter1d": call(IMAGE, lambda a, out: None, 3),
    "ndimage.vectorized_filter": call(IMAGE, np.mean, size=3),
    "ndimage.affine_transform": call(IMAGE, array(2, 2)),
    "ndimage.map_coordinates": call(IMAGE, 3 * array(2, 5)),
    "ndimage.geometric_transform": call(IMAGE, lambda p: (p[0], p[1] / 2)),
    "ndimage.rotate": call(IMAGE, 20.0),
    "ndimage.histogram": call(IMAGE, 0, 1, 4),
    "ndimage.gaussian_filter": call(IMAGE, 0.7),
    "ndimage.gaussian_gradient_magnitude": call(IMAGE, 0.7),
    "ndimage.gaussian_laplace": call(IMAGE, 0.7),
    "ndimage.gaussian_filter1d": call(IMAGE, 0.7),
    # -- signal
    **{f"signal.{name}": call(2, array()) for name in ("butter", "bessel", "iircomb", "iirfilter")},
    "signal.oaconvolve": call(array(200), array(4)),  # in blocks that overlap
    "signal.cheby1": call(2, np.array(1.0), array()),
    "signal.cheby2": call(2, np.array(40.0), array()),
    "signal.ellip": call(2, np.array(1.0), np.array(40.0), array()),
    "signal.iirdesign": call(np.array(0.2), np.array(0.3), np.array(1.0), np.array(40.0)),
    "signal.iirnotch": call(array(), 30.0),
    "signal.iirpeak": call(array(), 30.0),
    "signal.iircomb": call(np.array(0.25), 30.0),
    **{
        f"signal.{name}": call(np.array(0.2), np.array(0.3), 1, 40)
        for name in ("buttord", "cheb1ord", "cheb2ord", "ellipord")
    },
    "signal.cheb1ap": call(3, array()),
    "signal.cheb2ap": call(3, np.array(20.0)),
    "signal.ellipap": call(3, array(), np.array(20.0)),
    "signal.firwin": call(7, array()),
    "signal.firwin2": call(7, np.array([0.0, 0.4, 1.0]), np.array([1.0, 0.6, 0.0])),
    "signal.firls": call(7, np.array([0.0, 0.3, 0.5, 1.0]), np.array([1.0, 0.9, 0.1, 0.0])),
    "signal.remez": call(7, np.array([0.0, 0.1, 0.2, 0.5]), np.array([1.0, 0.0])),
    "signal.lfilter": call(B, A, LONG),
    "signal.lfilter_zi": call(A[:2] + 0.1, A),
    "signal.lfiltic": call(B, 0.9 * A, array(2)),  # for 1 there is another branch
    "signal.filtfilt": call(B, A, LONG),
    "signal.sosfilt": call(SECTIONS, LONG),
    "signal.sosfiltfilt": call(SECTIONS, LONG),
    "signal.sosfilt_zi": call(SECTIONS),
    "signal.sos2tf": call(SECTIONS),
    "signal.sos2zpk": call(SECTIONS),
    "signal.sosfreqz": call(SECTIONS, 8),
    "signal.freqz_sos": call(SECTIONS, 8),
    "signal.freqz": call(B, A, 8),
    "signal.freqz_zpk": call(Z, P, K, 8),
    "signal.freqs": call(B, A, array(6)),
    "signal.freqs_zpk": call(Z, P, K, array(6)),
    "signal.group_delay": call((B, A), 8),
    "signal.tf2zpk": call(B, A[:2]),
    "signal.zpk2sos": call(Z, P, K),
    "signal.zpk2tf": call(Z, P, K),
    "signal.zpk2ss": call(Z, P, K),
    "signal.bilinear_zpk": call(Z, P, K, 2.0),
    "signal.ss2tf": call(*SS),
    "signal.ss2zpk": call(*SS),
    "signal.cont2discrete": call(SS, 0.1),
    **{f"signal.{name}": call((B, A)) for name in ("bode", "freqresp", "impulse", "step")},
    **{f"signal.{name}": call((B, A, 0.1)) for name in ("dbode", "dfreqresp", "dimpulse", "dstep")},
    "signal.lsim": call((B, A), array(5), np.linspace(0, 1, 5)),
    "signal.dlsim": call((B, A, 0.1), array(5)),
    "signal.lp2hp_zpk": call(Z, P, K),
    "signal.resample": call(LONG, 16),
    "signal.resample_poly": call(LONG, 2, 3),
    "signal.decimate": call(LONGER, 2),
    "signal.upfirdn": call(B, LONG),
    "signal.savgol_filter": call(LONG, 5, 2),
    "signal.savgol_coeffs": call(5, 2),
    "signal.detrend": call(LONG),
    "signal.medfilt": call(LONG),
    "signal.medfilt2d": call(IMAGE),
    "signal.order_filter": call(IMAGE, np.ones((3, 3)), 2),
    "signal.wiener": call(IMAGE),
    "signal.sepfir2d": call(IMAGE, array(3), array(3, seed=1)),
    "signal.cspline2d": call(IMAGE),
    "signal.spline_filter": call(IMAGE),
    "signal.symiirorder1": call(LONG, 0.5, 0.4),
    "signal.symiirorder2": call(LONG, 0.5, 0.4),
    "signal.hilbert": call(LONG),
    "signal.peak_prominences": call(LONG, np.array([3])),
    "signal.peak_widths": call(LONG, np.array([3])),
    "signal.find_peaks_cwt": call(LONG, np.array([1, 2])),
    "signal.argrelextrema": call(LONG, np.greater),
    "signal.place_poles": call(SS[0], SS[1], np.array([-0.2, -0.5])),
    "signal.abcd_normalize": call(*SS),
    "signal.band_stop_obj": call(
        np.array(0.1), 0, np.array([0.1, 0.6]), np.array([0.2, 0.5]), 1.0, 40.0, "butter"
    ),
    "signal.findfreqs": call(B, A, 5),
    "signal.czt": call(LONG),
    "signal.zoom_fft": call(LONG, 0.5),
    "signal.minimum_phase": call(np.array([0.2, 0.4, 0.7, 0.4, 0.2])),
    "signal.chirp": call(GRID, array(), 1.0, 2.0),
    "signal.gammatone": call(array(), "fir", fs=4.0),
    "signal.check_NOLA": call(V, 8, 4),
    "signal.closest_STFT_dual_window": call(V, 4),
    "signal.deconvolve": call(LONG, B),
    "signal.unique_roots": call(array(4)),
    "signal.windows.kaiser": call(8, array()),
    "signal.windows.gaussian": call(8, array()),
    "signal.windows.general_gaussian": call(8, array(), np.array(2.0)),
    "signal.windows.general_cosine": call(8, array(3)),
    "signal.windows.general_hamming": call(8, array()),
    "signal.windows.chebwin": call(8, np.array(60.0)),
    "signal.windows.exponential": call(8, None, array()),
    "signal.windows.tukey": call(8, array()),
    "signal.windows.taylor": call(8, 4, np.array(30.0)),
    "signal.windows.dpss": call(8, np.array(2.0)),
    "signal.windows.kaiser_bessel_derived": call(8, array()),
    # -- spatial
    "spatial.geometric_slerp": call(np.array([1.0, 0.0]), np.array([0.0, 1.0]), array(3)),
    "spatial.transform.Slerp": call(np.array([0.0, 1.0]), ROTATION, np.array([0.2, 0.7])),
    "spatial.transform.Rotation.__mul__": call(ROTATION, ROTATION[::-1].copy()),
    "spatial.transform.Rotation.__pow__": call(ROTATION, 0.7),
    "spatial.transform.RigidTransform.__pow__": call(MOTION, 0.7),
    "spatial.transform.Rotation.from_euler": call("xyz", array(2, 3)),
    "spatial.transform.Rotation.from_davenport": call(
        np.eye(3, dtype=int), "extrinsic", array(2, 3)
    ),
    "spatial.transform.Rotation.as_euler": call(ROTATION, "xyz"),
    "spatial.transform.Rotation.as_davenport": call(ROTATION, np.eye(3, dtype=int), "extrinsic"),
    "spatial.transform.Rotation.apply": call(ROTATION, array(2, 3)),
    "spatial.transform.Rotation.align_vectors": call(array(4, 3), array(4, 3, seed=1)),
    "spatial.transform.RigidTransform.from_matrix": call(
        Held(np.eye(4) + 0.1 * np.eye(4, k=1), np.arange(4)[:, None] == [[3]] * 4)
    ),
    "spatial.transform.RigidTransform.apply": call(MOTION, array(2, 3)),
    "spatial.transform.RigidTransform.from_dual_quat": call(array(2, 8)),
    "spatial.transform.RigidTransform.from_exp_coords": call(MOTION),
    "spatial.transform.RigidTransform.from_translation": call(array(2, 3)),
    "spatial.distance.mahalanobis": call(array(3), array(3, seed=1), spd(3)),
    "spatial.distance.seuclidean": call(array(3), array(3, seed=1), array(3, seed=2)),
    # -- special, where an argument is an integer, or from elsewhere
    **special_integers(
        "jn",
        "yn",
        "kn",
        "expn",
        "bdtr",
        "eval_hermite",
        "eval_hermitenorm",
        "mathieu_a",
        "mathieu_b",
        "polygamma",
    ),
    "special.polygamma": call(np.array([1, 2, 3]), array(3)),
    "special.expn": call(np.array([1, 2, 3]), array(3)),
    "special.bdtr": call(np.array([1, 2]), np.array([4, 5]), array(2)),
    "special.bdtrc": call(np.array([1, 2]), np.array([4, 5]), array(2)),
    "special.bdtri": call(np.array([1, 2]), np.array([4, 5]), array(2)),
    "special.nbdtr": call(np.array([1, 2]), np.array([4, 5]), array(2)),
    "special.nbdtrc": call(np.array([1, 2]), np.array([4, 5]), array(2)),
    "special.nbdtri": call(np.array([1, 2]), np.array([4, 5]), array(2)),
    "special.smirnov": call(np.array([3, 4]), array(2)),
    "special.smirnovi": call(np.array([3, 4]), array(2)),
    "special.chndtrinc": call(np.array(3.0), np.array(2.0), np.array(0.3)),
    "special.ndtri_exp": call(-V),
    "special.lpmv": call(1, 2, array(3)),
    "special.multigammaln": call(3 + V, 2),
    "special.diric": call(V, 5),
    "special.logsumexp": call(V),
    "special.assoc_legendre_p": call(2, 1, array(3)),
    "special.assoc_legendre_p_all": call(2, 1, array(3)),
    "special.legendre_p": call(2, array(3)),
    "special.legendre_p_all": call(2, array(3)),
    "special.sph_legendre_p": call(2, 1, array(3)),
    "special.sph_legendre_p_all": call(2, 1, array(3)),
    "special.sph_harm_y": call(2, 1, array(3), array(3, seed=1)),
    "special.sph_harm_y_all": call(2, 1, array(3), array(3, seed=1)),
    **{
        f"special.{name}": call(2, array())
        for name in (
            "spherical_jn",
            "spherical_yn",
            "spherical_in",
            "spherical_kn",
            "lmbda",
            "lqn",
            "pbdv_seq",
            "pbvv_seq",
            "riccati_jn",
            "riccati_yn",
        )
    },
    **{
        f"special.{name}": call(1, np.array(2), array(3))
        for name in (
            "mathieu_cem",
            "mathieu_modcem1",
            "mathieu_modcem2",
            "mathieu_modsem1",
            "mathieu_modsem2",
            "mathieu_sem",
        )
    },
    # -- stats
    "stats.ks_1samp": call(V, lambda x: x),
    "stats.kstest": call(V, lambda x: x),
    "stats.cramervonmises": call(V, lambda x: x),
    "stats.goodness_of_fit": call(None, V),
    "stats.bws_test": call(V, W, method=PermutationMethod(rng=0)),
    "stats.boxcox_llf": call(0.3, V),
    "stats.yeojohnson_llf": call(0.3, V),
    "stats.boxcox_normplot": call(V, -2, 2),
    "stats.yeojohnson_normplot": call(V, -2, 2),
    "stats.pmean": call(V, 2.0),
    "stats.expectile": call(V),
    "stats.trimboth": call(V, 0.2),
    "stats.trim1": call(V, 0.2),
    "stats.trim_mean": call(V, 0.2),
    "stats.moment": call(V, 3),
    "stats.quantile": call(V, np.array([0.3, 0.6])),
    "stats.quantile_test": call(V, q=0.5),
    "stats.ttest_ind_from_stats": call(
        array(), 1 + array(), 8, array(seed=1), 1 + array(seed=3), 9
    ),
    "stats.entropy": [call(V), call(V, W)],
    "stats.linregress": call(V, W),
    "stats.bootstrap": call((V,), np.mean, n_resamples=20, rng=0),
    "stats.permutation_test": call(
        (V, W), lambda x, y, axis: np.mean(x - y, axis=axis), n_resamples=20, rng=0
    ),
    "stats.monte_carlo_test": call(
        V, lambda size: array(*size), lambda x, axis: x.mean(axis=axis), n_resamples=20
    ),
    "stats.tukey_hsd": call(V, W, U),
    "stats.dunnett": call(V, W, control=U, rng=0),
    "stats.somersd": call(V, W),
    "stats.ansari": call(V, W),
    "stats.median_test": call(V, W),
    "stats.binomtest": call(3, 8),
    "stats.poisson_means_test": call(3, 8.0, 4, 9.0),
    "stats.fisher_exact": call(COUNTS),
    "stats.barnard_exact": call(COUNTS),
    "stats.boschloo_exact": call(COUNTS),
    "stats.combine_pvalues": call(V),
    "stats.sobol_indices": call(func=lambda x: x[0] + x[1], n=4, rng=0),
    "stats.multiscale_graphcorr": call(M, array(6, 3, seed=1), reps=2, rng=0),
    "stats.levene": call(V, W, U),
    "stats.percentileofscore": call(V, 0.4),
    "stats.scoreatpercentile": call(V, 40),
    "stats.false_discovery_control": call(V),
    "stats.directional_stats": call(M),
    "stats.lmoment": call(V),
    "stats.ppcc_plot": call(V, 1, 2),
    "stats.mannwhitneyu": call(V, W),
    "stats.mode": call(V),
    "stats.zmap": call(V, W),
    "stats.power": call(
        lambda x, axis: (x.mean(axis=axis), x.mean(axis=axis)),
        lambda size: array(*size),
        5,
        n_resamples=4,
    ),
    "stats.contingency.association": call(np.array([[3, 7], [8, 5]])),
    "stats.contingency.relative_risk": call(3, 8, 4, 9),
    "stats.contingency.odds_ratio": call(np.array([[3, 7], [8, 5]])),
}
