"""What `make site-test` asks of the site in a browser: of each page, and of the whole.

Each check takes a page that is open, or a browser and the site's address, and returns one sentence
for each thing that is wrong.
"""

import math
import tempfile
from collections.abc import Callable
from pathlib import Path

from browser import Browser, BrowserError, Page

AXE = Path(__file__).resolve().parents[1] / ".axe/node_modules/axe-core/axe.min.js"
WIDTHS = 390, 768, 1280
COMPLETE = "document.readyState === 'complete' && !document.querySelector('.math:not(.set)')"
SETTLED = """
new Promise((done) => {
  const frames = (more) =>
    more ? requestAnimationFrame(() => frames(more - 1)) : setTimeout(done, 200);
  frames(3);
})
"""  # the page has been laid out, and book.js has seen how wide it is

# What is searched, and the chapter that must come first.
SEARCHES = {
    "PCD": "09",
    "persistent contrastive divergence": "09",
    "tempering": "09",
    "AIS": "10",
    "CD": "07",
    "contrastive divergence": "07",
    "DBM": "13",
    "DBN": "12",
    "free energy": "03",
    "score matching": "14",
}
SECONDS = 5  # to the first formula at 1.6 Mb/s; a processor four times as slow adds up to one more
SPEED = {"latency": 150, "downloadThroughput": 200_000, "uploadThroughput": 90_000}  # bytes


# ---- each page


def seen(page: Page, address: str) -> list[str]:
    """What is wrong with a page, at each of the widths."""
    page.look(WIDTHS[0])
    try:
        page.open(address, until=COMPLETE)
    except BrowserError as error:
        return [str(error), *page.complaints()]
    found = []
    for width in WIDTHS:
        page.look(width)
        page.ask(SETTLED)
        excess = page.ask("document.documentElement.scrollWidth - innerWidth")
        if excess > 0:
            found.append(f"wider than a window of {width} pixels by {excess}")
    if errors := page.ask("document.querySelectorAll('.katex-error').length"):
        found.append(f"{errors} formulas with an error in them")
    return found + moved(page) + unmatched_folds(page) + page.complaints()


MOVE = """
(async () => {
  const found = [];
  for (const figure of document.querySelectorAll("figure.sliders")) {
    const image = figure.querySelector("img");
    image.loading = "eager";
    for (const control of figure.querySelectorAll("input, select")) {
      const name = control.parentElement.innerText.split(/\\s/)[0];
      const output = control.parentElement.querySelector("output");
      const [before, words] = [image.src, output?.textContent];
      const last = control.max ?? control.length - 1;
      control.value = control.value === `${last}` ? 0 : last;
      control.dispatchEvent(new Event("input", { bubbles: true }));
      if (!control.offsetWidth) found.push(`slider ${name}: cannot be seen`);
      await image.decode().catch(() => found.push(`slider ${name}: ${image.src} is not there`));
      if (image.src === before) found.push(`slider ${name}: the figure stays the same`);
      if (output && output.textContent === words) found.push(`slider ${name}: so does its number`);
    }
  }
  return found;
})()
"""


def moved(page: Page) -> list[str]:
    """Move every slider to its end; what has not followed."""
    cells = page.ask("document.querySelectorAll('.cell.tag_widget').length")
    figures = page.ask("document.querySelectorAll('figure.sliders').length")
    missing = [f"{cells} widgets, but frames of {figures}"] if cells != figures else []
    return missing + page.ask(MOVE)


def unmatched_folds(page: Page) -> list[str]:
    """Checks of exercises that no solution follows, on a site that has the solutions."""
    wanted = """[...document.querySelectorAll(".cell.tag_check")]
      .filter((cell) => !cell.closest("details.solution"))
      .filter((cell) => !cell.nextElementSibling?.matches("details.solution"))
      .map((cell) => `no solution follows ${cell.innerText.trim().split("\\n")[0]}`)"""
    solutions = page.ask("Boolean(document.querySelector('a[href*=\"solutions/\"]'))")
    chapter = page.ask("/notebooks.\\d\\d_[^/]*$/.test(location.pathname)")
    return page.ask(wanted) if chapter and solutions else []


AUDIT = """
axe.run({ exclude: [".katex"] }, { resultTypes: ["violations"], RULES })
  .then(({ violations }) => violations.map(({ id, impact, nodes }) =>
    `${id} (${impact}): ${nodes.length} times, such as ${nodes[0].target.join(" ")}`))
"""  # KaTeX writes MathML for those who listen, and hides what it draws


def accessible(page: Page) -> list[str]:
    """What axe-core has against the page that is open, at each width, in light and in dark.

    In the dark, and at the other widths, only colours and sizes can differ.
    """
    if not AXE.is_file():
        return ["axe-core is not there: make .axe"]
    page.ask(AXE.read_text(encoding="utf-8") + "; 1")
    found = []
    for dark in (False, True):
        for width in WIDTHS:
            page.look(width, dark=dark)
            page.ask(SETTLED)
            some = dark or width != WIDTHS[0]
            rules = "runOnly: ['color-contrast', 'target-size', 'scrollable-region-focusable']"
            told = page.ask(AUDIT.replace("RULES", rules if some else ""))
            found += [f"axe at {width}{', dark' * dark}: {words}" for words in told]
    return found


# ---- the whole site

Address = Callable[[str], str]


def searched(browser: Browser, address: Address) -> list[str]:
    """Searches whose first result is not the chapter that introduces the term."""
    found = []
    for words, chapter in SEARCHES.items():
        with Page(browser) as page:
            page.look(WIDTHS[-1])
            page.open(
                address(f"search.html?q={words}"), until="document.querySelector('.search li')"
            )
            page.wait("Search._pulse_status < 0")
            first = page.ask("document.querySelector('.search li a').getAttribute('href')")
        if not first.startswith(f"notebooks/{chapter}_"):
            found.append(f"search for {words!r}: {first} comes first, not chapter {chapter}")
    return found


PRINTING = """
addEventListener("beforeprint", () => {
  const end = document.querySelector("#hints-on-paper");
  const open = [...document.querySelectorAll("article details")].filter((x) => x.open);
  window.onPaper = {
    hints: end?.querySelectorAll("details").length ?? 0,
    last: !end || !end.nextElementSibling,
    notes: document.querySelectorAll(".hint-on-paper").length,
    elsewhere: open.filter((x) => !end?.contains(x)).length,
  };
}); 1
"""


def printed(page: Page) -> list[str]:
    """Print the page that is open: its hints must stand at the end, and go back afterwards."""
    count = "document.querySelectorAll('article details:not(.hide, .solution)').length"
    where = "document.querySelector('article').textContent"
    hints, before = page.ask(count), page.ask(where)
    page.ask(PRINTING)
    with tempfile.TemporaryDirectory() as folder:
        page.print(Path(folder) / "page.pdf")
    expected = {"hints": hints, "last": True, "notes": hints, "elsewhere": 0}
    seen_on_paper = page.ask("window.onPaper")
    found = []
    if seen_on_paper != expected:
        found.append(f"on paper: expected {expected}, got {seen_on_paper}")
    if page.ask(where) != before:
        found.append("after printing the page is not as before")
    return found


FIRST = """
(function look() {
  const formula = document.querySelector("article .math.set .katex"); // not in the contents
  if (formula?.getClientRects().length)
    requestAnimationFrame(() => (window.firstFormula = performance.now() / 1000));
  else requestAnimationFrame(look);
})();
"""


def first_formula(browser: Browser, address: str) -> float:
    """Seconds until the first formula of a page is drawn, on a slow line.

    Infinite if there is none after 30.
    """
    with Page(browser) as page:
        page.look(WIDTHS[0])
        page.send("Network.emulateNetworkConditions", offline=False, **SPEED)
        page.send("Page.addScriptToEvaluateOnNewDocument", source=FIRST)
        try:
            page.open(address, until="window.firstFormula")
        except BrowserError:
            return math.inf
        return page.ask("window.firstFormula")
