# SPDX-License-Identifier: GPL-2.0-only
"""Figures of what repeats: boot beside boot, and each run from its first sample."""

from __future__ import annotations

import json
import re
from pathlib import Path

import numpy as np
import pytest
from conftest import PATHS, Maker
from test_family import made, twice
from test_outcomes import made as two_modes

import plots
import plots.boots
import plots.changes
import plots.overview
import plots.series
from retrap.results.store import load

WHERE = PATHS[0], "same-cpu"


@pytest.fixture
def seven(maker: Maker) -> Path:
    maker.substrates, maker.scenarios = ("vm",), PATHS[:1]
    return maker.write()


def test_every_boot_is_a_point_in_the_order_of_time(seven: Path) -> None:
    """Kernel after kernel in the directory, in turns on the machine."""
    results = load(seven)
    turns = sorted(seven.glob("raw/*/vm*"), key=lambda p: (p.name, p.parent.name))
    for number, boot in enumerate(turns):
        for file in boot.glob("*.run.json"):
            run = json.loads(file.read_text())
            run["began"] = f"2026-11-28T10:{number:02}:00Z"
            file.write_text(json.dumps(run))
    found = plots.boots.in_order(list(load(seven).boots))
    assert [boot.path for boot in found] == turns
    assert [boot.path for boot in results.boots] != turns
    drawn = {path.stem: path for path in plots.draw_all(seven)}
    assert "boots-vm-x86_64" in drawn
    svg = seven / "figures/boots-vm-x86_64.svg"
    assert f"<!-- {WHERE[0]}  {WHERE[1]} -->" in svg.read_text()
    before = svg.read_bytes()
    plots.draw_all(seven)
    assert svg.read_bytes() == before


def test_the_share_of_the_upper_mode_is_shown_where_there_are_two(
    maker: Maker,
) -> None:
    """A boot a point, below the medians."""
    path = two_modes(maker)
    for file in path.glob("raw/*/*/retrap*@cross-cpu.npy"):
        samples = np.load(file)
        spans = samples["t_return_ns"] - samples["t_trigger_ns"]
        samples["t_return_ns"] -= np.where(spans > 6000, spans // 3, 0)
        np.save(file, samples)
    plots.boots.draw(load(path), path / "figures")
    svg = (path / "figures/boots-vm-x86_64.svg").read_text()
    titles = re.findall("<!-- (.*-cpu.*) -->", svg)
    assert len(titles) == 2 * (2 + 1)  # medians of two paths, shares of one
    assert re.fullmatch("same-cpu, upper mode from .* ns on", titles[-2])
    assert titles[-1] == "cross-cpu, upper mode" and "<!-- one mode -->" in svg
    assert "<!-- share [% of -->" in svg


def test_rounds_of_a_boot_are_called_so(maker: Maker) -> None:
    maker.substrates, maker.scenarios, maker.boots = ("vm",), PATHS[:1], 4
    maker.variants, maker.facts = ("mainline",), {"boot_id": "one"}
    path = maker.write()
    plots.boots.draw(load(path), path / "figures")
    text = (path / "figures/boots-vm-x86_64.svg").read_text()
    assert "Every round" in text and "round, in the order" in text


def test_one_boot_each_or_exact_has_no_such_figure(maker: Maker) -> None:
    maker.scenarios, maker.boots = PATHS[:1], 1
    assert not any("boots-" in path.name for path in plots.draw_all(maker.write()))


def test_a_run_is_drawn_from_its_first_sample_to_its_last(seven: Path) -> None:
    """What failed is left out of its part, and no part is."""
    cell = next(load(seven).cells())
    x, y = plots.series.parts(cell)
    size, first = cell.latencies.size, cell.latencies[: cell.latencies.size // 40]
    assert len(x) == len(y) == plots.series.STEPS
    assert x == sorted(x) and 0 < x[0] < size / 40 and size - size / 40 < x[-1] < size
    assert y[0] == float(np.median(first[cell.ok[: first.size]]))


def test_few_samples_have_no_series(maker: Maker) -> None:
    maker.substrates, maker.scenarios = ("vm",), PATHS[:1]
    maker.samples, maker.boots = plots.series.FEWEST - 1, 2
    assert not any("series" in path.name for path in plots.draw_all(maker.write()))


def test_changes_show_what_the_baseline_differs_from_itself_by(maker: Maker) -> None:
    """Behind the changes of its cell; nothing where it was booted once a block."""
    path = made(maker, {}, boots=16)
    plots.overview.draw(load(path), path / "figures")
    svg = path / "figures/overview-vm-x86_64.svg"
    assert "the baseline against itself" not in svg.read_text()
    twice(path)
    plots.overview.draw(load(path), path / "figures")
    text = svg.read_text()
    assert "grey: the baseline against itself" in text
    assert text.count(f"fill: {plots.changes.BAND}") == 4  # two paths, two placements
