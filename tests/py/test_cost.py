# SPDX-License-Identifier: GPL-2.0-only
"""What a cycle costs the processor: numbers, table, figure."""

from __future__ import annotations

import csv
import dataclasses
from pathlib import Path

import pytest
from conftest import Maker

from retrap.analysis import cost, summarize
from retrap.analysis.compare import against_base
from retrap.analysis.comparison import Comparison
from retrap.analysis.cost import Cost
from retrap.analysis.verdict import FEWER, MORE, SAME, UNDECIDED, Judgement
from retrap.report import table
from retrap.results.store import Results, load

WHERE = ("retrap/trigger:interrupt", "same-cpu")
HARDWARE = {
    "mainline": (900.0, 14000.0, 1500.0, 9000.0),
    "please-notify": (910.0, 13000.0, 1504.0, 9650.0),
}


def seven(maker: Maker) -> Path:
    """Seven boots of each, in which events grow by a thousandth a boot."""
    maker.substrates, maker.variants = ("vm",), tuple(HARDWARE)
    maker.placements, maker.samples, maker.hardware = ("same-cpu",), 60, HARDWARE
    return maker.write()


@pytest.fixture
def counted(maker: Maker) -> Path:
    return seven(maker)


def of(results: Results, name: str) -> Cost | None:
    return cost.cost(results, results.machines[0], name, WHERE)


def test_a_cost_is_the_median_over_boots(counted: Path) -> None:
    got = of(load(counted), "mainline")
    assert got is not None
    assert got.of("cycles", "k") == pytest.approx(14000 * 1.003)
    assert got.of("cycles") == pytest.approx(14900 * 1.003)
    assert got.of("instructions") == pytest.approx(10500 * 1.003)
    assert got.ipc == pytest.approx(10500 / 14900)
    assert got.of("branches") is None


def test_an_event_that_a_boot_lacks_is_not_known(counted: Path) -> None:
    """A figure of six boots beside one of seven would be another's."""
    next(counted.glob("raw/mainline/*/retrap.trigger-interrupt*perf-200.u1*")).unlink()
    assert of(load(counted), "mainline") is None
    assert of(load(counted), "please-notify") is not None


def test_without_hardware_events_there_is_nothing(whole: Path) -> None:
    results = load(whole)
    for machine in results.machines:
        assert cost.cost(results, machine, "mainline", WHERE) is None
    assert "Cost of a cycle" not in table.render(whole)


@pytest.mark.parametrize(
    ("verdict", "instructions", "disagree"),
    [
        (MORE, 110, False),
        (MORE, 100.5, True),
        (MORE, 90, True),
        (FEWER, 90, False),
        (FEWER, 99.5, True),
        (FEWER, 110, True),
        (SAME, 110, False),
        (UNDECIDED, 90, False),
    ],
)
def test_time_and_instructions_disagree(
    counted: Path, verdict: str, instructions: float, disagree: bool
) -> None:
    results = load(counted)
    found = against_base(results, results.machines[0], "please-notify", WHERE)
    assert isinstance(found, Comparison)
    compared = dataclasses.replace(found, judgement=Judgement(verdict, 1.0))
    base, test = (
        Cost({"instructions:u": 0.0, "instructions:k": k, "cycles:u": 0, "cycles:k": 1})
        for k in (100.0, instructions)
    )
    assert cost.disagree(compared, base, test) is disagree
    assert cost.disagree(compared, Cost({}), test) is False


def test_the_table_and_the_csv_have_it(counted: Path) -> None:
    text = table.render(counted)
    (part,) = (b for b in text.split("\n\n") if b.startswith("Cost of a cycle"))
    rows = [line.split() for line in part.splitlines()]
    assert ["mainline", "14945", "14042", "10532", "9027", "0.70"] in rows
    assert ["please-notify", "*", "13952", "13039", "11187", "9679", "0.80"] in rows
    assert "* time changed and instructions did not" in text
    assert all(len(line) <= 80 for line in text.splitlines())
    summarize.summarize(load(counted))
    with (counted / "measured.csv").open() as file:
        values = {
            (row["variant"], row["metric"], row["unit"]): float(row["value"])
            for row in csv.DictReader(file)
            if row["scenario"] == WHERE[0] and row["boot"] == "vm-x86_64-1"
            if row["metric"].startswith("cycles")
        }
    assert values["mainline", "cycles:k", "a cycle"] == pytest.approx(14000.0)
    assert len(values) == 4
