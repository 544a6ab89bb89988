# SPDX-License-Identifier: GPL-2.0-only
"""`retrap kernel`: the kernels there are, their builds, and the space they take."""

from __future__ import annotations

import json
import time
from argparse import Namespace
from dataclasses import asdict
from pathlib import Path
from typing import Any

from retrap.build import packages
from retrap.config.layouts import split
from retrap.config.variants import load_variants
from retrap.kernel import debs, kernels, patchsize, source, table as kernel_table
from retrap.base import usage
from retrap.base.arch import ARCHES, Arch, native
from retrap.base.cache import locked, subdirectory
from retrap.config.variants import Variant
from retrap.base.errors import (
    EXIT_CONFIG,
    EXIT_KERNEL,
    EXIT_OK,
    EXIT_USAGE,
    RetrapError,
)
from retrap.kernel.table import BAD, BUILT, MACHINE, OTHER, STALE, TO_BUILD, UNKNOWN
from retrap.kernel.table import Row, SizeRow, mib
from retrap.base.progress import Progress, Task, say


def run(args: Namespace) -> int:
    status: int = {
        "list": list_,
        "build": build,
        "path": path,
        "size": size,
        "clean": clean,
        "prune": prune,
        "deb": deb,
    }[args.verb](args)
    return status


def list_(args: Namespace) -> int:
    variants = load_variants(args.variants)
    wanted = [ARCHES[args.arch]] if args.arch else list(ARCHES.values())
    stored = {meta["variant"] for _, meta in _stored()}
    laid = [name for name in sorted(stored) if split(name)[1] and name in variants]
    shown = [*variants.values(), *(variants[name] for name in laid)]
    rows = [_row(variant, arch) for variant in shown for arch in wanted]
    rows += [
        Row(name, None, None, BAD, None, 0, 0, error.message)
        for name, error in variants.bad.items()
    ]
    names = {arch.name for arch in wanted}
    current = {row.key for row in rows}
    file = str(args.variants.resolve())
    rows += [
        _left(where, meta, file)
        for where, meta in _stored()
        if where.name not in current and meta["arch"] in names
    ]
    if args.json:
        print(json.dumps([asdict(row) for row in rows], indent=1))
    else:
        print(kernel_table.text(rows, file))
        print(kernel_table.totals())
    return EXIT_OK


def _left(where: Path, meta: dict[str, Any], file: str) -> Row:
    """A kernel that no variant of `file` makes today."""
    origin = meta.get("file")
    state = OTHER if origin not in (None, file) else STALE
    state = MACHINE if meta.get("machine") else state
    tree = usage.size(subdirectory("trees") / where.name)
    size = usage.size(where) + tree
    return Row(
        meta["variant"], meta["arch"], None, state, where.name, size, tree, origin
    )


def build(args: Namespace) -> int:
    arch = _arch(args)
    variants = load_variants(args.variants)
    wanted = [_variant(variants, name) for name in args.names]
    named = packages.of_variants(wanted, arch)
    packages.ensure("terminal", "guest", *packages.sets(arch), *named)
    with Progress() as progress:
        for variant in wanted:
            print(kernels.ensure(variant, variants, progress, arch).image, flush=True)
    return EXIT_OK


def path(args: Namespace) -> int:
    variant = _variant(load_variants(args.variants), args.name)
    arch = _arch(args)
    kernel = kernels.find(variant, arch)
    if kernel is None:
        raise RetrapError(
            f"{variant.name} for {arch.name} is not built",
            f"./retrap kernel build {variant.name} --arch {arch.name}",
            EXIT_KERNEL,
        )
    usage.hold(kernel.directory)
    print(kernel.image)
    return EXIT_OK


def size(args: Namespace) -> int:
    """What the patches of each built variant add to the kernel of its base."""
    variants = load_variants(args.variants)
    wanted = [ARCHES[args.arch]] if args.arch else list(ARCHES.values())
    rows = []
    for variant in variants.values():
        if not variant.base or variant.patches == variants[variant.base].patches:
            continue
        for arch in wanted:
            pair = [_found(variants[n], arch) for n in (variant.base, variant.name)]
            maps = [each.system_map for each in pair if each]
            text = patchsize.text(*maps) if len(maps) == 2 else None
            lines = patchsize.lines(variant.patches)
            rows.append(SizeRow(variant.name, arch.name, variant.base, lines, text))
    print(
        json.dumps([asdict(row) for row in rows], indent=1)
        if args.json
        else kernel_table.sizes(rows)
    )
    return EXIT_OK


def clean(args: Namespace) -> int:
    """Under the lock, so never what is being built."""
    if bool(args.names) == args.all:
        raise RetrapError(
            "clean wants either VARIANTs or --all",
            "./retrap kernel clean mainline, or ./retrap kernel clean --all",
            EXIT_USAGE,
        )
    with Progress() as progress, progress.task("clean") as task:
        with locked(subdirectory("."), task):
            freed = sum(_delete(directory, task) for directory in _doomed(args))
            task.update(f"{mib(freed)} freed")
    return EXIT_OK


def prune(args: Namespace) -> int:
    """Least recently used first, kernels and trees alike. What is left may still
    be more: it is in use."""
    with Progress() as progress, progress.task("prune") as task:
        with locked(subdirectory("."), task):
            tops = subdirectory("kernels"), subdirectory("trees")
            found = [each for top in tops for each in top.iterdir() if each.is_dir()]
            for directory in sorted(found, key=usage.last):
                if usage.size(*tops) <= args.to:
                    break
                _delete(directory, task)
            left = usage.size(*tops)
            task.update(f"kernels and trees take {mib(left)}")
    if left > args.to:
        say(f"that is more than {mib(args.to)}: the rest is in use")
    return EXIT_OK


def _delete(directory: Path, task: Task) -> int:
    """The bytes that it took; 0, and said so, when it is in use."""
    task.update(f"deletes {directory.name}")
    used = time.strftime("%Y-%m-%d %H:%M", time.gmtime(usage.last(directory)))
    size = usage.size(directory)
    if not usage.delete(directory):
        say(f"{directory}: in use, kept")
        return 0
    print(f"{directory} {mib(size)}, last used {used} UTC", flush=True)
    return size


def deb(args: Namespace) -> int:
    variant = _variant(load_variants(args.variants), args.name)
    arch = _arch(args)
    if args.config:
        debs.read_config(args.config)  # before anything is installed
    named = packages.of_variants([variant], arch)
    packages.ensure("terminal", "guest", "deb", *packages.sets(arch), *named)
    source.say_uncommitted(variant)
    with Progress() as progress:
        made = debs.make(variant, arch, args.config, progress)
    print("\n".join(map(str, made)))
    return EXIT_OK


def _arch(args: Namespace) -> Arch:
    return ARCHES[args.arch] if args.arch else native()


def _variant(variants: dict[str, Variant], name: str) -> Variant:
    if name not in variants:
        raise RetrapError(
            f"no variant {name!r}; there are {', '.join(variants)}",
            "--variants names another file of variants",
            EXIT_CONFIG,
        )
    return variants[name]


def _row(variant: Variant, arch: Arch) -> Row:
    who = variant.name, arch.name, variant.base
    try:
        kernel, key = kernels.find(variant, arch), kernels.kernel_key(variant, arch)
    except RetrapError as error:
        return Row(*who, UNKNOWN, None, 0, 0, error.message)
    tree = usage.size(subdirectory("trees") / key)
    size = tree + (usage.size(kernel.directory) if kernel else 0)
    return Row(*who, BUILT if kernel else TO_BUILD, key, size, tree, None)


def _found(variant: Variant, arch: Arch) -> kernels.Kernel | None:
    """None also where its source is not on this machine."""
    try:
        return kernels.find(variant, arch)
    except RetrapError:
        return None


def _stored() -> list[tuple[Path, dict[str, Any]]]:
    """Every kernel of the cache with its meta.json."""
    found = []
    for directory in sorted(subdirectory("kernels").iterdir()):
        file = directory / "meta.json"
        if directory.suffix != ".partial" and file.is_file():
            found.append((directory, json.loads(file.read_text())))
    return found


def _doomed(args: Namespace) -> list[Path]:
    if args.all:
        tops = [subdirectory(name) for name in ("kernels", "trees", "sysroots")]
        return sorted(path for top in tops for path in top.iterdir() if path.is_dir())
    known = load_variants(args.variants)
    stored = _stored()
    mine = []
    for name in args.names:
        if not any(meta["variant"] == name for _, meta in stored):
            _variant(known, name)  # nothing to delete is fine, a typing error is not
        mine += [
            where
            for where, meta in stored
            if meta["variant"] == name and args.arch in (None, meta["arch"])
        ]
    trees = [subdirectory("trees") / where.name for where in mine]
    return mine + [tree for tree in trees if tree.is_dir()]
