# SPDX-License-Identifier: GPL-2.0-only
"""apt-get and sudo, as scripts: who failed, and what is shown meanwhile."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from retrap.build import apt
from retrap.base.errors import EXIT_PACKAGES, RetrapError

STATUS = """case "$1" in --version) exit 0 ;; esac
echo "2 upgraded, 3 newly installed, 0 to remove and 7 not upgraded."
echo "Get:1 http://deb.debian.org/debian bookworm/main amd64 cmake amd64 3 [1 kB]"
echo "Selecting previously unselected package cmake."
echo "Unpacking cmake (3.25.1-1) ..."
echo "Setting up libc6:amd64 (2.36-9) ..."
echo "E: broken"; exit {code}
"""


@pytest.fixture()
def user(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A user who is not root; the folder of the only programs there are."""
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    monkeypatch.setenv("PATH", str(tmp_path))
    script(tmp_path / "apt-get", STATUS.format(code=0))
    return tmp_path


def script(path: Path, text: str) -> None:
    path.write_text(f"#!/bin/sh\n{text}")
    path.chmod(0o755)


def refused() -> RetrapError:
    with pytest.raises(RetrapError) as caught:
        apt.install([("cmake",)])
    assert caught.value.exit_code == EXIT_PACKAGES
    return caught.value


def test_no_sudo(user: Path) -> None:
    error = refused()
    assert "there is no sudo here" in error.message
    assert error.remedy.startswith("as root: apt-get update && apt-get install")


@pytest.mark.parametrize(
    "words", ["me is not in the sudoers file.", "sudo: 3 incorrect password attempts"]
)
def test_sudo_that_fails(
    user: Path, capfd: pytest.CaptureFixture[str], words: str
) -> None:
    """Its own words reach the user; nobody is sent to check the network."""
    script(user / "sudo", f'echo "{words}" >&2; exit 1')
    error = refused()
    assert error.message == "nothing is installed: sudo failed, as it says above"
    assert "network" not in error.message + error.remedy
    assert words in capfd.readouterr().err


def test_sudo_that_works(user: Path, capfd: pytest.CaptureFixture[str]) -> None:
    log = user / "log"
    script(user / "sudo", f'echo "$*" >>{log}; exec "$@"')
    apt.install([("cmake",)])
    check, update, install = log.read_text().splitlines()
    assert (check, update) == ("apt-get --version", "apt-get update")
    assert install == "apt-get install -y --no-install-recommends cmake"
    assert "+ sudo apt-get update\n" in capfd.readouterr().err


def test_apt_that_fails_is_not_sudo(user: Path) -> None:
    script(user / "apt-get", STATUS.format(code=100))
    script(user / "sudo", 'exec "$@"')
    error = refused()
    assert error.message.startswith("sudo apt-get update failed:\n")
    assert error.message.endswith("\n  E: broken")
    assert error.remedy == "check the network and /etc/apt"


def test_progress_in_a_pipe(
    user: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    """A line now and then, and not every line of apt-get."""
    script(user / "sudo", 'exec "$@"')
    monkeypatch.setattr(apt, "HEARTBEAT_S", 0)
    apt.install([("cmake",)])
    said = capfd.readouterr().err
    assert "retrap:   fetches 1 of 5 (0 s)\n" in said
    assert "retrap:   unpacks 1 of 5: cmake (0 s)\n" in said
    assert "retrap:   sets up 1 of 5: libc6 (0 s)\n" in said
    assert "Unpacking" not in said
    monkeypatch.setattr(apt, "HEARTBEAT_S", 60)
    apt.install([("cmake",)])
    assert " of 5" not in capfd.readouterr().err


def test_the_name_that_this_release_has(
    user: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    script(user / "apt-cache", '[ "$3" = tools ]')
    assert apt.command([("perf", "tools")]).endswith(" tools")
    assert apt.command([("none", "neither")]).endswith(" none")
