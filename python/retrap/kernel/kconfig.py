# SPDX-License-Identifier: GPL-2.0-only
"""What the Kconfig files of a source say of a symbol, as far as it takes to tell
a user why it is not set. kconfig itself drops symbols silently.
"""

from __future__ import annotations

import difflib
import functools
import re
from dataclasses import dataclass, field
from pathlib import Path

from retrap.base.arch import Arch
from retrap.base.errors import EXIT_KERNEL, RetrapError
from retrap.config.fragments import asked

PREFIX = "CONFIG_"
SHOWN = 4  # of the symbols that select another, or are called alike
# What a value of each type looks like, and how a user is told.
VALUES = {
    "bool": (re.compile(r"[yn]"), "y or n"),
    "tristate": (re.compile(r"[ymn]"), "y, m or n"),
    "int": (re.compile(r"-?\d+"), "a whole number"),
    "hex": (re.compile(r"(0x)?[0-9a-fA-F]+"), "a number in hex"),
    "string": (re.compile(r'".*"'), "text in double quotes"),
}


@dataclass
class Symbol:
    """Without a prompt only `selected_by` sets it. `needs`: its dependencies, of
    each place where it stands. `kind`: its type; `ranges`: what a number may be."""

    prompt: bool = False
    kind: str = ""
    ranges: list[str] = field(default_factory=list)
    needs: list[list[str]] = field(default_factory=list)
    selected_by: list[str] = field(default_factory=list)
    choice: int | None = None


class Kconfig:
    """The symbols of a source, for one architecture."""

    def __init__(self, tree: Path, arch: Arch) -> None:
        self._tree, self._folder = tree, arch.folder
        self._around: list[list[str]] = []  # what each if and menu we are in needs
        self._choices = 0
        self._choice: int | None = None

    @functools.cached_property
    def symbols(self) -> dict[str, Symbol]:
        self._found: dict[str, Symbol] = {}
        self._read(self._tree / "Kconfig")
        return self._found

    def _of(self, name: str) -> Symbol:
        return self._found.setdefault(name, Symbol())

    def _read(self, path: Path) -> None:
        """A file, and those that it sources where it does."""
        here: str | None = None
        for line in _lines(path):
            word, _, rest = line.partition(" ")
            rest = rest.strip()
            if word in ("source", "rsource", "osource", "orsource"):
                name = rest.strip("\"'").replace("$(SRCARCH)", self._folder)
                top = path.parent if word.endswith("rsource") else self._tree
                self._read(top / name)
            elif word in ("config", "menuconfig"):
                here = rest
                symbol = self._of(here)
                symbol.needs.append([e for around in self._around for e in around])
                if self._choice is not None:
                    symbol.choice = self._choice
            elif word in ("if", "menu", "choice"):
                here = None
                self._around.append([rest] if word == "if" else [])
                if word == "choice":
                    self._choices += 1
                    self._choice = self._choices
            elif word in ("endif", "endmenu", "endchoice"):
                here = None
                del self._around[-1:]
                if word == "endchoice":
                    self._choice = None
            elif word == "comment":
                here = None
            else:
                self._attribute(here, word, rest)

    def _attribute(self, here: str | None, word: str, rest: str) -> None:
        if word == "depends":
            needs = self._of(here).needs if here else self._around
            if needs:
                needs[-1].append(rest.removeprefix("on").strip())
        elif here and word in ("bool", "tristate", "int", "hex", "string", "prompt"):
            self._of(here).prompt |= rest[:1] in ("'", '"')
            if word != "prompt":
                self._of(here).kind = word
        elif here and word in ("def_bool", "def_tristate"):
            self._of(here).kind = word.removeprefix("def_")
        elif here and word == "range":
            self._of(here).ranges.append(rest)
        elif here and word == "select":
            self._of(rest.split(" ")[0]).selected_by.append(here)

    def has(self, name: str) -> bool:
        symbol = self.symbols.get(name.removeprefix(PREFIX))
        return symbol is not None and bool(symbol.kind)

    def settled(self, text: str) -> str:
        """Of a choice, of which kconfig takes one, the last that is asked for."""
        lines = text.splitlines()
        chosen: set[int] = set()
        kept = []
        for line in reversed(lines):
            match = re.fullmatch(r"CONFIG_(\w+)=y", line)
            symbol = self.symbols.get(match.group(1)) if match else None
            if match and symbol and symbol.choice is not None:
                if symbol.choice in chosen and line not in kept:
                    continue
                chosen.add(symbol.choice)
            kept.append(line)
        return "".join(f"{line}\n" for line in reversed(kept))

    def why(self, name: str, value: str, have: dict[str, str]) -> str:
        """Why `name` is not `value` where `have` is what is set."""
        symbol = self.symbols.get(name.removeprefix(PREFIX))
        if symbol is None or not self.has(name):
            return f"this source has no such symbol{self._alike(name)}"
        form, told = VALUES.get(symbol.kind, (re.compile(".*"), ""))
        if value != "n" and not form.fullmatch(value):
            return f"takes {told}, not {value}"
        selecting = [PREFIX + each for each in symbol.selected_by]
        if value == "n":
            on = [each for each in selecting if each in have]
            return f"selected by {', '.join(on)}" if on else "another value is forced"
        unmet = [
            [need for need in needs if not holds(need, have)] for needs in symbol.needs
        ]
        if symbol.needs and all(unmet):
            fewest: list[str] = min(unmet, key=len)
            return f"needs {' and '.join(fewest)}"
        if not symbol.prompt:
            shown = ", ".join(sorted(set(selecting))[:SHOWN]) or "nothing here"
            return f"cannot be set itself: set what selects it, as {shown}"
        if symbol.kind in ("int", "hex", "string"):
            became = have.get(PREFIX + name.removeprefix(PREFIX), "unset")
            ranges = " or ".join(f"range {each}" for each in symbol.ranges)
            return f"kconfig made it {became}" + (f" ({ranges})" if ranges else "")
        rivals = [
            PREFIX + other
            for other, each in self.symbols.items()
            if each.choice == symbol.choice is not None and PREFIX + other in have
        ]
        return f"of its choice {', '.join(rivals) or 'another'} is set"

    def _alike(self, name: str) -> str:
        """Those that have the name in theirs, else those that are spelled alike."""
        word = name.removeprefix(PREFIX)
        known = [each for each, symbol in self.symbols.items() if symbol.kind]
        near = [each for each in known if word in each]
        near = near or difflib.get_close_matches(word, known, n=SHOWN)
        near = sorted(near, key=len)[:SHOWN]
        return f"; it has {', '.join(PREFIX + each for each in near)}" if near else ""


def _lines(path: Path) -> list[str]:
    """Statements, without comments and help texts."""
    try:
        text = path.read_text(errors="replace")
    except OSError:  # osource may name what is not there
        return []
    found: list[str] = []
    help_at: int | None = None  # its indentation; -1: not known yet
    for line in re.sub(r"\\\n", " ", text).expandtabs().splitlines():
        indent = len(line) - len(line.lstrip())
        if not line.strip():
            continue
        if help_at == -1:
            help_at = indent or None
        if help_at is not None and indent >= help_at:
            continue
        help_at = None
        statement = " ".join(line.split(" #")[0].split())
        if statement in ("help", "---help---"):
            help_at = -1
        elif statement and not statement.startswith("#"):
            found.append(statement)
    return found


def holds(need: str, have: dict[str, str]) -> bool:
    """A dependency, with y and m for true; what compares, we take for true."""
    need = need.strip()
    for sign, every in (("||", any), ("&&", all)):
        parts = _split(need, sign)
        if len(parts) > 1:
            return every([holds(part, have) for part in parts])
    if need.startswith("(") and need.endswith(")"):
        return holds(need[1:-1], have)
    if need.startswith("!") and re.fullmatch(r"!\s*(\w+|\(.*\))", need):
        return not holds(need[1:], have)
    if not re.fullmatch(r"\w+", need):
        return True
    return need in ("y", "m") or have.get(PREFIX + need, "n") in ("y", "m")


def _split(need: str, sign: str) -> list[str]:
    """At `sign` outside of parentheses."""
    parts, depth = [""], 0
    for word in re.split(r"(\|\||&&|[()])", need):
        depth += (word == "(") - (word == ")")
        if word == sign and depth == 0:
            parts.append("")
        else:
            parts[-1] += word
    return parts


def check_config(
    name: str,
    wanted: str,
    got: str,
    known: Kconfig | None = None,
    users: str | None = None,
) -> list[str]:
    """Every symbol asked for must be in .config. Where `users` is what the variant's
    fragments ask for, of `wanted`, they win: what else is not taken, for another
    reason than that the source lacks it, is returned. Errors: EXIT_KERNEL."""
    have = dict(re.findall(r"^(CONFIG_\w+)=(.+)$", got, re.MULTILINE))
    lost = {
        symbol: value
        for symbol, value in asked(wanted).items()
        if have.get(symbol, "n").strip() != value
    }
    gave_way = []
    if known and users and users.strip():
        theirs = asked(users)
        gave_way = [each for each in lost if each not in theirs and known.has(each)]
    told_of = [f"{symbol}={lost.pop(symbol)}" for symbol in gave_way]
    if lost:
        told = [f"{symbol}={value}" for symbol, value in lost.items()]
        whys = [
            f"\n  {symbol}: {known.why(symbol, value, have)}"
            for symbol, value in lost.items()
            if known
        ]
        raise RetrapError(
            f"{name}: kconfig did not take {', '.join(told)}{''.join(whys)}",
            "correct the variant's config fragment, or add what a symbol needs to it",
            EXIT_KERNEL,
        )
    return told_of
