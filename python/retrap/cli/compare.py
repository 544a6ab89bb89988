# SPDX-License-Identifier: GPL-2.0-only
"""`retrap compare`: what differs, for a reader, a program, or a script that asks."""

from __future__ import annotations

import contextlib
import json
from argparse import Namespace
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from retrap.analysis import family, scenarios, summarize, written
from retrap.analysis.comparison import Comparison
from retrap.analysis.statistic import MEDIAN
from retrap.base.errors import EXIT_OK, EXIT_USAGE, RetrapError
from retrap.cli.store import Source, opened
from retrap.cli import dearer, matrix
from retrap.report import before_after, besidetable, brief, scenariotable, table
from retrap.results.stats import MARGIN
from retrap.results.store import load

SCHEMA = "retrap.comparison/1"


def run(args: Namespace) -> int:
    """Exit status; EXIT_DEARER where --fail-if-dearer says so."""
    _check(args)
    with contextlib.ExitStack() as stack:
        named = [args.a, *args.others, *([args.beside] if args.beside else [])]
        a, *others = [stack.enter_context(opened(each)) for each in named]
        status = _answer(args, a, others)
    return status


def _answer(args: Namespace, a: Source, others: Sequence[Source]) -> int:
    if args.beside:
        print(besidetable.render(a.directory, others[0].directory), end="")
        return EXIT_OK
    margin = MARGIN if args.margin is None else args.margin
    if args.scenarios:
        return _scenarios(args, a, margin)
    found = [_between(args, a, other, margin) for other in others]
    if not found:
        found = [_within(args, a, margin)]
    if args.json:
        print(_document(found, margin))
    paths = [
        row
        for _, _, rows, floors in found
        for row in rows
        if row.scenario not in floors
        and row.family != family.AGAIN
        and row.statistic is MEDIAN
    ]
    return dearer.status(paths, args.fail_if_dearer)


def _scenarios(args: Namespace, a: Source, margin: float) -> int:
    results = replace(load(a.directory), margin=margin)
    rows = scenarios.against(results, *args.scenarios)
    text = scenariotable.render(results, args.scenarios, rows)
    if args.json:
        records = [_of_scenarios(row) for row in rows]
        print(_documented([{"a": str(a.named), "b": None, "rows": records}], margin))
    else:
        print(text, end="")
    return dearer.status(rows, args.fail_if_dearer)


Found = tuple[Path, Path | None, Sequence[Comparison], frozenset[str]]


def _check(args: Namespace) -> None:
    """Errors: EXIT_USAGE, of words that do not go together."""
    for wrong, what, instead in (
        (len(args.others) > 2, "there are at most three directories", "A B C"),
        (
            args.allow_mismatch and not args.others,
            "--allow-mismatch goes with two directories",
            "A B --allow-mismatch",
        ),
        (
            args.scenarios and (args.others or args.beside),
            "--scenarios goes with one directory",
            "A --scenarios X,Y",
        ),
        (
            args.beside and args.others,
            "--beside goes with one directory",
            "A --beside EXACT",
        ),
        (
            args.beside and (args.json or args.margin or args.fail_if_dearer),
            "--beside is a table of counters, which nothing is decided of",
            "A --beside EXACT",
        ),
    ):
        if wrong:
            raise RetrapError(what, f"retrap compare {instead}", EXIT_USAGE)


def _within(args: Namespace, a: Source, margin: float) -> Found:
    """Every variant against the baseline of one directory. What another margin says
    is not stored."""
    results = replace(load(a.directory), margin=margin)
    if margin == MARGIN and a.writable():
        summarize.summarize(results)
        written.write(results)
        table.write(results)
    if not args.json:
        text = table.tables(results) + "\n" if args.full else brief.render(results)
        print(text + brief.paths(a.named, matrix.short(a.named)))
    return a.named, None, written.every(results), results.floors


def _between(args: Namespace, a: Source, other: Source, margin: float) -> Found:
    """Each variant of A against its like of the other."""
    directories = a.directory, other.directory
    both = before_after.compared(*directories, args.allow_mismatch, margin)
    if not args.json:
        print(before_after.render(both, args.full, (a.named, other.named)))
    rows = [row for some in both.rows.values() for row in some]
    return a.named, other.named, rows, both.a.floors


def _document(found: Sequence[Found], margin: float) -> str:
    compared = [
        {"a": str(a), "b": str(b) if b else None, "rows": list(map(_record, rows))}
        for a, b, rows, _ in found
    ]
    return _documented(compared, margin)


def _documented(compared: list[dict[str, Any]], margin: float) -> str:
    document = {"schema": SCHEMA, "margin": margin, "compared": compared}
    return json.dumps(document, indent=1)


def _of_scenarios(row: Comparison) -> dict[str, Any]:
    """Whose it is. No command decides such a row: another boot, or more rounds, do."""
    return {"side": scenarios.side_of(row), **_record(row), "decided_by": ""}


def _record(row: Comparison) -> dict[str, Any]:
    """The columns of comparison.csv, and what one observation is of."""
    return {**row.record(), "within_boots": row.within, "units": row.unit}
