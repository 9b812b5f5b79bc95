"""Every rule and composite, held to every property of an operation that is differentiated."""

from typing import Any

import pytest
from cases import CASES, REGISTERED, name

from minigrad import core


@pytest.mark.parametrize("fn", [pytest.param(fn, id=name(fn)) for fn in CASES])
def test_every_property_holds(fn: Any) -> None:
    CASES[fn].test(fn)


def test_every_rule_and_composite_has_a_case() -> None:
    assert set(CASES) == REGISTERED


def test_no_function_is_in_two_sets() -> None:
    sets = [set(core.RULES), set(core.COMPOSITES), core.CONSTANTS, set(core.REFUSED)]
    sets.append(set(core.DETACHED))
    assert sum(map(len, sets)) == len(set.union(*sets))
