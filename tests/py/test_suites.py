# SPDX-License-Identifier: GPL-2.0-only
"""A kernel's source from another suite of Debian."""

from __future__ import annotations

from pathlib import Path

import pytest

from retrap.base.errors import EXIT_GONE, EXIT_PACKAGES, RetrapError
from retrap.base.progress import Progress
from retrap.build import apt, packages, suites
from retrap.config.variants import Variant, load_variants
from retrap.kernel import source

PACKAGE = "linux-source-9.9/trixie-backports"


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("RETRAP_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


def named(tmp_path: Path, package: str) -> Variant:
    file = tmp_path / "variants.toml"
    file.write_text(f'[mine]\npackage = "{package}"\n')
    return load_variants(file)["mine"]


def test_what_is_not_fetched_is_asked_for(
    cache: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    mine = named(tmp_path, PACKAGE)
    assert packages.of_variants([mine]) == (PACKAGE,)
    with pytest.raises(RetrapError, match="is not installed") as caught:
        source.identify(mine)
    assert f"./retrap packages {PACKAGE}" in caught.value.remedy
    monkeypatch.setenv("RETRAP_INSTALL", "no")
    monkeypatch.setattr(apt, "is_here", lambda: True)
    with pytest.raises(RetrapError) as caught:
        packages.ensure(PACKAGE)
    assert caught.value.exit_code == EXIT_PACKAGES
    assert capsys.readouterr().out == f"./retrap packages {PACKAGE}\n"


def test_what_is_fetched_has_a_version_and_a_hash(cache: Path, tmp_path: Path) -> None:
    tarball = packages.tarball(PACKAGE)
    tarball.parent.mkdir(parents=True)
    tarball.write_bytes(b"")
    (tarball.parents[2] / "version").write_text("9.9.1-1 sha256:0123456789abcdef\n")
    mine = named(tmp_path, PACKAGE)
    assert source.identify(mine) == f"{PACKAGE} 9.9.1-1 sha256:0123456789abcdef"
    assert source.version(mine) == (9, 9)
    assert not packages.missing([PACKAGE])


@pytest.mark.parametrize(
    ("there", "said"),
    [
        ("linux-source-9.8\nlinux-source-10.0\n", "is not in Debian's trixie-backp"),
        ("linux-source-9.9\n", "cannot be fetched"),
        ("", "cannot be fetched"),
    ],
)
def test_a_suite_that_has_moved_on_says_what_it_has(
    cache: Path, monkeypatch: pytest.MonkeyPatch, there: str, said: str
) -> None:
    def runs(argv: list[str], log: Path, **_: object) -> int:
        log.write_text("E: nothing\n")
        return 0 if "update" in argv else 100

    monkeypatch.setattr(suites, "run_logged", runs)
    monkeypatch.setattr(suites, "capture", lambda *_: there)
    with Progress() as progress, pytest.raises(RetrapError, match=said) as caught:
        suites.fetch(PACKAGE, progress)
    moved = "9.8" in there
    assert caught.value.exit_code == (EXIT_GONE if moved else EXIT_PACKAGES)
    assert ("linux-source-10.0" in caught.value.remedy) is moved
    assert not packages.tarball(PACKAGE).exists()


@pytest.mark.parametrize("package", ["/x", "a/b/c", "a/..", "a/ b"])
def test_no_other_slash_is_taken(tmp_path: Path, package: str) -> None:
    with pytest.raises(RetrapError, match="a package name"):
        _ = named(tmp_path, package)
