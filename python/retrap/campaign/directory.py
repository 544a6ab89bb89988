# SPDX-License-Identifier: GPL-2.0-only
"""The result directory of one campaign, its owner, and how it goes on.

results/<experiment>/<stamp>/ is resumed while its journal does not say that it is
finished and its plan (experiment, kernels, programs) is still the plan of today.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import json
import os
import time
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from retrap.base.errors import EXIT_RESULTS, EXIT_UNSUPPORTED, RetrapError
from retrap.base.process import Interrupted
from retrap.base.rawfile import atomic_write, read_json
from retrap.base.version import git_version
from retrap.campaign import journal, manifest
from retrap.campaign.journal import DONE, FAILED, PLANNED, RUNNING, SKIPPED, VOID
from retrap.campaign.journal import Journal
from retrap.campaign.manifest import Job, Manifest, Payload

LOCK, PLAN, RECORD = ".lock", "plan.json", "boot.json"
OLD = "complete.json"  # of a finished run without a journal: it is read, not added to
ELSE = "measure scenarios and placements that it has"  # of a boot that is void
Do = Callable[[Job, Payload, Path], None]  # boots a job; its directory is then there
Enough = Callable[[Job, Payload], str]  # why a job is not needed; or empty
Failures = list[tuple[Job, RetrapError]]


class Campaign:
    """An open result directory: its jobs and what became of them. The lock on it is
    held until `close`."""

    def __init__(self, path: Path, how: str, lock: int) -> None:
        self.path, self.how, self._lock = path, how, lock
        if not (path / journal.FILE).exists():
            if (path / manifest.FILE).exists():
                journal.read(path)  # which is gone, and says so
            Journal.begin(path)
        self._journal = Journal(path)
        self._manifest = Manifest(path)

    def plan(self, jobs: Iterable[Job], payloads: dict[str, Payload]) -> None:
        """Adds those that are not there yet."""
        jobs = list(jobs)
        self._manifest.add(jobs, payloads)
        for job in jobs:
            if job.name not in self._journal.states:
                self._journal.tell(job.name, PLANNED)

    def knows(self, job: Job) -> bool:
        return job.name in self._journal.states

    def directory(self, job: Job) -> Path:
        return self.path / "raw" / job.variant / job.boot

    def run(
        self,
        do: Do,
        *lanes: tuple[Sequence[Job], int],
        enough: Enough = lambda job, lines: "",
    ) -> Failures:
        """Does what is open of each lane's jobs, in order, as many of them at once as
        the lane says; lanes side by side. Those that failed: the same command does
        them again, but for those that are void. What is killed costs the jobs that
        were running. What is `enough` before its turn is skipped."""
        failures: Failures = []
        with contextlib.ExitStack() as stack:
            waiting = []
            for jobs, at_once in lanes:
                pool = stack.enter_context(ThreadPoolExecutor(max(1, at_once)))
                waiting += [
                    (job, pool.submit(self._one, do, job, enough)) for job in jobs
                ]
            try:
                for job, future in waiting:
                    if error := future.result():
                        failures.append((job, error))
            finally:
                for _, future in waiting:
                    future.cancel()
        return failures

    def _one(self, do: Do, job: Job, enough: Enough) -> RetrapError | None:
        if self.is_done(job):
            return None
        known = self._journal.states[job.name]
        if known.state == VOID:
            return RetrapError(known.reason, ELSE, EXIT_UNSUPPORTED)
        lines = self._manifest.payloads[job.payload]
        if why := enough(job, lines):
            self._journal.tell(job.name, SKIPPED, why)
            return None
        self._journal.tell(job.name, RUNNING)
        try:
            do(job, lines, self.directory(job))
        except RetrapError as error:
            nothing = error.exit_code == EXIT_UNSUPPORTED  # and never will
            reason = error.message.splitlines()[0]
            self._journal.tell(job.name, VOID if nothing else FAILED, reason)
            return error
        except Interrupted:
            return None
        self._journal.tell(job.name, DONE, sha256=self._hash(job))
        return None

    def is_done(self, job: Job) -> bool:
        """Its boot is here, or is not needed. One that was closed before its line was
        written is done; one whose directory was deleted is not."""
        state = self._journal.states[job.name].state
        if state == SKIPPED:
            return True
        there = (self.directory(job) / RECORD).exists()
        if there and state == RUNNING:
            self._journal.tell(job.name, state := DONE, sha256=self._hash(job))
        elif not there and state == DONE:
            self._journal.tell(job.name, PLANNED, "its directory is gone")
        return there and state == DONE

    def _hash(self, job: Job) -> str:
        data = (self.directory(job) / RECORD).read_bytes()
        return hashlib.sha256(data).hexdigest()

    def finish(self) -> None:
        """All is there, and what is made of it too."""
        self._journal.finish()

    def close(self) -> None:
        self._journal.close()
        os.close(self._lock)


def identified(plan: dict[str, Any]) -> dict[str, Any]:
    """The plan with its plan_sha256, by which an unfinished run is known again, and
    the version of retrap, by which it is not: what is measured, and with which
    programs, stands in the plan itself."""
    text = json.dumps(plan, sort_keys=True)
    sha256 = hashlib.sha256(text.encode()).hexdigest()
    return {**plan, "plan_sha256": sha256, "version": git_version()}


def open_campaign(
    results: Path, plan: dict[str, Any], fresh: bool, grows: bool = False
) -> Campaign:
    """The newest unfinished directory of this very plan, else a new one. One that
    `grows` takes a boot more when it is finished."""
    parent = results / plan["experiment"]
    try:
        parent.mkdir(parents=True, exist_ok=True)
        if not fresh:
            for path in sorted(parent.iterdir(), reverse=True):
                if _open(path, plan, grows) is None:
                    continue
                if (lock := _try_lock(path)) is not None:
                    if how := _open(path, plan, grows):  # still, now that it is ours
                        return Campaign(path, how, lock)
                    os.close(lock)
        return _new(parent, plan)
    except OSError as error:
        raise unwritable(error, parent) from None


def nested(path: Path, plan: dict[str, Any]) -> Campaign:
    """The campaign in a directory of another's, which holds the lock."""
    if not (path / PLAN).exists():
        atomic_write(path / PLAN, json.dumps(plan, indent=1) + "\n")
    return Campaign(path, "fills", _locked(path))


def unwritable(error: OSError, where: Path) -> RetrapError:
    return RetrapError(
        f"{error.filename or where}: cannot write results: {error.strerror}",
        "free space, or name a writable directory with --results DIR",
        EXIT_RESULTS,
    )


def _open(path: Path, plan: dict[str, Any], grows: bool) -> str | None:
    """How it goes on, if it is of this plan and takes boots."""
    try:
        same = read_json(path / PLAN).get("plan_sha256") == plan["plan_sha256"]
    except RetrapError:
        return None
    if not same:
        return None
    if (path / OLD).exists():
        return None
    begun = (path / journal.FILE).exists() or (path / manifest.FILE).exists()
    if not begun or not journal.read(path).finished:
        return "resumes"
    return "adds to" if grows else None


def _try_lock(path: Path) -> int | None:
    fd = os.open(path / LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(fd)
        return None
    return fd


def _locked(path: Path) -> int:
    """The lock of a directory that nobody else can hold."""
    lock = _try_lock(path)
    assert lock is not None
    return lock


def _new(parent: Path, plan: dict[str, Any]) -> Campaign:
    while True:
        path = parent / time.strftime("%Y%m%d-%H%M%S", time.gmtime())
        try:
            path.mkdir()
            break
        except FileExistsError:
            time.sleep(0.3)
    lock = _locked(path)
    atomic_write(path / PLAN, json.dumps(plan, indent=1) + "\n")
    return Campaign(path, "fills", lock)
