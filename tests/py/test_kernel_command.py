# SPDX-License-Identifier: GPL-2.0-only
"""retrap kernel on a cache of our making."""

from __future__ import annotations

import argparse
import fcntl
import json
import lzma
import os
import threading
from argparse import Namespace
from pathlib import Path

import pytest

from retrap.base import usage
from retrap.build import packages, sysroot
from retrap.cli import kernel as kernel_command, kernel_commands
from retrap.config.variants import VARIANTS
from retrap.kernel import debs, kernels
from retrap.base.arch import ARM64, X86_64, native
from retrap.config.variants import Source, Variant
from retrap.base.errors import EXIT_CONFIG, EXIT_PACKAGES, RetrapError
from retrap.base.progress import Progress

STALE = "0123456789abcdef"


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("RETRAP_CACHE", str(tmp_path))
    return tmp_path


def stored(
    cache: Path,
    key: str,
    variant: str,
    arch: str,
    file: str | None = None,
    machine: str | None = None,
) -> Path:
    directory = cache / "kernels" / key
    directory.mkdir(parents=True)
    meta = {"variant": variant, "arch": arch, "file": file, "machine": machine}
    (directory / "meta.json").write_text(json.dumps(meta))
    (cache / "trees" / key / "obj").mkdir(parents=True)
    (cache / "trees" / key / "obj/vmlinux").write_bytes(bytes(8192))
    return directory


def words(**given: object) -> Namespace:
    usual: dict[str, object] = {
        "arch": None,
        "variants": VARIANTS,
        "all": False,
        "json": True,
    }
    return Namespace(**{**usual, **given})


def test_list_tells_stale_from_built(
    cache: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        kernels,
        "kernel_key",
        lambda variant, arch, _=None: f"{variant.name}-{arch.name}",
    )
    stored(cache, "mainline-arm64", "mainline", "arm64")
    stored(cache, STALE, "mainline", "arm64")
    kernel_command.list_(words())
    rows = json.loads(capsys.readouterr().out)
    states = {row["key"]: row["state"] for row in rows}
    assert states["mainline-arm64"] == "built" and states[STALE] == "stale"
    assert states["mainline-x86_64"] == "to build"
    assert next(r["bytes"] for r in rows if r["key"] == "mainline-arm64") >= 8192


def test_list_tells_stale_from_another_file(
    cache: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A kernel of another file was "stale", and its owner deleted it."""
    monkeypatch.setattr(kernels, "kernel_key", lambda variant, *_: variant.name)
    stored(cache, STALE, "mainline", "x86_64", file=str(VARIANTS))
    stored(cache, "f" * 16, "mine", "x86_64", file="/home/me/other.toml")
    stored(cache, "e" * 16, "mainline", "x86_64", str(VARIANTS), machine="0" * 64)
    kernel_command.list_(words())
    states = {row["key"]: row for row in json.loads(capsys.readouterr().out)}
    assert states[STALE]["state"] == "stale"
    assert states["f" * 16]["state"] == "of another file"
    assert states["e" * 16]["state"] == "of a machine"
    kernel_command.list_(words(json=False))
    text = capsys.readouterr().out
    assert "of another file: /home/me/other.toml" in text
    *rows, total, parts = text.splitlines()
    assert max(map(len, [*rows, parts])) <= 80
    assert total == f"{cache}: 0 MiB in all"
    assert parts.startswith("  kernels 0 MiB, trees 0 MiB")


def test_list_shows_a_bad_table_and_goes_on(
    cache: Path, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    file = tmp_path / "v.toml"
    file.write_text('[good]\ntree = "/nowhere"\n[bad]\ncolour = "red"\n')
    kernel_command.list_(words(variants=file))
    rows = {row["variant"]: row for row in json.loads(capsys.readouterr().out)}
    assert rows["good"]["state"] == "unknown" and rows["bad"]["state"] == "bad"
    assert "v.toml:4: [bad] colour: unknown key" in rows["bad"]["why"]
    with pytest.raises(RetrapError, match="v.toml:4") as caught:
        kernel_command.build(words(variants=file, names=["bad"]))
    assert caught.value.exit_code == EXIT_CONFIG


def aged(cache: Path) -> list[Path]:
    """Three kernels of 8 KiB and their trees; the first was used longest ago."""
    found = []
    for age, key in ((3, "a" * 16), (2, "b" * 16), (1, "c" * 16)):
        kernel = stored(cache, key, "mainline", "x86_64")
        (kernel / "bzImage").write_bytes(bytes(8192))
        for directory in (kernel, cache / "trees" / key):
            os.utime(directory, (10**9 - age, 10**9 - age))
        found.append(kernel)
    return found


def test_prune_takes_what_was_used_longest_ago(
    cache: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    first, second, third = aged(cache)
    kernels_and_trees = usage.size(cache / "kernels", cache / "trees")
    kernel_command.prune(words(to=kernels_and_trees))
    assert first.exists() and capsys.readouterr().out == ""
    assert usage.hold(second)  # which a command that runs does
    kernel_command.prune(words(to=usage.size(second)))
    assert not first.exists() and not (cache / "trees" / first.name).exists()
    assert second.exists() and not (cache / "trees" / third.name).exists()
    said = capsys.readouterr().out
    assert f"{first} 0 MiB, last used 2001-09-09" in said and str(second) not in said


def test_what_is_in_use_is_kept(
    cache: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Of a matrix that boots, which holds no lock of the whole cache."""
    first, second, third = aged(cache)
    assert usage.hold(first)
    kernel_command.prune(words(to=0))
    assert first.exists() and not second.exists() and not third.exists()
    kernel_command.clean(words(names=["mainline"]))
    assert first.exists()
    assert capsys.readouterr().err.count(f"{first}: in use, kept") == 2


def test_what_is_gone_cannot_be_held(cache: Path) -> None:
    assert not usage.hold(cache / "kernels/none")


@pytest.mark.parametrize(
    ("text", "size"), [("2G", 2 << 30), ("1.5k", 1536), ("0", 0), ("10T", 10 << 40)]
)
def test_sizes(text: str, size: int) -> None:
    assert kernel_commands.size(text) == size


@pytest.mark.parametrize("text", ["", "G", "-1", "2X", "1e9", "9" * 20])
def test_no_sizes(text: str) -> None:
    with pytest.raises(argparse.ArgumentTypeError):
        kernel_commands.size(text)


def test_clean_takes_one_variant_of_one_architecture(cache: Path) -> None:
    gone = stored(cache, "a" * 16, "mainline", "arm64")
    kept = stored(cache, "b" * 16, "mainline", "x86_64")
    other = stored(cache, "c" * 16, "please-notify", "arm64")
    kernel_command.clean(words(names=["mainline"], arch="arm64"))
    assert not gone.exists() and not (cache / "trees" / gone.name).exists()
    assert kept.exists() and other.exists() and (cache / "trees" / kept.name).exists()
    assert not list(cache.glob("*/*.partial"))


def test_clean_all(cache: Path) -> None:
    stored(cache, "a" * 16, "of a deleted table", "arm64")
    (cache / "sysroots/arm64-1").mkdir(parents=True)
    (cache / "logs").mkdir()
    kernel_command.clean(words(names=[], all=True))
    assert [list((cache / n).iterdir()) for n in ("kernels", "trees", "sysroots")] == (
        [[], [], []]
    )
    assert (cache / "logs").is_dir()


def test_clean_waits_for_a_build(cache: Path) -> None:
    kernel = stored(cache, "a" * 16, "mainline", "x86_64")
    holder = os.open(cache / "lock", os.O_RDWR | os.O_CREAT)
    fcntl.flock(holder, fcntl.LOCK_EX)
    done = threading.Thread(
        target=kernel_command.clean, args=(words(names=["mainline"]),)
    )
    done.start()
    done.join(0.5)
    assert done.is_alive() and kernel.exists()
    os.close(holder)
    done.join(30)
    assert not kernel.exists()


def test_size_without_the_source_of_a_base(
    cache: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not every machine has every package: such a variant is not built there."""

    def missing(*_: object) -> None:
        raise RetrapError("package is not installed", "", EXIT_PACKAGES)

    monkeypatch.setattr(kernels, "find", missing)
    kernel_command.size(words(arch="x86_64"))
    rows = json.loads(capsys.readouterr().out)
    assert {row["text"] for row in rows} == {None}
    assert all(row["lines"]["added"] for row in rows)


def test_a_hard_link_counts_once(tmp_path: Path) -> None:
    (tmp_path / "one").write_bytes(bytes(1 << 20))
    alone = usage.size(tmp_path)
    (tmp_path / "two").hardlink_to(tmp_path / "one")
    assert usage.size(tmp_path) == alone >= 1 << 20


def test_package_sets() -> None:
    assert "linux-perf" in packages.names("sysroot")
    assert packages.names("nosuch") == []
    foreign = ARM64 if native() is X86_64 else X86_64
    assert packages.sets(native()) == (native().name,)
    assert packages.sets(foreign) == (foreign.name, f"cross-{foreign.name}")
    assert "sysroot" not in packages.installable()


def test_files_of_this_machine_need_no_sysroot(cache: Path) -> None:
    assert sysroot.root(native()) == Path("/")
    foreign = ARM64 if native() is X86_64 else X86_64
    assert sysroot.root(foreign).parent == cache / "sysroots"


def test_packages_that_apt_does_not_know(
    cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tool = tmp_path / "bin/apt-get"
    tool.parent.mkdir()
    tool.write_text(
        '#!/bin/sh\n[ "$2" = update ] || { echo "E: no such"; exit 100; }\n'
    )
    tool.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tool.parent}:{os.environ['PATH']}")
    with Progress() as progress, pytest.raises(RetrapError, match="E: no such") as e:
        sysroot.fetch(ARM64, ["nosuch"], progress)
    assert e.value.exit_code == EXIT_PACKAGES
    assert not [
        p
        for p in (cache / "sysroots").iterdir()
        if p.suffix != ".partial" and p.is_dir()
    ]


def variant() -> Variant:
    tree = Source(None, Path("/nonexistent"), "HEAD")
    return Variant("mine", None, tree, (), (), ("listen",))


def base_config(given: Path | None) -> str:
    foreign = ARM64 if native() is X86_64 else X86_64
    with Progress() as progress:
        return debs._base_config(variant(), foreign, given, progress)


def test_config_of_packages(tmp_path: Path) -> None:
    plain, packed = tmp_path / "config", tmp_path / "config.xz"
    plain.write_text("CONFIG_64BIT=y")
    packed.write_bytes(lzma.compress(b"CONFIG_64BIT=y\n"))
    assert base_config(plain) == base_config(packed) == "CONFIG_64BIT=y\n"


@pytest.mark.parametrize("content", [None, b"", b"hello\n", b"\xff\xfe"])
def test_config_that_is_none(tmp_path: Path, content: bytes | None) -> None:
    path = tmp_path / "config"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(RetrapError, match=str(path)) as caught:
        base_config(path)
    assert caught.value.exit_code == EXIT_CONFIG


def test_a_config_that_is_none_is_refused_before_packages(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []
    monkeypatch.setattr(packages, "ensure", lambda *sets: asked.extend(sets))
    with pytest.raises(RetrapError, match="/none: cannot read") as caught:
        kernel_command.deb(words(name="mainline", config=Path("/none")))
    assert caught.value.exit_code == EXIT_CONFIG and not asked


def test_tree_for_a_foreign_architecture_needs_a_config() -> None:
    with pytest.raises(RetrapError, match="no config is known") as caught:
        base_config(None)
    assert "--config" in caught.value.remedy
