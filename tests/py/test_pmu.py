# SPDX-License-Identifier: GPL-2.0-only
"""Groups that fit a PMU, on simulated ones; names, on what perf writes."""

from __future__ import annotations

from pathlib import Path

import pytest

from retrap.machine import pmu
from retrap.machine.pmu import Group

DATA = Path(__file__).resolve().parents[1] / "data/perf"
ALL = frozenset(pmu.EVENTS)


class Simulated:
    """A PMU of so many counters, of which others hold some; perf counts a group
    that fits, and otherwise none of it."""

    def __init__(self, counters: int, events: frozenset[str] = ALL) -> None:
        self.counters, self.events, self.asked = counters, events, 0

    def __call__(self, group: Group) -> frozenset[str]:
        self.asked += 1
        if len(group.events) > self.counters or not self.events >= set(group.events):
            return frozenset()
        return frozenset(group.events)


@pytest.mark.parametrize(
    ("counters", "sizes"), [(6, [4, 4]), (4, [4, 4]), (3, [2] * 4), (1, [1] * 8)]
)
def test_groups_fit_and_hold_everything(counters: int, sizes: list[int]) -> None:
    """Three are left of four where the NMI watchdog holds one."""
    for mode in pmu.MODES:
        found = [g for g in pmu.fitting((), Simulated(counters)) if g.mode == mode]
        assert [len(group.events) for group in found] == sizes
        assert [e for group in found for e in group.events] == list(pmu.EVENTS)


def test_without_a_pmu_nothing_is_grouped() -> None:
    assert pmu.fitting((), Simulated(0)) == ()


def test_an_event_that_does_not_exist_is_left_out_or_replaced() -> None:
    """As of AMD's and of many an arm64 PMU, which have no LLC-load-misses."""
    events = ALL - {"LLC-load-misses", "iTLB-load-misses"} | {"cache-misses"}
    found = pmu.fitting((), Simulated(6, events))
    user = [event for group in found if group.mode == "u" for event in group.events]
    assert user == [*pmu.EVENTS[:5], "cache-misses", "dTLB-load-misses"]


def test_options_of_a_plain_and_of_a_hybrid_cpu() -> None:
    group = Group("k", ("cycles", "instructions"))
    assert group.options() == ["--no-scale", "-e", "{cycles:k,instructions:k}"]
    group = Group("u", ("cycles",), pmu.HYBRID)
    assert group.options() == [
        *("--no-scale", "-e", "{cpu_core/cycles/u}", "-e", "{cpu_atom/cycles/u}")
    ]


@pytest.mark.parametrize(
    ("said", "named"),
    [
        ("cycles:u", ("", "cycles")),
        ("LLC-load-misses", ("", "LLC-load-misses")),
        ("LLC-load-misses:k", ("", "LLC-load-misses")),
        ("cpu_core/cycles/", ("cpu_core", "cycles")),
        ("cpu_core/cycles/u", ("cpu_core", "cycles")),
        ("cpu_atom/cycles:k/", ("cpu_atom", "cycles")),
        ("cpu_core/dTLB-load-misses/", ("cpu_core", "dTLB-load-misses")),
        ("armv8_pmuv3_0/branches/", ("armv8_pmuv3_0", "branches")),
        ("sched:sched_switch", ("", "sched:sched_switch")),
        ("stalled-cycles-backend:u", ("", "stalled-cycles-backend:u")),
    ],
)
def test_names(said: str, named: tuple[str, str]) -> None:
    assert pmu.event_name(said) == named


def test_counted_on_one_kind_of_core_is_counted() -> None:
    def counted(name: str) -> frozenset[str]:
        return pmu.of_output((DATA / name).read_text())

    four = {"cycles", "instructions", "branches", "branch-misses"}
    assert counted("sapphire-rapids.jsonl") == four
    assert counted("hybrid-one-core.jsonl") == {"branch-misses"}
    assert counted("amd-user.jsonl") >= {"cycles", "instructions", "branches"}
    assert "branch-misses" not in counted("amd-user.jsonl")
    assert not counted("no-pmu.jsonl") & ALL
