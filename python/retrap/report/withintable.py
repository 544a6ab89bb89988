# SPDX-License-Identifier: GPL-2.0-only
"""The table of a kernel's interfaces against each other, within its boots."""

from __future__ import annotations

from retrap.analysis.comparison import PROCESS, Comparison
from retrap.analysis.outcomes import further
from retrap.analysis.statistic import MEDIAN
from retrap.analysis.verdict import NOT_APPLICABLE
from retrap.analysis.within import within_boots
from retrap.base.textgrid import Notes, row, short, wrap
from retrap.report.timetable import p_text
from retrap.results.store import Machine, Results

LABEL = 19
TITLES = {
    "median": "Nanoseconds",
    "p99": "p99 in nanoseconds",
    "upper mode": "Share of the upper mode",
}
OF_OTHERS = (
    "As the medians within boots, with p by Holm among the rows of this statistic. pp: "
    "percentage points."
)
HEADS = ("boots", "ns", "change", "interval", "conf.", "p")
WIDTHS = (6, 8, 8, 16, 8, 7)


def within_tables(results: Results, machine: Machine, notes: Notes) -> str:
    """One a statistic and kernel; empty where none has several interfaces."""
    rows = [row for row in (*within_boots(results), *further(results)) if row.within]
    tables: dict[tuple[str, str], list[Comparison]] = {}
    for one in rows:
        if one.machine == machine:
            tables.setdefault((one.statistic.name, one.base), []).append(one)
    blocks = [_table(each, results.margin, notes) for each in tables.values()]
    return "\n".join(blocks)


def _table(rows: list[Comparison], margin: float, notes: Notes) -> str:
    base, of = rows[0].base, rows[0].statistic
    heads = [head.replace("ns", "pp") if of.share else head for head in HEADS]
    title = f"{TITLES[of.name]}, within boots, against {base} [{rows[0].machine}]"
    lines = [
        wrap(title),
        wrap(_of_medians(base, margin) if of is MEDIAN else OF_OTHERS),
        row("", heads, WIDTHS, LABEL),
    ]
    for where in dict.fromkeys(each.where for each in rows):
        lines.append(" ".join(where))
        for each in (each for each in rows if each.where == where):
            for text in each.warnings:
                name = f"{' '.join(where)} {each.test}, within boots"
                notes.add(text, name if of is MEDIAN else f"{of.name} of {name}")
            name = each.test.partition("/")[2]
            lines.append(row(f"  {name}", _cells(each), WIDTHS, LABEL))
    return "\n".join(lines) + "\n"


def _of_medians(base: str, margin: float) -> str:
    return (
        "Both run in each boot, side by side, in an order of chance: a boot has "
        f"one difference, of its median less that of {base}. ns and change: the "
        "median of the Walsh averages of these differences (Hodges-Lehmann), in ns "
        "and as a share; ~ undecided where its interval holds 0, same where that "
        f"of 90 % is within {100 * margin:.3g} %. Interval and p: Wilcoxon's "
        "signed rank; conf.: the confidence that the interval attains. p by Holm "
        "among the machine's rows within boots; above 0.05 a row is undecided. "
        "16p: pairs of 16 processes stand for boots."
    )


def _cells(one: Comparison) -> list[str]:
    got, test, unit = one.judgement, one.sides[1], 100 if one.statistic.share else 1
    if one.verdict == NOT_APPLICABLE or test is None:
        return [NOT_APPLICABLE, *[""] * (len(WIDTHS) - 1)]
    estimate = "-" if got.estimate is None else signed(unit * got.estimate)
    if got.low is None or got.high is None or got.confidence is None:
        return [str(test.boots), estimate, one.change, "-", "", ""]
    observed = f"{len(test.cells)}p" if one.unit == PROCESS else str(test.boots)
    return [
        *(observed, estimate, one.change),
        f"{signed(unit * got.low)} {signed(unit * got.high)}",
        f"{100 * got.confidence:.1f}%",
        "" if got.p_holm is None else p_text(got.p_holm),
    ]


def signed(value: float) -> str:
    """Seven letters at most."""
    sign = "+" if value > 0 else ""
    return sign + short(value, 7 - len(sign))
