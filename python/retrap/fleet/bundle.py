# SPDX-License-Identifier: GPL-2.0-only
"""The folder that a machine gets: programs, kernels, retrap's own code, the plan.

It is the machine's result directory too (target/__init__.py), and all that is laid
outside of it is copied out of it there.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterable
from dataclasses import asdict
from pathlib import Path
from typing import Any

from retrap.base.paths import ROOT
from retrap.base.rawfile import atomic_write
from retrap.base.version import git_version
from retrap.build.programs import MEASURING, Programs
from retrap.campaign import journal, manifest
from retrap.campaign.directory import PLAN
from retrap.fleet.own import OwnKernel
from retrap.kernel.kernels import Kernel
from retrap.results import sealed
from retrap.target import record, softdog, tune
from retrap.target.record import Target

NOBODY = 65534
# What brings a machine back that hangs or panics (docs/bare-metal.md), in each kernel
# alike, the baseline included. A panic's log would stay in variables of the firmware.
WAY_BACK = (
    *("panic=10", "oops=panic", "softlockup_panic=1", "nmi_watchdog=panic"),
    *("watchdog_thresh=5", "efi_pstore.pstore_disable=1", *softdog.OPTIONS),
)


def code(into: Path) -> None:
    """What a machine needs of this clone, without a line of it compiled."""
    shutil.copytree(
        ROOT / "python/retrap",
        into / "python/retrap",
        ignore=shutil.ignore_patterns("__pycache__"),
        dirs_exist_ok=True,
    )
    (into / "bench").mkdir(exist_ok=True)
    shutil.copy2(ROOT / "bench/retrap-count", into / "bench")
    (into / "bench/retrap-count").chmod(0o755)
    (into / "version").write_text(git_version() + "\n")


def make(
    into: Path,
    campaign: str,
    results: Path,
    kernels: Iterable[Kernel | OwnKernel],
    programs: Programs,
    quiet_s: float,
    tuned: tuple[str, ...] = (),
    cpus: tuple[int, ...] = (),
) -> Target:
    """Fills `into` for the planned campaign in `results`."""
    code(into)
    (into / "bin").mkdir()
    for name in MEASURING:
        shutil.copy2(programs.path(name), into / "bin" / name)
        (into / "bin" / name).chmod(0o755)  # whatever the umask: nobody runs it
    (into / "kernels").mkdir()
    laid = {}
    for kernel in kernels:
        if isinstance(kernel, OwnKernel):
            laid[kernel.variant.name] = _own(kernel)
            continue
        file = into / "kernels" / kernel.variant.name
        shutil.copy2(kernel.image, file)
        laid[kernel.variant.name] = _laid(kernel, sealed.sha256(file))
    options = (*WAY_BACK, *tune.options(tuned, cpus))
    target = Target(campaign, laid, options, quiet_s, NOBODY, tuned, cpus)
    text = json.dumps({"schema": record.SCHEMA, **asdict(target)}, indent=1)
    atomic_write(into / record.FILE, text + "\n")
    for name in (PLAN, manifest.FILE, journal.FILE):
        shutil.copy2(results / name, into / name)
    return record.read(into)


def _laid(kernel: Kernel, sha256: str) -> record.Kernel:
    meta = kernel.meta()
    facts: dict[str, Any] = {"kernel_key": kernel.key}
    facts |= {name: meta.get(name) for name in ("source", "patches", "compiler")}
    return record.Kernel(
        kernel.variant.name,
        sha256,
        meta["build_id"],
        kernel.variant.interfaces,
        kernel.variant.offers,
        facts,
    )


def _own(kernel: OwnKernel) -> record.Kernel:
    found = kernel.facts
    facts = {"kernel_key": kernel.key, "source": f"{found['release']}, its own"}
    return record.Kernel(
        kernel.variant.name,
        str(found["sha256"]),
        str(found["build_id"]),
        kernel.variant.interfaces,
        kernel.variant.offers,
        facts,
        str(found["file"]),
    )
