# SPDX-License-Identifier: GPL-2.0-only
"""Entries in GRUB's menu, with stand-ins of its tools that keep a plain text file. The
tools themselves run in the rehearsal."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from retrap.base.errors import EXIT_MACHINE, RetrapError
from retrap.target.grub import Grub

TOOLS = {
    "editenv": """\
file=$1 command=$2
shift 2
case $command in
  list) cat "$file" ;;
  set) grep -v "^${1%%=*}=" "$file" >"$file.new"; echo "$1" >>"$file.new"
    mv "$file.new" "$file" ;;
  unset) grep -v "^$1=" "$file" >"$file.new"; mv "$file.new" "$file" ;;
esac
""",
    "reboot": 'grub-editenv "$GRUBENV" set "next_entry=$1"\n',
    "mkrelpath": 'echo "${1#*/boot}"\n',
    "probe": """\
case $1 in
  --target=fs_uuid) echo 1234-abcd ;;
  --target=fs) echo ext2 ;;
esac
""",
}
Tool = Callable[[str, str], None]


@pytest.fixture
def tool(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Tool:
    place = tmp_path / "bin"
    place.mkdir()
    monkeypatch.setenv("PATH", str(place), prepend=":")

    def put(name: str, text: str) -> None:
        file = place / f"grub-{name}"
        file.write_text(f"#!/bin/sh\n{text}")
        file.chmod(0o755)

    for name, text in TOOLS.items():
        put(name, text)
    return put


@pytest.fixture
def grub(tool: Tool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Grub:
    place = tmp_path / "boot/grub"
    place.mkdir(parents=True)
    (place / "grub.cfg").write_text("if next_entry\nsource custom.cfg\n")
    (place / "grubenv").write_text("")
    monkeypatch.setenv("GRUBENV", str(place / "grubenv"))
    return Grub(tmp_path)


def kernel(tmp_path: Path, variant: str) -> Path:
    return tmp_path / f"boot/retrap/c1/{variant}/vmlinuz"


def lay(grub: Grub, tmp_path: Path) -> str:
    kernels = {name: kernel(tmp_path, name) for name in ("mainline", "mine")}
    grub.lay("c1", kernels, ["root=PARTUUID=1", "panic=10"])
    return (tmp_path / "boot/grub/custom.cfg").read_text(errors="replace")


def test_an_entry_a_kernel_with_its_slot(grub: Grub, tmp_path: Path) -> None:
    assert grub.refusal() == ""
    text = lay(grub, tmp_path)
    assert "menuentry 'retrap-c1-mine' --id retrap-c1-mine --unrestricted {" in text
    assert "--fs-uuid --set=root 1234-abcd" in text
    words = "root=PARTUUID=1 panic=10 retrap.slot=${retrap_slot}"
    assert f"  linux /retrap/c1/mine/vmlinuz {words}\n" in text
    assert lay(grub, tmp_path) == text  # again is the same


@pytest.mark.parametrize("name", ["initrd.img-6.1.0-9", "initramfs-6.1.0-9.img", ""])
def test_the_distributions_kernel_is_booted_where_it_lies_with_its_initrd(
    grub: Grub, tmp_path: Path, name: str
) -> None:
    file = tmp_path / "boot/vmlinuz-6.1.0-9"
    file.write_text("kernel")
    if name:
        (tmp_path / "boot" / name).write_text("initrd")
    grub.lay("c1", {"host": file}, ["panic=10"])
    text = (tmp_path / "boot/grub/custom.cfg").read_text()
    entry = text[text.index("menuentry") : text.index("\n}\n")]
    assert "  linux /vmlinuz-6.1.0-9 panic=10 " in entry
    assert [line for line in entry.splitlines() if "initrd" in line.split()] == (
        [f"  initrd /{name}"] if name else []
    )


@pytest.mark.parametrize(
    ("system", "below"), [("btrfs", ""), ("ext2", "lvm"), ("ext2", "mdraid1x")]
)
def test_a_loader_that_cannot_take_the_armed_entry_away_is_refused(
    grub: Grub, tool: Tool, system: str, below: str
) -> None:
    """GRUB boots it for ever: it writes no grubenv on btrfs, LVM or RAID."""
    tool("probe", f"case $1 in *=fs) echo {system} ;; *) echo {below} ;; esac\n")
    assert re.search(f"GRUB cannot write .*/grubenv, on {system}", grub.refusal())
    tool("probe", "echo it is broken >&2; exit 1\n")
    assert "it is broken" in grub.refusal()


@pytest.mark.parametrize(
    "own",
    [None, b"", b"menuentry 'mine' {\n}\n", b"# no newline", "# Straße\r\n".encode()]
    + [b"# Stra\xdfe\n"],
)
def test_what_was_there_is_there_again(
    grub: Grub, tmp_path: Path, own: bytes | None
) -> None:
    file, environment = (tmp_path / "boot/grub" / n for n in ("custom.cfg", "grubenv"))
    if own is not None:
        file.write_bytes(own)
        file.chmod(0o600)  # it may hold a password
    environment.write_text("saved_entry=1\n")
    lay(grub, tmp_path)
    grub.arm("c1", "mine", "c1:mine:block-1:1")
    assert "next_entry=retrap-c1-mine\n" in environment.read_text()
    assert "retrap_slot=c1:mine:block-1:1\n" in environment.read_text()
    booted = environment.read_text().replace("next_entry=retrap-c1-mine", "next_entry=")
    environment.write_text(booted)
    grub.remove("c1", {"grubenv": "saved_entry=1\n"})
    assert environment.read_text() == "saved_entry=1\n"
    assert (file.read_bytes() if file.exists() else None) == own
    assert own is None or file.stat().st_mode & 0o777 == 0o600


def test_a_next_entry_of_somebody_elses_stays(grub: Grub, tmp_path: Path) -> None:
    environment = tmp_path / "boot/grub/grubenv"
    environment.write_text("next_entry=theirs\n")
    lay(grub, tmp_path)
    grub.remove("c1", {"grubenv": ""})
    assert environment.read_text() == "next_entry=theirs\n"


def test_an_environment_that_keeps_nothing_is_seen(
    grub: Grub, tool: Tool, tmp_path: Path
) -> None:
    """As on LVM or RAID, where GRUB's tool may say nothing of it."""
    lay(grub, tmp_path)
    tool("editenv", "true\n")
    with pytest.raises(RetrapError, match="does not keep next_entry=.*retrap_slot"):
        grub.arm("c1", "mine", "c1:mine:block-1:1")


def test_a_tool_that_fails_is_named_with_its_reason(
    grub: Grub, tool: Tool, tmp_path: Path
) -> None:
    lay(grub, tmp_path)
    tool("reboot", "echo 'sparse file not allowed' >&2; exit 1\n")
    with pytest.raises(RetrapError, match="grub-reboot.*sparse file") as caught:
        grub.arm("c1", "mine", "slot")
    assert caught.value.exit_code == EXIT_MACHINE


def test_an_entry_that_is_gone_is_not_armed(grub: Grub, tmp_path: Path) -> None:
    lay(grub, tmp_path)
    grub.armable("c1", "mine", kernel(tmp_path, "mine"))
    (tmp_path / "boot/grub/custom.cfg").write_text("")
    with pytest.raises(RetrapError, match="the entry retrap-c1-mine is gone"):
        grub.armable("c1", "mine", kernel(tmp_path, "mine"))


@pytest.mark.parametrize(
    ("name", "text", "why"),
    [
        ("grub.cfg", "next_entry", "does not source custom.cfg"),
        ("grub.cfg", "custom.cfg", "does not know next_entry"),
        ("grubenv", None, "grubenv is missing"),
        ("grub.cfg", None, "no grub.cfg"),
    ],
)
def test_why_nothing_can_be_armed(
    grub: Grub, tmp_path: Path, name: str, text: str | None, why: str
) -> None:
    file = tmp_path / "boot/grub" / name
    file.unlink() if text is None else file.write_text(text)
    assert why in grub.refusal()
