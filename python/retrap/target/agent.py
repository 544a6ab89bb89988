# SPDX-License-Identifier: GPL-2.0-only
"""What a machine does after each boot: judge the boot, measure, arm the next, reboot.

A boot is armed: a line of the journal, then the boot loader's one-shot entry. What
came up is known by the slot on its command line, by its build id and by its boot id,
never by a clock or a name. Whatever is cut, the next boot is the distribution's own
kernel, finds the last line, and goes on from there.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Protocol

from retrap.base.errors import EXIT_MACHINE, EXIT_UNSUPPORTED, RetrapError
from retrap.base.rawfile import read_json
from retrap.campaign import journal
from retrap.campaign.journal import (
    ARMED,
    DONE,
    FAILED,
    PLANNED,
    RUNNING,
    SKIPPED,
)
from retrap.campaign.journal import VOID
from retrap.campaign.journal import Journal, State
from retrap.campaign.manifest import Job, Manifest, Payload
from retrap.executors import precision
from retrap.results import sealed
from retrap.target.record import Target

TRIES = 3  # of a job, and of a variant of which no boot was ever measured
ABORT = "abort"  # a file: nothing more is armed
LOCK = ".lock"


class Machine(Protocol):
    """The machine that this runs on, in the boot that it is in."""

    boot_id: str
    build_id: str | None
    slot: str | None  # None: the distribution's kernel, or another of somebody's

    def ready(self, job: Job) -> None:
        """Errors: EXIT_MACHINE, where it cannot boot the job, or not keep its files."""

    def arm(self, job: Job, slot: str) -> None:
        """The next boot, and that one alone, is the job's kernel."""

    def measure(self, job: Job, lines: Payload, directory: Path) -> None:
        """Waits for quiet, then fills the directory and closes it."""

    def reboot(self) -> None:
        ...


@contextmanager
def owned(directory: Path) -> Iterator[None]:
    """Errors: EXIT_MACHINE, where another process has it."""
    fd = os.open(directory / LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
    try:
        try:
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            what = f"{directory}: another process goes on with this campaign"
            raise RetrapError(what, "wait for it", EXIT_MACHINE) from None
        yield
    finally:
        os.close(fd)


def go_on(directory: Path, target: Target, machine: Machine) -> str:
    """One boot's work, in words. It ends in a reboot unless the campaign is over and
    the distribution's kernel is up. Errors: EXIT_RESULTS, of a journal that is gone:
    it never begins anew by itself."""
    with owned(directory):
        return _Boot(directory, target, machine).go_on()


class _Boot:
    def __init__(self, directory: Path, target: Target, machine: Machine) -> None:
        self._directory, self._target, self._machine = directory, target, machine
        self._finished = journal.read(directory).finished
        self._journal = Journal(directory)
        self._manifest = Manifest(directory)

    def go_on(self) -> str:
        if self._finished:
            return self._over("the campaign is finished")
        if under_way := self._under_way():
            job, state = under_way
            if state.boot_id == self._machine.boot_id and state.state == ARMED:
                self._machine.reboot()
                return f"{job.name} is armed: reboots"
            self._judge(job, state)
        if (self._directory / ABORT).exists():
            return self._over("the campaign is aborted")
        return self._next()

    def _under_way(self) -> tuple[Job, State] | None:
        for job in self._manifest.jobs.values():
            state = self._state(job)
            if state.state in (ARMED, RUNNING):
                return job, state
        return None

    def _state(self, job: Job) -> State:
        return self._journal.states.get(job.name) or State(PLANNED, "")

    def _judge(self, job: Job, state: State) -> None:
        """What became of the boot that was armed."""
        record = self._place(job) / sealed.RECORD
        if state.state == RUNNING and self._whole(record):  # closed before its line
            self._journal.tell(job.name, DONE, sha256=sealed.sha256(record))
        elif state.state == RUNNING:
            self._fail(job, "the machine stopped while it measured")
        elif why := self._not_that(job, state):
            self._fail(job, why)
        else:
            self._measure(job)

    def _whole(self, record: Path) -> bool:
        """Its files are those that it was closed with: a cut may have taken some."""
        try:
            sealed.verify(record.parent, read_json(record))
        except RetrapError:
            return False
        return True

    def _not_that(self, job: Job, state: State) -> str:
        """Why the boot that the machine is in is not the armed one; or empty."""
        machine, kernel = self._machine, self._target.kernels[job.variant]
        if machine.slot is None:
            return "the machine came up in its own kernel: this one did not stay up"
        if machine.slot != self._target.slot(job, state.tries):
            return f"the boot of {machine.slot} is up"
        if machine.build_id != kernel.build_id:
            return (
                f"a kernel of build id {machine.build_id} is up, not {kernel.build_id}"
            )
        return ""

    def _measure(self, job: Job) -> None:
        place = self._place(job)
        self._aside(job)
        self._journal.tell(job.name, RUNNING)
        try:
            lines = self._manifest.payloads[job.payload]
            self._machine.measure(job, lines, place)
            digest = sealed.sha256(place / sealed.RECORD)
        except RetrapError as error:
            reason = error.message.splitlines()[0]
            if error.exit_code == EXIT_UNSUPPORTED:
                self._journal.tell(job.name, VOID, reason)
            else:
                self._fail(job, reason)
            return
        self._journal.tell(job.name, DONE, sha256=digest)

    def _fail(self, job: Job, reason: str) -> None:
        self._aside(job)
        self._journal.tell(job.name, FAILED, reason)

    def _aside(self, job: Job) -> None:
        """What an earlier try left is kept, and read by nobody."""
        place = self._place(job)
        if place.exists():
            tries = self._state(job).tries
            place.rename(place.with_name(f"{job.boot}-{tries}.partial"))

    def _next(self) -> str:
        for job in self._manifest.jobs.values():
            state = self._state(job)
            if not state.open:
                continue
            if why := self._given_up(job, state):
                self._journal.tell(job.name, VOID, why)
                continue
            lines = self._manifest.payloads[job.payload]
            if why := precision.enough(self._directory / "raw", job, lines):
                self._journal.tell(job.name, SKIPPED, why)
                continue
            self._machine.ready(job)
            slot = self._target.slot(job, state.tries + 1)
            self._journal.tell(job.name, ARMED, boot_id=self._machine.boot_id)
            try:
                self._machine.arm(job, slot)
            except Exception as error:  # it is not under way, and was no try
                self._journal.tell(job.name, PLANNED, str(error).partition("\n")[0])
                raise
            self._machine.reboot()
            return f"boots {job.name}, try {state.tries + 1}"
        self._journal.finish()
        return self._over("every boot is done or given up")

    def _given_up(self, job: Job, state: State) -> str:
        if state.tries >= TRIES:
            return f"given up after {state.tries} tries: {state.reason}"
        kin = [self._state(j) for j in self._jobs_of(job.variant)]
        tries = sum(each.tries for each in kin)
        if tries >= TRIES and not any(each.state == DONE for each in kin):
            last = max(kin, key=lambda each: each.at).reason
            return f"no boot of {job.variant} was measured in {tries} tries: {last}"
        return ""

    def _jobs_of(self, variant: str) -> Iterator[Job]:
        return (j for j in self._manifest.jobs.values() if j.variant == variant)

    def _over(self, why: str) -> str:
        if self._machine.slot is None:
            return f"{why}; nothing is to be done"
        self._machine.reboot()
        return f"{why}: reboots into the distribution's kernel"

    def _place(self, job: Job) -> Path:
        return self._directory / "raw" / job.variant / job.boot
