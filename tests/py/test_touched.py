# SPDX-License-Identifier: GPL-2.0-only
"""What patches touch: of a source as it is before and after them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from kernel_trees import Builds, commit

from retrap.base.arch import native
from retrap.config.variants import Source, Variant, Variants
from retrap.kernel import given, patched_files, source, touched
from retrap.kernel.touched import Touched

BEFORE = {
    "kernel/a.c": "int f(void)\n{\n\treturn 1;\n}\n\nint moves(void)\n{\n}\n",
    "include/a.h": "#define N 1\n",
    "Documentation/a.rst": "text\n",
    "kernel/Makefile": "obj-y += a.o\n",
}
AFTER = {
    "kernel/a.c": "int g(void)\n{\n}\n\nint f(void)\n{\n\treturn g();\n}\n",
    "kernel/b.c": "int moves(void)\n{\n\t;\n}\n",
    "include/a.h": "#define N 2\n",
    "Documentation/a.rst": "other\n",
    "kernel/Makefile": "obj-y += a.o b.o\n",
}


def test_functions_new_ones_and_what_is_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RETRAP_CACHE", str(tmp_path / "cache"))
    names = {*BEFORE, *AFTER}
    patch = tmp_path / "x.patch"
    patch.write_text("".join(f"--- a/{name}\n+++ b/{name}\n" for name in sorted(names)))
    package = Source("linux", None, None)
    base = Variant("base", None, package, (), (), ("listen",))
    patched = Variant("patched", "base", package, (patch,), (), ("listen",))

    def lay(variant: Variant, *words: object) -> None:
        files, into = words[-2:]
        assert files == names and isinstance(into, Path)
        for name, text in (BEFORE if variant is base else AFTER).items():
            (into / name).parent.mkdir(parents=True, exist_ok=True)
            (into / name).write_text(text)

    monkeypatch.setattr(patched_files, "lay_source", lay)
    found = touched.between(base, patched, Variants(), native())
    assert found == Touched(
        functions=("f", "moves"), new=("g",), files=("include/a.h", "kernel/Makefile")
    )


def test_where_no_tree_is_kept(builds: Builds, monkeypatch: pytest.MonkeyPatch) -> None:
    """The source is unpacked once, for the base and for the patched."""
    unpacked = []
    unpack = source.unpack

    def counted(*words: Any) -> None:
        unpacked.append(words)
        unpack(*words)

    monkeypatch.setattr(source, "unpack", counted)
    main, patched = builds.variants["main"], builds.variants["p1"]
    found = touched.between(main, patched, builds.variants, native())
    assert found == Touched((), (), ("signal.c",))
    assert len(unpacked) == 1


MODE = "diff --git a/signal.sh b/signal.sh\nold mode 100644\nnew mode 100755\n"
RENAME = """\
diff --git a/signal.c b/other.c
similarity index 100%
rename from signal.c
rename to other.c
"""


@pytest.mark.parametrize(
    "diff, functions, files",
    [
        (MODE, (), ("signal.sh",)),
        (RENAME, ("f",), ()),
        (RENAME.replace("rename", "copy"), (), ()),
    ],
)
def test_a_diff_without_lines(
    builds: Builds, diff: str, functions: tuple[str, ...], files: tuple[str, ...]
) -> None:
    """Its header alone says which files it is of."""
    tree = builds.source.tree
    assert tree
    (tree / "signal.c").write_text(BEFORE["kernel/a.c"].partition("\n\n")[0])
    (tree / "signal.sh").write_text("")
    commit(tree)
    (builds.into / "x.diff").write_text(diff)
    (builds.into / "scratch").mkdir()
    read = given.read([str(builds.into / "x.diff")], builds.into / "scratch")
    main = builds.variants["main"]
    patches = tuple(given.write(read, builds.into / "given"))
    patched = Variant("patched", "main", builds.source, patches, (), ("listen",))
    found = touched.between(main, patched, builds.variants, native())
    assert (found.functions, found.files) == (functions, files)
