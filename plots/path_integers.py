# SPDX-License-Identifier: GPL-2.0-only
"""Path integers, and the hardware counters where there are any, a cycle."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from plots import bars, looks, panels, style, words
from plots.panels import Values
from retrap.results import counters
from retrap.results.store import Machine, Results

NAMES = {
    "switches": "context switches",
    "syscalls": "system calls",
    "instructions:k": "instructions, kernel",
    "cycles:k": "CPU cycles, kernel",
    "branch-misses:k": "branch misses, kernel",
    "cache-misses:k": "cache misses, kernel",
}
HARDWARE = tuple(name for name in NAMES if name.endswith(":k"))
WIDTH, ACROSS = 10.0, 4  # inches; panels beside each other


def draw(results: Results, directory: Path) -> list[Path]:
    """One figure a machine that has counters."""
    paths = []
    for machine in results.machines:
        paths += _machine(results, directory, machine)
    return paths


def _counts(results: Results, machine: Machine) -> Values:
    """Mean of the boots, by scenario, placement and side."""
    found: Values = {}
    for cell in results.cells():
        if cell.machine != machine:
            continue
        where = (cell.scenario, cell.placement)
        key = (*where, cell.side)
        if key in found:
            continue
        cells = results.of(machine, cell.side, where)
        boots = [events for c in cells if (events := counters.per_cycle(c))]
        if boots:
            found[key] = {
                name: _mean([e.per_cycle for b in boots for e in b if e.event == name])
                for name in (*counters.INTEGERS, *HARDWARE)
            }
    return found


def _mean(values: list[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return sum(known) / len(known) if known else None


def _machine(results: Results, directory: Path, machine: Machine) -> list[Path]:
    counts = _counts(results, machine)
    groups = panels.groups(results, machine, counts)
    if not groups:
        return []
    events = list(counters.INTEGERS)
    for event in HARDWARE:
        if any(by_event[event] is not None for by_event in counts.values()):
            events.append(event)
    sides = looks.sides(results, machine)
    lines = -(-len(events) // ACROSS)
    height = lines * panels.height(groups, sides)
    with style.figure(WIDTH, height) as drawing:
        grid = drawing.subplots(lines, ACROSS, sharey=True, squeeze=False).ravel()
        axes = dict(zip(events, grid))
        for axis in set(grid) - set(axes.values()):
            axis.set_visible(False)
        for event, axis in axes.items():
            panels.frame(axis, NAMES.get(event, event), "events a cycle", groups, sides)
        counted = "Events a cycle, counted by perf stat in untimed runs"
        style.heading(drawing, f"{counted}  [{machine}]")
        style.legend(drawing, bars.fills(sides))
        drawing.draw_without_rendering()  # now the axes are as wide as they stay
        for event, axis in axes.items():
            panels.fill(axis, groups, counts, event, sides, _number)
        _one_scale([axes[event] for event in counters.INTEGERS])
        return style.save(drawing, directory, f"path-integers-{machine.slug}")


def _number(value: float) -> str:
    whole = abs(value - round(value)) <= counters.WHOLE
    return words.thousands(value, 0 if whole else 2)


def _one_scale(axes: list[Any]) -> None:
    """Events of any kind are events: a bar as long is as many."""
    end = max(axis.get_xlim()[1] for axis in axes)
    for axis in axes:
        axis.set_xlim(0, end)
