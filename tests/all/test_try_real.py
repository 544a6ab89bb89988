# SPDX-License-Identifier: GPL-2.0-only
"""`retrap try`: patches that kernel developers have argued about. Each by one command:
the functions that make its change, its size, and what does not change.

tests/data/real has what each does in words of our own, or undoes it where Linux 6.12
has it. The numbers are those of gcc 12 on x86_64.
"""

from __future__ import annotations

import json
import subprocess
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import Any

from retrap.base.paths import ROOT

PATCHES = ROOT / "tests/data/real"
FORKS = {
    "elsewhere/fork-exit-wait",
    "elsewhere/fork-exec-exit-wait",
    "elsewhere/vfork-exec-exit-wait",
    "elsewhere/vfork-exit-wait",
}
Found = dict[str, Any]


def tried(name: str, into: Path) -> Found:
    argv = [ROOT / "retrap", "try", PATCHES / f"{name}.patch", "--json"]
    argv += ["--arch", "x86_64"]
    done = subprocess.run(
        [*argv, "--results", into / "results"], capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    document: Found = json.loads(done.stdout)
    for row in document["rows"]:
        print(row["scenario"], row["placement"], row["verdict"], row["change"])
    for each in document["functions"]:
        print(each)
    return document


def cells(found: Found) -> Iterator[dict[str, Any]]:
    return (row for row in found["rows"] if not row["control"])


def credited(found: Found) -> dict[tuple[str, str], dict[str, float]]:
    """By cell: the functions, and what they change by."""
    by_cell: dict[tuple[str, str], dict[str, float]] = {}
    for each in found["functions"]:
        cell = by_cell.setdefault((each["scenario"], each["placement"]), {})
        cell[each["function"]] = each["change"]
    assert by_cell
    return by_cell


def check_decided(found: Found, verdict: str, changes: Collection[int]) -> None:
    """No cell says otherwise, and most say it: which of the others are undecided is
    chance, as the branches of one boot are (docs/methodology.md)."""
    mine = [row for row in cells(found) if row["scenario"] not in FORKS]
    decided = [row for row in mine if row["verdict"] != "undecided"]
    for row in decided:
        assert row["verdict"] == verdict and row["estimate"] in changes, row
    assert 4 * len(decided) >= 3 * len(mine)


def check_controls(found: Found) -> None:
    controls = [row for row in found["rows"] if row["control"]]
    names = {"floor/syscall", "tracer/request/proc-mem"}
    assert {row["scenario"] for row in controls} == names
    assert {row["verdict"] for row in controls} == {"same"}


def check_sums(found: Found) -> None:
    """The functions of a cell add up to its change, where that is decided."""
    sums = {where: sum(each.values()) for where, each in credited(found).items()}
    for row in cells(found):
        where = row["scenario"], row["placement"]
        if where in sums and row["verdict"] != "undecided":
            assert sums[where] == row["estimate"], row


def test_a_signal_stack_that_stays_the_same(tmp_path: Path) -> None:
    found = tried("altstack", tmp_path)
    (row,) = cells(found)
    assert (row["scenario"], row["verdict"]) == ("elsewhere/signal:sigusr1", "more")
    assert row["estimate"] == 17
    (functions,) = credited(found).values()
    lock = {"_raw_spin_lock_irq": 7, "_raw_spin_unlock_irq": 5}
    assert functions == {"do_sigaltstack": 5, **lock}
    check_controls(found)


def test_a_wait_for_one_pid(tmp_path: Path) -> None:
    """With one tracee a walk of the lists takes as long as to look its pid up."""
    found = tried("do-wait-pid", tmp_path)
    check_decided(found, "more", (4, 8))
    for functions in credited(found).values():
        assert functions.keys() == {"pid_task", "wait_consider_task", "__do_wait"}
        assert functions["pid_task"] < 0 < functions["wait_consider_task"]
    check_sums(found)
    check_controls(found)


def test_a_tracee_that_is_delayed(tmp_path: Path) -> None:
    """No tracee of these scenarios is: what is left is the question."""
    found = tried("wait-task-inactive", tmp_path)
    check_decided(found, "fewer", (-2, -4, -8))
    for functions in credited(found).values():
        assert functions.keys() == {"wait_task_inactive"}
        assert functions["wait_task_inactive"] in (-2, -4, -8)
    check_sums(found)
    check_controls(found)


def test_code_that_stays_the_same(tmp_path: Path) -> None:
    found = tried("ptrace-stop-rt", tmp_path)
    assert found["code_bytes"] == {}
    assert {row["verdict"] for row in cells(found)} <= {"same", "undecided"}
    assert found["functions"] == []
    check_controls(found)


def check_forks(found: Found, functions: dict[str, int]) -> None:
    """`functions`: the change of each in every cell."""
    assert {row["verdict"] for row in cells(found)} == {"undecided"}
    for each in credited(found).values():
        assert functions.items() <= each.items(), each
    check_controls(found)


def test_a_lock_more_in_a_wait(tmp_path: Path) -> None:
    found = tried("wait-task-zombie", tmp_path)
    assert set(found["scenarios"]) == FORKS
    check_forks(found, {"wait_consider_task": 6, "_raw_spin_lock": 6})
    locks = {"_raw_spin_lock", "_raw_spin_unlock"}
    for functions in credited(found).values():
        assert functions.keys() <= {"wait_consider_task", *locks}


def test_queues_that_are_flushed_without_a_lock(tmp_path: Path) -> None:
    found = tried("flush-sigqueue", tmp_path)
    assert set(found["scenarios"]) == FORKS
    check_forks(found, {"release_task": 5})
    assert {len(functions) for functions in credited(found).values()} == {1}


def test_counters_that_are_allocated_one_by_one(tmp_path: Path) -> None:
    """Three allocations more for each mm; a fork and an exec make two."""
    found = tried("percpu-group", tmp_path)
    check_forks(found, {})
    one = {"pcpu_alloc_noprof": 1052, "pcpu_free_area": 372, "mm_init": 43}
    for (scenario, _), functions in credited(found).items():
        number = 2 if scenario == "elsewhere/fork-exec-exit-wait" else 1
        for name, change in one.items():
            assert functions[name] == number * change, (scenario, name)
        assert sum(functions.values()) > 3000 * number
        assert min(functions.values()) > 0


def test_pids_that_are_freed_without_a_lock(tmp_path: Path) -> None:
    """It changes a header, so one scenario of each kind of path is measured too. What
    is allocated for each CPU is not its doing, and what that takes is not asked for."""
    found = tried("free-pid", tmp_path)
    assert FORKS < set(found["scenarios"]) and not found["controls"]
    assert {row["verdict"] for row in cells(found)} <= {"same", "undecided"}
    mine = {"free_pids": 35, "__change_pid": 23, "release_task": 11}
    for functions in credited(found).values():
        assert mine.items() <= functions.items(), functions
    assert {"change_pid", "ksys_setsid"} <= set(found["unreached"])
