# SPDX-License-Identifier: GPL-2.0-only
"""The source lines of one function, by the kernel's own debug information.

The kernel that ran has none. The same kernel is built with it, and used when
every function of it lies where that of the other lies: then the code is the
same, and an address of the one is an address of the other.
"""

from __future__ import annotations

import dataclasses
import os
import re
import subprocess
from collections import Counter
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

from retrap.base import scratch
from retrap.kernel import building, kernels, patched_files
from retrap.base.cache import subdirectory
from retrap.base.paths import ROOT
from retrap.config.variants import Variant
from retrap.base.errors import EXIT_CONFIG, EXIT_KERNEL, RetrapError
from retrap.kernel.kernels import Kernel
from retrap.results import trace
from retrap.profile.symbols import Symbols
from retrap.base.progress import Progress

FRAGMENT = ROOT / "configs/kernel/debug-info.config"
SUFFIX = "-lines"


@dataclass(frozen=True)
class Line:
    """`own`: instructions a sample. `inlined`: the function the line is of, when
    that was inlined."""

    file: str
    number: int
    inlined: str
    own: Fraction
    text: str


@dataclass(frozen=True)
class Place:
    """Line 0: not known."""

    function: str
    file: str
    number: int


def with_debug_info(
    name: str, variants: dict[str, Variant]
) -> tuple[Variant, dict[str, Variant]]:
    """The variant, and those it is based on, with debug information."""
    added: dict[str, Variant] = {}
    todo: str | None = name
    while todo:
        variant = variants[todo]
        added[todo + SUFFIX] = dataclasses.replace(
            variant,
            name=todo + SUFFIX,
            base=variant.base + SUFFIX if variant.base else None,
            fragments=(*variant.fragments, FRAGMENT),
        )
        todo = variant.base
    return added[name + SUFFIX], {**variants, **added}


def kernel_with_lines(
    kernel: Kernel, variants: dict[str, Variant], progress: Progress
) -> Path:
    """vmlinux with lines, of the code that ran. Errors: EXIT_KERNEL."""
    variant, known = with_debug_info(kernel.variant.name, variants)
    found = kernels.ensure(variant, known, progress, kernel.arch)
    if _functions(found.system_map) != _functions(kernel.system_map):
        raise RetrapError(
            f"{kernel.variant.name}: with debug information its functions lie "
            "elsewhere: its lines are not those of the kernel that ran",
            "profile without --lines",
            EXIT_KERNEL,
        )
    return found.directory / "vmlinux"


def _functions(system_map: str) -> list[str]:
    return [row for row in system_map.splitlines() if row.split()[1] in "tT"]


def address_counts(
    blocks: tuple[trace.Block, ...],
    windows: list[trace.Window],
    known: Symbols,
    function: str,
) -> Counter[int]:
    """How often each instruction of a function was begun in the windows."""
    counts: Counter[int] = Counter()
    inside = [
        [a for a in block.addresses if _is(known, a, function)] for block in blocks
    ]
    for window in windows:
        for number, ran in trace.ran(blocks, window):
            counts.update(a for a in inside[number] if a <= ran[-1])
    return counts


def _is(known: Symbols, address: int, function: str) -> bool:
    found = known.of(address)[0]
    return found.kernel and found.name == function


def lines_of(
    counts: Counter[int], windows: int, vmlinux: Path, sources: Path
) -> list[Line]:
    """By file and line; `sources` holds what of the source is at hand."""
    places: Counter[tuple[str, int, str]] = Counter()
    for address, place in zip(counts, _places(list(counts), vmlinux), strict=True):
        places[place] += counts[address]
    return [
        Line(file, number, inlined, Fraction(count, windows), text)
        for (file, number, inlined), count in sorted(places.items())
        for text in [_text(sources / file, number)]
    ]


def _places(addresses: list[int], vmlinux: Path) -> list[tuple[str, int, str]]:
    """File, line, and the inlined function that the line is of."""
    return [
        (chain[0].file, chain[0].number, chain[0].function if chain[1:] else "")
        for chain in chains(addresses, vmlinux)
    ]


def chains(addresses: list[int], vmlinux: Path) -> list[list[Place]]:
    """The place of each address, and those that it was inlined into. Errors:
    EXIT_KERNEL. By addr2line, as pyelftools has no look-up of inlined calls."""
    done = subprocess.run(
        ["addr2line", "-a", "-f", "-i", "-e", str(vmlinux)],
        input="".join(f"{address:#x}\n" for address in addresses),
        capture_output=True,
        text=True,
        env={**os.environ, "LC_ALL": "C"},
    )
    chunks = re.split(r"^0x[0-9a-f]+\n", done.stdout, flags=re.M)[1:]
    if done.returncode != 0 or len(chunks) != len(addresses):
        raise RetrapError(
            f"addr2line {vmlinux}: {done.stderr.strip() or 'no lines'}",
            "build the kernel again (./retrap kernel clean --all)",
            EXIT_KERNEL,
        )
    return [
        [_place(*pair) for pair in zip(rows[::2], rows[1::2], strict=True)]
        for rows in (chunk.splitlines() for chunk in chunks)
    ]


def _place(function: str, where: str) -> Place:
    file, _, number = where.split(" ")[0].rpartition(":")
    return Place(function, _relative(file), int(number) if number.isdigit() else 0)


def _relative(file: str) -> str:
    """Below the kernel's source: objects are built in a directory of it."""
    path = os.path.normpath(file)
    match = re.search(rf"/trees/[^/]+/(?:{building.OBJ}/)?(.+)$", path)
    return match.group(1) if match else path.removeprefix("../")


def _text(file: Path, number: int) -> str:
    try:
        rows = file.read_text(errors="replace").splitlines()
    except OSError:
        return ""
    return rows[number - 1].strip() if 0 < number <= len(rows) else ""


def read(
    kernel: Kernel,
    variants: dict[str, Variant],
    counts: Counter[int],
    windows: int,
    progress: Progress,
) -> list[Line]:
    """The lines of the counted addresses."""
    vmlinux = kernel_with_lines(kernel, variants, progress)
    files = {file for file, _, _ in _places(list(counts), vmlinux)}
    with scratch.directory(subdirectory("work")) as place:
        into = place / "source"
        into.mkdir()
        patched_files.lay_source(kernel.variant, variants, kernel.arch, files, into)
        return lines_of(counts, windows, vmlinux, into)


def not_there(function: str, names: list[str]) -> RetrapError:
    return RetrapError(
        f"--lines: no window ran {function!r}",
        f"name a function of the table: {', '.join(names[:5])}, ...",
        EXIT_CONFIG,
    )
