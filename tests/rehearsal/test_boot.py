# SPDX-License-Identifier: GPL-2.0-only
"""A rehearsal machine is one: it boots, reboots, loses its power."""

from __future__ import annotations

import contextlib
import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from image import Image
from rehearsal import BOOT_S, CUT, RESET, RehearsalMachine

from retrap.base.paths import ROOT


def test_it_boots_and_keeps_what_it_synced(
    machine: RehearsalMachine, image: Image
) -> None:
    machine.start()
    first = machine.wait_for_ssh(BOOT_S)
    assert first.release and first.release.endswith(image.own)
    assert machine.ssh("uname -r").strip() == first.release
    assert machine.ssh("cat /proc/cmdline").strip() == first.command_line
    machine.ssh("echo kept >/root/synced && sync /root /root/synced")
    machine.power_cut()
    assert first.end == CUT
    machine.wait_for_ssh(BOOT_S, boot=2)
    assert machine.ssh("cat /root/synced") == "kept\n"
    machine.ssh("systemctl --no-block reboot")
    machine.wait_for_ssh(BOOT_S, boot=3)
    assert [boot.end for boot in machine.boots] == [CUT, RESET, None]


def test_it_does_not_outlive_whoever_started_it(image: Image, tmp_path: Path) -> None:
    where = tmp_path / "target"
    kind = f"KINDS[{image.kind.name!r}]"
    words = f"Image(Path({str(image.directory)!r}), {kind}), Path({str(where)!r})"
    script = (
        "import time; from pathlib import Path; from rehearsal import *\n"
        "from image import KINDS, Image\n"
        f"RehearsalMachine({words}).start(); print('on', flush=True); time.sleep(60)"
    )
    path = f"{Path(__file__).parent}:{ROOT}/python"
    with subprocess.Popen(
        [sys.executable, "-c", script],
        env={**os.environ, "PYTHONPATH": path},
        stdout=subprocess.PIPE,
    ) as owner:
        assert owner.stdout and owner.stdout.readline() == b"on\n"
        assert within_60s(lambda: runs_on(where))
        owner.kill()
    assert within_60s(lambda: not runs_on(where))


def within_60s(holds: Callable[[], bool]) -> bool:
    until = time.monotonic() + 60
    while not holds() and time.monotonic() < until:
        time.sleep(0.1)
    return holds()


def runs_on(where: Path) -> bool:
    """Whether a process has a machine's disk on its command line."""
    disk = f"{where}/disk".encode()
    for each in Path("/proc").glob("[0-9]*/cmdline"):
        with contextlib.suppress(OSError):
            if disk in each.read_bytes():
                return True
    return False


def test_what_qemu_complains_of_is_told_at_once(machine: RehearsalMachine) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", machine.port))
        with pytest.raises(OSError, match="host forwarding rule"):
            machine.start()
            machine.wait_for_ssh(BOOT_S)
