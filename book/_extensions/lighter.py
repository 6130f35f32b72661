"""Style sheets cut to the rules that this site can use: the theme brings all of Bootstrap.

A browser draws nothing before it has every style sheet. A rule goes if each of its selectors names
a class or an identifier that stands in no page and in no script. Left alone are names that scripts
put together from pieces, all of KaTeX's and those of Bootstrap's hints.
"""

import re
from pathlib import Path

import tinycss2

PUT_TOGETHER = re.compile(r"bs-")  # `bs-${name}-auto`
ATTRIBUTE = re.compile(r'\b(?:class|id)="([^"]*)"')
WORD = re.compile(r"[\w-]+")
SKIP = {"skip_comments": True, "skip_whitespace": True}


def words_of(site: Path) -> set[str]:
    """All that may be a class or an identifier on a page, or be made one by a script."""
    found = set()
    for page in site.rglob("*.html"):
        for value in ATTRIBUTE.findall(page.read_text(encoding="utf-8")):
            found.update(value.split())
    for script in site.rglob("_static/**/*.js"):
        found.update(WORD.findall(script.read_text(encoding="utf-8")))
    return found


def alternatives(prelude):
    """The selectors of a rule, each a list of tokens."""
    selectors = [[]]
    for token in prelude:
        if token == ",":
            selectors.append([])
        else:
            selectors[-1].append(token)
    return selectors


def named(selector):
    """Classes and identifiers that must be there; what stands in `:not(…)` or `:is(…)` need not."""
    for before, token in zip([None, *selector], selector, strict=False):
        is_name = token.type == "hash" or (token.type == "ident" and before == ".")
        if is_name and not PUT_TOGETHER.match(token.value):
            yield token.value


def lighter(rules, words):
    """The text of those rules that can be used."""
    kept = []
    for rule in rules:
        if rule.type == "qualified-rule":
            chosen = [x for x in alternatives(rule.prelude) if words.issuperset(named(x))]
            if chosen:
                selectors = ",".join(tinycss2.serialize(x).strip() for x in chosen)
                kept.append(f"{selectors}{{{tinycss2.serialize(rule.content).strip()}}}")
        elif rule.type == "at-rule" and rule.lower_at_keyword in ("media", "supports"):
            if text := lighter(tinycss2.parse_rule_list(rule.content, **SKIP), words):
                condition = tinycss2.serialize(rule.prelude).strip()
                kept.append(f"@{rule.lower_at_keyword} {condition}{{{text}}}")
        else:
            kept.append(rule.serialize())
    return "".join(kept)


def forget(app):
    """Remove the style sheets that an earlier build has cut: Sphinx would not write over them."""
    if app.builder.format == "html":
        for sheet in Path(app.outdir).rglob("_static/**/*.css"):
            sheet.unlink()


def cut(app, problem):
    """Cut the style sheets of the site, once it is complete."""
    if problem or app.builder.format != "html":
        return
    site = Path(app.outdir)
    words = words_of(site)
    for sheet in site.rglob("_static/**/*.css"):
        if sheet.parent.name == "katex":
            continue
        text = sheet.read_text(encoding="utf-8")
        rules = tinycss2.parse_stylesheet(text, **SKIP)
        licences = "".join(re.findall(r"/\*!.*?\*/", text, re.DOTALL))
        sheet.write_text(licences + lighter(rules, words), encoding="utf-8")


def setup(app):
    app.connect("builder-inited", forget, priority=0)
    app.connect("build-finished", cut)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
