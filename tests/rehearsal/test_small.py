# SPDX-License-Identifier: GPL-2.0-only
"""The way of a campaign on a machine that reboots, without a kernel that takes half
an hour to build: the machine's own one is the variant. ./retrap test runs this one;
the others are for ./retrap test rehearsal."""

from __future__ import annotations

from pathlib import Path

import pytest
from campaigns import SMALL, assert_equal, campaign, state, up
from rehearsal import RehearsalMachine

from retrap.campaign import journal
from retrap.results import store

# The kernel of a machine with systemd-boot cannot be a variant.
pytestmark = pytest.mark.parametrize("image", ["x86_64"], indirect=True)


def test_two_boots_of_its_own_kernel_and_the_machine_as_it_was(
    machine: RehearsalMachine, tmp_path: Path
) -> None:
    before = up(machine)
    (first,) = machine.boots
    directory, _ = campaign(machine, tmp_path, SMALL)
    states = journal.read(directory).states
    assert {name: s.state for name, s in states.items()} == {
        "host/block-1": "done",
        "host/block-1-again": "done",
    }
    results = store.load(directory)
    assert {str(where) for where in results.machines} == {"vm x86_64"}
    assert len({b.record["kernel_build_id"] for b in results.boots}) == 1
    assert len({b.facts["boot_id"] for b in results.boots}) == 2
    for boot in results.boots:
        assert not boot.unquiet
        for cell in boot.cells:  # nobody may lock memory, and hold idle states off
            assert cell.run["dma_latency_held"], cell.run["warnings"]
            assert not any("locked" in note for note in cell.run["warnings"])
    releases = [boot.release for boot in machine.boots]
    assert releases == [first.release] * 4
    slots = ["retrap.slot" in (boot.command_line or "") for boot in machine.boots]
    assert slots == [False, True, True, False]
    assert_equal(state(machine), before)
