# SPDX-License-Identifier: GPL-2.0-only
"""A machine that really reboots: boot loader, systemd, sshd, a disk that stays.

It is QEMU, started again for each boot. So a reset is an event here, each boot has a
console file of its own, and what the next boot finds is what reached the disk.
"""

from __future__ import annotations

import contextlib
import json
import random
import re
import shlex
import socket
import subprocess
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType

from image import Image

from retrap.base.process import child

BOOT_S = 600  # to ssh, on a machine that has other things to do
CONNECT_S, ALIVE_S = 10, 5
# How a boot ends. QEMU itself can end, too, where it fails.
CUT, RESET, OFF, FAILED = "power cut", "reset", "off", "QEMU failed"
REASONS = {"guest-reset": RESET, "guest-shutdown": OFF}  # of its SHUTDOWN event


@dataclass
class Boot:
    """One boot, from power-on or reset; `end` is None while it runs."""

    number: int
    console: Path
    end: str | None = None

    @property
    def text(self) -> str:
        """What the serial console has printed."""
        return self.console.read_text(errors="replace").replace("\r", "")

    @property
    def release(self) -> str | None:
        """Of the kernel, as uname -r; None: none has said it yet."""
        return self._told(r"Linux version (\S+)")

    @property
    def command_line(self) -> str | None:
        """Of the kernel; None: none has said it yet."""
        return self._told(r"(?:Kernel c|C)ommand line: (.*)")

    def _told(self, pattern: str) -> str | None:
        found = re.search(pattern, self.text)
        return found.group(1) if found else None


class RehearsalMachine:
    """`directory` is new, and holds disk, consoles and ssh_config.

    With `with`, it is off when the block is left; it never outlives this process.
    A reset by whatever is in it starts the next boot, power-off leaves it off."""

    def __init__(
        self, image: Image, directory: Path, name: str = "target", cpus: int = 2
    ) -> None:
        self.name, self.directory, self.cpus = name, directory, cpus
        self.boots: list[Boot] = []
        self.ssh_config = directory / "ssh_config"
        self.port = _free_port()
        self._changed = threading.Condition()
        self._process: subprocess.Popen[str] | None = None
        self._thread: threading.Thread | None = None
        self._power = False
        directory.mkdir(parents=True)
        self._hardware = image.hardware(directory)
        known = directory / "known_hosts"
        known.write_text(f"{name} {image.host_key}")
        settings = {
            "HostName": "127.0.0.1",
            "Port": self.port,
            "User": "root",
            "IdentityFile": image.key,
            "IdentitiesOnly": "yes",
            "HostKeyAlias": name,
            "UserKnownHostsFile": known,
            "GlobalKnownHostsFile": "none",
            "StrictHostKeyChecking": "yes",
            "BatchMode": "yes",
            "LogLevel": "ERROR",
            "ConnectTimeout": CONNECT_S,
            "ServerAliveInterval": ALIVE_S,
            "ServerAliveCountMax": 3,
        }
        lines = "".join(f"  {key} {value}\n" for key, value in settings.items())
        self.ssh_config.write_text(f"Host {name}\n{lines}")

    def __enter__(self) -> RehearsalMachine:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    def start(self) -> None:
        """Powers it on."""
        assert self._thread is None, f"{self.name} is on"
        self._power = True
        self._thread = threading.Thread(target=self._run, name=self.name, daemon=True)
        self._thread.start()
        self._wait(lambda: bool(self.boots) and self.boots[-1].end is None, 10)

    def stop(self) -> None:
        """Takes its power away: what has not reached the disk is lost."""
        with self._changed:
            self._power = False
            if self._process:
                with contextlib.suppress(ProcessLookupError):
                    self._process.kill()
        if self._thread:
            self._thread.join()
            self._thread = None

    def power_cut(self) -> None:
        """Takes its power away, and gives it back."""
        self.stop()
        self.start()

    def wait_for_boot(self, number: int, limit_s: float) -> Boot:
        """The boot of that number, counted from 1, when it has begun."""
        self._wait(lambda: len(self.boots) >= number, limit_s)
        return self.boots[number - 1]

    def wait_for_ssh(self, limit_s: float, boot: int = 1) -> Boot:
        """The boot that answers; one before that number does not count."""
        until = time.monotonic() + limit_s
        while time.monotonic() < until:
            self.wait_for_boot(boot, until - time.monotonic())
            now = self.boots[-1]
            left = max(1, min(CONNECT_S, until - time.monotonic()))
            try:
                self.ssh("true", limit_s=left)
            except (OSError, subprocess.SubprocessError):
                time.sleep(0.5)
                continue
            if now is self.boots[-1]:
                return now
        raise TimeoutError(f"{self.name}: no ssh in {limit_s:.0f} s{self._tail()}")

    def wait_for_off(self, limit_s: float) -> None:
        """Until it has powered itself off."""
        self._wait(lambda: self.boots[-1].end == OFF, limit_s)
        self.stop()

    def ssh(self, command: str, limit_s: float = 60) -> str:
        """What a command of its shell prints. Raises subprocess.SubprocessError: it
        failed, the connection did, or it took longer."""
        return self._call(["ssh", *self._options(), self.name, command], limit_s)

    def copy_to(self, source: Path, target: str, limit_s: float = 120) -> None:
        """A file or directory from here to there, synced."""
        where = f"{self.name}:{target}"
        self._call(["scp", "-rp", *self._options(), str(source), where], limit_s)
        self.ssh(f"sync -f {shlex.quote(target)}", limit_s)

    def copy_from(self, source: str, target: Path, limit_s: float = 120) -> None:
        """A file or directory from there to here."""
        where = f"{self.name}:{source}"
        self._call(["scp", "-rp", *self._options(), where, str(target)], limit_s)

    def _options(self) -> list[str]:
        return ["-F", str(self.ssh_config)]

    @staticmethod
    def _call(argv: list[str], limit_s: float) -> str:
        with child(argv, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
            out, err = process.communicate(timeout=limit_s)
        if process.returncode:
            raise subprocess.CalledProcessError(process.returncode, argv, out, err)
        return out

    def _wait(self, done: Callable[[], bool], limit_s: float) -> None:
        """Errors: TimeoutError; OSError, where QEMU has failed."""

        def failed() -> bool:
            return bool(self.boots) and self.boots[-1].end == FAILED

        with self._changed:
            in_time = self._changed.wait_for(lambda: failed() or done(), limit_s)
            if failed():
                raise OSError((self.directory / "qemu.log").read_text())
        if not in_time:
            raise TimeoutError(f"{self.name}: not in {limit_s:.0f} s{self._tail()}")

    def _tail(self) -> str:
        lines = self.boots[-1].text.splitlines()[-12:] if self.boots else []
        return "".join(f"\n  | {line}" for line in lines)

    def _run(self) -> None:
        """Boot after boot, as long as there is power and no power-off."""
        while self._power:
            number = len(self.boots) + 1
            boot = Boot(number, self.directory / f"console-{number}.log")
            boot.console.touch()
            end = self._boot(boot)
            with self._changed:
                boot.end = end if self._power else CUT
                self._changed.notify_all()
            if boot.end != RESET:
                return

    def _boot(self, boot: Boot) -> str:
        """One process of QEMU; how it ended."""
        ours, theirs = socket.socketpair()
        log = (self.directory / "qemu.log").open("a")
        with ours, theirs, log, child(
            self._argv(boot, theirs.fileno()),
            pass_fds=(theirs.fileno(),),
            stdout=log,
            stderr=log,
        ) as process:
            theirs.close()
            with self._changed:
                self._process = process
                if not self._power:  # stopped meanwhile
                    process.kill()
                self.boots.append(boot)
                self._changed.notify_all()
            reason = _shutdown_reason(ours)
            process.wait()
            with self._changed:
                self._process = None
        return REASONS.get(reason, FAILED)

    def _argv(self, boot: Boot, monitor: int) -> list[str]:
        return [
            *self._hardware,
            # CPUs take turns: side by side, one of them may run an old translation of
            # what perf has just patched, and dies of an int3 that is no longer there.
            *("-accel", "tcg,thread=single", "-smp", str(self.cpus), "-m", "1024"),
            *("-nodefaults", "-no-user-config", "-display", "none", "-no-reboot"),
            *("-netdev", f"user,id=net,hostfwd=tcp:127.0.0.1:{self.port}-:22"),
            *("-device", "virtio-net-pci,netdev=net,romfile="),
            *("-device", "virtio-rng-pci", "-device", "i6300esb"),
            *("-watchdog-action", "reset"),
            *("-serial", f"file:{boot.console}"),
            *("-chardev", f"socket,id=monitor,fd={monitor}"),
            *("-mon", "chardev=monitor,mode=control"),
        ]


def _shutdown_reason(monitor: socket.socket) -> str:
    """Of QEMU's SHUTDOWN event, read until QEMU ends; "": there was none."""
    reason = ""
    with contextlib.suppress(ConnectionError), monitor.makefile() as lines:
        monitor.sendall(b'{"execute": "qmp_capabilities"}\n')
        for line in lines:
            told = json.loads(line)
            if told.get("event") == "SHUTDOWN":
                reason = told["data"]["reason"]
    return reason


def _free_port() -> int:
    """Below those that the kernel gives to connections: it stays ours from one
    boot to the next."""
    while True:
        port = random.randrange(20000, 32000)
        with socket.socket() as probe, contextlib.suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port
