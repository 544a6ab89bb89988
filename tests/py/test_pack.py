# SPDX-License-Identifier: GPL-2.0-only
"""What is sent, what is taken out, and that every seal still holds."""

from __future__ import annotations

import hashlib
import json
import shutil
import tarfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from test_sealed import writable_copy

from retrap.base.errors import EXIT_RESULTS, EXIT_USAGE, RetrapError
from retrap.base.paths import ROOT
from retrap.campaign import journal
from retrap.cli.parser import parse
from retrap.report import table
from retrap.results import pack, redact, redacted, sealed
from retrap.results.store import load

QUICK = ROOT / "results/reference/quick"
BOOT = "raw/async-retrap/exact-x86_64-1"
CELLS = len(list((QUICK / BOOT).glob("*.npy")))  # of the boot that has names
SECRETS = ("corp-laptop-17", "jane.roe", "/home/jane", "5e2f-root-uuid", "s3cr3t")


def command(*words: object) -> None:
    args = parse([str(word) for word in words])
    assert args.run(args) == 0


def changed(path: Path, change: dict[str, Any]) -> None:
    """A record's fields, by names with dots between."""
    record = json.loads(path.read_text())
    for keys, value in change.items():
        *way, last = keys.split(".")
        node = record
        for key in way:
            node = node[key]
        node[last] = value
    path.write_text(json.dumps(record))


@pytest.fixture
def mine(tmp_path: Path) -> Path:
    """The reference, as if a person had measured it on a machine of a firm; closed."""
    path = writable_copy(tmp_path / "mine")
    shutil.copy(QUICK / "manifest.json", path)
    (path / "manifest.json").chmod(0o644)
    boot = path / BOOT
    said = "root=UUID=5e2f-root-uuid quiet isolcpus=2,3 luks.key=s3cr3t"
    changed(boot / "env-before.json", {"facts.cmdline": said})
    for file in boot.glob("*.benchmark.json"):
        changed(file, {"context.host_name": "corp-laptop-17"})
    for file in boot.glob("*.run.json"):
        changed(file, {"argv": ["/home/jane/retrap-bench", "/home/jane/x"]})
    (boot / "console.log").write_text(
        "hello corp-laptop-17, from /home/jane/linux/vmlinux\n"
    )
    record = json.loads((boot / "boot.json").read_text())
    record["patches"][0]["name"] = "/home/jane/0001-mine.patch"
    record["sha256"] = {
        file.name: sealed.sha256(file)
        for file in boot.iterdir()
        if file.name != sealed.RECORD
    }
    (boot / "boot.json").write_text(json.dumps(record))
    changed(path / "plan.json", {"experiment": "quick@corp-laptop-17"})
    (path / "machine.json").write_text('{"name": "corp-laptop-17"}')
    lines = [
        json.loads(line) for line in (QUICK / journal.FILE).read_text().splitlines()
    ]
    for line in lines:
        if "plan_sha256" in line:
            line["plan_sha256"] = sealed.sha256(path / "plan.json")
        if line.get("sha256") and line["job"].startswith("async"):
            line["sha256"] = sealed.sha256(boot / "boot.json")
    text = "".join(json.dumps(line) + "\n" for line in lines)
    (path / journal.FILE).write_text(text)
    load(path)
    return path


@pytest.fixture
def sent(mine: Path, tmp_path: Path) -> Path:
    file = tmp_path / "mine.pack"
    command("pack", mine, "--out", file)
    return file


def test_nothing_of_who_measured_is_in_it(sent: Path) -> None:
    with tarfile.open(sent) as archive:
        for member in archive:
            file = archive.extractfile(member)
            assert file
            text = file.read().decode("utf-8", "replace")
            assert not [word for word in SECRETS if word in text + member.name], member
            assert (member.uid, member.uname, member.mtime) == (0, "", 0)
        assert archive.getnames()[0] == pack.LIST
        assert not {"machine.json", "table.txt"} & set(archive.getnames())


def test_it_is_what_it_was_where_it_arrives(
    mine: Path, sent: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    theirs = tmp_path / "theirs"
    command("verify", sent, "--unpack", theirs)
    told = capsys.readouterr().out
    assert "whole: 4 boots of quick [exact x86_64]; every seal holds" in told
    taken_out = f"took something out of {2 * CELLS + 4} files"
    assert taken_out in told
    one, other = load(mine), load(theirs)
    assert len(one.boots) == len(other.boots) == 4
    for left, right in zip(one.cells(), other.cells()):
        assert left.path.name == right.path.name and left.counts == right.counts
        if left.timed:
            assert np.array_equal(left.samples, right.samples)
    facts = json.loads((theirs / BOOT / "env-before.json").read_text())["facts"]
    assert facts["cmdline"] == "[...] quiet isolcpus=2,3 [...]"
    shown = " ".join(table.render(theirs).split())
    assert f"{taken_out} (redacted.json)" in shown
    command("compare", mine, theirs)
    assert "same in" in capsys.readouterr().out


def test_a_list_comes_first(mine: Path, capsys: pytest.CaptureFixture[str]) -> None:
    command("pack", mine, "--list")
    told = capsys.readouterr().out
    for line in (
        f"  {BOOT}/  {len(list((mine / BOOT).iterdir()))} files, ",
        f"  context.host_name, of {CELLS} benchmark.json",
        "  facts.cmdline, of 1 env-before.json",
        f"  a path, of {CELLS} run.json",
        "  a path, of 1 boot.json",
        "  a name of a host or user, of 1 console.log",
        "  experiment, of 1 plan.json",
    ):
        assert line in told, line
    assert "machine.json" in told.rpartition("left out: ")[2]


def test_what_holds_no_name_is_sent_as_it_is(tmp_path: Path) -> None:
    """Equal results give equal bytes, and no redacted.json."""
    found = pack.collect(QUICK)
    assert found.taken_out == {} and redacted.FILE not in found.files
    assert {member.data for member in found.files.values()} == {None}
    for name in ("a", "b"):
        pack.store(found, tmp_path / name)
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()


def unpacked(sent: Path, tmp_path: Path) -> Path:
    path = tmp_path / "theirs"
    command("verify", sent, "--unpack", path)
    for file in path.rglob("*.json"):
        file.chmod(0o644)
    return path


def test_samples_are_never_redacted(sent: Path, tmp_path: Path) -> None:
    """Who sends them cannot exchange them, and say that they took something out."""
    path = unpacked(sent, tmp_path)
    record = json.loads((path / redacted.FILE).read_text())
    name = f"{BOOT}/retrap.trigger-sigcont@same-cpu.npy"
    sha256 = hashlib.sha256((path / name).read_bytes()).hexdigest()
    entry = {"sealed": sha256, "sent": "0" * 64, "taken_out": ["a name"]}
    record["files"][name] = entry
    (path / redacted.FILE).write_text(json.dumps(record))
    with pytest.raises(RetrapError, match="redacted.json") as caught:
        load(path)
    assert caught.value.exit_code == EXIT_RESULTS and name in caught.value.message


@pytest.mark.parametrize(
    ("name", "said"),
    [
        (f"{BOOT}/env-before.json", "is not what redacted.json says was sent"),
        (f"{BOOT}/boot.json", "is not what redacted.json says was sent"),
        ("plan.json", "is not what redacted.json says was sent"),
        ("raw/mainline/exact-x86_64-1/env-before.json", "is not what the boot wrote"),
    ],
)
def test_a_changed_file_is_noticed(
    sent: Path, tmp_path: Path, name: str, said: str
) -> None:
    path = unpacked(sent, tmp_path)
    with (path / name).open("a") as file:
        file.write(" ")
    with pytest.raises(RetrapError, match=said) as caught:
        load(path)
    assert name in caught.value.message


def test_without_redacted_json_the_seals_do_not_hold(
    sent: Path, tmp_path: Path
) -> None:
    path = unpacked(sent, tmp_path)
    (path / redacted.FILE).unlink()
    with pytest.raises(RetrapError, match="was changed: its hash differs"):
        load(path)


def test_a_pack_is_sent_on_as_it_is(sent: Path, tmp_path: Path) -> None:
    with pytest.raises(RetrapError, match="came from a pack"):
        pack.collect(unpacked(sent, tmp_path))


def test_damaged_results_are_not_packed(mine: Path) -> None:
    (mine / BOOT / "console.log").write_text("another\n")
    with pytest.raises(RetrapError, match="is not what the boot wrote"):
        pack.collect(mine)


def test_a_full_disk_leaves_nothing(tmp_path: Path) -> None:
    with pytest.raises(RetrapError, match="cannot be written") as caught:
        pack.store(pack.collect(QUICK), tmp_path / "no/x.pack")
    assert caught.value.exit_code == EXIT_RESULTS
    found = pack.collect(QUICK)
    found.files["plan.json"] = pack.Member("0" * 64, 1)
    with pytest.raises(RetrapError, match="plan.json: changes meanwhile"):
        pack.store(found, tmp_path / "x.pack")
    assert list(tmp_path.iterdir()) == []


def test_nothing_is_written_over(mine: Path, sent: Path) -> None:
    for words in (("pack", mine, "--out", sent), ("verify", sent, "--unpack", mine)):
        with pytest.raises(RetrapError, match="is there") as caught:
            command(*words)
        assert caught.value.exit_code == EXIT_USAGE


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("/home/jane/a b", "[...]/a b"),
        ("file:/srv/x/y.patch", "file:[...]/y.patch"),
        ("/usr/lib/x/libc.so.6 /bin/sh /dev/ttyS0", None),
        ("placement:same-cpu/interface:listen/retrap", None),
        ("corp-laptop-17 corp-laptop-175", "[...] corp-laptop-175"),
        ("a vm, by root", None),
    ],
)
def test_words_that_are_taken_out(text: str, left: str | None) -> None:
    """None: nothing of it is."""
    redactor = redact.Redactor({"corp-laptop-17", "vm", "root", ""})
    data, told = redactor.file("x.json", json.dumps({"key": [text]}).encode())
    assert json.loads(data) == {"key": [left or text]} and bool(told) == bool(left)
