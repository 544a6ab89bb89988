# SPDX-License-Identifier: GPL-2.0-only
"""A kernel's source from another suite of Debian: `linux-source-7.3/trixie-backports`.

As apt-get names it. apt fetches and verifies it with a state of its own below the
cache; it is unpacked and never installed, so nothing on this system changes.
"""

from __future__ import annotations

import hashlib
import os
import re
import shutil
from pathlib import Path

from retrap.base.cache import locked, partial, publish, subdirectory
from retrap.base.errors import EXIT_GONE, EXIT_PACKAGES, RetrapError
from retrap.base.process import capture, run_logged
from retrap.base.progress import Progress
from retrap.base.usage import hold

ARCHIVE = "http://deb.debian.org/debian"
KEYS = "/usr/share/keyrings/debian-archive-keyring.gpg"
APT_CONF = """\
APT::Architectures {{ "amd64"; }};
APT::Architecture "amd64";
APT::Install-Recommends "false";
APT::Sandbox::User "root";
Dir::State "{state}";
Dir::State::status "{state}/status";
Dir::Cache "{state}/cache";
Dir::Log "{state}";
Dir::Etc::sourcelist "{state}/sources.list";
Dir::Etc::sourceparts "/dev/null";
"""


def is_of_one(package: str) -> bool:
    """Whether it names its suite."""
    return "/" in package


def tarball(package: str) -> Path:
    """Where it is once it is fetched."""
    name, _, _ = package.partition("/")
    return _directory(package) / f"usr/src/{name}.tar.xz"


def version(package: str) -> str:
    """Of what was fetched: Debian's version, and the hash of the source itself, as a
    suite moves on. Errors: EXIT_PACKAGES."""
    try:
        return (_directory(package) / "version").read_text().strip()
    except OSError:
        raise RetrapError(
            f"{package} is not fetched",
            f"./retrap packages {package}",
            EXIT_PACKAGES,
        ) from None


def fetch(package: str, progress: Progress) -> None:
    """Unless it is there. Errors: EXIT_PACKAGES; EXIT_GONE where the suite has moved
    on, with what it has now."""
    directory = _directory(package)
    with progress.task(package) as task, locked(subdirectory("sysroots"), task):
        if hold(directory):
            return
        log = subdirectory("logs") / f"{directory.name}.log"
        log.unlink(missing_ok=True)
        work = partial(directory)
        task.update("fetches it")
        deb = _download(package, work / "apt", log)
        task.update("unpacks it")
        if run_logged(["dpkg-deb", "-x", str(deb), str(work)], log) != 0:
            raise _failed(f"cannot unpack {deb.name}", log)
        said = capture(["dpkg-deb", "-f", str(deb), "Version"]) or "?"
        shutil.rmtree(work / "apt")
        name, _, _ = package.partition("/")
        with open(work / f"usr/src/{name}.tar.xz", "rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
        (work / "version").write_text(f"{said.strip()} sha256:{digest[:16]}\n")
        publish(work, directory)
        hold(directory)
        task.update(said.strip())


def _directory(package: str) -> Path:
    return subdirectory("sysroots") / package.replace("/", "@")


def _download(package: str, state: Path, log: Path) -> Path:
    name, _, suite = package.partition("/")
    (state / "lists/partial").mkdir(parents=True)
    (state / "cache/archives/partial").mkdir(parents=True)
    (state / "status").touch()
    source = f"deb [signed-by={KEYS}] {ARCHIVE} {suite} main\n"
    (state / "sources.list").write_text(source)
    config = state / "apt.conf"
    config.write_text(APT_CONF.format(state=state))
    env = {**os.environ, "APT_CONFIG": str(config), "LC_ALL": "C"}
    place = state / "cache/archives"
    if run_logged(["apt-get", "-q", "update"], log, env=env) != 0:
        raise _failed(f"apt-get update of {suite} failed", log)
    if run_logged(["apt-get", "-q", "download", name], log, cwd=place, env=env) != 0:
        raise _gone(name, suite, env) or _failed(f"{package} cannot be fetched", log)
    return next(place.glob("*.deb"))


def _gone(name: str, suite: str, env: dict[str, str]) -> RetrapError | None:
    """The suite has others, of other releases, and not this one."""
    words = ["env", f"APT_CONFIG={env['APT_CONFIG']}", "apt-cache", "pkgnames"]
    found = capture([*words, "linux-source-"]) or ""
    others = sorted(re.findall(r"^linux-source-[0-9.]+$", found, re.M))
    if not others or name in others:
        return None
    return RetrapError(
        f"{name} is not in Debian's {suite} any more",
        f"name one that is: {', '.join(others)}; do its patches apply? "
        "(docs/kernels.md, `Another base`)",
        EXIT_GONE,
    )


def _failed(what: str, log: Path) -> RetrapError:
    lines = log.read_text(errors="replace").splitlines()
    telling = [line for line in lines if line.startswith("E:")]
    shown = "\n  ".join((telling or lines)[-4:])
    remedy = f"is {ARCHIVE} reachable, and {KEYS} there? the whole log is {log}"
    return RetrapError(f"{what}:\n  {shown}", remedy, EXIT_PACKAGES)
