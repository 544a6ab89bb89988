# SPDX-License-Identifier: GPL-2.0-only
"""What retrap installs, when, and what it says where it cannot.

The machine of these tests is made of a PATH: links to the programs of this one,
less some; apt-get is a script that writes down how it was called.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest
from test_cli import ROOT, retrap
from retrap.campaign import journal

APT_GET = """#!/bin/sh
echo "$*" >>"{log}"
[ "$1" = install ] || exit 0
echo "0 upgraded, 2 newly installed, 0 to remove and 7 not upgraded."
echo "Unpacking cmake (3.25.1-1) ..."
for name in {installs}; do ln -s /usr/bin/$name "{bin}/$name"; done
"""
DEBIAN = ("dpkg", "apt", "debconf")  # how the names of its tools begin
HOST = 'scenarios = ["floor/clock"]\n[host]\nsamples = 10\n'


class Machine:
    """`lacks` some programs, and everything of Debian's; install() gives it
    an apt-get."""

    def __init__(self, folder: Path, lacks: tuple[str, ...]) -> None:
        self.bin, self.log = folder / "bin", folder / "apt.log"
        self.bin.mkdir()
        for place in ("/usr/sbin", "/usr/bin"):
            for file in Path(place).iterdir():
                link = self.bin / file.name
                if not file.name.startswith((*DEBIAN, *lacks)) and not link.exists():
                    link.symlink_to(file)

    def apt(self, *installs: str) -> None:
        script = self.bin / "apt-get"
        words = {"log": self.log, "bin": self.bin, "installs": " ".join(installs)}
        script.write_text(APT_GET.format(**words))
        script.chmod(0o755)

    def calls(self) -> list[str]:
        return self.log.read_text().splitlines() if self.log.exists() else []

    def retrap(self, *words: str, **env: str) -> subprocess.CompletedProcess[str]:
        done: subprocess.CompletedProcess[str]
        done = retrap(*words, PATH=str(self.bin), **env)
        return done


@pytest.fixture()
def bare(tmp_path: Path) -> Machine:
    """Nothing to build with, and an apt-get that would bring it."""
    machine = Machine(tmp_path, ("cmake", "ninja", "qemu-system"))
    machine.apt("cmake", "ninja", "qemu-system-x86_64", "qemu-system-aarch64")
    return machine


@pytest.mark.parametrize(
    ("code", "words"),
    [
        (0, ["--help"]),
        (0, ["matrix", "--help"]),
        (0, ["matrix", "--dry-run"]),
        (0, ["run", "--dry-run"]),
        (0, ["mutate", "--list"]),
        (2, []),
        (2, ["frob"]),
        (2, ["test", "nonsense"]),
        (2, ["matrix", "--frob"]),
        (2, ["profile"]),
        (2, ["profile", "retrap/trigger:sigcont", "--arch", "pdp11"]),
        (2, ["conform", "--arch", "pdp11"]),
        (2, ["mutate", "--arch", "x86_64,arm64"]),
        (2, ["kernel", "frob"]),
        (2, ["packages", "frob"]),
        (2, ["compare", "/nowhere", "--allow-mismatch"]),
        (4, ["matrix", "/nowhere.toml"]),
        (4, ["run", "/nowhere.toml"]),
        (4, ["matrix", "--variants", "/nowhere.toml"]),
        (4, ["profile", "retrap/trigger:sigcont", "--variant", "nope"]),
        (4, ["conform", "--kernels", "nope"]),
        (4, ["mutate", "nope"]),
        (4, ["kernel", "build", "nope"]),
        (4, ["kernel", "deb", "nope"]),
        (8, ["compare", "/nowhere"]),
        (8, ["compare", str(ROOT / "results/reference/quick"), "/nowhere"]),
        (8, ["plot", "/nowhere"]),
        (8, ["lkml", "/nowhere"]),
        (8, ["report", "/nowhere"]),
        (8, ["profile", "--from", "/nowhere"]),
        (8, ["conform", "--from", "/nowhere"]),
    ],
)
def test_nothing_is_installed_for_nonsense(
    bare: Machine, code: int, words: list[str]
) -> None:
    done = bare.retrap(*words)
    assert done.returncode == code, done.stderr
    assert bare.calls() == []


def test_what_is_missing_is_installed(bare: Machine) -> None:
    done = bare.retrap("packages", "build", "x86_64")
    assert done.returncode == 0, done.stderr
    install = "install -y --no-install-recommends cmake ninja-build qemu-system-x86"
    assert bare.calls() == ["update", install]
    assert re.search(r"  ninja-build +builds bench/", done.stderr)


def test_what_was_installed_and_is_not_found(bare: Machine) -> None:
    bare.apt("ninja")
    done = bare.retrap("packages", "build")
    assert done.returncode == 3
    assert "installed, but still not found: command cmake\n" in done.stderr


def test_apt_get_that_fails(bare: Machine) -> None:
    bare.apt()
    script = bare.bin / "apt-get"
    script.write_text(
        "#!/bin/sh\necho Reading lists\necho E: no such host >&2\nexit 100"
    )
    done = bare.retrap("packages", "build")
    assert done.returncode == 3
    assert "apt-get update failed:\n  Reading lists\n  E: no such host\n" in done.stderr


def test_no_install_prints_the_command(bare: Machine) -> None:
    done = bare.retrap("matrix", "--no-install")
    assert done.returncode == 3 and bare.calls() == []
    assert re.fullmatch(
        r"apt-get update && apt-get install -y --no-install-recommends"
        r" cmake ninja-build qemu-system-(x86|arm)\n",
        done.stdout,
    )
    assert re.search(r"  command cmake +cmake\n", done.stderr)
    verb = bare.retrap("packages", "build", RETRAP_INSTALL="no")
    assert verb.returncode == 3 and bare.calls() == []


@pytest.mark.parametrize("where", [["kernel", "--no-install", "build"],
                                   ["kernel", "build", "--no-install"]])  # fmt: skip
def test_no_install_of_a_verb(bare: Machine, where: list[str]) -> None:
    done = bare.retrap(*where, "mainline")
    assert done.returncode == 3 and "qemu-system-" in done.stdout
    assert bare.calls() == []


@pytest.mark.parametrize("words", [["--no-install"], []])
def test_no_apt_get(tmp_path: Path, words: list[str]) -> None:
    """Another distribution: the thing is named, and no advice is Debian's."""
    machine = Machine(tmp_path, ("cmake",))
    done = machine.retrap("matrix", *words)
    assert done.returncode == 3 and done.stdout == ""
    assert re.search(r"  command cmake +cmake\n", done.stderr)
    assert "RETRAP_INSTALL=skip" in done.stderr
    assert not re.search("sudo|apt-get (install|update)|dpkg", done.stderr)
    assert max(map(len, done.stderr.splitlines())) <= 80


def test_matrix_without_dpkg(tmp_path: Path) -> None:
    """What is there is found, whoever brought it."""
    machine = Machine(tmp_path, ())
    assert not any((machine.bin / name).exists() for name in ("dpkg-query", "apt-get"))
    experiment = tmp_path / "small.toml"
    experiment.write_text(HOST)
    results = tmp_path / "results"
    words = ["matrix", str(experiment), "--no-install", "--results", str(results)]
    done = machine.retrap(*words)
    assert done.returncode == 0, done.stderr
    (found,) = results.glob("small/*")
    assert journal.read(found).finished


def test_skip_does_not_look(bare: Machine, tmp_path: Path) -> None:
    """The build is reached, and says what it wanted."""
    experiment = tmp_path / "small.toml"
    experiment.write_text(HOST)
    words = ["run", str(experiment), "--results", str(tmp_path / "results")]
    done = bare.retrap(*words, RETRAP_INSTALL="skip")
    assert done.returncode == 5 and "cmake" in done.stderr
    assert bare.calls() == [] and "missing" not in done.stderr


def test_bad_value_of_retrap_install(bare: Machine) -> None:
    done = bare.retrap("packages", "build", RETRAP_INSTALL="never")
    assert done.returncode == 2 and "'never'" in done.stderr


@pytest.mark.parametrize("command", ["compare", "lkml", "report"])
def test_reports_need_numpy_and_scipy_alone(tmp_path: Path, command: str) -> None:
    """No compiler, no guest, no matplotlib and no rich."""
    directory = tmp_path / "run"
    shutil.copytree(ROOT / "results/reference/quick", directory)
    done = _without("matplotlib rich", command, str(directory), path=tmp_path)
    assert done.returncode == 0, done.stderr


def test_a_figure_needs_matplotlib(tmp_path: Path) -> None:
    directory = str(ROOT / "results/reference/quick")
    done = _without("matplotlib rich", "plot", directory, path=tmp_path)
    assert done.returncode == 3
    assert re.search(r"  module matplotlib +python3-matplotlib\n", done.stderr)
    assert "rich" not in done.stderr
    skipped = _without("matplotlib", "plot", directory, path=tmp_path, mode="skip")
    assert skipped.returncode == 3
    assert "Python has no module matplotlib" in skipped.stderr


@pytest.mark.parametrize("words", [["matrix", "--dry-run"], ["kernel", "list"]])
def test_a_toml_file_needs_jsonschema(tmp_path: Path, words: list[str]) -> None:
    done = _without("jsonschema", *words, path=tmp_path)
    assert done.returncode == 3
    assert re.search(r"  module jsonschema +python3-jsonschema\n", done.stderr)
    skipped = _without("jsonschema", *words, path=tmp_path, mode="skip")
    assert skipped.returncode == 3
    assert "Python has no module jsonschema" in skipped.stderr


@pytest.mark.parametrize("words", [["--help"], ["matrix", "--help"]])
def test_help_needs_nothing(tmp_path: Path, words: list[str]) -> None:
    done = _without("jsonschema numpy", *words, path=tmp_path)
    assert done.returncode == 0, done.stderr


def _without(
    modules: str, *words: str, path: Path, mode: str = "no"
) -> subprocess.CompletedProcess[str]:
    """retrap in a Python that cannot import these, with an empty PATH."""
    code = (
        f"import sys; sys.modules.update(dict.fromkeys({modules.split()!r}))\n"
        "from retrap.__main__ import main; sys.exit(main())"
    )
    return subprocess.run(
        ["/usr/bin/python3", "-P", "-c", code, *words],
        capture_output=True,
        text=True,
        env={
            **os.environ,
            "PYTHONPATH": f"{ROOT}/python:{ROOT}",
            "PATH": str(path),
            "RETRAP_INSTALL": mode,
        },
        timeout=120,
    )


def test_progress_on_a_terminal(bare: Machine) -> None:
    """One line that moves; script(1) is the terminal."""
    command = f"{ROOT}/retrap packages build"
    done = subprocess.run(
        ["script", "-qec", command, "/dev/null"],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        env={**os.environ, "PATH": str(bare.bin), "COLUMNS": "60"},
        timeout=120,
    )
    assert done.returncode == 0, done.stdout
    assert b"\r  unpacks 1 of 2: cmake (0 s)\x1b[K" in done.stdout


@pytest.mark.parametrize(
    ("words", "env"),
    [
        (["--help"], {}),
        (["matrix", "--dry-run"], {}),
        (["matrix", "--no-install"], {}),
        (["matrix"], {"RETRAP_INSTALL": "no"}),
        (["matrix"], {"RETRAP_INSTALL": "skip"}),
    ],
)
def test_no_python(bare: Machine, words: list[str], env: dict[str, str]) -> None:
    """/dev/null in place of it, for this one process."""
    done = _no_python(bare, *words, **env)
    assert done.returncode == 3 and bare.calls() == []
    assert "/usr/bin/python3 is missing" in done.stderr
    assert "apt-get install -y python3" in done.stderr


def test_python_is_installed_first(bare: Machine) -> None:
    done = _no_python(bare, "matrix")
    assert bare.calls() == ["update", "install -y python3"]
    assert done.returncode == 3, "the script has not brought one"


def _no_python(
    machine: Machine, *words: str, **env: str
) -> subprocess.CompletedProcess[str]:
    if os.geteuid() != 0:
        pytest.skip("hiding /usr/bin/python3 needs root")
    script = 'mount --bind /dev/null /usr/bin/python3 && exec "$@"'
    return subprocess.run(
        ["unshare", "-m", "sh", "-c", script, "sh", str(ROOT / "retrap"), *words],
        capture_output=True,
        text=True,
        env={**os.environ, "PATH": str(machine.bin), **env},
        timeout=120,
    )
