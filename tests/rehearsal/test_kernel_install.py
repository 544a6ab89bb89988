# SPDX-License-Identifier: GPL-2.0-only
"""A kernel's package goes onto a machine as docs/kernels.md says for one without dpkg,
boots, and goes away."""

from __future__ import annotations

import re
import shlex
import subprocess
from pathlib import Path

import pytest
from campaigns import BOOT_S, assert_equal, state, up
from image import Image
from rehearsal import RehearsalMachine
from test_kernel import facts

from retrap.base.paths import ROOT
from retrap.base.progress import Progress
from retrap.config.variants import load_variants
from retrap.kernel import kernels

# kernel-install makes entries for systemd-boot.
pytestmark = pytest.mark.parametrize("image", ["arm64"], indirect=True)
PLACE = "/tmp/package"


def documented(first: str) -> str:
    """The block of docs/kernels.md that begins so."""
    text = (ROOT / "docs/kernels.md").read_text()
    (block,) = (b for b in text.split("```\n") if b.startswith(first))
    return block


def package(image: Path, release: str, directory: Path) -> Path:
    """As bindeb-pkg lays its files, with no module: this kernel has them built in."""
    root = directory / "root"
    (root / "DEBIAN").mkdir(parents=True)
    (root / "DEBIAN/control").write_text(
        f"Package: linux-image-{release}\nVersion: 1\nArchitecture: arm64\n"
        "Maintainer: retrap <retrap@localhost.invalid>\nDescription: kernel\n"
    )
    (root / "boot").mkdir()
    (root / f"boot/vmlinuz-{release}").write_bytes(image.read_bytes())
    modules = root / "lib/modules" / release
    modules.mkdir(parents=True)
    for name in ("modules.order", "modules.builtin", "modules.builtin.modinfo"):
        (modules / name).touch()
    made = directory / "linux-image.deb"
    argv = ["dpkg-deb", "--root-owner-group", "-Zxz", "-b", str(root), str(made)]
    subprocess.run(argv, check=True, stdout=subprocess.DEVNULL)
    return made


def test_a_package_is_installed_without_dpkg(
    machine: RehearsalMachine, image: Image, tmp_path: Path
) -> None:
    before = up(machine)
    stock = machine.boots[0].release
    variants = load_variants()
    with Progress() as progress:
        kernel = kernels.ensure(
            variants["mainline"], variants, progress, image.arch, machine=facts(machine)
        )
    told = re.search(rb"Linux version (\S+)", kernel.image.read_bytes())
    assert told
    release = told.group(1).decode()
    made = package(kernel.image, release, tmp_path)
    here = f"set -e\nFILE={shlex.quote(str(made))}\n{documented('dpkg-deb')}"
    subprocess.run(["sh", "-c", here], cwd=tmp_path, check=True)
    machine.ssh(f"mkdir {PLACE}")
    machine.copy_to(tmp_path / "kernel.tar", PLACE)
    there = documented("mkdir kernel")
    machine.ssh(f"set -e\ncd {PLACE}\nRELEASE={release}\n{there}", BOOT_S)
    machine.ssh(f"bootctl set-oneshot debian-{release}.conf")
    machine.ssh("systemctl --no-block reboot")
    assert machine.wait_for_ssh(BOOT_S, boot=2).release == release
    machine.ssh(f"kernel-install remove {release} && rm -r /lib/modules/{release}")
    machine.ssh("systemctl --no-block reboot")
    assert machine.wait_for_ssh(BOOT_S, boot=3).release == stock
    assert_equal(state(machine), before)
