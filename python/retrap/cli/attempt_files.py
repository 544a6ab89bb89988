# SPDX-License-Identifier: GPL-2.0-only
"""The files that `retrap try` writes: the kernels, and what is measured of them; and
its answer.

The first two are what a user would write by hand, so that every other command takes
them.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from retrap.base.arch import Arch
from retrap.base.errors import EXIT_CONFIG, RetrapError
from retrap.base.paths import ROOT
from retrap.base.rawfile import atomic_write, read_text
from retrap.config.experiments import PLACEMENTS
from retrap.config.registry import Registry, complaint
from retrap.config.variants import Source, Variant, Variants, load_variants
from retrap.kernel import source
from retrap.kernel.given import Given

Screen = Callable[[Path], None]  # prints the answer of a result directory
SAMPLES, CYCLES, CPUS, SEED = 500, 8, 2, 20110526
EXACT = (
    f"[exact]\nsamples = {SAMPLES}\ncycles = {CYCLES}\n"
    f"cpus = {CPUS}\ntimeout_s = 600\n"
)
NATIVE = "[machine]\nsamples = 3000\nboots = 8\n"
OURS = ROOT / "configs/kernel"


@dataclass(frozen=True)
class Base:
    """The kernel that patches are for: a variant that is there, or a table of our own.
    `below`: the lines of that table."""

    name: str
    interfaces: tuple[str, ...]
    below: tuple[str, ...] = ()


def shipped(variant: Variant, fragments: Sequence[Path]) -> Base:
    """A variant; with fragments one on top of it."""
    if not fragments:
        return Base(variant.name, variant.interfaces)
    lines = (f"base = {json.dumps(variant.name)}", _config(fragments))
    return Base(f"{variant.name}-configured", variant.interfaces, lines)


def of_tree(tree: Path, commit: str, fragments: Sequence[Path]) -> Base:
    """A commit of a git tree, with the fragments that its release needs."""
    place = Source(None, tree, commit)
    needed = [OURS / f"{name}.config" for name in _needed(place)]
    lines = [f"tree = {json.dumps(str(tree.resolve()))}", f"ref = {json.dumps(commit)}"]
    if needed or fragments:
        lines.append(_config([*needed, *fragments]))
    return Base(f"tree-{commit[:12]}", ("listen",), tuple(lines))


def _needed(place: Source) -> list[str]:
    """The fragments of releases which have by another name, or always, what
    common.config and <arch>.config ask for."""
    found = []
    if re.search(r"^config BASE_FULL$", source.file_of(place, "init/Kconfig"), re.M):
        found.append("6.1")
    release = source.version(Variant("tree", None, place, (), (), ("listen",)))
    if release and release < (6, 4):
        found.append("6.1-arm64")
    if release and release >= (7, 0):
        found += ["7.x", "7.x-arm64"]
    return found


def _config(fragments: Sequence[Path]) -> str:
    return f"config = {json.dumps([str(each.resolve()) for each in fragments])}"


def write_releases(
    path: Path, tree: Path, tags: list[str], fragments: Sequence[Path]
) -> Variants:
    """A table for each tag of a git tree."""
    tables = []
    for tag in tags:
        base = of_tree(tree, tag, fragments)
        tables.append("\n".join((f"[{json.dumps(tag)}]", *base.below, "")))
    atomic_write(path, "\n".join(tables))
    return load_variants(path)


def write_images(path: Path, images: Sequence[Path]) -> Variants:
    """A table for each kernel that is built already: an image, or what make O= made."""
    tables = []
    for number, image in enumerate(images, 1):
        key = "build" if image.is_dir() else "image"
        tables.append(f"[image-{number}]\n{key} = {json.dumps(str(image.resolve()))}\n")
    atomic_write(path, "\n".join(tables))
    return load_variants(path)


def name_of(number: int) -> str:
    """The variant with the first `number` patches."""
    return f"patched-{number}"


def write_variants(
    path: Path, shipped: Path, base: Base, files: list[Path]
) -> Variants:
    """The variants file, the base where it is ours, and a table for each patch, on top
    of the one before."""
    below, tables = base.name, [read_text(shipped)]
    interface = f"interface = {json.dumps(list(base.interfaces))}"
    if base.below:
        tables.append("\n".join((f'["{base.name}"]', *base.below, interface, "")))
    for number, file in enumerate(files, 1):
        tables.append(
            f"[{name_of(number)}]\n"
            f"base = {json.dumps(below)}\n"
            f"patches = [{json.dumps(str(file.resolve()))}]\n"
            f"{interface}\n"
        )
        below = name_of(number)
    atomic_write(path, "\n".join(tables))
    return load_variants(path)


def keep(directory: Path, text: str, document: str) -> str:
    """The answer, in the result directory: whole, and for a program. Their names."""
    kept = {"try.txt": text, "try.json": f"{document}\n"}
    for name, content in kept.items():
        atomic_write(directory / name, content)
    return ", ".join(kept)


@contextmanager
def as_given(
    patches: Sequence[Given], files: Sequence[Path], kept: bool = True
) -> Iterator[None]:
    """An error that names a patch as it is written names the user's file first. Where
    what is written is not `kept`, it names that alone, and no other file of ours."""
    try:
        yield
    except RetrapError as error:
        what, remedy = error.message, error.remedy
        for patch, file in zip(patches, files, strict=True):
            ours, told = str(file.resolve()), _named(patch, file, kept)
            what, remedy = what.replace(ours, told), remedy.replace(ours, told)
        folder = str(files[0].parent.resolve())
        if not kept:
            what = re.sub(re.escape(folder) + r"/\w+\.toml:[0-9]+: ", "", what)
        if not kept and folder in remedy:
            remedy = "correct what the options name"
        if (what, remedy) == (error.message, error.remedy):
            raise
        raise RetrapError(what, remedy, error.exit_code) from None


def _named(patch: Given, file: Path, kept: bool) -> str:
    from retrap.cli import matrix

    if kept:
        ours = matrix.short(file.resolve())
        return f"{patch.file} (as {ours})" if patch.file else str(file.resolve())
    return patch.file or f"the patch {patch.title!r}"


def known(text: str, registry: Registry) -> tuple[str, ...]:
    """The scenarios of X,Y. Errors: EXIT_CONFIG."""
    names = tuple(dict.fromkeys(text.split(",")))
    for name in names:
        if name not in registry:
            raise RetrapError(
                f"--scenarios: {complaint(name, registry)}",
                "build/release/retrap-bench --list describes them",
                EXIT_CONFIG,
            )
    return names


def placements(word: str) -> tuple[str, ...]:
    """Of --placement."""
    return PLACEMENTS if word == "both" else (word,)


def write_experiment(
    path: Path,
    names: Sequence[str],
    arches: Sequence[Arch],
    scenarios: Sequence[str],
    placements: Sequence[str] = PLACEMENTS,
    mine: Sequence[Path] = (),
    native: bool = False,
) -> None:
    """`names`: the kernels, the baseline first. `mine`: files with scenarios. `native`:
    boots of machines, else one of each kernel in exact mode."""
    text = (
        f"variants = {json.dumps(list(names))}\n"
        f"baseline = {json.dumps(names[0])}\n"
        f"arch = {json.dumps([each.name for each in arches])}\n"
        f"placements = {json.dumps(list(placements))}\n"
        f"scenarios = {json.dumps(list(scenarios))}\n"
        f"scenario_files = {json.dumps([str(each) for each in mine])}\n"
        f"seed = {SEED}\n\n" + (NATIVE if native else EXACT)
    )
    atomic_write(path, text)
