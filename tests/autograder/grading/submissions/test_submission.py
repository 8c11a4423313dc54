"""A submission is taken as it comes: repaired where rules allow, flagged, and never silently zero."""

from __future__ import annotations

import json
import random
import time
import unicodedata
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import nbformat
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from autograder.authoring.demo import solve, without_metadata
from autograder.errors import UnreadableError
from autograder.grading.submissions.submission import Submission
from autograder.grading.submissions.submission import read_submission_here as read_submission
from autograder.labs.model import Lab
from autograder.notebooks.release import release_notebook

MEAN = 'def mean(x):\n    """The mean of a 1-D float array, which is not changed."""\n    return sum(x) / len(x)'
HALVING = "for step in range(STEPS):\n    w *= 0.5"
SOLVED = {"mean": MEAN, "halving": HALVING}


def submit(notebook: nbformat.NotebookNode, folder: Path) -> Path:
    path = folder / "submission.ipynb"
    path.write_text(json.dumps(notebook), encoding="utf-8")
    return path


def running(lab: Lab, work: Submission) -> dict[str, str]:
    """Grade id → source of what will run, in order."""
    return {lab.cells[i].grade_id: source for i, source in work.code if i >= 0 and lab.cells[i].grade_id}


def kinds(work: Submission) -> list[str]:
    return [flag.kind for flag in work.flags]


def index(notebook: nbformat.NotebookNode, cell_id: str) -> int:
    return next(i for i, cell in enumerate(notebook.cells) if cell.id == cell_id)


def test_an_untouched_file_needs_no_repair(toy: Lab, tmp_path: Path) -> None:
    work = read_submission(toy, submit(solve(toy, SOLVED), tmp_path))
    assert work.flags == ()
    assert not work.needs_review
    assert work.exercises == SOLVED
    assert work.written == {"why": "My answer."}
    assert list(running(toy, work)) == [cell.grade_id for cell in toy.cells if cell.is_code and cell.grade_id]


def test_tests_run_as_the_instructor_wrote_them(toy: Lab, tmp_path: Path) -> None:
    notebook = solve(toy, SOLVED)
    notebook.cells[index(notebook, "test_mean")].source = "pass"
    notebook.cells[index(notebook, "test_mean")].metadata.nbgrader.points = 1000
    work = read_submission(toy, submit(notebook, tmp_path))
    assert running(toy, work)["test_mean"] == toy.tests["mean"].source
    assert [(flag.kind, flag.cells) for flag in work.flags] == [("edited", ("test_mean",))] * 2  # its points, its text


@pytest.mark.parametrize(
    "change",
    [
        lambda text: text.replace("\n", "\r\n"),
        lambda text: text.replace("\n", "\r"),
        lambda text: text.replace("\n", "  \n") + " \n\n",
        lambda text: "\ufeff" + text,
        lambda text: "\n" + text,
    ],
    ids=["windows", "old_mac", "blanks", "mark", "blank_line"],
)
def test_what_editors_change_by_themselves_is_no_edit(toy: Lab, tmp_path: Path, change: Callable[[str], str]) -> None:
    notebook = solve(toy, SOLVED)
    for cell in notebook.cells:
        cell.source = change(cell.source)
    work = read_submission(toy, submit(notebook, tmp_path))
    assert work.flags == ()
    assert "\r" not in work.exercises["halving"]
    assert work.exercises["mean"].split() == MEAN.split()


def test_cells_whose_lines_end_as_on_windows_are_noted_where_the_student_writes(toy: Lab, tmp_path: Path) -> None:
    notebook = solve(toy, SOLVED)
    for cell in notebook.cells:
        if cell.metadata.get("nbgrader", {}).get("grade_id") in ("mean", "test_mean"):
            cell.source = cell.source.replace("\n", "\r\n")
    work = read_submission(toy, submit(notebook, tmp_path))
    assert [toy.cells[work.code[place][0]].name for place in work.windows] == ["mean"]


def test_letters_spelt_as_macs_do_are_no_edit(toy: Lab, tmp_path: Path) -> None:
    accented = replace(
        toy, cells=tuple(replace(c, source=c.source + "\n# Prüfung") if c.role == "tests" else c for c in toy.cells)
    )
    notebook = solve(accented, SOLVED)
    for cell in notebook.cells:
        cell.source = unicodedata.normalize("NFD", cell.source)
    assert read_submission(accented, submit(notebook, tmp_path)).flags == ()


def changed(toy: Lab, *, points: float = 0, text: str = "") -> Lab:
    """The lab after its tests were mended."""
    cells = (
        replace(cell, points=cell.points + points, source=cell.source + text) if cell.role in ("tests", "written") else cell
        for cell in toy.cells
    )
    return replace(toy, cells=tuple(cells))


def test_a_test_mended_after_the_release_accuses_nobody(toy: Lab, tmp_path: Path) -> None:
    work = read_submission(changed(toy, text="\nassert True, 'one more'"), submit(solve(toy, SOLVED), tmp_path))
    assert running(toy, work)["test_mean"].endswith("'one more'")
    assert {flag.kind for flag in work.flags} == {"outdated"}
    assert "test_mean" in work.flags[0].cells
    assert "older release" in work.flags[0].message


def test_points_changed_after_the_release_accuse_nobody(toy: Lab, tmp_path: Path) -> None:
    work = read_submission(changed(toy, points=5), submit(solve(toy, SOLVED), tmp_path))
    assert {flag.kind for flag in work.flags} == {"outdated"}
    assert set(work.flags[0].cells) == {"test_mean", "test_mean_pure", "test_halving", "written_why"}


def test_an_edited_test_keeps_its_flag_although_the_lab_changed_too(toy: Lab, tmp_path: Path) -> None:
    notebook = solve(toy, SOLVED)
    notebook.cells[index(notebook, "test_mean")].source = "pass"
    work = read_submission(changed(toy, text="\nassert True"), submit(notebook, tmp_path))
    assert {flag.kind: "test_mean" in flag.cells for flag in work.flags} == {"edited": True, "outdated": False}


def test_flags_say_what_differs_and_accuse_nobody(toy: Lab, tmp_path: Path) -> None:
    notebook = solve(toy, SOLVED)
    notebook.cells[index(notebook, "test_mean")].source = "pass"
    notebook.cells[index(notebook, "test_mean")].metadata.nbgrader.points = 1000
    assert [flag.message for flag in read_submission(toy, submit(notebook, tmp_path)).flags] == [
        "points or roles noted in cells differ from the lab's, which count: test_mean",
        "read-only cells differ from the lab's, which were run instead: test_mean",
    ]


@pytest.mark.parametrize("checksum", [None, 5, ["x"], "x", {}])
def test_a_checksum_that_is_none_excuses_nothing(toy: Lab, tmp_path: Path, checksum: object) -> None:
    notebook = solve(toy, SOLVED)
    cell = notebook.cells[index(notebook, "test_mean")]
    cell.source = "pass"
    cell.metadata.nbgrader.update(checksum=checksum, points={"x": 1}, grade_id="test_mean")
    assert kinds(read_submission(toy, submit(notebook, tmp_path))) == ["edited", "edited"]


@pytest.mark.parametrize("stated", [True, None, 3, ["code"]])
def test_a_cell_type_that_is_no_text_excuses_nothing(toy: Lab, tmp_path: Path, stated: object) -> None:
    notebook = solve(toy, SOLVED)
    cell = notebook.cells[index(notebook, "test_mean")]
    cell.source = "pass"
    cell.metadata.nbgrader.update(checksum="x", cell_type=stated)
    assert kinds(read_submission(toy, submit(notebook, tmp_path)))[0] == "edited"


def test_work_without_any_metadata_is_recovered_by_content(toy: Lab, tmp_path: Path) -> None:
    work = read_submission(toy, submit(without_metadata(solve(toy, SOLVED)), tmp_path))
    assert work.exercises == SOLVED
    assert not work.needs_review
    assert "recovered" in kinds(work)


def test_deleted_tests_are_put_back_and_deleted_exercises_are_missing(toy: Lab, tmp_path: Path) -> None:
    notebook = solve(toy, SOLVED)
    notebook.cells = [cell for cell in notebook.cells if cell.id not in ("test_mean", "given_setup", "halving")]
    work = read_submission(toy, submit(notebook, tmp_path))
    assert "test_mean" in running(toy, work)
    assert "given_setup" in running(toy, work)
    assert "halving" not in work.exercises
    assert not work.needs_review, "nothing in the file could be the lost exercise"


def test_an_exercise_that_cannot_be_found_among_strange_code_needs_review(toy: Lab, tmp_path: Path) -> None:
    notebook = solve(toy, SOLVED)
    del notebook.cells[index(notebook, "mean")]
    notebook.cells.append(nbformat.v4.new_code_cell("average = lambda values: sum(values) / len(values)"))
    assert read_submission(toy, submit(notebook, tmp_path)).needs_review


def test_moved_cells_run_in_the_labs_order(toy: Lab, tmp_path: Path) -> None:
    notebook = solve(toy, SOLVED)
    notebook.cells.append(notebook.cells.pop(index(notebook, "mean")))
    work = read_submission(toy, submit(notebook, tmp_path))
    order = list(running(toy, work))
    assert order.index("mean") < order.index("test_mean")
    assert "moved" in kinds(work)


def test_of_two_copies_the_last_edited_one_counts(toy: Lab, tmp_path: Path) -> None:
    notebook = solve(toy, SOLVED)
    stub = release_notebook(toy).cells[index(notebook, "mean")]
    notebook.cells.insert(index(notebook, "mean") + 1, stub)
    work = read_submission(toy, submit(notebook, tmp_path))
    assert work.exercises["mean"] == MEAN
    assert not any("NotImplementedError" in source for _, source in work.code)
    assert kinds(work) == ["duplicated"]


def test_a_students_own_cell_runs_where_it_stood(toy: Lab, tmp_path: Path) -> None:
    notebook = solve(toy, {**SOLVED, "mean": "def mean(x):\n    return helper(x)"})
    notebook.cells.insert(index(notebook, "mean"), nbformat.v4.new_code_cell("helper = sum"))
    sources = [source for _, source in read_submission(toy, submit(notebook, tmp_path)).code]
    assert sources.index("helper = sum") < sources.index("def mean(x):\n    return helper(x)")


def test_an_exercise_turned_to_markdown_is_still_code(toy: Lab, tmp_path: Path) -> None:
    notebook = solve(toy, SOLVED)
    notebook.cells[index(notebook, "mean")].cell_type = "markdown"
    assert running(toy, read_submission(toy, submit(notebook, tmp_path)))["mean"] == MEAN


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "not a notebook"),
        (b"%PDF-1.7", "not a notebook"),
        (b'{"cells": []}', "no cells"),
        (b'{"cells": [], "nbformat": 4, "nbformat_minor": 5, "metadata": {}}', "no cells"),
        ("{}".encode("utf-16"), "UTF-8"),
        (b"[" * 100_000, "not a"),
        (b'{"nbformat": 99, "cells": [{}]}', "not a valid notebook"),
    ],
)
def test_a_file_that_is_no_notebook_is_refused_by_name(toy: Lab, tmp_path: Path, content: bytes, said: str) -> None:
    path = tmp_path / "homework.ipynb"
    path.write_bytes(content)
    with pytest.raises(UnreadableError, match=r"homework\.ipynb") as caught:
        read_submission(toy, path)
    assert said in str(caught.value)


def test_a_missing_file_and_a_huge_one_are_refused(toy: Lab, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(UnreadableError, match="no such file"):
        read_submission(toy, tmp_path / "nobody.ipynb")
    monkeypatch.setattr("autograder.notebooks.io.MAX_BYTES", 100)
    with pytest.raises(UnreadableError, match="clear all outputs"):
        read_submission(toy, submit(solve(toy, SOLVED), tmp_path))


def test_a_submission_for_another_lab_is_refused_by_both_names(toy: Lab, tmp_path: Path) -> None:
    notebook = solve(toy, SOLVED)
    notebook.metadata.coursekit = {"lab": "lab09_other"}
    with pytest.raises(UnreadableError, match="lab09_other, expected lab00_toy"):
        read_submission(toy, submit(notebook, tmp_path))


def test_a_notebook_of_something_else_is_refused(toy: Lab, tmp_path: Path) -> None:
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(f"print({i})") for i in range(20)])
    with pytest.raises(UnreadableError, match="another lab"):
        read_submission(toy, submit(notebook, tmp_path))


def test_a_byte_order_mark_and_notebook_format_3_are_read(toy: Lab, tmp_path: Path) -> None:
    path = submit(solve(toy, SOLVED), tmp_path)
    path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes())
    assert read_submission(toy, path).exercises == SOLVED
    old = nbformat.convert(without_metadata(solve(toy, SOLVED)), 3)
    path.write_text(nbformat.v3.writes_json(old))
    assert read_submission(toy, path).exercises == SOLVED


def test_halves_of_characters_in_cells_ids_and_metadata_stop_nobody(toy: Lab, tmp_path: Path) -> None:
    notebook = solve(toy, {**SOLVED, "mean": MEAN + "\n# \ud800"})
    notebook.metadata.kernelspec = {"name": "\udc80", "language": "\ud800[/]"}
    notebook.cells[0].metadata = {"nbgrader": {"grade_id": "\ud800", "points": "\ud800"}}
    work = read_submission(toy, submit(notebook, tmp_path))
    assert work.exercises["mean"] == MEAN + "\n# \ufffd"
    json.dumps([flag.message for flag in work.flags], ensure_ascii=False).encode()
    notebook.metadata.coursekit = {"lab": "[/]\ud800\x1b[2J" * 1000}
    with pytest.raises(UnreadableError) as caught:
        read_submission(toy, submit(notebook, tmp_path))
    assert str(caught.value).isprintable()
    assert len(str(caught.value)) < 500


@pytest.mark.parametrize(
    ("cells", "said"),
    [
        ([("x = 1", 10_000)], "10,013 cells, at most 5,000 are read; delete"),
        ([("x" * 1_000_000, 17)], "MB of text in its cells, at most 16 MB are read; load large data from a file"),
    ],
)
def test_a_notebook_over_a_bound_is_refused_with_what_to_do(
    toy: Lab, tmp_path: Path, cells: list[tuple[str, int]], said: str
) -> None:
    notebook = solve(toy, SOLVED)
    for source, times in cells:
        notebook.cells += [nbformat.v4.new_code_cell(source)] * times
    with pytest.raises(UnreadableError) as caught:
        read_submission(toy, submit(notebook, tmp_path))
    assert said in str(caught.value)


def test_large_outputs_and_metadata_are_dropped_before_anything_looks_at_them(toy: Lab, tmp_path: Path) -> None:
    notebook = json.loads(json.dumps(solve(toy, SOLVED)))
    image = [{"output_type": "display_data", "data": {"image/png": "iVBOR" * 1_000_000}, "metadata": {}}]
    for cell in notebook["cells"][:4]:
        cell["outputs"] = image
    notebook["metadata"]["x"] = [{}] * 300_000
    started = time.process_time()
    assert read_submission(toy, submit(notebook, tmp_path)).exercises == SOLVED
    assert time.process_time() - started < 5


@pytest.mark.parametrize(("length", "count"), [(3_000, 4_900), (1_000_000, 15), (3_400, 4_800)])
def test_matching_many_long_cells_by_content_comes_to_an_end(toy: Lab, tmp_path: Path, length: int, count: int) -> None:
    notebook = without_metadata(solve(toy, SOLVED))
    draw = random.Random(length)
    text = "".join(draw.choices("abcdefghij \n()=", k=length))
    notebook.cells = [*notebook.cells[:-1], *[nbformat.v4.new_code_cell(text)] * count, notebook.cells[-1]]
    for cell in notebook.cells:
        cell.pop("id", None)
    path = submit(notebook, tmp_path)
    started = time.process_time()
    assert read_submission(toy, path).exercises == SOLVED
    assert time.process_time() - started < 10


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_no_mangling_crashes_intake_or_changes_a_test(toy: Lab, tmp_path: Path, data: st.DataObject) -> None:
    notebook = json.loads(json.dumps(solve(toy, SOLVED)))
    for _ in range(data.draw(st.integers(1, 6))):
        cells = notebook["cells"]
        at = data.draw(st.integers(0, len(cells) - 1))
        action = data.draw(st.sampled_from(["delete", "double", "move", "strip", "retype", "rubbish", "junk"]))
        if action == "delete" and len(cells) > 1:
            del cells[at]
        elif action == "double":
            cells.insert(at, dict(cells[at]))
        elif action == "move":
            cells.insert(data.draw(st.integers(0, len(cells) - 1)), cells.pop(at))
        elif action == "strip":
            cells[at]["metadata"] = {}
        elif action == "retype":
            cells[at]["cell_type"] = data.draw(st.sampled_from(["code", "markdown", "raw"]))
        elif action == "rubbish":
            cells[at]["source"] = data.draw(st.text(max_size=30))
        else:
            cells[at]["metadata"] = data.draw(st.dictionaries(st.just("nbgrader"), st.one_of(st.none(), st.integers())))
    try:
        work = read_submission(toy, submit(notebook, tmp_path))
    except UnreadableError:
        return
    code = [(name, source) for name, source in running(toy, work).items() if name.startswith(("test_", "given_"))]
    assert code == [(c.grade_id, c.source) for c in toy.cells if c.role in ("tests", "given")]


# ── what was left blank ──────────────────────────────────────────────────────────────────────────────────────────────

STUB = 'def mean(x):\n    """The mean of a 1-D float array, which is not changed."""'


@pytest.mark.parametrize(
    ("source", "blank"),
    [
        (f"{STUB}\n    # YOUR CODE HERE\n    raise NotImplementedError()", True),
        (f"{STUB}  \n\n    # YOUR CODE HERE\n    raise NotImplementedError()\n\n", True),
        (f"{STUB}\n    raise NotImplementedError()", True),
        ("", True),
        ("  \n# YOUR CODE HERE\n", True),
        (f"{STUB}\n    # not NotImplementedError any more\n    return x.sum() / len(x)", False),
        ("try:\n    mean = np.mean\nexcept NotImplementedError:\n    raise", False),
        ("class Shape:\n    def area(self):\n        raise NotImplementedError()", False),
        ("# I would divide the sum by the length", False),
    ],
)
def test_an_exercise_is_blank_only_if_it_is_as_released(source: str, blank: bool, toy: Lab, tmp_path: Path) -> None:
    work = read_submission(toy, submit(solve(toy, {**SOLVED, "mean": source}), tmp_path))
    assert ("mean" in work.blank) == blank
    assert "halving" not in work.blank


@pytest.mark.parametrize(
    ("source", "blank"),
    [
        ("YOUR ANSWER HERE", True),
        ("", True),
        ("\n YOUR ANSWER HERE \n", True),
        ("YOUR ANSWER HERE\n\nEach entry counts the same.", False),
        ("Python raises NotImplementedError there.", False),
    ],
)
def test_a_question_is_blank_only_if_nothing_was_written(source: str, blank: bool, toy: Lab, tmp_path: Path) -> None:
    notebook = solve(toy, SOLVED)
    notebook.cells[-1].source = source
    work = read_submission(toy, submit(notebook, tmp_path))
    assert work.blank == (frozenset({"written_why"}) if blank else frozenset())


@pytest.mark.parametrize("make", [nbformat.v4.new_markdown_cell, nbformat.v4.new_raw_cell, nbformat.v4.new_code_cell])
def test_an_answer_in_a_cell_of_its_own_beside_the_question_is_an_answer(make: Any, toy: Lab, tmp_path: Path) -> None:
    for place in (0, -1):
        notebook = solve(toy, SOLVED)
        notebook.cells[-1].source = "YOUR ANSWER HERE"
        notebook.cells.insert(len(notebook.cells) + place, make("Each entry counts the same."))
        answered = place == 0 or make is not nbformat.v4.new_code_cell
        work = read_submission(toy, submit(notebook, tmp_path))
        assert work.blank == (frozenset() if answered else frozenset({"written_why"}))


def test_neither_an_empty_cell_nor_a_copy_of_the_question_is_an_answer(toy: Lab, tmp_path: Path) -> None:
    notebook = solve(toy, SOLVED)
    notebook.cells[-1].source = "YOUR ANSWER HERE"
    notebook.cells += [nbformat.v4.new_markdown_cell(text) for text in ("", " \n", notebook.cells[-2].source)]
    assert read_submission(toy, submit(notebook, tmp_path)).blank == {"written_why"}


def test_code_below_an_exercise_that_was_left_alone_is_its_answer(toy: Lab, tmp_path: Path) -> None:
    notebook = solve(toy, {"halving": HALVING})
    assert read_submission(toy, submit(notebook, tmp_path)).blank == {"mean"}
    notebook.cells.insert(index(notebook, "mean") + 1, nbformat.v4.new_code_cell("mean = np.mean"))
    assert read_submission(toy, submit(notebook, tmp_path)).blank == frozenset()


def test_a_deleted_cell_is_blank(toy: Lab, tmp_path: Path) -> None:
    notebook = solve(toy, SOLVED)
    del notebook.cells[-1]
    assert read_submission(toy, submit(notebook, tmp_path)).blank == {"written_why"}


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("minor", [4, 5, 99])
@pytest.mark.parametrize("cell_id", [None, "same", "not an id!", 7])
def test_cells_without_sound_ids_are_read_without_a_word(
    minor: int, cell_id: object, toy: Lab, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    notebook = json.loads(json.dumps(solve(toy, SOLVED)))
    notebook["nbformat_minor"] = minor
    for cell in notebook["cells"]:
        cell.pop("id")
        cell.update({} if cell_id is None else {"id": cell_id})
    work = read_submission(toy, submit(notebook, tmp_path))
    assert work.exercises == SOLVED
    assert capfd.readouterr() == ("", "")
