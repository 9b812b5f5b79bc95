"""Estimate the variances of a state-space model by a Kalman filter's likelihood: the Nile.

    python examples/kalman.py

`filtered` is a Kalman filter as textbooks have it, in NumPy, for any linear model.  The model is a
level that drifts and is seen with noise; minigrad gives SciPy's optimizer the gradient of the log-
likelihood by the logarithms of both variances, which is checked against numerical differentiation
first.  What comes out stands beside the estimates of Durbin and Koopman, "Time Series Analysis by
State Space Methods" (2nd ed., 2012), section 2.10.  The folder of --out gets a plot, kalman.png.
"""

import argparse
from pathlib import Path

import numpy as np

import minigrad as mg

try:
    import matplotlib.pyplot as plt
    from scipy.optimize import minimize
except ImportError as missing:
    raise SystemExit(f"{missing}; try: pip install 'minigrad[examples]'") from None

# The yearly flow of the Nile at Aswan from 1871 to 1970, in 10^8 cubic metres (Cobb, 1978).
NILE = np.array([
    1120, 1160, 963, 1210, 1160, 1160, 813, 1230, 1370, 1140, 995, 935, 1110, 994, 1020, 960, 1180,
    799, 958, 1140, 1100, 1210, 1150, 1250, 1260, 1220, 1030, 1100, 774, 840, 874, 694, 940, 833,
    701, 916, 692, 1020, 1050, 969, 831, 726, 456, 824, 702, 1120, 1100, 832, 764, 821, 768, 845,
    864, 862, 698, 845, 744, 796, 1040, 759, 781, 865, 845, 944, 984, 897, 822, 1010, 771, 676, 649,
    846, 812, 742, 801, 1040, 860, 874, 848, 890, 744, 749, 838, 1050, 918, 986, 797, 923, 975, 815,
    1020, 906, 901, 1170, 912, 746, 919, 718, 714, 740,
])  # fmt: skip


def filtered(ys, transition, drift, seen, noise, state, covariance):
    """The log-likelihood of ys, and the state's mean and covariance after each of them.

    Shapes: ys (years, m); transition and drift (n, n); seen (m, n); noise (m, m); state (n,).
    """
    log_likelihood, means, covariances = 0.0, [], []
    for y in ys:
        error = y - seen @ state
        spread = seen @ covariance @ seen.T + noise
        log_likelihood = log_likelihood - 0.5 * (
            error @ np.linalg.solve(spread, error)
            + np.linalg.slogdet(spread)[1]
            + len(y) * np.log(2 * np.pi)
        )
        gain = np.linalg.solve(spread, seen @ covariance).T
        means.append(state + gain @ error)
        covariances.append(covariance - gain @ seen @ covariance)
        state = transition @ means[-1]
        covariance = transition @ covariances[-1] @ transition.T + drift
    return log_likelihood, means, covariances


def local_level(log_variances):
    """The filter for a level that drifts; it starts from the first year, and so with its noise."""
    one, (noise, drift) = np.eye(1), np.exp(log_variances).reshape(2, 1, 1)
    return filtered(NILE[1:, None], one, drift, one, noise, NILE[:1], noise + drift)


def main():
    parser = argparse.ArgumentParser(description="Fit a local level to the flow of the Nile.")
    parser.add_argument("--out", type=Path, default=Path("out"), help="folder for the plot (out)")
    parser.add_argument("--smoke", action="store_true", help="stop after three iterations")
    args = parser.parse_args()
    start = np.log([10_000.0, 10_000.0])

    def loss(log_variances):
        return -local_level(log_variances)[0]

    mg.testing.check_grads(loss, start, order=1)
    print("the gradient at the start is that of numerical differentiation")
    limit = {"maxiter": 3 if args.smoke else None}
    found = minimize(mg.value_and_grad(loss), start, jac=True, options=limit)
    print(f"after {found.nit} iterations the log-likelihood is {-found.fun:.3f}\n")
    for name, value, published in zip(
        ("noise", "drift"), np.exp(found.x), (15099, 1469), strict=True
    ):
        print(f"variance of the {name}: {value:>9.1f}   (published: {published})")

    _, means, covariances = local_level(found.x)
    level, deviation = np.ravel(means), np.sqrt(np.ravel(covariances))
    years = np.arange(1872, 1971)
    figure, axes = plt.subplots(figsize=(8, 4), layout="constrained")
    axes.plot(np.arange(1871, 1971), NILE, ".", label="flow")
    axes.plot(years, level, label="level, filtered")
    axes.fill_between(years, level - 1.645 * deviation, level + 1.645 * deviation, alpha=0.2,
                      label="90 % of the level")  # fmt: skip
    axes.set(xlabel="year", ylabel="flow (10⁸ m³)")
    axes.legend()
    args.out.mkdir(parents=True, exist_ok=True)
    figure.savefig(args.out / "kalman.png", dpi=120)


if __name__ == "__main__":
    main()
