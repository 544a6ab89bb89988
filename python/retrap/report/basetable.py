# SPDX-License-Identifier: GPL-2.0-only
"""The same scenarios on two bases: is a change the design's, or the release's?

The first placement of the first machine of each stored run. A design is called
`NAME`, or `NAME-BASE` as in configs/variants.toml.
"""

from __future__ import annotations

import textwrap
from collections.abc import Mapping

from retrap.analysis.compare import shown as shown_side
from retrap.analysis.comparison import Comparison
from retrap.analysis.verdict import FEWER, MORE, SAME
from retrap.analysis.within import changed
from retrap.base.textgrid import number, row
from retrap.report.designstable import LABELS
from retrap.report.timetable import judged
from retrap.results.store import Results

WIDTH = 80
ROOM, MEDIAN, CHANGE = 18, 8, 17
Told = dict[str, str]  # a design: the way of its change, where it is decided


def render(bases: Mapping[str, Results]) -> str:
    """Table and answer. Scenarios and designs are those that every base has."""
    designs = _common([_designs(name, one) for name, one in bases.items()])
    found = [
        row("", ["mainline", *designs], [MEDIAN + 1, *[CHANGE] * len(designs)], ROOM)
    ]
    other = []
    for scenario in _common([one.scenarios(one.machines[0]) for one in bases.values()]):
        if scenario not in LABELS or scenario.startswith("floor/"):
            continue
        found.append(scenario)
        ways = []
        for name, one in bases.items():
            line, way = _row(name, one, scenario, designs)
            found.append(line)
            ways.append(way)
        other += [
            f"{scenario} with {design}"
            for design in designs
            if len({way[design] for way in ways if design in way}) > 1
        ]
    found += textwrap.wrap(_answer(list(bases), other), WIDTH)
    return "\n".join(found) + "\n"


def _answer(names: list[str], other: list[str]) -> str:
    """What is the release's, by the way that a decided change has."""
    on = " and ".join(names)
    if not other:
        return f"Each change that is decided on {on} has the same sign on both."
    return f"The release's, as its sign is another on {on}: {', '.join(other)}."


def _common(lists: list[tuple[str, ...]]) -> list[str]:
    return [name for name in lists[0] if all(name in each for each in lists)]


def _designs(base: str, results: Results) -> tuple[str, ...]:
    """Without the baseline, by the name that they share over the bases."""
    machine = results.machines[0]
    names = [n for n in results.sides(machine) if n != judged(results, machine)]
    return tuple(name.removesuffix(f"-{base}") for name in names)


def _row(
    base: str, results: Results, scenario: str, designs: list[str]
) -> tuple[str, Told]:
    machine = results.machines[0]
    where = scenario, results.placements(machine)[0]
    mainline = results.base(machine, scenario) or ""
    one = shown_side(results, machine, mainline, where)
    cells, told = [number(one.median if one else None)], {}
    for design, name in zip(designs, _names(base, results, designs)):
        got = changed(results, machine, name, where)
        cells.append(got.change if got else "-")
        if got and (way := _way(got)):
            told[design] = way
    widths = [MEDIAN, *[CHANGE] * len(designs)]
    return row(f"  on {base}", cells, widths, ROOM), told


def _names(base: str, results: Results, designs: list[str]) -> list[str]:
    sides = results.sides(results.machines[0])
    return [name if (name := f"{one}-{base}") in sides else one for one in designs]


def _way(got: Comparison) -> str:
    """Empty where it is not decided."""
    return {MORE: "+", FEWER: "-", SAME: "0"}.get(got.verdict, "")
