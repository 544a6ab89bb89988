# SPDX-License-Identifier: GPL-2.0-only
"""A kernel's command line without what is nobody's business: only the words that say
how it runs are left, whatever else a site puts there."""

from __future__ import annotations

import re

# How it runs: power and CPUs, clocks, mitigations, memory, what watches it.
_TOLD = re.compile(
    r"mitigations|no(smt|pti|watchdog|hz|mce|mmu|x2apic|randmaps|softlockup)|nohz_full"
    r"|isolcpus|rcu\w*(\.\w+)?|irqaffinity|threadirqs|preempt|idle|cpuidle\S*?\.\w+"
    r"|(processor|intel_idle)\.max_cstate|(intel|amd)_pstate|cpufreq\.\w+"
    r"|maxcpus|nr_cpus|tsc\w*|clocksource|lapic_timer_khz|hpet|nmi_watchdog"
    r"|(soft|hard)lockup_panic|watchdog_thresh|softdog\.\w+|panic|oops|reboot"
    r"|spectre_v2\w*|spec_store_bypass_disable|retbleed|l1tf|mds|pti|kpti|kaslr|nokaslr"
    r"|transparent_hugepage|hugepages\w*|numa_balancing|init_on_(alloc|free)"
    r"|slub_debug|page_alloc\.shuffle|skew_tick|audit|psi|lsm|apparmor|selinux"
    r"|random\.trust_cpu|rootfstype|console|quiet|ro|rw|virtio_mmio\.device"
)
LEFT_OUT = "[...]"


def told(cmdline: str) -> str:
    """`quiet isolcpus=2,3 [...]`: where words were taken out, one mark stands."""
    words: list[str] = []
    for word in cmdline.split():
        kept = word if _TOLD.fullmatch(word.partition("=")[0]) else LEFT_OUT
        if kept != LEFT_OUT or words[-1:] != [LEFT_OUT]:
            words.append(kept)
    return " ".join(words)
