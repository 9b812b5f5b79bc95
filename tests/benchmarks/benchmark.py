"""Speed and memory of minigrad next to its peers: `python tests/benchmarks/benchmark.py`.

peers.py, ops.py and memory.py say what is done; here it is checked, timed and shown.  The exit
status is 0 whether bars are met or missed, and 2 for wrong options.
"""

from __future__ import annotations

import argparse
import datetime
import gc
import itertools
import operator
import os
import platform
import re
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from functools import partial
from importlib import metadata
from pathlib import Path
from typing import Any, NamedTuple

# One thread for every library: this is set before any of them is imported.
ENVIRONMENT = {
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
    "NPROC": "1",  # the size of XLA's thread pool
    "XLA_FLAGS": "--xla_cpu_multi_thread_eigen=false",
    "JAX_PLATFORMS": "cpu",
}
# Big arrays get pages of their own and give them back, so that what is resident is what is alive.
MALLOC = {"MALLOC_MMAP_THRESHOLD_": "65536"}
METHOD = f"""\
The contenders of a table run in turn, in one process, with one thread each and (on Linux) on one
core: a round is a block of repetitions of each, one after the other, and a ratio is minigrad's
value over the other's in the same round.  Values and ratios are medians over the rounds; the
quartiles are those of the ratio, or of the value where there is no ratio.  Before it is timed or
measured, each contender is checked to compute the same values and gradients.

- NumPy by hand: forward, backward and update written out, in place where that saves an array.
- The book's style: layer objects with a `backward` each, as in *Deep Learning from Scratch*.
- torch eager: `set_num_threads(1)` and `torch.optim.SGD`; its defaults otherwise.
- jitted jax: the whole pass, with the update, is one compiled function, and is waited for.
- MyGrad: as it is, and with the guard off that locks arrays while a graph needs them; its update
  is written out, as is that of HIPS autograd.
- Operations: a pass is forward and backward, from a given gradient; NumPy's is forward alone.
  Time is that of the processor, which what else runs on the machine disturbs less.  PyTorch makes
  no copy for x.reshape(-1): its gradient has the memory of the one that it was given.

Set before anything is imported: `{" ".join(map("=".join, ENVIRONMENT.items()))}`.
"""

Clock = Callable[[], float]  # in seconds


class Effort(NamedTuple):
    """How much to measure."""

    rounds: int
    block: float  # seconds that a contender runs in a round
    imports: int
    passes: int  # of the memory work, in a process each
    size: int  # of its arrays
    turns: int  # rounds of the operations
    rows: int  # of their larger matrices


class Table(NamedTuple):
    """What one work gave: each contender's value in each round, or None if it is not installed.

    A bar is the most that the ratio may be, or the value where there is no minigrad to compare.
    """

    title: str
    note: str
    unit: str
    samples: dict[str, list[float] | None]
    bars: dict[str, float]

    def markdown(self) -> str:
        """The table, aligned so that it can be read as it is."""
        ours = self.samples.get("minigrad")
        cells = [["", self.unit, "minigrad's / its", "quartiles", "bar", ""]]
        for name, samples in self.samples.items():
            if samples is None:
                cells.append([name, "not installed", "", "", "", ""])
                continue
            compared = ours is not None and name != "minigrad"
            shown = [a / b for a, b in zip(ours, samples, strict=True)] if compared else samples
            low, middle, high = statistics.quantiles(shown, n=4, method="inclusive")
            row = [name, f"{statistics.median(samples):.4g}", f"{middle:.3f}" if compared else ""]
            row += [f"{low:.4g} to {high:.4g}", "", ""]
            if name in self.bars:
                met = middle <= self.bars[name]
                row[4:] = [f"<= {self.bars[name]:g}", "ok" if met else "MISSED"]
            cells.append(row)
        return aligned(cells)


class Operations(NamedTuple):
    """What each operation took in each contender; minigrad's time over torch's has a bar."""

    title: str
    note: str
    samples: dict[str, dict[str, list[float] | None]]
    bar: float

    def markdown(self) -> str:
        """The table, aligned, with the operation first that compares worst with torch."""
        rows = []
        for name, samples in self.samples.items():
            ours = samples["minigrad"] or []
            ratios = {
                peer: statistics.median(a / b for a, b in zip(ours, theirs, strict=True))
                for peer, theirs in samples.items()
                if theirs and peer != "minigrad"
            }
            row = [name, f"{statistics.median(ours):.4g}"]
            row += [f"{ratios[p]:.2f}" if p in ratios else "" for p in list(samples)[1:]]
            over = ratios.get("torch eager", 0)
            rows.append((-over, [*row, "MISSED" if over > self.bar else ""]))
        peers = list(next(iter(self.samples.values())))[1:]
        head = ["", "µs", *(f"/ {peer}" for peer in peers), f"torch: <= {self.bar:g}"]
        for i, peer in enumerate(peers):
            if all(samples[peer] is None for samples in self.samples.values()):
                head[2 + i] += ": not installed"
        return aligned([head, *(row for _, row in sorted(rows, key=operator.itemgetter(0)))])


def aligned(cells: list[list[str]]) -> str:
    """A Markdown table that can be read as it is; the first row is its head."""
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    lines = [cells[0], ["-" * width for width in widths], *cells[1:]]
    return "\n".join(f"| {' | '.join(map(str.ljust, row, widths))} |" for row in lines)


def timed(run: Callable[[], Any], n: int, clock: Clock = time.perf_counter) -> float:
    """Seconds for one of `n` runs, after one more that brings its data into the caches."""
    run()
    start = clock()
    for _ in range(n):
        run()
    return (clock() - start) / n


def interleaved(
    runs: dict[str, Any], effort: Effort, label: str, unit: float, clock: Clock = time.perf_counter
) -> dict[str, Any]:
    """The time that each contender takes in each round, in units of `unit` seconds."""
    samples: dict[str, Any] = {name: run and [] for name, run in runs.items()}
    counts = {name: round(effort.block / timed(run, 2, clock)) for name, run in runs.items() if run}
    gc.collect()
    gc.freeze()  # a collection then looks at what a contender makes, not at all that is imported
    print(f"{label}: {effort.rounds} rounds", file=sys.stderr)
    for _ in range(effort.rounds):
        for name, count in counts.items():
            samples[name].append(timed(runs[name], max(count, 1), clock) / unit)
    gc.unfreeze()
    return samples


def installed(makers: dict[str, Any], argument: Callable[[], Any]) -> dict[str, Any]:
    """What each maker makes of the argument, or None where its library is missing."""
    made: dict[str, Any] = {}
    for name, make in makers.items():
        try:
            made[name] = make(argument())
        except ModuleNotFoundError:
            made[name] = None
    return made


def check(results: dict[str, list[Any]], reference: str = "NumPy by hand") -> None:
    """Stop where a contender's values and gradients are not those of the `reference`."""
    import numpy as np

    for name, values in results.items():
        for value, expected in zip(values, results[reference], strict=True):
            # By norms, for rounding may turn a unit of ReLU off or on.
            error = np.linalg.norm(np.subtract(value, expected)) / np.linalg.norm(expected)
            if not error < 1e-3:
                raise RuntimeError(f"{name} is wrong by {error}: {value}, not {expected}")


def operations(effort: Effort) -> Iterator[Operations]:
    """Time of single operations, on few numbers and on many."""
    import numpy as np
    from ops import OPERATIONS, PASSES

    effort = effort._replace(rounds=effort.turns)
    rng = np.random.default_rng(0)
    for shape, bar in ((4, 3), 2.0), ((effort.rows, 625), 3.0):
        samples, many = {}, shape[0] > 4
        a, b = rng.standard_normal(shape), rng.uniform(0.5, 2, shape)
        for name, operation in OPERATIONS.items():
            if many and not operation.large:
                continue
            makers = {peer: partial(make, operation, a) for peer, make in PASSES.items()}
            runs = installed(makers, lambda b=b: b)
            done = {peer: run() for peer, run in runs.items() if run}
            results = {peer: done[peer] for peer in done if peer != "NumPy's forward"}
            check(results, "minigrad")
            label = f"{name}, {a.size} numbers"
            samples[name] = interleaved(runs, effort, label, 1e-6, time.process_time)
        note = (
            f"Of float64 matrices x and y of shape {shape}, where nothing is said over the last "
            "axis.\nRatios are minigrad's time over the other's; none: it has no such derivative."
        )
        yield Operations(f"Operations on {a.size:,} numbers", note, samples, bar)


def chain(effort: Effort) -> Iterator[Table]:
    """Time of an operation on four numbers: what it costs beyond its arithmetic."""
    from peers import CHAINS, LENGTH

    for kind, constants in {
        "floats": "Python floats",
        "arrays": "float32 arrays without gradient (in torch, tensors)",
        "parameters": "float32 parameters, which get gradients too",
    }.items():
        runs = installed(CHAINS, lambda kind=kind: kind)
        done = {name: run() for name, run in runs.items() if run}
        check({name: [v.item(), *(g.tolist() for g in gs)] for name, (v, gs) in done.items()})
        yield Table(
            f"Chain, {kind}",
            f"`y = y * a + b`, {LENGTH} times from four float32 values, `y.sum()` and backward;\n"
            f"a and b are {constants}.\nTime divided by {2 * LENGTH}, the number of operations.",
            "µs",
            interleaved(runs, effort, f"chain, {kind}", 2e-6 * LENGTH),
            {"torch eager": 0.4, "MyGrad": 0.25} if kind == "floats" else {},
        )


def training(hidden: int, batch: int, bars: dict[str, float], effort: Effort) -> Iterator[Table]:
    """Time of a training step."""
    import numpy as np
    from peers import NETWORKS

    rng = np.random.default_rng(1)
    shapes = (784, hidden), (hidden,), (hidden, 10), (10,)
    start = [(0.01 * rng.standard_normal(shape)).astype(np.float32) for shape in shapes]
    x, t = rng.random((20, batch, 784), np.float32), rng.integers(10, size=(20, batch))
    networks = installed(NETWORKS, lambda: [w.copy() for w in start])
    results, runs = {}, dict.fromkeys(networks)
    for name, (step, weights) in ((n, made) for n, made in networks.items() if made):
        losses = [step(x[i], t[i]).item() for i in range(3)]
        results[name] = losses + [np.array(w) - w0 for w, w0 in zip(weights(), start, strict=True)]
        batches = itertools.cycle(zip(x, t, strict=True))
        runs[name] = lambda step=step, batches=batches: step(*next(batches))
    check(results)
    yield Table(
        f"Training step, 784-{hidden}-10",
        f"Two linear layers, ReLU between them, softmax and cross-entropy; float32, batches of "
        f"{batch}.\nA new batch of NumPy arrays, forward, loss, backward and SGD's update.",
        "µs",
        interleaved(runs, effort, f"784-{hidden}-10", 1e-6),
        bars,
    )


def imports(effort: Effort) -> Iterator[Table]:
    """CPU time of `import minigrad`, and what it adds to that of `import numpy`."""

    if not hasattr(os, "wait4"):
        print("import: not measured, for want of os.wait4", file=sys.stderr)
        return

    def cpu_ms(statement: str) -> float:
        command = [sys.executable, "-c", statement]
        _, status, usage = os.wait4(os.posix_spawn(sys.executable, command, environment), 0)
        if status:
            raise RuntimeError(f"{statement} failed")
        return 1000 * (usage.ru_utime + usage.ru_stime)

    samples: dict[str, Any] = {"import numpy": [], "import minigrad": []}
    print(f"import: {effort.imports} rounds", file=sys.stderr)
    with tempfile.TemporaryDirectory() as cache:  # where bytecode is sure to be written and found
        environment = {**os.environ, "PYTHONPYCACHEPREFIX": cache, "PYTHONDONTWRITEBYTECODE": ""}
        for statement in samples:
            cpu_ms(statement)
        for _ in range(effort.imports):
            for statement, values in samples.items():
                values.append(cpu_ms(statement))
    samples["the difference"] = [b - a for a, b in zip(*samples.values(), strict=True)]
    note = "CPU time, user and system, of a process that does this alone, from compiled bytecode."
    yield Table("Import", note, "ms", samples, {"the difference": 30})


def memory(effort: Effort) -> Iterator[Table]:
    """Peak memory of a pass through elementwise operations."""
    if not os.access("/proc/self/clear_refs", os.W_OK):
        print("memory: not measured, for want of /proc/self/clear_refs", file=sys.stderr)
        return
    samples: dict[str, Any] = {"minigrad": [], "torch eager": [], "MyGrad": []}
    print(f"memory: {effort.passes} rounds", file=sys.stderr)
    script = str(Path(__file__).with_name("memory.py"))
    for _, name in itertools.product(range(effort.passes), list(samples)):
        command = [sys.executable, script, name, str(effort.size)]
        done = subprocess.run(
            command, capture_output=True, text=True, check=False, env=os.environ | MALLOC
        )
        if "ModuleNotFoundError" in done.stderr:
            samples[name] = None
        elif done.returncode:
            raise RuntimeError(f"{name}: {done.stderr}")
        else:
            samples[name].append(int(done.stdout) / 1e6)
    note = (
        "Forward and backward through 50 elementwise operations on float32 arrays of "
        f"{effort.size * 4 / 1e6:g} MB (times a\nconstant, plus a constant, exp, tanh, sin, sqrt, "
        "log, divided by the input, square, relu, sigmoid,\nabs, and again) and their sum.  Peak "
        "of resident memory (VmHWM, reset through /proc/self/clear_refs)\nabove what was resident "
        "before (VmRSS), after one such pass, in a process for each library and round,\nwith "
        f"`{'='.join(*MALLOC.items())}`: freed arrays go back to the system."
    )
    yield Table("Memory", note, "MB", samples, {"torch eager": 1.0})


SMALL = {"NumPy by hand": 1.15, "torch eager": 0.7, "jitted jax": 1.1}
WORKS: dict[str, Callable[[Effort], Iterator[Table | Operations]]] = {
    "operations": operations,
    "chain": chain,
    "small": partial(training, 50, 100, SMALL),
    "large": partial(training, 512, 128, {"NumPy by hand": 1.1, "torch eager": 0.9}),
    "import": imports,
    "memory": memory,
}


def machine() -> str:
    """What this ran on."""
    import numpy as np

    linux = sys.platform == "linux"
    model = re.search("model name\t: (.*)", Path("/proc/cpuinfo").read_text()) if linux else None
    system = platform.freedesktop_os_release()["PRETTY_NAME"] if linux else platform.platform()
    blas = np.show_config(mode="dicts")["Build Dependencies"]["blas"]
    versions = [f"Python {platform.python_version()}", f"{blas['name']} {blas['version']} in NumPy"]
    for library in ("minigrad", "numpy", "torch", "jax", "mygrad", "autograd"):
        try:
            versions.append(f"{library} {metadata.version(library)}")
        except metadata.PackageNotFoundError:
            versions.append(f"{library} not installed")
    processor = model[1] if model else platform.processor()
    return f"{processor}, {os.cpu_count()} cores; {system}; {', '.join(versions)}."


def document(effort: Effort, tables: list[Table | Operations]) -> str:
    """The Markdown page."""
    head = (
        f"# Benchmarks\n\nWritten by `python tests/benchmarks/benchmark.py --write` on "
        f"{datetime.date.today()}, from {effort.rounds} rounds\n({effort.turns} of operations, "
        f"{effort.imports} of imports, {effort.passes} of memory).  `--only` and `--quick` do "
        f"less; a peer that is not installed is\nshown as such.\n\n{machine()}\n\n{METHOD}"
    )
    return "\n".join([head, *(f"## {t.title}\n\n{t.note}\n\n{t.markdown()}\n" for t in tables)])


def main() -> None:
    """Read the options, do the works, show and write the tables."""
    parser = argparse.ArgumentParser(description="Speed and memory of minigrad next to its peers.")
    parser.add_argument("--rounds", type=int, default=40, help="of the timed works (default: 40)")
    parser.add_argument("--only", choices=WORKS, help="do one of the works")
    parser.add_argument("--quick", action="store_true", help="a smoke test: the bars mean nothing")
    parser.add_argument("--write", action="store_true", help="write docs/benchmarks.md")
    options = parser.parse_args()
    if options.rounds < 2:
        parser.error("--rounds must be 2 or more, to have quartiles")
    if options.write and (options.only or options.quick):
        parser.error("--write needs a whole run: leave out --only and --quick")
    os.environ.update(ENVIRONMENT)
    if hasattr(os, "sched_setaffinity"):  # on one core, XLA's change of threads is cheapest
        os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    import minigrad  # noqa: F401  # without it there is nothing to compare

    effort = Effort(
        options.rounds, block=0.02, imports=21, passes=3, size=2_000_000, turns=9, rows=1600
    )
    if options.quick:
        effort = Effort(2, block=0.001, imports=2, passes=2, size=50_000, turns=2, rows=16)
    tables: list[Table | Operations] = []
    for name in [options.only] if options.only else WORKS:
        for table in WORKS[name](effort):
            print(f"\n{table.title}\n\n{table.markdown()}", flush=True)
            tables.append(table)
    if options.write:
        page = Path(__file__).parents[2] / "docs" / "benchmarks.md"
        page.write_text(document(effort, tables), encoding="utf-8")


if __name__ == "__main__":
    main()
