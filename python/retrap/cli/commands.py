# SPDX-License-Identifier: GPL-2.0-only
"""What each subcommand does with its arguments; returns its exit code."""

from __future__ import annotations

import json
from argparse import Namespace

from retrap.base import arch
from retrap.config import experiments
from retrap.config.variants import HOST, Variant, load_variants, named
from retrap.fleet import own
from retrap.base.errors import EXIT_OK, EXIT_USAGE, RetrapError
from retrap.build.packages import ensure, guests
from retrap.base.rawfile import read_plan
from retrap.cli import store

REPORT = ("report", "figures", "terminal")
CONFIG = "config"  # what reads a TOML file, which says what else is needed


def matrix(args: Namespace, host_alone: bool = False) -> int:
    from retrap.cli import matrix as work
    from retrap.cli import scenarios

    ensure(CONFIG)
    variants = load_variants(args.variants)
    if not host_alone:
        _check_flags(args)
        if args.on:
            variants[HOST] = own.VARIANT
    experiment = experiments.load_experiment(args.experiment, variants)
    if args.files:
        experiment = scenarios.of_files(experiment, args.files)
    if host_alone:
        experiment = work.host_alone(experiment)
    if host_alone and args.stored:
        from retrap.cli import box

        scenarios.refuse_files(experiment)
        ensure(*REPORT)
        box.take(experiment, variants, args.stored, args.results, args.fresh, args.full)
        return EXIT_OK
    if not host_alone and args.guests:
        experiment = work.guests_alone(experiment, args.experiment)
    if not host_alone and args.on:
        return on_machines(args, experiment, variants)
    if args.dry_run:
        from retrap.cli.dryrun import dry_run

        print(dry_run(experiment, variants, args.experiment, args.results))
        return EXIT_OK
    booted = named(experiment.kernels, variants)
    needed = guests(experiment.arches, booted) if booted else ("build", "count")
    ensure(*REPORT, *needed)
    work.run(
        experiment,
        variants,
        args.experiment,
        args.results,
        args.fresh,
        profile=not host_alone and args.profile,
        full=args.full,
    )
    return EXIT_OK


def _check_flags(args: Namespace) -> None:
    """Errors: EXIT_USAGE, of one that would do nothing."""
    idle = ("guests", "profile") if args.on else ("yes", "tune")
    for name in idle:
        if getattr(args, name):
            does = "does not go" if args.on else "goes"
            what = f"--{name} {does} with --on"
            raise RetrapError(what, "./retrap matrix --help", EXIT_USAGE)


def on_machines(
    args: Namespace,
    experiment: experiments.Experiment,
    variants: dict[str, Variant],
) -> int:
    """`matrix --on`: `args` are those of `matrix`."""
    from retrap.cli import machines
    from retrap.fleet.site import refuse_missing
    from retrap.kernel.machine_config import check_sources

    refuse_missing(args.on)
    if not experiment.variants:
        raise RetrapError(
            f"{args.experiment}: --on: no variant is to be booted",
            "name some in `variants`, or measure the running kernel: ./retrap run",
            EXIT_USAGE,
        )
    names = [name for name in experiment.kernels if name != HOST]
    built = named(names, variants)
    check_sources(built, args.experiment)
    if args.dry_run:
        print(machines.boots(experiment, args.results))
        return EXIT_OK
    needed: tuple[str, ...] = ("build",)
    if built:
        needed = (*guests(experiment.arches, built), "machine")
    ensure(*REPORT, *needed, *(() if args.on == "here" else ("fleet",)))
    wanted = machines.Wanted(
        experiment, variants, args.results, args.fresh, args.on, args.tune
    )
    machines.run(wanted, args.experiment, args.full, args.yes)
    return EXIT_OK


def bench(args: Namespace) -> int:
    from retrap.cli import box, matrix, scenarios

    ensure(CONFIG)
    variants = load_variants(args.variants)
    experiment = experiments.load_experiment(args.experiment, variants)
    scenarios.refuse_files(experiment)
    (where,) = arch.asked(args.arch or arch.native().name)
    ensure("build", *([f"cross-{where.name}"] if where.cross else []))
    archive = args.out or box.default_archive(where)
    alone = matrix.host_alone(experiment)
    print(box.make(alone, variants, args.experiment, where, archive))
    return EXIT_OK


def campaign(args: Namespace) -> int:
    from retrap.cli import follow

    read_plan(args.dir)
    ensure(*REPORT)
    ensure(*follow.needs(args.dir))
    if args.action == "status":
        follow.show_status(args.dir, args.json)
    elif args.action == "abort":
        follow.abort(args.dir)
    else:
        follow.resume(args.dir, args.full)
    return EXIT_OK


def run(args: Namespace) -> int:
    return matrix(args, host_alone=True)


def plan(args: Namespace) -> int:
    ensure(CONFIG)
    variants = load_variants(args.variants)
    experiment = experiments.load_experiment(args.experiment, variants)
    ensure("report")
    from retrap.cli import plan as command
    from retrap.cli import plan_rounds

    if args.stored is not None:
        read_plan(args.stored)
    if args.scenarios:
        return plan_rounds.run(args, experiment)
    return command.run(args, experiment)


def compare(args: Namespace) -> int:
    ensure("report")
    from retrap.cli import compare as command

    return command.run(args)


def docs(args: Namespace) -> int:
    ensure("report")
    from retrap.report import elsewheretable, example_reply, numbers, results_page
    from retrap.rules import docs_tables

    print(*docs_tables.write(), sep="\n")
    print(results_page.write())
    print(elsewheretable.write(results_page.REFERENCE))
    for page in numbers.write(results_page.REFERENCE):
        print(page)
    print(example_reply.write())
    return EXIT_OK


def plot(args: Namespace) -> int:
    read_plan(args.dir)
    ensure("report", "figures")
    import plots
    from retrap.report.html import page

    for path in plots.draw_all(args.dir):
        print(path)
    print(page.write(args.dir))
    return EXIT_OK


def report(args: Namespace) -> int:
    read_plan(args.dir)
    ensure("report")
    from retrap.report.html import page

    print(page.write(args.dir))
    return EXIT_OK


def lkml(args: Namespace) -> int:
    store.check(args.dir)
    ensure("report")
    from retrap.cli import mail
    from retrap.report import lkml as work

    with store.opened(args.dir) as source:
        text = mail.text(args, source.directory)
        if source.writable():
            work.store(source.directory, text)
        print(text.decode(), end="")
    return EXIT_OK


def pack(args: Namespace) -> int:
    read_plan(args.dir)
    ensure("report")
    from retrap.cli import pack as command

    return command.write(args)


def verify(args: Namespace) -> int:
    ensure("report")
    from retrap.cli import pack as command

    return command.verify(args)


def profile(args: Namespace) -> int:
    if args.stored is not None:
        if args.files:
            what = "--scenario does not go with --from: it profiles what is there"
            raise RetrapError(what, "leave out the one or the other", EXIT_USAGE)
        read_plan(args.stored)
        ensure("report", *(["guest"] if args.lines else []))
    elif args.scenario is None and not args.files:
        raise RetrapError(
            "SCENARIO is missing",
            "./retrap profile retrap/trigger:sigcont, --scenario FILE.cc or --from DIR",
            EXIT_USAGE,
        )
    else:
        ensure(CONFIG)
        names = [*args.variant.split(","), *([args.against] if args.against else [])]
        booted = named(names, load_variants(args.variants))
        arches = arch.asked(args.arch or arch.native().name)
        ensure(*REPORT, *guests(arches, booted))
    from retrap.cli import profile as command

    return command.run(args)


def doctor(args: Namespace) -> int:
    from retrap.machine import doctor as work

    findings = work.diagnose()
    if args.json:
        print(json.dumps(work.as_rows(findings), indent=1))
    else:
        print(work.render(findings))
    return EXIT_OK


def kernel(args: Namespace) -> int:
    from retrap.cli import kernel as work

    ensure(CONFIG)
    return work.run(args)


def packages(args: Namespace) -> int:
    ensure(*args.set)
    return EXIT_OK


def test(args: Namespace) -> int:
    from retrap.cli import suite

    if args.fresh and not args.all:
        raise RetrapError(
            "--fresh goes with --all: the rest is never resumed",
            "retrap test --all --fresh",
            EXIT_USAGE,
        )
    if further := suite.keys() & set(args.word) if not args.all else set():
        raise RetrapError(
            f"{', '.join(sorted(further))} goes with --all",
            f"retrap test --all {' '.join(args.word)}",
            EXIT_USAGE,
        )
    if args.fresh and args.word:
        raise RetrapError(
            "--fresh is for all stages, and a word chooses some",
            "leave out the one or the other",
            EXIT_USAGE,
        )
    ensure(CONFIG)
    ensure(*REPORT, *suite.needs(args.word, args.all))
    return suite.run(args.word, args.all, args.fresh)
