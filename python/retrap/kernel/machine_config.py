# SPDX-License-Identifier: GPL-2.0-only
"""The config of a kernel for a machine, out of the machine itself.

Its distribution's kernel boots it: so that config is taken, with what the modules
that are loaded there need built in, and no other module (the kernel's own `make
localyesconfig`). configs/kernel/machine.config comes on top. All is in one file then:
no module, and no initrd that would have to match the kernel.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from retrap.base.arch import Arch
from retrap.base.errors import EXIT_CONFIG, EXIT_KERNEL, RetrapError
from retrap.base.process import Line
from retrap.base.tomlfile import read_toml
from retrap.config.variants import Variant
from retrap.kernel import source
from retrap.kernel.kconfig import Kconfig

LOADED = "retrap.modules"  # in the object directory, as lsmod(8) prints them
# Strings that name files of the distribution's build, or the build itself.
THEIRS = (
    *("BUILD_SALT", "MODULE_SIG_KEY"),
    *("SYSTEM_TRUSTED_KEYS", "SYSTEM_REVOCATION_KEYS"),
)
# Strings that name files which a build takes into the kernel: here they would be files
# of whoever builds.
FILES = (
    *("EXTRA_FIRMWARE", "EXTRA_FIRMWARE_DIR", "INITRAMFS_SOURCE", "EXTRA_TARGETS"),
    *("ACPI_CUSTOM_DSDT_FILE", "BOOT_CONFIG_EMBED_FILE", "IPE_BOOT_POLICY"),
    *("SYSTEM_BLACKLIST_HASH_LIST", "CFG80211_EXTRA_REGDB_KEYDIR"),
    "UNUSED_KSYMS_WHITELIST",
)
# kbuild's make expands a string, and gives some to a shell; a machine has said it.
VALUE = r'(?:[ymn]|-?\d+|0x[0-9a-fA-F]+|"[\w.,:/=+@%() -]*")'
# The first kernel in which a CPU that spins with interrupts off is found without a
# counter of the PMU, by the buddy detector that machine.config asks for.
OLDEST = (6, 5)
ARCH_SYMBOLS = {"x86_64": "CONFIG_X86_64", "arm64": "CONFIG_ARM64"}
Make = Callable[[list[str], Line | None], None]


@dataclass(frozen=True)
class MachineConfig:
    """`config`: the lines of the distribution's config; `modules`: the names of those
    loaded under its kernel, sorted; `root`: the type of the file system at /."""

    config: str
    modules: tuple[str, ...]
    root: str

    @classmethod
    def read(cls, config: str, modules: str, root: str) -> MachineConfig:
        """Of the texts of /boot/config-<release> and /proc/modules, both taken while
        the distribution's kernel runs, and of what `findmnt -no FSTYPE /` prints.
        Errors: EXIT_CONFIG."""
        form = rf"^(?:CONFIG_\w+={VALUE}|# CONFIG_\w+ is not set)$"
        lines = [line for line in re.findall(form, config, re.M) if not _theirs(line)]
        if not any("=y" in line for line in lines):
            raise RetrapError(
                "no kernel config: nothing in it reads CONFIG_...=y",
                "it is the machine's /boot/config-$(uname -r)",
                EXIT_CONFIG,
            )
        names = sorted({line.split()[0] for line in modules.splitlines() if line})
        if not names:
            raise RetrapError(
                "no module is loaded on the machine",
                "take /proc/modules while the distribution's own kernel runs",
                EXIT_CONFIG,
            )
        return cls("".join(f"{line}\n" for line in lines), tuple(names), root.strip())

    @property
    def identity(self) -> str:
        """A sha256 over all of it; what /proc/modules has of addresses, users and
        order, which differ from boot to boot, is not in it."""
        words = json.dumps([self.config, self.modules, self.root])
        return hashlib.sha256(words.encode()).hexdigest()

    @property
    def root_symbol(self) -> str:
        """What must be set to mount the root."""
        return f"CONFIG_{self.root.upper()}_FS"

    def check_arch(self, arch: Arch) -> None:
        """Errors: EXIT_CONFIG, where the config is another architecture's."""
        symbol = ARCH_SYMBOLS[arch.name]
        if f"{symbol}=y\n" not in self.config:
            raise RetrapError(
                f"the machine's kernel config is not of {arch.name}: no {symbol}=y",
                "--arch names the machine's architecture",
                EXIT_CONFIG,
            )


def check_sources(variants: Iterable[Variant], experiment: Path) -> None:
    """Errors: EXIT_CONFIG, of kernels that lack what brings a machine back."""
    found = {variant.name: source.version(variant) for variant in variants}
    old = [
        f"{name} (Linux {version[0]}.{version[1]})"
        for name, version in found.items()
        if version and version < OLDEST
    ]
    if old:
        raise read_toml(experiment, "experiment").fail(
            "variants",
            f"cannot be booted on a machine: {', '.join(old)}. What brings a machine "
            "back that hangs, the buddy detector, exists from Linux "
            f"{OLDEST[0]}.{OLDEST[1]} on. Leave them out, or measure them in guests: "
            "./retrap matrix without --on",
        )


def _theirs(line: str) -> bool:
    name, _, value = line.removeprefix("CONFIG_").partition("=")
    return name in THEIRS or (name in FILES and value != '""')


def configure(
    machine: MachineConfig, wanted: str, obj: Path, known: Kconfig, make: Make
) -> list[str]:
    """Writes the .config of `obj`, for which `make` takes targets; the modules of the
    machine that this source does not have. `wanted` has the last word.
    Errors: EXIT_KERNEL, where the root could not be mounted."""
    config = obj / ".config"
    config.write_text(machine.config)
    make(["olddefconfig"], None)
    loaded = obj / LOADED
    rows = (f"{name} 0 0\n" for name in machine.modules)
    loaded.write_text(f"Module Size Used by\n{''.join(rows)}")
    lost: list[str] = []

    def read(line: str) -> None:
        if told := re.match(r"(\S+) config not found!!|module (\S+) did not ", line):
            lost.append(told.group(1) or told.group(2))

    make([f"LSMOD={loaded.resolve()}", "localyesconfig"], read)
    built_in = re.sub(r"^CONFIG_\w+=m\n", "", config.read_text(), flags=re.M)
    config.write_text(known.settled(built_in + wanted))
    make(["olddefconfig"], None)
    if f"{machine.root_symbol}=y\n" not in config.read_text():
        lacking = f"it lacks {', '.join(lost)}" if lost else "it has all of them"
        raise RetrapError(
            f"the machine's root is {machine.root}, and {machine.root_symbol} is not "
            "set: the kernel would find no root",
            "is that file system part of this source? Of the modules that were loaded "
            f"{lacking}",
            EXIT_KERNEL,
        )
    return lost
