# SPDX-License-Identifier: GPL-2.0-only
"""The long tables of one machine: instructions, or nanoseconds, cell by cell."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from retrap.machine import load
from retrap.analysis import again, boots, shift
from retrap.analysis.compare import against_base, comparisons, shown
from retrap.analysis.comparison import NO_SCENARIO, Comparison
from retrap.analysis.side import Side, cells_of, of
from retrap.results.stats import P99_FROM
from retrap.analysis.verdict import NOT_APPLICABLE
from retrap.results.store import Machine, Results
from retrap.base.textgrid import WIDTH, Notes, number, percent, row, spread, wrap

EXACT = (7, 13, 8, 6, 7, 6)
TIMED = (6, 9, 15, 9, 8)
BOOTS = (6, 9, 16, 8, 8, 7)
BOOTS_LABEL = 18
NOTE_NA = f"n.a.: {NO_SCENARIO}"
NOTE_BUSY = (
    f"{load.MARK} ran beside other work, which took more than "
    f"{100 * load.LIMIT:.0f} % of a CPU from it: its times hold the others' turns; "
    "repeat it on an idle machine"
)
Row = Callable[[str, str, tuple[str, str]], str]


def why_not(missing: str) -> str:
    """The note of a cell that a side does not have."""
    return f"n.a.: {missing}" if missing else NOTE_NA


def groups(
    results: Results, machine: Machine, places: Sequence[tuple[str, str]], make: Row
) -> list[str]:
    """Lines: a scenario at a placement, below it a row for each side."""
    lines = []
    for where in places:
        lines.append(" ".join(where))
        for name in results.sides(machine, where[0]):
            lines.append(make(f"  {name}", name, where))
    return lines


def time_table(results: Results, machine: Machine, notes: Notes) -> str:
    places = cells_of(results, machine)
    if not places:
        return ""

    def make(label: str, name: str, where: tuple[str, str]) -> str:
        return _time_row(results, machine, label, name, where, notes)

    lines = _exact_head(results, machine) if machine.exact else _timed_head(results)
    lines[0] += f" [{machine}]"
    lines += paths_then_floors(results, machine, places, make)
    return "\n".join(lines) + "\n"


def paths_then_floors(
    results: Results, machine: Machine, places: Sequence[tuple[str, str]], make: Row
) -> list[str]:
    paths = [where for where in places if where[0] not in results.floors]
    floors = [where for where in places if where[0] in results.floors]
    lines = groups(results, machine, paths, make)
    if floors:
        lines.append("\nFloors: the method with no ptrace work; nothing is subtracted")
        lines += groups(results, machine, floors, make)
    return lines


def judged(results: Results, machine: Machine) -> str | None:
    """The baseline, where there is another side to hold against it."""
    return results.base(machine) if len(results.sides(machine)) > 1 else None


def _time_row(
    results: Results,
    machine: Machine,
    label: str,
    name: str,
    where: tuple[str, str],
    notes: Notes,
) -> str:
    widths = EXACT if machine.exact else TIMED
    one = of(results, machine, name, where)
    if one is None:
        notes.add(why_not(results.why_missing(machine, name, where)))
        return row(label, [NOT_APPLICABLE, *[""] * (len(widths) - 1)], widths)
    for text in one.warnings:
        marked = f"! {text}" if " samples failed" in text else text
        notes.add(marked, f"{where[0]} {where[1]} {name}")
    if one.busy:
        notes.add(NOTE_BUSY, f"{where[0]} {where[1]} {name}")
    if not machine.exact:
        return row(label, _timed_cells(one), widths)
    cells = _exact_cells(one)
    if got := against_base(results, machine, name, where):
        share = got.judgement.share
        cells[2:4] = got.change, "" if share is None else f"{100 * share:.0f}%"
        for text in got.judgement.warnings:
            notes.add(text, f"{where[0]} {where[1]} {name}")
    return row(label, cells, widths) + survives(got)


def survives(got: Comparison | None) -> str:
    """A line below a row: whether its verdict survives each layout, and what changes
    there; empty where there is no other layout."""
    if got is None or not got.elsewhere:
        return ""
    words = (f"{e.layout} {e.survives} {e.change}".rstrip() for e in got.elsewhere)
    return "\n" + wrap(f"survives: {', '.join(words)}", "    ", "  ")


def _exact_head(results: Results, machine: Machine) -> list[str]:
    text = (
        "p10-p90: of the samples. Cheapest class: the first class of the "
        "distribution with 1 % of the samples, and its lowest value."
    )
    if base := judged(results, machine):
        text = (
            f"change: the instructions by which {base}'s samples must be moved to "
            "lie on the variant's, and the share that then does; same: at least "
            f"{100 * shift.SAME:.0f} % of them lie there unmoved; ~ undecided. {text}"
        )
    return [
        "Guest instructions from trigger to return of the wait",
        wrap(text),
        "cheapest class".rjust(WIDTH),
        row("", ("median", "p10-p90", "change", "share", "lowest", "share"), EXACT),
    ]


def _exact_cells(one: Side) -> list[str]:
    cells = [number(one.median) + one.mark, _spread(one, EXACT[1]), "", ""]
    if one.cheap is None:
        return [*cells, "-", ""]
    return [*cells, number(one.cheap.value), f"{100 * one.cheap.share:.0f}%"]


def _spread(one: Side, width: int) -> str:
    got = one.quantiles
    return spread(got.p10, got.p90, width) if got else "-"


def _timed_head(results: Results) -> list[str]:
    text = (
        "Each number is the median of one a boot: of its samples' median, p10, p90 "
        f"and p99 (from {P99_FROM} samples on). others: of one CPU's time, what other "
        "work and the hypervisor took from the cell's CPUs."
    )
    machine = next(m for m in results.machines if not m.exact)
    if machine.substrate == "vm":
        text += (
            " A virtual machine: the times hold its host's scheduling too, "
            "and are not evidence about a kernel."
        )
    runs = [c.run for c in results.cells() if c.timed]
    lines = ["Nanoseconds from trigger to return of the wait", wrap(text)]
    if told := load.words([run for run in runs if run["unit"] == "ns"]):
        lines.append(wrap(told))
    return [*lines, row("", ("boots", "median", "p10-p90", "p99", "others"), TIMED)]


def _timed_cells(one: Side) -> list[str]:
    got, others = one.quantiles, one.others
    return [
        str(one.boots),
        number(one.median) + one.mark,
        _spread(one, TIMED[2]),
        number(got.p99 if got else None),
        "-" if others is None else f"{100 * others:.0f}%",
    ]


def boot_table(results: Results, machine: Machine, notes: Notes) -> str:
    """How sure the medians of nanoseconds are, and how they differ; empty where
    there is one side and too few boots."""
    places = cells_of(results, machine)
    base = judged(results, machine)
    if machine.exact or not (base or _enough(results, machine)):
        return ""

    twice = {row.where: row for row in again.rows(results) if row.machine == machine}

    def make(label: str, name: str, where: tuple[str, str]) -> str:
        one = shown(results, machine, name, where)
        if one is None:
            return row(label, ["", NOT_APPLICABLE, *[""] * 4], BOOTS, BOOTS_LABEL)
        got = against_base(results, machine, name, where)
        for text in got.warnings if got else ():
            if text not in one.warnings:
                notes.add(text, f"{where[0]} {where[1]} {name}")
        found = [_boot_row(label, one, got) + survives(got)]
        pair = twice.get(where)
        if pair and pair.base == name and pair.sides[1]:
            found.append(_boot_row("  again", pair.sides[1], pair))
        return "\n".join(found)

    text = "Median of one median per boot, with its 95 % confidence interval."
    if any(each.machine == machine for each in comparisons(results)):
        text += (
            f" change: against {base}; the median of "
            "all differences between two boots (Hodges-Lehmann), ~ undecided where its "
            "95 % interval (Moses) holds 0, same where that of 90 % is within "
            f"{100 * results.margin:.3g} %. p: Mann-Whitney, by Holm among the rows of "
            "paths, or of floors; above 0.05 a row is undecided. finds: the change "
            "that so many boots find in 80 % of repetitions. void: a floor moved too."
        )
    if twice:
        text += f" again: {base} against itself, booted twice a block."
    lines = [f"Nanoseconds, boot against boot [{machine}]", wrap(text)]
    heads = ("boots", "median", "95% CI", "change", "p", "finds")
    lines.append(row("", heads, BOOTS, BOOTS_LABEL))
    lines += paths_then_floors(results, machine, places, make)
    return "\n".join(lines) + "\n"


def _boot_row(label: str, one: Side, got: Comparison | None) -> str:
    ends = one.middle and one.middle.ci
    interval = spread(*ends, BOOTS[2]) if ends else "-"
    cells = [str(one.boots), number(one.median) + one.mark, interval, "", "", ""]
    if got:
        base, judged_ = got.sides[0], got.judgement
        p_value, least = judged_.p_holm, judged_.detectable
        share = "" if least is None else percent(least, base.median if base else None)
        cells[3:] = got.change, "" if p_value is None else p_text(p_value), share[1:]
    return row(label, cells, BOOTS, BOOTS_LABEL)


def _enough(results: Results, machine: Machine) -> bool:
    return results.booted(machine) >= boots.MIN_BOOTS


def p_text(value: float) -> str:
    return "<0.001" if value < 0.001 else f"{value:.3f}"
