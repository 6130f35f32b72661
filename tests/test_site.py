"""The site's build makes links of what the Markdown only mentions."""

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

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


GLOSSARY = """# Glossary

```{glossary}
persistent contrastive divergence (PCD)
  Chains that go on. Chapter 09.

RBM
  A machine. Chapter 07.
```
"""


def cell(source, *tags, text=""):
    outputs = [new_output("stream", text=text)] if text else []
    return new_code_cell(source, metadata={"tags": list(tags)}, outputs=outputs, execution_count=1)


CHAPTER = [
    new_markdown_cell("# 9 Nine\n\nWorked solutions are in [here](solutions/09_nine.ipynb)."),
    new_markdown_cell("Chains of **RBM**s, kept by PCD, **mix**. **Not a term.** By (9.1)."),
    new_markdown_cell("$$\na = b\n\\tag{9.1}\n$$"),
    cell("_ = interact(draw, w=1)", "widget"),
    new_markdown_cell("**Exercise 9.1.** Do."),
    cell("def one(): raise NotImplementedError", "exercise"),
    cell("exercises.check('09.1', one)", "check"),
    new_markdown_cell("**Exercise 9.2** (open).\n\nMore of it.\n\n## Summary\n\nEnd."),
]
SOLUTIONS = [
    new_markdown_cell("# 9 Nine: solutions\n\nOf [chapter 09](../09_nine.ipynb)."),
    new_markdown_cell("## Exercise 9.1: a title\n\nBy (9.1), see [the chapter](../09_nine.ipynb)."),
    cell("def one(): return 1", "exercise", text="printed 1"),
    new_markdown_cell("**Exercise 9.2.** Words."),
]
DRAWN = {
    "together": True,
    "controls": [
        {"label": "w", "menu": False, "places": ["0", "1"], "start": 1},
        {"label": "<k>", "menu": True, "places": ["a", "b", "c"], "start": 0},
    ],
    "frames": [
        {"file": f"{k}.webp", "alt": f"frame {k}", "width": 64, "height": 48} for k in range(6)
    ],
}


PIXEL = (  # a PNG of one
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAAAAAA6fptVAAAACklEQVR4nGP4DwABAQEAG7buVgAAAABJRU5ErkJggg=="
)
FIGURES = {  # alternative text → caption
    "A grey line": "**Figure 10.1.** It falls.",
    "Ten pictures": "**Figure 10.2.** Pixels that are on are black.",
    "Dark strokes": "**Figure 10.3.** Filters.",
}


def figure(alt):
    image = new_output("display_data", data={"image/png": PIXEL})
    told = {"mystnb": {"image": {"alt": alt}}}
    return new_code_cell("draw()", metadata=told, outputs=[image], execution_count=1)


TEN = [new_markdown_cell("# 10 Ten")]
for alt, caption in FIGURES.items():
    TEN += [figure(alt), new_markdown_cell(caption)]


API = """# Reference

```{eval-rst}
.. autoclass:: rbmbook.CD
   :members:
.. autoclass:: rbmbook.Sparsity
```
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """The sources of a small site, with the extensions of the book's."""
    pytest.importorskip("myst_nb")
    folder = tmp_path_factory.mktemp("site")
    (folder / "notebooks" / "solutions").mkdir(parents=True)
    shutil.copytree(ROOT / "book" / "_extensions", folder / "_extensions")
    (folder / "conf.py").write_text(
        'import sys\nsys.path.insert(0, "_extensions")\n'
        'extensions = ["myst_nb", "sphinx.ext.autodoc", "sphinx.ext.napoleon"]\n'
        'extensions += ["crossreferences", "figures", "reference"]\n'
        'extensions += ["sliders", "solutions", "terms"]\n'
        'nb_execution_mode = "off"\nexclude_patterns = ["jupyter_execute", "out"]\n'
        'myst_enable_extensions = ["amsmath", "dollarmath"]\n'
    )
    toctree = "```{toctree}\n:glob:\n\nnotebooks/*\nnotebooks/solutions/*\napi\nglossary\n```\n"
    (folder / "index.md").write_text(f"# Index\n\n`rb.CD.model_term`, `rb.nothing`\n\n{toctree}")
    (folder / "api.md").write_text(API)
    (folder / "notebooks" / "07_seven.md").write_text(SEVEN)
    (folder / "notebooks" / "08_eight.md").write_text(EIGHT)
    (folder / "glossary.md").write_text(GLOSSARY)
    notebooks = {"09_nine": CHAPTER, "10_ten": TEN, "solutions/09_nine": SOLUTIONS}
    for name, cells in notebooks.items():
        language = {"name": "python", "pygments_lexer": "ipython3"}
        nb = new_notebook(cells=cells, metadata={"language_info": language})
        nbformat.write(nb, folder / "notebooks" / f"{name}.ipynb")
    (folder / "_frames" / "09_nine-1").mkdir(parents=True)
    (folder / "_frames" / "09_nine-1.json").write_text(json.dumps(DRAWN))
    for frame in DRAWN["frames"]:
        (folder / "_frames" / "09_nine-1" / frame["file"]).write_bytes(b"picture")
    return folder


def built(folder, out, *options):
    """The main part of each page of the site, by its name within the site."""
    command = [sys.executable, "-m", "sphinx", "-W", "-q", "-b", "html", *options, ".", out]
    subprocess.run(command, cwd=folder, check=True, timeout=120)
    texts = {}
    for path in (folder / out).rglob("*.html"):
        html = path.read_text(encoding="utf-8")
        if 'role="main"' in html:
            name = path.relative_to(folder / out).with_suffix("").as_posix()
            texts[name.removeprefix("notebooks/")] = html[html.index('role="main"') :]
    return texts


@pytest.fixture(scope="module")
def pages(folder):
    """The main part of each page, to the end of its first section."""
    return {name: html.split("</section>")[0] for name, html in built(folder, "out").items()}


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


def test_a_solution_stands_in_a_fold_behind_its_exercise(pages):
    html = pages["09_nine"]
    first, second = html.index("Solution of Exercise 9.1"), html.index("Solution of Exercise 9.2")
    assert html.index("tag_check") < first < html.index("printed 1") < html.index("More of it.")
    assert html.index("More of it.") < second < html.index("Words.")
    inside = html[first : html.index("</details>", first)]
    assert links(inside) == [("(9.1)", "#equation-9-1")]
    assert "the chapter</" in inside and 'href="..' not in inside  # as seen from the chapter
    assert html.count('<details class="solution">') == html.count("</details>") == 2
    ids = re.findall(r'\bid="([^"]+)"', html)
    assert len(ids) == len(set(ids))


def test_a_course_gets_a_site_without_solutions(folder):
    pages = built(folder, "course", "-D", "solutions=0")
    assert "solutions/09_nine" not in pages and "09_nine" in pages
    assert "solution" not in pages["09_nine"].lower()
    assert not list((folder / "course").rglob("solutions/*"))


def test_a_style_sheet_keeps_what_a_page_or_a_script_can_use(tmp_path, monkeypatch):
    monkeypatch.syspath_prepend(str(ROOT / "book" / "_extensions"))
    import lighter
    import tinycss2

    (tmp_path / "_static").mkdir()
    (tmp_path / "a.html").write_text('<p class="one two" id="here">')
    (tmp_path / "_static" / "a.js").write_text('box.classList.add("three")')
    text = """
        p {a: 1} .one, .gone {b: 2} .two > .gone {c: 3} #here:not(.gone) {d: 4} .three {e: 5}
        @media print { .gone {f: 6} #nowhere {g: 7} } @media screen { .two {h: 8} }
        @font-face {i: 9} .bs-hint-auto {j: 10} [data-gone] {k: 11} .gone, #nowhere {l: 12}
    """
    rules = tinycss2.parse_stylesheet(text, skip_comments=True, skip_whitespace=True)
    assert lighter.lighter(rules, lighter.words_of(tmp_path)) == (
        "p{a: 1}.one{b: 2}#here:not(.gone){d: 4}.three{e: 5}@media screen{.two{h: 8}}"
        "@font-face {i: 9}.bs-hint-auto{j: 10}[data-gone]{k: 11}"
    )


def test_a_widget_has_its_frames_below_it(folder, pages):
    html = pages["09_nine"]
    figure = html[html.index('<figure class="sliders">') : html.index("</figure>")]
    assert html.index("draw") < html.index(figure) < html.index("Exercise 9.1")
    assert 'src="../_frames/09_nine-1/3.webp" alt="frame 3" width="64" height="48"' in figure
    assert '<img class="hues"' in figure
    assert 'type="range" min="0" max="1" step="1" value="1"' in figure
    assert '<option value="0" selected>a</option>' in figure and "&lt;k&gt;" in figure
    copied = sorted(path.name for path in (folder / "out" / "_frames").rglob("*.*"))
    assert copied == [frame["file"] for frame in DRAWN["frames"]]


def test_a_figure_whose_words_speak_of_black_or_white_stays_as_printed(pages):
    images = re.findall(r"<img [^>]*>", pages["10_ten"])
    found = [re.search(r'alt="([^"]*)" class="([^" ]*)', image).groups() for image in images]
    kinds = ["hues", "as-printed", "as-printed"]
    assert found == list(zip(FIGURES, kinds, strict=True))


def test_the_index_names_where_a_term_is_introduced(folder, pages):
    index = (folder / "out" / "genindex.html").read_text(encoding="utf-8")
    where = dict(re.findall(r'href="notebooks/09_nine.html#([^"]*)"><strong>([^<]*)', index))
    assert where == {
        "term-mix": "mix",
        "term-pcd": "PCD",
        "term-persistent-contrastive-divergence": "persistent contrastive divergence",
    }
    assert set(where) <= set(re.findall(r'id="(term-[^"]*)"', pages["09_nine"]))


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
