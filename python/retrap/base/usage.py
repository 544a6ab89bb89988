# SPDX-License-Identifier: GPL-2.0-only
"""When a directory of the cache was used last, and whether it is in use now.

The time is the directory's own; in use is what a process holds a shared lock of,
which ends with the process.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import shutil
from pathlib import Path

_held: dict[Path, int] = {}


def hold(directory: Path) -> bool:
    """In use until this process ends. False: it is not there (any more)."""
    try:
        fd = os.open(directory, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    except FileNotFoundError:
        return False
    fcntl.flock(fd, fcntl.LOCK_SH)
    if not directory.is_dir() or not os.path.samestat(os.fstat(fd), directory.stat()):
        os.close(fd)  # deleted while we waited
        return False
    with contextlib.suppress(OSError):  # another user's cache
        os.utime(directory)
    if directory in _held:
        os.close(_held[directory])
    _held[directory] = fd
    return True


def release(directory: Path) -> None:
    """Not in use any more, by this process."""
    if directory in _held:
        os.close(_held.pop(directory))


def delete(directory: Path) -> bool:
    """Renamed before it is deleted, so that half of it has no final name. False,
    and nothing done: it is in use."""
    fd = os.open(directory, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        gone = directory.with_name(directory.name + ".partial")
        shutil.rmtree(gone, ignore_errors=True)
        directory.rename(gone)
        shutil.rmtree(gone)
        return True
    except BlockingIOError:
        return False
    finally:
        os.close(fd)


def last(directory: Path) -> float:
    return directory.stat().st_mtime


def size(*directories: Path) -> int:
    """Bytes on disk; a hard link counts once."""
    seen: dict[tuple[int, int], int] = {}
    for directory in directories:
        for top, _, names in os.walk(directory):
            for name in names:
                try:
                    info = os.lstat(os.path.join(top, name))
                except FileNotFoundError:  # a build beside deletes its temporaries
                    continue
                seen[info.st_dev, info.st_ino] = info.st_blocks * 512
    return sum(seen.values())
