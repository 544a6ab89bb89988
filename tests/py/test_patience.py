# SPDX-License-Identifier: GPL-2.0-only
"""A limit counts what a process did and what it slept, not what it waited."""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from retrap.executors.patience import Patience, steal_s

SPIN = ["sh", "-c", "while :; do :; done"]
counted = pytest.mark.skipif(
    Path("/proc/self/schedstat").read_text().split()[0] == "0",
    reason="this kernel does not count it: no CONFIG_SCHED_INFO",
)


@contextmanager
def started(argv: list[str]) -> Iterator[int]:
    cpu = min(os.sched_getaffinity(0))
    process = subprocess.Popen(["taskset", "-c", str(cpu), *argv])
    try:
        yield process.pid
    finally:
        process.kill()
        process.wait()


@counted
def test_what_it_waits_for_a_cpu_is_not_counted() -> None:
    with ExitStack() as stack:
        patience = Patience(stack.enter_context(started(SPIN)))
        start = time.monotonic()
        for _ in range(4):
            stack.enter_context(started(SPIN))
        while (wall_s := time.monotonic() - start) < 2:
            time.sleep(0.1)
        assert patience.used_s() < 0.5 * wall_s


def test_sleep_is_counted() -> None:
    with started(["sleep", "60"]) as pid:
        patience = Patience(pid)
        time.sleep(1)
        assert 0.9 < patience.used_s()


def test_a_process_that_has_ended_has_no_more_threads() -> None:
    with started(["true"]) as pid:
        patience = Patience(pid)
        os.waitid(os.P_PID, pid, os.WEXITED | os.WNOWAIT)
        assert patience.used_s() >= 0


def test_steal_is_of_each_cpu() -> None:
    stat = "cpu  1 2 3 4 5 6 7 800 9 10\ncpu0 1 1 1 1 1 1 1 300 1 1\ncpu1 0 0\n"
    assert steal_s(stat) == {"cpu0": 300 / os.sysconf("SC_CLK_TCK")}
