"""The book's public address, and every link that follows from it.

It is set in one place, the table [project.urls] of pyproject.toml:

    [project.urls]
    Source = "https://github.com/OWNER/REPOSITORY"
    Documentation = "https://…"   # of the site, once it is served somewhere; may be left out

As long as there is no such table, there is no badge, no launch button and no "edit this page".
`python tools/address.py`, which `make format` runs, brings the README up to the setting. The
notebooks' first cells follow when they are brought to their canonical form, the site when it is
built, a course when it is cut.
"""

import re
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

ROOT = Path(__file__).resolve().parents[1]
BRANCH = "main"
BEGIN = "<!-- badges: written by tools/address.py -->\n"
END = "<!-- end of badges -->\n"


@dataclass(frozen=True)
class Address:
    """Where the book is public. Each method returns "" if what it would lead to is nowhere."""

    source: str = ""
    """Of the repository; Colab, Binder and Codespaces start from one on GitHub only."""

    site: str = ""

    def __post_init__(self) -> None:
        for name in ("source", "site"):
            value = getattr(self, name)
            if value and not re.fullmatch(r"https://[^\s/]+(/[^\s/]+)*/?", value):
                raise ValueError(f"{name}: expected an address that begins https://, got {value!r}")
            object.__setattr__(self, name, value.rstrip("/"))

    @property
    def github(self) -> str:
        """OWNER/REPOSITORY, if the source is on GitHub."""
        found = re.fullmatch(r"https://github\.com/([\w.-]+/[\w.-]+?)(\.git)?", self.source)
        return found[1] if found else ""

    def requirement(self) -> str:
        """What pip installs the package, with what reading needs, from."""
        return self.source and f"rbmbook[book] @ git+{self.source}"

    def page(self, path: str) -> str:
        """Where a notebook is read: on the site if it has an address, otherwise in the source."""
        if self.site:
            return f"{self.site}/{path.removesuffix('.ipynb')}.html"
        return self._file("blob", path)

    def edit(self, path: str) -> str:
        """Where a change of a file is proposed."""
        return self._file("edit", path)

    def _file(self, action: str, path: str) -> str:
        return self.github and f"https://github.com/{self.github}/{action}/{BRANCH}/{path}"

    def colab(self, path: str) -> str:
        """A notebook in Colab."""
        start = f"https://colab.research.google.com/github/{self.github}/blob/{BRANCH}"
        return self.github and f"{start}/{path}"

    def binder(self, path: str = "") -> str:
        """JupyterLab on Binder, at a notebook."""
        start = f"https://mybinder.org/v2/gh/{self.github}/{BRANCH}"
        return self.github and f"{start}?urlpath={quote(f'lab/tree/{path}', safe='')}"

    def codespaces(self) -> str:
        """A new machine on GitHub with the book on it."""
        return self.github and f"https://codespaces.new/{self.github}"

    def badges(self) -> str:
        """What the README begins with, in Markdown."""
        if not self.github:
            return ""
        runs = f"https://github.com/{self.github}/actions/workflows/test.yml"
        first = "notebooks/00_three_roads.ipynb"
        shown = [
            ("make test", f"{runs}/badge.svg", runs),
            ("Open in Colab", COLAB_BADGE, self.colab(first)),
            ("Open in Binder", BINDER_BADGE, self.binder(first)),
            ("Open in Codespaces", CODESPACES_BADGE, self.codespaces()),
        ]
        lines = [f"[![{words}]({image})]({link})\n" for words, image, link in shown]
        return "".join(lines) + (f"\n**[Read the book]({self.site})**\n" if self.site else "")


NOWHERE = Address()
COLAB_BADGE = "https://colab.research.google.com/assets/colab-badge.svg"
BINDER_BADGE = "https://mybinder.org/badge_logo.svg"
CODESPACES_BADGE = "https://github.com/codespaces/badge.svg"


def read(pyproject: Path = ROOT / "pyproject.toml") -> Address:
    """The address that a pyproject.toml sets, or one that leads nowhere."""
    urls = tomllib.loads(pyproject.read_text(encoding="utf-8"))["project"].get("urls", {})
    return Address(urls.get("Source", ""), urls.get("Documentation", ""))


def site_options(address: Address) -> dict[str, Any]:
    """What the site's theme makes its buttons of, none without an address."""
    if not address.source:
        return {}
    options = {"repository_url": address.source.removesuffix(".git"), "use_repository_button": True}
    if address.github:
        options |= {
            "repository_branch": BRANCH,
            "use_edit_page_button": True,
            "launch_buttons": {
                "binderhub_url": "https://mybinder.org",
                "colab_url": "https://colab.research.google.com",
                "notebook_interface": "jupyterlab",
            },
        }
    return options


def edit_template(address: Address) -> dict[str, str]:
    """Where the theme's "edit this page" leads: chapters and other pages are in two folders."""
    if not address.github:
        return {}
    folder = "{% if not pagename.startswith('notebooks/') %}book/{% endif %}"
    template = f"{address.edit(folder)}{{{{ file_name }}}}"
    return {"edit_page_url_template": template, "edit_page_provider_name": "GitHub"}


def renewed(readme: str, address: Address) -> str:
    """The README with the badges of an address."""
    before, rest = readme.split(BEGIN)
    return before + BEGIN + address.badges() + END + rest.split(END)[1]


if __name__ == "__main__":
    path = ROOT / "README.md"
    path.write_text(renewed(path.read_text(encoding="utf-8"), read()), encoding="utf-8")
