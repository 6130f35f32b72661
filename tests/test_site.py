"""The site's build makes links of what the Markdown only mentions."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
SEVEN = r"""# 7 Seven

$$
a = b
\tag{7.2}
$$

**Figure 7.4.** A caption that mentions Figure 7.4 itself.

**Exercise 7.1** (warm-up). From (7.2), and chapter 07 again. `rb.CD(1)` has settings.
"""
EIGHT = r"""# 8 Eight, after chapter 07

By (7.2), Figures 7.4 and 7.9, exercise 7.1 and Exercise 07.1. As (7.3) and (0.5) say, and
chapter 43: chapters 7 and 08. See *Other Books*, chapter 7, and Hinton (edited by both), chapter 7.
`(7.2)`
[as (7.2)](07_seven.md)
"""


API = """# Reference

```{eval-rst}
.. autoclass:: rbmbook.CD
   :members:
.. autoclass:: rbmbook.Sparsity
```
"""


@pytest.fixture(scope="module")
def pages(tmp_path_factory):
    """The main part of two chapters' pages."""
    pytest.importorskip("myst_nb")
    folder = tmp_path_factory.mktemp("site")
    (folder / "notebooks").mkdir()
    shutil.copytree(ROOT / "book" / "_extensions", folder / "_extensions")
    (folder / "conf.py").write_text(
        'import sys\nsys.path.insert(0, "_extensions")\n'
        'extensions = ["myst_nb", "sphinx.ext.autodoc", "sphinx.ext.napoleon"]\n'
        'extensions += ["crossreferences", "reference"]\n'
        'myst_enable_extensions = ["amsmath", "dollarmath"]\n'
    )
    toctree = "```{toctree}\n:glob:\n\nnotebooks/*\napi\n```\n"
    (folder / "index.md").write_text(f"# Index\n\n`rb.CD.model_term`, `rb.nothing`\n\n{toctree}")
    (folder / "api.md").write_text(API)
    (folder / "notebooks" / "07_seven.md").write_text(SEVEN)
    (folder / "notebooks" / "08_eight.md").write_text(EIGHT)
    command = [sys.executable, "-m", "sphinx", "-W", "-q", "-b", "html", ".", "out"]
    subprocess.run(command, cwd=folder, check=True, timeout=120)
    texts = {}
    for path in (folder / "out").rglob("*.html"):
        html = path.read_text(encoding="utf-8")
        texts[path.stem] = html[html.index('role="main"') :].split("</section>")[0]
    return texts


def links(html):
    found = re.findall(r'<a class="reference internal" href="([^"]*)"><span>(.*?)</span>', html)
    return [(words, address) for address, words in found]


def test_numbers_of_another_page_are_links_to_it(pages):
    seven = "07_seven.html"
    assert links(pages["08_eight"]) == [
        ("(7.2)", f"{seven}#equation-7-2"),
        ("Figures 7.4", f"{seven}#figure-7-4"),
        ("exercise 7.1", f"{seven}#exercise-7-1"),
        ("Exercise 07.1", f"{seven}#exercise-7-1"),
        ("chapters 7", seven),
    ]


def test_a_page_has_an_anchor_for_each_number_and_no_link_beside_it(pages):
    html = pages["07_seven"]
    assert re.findall(r'id="((?:equation|figure|exercise)-[^"]*)"', html) == [
        "equation-7-2",
        "figure-7-4",
        "exercise-7-1",
    ]
    assert links(html) == [("(7.2)", "#equation-7-2")]


def test_a_name_in_the_text_leads_to_its_entry_and_the_entry_to_its_formula(pages):
    entry = '<a class="reference internal" href="api.html#rbmbook.CD.model_term"><code'
    text = pages["index"].split("toctree")[0]
    assert text.count(entry) == 1 and "rb.nothing" in text
    assert ("(7.2)", "notebooks/07_seven.html#equation-7-2") in links(pages["api"])


def test_an_entry_leads_to_the_chapters_that_use_it_or_else_to_that_of_its_subject(pages):
    cd, sparsity = pages["api"].split('id="rbmbook.Sparsity"')
    assert [x for x in links(cd) if x[0].isdigit()] == [("07", "notebooks/07_seven.html")]
    assert links(sparsity) == [("08", "notebooks/08_eight.html")]


def test_links_that_lead_nowhere_and_heavy_pages_are_found(tmp_path, monkeypatch):
    import site_test

    monkeypatch.setattr(site_test, "SITE", tmp_path)
    (tmp_path / "style.css").write_text("x" * 1000)
    (tmp_path / "a.html").write_text(
        '<link href="style.css"><h1 id="top"></h1><a href="#top">1</a><a href="b.html#there">2</a>'
        '<a href="b.html#gone">3</a><a href="c.html">4</a><a href="https://example.org/x">5</a>'
    )
    (tmp_path / "b.html").write_text('<p id="there"></p>')
    pages = [tmp_path / "a.html", tmp_path / "b.html"]
    assert sorted(site_test.broken_links(pages)) == [
        "a.html: b.html#gone leads nowhere",
        "a.html: c.html leads nowhere",
    ]
    heavy = site_test.weights(pages)
    assert heavy["a.html"] == 1000 + pages[0].stat().st_size
    assert heavy["b.html"] == pages[1].stat().st_size
