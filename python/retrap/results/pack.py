# SPDX-License-Identifier: GPL-2.0-only
"""A result directory as one file to be sent: a tar archive, compressed by xz.

It has the plan, the journal and the boots that are done; what is derived is made again
where it arrives. Who measured is taken out first. The hashes that close each boot still
hold: redacted.json has those of the files that were changed (redacted.py).
"""

from __future__ import annotations

import hashlib
import io
import json
import tarfile
from dataclasses import dataclass, field
from pathlib import Path

from retrap.base.rawfile import damaged
from retrap.base.textgrid import printable
from retrap.base.version import git_version
from retrap.campaign import journal, manifest
from retrap.results import redact, redacted, sealed
from retrap.results.store import load

LIST = "pack.json"
WHOLE = ("plan.json", manifest.FILE, journal.FILE, sealed.WHOLE)
LATER = "wait until the run has ended"
NEVER = (".npy", ".jsonl", ".xz")  # samples, counters and windows: numbers alone


@dataclass(frozen=True)
class Member:
    """`data`: what is sent instead of the file; None: the file as it is."""

    sha256: str
    size: int
    data: bytes | None = None


@dataclass
class Pack:
    """`files` of `directory` by path, in order; `taken_out`: what is not in one now."""

    directory: Path
    files: dict[str, Member] = field(default_factory=dict)
    taken_out: dict[str, list[str]] = field(default_factory=dict)
    left_out: list[str] = field(default_factory=list)


def collect(directory: Path) -> Pack:
    """Errors: EXIT_RESULTS, of results that are not as they were closed."""
    results = load(directory)
    if redacted.files(directory):
        raise damaged(directory, "came from a pack", "send that pack on as it is")
    done = {boot.path for boot in results.boots}
    redactor = redact.Redactor(redact.names_of(directory))
    pack = Pack(directory)
    changed = {}
    for file in sorted(path for path in directory.rglob("*") if path.is_file()):
        path = file.relative_to(directory).as_posix()
        if file.parent not in done and path not in WHOLE:
            pack.left_out.append(path)
            continue
        data = file.read_bytes()
        before = pack.files[path] = _member(data)
        if file.suffix in NEVER and path != journal.FILE:
            continue
        data, told = redactor.file(file.name, data)
        if told:
            pack.taken_out[path] = told
            after = pack.files[path] = _member(data, data)
            hashes = {"sealed": before.sha256, "sent": after.sha256}
            entry: dict[str, object] = {**hashes, "taken_out": told}
            if path not in (manifest.FILE, journal.FILE):  # they are under no seal
                changed[path] = entry
    if changed:
        data = _json({"schema": "retrap.redacted/1", "files": changed})
        pack.files[redacted.FILE] = _member(data, data)
    return pack


def _member(data: bytes, sent: bytes | None = None) -> Member:
    return Member(hashlib.sha256(data).hexdigest(), len(data), sent)


def store(pack: Pack, file: Path) -> None:
    """Writes the archive, the list first; all of it or nothing. Equal results give
    equal bytes. Errors: EXIT_RESULTS."""
    listed = _json(
        {
            "schema": "retrap.pack/1",
            "retrap": git_version(),
            "files": {
                path: {"sha256": member.sha256, "bytes": member.size}
                for path, member in pack.files.items()
            },
            "left_out": [path for path in pack.left_out if path.startswith("raw/")],
        }
    )
    temporary = file.with_name(f".{file.name}.partial")
    try:
        with tarfile.open(temporary, "x:xz", format=tarfile.PAX_FORMAT) as archive:
            _add(archive, LIST, listed)
            for path, member in pack.files.items():
                data = member.data
                if data is None:
                    data = (pack.directory / path).read_bytes()
                    if _member(data) != member:
                        raise damaged(pack.directory / path, "changes meanwhile", LATER)
                _add(archive, path, data)
        temporary.rename(file)
    except OSError as error:
        what = f"cannot be written: {error.strerror}"
        raise damaged(file, what, "make room, or name another --out FILE") from None
    finally:
        temporary.unlink(missing_ok=True)


def _add(archive: tarfile.TarFile, path: str, data: bytes) -> None:
    """Nobody's, of no time."""
    member = tarfile.TarInfo(path)
    member.size = len(data)
    archive.addfile(member, io.BytesIO(data))


def _json(record: object) -> bytes:
    return (json.dumps(record, indent=1) + "\n").encode()


def render(pack: Pack) -> list[str]:
    """What is sent, and what is not: a line a directory and a kind of thing."""
    folders: dict[str, list[int]] = {}
    for path, member in pack.files.items():
        folders.setdefault(path.rpartition("/")[0] or ".", []).append(member.size)
    lines = ["sent:"]
    for folder, sizes in folders.items():
        lines.append(f"  {folder}/  {len(sizes)} files, {sum(sizes) / 1024:.0f} KiB")
    gone: dict[tuple[str, str], int] = {}
    for path, told in pack.taken_out.items():
        kind = ".".join(path.rpartition("/")[2].split(".")[-2:])
        for what in told:
            key = kind, what.partition(" (")[0]
            gone[key] = gone.get(key, 0) + 1
    lines.append("taken out:" if gone else "taken out: nothing")
    lines += [f"  {what}, of {n} {kind}" for (kind, what), n in sorted(gone.items())]
    tops = dict.fromkeys(path.partition("/")[0] for path in pack.left_out)
    lines.append(f"left out: {printable(', '.join(tops)) or 'nothing'}")
    return lines
