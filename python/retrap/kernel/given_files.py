# SPDX-License-Identifier: GPL-2.0-only
"""The files that a word of `retrap try` names, in order, and what is in them."""

from __future__ import annotations

import bz2
import gzip
import lzma
import re
import sys
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from retrap.base.errors import EXIT_PATCH, RetrapError

STDIN = "-"
DIFF = re.compile(r"^(diff --git |--- \S)", re.M)
AS_IS = "surrogateescape"  # a source need not be UTF-8
FORMS = "give files of git format-patch, a folder of them, an mbox, a maildir, or -"
# What a packed file begins with, and what unpacks it.
PACKED: tuple[tuple[bytes, Callable[[bytes], bytes]], ...] = (
    (b"\x1f\x8b", gzip.decompress),
    (b"BZh", bz2.decompress),
    (b"\xfd7zXZ\0", lzma.decompress),
)
DAMAGED = (OSError, EOFError, ValueError, zlib.error, lzma.LZMAError)
NAMES = re.compile(r"\.(patch|diff)(\.(gz|bz2|xz))?$")


@dataclass(frozen=True)
class File:
    """`in_series`: a quilt series has it, so that it is a patch."""

    name: str
    data: bytes
    in_series: bool


def of(word: str) -> Iterator[File]:
    """Unpacked. Errors: EXIT_PATCH."""
    if word == STDIN:
        name = "standard input"
        yield File(name, _plain(name, sys.stdin.buffer.read()), False)
        return
    path = Path(word)
    try:
        if path.name == "series" and path.is_file() and not _holds_diff(path):
            path = path.parent
        in_series = (path / "series").is_file()
        for file in _of_folder(path) if path.is_dir() else [path]:
            yield File(str(file), _plain(str(file), file.read_bytes()), in_series)
    except OSError as error:
        what = f"{error.filename}: {error.strerror}"
        raise RetrapError(what, FORMS, EXIT_PATCH) from None


def _of_folder(folder: Path) -> list[Path]:
    """A quilt series in its order, the mails of a maildir, else patches by name."""
    series = folder / "series"
    if series.is_file():
        text = series.read_text(errors=AS_IS)
        lines = (line.split("#")[0].split() for line in text.splitlines())
        return [folder / words[0] for words in lines if words]
    if (folder / "new").is_dir() and (folder / "cur").is_dir():
        mails = [*(folder / "cur").iterdir(), *(folder / "new").iterdir()]
        return sorted((m for m in mails if m.name[0] != "."), key=_in_maildir)
    return sorted(file for file in folder.iterdir() if NAMES.search(file.name))


def _holds_diff(file: Path) -> bool:
    return bool(DIFF.search(file.read_bytes().decode(errors=AS_IS)))


def _in_maildir(mail: Path) -> list[tuple[int, int]]:
    """The order of git mailsplit: all of cur first; a number is less than a greater
    one, whatever its digits."""
    name = f"{mail.parent.name}/{mail.name}"
    return [
        (ord("0"), int(word)) if word.isdecimal() else (ord(word), 0)
        for word in re.findall(r"[0-9]+|[^0-9]", name)
    ]


def _plain(name: str, data: bytes) -> bytes:
    for begin, unpack in PACKED:
        if data.startswith(begin):
            try:
                return unpack(data)
            except DAMAGED as error:
                what = f"{name} cannot be unpacked: {error}"
                raise RetrapError(what, "pack it again", EXIT_PATCH) from None
    return data
