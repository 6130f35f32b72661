"""Build the sdist and the wheel, check them, and try the wheel where there is nothing else.

    python tools/package.py build                 both, into dist/, checked
    python tools/package.py try [PYTHON ...]      the wheel in an empty environment of each Python

The wheel is built from the sdist, and has the files of the checkout's package, byte for byte.
Without a PYTHON, `try` takes every supported one that it finds, on the path or with pyenv. A wheel
brings no exact versions: an empty environment gets the newest that pip finds.
"""

import argparse
import os
import re
import shutil
import subprocess
import sys
import tempfile
import tomllib
import zipfile
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
DIST = ROOT / "dist"


class PackageError(Exception):
    """A distribution is not as it must be; the text says how."""


def build() -> None:
    """An sdist and, from it, a wheel, both new."""
    shutil.rmtree(DIST, ignore_errors=True)
    run(sys.executable, "-m", "build", "--outdir", str(DIST), str(ROOT))
    run(sys.executable, "-m", "twine", "check", "--strict", *map(str, sorted(DIST.iterdir())))
    problems = differences(packed(wheel()), of_the_checkout())
    if problems:
        raise PackageError("the wheel is not the checkout: " + "; ".join(problems))


def wheel() -> Path:
    """The wheel that is in dist/."""
    found = sorted(DIST.glob("*.whl"))
    if len(found) != 1:
        raise PackageError(f"dist/: expected one wheel, found {len(found)}; build it first")
    return found[0]


def packed(path: Path) -> dict[str, bytes]:
    """The files of a wheel that are no metadata."""
    with zipfile.ZipFile(path) as archive:
        names = [name for name in archive.namelist() if ".dist-info/" not in name]
        return {name: archive.read(name) for name in names}


def of_the_checkout() -> dict[str, bytes]:
    """The files of the package here, without caches."""
    files = (path for path in (ROOT / "rbmbook").rglob("*") if path.is_file())
    return {
        path.relative_to(ROOT).as_posix(): path.read_bytes()
        for path in files
        if "__pycache__" not in path.parts
    }


def differences(built: dict[str, bytes], ours: dict[str, bytes]) -> list[str]:
    """What a wheel lacks, has beside, or has in another form."""
    found = [f"{name} is missing" for name in sorted(ours.keys() - built.keys())]
    found += [f"{name} does not belong" for name in sorted(built.keys() - ours.keys())]
    both = sorted(ours.keys() & built.keys())
    return found + [f"{name} differs" for name in both if ours[name] != built[name]]


def attempt(python: str) -> None:
    """Install the wheel where there is nothing else, and use it there."""
    with tempfile.TemporaryDirectory() as folder:
        run(python, "-m", "venv", folder)
        bin = "Scripts" if sys.platform == "win32" else "bin"
        inside = str(Path(folder) / bin / "python")
        pip = [inside, "-m", "pip", "--disable-pip-version-check"]
        run(*pip, "install", "--quiet", "--no-compile", str(wheel()))
        run(*pip, "check")
        run(inside, "-I", "-W", "error", str(ROOT / "tools" / "trial.py"), str(ROOT), cwd=folder)


def supported() -> list[str]:
    """The names of the Pythons that pyproject.toml promises, such as "python3.11"."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    named = (re.fullmatch(r".*:: Python :: (3\.\d+)", text) for text in project["classifiers"])
    return [f"python{match[1]}" for match in named if match]


def present() -> list[str]:
    """One of each supported Python that is there and runs."""
    names, pyenv = supported(), Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv"))
    candidates = [sys.executable, *filter(None, map(shutil.which, names))]
    candidates += map(str, sorted(pyenv.glob("versions/3.*/bin/python")))
    found = {version(python): python for python in reversed(candidates)}
    return [found[name] for name in names if name in found]


def version(python: str) -> str:
    """Such as "python3.12", or "" for what does not run."""
    done = subprocess.run([python, "--version"], capture_output=True, text=True)
    match = re.match(r"Python (\d+\.\d+)", done.stdout)
    return f"python{match[1]}" if match and done.returncode == 0 else ""


def run(*command: str, cwd: str | Path = ROOT) -> None:
    done = subprocess.run(command, cwd=cwd, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    if done.returncode:
        said = done.stdout.decode(errors="replace")
        raise PackageError(f"{' '.join(command)} failed:\n{said}")
    if "trial.py" in " ".join(command):
        print(done.stdout.decode(), end="")


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("build")
    commands.add_parser("try").add_argument("pythons", nargs="*")
    given = parser.parse_args(arguments)
    try:
        if given.command == "build":
            build()
            print("\n".join(f"dist/{path.name}" for path in sorted(DIST.iterdir())))
        else:
            for python in given.pythons or present():
                attempt(python)
    except PackageError as error:
        print(f"package: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
