# SPDX-License-Identifier: GPL-2.0-only
"""Calls a sample as QEMU saw them, and as the kernel itself counts them.

ftrace's function profiler counts over whole runs, the profile over windows. Of
two runs one has more samples: what is more in it, a sample, is one cycle. A
cycle is a window and what leads to the next one. So no function can have more
calls in a window than in a cycle, less what the programs around a run happen to
call more or less often; and one that nothing but the window calls must have as
many, exactly.
"""

from __future__ import annotations

import dataclasses
from collections import Counter
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import pytest
from conftest import HERE, KERNELS, Run

from plots.profiles import draw_profiles
from retrap.executors import guest
from retrap.kernel import kernels
from retrap.base.arch import native
from retrap.config.experiments import Guest
from retrap.config.variants import Variant
from retrap.config import plan
from retrap.profile import measure, stored
from retrap.profile.summary import ALL
from retrap.profile.symbols import fold
from retrap.base.progress import Progress

NAME = "function-profiler"
CPUS, SAMPLES, MORE = 2, 200, 400
# Of all samples, more or less: the shell that waits for the run, its console.
AROUND = 6
# What a window calls and the rest of the cycle does not, with the reason:
# arming is PTRACE_CONT and a look at /proc in the first scenario; in the second
# it also stops the tracee by SIGSTOP and has it listen.
ONLY_IN_THE_WINDOW = {
    "trap/trigger:interrupt": {
        "task_set_jobctl_pending",
        "signal_wake_up_state",
        "get_signal",
        "ptrace_do_notify",
        "ptrace_stop",
        "do_notify_parent_cldstop",
        "prepare_signal",
        "send_signal_locked",
        "__wake_up_parent",
        "__wake_up_sync_key",
        "__wake_up_common",
    },
    "retrap/trigger:sigcont": {"ptrace_trap_notify"},
}
# Calls it, too, for whoever sleeps elsewhere: taken off, on both sides.
ALSO_CALLED_BY = {"__wake_up_common": "__wake_up"}
CELLS = [
    (scenario, placement)
    for scenario in ONLY_IN_THE_WINDOW
    for placement in ("same-cpu", "cross-cpu")
]
# hits on: counts from 0; hits off: stops, and prints a table a CPU.
HITS = """#!/bin/sh
set -e
cd /sys/kernel/tracing
case $1 in
  on) echo 1 >function_profile_enabled ;;
  off) echo 0 >function_profile_enabled; cat trace_stat/function* ;;
esac
"""
Calls = dict[str, Fraction]


@pytest.fixture(scope="module")
def variant() -> Variant:
    """mainline with the function profiler in it; built here, for this test."""
    mainline = KERNELS["mainline"]
    fragments = (*mainline.fragments, HERE / f"{NAME}.config")
    found = dataclasses.replace(mainline, name=NAME, fragments=fragments)
    with Progress() as progress:
        kernels.ensure(found, {NAME: found}, progress)
    return found


@pytest.fixture(scope="module")
def cycles(run: Run, variant: Variant) -> Callable[[str, str], Calls]:
    """cycles(scenario, placement): calls a cycle, by ftrace; one boot."""
    kernel = kernels.find(variant)
    assert kernel
    machine = Guest(CPUS, 1200)
    told = guest.bench_words(kernel, machine)
    lines = []
    for index, (scenario, placement) in enumerate(CELLS):
        for samples in (SAMPLES - 1, SAMPLES, MORE):  # the first warms up
            cell = plan.Run(scenario, placement, "listen", samples, None, 1)
            lines += [
                f"exec on-{index}-{samples} /retrap/hits on",
                f"{cell.line} {told}".replace(cell.stem, f"{index}-{samples}", 1),
                f"exec hits-{index}-{samples} /retrap/hits off",
            ]
    results = run(kernel, lines, {"/retrap/hits": HITS}, machine)

    def of(scenario: str, placement: str) -> Calls:
        index = CELLS.index((scenario, placement))
        fewer, more = (
            hits(results / f"hits-{index}-{samples}.txt") for samples in (SAMPLES, MORE)
        )
        assert fewer["ptrace_stop"] >= SAMPLES, "ftrace did not count"
        extra = MORE - SAMPLES
        return {name: Fraction(more[name] - fewer[name], extra) for name in more}

    return of


def hits(path: Path) -> Counter[str]:
    """Calls by function: trace_stat/function<cpu>, one table after the other."""
    found: Counter[str] = Counter()
    for line in path.read_text().splitlines():
        words = line.split()
        if len(words) == 2 and words[1].isdigit():
            found[fold(words[0])] += int(words[1])
    return found


def of_the_window(calls: Calls) -> Calls:
    """Less what ALSO_CALLED_BY called."""
    return {
        name: count - calls.get(ALSO_CALLED_BY.get(name, ""), Fraction(0))
        for name, count in calls.items()
    }


@pytest.fixture(scope="module")
def windows(
    variant: Variant, tmp_path_factory: pytest.TempPathFactory
) -> dict[tuple[str, str], Calls]:
    """Calls a window of the kernel's functions, by the profile."""
    request = measure.Request(
        tuple(ONLY_IN_THE_WINDOW),
        (NAME,),
        (native(),),
        ("same-cpu", "cross-cpu"),
        SAMPLES,
        CPUS,
        seed=1,
    )
    into = tmp_path_factory.mktemp("r")
    path = measure.run(request, {NAME: variant}, into, fresh=True, draw=draw_profiles)
    return {
        (found.facts["scenario"], found.facts["placement"]): {
            row.function.name: row.calls
            for row in found.trees[ALL].rows()
            if row.function.kernel
        }
        for found in stored.profiles(path)
    }


@pytest.mark.parametrize(("scenario", "placement"), CELLS)
def test_calls_are_those_that_ftrace_counts(
    cycles: Callable[[str, str], Calls],
    windows: dict[tuple[str, str], Calls],
    scenario: str,
    placement: str,
) -> None:
    cycle, window = cycles(scenario, placement), windows[scenario, placement]
    both = cycle.keys() & window.keys()
    called = {name for name, calls in window.items() if calls >= 1}
    equal = {name for name in both & called if window[name] == cycle[name]}
    print(f"\n{scenario} {placement}: {len(called)} functions are called in every")
    print(f"window; {len(called - both)} of them ftrace does not know:")
    print(f"  {' '.join(sorted(called - both))}")
    print(f"{len(equal)} have as many calls in a cycle:")
    print(f"  {' '.join(sorted(equal))}")
    over = {
        name: (float(window[name]), float(cycle[name]))
        for name in both & called
        if window[name] > cycle[name] + Fraction(AROUND, MORE - SAMPLES)
    }
    assert over == {}
    named = ONLY_IN_THE_WINDOW[scenario]
    assert named <= called
    ours, theirs = of_the_window(window), of_the_window(cycle)
    differ = {n: (ours[n], theirs.get(n)) for n in named if ours[n] != theirs.get(n)}
    assert differ == {}
