# SPDX-License-Identifier: GPL-2.0-only
"""What `retrap profile` ends in where its tables are longer than a screen.

Two lines a cell: the sum, and the functions with the largest part of it.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import islice

from retrap.profile import difference
from retrap.profile.report import figure, shorten, signed
from retrap.profile.summary import Profile

HEIGHT, WIDTH = 20, 79  # the paths come below
CELLS = (HEIGHT - 3) // 2
NAMED = 8  # functions that may fit into a line
Pair = tuple[Profile, Profile | None]


def fits(text: str) -> bool:
    return len(text.splitlines()) <= HEIGHT


def brief(pairs: Sequence[Pair], kind: str, kernel_only: bool) -> str:
    """Of a profile what takes most, of a pair what changes most, its second less
    its first."""
    changes = any(other for _, other in pairs)
    what = "that change most" if changes else "that take most"
    lines = [f"Guest instructions a sample, exact, and the functions {what}", ""]
    for one, other in pairs[:CELLS]:
        if other is None:
            lines += _cell(one, kind, kernel_only)
        else:
            lines += _change(one, other, kind, kernel_only)
    if (left := len(pairs) - CELLS) > 0:
        lines.append(f"and {left} cells more")
    return "\n".join(lines) + "\n"


def _cell(one: Profile, kind: str, kernel_only: bool) -> list[str]:
    tree, facts = one.trees[kind], one.facts
    rows = (row for row in tree.rows() if row.function.kernel or not kernel_only)
    parts = [f"{row.function} {figure(row.own)}" for row in islice(rows, NAMED)]
    where = f"{one.cell} {facts['arch']}, {facts['variant']}"
    return _lines(figure(tree.total), where, parts)


def _change(one: Profile, other: Profile, kind: str, kernel_only: bool) -> list[str]:
    found = difference.compare(one, other, kind)
    rows = (row for row in found.told if row.function.kernel or not kernel_only)
    parts = [f"{row.function} {signed(row.delta)}" for row in islice(rows, NAMED)]
    names = f"{other.facts['variant']} less {one.facts['variant']}"
    where = f"{one.cell} {one.facts['arch']}, {names}"
    return _lines(found.judgement.text, where, parts or ["no function differs"])


def _lines(total: str, where: str, parts: list[str]) -> list[str]:
    return [
        shorten(f"{total:>9}  {where}", WIDTH),
        shorten(f"{'':11}{', '.join(parts)}", WIDTH),
    ]
