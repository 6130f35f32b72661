"""The first code cell of every chapter: is the package there? `tools/notebooks.py` writes it.

In Google Colab the cell fetches the book from its public address, installs the package and goes to
the folder of the chapters, whose neighbours hold results that some of them read. Until there is an
address, and outside Colab, it says what to do if the package is missing. Where the package can be
imported it does nothing, so that it needs no output and no execution of the chapter.
"""

from pathlib import Path

from address import read
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell

PYPROJECT = Path(__file__).resolve().parents[1] / "pyproject.toml"
TAGS = ["install", "remove-cell"]  # the site leaves it out
HERE = "start the notebooks with `make lab`"  # what to do on a computer of one's own

TELLING = """\
from importlib.util import find_spec

if not find_spec("rbmbook"):
    raise ModuleNotFoundError(
        "rbmbook is not installed: {here}. "
        "In Google Colab, upload a zip of the book's folder, unpack it with `!unzip`, "
        "enter it with `%cd`, and run `%pip install . mlxtend statsmodels distributed`."
    )
"""

INSTALLING = """\
import os
import sys
from importlib.util import find_spec
from pathlib import Path
from subprocess import run

book = Path.home() / "rbmbook"
if "google.colab" in sys.modules:
    if not book.exists():
        run(["git", "clone", "--quiet", "--depth=1", "{address}", book], check=True)
    if not find_spec("rbmbook"):
        pip = [sys.executable, "-m", "pip", "install", "--quiet"]
        run([*pip, book, "mlxtend", "statsmodels", "distributed"], check=True)
    os.chdir(book / "notebooks")
elif not find_spec("rbmbook"):
    raise ModuleNotFoundError("rbmbook is not installed: {here}")
"""


def public_address() -> str:
    """The address of the repository in `[project.urls]`; empty until there is one."""
    return read(PYPROJECT).source


def text(address: str, here: str = HERE) -> str:
    """The cell's source.

    Parameters
    ----------
    address : str
        Of the repository, as `git clone` takes it; empty if there is none.
    here : str, optional
        What to do where the package is missing and it is not Colab, as a command.
    """
    return (INSTALLING if address else TELLING).format(address=address, here=here).rstrip("\n")


def is_install(cell: NotebookNode) -> bool:
    return cell.cell_type == "code" and "install" in cell.metadata.get("tags", [])


def with_install_cell(nb: NotebookNode, here: str = HERE) -> NotebookNode:
    """The notebook (which is changed) with the present text in its install cell.

    If there is none, it comes before the first code cell.
    """
    code = [cell for cell in nb.cells if cell.cell_type == "code"]
    found = [cell for cell in code if is_install(cell)]
    if code and not found:
        found = [new_code_cell()]
        nb.cells.insert(nb.cells.index(code[0]), found[0])
    for cell in found:
        cell.source, cell.metadata["tags"] = text(public_address(), here), list(TAGS)
    return nb


def unnumbered(nb: NotebookNode) -> NotebookNode:
    """The notebook (which is changed), its cells numbered as if the install cell had not been run.

    So the cell can be added, and left out, without executing a chapter: it changes nothing there.
    """
    for cell in filter(is_install, nb.cells):
        if (number := cell.execution_count) is not None:
            cell.execution_count = None
            for other in nb.cells:
                if (other.get("execution_count") or 0) > number:
                    other.execution_count -= 1
    return nb
