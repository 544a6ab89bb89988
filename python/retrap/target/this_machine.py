# SPDX-License-Identifier: GPL-2.0-only
"""The machine that this runs on: what is up, what is armed, who measures."""

from __future__ import annotations

import contextlib
import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path

from retrap.base.errors import EXIT_MACHINE, EXIT_UNSUPPORTED, RetrapError
from retrap.base.paths import ROOT
from retrap.campaign.manifest import Job, Payload
from retrap.config.plan import Run
from retrap.executors.host import limit_s as limit_s_of
from retrap.executors.running import build_id
from retrap.results import sealed
from retrap.target import quiet, tune
from retrap.target.loader import Loader, image, of_this_machine
from retrap.target.record import Target

FREE_MIB = 256  # below that nothing is armed: a boot's files, and room for a log
CAPABILITIES = "-all,+sys_nice,+ipc_lock,+perfmon,+dac_read_search"
BOOT = "this-boot.json"  # what the boot's record gets of quiet.py and tune.py
# Of Debian's kernels it is 3, where only CAP_SYS_ADMIN counts; at mainline's own 2
# CAP_PERFMON does. A reboot undoes it.
PARANOID, PERFMON_COUNTS = Path("/proc/sys/kernel/perf_event_paranoid"), 2
# Held open at 0, it keeps the CPUs out of deep idle states: bench/core's DmaLatency.
DMA_LATENCY = Path("/dev/cpu_dma_latency")
START_S = 60.0  # of a measurement, beside its cells


class ThisMachine:
    """`agent.Machine`, of the system below /."""

    def __init__(
        self, directory: Path, target: Target, loader: Loader | None = None
    ) -> None:
        self._directory, self._target, self._loader = (
            directory,
            target,
            loader or of_this_machine(),
        )
        self.boot_id = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
        self.build_id = build_id()
        found = re.search(r"\bretrap\.slot=(\S+)", Path("/proc/cmdline").read_text())
        self.slot = found.group(1) if found else None

    def ready(self, job: Job) -> None:
        at = os.statvfs(self._directory)
        free = at.f_bavail * at.f_frsize >> 20
        if free < FREE_MIB:
            raise RetrapError(
                f"{self._directory}: {free} MiB are free, {FREE_MIB} are needed",
                "make room; the next boot goes on",
                EXIT_MACHINE,
            )
        kernel = self._target.kernels[job.variant]
        file = image(self._loader, self._target.campaign, kernel)
        if not file.is_file() or sealed.sha256(file) != kernel.sha256:
            raise RetrapError(
                f"{file}: is not the kernel that it was",
                "./retrap campaign abort, and begin anew",
                EXIT_MACHINE,
            )
        self._loader.armable(self._target.campaign, job.variant, file)

    def arm(self, job: Job, slot: str) -> None:
        self._loader.arm(self._target.campaign, job.variant, slot)

    def measure(self, job: Job, lines: Payload, directory: Path) -> None:
        """By a process of nobody's with the capabilities that pinning, a real-time
        class, locked memory and counters take."""
        open_counters()
        tuned = tune.apply(self._target.tuned, self._target.cpus)
        found = {"quiet": asdict(quiet.wait(self._target.quiet_s)), "tuned": tuned}
        (self._directory / BOOT).write_text(json.dumps(found) + "\n")
        directory.mkdir(parents=True)
        uid = self._target.uid
        os.chown(directory, uid, uid)
        argv = [
            *("setpriv", "--reuid", str(uid), "--regid", str(uid), "--clear-groups"),
            *("--inh-caps", CAPABILITIES, "--ambient-caps", CAPABILITIES, "--"),
            *(sys.executable, "-S", "-P", "-m", "retrap.target", "measure"),
            *(str(self._directory), job.name),
        ]
        environment = {**os.environ, "PYTHONPATH": str(ROOT / "python")}
        log = self._directory / "measure.log"
        limit_s = START_S + sum(limit_s_of(Run.of(line)) for line in lines)
        try:
            with log.open("ab") as out, lent(DMA_LATENCY, uid):
                done = subprocess.run(
                    argv, stdout=out, stderr=out, env=environment, timeout=limit_s
                )
        except subprocess.TimeoutExpired:
            raise RetrapError(
                f"no end of the measurement after {limit_s:.0f} s", "", EXIT_MACHINE
            ) from None
        if done.returncode != 0:
            lines_ = log.read_text(errors="replace").splitlines()
            told = [line for line in lines_ if line.startswith("retrap: error: ")]
            reason = (told or lines_ or ["nothing"])[-1].removeprefix("retrap: error: ")
            unsupported = done.returncode == EXIT_UNSUPPORTED
            code = EXIT_UNSUPPORTED if unsupported else EXIT_MACHINE
            raise RetrapError(reason, f"{log} says more", code)
        os.sync()  # its line in the journal says that it is there

    def reboot(self) -> None:
        os.sync()
        subprocess.run(["systemctl", "reboot"], check=True)


@contextlib.contextmanager
def lent(device: Path, uid: int) -> Iterator[None]:
    """To a user, what root alone may open, until the block is left. devtmpfs is made
    anew in each boot, so a boot that ends before leaves nothing."""
    if not device.exists():
        yield
        return
    before = device.stat()
    os.chown(device, uid, before.st_gid)
    try:
        yield
    finally:
        os.chown(device, before.st_uid, before.st_gid)


def open_counters(paranoid: Path = PARANOID) -> None:
    """For a process that has CAP_PERFMON."""
    if paranoid.exists() and int(paranoid.read_text()) > PERFMON_COUNTS:
        paranoid.write_text(f"{PERFMON_COUNTS}\n")
