# SPDX-License-Identifier: GPL-2.0-only
"""Facts of the machine that measured, from files below a root directory.

The root is / on the host; a guest sends copies of FACT_FILES home, so one
reader serves both. A fact that cannot be read is None, never a default.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from retrap.base.errors import EXIT_BENCH, RetrapError
from retrap.machine import hypervisor
from retrap.machine.files import Root, match

SCHEMA = "retrap.env/1"
_CPU0 = "sys/devices/system/cpu/cpu0"
_VULNERABILITIES = "sys/devices/system/cpu/vulnerabilities"

FACT_FILES = (
    "proc/sys/kernel/osrelease",
    "proc/sys/kernel/version",
    "proc/sys/kernel/arch",
    "proc/cmdline",
    "proc/cpuinfo",
    "proc/stat",
    "proc/loadavg",
    "proc/sys/kernel/random/boot_id",
    "proc/sys/kernel/perf_event_paranoid",
    "proc/sys/kernel/numa_balancing",
    "proc/sys/kernel/watchdog",
    "sys/devices/system/cpu/online",
    "sys/devices/system/cpu/isolated",
    "sys/devices/system/cpu/smt/active",
    "sys/devices/system/cpu/intel_pstate/no_turbo",
    "sys/devices/system/cpu/cpufreq/boost",
    "sys/devices/system/clocksource/clocksource0/current_clocksource",
    "sys/kernel/mm/transparent_hugepage/enabled",
    "sys/class/dmi/id/sys_vendor",
    f"{_CPU0}/cpufreq/scaling_governor",
    *(
        f"{_VULNERABILITIES}/{name}"
        for name in (
            "meltdown",
            "spectre_v1",
            "spectre_v2",
            "spec_store_bypass",
            "mds",
            "l1tf",
            "retbleed",
        )
    ),
)

Facts = dict[str, Any]


def read(root: Path = Path("/")) -> Facts:
    """All facts, keys as in docs/data-format.md."""
    files = Root(root)
    cpuinfo = files.text("proc/cpuinfo") or ""
    machine = hypervisor.detect(files)
    return {
        "arch": files.text("proc/sys/kernel/arch"),
        "kernel_release": files.text("proc/sys/kernel/osrelease"),
        "kernel_version": files.text("proc/sys/kernel/version"),
        "cmdline": files.text("proc/cmdline"),
        "cpu_model": _cpu_model(cpuinfo),
        "cpus_online": files.text("sys/devices/system/cpu/online"),
        "hypervisor": machine.present,
        "accelerator": machine.name,
        "hypervisor_told_by": machine.told_by,
        "clocksource": files.text(
            "sys/devices/system/clocksource/clocksource0/current_clocksource"
        ),
        "governor": files.text(f"{_CPU0}/cpufreq/scaling_governor"),
        "turbo": _turbo(files),
        "smt": files.flag("sys/devices/system/cpu/smt/active"),
        "isolated_cpus": files.text("sys/devices/system/cpu/isolated"),
        "mitigations": {
            Path(name).name: files.text(name)
            for name in FACT_FILES
            if name.startswith(_VULNERABILITIES)
        },
        "thp": match(
            r"\[(\w+)\]", files.text("sys/kernel/mm/transparent_hugepage/enabled")
        ),
        "numa_balancing": files.flag("proc/sys/kernel/numa_balancing"),
        "watchdog": files.flag("proc/sys/kernel/watchdog"),
        "steal_ticks": _steal(files.text("proc/stat") or ""),
        "loadavg": files.text("proc/loadavg"),
        "boot_id": files.text("proc/sys/kernel/random/boot_id"),
        "perf_event_paranoid": files.number("proc/sys/kernel/perf_event_paranoid"),
        "pmu": _pmu(files),
        "kvm": files.exists("dev/kvm"),
    }


def require_substrate(facts: Facts) -> str:
    """`vm` or `bare-metal`. Errors: EXIT_BENCH, when the machine does not tell."""
    if found := substrate(facts):
        return found
    raise RetrapError(
        "this machine does not tell whether it is virtual: /proc/cpuinfo, "
        "/proc/device-tree and /sys/class/dmi/id say nothing of it",
        "a container hides them: run outside of one; or measure by retrap-bench "
        "--substrate vm, or bare-metal where you know it",
        EXIT_BENCH,
    )


def substrate(facts: Facts) -> str | None:
    """`vm` or `bare-metal`; None when the machine does not tell."""
    if facts["hypervisor"] is None:
        return None
    return "vm" if facts["hypervisor"] else "bare-metal"


def _cpu_model(cpuinfo: str) -> str | None:
    """The name; on arm64, which has none, the fields of MIDR_EL1."""
    if name := match(r"^model name\s*:\s*(.+)$", cpuinfo):
        return name
    fields = ("implementer", "variant", "part", "revision")
    found = [match(rf"^CPU {field}\s*:\s*(.+)$", cpuinfo) for field in fields]
    if None in found:
        return None
    return ", ".join(f"{name} {value}" for name, value in zip(fields, found))


def _turbo(files: Root) -> bool | None:
    off = files.flag("sys/devices/system/cpu/intel_pstate/no_turbo")
    if off is not None:
        return not off
    return files.flag("sys/devices/system/cpu/cpufreq/boost")


def _pmu(files: Root) -> bool | None:
    """Whether a hardware PMU driver registered with perf."""
    if not files.exists("sys/bus/event_source/devices"):
        return None
    return any(
        files.exists(f"sys/bus/event_source/devices/{name}")
        for name in ("cpu", "cpu_core", "armv8_pmuv3_0", "armv8_pmuv3")
    )


def _steal(stat: str) -> int | None:
    """Ticks stolen by the hypervisor since boot (proc(5), /proc/stat)."""
    fields = stat.split("\n", 1)[0].split()
    return int(fields[8]) if len(fields) > 8 and fields[0] == "cpu" else None
