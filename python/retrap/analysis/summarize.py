# SPDX-License-Identifier: GPL-2.0-only
"""Result directory to summary.csv (a row a boot and cell) and counters.csv."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from retrap.analysis import stats
from retrap.results import counters
from retrap.results.store import Cell, Results, atomic_write, load

Value = str | int | float | bool | None
CELL = (
    *("variant", "boot", "substrate", "arch", "unit"),
    *("scenario", "placement", "interface"),
)
SUMMARY = (
    *CELL,
    *("taken", "failed", "min", "p10", "median", "p90", "p99", "max"),
    *("sweeps", "sweep_median_lo", "sweep_median_hi"),
    *("cheap", "cheap_share", "warnings"),
)
COUNTERS = (
    *(name for name in CELL if name != "unit"),
    *("event", "cycles", "count_n", "count_2n", "per_cycle", "whole", "agree", "pairs"),
)


@dataclass(frozen=True)
class Summary:
    """A timed cell of one boot. Numbers are None when no sample succeeded."""

    cell: Cell
    quantiles: stats.Quantiles | None
    sweeps: tuple[int, ...]
    cheap: stats.CheapClass | None
    warnings: tuple[str, ...]


def summary(cell: Cell) -> Summary:
    """What one process measured. Classes exist only in `exact`."""
    values = cell.latencies[cell.ok]
    quantiles = stats.quantiles(values)
    exact = cell.machine.exact
    cheap = stats.cheapest_class(values) if exact else None
    sweeps = stats.sweep_medians(cell.latencies, cell.ok)
    notes = _warnings(cell, quantiles)
    return Summary(cell, quantiles, sweeps, cheap, notes)


def _warnings(cell: Cell, quantiles: stats.Quantiles | None) -> tuple[str, ...]:
    assert cell.samples is not None
    notes = [str(text) for text in cell.run["warnings"]]
    taken = cell.samples.size
    for outcome, count in cell.failures.items():
        notes.append(f"{count} of {taken} samples failed: {outcome}")
    if taken < cell.run["samples_requested"]:
        asked = cell.run["samples_requested"]
        notes.append(f"{taken} of {asked} samples taken: {cell.run['stop_reason']}")
    moved = int((cell.samples["cpu"] != cell.run["tracer_cpu"]).sum())
    if moved and cell.run["tracer_cpu"] is not None:
        notes.append(f"{moved} samples ended off the tracer's CPU")
    if 0 < taken < stats.SWEEPS * stats.SMALL_SWEEP:
        notes.append(f"under {stats.SMALL_SWEEP} samples a sweep: take more samples")
    floor = cell.run["floors"].get("clock_median")
    if quantiles is None or cell.floor or floor is None:
        return tuple(notes)
    if quantiles.median < 3 * floor:
        notes.append("median is below 3 x the clock floor: mostly the method")
    return tuple(notes)


def timed(results: Results) -> list[Cell]:
    """The cells that have samples."""
    return [cell for cell in results.cells() if cell.samples is not None]


def csv_text(columns: Sequence[str], rows: Iterable[Sequence[Value]]) -> str:
    """CSV with a header; None is an empty field, true and false as in JSON."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(columns)
    for row in rows:
        writer.writerow([_field(value) for value in row])
    return out.getvalue()


def _field(value: Value) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return f"{value:.10g}"
    return str(value)


def _summary_row(cell: Cell) -> list[Value]:
    got = summary(cell)
    assert cell.samples is not None
    name: list[Value] = [cell.variant, cell.boot, *cell.machine, cell.machine.unit]
    name += [cell.scenario, cell.placement, cell.interface]
    taken = int(cell.samples.size)
    name += [taken, taken - int(cell.ok.sum())]
    q, cheap, sweeps = got.quantiles, got.cheap, got.sweeps
    tail: list[Value] = [len(sweeps)]
    tail += [min(sweeps), max(sweeps)] if sweeps else [None, None]
    tail += [cheap.value, cheap.share] if cheap else [None, None]
    tail.append("; ".join(got.warnings))
    if q is None:
        return [*name, *[None] * 6, *tail]
    top = q.maximum if cell.machine.exact else None
    return [*name, q.minimum, q.p10, q.median, q.p90, q.p99, top, *tail]


def _counter_rows(cell: Cell) -> Iterable[list[Value]]:
    for event in counters.per_cycle(cell):
        yield [
            *(cell.variant, cell.boot, *cell.machine),
            *(cell.scenario, cell.placement, cell.interface),
            *(event.event, event.cycles, event.count_n, event.count_2n),
            *(event.per_cycle, event.whole, event.agree, event.pairs),
        ]


def summarize(dir: Path) -> None:
    """Write summary.csv and counters.csv. Errors: EXIT_RESULTS."""
    results = load(dir)
    rows = [_summary_row(cell) for cell in timed(results)]
    atomic_write(dir / "summary.csv", csv_text(SUMMARY, rows))
    events = [row for cell in results.cells() for row in _counter_rows(cell)]
    atomic_write(dir / "counters.csv", csv_text(COUNTERS, events))
