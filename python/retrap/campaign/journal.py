# SPDX-License-Identifier: GPL-2.0-only
"""What became of each boot of a result directory: journal.jsonl.

A line a change of state, on the disk (fsync(2)) before what it announces begins.
The first line has the hash of plan.json; the line of a boot that is done has that of
its boot.json, which in turn has those of its files. A directory has one owner, who
holds its lock; all others read.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import threading
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from retrap.base.rawfile import damaged, parse_json, read_plain

FILE = "journal.jsonl"
TORN = "journal.torn"  # what was left of a line that was cut in its writing
SCHEMA = "retrap.journal/1"
JOB = re.compile(r"(?!\.\.?/)[^/]+/(?!\.\.?$)[^/]+")  # variant/boot: two directories
BEGUN, FINISHED = "begun", "finished"  # of the campaign
PLANNED, ARMED, RUNNING, DONE, FAILED, VOID, SKIPPED = STATES = (  # of a job
    *("planned", "armed", "running", "done", "failed", "void", "skipped"),
)


@dataclass(frozen=True)
class State:
    """Of a job, since `at` (UTC). `reason`: why it failed, is void, or is skipped as
    earlier boots are enough. `sha256`: of the boot.json of one that is done. `boot_id`:
    of the boot in which the machine was told to boot this job next. `tries`: how often
    it was."""

    state: str
    at: str
    reason: str = ""
    sha256: str = ""
    boot_id: str = ""
    tries: int = 0

    @property
    def open(self) -> bool:
        """The job is still to be done, or to be done again."""
        return self.state not in (DONE, VOID, SKIPPED)


@dataclass(frozen=True)
class Story:
    """What a journal tells. `plan_sha256` is the hash of plan.json."""

    plan_sha256: str
    states: dict[str, State]
    finished: bool


def read(directory: Path) -> Story:
    """A journal; a line that is being written is not read. Errors: EXIT_RESULTS."""
    path = directory / FILE
    text = read_plain(path, GONE)
    whole, _, _ = text.rpartition(b"\n")
    story = None
    states: dict[str, State] = {}
    for number, row in enumerate(whole.splitlines(), 1):
        try:
            line = parse_json(row)
            state = line["state"]
            finished = state == FINISHED
            if number == 1:
                if (state, line["schema"]) != (BEGUN, SCHEMA):
                    raise ValueError
                story = str(line["plan_sha256"])
            elif state in STATES:
                job = line["job"]
                if not JOB.fullmatch(job):
                    raise ValueError
                states[job] = _after(states.get(job), line)
            elif not finished:
                raise ValueError
        except (ValueError, KeyError, TypeError, RecursionError):
            raise damaged(
                path, f"line {number} is no line of a journal", GONE
            ) from None
    if story is None:
        raise damaged(path, "is empty", GONE)
    return Story(story, states, finished)


def _after(before: State | None, line: dict[str, Any]) -> State:
    """One that is planned again could not be armed: that was no try."""
    tries = before.tries if before else 0
    if line["state"] == ARMED:
        tries += 1
    elif line["state"] == PLANNED and before and before.state == ARMED:
        tries -= 1
    return State(
        line["state"],
        str(line["at"]),
        str(line.get("reason", "")),
        str(line.get("sha256", "")),
        str(line.get("boot_id", "")),
        tries,
    )


GONE = "restore it, or begin anew with --fresh"


class Journal:
    """The owner's hand: appends. Threads may share it."""

    def __init__(self, directory: Path) -> None:
        self._path = directory / FILE
        self._lock = threading.Lock()
        self._fd = os.open(self._path, os.O_RDWR | os.O_APPEND | os.O_CLOEXEC)
        self._cut_torn_line(directory / TORN)
        self.states = read(directory).states

    @staticmethod
    def begin(directory: Path) -> None:
        """The first line, in a file that appears whole or not."""
        plan = hashlib.sha256((directory / "plan.json").read_bytes()).hexdigest()
        line = {"state": BEGUN, "schema": SCHEMA, "plan_sha256": plan}
        temporary = directory / f".{FILE}"
        with temporary.open("wb") as file:
            file.write(_row(line))
            file.flush()
            os.fsync(file.fileno())
        temporary.rename(directory / FILE)
        folder = os.open(directory, os.O_RDONLY | os.O_CLOEXEC)
        os.fsync(folder)
        os.close(folder)

    def tell(
        self,
        job: str,
        state: str,
        reason: str = "",
        sha256: str = "",
        boot_id: str = "",
    ) -> None:
        """A job's new state."""
        line = {"job": job, "state": state, "reason": reason, "sha256": sha256}
        line["boot_id"] = boot_id
        with self._lock:
            line = self._append({key: text for key, text in line.items() if text})
            self.states[job] = _after(self.states.get(job), line)

    def finish(self) -> None:
        with self._lock:
            self._append({"state": FINISHED})

    def close(self) -> None:
        os.close(self._fd)

    def _append(self, line: dict[str, Any]) -> dict[str, Any]:
        """The line as it stands on the disk; nothing of it where that is full."""
        row = _row(line)
        length = os.fstat(self._fd).st_size
        try:
            data = memoryview(row)
            while data:
                data = data[os.write(self._fd, data) :]
            os.fsync(self._fd)
        except OSError:
            os.ftruncate(self._fd, length)
            raise
        return dict(json.loads(row))

    def _cut_torn_line(self, aside: Path) -> None:
        """Its writer was killed, or the disk was full: it announced nothing yet."""
        text = self._path.read_bytes()
        keep = text.rfind(b"\n") + 1
        if keep < len(text):
            with aside.open("ab") as file:
                file.write(text[keep:] + b"\n")
            os.ftruncate(self._fd, keep)
            os.fsync(self._fd)


def _row(line: dict[str, Any]) -> bytes:
    at = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
    return json.dumps({"at": at, **line}).encode() + b"\n"
