# SPDX-License-Identifier: GPL-2.0-only
"""`retrap try --every-tag`: paths from release to release."""

from __future__ import annotations

from argparse import Namespace
from pathlib import Path

from retrap.base.arch import asked
from retrap.base.errors import EXIT_OK
from retrap.base.progress import Progress, say
from retrap.build.packages import ensure, guests
from retrap.build.programs import BENCH, build
from retrap.cli import attempt_files as files
from retrap.config import experiments
from retrap.config.variants import named
from retrap.kernel import given_tree


def run(args: Namespace) -> int:
    from retrap.cli import matrix
    from retrap.profile import choice
    from retrap.report import releases
    from retrap.results.store import load

    tags = given_tree.Tree(args.tree).tags(args.patches)
    say(f"releases: {', '.join(tags)}")
    place = args.results / "given" / "-".join((tags[0], tags[-1]))
    place.mkdir(parents=True, exist_ok=True)
    path, variants_file = place / "releases.toml", place / "variants.toml"
    variants = files.write_releases(variants_file, args.tree, tags, args.config)
    arches = asked(args.arch)
    ensure("report", "figures", "terminal", *guests(arches, named(tags, variants)))
    with Progress() as progress:
        registry = build(progress, BENCH).registry()
    every = files.known(args.scenarios, registry) if args.scenarios else choice.FIRST
    files.write_experiment(path, tags, arches, every, files.placements(args.placement))
    experiment = experiments.load_experiment(path, variants)

    def screen(directory: Path) -> None:
        print(releases.render(load(directory)), end="")
        print(f"{matrix.short(directory)}: table.txt, report.html, figures/releases-*")
        print(f"again: {matrix.short(path)}, {variants_file.name}")

    matrix.run(experiment, variants, path, args.results, args.fresh, screen=screen)
    return EXIT_OK
