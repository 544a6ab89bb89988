# SPDX-License-Identifier: GPL-2.0-only
"""`retrap try`: what a patch costs, from its file to the answer.

It writes what a user would write by hand, two TOML files, and runs the matrix of them.
"""

from __future__ import annotations

import json
from argparse import Namespace
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from retrap.base import scratch
from retrap.base.arch import asked
from retrap.base.cache import subdirectory
from retrap.base.errors import EXIT_CONFIG, EXIT_OK, EXIT_USAGE, RetrapError
from retrap.base.progress import say
from retrap.build.packages import ensure, guests
from retrap.cli import attempt_choice
from retrap.cli import attempt_files as files
from retrap.cli import beside, bisecting, scenarios
from retrap.config import experiments, scenario_files
from retrap.config.variants import Variants, load_variants, named
from retrap.fleet.site import refuse_missing
from retrap.kernel import given, given_tree

if TYPE_CHECKING:
    from retrap.profile.choice import Choice
    from retrap.profile.difference import Difference

PROFILED = 2  # scenarios: a boot with the profiler takes seconds a scenario


def run(args: Namespace) -> int:
    """Exit status; EXIT_DEARER where --fail-if-dearer says so."""
    _check(args)
    ensure("config")
    if args.make_map:
        return _make_map(args)
    if args.bisect:
        return bisecting.run(args)
    if args.every_tag:
        return beside.releases(args)
    if args.image:
        return beside.images(args)
    if _alone(args):
        return beside.base(args)
    base, patches = _given(args)
    for number, patch in enumerate(patches, 1):
        say(f"patch {number}: {patch.title}")
    choice = _choice(args, base, patches)
    written = given.write(patches, args.results / "given")
    with files.as_given(patches, written):
        return _cost(args, base, patches, written, choice)


def _choice(args: Namespace, base: files.Base, patches: list[given.Given]) -> Choice:
    """What is measured. All that can be wrong with what was given is found here, with
    files that are not kept, so that nothing is left in the results."""
    arches = asked(args.arch)
    with scratch.directory(subdirectory("work")) as place:
        written = given.write(patches, place)
        with files.as_given(patches, written, kept=False):
            variants = _variants(args, base, written)
            booted = named([base.name, files.name_of(len(written))], variants)
            ensure("report", "figures", "terminal", *guests(arches, booted))
            choice = attempt_choice.chosen(args, variants, booted, arches)
            experiment = _experiment(args, base, written, choice, variants)
            path = written[0].with_name("try.toml")
            scenarios.known_unbuilt(experiment, variants, path)
    return choice


def _variants(args: Namespace, base: files.Base, written: list[Path]) -> Variants:
    path = written[0].with_name("variants.toml")
    return files.write_variants(path, args.variants, base, written)


def _experiment(
    args: Namespace,
    base: files.Base,
    written: list[Path],
    choice: Choice,
    variants: Variants,
) -> experiments.Experiment:
    path = written[0].with_name("try.toml")
    names = [base.name, *(files.name_of(n) for n, _ in enumerate(written, 1))]
    every = [*choice.scenarios, *choice.controls]
    words = (names, asked(args.arch), every, files.placements(args.placement))
    mine = [each.path for each in scenario_files.read(args.files)]
    files.write_experiment(path, *words, mine, native=bool(args.native))
    return experiments.load_experiment(path, variants)


def _cost(
    args: Namespace,
    base: files.Base,
    patches: list[given.Given],
    written: list[Path],
    choice: Choice,
) -> int:
    from retrap.cli import attempt_profile, commands, dearer, matrix
    from retrap.report import tried, tried_json
    from retrap.results.store import load

    variants = _variants(args, base, written)
    experiment = _experiment(args, base, written, choice, variants)
    path = written[0].with_name("try.toml")
    if args.native:
        more = {"experiment": path, "on": args.native, "tune": (), "full": False}
        asked_of = Namespace(**{**vars(args), **more})
        return commands.on_machines(asked_of, experiment, variants)
    if args.dry_run:
        print(_planned(choice, matrix.short(path)))
        return EXIT_OK
    results = None

    def screen(directory: Path) -> None:
        nonlocal results
        results = load(directory)
        titles = [patch.title for patch in patches]
        found: list[Difference] = []
        if not args.no_profile:
            names = tried.changed_scenarios(results, choice)[:PROFILED]
            found = attempt_profile.functions(
                results, variants, args.results, names, experiment.files
            )
        made = tried.Tried(titles, choice, found)
        document = json.dumps(tried_json.document(results, patches, made), indent=1)
        kept = files.keep(directory, tried.whole(results, made), document)
        if args.json:
            print(document)
            return
        print(tried.render(results, made), end="")
        print(f"{matrix.short(directory)}: {kept}, table.txt, report.html, lkml.eml")
        print(f"again: {matrix.short(path)}, variants.toml")

    matrix.run(experiment, variants, path, args.results, args.fresh, screen=screen)
    rows = tried.rows(results, choice) if results else []
    return dearer.status(rows, args.fail_if_dearer)


def _planned(choice: Choice, path: str) -> str:
    lines = [
        f"measured: {', '.join(choice.scenarios) or 'none runs it'}",
        f"controls: {', '.join(choice.controls) or 'none'}",
        f"no scenario runs: {_unreached(choice)}",
        f"experiment: {path}",
    ]
    return "\n".join(lines)


def _unreached(choice: Choice) -> str:
    if choice.unreached is None:
        return "not looked at, as there is no map"
    return ", ".join(choice.unreached) or "nothing of it"


def _alone(args: Namespace) -> bool:
    """Nothing is given that could be held against the base."""
    return not (args.patches or args.tree or args.make_map or args.image)


def _check(args: Namespace) -> None:
    """Errors: EXIT_USAGE, of words that do not go together, or would do nothing."""
    tree_alone = args.tree and args.patches
    for wrong, what, instead in (
        (
            _alone(args) and not args.files,
            "no patch",
            "name a patch, or - for standard input, or --tree DIR",
        ),
        (
            len(args.image) == 1 or args.image and (args.patches or args.tree),
            "--image goes with another --image, and with no patch",
            "--image OLD --image NEW",
        ),
        (args.squash and not args.tree, "--squash goes with --tree", "leave it out"),
        (
            bool(args.bisect) != (args.more_than is not None),
            "--bisect and --more-than go together",
            "give both, as --bisect retrap/trigger:sigcont@same-cpu --more-than 20",
        ),
        (
            args.every_tag and not tree_alone,
            "--every-tag goes with --tree and a range",
            "--tree DIR v6.12..",
        ),
        (
            args.bisect and not tree_alone,
            "--bisect goes with --tree and a range",
            "--tree DIR GOOD..BAD",
        ),
        (args.all and args.scenarios, "--all or --scenarios", "take one of them"),
        (args.all and args.files, "--all or --scenario", "take one of them"),
        (
            args.make_map and args.patches,
            "--make-map measures no patch",
            "leave the patch out; --base names the kernel",
        ),
        *_idle(args),
    ):
        if wrong:
            raise RetrapError(what, instead, EXIT_USAGE)
    asked(args.arch)
    if args.native:
        refuse_missing(args.native, "--native")
    _check_files(args)


def _check_files(args: Namespace) -> None:
    """Errors: EXIT_CONFIG, of an option that names what is not there."""
    for file in args.config:
        if not file.is_file():
            what = f"--config {file}: no such file"
            hint = (
                "name a fragment of a kernel config, as configs/kernel/seccomp.config"
            )
            raise RetrapError(what, hint, EXIT_CONFIG)
    for image in args.image:
        if not image.exists():
            what = f"--image {image}: no such file, and no directory"
            hint = "name a bzImage, or the directory of make O="
            raise RetrapError(what, hint, EXIT_CONFIG)


# What does nothing with an option that makes something else of the command.
IDLE = {
    "make_map": "tree image bisect every_tag native files scenarios all placement "
    "config dry_run json fail_if_dearer",
    "bisect": "image every_tag native files scenarios all placement base json dry_run "
    "fail_if_dearer",
    "every_tag": "image native files all base squash json dry_run fail_if_dearer",
    "image": "native files all base config json dry_run fail_if_dearer",
    "native": "json fail_if_dearer",
    "dry_run": "json",
}
WITHOUT = "native dry_run json fail_if_dearer"  # do nothing without a patch


def _idle(args: Namespace) -> Iterator[tuple[bool, str, str]]:
    usual = {"placement": "both"}
    for name in WITHOUT.split() if _alone(args) else ():
        option = "--" + name.replace("_", "-")
        what = f"{option} does nothing without a patch"
        yield bool(getattr(args, name)), what, f"leave {option} out"
    for mode in (name for name in IDLE if getattr(args, name)):
        for name in IDLE[mode].split():
            idle = getattr(args, name) not in (usual.get(name), None, False, [])
            option, other = (
                "--" + {"files": "scenario"}.get(each, each).replace("_", "-")
                for each in (name, mode)
            )
            yield idle, f"{option} does nothing with {other}", f"leave {option} out"


def _given(args: Namespace) -> tuple[files.Base, list[given.Given]]:
    """The kernel that the patches are for, and the patches."""
    with scratch.directory(subdirectory("work")) as place:
        if args.tree is None:
            patches = given.read(args.patches, place)
        else:
            tree = given_tree.Tree(args.tree)
            found = tree.read(args.patches, args.squash, place)
            patches = found.patches
            if args.base is None:
                return files.of_tree(args.tree, found.base, args.config), patches
    name = args.base or "mainline"
    (variant,) = named([name], load_variants(args.variants))
    return files.shipped(variant, args.config), patches


def _make_map(args: Namespace) -> int:
    from retrap.cli import matrix
    from retrap.profile import reach

    variants = load_variants(args.variants)
    (variant,) = named([args.base or "mainline"], variants)
    arches = asked(args.arch)
    ensure("report", *guests(arches, [variant]))
    for arch in arches:
        print(matrix.short(reach.make(variant, variants, arch, args.results)))
    return EXIT_OK
