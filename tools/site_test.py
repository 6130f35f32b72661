"""Look at the built site as a browser does: `make site-test`, after `make book`.

    python tools/site_test.py [PAGE ...]

Every page is opened in headless Chromium (or Chrome) at three widths, from a server on this
machine, with every other host out of reach. A page fails if a script raises, if a formula is not
set or is wrong, if the page is wider than the window, or if it asks for a file that is not there.
Links and their anchors are followed in the files, and what a page loads besides figures is weighed.
"""

import argparse
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
from collections import defaultdict
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import unquote, urldefrag

SITE = Path(__file__).resolve().parents[1] / "book" / "_build" / "html"
BROWSERS = "chromium", "chromium-browser", "google-chrome", "chrome"
WIDTHS = 390, 820, 1280
HEAVIEST = 1_700_000  # bytes of text, style and scripts of a page
BEFORE = b"""<script>
const wrong = [];
addEventListener("error", (e) => wrong.push(e.message || `${e.target.src || e.target.href}`), true);
addEventListener("unhandledrejection", (e) => wrong.push(`${e.reason}`));
console.error = (...words) => wrong.push(words.join(" "));
</script>"""
AFTER = b"""<script>
addEventListener("load", () => setTimeout(() => {
  const count = (selector) => document.querySelectorAll(selector).length;
  const excess = document.documentElement.scrollWidth - innerWidth;
  const report = { wrong, excess, unset: count(".math:not(.set)"), errors: count(".katex-error") };
  fetch(`/report?${innerWidth}`, { method: "POST", body: JSON.stringify(report) });
}, 1500));
</script>"""


class Server(ThreadingHTTPServer):
    """The site, and what its pages have reported."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.missing: list[str] = []
        self.reports: list[dict] = []
        self.reported = threading.Event()


class Handler(SimpleHTTPRequestHandler):
    server: Server

    def __init__(self, *arguments, **options) -> None:
        super().__init__(*arguments, directory=str(SITE), **options)

    def log_message(self, *words) -> None:
        """Say nothing."""

    def do_GET(self) -> None:
        path = SITE / unquote(self.path.split("?")[0]).lstrip("/")
        if path.suffix != ".html" or not path.is_file():
            if not path.is_file():
                self.server.missing.append(self.path)
            super().do_GET()
            return
        page = path.read_bytes().replace(b"<head>", b"<head>" + BEFORE, 1)
        page = page.replace(b"</body>", AFTER + b"</body>", 1)
        self.send_response(200)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.send_header("Content-Length", str(len(page)))
        self.end_headers()
        self.wfile.write(page)

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.reports.append(json.loads(body))
        self.send_response(204)
        self.end_headers()
        self.server.reported.set()


def seen(browser: str, server: Server, page: str, width: int) -> list[str]:
    """What is wrong with a page at this width."""
    server.missing, server.reports = [], []
    server.reported.clear()
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
        command = [
            browser,
            "--headless",
            "--no-sandbox",
            "--disable-gpu",
            "--disable-dev-shm-usage",
        ]
        command += [f"--user-data-dir={profile}", f"--window-size={width},1200"]
        command += ["--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1", "--no-first-run"]
        command += ["--remote-debugging-port=0", f"http://127.0.0.1:{server.server_port}/{page}"]
        silent = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
        opened = subprocess.Popen(command, start_new_session=True, **silent)
        try:
            answered = server.reported.wait(60)
        finally:
            os.killpg(opened.pid, signal.SIGKILL)  # with the processes that it has started
            opened.wait()
    if not answered:
        return ["the page has not finished after 60 s"]
    [report] = server.reports
    found = [f"a script: {text}" for text in report["wrong"]]
    found += [f"not there: {path}" for path in server.missing]
    if report["excess"] > 0:
        found.append(f"wider than the window by {report['excess']} pixels")
    for what, words in (("unset", "not set"), ("errors", "with an error in them")):
        if report[what]:
            found.append(f"{report[what]} formulas {words}")
    return found


def broken_links(pages: list[Path]) -> list[str]:
    """Links within the site that lead nowhere."""
    texts = {page: page.read_text(encoding="utf-8") for page in SITE.rglob("*.html")}
    anchors = {page: set(re.findall(r'\bid="([^"]+)"', text)) for page, text in texts.items()}
    found = []
    for page in pages:
        for link in set(re.findall(r'<a [^>]*?href="([^"]+)"', texts[page])):
            address, anchor = urldefrag(unquote(link))
            if re.match(r"[a-z]+:", address):
                continue
            target = (page.parent / address).resolve() if address else page
            if not target.exists() or (anchor and anchor not in anchors.get(target, ())):
                found.append(f"{page.relative_to(SITE)}: {link} leads nowhere")
    return found


def weights(pages: list[Path]) -> dict[str, int]:
    """Bytes of each page with its style and scripts; figures are loaded when they are seen."""
    found: dict[str, int] = defaultdict(int)
    for page in pages:
        text = page.read_text(encoding="utf-8")
        name = str(page.relative_to(SITE))
        found[name] = page.stat().st_size
        needed = re.findall(r'<script[^>]* src="([^"?]+)', text)
        needed += re.findall(r'<link[^>]*href="([^"?]+\.css)', text)
        for address in set(needed):
            path = (page.parent / address).resolve()
            found[name] += path.stat().st_size if path.is_file() else 0
    return dict(found)


def main(names: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("pages", nargs="*", help="such as notebooks/01_energy.html; all by default")
    wanted = parser.parse_args(names).pages
    if not (SITE / "index.html").is_file():
        print("site-test: there is no site; run `make book` first")
        return 1
    every = sorted(page for page in SITE.rglob("*.html") if "_static" not in page.parts)
    pages = [SITE / name for name in wanted] or every
    problems = broken_links(pages)
    heavy = weights(pages)
    problems += [f"{name}: {size:,} bytes" for name, size in heavy.items() if size > HEAVIEST]
    browser = next(filter(None, map(shutil.which, BROWSERS)), None)
    if browser is None:
        print(f"site-test: no browser; looked for {', '.join(BROWSERS)}")
        return 1
    server = Server()
    threading.Thread(target=server.serve_forever, daemon=True).start()
    for page in pages:
        name = page.relative_to(SITE).as_posix()
        for width in WIDTHS:
            problems += [
                f"{name} at {width}: {text}" for text in seen(browser, server, name, width)
            ]
    for problem in problems:
        print(problem)
    largest = max(heavy, key=lambda name: heavy[name])
    print(f"{len(pages)} pages at {len(WIDTHS)} widths: {len(problems)} problems")
    print(f"heaviest: {largest}, {heavy[largest]:,} bytes with its style and scripts")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
