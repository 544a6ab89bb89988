# SPDX-License-Identifier: GPL-2.0-only
"""The tables of what else is compared between boots: p99, and the upper mode."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from retrap.analysis import boots
from retrap.analysis.compare import comparisons
from retrap.analysis.comparison import Comparison
from retrap.analysis.outcomes import further
from retrap.analysis.side import Side
from retrap.analysis.statistic import Statistic
from retrap.base.textgrid import Notes, number, row, spread, wrap
from retrap.report.timetable import BOOTS, BOOTS_LABEL, p_text
from retrap.results.stats import P99_FROM
from retrap.results.store import Machine, Results

TITLES = {"p99": "99th percentiles", "upper mode": "Two modes"}
TOLD = {
    "p99": "Median of one 99th percentile a boot, in nanoseconds",
    "upper mode": (
        "A cell here has samples of two modes. Median of one share a boot: of its "
        "samples that are in the upper one, from so many nanoseconds on"
    ),
}
JUDGED = (
    "Change, p and finds are as of the medians, with p by Holm among the rows of this "
    "table that are paths, or floors. pp: percentage points."
)
NOTE_FEW = (
    f"no row of p99: a boot has fewer than {P99_FROM} samples, of which it has no "
    "interval"
)


def outcome_tables(results: Results, machine: Machine, notes: Notes) -> str:
    """One a statistic; empty where nothing is compared."""
    rows = [r for r in further(results) if r.machine == machine and not r.within]
    rows.sort(key=lambda row: row.scenario in results.floors)  # which come last
    known = {(r.where, r.test) for r in rows if r.statistic.name == "p99"}
    for one in comparisons(results):
        here = one.machine == machine and not machine.exact and all(one.sides)
        if here and (one.where, one.test) not in known:
            notes.add(NOTE_FEW, f"{' '.join(one.where)} {one.test}")
    blocks = [
        _table(name, [r for r in rows if r.statistic.name == name], notes)
        for name in dict.fromkeys(r.statistic.name for r in rows)
    ]
    return "\n".join(blocks)


def level(of: Statistic, value: float | None) -> str:
    """Of a side, in a column."""
    if value is None or not of.share:
        return number(value)
    return f"{100 * value:.1f}%"


def _table(name: str, rows: Sequence[Comparison], notes: Notes) -> str:
    heads = ("boots", "share" if rows[0].statistic.share else name, "95% CI")
    lines = [
        f"{TITLES[name]}, boot against boot [{rows[0].machine}]",
        wrap(f"{TOLD[name]}, with its 95 % confidence interval. {JUDGED}"),
        row("", (*heads, "change", "p", "finds"), BOOTS, BOOTS_LABEL),
    ]
    for where in dict.fromkeys(each.where for each in rows):
        mine = [each for each in rows if each.where == where]
        split = mine[0].statistic.split
        lines.append(" ".join(where) + (f", from {split:.0f} ns on" if split else ""))
        lines += _sides(mine)
        for one in mine:
            for text in one.warnings:
                notes.add(text, f"{name} of {' '.join(where)} {one.test}")
    return "\n".join(lines) + "\n"


def _sides(rows: Sequence[Comparison]) -> Iterator[str]:
    """The baseline, then those that are held against it."""
    first = rows[0]
    yield _row(first, first.base, first.sides[0], ("", "", ""))
    for one in rows:
        got = one.judgement
        finds = "" if got.detectable is None else one.relative(got.detectable)[1:]
        p_value = "" if got.p_holm is None else p_text(got.p_holm)
        yield _row(one, one.test, one.sides[1], (one.change, p_value, finds))


def _row(one: Comparison, name: str, side: Side | None, judged: Sequence[str]) -> str:
    assert side is not None
    got = boots.boot_median(one.values(side))
    cells = [str(side.boots), level(one.statistic, got.median) + side.mark]
    cells.append(_interval(one.statistic, got.ci))
    return row(f"  {name}", [*cells, *judged], BOOTS, BOOTS_LABEL)


def _interval(of: Statistic, ends: tuple[float, float] | None) -> str:
    if ends is None:
        return "-"
    if not of.share:
        return spread(*ends, BOOTS[2])
    return "-".join(f"{100 * end:.1f}" for end in ends) + "%"
