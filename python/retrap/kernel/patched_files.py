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

# git says the files of a change of mode, a copy or a rename without lines there alone.
_NAMES = re.compile(
    r"^(?:--- a/|\+\+\+ b/|(?:rename|copy) (?:from|to) |diff --git a/(\S+) b/)(\S+)",
    re.M,
)


def names(patch: str) -> set[str]:
    """Of the files in a patch, before it and after it."""
    return {name for pair in _NAMES.findall(patch) for name in pair if name}


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
    for name in files | names(patches):
        if (tree / name).is_file():
            (into / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(tree / name, into / name)
    source.patch(variant, into, log, done)
