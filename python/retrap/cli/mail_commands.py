# SPDX-License-Identifier: GPL-2.0-only
"""What `retrap lkml` takes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from retrap.cli.parts import subcommand


def lkml(adder: Any) -> None:
    command = subcommand(
        adder,
        "lkml",
        "the mail of a result directory, also as a reply",
        """Writes DIR/lkml.eml again from the stored files alone, and prints it. It is
        a draft in at most 60 lines, for git send-email, or for mutt -H. Nothing is
        sent, and nobody signs it: you do.""",
        "./retrap lkml results/reference/quick",
        "./retrap lkml results/reference/quick --reply-to thread.mbox --message-id ID",
        "./retrap lkml results/reference/quick --rows 'retrap/*' --long",
    )
    command.add_argument(
        "dir",
        type=Path,
        metavar="DIR",
        help="a result directory; or a pack, of which the mail is printed alone",
    )
    command.add_argument(
        "--reply-to",
        type=Path,
        metavar="FILE",
        help="the mail that it answers, or a mailbox (mbox) with it; the address of "
        "`git config user.email` is not written to (default: none, and no recipient)",
    )
    command.add_argument(
        "--message-id",
        metavar="ID",
        help="with --reply-to: which mail of the mailbox (default: the only one)",
    )
    command.add_argument(
        "--quote",
        metavar="WORDS",
        help="with --reply-to: quote its sentence that has WORDS, the one that the "
        "numbers answer (default: quote nothing)",
    )
    command.add_argument(
        "--rows",
        default="",
        metavar="SCENARIOS",
        help="scenarios of the tables, with commas between; `retrap/*` names several "
        "(default: notifications; where there are none all but the floors)",
    )
    command.add_argument(
        "--long",
        action="store_true",
        help="append every table, the method and every patch (default: do not)",
    )
    command.add_argument(
        "--profile",
        action="store_true",
        help="--long, and the functions that make the difference, ten lines a cell; "
        "DIR is of `matrix --profile` (default: without)",
    )
