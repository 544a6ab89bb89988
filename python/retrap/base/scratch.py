# SPDX-License-Identifier: GPL-2.0-only
"""Directories for the time of a step, which a killed retrap cannot clear away.

Each is locked as long as its retrap lives; the next one deletes what is not.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import shutil
import stat
import tempfile
from collections.abc import Iterator
from pathlib import Path

PREFIX = "retrap-scratch-"  # nobody calls a directory of their own so


@contextlib.contextmanager
def directory(parent: Path | None = None) -> Iterator[Path]:
    """A new one in `parent`, by default in $TMPDIR; gone when the block is left."""
    where = parent or Path(tempfile.gettempdir())
    clear(where)
    path, lock = _new(where)
    try:
        yield path
    finally:
        shutil.rmtree(path, ignore_errors=True)
        os.close(lock)


def clear(where: Path) -> None:
    """Deletes those of ours whose retrap is gone."""
    for path in where.glob(f"{PREFIX}*"):
        try:
            info = path.lstat()
        except FileNotFoundError:  # another one clears, too
            continue
        if not stat.S_ISDIR(info.st_mode) or info.st_uid != os.getuid():
            continue
        if (lock := _lock(path)) is not None:
            shutil.rmtree(path, ignore_errors=True)
            os.close(lock)


def _new(where: Path) -> tuple[Path, int]:
    """Another retrap may clear it between the two steps: then once more."""
    while True:
        path = Path(tempfile.mkdtemp(prefix=PREFIX, dir=where))
        lock = _lock(path)
        if lock is not None and path.exists():
            return path, lock
        if lock is not None:
            os.close(lock)


def _lock(path: Path) -> int | None:
    """Held until it is closed or its process ends; None: another has it."""
    try:
        fd = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    except OSError:
        return None
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(fd)
        return None
    return fd
