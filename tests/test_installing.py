"""What is installed for whom, and that no message advises an install that does not work."""

import json
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import package
import pytest
import weights

ROOT = Path(__file__).resolve().parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
EXTRAS = PROJECT["optional-dependencies"]


def installed_by(target):
    """The extras that a target of the Makefile installs into the environment."""
    command = ["make", "-nB", "--no-print-directory", target]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60)
    return [set(found.split(",")) for found in re.findall(r'-e "\.\[(.*?)\]"', done.stdout)]


@pytest.mark.skipif(shutil.which("make") is None, reason="needs make")
def test_reading_installs_what_reading_needs_and_contributing_everything():
    assert installed_by("lab") == [{"book"}]
    needed = {text for name in EXTRAS.keys() - {"bench"} for text in EXTRAS[name]}
    for target in ("unit", "book", "course", "format"):
        [found] = installed_by(target)
        assert needed == {text for name in found for text in EXTRAS[name]}, target


def test_binder_devcontainer_and_conda_install_what_reading_needs():
    read = {
        name: (ROOT / name).read_text(encoding="utf-8")
        for name in (
            "binder/requirements.txt",
            ".devcontainer/devcontainer.json",
            "environment.yml",
        )
    }
    for name, text in read.items():
        assert re.findall(r"-e '?(\.\[.*?\])", text) == [".[book]"], name
    folder = ROOT / "binder"
    [constraints] = re.findall(r"^-c (.*)$", read["binder/requirements.txt"], re.MULTILINE)
    assert (folder / constraints).resolve() == ROOT / "constraints.txt"
    assert json.loads(read[".devcontainer/devcontainer.json"])["postCreateCommand"]
    assert (folder / "runtime.txt").read_text().strip() in {
        name.replace("python", "python-") for name in package.supported()
    }


def test_workflows_try_every_supported_python():
    text = (ROOT / ".github" / "workflows" / "test.yml").read_text(encoding="utf-8")
    tried = re.findall(r"^ +python: (\[.*\])$", text, re.MULTILINE)
    versions = [name.removeprefix("python") for name in package.supported()]
    assert [json.loads(found) for found in tried] == [versions] * 2
    assert PROJECT["requires-python"] == f">={versions[0]}"


def test_workflows_are_yaml_with_jobs_of_known_steps():
    yaml = pytest.importorskip("yaml")
    for path in [*sorted((ROOT / ".github").rglob("*.yml")), ROOT / "environment.yml"]:
        read = yaml.safe_load(path.read_text(encoding="utf-8"))
        if path.parent.name != "workflows":
            assert isinstance(read, dict), path
            continue
        for name, job in read["jobs"].items():
            assert job["runs-on"] and job["steps"], (path.name, name)
            assert all(("uses" in step) != ("run" in step) for step in job["steps"]), name
            needs = [job["needs"]] if isinstance(job.get("needs"), str) else job.get("needs", [])
            assert set(needs) <= read["jobs"].keys()


ADVICE = re.compile(r"pip install ((?:-\S+ )*)[\"']?(rbmbook\b(?!\[?[\w,]*\]? @)|\.\[([\w,]*)\])")


def advised(text):
    """What a text tells to install of this package, and that fails."""
    wrong = []
    for match in ADVICE.finditer(text):
        named = set(match[3].split(",")) if match[3] is not None else set()
        if match[3] is None or not named <= EXTRAS.keys():
            wrong.append(match[0])
    return wrong


def test_no_message_advises_an_install_that_does_not_work():
    """Of the package by name, while it is on no index, or of an extra that is not there."""
    assert advised('pip install "rbmbook[book]"') and advised("pip install -U rbmbook")
    assert advised('pip install ".[all]"')
    assert not advised('pip install "rbmbook[book] @ git+https://a.example" and ".[book,test]"')
    folders = ("rbmbook", "notebooks", "book", "tools", "benchmarks", ".github", "binder")
    files = [path for name in folders for path in (ROOT / name).rglob("*") if path.is_file()]
    files += [*ROOT.glob("*.md"), *ROOT.glob("*.txt"), ROOT / "Makefile"]
    ends = {".py", ".md", ".ipynb", ".txt", ".yml", ""}
    read = [path for path in files if path.suffix in ends and "_build" not in path.parts]
    assert len(read) > 300
    for path in read:
        text = path.read_text(encoding="utf-8").replace('\\"', '"')
        assert advised(text) == [], path


def test_a_wheel_that_is_not_the_checkout_is_refused():
    ours = package.of_the_checkout()
    assert "rbmbook/py.typed" in ours and package.differences(ours, ours) == []
    less = {name: text for name, text in ours.items() if name != "rbmbook/py.typed"}
    assert package.differences(less, ours) == ["rbmbook/py.typed is missing"]
    assert package.differences(ours, less) == ["rbmbook/py.typed does not belong"]
    other = {**ours, "rbmbook/rbm.py": b"1"}
    assert package.differences(other, {**ours, "rbmbook/rbm.py": b"2"}) == [
        "rbmbook/rbm.py differs"
    ]


def test_the_present_python_is_among_those_that_try_the_wheel():
    name = f"python{sys.version_info.major}.{sys.version_info.minor}"
    assert package.version(sys.executable) == name
    found = [package.version(python) for python in package.present()]
    assert (name in found) == (name in package.supported())
    assert len(set(found)) == len(found)


def test_each_dependency_says_what_it_is_for():
    named = [name for names in weights.groups().values() for name in names]
    assert sorted(named) == sorted(weights.PURPOSE)
    assert weights.name_of("tbb>=2021.6; sys_platform == 'linux'") == "tbb"
    page = weights.PAGE.read_text(encoding="utf-8")
    table = page.split(weights.BEGIN)[1].split(weights.END)[0]
    for name in named:
        assert f"| {name} | {weights.PURPOSE[name]} |" in table


def test_sizes_of_a_group_add_up():
    lines = weights.table({"core": ["numpy", "scipy"]}).splitlines()[2:]
    total, *parts = (float(re.findall(r"\d+", line)[-1]) for line in lines)
    assert total > 50 and abs(total - sum(parts)) <= 2
