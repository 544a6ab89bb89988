# SPDX-License-Identifier: GPL-2.0-only
"""--help in the order of a man page, from the parser itself."""

from __future__ import annotations

import argparse
import textwrap
from typing import Any

from retrap.base.errors import EXIT_STATUS

WIDTH = 78


class ManParser(argparse.ArgumentParser):
    """An ArgumentParser whose help reads NAME, SYNOPSIS, ... EXAMPLES."""

    def __init__(
        self,
        *,
        summary: str = "",
        examples: tuple[str, ...] = (),
        files: tuple[tuple[str, str], ...] = (),
        **options: object,
    ) -> None:
        self.arguments: list[argparse.Action] = []
        super().__init__(allow_abbrev=False, **options)  # type: ignore[arg-type]
        self.summary, self.examples, self.files = summary, examples, files
        self.commands: dict[str, ManParser] = {}

    def add_subparsers(self, **options: Any) -> Any:
        adder = super().add_subparsers(**options)
        self.commands = adder.choices
        self.arguments.append(adder)
        return adder

    def add_argument(self, *names: Any, **options: Any) -> argparse.Action:
        action = super().add_argument(*names, **options)
        self.arguments.append(action)
        return action

    def format_help(self) -> str:
        formatter = self.formatter_class(prog=self.prog)
        formatter.add_usage(self.usage, self.arguments, [], prefix="")
        synopsis = formatter.format_help().strip()
        sections = [
            ("NAME", f"{self.prog} - {self.summary}"),
            ("SYNOPSIS", synopsis),
            ("DESCRIPTION", _fill(self.description or "")),
            ("COMMANDS", self._commands()),
            ("OPTIONS", self._options()),
            (
                "EXIT STATUS",
                "\n".join(f"{code:<4} {what}" for code, what in EXIT_STATUS),
            ),
            ("FILES", "\n".join(f"{name}\n    {what}" for name, what in self.files)),
            ("EXAMPLES", "\n".join(self.examples)),
        ]
        return "\n".join(
            f"{head}\n{textwrap.indent(body, '    ')}\n"
            for head, body in sections
            if body
        )

    def _commands(self) -> str:
        width = max(map(len, self.commands), default=0)
        return "\n".join(
            textwrap.fill(
                f"{name:{width}}  {command.summary}",
                WIDTH - 4,
                subsequent_indent=" " * (width + 2),
            )
            for name, command in self.commands.items()
        )

    def _options(self) -> str:
        rows = []
        for action in self.arguments:
            if action.choices is self.commands:
                continue
            name = ", ".join(action.option_strings) or str(
                action.metavar or action.dest
            )
            if action.option_strings and action.nargs != 0:
                name += f" {action.metavar or action.dest.upper()}"
            rows.append((name, action.help or ""))
        return "\n".join(
            f"{name}\n{textwrap.indent(_fill(what, WIDTH - 8), '    ')}"
            for name, what in rows
        )


def _fill(text: str, width: int = WIDTH - 4) -> str:
    """Refilled: descriptions are written indented, over several lines."""
    return textwrap.fill(" ".join(text.split()), width)
