# SPDX-License-Identifier: GPL-2.0-only
"""Which hardware events this machine counts, and how many of them at once.

A counting run counts one group, of one mode: user or kernel. A group is counted all
the time or not at all, so that nothing is an estimate. How large it may be is tried
out, event by event where need be: that takes into account what the NMI watchdog, or
another hypervisor's guest, has of the counters.
"""

from __future__ import annotations

import functools
import json
import os
import re
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

EVENTS = (
    *("cycles", "instructions", "branches", "branch-misses"),
    *("L1-dcache-load-misses", "LLC-load-misses"),
    *("dTLB-load-misses", "iTLB-load-misses"),
)
INSTEAD = {"LLC-load-misses": "cache-misses"}  # where the first does not exist
MODES = {"u": "user", "k": "kernel"}
MOST = 4  # counters that any PMU of today has
HYBRID = ("cpu_core", "cpu_atom")
NAMED = re.compile(r"(?:(?P<pmu>\w+)/)?(?P<event>[\w-]+)(?::\w+)?(?:/\w*)?")


@dataclass(frozen=True)
class Group:
    """Events that are counted together; `pmus` are those of a hybrid CPU."""

    mode: str
    events: tuple[str, ...]
    pmus: tuple[str, ...] = ()

    def options(self) -> list[str]:
        """Arguments of perf stat. Counts are what was counted, never scaled up."""
        words = ["--no-scale"]
        for pmu in self.pmus or ("",):
            names = [
                f"{pmu}/{event}/{self.mode}" if pmu else f"{event}:{self.mode}"
                for event in self.events
            ]
            words += ["-e", "{" + ",".join(names) + "}"]
        return words


Counted = Callable[[Group], frozenset[str]]


@functools.cache
def groups(root: Path = Path("/")) -> tuple[Group, ...]:
    """What the counting runs of a cell count here; empty without a PMU."""
    devices = root / "sys/bus/event_source/devices"
    pmus = tuple(name for name in HYBRID if (devices / name).exists())
    return fitting(pmus, counted)


def fitting(pmus: tuple[str, ...], counted: Counted) -> tuple[Group, ...]:
    """As few groups as hold every event that can be counted alone."""
    found: list[Group] = []
    for mode in MODES:
        events = []
        for event in EVENTS:
            for name in (event, INSTEAD.get(event)):
                if name and counted(Group(mode, (name,), pmus)):
                    events.append(name)
                    break
        for begin in range(0, len(events), MOST):
            whole = Group(mode, tuple(events[begin : begin + MOST]), pmus)
            found += _split(whole, counted)
    return tuple(found)


def _split(group: Group, counted: Counted) -> Iterator[Group]:
    if len(group.events) == 1 or counted(group) == set(group.events):
        yield group
        return
    half = (len(group.events) + 1) // 2
    for part in (group.events[:half], group.events[half:]):
        yield from _split(Group(group.mode, part, group.pmus), counted)


def counted(group: Group) -> frozenset[str]:
    """The events of it that perf counts of `true`, from its begin to its end."""
    argv = ["perf", "stat", "-j", *group.options(), "--", "true"]
    env = {**os.environ, "LC_ALL": "C"}
    done = subprocess.run(
        argv, stdin=subprocess.DEVNULL, capture_output=True, text=True, env=env
    )
    return of_output(done.stderr) if done.returncode == 0 else frozenset()


def of_output(text: str) -> frozenset[str]:
    """Of perf stat -j: what was counted on one PMU at least, all of the time."""
    found = set()
    for line in text.splitlines():
        record = json.loads(line) if line.startswith("{") else {}
        value = str(record.get("counter-value", "<"))
        if not value.startswith("<") and float(record["pcnt-running"]) >= 100:
            found.add(event_name(record["event"])[1])
    return frozenset(found)


def event_name(text: str) -> tuple[str, str]:
    """PMU, empty but on a hybrid CPU, and event. Versions of perf write
    `cycles:u`, `cpu_core/cycles/u`, `cpu_core/cycles:u/`, and of a cache's event
    leave out the mode."""
    found = NAMED.fullmatch(text)
    if found is None or found["event"] not in (*EVENTS, *INSTEAD.values()):
        return "", text
    return found["pmu"] or "", found["event"]
