# SPDX-License-Identifier: GPL-2.0-only
"""A cell that cannot run is n.a. with its reason, and costs the others nothing."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

from retrap.executors import guest, host
from retrap.base.arch import native
from retrap.build.programs import Programs
from retrap.campaign.manifest import LOCAL, QEMU_EXACT, Job
from retrap.config.experiments import Guest
from retrap.base.errors import EXIT_UNSUPPORTED, RetrapError
from retrap.executors.running import Running
from retrap.kernel.kernels import Kernel
from retrap.config.plan import Run
from retrap.base.progress import Task

TIMED = Run("retrap/trigger:sigcont", "same-cpu", "listen", 20, None, 1)
COUNTED = Run("retrap/trigger:sigcont", "same-cpu", "listen", 20, 8, 1)
# One CPU cannot hold it, guest or host.
APART = Run("retrap/trigger:sigcont", "cross-cpu", "listen", 20, None, 1)
APART_COUNTED = Run("retrap/trigger:sigcont", "cross-cpu", "listen", 20, 8, 1)
HERE = Running("host", ("listen",), None, ("listen",))
WHY = "cross-cpu needs two CPUs"
ONE_CPU = Guest(cpus=1, timeout_s=300)


def boot(kernel: Kernel, programs: Programs, cells: list[Run], into: Path) -> None:
    job = Job("mainline", into.name, kernel.arch.name, QEMU_EXACT, "cells")
    lines = tuple(cell.line for cell in cells)
    guest.measure(job, lines, kernel, programs, into, ONE_CPU, Task("boot"))


def here(programs: Programs, cells: list[Run], results: Path) -> Path:
    """A boot of a result directory; where it is."""
    (results / "plan.json").write_text("{}")
    into = results / "raw/host/boot-1"
    job = Job("host", into.name, native().name, LOCAL, "cells")
    lines = tuple(cell.line for cell in cells)
    host.measure(job, lines, HERE, programs, into, Task("host"))
    return into


def record(directory: Path) -> dict[str, object]:
    found: dict[str, object] = json.loads((directory / "boot.json").read_text())
    return found


def test_guest(
    tmp_path: Path,
    programs: Programs,
    built: dict[str, Kernel],
    capsys: pytest.CaptureFixture[str],
) -> None:
    cells = [APART, TIMED, COUNTED, APART_COUNTED]
    into = tmp_path / "exact-1"
    boot(built["mainline"], programs, cells, into)
    got = record(into)
    assert got["cells"] == [TIMED.output, COUNTED.output]
    missing = got["missing"]
    assert isinstance(missing, dict) and list(missing) == [APART.stem]
    assert missing[APART.stem].startswith(WHY)
    assert {file.name for file in into.glob("*cross-cpu*")} == set()
    assert f"{APART.stem}: n.a.: {WHY}" in " ".join(capsys.readouterr().err.split())


NOT_EXACT = "retrap-bench: not exact: 1000, twice and three times 1000 nops took 1077"


def test_a_guest_whose_clock_was_not_proved_boots_once_more(
    tmp_path: Path,
    programs: Programs,
    built: dict[str, Kernel],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Of a plan that hits it, the boots of every day do: a percpu patch's did."""
    real, plans = guest.run, []

    def run(
        kernel: Kernel, mine: Programs, plan: list[str], work: Path, *rest: Any
    ) -> Any:
        plans.append(list(plan))
        found = real(kernel, mine, plan, work, *rest)
        if len(plans) == 1:
            stem = work / "results" / TIMED.output.removesuffix(".run.json")
            Path(f"{stem}.status").write_text("3\n")
            Path(f"{stem}.log").write_text(NOT_EXACT)
        return found

    monkeypatch.setattr(guest, "run", run)
    into = tmp_path / "exact-1"
    boot(built["mainline"], programs, [TIMED], into)
    assert plans[1] == [guest.PAUSE, *plans[0]] and len(plans) == 2
    assert record(into)["cells"] == [TIMED.output]
    assert not list(into.glob("pause.*"))


def test_guest_with_nothing_to_run(
    tmp_path: Path, programs: Programs, built: dict[str, Kernel]
) -> None:
    into = tmp_path / "exact-1"
    with pytest.raises(RetrapError, match=WHY) as caught:
        boot(built["mainline"], programs, [APART], into)
    assert caught.value.exit_code == EXIT_UNSUPPORTED
    assert not list(tmp_path.rglob("boot.json"))


@pytest.fixture
def one_cpu() -> object:
    cpus = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {min(cpus)})
    yield
    os.sched_setaffinity(0, cpus)


def test_host(tmp_path: Path, programs: Programs, one_cpu: object) -> None:
    got = record(here(programs, [APART, TIMED], tmp_path))
    assert got["cells"] == [TIMED.output]
    missing = got["missing"]
    assert isinstance(missing, dict) and missing[APART.stem].startswith(WHY)


def test_host_with_nothing_to_run(
    tmp_path: Path, programs: Programs, one_cpu: object
) -> None:
    with pytest.raises(RetrapError, match=WHY) as caught:
        here(programs, [APART], tmp_path)
    assert caught.value.exit_code == EXIT_UNSUPPORTED
    assert not list(tmp_path.rglob("boot.json"))
