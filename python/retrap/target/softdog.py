# SPDX-License-Identifier: GPL-2.0-only
"""The kernel's software watchdog runs from its start, so that a kernel that hangs
before user space is up is reset. Once user space is up that is done with: systemd feeds
one watchdog, which is another where the machine has a real one.
"""

from __future__ import annotations

from pathlib import Path

MARGIN_S = 120  # from the kernel's start until this is run
OPTIONS = ("softdog.soft_active_on_boot=1", f"softdog.soft_margin={MARGIN_S}")
IDENTITY = "Software Watchdog"
STOP = b"V"  # the magic close: Documentation/watchdog/watchdog-api.rst


def stop(root: Path = Path("/")) -> bool:
    """Whether it was stopped. One that systemd has opened is busy, and is fed."""
    stopped = False
    for place in root.glob("sys/class/watchdog/watchdog*"):
        try:
            if (place / "identity").read_text().strip() != IDENTITY:
                continue
            with (root / "dev" / place.name).open("wb", buffering=0) as device:
                device.write(STOP)
                stopped = True
        except OSError:
            continue
    return stopped
