# SPDX-License-Identifier: GPL-2.0-only
"""How large a variant's patches are: in lines, and in the kernel they make.

Functions and bytes are read off System.map, variant against base: what the
compiler made of the patches, padding between functions included. A function
that changed and kept its length is not seen.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

_TEXT = re.compile(r"[tTwW]")
_MARK = re.compile(r"__\w+_(start|end)$")  # of the linker's; the padding is theirs
_NOT_CODE = re.compile(r"^(Documentation|tools)/|^MAINTAINERS$")


@dataclass(frozen=True)
class Lines:
    """Of what becomes part of the kernel: not documentation, not selftests."""

    added: int
    removed: int
    files: int


@dataclass(frozen=True)
class Text:
    """Symbols with code: new, of another length, gone; the sum of it in bytes."""

    new: int
    changed: int
    gone: int
    bytes: int


def lines(patches: Iterable[Path]) -> Lines:
    added = removed = 0
    files = set()
    for patch in patches:
        code, old, new = False, 0, 0  # lines that the hunk still has
        for line in patch.read_text(errors="replace").splitlines():
            if old > 0 or new > 0:
                old -= line[:1] in ("-", " ", "")
                new -= line[:1] in ("+", " ", "")
                added += code and line.startswith("+")
                removed += code and line.startswith("-")
            elif line.startswith("+++ "):
                name = line.split()[1].split("/", 1)[-1]
                code = not _NOT_CODE.match(name)
                if code:
                    files.add(name)
            elif hunk := re.match(r"@@ -\d+(?:,(\d+))? \+\d+(?:,(\d+))? @@", line):
                old, new = (int(count or 1) for count in hunk.groups())
    return Lines(added, removed, len(files))


def functions(system_map: str) -> Counter[str]:
    """Bytes of each symbol of the text: up to the next address. Static functions
    of one name are added up; of symbols at one address the last has the bytes."""
    rows = sorted(
        (int(address, 16), kind, name)
        for address, kind, name in (line.split() for line in system_map.splitlines())
    )
    sizes: Counter[str] = Counter()
    for (start, kind, name), (end, _, _) in zip(rows, rows[1:]):
        if name == "_etext":
            break
        if _TEXT.match(kind) and not _MARK.match(name):
            sizes[name] += end - start
    return sizes


def changes(base: str, variant: str) -> dict[str, int]:
    """Bytes by symbol, of the variant's System.map less the base's; equal ones left
    out."""
    delta = functions(variant)
    delta.subtract(functions(base))
    return {name: size for name, size in delta.items() if size}


def text(base: str, variant: str) -> Text:
    """The difference of two System.map."""
    old, new = functions(base), functions(variant)
    both = old.keys() & new.keys()
    return Text(
        new=len(new.keys() - old.keys()),
        changed=sum(old[name] != new[name] for name in both),
        gone=len(old.keys() - new.keys()),
        bytes=new.total() - old.total(),
    )
