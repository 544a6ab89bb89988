# SPDX-License-Identifier: GPL-2.0-only
"""Which objects of a copied tree stay, with make and patch(1) on a small one."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from retrap.kernel import objects, source
from retrap.config.variants import Source, Variant

# As kbuild: a pattern rule, a command that is remembered beside the object.
MAKEFILE = """\
all: signal.o exit.o
%.o: ../%.c
\tgcc -MMD -MF $*.d -I../first -I../second -c -o $@ $<
\t(echo 'savedcmd_$@ := gcc -c $<'; cat $*.d) > .$@.cmd
-include signal.d exit.d
"""
FILES = {
    "signal.c": '#include "limits_of.h"\nint signal_ = LIMIT;\n',
    "exit.c": "int exit_;\n",
    "second/limits_of.h": "#define LIMIT 1\n",
    "first/other.h": "",
}
RENAME = """\
diff --git a/signal.c b/sig2.c
similarity index 100%
rename from signal.c
rename to sig2.c
"""
GONE = """\
--- a/exit.c
+++ /dev/null
@@ -1 +0,0 @@
-int exit_;
"""
HEADER_GONE = """\
--- a/second/limits_of.h
+++ /dev/null
@@ -1 +0,0 @@
-#define LIMIT 1
"""
SHADOW = """\
--- /dev/null
+++ b/first/limits_of.h
@@ -0,0 +1 @@
+#define LIMIT 2
"""
CHANGE = """\
--- a/exit.c
+++ b/exit.c
@@ -1 +1 @@
-int exit_;
+int exit_ = 1;
"""


def make(tree: Path) -> subprocess.CompletedProcess[str]:
    words = ["make", "-f", "../Makefile", "-C", str(tree / "obj")]
    return subprocess.run(words, capture_output=True, text=True)


@pytest.fixture
def built(tmp_path: Path) -> Path:
    tree = tmp_path / "built"
    for name, text in {**FILES, "Makefile": MAKEFILE}.items():
        (tree / name).parent.mkdir(parents=True, exist_ok=True)
        (tree / name).write_text(text)
        os.utime(tree / name, (10**9, 10**9))  # a tarball's time
    (tree / "obj").mkdir()
    assert make(tree).returncode == 0
    return tree


def patched(built: Path, *patches: str) -> tuple[Path, list[str]]:
    """A copy as building.Build makes one; what of its objects was forgotten."""
    tree = built.with_name("build.partial")
    subprocess.run(["cp", "-al", built, tree], check=True)
    subprocess.run(["rm", "-rf", tree / "obj"], check=True)
    subprocess.run(["cp", "-a", built / "obj", tree / "obj"], check=True)
    files = []
    for number, text in enumerate(patches):
        files.append(built.with_name(f"{number}.patch"))
        files[-1].write_text(text)
    nowhere = Source(None, built, "HEAD")
    variant = Variant("x", None, nowhere, tuple(files), (), ("listen",))
    source.patch(variant, tree, built.with_name("log"))
    return tree, sorted(objects.forget(built, tree, "obj"))


@pytest.mark.parametrize("patch", [RENAME, GONE])
def test_an_object_without_its_source_is_not_used(built: Path, patch: str) -> None:
    """make took it for made: the build passed with the old code in it."""
    tree, gone = patched(built, patch)
    done = make(tree)
    assert done.returncode != 0 and "No rule to make target" in done.stderr
    assert len(gone) == 1 and not (tree / "obj" / gone[0][1:-4]).exists()


def test_a_header_that_is_gone_fails_as_a_clean_build_does(built: Path) -> None:
    tree, gone = patched(built, HEADER_GONE)
    assert gone == [".signal.o.cmd"] and make(tree).returncode != 0


def test_a_new_header_in_front_of_the_old_one_is_seen(built: Path) -> None:
    """No time tells make: the object knows only the header that it was made of."""
    tree, gone = patched(built, SHADOW)
    assert gone == [".signal.o.cmd"]
    assert make(tree).stdout.count("gcc -MMD") == 1
    assert "first/limits_of.h" in (tree / "obj/signal.d").read_text()


def test_the_objects_that_include_a_header_are_counted(tmp_path: Path) -> None:
    """By its whole name, and by no other's that ends or begins so."""
    lines = {
        "kernel/.a.o.cmd": "  ../include/x.h \\\n  ../include/y.h\n",
        "kernel/.b.o.cmd": "deps := ../include/x.h $(wildcard include/config/A)\n",
        "kernel/.c.o.cmd": "  ../include/x.hh \\\n  ../arch/include/x.h \n",
        "kernel/.d.ko.cmd": "  ../include/x.h \n",
    }
    (tmp_path / "obj/kernel").mkdir(parents=True)
    for name, text in lines.items():
        (tmp_path / "obj" / name).write_text(text)
    names = ["include/x.h", "kernel/signal.c", "Documentation/x.rst"]
    found = objects.made_of(tmp_path, "obj", names)
    assert found.keys() == {"include/x.h"}
    kept = {Path(name).name for name in found["include/x.h"]}
    assert kept == {".a.o.cmd", ".b.o.cmd"}


def test_what_only_changed_forgets_nothing(built: Path) -> None:
    tree, gone = patched(built, CHANGE)
    assert gone == [] and make(tree).stdout.count("gcc -MMD") == 1
    assert (built / "exit.c").read_text() == FILES["exit.c"]


def test_an_object_of_two_files_goes_whole(built: Path) -> None:
    for name in ("x.tab.c", "x.tab.h"):
        (built / "obj" / name).write_text("")
    (built / "obj/.x.tab.[ch].cmd").write_text("savedcmd := bison ../exit.c\n")
    tree, gone = patched(built, GONE)
    assert ".x.tab.[ch].cmd" in gone and not list((tree / "obj").glob("x.tab.*"))
