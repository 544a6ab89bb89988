# SPDX-License-Identifier: GPL-2.0-only
"""Which kernel is running: its build id, and the variant that it is of."""

from __future__ import annotations

import struct
from pathlib import Path

from retrap.config.variants import load_variants
from retrap.executors.running import build_id, known


def note(kind: int, name: bytes, content: bytes) -> bytes:
    def padded(part: bytes) -> bytes:
        return part + b"\0" * (-len(part) % 4)

    head = struct.pack("<III", len(name), len(content), kind)
    return head + padded(name) + padded(content)


def test_build_id_among_other_notes(tmp_path: Path) -> None:
    file = tmp_path / "notes"
    file.write_bytes(note(6, b"Xen\0", b"linux") + note(3, b"GNU\0", b"\x01\xab\xff"))
    assert build_id(file) == "01abff"
    file.write_bytes(note(6, b"Xen\0", b"linux"))
    assert build_id(file) is None
    assert build_id(tmp_path / "none") is None


def test_a_kernel_of_a_package_is_known_by_its_release() -> None:
    variants = load_variants()
    found = known("00", "6.12.117-retrap-async-retrap", variants)
    assert found is not None and found.name == "async-retrap"
    assert known("00", "6.12.117-retrap-nobody", variants) is None
    assert known(None, "6.12.117-amd64", variants) is None
