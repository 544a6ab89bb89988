# SPDX-License-Identifier: GPL-2.0-only
"""profile.bin.xz: what exact/profile/recorder.h writes (docs/data-format.md)."""

from __future__ import annotations

import lzma
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import accumulate
from pathlib import Path

import numpy as np
import numpy.typing as npt

from retrap.base.rawfile import damaged, read_plain

RAW, PACKED = "profile.bin", "profile.bin.xz"
MOST = 1 << 30  # bytes of a profile
MEMORY = 256 << 20  # of the decompressor
NOT_WHOLE = "is no whole .xz file"
MAGIC = (0x52544552, 0x50415250, 0x49464F52, 1)
BLOCK, RUN, TRACEE, WINDOW, END = 1, 2, 3, 4, 5

# Flow of control of a block's last instruction (exact/profile/instruction.h).
NEXT, JUMP, CALL, RETURN, TO_KERNEL, TO_USER, HALT = range(7)

# Words of a window that are no block: what they say, and their payload.
ESCAPE, PARTIAL, VCPU, TASK = 0x80000000, 0x80000000, 0xA0000000, 0xC0000000
KIND, PAYLOAD = 0xE0000000, 0x1FFFFFFF

Addresses = tuple[int, ...]
Words = npt.NDArray[np.uint32]


@dataclass(frozen=True)
class Block:
    """Straight code: where each instruction is, and where the next would be."""

    addresses: Addresses
    end: int
    flow: int


@dataclass(frozen=True)
class Window:
    """What ran between two clock reads of `task` on `vcpu`, in order.

    `executed`: instructions begun in it, on all vCPUs.
    """

    vcpu: int
    task: int
    executed: int
    words: Words


@dataclass
class Run:
    """One retrap-bench: its windows, and the tasks that said they are its
    tracee."""

    tracees: frozenset[int]
    windows: list[Window] = field(default_factory=list)


@dataclass(frozen=True)
class Trace:
    blocks: tuple[Block, ...]
    runs: tuple[Run, ...]


def ran(blocks: tuple[Block, ...], window: Window) -> Iterator[tuple[int, Addresses]]:
    """Each block that runs in a window, by its number, and its instructions that are
    begun there."""
    words = window.words.tolist()
    for word, after in zip(words, [*words[1:], 0], strict=True):
        if word < ESCAPE:
            begun = after & PAYLOAD if after & KIND == PARTIAL else None
            yield word, blocks[word].addresses[:begun]


def read(path: Path) -> Trace:
    """Errors: EXIT_RESULTS, for a file that is not whole or has a window whose
    markers do not pair."""
    unpacker = lzma.LZMADecompressor(lzma.FORMAT_XZ, memlimit=MEMORY)
    try:
        data = unpacker.decompress(read_plain(path), MOST)
    except lzma.LZMAError:
        raise damaged(path, NOT_WHOLE) from None
    if not unpacker.eof or unpacker.unused_data:
        what = f"unpacks to more than {MOST} bytes" if len(data) == MOST else NOT_WHOLE
        raise damaged(path, what)
    return parse(path, data)


def pack(source: Path, target: Path) -> None:
    """Compressed: windows of one class are the same words again and again."""
    target.write_bytes(lzma.compress(source.read_bytes(), preset=1))


def parse(path: Path, data: bytes) -> Trace:
    if len(data) % 4 or len(data) < 16:
        raise damaged(path, f"{len(data)} bytes are no whole profile")
    words = np.frombuffer(data, dtype="<u4")
    if tuple(words[:4]) != MAGIC:
        raise damaged(path, "is no profile of this version")
    return _Parser(path, words).run()


class _Parser:
    def __init__(self, path: Path, words: Words) -> None:
        self.path, self.words = path, words
        self.blocks: list[Block] = []
        self.runs: list[Run] = []
        self.tracees: set[int] = set()

    def run(self) -> Trace:
        at, total = len(MAGIC), len(self.words)
        while at + 2 <= total:
            kind, length = int(self.words[at]), int(self.words[at + 1])
            body = self.words[at + 2 : at + 2 + length]
            if len(body) != length:
                break
            if kind == END:
                if length != 4 or at + 2 + length != total:
                    raise damaged(self.path, "goes on after its end")
                self._check_end(body, at)
                return Trace(tuple(self.blocks), tuple(self.runs))
            self._record(kind, body)
            at += 2 + length
        raise damaged(self.path, "ends in its middle: QEMU was killed, or no room")

    def _record(self, kind: int, body: Words) -> None:
        if kind == BLOCK and len(body) >= 4:
            self.blocks.append(self._block(body))
        elif kind == RUN and len(body) == 0:
            self.runs.append(Run(frozenset(self.tracees)))
            self.tracees = set()
        elif kind == TRACEE and len(body) == 1:
            self.tracees.add(int(body[0]))
        elif kind == WINDOW and len(body) >= 4:
            self._window(body)
        else:
            raise damaged(self.path, f"has a record of kind {kind}, {len(body)} words")

    def _block(self, body: Words) -> Block:
        low, high, flow, count = (int(word) for word in body[:4])
        sizes = body[4:].tobytes()[:count]
        if len(sizes) != count or flow > HALT:
            raise damaged(self.path, f"block {len(self.blocks)} is not whole")
        ends = list(accumulate(sizes, initial=low | high << 32))
        return Block(tuple(ends[:-1]), ends[-1], flow)

    def _window(self, body: Words) -> None:
        vcpu, task, low, high = (int(word) for word in body[:4])
        if not self.runs:
            raise damaged(self.path, "has a window that is of no run")
        words = body[4:]
        named = words[words < ESCAPE]
        if named.size and int(named.max()) >= len(self.blocks):
            raise damaged(self.path, "a window names a block that is not there")
        self.runs[-1].windows.append(Window(vcpu, task, low | high << 32, words))

    def _check_end(self, body: Words, at: int) -> None:
        windows, unbalanced, left_open, crc = (int(word) for word in body)
        if zlib.crc32(self.words[:at].tobytes()) != crc:
            raise damaged(self.path, "damaged: its checksum differs")
        if windows != sum(len(run.windows) for run in self.runs):
            raise damaged(self.path, f"does not hold its {windows} windows")
        if unbalanced:
            raise damaged(self.path, f"{unbalanced} windows have no two clock reads")
        if left_open:
            raise damaged(self.path, "the last window never closed")
