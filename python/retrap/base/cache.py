# SPDX-License-Identifier: GPL-2.0-only
"""The cache outside the repository: kernels, their trees, initramfs images.

Whatever lies under its final name is whole: it was made under a name ending
in .partial and renamed. A .partial is nobody's and is deleted on sight, by
whoever holds the lock. A kernel's name there is kernel_key() (kernel/kernels.py).
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

from retrap.base.errors import EXIT_BUILD, EXIT_KERNEL, RetrapError
from retrap.base.progress import Task


def cache_dir() -> Path:
    """$RETRAP_CACHE, else $XDG_CACHE_HOME/retrap, else ~/.cache/retrap."""
    if own := os.environ.get("RETRAP_CACHE"):
        return Path(own)
    try:
        base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    except RuntimeError:  # a user without an entry and HOME, as in a container
        raise RetrapError(
            "no home directory is known to keep kernels in",
            "set RETRAP_CACHE to a directory with 4 GiB of space",
            EXIT_KERNEL,
        ) from None
    return Path(base) / "retrap"


def subdirectory(name: str) -> Path:
    path = cache_dir() / name
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise RetrapError(
            f"{path}: cannot create the cache: {error.strerror}",
            "set RETRAP_CACHE to a directory with 4 GiB of space",
            EXIT_KERNEL,
        ) from None
    return path


@contextlib.contextmanager
def locked(directory: Path, task: Task) -> Iterator[int]:
    """Holds the lock of a directory; yields its descriptor.

    Compilers inherit the descriptor, so that what is left of a killed retrap
    keeps the lock until it is gone.
    """
    path = directory / "lock"
    try:
        fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
    except OSError as error:
        raise RetrapError(
            f"{path}: cannot lock: {error.strerror}",
            f"make {directory} writable; RETRAP_CACHE names another cache",
            EXIT_BUILD,
        ) from None
    try:
        try:
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            task.update(f"waits for {path}, which another build holds")
            fcntl.flock(fd, fcntl.LOCK_EX)
        yield fd
    finally:
        os.close(fd)


def partial(path: Path) -> Path:
    """A fresh directory that `publish` turns into `path`."""
    work = path.with_name(path.name + ".partial")
    if work.exists():
        shutil.rmtree(work)
    work.mkdir(parents=True)
    return work


def publish(work: Path, path: Path) -> None:
    """Makes a finished .partial directory appear under its final name."""
    for file in work.iterdir():
        if file.is_file():
            fd = os.open(file, os.O_RDONLY)
            os.fsync(fd)
            os.close(fd)
    if path.exists():
        shutil.rmtree(path)
    os.rename(work, path)
