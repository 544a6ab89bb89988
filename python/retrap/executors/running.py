# SPDX-License-Identifier: GPL-2.0-only
"""Which kernel is running here, and through which interfaces it is measured."""

from __future__ import annotations

import re
import subprocess
from dataclasses import dataclass, replace
from pathlib import Path

from retrap.base.errors import EXIT_UNSUPPORTED, RetrapError
from retrap.base.process import child
from retrap.base.rawfile import read_json
from retrap.build.programs import Programs
from retrap.config.variants import HOST, INTERFACES, Variant
from retrap.kernel import kernels
from retrap.machine import environment

NOTES = Path("/sys/kernel/notes")


@dataclass(frozen=True)
class Running:
    """`name` is the variant's, or `host`. Cells go through `interfaces`, which are of
    those that it `offers`. `build_id` is None where the kernel does not show one."""

    name: str
    interfaces: tuple[str, ...]
    build_id: str | None
    offers: tuple[str, ...]


def running(programs: Programs, variants: dict[str, Variant]) -> Running:
    """The running kernel. Errors: EXIT_UNSUPPORTED, where ptrace is forbidden."""
    offered = probe(programs)
    found = build_id()
    variant = known(found, environment.read()["kernel_release"] or "", variants)
    if variant and set(variant.offers) == set(offered):
        return Running(variant.name, variant.interfaces, found, offered)
    own = tuple(name for name in offered if name != "listen")
    return Running(HOST, own or ("listen",), found, offered)


def named_apart(kernel: Running, raw: Path) -> Running:
    """Of a kernel that is no variant's: with its build id in the name, where boots of
    another such kernel are in the result directory already."""
    others = {
        read_json(record).get("kernel_build_id")
        for record in raw.glob(f"{HOST}/*/boot.json")
    }
    if kernel.name != HOST or not others - {kernel.build_id}:
        return kernel
    return replace(kernel, name=f"{HOST}-{(kernel.build_id or 'unknown')[:8]}")


def probe(programs: Programs) -> tuple[str, ...]:
    """The interfaces that this kernel offers, as retrap-bench finds them."""
    argv = [str(programs.bench), "--probe"]
    with child(argv, stdout=subprocess.PIPE, stderr=subprocess.STDOUT) as process:
        said, _ = process.communicate()
    offered = tuple(said.split())
    if process.returncode != 0 or not offered or not set(offered) <= set(INTERFACES):
        raise RetrapError(
            f"this kernel cannot be probed for its interfaces: {said.strip()}",
            "./retrap doctor says what is in the way",
            EXIT_UNSUPPORTED,
        )
    return offered


def known(
    build_id: str | None, release: str, variants: dict[str, Variant]
) -> Variant | None:
    """The variant whose kernel this is: by its build id, of those that are built
    here; else by the release that `./retrap kernel deb` gives (debs.py)."""
    for variant in variants.values():
        kernel = _built(variant)
        if build_id and kernel and kernel.meta()["build_id"] == build_id:
            return variant
    named = re.search(r"-retrap-([a-z0-9.-]+)$", release)
    return dict(variants).get(named.group(1)) if named else None


def _built(variant: Variant) -> kernels.Kernel | None:
    """A variant whose source is not on this machine was not built on it."""
    try:
        return kernels.find(variant)
    except RetrapError:
        return None


def build_id(notes: Path = NOTES) -> str | None:
    """The GNU build id in the kernel's ELF notes (elf(5)), in hexadecimal."""
    try:
        data = notes.read_bytes()
    except OSError:
        return None
    found = re.search(rb"\x04\0\0\0(.)\0\0\0\x03\0\0\0GNU\0", data, re.DOTALL)
    if found is None:
        return None
    return data[found.end() : found.end() + found.group(1)[0]].hex()
