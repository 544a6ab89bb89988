# SPDX-License-Identifier: GPL-2.0-only
"""The kernel that a machine's distribution boots, which can be a variant too.

It lies where the distribution put it, with its initrd and its modules. Nothing of it is
built, laid or taken away.
"""

from __future__ import annotations

import platform
import re
from pathlib import Path
from typing import Any

from retrap.executors.running import build_id
from retrap.results import sealed

FILE = re.compile(r"/boot/vmlinuz-[A-Za-z0-9._+~-]+")  # may stand in a boot entry
# By distribution: Debian and its like, Fedora and its like.
INITRDS = ("initrd.img-{release}", "initramfs-{release}.img", "initrd-{release}")


def find(root: Path = Path("/")) -> dict[str, Any] | None:
    """The running kernel: `file`, `sha256`, `release` and `build_id`. None: it is not
    below /boot under its release, or does not show its build id."""
    release, found = platform.release(), build_id()
    file = root / f"boot/vmlinuz-{release}"
    if found is None or not file.is_file() or not FILE.fullmatch(str(file)):
        return None
    return {
        "file": str(file),
        "sha256": sealed.sha256(file),
        "release": release,
        "build_id": found,
    }


def initrd(kernel: Path) -> Path | None:
    """The one that goes with a kernel of the distribution's; None: it needs none."""
    release = kernel.name.removeprefix("vmlinuz-")
    names = (name.format(release=release) for name in INITRDS)
    found = (kernel.with_name(name) for name in names)
    return next((path for path in found if path.is_file()), None)
