"""SciPy's and scikit-learn's own array API tests on tensors: `python tests/library_suites/run.py`.

Their tests run on array_api_strict, for which minigrad stands in.  A failure is right only where
reasons.toml has an entry for it, by its test and its error.  The exit status is 1 for a failure
that no entry explains, and for an entry that explains nothing.

    python tests/library_suites/run.py [--quick] [--jobs N] [SUBPACKAGE ...]

It takes an environment of its own, with `pip install numpy scipy scikit-learn mpmath hypothesis
pytest pytest-xdist pytest-timeout` and no other library of arrays.
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
    "refused": "an error, in place of a value that would be wrong",
    "library": "NumPy's arrays fail likewise, where they are read-only as a tensor's are",
    "stand-in": "the test knows array_api_strict from what stands in for it",
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


def entries(subpackage: str) -> list[Entry]:
    """What explains failures in a subpackage."""
    table = tomllib.loads((HERE / "reasons.toml").read_text())
    found = [Entry(**entry) for entry in table.get(subpackage, [])]
    if unknown := {entry.kind for entry in found} - KINDS.keys():
        raise ValueError(f"reasons.toml: the kinds are {', '.join(KINDS)}, not {unknown}")
    return found


def obstacles() -> Iterator[str]:
    """Why the tests cannot run in this environment."""
    if missing := [package for module, package in NEEDED.items() if not find_spec(module)]:
        yield f"not installed: pip install {' '.join(missing)}"
    if found := [other for other in OTHERS if find_spec(other)]:
        yield f"take an environment without {', '.join(found)}: the tests would run on it, too"


def run(subpackage: str, jobs: int, log: Path) -> ElementTree.Element:
    """Run the tests of a subpackage; the report that pytest writes."""
    path = f"{HERE / 'stand_in'}{os.pathsep}{HERE.parents[1]}"
    learn = subpackage == "sklearn"
    environment = {
        **os.environ, "PYTHONPATH": path, "PYTHONDONTWRITEBYTECODE": "1",
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
    options = parser.parse_args()
    if found := "; ".join(obstacles()):
        parser.error(f"{sys.executable} cannot run them; {found}")
    chosen = options.subpackages or (QUICK if options.quick else SUBPACKAGES)
    logs = Path(tempfile.mkdtemp(prefix="library_suites_"))
    right = True
    for subpackage in chosen:
        report = run(subpackage, options.jobs, logs / f"{subpackage}.txt")
        right &= compared(subpackage, report, entries(subpackage))
    print(f"what pytest printed: {logs}")
    sys.exit(not right)


if __name__ == "__main__":
    main()
