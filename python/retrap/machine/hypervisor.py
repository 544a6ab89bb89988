# SPDX-License-Identifier: GPL-2.0-only
"""Whether a machine is virtual, by what, and which file says so.

An x86 CPU says whether it is virtual. An arm64 CPU does not: there the firmware's
tables tell, the device tree or ACPI and DMI. They name virtual machines. That a
machine is real follows from what a virtual one has not: a board's device tree, an
enclosure. Without either nothing is known, and nothing is guessed.
bench/core/env/hypervisor.cc has the same rules; both are tested on the machines of
tests/data/machines/.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from retrap.machine.files import Root, match

CPUINFO, XEN = "proc/cpuinfo", "sys/hypervisor/type"
TREE, NODE = "proc/device-tree/compatible", "proc/device-tree/hypervisor/compatible"
PSCI, FADT = "proc/device-tree/psci/method", "sys/firmware/acpi/tables/FACP"
DMI, CHASSIS = "sys/class/dmi/id", "sys/class/dmi/id/chassis_type"
CLOCKS = "sys/devices/system/clocksource/clocksource0/available_clocksource"
DMI_NAMES = ("sys_vendor", "product_name", "board_vendor", "bios_vendor")
Names = tuple[tuple[str, str | None], ...]

# What DMI calls a machine that is always virtual; by what, where that tells.
VIRTUAL: Names = (
    ("VMware", "vmware"),
    ("VirtualBox|innotek", "virtualbox"),
    (r"\bXen\b", "xen"),
    ("Parallels", "parallels"),
    ("BHYVE", "bhyve"),
    ("Apple Virtualization", "apple"),
    ("KVM|OpenStack|oVirt|RHEV", "kvm"),
    ("Microsoft Corporation.*Virtual Machine", "hyper-v"),
    ("QEMU|Bochs|Virtual Machine", None),
)
CLOUDS: Names = (  # they lend real machines too
    ("Amazon EC2", "nitro"),
    ("Google Compute Engine|Alibaba Cloud", "kvm"),
)
NODES: Names = (("xen", "xen"), ("kvm", "kvm"), ("vmware", "vmware"))
IDENTITIES: Names = (("MsHyperV", "hyper-v"), ("KVM", "kvm"))
CLOCK_NAMES: Names = (("kvm-clock", "kvm"), ("hyperv", "hyper-v"), ("xen", "xen"))
# A CPU that only TCG has: QEMU's `max`, whose MIDR_EL1 names no implementer.
TCG_CPUS = (
    "^model name\t*: QEMU TCG CPU",
    "^CPU implementer\t*: 0x00\n(.*\n)*?CPU part\t*: 0x051$",
)
# Fields of ACPI's FADT: ARM_BOOT_ARCH with its bits, and the hypervisor's identity.
BOOT_ARCH, IDENTITY = slice(129, 131), slice(268, 276)
PSCI_BY_HVC = 2
NO_ENCLOSURE = (1, 2)  # SMBIOS: other, unknown


class Hypervisor(NamedTuple):
    """`present` None: nothing tells. `name` None: not known which."""

    present: bool | None = None
    name: str | None = None
    told_by: str | None = None


def detect(files: Root) -> Hypervisor:
    """From the files that are named above, and no others."""
    cpuinfo = files.text(CPUINFO) or ""
    if any(re.search(cpu, cpuinfo, re.MULTILINE) for cpu in TCG_CPUS):
        return Hypervisor(True, "tcg", CPUINFO)
    if kind := files.text(XEN):
        return Hypervisor(True, kind, XEN)
    if (flags := match(r"^flags\s*:\s*(.+)$", cpuinfo)) is None:
        found = _named(files) or _answered(files) or _real(files) or Hypervisor()
    elif "hypervisor" in flags.split():
        found = Hypervisor(True, _name((*VIRTUAL, *CLOUDS), _dmi(files)), CPUINFO)
    else:
        found = _named(files) or Hypervisor(False, None, CPUINFO)
    if found.present and not found.name:
        return found._replace(name=_name(CLOCK_NAMES, files.text(CLOCKS) or ""))
    return found


def _named(files: Root) -> Hypervisor | None:
    """What calls the machine virtual."""
    if (node := files.text(NODE)) is not None:
        return Hypervisor(True, _name(NODES, node), NODE)
    if re.search("linux,dummy-virt|qemu", files.text(TREE) or ""):
        return Hypervisor(True, None, TREE)
    if _has(VIRTUAL, dmi := _dmi(files)):
        return Hypervisor(True, _name(VIRTUAL, dmi), DMI)
    identity = _fadt(files)[IDENTITY].strip(b"\0 ").decode(errors="replace")
    return Hypervisor(True, _name(IDENTITIES, identity), FADT) if identity else None


def _answered(files: Root) -> Hypervisor | None:
    """PSCI by HVC is answered by a hypervisor, and by nothing else."""
    if (files.text(PSCI) or "").startswith("hvc"):
        return Hypervisor(True, None, PSCI)
    boot = int.from_bytes(_fadt(files)[BOOT_ARCH], "little")
    return Hypervisor(True, None, FADT) if boot & PSCI_BY_HVC else None


def _real(files: Root) -> Hypervisor | None:
    """What only a real machine has. A cloud's is virtual unless its name says not."""
    if ".metal" in (dmi := _dmi(files)):
        return Hypervisor(False, None, DMI)
    if _has(CLOUDS, dmi):
        return Hypervisor(True, _name(CLOUDS, dmi), DMI)
    if (files.text(TREE) or "").strip("\0"):
        return Hypervisor(False, None, TREE)
    if (files.number(CHASSIS) or 1) not in NO_ENCLOSURE:
        return Hypervisor(False, None, CHASSIS)
    return None


def _dmi(files: Root) -> str:
    return " ".join(files.text(f"{DMI}/{name}") or "" for name in DMI_NAMES)


def _fadt(files: Root) -> bytes:
    return files.data(FADT) or b""


def _has(names: Names, text: str) -> bool:
    return any(re.search(pattern, text) for pattern, _ in names)


def _name(names: Names, text: str) -> str | None:
    """Of the first pattern that the text has."""
    return next((name for pattern, name in names if re.search(pattern, text)), None)
