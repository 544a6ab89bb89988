# SPDX-License-Identifier: GPL-2.0-only
"""Every row there is, and the files that hold them."""

from __future__ import annotations

from retrap.analysis import again
from retrap.analysis.compare import comparisons
from retrap.analysis.comparison import COLUMNS, Comparison
from retrap.analysis.outcomes import further
from retrap.analysis.summarize import csv_text
from retrap.analysis.within import within_boots
from retrap.results.store import Results, atomic_write

BETWEEN, WITHIN = "comparison.csv", "within-boots.csv"


def every(results: Results) -> tuple[Comparison, ...]:
    """Between boots, within them, A/A, and by other statistics than the median."""
    medians = (*comparisons(results), *within_boots(results), *again.rows(results))
    return (*medians, *further(results))


def write(results: Results) -> None:
    """comparison.csv and, where a kernel has several interfaces, within-boots.csv."""
    rows = every(results)
    between = csv_text(COLUMNS, [row.row() for row in rows if not row.within])
    atomic_write(results.path / BETWEEN, between)
    inside = [[*r.row(), r.judgement.confidence] for r in rows if r.within]
    if not inside:
        (results.path / WITHIN).unlink(missing_ok=True)
        return
    text = csv_text((*COLUMNS, "confidence"), inside)
    atomic_write(results.path / WITHIN, text)
