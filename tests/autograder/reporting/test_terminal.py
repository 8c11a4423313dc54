"""In the terminal every value is text: markup stands in literals only, and a large class is summed up."""

from __future__ import annotations

from dataclasses import replace

import pytest
import typer

from autograder.grading.verdict import Flag, TestResult, Verdict, Written
from autograder.reporting import terminal
from autograder.reporting.terminal import fail, quote, say, show_left, show_marks, show_notes, words

NASTY = ["[/]", "[bold red]x[/bold red]", "[/content/drive]", "a\\", "\\[", "{}", "\x1b[31m", "a\rb", "\u202ea", "\ud800", "\0"]


def verdict(name: str, *earned: float, lab: str = "lab00_toy", **fields: object) -> Verdict:
    tests = tuple(TestResult(f"t{i}", "x", 2, e, "passed" if e else "failed") for i, e in enumerate(earned))
    return replace(Verdict(name, lab, "graded", tests, (Written("why", 4, True),)), **fields)


@pytest.mark.parametrize("value", NASTY)
def test_a_value_is_printed_as_text_and_its_neighbours_keep_their_style(value: str) -> None:
    text = words("[bold]{}[/] and {}", value, "[end]")
    assert text.plain == f"{terminal.line(value)} and [end]"
    assert {str(span.style) for span in text.spans} == {"bold"}


@pytest.mark.parametrize("value", NASTY)
def test_nothing_in_a_field_stops_the_report_or_reaches_the_terminal(value: str, capsys: pytest.CaptureFixture[str]) -> None:
    name = value + "x" * 300
    result = TestResult(value, value, 2, 0, "failed", value, False, value)
    nasty = Verdict(name, value, "needs review", (result,), (), value, (Flag("edited", (value,), value),))
    show_marks(value, [nasty])
    show_marks(value, [nasty] * 40)
    show_notes([nasty])
    show_left([(value, value)])
    say("{}", value)
    quote(value + "\nline")
    with pytest.raises(typer.Exit) as ended:
        fail(value)
    assert ended.value.exit_code == 2
    printed = "".join(capsys.readouterr())
    printed.encode()
    assert not any(c in printed for c in "\x1b\r\u202e\0")
    assert "not graded" in printed


def test_points_of_unsealed_tests_are_shown_apart(capsys: pytest.CaptureFixture[str]) -> None:
    ada = verdict("ada", 2, 2)
    ada = replace(ada, tests=(ada.tests[0], replace(ada.tests[1], sealed=False)))
    show_marks("lab00_toy", [ada])
    lines = [" ".join(row.split()) for row in capsys.readouterr().out.splitlines()]
    assert "t1 † 2 2" in lines
    assert "total 4 4" in lines
    assert "of it † 2 2" in lines
    assert any(row.startswith("† ran in the student's own process") for row in lines)


def test_what_waits_for_marks_by_hand_is_counted(capsys: pytest.CaptureFixture[str]) -> None:
    blank = replace(verdict("ben", 0), written=(Written("why", 4, False),))
    show_marks("lab00_toy", [verdict("ada", 2), blank])
    assert "1 answer for a person to mark" in capsys.readouterr().out


def test_a_table_wider_than_the_terminal_becomes_several(capsys: pytest.CaptureFixture[str]) -> None:
    names = [f"student-number-{i:02}" for i in range(25)]
    show_marks("lab00_toy", [verdict(name, 2) for name in names])
    printed = capsys.readouterr().out
    assert all(name in printed for name in names)
    assert max(map(len, printed.splitlines())) <= terminal.console.width


def test_a_class_of_2000_is_summed_up(capsys: pytest.CaptureFixture[str]) -> None:
    flag = Flag("moved", (), "cells had been moved")
    many = [verdict(f"s{i}", 2 * (i % 4 > 0), 2 * (i % 2), flags=(flag,) if i % 10 == 0 else ()) for i in range(2000)]
    show_marks("lab00_toy", many)
    show_notes(many)
    printed = capsys.readouterr().out
    lines = [" ".join(row.split()) for row in printed.splitlines()]
    assert "lab00_toy: 2000 submissions, 2000 graded" in lines
    assert "mean 2.5, median 3.0 of 4 points by tests" in lines
    assert "0 to 0.4 500 ##########" in lines
    assert "3.6 to 4 1000 ####################" in lines
    assert "1000 missed t1" in lines
    assert "… and 160 more, all in report.html" in lines
    assert len(lines) < 80
