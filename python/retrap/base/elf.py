# SPDX-License-Identifier: GPL-2.0-only
"""What stands in the headers of an ELF file, by pyelftools."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO

PF_X = 1  # elf(5): the segment is executable


@contextlib.contextmanager
def _opened(file: Path | BinaryIO) -> Iterator[Any]:
    from elftools.elf.elffile import ELFFile  # here: reports do without it

    with file.open("rb") if isinstance(file, Path) else file as opened:
        yield ELFFile(opened)


def build_id(file: Path | BinaryIO) -> str | None:
    """GNU build id, hexadecimal; None without one, and of what is no ELF file."""
    from elftools.common.exceptions import ELFError

    with contextlib.suppress(ELFError), _opened(file) as elf:
        for section in elf.iter_sections("SHT_NOTE"):
            for note in section.iter_notes():
                if note["n_type"] == "NT_GNU_BUILD_ID":
                    return str(note["n_desc"])
    return None


def stubs(path: Path) -> list[tuple[int, int, str]]:
    """The linker's jumps into libraries, .plt and its kin: begin, end, `[name]`."""
    with _opened(path) as elf:
        return [
            (each["sh_addr"], each["sh_addr"] + each["sh_size"], f"[{each.name}]")
            for each in elf.iter_sections("SHT_PROGBITS")
            if each.name.startswith(".plt")
        ]


def text_segment(path: Path) -> tuple[int, int]:
    """File offset and virtual address of the executable segment; 0, 0: none."""
    with _opened(path) as elf:
        for segment in elf.iter_segments("PT_LOAD"):
            if segment["p_flags"] & PF_X:
                return segment["p_offset"], segment["p_vaddr"]
    return 0, 0
