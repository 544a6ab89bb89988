# SPDX-License-Identifier: GPL-2.0-only
"""`combined` on a machine: all designs in each boot, and a difference a boot."""

from __future__ import annotations

from pathlib import Path

import pytest
from campaigns import assert_equal, campaign, state, up
from image import Image
from rehearsal import RehearsalMachine

from retrap.analysis import within
from retrap.results import store

pytestmark = pytest.mark.parametrize("image", ["x86_64"], indirect=True)
EXPERIMENT = """\
variants = ["combined"]
baseline = "combined"
placements = ["same-cpu"]
scenarios = ["floor/pipe", "retrap/trigger:sigcont", "cycle/notification"]

[machine]
samples = 40
boots = 2
"""
DESIGNS = {"listen", "async-retrap", "please-notify", "listen-republish"}


def test_each_boot_has_all_designs_in_an_order_by_chance(
    machine: RehearsalMachine, image: Image, tmp_path: Path
) -> None:
    before = up(machine)
    directory, done = campaign(machine, tmp_path, EXPERIMENT)
    results = store.load(directory)
    assert len({boot.facts["boot_id"] for boot in results.boots}) == 4
    orders = set()
    for boot in results.boots:
        cells = [c for c in boot.cells if c.scenario == "retrap/trigger:sigcont"]
        assert {cell.interface for cell in cells} == DESIGNS
        cells.sort(key=lambda cell: cell.place or 0)
        orders.add(tuple(cell.interface for cell in cells))
    assert len(orders) > 1
    rows = within.within_boots(results)
    assert rows and all(row.base.endswith("listen") for row in rows)
    assert all(row.within for row in rows)
    pairs = {row.sides[1].boots for row in rows if row.sides[1]}
    assert pairs == {4}
    assert "within" in done.stdout
    assert_equal(state(machine), before)
