# SPDX-License-Identifier: GPL-2.0-only
"""Computing on every CPU: one process each, which cannot outlive retrap.

The kernel kills a worker whose retrap is gone (PR_SET_PDEATHSIG, prctl(2)). An
interrupt from the terminal is for retrap, which then ends the workers itself.
"""

from __future__ import annotations

import ctypes
import multiprocessing
import os
import signal
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from typing import TypeVar

from retrap.base.errors import EXIT_FAILURE, RetrapError

_SET_PDEATHSIG = 1
Item = TypeVar("Item")
Found = TypeVar("Found")


def each(do: Callable[[Item], Found], items: Sequence[Item]) -> Iterator[Found]:
    """What `do` makes of each, in order. It is a function of a module, and what it is
    given and returns can be pickled. Of what it raises the first is raised here.
    Errors: EXIT_FAILURE, where a worker is killed."""
    count = min(len(os.sched_getaffinity(0)), len(items))
    if count < 2:
        yield from map(do, items)
        return
    copies = multiprocessing.get_context("fork")  # others need a helper that stays
    pool = ProcessPoolExecutor(count, copies, _begin, (os.getpid(),))
    try:
        yield from pool.map(do, items)
    except BrokenProcessPool:
        raise RetrapError(
            f"{do.__module__}.{do.__name__}: a process of retrap was killed",
            "the kernel does so where memory is short: `dmesg | tail`, free some, and "
            "repeat the command",
            EXIT_FAILURE,
        ) from None
    except BaseException:
        for process in multiprocessing.active_children():
            process.kill()
        raise
    finally:
        pool.shutdown(cancel_futures=True)


def _begin(parent: int) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    ctypes.CDLL(None).prctl(_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:  # it was gone before
        os._exit(1)
