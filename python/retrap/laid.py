# SPDX-License-Identifier: GPL-2.0-only
"""Single files of a variant's source, as its patches leave them."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

from retrap import source
from retrap.arch import Arch
from retrap.cache import subdirectory
from retrap.config import Variant
from retrap.kernels import kernel_key


def lay_source(
    variant: Variant,
    variants: dict[str, Variant],
    arch: Arch,
    files: set[str],
    into: Path,
) -> None:
    """`files` and those that the variant's patches touch, patched, in `into`."""
    log = subdirectory("logs") / "laid.log"
    identity = source.identify(variant)
    base = variants[variant.base] if variant.base else variant
    tree = subdirectory("trees") / kernel_key(base, arch)
    done = len(base.patches)
    if not tree.is_dir():
        tree, done = into.with_name("whole"), 0
        tree.mkdir()
        source.unpack(variant, identity, tree, log)
    patches = "".join(patch.read_text() for patch in variant.patches)
    for name in files.union(re.findall(r"^--- a/(\S+)", patches, re.M)):
        if (tree / name).is_file():
            (into / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(tree / name, into / name)
    source.patch(variant, into, log, done)
