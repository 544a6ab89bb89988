# SPDX-License-Identifier: GPL-2.0-only
"""The samples of one .npy, read with suspicion (docs/data-format.md)."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from retrap.base.rawfile import damaged

# How every sample begins, whatever readings follow: `t_<stage>_ns`, `n_<tally>`.
SAMPLE = np.dtype(
    [
        ("t_trigger_ns", "<u8"),
        ("t_return_ns", "<u8"),
        ("wait_status", "<i4"),
        ("outcome", "<u2"),
        ("cpu", "<u2"),
    ]
)


@dataclass(frozen=True)
class Layout:
    """What a run.json declares of its samples: their dtype, and what the numbers in
    `outcome` mean."""

    dtype: np.dtype[np.void]
    outcomes: tuple[str, ...]


# Of records of before they declared it.
UNDECLARED = Layout(
    SAMPLE,
    (
        "ok",
        "not the expected stop",
        "start state not reached",
        "a system call failed",
        "deadline",
    ),
)


def layout(path: Path, run: dict[str, Any]) -> Layout:
    """Of the run.json `path`. Errors: EXIT_RESULTS, naming it."""
    declared = run.get("sample")
    if declared is None:
        return UNDECLARED
    try:
        dtype = np.dtype([(str(name), str(kind)) for name, kind in declared["dtype"]])
        outcomes = tuple(map(str, declared["outcomes"]))
    except (KeyError, TypeError, ValueError) as error:
        raise damaged(path, f"field 'sample' declares no samples: {error}") from None
    if dtype.descr[: len(SAMPLE.descr)] != SAMPLE.descr or outcomes[:1] != ("ok",):
        raise damaged(path, "field 'sample' declares samples of another kind")
    return Layout(dtype, outcomes)


def stage_of(field: str) -> str | None:
    """The stage that a field is the stamp of, `notified` of `t_notified_ns`."""
    if field in (SAMPLE.names or ()) or not field.startswith("t_"):
        return None
    return field[len("t_") :].removesuffix("_ns")


def tally_of(field: str) -> str | None:
    """What a field counts, `early` of `n_early`."""
    return field[len("n_") :] if field.startswith("n_") else None


def read_samples(path: Path, expected: Layout = UNDECLARED) -> npt.NDArray[np.void]:
    """The samples of one .npy. Errors: EXIT_RESULTS, naming the file."""
    try:
        with open(path, "rb") as file:
            array: npt.NDArray[np.void] = np.load(file, allow_pickle=False)
            rest = len(file.read())
    except OSError as error:
        reason = error.strerror or "not an .npy file"
        raise damaged(path, f"cannot be read: {reason}") from None
    except Exception as error:  # numpy raises many kinds on a damaged header
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise damaged(path, f"not a whole .npy file: {reason}") from None
    if rest:
        raise damaged(path, f"has {rest} bytes after the samples")
    is_list = isinstance(array, np.ndarray) and array.ndim == 1
    if not is_list or array.dtype != expected.dtype:
        raise damaged(path, "does not hold retrap samples (wrong dtype or shape)")
    if array.size and int(array["outcome"].max()) >= len(expected.outcomes):
        raise damaged(path, f"outcome {int(array['outcome'].max())} does not exist")
    ok = array["outcome"] == 0
    backwards = ok & (array["t_return_ns"] < array["t_trigger_ns"])
    spans = array["t_return_ns"] - array["t_trigger_ns"]
    never = ok & (spans > np.iinfo(np.int64).max)
    if bad := int((backwards | never).sum()):
        raise damaged(path, f"{bad} samples marked ok never returned")
    return array
