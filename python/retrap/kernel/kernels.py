# SPDX-License-Identifier: GPL-2.0-only
"""Step 2: the kernels, built out of tree and kept by a hash of their inputs.

A kernel is its source, patches, config and compiler; the same four give the
same key, and a key is built once. A variant with a `base` starts from a copy
of the tree and objects of what it is based on, so make compiles what the
patches touch and nothing else: seconds instead of minutes
(kernel-patch/README.md). Kept is the tree of the first variant of a config, and
that of a kernel whose mutants are to be built.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from retrap.base.arch import Arch, native
from retrap.base.cache import locked, subdirectory
from retrap.base.errors import EXIT_KERNEL, RetrapError
from retrap.base.progress import Progress
from retrap.base.rawfile import read_record
from retrap.base.usage import hold
from retrap.build import toolchain
from retrap.config.fragments import config_text, first_of_config, lineage
from retrap.config.variants import Variant
from retrap.kernel import given_image, source
from retrap.kernel.building import Build
from retrap.kernel.machine_config import MachineConfig

RECIPE = 2  # raise it when a change here makes another kernel of the same inputs


@dataclass(frozen=True)
class Kernel:
    """A built kernel: image, config and meta.json (schemas/kernel.json)."""

    variant: Variant
    arch: Arch
    key: str
    directory: Path

    @property
    def image(self) -> Path:
        return self.directory / self.arch.target

    @property
    def system_map(self) -> str:
        path = self.directory / "System.map"
        if not path.is_file():
            raise RetrapError(
                f"{self.variant.name}: no System.map came with this image",
                "put it beside the image, or name the build directory: build =",
                EXIT_KERNEL,
            )
        return path.read_text()

    @property
    def late_cpus(self) -> bool:
        """Its boot waits for a CPU in a loop that, in exact mode, keeps that CPU
        from running (docs/kernels.md, "Late vCPUs")."""
        symbol = self.arch.sync_symbol
        config = (self.directory / "config").read_text()
        return bool(symbol) and f"{symbol}=y\n" not in config

    def meta(self) -> dict[str, Any]:
        remedy = f"./retrap kernel clean {self.variant.name}, then build it again"
        return read_record(self.directory / "meta.json", "kernel", remedy)


def kernel_key(
    variant: Variant, arch: Arch, machine: MachineConfig | None = None
) -> str:
    """16 hex digits over everything that decides what the kernel is."""
    if variant.source.prebuilt:
        return given_image.key(variant, arch, machine is None)
    boot = [] if machine else source.boot_patches(arch)
    inputs = [
        RECIPE,
        arch.name,
        source.identify(variant),
        [patch["sha256"] for patch in source.patch_list(variant)],
        [patch["sha256"] for patch in source.named(boot)],
        config_text(variant, arch, machine is not None),
        toolchain.compiler(arch, variant.compiler),
        *([machine.identity] if machine else []),
    ]
    return hashlib.sha256(json.dumps(inputs).encode()).hexdigest()[:16]


def find(
    variant: Variant, arch: Arch | None = None, machine: MachineConfig | None = None
) -> Kernel | None:
    """The variant's kernel, when it is built."""
    arch = arch or native()
    key = kernel_key(variant, arch, machine)
    directory = subdirectory("kernels") / key
    return Kernel(variant, arch, key, directory) if directory.is_dir() else None


def nearest_tree(
    variant: Variant,
    variants: dict[str, Variant],
    arch: Arch,
    machine: MachineConfig | None = None,
) -> tuple[Path, int] | None:
    """The tree that is kept of the nearest in the lineage that is of the variant's
    compiler, and how many of the variant's patches it has. It is in use from now
    on."""
    for each in lineage(variant, variants):
        if each.compiler != variant.compiler:
            break
        tree = _tree(each, arch, machine)
        if hold(tree):
            return tree, len(each.patches)
    return None


def ensure(
    variant: Variant,
    variants: dict[str, Variant],
    progress: Progress,
    arch: Arch | None = None,
    keep_tree: bool = False,
    machine: MachineConfig | None = None,
) -> Kernel:
    """The variant's kernel, built now when it is not there; it is in use until
    this process ends. `keep_tree`: and its tree, for many that are based on it.
    `machine`: for that machine, not for a guest."""
    arch = arch or native()
    if machine:
        machine.check_arch(arch)
    if variant.source.prebuilt:
        return _take(variant, progress, arch)
    source.say_uncommitted(variant)
    if (
        (not keep_tree or hold(_tree(variant, arch, machine)))
        and (kernel := find(variant, arch, machine))
        and hold(kernel.directory)
    ):
        return kernel
    toolchain.say_left_out()
    first = first_of_config(variant, variants, arch)
    if first != variant and not _tree(first, arch, machine).is_dir():
        # This build starts there.
        _build_locked(first, variants, progress, arch, False, machine)
    return _build_locked(variant, variants, progress, arch, keep_tree, machine)


def _take(variant: Variant, progress: Progress, arch: Arch) -> Kernel:
    """A kernel that is built already, as the cache holds it."""
    kernel = find(variant, arch)
    if not (kernel and hold(kernel.directory)):
        key = kernel_key(variant, arch)
        kernel = Kernel(variant, arch, key, subdirectory("kernels") / key)
        with progress.task(f"kernel {variant.name} {arch.name}") as task, locked(
            subdirectory("."), task
        ):
            if not kernel.directory.is_dir():  # another may have taken it meanwhile
                given_image.take(variant, arch, kernel.directory)
        hold(kernel.directory)
    return kernel


def _tree(variant: Variant, arch: Arch, machine: MachineConfig | None) -> Path:
    return subdirectory("trees") / kernel_key(variant, arch, machine)


def _build_locked(
    variant: Variant,
    variants: dict[str, Variant],
    progress: Progress,
    arch: Arch,
    keep_tree: bool,
    machine: MachineConfig | None,
) -> Kernel:
    """The kernel, built under the lock; with its tree, where that is to be kept."""
    kept = keep_tree or first_of_config(variant, variants, arch) == variant
    with progress.task(f"kernel {variant.name} {arch.name}") as task, locked(
        subdirectory("."), task
    ) as lock:
        if (
            (kernel := find(variant, arch, machine))
            and (not kept or _tree(variant, arch, machine).is_dir())
            and hold(kernel.directory)
        ):
            task.update("built meanwhile")
            return kernel
        try:
            key = kernel_key(variant, arch, machine)
            meets = machine is None and source.meets_boot(variant, arch)
            start = None if meets else nearest_tree(variant, variants, arch, machine)
            build = Build(variant, arch, machine, key, task, lock)
            kernel = Kernel(variant, arch, key, build.run(start, kept))
        except OSError as error:
            raise RetrapError(
                f"{variant.name}: {error.filename or 'kernel build'}: {error.strerror}",
                "free disk space or set RETRAP_CACHE to another disk",
                EXIT_KERNEL,
            ) from None
        hold(kernel.directory)
        if kept:
            hold(_tree(variant, arch, machine))
        return kernel
