# SPDX-License-Identifier: GPL-2.0-only
"""The rule book on every kernel, and what becomes of guests that go wrong."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest
from conftest import VARIANTS

from retrap.campaign import journal
from retrap.rules import rule_boot, conform, rulebook
from retrap.base.arch import native
from retrap.build.programs import PROGRAMS, Programs
from retrap.config.experiments import Guest
from retrap.kernel.kernels import Kernel
from retrap.base.progress import Task
from retrap.rules.verdicts import FAIL, NONE, NOT_OFFERED, PASS, rule_of

KERNELS = conform.choose(None, VARIANTS)
COUNT = 200  # turns of the races; `retrap conform` takes 10000, and sweeps
REQUIRED = {
    "listen": ("C04", "C06", "ML04", "ML05", "ML07"),
    "async-retrap": ("AR01", "AR02", "AR05", "AR06"),
    "please-notify": ("PN02", "PN04", "PN05", "PN07", "PN11"),
    "listen-republish": ("LR01", "LR02", "LR03", "LR04"),
}


@pytest.fixture(scope="module")
def record(
    built: dict[str, Kernel], tmp_path_factory: pytest.TempPathFactory
) -> dict[str, Any]:
    """A run of `retrap conform`, as it is stored."""
    options = conform.Options(
        KERNELS, (native(),), COUNT, 2, tmp_path_factory.mktemp("results"), 0
    )
    path = conform.run(options, VARIANTS, rulebook.load())
    print("\n" + (path / "table.txt").read_text())
    assert journal.read(path).finished
    assert (path / "conform.tap").read_text().startswith("KTAP version 1\n")
    return conform.load(path)


@pytest.mark.parametrize("kernel", KERNELS)
def test_every_test_passes(record: dict[str, Any], kernel: str) -> None:
    name = f"{native().name}/{kernel}"
    verdicts = {test: row[name] for test, row in record["tests"].items()}
    assert [test for test, got in verdicts.items() if got in (FAIL, NONE)] == []
    for interface in VARIANTS[kernel].keeps:
        for rule in REQUIRED[interface]:
            ran = [got for test, got in verdicts.items() if rule_of(test) == rule]
            assert ran and set(ran) == {PASS}, rule


@pytest.mark.parametrize("kernel", KERNELS)
def test_designs_are_not_offered_elsewhere(record: dict[str, Any], kernel: str) -> None:
    """A rule of a design is n.a. where the kernel does not have the design."""
    rules = rulebook.load()
    for rule, row in record["rules"].items():
        offered = rules.binds(rule, VARIANTS[kernel].keeps)
        assert offered != (row[f"{native().name}/{kernel}"] == NOT_OFFERED), rule


def test_no_surprise(record: dict[str, Any]) -> None:
    """A rule of the designs that has neither test nor excuse is one as well."""
    assert record["surprises"] == []


SWEPT = "*ML22_Sweep*:*C06_SweepOfSigkillAcrossCont*"


def test_a_sweep_cuts_the_whole_call(
    built: dict[str, Kernel], programs: Programs, tmp_path: Path
) -> None:
    """The signal comes before, after and between its instructions."""
    found = sweep(built["combined"], programs, 10_000, SWEPT, tmp_path)
    assert (found.outcome, found.failures) == ("ok", {})
    recorded = found.record()["properties"]
    assert len(recorded) == 4  # at both placements
    for test, values in recorded.items():
        counts = [
            int(value)
            for key, value in values.items()
            if key.endswith(("signal_first", "inside", "call_first"))
        ]
        assert counts and min(counts) > 0, test


def test_a_sweep_that_does_not_come_round_fails(
    built: dict[str, Kernel], programs: Programs, tmp_path: Path
) -> None:
    found = sweep(built["combined"], programs, 100, "*ML22_Sweep*", tmp_path)
    assert len(found.failures) == 2
    assert all("not all of it in 100 turns" in s for s in found.failures.values())


def sweep(
    kernel: Kernel, programs: Programs, turns: int, tests: str, work: Path
) -> rule_boot.BookBoot:
    arguments = f"--count 20 --sweep {turns} --gtest_filter={tests}"
    log = work / "log"
    return rule_boot.boot(
        kernel, programs, arguments, Guest(2, 300), log, Task("sweep")
    )


def boot_of(
    script: str, kernel: Kernel, work: Path, limit_s: int
) -> rule_boot.BookBoot:
    """A boot with `script` in the place of retrap-conform."""
    programs = work / "programs"
    programs.mkdir()
    for name in PROGRAMS:
        shutil.copyfile("/bin/true", programs / name)
    (programs / "retrap-conform").write_text(f"#!/bin/sh\n{script}\n")
    how = Guest(2, limit_s, exact=False)
    return rule_boot.boot(kernel, Programs(programs), "", how, work / "log", Task("x"))


STARTS = "echo '[ RUN      ] Rules/CommonRules.C01_A/same'\n"


def test_a_splat_is_a_verdict(built: dict[str, Kernel], tmp_path: Path) -> None:
    script = STARTS + "sleep 1\necho 'WARNING: CPU: 0 at x.c:1' >/dev/kmsg"
    found = boot_of(script, built["mainline"], tmp_path, 200)
    assert found.outcome == rule_boot.SPLATTED and "x.c:1" in found.message
    assert found.last == "C01_A/same"


def test_a_hang_is_a_verdict(built: dict[str, Kernel], tmp_path: Path) -> None:
    script = STARTS + "while :; do sleep 1; done"
    found = boot_of(script, built["mainline"], tmp_path, 30)
    assert found.outcome == rule_boot.HANG and found.last == "C01_A/same"


def test_a_missing_report_is_a_verdict(
    built: dict[str, Kernel], tmp_path: Path
) -> None:
    found = boot_of("echo why >&2; exit 3", built["mainline"], tmp_path, 200)
    assert found.outcome == rule_boot.NO_REPORT and "why" in found.message
