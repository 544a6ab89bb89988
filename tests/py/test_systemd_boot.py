# SPDX-License-Identifier: GPL-2.0-only
"""Entries for systemd-boot, with a stand-in of bootctl that keeps its variable in a
file."""

from __future__ import annotations

from pathlib import Path

import pytest

from retrap.base.errors import RetrapError
from retrap.target.loader import image
from retrap.target.record import Kernel
from retrap.target.systemd_boot import SystemdBoot

MINE = Kernel("mine", "00", "id", ("listen",), ("listen",), {})
BOOTCTL = """\
#!/bin/sh
case $1 in
  is-installed) ;;
  --print-boot-path) echo /boot/efi ;;
  set-oneshot) echo "$2" >"$ONESHOT" ;;
  *) echo "no $1" >&2; exit 1 ;;
esac
"""


@pytest.fixture
def loader(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> SystemdBoot:
    tool = tmp_path / "bin/bootctl"
    tool.parent.mkdir()
    tool.write_text(BOOTCTL)
    tool.chmod(0o755)
    monkeypatch.setenv("PATH", str(tool.parent), prepend=":")
    monkeypatch.setenv("ONESHOT", str(tmp_path / "oneshot"))
    entries = tmp_path / "boot/efi/loader/entries"
    entries.mkdir(parents=True)
    (entries / "debian.conf").write_text("title Debian\n")
    return SystemdBoot(tmp_path)


def test_an_entry_says_its_slot_when_it_is_armed(
    loader: SystemdBoot, tmp_path: Path
) -> None:
    assert loader.present and loader.refusal() == ""
    before = loader.state()
    file = image(loader, "c1", MINE)
    assert file == tmp_path / "boot/efi/retrap/c1/mine/vmlinuz"
    loader.lay("c1", {"mine": file}, ["root=PARTUUID=1", "panic=10"])
    loader.armable("c1", "mine", file)
    entry = tmp_path / "boot/efi/loader/entries/retrap-c1-mine.conf"
    for slot in ("c1:mine:block-1:1", "c1:mine:block-2:1"):
        loader.arm("c1", "mine", slot)
        assert entry.read_text() == (
            "title retrap c1 mine\nlinux /retrap/c1/mine/vmlinuz\n"
            f"options root=PARTUUID=1 panic=10 retrap.slot={slot}\n"
        )
    assert (tmp_path / "oneshot").read_text() == "retrap-c1-mine.conf\n"
    loader.remove("c1", before)
    assert loader.state() == before
    assert (tmp_path / "oneshot").read_text() == "\n"


def test_an_entry_that_is_gone_is_not_armed(loader: SystemdBoot) -> None:
    with pytest.raises(RetrapError, match="the entry is gone"):
        loader.armable("c1", "mine", image(loader, "c1", MINE))


def test_what_bootctl_says_is_told(
    loader: SystemdBoot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "bin/bootctl").write_text(
        BOOTCTL.replace('echo "$2" >"$ONESHOT"', "echo 'no EFI' >&2; exit 1")
    )
    loader.lay("c1", {"mine": image(loader, "c1", MINE)}, [])
    with pytest.raises(RetrapError, match="set-oneshot.*no EFI"):
        loader.arm("c1", "mine", "slot")
