"""Submissions are read in a process of its own: what is hostile to whoever reads it ends there, and the next file is read."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

import autograder
from autograder.authoring.demo import solve
from autograder.grading.submissions import reading
from autograder.grading.submissions.reading import Recognised, UnreadableError, read_submission, recognise
from autograder.grading.submissions.submission import read_submission_here
from autograder.labs.model import Lab
from autograder.sandbox import interpreters
from autograder.sandbox.interpreters import command

SOLVED = {"mean": "mean = lambda x: x.mean()", "halving": "w = 2.0 ** -STEPS"}


def hand_in(lab: Lab, path: Path, change: Callable[[dict[str, Any]], Any] = lambda notebook: None) -> Path:
    notebook = json.loads(json.dumps(solve(lab, SOLVED)))
    change(notebook)
    path.write_text(json.dumps(notebook))
    return path


def code_cell(source: str) -> dict[str, Any]:
    return {"cell_type": "code", "source": source, "metadata": {}, "outputs": [], "execution_count": None}


def test_what_is_read_apart_is_what_is_read_here(toy: Lab, tmp_path: Path) -> None:
    def change(notebook: dict[str, Any]) -> None:
        notebook["cells"][3]["source"] += "  \n# ä \U0001f600"
        notebook["cells"].append(code_cell("import ctypes"))
        notebook["cells"].insert(0, notebook["cells"].pop(4))

    path = hand_in(toy, tmp_path / "a.ipynb", change)
    apart, here = read_submission(toy, path), read_submission_here(toy, path)
    assert (apart.code, apart.exercises, apart.written, apart.flags) == (here.code, here.exercises, here.written, here.flags)
    assert [flag.message for flag in apart.odd] == [
        "line 1 of a cell of the student's own accesses Python's internals: please look"
    ]


def serve_after(monkeypatch: pytest.MonkeyPatch, code: str) -> None:
    """Let the next process run this code before it serves."""
    reading._reader.close()

    def changed(*arguments: str) -> list[str]:
        line = command(*arguments)
        assert "getattr(importlib" in line[3]
        return [*line[:3], line[3].replace("getattr(importlib", f"{code}; getattr(importlib"), *line[4:]]

    monkeypatch.setattr(interpreters, "command", changed)  # taken by the reader when it starts a process


def test_a_file_that_takes_too_much_memory_is_refused_and_the_next_is_read(
    toy: Lab, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    serve_after(monkeypatch, "import autograder.grading.submissions.reading as r; r.MEMORY = 300 << 20")
    bomb = hand_in(toy, tmp_path / "bomb.ipynb", lambda notebook: notebook["metadata"].update(x=[{}] * 6_000_000))
    with pytest.raises(UnreadableError, match=r"bomb\.ipynb: reading it took more than .* memory; clear all outputs"):
        read_submission(toy, bomb)
    assert recognise(bomb).error.startswith("bomb.ipynb: reading it took more than")
    assert read_submission(toy, hand_in(toy, tmp_path / "good.ipynb")).exercises == SOLVED
    reading._reader.close()


def test_a_file_that_takes_too_long_is_refused_and_the_next_is_read(
    toy: Lab, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    slow = "import autograder.grading.submissions.reading as r; r.CPU_SECONDS = 1; old = r.read_submission_here; r.read_submission_here = "
    slow += "lambda lab, path, *a, **k: [0 for _ in iter(int, 1)] if path.name == 'slow.ipynb' else old(lab, path, *a, **k)"
    serve_after(monkeypatch, slow)
    started = time.monotonic()
    with pytest.raises(UnreadableError, match=r"slow\.ipynb: reading it took more than"):
        read_submission(toy, hand_in(toy, tmp_path / "slow.ipynb"))
    assert read_submission(toy, hand_in(toy, tmp_path / "good.ipynb")).exercises == SOLVED
    assert time.monotonic() - started < 60
    reading._reader.close()


def test_code_is_looked_through_only_for_whoever_grades(toy: Lab, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = hand_in(toy, tmp_path / "a.ipynb")
    graded = read_submission(toy, path, pictures=True)
    reading._reader.close()
    serve_after(
        monkeypatch,
        "import autograder.grading.submissions.reading as r, os; r._looked_through = lambda lab, work: os.kill(os.getpid(), 9)",
    )
    for _ in range(2):  # the process goes on
        assert read_submission(toy, path, pictures=True, look=False) == replace(graded, skippable=frozenset(), odd=())
    reading._reader.close()


def test_code_that_cannot_be_looked_through_is_graded_and_pointed_at(
    toy: Lab, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    serve_after(
        monkeypatch,
        "import autograder.grading.submissions.reading as r, os; r._looked_through = lambda lab, work: os.kill(os.getpid(), 9)",
    )
    work = read_submission(toy, hand_in(toy, tmp_path / "a.ipynb"))
    assert work.exercises == SOLVED
    assert work.skippable == frozenset()
    assert [(flag.kind, "could not be looked through" in flag.message) for flag in work.odd] == [("suspicious", True)]
    reading._reader.close()


def test_labs_take_turns(toy: Lab, tmp_path: Path) -> None:
    path = hand_in(toy, tmp_path / "a.ipynb")
    other = toy.with_exercises({"mean": "### BEGIN SOLUTION\nother = 1\n### END SOLUTION"})
    assert [len(read_submission(lab, path).exercises) for lab in (toy, other, toy)] == [2, 2, 2]


def test_a_large_file_of_honest_pictures_is_read(toy: Lab, tmp_path: Path) -> None:
    output = {"output_type": "display_data", "data": {"image/png": "iVBORw0K" * 400_000}, "metadata": {}}
    path = hand_in(toy, tmp_path / "a.ipynb", lambda nb: [cell.update(outputs=[output]) for cell in nb["cells"]])
    assert path.stat().st_size > 30 * 2**20
    assert read_submission(toy, path).exercises == SOLVED


def test_a_file_says_which_lab_it_belongs_to(toy: Lab, tmp_path: Path) -> None:
    path = hand_in(toy, tmp_path / "whatever.ipynb")
    assert recognise(path, {"mean", "test_mean", "nothing"}) == Recognised("lab00_toy", 2)
    (tmp_path / "x.ipynb").write_text("nonsense")
    assert "not a notebook" in recognise(tmp_path / "x.ipynb").error
    hand_in(toy, path, lambda notebook: notebook["metadata"].update(coursekit={"lab": "\ud800\x1b[/]" * 1000}))
    assert recognise(path).lab.isprintable()


def test_people_see_the_text_and_the_pictures_of_cells_and_nothing_else(toy: Lab, tmp_path: Path) -> None:
    def change(notebook: dict[str, Any]) -> None:
        image = {"image/png": ["iVBO", "Rw0K"], "image/svg+xml": "<svg onload=alert(1)>", "text/html": "<script>"}
        outputs = [{"output_type": "display_data", "data": image}, {"output_type": "stream", "text": "x"}]
        attachments = {
            "a.png": {"image/png": "iVBORw0K"},
            "b.png": {"image/png": "<script>"},
            "c.svg": {"image/svg+xml": "iVB"},
        }
        notebook["cells"].append({**code_cell("x"), "outputs": outputs, "attachments": attachments, "id": "a", "evil": [1]})

    path = hand_in(toy, tmp_path / "a.ipynb", change)
    work = read_submission(toy, path, pictures=True)
    assert replace(work, cells=()) == read_submission(toy, path)
    assert work.cells[-1] == {
        "cell_type": "code",
        "source": "x",
        "metadata": {},
        "id": "a",
        "attachments": {"a.png": {"image/png": "iVBORw0K"}},
        "outputs": [{"output_type": "display_data", "data": {"image/png": "iVBORw0K"}, "metadata": {}}],
    }


def test_modules_in_the_folder_where_one_stands_and_in_pythonpath_are_not_run(toy: Lab, tmp_path: Path) -> None:
    submissions, evil = tmp_path / "class", tmp_path / "evil"
    for folder in (submissions, evil):
        folder.mkdir()
        for name in ("random", "json", "six", "sitecustomize", "usercustomize", "autograder", "numpy", "rapidfuzz"):
            (folder / f"{name}.py").write_text(f"open({str(tmp_path / 'ran')!r}, 'a').write(__file__)\n")
    path = hand_in(toy, submissions / "eva.ipynb")
    code = (
        "import os, sys; sys.path.append(sys.argv[3])\n"
        "from pathlib import Path\nfrom autograder.labs import load_lab\nfrom autograder.grading.submissions import reading\n"
        "lab = load_lab(Path(sys.argv[1])); reading.released_cells(lab)\n"  # all that this process imports itself
        "os.environ['PYTHONPATH'] = os.environ['PYTHONSTARTUP'] = sys.argv[4]; sys.path[:0] = ['', os.getcwd()]\n"
        "print(len(reading.read_submission(lab, Path(sys.argv[2])).exercises))"
    )
    root = str(Path(autograder.__file__).parents[1])
    command = [sys.executable, "-I", "-c", code, str(toy.folder), str(path), root, str(evil)]
    run = subprocess.run(command, cwd=submissions, capture_output=True, text=True, env={**os.environ}, check=False)
    assert run.stdout == "2\n", run.stderr
    assert not (tmp_path / "ran").exists()
