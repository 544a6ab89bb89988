# SPDX-License-Identifier: GPL-2.0-only
"""Synthetic result directories: the files of docs/data-format.md, small."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from kernel_trees import builds, tree  # noqa: F401
from pictures import camera  # noqa: F401
from profiled import filled, pair  # noqa: F401

from retrap.campaign.directory import Campaign
from retrap.campaign.manifest import QEMU_EXACT, Job
from retrap.report import lkml
from retrap.results import sealed
from retrap.results.store import SAMPLE, Results

FLOORS = ("floor/clock", "floor/futex")
PATHS = (
    "trap/trigger:interrupt",
    "retrap/trigger:sigcont",
    "retrap/trigger:interrupt",
)
PLACEMENTS = ("same-cpu", "cross-cpu")
ALL = ("listen", "async-retrap", "please-notify")
INTERFACES = {
    "mainline": ALL[:1],
    "async-retrap": ALL[1:2],
    "please-notify": ALL[2:],
    "combined": ALL,
    "mainline-6.1": ALL[:1],
}
DEARER = {"combined": 12, "mainline-6.1": 300}  # instructions a path
# By interface: instructions of the cheapest class on one CPU, events a cycle.
COST = {
    "floor/clock": (52, 52, 52),
    "floor/syscall": (310, 310, 310),
    "floor/pipe": (6500, 6500, 6500),
    "floor/futex": (6100, 6100, 6100),
    "trap/trigger:interrupt": (7400, 7410, 7402),
    "retrap/trigger:sigcont": (8012, 9140, 8080),
    "retrap/trigger:interrupt": (7900, 0, 4310),
}
EVENTS = {
    "trap/trigger:interrupt": ((4, 2, 1, 5),) * 3,
    "retrap/trigger:sigcont": ((4, 2, 1, 4), (6, 3, 1, 5), (4, 2, 1, 4)),
    "retrap/trigger:interrupt": ((4, 2, 1, 4), None, (2, 1, 1, 4)),
}
PERF_NAMES = (
    "sched:sched_switch",
    "sched:sched_waking",
    "signal:signal_generate",
    "raw_syscalls:sys_enter",
)
EXACT_BOOT = {
    "kernel_key": "k0",
    "kernel_build_id": "b1",
    "source": "linux-source-6.12 6.12.117-1",
    "patches": [],
    "compiler": "gcc (Debian 12.2.0-14+deb12u1) 12.2.0",
    "qemu_version": "QEMU emulator version 7.2.22 (Debian 1:7.2+dfsg-7+deb12u18)",
    "qemu_argv": ["qemu-system-x86_64"],
    "initramfs_sha256": "0" * 64,
}
FACTS = {"arch": "x86_64", "cpu_model": "Imaginary CPU @ 2.10GHz", "hypervisor": True}


def long_mail(results: Results) -> str:
    """With every table and section."""
    return lkml.message(results, lkml.Wanted(long=True)).decode()


@dataclass
class Maker:
    """Writes one result directory; a test changes the fields it is about."""

    path: Path
    samples: int = 400
    boots: int = 7
    substrates: tuple[str, ...] = ("exact", "vm")
    scenarios: tuple[str, ...] = (*FLOORS, *PATHS)
    placements: tuple[str, ...] = PLACEMENTS
    variants: tuple[str, ...] = ("mainline", "async-retrap", "please-notify")
    arches: tuple[str, ...] = ("x86_64",)  # of exact
    failed: int = 0
    record: dict[str, Any] = field(default_factory=dict)
    facts: dict[str, Any] = field(default_factory=dict)
    plan: dict[str, Any] = field(default_factory=dict)
    scale: float = 1.0
    # By variant, of each cell with events: cycles and instructions, of user and kernel.
    hardware: dict[str, tuple[float, float, float, float]] = field(default_factory=dict)

    def write(self) -> Path:
        self.path.mkdir(parents=True, exist_ok=True)
        self._json(self.path / "plan.json", self._plan())
        for substrate in self.substrates:
            exact = substrate == "exact"
            for variant in self.variants:
                for arch in self.arches if exact else ("x86_64",):
                    for boot in range(1 if exact else self.boots):
                        self._boot(substrate, arch, variant, boot)
        return self.path

    def _plan(self) -> dict[str, Any]:
        return {
            "schema": "retrap.plan/1",
            "experiment": "quick",
            "baseline": "mainline",
            "variants": [
                {"name": name, "interfaces": list(INTERFACES[name]), "offers": []}
                for name in self.variants
            ],
            "scenarios": list(self.scenarios),
            "placements": list(self.placements),
            "exact": {"samples": self.samples, "boots": 1, "cycles": 100, "seed": 7},
            "vm": {"samples": self.samples, "boots": self.boots, "cycles": 100},
            "binary_sha256": "b" * 64,
            "experiment_sha256": "e" * 64,
            **self.plan,
        }

    def _boot(self, substrate: str, arch: str, variant: str, boot: int) -> None:
        exact = substrate == "exact"
        name = f"exact-{boot + 1}" if exact else f"vm-{arch}-{boot + 1}"
        name = f"exact-{arch}-1" if arch != "x86_64" else name  # names do not matter
        path = self.path / "raw" / variant / name
        path.mkdir(parents=True, exist_ok=True)
        for scenario in self.scenarios:
            for placement in self.placements:
                for interface in INTERFACES[variant]:
                    where = (scenario, placement, interface)
                    self._cell(path, substrate, arch, variant, boot, where)
        facts = {"schema": "retrap.env/1", "facts": {**FACTS, **self.facts}}
        self._json(path / "env-before.json", facts)
        machine = EXACT_BOOT if exact else {"kernel_build_id": "h"}
        record = {
            "schema": "retrap.boot/1",
            "variant": variant,
            "boot": name,
            "substrate": substrate,
            **machine,
            "arch": arch,
            "config_sha256": ("a" if exact else "d") * 64,
            **self.record,
        }
        self._json(path / "boot.json", record)

    def _cell(
        self,
        path: Path,
        substrate: str,
        arch: str,
        variant: str,
        boot: int,
        where: tuple[str, str, str],
    ) -> None:
        scenario, placement, interface = where
        index = ALL.index(interface)
        cost = COST[scenario][index]
        if cost == 0 or (scenario == "floor/clock" and placement != "same-cpu"):
            return
        exact = substrate == "exact"
        floor = scenario.startswith("floor/")
        several = len(INTERFACES[variant]) > 1
        if floor and several and index:
            return
        cost += 0 if floor else DEARER.get(variant, 0)
        cost += cost // 8 if arch == "arm64" else 0
        seed = [len(scenario), PLACEMENTS.index(placement), 0 if exact else 9 + boot]
        seed.append(0 if exact else index)
        rng = np.random.default_rng(seed)
        values = self._values(rng, cost, exact, placement)
        samples = np.zeros(self.samples, dtype=SAMPLE)
        start = np.arange(self.samples, dtype=np.uint64) * np.uint64(10**6)
        samples["t_trigger_ns"] = start
        samples["t_return_ns"] = start + values
        samples["wait_status"] = 0 if floor else 0x80057F
        if self.failed and not floor and placement == "same-cpu":
            samples["outcome"][: self.failed] = 4
            samples["t_return_ns"][: self.failed] = 2**64 - 1
        suffix = f"+{interface}" if several and not floor else ""
        stem = path / f"{slug(scenario)}@{placement}{suffix}"
        np.save(stem.with_name(stem.name + ".npy"), samples)
        release = "6.1.192" if variant == "mainline-6.1" else "6.12.117"
        run = {
            "schema": "retrap.run/1",
            "argv": ["retrap-bench"],
            "scenario": scenario,
            "placement": placement,
            "interface": "none" if floor else interface,
            "variant": variant,
            "kernel_offers": list(ALL),
            "substrate": substrate,
            "unit": "instructions" if exact else "ns",
            "tracer_cpu": 0,
            "tracee_cpu": 0 if placement == "same-cpu" else 1,
            "samples_requested": self.samples,
            "samples_taken": self.samples,
            "samples_failed": int((samples["outcome"] != 0).sum()),
            "stop_reason": "complete",
            "seed": 7,
            "shift": 0,
            "floors": {"clock_min": 51, "clock_median": 52},
            "kernel": {"release": release, "version": "#1", "build_id": "b1"},
            "binary": {"build_id": "b1", "build_type": "Release", "compiler": "g++"},
            "counted": False,
            "warnings": [],
        }
        self._json(stem.with_name(stem.name + ".run.json"), run)
        if scenario in EVENTS and boot == 0:
            events = EVENTS[scenario][index]
            assert events is not None
            for cycles in (100, 200):
                file = stem.with_name(f"{stem.name}.perf-{cycles}.jsonl")
                file.write_text(perf_text(events, cycles))
        if scenario in EVENTS and variant in self.hardware and not exact:
            cost = self.hardware[variant]
            names = ("cycles", "instructions")
            for cycles in (200, 400):
                for mode, each in (("u", cost[::2]), ("k", cost[1::2])):
                    file = stem.with_name(f"{stem.name}.perf-{cycles}.{mode}1.jsonl")
                    more = (1 + boot / 1000) * (cycles + 9)
                    lines = (
                        f'{{"counter-value" : "{one * more:.6f}", "unit" : "", "event" '
                        f': "{name}:{mode}", "event-runtime" : 1, "pcnt-running" : '
                        "100.00}\n"
                        for name, one in zip(names, each, strict=True)
                    )
                    file.write_text("".join(lines))

    def _values(
        self, rng: np.random.Generator, cost: int, exact: bool, placement: str
    ) -> np.ndarray[Any, np.dtype[np.uint64]]:
        n = self.samples
        if cost < 100:
            return np.full(n, cost, dtype=np.uint64)
        apart = placement != "same-cpu"
        if exact:
            where = rng.random(n)
            period = np.where(where > 0.8, 1180, 0) + np.where(where > 0.97, 2900, 0)
            values = cost + 640 * apart + rng.integers(0, 6, n) * 3 + period
        else:
            boot = rng.normal(1, 0.03)
            tail = rng.pareto(3, n) * (900 if apart else 240)
            values = boot * (cost * (0.7 if apart else 0.45)) + tail
        return np.asarray(values * self.scale, dtype=np.uint64)

    @staticmethod
    def _json(path: Path, record: dict[str, Any]) -> None:
        path.write_text(json.dumps(record, indent=1) + "\n")


def close(path: Path) -> None:
    """Every boot of a result directory by its hashes, and all by a journal."""
    jobs = []
    for record in path.glob("raw/*/*/boot.json"):
        into = record.parent
        sealed.close(into, json.loads(record.read_text()))
        jobs.append(Job(into.parent.name, into.name, "x86_64", QEMU_EXACT, "cells"))
    campaign = Campaign(path, "fills", os.open("/dev/null", os.O_RDONLY))
    campaign.plan(jobs, {"cells": ()})
    assert campaign.run(lambda job, lines, into: None, (jobs, 1)) == []
    campaign.finish()
    campaign.close()


def move(boot: Path, to: Path) -> None:
    """A boot to where it would lie under another name, and of another variant."""
    to.parent.mkdir(exist_ok=True)
    boot.rename(to)
    for file in (to / "boot.json", *to.glob("*.run.json")):
        record = json.loads(file.read_text())
        record["variant"] = to.parent.name
        if file.name == "boot.json":
            record["boot"] = to.name
        file.write_text(json.dumps(record))


def slug(scenario: str) -> str:
    return scenario.replace("/", ".").replace(":", "-")


def perf_text(events: tuple[float, ...], cycles: int) -> str:
    """What perf 6.1 writes with -j: 37 of everything is start-up."""
    lines = ["# started on Mon Nov 23 11:29:57 2026", ""]
    for name, each in zip(PERF_NAMES, events, strict=True):
        count = 37 + each * cycles
        lines.append(
            f'{{"counter-value" : "{count:.6f}", "unit" : "", "event" : "{name}", '
            '"event-runtime" : 715535, "pcnt-running" : 100.00, '
            '"metric-value" : 0.000000, "metric-unit" : "(null)"}'
        )
    lines.append(
        '{"counter-value" : "<not supported>", "unit" : "", '
        '"event" : "instructions:k", "event-runtime" : 0, "pcnt-running" : 100.00, '
        '"metric-value" : 0.000000, "metric-unit" : ""}'
    )
    return "\n".join(lines) + "\n"


@pytest.fixture
def maker(tmp_path: Path) -> Maker:
    return Maker(tmp_path / "quick" / "20261123-120000")


@pytest.fixture(scope="session")
def full(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Two architectures, a kernel with three interfaces, one of another version."""
    path = tmp_path_factory.mktemp("full") / "full/20261123-120000"
    maker = Maker(path, 200, substrates=("exact",), variants=tuple(INTERFACES))
    maker.arches = ("x86_64", "arm64")
    maker.plan = {"binary_sha256": {"x86_64": "b" * 64, "arm64": "c" * 64}}
    yield maker.write()


@pytest.fixture(scope="session")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """What an experiment with [exact] and [vm] fills, for tests that only read."""
    yield Maker(tmp_path_factory.mktemp("whole") / "quick/20261123-120000").write()
