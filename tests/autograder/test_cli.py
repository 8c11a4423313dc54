"""The command line does what the API does, says it plainly and exits with what CI needs."""

from __future__ import annotations

import csv
import errno
import io
import json
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from importlib.metadata import version
from pathlib import Path
from unittest.mock import Mock

import pytest
from sqlalchemy.exc import OperationalError
from typer.testing import CliRunner

from autograder import sandbox
from autograder.authoring.demo import solve
from autograder.cli import app, options, running
from autograder.cli import grading as commands
from autograder.cli.reference import reference
from autograder.errors import RecordError
from autograder.grading import batch, environment
from autograder.grading.assignments import load
from autograder.grading.assignments.load import Assignment
from autograder.grading.batch import SubmissionFile
from autograder.grading.submissions.reading import read_submission
from autograder.grading.submissions.submission import Submission
from autograder.grading.verdict import Flag, TestResult, Verdict, Written
from autograder.labs.model import Lab
from autograder.notebooks.io import write_notebook
from autograder.reporting import terminal
from autograder.reporting.gradebook import Recorder
from autograder.reporting.gradebook_writer import GradebookWriter
from tests.autograder.commands import call

OnGraded = Callable[[Verdict, Submission], None] | None
RIGHT = {"mean": "mean = lambda x: x.mean()", "halving": "w = 2.0 ** -STEPS"}


def test_build_writes_the_released_notebook_and_the_nbgrader_course(toy: Lab, tmp_path: Path) -> None:
    code, said = call("build", "--labs", toy.folder.parent, "--notebooks", tmp_path / "nb", "--course", tmp_path / "course")
    assert code == 0
    assert "24 points" in said
    written = sorted(str(path.relative_to(tmp_path)) for path in tmp_path.rglob("*.ipynb"))
    assert written == [
        "course/release/lab00_toy/lab00_toy.ipynb",
        "course/source/lab00_toy/lab00_toy.ipynb",
        "nb/lab00_toy.ipynb",
    ]


def test_verify_exits_0_for_a_sound_lab_and_1_for_a_broken_one(toy: Lab, tmp_path: Path) -> None:
    options = ("--labs", toy.folder.parent, "--notebooks", tmp_path / "nb", "--repeats", 2, "--seeds", 1)
    call("build", *options[:4])
    assert call("verify", *options)[0] == 0
    source = toy.folder / "lab.py"
    source.write_text(source.read_text().replace("x.sum() / len(x)", "x.sum() / 4").replace("toy lab", "toy"))
    code, said = call("verify", *options)
    assert code == 1
    assert "✗ lab00_toy: reference solution" in said
    assert "differs" in said


def test_verify_keeps_outcomes_and_its_random_numbers_where_it_is_told_to(
    toy: Lab, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    options = ("--labs", toy.folder.parent, "--notebooks", tmp_path / "nb", "--repeats", 2, "--seeds", 1, "--draws", 1)
    kept = tmp_path / "kept"
    call("build", *options[:4])
    assert call("verify", *options, "--kept", kept)[0] == 0
    monkeypatch.setattr("autograder.authoring.runs.run_steps", None)  # whatever runs again now fails
    assert call("verify", *options, "--kept", kept)[0] == 0
    (kept / "secret").write_text("")
    code, said = call("verify", *options, "--kept", kept)
    assert code == 2
    assert "the file is empty" in said


def test_grade_writes_three_files_and_a_table(toy: Lab, tmp_path: Path) -> None:
    for name in ("ada", "ben"):
        write_notebook(solve(toy, RIGHT if name == "ada" else {}), tmp_path / "in" / f"{name}.ipynb")
    code, said = call("grade", toy.id, tmp_path / "in", "--labs", toy.folder.parent, "-o", tmp_path / "out")
    assert code == 0
    assert "total 20 20 0" in said
    verdicts = json.loads((tmp_path / "out" / "verdicts.json").read_text())["verdicts"]
    assert [(v["submission"], v["status"]) for v in verdicts] == [("ada", "graded"), ("ben", "graded")]
    rows = list(csv.reader((tmp_path / "out" / "grades.csv").open()))
    assert [row[3] for row in rows[1:]] == ["20", "0"]
    assert "<h2>lab00_toy</h2>" in (tmp_path / "out" / "report.html").read_text()


def test_one_notebook_can_be_graded_alone(toy: Lab, tmp_path: Path) -> None:
    write_notebook(solve(toy, RIGHT), tmp_path / "ada.ipynb")
    assert call("grade", toy.id, tmp_path / "ada.ipynb", "--labs", toy.folder.parent, "-o", tmp_path / "out")[0] == 0


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("grade", "lab77_no", "{tmp}", "--labs", "{labs}"), "labs beside it: lab00_toy"),
        (("grade", "lab00_toy", "{tmp}/none", "--labs", "{labs}"), "no such folder"),
        (("grade", "lab00_toy", "{labs}", "--labs", "{labs}"), "no submissions to lab00_toy"),
        (("verify", "--labs", "{tmp}/none"), "no labs here"),
        (("grade", "lab00_toy", "{tmp}", "--labs", "{labs}", "--data", "dreamt"), "is not one of"),
    ],
)
def test_what_cannot_be_done_is_said_with_exit_code_2(toy: Lab, tmp_path: Path, arguments: tuple[str, ...], said: str) -> None:
    code, output = call(*(part.format(tmp=tmp_path, labs=toy.folder.parent) for part in arguments))
    assert code == 2
    assert said in output.replace("│", "").replace("  ", " ")


# ── what a class may bring with it; what grades is stubbed here ──────────────────────────────────────────────────────


def stub(monkeypatch: pytest.MonkeyPatch, lab: Lab, *verdicts: Verdict) -> list[str]:
    """Let `grade` reach these verdicts; returns the names of those that it was asked to grade."""
    asked: list[str] = []

    def graded(lab: Lab, found: list[SubmissionFile], *_: object, on_graded: OnGraded = None, **__: object) -> list[Verdict]:
        asked.extend(item.submission for item in found)
        paths = {item.submission: item.path for item in found}
        for verdict in verdicts if on_graded else ():
            on_graded(verdict, read_submission(lab, paths[verdict.submission], pictures=True))
        return list(verdicts)

    monkeypatch.setattr(batch, "grade_class", graded)
    return asked


def judged(lab: Lab, name: str, told: str = "", **fields: object) -> Verdict:
    tests = tuple(TestResult(t.name, t.exercise, t.points, 0, "failed", told) for t in lab.of("tests"))
    return replace(Verdict(name, lab.id, "graded", tests, (Written("why", 4, True),)), **fields)


def class_of(lab: Lab, folder: Path, *names: str) -> tuple[object, ...]:
    """Hand in a notebook of each; returns the arguments that grade them."""
    for name in names:
        write_notebook(solve(lab, RIGHT), folder / "in" / f"{name}.ipynb")
    return ("grade", lab.id, folder / "in", "--labs", lab.folder.parent, "-o", folder / "out")


NASTY = [
    "[/]",
    "[/content/drive]",
    "[bold]",
    "\x1b[2J",
    "a\rb",
    "\u202e",
    "\ud800",
    "Ren\udce9",
    "\0",
    "=cmd()",
    "<script>",
    "n" * 300,
]


@pytest.mark.parametrize("text", NASTY, ids=lambda text: ascii(text)[:12])
def test_text_in_a_submission_costs_nobody_the_report(
    text: str, toy: Lab, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    flags = (Flag("edited", (text,), text),)
    stub(monkeypatch, toy, judged(toy, "ada"), judged(toy, text, text, message=text, flags=flags, status="needs review"))
    result = CliRunner().invoke(app, [str(part) for part in class_of(toy, tmp_path, "ada")])
    assert result.exit_code == 1, result.output
    assert "needs review" in result.output
    assert not any(c in result.output for c in "\x1b\r\0\u202e")
    (tmp_path / "out" / "report.html").read_text(encoding="utf-8")
    assert len(json.loads((tmp_path / "out" / "verdicts.json").read_text(encoding="utf-8"))["verdicts"]) == 2
    assert len((tmp_path / "out" / "grades.csv").read_text(encoding="utf-8").splitlines()) == 3


def test_a_terminal_that_lacks_letters_shows_the_rest(toy: Lab, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    stub(monkeypatch, toy, judged(toy, "李雷"))
    result = CliRunner(charset="ascii").invoke(app, [str(part) for part in class_of(toy, tmp_path, "ada")])
    assert result.exit_code == 0, result.output
    assert r"\u674e\u96f7" in result.output


def test_results_are_there_when_printing_fails(toy: Lab, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    stub(monkeypatch, toy, judged(toy, "ada"))
    monkeypatch.setattr(running, "show_marks", interrupted)
    CliRunner().invoke(app, [str(part) for part in class_of(toy, tmp_path, "ada")])
    assert {path.name for path in (tmp_path / "out").iterdir()} == {"verdicts.json", "grades.csv", "report.html", "kept"}


def test_two_verdicts_of_one_name_stop_neither_the_report_nor_the_gradebook_of_the_others(
    toy: Lab, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    arguments = class_of(toy, tmp_path, "ada", "ben")
    stub(monkeypatch, toy, judged(toy, "ada"), judged(toy, "ben"), judged(toy, "ada"))
    found = [SubmissionFile(name, tmp_path / "in" / f"{name}.ipynb") for name in ("ada", "ben", "ada")]
    monkeypatch.setattr(commands, "collect_class", lambda *_: (found, []))
    (tmp_path / "course").mkdir()
    code, said = call(*arguments, "--course", tmp_path / "course")
    assert code == 1
    assert "recorded 1 submissions" in said
    assert "0 for a person to look at, 1 cells still to mark by hand" in said
    assert "not recorded: 'ada': more than one verdict has this name" in said
    assert [v["submission"] for v in json.loads((tmp_path / "out" / "verdicts.json").read_text())["verdicts"]] == [
        "ada",
        "ben",
        "ada",
    ]


def test_a_gradebook_that_cannot_be_used_ends_the_command_before_anyone_is_graded(
    toy: Lab, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = stub(monkeypatch, toy, judged(toy, "ada"))
    (tmp_path / "course" / "gradebook.db").mkdir(parents=True)
    code, said = call(*class_of(toy, tmp_path, "ada"), "--course", tmp_path / "course")
    assert (code, asked) == (2, [])
    assert "the gradebook could not be written" in said


def test_a_gradebook_that_fails_leaves_the_results_and_says_so_with_status_2(
    toy: Lab, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stub(monkeypatch, toy, judged(toy, "ada"), judged(toy, "ben"))
    monkeypatch.setattr(
        GradebookWriter, "write", Mock(side_effect=OperationalError("INSERT", {}, Exception("database is locked")))
    )
    (tmp_path / "course").mkdir()
    code, said = call(*class_of(toy, tmp_path, "ada", "ben"), "--course", tmp_path / "course")
    assert code == 2
    assert "the gradebook could not be written" in said
    assert "0 of 2 submissions are in" in said
    assert "total 20 0" in said
    assert (tmp_path / "out" / "report.html").is_file()


@pytest.mark.parametrize("kind", ["file", "full", "course"])
def test_where_results_cannot_be_written_nobody_is_graded_first(
    kind: str, toy: Lab, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_room(*_: object, dir: Path, **__: object) -> object:
        if kind == "full" or dir.name == "course":
            raise OSError(errno.ENOSPC, "No space left on device")
        return io.BytesIO()

    asked = stub(monkeypatch, toy, judged(toy, "ada"))
    arguments = class_of(toy, tmp_path, "ada")
    (tmp_path / "course").mkdir()
    if kind == "file":
        (tmp_path / "out").write_text("mine")
    else:
        monkeypatch.setattr("autograder.files.tempfile.TemporaryFile", no_room)
    code, said = call(*arguments, "--course", tmp_path / "course")
    assert code == 2
    assert "results cannot be written there" in said
    assert asked == []


def test_a_disk_that_becomes_full_says_where_the_work_is(toy: Lab, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def no_room(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    stub(monkeypatch, toy, judged(toy, "ada"))
    arguments = class_of(toy, tmp_path, "ada")
    monkeypatch.setattr("autograder.reporting.results.write_text", no_room)
    monkeypatch.setattr(Recorder, "recorded", Mock(side_effect=RecordError("the gradebook could not be written")))
    (tmp_path / "course").mkdir()
    code, said = call(*arguments, "--course", tmp_path / "course")
    assert code == 2
    assert "the gradebook could not be written" in said
    assert "total 20 0" in said
    assert "verdicts.json: No space left on device" in said
    assert f"no work is lost: {tmp_path / 'out' / 'kept'} holds what was found out" in said


def test_the_status_is_1_when_a_submission_needs_a_person(toy: Lab, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    arguments = class_of(toy, tmp_path, "ada")
    for status, due in (("graded", 0), ("needs review", 1), ("unreadable", 1)):
        stub(monkeypatch, toy, judged(toy, "ada", status=status))
        assert call(*arguments)[0] == due


def test_what_was_found_and_not_graded_is_listed_with_its_reason_and_changes_no_status(
    toy: Lab, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    arguments = class_of(toy, tmp_path, "ada")
    (tmp_path / "in" / "empty").mkdir()
    (tmp_path / "in" / "[b]notes.txt").write_text("x")
    asked = stub(monkeypatch, toy, judged(toy, "ada"))
    code, said = call(*arguments)
    assert (code, asked) == (0, ["ada"])
    assert f"not graded {tmp_path / 'in' / '[b]notes.txt'}: not a notebook (.ipynb)" in said
    assert f"not graded {tmp_path / 'in' / 'empty'}: no notebook in it" in said
    assert "Found and not graded" in (tmp_path / "out" / "report.html").read_text()
    assert len(json.loads((tmp_path / "out" / "verdicts.json").read_text())["left"]) == 2


def assignment(monkeypatch: pytest.MonkeyPatch, lab: Lab, broken: dict[str, str]) -> None:
    monkeypatch.setattr(load, "load_assignment", lambda *_, **__: Assignment(lab, {}, broken))


def test_tests_that_the_solution_fails_stop_the_class_with_status_1(
    toy: Lab, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = stub(monkeypatch, toy, judged(toy, "ada"))
    _, _, *arguments = class_of(toy, tmp_path, "ada")
    assignment(monkeypatch, toy, {"mean": "No module named 'torch' [/]", "halving": "no network"})
    code, said = call("grade", tmp_path / "tasks.ipynb", *arguments)
    assert code == 1
    assert (
        "nobody was graded: the solution in tasks.ipynb fails 2 of its own tests, first mean: No module named 'torch' [/]."
        in said
    )
    assert asked == []
    code, said = call("grade", tmp_path / "tasks.ipynb", *arguments, "--accept-broken")
    assert code == 0  # the stub's verdict needs no person
    assert "broken halving does not accept the solution in tasks.ipynb: no network" in said
    assert asked == ["ada"]


WEEK = ("init", "status", "collect", "grade", "regrade", "diff", "report", "feedback", "export", "gradescope", "explain")
READING = ("status", "diff", "explain")


@pytest.mark.parametrize("command", WEEK)
def test_every_command_of_the_week_speaks_json_tries_without_writing_and_says_its_statuses(command: str) -> None:
    code, said = call(command, "--help")
    assert code == 0
    assert "--json" in said
    assert ("--dry-run" in said) == (command not in READING)
    for status in ("Exit status: 0 ", " 2 "):
        assert status in " ".join(said.replace("│", " ").split())


def test_the_help_says_what_each_status_means() -> None:
    for command in ((), ("grade",)):
        code, said = call(*command, "--help")
        assert code == 0
        assert "Exit status: 0" in said


def test_doctor_names_every_wall_and_the_level(monkeypatch: pytest.MonkeyPatch) -> None:
    code, said = call("doctor")
    assert code == 0
    assert all(name in said for name in sandbox.probe())
    assert f"isolation: {sandbox.strongest()}" in said


def test_grading_below_the_walls_that_were_asked_for_is_refused(
    toy: Lab, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(environment, "_strongest", lambda: "process")
    monkeypatch.setattr(sandbox, "probe", lambda: {"files": "no user namespaces"})
    write_notebook(solve(toy, RIGHT), tmp_path / "eva.ipynb")
    arguments = ("grade", toy.id, tmp_path / "eva.ipynb", "--labs", toy.folder.parent, "--output", tmp_path / "out")
    code, said = call(*arguments, "--isolation", "full")
    assert code == 2
    assert "full isolation was asked for, and this machine does not have it (files: no user namespaces)" in said
    assert not (tmp_path / "out" / "grades.csv").exists()
    code, said = call(*arguments)
    assert code == 0
    assert "isolation: process" in said
    assert "without a full sandbox (missing: files)" in said


def test_help_loads_none_of_what_grading_needs() -> None:
    heavy = ("numpy", "nbformat", "nbgrader", "jupytext", "pandas", "psutil", "sqlalchemy", "keras", "tensorflow")
    code = (
        "import sys\nfrom autograder.cli import app\ntry:\n    app(['grade', '--help'])\nexcept SystemExit:\n    pass\n"
        f"print(sorted(set({heavy}) & set(sys.modules)))"
    )
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert "Usage" in said
    assert said.endswith("[]\n")


def test_the_version_is_that_of_the_package() -> None:
    assert call("--version") == (0, f"autograder {version('coursekit')}")


def test_a_log_hears_of_long_work(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(terminal, "LOG_SECONDS", 0.01)
    with terminal.progress("grading") as advance:
        advance(1, 3)
        time.sleep(0.2)
        advance(3, 3)
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith("grading: 1 of 3, ")
    assert lines[-1].startswith("grading: 3 of 3, ")
    with terminal.working("running the solution"):
        time.sleep(0.2)
    assert capsys.readouterr().out.startswith("running the solution, ")


def test_quiet_prints_nothing_and_verbose_a_line_per_submission(toy: Lab, tmp_path: Path) -> None:
    write_notebook(solve(toy, RIGHT), tmp_path / "class" / "eva.ipynb")
    arguments = ("grade", toy.id, tmp_path / "class", "--labs", toy.folder.parent, "-o", tmp_path / "out", "-j", 1)
    assert call(*arguments, "-q") == (0, "")
    code, said = call(*arguments, "-v", "--no-cache")
    assert code == 0
    assert "eva: 20 of 20 points, graded" in said


@pytest.mark.parametrize("choice", ["auto", ""])
def test_the_choice_auto_is_the_empty_one_of_earlier_versions(choice: str) -> None:
    assert (options.data_of(choice), options.isolation_of(choice)) == ("", "")
    assert (options.data_of("drawn"), options.isolation_of("full")) == ("drawn", "full")


def test_the_reference_in_the_docs_is_what_the_commands_say() -> None:
    path = Path(__file__).parents[2] / "docs" / "cli.md"
    assert path.read_text(encoding="utf-8") == reference(), "run `make docs` and commit docs/cli.md"
