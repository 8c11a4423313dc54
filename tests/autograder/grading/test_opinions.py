"""What counts of a test that ran in the examiner, alone in the student's process, and with the whole notebook."""

from __future__ import annotations

import math

import pytest

from autograder.execution.steps import Outcome
from autograder.grading.opinions import cannot_cross, credit, opinion, tries_inside
from autograder.worker.refusals import RefusedError

RIGHT, WRONG = Outcome("ok"), Outcome("error", "AssertionError", "no")
REFUSED = Outcome("error", "CannotCross", "this test cannot look at a Figure from outside your own process")


def test_where_both_ways_agree_the_examiner_counts_and_nobody_is_asked() -> None:
    for outcome, earned in ((RIGHT, 2), (WRONG, 0)):
        ruled = opinion("t", 2, outcome, together=outcome, stock=True)
        assert (ruled.earned, ruled.sealed, ruled.review) == (earned, True, "")


@pytest.mark.parametrize(("examined", "together"), [(RIGHT, WRONG), (WRONG, RIGHT)])
def test_where_they_differ_a_person_is_asked_and_the_lower_mark_stands(examined: Outcome, together: Outcome) -> None:
    ruled = opinion("t", 2, examined, together=together, stock=True)
    assert (ruled.earned, ruled.outcome.status) == (0, "error")
    assert "`t` gives" in ruled.review


def test_what_a_test_says_within_reach_of_the_student_is_not_passed_on() -> None:
    leak = Outcome("error", "ValueError", "assert f(2) == 4  # hidden")
    assert "hidden" not in opinion("t", 2, RIGHT, together=leak, stock=True).outcome.message


def test_a_test_that_ran_alone_gives_its_own_mark_if_the_whole_notebook_agrees() -> None:
    ruled = opinion("t", 2, REFUSED, RIGHT, RIGHT, stock=True)
    assert (ruled.earned, ruled.sealed, ruled.review) == (2, False, "")
    assert opinion("t", 2, REFUSED, RIGHT, WRONG, stock=True).review


def test_a_process_that_ended_before_the_comparison_leaves_the_test_to_a_person() -> None:
    ruled = opinion("t", 2, RIGHT, together=Outcome("missing"), stock=True)
    assert (ruled.earned, "not reached" in ruled.review) == (0, True)


def test_a_test_without_points_decides_nothing() -> None:
    assert opinion("t", 0, RIGHT, together=WRONG, stock=True).review == ""
    assert not tries_inside(REFUSED, 0, ())


def test_a_student_reads_what_the_own_code_did_not_what_this_engine_lacks() -> None:
    assert opinion("t", 2, REFUSED, together=WRONG, stock=True).outcome == WRONG


def test_only_what_the_examiner_lacks_is_tried_in_the_students_process() -> None:
    lacks = Outcome("error", "NameError", "name 'near' is not defined")
    assert tries_inside(REFUSED, 2, ())
    assert tries_inside(lacks, 2, {"near"})
    assert not tries_inside(lacks, 2, {"far"})
    assert not tries_inside(WRONG, 2, {"near"})
    assert not tries_inside(RIGHT, 2, ())


def test_limits_of_the_wire_are_told_from_mistakes() -> None:
    assert cannot_cross(REFUSED)
    assert cannot_cross(Outcome("error", "NotPlain", "…"))
    assert cannot_cross(Outcome("error", "TypeError", str(RefusedError("a Figure"))))
    assert not cannot_cross(WRONG)


@pytest.mark.parametrize(
    ("value", "stock", "earned"),
    [(None, True, 4), (2.5, True, 2.5), (-1.0, True, 4), (-1.0, False, 0), (9.0, True, 4), (math.nan, True, 0), (0.0, True, 0)],
)
def test_numbers_give_what_nbgrader_gives(value: float | None, stock: bool, earned: float) -> None:
    assert credit(Outcome("ok", value=value), 4, stock=stock) == earned


@pytest.mark.parametrize(
    ("outcome", "said"),
    [
        (Outcome("ok", value=-1.0), "no mark between"),
        (Outcome("ok", value=9.0), "no mark between"),
        (Outcome("ok", value=math.nan), "no mark between"),
        (Outcome("ok", value=2.5, odd=True), r"NumPy number 2\.5.*write float"),
    ],
)
def test_a_person_is_asked_about_numbers_that_are_no_marks(outcome: Outcome, said: str) -> None:
    import re

    assert re.search(said, opinion("t", 4, outcome, together=outcome, stock=True).review)
    assert opinion("t", 4, outcome).review == ""  # in the course's own labs


@pytest.mark.parametrize("outcome", [Outcome("ok", value=2.5), Outcome("ok", value=4.0, odd=True), Outcome("ok", value=0.0)])
def test_nobody_is_asked_about_plain_marks(outcome: Outcome) -> None:
    assert opinion("t", 4, outcome, together=outcome, stock=True).review == ""


def test_nobody_is_asked_about_a_number_below_nothing_that_the_solution_has_too() -> None:
    ruled = opinion("t", 4, Outcome("ok", value=-1.0), together=Outcome("ok", value=-2.0), stock=True, below=True)
    assert (ruled.earned, ruled.review) == (4, "")


LOUD = Outcome("ok", stderr=True)


@pytest.mark.parametrize(("examined", "alone"), [(RIGHT, None), (REFUSED, LOUD), (REFUSED, RIGHT)])
def test_a_test_during_which_something_was_written_to_stderr_gives_nothing_and_a_person_is_asked(
    examined: Outcome, alone: Outcome | None
) -> None:
    ruled = opinion("t", 2, examined, alone, LOUD, stock=True)
    assert (ruled.earned, ruled.outcome.status) == (0, "error")
    assert "`t` gives 2 of 2 points" in ruled.review
    assert "stock nbgrader gives nothing" in ruled.review
    assert "warning" in ruled.outcome.message


def test_what_is_written_to_stderr_elsewhere_is_no_matter() -> None:
    """Python shows a warning once: in the whole notebook it may have been an earlier test's."""
    assert opinion("t", 2, REFUSED, LOUD, RIGHT, stock=True).earned == 2
    assert opinion("t", 2, LOUD, together=RIGHT, stock=True).earned == 2
    assert opinion("t", 2, LOUD).earned == 2
    assert opinion("t", 2, WRONG, together=WRONG, stock=True).review == ""
