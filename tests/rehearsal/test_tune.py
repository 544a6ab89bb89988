# SPDX-License-Identifier: GPL-2.0-only
"""`--tune all` on three CPUs: what each boot was told, and nothing left."""

from __future__ import annotations

from pathlib import Path

import pytest
from image import Image
from rehearsal import BOOT_S, RehearsalMachine
from test_campaign import CAMPAIGN_S, assert_equal, inventory, retrap, state

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
    (tmp_path / "small.toml").write_text(EXPERIMENT)
    with RehearsalMachine(image, tmp_path / "target", cpus=3) as machine:
        machine.start()
        machine.wait_for_ssh(BOOT_S)
        before = state(machine)
        done = retrap(
            *("matrix", tmp_path / "small.toml", "--tune", "all"),
            *("--on", inventory(machine, tmp_path / "hosts")),
            *("--results", tmp_path / "results"),
            limit_s=CAMPAIGN_S,
        )
        assert done.returncode == 0, done.stderr
        (directory,) = tmp_path.glob("results/small@target/*")
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
