# SPDX-License-Identifier: GPL-2.0-only
"""Which functions of a C file differ."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from retrap.base.paths import ROOT
from retrap.kernel import functions
from retrap.kernel.functions import Changed

BEFORE = (ROOT / "tests/data/functions.c.txt").read_text()
NAMES = {"first", "one_line", "__do_sys_kill", "__do_compat_sys_pause"}


def test_its_functions() -> None:
    assert set(functions.parse(BEFORE).functions) == NAMES


def test_a_comment_and_white_space_change_nothing() -> None:
    after = BEFORE.replace("/* why */", "// because").replace("\tif (n)", "  if  (n)")
    assert after != BEFORE
    assert functions.changed(BEFORE, after) == Changed(())


def test_each_function_that_differs() -> None:
    for old, new, name in (
        ("return p->a", "return p->b", "first"),
        ("return 1;", "return 2;", "one_line"),
        ("int n)", "long n)", "first"),
        ("pid, int, sig", "pid, long, sig", "__do_sys_kill"),
        ("no comment {", "a comment", "first"),
        ("out:\n", "end:\n", "__do_compat_sys_pause"),
    ):
        assert functions.changed(BEFORE, BEFORE.replace(old, new)) == Changed((name,))


def test_what_is_no_function() -> None:
    for old, new in (("int a;", "long a;"), ("{ 1 }", "{ 2 }"), ("+ \\", "- \\")):
        assert functions.changed(BEFORE, BEFORE.replace(old, new)) == Changed(
            (), more=True
        )


def test_a_new_function_and_its_prototype() -> None:
    proto = "static int added(int a,\n\t\t int b);\n#include <linux/sched.h>\n"
    body = "static int added(int a, int b)\n{\n\treturn a;\n}\n"
    after = proto + BEFORE.replace("return 1;", "return added(1, 2);") + body
    assert functions.changed(BEFORE, after) == Changed(("one_line",), new=("added",))


def test_a_file_that_is_gone() -> None:
    assert functions.changed(BEFORE, "") == Changed(tuple(sorted(NAMES)), more=True)


@settings(deadline=None, database=None)
@given(st.lists(st.sampled_from('{}()/*"\\ \nab#;='), max_size=200))
def test_whatever_the_text_it_ends(letters: list[str]) -> None:
    text = "".join(letters)
    assert functions.changed(text, text) == Changed(())
