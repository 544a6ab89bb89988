# SPDX-License-Identifier: GPL-2.0-only
"""Two result directories side by side: the same variants, before and after."""

from __future__ import annotations

from pathlib import Path

from retrap.base import textgrid
from retrap.analysis.compare import NOT_APPLICABLE, Comparison, cells_of, compare_sides
from retrap.base.errors import EXIT_REFUSED, RetrapError
from retrap.results.mismatch import Pair, different_schemas, mismatches, pairs
from retrap.analysis.side import Side, same_samples, side
from retrap.results.store import Results, load
from retrap.report.timetable import NOTE_BUSY

LABEL = 19
EXACT = (7, 14, 7, 14, 11)
TIMED = (7, 12, 7, 12, 8, 7)
MOST = 4  # cells that differ, of two machines, unless all are shown


def render(a: Path, b: Path, allow_mismatch: bool = False, full: bool = True) -> str:
    """The table, or of it what differs. Errors: EXIT_REFUSED when they must not
    be compared."""
    differ = different_schemas(a, b)
    if differ and not allow_mismatch:
        raise _refusal(a, b, differ)
    one, other = load(a), load(b)
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
    notes = textgrid.Notes()
    for text in differ:
        notes.add(f"compared in spite of different {text}")
    for key in ("binary_sha256", "experiment_sha256"):
        if one.plan.get(key) != other.plan.get(key):
            notes.add(f"{key} differs between the two plans")
    blocks = [_table(one, other, machines, notes, full) for machines in matched]
    head = textgrid.wrap(f"A: {a}", "", "   ") + "\n"
    head += textgrid.wrap(f"B: {b}", "", "   ") + "\n\n"
    return head + "\n".join(blocks) + notes.text()


def _refusal(a: Path, b: Path, differ: list[str]) -> RetrapError:
    return RetrapError(
        f"{a} and {b} must not be compared: {'; '.join(differ)}",
        "take both alike, or say --allow-mismatch to get it with a footnote",
        EXIT_REFUSED,
    )


def _table(
    a: Results, b: Results, machines: Pair, notes: textgrid.Notes, full: bool
) -> str:
    left_is, right_is = machines
    exact = left_is.exact
    unit = "guest instructions" if exact else "nanoseconds"
    what = "sweeps apart" if exact else "the Moses interval over boots"
    title = f"Median of A and B in {unit} "
    title += f"[{' / '.join(dict.fromkeys(map(str, machines)))}]"
    told = f"p10-p90: of the samples. Decided by {what}; ~ is undecided."
    lines = [title, textgrid.wrap(told)]
    heads = ["A", "p10-p90", "B", "p10-p90", *(["B - A"] if exact else ["change", "p"])]
    lines.append(textgrid.row("", heads, EXACT if exact else TIMED, LABEL))
    places = list(dict.fromkeys(cells_of(a, left_is) + cells_of(b, right_is)))
    if not set(a.variants(left_is)) & set(b.variants(right_is)):
        lines.append("no variant in common")
    equal = total = 0
    quiet: list[str] = []
    differ = 0
    for where in places:
        rows = []
        others = b.sides(right_is, where[0])
        for name in [s for s in a.sides(left_is, where[0]) if s in others]:
            left = side(a.of(left_is, name, where))
            right = side(b.of(right_is, name, where))
            if left is None and right is None:
                continue
            got = compare_sides(left_is, where, (name, name), left, right)
            decided = got.verdict in ("fewer", "more")
            differ += decided
            if full or (decided and differ <= MOST):
                rows.append(_row(got, left, right, notes))
            elif not decided:
                quiet.append(name)
            if left and right:
                total += 1
                equal += _identical(left, right)
        if rows:
            lines += [f"{where[0]} {where[1]}", *rows]
    if differ > MOST and not full:
        lines.append(f"and {differ - MOST} more cells that differ: --full prints them")
    if quiet:
        lines.append(f"no difference decided: {len(quiet)} cells")
    if exact:
        gap = "\n" if full else ""
        lines.append(f"{gap}Identical sample by sample: {equal} of {total} cells.")
    return "\n".join(lines) + "\n"


def _identical(a: Side, b: Side) -> bool:
    return a.boots == b.boots and all(map(same_samples, a.cells, b.cells))


def _row(got: Comparison, a: Side | None, b: Side | None, notes: textgrid.Notes) -> str:
    place = f"{got.scenario} {got.placement} {got.test}"
    exact = got.machine.exact
    widths = EXACT if exact else TIMED
    cells = []
    for one, width in ((a, widths[1]), (b, widths[3])):
        if one is None:
            cells += [NOT_APPLICABLE, ""]
            continue
        q = one.quantiles
        cells.append(textgrid.number(one.median) + one.mark)
        cells.append(textgrid.spread(q.p10, q.p90, width) if q else "-")
    for text in got.warnings.split("; ") if got.warnings else ():
        notes.add(text, place)
    if any(one and one.busy for one in (a, b)):
        notes.add(NOTE_BUSY, place)
    cells += _change(got)
    return textgrid.row(f"  {got.test}", cells, widths, LABEL)


def _change(got: Comparison) -> list[str]:
    """Instructions are counted: the difference itself, and not a percentage."""
    exact = got.machine.exact
    if got.verdict == NOT_APPLICABLE or got.delta is None:
        return [""] if exact else ["", ""]
    if exact:
        number = f"{got.delta:+.0f}"
        return [f"~ ({number})" if got.verdict == "~" else number]
    share = textgrid.percent(got.delta, got.base_median)
    p_value = "" if got.p_value is None else f"{got.p_value:.3f}"
    return ["~" if got.verdict == "~" else share, p_value]
