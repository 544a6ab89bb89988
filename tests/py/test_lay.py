# SPDX-License-Identifier: GPL-2.0-only
"""What is laid on a machine, and taken away. The whole of it runs in the rehearsal."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path

import pytest

from retrap.base.errors import EXIT_MACHINE, EXIT_REFUSED, RetrapError
from retrap.campaign import journal
from retrap.target import lay, record
from retrap.target.grub import Grub
from retrap.target.record import Kernel, Target


@pytest.fixture
def target() -> Target:
    kernel = Kernel("mine", "00", "id", ("listen",), ("listen",), {})
    return Target("c1", {"mine": kernel}, ("panic=10",), 60, 65534)


def test_a_second_campaign_is_refused(
    target: Target, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    unit = tmp_path / "unit"
    unit.write_text(lay.UNIT_TEXT.format(campaign="c0", directory="/var/lib/retrap/c0"))
    monkeypatch.setattr(lay, "UNIT", unit)
    before = unit.read_text()
    with pytest.raises(RetrapError, match="/var/lib/retrap/c0: a campaign") as caught:
        lay.lay(tmp_path / "c1", target, Grub(tmp_path))
    assert caught.value.exit_code == EXIT_REFUSED
    assert unit.read_text() == before


def test_what_ended_and_was_not_taken_away_is_still_laid(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever takes it away may be killed after the unit and before the folder. One
    that was killed before anything was laid begins anew."""
    monkeypatch.setattr(lay, "UNIT", tmp_path / "unit")
    monkeypatch.setattr(lay, "HOME", tmp_path)
    for name in ("ended", "copied"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "target.json").write_text("{}")
        (tmp_path / name / "plan.json").write_text("{}")
        journal.Journal.begin(tmp_path / name)
    story = journal.Journal(tmp_path / "ended")
    story.finish()
    story.close()
    assert lay.laid() == [tmp_path / "ended"]
    other = lay.UNIT_TEXT.format(campaign="c0", directory="/var/lib/retrap/c0")
    (tmp_path / "unit").write_text(other)  # one that was refused is not laid by it
    assert lay.laid() == [tmp_path / "ended"]
    mine = lay.UNIT_TEXT.format(campaign="copied", directory=tmp_path / "copied")
    (tmp_path / "unit").write_text(mine)
    assert lay.laid() == [tmp_path / "copied", tmp_path / "ended"]


def test_without_a_boot_loader_nothing_is_laid(
    target: Target, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lay, "UNIT", tmp_path / "unit")
    with pytest.raises(RetrapError, match="no boot can be armed") as caught:
        lay.lay(tmp_path / "c1", target, Grub(tmp_path))
    assert caught.value.exit_code == EXIT_MACHINE
    assert not (tmp_path / "unit").exists()


BAD = {
    "a campaign": ("campaign", "c1; reboot", "c1; reboot"),
    "a campaign with a folder": ("campaign", "../c1", "../c1"),
    "an option": ("options", ["panic=10 init=/bin/sh"], "panic=10 init=/bin/sh"),
    "an option of GRUB's": ("options", ["${x}"], "${x}"),
}


@pytest.mark.parametrize("what", BAD)
def test_what_could_be_something_else_in_a_boot_entry_is_refused(
    target: Target, tmp_path: Path, what: str
) -> None:
    key, value, named = BAD[what]
    text = {"schema": record.SCHEMA, **asdict(target)}
    (tmp_path / record.FILE).write_text(json.dumps(text))
    assert record.read(tmp_path) == target
    (tmp_path / record.FILE).write_text(json.dumps({**text, key: value}))
    with pytest.raises(RetrapError) as caught:
        record.read(tmp_path)
    assert repr(named) in caught.value.message


@pytest.mark.parametrize("file", ["/boot/vmlinuz-1 init=/bin/sh", "/boot/../x", "/x"])
def test_the_distributions_kernel_has_a_plain_name(
    target: Target, tmp_path: Path, file: str
) -> None:
    text = {"schema": record.SCHEMA, **asdict(target)}
    text["kernels"]["mine"]["file"] = "/boot/vmlinuz-6.1.0-42-amd64"
    (tmp_path / record.FILE).write_text(json.dumps(text))
    assert record.read(tmp_path).kernels["mine"].file.endswith("-amd64")
    text["kernels"]["mine"]["file"] = file
    (tmp_path / record.FILE).write_text(json.dumps(text))
    with pytest.raises(RetrapError, match="cannot stand in a boot entry"):
        record.read(tmp_path)


def test_a_variant_is_a_plain_name(target: Target, tmp_path: Path) -> None:
    text = {"schema": record.SCHEMA, **asdict(target)}
    text["kernels"] = {"../../grub/x": text["kernels"]["mine"]}
    (tmp_path / record.FILE).write_text(json.dumps(text))
    with pytest.raises(RetrapError, match="cannot stand in a boot entry"):
        record.read(tmp_path)


def test_more_kernels_than_there_is_room_for_are_refused(
    target: Target, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lay, "UNIT", tmp_path / "unit")
    monkeypatch.setattr(lay, "root_option", lambda: "root=PARTUUID=1")
    monkeypatch.setattr(Grub, "refusal", lambda loader: "")
    (tmp_path / "boot").mkdir()
    (tmp_path / "c1/kernels").mkdir(parents=True)
    with (tmp_path / "c1/kernels/mine").open("wb") as file:
        file.truncate(1 << 43)  # it has holes only
    with pytest.raises(RetrapError, match="the kernels take 8388608") as caught:
        lay.lay(tmp_path / "c1", target, Grub(tmp_path))
    assert caught.value.exit_code == EXIT_MACHINE
    assert not (tmp_path / "boot/retrap").exists()


def test_what_was_saved_of_the_users_is_read_again(
    target: Target, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In any character: it is a file of the user's, a character a byte."""
    told: list[dict[str, str | None]] = []
    for name in ("UNIT", "WANTS", "WATCHDOG"):
        monkeypatch.setattr(lay, name, tmp_path / "etc" / name)
    monkeypatch.setattr(lay, "_systemctl", lambda *words: None)
    monkeypatch.setattr(Grub, "remove", lambda self, name, saved: told.append(saved))
    monkeypatch.setattr(Grub, "state", lambda self: {"custom.cfg": own})
    own = "# Stra\xc3\x9fe\r\n"
    (tmp_path / "boot").mkdir()
    (tmp_path / lay.SAVED).write_text(json.dumps({"custom.cfg": own}))
    assert lay.restore(tmp_path, target, Grub(tmp_path)) == []
    assert told == [{"custom.cfg": own}]
