# SPDX-License-Identifier: GPL-2.0-only
"""TOML tables of a user's file: every complaint carries file and line."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Any

from retrap.base.errors import EXIT_CONFIG, RetrapError

_TYPES = {
    str: "a string",
    int: "a whole number",
    bool: "true or false",
    list: "a list",
    dict: "a table",
}


class TomlTable:
    """A TOML table whose every complaint carries file and line."""

    def __init__(self, path: Path, text: str, data: dict[str, Any], head: str):
        self.path, self.text, self.data, self.head = path, text, data, head

    def fail(self, key: str, what: str) -> RetrapError:
        where = f"{self.path}:{_line_of(self.text, self.head, key)}"
        name = f"[{self.head}] {key}" if self.head else key
        return RetrapError(
            f"{where}: {name}: {what}", f"correct {self.path}", EXIT_CONFIG
        )

    def only(self, known: tuple[str, ...]) -> None:
        for key in self.data:
            if key not in known:
                raise self.fail(key, f"unknown key; known: {', '.join(known)}")

    def get(self, key: str, kind: type, default: Any = None) -> Any:
        if key not in self.data:
            if default is None:
                raise self.fail(key, "missing")
            return default
        value = self.data[key]
        if not isinstance(value, kind) or (kind is int and isinstance(value, bool)):
            raise self.fail(key, f"must be {_TYPES[kind]}, is {value!r}")
        return value

    def number(self, key: str, low: int, high: int, default: int | None) -> int:
        value: int = self.get(key, int, default)
        if not low <= value <= high:
            raise self.fail(key, f"must be {low} to {high}, is {value}")
        return value

    def words(self, key: str, default: list[str] | None = None) -> tuple[str, ...]:
        value = self.get(key, list, default)
        if not all(isinstance(word, str) for word in value):
            raise self.fail(key, "must be a list of strings")
        if len(set(value)) != len(value):
            raise self.fail(key, "names something twice")
        return tuple(value)

    def table(self, key: str) -> TomlTable | None:
        if key not in self.data:
            return None
        return TomlTable(self.path, self.text, self.get(key, dict), key)


def _line_of(text: str, head: str, key: str) -> int:
    """The line of `key` below `[head]`, or of the table `key`; the head's, or 1,
    when it is absent."""
    here, found = "", 1
    for number, line in enumerate(text.splitlines(), 1):
        if match := re.match(r"\s*\[([^]]+)\]", line):
            here = match.group(1).strip().strip("\"'")
            if here == head or (not head and here == key):
                found = number
        elif here == head and re.match(rf"\s*[\"']?{re.escape(key)}[\"']?\s*=", line):
            return number
    return found


def read_toml(path: Path, what: str) -> TomlTable:
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
    except RecursionError:
        raise RetrapError(
            f"{path}: not TOML: nested too deep", f"correct {path}", EXIT_CONFIG
        ) from None
    except tomllib.TOMLDecodeError as error:
        line = re.search(r"at line (\d+)", str(error))
        number = int(line.group(1)) if line else len(text.splitlines())
        what = str(error).split(" (at ")[0]
        raise RetrapError(
            f"{path}:{number}: not TOML: {what}", f"correct {path}", EXIT_CONFIG
        ) from None
