"""Assignments are found in whatever folder of an nbgrader course is named."""

from __future__ import annotations

from pathlib import Path

import nbformat
import pytest
from nbformat.v4 import new_notebook

from tests.foreign.courses import EXAMPLE, find_sources
from tests.foreign.topics import COURSE, topics


@pytest.fixture
def course(tmp_path: Path) -> Path:
    for name in (
        "source/header.ipynb",
        "source/ps1/one.ipynb",
        "source/ps1/two.ipynb",
        "source/ps1/.ipynb_checkpoints/one.ipynb",
    ):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        nbformat.write(new_notebook(), path)
    (tmp_path / "source" / "ps2").mkdir()
    (tmp_path / "nbgrader_config.py").write_text("c = get_config()\n")
    (tmp_path / "submitted").mkdir()
    return tmp_path


@pytest.mark.parametrize("folder", [".", "source", "source/ps1", "source/ps1/two.ipynb"])
def test_an_assignment_is_found_with_its_settings_and_submissions(folder: str, course: Path) -> None:
    (found,) = find_sources([course / folder], course / "written")
    assert found.name == "ps1"
    assert found.settings == (course / "nbgrader_config.py",)
    assert found.submitted == course / "submitted"


def test_a_folder_without_notebooks_is_said(tmp_path: Path) -> None:
    with pytest.raises(SystemExit, match="no notebooks here"):
        find_sources([tmp_path], tmp_path / "written")


def test_the_notebooks_compared_without_a_folder_are_nbgraders_own_and_all_topics(tmp_path: Path) -> None:
    if not (EXAMPLE / "source").is_dir():
        pytest.skip("this nbgrader comes without its example course")
    names = [source.name for source in find_sources([EXAMPLE, COURSE], tmp_path)]
    assert names[0] == "ps1"
    assert {topic.name for topic in topics()} <= set(names)
    assert len(topics()) >= 14
