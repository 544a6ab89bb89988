# SPDX-License-Identifier: GPL-2.0-only
"""A build from the start that was interrupted: the next one of the same kernel goes on
with its tree.

kbuild notes how an object was made when it is whole, so one that was cut is made
again. That holds as long as the machine is up: after a crash a file may be shorter than
it was.
A build that started from a base is seconds long and is not taken up: there the notes of
the base's objects stand beside objects that may be cut.
"""

from __future__ import annotations

from pathlib import Path

NOTE = "retrap-building"  # in a tree that is laid, patched and configured
BOOT_ID = Path("/proc/sys/kernel/random/boot_id")


def begin(tree: Path, key: str) -> None:
    """From here on only make works in `tree`."""
    (tree / NOTE).write_text(_text(key))


def goes_on(tree: Path, key: str) -> bool:
    """Whether `tree` is that of an interrupted build of this kernel."""
    note = tree / NOTE
    return note.is_file() and note.read_text() == _text(key)


def end(tree: Path) -> None:
    (tree / NOTE).unlink(missing_ok=True)


def _text(key: str) -> str:
    return f"{key} {BOOT_ID.read_text()}"
