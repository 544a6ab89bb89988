# SPDX-License-Identifier: GPL-2.0-only
"""How many instructions each function has in each window, without who called it.

A hundred times as fast as the trees of calls. An instruction that faults is begun
again, and counts twice here.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from scipy.sparse import csr_matrix

from retrap.profile.symbols import Function, Symbols
from retrap.results.trace import ESCAPE, KIND, PARTIAL, PAYLOAD, Block, Window

Counts = npt.NDArray[np.int64]


class Counter:
    """Counts in the windows of one trace."""

    def __init__(self, blocks: Sequence[Block], symbols: Symbols) -> None:
        number: dict[Function, int] = {}
        self._of: list[list[int]] = [
            [
                number.setdefault(symbols.of(address)[0], len(number))
                for address in block.addresses
            ]
            for block in blocks
        ]
        self.functions = list(number)
        rows = [row for row, each in enumerate(self._of) for _ in each]
        columns = [column for each in self._of for column in each]
        ones, shape = np.ones(len(rows), np.int64), (len(blocks), len(number))
        self._blocks = csr_matrix((ones, (rows, columns)), shape)

    def count(self, windows: Sequence[Window]) -> Counts:
        """A row a window, a column a function."""
        whole = np.zeros((len(windows), len(self._of)), np.int64)
        for row, window in zip(whole, windows, strict=True):
            named = window.words[window.words < ESCAPE]
            row[:] = np.bincount(named, minlength=len(row))
        found = np.asarray(whole @ self._blocks)
        for row, window in zip(found, windows, strict=True):
            for at in np.flatnonzero(window.words & KIND == PARTIAL):
                begun = int(window.words[at]) & PAYLOAD
                for column in self._of[window.words[at - 1]][begun:]:
                    row[column] -= 1
        return found
