"""A headless Chromium (or Chrome), spoken to in the DevTools protocol.

    with Browser() as browser, Page(browser) as page:
        page.look(width=390, dark=True)
        page.open("http://127.0.0.1:8000/index.html")
        page.ask("document.title")

The protocol: https://chromedevtools.github.io/devtools-protocol/. Every other host is out of reach.
"""

import base64
import json
import os
import shutil
import signal
import subprocess
import tempfile
import time
from pathlib import Path

NAMES = "chromium", "chromium-browser", "google-chrome", "chrome"
OPTIONS = (
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--no-first-run",
    "--hide-scrollbars",
    "--remote-debugging-port=0",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
)


class BrowserError(RuntimeError):
    """There is no browser, or it refuses what it is asked for."""


class Browser:
    """One running browser, ended with the `with` block."""

    def __enter__(self) -> "Browser":
        import websocket

        found = next(filter(None, map(shutil.which, NAMES)), None)
        if found is None:
            raise BrowserError(f"no browser; looked for {', '.join(NAMES)}")
        self.profile = tempfile.TemporaryDirectory(ignore_cleanup_errors=True)
        silent = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
        command = [found, *OPTIONS, f"--user-data-dir={self.profile.name}", "about:blank"]
        self.process = subprocess.Popen(command, start_new_session=True, **silent)
        self.count, self.events = 0, []
        try:
            port, path = self._where()
            address = f"ws://127.0.0.1:{port}{path}"
            self.socket = websocket.create_connection(address, suppress_origin=True, timeout=120)
        except BaseException:
            self.__exit__()
            raise
        return self

    def _where(self) -> tuple[str, str]:
        """Port and path of the protocol, which the browser writes into a file once it listens."""
        listens = Path(self.profile.name) / "DevToolsActivePort"
        until = time.monotonic() + 60
        while time.monotonic() < until:
            lines = listens.read_text().split() if listens.exists() else []
            if len(lines) == 2:
                return lines[0], lines[1]
            time.sleep(0.1)
        raise BrowserError("the browser has not started within 60 s")

    def __exit__(self, *exception: object) -> None:
        os.killpg(self.process.pid, signal.SIGKILL)  # with the processes that it has started
        self.process.wait()
        self.profile.cleanup()

    def send(self, method: str, session: str = "", **parameters: object) -> dict:
        """Have a command done and return its result; events that come first are kept."""
        self.count += 1
        message = {"id": self.count, "method": method, "params": parameters}
        self.socket.send(json.dumps(message | ({"sessionId": session} if session else {})))
        while True:
            answer = json.loads(self.socket.recv())
            if answer.get("id") == self.count:
                if "error" in answer:
                    raise BrowserError(f"{method}: {answer['error']['message']}")
                return answer["result"]
            self.events.append(answer)


class Page:
    """One tab with a memory of its own: no cache, cookie or setting of another page."""

    def __init__(self, browser: Browser) -> None:
        self.browser = browser

    def __enter__(self) -> "Page":
        send = self.browser.send
        self.context = send("Target.createBrowserContext")["browserContextId"]
        target = {"url": "about:blank", "browserContextId": self.context}
        self.target = send("Target.createTarget", **target)["targetId"]
        attached = send("Target.attachToTarget", targetId=self.target, flatten=True)
        self.session = attached["sessionId"]
        for domain in ("Page", "Runtime", "Network", "Log"):
            self.send(f"{domain}.enable")
        return self

    def __exit__(self, *exception: object) -> None:
        self.browser.send("Target.disposeBrowserContext", browserContextId=self.context)

    def send(self, method: str, **parameters: object) -> dict:
        return self.browser.send(method, self.session, **parameters)

    def look(self, width: int, height: int = 1000, dark: bool = False, media: str = "") -> None:
        """Change the window's size, the reader's colour scheme, and screen for print."""
        size = {"width": width, "height": height, "deviceScaleFactor": 1}
        self.send("Emulation.setDeviceMetricsOverride", mobile=False, **size)
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        self.send("Emulation.setEmulatedMedia", media=media, features=[scheme])

    def open(self, address: str, until: str = "document.readyState === 'complete'") -> None:
        """Go to an address and wait until an expression is true there."""
        self.browser.events.clear()
        if problem := self.send("Page.navigate", url=address).get("errorText"):
            raise BrowserError(f"{address}: {problem}")
        self.wait(until)

    def ask(self, expression: str) -> object:
        """The value of an expression in JavaScript, of a promise what it brings."""
        wanted = {"expression": expression, "awaitPromise": True, "returnByValue": True}
        answer = self.send("Runtime.evaluate", **wanted)
        if "exceptionDetails" in answer:
            raise BrowserError(str(answer["exceptionDetails"].get("exception", answer)))
        return answer["result"].get("value")

    def wait(self, expression: str, seconds: float = 30) -> None:
        """Wait until an expression is true."""
        until = time.monotonic() + seconds
        while not self.ask(f"Boolean({expression})"):
            if time.monotonic() > until:
                raise BrowserError(f"not within {seconds} s: {expression}")
            time.sleep(0.05)

    def complaints(self) -> list[str]:
        """What scripts have raised and what was not found since the page was opened."""
        found = []
        for event in self.browser.events:
            told = event.get("params", {})
            if event.get("sessionId") != self.session:
                continue
            if event["method"] == "Runtime.exceptionThrown":
                details = told["exceptionDetails"]
                found.append(details.get("exception", {}).get("description", details["text"]))
            elif event["method"] == "Runtime.consoleAPICalled" and told["type"] == "error":
                found.append(" ".join(str(word.get("value")) for word in told["args"]))
            elif event["method"] == "Log.entryAdded" and told["entry"]["level"] == "error":
                found.append(f"{told['entry']['text']} {told['entry'].get('url', '')}".strip())
        return found

    def picture(self, path: Path, whole: bool = False) -> None:
        """Write what can be seen, or the whole page, as PNG."""
        got = self.send("Page.captureScreenshot", format="png", captureBeyondViewport=whole)
        path.write_bytes(base64.b64decode(got["data"]))

    def print(self, path: Path) -> None:
        """Write the page as PDF, on A4."""
        paper = {"paperWidth": 8.27, "paperHeight": 11.69, "preferCSSPageSize": True}
        got = self.send("Page.printToPDF", **paper)
        path.write_bytes(base64.b64decode(got["data"]))
