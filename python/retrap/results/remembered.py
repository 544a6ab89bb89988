# SPDX-License-Identifier: GPL-2.0-only
"""A boot that was read and found whole is remembered in the cache.

What is remembered belongs to a boot.json of one hash, which holds the hashes of all
files of the boot; and to those files by size, times and inode, as git's index has it.
A file of which one differs is hashed again. Nothing in a result directory is written.
"""

from __future__ import annotations

import hashlib
import json
import os
from pathlib import Path
from typing import Any

from retrap.base.cache import cache_dir
from retrap.base.errors import RetrapError
from retrap.base.rawfile import atomic_write

SCHEMA = "retrap.remembered/5"


def signature(directory: Path) -> str:
    """What changes when a file of it does."""
    found = []
    with os.scandir(directory) as entries:
        for entry in entries:
            at = entry.stat(follow_symlinks=False)
            times = (at.st_mtime_ns, at.st_ctime_ns)
            found.append((entry.name, at.st_mode, at.st_size, *times, at.st_ino))
    return hashlib.sha256(repr(sorted(found)).encode()).hexdigest()


def recall(sha256: str, files: str) -> dict[str, Any] | None:
    """What was remembered of the boot; None: nothing, or of other files."""
    try:
        record = json.loads(_path(sha256).read_text(encoding="utf-8"))
        if record["schema"] == SCHEMA and record["files"] == files:
            content: dict[str, Any] = record["content"]
            return content
    except (OSError, RetrapError, ValueError, KeyError, TypeError):
        pass
    return None


def remember(sha256: str, files: str, content: dict[str, Any]) -> None:
    """Where there is a cache that can be written: nothing depends on it."""
    record = {"schema": SCHEMA, "files": files, "content": content}
    try:
        atomic_write(_path(sha256), json.dumps(record, separators=(",", ":")))
    except RetrapError:
        pass


def _path(sha256: str) -> Path:
    return cache_dir() / "boots" / f"{sha256}.json"
