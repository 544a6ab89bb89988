# SPDX-License-Identifier: GPL-2.0-only
"""Path integers, and the hardware counters where there are any, a cycle."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from plots import bars, looks, scale, style, words
from plots.looks import Look
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
SMALL, NAME = 8.0, 125.0  # points: of names, and their room
Counts = dict[tuple[str, str, str], dict[str, float | None]]


def draw(results: Results, directory: Path) -> list[Path]:
    """One figure a machine that has counters."""
    paths = []
    for machine in results.machines:
        paths += _machine(results, directory, machine)
    return paths


def _counts(results: Results, machine: Machine) -> Counts:
    """Mean of the boots, by scenario, placement and side."""
    found: Counts = {}
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
    groups = [
        (scenario, placement)
        for scenario in results.scenarios(machine)
        for placement in results.placements(machine)
        if any(key[:2] == (scenario, placement) for key in counts)
    ]
    if not groups:
        return []
    events = list(counters.INTEGERS)
    for event in HARDWARE:
        if any(by_event[event] is not None for by_event in counts.values()):
            events.append(event)
    sides = looks.sides(results, machine)
    lines = -(-len(events) // ACROSS)
    height = lines * (0.5 + 0.17 * len(groups) * (len(sides) + 0.8))
    with style.figure(WIDTH, height) as drawing:
        grid = drawing.subplots(lines, ACROSS, sharey=True, squeeze=False).ravel()
        panels = dict(zip(events, grid))
        for axis in set(grid) - set(panels.values()):
            axis.set_visible(False)
        for event, axis in panels.items():
            _frame(axis, event, groups, len(sides))
        counted = "Events a cycle, counted by perf stat in untimed runs"
        style.heading(drawing, f"{counted}  [{machine}]")
        style.legend(drawing, bars.fills(sides))
        drawing.draw_without_rendering()  # now the axes are as wide as they stay
        for event, axis in panels.items():
            _bars(axis, groups, counts, event, sides)
        _one_scale([panels[event] for event in counters.INTEGERS])
        return style.save(drawing, directory, f"path-integers-{machine.slug}")


def _frame(axis: Any, event: str, groups: list[tuple[str, str]], sides: int) -> None:
    step = sides + 0.8
    names = [
        "\n".join(words.shorten(part, NAME, SMALL) for part in group)
        for group in groups
    ]
    middles = [i * step + (sides - 1) / 2 for i in range(len(groups))]
    axis.set_yticks(middles, names, fontsize=SMALL, parse_math=False)
    axis.tick_params(axis="y", length=0)
    axis.grid(False, axis="y")
    axis.set_ylim(len(groups) * step - 0.9, -0.8)
    axis.set_title(NAMES.get(event, event))
    axis.set_xlabel("events a cycle")


def _bars(
    axis: Any,
    groups: list[tuple[str, str]],
    counts: Counts,
    event: str,
    sides: dict[str, Look],
) -> None:
    marks = []
    for index, where in enumerate(groups):
        for offset, (name, look) in enumerate(sides.items()):
            y = index * (len(sides) + 0.8) + offset
            value = counts.get((*where, name), {}).get(event)
            if value is None:
                text = "-" if (*where, name) in counts else "n.a."
            else:
                whole = abs(value - round(value)) <= counters.WHOLE
                text = words.thousands(value, 0 if whole else 2)
                bars.bar(axis, y, value, look)
            marks.append(words.beside(axis, value or 0, y, text, size=7.0, gap=3.0))
    axis.set_xlim(0, max(1.0, *(value for value, _ in marks)))
    scale.make_room(axis, marks)
    scale.linear_ticks(axis, 4, integer=True)


def _one_scale(axes: list[Any]) -> None:
    """Events of any kind are events: a bar as long is as many."""
    end = max(axis.get_xlim()[1] for axis in axes)
    for axis in axes:
        axis.set_xlim(0, end)
