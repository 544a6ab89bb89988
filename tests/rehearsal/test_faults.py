# SPDX-License-Identifier: GPL-2.0-only
"""The machine comes back from kernels that fail, and from a power cut at any time; the
others are measured all the same."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest
from campaigns import CAMPAIGN_S, assert_equal, campaign, state, up
from image import Image
from rehearsal import RehearsalMachine

from retrap.campaign import journal
from retrap.results import store

VARIANTS = Path(__file__).with_name("variants.toml")
EXPERIMENT = """\
variants = ["mainline", "{fault}"]
baseline = "mainline"
placements = ["same-cpu"]
scenarios = ["retrap/trigger:sigcont"]

[machine]
samples = 20
boots = 1
"""
FAULTS = [
    *(("x86_64", name) for name in ("panic", "spins", "irqs-off", "asleep", "waits")),
    ("arm64", "panic"),
]


@pytest.mark.parametrize(("image", "fault"), FAULTS, indirect=["image"])
def test_a_variant_that_fails_costs_its_own_boots_alone(
    machine: RehearsalMachine, image: Image, tmp_path: Path, fault: str
) -> None:
    before, text = up(machine), EXPERIMENT.format(fault=fault)
    directory, _ = campaign(machine, tmp_path, text, "--variants", VARIANTS)
    states = journal.read(directory).states
    failed = states[f"{fault}/block-1"]
    assert (failed.state, failed.tries) == (journal.VOID, 3)
    assert failed.reason.startswith(
        "given up after 3 tries: the machine came up in its"
    )
    boots = store.load(directory).boots
    assert sorted(f"{b.variant}/{b.name}" for b in boots) == [
        *("mainline/block-1", "mainline/block-1-again")
    ]
    releases = [boot.release or "" for boot in machine.boots]
    assert releases[0].endswith(image.own) and releases[-1].endswith(image.own)
    assert sum(not each.endswith(image.own) for each in releases) == 2 + 3
    assert_equal(state(machine), before)


def test_power_cuts_cost_boots_and_no_result(
    machine: RehearsalMachine, tmp_path: Path
) -> None:
    """In the middle of some of its boots."""
    text = EXPERIMENT.format(fault="mainline").replace(', "mainline"]', "]")
    before = up(machine)
    stop = threading.Event()

    def cut() -> None:
        for number, after_s in ((2, 30), (4, 60)):
            machine.wait_for_boot(number, CAMPAIGN_S)
            if stop.wait(after_s):
                return
            machine.power_cut()

    cutter = threading.Thread(target=cut)
    cutter.start()
    try:
        directory, _ = campaign(machine, tmp_path, text)
    finally:
        stop.set()
        cutter.join()
    states = journal.read(directory).states
    assert {s.state for s in states.values()} == {journal.DONE}
    assert len(store.load(directory).boots) == 2
    assert_equal(state(machine), before)
