# SPDX-License-Identifier: GPL-2.0-only
"""kernel-patch/mutations/: the patched kernel with one thing broken each.

A mutation is text before and after in one file of the patched source. The
text must be there exactly once: unlike a diff it survives lines that move, and
one that no longer fits is an error and not a mutant that breaks nothing.
"""

from __future__ import annotations

import dataclasses
import difflib
from dataclasses import dataclass
from pathlib import Path

from retrap.base.arch import ARCHES, Arch
from retrap.base.paths import ROOT
from retrap.config.variants import Variant
from retrap.base.errors import EXIT_CONFIG, EXIT_KERNEL, RetrapError
from retrap.base.tomlfile import read_checked

DIRECTORY = ROOT / "kernel-patch/mutations"


@dataclass(frozen=True)
class Mutation:
    """`rules`: of each a test has to fail. `swept`: only where two things meet can
    they tell, so the sweeps of these rules are run, which do not go by chance."""

    name: str
    design: str
    breaks: str
    rules: tuple[str, ...]
    file: str
    before: str
    after: str
    swept: bool = False


def load(directory: Path = DIRECTORY) -> dict[str, Mutation]:
    """Every mutation by name; a file is a design. Errors: EXIT_CONFIG."""
    found: dict[str, Mutation] = {}
    for path in sorted(directory.glob("*.toml")):
        whole = read_checked(path, "mutations", "mutations")
        for name, data in whole.data.items():
            rules = tuple(data.pop("rules"))
            mutation = Mutation(name, path.stem, rules=rules, **data)
            if name in found:
                what = f"is also in {found[name].design}.toml"
                raise whole.fail(name, what)
            if mutation.before == mutation.after:
                raise whole.table(name).fail("after", "is the same as before")
            found[name] = mutation
    return found


def choose(names: list[str], known: dict[str, Mutation], arch: Arch) -> list[Mutation]:
    """Those of the names; without one all that `arch` has. Errors: EXIT_CONFIG."""
    unknown = [name for name in names if name not in known]
    if unknown:
        near = difflib.get_close_matches(unknown[0], known)
        raise RetrapError(
            f"no mutation {', '.join(unknown)}"
            + (f"; near it: {', '.join(near)}" if near else ""),
            "retrap mutate --list prints all",
            EXIT_CONFIG,
        )
    named = [known[name] for name in dict.fromkeys(names)]
    others = [each for each in ARCHES.values() if each is not arch]
    foreign = tuple(f"arch/{each.folder}/" for each in others)
    return named or [m for m in known.values() if not m.file.startswith(foreign)]


def patch_of(mutation: Mutation, tree: Path) -> str:
    """The mutation as a patch of the source `tree`."""
    try:
        text = (tree / mutation.file).read_text()
    except OSError:
        raise _misfit(mutation, "there is no such file") from None
    if (count := text.count(mutation.before)) != 1:
        raise _misfit(mutation, f"`before` is there {count} times, must be once")
    mutated = text.replace(mutation.before, mutation.after)
    lines = difflib.unified_diff(
        text.splitlines(keepends=True),
        mutated.splitlines(keepends=True),
        f"a/{mutation.file}",
        f"b/{mutation.file}",
    )
    return "".join(lines)


def _misfit(mutation: Mutation, what: str) -> RetrapError:
    return RetrapError(
        f"mutation {mutation.name}: {mutation.file}: {what}",
        f"correct kernel-patch/mutations/{mutation.design}.toml",
        EXIT_KERNEL,
    )


def mutant(mutation: Mutation, variant: Variant, tree: Path, into: Path) -> Variant:
    """The variant with the mutation as its last patch, written below `into`."""
    patch = into / f"{mutation.name}.patch"
    patch.write_text(patch_of(mutation, tree))
    return dataclasses.replace(
        variant,
        name=f"mutant-{mutation.name}",
        base=variant.name,
        patches=(*variant.patches, patch),
    )
