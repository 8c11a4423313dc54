"""What a student handed in beside the notebook comes along into the student's own process, within bounds, and nowhere else."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from autograder import Options
from autograder.authoring.demo import solve
from autograder.grading.batch import find_submissions, grade_class
from autograder.grading.cache import ResultCache
from autograder.grading.job import Job, prepare
from autograder.grading.prepared import prepare_lab
from autograder.labs.model import Lab
from autograder.notebooks import support_files
from autograder.notebooks.io import write_notebook
from autograder.notebooks.support_files import TooManyError, files_beside

HELPED = {"mean": "import tools\nmean = tools.mean", "halving": "w = 2.0 ** -STEPS"}


def write(folder: Path, *names: str, text: str = "x") -> None:
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)


def names(folder: Path, *taken: str) -> list[str]:
    return [name for name, _ in files_beside(folder / "lab.ipynb", taken)]


def test_files_beside_come_along_but_for_notebooks_links_and_hidden_ones(tmp_path: Path) -> None:
    write(
        tmp_path,
        "lab.ipynb",
        "tools.py",
        "data/a.csv",
        "pkg/__init__.py",
        "x.IPYNB",
        ".env",
        "__pycache__/x.pyc",
        "timestamp.txt",
    )
    write(tmp_path, ".git/config", "lab03/lab03.ipynb", "lab03/other.py", "._tools.py", "__MACOSX/tools.py")
    (tmp_path / "passwd").symlink_to("/etc/passwd")
    (tmp_path / "etc").symlink_to("/etc")
    assert names(tmp_path) == ["data/a.csv", "pkg/__init__.py", "tools.py"]


def test_a_file_of_the_course_is_replaced_by_none_of_a_students(tmp_path: Path) -> None:
    write(tmp_path, "lab.ipynb", "data", "Tools.py", "table.csv/x", "own.py")
    assert names(tmp_path, "data/a.csv", "tools.py", "table.csv") == ["own.py"]


def test_there_is_an_end_to_how_much_comes_along(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(tmp_path, "lab.ipynb", *(f"{number}.txt" for number in range(200)))
    assert len(names(tmp_path)) == 200
    write(tmp_path, "one_more.txt")
    with pytest.raises(TooManyError, match="more than 200 files or 64 MB"):
        names(tmp_path)
    monkeypatch.setattr(support_files, "MAX_BYTES", 100)
    with pytest.raises(TooManyError):
        names(tmp_path)


def test_a_helper_module_handed_in_beside_the_notebook_is_there_in_its_own_folder_only(toy: Lab, tmp_path: Path) -> None:
    tools, wrong = "def mean(x):\n    return x.mean()\n", "def mean(x):\n    return x.sum()\n"
    for path, text in (("nb/eva/lab00_toy", tools), ("own/eva", tools), ("own/ida", wrong), ("flat", tools), ("own/kim", "")):
        write(tmp_path / "class" / path, *(["tools.py"] if text else []), text=text)
    for path in ("nb/eva/lab00_toy/lab00_toy", "own/eva/lab00_toy", "own/ida/lab00_toy", "own/kim/lab00_toy", "flat/flo"):
        (tmp_path / "class" / path).parent.mkdir(parents=True, exist_ok=True)
        write_notebook(solve(toy, HELPED), tmp_path / "class" / f"{path}.ipynb")
    (tmp_path / "class/own/eva/tools.py").chmod(0o600)
    found = [item for layout in ("nb", "own", "flat") for item in find_submissions(tmp_path / "class" / layout, toy.id)]
    keep = ResultCache(tmp_path / "kept")
    marks = {
        item.path.parent.name + item.submission: v for item, v in zip(found, grade_class(toy, found, keep=keep), strict=True)
    }
    assert {name: verdict.earned for name, verdict in marks.items()} == {
        "lab00_toyeva": 20,
        "evaeva": 20,
        "idaida": 12,
        "kimkim": 8,
        "flatflo": 8,
    }
    assert all(test.sealed for verdict in marks.values() for test in verdict.tests)
    (tmp_path / "class/own/eva/tools.py").write_text(wrong)
    assert [v.earned for v in grade_class(toy, [item for item in found if item.submission == "eva"], keep=keep)] == [20, 12]


def test_the_examiner_gets_none_of_it_and_the_key_knows_it(toy: Lab, tmp_path: Path) -> None:
    own = tmp_path / "eva"
    write(own, "tools.py")
    write_notebook(solve(toy, HELPED), own / "lab00_toy.ipynb")
    with_tools = prepare(prepare_lab(toy, Options()), own / "lab00_toy.ipynb", "eva", own_folder=True)
    without = prepare(prepare_lab(toy, Options()), own / "lab00_toy.ipynb", "eva")
    assert isinstance(with_tools, Job)
    assert isinstance(without, Job)
    assert with_tools.environment.handed_in == (("tools.py", str(own / "tools.py")),)
    assert with_tools.environment.beside == without.environment.beside == ()
    assert with_tools.key != without.key
    (own / "tools.py").write_text("y")
    assert replace(with_tools).key != with_tools.key


def test_too_many_files_are_left_out_and_the_student_is_told(toy: Lab, tmp_path: Path) -> None:
    write(tmp_path, *(f"{number}.txt" for number in range(300)))
    write_notebook(solve(toy, HELPED), tmp_path / "lab00_toy.ipynb")
    job = prepare(prepare_lab(toy, Options()), tmp_path / "lab00_toy.ipynb", own_folder=True)
    assert isinstance(job, Job)
    assert job.environment.handed_in == ()
    assert [(flag.kind, "none of them was there" in flag.message) for flag in job.work.flags] == [("missing", True)]
