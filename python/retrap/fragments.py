# SPDX-License-Identifier: GPL-2.0-only
"""The kernel config that is asked for: ours, then the variant's fragments."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

from retrap.arch import Arch

if TYPE_CHECKING:
    from retrap.config import Variant

OURS = Path(__file__).resolve().parents[2] / "configs/kernel"


def config_text(variant: Variant, arch: Arch) -> str:
    """The variant's fragments in order, less their comments; the last word on a
    symbol wins. Another comment is no other kernel."""
    base = [OURS / f"{name}.config" for name in ("common", arch.name)]
    files = (*base, *variant.fragments)
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
