# SPDX-License-Identifier: GPL-2.0-only
"""Path integers, and the hardware counters where there are any, a cycle."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from matplotlib.patches import Patch

from plots import style
from retrap import counters
from retrap.store import Machine, Results

NAMES = {
    "switches": "context switches",
    "syscalls": "system calls",
    "instructions:k": "instructions, kernel",
    "cycles:k": "CPU cycles, kernel",
    "branch-misses:k": "branch misses, kernel",
    "cache-misses:k": "cache misses, kernel",
}
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
                for name in (*counters.INTEGERS, *counters.HARDWARE)
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
    for event in counters.HARDWARE:
        if any(by_event[event] is not None for by_event in counts.values()):
            events.append(event)
    looks = style.looks(results, machine)
    lines = (len(events) + 3) // 4
    height = 1.3 + lines * (0.5 + 0.17 * len(groups) * (len(looks) + 0.8))
    with style.figure(10.0, height) as drawing:
        grid = drawing.subplots(lines, 4, sharey=True, squeeze=False).ravel()
        for axis, event in zip(grid, events):
            _panel(axis, groups, counts, event, looks)
        used = len(events)
        for axis in grid[used:]:
            axis.set_visible(False)
        grid[0].invert_yaxis()
        title = f"Events a cycle, counted by perf stat in untimed runs  [{machine}]"
        drawing.suptitle(title, fontsize=10)
        handles = [
            Patch(facecolor=_face(look), edgecolor=look.color, hatch=look.hatch)
            for look in looks.values()
        ]
        columns = min(len(looks), style.COLUMNS)
        style.legend(drawing, handles, list(looks), columns, "")
        return style.save(drawing, directory, f"path-integers-{machine.slug}")


def _face(look: style.Look) -> str:
    return look.color if not look.hatch else "white"


def _panel(
    axis: Any,
    groups: list[tuple[str, str]],
    counts: Counts,
    event: str,
    looks: dict[str, style.Look],
) -> None:
    step = len(looks) + 0.8
    top = 1.0
    for index, where in enumerate(groups):
        for offset, (name, look) in enumerate(looks.items()):
            y = index * step + offset
            value = counts.get((*where, name), {}).get(event)
            if value is None:
                text = "-" if (*where, name) in counts else "n.a."
            else:
                top = max(top, value)
                whole = abs(value - round(value)) <= counters.WHOLE
                text = f"{value:.0f}" if whole else f"{value:,.2f}".replace(",", " ")
                axis.barh(
                    y,
                    value,
                    height=0.78,
                    facecolor=_face(look),
                    edgecolor=look.color,
                    hatch=look.hatch,
                    linewidth=0.8,
                )
            axis.annotate(
                text,
                (value or 0, y),
                xytext=(3, 0),
                textcoords="offset points",
                va="center",
                fontsize=7,
            )
    middles = [i * step + (len(looks) - 1) / 2 for i in range(len(groups))]
    axis.set_yticks(middles, [f"{s}\n{p}" for s, p in groups], fontsize=8)
    axis.tick_params(axis="y", length=0)
    axis.grid(False, axis="y")
    axis.set_ylim(-0.8, len(groups) * step - 0.9)
    axis.set_xlim(0, top * 1.25)
    axis.locator_params(axis="x", nbins=4, integer=True)
    axis.set_title(NAMES.get(event, event))
    axis.set_xlabel("events a cycle")
