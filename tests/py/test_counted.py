# SPDX-License-Identifier: GPL-2.0-only
"""The counting runs of this machine: which files, and what one that fails does."""

from __future__ import annotations

from pathlib import Path

import pytest

from retrap.base.paths import ROOT
from retrap.build.programs import Programs
from retrap.config.plan import Run
from retrap.executors import counted
from retrap.machine import pmu
from retrap.machine.counting import Refusal
from retrap.machine.pmu import Group

GROUPS = (
    Group("u", ("cycles", "instructions")),
    Group("u", ("branches",)),
    Group("k", ("cycles",)),
)
CELLS = [
    Run("trap/trigger:interrupt", "same-cpu", "listen", 50, cycles, 1)
    for cycles in (None, 7, 14, 8, 16)
]
STEM = "trap.trigger-interrupt@same-cpu"


@pytest.fixture
def permitted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(counted, "refusal", lambda machine: None)
    monkeypatch.setattr(pmu, "groups", lambda: GROUPS)


def test_a_file_a_length_of_the_path_and_a_group(permitted: None) -> None:
    found = counted.files(CELLS)
    assert list(found) == [
        *(f"{STEM}.perf-{cycles}.jsonl" for cycles in (7, 14, 8, 16)),
        *(
            f"{STEM}.perf-{cycles}.{group}.jsonl"
            for cycles in (200, 400)
            for group in ("u1", "u2", "k1")
        ),
    ]
    run, options = found[f"{STEM}.perf-400.u1.jsonl"]
    assert run.cycles == 400 and "--samples 400" in " ".join(run.arguments())
    assert options == ["--no-scale", "-e", "{cycles:u,instructions:u}"]


def test_no_permission_is_said_once(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(counted, "refusal", lambda machine: Refusal("no", "ask"))
    assert counted.why_not(CELLS) == "no"
    assert capsys.readouterr().err.count("no counters on this machine: no") == 1
    assert counted.why_not(CELLS[:1]) == ""
    assert capsys.readouterr().err == ""


def test_one_that_fails_is_said_and_leaves_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def fails(argv: list[str], env: dict[str, str]) -> tuple[int, str]:
        assert env["LC_ALL"] == "C"
        return 1, "event syntax error\nmore"

    def works(argv: list[str], env: dict[str, str]) -> tuple[int, str]:
        Path(argv[2]).write_text("counted\n")
        assert Path(argv[3]).read_text() == "-e\ncycles:u\n"
        return 0, ""

    programs = Programs(ROOT / "build/release")
    for name, runner in (("a.jsonl", fails), ("b.jsonl", works)):
        counted.count(tmp_path / name, ["-e", "cycles:u"], programs, [], runner)
    assert [path.name for path in tmp_path.iterdir()] == ["b.jsonl"]
    assert "a.jsonl: not counted: event syntax error" in capsys.readouterr().err
