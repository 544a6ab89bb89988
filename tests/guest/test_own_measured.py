# SPDX-License-Identifier: GPL-2.0-only
"""The scenario of docs/own-scenario.md in exact mode: measured, twice alike, and
profiled."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest
from conftest import VARIANTS

from retrap.base.arch import native
from retrap.base.paths import ROOT
from retrap.base.progress import Progress, Task
from retrap.build import own
from retrap.build.programs import MEASURING, Programs
from retrap.campaign.manifest import QEMU_EXACT, Job
from retrap.config import scenario_files
from retrap.config.experiments import Guest
from retrap.config.plan import Run
from retrap.config.scenario_files import Files
from retrap.executors import guest
from retrap.kernel.kernels import Kernel
from retrap.profile import measure, stored
from retrap.profile.summary import CHEAPEST

ASKS, SAMPLES = (0, 1, 2), 100
CELLS = [
    Run(f"mine/syscall-info/asks:{asks}", "same-cpu", "listen", SAMPLES, None, 1)
    for asks in ASKS
]
COUNTED = Run("mine/syscall-info/asks:1", "same-cpu", "listen", SAMPLES, 8, 1)


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Files:
    """The page's example."""
    page = (ROOT / "docs/own-scenario.md").read_text()
    (text,) = re.findall(r"```cpp\n(.*?)```", page, re.S)
    path = tmp_path_factory.mktemp("own") / "mine.cc"
    path.write_text(text)
    return scenario_files.read([path])


@pytest.fixture(scope="module")
def mine(files: Files) -> Programs:
    with Progress() as progress:
        shipped = Programs(ROOT / "build/release", names=MEASURING)
        return own.add(shipped, files, progress)


def boot(kernel: Kernel, programs: Programs, into: Path) -> dict[str, list[int]]:
    """The instructions of each sample, by scenario."""
    job = Job("mainline", into.name, kernel.arch.name, QEMU_EXACT, "cells")
    lines = tuple(cell.line for cell in (*CELLS, COUNTED))
    guest.measure(job, lines, kernel, programs, into, Guest(2, 300), Task("boot"))
    found = {}
    for cell in CELLS:
        samples = np.load(into / f"{cell.stem}.npy")
        assert set(samples["outcome"]) == {0} and len(samples) == SAMPLES
        took = samples["t_return_ns"] - samples["t_trigger_ns"]
        found[cell.scenario] = [int(each) for each in took]
    assert (into / COUNTED.output).exists()
    return found


def test_it_is_measured_and_repeats(
    tmp_path: Path, mine: Programs, built: dict[str, Kernel]
) -> None:
    first = boot(built["mainline"], mine, tmp_path / "exact-1")
    assert boot(built["mainline"], mine, tmp_path / "exact-2") == first
    none, one, two = (min(took) for took in first.values())
    assert one - none == two - one > 100  # each request costs the same


def test_it_is_profiled(tmp_path: Path, files: Files, built: dict[str, Kernel]) -> None:
    request = measure.Request(
        scenarios=(),
        variants=("mainline",),
        arches=(native(),),
        placements=("same-cpu",),
        samples=SAMPLES,
        cpus=2,
        seed=1,
        files=files,
    )
    path = measure.run(request, dict(VARIANTS), tmp_path, True, lambda _: [])
    profiles = {found.facts["scenario"]: found for found in stored.profiles(path)}
    assert sorted(profiles) == [cell.scenario for cell in CELLS[:2]]
    calls = {
        scenario: sum(
            float(row.calls)
            for row in found.trees[CHEAPEST].rows()
            if row.function.name == "ptrace_get_syscall_info"
        )
        for scenario, found in profiles.items()
    }
    assert list(calls.values()) == [0, 1]
