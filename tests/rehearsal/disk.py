# SPDX-License-Identifier: GPL-2.0-only
"""The disk of a rehearsal machine: made once, kept in the cache by its recipe."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import time
from pathlib import Path

import pytest
from image import Image, Kind
from rehearsal import RehearsalMachine

from retrap.base.cache import locked, partial, publish, subdirectory
from retrap.base.process import child
from retrap.base.progress import Task

HERE = Path(__file__).parent
DEBIAN_S, BOOT_S, GRUB_S = 1800, 600, 600
WAIT = 'until grep -q . /proc/self/gid_map; do sleep 0.1; done; exec "$@"'


def ensure(kind: Kind, *packages: str) -> Image:
    """The disk, made now if it is not there. `packages`: more of Debian's."""
    folder = subdirectory("rehearsal")
    recipe = HERE / f"image_{kind.name}.sh"
    sources = (recipe, HERE / "debian.sh", Path(__file__))
    text = b"".join(path.read_bytes() for path in sources) + ",".join(packages).encode()
    path = folder / hashlib.sha256(text).hexdigest()[:16]
    with locked(folder, Task(f"disk of a rehearsal machine ({kind.name})")):
        if not path.is_dir():
            if os.geteuid() != 0:
                pytest.skip("a disk of Debian is made by chroot(2), which needs root")
            work = partial(path)
            _make(recipe, Image(work, kind), packages)
            publish(work, path)
    return Image(path, kind)


def _make(recipe: Path, image: Image, packages: tuple[str, ...]) -> None:
    """Debian in a file; GRUB's configuration is written by a first boot."""
    words = ["sh", str(recipe), str(image.directory)]
    _as_root_of_a_namespace([*words, *([",".join(packages)] if packages else [])])
    convert = ["qemu-img", "convert", "-O", "qcow2"]
    raw = image.directory / "disk.raw"
    subprocess.run([*convert, str(raw), str(image.disk)], check=True)
    raw.unlink()
    if image.kind.grub:
        _first_boot(image, convert)


def _as_root_of_a_namespace(argv: list[str]) -> None:
    """In a user and a mount namespace with the users that this process knows, so that
    Debian's files have their owners."""
    unshare = ["unshare", "--user", "--mount", "--pid", "--fork", "--kill-child=KILL"]
    mine = os.readlink("/proc/self/ns/user")
    with child([*unshare, "sh", "-c", WAIT, "sh", *argv]) as process:
        place = Path(f"/proc/{process.pid}")
        while os.readlink(place / "ns/user") == mine:
            time.sleep(0.01)
        for name in ("uid_map", "gid_map"):
            known = (Path("/proc/self") / name).read_text().splitlines()
            rows = (line.split() for line in known)
            (place / name).write_text("".join(f"{i} {i} {n}\n" for i, _, n in rows))
        status = process.wait(DEBIAN_S)
    if status:
        raise subprocess.CalledProcessError(status, argv)


def _first_boot(image: Image, convert: list[str]) -> None:
    first = image.directory / "first"
    with RehearsalMachine(image, first) as machine:
        machine.start()
        machine.wait_for_ssh(BOOT_S)
        machine.ssh("update-grub && : >/etc/machine-id && sync", GRUB_S)
        machine.ssh("systemctl --no-block poweroff")
        machine.wait_for_off(BOOT_S)
    made = image.directory / "made.qcow2"
    subprocess.run([*convert, str(first / "disk.qcow2"), str(made)], check=True)
    made.replace(image.disk)
    shutil.rmtree(first)
