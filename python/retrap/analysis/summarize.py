# SPDX-License-Identifier: GPL-2.0-only
"""Result directory to measured.csv (a row a boot, cell and metric) and counters.csv."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from typing import NamedTuple

from retrap.results import stats
from retrap.results import counters
from retrap.results.futex import FLOOR, of_cells
from retrap.results.store import Cell, Results, atomic_write
from retrap.results.summary import Reading

Value = str | int | float | bool | None
CELL = (
    *("variant", "boot", "substrate", "arch"),
    *("scenario", "placement", "interface"),
)
QUANTILES = ("minimum", "p10", "median", "p90", "p99")
MEASURED = (*CELL, "metric", "unit", "value")
COUNTERS = (
    *CELL,
    *("event", "cycles", "count_n", "count_2n", "per_cycle", "whole", "agree", "pairs"),
)


class Metric(NamedTuple):
    """One number about a cell; None: it is not known."""

    name: str
    unit: str
    value: Value


def metrics(cell: Cell) -> Iterator[Metric]:
    """Of its samples, of its counting runs, and what is to be known of them."""
    if got := cell.summary:
        yield Metric("taken", "samples", got.taken)
        yield Metric("failed", "samples", got.failed)
        for outcome, count in got.failures.items():
            yield Metric(f"failed: {outcome}", "samples", count)
        unit, q, cheap = cell.machine.unit, got.quantiles, got.cheap
        for name in (*QUANTILES, "maximum") if cell.machine.exact else QUANTILES:
            yield Metric(name, unit, getattr(q, name) if q else None)
        for number, median in enumerate(got.sweeps, 1):
            yield Metric(f"median of sweep {number}", unit, median)
        if cheap:
            yield Metric("cheapest", unit, cheap.value)
            yield Metric("cheapest: share", "of the samples", cheap.share)
        for name, each in got.readings.items():
            yield from _of_reading(name, each, unit)
    for event in counters.per_cycle(cell):
        yield Metric(event.event, "a cycle", event.per_cycle)
    if cell.timed:
        for text in warnings(cell):
            yield Metric("warning", "", text)


def _of_reading(name: str, each: Reading, unit: str) -> Iterator[Metric]:
    """Of a stage quantiles, of a tally how many."""
    if each.stage:
        for quantile in QUANTILES:
            value = getattr(each.quantiles, quantile)
            yield Metric(f"{name}: {quantile}", unit, value)
        return
    yield Metric(f"{name}: mean", "a sample", each.mean)
    yield Metric(f"{name}: not 0", "of the samples", each.some)
    yield Metric(f"{name}: maximum", "a sample", each.quantiles.maximum)


def warnings(cell: Cell) -> tuple[str, ...]:
    """What a reader of a timed cell's numbers has to know."""
    assert cell.summary is not None
    got, run = cell.summary, cell.run
    notes = [str(text) for text in run["warnings"]]
    for outcome, count in got.failures.items():
        notes.append(f"{count} of {got.taken} samples failed: {outcome}")
    if got.taken < run["samples_requested"]:
        asked = run["samples_requested"]
        notes.append(f"{got.taken} of {asked} samples taken: {run['stop_reason']}")
    if got.elsewhere:
        notes.append(f"{got.elsewhere} samples ended off the tracer's CPU")
    if 0 < got.taken < stats.SWEEPS * stats.SMALL_SWEEP:
        notes.append(f"under {stats.SMALL_SWEEP} samples a sweep: take more samples")
    floor = run["floors"].get("clock_median")
    if got.quantiles is None or cell.floor or floor is None:
        return tuple(notes)
    if got.quantiles.median < 3 * floor:
        notes.append("median is below 3 x the clock floor: mostly the method")
    return tuple(notes)


def timed(results: Results) -> list[Cell]:
    """The cells that have samples."""
    return [cell for cell in results.cells() if cell.timed]


def csv_text(columns: Sequence[str], rows: Iterable[Sequence[Value]]) -> str:
    """CSV with a header; None is an empty field, true and false as in JSON."""
    return "".join(f"{csv_fields(row)}\n" for row in itertools.chain([columns], rows))


def csv_fields(values: Iterable[Value]) -> str:
    """A line, or a part of one; csv.writer takes twice as long."""
    return ",".join(map(_field, values))


def _field(value: Value) -> str:
    if isinstance(value, str):
        return _quoted(value)
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    return f"{value:.10g}" if isinstance(value, float) else str(value)


@lru_cache(maxsize=1024)  # most texts are in thousands of rows
def _quoted(text: str) -> str:
    inner = text.replace('"', '""')
    return f'"{inner}"' if set(text) & set(',"\r\n') else text


def _named(cell: Cell) -> list[Value]:
    where = (cell.scenario, cell.placement, cell.interface)
    return [cell.variant, cell.boot, *cell.machine, *where]


def _measured(cell: Cell, multiple: float | None) -> str:
    """Its rows in measured.csv, which may have millions."""
    named = csv_fields(_named(cell))
    found = metrics(cell)
    if multiple is not None:
        found = itertools.chain(found, [Metric("x futex", FLOOR, multiple)])
    return "".join(f"{named},{csv_fields(metric)}\n" for metric in found)


def _counter_rows(cell: Cell) -> Iterable[list[Value]]:
    for event in counters.per_cycle(cell):
        yield [
            *_named(cell),
            *(event.event, event.cycles, event.count_n, event.count_2n),
            *(event.per_cycle, event.whole, event.agree, event.pairs),
        ]


def summarize(results: Results) -> None:
    """Write measured.csv and counters.csv beside them; of every layout."""
    all_ = (results, *results.layouts.values())
    every = [cell for each in all_ for cell in each.cells()]
    head = [f"{csv_fields(MEASURED)}\n"]
    multiples = of_cells(every)
    rows = (_measured(cell, multiples.get(cell.path)) for cell in every)
    lines = itertools.chain(head, rows)
    atomic_write(results.path / "measured.csv", lines)
    events = [row for cell in every for row in _counter_rows(cell)]
    atomic_write(results.path / "counters.csv", csv_text(COUNTERS, events))
