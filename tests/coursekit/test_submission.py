"""`coursekit.submit` finds, repairs and runs a lab's notebook, and writes the one file to hand in."""

from __future__ import annotations

import copy
import json
import os
import re
import sys
import time
from contextlib import suppress
from datetime import datetime, timedelta
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import nbformat
import psutil
import pytest
from nbgrader.utils import compute_checksum

import coursekit
from autograder.grading.submissions.attempts import student_of_file
from autograder.grading.submissions.submission import read_submission_here
from autograder.labs.source import load_lab
from coursekit import _front_end
from coursekit._outline import outline_of
from coursekit._record import Ran
from coursekit.submission import SubmissionError, handing_in, identity
from coursekit.submission import find as finding
from coursekit.submission import notebook as nb
from coursekit.submission.find import Found, find
from coursekit.submission.history import out_of_order, unsaved
from coursekit.submission.identity import Student
from coursekit.submission.repair import repair
from coursekit.submission.run import Run, run_fresh
from coursekit.submission.saved import about_saved, first_words
from coursekit.submission.telling import Telling, estimate
from coursekit.submission.write import file_name, lighten, put_receipt, write

ROOT = Path(coursekit.__file__).parents[1]
RELEASE = json.loads((ROOT / "notebooks" / "labs" / "lab02_mlp.ipynb").read_text(encoding="utf-8"))

EVA = Student("eva", "as the test says")


@pytest.fixture
def release() -> dict[str, Any]:
    return nb.parse(json.dumps(RELEASE), "lab02_mlp.ipynb")


@pytest.fixture
def notebook(release: dict[str, Any]) -> dict[str, Any]:
    """The release with one answer written."""
    work = copy.deepcopy(release)
    cell_of(work, "standardise")["source"] = "def standardise(X_train, X):\n    return X - 1\n"
    return work


@pytest.fixture(autouse=True)
def own_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(identity, "_file", lambda: tmp_path / "home" / "student.txt")


def cell_of(notebook: dict[str, Any], name: str) -> dict[str, Any]:
    return next(cell for cell in notebook["cells"] if nb.grade_id(cell) == name)


def ids(notebook: dict[str, Any]) -> list[str]:
    return [name for name in map(nb.grade_id, notebook["cells"]) if name]


def code(source: str, **metadata: Any) -> dict[str, Any]:
    return {"cell_type": "code", "metadata": metadata, "source": source, "outputs": [], "execution_count": None}


def tiny(*sources: str) -> dict[str, Any]:
    return {"cells": [code(s) for s in sources], "metadata": {}, "nbformat": 4, "nbformat_minor": 4}


def save(notebook: dict[str, Any], path: Path) -> Path:
    path.write_text(json.dumps(notebook), encoding="utf-8")
    return path


# ── nbgrader's notes ─────────────────────────────────────────────────────────────────────────────────────────────────


def test_checksums_are_those_of_nbgrader(release: dict[str, Any]) -> None:
    marked = [cell for cell in release["cells"] if nb.grade_id(cell)]
    assert [nb.checksum(cell) for cell in marked] == [
        compute_checksum(nbformat.from_dict({**cell, "source": nb.source(cell)})) for cell in marked
    ]
    assert not any(map(nb.was_changed, marked))


# ── repair ───────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_an_untouched_notebook_needs_no_repair(notebook: dict[str, Any], release: dict[str, Any]) -> None:
    found = repair(notebook, release)
    assert (found.repaired, found.warnings, found.missing) == ((), (), ())
    assert found.notebook == notebook


def test_an_edited_check_and_its_points_are_put_back(notebook: dict[str, Any], release: dict[str, Any]) -> None:
    check = cell_of(notebook, "test_standardise")
    check["source"] = "pass"
    check["metadata"]["nbgrader"]["points"] = 50
    found = repair(notebook, release)
    assert cell_of(found.notebook, "test_standardise") == cell_of(release, "test_standardise")
    assert found.repaired == ("Read-only cells were changed, and are as they were handed out again: test_standardise.",)


def test_a_check_of_another_release_is_left_alone(notebook: dict[str, Any], release: dict[str, Any]) -> None:
    check = cell_of(notebook, "test_standardise")
    check["source"] = "check.true(True, 'older')"
    check["metadata"]["nbgrader"]["checksum"] = nb.checksum(check)
    found = repair(notebook, release)
    assert cell_of(found.notebook, "test_standardise")["source"] == "check.true(True, 'older')"
    assert (found.repaired, found.warnings) == ((), ())


def test_an_edited_check_without_a_known_release_is_named(notebook: dict[str, Any]) -> None:
    cell_of(notebook, "test_standardise")["source"] = "pass"
    found = repair(notebook, None)
    assert found.warnings == ("Read-only cells were changed. The marker runs its own: test_standardise.",)


@pytest.mark.parametrize("answered_first", [True, False])
def test_of_a_doubled_answer_the_last_written_one_counts(
    notebook: dict[str, Any], release: dict[str, Any], answered_first: bool
) -> None:
    written, blank = cell_of(notebook, "standardise"), copy.deepcopy(cell_of(release, "standardise"))
    place = notebook["cells"].index(written)
    notebook["cells"].insert(place + answered_first, blank)
    found = repair(notebook, release)
    assert cell_of(found.notebook, "standardise")["source"] == written["source"]
    assert sorted(ids(found.notebook)) == sorted(ids(release))
    assert "standardise" in found.repaired[0]


def test_an_earlier_written_copy_stays_as_a_plain_cell(notebook: dict[str, Any], release: dict[str, Any]) -> None:
    first = cell_of(notebook, "standardise")
    second = copy.deepcopy(first)
    second["source"] = "def standardise(X_train, X):\n    return X - 2\n"
    notebook["cells"].insert(notebook["cells"].index(first) + 1, second)
    found = repair(notebook, release).notebook
    assert cell_of(found, "standardise")["source"] == second["source"]
    assert [nb.grade_id(c) for c in found["cells"] if c["source"] == first["source"]] == [""]


def test_missing_checks_come_back_to_their_place_and_missing_answers_are_named(
    notebook: dict[str, Any], release: dict[str, Any]
) -> None:
    gone = ("test_standardise", "standardise")
    notebook["cells"] = [cell for cell in notebook["cells"] if nb.grade_id(cell) not in gone]
    found = repair(notebook, release)
    assert ids(found.notebook) == [name for name in ids(release) if name != "standardise"]
    assert found.missing == ("standardise",)
    assert found.warnings == ("Missing answers, whose cells are not in the notebook: standardise.",)


def test_an_answer_that_lost_its_notes_has_them_again_by_its_id(notebook: dict[str, Any], release: dict[str, Any]) -> None:
    cell_of(notebook, "standardise")["metadata"] = {}
    found = repair(notebook, release)
    assert cell_of(found.notebook, "standardise")["source"].endswith("X - 1\n")
    assert found.missing == ()


def test_a_cell_put_back_into_an_old_format_has_no_id(notebook: dict[str, Any], release: dict[str, Any]) -> None:
    notebook["nbformat_minor"] = 0
    notebook["cells"] = [
        {k: v for k, v in c.items() if k != "id"} for c in notebook["cells"] if nb.grade_id(c) != "given_setup"
    ]
    found = repair(notebook, release).notebook
    nbformat.validate(nbformat.from_dict(found))
    assert "given_setup" in ids(found)


# ── history ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_work_that_ran_and_is_not_in_the_file_is_noticed() -> None:
    saved = ["import numpy as np", "def softmax(z):\n    raise NotImplementedError()", "print(softmax([1]))"]
    ran = [saved[0], saved[1], "def softmax(z):\n    return np.exp(z)", saved[2]]
    assert unsaved(ran, saved) == [1]


def test_an_attempt_that_a_later_run_replaced_is_not_called_unsaved() -> None:
    saved = ["def softmax(z):\n    return np.exp(z)"]
    assert unsaved(["def softmax(z):\n    return np.exp(x)", saved[0], "1 + 1", "coursekit.submit()"], saved) == []


def test_cells_that_ran_out_of_order_are_found_by_their_last_run() -> None:
    assert out_of_order(["c = 3", "a = 1", "b = 2"], ["a = 1", "b = 2", "c = 3"]) == [(1, 2)]
    assert out_of_order(["c = 3", "a = 1", "b = 2", "c = 3"], ["a = 1", "b = 2", "c = 3"]) == []


def test_a_cell_that_only_looks_or_stands_twice_is_not_out_of_order() -> None:
    look = "coursekit.progress()"
    assert out_of_order(["a = 1", "b = 2", look], [look, "a = 1", look, "b = 2"]) == []
    assert out_of_order(["a = 1", look], ["coursekit.progress()  # now", "a = 1"]) == []
    assert out_of_order(["print(a)", "a = 1", "print(a)"], ["print(a)", "a = 1", "print(a)"]) == []


# ── finding the notebook ─────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("told", ["jupyter", "vscode"])
def test_the_notebook_is_where_jupyterlab_or_vs_code_says(
    notebook: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, told: str
) -> None:
    path = save(notebook, tmp_path / "my lab.ipynb")
    names = {"__vsc_ipynb_file__": str(path)} if told == "vscode" else {}
    monkeypatch.setenv("JPY_SESSION_NAME", str(path) if told == "jupyter" else "")
    monkeypatch.setattr(_front_end, "shell", lambda: SimpleNamespace(user_ns=names))
    assert find().path == path


def test_colab_gives_the_notebook_as_it_is_on_the_page(notebook: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    colab = ModuleType("google.colab")
    colab._message = SimpleNamespace(blocking_request=lambda name, timeout_sec: {"ipynb": notebook})  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "google", ModuleType("google"))
    monkeypatch.setitem(sys.modules, "google.colab", colab)
    assert find().is_live
    assert find().notebook == notebook
    colab._message.blocking_request = lambda name, timeout_sec: None
    with pytest.raises(SubmissionError, match=r"120 seconds.*Download \.ipynb"):
        find()


def test_a_notebook_that_cannot_be_found_is_asked_for(
    notebook: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    save(notebook, tmp_path / "lab02_mlp.ipynb")
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("JPY_SESSION_NAME", raising=False)
    with pytest.raises(SubmissionError, match=r'Write coursekit\.submit\("lab02_mlp\.ipynb"\)'):
        find()


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (None, "no file"),
        ("{", "not a notebook"),
        ('{"cells": []}', "with cells"),
        ('{"cells": [1]}', "damaged"),
        ("[]", "with cells"),
    ],
)
def test_a_file_that_is_no_notebook_is_refused_in_a_sentence(tmp_path: Path, content: str | None, said: str) -> None:
    path = tmp_path / "x.ipynb"
    if content is not None:
        path.write_text(content)
    with pytest.raises(SubmissionError, match=said):
        find(path)


def test_a_notebook_of_no_lab_is_refused_and_one_that_lost_its_name_is_known_by_its_cells(notebook: dict[str, Any]) -> None:
    with pytest.raises(SubmissionError, match="none of the course's labs"):
        nb.released(tiny("1 + 1"))
    notebook["metadata"] = {}
    assert nb.released(notebook)[0] == "lab02_mlp"


# ── the run ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_fresh_run_goes_on_after_an_error_and_knows_nothing_of_this_process(tmp_path: Path) -> None:
    seen: list[int] = []
    run = run_fresh(
        tiny("x = 1", "raise ValueError('no')", "print(x, 'pytest' in __import__('sys').modules)"), tmp_path, 60, seen.append
    )
    assert (run.errors, run.problem, seen) == ({0: "", 1: "ValueError: no", 2: ""}, "", [0, 1, 2])
    assert run.outputs[2][0][0]["text"] == "1 False\n"


def test_a_run_over_its_time_is_ended_and_says_what_it_reached(tmp_path: Path) -> None:
    pid = tmp_path / "pid"
    loop = f"import os, time; open({str(pid)!r}, 'w').write(str(os.getpid()))"
    run = run_fresh(tiny(loop, "while True: time.sleep(0.1)", "1"), tmp_path, 5)
    assert run.errors in ({0: ""}, {})
    assert "ended after 5 seconds" in run.problem
    if pid.exists():
        assert _ends(int(pid.read_text()))


def _ends(pid: int) -> bool:
    """Whether a process ends within seconds; one that nobody has waited for yet has ended."""
    with suppress(psutil.NoSuchProcess):
        process = psutil.Process(pid)
        for _ in range(100):
            if process.status() == psutil.STATUS_ZOMBIE:
                break
            time.sleep(0.1)
        else:
            return False
    return True


def test_without_nbclient_the_cells_run_in_a_plain_shell(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "nbclient.py").write_text("")
    hide = "import importlib.util as u\nf = u.find_spec\nu.find_spec = lambda n, p=None: None if n == 'nbclient' else f(n, p)\n"
    (tmp_path / "sitecustomize.py").write_text(hide)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    run = run_fresh(tiny("x = 2", "1 / 0", "import coursekit\ncoursekit.submit()\nassert x == 2"), tmp_path, 60)
    assert (run.errors, run.outputs, run.problem) == ({0: "", 1: "ZeroDivisionError: division by zero", 2: ""}, {}, "")


# ── the file ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_what_is_handed_in_is_a_valid_notebook_that_the_grader_takes(
    notebook: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cells = notebook["cells"]
    cells.insert(0, copy.deepcopy(cell_of(notebook, "test_standardise")))
    cell_of(notebook, "given_setup")["source"] = "import math"
    report = handing_in.prepare(Found(notebook, tmp_path), student=Student("eva müller", "as the test says"), seconds=0)
    made = nbformat.read(report.path, as_version=4)
    nbformat.validate(made)
    work = read_submission_here(load_lab(ROOT / "labs" / "lab02_mlp"), report.path)
    assert work.flags == ()
    assert work.exercises["standardise"].strip() == "def standardise(X_train, X):\n    return X - 1"
    assert student_of_file(report.path.stem, "lab02_mlp") == ("eva-muller", "")
    assert student_of_file(f"mullereva_4711_90210_{report.path.stem}", "lab02_mlp") == ("mullereva", "4711")
    assert made.metadata.coursekit.receipt.answers == nb.fingerprint(json.loads(report.path.read_text(encoding="utf-8")))
    assert [cell.metadata.get("nbgrader", {}) for cell in made.cells if nb.grade_id(cell)] == [
        cell["metadata"]["nbgrader"] for cell in RELEASE["cells"] if nb.grade_id(cell)
    ]


def test_the_card_counts_answers_and_checks(notebook: dict[str, Any], tmp_path: Path) -> None:
    passed, failed = cell_of(notebook, "test_standardise"), cell_of(notebook, "test_standardise_split")
    passed["execution_count"], failed["execution_count"] = 3, 4
    failed["outputs"] = [
        {"output_type": "error", "ename": "Mistake", "evalue": "take both from <X_train>\nmore", "traceback": []}
    ]
    report = handing_in.prepare(Found(notebook, tmp_path), student=EVA, seconds=0)
    answers = sum(map(nb.is_answer, RELEASE["cells"]))
    text, html = report.card().text(), report.card().html()
    assert f"1 of {answers} answers are written" in text
    assert report.checks["test_standardise"] == ""
    assert "Exercise 1 (3 points) · Scale the inputs: take both from <X_train>" in text
    assert "&lt;X_train&gt;" in html
    assert "<script" not in html
    assert "http" not in html


def test_a_given_cell_that_stops_in_the_fresh_run_is_named_and_the_work_is_not_called_ready(
    notebook: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    setup = next(i for i, cell in enumerate(notebook["cells"]) if nb.grade_id(cell) == "given_setup")
    tests = {i: "Mistake: no" for i, cell in enumerate(notebook["cells"]) if nb.is_test(cell)}
    answers = {i: "NotImplementedError: " for i, cell in enumerate(notebook["cells"]) if nb.is_answer(cell)}
    said = {}
    for errors in ({}, {setup: "TypeError: 'list' object is not callable\nmore"}):
        monkeypatch.setattr(handing_in, "run_fresh", lambda *_, errors=errors: Run({**tests, **answers, **errors}, {}, ""))
        report = handing_in.prepare(Found(notebook, tmp_path), student=EVA, seconds=1)
        said[bool(errors)] = [warning for warning in report.warnings if "stopped" in warning]
        assert report.card().title.startswith("Can be handed in, but is not complete: ")
    assert said[False] == []  # checks and answers have lines of their own
    (warning,) = said[True]
    assert "the set-up cell stopped with TypeError: 'list' object is not callable: " in warning


def test_no_line_of_the_card_speaks_of_a_cell_by_its_id(notebook: dict[str, Any], tmp_path: Path) -> None:
    """Every kind of cell goes wrong: changed, lost, doubled, failing, not run, not written."""
    cells = notebook["cells"]
    cells.insert(0, copy.deepcopy(cell_of(notebook, "standardise")))
    cell_of(notebook, "given_setup")["source"] = "import math"
    notebook["cells"] = [cell for cell in cells if nb.grade_id(cell) not in ("softmax", "test_softmax")]
    failed = cell_of(notebook, "test_standardise")
    failed["execution_count"] = 1
    failed["outputs"] = [{"output_type": "error", "ename": "Mistake", "evalue": "divide by s", "traceback": []}]
    report = handing_in.prepare(Found(notebook, tmp_path), student=EVA, seconds=0)
    said = report.card().text()
    shown = set(re.findall(r"\w+", said))
    assert {name for name in ids(RELEASE) if "_" in name and name in shown} == set()
    above = RELEASE["cells"][: RELEASE["cells"].index(cell_of(RELEASE, "softmax"))]
    headings = re.findall(r"^### (Exercise .+)$", "\n".join(nb.source(c) for c in above if c["cell_type"] == "markdown"), re.M)
    assert f"Missing answers, whose cells are not in the notebook: {headings[-1]}." in said
    assert "as they were handed out again: the set-up cell." in said


def test_answers_and_checks_are_called_by_number_and_section_and_lead_to_their_heading(
    notebook: dict[str, Any], tmp_path: Path
) -> None:
    card = handing_in.prepare(Found(notebook, tmp_path), student=EVA, seconds=0).card()
    (open_ones,) = [section.lines for section in card.sections if section.heading == "Not written yet"]
    outline = outline_of("lab02_mlp", RELEASE)
    assert [str(line) for line in open_ones] == [part.label for part in outline.parts if part.name != "standardise"]
    for part in outline.exercises[1:]:
        assert f'<a href="#{part.title.replace(" ", "-")}"' in card.html()


def test_a_check_of_an_answer_that_is_not_written_says_nothing_of_its_own(
    notebook: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    errors = {i: "NotImplementedError: " for i, cell in enumerate(notebook["cells"]) if nb.is_test(cell)}
    monkeypatch.setattr(handing_in, "run_fresh", lambda *_: Run(errors, {}, ""))
    sections = {
        s.heading: s.lines for s in handing_in.prepare(Found(notebook, tmp_path), student=EVA, seconds=1).card().sections
    }
    assert {str(line).partition(" · ")[0] for line in sections["Checks that fail"]} == {"Exercise 1 (3 points)"}
    assert not any(str(line).startswith("Exercise 1 ") for line in sections["Not written yet"])


def overwriting(notebook: dict[str, Any], line: str) -> dict[str, Any]:
    """Give a notebook a line, in the answer to its first exercise, that overwrites a name, and each check below an error."""
    cell_of(notebook, "standardise")["source"] += f"{line}\n"
    return notebook


@pytest.mark.parametrize("fresh", [True, False])
@pytest.mark.parametrize("line", ["np = 5", "list = [1, 2]", "keras = None", "plt = 3", "print = 'x'", "def max(x): return 1"])
def test_an_overwritten_name_is_named_once_with_its_cell_and_the_cells_that_it_stopped_are_not_listed(
    notebook: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, line: str, fresh: bool
) -> None:
    name = line.removeprefix("def ").split("(")[0].split(" ")[0]
    work = overwriting(notebook, line)
    work["cells"].append(code(f"{name}.x({name}(3))"))
    answer = work["cells"].index(cell_of(work, "standardise"))
    below = [i for i, cell in enumerate(work["cells"]) if cell["cell_type"] == "code" and i > answer]
    errors = dict.fromkeys(below, "AttributeError: 'int' object has no attribute 'mean'\nmore")
    for i in below:
        work["cells"][i]["execution_count"] = 1
        work["cells"][i]["outputs"] = [
            {
                "output_type": "error",
                "ename": "AttributeError",
                "evalue": "'int' object has no attribute 'mean'",
                "traceback": [],
            }
        ]
    monkeypatch.setattr(handing_in, "run_fresh", lambda *_: Run(errors, {}, ""))
    report = handing_in.prepare(Found(work, tmp_path), student=EVA, seconds=float(fresh))
    said = report.card().text()
    assert said.count("AttributeError") == 0
    (message,) = [warning for warning in report.warnings if "overwritten" in warning]
    assert f"`{name}` by `{line}` in Exercise 1 (3 points)" in message
    assert f"{len(below)} cells below stopped because of it." in message
    assert "Restart Kernel and Run All Cells" in message
    assert "Checks that fail" not in said


def test_an_overwritten_name_that_stopped_nothing_or_was_put_back_is_not_spoken_of(
    notebook: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    last = len(notebook["cells"])
    notebook["cells"].append(code("np.mean([1])"))
    for line, errors in (
        ("np = 5", {last: ""}),
        ("np = 5", {last: "ZeroDivisionError: division by zero"}),
        ("np = 5\nimport numpy as np", {last: "TypeError: no"}),
        ("list = 5\ndel list", {last: "TypeError: no"}),
    ):
        monkeypatch.setattr(handing_in, "run_fresh", lambda *_, errors=errors: Run(errors, {}, ""))
        work = overwriting(copy.deepcopy(notebook), line)
        report = handing_in.prepare(Found(work, tmp_path), student=EVA, seconds=1)
        assert not [warning for warning in report.warnings if "overwritten" in warning]
        assert [warning for warning in report.warnings if "stopped with" in warning] or not any(errors.values())


def test_a_notebook_whose_modules_are_overwritten_is_explained_in_a_real_run(tmp_path: Path) -> None:
    setup = code("import math", nbgrader={"grade_id": "given_setup", "locked": True, "grade": False, "solution": False})
    work = {
        **tiny("math = 5\nlist = [1]", "math.sqrt(4)", "list(range(3))", "1 / 0"),
        "metadata": {"coursekit": {"lab": "lab98"}},
    }
    work["cells"].insert(0, setup)
    report = handing_in.prepare(Found(work, tmp_path), student=EVA, seconds=60)
    first = [warning for warning in report.warnings if "overwritten" in warning]
    assert len(first) == 1
    for part in (
        "`math` by `math = 5`",
        "`list` by `list = [1]`",
        "the cell that begins with `math = 5`",
        "2 cells below stopped",
    ):
        assert part in first[0]
    assert [w for w in report.warnings if "stopped with" in w] == [
        "When the notebook ran, the cell that begins with `1 / 0` stopped with ZeroDivisionError: division by zero: is an answer "
        "above it complete?"
    ]


# ── from which state of the notebook it is made ──────────────────────────────────────────────────────────────────────


def saved_before(path: Path, seconds: float) -> None:
    """Make a file look as if it was saved that long ago."""
    then = time.time() - seconds
    os.utime(path, (then, then))


def written(notebook: dict[str, Any], text: str) -> dict[str, Any]:
    """Give the first written question an answer."""
    cell = next(cell for cell in notebook["cells"] if nb.is_answer(cell) and cell["cell_type"] == "markdown")
    cell["source"] = text
    return notebook


@pytest.mark.parametrize(("seconds", "said"), [(100, "100 seconds"), (300, "5 minutes"), (8_000, "2 hours"), (2e5, "2 days")])
def test_submit_says_first_when_the_file_was_saved_and_the_card_which_state_it_holds(
    notebook: dict[str, Any],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture,
    seconds: float,
    said: str,
) -> None:
    monkeypatch.setattr(_front_end, "shell", lambda: None)
    path = save(notebook, tmp_path / "lab02_mlp.ipynb")
    saved_before(path, seconds)
    saved = find(path).saved
    assert saved is not None
    coursekit.submit(path, student="eva", run=False)
    out = " ".join(capsys.readouterr().out.split())
    assert out.startswith(f"lab02_mlp.ipynb was saved at {saved:%H:%M:%S}, {said} ago. If you changed anything since, save it")
    assert f"Made from `lab02_mlp.ipynb` as it was saved at {saved:%H:%M:%S}. " in out


def test_of_a_file_that_was_saved_just_now_and_of_a_page_nothing_is_said(notebook: dict[str, Any], tmp_path: Path) -> None:
    now = datetime.now().astimezone()
    assert about_saved(Found(notebook, tmp_path, is_live=True), now) == ""
    assert about_saved(find(save(notebook, tmp_path / "lab02_mlp.ipynb")), now) == ""
    ahead = Found(notebook, tmp_path, path=tmp_path / "x.ipynb", saved=now + timedelta(seconds=20))
    assert about_saved(ahead, now).startswith("x.ipynb was saved at")
    assert " ago" not in about_saved(ahead, now)


def test_the_card_shows_how_each_answer_in_words_begins(notebook: dict[str, Any], tmp_path: Path) -> None:
    written(notebook, "Because `a < b`, and\n\nthe rest " + "follows " * 40)
    card = handing_in.prepare(Found(notebook, tmp_path), student=EVA, seconds=0).card()
    (section,) = [section for section in card.sections if section.heading == "How your answers in words begin"]
    (line,) = section.lines
    assert str(line).startswith("Written question 1 (")
    assert re.search(r": “Because `a < b`, and the rest follows [follows ]*follows …”$", str(line))
    assert "a &lt; b" in card.html()


def test_first_words_are_those_of_the_student() -> None:
    assert first_words("Give a number.\n\nIt is 3.", "Give a number.") == "It is 3."
    assert first_words("x" * 100) == "x" * 70 + " …"


def test_the_file_is_read_after_the_question_for_the_id(
    notebook: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = save(notebook, tmp_path / "lab02_mlp.ipynb")

    def answer(prompt: str) -> str:
        save(written(notebook, "saved while it waited"), path)
        return "eva"

    monkeypatch.setattr(_front_end, "shell", lambda: None)
    monkeypatch.setattr("builtins.input", answer)
    coursekit.submit(path, run=False)
    assert "saved while it waited" in next(tmp_path.glob("lab02_mlp-eva-*.ipynb")).read_text(encoding="utf-8")


def test_answers_that_are_saved_while_the_notebook_runs_are_not_passed_over(
    notebook: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = save(notebook, tmp_path / "lab02_mlp.ipynb")
    said = {}
    for change in (False, True):

        def run_fresh(*_: Any, change: bool = change) -> Run:
            save(written(copy.deepcopy(notebook), "later") if change else notebook, path)
            return Run({}, {}, "")

        monkeypatch.setattr(handing_in, "run_fresh", run_fresh)
        report = handing_in.prepare(find(path), student=EVA, seconds=1)
        said[change] = [warning for warning in report.warnings if "saved again" in warning]
    assert said[False] == []
    assert re.match(r"`lab02_mlp.ipynb` was saved again at [\d:]+, with other answers.*run this cell again", said[True][0])


# ── the copy to hand in, and the student's own notebook ──────────────────────────────────────────────────────────────


@pytest.fixture
def in_jupyterlab(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, str]]:
    """What is displayed in a kernel of JupyterLab."""
    shown: list[dict[str, str]] = []
    monkeypatch.setattr(_front_end, "shell", lambda: SimpleNamespace(kernel=object(), user_ns={}))
    monkeypatch.setattr("IPython.display.display", lambda data, raw: shown.append(data))
    return shown


def test_in_jupyterlab_the_link_downloads_the_file_and_the_card_says_which_notebook_to_go_on_with(
    notebook: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, in_jupyterlab: list[dict[str, str]]
) -> None:
    folder = tmp_path / "labs"
    folder.mkdir()
    monkeypatch.chdir(folder)
    report = handing_in.prepare(find(save(notebook, folder / "lab02_mlp.ipynb")), student=EVA, seconds=0)
    first, second = report.todo
    assert first.startswith(
        f"Hand in `{report.path.name}`. It is in the folder of this notebook, `labs`: the link below downloads"
    )
    assert "▸ Download" in first
    assert second.startswith("Keep working in `lab02_mlp.ipynb`, not in the copy to hand in.")
    handing_in._offer(report)
    name = report.path.name
    assert in_jupyterlab[-1]["text/html"] == f'Hand in this file: <a href="{name}" download="{name}">{name}</a>'


def test_elsewhere_the_card_says_where_the_file_is(
    notebook: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_front_end, "shell", lambda: SimpleNamespace(kernel=object(), user_ns={"__vsc_ipynb_file__": "x"}))
    report = handing_in.prepare(find(save(notebook, tmp_path / "lab02_mlp.ipynb")), student=EVA, seconds=0)
    assert report.todo[0] == f"Hand in `{report.path.name}`. It is in the folder `{tmp_path}`."
    monkeypatch.setattr(_front_end, "is_colab", lambda: True)
    report = handing_in.prepare(Found(notebook, tmp_path, is_live=True), student=EVA, seconds=0)
    assert "Your browser downloads it" in report.todo[0]
    assert report.todo[1].startswith("Keep working in this notebook")


def test_a_hand_in_from_a_copy_to_hand_in_says_so_until_the_copy_has_the_name_of_the_lab(
    notebook: dict[str, Any], tmp_path: Path
) -> None:
    own = save(notebook, tmp_path / "lab02_mlp.ipynb")
    first = handing_in.prepare(find(own), student=EVA, seconds=0)
    assert first.copy == ""
    again = handing_in.prepare(find(first.path), student=EVA, seconds=0)
    said = f"You are in `{first.path.name}`, a copy that submit() wrote to be handed in. "
    assert again.copy.startswith(f"{said}If you changed answers here, change them in `lab02_mlp.ipynb` too.")
    assert f"Look at this first\n  {again.copy}" in again.card().text()
    assert again.todo[1].startswith("Keep working in `lab02_mlp.ipynb`")
    own.unlink()
    alone = find(again.path)
    assert handing_in.prepare(alone, student=EVA, seconds=0).copy == (
        f"You are in `{again.path.name}`, a copy that submit() wrote to be handed in. "
        "If you want to go on with this copy, rename it to `lab02_mlp.ipynb`."
    )
    again.path.rename(own)
    assert handing_in.prepare(find(own), student=EVA, seconds=0).copy == ""


def test_equal_answers_have_equal_receipts_and_others_do_not(notebook: dict[str, Any]) -> None:
    time = datetime(2026, 11, 27)
    first = put_receipt(copy.deepcopy(notebook), "lab02_mlp", "eva", time, "1")["answers"]
    moved = {**notebook, "cells": notebook["cells"][::-1]}
    assert put_receipt(moved, "lab02_mlp", "bob", time, "2")["answers"] == first
    cell_of(notebook, "standardise")["source"] += "# one more line"
    assert put_receipt(notebook, "lab02_mlp", "eva", time, "1")["answers"] != first


def test_the_largest_outputs_and_widgets_are_left_out_until_the_file_fits() -> None:
    def shown(size: int) -> dict[str, Any]:
        return {"output_type": "display_data", "data": {"text/plain": "x" * size}, "metadata": {}}

    notebook = tiny("a", "b", "c")
    for cell, size in zip(notebook["cells"], (100, 9_000, 2_000), strict=True):
        cell["outputs"] = [shown(size)]
    notebook["cells"][0]["outputs"][0]["data"]["application/vnd.jupyter.widget-view+json"] = {"model_id": "1"}
    notebook["metadata"]["widgets"] = {"state": "y" * 5_000}
    said = lighten(notebook, 4_000)
    assert [len(cell["outputs"]) for cell in notebook["cells"]] == [1, 0, 1]
    assert "widgets" not in notebook["metadata"]
    assert notebook["cells"][0]["outputs"][0]["data"] == {"text/plain": "x" * 100}
    assert [line.split(" were")[0].split(" was")[0] for line in said] == ["The state of widgets", "The outputs of 1 cell"]


def test_a_file_name_holds_no_path() -> None:
    time = datetime(2026, 11, 27, 2, 15, 30)
    assert file_name("lab02_mlp", "../Eva Müller/1", time) == "lab02_mlp-Eva-Muller-1-20261127T021530.ipynb"


def test_a_read_only_folder_sends_the_file_elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.gettempdir", lambda: str(tmp_path))
    assert write(tiny("1"), tmp_path / "not" / "there", "x.ipynb").parent == tmp_path
    monkeypatch.setattr("tempfile.gettempdir", lambda: str(tmp_path / "nor" / "this"))
    with pytest.raises(SubmissionError, match="cannot be written"):
        write(tiny("1"), tmp_path / "not" / "there", "x.ipynb")
    assert [path.name for path in tmp_path.iterdir()] == ["x.ipynb"]


# ── how long it takes, and how far it is ─────────────────────────────────────────────────────────────────────────────


CELLS = ["a = 1", "b = 2", "c = 3", "d = 4"]


def test_the_time_is_that_of_the_cells_in_this_kernel_if_most_of_them_ran() -> None:
    runs = [Ran("a = 1", seconds=100), Ran("a = 1", seconds=20), Ran("b = 2 ", seconds=10), Ran("c = 3", seconds=0.1)]
    known = estimate(CELLS, runs, 900)
    assert "in this kernel" in str(known)
    assert known.seconds is not None
    assert 30 < known.seconds < 60  # what ran, the cell that did not, and a new kernel
    assert "two processor cores" in str(estimate(CELLS, runs[:2], 900))
    again = "coursekit.submit()"
    assert estimate([*CELLS, again], [*runs, Ran(again, seconds=500)], 900) == known


@pytest.mark.parametrize(
    ("stated", "said"),
    [
        (60, "It takes about a minute, on two processor cores; a slower machine needs longer"),
        (235, "It takes about 4 minutes, on two processor cores; a slower machine needs longer"),
        (22, "It takes about 30 seconds, on two processor cores; a slower machine needs longer"),
        *((nothing, "It takes as long as its cells take") for nothing in (None, "60", -1, True)),
    ],
)
def test_else_it_is_what_the_lab_states_and_else_it_is_not_known(stated: Any, said: str) -> None:
    assert str(estimate(CELLS, [], stated)) == said


def test_submit_says_at_once_what_it_does_and_then_how_far_it_is(
    notebook: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture
) -> None:
    printed: list[str] = []

    def run_fresh(work: Any, folder: Any, seconds: float, on_cell: Any, on_wait: Any) -> Run:
        printed.append(capsys.readouterr().out)
        now = time.monotonic()
        monkeypatch.setattr(time, "monotonic", lambda: now + 20)
        on_cell(next(i for i, cell in enumerate(work["cells"]) if cell["cell_type"] == "code"))
        printed.append(capsys.readouterr().out)
        on_wait()  # nothing: a line was printed just now
        monkeypatch.setattr(time, "monotonic", lambda: now + 40)
        on_wait()
        printed.append(capsys.readouterr().out)
        return Run({}, {}, "")

    notebook["metadata"]["coursekit"]["seconds"] = 100
    monkeypatch.setattr(_front_end, "shell", lambda: None)
    monkeypatch.setattr(handing_in, "run_fresh", run_fresh)
    coursekit.submit(save(notebook, tmp_path / "lab02_mlp.ipynb"), student="eva")
    count = sum(cell["cell_type"] == "code" for cell in notebook["cells"])
    assert printed[0] == (
        "Handing in for eva: your notebook is checked, repaired, and runs once more from the top, in a new process.\n"
        "It takes about 2 minutes, on two processor cores; a slower machine needs longer.\n"
        "a new kernel starts and imports Keras\n"
    )
    assert printed[1] == f"running it from the top: cell 2 of {count} · 20 s so far, about a minute left\n"
    assert printed[2] == f"running it from the top: cell 2 of {count} · 40 s so far, about a minute left\n"


def test_in_a_notebook_one_line_is_updated(monkeypatch: pytest.MonkeyPatch) -> None:
    shown: list[str] = []

    def display(data: dict[str, str], **options: Any) -> Any:
        shown.append("new: " + data["text/plain"])
        return SimpleNamespace(update=lambda data, raw: shown.append(data["text/plain"]))

    monkeypatch.setattr(_front_end, "shell", lambda: SimpleNamespace(kernel=object()))
    monkeypatch.setattr("IPython.display.display", display)
    telling = Telling(None)
    telling.begin(2)
    telling.wait()
    telling.step(1)
    telling.step(2)
    telling.end()
    assert [line.partition(" · ")[0] for line in shown] == [
        "new: a new kernel starts and imports Keras",
        "running it from the top: a new kernel starts and imports Keras",
        "running it from the top: cell 2 of 2",
        "running it from the top: 2 cells of 2",
        "ran 2 of 2 cells in 0 s",
    ]


def test_a_long_cell_does_not_silence_the_run(tmp_path: Path) -> None:
    waited: list[int] = []
    run_fresh(tiny("import time; time.sleep(3)"), tmp_path, 60, on_wait=lambda: waited.append(1))
    assert waited


def test_a_lab_states_how_long_it_runs() -> None:
    assert RELEASE["metadata"]["coursekit"]["seconds"] == load_lab(ROOT / "labs" / "lab02_mlp").settings.running_seconds


# ── who hands in ─────────────────────────────────────────────────────────────────────────────────────────────────────


def test_an_id_is_asked_for_once_and_remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []
    monkeypatch.setattr("builtins.input", lambda prompt: asked.append(prompt) or " eva ")
    found = [identity.student(), identity.student(), identity.student("bob"), identity.student()]
    assert [student.id for student in found] == ["eva", "eva", "bob", "bob"]
    assert len(asked) == 1
    assert [student.source.split(":")[0].split(";")[0] for student in found] == [
        "as you have just typed it",
        "as an earlier call on this machine said",
        "as this call says",
        "as an earlier call on this machine said",
    ]
    assert [str(identity._file()) in str(student) for student in found] == [
        False,
        True,
        False,
        True,
    ]  # where to look if it is not theirs
    for student in found:
        assert 'coursekit.submit(student="your ID")' in str(student)


def test_an_id_that_cannot_be_remembered_is_not_said_to_be(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setattr(identity, "_file", lambda: tmp_path / "file" / "student.txt")
    assert "could not be remembered" in str(identity.student("eva"))


def test_the_card_says_whose_work_it_is_from_where_that_is_known_and_how_to_change_it(
    notebook: dict[str, Any], tmp_path: Path
) -> None:
    identity.student("ada")
    lines = handing_in.prepare(Found(notebook, tmp_path), student=identity.student(), seconds=0).card().text().split("\n")
    said = lines[lines.index("Whose work this is") + 1]
    assert said.startswith("  `ada`, as an earlier call on this machine said: it was remembered in ")
    assert str(tmp_path / "home" / "student.txt") in said
    assert "coursekit.submit(student=" in said


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ("", "No ID was given. "),
        ("  ", "No ID was given. "),
        ("---", "No ID was given, but '---'. "),
        ("x" * 101, "The ID has 101 characters, at most 100"),
    ],
)
def test_an_id_without_a_letter_or_number_is_refused(given: str, said: str) -> None:
    with pytest.raises(SubmissionError, match="such as s1234567") as caught:
        identity.student(given)
    assert str(caught.value).startswith(said)


def test_where_no_person_is_nothing_happens(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(_front_end, "shell", lambda: SimpleNamespace())  # as in the grader: a shell without a kernel
    assert coursekit.submit("nowhere.ipynb") is None
    assert capsys.readouterr().out == "coursekit.submit(): nothing to do here\n"
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("minutes", [0, -1, "5", True, float("nan")])
def test_minutes_that_are_none_are_refused(minutes: Any) -> None:
    with pytest.raises(SubmissionError, match="minutes"):
        coursekit.submit("nowhere.ipynb", minutes=minutes)


def test_from_plain_python_the_card_is_printed(
    notebook: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture
) -> None:
    monkeypatch.setattr(_front_end, "shell", lambda: None)
    path = save(notebook, tmp_path / "lab02_mlp.ipynb")
    before = path.read_bytes()
    coursekit.submit(path, student="eva", run=False)
    said = capsys.readouterr().out
    assert said.startswith("Handing in for eva: ")
    assert "\nCan be handed in, but is not complete: lab02_mlp-eva-" in said
    assert "1 of " in said
    assert path.read_bytes() == before
    assert (
        finding.find(next(tmp_path.glob("lab02_mlp-eva-*.ipynb"))).notebook["metadata"]["coursekit"]["receipt"]["student"]
        == "eva"
    )
