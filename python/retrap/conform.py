# SPDX-License-Identifier: GPL-2.0-only
"""`retrap conform`: the rule tests on every kernel, as one table."""

from __future__ import annotations

import json
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from retrap import guest, kernels
from retrap.build import Programs, build
from retrap.cache import subdirectory
from retrap.config import Guest, Variant
from retrap.errors import EXIT_GUEST, RetrapError
from retrap.kernels import Kernel
from retrap.progress import Progress

PASS, FAIL, NOT_OFFERED = "pass", "FAIL", "n.a."
GUEST = Guest(cpus=2, timeout_s=600)
COUNT = 1000  # turns of the race rules
STEP = f"exec conform retrap-conform --count {COUNT} --gtest_output=json:conform.json"

Verdicts = dict[str, dict[str, str]]  # variant -> test -> pass, FAIL or n.a.


def run(variants: dict[str, Variant]) -> Verdicts:
    """Every variant's verdicts; builds what is missing."""
    with Progress() as progress:
        programs = build(progress)
        built = [
            kernels.ensure(variant, variants, progress) for variant in variants.values()
        ]
        with ThreadPoolExecutor(max_workers=max(1, len(built))) as pool:
            rows = pool.map(lambda kernel: conform(kernel, programs, progress), built)
            return dict(zip(variants, rows, strict=True))


def conform(kernel: Kernel, programs: Programs, progress: Progress) -> dict[str, str]:
    """The verdict of every test on one kernel, its kernel log found clean."""
    name = kernel.variant.name
    with (
        progress.task(f"conform {name}") as task,
        tempfile.TemporaryDirectory(dir=subdirectory("work")) as scratch,
    ):
        work = Path(scratch) / "boot"
        guest.run(kernel, programs, [STEP], work, GUEST, task)
        try:
            report = json.loads((work / "results/conform.json").read_text())
        except (OSError, ValueError):
            said = (work / "results/conform.log").read_text(errors="replace")
            raise RetrapError(
                f"guest {name}: retrap-conform left no report: {said.strip()[-500:]}",
                "run build/release/retrap-conform on this machine",
                EXIT_GUEST,
            ) from None
        verdicts = parse(report)
        counts = [list(verdicts.values()).count(v) for v in (PASS, FAIL, NOT_OFFERED)]
        task.update("{} pass, {} fail, {} n.a.".format(*counts))
        return verdicts


def parse(report: dict[str, object]) -> dict[str, str]:
    """GoogleTest's JSON report, `suite.test` to verdict."""
    verdicts: dict[str, str] = {}
    suites = report["testsuites"]
    assert isinstance(suites, list)
    for suite in suites:
        for test in suite["testsuite"]:
            if test.get("result") == "SKIPPED":
                verdict = NOT_OFFERED
            else:
                verdict = FAIL if test.get("failures") else PASS
            verdicts[test["name"]] = verdict
    return verdicts


def failed(verdicts: Verdicts) -> bool:
    """A failure, or a rule that no kernel ran, or kernels that ran others."""
    rules = {rule for column in verdicts.values() for rule in column}
    return any(
        all(column.get(rule) == NOT_OFFERED for column in verdicts.values())
        or any(column.get(rule, FAIL) == FAIL for column in verdicts.values())
        for rule in rules
    )


def render(verdicts: Verdicts) -> str:
    """One table, rule by kernel, then the tests that failed."""
    tests = sorted({test for column in verdicts.values() for test in column})
    rules = sorted({test.split("_")[0] for test in tests})
    lines = [f"{'rule':6}{'tests':>6}" + "".join(f"{name:>15}" for name in verdicts)]
    for rule in rules:
        mine = [test for test in tests if test.startswith(f"{rule}_")]
        cells = (_rule(column, mine) for column in verdicts.values())
        lines.append(f"{rule:6}{len(mine):6}" + "".join(f"{v:>15}" for v in cells))
    for variant, column in verdicts.items():
        for test in tests:
            if column.get(test, FAIL) == FAIL:
                lines.append(f"FAIL: {variant}: {test}")
    return "\n".join(lines)


def _rule(column: dict[str, str], tests: list[str]) -> str:
    """A rule holds when every test of it that can run here passes."""
    found = {column.get(test, FAIL) for test in tests}
    return next(v for v in (FAIL, PASS, NOT_OFFERED) if v in found)
