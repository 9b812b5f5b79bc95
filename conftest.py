"""What needs a package that is not installed is skipped, with the reason."""

from importlib.util import find_spec
from pathlib import Path

import pytest

ECOSYSTEM = ("einops", "matplotlib", "opt_einsum", "pandas", "scipy", "xarray")

collect_ignore = [] if find_spec("einops") else ["minigrad/einops_backend.py"]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Skip the page whose examples need them."""
    missing = [package for package in ECOSYSTEM if not find_spec(package)]
    for item in items:
        if missing and Path(item.path).name == "ecosystem.md":
            item.add_marker(pytest.mark.skip(f"not installed: {', '.join(missing)}"))
