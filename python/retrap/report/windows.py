# SPDX-License-Identifier: GPL-2.0-only
"""A sentence about each window: how long the first look after an event took, and how
often it came too early (bench/scenarios/window.h)."""

from __future__ import annotations

from collections.abc import Iterable

from retrap.analysis import readings
from retrap.report.designstable import LABELS
from retrap.results.store import Machine, Results

STAGE, TALLY = "first", "early"


def sentences(results: Results, machine: Machine) -> list[str]:
    """Of the first placement that was measured: the others stand in table.txt."""
    found = []
    for scenario in results.paths(machine):
        for placement in results.placements(machine):
            if text := _sentence(results, machine, scenario, placement):
                found.append(text)
                break
    return found


def _sentence(results: Results, machine: Machine, scenario: str, placement: str) -> str:
    sides = readings.of(results, machine, (scenario, placement))
    if not sides or any(not {STAGE, TALLY} <= each.keys() for each in sides.values()):
        return ""
    took = grouped((n, f"{e[STAGE].quantiles.median}") for n, e in sides.items())
    early = grouped((n, f"{100 * e[TALLY].some:.3g}%") for n, e in sides.items())
    unit = "instructions" if machine.exact else "ns"
    name = LABELS.get(scenario, scenario)
    return (
        f"{name} ({placement}): the first look returns after {took} {unit}. It comes "
        f"too early in {early} of the samples."
    )


def grouped(values: Iterable[tuple[str, str]]) -> str:
    """`2729 (a, b), 8905 (c)`; a value that all have stands alone."""
    groups: dict[str, list[str]] = {}
    for name, value in values:
        groups.setdefault(value, []).append(name)
    if len(groups) == 1:
        return next(iter(groups))
    return ", ".join(f"{value} ({', '.join(who)})" for value, who in groups.items())
