# SPDX-License-Identifier: GPL-2.0-only
"""The command line: which subcommands there are and what they take."""

from __future__ import annotations

import argparse
from typing import Any

from retrap.cli import (
    compare_commands,
    kernel_commands,
    mail_commands,
    measuring_commands,
    pack_commands,
    profile_commands,
    rule_commands,
    try_commands,
)
from retrap.cli.parts import (
    FILES,
    json_option,
    subcommand,
)
from retrap.base.paths import ROOT
from retrap.cli.manpage import ManParser


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
    measuring_commands.matrix(adder)
    try_commands.add(adder)
    measuring_commands.campaign(adder)
    measuring_commands.bench(adder)
    measuring_commands.run(adder)
    measuring_commands.plan(adder)
    compare_commands.compare(adder)
    compare_commands.plot(adder)
    compare_commands.report(adder)
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
