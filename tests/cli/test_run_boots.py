# SPDX-License-Identifier: GPL-2.0-only
"""`retrap run` over boots. Another boot is this one in a mount namespace that has
another boot_id, and another kernel is this one with another build id."""

from __future__ import annotations

import json
import os
import re
import subprocess
from pathlib import Path

import pytest

from retrap.campaign import journal
from retrap.analysis.compare import comparisons
from retrap.base.errors import EXIT_RESULTS, EXIT_UNSUPPORTED
from retrap.base.paths import ROOT
from retrap.executors.running import NOTES, build_id
from retrap.results import store

EXPERIMENT = """
scenarios = ["retrap/trigger:sigcont"]
placements = ["same-cpu"]
[host]
samples = 50
"""
BOOT_ID = "/proc/sys/kernel/random/boot_id"
IN_ORDER = "The boots of one kernel all came before those of the other"


def rows(path: Path) -> list[str]:
    return (path / journal.FILE).read_text().splitlines()


class Machine:
    """`boot(number, kernel)` is `./retrap run` in a boot of its own."""

    def __init__(self, place: Path) -> None:
        self.place = place
        (place / "small.toml").write_text(EXPERIMENT)
        notes = bytearray(NOTES.read_bytes())
        mine = build_id()
        assert mine is not None
        notes[notes.index(bytes.fromhex(mine))] ^= 0xFF
        (place / "other").write_bytes(notes)

    def boot(
        self, number: int, kernel: str = "", path: str | None = None
    ) -> subprocess.CompletedProcess[str]:
        done = self.run(number, kernel, path)
        assert done.returncode == 0, done.stderr
        return done

    def run(
        self, number: int, kernel: str = "", path: str | None = None
    ) -> subprocess.CompletedProcess[str]:
        ours = self.place / f"boot-{number}"
        ours.write_text(f"{number:08}-0000-4000-8000-000000000000\n")
        steps = [f"mount --bind {ours} {BOOT_ID}"]
        if kernel:
            steps.append(f"mount --bind {self.place / kernel} {NOTES}")
        steps.append(f"exec {ROOT}/retrap run small.toml --no-install --results r")
        argv = ["unshare", "-m", "sh", "-c", " && ".join(steps)]
        environment = {**os.environ, "PATH": path or os.environ["PATH"]}
        return subprocess.run(
            argv, cwd=self.place, capture_output=True, text=True, env=environment
        )

    def untouched(self) -> None:
        """It says what it said before: one boot, and the end."""
        (path,) = (self.place / "r/small-host").glob("2*")
        states = [json.loads(row)["state"] for row in rows(path)]
        assert states == ["begun", "planned", "running", "done", "finished"]

    def results(self) -> store.Results:
        (path,) = (self.place / "r/small-host").glob("2*")
        assert journal.read(path).finished
        return store.load(path)


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    probe = ["unshare", "-m", "mount", "--bind", "/proc/version", BOOT_ID]
    if subprocess.run(probe, capture_output=True).returncode != 0:
        pytest.skip("no mount namespace: this needs root")
    return Machine(tmp_path)


def flat(done: subprocess.CompletedProcess[str]) -> str:
    return " ".join(done.stdout.split())


def test_another_boot_is_added_and_the_same_one_is_not(machine: Machine) -> None:
    assert "fills r/small-host" in machine.boot(1).stderr
    again = machine.boot(1)
    assert "this boot is already there" in again.stderr
    assert "adds to r/small-host" in machine.boot(2).stderr
    boots = machine.results().boots
    assert [boot.name for boot in boots] == ["boot-00000001", "boot-00000002"]
    assert {boot.record["kernel_build_id"] for boot in boots} == {build_id()}


def test_the_order_of_a_boot_is_of_chance_and_stands_in_its_record(
    machine: Machine,
) -> None:
    """Another boot has another one; the times of the processes say the same."""
    scenarios = ("floor/clock", "floor/syscall", "floor/pipe", "floor/futex")
    text = EXPERIMENT.replace('["retrap/trigger:sigcont"]', json.dumps(scenarios))
    (machine.place / "small.toml").write_text(text)
    for number in range(5):
        machine.boot(number)
    orders = []
    for boot in machine.results().boots:
        cells = boot.record["cells"]
        runs = [json.loads((boot.path / file).read_text()) for file in cells]
        assert sorted(run["scenario"] for run in runs) == sorted(scenarios)
        began = [run["began"] for run in runs]
        assert began == sorted(began)
        made = [file.stat().st_mtime_ns for file in map(boot.path.joinpath, cells)]
        assert made == sorted(made)
        orders.append(tuple(cells))
    assert len(set(orders)) > 2


def test_why_nothing_was_counted_stays_with_the_boot(machine: Machine) -> None:
    """Here perf is one that may not count."""
    tool = machine.place / "bin/perf"
    tool.parent.mkdir()
    tool.write_text("#!/bin/sh\necho no permission >&2\nexit 1\n")
    tool.chmod(0o755)
    text = EXPERIMENT.replace("samples = 50", "samples = 50\ncycles = 10")
    (machine.place / "small.toml").write_text(text)
    machine.boot(1, path=f"{tool.parent}:{os.environ['PATH']}")
    (boot,) = machine.results().boots
    assert boot.not_counted == "perf stat: no permission"
    assert "not counted: perf stat: no permission" in flat_file(machine)
    machine.boot(2)
    counted = [
        bool(cell.counts) for boot in machine.results().boots for cell in boot.cells
    ]
    assert counted == [False, True]


def flat_file(machine: Machine) -> str:
    (path,) = machine.place.glob("r/small-host/2*/table.txt")
    return " ".join(path.read_text().split())


def test_two_kernels_are_compared_from_six_boots_on(machine: Machine) -> None:
    """And boots that did not come in turns are told."""
    for number in range(6):
        machine.boot(number)
    for number in range(10, 15):
        said = machine.boot(number, "other")
    assert "an undecided amount with" in flat(said) and IN_ORDER not in flat(said)
    assert re.search(r"Boots: host 6, host-\w{8} 5. A difference takes 6", flat(said))
    said = machine.boot(15, "other")
    assert "A difference takes" not in flat(said) and IN_ORDER in flat(said)
    results = machine.results()
    (here,) = results.machines
    first, other = results.variants(here)
    assert (first, len(results.boots)) == ("host", 12)
    assert re.fullmatch("host-[0-9a-f]{8}", other)
    (row,) = comparisons(results)
    assert row.judgement.p_value is not None and row.judgement.low is not None
    assert IN_ORDER not in flat(machine.boot(6))


def test_a_boot_is_not_added_to_what_was_changed(machine: Machine) -> None:
    machine.boot(1)
    (record,) = (machine.place / "r").rglob("boot.json")
    record.chmod(0o644)
    record.write_text(record.read_text() + "\n")
    done = machine.run(2)
    assert done.returncode == EXIT_RESULTS
    assert "was changed after the boot had ended" in done.stderr
    machine.untouched()


def test_an_interface_that_this_kernel_lacks_is_refused(tmp_path: Path) -> None:
    text = EXPERIMENT.replace("\n[host]", '\ninterface = "async-retrap"\n[host]')
    (tmp_path / "small.toml").write_text(text)
    argv = [ROOT / "retrap", "run", "small.toml", "--no-install", "--results", "r"]
    done = subprocess.run(argv, cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == EXIT_UNSUPPORTED
    assert "does not offer async-retrap" in done.stderr
    assert "boot one that does" in done.stderr
