# SPDX-License-Identifier: GPL-2.0-only
"""A stored run as KTAP version 1 (Documentation/dev-tools/ktap.rst).

One test a boot, with a subtest for each test of the book, so that a runner of
the kernel's own tests shows them as its own.
"""

from __future__ import annotations

from typing import Any

from retrap.rules.verdicts import EXPECTED, FAIL, NOT_OFFERED, PASS, SKIPPED

INDENT = "  "


def render(record: dict[str, Any]) -> str:
    boots = [
        (f"{name}/{kind}", name, boot)
        for name, column in record["columns"].items()
        for kind, boot in column["boots"].items()
    ]
    lines = ["KTAP version 1", f"1..{len(boots)}"]
    for number, (title, name, boot) in enumerate(boots, 1):
        rows = _subtests(record, name, boot)
        good = boot["outcome"] == "ok" and not any(
            row.startswith("not ok") for row in rows
        )
        if rows:
            head = ["KTAP version 1", f"# Subtest: {title}", f"1..{_count(rows)}"]
            lines += [INDENT + row for row in (*head, *rows)]
        lines += _diagnosis(boot["message"])
        directive = " # TIMEOUT" if boot["outcome"] == "hang" else ""
        if not good and boot["outcome"] not in ("ok", "hang"):
            directive = f" # ERROR {boot['outcome']}"
        lines.append(f"{'ok' if good else 'not ok'} {number} {title}{directive}")
    lines += [f"# surprise: {text}" for text in record["surprises"]]
    return "\n".join(lines) + "\n"


def _count(rows: list[str]) -> int:
    return sum(not row.startswith("#") for row in rows)


def _subtests(record: dict[str, Any], column: str, boot: dict[str, Any]) -> list[str]:
    rows: list[str] = []
    for number, (test, verdict) in enumerate(sorted(boot["tests"].items()), 1):
        judged = record["tests"][test][column]
        if verdict == SKIPPED and judged == NOT_OFFERED:
            rows.append(f"ok {number} {test} # SKIP interface is not offered")
        elif verdict == PASS:
            rows.append(f"ok {number} {test}")
        elif verdict == FAIL and judged == EXPECTED:
            rows.append(f"ok {number} {test} # XFAIL configs/conform.toml")
        else:
            rows += _diagnosis(boot["failures"].get(test, ""))
            rows.append(f"not ok {number} {test}")
    return rows


def _diagnosis(text: str) -> list[str]:
    return [f"# {line}".rstrip() for line in text.splitlines()]
