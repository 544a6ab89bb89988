# SPDX-License-Identifier: GPL-2.0-only
"""profile.bin.xz: what is whole is read, what is not is refused by name."""

from __future__ import annotations

import lzma
import zlib
from pathlib import Path

import numpy as np
import pytest

from retrap.base.errors import EXIT_RESULTS, RetrapError
from retrap.results import trace

Words = list[int]


def record(kind: int, *words: int) -> Words:
    return [kind, len(words), *words]


def whole(end: tuple[int, int, int] = (1, 0, 0), crc: int | None = None) -> bytes:
    body: Words = [*trace.MAGIC]
    body += record(trace.TRACEE, 7)
    body += record(trace.RUN)
    body += record(trace.BLOCK, 0x81000000, 0xFFFFFFFF, trace.CALL, 5, 0x02010403, 0x1)
    body += record(trace.WINDOW, 0, 3, 5, 0, 0)
    data = np.array(body, dtype="<u4").tobytes()
    crc = zlib.crc32(data) if crc is None else crc
    return data + np.array(record(trace.END, *end, crc), dtype="<u4").tobytes()


def test_a_whole_profile_is_read() -> None:
    found = trace.parse(Path("p"), whole())
    start = 0xFFFFFFFF81000000
    (block,) = found.blocks
    assert block.addresses == (start, start + 3, start + 7, start + 8, start + 10)
    assert (block.end, block.flow) == (start + 11, trace.CALL)
    (run,) = found.runs
    assert run.tracees == {7}
    (window,) = run.windows
    assert (window.vcpu, window.task, window.executed) == (0, 3, 5)
    assert window.words.tolist() == [0]


@pytest.mark.parametrize(
    "data, says",
    [
        (b"", "no whole profile"),
        (whole()[:-4], "ends in its middle"),
        (whole()[:-24], "ends in its middle"),
        (whole() + b"\0\0\0\0", "goes on after its end"),
        (b"\0" * 4 + whole()[4:], "no profile of this version"),
        (whole(crc=1), "checksum differs"),
        (whole((2, 0, 0)), "does not hold its 2 windows"),
        (whole((1, 3, 0)), "3 windows have no two clock reads"),
        (whole((1, 0, 1)), "never closed"),
    ],
)
def test_what_is_not_whole_is_refused(tmp_path: Path, data: bytes, says: str) -> None:
    path = tmp_path / trace.PACKED
    path.write_bytes(lzma.compress(data))
    with pytest.raises(RetrapError, match=says) as caught:
        trace.read(path)
    assert caught.value.exit_code == EXIT_RESULTS and str(path) in caught.value.message


def test_what_is_not_compressed_or_not_there_is_refused(tmp_path: Path) -> None:
    path = tmp_path / trace.PACKED
    with pytest.raises(RetrapError, match="cannot be read"):
        trace.read(path)
    path.write_bytes(whole())
    with pytest.raises(RetrapError, match="no whole .xz file"):
        trace.read(path)


def test_one_that_unpacks_to_too_much_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(trace, "MOST", len(whole()) - 1)
    path = tmp_path / trace.PACKED
    path.write_bytes(lzma.compress(whole()))
    with pytest.raises(RetrapError, match="unpacks to more"):
        trace.read(path)


def test_a_window_of_an_unknown_block_is_refused() -> None:
    data = np.frombuffer(whole(), dtype="<u4").copy()
    data[-7] = 1  # the word of the window
    body = data[:-6].tobytes()
    data[-1] = zlib.crc32(body)
    with pytest.raises(RetrapError, match="a block that is not there"):
        trace.parse(Path("p"), data.tobytes())
