# SPDX-License-Identifier: GPL-2.0-only
"""The distribution's files that are wanted unpacked: for a foreign architecture
its libraries, perf and busybox; for packaged kernels a config.

Packages are fetched and verified by apt, with a state of its own below the
cache: nothing on this system changes, and no root is needed. They are unpacked,
never installed, so none of their scripts runs.
"""

from __future__ import annotations

import hashlib
import os
import shutil
from pathlib import Path

from retrap.build import packages
from retrap.base.arch import Arch
from retrap.base.cache import locked, partial, publish, subdirectory
from retrap.base.errors import EXIT_PACKAGES, RetrapError
from retrap.base.process import run_logged
from retrap.base.progress import Progress
from retrap.base.usage import hold

RECIPE = 1  # raise it when a change here makes another directory
APT_CONF = """\
APT::Architecture "{debian}";
APT::Architectures {{ "{debian}"; }};
APT::Install-Recommends "false";
APT::Sandbox::User "root";
Dir::State "{state}";
Dir::State::status "{state}/status";
Dir::Cache "{state}/cache";
Dir::Log "{state}";
"""


def root(arch: Arch) -> Path:
    """Where the architecture's files lie: / on a machine of its kind."""
    return Path("/") if arch.native else _directory(arch, packages.names("sysroot"))


def ensure(arch: Arch, progress: Progress) -> Path:
    """`root`, fetched now when it is not there."""
    if arch.native:
        return root(arch)
    return fetch(arch, packages.names("sysroot"), progress)


def fetch(arch: Arch, wanted: list[str], progress: Progress) -> Path:
    """A directory with the packages, and all that they depend on, unpacked."""
    directory = _directory(arch, wanted)
    if hold(directory):
        return directory
    with progress.task(f"packages for {arch.name}") as task, locked(
        subdirectory("sysroots"), task
    ):
        if hold(directory):
            task.update("fetched meanwhile")
            return directory
        log = subdirectory("logs") / f"{directory.name}.log"
        log.unlink(missing_ok=True)
        work = partial(directory)
        task.update("fetches them")
        debs = _download(arch, wanted, work / "apt", log)
        for number, deb in enumerate(debs, 1):
            task.update(f"unpacks {number}/{len(debs)}")
            if run_logged(["dpkg-deb", "-x", str(deb), str(work)], log) != 0:
                raise _failed(f"cannot unpack {deb.name}", log)
        shutil.rmtree(work / "apt")
        (work / "packages").write_text("".join(f"{deb.stem}\n" for deb in debs))
        publish(work, directory)
        hold(directory)
        task.update(f"{len(debs)} packages")
    return directory


def _directory(arch: Arch, wanted: list[str]) -> Path:
    """Named by what was wanted. Versions are in its file `packages`, and stay
    what they are until the directory is deleted."""
    words = "\n".join([str(RECIPE), arch.name, *wanted])
    key = hashlib.sha256(words.encode()).hexdigest()[:8]
    return subdirectory("sysroots") / f"{arch.name}-{key}"


def _download(arch: Arch, wanted: list[str], state: Path, log: Path) -> list[Path]:
    (state / "lists/partial").mkdir(parents=True)
    (state / "cache/archives/partial").mkdir(parents=True)
    (state / "status").touch()
    config = state / "apt.conf"
    config.write_text(APT_CONF.format(debian=arch.debian, state=state))
    env = {**os.environ, "APT_CONFIG": str(config), "LC_ALL": "C"}
    for argv in (
        ["apt-get", "-q", "update"],
        ["apt-get", "-q", "-y", "install", "--download-only", *wanted],
    ):
        if run_logged(argv, log, env=env) != 0:
            raise _failed(f"{' '.join(argv[2:4])} for {arch.debian} failed", log)
    return sorted((state / "cache/archives").glob("*.deb"))


def _failed(what: str, log: Path) -> RetrapError:
    lines = log.read_text(errors="replace").splitlines()
    telling = [line for line in lines if line.startswith("E:")]
    shown = "\n  ".join((telling or lines)[-4:])
    return RetrapError(
        f"{what}:\n  {shown}",
        f"does a source in /etc/apt offer this architecture? the whole log is {log}",
        EXIT_PACKAGES,
    )
