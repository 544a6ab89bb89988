# SPDX-License-Identifier: GPL-2.0-only
"""`--tune`, on a small tree of files as the kernel has them."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from retrap.target import tune
from retrap.target.this_machine import lent, open_counters

CPU = "sys/devices/system/cpu"
FILES = {
    f"{CPU}/online": "0-3\n",
    f"{CPU}/isolated": "2-3\n",
    f"{CPU}/smt/control": "on\n",
    f"{CPU}/intel_pstate/no_turbo": "0\n",
    **{f"{CPU}/cpu{n}/cpufreq/scaling_governor": "powersave\n" for n in range(4)},
    **{f"{CPU}/cpu0/cpuidle/state{n}/disable": "0\n" for n in range(3)},
    "proc/irq/1/smp_affinity_list": "0-3\n",
    "proc/irq/24/smp_affinity_list": "3\n",
}


@pytest.fixture
def root(tmp_path: Path) -> Path:
    for name, text in FILES.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    return tmp_path


def test_each_word_writes_its_files(root: Path) -> None:
    told = tune.apply(tune.WORDS, (2, 3), root)
    assert told == {
        "governor": "performance in 4 of 4 files",
        "turbo": "1 in 1 of 1 files",
        "idle": "1 in 2 of 2 files",
        "smt": "off in 1 of 1 files",
        "irqs": "0,1 in 2 of 2 files",
        "isolate": "isolated 2-3",
    }
    assert (root / f"{CPU}/cpu0/cpuidle/state0/disable").read_text() == "0\n"
    assert (root / "proc/irq/24/smp_affinity_list").read_text() == "0,1"


def test_nothing_is_written_that_was_not_asked_for(root: Path) -> None:
    assert tune.apply([], (2, 3), root) == {}
    for name, text in FILES.items():
        assert (root / name).read_text() == text


def test_a_machine_without_says_so(tmp_path: Path) -> None:
    (tmp_path / CPU).mkdir(parents=True)
    (tmp_path / CPU / "online").write_text("0-1\n")
    (tmp_path / CPU / "isolated").write_text("\n")
    assert tune.apply(tune.WORDS, (0, 1), tmp_path) == {
        "governor": "not there",
        "turbo": "not there",
        "idle": "not there",
        "smt": "not there",
        "irqs": "no CPU is left for them",
        "isolate": "the kernel isolated none",
    }


def test_isolated_cpus_are_on_the_command_line_of_each_kernel() -> None:
    assert tune.options(["governor"], (2, 3)) == []
    assert tune.options(["isolate"], (2, 3)) == [
        "isolcpus=managed_irq,domain,2,3",
        "nohz_full=2,3",
        "rcu_nocbs=2,3",
    ]


@pytest.mark.parametrize(("before", "after"), [("3\n", "2\n"), ("1\n", "1\n")])
def test_counters_are_opened_for_who_has_the_capability(
    tmp_path: Path, before: str, after: str
) -> None:
    paranoid = tmp_path / "perf_event_paranoid"
    open_counters(paranoid)  # a kernel without perf events has none
    assert not paranoid.exists()
    paranoid.write_text(before)
    open_counters(paranoid)
    assert paranoid.read_text() == after


@pytest.mark.skipif(os.geteuid() != 0, reason="gives a file to another user")
def test_a_device_is_lent_and_taken_back(tmp_path: Path) -> None:
    device = tmp_path / "cpu_dma_latency"
    with lent(device, 65534):  # a kernel without idle states has none
        assert not device.exists()
    device.touch()
    with pytest.raises(OSError, match="as it fails"), lent(device, 65534):
        assert device.stat().st_uid == 65534
        raise OSError("as it fails")
    assert device.stat().st_uid == 0
