# SPDX-License-Identifier: GPL-2.0-only
"""`retrap try` of whole kernels, not of patches: the releases in a range of a git tree
(--every-tag), kernels that are built already (--image), and the base alone, with a
scenario of the user's."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Callable, Sequence
from pathlib import Path

from retrap.base import scratch
from retrap.base.arch import asked
from retrap.base.cache import subdirectory
from retrap.base.errors import EXIT_OK
from retrap.base.progress import Progress, say
from retrap.build import own
from retrap.build.packages import ensure, guests
from retrap.cli import attempt_files as files
from retrap.config import experiments, prebuilt, scenario_files
from retrap.config.variants import Variants, load_variants, named
from retrap.kernel import given_tree

VARIANTS = "variants.toml"


def releases(args: Namespace) -> int:
    """A kernel a tag, a table and a figure of how paths change."""
    from retrap.report.releases import render
    from retrap.results.store import load

    tags = given_tree.Tree(args.tree).tags(args.patches)
    say(f"releases: {', '.join(tags)}")
    path = args.results / "given" / "-".join((tags[0], tags[-1])) / "releases.toml"

    def write(file: Path) -> Variants:
        return files.write_releases(file, args.tree, tags, args.config)

    def screen(directory: Path) -> None:
        from retrap.cli import matrix

        print(render(load(directory)), end="")
        print(f"{matrix.short(directory)}: table.txt, report.html, figures/releases-*")
        print(f"again: {matrix.short(path)}, {VARIANTS}")

    return _measure(args, path, write, tags, screen)


def images(args: Namespace) -> int:
    """The first is the baseline; the last screen is that of a matrix."""
    names = [f"image-{number}" for number in range(1, len(args.image) + 1)]
    for name, image in zip(names, args.image, strict=True):
        say(f"{name}: {image}")
        for arch in asked(args.arch):
            prebuilt.read(image, arch)

    path = args.results / "given" / "images" / "images.toml"

    def write(file: Path) -> Variants:
        return files.write_images(file, args.image)

    return _measure(args, path, write, names, None)


def base(args: Namespace) -> int:
    """No patch is given: the scenarios of --scenario, on the kernel that a patch would
    be for."""
    name = args.base or "mainline"
    (variant,) = named([name], load_variants(args.variants))
    alone = files.shipped(variant, args.config)
    stem = "-".join(file.path.stem for file in scenario_files.read(args.files))
    path = args.results / "given" / stem / f"{stem}.toml"

    def write(file: Path) -> Variants:
        return files.write_variants(file, args.variants, alone, [])

    return _measure(args, path, write, [alone.name], None)


def _measure(
    args: Namespace,
    path: Path,
    write: Callable[[Path], Variants],
    names: Sequence[str],
    screen: files.Screen | None,
) -> int:
    """`path`: of the experiment. `write`: the variants file. Both are written where
    nothing is kept first, so that nothing is left in the results of what is wrong."""
    from retrap.cli import matrix
    from retrap.profile import choice

    arches = asked(args.arch)
    with scratch.directory(subdirectory("work")) as place:
        booted = named(names, write(place / VARIANTS))
        ensure("report", "figures", "terminal", *guests(arches, booted))
        with Progress() as progress:
            own_files = scenario_files.read(args.files)
            registry, every = own.known(own_files, progress)
        if args.scenarios:
            every = files.known(args.scenarios, registry)
    words = (names, arches, every or choice.FIRST, files.placements(args.placement))
    path.parent.mkdir(parents=True, exist_ok=True)
    variants = write(path.with_name(VARIANTS))
    files.write_experiment(path, *words, [each.path for each in own_files])
    experiment = experiments.load_experiment(path, variants)
    matrix.run(experiment, variants, path, args.results, args.fresh, screen=screen)
    return EXIT_OK
