"""In a container as Gradescope lays it out, a submission gets whole results, and a student's code sees nothing of the tests."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Mapping
from functools import partial
from pathlib import Path

import nbformat
import pytest

from autograder.authoring.demo import reference_sources, solve
from autograder.gradescope import run as program
from autograder.gradescope.package import needs
from autograder.gradescope.results import as_text, graded
from autograder.gradescope.settings import Settings
from autograder.grading.options import Options
from autograder.grading.verdict import Flag, TestResult, Verdict, Written
from autograder.labs.model import Lab
from autograder.labs.source import load_lab
from autograder.reporting.feedback.content import page_of
from tests.autograder.commands import call
from tests.autograder.gradescope.contract import Shown, read, show, unpack
from tests.conftest import TOY

nightly = pytest.mark.skipif("EVERY_STUDENT" not in os.environ, reason="starts the grader once more; make nightly does")
SEARCH = """\
import glob, os
found = [path for path in glob.glob({home!r} + "/**", recursive=True) if os.path.isfile(path) and os.access(path, os.R_OK)]
own = [path for path in found if "/submission/" not in path]
from helper import answer
def mean(x):
    raise RuntimeError("seen: " + ", ".join(own) + f"; {{answer}}")
"""


def notebook(lab: Lab, **sources: str) -> bytes:
    return nbformat.writes(solve(lab, {**reference_sources(lab), **sources})).encode()


def packed(lab: Lab, folder: Path, *options: str) -> Path:
    archive = folder / "autograder.zip"
    assert call("gradescope", lab.id, "--labs", lab.folder.parent, "-o", archive, *options)[0] == 0
    return archive


def container(lab: Lab, folder: Path, submission: Mapping[str, bytes], *options: str) -> Path:
    """A container with a submission, and with the grader where setup.sh installs it."""
    home = folder / "autograder"
    unpack(packed(lab, folder, *options), home, submission)
    (folder / "coursekit").mkdir()
    (folder / "coursekit" / "venv").symlink_to(sys.prefix, target_is_directory=True)
    return home


def run(home: Path, *before: str) -> subprocess.CompletedProcess[str]:
    """Call run_autograder as Gradescope does."""
    env = {"PATH": os.environ["PATH"], "GRADESCOPE_FOLDER": str(home), "COURSEKIT_HOME": str(home.parent / "coursekit")}
    return subprocess.run(
        [*before, str(home / "run_autograder")], cwd=home, env=env, capture_output=True, text=True, check=True
    )


# ── a whole run ──────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.fixture(scope="module")
def searched(tmp_path_factory: pytest.TempPathFactory) -> tuple[Shown, str]:
    """What is shown for a submission whose code looks for the tests, and what the program printed."""
    folder = tmp_path_factory.mktemp("container")
    lab = load_lab(shutil.copytree(TOY, folder / "labs" / "lab00_toy"))
    home = folder / "autograder"
    files = {"my work (2).ipynb": notebook(lab, mean=SEARCH.format(home=str(home))), "helper.py": b"answer = 42\n"}
    home = container(lab, folder, files)
    said = run(home).stdout
    assert sorted(path.name for path in (home / "results").iterdir()) == ["results.json"]
    return read(home), said


def test_a_submission_is_graded_with_the_files_beside_it(searched: tuple[Shown, str]) -> None:
    shown, _ = searched
    assert shown.points == {"mean": (0, 8), "mean: mean_pure": (0, 4), "halving": (8, 8)}
    assert shown.passed == {"mean": False, "mean: mean_pure": False, "halving": True}
    assert shown.score == 8
    assert "; 42" in shown.staff


def test_the_code_of_a_student_can_read_nothing_of_the_archive_and_the_metadata(searched: tuple[Shown, str]) -> None:
    shown, _ = searched
    assert "seen: ; 42" in shown.staff


def test_staff_read_the_verdict_and_students_no_standard_output(searched: tuple[Shown, str]) -> None:
    shown, said = searched
    assert "submission 555, handed in 2026-11-20T18:01:02" in said
    assert "isolation: " in said
    assert '"isolation": ' in said
    assert '"stdout_visibility": "hidden"' in shown.staff


@nightly
def test_half_a_processor_and_2_gb_are_enough(toy: Lab, tmp_path: Path) -> None:
    groups = [Path("/sys/fs/cgroup/cpu", tmp_path.name), Path("/sys/fs/cgroup/memory", tmp_path.name)]
    limits = {groups[0] / "cpu.cfs_quota_us": "50000", groups[1] / "memory.limit_in_bytes": str(2 << 30)}
    if not all(os.access(group.parent, os.W_OK) for group in groups):
        pytest.skip("needs control groups of version 1, and the right to make them")
    for group in groups:
        group.mkdir()
    try:
        for file, limit in limits.items():
            file.write_text(limit)
        home = container(toy, tmp_path, {"a.ipynb": notebook(toy)})
        said = run(home, "sh", "-c", "".join(f"echo $$ > {group}/cgroup.procs; " for group in groups) + 'exec "$0"').stdout
        shown = read(home)
    finally:
        for group in groups:
            group.rmdir()
    assert "; 0.5 processors" in said
    assert shown.score == 20


@nightly
def test_without_namespaces_the_code_of_a_student_reads_nothing_either(
    toy: Lab, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(program, "Options", partial(Options, isolation="process"))
    home = tmp_path / "autograder"
    files = {"a.ipynb": notebook(toy, mean=SEARCH.format(home=str(home))), "helper.py": b"answer = 42\n"}
    home = container(toy, tmp_path, files)
    monkeypatch.chdir(home)
    program.run(home)
    shown = read(home)
    assert '"isolation": "process"' in shown.staff
    assert "seen: ; 42" in shown.staff


# ── what is not graded ───────────────────────────────────────────────────────────────────────────────────────────────


def not_graded(home: Path) -> str:
    program.run(home)
    shown = read(home)
    assert shown.score == 0
    assert shown.passed == {"Not graded": False}
    assert shown.points == {"Not graded": (0, 20)}
    assert shown.total_for_student
    return shown.student.replace("\\", "")


@pytest.mark.parametrize(
    ("files", "said"),
    [
        ({}, "There is no file in it. Hand in again."),
        (
            {"report.pdf": b"%PDF", "__MACOSX/._a.ipynb": b"x"},
            "There is no notebook in it: there is: report.pdf Hand in again.",
        ),
        ({"a.ipynb": b"{"}, "The notebook cannot be read: "),
        (
            {"a.ipynb": b"TOY", "b/copy.ipynb": b"TOY"},
            "There are 2 notebooks of this lab in it (a.ipynb, b/copy.ipynb): only one can count.",
        ),
        ({"lab00_toy.ipynb": b"OTHER"}, "There is no notebook of lab00_toy in it: it is the notebook of lab01_other"),
    ],
    ids=["nothing", "no notebook", "damaged", "two", "another lab"],
)
def test_what_is_not_one_notebook_of_the_lab_is_said(
    toy: Lab, tmp_path: Path, files: Mapping[str, bytes], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    made = {b"TOY": notebook(toy), b"OTHER": notebook(toy).replace(b"lab00_toy", b"lab01_other")}
    home = container(toy, tmp_path, {name: made.get(data, data) for name, data in files.items()})
    assert said in " ".join(not_graded(home).split())


def test_a_failure_of_the_grader_is_a_result_for_the_student_and_a_trace_for_staff(
    toy: Lab, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> None:
        raise MemoryError("of the grader")

    monkeypatch.setattr(program, "prepare_lab", broken)
    said = not_graded(container(toy, tmp_path, {"a.ipynb": notebook(toy)}))
    assert "This is no mistake of yours" in said
    assert "MemoryError" not in said
    assert "MemoryError: of the grader" in capsys.readouterr().out


def test_nobody_is_graded_where_a_student_could_open_the_tests(
    toy: Lab, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(program, "open_places", lambda home, _: [str(home / "source" / "secret")])
    assert "The grader itself failed." in not_graded(container(toy, tmp_path, {"a.ipynb": notebook(toy)}))
    assert "a student's code could open" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("python", "limit", "said"),
    [
        ("exit 3", 60, "The grader ended before it had a result."),
        ("kill -9 $$", 60, "needed more memory than there is"),
        ("sleep 5", 1, "took longer than the time limit"),
        ("mkdir -p $5/results && printf '{\"score\": 7}' > $5/results/results.json; exit 1", 60, ""),
    ],
    ids=["ends", "killed", "late", "after its result"],
)
def test_whatever_ends_the_grader_whole_results_lie_there(toy: Lab, tmp_path: Path, python: str, limit: int, said: str) -> None:
    home = container(toy, tmp_path, {"a.ipynb": notebook(toy)})
    (home.parent / "coursekit" / "venv").unlink()
    false = home.parent / "coursekit" / "venv" / "bin" / "python"
    false.parent.mkdir(parents=True)
    false.write_text(f"#!/bin/sh\n{python}\n")
    false.chmod(0o755)
    text = (home / "run_autograder").read_text()
    (home / "run_autograder").write_text(text.replace("limit=575\n", f"limit={limit}\n"))
    run(home)
    shown = read(home)
    assert shown.score == (0 if said else 7)
    assert said in shown.student


# ── what the results say ─────────────────────────────────────────────────────────────────────────────────────────────


def results(lab: Lab, hidden: str = "after_published", status: str = "graded") -> Shown:
    tests = (
        TestResult("mean", "mean", 8, 4, "failed", "got <b>1</b> [a](http://x.y)", note="np.average"),
        TestResult("mean_pure", "mean", 4, 4, "passed"),
        TestResult("halving", "halving", 8, 0, "timeout", "took too long"),
    )
    verdict = Verdict("x", lab.id, status, tests, (Written("why", 4, True),))  # type: ignore[arg-type]
    page = page_of(program._mark(verdict, lab), lab, None)
    made = graded(page, lab, verdict, Settings(lab.id, hidden=hidden), ["a note"], 3.14)  # type: ignore[arg-type]
    assert as_text(made).endswith("}\n")
    return show(made)


def test_partial_credit_is_not_shown_as_a_failure(toy: Lab) -> None:
    shown = results(toy)
    assert shown.score == 8
    assert shown.passed == {"mean": True, "mean: mean_pure": True, "halving": False}
    assert "partly passed, 4 of 8 points" in shown.staff


def test_tests_with_a_hidden_part_wait_for_the_publication_and_the_others_do_not(toy: Lab) -> None:
    shown = results(toy)
    assert "mean: mean_pure" in shown.student
    assert "halving" not in shown.student
    assert not shown.total_for_student
    assert results(toy, "visible").total_for_student
    assert "took too long" in results(toy, "visible").student


def test_students_read_notes_and_what_waits_for_a_person(toy: Lab) -> None:
    said = results(toy).student
    assert "a note" in said
    assert "marked by hand: up to 4 more points" in said
    assert "Your instructor has to look at your submission" in results(toy, "hidden", status="needs review").student


def test_no_result_holds_a_hidden_test_a_solution_or_an_active_link(toy: Lab) -> None:
    said = results(toy, "visible").staff
    assert not {word for word in ("np.average", "x.sum()", "default_rng", "<b>", "](http") if word in said}


# ── the archive ──────────────────────────────────────────────────────────────────────────────────────────────────────


def test_the_archive_holds_the_grader_and_the_lab_and_no_answers(toy: Lab, tmp_path: Path) -> None:
    with zipfile.ZipFile(packed(toy, tmp_path)) as archive:
        names = archive.namelist()
        constraints = archive.read("constraints.txt").decode()
    assert {
        "setup.sh",
        "run_autograder",
        "labs/lab00_toy/lab.py",
        "package/autograder/cli/app.py",
        "package/coursekit/check.py",
    } <= {*names}
    assert not [
        name for name in names if "answers/" in name or "tests/" in name or "__pycache__" in name or "lab02_mlp/lab.py" in name
    ]
    assert "keras==" in constraints
    assert not [line for line in constraints.splitlines() if line.startswith("-") or "://" in line]


def test_in_a_course_the_archive_holds_its_secret_and_is_the_same_each_time(toy: Lab, tmp_path: Path) -> None:
    course = tmp_path / "nn"
    assert call("init", course, "--labs", toy.folder.parent)[0] == 0
    made = []
    for name in ("one.zip", "two.zip"):
        code, said = call("gradescope", toy.id, "--course", course, "-o", tmp_path / name)
        assert code == 0
        made.append((tmp_path / name).read_bytes())
    assert made[0] == made[1]
    assert "new secret" not in said
    with zipfile.ZipFile(tmp_path / "one.zip") as archive:
        assert archive.read("secret").decode() == (course / ".secret").read_text()
    assert (tmp_path / "one.zip").stat().st_mode & 0o077 == 0


def test_the_command_says_which_container_and_points_are_needed(toy: Lab, tmp_path: Path) -> None:
    code, said = call("gradescope", toy.id, "--labs", toy.folder.parent, "-o", tmp_path / "a.zip", "--dry-run")
    assert code == 0
    assert f"container: at least {needs(toy).memory_gb:g} GB of memory" in said
    assert "points of the autograder: 20" in said
    assert "written questions, 4 points: mark them by hand" in said
    assert "a new secret was drawn" in said
    assert not (tmp_path / "a.zip").exists()


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("lab99",), "no lab here"),
        (("lab00_toy", "-o", "/proc/a.zip"), "/proc"),
        (("lab00_toy", "--minutes", "90"), "less than or equal to 40"),
    ],
)
def test_what_cannot_be_packed_is_said_with_status_2(toy: Lab, arguments: tuple[str, ...], said: str, tmp_path: Path) -> None:
    where = () if "-o" in arguments else ("-o", tmp_path / "a.zip")
    code, output = call("gradescope", *arguments, *where, "--labs", toy.folder.parent)
    assert code == 2
    assert said in output


def test_setup_installs_into_an_environment_of_its_own_and_closes_the_archive(toy: Lab, tmp_path: Path) -> None:
    home = tmp_path / "autograder"
    unpack(packed(toy, tmp_path), home, {})
    programs, log = tmp_path / "bin", tmp_path / "log"
    programs.mkdir()
    record = f'#!/bin/sh\necho "$0 $*" >> {log}\n'
    make = 'if [ "$2" = venv ]; then mkdir -p "$3/bin" && cp "$0" "$3/bin/python"; fi\n'
    for name in ("python3.12", "python3.11", "python3.13", "python3.10", "python3"):
        (programs / name).write_text(record + make)
        (programs / name).chmod(0o755)
    env = {"PATH": f"{programs}:/usr/bin:/bin", "GRADESCOPE_FOLDER": str(home), "COURSEKIT_HOME": str(tmp_path / "opt")}
    subprocess.run(["bash", str(home / "source" / "setup.sh")], env=env, check=True, capture_output=True)
    install, prepare = log.read_text().splitlines()[-2:]
    python = tmp_path / "opt" / "venv" / "bin" / "python"
    constraints, package = home / "source" / "constraints.txt", home / "source" / "package"
    assert install == f"{python} -m pip install --no-cache-dir --constraint {constraints} {package}[instructor]"
    assert prepare == f"{python} -I -m autograder.gradescope prepare {home}"
    assert {path.stat().st_mode & 0o077 for path in (home / "source").rglob("*")} == {0}


def test_a_flag_of_a_repair_is_said_and_a_suspicion_is_not(toy: Lab) -> None:
    flags = (Flag("recovered", (), "a cell was recovered"), Flag("suspicious", (), "looks odd"))
    work = type("Work", (), {"flags": flags})()
    assert program._repaired(work) == ["a cell was recovered"]
