# SPDX-License-Identifier: GPL-2.0-only
"""The functions that patches touch, in the source of the kernel that they are for."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from retrap.base import scratch
from retrap.base.arch import Arch
from retrap.base.cache import subdirectory
from retrap.config.variants import Variant, Variants
from retrap.kernel import functions, patched_files

C = (".c", ".h")


@dataclass(frozen=True)
class Touched:
    """`functions`: of the base, whose code differs, by name; `new`: those that it does
    not have. `files`: in which more than functions differs: a macro, a type, a table,
    or a file that is no C."""

    functions: tuple[str, ...]
    new: tuple[str, ...]
    files: tuple[str, ...]


def between(base: Variant, patched: Variant, variants: Variants, arch: Arch) -> Touched:
    """What the patches of `patched` change that `base` does not have. Errors:
    EXIT_KERNEL, for a patch that does not apply."""
    added = patched.patches[len(base.patches) :]
    text = "".join(patch.read_text(errors="replace") for patch in added)
    names = sorted(patched_files.names(text))
    found: set[str] = set()
    new: set[str] = set()
    files = []
    with scratch.directory(subdirectory("work")) as place:
        for variant in (base, patched):
            (place / variant.name).mkdir()
            into = place / variant.name
            patched_files.lay_source(variant, variants, arch, set(names), into)
        for name in names:
            if name.endswith(C):
                before, after = (
                    _text(place / variant.name / name) for variant in (base, patched)
                )
                one = functions.changed(before, after)
                found.update(one.differ)
                new.update(one.new)
                files += [name] if one.more else []
            elif not name.startswith(("Documentation/", "tools/", "MAINTAINERS")):
                files.append(name)
    new -= found  # those that a patch moves to another file
    return Touched(tuple(sorted(found)), tuple(sorted(new)), tuple(files))


def _text(file: Path) -> str:
    return file.read_text(errors="replace") if file.is_file() else ""
