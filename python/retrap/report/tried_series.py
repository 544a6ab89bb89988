# SPDX-License-Identifier: GPL-2.0-only
"""A row a patch: what it adds to the ones before it; and a row of all of them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from retrap.analysis.comparison import Comparison, Where
from retrap.analysis.steps import between, steps
from retrap.analysis.verdict import FEWER, MORE, NOT_APPLICABLE, SAME, UNDECIDED
from retrap.base.textgrid import number, row
from retrap.results.store import Machine, Results

LETTERS = "ABC"  # cells with a column of their own
LABEL, COUNTS, WIDTH = 33, (7, 8, 4), 9
COUNTED = (MORE, FEWER, UNDECIDED)
Rows = tuple[Comparison, ...]


@dataclass(frozen=True)
class Series:
    """`added`: by each patch, against the kernel before it; `whole`: by all of them.
    Both without controls."""

    titles: Sequence[str]
    added: list[Rows]
    whole: Rows

    @property
    def cells(self) -> list[Where]:
        """Those with a column: where a patch adds most. First of the patches whose
        largest change, or half of it, is in no column yet."""
        every = [one for rows in self.added for one in rows]
        known = [one for one in every if one.decided]
        known = known or [one for one in every if one.verdict == UNDECIDED]
        largest = {one.test: _size(one) for one in sorted(known, key=_size)}
        found: list[Where] = []
        while len(found) < len(LETTERS):
            left = [one for one in known if one.where not in found]
            told = {
                one.test
                for one in known
                if one.where in found and 2 * _size(one) >= largest[one.test]
            }
            if not left:
                break
            unseen = [one for one in left if one.test not in told]
            found.append(max(unseen or left, key=_size).where)
        return found

    @property
    def by_size(self) -> list[int]:
        """The numbers of the patches, from 0, the one that adds most first."""
        sizes = [_largest(rows) for rows in self.added]
        return sorted(range(len(sizes)), key=lambda n: sizes[n], reverse=True)


def of(
    results: Results, machine: Machine, titles: Sequence[str], controls: Iterable[str]
) -> Series:
    left_out = frozenset(controls)

    def mine(rows: Rows) -> Rows:
        return tuple(one for one in rows if one.scenario not in left_out)

    names = [str(each["name"]) for each in results.plan["variants"]]
    whole = between(results, machine, names[0], names[-1])
    return Series(titles, [*map(mine, steps(results, machine))], mine(whole))


def table(series: Series, most: int) -> list[str]:
    """In at most `most` lines, but for the patch that adds most."""
    cells = series.cells
    widths = [*COUNTS, *[WIDTH] * len(cells)]
    heads = ["dearer", "cheaper", "~", *LETTERS[: len(cells)]]
    lines = [*map(_legend(series), LETTERS, cells)]
    lines.append(row("each on top of the one before", heads, widths, LABEL))
    room = most - len(lines) - 1
    shown = [*range(len(series.added))]
    if len(shown) > room:
        shown = sorted(series.by_size[: max(1, room - 1)])
    for n in shown:
        label = _cut(f"{n + 1:2} {series.titles[n]}", LABEL - 1)
        lines.append(row(label, _cells(series.added[n], cells), widths, LABEL))
    if more := len(series.added) - len(shown):
        lines.append(f"   and {more} more, which add less: try.txt")
    lines.append(row("   all", _cells(series.whole, cells), widths, LABEL))
    return lines


def changes(series: Series) -> list[str]:
    """Every change of each patch, a paragraph each."""
    found = []
    for n, rows in enumerate(series.added, 1):
        moved = [one for one in rows if one.verdict not in (SAME, NOT_APPLICABLE)]
        moved.sort(key=lambda one: (not one.decided, -_size(one)))
        told = [f"{one.scenario} {one.placement} {one.change}" for one in moved]
        found.append(f"Patch {n} adds: {', '.join(told) or 'nothing'}.")
    return found


def _legend(series: Series) -> Callable[[str, Where], str]:
    """What a column is, and what it costs without any patch."""
    levels = {one.where: one.levels[0] for one in series.whole}

    def line(letter: str, where: Where) -> str:
        level = levels.get(where)
        costs = "" if level is None else f", {number(level)} without them"
        return _cut(f"  {letter}: {' '.join(where)}{costs}", 80)

    return line


def _cut(text: str, most: int) -> str:
    return text if len(text) <= most else f"{text[: most - 2]}.."


def _cells(rows: Rows, cells: Sequence[Where]) -> list[str]:
    found = {one.where: one for one in rows}
    judged = [one for one in rows if one.verdict != NOT_APPLICABLE]
    counts = [
        str(sum(one.verdict == said for one in judged)) if judged else "-"
        for said in COUNTED
    ]
    changed = [found[where].change if where in found else "-" for where in cells]
    return [*counts, *changed]


def _largest(rows: Rows) -> tuple[bool, float]:
    """What is decided counts before what is not."""
    moved = [one for one in rows if one.verdict in COUNTED]
    return max(((one.decided, _size(one)) for one in moved), default=(False, 0.0))


def _size(one: Comparison) -> float:
    return abs(one.judgement.estimate or 0)
