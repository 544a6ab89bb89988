# SPDX-License-Identifier: GPL-2.0-only
"""The same scenarios on several bases: is a change the design's, or the release's, or
the architecture's?

A base is a machine of a stored run. It is called `RELEASE` or `RELEASE, ARCHITECTURE`;
its designs `NAME`, or `NAME-RELEASE` as in configs/variants.toml. `a/b`: a at the run's
first placement, b at its second.
"""

from __future__ import annotations

import textwrap
from collections.abc import Mapping

from retrap.analysis.compare import shown as shown_side
from retrap.analysis.comparison import Comparison
from retrap.analysis.verdict import FEWER, MORE, SAME
from retrap.analysis.within import changed
from retrap.base.textgrid import alternatives, number, row
from retrap.report.designstable import LABELS
from retrap.report.timetable import judged
from retrap.results.store import Machine, Results

WIDTH = 80
ROOM, MEDIAN, CHANGE = 17, 12, 17
Base = tuple[Results, Machine]
Told = dict[tuple[str, str], str]  # design, placement: its change's way, if decided


def render(bases: Mapping[str, Base]) -> str:
    """Table and answer. Scenarios and designs are those that every base has."""
    designs = _common([_designs(name, one) for name, one in bases.items()])
    found = [row("", ["mainline", *designs], [MEDIAN, *[CHANGE] * len(designs)], ROOM)]
    other = []
    for scenario in _common([all_.scenarios(one) for all_, one in bases.values()]):
        if scenario not in LABELS or scenario.startswith("floor/"):
            continue
        found.append(scenario)
        ways = []
        for name, one in bases.items():
            line, way = _row(name, one, scenario, designs)
            found.append(line)
            ways.append(way)
        other += [
            f"{scenario} with {design} [{placement}]"
            for design, placement in dict.fromkeys(cell for way in ways for cell in way)
            if len({way.get((design, placement), "") for way in ways} - {""}) > 1
        ]
    found += textwrap.wrap(_answer(list(bases), other), WIDTH)
    return "\n".join(found) + "\n"


def _answer(names: list[str], other: list[str]) -> str:
    """What is the base's, by the way that a decided change has."""
    on = " and ".join(names) if len(names) == 2 else "several bases"
    if not other:
        return f"Each change that is decided on {on} has the same sign on each."
    return f"The base's, as its sign is another on {on}: {', '.join(other)}."


def _common(lists: list[tuple[str, ...]]) -> list[str]:
    return [name for name in lists[0] if all(name in each for each in lists)]


def _designs(name: str, base: Base) -> tuple[str, ...]:
    """Without the baseline, by the name that they share over the bases."""
    results, machine = base
    names = [n for n in results.sides(machine) if n != judged(results, machine)]
    return tuple(each.removesuffix(_suffix(name)) for each in names)


def _suffix(name: str) -> str:
    return f"-{name.partition(',')[0]}"


def _row(name: str, base: Base, scenario: str, designs: list[str]) -> tuple[str, Told]:
    results, machine = base
    places = [(scenario, place) for place in results.placements(machine)]
    mainline = results.base(machine, scenario) or ""
    medians = [shown_side(results, machine, mainline, where) for where in places]
    cells = [alternatives(number(one.median if one else None) for one in medians)]
    told = {}
    for design, side in zip(designs, _sides(name, base, designs)):
        found = {where: changed(results, machine, side, where) for where in places}
        changes = alternatives(got.change for got in found.values() if got)
        cells.append(changes or "-")
        for (_, placement), got in found.items():
            if got and (way := _way(got)):
                told[design, placement] = way
    widths = [MEDIAN, *[CHANGE] * len(designs)]
    return row(f"  on {name}", cells, widths, ROOM), told


def _sides(name: str, base: Base, designs: list[str]) -> list[str]:
    results, machine = base
    there = results.sides(machine)
    return [
        side if (side := f"{one}{_suffix(name)}") in there else one for one in designs
    ]


def _way(got: Comparison) -> str:
    """Empty where it is not decided."""
    return {MORE: "+", FEWER: "-", SAME: "0"}.get(got.verdict, "")
