# SPDX-License-Identifier: GPL-2.0-only
"""What a machine does after each boot, against one that only pretends to boot:
whatever happens to it, it ends with the same boots."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from pathlib import Path

import pytest
from pretended import JOBS, KERNELS, TARGET, Cut, Pretended
from pretended import all_boots, files, planned, told
from test_precision import PIPE, run, stored
from test_precision import TARGET as TO_FIND

from retrap.base.errors import EXIT_MACHINE, EXIT_UNSUPPORTED, RetrapError
from retrap.base.rawfile import read_json
from retrap.campaign import journal
from retrap.campaign.directory import Campaign
from retrap.campaign.manifest import MACHINE, Job, Payload
from retrap.results import sealed
from retrap.target import agent


def test_every_job_is_booted_once_and_then_its_own_kernel(tmp_path: Path) -> None:
    planned(tmp_path)
    machine = Pretended(tmp_path)
    said = all_boots(machine)
    assert said == "the campaign is finished; nothing is to be done"
    assert machine.measured == [job.name for job in JOBS]
    assert machine.slot is None and machine.boots == len(JOBS) + 1
    story = journal.read(tmp_path)
    assert story.finished
    assert {s.state for s in story.states.values()} == {journal.DONE}
    assert {s.tries for s in story.states.values()} == {1}


def test_a_cut_at_any_step_costs_a_boot_and_no_result(tmp_path: Path) -> None:
    whole = tmp_path / "whole"
    whole.mkdir()
    planned(whole)
    machine = Pretended(whole)
    all_boots(machine)
    for number in range(1, machine.steps + 1):
        path = tmp_path / str(number)
        path.mkdir()
        planned(path)
        cut = Pretended(path, cut_at=number)
        said = all_boots(cut)
        assert said.endswith("; nothing is to be done"), number
        assert journal.read(path).finished, number
        assert files(path) == files(whole), number
        assert cut.boots <= machine.boots + 3, number
        done = [job for job, state in told(path) if state == journal.DONE]
        assert sorted(done) == sorted(job.name for job in JOBS), number


def test_a_boot_that_a_cut_took_a_file_of_is_done_again(tmp_path: Path) -> None:
    """It was closed, and the machine stopped before its line and before the disk."""
    planned(tmp_path)
    machine = Pretended(tmp_path)
    agent.go_on(tmp_path, TARGET, machine)  # armed, and up
    machine.cut_at = machine.steps + 3  # closed, and not yet told
    with pytest.raises(Cut):
        agent.go_on(tmp_path, TARGET, machine)
    (cell,) = tmp_path.glob("raw/*/*/cell")
    cell.chmod(0o644)
    cell.write_text("")
    machine.up()
    all_boots(machine)
    assert cell.read_text() == "of mainline/block-1\n"
    assert journal.read(tmp_path).states["mainline/block-1"].tries == 2


def test_a_line_that_was_cut_is_put_aside(tmp_path: Path) -> None:
    planned(tmp_path)
    machine = Pretended(tmp_path)
    agent.go_on(tmp_path, TARGET, machine)
    with (tmp_path / journal.FILE).open("a") as file:
        file.write('{"at": "2026-11-')
    assert all_boots(machine).startswith("the campaign is finished")
    assert (tmp_path / journal.TORN).read_text() == '{"at": "2026-11-\n'


def test_a_variant_that_never_stays_up_is_given_up(tmp_path: Path) -> None:
    """It panics, and the machine comes back in its own kernel."""
    planned(tmp_path)
    machine = Pretended(
        tmp_path, comes_up=lambda slot: None if ":patched:" in slot else slot
    )
    assert all_boots(machine).startswith("the campaign is finished")
    states = journal.read(tmp_path).states
    assert machine.measured == ["mainline/block-1", "mainline/block-2"]
    assert states["patched/block-1"].state == states["patched/block-2"].state == "void"
    assert states["patched/block-1"].reason.startswith(
        "given up after 3 tries: the mac"
    )
    said = states["patched/block-2"].reason
    assert said.startswith("no boot of patched was measured in 3 tries: ")
    assert machine.boots == 2 + 3 + 1


@pytest.mark.parametrize(
    ("up", "reason"),
    [
        ("c1:mainline:block-2:1", "the boot of c1:mainline:block-2:1 is up"),
        ("c1:mainline:block-1:0", "the boot of c1:mainline:block-1:0 is up"),
    ],
)
def test_another_slot_is_not_measured(tmp_path: Path, up: str, reason: str) -> None:
    planned(tmp_path)
    machine = Pretended(tmp_path)
    agent.go_on(tmp_path, TARGET, machine)
    machine.slot = up
    agent.go_on(tmp_path, TARGET, machine)
    assert machine.measured == []
    text = (tmp_path / journal.FILE).read_text()
    assert reason in text


def test_another_build_is_not_measured(tmp_path: Path) -> None:
    planned(tmp_path)
    machine = Pretended(tmp_path)
    agent.go_on(tmp_path, TARGET, machine)
    machine.build_id = "ffff"
    agent.go_on(tmp_path, TARGET, machine)
    assert machine.measured == []
    said = "a kernel of build id ffff is up, not id of mainline"
    assert said in (tmp_path / journal.FILE).read_text()


def test_what_has_none_of_the_cells_is_void_at_once(tmp_path: Path) -> None:
    planned(tmp_path)
    nothing = RetrapError("no cell can run: no such interface", "", EXIT_UNSUPPORTED)
    machine = Pretended(
        tmp_path, fails=lambda job: nothing if job.variant == "patched" else None
    )
    all_boots(machine)
    states = journal.read(tmp_path).states
    assert states["patched/block-1"].state == journal.VOID
    assert states["patched/block-1"].tries == 1


def test_a_measurement_that_fails_is_tried_again(tmp_path: Path) -> None:
    planned(tmp_path)
    errors = [RetrapError("retrap-bench died", "", EXIT_MACHINE)]
    machine = Pretended(tmp_path, fails=lambda job: errors.pop() if errors else None)
    all_boots(machine)
    states = journal.read(tmp_path).states
    assert {s.state for s in states.values()} == {journal.DONE}
    assert states["mainline/block-1"].tries == 2


@dataclass
class Measures(Pretended):
    """What it measures is the same each time."""

    def measure(self, job: Job, lines: Payload, directory: Path) -> None:
        stored(directory, job.block, {PIPE: 1000})
        record = {"variant": job.variant, "boot": job.boot}
        closed = read_json(directory / sealed.RECORD)
        (directory / sealed.RECORD).unlink()
        sealed.close(directory, {**closed, **record})
        self.measured.append(job.name)


def test_no_boot_is_made_of_a_block_that_is_not_needed(tmp_path: Path) -> None:
    (tmp_path / "plan.json").write_text(json.dumps({"target": TO_FIND}))
    jobs = [
        Job(name, f"block-{block}", "x86_64", MACHINE, "cells", block=block)
        for block in range(1, 10)
        for name in KERNELS
    ]
    campaign = Campaign(tmp_path, "fills", os.open("/dev/null", os.O_RDONLY))
    campaign.plan(jobs, {"cells": (run(PIPE).line,)})
    campaign.close()
    machine = Measures(tmp_path)
    assert "every boot is done" in all_boots(machine) or machine.slot is None
    assert machine.measured == [job.name for job in jobs if job.block <= 6]
    states = journal.read(tmp_path).states
    skipped = {name: s.reason for name, s in states.items() if s.state == "skipped"}
    assert list(skipped) == [job.name for job in jobs if job.block > 6]
    why = f"{PIPE}: target met: 6 medians a side find 2 %"
    assert set(skipped.values()) == {why}
    assert machine.boots == 13  # twelve, and its own kernel
