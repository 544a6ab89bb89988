# SPDX-License-Identifier: GPL-2.0-only
"""Step 1: the C++ programs that a command needs, by CMake preset; for a foreign
architecture by the preset's `-<arch>` namesake, against its sysroot."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from retrap.build import packages, sysroot, toolchain
from retrap.base.arch import Arch, native
from retrap.base.cache import locked
from retrap.base.paths import ROOT
from retrap.base.errors import EXIT_BUILD, RetrapError
from retrap.config import registry
from retrap.base.process import capture, run_logged
from retrap.base.progress import Progress

BENCH = "retrap-bench"
MEASURING = (BENCH, "retrap-nop")  # of a matrix and a profile: boots alike
RULES = ("retrap-conform",)
FOR_QEMU = ("retrap-turns", "retrap-tsc-khz")  # of this machine (qemu.py)
# What tests compare with.
BY_HAND = ("retrap-handloop", "retrap-handcycle", "retrap-handstop")
PROGRAMS = (*MEASURING, *RULES, *BY_HAND, "retrap-model")


@dataclass(frozen=True)
class Programs:
    """The built programs of one preset. `names`: those that go into a guest."""

    directory: Path
    arch: Arch = field(default_factory=native)
    names: tuple[str, ...] = PROGRAMS

    def path(self, name: str) -> Path:
        return self.directory / name

    @property
    def bench(self) -> Path:
        return self.path(BENCH)

    def sha256(self) -> str:
        """One hash over what goes into a guest."""
        total = hashlib.sha256()
        for name in self.names:
            total.update(self.path(name).read_bytes())
        return total.hexdigest()

    def registry(self) -> registry.Registry:
        """What retrap-bench can measure: the same on every architecture, so
        ask the programs of this machine's. Errors: EXIT_BUILD."""
        return registry.read(self.listing())

    def listing(self) -> str:
        """The same as it says it. Errors: EXIT_BUILD."""
        text = capture([str(self.bench), "--list", "--json"])
        if text is None:
            raise RetrapError(
                f"{self.bench} --list --json failed",
                f"delete {self.directory} and repeat the command",
                EXIT_BUILD,
            )
        return text


def build(
    progress: Progress,
    *targets: str,
    preset: str = "release",
    arch: Arch | None = None,
    options: Sequence[str] = (),
) -> Programs:
    """Configures and builds `targets`, or all there is; with nothing to do it
    takes a second."""
    arch = arch or native()
    options = list(options)
    if arch.cross:
        packages.ensure(*packages.sets(arch))
        preset = f"{preset}-{arch.name}"
        options += [f"-DRETRAP_SYSROOT={sysroot.ensure(arch, progress)}"]
    directory = _directory(preset)
    log = directory / "retrap-build.log"
    what = f"build {targets[0]}" if len(targets) == 1 else "build"
    with progress.task(f"{what} ({preset})") as task, locked(directory, task):
        log.unlink(missing_ok=True)

        def show(line: str) -> None:
            if match := re.match(r"\[(\d+/\d+)\]", line):
                task.update(f"object {match.group(1)}")

        task.update("configuring")
        steps = [
            ["cmake", "--preset", preset, *options],
            ["cmake", "--build", str(directory), "--target", *(targets or ["all"])],
        ]
        for argv in steps:
            if run_logged(argv, log, show, cwd=ROOT, env=toolchain.environment()) != 0:
                tail = "\n  ".join(log.read_text().splitlines()[-15:])
                raise RetrapError(
                    f"{' '.join(argv)} failed:\n  {tail}",
                    f"the whole log is {log}",
                    EXIT_BUILD,
                )
        task.update("")
    names = tuple(name for name in PROGRAMS if not targets or name in targets)
    return Programs(directory, arch, names)


def build_for_guests(
    progress: Progress, names: tuple[str, ...], arch: Arch
) -> Programs:
    """The programs `names` for guests of `arch`, and what their QEMU loads."""
    if arch.cross:
        build(progress, *FOR_QEMU)
        return build(progress, *names, arch=arch)
    return build(progress, *names, *FOR_QEMU)


def _directory(preset: str) -> Path:
    directory = ROOT / "build" / preset
    try:
        directory.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise RetrapError(
            f"{directory}: cannot create: {error.strerror}",
            "retrap builds in the clone: make it writable",
            EXIT_BUILD,
        ) from None
    return directory
