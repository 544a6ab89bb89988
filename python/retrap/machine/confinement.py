# SPDX-License-Identifier: GPL-2.0-only
"""What this process may do: capabilities, seccomp, yama; and trying ptrace(2)."""

from __future__ import annotations

import ctypes
import errno
import os
import re
import signal
import subprocess
from dataclasses import dataclass
from pathlib import Path

SYS_PTRACE, SYS_ADMIN, PERFMON = 19, 21, 38  # capabilities(7), linux/capability.h
FILTER = 2  # Seccomp: of proc(5)
PTRACE_SEIZE = 0x4206


@dataclass(frozen=True)
class Confinement:
    """`perfmon`: CAP_PERFMON, or CAP_SYS_ADMIN, which stands for it. `yama`:
    ptrace_scope. None: cannot be read, or there is no such thing."""

    perfmon: bool
    ptrace: bool
    seccomp: int | None
    yama: int | None


def confinement(root: Path = Path("/")) -> Confinement:
    status = _text(root / "proc/self/status")
    effective = int(_field("CapEff", status) or "0", 16)
    seccomp = _field("Seccomp", status)
    yama = _text(root / "proc/sys/kernel/yama/ptrace_scope").strip()
    return Confinement(
        perfmon=bool(effective & (1 << PERFMON | 1 << SYS_ADMIN)),
        ptrace=bool(effective & 1 << SYS_PTRACE),
        seccomp=int(seccomp) if seccomp else None,
        yama=int(yama) if yama.isdecimal() else None,
    )


def _text(path: Path) -> str:
    try:
        return path.read_text()
    except OSError:
        return ""


def _field(name: str, status: str) -> str | None:
    found = re.search(rf"^{name}:\s*(\w+)", status, re.MULTILINE)
    return found.group(1) if found else None


def seize() -> int:
    """PTRACE_SEIZE of a child of ours, as a measurement does; 0 or its errno."""
    ptrace = ctypes.CDLL(None, use_errno=True).ptrace
    ptrace.restype, ptrace.argtypes = ctypes.c_long, [ctypes.c_long] * 4
    with subprocess.Popen(["sleep", "10"]) as child:
        try:
            failed = ptrace(PTRACE_SEIZE, child.pid, 0, 0) == -1
            return ctypes.get_errno() if failed else 0
        finally:
            os.kill(child.pid, signal.SIGKILL)


def words(error: int) -> str:
    return f"{errno.errorcode.get(error, error)}: {os.strerror(error)}"
