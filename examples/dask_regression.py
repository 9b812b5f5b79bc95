"""Fit a line through more numbers than a worker has memory for.

    python examples/dask_regression.py

Two worker processes generate the rows of x and y chunk by chunk, each time they are needed, and no
one ever holds them all.  A step plans the mean squared error and its gradient, and computes both in
one pass over the chunks; the weights are a NumPy array.  The folder of --out gets the losses as
dask-regression.png.  For a cluster of many machines, give Client its address.

Exit status: 0; 1 if the weights are wrong; 2 if a package or file is missing; 130 if interrupted.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Any, NoReturn

import numpy as np

import minigrad as mg

try:
    import dask.array as da
    from distributed import Client, LocalCluster
    from matplotlib.figure import Figure
    from tqdm import tqdm
except ImportError as missing:
    hint = "try: pip install 'minigrad[examples]'"
    print(f"dask_regression.py: {missing}; {hint}", file=sys.stderr)
    raise SystemExit(2) from None

COLUMNS, NOISE = 50, 0.1


def data(rows: int, in_chunk: int) -> tuple[Any, Any, Any]:
    """Plans of x and of y = x @ weights + noise, and the weights."""
    rng, weights = da.random.default_rng(0), np.linspace(-1, 1, COLUMNS)
    x = rng.uniform(-1, 1, (rows, COLUMNS), chunks=(in_chunk, COLUMNS))
    y = x @ weights + rng.normal(0, NOISE, rows, chunks=in_chunk)
    return x, y, weights


def fit(x: Any, y: Any, steps: int) -> tuple[mg.Tensor, list[float]]:
    """The weights, found by descent from 0, and the loss before each step."""
    w = mg.nn.parameter(np.zeros(COLUMNS))
    optimizer, losses = mg.optim.SGD([w], lr=1.0), []
    for _ in tqdm(range(steps), unit="step", leave=False, disable=None):
        optimizer.zero_grad()
        loss = ((x @ w - y) ** 2).mean()
        loss.backward()
        loss, w.grad = mg.compute(loss, w.grad)
        optimizer.step()
        losses.append(loss.item())
    return w, losses


def plot(losses: list[float]) -> Figure:
    """The loss before each step, down to the noise."""
    axes = (figure := Figure(figsize=(6, 4), layout="constrained")).subplots()
    axes.semilogy(losses, ".-", label="mean squared error")
    axes.axhline(NOISE**2, color="0.6", linestyle="--", label="variance of the noise")
    axes.set(xlabel="step", title="Linear regression on a cluster")
    axes.legend()
    return figure


def fail(message: str, status: int) -> NoReturn:
    """End the program with one line on stderr."""
    print(f"dask_regression.py: {message}", file=sys.stderr)
    raise SystemExit(status)


def main(argv: list[str] | None = None) -> None:
    """Run the example; SystemExit carries the status if that is not 0."""
    parser = argparse.ArgumentParser(description="Fit a line on two processes of limited memory.")
    parser.add_argument("--out", type=Path, default=Path("out"), metavar="FOLDER", help="(out)")
    parser.add_argument("--smoke", action="store_true", help="few rows, to see that it works")
    args = parser.parse_args(argv)
    x, y, weights = data(20_000, 5000) if args.smoke else data(2_000_000, 50_000)
    print(f"x has {len(x)} rows, {x.nbytes / 2**20:.0f} MiB, in {x.npartitions} chunks")
    try:
        args.out.mkdir(parents=True, exist_ok=True)  # before, so as not to learn in vain
        options = {"memory_limit": "400MiB", "host": "127.0.0.1", "dashboard_address": None}
        with LocalCluster(n_workers=2, threads_per_worker=1, **options) as cluster, Client(cluster):
            w, losses = fit(x, y, steps=8)
        plot(losses).savefig(args.out / "dask-regression.png", dpi=120)
    except (OSError, KeyboardInterrupt) as error:
        fail(str(error) or "interrupted", status=2 if isinstance(error, OSError) else 130)
    furthest = np.abs(w.numpy() - weights).max()
    print(f"The loss fell from {losses[0]:.4f} to {losses[-1]:.4f}; {args.out} has the plot.")
    print(f"The weights are those that y was made with, within {furthest:.5f}.")
    if not furthest < 0.02:
        fail(f"a weight is off by {furthest:.3f}", status=1)


if __name__ == "__main__":
    main()
