"""Every source that chapters, code and pages cite has one entry in book/references.bib."""

import json
import re
import shutil
import subprocess
import sys

import pytest
import sources
from sources import ROOT, Citations, Source

SOURCES = sources.read()
CITATIONS = Citations(SOURCES)
# What an entry of each kind has to say, beside author, title and year.
NEEDED = {
    "article": {"journal"},
    "book": {"publisher"},
    "incollection": {"booktitle", "publisher"},
    "inproceedings": {"booktitle"},
    "misc": {"howpublished"},
    "techreport": {"institution"},
}
OPTIONAL = {"volume", "number", "pages", "edition", "note", "doi", "eprint", "url"}
FORM = {
    "year": r"(19|20)\d\d",
    "pages": r"\w+(--\w+)?",
    "volume": r"\d+",
    "doi": r"10\.\d{4,9}/[^\s{}<>]+",
    "eprint": r"\d{4}\.\d{4,5}",
    "url": r"https://[^\s{}<>]+",
}
AUTHOR = r"[^,{}]+, [^,{}]+|\{[^{}]+\}"  # "Hinton, Geoffrey E.", or a group in braces
# After a citation: its title in italics in a chapter, in plain words in a docstring.
TITLE = re.compile(r"\),\s+\*([^*]+)\*")
PLAIN_TITLE = re.compile(r"\),\s+\"?([A-Z][^.\":()]*)")


def words(text):
    return re.findall(r"\w+", sources.plain(text).lower())


def faults_of_entries(entries):
    """What is wrong with the entries, each by itself and side by side."""
    keys = [entry.key for entry in entries]
    if keys != sorted(set(keys)):
        yield "expected the entries sorted by their keys, each once"
    for entry in entries:
        needed = {"author", "title", "year"} | NEEDED.get(entry.kind, set())
        if entry.kind not in NEEDED:
            yield f"{entry.key}: {entry.kind} is not one of {sorted(NEEDED)}"
        if missing := needed - set(entry.fields):
            yield f"{entry.key}: expected {sorted(missing)}"
        if odd := set(entry.fields) - needed - OPTIONAL:
            yield f"{entry.key}: {sorted(odd)} are shown nowhere"
        for name, value in entry.fields.items():
            if name in FORM and not re.fullmatch(FORM[name], value):
                yield f"{entry.key}: {value} is no {name}"
        for author in entry.fields.get("author", "").split(" and "):
            if not re.fullmatch(AUTHOR, author):
                yield f"{entry.key}: {author} is not written 'Family, Given'"
    for name in ("doi", "eprint", "url", "title"):
        values = [entry.fields[name].lower() for entry in entries if name in entry.fields]
        yield from (
            f"{value} stands twice" for value in sorted(set(values)) if values.count(value) > 1
        )
    forms = [(entry.authors[0], entry.year) for entry in entries]  # with all authors
    yield from (f"{f} is two entries" for f in sorted(set(forms)) if forms.count(f) > 1)


def wrong_titles(text, entries, in_italics):
    """Citations that are followed by a title which is not (the beginning of) their entry's."""
    titles = {entry.key: words(entry.fields["title"]) for entry in entries}
    for _, end, key in Citations(entries).find(text):
        match = (TITLE if in_italics else PLAIN_TITLE).match(text, end)
        if match:
            said = words(match[1]) if in_italics else words(match[1])[: min(4, len(titles[key]))]
            if titles[key][: len(said)] != said:
                yield f"{key}: {' '.join(said)}"


def markdown(name):
    """The Markdown of a notebook with its italics."""
    cells = json.loads((ROOT / name).read_text(encoding="utf-8"))["cells"]
    return "\n\n".join("".join(c["source"]) for c in cells if c["cell_type"] == "markdown")


TEXTS = dict(sources.texts())


def test_what_cites_is_found():
    kinds = (
        "notebooks/04_",
        "notebooks/solutions/",
        "rbmbook/dbm/",
        "benchmarks/",
        "book/",
        "README",
    )
    assert all(any(name.startswith(kind) for name in TEXTS) for kind in kinds)
    assert len(CITATIONS.find(TEXTS["notebooks/09_better_negative_phases.ipynb"])) > 20
    chapters = [name for name in TEXTS if re.match(r"notebooks/\d\d_", name)]
    assert all("**Sources" in TEXTS[name] for name in chapters)


@pytest.mark.parametrize("name", [name for name in TEXTS if sources.LOOKS.search(TEXTS[name])])
def test_whatever_is_cited_has_an_entry(name):
    assert CITATIONS.unknown(TEXTS[name]) == []


def test_every_entry_is_cited():
    assert [key for key, places in sources.cited(SOURCES).items() if not places] == []


def test_entries_are_well_formed():
    assert list(faults_of_entries(SOURCES)) == []


@pytest.mark.parametrize("name", [name for name in TEXTS if name.endswith((".ipynb", ".py"))])
def test_titles_beside_citations_are_those_of_the_entries(name):
    in_italics = name.endswith(".ipynb")
    text = markdown(name) if in_italics else TEXTS[name]
    assert list(wrong_titles(text, SOURCES, in_italics)) == []


# ---- that these tests can fail


SMALL = [
    Source("mnih2007", "misc", {"author": "Mnih, A. and Hinton, G.", "title": "T", "year": "2007"}),
    Source("hinton2012", "misc", {"author": "Hinton, G.", "title": "A guide", "year": "2012"}),
    Source("le2008", "misc", {"author": "Le Roux, N. and Ay, N. and Qi, B.", "year": "2008"}),
]


@pytest.mark.parametrize(
    ("text", "keys"),
    [
        (
            "Hinton (2012), Hinton, 2012, (Hinton 2012, section 8), Hinton's (2012)",
            4 * ["hinton2012"],
        ),
        ("Mnih\nand Hinton (2007) and Hinton (2012)", ["mnih2007", "hinton2012"]),
        ("Mnih, A. and Hinton, G. (2007); Mnih & Hinton, 2007", 2 * ["mnih2007"]),
        (
            "Le Roux, Ay and Qi (2008), Le Roux et al. 2008, Le Roux and others, 2008",
            3 * ["le2008"],
        ),
        ("the guide of 2012, VHinton (2012), Hinton in 2012", []),
        ("for RBMs, Mnih and Hinton, 2007; ICML 2012", ["mnih2007"]),
    ],
)
def test_citations_are_found_in_every_form(text, keys):
    found = Citations(SMALL).find(text)
    assert [key for _, _, key in found] == keys
    assert all(text[end - 4 : end].isdigit() for _, end, _ in found)
    assert Citations(SMALL).unknown(text.replace("VHinton (2012)", "")) == []


@pytest.mark.parametrize(
    "text",
    [
        "Hinton (2013)",
        "Hinton et al. (2012)",
        "Osindero and Hinton (2012)",
        "Osindero, Mnih and Hinton (2007)",
        "Roux, Ay and Qi (2008)",
        "(Qi and others, 2008)",
        "Øster's (1999)",
    ],
)
def test_a_citation_without_an_entry_is_found(text):
    assert len(Citations(SMALL).unknown(f"As Smith says, {text} shows it.")) == 1


def test_the_first_author_of_two_entries_is_not_enough():
    two = [
        *SMALL,
        Source("le2008b", "misc", {"author": "Le Roux, N. and X, Y. and Z, Z.", "year": "2008"}),
    ]
    assert Citations(two).unknown("Le Roux et al. (2008)") and Citations(SMALL).find(
        "Le Roux et al. (2008)"
    )
    assert [key for *_, key in Citations(two).find("Le Roux, Ay and Qi (2008)")] == ["le2008"]


def test_titles_in_italics_are_no_citations():
    assert sources.without_italics("X (2012), *Planck 2018 results*, A") == "X (2012), , A"
    text = "**Denoising** (Hinton 2012) of $P^*$ and $D^*$, 2 * 3 * 4"
    assert sources.without_italics(text) == text


def test_a_wrong_title_is_found():
    assert list(wrong_titles("Hinton (2012), *A guide*, Hinton 2012, *b*", SMALL[1:2], True)) == []
    assert list(wrong_titles("Hinton (2012), *The guide*", SMALL[1:2], True)) == [
        "hinton2012: the guide"
    ]
    assert list(wrong_titles("Hinton (2012), The\n  guide.", SMALL[1:2], False))
    assert not list(wrong_titles("Hinton (2012), section 8. Hinton (2012), A", SMALL[1:2], False))


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("doi", "doi:10.1162/089976602760128018"),
        ("doi", "10.1038/323533a0"),  # of another entry
        ("eprint", "arXiv:1406.2661"),
        ("url", "http://jmlr.org/"),
        ("year", "02"),
        ("pages", "1771-1800"),
        ("author", "Geoffrey E. Hinton"),
        ("author", "Younes, Laurent"),  # two entries that a text could not tell apart
        ("notes", "?"),
    ],
)
def test_a_broken_entry_is_found(field, value):
    at = [source.key for source in SOURCES].index("hinton2002")
    year = {"year": "1999"} if value == "Younes, Laurent" else {}
    broken = Source("hinton2002", "article", {**SOURCES[at].fields, field: value, **year})
    assert len(list(faults_of_entries([*SOURCES[:at], broken, *SOURCES[at + 1 :]]))) == 1
    assert list(faults_of_entries([*SOURCES, SOURCES[at]]))
    less = {name: text for name, text in broken.fields.items() if name != "journal"}
    assert list(faults_of_entries([Source("hinton2002", "article", less)]))


@pytest.mark.parametrize(
    "text",
    [
        "@book{a,\n  title = {A},\n}\nloose\n",
        '@book{a,\n  title = "A",\n}\n',
        "@book{a,\n  title = {A}\n}\n",
        "@book{a,\n  title = {A},\n  title = {B},\n}\n",
    ],
)
def test_a_file_that_cannot_be_read_whole_is_refused(tmp_path, text):
    path = tmp_path / "a.bib"
    path.write_text(text)
    with pytest.raises(ValueError, match=r"a\.bib"):
        sources.read(path)


PAGE = """# Younes (1999)

See Younes
(1999) and (Younes, 1999), and `Younes (1999)`.

```{toctree}
bibliography
```
"""


def test_the_site_links_citations_to_their_entries(tmp_path):
    pytest.importorskip("myst_nb")
    pytest.importorskip("sphinx_book_theme")
    (tmp_path / "tools").mkdir()
    (tmp_path / "book" / "_static").mkdir(parents=True)
    shutil.copytree(ROOT / "book" / "_extensions", tmp_path / "book" / "_extensions")
    files = "tools/sources.py", "tools/address.py", "pyproject.toml", "book/conf.py"
    files += "book/bibliography.md", "book/references.bib"
    for name in files:
        shutil.copy(ROOT / name, tmp_path / name)
    (tmp_path / "book" / "index.md").write_text(PAGE)
    command = [sys.executable, "-m", "sphinx", "-W", "-q", "-b", "pseudoxml"]
    command += ["-D", "html_favicon=", "book", "out"]
    subprocess.run(command, cwd=tmp_path, check=True, timeout=120)
    page = (tmp_path / "out" / "index.pseudoxml").read_text(encoding="utf-8")
    assert page.count('refuri="bibliography#source-younes1999"') == 2  # not the title, not the code
    for words in (r"Younes\s+\(1999\)", "Younes, 1999"):
        assert re.search(
            rf"<reference [^>]*source-younes1999[^>]*>\s+<inline[^>]*>\s+{words}\s", page
        )
    listed = (tmp_path / "out" / "bibliography.pseudoxml").read_text(encoding="utf-8")
    assert all(f'ids="source-{source.key}"' in listed for source in SOURCES)
    assert 'refuri="https://doi.org/10.1080/17442509908834179"' in listed
