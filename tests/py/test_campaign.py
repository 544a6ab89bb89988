# SPDX-License-Identifier: GPL-2.0-only
"""A campaign: by what it is known again, and what a kill costs it."""

from __future__ import annotations

import dataclasses
import errno
import json
import os
import shutil
import signal
import subprocess
from pathlib import Path
from typing import Any

import pytest

from retrap.base.errors import EXIT_UNSUPPORTED, RetrapError
from retrap.base.paths import ROOT
from retrap.campaign import directory, journal, manifest
from retrap.campaign.manifest import LOCAL, Job, Manifest, Payload
from retrap.results import sealed


def test_another_commit_is_the_same_plan(monkeypatch: pytest.MonkeyPatch) -> None:
    plan: dict[str, Any] = {"experiment": "e", "binary_sha256": {"x86_64": "a"}}
    found = []
    for version in ("one", "other-dirty"):
        monkeypatch.setattr(directory, "git_version", lambda version=version: version)
        found.append(directory.identified(plan))
    assert [each["version"] for each in found] == ["one", "other-dirty"]
    assert found[0]["plan_sha256"] == found[1]["plan_sha256"]
    other = directory.identified({**plan, "binary_sha256": {"x86_64": "b"}})
    assert other["plan_sha256"] != found[0]["plan_sha256"]


# One campaign of three boots, of which one fails in the first attempt; a boot
# writes its files as guests do. In a process of its own, which is killed.
CHILD = '''
import os, sys
from pathlib import Path
from retrap.base.errors import RetrapError
from retrap.campaign import directory, journal
from retrap.campaign.manifest import QEMU, Job

results, mode, number = Path(sys.argv[1]), sys.argv[2], int(sys.argv[3])
calls = 0


def killed(real, torn):
    """The call, or the end of the process at its `number`-th."""
    def call(*words):
        global calls
        calls += 1
        if calls == number:
            if torn:
                real(words[0], bytes(words[1])[: len(words[1]) // 2])
            os.kill(os.getpid(), 9)
        return real(*words)
    return call


def boot(job, lines, into):
    failed = results / "failed-once"
    if job.ordinal == 2 and not failed.exists():
        failed.touch()
        raise RetrapError("it did not boot", "again", 7)
    into.mkdir(parents=True, exist_ok=True)
    (into / "lines").write_text("".join(lines))
    (into / "boot.json").write_text(job.name)


if mode in ("before", "torn"):
    os.write = killed(os.write, mode == "torn")
elif mode == "after":
    os.fsync = killed(os.fsync, False)
elif mode == "rename":
    os.replace = killed(os.replace, False)
elif mode == "boot":
    boot = killed(boot, False)
jobs = [Job("v", f"b{n}", "x86_64", QEMU, "p", ordinal=n) for n in (1, 2, 3)]
plan = directory.identified({"experiment": "e"})
campaign = directory.open_campaign(results, plan, fresh=False)
campaign.plan(jobs, {"p": ("one", "two")})
failed = campaign.run(boot, (jobs, 1))
if not failed:
    campaign.finish()
campaign.close()
foreign = {name.partition(".")[0] for name in sys.modules} - sys.stdlib_module_names
assert foreign <= {"retrap", "__main__"}, foreign
sys.exit(7 if failed else 0)
'''


def attempt(results: Path, mode: str = "", number: int = 0) -> int:
    argv = ["/usr/bin/python3", "-S", "-c", CHILD, str(results), mode, str(number)]
    env = {"PYTHONPATH": str(ROOT / "python"), "PATH": os.environ["PATH"]}
    return subprocess.run(argv, env=env).returncode


def outcome(results: Path) -> dict[str, str]:
    """Every file of the run that was begun first, and its end. One that was killed
    before it had a plan is empty; one that was killed at its end has ended."""
    path = min(file.parent for file in (results / "e").glob("*/plan.json"))
    story = journal.read(path)
    assert story.finished
    assert {state.state for state in story.states.values()} == {journal.DONE}
    assert sealed.verify_campaign(path) == set(story.states)
    raw = sorted(file for file in path.rglob("raw/**/*") if file.is_file())
    return {str(file.relative_to(path)): file.read_text() for file in raw}


def until_done(results: Path) -> int:
    """How often the command was given."""
    for times in range(1, 5):
        if attempt(results) == 0:
            return times
    raise AssertionError("it never ends")


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """What a run gives that nobody kills."""
    results = tmp_path_factory.mktemp("whole")
    assert until_done(results) == 2  # the first has a boot that fails
    return outcome(results)


def test_what_failed_is_done_again(whole: dict[str, str]) -> None:
    assert len(whole) == 6 and whole["raw/v/b2/boot.json"] == "v/b2"


@pytest.mark.parametrize("mode", ["before", "torn", "after", "rename", "boot"])
def test_killed_anywhere_it_ends_the_same(
    tmp_path: Path, whole: dict[str, str], mode: str
) -> None:
    """At each write of the journal, each fsync, each rename and each boot."""
    for number in range(1, 100):
        results = tmp_path / str(number)
        if attempt(results, mode, number) != -signal.SIGKILL:
            break
        until_done(results)
        assert outcome(results) == whole, number
    assert number > {"rename": 2, "boot": 3}.get(mode, 9)


def test_what_has_nothing_to_run_is_void_and_says_so_again(tmp_path: Path) -> None:
    job = Job("v", "b", "x86_64", LOCAL, "p")
    tried = []

    def boot(job: Job, lines: Payload, into: Path) -> None:
        tried.append(job)
        raise RetrapError("no cell can run", "measure others", EXIT_UNSUPPORTED)

    for _ in range(2):
        plan = directory.identified({"experiment": "e"})
        ours = directory.open_campaign(tmp_path, plan, fresh=False)
        ours.plan([job], {"p": ()})
        [(failed, error)] = ours.run(boot, ([job], 1))
        assert (failed, error.exit_code) == (job, EXIT_UNSUPPORTED)
        assert error.message == "no cell can run" and not ours.is_done(job)
        ours.close()
    assert tried == [job]


def test_what_is_enough_is_skipped_and_stays_so(tmp_path: Path) -> None:
    (tmp_path / "plan.json").write_text("{}")
    job = Job("mainline", "boot-1", "x86_64", LOCAL, "cells")

    def do(job: Job, lines: Payload, into: Path) -> None:
        raise AssertionError("it is not needed")

    for why in ("its target is met", ""):
        lock = os.open("/dev/null", os.O_RDONLY)
        campaign = directory.Campaign(tmp_path, "fills", lock)
        campaign.plan([job], {"cells": ("bench x",)})
        assert campaign.run(do, ([job], 1), enough=lambda job, lines: why) == []
        assert campaign.is_done(job)
        campaign.close()
    state = journal.read(tmp_path).states[job.name]
    assert (state.state, state.reason) == ("skipped", "its target is met")
    assert not state.open


def test_a_torn_line_is_kept_aside(tmp_path: Path) -> None:
    assert attempt(tmp_path, "torn", 3) == -signal.SIGKILL
    until_done(tmp_path)
    (path,) = (tmp_path / "e").iterdir()
    assert (path / journal.TORN).read_text().startswith('{"at": ')


def test_a_journal_that_is_gone_stops_it(tmp_path: Path) -> None:
    """It does not begin by itself anew in a directory that has boots."""
    attempt(tmp_path)
    (path,) = (tmp_path / "e").iterdir()
    (path / journal.FILE).unlink()
    assert attempt(tmp_path) == 1


def test_a_boot_that_was_deleted_is_done_again(
    tmp_path: Path, whole: dict[str, str]
) -> None:
    attempt(tmp_path)
    (path,) = (tmp_path / "e").iterdir()
    shutil.rmtree(path / "raw/v/b1")
    until_done(tmp_path)
    assert outcome(tmp_path) == whole


def test_a_full_disk_leaves_no_half_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "plan.json").write_text("{}")
    journal.Journal.begin(tmp_path)
    before = (tmp_path / journal.FILE).read_bytes()
    ours = journal.Journal(tmp_path)

    def full(fd: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError):
        ours.tell("v/b", journal.RUNNING)
    ours.close()
    assert (tmp_path / journal.FILE).read_bytes() == before


def test_a_job_is_not_planned_otherwise(tmp_path: Path) -> None:
    job = Job("v", "b", "x86_64", LOCAL, "p")
    ours = Manifest(tmp_path)
    ours.add([job], {"p": ("one",)})
    assert Manifest(tmp_path).jobs == {"v/b": job}
    for other, lines in ((dataclasses.replace(job, seed=2), "one"), (job, "two")):
        with pytest.raises(RetrapError, match="v/b is planned otherwise"):
            Manifest(tmp_path).add([other], {"p": (lines,)})


@pytest.mark.parametrize(
    "change",
    [{"boot": ".."}, {"variant": "a/b"}, {"executor": "ssh"}, {"seed": "1"}, {"x": 1}],
)
def test_a_manifest_that_is_not_ours(tmp_path: Path, change: dict[str, Any]) -> None:
    Manifest(tmp_path).add([Job("v", "b", "x86_64", LOCAL, "p")], {"p": ()})
    file = tmp_path / manifest.FILE
    record = json.loads(file.read_text())
    record["jobs"][0] |= change
    file.write_text(json.dumps(record))
    with pytest.raises(RetrapError, match="manifest.json: is no manifest"):
        Manifest(tmp_path)


def test_a_block_holds_each_once_in_its_own_order() -> None:
    found = list(manifest.in_blocks("abcd", 20, seed=1))
    orders = [
        "".join(thing for block, _, thing in found if block == b) for b in range(1, 21)
    ]
    assert all(sorted(order) == list("abcd") for order in orders)
    assert len(set(orders)) > 5
    assert found == list(manifest.in_blocks("abcd", 20, seed=1))
    assert found != list(manifest.in_blocks("abcd", 20, seed=2))
    assert [ordinal for _, ordinal, _ in found[:4]] == [1, 2, 3, 4]
