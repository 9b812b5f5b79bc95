"""Forward and backward through 50 elementwise operations: `python memory.py LIBRARY SIZE`.

It prints the bytes by which the peak of resident memory exceeds what was resident before.
"""

from __future__ import annotations

import gc
import re
import sys
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np


def through_50(x: Any, f: Any) -> Any:
    """Four times twelve operations and two more, on values between -1 and 3."""
    y = x
    for _ in range(4):
        y = f.sin(f.tanh(f.exp(y * 0.5 + 0.1)))
        y = f.log(f.sqrt(y)) / x
        y = f.abs(f.sigmoid(f.relu(f.square(y))))
    return y * 0.5 + 0.1


def library(name: str) -> tuple[Any, Any]:
    """How to make a leaf of an array, by a copy, and what has the functions."""
    if name == "torch eager":
        import torch

        torch.set_num_threads(1)
        return partial(torch.tensor, requires_grad=True), torch
    if name == "MyGrad":
        import mygrad
        from mygrad.nnet.activations import relu, sigmoid

        return mygrad.tensor, SimpleNamespace(**vars(mygrad) | {"relu": relu, "sigmoid": sigmoid})
    import minigrad as mg

    own = {"relu": mg.relu, "sigmoid": mg.sigmoid}
    return partial(mg.tensor, requires_grad=True), SimpleNamespace(**vars(np) | own)


def gradient(x: Any, f: Any) -> Any:
    through_50(x, f).sum().backward()
    return x.grad


def check(g: Any, a: np.ndarray) -> None:
    """Compare the first gradients with differences in float64."""
    own = {"relu": lambda x: np.maximum(x, 0), "sigmoid": lambda x: 1 / (1 + np.exp(-x))}
    x, h, f = a[:1000].astype(float), 1e-5, SimpleNamespace(**vars(np) | own)
    expected = (through_50(x + h, f) - through_50(x - h, f)) / (2 * h)
    np.testing.assert_allclose(np.array(g[:1000].tolist()), expected, rtol=1e-3)


def status(key: str) -> int:
    """Bytes of this process: VmRSS is what is resident, VmHWM the most that was."""
    return 1024 * int(re.findall(rf"{key}:\s+(\d+)", Path("/proc/self/status").read_text())[0])


def main() -> None:
    name, size = sys.argv[1:]
    a = np.random.default_rng(0).uniform(0.5, 1.5, int(size)).astype(np.float32)
    leaf, f = library(name)
    check(gradient(leaf(a), f), a)  # a first pass, so that all is loaded and warm
    x = leaf(a)
    gc.collect()
    before = status("VmRSS")
    Path("/proc/self/clear_refs").write_text("5")  # the peak starts again from here
    gradient(x, f)
    print(status("VmHWM") - before)


if __name__ == "__main__":
    main()
