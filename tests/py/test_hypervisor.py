# SPDX-License-Identifier: GPL-2.0-only
"""Virtual or not, and by what, on stored facts of machines."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from retrap.base.errors import EXIT_BENCH, RetrapError
from retrap.machine import environment
from retrap.machine.hypervisor import CHASSIS, DMI, FADT, PSCI, TREE

MACHINES = Path(__file__).resolve().parents[1] / "data/machines"
with (MACHINES / "expected.csv").open() as file:
    EXPECTED = list(csv.DictReader(file))


def machine(root: Path, **files: str | bytes) -> environment.Facts:
    """Facts of a machine that has these files, by a name in FILES."""
    for name, content in files.items():
        path = root / {"tree": TREE, "psci": PSCI, "fadt": FADT}.get(
            name, CHASSIS if name == "chassis" else f"{DMI}/{name}"
        )
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return environment.read(root)


def fadt(boot_arch: int, identity: bytes = b"") -> bytes:
    """ACPI 6.0's, zero but for ARM_BOOT_ARCH and the hypervisor's identity."""
    table = bytearray(276)
    table[129:131] = boot_arch.to_bytes(2, "little")
    table[268 : 268 + len(identity)] = identity
    return bytes(table)


def test_every_machine_is_expected() -> None:
    assert [row["machine"] for row in EXPECTED] == sorted(
        path.name for path in MACHINES.iterdir() if path.is_dir()
    )


@pytest.mark.parametrize("row", EXPECTED, ids=[row["machine"] for row in EXPECTED])
def test_machine(row: dict[str, str]) -> None:
    facts = environment.read(MACHINES / row["machine"])
    assert environment.require_substrate(facts) == row["substrate"]
    assert (facts["accelerator"] or "") == row["accelerator"]
    assert facts["hypervisor_told_by"] == row["told_by"]


@pytest.mark.parametrize(
    "files",
    [
        {},
        {"tree": b"\0"},  # as a kernel makes one that has ACPI
        {"sys_vendor": "Somebody", "product_name": "Something"},
        {"sys_vendor": "Tencent Cloud", "product_name": "CVM", "chassis": "1"},
        {"sys_vendor": "Somebody", "chassis": "2"},
        {"sys_vendor": "Somebody", "fadt": fadt(1)},
        {"fadt": b"FACP"},
    ],
)
def test_what_cannot_be_told_is_not_guessed(
    tmp_path: Path, files: dict[str, str | bytes]
) -> None:
    facts = machine(tmp_path, **files)
    assert environment.substrate(facts) is None
    with pytest.raises(RetrapError, match="does not tell whether it is virtual") as why:
        environment.require_substrate(facts)
    assert why.value.exit_code == EXIT_BENCH
    assert facts["hypervisor_told_by"] is None and facts["accelerator"] is None


def test_psci_by_hvc_is_answered_by_a_hypervisor(tmp_path: Path) -> None:
    """Bit 1 of ARM_BOOT_ARCH; in a board's tree as well. SMC proves nothing."""
    got = machine(tmp_path / "hvc", fadt=fadt(3), chassis="23")
    assert (got["hypervisor"], got["hypervisor_told_by"]) == (True, FADT)
    got = machine(tmp_path / "tree", tree=b"a,board\0", psci=b"hvc\0")
    assert (got["hypervisor"], got["hypervisor_told_by"]) == (True, PSCI)
    got = machine(tmp_path / "named", fadt=fadt(1, b"KVM"), chassis="23")
    assert (got["hypervisor"], got["accelerator"]) == (True, "kvm")
    got = machine(tmp_path / "smc", fadt=fadt(1), chassis="23")
    assert (got["hypervisor"], got["hypervisor_told_by"]) == (False, CHASSIS)


def test_a_surface_is_no_virtual_machine(tmp_path: Path) -> None:
    """Microsoft makes both."""
    names = {"sys_vendor": "Microsoft Corporation", "product_name": "Surface Pro X"}
    assert machine(tmp_path, **names, chassis="9")["hypervisor"] is False
