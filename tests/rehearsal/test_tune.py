# SPDX-License-Identifier: GPL-2.0-only
"""`--tune all` on three CPUs: what each boot was told, and nothing left."""

from __future__ import annotations

from pathlib import Path

import pytest
from campaigns import assert_equal, campaign, state, up
from image import Image
from rehearsal import RehearsalMachine

from retrap.results import store
from retrap.target import tune

# What can be told is the same on each architecture.
pytestmark = pytest.mark.parametrize("image", ["x86_64"], indirect=True)
EXPERIMENT = """\
variants = ["mainline"]
placements = ["cross-cpu"]
scenarios = ["retrap/trigger:sigcont"]

[machine]
samples = 20
boots = 1
"""


def test_what_a_boot_is_told_is_recorded_and_undone(
    image: Image, tmp_path: Path
) -> None:
    with RehearsalMachine(image, tmp_path / "target", cpus=3) as machine:
        before = up(machine)
        directory, _ = campaign(machine, tmp_path, EXPERIMENT, "--tune", "all")
        boots = store.load(directory).boots
        assert len(boots) == 2
        for boot in boots:
            told = boot.record["tuned"]
            assert set(told) == set(tune.WORDS)
            assert told["isolate"] == "isolated 1-2"
            assert told["irqs"].startswith("0 in ")
            assert told["governor"] == told["turbo"] == tune.NOT_THERE
            (cell,) = boot.cells
            assert {cell.run["tracer_cpu"], cell.run["tracee_cpu"]} == {1, 2}
        lines = [boot.command_line or "" for boot in machine.boots]
        wanted = " nohz_full=1,2 rcu_nocbs=1,2 "
        assert [wanted in line for line in lines] == [False, True, True, False]
        assert_equal(state(machine), before)
