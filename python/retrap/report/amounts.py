# SPDX-License-Identifier: GPL-2.0-only
"""The sentences below the short table: how much each side takes, in words."""

from __future__ import annotations

from retrap.analysis.compare import comparisons
from retrap.analysis.comparison import Comparison, deciding
from retrap.analysis.verdict import DECIDED, NOT_APPLICABLE, SAME, VOID
from retrap.analysis.within import within_boots
from retrap.report.sentences import caution, counts
from retrap.results.store import Machine, Results

NOUNS = {
    "retrap/trigger:sigcont": "a notification of SIGCONT",
    "retrap/trigger:interrupt": "PTRACE_INTERRUPT while waiting for news",
}


def sentences(
    results: Results,
    machine: Machine,
    base: str,
    scenarios: list[str],
    told_all: bool = True,
) -> list[str]:
    """Of the scenarios that the table shows, unless the table says it all; then what
    decides the rest of the cells."""
    rows = [row for row in comparisons(results) if row.machine == machine]
    inside = [row for row in within_boots(results) if row.machine == machine]
    told = []
    if told_all:
        told += _told(results, machine, f"against {base}", rows, scenarios)
    if text := caution(results, rows):
        told.append(f"! {text}")
    for other in dict.fromkeys(row.base for row in inside if told_all):
        mine = [row for row in inside if row.base == other]
        against = f"within boots, against {other}"
        told += _told(results, machine, against, mine, scenarios)
    undecided = [row for row in rows if row.decided_by]
    if machine.exact and undecided:
        commands = deciding(undecided)
        one = len(commands) == 1 and told_all
        by = commands[0] if one else "the commands in table.txt"
        told.append(
            f"~ undecided: {len(undecided)} of {len(rows)} cells, decided by {by}"
        )
    return list(filter(None, told))


def _told(
    results: Results,
    machine: Machine,
    against: str,
    rows: list[Comparison],
    scenarios: list[str],
) -> list[str]:
    """Of rows with one base."""
    paths = [row for row in rows if row.scenario not in results.floors]
    if set(scenarios) <= set(NOUNS):
        return [_of_nouns(machine, against, scenarios, paths)]
    names = dict.fromkeys(row.test for row in paths)
    told = [counts(n, [row for row in paths if row.test == n]) for n in names]
    head = f"{against[0].upper()}{against[1:]}:"
    return [head, *told] if told and rows[0].within else told


def _of_nouns(
    machine: Machine, against: str, scenarios: list[str], rows: list[Comparison]
) -> str:
    parts = []
    for scenario in scenarios:
        sides: dict[str, dict[str, Comparison]] = {}
        for one in rows:
            if one.scenario == scenario and one.verdict != NOT_APPLICABLE:
                sides.setdefault(one.test, {})[one.placement] = one
        said = [_amounts(name, told) for name, told in sides.items()]
        if said:
            parts.append(f"{NOUNS[scenario]} takes {', '.join(said)}")
    text = "; ".join(parts)
    unit = "instructions" if machine.exact else "ns"
    return f"In {unit}, {against}: {text}." if text else ""


def _amounts(name: str, told: dict[str, Comparison]) -> str:
    """`5237 to 7525 fewer with b`, over the placements; where one is decided alone
    it is named."""
    found: dict[str, dict[str, float]] = {}
    for place, got in told.items():
        if got.verdict in (*DECIDED, SAME):
            change = abs(got.judgement.estimate or 0)
            found.setdefault(got.verdict, {})[place] = change
    if not found:
        void = all(got.verdict == VOID for got in told.values())
        return f"{'no valid' if void else 'an undecided'} amount with {name}"
    parts = []
    if any(got.interval and not got.machine.exact for got in told.values()):
        parts = [_sure(place, got, len(told)) for place, got in told.items()]
        return f"{' and '.join(filter(None, parts))} with {name}"
    for verdict, places in found.items():
        ends = dict.fromkeys(f"{end:.0f}" for end in sorted(places.values()))
        where = "" if len(places) == len(told) else f" ({', '.join(places)})"
        amount = " to ".join((next(iter(ends)), list(ends)[-1])[: len(ends)])
        amount = "the same" if verdict == SAME else f"{amount} {verdict}"
        parts.append(f"{amount}{where}")
    return f"{' and '.join(parts)} with {name}"


def _sure(place: str, got: Comparison, places: int) -> str:
    """`1683 fewer (1610 to 1755; cross-cpu)`, the interval of 95 % over boots; the same
    has none. Empty of what is undecided."""
    where = place if places > 1 else ""
    if got.verdict == SAME:
        return "the same" + (f" ({where})" if where else "")
    if got.verdict not in DECIDED or got.interval is None:
        return ""
    low, high = sorted(abs(end) for end in got.interval)
    sure = "; ".join(filter(None, (f"{low:.0f} to {high:.0f}", where)))
    return f"{abs(got.judgement.estimate or 0):.0f} {got.verdict} ({sure})"
