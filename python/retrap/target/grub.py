# SPDX-License-Identifier: GPL-2.0-only
"""Entries of ours in GRUB's menu, each booted once when it is asked for.

They stand in custom.cfg, which Debian's and Fedora's menus source, so no menu is made
again; and the kernels lie outside the distribution's names, so none of them becomes
its default. `grub-reboot` sets the entry of the next boot alone. GRUB loads all of
grubenv, so the slot on a kernel's command line is a variable there.
"""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from retrap.base.errors import EXIT_MACHINE, RetrapError
from retrap.target import own, user_file

SLOT = "retrap_slot"
NEW = "# there was no custom.cfg"
DIRECTORIES = ("boot/grub", "boot/grub2")
WRITES = ("ext2", "xfs", "fat")  # file systems, as grub-probe calls them


@dataclass(frozen=True)
class Grub:
    """GRUB of the system below `root`. Errors of all: EXIT_MACHINE."""

    root: Path = Path("/")
    name = "grub"

    @property
    def present(self) -> bool:
        return self.directory is not None

    @property
    def kernels(self) -> Path:
        return self.root / "boot/retrap"

    @property
    def directory(self) -> Path | None:
        """Where its files are; None: there is no GRUB."""
        found = (self.root / name for name in DIRECTORIES)
        return next((path for path in found if (path / "grub.cfg").exists()), None)

    def refusal(self) -> str:
        """Why a boot cannot be armed here; or empty."""
        directory = self.directory
        if directory is None:
            return "no grub.cfg in /boot/grub or /boot/grub2"
        menu = (directory / "grub.cfg").read_text(errors="replace")
        if "custom.cfg" not in menu:
            return f"{directory}/grub.cfg does not source custom.cfg (41_custom)"
        if "next_entry" not in menu:
            return f"{directory}/grub.cfg does not know next_entry (00_header)"
        if not (directory / "grubenv").is_file():
            return f"{directory}/grubenv is missing: grub-editenv makes it"
        for name in ("reboot", "editenv", "probe", "mkrelpath"):
            if self._tool(name) is None:
                return f"grub-{name} is missing"
        return self._unwritable(f"{directory}/grubenv")

    def _unwritable(self, file: str) -> str:
        """GRUB itself takes next_entry away when it boots it. Where it cannot write,
        what is armed once is booted for ever."""
        try:
            below = self._run("probe", "--target=abstraction", file).split()
            system = self._run("probe", "--target=fs", file).strip()
        except RetrapError as error:
            return error.message
        if below or system not in WRITES:
            return f"GRUB cannot write {file}, on {' on '.join([system, *below])}"
        return ""

    def entry(self, campaign: str, variant: str) -> str:
        return f"retrap-{campaign}-{variant}"

    def lay(
        self, campaign: str, kernels: dict[str, Path], options: Sequence[str]
    ) -> None:
        """Adds the entries; `kernels`: the file of each variant, below /boot."""
        new = not self._custom.exists() or NEW in self._text()
        lines = [self._begin(campaign), *([NEW] if new else [])]
        for variant, file in kernels.items():
            name = self.entry(campaign, variant)
            words = [*options, f"retrap.slot=${{{SLOT}}}"]
            lines += [
                f"menuentry '{name}' --id {name} --unrestricted {{",
                f"  search --no-floppy --fs-uuid --set=root {self._uuid(file)}",
                f"  linux {self._relative(file)} {' '.join(words)}",
            ]
            if initrd := own.initrd(file):
                lines.append(f"  initrd {self._relative(initrd)}")
            lines.append("}")
        lines.append(self._end(campaign))
        text = self._others(campaign) + "\n".join(lines) + "\n"
        user_file.write(self._custom, text)

    def armable(self, campaign: str, variant: str, file: Path) -> None:
        """The entry is there, and what it boots. GRUB stops at its menu, for ever,
        where a file is missing."""
        name = self.entry(campaign, variant)
        text = self._text()
        if f"--id {name} " not in text or self._relative(file) not in text:
            raise RetrapError(
                f"{self._custom}: the entry {name} is gone",
                "./retrap campaign abort, and begin anew",
                EXIT_MACHINE,
            )

    def arm(self, campaign: str, variant: str, slot: str) -> None:
        environment = f"{self.directory}/grubenv"
        self._run("editenv", environment, "set", f"{SLOT}={slot}")
        self._run("reboot", self.entry(campaign, variant))
        listed = self._run("editenv", environment, "list").splitlines()
        wanted = {f"{SLOT}={slot}", f"next_entry={self.entry(campaign, variant)}"}
        if lacking := wanted - set(listed):
            raise RetrapError(
                f"{environment} does not keep {', '.join(sorted(lacking))}",
                "GRUB must be able to write there: ext4, no RAID and no LVM",
                EXIT_MACHINE,
            )

    def remove(self, campaign: str, before: dict[str, str | None]) -> None:
        """Entries and variables; custom.cfg goes if it came with us. GRUB leaves an
        empty next_entry where there was none."""
        if self._custom.exists():
            rest, new = self._others(campaign), NEW in self._text()
            if rest or not new:
                user_file.write(self._custom, rest)
            else:
                self._custom.unlink()
        environment = f"{self.directory}/grubenv"
        self._run("editenv", environment, "unset", SLOT)
        listed = self._run("editenv", environment, "list")
        armed = f"next_entry=retrap-{campaign}-" in listed
        left = "next_entry=\n" in listed and "next_entry=" not in (
            before.get("grubenv") or ""
        )
        if armed or left:
            self._run("editenv", environment, "unset", "next_entry")

    def state(self) -> dict[str, str | None]:
        assert self.directory
        found = {name: self.directory / name for name in ("custom.cfg", "grubenv")}
        return {name: user_file.read(path) for name, path in found.items()}

    @property
    def _custom(self) -> Path:
        assert self.directory
        return self.directory / "custom.cfg"

    def _others(self, campaign: str) -> str:
        """custom.cfg without what is ours."""
        ours = f"{self._begin(campaign)}\n.*?{self._end(campaign)}\n"
        return re.sub(ours, "", self._text(), flags=re.DOTALL)

    def _text(self) -> str:
        return user_file.read(self._custom) or ""

    def _begin(self, campaign: str) -> str:
        return f"# retrap {campaign}: begin"

    def _end(self, campaign: str) -> str:
        return f"# retrap {campaign}: end"

    def _relative(self, file: Path) -> str:
        """As GRUB sees it: /boot may be a file system of its own."""
        return self._run("mkrelpath", str(file)).strip()

    def _uuid(self, file: Path) -> str:
        return self._run("probe", "--target=fs_uuid", str(file)).strip()

    def _tool(self, name: str) -> str | None:
        return shutil.which(f"grub-{name}") or shutil.which(f"grub2-{name}")

    def _run(self, name: str, *words: str) -> str:
        tool = self._tool(name)
        if tool is None:
            raise RetrapError(
                f"grub-{name} is missing", "install GRUB's tools", EXIT_MACHINE
            )
        done = subprocess.run([tool, *words], capture_output=True, text=True)
        if done.returncode != 0:
            said = (done.stderr or done.stdout).strip()
            raise RetrapError(
                f"{Path(tool).name} {' '.join(words)}: {said}",
                "mend that; the next boot goes on",
                EXIT_MACHINE,
            )
        return done.stdout
