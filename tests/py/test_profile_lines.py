# SPDX-License-Identifier: GPL-2.0-only
"""--lines: every instruction of a function is of one line, with its text."""

from __future__ import annotations

import subprocess
from collections import Counter
from fractions import Fraction
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from retrap.config.variants import VARIANTS, load_variants
from retrap.kernel import kernels
from retrap.base.errors import EXIT_CONFIG, EXIT_KERNEL, RetrapError
from retrap.profile import lines
from retrap.results import trace
from retrap.profile.symbols import Symbols, kernel_table
from retrap.base.progress import Progress

START = 0xFFFFFFFF81000000
MAP = f"{START:x} T before\n{START + 8:x} t f\n{START + 16:x} T after\n"


def window(*words: int) -> trace.Window:
    return trace.Window(0, 1, 0, np.array(words, dtype="<u4"))


def test_an_instruction_counts_as_often_as_it_was_begun() -> None:
    """A block in which two functions meet, once whole and once left early."""
    block = trace.Block(tuple(START + 4 * n for n in range(5)), START + 20, trace.NEXT)
    other = trace.Block((START,), START + 4, trace.JUMP)
    known = Symbols(kernel_table(MAP, Path("System.map")), [], {})
    windows = [
        window(0, trace.VCPU | 1, 1, 0, trace.PARTIAL | 3),
        window(0, trace.PARTIAL | 2),
    ]
    counts = lines.address_counts((block, other), windows, known, "f")
    assert counts == {START + 8: 2, START + 12: 1}
    assert not lines.address_counts((block, other), windows, known, "nope")


SOURCE = """\
static inline __attribute__((always_inline)) int twice(volatile int *x)
{
    return *x * 2;
}
int f(volatile int *x)
{
    *x = 7;
    return twice(x);
}
"""


@pytest.fixture
def built(tmp_path: Path) -> tuple[Path, Path, list[int]]:
    """A source tree, an object of it, and where the instructions of f() are."""
    tree = tmp_path / "trees/0123"
    (tree / "kernel").mkdir(parents=True)
    (tree / "obj").mkdir()
    (tree / "kernel/f.c").write_text(SOURCE)
    program = tree / "obj/f.so"
    argv = ["gcc", "-g", "-O2", "-shared", "-fpic", "-o", program, "../kernel/f.c"]
    subprocess.run(argv, cwd=tree / "obj", check=True)
    argv = ["objdump", "--disassemble=f", "--no-show-raw-insn", program]
    rows = subprocess.check_output(argv, text=True).splitlines()
    parts = [row.strip().split(":\t") for row in rows if ":\t" in row]
    return tree, program, [int(part[0], 16) for part in parts]


def test_the_lines_of_a_function(built: tuple[Path, Path, list[int]]) -> None:
    """Each of the addresses ran four times in two windows."""
    tree, program, addresses = built
    found = lines.lines_of(Counter(addresses * 4), 2, program, tree)
    assert sum(line.own for line in found) == Fraction(4 * len(addresses), 2)
    rows = SOURCE.splitlines()
    assert all(line.file == "kernel/f.c" for line in found)
    assert all(line.text == rows[line.number - 1].strip() for line in found)
    texts = {line.text: line.inlined for line in found}
    assert texts["return *x * 2;"] == "twice" and texts["*x = 7;"] == ""


def test_a_source_that_is_not_there_leaves_the_numbers(
    built: tuple[Path, Path, list[int]], tmp_path: Path
) -> None:
    _, program, addresses = built
    found = lines.lines_of(Counter(addresses), 1, program, tmp_path / "nowhere")
    assert sum(line.own for line in found) == len(addresses)
    assert {line.text for line in found} == {""}


def test_an_object_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(RetrapError, match="addr2line .*/vmlinux") as caught:
        lines.lines_of(Counter([1]), 1, tmp_path / "vmlinux", tmp_path)
    assert caught.value.exit_code == EXIT_KERNEL


def test_the_whole_chain_of_bases_gets_debug_information() -> None:
    """Or a patched kernel would not build from its base's objects."""
    variants = load_variants(VARIANTS)
    found, known = lines.with_debug_info("async-retrap", variants)
    assert found.base == "mainline-lines"
    for name in ("async-retrap", "mainline"):
        fragments = known[f"{name}{lines.SUFFIX}"].fragments
        assert fragments == (*variants[name].fragments, lines.FRAGMENT)


@pytest.mark.parametrize("moved", [False, True])
def test_a_kernel_laid_out_otherwise_is_refused(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, moved: bool
) -> None:
    """Data may lie elsewhere: no instruction is there."""
    variants = load_variants(VARIANTS)
    ran = SimpleNamespace(
        variant=variants["mainline"], arch=None, system_map=f"{MAP}1000 D data\n"
    )
    text = MAP.replace(f"{START + 8:x}", f"{START + 12:x}") if moved else MAP
    again = SimpleNamespace(system_map=f"{text}2000 D data\n", directory=tmp_path)
    monkeypatch.setattr(kernels, "ensure", lambda *_: again)
    if not moved:
        path = lines.kernel_with_lines(ran, variants, Progress())
        assert path == tmp_path / "vmlinux"
        return
    with pytest.raises(RetrapError, match="lie elsewhere") as caught:
        lines.kernel_with_lines(ran, variants, Progress())
    assert caught.value.exit_code == EXIT_KERNEL


def test_a_function_that_did_not_run_is_refused() -> None:
    error = lines.not_there("nope", ["a", "b"])
    assert error.exit_code == EXIT_CONFIG and "'nope'" in error.message
    assert "a, b" in error.remedy
