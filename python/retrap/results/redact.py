# SPDX-License-Identifier: GPL-2.0-only
"""What is taken out of a file before it is sent: who measured, and where.

Names of hosts and users, paths of whoever's directories, and words of a kernel's
command line that do not say how it runs. What is left is JSON as before.
"""

from __future__ import annotations

import getpass
import json
import os
import platform
import re
from collections import Counter
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from retrap.machine import cmdline

MARK = "[...]"
# Directories that every system has; of another one the last name is left.
_SYSTEM = r"(?:usr|lib\w*|bin|sbin|sys|proc|dev|boot|etc|run|init)\b"
_PATH = re.compile(rf"(?<![\w./@\])-])/(?!{_SYSTEM})(?:[\w.+@:,=-]+/)+([\w.+@:,=-]*)")
_COMMON = {"root", "host", "user", "target", "localhost", "mainline", "debian", "linux"}
_LEAST = 4  # letters of a name that is looked for in text


class Redactor:
    """`names`: of hosts and users; short and common ones are found in no text."""

    def __init__(self, names: Iterable[str]) -> None:
        long = {n for n in names if len(n) >= _LEAST and n.lower() not in _COMMON}
        joined = "|".join(map(re.escape, sorted(long, key=len, reverse=True)))
        self._names = re.compile(rf"(?<![\w-])(?:{joined})(?![\w-])") if long else None

    def file(self, name: str, data: bytes) -> tuple[bytes, list[str]]:
        """A file by its name, and what was taken out of it; the same bytes where that
        is nothing."""
        found: Counter[str] = Counter()
        if not name.endswith(".json"):
            text = self._text(data.decode("utf-8", "surrogateescape"), found)
            return text.encode("utf-8", "surrogateescape"), _told(found)
        record = json.loads(data)
        changed = self._walk(_known(name, record, found), found)
        if not (told := _told(found)):
            return data, []
        return (json.dumps(changed, indent=1) + "\n").encode(), told

    def _walk(self, value: Any, found: Counter[str]) -> Any:
        if isinstance(value, dict):
            return {key: self._walk(below, found) for key, below in value.items()}
        if isinstance(value, list):
            return [self._walk(below, found) for below in value]
        return self._text(value, found) if isinstance(value, str) else value

    def _text(self, text: str, found: Counter[str]) -> str:
        text, count = _PATH.subn(rf"{MARK}/\1", text)
        found["a path"] += count
        if self._names:
            text, count = self._names.subn(MARK, text)
            found["a name of a host or user"] += count
        return text


def _told(found: Counter[str]) -> list[str]:
    return [f"{what} ({n} times)" if n > 1 else what for what, n in found.items() if n]


def _known(name: str, record: Any, found: Counter[str]) -> Any:
    """Fields that are what they are whatever stands in them."""
    for begin, keys, replace in _FIELDS:
        if begin.fullmatch(name) and isinstance(record, dict):
            node = record
            for key in keys[:-1]:
                node = node.get(key) or {}
            old = node.get(keys[-1])
            if isinstance(old, str) and (new := replace(old)) != old:
                node[keys[-1]] = new
                found[".".join(keys)] += 1
    return record


def _host(name: str) -> str | None:
    return name if name == "(none)" else None  # a guest has none


_FIELDS: tuple[tuple[re.Pattern[str], tuple[str, ...], Callable[[str], Any]], ...] = (
    (re.compile(r"env-\w+\.json"), ("facts", "cmdline"), cmdline.told),
    (re.compile(r".+\.benchmark\.json"), ("context", "host_name"), _host),
    (re.compile(r"plan\.json"), ("experiment",), lambda text: text.partition("@")[0]),
)


def names_of(directory: Path) -> set[str]:
    """Hosts and users: of this machine, and those that the directory knows."""
    found = {platform.node(), platform.node().partition(".")[0], Path.home().name}
    try:
        found.add(getpass.getuser())
    except (KeyError, OSError):
        pass
    found |= {os.environ.get(word, "") for word in ("SUDO_USER", "LOGNAME", "HOSTNAME")}
    for file in directory.glob("raw/*/*/*.benchmark.json"):
        if said := re.search(rb'"host_name": "([^"]+)"', file.read_bytes()):
            found.add(said[1].decode("utf-8", "replace"))
    try:
        found.add(str(json.loads((directory / "machine.json").read_bytes())["name"]))
    except (OSError, ValueError, KeyError, TypeError):
        pass
    return {name for name in found if re.fullmatch(r"\w[\w.-]*", name)}
