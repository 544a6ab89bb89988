# SPDX-License-Identifier: GPL-2.0-only
"""The table of docs/elsewhere.md: what each kernel costs those who use none of it."""

from __future__ import annotations

from pathlib import Path

from retrap.analysis.within import changes
from retrap.base import marked
from retrap.base.paths import ROOT
from retrap.base.rawfile import atomic_write
from retrap.base.textgrid import alternatives, row
from retrap.results.store import Machine, Results, load

PAGE = ROOT / "docs/elsewhere.md"
LABEL, WIDTH = 27, 17
PREFIX = "elsewhere/"


def render(results: Results) -> str:
    """Each machine's, one below the other; `a/b` of two placements."""
    parts = [_of(results, machine) for machine in results.machines if machine.exact]
    return "\n".join("\n".join(lines) + "\n" for lines in parts)


def _of(results: Results, machine: Machine) -> list[str]:
    base = results.baseline(machine)
    names = [name for name in results.sides(machine) if name != base]
    widths = [WIDTH] * len(names)
    lines = [
        f"Instructions more than {base} [{machine}]",
        row("", names, widths, LABEL),
    ]
    for scenario in results.scenarios(machine):
        found = [changes(results, machine, name, scenario) for name in names]
        cells = [alternatives(one.change for one in each) for each in found]
        if any(cells):
            label = scenario.removeprefix(PREFIX)
            lines.append(row(label, cells, widths, LABEL))
    return lines


def made(text: str, reference: Path) -> str:
    """The page with the table of the stored run."""
    run = reference / "elsewhere"
    tables = {"elsewhere": render(load(run))} if run.is_dir() else {}
    return marked.fill(text, tables, PAGE)


def write(reference: Path) -> Path:
    """Errors: those of the readers."""
    atomic_write(PAGE, made(PAGE.read_text(), reference))
    return PAGE
