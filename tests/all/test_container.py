# SPDX-License-Identifier: GPL-2.0-only
"""The podman lines of the README and docs/try.md, as written, by Debian's podman.

The registry's image is made here, by mmdebstrap, and has the registry's name. What
podman stores lies in a folder of its own.
"""

from __future__ import annotations

import json
import os
import re
import resource
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from conftest import KERNELS, kernel
from linux_tree import FIRST, git, made, plant

from retrap.campaign import journal
from retrap.base.errors import EXIT_DEARER
from retrap.base.paths import ROOT
from retrap.config.experiments import load_experiment
from retrap.build.packages import names

# prepare_signal(), which a notification runs three times
DEARER = "\tif (signal->flags & SIGNAL_GROUP_EXIT) {\n"
BASE = "docker.io/library/debian:12"


def lines() -> list[str]:
    """Those of the README that begin with podman, continued ones joined."""
    readme = (ROOT / "README.md").read_text().replace("\\\n", "")
    return re.findall(r"^podman .*$", readme, re.MULTILINE)


def recipe(tree: Path) -> str:
    """The line of docs/try.md for a job, of that tree."""
    text = (ROOT / "docs/try.md").read_text().replace("\\\n", "")
    (line,) = re.findall(r"^podman run .*$", text, re.MULTILINE)
    for old, new in (("~/linux", str(tree)), ("origin/master..", f"{FIRST}..")):
        assert old in line
        line = line.replace(old, new)
    return line


def limits() -> str:
    """podman asks for more files and processes than it may, where a machine limits
    even its root."""
    nofile = min(4096, resource.getrlimit(resource.RLIMIT_NOFILE)[1])
    return f'"nofile={nofile}:{nofile}", "nproc=4096:4096"'


@pytest.fixture(scope="module")
def here(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    """The environment of a podman with the base image in its store."""
    lacking = [name for name in ("podman", "runc", "mmdebstrap") if not _has(name)]
    if lacking:
        pytest.skip(f"{', '.join(lacking)} is not installed")
    if os.geteuid() != 0:
        pytest.skip("mmdebstrap and podman are run as root here")
    folder = tmp_path_factory.mktemp("podman")
    storage, containers = folder / "storage.conf", folder / "containers.conf"
    storage.write_text(
        f'[storage]\ndriver = "overlay"\ngraphroot = "{folder}/graph"\n'
        f'runroot = "{folder}/run"\n'
    )
    containers.write_text(
        f'[containers]\ndefault_ulimits = [{limits()}]\n[engine]\nruntime = "runc"\n'
        f'volume_path = "{folder}/volumes"\n'
    )
    env = {
        **os.environ,
        "CONTAINERS_CONF": str(containers),
        "CONTAINERS_STORAGE_CONF": str(storage),
    }
    base = folder / "base.tar"
    _run(["mmdebstrap", "--variant=minbase", "bookworm", str(base), *_sources()], env)
    _run(["podman", "import", str(base), BASE], env)
    base.unlink()
    yield env
    _run(["podman", "volume", "rm", "--all", "--force"], env)
    _run(["podman", "rmi", "--all", "--force"], env)
    if os.path.ismount(folder / "graph/overlay"):
        subprocess.run(["umount", folder / "graph/overlay"], check=True)


def _has(name: str) -> bool:
    return shutil.which(name) is not None


def _sources() -> list[str]:
    """Of apt here, where one offers Debian 12; the image keeps it."""
    file = Path("/etc/apt/sources.list.d/debian.sources")
    return [str(file)] if file.is_file() else []


def _run(argv: list[str], env: dict[str, str], cwd: Path = ROOT) -> str:
    done = subprocess.run(
        argv, cwd=cwd, env=env, stdin=subprocess.DEVNULL, capture_output=True, text=True
    )
    assert done.returncode == 0, f"{argv}:\n{done.stdout[-2000:]}{done.stderr[-4000:]}"
    return done.stdout


@pytest.fixture(scope="module")
def clone(here: dict[str, str], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A clone with the image built of it, by the README's line. The kernels are
    ours: Debian's compiler is the same there, so they have the same keys."""
    clone = tmp_path_factory.mktemp("clone")
    _run(["git", "clone", "-q", str(ROOT), str(clone)], here)
    build, _ = lines()
    _run(["sh", "-c", build], here, clone)
    _run(["podman", "volume", "create", "retrap"], here)
    where = "{{.Mountpoint}}"
    inspect = ["podman", "volume", "inspect", "--format", where, "retrap"]
    cache = Path(_run(inspect, here).strip()) / "cache"
    for name in load_experiment().variants:
        found = kernel(name)
        assert found.variant == KERNELS[name]
        shutil.copytree(found.directory, cache / "kernels" / found.key)
    return clone


def test_the_readme_has_two_lines() -> None:
    build, run = lines()
    assert build.startswith("podman build ") and run.startswith("podman run ")


def test_the_line_that_runs(here: dict[str, str], clone: Path) -> None:
    said = _run(["sh", "-c", lines()[1]], here, clone)
    assert "mainline" in said
    (stamp,) = clone.glob("results/quick/*")
    assert journal.read(stamp).finished
    boots = list(stamp.glob("raw/*/exact-*/boot.json"))
    assert len(boots) == len(load_experiment().variants)


def test_a_job_that_fails_when_a_path_gets_dearer(
    here: dict[str, str], clone: Path, tmp_path: Path
) -> None:
    """The first job builds the base, a later one compiles what its patches touch."""
    (tmp_path / "source").mkdir()
    tree = made(tmp_path / "source")
    file = tree / "kernel/signal.c"
    file.write_text(file.read_text() + "/* nothing */\n")
    git(tree, "commit", "-qam", "nothing")
    _run(["sh", "-c", recipe(tree)], here, clone)
    cost = json.loads((clone / "cost.json").read_text())
    assert {row["verdict"] for row in cost["rows"]} == {"same"}
    plant(tree, "kernel/signal.c", DEARER, 100)
    git(tree, "commit", "-qam", "dearer")
    argv = ["sh", "-c", recipe(tree)]
    job = subprocess.run(argv, cwd=clone, env=here, capture_output=True, text=True)
    assert job.returncode == EXIT_DEARER, job.stderr
    counts = re.findall(r"(\d+) objects compiled", job.stderr)
    assert max(map(int, counts)) < 50, counts
    (row,) = json.loads((clone / "cost.json").read_text())["rows"]
    assert (row["verdict"], row["estimate"]) == ("more", 300)


def test_the_image_lacks_nothing_that_matrix_wants(here: dict[str, str]) -> None:
    """No package is installed again in each container."""
    sets = ["report", "figures", "terminal", "build", "count", "guest", "test", "lint"]
    assert all(names(each) for each in sets)
    argv = ["podman", "run", "--rm", "retrap", "packages", *sets, "linux-source-6.12"]
    assert _run([*argv, "--no-install"], here) == ""


def test_bare_debian_installs_python_first(here: dict[str, str], clone: Path) -> None:
    """No python3: help says what is missing, anything else brings it."""
    argv = ["podman", "run", "--rm", "-v", f"{clone}:/retrap:Z", BASE]
    shown = subprocess.run(
        [*argv, "/retrap/retrap", "--help"], env=here, capture_output=True, text=True
    )
    assert shown.returncode == 3 and "python3 is missing" in shown.stderr
    bad = subprocess.run(
        [*argv, "/retrap/retrap", "frob"], env=here, capture_output=True, text=True
    )
    assert bad.returncode == 2 and "invalid choice: 'frob'" in bad.stderr
