# SPDX-License-Identifier: GPL-2.0-only
"""What a machine is, and what is in the way of a campaign on it."""

from __future__ import annotations

import contextlib
import os
import platform
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

from retrap.base.errors import RetrapError
from retrap.base.process import capture
from retrap.machine import doctor, environment
from retrap.target import lay, own
from retrap.target.grub import Grub
from retrap.target.loader import Loader, of_this_machine
from retrap.target.record import HOME
from retrap.target.this_machine import FREE_MIB

SCHEMA = "retrap.machine/1"
BOOT_MIB = 128  # of some kernels of 5 to 15 MiB; on arm64, uncompressed, of 30
SETTLE_S = 120
TOOLS = ("setpriv", "findmnt", "systemctl")


def settle() -> None:
    """Until all that the boot starts has started, and its modules are loaded."""
    for argv in (
        ["systemctl", "is-system-running", "--wait"],
        ["udevadm", "settle", f"--timeout={SETTLE_S}"],
    ):
        with contextlib.suppress(OSError, subprocess.TimeoutExpired):
            subprocess.run(argv, capture_output=True, timeout=SETTLE_S)


def facts(root: Path = Path("/")) -> dict[str, Any]:
    """As JSON. `refused`: why no campaign can run here, each with what to do."""
    campaigns = [path.name for path in lay.laid()]
    if not campaigns:
        settle()  # what is loaded then is what a kernel for it needs
    release = platform.release()
    loader = of_this_machine(root)
    found: dict[str, Any] = {
        "schema": SCHEMA,
        "arch": platform.machine(),
        "distribution": _distribution(root),
        "kernel_release": release,
        "cpus": os.cpu_count(),
        "cores": cores(root),
        "campaigns": campaigns,
        "loader": loader.name if loader.present else None,
        "secure_boot": secure_boot(root),
        "boot": str(boot := _kernels(loader, root)),
        "boot_mib": _free_mib(boot),
        "home_mib": _free_mib(root / HOME.parent.relative_to("/")),
        "consoles": _consoles(root),
        "watchdogs": sorted(p.name for p in root.glob("sys/class/watchdog/*")),
        "substrate": environment.substrate(environment.read(root)),
        "own": own.find(root) if loader.name == Grub.name else None,
        "root": capture(["findmnt", "-no", "FSTYPE", "/"]),
        "noise": doctor.as_rows(doctor.diagnose()),
        "config": _text(root / f"boot/config-{release}"),
        "modules": _text(root / "proc/modules"),
    }
    return {**found, "refused": _refused(found, loader)}


def _refused(found: dict[str, Any], loader: Loader) -> list[str]:
    why = []
    if os.geteuid() != 0:
        why.append("root is needed to lay kernels: become, or sudo")
    if text := loader.refusal():
        why.append(f"no boot can be armed: {text}")
    try:
        lay.root_option()
    except RetrapError as error:
        why.append(f"{error.message}: {error.remedy}")
    if found["substrate"] is None:
        why.append("it does not tell whether it is virtual: no result would say so")
    if found["secure_boot"]:
        why.append("secure boot is on: an unsigned kernel does not boot; turn it off")
    for key, least, where in (
        ("boot_mib", BOOT_MIB, found["boot"]),
        ("home_mib", FREE_MIB, str(HOME)),
    ):
        if found[key] < least:
            why.append(f"{where}: {found[key]} MiB are free, {least} are needed")
    if found["config"] is None:
        why.append(f"/boot/config-{found['kernel_release']} cannot be read")
    why += [f"{tool} is missing" for tool in TOOLS if shutil.which(tool) is None]
    return why


def _kernels(loader: Loader, root: Path) -> Path:
    """The folder that those of ours come into; /boot, where there is no loader."""
    try:
        return loader.kernels.parent
    except RetrapError:
        return root / "boot"


def cores(root: Path) -> list[int]:
    """One CPU a core, the lowest of its threads."""
    found = set()
    for file in root.glob("sys/devices/system/cpu/cpu*/topology/thread_siblings_list"):
        found.add(int(re.split("[-,]", file.read_text().strip())[0]))
    return sorted(found)


def secure_boot(root: Path) -> bool | None:
    """The EFI variable; None: there are none, or it cannot be read."""
    for file in root.glob("sys/firmware/efi/efivars/SecureBoot-*"):
        try:
            return file.read_bytes()[4:] == b"\1"
        except OSError:
            return None
    return None


def _distribution(root: Path) -> str | None:
    found = re.search(
        r'^PRETTY_NAME="?([^"\n]*)', _text(root / "etc/os-release") or "", re.MULTILINE
    )
    return found.group(1) if found else None


def _consoles(root: Path) -> list[str]:
    return re.findall(r"console=(\S+)", _text(root / "proc/cmdline") or "")


def _free_mib(path: Path) -> int:
    at = os.statvfs(path)
    return at.f_bavail * at.f_frsize >> 20


def _text(path: Path) -> str | None:
    try:
        return path.read_text(errors="replace")
    except OSError:
        return None
