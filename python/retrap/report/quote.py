# SPDX-License-Identifier: GPL-2.0-only
"""The sentence of a mail that a reply answers, as a reply quotes it."""

from __future__ import annotations

import re
import textwrap

from retrap.base.errors import EXIT_USAGE, RetrapError
from retrap.base.textgrid import WIDTH
from retrap.report.reply import Original, plain

END = re.compile(r"(?<=[.?!;])\s+(?=[A-Z(])")  # of a sentence
DEEP = re.compile(r"^(?:>\s?)*")
LINES = 6  # a longer sentence is cut


def quote(original: Original, words: str) -> str:
    """Who wrote it, and the sentence with `words`, which may be broken over lines and
    quoted there itself. Errors: EXIT_USAGE, when it is not there, or twice."""
    wanted = plain(words).casefold()
    found = [
        (deep, sentence)
        for deep, paragraph in _paragraphs(original.body)
        for sentence in END.split(paragraph)
        if wanted and wanted in sentence.casefold()
    ]
    if len({sentence for _, sentence in found}) != 1:
        what = "is in no sentence" if not found else f"is in {len(found)} sentences"
        raise RetrapError(
            f"--quote {words!r} {what} of the mail that is answered",
            "give words of the one sentence that the numbers answer",
            EXIT_USAGE,
        )
    deep, sentence = found[0]
    begin = "> " * (deep + 1)
    lines = textwrap.wrap(sentence, WIDTH - len(begin), break_on_hyphens=False)
    if len(lines) > LINES:
        lines[LINES - 1 :] = ["[...]"]
    name, address = original.sender
    said = f"On {original.date}, " if original.date else ""
    head = textwrap.fill(f"{said}{name or address} wrote:", WIDTH)
    return "\n".join([head, *(f"{begin}{line}" for line in lines)])


def _paragraphs(body: str) -> list[tuple[int, str]]:
    """How deep each is quoted, and its text on one line."""
    found: list[tuple[int, list[str]]] = []
    for line in body.splitlines():
        marks = DEEP.match(line)
        assert marks
        text, deep = plain(line[marks.end() :]), marks.group().count(">")
        if not found or not text or found[-1][0] != deep:
            found.append((deep, []))
        found[-1][1].append(text)
    return [(deep, " ".join(lines).strip()) for deep, lines in found]
