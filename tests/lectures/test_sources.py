"""A lecture's source becomes a notebook; what is wrong with it is found before students see it, and a run says what failed."""

from __future__ import annotations

import os
from pathlib import Path

import nbformat
import pytest
from typer.testing import CliRunner

from autograder.authoring.lectures import find_lectures, lecture_notebook, load_lecture, run_lecture
from autograder.cli import app
from autograder.errors import LectureError
from autograder.notebooks.io import write_notebook
from autograder.notebooks.release import is_stale

START = """# %% [markdown]
# # Lecture 0 · Toy

# %%
import coursekit

coursekit.setup("lecture00_toy")
"""
SOUND = START + '\n# %% fast={"STEPS": 3}\nSTEPS = 7\n\n# %%\nprint(STEPS)\n\n# %%\nprint(STEPS)\n'
# A run without `setup`: it must be called, but this test's lecture is not one that it knows.
RUNS = """# %%
import os
import sys

if False:
    coursekit.setup("lecture00_toy")
"""


def write(folder: Path, source: str, name: str = "lecture00_toy") -> Path:
    path = folder / "source" / f"{name}.py"
    path.parent.mkdir(exist_ok=True)
    path.write_text(source)
    return path


# ── notebooks ────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_the_notebook_holds_the_cells_and_nothing_else(tmp_path: Path) -> None:
    notebook = lecture_notebook(load_lecture(write(tmp_path, SOUND)))
    nbformat.validate(notebook)
    assert [cell.cell_type for cell in notebook.cells] == ["markdown", "code", "code", "code", "code"]
    assert notebook.metadata.kernelspec.name == "python3"
    assert all(cell.metadata == {} and not cell.get("outputs") for cell in notebook.cells)


def test_a_quick_run_gets_its_values_after_the_budget(tmp_path: Path) -> None:
    lecture = load_lecture(write(tmp_path, SOUND))
    assert lecture_notebook(lecture, fast=True).cells[2].source == "STEPS = 7\nSTEPS = 3"
    assert lecture_notebook(lecture).cells[2].source == "STEPS = 7"


def test_ids_differ_for_equal_cells_and_outlast_a_change_elsewhere(tmp_path: Path) -> None:
    before = [cell.id for cell in load_lecture(write(tmp_path, SOUND)).cells]
    after = [cell.id for cell in load_lecture(write(tmp_path, SOUND.replace("· Toy", "· Play"))).cells]
    assert len(set(before)) == len(before)
    assert before[0] != after[0]
    assert before[1:] == after[1:]


def test_a_notebook_is_out_of_step_when_it_is_missing_or_its_source_has_changed(tmp_path: Path) -> None:
    path, notebook = write(tmp_path, SOUND), tmp_path / "lecture00_toy.ipynb"
    assert "missing" in is_stale(lecture_notebook(load_lecture(path)), notebook)[0]
    write_notebook(lecture_notebook(load_lecture(path)), notebook)
    assert is_stale(lecture_notebook(load_lecture(path)), notebook) == []
    write(tmp_path, SOUND.replace("STEPS = 7", "STEPS = 8"))
    assert "differs" in is_stale(lecture_notebook(load_lecture(path)), notebook)[0]


@pytest.mark.parametrize(
    ("source", "said"),
    [
        (SOUND.replace('"STEPS": 3', '"STEP": 3'), "cell 3: fast= names STEP, and the cell assigns STEPS"),
        (SOUND.replace('{"STEPS": 3}', "3"), "cell 3: fast=3; expected variables"),
        (SOUND + '\n# %% fast={"EPOCHS": 1}\nEPOCHS = 2\n', "stands in several headers"),
        (
            SOUND.replace("lecture00_toy", "lecture01_toy"),
            r'expected coursekit.setup\("lecture00_toy"\) in the first code cell',
        ),
        ("# %%\nx = 1\n\n" + SOUND, "in the first code cell"),
        (SOUND + "\n# %%\nx = = 1\n", "cell 6: not valid Python"),
        (SOUND + "\n# %% points=3\nx = 1\n", "points"),
        (SOUND + "\n# %%\n\n# %%\nx = 1\n", "cell 6: the cell is empty"),
        ("# %% [markdown]\n# words\n", "in the first code cell"),
    ],
)
def test_a_source_that_cannot_be_used_is_refused_with_the_place(tmp_path: Path, source: str, said: str) -> None:
    with pytest.raises(LectureError, match=said):
        load_lecture(write(tmp_path, source))


def test_a_lecture_that_is_not_there_is_refused_with_those_that_are(tmp_path: Path) -> None:
    write(tmp_path, SOUND)
    with pytest.raises(LectureError, match="lectures beside it: lecture00_toy"):
        load_lecture(tmp_path / "source" / "lecture09_none.py")
    with pytest.raises(LectureError, match=r"such as lecture01_neurons\.py"):
        load_lecture(write(tmp_path, SOUND, "lecture0_Toy"))


# ── runs ─────────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_sound_lecture_runs_in_a_scratch_folder_that_does_not_stay(tmp_path: Path) -> None:
    source = (
        RUNS
        + '\n# %% fast={"N": 1}\nN = 2\n\n# %%\nopen("file", "w").close()\nprint(N, os.environ["COURSEKIT_DATA"], os.getcwd())\n'
    )
    run = run_lecture(load_lecture(write(tmp_path, source)), fast=True, data="drawn")
    assert run.error == ""
    assert run.seconds > 0
    number, data, folder = run.notebook.cells[-1].outputs[0].text.split()
    assert (number, data) == ("1", "drawn")
    assert not os.path.exists(folder)


@pytest.mark.parametrize(
    ("cell", "said"),
    [
        ("1 / 0", "cell 2 (1 / 0): ZeroDivisionError: division by zero"),
        ("print('careful', file=sys.stderr)", "cell 2 (print('careful', file=sys.stderr)): wrote to stderr: careful"),
        ("while True: pass", "cell 2 (while True: pass): took longer than 3 seconds"),
        ("os._exit(1)", "cell 2 (os._exit(1)): the kernel died"),
    ],
)
def test_what_goes_wrong_is_said_with_its_cell_and_not_raised(tmp_path: Path, cell: str, said: str) -> None:
    run = run_lecture(load_lecture(write(tmp_path, f"{RUNS}\n# %%\n{cell}\n")), cell_seconds=3)
    assert run.error.startswith(said)


# ── the command line ─────────────────────────────────────────────────────────────────────────────────────────────────


def call(*arguments: object) -> tuple[int, str]:
    result = CliRunner().invoke(app, [str(argument) for argument in arguments])
    return result.exit_code, " ".join(result.output.split())


def test_build_writes_all_lectures_beside_the_labs_or_the_one_that_is_named(tmp_path: Path, toy_folder: Path) -> None:
    folder = tmp_path / "lectures"
    folder.mkdir()
    write(folder, SOUND)
    write(folder, SOUND.replace("lecture00_toy", "lecture01_toy"), "lecture01_toy")
    options = ("--labs", toy_folder.parent, "--notebooks", tmp_path / "labs_built")
    assert call("build", "lecture01_toy", *options)[0] == 0
    assert [path.name for path in tmp_path.rglob("*.ipynb")] == ["lecture01_toy.ipynb"]
    assert call("build", *options)[0] == 0
    assert {path.name for path in tmp_path.rglob("*.ipynb")} == {
        "lab00_toy.ipynb",
        "lecture00_toy.ipynb",
        "lecture01_toy.ipynb",
    }
    code, said = call("build", "lecture02_toy", *options)
    assert code == 2
    assert "lectures beside it: lecture00_toy, lecture01_toy" in said


def test_building_one_lab_leaves_the_lectures_alone(tmp_path: Path, toy_folder: Path) -> None:
    folder = tmp_path / "lectures"
    folder.mkdir()
    write(folder, SOUND)
    assert call("build", "lab00_toy", "--labs", toy_folder.parent, "--notebooks", tmp_path / "labs_built")[0] == 0
    assert not list(folder.glob("*.ipynb"))


def test_running_all_lectures_prints_a_table_and_exits_1_for_an_error(tmp_path: Path) -> None:
    write(tmp_path, RUNS)
    code, said = call("lectures", "--folder", tmp_path)
    assert code == 0
    assert "lecture00_toy" in said
    write(tmp_path, RUNS.replace("lecture00_toy", "lecture01_toy") + "\n# %%\n1 / 0\n", "lecture01_toy")
    code, said = call("lectures", "--folder", tmp_path)
    assert code == 1
    assert "cell 2 (1 / 0): ZeroDivisionError" in said
    assert len(find_lectures(tmp_path)) == 2
