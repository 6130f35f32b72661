"""The sources of the book: book/references.bib, and where chapters, code and pages cite them.

Chapters and docstrings cite in plain text, by author and year: "Younes (1999)", "(Hinton 2012,
section 8)", "Cho, Raiko and Ilin (2013)", "Goodfellow et al., 2014", "Metz and others, 2017". The
site turns each into a link to book/bibliography.md, which lists the file's entries and where each
is cited. A title in italics is no citation, whatever years it names.
"""

import json
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
FILE = ROOT / "book" / "references.bib"
PLACE = "<!-- the site lists the entries of references.bib here -->"  # in book/bibliography.md

VALUE = r"\{((?:[^{}]|\{[^{}]*\})*)\}"  # braces in a value hold capitals together, one level deep
ENTRY = re.compile(r"@(\w+)\{([\w-]+),\n(.*?)\n\}\n", re.DOTALL)
FIELD = re.compile(rf"\s*(\w+) = {VALUE},")

YEAR = r"(?:19|20)\d\d"
INITIALS = r"(?:,(?:\s[A-Z]\.)+)?"  # "Metz, L., Poole, B. (2017)"
BEFORE_YEAR = r"(?:['’]s)?,?\s+\(?"
AND = r",?\s+(?:and|&)\s+"
NAME = r"\b[A-ZÀ-Þ]['’]?[^\W\dA-ZÀ-Þ_][\w-]*"  # not an abbreviation
# Anything that looks like a citation: a capitalised name, "et al." or "others", then a year.
LOOKS = re.compile(rf"(?:{NAME}{INITIALS}|\bal\.|\bothers){BEFORE_YEAR}{YEAR}\b")
ANOTHER_AUTHOR = re.compile(rf"{NAME}(?:,\s+|{AND})\Z")
LONGEST = 250  # characters from the first author to the year
ITALICS = re.compile(r"(?<![^\s(])\*(?![*\s])[^*$]+\*(?!\*)")


@dataclass(frozen=True)
class Source:
    """One entry: its key, its kind (article, book, …) and its fields as the file spells them."""

    key: str
    kind: str
    fields: dict[str, str]

    @property
    def families(self) -> list[str]:
        """The authors' family names; an author in braces is a group, and has no other."""
        names = self.fields["author"].split(" and ")
        return [name.strip("{}").split(", ")[0] for name in names]

    @property
    def year(self) -> str:
        return self.fields["year"]

    @property
    def authors(self) -> list[str]:
        """The forms in which a text names the authors, as regular expressions."""
        names = [re.sub(r"\s+", r"\\s+", re.escape(n).replace(r"\ ", " ")) for n in self.families]
        names = [name + INITIALS for name in names]
        if len(names) == 1:
            return names
        whole = r",\s+".join(names[:-1]) + AND + names[-1]
        if len(names) == 2:
            return [whole]
        return [whole, names[0] + r"\s+et\s+al\.", names[0] + r"\s+and\s+others"]


def read(path: Path = FILE) -> list[Source]:
    """The entries of a file in the plain part of BibTeX that ours keeps to; else a ValueError."""
    text = path.read_text(encoding="utf-8")
    if rest := ENTRY.sub("", text).strip():
        raise ValueError(f"{path.name}: cannot read {rest[:60]!r}")
    sources = []
    for kind, key, body in ENTRY.findall(text):
        if rest := FIELD.sub("", body).strip():
            raise ValueError(f"{path.name}, {key}: cannot read {rest[:60]!r}")
        fields = FIELD.findall(body)
        if len(fields) != len(dict(fields)):
            raise ValueError(f"{path.name}, {key}: a field stands twice")
        sources.append(Source(key, kind, dict(fields)))
    return sources


class Citations:
    """Finds the citations of a list of sources in plain text."""

    def __init__(self, sources: list[Source]) -> None:
        self.of_year: dict[str, list[tuple[re.Pattern, str]]] = {}
        uses = Counter((form, source.year) for source in sources for form in source.authors)
        for source in sources:
            # "Song et al. (2021)" is nobody's if there are two: a text has to name all authors.
            forms = "|".join(form for form in source.authors if uses[form, source.year] == 1)
            pattern = re.compile(rf"(?<![\w-])(?:{forms}){BEFORE_YEAR}{source.year}\Z")
            self.of_year.setdefault(source.year, []).append((pattern, source.key))

    def ends(self, text: str) -> Iterator[tuple[int, int, str | None]]:
        """(start, end, key) of all that looks like a citation; the key is None without an entry."""
        for looks in LOOKS.finditer(text):
            begin = max(0, looks.end() - LONGEST)
            window = text[begin : looks.end()]
            matches = [(p.search(window), key) for p, key in self.of_year.get(window[-4:], ())]
            found = [(begin + match.start(), key) for match, key in matches if match]
            start, key = min(found, default=(looks.start(), None))  # the most authors
            yield start, looks.end(), key

    def find(self, text: str) -> list[tuple[int, int, str]]:
        """(start, end, key) of each citation that has an entry."""
        return [(start, end, key) for start, end, key in self.ends(text) if key]

    def unknown(self, text: str) -> list[str]:
        """What looks like a citation and has no entry, or names an author more than its entry."""
        return [
            " ".join(text[max(0, start - 40) : end].split())
            for start, end, key in self.ends(text)
            if key is None or ANOTHER_AUTHOR.search(text[:start])
        ]


def without_italics(text: str) -> str:
    """Markdown without its titles, whose names and years are no citations."""
    return ITALICS.sub("", text)


def cells(path: Path) -> str:
    """The cells of a notebook as one text."""
    found = json.loads(path.read_text(encoding="utf-8"))["cells"]
    sources = [("".join(cell["source"]), cell["cell_type"]) for cell in found]
    return "\n\n".join(s if kind == "code" else without_italics(s) for s, kind in sources)


def texts(root: Path = ROOT) -> Iterator[tuple[str, str]]:
    """(path, text) of all that cites: chapters and solutions, pages, code and benchmarks."""
    for path in sorted((root / "notebooks").rglob("*.ipynb")):
        if ".ipynb_checkpoints" not in path.parts:
            yield path.relative_to(root).as_posix(), cells(path)
    for pattern in ("*.md", "book/*.md", "benchmarks/*.md", "benchmarks/*.py", "rbmbook/**/*.py"):
        for path in sorted(root.glob(pattern)):
            text = path.read_text(encoding="utf-8")
            name = path.relative_to(root).as_posix()
            yield name, text if path.suffix == ".py" else without_italics(text)


def cited(sources: list[Source], root: Path = ROOT) -> dict[str, list[str]]:
    """For each key, the paths that cite it, in the order of `texts`."""
    places: dict[str, list[str]] = {source.key: [] for source in sources}
    citations = Citations(sources)
    for path, text in texts(root):
        for key in sorted({key for _, _, key in citations.find(text)}):
            places[key].append(path)
    return places


def plain(value: str) -> str:
    """A field without the braces and the double hyphens of BibTeX."""
    return value.replace("{", "").replace("}", "").replace("--", "–")


def authors(source: Source) -> str:
    """The authors in full, the first with the family name in front, as the list is sorted."""
    first, *others = source.fields["author"].split(" and ")
    names = [plain(first)] + [" ".join(reversed(name.split(", "))) for name in others]
    return names[0] if not others else ", ".join(names[:-1]) + " and " + names[-1]


def venue(source: Source) -> str:
    """Where it appeared: journal or book, volume, publisher, pages."""
    f = {name: plain(value) for name, value in source.fields.items()}
    if "journal" in f:
        where = f["journal"] + (f" {f['volume']}" if "volume" in f else "")
        where += f"({f['number']})" if "number" in f else ""
    else:
        forms = {"booktitle": "In: {}", "edition": "{} edition"}
        order = "booktitle", "edition", "howpublished", "institution", "number", "publisher"
        where = ", ".join(forms.get(name, "{}").format(f[name]) for name in order if name in f)
    return where + (f", {f['pages']}" if "pages" in f else "")


def links(source: Source) -> list[str]:
    """The identifiers as links in Markdown; an address only where there is none."""
    f = source.fields
    found = []
    if "doi" in f:
        found.append(f"[doi:{f['doi']}](<https://doi.org/{f['doi']}>)")
    if "eprint" in f:
        found.append(f"[arXiv:{f['eprint']}](https://arxiv.org/abs/{f['eprint']})")
    if "url" in f:
        found.append(f"[{f['url'].split('/')[2]}]({f['url']})")
    return found


def places(paths: list[str]) -> str:
    """Links to the chapters that cite, by number, and the names of the files of the code."""
    chapters = [Path(path) for path in paths if re.match(r"notebooks/\d\d_", path)]
    where = [f"[{path.name[:2]}]({path.as_posix()})" for path in chapters]
    where += [f"`{path}`" for path in paths if path.startswith(("rbmbook/", "benchmarks/"))]
    return f" Cited in {', '.join(where)}." if where else ""


def page(sources: list[Source], cited_in: dict[str, list[str]]) -> str:
    """The list of the bibliography in Markdown, with a target `source-…` before each entry."""
    entries = []
    for source in sources:
        title = plain(source.fields["title"])
        parts = [f"{authors(source)} ({source.year})", f"*{title}*", venue(source)]
        text = " ".join(part if part.endswith("?*") else part + "." for part in parts)
        note = plain(source.fields["note"]) + "." if "note" in source.fields else ""
        identifiers = ", ".join(links(source)) + "." if links(source) else ""
        more = "".join(f" {part}" for part in (identifiers, note) if part)
        where = places(cited_in[source.key])
        entries.append(f"(source-{source.key})=\n{text}{more}{where}")
    return "\n\n".join(entries) + "\n"
