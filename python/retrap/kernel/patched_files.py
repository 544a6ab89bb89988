# SPDX-License-Identifier: GPL-2.0-only
"""Single files of a variant's source, as its patches leave them."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

from retrap.kernel import source
from retrap.base.arch import Arch
from retrap.base.cache import subdirectory
from retrap.config.variants import Variant
from retrap.kernel.kernels import nearest_tree


def lay_source(
    variant: Variant,
    variants: dict[str, Variant],
    arch: Arch,
    files: set[str],
    into: Path,
) -> None:
    """`files` and those that the variant's patches touch, patched, in `into`. A source
    that has to be unpacked stays beside it, for the next call."""
    log = subdirectory("logs") / "laid.log"
    identity = source.identify(variant)
    start = nearest_tree(variant, variants, arch)
    whole = into.with_name(re.sub(r"\W+", "-", f"whole {arch.name} {identity}"))
    tree, done = start or (whole, 0)
    if start is None and not tree.is_dir():
        tree.mkdir()
        source.unpack(variant, identity, tree, log)
        source.patch_boot(arch, tree, log)
    patches = "".join(patch.read_text(errors="replace") for patch in variant.patches)
    for name in files.union(re.findall(r"^--- a/(\S+)", patches, re.M)):
        if (tree / name).is_file():
            (into / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(tree / name, into / name)
    source.patch(variant, into, log, done)
