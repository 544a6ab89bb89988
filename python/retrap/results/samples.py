# SPDX-License-Identifier: GPL-2.0-only
"""The samples of one .npy, read with suspicion (docs/data-format.md)."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt

from retrap.base.rawfile import damaged

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
