# SPDX-License-Identifier: GPL-2.0-only
"""The races of the rule book by their outcomes, from a stored conform.json.

A test that is a race records how many turns ended in which way
(rules/book/outcomes.h). A race needs vCPUs that run side by side, so the counts
are those of the smp boots.
"""

from __future__ import annotations

from typing import Any

from retrap.rules.conform import SMP

OUTCOME = "outcome_"
HEAD = ("race", "outcome", "same-cpu", "cross-cpu")
PLACES = ("same", "cross")


def outcomes(properties: dict[str, str]) -> dict[str, int]:
    """Turns by outcome, of what one test recorded; empty when it is no race."""
    return {
        name.removeprefix(OUTCOME): int(value)
        for name, value in properties.items()
        if name.startswith(OUTCOME)
    }


def render(record: dict[str, Any]) -> str:
    """A block a kernel, a row an outcome: its turns in each placement."""
    lines = [
        f"{record['stamp']} UTC, retrap {record['version']}, {record['cpus']} vCPUs "
        "side by side"
    ]
    for name, column in record["columns"].items():
        boot = column["boots"].get(SMP)
        if boot and (rows := _rows(boot["properties"])):
            lines += ["", name, *_grid([HEAD, *rows])]
    return "\n".join(lines) + "\n"


def _rows(properties: dict[str, dict[str, str]]) -> list[tuple[str, ...]]:
    races: dict[str, dict[str, dict[str, int]]] = {}
    for test, values in properties.items():
        race, _, place = test.partition("/")
        if found := outcomes(values):
            races.setdefault(race, {})[place] = found
    rows: list[tuple[str, ...]] = []
    for race, places in sorted(races.items()):
        title = race
        for outcome in sorted(set().union(*places.values())):
            rows.append((title, outcome, *_cells(places, outcome)))
            title = ""
    return rows


def _cells(places: dict[str, dict[str, int]], outcome: str) -> list[str]:
    """`count of turns`, or `-` where the placement did not run."""
    return [
        f"{places[place].get(outcome, 0)} of {sum(places[place].values())}"
        if place in places
        else "-"
        for place in PLACES
    ]


def _grid(rows: list[tuple[str, ...]]) -> list[str]:
    widths = [max(len(row[at]) for row in rows) for at in range(len(HEAD))]
    return [
        f"{row[0]:{widths[0]}}  {row[1]:{widths[1]}}"
        + "".join(f"  {row[at]:>{widths[at]}}" for at in (2, 3))
        for row in rows
    ]
