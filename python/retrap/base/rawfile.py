# SPDX-License-Identifier: GPL-2.0-only
"""Single files: JSON read with suspicion, any file written safely."""

from __future__ import annotations

import json
import os
import re
import stat
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from retrap.base import schema
from retrap.base.errors import EXIT_RESULTS, RetrapError
from retrap.base.textgrid import printable

AGAIN = "take it again: delete its boot directory and repeat the command"


def damaged(path: Path, what: str, remedy: str = AGAIN) -> RetrapError:
    """The error for a file whose content cannot be what retrap wrote."""
    return RetrapError(f"{path}: {what}", remedy, EXIT_RESULTS)


def read_plain(path: Path, remedy: str = AGAIN) -> bytes:
    """No link, no directory and no pipe, which never ends. Errors: EXIT_RESULTS."""
    try:
        if path.is_symlink() or not stat.S_ISREG(path.stat().st_mode):
            raise damaged(path, "is no plain file", remedy)
        return path.read_bytes()
    except OSError as error:
        raise damaged(path, f"cannot be read: {error.strerror}", remedy) from None


def read_text(path: Path, remedy: str = AGAIN) -> str:
    """Of a plain file that moves no cursor when it is printed. Errors: EXIT_RESULTS."""
    try:
        text = read_plain(path, remedy).decode("utf-8")
    except UnicodeDecodeError:
        raise damaged(path, "is not UTF-8 text", remedy) from None
    if printable(text) != text:
        raise damaged(path, "has characters that are not printed", remedy)
    return text


def read_json(path: Path, remedy: str = AGAIN) -> dict[str, Any]:
    """A JSON object. Errors: EXIT_RESULTS, naming the file and the line."""
    try:
        value = parse_json(read_plain(path, remedy))
    except json.JSONDecodeError as error:
        what = f"line {error.lineno}: not JSON: {error.msg}"
        raise damaged(path, what, remedy) from None
    except ValueError as error:
        raise damaged(path, f"not JSON: {error}", remedy) from None
    if not isinstance(value, dict):
        raise damaged(path, "not a JSON object", remedy)
    return value


# What may hold a character that is not printed, or a number that is out of range.
_SUSPECT = re.compile(
    rb"\\u(?:00[0189]|20|d[89a-f])|\\[bfr]|[\x7f-\xff]|\d{19}|e[+]?\d{3}|NaN|Inf",
    re.IGNORECASE,
)


def parse_json(data: bytes) -> Any:
    """Errors: ValueError, also where a text moves a cursor or a number is beyond 64
    bits; neither is in what retrap writes."""
    try:
        value = json.loads(data.decode("utf-8"))
        if _SUSPECT.search(data):
            _refuse_strange(value)
    except (UnicodeDecodeError, RecursionError):
        raise ValueError("not UTF-8 text, or nested too deep") from None
    return value


def _refuse_strange(value: Any) -> None:
    """Errors: ValueError, of a text or a number as of parse_json."""
    if isinstance(value, str) and printable(value) != value:
        raise ValueError(f"{value[:60]!r} has characters that are not printed")
    if isinstance(value, (int, float)) and not abs(value) < 1 << 64:
        raise ValueError("a number is out of range")
    if isinstance(value, dict):
        for key in value:
            _refuse_strange(key)
    if isinstance(value, (dict, list)):
        for below in value.values() if isinstance(value, dict) else value:
            _refuse_strange(below)


def read_record(path: Path, name: str, remedy: str = AGAIN) -> dict[str, Any]:
    """A record that is as the schema `name` says. Errors: EXIT_RESULTS, naming the
    file and the field."""
    record, known = read_json(path, remedy), schema.identity(name)
    if (said := record.get("schema")) != known:
        if str(said).partition("/")[0] == str(known).partition("/")[0]:
            remedy = f"read it with the retrap that wrote it; this one knows {known}"
        raise damaged(path, f"schema is {said!r}, not {known}", remedy)
    for problem in schema.problems(name, record):
        raise damaged(path, str(problem), remedy)
    return record


def read_plan(directory: Path) -> dict[str, Any]:
    """plan.json of a result directory. Errors: EXIT_RESULTS."""
    if not (directory / "plan.json").exists():
        remedy = "name a directory that holds plan.json, as below results/"
        if directory.is_file():
            remedy = f"of a pack: ./retrap verify {directory} --unpack DIR"
        raise damaged(directory, "is not a result directory", remedy)
    return read_json(directory / "plan.json")


def atomic_write(
    path: Path, content: bytes | str | Iterator[str], mode: int = 0o644
) -> None:
    """All of it or nothing: temporary file, fsync, rename. Errors: EXIT_RESULTS."""
    parts = [content] if isinstance(content, (bytes, str)) else content
    temporary = None
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        fd, temporary = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
        with os.fdopen(fd, "wb") as file:
            for part in parts:
                file.write(part.encode("utf-8") if isinstance(part, str) else part)
            file.flush()
            os.fchmod(file.fileno(), mode)
            os.fsync(file.fileno())
        os.replace(temporary, path)
        temporary = None
    except OSError as error:
        remedy = "make room or give write permission, then repeat the command"
        raise damaged(path, f"cannot be written: {error.strerror}", remedy) from None
    finally:
        if temporary is not None:
            Path(temporary).unlink(missing_ok=True)


def seal(path: Path) -> None:
    """Make a raw file read-only: raw files never change."""
    os.chmod(path, 0o444)
