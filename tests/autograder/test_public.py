"""What a script may rely on: the names that `autograder` gives, loaded on first use, and one tree of exceptions."""

from __future__ import annotations

import inspect
import re
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

import pytest

import autograder
import coursekit
from autograder import errors
from autograder.authoring.demo import reference_sources, solve
from autograder.labs import Lab
from autograder.notebooks.io import write_notebook


@pytest.mark.parametrize("name", autograder.__all__)
def test_every_public_name_is_there_and_documented(name: str) -> None:
    value = getattr(autograder, name)
    assert name in dir(autograder)
    assert name == "__version__" or inspect.getdoc(value)


def test_an_unknown_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="has no attribute 'marks'"):
        autograder.marks  # noqa: B018


def test_importing_the_package_loads_nothing_of_it() -> None:
    code = "import sys, autograder; print([name for name in sys.modules if name.startswith('autograder.')])"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "[]\n"


def test_the_package_runs_as_a_module() -> None:
    done = subprocess.run([sys.executable, "-m", "autograder", "--version"], capture_output=True, text=True, check=True)
    assert done.stdout == f"autograder {version('coursekit')}\n"
    assert autograder.__version__ == version("coursekit")


def test_every_exception_is_in_the_tree_and_public() -> None:
    kinds = {name for name, kind in vars(errors).items() if inspect.isclass(kind) and issubclass(kind, Exception)}
    assert kinds == set(errors.__all__)
    assert all(issubclass(getattr(errors, name), autograder.AutograderError) for name in kinds)
    assert kinds <= set(autograder.__all__)


def test_both_packages_say_that_they_are_typed() -> None:
    for package in (autograder, coursekit):
        assert (Path(inspect.getfile(package)).parent / "py.typed").is_file()


def test_a_class_is_graded_with_public_names_alone(toy: Lab, tmp_path: Path) -> None:
    for name in ("ada", "ben"):
        write_notebook(solve(toy, reference_sources(toy) if name == "ada" else {}), tmp_path / f"{name}.ipynb")
    lab = autograder.load_lab(toy.folder)
    verdicts = autograder.grade_class(lab, autograder.find_submissions(tmp_path, lab.id), autograder.Options(fast=True))
    assert [(verdict.submission, verdict.earned, verdict.points) for verdict in verdicts] == [("ada", 20, 20), ("ben", 0, 20)]
    assert autograder.grade(lab, tmp_path / "ada.ipynb").tests == verdicts[0].tests
    with pytest.raises(autograder.AutograderError, match="no lab here"):
        autograder.load_lab(tmp_path)


def test_the_changelog_begins_with_this_version() -> None:
    text = (Path(__file__).parents[2] / "CHANGELOG.md").read_text(encoding="utf-8")
    assert re.findall(r"^## (\S+)", text, re.MULTILINE)[0] == version("coursekit")
