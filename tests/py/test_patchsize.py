# SPDX-License-Identifier: GPL-2.0-only
"""Sizes of patches: lines by hunk, functions and bytes by System.map."""

from __future__ import annotations

from pathlib import Path

from retrap.kernel import patchsize
from retrap.kernel.patchsize import Lines, Text

PATCH = """Subject: two files
---
diff --git a/kernel/a.c b/kernel/a.c
--- a/kernel/a.c
+++ b/kernel/a.c
@@ -1,3 +1,4 @@ static int f(void)
 same
-old
+new
+--- looks like a header and is a line
 same
@@ -9 +10 @@
-++ this one too
+x
diff --git a/Documentation/b.rst b/Documentation/b.rst
--- /dev/null
+++ b/Documentation/b.rst
@@ -0,0 +1,2 @@
+text
+text
--\u0020
2.39
"""
BASE = """0000000000001000 T first
0000000000001010 t twice
0000000000001018 t twice
0000000000001020 T gone
0000000000001030 T __x_text_end
0000000000002000 T _etext
0000000000002000 D data
"""
VARIANT = """0000000000001000 T first
0000000000001020 t twice
0000000000001028 t twice
0000000000001030 t new.cold
0000000000001038 T __x_text_end
0000000000002000 T _etext
0000000000002000 D data
"""


def test_lines_are_those_of_hunks_in_code(tmp_path: Path) -> None:
    patch = tmp_path / "0001-x.patch"
    patch.write_text(PATCH)
    assert patchsize.lines([patch, patch]) == Lines(added=6, removed=4, files=1)


def test_functions_up_to_the_next_address() -> None:
    assert patchsize.functions(BASE) == {"first": 16, "twice": 16, "gone": 16}


def test_text_new_changed_gone() -> None:
    """The linker's marks and their padding are no code."""
    assert patchsize.text(BASE, VARIANT) == Text(new=1, changed=1, gone=1, bytes=8)
    assert patchsize.text(BASE, BASE) == Text(0, 0, 0, 0)
