"""On another system than Linux the instructor's commands end with one sentence, and change nothing."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from autograder.errors import NotLinuxError
from tests.autograder.commands import call

COMMANDS = [
    ("grade", "lab01_perceptron"),
    ("demo",),
    ("verify",),
    ("calibrate", "lab01_perceptron"),
    ("collect", "lab01_perceptron", "class.zip"),
    ("regrade", "lab01_perceptron", "--test", "gate_or"),
    ("doctor",),
]
# Imports what students' systems run, and refuses modules that Windows lacks to every file of this project.
WITHOUT_UNIX = """
import builtins, sys
usual = builtins.__import__
def on_windows(name, globals=None, locals=None, fromlist=(), level=0):
    if name in ("fcntl", "grp", "pwd", "resource", "termios") and (globals or {}).get("__name__", "").split(".")[0] in OURS:
        raise ModuleNotFoundError(f"{name}, for {globals['__name__']}")
    return usual(name, globals, locals, fromlist, level)
OURS = ("autograder", "coursekit", "tests")
builtins.__import__ = on_windows
import autograder.cli, autograder.authoring.demo, autograder.grading.submissions.attempts, coursekit.submission, tests.students
"""


@pytest.mark.parametrize("words", COMMANDS, ids=lambda words: words[0])
def test_a_command_that_runs_submissions_says_that_it_needs_linux(
    words: tuple[str, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "platform", "darwin")
    code, said = call(*words)
    assert code == 2
    assert "need Linux, and this is macOS: use a Linux machine, WSL 2 or a container" in said
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(("platform", "called"), [("win32", "Windows"), ("darwin", "macOS"), ("freebsd14", "freebsd14")])
def test_the_sentence_names_the_system(platform: str, called: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", platform)
    assert f"this is {called}:" in str(NotLinuxError())


@pytest.mark.skipif(sys.platform != "linux", reason="the other systems refuse")
def test_the_engine_itself_refuses_another_system(monkeypatch: pytest.MonkeyPatch) -> None:
    from autograder.grading.environment import isolation

    monkeypatch.setattr(sys, "platform", "darwin")
    with pytest.raises(NotLinuxError):
        isolation()


def test_what_students_systems_run_is_imported_without_the_modules_of_unix(root: Path) -> None:
    environment = {**os.environ, "PYTHONPATH": str(root)}
    ended = subprocess.run([sys.executable, "-c", WITHOUT_UNIX], env=environment, capture_output=True, text=True, check=False)
    assert ended.returncode == 0, ended.stderr[-2000:]
