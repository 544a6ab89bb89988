# SPDX-License-Identifier: GPL-2.0-only
"""A campaign on machines as its controller follows it: over, stopped, gone, known."""

from __future__ import annotations

import json
from pathlib import Path
from typing import cast

import pytest

from retrap.base.errors import EXIT_MACHINE, RetrapError
from retrap.base.paths import ROOT
from retrap.base.progress import Progress
from retrap.campaign import journal
from retrap.cli import follow, ready
from retrap.config.experiments import load_experiment
from retrap.fleet import site
from retrap.results import boot_times

QUICK = load_experiment(ROOT / "configs/experiments/quick.toml")
STAMP = "20261128-093000"
CAMPAIGN = f"quick-{STAMP}"
FACTS = {"schema": "retrap.machine/1"}
RESTORED = {"at": "2026-11-28T12:00:00Z", "differences": []}


def test_what_a_boot_took_is_said(tmp_path: Path) -> None:
    rows = []
    for name, times in (("a/block-1", (0, 50, 90)), ("b/block-1", (90, 150, 180))):
        for state, seconds in zip(("armed", "running", "done"), times):
            at = f"2026-11-28T10:{seconds // 60:02}:{seconds % 60:02}Z"
            rows.append(json.dumps({"at": at, "job": name, "state": state}))
        (tmp_path / "raw" / name).mkdir(parents=True)
        record = {"quiet": {"waited_s": 10.0}}
        (tmp_path / "raw" / name / "boot.json").write_text(json.dumps(record))
    (tmp_path / "journal.jsonl").write_text("\n".join(rows) + "\n")
    assert boot_times.sentence(tmp_path) == (
        "A boot took 90 s: 55 s from one kernel to the next, 10 s until it was quiet, "
        "25 s measured (medians of 2)."
    )


@pytest.mark.parametrize(
    ("finished", "aborted", "slot", "state", "ended"),
    [
        (True, False, None, "done", True),
        (True, False, "c1:x:y:1", "done", False),  # it reboots once more
        (False, False, None, "failed", False),
        (False, True, None, "planned", True),
        (False, True, None, "armed", False),  # it is about to boot
        (False, True, "c1:x:y:1", "done", False),
    ],
)
def test_when_a_campaign_is_over(
    finished: bool, aborted: bool, slot: str | None, state: str, ended: bool
) -> None:
    told = {"finished": finished, "aborted": aborted, "slot": slot}
    assert follow.over({**told, "jobs": [{"state": state}]}) is ended


class Stopped:
    """One machine whose campaign does not go on."""

    machines = ("box1",)
    silence: dict[str, str] = {}

    def status(self, campaign: str, machines: object) -> site.Answers:
        told = {"finished": False, "aborted": False, "slot": None, "jobs": []}
        return {"box1": {**told, "stopped": "/boot: 1 MiB are free"}}


def test_a_campaign_that_stopped_is_not_waited_for(tmp_path: Path) -> None:
    machines = cast(site.Site, Stopped())
    with Progress() as progress, pytest.raises(RetrapError, match="1 MiB") as caught:
        follow.follow({"box1": tmp_path}, machines, "c1", progress)
    assert caught.value.exit_code == EXIT_MACHINE


def test_status_says_why_a_campaign_stopped(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(follow, "remembered", lambda d: (Stopped(), "box1", "c1"))
    monkeypatch.setattr(follow, "restored", lambda d: None)
    follow.show_status(tmp_path, as_json=False)
    said = capsys.readouterr().out.splitlines()
    assert said[:2] == [
        "box1: 0 of 0 boots",
        "  the campaign stopped: /boot: 1 MiB are free",
    ]
    assert f"./retrap campaign abort {tmp_path}" in said[2]


class Idle(Stopped):
    """One whose laying was cut off before its first boot."""

    def status(self, campaign: str, machines: object) -> site.Answers:
        job = {"job": "a/block-1", "state": journal.PLANNED}
        told = {"finished": False, "aborted": False, "slot": None, "stopped": None}
        return {"box1": {**told, "jobs": [job]}}


def test_a_machine_on_which_nothing_is_armed_is_not_waited_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(follow, "EVERY_S", 0.01)
    monkeypatch.setattr(follow, "IDLE_S", 0.03)
    idle = cast(site.Site, Idle())
    with Progress() as progress, pytest.raises(RetrapError, match="is armed") as caught:
        follow.follow({"box1": tmp_path}, idle, "c1", progress)
    assert caught.value.exit_code == EXIT_MACHINE
    assert "campaign abort" in caught.value.remedy


def test_a_campaign_that_was_put_back_and_goes_on_is_not_over(tmp_path: Path) -> None:
    directory = tmp_path / f"quick@box1/{STAMP}"
    directory.mkdir(parents=True)
    word = follow.remember(directory, site.HERE, "box1", directory, FACTS)
    record = json.loads((directory / follow.MACHINE).read_text())
    text = json.dumps({**record, "restored": RESTORED})
    (directory / follow.MACHINE).write_text(text)
    assert follow.restored(directory)
    assert follow.remember(directory, site.HERE, "box1", directory, FACTS) == word
    assert follow.restored(directory) is None


class Bare(Stopped):
    """One machine that has nothing of the campaign."""

    def status(self, campaign: str, machines: object) -> site.Answers:
        return {"box1": {site.GONE: True}}


@pytest.mark.parametrize("finished", [True, False])
def test_a_campaign_that_is_gone_is_over_if_all_of_it_is_here(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, finished: bool
) -> None:
    (tmp_path / "plan.json").write_text("{}")
    journal.Journal.begin(tmp_path)
    story = journal.Journal(tmp_path)
    story.tell("a/block-1", journal.PLANNED)
    if finished:
        story.finish()
    story.close()
    reported: list[Path] = []
    monkeypatch.setattr(follow.matrix, "report", lambda d, p: reported.append(d))
    bare = cast(site.Site, Bare())
    with Progress() as progress:
        if finished:
            follow.follow({"box1": tmp_path}, bare, "c1", progress)
        else:
            with pytest.raises(RetrapError, match="reinstalled"):
                follow.follow({"box1": tmp_path}, bare, "c1", progress)
    assert reported == ([tmp_path] if finished else [])


class Silent:
    machines = ("box1", "box2")
    silence = {"box1": "Connection refused", "box2": "Connection refused"}

    def facts(self) -> site.Answers:
        return {}


def begun(results: Path, name: str) -> Path:
    """The result directory of a machine on which a campaign goes on."""
    path = results / f"quick@{name}/{STAMP}"
    path.mkdir(parents=True)
    (path / "plan.json").write_text("{}")
    journal.Journal.begin(path)
    follow.remember(path, "hosts", name, path, {"schema": "retrap.machine/1"})
    assert follow.campaign_of(path) == CAMPAIGN
    return path


def end(path: Path, how: str) -> None:
    if how == "finished":
        story = journal.Journal(path)
        story.finish()
        story.close()
    elif how == "aborted and put back":
        record = json.loads((path / follow.MACHINE).read_text())
        record["restored"] = RESTORED
        (path / follow.MACHINE).write_text(json.dumps(record))


@pytest.mark.parametrize("how", ["finished", "aborted and put back"])
def test_a_machine_of_a_known_campaign_may_just_boot(tmp_path: Path, how: str) -> None:
    """The command is given again, and nobody knows when the machine answers."""
    silent = cast(site.Site, Silent())
    paths = [begun(tmp_path, name) for name in silent.machines]
    known = ready.known(tmp_path, QUICK, silent.machines)
    assert known == {"box1": CAMPAIGN, "box2": CAMPAIGN}
    told = {"campaigns": [CAMPAIGN]}
    assert ready.facts_of(silent, (), False, known) == {"box1": told, "box2": told}
    end(paths[1], how)
    known = ready.known(tmp_path, QUICK, silent.machines)
    with pytest.raises(RetrapError, match="box2: Connection refused") as caught:
        ready.facts_of(silent, (), False, known)
    assert "box1" not in caught.value.message


@pytest.mark.parametrize("how", ["finished", "aborted and put back", "under way"])
def test_the_same_command_does_not_begin_anew_on_a_machine_that_is_done(
    tmp_path: Path, how: str
) -> None:
    done = begun(tmp_path, "box1")
    end(done, how)
    facts = {"box1": {"campaigns": []}, "box2": {"campaigns": [CAMPAIGN]}}
    found = ready.ended(tmp_path, QUICK, facts)
    assert found == ({} if how == "under way" else {"box1": done})
    facts["box2"]["campaigns"] = ["another"]
    assert not ready.ended(tmp_path, QUICK, facts)
