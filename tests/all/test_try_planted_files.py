# SPDX-License-Identifier: GPL-2.0-only
"""`retrap try`: a planted change in each file of signals, ptrace and processes is found
to the instruction and credited to its function; and one that no scenario reaches is
said to be unreached."""

from __future__ import annotations

import difflib
import json
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from linux_tree import nops

from retrap.base.arch import native
from retrap.base.paths import ROOT
from retrap.config.variants import load_variants
from retrap.kernel import patched_files

COUNT = 300  # instructions


@dataclass(frozen=True)
class Plant:
    """The nops stand before `line` of `function`. `decided`: whether a cell tells; a
    process that is made and ends varies by far more."""

    file: str
    function: str
    line: str
    decided: bool = True


PLANTS = (
    Plant(
        "kernel/signal.c",
        "prepare_signal",
        "\tif (signal->flags & SIGNAL_GROUP_EXIT) {\n",
    ),
    Plant(
        "kernel/ptrace.c",
        "ptrace_request",
        "\t\tif (likely(task_set_jobctl_pending(child, JOBCTL_TRAP_STOP)))\n",
    ),
    Plant("kernel/exit.c", "release_task", "\tcgroup_release(p);\n", decided=False),
    Plant(
        "kernel/fork.c",
        "copy_process",
        "\tif ((clone_flags & CLONE_THREAD) && !(clone_flags & CLONE_SIGHAND))\n",
        decided=False,
    ),
    Plant("kernel/sched/core.c", "try_to_wake_up", "\twake_flags |= WF_TTWU;\n"),
)
UNREACHED = Plant("kernel/signal.c", "sigsuspend", "\tset_current_blocked(set);\n")


def planted(plant: Plant, into: Path) -> Path:
    variants = load_variants(ROOT / "configs/variants.toml")
    source = into / "source"
    source.mkdir()
    mainline = variants["mainline"]
    patched_files.lay_source(mainline, variants, native(), {plant.file}, source)
    before = (source / plant.file).read_text()
    start = before.index(f"{plant.function}(")
    at = before.index(plant.line, before.index("\n{", start))
    after = before[:at] + nops(COUNT) + before[at:]
    names = f"a/{plant.file}", f"b/{plant.file}"
    lines = (text.splitlines(keepends=True) for text in (before, after))
    patch = into / "planted.patch"
    patch.write_text("".join(difflib.unified_diff(*lines, *names)))
    return patch


def tried(plant: Plant, into: Path) -> dict[str, Any]:
    argv = [ROOT / "retrap", "try", planted(plant, into), "--json"]
    argv += ["--results", into / "results"]
    done = subprocess.run(argv, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    return found


@pytest.mark.parametrize("plant", PLANTS, ids=lambda plant: plant.function)
def test_it_is_found_to_the_instruction(plant: Plant, tmp_path: Path) -> None:
    found = tried(plant, tmp_path)
    rows = [row for row in found["rows"] if not row["control"]]
    print([(r["scenario"], r["placement"], r["change"], r["verdict"]) for r in rows])
    print(found["functions"])
    assert rows and not found["unreached"]
    for row in rows:
        assert row["verdict"] in ("more", "same", "undecided"), row
        if row["verdict"] == "more":
            assert row["estimate"] > 0 and row["estimate"] % COUNT == 0, row
    assert not plant.decided or "more" in {row["verdict"] for row in rows}
    assert found["functions"]
    for each in found["functions"]:
        assert each["function"] == plant.function
        assert each["change"] > 0 and each["change"] % COUNT == 0
        assert plant.decided or each["change"] == COUNT  # once a sample
    controls = [row for row in found["rows"] if row["control"]]
    assert controls and {row["verdict"] for row in controls} == {"same"}


def test_what_no_scenario_reaches(tmp_path: Path) -> None:
    found = tried(UNREACHED, tmp_path)
    assert found["unreached"] == [UNREACHED.function]
    assert found["scenarios"] == [] and found["functions"] == []
    assert {row["verdict"] for row in found["rows"]} == {"same"}
    assert all(row["control"] for row in found["rows"])
    assert found["code_bytes"]  # of what it is inlined into
