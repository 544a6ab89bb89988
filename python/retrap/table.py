# SPDX-License-Identifier: GPL-2.0-only
"""The plain-text report of a result directory: terminal and mail, 72 columns.

Path integers first (they do not depend on time), then instruction counts,
then nanoseconds; a table never holds two substrates, nor two architectures.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from retrap import counters, shift
from retrap.compare import NOT_APPLICABLE, cells_of, compare_sides
from retrap.side import Side, side
from retrap.store import Machine, Results, load
from retrap.textgrid import WIDTH, Notes, number, percent, row, wrap

PATH = (11, 11, 11, 11)
EXACT = (9, 8, 8, 8, 8, 6)
TIMED = (6, 9, 16, 8, 8)
NOTE_NA = "n.a.: the interface has no such scenario"
NOTE_UNCOUNTED = "-: not counted"
Row = Callable[[str, str, tuple[str, str]], str]


def render(dir: Path) -> str:
    """Every table of a result directory. Errors: EXIT_RESULTS."""
    return tables(load(dir))


def tables(results: Results) -> str:
    notes = Notes()
    blocks = [_path_table(results, m, notes) for m in results.machines]
    blocks += [_time_table(results, m, notes) for m in results.machines]
    blocks += [shift.table(results, m) for m in results.machines]
    for boot in results.boots:
        for stem, why in boot.missing.items():
            notes.add(why_not(why), f"{stem} {boot.variant}")
    for name in results.unfinished:
        notes.add(f"boot {name} is not finished and is left out")
    text = "\n".join(block for block in blocks if block)
    if footnotes := notes.text():
        text += "\nNotes\n" + footnotes
    return text


def why_not(missing: str) -> str:
    """The note of a cell that a side does not have."""
    return f"n.a.: {missing}" if missing else NOTE_NA


def _groups(
    results: Results, machine: Machine, places: list[tuple[str, str]], make: Row
) -> list[str]:
    """Lines: a scenario at a placement, below it a row for each side."""
    lines = []
    for where in places:
        lines.append(" ".join(where))
        for name in results.sides(machine, where[0]):
            lines.append(make(f"  {name}", name, where))
    return lines


def _path_table(results: Results, machine: Machine, notes: Notes) -> str:
    counted = {
        (cell.scenario, cell.placement)
        for cell in results.cells()
        if cell.machine == machine and counters.per_cycle(cell)
    }
    places = [
        (scenario, placement)
        for scenario in results.scenarios(machine)
        for placement in results.placements(machine)
        if (scenario, placement) in counted
    ]
    if not places:
        return ""

    def make(label: str, name: str, where: tuple[str, str]) -> str:
        got = path_integers(results, machine, name, where)
        if got is None:
            found = results.of(machine, name, where)
            why = results.why_missing(machine, name, where)
            notes.add(NOTE_UNCOUNTED if found else why_not(why))
            return row(label, ("-" if found else NOT_APPLICABLE, "", "", ""), PATH)
        for event in got.values():
            if event is None:
                notes.add(NOTE_UNCOUNTED)
            elif not float(event).is_integer():
                notes.add(
                    "a path integer with decimals is no whole number: "
                    "the counted runs mixed paths",
                    f"{where[0]} {where[1]} {name}",
                )
        return row(label, [_integer(v) for v in got.values()], PATH)

    titles = ("switches", "wakeups", "signals", "syscalls")
    lines = [
        f"Path integers: events a cycle [{machine}]",
        wrap(
            "Counted by perf stat in runs of their own, never while timing: "
            "(count of 2N cycles - count of N cycles) / N; of several N the median. "
            "Switches and wakeups are those of tracer and tracee."
        ),
        row("", titles, PATH),
        *_groups(results, machine, places, make),
    ]
    return "\n".join(lines) + "\n"


def path_integers(
    results: Results, machine: Machine, name: str, where: tuple[str, str]
) -> dict[str, float | None] | None:
    """By event; whole to 0.005 is whole. None when the cell was not counted.

    Boots that disagree have no whole number between them: their mean.
    """
    boots = [counters.per_cycle(c) for c in results.of(machine, name, where)]
    boots = [events for events in boots if events]
    if not boots:
        return None
    found: dict[str, float | None] = {}
    for name in counters.INTEGERS:
        values = [
            round(e.per_cycle) if e.whole else e.per_cycle
            for events in boots
            for e in events
            if e.event == name and e.per_cycle is not None
        ]
        found[name] = sum(values) / len(values) if values else None
    return found


def _integer(value: float | None) -> str:
    if value is None:
        return "-"
    return f"{value:.0f}" if float(value).is_integer() else f"{value:.2f}"


def _time_table(results: Results, machine: Machine, notes: Notes) -> str:
    places = cells_of(results, machine)
    if not places:
        return ""
    base = results.base(machine)
    judged = base is not None and len(results.sides(machine)) > 1

    def make(label: str, name: str, where: tuple[str, str]) -> str:
        return _time_row(results, machine, label, name, where, notes)

    paths = [where for where in places if where[0] not in results.floors]
    floors = [where for where in places if where[0] in results.floors]
    against = base if judged else None
    lines = (
        _exact_head(machine, against)
        if machine.exact
        else _timed_head(machine, against)
    )
    lines += _groups(results, machine, paths, make)
    if floors:
        lines.append("\nFloors: the method with no ptrace work; nothing is subtracted")
        lines += _groups(results, machine, floors, make)
    return "\n".join(lines) + "\n"


def _time_row(
    results: Results,
    machine: Machine,
    label: str,
    name: str,
    where: tuple[str, str],
    notes: Notes,
) -> str:
    widths = EXACT if machine.exact else TIMED
    one = side(results.of(machine, name, where))
    if one is None:
        notes.add(why_not(results.why_missing(machine, name, where)))
        return row(label, [NOT_APPLICABLE, *[""] * (len(widths) - 1)], widths)
    for text in one.warnings:
        marked = f"! {text}" if " samples failed" in text else text
        notes.add(marked, f"{where[0]} {where[1]} {name}")
    cells = _exact_cells(one) if machine.exact else _timed_cells(one)
    base = results.base(machine, where[0])
    if base is not None and name != base:
        first = side(results.of(machine, base, where))
        got = compare_sides(machine, where, (base, name), first, one)
        if machine.exact:
            cells[1] = _count_change(got.verdict, got.delta)
            cells[4] = _count_change(got.verdict_cheap, got.delta_cheap)
        else:
            cells[3] = _change(got.verdict, got.delta, got.base_median)
            cells[4] = "" if got.p_value is None else _p(got.p_value)
    return row(label, cells, widths)


def _exact_head(machine: Machine, base: str | None) -> list[str]:
    text = (
        "Cheapest class: the first class of the distribution with 1 % of the "
        "samples, and its lowest value."
    )
    if base:
        text = (
            f"change: against {base}, in instructions; ~ undecided: the values of "
            f"the sweeps overlap. {text}"
        )
    return [
        f"Guest instructions from trigger to return of the wait [{machine}]",
        wrap(text),
        "cheapest class".rjust(WIDTH),
        row("", ("median", "change", "min", "lowest", "change", "share"), EXACT),
    ]


def _exact_cells(one: Side) -> list[str]:
    share = "" if one.cheap_share is None else f"{100 * one.cheap_share:.0f}%"
    return [
        number(one.median) + ("!" if one.failed else ""),
        "",
        number(one.minimum),
        number(one.cheap),
        "",
        share,
    ]


def _timed_head(machine: Machine, base: str | None) -> list[str]:
    lines = [f"Nanoseconds from trigger to return of the wait [{machine}]"]
    text = "Median of one median per boot, with its 95 % confidence interval."
    if base:
        text += (
            f" change: against {base}; ~ undecided: Mann-Whitney over boots, "
            "p >= 0.05, each row tested alone."
        )
    if machine.substrate == "vm":
        text += (
            " A virtual machine: the times hold its host's scheduling too, "
            "and are not evidence about a kernel."
        )
    heads = ("boots", "median", "95% CI", "change", "p")
    return [*lines, wrap(text), row("", heads, TIMED)]


def _timed_cells(one: Side) -> list[str]:
    interval = "-" if one.ci is None else f"{one.ci[0]:.0f}..{one.ci[1]:.0f}"
    mark = "!" if one.failed else ""
    return [str(one.boots), number(one.median) + mark, interval, "", ""]


def _change(verdict: str, delta: float | None, base: float | None) -> str:
    if verdict == NOT_APPLICABLE:
        return NOT_APPLICABLE
    return "~" if verdict == "~" else percent(delta, base)


def _count_change(verdict: str, delta: float | None) -> str:
    """Instructions are counted: the difference itself, and not a percentage."""
    if verdict in (NOT_APPLICABLE, "~") or delta is None:
        return verdict
    return f"{delta:+.0f}"


def _p(value: float) -> str:
    return "<0.001" if value < 0.001 else f"{value:.3f}"
