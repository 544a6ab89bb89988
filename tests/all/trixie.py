# SPDX-License-Identifier: GPL-2.0-only
"""Debian 13 in a directory of the cache: made once, entered by chroot(2).

What runs in it has mounts and process numbers of its own (unshare(1)). Its first
process dies with whoever waits for it; then the kernel ends all others of them and
takes the mounts away, so nothing is left behind.
"""

from __future__ import annotations

import platform
import shlex
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from retrap.base.cache import locked, partial, publish, subdirectory
from retrap.base.paths import ROOT
from retrap.base.progress import Task

SUITE = "trixie"
COPY = "root/retrap"  # of the clone, in the root
ENTER = """set -eu
root=$1 folder=$2
shift 2
mount --rbind /dev "$root/dev"
mount --rbind /sys "$root/sys"
mount -t proc proc "$root/proc"
exec chroot "$root" /usr/bin/env -i --chdir="$folder" HOME=/root LC_ALL=C.UTF-8 \\
  PATH=/usr/sbin:/usr/bin:/sbin:/bin "$@"
"""
# How this machine reaches its mirrors, of all that apt-config(8) prints.
NETWORK = ("Acquire::http", "Acquire::Check-", "Acquire::Force", "Acquire::Retries")


@dataclass(frozen=True)
class System:
    root: Path

    def argv(self, *words: str, folder: str = COPY) -> list[str]:
        """`words` in a folder of the root, by default in the copy of the clone."""
        return [
            *("setpriv", "--pdeathsig", "KILL", "--"),
            *("unshare", "--mount", "--pid", "--fork", "--kill-child=KILL"),
            *("sh", "-c", ENTER, "sh", str(self.root), f"/{folder}", *words),
        ]

    def qemu(self, name: str, folder: str, script: Path) -> None:
        """Writes a script that stands in for QEMU here, and runs the one there in
        `folder`, with what python/retrap/executors/qemu.py has it preload."""
        argv = self.argv("LD_PRELOAD=./turns.so", name, folder=folder)
        line = f'exec {shlex.join(argv)} "$@"'
        script.write_text(f"#!/bin/sh\nunset LD_PRELOAD\n{line}\n")
        script.chmod(0o755)

    def run(self, *words: str, limit_s: int) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            self.argv(*words),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=limit_s,
        )

    def path(self, name: str) -> Path:
        """A file of the copy, seen from here."""
        return self.root / COPY / name

    def processes(self) -> list[int]:
        """Those of it that run, whoever started them; proc(5), `root`."""
        found = []
        for each in Path("/proc").glob("[0-9]*"):
            try:
                if (each / "root").readlink() == self.root:
                    found.append(int(each.name))
            except OSError:
                continue  # gone meanwhile
        return found


def ensure() -> System:
    """The root, made now if it is not there, with this clone as it is copied in."""
    folder = subdirectory("systems")
    task = Task(SUITE)
    system = System(folder.resolve() / SUITE)
    with locked(folder, task):
        if not system.root.exists():
            work = partial(system.root)
            options = [f"--aptopt={line}" for line in network()]
            argv = ["mmdebstrap", "--quiet", "--variant=apt", *options]
            argv += ["--include=ca-certificates", SUITE, str(work), *sources()]
            subprocess.run(argv, check=True, stdin=subprocess.DEVNULL)
            publish(work, system.root)
    shutil.copyfile("/etc/resolv.conf", system.root / "etc/resolv.conf")
    copy_clone(system.path("."))
    return system


def sources() -> list[str]:
    """Lines of sources.list(5): where this machine's own Debian comes from, with
    the other suite."""
    own = platform.freedesktop_os_release()["VERSION_CODENAME"]
    told = subprocess.run(
        ["apt-get", "indextargets", "--format", "$(REPO_URI) $(RELEASE) $(COMPONENT)"]
        + ["Created-By: Packages", "Origin: Debian"],
        check=True,
        capture_output=True,
        text=True,
    ).stdout
    rows = (line.split() for line in told.splitlines())
    found = [
        f"deb {uri} {release.replace(own, SUITE, 1)} {component}"
        for uri, release, component in rows
        if release.startswith(own)
    ]
    assert found, "apt knows no mirror of Debian; run apt-get update on a Debian"
    return found


def network() -> list[str]:
    """The same settings for apt there as here."""
    told = subprocess.run(
        ["apt-config", "dump"], check=True, capture_output=True, text=True
    ).stdout
    return [line for line in told.splitlines() if line.startswith(NETWORK)]


def copy_clone(into: Path) -> None:
    """This tree, changes that are not committed included, as a clone of one commit.
    What was built in the copy before stays, its results go."""
    into.mkdir(parents=True, exist_ok=True)
    for each in into.iterdir():
        if each.name == "build":
            continue
        if each.is_dir() and not each.is_symlink():
            shutil.rmtree(each)
        else:
            each.unlink()
    fresh = into / "build/clone"
    shutil.rmtree(fresh, ignore_errors=True)
    git = ["git", "clone", "--quiet", "--no-checkout", "--depth", "1"]
    subprocess.run([*git, f"file://{ROOT}", str(fresh)], check=True)
    (fresh / ".git").rename(into / ".git")
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        check=True,
        capture_output=True,
        text=True,
    ).stdout
    for name in filter(None, listed.split("\0")):
        if (ROOT / name).is_symlink() or (ROOT / name).is_file():
            (into / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, into / name, follow_symlinks=False)
    subprocess.run(["git", "reset", "--quiet"], cwd=into, check=True)
