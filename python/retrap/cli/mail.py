# SPDX-License-Identifier: GPL-2.0-only
"""`retrap lkml`: a mail as its options want it."""

from __future__ import annotations

from argparse import Namespace
from pathlib import Path

from retrap.base.errors import EXIT_USAGE, RetrapError
from retrap.base.process import capture
from retrap.base.progress import say
from retrap.report import lkml, reply


def text(args: Namespace, directory: Path) -> bytes:
    """Of the results in `directory`. Errors: EXIT_USAGE, of options and of the mail
    that is answered."""
    for name in ("message_id", "quote"):
        if getattr(args, name) is not None and args.reply_to is None:
            what = f"--{name.replace('_', '-')} goes with --reply-to"
            raise RetrapError(what, "./retrap lkml --help", EXIT_USAGE)
    original, oneself = None, ""
    if args.reply_to is not None:
        original = reply.read(args.reply_to, args.message_id)
        oneself = (capture(["git", "config", "user.email"]) or "").strip()
        if args.quote is None:
            say("it quotes nothing: --quote WORDS quotes the sentence that it answers")
    words = args.quote or ""
    wanted = lkml.Wanted(args.rows, args.long, args.profile, original, words, oneself)
    return lkml.mail(directory, wanted)
