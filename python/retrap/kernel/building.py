# SPDX-License-Identifier: GPL-2.0-only
"""One build of a kernel: its tree is laid, patched, configured and compiled, and what
is kept of it is published.

Whoever builds holds the cache's lock (kernels.py).
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import time
from pathlib import Path

from retrap.base import elf
from retrap.base.arch import Arch
from retrap.base.cache import cache_dir, partial, publish, subdirectory
from retrap.base.errors import EXIT_KERNEL, RetrapError
from retrap.base.process import Line, run_logged
from retrap.base.progress import Task, say
from retrap.base.rawfile import read_record
from retrap.build import toolchain
from retrap.config.fragments import config_text, users_text
from retrap.config.variants import Variant
from retrap.kernel import (
    interrupted,
    leftover,
    machine_config,
    moved,
    objects,
    source,
)
from retrap.kernel.kconfig import Kconfig, check_config
from retrap.kernel.machine_config import MachineConfig

WANTED = "retrap.config"  # in OBJ: the config that was asked for
MANY = 100  # objects; a user is told of more before they are compiled
OBJ = "obj"  # below the source: kbuild then uses relative paths, a copy builds
# A kept tree, and how many of the variant's patches it has.
Start = tuple[Path, int]


class Build:
    """Of one variant for one architecture; `machine`: for that, not for a guest."""

    def __init__(
        self,
        variant: Variant,
        arch: Arch,
        machine: MachineConfig | None,
        key: str,
        task: Task,
        lock: int,
    ) -> None:
        self.variant, self.arch, self.task, self.lock = variant, arch, task, lock
        self.machine, self.key = machine, key
        self.wanted = config_text(variant, arch, machine is not None)
        self.identity = source.identify(variant)
        self.objects = 0
        self.start = time.monotonic()

    def run(self, start: Start | None, keep_tree: bool) -> Path:
        """From a kept tree of its base, where there is one; the kernel's directory.
        `keep_tree`: its own is kept, for others to start from."""
        tree = cache_dir() / moved.BUILT_AS
        trees = subdirectory("trees")
        for stale in trees.glob("*.partial"):
            if stale != tree:
                shutil.rmtree(stale)
        self.log = subdirectory("logs") / f"{self.variant.name}-{self.key}.log"
        self.log.unlink(missing_ok=True)
        patched: list[str] = []
        if not start and interrupted.goes_on(tree, self.key):
            self.task.update("goes on with the build that was interrupted")
        else:
            patched = self._prepare(start, tree)
        self._compile(tree)
        interrupted.end(tree)
        kernel = self._publish(tree)
        if keep_tree and not (trees / self.key).is_dir():  # else it may be in use
            publish(tree, trees / self.key)
        elif (
            start
            and leftover.serves(tree, start[0], patched)
            and _same_config(tree, start[0])
        ):
            leftover.leave(tree, start[0], patched)
        else:
            shutil.rmtree(tree)
        self.task.update(f"{self.objects} objects compiled")
        return kernel

    def _prepare(self, start: Start | None, tree: Path) -> list[str]:
        """Lays, patches and configures the tree; the files that were patched."""
        guest = self.machine is None  # what only its boot needs is not for others
        last = guest and source.meets_boot(self.variant, self.arch)
        back = leftover.take(tree, start[0], OBJ) if start else None
        again = back is not None
        done = start[1] if start and again else self._lay(start, tree)
        if guest and not (start or last):
            source.patch_boot(self.arch, tree, self.log)
        patched = source.patch(self.variant, tree, self.log, done)
        if last:
            source.patch_boot(self.arch, tree, self.log)
        same_names = bool(start and leftover.same_names(tree, start[0], patched))
        if start and not same_names:
            objects.forget(start[0], tree, OBJ)
        # A machine's config takes kconfig three times; a copy of the base has it.
        may = again or bool(start and self.machine)
        if not (may and self._is_configured(tree, patched)):
            self._configure(tree)
        if start:
            self._say_many(tree, start[0], [*patched, *(back or [])])
        else:
            interrupted.begin(tree, self.key)
        return patched

    def _lay(self, start: Start | None, tree: Path) -> int:
        """Fills `tree`; the number of patches it then already has."""
        if tree.exists():
            self.task.update("deletes the last build's tree")
            shutil.rmtree(tree)
        if start:
            built, done = start
            self.task.update("copies the base's tree")
            # Sources are hard links, which patch(1) replaces and never writes.
            for argv in (
                ["cp", "-al", str(built), str(tree)],
                ["rm", "-rf", str(tree / OBJ)],
                ["cp", "-a", str(built / OBJ), str(tree / OBJ)],
            ):
                if run_logged(argv, self.log) != 0:
                    raise self._failed(f"{argv[0]} of the base's tree failed")
            moved.settle(tree, OBJ)
            return done
        self.task.update(f"unpacks {self.identity}")
        tree.mkdir(parents=True)
        source.unpack(self.variant, self.identity, tree, self.log)
        return 0

    def _is_configured(self, tree: Path, patched: list[str]) -> bool:
        """The last build's tree is, for a variant of the same config. What its
        fragments make of a choice takes reading Kconfig."""
        wanted = (tree / OBJ / WANTED).read_text()
        same = not self.variant.fragments
        same = same and wanted == self.wanted
        return same and not leftover.touches_kconfig(patched)

    def _configure(self, tree: Path) -> None:
        self.task.update("configures")
        (tree / OBJ).mkdir(exist_ok=True)
        wanted = tree / OBJ / WANTED
        known = Kconfig(tree, self.arch)
        text = self.wanted
        wanted.write_text(known.settled(text) if self.variant.fragments else text)
        if self.machine:
            self._configure_for(self.machine, wanted.read_text(), tree, known)
        else:
            self._make(tree, [f"KCONFIG_ALLCONFIG={wanted}", "allnoconfig"])
        got = (tree / OBJ / ".config").read_text()
        users = users_text(self.variant, self.arch)
        name = self.variant.name
        if lost := check_config(name, wanted.read_text(), got, known, users):
            say(f"{name}: its fragments leave no room for {', '.join(lost)}")

    def _configure_for(
        self, machine: MachineConfig, wanted: str, tree: Path, known: Kconfig
    ) -> None:
        def make(targets: list[str], on_line: Line | None) -> None:
            self._make(tree, targets, on_line)

        if lost := machine_config.configure(machine, wanted, tree / OBJ, known, make):
            say(
                f"{self.variant.name}: without these modules of the machine, which "
                f"the source does not have: {', '.join(lost)}"
            )

    def _say_many(self, tree: Path, base: Path, changed: list[str]) -> None:
        """A header that many objects include costs minutes: whoever waits should
        know before."""
        found = objects.made_of(tree, OBJ, changed)
        count = len(set().union(*found.values()))
        if count <= MANY:
            return
        names = sorted(found, key=lambda name: -len(found[name]))[:3]
        built = subdirectory("kernels") / base.name / "meta.json"
        remedy = "./retrap kernel clean --all"
        whole = read_record(built, "kernel", remedy) if built.is_file() else {}
        made = whole.get("objects_compiled", 0)
        told = f"{count} objects include {', '.join(names)}"
        if made > MANY:  # of fewer the link is most of the time
            minutes = count * whole["wall_s"] / made / 60
            told += f": about {max(1, round(minutes))} min"
        say(f"{self.variant.name}: {told}")

    def _compile(self, tree: Path) -> None:
        def count(line: str) -> None:
            if re.match(r"\s+(CC|AS)\s", line):
                self.objects += 1
                self.task.update(f"compiles, {self.objects} objects")

        self._make(tree, [f"-j{os.cpu_count() or 1}", self.arch.target], count)

    def _make(
        self, tree: Path, targets: list[str], on_line: Line | None = None
    ) -> None:
        env = {
            "PATH": os.environ.get("PATH", "/usr/bin:/bin"),
            "LC_ALL": "C",
            "KBUILD_BUILD_TIMESTAMP": "2011-05-26",
            "KBUILD_BUILD_USER": "retrap",
            "KBUILD_BUILD_HOST": self.variant.name,
            "KBUILD_BUILD_VERSION": "1",
        }
        words = toolchain.kbuild(self.arch, self.variant.compiler)
        argv = ["make", f"O={OBJ}", *words, *targets]
        status = run_logged(
            argv, self.log, on_line, cwd=tree, env=env, pass_fds=(self.lock,)
        )
        if status != 0:
            raise self._failed(f"{' '.join(argv)} failed")

    def _failed(self, what: str) -> RetrapError:
        lines = self.log.read_text(errors="replace").splitlines()
        telling = [line for line in lines if re.search(r"error|\*\*\*|No space", line)]
        shown = "\n  ".join((telling or lines)[-8:])
        return RetrapError(
            f"{self.variant.name}: {what}:\n  {shown}",
            f"the whole log is {self.log}",
            EXIT_KERNEL,
        )

    def _publish(self, tree: Path) -> Path:
        obj = tree / OBJ
        directory = subdirectory("kernels") / self.key
        work = partial(directory)
        shutil.copy(obj / self.arch.image, work / self.arch.target)
        shutil.copy(obj / ".config", work / "config")
        shutil.copy(obj / "System.map", work / "System.map")
        if "CONFIG_DEBUG_INFO=y" in (obj / ".config").read_text():
            shutil.copy(obj / "vmlinux", work / "vmlinux")
        meta = {
            "variant": self.variant.name,
            "file": str(self.variant.file) if self.variant.file else None,
            "arch": self.arch.name,
            "source": self.identity,
            "patches": source.patch_list(self.variant),
            "boot_patches": [] if self.machine else source.boot_list(tree),
            "machine": self.machine.identity if self.machine else None,
            "compiler": toolchain.compiler(self.arch, self.variant.compiler),
            "config_sha256": hashlib.sha256((obj / ".config").read_bytes()).hexdigest(),
            "build_id": build_id(obj / "vmlinux"),
            "objects_compiled": self.objects,
            "wall_s": round(time.monotonic() - self.start, 1),
        }
        (work / "meta.json").write_text(json.dumps(meta, indent=1) + "\n")
        if directory.is_dir():  # only its tree was gone; others may have it in use
            shutil.rmtree(work)
        else:
            publish(work, directory)
        return directory


def _same_config(*trees: Path) -> bool:
    texts = {(tree / OBJ / WANTED).read_text() for tree in trees}
    return len(texts) == 1


def build_id(vmlinux: Path) -> str:
    """GNU build id of a kernel; a guest must show the same. Errors: EXIT_KERNEL."""
    if found := elf.build_id(vmlinux):
        return found
    raise RetrapError(f"{vmlinux}: no build id", "build it again", EXIT_KERNEL)
