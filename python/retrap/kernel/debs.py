# SPDX-License-Identifier: GPL-2.0-only
"""`retrap kernel deb`: a variant as packages to install and boot on a machine.

The config is the distribution's, so the kernel boots where the distribution's
does; what is compiled is the variant. An interrupted build goes on where it was:
hours of objects are kept, unlike a guest kernel's minutes.
"""

from __future__ import annotations

import hashlib
import json
import lzma
import os
import platform
import re
import shutil
from pathlib import Path

from retrap.build import sysroot, toolchain
from retrap.kernel import source
from retrap.base.arch import Arch
from retrap.base.cache import locked, partial, publish, subdirectory
from retrap.config.fragments import fragments_for
from retrap.config.variants import Variant
from retrap.base.errors import EXIT_CONFIG, EXIT_KERNEL, RetrapError
from retrap.kernel.kconfig import check_config
from retrap.kernel.building import OBJ
from retrap.base.process import run_logged
from retrap.base.progress import Progress, Task

RECIPE = 1  # raise it when a change here makes other packages
# No keys but ours, and no debug information (nor BTF, which needs it and
# pahole): tens of GiB that no measurement reads.
FRAGMENT = """\
CONFIG_LOCALVERSION="-retrap-{variant}"
# CONFIG_LOCALVERSION_AUTO is not set
CONFIG_BUILD_SALT=""
CONFIG_MODULE_SIG_KEY=""
# CONFIG_MODULE_SIG_ALL is not set
CONFIG_SYSTEM_TRUSTED_KEYS=""
CONFIG_SYSTEM_REVOCATION_KEYS=""
CONFIG_DEBUG_INFO_NONE=y
# CONFIG_DEBUG_INFO_DWARF_TOOLCHAIN_DEFAULT is not set
# CONFIG_DEBUG_INFO_DWARF4 is not set
# CONFIG_DEBUG_INFO_DWARF5 is not set
"""


def make(
    variant: Variant, arch: Arch, config: Path | None, progress: Progress
) -> list[Path]:
    """The packages' paths; built now when they are not there."""
    source.identify(variant)  # before all else, whether there is one
    text = _base_config(variant, arch, config, progress)
    text += "".join(file.read_text() for file in fragments_for(variant, arch))
    text += FRAGMENT.format(variant=variant.name)
    build = _Build(variant, arch, text)
    if not build.directory.is_dir():
        with progress.task(f"packages {variant.name} {arch.name}") as task, locked(
            subdirectory("debs"), task
        ) as lock:
            if not build.directory.is_dir():
                build.run(task, lock)
    return sorted(build.directory.glob("*.deb"))


def _base_config(
    variant: Variant, arch: Arch, given: Path | None, progress: Progress
) -> str:
    """The file given; else that of the distribution's package of the same
    version; else the running kernel's."""
    package = variant.source.package
    if given is None and package and package.startswith("linux-source-"):
        name = package.replace("source", "config")
        root = sysroot.fetch(arch, [name], progress)
        given = root / f"usr/src/{name}/config.{arch.debian}_none_{arch.debian}.xz"
    elif given is None and arch.native:
        given = Path(f"/boot/config-{platform.release()}")
    if given is None:
        raise RetrapError(
            f"{variant.name}: no config is known for {arch.name}",
            "--config FILE gives one",
            EXIT_CONFIG,
        )
    return read_config(given)


def read_config(given: Path) -> str:
    """A kernel config, or an .xz of one. Errors: EXIT_CONFIG."""
    try:
        data = given.read_bytes()
        text = (lzma.decompress(data) if given.suffix == ".xz" else data).decode()
    except (OSError, ValueError, lzma.LZMAError) as error:
        raise RetrapError(
            f"{given}: cannot read the kernel config: {error}",
            "--config FILE gives another",
            EXIT_CONFIG,
        ) from None
    if not re.search(r"^CONFIG_\w+=", text, re.M):
        raise RetrapError(
            f"{given}: no kernel config, nothing in it reads CONFIG_...=",
            "--config FILE gives another",
            EXIT_CONFIG,
        )
    return text if text.endswith("\n") else text + "\n"


class _Build:
    """One set of packages, under the lock of debs/."""

    def __init__(self, variant: Variant, arch: Arch, config: str) -> None:
        self.variant, self.arch, self.config = variant, arch, config
        self.identity = source.identify(variant)
        patches = [patch["sha256"] for patch in source.patch_list(variant)]
        compiler = toolchain.compiler(arch, variant.compiler)
        words = [RECIPE, arch.name, self.identity, patches, config, compiler]
        key = hashlib.sha256(json.dumps(words).encode()).hexdigest()[:16]
        self.directory = subdirectory("debs") / f"{variant.name}-{arch.name}-{key}"
        self.log = subdirectory("logs") / f"deb-{self.directory.name}.log"
        self.objects = 0

    def run(self, task: Task, lock: int) -> None:
        self.task, self.lock = task, lock
        self.log.unlink(missing_ok=True)
        building = self.directory.with_name(self.directory.name + ".building")
        tree = building / "linux"
        if not tree.is_dir():
            self._lay(partial(building / "linux"), tree)
        task.update("configures")
        (tree / OBJ).mkdir(exist_ok=True)
        (tree / OBJ / ".config").write_text(self.config)
        self._make(tree, "olddefconfig")
        got = (tree / OBJ / ".config").read_text()
        check_config(
            self.variant.name, f'CONFIG_LOCALVERSION="-retrap-{self.variant.name}"', got
        )
        self._make(tree, "bindeb-pkg")
        work = partial(self.directory)
        for deb in tree.glob("*.deb"):
            shutil.move(deb, work / deb.name)
        shutil.copy(tree / OBJ / ".config", work / "config")
        publish(work, self.directory)
        shutil.rmtree(building)
        task.update(f"{self.objects} objects compiled")

    def _lay(self, work: Path, tree: Path) -> None:
        self.task.update(f"unpacks {self.identity}")
        source.unpack(self.variant, self.identity, work, self.log)
        source.patch(self.variant, work, self.log)
        work.rename(tree)

    def _make(self, tree: Path, target: str) -> None:
        def count(line: str) -> None:
            if re.match(r"\s+(CC|AS)\s", line):
                self.objects += 1
                self.task.update(f"{target}, {self.objects} objects")

        env = {
            "PATH": os.environ.get("PATH", "/usr/bin:/bin"),
            "LC_ALL": "C",
            "KBUILD_BUILD_USER": "retrap",
            "KBUILD_BUILD_HOST": self.variant.name,
            "KBUILD_BUILD_VERSION": "1",
        }
        words = toolchain.kbuild(self.arch, self.variant.compiler)
        argv = ["make", f"O={OBJ}", *words, f"-j{os.cpu_count() or 1}"]
        if self.arch.cross:
            # Headers would want libraries of the foreign architecture.
            env["DEB_BUILD_PROFILES"] = "cross pkg.linux-upstream.nokernelheaders"
        # -d: kbuild asks for a gcc-<triplet> package, which gcc is on itself.
        argv += ["DPKG_FLAGS=-d", target]
        status = run_logged(
            argv, self.log, count, cwd=tree, env=env, pass_fds=(self.lock,)
        )
        if status != 0:
            lines = self.log.read_text(errors="replace").splitlines()
            telling = [x for x in lines if re.search(r"[Ee]rror|\*\*\*|No space", x)]
            shown = "\n  ".join((telling or lines)[-8:])
            raise RetrapError(
                f"{self.variant.name}: make {target} failed:\n  {shown}",
                f"the whole log is {self.log}; what is compiled is kept",
                EXIT_KERNEL,
            )
