# SPDX-License-Identifier: GPL-2.0-only
"""What a user is told of a symbol that kconfig did not take, and whose word wins."""

from __future__ import annotations

from pathlib import Path

import pytest

from retrap.base.arch import X86_64
from retrap.base.errors import RetrapError
from retrap.kernel.kconfig import Kconfig, check_config

KCONFIG = """\
config SMP
\tbool "SMP"
config NR_CPUS
\tint "CPUs" if SMP
\trange 2 512 if SMP
\tdefault 4
config VERSION
\tstring "Version"
config FORCE_ALIGN_64B
\tbool "Align"
config BASE
    hex
\tprompt "Base"
config MODULE
\ttristate "Module"
config RT
\tbool "RT"
config DYNAMIC
\tbool "Dynamic"
\tdepends on !RT
config ALWAYS
\tdef_bool y
"""


@pytest.fixture
def known(tmp_path: Path) -> Kconfig:
    (tmp_path / "Kconfig").write_text(KCONFIG)
    return Kconfig(tmp_path, X86_64)


@pytest.mark.parametrize(
    ("asked", "got", "why"),
    [
        ("NR_CPUS=many", "NR_CPUS=4", "takes a whole number, not many"),
        ("NR_CPUS=9999", "NR_CPUS=512", "kconfig made it 512 (range 2 512 if SMP)"),
        ("SMP=5", "", "takes y or n, not 5"),
        ("RT=m", "", "takes y or n, not m"),
        ("MODULE=1", "", "takes y, m or n, not 1"),
        ("VERSION=x", "", "takes text in double quotes, not x"),
        ("BASE=0xq", "", "takes a number in hex, not 0xq"),
        ("ALIGN_64B=y", "", "no such symbol; it has CONFIG_FORCE_ALIGN_64B"),
        ("NR_CPU=4", "", "no such symbol; it has CONFIG_NR_CPUS"),
        ("ZZZZZZ=y", "", "this source has no such symbol |"),
        ("ALWAYS=n", "ALWAYS=y", "another value is forced"),
    ],
)
def test_a_value_that_was_refused(
    known: Kconfig, asked: str, got: str, why: str
) -> None:
    """Each of these was told as: of its choice another is set."""
    wanted, have = f"CONFIG_{asked}\n", f"CONFIG_{got}\n" if got else ""
    with pytest.raises(RetrapError) as caught:
        check_config("mine", wanted, have, known, wanted)
    assert f"{why}" in f"{caught.value.message} |"
    assert "did not take" in caught.value.message


def test_what_a_users_fragment_leaves_no_room_for_gives_way(known: Kconfig) -> None:
    ours, users = "CONFIG_DYNAMIC=y\n", "CONFIG_RT=y\n"
    got = "CONFIG_RT=y\n"
    lost = check_config("mine", ours + users, got, known, users)
    assert lost == ["CONFIG_DYNAMIC=y"]
    with pytest.raises(RetrapError, match="CONFIG_DYNAMIC: needs !RT"):
        check_config("ours alone", ours + users, got, known)


def test_a_symbol_of_ours_that_the_source_lacks_is_an_error(known: Kconfig) -> None:
    """It is of another release: its fragment has to say so."""
    rt = "CONFIG_RT=y\n"
    with pytest.raises(RetrapError, match="this source has no such symbol"):
        check_config("x", f"CONFIG_GONE=y\n{rt}", rt, known, rt)


def test_the_users_own_symbol_never_gives_way(known: Kconfig) -> None:
    users = "CONFIG_RT=y\nCONFIG_DYNAMIC=y\n"
    with pytest.raises(RetrapError, match="CONFIG_DYNAMIC: needs !RT"):
        check_config("mine", users, "CONFIG_RT=y\n", known, users)
