# SPDX-License-Identifier: GPL-2.0-only
"""The directory one execution of an experiment fills, and how it resumes.

results/<experiment>/<stamp>/ is resumed while it has no complete.json and its
plan (experiment, kernels, programs) is still the plan of today.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import time
from pathlib import Path
from typing import Any

from retrap.base.version import git_version
from retrap.base.errors import EXIT_RESULTS, RetrapError
from retrap.base.rawfile import atomic_write, read_json
from retrap.results.sealed import sha256, verify_whole

LOCK, COMPLETE = ".lock", "complete.json"


class Stamp:
    """An open result directory, held against other retraps by a lock."""

    def __init__(self, path: Path, how: str, lock: int) -> None:
        self.path, self.how, self._lock = path, how, lock

    def close(self) -> None:
        os.close(self._lock)


def identified(plan: dict[str, Any]) -> dict[str, Any]:
    """The plan with its plan_sha256, by which an unfinished run is known again, and
    the version of retrap, by which it is not: what is measured, and with which
    programs, stands in the plan itself."""
    text = json.dumps(plan, sort_keys=True)
    sha256 = hashlib.sha256(text.encode()).hexdigest()
    return {**plan, "plan_sha256": sha256, "version": git_version()}


def open_stamp(
    results: Path, plan: dict[str, Any], fresh: bool, grows: bool = False
) -> Stamp:
    """The newest unfinished directory of this very plan, else a new one. One that
    `grows` takes a boot more when it is finished; it has no complete.json then,
    until that boot is in it."""
    parent = results / plan["experiment"]
    try:
        parent.mkdir(parents=True, exist_ok=True)
        if not fresh:
            for path in sorted(parent.iterdir(), reverse=True):
                if not _open(path, plan, grows):
                    continue
                if (lock := _try_lock(path)) is not None:
                    if _open(path, plan, grows):  # still, now that it is ours
                        whole = path / COMPLETE
                        how = "adds to" if whole.exists() else "resumes"
                        if whole.exists():  # what was changed gets no new hashes
                            verify_whole(path, read_json(whole))
                        whole.unlink(missing_ok=True)
                        return Stamp(path, how, lock)
                    os.close(lock)
        return _new(parent, plan)
    except OSError as error:
        raise unwritable(error, parent) from None


def unwritable(error: OSError, where: Path) -> RetrapError:
    return RetrapError(
        f"{error.filename or where}: cannot write results: {error.strerror}",
        "free space, or name a writable directory with --results DIR",
        EXIT_RESULTS,
    )


def finish(stamp: Stamp) -> None:
    """Writes complete.json: sha256 of every file, the sign that all is there."""
    hashes = {
        str(path.relative_to(stamp.path)): sha256(path)
        for path in sorted(stamp.path.rglob("*"))
        if path.is_file() and path.name not in (LOCK, COMPLETE)
    }
    record = {"schema": "retrap.complete/1", "sha256": hashes}
    atomic_write(stamp.path / COMPLETE, json.dumps(record, indent=1) + "\n")


def _open(path: Path, plan: dict[str, Any], grows: bool) -> bool:
    """It is of this plan, and takes boots."""
    if not grows and (path / COMPLETE).exists():
        return False
    try:
        stored = json.loads((path / "plan.json").read_text())
    except (OSError, ValueError, RecursionError):
        return False
    return isinstance(stored, dict) and bool(
        stored.get("plan_sha256") == plan["plan_sha256"]
    )


def _try_lock(path: Path) -> int | None:
    fd = os.open(path / LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(fd)
        return None
    return fd


def _new(parent: Path, plan: dict[str, Any]) -> Stamp:
    while True:
        path = parent / time.strftime("%Y%m%d-%H%M%S", time.gmtime())
        try:
            path.mkdir()
            break
        except FileExistsError:
            time.sleep(0.3)
    lock = _try_lock(path)
    assert lock is not None
    atomic_write(path / "plan.json", json.dumps(plan, indent=1) + "\n")
    return Stamp(path, "fills", lock)
