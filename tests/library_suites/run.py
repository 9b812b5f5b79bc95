"""SciPy's and scikit-learn's own array API tests on tensors: `python tests/library_suites/run.py`.

Their tests run on array_api_strict, and a module of that name in stand_in is minigrad.  A failure
is right only where reasons.toml has an entry for it, by its test and its error: a clear refusal,
what array_api_strict itself fails, or what happens to NumPy's own read-only arrays.  The exit
status is 1 for a failure that no entry explains, and for an entry that explains nothing.

    python tests/library_suites/run.py [--quick] [--jobs N] [--baseline] [SUBPACKAGE ...]

It takes an environment of its own, with `pip install scipy scikit-learn mpmath hypothesis pytest
pytest-xdist pytest-timeout`.  With `--baseline`, array_api_strict has to be there, and is what the
tests run on: only entries of what it fails count.
"""

from __future__ import annotations

import argparse
import os
import re
import subprocess
import sys
import tempfile
import tomllib
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import NamedTuple
from xml.etree import ElementTree

HERE = Path(__file__).parent
SUBPACKAGES = [
    "scipy.cluster", "scipy.fft", "scipy.integrate", "scipy.interpolate", "scipy.linalg",
    "scipy.ndimage", "scipy.optimize", "scipy.signal", "scipy.spatial", "scipy.special",
    "scipy.stats", "sklearn",
]  # fmt: skip
QUICK = ["scipy.cluster"]
NEEDED = {
    "scipy": "scipy", "sklearn": "scikit-learn", "mpmath": "mpmath", "hypothesis": "hypothesis",
    "pytest": "pytest", "xdist": "pytest-xdist", "pytest_timeout": "pytest-timeout",
}  # fmt: skip
OTHERS = ["torch", "jax", "dask", "cupy", "array_api_strict"]  # the tests import those they find
KINDS = {
    "refused": "an error that says what is refused, and why",
    "strict": "fails with array_api_strict, too",
    "library": "so it does with NumPy's arrays, if they are read-only",
}


class Entry(NamedTuple):
    """What explains some failures: by regular expressions, what is in the test's name and error."""

    tests: str
    error: str
    kind: str  # one of KINDS
    reason: str

    def explains(self, failure: Failure) -> bool:
        """Whether it is one of those."""
        return bool(re.search(self.tests, failure.test) and re.search(self.error, failure.error))


class Failure(NamedTuple):
    """A test that failed."""

    test: str
    error: str


def entries(subpackage: str, baseline: bool) -> list[Entry]:
    """What explains failures in a subpackage."""
    table = tomllib.loads((HERE / "reasons.toml").read_text())
    found = [Entry(**entry) for entry in table.get(subpackage, [])]
    if unknown := {entry.kind for entry in found} - KINDS.keys():
        raise ValueError(f"reasons.toml: the kinds are {', '.join(KINDS)}, not {unknown}")
    return [entry for entry in found if entry.kind == "strict" or not baseline]


def obstacles(baseline: bool) -> Iterator[str]:
    """Why the tests cannot run in this environment."""
    missing = [package for module, package in NEEDED.items() if not find_spec(module)]
    if baseline and not find_spec("array_api_strict"):
        missing.append("array_api_strict")
    if missing:
        yield f"not installed: pip install {' '.join(missing)}"
    if found := [other for other in OTHERS[: -1 if baseline else None] if find_spec(other)]:
        yield f"in an environment without {', '.join(found)}: the tests would run on that, too"


def run(subpackage: str, jobs: int, baseline: bool, log: Path) -> ElementTree.Element:
    """Run the tests of a subpackage; the report that pytest writes."""
    path = [] if baseline else [str(HERE / "stand_in"), str(HERE.parents[1])]
    learn = subpackage == "sklearn"
    environment = {
        **os.environ, "PYTHONPATH": os.pathsep.join(path), "PYTHONDONTWRITEBYTECODE": "1",
        "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1",
        "SCIPY_ARRAY_API": "1" if learn else '["array_api_strict"]',
    }  # fmt: skip
    report = log.with_suffix(".xml")
    with log.open("w") as output:
        status = subprocess.run(
            [
                sys.executable, "-m", "pytest", "--pyargs", subpackage, "-q", "-W", "ignore",
                "-p", "no:cacheprovider", f"--numprocesses={jobs if jobs > 1 else 0}",
                "--timeout=120", "--tb=native", f"--junitxml={report}",
                *(("-k", "array_api and strict") if learn else ("-m", "array_api_backends")),
            ],
            cwd=log.parent, env=environment, stdout=output, stderr=output, check=False,
        ).returncode  # fmt: skip
    if status not in (0, 1):  # of which 1 is that some fail
        raise SystemExit(f"{subpackage}: pytest says\n{log.read_text()[-2000:]}")
    return ElementTree.parse(report).getroot()


def failures(report: ElementTree.Element) -> Iterator[Failure]:
    """The tests that failed."""
    for case in report.iter("testcase"):
        for outcome in (*case.iter("failure"), *case.iter("error")):
            test = f"{case.get('classname')}.{case.get('name')}"
            yield Failure(test, outcome.get("message") or outcome.text or "")


def compared(subpackage: str, report: ElementTree.Element, known: list[Entry]) -> bool:
    """Print what a report says, and whether every failure has an entry, and every entry one."""
    suite = next(report.iter("testsuite"))
    failed = list(failures(report))
    unexplained = [f for f in failed if not any(entry.explains(f) for entry in known)]
    useless = [entry for entry in known if not any(map(entry.explains, failed))]
    passed = int(suite.get("tests", 0)) - int(suite.get("skipped", 0)) - len(failed)
    expected = len(failed) - len(unexplained)
    print(
        f"{subpackage:18} {passed:6} passed {len(failed):5} failed, {expected} of them expected,"
        f" in {float(suite.get('time', 0)):.0f} s",
        flush=True,
    )
    for failure in unexplained:
        print(f"  not expected: {failure.test}\n    {failure.error.partition(chr(10))[0][:300]}")
    for entry in useless:
        print(f"  explains nothing: {entry.tests!r}, {entry.error!r}")
    return not (unexplained or useless)


def main() -> None:
    """Run the program."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("subpackages", nargs="*", metavar="SUBPACKAGE", help=" ".join(SUBPACKAGES))
    parser.add_argument("--quick", action="store_true", help=f"{QUICK[0]} only")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1, help="processes")
    parser.add_argument("--baseline", action="store_true", help="on array_api_strict itself")
    options = parser.parse_args()
    for obstacle in obstacles(options.baseline):
        parser.error(f"{sys.executable} cannot run them; {obstacle}")
    chosen = options.subpackages or (QUICK if options.quick else SUBPACKAGES)
    logs = Path(tempfile.mkdtemp(prefix="library_suites_"))
    right = True
    for subpackage in chosen:
        report = run(subpackage, options.jobs, options.baseline, logs / f"{subpackage}.txt")
        right &= compared(subpackage, report, entries(subpackage, options.baseline))
    print(f"what pytest printed: {logs}")
    sys.exit(not right)


if __name__ == "__main__":
    main()
