# SPDX-License-Identifier: GPL-2.0-only
"""The command line: which subcommands there are and what they take."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from retrap.cli import (
    kernel_commands,
    mail_commands,
    pack_commands,
    profile_commands,
    rule_commands,
)
from retrap.config import experiments
from retrap.cli.parts import (
    FILES,
    directory_argument,
    fresh_option,
    full_option,
    json_option,
    results_option,
    subcommand,
    variants_option,
)
from retrap.base.paths import ROOT
from retrap.cli.manpage import ManParser
from retrap.target import tune


def parser() -> ManParser:
    top = ManParser(
        prog="retrap",
        summary="measures what a ptracer pays to learn of a group-stop change",
        description="""Builds kernels with three designs of that notification,
        runs pinned benchmarks on each, and writes table, figures and mail.
        `retrap COMMAND --help` says more.""",
        files=FILES,
        examples=("./retrap matrix", "./retrap test", "./retrap matrix --help"),
    )
    adder = top.add_subparsers(dest="command", metavar="COMMAND")
    _matrix(adder)
    _campaign(adder)
    _bench(adder)
    _run(adder)
    _plan(adder)
    _compare(adder)
    _plot(adder)
    _report(adder)
    mail_commands.lkml(adder)
    pack_commands.pack(adder)
    pack_commands.verify(adder)
    _doctor(adder)
    profile_commands.add(adder)
    rule_commands.conform(adder)
    rule_commands.mutate(adder)
    kernel_commands.add(adder)
    kernel_commands.add_packages(adder)
    _docs(adder)
    _test(adder)
    return top


def _experiment(command: ManParser) -> None:
    command.add_argument(
        "experiment",
        nargs="?",
        type=Path,
        default=experiments.DEFAULT_EXPERIMENT,
        metavar="EXPERIMENT.toml",
        help="what to measure (default: configs/experiments/quick.toml)",
    )


def _measuring_options(command: ManParser) -> None:
    _experiment(command)
    results_option(command)
    fresh_option(command)
    command.add_argument(
        "--dry-run",
        action="store_true",
        help="print the plan and do nothing (default: do it)",
    )
    variants_option(command)
    full_option(command)


def tune_words(text: str) -> tuple[str, ...]:
    """Of --tune, in the order in which they are done."""
    words = tuple(tune.WORDS) if text == "all" else tuple(text.split(","))
    for word in words:
        if word not in tune.WORDS:
            known = ", ".join(tune.WORDS)
            raise argparse.ArgumentTypeError(f"no {word!r}: {known}, or all")
    return tuple(word for word in tune.WORDS if word in words)


def _matrix(adder: Any) -> None:
    command = subcommand(
        adder,
        "matrix",
        "the whole experiment: kernels, guests, host, report",
        """Builds the programs and the kernels, boots every kernel in QEMU's
        exact mode, measures the running kernel, then summarizes, compares,
        draws and writes the mail. What is already there is not done again;
        an interrupted run resumes.""",
        "./retrap matrix",
        "./retrap matrix --dry-run",
        "./retrap matrix --profile",
        "./retrap matrix --guests",
        "./retrap matrix configs/experiments/quick.toml --results /tmp/out",
    )
    _measuring_options(command)
    command.add_argument(
        "--guests",
        action="store_true",
        help="boot guests alone, and leave this machine out (default: measure the "
        "running kernel too, where the experiment has [host])",
    )
    command.add_argument(
        "--profile",
        action="store_true",
        help="also profile the notification scenarios, function by function, into "
        "profile/ of the result directory and the mail (default: do not)",
    )
    command.add_argument(
        "--on",
        metavar="HOSTS",
        help="boot the kernels on machines: those of the Ansible inventory HOSTS, or "
        "`here` (default: in QEMU). docs/bare-metal.md",
    )
    command.add_argument(
        "--yes",
        action="store_true",
        help="with `--on here`: do not ask before this machine is rebooted (default: "
        "ask)",
    )
    command.add_argument(
        "--tune",
        type=tune_words,
        default=(),
        metavar="WORDS",
        help="with --on: make each boot quieter, by some of "
        f"{','.join(tune.WORDS)} or all, with commas between (default: none)",
    )


def _campaign(adder: Any) -> None:
    command = subcommand(
        adder,
        "campaign",
        "a campaign on a machine: what it does, go on, end it",
        """A machine that `matrix --on` began goes on by itself. `status` asks it,
        `resume` follows it, fetches its boots, puts it back as it was and reports;
        `abort` lets it boot nothing more.""",
        "./retrap campaign status results/quick@box1/20261128-093000",
        "./retrap campaign resume results/quick@box1/20261128-093000",
    )
    command.add_argument("action", choices=("status", "resume", "abort"), help="what")
    command.add_argument("dir", type=Path, metavar="DIR", help="its result directory")
    json_option(command)
    full_option(command)


def _plan(adder: Any) -> None:
    command = subcommand(
        adder,
        "plan",
        "how many boots an experiment takes, and how long",
        """From boots that are there it takes what each cell varies by, and says how
        many blocks find a change of PERCENT in 80 % of repetitions, among all rows
        that are decided together, and how long they take.""",
        "./retrap plan --detect 2%",
        "./retrap plan --detect 1% --from results/quick@box1/20261128-093000",
        "./retrap plan mine.toml --scenarios floor/pipe,floor/futex",
    )
    _experiment(command)
    command.add_argument(
        "--detect",
        type=_share,
        default=0.02,
        metavar="PERCENT",
        help="the change that is to be found (default: 2%)",
    )
    command.add_argument(
        "--from",
        dest="stored",
        type=Path,
        metavar="DIR",
        help="boots of its cells (default: the newest of the experiment)",
    )
    command.add_argument(
        "--scenarios",
        type=_two,
        metavar="X,Y",
        help="how many rounds of one boot ([host] rounds) find that scenario Y is "
        "dearer than X by PERCENT (default: how many boots of kernels)",
    )
    results_option(command)
    variants_option(command)
    json_option(command)


def _bench(adder: Any) -> None:
    command = subcommand(
        adder,
        "bench",
        "static programs for a machine without Python or compiler",
        """Makes an archive for a machine that has neither: a static retrap-bench and
        `retrap-box`, which measures the running kernel there and leaves a boot in
        the folder. `./retrap run --from FOLDER` takes it home. It counts nothing:
        perf is not in it.""",
        "./retrap bench --static",
        "./retrap bench --static --arch arm64 --out /tmp/box.tar.gz",
    )
    _experiment(command)
    command.add_argument(
        "--static",
        action="store_true",
        required=True,
        help="load no library (no default: it is the one kind there is)",
    )
    command.add_argument(
        "--arch", help="of the machine: x86_64 or arm64 (default: of this one)"
    )
    command.add_argument(
        "--out",
        type=Path,
        metavar="FILE",
        help="the archive (default: retrap-box-ARCH.tar.gz)",
    )
    variants_option(command)


def _run(adder: Any) -> None:
    command = subcommand(
        adder,
        "run",
        "the running kernel alone",
        """Builds the programs, measures the running kernel through the
            interface that it offers, then summarizes and draws. A kernel of
            ./retrap kernel goes by its variant's name, another one by host. In
            another boot of this machine the same command adds a boot to the
            directory; from six boots a kernel on, two kernels are compared.
            Boot them in turns.""",
        "./retrap run",
        "./retrap run --from retrap-box",
    )
    _measuring_options(command)
    command.add_argument(
        "--from",
        dest="stored",
        type=Path,
        metavar="FOLDER",
        help="take the boots that retrap-box left in it; measure nothing here "
        "(default: measure this machine)",
    )


def _two(text: str) -> tuple[str, str]:
    first, comma, second = text.partition(",")
    if not (first and comma and second) or "," in second:
        raise argparse.ArgumentTypeError(f"{text!r} is not two scenarios: X,Y")
    return first, second


def _compare(adder: Any) -> None:
    command = subcommand(
        adder,
        "compare",
        "compare two result directories, or the variants within one",
        """With one directory: every variant against the baseline, and the
        interfaces of a kernel against its listen, within its boots; redoes
        its table.txt and *.csv from the raw files; of a directory that cannot
        be written, or of a pack, it prints alone. With more: each variant of A
        against the same variant of the others. Refuses (exit 9) what must not be
        compared: another substrate, architecture, machine, config, QEMU or
        compiler.""",
        "./retrap compare results/reference/quick",
        "./retrap compare results/quick/A results/quick/B",
        "./retrap compare mine.pack theirs.pack",
        "./retrap compare results/quick/A --fail-if-dearer 3% --json",
    )
    command.add_argument(
        "a", type=Path, metavar="A", help="a result directory, or a pack"
    )
    command.add_argument(
        "others",
        type=Path,
        metavar="B",
        nargs="*",
        help="another, or two, each held against A (default: none)",
    )
    command.add_argument(
        "--margin",
        type=_share,
        metavar="PERCENT",
        help="over boots, what surely differs by less is the same; nothing is stored "
        "then (default: 1%)",
    )
    command.add_argument(
        "--fail-if-dearer",
        type=_share,
        metavar="PERCENT",
        help="exit 12 when a cell of a path is surely dearer by more: by the near end "
        "of its interval (default: exit 0)",
    )
    json_option(command)
    command.add_argument(
        "--allow-mismatch",
        action="store_true",
        help="compare all the same, with a footnote (default: refuse)",
    )
    command.add_argument(
        "--scenarios",
        type=_two,
        metavar="X,Y",
        help="scenario Y against X on each side of A, within its boots; of one boot "
        "with rounds ([host] rounds), process by process (default: sides)",
    )
    command.add_argument(
        "--beside",
        type=Path,
        metavar="EXACT",
        help="a directory with exact results: instructions that a processor counted "
        "in A, and exact ones beside them (default: the exact ones of A)",
    )
    full_option(command)


def _plot(adder: Any) -> None:
    command = subcommand(
        adder,
        "plot",
        "redo the figures of a result directory",
        """Draws DIR/figures/ again from the stored files alone, and DIR/report.html
        with them.""",
        "./retrap plot results/reference/quick",
    )
    directory_argument(command)


def _report(adder: Any) -> None:
    command = subcommand(
        adder,
        "report",
        "redo the page of a result directory",
        """Writes DIR/report.html again from the stored files alone, and prints its
        name: the answer, every comparison with its figure and its raw files, the
        kernels with their patches, the machines. One file for a browser, which loads
        nothing. It shows the figures that `plot` has drawn.""",
        "./retrap report results/reference/quick",
    )
    directory_argument(command)


def _doctor(adder: Any) -> None:
    json_option(
        subcommand(
            adder,
            "doctor",
            "what on this machine helps or harms a measurement",
            """Prints each fact as good, bad or unknown, with the remedy.
            Changes nothing.""",
            "./retrap doctor",
            "./retrap doctor --json",
        )
    )


def _docs(adder: Any) -> None:
    subcommand(
        adder,
        "docs",
        "rewrite the pages that are made of stored results",
        """Writes docs/results.md, the tables of docs/conformance.md and
        docs/example-reply.eml again from results/reference, and prints their
        names.""",
        "./retrap docs",
    )


STAGES = (
    "lint",
    "unit",
    "ptrace",
    "py",
    "figures",
    "cli",
    "guest",
    "machine",
    "rehearsal",
)


def _share(word: str) -> float:
    """Of `3%`, or of `3`: 0.03."""
    try:
        found = float(word.removesuffix("%")) / 100
    except ValueError:
        found = -1.0
    if not 0 <= found < 10:
        raise argparse.ArgumentTypeError(f"{word!r} is no percentage, as 3%")
    return found


def _stage(word: str) -> str:
    part, colon, file = word.rpartition(":")
    folder = {"rehearsal:": "rehearsal", "": "all"}.get(part + colon, "none")
    known = (path.name for path in (ROOT / "tests" / folder).glob("test_*.py"))
    if word in STAGES or f"test_{file}.py" in known:
        return word
    raise argparse.ArgumentTypeError(f"no {word!r}; there are {', '.join(STAGES)}")


def _test(adder: Any) -> None:
    command = subcommand(
        adder,
        "test",
        "all tests: lint, unit, live ptrace, Python, guests",
        """Builds the programs, with and without sanitizers, and the kernels,
        and runs every test, or those that the words choose. Exits 1 when one
        fails. With --all it goes stage by stage, says how long each took, and
        leaves out what has passed before, as long as neither the clone nor a
        tool has changed (build/test-all.json).""",
        "./retrap test",
        "./retrap test unit py",
        "./retrap test --all",
        "./retrap test --all debian13 rehearsal:kills",
    )
    command.add_argument(
        "word",
        nargs="*",
        type=_stage,
        metavar="WORD",
        help="lint: the checkers of Debian 12; unit, ptrace: the C++ tests, without "
        "and with a live tracee; py: Python; figures: those that it draws; cli: the "
        "command line; guest: tests that boot kernels; machine: one that really "
        "reboots, in its own kernel; rehearsal: such machines in kernels of ours, "
        "rehearsal:FILE: one file of them; with --all, FILE: one file of tests/all "
        "(default: all but rehearsal)",
    )
    command.add_argument(
        "--all",
        action="store_true",
        help="also debug kernels, KCSAN, 10^6 steps of the models, longer races, the "
        "kernel's selftests, strace and gdb on each kernel, a container and Debian 13: "
        "hours; clang-tidy on every file (default: all other tests, and clang-tidy on "
        "what changed)",
    )
    command.add_argument(
        "--fresh",
        action="store_true",
        help="with --all: run every stage again (default: resume)",
    )


def parse(argv: list[str]) -> argparse.Namespace:
    """Exits 0 for help, 2 for a bad command line."""
    top = parser()
    if not argv or argv[0] == "help":
        top.print_help()
        top.exit(0 if argv else 2)
    args = top.parse_args(argv)
    if args.command is None:
        top.error("a COMMAND is missing; see retrap --help")
    return args
