"""An nbgrader source notebook is read as nbgrader reads it, its course's settings included, or refused with the reason."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_notebook

from autograder.errors import LabError
from autograder.notebooks.assignment import read_assignment
from autograder.notebooks.release import release_notebook

CONFIG = """
c = get_config()
c.ClearSolutions.begin_solution_delimeter = "#<SOL"
c.ClearSolutions.end_solution_delimeter = "#SOL>"
c.ClearSolutions.code_stub = {"python": "...  # yours"}
c.ClearHiddenTests.begin_test_delimeter = "#<HID"
c.ClearHiddenTests.end_test_delimeter = "#HID>"
"""
AUTOTESTS = """
python3:
  setup: "from hashlib import sha1"
  hash: 'sha1({{snippet}}.encode()+b"{{salt}}").hexdigest()'
  dispatch: "type({{snippet}})"
  normalize: "str({{snippet}})"
  check: 'assert {{snippet}} == "{{value}}", "{{message}}"'
  success: "print('done')"
  templates:
    default:
      - test: "{{snippet}}"
        fail: "{{snippet}} is another value"
"""


def cell(source: str, grade_id: str = "", **facts: Any) -> nbformat.NotebookNode:
    node = new_code_cell(source)
    if grade_id:
        own = {"grade": False, "solution": False, "locked": False, "task": False, **facts}
        node.metadata["nbgrader"] = {"schema_version": 3, "grade_id": grade_id, **own}
    return node


def solution(source: str) -> nbformat.NotebookNode:
    return cell(source, "f", solution=True)


def marked(source: str) -> nbformat.NotebookNode:
    return cell(source, "f_right", grade=True, locked=True, points=2)


def written(folder: Path, *cells: nbformat.NotebookNode, **metadata: Any) -> Path:
    """The notebook COURSE/source/week1/tasks.ipynb, made of these cells."""
    path = folder / "source" / "week1" / "tasks.ipynb"
    path.parent.mkdir(parents=True, exist_ok=True)
    nbformat.write(new_notebook(cells=list(cells), metadata=metadata), path)
    return path


@pytest.mark.parametrize("place", [".", "source", "source/week1"])
def test_markers_and_stubs_of_the_course_are_read_wherever_its_settings_stand(place: str, tmp_path: Path) -> None:
    path = written(
        tmp_path,
        solution("def f(x):\n    #<SOL\n    return x\n    #SOL>"),
        marked("assert f(1) == 1\n#<HID\nassert f(2) == 2\n#HID>\n"),
    )
    (tmp_path / place / "nbgrader_config.py").write_text(CONFIG)
    lab = read_assignment(path)
    released = [node.source for node in release_notebook(lab).cells]
    assert released == ["def f(x):\n    ...  # yours", "assert f(1) == 1\n"]
    assert list(lab.tests["f_right"].hidden) == [3]


def test_a_hidden_part_is_found_however_its_comment_begins(tmp_path: Path) -> None:
    lab = read_assignment(
        written(tmp_path, solution("f = abs"), marked("assert f\n# BEGIN HIDDEN TESTS\nassert f(2)\n#END HIDDEN TESTS"))
    )
    assert list(lab.tests["f_right"].hidden) == [3]
    assert "f(2)" not in release_notebook(lab).cells[1].source


def test_settings_that_do_not_run_are_named(tmp_path: Path) -> None:
    path = written(tmp_path, solution("f = abs"), marked("assert f"))
    (tmp_path / "nbgrader_config.py").write_text("1 / 0")
    with pytest.raises(LabError, match=r"nbgrader_config\.py: it stops with ZeroDivisionError"):
        read_assignment(path)


@pytest.mark.parametrize(
    ("cells", "said"),
    [
        ([cell("### BEGIN SOLUTION\nx = 1\n### END SOLUTION")], "cell 1, line 1: .* not marked as a solution; choose"),
        ([cell("x = 1\n### BEGIN HIDDEN TESTS\n### END HIDDEN TESTS")], "cell 1, line 2: .* not marked as tests"),
        ([solution("### BEGIN SOLUTION\nf = abs")], "cell 1, line 1: 'BEGIN SOLUTION' without 'END SOLUTION'"),
        ([solution("### BEGIN SOLUTION\n### BEGIN SOLUTION\n### END SOLUTION")], "line 2: 'BEGIN SOLUTION' a second time"),
    ],
)
def test_a_marker_in_the_wrong_place_is_an_error_that_names_the_place(
    cells: list[nbformat.NotebookNode], said: str, tmp_path: Path
) -> None:
    with pytest.raises(LabError, match=said):
        read_assignment(written(tmp_path, *cells, marked("assert True")))


@pytest.mark.parametrize(
    ("metadata", "language"),
    [
        ({"kernelspec": {"name": "ir", "display_name": "R", "language": "R"}}, "R"),
        ({"kernelspec": {"name": "ir", "display_name": "R"}}, "R"),
        ({"language_info": {"name": "bash"}}, "bash"),
        ({"kernelspec": {"name": "java", "display_name": "Java", "language": "java"}}, "java"),
    ],
)
def test_a_notebook_in_another_language_is_refused_by_name(metadata: dict[str, Any], language: str, tmp_path: Path) -> None:
    with pytest.raises(LabError, match=f"runs {language}, and this grader runs Python only"):
        read_assignment(written(tmp_path, solution("f <- 1"), marked("stopifnot(f == 1)"), **metadata))


@pytest.mark.parametrize("name", ["python3", "conda-env-course-py", "xpython"])
def test_every_kernel_of_python_is_taken(name: str, tmp_path: Path) -> None:
    spec = {"kernelspec": {"name": name, "display_name": name}}
    assert read_assignment(written(tmp_path, solution("f = abs"), marked("assert f"), **spec)).id == "tasks"


def test_autotest_without_templates_is_refused_with_what_to_do(tmp_path: Path) -> None:
    path = written(tmp_path, solution("f = 3"), marked("### AUTOTEST f"))
    with pytest.raises(LabError, match=r"cell 2: AUTOTEST .* autotests\.yml .* generate_assignment"):
        read_assignment(path)


def test_the_word_autotest_elsewhere_asks_for_nothing(tmp_path: Path) -> None:
    assert read_assignment(written(tmp_path, solution("f = 'AUTOTEST'"), marked("assert f"))).points == 2


@pytest.mark.timeout(120)
def test_autotest_becomes_the_tests_that_nbgrader_makes_of_it(tmp_path: Path) -> None:
    path = written(tmp_path, solution("f = 3"), marked("### AUTOTEST f"))
    (tmp_path / "autotests.yml").write_text(AUTOTESTS)
    source = read_assignment(path).tests["f_right"].source
    assert "AUTOTEST" not in source
    assert 'assert str(f) == "3"' in source
