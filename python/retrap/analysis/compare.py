# SPDX-License-Identifier: GPL-2.0-only
"""Variants against the baseline of one directory, or directory against directory.

`exact` repeats exactly, so it is decided by whether the ranges of the sweep
medians are apart; `vm` and `bare-metal` by a test on whole boots.
"""

from __future__ import annotations

from dataclasses import astuple, dataclass, fields
from pathlib import Path

from retrap.analysis import stats
from retrap.analysis.side import Side, side
from retrap.results.store import Machine, Results, atomic_write, load
from retrap.analysis.summarize import csv_text

NOT_APPLICABLE = "n.a."
IN_ORDER = (
    "the boots of one kernel all came before those of the other: what changed on the "
    "machine meanwhile is in the difference; boot them in turns"
)


@dataclass(frozen=True)
class Comparison:
    """A row of comparison.csv; the fields are its columns."""

    substrate: str
    arch: str
    unit: str
    scenario: str
    placement: str
    base: str
    test: str
    base_interface: str | None
    test_interface: str | None
    base_boots: int
    test_boots: int
    base_median: float | None
    test_median: float | None
    delta: float | None
    delta_pct: float | None
    base_min: int | None
    test_min: int | None
    base_cheap: float | None
    test_cheap: float | None
    delta_cheap: float | None
    verdict: str
    verdict_cheap: str
    p_value: float | None
    ci_lo: float | None
    ci_hi: float | None
    warnings: str

    @property
    def machine(self) -> Machine:
        return Machine(self.substrate, self.arch)


COLUMNS = tuple(field.name for field in fields(Comparison))


def compare_sides(
    machine: Machine,
    where: tuple[str, str],
    names: tuple[str, str],
    base: Side | None,
    test: Side | None,
) -> Comparison:
    """`where` is scenario and placement, `names` those of the two sides."""
    notes = [*(base.warnings if base else ()), *(test.warnings if test else ())]
    verdict = cheap = NOT_APPLICABLE
    p_value = delta = delta_cheap = None
    interval: tuple[float, float] | None = None
    if base and test and base.median is not None and test.median is not None:
        delta = test.median - base.median
        if machine.exact:
            verdict = stats.range_verdict(base.sweeps, test.sweeps)
            cheap = stats.range_verdict(base.cheap_sweeps, test.cheap_sweeps)
            if base.cheap is not None and test.cheap is not None:
                delta_cheap = test.cheap - base.cheap
        else:
            got = stats.compare_boots(base.boot_medians, test.boot_medians)
            verdict, p_value, interval = got.verdict, got.p_value, got.ci
            delta = got.delta
            notes += got.warnings
            if one_after_the_other(base, test):
                notes.append(IN_ORDER)
    elif base and test:  # a side has the cell, and no sample of it succeeded
        verdict = "~"
        cheap = "~" if machine.exact else cheap
    base_median = base.median if base else None
    return Comparison(
        *machine,
        machine.unit,
        *where,
        *names,
        base_interface=base.interface if base else None,
        test_interface=test.interface if test else None,
        base_boots=base.boots if base else 0,
        test_boots=test.boots if test else 0,
        base_median=base_median,
        test_median=test.median if test else None,
        delta=delta,
        delta_pct=_percent(delta, base_median),
        base_min=base.minimum if base else None,
        test_min=test.minimum if test else None,
        base_cheap=base.cheap if base else None,
        test_cheap=test.cheap if test else None,
        delta_cheap=delta_cheap,
        verdict=verdict,
        verdict_cheap=cheap,
        p_value=p_value,
        ci_lo=interval[0] if interval else None,
        ci_hi=interval[1] if interval else None,
        warnings="; ".join(dict.fromkeys(notes)),
    )


def one_after_the_other(base: Side, test: Side) -> bool:
    """No boot of one came between two of the other. A test over boots takes every
    order of them for as likely, so it cannot tell a kernel from a drift then."""
    times = [[cell.run.get("began") for cell in one.cells] for one in (base, test)]
    first, second = ([t for t in side if isinstance(t, str)] for side in times)
    if min(len(first), len(second)) < stats.MIN_BOOTS:
        return False
    return max(first) < min(second) or max(second) < min(first)


def _percent(delta: float | None, base: float | None) -> float | None:
    return None if delta is None or not base else 100 * delta / base


def cells_of(results: Results, machine: Machine) -> list[tuple[str, str]]:
    """(scenario, placement) of each timed cell any side has, as planned."""
    present = {
        (cell.scenario, cell.placement)
        for cell in results.cells()
        if cell.machine == machine and cell.samples is not None
    }
    return [
        (scenario, placement)
        for scenario in results.scenarios(machine)
        for placement in results.placements(machine)
        if (scenario, placement) in present
    ]


def comparisons(results: Results) -> list[Comparison]:
    """Every side against the baseline, on each machine the baseline ran on."""
    rows = []
    for machine in results.machines:
        for where in cells_of(results, machine):
            base = results.base(machine, where[0])
            if base is None:
                continue
            first = side(results.of(machine, base, where))
            for test in results.sides(machine, where[0]):
                second = side(results.of(machine, test, where))
                if test == base or (first is None and second is None):
                    continue
                names = (base, test)
                rows.append(compare_sides(machine, where, names, first, second))
    return rows


def compare(dir: Path) -> None:
    """Write comparison.csv. Errors: EXIT_RESULTS."""
    rows = [astuple(row) for row in comparisons(load(dir))]
    atomic_write(dir / "comparison.csv", csv_text(COLUMNS, rows))
