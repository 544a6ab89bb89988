# SPDX-License-Identifier: GPL-2.0-only
"""`retrap try` of whole kernels, not of patches: the releases in a range of a git tree
(--every-tag), and kernels that are built already (--image)."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Sequence
from pathlib import Path

from retrap.base.arch import asked
from retrap.base.errors import EXIT_OK
from retrap.base.progress import Progress, say
from retrap.build.packages import ensure, guests
from retrap.build.programs import BENCH, build
from retrap.cli import attempt_files as files
from retrap.config import experiments
from retrap.config.variants import Variants, named
from retrap.kernel import given_tree


def releases(args: Namespace) -> int:
    """A kernel a tag, a table and a figure of how paths change."""
    from retrap.report.releases import render
    from retrap.results.store import load

    tags = given_tree.Tree(args.tree).tags(args.patches)
    say(f"releases: {', '.join(tags)}")
    place = args.results / "given" / "-".join((tags[0], tags[-1]))
    place.mkdir(parents=True, exist_ok=True)
    path = place / "releases.toml"
    file = place / "variants.toml"
    variants = files.write_releases(file, args.tree, tags, args.config)

    def screen(directory: Path) -> None:
        from retrap.cli import matrix

        print(render(load(directory)), end="")
        print(f"{matrix.short(directory)}: table.txt, report.html, figures/releases-*")
        print(f"again: {matrix.short(path)}, {file.name}")

    return _measure(args, path, variants, tags, screen)


def images(args: Namespace) -> int:
    """The first is the baseline; the last screen is that of a matrix."""
    place = args.results / "given" / "images"
    place.mkdir(parents=True, exist_ok=True)
    variants = files.write_images(place / "variants.toml", args.image)
    names = [f"image-{number}" for number in range(1, len(args.image) + 1)]
    for name, image in zip(names, args.image, strict=True):
        say(f"{name}: {image}")
    return _measure(args, place / "images.toml", variants, names, None)


def _measure(
    args: Namespace,
    path: Path,
    variants: Variants,
    names: Sequence[str],
    screen: files.Screen | None,
) -> int:
    from retrap.cli import matrix
    from retrap.profile import choice

    arches = asked(args.arch)
    ensure("report", "figures", "terminal", *guests(arches, named(names, variants)))
    with Progress() as progress:
        registry = build(progress, BENCH).registry()
    every = files.known(args.scenarios, registry) if args.scenarios else choice.FIRST
    files.write_experiment(path, names, arches, every, files.placements(args.placement))
    experiment = experiments.load_experiment(path, variants)
    matrix.run(experiment, variants, path, args.results, args.fresh, screen=screen)
    return EXIT_OK
