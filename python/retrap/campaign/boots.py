# SPDX-License-Identifier: GPL-2.0-only
"""The exact boots of a result directory: one a kernel, side by side.

What an exact boot counts does not depend on load. One that is there already is
not done again.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from retrap.executors import guest
from retrap.base.arch import Arch
from retrap.build.programs import Programs
from retrap.config.experiments import Guest
from retrap.base.errors import RetrapError
from retrap.kernel.kernels import Kernel
from retrap.config.plan import Run
from retrap.base.process import Interrupted
from retrap.base.progress import Progress, say

BOOTS_A_CPU = 2  # one packs its initramfs or sends while another computes
QEMU_MIB = 256  # beside the guest's memory: translated code


def directory(path: Path, kernel: Kernel) -> Path:
    """Where the boot of a kernel lies in the result directory `path`."""
    return path / "raw" / kernel.variant.name / f"exact-{kernel.arch.name}-1"


def boot_all(
    what: str,
    kernels: Iterable[Kernel],
    programs: dict[Arch, Programs],
    cells: Callable[[Kernel], list[Run]],
    setting: Callable[[Kernel], Guest],
    path: Path,
    progress: Progress,
) -> list[tuple[Kernel, RetrapError]]:
    """Those that failed. `what` is the word for a boot in the progress."""

    def one(kernel: Kernel, guest_setting: Guest) -> RetrapError | None:
        name = f"{what} {kernel.variant.name} {kernel.arch.name}"
        into = directory(path, kernel)
        if (into / "boot.json").exists():
            say(f"{name}: already there")
            return None
        try:
            with progress.task(name) as task:
                guest.measure(
                    kernel,
                    programs[kernel.arch],
                    cells(kernel),
                    into,
                    guest_setting,
                    task,
                )
        except RetrapError as error:
            return error
        except Interrupted:
            pass
        return None

    jobs = [(kernel, setting(kernel)) for kernel in kernels]
    memory_mib = max((job.memory_mib for _, job in jobs), default=0)
    with ThreadPoolExecutor(at_once(memory_mib)) as pool:
        futures = [(job[0], pool.submit(one, *job)) for job in jobs]
        return [(kernel, e) for kernel, future in futures if (e := future.result())]


def at_once(memory_mib: int) -> int:
    """As many as the CPUs are good for and the free memory holds, at least one."""
    cpus = BOOTS_A_CPU * len(os.sched_getaffinity(0))
    meminfo = Path("/proc/meminfo").read_text()
    free = re.search(r"^MemAvailable:\s*(\d+) kB$", meminfo, re.MULTILINE)
    if free is None:
        return cpus
    return max(1, min(cpus, int(free.group(1)) // 1024 // (memory_mib + QEMU_MIB)))
