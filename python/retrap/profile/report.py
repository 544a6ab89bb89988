# SPDX-License-Identifier: GPL-2.0-only
"""A profile, or a difference of two, as text: 72 columns, for a terminal and a
mail. Numbers are instructions a sample; whole where they are whole."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from fractions import Fraction

from retrap.analysis.verdict import UNDECIDED
from retrap.profile.callgraph import SIDES
from retrap.profile.difference import BOTH, Change, Difference, Moved
from retrap.profile.lines import Line
from retrap.profile.summary import ALL, Profile, Row
from retrap.base.textgrid import WIDTH, wrap

HEADS = {"interrupt": "irq"}
VCPU, SIDE = "vcpu", "side"
CLASS_TEXT = {
    "all": "all samples",
    "cheapest": "the cheapest class of samples",
}


def figure(value: Fraction) -> str:
    """Whole, or with one digit."""
    return f"{value.numerator}" if value.denominator == 1 else f"{float(value):.1f}"


def signed(value: Fraction) -> str:
    return ("+" if value > 0 else "") + figure(value)


def shorten(text: str, room: int) -> str:
    """At most `room` characters: C++ names have no end."""
    return text if len(text) <= room else text[: room - 3] + "..."


def profile(found: Profile, kind: str, by: str, kernel_only: bool, most: int) -> str:
    """The table of one cell."""
    tree = found.trees[kind]
    rows = [row for row in tree.rows() if row.function.kernel or not kernel_only]
    columns = _columns(rows, by)
    heads = ["self", *([] if columns else ["incl"]), "calls"]
    lines = [_title(found), _basis(found, kind), ""]
    lines.append(_cells([*heads, *(HEADS.get(name, name) for name in columns)]))
    lines[-1] += "  function"
    for row in rows[:most]:
        lines.append(_line(row, columns))
    rest = rows[most:]
    if rest:
        lines.append(_sum(rest, columns, f"{len(rest)} further functions"))
    lines.append(_sum(rows, columns, "sum, the kernel alone" if kernel_only else "sum"))
    if kernel_only:
        lines.append(f"{figure(tree.total):>9}  with user space")
    return "\n".join([*lines, *_notes(found)]) + "\n"


def _title(found: Profile) -> str:
    facts = found.facts
    return wrap(
        f"{found.cell}, {facts['variant']} through {facts['interface']}, exact "
        f"{facts['arch']}, {facts['cpus']} vCPUs: guest instructions a sample"
    )


def _basis(found: Profile, kind: str) -> str:
    tree, every = found.trees[kind], len(found.windows)
    part = "" if kind == ALL else f" ({tree.windows} of {every})"
    return wrap(
        f"{CLASS_TEXT[kind]}{part or f' ({every})'}; the sum is the clock's "
        "difference of every sample, to the instruction"
    )


def _notes(found: Profile) -> list[str]:
    facts, notes = found.facts, []
    if facts["jumps"]:
        notes.append(
            f"in {facts['jumps']} samples every vCPU slept and the clock jumped: "
            "their instructions are fewer than their nanoseconds"
        )
    if facts["lost_returns"]:
        notes.append(
            f"{facts['lost_returns']} returns led where nobody had called from: "
            "inclusive counts near them are uncertain, self counts are not"
        )
    return [wrap(f"note: {note}") for note in notes]


def _columns(rows: Iterable[Row], by: str) -> list[str]:
    groups = {group for row in rows for group in row.groups}
    if by == SIDE:
        return [side for side in SIDES if any(side == each for _, each in groups)]
    if by == VCPU:
        return [f"vcpu{number}" for number in sorted({vcpu for vcpu, _ in groups})]
    return []


def _split(row: Row) -> dict[str, Fraction]:
    parts: dict[str, Fraction] = defaultdict(Fraction)
    for (vcpu, side), count in row.groups.items():
        parts[side] += count
        parts[f"vcpu{vcpu}"] += count
    return parts


def _cells(words: list[str]) -> str:
    return "".join(
        f"{word:>9}" if i < 2 else f"{word:>7}" for i, word in enumerate(words)
    )


def _line(row: Row, columns: list[str]) -> str:
    parts = _split(row)
    words = [figure(row.own), *([] if columns else [figure(row.inclusive)])]
    words += [figure(row.calls), *(_whole(parts[name]) for name in columns)]
    text = _cells(words)
    return f"{text}  {shorten(str(row.function), WIDTH - len(text) - 2)}"


def _whole(value: Fraction) -> str:
    """For the parts of a row, which has its exact number in front."""
    return f"{float(value):.0f}" if value else "-"


def _sum(rows: list[Row], columns: list[str], what: str) -> str:
    parts = [_split(row) for row in rows]
    own = sum((row.own for row in rows), Fraction())
    words = [figure(own), "", *([] if columns else [""])]
    for name in columns:
        words.append(_whole(sum((part[name] for part in parts), Fraction())))
    return f"{_cells(words)}  {what}"


def difference(found: Difference, kind: str, kernel_only: bool, most: int) -> str:
    """The table of B less A."""
    every = [c for c in found.changes if c.function.kernel or not kernel_only]
    changes = [change for change in found.told if change in every]
    varying = [change for change in every if change not in changes]
    a, b = found.a.facts, found.b.facts
    lines = [
        wrap(
            f"{found.a.cell}, {b['variant']} less {a['variant']}, exact {a['arch']}, "
            f"{a['cpus']} vCPUs: guest instructions a sample"
        ),
        wrap(
            f"{CLASS_TEXT[kind]}: {found.windows[0]} of {len(found.a.windows)}, "
            f"{found.windows[1]} of {len(found.b.windows)}; the sum is the "
            "difference of the totals, to the instruction"
        ),
        "",
        f"{'change':>9}{'before':>9}{'after':>9}{'calls':>12}  function",
    ]
    shown = [change for change in changes[:most] if abs(change.delta) >= 1]
    lines += [_change(change) for change in shown]
    if rest := changes[len(shown) :]:
        whole = sum((change.delta for change in rest), Fraction())
        what = f"{len(rest)} further functions"
        if abs(rest[0].delta) < 1:
            what += " by less than 1"
        lines.append(f"{signed(whole):>9}{'':>30}  {what}")
    if varying:
        whole = sum((change.delta for change in varying), Fraction())
        what = f"{len(varying)} that differ in some samples"
        lines.append(f"{signed(whole):>9}{'':>30}  {what}")
    whole = sum((change.delta for change in every), Fraction())
    totals = f"{figure(found.totals[0]):>9}{figure(found.totals[1]):>9}"
    if kernel_only:
        lines.append(f"{signed(whole):>9}{'':>30}  sum, the kernel alone")
    lines.append(f"{signed(found.delta):>9}{totals}{'':>12}  sum")
    if not every:
        lines.append("no function differs")
    lines.append(verdict(found))
    lines += _moved([m for m in found.moved if m.function.kernel or not kernel_only])
    return "\n".join(lines) + "\n"


def verdict(found: Difference) -> str:
    """Of all samples; where they decide nothing, what the functions do."""
    got, steady = found.judgement, found.steady
    share = "" if got.share is None else f", of {100 * got.share:.0f} % of the samples"
    text = f"verdict: {got.text}{share}"
    if got.verdict == UNDECIDED and steady is not None:
        text += (
            f"; {signed(Fraction(steady))} by functions that differ in nearly every one"
        )
    return wrap("; ".join([text, *got.warnings]), "", "  ")


def _change(change: Change) -> str:
    calls = figure(change.b_calls)
    if change.a_calls != change.b_calls:
        calls = f"{figure(change.a_calls)}>{figure(change.b_calls)}"
    text = (
        f"{signed(change.delta):>9}{figure(change.a):>9}{figure(change.b):>9}"
        f"{calls:>12}"
    )
    name = shorten(str(change.function), WIDTH - len(text) - 2)
    what = _what(change)
    if len(text) + 4 + len(name) + len(what) <= WIDTH:
        return f"{text}  {name}, {what}" if what else f"{text}  {name}"
    return f"{text}  {name}\n{'':41}  {what}" if what else f"{text}  {name}"


def _what(change: Change) -> str:
    if change.kind == BOTH:
        return f"cost {signed(change.by_cost)}, calls {signed(change.by_calls)}"
    return {"costs": "", "called": "same cost a call"}.get(change.kind, change.kind)


def _moved(moved: list[Moved]) -> list[str]:
    if not moved:
        return []
    lines = ["", "same cost, other callers:"]
    for each in moved:
        left, joined = (
            ", ".join(str(function) for function in functions) or "-"
            for functions in (each.left, each.joined)
        )
        lines.append(wrap(f"{each.function}: {left} > {joined}", "  ", "  "))
    return lines


def lines(found: Profile, function: str, rows: list[Line]) -> str:
    """One function by its source lines; the number in front is instructions a
    sample. A line of another function was inlined: that one is named."""
    total = sum((row.own for row in rows), Fraction())
    text = [
        wrap(
            f"{function} in {found.cell}, {found.facts['variant']}, "
            f"{found.facts['arch']}: {figure(total)} instructions a sample"
        ),
        "",
    ]
    for row in rows:
        place = f"{row.file}:{row.number}" if row.number else row.file
        inlined = f" [{row.inlined}]" if row.inlined else ""
        text.append(shorten(f"{figure(row.own):>9}  {place}{inlined}", WIDTH))
        if row.text:
            text.append(shorten(f"{'':13}{row.text}", WIDTH))
    return "\n".join(text) + "\n"
