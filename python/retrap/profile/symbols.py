# SPDX-License-Identifier: GPL-2.0-only
"""Names for addresses: of the kernel that ran, and of the programs in it.

A function is known by its source name: what the compiler split off or made a
copy of (`.isra.0`, `.constprop.0`, `.part.0`, `.cold`) is folded onto it.
Nothing is dropped: an address without a symbol is a name of its own.
"""

from __future__ import annotations

import bisect
import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from retrap.base import elf
from retrap.base.errors import EXIT_KERNEL, RetrapError
from retrap.base.process import capture

KERNEL = 1 << 63  # both architectures keep it in the upper half
_MADE = re.compile(r"\.(?:isra|constprop|part|cold|lto_priv|localalias)(?:\.\d+)*")
_TEXT = frozenset("tTwW")


@dataclass(frozen=True)
class Function:
    """`image`: empty for the kernel; else the program or library it is in."""

    name: str
    image: str = ""

    @property
    def kernel(self) -> bool:
        return self.image == ""

    def __str__(self) -> str:
        return f"{self.image}:{self.name}" if self.image else self.name


@dataclass(frozen=True)
class Mapping:
    """Executable pages of a process, as /proc/<pid>/maps tells."""

    start: int
    end: int
    offset: int
    path: str


class SymbolTable:
    """Symbols of one image by address. `rooms`: sections with code that no
    symbol stands for (.plt), by where they begin and end."""

    def __init__(
        self,
        rows: Iterable[tuple[int, str]],
        rooms: Iterable[tuple[int, int, str]] = (),
    ) -> None:
        best: dict[int, str] = {}
        self.rooms = tuple(rooms)
        for address, name in rows:
            if address not in best or _rank(name) < _rank(best[address]):
                best[address] = name
        self.addresses = sorted(best)
        self.names = [best[address] for address in self.addresses]

    def at(self, address: int) -> tuple[str, int] | None:
        """The symbol that the address is in, and where it begins."""
        for start, end, name in self.rooms:
            if start <= address < end:
                return name, start
        index = bisect.bisect_right(self.addresses, address) - 1
        if index < 0:
            return None
        return self.names[index], self.addresses[index]


def _rank(name: str) -> tuple[bool, int, str]:
    """Of several names of one address the plainest is taken."""
    return name.startswith("_"), len(name), name


def fold(name: str) -> str:
    """`f` of `f.isra.0`, `f.constprop.0.cold`."""
    return _MADE.sub("", name)


def kernel_table(system_map: str, path: Path) -> SymbolTable:
    """The functions of a System.map. Errors: EXIT_KERNEL, for one without."""
    rows = []
    for line in system_map.splitlines():
        words = line.split()
        if len(words) == 3 and words[1] in _TEXT:
            rows.append((int(words[0], 16), words[2]))
    if not rows:
        raise RetrapError(
            f"{path}: has no functions: this kernel cannot be profiled",
            "build it again (./retrap kernel clean VARIANT)",
            EXIT_KERNEL,
        )
    return SymbolTable(rows)


def elf_table(path: Path) -> SymbolTable:
    """The functions of a program or library: of its symbol table, or what is
    exported where that was stripped. By nm, as pyelftools does not demangle."""
    for options in (["--defined-only"], ["--defined-only", "--dynamic"]):
        text = capture(["nm", "--demangle", *options, str(path)]) or ""
        rows = [
            (int(address, 16), name.split("@")[0])
            for address, kind, name in re.findall(
                r"^([0-9a-f]+) (\w) (.+)$", text, re.M
            )
            if kind in "tTwWiI"
        ]
        if rows:
            break
    return SymbolTable(rows, elf.stubs(path))


class Symbols:
    """Function of an address; the user's half by the mappings of the program."""

    def __init__(
        self, kernel: SymbolTable, mappings: list[Mapping], images: dict[str, Path]
    ) -> None:
        """`images`: the file on this machine of each name in the mappings."""
        self.kernel, self.mappings = kernel, mappings
        self.images = images
        self._tables: dict[str, tuple[SymbolTable, int]] = {}
        self._known: dict[int, tuple[Function, bool]] = {}

    def of(self, address: int) -> tuple[Function, bool]:
        """The function, and whether the address is its first instruction."""
        if address not in self._known:
            find = self._kernel if address >= KERNEL else self._user
            self._known[address] = find(address)
        return self._known[address]

    def _kernel(self, address: int) -> tuple[Function, bool]:
        if found := self.kernel.at(address):
            name, begin = found
            first = begin == address and ".cold" not in name  # a part is no call
            return Function(fold(name)), first
        return Function(f"{address:#x}"), False

    def _user(self, address: int) -> tuple[Function, bool]:
        for mapping in self.mappings:
            if mapping.start <= address < mapping.end:
                return self._mapped(mapping, address)
        return Function(f"{address:#x}", "?"), False

    def _mapped(self, mapping: Mapping, address: int) -> tuple[Function, bool]:
        image = Path(mapping.path).name
        file = self.images.get(image)
        if file is None:  # [vdso]
            return Function("*", image), False
        if image not in self._tables:
            offset, virtual = elf.text_segment(file)
            self._tables[image] = elf_table(file), virtual - offset
        table, bias = self._tables[image]
        place = address - mapping.start + mapping.offset + bias
        if found := table.at(place):
            name, begin = found
            return Function(fold(name), image), begin == place
        return Function(f"+{place:#x}", image), False
