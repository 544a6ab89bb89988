# SPDX-License-Identifier: GPL-2.0-only
"""What `retrap try` takes."""

from __future__ import annotations

from typing import Any

from retrap.base.arch import native
from retrap.cli import attempt
from retrap.cli.parts import (
    fresh_option,
    results_option,
    scenario_option,
    subcommand,
    variants_option,
)


def add(adder: Any) -> None:
    command = subcommand(
        adder,
        "try",
        "what a patch costs: from its file to the answer",
        """Builds the base kernel with the patches, each on top of the one before,
        boots them in QEMU's exact mode, and says which cells change and by how many
        instructions. The patches are files, folders, quilt series, mboxes, maildirs,
        or `-` for standard input. docs/try.md has more.""",
        "./retrap try 0001-signal-faster.patch",
        "./retrap try series/ --base async-retrap",
        "./retrap try 0001-signal-faster.patch --scenario mine.cc",
        "./retrap try - --scenarios retrap/trigger:sigcont,floor/futex < x.mbx",
    )
    command.set_defaults(run=attempt.run)
    command.add_argument("patches", nargs="+", metavar="PATCH", help="in their order")
    command.add_argument(
        "--base",
        default="mainline",
        metavar="VARIANT",
        help="the kernel that the patches are for (default: mainline)",
    )
    command.add_argument(
        "--arch",
        default=native().name,
        metavar="ARCH",
        help="x86_64, arm64, or both with a comma (default: this machine's)",
    )
    command.add_argument(
        "--scenarios",
        metavar="X,Y",
        help="what is measured (default: one of each kind of path; docs/try.md)",
    )
    scenario_option(command, "those of --scenarios")
    fresh_option(command)
    results_option(command)
    variants_option(command)
