# SPDX-License-Identifier: GPL-2.0-only
"""The README's command on Debian 13, whose compiler and QEMU are others.

Another QEMU lets the vCPUs take other turns, and another gcc makes another path:
the numbers are not those of Debian 12 (README.md). They must repeat there, too.
"""

from __future__ import annotations

import dataclasses
import json
import os
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import trixie
from conftest import kernel

from retrap.analysis import shift
from retrap.analysis.verdict import DECIDED
from retrap.campaign import journal
from retrap.executors import guest
from retrap.kernel import kernels
from retrap.base.arch import native
from retrap.build.programs import Programs
from retrap.base.paths import ROOT
from retrap.config.experiments import Guest
from retrap.config.experiments import load_experiment
from retrap.config.plan import Run
from retrap.profile import stored
from retrap.cli.profile import SEED
from retrap.profile.summary import ALL
from retrap.base.progress import Task
from retrap.results.stats import Values
from retrap.results.store import load

NOTIFICATION = "retrap/trigger:sigcont"
COLD_S, WARM_S = 3 * 3600, 3600  # kernels are built in the first run
SMALL = f"""
variants = ["mainline"]
baseline = "mainline"
placements = ["same-cpu", "cross-cpu"]
scenarios = ["{NOTIFICATION}"]
seed = {SEED}

[exact]
samples = 100
cycles = 0
cpus = 2
timeout_s = 600
"""


@pytest.fixture(scope="module")
def system() -> trixie.System:
    if os.geteuid() != 0:
        pytest.skip("Debian 13 is entered by chroot(2), which needs root")
    return trixie.ensure()


def retrap(system: trixie.System, *words: str, limit_s: int = WARM_S) -> str:
    """What it prints; it must succeed, and leave nothing that runs."""
    done = system.run("./retrap", *words, limit_s=limit_s)
    assert done.returncode == 0, done.stderr[-4000:]
    assert system.processes() == []
    return done.stdout


def only(system: trixie.System, results: str) -> Path:
    (found,) = system.path(results).glob("2*")
    return found


@pytest.fixture(scope="module")
def matrix(system: trixie.System) -> Path:
    """As the README has it, word by word; the result directory."""
    retrap(system, "matrix", limit_s=COLD_S)
    return only(system, "results/quick")


def samples(results: Path) -> dict[str, bytes]:
    """The samples of each exact cell, as they are stored."""
    files = (results / "raw").glob("*/exact-*/*.npy")
    return {str(path.relative_to(results)): path.read_bytes() for path in files}


def test_the_matrix_ends_well(matrix: Path) -> None:
    assert journal.read(matrix).finished
    assert "retrap/trigger" in (matrix / "lkml.eml").read_text().lower()
    boots = [boot for boot in load(matrix).boots if boot.record["substrate"] == "exact"]
    assert len(boots) == len(load_experiment().variants)
    for boot in boots:
        assert "QEMU emulator version 10." in boot.record["qemu_version"]
        assert "gcc (Debian 14." in boot.record["compiler"]
        assert all(cell.ok.all() for cell in boot.cells if cell.samples is not None)


def test_the_exact_files_repeat(system: trixie.System, matrix: Path) -> None:
    retrap(system, "matrix", "--results", "results/again")
    again = samples(only(system, "results/again/quick"))
    first = samples(matrix)
    assert len(first) > 3 and first.keys() == again.keys()
    assert [name for name in first if first[name] != again[name]] == []


def test_the_profile_of_two_vcpus_is_of_the_same_samples(
    system: trixie.System, matrix: Path
) -> None:
    """Sample by sample those of a boot without the profiler; and what it counts
    in each window is the difference of the clock (derive.profiles())."""
    system.path("results/small.toml").write_text(SMALL)
    retrap(system, "matrix", "results/small.toml")
    words = ("--variant", "mainline", "--samples", "100", "--cpus", "2")
    retrap(system, "profile", NOTIFICATION, *words)
    path = only(system, "results/profile")
    plain, profiled = samples(only(system, "results/small")), samples(path)
    assert len(plain) == 2 and plain == profiled
    found = {each.facts["placement"]: each for each in stored.profiles(path)}
    assert found.keys() == {"same-cpu", "cross-cpu"}
    for cell in load(path).cells():
        profile = found[cell.placement]
        assert profile.windows == tuple(cell.latencies.tolist())
        own = sum(row.own for row in profile.trees[ALL].rows())
        assert own * len(profile.windows) == np.sum(cell.latencies)
        where = vcpus(path, cell.placement)
        assert where["tracer"] == {0}
        assert where["tracee"] == {0 if cell.placement == "same-cpu" else 1}


def vcpus(path: Path, placement: str) -> dict[str, set[int]]:
    """By side, the vCPUs that ran it (docs/data-format.md, `groups`)."""
    (file,) = (path / stored.PROFILES).glob(f"*@{placement}.json")
    found: dict[str, set[int]] = {}
    for vcpu, side in json.loads(file.read_text())["groups"]:
        found.setdefault(side, set()).add(vcpu)
    return found


PATHS = (
    "floor/pipe",
    "floor/futex",
    "trap/trigger:interrupt",
    NOTIFICATION,
    "retrap/trigger:interrupt",
)


@pytest.mark.parametrize("made", ["here", "there"])
def test_one_kernel_has_the_same_samples_in_both_qemus(
    system: trixie.System, matrix: Path, made: str, tmp_path: Path
) -> None:
    """With the programs of this machine. What differs between the numbers of the two
    systems is then what gcc made, but for the floors: the processor of the newer
    QEMU copies short strings by itself. That moves where the ticks fall, and so how
    many samples are of which class; a median may be of another one."""
    script, folder = tmp_path / "qemu", f"{trixie.COPY}/build/boot"
    system.qemu(native().qemu, folder, script)
    here = kernel("mainline")
    if made == "there":
        here = dataclasses.replace(here, directory=directory(system, matrix))
    other = dataclasses.replace(native(), qemu=str(script))
    there = dataclasses.replace(here, arch=other)
    a = latencies(here, tmp_path / "boot")
    b = latencies(there, system.root / folder)
    assert a.keys() == b.keys() and len(a) == 2 * len(PATHS)
    judged = {cell: shift.judge(a[cell], b[cell]) for cell in a}
    for (name, placement), found in judged.items():
        values = a[name, placement], b[name, placement]
        medians = " ".join(f"{np.median(each):7.0f}" for each in values)
        print(f"{name:25} {placement:10} {medians} {found.verdict} {found.estimate}")
    decided = {cell for cell, found in judged.items() if found.verdict in DECIDED}
    assert {cell for cell in decided if not cell[0].startswith("floor/")} == set()


def directory(system: trixie.System, matrix: Path) -> Path:
    """Of mainline's kernel that the matrix there has built."""
    plan = json.loads((matrix / "plan.json").read_text())
    (row,) = (each for each in plan["variants"] if each["name"] == "mainline")
    return system.root / "root/.cache/retrap/kernels" / row["kernel_key"][native().name]


def latencies(target: kernels.Kernel, work: Path) -> dict[tuple[str, str], Values]:
    """Of 200 samples, by scenario and placement; one boot."""
    cells = [
        Run(name, placement, "listen", 200, None, SEED)
        for name in PATHS
        for placement in ("same-cpu", "cross-cpu")
    ]
    machine = Guest(2, 900)
    told = guest.bench_words(target, machine)
    lines = [f"{cell.line} {told}" for cell in cells]
    programs = Programs(ROOT / "build/release")
    guest.run(target, programs, lines, work, machine, Task("boot"))
    found = {}
    for cell in cells:
        rows = np.load(work / f"results/{cell.stem}.npy")
        assert (rows["outcome"] == 0).all()
        taken = rows["t_return_ns"] - rows["t_trigger_ns"]
        found[cell.scenario, cell.placement] = taken.astype(np.int64)
    return found


def until(holds: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 60
    while not holds():
        assert time.monotonic() < deadline, "no change in 60 s"
        time.sleep(0.1)


def test_nothing_outlives_who_waits(system: trixie.System) -> None:
    script = "setsid sleep 1000 & exec sleep 1000"
    waiting = subprocess.Popen(system.argv("sh", "-c", script))
    try:
        until(lambda: len(system.processes()) == 2)
    finally:
        waiting.send_signal(signal.SIGKILL)
        waiting.wait()
    until(lambda: system.processes() == [])
    assert str(system.root) not in Path("/proc/mounts").read_text()
