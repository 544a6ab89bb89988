# SPDX-License-Identifier: GPL-2.0-only
"""How many guests this machine boots side by side.

What an exact boot counts does not depend on load, so those share the CPUs. A guest
that is not exact is timed, or is to race: its vCPUs are threads that want a CPU each.
"""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from pathlib import Path

from retrap.base.progress import say
from retrap.campaign.directory import Campaign, Do, Failures
from retrap.campaign.manifest import Job

BOOTS_A_CPU = 2  # one packs its initramfs or sends while another computes
QEMU_MIB = 256  # beside the guest's memory: translated code
MEMINFO = Path("/proc/meminfo")


def boot_all(campaign: Campaign, do: Do, *lanes: tuple[Sequence[Job], int]) -> Failures:
    """`Campaign.run`; says which boots are there from an earlier run."""
    for jobs, _ in lanes:
        for job in jobs:
            if campaign.is_done(job):
                say(f"{job.name}: already there")
    return campaign.run(do, *lanes)


def exact_at_once(memory_mib: int) -> int:
    """As many as the CPUs are good for and the free memory holds, at least one."""
    cpus = BOOTS_A_CPU * len(os.sched_getaffinity(0))
    free = re.search(r"^MemAvailable:\s*(\d+) kB$", MEMINFO.read_text(), re.MULTILINE)
    if free is None:
        return cpus
    return max(1, min(cpus, int(free.group(1)) // 1024 // (memory_mib + QEMU_MIB)))


def free_at_once(vcpus: int, memory_mib: int) -> int:
    """Of guests whose vCPUs run side by side: as many as have a CPU a vCPU."""
    cpus = len(os.sched_getaffinity(0))
    return max(1, min(cpus // vcpus, exact_at_once(memory_mib)))
