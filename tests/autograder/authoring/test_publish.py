"""What is published holds the course and none of its answers."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

from autograder.authoring.lint import leaks, shown_answers
from autograder.authoring.publish import publish
from autograder.errors import PublishError
from autograder.labs.source import find_labs, load_lab


def sources(path: Path) -> str:
    """The text of a file; of a notebook the sources of its cells."""
    text = path.read_text(encoding="utf-8")
    return "\n".join("".join(cell["source"]) for cell in json.loads(text)["cells"]) if path.suffix == ".ipynb" else text


def test_the_published_tree_has_the_course_and_no_solution_or_hidden_test(root: Path, tmp_path: Path) -> None:
    files = {str(path) for path in publish(root, tmp_path / "course")}
    labs = [load_lab(folder) for folder in find_labs(root / "labs")]
    assert labs
    assert {f"notebooks/labs/{lab.id}.ipynb" for lab in labs} <= files
    assert {"pyproject.toml", "README.md", "coursekit/check.py", "datasets/registry.toml"} <= files
    lectures = [Path(name).stem for name in files if name.startswith("notebooks/lectures/source/")]
    assert {f"notebooks/lectures/{lecture}.ipynb" for lecture in lectures} <= files
    assert not [name for name in files if name.split("/")[0] in ("labs", "autograder", "tests")]
    for place, lab in enumerate(labs):
        later = {other.id for other in labs[place + 1 :]}  # these may show what this one asks for
        for path in (tmp_path / "course").rglob("*.ipynb"):
            gives_away = shown_answers if path.parent.name == "lectures" else leaks
            assert path.stem in later or gives_away(lab, sources(path)) == []


def test_a_folder_that_exists_is_left_alone(root: Path, tmp_path: Path) -> None:
    (tmp_path / "note.txt").write_text("mine")
    with pytest.raises(PublishError, match="exists already"):
        publish(root, tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["note.txt"]


def test_outside_a_checkout_nothing_is_published(tmp_path: Path) -> None:
    (tmp_path / "here").mkdir()
    with pytest.raises(PublishError, match="not a git checkout"):
        publish(tmp_path / "here", tmp_path / "course")
    assert not (tmp_path / "course").exists()


@pytest.mark.parametrize(
    ("project", "said"),
    [
        (None, "pyproject.toml is missing"),
        ("[project", "not TOML"),
        ("[tool.coursekit]\n", r"\[project\] version|'project'"),
        ('[project]\nname = "course"\nversion = "1.0"\n', r"expected a table \[tool.coursekit\]"),
        ('[project]\nname = "course"\nversion = "1.0"\n[tool.coursekit]\n', r"\[project\] is not complete"),
    ],
)
def test_a_project_that_is_no_course_is_not_published(tmp_path: Path, project: str | None, said: str) -> None:
    root = tmp_path / "root"
    subprocess.run(["git", "init", "--quiet", str(root)], check=True)
    if project is not None:
        (root / "pyproject.toml").write_text(project)
    with pytest.raises(PublishError, match=said):
        publish(root, tmp_path / "course")
    assert [path.name for path in tmp_path.iterdir()] == ["root"]
