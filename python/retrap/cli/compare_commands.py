# SPDX-License-Identifier: GPL-2.0-only
"""What the commands take that read results: compare, plot, report."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from retrap.cli.limits import Limit, share
from retrap.cli.parts import (
    directory_argument,
    full_option,
    json_option,
    subcommand,
    two_scenarios,
)


def compare(adder: Any) -> None:
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
        type=share,
        metavar="PERCENT",
        help="over boots, what surely differs by less is the same; nothing is stored "
        "then (default: 1%)",
    )
    command.add_argument(
        "--fail-if-dearer",
        type=lambda word: Limit(share(word)),
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
        type=two_scenarios,
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


def plot(adder: Any) -> None:
    command = subcommand(
        adder,
        "plot",
        "redo the figures of a result directory",
        """Draws DIR/figures/ again from the stored files alone, and DIR/report.html
        with them.""",
        "./retrap plot results/reference/quick",
    )
    directory_argument(command)


def report(adder: Any) -> None:
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
