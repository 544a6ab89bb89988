# SPDX-License-Identifier: GPL-2.0-only
"""Files of a pack that something was taken out of, and the hashes that they were closed
with: redacted.json. Samples and counters are never among them (its schema)."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import Any

from retrap.base.rawfile import damaged, read_record

FILE = "redacted.json"
ASK = "ask who sent it for another pack"


def as_closed(root: Path, file: Path, found: str) -> str:
    """The hash of a file of the result directory `root` when it was closed. `found` is
    that of the file as it is: the same, unless redacted.json knows it. Errors:
    EXIT_RESULTS."""
    known = files(root).get(file.relative_to(root).as_posix())
    if known is None:
        return found
    if known["sent"] != found:
        raise damaged(file, f"is not what {FILE} says was sent", ASK)
    return str(known["sealed"])


def files(root: Path) -> dict[str, Any]:
    """By path; none where nothing was taken out. Errors: EXIT_RESULTS."""
    path = root / FILE
    if not path.exists() and not path.is_symlink():
        return {}
    at = path.lstat()
    return _read(path, at.st_mtime_ns, at.st_size, at.st_ino)


@lru_cache(maxsize=8)
def _read(path: Path, *_: int) -> dict[str, Any]:
    found: dict[str, Any] = read_record(path, "redacted", ASK)["files"]
    return found


def note(root: Path) -> str:
    """What a report of such a directory says; else empty."""
    count = len(files(root))
    what = "a file" if count == 1 else f"{count} files"
    return f"who sent it took something out of {what} ({FILE})" if count else ""
