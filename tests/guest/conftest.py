# SPDX-License-Identifier: GPL-2.0-only
"""Guests for the tests: the built programs, the cached kernels, a boot."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from pathlib import Path

import pytest

from retrap.executors import guest
from retrap.kernel import kernels
from retrap.build.programs import Programs
from retrap.base.paths import ROOT
from retrap.config.experiments import Guest
from retrap.kernel.kernels import Kernel
from retrap.base.progress import Task
from retrap.cli.suite import PLAIN, chosen

VARIANTS = dict(chosen(PLAIN))
Boot = Callable[..., Path]


@pytest.fixture(scope="session")
def programs() -> Programs:
    return Programs(ROOT / "build/release")


@pytest.fixture(scope="session")
def built() -> dict[str, Kernel]:
    """The kernels `./retrap test` has built; a missing one is a failure."""
    found = {name: kernels.find(variant) for name, variant in VARIANTS.items()}
    missing = [name for name, kernel in found.items() if kernel is None]
    assert not missing, f"not built: {missing}; run ./retrap test"
    return {name: kernel for name, kernel in found.items() if kernel}


@pytest.fixture(scope="session")
def boot(
    programs: Programs,
    built: dict[str, Kernel],
    tmp_path_factory: pytest.TempPathFactory,
) -> Boot:
    """boot(variant, lines, limit_s=, init=): the directory of the results.

    For threads too, side by side, which is why each boot does not ask for a directory
    of its own: of two that are a worker's first, the factory makes one fail."""
    boots = tmp_path_factory.mktemp("boots")

    def run(variant: str, lines: list[str], limit_s: int = 300, init: str = "") -> Path:
        work = Path(tempfile.mkdtemp(dir=boots)) / "work"
        files = {"/init": init} if init else {}
        guest.run(
            built[variant],
            programs,
            lines,
            work,
            Guest(cpus=2, timeout_s=limit_s),
            Task(variant),
            files,
        )
        return work / "results"

    return run


def bench_line(stem: str, variant: str, scenario: str, samples: int, *more: str) -> str:
    """A timed cell at same-cpu, as a line of the guest's plan."""
    kernel = VARIANTS[variant]
    words = [
        *("bench", stem, "--scenario", scenario, "--placement", "same-cpu"),
        *("--interface", kernel.interface, "--samples", str(samples)),
        *("--expect-interfaces", ",".join(kernel.offers)),
        *("--substrate", "exact", "--variant", variant, *more),
    ]
    return " ".join(words)
