"""The examples that take a user's NumPy code through minigrad find what is known of their data."""

import runpy
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

EXAMPLES = Path(__file__).parents[1] / "examples"


def output_of(name: str, capsys: Any, monkeypatch: pytest.MonkeyPatch, out: Path) -> str:
    """What the example prints, without a window to draw in."""
    for module in ("matplotlib", "scipy", "sklearn"):
        pytest.importorskip(module, reason="pip install 'minigrad[examples]'")
    monkeypatch.setenv("MPLBACKEND", "agg")
    monkeypatch.setattr(sys, "argv", [name, "--out", str(out)])
    runpy.run_path(str(EXAMPLES / name), run_name="__main__")
    assert list(out.glob("*.png"))
    printed: str = capsys.readouterr().out
    return printed


def numbers(text: str, starts: tuple[str, ...]) -> dict[str, list[float]]:
    """Of the lines that start with one of `starts`, the numbers in them."""
    found = {}
    for line in text.splitlines():
        for start in starts:
            if line.startswith(start):
                words = line[len(start) :].replace(",", " ").replace(")", " ").split()
                found[start] = [
                    float(w) for w in words if w.strip("-+.e").replace(".", "")[:1].isdigit()
                ]
    return found


def test_the_nile_has_the_variances_that_are_published(
    capsys: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    text = output_of("kalman.py", capsys, monkeypatch, tmp_path)
    found = numbers(text, ("variance of the noise:", "variance of the drift:"))
    for fitted, published in found.values():
        assert fitted == pytest.approx(published, rel=1e-3)
    assert len(found) == 2


def test_hares_and_lynxes_have_the_rates_that_are_published(
    capsys: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    text = output_of("predator_prey.py", capsys, monkeypatch, tmp_path)
    names = (
        "births of hares",
        "hares eaten",
        "deaths of lynxes",
        "lynxes fed",
        "hares ",
        "lynxes ",
    )
    found = numbers(text, names)
    for fitted, published in found.values():
        assert fitted == pytest.approx(published, rel=0.04)
    assert len(found) == 6
    assert float(text.split()[-1]) < 1e-5  # the integral of motion


def test_a_gaussian_process_has_the_slopes_that_are_written_by_hand(
    capsys: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    text = output_of("gaussian_process.py", capsys, monkeypatch, tmp_path)
    found = numbers(text, ("variance", "length", "noise"))
    for _, ours, by_hand in found.values():
        assert np.abs([ours, by_hand]).max() < 1e-4  # at the maximum
        assert ours == pytest.approx(by_hand, abs=2e-7)
    assert len(found) == 3
    likelihoods = [line.split()[-1] for line in text.splitlines() if "log-likelihood" in line]
    assert likelihoods[0] == likelihoods[1]
