"""What minigrad costs over Dask: gradients by backward(), against the formulas written by hand.

    python tests/benchmarks/dask_overhead.py [--rounds 15]

Both plan a graph on the same chunks, in memory already, and compute the loss and all gradients in
one pass on Dask's threads.  They run in turn; the ratio is that of the medians, of planning and
computing together.  Both are checked to give the same numbers first.  The bar is 1.2.
"""

import argparse
import statistics
import time
from collections.abc import Callable
from typing import Any

import dask
import dask.array as da
import numpy as np

import minigrad as mg
import minigrad.nn.functional as F
from minigrad import core

Planned = tuple[Any, ...]


def least_squares(rows: int, chunks: int) -> tuple[Callable[[], Planned], Callable[[], Planned]]:
    """The mean square of x @ w - y, and its gradient by w."""
    x, noise = da.random.default_rng(0), np.random.default_rng(0)
    data = x.standard_normal((rows, 100), chunks=(rows // chunks, 100)).persist()
    w = noise.standard_normal(100)
    y = (data @ w + 1).persist()

    def by_hand() -> Planned:
        r = data @ w - y
        return (r * r).mean(), data.T @ r * (2 / rows)

    def by_minigrad() -> Planned:
        p = mg.nn.parameter(w)
        r = data @ p - y
        loss = (r * r).mean()
        loss.backward()
        return core.unwrap([loss, p.grad])

    return by_hand, by_minigrad


def network(rows: int, chunks: int) -> tuple[Callable[[], Planned], Callable[[], Planned]]:
    """The book's network, 784-50-10, with the mean cross-entropy, and its four gradients."""
    rng = da.random.default_rng(0)
    x = rng.standard_normal((rows, 784), chunks=(rows // chunks, 784), dtype=np.float32).persist()
    labels = rng.integers(0, 10, rows, chunks=rows // chunks).persist()
    net = mg.nn.Sequential(
        mg.nn.Linear(784, 50, rng=0, dtype=np.float32),
        mg.nn.ReLU(),
        mg.nn.Linear(50, 10, rng=1, dtype=np.float32),
    )
    w1, b1, w2, b2 = core.unwrap(net.parameters())

    def pick(p: Any, t: Any) -> Any:
        return p[np.arange(len(t)), t]

    def error(p: Any, t: Any) -> Any:
        d = p.copy()
        d[np.arange(len(t)), t] -= 1
        return d

    def by_hand() -> Planned:
        z = x @ w1 + b1
        h = np.maximum(z, 0)
        s = h @ w2 + b2
        e = np.exp(s - s.max(axis=1, keepdims=True))
        p = e / e.sum(axis=1, keepdims=True)
        picked = da.blockwise(pick, "i", p, "ij", labels, "i", concatenate=True, dtype=p.dtype)
        loss = -np.log(picked).mean()
        ds = da.blockwise(error, "ij", p, "ij", labels, "i", dtype=p.dtype) / np.float32(rows)
        dz = ds @ w2.T * (z > 0)
        return loss, x.T @ dz, dz.sum(axis=0), h.T @ ds, ds.sum(axis=0)

    def by_minigrad() -> Planned:
        net.zero_grad()
        loss = F.cross_entropy(net(x), labels)
        loss.backward()
        return core.unwrap([loss, *(p.grad for p in net.parameters())])

    return by_hand, by_minigrad


def measured(plan: Callable[[], Planned]) -> tuple[float, float, float]:
    """Milliseconds that planning and computing take, by the clock and of all threads' time."""
    start, used = time.perf_counter(), time.process_time()
    planned = plan()
    middle = time.perf_counter()
    dask.compute(*planned, scheduler="threads")
    end, then = time.perf_counter(), time.process_time()
    return 1e3 * (end - start), 1e3 * (then - used), 1e3 * (middle - start)


def tasks(planned: Planned) -> int:
    """How many tasks Dask runs, after it has optimised the graph."""
    return len(dict(dask.base.collections_to_expr(planned).optimize().__dask_graph__()))


def main() -> None:
    """Print a table."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--rounds", type=int, default=15)
    rounds = parser.parse_args().rounds
    print("| by minigrad / by hand | time | CPU time | planning | tasks |\n|---|---|---|---|---|")
    for title, contenders in {
        "least squares, 8 chunks": least_squares(800_000, 8),
        "least squares, 32 chunks": least_squares(800_000, 32),
        "network, 4 chunks": network(20_000, 4),
        "network, 32 chunks": network(20_000, 32),
    }.items():
        for a, b in zip(*(dask.compute(*plan()) for plan in contenders), strict=True):
            np.testing.assert_allclose(a, b, rtol=1e-3, atol=1e-5)
        times: list[list[tuple[float, ...]]] = [[], []]
        for _ in range(rounds):
            for seen, plan in zip(times, contenders, strict=True):
                seen.append(measured(plan))
        by_hand, ours = (list(map(statistics.median, zip(*seen, strict=True))) for seen in times)
        columns = [
            f"{a:.0f} / {b:.0f} ms = {a / b:.2f}" for a, b in zip(ours, by_hand, strict=True)
        ]
        counts = " / ".join(str(tasks(plan())) for plan in contenders[::-1])
        print(f"| {title} | {' | '.join(columns)} | {counts} |")


if __name__ == "__main__":
    main()
