# SPDX-License-Identifier: GPL-2.0-only
"""`retrap kernel`: the kernels there are, their builds, and the space they take."""

from __future__ import annotations

import json
import os
import shutil
from argparse import Namespace
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from retrap import config, debs, kernels, packages, patchsize
from retrap.arch import ARCHES, Arch, native
from retrap.cache import locked, subdirectory
from retrap.config import Variant
from retrap.errors import EXIT_CONFIG, EXIT_KERNEL, EXIT_OK, EXIT_USAGE, RetrapError
from retrap.progress import Progress

BUILT, TO_BUILD, UNKNOWN, STALE = "built", "to build", "unknown", "stale"


@dataclass(frozen=True)
class Row:
    """`key` is null where `why` says what it cannot be known for; a stale kernel
    is one that today's sources, patches, config and compiler do not make."""

    variant: str
    arch: str
    base: str | None
    state: str
    key: str | None
    bytes: int
    why: str | None


@dataclass(frozen=True)
class SizeRow:
    """`text` is null where the kernel or its base is not built."""

    variant: str
    arch: str
    base: str
    lines: patchsize.Lines
    text: patchsize.Text | None


def run(args: Namespace) -> int:
    status: int = {
        "list": list_,
        "build": build,
        "path": path,
        "size": size,
        "clean": clean,
        "deb": deb,
    }[args.verb](args)
    return status


def list_(args: Namespace) -> int:
    variants = config.load_variants(args.variants)
    wanted = [ARCHES[args.arch]] if args.arch else list(ARCHES.values())
    rows = [_row(variant, arch) for variant in variants.values() for arch in wanted]
    names = {arch.name for arch in wanted}
    current = {row.key for row in rows}
    rows += [
        Row(meta["variant"], meta["arch"], None, STALE, where.name, _size(where), None)
        for where, meta in _stored()
        if where.name not in current and meta["arch"] in names
    ]
    print(
        json.dumps([asdict(row) for row in rows], indent=1)
        if args.json
        else _text(rows)
    )
    return EXIT_OK


def build(args: Namespace) -> int:
    arch = _arch(args)
    variants = config.load_variants(args.variants)
    wanted = [_variant(variants, name) for name in args.names]
    packages.ensure("report", "guest", *packages.sets(arch))
    with Progress() as progress:
        for variant in wanted:
            print(kernels.ensure(variant, variants, progress, arch).image, flush=True)
    return EXIT_OK


def path(args: Namespace) -> int:
    variant = _variant(config.load_variants(args.variants), args.name)
    arch = _arch(args)
    kernel = kernels.find(variant, arch)
    if kernel is None:
        raise RetrapError(
            f"{variant.name} for {arch.name} is not built",
            f"./retrap kernel build {variant.name} --arch {arch.name}",
            EXIT_KERNEL,
        )
    print(kernel.image)
    return EXIT_OK


def size(args: Namespace) -> int:
    """What the patches of each built variant add to the kernel of its base."""
    variants = config.load_variants(args.variants)
    wanted = [ARCHES[args.arch]] if args.arch else list(ARCHES.values())
    rows = []
    for variant in variants.values():
        if not variant.base:
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
        else _sizes(rows)
    )
    return EXIT_OK


def clean(args: Namespace) -> int:
    """Under the lock, so never what is being built; renamed before it is deleted,
    so that half a kernel has no final name."""
    if bool(args.names) == args.all:
        raise RetrapError(
            "clean wants either VARIANTs or --all",
            "./retrap kernel clean mainline, or ./retrap kernel clean --all",
            EXIT_USAGE,
        )
    with Progress() as progress, progress.task("clean") as task:
        with locked(subdirectory("."), task):
            freed = 0
            for directory in _doomed(args):
                size = _size(directory)
                task.update(f"deletes {directory.name}")
                gone = directory.with_name(directory.name + ".partial")
                shutil.rmtree(gone, ignore_errors=True)
                directory.rename(gone)
                shutil.rmtree(gone)
                freed += size
                print(f"{directory} {_mib(size)}", flush=True)
            task.update(f"{_mib(freed)} freed")
    return EXIT_OK


def deb(args: Namespace) -> int:
    variant = _variant(config.load_variants(args.variants), args.name)
    arch = _arch(args)
    packages.ensure("report", "guest", "deb", *packages.sets(arch))
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
    try:
        kernel, key = kernels.find(variant, arch), kernels.kernel_key(variant, arch)
    except RetrapError as error:
        return Row(
            variant.name, arch.name, variant.base, UNKNOWN, None, 0, error.message
        )
    size = _size(kernel.directory) if kernel else 0
    size += _size(subdirectory("trees") / key)
    state = BUILT if kernel else TO_BUILD
    return Row(variant.name, arch.name, variant.base, state, key, size, None)


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
    known = config.load_variants(args.variants)
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


def _size(directory: Path) -> int:
    """Bytes on disk; a hard link counts once."""
    seen: dict[tuple[int, int], int] = {}
    for top, _, names in os.walk(directory):
        for name in names:
            info = os.lstat(os.path.join(top, name))
            seen[info.st_dev, info.st_ino] = info.st_blocks * 512
    return sum(seen.values())


def _mib(size: int) -> str:
    return f"{size / 2**20:.0f} MiB"


def _text(rows: list[Row]) -> str:
    lines = [f"{'variant':18}{'arch':8}{'state':10}{'key':18}{'size':>10}  base"]
    for row in rows:
        size = _mib(row.bytes) if row.bytes else "-"
        lines.append(
            f"{row.variant:17} {row.arch:7} {row.state:9} {row.key or '-':17} "
            f"{size:>10}  {row.base or '-'}"
        )
    whys = dict.fromkeys(f"{row.arch}: {row.why}" for row in rows if row.why)
    return "\n".join([*lines, *(f"unknown: {why}" for why in whys)])


def _sizes(rows: list[SizeRow]) -> str:
    lines = [
        "                          source lines         functions        bytes",
        "variant           arch     +    -  files   new changed gone   of text  base",
    ]
    for row in rows:
        text = row.text
        found = (
            f"{text.new:5} {text.changed:7} {text.gone:4} {text.bytes:+9}"
            if text
            else f"{'not built':>28}"
        )
        lines.append(
            f"{row.variant:17} {row.arch:6} {row.lines.added:3} {row.lines.removed:4} "
            f"{row.lines.files:6} {found}  {row.base}"
        )
    return "\n".join(lines)
