# SPDX-License-Identifier: GPL-2.0-only
"""Whether verdicts survive another layout of the kernels, or another command line.

Each variant is held against the baseline in the same layout. What a patch costs is
found in each; what is found in one alone may be where its functions lie.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable, Sequence

from retrap.analysis.comparison import Comparison, Elsewhere
from retrap.config.layouts import LAYOUTS, in_layout
from retrap.analysis.verdict import DECIDED, NOT_APPLICABLE, SAME, UNDECIDED, VOID
from retrap.results.store import Results

YES, NO = "yes", "no"


def survived(
    rows: Iterable[Comparison], layouts: dict[str, Sequence[Comparison]]
) -> list[Comparison]:
    """The rows; of those that are decided, or the same, with what became of that in
    each layout."""
    found = {
        name: {_key(row, name): row for row in others}
        for name, others in layouts.items()
    }
    return [
        dataclasses.replace(
            row,
            elsewhere=tuple(
                _elsewhere(row, name, others.get(_key(row)))
                for name, others in found.items()
                if row.verdict in (*DECIDED, SAME)
            ),
        )
        for row in rows
    ]


def of_each(
    results: Results, compared: Callable[[Results], Sequence[Comparison]]
) -> dict[str, Sequence[Comparison]]:
    """What `compared` finds in each layout, by the margin of the whole."""
    return {
        name: compared(dataclasses.replace(each, margin=results.margin))
        for name, each in results.layouts.items()
    }


def _key(row: Comparison, layout: str = "") -> tuple[object, ...]:
    """Kernels are called as they are without the layout."""
    names = (row.base, row.test)
    if layout:
        names = (_plain(row.base, layout), _plain(row.test, layout))
    return row.machine, row.where, *names


def _plain(side: str, layout: str) -> str:
    """`combined.aligned/listen` is `combined/listen`."""
    return side.replace(in_layout("", layout), "", 1)


def _elsewhere(row: Comparison, layout: str, other: Comparison | None) -> Elsewhere:
    """What is undecided there is neither yes nor no."""
    if other is None:
        return Elsewhere(layout, NOT_APPLICABLE, "")
    told = YES if other.verdict == row.verdict else NO
    if other.verdict in (UNDECIDED, VOID, NOT_APPLICABLE):
        told = other.verdict
    return Elsewhere(layout, told, other.change)


def sentence(rows: Sequence[Comparison]) -> str:
    """In how many cells verdicts survive each layout, and each command line; empty
    where there is none."""
    layouts: dict[str, list[str]] = {}
    cmdlines: dict[str, list[str]] = {}
    for row in rows:
        for each in row.elsewhere:
            if each.survives != NOT_APPLICABLE:
                words = layouts if each.layout in LAYOUTS else cmdlines
                words.setdefault(each.layout, []).append(each.survives)
    told = (
        _counted("in other layouts", layouts),
        _counted("under other command lines", cmdlines),
    )
    return " ".join(text for text in told if text)


def _counted(where: str, words: dict[str, list[str]]) -> str:
    told = [
        f"{name} in {found.count(YES)} of {len(found)} cells"
        + "".join(
            f", {word} in {found.count(word)}"
            for word in (NO, UNDECIDED, VOID)
            if word in found
        )
        for name, found in words.items()
    ]
    return f"Verdicts survive {where}: {'; '.join(told)}." if told else ""
