# SPDX-License-Identifier: GPL-2.0-only
"""A boot's directory is closed by its boot.json, which has a hash of every file in
it; and is found as it was closed, or not read.

A file that was edited, exchanged, linked, cut, added or taken away is named.
"""

from __future__ import annotations

import hashlib
import json
import re
from pathlib import Path
from typing import Any

from retrap.base.rawfile import atomic_write, damaged, read_record, seal
from retrap.campaign import journal, manifest
from retrap.results import redacted

RECORD = "boot.json"
WHOLE = "complete.json"  # of a result directory from before there was a journal
BOOT = re.compile(rf"raw/[^/]+/[^/]+/{RECORD}")
ELSE = "take the boot again, or read a copy that is whole"


def close(directory: Path, record: dict[str, Any]) -> None:
    """Writes boot.json, with `sha256` by file name, and makes all files read-only."""
    record = {**record, "sha256": {p.name: sha256(p) for p in _files(directory)}}
    atomic_write(directory / RECORD, json.dumps(record, indent=1) + "\n")
    for file in directory.iterdir():
        seal(file)


def verify(directory: Path, record: dict[str, Any]) -> None:
    """The directory is that boot's, as it was closed. One that was closed before there
    were hashes has the names alone checked. Errors: EXIT_RESULTS."""
    placed(directory, record)
    there = {file.name: file for file in _files(directory)}
    for file in (directory / RECORD, *there.values()):
        _plain(file)
    hashes = record.get("sha256")
    if hashes is None:
        return
    for name in sorted(there.keys() ^ hashes.keys()):
        what = "is not of this boot" if name in there else "is missing"
        raise damaged(directory / name, what, ELSE)
    for name, file in there.items():
        if _closed(directory.parents[2], file) != hashes[name]:
            raise damaged(file, "is not what the boot wrote: its hash differs", ELSE)


def placed(directory: Path, record: dict[str, Any]) -> None:
    """The directory is where that boot belongs. Errors: EXIT_RESULTS."""
    for folder in (directory.parent, directory):
        if folder.is_symlink():
            raise damaged(folder, "is a link and no directory of its own", ELSE)
    for key, name in (("variant", directory.parent.name), ("boot", directory.name)):
        if record.get(key) != name:
            what = f"{key} is {record.get(key)!r}: it is of another directory"
            raise damaged(directory / RECORD, what, ELSE)


def verify_whole(path: Path, hashes: dict[str, str]) -> None:
    """The plan and the boots of a finished result directory are those that it had when
    complete.json was written. Errors: EXIT_RESULTS."""
    found = {str(file.relative_to(path)) for file in path.glob(f"raw/*/*/{RECORD}")}
    records = {"plan.json", *found}
    known = {n for n in hashes if n == "plan.json" or BOOT.fullmatch(n)}
    for name in sorted(records ^ known):
        what = "is missing" if name in known else "was added after the run had ended"
        raise damaged(path / name, what, ELSE)
    for name in sorted(records):
        if _closed(path, path / name) != hashes[name]:
            raise damaged(path / name, "was changed after the run had ended", ELSE)


def finished_boots(path: Path, found: list[Path]) -> list[Path]:
    """Those of a result directory's boots that are done, and as they were then."""
    if (path / journal.FILE).exists() or (path / manifest.FILE).exists():
        done = verify_campaign(path)
        return [p for p in found if f"{p.parent.name}/{p.name}" in done]
    if (path / WHOLE).exists():
        verify_whole(path, read_record(path / WHOLE, "complete")["sha256"])
    whole = [p for p in found if not p.name.endswith(".partial")]
    return [p for p in whole if (p / RECORD).exists()]


def reasons(path: Path, state: str) -> dict[str, str]:
    """Why, by variant/boot, those in a state: void, which the campaign gave up, or
    skipped. Errors: EXIT_RESULTS."""
    if not (path / journal.FILE).exists():
        return {}
    states = journal.read(path).states
    return {n: s.reason for n, s in states.items() if s.state == state}


def verify_campaign(path: Path) -> set[str]:
    """The plan and the boots of a result directory are those of its journal; the boots
    that are done, as variant/boot. Errors: EXIT_RESULTS."""
    if (path / journal.FILE).exists():
        _plain(path / journal.FILE)
    if (path / manifest.FILE).exists():
        read_record(path / manifest.FILE, "manifest", ELSE)
    story = journal.read(path)
    if _closed(path, path / "plan.json") != story.plan_sha256:
        raise damaged(path / "plan.json", "was changed: its hash differs", ELSE)
    done = {name: s for name, s in story.states.items() if s.state == journal.DONE}
    for name, state in sorted(done.items()):
        record = path / "raw" / name / RECORD
        if not record.is_file():
            raise damaged(record, "is missing", ELSE)
        if _closed(path, record) != state.sha256:
            raise damaged(record, "was changed after the boot had ended", ELSE)
    if story.finished:
        for record in sorted(path.glob(f"raw/*/*/{RECORD}")):
            if f"{record.parent.parent.name}/{record.parent.name}" not in done:
                raise damaged(record, "was added after the run had ended", ELSE)
    return set(done)


def _closed(root: Path, file: Path) -> str:
    return redacted.as_closed(root, file, sha256(file))


def sha256(file: Path) -> str:
    return hashlib.sha256(_plain(file).read_bytes()).hexdigest()


def _plain(file: Path) -> Path:
    """Errors: EXIT_RESULTS, where it is no file of its own; a pipe never ends."""
    if file.is_symlink() or not file.is_file():
        raise damaged(file, "is no plain file", ELSE)
    return file


def _files(directory: Path) -> list[Path]:
    return [path for path in sorted(directory.iterdir()) if path.name != RECORD]
