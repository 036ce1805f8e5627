"""Owns a browser for tests: Chromium without a window, spoken to through a pipe (the DevTools protocol); no driver is needed.

    python -m tests.tools.browser shots SITE OUT      # pictures of a site's pages: wide, phone, dark

It refuses to go on without a browser: its absence is an error.
"""

from __future__ import annotations

import base64
import fcntl
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Any

NAMES = ("chromium", "chromium-browser", "google-chrome")
OPTIONS = (
    *("--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--hide-scrollbars", "--mute-audio"),
    *("--no-first-run", "--disable-extensions", "--disable-background-networking", "--disable-component-update"),
    *("--disable-sync", "--disable-features=Translate,OptimizationHints,MediaRouter", "--remote-debugging-pipe"),
)
PATIENCE = 60.0


class BrowserError(Exception):
    """What the browser answers to a command that it does not follow."""


def find() -> str:
    """The browser's program. Raises BrowserError where there is none."""
    named = os.environ.get("PARITY_CHROMIUM")
    found = next((path for name in ([named] if named else NAMES) if (path := shutil.which(name))), None)
    if found is None:
        raise BrowserError(
            f"no browser: install chromium (`apt-get install chromium`), or name one with PARITY_CHROMIUM ({named})"
        )
    return found


class Browser:
    """A browser with one page. console: errors and warnings that a page told; requests: every address that it asked for."""

    def __init__(self) -> None:
        self._profile = tempfile.mkdtemp(prefix="parity-browser-")
        to_read, self._write = os.pipe()
        self._read, to_write = os.pipe()
        theirs = [
            fcntl.fcntl(one, fcntl.F_DUPFD, 64) for one in (to_read, to_write)
        ]  # away from 3 and 4, which it reads and writes
        self._process = subprocess.Popen(
            [find(), *OPTIONS, f"--user-data-dir={self._profile}", "about:blank"],
            pass_fds=(3, 4),
            preexec_fn=lambda: [os.dup2(one, place) for place, one in enumerate(theirs, start=3)],  # noqa: PLW1509
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        for one in (to_read, to_write, *theirs):
            os.close(one)
        self._buffer, self._number, self._events = b"", 0, list[dict[str, Any]]()
        self.console, self.requests = list[str](), list[str]()
        target = self._send("Target.createTarget", {"url": "about:blank"})["targetId"]
        self._session = self._send("Target.attachToTarget", {"targetId": target, "flatten": True})["sessionId"]
        for domain in ("Page", "Runtime", "Network", "Log", "DOM"):
            self.ask(f"{domain}.enable")

    def __enter__(self) -> Browser:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._process.terminate()
        self._process.wait(timeout=PATIENCE)
        os.close(self._read)
        os.close(self._write)
        shutil.rmtree(self._profile, ignore_errors=True)

    def ask(self, method: str, **parameters: Any) -> dict[str, Any]:
        """A command of the protocol to the page, and its answer."""
        return self._send(method, parameters, self._session)

    def open(self, path: Path, fragment: str = "") -> None:
        """Opens a file from the disk and waits until it is loaded. Forgets what earlier pages told."""
        self.ask("Page.navigate", url="about:blank")
        self.loaded()
        self.console.clear()
        self.requests.clear()
        self.ask("Page.navigate", url=f"{path.resolve().as_uri()}{fragment}")
        self.loaded()

    def loaded(self) -> None:
        """Waits until the page that is being opened is there."""
        self._wait("Page.loadEventFired")

    def run(self, script: str) -> Any:
        """The value of an expression in the page; a promise is waited for. Raises BrowserError for an exception."""
        told = self.ask("Runtime.evaluate", expression=script, returnByValue=True, awaitPromise=True)
        if "exceptionDetails" in told:
            raise BrowserError(json.dumps(told["exceptionDetails"])[:600])
        return told["result"].get("value")

    def type(self, selector: str, text: str) -> None:
        """Types into a field, key by key."""
        self.run(f"document.querySelector({json.dumps(selector)}).focus()")
        self.ask("Input.insertText", text=text)

    def press(self, key: str) -> None:
        """A key that is no letter: Enter, ArrowDown, Escape, Tab."""
        code = {"Enter": 13, "ArrowDown": 40, "ArrowUp": 38, "Escape": 27, "Tab": 9}[key]
        text = {"text": "\r"} if key == "Enter" else {}
        self.ask("Input.dispatchKeyEvent", type="keyDown", key=key, code=key, windowsVirtualKeyCode=code, **text)
        self.ask("Input.dispatchKeyEvent", type="keyUp", key=key, code=key, windowsVirtualKeyCode=code)

    def click(self, selector: str) -> None:
        """A click of the mouse in the middle of an element."""
        place = self.run(
            f"(() => {{ const e = document.querySelector({json.dumps(selector)});"
            " e.scrollIntoView({block: 'center', behavior: 'instant'}); const b = e.getBoundingClientRect();"
            " return [b.x + b.width / 2, b.y + b.height / 2]; })()"
        )
        for kind in ("mousePressed", "mouseReleased"):
            self.ask("Input.dispatchMouseEvent", type=kind, x=place[0], y=place[1], button="left", clickCount=1)

    def look(self, width: int, height: int, dark: bool = False, paper: bool = False) -> None:
        """How wide the window is, whether it is dark, whether it is paper."""
        self.ask("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=width < 600)
        features = [{"name": "prefers-color-scheme", "value": "dark" if dark else "light"}]
        self.ask("Emulation.setEmulatedMedia", media="print" if paper else "", features=features)

    def picture(self) -> bytes:
        """What the window shows, as PNG."""
        return base64.b64decode(self.ask("Page.captureScreenshot", format="png")["data"])

    def _send(self, method: str, parameters: dict[str, Any], session: str | None = None) -> dict[str, Any]:
        self._number += 1
        message: dict[str, Any] = {"id": self._number, "method": method, "params": parameters}
        if session:
            message["sessionId"] = session
        os.write(self._write, json.dumps(message).encode() + b"\0")
        number = self._number
        while True:
            told = self._next()
            if told.get("id") == number:
                if "error" in told:
                    raise BrowserError(f"{method}: {told['error']}")
                result: dict[str, Any] = told["result"]
                return result
            self._heard(told)

    def _wait(self, event: str) -> None:
        while not any(told.get("method") == event for told in self._events):
            self._heard(self._next())
        self._events.clear()

    def _heard(self, told: dict[str, Any]) -> None:
        method, given = told.get("method", ""), told.get("params", {})
        self._events.append(told)
        if method == "Network.requestWillBeSent":
            self.requests.append(given["request"]["url"])
        elif method == "Log.entryAdded":
            self.console.append(f"{given['entry']['level']}: {given['entry']['text']}")
        elif method == "Runtime.exceptionThrown":
            self.console.append(f"exception: {json.dumps(given['exceptionDetails'])[:400]}")
        elif method == "Runtime.consoleAPICalled":
            self.console.append(f"console: {given['type']}")

    def _next(self) -> dict[str, Any]:
        while b"\0" not in self._buffer:
            data = os.read(self._read, 1 << 20)
            if not data:
                raise BrowserError("the browser ended")
            self._buffer += data
        message, _, self._buffer = self._buffer.partition(b"\0")
        told: dict[str, Any] = json.loads(message)
        return told


@contextmanager
def opened(path: Path, fragment: str = "") -> Iterator[Browser]:
    """A browser that shows a file."""
    with Browser() as browser:
        browser.open(path, fragment)
        yield browser


VIEWS = {"wide": (1280, 900, False), "phone": (390, 844, False), "dark": (1280, 900, True)}


def shots(site: Path, out: Path, pages: Sequence[str], views: Sequence[str]) -> None:
    """Pictures of pages; a page may bear a fragment."""
    out.mkdir(parents=True, exist_ok=True)
    with Browser() as browser:
        for page in pages:
            address, _, fragment = page.partition("#")
            for view in views:
                browser.look(*VIEWS[view])
                browser.open(site / address, f"#{fragment}" if fragment else "")
                name = "-".join(
                    (*address.removesuffix(".html").split("/"), *([fragment.replace("=", "-")] if fragment else []), view)
                )
                (out / f"{name}.png").write_bytes(browser.picture())
                sys.stdout.write(f"{out / name} {browser.console}\n")


if __name__ == "__main__":
    shots(Path(sys.argv[2]), Path(sys.argv[3]), sys.argv[4:] or ["index.html"], list(VIEWS))
