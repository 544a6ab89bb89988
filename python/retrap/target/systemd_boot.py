# SPDX-License-Identifier: GPL-2.0-only
"""Entries of ours for systemd-boot, each booted once when it is asked for.

An entry is a file beside the distribution's, and its kernel lies on the same
partition. `bootctl set-oneshot` sets an EFI variable that the loader deletes when it
reads it. The slot is written into the entry when it is armed. Entries that have a
sort-key come first in its menu, and it boots the first: ours have none.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from fnmatch import fnmatch
from functools import cached_property
from pathlib import Path

from retrap.base.errors import EXIT_MACHINE, RetrapError
from retrap.base.rawfile import atomic_write
from retrap.target import user_file

ONESHOT = (
    "sys/firmware/efi/efivars/LoaderEntryOneShot-4a67b082-0a4c-41cf-b6c7-440b29bb8c4f"
)
SLOT = re.compile(r" retrap\.slot=\S*$", re.MULTILINE)


@dataclass(frozen=True)
class SystemdBoot:
    """systemd-boot of the system below `root`. Errors of all: EXIT_MACHINE."""

    root: Path = Path("/")
    name = "systemd-boot"

    @property
    def present(self) -> bool:
        if shutil.which("bootctl") is None:
            return False
        done = subprocess.run(["bootctl", "is-installed"], capture_output=True)
        return done.returncode == 0

    @cached_property
    def _partition(self) -> Path:
        """$BOOT of the Boot Loader Specification: XBOOTLDR, else the ESP."""
        path = Path(self._run("--print-boot-path").strip())
        return self.root / path.relative_to("/")

    @property
    def kernels(self) -> Path:
        return self._partition / "retrap"

    def refusal(self) -> str:
        if not self.present:
            return "bootctl does not know systemd-boot as installed"
        try:
            entries = self._partition / "loader/entries"
        except RetrapError as error:
            return error.message
        if not entries.is_dir():
            return f"{entries} is missing"
        if not self._has_a_default():
            return (
                "systemd-boot could take an entry of ours for its default: name yours "
                f"as `default` in {self._loader_conf}"
            )
        return ""

    def _has_a_default(self) -> bool:
        """Which is not ours. A unified kernel image has a sort-key, too."""
        text = user_file.read(self._loader_conf) or ""
        named = re.search(r"^default\s+([^@\s]\S*)", text, re.MULTILINE)
        if named and not fnmatch(self.entry("any", "any").name, named.group(1)):
            return True
        if any(self._partition.glob("EFI/Linux/*.efi")):
            return True
        texts = map(user_file.read, self._partition.glob("loader/entries/*.conf"))
        return any(re.search(r"^sort-key\s", text or "", re.M) for text in texts)

    def entry(self, campaign: str, variant: str) -> Path:
        name = f"retrap-{campaign}-{variant}.conf"
        return self._partition / "loader/entries" / name

    def lay(
        self, campaign: str, kernels: dict[str, Path], options: Sequence[str]
    ) -> None:
        for variant, file in kernels.items():
            relative = file.relative_to(self._partition)
            text = (
                f"title retrap {campaign} {variant}\n"
                f"linux /{relative}\n"
                f"options {' '.join(options)}\n"
            )
            atomic_write(self.entry(campaign, variant), text)

    def armable(self, campaign: str, variant: str, file: Path) -> None:
        entry = self.entry(campaign, variant)
        relative = file.relative_to(self._partition)
        if not entry.is_file() or f"linux /{relative}\n" not in entry.read_text():
            raise RetrapError(
                f"{entry}: the entry is gone",
                "./retrap campaign abort, and begin anew",
                EXIT_MACHINE,
            )

    def arm(self, campaign: str, variant: str, slot: str) -> None:
        entry = self.entry(campaign, variant)
        text = SLOT.sub("", entry.read_text()).rstrip("\n")
        atomic_write(entry, f"{text} retrap.slot={slot}\n")
        os.sync()
        self._run("set-oneshot", entry.name)

    def remove(self, campaign: str, before: dict[str, str | None]) -> None:
        """Its entries, also such as were cut while they were written; the one-shot, if
        it is one of them."""
        entries, ours = self._partition / "loader/entries", f"retrap-{campaign}-"
        for prefix in (ours, f".{ours}"):
            for entry in entries.glob(f"{prefix}*"):
                entry.unlink()
        if (self._oneshot() or "").startswith(ours):
            self._run("set-oneshot", "")

    def state(self) -> dict[str, str | None]:
        """Its own settings, the names of all entries, what is armed."""
        entries = sorted(p.name for p in (self._partition / "loader/entries").iterdir())
        return {
            "loader.conf": user_file.read(self._loader_conf),
            "entries": "\n".join(entries),
            "the one-shot entry": self._oneshot(),
        }

    @property
    def _loader_conf(self) -> Path:
        return self._partition / "loader/loader.conf"

    def _oneshot(self) -> str | None:
        """The EFI variable: four bytes of attributes, then UTF-16."""
        try:
            data = (self.root / ONESHOT).read_bytes()
        except OSError:
            return None
        return data[4:].decode("utf-16-le").rstrip("\0")

    def _run(self, *words: str) -> str:
        done = subprocess.run(["bootctl", *words], capture_output=True, text=True)
        if done.returncode != 0:
            raise RetrapError(
                f"bootctl {' '.join(words)}: {done.stderr.strip()}",
                "mend that; the next boot goes on",
                EXIT_MACHINE,
            )
        return done.stdout
