# SPDX-License-Identifier: GPL-2.0-only
"""The kernel's functions of one cell, each design beside the other: those that
differ, the largest change first; where none does, those that do most."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from typing import Any

from plots import bars, icicle, scale, style, words
from plots.looks import Look
from retrap.profile.report import CLASS_TEXT, figure, signed
from retrap.profile.summary import CHEAPEST, Profile
from retrap.profile.symbols import Function

MOST = 20
LEAST = 1  # instruction; what is less is no difference, as in the table
NAME, SMALL = 215.0, 8.0  # points: room of a name, its letters
Own = dict[Function, Fraction]


def draw(
    profiles: list[Profile],
    sides: list[Look],
    comparable: bool,
    directory: Path,
    name: str,
) -> list[Path]:
    """Profiles of one cell; if comparable, the first is the baseline."""
    counts = [own(found) for found in profiles]
    base = counts[0] if comparable else None
    shown, rest = pick(counts, base)
    if not shown:
        return []
    with style.figure(9.4, 0.5 + 0.115 * (len(sides) + 0.8) * len(shown)) as drawing:
        axis = drawing.subplots()
        _frame(axis, shown, len(sides))
        what = "guest instructions of its own a sample"
        axis.set_xlabel(what + (" (change)" if comparable and len(sides) > 1 else ""))
        head = f"{icicle.cell_title(profiles[0])}: the kernel's functions"
        style.heading(drawing, f"{head}, {CLASS_TEXT[CHEAPEST]}\n{rest}")
        names = [_name(found) for found in profiles]
        style.legend(drawing, bars.fills(dict(zip(names, sides, strict=True))))
        drawing.draw_without_rendering()  # now the axes are as wide as they stay
        _bars(axis, shown, counts, base, sides)
        return style.save(drawing, directory, name)


def own(found: Profile) -> Own:
    rows = found.trees[CHEAPEST].rows()
    return {row.function: row.own for row in rows if row.function.kernel}


def pick(counts: list[Own], base: Own | None) -> tuple[list[Function], str]:
    """The functions to show, in order, and what to say of the others."""
    every = {function for each in counts for function in each}
    most = {f: max(each.get(f, Fraction()) for each in counts) for f in every}
    differ = {f: _largest(f, counts, base) for f in every}
    chosen = [f for f in every if base is not None and differ[f] >= LEAST]
    by = differ if chosen else most
    ordered = sorted(chosen or every, key=lambda f: (-by[f], -most[f], str(f)))
    shown = [f for f in ordered if most[f]][:MOST]
    if chosen:
        left = [f"{len(every) - len(chosen)} equal ones (to less than {LEAST})"]
        if len(chosen) > len(shown):
            left.insert(0, f"{len(chosen) - len(shown)} with smaller changes")
        return shown, f"largest change first; left out: {', '.join(left)}"
    text = "largest count first"
    if base is not None and len(counts) > 1:
        text = f"none differs by {LEAST} or more; {text}"
    rest = len(every) - len(shown)
    return shown, text + (f"; {rest} further ones are left out" if rest else "")


def _largest(function: Function, counts: list[Own], base: Own | None) -> Fraction:
    was = (base or {}).get(function, Fraction())
    return max(abs(each.get(function, Fraction()) - was) for each in counts)


def _name(found: Profile) -> str:
    tree = found.trees[CHEAPEST]
    return (
        f"{words.plain(str(found.facts['variant']))}: {figure(tree.total)} in all "
        f"({tree.windows} of {len(found.windows)} samples)"
    )


def _bars(
    axis: Any,
    shown: list[Function],
    counts: list[Own],
    base: Own | None,
    sides: list[Look],
) -> None:
    marks = []
    for index, function in enumerate(shown):
        for offset, (found, look) in enumerate(zip(counts, sides, strict=True)):
            y = index * (len(sides) + 0.8) + offset
            count = found.get(function)
            if count is not None:
                bars.bar(axis, y, float(count), look)
            text = "not called" if count is None else figure(count)
            if base is not None:
                text += _change((count or 0) - base.get(function, Fraction()))
            at = float(count or 0)
            marks.append(words.beside(axis, at, y, text, size=7.0, gap=3.0))
    axis.set_xlim(0, max(value for value, _ in marks))
    scale.make_room(axis, marks)
    scale.linear_ticks(axis, 8)


def _change(change: Fraction) -> str:
    return f" ({signed(change)})" if abs(change) >= LEAST else ""


def _frame(axis: Any, shown: list[Function], sides: int) -> None:
    step = sides + 0.8
    names = [words.shorten(words.plain(str(each)), NAME, SMALL) for each in shown]
    middles = [i * step + (sides - 1) / 2 for i in range(len(shown))]
    axis.set_yticks(middles, names, fontsize=SMALL, parse_math=False)
    axis.tick_params(axis="y", length=0)
    axis.grid(False, axis="y")
    axis.set_ylim(len(shown) * step - 0.9, -0.8)
