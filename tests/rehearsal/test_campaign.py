# SPDX-License-Identifier: GPL-2.0-only
"""A campaign on a machine that really reboots, from `./retrap matrix --on` to its
table; and the machine is as it was."""

from __future__ import annotations

from pathlib import Path

from campaigns import assert_equal, campaign, state, up
from image import Image
from rehearsal import RehearsalMachine

from retrap.campaign import journal
from retrap.results import store

EXPERIMENT = """\
variants = ["mainline", "please-notify"]
baseline = "mainline"
placements = ["same-cpu"]
scenarios = ["floor/pipe", "retrap/trigger:sigcont", "retrap/trigger:interrupt"]

[machine]
samples = 20
boots = 1
"""


def test_a_campaign_ends_in_a_table_and_the_machine_as_it_was(
    machine: RehearsalMachine, image: Image, tmp_path: Path
) -> None:
    before = up(machine)
    directory, done = campaign(machine, tmp_path, EXPERIMENT)
    story = journal.read(directory)
    assert story.finished
    assert {name: s.state for name, s in story.states.items()} == {
        "mainline/block-1": "done",
        "mainline/block-1-again": "done",
        "please-notify/block-1": "done",
    }
    results = store.load(directory)
    (where,) = results.machines
    assert str(where) == f"vm {image.arch.name}"
    assert len({b.record["kernel_build_id"] for b in results.boots}) == 2
    assert len({b.facts["boot_id"] for b in results.boots}) == 3
    for boot in results.boots:
        assert boot.record["quiet"]["waited_s"] > 0
        assert len(boot.cells) == 3
    releases = [boot.release for boot in machine.boots]
    assert len(releases) == 5, releases
    assert releases[0] == releases[-1] and releases[0].endswith(image.own)
    assert "SIGCONT -> notification" in done.stdout
    assert "A boot took" in done.stderr
    assert_equal(state(machine), before)
