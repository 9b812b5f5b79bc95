"""Hold the operations of another library to the properties that minigrad holds its own to.

    python examples/other_libraries.py

The library is HIPS autograd, which differentiates its own copies of NumPy's functions.  The harness
needs one thing of it: `vjp`, below, in five lines.  It then draws operands, zeros and ties among
them, and compares values with NumPy's and derivatives with differences, up to the second order.  A
table says which operations have every property, and what the others get wrong; the folder of --out
gets each failure with the program that shows it, in other_libraries.txt.

Exit status: 0, whatever is found; 2 if options or files cannot be used, or a package is missing.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, NoReturn

import numpy as np

try:
    import autograd
    import autograd.numpy as anp
    import hypothesis
    from autograd.scipy.special import logsumexp
    from tqdm import tqdm

    from minigrad.testing import arrays, broadcastable, matmul_operands, property_test
except ImportError as missing:
    print(
        f"other_libraries.py: {missing}; try: pip install 'minigrad[testing,examples]'",
        file=sys.stderr,
    )
    raise SystemExit(2) from None


def vjp(f: Callable[..., Any], *primals: Any) -> tuple[Any, Callable[[Any], Any]]:
    """f(*primals), and the function from its cotangent to those of the primals: autograd's way."""
    pull_back, value = autograd.make_vjp(lambda xs: f(*xs))(primals)
    return value, pull_back


POSITIVE = (0.1, 8)
OPERATIONS = {
    "exp": (anp.exp, np.exp, arrays()),
    "log": (anp.log, np.log, arrays(domain=POSITIVE)),
    "tanh": (anp.tanh, np.tanh, arrays()),
    "abs": (anp.abs, np.abs, arrays()),
    "sinc": (anp.sinc, np.sinc, arrays(domain=(-8, 8))),
    "multiply": (anp.multiply, np.multiply, broadcastable(2)),
    "divide": (anp.divide, np.divide, broadcastable(2, domain=POSITIVE)),
    "maximum": (anp.maximum, np.maximum, broadcastable(2)),
    "arctan2": (anp.arctan2, np.arctan2, broadcastable(2, domain=POSITIVE)),
    "logaddexp": (anp.logaddexp, np.logaddexp, broadcastable(2)),
    "matmul": (anp.matmul, np.matmul, matmul_operands()),
    "sum": (anp.sum, np.sum, arrays()),
    "var": (anp.var, np.var, arrays()),
    "std": (anp.std, np.std, arrays()),
    "prod": (anp.prod, np.prod, arrays()),
    "max": (anp.max, np.max, arrays()),
    "cumsum": (anp.cumsum, np.cumsum, arrays()),
    "norm": (anp.linalg.norm, np.linalg.norm, arrays()),
    "logsumexp": (logsumexp, None, arrays()),
}
SMOKE = ("exp", "prod", "norm")
# A gradient may be the cotangent itself there: autograd says that nobody must change either.
SKIP = ("aliasing",)


def examine(name: str, examples: int) -> str:
    """What the property test of an operation says; empty if it has every property."""
    op, reference, strategy = OPERATIONS[name]
    settings = hypothesis.settings(
        max_examples=examples, deadline=None, database=None, derandomize=True
    )
    options = {"vjp": vjp, "reference": reference, "skip": SKIP, "settings": settings}
    test = property_test(op, strategy, **options)
    try:
        test()
    except AssertionError as failure:
        return str(failure)
    return ""


def fail(message: str) -> NoReturn:
    """End the program with one line on stderr."""
    print(f"other_libraries.py: {message}", file=sys.stderr)
    raise SystemExit(2)


def main(argv: list[str] | None = None) -> None:
    """Run the example; SystemExit carries the status if that is not 0."""
    parser = argparse.ArgumentParser(description="Property-test the operations of HIPS autograd.")
    add = parser.add_argument
    add("--out", type=Path, default=Path("out"), metavar="FOLDER", help="for the results (out)")
    add("--smoke", action="store_true", help="a few operations, to see that everything works")
    add("--examples", type=int, default=100, help="calls of each operation (100)")
    args = parser.parse_args(argv)
    if args.examples < 1:
        parser.error(f"argument --examples: {args.examples} is less than 1")
    found = {}
    try:
        args.out.mkdir(parents=True, exist_ok=True)  # before, so as not to look in vain
        # disable=None: no bar where stderr is not a terminal.
        for name in tqdm(SMOKE if args.smoke else OPERATIONS, leave=False, disable=None):
            found[name] = examine(name, args.examples)
        report = "\n\n".join(filter(None, found.values()))
        (args.out / "other_libraries.txt").write_text(f"{report}\n", encoding="utf-8")
    except OSError as error:
        fail(str(error))
    except KeyboardInterrupt:
        fail("interrupted")
    width = max(map(len, found))
    for name, failure in found.items():
        lines = failure.split("\n") if failure else ["has every property"]
        print(f"{name:{width}}  {lines[0].removeprefix(f'{name}: ')}")
        if failure:
            print(f"{'':{width}}  {lines[-1].strip()}")
    wrong = sum(map(bool, found.values()))
    print(f"{wrong} of {len(found)} lack a property; {args.out / 'other_libraries.txt'} shows how")


if __name__ == "__main__":
    main()
