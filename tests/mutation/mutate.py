"""Mutation testing of the derivative rules: `python tests/mutation/mutate.py`.

Every rule in the registry is made wrong in every way of mutators.py, and its text, with that of the
helpers and composites beside it, in every way of source.py; the tests of the operation must fail.
A mutant that they let through, and that no probe can tell from the right rule, is equivalent, for a
reason in survivors.py.  Any other that lives is a gap in the tests: the exit status is then 1.
"""

import argparse
import collections
import contextlib
import functools
import itertools
import multiprocessing
import random
import signal
import sys
import warnings
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from types import CodeType, FrameType
from typing import Any, NamedTuple

import numpy as np
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from tqdm import tqdm

sys.path.insert(0, str(Path(__file__).parents[1]))  # where the tests are, for a run as a script

import test_complex
import test_conventions
import test_linalg
import test_special
from cases import CASES, REGISTERED, name

import minigrad as mg
from minigrad import core
from minigrad.testing.calls import Call
from mutation import mutators, source
from mutation.survivors import reason

PROBED = 50  # calls that a mutant has to be told from the right rule in
FEW = 10  # calls that are tried first
MOST = 8  # operations whose tests a mutant of a helper has to pass
TIMEOUT = 20  # seconds; a mutant whose loop has no end fails its test


class Mutant(NamedTuple):
    """A wrong rule: the operations whose tests have to notice, and how it is put in place."""

    mutator: str
    where: str
    fns: Callable[[], Sequence[Any]]
    install: Callable[[], contextlib.AbstractContextManager[None]]

    def __str__(self) -> str:
        return f"{self.mutator}: {self.where}"


# -- the tests of an operation


def drawing(examples: int) -> settings:
    """The same examples every time, and no shrinking: whether one fails is all that is asked."""
    return settings(
        max_examples=examples,
        derandomize=True,
        database=None,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )


def run_case(fn: Any, examples: int) -> None:
    """Run the tests of one operation: an AssertionError, or any other error, says that it fails."""
    CASES[fn].test(fn, settings=drawing(min(examples, FEW)))  # most mutants fail at once
    for row in rows()[fn]:
        row()
    CASES[fn].test(fn, settings=drawing(examples))
    if fn in test_complex.COMPLEX:
        test_complex.check(fn, skip=test_complex.SKIPPED, settings=drawing(10))


@functools.cache
def traced_rows() -> list[tuple[Callable[[], None], set[CodeType]]]:
    """Every row of a table as a test of its own, and the code that it runs through."""
    conventions, of_scipy = test_conventions, test_special.OURS
    calls = [
        *((conventions.test_value_and_gradients, row, False) for row in conventions.ROWS),
        *((conventions.test_value_and_gradients, row, True) for row in conventions.ROWS),
        *((conventions.test_second_derivatives, *row[1:]) for row in conventions.HESSIANS),
        (conventions.test_where_a_partition_puts_an_element_is_numpys_choice,),
        (conventions.test_no_correlation_is_beyond_one,),
        (test_linalg.test_svd_of_symmetric_matrices,),
        (test_linalg.test_pinv_of_symmetric_matrices,),
        (test_linalg.test_products_of_many_matrices_are_made_in_numpys_order,),
        (test_complex.test_a_defective_matrix_is_refused,),
        (test_special.test_pieces_and_strides_make_no_difference,),
        *((test_special.test_what_is_ours_has_the_values_of_scipy, name) for name in of_scipy),
    ]
    tables = [
        conventions.test_what_goes_on_into_the_complex_numbers_has_numpys_dtype,
        test_special.test_rules_hold_where_operands_are_equal,
        test_special.test_rules_of_functions_of_eight_digits,
        test_special.test_derivatives_of_sinc_are_integrals_of_a_cosine,
        test_special.test_bessel_functions_are_integrals_of_exponentials,
        test_linalg.test_vectors_of_a_hermitian_svd_are_orthonormal_and_rebuild_the_matrix,
        test_linalg.test_no_gradient_flows_into_eigenvectors_of_a_repeated_eigenvalue,
        test_linalg.test_no_gradient_flows_into_singular_vectors_that_are_not_determined,
        test_linalg.test_factors_of_dependent_columns_have_no_derivative,
        test_complex.test_an_eigenvalue_that_occurs_twice_is_refused,
    ]
    rows = [functools.partial(*call) for call in calls]
    rows += [row for test in tables for row in parametrized(test)]
    return [(row, traced(row)) for row in rows]


def parametrized(test: Any) -> Iterator[Callable[[], None]]:
    """The test with every row of each of its tables, as pytest runs it."""
    tables = [mark.args for mark in test.pytestmark if mark.name == "parametrize"]
    for chosen in itertools.product(*(rows for _, rows in tables)):
        arguments: dict[str, Any] = {}
        for (names, _), row in zip(tables, chosen, strict=True):
            several = not isinstance(names, str)
            arguments.update(zip(names, row, strict=True) if several else {names: row})
        yield functools.partial(test, **arguments)


@functools.cache
def rows() -> dict[Any, list[Callable[[], None]]]:
    """The rows that come through the rules of an operation, or through its composite."""
    return {
        fn: [row for row, seen in traced_rows() if not seen.isdisjoint(codes_of(fn))]
        for fn in CASES
    }


def codes_of(fn: Any) -> frozenset[CodeType]:
    """The code of fn and of its rules, or of the composite that stands for it."""
    if fn in core.COMPOSITES:
        return frozenset({core.COMPOSITES[fn].__code__})
    rule = core.RULES[fn]
    parts = (*rule.vjps, rule.each, rule.forward)
    return frozenset(part.__code__ for part in parts if hasattr(part, "__code__"))


def traced(run: Callable[[], Any]) -> set[CodeType]:
    """The code of every Python function that `run()` enters."""
    source.forget()  # what a cache answers is not entered
    seen: set[CodeType] = set()

    def enter(frame: FrameType, event: str, _arg: Any) -> None:
        if event == "call":
            seen.add(frame.f_code)

    sys.setprofile(enter)
    try:
        run()
    finally:
        sys.setprofile(None)
    return seen


@functools.cache
def drawn(fn: Any, n: int) -> list[Any]:
    """The first n calls of the case of fn."""
    calls = []

    @drawing(n)
    @given(CASES[fn].calls)
    def collect(call: Any) -> None:
        calls.append(call)

    collect()
    return calls


# -- what can be seen of an operation


def observed(fn: Any, arguments: Any, change: Callable[[Any], Any]) -> list[Any]:
    """Value, derivatives of both orders, and what is left of the arrays, for changed operands."""
    call = Call(fn, arguments)
    rng = np.random.default_rng(0)
    with np.errstate(all="ignore"), warnings.catch_warnings(action="ignore"):
        xs = [mg.tensor(change(x), requires_grad=True) for x in call.operands]
        y = call.f(*xs)
        if not y.requires_grad:
            return [y._array]
        u = mg.tensor(rng.standard_normal(y.shape), y.dtype, requires_grad=True)
        plain = mg.grad(y, xs, u.detach(), retain_graph=True)
        first = mg.grad(y, xs, u, create_graph=True) if order_of(fn) > 1 else []
        bent = [g for g in first if g.requires_grad]
        directions = [rng.standard_normal(g.shape) for g in bent]
        second = mg.grad(bent, [*xs, u], directions) if bent else []
    return [t.detach().numpy() for t in (y, u, *xs, *plain, *first, *second)]


def order_of(fn: Any) -> int:
    """Up to which derivative an operation is tested."""
    return int(CASES[fn].options.get("order", 2))


PROBES: dict[str, Callable[[Any], Any]] = {
    "as drawn": lambda x: x,
    "zeros": np.zeros_like,
    "ties": np.ones_like,
    "one zero": lambda x: x * (np.arange(x.size).reshape(x.shape) != 0),
    "large": lambda x: 8 * x,
    "negative": lambda x: -np.abs(x),
    "size 0": lambda x: x[:0] if x.ndim else x,
    "0-d": lambda x: x.reshape(-1)[0] if x.size else x,
    "one nan": lambda x: np.where(np.arange(x.size).reshape(x.shape) == 0, np.nan, x),
    "infinities": lambda x: np.copysign(np.inf, x),
    "Fortran order": np.asfortranarray,
    "float32": lambda x: x.astype(np.float32),
}


@functools.cache
def baseline(fn: Any) -> list[tuple[str, Any, list[Any]]]:
    """What is seen of the right rule, for every probe in its case's domain that it answers."""
    found = []
    domain = CASES[fn].options.get("domain")
    calls = [Call(fn, arguments, domain=domain) for arguments in drawn(fn, PROBED)]
    for probe, change in PROBES.items():
        for call in calls[: PROBED if probe == "as drawn" else 20]:
            with contextlib.suppress(Exception):
                if call.within([change(x) for x in call.xs]):
                    seen = observed(fn, call.arguments, change)
                    if probe != "float32" or has_digits(fn, call.arguments, seen):
                        found.append((probe, call.arguments, seen))
    return found


def has_digits(fn: Any, arguments: Any, single: list[Any]) -> bool:
    """Whether `single`, what is seen of a call in single precision, is not rounding alone."""
    double = observed(fn, arguments, PROBES["as drawn"])
    return all(same(x.astype(y.dtype), y) for x, y in zip(double, single, strict=True))


def difference(mutant: Mutant) -> str | None:
    """The first probe that tells the mutant from the right rule; None if it is equivalent."""
    right = [(fn, *seen) for fn in mutant.fns() for seen in baseline(fn)]
    with mutant.install(), time_limit(TIMEOUT):
        for fn, probe, call, expected in right:
            try:
                found = observed(fn, call, PROBES[probe])
            except Exception:
                found = []
            if len(found) != len(expected) or not all(map(same, found, expected)):
                return f"{probe}, {name(fn)}"
    return None


def same(x: Any, y: Any) -> bool:
    """Whether the arrays are equal, but for rounding."""
    if (x.shape, x.dtype) != (y.shape, y.dtype):
        return False
    digits = 1e6 * np.finfo(y.dtype).eps
    size = np.max(np.abs(y), initial=1, where=np.isfinite(y))
    return np.allclose(x, y, rtol=digits, atol=digits * size, equal_nan=True)


# -- the mutants


def all_mutants() -> Iterator[Mutant]:
    """Every mutant of every rule, then of the text of every module."""
    for rule in mutators.rules():
        if rule.fn not in REGISTERED:  # of a test's own
            continue
        for mutator, (change, applies) in mutators.MUTATORS.items():
            if applies(rule):
                number = "each" if rule.position is None else rule.position
                install = functools.partial(mutators.installed, rule, change)
                fns = functools.partial(list, [rule.fn])
                yield Mutant(mutator, f"{name(rule.fn)}, vjp {number}", fns, install)
    for fn in core.COMPOSITES:
        install = functools.partial(mutators.leaking, fn)
        yield Mutant("float64 leak", name(fn), functools.partial(list, [fn]), install)
    for module in source.MODULES:
        for edit in source.edits(module):
            fns = functools.partial(running, tuple(fn.__code__ for fn, _ in edit.codes))
            install = functools.partial(source.installed, edit)
            yield Mutant(edit.mutator, f"{Path(module.__file__).stem}, {edit.where}", fns, install)


@functools.cache
def running(codes: tuple[CodeType, ...]) -> list[Any]:
    """The operations that run any of `codes`, those that lie nearest to it first."""
    fns = [fn for fn in CASES if not reached(fn).isdisjoint(codes)]
    if not fns:  # a rare way through an operation, which a row of its own takes
        found = {row for row, seen in traced_rows() if not seen.isdisjoint(codes)}
        fns = [fn for fn in CASES if not found.isdisjoint(rows()[fn])]
    files = {code.co_filename for code in codes}

    def distance(fn: Any) -> Any:
        own = codes_of(fn)
        return own.isdisjoint(codes), files.isdisjoint(c.co_filename for c in own), len(reached(fn))

    nearest: dict[frozenset[CodeType], list[Any]] = {}
    for fn in sorted(fns, key=distance):
        nearest.setdefault(codes_of(fn), []).append(fn)
    # One of those that share their rules; then all others of these, if there is room.
    return [fns[i] for i in range(MOST) for fns in nearest.values() if i < len(fns)][:MOST]


@functools.cache
def reached(fn: Any) -> set[CodeType]:
    """The code that fn runs through, its derivatives included."""

    def run() -> None:
        for call in drawn(fn, 5):
            with contextlib.suppress(Exception):  # what NumPy refuses is drawn, too
                observed(fn, call, PROBES["as drawn"])

    return traced(run) | codes_of(fn)


class Verdict(NamedTuple):
    """What became of a mutant: killed, or else which probe tells it from the right rule."""

    killed: bool
    probe: str | None = None


def judged(mutant: Mutant, examples: int) -> Verdict:
    """Run the tests of every operation that the mutant is part of, until one fails."""
    fns = mutant.fns()
    for fn in fns:
        must_pass(fn, examples)
    with mutant.install():
        if any(fails(fn, examples) for fn in fns):
            return Verdict(killed=True)
    return Verdict(False, difference(mutant))


@functools.cache
def must_pass(fn: Any, examples: int) -> None:
    """Run the tests of the right rule: if they fail, that they fail for a mutant says nothing."""
    rows()
    run_case(fn, examples)


def fails(fn: Any, examples: int) -> bool:
    try:
        with time_limit(TIMEOUT):
            run_case(fn, examples)
    except (Exception, pytest.fail.Exception):  # the second is where nothing was raised
        return True
    return False


@contextlib.contextmanager
def time_limit(seconds: int) -> Iterator[None]:
    """Raise TimeoutError after `seconds` of the processor's time: others may be using it, too."""

    def stop(_signal: int, _frame: Any) -> None:
        raise TimeoutError

    before = signal.signal(signal.SIGPROF, stop)
    signal.setitimer(signal.ITIMER_PROF, seconds, 1)  # and again, where a failure is run again
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, before)


# -- the command


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--only", metavar="NAME", help="mutants of what has NAME in its name")
    parser.add_argument("--mutator", metavar="NAME", help="mutators with NAME in their name")
    parser.add_argument("--sample", type=int, metavar="N", help="N mutants at random")
    parser.add_argument("--seed", type=int, default=0, help="which sample (default: 0)")
    parser.add_argument("--examples", type=int, default=50, help="of each case (default: 50)")
    parser.add_argument("--jobs", type=int, default=1, help="processes (default: 1)")
    options = parser.parse_args()
    warnings.simplefilter("error")  # as pytest does
    settings.register_profile("mutants", drawing(options.examples))
    settings.load_profile("mutants")  # for the property tests among the tables

    mutants = [
        m
        for m in all_mutants()
        if (options.only or "") in m.where and (options.mutator or "") in m.mutator
    ]
    if options.sample is not None:
        mutants = random.Random(options.seed).sample(mutants, min(options.sample, len(mutants)))
    if not mutants:
        print("no mutant has that name", file=sys.stderr)
        return 2
    verdicts = []
    with tqdm(total=len(mutants), unit="mutant") as bar:
        for verdict in judgements(mutants, options.examples, options.jobs):
            verdicts.append(verdict)
            bar.set_postfix(alive=sum(not v.killed for v in verdicts), refresh=False)
            bar.update()
    return report(mutants, verdicts)


def judgements(mutants: list[Mutant], examples: int, jobs: int) -> Iterator[Verdict]:
    """The verdict on each mutant, in order."""
    if jobs == 1:
        yield from (judged(mutant, examples) for mutant in mutants)
        return
    WORK[:] = [(mutant, examples) for mutant in mutants]
    with multiprocessing.get_context("fork").Pool(jobs) as pool:
        yield from pool.imap(judged_by_number, range(len(WORK)), chunksize=8)


WORK: list[tuple[Mutant, int]] = []  # which a forked process has too: mutants cannot be sent to it


def judged_by_number(i: int) -> Verdict:
    return judged(*WORK[i])


def report(mutants: list[Mutant], verdicts: list[Verdict]) -> int:
    """Print the figures and the survivors; 1 if one of these is a gap, or has no reason."""
    counts: dict[str, collections.Counter[str]] = collections.defaultdict(collections.Counter)
    gaps, unexplained = [], []
    reasons: dict[str, list[Mutant]] = collections.defaultdict(list)
    for mutant, verdict in zip(mutants, verdicts, strict=True):
        if verdict.killed:
            kind = "killed"
        elif verdict.probe is not None:
            kind = "survived"
            gaps.append(f"{mutant}\n    differs at: {verdict.probe}")
        else:
            kind = "equivalent"
            why = reason(mutant.mutator, mutant.where)
            unexplained += [] if why else [str(mutant)]
            reasons[why].append(mutant)
        counts[mutant.mutator][kind] += 1

    print(f"\n{'mutator':<28}{'applicable':>11}{'killed':>9}{'survived':>9}{'equivalent':>11}")
    for mutator, n in counts.items():
        print(f"{mutator:<28}{n['killed'] + n['survived']:>11}{n['killed']:>9}{n['survived']:>9}"
              f"{n['equivalent']:>11}")  # fmt: skip
    total = sum(counts.values(), collections.Counter())
    applicable = total["killed"] + total["survived"]
    for title, lines in ("Survivors", gaps), ("Without a reason", unexplained):
        if lines:
            print(f"\n{title} ({len(lines)}):")
            print(*lines, sep="\n")
    for why, equivalent in reasons.items():
        if why:
            print(f"\nEquivalent ({len(equivalent)}): {why}")
            print(*equivalent, sep="\n")
    share = 100 * total["killed"] / applicable if applicable else 100.0
    print(f"\nkilled {total['killed']} of {applicable} applicable mutants ({share:.1f} %)")
    return 1 if gaps or unexplained else 0


if __name__ == "__main__":
    sys.exit(main())
