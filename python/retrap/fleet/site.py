# SPDX-License-Identifier: GPL-2.0-only
"""Where the machines are: across a network, by Ansible, or here."""

from __future__ import annotations

import contextlib
import json
import os
import re
import shutil
import subprocess
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Protocol

from retrap.base.errors import EXIT_MACHINE, EXIT_USAGE, RetrapError
from retrap.base.paths import ROOT
from retrap.base.process import run_logged
from retrap.base import scratch
from retrap.fleet import bundle
from retrap.fleet.archive import pack, unpack
from retrap.target import record

PLAYBOOKS = ROOT / "ansible"
HERE = "here"
GONE = "gone"  # in a status: nothing of the campaign is on the machine
Answers = dict[str, dict[str, Any]]  # by machine; one that did not answer is not there


class Site(Protocol):
    """Some machines, by name. What asks several asks them side by side."""

    @property
    def machines(self) -> tuple[str, ...]:
        ...

    @property
    def silence(self) -> dict[str, str]:
        """Why a machine did not answer when it was last asked."""

    def facts(self) -> Answers:
        """check.py's, of each."""

    def begin(self, campaign: str, bundles: Mapping[str, Path]) -> None:
        """Lays each machine's folder there; then it reboots. Errors: EXIT_MACHINE."""

    def status(self, campaign: str, machines: Iterable[str]) -> Answers:
        """What the journal of each says, or that it is gone."""

    def fetch(self, campaign: str, into: Mapping[str, Path]) -> None:
        """Journal and boots into the result directory of each machine."""

    def abort(self, campaign: str, machine: str) -> None:
        """Nothing more is armed there."""

    def restore(self, campaign: str, machine: str) -> list[str]:
        """The machine as it was; what is not."""


def site(word: str) -> Site:
    """`here`, or an Ansible inventory. Errors: EXIT_USAGE."""
    if word == HERE:
        return Here()
    refuse_missing(word)
    return Fleet(Path(word))


def refuse_missing(word: str, option: str = "--on") -> None:
    """Before Ansible is there. Errors: EXIT_USAGE, of an inventory that is not."""
    if word != HERE and not Path(word).exists():
        raise RetrapError(
            f"{option} {word}: there is no such inventory",
            "name a file of Ansible's, one machine a line, or `here`",
            EXIT_USAGE,
        )


class Fleet:
    """The machines of an Ansible inventory. Keys, users and host keys are ssh's."""

    def __init__(self, inventory: Path) -> None:
        self._inventory = inventory.absolute()
        done = subprocess.run(
            ["ansible-inventory", "-i", str(inventory), "--list"],
            env=_environment(),
            capture_output=True,
            text=True,
        )
        if done.returncode != 0:
            raise RetrapError(
                f"{inventory}: Ansible cannot read it: {done.stderr.strip()}",
                f"ansible-inventory -i {inventory} --list",
                EXIT_USAGE,
            )
        self.machines = hosts(inventory, done.stdout)
        self.silence: dict[str, str] = {}

    def facts(self) -> Answers:
        with scratch.directory() as place:
            bundle.code(place / "code")
            archive = place / "code.tar"
            pack(place / "code", archive)
            return self._ask("prepare", place, (), retrap_code=str(archive))

    def begin(self, campaign: str, bundles: Mapping[str, Path]) -> None:
        with scratch.directory() as place:
            for name, folder in bundles.items():
                pack(folder, place / f"{name}.tar")
            words = {"retrap_bundles": str(place), "retrap_campaign": campaign}
            status, log = self._play("campaign", place, bundles, **words)
            if status != 0:
                raise _failed("campaign", log)

    def status(self, campaign: str, machines: Iterable[str]) -> Answers:
        """A machine that takes a connection and then says nothing does not keep the
        looks at the others."""
        with scratch.directory() as place:
            return self._ask("status", place, machines, retrap_campaign=campaign)

    def fetch(self, campaign: str, into: Mapping[str, Path]) -> None:
        with scratch.directory() as place:
            words = {"retrap_into": str(place), "retrap_campaign": campaign}
            status, log = self._play("fetch", place, into, **words)
            for name, directory in into.items():
                if (archive := place / f"{name}.tar").exists():
                    unpack(archive, directory)
            if status != 0:
                raise _failed("fetch", log)

    def abort(self, campaign: str, machine: str) -> None:
        with scratch.directory() as place:
            words = {"retrap_campaign": campaign}
            status, log = self._play("abort", place, [machine], **words)
            if status != 0:
                raise _failed("abort", log)

    def restore(self, campaign: str, machine: str) -> list[str]:
        with scratch.directory() as place:
            words = {"retrap_into": str(place), "retrap_campaign": campaign}
            status, log = self._play("restore", place, [machine], **words)
            if status != 0:
                raise _failed("restore", log)
            return (place / f"{machine}.txt").read_text().splitlines()

    def _ask(
        self, play: str, place: Path, limit: Iterable[str], **words: str
    ) -> Answers:
        """A file of JSON a machine; a machine that does not answer has none, and
        `silence` says why."""
        _, log = self._play(play, place, limit, retrap_into=str(place), **words)
        told = re.findall(r"^fatal: \[(\S+?)\]: (.*)$", log.read_text(), re.MULTILINE)
        self.silence = {name: _reason(text) for name, text in told}
        found = {}
        for name in self.machines:
            try:
                found[name] = dict(json.loads((place / f"{name}.json").read_text()))
            except (OSError, ValueError, TypeError):
                continue
        return found

    def _play(
        self, play: str, place: Path, limit: Iterable[str], **words: str
    ) -> tuple[int, Path]:
        """Its exit status and log; on the machines of `limit`, of none on all."""
        limited = ["--limit", ",".join(limit)]
        log = place / f"{play}.log"
        argv = [
            *("ansible-playbook", "-i", str(self._inventory)),
            *("--extra-vars", json.dumps(words)),
            *(limited if limited[1] else ()),
            str(PLAYBOOKS / f"{play}.yml"),
        ]
        limit = {"ANSIBLE_TASK_TIMEOUT": STATUS_S} if play == "status" else {}
        return run_logged(argv, log, env={**_environment(), **limit}), log


def _environment() -> dict[str, str]:
    return {**DEFAULTS, **os.environ, **SETTINGS}


STATUS_S = "300"  # for a task of a look
# Where the user's own settings say nothing.
DEFAULTS = {
    "ANSIBLE_FORKS": "50",  # machines asked at once
    "ANSIBLE_PYTHON_INTERPRETER": "/usr/bin/python3",  # it would ask for one
}
# A machine that reboots takes its connection with it: no wait is without an end.
SETTINGS = {
    "LC_ALL": "C.UTF-8",  # it wants UTF-8
    "ANSIBLE_TIMEOUT": "30",
    "ANSIBLE_SSH_ARGS": "-o ControlMaster=no -o ConnectTimeout=30 "
    "-o ServerAliveInterval=5 -o ServerAliveCountMax=4",
    "ANSIBLE_PIPELINING": "1",
    "ANSIBLE_RETRY_FILES_ENABLED": "0",
    "ANSIBLE_NOCOLOR": "1",
    "ANSIBLE_COMMAND_WARNINGS": "0",
}


class Here:
    """This machine, without Ansible, as root."""

    machines = (HERE,)
    silence: dict[str, str] = {}

    def facts(self) -> Answers:
        from retrap.target import check

        return {HERE: check.facts()}

    def begin(self, campaign: str, bundles: Mapping[str, Path]) -> None:
        from retrap.target import lay

        directory = record.HOME / campaign
        if directory not in lay.laid():
            shutil.copytree(bundles[HERE], directory, dirs_exist_ok=True)
        self._target("lay", campaign)
        subprocess.run(
            ["systemd-run", "--on-active=2", "systemctl", "start", "retrap-campaign"],
            check=True,
        )

    def status(self, campaign: str, machines: Iterable[str]) -> Answers:
        if not (record.HOME / campaign / record.FILE).exists():
            return {HERE: {GONE: True}}
        return {HERE: dict(json.loads(self._target("status", campaign)))}

    def fetch(self, campaign: str, into: Mapping[str, Path]) -> None:
        with scratch.directory() as place:
            archive = place / "here.tar"
            pack(record.HOME / campaign, archive)
            unpack(archive, into[HERE])

    def abort(self, campaign: str, machine: str) -> None:
        self._target("abort", campaign)

    def restore(self, campaign: str, machine: str) -> list[str]:
        said = self._target("restore", campaign)
        shutil.rmtree(record.HOME / campaign)
        with contextlib.suppress(OSError):  # another campaign's is there
            record.HOME.rmdir()
        return said.splitlines()

    def _target(self, command: str, campaign: str) -> str:
        directory = record.HOME / campaign
        done = subprocess.run(
            ["/usr/bin/python3", "-S", "-P", "-m", "retrap.target", command, directory],
            env={**os.environ, "PYTHONPATH": str(directory / "python")},
            capture_output=True,
            text=True,
        )
        if done.returncode != 0:
            said = done.stderr.strip().removeprefix("retrap: error: ")
            message, _, remedy = said.partition("\n  ")
            raise RetrapError(f"{command}: {message}", remedy, EXIT_MACHINE)
        return done.stdout if command == "status" else done.stderr


def _reason(text: str) -> str:
    """Of a line of Ansible's about a task that failed: `UNREACHABLE! => {...}`."""
    _, _, record = text.partition("=> ")
    try:
        facts = json.loads(record)
    except ValueError:
        return text
    said = (str(facts.get(key) or "") for key in ("stderr", "module_stderr", "msg"))
    return next((each.strip().splitlines()[-1] for each in said if each.strip()), text)


def hosts(inventory: Path, listed: str) -> tuple[str, ...]:
    """Those of every group, of what `ansible-inventory --list` says of it. Errors:
    EXIT_USAGE."""
    names: dict[str, None] = {}
    try:
        for key, group in json.loads(listed).items():
            if key != "_meta":
                names |= dict.fromkeys(group.get("hosts", ()))
    except (ValueError, TypeError, AttributeError, RecursionError):
        what = f"{inventory}: ansible-inventory lists no groups of hosts"
        raise RetrapError(what, f"ansible-inventory -i {inventory} --list", EXIT_USAGE)
    for name in names:
        if not isinstance(name, str) or not record.NAME.fullmatch(name):
            what = f"{inventory}: {name!r} cannot name a result directory"
            remedy = "use letters, digits, dots and dashes, and ansible_host="
            raise RetrapError(what, remedy, EXIT_USAGE)
    if not names:
        what = f"{inventory} names no machine"
        raise RetrapError(what, "one a line", EXIT_USAGE)
    return tuple(names)


def _failed(play: str, log: Path) -> RetrapError:
    lines = log.read_text(errors="replace").splitlines()
    said = [line for line in lines if line.startswith(("fatal:", "ERROR"))]
    text = "\n  ".join((said or lines)[-5:])
    return RetrapError(
        f"ansible/{play}.yml failed:\n  {text}",
        "mend that, then ./retrap campaign resume DIR",
        EXIT_MACHINE,
    )
