"""pyproject.toml says where students get the course, and what it says wrongly is named with its key."""

from __future__ import annotations

from pathlib import Path

import pytest

from autograder.authoring.lectures import load_lecture
from autograder.errors import LabError, LectureError
from autograder.labs.publication import Publication, find_publication
from autograder.labs.source import load_lab
from coursekit.session import LABS


def write(folder: Path, table: str) -> None:
    (folder / "pyproject.toml").write_text(f'[project]\nname = "course"\nversion = "1.2.0"\n{table}')


def test_the_nearest_project_above_a_lab_says_where_it_is_published(toy_folder: Path, tmp_path: Path) -> None:
    write(tmp_path, '[tool.coursekit]\nrepository = "someone/course"\ntag = "spring-2027"\n')
    found = load_lab(toy_folder).publication
    assert found == Publication("1.2.0", "spring-2027", "someone/course")
    assert found.archive == "https://github.com/someone/course/archive/refs/tags/spring-2027.zip"
    notebook = "notebooks/labs/lab00_toy.ipynb"
    assert found.colab(notebook) == f"https://colab.research.google.com/github/someone/course/blob/spring-2027/{notebook}"


def test_a_course_without_a_repository_has_no_addresses_and_a_tag_of_its_version(tmp_path: Path) -> None:
    write(tmp_path, "[tool.coursekit]\n")
    found = find_publication(tmp_path)
    assert found == Publication("1.2.0", "v1.2.0")
    assert (found.archive, found.colab("notebooks/labs/lab.ipynb")) == ("", "")
    assert found.wheel == "coursekit-1.2.0-py3-none-any.whl"


def test_a_project_that_does_not_say_so_is_not_published(toy_folder: Path, tmp_path: Path) -> None:
    assert load_lab(toy_folder).publication is None
    write(tmp_path, "")
    assert load_lab(toy_folder).publication is None


@pytest.mark.parametrize(
    ("table", "said"),
    [
        ('repository = "https://github.com/someone/course"', "expected OWNER/NAME"),
        ('repository = "course"', "expected OWNER/NAME"),
        ("repository = 7", "expected OWNER/NAME"),
        ('tag = "v1 final"', "expected the tag of a release"),
        ('repo = "someone/course"', "may hold repository and tag; found repo"),
    ],
)
def test_a_table_that_cannot_be_used_is_refused_with_its_key(toy_folder: Path, tmp_path: Path, table: str, said: str) -> None:
    write(tmp_path, f"[tool.coursekit]\n{table}\n")
    with pytest.raises(LabError, match=said) as caught:
        load_lab(toy_folder)
    assert str(tmp_path / "pyproject.toml") in str(caught.value)
    lecture = tmp_path / "lecture00_toy.py"
    lecture.write_text('# %%\nimport coursekit\n\ncoursekit.setup("lecture00_toy")\n')
    with pytest.raises(LectureError, match=said):
        load_lecture(lecture)


@pytest.mark.parametrize("project", ["", "project = 3\n", "[project]\nname = 'course'\n", "[project]\nversion = 2\n"])
def test_a_published_course_needs_a_version(tmp_path: Path, project: str) -> None:
    (tmp_path / "pyproject.toml").write_text(f"{project}[tool.coursekit]\n")
    with pytest.raises(LabError, match=r"\[project\] version = .*; expected the version"):
        find_publication(tmp_path)


def test_this_course_names_the_tag_of_its_version(root: Path) -> None:
    found = find_publication(root / "labs" / next(iter(LABS)))
    assert found is not None
    assert found.tag == f"v{found.version}"
