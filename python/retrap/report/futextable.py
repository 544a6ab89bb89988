# SPDX-License-Identifier: GPL-2.0-only
"""The table `x futex`: medians as multiples of the futex floor."""

from __future__ import annotations

from retrap.analysis.futex import multiple
from retrap.base.textgrid import row, wrap
from retrap.results.futex import FLOOR
from retrap.results.store import Machine, Results

TOLD = (
    "A median, divided by that of floor/futex on the same kernel at the same "
    "placement. Nothing is subtracted."
)
PLACED = 12  # columns


def futex_table(results: Results, machine: Machine) -> str:
    """A row a path and side, a column a placement; empty without the floor."""
    places = results.placements(machine)
    widths, lines = (PLACED,) * len(places), []
    for scenario in results.paths(machine):
        found = {
            name: [multiple(results, machine, name, (scenario, p)) for p in places]
            for name in results.sides(machine, scenario)
        }
        rows = [
            row(f"  {name}", list(map(_text, values)), widths)
            for name, values in found.items()
            if any(values)
        ]
        lines += [scenario, *rows] if rows else []
    if not lines:
        return ""
    head = [f"x futex: multiples of {FLOOR} [{machine}]", wrap(TOLD)]
    return "\n".join([*head, row("", places, widths), *lines]) + "\n"


def _text(value: float | None) -> str:
    return "-" if value is None else f"{value:.2f}"
