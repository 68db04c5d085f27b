"""A real headless Chromium driven over a pipe: pages are opened with no network, and whatever they try is recorded."""

from __future__ import annotations

import base64
import contextlib
import json
import os
import select
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

NAMES = ("chromium", "chromium-browser", "google-chrome-stable", "google-chrome", "headless_shell")
PATIENCE_S = 60.0
"""Longest wait for one answer: a hang is a failure, not a wait."""

WATCH = """
window.__violations = [];
document.addEventListener("securitypolicyviolation",
  (event) => window.__violations.push(event.violatedDirective + " " + event.blockedURI));
"""
WIRE = """
import os, sys
# Three times: by then 3 and 4 are taken, by these pipes or by spares, and no spare is either.
spare = [os.dup(os.dup(os.dup(int(number)))) for number in sys.argv[1:3]]
for at, number in enumerate(spare, 3):
    os.dup2(number, at)
    os.set_inheritable(at, True)
os.execvp(sys.argv[3], sys.argv[3:])
"""
"""The browser reads commands from 3 and answers on 4; a fork that runs Python first is no longer welcome."""


def program() -> str | None:
    """Return the browser to drive, or None: then tests that need it are skipped and say so."""
    named = os.environ.get("RISKSHARE_CHROMIUM")
    return named or next((found for name in NAMES if (found := shutil.which(name))), None)


@dataclass
class Seen:
    """What a page did: requests beyond itself, dialogs, errors, and breaches of its own policy."""

    requests: list[str] = field(default_factory=list)
    dialogs: list[str] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    violations: list[str] = field(default_factory=list)


class Browser:
    """One browser and one page in it."""

    def __init__(self, process: subprocess.Popen[bytes], to: int, back: int) -> None:
        self._process, self._to, self._from = process, to, back
        self._waiting, self._number, self._session = b"", 0, ""
        self.seen, self._loaded, self._address = Seen(), False, ""

    def start(self) -> None:
        page = self.call("Target.createTarget", url="about:blank")["targetId"]
        self._session = self.call("Target.attachToTarget", targetId=page, flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Network", "Log", "Audits", "DOM"):
            self.call(f"{domain}.enable")
        self.call("Fetch.enable", patterns=[{"urlPattern": "*"}])
        self.call("Page.addScriptToEvaluateOnNewDocument", source=WATCH)

    def call(self, method: str, **params: Any) -> dict[str, Any]:
        """Return the answer to one command; what happens meanwhile is recorded."""
        number = self._send(method, params)
        while True:
            message = self._next()
            if message.get("id") == number:
                assert "error" not in message, f"{method}: {message['error']}"
                return dict(message["result"])

    def open(self, path: Path, *, width: int = 1280, height: int = 900) -> Seen:
        """Load a file and return what the page does from here on."""
        self.call("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=False)
        self.seen, self._loaded, self._address = Seen(), False, path.as_uri()
        self.call("Page.navigate", url=self._address)
        until = time.monotonic() + PATIENCE_S
        while not self._loaded:
            assert time.monotonic() < until, "the page did not finish loading"
            self._next()
        self.rest()
        return self.seen

    def rest(self, seconds: float = 0.15) -> None:
        """Let the page work for a moment; timers of a hostile page get their chance."""
        self.run(f"new Promise((done) => setTimeout(done, {int(1000 * seconds)}))")
        self.seen.violations[:] = self.run("window.__violations || []")

    def run(self, code: str) -> Any:
        """Return the value of an expression in the page."""
        answer = self.call(
            "Runtime.evaluate",
            expression=code,
            awaitPromise=True,
            returnByValue=True,
            allowUnsafeEvalBlockedByCSP=False,
        )
        assert "exceptionDetails" not in answer, answer.get("exceptionDetails")
        return answer["result"].get("value")

    def press(self, key: str, code: int, text: str = "") -> None:
        for kind in ("keyDown", "keyUp"):
            said = {"text": text} if text and kind == "keyDown" else {}
            self.call("Input.dispatchKeyEvent", type=kind, key=key, code=key, windowsVirtualKeyCode=code, **said)

    def move(self, x: float, y: float) -> None:
        """Put the mouse there; 0 by 0 is the upper left corner of the window."""
        self.call("Input.dispatchMouseEvent", type="mouseMoved", x=x, y=y)

    def picture(self, target: Path, *, whole: bool = True) -> Path:
        found = self.call("Page.captureScreenshot", format="png", captureBeyondViewport=whole)
        target.write_bytes(base64.b64decode(found["data"]))
        return target

    def _send(self, method: str, params: dict[str, Any]) -> int:
        self._number += 1
        message: dict[str, Any] = {"id": self._number, "method": method, "params": params}
        if self._session:
            message["sessionId"] = self._session
        data = json.dumps(message).encode() + b"\0"
        while data:
            data = data[os.write(self._to, data) :]
        return self._number

    def _next(self) -> dict[str, Any]:
        until = time.monotonic() + PATIENCE_S
        while b"\0" not in self._waiting:
            ready, _, _ = select.select([self._from], [], [], max(0.0, until - time.monotonic()))
            assert ready, "the browser does not answer"
            more = os.read(self._from, 1 << 20)
            assert more, "the browser has gone"
            self._waiting += more
        line, self._waiting = self._waiting.split(b"\0", 1)
        message: dict[str, Any] = json.loads(line)
        if "method" in message:
            self._note(message["method"], message.get("params", {}))
        return message

    def _note(self, method: str, said: dict[str, Any]) -> None:
        match method:
            case "Page.loadEventFired":
                self._loaded = True
            case "Page.javascriptDialogOpening":
                self.seen.dialogs.append(said["type"])
                self._send("Page.handleJavaScriptDialog", {"accept": False})
            case "Fetch.requestPaused":
                self._decide(said)
            case "Network.requestWillBeSent":
                self._record(said["request"]["url"])
            case "Network.webSocketCreated" | "Page.windowOpen":
                self.seen.requests.append(said["url"])
            case "Runtime.exceptionThrown":
                self.seen.errors.append(said["exceptionDetails"]["text"])
            case "Log.entryAdded" if said["entry"]["level"] == "error":
                self.seen.errors.append(said["entry"]["text"])
            case _:
                pass

    def _decide(self, said: dict[str, Any]) -> None:
        """Let the page itself through; record and refuse whatever else is asked for."""
        if said["request"]["url"] == self._address:
            self._send("Fetch.continueRequest", {"requestId": said["requestId"]})
        else:
            self._record(said["request"]["url"])
            self._send("Fetch.failRequest", {"requestId": said["requestId"], "errorReason": "AccessDenied"})

    def _record(self, url: str) -> None:
        known = {self._address, "about:blank"}
        if url not in known and url not in self.seen.requests:
            self.seen.requests.append(url)


@contextlib.contextmanager
def browser() -> Iterator[Browser]:
    """Start a browser of its own profile, and end it whatever happens."""
    found = program()
    assert found is not None, "ask program() first"
    (to_read, to_write), (back_read, back_write) = os.pipe(), os.pipe()

    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
        process = subprocess.Popen(
            [sys.executable, "-I", "-c", WIRE, str(to_read), str(back_write), found,
             "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run",
             "--disable-background-networking", "--disable-component-update", "--disable-sync", "--disable-extensions",
             "--host-resolver-rules=MAP * ~NOTFOUND", "--proxy-server=127.0.0.1:9", "--hide-scrollbars",
             f"--user-data-dir={profile}", "--remote-debugging-pipe"],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
            pass_fds=(to_read, back_write),
        )  # fmt: skip
        os.close(to_read)
        os.close(back_write)
        try:
            driven = Browser(process, to_write, back_read)
            driven.start()
            yield driven
        finally:
            process.kill()
            process.wait()
            os.close(to_write)
            os.close(back_read)
