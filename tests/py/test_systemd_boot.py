# SPDX-License-Identifier: GPL-2.0-only
"""Entries for systemd-boot, with a stand-in of bootctl that keeps its variable in a
file. The real one runs in the rehearsal."""

from __future__ import annotations

from pathlib import Path

import pytest

from retrap.base.errors import RetrapError
from retrap.target import check
from retrap.target.loader import image
from retrap.target.record import Kernel
from retrap.target.systemd_boot import ONESHOT, SystemdBoot

MINE = Kernel("mine", "00", "id", ("listen",), ("listen",), {})
BOOTCTL = """\
#!/bin/sh
case $1 in
  is-installed) ;;
  --print-boot-path) echo /boot/efi ;;
  set-oneshot)
    rm -f "$ONESHOT"
    [ -z "$2" ] || { printf '\\007\\0\\0\\0'; printf '%s\\0' "$2" |
      iconv -t UTF-16LE; } >"$ONESHOT" ;;
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
    (tmp_path / ONESHOT).parent.mkdir(parents=True)
    monkeypatch.setenv("ONESHOT", str(tmp_path / ONESHOT))
    entries = tmp_path / "boot/efi/loader/entries"
    entries.mkdir(parents=True)
    (entries / "debian.conf").write_text("title Debian\nsort-key debian\n")
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
    assert loader.state()["the one-shot entry"] == "retrap-c1-mine.conf"
    (entry.parent / ".retrap-c1-mine.conf.cut").touch()  # while it was written
    loader.remove("c1", before)
    assert loader.state() == before
    assert not (tmp_path / ONESHOT).exists()


def test_a_one_shot_of_somebody_elses_stays(loader: SystemdBoot) -> None:
    loader._run("set-oneshot", "debian.conf")
    before = loader.state()
    assert before["the one-shot entry"] == "debian.conf"
    loader.remove("c1", before)
    assert loader.state() == before


@pytest.mark.parametrize(
    ("file", "text", "named"),
    [
        ("loader/entries/debian.conf", "title Debian\n", "could take an entry of ours"),
        ("loader/loader.conf", "timeout 3\ndefault debian.conf\n", ""),
        ("loader/loader.conf", "default *\n", "could take an entry of ours"),
        ("loader/loader.conf", "default @saved\n", "could take an entry of ours"),
        ("EFI/Linux/debian.efi", "", ""),
    ],
)
def test_without_a_default_of_its_own_nothing_is_laid(
    loader: SystemdBoot, file: str, text: str, named: str
) -> None:
    partition = loader.kernels.parent
    (partition / "loader/entries/debian.conf").write_text("title Debian\n")
    (partition / file).parent.mkdir(parents=True, exist_ok=True)
    (partition / file).write_text(text)
    assert named in loader.refusal() and bool(named) == bool(loader.refusal())


def test_an_entry_that_is_gone_is_not_armed(loader: SystemdBoot) -> None:
    with pytest.raises(RetrapError, match="the entry is gone"):
        loader.armable("c1", "mine", image(loader, "c1", MINE))


def test_what_bootctl_says_is_told(
    loader: SystemdBoot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "bin/bootctl").write_text(
        BOOTCTL.replace('rm -f "$ONESHOT"', "echo 'no EFI' >&2; exit 1")
    )
    loader.lay("c1", {"mine": image(loader, "c1", MINE)}, [])
    with pytest.raises(RetrapError, match="set-oneshot.*no EFI"):
        loader.arm("c1", "mine", "slot")


def test_room_is_looked_for_where_its_kernels_go(
    loader: SystemdBoot, tmp_path: Path
) -> None:
    (tmp_path / "var/lib").mkdir(parents=True)
    found = check.facts(tmp_path)
    assert found["loader"] == "systemd-boot"
    assert found["boot"] == str(loader.kernels.parent) == f"{tmp_path}/boot/efi"
