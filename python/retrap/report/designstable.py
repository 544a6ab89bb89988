# SPDX-License-Identifier: GPL-2.0-only
"""The table that decides: a scenario a line, a design a column, 72 columns.

Beside the baseline's median and spread stands what each other side changes; where the
placements differ, `same-cpu/cross-cpu`.
"""

from __future__ import annotations

import os
import re
from collections.abc import Sequence

from retrap.analysis.compare import shown as shown_side
from retrap.analysis.within import changes
from retrap.base.textgrid import alternatives, number, row, spread
from retrap.results.store import Machine, Results

LABELS = {
    "retrap/trigger:sigcont": "told of SIGCONT",
    "cycle/notification": "  armed again",
    "retrap/trigger:interrupt": "INTERRUPT, armed",
    "inspect/registers": "registers, armed",
    "unasked/examined/times:1": "SIGCONT, unarmed",
    "unasked/kill": "  its kill alone",
    "window/sigcont-wait/busy:0/nice:0": "WNOHANG, armed",
    "uncaring/jobctl": "passes STOP+CONT",
    "uncaring/sigcont": "passes CONT",
    "floor/futex": "floor: futex",
}
ROOM, MEDIAN, SPREAD, CHANGE = 17, 6, 10, 13
MOST = 4  # sides, with the baseline


def fits(results: Results, machine: Machine, scenarios: Sequence[str]) -> bool:
    """Whether there are some more than two rows, and no more sides than columns."""
    return len(shown(scenarios)) > 2 and 2 <= len(results.sides(machine)) <= MOST


def shown(scenarios: Sequence[str]) -> list[str]:
    """Those that have a row, in the order of the rows; no floors."""
    paths = [name for name in scenarios if not name.startswith("floor/")]
    return [name for name in LABELS if name in paths]


def lines(
    results: Results, machine: Machine, base: str, scenarios: Sequence[str]
) -> list[str]:
    """A row for each of `scenarios` that has one; the floors last."""
    others = [name for name in results.sides(machine) if name != base]
    unit = "Guest instructions" if machine.exact else "Nanoseconds"
    found = [f"{unit}, and changes against {base} [{machine}]"]
    first, *rest = results.placements(machine)
    told = f"a/b: b at {rest[0]}." if rest else ""
    found.append(f"armed: tracer waits for news. Medians: {first}. {told}".rstrip())
    found += _heads([base, *others])
    floors = [name for name in results.scenarios(machine) if name in results.floors]
    for scenario in (*shown(scenarios), *(name for name in LABELS if name in floors)):
        mine = results.base(machine, scenario) or base
        found.append(_row(results, machine, scenario, mine, others))
    return found


def _heads(names: Sequence[str]) -> list[str]:
    """Each name in two lines, cut at its first dash; less what all end in."""
    shared = _ending([name.rpartition("/")[2] for name in names])
    parts = [
        name.rpartition("/")[2].removesuffix(shared).partition("-") for name in names
    ]
    upper = [head + dash for head, dash, _ in parts]
    lower = [tail for _, _, tail in parts]
    if not lower[0]:
        upper[0], lower[0] = "", upper[0]
    widths = [MEDIAN + SPREAD, *[CHANGE] * (len(names) - 1)]
    columns = ["median", "p10-p90", *["change"] * (len(names) - 1)]
    return [
        row("", upper, widths, ROOM),
        row("", lower, widths, ROOM),
        row("", columns, [MEDIAN + 1, SPREAD - 1, *widths[1:]], ROOM),
    ]


def _ending(names: Sequence[str]) -> str:
    """`-7.x`, of names that all end so."""
    ending = os.path.commonprefix([name[::-1] for name in names])[::-1]
    return ending[ending.find("-") :] if "-" in ending else ""


def _row(
    results: Results, machine: Machine, scenario: str, base: str, others: Sequence[str]
) -> str:
    places = results.placements(machine)
    one = next(
        (
            side
            for place in places
            if (side := shown_side(results, machine, base, (scenario, place)))
        ),
        None,
    )
    got = one.quantiles if one else None
    cells = [
        number(one.median) + one.mark if one else "-",
        spread(got.p10, got.p90, SPREAD) if got else "-",
    ]
    cells += [_changes(results, machine, scenario, name) for name in others]
    widths = [MEDIAN, SPREAD, *[CHANGE] * len(others)]
    return row(LABELS[scenario], cells, widths, ROOM)


def _changes(results: Results, machine: Machine, scenario: str, name: str) -> str:
    """`+104`, or `-5237/-7525`; empty of a floor, which is no side's."""
    found = changes(results, machine, name, scenario)
    return narrow(alternatives(one.change for one in found))


def narrow(text: str) -> str:
    """Changes with fewer digits, where the column has no room for all.

    >>> narrow("+6360/+8776"), narrow("-7913/-10201"), narrow("~-94.3%/~-5210.5%")
    ('+6360/+8776', '-8k/-10k', '~-94%/~-5k%')
    """
    if len(text) >= CHANGE:
        text = re.sub(r"\d+\.\d+", lambda digits: f"{float(digits[0]):.0f}", text)
    if len(text) >= CHANGE:
        text = re.sub(r"\d{4,}", lambda digits: f"{int(digits[0]) / 1000:.0f}k", text)
    if len(text) >= CHANGE:
        text = re.sub(r"^(~?)(.*)%/\1", r"\1\2/", text)  # a mark of both, said once
    return text
