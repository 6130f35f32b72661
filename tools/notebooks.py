"""Execute the book's notebooks and bring them to one canonical form.

A notebook is committed with its outputs, so two people who run it must get the same file. This
script is the only thing that writes a committed notebook::

    python tools/notebooks.py run [FILE ...]        execute from a fresh kernel, then canonicalise
    python tools/notebooks.py clean [FILE ...]      canonicalise without executing
    python tools/notebooks.py check [FILE ...]      fail if a notebook is not canonical
    python tools/notebooks.py build SCRIPT NOTEBOOK percent script to executed notebook (jupytext)
    python tools/notebooks.py script NOTEBOOK SCRIPT  the way back, for editing (jupytext)

A chapter's first code cell looks for the package, and is written by `install_cell.py`.
Without FILE, all chapters and all solutions are meant. `run --output DIR` leaves the sources alone
and writes the executed notebooks below DIR; with `--frames DIR` the widgets are drawn at their
settings, too, for the site (`tools/frames.py`). Canonicalising twice changes nothing; executing
twice changes only what shows a time, and such a cell is tagged `nbval-ignore-output`.
"""

import argparse
import hashlib
import re
import subprocess
import sys
import time
from collections.abc import Iterable, Sequence
from pathlib import Path

import nbformat
from install_cell import is_install, unnumbered, with_install_cell
from nbformat import NotebookNode

ROOT = Path(__file__).resolve().parents[1]
NOTEBOOKS = ROOT / "notebooks"
KERNELSPEC = {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"}
# No `version`: it would change with every reader's Python.
LANGUAGE_INFO = {
    "codemirror_mode": {"name": "ipython", "version": 3},
    "file_extension": ".py",
    "mimetype": "text/x-python",
    "name": "python",
    "nbconvert_exporter": "python",
    "pygments_lexer": "ipython3",
}
CELL_METADATA = ("tags", "mystnb", "nbgrader", "slideshow")  # the rest is an editor's state
FRAMES = """
import sys as _sys
_sys.path.insert(0, {tools!r})
__import__("frames").draw(_.widget, {folder!r})
"""  # behind a widget's cell, which ends in `_ = interact(…)`
WIDGET_MIME = "application/vnd.jupyter.widget-view+json"
ANSI = re.compile(r"\x1b\[[0-9;]*m")


def all_notebooks() -> list[Path]:
    """Return every chapter, then every solution, sorted by name."""
    return [*sorted(NOTEBOOKS.glob("*.ipynb")), *sorted((NOTEBOOKS / "solutions").glob("*.ipynb"))]


def cell_ids(cells: Sequence[NotebookNode]) -> list[str]:
    """Return an id per cell that depends on its type and source only; repeats get -2, -3, …"""
    seen: dict[str, int] = {}
    ids = []
    for cell in cells:
        digest = hashlib.sha1(f"{cell.cell_type}\n{cell.source}".encode()).hexdigest()[:8]
        seen[digest] = seen.get(digest, 0) + 1
        ids.append(digest if seen[digest] == 1 else f"{digest}-{seen[digest]}")
    return ids


def images(outputs: Iterable[NotebookNode]) -> list[dict]:
    """Return what is said of every PNG among the outputs: alternative text, width, height."""
    return [
        output.get("metadata", {}).get("image/png", {})
        for output in outputs
        if "image/png" in output.get("data", {})
    ]


def image_alts(outputs: Iterable[NotebookNode]) -> list[str]:
    """Return the alternative text of every PNG among the outputs, "" where there is none."""
    return [shown.get("alt", "") for shown in images(outputs)]


def canonical_outputs(cell: NotebookNode) -> list[NotebookNode]:
    """Return the outputs worth committing: no stderr, no dead widget, streams merged."""
    if "widget" in cell.metadata.get("tags", []):
        return []  # a widget without its kernel is dead; the static figure below it is not
    kept: list[NotebookNode] = []
    for output in cell.outputs:
        if output.output_type == "stream":
            if output.name == "stderr":
                continue
            if kept and kept[-1].output_type == "stream":
                kept[-1].text += output.text
                continue
        elif WIDGET_MIME in output.get("data", {}):
            continue
        elif "image/png" in output.get("data", {}):
            output.data["image/png"] = output.data["image/png"].replace("\n", "")
        if "execution_count" in output:
            output.execution_count = cell.execution_count
        kept.append(output)
    return kept


def canonical_metadata(cell: NotebookNode) -> NotebookNode:
    """Return the cell metadata worth committing, with the figure's alt text for the site.

    A cell tagged `hide-input` is folded on the site by its tag, and one tagged `remove-cell` left
    out; JupyterLab folds both by `source_hidden`.
    """
    metadata = {key: cell.metadata[key] for key in CELL_METADATA if key in cell.metadata}
    if "tags" in metadata:
        metadata["tags"] = sorted(set(metadata["tags"]))
    mystnb = dict(metadata.pop("mystnb", {}))
    mystnb.pop("image", None)
    shown = [x for x in images(cell.get("outputs", [])) if x.get("alt")]
    if shown:
        mystnb["image"] = {"alt": shown[0]["alt"]}
        if "width" in shown[0]:  # of the page; the image itself may be finer
            mystnb["image"]["width"] = f"{shown[0]['width']}px"
    if mystnb:
        metadata["mystnb"] = mystnb
    if {"hide-input", "remove-cell"} & set(metadata.get("tags", [])):
        metadata["jupyter"] = {"source_hidden": True}
    return nbformat.from_dict({key: value for key, value in metadata.items() if value})


def canonicalise(nb: NotebookNode) -> NotebookNode:
    """Return the canonical form of a notebook (the argument is changed too).

    Only an execution may give a cell a number; the install cell keeps none.

    Parameters
    ----------
    nb : NotebookNode
        Any notebook of format 4.

    Returns
    -------
    NotebookNode
        nbformat 4.5, fixed notebook metadata, ids made from the cells' sources, no empty cells.
    """
    nb.nbformat, nb.nbformat_minor = 4, 5
    nb.metadata = nbformat.from_dict({"kernelspec": KERNELSPEC, "language_info": LANGUAGE_INFO})
    for cell in nb.cells:
        cell.source = cell.source.strip("\n").rstrip()
    nb.cells = [cell for cell in nb.cells if cell.source]
    nb = unnumbered(nb)
    for cell, cell_id in zip(nb.cells, cell_ids(nb.cells), strict=True):
        cell.id = cell_id
        if cell.cell_type == "code":
            cell.outputs = canonical_outputs(cell)
        else:
            cell.pop("attachments", None)
        cell.metadata = canonical_metadata(cell)
    return nb


def with_first_cell(nb: NotebookNode, path: Path) -> NotebookNode:
    """A chapter with its install cell; solutions, read beside their chapter, have none."""
    return nb if path.resolve().parent.name == "solutions" else with_install_cell(nb)


def to_text(nb: NotebookNode) -> str:
    """Return the text of a canonical notebook as it stands in its file."""
    nbformat.validate(nb)
    return nbformat.writes(nb, version=nbformat.NO_CONVERT).rstrip("\n") + "\n"


def read(path: Path) -> NotebookNode:
    """Read a notebook, brought to format 4."""
    text = path.read_text(encoding="utf-8")
    nb = nbformat.reads(text, as_version=nbformat.NO_CONVERT)
    if (nb.nbformat, nb.get("nbformat_minor", 0)) < (4, 5):
        nb = nbformat.reads(text, as_version=4)
    return nb


def why_not_canonical(path: Path) -> str | None:
    """Return what is wrong with a committed notebook, or None if it is canonical."""
    nb = read(path)
    code = [cell for cell in nb.cells if cell.cell_type == "code" and not is_install(cell)]
    counts = [cell.execution_count for cell in code]
    if counts != list(range(1, len(counts) + 1)):
        return f"execution counts are {counts}, expected 1 to {len(counts)}: run it"
    if to_text(canonicalise(with_first_cell(nb, path))) != path.read_text(encoding="utf-8"):
        return "not in canonical form: clean or run it"
    return None


def execute(
    nb: NotebookNode, folder: Path, timeout: float, frames: Path | None = None
) -> NotebookNode:
    """Run every cell of a notebook in a fresh kernel whose working directory is `folder`.

    With `frames`, the k-th widget's frames go to the folder of this name with "-k" behind it.
    """
    from nbclient import NotebookClient

    nb = canonicalise(nb)
    sources = [cell.source for cell in nb.cells]
    if frames is not None:
        widgets = [cell for cell in nb.cells if "widget" in cell.metadata.get("tags", [])]
        for k, cell in enumerate(widgets, 1):
            there = str(frames.with_name(f"{frames.name}-{k}"))
            cell.source += FRAMES.format(tools=str(Path(__file__).parent), folder=there)
    client = NotebookClient(
        nb,
        timeout=timeout,
        kernel_name="python3",
        resources={"metadata": {"path": str(folder)}},
        record_timing=False,
        # False would break `interact` in nbclient; canonicalise() drops the stored state
        store_widget_state=True,
    )
    nb = client.execute()
    for cell, source in zip(nb.cells, sources, strict=True):
        cell.source = source
    return nb


def run_one(
    nb: NotebookNode, path: Path, target: Path, timeout: float, frames: Path | None = None
) -> bool:
    """Execute, canonicalise and write one notebook; report an error instead of raising it."""
    from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError

    started = time.perf_counter()
    try:
        nb = execute(with_first_cell(nb, path), path.parent, timeout, frames)
    except (CellExecutionError, CellTimeoutError, DeadKernelError) as error:
        # `target` is left as it was: a half-executed notebook is never written.
        print(f"FAILED {path.name}\n{ANSI.sub('', str(error))}", flush=True)
        return False
    for number, cell in enumerate(nb.cells):
        for output in cell.get("outputs", []):
            if output.output_type == "stream" and output.name == "stderr":
                print(f"{path.name}, cell {number}: stderr dropped: {output.text.strip()[:400]}")
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(to_text(canonicalise(nb)), encoding="utf-8", newline="\n")
    print(f"{path.name}: {time.perf_counter() - started:.1f} s", flush=True)
    return True


def run(paths: list[Path], output: Path | None, timeout: float, frames: Path | None = None) -> int:
    """Execute notebooks in place, or below `output` with the same relative paths."""
    good = True
    for path in paths:
        target = path if output is None else output / path.resolve().relative_to(NOTEBOOKS)
        drawn = None if frames is None else frames.resolve() / path.stem
        good &= run_one(read(path), path, target, timeout, drawn)
    return 0 if good else 1


def clean(paths: list[Path]) -> int:
    """Canonicalise notebooks in place without executing them."""
    for path in paths:
        text = to_text(canonicalise(with_first_cell(read(path), path)))
        if text != path.read_text(encoding="utf-8"):
            path.write_text(text, encoding="utf-8", newline="\n")
            print(f"{path.name}: cleaned")
    return 0


def check(paths: list[Path]) -> int:
    """Report every notebook that is not canonical."""
    problems = {path: why for path in paths if (why := why_not_canonical(path))}
    for path, why in problems.items():
        print(f"{path}: {why}")
    return 1 if problems else 0


def ruff_formatted(nb: NotebookNode, path: Path) -> NotebookNode:
    """Format the code cells as `ruff format` would: a later format would change their ids."""
    ruff = [sys.executable, "-m", "ruff", "format", "--stdin-filename", str(path), "-"]
    done = subprocess.run(ruff, input=to_text(nb), capture_output=True, encoding="utf-8")
    if done.returncode:
        print(f"not formatted: {done.stderr.strip()}")
        return nb
    return nbformat.reads(done.stdout, as_version=4)


def build(script: Path, notebook: Path, timeout: float) -> int:
    """Turn a jupytext percent script into an executed, canonical notebook."""
    import jupytext

    nb = jupytext.reads(script.read_text(encoding="utf-8"), fmt="py:percent")
    nb = ruff_formatted(canonicalise(nb), notebook)
    return 0 if run_one(nb, notebook.resolve(), notebook, timeout) else 1


def to_script(notebook: Path, script: Path) -> int:
    """Write a notebook as a jupytext percent script."""
    import jupytext

    nb = read(notebook)
    for cell in nb.cells:
        cell.metadata.pop("mystnb", None)  # made again from the outputs
    script.write_text(jupytext.writes(nb, fmt="py:percent"), encoding="utf-8")
    return 0


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line; return the exit status."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    commands = parser.add_subparsers(dest="command", required=True)
    for name in ("run", "clean", "check"):
        sub = commands.add_parser(name)
        sub.add_argument("files", nargs="*", type=Path)
        if name == "run":
            sub.add_argument("--output", type=Path, help="write below this folder instead")
            sub.add_argument(
                "--frames", type=Path, help="draw the widgets' frames below this folder"
            )
            sub.add_argument("--timeout", type=float, default=300, help="seconds per cell")
    for name in ("build", "new"):
        sub = commands.add_parser(name)
        sub.add_argument("script", type=Path)
        sub.add_argument("notebook", type=Path)
        sub.add_argument("--timeout", type=float, default=300, help="seconds per cell")
    sub = commands.add_parser("script")
    sub.add_argument("notebook", type=Path)
    sub.add_argument("script", type=Path)
    args = parser.parse_args(argv)

    if args.command in ("build", "new"):
        args.notebook.parent.mkdir(parents=True, exist_ok=True)
        return build(args.script, args.notebook, args.timeout)
    if args.command == "script":
        return to_script(args.notebook, args.script)
    paths = args.files or all_notebooks()
    if args.command == "run":
        return run(paths, args.output, args.timeout, args.frames)
    return clean(paths) if args.command == "clean" else check(paths)


if __name__ == "__main__":
    sys.exit(main())
