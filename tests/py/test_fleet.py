# SPDX-License-Identifier: GPL-2.0-only
"""The controller's side: what a machine gets, and what of its answers is taken."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
import tarfile
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import pytest

from retrap.base.arch import X86_64
from retrap.base.errors import EXIT_CONFIG, EXIT_USAGE, RetrapError
from retrap.base.paths import ROOT
from retrap.build.programs import Programs
from retrap.cli import commands, follow, machines, parser, ready
from retrap.config.experiments import load_experiment
from retrap.fleet import bundle, site
from retrap.fleet.archive import unpack
from retrap.fleet.own import OwnKernel


def archive(path: Path, members: list[tuple[str, str, bytes]]) -> Path:
    """`members`: name, type (`-` a file, `l` a link to what follows, `p` a pipe)."""
    with tarfile.open(path, "w") as tar:
        for name, kind, content in members:
            info = tarfile.TarInfo(name)
            if kind == "l":
                info.type, info.linkname = tarfile.SYMTYPE, content.decode()
                tar.addfile(info)
            elif kind == "p":
                info.type = tarfile.FIFOTYPE
                tar.addfile(info)
            else:
                info.size, info.mode = len(content), 0o7777
                tar.addfile(info, io.BytesIO(content))
    return path


GOOD = [
    ("journal.jsonl", "-", b"lines\n"),
    ("raw/mainline/block-1/boot.json", "-", b"{}"),
    ("raw/mainline/block-1/floor.clock@same-cpu.npy", "-", b"samples"),
]
HOSTILE = [
    ("../outside", "-", b"x"),
    ("/tmp/retrap-outside", "-", b"x"),
    ("raw/../../outside", "-", b"x"),
    ("raw/mainline/../../plan.json", "-", b"x"),
    ("plan.json", "-", b"x"),
    ("raw/mainline/block-1/link", "l", b"/etc/passwd"),
    ("raw/mainline/block-2", "l", b"/tmp"),
    ("raw/mainline/block-1/pipe", "p", b""),
    ("raw/mainline/block-1-2.partial/boot.json", "-", b"{}"),
    ("raw/mainline/block-1/.hidden", "-", b"x"),
]


def test_of_an_archive_only_boots_and_journal_are_taken(tmp_path: Path) -> None:
    into = tmp_path / "a/b"
    into.mkdir(parents=True)
    unpack(archive(tmp_path / "x.tar", [*HOSTILE, *GOOD]), into)
    found = {str(p.relative_to(tmp_path)) for p in tmp_path.rglob("*") if p.is_file()}
    assert found == {"x.tar", *(f"a/b/{name}" for name, _, _ in GOOD)}
    assert not Path("/tmp/retrap-outside").exists()
    boot = into / "raw/mainline/block-1/boot.json"
    assert boot.stat().st_mode & 0o7777 == 0o444
    assert boot.stat().st_uid == os.geteuid()


def test_a_boot_that_is_here_stays_and_the_journal_is_the_machines(
    tmp_path: Path,
) -> None:
    unpack(archive(tmp_path / "x.tar", GOOD), tmp_path)
    again = [(name, kind, b"else") for name, kind, _ in GOOD]
    unpack(archive(tmp_path / "y.tar", again), tmp_path)
    assert (tmp_path / "raw/mainline/block-1/boot.json").read_bytes() == b"{}"
    assert (tmp_path / "journal.jsonl").read_bytes() == b"else"


def test_a_machine_needs_the_standard_library_alone(tmp_path: Path) -> None:
    """It runs from what a machine gets, without site packages and far from here."""
    bundle.code(tmp_path)
    assert not list(tmp_path.rglob("__pycache__"))
    argv = [sys.executable, "-S", "-P", "-B", "-m", "retrap.target"]
    environment = {"PYTHONPATH": str(tmp_path / "python"), "PATH": os.environ["PATH"]}
    for words, status in ((["check"], 0), ([], EXIT_USAGE)):
        done = subprocess.run(
            [*argv, *words], cwd="/", env=environment, capture_output=True, text=True
        )
        assert done.returncode == status, done.stderr
        if words:
            assert '"schema": "retrap.machine/1"' in done.stdout
    version = (tmp_path / "version").read_text().strip()
    told = "from retrap.base.version import git_version; print(git_version())"
    done = subprocess.run(
        [sys.executable, "-S", "-P", "-c", told],
        env=environment,
        cwd="/",
        capture_output=True,
        text=True,
    )
    assert done.stdout.strip() == version


def test_an_inventory_that_is_not_there_is_named() -> None:
    with pytest.raises(RetrapError, match="there is no such inventory"):
        site.site("/nowhere/hosts")


def test_a_look_at_machines_has_an_end_and_laying_has_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Kernels take as long to lay as a network takes."""
    limits = []

    def ran(argv: list[str], log: Path, env: dict[str, str]) -> int:
        limits.append(env.get("ANSIBLE_TASK_TIMEOUT"))
        log.touch()
        return 0

    monkeypatch.setattr(site, "run_logged", ran)
    fleet = object.__new__(site.Fleet)
    fleet._inventory, fleet.machines = tmp_path / "hosts", ("box1",)
    assert fleet.status("c1", ["box1"]) == {}
    fleet.begin("c1", {})
    assert limits == [site.STATUS_S, None]


def test_hosts_of_every_group() -> None:
    listed = {
        "_meta": {"hostvars": {"a": {}}},
        "all": {"children": ["lab"]},
        "lab": {"hosts": ["a", "b"]},
        "spare": {"hosts": ["b", "c"]},
    }
    assert site.hosts(Path("x"), json.dumps(listed)) == ("a", "b", "c")


def test_a_block_has_every_variant_once_and_the_baseline_twice(tmp_path: Path) -> None:
    experiment = load_experiment(ROOT / "configs/experiments/quick.toml")
    lines = machines.boots(experiment, tmp_path).splitlines()
    rows = [line.split(maxsplit=1)[1].split(", ") for line in lines[1:9]]
    wanted = sorted([*experiment.variants, "mainline again"])
    assert all(sorted(row) == wanted for row in rows)
    assert len({tuple(row) for row in rows}) > 4
    assert lines[9].startswith("41 reboots")
    assert lines[10].startswith("At 3 min a boot, 2.0 h: ")
    assert max(map(len, lines)) <= 80
    many = load_experiment(ROOT / "configs/experiments/full.toml")
    assert max(map(len, machines.boots(many, tmp_path).splitlines())) <= 80


def test_a_dry_run_counts_with_what_boots_took_last_time(tmp_path: Path) -> None:
    experiment = load_experiment(ROOT / "configs/experiments/quick.toml")
    for stamp, seconds in ("20260101-000000", 100), ("20260102-000000", 40):
        directory = tmp_path / "quick@box1" / stamp
        record = directory / "raw/mainline/block-1/boot.json"
        record.parent.mkdir(parents=True)
        record.write_text('{"quiet": {"waited_s": 10}}')
        lines = [
            {"job": "mainline/block-1", "state": state, "at": f"2026-01-01T00:{at}Z"}
            for state, at in (("armed", "00:00"), ("running", "00:10"))
        ]
        end = f"2026-01-01T00:{seconds // 60:02}:{seconds % 60:02}Z"
        lines.append({"job": "mainline/block-1", "state": "done", "at": end})
        text = "".join(json.dumps(line) + "\n" for line in lines)
        (directory / "journal.jsonl").write_text(text)
    last = machines.boots(experiment, tmp_path).splitlines()[-1]
    assert last == "box1: at 40 s a boot, as last time, 27 min."


@pytest.mark.parametrize(
    ("folder", "name"),
    [
        ("quick@box1/20261128-093000", "quick-20261128-093000"),
        ("Mine it$(x)@box/20261128-093000", "mine-it--x-20261128-093000"),
        ("é@box/20261128-093000", "retrap-20261128-093000"),
    ],
)
def test_the_name_of_a_campaign_can_stand_in_a_boot_entry(
    folder: str, name: str
) -> None:
    assert follow.campaign_name(Path("/results") / folder) == name


class Asked:
    """One machine that boots something else than GRUB, or a kernel of its own name."""

    machines = ("box1",)
    silence: dict[str, str] = {}

    def facts(self) -> site.Answers:
        told = {"campaigns": [], "refused": [], "cores": [0, 1], "own": None}
        return {"box1": {**told, "kernel_release": "6.1.0-9"}}


def test_a_kernel_of_its_own_that_is_not_found_is_said() -> None:
    asked = cast(site.Site, Asked())
    assert ready.facts_of(asked, (), own=False, known={})
    with pytest.raises(RetrapError, match="own kernel is not /boot/vmlinuz-6.1.0-9"):
        ready.facts_of(asked, (), own=True, known={})


def test_a_machines_own_kernel_is_not_carried_there(tmp_path: Path) -> None:
    """Its file stays where the distribution put it, and is known by its hash."""
    facts = {"file": "/boot/vmlinuz-6.1.0-9", "sha256": "ab" * 32, "build_id": "id"}
    kernel = OwnKernel(X86_64, {**facts, "release": "6.1.0-9"})
    program, results = tmp_path / "program", tmp_path / "results"
    program.write_text("")
    program.chmod(0o700)  # as under a umask of 077
    results.mkdir()
    for name in ("plan.json", "manifest.json", "journal.jsonl"):
        (results / name).write_text("{}")
    (into := tmp_path / "into").mkdir()
    programs = cast(Programs, SimpleNamespace(path=lambda name: program))
    target = bundle.make(into, "c1", results, [kernel], programs, 60.0)
    own = target.kernels["host"]
    assert (own.file, own.sha256) == (facts["file"], facts["sha256"])
    assert own.interfaces == ("listen",) and own.facts["kernel_key"] == "ab" * 8
    assert not list((into / "kernels").iterdir())
    modes = {file.stat().st_mode & 0o777 for file in (into / "bin").iterdir()}
    assert modes == {0o755}  # nobody runs them


def test_no_answer_to_the_question_is_no(monkeypatch: pytest.MonkeyPatch) -> None:
    experiment = load_experiment(ROOT / "configs/experiments/quick.toml")
    monkeypatch.setattr("builtins.input", lambda _: "")
    with pytest.raises(RetrapError, match="nothing was done"):
        machines._ask(experiment)


def test_a_kernel_that_could_not_bring_a_machine_back_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Before anything is installed or built; by file and line."""
    quick = (ROOT / "configs/experiments/6.1.toml").read_text()
    path = tmp_path / "old.toml"
    path.write_text(quick.replace('"mainline-6.1",', '"mainline", "mainline-6.1",', 1))
    for more in ([], ["--dry-run"]):
        args = parser.parse(["matrix", str(path), "--on", "here", *more])
        with pytest.raises(RetrapError) as caught:
            commands.matrix(args)
        assert caught.value.exit_code == EXIT_CONFIG
        told = caught.value.message
        assert told.startswith(f"{path}:4: variants: cannot be booted on a machine: ")
        assert "mainline-6.1 (Linux 6.1), listen-republish-6.1 (Linux 6.1)" in told
        assert "mainline (" not in told and "./retrap matrix without --on" in told
    assert not capsys.readouterr().out
    args = parser.parse(["matrix", "--on", "here", "--dry-run"])
    assert commands.matrix(args) == 0  # quick, of 6.12
