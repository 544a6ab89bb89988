# SPDX-License-Identifier: GPL-2.0-only
"""The kernel of a mutant: built when a boot asks for it, and dropped."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass
from pathlib import Path

from retrap.base import usage
from retrap.base.errors import RetrapError
from retrap.base.progress import Progress
from retrap.config.variants import Variant
from retrap.kernel import kernels
from retrap.kernel.kernels import Kernel
from retrap.rules import mutations
from retrap.rules.mutations import Mutation


@dataclass(frozen=True)
class Target:
    """The kernel that a design's mutants start from."""

    variant: Variant
    source: Path
    kernel: Kernel


class NotBuilt(RetrapError):
    """A mutant that the compiler refuses."""


class Mutant:
    """Its kernel is built when a boot asks for it, and dropped from the cache."""

    def __init__(
        self,
        mutation: Mutation,
        target: Target,
        variants: dict[str, Variant],
        progress: Progress,
    ) -> None:
        self._mutation, self._target = mutation, target
        self._variants, self._progress = variants, progress
        self._kernel: Kernel | None = None

    def kernel(self) -> Kernel:
        if self._kernel is None:
            target = self._target
            variant = mutations.mutant(
                self._mutation, target.variant, target.source, target.source.parent
            )
            try:
                self._kernel = kernels.ensure(
                    variant, self._variants, self._progress, target.kernel.arch
                )
            except RetrapError as error:
                raise NotBuilt(error.message, error.remedy, error.exit_code) from None
        return self._kernel

    def drop(self) -> None:
        if self._kernel is not None:
            _drop(self._kernel)


def _drop(kernel: Kernel) -> None:
    """It takes seconds to build again; another mutate may have it in use."""
    usage.release(kernel.directory)
    with contextlib.suppress(FileNotFoundError):  # the other one was faster
        usage.delete(kernel.directory)
