"""The public address is set in one place, and everything that shows it follows."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from address import BEGIN, END, NOWHERE, Address, read, renewed, site_options

ROOT = Path(__file__).resolve().parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
SOURCE, SITE = "https://github.com/OWNER/REPOSITORY", "https://book.example"
SET = Address(SOURCE, SITE)
PATH = "notebooks/01_energy.ipynb"
LINKS = ["requirement", "badges", "codespaces", "binder"]


def test_without_an_address_nothing_leads_anywhere():
    assert [getattr(NOWHERE, name)() for name in LINKS] == [""] * len(LINKS)
    assert NOWHERE.page(PATH) == NOWHERE.edit(PATH) == NOWHERE.colab(PATH) == ""
    assert site_options(NOWHERE) == {}
    top = renewed(README, NOWHERE).split(END)[0]
    assert BEGIN in top and "://" not in top


def test_every_link_follows_the_setting():
    for name in LINKS:
        found = re.findall(r"OWNER/REPOSITORY", getattr(SET, name)())
        assert found, name
    assert SET.colab(PATH).endswith(f"/github/OWNER/REPOSITORY/blob/main/{PATH}")
    assert SET.edit(PATH) == f"{SOURCE}/edit/main/{PATH}"
    assert SET.page(PATH) == f"{SITE}/notebooks/01_energy.html"
    assert Address(SOURCE).page(PATH) == f"{SOURCE}/blob/main/{PATH}"
    assert Address(f"{SOURCE}.git/").edit(PATH) == SET.edit(PATH)
    badges = SET.badges()
    assert all(f"]({link})" in badges for link in (SET.codespaces(), SITE))


def test_a_source_elsewhere_has_no_launch_buttons():
    elsewhere = Address("https://git.example/owner/book.git")
    assert elsewhere.requirement() == "rbmbook[book] @ git+https://git.example/owner/book.git"
    assert elsewhere.colab(PATH) == elsewhere.binder() == elsewhere.badges() == ""
    assert set(site_options(elsewhere)) == {"repository_url", "use_repository_button"}


@pytest.mark.parametrize("wrong", ["github.com/owner/book", "http://a.example", "https://a b"])
def test_what_is_no_address_is_refused(wrong):
    with pytest.raises(ValueError, match="source: expected an address that begins https://"):
        Address(wrong)


def test_the_readme_is_as_the_setting_makes_it():
    assert renewed(README, read()) == README
    assert renewed(renewed(README, SET), read()) == README
    assert SET.badges() in renewed(README, SET)


def test_the_setting_is_read_from_the_project_file(tmp_path):
    project = tmp_path / "pyproject.toml"
    project.write_text('[project]\nname = "x"\n')
    assert read(project) == NOWHERE
    project.write_text(f'[project.urls]\nSource = "{SOURCE}/"\nDocumentation = "{SITE}"\n')
    assert read(project) == SET


NOTEBOOK = """{"cells": [{"cell_type": "markdown", "id": "a", "metadata": {}, "source": "# One"}],
"metadata": {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}},
"nbformat": 4, "nbformat_minor": 5}"""


def build(folder, urls):
    """Two pages of a site with the book's own settings, and this table in pyproject.toml."""
    shutil.copytree(ROOT / "tools", folder / "tools")
    others = shutil.ignore_patterns("_build", "_frames", "notebooks", "[!g]*.md")  # glossary
    shutil.copytree(ROOT / "book", folder / "book", ignore=others)
    (folder / "book" / "notebooks").mkdir()
    (folder / "pyproject.toml").write_text(f'[project]\nname = "rbmbook"\n{urls}')
    toctree = "```{toctree}\n:glob:\n\nnotebooks/*\n```\n"
    (folder / "book" / "index.md").write_text(f"# Index\n\n{toctree}")
    (folder / "book" / PATH).write_text(NOTEBOOK)
    command = [sys.executable, "-m", "sphinx", "-q", "-b", "html", "book", "out"]
    subprocess.run(command, cwd=folder, check=True, timeout=120)
    out = folder / "out"
    return [(out / name).read_text() for name in ("index.html", "notebooks/01_energy.html")]


def test_buttons_of_the_site_follow_the_setting(tmp_path):
    pytest.importorskip("sphinx_book_theme")
    for page in build(tmp_path / "nowhere", ""):
        assert not re.search(r"binder|colab|source-(repository|edit)-button|launch-buttons", page)
    urls = f'[project.urls]\nSource = "{SOURCE}"\n'
    index, chapter = build(tmp_path / "set", urls)
    assert f'href="{SOURCE}/edit/main/book/index.md"' in index
    for link in (SOURCE, SET.edit(PATH), SET.colab(PATH)):
        assert f'href="{link}"' in chapter, link
    assert "https://mybinder.org/v2/gh/OWNER/REPOSITORY/main?urlpath=lab/tree/" + PATH in chapter
