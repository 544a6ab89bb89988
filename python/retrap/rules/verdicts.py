# SPDX-License-Identifier: GPL-2.0-only
"""From what the guests reported to a verdict of each rule on each kernel.

Pure: a column is one kernel on one architecture, with every boot of it. A rule
passes when each test of it passed in each boot, and is n.a. where the kernel
does not offer the interface. Whatever is neither is a surprise, but a failure
that configs/conform.toml lists, which is expected.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from retrap.rules.rulebook import RuleBook

PASS, FAIL, NOT_OFFERED, EXPECTED, NONE = "pass", "FAIL", "n.a.", "expected", "none"
SKIPPED = "skip"  # of one test in one boot; see _test()
WORST_FIRST = (FAIL, NONE, EXPECTED, PASS, NOT_OFFERED)
Table = dict[str, dict[str, str]]  # row (a rule, a test) -> column -> verdict


@dataclass(frozen=True)
class Report:
    """One boot: its outcome ("ok", or what went wrong) and each test's verdict."""

    outcome: str
    message: str
    tests: dict[str, str]


@dataclass(frozen=True)
class Column:
    kernel: str
    arch: str
    keeps: tuple[str, ...]  # Variant.keeps
    boots: dict[str, Report]

    @property
    def name(self) -> str:
        return f"{self.arch}/{self.kernel}"


@dataclass
class Judgement:
    rules: Table = field(default_factory=dict)
    tests: Table = field(default_factory=dict)
    surprises: list[str] = field(default_factory=list)


def parse(report: dict[str, Any]) -> tuple[dict[str, str], dict[str, str]]:
    """GoogleTest's JSON report: verdict by test, and what failures said."""
    verdicts: dict[str, str] = {}
    failures: dict[str, str] = {}
    for suite in report["testsuites"]:
        for test in suite["testsuite"]:
            name = str(test["name"])
            if said := test.get("failures"):
                verdicts[name] = FAIL
                failures[name] = str(said[0]["failure"]).strip()[:600]
            elif test.get("result") == "SKIPPED":
                verdicts[name] = SKIPPED
            else:
                ran = test.get("result") == "COMPLETED"
                verdicts[name] = PASS if ran else NONE
    return verdicts, failures


# What GoogleTest itself says of a test (docs/advanced.md, "Generating a JSON
# Report"); whatever else is there the test has recorded.
_GTEST_KEYS = frozenset(
    "name value_param type_param file line status result timestamp time duration "
    "classname failures skipped".split()
)


def properties(report: dict[str, Any]) -> dict[str, dict[str, str]]:
    """What tests have recorded (RecordProperty), by test: of a sweep, its turns
    and the widest gap that it left."""
    found = {
        str(test["name"]): {
            str(key): str(value)
            for key, value in test.items()
            if key not in _GTEST_KEYS
        }
        for suite in report["testsuites"]
        for test in suite["testsuite"]
    }
    return {name: values for name, values in found.items() if values}


def rule_of(test: str) -> str:
    """`AR05` of `AR05_ContWithoutGetsiginfoRetraps/same`."""
    return test.split("_", 1)[0]


def judge(columns: Iterable[Column], book: RuleBook) -> Judgement:
    """Every test of every boot, then every rule; what is not as it should be."""
    columns = list(columns)
    found = Judgement()
    for column in columns:
        for boot, report in column.boots.items():
            if report.outcome != "ok":
                where = f"{column.name} ({boot})"
                what = report.message.splitlines()
                found.surprises.append(f"{where}: {report.outcome}: {what[0]}")
    _judge_tests(columns, book, found)
    _judge_rules(columns, book, found)
    return found


def _judge_tests(columns: list[Column], book: RuleBook, found: Judgement) -> None:
    # Boots of one kind run the same tests on every kernel; kinds may differ.
    kinds = {boot for column in columns for boot in column.boots}
    having = {
        kind: {
            test
            for column in columns
            if kind in column.boots
            for test in column.boots[kind].tests
        }
        for kind in kinds
    }
    for test in sorted(set().union(*having.values())):
        row = found.tests[test] = {}
        for column in columns:
            verdicts = [
                (kind, report.tests.get(test, NONE))
                for kind, report in column.boots.items()
                if test in having[kind]
            ]
            row[column.name] = _test(test, column, verdicts, book, found)


def _test(
    test: str,
    column: Column,
    verdicts: list[tuple[str, str]],
    book: RuleBook,
    found: Judgement,
) -> str:
    """The verdict of one test on one kernel; adds what surprises."""

    def surprise(boot: str, what: str) -> None:
        found.surprises.append(f"{column.name} ({boot}): {test}: {what}")

    rule = rule_of(test)
    interface = book.interface(rule)
    if not book.binds(rule, column.keeps):
        for boot, verdict in verdicts if interface not in column.keeps else ():
            if verdict not in (SKIPPED, NONE):
                surprise(boot, f"ran, though {interface} is not offered")
                return FAIL
        return NOT_OFFERED
    known = book.differences.get(test.split("/")[0])
    expected = known is not None and known.covers(column.kernel, column.arch)
    worst = PASS
    for boot, verdict in verdicts:
        if verdict == FAIL:
            if not expected:
                surprise(boot, "failed")
            worst = FAIL
        elif verdict != PASS:
            # A boot without a report has been told once, as a whole.
            if column.boots[boot].outcome == "ok":
                surprise(boot, "was skipped" if verdict == SKIPPED else "did not run")
            worst = FAIL if worst == FAIL else NONE
    if expected and worst == PASS:
        surprise("all boots", "passes; configs/conform.toml expects a difference")
        return FAIL
    return EXPECTED if expected and worst == FAIL else worst


def _judge_rules(columns: list[Column], book: RuleBook, found: Judgement) -> None:
    tested = {rule_of(test) for test in found.tests}
    for rule in sorted(tested - set(book.rules)):
        found.surprises.append(f"{rule}: tested, but no rule of configs/conform.toml")
    for test in sorted(set(book.differences) - {t.split("/")[0] for t in found.tests}):
        found.surprises.append(f"{test}: has a difference listed and does not exist")
    for rule in (*book.rules, *sorted(tested - set(book.rules))):
        mine = [row for test, row in found.tests.items() if rule_of(test) == rule]
        if mine and rule in book.untested:
            found.surprises.append(f"{rule}: listed as untested and has a test")
        if not mine and rule not in book.untested:
            found.surprises.append(f"{rule}: has no test and no reason for that")
        found.rules[rule] = {
            column.name: _rule(rule, column, mine, book) for column in columns
        }


def _rule(rule: str, column: Column, rows: list[dict[str, str]], book: RuleBook) -> str:
    if not rows:
        offered = book.binds(rule, column.keeps)
        return NONE if offered else NOT_OFFERED
    verdicts = {row[column.name] for row in rows}
    return next(verdict for verdict in WORST_FIRST if verdict in verdicts)
