# SPDX-License-Identifier: GPL-2.0-only
"""An arm64 guest: exact, repeatable, and counted by its emulated PMU.

Runs where `./retrap kernel build mainline --arch arm64` has built a kernel and
the arm64 programs are built; elsewhere arm64 has not been asked for.
"""

from __future__ import annotations

import json
from pathlib import Path

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


CYCLES = (200, 1000)
PMU_ERROR = 0.005  # the timer's ticks
SWITCH = 300  # instructions of a context switch that run between clock and counters


@pytest.mark.parametrize(
    ("scenario", "switches"),
    [
        ("floor/syscall", 0),
        ("trap/trigger:interrupt", 4),
        ("retrap/trigger:sigcont", 10),
    ],
)
def test_user_and_kernel_are_what_the_clock_counts(
    kernel: Kernel, programs: Programs, tmp_path: Path, scenario: str, switches: int
) -> None:
    """Two instruments in the counting runs of a cell: its groups, and how long they
    ran (event-runtime) by the clock of exact mode, in instructions. Of a long run
    less a short one, for perf's own cancels; but at a context switch perf starts the
    clock before it starts the counters, and stops it after them."""
    cell = f"--scenario {scenario} --placement same-cpu --interface listen"
    told = "--expect-interfaces listen --variant mainline --substrate exact"
    counted, clock = {}, {}
    for mode in pmu.MODES:
        lines = [f"count {n} {cell} {told} --samples {n}" for n in CYCLES]
        words = pmu.Group(mode, ("cycles", "instructions")).options()
        events = {"/retrap/events": "".join(f"{word}\n" for word in words)}
        work, setting = tmp_path / mode, Guest(2, 600)
        guest.run(kernel, programs, lines, work, setting, Task("pmu"), events)
        files = [work / f"results/{n}.jsonl" for n in CYCLES]
        short, long = (perf_stat.parse(file, mode) for file in files)
        event, more = f"instructions:{mode}", CYCLES[1] - CYCLES[0]
        counted[mode] = ((long[event] or 0) - (short[event] or 0)) / more
        times = [json.loads(file.read_text().splitlines()[2]) for file in files]
        clock[mode] = (times[1]["event-runtime"] - times[0]["event-runtime"]) / more
    print(f"\ninstructions a cycle: pmu {counted}, clock {clock}")
    assert all(count > 0 for count in counted.values())
    for by_clock in clock.values():
        lost, slack = by_clock - sum(counted.values()), PMU_ERROR * by_clock
        assert -slack <= lost <= SWITCH * switches + slack
