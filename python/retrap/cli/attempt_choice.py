# SPDX-License-Identifier: GPL-2.0-only
"""What `retrap try` measures of patches: what was asked for, or what runs what they
touch."""

from __future__ import annotations

import re
from argparse import Namespace
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from retrap.base.arch import Arch
from retrap.base.progress import Progress, say
from retrap.build import own
from retrap.cli import attempt_files as files
from retrap.config import scenario_files
from retrap.config.registry import least
from retrap.config.variants import Variant, Variants

if TYPE_CHECKING:
    from retrap.kernel.touched import Touched
    from retrap.profile.choice import Choice
    from retrap.profile.reach import Reach


def chosen(
    args: Namespace,
    variants: Variants,
    booted: Sequence[Variant],
    arches: Sequence[Arch],
) -> Choice:
    """`booted`: the base, and all patches on it. The patches are applied to their
    source first, before anything is built. Errors: EXIT_KERNEL, for one that does not
    apply."""
    from retrap.kernel import touched
    from retrap.profile import choice, reach

    base, last = booted
    given = scenario_files.read(args.files)
    with Progress() as progress:
        changed = touched.between(base, last, variants, arches[0])
        registry, asked = own.known(given, progress)
    if args.scenarios:
        asked = files.known(args.scenarios, registry)
    elif args.all:
        asked = tuple(least(name) for name in registry)
    found = reach.nearest(base, variants, arches[0])
    _say(changed)
    if found is None:
        few = "" if asked else ": one scenario of each kind of path is measured"
        say(f"no map of {base.name} on {arches[0].name}{few}")
        return choice.Choice(asked or choice.FIRST, (), None)
    if found.variant != base.name:
        say(f"what runs them is taken from the map of {found.variant}")
    picked = choice.choose(changed.functions, found, bool(changed.files))
    if not asked:
        return picked
    if run_nothing(asked, changed, found):
        say(f"CAUTION: by the map of {found.variant}, no code that differs is run by")
        say(f"  {', '.join(asked)}")
    return choice.Choice(asked, (), picked.unreached)


def run_nothing(names: Iterable[str], changed: Touched, found: Reach) -> bool:
    """The map knows all of these scenarios, with other numbers maybe, and none of them
    runs what is touched."""
    if changed.files:
        return False
    asked = {_family(name) for name in names}
    running = {_family(name) for each in changed.functions for name in found.of(each)}
    return asked <= {_family(name) for name in found.scenarios} and not asked & running


def _family(name: str) -> str:
    return re.sub(r":[0-9]+", ":", name)


def _say(changed: Touched) -> None:
    if changed.files:
        say(f"more than functions changes in {', '.join(changed.files[:4])}")
    say(f"the code differs in {_named(changed.functions) or 'no function'}")
    if changed.new:
        say(f"new, so in no map: {_named(changed.new)}")


def _named(functions: Iterable[str]) -> str:
    return ", ".join(f"{name}()" for name in functions)
