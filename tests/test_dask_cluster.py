"""Training on a cluster of processes: as in NumPy, and on more data than a worker can hold."""

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

import minigrad as mg
import minigrad.nn.functional as F

dask = pytest.importorskip("dask")
da = pytest.importorskip("dask.array")
distributed = pytest.importorskip("distributed")

MEMORY = 256 * 2**20  # of which Python, NumPy and Dask take nearly half


@pytest.fixture(scope="module")
def client() -> Iterator[Any]:
    """Two processes that may not use their disks, and end if they need more than MEMORY."""
    keep = {
        "distributed.worker.memory.target": False,
        "distributed.worker.memory.spill": False,
        "distributed.worker.memory.pause": 0.9,
        "distributed.worker.memory.terminate": 0.98,
    }
    with (
        dask.config.set(keep),
        distributed.LocalCluster(
            n_workers=2, threads_per_worker=1, memory_limit=MEMORY, processes=True,
            host="127.0.0.1", dashboard_address=None,
        ) as cluster,
        distributed.Client(cluster) as client,
    ):  # fmt: skip
        yield client


def network() -> mg.nn.Sequential:
    return mg.nn.Sequential(mg.nn.Linear(20, 16, rng=0), mg.nn.ReLU(), mg.nn.Linear(16, 5, rng=1))


def trained(net: mg.nn.Sequential, x: Any, labels: Any) -> list[Any]:
    """The losses of three steps, and the parameters after them."""
    optimizer = mg.optim.SGD(net.parameters(), lr=0.5, momentum=0.9)
    losses = []
    for _ in range(3):
        optimizer.zero_grad()
        loss = F.cross_entropy(net(x), labels)
        loss.backward()
        loss, *gradients = mg.compute(loss, *(p.grad for p in net.parameters()))
        for p, gradient in zip(net.parameters(), gradients, strict=True):
            p.grad = gradient
        optimizer.step()
        losses.append(loss.item())
    assert all(type(p._array) is np.ndarray for p in net.parameters())
    return [losses, *(p._array for p in net.parameters())]


@pytest.mark.parametrize("labels_in_chunks", [True, False])
def test_the_network_learns_on_a_cluster_what_it_learns_in_numpy(
    client: Any, labels_in_chunks: bool
) -> None:
    rng = np.random.default_rng(0)
    x, labels = rng.standard_normal((400, 20)), rng.integers(0, 5, 400)
    expected = trained(network(), x, labels)
    chunked = da.from_array(labels, chunks=150) if labels_in_chunks else labels
    found = trained(network(), da.from_array(x, chunks=(100, 20)), chunked)
    for a, b in zip(found, expected, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-12, atol=1e-14)
    assert expected[0][-1] < expected[0][0]


def test_a_label_that_is_out_of_range_is_an_error_of_the_worker(client: Any) -> None:
    loss = F.cross_entropy(da.ones((6, 3), chunks=2), da.from_array(np.arange(6) - 1, chunks=2))
    with pytest.raises(ValueError, match="class indices go from 0 to 2 here, and the target has"):
        mg.compute(loss)


def test_a_regression_on_more_data_than_a_worker_has_memory_for(client: Any) -> None:
    rows, columns, rows_in_chunk = 560_000, 64, 20_000
    x = da.random.default_rng(0).uniform(-1, 1, (rows, columns), chunks=(rows_in_chunk, columns))
    w_true = np.linspace(-1, 1, columns)
    y = x @ w_true + da.random.default_rng(1).standard_normal(rows, chunks=rows_in_chunk)
    assert x.nbytes > MEMORY

    w = mg.nn.parameter(np.zeros(columns))
    optimizer = mg.optim.SGD([w], lr=1.0)
    path = []
    for _ in range(2):
        optimizer.zero_grad()
        r = x @ w - y
        (r * r).mean().backward()
        assert type(w.grad._array) is da.Array
        optimizer.step()
        path.append(w._array)
        assert type(w._array) is np.ndarray
        assert type(w.grad._array) is np.ndarray

    # The closed form: the gradient is 2 (A w - b) / n, with A = x.T x and b = x.T y summed in NumPy
    # over chunks that are generated one by one.
    a, b = np.zeros((columns, columns)), np.zeros(columns)
    for i in range(x.numblocks[0]):
        rows_of_x, rows_of_y = dask.compute(x.blocks[i], y.blocks[i], scheduler="synchronous")
        a += rows_of_x.T @ rows_of_x
        b += rows_of_x.T @ rows_of_y
    expected = np.zeros(columns)
    for found in path:
        expected = expected - 2 * (a @ expected - b) / rows
        np.testing.assert_allclose(found, expected, rtol=1e-9, atol=1e-12)
    assert np.abs(path[-1] - w_true).max() < np.abs(w_true).max() / 2
