"""Files that are no notebooks, or notebooks that were edited, cut, mixed up or made to look like marks."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import nbformat
import pytest
from typer.testing import CliRunner

from autograder import Options, Verdict, grade
from autograder.authoring.demo import reference_sources, solve, without_metadata
from autograder.cli import app
from autograder.labs.model import Lab
from autograder.notebooks.io import write_notebook
from tests.attacks.book import Attack, hand_in, judge

CELL_SECONDS = 60
Notebook = nbformat.NotebookNode


def each(kind: str, change: Callable[[Any], None]) -> Callable[[Notebook], None]:
    """Change every cell whose grade id starts with `kind`."""

    def edit(notebook: Notebook) -> None:
        for cell in notebook.cells:
            if "nbgrader" in cell.metadata and cell.metadata.nbgrader.grade_id.startswith(kind):
                change(cell)

    return edit


def points(values: list[Any]) -> Callable[[Notebook], None]:
    """Note other points in the test cells, one after the other."""

    def edit(notebook: Notebook) -> None:
        tests = [cell for cell in notebook.cells if cell.id.startswith("test_")]
        for cell, value in zip(tests, values, strict=True):
            cell.metadata.nbgrader.points = value

    return edit


def rename(cell: Any) -> None:
    cell.metadata.nbgrader.grade_id = cell.id = "test_last"


def duplicate(start: str, source: str = "") -> Callable[[Notebook], None]:
    def edit(notebook: Notebook) -> None:
        place = next(i for i, cell in enumerate(notebook.cells) if cell.id == start)
        copy = nbformat.from_dict(json.loads(json.dumps(notebook.cells[place])))
        copy.source = source or copy.source
        notebook.cells.insert(place, copy)

    return edit


def without_tests(notebook: Notebook) -> None:
    notebook.cells = [cell for cell in notebook.cells if not cell.id.startswith("test_")]


def reversed_tests(notebook: Notebook) -> None:
    tests = [cell for cell in notebook.cells if cell.id.startswith("test_")]
    notebook.cells = [cell for cell in notebook.cells if not cell.id.startswith("test_")] + tests[::-1]


def as_prose(cell: Any) -> None:
    cell.cell_type = "markdown"
    cell.pop("outputs", None)
    cell.pop("execution_count", None)


def outputs_that_say_passed(notebook: Notebook) -> None:
    html = "<script>fetch('http://evil')</script><svg onload=alert(1)>[x](javascript:alert(1)) 20/20 passed"
    for cell in notebook.cells:
        if cell.cell_type == "code":
            cell.outputs = [nbformat.v4.new_output("display_data", {"text/html": html, "image/svg+xml": html})]
            cell.metadata.update(score=20, nbgrader={**cell.metadata.get("nbgrader", {}), "score": 20})


def kernel(name: str, language: str) -> Callable[[Notebook], None]:
    return lambda notebook: notebook.metadata.update(
        kernelspec={"name": name, "display_name": name, "language": language}, language_info={"name": language}
    )


def old_format(text: str) -> bytes:
    return nbformat.writes(nbformat.reads(text, as_version=4), version=3).encode()


def another_notebook(text: str) -> bytes:
    cells = [nbformat.v4.new_code_cell(f"x_{i} <- c({i})") for i in range(30)]
    return nbformat.writes(nbformat.v4.new_notebook(cells=cells)).encode()


def changed(**fields: Any) -> Callable[[str], bytes]:
    return lambda text: json.dumps({**json.loads(text), **fields}).encode()


UNPAID = "softmax = np.zeros_like"
EDITED = [
    *[
        Attack(name, {"softmax": UNPAID}, loses=("softmax",), edit=points(values), flagged=("edited",))
        for name, values in {
            "points_of_numbers": [100, -5, 1e308, float("nan"), float("inf"), -(10**400)],
            "points_of_other_kinds": ["20", None, [5], {"a": 1}, True, "nan"],
        }.items()
    ],
    Attack("no_grade_cells", edit=each("test_", lambda cell: cell.metadata.nbgrader.update(grade=False)), flagged=("edited",)),
    Attack("no_solution_cells", edit=each("", lambda cell: cell.metadata.nbgrader.update(solution=False)), flagged=("edited",)),
    Attack("renamed_test", {"nearest": "nearest = 0"}, loses=("nearest",), edit=each("test_nearest", rename)),
    Attack("metadata_of_other_kinds", edit=each("", lambda cell: cell.metadata.update(nbgrader=[1, "x"]))),
    Attack("kernel_of_R", edit=kernel("ir", "R"), flagged=("edited",)),
    Attack("kernel_of_colab", edit=kernel("python3", "python")),
    Attack(
        "tests_edited",
        {"softmax": UNPAID},
        ("softmax",),
        edit=each("test_softmax", lambda c: c.update(source="1e308")),
        flagged=("edited",),
    ),
    Attack(
        "given_cells_edited", edit=each("given_", lambda cell: cell.update(source="np = check = None")), flagged=("edited",)
    ),
    Attack(
        "solution_twice", edit=duplicate("softmax", "def softmax(z):\n    return z  # a first try"), flagged=("duplicated",)
    ),
    Attack("test_twice", edit=duplicate("test_softmax"), flagged=("duplicated",)),
    Attack("tests_deleted", edit=without_tests, flagged=("missing",)),
    Attack("tests_reordered", edit=reversed_tests, flagged=("moved",)),
    Attack("tests_as_prose", edit=each("test_", as_prose)),
    Attack("no_metadata", edit=lambda notebook: without_metadata(notebook) and None, flagged=("recovered",)),
    Attack("outputs_that_say_passed", {"softmax": UNPAID}, loses=("softmax",), edit=outputs_that_say_passed),
    Attack(
        "numbers_as_marks",
        {"softmax": UNPAID + "\n1e308", "nearest": "nearest = None\nfloat('nan')"},
        loses=("softmax", "nearest"),
        cells=("float('inf')", "-10**400"),
    ),
    Attack("byte_order_mark", raw=lambda text: b"\xef\xbb\xbf" + text.encode()),
    Attack("old_format", raw=old_format),
    Attack("windows_lines", raw=lambda text: json.dumps(json.loads(text), indent=1).replace("\n", "\r\n").encode()),
    Attack("newer_minor", raw=changed(nbformat_minor=99)),
]
BROKEN = [
    Attack(name, status="unreadable", says=name, raw=raw)
    for name, raw in {
        "empty": lambda text: b"",
        "no_json": lambda text: b"%PDF-1.7",
        "half": lambda text: text[: len(text) // 2].encode(),
        "utf16": lambda text: text.encode("utf-16"),
        "zeros": lambda text: bytes(1000),
        "number": lambda text: b"42",
        "list": lambda text: b"[]",
        "null": lambda text: b"null",
        "no_cells": changed(cells=[]),
        "cells_of_numbers": changed(cells=[1, 2, 3]),
        "cells_of_text": changed(cells="no list"),
        "metadata_of_text_and_no_cells": changed(metadata="x", cells=[None]),
        "format_of_text": changed(nbformat="four"),
        "format_of_the_future": changed(nbformat=40),
        "nested": lambda text: b'{"cells": ' + b"[" * 100_000 + b"]" * 100_000 + b"}",
        "nested_cells": lambda text: (text[:-1] + ', "x": ' + '{"a":' * 50_000 + "1" + "}" * 50_000 + "}").encode(),
        "two_hundred_megabytes": lambda text: text.encode() + b" " * (200 * 2**20),
        "zip": lambda text: b"PK\x03\x04" + text.encode(),
        "another_notebook": another_notebook,
        "lone_surrogates": lambda text: b'{"cells": [{"cell_type": "code", "source": "\\ud800"}], "nbformat": 4}',
        "large_number": lambda text: b'{"nbformat": ' + b"9" * 10_000 + b"}",
    }.items()
]
# Honest work all of it: what is odd is one cell, and only that one may fail.
LATE = (
    "return 1",
    "nonlocal x",
    "def f(a, a): pass",
    "def f():\n    print(x)\n    global x",
    "def f():\n    from math import *",
    "[(i := 0) for i in range(3)]",
    "yield 1",
    "break",
    "*a, *b = [1]",
    "print 'x'",
    "x = 1\0",
    "if 1:\n\tx = 1\n        y = 2",
    "# -*- coding: no-such -*-\nx = (",
    "x = 'no end",
    "\ufeffx = 1",
)
HONEST = [
    Attack("late_mistakes", cells=LATE),
    Attack("long_sum", cells=("total = " + " + ".join(["1"] * 500), "x = " + "-" * 900 + "1", "x = " + "(" * 150 + ")" * 150)),
    Attack("too_deep", cells=("x = " + "-" * 20_000 + "1", "x = 1" + "+1" * 50_000, "np" + ".a" * 50_000)),
    Attack("regular_expressions", cells=('import re\nre.findall("\\d+\\s*\\w", "1 a")', "pattern = '\\d'")),
    Attack("front_end_magics", cells=("%matplotlib widget\n%autosave 60\n%config InlineBackend.figure_format = 'svg'",)),
    Attack("chain_of_24_kilobytes", cells=("x = (" + "np." * 8_000 + "pi)",)),
    Attack("five_megabytes", cells=("x = '" + "y" * 5_000_000 + "'",)),
    Attack("hundred_thousand_lines", cells=("x = 1\n" * 100_000,)),
    Attack("thousand_cells", cells=("x = 1",) * 1_000),
    Attack("metadata_of_twelve_megabytes", edit=lambda notebook: notebook.metadata.update(x=[{}] * 3_000_000)),
]
BROKEN.append(Attack("ten_thousand_cells", cells=("x = 1",) * 10_000, status="unreadable", says="at most 5,000 are read"))
ATTACKS = [*EDITED, *BROKEN, *HONEST]


@pytest.mark.parametrize("attack", ATTACKS, ids=lambda attack: attack.name)
def test_the_labs_own_values_count_and_a_bad_file_is_a_clean_verdict(
    attack: Attack, graded: Mapping[str, Verdict], fort: Lab
) -> None:
    judge(fort, attack, graded[attack.name])


@pytest.mark.parametrize("attack", HONEST, ids=lambda attack: attack.name)
def test_honest_work_with_an_odd_cell_keeps_its_marks_and_its_good_name(attack: Attack, graded: Mapping[str, Verdict]) -> None:
    assert [flag.message for flag in graded[attack.name].flags if "was not looked through" not in flag.message] == []


def test_a_file_that_is_a_link_or_no_file_is_refused(fort: Lab, tmp_path: Path, options: Options) -> None:
    real = hand_in(fort, Attack("ada"), tmp_path)
    links = {"link": real, "dangling": tmp_path / "gone", "zero": Path("/dev/zero"), "device": Path("/dev/stdin")}
    for name, target in links.items():
        (tmp_path / f"{name}.ipynb").symlink_to(target)
    os.mkfifo(tmp_path / "pipe.ipynb")
    (tmp_path / "folder.ipynb").mkdir()
    for name in (*links, "pipe", "folder"):
        verdict = grade(fort, tmp_path / f"{name}.ipynb", options)
        assert (verdict.status, verdict.earned) == ("unreadable", 0)
        assert "not a link" in verdict.message


def test_an_exercise_that_cannot_be_found_waits_for_a_person(fort: Lab, tmp_path: Path, options: Options) -> None:
    notebook = without_metadata(solve(fort, {**reference_sources(fort), "softmax": "pass", "network": "pass"}))
    notebook.cells = [cell for cell in notebook.cells if "softmax" not in cell.source and cell.source != "pass"]
    strange = nbformat.v4.new_code_cell("f = lambda q: 1\n" * 5)
    del strange["id"]  # as in the format of the others
    notebook.cells.append(strange)
    write_notebook(notebook, tmp_path / "lost.ipynb")
    verdict = grade(fort, tmp_path / "lost.ipynb", options)
    assert verdict.status == "needs review"
    assert "softmax" in verdict.message


@pytest.mark.parametrize(
    "name", ["=cmd()", "<script>alert(1)</script>", "a;rm -rf b", "-rf", "ü\u202e\U0001f600", "'; DROP TABLE"]
)
def test_a_name_is_only_data(name: str, fort: Lab, tmp_path: Path, options: Options) -> None:
    (tmp_path / "x.ipynb").write_text("nonsense")
    verdict = grade(fort, tmp_path / "x.ipynb", options, submission=name)
    assert verdict.submission == name
    assert Verdict.from_dict(json.loads(verdict.to_json())) == verdict


def stating(lab_id: str) -> Callable[[Notebook], None]:
    """Say in the file's metadata which lab it is."""
    return lambda notebook: notebook.metadata.update(coursekit={"lab": lab_id})


SHOUTING = [
    Attack("brackets", edit=stating("[/]")),
    Attack("escapes", edit=stating("\x1b[2J\x07\r[bold]")),
    Attack("half_a_character", edit=stating("\ud800")),
    Attack("turned_round", edit=stating("\u202egnp")),
    Attack("long", edit=stating("x" * 100_000)),
    Attack("a_path_for_a_file", raw=lambda text: b"[/content/drive/MyDrive/lab.ipynb]"),
]
FILE_NAMES = (b"Ren\xe9", b"esc\x1b[31m", b"back\rslash", b"[red]x[b]", b"=cmd();=1", b"n" * 240)


def test_text_in_files_and_their_names_costs_nobody_the_report(fort: Lab, tmp_path: Path) -> None:
    folder, out = tmp_path / "in", tmp_path / "out"
    folder.mkdir()
    honest = hand_in(fort, Attack("ada"), folder)
    for attack in SHOUTING:
        hand_in(fort, attack, folder)
    for name in FILE_NAMES:
        (folder / os.fsdecode(name + b".ipynb")).write_text("no notebook")
    arguments = ["grade", fort.id, str(folder), "--labs", str(fort.folder.parent), "-o", str(out)]
    result = CliRunner().invoke(app, arguments)
    assert result.exit_code == 1, result.output
    assert not any(c in result.output for c in "\x1b\x07\r\u202e\ud800")
    said = json.loads((out / "verdicts.json").read_text(encoding="utf-8"))
    verdicts = said["verdicts"]
    assert len(verdicts) + len(said["left"]) == 1 + len(SHOUTING) + len(FILE_NAMES)
    assert {v["submission"] for v in verdicts if v["status"] == "graded"} == {honest.stem}
    assert {"René", "[red]x[b]"} <= {v["submission"] for v in verdicts}
    for name in ("report.html", "grades.csv"):
        text = (out / name).read_text(encoding="utf-8")
        assert all(c.isprintable() or c == "\n" for c in text)
        assert "René" in text
