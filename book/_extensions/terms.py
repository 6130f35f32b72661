"""The index: where each term is introduced, beside the names of the code.

A chapter sets a term in bold where it introduces it. The glossary names the chapter of each of its
own terms, and "(PCD)" behind a term is another name of it. Sphinx makes the index from these
entries, and its search puts the page that introduces what is searched first.
"""

import re
from pathlib import Path

from docutils import nodes
from sphinx import addnodes
from sphinx.transforms import SphinxTransform
from wording import UNLINKED, within

GLOSSARY = Path(__file__).resolve().parents[1] / "glossary.md"
ENTRY = re.compile(r"^(?![ `#])(\S.*)\n  (.*)$", re.MULTILINE)
HOME = re.compile(r"\bChapters? (\d\d)")
CHAPTER = re.compile(r"notebooks/(\d\d)_")
# What is bold for another reason: a heading within a line, a row's or a curve's name, a stress.
NOT_A_TERM = re.compile(r"(Exercise|Figure|A|By|In|Late|Between|Where|You) .*|.*[.:?!,$’'°)`].*")
STRESSED = {
    " ".join(words.split())
    for words in """
    a few lines each, all, backwards, balanced batches, base, contrastive, deep, digits, every
    hidden unit twice, five nearest, free, hidden biases, in machine k, large parameters,
    matrix factorisation loses, matrix products, means for samples, nearest, not, one, open
    question, overflows, p, pairs, pairs and fours, plan, random, random noise, reverse,
    rounded, scaled random, shuffled stack, single pixels, single spins, small random,
    tempering costs, the raw pixels win, three pixels flipped, two halves, without truncating
    the sum
    """.split(",")
}


def homes():
    """Chapter → the names of the glossary's terms that are introduced there."""
    found = {}
    for term, meaning in ENTRY.findall(GLOSSARY.read_text(encoding="utf-8")):
        names = [name for name in re.split(r", | \(|\)", term) if name]
        names += [name.removesuffix("-k") for name in names if name.endswith("-k")]
        if home := HOME.search(meaning):
            found.setdefault(home[1], []).extend(names)
    return found


def introduced(strong):
    """The term that a bold text introduces, or "" if it does not."""
    text = " ".join(strong.astext().split())
    if len(text.split()) > 4 or NOT_A_TERM.fullmatch(text) or text.lower() in STRESSED:
        return ""
    proper = re.match(
        r"[A-Z]{2}|[A-Z][^ ]*[–-][A-Z]|Bern|Boltz|Gauss|Gibbs|Jacob|Markov|ReLU|Wasser", text
    )
    return text if proper else text[0].lower() + text[1:]


class IndexTerms(SphinxTransform):
    """Entries for the terms of a chapter; they must be there before Sphinx collects them."""

    default_priority = 840

    def apply(self, **kwargs):
        chapter = CHAPTER.match(self.env.docname)
        if chapter is None:
            return
        self.env.note_dependency(str(GLOSSARY))
        where = {}
        for strong in self.document.findall(nodes.strong):
            if not within(strong, nodes.title) and (term := introduced(strong)):
                where.setdefault(term, strong.parent)
        at_home = homes()
        elsewhere = {name.lower() for names in at_home.values() for name in names}
        for name in at_home.get(chapter[1], []):
            where.setdefault(name, self.mention(name, where))
            elsewhere.discard(name.lower())
        for term, block in where.items():
            self.enter(term, block, main=term.lower() not in elsewhere)

    def mention(self, name, where):
        """The block of text that first mentions a name: in bold, in the text, or the whole page."""
        says = re.compile(rf"\b{re.escape(name)}", re.IGNORECASE)
        bold = [block for term, block in where.items() if says.match(term)]
        texts = (
            text.parent
            for text in self.document.findall(nodes.Text)
            if says.search(text) and not within(text, UNLINKED)
        )
        return bold[0] if bold else next(texts, self.document[0])

    def enter(self, term, block, main):
        name = f"term-{nodes.make_id(term)}"
        if name not in block["ids"]:
            block["ids"].append(name)
        entry = ("single", term, name, "main" if main else "", None)
        block += addnodes.index(entries=[entry])


def setup(app):
    app.add_transform(IndexTerms)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
