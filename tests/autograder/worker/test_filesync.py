"""What a student's process sends changes no file of the course's and is never imported; everything else follows calls."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from autograder.execution.limits import Environment, Limits
from autograder.execution.runner import run_steps
from autograder.execution.steps import Step
from autograder.sandbox import strongest
from autograder.worker.filesync import MAX_DEPTH, MAX_FILES, Files


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The examiner's folder, in which the course laid a table, a module and a package."""
    folder = tmp_path / "examiner"
    (folder / "more").mkdir(parents=True)
    (folder / "data.csv").write_text("the course's")
    (folder / "tools.py").write_text("said = 'the course'")
    (folder / "more" / "__init__.py").write_text("said = 'the course'")
    return folder


@pytest.fixture
def files(folder: Path) -> Files:
    files = Files(folder)
    files.remember()
    files.claim()
    return files


def sent(*items: tuple[str, bytes]) -> list[tuple[str, memoryview]]:
    return [(name, memoryview(data)) for name, data in items]


@pytest.mark.parametrize(
    "items",
    [
        [("+data.csv", b"mine")],
        [("-data.csv", b"")],
        [("-data.csv", b""), ("/data.csv", b""), ("+data.csv/x", b"mine")],
        [("+./data.csv", b"mine"), ("+more/../data.csv", b"mine"), ("+data.csv/", b"mine"), ("+more//../data.csv", b"mine")],
        [("-more/__init__.py", b""), ("-more", b""), ("+more", b"mine")],
        [("+tools.py", b"mine"), ("+__pycache__/tools.cpython-311.pyc", b"mine"), ("+.hidden", b"mine")],
    ],
)
def test_the_courses_own_files_cannot_be_written_deleted_or_replaced(
    items: list[tuple[str, bytes]], files: Files, folder: Path
) -> None:
    before = {path: path.is_file() and path.read_bytes() for path in folder.rglob("*")}
    files.put(sent(*items))
    assert {path: path.is_file() and path.read_bytes() for path in folder.rglob("*")} == before


def test_new_files_come_may_be_changed_later_and_go(files: Files, folder: Path) -> None:
    files.put(sent(("/more/own", b""), ("+more/own/a.txt", b"one"), ("+b.txt", b"two")))
    assert (folder / "more" / "own" / "a.txt").read_text() == "one"
    files.put(sent(("+b.txt", b"three"), ("-more/own/a.txt", b""), ("-more/own", b"")))
    assert (folder / "b.txt").read_text() == "three"
    assert not (folder / "more" / "own").exists()
    assert files.changed() == [], "what came is not sent back"


def test_what_a_test_writes_may_be_changed_and_what_the_labs_cells_write_may_not(files: Files, folder: Path) -> None:
    (folder / "for_a_function.txt").write_text("before")
    with files.own_work():
        (folder / "made.csv").write_text("the lab's")
    files.put(sent(("+for_a_function.txt", b"after"), ("+made.csv", b"mine")))
    assert (folder / "for_a_function.txt").read_text() == "after"
    assert (folder / "made.csv").read_text() == "the lab's"


def test_the_labs_cells_do_not_find_what_a_student_laid_ready_for_them(files: Files, folder: Path) -> None:
    files.put(sent(("+made.csv", b"mine"), ("+other.txt", b"other")))
    with files.own_work():
        assert not (folder / "other.txt").exists()
        if not (folder / "made.csv").exists():
            (folder / "made.csv").write_text("the lab's")
    assert (folder / "made.csv").read_text() == "the lab's"
    assert (folder / "other.txt").read_text() == "other"
    files.put(sent(("+made.csv", b"mine"), ("+other.txt", b"changed")))
    assert (folder / "made.csv").read_text() == "the lab's"
    assert (folder / "other.txt").read_text() == "changed"


def test_number_depth_and_size_of_what_is_taken_are_bounded(
    files: Files, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for start in range(0, 3 * MAX_FILES, 500):
        files.put(sent(*((f"+f{number}", b"") for number in range(start, start + 500))))
    assert len(list(folder.glob("f*"))) == MAX_FILES
    files.put(sent(("+f0", b"still mine to change"), ("-f1", b""), ("+" + "d/" * MAX_DEPTH + "deep", b"")))
    assert (folder / "f0").read_text() == "still mine to change"
    assert not (folder / "d").exists()
    files._left = 10
    files.put(sent(("+f0", b"12345678"), ("+f2", b"12345678")))
    assert ((folder / "f0").read_text(), (folder / "f2").read_text()) == ("12345678", "")


@pytest.mark.parametrize("name", ["+a\0b", "+\ud800", "", "+", "?", "+" + "x" * 5000, "+" + "a/" * 3000])
def test_a_name_that_is_none_harms_nothing(name: str, files: Files, folder: Path) -> None:
    files.put(sent((name, b"x"), ("+good.txt", b"good")))
    assert {path.name for path in folder.iterdir()} == {"data.csv", "tools.py", "more", "good.txt"}


IMPORTING = """
import importlib.util, sys
from pathlib import Path
from autograder.worker.filesync import Files
sys.path[:0] = ["", ".", str(Path.cwd())]
files = Files(Path.cwd()); files.remember(); files.claim(); files.guard_imports()
bad = b"print('a student')"
names = "wave.py", "pkg/__init__.py", "more/evil.py", "tools.pyc", "colorsys.pyc"
files.put([("+" + name, memoryview(bad)) for name in names])
with files.own_work():
    Path("written.py").write_text("said = 'the lab'")
import tools, more, written, wave
print(tools.said, more.said, written.said, wave.__file__ != str(Path("wave.py").absolute()))
print([name for name in ("pkg", "more.evil") if importlib.util.find_spec(name)])
"""


def test_modules_come_from_the_courses_own_files_only(folder: Path) -> None:
    ended = subprocess.run([sys.executable, "-c", IMPORTING], cwd=folder, capture_output=True, text=True)
    assert ended.stderr == ""
    assert ended.stdout == "the course the course the lab True\n[]\n"


OVERWRITE = """
import os, shutil
def answer():
    for name in ("data.csv", "tools.py", "made.csv", "random_tool.py", "numpy.py", "scipy.py"):
        open(name, "w").write("raise SystemExit; mine = 1")
    return 1
answer()
"""
TEST = """
import tools
assert answer() == 1
assert open("data.csv").read() == open("made.csv").read() == "the course's"
assert tools.said == "the course"
import importlib, numpy.ma.mrecords, scipy.cluster
importlib.reload(tools)
assert open("numpy.py").read().startswith("raise"), "files that are the student's own come"
try:
    import random_tool
except ModuleNotFoundError:
    pass
else:
    raise AssertionError("a student's module was imported")
"""


@pytest.fixture
def beside(folder: Path) -> tuple[tuple[str, str], ...]:
    return tuple((str(path.relative_to(folder)), str(path)) for path in folder.rglob("*.*"))


def test_a_hidden_test_reads_the_courses_files_whatever_a_student_does_to_them(
    beside: tuple[tuple[str, str], ...],
) -> None:
    given = "open('made.csv', 'w').write(\"the course's\")"
    steps = [Step(OVERWRITE), Step(given, "given", given), Step(TEST, "test", names=("answer",))]
    environment = Environment(level=strongest(), files=True, beside=beside)
    *_, outcome = run_steps(steps, limits=Limits(), environment=environment)
    assert (outcome.status, outcome.message) == ("ok", "")


def test_a_module_beside_the_notebook_is_there_for_tests_and_for_the_notebook_where_no_files_are_shared(
    beside: tuple[tuple[str, str], ...],
) -> None:
    steps = [Step("import tools\nf = lambda: tools.said"), Step("import tools\nassert f() == tools.said", "test", names=("f",))]
    outcomes = run_steps(steps, limits=Limits(), environment=Environment(level=strongest(), beside=beside))
    assert [(outcome.status, outcome.message) for outcome in outcomes] == [("ok", "")] * 2
