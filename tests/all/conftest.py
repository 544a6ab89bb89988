# SPDX-License-Identifier: GPL-2.0-only
"""Kernels of both variants files, and guests with more programs in them."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from retrap.executors import guest
from retrap.kernel import kernels
from retrap.build.programs import Programs
from retrap.base.cache import subdirectory
from retrap.base.paths import ROOT
from retrap.config.experiments import Guest
from retrap.config.variants import Variant
from retrap.executors.initramfs import Files
from retrap.base.progress import Task
from retrap.cli.suite import ALL_SKIPPED, DEBUG, PLAIN, RACES, chosen

HERE = ROOT / "tests/all"
# 1 GiB: an image with gdb in it is unpacked beside itself.
FREE = Guest(cpus=2, timeout_s=900, exact=False, memory_mib=1024)
MOUNTS = """#!/bin/sh
set -e
mkdir -p /dev/pts
mount -t devpts devpts /dev/pts
mount -t cgroup2 cgroup2 /sys/fs/cgroup
"""
Run = Callable[..., Path]

KERNELS: dict[str, Variant] = {
    name: variant for file in (PLAIN, DEBUG, RACES) for name, variant in chosen(file)
}


def kernel(name: str) -> kernels.Kernel:
    """What `./retrap test --all` has built; a missing one is a failure."""
    found = kernels.find(KERNELS[name])
    assert found, f"not built: {name}; run ./retrap test --all"
    return found


def of_model(variant: Variant) -> str:
    """With a property, another model is the one of the tracee that listens."""
    names = variant.properties
    return "".join(f" --interface listen --model {name}" for name in names)


@pytest.fixture(scope="session")
def programs() -> Programs:
    return Programs(ROOT / "build/release")


@pytest.fixture(scope="session")
def compiled(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """compiled(name): guest/<name>.c as a static program."""
    folder = tmp_path_factory.mktemp("programs")

    def compile_c(name: str) -> Path:
        out = folder / name
        argv = ["gcc", "-std=gnu11", "-O2", "-Wall", "-Werror", "-static", "-pthread"]
        subprocess.run([*argv, "-o", out, HERE / f"guest/{name}.c"], check=True)
        return out

    return compile_c


@pytest.fixture(scope="session")
def run(programs: Programs) -> Run:
    """run(name or kernel, lines, files): boots, checks the kernel log; the
    directory of the results, which the next boot of that kernel replaces."""

    def boot(
        what: str | kernels.Kernel,
        lines: list[str],
        files: Files,
        setting: Guest = FREE,
    ) -> Path:
        target = kernel(what) if isinstance(what, str) else what
        work = subdirectory("work") / f"all-{target.variant.name}"
        guest.run(
            target,
            programs,
            ["exec mounts /retrap/mounts", *lines],
            work,
            setting,
            Task(target.variant.name),
            {"/retrap/mounts": MOUNTS, **files},
        )
        assert (work / "results/mounts.status").read_text() == "0\n"
        return work / "results"

    return boot


class Passed:
    """Tells a stage of which every test was skipped from one that passed."""

    def __init__(self) -> None:
        self.any = False

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        self.any |= report.when == "call" and not report.skipped

    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        if session.exitstatus == pytest.ExitCode.OK and not self.any:
            session.exitstatus = ALL_SKIPPED


def pytest_configure(config: pytest.Config) -> None:
    config.pluginmanager.register(Passed())
