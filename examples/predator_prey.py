"""Fit a differential equation to data: hares and lynxes in Canada, 1900 to 1920.

    python examples/predator_prey.py

`slope`, `runge_kutta` and `simulate` are NumPy code as one has it; minigrad gives SciPy's optimizer
the gradient of the misfit by all six parameters, which is checked against numerical differentiation
first.  What comes out stands beside the posterior means of Carpenter, "Predator-prey population
dynamics: the Lotka-Volterra model in Stan" (2018), for the same data; and the solution keeps, as it
must, Volterra's integral of motion.  The folder of --out gets a plot, predator-prey.png.
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

# Pelts of hares, then lynxes, that the Hudson's Bay Company took, in thousands (Hewitt, 1921).
PELTS = np.array([[30.0, 47.2, 70.2, 77.4, 36.3, 20.6, 18.1, 21.4, 22.0, 25.4, 27.1, 40.3, 57.0,
                   76.6, 52.3, 19.5, 11.2, 7.6, 14.6, 16.2, 24.7],
                  [4.0, 6.1, 9.8, 35.2, 59.4, 41.7, 19.0, 13.0, 8.3, 9.1, 7.4, 8.0, 12.3, 19.5,
                   45.7, 51.1, 29.7, 15.8, 9.7, 10.1, 8.6]])  # fmt: skip
NAMES = ["births of hares", "hares eaten", "deaths of lynxes", "lynxes fed", "hares", "lynxes"]
PUBLISHED = [0.55, 0.028, 0.80, 0.024, 34.0, 5.9]


def slope(state, rates):
    """The Lotka-Volterra equations."""
    (hares, lynxes), (born, eaten, died, fed) = state, rates
    return np.stack([(born - eaten * lynxes) * hares, (fed * hares - died) * lynxes])


def runge_kutta(f, state, step, *args):
    """One step of the classical fourth-order method."""
    k1 = f(state, *args)
    k2 = f(state + step / 2 * k1, *args)
    k3 = f(state + step / 2 * k2, *args)
    k4 = f(state + step * k3, *args)
    return state + step / 6 * (k1 + 2 * k2 + 2 * k3 + k4)


def simulate(parameters, years, steps=10):
    """The state at the end of every year, of shape (2, years); the first one is given."""
    rates, state = parameters[:4], parameters[4:]
    states = [state]
    for _ in range(years - 1):
        for _ in range(steps):
            state = runge_kutta(slope, state, 1 / steps, rates)
        states.append(state)
    return np.stack(states, axis=1)


def misfit(logarithms):
    """The sum of squares of relative errors, for logarithms of the parameters."""
    states = simulate(np.exp(logarithms), PELTS.shape[1])
    return np.sum((np.log(states) - np.log(PELTS)) ** 2)


def main():
    parser = argparse.ArgumentParser(description="Fit the predator-prey equations to pelts.")
    parser.add_argument("--out", type=Path, default=Path("out"), help="folder for the plot (out)")
    parser.add_argument("--smoke", action="store_true", help="stop after three iterations")
    args = parser.parse_args()
    start = np.log([0.5, 0.025, 0.8, 0.025, 30.0, 4.0])
    mg.testing.check_grads(misfit, start, order=1)
    print("the gradient at the start is that of numerical differentiation")
    limit = {"maxiter": 3 if args.smoke else None}
    found = minimize(mg.value_and_grad(misfit), start, jac=True, options=limit)
    print(f"misfit {misfit(start):.3f}, after {found.nit} iterations {found.fun:.3f}\n")

    fitted = np.exp(found.x)
    print(f"{'parameter':<18}{'fitted':>8}{'published':>11}")
    for name, value, published in zip(NAMES, fitted, PUBLISHED, strict=True):
        print(f"{name:<18}{value:>8.3f}{published:>11}")
    hares, lynxes = states = simulate(fitted, PELTS.shape[1])
    born, eaten, died, fed = fitted[:4]
    integral = fed * hares - died * np.log(hares) + eaten * lynxes - born * np.log(lynxes)
    print(f"\nthe integral of motion varies by {np.ptp(integral):.1e}")

    figure, axes = plt.subplots(figsize=(8, 4), layout="constrained")
    axes.plot(range(1900, 1921), PELTS.T, "o", label=["hares, counted", "lynxes, counted"])
    axes.set_prop_cycle(None)
    axes.plot(range(1900, 1921), states.T, label=["hares, fitted", "lynxes, fitted"])
    axes.set(xlabel="year", ylabel="pelts (thousands)", xticks=range(1900, 1921, 5))
    axes.legend()
    args.out.mkdir(parents=True, exist_ok=True)
    figure.savefig(args.out / "predator-prey.png", dpi=120)


if __name__ == "__main__":
    main()
