# SPDX-License-Identifier: GPL-2.0-only
"""gdb on three threads: attach, interrupt, continue, job control, detach.

Runs in the guest. gdb uses PTRACE_ATTACH: what must not have changed.
"""

from __future__ import annotations

import os
import signal

from terminal import Terminal, main, shell, states, wait_for

SETTINGS = (
    *("set confirm off", "set pagination off", "set width 0", "set height 0"),
    *("set style enabled off", "set debuginfod enabled off"),
)


def gdb() -> Terminal:
    words = [word for setting in SETTINGS for word in ("-iex", setting)]
    terminal = Terminal("gdb", "/usr/bin/gdb", "-nx", "-q", *words)
    terminal.expect(r"^\(gdb\) ")
    return terminal


def victim() -> tuple[Terminal, int]:
    """Three threads, each waiting for input."""
    terminal = shell()
    terminal.send("/retrap/victim threads\n")
    pid = int(terminal.expect(r"^ready (\d+)\n").group(1))
    wait_for(lambda: states(pid) == "SSS", "victim's threads sleep")
    return terminal, pid


def command(terminal: Terminal, text: str) -> None:
    terminal.send(f"{text}\n")
    terminal.expect(r"^\(gdb\) ")


def attach(terminal: Terminal, pid: int) -> None:
    command(terminal, f"attach {pid}")
    command(terminal, "info threads")


def resume(terminal: Terminal, pid: int) -> None:
    terminal.send("continue\n")
    terminal.expect("^Continuing.\n")
    wait_for(lambda: states(pid) == "SSS", "victim runs")


def leave(debugger: Terminal, terminal: Terminal) -> None:
    """Without a tracer the victim must still end as ever."""
    debugger.send("quit\n")
    debugger.end()
    terminal.send("\n")
    terminal.expect("^bye\n")
    terminal.send("exit\n")
    terminal.end()


def attach_and_interrupt() -> None:
    """attach, continue, interrupt twice, detach."""
    terminal, pid = victim()
    debugger = gdb()
    attach(debugger, pid)
    for _ in range(2):
        resume(debugger, pid)
        debugger.send("\x03")
        debugger.expect(r"^\(gdb\) ")
        command(debugger, "info threads")
    command(debugger, "detach")
    wait_for(lambda: states(pid) == "SSS", "victim runs without gdb")
    leave(debugger, terminal)


def job_control() -> None:
    """^Z at the tracee's terminal is gdb's to see first, and SIGCONT too."""
    terminal, pid = victim()
    debugger = gdb()
    attach(debugger, pid)
    resume(debugger, pid)
    terminal.send("\x1a")
    debugger.expect(r"received signal SIGTSTP[^$]*^\(gdb\) ")
    command(debugger, "signal 0 &")
    wait_for(lambda: states(pid) == "SSS", "victim runs, the ^Z suppressed")
    os.kill(pid, signal.SIGCONT)
    debugger.expect("received signal SIGCONT.*\n")
    command(debugger, "info threads")
    command(debugger, "detach")
    leave(debugger, terminal)


def attach_to_stopped() -> None:
    """attach to a stopped process, detach: still stopped; fg."""
    terminal, pid = victim()
    terminal.send("\x1a")
    terminal.expect("Stopped.*\n\\$ ")
    wait_for(lambda: states(pid) == "TTT", "victim stops")
    debugger = gdb()
    attach(debugger, pid)
    command(debugger, "detach")
    wait_for(lambda: states(pid) == "TTT", "victim is stopped again without gdb")
    terminal.send("fg\n")
    terminal.expect("victim threads\n")
    wait_for(lambda: states(pid) == "SSS", "victim runs")
    leave(debugger, terminal)


main(
    {
        "attach_and_interrupt": attach_and_interrupt,
        "job_control": job_control,
        "attach_to_stopped": attach_to_stopped,
    }
)
