# SPDX-License-Identifier: GPL-2.0-only
"""The answer on one screen of 80 x 24: the short table, a sentence, the load.

It is of the notifications (`retrap/...`), else of the first scenarios, on the
first machine of the results. Everything else stands in table.txt.
"""

from __future__ import annotations

import textwrap
from pathlib import Path

from retrap.analysis import again, layouts, pairs
from retrap.analysis.boots import MIN_BOOTS
from retrap.analysis.compare import comparisons
from retrap.analysis.compare import shown as shown_side
from retrap.analysis.comparison import BOOT, IN_ORDER
from retrap.analysis.side import Side, of
from retrap.analysis.family import PATHS
from retrap.analysis.within import changed, within_boots
from retrap.results.stats import P99_FROM
from retrap.analysis.verdict import NOT_APPLICABLE, SAME
from retrap.machine import load
from retrap.results.store import Machine, Results
from retrap.report import amounts, designstable, windows
from retrap.report.sentences import counts, ranges
from retrap.report.table import path_integers
from retrap.base.textgrid import alternatives, number, row, spread
from retrap.report.timetable import judged

WIDTH, LINES = 80, 12
LABEL = 19
COUNTED = (7, 12, 7)  # of a placement: median, p10-p90, change
ALONE = (8, 12, 7)  # median, p10-p90, p99
SWITCHES = 9
TITLES = {
    "retrap/trigger:sigcont": "SIGCONT -> notification",
    "retrap/trigger:interrupt": "PTRACE_INTERRUPT while waiting for news",
}


def render(results: Results) -> str:
    """Table and sentences, each line at most 80 columns."""
    machine = results.machines[0]
    base, found = judged(results, machine), shown(results, machine)
    if base and designstable.fits(results, machine, found):
        lines = designstable.lines(results, machine, base, found)
    else:
        lines = _compared(results, machine) if base else _alone(results, machine)
    return "\n".join([*lines, *map(fill, told(results))]) + "\n"


def told(results: Results) -> list[str]:
    """The sentences below the table: first the answer, then what one has to know."""
    machine = results.machines[0]
    base = judged(results, machine)
    found: list[str] = []
    scenarios = shown(results, machine)
    if base:
        told = not designstable.fits(results, machine, scenarios)
        found += amounts.sentences(results, machine, base, scenarios, told)
        found.append(ranges([r for r in comparisons(results) if r.machine == machine]))
    several = base is None or not designstable.fits(results, machine, scenarios)
    found += windows.sentences(results, machine, not several)[: 2 if several else 1]
    found += [f"! {line[0].upper()}{line[1:]}." for line in results.stand_ins]
    if results.void:
        names = ", ".join(results.void)
        found.append(f"! Given up, and why stands in table.txt: {names}.")
    if base and not machine.exact:
        found.append(_again(results, machine))
        found.append(_boots(results, machine))
        if any(IN_ORDER in each.warnings for each in comparisons(results)):
            found.append(f"! {IN_ORDER[0].upper()}{IN_ORDER[1:]}.")
    found.append(layouts.sentence(comparisons(results)))
    for other in results.machines[1:]:
        found.append(_other(results, other))
    runs = [c.run for c in results.cells() if c.timed]
    found.append(load.words([run for run in runs if run["unit"] == "ns"]))
    failed = sum(bool(c.summary and c.summary.failed) for c in results.cells())
    if failed:
        found.append(f"! {failed} cells have failed samples: see the notes.")
    return [text for text in found if text]


def fill(text: str) -> str:
    return textwrap.fill(text, WIDTH, break_on_hyphens=False, break_long_words=False)


def shown(results: Results, machine: Machine) -> list[str]:
    """The scenarios of the table, without the floors."""
    paths = results.paths(machine)
    if designstable.fits(results, machine, paths):
        return designstable.shown(paths)
    return [name for name in paths if name in TITLES] or paths


def _heads(placements: tuple[str, ...], widths: tuple[int, ...], last: str) -> str:
    line = "".join(
        name.rjust(sum(widths[:2])).ljust(sum(widths)) for name in placements
    )
    return (" " * LABEL + line).ljust(WIDTH - len(last)) + last


def _compared(results: Results, machine: Machine) -> list[str]:
    """A scenario, and below it each side, beside the baseline's the change."""
    placements = results.placements(machine)
    widths = (*COUNTED * len(placements), SWITCHES)
    unit = "Guest instructions" if machine.exact else "Nanoseconds"
    lines = [
        f"{unit} from trigger to return of the wait [{machine}]",
        _heads(placements, COUNTED, "").rstrip(),
        row(
            "",
            [*("median", "p10-p90", "change") * len(placements), "switches"],
            widths,
            LABEL,
        ),
    ]
    groups: list[list[str]] = []
    for scenario in shown(results, machine):
        group = [TITLES.get(scenario, scenario)]
        for name in results.sides(machine, scenario):
            cells: list[str] = []
            for placement in placements:
                cells += _three(results, machine, name, (scenario, placement))
            if set(cells) == {NOT_APPLICABLE, ""}:
                continue
            cells.append(_switches(results, machine, name, scenario))
            through = _listens(results, machine, name)
            group.append(row(f"  {name}{through}", cells, widths, LABEL))
        groups.append(group)
    groups += _floors(results, machine, widths)
    return lines + _cut(groups)


def _floors(
    results: Results, machine: Machine, widths: tuple[int, ...]
) -> list[list[str]]:
    """Of the baseline: those that wake somebody, as a notification does."""
    placements = results.placements(machine)
    group: list[str] = []
    for scenario in ("floor/pipe", "floor/futex"):
        base = results.base(machine, scenario)
        if base is None or scenario not in results.scenarios(machine):
            continue
        cells: list[str] = []
        for placement in placements:
            cells += _three(results, machine, base, (scenario, placement))
        name = f"floor: {scenario.split('/')[1]}"
        group.append(row(name, [*cells, ""], widths, LABEL))
    return [group] if group else []


def _cut(groups: list[list[str]]) -> list[str]:
    """As many groups as the screen takes, and how many are left."""
    lines: list[str] = []
    for number_, group in enumerate(groups):
        if lines and len(lines) + len(group) > LINES:
            left = len(groups) - number_
            return [*lines, f"and {left} more scenarios"]
        lines += group
    return lines


def _listens(results: Results, machine: Machine, name: str) -> str:
    """What mainline has is known by its request."""
    if "/" in name or name != judged(results, machine):
        return ""
    return " (LISTEN)" if results.through[name] == {"listen"} else ""


def _three(
    results: Results, machine: Machine, name: str, where: tuple[str, str]
) -> list[str]:
    one = shown_side(results, machine, name, where)
    if one is None:
        return [NOT_APPLICABLE, "", ""]
    got = changed(results, machine, name, where)
    return [number(one.median) + one.mark, _spread(one), got.change if got else ""]


def _spread(one: Side) -> str:
    got = one.quantiles
    return spread(got.p10, got.p90, COUNTED[1]) if got else "-"


def _switches(results: Results, machine: Machine, name: str, scenario: str) -> str:
    """A cycle's, of all placements; `9/2` where they differ."""
    found = []
    for placement in results.placements(machine):
        events = path_integers(results, machine, name, (scenario, placement))
        if events and (value := events["switches"]) is not None:
            found.append(f"{value:.4g}")
    return alternatives(found) or "-"


def _boots(results: Results, machine: Machine) -> str:
    """How many there are of each kernel, and how to get as many as a claim takes."""
    names = results.variants(machine)
    have = {name: results.booted(machine, name) for name in names}
    text = f"Boots: {', '.join(f'{name} {n}' for name, n in have.items())}."
    if many := sum(b.unquiet for b in results.boots if b.machine == machine):
        text += f" ! {many} of them began before the machine was quiet."
    inside = [
        row
        for row in within_boots(results)
        if (row.machine, row.family, row.unit) == (machine, PATHS, BOOT)
    ]
    takes = pairs.needed(len(inside)) if inside else MIN_BOOTS
    if min(have.values()) >= takes:
        return text
    how = "reboot, and the same command adds one"
    for part in ("machine", "vm"):
        if results.plan.get(part):
            how = f"boots = {takes} or more in [{part}] of the experiment"
    among = f"in {len(inside)} rows within boots" if inside else "of each"
    return f"{text} A difference takes {takes} or more {among}: {how}."


def _again(results: Results, machine: Machine) -> str:
    """What the baseline is against itself; empty where it was booted once a block."""
    found = [row for row in again.rows(results) if row.machine == machine]
    if not found:
        return ""
    told = counts(f"A/A, {found[0].base} against itself", found)
    alone = any(row.verdict != SAME for row in found)
    return told + (" Where not the same, half of its boots are the base." * alone)


def _other(results: Results, machine: Machine) -> str:
    """A machine that the table is not of: its notification."""
    if machine.exact:
        return f"{machine}: see the full tables."
    names = results.sides(machine)
    scenario = next(iter(shown(results, machine)), None)
    if scenario is None or len(names) > 1:
        return f"{machine}: see the full tables."
    parts = []
    for placement in results.placements(machine):
        one = of(results, machine, names[0], (scenario, placement))
        if one:
            parts.append(
                f"{number(one.median)}{one.mark} ns{_between(one)} ({placement})"
            )
    what = amounts.NOUNS.get(scenario, scenario)
    return f"This machine's own kernel [{machine}]: {what} {', '.join(parts)}."


def _between(one: Side) -> str:
    got = one.quantiles
    return f", p10-p90 {number(got.p10)}-{number(got.p90)}" if got else ""


def _alone(results: Results, machine: Machine) -> list[str]:
    """One kernel: a scenario a line."""
    placements = results.placements(machine)
    widths = ALONE * len(placements)
    room = WIDTH - sum(widths)
    unit = "Guest instructions" if machine.exact else "Nanoseconds"
    title = f"{unit} from trigger to return of the wait [{machine}]"
    heads = ["median", "p10-p90", "p99"] * len(placements)
    lines = [
        title,
        _heads(placements, ALONE, "").rstrip(),
        row("", heads, widths, room),
    ]
    names = results.sides(machine) or results.variants(machine)  # of floors alone
    rows = []
    for scenario in results.scenarios(machine):
        cells: list[str] = []
        for placement in placements:
            one = None
            for name in results.sides(machine, scenario)[:1]:
                one = of(results, machine, name, (scenario, placement))
            cells += _alone_cells(one)
        rows.append([row(scenario, cells, widths, room)])
    boots = results.booted(machine)
    lines += _cut(rows)
    lines.append(
        fill(
            f"Medians of {', '.join(names)}, {boots} boot"
            f"{'' if boots == 1 else 's'}: a claim takes {MIN_BOOTS} or more. "
            f"p99: from {P99_FROM} samples on."
        )
    )
    return lines


def _alone_cells(one: Side | None) -> list[str]:
    if one is None:
        return ["", "", ""]
    got = one.quantiles
    return [
        number(one.median) + one.mark,
        _spread(one),
        number(got.p99 if got else None),
    ]


def paths(directory: Path, name: str) -> str:
    """Where everything is that is there; `name`: what to call the directory."""
    known = {
        "report.html": "report.html (to read in a browser)",
        "table.txt": "table.txt (--full prints it), *.csv",
        "raw": "raw/ (samples)",
        "figures": "figures/",
        "lkml.eml": "lkml.eml (a mail)",
    }
    there = [text for file, text in known.items() if (directory / file).exists()]
    return fill(f"{name}/: {', '.join(there)}") if there else name
