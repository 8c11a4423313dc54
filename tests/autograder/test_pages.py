"""Reports say what is true and let nothing from a submission act."""

from __future__ import annotations

import csv
import io
import json
import xml.etree.ElementTree as ET

from autograder.pages import data_notice, grades_csv, most_missed, report_html, verdicts_json
from autograder.verdict import Flag, TestResult, Verdict, Written

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
    assert "drawn stand-ins" in grades_csv(CLASS).splitlines()[0]
    page = report_html(CLASS)
    assert page.index("drawn stand-ins") < page.index("<h2>")


def test_the_csv_has_one_row_a_submission() -> None:
    rows = list(csv.DictReader(io.StringIO(grades_csv(CLASS)).readlines()[1:]))
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
    rows = list(csv.reader(io.StringIO(grades_csv(nasty)).readlines()[1:]))
    assert all(not cell.startswith(("=", "+", "-", "@")) for row in rows for cell in row)
    assert rows[2][0] == "'=cmd()"


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
