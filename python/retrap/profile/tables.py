# SPDX-License-Identifier: GPL-2.0-only
"""The CSV files of a profile (docs/data-format.md): whole counts, of all windows
of a class together, so that sums are exact; and one of each difference."""

from __future__ import annotations

import csv
import io
from collections import Counter
from collections.abc import Iterable
from fractions import Fraction

from retrap.profile.callgraph import SIDES
from retrap.profile.difference import compare
from retrap.profile.summary import CLASSES, Profile

FUNCTIONS = ("class", "windows", "image", "function", "self", "inclusive", "calls")
CHANGES = (
    *("class", "image", "function", "kind", "base_windows", "test_windows"),
    *("base_self", "test_self", "base_calls", "test_calls"),
    *("change", "change_by_cost", "change_by_calls"),
)


def _csv(head: Iterable[str], rows: Iterable[Iterable[object]]) -> str:
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(head)
    writer.writerows(rows)
    return out.getvalue()


def functions(found: Profile) -> str:
    """Every function in every class, and who ran it."""
    rows = []
    for kind in CLASSES:
        tree = found.trees[kind]
        for row in tree.rows():
            sides: Counter[str] = Counter()
            for (_, side), count in row.groups.items():
                sides[side] += int(count * tree.windows)
            whole = (row.own, row.inclusive, row.calls)
            rows.append(
                [
                    *(kind, tree.windows, row.function.image, row.function.name),
                    *(int(each * tree.windows) for each in whole),
                    *(sides[side] for side in SIDES),
                ]
            )
    return _csv((*FUNCTIONS, *SIDES), rows)


def changes(base: Profile, test: Profile) -> str:
    """What each function adds; `change*` are instructions a sample."""
    rows = []
    for kind in CLASSES:
        found = compare(base, test, kind)
        a, b = found.windows
        for change in found.changes:
            function = change.function
            rows.append(
                [
                    *(kind, function.image, function.name, change.kind, a, b),
                    *(int(change.a * a), int(change.b * b)),
                    *(int(change.a_calls * a), int(change.b_calls * b)),
                    *map(_decimal, (change.delta, change.by_cost, change.by_calls)),
                ]
            )
    return _csv(CHANGES, rows)


def _decimal(value: Fraction) -> str:
    return f"{float(value):.6f}".rstrip("0").rstrip(".")


def differences(profiles: list[Profile], baseline: str) -> dict[str, str]:
    """By name, each profile against the baseline's of the same cell."""
    found = {}
    for base in profiles:
        for test in profiles:
            names = base.facts["variant"], test.facts["variant"]
            if names[0] != baseline or names[1] == baseline:
                continue
            if (base.cell, base.facts["arch"]) == (test.cell, test.facts["arch"]):
                name = f"{test.name}-less-{baseline}"
                found[name] = changes(base, test)
    return found
