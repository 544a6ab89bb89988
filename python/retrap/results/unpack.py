# SPDX-License-Identifier: GPL-2.0-only
"""A pack, read with suspicion: it was written by others.

Every member is looked at before any of it is written: its name, its kind, its size. The
list that comes first says what may follow. The decompressor has bounds, too.
"""

from __future__ import annotations

import hashlib
import io
import json
import lzma
import re
import tarfile
from functools import partial
from pathlib import Path
from typing import Any, BinaryIO

from retrap.base import schema
from retrap.base.errors import RetrapError
from retrap.base.rawfile import damaged, seal
from retrap.results import pack, redacted

MOST_FILES = 500_000
MOST_BYTES = 8 << 30  # of all members
MEMBER = 256 << 20  # of one
MEMORY = 256 << 20  # of the decompressor
CHUNK = 1 << 20
ASK = "do not use it: ask who sent it for another"
_PART = r"(?!\.\.?(/|$))[\w.+@=,()-][\w.+@=,() :-]{0,199}"
NAME = re.compile(
    "|".join(map(re.escape, (*pack.WHOLE, redacted.FILE))) + rf"|raw(/{_PART}){{3}}",
    re.ASCII,
)


class _Bounded(io.RawIOBase):
    """The tar archive in a file that is compressed by xz, as far as it is read."""

    def __init__(self, file: BinaryIO, path: Path) -> None:
        self._file, self._path, self._total = file, path, 0
        self._xz = lzma.LZMADecompressor(lzma.FORMAT_XZ, memlimit=MEMORY)

    def tell(self) -> int:
        return self._total

    def seek(self, to: int, whence: int = io.SEEK_SET) -> int:
        """On, never back."""
        while self._total < to and self.read(min(CHUNK, to - self._total)):
            pass
        if whence != io.SEEK_SET or self._total != to:
            raise damaged(
                self._path, "is cut short, or a header of it leads astray", ASK
            )
        return to

    def read(self, size: int = -1) -> bytes:
        if not 0 <= size <= 2 * CHUNK:
            raise damaged(self._path, "has a header that asks for too much", ASK)
        parts, wanted = [], size
        while wanted > 0 and not self._xz.eof:
            more = self._file.read(CHUNK) if self._xz.needs_input else b""
            if self._xz.needs_input and not more:
                raise damaged(self._path, "is cut short", ASK)
            part = self._xz.decompress(more, wanted)
            wanted -= len(part)
            self._total += len(part)
            if self._total > MOST_BYTES + MEMBER:
                raise damaged(
                    self._path, f"unpacks to over {MOST_BYTES >> 30} GiB", ASK
                )
            parts.append(part)
        return b"".join(parts)


def unpack(path: Path, into: Path) -> dict[str, Any]:
    """Writes the members below `into`, an empty directory; the list. Errors:
    EXIT_RESULTS, naming the member, before any of it is written."""
    try:
        with path.open("rb") as file:
            stream = _Bounded(file, path)
            with tarfile.TarFile(fileobj=stream, mode="r") as archive:
                return _members(path, archive, into)
    except OSError as error:
        name = error.filename or path
        raise damaged(Path(name), f"{error.strerror}", "check path and disk") from None
    except (tarfile.TarError, lzma.LZMAError, ValueError, RecursionError) as error:
        what = f"is no pack: {error or type(error).__name__}"
        raise damaged(path, what, ASK) from None


def _members(path: Path, archive: tarfile.TarFile, into: Path) -> dict[str, Any]:
    listed: dict[str, Any] = {}
    left: dict[str, Any] = {}
    for number, member in enumerate(archive):
        _checked(path, member)
        name = member.name
        data = _content(path, archive, member)
        if number == 0:
            listed = _list(path, name, data)
            left = dict(listed["files"])
            continue
        said = left.pop(name, None)
        if said is None:
            again = name in listed["files"]
            what = "is there twice" if again else f"is not in {pack.LIST}"
            raise _refused(path, name, what)
        if len(data) != said["bytes"] or _sha256(data) != said["sha256"]:
            raise _refused(
                path, name, f"is not what {pack.LIST} says: its hash differs"
            )
        target = into / name
        target.parent.mkdir(parents=True, exist_ok=True)
        with target.open("xb") as file:
            file.write(data)
        seal(target)
    if not listed:
        raise damaged(path, "is an empty archive", ASK)
    for name in left:
        raise _refused(path, name, "is missing")
    return listed


def _checked(path: Path, member: tarfile.TarInfo) -> None:
    name = member.name
    if member.pax_headers and set(member.pax_headers) - {"path"}:
        raise _refused(path, name, "has extended headers")
    if not member.isreg() or member.issparse():
        kinds = {
            "issym": "link",
            "islnk": "link",
            "isdir": "directory",
            "isdev": "device",
        }
        found = (word for test, word in kinds.items() if getattr(member, test)())
        raise _refused(path, name, f"is a {next(found, 'strange thing')} and no file")
    if name != pack.LIST and not NAME.fullmatch(name):
        raise _refused(path, name, "is no name of a file of results")
    if not 0 <= member.size <= MEMBER:
        raise _refused(path, name, f"is larger than {MEMBER >> 20} MiB")


def _content(path: Path, archive: tarfile.TarFile, member: tarfile.TarInfo) -> bytes:
    file = archive.extractfile(member)
    assert file
    data = b"".join(iter(partial(file.read, CHUNK), b""))
    if len(data) != member.size:
        raise _refused(path, member.name, "is cut short")
    return data


def _list(path: Path, name: str, data: bytes) -> dict[str, Any]:
    """Of all members, within the bounds. Errors: EXIT_RESULTS."""
    if name != pack.LIST:
        raise _refused(path, name, f"is first, and not {pack.LIST}")
    try:
        found = json.loads(data)
    except (ValueError, RecursionError):
        raise _refused(path, name, "is not JSON") from None
    for problem in schema.problems("pack", found):
        raise _refused(path, name, str(problem))
    files: dict[str, Any] = found["files"]
    total = sum(said["bytes"] for said in files.values())
    if len(files) > MOST_FILES or total > MOST_BYTES:
        what = f"says {len(files)} files, {total >> 20} MiB: too much"
        raise _refused(path, name, what)
    return dict(found)


def _sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def _refused(path: Path, name: str, what: str) -> RetrapError:
    return damaged(path, f"{name[:200]!r} {what}", ASK)
