# SPDX-License-Identifier: GPL-2.0-only
"""strace and the job control of what it traces, as a user at a terminal.

Runs in the guest. strace 6 seizes its tracees and answers a group-stop with
PTRACE_LISTEN, so each scenario here stands on the code that was patched.
"""

from __future__ import annotations

import glob
import os
import signal
import sys

from terminal import Terminal, main, shell, states, wait_for

TRACE = f"/tmp/{sys.argv[1]}"
STRACE = f"/usr/bin/strace -ff -e trace=read,write,wait4,exit,exit_group -o {TRACE}"
VICTIM = "/retrap/victim"


def traces() -> list[str]:
    """The trace of each tracee, the oldest tracee's first."""
    names = sorted(
        glob.glob(f"{TRACE}.*"), key=lambda name: int(name.rpartition(".")[2])
    )
    texts = []
    for name in names:
        with open(name) as file:
            texts.append(file.read())
    return texts


def all_stopped(by: str, tracees: int, times: int = 1) -> None:
    """Every tracee has reported the group-stop, so strace has seen it."""
    said = f"--- stopped by {by} ---"
    wait_for(
        lambda: [text.count(said) for text in traces()] == [times] * tracees,
        f"{tracees} tracees with {said} {times} times",
    )


def show_traces(threads: bool) -> None:
    """Any thread of a process may take the SIGCONT sent to it: counted, not
    shown where it was taken."""
    taken = 0
    for number, text in enumerate(traces(), 1):
        for line in text.splitlines():
            if threads and line.startswith("--- SIGCONT {"):
                taken += 1
            else:
                print(f"tracee {number}: {line}")
    if threads:
        print(f"SIGCONT delivered: {taken} times")


def attach(pid: int) -> Terminal:
    """strace -p on a terminal of its own."""
    strace = Terminal("strace", *STRACE.split(), "-f", "-p", str(pid))
    strace.expect("attached.*\n")
    return strace


def ready(terminal: Terminal) -> int:
    """The victim is up, and each of its threads waits for input."""
    pid = int(terminal.expect(r"^ready (\d+)\n").group(1))
    wait_for(lambda: set(states(pid)) == {"S"}, "victim's threads sleep")
    return pid


def finish(terminal: Terminal, threads: bool = False) -> None:
    terminal.send("\n")
    terminal.expect("^bye\n")
    terminal.send("exit\n")
    terminal.end()
    show_traces(threads)


def reads_begun(pid: int, tracees: int) -> None:
    """Each tracee sleeps in the system call that its trace shows as begun."""
    wait_for(
        lambda: [text[-1:] not in ("", "\n") for text in traces()] == [True] * tracees
        and set(states(pid)) == {"S"},
        "tracees wait for input",
    )


def ctrl_z_and_fg() -> None:
    """strace -f CMD: two processes, stopped and resumed by the shell, twice."""
    terminal = shell()
    terminal.send(f"{STRACE} -f -D {VICTIM} family\n")
    pid = ready(terminal)
    for times in (1, 2):
        reads_begun(pid, 2)
        terminal.send("\x1a")
        all_stopped("SIGTSTP", 2, times)
        terminal.expect("Stopped.*\n\\$ ")
        terminal.send("fg\n")
        terminal.expect("victim family\n")
    reads_begun(pid, 2)
    finish(terminal)


def background_read() -> None:
    """A tracee in the background reads its terminal: SIGTTIN, then fg."""
    terminal = shell()
    terminal.send(f"{STRACE} -f -D {VICTIM} family &\n")
    all_stopped("SIGTTIN", 2)
    # Before or after the prompt: that is the scheduler's choice.
    pid = int(terminal.expect(r"ready (\d+)\n", shown=False).group(1))
    terminal.send("\n")
    terminal.expect("Stopped", shown=False)
    terminal.expect(".*\n\\$ ")
    terminal.send("fg\n")
    terminal.expect("victim family\n")
    reads_begun(pid, 2)
    finish(terminal)


def attached_threads() -> None:
    """strace -p to three threads: ^Z, fg, ^Z, strace leaves, fg."""
    terminal = shell()
    terminal.send(f"{VICTIM} threads\n")
    pid = ready(terminal)
    strace = attach(pid)
    for times in (1, 2):
        reads_begun(pid, 3)
        terminal.send("\x1a")
        all_stopped("SIGTSTP", 3, times)
        terminal.expect("Stopped.*\n\\$ ")
        if times == 1:
            terminal.send("fg\n")
            terminal.expect("victim threads\n")
    strace.send("\x03")
    strace.end()
    wait_for(lambda: states(pid) == "TTT", "victim stays stopped without strace")
    print("victim's threads:", states(pid))
    terminal.send("fg\n")
    terminal.expect("victim threads\n")
    wait_for(lambda: states(pid) == "SSS", "victim runs again")
    finish(terminal, threads=True)


def attach_to_stopped() -> None:
    """strace -p to threads that are stopped already, then SIGCONT."""
    terminal = shell()
    terminal.send(f"{VICTIM} threads\n")
    pid = ready(terminal)
    os.kill(pid, signal.SIGSTOP)
    wait_for(lambda: states(pid) == "TTT", "victim stops")
    terminal.expect("Stopped.*\n\\$ ")
    strace = attach(pid)
    all_stopped("SIGSTOP", 3)
    terminal.send("fg\n")
    terminal.expect("victim threads\n")
    reads_begun(pid, 3)
    terminal.send("\n")
    terminal.expect("^bye\n")
    strace.end()
    terminal.send("exit\n")
    terminal.end()
    show_traces(threads=True)


main(
    {
        "ctrl_z_and_fg": ctrl_z_and_fg,
        "background_read": background_read,
        "attached_threads": attached_threads,
        "attach_to_stopped": attach_to_stopped,
    }
)
