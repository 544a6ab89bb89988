# SPDX-License-Identifier: GPL-2.0-only
"""The retrap command from outside: exit codes, help, nonsense, README."""

from __future__ import annotations

import json
import os
import re
import subprocess
from pathlib import Path

import pytest

from retrap.base.errors import EXIT_USAGE
from retrap.campaign import journal

ROOT = Path(__file__).resolve().parents[2]
COMMANDS = (
    *(
        "matrix",
        "campaign",
        "bench",
        "profile",
        "try",
        "run",
        "compare",
        "plan",
        "plot",
        "report",
        "lkml",
        "pack",
        "verify",
        "doctor",
        "conform",
        "mutate",
        "test",
    ),
    *("kernel", "packages", "docs"),
)
SECTIONS = ("NAME", "SYNOPSIS", "DESCRIPTION", "OPTIONS", "EXIT STATUS", "FILES")


def retrap(*words: str, **env: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [ROOT / "retrap", *words],
        capture_output=True,
        text=True,
        env={**os.environ, **env},
        timeout=120,
    )


def refused(code: int, *words: str) -> str:
    """retrap exits with `code`, one message and no traceback; the message."""
    done = retrap(*words)
    assert done.returncode == code, done.stderr
    assert "Traceback" not in done.stderr
    assert done.stderr.startswith("retrap:") or done.stderr.startswith("usage:")
    return done.stderr


@pytest.mark.parametrize("command", COMMANDS)
def test_help_in_man_page_order(command: str) -> None:
    text = retrap(command, "--help").stdout
    heads = re.findall(r"^([A-Z][A-Z ]+)$", text, re.MULTILINE)
    verbs = ["COMMANDS"] if command == "kernel" else []
    assert heads == [*SECTIONS[:3], *verbs, *SECTIONS[3:], "EXAMPLES"]
    assert max(map(len, text.splitlines())) <= 80
    assert "%%" not in text
    options = text.split("OPTIONS")[1].split("EXIT STATUS")[0]
    for option in re.findall(r"^    (--[a-z-]+)", options, re.MULTILINE):
        body = re.search(
            rf"^    {option}.*\n((?:        .*\n)+)", options, re.MULTILINE
        )
        assert body and "default" in body.group(1), f"{option} has no default"


def test_help_lists_every_command() -> None:
    text = retrap("--help").stdout
    listed = text.split("COMMANDS\n")[1].split("\nOPTIONS\n")[0]
    found = re.findall(r"^    (\S+) +\S", listed, re.MULTILINE)
    assert sorted(found) == sorted(COMMANDS) and len(listed.splitlines()) == len(found)


def test_readme_names_only_what_exists() -> None:
    """Every `retrap COMMAND` and --option of the README, but podman's, is in the
    help."""
    readme = (ROOT / "README.md").read_text()
    readme = re.sub(r"^podman .*(?:\\\n.*)*", "", readme, flags=re.MULTILINE)
    used = set(re.findall(r"\./retrap ([a-z]+)", readme))
    assert {"matrix", "test"} <= used <= set(COMMANDS)
    helps = "".join(retrap(command, "--help").stdout for command in COMMANDS)
    options = set(re.findall(r"(?<![\w-])--[a-z][a-z-]+", readme))
    assert {option for option in options if option not in helps} == {"--cap-add"}
    assert len(readme.splitlines()) <= 120


def test_readme_and_docs_link_to_files_that_exist() -> None:
    for page in (ROOT / "README.md", *(ROOT / "docs").glob("*.md")):
        for target in re.findall(r"\]\(([^)#:]+)[^):]*\)", page.read_text()):
            assert (page.parent / target).exists(), f"{page.name}: {target}"


def test_no_command() -> None:
    assert retrap().returncode == 2


@pytest.mark.parametrize(
    "words",
    [("frob",), ("matrix", "--frob"), ("compare",), ("matrix", "a", "b"), ("matri",)],
)
def test_usage_errors(words: tuple[str, ...]) -> None:
    refused(2, *words)


def test_missing_experiment() -> None:
    assert "/nowhere.toml: cannot read" in refused(4, "matrix", "/nowhere.toml")


def test_malformed_experiment(tmp_path: Path) -> None:
    path = tmp_path / "x.toml"
    path.write_text('scenarios = ["a"\nvariants = 3\n')
    assert f"{path}:2: not TOML" in refused(4, "matrix", str(path))


def test_unknown_variant(tmp_path: Path) -> None:
    path = tmp_path / "x.toml"
    path.write_text('scenarios = ["floor/clock"]\nvariants = ["nope"]\n')
    assert "no variant 'nope'; there are mainline" in refused(4, "matrix", str(path))


def test_unknown_scenario(tmp_path: Path) -> None:
    path = tmp_path / "x.toml"
    path.write_text('scenarios = ["floor/nope"]\n[host]\nsamples = 10\n')
    said = refused(4, "run", str(path), "--results", str(tmp_path / "out"))
    assert f"{path}:1: scenarios: no scenario 'floor/nope'; of the" in said
    assert "the nearest are floor/" in said


@pytest.mark.parametrize(
    ("scenario", "more", "said"),
    [
        (
            "elsewhere/jobctl/threads:257",
            "",
            "1: scenarios: elsewhere/jobctl/threads:257: threads is 1 to 256, not 257",
        ),
        (
            "floor/pipe",
            'placements = ["cross-town"]',
            "2: placements: no placement 'cross-town': same-cpu, smt-sibling, ",
        ),
    ],
)
def test_what_retrap_bench_does_not_have(
    tmp_path: Path, scenario: str, more: str, said: str
) -> None:
    path = tmp_path / "x.toml"
    path.write_text(f'scenarios = ["{scenario}"]\n{more}\n[host]\nsamples = 10\n')
    told = refused(4, "run", str(path), "--results", str(tmp_path / "out"))
    assert f"{path}:{said}" in told


def test_results_that_are_not_there(tmp_path: Path) -> None:
    for command in ("compare", "plot", "report", "lkml"):
        assert str(tmp_path) in refused(8, command, str(tmp_path))


def test_results_directory_that_cannot_be_written(tmp_path: Path) -> None:
    """/proc takes no directory, not even from root."""
    path = tmp_path / "x.toml"
    path.write_text('scenarios = ["floor/clock"]\n[host]\nsamples = 10\n')
    said = refused(8, "run", str(path), "--results", "/proc/retrap")
    assert "cannot write results" in said


def test_full_disk(tmp_path: Path) -> None:
    """A 64 KiB tmpfs as the results directory."""
    if os.geteuid() != 0:
        pytest.skip("mounting a small tmpfs needs root")
    small = tmp_path / "small"
    small.mkdir()
    subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", small], check=True
    )
    try:
        path = tmp_path / "x.toml"
        path.write_text('scenarios = ["floor/syscall"]\n[host]\nsamples = 100000\n')
        done = retrap("run", str(path), "--results", str(small))
        assert done.returncode in (8, 10), done.stderr
        assert "No space left" in done.stderr and "Traceback" not in done.stderr
        for found in small.rglob("journal.jsonl"):
            assert not journal.read(found.parent).finished
        assert not list(small.rglob("*.npy"))
    finally:
        subprocess.run(["umount", small], check=True)


def test_dry_run_does_nothing(tmp_path: Path) -> None:
    done = retrap("matrix", "--dry-run", "--results", str(tmp_path / "out"))
    assert done.returncode == 0, done.stderr
    assert [line[0] for line in done.stdout.splitlines()[1:]] == list("12222333345")
    assert not (tmp_path / "out").exists()


def test_without_the_host_guests_alone_are_planned(tmp_path: Path) -> None:
    done = retrap("matrix", "--dry-run", "--guests", "--results", str(tmp_path))
    assert done.returncode == 0, done.stderr
    assert [line[0] for line in done.stdout.splitlines()[1:]] == list("1222233335")
    alone = tmp_path / "alone.toml"
    alone.write_text('scenarios = ["floor/clock"]\n[host]\nsamples = 20\n')
    done = retrap("matrix", str(alone), "--dry-run", "--guests")
    assert done.returncode == EXIT_USAGE
    assert "--guests: it boots no guest" in done.stderr


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--guests", "--on", "here"], "--guests does not go with --on"),
        (["--profile", "--on", "here"], "--profile does not go with --on"),
        (["--tune", "all"], "--tune goes with --on"),
        (["--yes"], "--yes goes with --on"),
        (["--on", "/no/hosts"], "--on /no/hosts: there is no such inventory"),
    ],
)
def test_a_flag_that_would_do_nothing_is_refused(words: list[str], said: str) -> None:
    done = retrap("matrix", "--dry-run", *words)
    assert done.returncode == EXIT_USAGE
    assert said in done.stderr


def test_doctor_json() -> None:
    rows = json.loads(retrap("doctor", "--json").stdout)
    assert {row["verdict"] for row in rows} <= {"good", "bad", "unknown"}
    assert all(row["remedy"] for row in rows if row["verdict"] == "bad")
    facts = [row["fact"] for row in rows]
    for fact in ("governor", "turbo", "smt active", "isolated cpus", "mitigations",
                 "clocksource", "hypervisor", "hardware PMU", "perf permission",
                 "KVM usable", "steal time"):  # fmt: skip
        assert fact in facts


def test_package_list_is_well_formed() -> None:
    arches = "x86_64|arm64|cross-x86_64|cross-arm64"
    sets = (
        f"report|config|figures|terminal|build|count|guest|{arches}|deb|test|lint|all"
        "|fleet|machine|rehearsal|mail|browser"
    )
    how = r"(command|module|static):[\w.+-]+|(header|file):[\w./-]+"
    for line in (ROOT / "configs/packages.txt").read_text().splitlines():
        found = rf"({sets}) +[a-z0-9.+|-]+ +({how}) +.+"
        unpacked = r"sysroot +[a-z0-9.+|-]+ +unpacked +.+"
        if not line.startswith("#"):
            assert re.fullmatch(f"{found}|{unpacked}", line), line


def test_debian_python_whatever_is_on_path(tmp_path: Path) -> None:
    fake = tmp_path / "python3"
    fake.write_text("#!/bin/sh\necho wrong python >&2\nexit 99\n")
    fake.chmod(0o755)
    done = retrap("--help", PATH=f"{tmp_path}:{os.environ['PATH']}")
    assert done.returncode == 0 and "wrong python" not in done.stderr


def test_every_file_names_its_licence() -> None:
    """SPDX in the first two lines (a shebang may come first)."""
    names = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT, capture_output=True, text=True, check=True,
    ).stdout.split()  # fmt: skip
    data = (".patch", ".json", ".npy", ".csv", ".svg", ".png", ".txt", ".jsonl")
    data += (".log", ".eml")
    for name in names:
        path = ROOT / name
        plain = name.startswith(("LICENSES/", "results/reference/", "tests/data/"))
        bases = tuple(
            f"kernel-patch/{release}/base"
            for release in ("6.1", "6.12", "7.x", "man-pages")
        )
        bare = ("COPYING", ".gitignore", ".gitattributes", *bases)
        if plain or name in bare or path.suffix in data or not path.is_file():
            continue
        head = "".join(path.read_text().splitlines(keepends=True)[:4])
        assert re.search(r"SPDX-License-Identifier\W+GPL-2.0-only", head), name


@pytest.mark.parametrize(
    "words",
    [
        (),
        ("--against", "mainline", "--variant", "async-retrap"),
        ("--variant", "mainline,async-retrap,please-notify"),
    ],
)
def test_a_profile_ends_in_one_screen(words: tuple[str, ...]) -> None:
    stored = ("profile", "--from", "results/reference/profile")
    done = retrap(*stored, *words)
    lines = done.stdout.splitlines()
    assert done.returncode == 0 and len(lines) <= 24
    assert all(len(line) <= 80 for line in lines)
    assert "(--full prints the tables)" in lines[-2]
    assert len(retrap(*stored, *words, "--full").stdout.splitlines()) > 24


def test_a_difference_that_fits_a_screen_is_printed() -> None:
    cell = ("retrap/trigger:sigcont", "--placement", "cross-cpu", "--arch", "x86_64")
    pair = ("--variant", "mainline", "--against", "async-retrap")
    done = retrap("profile", "--from", "results/reference/profile", *cell, *pair)
    assert "ptrace_async_trap, appears" in done.stdout
    assert "--full" not in done.stdout
