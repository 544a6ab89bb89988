# SPDX-License-Identifier: GPL-2.0-only
"""Tables between two comments of a page that people write."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

from retrap.base.errors import EXIT_RESULTS, RetrapError


def fill(text: str, made: Mapping[str, str], page: Path) -> str:
    """`text`, of `page`, with each table between its two comments."""
    for name, table in made.items():
        begin, end = f"<!-- table {name} -->", f"<!-- end {name} -->"
        block = f"{begin}\n```\n{table}```\n{end}"
        pattern = f"{re.escape(begin)}.*?{re.escape(end)}"
        text, count = re.subn(pattern, lambda _: block, text, flags=re.S)
        if count != 1:
            raise RetrapError(
                f"{page}: {count} places for the table {name}",
                f"put {begin} and {end} where it belongs, once",
                EXIT_RESULTS,
            )
    return text
