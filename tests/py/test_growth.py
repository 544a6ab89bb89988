# SPDX-License-Identifier: GPL-2.0-only
"""How medians grow with a number in the name of their scenario."""

from __future__ import annotations

import csv

import conftest
import pytest
from conftest import Maker

import plots
from retrap.analysis import written
from retrap.analysis.growth import FEWEST, families, fitted
from retrap.results.store import load

NUMBERS = (1, 10, 100, 1000)


@pytest.mark.parametrize("exponent", [0.0, 0.5, 1.0, 2.0])
def test_a_power_is_found_without_error(exponent: float) -> None:
    fit = fitted([(n, 7 * n**exponent) for n in NUMBERS])
    assert fit.exponent == pytest.approx(exponent) and fit.error < 1e-9


def test_what_does_not_grow_is_left_to_the_small_numbers() -> None:
    points = [(2**i, 5e6 + 10.0 * 4**i) for i in range(16)]
    whole, half = fitted(points), fitted([*points[:8], *((n, n**2) for n in NUMBERS)])
    assert whole.fitted == 8 and 1.0 < whole.exponent < 2.0 and whole.error > 0.05
    assert half.fitted == 6


def test_the_error_is_that_of_a_line() -> None:
    """By hand: residuals of 1, -2 and 1 sixths of ln 2, at -1, 0 and 1 of it."""
    fit = fitted([(1, 1.0), (2, 1.0), (4, 2.0)])
    assert fit.exponent == pytest.approx(0.5)
    assert fit.error == pytest.approx(0.5 / 3**0.5)


def test_each_number_of_a_name_is_one_to_grow_with() -> None:
    assert list(families("mt/armed:4/others:0")) == [("mt/armed:N/others:0", 4)]
    assert list(families("mt/a:4/b:12")) == [("mt/a:N/b:12", 4), ("mt/a:4/b:N", 12)]
    assert list(families("trap/trigger:interrupt")) == []


def test_rows_and_figure(maker: Maker, monkeypatch: pytest.MonkeyPatch) -> None:
    for number in NUMBERS:
        monkeypatch.setitem(conftest.COST, f"mt/threads:{number}", (6000 * number,) * 3)
    maker.substrates = ("exact",)
    maker.scenarios = tuple(f"mt/threads:{number}" for number in NUMBERS)
    path = maker.write()
    results = load(path)
    written.write(results)
    with (path / "growth.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == len(maker.variants) * len(maker.placements)
    for row in rows:
        assert row["family"] == "mt/threads:N"
        assert (row["least"], row["most"]) == ("10", "1000")
        assert float(row["exponent"]) == pytest.approx(1, abs=0.1)
        assert int(row["fitted"]) == FEWEST
    monkeypatch.setitem(plots.style.SETTINGS, "svg.fonttype", "none")
    svg, png = plots.growth.draw(results, path / "figures")
    assert svg.name == "growth-exact-x86_64-mt.threads-N.svg" and png.is_file()
    text = svg.read_text()
    for row in rows:
        fit = f"{float(row['exponent']):.2f} ± {float(row['standard_error']):.2f}"
        assert fit in text and f"{row['side']}: " in text


def test_two_numbers_are_no_growth(
    maker: Maker, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in NUMBERS[:2]:
        monkeypatch.setitem(conftest.COST, f"mt/threads:{number}", (6000,) * 3)
    maker.scenarios = tuple(f"mt/threads:{n}" for n in NUMBERS[:2])
    results = load(maker.write())
    written.write(results)
    assert not (results.path / "growth.csv").exists()
    assert plots.growth.draw(results, results.path / "figures") == []
