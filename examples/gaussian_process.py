"""Learn the hyper-parameters of a Gaussian process by its marginal likelihood.

    python examples/gaussian_process.py

`kernel`, `log_likelihood` and `predict` are NumPy code as Rasmussen and Williams, "Gaussian
Processes for Machine Learning" (2006), algorithm 2.1, has it; minigrad gives SciPy's optimizer the
gradient through the Cholesky decomposition.  It is checked against numerical differentiation first,
and at the end against scikit-learn's, whose derivatives are written by hand.  The folder of --out
gets a plot, gaussian-process.png.
"""

import argparse
from pathlib import Path

import numpy as np

import minigrad as mg

try:
    import matplotlib.pyplot as plt
    from scipy.optimize import minimize
    from sklearn.gaussian_process import GaussianProcessRegressor
    from sklearn.gaussian_process.kernels import RBF, ConstantKernel, WhiteKernel
except ImportError as missing:
    raise SystemExit(f"{missing}; try: pip install 'minigrad[examples]'") from None


def kernel(a, b, variance, length):
    """The covariance of the process at points a (n,) with that at b (m,), of shape (n, m)."""
    return variance * np.exp(-0.5 * ((a[:, None] - b) / length) ** 2)


def log_likelihood(logarithms, x, y):
    """The log marginal likelihood of y at x, for logarithms of the hyper-parameters."""
    variance, length, noise = np.exp(logarithms)
    lower = np.linalg.cholesky(kernel(x, x, variance, length) + noise * np.eye(len(x)))
    white = np.linalg.solve(lower, y)
    return (
        -0.5 * white @ white - np.sum(np.log(np.diagonal(lower))) - 0.5 * len(x) * np.log(2 * np.pi)
    )


def predict(logarithms, x, y, points):
    """The mean and standard deviation of the process at `points`, given y at x."""
    variance, length, noise = np.exp(logarithms)
    covariance = kernel(x, x, variance, length) + noise * np.eye(len(x))
    across = kernel(x, points, variance, length)
    solved = np.linalg.solve(covariance, across)
    return solved.T @ y, np.sqrt(variance - np.sum(across * solved, axis=0))


def main():
    parser = argparse.ArgumentParser(description="Fit a Gaussian process to noisy points.")
    parser.add_argument("--out", type=Path, default=Path("out"), help="folder for the plot (out)")
    parser.add_argument("--seed", type=int, default=0, help="of the points (0)")
    parser.add_argument("--smoke", action="store_true", help="stop after three iterations")
    args = parser.parse_args()
    rng = np.random.default_rng(args.seed)
    x = np.sort(rng.uniform(0, 10, 60))
    y = np.sin(x) * x / 4 + rng.normal(0, 0.3, x.size)

    def loss(logarithms):
        return -log_likelihood(logarithms, x, y)

    start = np.zeros(3)
    mg.testing.check_grads(loss, start, order=1)
    print("the gradient at the start is that of numerical differentiation")
    limit = {"maxiter": 3 if args.smoke else None}
    found = minimize(mg.value_and_grad(loss), start, jac=True, options=limit)
    print(f"after {found.nit} iterations the log-likelihood is {-found.fun:.6f}\n")

    theirs = GaussianProcessRegressor(ConstantKernel(1) * RBF(1) + WhiteKernel(1), optimizer=None)
    likelihood, slopes = theirs.fit(x[:, None], y).log_marginal_likelihood(found.x, True)
    ours = -mg.value_and_grad(loss)(found.x)[1]
    names = "variance", "length", "noise"
    for name, value, slope, by_hand in zip(names, np.exp(found.x), ours, slopes, strict=True):
        print(f"{name:<9}{value:>8.4f}   slope {slope:>9.1e}, by hand {by_hand:>9.1e}")
    print(f"{'':<9}{'':>8}   log-likelihood by hand {likelihood:.6f}")

    points = np.linspace(0, 10, 200)
    mean, deviation = predict(found.x, x, y, points)
    figure, axes = plt.subplots(figsize=(8, 4), layout="constrained")
    axes.plot(x, y, ".", label="points")
    axes.plot(points, mean, label="mean")
    axes.fill_between(points, mean - 2 * deviation, mean + 2 * deviation, alpha=0.2,
                      label="two standard deviations")  # fmt: skip
    axes.plot(points, np.sin(points) * points / 4, "--", label="truth")
    axes.set(xlabel="x", ylabel="y")
    axes.legend()
    args.out.mkdir(parents=True, exist_ok=True)
    figure.savefig(args.out / "gaussian-process.png", dpi=120)


if __name__ == "__main__":
    main()
