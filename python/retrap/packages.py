# SPDX-License-Identifier: GPL-2.0-only
"""The package sets of configs/packages.txt, and installing one of them late.

./retrap installs what its command always needs. What only the plan tells, a
foreign architecture, is installed by ./retrap called once more.
"""

from __future__ import annotations

import os
import subprocess

from retrap.arch import Arch
from retrap.config import ROOT
from retrap.errors import EXIT_PACKAGES, RetrapError

LIST = ROOT / "configs/packages.txt"


def names(wanted: str) -> list[str]:
    """The packages of one set; of a|b the first."""
    rows = (line.split() for line in LIST.read_text().splitlines())
    return [row[1].split("|")[0] for row in rows if len(row) > 1 and row[0] == wanted]


def installable() -> list[str]:
    """The sets that may be installed, as listed."""
    rows = (line.split() for line in LIST.read_text().splitlines())
    found = dict.fromkeys(row[0] for row in rows if row and row[0] != "#")
    return [name for name in found if name != "sysroot"]


def sets(arch: Arch) -> tuple[str, ...]:
    """What kernels and guests of an architecture need on this machine."""
    return (arch.name,) if arch.native else (arch.name, f"cross-{arch.name}")


def ensure(*wanted: str) -> None:
    """Installs what is missing of the sets, or says the command (EXIT_PACKAGES).

    RETRAP_INSTALL=no, which --no-install sets, is obeyed."""
    argv = [str(ROOT / "retrap"), "packages", *wanted]
    if os.environ.get("RETRAP_INSTALL") == "no":
        argv.append("--no-install")
    if subprocess.run(argv, stdin=subprocess.DEVNULL).returncode != 0:
        raise RetrapError(
            f"packages of the sets {', '.join(wanted)} are missing",
            f"./retrap packages {' '.join(wanted)}",
            EXIT_PACKAGES,
        )
