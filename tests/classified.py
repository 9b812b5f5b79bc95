"""What minigrad makes of each NumPy function: `python tests/classified.py --write` makes the page.

The page is docs/coverage.md, for the NumPy that is installed; test_coverage.py holds it to the
registry.
"""

from __future__ import annotations

import argparse
import textwrap
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import numpy as np
import numpy.fft  # whose functions are on NumPy's list once it is imported
from numpy.testing import overrides

import minigrad as mg
from minigrad import core

PAGE = Path(__file__).parents[1] / "docs" / "coverage.md"

# Not imported by NumPy itself: functions of structured arrays, of text, and of polynomials.
ASIDE = ("numpy.lib.recfunctions", "numpy.strings", "numpy.char", "numpy.polynomial")

KINDS: dict[str, Callable[[], Iterable[Any]]] = {
    "rule": lambda: core.RULES,
    "composite": lambda: core.COMPOSITES,
    "constant": lambda: core.CONSTANTS,
    "write": lambda: core.WRITES.keys() - core.COMPOSITES.keys(),  # nan_to_num may write, too
    "refused": lambda: core.REFUSED.keys() | core.DETACHED.keys(),
}


def overridable() -> list[Any]:
    """Every ufunc and function by which NumPy asks a tensor."""
    functions = overrides.get_overridable_numpy_array_functions()
    ufuncs = overrides.get_overridable_numpy_ufuncs()
    return [*ufuncs, *(fn for fn in functions if not fn.__module__.startswith(ASIDE))]


def kinds_of(fn: Any) -> list[str]:
    """The sets that a function is in: exactly one."""
    return [kind for kind, members in KINDS.items() if fn in members()]


def public_name(fn: Any) -> str:
    """The name that users call it by; empty if it has none."""
    for module in (np, np.linalg, np.emath, np.strings, np.lib.stride_tricks):
        if getattr(module, fn.__name__, None) is fn:
            return f"{module.__name__}.{fn.__name__}".replace(".lib.scimath", ".emath")
    return ""


def named(fns: Iterable[Any]) -> list[str]:
    return sorted({public_name(fn) for fn in fns} - {""}, key=str.lower)


def listed(names: Iterable[str]) -> str:
    text = ", ".join(f"`{name.removeprefix('numpy.')}`" for name in names)
    return textwrap.fill(text, 100, break_long_words=False, break_on_hyphens=False)


def version() -> str:
    return ".".join(np.__version__.split(".")[:2])


def page() -> str:
    fns = overridable()
    of_kind = {kind: [fn for fn in fns if kinds_of(fn) == [kind]] for kind in KINDS}
    ufuncs = {k: named(f for f in v if isinstance(f, np.ufunc)) for k, v in of_kind.items()}
    others = {k: named(f for f in v if not isinstance(f, np.ufunc)) for k, v in of_kind.items()}
    methods = {
        kind: sorted(
            core.name_of(fn) for fn in members()
            if isinstance(getattr(fn, "__self__", None), np.ufunc)
            and public_name(fn.__self__)
        )
        for kind, members in KINDS.items()
    }  # fmt: skip
    reasons: dict[str, list[Any]] = {}
    for fn in of_kind["refused"]:
        needs = "Where grad is required: " if fn in core.DETACHED else ""
        reason = core.REFUSED.get(fn) or core.DETACHED[fn]
        reasons.setdefault(needs + reason, []).append(fn)
    lines = [
        "# What minigrad makes of each NumPy function",
        "",
        f"Written by `python tests/classified.py --write` for NumPy {version()}, and held to the "
        "registry by `tests/test_coverage.py`.",
        "",
        "NumPy has a list of the functions that ask their arguments what to do.",
        "Each is exactly one of these; names are in `numpy`.",
        "What works through SciPy and scikit-learn is in [coverage_scipy.md](coverage_scipy.md).",
        "",
    ]
    about = {
        "rule": ("Differentiated by a rule", "Recorded as one operation."),
        "composite": (
            "Differentiated through what they are built from",
            "Recorded as the operations that they are made of.",
        ),
        "constant": (
            "Constants",
            "They have no derivative: steps, truth values, places, whole numbers, shapes.\n"
            "They take tensors, and their results never require grad.",
        ),
        "write": (
            "Writing into their first argument",
            "They change a tensor in place, which is recorded: see [in_place.md](in_place.md).\n"
            "So does `nan_to_num` with `copy=False`.",
        ),
    }
    for kind, (title, what) in about.items():
        lines += [f"## {title}", "", what, ""]
        lines += ["Ufuncs:", listed(ufuncs[kind]), ""] if ufuncs[kind] else []
        lines += ["Functions:", listed(others[kind]), ""]
        lines += ["Methods of ufuncs:", listed(methods[kind]), ""] if methods[kind] else []
    lines += ["## Refused", "", "They raise an error that says so.", ""]
    for reason, refused in sorted(reasons.items(), key=lambda pair: named(pair[1])):
        lines += [f"- {reason}:", textwrap.indent(listed(named(refused)), "  ")]
    lines += ["", "## Methods and attributes of arrays that tensors do not have", ""]
    why: dict[str, list[str]] = {}
    for name, reason in core.NO_METHODS.items():
        why.setdefault(reason, []).append(name)
    lines += [f"- {listed(sorted(names))}: {reason}." for reason, names in why.items()]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--write", action="store_true", help=f"write {PAGE.name}")
    if parser.parse_args().write:
        PAGE.write_text(page())
    else:
        print(page(), end="")
    assert mg  # imported for what it registers
