# SPDX-License-Identifier: GPL-2.0-only
"""What `retrap pack` and `retrap verify` take."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from retrap.cli.parts import directory_argument, subcommand


def pack(adder: Any) -> None:
    command = subcommand(
        adder,
        "pack",
        "a result directory as one file, without who measured",
        """Prints what is sent, what is taken out of it and what is left out, then
        writes the archive: plan, journal, and the boots that are done. Names of hosts
        and users, paths of directories and most of a kernel's command line are taken
        out. Look at the list, and at the rest of a file that you are not sure of: a
        name that you gave a kernel or an experiment stays. Nothing is sent.""",
        "./retrap pack results/quick/A --list",
        "./retrap pack results/quick/A --out quick-A.pack",
    )
    directory_argument(command)
    command.add_argument(
        "--out",
        type=Path,
        metavar="FILE",
        help="the archive, a tar.xz (default: EXPERIMENT-HASH.pack here)",
    )
    command.add_argument(
        "--list",
        action="store_true",
        help="print the list and write nothing (default: write the archive, too)",
    )


def verify(adder: Any) -> None:
    command = subcommand(
        adder,
        "verify",
        "look whether a pack is whole, and unpack it",
        """Reads the archive of somebody else with suspicion: a path outside, a link, a
        device, a file too many or too large is refused by name (exit 8), before
        it is written. Then every boot is held against its seals. It proves that the
        files belong together, not who made them.""",
        "./retrap verify theirs.pack",
        "./retrap verify theirs.pack --unpack results/theirs",
        "./retrap compare results/quick/mine theirs.pack",
    )
    command.add_argument("file", type=Path, metavar="FILE", help="a pack")
    command.add_argument(
        "--unpack",
        type=Path,
        metavar="DIR",
        help="make DIR of it, which must not be there (default: unpack nothing)",
    )
