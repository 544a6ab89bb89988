# SPDX-License-Identifier: GPL-2.0-only
"""The boots of an experiment: which kernels, what runs in each, in which order."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator

from retrap.base.arch import native
from retrap.base.progress import say
from retrap.campaign.manifest import AGAIN, LOCAL, MACHINE, QEMU, QEMU_EXACT
from retrap.campaign.manifest import Job, Payload, in_blocks
from retrap.config.experiments import Experiment, Guest, Sampling
from retrap.config.plan import Run, Scenario, expand
from retrap.fleet.own import OwnKernel
from retrap.executors.lanes import exact_at_once
from retrap.kernel.kernels import Kernel

Payloads = dict[str, Payload]


class Jobs:
    """The jobs of one experiment on the kernels that were built, and their payloads,
    of which those kernels share one that are measured through the same interfaces."""

    def __init__(
        self,
        experiment: Experiment,
        kernels: Iterable[Kernel | OwnKernel],
        registry: dict[str, Scenario],
    ) -> None:
        self._experiment, self._registry = experiment, registry
        self._kernels = tuple(kernels)
        self.payloads: Payloads = {}

    def exact(self) -> list[Job]:
        """One boot a kernel: another would be the same."""
        if (sampling := self._experiment.exact) is None:
            return []
        return [
            Job(
                kernel.variant.name,
                f"exact-{kernel.arch.name}-1",
                kernel.arch.name,
                QEMU_EXACT,
                self._payload("exact", sampling, kernel.variant.interfaces),
                seed=self._experiment.seed,
            )
            for kernel in self._kernels
        ]

    def vm(self) -> list[Job]:
        """Rounds of boots that are timed, one after the other."""
        if (rounds := self._experiment.vm) is None:
            return []
        seed = self._experiment.seed
        return [
            Job(
                kernel.variant.name,
                f"vm-{kernel.arch.name}-{block}",
                kernel.arch.name,
                QEMU,
                self._payload("vm", rounds.sampling, kernel.variant.interfaces),
                block=block,
                ordinal=ordinal,
                seed=seed,
            )
            for block, ordinal, kernel in in_blocks(self._kernels, rounds.boots, seed)
        ]

    def local(
        self, variant: str, boot: str, interfaces: tuple[str, ...]
    ) -> Iterator[Job]:
        """The boot that this machine is in, a job a round. The first counts too."""
        sampling, arch = self._experiment.host, native().name
        assert sampling
        timed = Sampling(sampling.samples, cycles=0)
        for number in range(1, self._experiment.rounds + 1):
            first = number == 1
            payload = self._payload(LOCAL, sampling if first else timed, interfaces)
            name = boot if first else f"{boot}.{number}"
            seed = self._experiment.seed
            yield Job(variant, name, arch, LOCAL, payload, block=number, seed=seed)

    def machine(self) -> list[Job]:
        """Blocks of boots of one machine. A block has the baseline twice: what two
        boots of one kernel differ by is what a difference of two kernels is held
        against."""
        experiment = self._experiment
        blocks = experiment.on_machines()
        once = [(kernel, "") for kernel in self._kernels]
        again = [
            (kernel, AGAIN)
            for kernel in self._kernels
            if kernel.variant.name == experiment.baseline
        ]
        order = in_blocks([*once, *again], blocks.boots, experiment.seed)
        return [
            Job(
                kernel.variant.name,
                f"block-{block}{suffix}",
                kernel.arch.name,
                MACHINE,
                self._payload(MACHINE, blocks.sampling, kernel.variant.interfaces),
                block=block,
                ordinal=ordinal,
                seed=experiment.seed,
            )
            for block, ordinal, (kernel, suffix) in order
        ]

    def lanes(self) -> list[tuple[list[Job], int]]:
        """What `Campaign.run` takes, one lane after the other."""
        memory_mib = self._experiment.guest.memory_mib
        return [(self.exact(), exact_at_once(memory_mib)), (self.vm(), 1)]

    def guest(self, job: Job, kernel: Kernel) -> Guest:
        if job.executor == QEMU:
            assert self._experiment.vm
            return self._experiment.vm.guest
        return self._experiment.guest

    def _payload(
        self, what: str, sampling: Sampling, interfaces: tuple[str, ...]
    ) -> str:
        runs = expand(self._experiment, self._registry, interfaces, sampling)
        if what == LOCAL:
            runs = runnable_here(runs)
        name = f"{what} through {'+'.join(interfaces)}"
        if not sampling.cycles:
            name += ", timed alone"
        self.payloads[name] = tuple(run.line for run in runs)
        return name


def runnable_here(runs: list[Run]) -> list[Run]:
    """Without those that need a second CPU, where there is one."""
    if len(os.sched_getaffinity(0)) > 1:
        return runs
    say("host: one CPU: cross-cpu cells are left out")
    return [run for run in runs if run.placement != "cross-cpu"]
