"""On a full disk and in a read-only course, every command that writes says so, ends with status 2 and leaves what is there as it was.

`collect` writes its own way, and has its own tests.
"""

from __future__ import annotations

import errno
import os
import tempfile
from collections.abc import Callable
from pathlib import Path
from unittest.mock import Mock

import pytest

from autograder.authoring.demo import reference_sources, solve
from autograder.grading.basis import basis_of
from autograder.grading.options import Options
from autograder.grading.secret import find_secret
from autograder.grading.verdict import TestResult, Verdict, Written
from autograder.labs.model import Lab
from autograder.notebooks.io import write_notebook
from autograder.reporting.results import write_results
from tests.autograder.commands import call

LAB = "lab00_toy"
FULL, READ_ONLY = "No space left on device", "Read-only file system"
WRITING = {
    "init": ("init", "."),
    "build": ("build", LAB),
    "grade": ("grade", LAB),
    "regrade": ("regrade", LAB, "--test", "halving"),
    "report": ("report", LAB, "--csv"),
    "feedback": ("feedback", LAB, "--markdown", "--zip", "none"),
    "export": ("export", LAB, "--to", "canvas", "--template", "../grades.csv"),
    "export to csv": ("export", LAB, "--to", "csv"),
    "gradescope": ("gradescope", LAB, "-o", "autograder.zip"),
}


@pytest.fixture
def course(toy: Lab, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A course in the middle of a week: ada was graded and got a page, ben's work lies in a download."""
    folder = tmp_path / "nn"
    assert call("init", folder, LAB, "--labs", toy.folder.parent)[0] == 0
    (folder / "roster.csv").write_text("id,first_name,last_name\nada,Ada,One\nben,Ben,Two\n")
    for path in (folder / "submitted" / "ada" / LAB / f"{LAB}.ipynb", tmp_path / "downloads" / "ben" / f"{LAB}.ipynb"):
        write_notebook(solve(toy, reference_sources(toy)), path)
    os.utime(folder / "submitted" / "ada" / LAB / f"{LAB}.ipynb", (0, 0))
    tests = tuple(TestResult(t.name, t.exercise, t.points, t.points / 2, "failed", "count the steps") for t in toy.of("tests"))
    options = Options(secret=find_secret(folder / "graded" / LAB / "kept", folder))
    verdict = Verdict("ada", LAB, "graded", tests, (Written("why", 4, False),), work="w")
    write_results([verdict], (), folder / "graded" / LAB, {LAB: basis_of(toy, options)})
    (tmp_path / "grades.csv").write_text(
        "Student,ID,SIS Login ID,Section,Toy (7)\n    Points Possible,,,,24.00\nOne,1,ada,A,\n"
    )
    (folder / "nbgrader_config.py").unlink()  # which `init` makes again
    monkeypatch.chdir(folder)
    return folder


def files(folder: Path) -> dict[Path, bytes]:
    return {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def fill_the_disk(monkeypatch: pytest.MonkeyPatch) -> None:
    """Files can be made, and nothing can be written into them."""

    def full(make: Callable[..., object]) -> Callable[..., object]:
        def made(*arguments: object, **options: object) -> object:
            file = make(*arguments, **options)
            if isinstance(file, tempfile._TemporaryFileWrapper):
                monkeypatch.setattr(file, "write", Mock(side_effect=OSError(errno.ENOSPC, FULL)), raising=False)
                return file
            raise OSError(errno.ENOSPC, FULL)

        return made

    _replace(monkeypatch, full)


def forbid_writing(monkeypatch: pytest.MonkeyPatch) -> None:
    """No file can be made."""
    _replace(monkeypatch, lambda make: Mock(side_effect=OSError(errno.EROFS, READ_ONLY)))


def _replace(monkeypatch: pytest.MonkeyPatch, change: Callable[[Callable[..., object]], Callable[..., object]]) -> None:
    for name in ("NamedTemporaryFile", "TemporaryFile"):
        monkeypatch.setattr(tempfile, name, change(getattr(tempfile, name)))


@pytest.mark.parametrize("command", WRITING)
@pytest.mark.parametrize(("trouble", "said"), [(fill_the_disk, FULL), (forbid_writing, READ_ONLY)])
def test_a_command_that_cannot_write_changes_nothing_and_says_what_to_do(
    course: Path, command: str, trouble: Callable[[pytest.MonkeyPatch], None], said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = files(course)
    with monkeypatch.context() as patched:
        trouble(patched)
        code, output = call(*WRITING[command])
    assert code == 2, output
    assert said in output
    assert any(cure in output for cure in ("make room", "free some space", "grant", "another folder", "another file")), output
    assert {path: data for path, data in files(course).items() if "kept" not in path.parts} == {
        path: data for path, data in before.items() if "kept" not in path.parts
    }
    assert not [path for path in files(course) if path.suffix == ".tmp"]


READING = [("status",), ("explain", LAB, "ada"), ("collect", LAB, "../downloads", "--dry-run")]
READING += [(*WRITING[name], "--dry-run") for name in ("init", "report", "feedback", "export", "export to csv", "gradescope")]


@pytest.mark.parametrize("command", READING, ids=" ".join)
def test_what_writes_nothing_works_in_a_read_only_course(
    course: Path, command: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    before = files(course)
    with monkeypatch.context() as patched:
        forbid_writing(patched)
        code, output = call(*command)
    assert code in (0, 1), output
    assert files(course) == before
