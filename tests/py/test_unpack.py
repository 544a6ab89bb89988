# SPDX-License-Identifier: GPL-2.0-only
"""Hostile packs: each is refused, the member is named, and nothing of it is written."""

from __future__ import annotations

import hashlib
import io
import json
import lzma
import re
import tarfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from retrap.base.errors import EXIT_RESULTS, RetrapError
from retrap.cli.parser import parse
from retrap.results import pack, unpack

PLAN = b'{"schema": "retrap.plan/1"}'
HUGE = {"sha256": "0" * 64, "bytes": 9 << 30}
Member = tuple[tarfile.TarInfo, bytes]


def member(name: str, data: bytes = PLAN, **more: Any) -> Member:
    found = tarfile.TarInfo(name)
    found.size = len(data)
    for key, value in more.items():
        setattr(found, key, value)
    return found, data


def listed(**files: Any) -> Member:
    """pack.json that says what is given, and plan.json as it is."""
    good = {"sha256": hashlib.sha256(PLAN).hexdigest(), "bytes": len(PLAN)}
    record = {"schema": "retrap.pack/1", "retrap": "x", "left_out": []}
    text = json.dumps({**record, "files": {"plan.json": good, **files}})
    return member(pack.LIST, text.encode())


def archive(*members: Member) -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=tarfile.PAX_FORMAT) as file:
        for head, data in members:
            file.addfile(head, io.BytesIO(data))
    return out.getvalue()


def whole(*members: Member) -> bytes:
    return archive(listed(), member("plan.json"), *members)


def long_header() -> bytes:
    """A PAX header of a GiB, as its size says, in front of a file."""
    head = member("x", b"")[0]
    head.type, head.size = tarfile.XHDTYPE, 1 << 30
    return head.tobuf() + bytes(1 << 20)


def chained() -> bytes:
    head = member("x", b"")[0]
    head.type, head.size = tarfile.XHDTYPE, 0
    return head.tobuf() * 5000


def named(kind: bytes, to: str = "/etc/passwd") -> bytes:
    return whole(member("raw/a/b/c", b"", type=kind, linkname=to))


BAD: dict[str, tuple[Callable[[], bytes], str]] = {
    "absolute": (lambda: whole(member("/etc/x")), "'/etc/x' is no name of a file"),
    "outside": (lambda: whole(member("../x")), "'../x' is no name of a file"),
    "within": (lambda: whole(member("raw/a/../c")), "'raw/a/../c' is no name of"),
    "upward": (lambda: whole(member("raw/../../x")), "is no name of a file"),
    "deep": (lambda: whole(member("raw/a/b/c/d")), "is no name of a file"),
    "dot": (lambda: whole(member("./plan.json")), "is no name of a file"),
    "newline": (lambda: whole(member("raw/a/b/c\n")), r"'raw/a/b/c\\n' is no name"),
    "escape": (lambda: whole(member("raw/a/b/\x1b[2J")), r"\\x1b.*is no name"),
    "other": (lambda: whole(member("retrap")), "'retrap' is no name of a file"),
    "link": (lambda: named(tarfile.SYMTYPE), "'raw/a/b/c' is a link and no file"),
    "hard link": (lambda: named(tarfile.LNKTYPE), "is a link and no file"),
    "directory": (lambda: named(tarfile.DIRTYPE), "is a directory and no file"),
    "device": (lambda: named(tarfile.CHRTYPE), "is a device and no file"),
    "pipe": (lambda: named(tarfile.FIFOTYPE), "is a device and no file"),
    "unknown": (lambda: named(b"Q"), "'raw/a/b/c' is a strange thing and no file"),
    "not listed": (lambda: whole(member("raw/a/b/c")), "is not in pack.json"),
    "twice": (lambda: whole(member("plan.json")), "'plan.json' is there twice"),
    "missing": (lambda: archive(listed()), "'plan.json' is missing"),
    "another": (
        lambda: archive(listed(), member("plan.json", PLAN.upper())),
        "'plan.json' is not what pack.json says: its hash differs",
    ),
    "no list": (lambda: archive(member("plan.json")), "'plan.json' is first, and not"),
    "bad list": (lambda: archive(member(pack.LIST, b"[[[")), "'pack.json' is not JSON"),
    "deep list": (lambda: archive(member(pack.LIST, b"[" * 9**6)), "is not JSON"),
    "odd list": (lambda: archive(member(pack.LIST, b"{}")), "'pack.json'.*missing"),
    "says too much": (
        lambda: archive(listed(**{"raw/a/b/c": HUGE})),
        "'pack.json' says 2 files, 9216 MiB: too much",
    ),
    "extended": (
        lambda: whole(member("raw/a/b/c", pax_headers={"comment": "x" * 99})),
        "'raw/a/b/c' has extended headers",
    ),
    "long header": (long_header, "header that asks for too much"),
    "headers without end": (chained, "is no pack"),
    "cut": (lambda: whole()[:1600], "is cut short"),
    "empty": (lambda: archive(), "is an empty archive"),
    "noise": (lambda: b"noise" * 999, "is no pack"),
}  # fmt: skip


def refused(path: Path, into: Path) -> str:
    into.mkdir()
    with pytest.raises(RetrapError) as caught:
        unpack.unpack(path, into)
    assert caught.value.exit_code == EXIT_RESULTS and caught.value.remedy
    assert str(path) in caught.value.message
    return caught.value.message


@pytest.mark.parametrize("name", BAD)
def test_a_hostile_pack_is_refused(tmp_path: Path, name: str) -> None:
    make, said = BAD[name]
    path = tmp_path / "x.pack"
    path.write_bytes(lzma.compress(make()))
    message = refused(path, tmp_path / "into")
    assert re.search(said, message), message
    there = {str(p.relative_to(tmp_path)) for p in tmp_path.rglob("*")}
    assert there <= {"x.pack", "into", "into/plan.json"}


def test_one_that_is_good_passes(tmp_path: Path) -> None:
    path = tmp_path / "x.pack"
    path.write_bytes(lzma.compress(whole()))
    (tmp_path / "into").mkdir()
    assert list(unpack.unpack(path, tmp_path / "into")["files"]) == ["plan.json"]
    assert (tmp_path / "into/plan.json").read_bytes() == PLAN


def test_a_file_that_is_not_compressed_so(tmp_path: Path) -> None:
    path = tmp_path / "x.pack"
    for number, data in enumerate((b"", whole(), b"\xfd7zXZ\0" + b"\0" * 99)):
        path.write_bytes(data)
        refused(path, tmp_path / f"into{number}")
    assert "No such file" in refused(tmp_path / "nowhere", tmp_path / "n")


def test_a_bomb_ends_at_the_size_of_a_member(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """40 kB that unpack to 256 MiB: the head is enough to refuse it."""
    head, _ = member("raw/a/b/c", b"")
    head.size = unpack.MEMBER + 1
    packer = lzma.LZMACompressor()
    with (tmp_path / "x.pack").open("wb") as file:
        body = archive(listed(), member("plan.json")).rstrip(b"\0")
        body += b"\0" * (-len(body) % 512)
        file.write(packer.compress(body + head.tobuf()))
        for _ in range(64):
            file.write(packer.compress(bytes(4 << 20)))
        file.write(packer.flush())
    message = refused(tmp_path / "x.pack", tmp_path / "into")
    assert "'raw/a/b/c' is larger than 256 MiB" in message


def test_the_command_leaves_nothing_behind(tmp_path: Path) -> None:
    path = tmp_path / "x.pack"
    path.write_bytes(lzma.compress(whole()))
    args = parse(["verify", str(path), "--unpack", str(tmp_path / "into")])
    with pytest.raises(RetrapError):
        args.run(args)  # its plan says nothing
    assert [p.name for p in tmp_path.iterdir()] == ["x.pack"]
