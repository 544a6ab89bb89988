# SPDX-License-Identifier: GPL-2.0-only
"""An arm64 guest: exact, repeatable, and counted by its emulated PMU.

Runs where `./retrap kernel build mainline --arch arm64` has built a kernel and
the arm64 programs are built; elsewhere arm64 has not been asked for.
"""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from conftest import VARIANTS

from retrap.executors import guest
from retrap.kernel import kernels
from retrap.machine import pmu
from retrap.results import perf_stat
from retrap.base.arch import ARM64
from retrap.build.programs import Programs
from retrap.base.paths import ROOT
from retrap.config.experiments import Guest
from retrap.base.errors import RetrapError
from retrap.kernel.kernels import Kernel
from retrap.base.progress import Task

LOOP = "exec loop retrap-handloop 40"


@pytest.fixture(scope="module")
def programs() -> Programs:
    name = "release" if ARM64.native else "release-arm64"
    found = Programs(ROOT / "build" / name, ARM64)
    if not found.bench.exists():
        pytest.skip("no programs for arm64")
    return found


@pytest.fixture(scope="module")
def kernel() -> Kernel:
    try:
        found = kernels.find(VARIANTS["mainline"], ARM64)
    except RetrapError as error:  # no cross compiler
        pytest.skip(error.message)
    if found is None:
        pytest.skip("./retrap kernel build mainline --arch arm64 has not been run")
    return found


def boot(
    kernel: Kernel, programs: Programs, work: Path, wanted: Guest, *lines: str
) -> Path:
    guest.run(kernel, programs, list(lines), work, wanted, Task("arm64"))
    return work / "results"


@pytest.mark.parametrize("cpus", [1, 2, 4])
def test_two_boots_are_one(
    kernel: Kernel, programs: Programs, tmp_path: Path, cpus: int
) -> None:
    loops = [
        (
            boot(kernel, programs, tmp_path / turn, Guest(cpus, 600), LOOP) / "loop.txt"
        ).read_text()
        for turn in ("1", "2")
    ]
    assert loops[0] == loops[1] and len(loops[0].split()) == 40
    assert (tmp_path / "1/console.log").read_text() == (
        tmp_path / "2/console.log"
    ).read_text()


def test_the_clock_counts_instructions(
    kernel: Kernel, programs: Programs, tmp_path: Path
) -> None:
    """retrap-bench refuses --substrate exact unless N nops take N ns."""
    line = (
        "bench b --scenario floor/syscall --placement same-cpu --interface listen"
        " --samples 10 --expect-interfaces listen --variant mainline --substrate exact"
    )
    results = boot(kernel, programs, tmp_path / "exact", Guest(2, 600), line)
    assert (results / "b.status").read_text().strip() == "0"
    free = Guest(2, 600, exact=False)
    results = boot(kernel, programs, tmp_path / "free", free, line)
    assert (results / "b.status").read_text().strip() != "0"


def test_the_pmu_counts_instructions(
    kernel: Kernel, programs: Programs, tmp_path: Path
) -> None:
    """A longer loop of the kernel has more instructions:k."""
    lines = [
        f"exec {n} perf stat -j -e instructions:k retrap-handloop {n}" for n in (40, 80)
    ]
    results = boot(kernel, programs, tmp_path / "pmu", Guest(2, 600), *lines)
    short, long = (
        float(json.loads((results / f"{n}.log").read_text())["counter-value"])
        for n in (40, 80)
    )
    assert long - short > 40 * 5000


PMU_ERROR = 0.01


def test_the_pmu_and_the_clock_count_the_same_cycles(
    kernel: Kernel, programs: Programs, tmp_path: Path
) -> None:
    """Two instruments in one run: the group of a counting run, user and kernel, and
    the clock of exact mode from the first trigger to the last return. With both ends
    on the only CPU nobody is idle. A long run less a short one: perf's own cancels.
    The clock has what is counted for no task too: the timer's ticks between them."""
    cell = "--scenario retrap/trigger:sigcont --placement same-cpu --interface listen"
    told = "--expect-interfaces listen --variant mainline --substrate exact"
    lines = [
        f"count {mode}{cycles} {cell} {told} --samples {cycles} --out {mode}{cycles}"
        for mode in pmu.MODES
        for cycles in (200, 1000)
    ]
    found = {}
    for mode in pmu.MODES:
        group = pmu.Group(mode, ("cycles", "instructions"))
        events = {"/retrap/events": "".join(f"{word}\n" for word in group.options())}
        asked = [line for line in lines if line.startswith(f"count {mode}")]
        work, setting = tmp_path / mode, Guest(1, 600)
        guest.run(kernel, programs, asked, work, setting, Task("pmu"), events)
        results = work / "results"
        counts, spans = [], []
        for cycles in (200, 1000):
            counts.append(perf_stat.parse(results / f"{mode}{cycles}.jsonl", mode))
            samples = np.load(results / f"{mode}{cycles}.npy")
            spans.append(int(samples["t_return_ns"][-1] - samples["t_trigger_ns"][0]))
        more = (counts[1][f"instructions:{mode}"] or 0) - (
            counts[0][f"instructions:{mode}"] or 0
        )
        found[mode] = (more / 800, (spans[1] - spans[0]) / 800)
    counted = sum(per_cycle for per_cycle, _ in found.values())
    print(f"\ninstructions a cycle: {found}")
    assert all(per_cycle > 0 for per_cycle, _ in found.values())
    for _, by_clock in found.values():
        assert abs(counted - by_clock) <= PMU_ERROR * by_clock
