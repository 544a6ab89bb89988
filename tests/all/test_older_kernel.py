# SPDX-License-Identifier: GPL-2.0-only
"""A kernel that QEMU's -icount starves of its second vCPU is exact all the same.

Needs the package linux-source-6.1, which only Debian 12 has.
"""

from __future__ import annotations

import pytest
from conftest import KERNELS, Run

from retrap.kernel import kernels, source
from retrap.config.experiments import Guest
from retrap.config.variants import load_variants
from retrap.base.errors import RetrapError
from retrap.kernel.kernels import Kernel
from retrap.base.progress import Progress
from retrap.cli.suite import PLAIN

EXACT = Guest(cpus=2, timeout_s=600)
CELLS = {
    "same": ("retrap/trigger:sigcont", "same-cpu"),
    "cross": ("trap/trigger:interrupt", "cross-cpu"),
}


@pytest.fixture(scope="module")
def older() -> Kernel:
    """mainline-6.1; built here, for these tests alone."""
    variants = load_variants(PLAIN)
    try:
        source.identify(variants["mainline-6.1"])
    except RetrapError as error:
        pytest.skip(error.message)
    with Progress() as progress:
        return kernels.ensure(variants["mainline-6.1"], variants, progress)


def test_two_boots_are_identical(run: Run, older: Kernel) -> None:
    """Sample by sample, at both placements: both vCPUs are up."""
    lines = [
        f"bench {stem} --scenario {scenario} --placement {placement} --samples 300"
        " --interface listen --expect-interfaces listen --substrate exact"
        " --variant mainline-6.1"
        for stem, (scenario, placement) in CELLS.items()
    ]
    seen = []
    for _ in range(2):
        results = run(
            older, [*lines, "exec cpus cat /sys/devices/system/cpu/online"], {}, EXACT
        )
        assert (results / "cpus.txt").read_text() == "0-1\n"
        seen.append([(results / f"{stem}.npy").read_bytes() for stem in CELLS])
    assert seen[0] == seen[1]


def test_only_an_older_kernel_has_late_cpus(older: Kernel) -> None:
    assert older.late_cpus == (older.arch.name == "x86_64")
    mainline = kernels.find(KERNELS["mainline"])
    assert mainline and not mainline.late_cpus
