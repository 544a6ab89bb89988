# SPDX-License-Identifier: GPL-2.0-only
"""What the parsers of all subcommands have in common."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path
from typing import Any

from retrap.cli import commands
from retrap.config import experiments
from retrap.config.variants import VARIANTS
from retrap.base import paths
from retrap.cli.manpage import ManParser

FILES = (
    ("configs/variants.toml", "the kernels"),
    ("configs/experiments/", "what is measured"),
    ("results/<experiment>/<stamp>/", "what came out (docs/data-format.md)"),
    ("~/.cache/retrap/", "kernels and their logs; RETRAP_CACHE names another"),
)


def subcommand(
    adder: Any, name: str, summary: str, description: str, *examples: str
) -> ManParser:
    command: ManParser = adder.add_parser(
        name,
        help=summary,
        summary=summary,
        description=description,
        files=FILES,
        examples=examples,
    )
    command.set_defaults(run=getattr(commands, name, commands.kernel))
    command.add_argument(
        "--no-install",
        action="store_true",
        default=argparse.SUPPRESS,  # a VERB's would undo its command's
        help="install nothing; where something is missing, say what, print the "
        "command that installs it, exit 3 (default: install it; with "
        "RETRAP_INSTALL=skip do not look)",
    )
    return command


def variants_option(command: ManParser) -> None:
    command.add_argument(
        "--variants",
        type=Path,
        default=VARIANTS,
        metavar="FILE",
        help="the kernels there are (default: configs/variants.toml)",
    )


def results_option(command: ManParser) -> None:
    command.add_argument(
        "--results",
        type=Path,
        default=paths.ROOT / "results",
        metavar="DIR",
        help="where results go (default: results/ of the clone)",
    )


def scenario_option(command: ManParser, default: str) -> None:
    command.add_argument(
        "--scenario",
        dest="files",
        type=Path,
        action="append",
        default=[],
        metavar="FILE.cc",
        help="measure the scenarios of a C++ file of yours; again for another file "
        f"(default: {default}). docs/own-scenario.md",
    )


def directory_argument(command: ManParser) -> None:
    command.add_argument("dir", type=Path, metavar="DIR", help="a result directory")


def full_option(command: ManParser) -> None:
    command.add_argument(
        "--full",
        action="store_true",
        help="print every table (default: the answer on one screen)",
    )


def fresh_option(command: ManParser) -> None:
    command.add_argument(
        "--fresh",
        action="store_true",
        help="start a new result directory (default: resume an unfinished one)",
    )


def stored_option(command: ManParser) -> None:
    command.add_argument(
        "--from",
        dest="stored",
        type=Path,
        metavar="DIR",
        help="show a stored run and boot nothing (default: run)",
    )


def cpus_option(command: ManParser) -> None:
    command.add_argument(
        "--cpus",
        type=number(1, experiments.MOST_CPUS),
        default=2,
        metavar="N",
        help="vCPUs of a guest (default: 2)",
    )


def number(least: int, most: int) -> Callable[[str], int]:
    """An option's whole number, refused at once where it can only end badly."""

    def read(text: str) -> int:
        if not text.isdecimal() or not least <= int(text) <= most:
            raise argparse.ArgumentTypeError(
                f"must be a number from {least} to {most}, is {text!r}"
            )
        return int(text)

    return read


def json_option(command: ManParser) -> None:
    command.add_argument(
        "--json", action="store_true", help="print JSON (default: text)"
    )


def two_scenarios(text: str) -> tuple[str, str]:
    first, comma, second = text.partition(",")
    if not (first and comma and second) or "," in second:
        raise argparse.ArgumentTypeError(f"{text!r} is not two scenarios: X,Y")
    return first, second
