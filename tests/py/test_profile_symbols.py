# SPDX-License-Identifier: GPL-2.0-only
"""Names of addresses: nothing is dropped, nothing is guessed."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from retrap.base.errors import EXIT_KERNEL, RetrapError
from retrap.profile.symbols import Function, Mapping, Symbols, SymbolTable, kernel_table

MAP = """\
ffffffff81000000 T _text
ffffffff81000000 T startup_64
ffffffff81000100 t __do_sys_wait4
ffffffff81000100 t f.isra.0
ffffffff81000180 t f.isra.0.cold
ffffffff81000200 T __x64_sys_getpid
ffffffff81000200 T getpid_alias
ffffffff81800000 D init_task
"""


def symbols() -> Symbols:
    return Symbols(kernel_table(MAP, Path("System.map")), [], {})


def test_a_kernel_address_is_in_the_function_before_it() -> None:
    known = symbols()
    assert known.of(0xFFFFFFFF81000104) == (Function("f"), False)
    assert known.of(0xFFFFFFFF81000100) == (Function("f"), True)
    assert known.of(0xFFFFFFFF81000200) == (Function("getpid_alias"), True)


def test_a_cold_part_is_the_function_but_not_its_beginning() -> None:
    """A jump to it is no call."""
    assert symbols().of(0xFFFFFFFF81000180) == (Function("f"), False)


def test_an_address_before_every_symbol_stands_as_such() -> None:
    assert symbols().of(0xFFFFFFFF80000010) == (Function("0xffffffff80000010"), False)


def test_a_user_address_that_is_not_mapped_stands_as_such() -> None:
    assert symbols().of(0x1234) == (Function("0x1234", "?"), False)


def test_the_vdso_is_one_name() -> None:
    mapping = Mapping(0x7FFF0000, 0x7FFF2000, 0, "[vdso]")
    known = Symbols(SymbolTable([]), [mapping], {})
    assert known.of(0x7FFF0010) == (Function("*", "[vdso]"), False)


def test_a_map_without_functions_is_refused() -> None:
    with pytest.raises(RetrapError, match="cannot be profiled") as caught:
        kernel_table("ffffffff81800000 D init_task\n", Path("System.map"))
    assert caught.value.exit_code == EXIT_KERNEL


SOURCE = """
__attribute__((noinline)) int called(int x) { return x + 1; }
int puts(const char *);
int main(int argc, char **argv) { puts(argv[0]); return called(argc); }
"""


@pytest.mark.parametrize("strip", [False, True])
def test_a_program_is_named_where_it_is_mapped(tmp_path: Path, strip: bool) -> None:
    """By its own tables: nm says where `called` is, whatever the loader does."""
    (tmp_path / "p.c").write_text(SOURCE)
    program = tmp_path / "p"
    argv = ["gcc", "-O1", "-rdynamic", "-o", str(program), str(tmp_path / "p.c")]
    subprocess.run(argv, check=True)
    rows = subprocess.check_output(["nm", program], text=True).splitlines()
    place = next(int(row.split()[0], 16) for row in rows if row.endswith(" called"))
    if strip:
        subprocess.run(["strip", str(program)], check=True)
    base = 0x555555554000
    known = Symbols(
        SymbolTable([]), [Mapping(base, base + 0x5000, 0, "/bin/p")], {"p": program}
    )
    assert known.of(base + place) == (Function("called", "p"), True)
    assert known.of(base + place + 1) == (Function("called", "p"), False)
    sections = subprocess.check_output(["readelf", "-SW", program], text=True)
    stubs = [row.split() for row in sections.splitlines() if " .plt" in row]
    row = next(row[row.index("PROGBITS") - 1 :] for row in stubs if "PROGBITS" in row)
    name, start = row[0], int(row[2], 16)
    assert known.of(base + start) == (Function(f"[{name}]", "p"), True)
