# SPDX-License-Identifier: GPL-2.0-only
"""The table of one scenario against another."""

from __future__ import annotations

from collections.abc import Sequence

from retrap.analysis.comparison import PROCESS, Comparison
from retrap.analysis.scenarios import side_of
from retrap.analysis.verdict import NOT_APPLICABLE
from retrap.base.errors import EXIT_REFUSED, RetrapError
from retrap.base.textgrid import Notes, number, row, wrap
from retrap.report.timetable import p_text
from retrap.report.withintable import signed
from retrap.results.store import Results

LABEL = 19
HEADS = ("first", "second", "change", "interval", "units", "p")
WIDTHS = (8, 8, 8, 16, 6, 7)
EXACT = (
    "Guest instructions of a sample. change: what has to be added to the samples of "
    "the first."
)
TIMED = (
    "Nanoseconds, medians. Both ran in the same boots. change: the median of the Walsh "
    "averages of the differences, one a unit, as a share; ~ undecided where its "
    "interval, in ns, holds 0. units: boots; 16p: pairs of 16 processes. Interval and "
    "p: Wilcoxon's signed rank; p by Holm among these rows, above 0.05 a row is "
    "undecided."
)


def render(results: Results, names: tuple[str, str], rows: Sequence[Comparison]) -> str:
    """A block a machine. Errors: EXIT_REFUSED, where neither was measured."""
    if not rows:
        raise RetrapError(
            f"{results.path}: has neither {names[0]} nor {names[1]}",
            "name two of its experiment: `scenarios` in plan.json has them",
            EXIT_REFUSED,
        )
    notes, blocks = Notes(), []
    for machine in results.machines:
        here = [each for each in rows if each.machine == machine]
        if not here:
            continue
        lines = [
            f"{names[1]} against {names[0]} [{machine}]",
            wrap(EXACT if machine.exact else TIMED),
            row("", HEADS, WIDTHS, LABEL),
        ]
        for placement in dict.fromkeys(each.placement for each in here):
            lines.append(placement)
            for each in (each for each in here if each.placement == placement):
                for text in each.warnings:
                    notes.add(text, f"{placement} {side_of(each)}")
                lines.append(row(f"  {side_of(each)}", _cells(each), WIDTHS, LABEL))
        blocks.append("\n".join(lines) + "\n")
    return "\n".join(blocks) + notes.text()


def _cells(one: Comparison) -> list[str]:
    got, (base, test) = one.judgement, one.sides
    medians = [number(each.median) + each.mark if each else "-" for each in one.sides]
    if one.verdict == NOT_APPLICABLE or base is None or test is None:
        return [*medians, NOT_APPLICABLE, "", "", ""]
    interval = ""
    if got.low is not None and got.high is not None:
        interval = f"{signed(got.low)} {signed(got.high)}"
    observed = f"{len(test.cells)}p" if one.unit == PROCESS else str(test.boots)
    p_value = "" if got.p_holm is None else p_text(got.p_holm)
    return [*medians, one.change, interval, observed, p_value]
