# SPDX-License-Identifier: GPL-2.0-only
"""The tables of a short mail: before, spread, after, spread, change. A table is of one
machine. What was counted needs no statistics, and comes first."""

from __future__ import annotations

from collections.abc import Sequence

from retrap.analysis.boots import MIN_BOOTS
from retrap.analysis.compare import shown
from retrap.analysis.side import Side, of
from retrap.analysis.verdict import NOT_APPLICABLE
from retrap.analysis.within import changed
from retrap.base.textgrid import WIDTH, number, row, spread
from retrap.report.table import path_integers
from retrap.report.timetable import judged
from retrap.results.counters import INTEGERS
from retrap.results.store import Machine, Results

NAME = 28
WIDTHS = (6, 12, 6, 12, 8)  # before, spread, after, spread, change
EVENTS, WIDE = (28, (11,) * 4), (20, (13,) * 4)  # label, columns: one line of 72
Group = list[str]  # a scenario, and below it its rows


def integers(results: Results, machine: Machine, scenarios: list[str]) -> list[Group]:
    """Events a cycle: `9`, or `2 -> 0` where the baseline has another number. Empty
    where nothing was counted."""
    base = judged(results, machine)
    names = results.sides(machine)
    tables: dict[str, list[tuple[str, list[str]]]] = {}
    for scenario in scenarios:
        rows: dict[tuple[str, ...], list[str]] = {}
        for place in results.placements(machine):
            where = scenario, place
            first = path_integers(results, machine, base, where) if base else None
            for name in names:
                got = path_integers(results, machine, name, where)
                if got is None or (name == base and len(names) > 1):
                    continue
                cells = (_pair(first, got, event) for event in INTEGERS)
                rows.setdefault((name, *cells), []).append(place)
        tables[scenario] = [
            (f"  {name}{_only(results, machine, places)}", cells)
            for (name, *cells), places in rows.items()
        ]
    every = [cell for told in tables.values() for _, cells in told for cell in cells]
    if not every:
        return []
    label, columns = WIDE if max(map(len, every)) >= EVENTS[1][0] else EVENTS
    groups = [
        [scenario, *(row(name, cells, columns, label) for name, cells in told)]
        for scenario, told in tables.items()
        if told
    ]
    title = f"Events from sample to sample [{machine}]"
    heading = f"{title}; 2 -> 0: {base} has 2" if base else title
    heads = row("", ("switches", "wakeups", "signals", "syscalls"), columns, label)
    return [[heading[:WIDTH], heads], *groups]


def _only(results: Results, machine: Machine, places: list[str]) -> str:
    every = results.placements(machine)
    return "" if len(places) == len(every) else f" {'/'.join(places)}"


def _pair(
    first: dict[str, float | None] | None, got: dict[str, float | None], event: str
) -> str:
    value = got[event]
    before = first[event] if first else value
    if value is None:
        return "-"
    was, now = _short(value if before is None else before), _short(value)
    return now if was == now else f"{was} -> {now}"


def _short(count: float) -> str:
    return f"{count:.3g}" if count < 100 else f"{count:.0f}"


def changes(results: Results, machine: Machine, scenarios: list[str]) -> list[Group]:
    """Medians: of samples that repeat exactly; else of one a boot, with an interval."""
    base = judged(results, machine)
    unit = "Guest instructions" if machine.exact else "Nanoseconds"
    if machine.exact:
        told = "spread: p10-p90 of the samples"
    else:
        told = f"spread: 95 % interval over boots, from {MIN_BOOTS} on"
    names = ("before", "spread", "after", "spread", "change")
    if base is None:
        names = ("", "", "median", "spread", "")
    heads = "".join(name.rjust(width) for name, width in zip(names, WIDTHS))
    groups = [[f"{unit} [{machine}], {told}", " " * NAME + heads.rstrip()]]
    for scenario in scenarios:
        group: Group = []
        for place in results.placements(machine):
            for name in results.sides(machine, scenario):
                if name == base:
                    continue
                found = _cells(results, machine, (base, name), (scenario, place))
                if found:
                    group.append(row(f"  {place} {name}", found, WIDTHS, NAME))
        if group:
            groups.append([scenario, *group])
    return groups if groups[1:] else []


def _cells(
    results: Results,
    machine: Machine,
    names: tuple[str | None, str],
    where: tuple[str, str],
) -> list[str]:
    """Empty where neither has the cell."""
    base, test = names
    first = shown(results, machine, base, where) if base else None
    second = of(results, machine, test, where)
    if first is None and second is None:
        return []
    got = changed(results, machine, test, where)
    if second is None:
        return [*_two(first, WIDTHS[1]), NOT_APPLICABLE, "", ""]
    return [
        *_two(first, WIDTHS[1]),
        *_two(second, WIDTHS[3]),
        got.change if got else "",
    ]


def _two(one: Side | None, room: int) -> Sequence[str]:
    if one is None:
        return "", ""
    low: float | None
    high: float | None
    if one.exact:
        low = one.quantiles.p10 if one.quantiles else None
        high = one.quantiles.p90 if one.quantiles else None
    else:
        low, high = (one.middle and one.middle.ci) or (None, None)
    return number(one.median) + one.mark, spread(low, high, room)
