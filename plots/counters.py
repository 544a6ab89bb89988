# SPDX-License-Identifier: GPL-2.0-only
"""The figure `counters`: what a cycle costs the processor, and where that does not
go with the time it takes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from plots import bars, looks, panels, scale, style, words
from plots.panels import Sides, Values, Where
from retrap.analysis.comparison import Comparison
from retrap.analysis.cost import Cost, change, cost, disagree
from retrap.analysis.within import changed
from retrap.results.store import Machine, Results

WIDTH = 10.0  # inches
INSTRUCTIONS: dict[str, Any] = {
    "linestyle": "none",
    "marker": "d",
    "markersize": 5,
    "color": "black",
}
DISAGREES = "\N{NOT EQUAL TO}"
Costs = dict[tuple[str, str, str], Cost]


def draw(results: Results, directory: Path) -> list[Path]:
    """One figure a machine whose counters gave cycles and instructions."""
    paths = []
    for machine in results.machines:
        paths += _machine(results, directory, machine)
    return paths


def _machine(results: Results, directory: Path, machine: Machine) -> list[Path]:
    costs = _costs(results, machine)
    cells = panels.groups(results, machine, costs)
    if not cells:
        return []
    sides = looks.sides(results, machine)
    values: Values = {
        key: {
            "CPU cycles": got.of("cycles"),
            "instructions": got.of("instructions"),
            "IPC": got.ipc,
        }
        for key, got in costs.items()
    }
    with style.figure(WIDTH, panels.height(cells, sides)) as drawing:
        cycles, instructions, ipc, changes = drawing.subplots(1, 4, sharey=True)
        panels.frame(cycles, "CPU cycles", "CPU cycles a cycle", cells, sides)
        panels.frame(instructions, "instructions", "instructions a cycle", cells, sides)
        panels.frame(ipc, "IPC", "instructions a CPU cycle", cells, sides)
        panels.frame(changes, "time (bars), instructions", "change in %", cells, sides)
        counted = "Cost of a cycle, user and kernel, by the processor's own counters"
        style.heading(drawing, f"{counted}  [{machine}]")
        keys = [
            (_diamond(), "instructions"),
            (_diamond(""), f"{DISAGREES} they disagree"),
        ]
        style.legend(drawing, bars.fills(sides), keys)
        drawing.draw_without_rendering()  # now the axes are as wide as they stay
        panels.fill(cycles, cells, values, "CPU cycles", sides, words.thousands)
        panels.fill(instructions, cells, values, "instructions", sides, words.thousands)
        panels.fill(ipc, cells, values, "IPC", sides, lambda value: f"{value:.2f}")
        _changes(changes, results, machine, cells, sides, costs)
        return style.save(drawing, directory, f"counters-{machine.slug}")


def _costs(results: Results, machine: Machine) -> Costs:
    return {
        (scenario, placement, side): got
        for scenario in results.scenarios(machine)
        for placement in results.placements(machine)
        for side in results.sides(machine, scenario)
        if (got := cost(results, machine, side, (scenario, placement)))
    }


def _changes(
    axis: Any,
    results: Results,
    machine: Machine,
    cells: list[Where],
    sides: Sides,
    costs: Costs,
) -> None:
    """Less the baseline's: time a bar, instructions a diamond."""
    right, left = [], []
    for cell, where in enumerate(cells):
        base = costs.get((*where, results.base(machine, where[0]) or ""))
        for number, (side, look) in enumerate(sides.items()):
            compared = changed(results, machine, side, where)
            got = costs.get((*where, side))
            if not (base and compared and got):
                continue
            time, by = _percent(compared), change(base, got, "instructions")
            y = panels.at(cell, number, sides)
            if time is not None:
                bars.bar(axis, y, time, look)
            if by is not None:
                axis.plot([100 * by], [y], **INSTRUCTIONS)
            ends = [time or 0.0, 100 * (by or 0.0), 0.0]
            left.append((min(ends), 6.0))
            text = DISAGREES if disagree(compared, base, got) else ""
            right.append(words.beside(axis, max(ends), y, text, gap=6.0))
    axis.axvline(0, color="#666666", linewidth=0.8)
    ends = [x for x, _ in (*right, *left)] or [0.0]
    axis.set_xlim(min(-1.0, *ends), max(1.0, *ends))
    scale.make_room(axis, right, left)
    scale.linear_ticks(axis, 4, integer=True)


def _percent(compared: Comparison) -> float | None:
    base, by = compared.sides[0], compared.judgement.estimate
    median = base.median if base else None
    return 100 * by / median if median and by is not None else None


def _diamond(marker: str = "d") -> Any:
    from matplotlib.lines import Line2D

    return Line2D([], [], **{**INSTRUCTIONS, "marker": marker})
