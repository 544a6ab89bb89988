# SPDX-License-Identifier: GPL-2.0-only
"""One table, rule by kernel and architecture, from a stored conform.json."""

from __future__ import annotations

from typing import Any

from retrap.rules.verdicts import EXPECTED, FAIL, NONE, NOT_OFFERED, PASS, rule_of

HEAD = 12


def render(record: dict[str, Any]) -> str:
    """The table, the reasons of what is not tested, the surprises."""
    columns = list(record["columns"])
    widths = [max(len(name.split("/")[1]), 8) + 2 for name in columns]
    counts: dict[str, int] = {}
    for test in record["tests"]:
        counts[rule_of(test)] = counts.get(rule_of(test), 0) + 1
    lines = [_conditions(record), "", _arches(columns, widths)]
    names = [name.split("/")[1] for name in columns]
    lines.append(_row("rule", "tests", names, widths))
    for rule, row in record["rules"].items():
        cells = [row[name] for name in columns]
        lines.append(_row(rule, str(counts.get(rule, 0)), cells, widths))
    lines += ["", *_tail(record)]
    return "\n".join(lines) + "\n"


def counts(record: dict[str, Any]) -> list[str]:
    """A row a kernel: how many rules have which verdict."""
    verdicts = (PASS, FAIL, EXPECTED, NOT_OFFERED, NONE)
    width = max(map(len, record["columns"]), default=0) + 2
    lines = [f"{'rules':{width}}" + "".join(f"{each:>10}" for each in verdicts)]
    for name in record["columns"]:
        found = [row[name] for row in record["rules"].values()]
        cells = "".join(f"{found.count(each) or '-':>10}" for each in verdicts)
        lines.append(f"{name:{width}}{cells}")
    return lines


def _conditions(record: dict[str, Any]) -> str:
    return (
        f"{record['stamp']} UTC, retrap {record['version']}, {record['cpus']} vCPUs, "
        f"races: at most {record['count']} turns"
    )


def _row(rule: str, tests: str, cells: list[str], widths: list[int]) -> str:
    line = f"{rule:6}{tests:>5} "
    return line + "".join(f"{c:>{w}}" for c, w in zip(cells, widths, strict=True))


def _arches(columns: list[str], widths: list[int]) -> str:
    """The architecture above the first of its kernels."""
    line, last = " " * HEAD, ""
    for name, width in zip(columns, widths, strict=True):
        arch = name.split("/")[0]
        line += (arch if arch != last else "").rjust(width)
        last = arch
    return line.rstrip()


def _tail(record: dict[str, Any]) -> list[str]:
    lines = [f"not tested: {rule}: {why}" for rule, why in record["untested"].items()]
    expected = sorted(
        test for test, row in record["tests"].items() if EXPECTED in row.values()
    )
    lines += [f"expected difference: {test}" for test in expected]
    surprises = record["surprises"]
    lines += [f"surprise: {text}" for text in surprises]
    rules = len(record["rules"]) - len(record["untested"])
    lines.append(
        f"{rules} rules, {len(record['tests'])} tests, "
        f"{len(record['columns'])} kernels, {len(surprises) or 'no'} surprises"
    )
    return lines
