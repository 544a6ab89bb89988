# SPDX-License-Identifier: GPL-2.0-only
"""What patches cost: the last screen of `retrap try`, in at most 24 lines of 80, and
the whole of it (try.txt)."""

from __future__ import annotations

import sys
import textwrap
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import chain

from retrap.analysis.comparison import Comparison
from retrap.analysis.steps import against_first
from retrap.analysis.verdict import DECIDED, NOT_APPLICABLE, SAME, UNDECIDED
from retrap.base.textgrid import number, row
from retrap.report import tried_functions, tried_series
from retrap.report.sentences import counts, cut, integers, ranges
from retrap.profile.choice import Choice
from retrap.profile.difference import Difference
from retrap.results.store import Machine, Results

LINES = 22  # of a screen of 24: two name what has been written
# At most so many are shown: cells by function, lines of path integers. Cells take the
# lines that are left, or FEW.
BLAMED, INTEGERS, FEW = 2, 2, 3
DEEP = 2  # lines of functions of a cell, where there is room
LABEL, PLACE, WIDTH = 34, 10, 9
PARAGRAPH = 70


@dataclass(frozen=True)
class Tried:
    """`titles`: of the patches. `functions`: cells by function, of the base and of all
    patches."""

    titles: list[str]
    choice: Choice
    functions: Sequence[Difference] = ()


def changed_scenarios(results: Results, choice: Choice) -> list[str]:
    """That the last kernel is surely cheaper or dearer in, the largest change first.
    Where there is none, those that are undecided: a profile shows what differs in
    nearly every sample of them."""
    every = rows(results, choice)
    found = [row for row in every if row.decided and row.verdict != SAME]
    found = found or [row for row in every if row.verdict == UNDECIDED]
    found.sort(key=lambda row: -abs(row.judgement.estimate or 0))
    return list(dict.fromkeys(row.scenario for row in found))


def rows(results: Results, choice: Choice) -> list[Comparison]:
    """All patches against the base, in the cells that are no controls."""
    return [row for row in _whole(results) if row.scenario not in choice.controls]


def _whole(results: Results) -> list[Comparison]:
    """All patches against the base: the last kernel, through each of its interfaces."""
    last = results.plan["variants"][-1]["name"]
    return [row for row in against_first(results) if results.kernel(row.test) == last]


def render(results: Results, tried: Tried) -> str:
    """The screen: of the first architecture, and a line or two of each other. Lines
    that are left over name more functions."""
    first = results.machines[0]
    text, deep = (_text(results, tried, first, False, deep) for deep in (1, DEEP))
    return deep if len(deep.splitlines()) <= LINES else text


def whole(results: Results, tried: Tried) -> str:
    """All of it, on each architecture."""
    return "\n".join(_text(results, tried, each, True) for each in results.machines)


def _text(
    results: Results, tried: Tried, machine: Machine, whole: bool, deep: int = 1
) -> str:
    titles = tried.titles
    base = str(results.plan["baseline"])
    many = "the patch costs" if len(titles) == 1 else f"the {len(titles)} patches cost"
    head = [f"What {many} on {base}, guest instructions [{machine}]"]
    if whole or len(titles) == 1:
        told = (f"  {n} {title}" for n, title in enumerate(titles, 1))
        head += [each if whole else each[:80] for each in told]
    lines = _lines(results, tried, machine, whole, deep)
    mine = _of(results, tried, machine)
    functions = tried.functions if machine == results.machines[0] else ()
    paragraph = _paragraph(functions, base, machine, mine) if mine else []
    room = LINES - len(head) - len(lines)
    if not whole and len(paragraph) + FEW + 2 > room:
        paragraph = _paragraph((), base, machine, mine) if mine else []
    if len(titles) > 1 and mine:
        table = _series(results, tried, machine, whole, room)
        if len(table) + len(paragraph) > room and not whole:
            paragraph = []  # try.txt has it
    else:
        room = max(FEW, room - len(paragraph) - 2)
        table = _table(base, mine, len(mine) if whole else room)
    return "\n".join([*head, *table, *lines, *paragraph]) + "\n"


def _of(results: Results, tried: Tried, machine: Machine) -> list[Comparison]:
    return [row for row in rows(results, tried.choice) if row.machine == machine]


def _series(
    results: Results, tried: Tried, machine: Machine, whole: bool, room: int
) -> list[str]:
    """A row a patch; and, of the whole, every cell that one changes, and with all."""
    controls = tried.choice.controls
    series = tried_series.of(results, machine, tried.titles, controls)
    if not whole:
        return tried_series.table(series, room)
    lines = tried_series.table(series, sys.maxsize)
    for text in tried_series.changes(series):
        lines += cut(text, None)
    mine = _of(results, tried, machine)
    return [*lines, "", *_table(str(results.plan["baseline"]), mine, len(mine))]


def _lines(
    results: Results, tried: Tried, machine: Machine, whole: bool, deep: int
) -> list[str]:
    """What is below the table. `deep`: lines that the functions of a cell may take."""
    mine = _of(results, tried, machine)
    one = len(tried.titles) == 1
    controls = _control_rows(results, tried, machine)
    paths = " ".join(_integers(results, machine))
    most, few = (None, None) if whole else (INTEGERS if one else 1, 1)
    said = "With the patch" if one else "With all patches"
    lines = cut(counts(said, mine), most) if mine else []
    lines += cut(ranges(mine), few)
    lines += cut(_controls(controls), few)
    lines += cut(_unreached(tried.choice), few)
    lines += cut(paths, most)
    first, *others = results.machines
    if machine == first:
        sizes = tried_functions.code(results)
        lines += _blamed(tried.functions, sizes, whole, deep)
        lines += cut(tried_functions.told_of_code(sizes, whole), few)
        lines += [] if whole else _elsewhere(results, tried, others)
    return lines


def _elsewhere(results: Results, tried: Tried, others: Sequence[Machine]) -> list[str]:
    """What another architecture says; and where a control moves there, that."""
    lines = []
    for machine in others:
        name = f"{machine.arch} (try.txt)"
        mine = _of(results, tried, machine)
        lines += cut(counts(name, mine), 2) if mine else []
        controls = _control_rows(results, tried, machine)
        if any(row.decided for row in controls):
            lines += cut(f"{name}: {_controls(controls)}", 1)
    return lines


def _integers(results: Results, machine: Machine) -> list[str]:
    """Of the last kernel against the first, through each interface."""
    variants = results.plan["variants"]
    base, last = str(variants[0]["name"]), str(variants[-1]["name"])
    floor = results.scenarios(machine)[0]  # where there is no path
    return [
        told
        for side in results.sides(machine) or results.sides(machine, floor)
        if results.kernel(side) == last
        for told in integers(results, machine, base + side.removeprefix(last), side)
    ]


def _control_rows(results: Results, tried: Tried, machine: Machine) -> list[Comparison]:
    controls = tried.choice.controls
    every = [row for row in _whole(results) if row.machine == machine]
    return [row for row in every if row.scenario in controls]


def _controls(controls: list[Comparison]) -> str:
    """Cells that run nothing of the patch must not change."""
    for kind, verdicts in (("CAUTION: c", DECIDED), ("C", (UNDECIDED,))):
        if moved := [row for row in controls if row.verdict in verdicts]:
            told = ", ".join(f"{_cell(row)} {row.change}" for row in moved)
            return f"{kind}ontrols, which run none of it: {told}."
    names = dict.fromkeys(row.scenario for row in controls if row.verdict == SAME)
    same = f"Controls, which run none of it: same ({', '.join(names)})."
    return same if names else ""


def _unreached(choice: Choice) -> str:
    if choice.unreached is None:
        return "There is no map, so which functions no scenario runs is not known."
    if not choice.unreached:
        return ""
    names = ", ".join(f"{name}()" for name in choice.unreached)
    return f"No scenario of the map runs {names}."


def _table(base: str, mine: list[Comparison], most: int) -> list[str]:
    """The cells that change with all patches: decided ones, the largest first."""
    if not mine:
        return ["Nothing that is measured runs code which differs: controls alone are."]
    changed = [row for row in mine if row.verdict not in (SAME, NOT_APPLICABLE)]
    if not changed:
        return ["No cell changes."]
    changed.sort(key=lambda row: (not row.decided, -abs(row.judgement.estimate or 0)))
    places = [_cell(one).removeprefix(f"{one.scenario} ") for one in changed]
    widths = [max(PLACE, *(len(each) + 2 for each in places)), WIDTH, WIDTH]
    lines = [row("", ["", base[: WIDTH - 1], "change"], widths, LABEL)]
    for one, place in zip(changed[:most], places, strict=False):
        cells = [place, number(one.levels[0]), one.change]
        lines.append(row(one.scenario, cells, widths, LABEL))
    if len(changed) > most:
        lines.append(f"and {len(changed) - most} more in try.txt")
    return lines


def _cell(one: Comparison) -> str:
    """With the interface, where the kernel has several."""
    through = one.test.partition("/")[2]
    parts = (one.scenario, through, one.placement)
    return " ".join(part for part in parts if part)


def _blamed(
    functions: Sequence[Difference],
    sizes: Mapping[str, int] | None,
    whole: bool,
    deep: int,
) -> list[str]:
    """Lines of each cell: which functions make its change. `deep`: how many lines."""
    if whole:
        all_of = (tried_functions.whole(each, sizes) for each in functions)
        return [line for text in chain(*all_of) for line in cut(text, None)]
    every = (tried_functions.line(each, sizes, 3 * deep) for each in functions)
    cells = [text for text in every if text]
    return [line for text in cells[:BLAMED] for line in cut(text, deep)]


def _paragraph(
    functions: Sequence[Difference],
    base: str,
    machine: Machine,
    mine: list[Comparison],
) -> list[str]:
    """No wider than the numbers. Where no cell is decided, `functions` are named."""
    decided = [row for row in mine if row.verdict not in (SAME, NOT_APPLICABLE)]
    open_ = [row for row in decided if row.verdict == UNDECIDED]
    decided = [row for row in decided if row.verdict != UNDECIDED]
    decided.sort(key=lambda row: -abs(row.judgement.estimate or 0))
    told = [f"{_cell(row)} {row.change}" for row in decided[:3]]
    more = f" and {len(decided) - 3} more" if len(decided) > 3 else ""
    changes = f"{', '.join(told)}{more}" if told else "no change that is decided"
    text = (
        f"Guest instructions in QEMU ({machine.arch}), against {base}: {changes}; "
        f"{len(open_)} undecided, of {len(mine)} cells. "
    )
    if not told and (by_function := tried_functions.largest(functions)):
        text += f"By function, {by_function}. "
    lines = textwrap.wrap(
        f"{text}Instructions are no times.",
        PARAGRAPH,
        initial_indent="  ",
        subsequent_indent="  ",
        break_on_hyphens=False,
    )
    return ["For a changelog:", *lines]
