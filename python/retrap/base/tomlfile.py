# SPDX-License-Identifier: GPL-2.0-only
"""TOML tables of a user's file: every complaint carries file and line."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from retrap.base import schema
from retrap.base.errors import EXIT_CONFIG, RetrapError
from retrap.base.paths import ROOT


class TomlTable:
    """A TOML table whose every complaint carries file and line. `head`: its name."""

    def __init__(self, path: Path, text: str, data: dict[str, Any], head: str):
        self.path, self.text, self.data, self.head = path, text, data, head

    def fail(self, key: str, what: str) -> RetrapError:
        where = f"{self.path}:{_line_of(self.text, self.head, key)}"
        name = f"[{self.head}] {key}" if self.head else key
        return RetrapError(
            f"{where}: {name}: {what}", f"correct {self.path}", EXIT_CONFIG
        )

    def place(self, key: str, word: str) -> Path:
        """`word` of `key` as a path: below the clone, or absolute, or below a ~."""
        try:
            return (ROOT / Path(word).expanduser()).resolve()
        except (RuntimeError, ValueError, OSError) as error:  # no such user, a NUL
            raise self.fail(key, f"not a path: {word!r}: {error}") from None

    def table(self, key: str) -> TomlTable:
        return TomlTable(self.path, self.text, self.data.get(key, {}), key)

    def errors(self, name: str) -> Iterator[tuple[str, RetrapError]]:
        """What is not as the schema `name` says, each by the table or key it is in.
        The whole file's alone."""
        for where, what in schema.problems(name, self.data):
            keys = [str(word) for word in where if isinstance(word, str)]
            depth = len(keys) - 1
            while depth and not _has_table(self.text, ".".join(keys[:depth])):
                depth -= 1
            head, key = ".".join(keys[:depth]), ".".join(keys[depth:])
            yield keys[0], TomlTable(self.path, self.text, {}, head).fail(key, what)


_HEAD = re.compile(r"\s*\[([^]]+)\]")


def _has_table(text: str, head: str) -> bool:
    heads = (match.group(1) for match in map(_HEAD.match, text.splitlines()) if match)
    return any(_bare(found) == head for found in heads)


def _bare(head: str) -> str:
    return head.strip().strip("\"'")


def _line_of(text: str, head: str, key: str) -> int:
    """The line of `key` below `[head]`, or of the table `key`; the head's, or 1,
    when it is absent. Of a key in an inline table that table's."""
    here, found, key = "", 1, key.split(".")[0] if head else key
    for number, line in enumerate(text.splitlines(), 1):
        if match := _HEAD.match(line):
            here = _bare(match.group(1))
            if here == head or (not head and here == key):
                found = number
        elif here == head and re.match(rf"\s*[\"']?{re.escape(key)}[\"']?\s*=", line):
            return number
    return found


def read_toml(path: Path, what: str) -> TomlTable:
    """A file that is TOML. Errors: EXIT_CONFIG, with file and line."""
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "is not UTF-8 text"
        raise RetrapError(
            f"{path}: cannot read the {what}: {reason}",
            f"name an existing {what}; configs/ has those of retrap",
            EXIT_CONFIG,
        ) from None
    try:
        return TomlTable(path, text, tomllib.loads(text), "")
    except tomllib.TOMLDecodeError as error:
        line = re.search(r"at line (\d+)", str(error))
        number = int(line.group(1)) if line else len(text.splitlines())
        what = str(error).split(" (at ")[0]
        raise RetrapError(
            f"{path}:{number}: not TOML: {what}", f"correct {path}", EXIT_CONFIG
        ) from None
    except (RecursionError, ValueError):  # a number of thousands of digits
        what = "not TOML: nested too deep, or a number is too long"
        raise RetrapError(f"{path}: {what}", f"correct {path}", EXIT_CONFIG) from None


def read_checked(path: Path, what: str, name: str) -> TomlTable:
    """A file that is as the schema `name` says, with its defaults where it is silent.
    Errors: EXIT_CONFIG, with file and line."""
    table = read_toml(path, what)
    for _, error in table.errors(name):
        raise error
    schema.fill(name, table.data)
    return table
