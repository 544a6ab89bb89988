# SPDX-License-Identifier: GPL-2.0-only
"""The kernel config that is asked for: ours, then the variant's fragments; and
which variants share it."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from retrap.base.arch import ARCHES, Arch
from retrap.base.paths import ROOT
from retrap.config import prebuilt

if TYPE_CHECKING:
    from retrap.config.variants import Variant

OURS = ROOT / "configs/kernel"


def fragments_for(variant: Variant, arch: Arch) -> list[Path]:
    """The variant's fragments, in order, less those of another architecture: a name
    that ends in `-arm64.config` is arm64's alone."""
    others = tuple(f"-{each}.config" for each in ARCHES if each != arch.name)
    return [file for file in variant.fragments if not file.name.endswith(others)]


def config_text(variant: Variant, arch: Arch, machine: bool = False) -> str:
    """The variant's fragments in order, on ours for a guest or for a machine, less
    their comments; the last word on a symbol wins. Another comment is no other
    kernel. Of a kernel that is built already, what it was built with."""
    if variant.source.prebuilt:
        return prebuilt.read(variant.source.prebuilt, arch).config
    names = ("machine", f"machine-{arch.name}") if machine else ("common", arch.name)
    base = [OURS / f"{name}.config" for name in names]
    return _asking((*base, *fragments_for(variant, arch)))


def users_text(variant: Variant, arch: Arch) -> str:
    """The part of it that the variant's fragments are."""
    return _asking(fragments_for(variant, arch))


def _asking(files: Iterable[Path]) -> str:
    text = "".join(f"{file.read_text(errors='replace')}\n" for file in files)
    lines = re.findall(r"^(?:CONFIG_\w+=.*|# CONFIG_\w+ is not set)$", text, re.M)
    return "".join(f"{line}\n" for line in lines)


def asked(text: str) -> dict[str, str]:
    """Each symbol's last value; "n" where it is not set."""
    found: dict[str, str] = {}
    for line in text.splitlines():
        if match := re.match(r"(CONFIG_\w+)=(.+)", line):
            found[match.group(1)] = match.group(2).strip()
        elif match := re.match(r"# (CONFIG_\w+) is not set", line):
            found[match.group(1)] = "n"
    return found


def most_cpus(variant: Variant, arch: Arch) -> int:
    """What CONFIG_NR_CPUS lets a guest have."""
    word = asked(config_text(variant, arch)).get("CONFIG_NR_CPUS", "")
    return int(word) if word.isdecimal() else 1


def lineage(variant: Variant, variants: dict[str, Variant]) -> Iterator[Variant]:
    """The variant, what it is based on, and so on."""
    yield variant
    while variant.base:
        variant = variants[variant.base]
        yield variant


def first_of_config(
    variant: Variant, variants: dict[str, Variant], arch: Arch
) -> Variant:
    """The last of the lineage that has the variant's config and compiler: of the
    others of these only what their patches touch is compiled."""
    alike_as = (config_text(variant, arch), variant.compiler)
    alike = itertools.takewhile(
        lambda each: (config_text(each, arch), each.compiler) == alike_as,
        lineage(variant, variants),
    )
    return list(alike)[-1]
