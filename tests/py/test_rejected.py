# SPDX-License-Identifier: GPL-2.0-only
"""Why a patch does not apply: the reason, and the hint that fits it."""

from __future__ import annotations

from pathlib import Path

import pytest

from retrap.base.errors import EXIT_KERNEL, RetrapError
from retrap.config.variants import Source, Variant
from retrap.kernel import rejected, source

OLD, NEW = "one\ntwo\nthree\n", "one\nTWO\nthree\n"
DIFF = "@@ -1,3 +1,3 @@\n one\n-two\n+TWO\n three\n"
PATCH = f"--- a/f.c\n+++ b/f.c\n{DIFF}"
BOTH = f"{PATCH}--- a/g.c\n+++ b/g.c\n{DIFF}"


def refused(tmp_path: Path, patch: str, **files: str) -> RetrapError:
    (tmp_path / "x.patch").write_text(patch)
    into = tmp_path / "tree"
    into.mkdir()
    for name, text in files.items():
        (into / f"{name}.c").write_text(text)
    patches = (tmp_path / "x.patch",)
    variant = Variant("v", None, Source("p", None, None), patches, (), ("listen",))
    with pytest.raises(RetrapError) as caught:
        source.patch(variant, into, tmp_path / "log")
    assert caught.value.exit_code == EXIT_KERNEL
    assert "x.patch does not apply: " in caught.value.message
    return caught.value


def test_it_is_applied_already(tmp_path: Path) -> None:
    error = refused(tmp_path, PATCH, f=NEW)
    assert error.message.endswith("it is applied already")
    assert error.remedy == rejected.ALREADY


def test_one_of_its_files_has_it_already(tmp_path: Path) -> None:
    """Half of it is no patch that is applied already."""
    error = refused(tmp_path, BOTH, f=OLD, g=NEW)
    assert "g.c: Reversed" in error.message
    assert error.remedy == rejected.REBASE


def test_it_is_of_another_release(tmp_path: Path) -> None:
    error = refused(tmp_path, PATCH, other=OLD)
    assert error.message.endswith("the base has no f.c")
    assert error.remedy == rejected.OTHER


def test_the_mode_of_a_file_that_is_not_there(tmp_path: Path) -> None:
    mode = "diff --git a/f.sh b/f.sh\nold mode 100644\nnew mode 100755\n"
    error = refused(tmp_path, mode, other=OLD)
    assert error.message.endswith("the base has no f.sh")


def test_a_hunk_that_fails(tmp_path: Path) -> None:
    error = refused(tmp_path, PATCH, f="quite other\n")
    assert error.message.endswith("f.c: Hunk #1 FAILED at 1")
    assert error.remedy == rejected.REBASE


def test_what_is_no_patch(tmp_path: Path) -> None:
    error = refused(tmp_path, "a letter\n", f=OLD)
    assert "holds no patch" in error.message or "garbage" in error.message
    assert "format-patch" in error.remedy


@pytest.mark.parametrize(
    "diff, said",
    [
        (DIFF.replace("-two\n", "-tw\no\n"), "line 6 "),  # wrapped
        (DIFF.replace("+TWO\n", ""), "line 7 "),
        (DIFF.replace("3 @@", "7 @@"), "line 8 "),
    ],
)
def test_it_is_damaged(tmp_path: Path, diff: str, said: str) -> None:
    error = refused(tmp_path, f"--- a/f.c\n+++ b/f.c\n{diff}\n", f=OLD)
    assert f"damaged at {said}(wrapped by a mailer" in error.message
    assert error.remedy == rejected.DAMAGED


def test_what_patch_says_else(tmp_path: Path) -> None:
    lines = ["checking file f.c", "patch: **** out of memory", ""]
    words = (tmp_path / "x.patch", tmp_path, tmp_path / "log")
    assert rejected.reason(*words, lines)[0] == "patch: **** out of memory"
