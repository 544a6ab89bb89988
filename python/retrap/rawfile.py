# SPDX-License-Identifier: GPL-2.0-only
"""Single files: JSON and .npy read with suspicion, any file written safely."""

from __future__ import annotations

import json
import os
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from retrap.errors import EXIT_RESULTS, RetrapError

SAMPLE = np.dtype(
    [
        ("t_trigger_ns", "<u8"),
        ("t_return_ns", "<u8"),
        ("wait_status", "<i4"),
        ("outcome", "<u2"),
        ("cpu", "<u2"),
    ]
)
OUTCOMES = (
    "ok",
    "not the expected stop",
    "start state not reached",
    "a system call failed",
    "deadline",
)
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


def read_samples(path: Path) -> npt.NDArray[np.void]:
    """The samples of one .npy. Errors: EXIT_RESULTS, naming the file."""
    try:
        with open(path, "rb") as file:
            array = np.load(file, allow_pickle=False)
            rest = len(file.read())
    except OSError as error:
        reason = error.strerror or "not an .npy file"
        raise damaged(path, f"cannot be read: {reason}") from None
    except Exception as error:  # numpy raises many kinds on a damaged header
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise damaged(path, f"not a whole .npy file: {reason}") from None
    if rest:
        raise damaged(path, f"has {rest} bytes after the samples")
    if not isinstance(array, np.ndarray) or array.dtype != SAMPLE or array.ndim != 1:
        raise damaged(path, "does not hold retrap samples (wrong dtype or shape)")
    if array.size and int(array["outcome"].max()) >= len(OUTCOMES):
        raise damaged(path, f"outcome {int(array['outcome'].max())} does not exist")
    ok = array["outcome"] == 0
    backwards = ok & (array["t_return_ns"] < array["t_trigger_ns"])
    never = ok & (array["t_return_ns"] == np.iinfo(np.uint64).max)
    if bad := int((backwards | never).sum()):
        raise damaged(path, f"{bad} samples marked ok never returned")
    return array


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
