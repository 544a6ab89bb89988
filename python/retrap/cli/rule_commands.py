# SPDX-License-Identifier: GPL-2.0-only
"""What `retrap conform` and `retrap mutate` take."""

from __future__ import annotations

from typing import Any

from retrap.base import arch
from retrap.cli import rules
from retrap.cli.parts import (
    cpus_option,
    full_option,
    json_option,
    number,
    results_option,
    stored_option,
    subcommand,
    variants_option,
)
from retrap.cli.manpage import ManParser

MOST_TURNS = 10_000_000  # a day and more in a guest


def conform(adder: Any) -> None:
    command = subcommand(
        adder,
        "conform",
        "the rules of the three designs, tested on every kernel",
        """Boots every kernel twice, with vCPUs side by side and in exact mode,
        runs retrap-conform in it and counts each kernel's rules by verdict: pass,
        FAIL, expected (a difference that configs/conform.toml lists), n.a.
        where the kernel does not offer the interface, none where nothing tested
        it. Stores the run. Exits 1 on any surprise.""",
        "./retrap conform",
        "./retrap conform --kernels mainline,async-retrap --arch x86_64",
        "./retrap conform --write-docs",
        "./retrap conform --from results/reference/conform --tap",
    )
    command.set_defaults(run=rules.conform)
    command.add_argument(
        "--kernels",
        metavar="A,B",
        help="which (default: mainline, listen-republish, async-retrap, "
        "please-notify, combined)",
    )
    _arch_option(command, "architectures of the guests, with commas between")
    command.add_argument(
        "--count",
        type=number(1, MOST_TURNS),
        default=10_000,
        metavar="N",
        help="turns of the rules that are races, vCPUs side by side; a twentieth "
        "where one costs a process (default: 10000)",
    )
    command.add_argument(
        "--sweep",
        type=number(0, MOST_TURNS),
        default=10_000,
        metavar="N",
        help="most turns of a sweep in exact mode, which moves the second actor of "
        "a race an instruction a turn, or more, until it has passed; 0 for no sweeps "
        "(default: 10000)",
    )
    cpus_option(command)
    _common_options(command)
    _stored_run_options(command)
    command.add_argument(
        "--tap", action="store_true", help="print KTAP, version 1 (default: text)"
    )


def mutate(adder: Any) -> None:
    command = subcommand(
        adder,
        "mutate",
        "the kernel patches broken on purpose: which tests notice",
        """Builds each mutation of kernel-patch/mutations/, boots it with the
        rule book and prints mutation by the tests that fail on it. Exits 1 when
        one survives, or passes the tests of a rule that it was made to break.
        An interrupted run resumes.""",
        "./retrap mutate",
        "./retrap mutate --list",
        "./retrap mutate getsiginfo-does-not-acknowledge",
    )
    command.set_defaults(run=rules.mutate)
    command.add_argument(
        "names", nargs="*", metavar="NAME", help="which mutations (default: all)"
    )
    command.add_argument(
        "--list",
        action="store_true",
        help="print what there is and do nothing (default: do it)",
    )
    _arch_option(command, "architecture of the guests")
    _common_options(command)
    _stored_run_options(command)


def _arch_option(command: ManParser, what: str) -> None:
    command.add_argument(
        "--arch",
        metavar="ARCH",
        default=arch.native().name,
        help=f"{what} (default: this machine's)",
    )


def _stored_run_options(command: ManParser) -> None:
    results_option(command)
    stored_option(command)
    command.add_argument(
        "--write-docs",
        action="store_true",
        help="make the run the one in results/reference/ and docs/conformance.md "
        "(default: leave them)",
    )


def _common_options(command: ManParser) -> None:
    json_option(command)
    full_option(command)
    variants_option(command)
