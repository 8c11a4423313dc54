"""`init` makes a course that every command understands, and never overwrites what a person wrote."""

from __future__ import annotations

import stat
from pathlib import Path

import nbformat
import pytest
from nbgrader.coursedir import CourseDirectory
from traitlets.config import PyFileConfigLoader

from autograder.course.config import LateRule, load_course
from autograder.course.create import Step, create_course
from autograder.course.roster import read_roster
from autograder.errors import CourseError
from autograder.grading.secret import find_secret
from autograder.labs.model import Lab
from autograder.notebooks.release import release_notebook

FILES = [
    "course.toml",
    "roster.csv",
    "nbgrader_config.py",
    ".secret",
    "source/lab00_toy/lab00_toy.ipynb",
    "release/lab00_toy/lab00_toy.ipynb",
]


def states(steps: list[Step], folder: Path) -> dict[str, str]:
    return {str(step.path.relative_to(folder)): step.state for step in steps}


def contents(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_a_new_course_has_settings_an_empty_class_a_secret_and_its_notebooks(toy: Lab, tmp_path: Path) -> None:
    folder = tmp_path / "nn"
    steps = create_course(folder, [toy], name='Nets "2026" \\ Zoë', lms="canvas", labs_folder=toy.folder.parent)
    assert states(steps, folder) == dict.fromkeys(FILES, "made")
    course = load_course(folder)
    assert (course.name, course.lms, course.late) == ('Nets "2026" \\ Zoë', "canvas", LateRule(0, 0, 100))
    assert course.labs_folder.resolve() == toy.folder.parent
    assert [(lab.id, lab.due) for lab in course.labs.values()] == [("lab00_toy", None)]
    assert read_roster(course.roster_file).students == ()
    assert nbformat.read(folder / FILES[5], as_version=4).cells == release_notebook(toy).cells
    assert stat.S_IMODE((folder / ".secret").stat().st_mode) == 0o600
    assert find_secret(tmp_path / "kept", folder) == (folder / ".secret").read_text().strip()


def test_the_examples_in_the_settings_are_valid_when_their_comment_is_taken_away(toy: Lab, tmp_path: Path) -> None:
    create_course(tmp_path / "nn", [toy])
    path = tmp_path / "nn" / "course.toml"
    lines = path.read_text().splitlines()
    path.write_text("\n".join(line.removeprefix("# ") if " = " in line else line for line in lines))
    course = load_course(path.parent)
    assert course.labs["lab00_toy"].due is not None
    assert course.gradebook == "postgresql://me@host/course"


def test_nbgrader_reads_the_folder_as_a_course(toy: Lab, tmp_path: Path) -> None:
    create_course(tmp_path / "nn 2026", [toy])
    config = PyFileConfigLoader("nbgrader_config.py", str(tmp_path / "nn 2026")).load_config()
    folder = CourseDirectory(config=config, root=str(tmp_path / "nn 2026"))
    assert folder.course_id == "nn_2026"
    assert Path(folder.format_path(folder.source_directory, ".", "lab00_toy"), "lab00_toy.ipynb").is_file()


@pytest.mark.parametrize("url", ["postgresql://me@host/nn", "sqlite:////tmp/marks.db"])
def test_nbgrader_uses_the_gradebook_that_the_settings_name(toy: Lab, tmp_path: Path, url: str) -> None:
    create_course(tmp_path, [toy])
    assert "db_url" not in PyFileConfigLoader("nbgrader_config.py", str(tmp_path)).load_config().CourseDirectory
    settings = tmp_path / "course.toml"
    settings.write_text(f'gradebook = "{url}"\n{settings.read_text()}')
    assert PyFileConfigLoader("nbgrader_config.py", str(tmp_path)).load_config().CourseDirectory.db_url == url


def test_a_second_run_keeps_what_is_there_and_says_which_notebook_was_edited(toy: Lab, tmp_path: Path) -> None:
    folder = tmp_path / "nn"
    create_course(folder, [toy])
    for name in ("course.toml", "roster.csv", "nbgrader_config.py"):
        with (folder / name).open("a") as file:
            file.write("# mine\n")
    (folder / FILES[4]).write_text("edited")
    (folder / FILES[5]).unlink()
    before = contents(folder)
    found = states(create_course(folder, [toy]), folder)
    assert found == {**dict.fromkeys(FILES, "kept"), FILES[4]: "differs", FILES[5]: "made"}
    after = contents(folder)
    assert {name: after[name] for name in before} == before


def test_a_dry_run_says_the_same_and_writes_nothing(toy: Lab, tmp_path: Path) -> None:
    folder = tmp_path / "nn"
    planned = create_course(folder, [toy], dry_run=True)
    assert not folder.exists()
    assert planned == create_course(folder, [toy])


def test_a_course_toml_that_is_not_valid_stops_before_anything_is_written(toy: Lab, tmp_path: Path) -> None:
    (tmp_path / "course.toml").write_text("nmae = 'x'")
    with pytest.raises(CourseError, match="'nmae' is not known here"):
        create_course(tmp_path, [toy])
    assert contents(tmp_path).keys() & set(FILES) == {"course.toml"}


def test_a_folder_that_cannot_be_written_says_what_to_do(toy: Lab, tmp_path: Path) -> None:
    (tmp_path / "nn").write_text("a file in the way")
    with pytest.raises(CourseError, match=r"the course cannot be written .* run the same command again"):
        create_course(tmp_path / "nn", [toy])


def test_a_name_of_two_lines_is_refused(toy: Lab, tmp_path: Path) -> None:
    with pytest.raises(CourseError, match="expected a text on one line"):
        create_course(tmp_path / "nn", [toy], name="a\nb")
    assert not (tmp_path / "nn").exists()
