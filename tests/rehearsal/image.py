# SPDX-License-Identifier: GPL-2.0-only
"""What a rehearsal machine is made of: a disk of Debian, firmware, QEMU's words."""

from __future__ import annotations

import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from retrap.base.arch import ARM64, X86_64, Arch

EFI, EFI_X86_64 = Path("/usr/share/AAVMF"), Path("/usr/share/OVMF")


@dataclass(frozen=True)
class Kind:
    """Of machine: its recipe is image_<name>.sh. `firmware`: EFI's code, which is read
    only, and its variables; None: a BIOS."""

    name: str
    arch: Arch
    grub: bool
    words: tuple[str, ...]
    firmware: tuple[Path, Path] | None


KINDS = {
    kind.name: kind
    for kind in (
        Kind("x86_64", X86_64, True, ("-M", "pc", "-cpu", "max"), None),
        Kind(
            "x86_64_efi",
            X86_64,
            True,
            ("-M", "q35", "-cpu", "max"),
            (EFI_X86_64 / "OVMF_CODE_4M.fd", EFI_X86_64 / "OVMF_VARS_4M.fd"),
        ),
        Kind(
            "arm64",
            ARM64,
            False,
            # The architected way to authenticate pointers is slow under TCG.
            ("-M", "virt,gic-version=3", "-cpu", "max,pauth-impdef=on"),
            (EFI / "AAVMF_CODE.fd", EFI / "AAVMF_VARS.fd"),
        ),
    )
}


@dataclass(frozen=True)
class Image:
    """What disk.py makes: the disk that machines start from, and the keys to it."""

    directory: Path
    kind: Kind

    @property
    def arch(self) -> Arch:
        return self.kind.arch

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
        words = [self.arch.qemu, *self.kind.words]
        # What the machine flushes is on the file; a kill loses what it does not.
        words += ["-drive", f"file={disk},if=virtio,format=qcow2,cache=writeback"]
        if self.kind.firmware:
            code, empty = self.kind.firmware
            variables = directory / "variables.fd"
            shutil.copyfile(empty, variables)
            flash = "if=pflash,format=raw,file="
            words += ["-drive", f"{flash}{code},readonly=on"]
            words += ["-drive", f"{flash}{variables}"]
        return words
