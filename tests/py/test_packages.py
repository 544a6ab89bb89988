# SPDX-License-Identifier: GPL-2.0-only
"""What is looked for, how, and for which variants."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from retrap.build import apt, packages
from retrap.cli import commands, rules
from retrap.base.arch import ARCHES, native
from retrap.cli.parser import parse
from retrap.config.variants import load_variants
from retrap.base.errors import EXIT_PACKAGES, RetrapError

VARIANTS = """[mine]
tree = "/home/me/linux"
[old]
package = "linux-source-6.1"
[older]
base = "old"
[debian]
package = "linux-source-6.12"
"""
EXPERIMENT = """variants = {}
scenarios = ["floor/clock"]
[exact]
samples = 10
"""


class Enough(Exception):
    pass


@pytest.fixture()
def asked(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What a command asks for; it gets no further."""
    found: list[str] = []

    def stop(*wanted: str) -> None:
        if wanted == ("config",):
            return  # a TOML file is read next
        found.extend(wanted)
        raise Enough

    for module in (commands, rules):
        monkeypatch.setattr(module, "ensure", stop)
    return found


@pytest.mark.parametrize(
    ("names", "sources"),
    [
        ('["mine"]', []),
        ('["older", "mine"]', ["linux-source-6.1"]),
        ('["debian", "older", "old"]', ["linux-source-6.12", "linux-source-6.1"]),
    ],
)
def test_sources_are_those_of_the_experiment(
    tmp_path: Path, asked: list[str], names: str, sources: list[str]
) -> None:
    """A tree of one's own needs no package of a kernel."""
    variants, experiment = tmp_path / "variants.toml", tmp_path / "x.toml"
    variants.write_text(VARIANTS)
    experiment.write_text(EXPERIMENT.format(names))
    words = ["matrix", str(experiment), "--variants", str(variants)]
    with pytest.raises(Enough):
        commands.matrix(parse(words))
    assert [word for word in asked if word.startswith("linux-")] == sources
    assert {"guest", native().name} <= set(asked)


@pytest.mark.parametrize(
    ("words", "sets"),
    [
        (["run"], {"report", "figures", "terminal", "build", "count"}),
        (["compare", "DIR"], {"report"}),
        (["lkml", "DIR"], {"report"}),
        (["report", "DIR"], {"report"}),
        (["plot", "DIR"], {"report", "figures"}),
        (["profile", "--from", "DIR"], {"report"}),
    ],
)
def test_sets_of_a_command(
    tmp_path: Path, asked: list[str], words: list[str], sets: set[str]
) -> None:
    (tmp_path / "plan.json").write_text("{}")
    args = parse([word.replace("DIR", str(tmp_path)) for word in words])
    with pytest.raises(Enough):
        args.run(args)
    assert set(asked) == sets


def test_what_boots_a_guest_is_asked_for(asked: list[str]) -> None:
    for words in (["conform"], ["mutate"], ["test"], ["profile", "x"]):
        del asked[:]
        args = parse(words)
        with pytest.raises(Enough):
            args.run(args)
        assert {"build", "guest", native().name, "linux-source-6.12"} <= set(asked)


def test_a_foreign_architecture_is_not_asked_for_in_front() -> None:
    """Where its packages cannot be had, the others are measured all the same."""
    foreign = next(arch for arch in ARCHES.values() if not arch.native)
    found = packages.guests([native(), foreign], [])
    assert found == ("build", "count", "guest", native().name)


def need(how: str) -> packages.Need:
    kind, _, name = how.partition(":")
    return packages.Need("", ("x",), kind, name, "")


def test_each_kind_is_found_and_missed(tmp_path: Path) -> None:
    here = ["command:sh", "module:numpy", "header:stdio.h", "file:/bin/sh"]
    assert [need(how).there() for how in here] == [True] * 4
    gone = ["command:no-such", "module:no_such", "header:no/such.h", "file:/no/such"]
    assert [need(how).there() for how in (*gone, "static:/no/such")] == [False] * 5


def test_a_busybox_that_loads_libraries_is_none(tmp_path: Path) -> None:
    """Debian's busybox and busybox-static have one path."""
    assert need("static:busybox").there()
    assert not need("static:/bin/ls").there()
    script = tmp_path / "busybox"
    script.write_text("#!/bin/sh\n")
    assert not need(f"static:{script}").there()


def test_header_below_cmake_prefix_path(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "include").mkdir()
    (tmp_path / "include/mine.h").touch()
    assert not need("header:mine.h").there()
    monkeypatch.setenv("CMAKE_PREFIX_PATH", f"/nowhere:{tmp_path}")
    assert need("header:mine.h").there()


def test_a_source_that_is_missing(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("RETRAP_INSTALL", "no")
    for here in (True, False):
        monkeypatch.setattr(apt, "is_here", lambda: here)
        with pytest.raises(RetrapError) as caught:
            packages.ensure("report", "linux-source-9.9")
        assert caught.value.exit_code == EXIT_PACKAGES
        assert "a variant with a tree" in caught.value.remedy
        said = capsys.readouterr()
        assert "file /usr/src/linux-source-9.9.tar.xz linux-source-9.9" in said.err
        assert said.out.endswith(" linux-source-9.9\n") is here


def test_version_of_a_source_without_dpkg(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What dpkg does not know is known by its content."""
    file = tmp_path / "x.tar.xz"
    file.write_bytes(b"source")
    monkeypatch.setattr(packages, "tarball", lambda _: file)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert packages.version("x") == "sha256:41cf6794ba4200b8"


def test_the_tree_of_a_variant_is_no_package(tmp_path: Path) -> None:
    file = tmp_path / "variants.toml"
    file.write_text(VARIANTS)
    variants = load_variants(file)
    assert packages.of_variants([variants["mine"]]) == ()
    assert shutil.which("sh")
