"""Messages name where the trouble began, and hold no word that a test's hidden part may have put there."""

from __future__ import annotations

import pytest

from autograder.execution.steps import Outcome
from autograder.grading.messages import causes, explain, guarded, partly
from autograder.grading.opinions import OWN_WORDS
from autograder.grading.verdict import TestResult, TestStatus
from autograder.labs.model import Cell

TEST = Cell(
    "tests", "assert f(2) == 4, 'two and two'\n### BEGIN HIDDEN TESTS\nassert f(7) == 49\n### END HIDDEN TESTS", "f", 2, "f"
)
RELEASED = "assert f(2) == 4, 'two and two'"
OK, UNWRITTEN = Outcome("ok"), Outcome("error", "NotImplementedError")


def result(message: str, status: TestStatus = "error", *, sealed: bool = False, earned: float = 0) -> TestResult:
    return TestResult("f", "f", 2, earned, status, message, sealed)


@pytest.mark.parametrize(
    ("outcome", "exercise", "source", "blank", "said"),
    [
        (Outcome("error", "NameError", "x"), UNWRITTEN, "", True, "nothing is written here yet"),
        (UNWRITTEN, OK, "def f(x):\n    raise NotImplementedError()", True, "nothing is written here yet"),
        (UNWRITTEN, OK, "def f(x):\n    y = x\n    raise NotImplementedError()", False, "still stands in your cell for `f`"),
        (Outcome("error", "NotImplementedError", "abstract"), OK, "class A: ...", False, "NotImplementedError: abstract"),
        (
            Outcome("error", "Mistake", "wrong axis"),
            OK,
            "try:\n    g()\nexcept NotImplementedError:\n    pass",
            False,
            "wrong axis",
        ),
        (Outcome("error", "NameError", "f"), Outcome("error", "SyntaxError", "bad"), "f(", False, "did not run to its end"),
        (Outcome("missing"), None, "", True, "was not found"),
    ],
)
def test_only_what_is_as_released_is_called_unwritten(
    outcome: Outcome, exercise: Outcome | None, source: str, blank: bool, said: str
) -> None:
    assert said in explain(outcome, TEST, exercise, source, blank=blank)


@pytest.mark.parametrize(
    ("elsewhere", "said"),
    [
        (True, "your code stopped with IndexError: too short"),
        (False, "the test could not go on with what your code gave it: IndexError: too short"),
    ],
)
def test_an_error_of_the_tests_own_line_is_not_called_one_of_the_students_code(elsewhere: bool, said: str) -> None:
    assert explain(Outcome("error", "IndexError", "too short", elsewhere=elsewhere), TEST, OK) == said


def test_a_name_that_only_the_test_asks_for_is_named_in_words() -> None:
    lacks = Outcome("error", "NameError", "name 'mean' is not defined. Did you mean: 'meen'?")
    said = "the test needs `mean`, which your notebook does not define"
    for other in ("average = 3", "", "def (", "x.mean = 3", "print(meen)"):
        assert explain(lacks, TEST, OK, other) == said
    near = "def meen(x):\n    return x.mean()"
    assert explain(lacks, TEST, OK, near) == f"{said}; your cell for `{TEST.exercise}` defines `meen`"
    own = Outcome("error", "NameError", "name 'totl' is not defined", elsewhere=True)
    assert explain(own, TEST, OK) == "your code stopped with NameError: name 'totl' is not defined"


def test_lines_that_show_what_came_or_repeat_an_error_name_no_cause() -> None:
    words = "the mean is taken over the wrong axis"
    for fact in (
        explain(Outcome("error", "IndexError", "too short", elsewhere=True), TEST, OK),
        explain(Outcome("error", "IndexError", "too short"), TEST, OK),
        "the check could not go on with your result: IndexError: too short",
        "got 3, expected 4",
        "the largest of 3 differences is at [0]: got 3, expected 4",
        "the only difference is at [0]: got 3, expected 4",
        "the shape is (2,), expected (3,)",
        "there are 2, expected 3",
    ):
        assert causes(f"{words}\n{fact}") == [words]
        assert causes(fact) == []
    for cause in (
        "got 'missing, but as ValueError', expected 'missing'",
        "there are no weights",
        "the largest of the classes is missing",
    ):
        assert causes(cause) == [cause]


def test_what_an_unsealed_test_says_is_kept_from_the_student_and_told_to_the_instructor() -> None:
    leak = "your code stopped with ValueError: assert f(7) == 49"
    kept = guarded(result(leak), TEST, RELEASED)
    assert (kept.message, kept.note) == ("this test ran in your own process and did not pass", leak)
    for status in ("timeout", "memory", "crashed", "missing", "failed"):
        kept = guarded(result(leak, status), TEST, RELEASED)
        assert kept.message.startswith("this test")
        assert "49" not in kept.message
        assert kept.note == leak


@pytest.mark.parametrize(
    "said",
    [
        "two and two",
        "nothing is written here yet",
        "your cell for `f` was not found in the notebook",
        partly(1, 2),
        "",
        *OWN_WORDS,
    ],
)
def test_words_that_the_student_has_anyway_are_told(said: str) -> None:
    before = result(said, "failed", earned=1)
    assert guarded(before, TEST, RELEASED) == before


def test_a_sealed_test_says_what_it_says() -> None:
    before = result("a check failed: 49", sealed=True)
    assert guarded(before, TEST, RELEASED) == before
