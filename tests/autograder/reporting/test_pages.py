"""Reports say what is true and let nothing from a submission act."""

from __future__ import annotations

import csv
import io
import json
import xml.etree.ElementTree as ET
from dataclasses import replace

import pandas
import pytest

from autograder.grading.verdict import Flag, TestResult, Verdict, Written
from autograder.reporting.pages import data_notice, grades_csv, most_missed, report_html, verdicts_json

EVIL = "<script>alert(1)</script>"


def verdict(name: str, *earned: float, message: str = "sum over axis 1", **fields: object) -> Verdict:
    tests = tuple(
        TestResult(f"t{i}", "softmax", 2, e, "passed" if e else "failed", "" if e else message) for i, e in enumerate(earned)
    )
    return Verdict(name, "lab00_toy", "graded", tests, (Written("why", 4, True),), data_source="drawn", **fields)


CLASS = [
    verdict("ada", 2, 2, 2),
    verdict("ben", 2, 0, 0),
    verdict("cy", 0, 0, 2),
    verdict("blank", 0, 0, 0),
    Verdict("dee", "lab00_toy", "unreadable", message="dee.ipynb: not a notebook"),
]


def test_every_output_says_at_its_top_that_the_data_were_drawn() -> None:
    assert "drawn stand-ins" in data_notice(CLASS)
    assert "drawn stand-ins" in json.loads(verdicts_json(CLASS))["notice"]
    table = pandas.read_csv(io.StringIO(grades_csv(CLASS)))
    assert list(table["data"]) == [verdict.data_source or "none" for verdict in CLASS]
    assert list(table["budget"]) == ["reduced" if verdict.reduced_budget else "full" for verdict in CLASS]
    page = report_html(CLASS)
    assert page.index("drawn stand-ins") < page.index("<h2>")


def test_the_csv_has_one_row_a_submission() -> None:
    rows = list(csv.DictReader(io.StringIO(grades_csv(CLASS)).readlines()))
    assert [(row["submission"], row["earned"], row["status"]) for row in rows] == [
        ("ada", "6", "graded"),
        ("ben", "2", "graded"),
        ("cy", "2", "graded"),
        ("blank", "0", "graded"),
        ("dee", "0", "unreadable"),
    ]


def test_the_most_missed_test_comes_first_and_blank_work_is_not_counted() -> None:
    rows = most_missed(CLASS)
    assert [(row.test, row.missed, row.graded) for row in rows] == [("t1", 2, 3), ("t0", 1, 3), ("t2", 1, 3)]


def test_nothing_that_a_submission_can_write_becomes_markup_or_a_formula() -> None:
    nasty = [verdict(EVIL, 2, 0, message=EVIL), verdict("=cmd()", 0, 2, message="=1+1", flags=(Flag("edited", (EVIL,), EVIL),))]
    page = report_html(nasty)
    assert "<script" not in page
    rows = list(csv.reader(io.StringIO(grades_csv(nasty)).readlines()))
    assert all(not cell.startswith(("=", "+", "-", "@")) for row in rows for cell in row)
    assert rows[2][0] == "'=cmd()"


NASTY = (
    *(
        EVIL,
        "=cmd()",
        "[/]",
        "{{ 7777 * 7 }}",
        "\x1b]0;title\x07",
        "a\r\n=1;=2",
        "\u202egnp",
        "\ud800",
        "Ren\udce9",
        "\0",
        "\u2028",
    ),
    *("ada;=1+cmd|' /C calc'!A0", '"=1', "n" * 300, "m" * 100_000),
)


def everywhere(text: str) -> Verdict:
    """A verdict with this text in every field that a submission has a hand in."""
    tests = (TestResult(text, text, 2, 0, "failed", text, False, text), TestResult("t1", "softmax", 2, 2, "passed"))
    flags = (Flag("edited", (text,), text),)
    return Verdict(text, text, "needs review", tests, (Written(text, 4, True),), text, flags, data_source="drawn")


@pytest.mark.parametrize("text", NASTY, ids=lambda text: ascii(text)[:20])
def test_text_in_any_field_is_inert_in_every_format(text: str) -> None:
    verdicts = [*CLASS, everywhere(text)]
    page, table, data = (
        report_html(verdicts, left=[(text, text)]),
        grades_csv(verdicts),
        verdicts_json(verdicts, [(text, text)]),
    )
    for made in (page, table, data):
        made.encode()
        assert all(c.isprintable() or c == "\n" for c in made)
    assert "<script" not in page
    assert "54439" not in page
    assert len(page) < 200_000
    rows = list(csv.reader(io.StringIO(table).readlines()))
    assert len(rows) == 7
    assert all(part.strip(' "')[:1] != "=" for row in rows for c in row for part in c.split(";"))
    whole = (
        text if text.encode(errors="replace").decode() == text else text.replace("\ud800", r"\ud800").replace("\udce9", r"\xe9")
    )
    assert json.loads(data)["verdicts"][-1]["submission"] == whole
    assert json.loads(data)["left"] == [{"path": whole, "reason": whole}]


def test_numbers_stay_numbers_and_new_columns_come_last() -> None:
    odd = replace(CLASS[0], tests=(TestResult("t0", "softmax", 2, -1, "failed", sealed=False),))
    (row,) = csv.DictReader(io.StringIO(grades_csv([odd])).readlines())
    assert list(row)[:9] == ["submission", "lab", "status", "earned", "points", "by_hand", "message", "unsealed", "to_mark"]
    assert list(row)[9:] == ["data", "budget"]
    assert (row["earned"], row["points"], row["by_hand"], row["unsealed"], row["to_mark"]) == ("-1", "2", "4", "-1", "1")


def test_points_of_unsealed_tests_stand_apart_and_their_words_are_for_the_instructor() -> None:
    ben = CLASS[1]
    inside = TestResult("t1", "softmax", 2, 0, "failed", "did not pass", False, "what it <said>")
    half = replace(ben, tests=(replace(ben.tests[0], sealed=False), inside, ben.tests[2]))
    page = report_html([CLASS[0], half])
    assert page.count("<th>of these<br>unsealed †</th>") == 1
    assert '<td class="total">2</td>\n<td>2</td>' in page
    assert '<td class="total">6</td>\n<td>0</td>' in page
    assert "<b>t0</b>, <b>t1</b> ran in the student&#39;s own process" in page.replace("student's", "student&#39;s")
    assert 'title="what it &lt;said&gt;"' in page
    assert "unsealed" not in report_html(CLASS)
    rows = list(csv.DictReader(io.StringIO(grades_csv([CLASS[0], half])).readlines()))
    assert [row["unsealed"] for row in rows] == ["0", "2"]


def test_what_waits_for_marks_by_hand_is_counted_beside_what_needs_a_look() -> None:
    assert "<b>1</b> to look at (listed below), <b>4</b> answers for a person to mark" in report_html(CLASS)


def test_what_was_found_and_not_graded_is_listed_with_its_reason() -> None:
    page = report_html(CLASS, left=[("in/lab01 (1).ipynb", "an older attempt")])
    assert "Found and not graded" in page
    assert "in/lab01 (1).ipynb</bdi></b>: an older attempt" in page
    assert "Found and not graded" not in report_html(CLASS)
    assert "left" not in json.loads(verdicts_json(CLASS))


def test_a_verdict_with_other_tests_or_no_points_and_a_second_one_of_a_name_cost_nobody_the_report() -> None:
    other = replace(CLASS[0], tests=CLASS[0].tests[:1])
    free = Verdict("free", "lab01", "graded", (TestResult("t", "x", 0, 0, "passed"),))
    page = report_html([CLASS[1], other, CLASS[0], free])
    assert page.count("<bdi>ada</bdi>") == 2
    assert '<td class="none">–</td>' in page


def test_the_page_is_self_contained_and_its_plot_is_described() -> None:
    page = report_html(CLASS)
    assert "http-equiv" not in page
    assert "<link" not in page
    assert "src=" not in page
    svg = page[page.index("<svg") : page.index("</svg>") + 6]
    assert "Distribution of marks" in ET.fromstring(svg).attrib["aria-label"]


def test_a_class_that_nobody_could_be_graded_in_still_has_its_report() -> None:
    page = report_html([CLASS[-1]])
    assert "not a notebook" in page
    assert "None" not in page
