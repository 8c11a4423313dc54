"""No Python that the grader starts runs a file of the folder where the instructor stands, or what a PYTHON variable names."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from autograder.authoring.lectures import load_lecture, run_lecture
from autograder.execution import forkserver_client, process
from autograder.execution.limits import Environment, Limits
from autograder.execution.runner import run_steps
from autograder.execution.steps import Step
from autograder.grading.submissions import reading
from autograder.reporting.database import open_gradebook
from autograder.sandbox.interpreters import DOWNLOADS, NAMES, clean_environment, command, without_python
from autograder.sandbox.probing import probe

# What the processes import, or what Python itself looks for: each leaves a note where it was run.
NAMES_OF_MODULES = ("random", "six", "json", "socket", "ctypes", "autograder", "sitecustomize", "usercustomize", "networkx")
NOTE = "import os; open({note!r}, 'a').write(__file__ + ' ')\n"


@pytest.fixture
def note(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A file in which hostile modules leave their names; they lie where we stand and where PYTHON variables point."""
    note = tmp_path / "note"
    for place in ("here", "there"):
        (tmp_path / place).mkdir()
        for name in NAMES_OF_MODULES:
            (tmp_path / place / f"{name}.py").write_text(NOTE.format(note=str(note)))
    monkeypatch.chdir(tmp_path / "here")
    for name in ("PYTHONPATH", "PYTHONSTARTUP", "PYTHONUSERBASE", "PYTHONBREAKPOINT", "PYTHONPLATLIBDIR"):
        monkeypatch.setenv(name, str(tmp_path / "there"))
    monkeypatch.setenv("PYTHONINSPECT", "1")
    return note


def test_the_hostile_folder_works_on_a_python_that_is_started_carelessly(note: Path) -> None:
    subprocess.run([sys.executable, "-c", "import six"], env=without_python(os.environ), check=False)
    assert "six.py" in note.read_text()


def start_the_fork_server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A new one, with a process forked from it that runs a cell."""
    parent = forkserver_client.ForkServerClient()
    monkeypatch.setattr(process, "fork_server", parent)
    source = "import sys\nassert sys.flags.isolated and not {'PYTHONPATH', 'PYTHONINSPECT'} & set(__import__('os').environ)"
    (outcome,) = run_steps([Step(source)], limits=Limits(), environment=Environment())
    assert parent.control is not None
    parent.control.close()
    assert (outcome.status, outcome.message) == ("ok", "")


def try_the_walls(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert "files" in probe.__wrapped__()


def read_a_submission(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fresh = reading._Reader()
    monkeypatch.setattr(reading, "_reader", fresh)
    path = tmp_path / "eva.ipynb"
    path.write_text('{"cells": [{"cell_type": "code", "source": "1"}], "metadata": {}, "nbformat": 4}')
    assert reading.recognise(path) == reading.Recognised()
    fresh.close()


def start_the_kernel_of_a_lecture(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    source = tmp_path / "lecture01_neurons.py"
    source.write_text('# %%\nimport coursekit\n\ncoursekit.setup("lecture01_neurons")\n\n# %%\nimport six, random, json\n')
    run = run_lecture(load_lecture(source), data="drawn")
    assert run.error == ""


def make_a_gradebook(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """nbgrader would run `alembic` by name for it."""
    from nbgrader.coursedir import CourseDirectory
    from traitlets.config import Config

    before = dict(os.environ)
    course = CourseDirectory(config=Config({"CourseDirectory": {"root": str(tmp_path)}}))
    course.db_url = f"sqlite:///{tmp_path / 'gradebook.db'}"
    with open_gradebook(course):
        assert (tmp_path / "gradebook.db").exists()
    assert dict(os.environ) == before


@pytest.mark.parametrize(
    "start",
    [start_the_fork_server, try_the_walls, read_a_submission, start_the_kernel_of_a_lecture, make_a_gradebook],
    ids=lambda f: f.__name__,
)
def test_an_interpreter_runs_nothing_of_the_current_folder_or_of_python_variables(
    start: Callable[[Path, pytest.MonkeyPatch], None], note: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    start(tmp_path, monkeypatch)
    assert not note.exists(), note.read_text()


def test_a_command_hands_its_arguments_on_and_finds_the_project(tmp_path: Path) -> None:
    line = command("autograder.sandbox.probing", "report", "one", "two words")
    assert line[:3] == [sys.executable, "-I", "-c"]
    assert line[4:] == ["autograder.sandbox.probing", "report", "one", "two words"]
    shown = [
        *command("pprint", "pprint")[:3],
        line[3].replace("importlib.import_module(module)", "print(sys.argv, sys.path) or 0"),
    ]
    said = subprocess.run([*shown, *line[4:]], capture_output=True, text=True, cwd=tmp_path).stdout
    assert said.startswith("['autograder.sandbox.probing', 'one', 'two words'] [")
    assert str(tmp_path) not in said
    assert "''" not in said


def test_processes_get_variables_by_their_whole_name_and_no_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in (
        *("TF_TOKEN_app_terraform_io", "TF_VAR_password", "LD_PRELOAD", "LD_AUDIT", "PYTHON_KEYRING_BACKEND", "PYTHONPATH"),
        *("COURSEKIT_SEALED_SECRET", "COURSEKIT_MIRROR", "COURSEKIT_TOKEN", "CUDA_SECRET", "LC_PASSWORD", "HTTPS_PROXY"),
    ):
        monkeypatch.setenv(name, "secret")
    monkeypatch.setenv("LC_CTYPE", "C.UTF-8")
    assert clean_environment()["LC_CTYPE"] == "C.UTF-8"
    assert set(clean_environment()) <= {*NAMES, "LD_LIBRARY_PATH"}
    assert "secret" not in clean_environment().values()
    assert "COURSEKIT_MIRROR" in DOWNLOADS
    assert {name for name in without_python(os.environ) if name.startswith("PYTHON")} == set()


def test_only_library_folders_that_python_or_cuda_needs_are_passed_on(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for folder, library in (("python", "libpython3.so.1.0"), ("mine", "libssl.so")):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / library).touch()
    monkeypatch.chdir(tmp_path / "python")
    monkeypatch.setenv("LD_LIBRARY_PATH", f"{tmp_path / 'mine'}::.:{tmp_path / 'python'}:/nowhere")
    assert clean_environment()["LD_LIBRARY_PATH"] == str(tmp_path / "python")
    monkeypatch.setenv("LD_LIBRARY_PATH", f"{tmp_path / 'mine'}:")
    assert "LD_LIBRARY_PATH" not in clean_environment()


def test_a_mirror_is_told_to_the_courses_own_code_and_to_no_student(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COURSEKIT_MIRROR", "https://me:password@mirror")
    secret = {"COURSEKIT_SEALED_SECRET": "s"}
    for level in ("full", "process"):
        environment = Environment(level=level, private=secret)  # type: ignore[arg-type]
        assert process._private_variables("student", environment) == {}
        assert process._private_variables("examiner", environment) == secret
    assert (
        process._private_variables("student", Environment(private=secret))["COURSEKIT_MIRROR"] == "https://me:password@mirror"
    )
    assert "s'" not in repr(Environment(private=secret))
