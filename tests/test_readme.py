"""What the README promises is true of this checkout."""

import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]


def pins(name):
    """The versions that a constraints file pins, by lower-case name."""
    lines = (ROOT / name).read_text(encoding="utf-8").splitlines()
    return dict(line.lower().split("==") for line in lines if line and not line.startswith("#"))


BLOCKS = re.findall(r"```python\n(.*?)```", README, flags=re.DOTALL)


def run(script, folder):
    """Run a script in a new interpreter, where every warning is an error."""
    environment = {**os.environ, "MPLBACKEND": "Agg"}
    command = [sys.executable, "-W", "error", "-c", script]
    done = subprocess.run(
        command, cwd=folder, env=environment, check=True, timeout=300, capture_output=True
    )
    return done.stdout.decode()


@pytest.mark.jit
def test_python_of_the_readme_runs_and_makes_its_picture(tmp_path):
    assert len([line for line in BLOCKS[0].splitlines() if line.strip()]) <= 10
    script = BLOCKS[0] + "\nassert dreams.shape == (16, 64) and set(dreams.ravel()) == {0, 1}\n"
    run(script, tmp_path)
    assert (tmp_path / "dreams.png").stat().st_size > 1000


@pytest.mark.jit
@pytest.mark.parametrize("seed", [0, 1])
def test_the_features_of_the_readme_beat_the_pixels_beside_them(tmp_path, seed):
    assert len(BLOCKS) == 2 and BLOCKS[1].count("random_state=0") == 2
    printed = run(BLOCKS[1].replace("random_state=0", f"random_state={seed}"), tmp_path)
    right = {name: float(share) for name, share in map(str.split, printed.splitlines())}
    assert list(right) == ["pixels", "features", "classifier"]
    assert 0.6 < right["pixels"] < 0.72
    assert right["features"] > right["pixels"] + 0.08
    assert right["classifier"] > right["pixels"] + 0.1


PAGES = ["README.md", "CONTRIBUTING.md", "TEACHING.md"]


@pytest.mark.parametrize("name", PAGES)
def test_links_lead_to_files_and_headings_that_exist(name):
    text = (ROOT / name).read_text(encoding="utf-8")
    links = re.findall(r"\]\(([^):]+)\)", text)
    assert links or name != "README.md"
    for link in links:
        path, _, anchor = link.partition("#")
        target = ROOT / (path or name)
        assert target.exists(), link
        if anchor:
            assert anchor in anchors(target.read_text(encoding="utf-8")), link


def anchors(text):
    """What GitHub makes of the headings of a page."""
    headings = re.findall(r"^#+ (.+)$", text, re.MULTILINE)
    return {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}


WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))


@pytest.mark.parametrize(
    "path",
    [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *WORKFLOWS],
    ids=lambda path: path.name,
)
def test_make_commands_in_prose_and_workflows_are_targets_of_the_makefile(path):
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    text = path.read_text(encoding="utf-8")
    commands = set(re.findall(r"(?:`|^ {4}|run: )make ([a-z-]+)\b", text, re.MULTILINE))
    assert commands or path.name == "release.yml"
    for command in commands:
        assert re.search(rf"^{command}:", makefile, re.MULTILINE), command


def test_workflows_use_official_actions_and_name_no_address():
    assert [path.stem for path in WORKFLOWS] == ["book", "release", "test"]
    for path in WORKFLOWS:
        text = path.read_text(encoding="utf-8")
        assert "://" not in text, path.name
        for action in re.findall(r"uses: (.*)", text):
            assert re.fullmatch(r"(actions|pypa)/[\w-]+@(v\d+|release/v1)", action), action


@pytest.mark.parametrize("name", ["constraints.txt", "constraints-oldest.txt"])
def test_constraints_are_exact_and_hold_no_address(name):
    text = (ROOT / name).read_text(encoding="utf-8")
    for line in text.splitlines():
        assert line.startswith("#") or re.fullmatch(r"[\w.-]+==[\w.]+", line), line


def test_lower_bounds_are_the_versions_that_the_oldest_run_installs():
    oldest = pins("constraints-oldest.txt")
    for requirement in PROJECT["dependencies"] + PROJECT["optional-dependencies"]["test"]:
        name, bound = requirement.lower().partition(";")[0].split(">=")
        pinned = oldest[name.replace("-", "_") if name not in oldest else name]
        assert (pinned + ".0").startswith(bound), f"{name}: {pinned} tested, >={bound} promised"


def test_every_requirement_is_pinned():
    exact = {name.replace("-", "_") for name in pins("constraints.txt")}
    for requirements in (PROJECT["dependencies"], *PROJECT["optional-dependencies"].values()):
        for requirement in requirements:
            assert requirement.lower().split(">=")[0].replace("-", "_") in exact, requirement


def test_the_package_says_its_version_and_only_the_citation_repeats_it():
    import rbmbook

    text = {
        name: (ROOT / name).read_text(encoding="utf-8")
        for name in ("CITATION.cff", "pyproject.toml", "book/conf.py")
    }
    cited = re.findall(r"^version: (.+)$", text["CITATION.cff"], re.MULTILINE)
    assert cited == [rbmbook.__version__]
    assert "version" not in PROJECT and PROJECT["dynamic"] == ["version"]
    assert f'"{rbmbook.__version__}"' not in text["pyproject.toml"] + text["book/conf.py"]
