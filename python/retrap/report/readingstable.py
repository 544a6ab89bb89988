# SPDX-License-Identifier: GPL-2.0-only
"""The table `Within a sample`: stages between its clock reads, and tallies."""

from __future__ import annotations

from collections.abc import Iterator

from retrap.analysis import readings
from retrap.analysis.readings import Reading
from retrap.analysis.side import cells_of
from retrap.base.textgrid import Notes, number, row, spread, wrap
from retrap.results.store import Machine, Results

HEADS = ("mean", "median", "p10-p90", "maximum", "not 0")
WIDTHS = (9, 9, 13, 10, 8)
LABEL = 72 - sum(WIDTHS)
TOLD = (
    "A stage is a point between the trigger and the return: {unit} from the trigger "
    "to it. A tally counts something in a sample; not 0: the share of samples in which "
    "there was any."
)


def readings_table(results: Results, machine: Machine, notes: Notes) -> str:
    """Empty where no scenario has any."""
    lines: list[str] = []
    for where in cells_of(results, machine):
        found = readings.of(results, machine, where)
        for name in dict.fromkeys(name for each in found.values() for name in each):
            kind = next(each[name] for each in found.values() if name in each)
            what = "stage" if kind.stage else "tally"
            lines.append(f"{' '.join(where)}, {what} {name}")
            lines += _rows({side: each[name] for side, each in found.items()})
    if not lines:
        return ""
    unit = "instructions" if machine.exact else "nanoseconds"
    head = [f"Within a sample [{machine}]", wrap(TOLD.format(unit=unit))]
    return "\n".join([*head, row("", HEADS, WIDTHS, LABEL), *lines]) + "\n"


def _rows(sides: dict[str, Reading]) -> Iterator[str]:
    for side, one in sides.items():
        got = one.quantiles
        mean = number(one.mean) if one.stage else f"{one.mean:.4g}"
        yield row(
            f"  {side}",
            [
                mean,
                number(got.median),
                spread(got.p10, got.p90, WIDTHS[2]),
                number(got.maximum),
                "" if one.stage else f"{100 * one.some:.1f}%",
            ],
            WIDTHS,
            LABEL,
        )
