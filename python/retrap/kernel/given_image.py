# SPDX-License-Identifier: GPL-2.0-only
"""A kernel that is built already, into the cache: nothing of it is made here."""

from __future__ import annotations

import hashlib
import json
import shutil
from pathlib import Path
from typing import Any

from retrap.base.arch import Arch
from retrap.base.cache import partial, publish
from retrap.base.errors import EXIT_CONFIG, EXIT_KERNEL, RetrapError
from retrap.base.progress import say
from retrap.config import prebuilt
from retrap.config.prebuilt import Prebuilt
from retrap.config.variants import Variant


def _read(variant: Variant, arch: Arch) -> Prebuilt:
    assert variant.source.prebuilt
    return prebuilt.read(variant.source.prebuilt, arch)


def key(variant: Variant, arch: Arch, guest: bool) -> str:
    """16 hex digits over image and config. Errors: EXIT_CONFIG, for a machine."""
    if not guest:
        raise RetrapError(
            f"{variant.name} is built already: retrap boots it in guests alone",
            "give it package, tree or base in place of image or build",
            EXIT_CONFIG,
        )
    found = _read(variant, arch)
    words = [arch.name, _sha256(found.image), found.config, bool(found.system_map)]
    return hashlib.sha256(json.dumps(words).encode()).hexdigest()[:16]


def take(variant: Variant, arch: Arch, directory: Path) -> None:
    """Copies it into `directory` of the cache. Errors: EXIT_KERNEL, with what a guest
    needs and it has not."""
    found = _read(variant, arch)
    if lacks := found.lacks(arch):
        raise RetrapError(
            f"{variant.name}: {found.image} cannot be a guest: it has not built in "
            f"{', '.join(lacks)}",
            "build it with these; configs/kernel has what our guests are built with",
            EXIT_KERNEL,
        )
    if random := found.random():
        say(f"{variant.name}: exact boots will differ, for {', '.join(random)}")
    work = partial(directory)
    shutil.copy(found.image, work / arch.target)
    (work / "config").write_text(found.config)
    if found.system_map:
        shutil.copy(found.system_map, work / "System.map")
    if found.vmlinux and "CONFIG_DEBUG_INFO=y\n" in found.config:
        shutil.copy(found.vmlinux, work / "vmlinux")
    meta: dict[str, Any] = {
        "variant": variant.name,
        "file": str(variant.file) if variant.file else None,
        "arch": arch.name,
        "source": f"built already, sha256 {_sha256(found.image)[:16]}",
        "patches": [],
        "boot_patches": [],
        "machine": None,
        "compiler": found.compiler,
        "config_sha256": hashlib.sha256(found.config.encode()).hexdigest(),
        "build_id": found.build_id,
    }
    (work / "meta.json").write_text(json.dumps(meta, indent=1) + "\n")
    publish(work, directory)


def _sha256(file: Path) -> str:
    with file.open("rb") as opened:
        return hashlib.file_digest(opened, "sha256").hexdigest()
