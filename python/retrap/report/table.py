# SPDX-License-Identifier: GPL-2.0-only
"""The plain-text report of a result directory: terminal and mail, 72 columns.

Path integers first (they do not depend on time), then instruction counts,
then nanoseconds; a table never holds two substrates, nor two architectures.
"""

from __future__ import annotations

from pathlib import Path

from retrap.report import reproduce
from retrap.report.besidetable import beside_table
from retrap.report.costtable import cost_table
from retrap.results import counters, redacted
from retrap.analysis.compare import comparisons
from retrap.analysis.comparison import deciding
from retrap.analysis.within import within_boots
from retrap.analysis.verdict import NOT_APPLICABLE
from retrap.results.store import Machine, Results, atomic_write, load
from retrap.base.textgrid import Notes, command, row, wrap
from retrap.report.futextable import futex_table
from retrap.report.levelstable import levels_table
from retrap.report.outcomestable import outcome_tables
from retrap.report.readingstable import readings_table
from retrap.report.timetable import boot_table, groups, time_table, why_not
from retrap.report.withintable import within_tables

PATH = (11, 11, 11, 11)
NOTE_UNCOUNTED = "-: not counted"
UNQUIET = "measured before the machine was quiet: the wait for that was over"


def render(dir: Path) -> str:
    """Every table of a result directory. Errors: EXIT_RESULTS."""
    return tables(load(dir))


def write(results: Results) -> Path:
    """Write table.txt beside them."""
    path = results.path / "table.txt"
    atomic_write(path, tables(results))
    return path


def tables(results: Results) -> str:
    notes = Notes()
    blocks = [_path_table(results, m, notes) for m in results.machines]
    blocks += [cost_table(results, m, notes) for m in results.machines]
    blocks += [beside_table(results, m, results, notes) for m in results.machines]
    blocks += [time_table(results, m, notes) for m in results.machines]
    blocks += [futex_table(results, m) for m in results.machines]
    blocks += [readings_table(results, m, notes) for m in results.machines]
    blocks += [boot_table(results, m, notes) for m in results.machines]
    blocks += [outcome_tables(results, m, notes) for m in results.machines]
    blocks += [within_tables(results, m, notes) for m in results.machines]
    blocks += [levels_table(results, m, notes) for m in results.machines]
    blocks.append(_undecided(results))
    for boot in results.boots:
        for stem, why in boot.missing.items():
            notes.add(why_not(why), f"{stem} {boot.variant}")
        for stem, why in boot.stopped.items():
            notes.add(f"stopped: {why}", f"{stem} {boot.variant}")
        if boot.not_counted:
            notes.add(f"not counted: {boot.not_counted}", f"{boot.variant} {boot.name}")
        if boot.unquiet:
            notes.add(UNQUIET, f"{boot.variant} {boot.name}")
    for told in (*reproduce.of_the_user(results.plan), *results.stand_ins):
        notes.add(told)
    if told := redacted.note(results.path):
        notes.add(told)
    for name, why in results.skipped.items():
        for each in why.split("; "):
            stem, _, text_ = each.partition(": ")
            notes.add(f"stopped: {text_}", f"{stem} {name.split('/')[0]}")
    for name, why in results.void.items():
        notes.add(f"given up: {why}", name)
    for name in results.unfinished:
        notes.add(f"boot {name} is not finished and is left out")
    text = "\n".join(block for block in blocks if block)
    if footnotes := notes.text():
        text += "\nNotes\n" + footnotes
    return text


def _undecided(results: Results) -> str:
    """The commands that decide what the samples do not."""
    rows = (*comparisons(results), *within_boots(results))
    commands = [command(text) for text in deciding(rows)]
    if not commands:
        return ""
    return "\n".join(["What is undecided (~) is decided by", *commands]) + "\n"


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
        *groups(results, machine, places, make),
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
