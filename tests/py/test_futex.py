# SPDX-License-Identifier: GPL-2.0-only
"""Results as multiples of the futex floor."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest
from conftest import Maker

from retrap.analysis import summarize
from retrap.analysis.futex import multiple
from retrap.analysis.side import of
from retrap.report import futextable, table
from retrap.results.store import load

PATH, FLOOR = "retrap/trigger:sigcont", "floor/futex"


def test_a_multiple_is_of_the_floor_at_the_same_placement(whole: Path) -> None:
    results = load(whole)
    machine = results.machines[0]
    found = set()
    for placement in ("same-cpu", "cross-cpu"):
        path = of(results, machine, "async-retrap", (PATH, placement))
        floor = of(results, machine, "async-retrap", (FLOOR, placement))
        assert path and floor and path.median and floor.median
        told = multiple(results, machine, "async-retrap", (PATH, placement))
        assert told == path.median / floor.median
        found.add(told)
    assert len(found) == 2


def test_each_interface_of_a_kernel_has_the_floor_of_the_kernel(maker: Maker) -> None:
    maker.variants = ("mainline", "combined")
    directory = maker.write()
    file = directory / "raw/combined/exact-1/floor.futex@same-cpu.npy"
    samples = np.load(file)
    samples["t_return_ns"] += np.uint64(1000)  # another floor than mainline's
    np.save(file, samples)
    results = load(directory)
    machine, where = results.machines[0], (PATH, "same-cpu")
    (floor,) = (s for s in results.sides(machine, FLOOR) if s.startswith("combined"))
    below = of(results, machine, floor, (FLOOR, "same-cpu"))
    for name in ("combined/listen", "combined/async-retrap"):
        path = of(results, machine, name, where)
        assert path and below and path.median and below.median
        told = multiple(results, machine, name, where)
        assert told == path.median / below.median


def test_the_table_and_the_file_say_it(whole: Path) -> None:
    results = load(whole)
    machine = results.machines[0]
    told = multiple(results, machine, "mainline", (PATH, "same-cpu"))
    text = futextable.futex_table(results, machine)
    assert text in table.tables(results) and max(map(len, text.splitlines())) <= 72
    lines = text.splitlines()
    assert lines[lines.index(PATH) + 1].split()[:2] == ["mainline", f"{told:.2f}"]
    assert f"\n{FLOOR}" not in text
    summarize.summarize(results)
    with open(whole / "measured.csv", newline="") as file:
        rows = [r for r in csv.DictReader(file) if r["metric"] == "x futex"]
    assert {row["unit"] for row in rows} == {FLOOR}
    assert not any(row["scenario"].startswith("floor/") for row in rows)
    mine = [
        float(r["value"])
        for r in rows
        if (r["variant"], r["scenario"], r["placement"], r["substrate"])
        == ("mainline", PATH, "same-cpu", "exact")
    ]
    assert mine == [pytest.approx(told)]


def test_without_the_floor_nothing_is_said(maker: Maker) -> None:
    maker.scenarios = (PATH,)
    results = load(maker.write())
    assert "x futex" not in table.tables(results)
    summarize.summarize(results)
    assert "x futex" not in (maker.path / "measured.csv").read_text()
