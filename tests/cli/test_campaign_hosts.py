# SPDX-License-Identifier: GPL-2.0-only
"""`./retrap campaign` of one machine, of an inventory that has several. Ansible plays
the real roles; its ssh is a script that goes to nobody, but into a mount namespace in
which /var/lib and /tmp are the machine's own."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import subprocess
from dataclasses import asdict
from pathlib import Path

import pytest

from retrap.base.errors import EXIT_MACHINE, EXIT_RESULTS, RetrapError
from retrap.base.paths import ROOT
from retrap.campaign.directory import nested
from retrap.campaign.manifest import MACHINE, Job
from retrap.cli import follow
from retrap.fleet import bundle
from retrap.fleet.site import Fleet
from retrap.target import record

NAMES = ("box1", "box2", "box3")
WORD = "small-20261128-093000"
SSH = """\
#!/bin/sh
# The last words are the machine and what it is to run.
while [ $# -gt 2 ]; do shift; done
echo "$1" >> {place}/reached
[ "$1" = box3 ] && exit 255
exec unshare -m sh -c 'mount --bind "$1" /var/lib && mount --bind "$1/tmp" /tmp &&
  exec sh -c "$2"' sh "{place}/$1" "$2"
"""


class Lab:
    """Machines with a campaign each, and their result directories. box3 is off."""

    def __init__(self, place: Path) -> None:
        self.place, self.inventory = place, place / "hosts"
        ssh = place / "ssh"
        ssh.write_text(SSH.format(place=place))
        ssh.chmod(0o755)
        words = f"ansible_ssh_executable={ssh} ansible_become=false"
        words += " ansible_python_interpreter=/usr/bin/python3"
        self.inventory.write_text("".join(f"{name} {words}\n" for name in NAMES))
        self.results = {name: self._machine(name) for name in NAMES}

    def _machine(self, name: str) -> Path:
        directory = self.place / f"results/small@{name}/20261128-093000"
        directory.mkdir(parents=True)
        campaign = nested(directory, {"schema": "retrap.plan/1"})
        job = Job("mainline", "block-1", "x86_64", MACHINE, "cells")
        campaign.plan([job], {"cells": ("bench x",)})
        campaign.close()
        follow.remember(directory, str(self.inventory), name, directory, FACTS)
        there = self.folder(name)
        there.mkdir(parents=True)
        (self.place / name / "tmp").mkdir()
        bundle.code(there)
        target = record.Target(WORD, {}, (), 0.0, os.getuid())
        text = json.dumps({"schema": record.SCHEMA, **asdict(target)})
        (there / record.FILE).write_text(text)
        for file in ("plan.json", "manifest.json", "journal.jsonl"):
            (there / file).write_bytes((directory / file).read_bytes())
        return directory

    def folder(self, name: str) -> Path:
        return self.place / name / "retrap" / WORD

    def campaign(self, *words: object) -> subprocess.CompletedProcess[str]:
        """And who was reached for it is in `reached` alone."""
        (self.place / "reached").write_text("")
        argv = [str(ROOT / "retrap"), "campaign", *map(str, words)]
        return subprocess.run(argv, capture_output=True, text=True)

    @property
    def reached(self) -> set[str]:
        return set((self.place / "reached").read_text().split())

    @property
    def aborted(self) -> list[str]:
        return [name for name in NAMES if (self.folder(name) / "abort").exists()]


FACTS = {"schema": "retrap.machine/1"}


@pytest.fixture
def lab(tmp_path: Path) -> Lab:
    if shutil.which("ansible-playbook") is None:
        pytest.skip("no Ansible: ./retrap packages fleet")
    probe = ["unshare", "-m", "mount", "--bind", str(tmp_path), "/var/lib"]
    if subprocess.run(probe, capture_output=True).returncode != 0:
        pytest.skip("no mount namespace: this needs root")
    return Lab(tmp_path)


def test_abort_and_status_are_of_one_machine(lab: Lab) -> None:
    done = lab.campaign("abort", lab.results["box1"])
    assert done.returncode == 0, done.stderr
    assert "box1: nothing more is booted" in done.stderr
    assert lab.reached == {"box1"} and lab.aborted == ["box1"]
    for name, aborted in (("box1", True), ("box2", False)):
        done = lab.campaign("status", lab.results[name], "--json")
        assert done.returncode == 0, done.stderr
        assert lab.reached == {name}
        told = json.loads(done.stdout)
        assert told["campaign"] == WORD and told["aborted"] is aborted
        assert [job["job"] for job in told["jobs"]] == ["mainline/block-1"]


def test_a_directory_of_no_machine_is_told(lab: Lab) -> None:
    (lab.results["box1"] / "machine.json").unlink()
    done = lab.campaign("status", lab.results["box1"])
    assert done.returncode == EXIT_RESULTS and not lab.reached
    assert "is of no machine's campaign" in done.stderr


def test_a_machine_that_is_off_keeps_no_other_from_its_answer(lab: Lab) -> None:
    done = lab.campaign("status", lab.results["box3"])
    assert done.returncode == 0, done.stderr
    assert "box3 does not answer; 0 of 1 boots are here" in done.stdout
    assert lab.reached == {"box3"}
    done = lab.campaign("abort", lab.results["box3"])
    assert done.returncode == EXIT_MACHINE and not lab.aborted
    assert "box2: 0 of 1 boots" in lab.campaign("status", lab.results["box2"]).stdout
    assert lab.reached == {"box2"}


@pytest.mark.parametrize("calls", [4, 8])
def test_a_look_that_is_cut_off_leaves_nothing_among_campaigns(
    lab: Lab, calls: int
) -> None:
    """Of ssh no call comes through after so many, as when the power goes."""
    (lab.place / "ssh").write_text(
        SSH.format(place=lab.place).replace(
            '[ "$1" = box3 ]', f'[ "$(wc -l <{lab.place}/reached)" -gt {calls} ]'
        )
    )
    lab.inventory.write_text(lab.inventory.read_text().splitlines()[0] + "\n")
    before = os.listdir(lab.place / "box1/retrap")
    (lab.place / "reached").write_text("")
    with contextlib.suppress(RetrapError):
        Fleet(lab.inventory).facts()
    assert len((lab.place / "reached").read_text().split()) > calls
    assert os.listdir(lab.place / "box1/retrap") == before
    assert os.listdir(lab.place / "box1/tmp")  # the next boot clears it
