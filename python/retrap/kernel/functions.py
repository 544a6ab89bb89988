# SPDX-License-Identifier: GPL-2.0-only
"""The functions of a C file, by name, in the kernel's coding style.

Comments and the width of white space do not count. A function is what stands before a
`{` in the first column, or before one on a line that begins in the first column, and
ends with the `}` in that column. So no compiler is asked, and no config.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

_COMMENT = re.compile(r'"(?:\\.|[^"\\\n])*"|/\*.*?\*/|//[^\n]*', re.S)
_SYSCALL = re.compile(r"(COMPAT_)?SYSCALL_DEFINE\d\(\s*(\w+)")
_MACRO = re.compile(r"([A-Z][A-Z0-9_]*)\(\s*(\w+)")
_DECLARES = re.compile(
    r"#\s*include\b|(?:EXPORT_SYMBOL\w*|[\w *]+[ *]\w+)\([^{}]*\)[\w ()&>-]*;$"
)
_NAME = re.compile(r"(\w+)\s*\(")


@dataclass(frozen=True)
class CFile:
    """`functions`: the text of each, white space folded; of one that is there twice,
    as by an #ifdef, both. `rest`: each thing that is in no function."""

    functions: dict[str, str]
    rest: tuple[str, ...]


def parse(text: str) -> CFile:
    """Of text that is no C whatever it finds: it never fails."""
    functions: dict[str, str] = {}
    rest: list[str] = []
    head: list[str] = []  # lines since the last thing ended
    body: list[str] | None = None
    for line in _bare(text).splitlines():
        if body is not None:
            body.append(line)
            if line.startswith("}"):
                name = _name(" ".join(head))
                kept = functions.get(name, "")
                functions[name] = kept + _folded(head + body)
                head, body = [], None
        elif _begins(line, head):
            head += [] if line.startswith("{") else [line]
            body = [line]
            if "}" in line and line.count("{") == line.count("}"):
                name = _name(" ".join(head))
                functions[name] = functions.get(name, "") + _folded(body)
                head, body = [], None
        elif not line.strip() or line.startswith("#"):
            rest += [_folded(head), _folded([line])]
            head = []
        else:
            head.append(line)
            if line.rstrip().endswith((";", "}")):
                rest.append(_folded(head))
                head = []
    rest.append(_folded([*head, *(body or [])]))
    return CFile(functions, tuple(each for each in rest if each))


@dataclass(frozen=True)
class Changed:
    """`differ`: functions whose text is another, or that are gone, by name; `new`:
    those that were not there. `more`: whether anything outside of functions is another,
    but for what a new function brings with it."""

    differ: tuple[str, ...]
    new: tuple[str, ...] = ()
    more: bool = False


def changed(before: str, after: str) -> Changed:
    a, b = parse(before), parse(after)
    differ = (n for n, text in a.functions.items() if b.functions.get(n) != text)
    new = b.functions.keys() - a.functions.keys()
    more = _making_code(a.rest) != _making_code(b.rest)
    return Changed(tuple(sorted(differ)), tuple(sorted(new)), more)


def _bare(text: str) -> str:
    """Without comments; a string stays, as it may look like one."""

    def blank(found: re.Match[str]) -> str:
        kept = found[0]
        return kept if kept.startswith('"') else "\n" * kept.count("\n") or " "

    joined = text.replace("\\\n", " ")  # a macro is one line
    return _COMMENT.sub(blank, joined)


def _begins(line: str, head: list[str]) -> bool:
    if line.startswith("{"):
        return "(" in " ".join(head)
    whole = " ".join([*head, line])
    # struct x = {, enum {: no parameters before the brace
    return line[:1].strip() not in ("", "#", "}") and bool(
        re.search(r"\)[^;=(){}]*\{", whole) and "{" in line
    )


def _name(head: str) -> str:
    """The kernel's symbol for what a head declares."""
    if found := _SYSCALL.search(head):
        return f"__do_{'compat_' if found[1] else ''}sys_{found[2]}"
    if found := _MACRO.search(head):
        return found[2]
    found = _NAME.search(head)
    return found[1] if found else head.strip()


def _folded(lines: list[str]) -> str:
    return " ".join(" ".join(lines).split())


def _making_code(rest: tuple[str, ...]) -> list[str]:
    """Without includes and declarations of functions, which make none."""
    return [each for each in rest if not _DECLARES.match(each)]
