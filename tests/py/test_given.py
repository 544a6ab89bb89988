# SPDX-License-Identifier: GPL-2.0-only
"""The forms in which `retrap try` takes patches."""

from __future__ import annotations

import base64
import bz2
import gzip
import io
import lzma
import quopri
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import pytest

from retrap.base.errors import EXIT_PATCH, RetrapError
from retrap.kernel import given

OLD = "int caf\u00e9;\nint b;\n"
NEW = {"one": "int caf\u00e9;\nint c;\n", "two": "int caf\u00e9;\nint d;\n"}
WHO = ("-c", "user.name=Ann Author", "-c", "user.email=ann@example.org")


def git(where: Path, *words: str) -> str:
    argv = ["git", "-C", str(where), *WHO, *words]
    return subprocess.run(argv, check=True, capture_output=True, text=True).stdout


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """Three commits: a base, and two that change a line each."""
    place = tmp_path / "tree"
    place.mkdir()
    git(place, "init", "-q")
    for subject, text in {"base": OLD, **NEW}.items():
        (place / "a.c").write_text(text)
        git(place, "add", "a.c")
        git(place, "commit", "-qm", f"signal: {subject}\n\nA reason.")
    return place


@pytest.fixture
def mails(tree: Path, tmp_path: Path) -> list[Path]:
    """Of git format-patch, with a cover letter first."""
    words = ("--cover-letter", "-o", str(tmp_path / "series"), "HEAD~2")
    git(tree, "format-patch", "-q", *words)
    return sorted((tmp_path / "series").iterdir())


def read(tmp_path: Path, *words: Path | str) -> list[given.Given]:
    place = tmp_path / "scratch"
    place.mkdir()
    return given.read(map(str, words), place)


def applied(tree: Path, tmp_path: Path, found: list[given.Given]) -> str:
    """The file, once the base has these patches by patch(1), as a kernel has."""
    git(tree, "checkout", "-q", "HEAD~2")
    for file in given.write(found, tmp_path / "given"):
        argv = ["patch", "-p1", "--forward", "--batch", "--fuzz=0", "-i", str(file)]
        subprocess.run(argv, cwd=tree, check=True, capture_output=True)
    return (tree / "a.c").read_text()


def test_a_folder_without_its_cover_letter(
    tree: Path,
    mails: list[Path],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    found = read(tmp_path, mails[0].parent)
    assert [patch.subject for patch in found] == ["signal: one", "signal: two"]
    assert found[0].author == "Ann Author <ann@example.org>"
    assert "cover-letter.patch: left out" in capsys.readouterr().err
    assert applied(tree, tmp_path, found) == NEW["two"]


def test_an_mbox_of_two(tree: Path, mails: list[Path], tmp_path: Path) -> None:
    box = tmp_path / "series.mbx"
    box.write_bytes(b"".join(mail.read_bytes() for mail in mails))
    found = read(tmp_path, box)
    assert len(found) == 2
    assert applied(tree, tmp_path, found) == NEW["two"]


def test_standard_input(
    tree: Path, mails: list[Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = io.BytesIO(mails[1].read_bytes())
    monkeypatch.setattr(sys, "stdin", SimpleNamespace(buffer=data))
    assert applied(tree, tmp_path, read(tmp_path, "-")) == NEW["one"]


def test_a_maildir(tree: Path, mails: list[Path], tmp_path: Path) -> None:
    for name in ("new", "cur", "tmp"):
        (tmp_path / "dir" / name).mkdir(parents=True)
    (tmp_path / "dir/cur/2.host:2,S").write_bytes(mails[1].read_bytes())
    (tmp_path / "dir/new/10.host").write_bytes(mails[2].read_bytes())
    found = read(tmp_path, tmp_path / "dir")
    assert applied(tree, tmp_path, found) == NEW["two"]


def test_a_maildir_is_read_in_the_order_of_git(
    mails: list[Path], tmp_path: Path
) -> None:
    names = ("1.a", "2.a", "10.a", "11.M2P9", "11.M10P9", "x-1", "x1", "x", "xy")
    for name in ("new", "cur", "tmp", "split"):
        (tmp_path / "dir" / name).mkdir(parents=True)
    for at, name in enumerate((*names, ".index")):
        for folder in ("new", "cur"):
            mail = mails[1].read_bytes().replace(b"one", f"{folder} {at}".encode())
            (tmp_path / "dir" / folder / name).write_bytes(mail)
    git(tmp_path, "mailsplit", f"-o{tmp_path / 'dir/split'}", str(tmp_path / "dir"))
    split = sorted((tmp_path / "dir/split").iterdir())
    found = read(tmp_path, tmp_path / "dir")
    subjects = [f"Subject: [PATCH 1/2] {patch.subject}\n" for patch in found]
    assert len(split) == len(found) == 2 * len(names)
    for subject, mail in zip(subjects, split, strict=True):
        assert subject in mail.read_text()


def test_a_series_file_says_the_order(mails: list[Path], tmp_path: Path) -> None:
    folder = tmp_path / "quilt"
    folder.mkdir()
    (folder / "z.patch").write_bytes(mails[1].read_bytes())
    (folder / "a.patch").write_bytes(mails[2].read_bytes())
    (folder / "series").write_text("# first\nz.patch\n\na.patch -p1\n")
    for number, word in enumerate((folder, folder / "series")):
        (tmp_path / str(number)).mkdir()
        found = given.read([str(word)], tmp_path / str(number))
        assert [patch.subject for patch in found] == ["signal: one", "signal: two"]
    (folder / "series").write_bytes(mails[1].read_bytes())  # a patch of that name
    (found,) = read(tmp_path, folder / "series")
    assert found.subject == "signal: one"


@pytest.mark.parametrize(
    "end, pack", [("gz", gzip.compress), ("bz2", bz2.compress), ("xz", lzma.compress)]
)
def test_a_packed_patch(
    tree: Path,
    mails: list[Path],
    tmp_path: Path,
    end: str,
    pack: Callable[[bytes], bytes],
) -> None:
    for folder in ("quilt", "folder"):
        (tmp_path / folder).mkdir()
        for name, mail in zip(("a", "b"), mails[1:], strict=True):
            packed = pack(mail.read_bytes())
            (tmp_path / folder / f"{name}.patch.{end}").write_bytes(packed)
    (tmp_path / "quilt/series").write_text(f"a.patch.{end}\nb.patch.{end}\n")
    for number, folder in enumerate(("quilt", "folder")):
        (tmp_path / str(number)).mkdir()
        found = given.read([str(tmp_path / folder)], tmp_path / str(number))
        assert [patch.subject for patch in found] == ["signal: one", "signal: two"]
    assert applied(tree, tmp_path, found) == NEW["two"]
    short = tmp_path / "short.patch"
    short.write_bytes(packed[: len(packed) // 2])
    with pytest.raises(RetrapError, match="short.patch cannot be unpacked") as caught:
        read(tmp_path, short)
    assert caught.value.exit_code == EXIT_PATCH


def test_all_of_a_series_are_patches(mails: list[Path], tmp_path: Path) -> None:
    folder = tmp_path / "quilt"
    folder.mkdir()
    (folder / "a.patch").write_bytes(mails[1].read_bytes())
    (folder / "b.patch").write_text("Subject: b\n\nNot made yet.\n")
    (folder / "series").write_text("a.patch\nb.patch\n")
    with pytest.raises(RetrapError, match="b.patch holds no diff") as caught:
        read(tmp_path, folder)
    assert caught.value.exit_code == EXIT_PATCH


@pytest.mark.parametrize("form", ["quoted-printable", "base64", "crlf"])
def test_what_mail_makes_of_it(
    tree: Path, mails: list[Path], tmp_path: Path, form: str
) -> None:
    head, _, body = mails[1].read_bytes().partition(b"\n\n")
    lines = [x for x in head.split(b"\n") if not x.lower().startswith(b"content-")]
    if form == "crlf":
        mail = mails[1].read_bytes().replace(b"\n", b"\r\n")
    else:
        coded = base64.encodebytes if form == "base64" else quopri.encodestring
        lines += [
            b"Content-Type: text/plain; charset=UTF-8",
            b"Content-Transfer-Encoding: " + form.encode(),
        ]
        mail = b"\n".join(lines) + b"\n\n" + coded(body)
    (tmp_path / "x.eml").write_bytes(mail)
    found = read(tmp_path, tmp_path / "x.eml")
    assert applied(tree, tmp_path, found) == NEW["one"]


def test_a_source_that_is_not_utf8(tree: Path, tmp_path: Path) -> None:
    old = (tree / "a.c").read_bytes()
    diff = git(tree, "diff", "HEAD~2", "HEAD").encode()
    latin = OLD.encode().replace("\u00e9".encode(), b"\xe9")
    (tmp_path / "x.diff").write_bytes(diff.replace("\u00e9".encode(), b"\xe9"))
    (patch,) = read(tmp_path, tmp_path / "x.diff")
    git(tree, "checkout", "-q", "HEAD~2")
    (tree / "a.c").write_bytes(latin)
    (file,) = given.write([patch], tmp_path / "given")
    argv = ["patch", "-p1", "--fuzz=0", "-i", str(file)]
    subprocess.run(argv, cwd=tree, check=True, capture_output=True)
    assert (tree / "a.c").read_bytes() == latin.replace(b"int b", b"int d") != old


def test_a_plain_diff_is_named_by_its_file(
    tree: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    diff = git(tree, "diff", "HEAD~2", "HEAD")
    (tmp_path / "Faster exit.diff").write_text(diff)
    (patch,) = read(tmp_path, tmp_path / "Faster exit.diff")
    assert (patch.subject, patch.title) == ("", "Faster exit.diff")
    (file,) = given.write([patch], tmp_path / "given")
    assert file.name == "0001-faster-exit-diff.patch"
    assert applied(tree, tmp_path, [patch]) == NEW["two"]
    stdin = SimpleNamespace(buffer=io.BytesIO(diff.encode()))
    monkeypatch.setattr(sys, "stdin", stdin)
    (tmp_path / "more").mkdir()
    (patch,) = given.read(["-"], tmp_path / "more")
    assert (patch.subject, patch.title) == ("", "standard input")


def test_an_empty_file(tmp_path: Path) -> None:
    (tmp_path / "x.diff").write_text("\n")
    with pytest.raises(RetrapError, match="x.diff is empty$") as caught:
        read(tmp_path, tmp_path / "x.diff")
    assert caught.value.exit_code == EXIT_PATCH


def test_the_same_patches_have_the_same_files(
    mails: list[Path], tmp_path: Path
) -> None:
    found = read(tmp_path, mails[1], mails[2])
    first = given.write(found, tmp_path / "given")
    assert given.write(found, tmp_path / "given") == first
    assert [file.name for file in first] == [
        "0001-signal-one.patch",
        "0002-signal-two.patch",
    ]
    assert given.write(found[:1], tmp_path / "given")[0].parent != first[0].parent


def test_what_holds_no_patch_is_refused(mails: list[Path], tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    for number, word in enumerate((mails[0], tmp_path / "empty", tmp_path / "none")):
        place = tmp_path / f"place{number}"
        place.mkdir()
        with pytest.raises(RetrapError) as caught:
            given.read([str(word)], place)
        assert caught.value.exit_code == EXIT_PATCH
        assert str(word) in caught.value.message


@pytest.mark.parametrize(
    "before, after",
    [
        ("kernel/a.c", "kernel/a.c"),
        ("kernel/a.c.orig", "kernel/a.c"),
        ("linux-6.12.orig/kernel/a.c", "linux-6.12/kernel/a.c"),
        ("/usr/src/linux/kernel/a.c", "/home/me/linux/kernel/a.c"),
        ("i/kernel/a.c", "w/kernel/a.c"),
        ("a/kernel/a.c", "b/kernel/a.c"),
    ],
)
def test_whatever_leads_in_its_names(tmp_path: Path, before: str, after: str) -> None:
    text = f"--- {before}\t2026-01-01\n+++ {after}\n@@ -1 +1 @@\n-int b;\n+int c;\n"
    (tmp_path / "x.diff").write_text(text)
    (tmp_path / "kernel").mkdir()
    (tmp_path / "kernel/a.c").write_text("int b;\n")
    (file,) = given.write(read(tmp_path, tmp_path / "x.diff"), tmp_path / "given")
    argv = ["patch", "-p1", "--batch", "--fuzz=0", "-i", str(file)]
    subprocess.run(argv, cwd=tmp_path, check=True, capture_output=True)
    assert (tmp_path / "kernel/a.c").read_text() == "int c;\n"


def test_a_new_file_and_one_that_goes_without_prefix(tmp_path: Path) -> None:
    text = (
        "--- /dev/null\n+++ kernel/new.c\n@@ -0,0 +1 @@\n+int c;\n"
        "--- kernel/old.c\n+++ /dev/null\n@@ -1 +0,0 @@\n-int b;\n"
    )
    (tmp_path / "x.diff").write_text(text)
    (found,) = read(tmp_path, tmp_path / "x.diff")
    assert "--- /dev/null\n+++ b/kernel/new.c\n" in found.text
    assert "--- a/kernel/old.c\n+++ /dev/null\n" in found.text


def test_names_below_no_folder_of_a_kernel(tree: Path, tmp_path: Path) -> None:
    text = git(tree, "diff", "--no-prefix", "HEAD~1", "HEAD")
    (tmp_path / "x.diff").write_text(text)
    with pytest.raises(RetrapError, match="a.c is below no folder of a kernel"):
        read(tmp_path, tmp_path / "x.diff")


def test_a_binary_patch_is_refused(tree: Path, tmp_path: Path) -> None:
    (tree / "logo.bin").write_bytes(bytes(range(256)))
    git(tree, "add", "logo.bin")
    (tmp_path / "x.diff").write_text(git(tree, "diff", "--binary", "--cached"))
    with pytest.raises(RetrapError, match="binary"):
        read(tmp_path, tmp_path / "x.diff")


@pytest.mark.parametrize("words", [("-c",), ("-rcp",)])
def test_a_context_diff_is_refused(tmp_path: Path, words: tuple[str, ...]) -> None:
    for name, text in (("a", "int b;\n"), ("b", "int c;\n")):
        (tmp_path / name / "kernel").mkdir(parents=True)
        (tmp_path / name / "kernel/a.c").write_text(f"int f(void)\n{{\n}}\n{text}")
    names = ("a", "b") if "r" in words[0] else ("a/kernel/a.c", "b/kernel/a.c")
    argv = ["diff", *words, *names]
    done = subprocess.run(argv, cwd=tmp_path, capture_output=True, text=True)
    (tmp_path / "x.diff").write_text(done.stdout)
    with pytest.raises(RetrapError, match="x.diff: a context diff$") as caught:
        read(tmp_path, tmp_path / "x.diff")
    assert caught.value.exit_code == EXIT_PATCH
    assert caught.value.remedy == "make it with diff -u"
