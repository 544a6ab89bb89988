# SPDX-License-Identifier: GPL-2.0-only
"""Every row there is; and the files that hold them, and what varies."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path

from retrap.analysis import again, growth, layouts, levels
from retrap.analysis.compare import comparisons
from retrap.analysis.comparison import COLUMNS, Comparison
from retrap.analysis.outcomes import further
from retrap.analysis.summarize import Value, csv_text
from retrap.analysis.within import within_boots
from retrap.results.store import Results, atomic_write

BETWEEN, WITHIN, VARIANCE = "comparison.csv", "within-boots.csv", "variance.csv"
GROWTH = "growth.csv"


@lru_cache(maxsize=4)
def every(results: Results) -> tuple[Comparison, ...]:
    """Between boots, within them, A/A, and by other statistics than the median."""
    medians = (*comparisons(results), *within_boots(results), *again.rows(results))
    return (*medians, *further(results))


def write(results: Results) -> None:
    """comparison.csv; within-boots.csv, where a kernel has several interfaces; both
    with the rows of other layouts, last; variance.csv, where something varies; and
    growth.csv, where something grows."""
    rows = [*every(results)]
    for compared in (comparisons, within_boots):
        for more in layouts.of_each(results, compared).values():
            rows += more
    between = [row.row() for row in rows if not row.within]
    inside = [[*r.row(), r.judgement.confidence] for r in rows if r.within]
    atomic_write(results.path / BETWEEN, csv_text(COLUMNS, between))
    _write(results.path / WITHIN, (*COLUMNS, "confidence"), inside)
    _write(results.path / VARIANCE, levels.COLUMNS, list(levels.rows(results)))
    _write(results.path / GROWTH, growth.COLUMNS, growth.rows(results))


def _write(path: Path, columns: Sequence[str], rows: Sequence[Sequence[Value]]) -> None:
    """Where there is no row, no file, and none of before."""
    if rows:
        atomic_write(path, csv_text(columns, rows))
    else:
        path.unlink(missing_ok=True)
