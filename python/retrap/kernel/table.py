# SPDX-License-Identifier: GPL-2.0-only
"""What `retrap kernel` prints: the kernels, their sizes, what the cache takes."""

from __future__ import annotations

from dataclasses import dataclass

from retrap.base import usage
from retrap.kernel import patchsize
from retrap.base.cache import cache_dir, subdirectory

BUILT, TO_BUILD, UNKNOWN = "built", "to build", "unknown"
STALE, OTHER, BAD = "stale", "of another file", "bad"
MACHINE = "of a machine"


@dataclass(frozen=True)
class Row:
    """`key` is null where `why` says what it cannot be known for; a stale kernel
    is one that today's sources, patches, config and compiler do not make. `bytes`
    are of kernel and tree, `tree_bytes` of the tree alone."""

    variant: str
    arch: str | None
    base: str | None
    state: str
    key: str | None
    bytes: int
    tree_bytes: int
    why: str | None


@dataclass(frozen=True)
class SizeRow:
    """`text` is null where the kernel or its base is not built."""

    variant: str
    arch: str
    base: str
    lines: patchsize.Lines
    text: patchsize.Text | None


def mib(size: int) -> str:
    return f"{size / 2**20:.0f} MiB"


def text(rows: list[Row], file: str) -> str:
    lines = [
        f"{'variant':21}{'arch':8}{'state':16}{'key':17}{'kernel':>6}{'tree':>8} MiB"
    ]
    for row in rows:
        sizes = (row.bytes - row.tree_bytes, row.tree_bytes)
        kernel, tree = (f"{size / 2**20:.0f}" if size else "-" for size in sizes)
        lines.append(
            f"{row.variant:20} {row.arch or '-':7} {row.state:15} {row.key or '-':16} "
            f"{kernel:>6}{tree:>8}"
        )
    whys = dict.fromkeys(
        f"{row.state}: {row.why}" for row in rows if row.why not in (None, file)
    )
    return "\n".join([*lines, *whys])


def totals() -> str:
    """Each part of the cache by itself; a file that two trees share is in both."""
    names = ("kernels", "trees", "sysroots", "debs", "logs")
    parts = [f"{name} {mib(usage.size(subdirectory(name)))}" for name in names]
    whole = mib(usage.size(cache_dir()))
    return f"{cache_dir()}: {whole} in all\n  {', '.join(parts)}"


def sizes(rows: list[SizeRow]) -> str:
    lines = [
        "                             source lines       functions      bytes",
        "variant              arch     +    - files  new changed gone of text base",
    ]
    for row in rows:
        text = row.text
        found = (
            f"{text.new:4}{text.changed:8}{text.gone:5}{text.bytes:+8}"
            if text
            else f"{'not built':>25}"
        )
        lines.append(
            f"{row.variant:20} {row.arch:6}{row.lines.added:4}{row.lines.removed:5}"
            f"{row.lines.files:6} {found} {row.base}"
        )
    return "\n".join(lines)
