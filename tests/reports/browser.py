"""A headless Chromium over a pair of pipes: no port, no driver, nothing to install but the browser itself.

The browser speaks the DevTools protocol on file descriptors 3 and 4, one JSON text after the other with a NUL between
(https://chromedevtools.github.io/devtools-protocol/). No name resolves in it, and its profile is a new folder.
"""

from __future__ import annotations

import json
import os
import selectors
import subprocess
import sys
import time
from base64 import b64decode
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from pathlib import Path

__all__ = ["Browser", "Tab", "browser"]

#: One answer takes milliseconds; a machine under load takes longer.
_SECONDS: Final = 60.0

_FLAGS: Final = (
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync",
    "--disable-background-networking", "--disable-component-update", "--disable-dev-shm-usage", "--hide-scrollbars",
    "--font-render-hinting=none", "--host-resolver-rules=MAP * ~NOTFOUND", "--remote-debugging-pipe", "about:blank",
)  # fmt: skip

#: Puts the two pipes where the browser expects them, and becomes the browser.
_START: Final = (
    "import os, sys; read, write = map(int, sys.argv[1:3]); os.dup2(read, 3); os.dup2(write, 4); "
    "os.execvp(sys.argv[3], sys.argv[3:])"
)

_Object = dict[str, Any]


class Browser:
    """A running browser: commands go out, answers and events come in."""

    def __init__(self, reading: int, writing: int) -> None:
        self._writing = writing
        self._reading = reading
        self._waiting = selectors.DefaultSelector()
        self._waiting.register(reading, selectors.EVENT_READ)
        self._buffer = b""
        self._last = 0
        self.events: list[_Object] = []

    def call(self, method: str, session: str = "", **parameters: object) -> _Object:
        """Send a command and give its result; raises `RuntimeError` if the browser refuses."""
        self._last += 1
        message: _Object = {"id": self._last, "method": method, "params": parameters}
        if session:
            message["sessionId"] = session
        os.write(self._writing, json.dumps(message).encode() + b"\0")
        answer = self._until(lambda one: one.get("id") == self._last)
        if "error" in answer:
            raise RuntimeError(f"{method}: {answer['error']}")
        result: _Object = answer["result"]
        return result

    def event(self, method: str, session: str) -> _Object:
        """Wait for an event that has not been taken yet, and take it."""

        def wanted(one: Mapping[str, object]) -> bool:
            return one.get("method") == method and one.get("sessionId") == session

        for one in self.events:
            if wanted(one):
                self.events.remove(one)
                return one
        found = self._until(wanted)
        self.events.remove(found)
        return found

    def _until(self, is_it: Callable[[_Object], bool]) -> _Object:
        end = time.monotonic() + _SECONDS
        while True:
            message = self._message(end)
            if "method" in message:
                self.events.append(message)
            if is_it(message):
                return message

    def _message(self, end: float) -> _Object:
        while b"\0" not in self._buffer:
            if not self._waiting.select(max(end - time.monotonic(), 0)):
                raise TimeoutError("the browser does not answer")
            more = os.read(self._reading, 1 << 20)
            if not more:
                raise RuntimeError("the browser has ended")
            self._buffer += more
        first, _, self._buffer = self._buffer.partition(b"\0")
        message: _Object = json.loads(first)
        return message

    def tab(self, page: Path, width: int = 1280, media: Sequence[tuple[str, str]] = (), *, scripts: bool = True) -> Tab:
        """Open a file in a new tab and wait until it is loaded."""
        target = self.call("Target.createTarget", url="about:blank")["targetId"]
        session = self.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        tab = Tab(self, session)
        for domain in ("Page", "Runtime", "Network", "Log", "Audits"):
            tab.call(f"{domain}.enable")
        tab.call("Emulation.setScriptExecutionDisabled", value=not scripts)
        tab.call("Emulation.setDeviceMetricsOverride", width=width, height=900, deviceScaleFactor=1, mobile=False)
        tab.media("", *media)
        tab.call("Page.navigate", url=page.as_uri())
        self.event("Page.loadEventFired", session)
        return tab


@dataclass
class Tab:
    """One page that is open."""

    browser: Browser
    session: str

    def call(self, method: str, **parameters: object) -> _Object:
        """Send a command about this page."""
        return self.browser.call(method, self.session, **parameters)

    def run(self, script: str) -> Any:
        """Evaluate an expression in the page and give its value."""
        given = self.call("Runtime.evaluate", expression=script, returnByValue=True, awaitPromise=True)
        if "exceptionDetails" in given:
            raise RuntimeError(given["exceptionDetails"])
        return given["result"].get("value")

    def media(self, kind: str, *features: tuple[str, str]) -> None:
        """Show the page as on that medium (`print`), with `prefers-color-scheme` and the like."""
        named = [{"name": name, "value": value} for name, value in features]
        self.call("Emulation.setEmulatedMedia", media=kind, features=named)

    def press(self, key: str, code: int = 0) -> None:
        """Press and release a key, or type one character."""
        text = {"text": key} if len(key) == 1 else {}
        names = {"key": key, "windowsVirtualKeyCode": code}
        self.call("Input.dispatchKeyEvent", type="keyDown", **names, **text)
        self.call("Input.dispatchKeyEvent", type="keyUp", **names)

    def type(self, text: str) -> None:
        """Type a text where the cursor is."""
        self.call("Input.insertText", text=text)

    def requests(self) -> list[str]:
        """Give the addresses that were asked for, in order."""
        return [one["params"]["request"]["url"] for one in self._events("Network.requestWillBeSent")]

    def complaints(self) -> list[str]:
        """Give what stands in the console: errors, warnings, refusals of the content policy, exceptions."""
        logged = [one["params"]["entry"]["text"] for one in self._events("Log.entryAdded")]
        printed = [str(one["params"]["args"]) for one in self._events("Runtime.consoleAPICalled")]
        thrown = [str(one["params"]["exceptionDetails"]) for one in self._events("Runtime.exceptionThrown")]
        found = [str(one["params"]["issue"]) for one in self._events("Audits.issueAdded")]
        return logged + printed + thrown + found

    def _events(self, method: str) -> list[_Object]:
        self.run("0")  # whatever happened before has been told when this is answered
        return [one for one in self.browser.events if one.get("method") == method and one["sessionId"] == self.session]

    def picture(self, *, whole: bool = True) -> bytes:
        """Give the page as PNG."""
        return b64decode(self.call("Page.captureScreenshot", captureBeyondViewport=whole)["data"])

    def printed(self) -> bytes:
        """Give the page as PDF, as a printer gets it."""
        return b64decode(self.call("Page.printToPDF", printBackground=False, preferCSSPageSize=True)["data"])


@contextmanager
def browser(profile: Path) -> Iterator[Browser]:
    """Start the browser with a new profile, and end it."""
    theirs_in, ours_out = os.pipe()
    ours_in, theirs_out = os.pipe()
    command = ["chromium", f"--user-data-dir={profile}", *_FLAGS]
    with (profile.parent / f"{profile.name}.log").open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, "-I", "-c", _START, str(theirs_in), str(theirs_out), *command],
            pass_fds=(theirs_in, theirs_out), stdin=subprocess.DEVNULL, stdout=log, stderr=log,
        )  # fmt: skip
    os.close(theirs_in)
    os.close(theirs_out)
    try:
        running = Browser(ours_in, ours_out)
        yield running
        running.call("Browser.close")
        process.wait(_SECONDS)
    finally:
        process.kill()
        process.wait()
        os.close(ours_in)
        os.close(ours_out)
