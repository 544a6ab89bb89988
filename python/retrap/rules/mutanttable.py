# SPDX-License-Identifier: GPL-2.0-only
"""What a stored mutate.json says: which mutants the rule book notices, by which tests,
and which rules no mutant has broken."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from retrap.base.rawfile import read_record
from retrap.rules.verdicts import rule_of

FROM = "name a directory that `retrap mutate` has filled"
# How a mutant ends.
SURVIVED, ELSEWHERE, NOT_BUILT = "SURVIVED", "ELSEWHERE", "NOT BUILT"
TESTS, BY_HANG, BY_SPLAT = "tests", "by hang", "by splat"
KILLED = (TESTS, BY_HANG, BY_SPLAT)
LAST = r"\(in (\w+/?\w*)\)$"  # of a boot without report (rule_boot.py)


def survivors(record: dict[str, Any]) -> list[str]:
    """Mutants that were not killed as they should be."""
    return [row["name"] for row in record["mutants"] if row["verdict"] not in KILLED]


def unlike(record: dict[str, Any], most: int = 12) -> list[str]:
    """A row a mutant that no test killed."""
    rows = [row for row in record["mutants"] if row["verdict"] not in KILLED]
    lines = [f"{row['verdict']:12}{row['name']} ({row['design']})" for row in rows]
    return [*lines[:most], *([f"and {len(lines) - most} more"] * (len(lines) > most))]


def never_failed(record: dict[str, Any], rules: Iterable[str]) -> list[str]:
    """Those of `rules` of which no test failed on any mutant. One in which the boot
    was lost, by a hang or a splat, has failed."""
    failed = {rule_of(test) for row in record["mutants"] for test in row["killers"]}
    for row in record["mutants"]:
        if row["verdict"] != TESTS and (lost := re.search(LAST, row["message"])):
            failed.add(rule_of(lost.group(1)))
    return [rule for rule in rules if rule not in failed]


def _coverage(record: dict[str, Any], rules: list[str]) -> list[str]:
    """What the mutants say of the rules, and which rules they say nothing of."""
    aimed = {rule for row in record["mutants"] for rule in row["rules"]} & set(rules)
    silent = never_failed(record, rules)
    return [
        f"made to break {len(aimed)} of {len(rules)} rules; "
        f"tests of {len(rules) - len(silent)} rules failed",
        f"rules of which no test failed on any mutant: {len(silent)}",
        *textwrap.wrap(" ".join(silent), 74),
    ]


def render(record: dict[str, Any], rules: Iterable[str] = (), most: int = 3) -> str:
    """Mutation by the tests that kill it; then which of `rules` none broke."""
    rows = record["mutants"]
    width = max((len(row["name"]) for row in rows), default=8) + 2
    lines = [
        f"{record['stamp']} UTC, retrap {record['version']}, {record['arch']}, "
        f"retrap-conform {record['arguments']},",
        "of each mutant its own rules first",
        "",
        f"{'mutation':{width}}{'design':15}killed by",
    ]
    for row in rows:
        # Tests of the rules it was made to break come first.
        killers = sorted(
            row["killers"], key=lambda test: (rule_of(test) not in row["rules"], test)
        )
        shown = [*killers[:most]]
        if len(killers) > most:
            shown.append(f"and {len(killers) - most} more")
        if row["verdict"] != TESTS:
            shown.insert(0, row["verdict"])
        line = f"{row['name']:{width}}{row['design']:15}"
        for text in shown:
            lines.append(line + text)
            line = " " * (width + 15)
    killed = len(rows) - len(survivors(record))
    lines += ["", f"{killed} of {len(rows)} mutants killed"]
    if asked := list(rules):
        lines += _coverage(record, asked)
    return "\n".join(lines) + "\n"


def load(path: Path) -> dict[str, Any]:
    """mutate.json of a stored run."""
    return read_record(path / "mutate.json", "mutate", FROM)
