# SPDX-License-Identifier: GPL-2.0-only
"""What `retrap try` takes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from retrap.base.arch import native
from retrap.cli import attempt, limits
from retrap.cli.parts import (
    fresh_option,
    json_option,
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
        or `-` for standard input; with --tree they are commits. It measures the
        scenarios that run what the patches touch. docs/try.md has more.""",
        "./retrap try 0001-signal-faster.patch",
        "./retrap try series/ --base async-retrap --fail-if-dearer 20",
        "./retrap try 0001-signal-faster.patch --scenario mine.cc",
        "./retrap try - --scenarios retrap/trigger:sigcont,floor/futex < x.mbx",
        "./retrap try --tree ~/linux v6.12..my-branch",
    )
    command.set_defaults(run=attempt.run)
    command.add_argument(
        "patches",
        nargs="*",
        metavar="PATCH",
        help="in their order; with --tree a commit or a range, as git takes it, or "
        "nothing: what is not committed",
    )
    command.add_argument(
        "--tree",
        type=Path,
        metavar="DIR",
        help="a git tree of Linux, which is read and not written (default: none)",
    )
    command.add_argument(
        "--every-tag",
        action="store_true",
        help="with --tree and a range: the releases in it, one kernel each, instead of "
        "its commits (default: the commits)",
    )
    command.add_argument(
        "--squash",
        action="store_true",
        help="all commits as one patch (default: one by one)",
    )
    command.add_argument(
        "--image",
        action="append",
        default=[],
        type=Path,
        metavar="FILE",
        help="a kernel that is built already: a bzImage, or the directory of make O=; "
        "two or more, the first is the base (default: none)",
    )
    command.add_argument(
        "--base",
        metavar="VARIANT",
        help="the kernel that the patches are for (default: mainline; with --tree the "
        "commit below)",
    )
    command.add_argument(
        "--arch",
        default=native().name,
        metavar="ARCH",
        help="x86_64, arm64, or both with a comma (default: this machine's)",
    )
    command.add_argument(
        "--config",
        action="append",
        default=[],
        type=Path,
        metavar="FILE",
        help="a fragment of a kernel config for all of them; may be given again "
        "(default: the base's config)",
    )
    command.add_argument(
        "--scenarios",
        metavar="X,Y",
        help="what is measured (default: what runs the functions that differ)",
    )
    scenario_option(command, "those of --scenarios")
    command.add_argument(
        "--placement",
        choices=("same-cpu", "cross-cpu", "both"),
        default="both",
        help="the CPUs of tracer and tracee (default: both)",
    )
    command.add_argument(
        "--no-profile",
        action="store_true",
        help="boot no profiled kernels (default: say which functions change)",
    )
    command.add_argument(
        "--all",
        action="store_true",
        help="measure every scenario, a family at its least numbers (default: some)",
    )
    command.add_argument(
        "--fail-if-dearer",
        type=limits.limit,
        metavar="N",
        help="exit 12 when a cell is surely dearer by more than N instructions, or N "
        "per cent, as `3%` (default: exit 0)",
    )
    command.add_argument(
        "--make-map",
        action="store_true",
        help="measure no patch: make the map of the functions that the scenarios run "
        "on --base, in configs/reach/ (default: use it)",
    )
    command.add_argument(
        "--native",
        metavar="HOSTS",
        help="boot the kernels on machines, as matrix --on does: those of the Ansible "
        "inventory HOSTS, or `here` (default: in QEMU)",
    )
    command.add_argument(
        "--yes",
        action="store_true",
        help="with --native here: do not ask before this machine is rebooted "
        "(default: ask)",
    )
    command.add_argument(
        "--dry-run",
        action="store_true",
        help="say what would be measured, and build no kernel (default: measure)",
    )
    command.add_argument(
        "--bisect",
        metavar="CELL",
        help="find the commit of --tree DIR GOOD..BAD that made CELL dearer, as "
        "retrap/trigger:sigcont@same-cpu; exit 12 with it (default: none)",
    )
    command.add_argument(
        "--more-than",
        type=limits.limit,
        metavar="N",
        help="with --bisect: dearer by more than N instructions, or N per cent, as "
        "`3%` (default: none)",
    )
    json_option(command)
    fresh_option(command)
    results_option(command)
    variants_option(command)
