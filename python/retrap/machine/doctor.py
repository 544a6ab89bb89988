# SPDX-License-Identifier: GPL-2.0-only
"""`retrap doctor`: what on this machine helps or harms a measurement."""

from __future__ import annotations

import os
import platform
import shutil
import subprocess
import textwrap
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

from retrap.base.process import bound
from retrap.base.cache import cache_dir
from retrap.machine.confinement import FILTER, confinement, seize, words
from retrap.machine import pmu
from retrap.machine.counting import refusal
from retrap.machine.environment import Facts, read

KVM_LIMIT_S = 5
GOOD, BAD, UNKNOWN = "good", "bad", "unknown"


@dataclass(frozen=True)
class Finding:
    fact: str
    value: str
    verdict: str
    remedy: str


def diagnose() -> list[Finding]:
    """Every fact with its verdict; takes about a second (steal time)."""
    facts = read()
    checks: list[Callable[[Facts], Finding]] = [
        _governor,
        _turbo,
        _smt,
        _isolated,
        _mitigations,
        _clocksource,
        _hypervisor,
        _pmu,
        _perf,
        _ptrace,
        _seccomp,
        _dma_latency,
        _kvm,
        _qemu,
        _steal,
        _load,
    ]
    return [check(facts) for check in checks]


def as_rows(findings: list[Finding]) -> list[dict[str, str]]:
    return [asdict(finding) for finding in findings]


def render(findings: list[Finding]) -> str:
    """One line a fact; the remedy below each bad or unknown one."""
    lines = []
    for item in findings:
        head = f"{item.verdict:8} {item.fact:18} "
        lines.append(_wrapped(head, item.value))
        if item.verdict != GOOD and item.remedy:
            lines.append(_wrapped(" " * len(head) + "-> ", item.remedy))
    return "\n".join(lines)


def _wrapped(head: str, text: str) -> str:
    """Paths and options whole: they are to be copied."""
    return textwrap.fill(
        text,
        80,
        initial_indent=head,
        subsequent_indent=" " * len(head),
        break_on_hyphens=False,
        break_long_words=False,
    )


def _finding(
    fact: str, value: object, good: bool | None, remedy: str, unknown: str = ""
) -> Finding:
    verdict = UNKNOWN if good is None else GOOD if good else BAD
    text = "cannot be read" if value is None else _words(value)
    return Finding(fact, text, verdict, unknown if good is None else remedy)


def _words(value: object) -> str:
    return (
        {True: "yes", False: "no"}.get(value, str(value))
        if isinstance(value, bool)
        else str(value)
    )


def _governor(facts: Facts) -> Finding:
    value = facts["governor"]
    good = None if value is None else value == "performance"
    remedy = "cpupower frequency-set -g performance"
    return _finding("governor", value, good, remedy, "no cpufreq here: ask the host")


def _turbo(facts: Facts) -> Finding:
    value = facts["turbo"]
    remedy = "echo 1 > /sys/devices/system/cpu/intel_pstate/no_turbo (or cpufreq/boost)"
    good = None if value is None else not value
    return _finding("turbo", value, good, remedy, "no cpufreq here: ask the host")


def _smt(facts: Facts) -> Finding:
    value = facts["smt"]
    remedy = "boot with nosmt, or keep the siblings idle"
    return _finding("smt active", value, None if value is None else not value, remedy)


def _isolated(facts: Facts) -> Finding:
    value = facts["isolated_cpus"]
    good = None if value is None else bool(value)
    remedy = "boot with isolcpus=<two CPUs> nohz_full=<the same>"
    return _finding("isolated cpus", value or "none", good, remedy)


def _mitigations(facts: Facts) -> Finding:
    states = [value for value in facts["mitigations"].values() if value]
    if not states:
        return _finding("mitigations", None, None, "")
    active = sum(value.startswith("Mitigation") for value in states)
    value = f"{active} active (recorded with every result)"
    return _finding("mitigations", value, True, "")


def _clocksource(facts: Facts) -> Finding:
    value = facts["clocksource"]
    good = None if value is None else value in ("tsc", "arch_sys_counter")
    remedy = "boot with clocksource=tsc; dmesg says why the kernel left it"
    return _finding("clocksource", value, good, remedy)


def _hypervisor(facts: Facts) -> Finding:
    value = facts["hypervisor"]
    name, file = facts["accelerator"] or "yes", facts["hypervisor_told_by"]
    text = f"{name if value else 'none'}, by /{file}" if file else None
    remedy = "results are marked vm; measure on bare metal for a claim about time"
    unknown = "no device tree, DMI or CPU flag tells: a host's runs are refused"
    good = None if value is None else not value
    return _finding("hypervisor", text, good, remedy, unknown)


def _pmu(facts: Facts) -> Finding:
    remedy = "no hardware counters: cycles and instructions stay empty"
    value = facts["pmu"]
    if value and (groups := pmu.groups()):
        events = sum(len(group.events) for group in groups)
        most = max(len(group.events) for group in groups)
        value = f"{events} of {2 * len(pmu.EVENTS)} events, {most} at a time"
    return _finding("hardware PMU", value, facts["pmu"], remedy)


def _perf(facts: Facts) -> Finding:
    """By the probe of the counting runs (counting.py)."""
    refused = refusal(platform.machine())
    level, uid = facts["perf_event_paranoid"], os.geteuid()
    value = f"perf_event_paranoid={level}, uid {uid}"
    if refused:
        value += f"; {refused.reason}"
    remedy = refused.remedy if refused else ""
    return _finding("perf permission", value, refused is None, remedy)


def _ptrace(_: Facts) -> Finding:
    state, error = confinement(), seize()
    yama = "none" if state.yama is None else str(state.yama)
    value = f"yama ptrace_scope {yama}; PTRACE_SEIZE of a child "
    value += words(error) if error else "works"
    remedy = "run the container with --cap-add SYS_PTRACE"
    if state.yama == 3 or (state.yama == 2 and not state.ptrace):
        remedy = "sysctl kernel.yama.ptrace_scope=1 (3 stays until a reboot)"
    elif state.seccomp == FILTER:
        remedy += ", or --security-opt seccomp=unconfined"
    return _finding("ptrace permission", value, not error, remedy)


def _seccomp(_: Facts) -> Finding:
    """A filter costs every system call time, whatever it permits."""
    mode = confinement().seccomp
    names = {0: "off", 1: "strict", FILTER: "filter"}
    value = None if mode is None else names.get(mode, str(mode))
    remedy = (
        "a filter runs in every system call that is timed: run the container with "
        "--security-opt seccomp=unconfined"
    )
    return _finding("seccomp", value, None if mode is None else mode == 0, remedy)


def _dma_latency(_: Facts) -> Finding:
    path = Path("/dev/cpu_dma_latency")
    good = os.access(path, os.W_OK) if path.exists() else None
    value = f"{path} {'writable' if good else 'not writable'}"
    remedy = "run as root: deep idle states dominate cross-cpu times otherwise"
    return _finding(
        "idle states", value if path.exists() else None, good, remedy, f"no {path} here"
    )


def _kvm(facts: Facts) -> Finding:
    remedy = "not needed: exact mode counts instructions under TCG"
    usable = _kvm_boots() if facts["kvm"] else False
    unknown = "./retrap matrix builds the kernel that this is tried with"
    return _finding("KVM usable", usable, usable, remedy, unknown)


def _kvm_boots() -> bool | None:
    """Whether a kernel speaks within KVM_LIMIT_S. /dev/kvm alone proves nothing:
    where KVM is broken or nested a guest hangs without a word."""
    qemu = shutil.which("qemu-system-x86_64")
    image = next(cache_dir().glob("kernels/*/bzImage"), None)
    if qemu is None or image is None:
        return None
    argv = [qemu, "-M", "microvm,acpi=off"]
    argv += ["-accel", "kvm", "-cpu", "host", "-m", "128", "-nodefaults"]
    argv += ["-display", "none", "-no-reboot", "-serial", "stdio"]
    argv += ["-kernel", str(image), "-append", "console=ttyS0 panic=-1 reboot=t"]
    try:
        done = subprocess.run(
            bound(argv),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=KVM_LIMIT_S,
        )
        said = done.stdout
    except subprocess.TimeoutExpired as error:
        said = error.stdout or b""
    except OSError:
        return None
    return b"Linux version" in said


def _qemu(_: Facts) -> Finding:
    path = shutil.which("qemu-system-x86_64")
    return _finding(
        "QEMU", path or "none", path is not None, "./retrap matrix installs it"
    )


def _steal(facts: Facts) -> Finding:
    if facts["steal_ticks"] is None:
        return _finding("steal time", None, None, "")
    time.sleep(1)
    stolen = read()["steal_ticks"] - facts["steal_ticks"]
    ticks = os.sysconf("SC_CLK_TCK")
    value = f"{100 * stolen / ticks:.1f} % of one CPU in the last second"
    remedy = "the host takes CPU time away: measure when it is quiet"
    return _finding("steal time", value, stolen == 0, remedy)


def _load(facts: Facts) -> Finding:
    if facts["loadavg"] is None:
        return _finding("load", None, None, "")
    load = float(facts["loadavg"].split()[0])
    return _finding("load", f"{load:.2f}", load < 0.5, "stop what else runs here")
