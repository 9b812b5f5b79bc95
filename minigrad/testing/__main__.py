"""Property-test an operation from the command line.

    python -m minigrad.testing package.module:operation [--domain LOW HIGH] [--order N]
                                                        [--examples N]

Exit status: 0; 1 if a property fails; 2 if the operation cannot be imported or called.
"""

from __future__ import annotations

import argparse
import functools
import importlib
import inspect
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, NoReturn

from minigrad.core import Primitive
from minigrad.testing.calls import Failure, op_name
from minigrad.testing.properties import PROPERTIES

PROGRAM = "python -m minigrad.testing"

try:
    import hypothesis

    from minigrad.testing import harness
except ImportError as missing:
    print(f"{PROGRAM}: {missing}; try: pip install 'minigrad[testing]'", file=sys.stderr)
    raise SystemExit(2) from None


def fail(message: str) -> NoReturn:
    """End with one line on stderr."""
    print(f"{PROGRAM}: {message}", file=sys.stderr)
    raise SystemExit(2)


def imported(target: str) -> Callable[..., Any]:
    """The operation that `package.module:operation` names."""
    module, colon, name = target.partition(":")
    if not (module and colon and name):
        fail(f"{target!r} does not name an operation: write package.module:operation")
    try:
        op: Any = functools.reduce(getattr, name.split("."), importlib.import_module(module))
    except Exception as error:  # a module may raise anything where it is imported
        fail(f"{target} cannot be imported: {type(error).__name__}: {error}")
    if not callable(op):
        fail(f"{target} is no function but {type(op).__name__}")
    return op  # type: ignore[no-any-return]  # it is callable


@contextmanager
def progress(total: int) -> Iterator[Callable[[], object]]:
    """A bar on stderr, if that is a terminal; plain, if tqdm is not installed."""
    try:
        from tqdm import tqdm  # type: ignore[import-untyped]  # noqa: PLC0415  # an extra
    except ImportError:
        done = 0

        def step() -> None:
            nonlocal done
            done += 1
            print(f"\r{done}/{total} examples", end="", file=sys.stderr)

        yield step if sys.stderr.isatty() else lambda: None
        if sys.stderr.isatty():
            print(file=sys.stderr)
    else:
        with tqdm(total=total, unit="example", leave=False, disable=None) as bar:
            yield bar.update


def table(op: Any, held: dict[str, str]) -> str:
    """What became of each property."""
    rows = [(name, held[name], law_of(name)) for name in PROPERTIES]
    widths = [max(len(row[i]) for row in rows) for i in (0, 1)]
    lines = [f"{a:{widths[0]}}  {b:>{widths[1]}}  {c}" for a, b, c in rows]
    return "\n".join([f"{op_name(op)}: in how many examples each property was held", *lines])


def law_of(name: str) -> str:
    """The first line of what a property says."""
    return (inspect.getdoc(PROPERTIES[name]) or "").partition("\n")[0]


def run(op: Callable[..., Any], args: argparse.Namespace) -> int:
    """Test the operation, print the table, and return the exit status."""
    domain = args.domain and tuple(args.domain)
    try:
        drawn = harness.calls(op, (), {}, domain)
    except (TypeError, ValueError) as error:
        fail(str(error))
    options = {"order": args.order, "domain": domain}
    settings = hypothesis.settings(
        max_examples=args.examples, deadline=None, database=None,
        suppress_health_check=list(hypothesis.HealthCheck),
    )  # fmt: skip
    failure = None
    with progress(args.examples) as step:
        try:
            tally = harness.examine(op, drawn, list(PROPERTIES), options, settings, step)
        except Failure as smallest:
            failure = smallest
    if failure is None:
        if tally.error is not None and tally.held["errors"] == tally.calls:
            fail(f"{op_name(op)} cannot be called: {type(tally.error).__name__}: {tally.error}")
        held = {name: str(tally.held[name]) for name in PROPERTIES}
    else:  # each by itself, to see which others fail
        held = {}
        quick = hypothesis.settings(settings, phases=[hypothesis.Phase.generate])
        for name in PROPERTIES:
            try:
                held[name] = str(harness.examine(op, drawn, [name], options, quick).held[name])
            except Failure:
                held[name] = "FAILS"
    print(table(op, held))
    if isinstance(op, Primitive):
        print("No reference: values are held between dtypes only.")
    try:
        if failure is not None:
            raise failure
        tally.verdict()
    except AssertionError as error:
        print(f"\n{error}")
        return 1
    return 0


def options(argv: Sequence[str] | None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(
        prog=PROGRAM, description="Hold an operation to the properties of a differentiable one."
    )
    add = parser.add_argument
    add("operation", help="as package.module:operation")
    add("--domain", nargs=2, type=float, metavar=("LOW", "HIGH"), help="where it is defined")
    add("--order", type=int, default=2, help="up to which derivative (2)")
    add("--examples", type=int, default=100, help="how many calls are drawn (100)")
    args = parser.parse_args(argv)
    for name in ("order", "examples"):
        if getattr(args, name) < 1:
            parser.error(f"argument --{name}: {getattr(args, name)} is less than 1")
    return args


def main(argv: Sequence[str] | None = None) -> None:
    """Run the program; SystemExit carries the status."""
    args = options(argv)
    raise SystemExit(run(imported(args.operation), args))


if __name__ == "__main__":
    main()
