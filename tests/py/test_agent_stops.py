# SPDX-License-Identifier: GPL-2.0-only
"""What ends a campaign on a machine, or holds it up: nothing is armed, and it says
why."""

from __future__ import annotations

import errno
from dataclasses import dataclass
from pathlib import Path

import pytest
from pretended import JOBS, TARGET, Pretended, all_boots, planned, told

from retrap.base.errors import EXIT_MACHINE, RetrapError
from retrap.campaign import journal
from retrap.campaign.manifest import Job, Payload
from retrap.target import __main__ as program
from retrap.target import agent, softdog


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


@pytest.mark.parametrize(
    "error",
    [RetrapError("grub-editenv: no space", "", EXIT_MACHINE), OSError("no space")],
)
def test_a_boot_that_could_not_be_armed_is_not_under_way(
    tmp_path: Path, error: Exception
) -> None:
    """Whoever aborts then does not wait for it. It was no try: mended after more of
    them than there are tries, the campaign goes on to its end."""

    @dataclass
    class Full(Pretended):
        full: bool = True

        def arm(self, job: Job, slot: str) -> None:
            if self.full:
                raise error
            super().arm(job, slot)

    planned(tmp_path)
    machine = Full(tmp_path)
    for _ in range(agent.TRIES + 1):
        with pytest.raises(type(error), match="no space"):
            agent.go_on(tmp_path, TARGET, machine)
    states = journal.read(tmp_path).states
    assert {(s.state, s.tries) for s in states.values()} == {(journal.PLANNED, 0)}
    assert str(error) in {s.reason for s in states.values()}
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
