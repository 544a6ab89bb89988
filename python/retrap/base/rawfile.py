# SPDX-License-Identifier: GPL-2.0-only
"""Single files: JSON read with suspicion, any file written safely."""

from __future__ import annotations

import json
import os
import tempfile
from pathlib import Path
from typing import Any

from retrap.base.errors import EXIT_RESULTS, RetrapError

AGAIN = "take it again: delete its boot directory and repeat the command"


def damaged(path: Path, what: str, remedy: str = AGAIN) -> RetrapError:
    """The error for a file whose content cannot be what retrap wrote."""
    return RetrapError(f"{path}: {what}", remedy, EXIT_RESULTS)


def read_json(path: Path) -> dict[str, Any]:
    """A JSON object. Errors: EXIT_RESULTS, naming the file and the line."""
    try:
        value = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise damaged(path, f"cannot be read: {error.strerror}") from None
    except json.JSONDecodeError as error:
        raise damaged(path, f"line {error.lineno}: not JSON: {error.msg}") from None
    except (UnicodeDecodeError, RecursionError):
        raise damaged(path, "not JSON: not UTF-8 text, or nested too deep") from None
    if not isinstance(value, dict):
        raise damaged(path, "not a JSON object")
    return value


def read_record(path: Path, schema: str, maker: str) -> dict[str, Any]:
    """A JSON object of that schema, which `maker` writes. Errors: EXIT_RESULTS."""
    hint = f"name a directory that `{maker}` has filled"
    if not path.is_file():
        raise RetrapError(f"{path}: there is no such file", hint, EXIT_RESULTS)
    record = read_json(path)
    if record.get("schema") != schema:
        raise RetrapError(f"{path}: schema is not {schema}", hint, EXIT_RESULTS)
    return record


def read_plan(directory: Path) -> dict[str, Any]:
    """plan.json of a result directory. Errors: EXIT_RESULTS."""
    if not (directory / "plan.json").is_file():
        remedy = "name a directory that holds plan.json, as below results/"
        raise damaged(directory, "is not a result directory", remedy)
    return read_json(directory / "plan.json")


def check_fields(
    path: Path, record: dict[str, Any], fields: dict[str, tuple[type, ...]]
) -> None:
    """Every field is there and of one of its types."""
    for name, kinds in fields.items():
        if name not in record:
            raise damaged(path, f"has no field {name!r}")
        value = record[name]
        if not isinstance(value, kinds) or (value is True and bool not in kinds):
            wanted = " or ".join(kind.__name__ for kind in kinds)
            raise damaged(path, f"{name!r} is {value!r}, not {wanted}")


def atomic_write(path: Path, content: bytes | str, mode: int = 0o644) -> None:
    """All of it or nothing: temporary file, fsync, rename. Errors: EXIT_RESULTS."""
    data = content.encode("utf-8") if isinstance(content, str) else content
    temporary = None
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        fd, temporary = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
        with os.fdopen(fd, "wb") as file:
            file.write(data)
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
