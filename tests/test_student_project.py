"""What students get is a project of its own: its package, its commands, and its first cell in Colab."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import sysconfig
from collections.abc import Iterator
from dataclasses import replace
from email.parser import Parser
from importlib.metadata import version
from pathlib import Path
from zipfile import ZipFile

import pytest
import typer
from packaging.requirements import Requirement

from autograder.authoring import publish as publishing
from autograder.authoring.publish import publish
from autograder.labs.publication import Publication
from autograder.labs.source import load_lab
from autograder.notebooks.release import release_notebook
from coursekit.cli import app
from tests.test_packaging import pins

ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The published project."""
    folder = tmp_path_factory.mktemp("published") / "course"
    publish(ROOT, folder)
    return folder


@pytest.fixture(scope="module")
def wheel(project: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The package that the published project builds."""
    folder = tmp_path_factory.mktemp("dist")
    build = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)]
    subprocess.run(build, cwd=project, check=True, capture_output=True)
    (path,) = folder.glob("*.whl")
    return path


# ── the package ──────────────────────────────────────────────────────────────────────────────────────────────────────


def test_the_package_has_every_notebook_and_no_grader_solution_or_hidden_test(project: Path, wheel: Path) -> None:
    with ZipFile(wheel) as archive:
        texts = {name: archive.read(name) for name in archive.namelist()}
    assert {name.split("/")[0] for name in texts} == {"coursekit", f"{wheel.name.split('-py3')[0]}.dist-info"}
    inside = {name.removeprefix("coursekit/"): text for name, text in texts.items() if name.endswith(".ipynb")}
    assert inside == {
        f"notebooks/{path.parent.name}/{path.name}": path.read_bytes() for path in project.glob("notebooks/*/*.ipynb")
    }
    assert len(inside) == len(list(ROOT.glob("labs/*/lab.py"))) + len(list(ROOT.glob("notebooks/lectures/source/*.py")))
    forbidden = re.compile(rb"### (BEGIN|END) (SOLUTION|HIDDEN)|import autograder|from autograder|sealed\.load|SEALED")
    assert {name: forbidden.findall(text) for name, text in texts.items() if forbidden.search(text)} == {}
    assert "coursekit/playgrounds/playground.js" in texts
    assert b"autograder" not in texts[next(name for name in texts if name.endswith("entry_points.txt"))]


def test_the_package_moves_nothing_that_colab_ships(wheel: Path) -> None:
    with ZipFile(wheel) as archive:
        (name,) = (name for name in archive.namelist() if name.endswith("METADATA"))
        metadata = Parser().parsestr(archive.read(name).decode())
    needed = [Requirement(text) for text in metadata.get_all("Requires-Dist", [])]
    needed = [one for one in needed if not one.marker or one.marker.evaluate({"python_version": "3.13", "extra": ""})]
    colab = pins(ROOT / "tests" / "colab-versions.txt")
    assert {"keras", "numpy", "pooch", "tensorflow"} <= {one.name for one in needed}
    assert [str(one) for one in needed if not any(pin in one.specifier for pin in colab.get(one.name, ()))] == []


# ── its commands ─────────────────────────────────────────────────────────────────────────────────────────────────────


def commands(project: Path) -> Iterator[list[str]]:
    """The words of every command that the project's files name."""
    readme, workflow, makefile = (project / name for name in ("README.md", ".github/workflows/ci.yml", "Makefile"))
    fenced = re.findall(r"^```\n(.*?)^```", readme.read_text(), re.MULTILINE | re.DOTALL)
    lines = [line for block in fenced for line in block.splitlines()]
    lines += [
        code for code in re.findall(r"`([^`\n]+)`", readme.read_text()) if code.split()[0] in ("make", "coursekit", "pip")
    ]
    lines += re.findall(r"- run: (.*)", workflow.read_text())
    lines += [line.replace("$(BIN)/", "") for line in re.findall(r"^\t(.*)", makefile.read_text(), re.MULTILINE)]
    for line in lines:
        if words := line.split("#")[0].replace("[DIR]", "").split():
            yield words


def test_every_command_that_the_project_names_exists_there(project: Path) -> None:
    known = typer.main.get_command(app)
    assert isinstance(known, typer.core.TyperGroup)
    seen = set()
    for program, *words in commands(project):
        seen.add(program)
        if program == "coursekit":
            command = known
            for word in words:
                assert word in command.commands, f"coursekit {' '.join(words)}"
                command = command.commands[word]
            assert not hasattr(command, "commands"), f"coursekit {' '.join(words)} is not complete"
        elif program == "make":
            assert subprocess.run(["make", "-n", *words], cwd=project, capture_output=True).returncode == 0, words
    assert seen <= {
        "coursekit",
        "make",
        "pip",
        "python",
        ".",
        "for",
        "touch",
        "rm",
        "@$(PYTHON)",
        "$(PYTHON)",
        "exit",
    }
    assert {"coursekit", "make"} <= seen


def test_nothing_written_for_students_speaks_of_the_grader_or_of_a_file_that_is_not_there(project: Path) -> None:
    for name in ("README.md", "pyproject.toml", "Makefile", ".github/workflows/ci.yml", ".gitignore"):
        text = (project / name).read_text()
        assert not re.search(r"autograder|nbgrader|instructor|labs/lab\d\d_\w+/|CONTRIBUTING", text), name
    links = re.findall(r"\]\((?!https://)([^)#]+)\)", (project / "README.md").read_text())
    assert len(links) > 13
    assert [link for link in links if not (project / link).exists()] == []


def test_the_readme_opens_each_notebook_in_colab_once_the_course_has_a_repository(
    root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    publication = Publication("0.2.0", "v0.2.0", "someone/course")
    monkeypatch.setattr(publishing, "find_publication", lambda folder: publication)
    publish(root, tmp_path / "course")
    text = (tmp_path / "course" / "README.md").read_text()
    opened = re.findall(r"https://colab\.research\.google\.com/github/someone/course/blob/v0\.2\.0/([^)]+)", text)
    assert opened == [str(path.relative_to(tmp_path / "course")) for path in _in_order(tmp_path / "course")]


def _in_order(project: Path) -> list[Path]:
    return [path for name in ("lectures", "labs") for path in sorted((project / "notebooks" / name).glob("*.ipynb"))]


# ── the first cell in Colab ──────────────────────────────────────────────────────────────────────────────────────────

# A Colab runtime in a process: its module, an IPython shell, and a %pip that unpacks the wheel that lies at the address.
COLAB = """
import json, sys, types, zipfile
colab, cells, wheel, site = json.loads(sys.argv[1])
if colab:
    sys.modules["google.colab"] = types.ModuleType("google.colab")
import IPython
from IPython.core.interactiveshell import InteractiveShell
shell, asked = InteractiveShell.instance(), []
def pip(line):
    asked.append(line)
    if wheel:
        zipfile.ZipFile(wheel).extractall(site)
    else:
        print("ERROR: no such file")  # %pip itself raises nothing
shell.register_magic_function(pip, "line", "pip")
done = [shell.run_cell(cell).success for cell in cells]
found = getattr(sys.modules.get("coursekit"), "__file__", "")
left = [name for name in ("sys", "importlib") if name in shell.user_ns]
print(json.dumps({"done": done, "asked": asked, "found": found, "left": left, "ipython": IPython.__version__}))
"""


@pytest.fixture(scope="module")
def old_ipython(tmp_path_factory: pytest.TempPathFactory) -> tuple[str, list[Path]]:
    """The version of IPython that Colab has and the folder with it; the installed one where no other can be had."""
    folder, colab = tmp_path_factory.mktemp("ipython"), pins(ROOT / "tests" / "colab-versions.txt")
    wanted = [f"{name}=={version}" for name in ("ipython", "traitlets") for version in colab[name]]
    line = [
        sys.executable,
        "-m",
        "pip",
        "install",
        "--quiet",
        "--no-compile",
        "--retries",
        "0",
        "--target",
        str(folder),
        *wanted,
    ]
    if subprocess.run(line, capture_output=True).returncode:
        return version("ipython"), []
    return wanted[0].partition("==")[2], [folder]


@pytest.fixture
def without_coursekit(tmp_path: Path) -> Path:
    """A folder with every installed package except this project's."""
    folder = tmp_path / "packages"
    folder.mkdir()
    for path in Path(sysconfig.get_path("purelib")).iterdir():
        if not re.match(r"_*(editable_impl_)?(coursekit|autograder)", path.name) and path.suffix != ".pth":
            (folder / path.name).symlink_to(path)
    return folder


def run_cells(cells: list[str], wheel: Path | str, folder: Path, path: list[Path], *, colab: bool) -> tuple[dict, str]:
    """Run cells in a new process. Returns what it says of itself, and what else it printed."""
    site = folder / "site"
    site.mkdir()
    told = json.dumps([colab, cells, str(wheel), str(site)])
    env = {"PATH": os.environ["PATH"], "HOME": str(folder), "COURSEKIT_DATA": "drawn", "PYTHONNOUSERSITE": "1"}
    env["PYTHONPATH"] = os.pathsep.join(map(str, [site, *path]))
    ended = subprocess.run([sys.executable, "-S", "-c", COLAB, told], capture_output=True, text=True, env=env, cwd=folder)
    assert ended.returncode == 0, ended.stderr[-3000:]
    printed, _, said = ended.stdout.rstrip().rpartition("\n")
    return json.loads(said), printed


def set_up(repository: str) -> str:
    """The set-up cell of lab 1, as a course with this repository releases it."""
    lab = replace(load_lab(ROOT / "labs" / "lab01_perceptron"), publication=Publication("0.2.0", "v0.2.0", repository))
    (cell,) = (cell for cell in release_notebook(lab).cells if cell.get("id") == "given_setup")
    return cell.source


def test_in_colab_the_first_cell_installs_the_package_once_and_prints_its_line(
    wheel: Path, tmp_path: Path, old_ipython: tuple[str, list[Path]], without_coursekit: Path
) -> None:
    cell, (version_there, folder) = set_up("someone/course"), old_ipython
    said, printed = run_cells([cell, cell], wheel, tmp_path, [*folder, without_coursekit], colab=True)
    assert said["ipython"] == version_there
    assert said["done"] == [True, True], printed
    address = "https://github.com/someone/course/archive/refs/tags/v0.2.0.zip"
    assert said["asked"] == [f'install -q --no-deps "coursekit @ {address}"']
    assert Path(said["found"]).is_relative_to(tmp_path / "site")
    assert said["left"] == []
    assert printed.count("Save a copy in Drive first") == 1
    lines = [line for line in printed.splitlines() if line.startswith("lab01_perceptron · ")]
    assert len(lines) == 2
    assert re.search(r"CPU|GPU", lines[0])
    assert re.search(r"Python [\d.]+ · Keras [\d.]+ on TensorFlow [\d.]+ · seed 42", lines[0])


def test_elsewhere_the_first_cell_installs_nothing(wheel: Path, tmp_path: Path, without_coursekit: Path) -> None:
    cell = set_up("someone/course").partition("import keras")[0]
    said, printed = run_cells([cell], wheel, tmp_path, [without_coursekit], colab=False)
    assert said["asked"] == []
    assert "Drive" not in printed
    assert said["done"] == [False]  # `import coursekit` says what is missing


def test_a_course_without_a_repository_takes_the_package_that_it_hands_out(
    wheel: Path, tmp_path: Path, without_coursekit: Path
) -> None:
    cell = set_up("").partition("import keras")[0]
    said, printed = run_cells([cell], wheel, tmp_path, [without_coursekit], colab=True)
    assert said["asked"] == [f"install -q --no-deps {wheel.name}"]
    assert said["done"] == [True]
    assert "Upload" not in printed


@pytest.mark.parametrize(
    ("repository", "last"),
    [
        (
            "",
            "Upload coursekit-0.2.0-py3-none-any.whl, which your course hands out, to Files (the folder icon on the left), and run this "
            "cell again. Every new runtime needs it once more.",
        ),
        (
            "someone/course",
            "The course's package could not be installed. Run this cell again in a minute; if it fails again, tell your teacher.",
        ),
    ],
)
def test_a_package_that_cannot_be_installed_ends_with_one_sentence_that_says_what_to_do(
    tmp_path: Path, without_coursekit: Path, repository: str, last: str
) -> None:
    cell = set_up(repository)
    said, printed = run_cells([cell], "", tmp_path, [without_coursekit], colab=True)
    assert said["done"] == [False]
    plain = re.sub(r"\x1b\[[\d;]*m", "", printed)
    assert plain.rstrip().splitlines()[-1] == f"RuntimeError: {last}"
    assert "ModuleNotFoundError" not in plain
