"""Look at the built site as a browser does: `make site-test`, after `make book`.

    python tools/site_test.py [PAGE ...]

Every page is opened in headless Chromium (or Chrome) at three widths, from a server on this
machine, with every other host out of reach. A page fails if a script raises, if a formula is not
set or is wrong, if the page is wider than the window, if it asks for a file that is not there, if
a slider does not move its figure, if an exercise lacks its solution, if axe-core objects, in light
or in dark, if on paper its hints are not at the end, or if its first formula takes too long on a
slow line. Some searches must find their chapter first. Links and their anchors are followed in the
files, and what a page loads besides figures is weighed. `site_checks.py` has the checks.
"""

import argparse
import re
import sys
import threading
from collections import defaultdict
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import unquote, urldefrag

import site_checks as checks
from browser import Browser, BrowserError, Page

SITE = Path(__file__).resolve().parents[1] / "book" / "_build" / "html"
HEAVIEST = 1_700_000  # bytes of text, style and scripts of a page


class Server(ThreadingHTTPServer):
    """The site on this machine."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.serve_forever, daemon=True).start()

    def address(self, page: str) -> str:
        return f"http://127.0.0.1:{self.server_port}/{page}"


class Handler(SimpleHTTPRequestHandler):
    def __init__(self, *arguments, **options) -> None:
        super().__init__(*arguments, directory=str(SITE), **options)

    def log_message(self, *words) -> None:
        """Say nothing."""


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


def looked_at(
    browser: Browser, server: Server, pages: list[Path], whole: bool
) -> tuple[list[str], dict[str, float]]:
    """What a browser finds wrong, and the seconds until the first formula of each chapter."""
    problems, seconds = [], {}
    for path in pages:
        name = path.relative_to(SITE).as_posix()
        address = server.address(name)
        chapter = path.parent == SITE / "notebooks"
        with Page(browser) as page:
            found = checks.seen(page, address)
            if not found:  # otherwise the page may not even be complete
                found = checks.accessible(page) + (checks.printed(page) if chapter else [])
        if chapter:
            seconds[name] = checks.first_formula(browser, address)
            if seconds[name] > checks.SECONDS:
                found.append(f"its first formula is there after {seconds[name]:.1f} s")
        problems += [f"{name}: {text}" for text in found]
    return problems + (checks.searched(browser, server.address) if whole else []), seconds


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
    try:
        with Browser() as browser:
            found, seconds = looked_at(browser, Server(), pages, whole=not wanted)
    except BrowserError as error:
        print(f"site-test: {error}")
        return 1
    problems += found
    for problem in problems:
        print(problem)
    largest = max(heavy, key=lambda name: heavy[name])
    print(f"{len(pages)} pages at {len(checks.WIDTHS)} widths: {len(problems)} problems")
    print(f"heaviest: {largest}, {heavy[largest]:,} bytes with its style and scripts")
    if seconds:
        slowest = max(seconds, key=lambda name: seconds[name])
        print(f"slowest to its first formula: {slowest}, {seconds[slowest]:.1f} s at 1.6 Mb/s")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
