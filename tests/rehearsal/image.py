# SPDX-License-Identifier: GPL-2.0-only
"""What a rehearsal machine is made of: a disk of Debian, firmware, QEMU's words."""

from __future__ import annotations

import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from retrap.base.arch import ARM64, X86_64, Arch

MACHINES = {
    X86_64: ("-M", "pc", "-cpu", "max"),
    # The architected way to authenticate pointers is slow under TCG.
    ARM64: ("-M", "virt,gic-version=3", "-cpu", "max,pauth-impdef=on"),
}
EFI, EFI_VARIABLES = "AAVMF_CODE.fd", "AAVMF_VARS.fd"
FIRMWARE = Path("/usr/share/AAVMF")


@dataclass(frozen=True)
class Image:
    """What disk.py makes: the disk that machines start from, and the keys to it.
    x86_64 has a BIOS and GRUB, arm64 EFI and systemd-boot."""

    directory: Path
    arch: Arch

    @property
    def disk(self) -> Path:
        return self.directory / "disk.qcow2"

    @property
    def key(self) -> Path:
        return self.directory / "key"

    @property
    def host_key(self) -> str:
        return (self.directory / "host.pub").read_text()

    @property
    def own(self) -> str:
        """How the release of the distribution's kernel ends."""
        return f"-cloud-{self.arch.debian}"

    def hardware(self, directory: Path) -> list[str]:
        """Puts a disk and the firmware's variables into `directory`, which outlast
        its boots; QEMU and its words for them."""
        disk = directory / "disk.qcow2"
        argv = ["qemu-img", "create", "-q", "-f", "qcow2", "-F", "qcow2"]
        subprocess.run([*argv, "-b", str(self.disk), str(disk)], check=True)
        words = [self.arch.qemu, *MACHINES[self.arch]]
        # What the machine flushes is on the file; a kill loses what it does not.
        words += ["-drive", f"file={disk},if=virtio,format=qcow2,cache=writeback"]
        if self.arch is ARM64:
            variables = directory / "variables.fd"
            shutil.copyfile(FIRMWARE / EFI_VARIABLES, variables)
            flash = "if=pflash,format=raw,file="
            words += ["-drive", f"{flash}{FIRMWARE / EFI},readonly=on"]
            words += ["-drive", f"{flash}{variables}"]
        return words
