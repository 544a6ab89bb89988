# SPDX-License-Identifier: GPL-2.0-only
"""What a machine does after each boot, against one that only pretends to boot: it is
cut at each of its steps, comes up with anything, and ends with the same boots."""

from __future__ import annotations

import errno
import json
import os
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from test_precision import PIPE, run, stored
from test_precision import TARGET as TO_FIND

from retrap.base.errors import EXIT_MACHINE, EXIT_UNSUPPORTED, RetrapError
from retrap.base.rawfile import read_json
from retrap.campaign import journal
from retrap.campaign.directory import Campaign
from retrap.campaign.manifest import MACHINE, Job, Payload
from retrap.results import sealed
from retrap.target import __main__ as program
from retrap.target import agent, softdog
from retrap.target.record import Kernel, Target

KERNELS = {
    name: Kernel(name, "", f"id of {name}", ("listen",), ("listen",), {})
    for name in ("mainline", "patched")
}
TARGET = Target("c1", KERNELS, (), 0, 65534)
JOBS = [
    Job(name, f"block-{block}", "x86_64", MACHINE, "cells", block=block, ordinal=place)
    for block in (1, 2)
    for place, name in enumerate(KERNELS, 1)
]
MOST_BOOTS = 40


class Cut(BaseException):
    """The power is gone."""


@dataclass
class Pretended:
    """A machine: what is armed is up after a reboot, once. `faults` say by the number
    of a step whether it is cut there, `comes_up` what else is up than was armed."""

    directory: Path
    cut_at: int = -1
    comes_up: Callable[[str], str | None] = lambda slot: slot
    fails: Callable[[Job], RetrapError | None] = lambda job: None
    steps: int = 0
    boots: int = 0
    armed: str | None = None
    slot: str | None = None
    build_id: str | None = None
    measured: list[str] = field(default_factory=list)

    @property
    def boot_id(self) -> str:
        return f"boot {self.boots}"

    def step(self) -> None:
        self.steps += 1
        if self.steps == self.cut_at:
            raise Cut

    def ready(self, job: Job) -> None:
        self.step()

    def arm(self, job: Job, slot: str) -> None:
        self.step()
        self.armed = slot
        self.step()

    def measure(self, job: Job, lines: Payload, directory: Path) -> None:
        self.step()
        if error := self.fails(job):
            raise error
        directory.mkdir(parents=True)
        (directory / "cell").write_text(f"of {job.name}\n")
        self.step()
        sealed.close(directory, {"variant": job.variant, "boot": job.boot})
        self.step()
        self.measured.append(job.name)

    def reboot(self) -> None:
        self.step()
        self.up()

    def up(self) -> None:
        self.boots += 1
        assert self.boots < MOST_BOOTS, "it boots for ever"
        slot, self.armed = self.armed, None
        self.slot = self.comes_up(slot) if slot else None
        variant = self.slot.split(":")[1] if self.slot else ""
        self.build_id = f"id of {variant}" if variant else "the distribution's"


def planned(directory: Path) -> None:
    (directory / "plan.json").write_text("{}")
    campaign = Campaign(directory, "fills", os.open("/dev/null", os.O_RDONLY))
    campaign.plan(JOBS, {"cells": ("bench x",)})
    campaign.close()


def all_boots(machine: Pretended) -> str:
    """Until nothing is to be done, whatever is cut; the last words."""
    while True:
        before = machine.boots
        try:
            said = agent.go_on(machine.directory, TARGET, machine)
        except Cut:
            machine.up()
            continue
        if machine.boots == before:
            return said


def told(directory: Path) -> list[tuple[str, str]]:
    lines = (directory / journal.FILE).read_text().splitlines()
    rows = [json.loads(line) for line in lines]
    return [(row.get("job", ""), row["state"]) for row in rows]


def files(directory: Path) -> dict[str, bytes]:
    """The boots, without what cut tries left."""
    found = directory.glob("raw/*/*/*")
    return {
        str(path.relative_to(directory)): path.read_bytes()
        for path in found
        if not path.parent.name.endswith(".partial")
    }


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


def test_nothing_is_armed_where_the_machine_is_not_ready(tmp_path: Path) -> None:
    planned(tmp_path)
    machine = Pretended(tmp_path)

    def full(job: Job) -> None:
        raise RetrapError("12 MiB are free, 256 are needed", "", EXIT_MACHINE)

    machine.ready = full  # type: ignore[method-assign]
    with pytest.raises(RetrapError, match="12 MiB"):
        agent.go_on(tmp_path, TARGET, machine)
    assert machine.armed is None and machine.boots == 0
    assert ("mainline/block-1", journal.ARMED) not in told(tmp_path)


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


def test_abort_ends_in_the_distributions_kernel(tmp_path: Path) -> None:
    planned(tmp_path)
    machine = Pretended(tmp_path)
    agent.go_on(tmp_path, TARGET, machine)
    (tmp_path / agent.ABORT).touch()
    agent.go_on(tmp_path, TARGET, machine)
    assert machine.slot is None
    said = agent.go_on(tmp_path, TARGET, machine)
    assert said == "the campaign is aborted; nothing is to be done"
    assert machine.measured == ["mainline/block-1"]  # it was up: it is not lost


@pytest.mark.parametrize("left", ["", None])
def test_a_journal_that_is_gone_begins_nothing(
    tmp_path: Path, left: str | None
) -> None:
    planned(tmp_path)
    file = tmp_path / journal.FILE
    file.unlink()
    if left is not None:
        file.write_text(left)
    machine = Pretended(tmp_path)
    with pytest.raises(RetrapError, match="journal.jsonl"):
        agent.go_on(tmp_path, TARGET, machine)
    assert machine.boots == 0 and machine.armed is None


def test_a_second_process_is_refused(tmp_path: Path) -> None:
    planned(tmp_path)
    with agent.owned(tmp_path), pytest.raises(RetrapError, match="another process"):
        agent.go_on(tmp_path, TARGET, Pretended(tmp_path))


def test_a_boot_that_could_not_be_armed_is_not_under_way(tmp_path: Path) -> None:
    """Whoever aborts then does not wait for it. It was no try: mended after more of
    them than there are tries, the campaign goes on to its end."""

    @dataclass
    class Full(Pretended):
        full: bool = True

        def arm(self, job: Job, slot: str) -> None:
            if self.full:
                raise RetrapError("grub-editenv: no space", "", EXIT_MACHINE)
            super().arm(job, slot)

    planned(tmp_path)
    machine = Full(tmp_path)
    for _ in range(agent.TRIES + 1):
        with pytest.raises(RetrapError, match="no space"):
            agent.go_on(tmp_path, TARGET, machine)
    states = journal.read(tmp_path).states
    assert {(s.state, s.tries) for s in states.values()} == {(journal.PLANNED, 0)}
    assert "no space" in {s.reason.partition(": ")[2] for s in states.values()}
    machine.full = False
    all_boots(machine)
    assert len(machine.measured) == len(JOBS)


def test_whatever_fails_in_a_boot_of_ours_the_machine_goes_home_and_says_why(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Full(Pretended):
        def measure(self, job: Job, lines: Payload, directory: Path) -> None:
            raise OSError(errno.ENOSPC, "No space left on device")

    planned(tmp_path)
    machine = Full(tmp_path)
    agent.go_on(tmp_path, TARGET, machine)
    assert machine.slot
    monkeypatch.setattr(program, "STOPPED", tmp_path / "stopped")
    monkeypatch.setattr(program, "ThisMachine", lambda *of: machine)
    monkeypatch.setattr(softdog, "stop", lambda: False)
    with pytest.raises(RetrapError, match="No space left") as caught:
        program.go_on(tmp_path, TARGET)
    assert caught.value.exit_code == EXIT_MACHINE
    assert machine.slot is None
    assert "No space left" in (tmp_path / "stopped").read_text()
