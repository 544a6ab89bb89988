# SPDX-License-Identifier: GPL-2.0-only
"""The last screen of `retrap try --every-tag`: paths from release to release."""

from __future__ import annotations

from retrap.analysis.releases import names_of, of_each
from retrap.base.textgrid import number, row
from retrap.results.store import Results

LABEL, WIDTH, CELLS, ROWS = 14, 16, 4, 14  # what a screen holds


def render(results: Results) -> str:
    """Medians, and what each release adds to the one before; the first cells."""
    machine = results.machines[0]
    where = [
        (scenario, placement)
        for scenario in results.scenarios(machine)
        for placement in results.placements(machine)
        if of_each(results, machine, (scenario, placement))
    ]
    names = names_of(results)
    lines = [
        f"From release to release, medians [{machine}]; +: more than the one before"
    ]
    for letter, (scenario, placement) in zip("ABCD", where, strict=False):
        lines.append(f"  {letter} {scenario} {placement}")
    cells = where[:CELLS]
    widths = [WIDTH] * len(cells)
    lines.append(row("", list("ABCD")[: len(cells)], widths, LABEL))
    columns = [_column(of_each(results, machine, each), names) for each in cells]
    shown = names[-ROWS:]
    for name in shown:
        lines.append(row(name, [column[name] for column in columns], widths, LABEL))
    if len(names) > len(shown):
        lines.append(f"and {len(names) - len(shown)} older ones in table.txt")
    if len(where) > CELLS:
        lines.append(f"and {len(where) - CELLS} more cells in table.txt")
    return "\n".join(lines) + "\n"


def _column(levels: dict[str, float], names: list[str]) -> dict[str, str]:
    """`8354 +17` by release; `n.a.` where it has no such cell."""
    told: dict[str, str] = {}
    before: float | None = None
    for name in names:
        level = levels.get(name)
        if level is None:
            told[name] = "n.a."
            continue
        change = "" if before is None else f" {level - before:+.0f}"
        told[name] = f"{number(level)}{change}"
        before = level
    return told
