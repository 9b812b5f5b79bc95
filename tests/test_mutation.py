"""A sample of the mutants that tests/mutation/mutate.py runs: one of every kind, and each dies."""

import contextlib
import functools
import zlib

import numpy as np
import pytest
from cases import BINARY, CALLS, REGISTERED, UNARY
from mutation import mutate, mutators, source
from mutation.survivors import reason

from minigrad import core
from minigrad.ops import reductions

EXAMPLES = 50
MUTANTS = list(mutate.all_mutants())
KINDS = list(dict.fromkeys(m.mutator for m in MUTANTS))
EXPLAINED = {*UNARY, *BINARY, *CALLS}  # operations of which every mutant that lives has a reason


@pytest.mark.parametrize("kind", KINDS)
def test_a_mutant_of_every_kind_dies(kind):
    known = [m for m in MUTANTS if m.mutator == kind and not reason(m.mutator, m.where)]
    drawn = sorted(known, key=lambda m: zlib.crc32(str(m).encode()))  # the same while it exists
    mutant = next(m for m in drawn if m.fns() and set(m.fns()) <= EXPLAINED)
    assert mutate.judged(mutant, EXAMPLES).killed, mutant


def test_every_rule_has_mutants():
    assert {rule.fn for rule in mutators.rules()} >= REGISTERED & set(core.RULES)


def multiply_by(change):
    """A mutant of the rule of x * y by y."""
    rule = mutators.Rule(np.multiply, 1)
    install = functools.partial(mutators.installed, rule, change)
    return mutate.Mutant("planted", "multiply", lambda: [np.multiply], install)


def test_a_right_rule_lives_and_is_equivalent():
    assert mutate.judged(multiply_by(mutators.Call.right), EXAMPLES) == (False, None)


def test_a_wrong_rule_that_lives_is_a_gap(monkeypatch):
    monkeypatch.setattr(mutate, "run_case", lambda fn, examples: None)
    change, _ = mutators.MUTATORS["wrong for zeros"]
    assert mutate.judged(multiply_by(change), EXAMPLES) == (False, "as drawn, numpy.multiply")


def test_what_a_mutant_left_in_a_cache_is_forgotten():
    fn = reductions.bounds
    edit = source.Edit("planted", "bounds", [(fn.__wrapped__, (lambda dtype: (0, 0)).__code__)])
    for _ in range(2):
        lowest, highest = fn(np.dtype(float))
        assert lowest < highest
        with source.installed(edit):
            assert fn(np.dtype(float)) == (0, 0)


def test_after_a_mutant_all_is_as_it_was():
    functions = [fn for module in source.MODULES for fn in source.functions(module)]

    def registry():
        return (
            dict(core.RULES),
            [(rule.vjps, rule.each) for rule in core.RULES.values()],
            dict(core.COMPOSITES),
            set(core.COMPLEX),
            [fn.__code__ for fn in functions],
        )

    before = registry()
    for kind in KINDS:
        mutant = next(m for m in MUTANTS if m.mutator == kind)
        with contextlib.suppress(ZeroDivisionError), mutant.install():
            assert registry() != before
            raise ZeroDivisionError
        assert registry() == before
