# SPDX-License-Identifier: GPL-2.0-only
"""Debian's Chromium without a window, driven through its pipe of debugging messages
(chromium --remote-debugging-pipe; chromedevtools.github.io/devtools-protocol)."""

from __future__ import annotations

import base64
import contextlib
import json
import os
import select
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

PROGRAM = "/usr/bin/chromium"
FLAGS = (
    *("--headless=new", "--no-sandbox", "--disable-gpu", "--no-first-run"),
    *("--hide-scrollbars", "--remote-debugging-pipe"),
)
PATIENCE = 60.0  # seconds for an answer: the machine may be busy
LOADED = "Page.loadEventFired"
KEYS = {"Tab": 9, "Enter": 13, " ": 32}


class Browser:
    """One window with one page. `said`: console messages, errors and exceptions;
    `asked`: every address that was asked for."""

    def __init__(self, to: int, of: int) -> None:
        self._to, self._of, self._rest = to, of, b""
        self._number, self._session = 0, ""
        self._events: list[dict[str, Any]] = []
        self.said: list[str] = []
        self.asked: list[str] = []
        target = self.send("Target.createTarget", url="about:blank")["targetId"]
        found = self.send("Target.attachToTarget", targetId=target, flatten=True)
        self._session = found["sessionId"]
        for domain in ("Page", "Runtime", "Log", "Network"):
            self.send(f"{domain}.enable")

    def send(self, method: str, **parameters: Any) -> dict[str, Any]:
        """A command, and its result."""
        self._number += 1
        message = {"id": self._number, "method": method, "params": parameters}
        message |= {"sessionId": self._session} if self._session else {}
        os.write(self._to, json.dumps(message).encode() + b"\0")
        while True:
            found = self._receive()
            if found.get("id") == self._number:
                assert "error" not in found, (method, found["error"])
                result: dict[str, Any] = found["result"]
                return result

    def _receive(self) -> dict[str, Any]:
        end = time.monotonic() + PATIENCE
        while b"\0" not in self._rest:
            left = end - time.monotonic()
            ready = select.select([self._of], [], [], max(left, 0))[0]
            assert ready, "Chromium does not answer"
            read = os.read(self._of, 1 << 16)
            assert read, "Chromium has ended"
            self._rest += read
        message, _, self._rest = self._rest.partition(b"\0")
        found: dict[str, Any] = json.loads(message)
        if "method" in found:
            self._note(found)
        return found

    def _note(self, event: dict[str, Any]) -> None:
        self._events.append(event)
        told = event["params"]
        if event["method"] == "Network.requestWillBeSent":
            self.asked.append(told["request"]["url"])
        elif event["method"] == "Log.entryAdded":
            self.said.append(told["entry"]["text"])
        elif event["method"] in ("Runtime.consoleAPICalled", "Runtime.exceptionThrown"):
            self.said.append(json.dumps(told))

    def open(self, path: Path, hash: str = "") -> None:
        """A file, anew, until it is loaded."""
        for address in ("about:blank", path.as_uri() + hash):
            self._events.clear()
            self.send("Page.navigate", url=address)
            while all(each["method"] != LOADED for each in self._events):
                self._receive()

    def js(self, expression: str) -> Any:
        """Its value; one of an error fails."""
        got = self.send("Runtime.evaluate", expression=expression, returnByValue=True)
        assert "exceptionDetails" not in got, got
        return got["result"].get("value")

    def click(self, selector: str) -> None:
        """With the mouse, in its middle."""
        x, y = self.js(
            f"(e => {{ e.scrollIntoView({{block: 'center'}}); "
            "const b = e.getBoundingClientRect(); "
            "return [b.x + b.width / 2, b.y + b.height / 2]; })"
            f"(document.querySelector({json.dumps(selector)}))"
        )
        for kind in ("mousePressed", "mouseReleased"):
            where = {"x": x, "y": y, "button": "left", "clickCount": 1}
            self.send("Input.dispatchMouseEvent", type=kind, **where)

    def key(self, name: str) -> None:
        """Pressed and let go."""
        key = {"key": name, "windowsVirtualKeyCode": KEYS[name]}
        text = {"text": "\r" if name == "Enter" else name} if name != "Tab" else {}
        self.send("Input.dispatchKeyEvent", type="keyDown", **key, **text)
        self.send("Input.dispatchKeyEvent", type="keyUp", **key)

    def choose(self, name: str, value: str) -> None:
        """In a field of a form."""
        self.js(
            f"(e => {{ e.value = {json.dumps(value)}; "
            "e.dispatchEvent(new Event('input', {bubbles: true})); })"
            f"(document.querySelector('[name={name}]'))"
        )

    def look(self, width: int, scheme: str = "light", media: str = "") -> None:
        """How wide the window is; `scheme`: light or dark, `media`: print."""
        size = {"width": width, "height": 900, "deviceScaleFactor": 1}
        self.send("Emulation.setDeviceMetricsOverride", **size, mobile=False)
        feature = {"name": "prefers-color-scheme", "value": scheme}
        self.send("Emulation.setEmulatedMedia", media=media, features=[feature])

    def picture(self, path: Path) -> None:
        """PNG of the whole page."""
        got = self.send("Page.captureScreenshot", captureBeyondViewport=True)
        path.write_bytes(base64.b64decode(got["data"]))

    def pdf(self) -> bytes:
        return base64.b64decode(self.send("Page.printToPDF")["data"])


@contextlib.contextmanager
def browser(profile: Path) -> Iterator[Browser]:
    """`profile`: a directory for what Chromium keeps."""
    theirs, to = os.pipe()
    of, answers = os.pipe()
    # Chromium reads descriptor 3 and writes 4, which pipes of ours may be.
    high = [os.dup2(fd, 100 + fd) for fd in (theirs, answers)]

    def place() -> None:
        os.dup2(high[0], 3)
        os.dup2(high[1], 4)

    process = subprocess.Popen(
        [PROGRAM, *FLAGS, f"--user-data-dir={profile}"],
        preexec_fn=place,
        pass_fds=(3, 4),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    for fd in (theirs, answers, *high):
        os.close(fd)
    try:
        page = Browser(to, of)
        yield page
        page.send("Browser.close")
    finally:
        process.kill()
        process.wait()
        os.close(to)
        os.close(of)
