# SPDX-License-Identifier: GPL-2.0-only
"""Two result directories side by side: the same variants, before and after."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from retrap.base import textgrid
from retrap.analysis.comparison import (
    Comparison,
    compare_sides,
    deciding,
    identical,
)
from retrap.base.errors import EXIT_REFUSED, RetrapError
from retrap.results.mismatch import Pair, different_schemas, mismatches, pairs
from retrap.analysis.family import together
from retrap.analysis.layouts import survived
from retrap.analysis.side import cells_of, of
from retrap.analysis.verdict import NOT_APPLICABLE
from retrap.results.stats import MARGIN
from retrap.results.store import Results, load
from retrap.report.sentences import counts
from retrap.report.timetable import NOTE_BUSY, survives

LABEL = 19
EXACT = (7, 14, 7, 14, 11)
TIMED = (7, 12, 7, 12, 8, 7)
MOST = 4  # cells that differ, of two machines, unless all are shown


@dataclass(frozen=True)
class BeforeAfter:
    """Two directories that may be compared: the rows, by pair of machines, and what
    is to be said of it all."""

    a: Results
    b: Results
    rows: dict[Pair, list[Comparison]]
    differ: list[str]


def compared(
    a: Path, b: Path, allow_mismatch: bool = False, margin: float = MARGIN
) -> BeforeAfter:
    """Errors: EXIT_REFUSED when they must not be compared."""
    differ = different_schemas(a, b)
    if differ and not allow_mismatch:
        raise _refusal(a, b, differ)
    one, other = (replace(load(path), margin=margin) for path in (a, b))
    matched = pairs(one, other)
    if not matched:
        have = " / ".join(", ".join(map(str, r.machines)) for r in (one, other))
        raise RetrapError(
            f"{a} and {b} have nothing in common to compare: {have}",
            "compare exact with exact of one architecture, nanoseconds with "
            "nanoseconds",
            EXIT_REFUSED,
        )
    for machines in matched:
        differ += mismatches(one, other, machines)
    if differ and not allow_mismatch:
        raise _refusal(a, b, differ)
    both = [name for name in one.layouts if name in other.layouts]
    rows = {
        machines: survived(
            _compared(one, other, machines),
            {
                name: _compared(one.layouts[name], other.layouts[name], machines)
                for name in both
            },
        )
        for machines in matched
    }
    return BeforeAfter(one, other, rows, differ)


def render(both: BeforeAfter, full: bool = True, names: Sequence[Path] = ()) -> str:
    """The table, or of it what differs; `names`: what to call the directories."""
    one, other = both.a, both.b
    notes = textgrid.Notes()
    for text in both.differ:
        notes.add(f"compared in spite of different {text}")
    for key in ("binary_sha256", "experiment_sha256"):
        if one.plan.get(key) != other.plan.get(key):
            notes.add(f"{key} differs between the two plans")
    blocks = [
        _table(both, machines, rows, notes, full)
        for machines, rows in both.rows.items()
    ]
    paths = one.path, other.path
    heads = (
        textgrid.wrap(f"{x}: {y}", "", "   ") for x, y in zip("AB", names or paths)
    )
    head = "\n".join(heads) + "\n\n"
    return head + "\n".join(blocks) + notes.text()


def _refusal(a: Path, b: Path, differ: list[str]) -> RetrapError:
    return RetrapError(
        f"{a} and {b} must not be compared: {'; '.join(differ)}",
        "take both alike, or say --allow-mismatch to get it with a footnote",
        EXIT_REFUSED,
    )


def _table(
    both: BeforeAfter,
    machines: Pair,
    compared: list[Comparison],
    notes: textgrid.Notes,
    full: bool,
) -> str:
    a, b, exact = both.a, both.b, machines[0].exact
    unit = "guest instructions" if exact else "nanoseconds"
    title = f"Median of A and B in {unit} "
    title += f"[{' / '.join(dict.fromkeys(map(str, machines)))}]"
    what = "boot against boot; p is by Holm, among the rows of paths, or of floors"
    what = "by how many A must be moved to lie on B" if exact else what
    told = f"p10-p90: of the samples. B - A: {what}; ~ is undecided."
    lines = [title, textgrid.wrap(told)]
    heads = ["A", "p10-p90", "B", "p10-p90", "B - A", *([] if exact else ["p"])]
    lines.append(textgrid.row("", heads, EXACT if exact else TIMED, LABEL))
    if not set(a.variants(machines[0])) & set(b.variants(machines[1])):
        lines.append("no variant in common")
    differ = [got for got in compared if got.decided]
    shown = compared if full else differ[:MOST]
    for where in dict.fromkeys(got.where for got in shown):
        lines.append(" ".join(where))
        lines += [_row(got, notes) for got in shown if got.where == where]
    if len(differ) > MOST and not full:
        lines.append(
            f"and {len(differ) - MOST} more cells that differ: --full prints them"
        )
    lines.append(textgrid.wrap(counts("B less A", compared)))
    lines += map(textgrid.command, deciding(compared) if full else [])
    if exact:
        sides = [got.sides for got in compared]
        equal = [identical(one, other) for one, other in sides if one and other]
        told = f"{sum(equal)} of {len(equal)} cells."
        lines.append(f"Identical sample by sample: {told}")
    return "\n".join(lines) + "\n"


def _compared(a: Results, b: Results, machines: Pair) -> list[Comparison]:
    """Every side that both have, in every cell that one of them has."""
    left, right = machines
    found: list[Comparison] = []
    for where in dict.fromkeys(cells_of(a, left) + cells_of(b, right)):
        others = b.sides(right, where[0])
        for name in [each for each in a.sides(left, where[0]) if each in others]:
            sides = (of(a, left, name, where), of(b, right, name, where))
            if any(sides):
                names, margin = (name, name), a.margin
                found.append(compare_sides(left, where, names, sides, margin=margin))
    return found if left.exact else together(found, a.floors, a.margin)


def _row(got: Comparison, notes: textgrid.Notes) -> str:
    place = f"{got.scenario} {got.placement} {got.test}"
    widths = EXACT if got.machine.exact else TIMED
    cells = []
    for one, width in zip(got.sides, (widths[1], widths[3]), strict=True):
        if one is None:
            cells += [NOT_APPLICABLE, ""]
            continue
        q = one.quantiles
        cells.append(textgrid.number(one.median) + one.mark)
        cells.append(textgrid.spread(q.p10, q.p90, width) if q else "-")
    for text in got.warnings:
        notes.add(text, place)
    if any(one and one.busy for one in got.sides):
        notes.add(NOTE_BUSY, place)
    cells.append("" if got.verdict == NOT_APPLICABLE else got.change)
    if not got.machine.exact:
        p_value = got.judgement.p_holm
        cells.append("" if p_value is None else f"{p_value:.3f}")
    return textgrid.row(f"  {got.test}", cells, widths, LABEL) + survives(got)
