# SPDX-License-Identifier: GPL-2.0-only
"""The disk of a rehearsal machine: made once, kept in the cache by its recipe."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
from pathlib import Path

import pytest
from rehearsal import Image, RehearsalMachine

from retrap.base.cache import locked, partial, publish, subdirectory
from retrap.base.progress import Task

RECIPE = Path(__file__).with_name("image.sh")
DEBIAN_S, BOOT_S, GRUB_S = 1800, 600, 600


def ensure() -> Image:
    """The disk, made now if it is not there."""
    folder = subdirectory("rehearsal")
    sources = RECIPE.read_bytes() + Path(__file__).read_bytes()
    path = folder / hashlib.sha256(sources).hexdigest()[:16]
    with locked(folder, Task("disk of a rehearsal machine")):
        if not path.is_dir():
            if os.geteuid() != 0:
                pytest.skip("a disk of Debian is made by chroot(2), which needs root")
            work = partial(path)
            _make(work)
            publish(work, path)
    return Image(path)


def _make(work: Path) -> None:
    """Debian in a file; then its first boot writes GRUB's configuration."""
    argv = ["setpriv", "--pdeathsig", "KILL", "--", "unshare", "--mount", "--fork"]
    argv += ["--kill-child=KILL", "sh", str(RECIPE), str(work)]
    subprocess.run(argv, check=True, stdin=subprocess.DEVNULL, timeout=DEBIAN_S)
    image = Image(work)
    convert = ["qemu-img", "convert", "-O", "qcow2"]
    raw = work / "disk.raw"
    subprocess.run([*convert, str(raw), str(image.disk)], check=True)
    raw.unlink()
    first = work / "first"
    with RehearsalMachine(image, first) as machine:
        machine.start()
        machine.wait_for_ssh(BOOT_S)
        machine.ssh("update-grub && : >/etc/machine-id && sync", GRUB_S)
        machine.ssh("systemctl --no-block poweroff")
        machine.wait_for_off(BOOT_S)
    made = work / "made.qcow2"
    subprocess.run([*convert, str(first / "disk.qcow2"), str(made)], check=True)
    made.replace(image.disk)
    shutil.rmtree(first)
