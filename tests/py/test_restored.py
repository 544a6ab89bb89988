# SPDX-License-Identifier: GPL-2.0-only
"""A machine that was put back: what is not as it was stays with its results."""

from __future__ import annotations

import json
from pathlib import Path
from typing import cast

import pytest

from retrap.base import schema
from retrap.base.progress import Progress
from retrap.campaign.journal import Journal
from retrap.cli import follow
from retrap.fleet import site
from retrap.target import check


class Restored:
    """Its campaign is over; it is asked for nothing once it is put back."""

    machines = ("box1",)
    silence: dict[str, str] = {}

    def __init__(self, differences: list[str]) -> None:
        self.differences, self.asked = differences, [""]

    def status(self, campaign: str, machines: object) -> site.Answers:
        self.asked.append("status")
        told = {"finished": True, "aborted": False, "slot": None, "jobs": []}
        return {"box1": {**told, "stopped": None}}

    def fetch(self, campaign: str, into: object) -> None:
        self.asked.append("fetch")

    def restore(self, campaign: str, machine: str) -> list[str]:
        self.asked.append("restore")
        return [f"retrap: {each}" for each in self.differences]

    def abort(self, campaign: str, machine: str) -> None:
        self.asked.append("abort")


@pytest.mark.parametrize(
    ("differences", "told"),
    [
        (["grub: grubenv is not as it was"], "not all is as it was:"),
        ([], "all that is compared is as it was"),
    ],
)
def test_what_is_not_as_it_was_stays_with_the_results(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    differences: list[str],
    told: str,
) -> None:
    directory = tmp_path / "quick@box1/20261128-093000"
    directory.mkdir(parents=True)
    (directory / "plan.json").write_text("{}")
    Journal.begin(directory)
    machines = Restored(differences)
    monkeypatch.setattr(follow, "site", lambda _: machines)
    monkeypatch.setattr(follow, "verify_campaign", lambda _: None)
    monkeypatch.setattr(follow.matrix, "report", lambda *_: None)
    monkeypatch.setattr(follow.matrix, "show", lambda *_: None)
    word = follow.remember(directory, "here", "box1", directory, check.facts())
    assert follow.restored(directory) is None
    with Progress() as progress:
        follow.follow({"box1": directory}, cast(site.Site, machines), word, progress)
    assert machines.asked == ["", "status", "fetch", "restore"]
    record = json.loads((directory / "machine.json").read_text())
    assert not list(schema.problems("machine", record))
    assert record["restored"]["differences"] == differences
    capsys.readouterr()
    follow.show_status(directory, as_json=False)
    said = capsys.readouterr().out
    assert told in said and all(f"\n  {each}\n" in said for each in differences)
    follow.show_status(directory, as_json=True)
    assert json.loads(capsys.readouterr().out)["restored"] == record["restored"]
    follow.resume(directory, full=False)
    follow.abort(directory)
    assert machines.asked == ["", "status", "fetch", "restore"]


def test_what_a_machine_tells_is_described() -> None:
    """Each fact has its line in the schema."""
    known = schema.load("machine")["properties"]
    assert check.facts().keys() - set(follow.UNNAMED) <= known.keys()
