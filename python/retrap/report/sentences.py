# SPDX-License-Identifier: GPL-2.0-only
"""The result in sentences, every figure of it taken from the results."""

from __future__ import annotations

import textwrap

from retrap.analysis.compare import comparisons
from retrap.analysis.comparison import Comparison
from retrap.analysis.shift import RANGE
from retrap.analysis.within import within_boots
from retrap.analysis.verdict import (
    DECIDED,
    FEWER,
    MORE,
    NOT_APPLICABLE,
    SAME,
    UNDECIDED,
    VOID,
)
from retrap.results.store import Machine, Results
from retrap.report.table import path_integers
from retrap.base.textgrid import wrap

NAMES = {
    "switches": "context switch",
    "wakeups": "wakeup",
    "signals": "signal",
    "syscalls": "system call",
}
UNITS = {"exact": "guest instructions"}


def paragraphs(results: Results) -> list[str]:
    """One a machine: each side against the baseline, then the floors; and one a kernel
    whose interfaces are compared within its boots."""
    rows, inside = comparisons(results), within_boots(results)
    found = []
    for machine in results.machines:
        here = [row for row in rows if row.machine == machine]
        if here:
            base = results.base(machine) or str(results.plan["baseline"])
            told = _paragraph(results, f"Against {base}", base, here)
            if floors := _floors(results, here):
                told += "\n" + wrap(floors, "", "  ")
            found.append(told)
        here = [row for row in inside if row.machine == machine]
        for base in dict.fromkeys(row.base for row in here):
            mine = [row for row in here if row.base == base]
            head = f"Within boots, against {base}"
            found.append(_paragraph(results, head, base, mine))
    nothing = "Not measured on the baseline and on another variant: no comparison."
    return found or [nothing]


def _paragraph(results: Results, head: str, base: str, rows: list[Comparison]) -> str:
    """Of one machine, against one base: a line a side."""
    machine = rows[0].machine
    unit = UNITS.get(machine.substrate, "nanoseconds")
    lines = [f"{head}, {unit} [{machine}]:"]
    paths = [row for row in rows if row.scenario not in results.floors]
    for name in dict.fromkeys(row.test for row in paths):
        mine = [row for row in paths if row.test == name]
        text = " ".join([counts(name, mine), *integers(results, machine, base, name)])
        lines.append(wrap(f"* {text}", "", "  "))
    return "\n".join(lines)


def counts(name: str, rows: list[Comparison]) -> str:
    """`b: same in 4, more in 2 (+2 to +19), undecided in 1 of 7 cells.`"""
    judged = [row for row in rows if row.verdict != NOT_APPLICABLE]
    parts = []
    for verdict in (SAME, FEWER, MORE, UNDECIDED, VOID):
        if some := [row for row in judged if row.verdict == verdict]:
            parts.append(f"{verdict} in {len(some)}{_ends(some)}")
    told = f"{', '.join(parts)} of {_cells(len(judged))}." if parts else ""
    if only := len(rows) - len(judged):
        told += f" {_cells(only)} cannot be compared (n.a.)."
    return f"{name}: {told.strip() or 'nothing to compare.'}"


def _ends(rows: list[Comparison]) -> str:
    """The least and the largest change of the decided ones."""
    if rows[0].verdict not in DECIDED:
        return ""
    rows = sorted(rows, key=lambda row: float(row.change.rstrip("%")))
    return f" ({' to '.join(dict.fromkeys((rows[0].change, rows[-1].change)))})"


def _cells(count: int) -> str:
    return f"{count} cell" if count == 1 else f"{count} cells"


def ranges(rows: list[Comparison]) -> str:
    """Of decided changes that are one number out of a range; empty where none is."""
    found = [
        row
        for row in rows
        if row.decided and any(note.startswith(RANGE) for note in row.warnings)
    ]
    if not found:
        return ""
    return (
        f"No one shift explains {len(found)} of the decided cells: table.txt has "
        "the ranges."
    )


def caution(results: Results, rows: list[Comparison]) -> str:
    """Where a floor of the rows is not the same on two sides; else empty."""
    controls = [row for row in rows if row.scenario in results.floors]
    if void := void_of(rows):
        return void
    if not any(row.decided for row in controls):
        return ""
    return (
        "CAUTION: floors, which hold no ptrace work, differ: the kernels differ "
        f"elsewhere too. {counts('floors', controls)}"
    )


def void_of(rows: list[Comparison]) -> str:
    """Which kernels' rows say nothing, and why; empty where none is void."""
    told = [row.warnings[0] for row in rows if row.verdict == VOID]
    if not told:
        return ""
    reasons = "; ".join(text.removeprefix("void: ") for text in dict.fromkeys(told))
    return (
        f"VOID: {reasons}. Floors hold no ptrace work: something else differs too, and "
        "no difference of these kernels is evidence."
    )


def _floors(results: Results, rows: list[Comparison]) -> str:
    if text := caution(results, rows):
        return f"* {text}"
    controls = [row for row in rows if row.scenario in results.floors]
    what = "floors, which hold no ptrace work"
    return f"* {counts(what, controls)}" if controls else ""


def integers(results: Results, machine: Machine, base: str, name: str) -> list[str]:
    """Where the path integers are not the baseline's."""
    differ: dict[tuple[str, str], list[str]] = {}
    compared = 0
    for scenario in results.scenarios(machine):
        for placement in results.placements(machine):
            where = (scenario, placement)
            left = path_integers(results, machine, base, where)
            right = path_integers(results, machine, name, where)
            if left is None or right is None:
                continue
            compared += 1
            if change := _change(left, right):
                differ.setdefault((scenario, change), []).append(placement)
    told = [
        f"A cycle of {scenario} ({', '.join(places)}) takes {change}."
        for (scenario, change), places in differ.items()
    ]
    same = compared - sum(map(len, differ.values()))
    if same:
        other = "other " if told else ""
        told.append(f"Its path integers are those of {base} in {other}{_cells(same)}.")
    return [text.replace("in other", "in the other") for text in told]


def _change(base: dict[str, float | None], test: dict[str, float | None]) -> str:
    parts = []
    for event, name in NAMES.items():
        left, right = base[event], test[event]
        if left is not None and right is not None and left != right:
            plural = "" if right == 1 else "es" if name.endswith("ch") else "s"
            parts.append(f"{right:.4g} {name}{plural} instead of {left:.4g}")
    return ", ".join(parts)


def cut(text: str, most: int | None) -> list[str]:
    """Lines of 80 columns; what does not fit into `most` stands in a file."""
    lines = textwrap.wrap(text, 80, break_on_hyphens=False)
    if most and len(lines) > most:
        lines[most - 1 :] = [
            textwrap.shorten(lines[most - 1], 74, placeholder="") + " [...]"
        ]
    return lines
