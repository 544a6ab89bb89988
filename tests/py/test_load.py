# SPDX-License-Identifier: GPL-2.0-only
"""What others took of a cell's CPUs, and from where on the cell is marked."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from retrap.machine import load

SPIN = "while True: pass"
HALF = "import time as t; e = t.time() + 0.5\nwhile t.time() < e: pass"


def reading(root: Path, at: float, own: float, lines: dict[int, str]) -> load.Reading:
    (root / "proc").mkdir(exist_ok=True)
    text = "cpu 1 2 3 4 5 6 7 8 9 10\n"
    text += "".join(f"cpu{cpu} {times}\n" for cpu, times in lines.items())
    (root / "proc/stat").write_text(text)
    (root / "proc/loadavg").write_text("5.50 1.00 0.50 3/99 4711\n")
    got = load.read(root)
    return load.Reading(at, own, got.work, got.steal, got.loadavg)


def test_others_are_all_that_is_not_ours(tmp_path: Path) -> None:
    """Idle and iowait are nobody's; CPUs of no end of the cell do not count."""
    start = {cpu: "100 0 100 1000 50 0 0 10 0 0" for cpu in (0, 1, 2)}
    end = {
        0: "140 10 120 1030 60 5 5 30 0 0",  # 80 ticks of work, 20 stolen
        1: "120 0 100 1080 50 0 0 10 0 0",  # 20
        2: "200 0 100 1000 50 0 0 10 0 0",
    }
    a = reading(tmp_path, 0.0, 1.0, start)
    b = reading(tmp_path, 1.0, 1.3, end)
    got = load.between(a, b, {0, 1})
    tick = load.TICK_S
    assert got["others_s"] == pytest.approx(100 * tick - 0.3)
    assert got["steal_s"] == pytest.approx(20 * tick)
    assert (got["wall_s"], got["loadavg"]) == (1.0, 5.5)
    of_all = load.of_machine(a, b)  # as a guest's vCPUs may have run on any
    assert of_all["others_s"] == pytest.approx(200 * tick - 0.3)


def test_what_cannot_be_read_is_null_and_marks_nothing(tmp_path: Path) -> None:
    a = b = load.read(tmp_path)
    run = {"load": load.of_machine(a, b)}
    assert run["load"] == load.between(a, b, {0})
    assert run["load"]["others_s"] is run["load"]["steal_s"] is None
    assert load.share(run) is None and not load.busy(run)
    assert load.words([run, {}]) == ""
    assert load.share({"load": "x"}) is None and load.share({}) is None


@pytest.mark.parametrize(
    ("wall", "others", "steal", "marked"),
    [
        (1.0, 0.25, 0.0, False),
        (1.0, 0.26, 0.0, True),
        (1.0, 0.13, 0.13, True),
        (0.05, 0.03, 0.0, False),  # three ticks are chance
        (0.05, 0.04, 0.0, True),
    ],
)
def test_mark(wall: float, others: float, steal: float, marked: bool) -> None:
    record: dict[str, Any] = {"loadavg": 0.1, "wall_s": wall}
    assert (
        load.busy({"load": {**record, "others_s": others, "steal_s": steal}}) is marked
    )


def beside(others: int) -> dict[str, Any]:
    """A child that spins for half a second on a CPU, beside so many others."""
    cpu = min(os.sched_getaffinity(0))

    def pinned() -> None:
        os.sched_setaffinity(0, {cpu})

    spinners = [
        subprocess.Popen([sys.executable, "-c", SPIN], preexec_fn=pinned)
        for _ in range(others)
    ]
    try:
        time.sleep(0.2)
        start = load.read()
        subprocess.run([sys.executable, "-c", HALF], preexec_fn=pinned, check=True)
        return {"load": load.between(start, load.read(), {cpu})}
    finally:
        for each in spinners:
            each.kill()
            each.wait()


def test_busy_loops_on_its_cpu_mark_it() -> None:
    run = beside(3)
    assert load.busy(run), run
    assert (load.share(run) or 0) > 0.5


def test_a_cell_that_fills_its_cpu_is_not_busy_by_itself() -> None:
    """On a quiet machine; what others took is known from the machine itself."""
    start, idle = load.read(), time.monotonic()
    run = beside(0)
    end = load.read()
    cpu = min(os.sched_getaffinity(0))
    mine = end.own - start.own
    other = end.work[cpu] - start.work[cpu] - mine
    if other > 0.05 * (time.monotonic() - idle):
        pytest.skip(f"other work took {other:.2f} s of CPU {cpu} meanwhile")
    assert not load.busy(run), run
